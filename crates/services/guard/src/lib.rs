//! The guard: what harms is held where it is seen, others are warned, and each looks for itself (`specs/guard.md`).
//!
//! Decides only: contents are looked through by the scanner, through [`jobs`], and whoever opens, gives or saves bytes asks
//! [`gate`] first. Not for: deleting anything.

mod agents;
mod checking;
mod faults;
#[cfg(test)]
mod fuzz;
mod gate;
mod health;
pub mod jobs;
mod level;
mod log;
mod looking;
mod odd;
mod reading;
mod rules;
mod service;
mod statement;
mod tables;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod warning;

pub use faults::{GuardError, faults};
pub use gate::{Gate, gate, gate_for, is_off, is_shown_while_it_comes, refusal};
pub use level::Level;
pub use service::{Guard, service};
