//! Why a content job failed, and how the causes beneath are told apart.

use std::io;

use files::jobs::FetchFailure;
use iroh::endpoint::{ConnectionError, ReadError, VarInt, WriteError};

use crate::protocol::code;

/// Why a content job failed: the word for the decider, details for the log.
#[derive(Debug, thiserror::Error)]
#[error("{}", word.text(details))]
pub(crate) struct Failure {
    pub(crate) word: FetchFailure,
    details: String,
}

impl Failure {
    pub(crate) fn new(word: FetchFailure, details: impl std::fmt::Display) -> Self {
        Self { word, details: details.to_string() }
    }

    /// Says why something here could not be read or written.
    pub(crate) fn here(error: &io::Error) -> Self {
        let is_full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        Self::new(if is_full { FetchFailure::DiskFull } else { FetchFailure::Local }, error)
    }

    /// Says why the store could not do what it was asked to.
    pub(crate) fn store(error: &iroh_blobs::api::Error) -> Self {
        match error {
            iroh_blobs::api::Error::Io(error) => Self::here(error),
        }
    }

    /// Says why a request to the store failed.
    pub(crate) fn request(error: &iroh_blobs::api::RequestError) -> Self {
        match error {
            iroh_blobs::api::RequestError::Inner { source, .. } => Self::store(source),
            _ => Self::new(FetchFailure::Local, error),
        }
    }

    /// Says why a stream from a provider ended.
    pub(crate) fn stream(error: &io::Error) -> Self {
        let inner = error.get_ref();
        let read = inner.and_then(|inner| inner.downcast_ref::<ReadError>());
        let write = inner.and_then(|inner| inner.downcast_ref::<WriteError>());
        match (read, write) {
            (Some(ReadError::Reset(code)), _) | (_, Some(WriteError::Stopped(code))) => Self::by_code(*code),
            (Some(ReadError::ConnectionLost(lost)), _) | (_, Some(WriteError::ConnectionLost(lost))) => {
                Self::lost(lost)
            }
            _ => Self::new(FetchFailure::Unreachable, error),
        }
    }

    /// Says why a connection ended.
    pub(crate) fn lost(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(closed) => Self::by_code(closed.error_code),
            _ => Self::new(FetchFailure::Unreachable, error),
        }
    }

    fn by_code(given: VarInt) -> Self {
        match given {
            code::REFUSED => Self::new(FetchFailure::Refused, "the provider refuses"),
            code::NOT_HERE => Self::new(FetchFailure::Refused, "the provider does not have these bytes"),
            code::CHANGED => Self::new(FetchFailure::Changed, "the provider's file has changed"),
            code::BUSY => Self::new(FetchFailure::Unreachable, "the provider is busy"),
            other if let Some(start) = code::named(other) => {
                Self::new(FetchFailure::Elsewhere, format_args!("{start:014x}"))
            }
            other => {
                Self::new(FetchFailure::Unreachable, format_args!("the provider ended it with code {other}"))
            }
        }
    }
}
