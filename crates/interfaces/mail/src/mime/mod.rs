//! How a message is built: fields, addresses, parts. Reads bytes that anybody may have written.
//!
//! Not for: decoding; IMAP gives out parts as they are, and what is searched is decoded by `mail-parser` (`crate::imap`).

pub(crate) mod address;
pub(crate) mod coding;
pub(crate) mod describe;
pub(crate) mod field;
pub(crate) mod media;
pub(crate) mod outline;
pub(crate) mod scan;
#[cfg(test)]
mod tests;
