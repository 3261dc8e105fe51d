//! The words between a joiner and the member who welcomes (spec tickets).
//!
//! ```text
//! joiner                                member
//!   Hello {ticket, proof, inception} ->
//!                                    <- Offer {genesis, invite, heads}
//!   Request {join entry}             ->
//!                                    <- Welcome {keys} | Waiting | Refused
//! ```
//! The only words a stranger may say; at most [`JOIN_SIZE_MAX`] bytes in all.

use base::{KeyId, TicketId, WebId};
use minicbor::{Decode, Encode};

use crate::codec::{Bytes, WireError, from_bytes};
use crate::crypto::Signature;

/// Bytes a stranger may send, in all.
pub const JOIN_SIZE_MAX: usize = 64 * 1024;

/// An epoch key, sealed to the newcomer (as [`crate::governance::Wrap`]).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyWrap {
    /// Which key.
    #[n(0)]
    pub key: KeyId,
    /// HPKE; purpose `althing/epoch/1`, context web || key id.
    #[n(1)]
    pub sealed: Bytes,
}

/// Why a joiner was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// No such invitation in this web, or a proof that does not match.
    #[n(0)]
    Unknown,
    /// The invitation has expired.
    #[n(1)]
    Expired,
    /// All its uses are gone.
    #[n(2)]
    UsedUp,
    /// It was revoked.
    #[n(3)]
    Revoked,
    /// The person was removed from this web.
    #[n(4)]
    Removed,
}

/// What joiner and member say.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// I hold this ticket.
    #[n(0)]
    Hello {
        /// The web.
        #[n(0)]
        web: WebId,
        /// The invitation.
        #[n(1)]
        ticket: TicketId,
        /// Signature by the ticket key over web || person || device, domain `althing/join/1`.
        #[n(2)]
        proof: Signature,
        /// The joiner's inception.
        #[n(3)]
        inception: Bytes,
    },
    /// What the joiner needs to write its join entry.
    #[n(1)]
    Offer {
        /// The web.
        #[n(0)]
        web: WebId,
        /// The entry that founds the web; its hash is the web's id.
        #[n(1)]
        genesis: Bytes,
        /// The newest operations, sorted.
        #[n(2)]
        heads: Vec<base::EntryId>,
        /// The greatest lamport number among them.
        #[n(3)]
        lamport: u64,
    },
    /// The join entry.
    #[n(2)]
    Request {
        /// A governance entry by the joiner's device.
        #[n(0)]
        entry: Bytes,
    },
    /// You are in; these are the keys.
    #[n(3)]
    Welcome {
        /// The web.
        #[n(0)]
        web: WebId,
        /// All current epoch keys.
        #[n(1)]
        keys: Vec<KeyWrap>,
    },
    /// Your join waits for approval, or for a member who holds the keys.
    #[n(4)]
    Waiting {
        /// The web.
        #[n(0)]
        web: WebId,
    },
    /// You are not let in.
    #[n(5)]
    Refused {
        /// The web.
        #[n(0)]
        web: WebId,
        /// Why.
        #[n(1)]
        why: Refusal,
    },
}

impl Message {
    /// Reads a message and checks its size.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        from_bytes(bytes, JOIN_SIZE_MAX)
    }
}

/// Returns what a ticket key signs to prove that `person` with `device` may join `web`.
pub fn proof_bytes(web: WebId, person: base::PersonId, device: base::DeviceId) -> Vec<u8> {
    [web.as_bytes().as_slice(), person.as_bytes(), device.as_bytes()].concat()
}

/// What the proof's signature covers besides its bytes.
pub const PROOF_DOMAIN: &str = "althing/join/1";
