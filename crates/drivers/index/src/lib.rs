//! The index driver: one index of names and texts for each web, and the reading of texts out of documents.
//!
//! The encodings of the jobs stand in `search::jobs`. An index can be made again at any time, so a damaged one is
//! removed and said to be lost, never repaired. Webs never share a file, so that no number in an answer tells of
//! another web. Documents are read by a child process with limits ([`extractor_main`]), never in here. Not for: what
//! is told to an index (`search`), and where contents are kept (`network`).

mod driver;
mod error;
mod extract;
mod library;
mod names;
mod places;
mod queue;
mod schema;
mod snippet;
mod texts;
mod update;
mod webs;
mod work;

pub use driver::{Config, Index};
pub use extract::{ExtractorProgram, extractor_main};
pub use library::Library;
