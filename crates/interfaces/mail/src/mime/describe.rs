//! Writes ENVELOPE and BODYSTRUCTURE (RFC 3501, 7.4.2) from an outline: fields as they are, undecoded.

use super::address::{Entry, Mailbox, entries};
use super::media::{Parametered, parametered};
use super::outline::{FieldName, Kind, Part};
use crate::imap::words::{nstring, string};

/// Whether the parts that only BODYSTRUCTURE has are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// BODY
    Basic,
    /// BODYSTRUCTURE
    Extended,
}

/// Writes the envelope of a message.
pub(crate) fn envelope(out: &mut Vec<u8>, message: &Part) {
    let text = |out: &mut Vec<u8>, name| nstring(out, message.field(name));
    out.push(b'(');
    text(out, FieldName::Date);
    out.push(b' ');
    text(out, FieldName::Subject);
    let from = message.field(FieldName::From);
    // Without a sender or an address for replies it is the author's (RFC 3501).
    let or_from = |name| message.field(name).filter(|value| !value.is_empty()).or(from);
    let (sender, reply_to) = (or_from(FieldName::Sender), or_from(FieldName::ReplyTo));
    let others = [FieldName::To, FieldName::Cc, FieldName::Bcc].map(|name| message.field(name));
    for field in [from, sender, reply_to].into_iter().chain(others) {
        out.push(b' ');
        addresses(out, field);
    }
    out.push(b' ');
    text(out, FieldName::InReplyTo);
    out.push(b' ');
    text(out, FieldName::MessageId);
    out.push(b')');
}

fn addresses(out: &mut Vec<u8>, field: Option<&[u8]>) {
    let entries = entries(field.unwrap_or_default());
    if entries.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for entry in entries {
        match entry {
            Entry::Mailbox(mailbox) => address(out, &mailbox),
            Entry::GroupBegins(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                string(out, &name);
                out.extend_from_slice(b" NIL)");
            }
            Entry::GroupEnds => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}

fn address(out: &mut Vec<u8>, mailbox: &Mailbox) {
    out.push(b'(');
    nstring(out, mailbox.name.as_deref());
    out.push(b' ');
    nstring(out, mailbox.route.as_deref());
    out.push(b' ');
    string(out, &mailbox.local);
    out.push(b' ');
    // NIL instead of a host would begin or end a group.
    string(out, &mailbox.host);
    out.push(b')');
}

/// Writes how a part is built.
pub(crate) fn structure(out: &mut Vec<u8>, part: &Part, detail: Detail) {
    let media = media(part);
    out.push(b'(');
    if part.kind == Kind::Multipart {
        for inner in &part.parts {
            structure(out, inner, detail);
        }
        out.push(b' ');
        string(out, &media.sub);
        if detail == Detail::Extended {
            out.push(b' ');
            parameters(out, &media.parameters);
            out.push(b' ');
            placing(out, part);
        }
        out.push(b')');
        return;
    }
    string(out, &media.kind);
    out.push(b' ');
    string(out, &media.sub);
    out.push(b' ');
    parameters(out, &media.parameters);
    out.push(b' ');
    nstring(out, part.field(FieldName::ContentId));
    out.push(b' ');
    nstring(out, part.field(FieldName::ContentDescription));
    out.push(b' ');
    let encoding = part.field(FieldName::ContentTransferEncoding).unwrap_or_default();
    string(out, if encoding.is_empty() { b"7bit" } else { encoding });
    out.extend_from_slice(format!(" {}", part.body.len()).as_bytes());
    if let Some(message) = part.message() {
        out.push(b' ');
        envelope(out, message);
        out.push(b' ');
        structure(out, message, detail);
    }
    if part.kind == Kind::Message || media.kind.eq_ignore_ascii_case(b"text") {
        out.extend_from_slice(format!(" {}", part.lines).as_bytes());
    }
    if detail == Detail::Extended {
        out.push(b' ');
        nstring(out, part.field(FieldName::ContentMd5));
        out.push(b' ');
        placing(out, part);
    }
    out.push(b')');
}

/// What a part says it is, as far as it is true.
struct Media {
    kind: Vec<u8>,
    sub: Vec<u8>,
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

fn media(part: &Part) -> Media {
    let said = parametered(part.field(FieldName::ContentType).unwrap_or_default());
    let of =
        |kind: &[u8], sub: &[u8], parameters| Media { kind: kind.to_vec(), sub: sub.to_vec(), parameters };
    let is_composite = |kind: &[u8], sub: &[u8]| {
        kind.eq_ignore_ascii_case(b"multipart")
            || (kind.eq_ignore_ascii_case(b"message") && sub.eq_ignore_ascii_case(b"rfc822"))
    };
    match (part.kind, said.media()) {
        (Kind::Multipart | Kind::Message, Some((kind, sub))) => of(kind, sub, said.parameters.clone()),
        (Kind::Message, None) => of(b"message", b"rfc822", Vec::new()),
        // It says it holds parts, and does not: a mail program would look for them, so it is shown as text.
        (Kind::Leaf, Some((kind, sub))) if !is_composite(kind, sub) => {
            let mut parameters = said.parameters.clone();
            if kind.eq_ignore_ascii_case(b"text") && said.parameter(b"charset").is_none() {
                // What it means when it is not said (RFC 2046, 4.1.2).
                parameters.push((b"charset".to_vec(), b"us-ascii".to_vec()));
            }
            of(kind, sub, parameters)
        }
        (Kind::Leaf, Some((kind, _))) if kind.eq_ignore_ascii_case(b"message") => {
            of(b"application", b"octet-stream", Vec::new())
        }
        _ => of(b"text", b"plain", vec![(b"charset".to_vec(), b"us-ascii".to_vec())]),
    }
}

fn parameters(out: &mut Vec<u8>, parameters: &[(Vec<u8>, Vec<u8>)]) {
    if parameters.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for (index, (name, value)) in parameters.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        string(out, name);
        out.push(b' ');
        string(out, value);
    }
    out.push(b')');
}

/// Writes disposition, language and location.
fn placing(out: &mut Vec<u8>, part: &Part) {
    match part.field(FieldName::ContentDisposition).map(parametered) {
        Some(Parametered { value, parameters: all }) if !value.is_empty() => {
            out.push(b'(');
            string(out, &value);
            out.push(b' ');
            parameters(out, &all);
            out.push(b')');
        }
        _ => out.extend_from_slice(b"NIL"),
    }
    out.push(b' ');
    languages(out, part.field(FieldName::ContentLanguage).unwrap_or_default());
    out.push(b' ');
    nstring(out, part.field(FieldName::ContentLocation));
}

fn languages(out: &mut Vec<u8>, field: &[u8]) {
    let tags = field.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|tag| !tag.is_empty());
    let tags: Vec<&[u8]> = tags.collect();
    if tags.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for (index, tag) in tags.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        string(out, tag);
    }
    out.push(b')');
}
