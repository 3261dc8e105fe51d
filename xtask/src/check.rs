//! `cargo xtask check`: what `cargo test` checks of the house's order, without building the tests.

use std::process::ExitCode;

use anyhow::Context;

use crate::{floors, generate, house, law, say};

/// Says what is wrong with the house.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let architecture = std::fs::read_to_string(house::root().join("ARCHITECTURE.md"))
        .context("cannot read ARCHITECTURE.md")?;
    let mut wrongs = floors::wrongs(&floors::crates()?, &architecture);
    wrongs.extend(law::wrongs()?);
    let files = [generate::schema_files(), generate::binary_files()?].concat();
    let outdated = generate::outdated(&files);
    wrongs.extend(
        outdated.into_iter().map(|path| format!("{path} is not what the code makes: cargo xtask generate")),
    );
    for wrong in &wrongs {
        say(wrong);
    }
    say(&format!("{} wrong", wrongs.len()));
    Ok(if wrongs.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
