//! Scans in a child process: for tests and measurements of this crate; a peer is its own such program.

use std::process::ExitCode;

fn main() -> ExitCode {
    scanner::scanner_main()
}
