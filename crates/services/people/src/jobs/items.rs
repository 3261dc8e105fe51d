//! The work that `people` gives to the network driver: items of the DHT, whose meaning the driver does not know.
//!
//! Everything here stays inside one process; the encoding is CBOR because [`kernel::Job`] carries bytes.

use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;
use wire::dht::Seed;

/// Writes an item: input [`Put`], end: nothing (empty bytes). Fails when no node took it.
pub const PUT: &str = "people.dht-put";
/// Looks for items: input [`Get`], end [`Got`]; finding none is no failure.
pub const GET: &str = "people.dht-get";

/// Notice of the driver: the DHT is switched on (one byte 1) or off (one byte 0).
pub const SWITCHED: &str = "people.dht";

/// Items of one [`Get`] at most: three days in four webs.
pub const ITEMS_MAX: usize = 12;

/// Bytes of one job or report at most.
const REPORT_SIZE_MAX: usize = 64 * 1024;

/// An item to write.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Put {
    /// The secret of the item's key pair.
    #[n(0)]
    pub seed: Seed,
    /// Its sequence number.
    #[n(1)]
    pub number: u64,
    /// What stands in it.
    #[n(2)]
    pub value: Bytes,
}

/// Items to look for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Get {
    /// The public halves of their key pairs, at most [`ITEMS_MAX`].
    #[n(0)]
    pub items: Vec<Bytes>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Got {
    /// What stands in each item that was asked for, in that order; of several the newest.
    #[n(0)]
    pub values: Vec<Option<Bytes>>,
}

/// Reads a job or report.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}
