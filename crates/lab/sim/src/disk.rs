//! The disk of a simulated computer: a shared folder, and the contents that were fetched.
//!
//! Bytes are not kept: a file is what it was made of (a number) and its size, its content id the hash of both.

use std::collections::BTreeMap;

use base::ContentId;
use files::jobs::{ByteRange, FoundItem, FoundKind, Stat};

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimFile {
    made_of: u64,
    stat: Stat,
}

impl SimFile {
    /// Returns the file's content id.
    pub fn content(&self) -> ContentId {
        let bytes = [self.made_of.to_be_bytes(), self.stat.size.to_be_bytes()].concat();
        ContentId::new(*blake3::hash(&bytes).as_bytes())
    }

    /// Returns what it was made of.
    pub fn made_of(&self) -> u64 {
        self.made_of
    }

    /// Returns what the file system says.
    pub fn stat(&self) -> Stat {
        self.stat
    }
}

/// A disk.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<String, SimFile>,
    contents: BTreeMap<ContentId, Vec<ByteRange>>,
    next_inode: u64,
    /// What a saved copy was made of, by path.
    pub saved: BTreeMap<String, ContentId>,
}

impl Disk {
    /// Writes a file, as any program would.
    pub fn write(&mut self, path: &str, made_of: u64, size: u64, now_ms: u64) {
        self.next_inode += 1;
        let inode = self.files.get(path).map_or(self.next_inode, |file| file.stat.inode);
        let time_ns = i64::try_from(now_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        let stat = Stat { size, mtime_ns: time_ns, ctime_ns: time_ns, inode };
        self.files.insert(path.to_owned(), SimFile { made_of, stat });
    }

    /// Deletes a file.
    pub fn delete(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Renames a file; the inode and the time of change stay.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(file) = self.files.remove(from) {
            self.files.insert(to.to_owned(), file);
        }
    }

    /// Returns a file.
    pub fn file(&self, path: &str) -> Option<&SimFile> {
        self.files.get(path)
    }

    /// Walks the files in order of paths.
    pub fn files(&self) -> impl Iterator<Item = (&String, &SimFile)> {
        self.files.iter()
    }

    /// Returns the shared folder's things as a walk finds them.
    pub fn items(&self) -> Vec<FoundItem> {
        self.files.iter().map(|(path, file)| item(path, file)).collect()
    }

    /// Returns what of a content of `size` bytes is not here.
    pub fn missing(&self, content: ContentId, size: u64) -> Vec<ByteRange> {
        let mut missing = Vec::new();
        let mut at = 0;
        for range in self.contents.get(&content).into_iter().flatten() {
            if range.from > at {
                missing.push(ByteRange { from: at, to: range.from.min(size) });
            }
            at = at.max(range.to);
        }
        if at < size {
            missing.push(ByteRange { from: at, to: size });
        }
        missing
    }

    /// Stores bytes of a content.
    pub fn store(&mut self, content: ContentId, range: ByteRange) {
        let ranges = self.contents.entry(content).or_default();
        ranges.push(range);
        ranges.sort_unstable();
    }

    /// Forgets a content.
    pub fn forget(&mut self, content: ContentId) {
        self.contents.remove(&content);
    }

    /// Loses every fetched content, as a disk does that is put in new.
    pub fn lose_contents(&mut self) {
        self.contents.clear();
    }

    /// Walks the ids of what was fetched or made, whole or in part.
    pub fn contents(&self) -> impl Iterator<Item = ContentId> {
        self.contents.keys().copied()
    }

    /// Says whether the file at `path` still has this stat and content.
    pub fn has_in_place(&self, path: &str, stat: &Stat, content: ContentId) -> bool {
        self.files.get(path).is_some_and(|file| file.stat == *stat && file.content() == content)
    }
}

/// Returns a file as a walk finds it.
pub fn item(path: &str, file: &SimFile) -> FoundItem {
    FoundItem { path: path.to_owned(), kind: FoundKind::File, stat: file.stat }
}
