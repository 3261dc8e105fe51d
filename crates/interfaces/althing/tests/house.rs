//! What the program knows of itself agrees with the files that are committed, and with what it tells people to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn althing(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_althing")).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../..")
}

#[test]
fn manual_faults_and_completions_are_what_the_program_writes() {
    for (path, words) in [
        ("docs/operations.md", vec!["commands"]),
        ("docs/errors.md", vec!["faults"]),
        ("docs/completions/althing.bash", vec!["completions", "bash"]),
        ("docs/completions/_althing", vec!["completions", "zsh"]),
        ("docs/completions/althing.fish", vec!["completions", "fish"]),
    ] {
        let written = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(written == althing(&words), "{path} is out of date; run: cargo xtask generate");
    }
}
