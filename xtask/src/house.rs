//! Where things are in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    // Asked when it runs: a target folder that several clones share keeps what was true of another one.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    // A program cannot be started in a folder without a name.
    here.parent()
        .filter(|root| root.components().next().is_some())
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Returns the folder of built programs.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Builds all programs, if need be, and returns one of them. Always all: another choice of packages means other features of what
/// they use, and everything would be built once more.
pub(crate) fn built(name: &str) -> anyhow::Result<PathBuf> {
    let status = Command::new(cargo())
        .args(["build", "--quiet", "--workspace", "--bins"])
        .current_dir(root())
        .status();
    anyhow::ensure!(status.context("cannot run cargo")?.success(), "{name} does not build");
    Ok(target().join("debug").join(name))
}

/// Returns the cargo of the path: the one that `./run` and `./test` call. The one that runs us may be named by another
/// path of the same toolchain, and everything would be built once more.
pub(crate) fn cargo() -> String {
    "cargo".to_owned()
}
