//! What peers say to each other about a ledger (spec ledger, rules 13 to 16).
//!
//! Every limit is checked before anything is used; who may say what is checked where it is heard. Not for: records.

use base::{LedgerId, OperationId};
use minicbor::{Decode, Encode};
use wire::WireError;

use crate::value::{Ballot, Part, Transaction, Wants, is_batch_sound};

/// Bytes of a message at most: a page of slots, or a part of a snapshot, with room for what CBOR adds.
pub(crate) const MESSAGE_SIZE_MAX: usize = 640 * 1024;
/// Slots in a page at most, and the bytes after which a page is full; the last slot may go beyond.
pub(crate) const PAGE_SLOTS_MAX: usize = 64;
pub(crate) const PAGE_SIZE: usize = 128 * 1024;
/// Bytes of a part of a snapshot.
pub(crate) const PART_SIZE: usize = 256 * 1024;
/// Parts of a snapshot at most: 16 MiB of state, what stands beside it, and results.
pub(crate) const PARTS_MAX: u64 = 192;

/// A message between the ledger services of two members.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Message {
    /// About which ledger.
    #[n(0)]
    pub(crate) ledger: LedgerId,
    /// What.
    #[n(1)]
    pub(crate) says: Says,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Says {
    /// To a keeper: I wish this.
    #[n(0)]
    Submit {
        #[n(0)]
        id: OperationId,
        #[n(1)]
        since: u64,
        #[n(2)]
        wants: Wants,
    },
    /// Keeper to keeper: vote for nothing below this ballot of mine.
    #[n(1)]
    Prepare {
        #[n(0)]
        slot: u64,
        #[n(1)]
        round: u64,
    },
    /// I do; and this is what I have accepted last.
    #[n(2)]
    Promise {
        #[n(0)]
        slot: u64,
        #[n(1)]
        round: u64,
        #[n(2)]
        accepted: Option<Accepted>,
    },
    /// Keeper to keeper: vote for this.
    #[n(3)]
    Accept {
        #[n(0)]
        slot: u64,
        #[n(1)]
        round: u64,
        #[n(2)]
        batch: Vec<Transaction>,
    },
    /// I have.
    #[n(4)]
    Accepted {
        #[n(0)]
        slot: u64,
        #[n(1)]
        round: u64,
    },
    /// I will not: I have promised more.
    #[n(5)]
    Higher {
        #[n(0)]
        slot: u64,
        #[n(1)]
        round: u64,
        #[n(2)]
        promised: u64,
    },
    /// From one who was a keeper ever: these slots are decided, and so many in all.
    #[n(6)]
    Chosen {
        #[n(0)]
        first: u64,
        #[n(1)]
        batches: Vec<Vec<Transaction>>,
        #[n(2)]
        last: u64,
    },
    /// What has been decided after this slot?
    #[n(7)]
    Ask {
        #[n(0)]
        after: u64,
    },
    /// From a keeper: so many slots are decided, and these keepers (by place) are here.
    #[n(8)]
    News {
        #[n(0)]
        last: u64,
        /// The slot that made the keepers those whose places are meant.
        #[n(1)]
        keepers_since: u64,
        /// One bit for each keeper.
        #[n(2)]
        here: u64,
    },
    /// A part of the state as of a slot.
    #[n(9)]
    Snapshot {
        #[n(0)]
        slot: u64,
        #[n(1)]
        part: u64,
        #[n(2)]
        parts: u64,
        #[n(3)]
        bytes: Part,
    },
    /// Give me this part, as of that slot.
    #[n(10)]
    AskPart {
        #[n(0)]
        slot: u64,
        #[n(1)]
        part: u64,
    },
}

/// What a keeper has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Accepted {
    #[n(0)]
    pub(crate) ballot: Ballot,
    #[n(1)]
    pub(crate) batch: Vec<Transaction>,
}

impl Message {
    /// Reads a message and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let message: Self = wire::from_bytes(bytes, MESSAGE_SIZE_MAX)?;
        let is_sound = match &message.says {
            Says::Submit { wants, .. } => wants.is_sound(),
            Says::Accept { batch, .. } => is_batch_sound(batch),
            Says::Promise { accepted, .. } => {
                accepted.as_ref().is_none_or(|accepted| is_batch_sound(&accepted.batch))
            }
            Says::Chosen { batches, first, .. } => {
                *first > 0
                    && batches.len() <= PAGE_SLOTS_MAX
                    && batches.iter().all(|batch| is_batch_sound(batch))
            }
            Says::Snapshot { part, parts, bytes, .. } => {
                part < parts && *parts <= PARTS_MAX && bytes.len() <= PART_SIZE
            }
            Says::Prepare { .. }
            | Says::Accepted { .. }
            | Says::Higher { .. }
            | Says::Ask { .. }
            | Says::News { .. }
            | Says::AskPart { .. } => true,
        };
        if is_sound { Ok(message) } else { Err(WireError::OutOfLimits { field: "ledger message" }) }
    }
}
