//! The work that `people` gives to drivers, and how it is written down. Everything here stays inside one process; the encoding
//! is CBOR because [`kernel::Job`] carries bytes.

mod items;
mod sealing;

pub use items::{GET, Get, Got, ITEMS_MAX, PUT, Put, SWITCHED, from_bytes};
pub use sealing::{Recipient, SEAL, Seal, Sealed};
pub use wire::to_bytes;
