//! What this service tells the other services of the same peer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Timestamp, WebId};
use kernel::Step;
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
    /// Told to the guard, by this service or another one ([`tell_misdeed`]): what a device did that no program in order does.
    #[n(5)]
    Misdeed {
        /// Which device.
        #[n(0)]
        device: DeviceId,
        /// What it did.
        #[n(1)]
        what: Misdeed,
    },
}

/// What a device did, as a service sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Misdeed {
    /// Passed on an entry that its author has not signed.
    #[n(0)]
    Forged,
    /// As a stranger, named an invitation that there is not, or could not prove to hold it.
    #[n(2)]
    Guessed,
    /// It is this device, which was to say more at once than a person does.
    #[n(3)]
    Said,
    /// The same with mail.
    #[n(4)]
    Mailed,
    /// The same with rooms.
    #[n(5)]
    Began,
    /// Wrote more than this peer takes.
    #[n(1)]
    Flooded,
}

/// Tells the guard of this peer what a device did.
pub fn tell_misdeed(step: &mut Step<'_>, device: DeviceId, what: Misdeed) {
    step.tell("guard", Told::Misdeed { device, what }.to_bytes());
}

/// What this computer was to write too much of is told once in this time.
const FLOOD_EVERY: Duration = Duration::from_secs(20);

/// Whether this computer was asked to write more at once than a service lets it. A program that has gone wild is to be seen, here
/// and elsewhere.
#[derive(Debug, Default)]
pub struct Floods {
    noted: BTreeSet<Misdeed>,
    told: BTreeMap<Misdeed, Timestamp>,
}

impl Floods {
    /// Remembers that something was refused. What a refused step writes and tells is dropped, so it is told later.
    pub fn note(&mut self, what: Misdeed) {
        self.noted.insert(what);
    }

    /// Tells the guard, at the end of a batch.
    pub fn tell(&mut self, step: &mut Step<'_>) {
        let now = step.now();
        for what in std::mem::take(&mut self.noted) {
            if self.told.get(&what).is_none_or(|told| now < *told || now.since(*told) >= FLOOD_EVERY) {
                self.told.insert(what, now);
                tell_misdeed(step, step.me(), what);
            }
        }
    }
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
