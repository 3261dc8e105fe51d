//! Governance operations: who belongs to a web, with which role, holding which keys (spec governance).
//!
//! An operation is the body of an [`crate::entry::Entry`] of [`crate::entry::Log::Governance`]. Together they
//! form a DAG by `deps`; the state of a web is a pure function of the set. Human text never stands here: carriers
//! may read governance.

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp, WebId};
use minicbor::{Decode, Encode};

use crate::address::{Address, is_relay};
use crate::codec::{Bytes, WireError, from_bytes};
use crate::crypto::Signature;
use crate::identity::{Adoption, CHAIN_MAX, DEVICES_MAX, Key, WordsChange};

/// Heads an operation names as its past, at most; more concurrent heads than this are joined in two steps.
pub const DEPS_MAX: usize = 16;

/// Cuts of one removal at most: two logs for each device of a person.
pub const CUTS_MAX: usize = 128;

/// Wraps of one epoch at most; larger webs need the key tree of a later format version.
pub const WRAPS_MAX: usize = 3_000;

/// Bytes of an operation at most.
pub const OPERATION_SIZE_MAX: usize = 384 * 1024;

/// What a person may do in a web; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Carries sealed things for the others and reads nothing; fixed at admission (spec governance rules 60 to 66).
    #[n(0)]
    Carrier,
    /// Reads everything and writes nothing but its own name and addresses (spec governance rule 67).
    #[n(1)]
    Guest,
    /// Reads everything, shares and writes.
    #[n(2)]
    Member,
    /// Invites, removes and changes roles of those it outranks.
    #[n(3)]
    Admin,
    /// Grants admin.
    #[n(4)]
    Owner,
}

/// Whether a ticket alone admits, or an admin approves each join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Admission {
    /// The ticket admits.
    #[n(0)]
    Open,
    /// Someone who may invite must accept the join.
    #[n(1)]
    Approve,
}

/// The last entry of one chain that a removal lets stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Cut {
    /// Whose chain.
    #[n(0)]
    pub device: DeviceId,
    /// Which of the device's chains.
    #[n(1)]
    pub log: crate::entry::Log,
    /// The last accepted place; 0 when nothing stands.
    #[n(2)]
    pub seq: u64,
    /// The entry at that place; all zero when nothing stands.
    #[n(3)]
    pub entry: EntryId,
}

/// An epoch key, sealed to one person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Wrap {
    /// For whom.
    #[n(0)]
    pub person: PersonId,
    /// HPKE of the 32-byte key; purpose `althing/epoch/1`, context web || key id.
    #[n(1)]
    pub sealed: Bytes,
}

/// An older epoch key, encrypted under the new one, so that newcomers read history.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OlderKey {
    /// Which key.
    #[n(0)]
    pub key: KeyId,
    /// Nonce, 24 bytes, then XChaCha20-Poly1305 of the key; purpose `althing older epoch v1`, context web || new key id || older key id.
    #[n(1)]
    pub sealed: Bytes,
}

/// Addresses of one computer that serves, at most.
pub const SERVING_ADDRESSES_MAX: usize = 8;

/// What an always-on computer does for its web. Carriers may read it: addresses and numbers only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Serving {
    /// Where the computer is reachable ([`crate::address`]), most useful first; its relay, if it is one, among them.
    #[n(0)]
    pub addresses: Vec<String>,
    /// Its relay, as `http://host:port/`.
    #[n(1)]
    pub relay: Option<String>,
    /// Bytes of sealed copies it keeps at most, if it is a mirror.
    #[n(2)]
    pub mirror: Option<u64>,
    /// Whether it indexes everything and answers for those who are away; means nothing from a carrier.
    #[n(3)]
    pub broker: bool,
}

impl Serving {
    /// Says whether it does nothing at all.
    pub fn is_nothing(&self) -> bool {
        self.relay.is_none() && self.mirror.is_none() && !self.broker
    }

    fn is_within_limits(&self) -> bool {
        self.addresses.len() <= SERVING_ADDRESSES_MAX
            && self.addresses.iter().all(|text| Address::read(text).is_some())
            && self.relay.as_deref().is_none_or(is_relay)
    }
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Action {
    /// Founds the web; its author is the first owner.
    #[n(0)]
    Genesis {
        /// Makes two webs of one founder different.
        #[n(0)]
        nonce: EntryId,
        /// The founder's inception.
        #[n(1)]
        inception: Bytes,
        /// From the inception's device to the author, if that is another.
        #[n(2)]
        chain: Option<Vec<Adoption>>,
        /// The person's key, if it is no longer the inception's.
        #[n(3)]
        key: Option<Key>,
    },
    /// Makes an invitation.
    #[n(1)]
    Invite {
        /// The ticket's public key.
        #[n(0)]
        ticket: TicketId,
        /// The role a joiner gets.
        #[n(1)]
        role: Role,
        /// After this the welcoming member refuses, by its own clock, and revokes.
        #[n(2)]
        expires: Timestamp,
        /// How many persons may join.
        #[n(3)]
        uses: u32,
        /// Whether the ticket alone admits.
        #[n(4)]
        admission: Admission,
    },
    /// Ends an invitation; joins already in this operation's past stand.
    #[n(2)]
    RevokeInvite {
        /// The invitation.
        #[n(0)]
        ticket: TicketId,
    },
    /// Joins by an invitation; the author is the newcomer's device.
    #[n(3)]
    Join {
        /// The invitation.
        #[n(0)]
        ticket: TicketId,
        /// Signature by the ticket key over web || person || device, domain `althing/join/1`.
        #[n(1)]
        proof: Signature,
        /// The newcomer's inception.
        #[n(2)]
        inception: Bytes,
        /// From the inception's device to the author, if that is another.
        #[n(3)]
        chain: Option<Vec<Adoption>>,
        /// The person's key, if it is no longer the inception's.
        #[n(4)]
        key: Option<Key>,
    },
    /// Admits a join that needs approval, or confirms that a join was welcomed (welcomed joins win when uses run out).
    #[n(4)]
    Accept {
        /// The join.
        #[n(0)]
        join: EntryId,
    },
    /// Gives a person another role; a demotion cuts like a removal.
    #[n(5)]
    SetRole {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// The new role.
        #[n(1)]
        role: Role,
        /// Last accepted governance entries of the person's devices; empty for a promotion.
        #[n(2)]
        cuts: Vec<Cut>,
    },
    /// Removes a person; what the person's devices wrote above the cuts is void.
    #[n(6)]
    Remove {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// Last accepted entry of every device and log of the person.
        #[n(1)]
        cuts: Vec<Cut>,
    },
    /// Leaves the web.
    #[n(7)]
    Leave,
    /// Introduces an epoch key.
    #[n(8)]
    Epoch {
        /// The new key's name.
        #[n(0)]
        key: KeyId,
        /// The key for each recipient.
        #[n(1)]
        wraps: Vec<Wrap>,
        /// Earlier keys under the new one.
        #[n(2)]
        older: Vec<OlderKey>,
    },
    /// Removes a person by the signatures of several admins (spec governance rules 81 to 88).
    #[n(9)]
    Dismiss {
        /// The author's person.
        #[n(0)]
        by: PersonId,
        /// Who goes.
        #[n(1)]
        person: PersonId,
        /// The join entry, or the genesis, by which that person belongs to the web.
        #[n(2)]
        admission: EntryId,
        /// Who takes over its rights, being the same human; none when nobody does.
        #[n(3)]
        same: Option<PersonId>,
        /// As of a removal.
        #[n(4)]
        cuts: Vec<Cut>,
        /// By devices of others, sorted by device, each once.
        #[n(5)]
        signatures: Vec<Cosignature>,
    },
    /// Says what the author's computer does for the web; replaces what it said before.
    #[n(10)]
    Serve {
        /// What it does; nothing at all ends it.
        #[n(0)]
        serving: Serving,
    },
    /// Adds a device of the author's person.
    #[n(11)]
    AddDevice {
        /// Whose.
        #[n(0)]
        person: PersonId,
        /// The new device.
        #[n(1)]
        device: DeviceId,
        /// Its signature over person || device, domain [`crate::identity::DEVICE_DOMAIN`].
        #[n(2)]
        proof: Signature,
    },
    /// Revokes devices of the author's person and gives the person a new key.
    #[n(12)]
    Revoke {
        /// Which, sorted, each once; none only gives a new key.
        #[n(0)]
        devices: Vec<DeviceId>,
        /// The last entry of each of their chains that stands.
        #[n(1)]
        cuts: Vec<Cut>,
        /// The new key.
        #[n(2)]
        rotation: Rotation,
        /// New recovery words for the person, if it takes some.
        #[n(3)]
        words: Option<NewWords>,
    },
    /// Adds the author's device by the recovery key.
    #[n(13)]
    Recover {
        /// The person's beginning.
        #[n(0)]
        inception: Bytes,
        /// The recovery key's signature over person || device, domain [`crate::identity::RECOVER_DOMAIN`].
        #[n(1)]
        proof: Signature,
        /// The recovery key, if it is no longer the inception's.
        #[n(2)]
        key: Option<Key>,
    },
}

/// Older keys of a person that come along with new recovery words, at most.
pub const OLDER_SECRETS_MAX: usize = 64;

/// New recovery words of a person (spec governance rules 90 to 95).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NewWords {
    /// Whose.
    #[n(0)]
    pub person: PersonId,
    /// The old key says which is the new one.
    #[n(1)]
    pub change: WordsChange,
    /// The person's older keys, sealed to the new recovery key as in [`Rotation`].
    #[n(2)]
    pub older: Vec<SealedSecret>,
}

impl NewWords {
    fn is_within_limits(&self) -> bool {
        self.older.len() <= OLDER_SECRETS_MAX
            && self.older.iter().all(|secret| secret.sealed.len() == WRAP_SIZE)
    }
}

/// A person's key with its sealed secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SealedSecret {
    /// Which.
    #[n(0)]
    pub key: Key,
    /// Its secret; purpose [`ROTATION_PURPOSE`], context person || key.
    #[n(1)]
    pub sealed: Bytes,
}

/// What the signatures of a dismissal are for.
pub const DISMISS_DOMAIN: &str = "althing/dismiss/1";

/// Signatures of one dismissal at most: more than half of 500 admins.
pub const COSIGNATURES_MAX: usize = 256;

/// That another person's device agrees to a dismissal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Cosignature {
    /// Whose signature.
    #[n(0)]
    pub device: DeviceId,
    /// The greatest lamport number that the device knew: the signature does not hold for ever (spec governance rule 82).
    #[n(1)]
    pub lamport: u64,
    /// Over [`dismiss_bytes`].
    #[n(2)]
    pub signature: Signature,
}

/// What a dismissal is about, as those sign it who agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dismissal {
    /// Where.
    pub web: WebId,
    /// Who may use the signature.
    pub by: PersonId,
    /// Who goes.
    pub person: PersonId,
    /// By which entry it came.
    pub admission: EntryId,
    /// Who takes over its rights.
    pub same: Option<PersonId>,
}

/// Returns what a signature of a dismissal covers (spec governance rule 81).
pub fn dismiss_bytes(dismissal: &Dismissal, lamport: u64) -> Vec<u8> {
    let Dismissal { web, by, person, admission, same } = dismissal;
    let same = same.map_or([0; 32], |same| *same.as_bytes());
    let parts: [&[u8]; 5] = [web.as_bytes(), by.as_bytes(), person.as_bytes(), admission.as_bytes(), &same];
    [parts.concat(), lamport.to_be_bytes().to_vec()].concat()
}

/// A person's new key (spec governance rule 77).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rotation {
    /// Its public half.
    #[n(0)]
    pub key: Key,
    /// Its secret, for each device that remains, sorted by device.
    #[n(1)]
    pub wraps: Vec<DeviceWrap>,
    /// Its secret, sealed to the recovery key.
    #[n(2)]
    pub recovery: Bytes,
}

/// A secret sealed to one device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DeviceWrap {
    /// Which.
    #[n(0)]
    pub device: DeviceId,
    /// HPKE to the X25519 form of its key; purpose [`ROTATION_PURPOSE`], context person || new key.
    #[n(1)]
    pub sealed: Bytes,
}

/// What a person's secret is sealed for.
pub const ROTATION_PURPOSE: &str = "althing/person-key/1";

/// Bytes of one sealed 32-byte secret: encapsulated key, secret, tag.
pub const WRAP_SIZE: usize = 32 + 32 + 16;

impl Rotation {
    fn is_within_limits(&self) -> bool {
        self.wraps.len() <= DEVICES_MAX
            && self.wraps.is_sorted_by(|a, b| a.device < b.device)
            && self.wraps.iter().all(|wrap| wrap.sealed.len() == WRAP_SIZE)
            && self.recovery.len() == WRAP_SIZE
    }
}

/// The body of a governance entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Operation {
    /// Ids of the newest operations the author knew, sorted, each once, at most [`DEPS_MAX`].
    #[n(0)]
    pub deps: Vec<EntryId>,
    /// One more than the greatest of `deps`; 1 in a genesis.
    #[n(1)]
    pub lamport: u64,
    /// The author's clock, for display.
    #[n(2)]
    pub time: Timestamp,
    /// What is done.
    #[n(3)]
    pub action: Action,
}

impl Operation {
    /// Reads an operation and checks its counts; authority is the evaluation's affair.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let operation: Self = from_bytes(bytes, OPERATION_SIZE_MAX)?;
        let limit = |is_within: bool, field| is_within.then_some(()).ok_or(WireError::OutOfLimits { field });
        limit(operation.deps.len() <= DEPS_MAX && operation.deps.is_sorted_by(|a, b| a < b), "deps")?;
        let is_genesis = matches!(operation.action, Action::Genesis { .. });
        limit(is_genesis == operation.deps.is_empty() && is_genesis == (operation.lamport == 1), "deps")?;
        limit(operation.lamport >= 1, "lamport")?;
        match &operation.action {
            Action::SetRole { cuts, .. } | Action::Remove { cuts, .. } => {
                limit(cuts.len() <= CUTS_MAX && cuts.is_sorted_by(|a, b| a < b), "cuts")?;
            }
            Action::Dismiss { cuts, signatures, .. } => {
                limit(cuts.len() <= CUTS_MAX && cuts.is_sorted_by(|a, b| a < b), "cuts")?;
                let is_sound = (1..=COSIGNATURES_MAX).contains(&signatures.len())
                    && signatures.is_sorted_by(|a, b| a.device < b.device);
                limit(is_sound, "signatures")?;
            }
            Action::Epoch { wraps, older, .. } => {
                limit(wraps.len() <= WRAPS_MAX, "wraps")?;
                limit(older.len() <= 64, "older")?;
            }
            Action::Genesis { chain, .. } | Action::Join { chain, .. } => {
                let is_sound = |chain: &Vec<Adoption>| (1..=CHAIN_MAX).contains(&chain.len());
                limit(chain.as_ref().is_none_or(is_sound), "chain")?;
            }
            Action::Revoke { devices, cuts, rotation, words } => {
                let is_sound = devices.len() <= DEVICES_MAX && devices.is_sorted_by(|a, b| a < b);
                limit(is_sound, "devices")?;
                limit(cuts.len() <= CUTS_MAX && cuts.is_sorted_by(|a, b| a < b), "cuts")?;
                limit(rotation.is_within_limits(), "rotation")?;
                limit(words.as_ref().is_none_or(NewWords::is_within_limits), "words")?;
            }
            Action::Serve { serving } => limit(serving.is_within_limits(), "serving")?,
            Action::Invite { uses, .. } => limit((1..=10_000).contains(uses), "uses")?,
            _ => {}
        }
        Ok(operation)
    }
}
