//! Mail for ordinary mail programs: SMTP submission and `IMAP4rev1` on this computer's loopback addresses.
//!
//! Not for: keeping mail or deciding where it goes. Both protocols stand on one trait, [`Post`], and know nothing of
//! webs or services. Nothing leaves Althing here: an address of any other domain is refused with a sentence.
//!
//! | | |
//! |---|---|
//! | SMTP | `AUTH PLAIN LOGIN`, `8BITMIME`, `SMTPUTF8`, `PIPELINING`, `SIZE`, `ENHANCEDSTATUSCODES`; no relaying, no TLS (loopback) |
//! | IMAP | `IMAP4rev1`, `LITERAL+`, `SASL-IR`, `IDLE`, `UIDPLUS`, `MOVE`, `SPECIAL-USE`, `NAMESPACE`, `UNSELECT`, `ID`, `ENABLE`, `CHILDREN` |
//!
//! Other accounts of the same computer can reach these ports, so nothing is said before a password. Messages are
//! streamed both ways: a connection needs some hundred kilobytes, however large what it carries.

/// The engine that gives mutated bytes to all readers of the house.
#[cfg(test)]
#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;
mod flags;
mod imap;
mod login;
mod mime;
mod plain;
mod post;
mod server;
mod shown;
mod smtp;
mod wire;

pub use flags::{FlagChange, Flags, KEYWORD_BYTES_MAX, KEYWORDS_MAX};
pub use mime::coding::{Coding, Unwrapping};
pub use mime::outline::OUTLINE_BYTES_MAX;
pub use post::{
    Account, Appended, Copied, Draft, Folder, FolderId, Gone, Listing, Message, PasswordHash, Post,
    PostError, Promise, SpecialUse, Submitted, Subscription, Uid,
};
pub use server::{MailConfig, MailError, MailPorts, ServingMail};
pub use shown::{Outline, Outlining, Shown, ShownHead, ShownPart, shown, shown_head};

/// All mail addresses end with this, as `alice@family.althing.internal`: a name that is kept out of the internet's.
pub const DOMAIN: &str = "althing.internal";

/// Bytes of a message at most: `IMAP4rev1` counts them in 32 bits.
pub const MESSAGE_BYTES_MAX: u64 = u32::MAX as u64;
