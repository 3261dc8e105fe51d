//! The folders and the content store of one peer, in memory.

use std::collections::BTreeMap;

use base::ContentId;
use files::jobs::{ByteRange, FoundItem, FoundKind, Stat};

/// A file, folder or link.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) kind: FoundKind,
    pub(crate) stat: Stat,
    pub(crate) content: ContentId,
}

/// What one peer's computer holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    pub(crate) things: BTreeMap<String, Thing>,
    pub(crate) store: BTreeMap<ContentId, Vec<ByteRange>>,
    pub(crate) saved: BTreeMap<String, ContentId>,
    pub(crate) is_missing: bool,
    inodes: u64,
    clock: i64,
}

/// Returns the content id of a text that stands for bytes.
pub(crate) fn content(text: &str) -> ContentId {
    ContentId::new(*blake3::hash(text.as_bytes()).as_bytes())
}

impl Disk {
    /// Writes a file in place; its bytes are those that `text` stands for.
    pub(crate) fn write(&mut self, path: &str, size: u64, text: &str) {
        self.clock += 1_000_000_000;
        let inode = match self.things.get(path) {
            Some(thing) => thing.stat.inode,
            None => self.new_inode(),
        };
        let stat = Stat { size, mtime_ns: self.clock, ctime_ns: self.clock, inode };
        self.things.insert(path.to_owned(), Thing { kind: FoundKind::File, stat, content: content(text) });
    }

    /// Makes a folder or a link.
    pub(crate) fn make(&mut self, path: &str, kind: FoundKind) {
        self.clock += 1;
        let stat = Stat { size: 4096, mtime_ns: self.clock, ctime_ns: self.clock, inode: self.new_inode() };
        self.things.insert(path.to_owned(), Thing { kind, stat, content: content("") });
    }

    /// Renames a file or a folder with all that is in it.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let inside = format!("{from}/");
        let moved: Vec<String> =
            self.things.keys().filter(|path| *path == from || path.starts_with(&inside)).cloned().collect();
        for path in moved {
            if let Some(mut thing) = self.things.remove(&path) {
                self.clock += 1;
                thing.stat.ctime_ns = self.clock;
                self.things.insert(format!("{to}{}", &path[from.len()..]), thing);
            }
        }
    }

    /// Deletes.
    pub(crate) fn delete(&mut self, path: &str) {
        self.things.remove(path);
    }

    /// Returns a thing as a walk finds it.
    pub(crate) fn item(&self, path: &str) -> Option<FoundItem> {
        let thing = self.things.get(path)?;
        Some(FoundItem { path: path.to_owned(), kind: thing.kind.clone(), stat: thing.stat })
    }

    /// Returns all things.
    pub(crate) fn items(&self) -> Vec<FoundItem> {
        self.things.keys().filter_map(|path| self.item(path)).collect()
    }

    /// Returns which ranges of a content are not in the store.
    pub(crate) fn missing(&self, content: ContentId, size: u64) -> Vec<ByteRange> {
        let mut missing = vec![ByteRange { from: 0, to: size }];
        for here in self.store.get(&content).into_iter().flatten() {
            missing = missing
                .into_iter()
                .flat_map(|range| {
                    [
                        ByteRange { from: range.from, to: range.to.min(here.from) },
                        ByteRange { from: range.from.max(here.to), to: range.to },
                    ]
                })
                .filter(|range| range.from < range.to)
                .collect();
        }
        missing
    }

    /// Says whether a content is in the store as a whole.
    pub(crate) fn has(&self, content: ContentId, size: u64) -> bool {
        self.store.contains_key(&content) && self.missing(content, size).is_empty()
    }

    fn new_inode(&mut self) -> u64 {
        self.inodes += 1;
        self.inodes
    }
}
