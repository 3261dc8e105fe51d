//! Native code on this computer's disk: made by our own compiler process only, sealed, and limited in bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use base::ContentId;
use machine_code::{SEAL_SIZE, SealKey};

use crate::engine::{VERSION, Variant};
use crate::frames::{Compiled, Failed};

/// Bytes of all cached code; what was not used for longest goes first.
pub(crate) const SIZE_MAX: u64 = 2 << 30;
/// Bytes of one file at most.
const FILE_SIZE_MAX: u64 = 600 << 20;
/// Programs that cannot be compiled and are remembered, so that asking again costs nothing.
const REFUSED_MAX: usize = 256;

/// Native code by what it was compiled from and how.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: SealKey,
    processor: String,
    size_max: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    refused: BTreeMap<[u8; 32], Failed>,
    compiling: BTreeSet<[u8; 32]>,
}

/// The right to compile one program; nobody else does meanwhile.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    cache: &'a Cache,
    name: [u8; 32],
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.cache.inner().compiling.remove(&self.name);
    }
}

impl Cache {
    /// Opens the cache in a folder, made if missing.
    pub(crate) fn open(folder: PathBuf, key: [u8; 32], size_max: u64) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        for left in fs::read_dir(&folder)?.flatten() {
            if left.path().extension().is_some_and(|extension| extension == "new") {
                drop(fs::remove_file(left.path()));
            }
        }
        let key = SealKey::new(blake3::derive_key("althing 2026 sandbox: seals of compiled code", &key));
        Ok(Self { folder, key, processor: processor(), size_max, inner: Mutex::default() })
    }

    /// Returns the name of a program compiled in a variant, by this version, for this processor.
    pub(crate) fn name(&self, content: ContentId, variant: Variant) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("althing 2026 sandbox: names of compiled code");
        hasher.update(content.as_bytes());
        hasher.update(&[variant.place()]);
        hasher.update(VERSION.as_bytes());
        hasher.update(std::env::consts::ARCH.as_bytes());
        hasher.update(self.processor.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Returns what is known of a program: its code, or why it has none. A file that was changed is removed.
    pub(crate) fn get(&self, name: &[u8; 32]) -> Option<Result<Compiled, Failed>> {
        if let Some(failed) = self.inner().refused.get(name) {
            return Some(Err(failed.clone()));
        }
        let path = self.path(name);
        let mut bytes = Vec::new();
        let mut file = File::open(&path).ok()?;
        (&mut file).take(FILE_SIZE_MAX).read_to_end(&mut bytes).ok()?;
        let compiled = bytes.split_first_chunk::<SEAL_SIZE>().and_then(|(seal, body)| {
            if self.key.is_sealed(name, body, seal) { minicbor::decode(body).ok() } else { None }
        });
        if let Some(compiled) = compiled {
            drop(file.set_modified(SystemTime::now()));
            Some(Ok(compiled))
        } else {
            tracing::warn!("compiled code in the cache was changed or damaged; it is made anew");
            drop(fs::remove_file(&path));
            None
        }
    }

    /// Takes the right to compile; `None` while somebody else does.
    pub(crate) fn turn(&self, name: [u8; 32]) -> Option<Turn<'_>> {
        // Not made unless it is given: dropping one takes the lock, and the turn of whoever has it.
        let is_mine = self.inner().compiling.insert(name);
        is_mine.then(|| Turn { cache: self, name })
    }

    /// Keeps what a compiler made. A full disk only means compiling again.
    pub(crate) fn put(&self, name: &[u8; 32], compiled: &Compiled) {
        let body = wire::to_bytes(compiled);
        if let Err(error) = self.write(name, &body).and_then(|()| self.trim()) {
            tracing::warn!(%error, "compiled code cannot be kept");
        }
    }

    /// Remembers until the end of this process that a program is bad.
    pub(crate) fn refuse(&self, name: [u8; 32], failed: Failed) {
        let mut inner = self.inner();
        if inner.refused.len() >= REFUSED_MAX {
            inner.refused.pop_first();
        }
        inner.refused.insert(name, failed);
    }

    /// Forgets code that did not load after all.
    pub(crate) fn forget(&self, name: &[u8; 32]) {
        drop(fs::remove_file(self.path(name)));
    }

    fn write(&self, name: &[u8; 32], body: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let new = path.with_extension("new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&self.key.seal(name, body))?;
        file.write_all(body)?;
        drop(file);
        fs::rename(new, path)
    }

    fn trim(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let metadata = entry.as_ref().map_err(|error| io::Error::from(error.kind()))?.metadata()?;
            files.push((metadata.modified()?, metadata.len(), entry?.path()));
        }
        files.sort();
        let mut size: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, one, path) in files {
            if size <= self.size_max {
                break;
            }
            fs::remove_file(path)?;
            size = size.saturating_sub(one);
        }
        Ok(())
    }

    fn path(&self, name: &[u8; 32]) -> PathBuf {
        self.folder.join(format!("{}.code", blake3::Hash::from_bytes(*name).to_hex()))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what the processor can do, as the system says it.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("flags") || line.starts_with("Features"));
    line.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use compute::jobs::Abi;

    use super::*;

    fn compiled(size: usize) -> Compiled {
        Compiled { abi: Abi::Core, has_checkpoints: true, code: vec![7; size].into() }
    }

    #[test]
    fn code_that_was_changed_on_the_disk_is_never_given() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::open(home.path().join("cache"), [1; 32], SIZE_MAX).unwrap();
        let name = cache.name(ContentId::new([5; 32]), Variant::PLAIN);
        let size = {
            cache.put(&name, &compiled(100));
            assert_eq!(cache.get(&name).unwrap().unwrap().code.len(), 100);
            fs::read(cache.path(&name)).unwrap().len()
        };
        for place in 0..size {
            cache.put(&name, &compiled(100));
            let mut bytes = fs::read(cache.path(&name)).unwrap();
            bytes[place] ^= 0x40;
            fs::write(cache.path(&name), bytes).unwrap();
            assert!(cache.get(&name).is_none(), "byte {place}");
            assert!(!cache.path(&name).exists());
        }
        cache.put(&name, &compiled(100));
        let other = cache.name(ContentId::new([6; 32]), Variant::PLAIN);
        fs::rename(cache.path(&name), cache.path(&other)).unwrap();
        assert!(cache.get(&other).is_none(), "under another name");
        cache.put(&name, &compiled(100));
        let stolen = Cache::open(home.path().join("cache"), [2; 32], SIZE_MAX).unwrap();
        assert!(stolen.get(&name).is_none(), "under another key");
    }

    #[test]
    fn the_code_used_longest_ago_goes_first() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::open(home.path().to_owned(), [1; 32], 2_500).unwrap();
        let names: Vec<_> = (0..4).map(|at| cache.name(ContentId::new([at; 32]), Variant::PLAIN)).collect();
        for (at, name) in names.iter().enumerate() {
            cache.put(name, &compiled(1_000));
            if let Ok(file) = File::options().write(true).open(cache.path(name)) {
                file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at as u64))
                    .unwrap();
            }
        }
        let here: Vec<bool> = names.iter().map(|name| cache.path(name).exists()).collect();
        assert_eq!(here, [false, false, true, true]);
    }

    #[test]
    fn settings_and_programs_have_names_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::open(home.path().to_owned(), [1; 32], SIZE_MAX).unwrap();
        let name = |content: u8, variant| cache.name(ContentId::new([content; 32]), variant);
        let names: BTreeSet<[u8; 32]> =
            [1, 2].into_iter().flat_map(|content| Variant::ALL.map(|one| name(content, one))).collect();
        assert_eq!(names.len(), 8);
    }
}
