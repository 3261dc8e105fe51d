//! Agents: small signed programs that a web admits, each with a list of what it may do (`specs/agents.md`).
//!
//! An agent is a pure program: it is given an event, what it remembered and the time, and gives back actions and what it will
//! remember. Here is decided when it runs, what it is told, and which of its actions are done; everything is written down.
//! Not for: running the program (the sandbox does, as [`jobs`] says), and doing what it asks of the guard ([`wishes`]).

mod acting;
mod admitting;
mod capability;
mod document;
mod events;
mod facts;
mod faults;
#[cfg(test)]
mod fuzz;
pub mod jobs;
mod reading;
mod running;
mod service;
mod standing;
mod statement;
mod switching;
mod tables;
#[cfg(test)]
mod tests;
mod trying;
pub mod wishes;

pub use faults::{AgentError, faults};
pub use service::{Agents, service};
