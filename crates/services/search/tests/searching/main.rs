//! `search` in small towns: real kernels and services, and an index in maps (`lab/sim`).

#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but this file's")]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "tests panic when they fail"
)]

mod brokers;
mod finding;
mod hostile;
mod indexes;
mod keeping;
mod summaries;
mod town;
