//! Fetching ranges of a content from one provider: verified as they stream, kept as they come.

use std::num::NonZeroU64;
use std::sync::Arc;

use base::ContentId;
use files::jobs::{Fetch, FetchFailure, Fetched, Missing, MissingRanges};
use iroh_blobs::get::StreamPair;
use iroh_blobs::get::fsm::{
    AtBlobContent, AtBlobHeaderNextError, AtConnected, BlobContentNext, ConnectedNext, DecodeError,
    RequestCounters,
};
use iroh_blobs::protocol::GetRequest;

use crate::contents::hash_of;
use crate::failure::Failure;
use crate::protocol::Protocol;
use crate::ranges;
use crate::shared::Shared;

/// Items between stream and disk: 1 MiB.
const ITEMS_AHEAD: usize = 64;

impl Shared {
    /// Says what of a content is not here.
    pub(crate) async fn missing(&self, missing: Missing) -> Result<MissingRanges, Failure> {
        Ok(MissingRanges { ranges: self.contents.look_for(missing.content, missing.size).await? })
    }

    /// Fetches ranges. What came before a failure or a cancellation stays.
    pub(crate) async fn fetch(self: &Arc<Self>, fetch: Fetch) -> Result<Fetched, Failure> {
        let Some(size) = NonZeroU64::new(fetch.size) else { return Ok(Fetched { bytes: 0 }) };
        let chunks = ranges::chunks_of(&fetch.ranges, fetch.size);
        if chunks.is_empty() {
            return Ok(Fetched { bytes: 0 });
        }
        self.contents.make_room(ranges::bytes_in(&chunks, fetch.size))?;
        let protected = self.contents.protect(fetch.content).await?;
        let request = GetRequest::blob_ranges(hash_of(fetch.content), chunks);
        let fetched = self.fetch_and_settle(&fetch, size, request).await;
        self.contents.release([protected]).await;
        match fetched {
            Ok(bytes) => Ok(Fetched { bytes }),
            Err(failure) => {
                if failure.word == FetchFailure::WrongBytes {
                    self.admission.punish_wrong_bytes(fetch.provider);
                }
                Err(self.contents.recover(failure).await)
            }
        }
    }

    async fn fetch_and_settle(
        self: &Arc<Self>,
        fetch: &Fetch,
        size: NonZeroU64,
        request: GetRequest,
    ) -> Result<u64, Failure> {
        let bytes = self.fetch_request(fetch, size, request).await?;
        if !self.contents.settle(fetch.content, fetch.size).await? {
            self.write_behind(fetch.content);
        }
        Ok(bytes)
    }

    /// Has the disk begin with what came, beside the stream, so that the sync at the end finds little to do.
    fn write_behind(self: &Arc<Self>, content: ContentId) {
        let Some(turn) = self.contents.write_behind(content) else { return };
        self.tasks.spawn_blocking(move || turn.write());
    }

    async fn fetch_request(
        &self,
        fetch: &Fetch,
        size: NonZeroU64,
        request: GetRequest,
    ) -> Result<u64, Failure> {
        let line = self.line(fetch.provider, Protocol::Content).await?;
        let (send, receive) = line.connection().open_bi().await.map_err(|error| Failure::lost(&error))?;
        let pair = StreamPair::new(0, receive, send);
        let asked =
            AtConnected::new(pair.t0, pair.recv, pair.send, request, RequestCounters::default()).next();
        let asked = asked.await.map_err(|error| Failure::new(FetchFailure::Unreachable, error))?;
        let ConnectedNext::StartRoot(start) = asked else { return Ok(0) };
        let header = tokio::time::timeout(self.limits.answer, start.next().next()).await;
        let (content, said) = header
            .map_err(|_elapsed| Failure::new(FetchFailure::TimedOut, "no answer"))?
            .map_err(|error| unanswered(&error))?;
        if said != size.get() {
            let text = format_args!("{said} bytes instead of {size}");
            return Err(Failure::new(FetchFailure::WrongBytes, text));
        }
        self.take_in(fetch, size, content).await
    }

    /// Moves items from the stream to the store, which writes beside.
    async fn take_in(
        &self,
        fetch: &Fetch,
        size: NonZeroU64,
        mut content: AtBlobContent,
    ) -> Result<u64, Failure> {
        let store = self.contents.store();
        let import = store.blobs().import_bao(hash_of(fetch.content), size, ITEMS_AHEAD).await;
        let import = import.map_err(|error| Failure::new(FetchFailure::Local, error))?;
        let mut bytes = 0;
        let streamed = loop {
            let next = tokio::time::timeout(self.limits.silence, content.next()).await;
            let Ok(next) = next else {
                break Err(Failure::new(FetchFailure::TimedOut, "the provider is silent"));
            };
            match next {
                BlobContentNext::More((rest, Ok(item))) => {
                    content = rest;
                    bytes = content.stats().payload_bytes_read;
                    if import.tx.send(item).await.is_err() {
                        // The store has stopped writing; it says why below.
                        break Ok(());
                    }
                }
                BlobContentNext::More((_, Err(error))) => break Err(not_verified(&error)),
                BlobContentNext::Done(_) => break Ok(()),
            }
        };
        drop(import.tx);
        let written = import.rx.await.map_err(|error| Failure::new(FetchFailure::Local, error))?;
        streamed?;
        written.map_err(|error| Failure::store(&error))?;
        Ok(bytes)
    }
}

fn unanswered(error: &AtBlobHeaderNextError) -> Failure {
    match error {
        AtBlobHeaderNextError::NotFound { .. } => {
            Failure::new(FetchFailure::Refused, "the provider has nothing")
        }
        AtBlobHeaderNextError::Read { source, .. } => Failure::stream(source),
    }
}

fn not_verified(error: &DecodeError) -> Failure {
    match error {
        DecodeError::ParentHashMismatch { .. } | DecodeError::LeafHashMismatch { .. } => {
            Failure::new(FetchFailure::WrongBytes, error)
        }
        DecodeError::ChunkNotFound { .. }
        | DecodeError::ParentNotFound { .. }
        | DecodeError::LeafNotFound { .. } => Failure::new(FetchFailure::Refused, error),
        DecodeError::Read { source, .. } => Failure::stream(source),
        DecodeError::Write { source, .. } => Failure::here(source),
        _ => Failure::new(FetchFailure::Unreachable, error),
    }
}
