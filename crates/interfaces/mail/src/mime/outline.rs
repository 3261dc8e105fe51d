//! Where the parts of a message are, and what their heads say: all that IMAP needs to describe it without reading it again.

use minicbor::{Decode, Encode};

/// Bytes of an outline at most, encoded: what all its fields and parts can take up.
pub const OUTLINE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes of one field that an outline keeps: some two thousand recipients.
pub(crate) const FIELD_KEPT_MAX: usize = 64 * 1024;

/// Bytes of all fields of one outline.
pub(crate) const FIELDS_KEPT_MAX: usize = 1024 * 1024;

/// Parts that are told apart: what comes behind belongs to the last one. Real messages have dozens.
pub(crate) const PARTS_MAX: usize = 1_000;

/// Parts within parts that are told apart: deeper ones are one part, whatever is in them.
pub(crate) const DEPTH_MAX: usize = 50;

/// The form of what is written below: another number makes kept outlines useless, and they are made anew.
const FORM: u8 = 1;

/// A field that an outline keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum FieldName {
    #[n(0)]
    Date,
    #[n(1)]
    Subject,
    #[n(2)]
    From,
    #[n(3)]
    Sender,
    #[n(4)]
    ReplyTo,
    #[n(5)]
    To,
    #[n(6)]
    Cc,
    #[n(7)]
    Bcc,
    #[n(8)]
    InReplyTo,
    #[n(9)]
    MessageId,
    #[n(10)]
    ContentType,
    #[n(11)]
    ContentTransferEncoding,
    #[n(12)]
    ContentId,
    #[n(13)]
    ContentDescription,
    #[n(14)]
    ContentDisposition,
    #[n(15)]
    ContentMd5,
    #[n(16)]
    ContentLanguage,
    #[n(17)]
    ContentLocation,
}

/// Their names.
const NAMES: [(&[u8], FieldName); 18] = [
    (b"date", FieldName::Date),
    (b"subject", FieldName::Subject),
    (b"from", FieldName::From),
    (b"sender", FieldName::Sender),
    (b"reply-to", FieldName::ReplyTo),
    (b"to", FieldName::To),
    (b"cc", FieldName::Cc),
    (b"bcc", FieldName::Bcc),
    (b"in-reply-to", FieldName::InReplyTo),
    (b"message-id", FieldName::MessageId),
    (b"content-type", FieldName::ContentType),
    (b"content-transfer-encoding", FieldName::ContentTransferEncoding),
    (b"content-id", FieldName::ContentId),
    (b"content-description", FieldName::ContentDescription),
    (b"content-disposition", FieldName::ContentDisposition),
    (b"content-md5", FieldName::ContentMd5),
    (b"content-language", FieldName::ContentLanguage),
    (b"content-location", FieldName::ContentLocation),
];

impl FieldName {
    /// Returns the field of this name, if outlines keep it.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, field)| *field)
    }
}

/// Bytes from one place up to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Span {
    #[n(0)]
    pub(crate) from: u64,
    #[n(1)]
    pub(crate) to: u64,
}

impl Span {
    pub(crate) fn len(self) -> u64 {
        self.to.saturating_sub(self.from)
    }
}

/// What a part consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Kind {
    /// Bytes.
    #[default]
    #[n(0)]
    Leaf,
    /// Other parts.
    #[n(1)]
    Multipart,
    /// One message.
    #[n(2)]
    Message,
}

/// A message, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Part {
    /// Its head, with the empty line.
    #[n(0)]
    pub(crate) head: Span,
    #[n(1)]
    pub(crate) body: Span,
    /// Line ends in the body.
    #[n(2)]
    pub(crate) lines: u64,
    #[n(3)]
    pub(crate) kind: Kind,
    /// Whether it is a part of a digest: a message, if it does not say otherwise.
    #[n(4)]
    pub(crate) is_in_digest: bool,
    /// Unfolded; the first of each name.
    #[n(5)]
    pub(crate) fields: Vec<(FieldName, minicbor::bytes::ByteVec)>,
    #[n(6)]
    pub(crate) parts: Vec<Part>,
}

impl Part {
    pub(crate) fn field(&self, name: FieldName) -> Option<&[u8]> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_slice())
    }

    /// Returns the part of a number, as in `2.1`, of a message or a part that has parts. `1` of what has none is itself.
    pub(crate) fn find(&self, path: &[u32]) -> Option<&Self> {
        let (first, rest) = path.split_first()?;
        let part = match self.kind {
            Kind::Multipart => self.parts.get(usize::try_from(*first).ok()?.checked_sub(1)?)?,
            Kind::Leaf | Kind::Message if *first == 1 => self,
            Kind::Leaf | Kind::Message => return None,
        };
        match part.kind {
            _ if rest.is_empty() => Some(part),
            Kind::Multipart => part.find(rest),
            Kind::Message => part.message()?.find(rest),
            Kind::Leaf => None,
        }
    }

    /// Says whether it is a message since it says nothing else, in a digest (RFC 2046, 5.1.5).
    pub(crate) fn is_default_message(&self) -> bool {
        self.is_in_digest && self.field(FieldName::ContentType).is_none()
    }

    /// Returns the message that a part is, if it is one.
    pub(crate) fn message(&self) -> Option<&Self> {
        if self.kind == Kind::Message { self.parts.first() } else { None }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        // A vector takes whatever is written.
        let _written = minicbor::encode(self, &mut bytes);
        bytes
    }

    /// Reads what was kept; none if it has another form or has come to harm.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        if *form == FORM { minicbor::decode(rest).ok() } else { None }
    }
}
