//! The content store: what this peer has fetched, whole or in part, verified as it came in.
//!
//! iroh-blobs keeps the bytes. Nothing is ever collected unless it was forgotten, so no tags are kept; files
//! that are shared in place are not in here (`in_place`).

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bao_tree::ChunkRanges;
use base::ContentId;
use files::jobs::{ByteRange, FetchFailure, SMALL_SIZE};
use iroh_blobs::api::{Store, TempTag};
use iroh_blobs::store::fs::FsStore;
use iroh_blobs::store::fs::options::{InlineOptions, Options, PathOptions};
use iroh_blobs::store::{GcConfig, ProtectCb, ProtectOutcome};
use iroh_blobs::{Hash, HashAndFormat};
use tokio::sync::{mpsc, oneshot};

use crate::NetworkError;
use crate::failure::Failure;
use crate::ranges;

/// Contents forgotten within this time leave together: each sweep walks all names in the store.
const FORGET_DELAY: Duration = Duration::from_millis(200);

/// The least time between two sweeps of iroh-blobs' collector, which waits for our request besides.
const SWEEP_INTERVAL: Duration = Duration::from_millis(10);

/// How long a store that stopped (its disk was full) may take to open again.
const REOPEN_TRIES: u32 = 50;
const REOPEN_WAIT: Duration = Duration::from_millis(100);

/// With less than this free, whatever could not be written failed for want of space: a database that stops does
/// not say why.
const FULL: u64 = 1024 * 1024;

/// Keeps contents.
#[derive(Debug)]
pub(crate) struct ContentStore {
    root: PathBuf,
    paths: PathOptions,
    /// Bytes of the disk that contents never take.
    reserve: u64,
    open: RwLock<Open>,
    reopening: tokio::sync::Mutex<()>,
    /// It stopped, and the last attempt to open it again failed.
    is_stopped: AtomicBool,
    /// Held to write by a sweep, to read by whoever begins or ends to write a content.
    sweeping: tokio::sync::RwLock<()>,
    forgotten: tokio::sync::Mutex<()>,
    waiting: Mutex<BTreeSet<Hash>>,
    /// Contents in part whose entry is known to survive a crash.
    rooted: Mutex<BTreeSet<Hash>>,
    /// Contents whose bytes are just being written to the disk.
    writing: Arc<Mutex<BTreeSet<ContentId>>>,
}

/// The turn to write what came of a content to the disk; one at a time for each.
#[derive(Debug)]
pub(crate) struct WriteBehind {
    content: ContentId,
    file: PathBuf,
    writing: Arc<Mutex<BTreeSet<ContentId>>>,
}

impl WriteBehind {
    /// Writes it, and blocks meanwhile. A failure is found again by the sync at the end.
    pub(crate) fn write(self) {
        let written = std::fs::File::open(&self.file).and_then(|file| file.sync_data());
        tracing::trace!(?written, "write-behind");
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.content);
    }
}

#[derive(Debug, Clone)]
struct Open {
    store: FsStore,
    sweeps: mpsc::Sender<Sweep>,
}

#[derive(Debug)]
struct Sweep {
    live: HashSet<Hash>,
    done: oneshot::Sender<()>,
}

/// A content that no sweep removes while this is held.
#[derive(Debug)]
pub(crate) struct Protected(TempTag);

/// Returns the store's name of a content; they are the same hash.
pub(crate) fn hash_of(content: ContentId) -> Hash {
    Hash::from_bytes(*content.as_bytes())
}

impl ContentStore {
    /// Opens the store in a folder, made if missing.
    pub(crate) async fn open(root: PathBuf, reserve: u64) -> Result<Self, NetworkError> {
        let opened = open_at(&root).await;
        let open = opened.map_err(|source| NetworkError::Contents { path: root.clone(), source })?;
        Ok(Self {
            paths: PathOptions::new(&root),
            root,
            reserve,
            open: RwLock::new(open),
            reopening: tokio::sync::Mutex::default(),
            is_stopped: AtomicBool::new(false),
            sweeping: tokio::sync::RwLock::default(),
            forgotten: tokio::sync::Mutex::default(),
            waiting: Mutex::default(),
            rooted: Mutex::default(),
            writing: Arc::default(),
        })
    }

    fn opened(&self) -> Open {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns iroh-blobs' store.
    pub(crate) fn store(&self) -> Store {
        self.opened().store.into()
    }

    /// Returns where the bytes of a whole content are, when they are in a file of their own.
    pub(crate) fn data_file(&self, content: ContentId) -> PathBuf {
        self.paths.data_path(&hash_of(content))
    }

    /// Returns where the hash tree of a whole content is, when it is in a file of its own.
    pub(crate) fn outboard_file(&self, content: ContentId) -> PathBuf {
        self.paths.outboard_path(&hash_of(content))
    }

    /// Says whether so many more bytes may be written.
    pub(crate) fn make_room(&self, wanted: u64) -> Result<(), Failure> {
        let free = self.free()?;
        if free < wanted.saturating_add(self.reserve) {
            let text = format_args!("{free} bytes free, {wanted} needed and {} kept free", self.reserve);
            return Err(Failure::new(FetchFailure::DiskFull, text));
        }
        Ok(())
    }

    fn free(&self) -> Result<u64, Failure> {
        let disk = rustix::fs::statvfs(&self.root).map_err(|error| Failure::here(&error.into()))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Keeps a content from being swept, whole or not, here or about to come.
    pub(crate) async fn protect(&self, content: ContentId) -> Result<Protected, Failure> {
        let _gate = self.sweeping.read().await;
        self.want_again(content);
        let tag = self.store().tags().temp_tag(HashAndFormat::raw(hash_of(content))).await;
        tag.map(Protected).map_err(|error| Failure::new(FetchFailure::Local, error))
    }

    /// Whoever was to forget a content need not any more: it was asked for again since.
    pub(crate) fn want_again(&self, content: ContentId) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash_of(content));
    }

    /// Takes over what the store itself protects.
    pub(crate) fn protected(tag: TempTag) -> Protected {
        Protected(tag)
    }

    /// Ends a protection; not in the middle of a sweep, which may have begun before the content came.
    pub(crate) async fn release(&self, protected: impl IntoIterator<Item = Protected>) {
        let _gate = self.sweeping.read().await;
        for Protected(tag) in protected {
            drop(tag);
        }
    }

    /// Returns what of a content is here. A store that has stopped is opened again first.
    pub(crate) async fn present(&self, content: ContentId) -> Result<ChunkRanges, Failure> {
        if let Ok(bitfield) = self.store().blobs().observe(hash_of(content)).await {
            return Ok(bitfield.ranges);
        }
        self.heal().await;
        let observed = self.store().blobs().observe(hash_of(content)).await;
        observed.map(|bitfield| bitfield.ranges).map_err(|error| Failure::new(FetchFailure::Local, error))
    }

    /// Returns what of a content that somebody wants now is not here; what is stays, also if it was to be forgotten.
    pub(crate) async fn look_for(&self, content: ContentId, size: u64) -> Result<Vec<ByteRange>, Failure> {
        let gate = self.sweeping.read().await;
        self.want_again(content);
        drop(gate);
        self.missing(content, size).await
    }

    /// Returns what of a content is not here.
    pub(crate) async fn missing(&self, content: ContentId, size: u64) -> Result<Vec<ByteRange>, Failure> {
        Ok(ranges::missing(&self.present(content).await?, size))
    }

    /// Makes what came survive a power cut when the content is whole, and a crash when it is not. Says whether
    /// it is whole.
    pub(crate) async fn settle(&self, content: ContentId, size: u64) -> Result<bool, Failure> {
        let hash = hash_of(content);
        let is_whole = self.missing(content, size).await?.is_empty();
        let is_first = self.rooted.lock().unwrap_or_else(PoisonError::into_inner).insert(hash);
        if is_whole {
            let files = [self.data_file(content), self.outboard_file(content)];
            let synced = tokio::task::spawn_blocking(move || files.iter().try_for_each(|file| sync(file)));
            synced
                .await
                .map_err(|error| Failure::new(FetchFailure::Local, error))?
                .map_err(|e| Failure::here(&e))?;
            self.rooted.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash);
        }
        if is_whole || is_first {
            self.commit().await?;
        }
        Ok(is_whole)
    }

    /// Returns the turn to write what came of a content to the disk, if nobody has it.
    pub(crate) fn write_behind(&self, content: ContentId) -> Option<WriteBehind> {
        let place = self.writing.lock().unwrap_or_else(PoisonError::into_inner).insert(content);
        place.then(|| WriteBehind {
            content,
            file: self.data_file(content),
            writing: Arc::clone(&self.writing),
        })
    }

    /// Makes the store's names durable.
    pub(crate) async fn commit(&self) -> Result<(), Failure> {
        self.store().sync_db().await.map_err(|error| Failure::new(FetchFailure::Local, error))
    }

    /// Opens the store anew if a failure has stopped it, and says so when it was for want of space.
    pub(crate) async fn recover(&self, mut failure: Failure) -> Failure {
        if matches!(failure.word, FetchFailure::Local | FetchFailure::DiskFull) {
            if self.free().is_ok_and(|free| free < FULL) {
                failure.word = FetchFailure::DiskFull;
            }
            self.heal().await;
        }
        failure
    }

    /// Opens the store anew if it has stopped, as iroh-blobs' does when its disk is full.
    async fn heal(&self) {
        let _one = self.reopening.lock().await;
        if self.store().sync_db().await.is_ok() {
            return;
        }
        tracing::warn!("the content store has stopped, it is opened again");
        // Tried in vain before: the disk is still full, most likely, and nobody should wait for it each time.
        let tries = if self.is_stopped.load(Ordering::Relaxed) { 1 } else { REOPEN_TRIES };
        for _ in 0..tries {
            match open_at(&self.root).await {
                Ok(open) => {
                    *self.open.write().unwrap_or_else(PoisonError::into_inner) = open;
                    // What the old one had not committed is gone with it.
                    self.rooted.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    self.is_stopped.store(false, Ordering::Relaxed);
                    return;
                }
                Err(error) => tracing::debug!(%error, "the content store does not open yet"),
            }
            tokio::time::sleep(REOPEN_WAIT).await;
        }
        self.is_stopped.store(true, Ordering::Relaxed);
        tracing::error!("the content store does not open again");
    }

    /// Removes a content, whole or in part; unknown ones are fine. What is being fetched right now stays.
    pub(crate) async fn forget(&self, content: ContentId) -> Result<(), Failure> {
        let hash = hash_of(content);
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(hash);
        let _turn = self.forgotten.lock().await;
        if !self.waiting.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash) {
            return Ok(());
        }
        tokio::time::sleep(FORGET_DELAY).await;
        self.sweep().await
    }

    async fn sweep(&self) -> Result<(), Failure> {
        let _gate = self.sweeping.write().await;
        // Only now: what somebody has asked for again before stays.
        let gone = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let broken = |error: &dyn std::fmt::Display| Failure::new(FetchFailure::Local, error);
        let Open { store, sweeps } = self.opened();
        let all = store.blobs().list().hashes().await.map_err(|error| broken(&error))?;
        let live = all.into_iter().filter(|hash| !gone.contains(hash)).collect();
        let (done, swept) = oneshot::channel();
        sweeps.send(Sweep { live, done }).await.map_err(|error| broken(&error))?;
        swept.await.map_err(|error| broken(&error))
    }

    /// Puts a damaged content aside and removes it, so that it can be fetched again.
    ///
    /// Its file stays in `damaged` (a link, no copy): perhaps nobody else has the bytes that are still good.
    pub(crate) async fn put_aside(&self, content: ContentId) -> Result<(), Failure> {
        let data = self.data_file(content);
        let aside = self.root.join("damaged").join(content.to_string());
        let linked = tokio::task::spawn_blocking(move || link_aside(&data, &aside)).await;
        match linked {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Failure::here(&error)),
            Err(error) => return Err(Failure::new(FetchFailure::Local, error)),
        }
        self.forget(content).await
    }

    /// Returns the bytes that all contents take on the disk.
    pub(crate) async fn kept_bytes(&self) -> u64 {
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || bytes_below(&root)).await.unwrap_or(0)
    }

    /// Closes the store; what was written is durable then.
    pub(crate) async fn close(&self) {
        if let Err(error) = self.store().shutdown().await {
            tracing::warn!(%error, "the content store did not close in order");
        }
    }
}

async fn open_at(root: &Path) -> io::Result<Open> {
    std::fs::create_dir_all(root)?;
    let (sweeps, requests) = mpsc::channel(1);
    let mut options = Options::new(root);
    // What travels in bundles is kept in the database: no file of its own, and durable with the commit.
    options.inline = InlineOptions { max_data_inlined: SMALL_SIZE, ..InlineOptions::default() };
    options.gc = Some(collector(requests));
    let store = FsStore::load_with_opts(root.join("blobs.db"), options).await.map_err(io::Error::other)?;
    Ok(Open { store, sweeps })
}

/// Makes iroh-blobs' collector wait for a request, which names what stays.
fn collector(requests: mpsc::Receiver<Sweep>) -> GcConfig {
    let state = Arc::new(tokio::sync::Mutex::new((requests, None::<oneshot::Sender<()>>)));
    let wait: ProtectCb = Arc::new(move |live| {
        let state = Arc::clone(&state);
        Box::pin(async move {
            let mut state = state.lock().await;
            let (requests, running) = &mut *state;
            // Asked again, it has finished the sweep before.
            if let Some(done) = running.take()
                && done.send(()).is_err()
            {
                tracing::debug!("nobody waits for the end of a sweep");
            }
            let Some(sweep) = requests.recv().await else {
                // The store was opened anew, and this is the collector of the old one. Aborting would bring it back
                // here at once and for ever; an empty set of what stays would have it remove everything.
                return std::future::pending().await;
            };
            live.extend(sweep.live);
            *running = Some(sweep.done);
            ProtectOutcome::Continue
        })
    });
    GcConfig { interval: SWEEP_INTERVAL, add_protected: Some(wait) }
}

fn sync(file: &Path) -> io::Result<()> {
    match std::fs::File::open(file) {
        Ok(file) => file.sync_all(),
        // Small contents and small trees are in the database.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn link_aside(data: &Path, aside: &Path) -> io::Result<()> {
    if let Some(folder) = aside.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::hard_link(data, aside) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => std::os::unix::fs::MetadataExt::blocks(&metadata).saturating_mul(512),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_asked_for_again_before_it_is_gone_stays() {
        let folder = tempfile::tempdir().unwrap();
        let contents = ContentStore::open(folder.path().to_owned(), 0).await.unwrap();
        let mut both = Vec::new();
        for bytes in [&b"asked for again"[..], b"forgotten"] {
            let tag = contents.store().blobs().add_bytes(bytes.to_vec()).temp_tag().await.unwrap();
            let content = ContentId::new(*tag.hash().as_bytes());
            contents.release([ContentStore::protected(tag)]).await;
            both.push((content, bytes.len() as u64));
        }
        let [(again, size), (gone, gone_size)] = both[..] else { panic!("two were added") };
        let forgotten = async { tokio::join!(contents.forget(again), contents.forget(gone)) };
        let asked = async {
            tokio::time::sleep(FORGET_DELAY / 4).await;
            contents.look_for(again, size).await.unwrap()
        };
        let (_, missing) = tokio::join!(forgotten, asked);
        assert_eq!(missing, []);
        assert_eq!(contents.missing(again, size).await.unwrap(), []);
        assert_ne!(contents.missing(gone, gone_size).await.unwrap(), []);
        contents.close().await;
    }
}
