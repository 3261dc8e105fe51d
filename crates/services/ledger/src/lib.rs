//! Shared state of a site that its keepers decide about by majority (`specs/ledger.md`).
//!
//! Keys with values and versions; transactions with conditions, in one order. Paxos, slot by slot, among the computers of
//! members named when the ledger is started. Not for: files, and for state that everybody may change without being asked.

mod announcing;
mod apply;
mod asking;
mod budget;
mod faults;
#[cfg(test)]
mod fuzz;
mod learning;
mod messages;
mod proposing;
mod reading;
mod service;
mod snapshots;
mod tables;
#[cfg(test)]
mod tests;
mod value;
#[cfg(test)]
mod vectors;
mod voting;
mod wishing;
mod work;

pub use faults::{LedgerError, faults};
pub use service::{Ledgers, service};
