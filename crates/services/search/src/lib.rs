//! "Where is Q4 Roadmap?": names of all webs at once, texts from those who hold them, newest revisions only.
//!
//! Decides only: indexes are kept and texts are read by the index driver, through [`jobs`]. The rules are numbered
//! in `specs/search.md`. Not for: what is listed where (`files`), and for opening a file.

mod asking;
mod brokering;
mod budget;
mod documents;
mod faults;
#[cfg(test)]
mod fuzz;
mod indexing;
pub mod jobs;
mod kept;
mod listening;
mod messages;
mod publishing;
mod query;
pub mod rank;
mod reading;
mod service;
mod show;
mod showing;
pub mod summary;
mod tables;
#[cfg(test)]
mod vectors;
mod whom;

pub use base::words;
pub use faults::{SearchError, faults};
pub use service::{Search, service};
