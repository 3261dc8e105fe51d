//! `cargo xtask check`.

use std::process::ExitCode;

/// Says what is wrong with the house.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
