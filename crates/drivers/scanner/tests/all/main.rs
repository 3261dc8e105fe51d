//! The scanner as the kernel asks it, with its real child process.

#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but this file's")]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "tests panic when they fail"
)]

mod archives;
mod clamd;
mod house;
mod plain;
mod rules;
mod samples;
mod trouble;
