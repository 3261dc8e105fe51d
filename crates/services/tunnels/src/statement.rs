//! What a device says in the log of a web about a tunnel that it offers (spec tunnels, rules 1 to 4).

use base::{PersonId, Timestamp};
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::governance::Role;

use crate::jobs::NAME_LEN_MAX;

/// Persons named in one offer at most; more are a role, or a web of their own.
pub(crate) const PERSONS_MAX: usize = 64;

/// Bytes of a note at most: one sentence.
pub(crate) const NOTE_SIZE_MAX: usize = 200;

/// Bytes of an offer at most: names, note, and 64 persons.
const OFFER_SIZE_MAX: usize = 4 * 1024;

/// A device offers a tunnel, offers it to others, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Offer {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) is_open: bool,
    #[n(3)]
    pub(crate) audience: Audience,
    #[n(4)]
    pub(crate) note: String,
}

/// Who may use a tunnel, besides who offers it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Audience {
    /// Whoever has at least this role.
    #[n(0)]
    AtLeast {
        #[n(0)]
        role: Role,
    },
    /// These persons.
    #[n(1)]
    Persons {
        #[n(0)]
        persons: Vec<PersonId>,
    },
}

impl Offer {
    /// Encodes it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads one and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let offer: Self = wire::from_bytes(bytes, OFFER_SIZE_MAX)?;
        let is_audience = match &offer.audience {
            Audience::AtLeast { role } => *role >= Role::Guest,
            // In order and each once: one audience has one form.
            Audience::Persons { persons } => {
                persons.len() <= PERSONS_MAX && persons.iter().zip(persons.iter().skip(1)).all(|(a, b)| a < b)
            }
        };
        if is_audience && is_name(&offer.name) && is_note(&offer.note) {
            Ok(offer)
        } else {
            Err(WireError::OutOfLimits { field: "tunnel" })
        }
    }
}

/// Says whether a tunnel can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_LEN_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Says whether a tunnel can have this note.
pub(crate) fn is_note(note: &str) -> bool {
    note.len() <= NOTE_SIZE_MAX && !note.chars().any(char::is_control)
}
