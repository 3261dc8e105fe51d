//! Tunnels: a TCP service of one computer, used by named people of a web as if it ran on theirs (`specs/tunnels.md`).
//!
//! Decides who may use what, remembers who did, and keeps open what a person opened. Not for: moving bytes (the network
//! driver does, and asks [`port_for`] for every connection).

mod faults;
#[cfg(test)]
mod fuzz;
pub mod jobs;
mod offering;
mod opening;
mod reading;
mod rights;
mod service;
mod statement;
mod tables;
mod uses;
#[cfg(test)]
mod vectors;

pub use faults::{TunnelError, faults};
pub use rights::port_for;
pub use service::{Tunnels, service};
