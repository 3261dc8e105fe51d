//! A whole message as a page shows it: who, about what, its text, and what else it brings. HTML is never rendered, only its source given.
//!
//! Not for: mail programs, which read parts by themselves.

use std::ops::Range;

use crate::imap::text::{decoded, decoded_part};
use crate::mime::coding::Coding;
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

/// A part that has no parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPart {
    /// Its place among all that have no parts, from 1.
    pub number: u64,
    /// What it says it is called; empty when it does not.
    pub name: String,
    /// What it says it is.
    pub media: String,
    /// Its bytes without their wrapping: how many, up to a few.
    pub size: u64,
    /// Where its bytes are in the message.
    pub body: Range<u64>,
    /// How they are wrapped.
    pub coding: Coding,
}

/// How a message is built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline(Part);

/// Finds out how a message is built, in one pass.
#[derive(Debug)]
pub struct Outlining(Scanner);

impl Outlining {
    /// Begins with the message's first byte.
    #[expect(clippy::new_without_default, reason = "it stands for a pass that has begun, not for a value")]
    pub fn new() -> Self {
        Self(Scanner::new())
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// Says how it is built.
    pub fn finish(self) -> Outline {
        Outline(self.0.finish())
    }
}

impl Outline {
    /// Reads what was kept of it for mail programs; none if it has another form or has come to harm.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        Part::decode(bytes).map(Self)
    }

    /// Says where the head is, with the empty line.
    pub fn head(&self) -> Range<u64> {
        self.0.head.from..self.0.head.to
    }

    /// Returns a part that has no parts, by its number.
    pub fn part(&self, number: u64) -> Option<ShownPart> {
        let place = usize::try_from(number.checked_sub(1)?).ok()?;
        self.leaves().get(place).map(|part| described(number, part))
    }

    /// Returns all parts that have no parts. They are put on a list: messages of strangers must not decide how deep this calls itself.
    fn leaves(&self) -> Vec<&Part> {
        let (mut open, mut leaves) = (vec![&self.0], Vec::new());
        while let Some(part) = open.pop() {
            match part.kind {
                Kind::Multipart => open.extend(part.parts.iter().rev()),
                Kind::Leaf | Kind::Message => leaves.push(part),
            }
        }
        leaves
    }
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

/// Reads a message by its outline; `read` gives bytes of it, as many as are there.
pub fn shown<E>(
    outline: &Outline,
    mut read: impl FnMut(Range<u64>) -> Result<Vec<u8>, E>,
) -> Result<Shown, E> {
    let mut all = Shown { head: shown_head(&read(outline.head())?), ..Shown::default() };
    let mut html = None;
    for (number, part) in (1..).zip(outline.leaves()) {
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
        let to = part.body.to.min(part.body.from.saturating_add(TEXT_BYTES_MAX as u64));
        if is_text && is_plain {
            all.text.push_str(&decoded_part(part, &read(part.body.from..to)?));
        } else if is_text && is(b"html") && html.is_none() {
            html = Some(decoded_part(part, &read(part.body.from..to)?));
        } else if all.parts.len() < PARTS_SHOWN_MAX {
            all.parts.push(described(number, part));
        }
    }
    if let Some(html) = html.filter(|_| all.text.trim().is_empty()) {
        (all.text, all.is_html) = (html, true);
    }
    Ok(all)
}

fn described(number: u64, part: &Part) -> ShownPart {
    let said = parametered(part.field(FieldName::ContentType).unwrap_or_default());
    let disposition = part.field(FieldName::ContentDisposition).map(parametered).unwrap_or_default();
    let media = match said.media() {
        Some(_) => String::from_utf8_lossy(&said.value).to_lowercase(),
        None => "application/octet-stream".to_owned(),
    };
    let coding = match part.kind {
        // A message within a message is never wrapped (RFC 2046, 5.2.1).
        Kind::Message => Coding::Plain,
        Kind::Leaf | Kind::Multipart => Coding::of(part.field(FieldName::ContentTransferEncoding)),
    };
    let size = match coding {
        Coding::Base64 => part.body.len().saturating_sub(part.lines.saturating_mul(2)) / 4 * 3,
        Coding::Plain | Coding::QuotedPrintable => part.body.len(),
    };
    let name = named(&disposition, b"filename").or_else(|| named(&said, b"name"));
    let body = part.body.from..part.body.to;
    ShownPart { number, name: name.unwrap_or_default().trim().to_owned(), media, size, body, coding }
}

/// Pieces of a name at most that is cut into several parameters.
const NAME_PIECES_MAX: usize = 32;

/// Returns a name as a parameter has it: in one piece, in several, or with letters of the world (RFC 2231).
fn named(said: &Parametered, name: &[u8]) -> Option<String> {
    let with = |tail: &str| [name, tail.as_bytes()].concat();
    if let Some(value) = said.parameter(&with("*")) {
        return Some(in_letters(value));
    }
    let mut whole = Vec::new();
    for place in 0..NAME_PIECES_MAX {
        let plain = said.parameter(&with(&format!("*{place}")));
        // Each piece says whether it is written so; what has a beginning is read as a whole.
        let Some(piece) = said.parameter(&with(&format!("*{place}*"))).or(plain) else { break };
        whole.extend_from_slice(piece);
    }
    match whole.is_empty() {
        true => said.parameter(name).map(decoded),
        false => Some(in_letters(&whole)),
    }
}

/// Reads `utf-8'en'caf%C3%A9`, of which the beginning may be missing.
fn in_letters(value: &[u8]) -> String {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, bytes) = match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_language), Some(bytes)) => (charset, bytes),
        _ => (b"utf-8".as_slice(), value),
    };
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        let sign = if *byte == b'%' { behind.split_at_checked(2) } else { None };
        let of_sign = sign.and_then(|(digits, left)| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok().map(|value| (value, left))
        });
        let (value, left) = of_sign.unwrap_or((*byte, behind));
        plain.push(value);
        rest = left;
    }
    match charset.eq_ignore_ascii_case(b"iso-8859-1") {
        true => plain.into_iter().map(char::from).collect(),
        false => String::from_utf8_lossy(&plain).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<u8> {
        text.replace('\n', "\r\n").into_bytes()
    }

    fn outline(bytes: &[u8]) -> Outline {
        let mut outlining = Outlining::new();
        outlining.push(bytes);
        outlining.finish()
    }

    fn read_all(bytes: &[u8]) -> Shown {
        let read = |range: Range<u64>| {
            let place = |at: u64| usize::try_from(at).unwrap();
            Ok::<_, ()>(bytes.get(place(range.start)..place(range.end)).unwrap().to_vec())
        };
        shown(&outline(bytes), read).unwrap()
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
        let all = read_all(&mail);
        assert_eq!(
            (all.head.from.as_str(), all.head.subject.as_str()),
            ("Zoë <zoe@family.althing.internal>", "café")
        );
        assert_eq!((all.text.trim(), all.is_html), ("grün", false));
        let part = all.parts.first().unwrap();
        assert_eq!((part.number, part.name.as_str(), part.media.as_str()), (3, "a b.png", "image/png"));
        assert_eq!((part.size, part.coding), (3, Coding::Base64));
        let place = |at: u64| usize::try_from(at).unwrap();
        assert_eq!(mail.get(place(part.body.start)..place(part.body.end)), Some(b"AAAA".as_slice()));
        assert_eq!(outline(&mail).part(3).as_ref(), Some(part));
        assert_eq!((outline(&mail).part(0), outline(&mail).part(4)), (None, None));
    }

    #[test]
    fn of_html_alone_the_source_is_shown() {
        let mail = lines("Subject: x\nContent-Type: text/html\n\n<script>alert(1)</script>\n");
        let all = read_all(&mail);
        assert!(all.is_html && all.text.contains("<script>"), "{all:?}");
        assert_eq!(read_all(b""), Shown::default());
    }

    #[test]
    fn names_are_read_however_they_are_written() {
        let check = |fields: &str, expected: &str| {
            let mail = lines(&format!("{fields}\n\nx\n"));
            let part = outline(&mail).part(1).unwrap();
            assert_eq!(part.name, expected, "{fields}");
        };
        check("Content-Disposition: attachment; filename=a.txt", "a.txt");
        check("Content-Type: image/png; name=\"=?utf-8?Q?caf=C3=A9.png?=\"", "café.png");
        check("Content-Disposition: attachment; filename*=utf-8'en'caf%C3%A9%20%E2%82%AC.txt", "café €.txt");
        check("Content-Disposition: attachment; filename*=iso-8859-1''caf%E9", "café");
        check(
            "Content-Disposition: attachment; filename*0*=utf-8''one%20; filename*1=two.txt",
            "one two.txt",
        );
        check("Content-Disposition: attachment; filename*=utf-8''%zz%", "%zz%");
        check("Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fx; filename=y", "../../x");
        check("Content-Type: image/png", "");
    }
}
