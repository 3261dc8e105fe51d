//! Writing outputs into files below a folder: each is there whole or not at all, and none is outside of the folder.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use compute::jobs::{OUTPUT_SIZE_MAX, Save, SaveFile, UNITS_MAX};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};

use super::driver::Shared;
use super::library;
use reports::Task;

/// Bytes of a path below the folder at most.
const PATH_MAX: usize = 4_096;
/// Bytes of one part of it, as file systems have it.
const PART_MAX: usize = 255;
/// Parts of it at most.
const PARTS_MAX: usize = 64;

/// Writes all files, or says at which one it stopped; those before it are there.
pub(super) fn save(shared: &Shared, task: &Task, save: &Save) -> Result<Vec<u8>, String> {
    if save.files.len() > UNITS_MAX {
        return Err(format!("{} files at once, {UNITS_MAX} allowed", save.files.len()));
    }
    // All names are checked before anything is written.
    let mut files = Vec::new();
    for file in &save.files {
        files.push((
            parts(&file.path).ok_or_else(|| format!("{:?} is no name for a file here", file.path))?,
            file,
        ));
    }
    if !Path::new(&save.folder).is_absolute() {
        return Err(format!("{} cannot be written to: it is not absolute", save.folder));
    }
    let cannot = |what: &str, error: &dyn std::fmt::Display| format!("{what} cannot be written: {error}");
    let folder = open(&save.folder).map_err(|error| cannot(&save.folder, &error))?;
    for (parts, file) in files {
        if task.is_cancelled() {
            return Ok(Vec::new());
        }
        let SaveFile { path, bytes } = file;
        let bytes =
            library::read(&*shared.library, bytes, OUTPUT_SIZE_MAX).map_err(|why| cannot(path, &why))?;
        write(&folder, &parts, &bytes).map_err(|error| cannot(path, &error))?;
    }
    Ok(Vec::new())
}

/// Cuts a path into plain names; `None` when one is none.
fn parts(path: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty() && *part != "." && *part != ".." && part.len() <= PART_MAX && !part.contains('\0')
    };
    (path.len() <= PATH_MAX && parts.len() <= PARTS_MAX && parts.iter().all(is_plain)).then_some(parts)
}

fn open(folder: &str) -> io::Result<OwnedFd> {
    std::fs::create_dir_all(folder)?;
    Ok(rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Writes one file: no part of the way is a link, so it cannot lead out of the folder.
fn write(folder: &OwnedFd, parts: &[&str], bytes: &[u8]) -> io::Result<()> {
    let Some((name, way)) = parts.split_last() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut at = folder.try_clone()?;
    for part in way {
        match mkdirat(&at, *part, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        at = openat(&at, *part, flags, Mode::empty())?;
    }
    let number = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    let new = format!(".althing-{number:016x}.new");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(&at, &new, flags, Mode::from_raw_mode(0o666))?);
    // A rename replaces a link that has the name; it does not go where the link points.
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| Ok(renameat(&at, &new, &at, *name)?));
    if written.is_err() {
        let _is_gone = unlinkat(&at, &new, AtFlags::empty()).is_ok();
        return written;
    }
    Ok(rustix::fs::fsync(at.as_fd())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_paths() {
        for path in ["a", "a/b/c.txt", "…/ü", " ", "-rf", "a\nb", "...", "CON", "~"] {
            assert!(parts(path).is_some(), "{path:?}");
        }
        let long = "x".repeat(256);
        let deep = vec!["d"; 65].join("/");
        for path in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "/a",
            "a//b",
            ".",
            "..",
            "../x",
            "a/../../x",
            "a/./b",
            "a\0b",
            &long,
            &deep,
        ] {
            assert!(parts(path).is_none(), "{path:?}");
        }
    }

    #[test]
    fn a_link_in_the_folder_does_not_lead_out_of_it() {
        let home = tempfile::tempdir().unwrap();
        let (inside, outside) = (home.path().join("in"), home.path().join("out"));
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::write(outside.join("secret"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("way")).unwrap();
        std::os::unix::fs::symlink(outside.join("secret"), inside.join("file")).unwrap();
        let folder = open(inside.to_str().unwrap()).unwrap();
        write(&folder, &["way", "secret"], b"Mallory").unwrap_err();
        write(&folder, &["way", "new"], b"Mallory").unwrap_err();
        write(&folder, &["file"], b"replaced").unwrap();
        assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "mine");
        assert!(!outside.join("new").exists());
        assert_eq!(std::fs::read_to_string(inside.join("file")).unwrap(), "replaced");
        assert!(!inside.join("file").is_symlink());
        write(&folder, &["a", "b", "c"], b"deep").unwrap();
        assert_eq!(std::fs::read(inside.join("a/b/c")).unwrap(), b"deep");
        write(&folder, &["a"], b"a folder").unwrap_err();
        let left = std::fs::read_dir(&inside).unwrap().flatten();
        let left = left.filter(|one| one.file_name().to_string_lossy().starts_with(".althing")).count();
        assert_eq!(left, 0, "nothing half written stays");
    }
}
