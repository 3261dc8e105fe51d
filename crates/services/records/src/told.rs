//! What this service tells the other services of the same peer.

use base::{DeviceId, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;

/// Bytes of one such message at most: a record and its place.
const TOLD_SIZE_MAX: usize = wire::record::RECORD_SIZE_MAX + 256;

/// What this service tells other services, as the bytes of `Input::Told { by: "records", .. }`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Told {
    /// Announced: governance entries of a web were stored; once per batch and web.
    #[n(0)]
    Governance {
        /// The web.
        #[n(0)]
        web: WebId,
    },
    /// Told to the service that the record names. Only what other devices wrote: a service applies its own
    /// records when it publishes them. (After a restored backup, own records come back from others and are told.)
    ///
    /// Records of one author come in chain order, except those that had to wait for a key.
    #[n(1)]
    Record {
        /// The web.
        #[n(0)]
        web: WebId,
        /// The device that wrote it.
        #[n(1)]
        author: DeviceId,
        /// Place of the batch in the author's records chain.
        #[n(2)]
        seq: u64,
        /// Place in the batch, from 0.
        #[n(3)]
        index: u32,
        /// The record in its service's own encoding. Hostile until checked.
        #[cbor(n(4), with = "minicbor::bytes")]
        body: Vec<u8>,
    },
    /// Told to the service that published it with [`crate::publish_told`]: its own record stands in the chain now.
    #[n(4)]
    Sealed {
        /// The web.
        #[n(0)]
        web: WebId,
        /// As [`crate::publish_told`] returned it.
        #[n(1)]
        number: u64,
        /// Place of the batch in this device's records chain.
        #[n(2)]
        seq: u64,
        /// Place in the batch, from 0.
        #[n(3)]
        index: u32,
    },
    /// Announced: the records of this device above `seq` are void and were removed.
    #[n(2)]
    Cut {
        /// The web.
        #[n(0)]
        web: WebId,
        /// Whose records.
        #[n(1)]
        device: DeviceId,
        /// The last place that stands; 0 when nothing does.
        #[n(2)]
        seq: u64,
    },
    /// Announced: a person writes more governance entries than this peer takes (spec records rule 40); at most once an hour.
    #[n(3)]
    Flood {
        /// The web.
        #[n(0)]
        web: WebId,
        /// One of the devices.
        #[n(1)]
        device: DeviceId,
    },
}

/// Records of a batch at most, as a number of places.
const IN_BATCH: u64 = wire::record::RECORDS_MAX as u64;

/// Returns where a record stands in its author's records chain, as one number that grows along it: the batch's place, times 256,
/// plus the place in it.
pub fn place(seq: u64, index: u32) -> u64 {
    seq.saturating_mul(IN_BATCH).saturating_add(u64::from(index).min(IN_BATCH - 1))
}

/// Returns the last place of a batch.
pub fn last_place(seq: u64) -> u64 {
    place(seq, u32::MAX)
}

/// Returns the batch that a place is in.
pub(crate) fn batch_of(place: u64) -> u64 {
    place / IN_BATCH
}

impl Told {
    /// Encodes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Decodes it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        wire::from_bytes(bytes, TOLD_SIZE_MAX)
    }
}
