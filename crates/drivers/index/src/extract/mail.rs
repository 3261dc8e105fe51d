//! Text of a mail (EML): subject, persons, and the parts that are text. Attachments are other documents.

use data_encoding::{BASE64, Specification};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{TEXT_SIZE_MAX, html};

/// Parts within each other at most.
const DEPTH_MAX: u32 = 8;
/// Parts of one mail at most.
const PARTS_MAX: usize = 200;
/// Lines of a mail that people read.
const SHOWN: [&str; 5] = ["subject", "from", "to", "cc", "date"];

/// Returns the text of a mail.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (head, body) = split(bytes);
    for (name, value) in head.iter().filter(|(name, _)| SHOWN.contains(&name.as_str())) {
        text.push_str(&format!("{name}: {}\n", decode_words(value)));
    }
    text.push('\n');
    add_part(&mut text, &head, body, 0);
    text
}

type Head = Vec<(String, String)>;

/// Splits lines of the head from the body; folded lines are joined.
fn split(bytes: &[u8]) -> (Head, &[u8]) {
    let mut head: Head = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() && head.len() < 1_000 {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, others) = rest.split_at(end);
        rest = others;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let line = decode_bytes(line, None);
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = head.last_mut()
        {
            value.push(' ');
            value.push_str(line.trim());
        } else {
            let (name, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
            head.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (head, rest)
}

fn value_of<'a>(head: &'a Head, name: &str) -> &'a str {
    head.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
}

/// Returns a parameter of a value, as in `text/plain; charset=utf-8`.
fn parameter(value: &str, name: &str) -> Option<String> {
    let found = value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    });
    found.filter(|value| !value.is_empty())
}

fn add_part(text: &mut String, head: &Head, body: &[u8], depth: u32) {
    if text.len() >= TEXT_SIZE_MAX || depth > DEPTH_MAX {
        return;
    }
    let kind = value_of(head, "content-type");
    let lower = kind.to_ascii_lowercase();
    if lower.starts_with("multipart/") {
        let Some(boundary) = parameter(kind, "boundary") else { return };
        let parts: Vec<(Head, &[u8])> = parts(body, boundary.as_bytes()).into_iter().map(split).collect();
        let is_plain =
            |head: &Head| value_of(head, "content-type").to_ascii_lowercase().starts_with("text/plain");
        let has_plain =
            lower.starts_with("multipart/alternative") && parts.iter().any(|(head, _)| is_plain(head));
        for (head, body) in parts.iter().filter(|(head, _)| !has_plain || is_plain(head)) {
            add_part(text, head, body, depth + 1);
        }
        return;
    }
    let is_attached = value_of(head, "content-disposition").to_ascii_lowercase().starts_with("attachment");
    let is_text = lower.is_empty() || lower.starts_with("text/");
    if is_attached || !is_text {
        return;
    }
    let bytes = match value_of(head, "content-transfer-encoding").to_ascii_lowercase().as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body, b'='),
        _ => body.to_vec(),
    };
    let part = decode_bytes(&bytes, parameter(kind, "charset").as_deref());
    if lower.starts_with("text/html") {
        text.push_str(&html::text_of(&part));
    } else {
        text.push_str(&part);
    }
    text.push('\n');
}

/// Cuts a body at its boundary lines.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut begin = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary));
        if let Some(rest) = rest {
            parts.extend(begin.and_then(|begin| body.get(begin..at)));
            begin = (!rest.starts_with(b"--")).then_some(at + line.len());
            if parts.len() >= PARTS_MAX {
                return parts;
            }
        }
        at += line.len();
    }
    parts.extend(begin.and_then(|begin| body.get(begin..)));
    parts
}

fn decode_bytes(bytes: &[u8], label: Option<&str>) -> String {
    let named = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    let encoding =
        named.unwrap_or_else(|| if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 });
    encoding.decode(bytes).0.into_owned()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let plain: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    let mut lenient: Specification = BASE64.specification();
    lenient.padding = None;
    lenient.check_trailing_bits = false;
    // One letter too much would spoil all.
    let whole = plain.get(..plain.len() - usize::from(plain.len() % 4 == 1)).unwrap_or_default();
    lenient.encoding().ok().and_then(|encoding| encoding.decode(whole).ok()).unwrap_or_default()
}

fn quoted_printable(bytes: &[u8], mark: u8) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [first, b'\r', b'\n', others @ ..] | [first, b'\n', others @ ..] if *first == mark => others,
            [first, high, low, others @ ..] if *first == mark => {
                let digits = [*high, *low];
                let byte =
                    std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                if let Some(byte) = byte {
                    plain.push(byte);
                    others
                } else {
                    plain.push(mark);
                    rest.get(1..).unwrap_or_default()
                }
            }
            [first, others @ ..] => {
                plain.push(*first);
                others
            }
            [] => return plain,
        };
    }
}

/// Decodes words as in `=?utf-8?q?Caf=C3=A9?=` within a line of the head.
fn decode_words(value: &str) -> String {
    let mut plain = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("=?") {
        let mut pieces = after.splitn(3, '?');
        let (charset, kind) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
        let Some((word, others)) = pieces.next().and_then(|rest| rest.split_once("?=")) else { break };
        let bytes = match kind {
            "b" | "B" => base64(word.as_bytes()),
            _ => quoted_printable(word.replace('_', " ").as_bytes(), b'='),
        };
        // Blanks between two such words do not count.
        if !before.trim().is_empty() || plain.is_empty() {
            plain.push_str(before);
        }
        plain.push_str(&decode_bytes(&bytes, Some(charset)));
        rest = others;
    }
    plain.push_str(rest);
    plain
}
