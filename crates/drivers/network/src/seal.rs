//! Sealing contents for mirrors, and opening what mirrors kept (spec sealed, rules 1 to 9).
//!
//! The keys come with the job and are in no file. Sealed bytes are kept only when the plain bytes were found to be
//! the content: the same key must never seal two different texts. Not for: who gets a copy (`rights`).

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::task::Poll;

use base::ContentId;
use bytes::{Bytes, BytesMut};
use files::jobs::{
    CHANGED_IN_PLACE, ChangedInPlace, FetchFailure, SMALL_SIZE, Seal, SealItem, SealOutcome, SealedItems,
    Source, Unseal, UnsealItem, UnsealOutcome, Unsealed,
};
use tokio::sync::{mpsc, oneshot};
use wire::sealed::{SEGMENT_SIZE, Segment, TAG_SIZE, sealed_size, segments};

use crate::contents::{ContentStore, Protected, hash_of};
use crate::failure::Failure;
use crate::in_place::{NotAsHashed, open_as_hashed};
use crate::shared::Shared;

/// Segments that wait for a slow disk.
const SEGMENTS_AHEAD: usize = 32;

/// Where plain or sealed bytes come from, in order.
enum Origin {
    /// Streamed out of the store, verified there.
    Stream { chunks: mpsc::Receiver<io::Result<Bytes>>, rest: BytesMut },
    /// A shared file.
    File(Arc<File>),
}

impl Origin {
    /// Reads the next `size` bytes, fewer only at the end.
    fn read(&mut self, size: usize) -> io::Result<Bytes> {
        match self {
            Self::File(file) => {
                let mut bytes = Vec::with_capacity(size);
                (&**file).take(size as u64).read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
            Self::Stream { chunks, rest } => {
                while rest.len() < size {
                    match chunks.blocking_recv() {
                        Some(chunk) => rest.extend_from_slice(&chunk?),
                        None => break,
                    }
                }
                Ok(rest.split_to(size.min(rest.len())).freeze())
            }
        }
    }
}

impl Shared {
    /// Seals contents. Each has its own outcome; what fails for want of room fails the job.
    pub(crate) async fn seal(self: &Arc<Self>, seal: Seal) -> Result<SealedItems, Failure> {
        let bytes = seal.items.iter().filter_map(|item| sealed_size(item.size)).sum();
        self.contents.make_room(bytes)?;
        let mut outcomes = Vec::with_capacity(seal.items.len());
        let mut kept = Vec::new();
        for item in &seal.items {
            let sealed = match item.size < SMALL_SIZE {
                true => self.seal_small(item).await,
                false => self.seal_large(item).await,
            };
            match sealed {
                Ok((sealed, protected)) => {
                    kept.push(protected);
                    outcomes.push(SealOutcome::Sealed { sealed });
                }
                Err(failure) if matches!(failure.word, FetchFailure::DiskFull) => {
                    return Err(self.contents.recover(failure).await);
                }
                Err(failure) => {
                    tracing::debug!(content = %item.content.short(), %failure, "a content was not sealed");
                    outcomes.push(SealOutcome::Failed);
                }
            }
        }
        self.contents.commit().await?;
        self.contents.release(kept).await;
        Ok(SealedItems { outcomes })
    }

    async fn seal_small(&self, item: &SealItem) -> Result<(ContentId, Protected), Failure> {
        let plain = match &item.source {
            Source::Store => self.stored_bytes(item.content).await?,
            Source::Path { path, stat } => {
                let mut origin = self.open_path(path, stat).await?;
                let size = usize::try_from(item.size).unwrap_or(0);
                let read = tokio::task::spawn_blocking(move || origin.read(size.saturating_add(1))).await;
                read.map_err(|error| Failure::new(FetchFailure::Local, error))?
                    .map_err(|e| Failure::here(&e))?
            }
        };
        if blake3::hash(&plain).as_bytes() != item.content.as_bytes() {
            return Err(self.not_what_it_was(item).await);
        }
        self.keep_bytes(item.key.seal_all(&plain)).await
    }

    async fn seal_large(self: &Arc<Self>, item: &SealItem) -> Result<(ContentId, Protected), Failure> {
        let mut origin = match &item.source {
            Source::Store => self.stream_of(item.content),
            Source::Path { path, stat } => self.open_path(path, stat).await?,
        };
        let (sender, receiver) = mpsc::channel(SEGMENTS_AHEAD);
        let (key, content, size) = (item.key.clone(), item.content, item.size);
        self.tasks.spawn_blocking(move || {
            let count = segments(size);
            let mut hasher = blake3::Hasher::new();
            for index in 0..count {
                let sealed = origin.read(SEGMENT_SIZE).and_then(|plain| {
                    hasher.update(&plain);
                    // The last one goes out only when all of them are known to be the content.
                    let is_other = index + 1 == count && hasher.finalize().as_bytes() != content.as_bytes();
                    if is_other || plain.is_empty() {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    Ok(Bytes::from(key.seal(Segment::at(index, count), &plain)))
                });
                let is_end = sealed.is_err();
                if sender.blocking_send(sealed).is_err() || is_end {
                    return;
                }
            }
        });
        match self.keep_stream(receiver).await {
            Err(failure) if failure.word == FetchFailure::Changed => Err(self.not_what_it_was(item).await),
            kept => kept,
        }
    }

    /// Opens copies. Each has its own outcome; what fails for want of room fails the job.
    pub(crate) async fn unseal(self: &Arc<Self>, unseal: Unseal) -> Result<Unsealed, Failure> {
        self.contents.make_room(unseal.items.iter().map(|item| item.size).sum())?;
        let mut outcomes = Vec::with_capacity(unseal.items.len());
        let mut kept = Vec::new();
        for item in &unseal.items {
            let opened = match item.size < SMALL_SIZE {
                true => self.unseal_small(item).await,
                false => self.unseal_large(item).await,
            };
            outcomes.push(match opened {
                Ok(protected) => {
                    kept.push(protected);
                    UnsealOutcome::Opened
                }
                Err(failure) if failure.word == FetchFailure::WrongBytes => UnsealOutcome::Wrong,
                Err(failure) if failure.word == FetchFailure::DiskFull => {
                    return Err(self.contents.recover(failure).await);
                }
                Err(failure) => {
                    tracing::debug!(content = %item.content.short(), %failure, "a sealed copy was not opened");
                    UnsealOutcome::Failed
                }
            });
        }
        self.contents.commit().await?;
        self.contents.release(kept).await;
        Ok(Unsealed { outcomes })
    }

    async fn unseal_small(&self, item: &UnsealItem) -> Result<Protected, Failure> {
        let sealed = self.stored_bytes(item.sealed).await?;
        let plain = item.key.open_all(&sealed, item.size);
        match plain.filter(|plain| blake3::hash(plain).as_bytes() == item.content.as_bytes()) {
            Some(plain) => Ok(self.keep_bytes(plain).await?.1),
            None => Err(Failure::new(FetchFailure::WrongBytes, "the copy is of something else")),
        }
    }

    /// Looks whether a copy is of what it is said to be; its plain bytes go nowhere.
    pub(crate) async fn check_sealed(self: &Arc<Self>, item: &UnsealItem) -> UnsealOutcome {
        let mut opened = self.open_segments(item);
        while let Some(segment) = opened.recv().await {
            match segment {
                Ok(_plain) => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => return UnsealOutcome::Wrong,
                Err(error) => {
                    tracing::debug!(content = %item.sealed.short(), %error, "a sealed copy was not checked");
                    return UnsealOutcome::Failed;
                }
            }
        }
        UnsealOutcome::Opened
    }

    async fn unseal_large(self: &Arc<Self>, item: &UnsealItem) -> Result<Protected, Failure> {
        let (_, protected) = self.keep_stream(self.open_segments(item)).await?;
        self.contents.settle(item.content, item.size).await?;
        Ok(protected)
    }

    /// Opens a copy, segment by segment. It ends with an error, `InvalidInput` if the copy is of something else, or is all of it.
    fn open_segments(self: &Arc<Self>, item: &UnsealItem) -> mpsc::Receiver<io::Result<Bytes>> {
        let mut origin = self.stream_of(item.sealed);
        let (sender, receiver) = mpsc::channel(SEGMENTS_AHEAD);
        let (key, content, size) = (item.key.clone(), item.content, item.size);
        self.tasks.spawn_blocking(move || {
            let count = segments(size);
            let mut hasher = blake3::Hasher::new();
            let mut done = 0_u64;
            for index in 0..count {
                let opened = origin.read(SEGMENT_SIZE + TAG_SIZE).and_then(|sealed| {
                    if sealed.is_empty() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    let wrong = || io::Error::from(io::ErrorKind::InvalidInput);
                    let plain = key.open(Segment::at(index, count), &sealed).ok_or_else(wrong)?;
                    hasher.update(&plain);
                    done = done.saturating_add(plain.len() as u64);
                    let is_end = index + 1 == count;
                    let is_whole = done == size && hasher.finalize().as_bytes() == content.as_bytes();
                    if is_end && !is_whole { Err(wrong()) } else { Ok(Bytes::from(plain)) }
                });
                let is_end = opened.is_err();
                if sender.blocking_send(opened).is_err() || is_end {
                    return;
                }
            }
        });
        receiver
    }

    /// Reads a small content of the store, verified.
    async fn stored_bytes(&self, content: ContentId) -> Result<Bytes, Failure> {
        let bytes = self.contents.store().blobs().get_bytes(hash_of(content)).await;
        bytes.map_err(|error| Failure::new(FetchFailure::Local, error))
    }

    fn stream_of(self: &Arc<Self>, content: ContentId) -> Origin {
        let (sender, chunks) = mpsc::channel(SEGMENTS_AHEAD);
        self.tasks.spawn(Arc::clone(self).stream_out(content, sender));
        Origin::Stream { chunks, rest: BytesMut::new() }
    }

    async fn open_path(&self, path: &str, stat: &files::jobs::Stat) -> Result<Origin, Failure> {
        match open_as_hashed(path, stat) {
            Ok(file) => Ok(Origin::File(file)),
            Err(NotAsHashed::Changed) => Err(self.changed(path).await),
            Err(NotAsHashed::Unreadable(error)) => Err(Failure::here(&error)),
        }
    }

    async fn not_what_it_was(self: &Shared, item: &SealItem) -> Failure {
        match &item.source {
            Source::Path { path, .. } => {
                self.notice(CHANGED_IN_PLACE, &ChangedInPlace { path: path.clone() }).await;
                Failure::new(FetchFailure::Changed, "the shared file has changed")
            }
            Source::Store => Failure::new(FetchFailure::Local, "the stored content cannot be read"),
        }
    }

    pub(crate) async fn keep_bytes(&self, bytes: Vec<u8>) -> Result<(ContentId, Protected), Failure> {
        let added = self.contents.store().blobs().add_bytes(bytes).temp_tag().await;
        let tag = added.map_err(|error| Failure::request(&error))?;
        Ok((ContentId::new(*tag.hash().as_bytes()), ContentStore::protected(tag)))
    }

    /// Stores a stream; what ends with a fault leaves nothing behind.
    ///
    /// `InvalidData` says that the plain bytes are not the content, `InvalidInput` that a copy does not open.
    pub(crate) async fn keep_stream(
        &self,
        mut receiver: mpsc::Receiver<io::Result<Bytes>>,
    ) -> Result<(ContentId, Protected), Failure> {
        let (faults, fault) = oneshot::channel();
        let mut faults = Some(faults);
        // The store sees a fault as a stream that says nothing more and is let go: one that ends with an error can
        // make iroh-blobs 0.104 give two answers at once, which panics.
        let stream = futures_lite::stream::poll_fn(move |context| {
            if faults.is_none() {
                return Poll::Pending;
            }
            match receiver.poll_recv(context) {
                Poll::Ready(Some(Err(error))) => {
                    faults.take().map(|faults| faults.send(error));
                    Poll::Pending
                }
                next => next,
            }
        });
        let store = self.contents.store();
        let adding = async { store.blobs().add_stream(stream).await.temp_tag().await };
        let error = tokio::select! {
            added = adding => {
                let tag = added.map_err(|error| Failure::request(&error))?;
                return Ok((ContentId::new(*tag.hash().as_bytes()), ContentStore::protected(tag)));
            }
            Ok(error) = fault => error,
        };
        Err(match error.kind() {
            io::ErrorKind::InvalidData => {
                Failure::new(FetchFailure::Changed, "the bytes are not those of the content")
            }
            io::ErrorKind::InvalidInput => {
                Failure::new(FetchFailure::WrongBytes, "the copy is of something else")
            }
            _ => Failure::here(&error),
        })
    }
}
