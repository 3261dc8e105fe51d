//! Which worlds stand on this machine, so that `wan exec` finds them: a file per world, of this user only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A world that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it was called.
    pub name: String,
    /// Its first process, as seen from outside.
    pub stage: u32,
}

/// The list of standing worlds.
#[derive(Debug)]
pub(crate) struct Registry {
    folder: PathBuf,
}

/// An entry; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    file: PathBuf,
}

impl Registry {
    /// Opens the list and removes what crashed programs left in it.
    pub(crate) fn open() -> Result<Self> {
        let user = rustix::process::geteuid().as_raw();
        Self::open_in(std::env::temp_dir().join(format!("althing-wan-{user}")))
    }

    fn open_in(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for entry in fs::read_dir(&folder)?.flatten() {
            let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if number.and_then(first_child).is_none() {
                let _removed = fs::remove_file(entry.path());
            }
        }
        Ok(Self { folder })
    }

    /// Adds a world whose `unshare` has this number. A list that cannot be written only makes `wan exec` impossible.
    pub(crate) fn add(&self, name: &str, unshare: u32) -> Entry {
        let file = self.folder.join(unshare.to_string());
        let _written = fs::write(&file, name);
        Entry { file }
    }

    fn standing(&self) -> Result<Vec<Standing>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
            let Some(stage) = number.and_then(first_child) else { continue };
            found.push(Standing { name: read(&entry.path()), stage });
        }
        found.sort_by_key(|world| world.stage);
        Ok(found)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let _removed = fs::remove_file(&self.file);
    }
}

/// Returns the worlds of this user that stand on this machine.
pub fn standing() -> Result<Vec<Standing>> {
    Registry::open()?.standing()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// Returns the process that `unshare` started, if it is still there. Another program that has got the number since is not
/// taken for it.
fn first_child(unshare: u32) -> Option<u32> {
    let name = fs::read_to_string(format!("/proc/{unshare}/comm")).ok()?;
    let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).ok()?;
    let first = children.split_whitespace().next()?.parse().ok()?;
    (name.trim() == "unshare").then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crashed_program_left_is_removed() {
        let folder = std::env::temp_dir().join(format!("althing-wan-test-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // This test is a running process, but no `unshare`.
        fs::write(folder.join(std::process::id().to_string()), "left").unwrap();
        fs::write(folder.join("not-a-number"), "left").unwrap();
        let registry = Registry::open_in(folder.clone()).unwrap();
        assert_eq!(registry.standing().unwrap(), []);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir(&folder).unwrap();
    }
}
