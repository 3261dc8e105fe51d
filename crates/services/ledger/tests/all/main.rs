//! `ledger` in small towns: real kernels and services (`lab/sim`).

#![allow(missing_docs, unreachable_pub, reason = "a test has no readers but this file's")]
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "tests panic when they fail"
)]

mod deciding;
mod hostile;
mod speed;
mod town;
