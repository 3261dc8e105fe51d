//! Batches of records: what members tell each other, sealed under an epoch key (spec records).
//!
//! A batch is the body of an [`crate::entry::Entry`] of [`crate::entry::Log::Records`]: one signature, one
//! compression and one encryption for up to 256 records.

use base::{DeviceId, EntryId, KeyId, WebId};
use minicbor::{Decode, Encode};

use crate::codec::{Bytes, WireError, from_bytes, to_bytes};
use crate::crypto::EpochKey;

/// Records in a batch at most.
pub const RECORDS_MAX: usize = 256;

/// Bytes of a batch's records before compression, at most.
pub const BATCH_PLAIN_MAX: usize = 1024 * 1024;

/// Bytes of one record at most.
pub const RECORD_SIZE_MAX: usize = 128 * 1024;

/// Bytes of a batch as it travels, at most.
pub const BATCH_SIZE_MAX: usize = 480 * 1024;

const PURPOSE: &str = "althing record key v1";

/// One fact of one service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// The service that writes and reads it, as in `files`.
    #[n(0)]
    pub service: String,
    /// The service's own encoding.
    #[n(1)]
    pub body: Bytes,
}

/// The body of a records entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Batch {
    /// Newest governance operations the author knew, sorted, at most 16.
    #[n(0)]
    pub governance: Vec<EntryId>,
    /// Under which epoch key it is sealed.
    #[n(1)]
    pub key: KeyId,
    /// Random; a restored backup repeats places in the chain, never nonces.
    #[n(2)]
    pub nonce: Nonce,
    /// XChaCha20-Poly1305 of the zstd frame of the records; context web || author || seq (big-endian).
    #[n(3)]
    pub sealed: Bytes,
}

/// A 24-byte nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Nonce(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 24]);

/// Where a batch stands; sealed in, so that it cannot be moved to another place.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The web.
    pub web: WebId,
    /// The author.
    pub author: DeviceId,
    /// Place in the author's records chain.
    pub seq: u64,
}

impl Place {
    fn context(&self) -> Vec<u8> {
        let mut context = self.web.as_bytes().to_vec();
        context.extend_from_slice(self.author.as_bytes());
        context.extend_from_slice(&self.seq.to_be_bytes());
        context
    }
}

impl Batch {
    /// Compresses and seals records; `None` when they are over the limits.
    pub fn seal(
        records: &[Record],
        governance: Vec<EntryId>,
        key: &EpochKey,
        nonce: [u8; 24],
        place: Place,
    ) -> Option<Self> {
        let plain = to_bytes(&records.to_vec());
        let is_within = records.len() <= RECORDS_MAX && plain.len() <= BATCH_PLAIN_MAX;
        let compressed = is_within.then(|| zstd::bulk::compress(&plain, 1).ok())??;
        let sealed = key.seal(PURPOSE, &nonce, &place.context(), &compressed);
        let batch = Self { governance, key: key.id(), nonce: Nonce(nonce), sealed: sealed.into() };
        (to_bytes(&batch).len() <= BATCH_SIZE_MAX).then_some(batch)
    }

    /// Reads a batch without opening it.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let batch: Self = from_bytes(bytes, BATCH_SIZE_MAX)?;
        if batch.governance.len() > 16 || !batch.governance.is_sorted_by(|a, b| a < b) {
            return Err(WireError::OutOfLimits { field: "governance" });
        }
        Ok(batch)
    }

    /// Opens a batch; every limit holds for what comes out.
    pub fn open(&self, key: &EpochKey, place: Place) -> Result<Vec<Record>, WireError> {
        let compressed = key
            .open(PURPOSE, &self.nonce.0, &place.context(), &self.sealed)
            .ok_or(WireError::BadSignature)?;
        // The capacity bounds what a hostile frame can unfold to.
        let plain = zstd::bulk::decompress(&compressed, BATCH_PLAIN_MAX)
            .map_err(|_frame| WireError::OutOfLimits { field: "records" })?;
        let records: Vec<Record> = from_bytes(&plain, BATCH_PLAIN_MAX)?;
        let is_within = records.len() <= RECORDS_MAX
            && records
                .iter()
                .all(|record| record.body.len() <= RECORD_SIZE_MAX && record.service.len() <= 32);
        is_within.then_some(records).ok_or(WireError::OutOfLimits { field: "records" })
    }
}
