//! Finds what `BODY[…]` names, and writes the name as it was asked for.

use imap_types::core::AString;
use imap_types::fetch::{Part as PartNumber, Section};

use super::outlines::{Outlines, head, read_all};
use super::words::string;
use crate::mime::field::{HEAD_BYTES_MAX, fields, head_length};
use crate::mime::outline::{Part, Span};
use crate::post::{Account, FolderId, Message, PostError};

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Bytes of the message, to be streamed.
    Span(Span),
    /// Fields that were picked.
    Bytes(Vec<u8>),
    /// There is no such part.
    Nothing,
}

/// The message that is looked at.
pub(super) struct Looked<'a> {
    pub(super) account: &'a dyn Account,
    pub(super) outlines: &'a mut Outlines,
    pub(super) folder: FolderId,
    pub(super) message: &'a Message,
    /// Its head, once it was read.
    pub(super) head: Option<bytes::Bytes>,
}

impl Looked<'_> {
    /// Returns the message's head; reads no further than it.
    pub(super) async fn head(&mut self) -> Result<bytes::Bytes, PostError> {
        if let Some(head) = &self.head {
            return Ok(head.clone());
        }
        let head = head(self.account, self.folder, self.message.uid).await?;
        self.head = Some(head.clone());
        Ok(head)
    }

    pub(super) async fn outline(&mut self) -> Result<std::sync::Arc<Part>, PostError> {
        self.outlines.of(self.account, self.folder, self.message.uid).await
    }

    pub(super) async fn find(&mut self, section: Option<&Section<'_>>) -> Result<Found, PostError> {
        let size = self.message.size;
        match section {
            None => Ok(Found::Span(Span { from: 0, to: size })),
            Some(Section::Header(None)) => {
                let head = self.head().await?;
                Ok(Found::Span(Span { from: 0, to: head.len() as u64 }))
            }
            Some(Section::Text(None)) => {
                let head = self.head().await?;
                // The body of a message with an endless head is what nobody reads.
                Ok(Found::Span(Span { from: head.len() as u64, to: size }))
            }
            Some(Section::HeaderFields(None, names)) => {
                let head = self.head().await?;
                Ok(Found::Bytes(picked(&head, names.as_ref(), Pick::These)))
            }
            Some(Section::HeaderFieldsNot(None, names)) => {
                let head = self.head().await?;
                Ok(Found::Bytes(picked(&head, names.as_ref(), Pick::AllOthers)))
            }
            Some(section) => self.find_in_part(section).await,
        }
    }

    async fn find_in_part(&mut self, section: &Section<'_>) -> Result<Found, PostError> {
        let number = match section {
            Section::Part(number) | Section::Mime(number) => Some(number),
            Section::Header(number)
            | Section::Text(number)
            | Section::HeaderFields(number, _)
            | Section::HeaderFieldsNot(number, _) => number.as_ref(),
        };
        let Some(number) = number else { return Ok(Found::Nothing) };
        let outline = self.outline().await?;
        let Some(part) = outline.find(&path(number)) else { return Ok(Found::Nothing) };
        let message = part.message();
        Ok(match (section, message) {
            (Section::Part(_), _) => Found::Span(part.body),
            (Section::Mime(_), _) => Found::Span(part.head),
            (Section::Header(_), Some(message)) => Found::Span(message.head),
            (Section::Text(_), Some(message)) => Found::Span(message.body),
            (Section::HeaderFields(_, names), Some(message)) => {
                Found::Bytes(picked(&self.part_head(message).await?, names.as_ref(), Pick::These))
            }
            (Section::HeaderFieldsNot(_, names), Some(message)) => {
                Found::Bytes(picked(&self.part_head(message).await?, names.as_ref(), Pick::AllOthers))
            }
            _ => Found::Nothing,
        })
    }

    async fn part_head(&self, part: &Part) -> Result<Vec<u8>, PostError> {
        let length = usize::try_from(part.head.len()).unwrap_or(usize::MAX).min(HEAD_BYTES_MAX);
        read_all(self.account, (self.folder, self.message.uid), part.head.from, length).await
    }
}

fn path(number: &PartNumber) -> Vec<u32> {
    number.0.as_ref().iter().map(|number| number.get()).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    These,
    AllOthers,
}

/// Returns fields of a head as they stand there, and the empty line.
fn picked(head: &[u8], names: &[AString<'_>], pick: Pick) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields(head) {
        let is_named = names.iter().any(|name| name.as_ref().eq_ignore_ascii_case(field.name));
        if is_named == (pick == Pick::These) {
            out.extend_from_slice(field.raw);
            if !field.raw.ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    // A head that has no end has no empty line either, but mail programs wait for it.
    let is_bare = head_length(head).is_some() && head.ends_with(b"\n\n");
    out.extend_from_slice(if is_bare { b"\n" } else { b"\r\n" });
    out
}

/// Writes a section's name between the brackets.
pub(super) fn write_name(out: &mut Vec<u8>, section: Option<&Section<'_>>) {
    let (number, word, names) = match section {
        None => return,
        Some(Section::Part(number)) => (Some(number), "", None),
        Some(Section::Mime(number)) => (Some(number), "MIME", None),
        Some(Section::Header(number)) => (number.as_ref(), "HEADER", None),
        Some(Section::Text(number)) => (number.as_ref(), "TEXT", None),
        Some(Section::HeaderFields(number, names)) => (number.as_ref(), "HEADER.FIELDS", Some(names)),
        Some(Section::HeaderFieldsNot(number, names)) => (number.as_ref(), "HEADER.FIELDS.NOT", Some(names)),
    };
    let path: Vec<String> = number.map(path).unwrap_or_default().iter().map(u32::to_string).collect();
    out.extend_from_slice(path.join(".").as_bytes());
    if !path.is_empty() && !word.is_empty() {
        out.push(b'.');
    }
    out.extend_from_slice(word.as_bytes());
    let Some(names) = names else { return };
    out.extend_from_slice(b" (");
    for (index, name) in names.as_ref().iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let name = name.as_ref();
        let is_atom = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        if !name.is_empty() && name.iter().all(is_atom) {
            out.extend_from_slice(name);
        } else {
            string(out, name);
        }
    }
    out.push(b')');
}
