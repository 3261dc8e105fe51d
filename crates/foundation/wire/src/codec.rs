//! Deterministic CBOR (RFC 8949 section 4.2.1): one value has one encoding, checked by encoding again.

use minicbor::{Decode, Encode};

/// Why bytes were refused.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// More bytes than the format allows.
    #[error("{size} bytes, {limit} allowed")]
    TooLong {
        /// What came.
        size: usize,
        /// What the format allows.
        limit: usize,
    },
    /// Not CBOR, or not this format.
    #[error("not in the expected format")]
    Malformed(#[source] minicbor::decode::Error),
    /// A second encoding of the same value, or bytes after its end.
    #[error("not in the one deterministic encoding")]
    NotDeterministic,
    /// A version this program does not know.
    #[error("format version {version}, newest known is {known}")]
    FutureVersion {
        /// What came.
        version: u16,
        /// What this program reads.
        known: u16,
    },
    /// A count or a field outside of its limits.
    #[error("{field} is outside of its limits")]
    OutOfLimits {
        /// The field's name.
        field: &'static str,
    },
    /// A signature that does not match.
    #[error("the signature does not match")]
    BadSignature,
}

/// Encodes a value; the same value gives the same bytes on every computer.
pub fn to_bytes<T: Encode<()>>(value: &T) -> Vec<u8> {
    match minicbor::to_vec(value) {
        Ok(bytes) => bytes,
        Err(never) => match never.into_write() {
            Some(infallible) => match infallible {},
            None => Vec::new(),
        },
    }
}

/// Decodes at most `limit` bytes and refuses every encoding but the deterministic one.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(
    bytes: &[u8],
    limit: usize,
) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLong { size: bytes.len(), limit });
    }
    let value: T = minicbor::decode(bytes).map_err(WireError::Malformed)?;
    if to_bytes(&value) != bytes {
        return Err(WireError::NotDeterministic);
    }
    Ok(value)
}

/// Encodes `Vec<u8>` as a CBOR byte string (minicbor's default is an array of numbers).
pub use minicbor::bytes::ByteVec as Bytes;
