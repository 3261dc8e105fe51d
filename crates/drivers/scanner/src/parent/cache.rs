//! Compiled rules on this computer's disk, by the id of their source and by the engine that made them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use base::ContentId;

use crate::frames::{CompiledSet, FRAME_SIZE_MAX};
use crate::rules::ENGINE;

/// Sets on disk at most; what was not used for longest goes first.
const FILES_MAX: usize = 64;
/// Sets that are no sets and are remembered, so that asking again costs nothing.
const REFUSED_MAX: usize = 256;

/// Compiled rules.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    refused: Mutex<BTreeMap<ContentId, String>>,
    /// Held while a set is compiled: the second who wants it finds it made.
    compiling: Mutex<()>,
    written: AtomicU64,
}

impl Cache {
    /// Opens the cache in a folder, made if missing.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        for left in fs::read_dir(&folder)?.flatten() {
            if left.path().extension().is_some_and(|extension| extension == "new") {
                drop(fs::remove_file(left.path()));
            }
        }
        Ok(Self {
            folder,
            refused: Mutex::default(),
            compiling: Mutex::default(),
            written: AtomicU64::new(0),
        })
    }

    /// Returns a compiled set, or makes and keeps it; `make` fails with a sentence that is true for ever, or else with `None`
    /// in its place and a sentence for now.
    pub(super) fn get_or(
        &self,
        set: ContentId,
        make: impl FnOnce() -> Result<CompiledSet, Refusal>,
    ) -> Result<Arc<CompiledSet>, String> {
        if let Some(why) = self.refused().get(&set) {
            return Err(why.clone());
        }
        if let Some(compiled) = self.read(set) {
            return Ok(Arc::new(compiled));
        }
        let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = self.read(set) {
            return Ok(Arc::new(compiled));
        }
        match make() {
            Ok(compiled) => {
                // A full disk only means compiling again.
                if let Err(error) = self.write(set, &compiled).and_then(|()| self.trim()) {
                    tracing::warn!(%error, "compiled rules cannot be kept");
                }
                Ok(Arc::new(compiled))
            }
            Err(Refusal::Now(why)) => Err(why),
            Err(Refusal::Ever(why)) => {
                let mut refused = self.refused();
                if refused.len() >= REFUSED_MAX {
                    refused.pop_first();
                }
                refused.insert(set, why.clone());
                Err(why)
            }
        }
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<ContentId, String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, set: ContentId) -> PathBuf {
        let mut hasher = blake3::Hasher::new_derive_key("althing 2026 scanner: names of compiled rules");
        hasher.update(set.as_bytes());
        hasher.update(ENGINE.as_bytes());
        self.folder.join(format!("{}.rules", hasher.finalize().to_hex()))
    }

    fn sum(set: ContentId, body: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("althing 2026 scanner: sums of compiled rules");
        hasher.update(set.as_bytes());
        hasher.update(ENGINE.as_bytes());
        hasher.update(body);
        *hasher.finalize().as_bytes()
    }

    fn read(&self, set: ContentId) -> Option<CompiledSet> {
        let path = self.path(set);
        let mut file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        (&mut file).take(FRAME_SIZE_MAX as u64).read_to_end(&mut bytes).ok()?;
        let body = bytes.split_first_chunk::<32>().filter(|(sum, body)| Self::sum(set, body) == **sum);
        let compiled = body.and_then(|(_, body)| minicbor::decode(body).ok());
        if compiled.is_some() {
            drop(file.set_modified(SystemTime::now()));
        } else {
            tracing::warn!("compiled rules in the cache were changed or damaged; they are made anew");
            drop(fs::remove_file(&path));
        }
        compiled
    }

    fn write(&self, set: ContentId, compiled: &CompiledSet) -> io::Result<()> {
        let body = wire::to_bytes(compiled);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let new = self.folder.join(format!("{number}.new"));
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&Self::sum(set, &body))?;
        file.write_all(&body)?;
        drop(file);
        fs::rename(new, self.path(set))
    }

    fn trim(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "rules") {
                files.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        files.sort();
        let past = files.len().saturating_sub(FILES_MAX);
        for (_, path) in files.into_iter().take(past) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Why there is no compiled set.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is none, and never will be.
    Ever(String),
    /// It cannot be had or compiled now.
    Now(String),
}
