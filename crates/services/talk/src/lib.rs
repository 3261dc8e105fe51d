//! Rooms and direct conversations of a web (`specs/talk.md`).
//!
//! What members say are records: sealed for the web in rooms, for named persons in direct conversations. What a conversation looks
//! like is a function of the set of them, whatever the order in which they came. Not for: mail, texts that several write together (`pages`),
//! and what a link in a message leads to (`pages`, too).

mod cutting;
mod faults;
mod finding;
#[cfg(test)]
mod fuzz;
mod ids;
mod letters;
mod message;
mod naming;
mod own;
mod reading;
mod receipts;
mod rights;
mod saying;
mod service;
mod setting;
mod statement;
mod tables;
mod taking;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod words;

pub use faults::{TalkError, faults};
pub use service::{Talk, service};
