//! Every byte that crosses between peers, or that a signature covers: codec, formats, limits.
//!
//! The rules are numbered in `specs/`; `specs/vectors` holds bytes every implementation must accept
//! or refuse. Hostile bytes never panic here. Not for: deciding whether an operation is allowed.

pub mod address;
pub mod codec;
pub mod crypto;
pub mod dht;
pub mod entry;
pub mod governance;
pub mod identity;
pub mod join;
pub mod pairing;
pub mod record;
pub mod sealed;
pub mod sync;
pub mod ticket;

pub use codec::{WireError, from_bytes, to_bytes};
