//! Links besides tickets, bech32m of deterministic CBOR as those (spec identity, rules 30 to 36 and 60 to 66).
//!
//! `althingdevice1…` adds a device: whoever holds it can become the person, for minutes and once. `althingdoor1…` says where
//! members are found, for somebody who has nothing but recovery words; it holds no secret.

use base::{PersonId, Timestamp};
use bech32::Hrp;
use minicbor::{Decode, Encode};

use crate::codec::{WireError, from_bytes, to_bytes};
use crate::crypto::SignKey;
use crate::ticket::{Door, TICKET_LEN_MAX, TicketError, VERSION, bytes_of, text_of};

const PREFIX: Hrp = Hrp::parse_unchecked("althingdevice");

const DOOR_PREFIX: Hrp = Hrp::parse_unchecked("althingdoor");

/// Members of one address link at most.
pub const DOORS_MAX: usize = 4;

/// A device link with its secret.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct DeviceLink {
    #[n(0)]
    version: u16,
    /// Whose device the other one becomes.
    #[n(1)]
    pub person: PersonId,
    #[cbor(n(2), with = "minicbor::bytes")]
    secret: [u8; 32],
    /// When it ends.
    #[n(3)]
    pub expires: Timestamp,
    /// The device that made it.
    #[n(4)]
    pub door: Door,
    /// What the person calls itself.
    #[n(5)]
    pub name: String,
}

impl std::fmt::Debug for DeviceLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceLink").field("person", &self.person).finish_non_exhaustive()
    }
}

impl DeviceLink {
    /// Makes a link; `secret` must be fresh randomness.
    pub fn new(person: PersonId, secret: [u8; 32], expires: Timestamp, door: Door, name: String) -> Self {
        Self { version: VERSION, person, secret, expires, door, name }
    }

    /// Returns the key pair whose public half the device that made it knows.
    pub fn key(&self) -> SignKey {
        SignKey::from_seed(&self.secret)
    }

    /// Writes the link as text.
    pub fn to_text(&self) -> String {
        text_of(PREFIX, &to_bytes(self))
    }

    /// Reads a link from pasted text, as forgivingly as a ticket.
    pub fn from_text(text: &str) -> Result<Self, TicketError> {
        let bytes = bytes_of(PREFIX, text)?;
        let link: Self = from_bytes(&bytes, TICKET_LEN_MAX).map_err(TicketError::Unreadable)?;
        let is_within = link.version == VERSION && link.door.addresses.len() <= 8 && link.name.len() <= 256;
        is_within.then_some(link).ok_or(TicketError::Unreadable(WireError::OutOfLimits { field: "link" }))
    }
}

/// Where members of a person's webs are found.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DoorLink {
    #[n(0)]
    version: u16,
    /// Members to ask, at most [`DOORS_MAX`].
    #[n(1)]
    pub doors: Vec<Door>,
}

impl DoorLink {
    /// Makes a link.
    pub fn new(doors: Vec<Door>) -> Self {
        Self { version: VERSION, doors }
    }

    /// Writes the link as text.
    pub fn to_text(&self) -> String {
        text_of(DOOR_PREFIX, &to_bytes(self))
    }

    /// Reads a link from pasted text, as forgivingly as a ticket.
    pub fn from_text(text: &str) -> Result<Self, TicketError> {
        let bytes = bytes_of(DOOR_PREFIX, text)?;
        let link: Self = from_bytes(&bytes, TICKET_LEN_MAX).map_err(TicketError::Unreadable)?;
        let is_within = link.version == VERSION
            && (1..=DOORS_MAX).contains(&link.doors.len())
            && link.doors.iter().all(|door| door.addresses.len() <= 8);
        is_within.then_some(link).ok_or(TicketError::Unreadable(WireError::OutOfLimits { field: "doors" }))
    }
}
