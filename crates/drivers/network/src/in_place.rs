//! Files shared in place: opened only as they were hashed, never copied.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use bao_tree::io::mixed::ReadBytesAt;
use bytes::Bytes;
use files::jobs::Stat;
use rustix::fs::{Mode, OFlags};

/// Why a shared file cannot be read as what it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAsHashed {
    /// Its stat or its bytes differ, or it is gone.
    #[error("it has changed since it was hashed")]
    Changed,
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
}

/// Opens a file if its stat is still this one. Never follows a link and never waits for a pipe.
pub(crate) fn open_as_hashed(path: &str, stat: &Stat) -> Result<Arc<File>, NotAsHashed> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(Path::new(path), flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
            return Err(NotAsHashed::Changed);
        }
        Err(error) => return Err(NotAsHashed::Unreadable(error.into())),
    };
    if stat_of(&file).map_err(NotAsHashed::Unreadable)? == Some(*stat) {
        Ok(Arc::new(file))
    } else {
        Err(NotAsHashed::Changed)
    }
}

/// Returns the stat of an open file; `None` when it is no regular file.
pub(crate) fn stat_of(file: &File) -> io::Result<Option<Stat>> {
    let metadata = file.metadata()?;
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Ok(metadata.is_file().then(|| Stat {
        size: metadata.size(),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
    }))
}

/// The bytes of an open file, for verified streaming.
#[derive(Debug, Clone)]
pub(crate) struct FileData(pub(crate) Arc<File>);

impl ReadBytesAt for FileData {
    fn read_bytes_at(&self, offset: u64, size: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; size];
        self.0.read_exact_at(&mut bytes, offset)?;
        Ok(bytes.into())
    }
}
