//! What can go wrong with an index: it passes, or the index is damaged.

use std::io;

use rustix::io::Errno;
use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

/// Why something could not be done with an index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    /// The computer lacks something now; the index is as it was.
    #[error("the index cannot be written or read now")]
    Passing(#[source] TantivyError),
    /// It can no longer be used and has to be made anew.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    /// Nobody wants the work any more.
    #[error("cancelled")]
    Cancelled,
    /// Documents cannot be read at all.
    #[error("the program that reads documents cannot be started")]
    NoExtractor(#[source] io::Error),
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        if is_passing(&error) { Self::Passing(error) } else { Self::Damaged(error.to_string()) }
    }
}

impl From<io::Error> for IndexError {
    fn from(error: io::Error) -> Self {
        TantivyError::from(error).into()
    }
}

impl IndexError {
    /// Makes the text of a failed job: what, why and what to do.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Passing(error) if is_disk_full(error) => {
                "disk-full: no space is left for the search index; free some space".to_owned()
            }
            Self::Passing(error) => format!("{self}: {error}"),
            Self::Damaged(_) => format!("index-lost: {self}"),
            Self::Cancelled => self.to_string(),
            Self::NoExtractor(error) => format!("{self}: {error}"),
        }
    }
}

/// Says whether trying again later can help without making the index anew.
fn is_passing(error: &TantivyError) -> bool {
    matches!(error, TantivyError::LockFailure(LockError::LockBusy, _) | TantivyError::SystemError(_))
        || io_of(error).is_some_and(|error| {
            let is_kind = matches!(
                error.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::OutOfMemory
                    | io::ErrorKind::Interrupted
            );
            is_kind || matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM))
        })
}

fn is_disk_full(error: &TantivyError) -> bool {
    io_of(error).is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    })
}

fn io_of(error: &TantivyError) -> Option<&io::Error> {
    match error {
        TantivyError::IoError(error)
        | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error: error, .. })
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. })
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: error, .. })
        | TantivyError::LockFailure(LockError::IoError(error), _) => Some(error),
        _ => None,
    }
}
