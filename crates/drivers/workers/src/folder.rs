//! A folder as seen from inside: every look and every opening stays beneath it and follows no link.
//!
//! A local troublemaker may swap a folder for a symbolic link while we walk; with paths alone we would then read
//! (and share) what lies behind the link. So everything goes through the open root, and the kernel refuses links.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use files::jobs::{FoundItem, FoundKind, PATH_MAX, RootState, Skipped, Stat};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

/// What Althing writes beside shared files while it saves begins with this; never listed.
const TEMPORARY_PREFIX: &str = ".althing-tmp-";

/// A root folder, open.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
    real: PathBuf,
    real_text: String,
}

/// Tells one folder from another, wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// What stands at a name.
#[derive(Debug)]
pub(crate) enum Look {
    /// Something to list.
    Item(FoundItem),
    /// Something that is there but cannot be listed.
    Skipped(Skipped),
    /// One of our own temporary files.
    Ours,
}

impl Folder {
    /// Opens a root; links on the way to it are followed, since a person named it.
    pub(crate) fn open(root: &str) -> Result<Self, RootState> {
        let real = Path::new(root).canonicalize().map_err(|error| root_state(&error))?;
        let Some(real_text) = real.to_str().map(str::to_owned) else {
            return Err(RootState::Unreadable { why: "its path is not valid UTF-8".to_owned() });
        };
        let fd = rustix::fs::open(&real, folder_flags(), Mode::empty())
            .map_err(|error| root_state(&error.into()))?;
        Ok(Self { fd, real, real_text })
    }

    /// Returns the path with links resolved.
    pub(crate) fn real(&self) -> &Path {
        &self.real
    }

    /// Returns the path with links resolved, as text.
    pub(crate) fn real_text(&self) -> &str {
        &self.real_text
    }

    /// Returns what tells this folder from another one at the same path.
    pub(crate) fn identity(&self) -> io::Result<Identity> {
        let stat = rustix::fs::fstat(&self.fd)?;
        Ok(Identity { device: stat.st_dev, inode: stat.st_ino })
    }

    /// Opens a folder beneath; the empty path is the root itself.
    pub(crate) fn open_folder(&self, relative: &str) -> io::Result<OwnedFd> {
        self.open_beneath(relative, folder_flags())
    }

    /// Opens a file beneath for reading; never waits for the other end of a named pipe.
    pub(crate) fn open_file(&self, relative: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        self.open_beneath(relative, flags).map(File::from)
    }

    /// Looks at one path beneath.
    pub(crate) fn look(&self, relative: &str) -> io::Result<Look> {
        match relative.rsplit_once('/') {
            Some((parent, name)) => look(self.open_folder(parent)?.as_fd(), name, relative),
            None => look(self.fd.as_fd(), relative, relative),
        }
    }

    fn open_beneath(&self, relative: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let relative = if relative.is_empty() { "." } else { relative };
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::ResolveFlags;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            match rustix::fs::openat2(&self.fd, relative, flags, Mode::empty(), resolve) {
                Err(Errno::NOSYS) => {}
                opened => return opened.map_err(Into::into),
            }
        }
        self.open_part_by_part(relative, flags)
    }

    /// The same for systems without `openat2`.
    fn open_part_by_part(&self, relative: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let Some((parents, name)) = relative.rsplit_once('/') else {
            return open_part(self.fd.as_fd(), relative, flags);
        };
        let mut folder = open_part(self.fd.as_fd(), ".", folder_flags())?;
        for part in parents.split('/') {
            folder = open_part(folder.as_fd(), part, folder_flags())?;
        }
        open_part(folder.as_fd(), name, flags)
    }
}

fn open_part(folder: BorrowedFd<'_>, part: &str, flags: OFlags) -> io::Result<OwnedFd> {
    if part.is_empty() || part == ".." {
        return Err(Errno::XDEV.into());
    }
    Ok(rustix::fs::openat(folder, part, flags | OFlags::NOFOLLOW, Mode::empty())?)
}

/// Looks at `name` in an open folder; `relative` is its path below the root.
pub(crate) fn look(folder: BorrowedFd<'_>, name: &str, relative: &str) -> io::Result<Look> {
    if name.starts_with(TEMPORARY_PREFIX) {
        return Ok(Look::Ours);
    }
    if relative.len() > PATH_MAX {
        return Ok(skipped(relative, format!("its path is longer than {PATH_MAX} bytes")));
    }
    let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FoundKind::File,
        FileType::Directory => FoundKind::Folder,
        FileType::Symlink => FoundKind::Link { target: link_target(folder, name)? },
        FileType::Socket => return Ok(skipped(relative, "a socket")),
        FileType::Fifo => return Ok(skipped(relative, "a named pipe")),
        FileType::CharacterDevice | FileType::BlockDevice => return Ok(skipped(relative, "a device")),
        FileType::Unknown => return Ok(skipped(relative, "neither a file, a folder nor a link")),
    };
    Ok(Look::Item(FoundItem { path: relative.to_owned(), kind, stat: stat_of(&stat) }))
}

fn link_target(folder: BorrowedFd<'_>, name: &str) -> io::Result<String> {
    let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
    Ok(target.to_string_lossy().into_owned())
}

/// Makes a thing that is there but cannot be listed.
pub(crate) fn skipped(relative: &str, why: impl Into<String>) -> Look {
    Look::Skipped(Skipped { path: relative.to_owned(), why: why.into() })
}

/// Says whether the error means "nothing is there (any more)"; a link on the way counts as that.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(code, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::NAMETOOLONG))
}

/// Says an error in words, without numbers.
pub(crate) fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    words.to_lowercase()
}

/// Returns what we keep of a stat.
pub(crate) fn stat_of(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: nanoseconds(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
        ctime_ns: nanoseconds(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        inode: stat.st_ino,
    }
}

fn nanoseconds(seconds: i128, nanoseconds: i128) -> i64 {
    let whole = seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds);
    i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

fn root_state(error: &io::Error) -> RootState {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT) => RootState::Missing,
        Some(Errno::NOTDIR) => RootState::NotAFolder,
        _ => RootState::Unreadable { why: in_words(error) },
    }
}

/// Returns the text of a failed job whose root cannot be worked in: a word, a colon, details.
pub(crate) fn failure_text(state: &RootState) -> String {
    match state {
        RootState::Walked => "walked".to_owned(),
        RootState::Missing => "missing: there is nothing at that path".to_owned(),
        RootState::NotAFolder => "not-a-folder: something else than a folder is there".to_owned(),
        RootState::Unreadable { why } => format!("unreadable: {why}"),
    }
}
