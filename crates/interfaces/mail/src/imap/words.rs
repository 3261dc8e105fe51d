//! How IMAP writes strings, folder names and dates.

use base::Timestamp;
use chrono::DateTime;

/// Bytes of a string in quotes at most; longer ones are literals.
const QUOTED_MAX: usize = 1_000;

/// Writes a string, or `NIL`.
pub(crate) fn nstring(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// Writes a string in quotes, or as a literal if there is anything in it that quotes can't hold, as raw 8-bit.
pub(crate) fn string(out: &mut Vec<u8>, text: &[u8]) {
    let is_quotable = text.len() <= QUOTED_MAX && text.iter().all(|byte| (32..127).contains(byte));
    if !is_quotable {
        // A literal can't hold zeros.
        let text: Vec<u8> = text.iter().copied().filter(|byte| *byte != 0).collect();
        out.extend_from_slice(format!("{{{}}}\r\n", text.len()).as_bytes());
        out.extend_from_slice(&text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Returns a time as in `"01-Feb-2026 13:14:15 +0000"`.
pub(crate) fn date_time(time: Timestamp) -> String {
    let millis = i64::try_from(time.millis()).unwrap_or(i64::MAX);
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.format("\"%d-%b-%Y %H:%M:%S +0000\"").to_string()
}

/// Writes a folder's name in the 7 bits that IMAP has for it (RFC 3501, 5.1.3), as a string.
pub(crate) fn folder_name(name: &str) -> Vec<u8> {
    let mut written = Vec::new();
    let mut foreign: Vec<u16> = Vec::new();
    for letter in name.chars() {
        if letter.is_ascii_graphic() || letter == ' ' {
            end_foreign(&mut written, &mut foreign);
            // It is ASCII.
            written.push(u8::try_from(letter).unwrap_or(b'?'));
            if letter == '&' {
                written.push(b'-');
            }
        } else {
            foreign.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
        }
    }
    end_foreign(&mut written, &mut foreign);
    let mut out = Vec::new();
    string(&mut out, &written);
    out
}

fn end_foreign(written: &mut Vec<u8>, foreign: &mut Vec<u16>) {
    if foreign.is_empty() {
        return;
    }
    let bytes: Vec<u8> = foreign.drain(..).flat_map(u16::to_be_bytes).collect();
    let text = data_encoding::BASE64_NOPAD.encode(&bytes).replace('/', ",");
    written.extend_from_slice(format!("&{text}-").as_bytes());
}

/// Reads a folder's name; plain UTF-8 is understood, too. None if it is neither.
pub(crate) fn read_folder_name(written: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(written).ok()?;
    let mut name = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        name.push_str(before);
        let (foreign, left) = behind.split_once('-')?;
        rest = left;
        if foreign.is_empty() {
            name.push('&');
            continue;
        }
        let bytes = data_encoding::BASE64_NOPAD.decode(foreign.replace(',', "/").as_bytes()).ok()?;
        let (pairs, []) = bytes.as_chunks::<2>() else { return None };
        let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
        for letter in char::decode_utf16(units) {
            name.push(letter.ok()?);
        }
    }
    name.push_str(rest);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_go_there_and_back() {
        let check = |name: &str, written: &str| {
            assert_eq!(folder_name(name), written.as_bytes(), "{name}");
            let inner = written.trim_matches('"').replace("\\\"", "\"");
            assert_eq!(read_folder_name(inner.as_bytes()).as_deref(), Some(name));
        };
        check("INBOX", "\"INBOX\"");
        check("Entwürfe", "\"Entw&APw-rfe\"");
        check("A & B", "\"A &- B\"");
        check("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
        check("📮", "\"&2D3c7g-\"");
        assert_eq!(read_folder_name(b"&AGF-"), None);
        assert_eq!(read_folder_name(b"&x"), None);
        assert_eq!(read_folder_name("Entwürfe".as_bytes()).as_deref(), Some("Entwürfe"));
    }

    #[test]
    fn what_quotes_cannot_hold_becomes_a_literal() {
        let check = |text: &[u8], written: &str| {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(String::from_utf8_lossy(&out), written);
        };
        check(b"a \"b\" \\", "\"a \\\"b\\\" \\\\\"");
        check(b"a\r\nb", "{4}\r\na\r\nb");
        check("ä".as_bytes(), "{2}\r\nä");
        check(b"a\0b\x01", "{3}\r\nab\u{1}");
    }

    #[test]
    fn a_time_is_written_in_utc() {
        assert_eq!(date_time(Timestamp::from_millis(1_000_000_000_000)), "\"09-Sep-2001 01:46:40 +0000\"");
    }
}
