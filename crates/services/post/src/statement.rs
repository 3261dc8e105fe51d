//! What this service writes into the log of a web, and what stands inside of letters (spec post, rules 1 to 8).
//!
//! Whatever is read here may come from anybody: every limit is checked before anything is used. Not for: what it does (`taking.rs`).

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use people::{LETTER_PERSONS_MAX, LETTER_PLAIN_MAX, Sealed};
use wire::WireError;
use wire::codec::Bytes;

use crate::ids::MailId;

/// Bytes of a mail in one letter: what a letter holds, without what else stands in it (16 persons and 100 bytes).
pub(crate) const PIECE_SIZE: usize = 32_000;

/// Pieces of a mail at most. Each is a record that everybody in the web carries for ever.
pub(crate) const PIECES_MAX: usize = 8;

/// Bytes of a mail that comes in letters alone: eight of them.
pub const IN_LETTERS_MAX: u64 = 256_000;

/// Bytes of a mail at most, what is attached included, as mail programs encode it (a third more).
pub const MESSAGE_SIZE_MAX: u64 = 2 << 30;

/// Bytes of the head of a mail whose body is a content: it stands in one letter, with what else is there.
pub const HEAD_SIZE_MAX: usize = 24_000;

/// Bytes of a record at most: a letter to 16 persons.
const BODY_SIZE_MAX: usize = 36 * 1024;

/// A mail, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Piece {
    /// By the author's clock.
    #[n(0)]
    pub(crate) at: Timestamp,
    /// BLAKE3 of the whole mail.
    #[n(1)]
    pub(crate) digest: ContentId,
    /// Bytes of the whole mail.
    #[n(2)]
    pub(crate) size: u64,
    /// Which piece, from 0.
    #[n(3)]
    pub(crate) index: u64,
    /// Whom this letter is for, ascending; those of other letters of the same mail are not named. Empty in the open: everybody.
    #[n(4)]
    pub(crate) persons: Vec<PersonId>,
    #[n(5)]
    pub(crate) bytes: Bytes,
}

/// A record of this service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Body {
    /// For named persons only; inside: a piece.
    #[n(0)]
    Letter(#[n(0)] Sealed),
    /// For all who read the web.
    #[n(1)]
    Open(#[n(0)] Inside),
}

/// What a letter holds, or a record in the open.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Inside {
    #[n(0)]
    Piece(#[n(0)] Piece),
    #[n(1)]
    Large(#[n(0)] Large),
}

/// A mail whose body is a content of its own, sealed under a key that stands here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Large {
    /// By the author's clock.
    #[n(0)]
    pub(crate) at: Timestamp,
    /// As of a piece.
    #[n(1)]
    pub(crate) persons: Vec<PersonId>,
    /// The head, with the empty line.
    #[n(2)]
    pub(crate) head: Bytes,
    #[n(3)]
    pub(crate) body: LargeBody,
}

/// Where the body of a large mail is, and how it is opened (spec sealed, rules 1 to 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LargeBody {
    /// The sealed bytes.
    #[n(0)]
    pub(crate) sealed: ContentId,
    /// BLAKE3 of the body.
    #[n(1)]
    pub(crate) digest: ContentId,
    /// Its bytes.
    #[n(2)]
    pub(crate) size: u64,
    #[n(3)]
    pub(crate) secret: Secret,
}

/// What the key of a content is derived from: random for each mail.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Secret(#[cbor(n(0), with = "minicbor::bytes")] pub(crate) [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl LargeBody {
    /// Returns how many bytes the sealed content has.
    pub(crate) fn sealed_size(&self) -> u64 {
        wire::sealed::sealed_size(self.size).unwrap_or_default()
    }
}

impl Large {
    fn is_sound(&self) -> bool {
        self.head.len() <= HEAD_SIZE_MAX
            && self.body.size > 0
            && (self.head.len() as u64).saturating_add(self.body.size) <= MESSAGE_SIZE_MAX
    }

    fn mail(&self, web: WebId, author: DeviceId) -> MailId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.body.digest.as_bytes());
        hasher.update(&self.head);
        MailId::of(web, author, self.at, hasher.finalize().as_bytes())
    }
}

impl Inside {
    /// Reads what a letter holds and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let inside: Self = wire::from_bytes(bytes, LETTER_PLAIN_MAX)?;
        let persons = inside.persons();
        let are_persons = !persons.is_empty()
            && persons.len() <= LETTER_PERSONS_MAX
            && persons.is_sorted_by(|one, next| one < next);
        let is_sound = are_persons && inside.is_sound();
        checked(inside, is_sound)
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Piece(piece) => piece.is_sound(),
            Self::Large(large) => large.is_sound(),
        }
    }

    /// Returns whom it is for; nobody by name in the open.
    pub(crate) fn persons(&self) -> &[PersonId] {
        match self {
            Self::Piece(piece) => &piece.persons,
            Self::Large(large) => &large.persons,
        }
    }

    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Piece(piece) => piece.at,
            Self::Large(large) => large.at,
        }
    }

    /// Returns which mail it belongs to, in the log of `author`.
    pub(crate) fn mail(&self, web: WebId, author: DeviceId) -> MailId {
        match self {
            Self::Piece(piece) => MailId::of(web, author, piece.at, piece.digest.as_bytes()),
            Self::Large(large) => large.mail(web, author),
        }
    }
}

impl Body {
    /// Reads a record and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_sound = match &body {
            Self::Letter(sealed) => sealed.is_letter(),
            Self::Open(inside) => inside.persons().is_empty() && inside.is_sound(),
        };
        checked(body, is_sound)
    }
}

impl Piece {
    /// Every piece but the last is full, so that each mail can be cut in one way only.
    fn is_sound(&self) -> bool {
        let full = PIECE_SIZE as u64;
        let begins = self.index.saturating_mul(full);
        self.size > 0
            && self.size <= IN_LETTERS_MAX
            && begins < self.size
            && self.bytes.len() as u64 == (self.size - begins).min(full)
    }

    /// Returns how many pieces the mail has.
    pub(crate) fn count(&self) -> u64 {
        self.size.div_ceil(PIECE_SIZE as u64)
    }
}

/// Cuts a mail into pieces, as sent to `persons`.
pub(crate) fn cut(mail: &[u8], at: Timestamp, persons: &[PersonId]) -> Vec<Inside> {
    let digest = ContentId::new(*blake3::hash(mail).as_bytes());
    let piece = |(index, bytes): (u64, &[u8])| Piece {
        at,
        digest,
        size: mail.len() as u64,
        index,
        persons: persons.to_vec(),
        bytes: bytes.to_vec().into(),
    };
    (0..).zip(mail.chunks(PIECE_SIZE)).map(|cut| Inside::Piece(piece(cut))).collect()
}

fn checked<T>(value: T, is_sound: bool) -> Result<T, WireError> {
    if is_sound { Ok(value) } else { Err(WireError::OutOfLimits { field: "mail" }) }
}
