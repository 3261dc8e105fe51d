//! The signed log entry, the one envelope of everything that is remembered (spec records).
//!
//! ```text
//! entry = signature(64) || cbor [version, web, log, author, seq, previous, body]
//! id    = BLAKE3(entry)
//! ```
//! Each device keeps one chain per web and log: `seq` counts from 1, `previous` is the id of `seq - 1`.

use base::{DeviceId, EntryId, WebId};
use minicbor::{Decode, Encode};

use crate::codec::{Bytes, WireError, from_bytes, to_bytes};
use crate::crypto::{Signature, Signer, Verifier};

/// The newest entry format this program reads and the one it writes.
pub const VERSION: u16 = 1;

/// What an entry's signature covers besides its bytes.
pub const DOMAIN: &str = "althing/entry/1";

/// Bytes of an entry at most: an epoch for 3,000 persons or 256 packed records fit.
pub const ENTRY_SIZE_MAX: usize = 512 * 1024;

/// Which of a device's chains in a web an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Log {
    /// Who is a member, with which role and keys: readable by carriers.
    #[n(0)]
    Governance,
    /// Sealed batches of records.
    #[n(1)]
    Records,
}

/// What the signature covers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// Format version, [`VERSION`].
    #[n(0)]
    pub version: u16,
    /// The web; all zero in a genesis entry, whose hash becomes the web's id.
    #[n(1)]
    pub web: WebId,
    /// Which chain.
    #[n(2)]
    pub log: Log,
    /// The device that signs.
    #[n(3)]
    pub author: DeviceId,
    /// Place in the chain, from 1.
    #[n(4)]
    pub seq: u64,
    /// Id of the entry before; all zero at `seq` 1.
    #[n(5)]
    pub previous: EntryId,
    /// A [`crate::governance::Operation`] or a [`crate::record::Batch`], encoded.
    #[n(6)]
    pub body: Bytes,
}

/// An entry whose bytes are in order and whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The signed part.
    pub header: Header,
    /// BLAKE3 of the whole entry.
    pub id: EntryId,
    /// The entry as it travels and as it is stored.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// Signs a header.
    pub fn sign(header: Header, signer: &dyn Signer) -> Self {
        let signed = to_bytes(&header);
        let mut bytes = signer.sign(DOMAIN, &signed).0.to_vec();
        bytes.extend_from_slice(&signed);
        Self { id: id_of(&bytes), header, bytes }
    }

    /// Reads an entry and checks size, encoding, version and signature, not whether its author may write it.
    pub fn read(bytes: &[u8], verifier: &dyn Verifier) -> Result<Self, WireError> {
        let (signature, signed) = split(bytes)?;
        let entry = Self::read_known(bytes)?;
        if !verifier.verify(&entry.header.author, DOMAIN, signed, &signature) {
            return Err(WireError::BadSignature);
        }
        Ok(entry)
    }

    /// Reads an entry of our own store, whose signature was checked before it was stored.
    pub fn read_known(bytes: &[u8]) -> Result<Self, WireError> {
        let (_, signed) = split(bytes)?;
        let header: Header = from_bytes(signed, ENTRY_SIZE_MAX)?;
        if header.version != VERSION {
            return Err(WireError::FutureVersion { version: header.version, known: VERSION });
        }
        let is_first = header.seq == 1;
        if header.seq == 0 || is_first != (header.previous == EntryId::new([0; 32])) {
            return Err(WireError::OutOfLimits { field: "seq" });
        }
        Ok(Self { header, id: id_of(bytes), bytes: bytes.to_vec() })
    }
}

/// Returns the web that a genesis entry founds.
pub fn web_of_genesis(genesis: &Entry) -> WebId {
    WebId::new(blake3::derive_key("althing web v1", &genesis.bytes))
}

fn id_of(bytes: &[u8]) -> EntryId {
    EntryId::new(*blake3::hash(bytes).as_bytes())
}

fn split(bytes: &[u8]) -> Result<(Signature, &[u8]), WireError> {
    if bytes.len() > ENTRY_SIZE_MAX {
        return Err(WireError::TooLong { size: bytes.len(), limit: ENTRY_SIZE_MAX });
    }
    let (signature, signed) =
        bytes.split_first_chunk().ok_or(WireError::OutOfLimits { field: "signature" })?;
    Ok((Signature(*signature), signed))
}
