//! Serving contents by ranges, in the protocol of iroh-blobs: each request is authorised anew, each byte verified.
//!
//! Only plain reads of single contents are answered; pushing, observing and collections are not in our protocol.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bao_tree::ChunkRanges;
use bao_tree::io::EncodeError;
use bao_tree::io::mixed::{EncodedItem, Sender, traverse_ranges_validated};
use bao_tree::io::outboard::PreOrderOutboard;
use base::{ContentId, DeviceId};
use bytes::{Bytes, BytesMut};
use files::jobs::{CHANGED_IN_PLACE, ChangedInPlace, DAMAGED, Damaged, Source, Stat};
use futures_lite::StreamExt;
use guard::Gate;
use guard::jobs::Deed;
use iroh::endpoint::{RecvStream, SendStream, VarInt, WriteError};
use iroh_blobs::protocol::{GetRequest, Request};
use iroh_blobs::store::IROH_BLOCK_SIZE;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admission::Registration;
use crate::contents::hash_of;
use crate::crowd::{Crowds, Turn};
use crate::in_place::{FileData, NotAsHashed, open_as_hashed};
use crate::outboards::{Hashes, root_of};
use crate::protocol::code;
use crate::shared::Shared;

/// Requests of one connection that are answered at the same time; others wait in the connection.
const REQUESTS_MAX: usize = 16;

/// How long a request may take to arrive.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// Bytes handed to the connection at once.
const STEP: usize = 128 * 1024;

/// Why a request was not answered to its end.
#[derive(Debug)]
enum Unserved {
    /// Nothing to the asker's account; it hears this code.
    Because(VarInt),
    /// The asker has gone.
    Gone,
}

impl From<WriteError> for Unserved {
    fn from(_: WriteError) -> Self {
        Self::Gone
    }
}

impl Shared {
    /// Answers requests on a connection until it ends.
    pub(crate) async fn serve_contents(self: Arc<Self>, registration: Registration) {
        let registration = Arc::new(registration);
        let places = Arc::new(Semaphore::new(REQUESTS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let Ok((send, receive)) = registration.connection().accept_bi().await else { break };
            let request = Asked { registration: Arc::clone(&registration), send, receive, place };
            // Reading files blocks now and then, so it has threads of its own.
            self.tasks.spawn_on(Arc::clone(&self).serve_request(request), &self.disk);
        }
    }

    async fn serve_request(self: Arc<Self>, asked: Asked) {
        let Asked { registration, mut send, mut receive, place } = asked;
        let asker = registration.device();
        let read = tokio::time::timeout(REQUEST_TIME_MAX, Request::read_async(&mut receive)).await;
        let request = match read {
            Ok(Ok((Request::Get(request), _))) if request.ranges.is_blob() => request,
            Ok(Ok(_)) => return reset(&mut send, code::REFUSED),
            Ok(Err(_)) | Err(_) => return reset(&mut send, code::VIOLATION),
        };
        let content = ContentId::new(*request.hash.as_bytes());
        let served = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Unserved::Because(code::STOPPING)),
            () = self.right_is_lost(asker, content) => Err(Unserved::Because(code::REFUSED)),
            served = self.answer(asker, content, &request, &mut send) => served,
        };
        match served {
            Ok(()) => {
                self.crowds.done(content, asker);
                if send.finish().is_err() {
                    tracing::trace!("the asker has gone");
                }
            }
            Err(Unserved::Because(code)) => reset(&mut send, code),
            Err(Unserved::Gone) => {}
        }
        drop(place);
    }

    /// Returns the code that names somebody who got the content here, in a web of the asker's, when many ask for it.
    fn turned_away(&self, asker: DeviceId, content: ContentId) -> Option<VarInt> {
        match self.crowds.ask(content, asker, Instant::now()) {
            Turn::Give => None,
            Turn::Wait => Some(code::elsewhere(None)),
            Turn::Name(others) => {
                let fellows = self.rights.fellows(asker, content, &others);
                fellows.first().map(|other| code::elsewhere(Some(*other)))
            }
        }
    }

    /// Ends when the asker has lost the right to a content it has: somebody was removed.
    async fn right_is_lost(&self, asker: DeviceId, content: ContentId) {
        let mut losses = self.admission.losses();
        while losses.changed().await.is_ok() {
            if self.source(asker, content).is_none() {
                return;
            }
        }
    }

    /// Remembers that somebody asked for what is here for webs it is not in.
    pub(crate) fn note_foreign(&self, asker: DeviceId, refused: &[ContentId]) {
        let times = self.rights.foreign(asker, refused);
        if times > 0 {
            self.admission.oddities().note_times(asker, None, Deed::AskedForOthers, times);
        }
    }

    /// Returns where a content lies if the asker has a right to it now.
    pub(crate) fn source(&self, asker: DeviceId, content: ContentId) -> Option<Source> {
        if !self.admission.is_admitted(asker) {
            return None;
        }
        self.rights.sources(asker, &[content]).pop().flatten()
    }

    async fn answer(
        self: &Arc<Self>,
        asker: DeviceId,
        content: ContentId,
        request: &GetRequest,
        send: &mut SendStream,
    ) -> Result<(), Unserved> {
        let Some(source) = self.source(asker, content) else {
            self.note_foreign(asker, &[content]);
            return Err(Unserved::Because(code::REFUSED));
        };
        match self.looked_through(asker, &[content]).await.pop() {
            Some(Gate::Open) => {}
            Some(Gate::NotYet) => return Err(Unserved::Because(code::elsewhere(None))),
            Some(Gate::Shut(_)) | None => return Err(Unserved::Because(code::REFUSED)),
        }
        if let Some(code) = self.turned_away(asker, content) {
            return Err(Unserved::Because(code));
        }
        let Some(ranges) = request.ranges.iter_infinite().next().cloned() else { return Ok(()) };
        let out = Out { send, crowds: &self.crowds, buffer: BytesMut::new(), failed: None };
        match source {
            Source::Path { path, stat } => self.answer_in_place(content, &path, &stat, &ranges, out).await,
            Source::Store => self.answer_stored(content, &ranges, out).await,
        }
    }

    async fn answer_in_place(
        &self,
        content: ContentId,
        path: &str,
        stat: &Stat,
        ranges: &ChunkRanges,
        mut out: Out<'_>,
    ) -> Result<(), Unserved> {
        let answered = async {
            let file = open_as_hashed(path, stat)?;
            // Said at once: the asker then knows that we are reading, which may take a while the first time.
            out.send.write_chunk(Bytes::copy_from_slice(&stat.size.to_le_bytes())).await?;
            let outboard = self.outboards.of(content, &file, stat.size).await?;
            traverse_ranges_validated(FileData(file), outboard, ranges, &mut out).await?;
            out.flush().await?;
            match out.failed.take() {
                None => Ok(()),
                Some(EncodeError::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    Err(Stopped::File(NotAsHashed::Unreadable(error)))
                }
                Some(_) => Err(Stopped::File(NotAsHashed::Changed)),
            }
        };
        match answered.await {
            Ok(()) => Ok(()),
            Err(Stopped::Asker) => Err(Unserved::Gone),
            Err(Stopped::File(NotAsHashed::Changed)) => {
                self.outboards.remove(content);
                self.notice(CHANGED_IN_PLACE, &ChangedInPlace { path: path.to_owned() }).await;
                Err(Unserved::Because(code::CHANGED))
            }
            Err(Stopped::File(NotAsHashed::Unreadable(error))) => {
                tracing::warn!(content = %content.short(), %error, "a shared file cannot be read");
                Err(Unserved::Because(code::BROKEN))
            }
        }
    }

    async fn answer_stored(
        self: &Arc<Self>,
        content: ContentId,
        ranges: &ChunkRanges,
        mut out: Out<'_>,
    ) -> Result<(), Unserved> {
        let present =
            self.contents.present(content).await.map_err(|_store| Unserved::Because(code::BROKEN))?;
        if !ranges.is_subset(&present) {
            return Err(Unserved::Because(code::NOT_HERE));
        }
        if let Some((file, outboard)) = self.stored_files(content).await {
            out.send.write_chunk(Bytes::copy_from_slice(&outboard.tree.size().to_le_bytes())).await?;
            traverse_ranges_validated(file, outboard, ranges, &mut out).await?;
        } else {
            let mut items =
                self.contents.store().blobs().export_bao(hash_of(content), ranges.clone()).stream();
            while let Some(item) = items.next().await {
                if let EncodedItem::Size(size) = item {
                    out.send.write_chunk(Bytes::copy_from_slice(&size.to_le_bytes())).await?;
                }
                Sender::send(&mut out, item).await?;
            }
        }
        out.flush().await?;
        let Some(failed) = out.failed.take() else { return Ok(()) };
        if is_damage(&failed) {
            self.damaged(content);
        }
        Err(Unserved::Because(code::BROKEN))
    }

    /// Opens the files of a content that is whole and large enough to have its own: streaming from them costs
    /// half of what it costs through the store's channels. `None` sends the caller to the store.
    pub(crate) async fn stored_files(
        &self,
        content: ContentId,
    ) -> Option<(FileData, PreOrderOutboard<Hashes>)> {
        use iroh_blobs::api::blobs::BlobStatus;
        let status = self.contents.store().blobs().status(hash_of(content)).await.ok()?;
        let BlobStatus::Complete { size } = status else { return None };
        let data = std::fs::File::open(self.contents.data_file(content)).ok()?;
        let hashes = std::fs::File::open(self.contents.outboard_file(content)).ok()?;
        let tree = bao_tree::BaoTree::new(size, IROH_BLOCK_SIZE);
        let outboard =
            PreOrderOutboard { root: root_of(content), tree, data: Hashes::File(Arc::new(hashes)) };
        Some((FileData(Arc::new(data)), outboard))
    }

    /// Notes that a stored content is not what it was: it is put aside, and the deciders are told.
    pub(crate) fn damaged(self: &Arc<Self>, content: ContentId) {
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            tracing::error!(content = %content.short(), "a stored content is damaged");
            if let Err(failure) = shared.contents.put_aside(content).await {
                tracing::error!(%failure, "a damaged content could not be put aside");
            }
            shared.notice(DAMAGED, &Damaged { content }).await;
        });
    }
}

/// A request that came in.
struct Asked {
    registration: Arc<Registration>,
    send: SendStream,
    receive: RecvStream,
    place: OwnedSemaphorePermit,
}

/// Why streaming a shared file stopped.
enum Stopped {
    Asker,
    File(NotAsHashed),
}

impl From<WriteError> for Stopped {
    fn from(_: WriteError) -> Self {
        Self::Asker
    }
}

impl From<NotAsHashed> for Stopped {
    fn from(error: NotAsHashed) -> Self {
        Self::File(error)
    }
}

/// Says whether an error means that bytes or hashes are not those of the content.
pub(crate) fn is_damage(error: &EncodeError) -> bool {
    match error {
        EncodeError::ParentHashMismatch(_) | EncodeError::LeafHashMismatch(_) | EncodeError::SizeMismatch => {
            true
        }
        EncodeError::Io(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
        EncodeError::ParentWrite(_) | EncodeError::LeafWrite(_) => false,
    }
}

fn reset(send: &mut SendStream, code: VarInt) {
    if send.reset(code).is_err() {
        tracing::trace!("the stream had ended");
    }
}

/// Gathers items and hands them to the connection in large steps.
struct Out<'a> {
    send: &'a mut SendStream,
    crowds: &'a Crowds,
    buffer: BytesMut,
    failed: Option<EncodeError>,
}

impl Out<'_> {
    async fn flush(&mut self) -> Result<(), WriteError> {
        if self.buffer.is_empty() || self.failed.is_some() {
            return Ok(());
        }
        let bytes = self.buffer.len();
        self.send.write_chunk(self.buffer.split().freeze()).await?;
        self.crowds.gave(bytes);
        Ok(())
    }
}

impl Sender for Out<'_> {
    type Error = WriteError;

    async fn send(&mut self, item: EncodedItem) -> Result<(), WriteError> {
        match item {
            // Written before by whoever knows it earlier.
            EncodedItem::Size(_) | EncodedItem::Done => {}
            EncodedItem::Parent(parent) => {
                self.buffer.extend_from_slice(parent.pair.0.as_bytes());
                self.buffer.extend_from_slice(parent.pair.1.as_bytes());
            }
            EncodedItem::Leaf(leaf) => self.buffer.extend_from_slice(&leaf.data),
            EncodedItem::Error(error) => self.failed = Some(error),
        }
        if self.buffer.len() >= STEP {
            self.flush().await?;
            self.buffer.reserve(STEP + 32 * 1024);
        }
        Ok(())
    }
}
