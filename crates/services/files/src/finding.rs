//! Turns what was found in an own folder into revisions: new, changed, renamed, gone.
//!
//! One [`Finding`] gathers what one step says about one share. Not for: deciding what to look at (`scan.rs`).

use base::{ContentId, Fault, FileId, RevisionId, Timestamp};
use kernel::Step;
use store::{Rows, StoreError};

use crate::apply::emit_changed;
use crate::catalogue::Shelf;
use crate::hash;
use crate::jobs::{FoundItem, FoundKind, Stat};
use crate::outgoing::{say_gone, say_listed};
use crate::statement::{Gone, Listed, NUMBER_MAX, PATH_SIZE_MAX, is_path};
use crate::tables::{ENTRIES, EntryRow, GONE, Kind, OWN, REVISIONS, path_key, path_of};

/// What one step finds out about one own share.
#[derive(Debug)]
pub(crate) struct Finding {
    shelf: Shelf,
    listed: Vec<Listed>,
    gone: Vec<Gone>,
    paths: Vec<Vec<u8>>,
    is_changed: bool,
}

impl Finding {
    /// Begins; `None` when this peer no longer shares it.
    pub(crate) fn begin<R: Rows + ?Sized>(rows: &R, number: u64) -> Result<Option<Self>, StoreError> {
        if !OWN.has(rows, &number)? {
            return Ok(None);
        }
        let shelf = Shelf::numbered(rows, number)?.filter(|shelf| !shelf.row.is_ended);
        Ok(shelf.map(|shelf| Self {
            shelf,
            listed: Vec::new(),
            gone: Vec::new(),
            paths: Vec::new(),
            is_changed: false,
        }))
    }

    /// Returns the share's number.
    pub(crate) fn number(&self) -> u64 {
        self.shelf.row.number
    }

    /// Notes the content of a revision that is listed.
    pub(crate) fn hashed(
        &mut self,
        step: &mut Step<'_>,
        file: FileId,
        revision: RevisionId,
        content: ContentId,
    ) -> Result<(), StoreError> {
        self.is_changed |= self.shelf.hash(step.rows(), file, revision, content)?.is_some();
        Ok(())
    }

    /// Publishes what was found and writes the counts.
    pub(crate) fn end(self, step: &mut Step<'_>) -> Result<(), Fault> {
        let Self { shelf, listed, gone, paths, is_changed } = self;
        if is_changed || !paths.is_empty() {
            shelf.close(step.rows());
        }
        if paths.is_empty() {
            return Ok(());
        }
        let key = shelf.key;
        say_gone(step, key.web, key.share, &gone)?;
        say_listed(step, key.web, key.share, listed)?;
        emit_changed(step, key, &paths)?;
        Ok(())
    }

    /// Lists a thing that is there, if it is new or changed.
    pub(crate) fn found(&mut self, step: &mut Step<'_>, item: &FoundItem, lane: u8) -> Result<(), Fault> {
        let number = self.shelf.row.number;
        if !is_path(&item.path) || item.path.len() > PATH_SIZE_MAX {
            return Ok(skip(step, number, &item.path, "its path is too long")?);
        }
        if let FoundKind::Link { target } = &item.kind
            && target.len() > PATH_SIZE_MAX
        {
            return Ok(skip(step, number, &item.path, "it points to too long a path")?);
        }
        let key = path_key(&item.path);
        let before = ENTRIES.get(step.view(), &(number, key.clone()))?;
        let listed = match before.filter(|entry| entry.kind == kind_of(item)) {
            Some(entry) if is_unchanged(&entry, item) => return Ok(()),
            Some(entry)
                if entry.stat.is_some_and(|stat| {
                    stat.size == item.stat.size && stat.mtime_ns == item.stat.mtime_ns
                }) =>
            {
                // Only the inode or its change time differ: perhaps the bytes, too. Read again, say nothing yet.
                ENTRIES.put(
                    step.rows(),
                    &(number, key.clone()),
                    &EntryRow { stat: Some(item.stat), ..entry },
                );
                hash::enqueue(step, number, key, item.stat, lane);
                return Ok(());
            }
            Some(entry) => {
                let revision = new_revision(step);
                listed_as(item, entry.file, entry.number.saturating_add(1), revision, vec![entry.revision])
            }
            None => self.first_listing(step, item, &key)?,
        };
        let needs_hash = listed.kind == Kind::File && listed.content.is_none();
        self.list(step, listed, item)?;
        if needs_hash {
            hash::enqueue(step, number, key, item.stat, lane);
        }
        Ok(())
    }

    /// Lists a file under its new path: the same file, the same content, no reading.
    pub(crate) fn renamed(
        &mut self,
        step: &mut Step<'_>,
        from: &[u8],
        item: &FoundItem,
    ) -> Result<(), Fault> {
        let number = self.shelf.row.number;
        let Some(entry) = ENTRIES.get(step.view(), &(number, from.to_vec()))? else {
            return self.found(step, item, crate::tables::LANE_FRESH);
        };
        if !is_path(&item.path) {
            return self.gone(step, from);
        }
        let revision = new_revision(step);
        let mut listed =
            listed_as(item, entry.file, entry.number.saturating_add(1), revision, vec![entry.revision]);
        listed.content = entry.head.content;
        let needs_hash = listed.content.is_none();
        self.list(step, listed, item)?;
        if needs_hash {
            hash::enqueue(step, number, path_key(&item.path), item.stat, crate::tables::LANE_FRESH);
        }
        Ok(())
    }

    /// Lists a new revision whose content is known at once.
    pub(crate) fn changed(
        &mut self,
        step: &mut Step<'_>,
        item: &FoundItem,
        entry: &EntryRow,
        content: ContentId,
    ) -> Result<(), Fault> {
        let revision = new_revision(step);
        let mut listed =
            listed_as(item, entry.file, entry.number.saturating_add(1), revision, vec![entry.revision]);
        listed.content = Some(content);
        self.list(step, listed, item)
    }

    /// Takes a thing that is no longer there out of the listing, and what was inside of it.
    pub(crate) fn gone(&mut self, step: &mut Step<'_>, path: &[u8]) -> Result<(), Fault> {
        let number = self.shelf.row.number;
        let Some(entry) = ENTRIES.get(step.view(), &(number, path.to_vec()))? else { return Ok(()) };
        let revision = new_revision(step);
        let gone = Gone {
            file: entry.file,
            number: entry.number.saturating_add(1),
            revision,
            parents: vec![entry.revision],
        };
        let now = step.now();
        if let Some(path) = self.shelf.remove(step.rows(), &gone, now, 0)? {
            self.paths.push(path);
            self.gone.push(gone);
        }
        Ok(())
    }

    fn list(&mut self, step: &mut Step<'_>, listed: Listed, item: &FoundItem) -> Result<(), Fault> {
        let stat = (listed.kind == Kind::File).then_some(item.stat);
        let now = step.now();
        if self.shelf.list(step.rows(), &listed, now, 0, stat)? {
            self.paths.push(path_key(&listed.path));
            self.listed.push(listed);
        }
        Ok(())
    }

    /// A path that was listed before goes on where its deletion left off: one history.
    fn first_listing(&self, step: &mut Step<'_>, item: &FoundItem, key: &[u8]) -> Result<Listed, Fault> {
        let number = self.shelf.row.number;
        if self.shelf.row.tally.gone > 0
            && item.kind == FoundKind::File
            && let Some(file) = GONE.get(step.view(), &(number, key.to_vec()))?
            && let Some((last, id)) = deletion_of(step, number, file)?
        {
            let revision = new_revision(step);
            return Ok(listed_as(item, file, last.saturating_add(1), revision, vec![id]));
        }
        let file = FileId::new(random_16(step, "file"));
        let revision = new_revision(step);
        Ok(listed_as(item, file, 1, revision, Vec::new()))
    }
}

/// Returns the deletion at the end of a file's history.
fn deletion_of(step: &Step<'_>, number: u64, file: FileId) -> Result<Option<(u64, RevisionId)>, StoreError> {
    let last = REVISIONS.within_back(step.view(), &(number, file)).next().transpose()?;
    Ok(last.filter(|(_, row)| row.is_deletion).map(|((_, _, number, id), _)| (number, id)))
}

/// Says whether two stats are of one file that was not written in between; a rename changes the ctime only.
pub(crate) fn is_same_file(before: Stat, after: Stat) -> bool {
    (before.inode, before.size, before.mtime_ns) == (after.inode, after.size, after.mtime_ns)
}

/// Counts a thing that cannot be listed.
pub(crate) fn skip(step: &mut Step<'_>, number: u64, path: &str, why: &str) -> Result<(), StoreError> {
    if let Some(mut own) = OWN.get(step.view(), &number)? {
        own.skipped = own.skipped.saturating_add(1);
        let start: String = path.chars().take(200).collect();
        own.last_problem = format!("{start}: {why}");
        OWN.put(step.rows(), &number, &own);
    }
    Ok(())
}

/// Returns an item as it is listed now.
pub(crate) fn item_of(path: &[u8], stat: Stat) -> FoundItem {
    FoundItem { path: path_of(path), kind: FoundKind::File, stat }
}

fn is_unchanged(entry: &EntryRow, item: &FoundItem) -> bool {
    match &item.kind {
        FoundKind::File => entry.stat == Some(item.stat),
        FoundKind::Folder => true,
        FoundKind::Link { target } => entry.target.as_ref() == Some(target),
    }
}

fn kind_of(item: &FoundItem) -> Kind {
    match item.kind {
        FoundKind::File => Kind::File,
        FoundKind::Folder => Kind::Folder,
        FoundKind::Link { .. } => Kind::Link,
    }
}

fn listed_as(
    item: &FoundItem,
    file: FileId,
    number: u64,
    revision: RevisionId,
    parents: Vec<RevisionId>,
) -> Listed {
    let kind = kind_of(item);
    let size = if kind == Kind::File { item.stat.size.min(NUMBER_MAX) } else { 0 };
    let target = match &item.kind {
        FoundKind::Link { target } => Some(target.clone()),
        _ => None,
    };
    // The empty content needs no reading.
    let content = (kind == Kind::File && size == 0).then(|| ContentId::new(*blake3::hash(b"").as_bytes()));
    let changed = u64::try_from(item.stat.mtime_ns / 1_000_000).unwrap_or(0).min(NUMBER_MAX);
    let changed = Timestamp::from_millis(changed);
    Listed { file, path: item.path.clone(), kind, size, changed, number, revision, parents, content, target }
}

fn new_revision(step: &mut Step<'_>) -> RevisionId {
    RevisionId::new(random_16(step, "revision"))
}

/// Returns 16 random bytes.
pub(crate) fn random_16(step: &mut Step<'_>, label: &str) -> [u8; 16] {
    step.random(label).first_chunk().copied().unwrap_or_default()
}
