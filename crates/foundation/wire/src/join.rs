//! The words between a joiner and the member who welcomes (spec tickets).
//!
//! ```text
//! joiner                                member
//!   Hello {ticket, proof, inception} ->
//!                                    <- Offer {genesis, invite, heads}
//!   Request {join entry, before}     ->
//!                                    <- Welcome {keys} | Waiting | Refused
//! ```
//! The only words a stranger may say; at most [`JOIN_SIZE_MAX`] bytes in all.

use base::{DeviceId, KeyId, TicketId, WebId};
use minicbor::{Decode, Encode};

use crate::codec::{Bytes, WireError, from_bytes};
use crate::crypto::Signature;
use crate::identity::{Adoption, Key};

/// Bytes of what somebody who comes back wrote before: some 50 operations, of which all but the last few are known anyway.
pub const BEFORE_SIZE_MAX: usize = 16 * 1024;

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
        /// From the inception's device to the joiner's, if that is another.
        #[n(4)]
        chain: Option<Vec<Adoption>>,
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
        /// What that device wrote into this web before, the newest that fit into [`BEFORE_SIZE_MAX`], in their order: who comes
        /// back may have written what nobody has heard of.
        #[n(1)]
        before: Option<Vec<Bytes>>,
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
    /// Make me a device of yours (spec identity, rules 30 to 36).
    #[n(6)]
    Pair {
        /// Signature by the link's key over person || device, domain `althing/pair/1`.
        #[n(0)]
        proof: Signature,
        /// This device's word that it is the person's ([`crate::identity::DEVICE_DOMAIN`]).
        #[n(1)]
        consent: Signature,
        /// What the person calls it.
        #[n(2)]
        name: String,
    },
    /// You are a device of mine.
    #[n(7)]
    Paired {
        /// How the person begins.
        #[n(0)]
        inception: Bytes,
        /// From the inception's device to the new one.
        #[n(1)]
        chain: Vec<Adoption>,
        /// The person's key, if it is no longer the inception's.
        #[n(2)]
        key: Option<Key>,
        /// Its secret, sealed to the new device; purpose [`crate::governance::ROTATION_PURPOSE`], context person || key.
        #[n(3)]
        secret: Bytes,
        /// What the person calls itself.
        #[n(4)]
        name: String,
        /// The person's devices and webs.
        #[n(5)]
        ours: Ours,
    },
    /// The person's devices and webs; between devices of one person only.
    #[n(8)]
    Ours {
        /// What there is.
        #[n(0)]
        ours: Ours,
    },
    /// I know the recovery words of one of your members (spec identity, rules 60 to 66).
    #[n(9)]
    Recovering {
        /// The recovery key's public half.
        #[n(0)]
        recovery: Key,
        /// Its signature over itself || device, domain [`crate::identity::RECOVERING_DOMAIN`].
        #[n(1)]
        proof: Signature,
    },
    /// This is who you are; nothing at all when no web here knows that key.
    #[n(10)]
    Recovered {
        /// How the person begins; empty when it is not known.
        #[n(0)]
        inception: Bytes,
        /// What the person calls itself.
        #[n(1)]
        name: String,
        /// Webs that it belongs to and the sender reads, at most [`LOST_WEBS_MAX`].
        #[n(2)]
        webs: Vec<LostWeb>,
        /// How the inception's recovery key was replaced, if it was: statements about recovery keys only (spec identity rule 63).
        #[n(3)]
        words: Option<Vec<Adoption>>,
    },
}

/// What a person's devices tell each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Ours {
    /// All devices, the sender among them, at most [`crate::identity::DEVICES_MAX`].
    #[n(0)]
    pub devices: Vec<OurDevice>,
    /// Webs, at most [`OUR_WEBS_MAX`].
    #[n(1)]
    pub webs: Vec<OurWeb>,
}

/// Webs of one answer to somebody who recovers at most: each takes up to 1.8 KB.
pub const LOST_WEBS_MAX: usize = 32;

/// A web that a person comes back to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LostWeb {
    /// Which.
    #[n(0)]
    pub web: WebId,
    /// The entry that founds it.
    #[n(1)]
    pub genesis: Bytes,
    /// What the sender calls it.
    #[n(2)]
    pub name: String,
    /// The newest operations, sorted.
    #[n(3)]
    pub heads: Vec<base::EntryId>,
    /// The greatest lamport number among them.
    #[n(4)]
    pub lamport: u64,
    /// The person's key, if it is no longer the inception's, with its secret as sealed to the recovery key.
    #[n(5)]
    pub key: Option<SealedKey>,
}

/// A later key of a person, for who knows the recovery words.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SealedKey {
    /// Its public half.
    #[n(0)]
    pub key: Key,
    /// Its secret, sealed as in [`crate::governance::Rotation::recovery`].
    #[n(1)]
    pub sealed: Bytes,
}

/// Webs of one message at most: each takes up to 1 KB.
pub const OUR_WEBS_MAX: usize = 40;

/// A device of the person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OurDevice {
    /// Which.
    #[n(0)]
    pub device: DeviceId,
    /// Its word that it is the person's.
    #[n(1)]
    pub consent: Signature,
    /// What the person calls it.
    #[n(2)]
    pub name: String,
}

/// A web of the person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OurWeb {
    /// Which.
    #[n(0)]
    pub web: WebId,
    /// The entry that founds it.
    #[n(1)]
    pub genesis: Bytes,
    /// What the sender calls it.
    #[n(2)]
    pub name: String,
}

/// Covers the proof that a device holds a link for new devices.
pub const PAIR_DOMAIN: &str = "althing/pair/1";

impl Message {
    /// Reads a message and checks its size.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        from_bytes(bytes, JOIN_SIZE_MAX)
    }
}

/// Returns what a ticket key signs to prove that `person` with `device` may join `web`.
pub fn proof_bytes(web: WebId, person: base::PersonId, device: DeviceId) -> Vec<u8> {
    [web.as_bytes().as_slice(), person.as_bytes(), device.as_bytes()].concat()
}

/// What the proof's signature covers besides its bytes.
pub const PROOF_DOMAIN: &str = "althing/join/1";
