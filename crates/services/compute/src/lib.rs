//! Programs over data on everybody's idle processors, with answers one can trust (`specs/compute.md`).
//!
//! A job's owner gives units out to whoever asks, takes signed results, and believes them as the job says; deputies carry it
//! on while the owner is away. Not for: running programs (the sandbox driver) or finding out whether anybody uses this
//! computer (the idle driver); both are asked through [`jobs`].

#![expect(
    clippy::unused_self,
    reason = "one service with one set of verbs; which of them need its fields changes"
)]

mod accusing;
mod asking;
mod board;
mod chain;
mod deputy;
mod ending;
mod faults;
#[cfg(test)]
mod fuzz;
mod gathering;
mod inquiring;
mod intervals;
pub mod jobs;
mod judge;
mod lent;
mod memo;
mod messages;
mod outputs;
mod owner;
mod policy;
mod reading;
mod service;
mod setting;
mod staging;
mod tables;
mod taking;
mod telling;
mod value;
#[cfg(test)]
mod vectors;
mod worker;

pub use faults::{ComputeError, faults};
pub use service::{Compute, service};
