//! A whole message as a page shows it: who, about what, its text, and what else it brings. HTML is never rendered, only its source given.
//!
//! Not for: mail programs, which read parts by themselves.

use crate::imap::text::{decoded, decoded_part};
use crate::mime::field::{fields, head_length};
use crate::mime::media::{Parametered, parametered};
use crate::mime::outline::{FieldName, Kind, Part};
use crate::mime::scan::Scanner;

/// Bytes of text shown at most: a page is not for reading a novel in a mail.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Parts listed at most.
const PARTS_SHOWN_MAX: usize = 200;

/// What a head says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownHead {
    /// Who wrote it.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Who gets it, too.
    pub cc: String,
    /// What it is about.
    pub subject: String,
    /// When it was written, as it says.
    pub date: String,
}

/// A part that is not the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPart {
    /// What it says it is called; empty when it does not.
    pub name: String,
    /// What it says it is.
    pub media: String,
    /// Its bytes, as they travel.
    pub size: u64,
}

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// What its head says.
    pub head: ShownHead,
    /// Its text.
    pub text: String,
    /// Whether the text is the source of HTML, since there is no other.
    pub is_html: bool,
    /// What else it brings.
    pub parts: Vec<ShownPart>,
}

/// Reads a head, or a message that begins with one.
pub fn shown_head(bytes: &[u8]) -> ShownHead {
    let head = bytes.get(..head_length(bytes).unwrap_or(bytes.len())).unwrap_or_default();
    let said = |name: &[u8]| {
        let field = fields(head).find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| decoded(field.value).trim().to_owned()).unwrap_or_default()
    };
    ShownHead {
        from: said(b"from"),
        to: said(b"to"),
        cc: said(b"cc"),
        subject: said(b"subject"),
        date: said(b"date"),
    }
}

/// Reads a message.
pub fn shown(bytes: &[u8]) -> Shown {
    let mut scanner = Scanner::new();
    scanner.push(bytes);
    let outline = scanner.finish();
    let mut all = Shown { head: shown_head(bytes), ..Shown::default() };
    let mut html = None;
    // Parts within parts are put on a list: messages of strangers must not decide how deep this calls itself.
    let mut open = vec![&outline];
    while let Some(part) = open.pop() {
        if part.kind == Kind::Multipart {
            open.extend(part.parts.iter().rev());
            continue;
        }
        let said = parametered(part.field(FieldName::ContentType).unwrap_or_default());
        let disposition = part.field(FieldName::ContentDisposition).map(parametered).unwrap_or_default();
        let is_attached = disposition.value.eq_ignore_ascii_case(b"attachment");
        let is = |sub: &[u8]| {
            said.media().is_some_and(|(kind, known)| {
                kind.eq_ignore_ascii_case(b"text") && known.eq_ignore_ascii_case(sub)
            })
        };
        let is_plain = said.media().is_none() || is(b"plain");
        let is_text = part.kind == Kind::Leaf && !is_attached && all.text.len() < TEXT_BYTES_MAX;
        if is_text && is_plain {
            all.text.push_str(&text_of(bytes, part));
        } else if is_text && is(b"html") && html.is_none() {
            html = Some(text_of(bytes, part));
        } else if all.parts.len() < PARTS_SHOWN_MAX {
            all.parts.push(described(part, &said, &disposition));
        }
    }
    if let Some(html) = html.filter(|_| all.text.trim().is_empty()) {
        (all.text, all.is_html) = (html, true);
    }
    all
}

fn text_of(bytes: &[u8], part: &Part) -> String {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    let from = place(part.body.from);
    let to = place(part.body.to).min(from.saturating_add(TEXT_BYTES_MAX));
    decoded_part(part, bytes.get(from..to).unwrap_or_default())
}

fn described(part: &Part, said: &Parametered, disposition: &Parametered) -> ShownPart {
    let name = disposition.parameter(b"filename").or_else(|| said.parameter(b"name"));
    let media = match said.media() {
        Some(_) => String::from_utf8_lossy(&said.value).to_lowercase(),
        None => "application/octet-stream".to_owned(),
    };
    ShownPart { name: name.map(decoded).unwrap_or_default().trim().to_owned(), media, size: part.body.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<u8> {
        text.replace('\n', "\r\n").into_bytes()
    }

    #[test]
    fn a_message_shows_its_text_and_what_is_attached() {
        let mail = lines(
            "From: =?utf-8?B?Wm/Dqw==?= <zoe@family.althing.internal>\nTo: bob@family.althing.internal\nSubject: =?utf-8?Q?caf=C3=A9?=\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\
             Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ngr=C3=BCn\n--c\n\
             Content-Type: text/html\n\n<b>green</b>\n--c--\n--b\nContent-Type: image/png; name=\"a b.png\"\n\
             Content-Disposition: attachment; filename=\"a b.png\"\nContent-Transfer-Encoding: base64\n\nAAAA\n--b--\n",
        );
        let all = shown(&mail);
        assert_eq!(
            (all.head.from.as_str(), all.head.subject.as_str()),
            ("Zoë <zoe@family.althing.internal>", "café")
        );
        assert_eq!((all.text.trim(), all.is_html), ("grün", false));
        let part = ShownPart { name: "a b.png".to_owned(), media: "image/png".to_owned(), size: 4 };
        assert_eq!(all.parts, [part]);
    }

    #[test]
    fn of_html_alone_the_source_is_shown() {
        let mail = lines("Subject: x\nContent-Type: text/html\n\n<script>alert(1)</script>\n");
        let all = shown(&mail);
        assert!(all.is_html && all.text.contains("<script>"), "{all:?}");
        assert_eq!(shown(b""), Shown::default());
    }
}
