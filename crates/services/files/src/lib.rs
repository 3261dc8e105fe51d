//! Shares, the catalogue of all files of all webs, revisions, who has what, and transfers.
//!
//! Decides only: folders are walked, watched and hashed by the workers, bytes are moved by the network driver,
//! both through [`jobs`]. The rules are numbered in `specs/files.md`. Not for: who is a member (`people`), how
//! records spread (`records`).

mod alarms;
mod apply;
mod arriving;
mod barred;
mod brake;
mod bringing;
mod catalogue;
pub mod changes;
mod copies;
mod elsewhere;
mod faults;
mod fetching;
mod finding;
#[cfg(test)]
mod fuzz;
mod hash;
mod history;
pub mod jobs;
mod label;
pub mod lending;
pub mod look;
mod messages;
mod mirror;
mod mirrored;
pub mod naming;
mod outgoing;
mod plan;
mod providers;
mod reader;
mod reading;
mod scan;
mod sealing;
mod service;
mod share;
mod source;
pub mod statement;
mod tables;
mod transfer;
mod tree;
mod unsealing;
mod view;

pub use faults::{FilesError, faults};
pub use service::{Files, service};
pub use source::{fellows, foreign, own_source, source};
pub use tables::Kind;
