//! What is decided about: transactions, keepers, ballots; and the announcement of a ledger (spec ledger, rules 1 to 12).
//!
//! Every limit is checked by `is_sound` before anything is used. Not for: what a transaction does (`apply.rs`).

use base::{DeviceId, LedgerId, OperationId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use wire::codec::Bytes;

/// Keepers of a ledger at most: each decision asks all of them.
pub(crate) const KEEPERS_MAX: usize = 15;
/// Bytes of a ledger's name at most, as of a site's.
pub(crate) const NAME_SIZE_MAX: usize = 200;
/// Bytes of a key at most.
pub(crate) const KEY_SIZE_MAX: usize = 200;
/// Bytes of a value at most.
pub(crate) const VALUE_SIZE_MAX: usize = 16 * 1024;
/// Conditions, and writes, of a transaction at most.
pub(crate) const PARTS_MAX: usize = 64;
/// Bytes of a transaction's keys and values at most: a batch travels in one message beside others.
pub(crate) const TRANSACTION_SIZE_MAX: usize = 128 * 1024;
/// Transactions in a slot at most.
pub(crate) const BATCH_MAX: usize = 32;
/// Bytes of the keys and values of a slot at most: two of the largest transactions.
pub(crate) const BATCH_SIZE_MAX: usize = 2 * TRANSACTION_SIZE_MAX;

/// Under which name the announcement is hashed.
const ID_DOMAIN: &str = "althing ledger id 1";

/// One try to have a slot decided; the device makes it unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct Ballot {
    #[n(0)]
    pub(crate) round: u64,
    #[n(1)]
    pub(crate) device: DeviceId,
}

impl Ballot {
    /// Below every ballot that is ever used.
    pub(crate) const NONE: Self = Self { round: 0, device: DeviceId::new([0; 32]) };
}

/// A computer that votes, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct Keeper {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) person: PersonId,
}

/// A condition: the key has this version; 0: there is no such key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Need {
    #[n(0)]
    pub(crate) key: String,
    #[n(1)]
    pub(crate) version: u64,
}

/// A write; without a value the key goes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Put {
    #[n(0)]
    pub(crate) key: String,
    #[n(1)]
    pub(crate) value: Option<String>,
}

/// What somebody wants of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Wants {
    /// All writes if all conditions hold.
    #[n(0)]
    Write {
        #[n(0)]
        needs: Vec<Need>,
        #[n(1)]
        puts: Vec<Put>,
    },
    /// That the wish of this id is never done.
    #[n(1)]
    GiveUp,
    /// Other keepers, in place of those chosen in slot `instead_of`.
    #[n(2)]
    Keepers {
        #[n(0)]
        instead_of: u64,
        #[n(1)]
        keepers: Vec<Keeper>,
    },
}

/// A wish as a keeper has taken it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Transaction {
    /// The device it came from, as the connection proves; with `id` its name.
    #[n(0)]
    pub(crate) by: DeviceId,
    /// Whose device that is, as the keeper knows.
    #[n(1)]
    pub(crate) person: PersonId,
    #[n(2)]
    pub(crate) id: OperationId,
    /// A slot that was decided when the wish was made: it is done in the thousand after it or never.
    #[n(3)]
    pub(crate) since: u64,
    /// The clock of the keeper that took it; for display.
    #[n(4)]
    pub(crate) at: Timestamp,
    #[n(5)]
    pub(crate) wants: Wants,
}

/// A ledger is announced: the record that a web gets to know.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Announcement {
    /// Fresh random bytes.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) random: [u8; 16],
    #[n(1)]
    pub(crate) name: String,
    /// Ascending by device.
    #[n(2)]
    pub(crate) keepers: Vec<Keeper>,
}

impl Announcement {
    /// Returns the ledger's id: a hash of all that its members have to agree about.
    pub(crate) fn id(&self, web: WebId, author: DeviceId) -> LedgerId {
        let mut hasher = blake3::Hasher::new_derive_key(ID_DOMAIN);
        hasher.update(web.as_bytes()).update(author.as_bytes()).update(&wire::to_bytes(self));
        let mut id = [0; LedgerId::LEN];
        for (to, from) in id.iter_mut().zip(hasher.finalize().as_bytes()) {
            *to = *from;
        }
        LedgerId::new(id)
    }

    pub(crate) fn is_sound(&self) -> bool {
        is_name_sound(&self.name) && are_keepers_sound(&self.keepers)
    }
}

/// Says whether a ledger can be called so: what a site's folder may be called.
pub(crate) fn is_name_sound(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_SIZE_MAX
        && name.trim() == name
        && !name.chars().any(|c| c == '/' || c == '\\' || c.is_control())
}

/// Says whether there are some, not too many, each once and in order.
pub(crate) fn are_keepers_sound(keepers: &[Keeper]) -> bool {
    let is_ascending = keepers.iter().zip(keepers.iter().skip(1)).all(|(one, next)| one.device < next.device);
    !keepers.is_empty() && keepers.len() <= KEEPERS_MAX && is_ascending
}

/// Returns how many keepers have to agree.
pub(crate) fn majority(keepers: &[Keeper]) -> usize {
    keepers.len() / 2 + 1
}

pub(crate) fn is_key_sound(key: &str) -> bool {
    !key.is_empty() && key.len() <= KEY_SIZE_MAX
}

impl Wants {
    /// Returns the bytes of keys and values.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Write { needs, puts } => {
                let needs = needs.iter().map(|need| need.key.len());
                let puts = puts.iter().map(|put| put.key.len() + put.value.as_ref().map_or(0, String::len));
                needs.chain(puts).fold(0, usize::saturating_add)
            }
            Self::GiveUp | Self::Keepers { .. } => 0,
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::Write { needs, puts } => {
                let is_put = |put: &Put| {
                    is_key_sound(&put.key)
                        && put.value.as_ref().is_none_or(|value| value.len() <= VALUE_SIZE_MAX)
                };
                let are_needs = needs.iter().zip(needs.iter().skip(1)).all(|(one, next)| one.key < next.key);
                let are_puts = puts.iter().zip(puts.iter().skip(1)).all(|(one, next)| one.key < next.key);
                needs.len() <= PARTS_MAX
                    && puts.len() <= PARTS_MAX
                    && !(needs.is_empty() && puts.is_empty())
                    && needs.iter().all(|need| is_key_sound(&need.key))
                    && puts.iter().all(is_put)
                    && are_needs
                    && are_puts
                    && self.size() <= TRANSACTION_SIZE_MAX
            }
            Self::GiveUp => true,
            Self::Keepers { keepers, .. } => are_keepers_sound(keepers),
        }
    }
}

/// Says whether transactions may stand in one slot: a change of keepers stands alone.
pub(crate) fn is_batch_sound(batch: &[Transaction]) -> bool {
    let is_change = |one: &Transaction| matches!(one.wants, Wants::Keepers { .. });
    let size = batch.iter().map(|one| one.wants.size()).fold(0, usize::saturating_add);
    !batch.is_empty()
        && batch.len() <= BATCH_MAX
        && (batch.len() == 1 || !batch.iter().any(is_change))
        && size <= BATCH_SIZE_MAX
        && batch.iter().all(|one| one.wants.is_sound())
}

/// A keeper says that a ledger has other keepers: the record by which everybody finds them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Moved {
    #[n(0)]
    pub(crate) ledger: LedgerId,
    /// The slot that decided it.
    #[n(1)]
    pub(crate) slot: u64,
    #[n(2)]
    pub(crate) keepers: Vec<Keeper>,
}

/// A record of this service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Body {
    #[n(0)]
    Announcement(#[n(0)] Announcement),
    #[n(1)]
    Moved(#[n(0)] Moved),
}

/// Bytes of a record of this service at most: 15 keepers of 70 bytes and a name.
const BODY_SIZE_MAX: usize = 4 * 1024;

impl Body {
    /// Reads a record and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, wire::WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_sound = match &body {
            Self::Announcement(announcement) => announcement.is_sound(),
            Self::Moved(moved) => are_keepers_sound(&moved.keepers),
        };
        if is_sound { Ok(body) } else { Err(wire::WireError::OutOfLimits { field: "ledger record" }) }
    }
}

/// A part of a snapshot, or nothing.
pub(crate) type Part = Bytes;
