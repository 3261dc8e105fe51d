//! Bundles: many small contents in one request, for folders with thousands of small files.
//!
//! ```text
//! asker                                         provider
//!   length (4 bytes), [web, [[content, size]…]] ->
//!                                              <- for each item: 0 and its bytes, or why not (1 byte)
//! ```
//! The provider authorises each item; the asker checks each against its name before it is stored.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use base::{ContentId, DeviceId, WebId};
use bytes::Bytes;
use files::jobs::{
    BUNDLE_ITEMS_MAX, BUNDLE_SIZE_MAX, Bundle, BundleItem, Bundled, CHANGED_IN_PLACE, ChangedInPlace,
    FetchFailure, ItemOutcome, SMALL_SIZE, Source,
};
use guard::Gate;
use iroh::endpoint::{ReadExactError, RecvStream, SendStream};
use minicbor::{Decode, Encode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::admission::Registration;
use crate::contents::{ContentStore, Protected, hash_of};
use crate::failure::Failure;
use crate::in_place::{NotAsHashed, open_as_hashed};
use crate::protocol::{Protocol, code};
use crate::shared::Shared;

/// Requests of one connection that are answered at the same time; each holds its answer in memory.
const REQUESTS_MAX: usize = 4;

/// Bytes of a request at most: the items take about 45 each.
const REQUEST_SIZE_MAX: usize = 16 * 1024;

/// How long a request may take to arrive.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// Bytes handed to the connection at once.
const STEP: usize = 128 * 1024;

const HERE: u8 = 0;
const REFUSED: u8 = 1;

#[derive(Debug, Encode, Decode)]
struct Request {
    #[n(0)]
    web: WebId,
    #[n(1)]
    items: Vec<BundleItem>,
}

impl Request {
    fn is_within_limits(&self) -> bool {
        let size = self.items.iter().fold(0_u64, |sum, item| sum.saturating_add(item.size));
        self.items.len() <= BUNDLE_ITEMS_MAX
            && size <= BUNDLE_SIZE_MAX
            && self.items.iter().all(|item| item.size < SMALL_SIZE)
    }
}

impl Shared {
    /// Answers requests on a connection until it ends.
    pub(crate) async fn serve_bundles(self: Arc<Self>, registration: Registration) {
        let registration = Arc::new(registration);
        let places = Arc::new(Semaphore::new(REQUESTS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let Ok((send, receive)) = registration.connection().accept_bi().await else { break };
            let served = Arc::clone(&self).serve_bundle(Arc::clone(&registration), send, receive, place);
            self.tasks.spawn(served);
        }
    }

    async fn serve_bundle(
        self: Arc<Self>,
        registration: Arc<Registration>,
        mut send: SendStream,
        mut receive: RecvStream,
        place: OwnedSemaphorePermit,
    ) {
        let asker = registration.device();
        let read = tokio::time::timeout(REQUEST_TIME_MAX, read_request(&mut receive)).await;
        let Ok(Some(request)) = read else {
            drop(registration);
            return self.admission.punish(asker, "a bundle request outside of its limits");
        };
        let answered = tokio::select! {
            () = self.stop.cancelled() => None,
            answered = tokio::time::timeout(self.limits.bundle, self.answer_bundle(asker, request, &mut send)) => {
                answered.ok().flatten()
            }
        };
        if answered.is_none() && send.reset(code::BROKEN).is_err() {
            tracing::trace!("the asker has gone");
        }
        drop(place);
    }

    async fn answer_bundle(&self, asker: DeviceId, request: Request, send: &mut SendStream) -> Option<()> {
        let contents: Vec<ContentId> = request.items.iter().map(|item| item.content).collect();
        let sources = if self.admission.is_admitted(asker) {
            self.rights.sources(asker, &contents)
        } else {
            Vec::new()
        };
        let refused: Vec<ContentId> = contents
            .iter()
            .zip(&sources)
            .filter(|(_, source)| source.is_none())
            .map(|(content, _)| *content)
            .collect();
        self.note_foreign(asker, &refused);
        // Nobody waits for what there is no right to: that would tell that it is here.
        let given: Vec<ContentId> = contents
            .iter()
            .zip(&sources)
            .filter(|(_, source)| source.is_some())
            .map(|(content, _)| *content)
            .collect();
        let gates = self.looked_through(asker, &given).await;
        let shut: BTreeSet<ContentId> = given
            .iter()
            .zip(gates)
            .filter(|(_, gate)| *gate != Gate::Open)
            .map(|(content, _)| *content)
            .collect();
        let sources = contents
            .iter()
            .zip(sources)
            .map(|(content, source)| source.filter(|_| !shut.contains(content)))
            .collect::<Vec<_>>();
        let wanted: Vec<(BundleItem, Option<Source>)> =
            request.items.into_iter().zip(sources.into_iter().chain(std::iter::repeat(None))).collect();
        let stored = self.read_stored(&wanted).await;
        let read = tokio::task::spawn_blocking(move || read_all(&wanted, stored)).await.ok()?;
        for path in read.changed {
            self.notice(CHANGED_IN_PLACE, &ChangedInPlace { path }).await;
        }
        // A removal closes the connection, and with it this stream; what is authorised above was so a moment ago.
        let mut answer = Bytes::from(read.answer);
        while !answer.is_empty() {
            let step = answer.split_to(answer.len().min(STEP));
            let bytes = step.len();
            send.write_chunk(step).await.ok()?;
            self.crowds.gave(bytes);
        }
        send.finish().ok()
    }

    /// Reads the items that lie in the store, verified.
    async fn read_stored(&self, wanted: &[(BundleItem, Option<Source>)]) -> Vec<Option<Bytes>> {
        let store = self.contents.store();
        let mut stored = Vec::with_capacity(wanted.len());
        for (item, source) in wanted {
            let bytes = match source {
                Some(Source::Store) => store.blobs().get_bytes(hash_of(item.content)).await.ok(),
                _ => None,
            };
            stored.push(bytes);
        }
        stored
    }

    /// Fetches many small contents. Each item has its own outcome.
    pub(crate) async fn fetch_bundle(self: &Arc<Self>, bundle: Bundle) -> Result<Bundled, Failure> {
        let request = Request { web: bundle.web, items: bundle.items.clone() };
        if !request.is_within_limits() {
            return Err(Failure::new(FetchFailure::Local, "a bundle outside of its limits"));
        }
        self.contents.make_room(BUNDLE_SIZE_MAX)?;
        let mut outcomes = vec![ItemOutcome::Failed; bundle.items.len()];
        let mut wanted = Vec::with_capacity(bundle.items.len());
        for (place, item) in bundle.items.iter().enumerate() {
            // It may be on the list of what is to be forgotten: from now on it is not.
            let missing = self.contents.look_for(item.content, item.size).await;
            if missing.is_ok_and(|missing| missing.is_empty()) {
                set(&mut outcomes, place, ItemOutcome::Arrived);
            } else {
                wanted.push((place, *item));
            }
        }
        if wanted.is_empty() {
            return Ok(Bundled { outcomes });
        }
        let line = self.line(bundle.provider, Protocol::Bundle).await?;
        let fetched = tokio::time::timeout(
            self.limits.bundle,
            self.fetch_items(&line, bundle.web, &wanted, &mut outcomes),
        );
        let fetched =
            fetched.await.unwrap_or(Err(Failure::new(FetchFailure::TimedOut, "the provider is too slow")));
        if outcomes.contains(&ItemOutcome::Wrong) {
            self.admission.punish_wrong_bytes(bundle.provider);
        }
        // What came before a failure counts; with nothing at all the job fails and says why.
        match fetched {
            Err(failure) if !outcomes.contains(&ItemOutcome::Arrived) => Err(failure),
            _ => Ok(Bundled { outcomes }),
        }
    }

    async fn fetch_items(
        &self,
        line: &Registration,
        web: WebId,
        wanted: &[(usize, BundleItem)],
        outcomes: &mut [ItemOutcome],
    ) -> Result<(), Failure> {
        let (mut send, mut receive) =
            line.connection().open_bi().await.map_err(|error| Failure::lost(&error))?;
        let request = wire::to_bytes(&Request { web, items: wanted.iter().map(|(_, item)| *item).collect() });
        let length = u32::try_from(request.len()).unwrap_or(u32::MAX).to_be_bytes();
        send.write_all(&[&length, request.as_slice()].concat())
            .await
            .map_err(|e| Failure::stream(&e.into()))?;
        if send.finish().is_err() {
            return Err(Failure::new(FetchFailure::Unreachable, "the stream has ended"));
        }
        let mut storing = JoinSet::new();
        let mut streamed = Ok(());
        for (place, item) in wanted {
            match read_item(&mut receive, item.size).await {
                Ok(None) => set(outcomes, *place, ItemOutcome::Refused),
                Ok(Some(bytes)) if blake3::hash(&bytes).as_bytes() == item.content.as_bytes() => {
                    self.contents.want_again(item.content);
                    let (store, place) = (self.contents.store(), *place);
                    storing.spawn(async move { (place, store.blobs().add_bytes(bytes).temp_tag().await) });
                }
                Ok(Some(_)) => set(outcomes, *place, ItemOutcome::Wrong),
                Err(failure) => {
                    streamed = Err(failure);
                    break;
                }
            }
        }
        let stored = store_all(&self.contents, storing, outcomes).await;
        match stored {
            Ok(()) => streamed,
            Err(failure) => Err(self.contents.recover(failure).await),
        }
    }
}

/// Waits until all items are stored and durable, and notes them as arrived.
async fn store_all(
    contents: &ContentStore,
    mut storing: JoinSet<(usize, iroh_blobs::api::RequestResult<iroh_blobs::api::TempTag>)>,
    outcomes: &mut [ItemOutcome],
) -> Result<(), Failure> {
    let mut stored: Vec<(usize, Protected)> = Vec::new();
    let mut failed = None;
    while let Some(joined) = storing.join_next().await {
        match joined {
            Ok((place, Ok(tag))) => stored.push((place, ContentStore::protected(tag))),
            Ok((_, Err(error))) => failed = Some(Failure::request(&error)),
            Err(error) => failed = Some(Failure::new(FetchFailure::Local, error)),
        }
    }
    contents.commit().await?;
    let places: Vec<usize> = stored.iter().map(|(place, _)| *place).collect();
    contents.release(stored.into_iter().map(|(_, protected)| protected)).await;
    for place in places {
        set(outcomes, place, ItemOutcome::Arrived);
    }
    failed.map_or(Ok(()), Err)
}

async fn read_request(from: &mut RecvStream) -> Option<Request> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await.ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    if length > REQUEST_SIZE_MAX {
        return None;
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await.ok()?;
    let request: Request = wire::from_bytes(&body, REQUEST_SIZE_MAX).ok()?;
    request.is_within_limits().then_some(request)
}

/// Reads the answer to one item; `None` when it was refused.
async fn read_item(from: &mut RecvStream, size: u64) -> Result<Option<Bytes>, Failure> {
    let mut status = [0; 1];
    read_exact(from, &mut status).await?;
    if status != [HERE] {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    read_exact(from, &mut bytes).await?;
    Ok(Some(bytes.into()))
}

async fn read_exact(from: &mut RecvStream, into: &mut [u8]) -> Result<(), Failure> {
    from.read_exact(into).await.map_err(|error| match error {
        ReadExactError::FinishedEarly(_) => Failure::new(FetchFailure::Unreachable, "the answer ends early"),
        ReadExactError::ReadError(error) => Failure::stream(&error.into()),
    })
}

fn set(outcomes: &mut [ItemOutcome], place: usize, outcome: ItemOutcome) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = outcome;
    }
}

/// An answer, and the shared files that were not as they were hashed.
struct ReadItems {
    answer: Vec<u8>,
    changed: Vec<String>,
}

fn read_all(wanted: &[(BundleItem, Option<Source>)], stored: Vec<Option<Bytes>>) -> ReadItems {
    let mut read = ReadItems { answer: Vec::new(), changed: Vec::new() };
    for ((item, source), stored) in wanted.iter().zip(stored) {
        let bytes = match source {
            Some(Source::Path { path, stat }) if stat.size == item.size => {
                match read_file(path, stat, item.content) {
                    Ok(bytes) => Some(bytes.into()),
                    Err(NotAsHashed::Changed) => {
                        read.changed.push(path.clone());
                        None
                    }
                    Err(NotAsHashed::Unreadable(error)) => {
                        tracing::warn!(content = %item.content.short(), %error, "a shared file cannot be read");
                        None
                    }
                }
            }
            _ => stored,
        };
        match bytes.filter(|bytes: &Bytes| u64::try_from(bytes.len()) == Ok(item.size)) {
            Some(bytes) => {
                read.answer.push(HERE);
                read.answer.extend_from_slice(&bytes);
            }
            None => read.answer.push(REFUSED),
        }
    }
    read
}

fn read_file(path: &str, stat: &files::jobs::Stat, content: ContentId) -> Result<Vec<u8>, NotAsHashed> {
    let file = open_as_hashed(path, stat)?;
    let mut bytes = Vec::with_capacity(usize::try_from(stat.size).unwrap_or(0));
    (&*file).take(SMALL_SIZE).read_to_end(&mut bytes).map_err(NotAsHashed::Unreadable)?;
    if blake3::hash(&bytes).as_bytes() == content.as_bytes() { Ok(bytes) } else { Err(NotAsHashed::Changed) }
}
