//! Persons, webs, roles, invitations, joins and epoch keys: who belongs together, and who may do what.
//!
//! The rules are numbered in `specs/identity.md`, `specs/governance.md` and `specs/tickets.md`. The state of a web is
//! a pure function of the set of its governance entries ([`evaluate`]). Not for: how entries spread (records does
//! that), or what members share (files does that).

mod acts;
mod apply;
mod audit;
mod audit_export;
mod body;
mod cosigning;
mod devices;
mod dht;
mod dissolving;
mod doors;
pub mod evaluate;
mod fault;
#[cfg(test)]
mod fuzz;
mod history;
pub mod jobs;
mod joining;
mod keys;
mod label;
mod letters;
mod meeting;
mod notices;
mod personal;
mod petnames;
pub mod read;
mod reader;
mod recovering;
mod restoring;
mod safety;
mod same;
mod sealed;
mod service;
mod serving;
mod tables;
mod told;
mod words;

pub use fault::{PeopleError, faults};
pub use label::{is_safe, looks};
pub use letters::{Letter, Letters, Tried};
pub use personal::OTHERS;
pub use sealed::{LETTER_PLAIN_MAX, PERSONS_MAX as LETTER_PERSONS_MAX, Sealed};
pub use service::{People, service};
pub use tables::note_kept;
pub use told::{Told, Wish};
pub use wire::governance::Role;
pub use words::change_asked;
