//! The sandbox with its real child processes: what programs get, what Mallory's programs get, and what stops when it should.

#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but this file's")]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::needless_for_each,
    clippy::too_many_lines,
    clippy::cast_possible_truncation,
    reason = "tests panic when they fail"
)]

mod agents;
mod attacks;
mod house;
mod ordinary;
mod pausing;
mod programs;
mod taking;
