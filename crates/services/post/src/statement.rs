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
pub(crate) const PIECES_MAX: u64 = 8;

/// Bytes of a mail at most: eight letters.
pub const MESSAGE_SIZE_MAX: u64 = 256_000;

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
    Open(#[n(0)] Piece),
}

impl Body {
    /// Reads a record and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_sound = match &body {
            Self::Letter(sealed) => sealed.is_letter(),
            Self::Open(piece) => piece.persons.is_empty() && piece.is_sound(),
        };
        checked(body, is_sound)
    }
}

impl Piece {
    /// Reads what a letter holds and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let piece: Self = wire::from_bytes(bytes, LETTER_PLAIN_MAX)?;
        let are_persons = !piece.persons.is_empty()
            && piece.persons.len() <= LETTER_PERSONS_MAX
            && piece.persons.is_sorted_by(|one, next| one < next);
        let is_sound = are_persons && piece.is_sound();
        checked(piece, is_sound)
    }

    /// Every piece but the last is full, so that each mail can be cut in one way only.
    fn is_sound(&self) -> bool {
        let full = PIECE_SIZE as u64;
        let begins = self.index.saturating_mul(full);
        self.size > 0
            && self.size <= MESSAGE_SIZE_MAX
            && begins < self.size
            && self.bytes.len() as u64 == (self.size - begins).min(full)
    }

    /// Returns how many pieces the mail has.
    pub(crate) fn count(&self) -> u64 {
        self.size.div_ceil(PIECE_SIZE as u64)
    }

    /// Returns which mail it belongs to, in the log of `author`.
    pub(crate) fn mail(&self, web: WebId, author: DeviceId) -> MailId {
        MailId::of(web, author, self.at, self.digest.as_bytes())
    }
}

/// Cuts a mail into pieces, as sent to `persons`.
pub(crate) fn cut(mail: &[u8], at: Timestamp, persons: &[PersonId]) -> Vec<Piece> {
    let digest = ContentId::new(*blake3::hash(mail).as_bytes());
    let piece = |(index, bytes): (u64, &[u8])| Piece {
        at,
        digest,
        size: mail.len() as u64,
        index,
        persons: persons.to_vec(),
        bytes: bytes.to_vec().into(),
    };
    (0..).zip(mail.chunks(PIECE_SIZE)).map(piece).collect()
}

fn checked<T>(value: T, is_sound: bool) -> Result<T, WireError> {
    if is_sound { Ok(value) } else { Err(WireError::OutOfLimits { field: "mail" }) }
}
