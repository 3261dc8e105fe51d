//! The program: a command line for a running peer, and the peer itself (`althing start`).
//!
//! The commands come from the table of operations in `api`; nothing here knows what an operation means.

mod catalogue;
mod commands;
mod failure;
mod follow;
mod happened;
mod key;
mod line;
mod manual;
mod out;
mod own;
mod recover;
mod run;
mod secret;
mod shape;
mod show;
mod start;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The peer starts itself again to read documents and to run programs of others: with limits, and before anything else is done.
    match std::env::args().nth(1).as_deref() {
        Some(peer::READ_DOCUMENTS) => peer::read_documents(),
        Some(peer::RENDER) => peer::render_files(),
        Some(peer::LOOK_THROUGH) => peer::look_through(),
        Some(peer::COMPILE) => peer::compile_programs(),
        Some(peer::RUN_UNITS) => peer::run_units(),
        _ => run::run(),
    }
}
