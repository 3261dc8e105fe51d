//! Tries `files` as peers meet it: real kernels with records, people and files, wires between them, folders and
//! contents that exist in memory only, virtual time.

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

mod disk;
mod getting;
mod hostile;
mod sharing;
mod town;
