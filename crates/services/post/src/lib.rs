//! Mail between the persons of a web (`specs/post.md`): letters in the web's logs, folders with numbers that last.
//!
//! Not for: SMTP and IMAP (`mail`, over the trait that the peer implements with this), what stands in a mail's parts (`mail`, too), and
//! conversations (`talk`). The service is called `mail`, as the operations are; this package is not, since the protocols' is.

mod address;
mod compose;
mod drafts;
mod faults;
mod flags;
mod folders;
#[cfg(test)]
mod fuzz;
mod head;
mod ids;
mod large;
mod letters;
mod naming;
mod namings;
mod notes;
#[cfg(test)]
mod notes_heard;
mod placing;
pub mod read;
mod saying;
mod sending;
mod service;
mod statement;
mod submitted;
mod tables;
mod taking;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use compose::Attached;
pub use faults::{MailFault, faults};
pub use sending::written;
pub use service::{Mail, service};
pub use statement::{HEAD_SIZE_MAX, IN_LETTERS_MAX, MESSAGE_SIZE_MAX};
pub use tables::FOLDERS_MAX;

/// All addresses end with this, as `alice@family.althing.internal`: a name that is kept out of the internet's.
pub const DOMAIN: &str = "althing.internal";
