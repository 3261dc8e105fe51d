//! Real peers on this computer, one file of tests for each thing they do with each other. One program, because each would be
//! compiled for most of a minute.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::clone_on_ref_ptr,
    clippy::cast_possible_truncation,
    clippy::large_stack_arrays,
    clippy::items_after_statements,
    reason = "tests panic when they fail"
)]

mod contents;
mod dht;
mod full_disk;
mod house;
mod links;
mod mallory;
mod providers;
mod relays;
mod sealing;
mod slow;
mod tunnels;
