//! How logs spread: heads are told, missing entries are asked for (spec sync).

use base::{DeviceId, EntryId, WebId};
use minicbor::{Decode, Encode};

use crate::codec::{Bytes, WireError, from_bytes};
use crate::entry::Log;

/// Bytes of one message between members at most.
pub const MESSAGE_SIZE_MAX: usize = 1024 * 1024;

/// Heads in one message at most.
pub const HEADS_MAX: usize = 2_000;

/// Bytes of entries in one answer, about; an answer always holds at least one entry.
pub const ENTRIES_SIZE_GOAL: usize = 256 * 1024;

/// The newest entry of one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Head {
    /// Whose chain.
    #[n(0)]
    pub device: DeviceId,
    /// Which of the device's chains.
    #[n(1)]
    pub log: Log,
    /// Its newest place.
    #[n(2)]
    pub seq: u64,
    /// The entry there.
    #[n(3)]
    pub entry: EntryId,
}

/// A range of one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Range {
    /// Whose chain.
    #[n(0)]
    pub device: DeviceId,
    /// Which of the device's chains.
    #[n(1)]
    pub log: Log,
    /// First place asked for.
    #[n(2)]
    pub from: u64,
    /// Last place asked for.
    #[n(3)]
    pub to: u64,
}

/// What members say to each other about logs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// BLAKE3 of all heads I have, sorted: equal means nothing to do.
    #[n(0)]
    Summary {
        /// The web.
        #[n(0)]
        web: WebId,
        /// The digest.
        #[n(1)]
        digest: EntryId,
    },
    /// All heads I have, in parts; the receiver asks for what it lacks and tells what I lack.
    #[n(1)]
    Heads {
        /// The web.
        #[n(0)]
        web: WebId,
        /// One part.
        #[n(1)]
        heads: Vec<Head>,
        /// Whether more parts follow.
        #[n(2)]
        is_last: bool,
        /// Whether the receiver should tell its heads, too.
        #[n(3)]
        is_question: bool,
    },
    /// Heads that are new to me; small entries come along.
    #[n(2)]
    News {
        /// The web.
        #[n(0)]
        web: WebId,
        /// What is new.
        #[n(1)]
        heads: Vec<Head>,
        /// Entries worth sending unasked, in chain order.
        #[n(2)]
        entries: Vec<Bytes>,
    },
    /// Asks for entries.
    #[n(3)]
    Want {
        /// The web.
        #[n(0)]
        web: WebId,
        /// Which.
        #[n(1)]
        ranges: Vec<Range>,
    },
    /// Entries that were asked for, in chain order.
    #[n(4)]
    Entries {
        /// The web.
        #[n(0)]
        web: WebId,
        /// The entries.
        #[n(1)]
        entries: Vec<Bytes>,
        /// Whether all that was asked for and is here has been sent.
        #[n(2)]
        is_last: bool,
    },
    /// Two different entries for one place, signed by one device: a proof of misbehaviour or of a restored backup.
    #[n(5)]
    Fork {
        /// The web.
        #[n(0)]
        web: WebId,
        /// One entry.
        #[n(1)]
        one: Bytes,
        /// The other.
        #[n(2)]
        other: Bytes,
    },
}

impl Message {
    /// Reads a message and checks its counts.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let message: Self = from_bytes(bytes, MESSAGE_SIZE_MAX)?;
        let is_within = match &message {
            Self::Heads { heads, .. } | Self::News { heads, .. } => heads.len() <= HEADS_MAX,
            Self::Want { ranges, .. } => ranges.len() <= HEADS_MAX,
            _ => true,
        };
        is_within.then_some(message).ok_or(WireError::OutOfLimits { field: "heads" })
    }
}
