//! Saving a plain copy of a content into a folder of the person: verified, complete or not there, never over
//! another file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bao_tree::ChunkRanges;
use bao_tree::io::mixed::EncodedItem;
use base::ContentId;
use bytes::Bytes;
use files::jobs::{CHANGED_IN_PLACE, ChangedInPlace, FetchFailure, Save, Saved, Source};
use futures_lite::StreamExt;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::contents::hash_of;
use crate::failure::Failure;
use crate::in_place::{NotAsHashed, open_as_hashed};
use crate::names::{numbered, safe_name};
use crate::serve::is_damage;
use crate::shared::Shared;

/// Copies written at the same time: small files wait for the disk, not for each other.
static PLACES: Semaphore = Semaphore::const_new(16);

/// Files of one name in a folder at most.
const NAMESAKES_MAX: u32 = 1_000;

/// Bytes copied at once.
const STEP: usize = 1024 * 1024;

/// Chunks that wait for a slow disk.
const CHUNKS_AHEAD: usize = 64;

/// Where the bytes of a copy come from.
enum Origin {
    /// Streamed out of the store, verified there.
    Stream(mpsc::Receiver<io::Result<Bytes>>),
    /// A file; what was copied is verified at the end.
    File(Arc<File>),
}

impl Shared {
    /// Saves a copy.
    pub(crate) async fn save(
        self: &Arc<Self>,
        save: Save,
        cancel: CancellationToken,
    ) -> Result<Saved, Failure> {
        let _place = PLACES.acquire().await.map_err(|error| Failure::new(FetchFailure::Local, error))?;
        let content = save.content;
        self.looked_through_to_save(content).await?;
        let (origin, streaming) = match &save.source {
            Source::Path { path, stat } => match open_as_hashed(path, stat) {
                Ok(file) => (Origin::File(file), None),
                Err(NotAsHashed::Changed) => return Err(self.changed(path).await),
                Err(NotAsHashed::Unreadable(error)) => return Err(Failure::here(&error)),
            },
            Source::Store => {
                let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
                let streaming = self.tasks.spawn(Arc::clone(self).stream_out(content, sender));
                (Origin::Stream(receiver), Some(streaming))
            }
        };
        let source = save.source.clone();
        let saved = self.tasks.spawn_blocking(move || write_copy(&save, origin, &cancel)).await;
        if let Some(streaming) = streaming
            && let Err(error) = streaming.await
        {
            tracing::debug!(%error, "streaming a copy ended early");
        }
        match saved.map_err(|error| Failure::new(FetchFailure::Local, error))? {
            Ok(path) => Ok(Saved { path: path.to_string_lossy().into_owned() }),
            Err(NotSaved::Failed(error)) => Err(Failure::here(&error)),
            Err(NotSaved::WrongBytes) => match source {
                Source::Path { path, .. } => Err(self.changed(&path).await),
                Source::Store => {
                    self.damaged(content);
                    Err(Failure::new(FetchFailure::Local, "the stored copy is damaged"))
                }
            },
        }
    }

    pub(crate) async fn changed(&self, path: &str) -> Failure {
        self.notice(CHANGED_IN_PLACE, &ChangedInPlace { path: path.to_owned() }).await;
        Failure::new(FetchFailure::Changed, "the shared file has changed")
    }

    pub(crate) async fn stream_out(self: Arc<Self>, content: ContentId, to: mpsc::Sender<io::Result<Bytes>>) {
        let mut items =
            self.contents.store().blobs().export_bao(hash_of(content), ChunkRanges::all()).stream();
        while let Some(item) = items.next().await {
            let sent = match item {
                EncodedItem::Leaf(leaf) => to.send(Ok(leaf.data)).await,
                EncodedItem::Error(error) if is_damage(&error) => {
                    to.send(Err(io::ErrorKind::InvalidData.into())).await
                }
                EncodedItem::Error(error) => to.send(Err(io::Error::other(error))).await,
                EncodedItem::Size(_) | EncodedItem::Parent(_) | EncodedItem::Done => Ok(()),
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

/// Why no copy was saved.
enum NotSaved {
    Failed(io::Error),
    WrongBytes,
}

impl From<io::Error> for NotSaved {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData { Self::WrongBytes } else { Self::Failed(error) }
    }
}

impl From<Errno> for NotSaved {
    fn from(error: Errno) -> Self {
        Self::Failed(error.into())
    }
}

fn write_copy(save: &Save, origin: Origin, cancel: &CancellationToken) -> Result<PathBuf, NotSaved> {
    let parts: Vec<String> = save.path.split('/').map(safe_name).collect();
    let Some((name, folders)) = parts.split_last() else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    };
    let mut path = PathBuf::from(&save.folder);
    if !path.is_absolute() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the folder is not an absolute path").into());
    }
    let folder = open_folder(&path, folders)?;
    path.extend(folders);
    let draft = draft_name()?;
    let written = write_draft(&folder, &draft, save.content, origin, cancel)
        .and_then(|()| publish(&folder, &draft, name, save.content));
    match written {
        Ok(name) => {
            rustix::fs::fsync(&folder)?;
            Ok(path.join(name))
        }
        Err(error) => {
            // Perhaps it was never made.
            let removed = rustix::fs::unlinkat(&folder, draft.as_str(), AtFlags::empty());
            tracing::trace!(?removed, "draft of a copy");
            Err(error)
        }
    }
}

/// Opens the folder a copy belongs in, made if missing. Below the person's own folder no link is followed.
fn open_folder(root: &Path, folders: &[String]) -> Result<OwnedFd, NotSaved> {
    std::fs::create_dir_all(root)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder = rustix::fs::open(root, flags, Mode::empty())?;
    for name in folders {
        match rustix::fs::mkdirat(&folder, name.as_str(), Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        folder = rustix::fs::openat(&folder, name.as_str(), flags | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(folder)
}

fn draft_name() -> Result<String, NotSaved> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!(".althing-{:016x}.part", u64::from_be_bytes(random)))
}

fn write_draft(
    folder: &OwnedFd,
    draft: &str,
    content: ContentId,
    origin: Origin,
    cancel: &CancellationToken,
) -> Result<(), NotSaved> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(folder, draft, flags, Mode::from_raw_mode(0o666))?);
    let mut hasher = blake3::Hasher::new();
    match origin {
        Origin::Stream(mut chunks) => {
            while let Some(chunk) = chunks.blocking_recv() {
                let chunk = chunk?;
                hasher.update(&chunk);
                file.write_all(&chunk)?;
            }
        }
        Origin::File(source) => {
            let is_clone = clone_file(&file, &source);
            let mut source = &*source;
            let mut step = vec![0; STEP];
            loop {
                let count = source.read(&mut step)?;
                let Some(read) = step.get(..count).filter(|read| !read.is_empty()) else { break };
                hasher.update(read);
                if !is_clone {
                    file.write_all(read)?;
                }
                if cancel.is_cancelled() {
                    return Err(io::Error::from(io::ErrorKind::Interrupted).into());
                }
            }
        }
    }
    if hasher.finalize().as_bytes() != content.as_bytes() {
        return Err(NotSaved::WrongBytes);
    }
    file.sync_all()?;
    Ok(())
}

/// Shares the blocks of a file where the file system can.
#[cfg(target_os = "linux")]
fn clone_file(target: &File, source: &File) -> bool {
    rustix::fs::ioctl_ficlone(target, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn clone_file(_: &File, _: &File) -> bool {
    false
}

/// Gives a finished draft its name, or finds that the same bytes are there already.
fn publish(folder: &OwnedFd, draft: &str, name: &str, content: ContentId) -> Result<String, NotSaved> {
    for number in 1..=NAMESAKES_MAX {
        let name = numbered(name, number);
        match rename_new(folder, draft, &name) {
            Ok(()) => return Ok(name),
            Err(Errno::EXIST) if has_content(folder, &name, content) => {
                rustix::fs::unlinkat(folder, draft, AtFlags::empty())?;
                return Ok(name);
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(NotSaved::Failed(io::ErrorKind::AlreadyExists.into()))
}

/// Renames, but never over something.
fn rename_new(folder: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    match rustix::fs::renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
        // Not every file system knows it; a second name does the same in two steps.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::linkat(folder, from, folder, to, AtFlags::empty())?;
            rustix::fs::unlinkat(folder, from, AtFlags::empty())
        }
        renamed => renamed,
    }
}

fn has_content(folder: &OwnedFd, name: &str, content: ContentId) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::openat(folder, name, flags, Mode::empty()) else { return false };
    let file = File::from(file);
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).is_ok_and(|hasher| hasher.finalize().as_bytes() == content.as_bytes())
}
