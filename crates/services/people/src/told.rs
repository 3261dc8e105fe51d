//! What people announces to other services of this peer.

use base::{DeviceId, PersonId, WebId};
use minicbor::{Decode, Encode};
use wire::codec::{Bytes, WireError};

/// Bytes of an announcement at most: a person has at most 64 devices.
const TOLD_SIZE_MAX: usize = 16 * 1024;

/// An announcement; comes as `Input::Told` with `by` = `people`, after the rows it speaks of were written.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Told {
    /// The members of a web, their roles, names or labels have changed.
    #[n(0)]
    Members {
        /// The web.
        #[n(0)]
        web: WebId,
    },
    /// A person was removed or has left; its devices get nothing from now on.
    #[n(1)]
    Removed {
        /// The web.
        #[n(0)]
        web: WebId,
        /// Who.
        #[n(1)]
        person: PersonId,
        /// The person's devices.
        #[n(2)]
        devices: Vec<DeviceId>,
    },
    /// This peer's person has become a member.
    #[n(2)]
    Joined {
        /// The web.
        #[n(0)]
        web: WebId,
    },
    /// This peer's person is no longer a member: it left or was removed.
    #[n(3)]
    Left {
        /// The web.
        #[n(0)]
        web: WebId,
    },
    /// A mark that another service keeps for this peer's person has changed, here or on another of its computers.
    #[n(4)]
    Mark {
        /// What kind, of [`crate::OTHERS`].
        #[n(0)]
        kind: u64,
        /// What it is about; begins with the id of a web.
        #[n(1)]
        about: Bytes,
        /// What it says; none when it was taken back.
        #[n(2)]
        value: Option<Bytes>,
    },
}

/// What another service of this peer asks of `people`, with [`kernel::Step::tell`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Wish {
    /// Keep something for this peer's person, on all its computers; answered by [`Told::Mark`] when it is new.
    #[n(0)]
    Mark {
        /// What kind, of [`crate::OTHERS`]; each belongs to one service.
        #[n(0)]
        kind: u64,
        /// What it is about, at most 64 bytes. Begins with the id of the web whose records carry it.
        #[n(1)]
        about: Bytes,
        /// What it says, at most 1,024 bytes; none takes it back.
        #[n(2)]
        value: Option<Bytes>,
    },
}

impl Wish {
    /// Writes the wish.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads a wish.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        wire::from_bytes(bytes, TOLD_SIZE_MAX)
    }
}

impl Told {
    /// Writes the announcement.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads an announcement.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        wire::from_bytes(bytes, TOLD_SIZE_MAX)
    }
}
