//! Compiles or runs programs in a child process: for tests and measurements of this crate; a peer is its own such program.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("compile") => sandbox::compiler_main(),
        Some("run") => sandbox::runner_main(),
        _ => ExitCode::FAILURE,
    }
}
