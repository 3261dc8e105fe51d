//! Reading contents on this computer: for the gateways, which show them while they arrive.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bao_tree::io::mixed::EncodedItem;
use base::{ContentId, Fault, FaultKind};
use bytes::Bytes;
use files::jobs::{ByteRange, CHANGED_IN_PLACE, ChangedInPlace, FetchFailure, Source, Stat};
use futures_lite::{Stream, StreamExt};
use iroh_blobs::api::blobs::BlobStatus;
use tokio::sync::mpsc;

use crate::contents::{Protected, hash_of};
use crate::failure::Failure;
use crate::in_place::{NotAsHashed, open_as_hashed, stat_of};
use crate::ranges;
use crate::serve::is_damage;
use crate::shared::Shared;

/// Bytes of a stored content verified in one go.
const WINDOW: u64 = 1024 * 1024;

/// Bytes read from a shared file at once.
const STEP: u64 = 256 * 1024;

/// Bytes for which there has to be room before more of what comes is kept.
const ROOM: u64 = 16 * 1024 * 1024;

/// Chunks that wait for a slow reader.
const CHUNKS_AHEAD: usize = 4;

/// Why a content could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes are not here and did not arrive in time.
    #[error("cannot read {}: the bytes did not arrive in time", content.short())]
    NotArrived {
        /// Of which content.
        content: ContentId,
    },
    /// The stored bytes are not those of the content any more; it is being dropped, so that it can be fetched again.
    #[error("cannot read {}: the copy on this computer is damaged", content.short())]
    Damaged {
        /// Which content.
        content: ContentId,
    },
    /// The shared file has changed since it was hashed.
    #[error("cannot read {}: the file has just been changed", content.short())]
    Changed {
        /// Which content it was.
        content: ContentId,
    },
    /// The disk does not give the bytes.
    #[error("cannot read {}: the disk does not give its bytes", content.short())]
    Unreadable {
        /// Of which content.
        content: ContentId,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        let what = error.to_string();
        match error {
            ReadError::NotArrived { .. } => Self::new("network.not-arrived", FaultKind::Unreachable, what)
                .remedy("althing transfers", "shows what is on its way and from whom"),
            ReadError::Damaged { .. } => Self::new("network.damaged", FaultKind::Broken, what)
                .remedy("", "get it again; if this repeats, check the disk"),
            ReadError::Changed { .. } => Self::new("network.changed", FaultKind::Unreachable, what)
                .remedy("", "try again: the file is being read anew"),
            ReadError::Unreadable { .. } => Self::new("network.unreadable", FaultKind::Settings, what)
                .remedy("", "check that the disk is there and may be read"),
        }
    }
}

/// Returns one fault for each variant.
pub(crate) fn faults() -> Vec<Fault> {
    let content = ContentId::new([0; ContentId::LEN]);
    let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    vec![
        ReadError::NotArrived { content }.into(),
        ReadError::Damaged { content }.into(),
        ReadError::Changed { content }.into(),
        ReadError::Unreadable { content, source }.into(),
    ]
}

/// Reads contents that are on this computer, or on their way to it.
#[derive(Debug, Clone)]
pub struct Contents {
    shared: Arc<Shared>,
}

/// The bytes of a content, in order; it ends after the range or after the first error.
///
/// Dropped, it stops reading.
#[derive(Debug)]
pub struct Reading {
    chunks: mpsc::Receiver<Result<Bytes, ReadError>>,
}

impl Stream for Reading {
    type Item = Result<Bytes, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll_recv(context)
    }
}

impl Contents {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Reads a range of a content; `range.end` must not be greater than its size.
    ///
    /// Stored bytes are verified; bytes that are still being fetched are waited for, `patience` at most for each
    /// stall. A shared file is read as it is as long as its stat is the one it was hashed with. A damaged store
    /// or a changed file is also told to the deciders. Nothing is fetched here: that is for `files` to decide.
    pub fn read(&self, content: ContentId, source: Source, range: Range<u64>, patience: Duration) -> Reading {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let stop = shared.stop.clone();
            let read = async {
                match source {
                    Source::Store => shared.read_from_store(content, range, patience, &sender).await,
                    Source::Path { path, stat } => {
                        shared.read_in_place(content, &path, &stat, range, &sender).await
                    }
                }
            };
            let outcome = tokio::select! {
                () = stop.cancelled() => Ok(()),
                () = sender.closed() => Ok(()),
                outcome = read => outcome,
            };
            if let Err(error) = outcome
                && sender.send(Err(error)).await.is_err()
            {
                tracing::trace!("nobody reads any more");
            }
        });
        Reading { chunks }
    }

    /// Returns how many bytes a content in the store has; fails when it is not whole here.
    pub async fn size(&self, content: ContentId) -> std::io::Result<u64> {
        let store = self.shared.contents.store();
        match store.blobs().status(hash_of(content)).await.map_err(std::io::Error::other)? {
            BlobStatus::Complete { size } => Ok(size),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    /// Returns how many bytes of a content are here, of one that has `size`; none when that cannot be said.
    pub async fn here(&self, content: ContentId, size: u64) -> Option<u64> {
        let present = self.shared.contents.present(content).await.ok()?;
        Some(ranges::bytes_in(&present, size))
    }

    /// Keeps bytes that were made here, durably before it returns; `files` says who may have them.
    pub async fn keep(&self, bytes: Vec<u8>) -> std::io::Result<ContentId> {
        let contents = &self.shared.contents;
        let size = bytes.len() as u64;
        let kept = async {
            contents.make_room(size)?;
            let kept = self.shared.keep_bytes(bytes).await?;
            self.settle(kept, size).await
        };
        kept.await.map_err(|failure| of_failure(&failure))
    }

    /// Keeps what comes in pieces as [`Self::keep`] does, a few of them in memory. An empty piece is the end; if the channel closes
    /// before, nothing is kept.
    pub async fn keep_stream(&self, mut pieces: mpsc::Receiver<Bytes>) -> std::io::Result<ContentId> {
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        let feed = async move {
            let (mut size, mut room) = (0_u64, 0_u64);
            while let Some(piece) = pieces.recv().await {
                if piece.is_empty() {
                    return Ok(size);
                }
                size = size.saturating_add(piece.len() as u64);
                if size > room {
                    self.shared.contents.make_room(ROOM)?;
                    room = size.saturating_add(ROOM);
                }
                if sender.send(Ok(piece)).await.is_err() {
                    // Why is said by who keeps it.
                    return Ok(size);
                }
            }
            Err(Failure::new(FetchFailure::Local, "what was to be kept did not come to its end"))
        };
        let kept = async {
            let (size, kept) = tokio::join!(feed, self.shared.keep_stream(receiver));
            // What is not whole goes with its protection.
            self.settle(kept?, size?).await
        };
        kept.await.map_err(|failure| of_failure(&failure))
    }

    async fn settle(
        &self,
        (content, protected): (ContentId, Protected),
        size: u64,
    ) -> Result<ContentId, Failure> {
        let contents = &self.shared.contents;
        contents.want_again(content);
        contents.settle(content, size).await?;
        contents.release([protected]).await;
        Ok(content)
    }
}

fn of_failure(failure: &Failure) -> std::io::Error {
    match failure.word {
        FetchFailure::DiskFull => std::io::Error::new(std::io::ErrorKind::StorageFull, failure.to_string()),
        _ => std::io::Error::other(failure.to_string()),
    }
}

type Chunks = mpsc::Sender<Result<Bytes, ReadError>>;

impl Shared {
    async fn read_from_store(
        self: &Arc<Self>,
        content: ContentId,
        range: Range<u64>,
        patience: Duration,
        chunks: &Chunks,
    ) -> Result<(), ReadError> {
        let mut at = range.start;
        while at < range.end {
            let until = self.wait_for(content, at, range.end, patience).await?.min(at.saturating_add(WINDOW));
            let wanted = ranges::chunks_of(&[ByteRange { from: at, to: until }], until);
            let mut items = self.contents.store().blobs().export_bao(hash_of(content), wanted).stream();
            while let Some(item) = items.next().await {
                match item {
                    EncodedItem::Leaf(leaf) => {
                        let bytes = clip(leaf.data, leaf.offset, at, until);
                        if !bytes.is_empty() && chunks.send(Ok(bytes)).await.is_err() {
                            return Ok(());
                        }
                    }
                    EncodedItem::Error(error) if is_damage(&error) => {
                        drop(items);
                        self.damaged(content);
                        return Err(ReadError::Damaged { content });
                    }
                    EncodedItem::Error(error) => {
                        return Err(ReadError::Unreadable { content, source: std::io::Error::other(error) });
                    }
                    EncodedItem::Size(_) | EncodedItem::Parent(_) | EncodedItem::Done => {}
                }
            }
            at = until;
        }
        Ok(())
    }

    /// Waits for the byte at `at` and returns up to where there is no gap.
    async fn wait_for(
        &self,
        content: ContentId,
        at: u64,
        end: u64,
        patience: Duration,
    ) -> Result<u64, ReadError> {
        let unreadable = |error: &dyn std::fmt::Display| ReadError::Unreadable {
            content,
            source: std::io::Error::other(error.to_string()),
        };
        let present = self.contents.present(content).await.map_err(|error| unreadable(&error))?;
        let until = ranges::present_until(&present, at, end);
        if until > at {
            return Ok(until);
        }
        let observed = self.contents.store().blobs().observe(hash_of(content)).stream().await;
        let mut observed = Box::pin(observed.map_err(|error| unreadable(&error))?);
        let arrival = async {
            while let Some(bitfield) = observed.next().await {
                let until = ranges::present_until(&bitfield.ranges, at, end);
                if until > at {
                    return Some(until);
                }
            }
            None
        };
        let arrived = tokio::time::timeout(patience, arrival).await;
        arrived.ok().flatten().ok_or(ReadError::NotArrived { content })
    }

    async fn read_in_place(
        &self,
        content: ContentId,
        path: &str,
        stat: &Stat,
        range: Range<u64>,
        chunks: &Chunks,
    ) -> Result<(), ReadError> {
        let read = async {
            let file = open_as_hashed(path, stat)?;
            let mut at = range.start;
            while at < range.end {
                let until = range.end.min(at + STEP);
                let (file, stat) = (Arc::clone(&file), *stat);
                let step = tokio::task::spawn_blocking(move || read_step(&file, &stat, at..until)).await;
                let bytes = step.map_err(|error| NotAsHashed::Unreadable(std::io::Error::other(error)))??;
                if chunks.send(Ok(bytes)).await.is_err() {
                    return Ok(());
                }
                at = until;
            }
            Ok(())
        };
        match read.await {
            Ok(()) => Ok(()),
            Err(NotAsHashed::Changed) => {
                self.notice(CHANGED_IN_PLACE, &ChangedInPlace { path: path.to_owned() }).await;
                Err(ReadError::Changed { content })
            }
            Err(NotAsHashed::Unreadable(source)) => Err(ReadError::Unreadable { content, source }),
        }
    }
}

/// Reads some bytes and only then looks whether the file is still the same.
fn read_step(file: &std::fs::File, stat: &Stat, range: Range<u64>) -> Result<Bytes, NotAsHashed> {
    let length = usize::try_from(range.end - range.start).unwrap_or(0);
    let mut bytes = vec![0; length];
    let read = std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, range.start);
    if stat_of(file).map_err(NotAsHashed::Unreadable)? != Some(*stat) {
        return Err(NotAsHashed::Changed);
    }
    read.map_err(NotAsHashed::Unreadable)?;
    Ok(bytes.into())
}

/// Returns the part of some bytes that lies between two places of the content.
fn clip(mut bytes: Bytes, offset: u64, from: u64, until: u64) -> Bytes {
    let end = usize::try_from(until.saturating_sub(offset)).unwrap_or(usize::MAX);
    bytes.truncate(end);
    let start = usize::try_from(from.saturating_sub(offset)).unwrap_or(usize::MAX).min(bytes.len());
    bytes.split_off(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_clipped_to_what_was_asked_for() {
        let check = |offset, from, until, expected: &[u8]| {
            assert_eq!(clip(Bytes::from_static(b"0123456789"), offset, from, until), expected);
        };
        check(100, 0, 200, b"0123456789");
        check(100, 103, 105, b"34");
        check(100, 108, 200, b"89");
        check(100, 0, 100, b"");
        check(100, 110, 120, b"");
    }
}
