//! The indexes that are open: opened when needed, closed when unused, removed when damaged.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base::WebId;
use search::jobs::{LOST, Lost, to_bytes};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Searcher};

use crate::error::IndexError;
use crate::schema::{self, Fields, Salt};
use crate::texts::Totals;
use reports::Reports;

/// Bytes a writer collects before it writes a segment; the least there may be.
const WRITER_SIZE: usize = 15_000_000;
/// A writer unused for so long gives its memory back.
const WRITER_IDLE: Duration = Duration::from_secs(3);
/// An index unused for so long is closed.
const INDEX_IDLE: Duration = Duration::from_secs(120);
/// The file in an index's folder with its salt.
const SALT: &str = "salt";
/// How the note of a lost index ends.
const LOST_NOTE: &str = "lost";
/// How often idle ones are looked for while any is open.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// All indexes of this peer.
#[derive(Debug)]
pub(crate) struct Webs {
    folder: PathBuf,
    pub(crate) fields: Arc<Fields>,
    open: Mutex<BTreeMap<WebId, Arc<Web>>>,
    reports: Reports,
}

/// One open index.
pub(crate) struct Web {
    index: tantivy::Index,
    salt: Salt,
    reader: IndexReader,
    writer: Mutex<Option<IndexWriter>>,
    used: Mutex<Instant>,
    is_lost: AtomicBool,
    /// Counted once per generation of the index.
    pub(crate) totals: Mutex<Option<(u64, Totals)>>,
}

/// The right to change an index; only one at a time has it.
pub(crate) struct Writing<'a> {
    web: &'a Web,
    writer: MutexGuard<'a, Option<IndexWriter>>,
}

impl Webs {
    /// Keeps indexes below a folder, which is made when the first one is.
    pub(crate) fn new(folder: PathBuf, reports: Reports) -> Self {
        Self { folder, fields: Arc::new(Fields::new()), open: Mutex::default(), reports }
    }

    /// Opens a web's index; `None` when there is none.
    pub(crate) fn find(&self, web: WebId) -> Result<Option<Arc<Web>>, IndexError> {
        self.get(web, false)
    }

    /// Opens a web's index, or makes an empty one.
    pub(crate) fn find_or_make(&self, web: WebId) -> Result<Arc<Web>, IndexError> {
        self.get(web, true)?.ok_or_else(|| IndexError::Damaged("it has just been removed".to_owned()))
    }

    fn get(&self, id: WebId, is_made: bool) -> Result<Option<Arc<Web>>, IndexError> {
        let mut open = self.open();
        if let Some(web) = open.get(&id) {
            web.touch();
            return Ok(Some(Arc::clone(web)));
        }
        let folder = self.folder.join(id.to_string());
        let exists = folder.try_exists()?;
        if !exists && !is_made {
            return Ok(None);
        }
        let web = Arc::new(if exists { self.open_in(&folder)? } else { self.make_in(&folder)? });
        open.insert(id, Arc::clone(&web));
        Ok(Some(web))
    }

    fn open_in(&self, folder: &Path) -> Result<Web, IndexError> {
        let index = tantivy::Index::open_in_dir(folder)?;
        if index.schema() != self.fields.schema {
            return Err(IndexError::Damaged("it is of another version".to_owned()));
        }
        let salt = fs::read(folder.join(SALT)).ok().and_then(|salt| Salt::try_from(salt).ok());
        let salt = salt.ok_or_else(|| IndexError::Damaged("its salt is missing".to_owned()))?;
        Web::new(index, salt)
    }

    /// Makes an index aside and moves it in place, so that a half-made one is never found.
    fn make_in(&self, folder: &Path) -> Result<Web, IndexError> {
        let aside = folder.with_extension("new");
        remove(&aside)?;
        fs::create_dir_all(&aside)?;
        let made = tantivy::Index::builder().schema(self.fields.schema.clone()).settings(schema::settings());
        drop(made.tokenizers(schema::tokenizers()).create_in_dir(&aside)?);
        let mut salt: Salt = [0; 32];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        fs::write(aside.join(SALT), salt)?;
        fs::rename(&aside, folder)?;
        self.open_in(folder)
    }

    /// Removes a damaged index and says that it is lost; once, however many notice. Waits for its writer.
    pub(crate) fn lose(&self, id: WebId, damaged: Option<&Arc<Web>>, why: &str) {
        let writing = damaged.map(|web| web.writer.lock().unwrap_or_else(PoisonError::into_inner));
        if damaged.is_some_and(|web| web.is_lost.swap(true, Ordering::AcqRel)) {
            return;
        }
        tracing::warn!(web = %id.short(), why, "a search index was damaged and is made anew");
        if let Err(error) = self.note_lost(id).and_then(|()| self.remove(id)) {
            tracing::error!(web = %id.short(), %error, "a damaged search index cannot be removed");
        }
        self.reports.notice(LOST, to_bytes(&Lost { web: id }));
        drop(writing);
    }

    /// Notes on the disk that an index is lost: who is told of it may forget that in a power cut. The note goes when the
    /// index is begun anew.
    fn note_lost(&self, id: WebId) -> io::Result<()> {
        fs::write(self.note_of(id), b"")
    }

    fn note_of(&self, id: WebId) -> PathBuf {
        self.folder.join(format!("{id}.{LOST_NOTE}"))
    }

    /// Returns which indexes were lost and have not been begun anew.
    pub(crate) fn noted_lost(&self) -> Vec<WebId> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let id = |entry: fs::DirEntry| {
            entry.file_name().to_str()?.strip_suffix(LOST_NOTE)?.strip_suffix('.')?.parse().ok()
        };
        entries.filter_map(Result::ok).filter_map(id).collect()
    }

    /// Says again that indexes are lost.
    pub(crate) fn say_lost(&self, webs: Vec<WebId>) {
        for web in webs {
            self.reports.notice(LOST, to_bytes(&Lost { web }));
        }
    }

    /// Removes a web's index, if there is one.
    pub(crate) fn forget(&self, id: WebId) -> io::Result<()> {
        let web = self.open().get(&id).map(Arc::clone);
        if let Some(web) = web {
            web.is_lost.store(true, Ordering::Release);
            // Dropping the writer ends its threads, which would make files again.
            web.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        self.remove(id)?;
        match fs::remove_file(self.note_of(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn remove(&self, id: WebId) -> io::Result<()> {
        let mut open = self.open();
        open.remove(&id);
        let folder = self.folder.join(id.to_string());
        let aside = folder.with_extension("gone");
        remove(&aside)?;
        match fs::rename(&folder, &aside) {
            Ok(()) => remove(&aside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Says whether an index is open, so that [`Webs::rest`] is needed some time.
    pub(crate) fn is_any_open(&self) -> bool {
        !self.open().is_empty()
    }

    /// Closes writers and indexes that nobody uses.
    pub(crate) fn rest(&self) {
        let webs: Vec<(WebId, Arc<Web>)> =
            self.open().iter().map(|(id, web)| (*id, Arc::clone(web))).collect();
        for (id, web) in webs {
            let idle = web.idle();
            if idle < WRITER_IDLE {
                continue;
            }
            let Ok(mut writer) = web.writer.try_lock() else { continue };
            if let Some(writer) = writer.take()
                && let Err(error) = writer.wait_merging_threads()
            {
                tracing::warn!(web = %id.short(), %error, "segments of a search index could not be merged");
            }
            if idle >= INDEX_IDLE {
                drop(writer);
                self.open().retain(|other, _| *other != id);
            }
        }
    }

    /// Closes everything; merges under way are given up, which loses nothing.
    pub(crate) fn close(&self) {
        let webs = std::mem::take(&mut *self.open());
        for web in webs.into_values() {
            drop(web.writer.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<WebId, Arc<Web>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Web {
    fn new(mut index: tantivy::Index, salt: Salt) -> Result<Self, IndexError> {
        index.set_tokenizers(schema::tokenizers());
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(16);
        Ok(Self {
            reader: reader.try_into()?,
            index,
            salt,
            writer: Mutex::new(None),
            used: Mutex::new(Instant::now()),
            is_lost: AtomicBool::new(false),
            totals: Mutex::default(),
        })
    }

    /// Returns the index as of the last commit.
    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// What its names are hashed with.
    pub(crate) fn salt(&self) -> &Salt {
        &self.salt
    }

    /// Waits for the right to change the index.
    pub(crate) fn write(&self) -> Writing<'_> {
        Writing { web: self, writer: self.writer.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn idle(&self) -> Duration {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("is_lost", &self.is_lost).finish_non_exhaustive()
    }
}

impl Writing<'_> {
    /// Returns the writer, which is opened when it is not.
    pub(crate) fn writer(&mut self) -> Result<&mut IndexWriter, IndexError> {
        if self.web.is_lost.load(Ordering::Acquire) {
            return Err(IndexError::Damaged("it has just been removed".to_owned()));
        }
        if self.writer.is_none() {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(WRITER_SIZE)
                .build();
            let writer: IndexWriter = self.web.index.writer_with_options(options)?;
            let mut policy = LogMergePolicy::default();
            policy.set_del_docs_ratio_before_merge(0.3);
            writer.set_merge_policy(Box::new(policy));
            *self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or(IndexError::Cancelled)
    }

    /// Makes all changes durable and visible.
    pub(crate) fn commit(&mut self) -> Result<(), IndexError> {
        self.writer()?.commit()?;
        self.web.reader.reload()?;
        self.web.touch();
        Ok(())
    }

    /// Undoes all changes since the last commit.
    pub(crate) fn give_up(&mut self) {
        drop(self.writer.take());
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
