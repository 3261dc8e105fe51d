//! Writes the tree: what a statement changes in the rows, the same for own shares and for others'.
//!
//! The newest revision is the one with the greatest (number, id) (spec files, rule 7); statements may come twice,
//! and an older one never undoes a newer one (rule 8). Not for: who may say what (`apply.rs`, `scan.rs`).

use base::{ContentId, FileId, PersonId, RevisionId, ShareId, Timestamp, WebId};
use store::{Overlay, Rows, StoreError};

use crate::changes;
use crate::copies::note_moved;
use crate::jobs::Stat;
use crate::statement::{Gone, Listed};
use crate::tables::{
    COUNTER_SHARES, COUNTERS, ENTRIES, EntryRow, FILES, FileRow, GONE, Kind, NUMBERS, OWN, PAST, PLACES,
    REVISIONS, RevisionRow, SHARES, ShareKey, ShareRow, Tally, path_key, path_of,
};

/// One share being changed; [`Shelf::close`] writes the counts back.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) key: ShareKey,
    pub(crate) row: ShareRow,
}

impl Shelf {
    /// Opens a share; `None` when it is not known.
    pub(crate) fn open<R: Rows + ?Sized>(rows: &R, key: ShareKey) -> Result<Option<Self>, StoreError> {
        Ok(SHARES.get(rows, &(key.web, key.person, key.share))?.map(|row| Self { key, row }))
    }

    /// Opens a share by its number.
    pub(crate) fn numbered<R: Rows + ?Sized>(rows: &R, number: u64) -> Result<Option<Self>, StoreError> {
        match NUMBERS.get(rows, &number)? {
            Some(key) => Self::open(rows, key),
            None => Ok(None),
        }
    }

    /// Makes a share that was not known.
    pub(crate) fn create(
        rows: &mut Overlay<'_>,
        key: ShareKey,
        device: base::DeviceId,
        name: &str,
    ) -> Result<Self, StoreError> {
        let number = COUNTERS.get(rows, &COUNTER_SHARES)?.unwrap_or(0) + 1;
        COUNTERS.put(rows, &COUNTER_SHARES, &number);
        NUMBERS.put(rows, &number, &key);
        let row =
            ShareRow { number, device, name: name.to_owned(), is_ended: false, tally: Tally::default() };
        let shelf = Self { key, row };
        shelf.close(rows);
        Ok(shelf)
    }

    /// Writes the share's row.
    pub(crate) fn close(&self, rows: &mut Overlay<'_>) {
        SHARES.put(rows, &(self.key.web, self.key.person, self.key.share), &self.row);
    }

    /// Returns the entry a file has now.
    pub(crate) fn entry<R: Rows + ?Sized>(
        &self,
        rows: &R,
        file: FileId,
    ) -> Result<Option<(Vec<u8>, EntryRow)>, StoreError> {
        let Some(place) = FILES.get(rows, &(self.row.number, file))?.filter(|place| !place.is_gone) else {
            return Ok(None);
        };
        let entry = ENTRIES.get(rows, &(self.row.number, place.path.clone()))?;
        Ok(entry.filter(|entry| entry.file == file).map(|entry| (place.path, entry)))
    }

    /// Lists a revision of a file (rules 5 to 8). Returns whether the tree changed.
    pub(crate) fn list(
        &mut self,
        rows: &mut Overlay<'_>,
        listed: &Listed,
        told: Timestamp,
        position: u64,
        stat: Option<Stat>,
    ) -> Result<bool, StoreError> {
        let number = self.row.number;
        let place = FILES.get(rows, &(number, listed.file))?;
        if place.as_ref().is_some_and(|place| place.position > position) {
            return self.list_late(rows, listed, told);
        }
        let path = path_key(&listed.path);
        let before = self.entry(rows, listed.file)?;
        let moved_from = before.as_ref().filter(|(old, _)| *old != path).map(|(old, _)| path_of(old));
        let mut entry = EntryRow {
            file: listed.file,
            kind: listed.kind,
            head: revision_of(listed, told, moved_from),
            number: listed.number,
            revision: listed.revision,
            target: listed.target.clone(),
            stat,
        };
        if place.is_some() && entry.head.content.is_none() {
            // Listed again after something else was: what was known of the revision still is.
            let known = REVISIONS.get(rows, &(number, listed.file, listed.number, listed.revision))?;
            entry.head.content = known.and_then(|known| known.content);
        }
        if let Some((_, current)) = &before
            && !self.follows(rows, current, &mut entry)?
        {
            return Ok(false);
        }
        if before.as_ref().is_some_and(|(old, current)| *old == path && *current == entry) {
            return Ok(false);
        }
        if before.as_ref().is_none_or(|(old, _)| *old != path) {
            self.displace(rows, &path, position)?;
            if self.row.tally.gone > 0 && GONE.has(rows, &(number, path.clone()))? {
                GONE.delete(rows, &(number, path.clone()));
                self.row.tally.gone -= 1;
            }
        }
        if let Some((old, current)) = before {
            self.uncount(&current);
            if current.head.content != entry.head.content {
                self.unplace(rows, &current)?;
            }
            if old != path {
                ENTRIES.delete(rows, &(number, old));
            }
        }
        self.count(&entry);
        if let Some(content) = entry.head.content {
            PLACES.put(rows, &(content, number, listed.file), &());
            note_moved(rows, self.key.web, content)?;
            self.note_content(rows, content)?;
        }
        changes::note_entry(rows, self.key.web, number, listed.file)?;
        ENTRIES.put(rows, &(number, path.clone()), &entry);
        FILES.put(rows, &(number, listed.file), &FileRow { path, position, is_gone: false });
        changes::note_links(rows, number, listed.file)?;
        Ok(true)
    }

    /// A statement older than what is shown only adds to the history.
    fn list_late(
        &mut self,
        rows: &mut Overlay<'_>,
        listed: &Listed,
        told: Timestamp,
    ) -> Result<bool, StoreError> {
        if let Some((_, current)) = self.entry(rows, listed.file)?
            && current.revision == listed.revision
        {
            return match listed.content {
                Some(content) => Ok(self.hash(rows, listed.file, listed.revision, content)?.is_some()),
                None => Ok(false),
            };
        }
        let revision = revision_of(listed, told, None);
        self.remember(rows, listed.file, listed.number, listed.revision, revision)?;
        Ok(false)
    }

    /// Notes the content of a revision (rule 9). Returns the entry's path when the tree changed.
    pub(crate) fn hash(
        &mut self,
        rows: &mut Overlay<'_>,
        file: FileId,
        revision: RevisionId,
        content: ContentId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let number = self.row.number;
        if let Some((path, mut entry)) = self.entry(rows, file)?
            && entry.revision == revision
        {
            if entry.head.content.is_some() || entry.kind != Kind::File {
                return Ok(None);
            }
            entry.head.content = Some(content);
            self.row.tally.hashed += 1;
            PLACES.put(rows, &(content, number, file), &());
            note_moved(rows, self.key.web, content)?;
            self.note_content(rows, content)?;
            ENTRIES.put(rows, &(number, path.clone()), &entry);
            changes::note_links(rows, number, file)?;
            return Ok(Some(path));
        }
        let older = REVISIONS
            .within(rows, &(number, file))
            .find(|row| row.as_ref().map_or(true, |((_, _, _, id), _)| *id == revision))
            .transpose()?;
        if let Some((key, mut row)) = older
            && row.content.is_none()
            && !row.is_deletion
        {
            row.content = Some(content);
            PAST.put(rows, &(content, number, file), &key.2);
            REVISIONS.put(rows, &key, &row);
        }
        Ok(None)
    }

    /// Takes a file out of the tree; its revisions stay, the deletion is one (rule 10).
    pub(crate) fn remove(
        &mut self,
        rows: &mut Overlay<'_>,
        gone: &Gone,
        told: Timestamp,
        position: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let number = self.row.number;
        let deletion = RevisionRow {
            size: 0,
            changed: told,
            told,
            content: None,
            parents: gone.parents.clone(),
            renamed_from: None,
            is_deletion: true,
        };
        let place = FILES.get(rows, &(number, gone.file))?;
        let Some(place) = place.filter(|place| place.position <= position) else {
            return Ok(None);
        };
        self.remember(rows, gone.file, gone.number, gone.revision, deletion)?;
        let Some((path, entry)) = self.entry(rows, gone.file)? else { return Ok(None) };
        self.take_away(rows, &path, entry)?;
        FILES.put(rows, &(number, gone.file), &FileRow { path: place.path, position, is_gone: true });
        GONE.put(rows, &(number, path.clone()), &gone.file);
        self.row.tally.gone += 1;
        Ok(Some(path))
    }

    /// Decides which of two revisions the entry shows and keeps the other; false when nothing is to be written.
    fn follows(
        &self,
        rows: &mut Overlay<'_>,
        current: &EntryRow,
        entry: &mut EntryRow,
    ) -> Result<bool, StoreError> {
        if current.revision == entry.revision {
            // Said again, perhaps by now with its content: never back to not known.
            entry.head.content = current.head.content.or(entry.head.content);
            entry.head.told = current.head.told;
            entry.head.renamed_from.clone_from(&current.head.renamed_from);
            return Ok(true);
        }
        if (entry.number, entry.revision) < (current.number, current.revision) {
            self.remember(rows, entry.file, entry.number, entry.revision, entry.head.clone())?;
            return Ok(false);
        }
        self.remember(rows, current.file, current.number, current.revision, current.head.clone())?;
        Ok(true)
    }

    /// A path holds one thing: what stood there and is another file is gone.
    fn displace(&mut self, rows: &mut Overlay<'_>, path: &[u8], position: u64) -> Result<(), StoreError> {
        let number = self.row.number;
        if let Some(other) = ENTRIES.get(rows, &(number, path.to_vec()))? {
            let place = FileRow { path: path.to_vec(), position, is_gone: true };
            FILES.put(rows, &(number, other.file), &place);
            self.take_away(rows, path, other)?;
        }
        Ok(())
    }

    fn take_away(&mut self, rows: &mut Overlay<'_>, path: &[u8], entry: EntryRow) -> Result<(), StoreError> {
        self.uncount(&entry);
        self.unplace(rows, &entry)?;
        if let Some(content) = entry.head.content {
            self.note_content(rows, content)?;
        }
        changes::note_entry(rows, self.key.web, self.row.number, entry.file)?;
        changes::note_links(rows, self.row.number, entry.file)?;
        ENTRIES.delete(rows, &(self.row.number, path.to_vec()));
        self.remember(rows, entry.file, entry.number, entry.revision, entry.head)
    }

    /// Keeps a revision beside the one shown. Told again, it only gains its content.
    fn remember(
        &self,
        rows: &mut Overlay<'_>,
        file: FileId,
        number: u64,
        id: RevisionId,
        row: RevisionRow,
    ) -> Result<(), StoreError> {
        let key = (self.row.number, file, number, id);
        let row = match REVISIONS.get(rows, &key)? {
            Some(known) => RevisionRow { content: known.content.or(row.content), ..known },
            None => row,
        };
        if let Some(content) = row.content {
            PAST.put(rows, &(content, self.row.number, file), &number);
            self.note_content(rows, content)?;
        }
        REVISIONS.put(rows, &key, &row);
        Ok(())
    }

    /// Notes that a content came to this computer or went from it, or is listed by somebody else now or no longer.
    fn note_content(&self, rows: &mut Overlay<'_>, content: ContentId) -> Result<(), StoreError> {
        match OWN.has(rows, &self.row.number)? {
            true => changes::note_content(rows, self.key.web, content),
            false => changes::note_listed(rows, self.key.web, content),
        }
    }

    fn unplace(&self, rows: &mut Overlay<'_>, entry: &EntryRow) -> Result<(), StoreError> {
        if let Some(content) = entry.head.content {
            PLACES.delete(rows, &(content, self.row.number, entry.file));
            note_moved(rows, self.key.web, content)?;
        }
        Ok(())
    }

    fn count(&mut self, entry: &EntryRow) {
        let tally = &mut self.row.tally;
        tally.entries += 1;
        if entry.kind == Kind::File {
            tally.files += 1;
            tally.bytes = tally.bytes.saturating_add(entry.head.size);
            tally.hashed += u64::from(entry.head.content.is_some());
        }
    }

    fn uncount(&mut self, entry: &EntryRow) {
        let tally = &mut self.row.tally;
        tally.entries = tally.entries.saturating_sub(1);
        if entry.kind == Kind::File {
            tally.files = tally.files.saturating_sub(1);
            tally.bytes = tally.bytes.saturating_sub(entry.head.size);
            tally.hashed = tally.hashed.saturating_sub(u64::from(entry.head.content.is_some()));
        }
    }
}

fn revision_of(listed: &Listed, told: Timestamp, renamed_from: Option<String>) -> RevisionRow {
    RevisionRow {
        size: listed.size,
        changed: listed.changed,
        told,
        content: listed.content,
        parents: listed.parents.clone(),
        renamed_from,
        is_deletion: false,
    }
}

/// Returns one file of each share that holds a content, in order of share numbers, so many shares at most.
///
/// Jumps from share to share: a content that stands in one a thousand times (the empty one) costs one look.
pub(crate) fn holding<R: Rows + ?Sized>(
    rows: &R,
    content: ContentId,
    shares_max: usize,
) -> Result<Vec<(u64, FileId)>, StoreError> {
    let mut found = Vec::new();
    let mut start = (content, 0, FileId::new([0; 16]));
    while found.len() < shares_max {
        let Some(((_, number, file), ())) = PLACES.within_from(rows, &content, &start).next().transpose()?
        else {
            break;
        };
        found.push((number, file));
        start.1 = number.saturating_add(1);
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

/// Walks the shares of a person in a web that have not ended.
pub(crate) fn shares_of<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Vec<(ShareId, ShareRow)>, StoreError> {
    SHARES
        .within(rows, &(web, person))
        .filter(|pair| pair.as_ref().map_or(true, |(_, row)| !row.is_ended))
        .map(|pair| pair.map(|((_, _, share), row)| (share, row)))
        .collect()
}
