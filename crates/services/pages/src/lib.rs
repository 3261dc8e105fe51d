//! Links and backlinks, sites, and documents that several people write together (`specs/pages.md`).
//!
//! Decides only: browsers are served by `gateways`, files are rendered and searched for links by drivers. Not for: where
//! a file's bytes are (`files`), or finding things by their words (`search`).

mod applying;
mod documents;
pub mod edit;
mod faults;
#[cfg(test)]
mod fuzz;
mod here;
pub mod link;
pub mod linking;
pub mod markdown;
mod merging;
mod reading;
mod resolve;
mod service;
mod sites;
mod statement;
mod tables;
pub mod text;
#[cfg(test)]
mod vectors;
mod writing;

pub use faults::{PagesError, faults};
pub use service::{Pages, service};
