//! Hash trees ("outboards") of files shared in place: made at the first request, kept beside the store.
//!
//! A tree belongs to a content, not to a file, and every piece is verified with it before it leaves: an old or
//! damaged tree can make a request fail, but never make a wrong byte look right.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bao_tree::BaoTree;
use bao_tree::io::outboard::PreOrderOutboard;
use bao_tree::io::sync::ReadAt;
use base::ContentId;
use bytes::Bytes;
use iroh_blobs::store::IROH_BLOCK_SIZE;
use tokio::sync::OnceCell;

use crate::hash_tree;
use crate::in_place::NotAsHashed;

/// Trees of files up to this size are made anew after a restart: reading them takes some milliseconds.
const MEMORY_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// Trees at hand at most; others are opened or made again.
const AT_HAND_MAX: usize = 64;

/// Trees nobody asked for in this time are removed at the next start.
const UNUSED_TIME_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// Keeps and makes trees.
#[derive(Debug)]
pub(crate) struct Outboards {
    folder: PathBuf,
    at_hand: Mutex<AtHand>,
}

#[derive(Debug, Default)]
struct AtHand {
    trees: BTreeMap<ContentId, (u64, Arc<OnceCell<Hashes>>)>,
    uses: u64,
}

/// The hashes of a tree.
#[derive(Debug, Clone)]
pub(crate) enum Hashes {
    Memory(Bytes),
    File(Arc<File>),
}

impl ReadAt for Hashes {
    fn read_at(&self, position: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(position).unwrap_or(usize::MAX);
                let there = bytes.get(start..).unwrap_or_default();
                let count = there.len().min(into.len());
                if let (Some(into), Some(there)) = (into.get_mut(..count), there.get(..count)) {
                    into.copy_from_slice(there);
                }
                Ok(count)
            }
            Self::File(file) => FileExt::read_at(&**file, into, position),
        }
    }
}

impl Outboards {
    /// Opens the folder, made if missing, and removes what nobody used for long.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)?.flatten() {
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            let is_unused = used.is_ok_and(|used| {
                SystemTime::now().duration_since(used).is_ok_and(|unused| unused > UNUSED_TIME_MAX)
            });
            let is_unfinished = entry.path().extension().is_some_and(|extension| extension == "new");
            if is_unused || is_unfinished {
                let removed = std::fs::remove_file(entry.path());
                tracing::debug!(?removed, "old hash tree");
            }
        }
        Ok(Self { folder, at_hand: Mutex::default() })
    }

    /// Returns the tree of a file, made by reading the file once. Askers at the same time wait for one reading.
    pub(crate) async fn of(
        &self,
        content: ContentId,
        file: &Arc<File>,
        size: u64,
    ) -> Result<PreOrderOutboard<Hashes>, NotAsHashed> {
        let cell = self.cell(content);
        let make = || {
            let (path, file) = (self.folder.join(content.to_string()), Arc::clone(file));
            async move {
                let made = tokio::task::spawn_blocking(move || find_or_make(&path, content, &file, size));
                made.await.map_err(|error| NotAsHashed::Unreadable(io::Error::other(error)))?
            }
        };
        let data = cell.get_or_try_init(make).await?.clone();
        Ok(PreOrderOutboard { root: root_of(content), tree: BaoTree::new(size, IROH_BLOCK_SIZE), data })
    }

    fn cell(&self, content: ContentId) -> Arc<OnceCell<Hashes>> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.uses += 1;
        let uses = at_hand.uses;
        let entry = at_hand.trees.entry(content).or_default();
        entry.0 = uses;
        let cell = Arc::clone(&entry.1);
        if at_hand.trees.len() > AT_HAND_MAX {
            let oldest = at_hand.trees.iter().min_by_key(|(_, (used, _))| *used).map(|(content, _)| *content);
            oldest.map(|content| at_hand.trees.remove(&content));
        }
        cell
    }

    /// Removes a tree: the content is forgotten, or the tree did not fit.
    pub(crate) fn remove(&self, content: ContentId) {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).trees.remove(&content);
        match std::fs::remove_file(self.folder.join(content.to_string())) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::debug!(%error, "a hash tree was not removed"),
        }
    }
}

pub(crate) fn root_of(content: ContentId) -> blake3::Hash {
    blake3::Hash::from_bytes(*content.as_bytes())
}

fn find_or_make(path: &Path, content: ContentId, file: &File, size: u64) -> Result<Hashes, NotAsHashed> {
    let tree = BaoTree::new(size, IROH_BLOCK_SIZE);
    if size <= MEMORY_SIZE_MAX {
        let made = make_in_memory(content, file, tree)?;
        return Ok(Hashes::Memory(made.into()));
    }
    if let Ok(known) = File::open(path)
        && known.metadata().is_ok_and(|metadata| metadata.len() == tree.outboard_size())
    {
        let touched = known.set_modified(SystemTime::now());
        tracing::trace!(?touched, "known hash tree");
        return Ok(Hashes::File(Arc::new(known)));
    }
    let unfinished = path.with_extension("new");
    let target = File::options().read(true).write(true).create(true).truncate(true).open(&unfinished);
    let target = target.map_err(NotAsHashed::Unreadable)?;
    let root = hash_tree::make(file, size, &target).map_err(not_read)?;
    if root != root_of(content) {
        return Err(NotAsHashed::Changed);
    }
    std::fs::rename(&unfinished, path).map_err(NotAsHashed::Unreadable)?;
    Ok(Hashes::File(Arc::new(target)))
}

fn make_in_memory(content: ContentId, file: &File, tree: BaoTree) -> Result<Vec<u8>, NotAsHashed> {
    let mut outboard = PreOrderOutboard { root: root_of(content), tree, data: Vec::new() };
    let reader = BufReader::with_capacity(1024 * 1024, Positioned { file, position: 0 });
    let root = bao_tree::io::sync::outboard(reader, tree, &mut outboard).map_err(not_read)?;
    if root == root_of(content) { Ok(outboard.data) } else { Err(NotAsHashed::Changed) }
}

fn not_read(error: io::Error) -> NotAsHashed {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => NotAsHashed::Changed,
        _ => NotAsHashed::Unreadable(error),
    }
}

/// Reads a shared handle from its beginning without moving it.
struct Positioned<'a> {
    file: &'a File,
    position: u64,
}

impl Read for Positioned<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = FileExt::read_at(self.file, into, self.position)?;
        self.position += u64::try_from(count).unwrap_or(0);
        Ok(count)
    }
}
