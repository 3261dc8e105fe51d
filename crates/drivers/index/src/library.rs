//! Where the bytes of contents come from.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use base::ContentId;
use files::jobs::{Source, Stat};
use rustix::fs::{Mode, OFlags};

/// Gives the contents of the store that this computer keeps; the driver reads shared files in place by itself.
pub trait Library: Send + Sync {
    /// Returns the first `size_max` bytes of a content in the store, or all when it has fewer. Blocks.
    fn read(&self, content: ContentId, size_max: u64) -> io::Result<Vec<u8>>;
}

/// Why the bytes of a content cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRead {
    #[error("it has just been changed")]
    Changed,
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

/// Reads at most `size_max` bytes of a content, wherever it is.
pub(crate) fn read(
    library: &dyn Library,
    content: ContentId,
    source: &Source,
    size_max: u64,
) -> Result<Vec<u8>, NotRead> {
    match source {
        Source::Store => {
            let mut bytes = library.read(content, size_max).map_err(NotRead::Unreadable)?;
            bytes.truncate(usize::try_from(size_max).unwrap_or(usize::MAX));
            Ok(bytes)
        }
        Source::Path { path, stat } => read_in_place(path, stat, size_max),
    }
}

/// Reads a shared file as it was hashed: no link is followed, no pipe waited for, no other stat accepted.
fn read_in_place(path: &str, stat: &Stat, size_max: u64) -> Result<Vec<u8>, NotRead> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::open(Path::new(path), flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
            return Err(NotRead::Changed);
        }
        Err(error) => return Err(NotRead::Unreadable(error.into())),
    };
    let check = |file: &File| match stat_of(file) {
        Ok(Some(now)) if now == *stat => Ok(()),
        Ok(_) => Err(NotRead::Changed),
        Err(error) => Err(NotRead::Unreadable(error)),
    };
    check(&file)?;
    let mut bytes = Vec::new();
    (&mut file).take(size_max).read_to_end(&mut bytes).map_err(NotRead::Unreadable)?;
    check(&file)?;
    Ok(bytes)
}

/// Returns the stat of an open file; `None` when it is no regular file.
fn stat_of(file: &File) -> io::Result<Option<Stat>> {
    let metadata = file.metadata()?;
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Ok(metadata.is_file().then(|| Stat {
        size: metadata.size(),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
    }))
}
