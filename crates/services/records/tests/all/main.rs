//! Several peers with only this service: what one writes, all have.

#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but this file's")]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned,
    reason = "tests panic when they fail"
)]

mod forging;
mod spreading;
mod town;
mod visits;
mod weather;
