//! Where the bytes of contents come from.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use base::ContentId;
use files::jobs::{Source, Stat};
use rustix::fs::{Mode, OFlags};

/// Gives the contents of the store that this computer keeps; the driver reads shared files in place by itself.
pub trait Library: Send + Sync {
    /// Returns how many bytes a content in the store has; fails when it is not whole here. Blocks.
    fn size(&self, content: ContentId) -> io::Result<u64>;

    /// Returns some bytes of a content in the store; the range does not go beyond its end. Blocks.
    fn read(&self, content: ContentId, range: Range<u64>) -> io::Result<Vec<u8>>;
}

/// Why the bytes of a content cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRead {
    #[error("it has just been changed")]
    Changed,
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// A content that is being read.
pub(super) struct Opened<'a> {
    bytes: Bytes<'a>,
    size: u64,
}

enum Bytes<'a> {
    Stored(&'a dyn Library, ContentId),
    InPlace(File, Stat),
}

impl<'a> Opened<'a> {
    /// Opens a content: of a shared file no link is followed, no pipe waited for, no other stat accepted.
    pub(super) fn open(
        library: &'a dyn Library,
        content: ContentId,
        source: &Source,
    ) -> Result<Self, NotRead> {
        match source {
            Source::Store => {
                Ok(Self { size: library.size(content)?, bytes: Bytes::Stored(library, content) })
            }
            Source::Path { path, stat } => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let file = match rustix::fs::open(Path::new(path), flags, Mode::empty()) {
                    Ok(file) => File::from(file),
                    Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
                        return Err(NotRead::Changed);
                    }
                    Err(error) => return Err(NotRead::Unreadable(error.into())),
                };
                let opened = Self { size: stat.size, bytes: Bytes::InPlace(file, *stat) };
                opened.check()?;
                Ok(opened)
            }
        }
    }

    /// Returns how many bytes it has.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns so many bytes from a place on; all of them must be there.
    pub(super) fn read(&self, offset: u64, size: usize) -> Result<Vec<u8>, NotRead> {
        let end = offset.saturating_add(size as u64);
        if end > self.size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        match &self.bytes {
            Bytes::Stored(library, content) => {
                let bytes = library.read(*content, offset..end)?;
                if bytes.len() == size {
                    Ok(bytes)
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                }
            }
            Bytes::InPlace(file, _) => {
                let mut bytes = vec![0; size];
                match file.read_exact_at(&mut bytes, offset) {
                    Ok(()) => Ok(bytes),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(NotRead::Changed),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Fails when a shared file is no longer as it was hashed; asked again when all has been read.
    pub(super) fn check(&self) -> Result<(), NotRead> {
        match &self.bytes {
            Bytes::Stored(..) => Ok(()),
            Bytes::InPlace(file, stat) if stat_of(file)? == Some(*stat) => Ok(()),
            Bytes::InPlace(..) => Err(NotRead::Changed),
        }
    }
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
