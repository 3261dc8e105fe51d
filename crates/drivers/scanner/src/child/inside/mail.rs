//! Mails: their texts and what is attached.

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

use super::super::look::{About, Looker};

/// Bytes of the head of a mail that are looked at to know it.
const HEAD_SIZE: usize = 4 << 10;
/// Mails within each other at most, without being packed anew.
const NESTED_MAX: u32 = 8;

/// Says whether it is a mail: by its name, or by lines that only mails begin with.
pub(super) fn is_mail(head: &[u8], name: &str) -> bool {
    if name.len() > 4 && name.get(name.len() - 4..).is_some_and(|ending| ending.eq_ignore_ascii_case(".eml"))
    {
        return true;
    }
    let head = head.get(..head.len().min(HEAD_SIZE)).unwrap_or_default();
    let Some(line) = head.split(|byte| *byte == b'\n').next() else { return false };
    let is_envelope = line.starts_with(b"From ");
    let is_field = line.iter().position(|byte| *byte == b':').is_some_and(|at| {
        at > 0 && line.iter().take(at).all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    });
    let has = |field: &[u8]| head.windows(field.len()).any(|window| window.eq_ignore_ascii_case(field));
    (is_envelope || is_field)
        && (has(b"\nmime-version:") || line.to_ascii_lowercase().starts_with(b"mime-version:"))
        && (has(b"from:") || has(b"content-type: multipart/"))
}

/// Looks at all parts.
pub(in super::super) fn mail(looker: &mut Looker<'_>, bytes: &[u8], about: &About) {
    match MessageParser::default().parse(bytes) {
        Some(message) => {
            let _may_go_on = parts(looker, &message, about, 0);
        }
        None => looker.tally.unseen("it is a damaged mail"),
    }
}

fn parts(looker: &mut Looker<'_>, message: &Message<'_>, about: &About, nested: u32) -> bool {
    for (index, part) in message.parts.iter().enumerate() {
        let name = part.attachment_name();
        let named = |ending: &str| name.map_or_else(|| format!("part-{index}.{ending}"), str::to_owned);
        let (bytes, name) = match &part.body {
            PartType::Text(text) => (text.as_bytes(), named("txt")),
            PartType::Html(text) => (text.as_bytes(), named("html")),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => (bytes.as_ref(), named("bin")),
            PartType::Message(message) => {
                if nested >= NESTED_MAX {
                    looker.tally.unseen("mails in it are packed too deep");
                } else if !parts(looker, message, about, nested + 1) {
                    return false;
                }
                continue;
            }
            PartType::Multipart(_) => continue,
        };
        if !looker.entry(bytes, &about.within(&name, "mail")) {
            return false;
        }
    }
    true
}
