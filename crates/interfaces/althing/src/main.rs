//! The program: a command line for a running peer, and the peer itself (`althing start`).
//!
//! The commands come from the table of operations in `api`; nothing here knows what an operation means.

mod catalogue;
mod commands;
mod failure;
mod follow;
mod line;
mod manual;
mod out;
mod own;
mod run;
mod shape;
mod show;
mod start;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::run()
}
