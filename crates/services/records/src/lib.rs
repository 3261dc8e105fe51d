//! How signed facts spread and merge: logs, batches, sync (`specs/records.md`, `specs/sync.md`).
//!
//! Every device keeps two chains of signed entries per web: plain governance operations and sealed batches of
//! records. This service stores them, checks them, tells neighbours what is new and asks for what is missing.
//! Not for: deciding who is a member (`people` says so with [`set_authors`]) or what a record means (the service
//! it names does).
//!
//! The functions at the crate's root are called by other services inside their own steps. They only write rows;
//! what has to leave (messages, announcements, sealed batches) leaves when this service closes the batch.

mod agenda;
mod authors;
mod batches;
mod budget;
mod chain;
mod copies;
mod fault;
mod forks;
mod guests;
mod neighbours;
mod own;
mod quota;
mod read;
mod service;
mod spread;
mod sync;
mod tables;
mod talks;
mod told;
mod visits;

pub use authors::{Author, set_authors, stop_web};
pub use batches::{keys_changed, publish, publish_told, read_batch, set_governance_heads};
pub use copies::{Halt, Home, halts};
pub use fault::{RecordsError, faults};
pub use forks::{Fork, fork_news, forks};
pub use own::{accept_governance, append_governance, found_web};
pub use quota::{IsLifted, lift_quotas};
pub use read::{
    apart, entry, governance, heads, is_connected, last_heard, queued_count, unreadable_count, waiting_count,
};
pub use service::{Records, service, service_of};
pub use told::{Floods, Misdeed, Told, last_place, place, tell_misdeed};
