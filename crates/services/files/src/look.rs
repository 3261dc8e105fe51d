//! What other services may look at: which file stands where, who could give a content, where its bytes are here.
//!
//! Reads rows only. Not for: changing anything, or for persons (`reader.rs`).

use api::files::{EntryView, HolderView};
use base::{ContentId, DeviceId, FileId, PersonId, Timestamp, WebId};
use store::{Rows, StoreError};

use crate::catalogue::Shelf;
use crate::jobs::Source;
use crate::label;
use crate::source::shared_path;
use crate::tables::{FILES, HELD, HOLDERS, Kind, NUMBERS, OWN, PAST, PLACES, ShareKey, path_of};
use crate::tree::{BelowSpot, ShareSpot, Spot};
use crate::view::Viewer;

/// Where an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The web.
    pub web: WebId,
    /// Whose share it is in.
    pub person: PersonId,
    /// The device that speaks for the share.
    pub device: DeviceId,
    /// The name of the share and the path in it.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// The content of its newest revision, if it is a file and its owner has read it.
    pub content: Option<ContentId>,
    /// Bytes of its newest revision.
    pub size: u64,
    /// When it was changed, by its owner's clock.
    pub changed: Timestamp,
    /// The number of its newest revision.
    pub revision: u64,
}

/// Returns where an entry is now; `None` when it is gone or its share has ended.
pub fn place<R: Rows + ?Sized>(rows: &R, number: u64, file: FileId) -> Result<Option<Place>, StoreError> {
    let Some(shelf) = Shelf::numbered(rows, number)?.filter(|shelf| !shelf.row.is_ended) else {
        return Ok(None);
    };
    let Some((key, entry)) = shelf.entry(rows, file)? else { return Ok(None) };
    Ok(Some(Place {
        web: shelf.key.web,
        person: shelf.key.person,
        device: shelf.row.device,
        path: format!("{}/{}", label::safe(&shelf.row.name, shelf.key.share), path_of(&key)),
        kind: entry.kind,
        content: entry.head.content,
        size: entry.head.size,
        changed: entry.head.changed,
        revision: entry.number,
    }))
}

/// Walks the shares of a web, all of them, by their numbers.
pub fn share_numbers<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<u64>, StoreError> {
    let mut numbers = Vec::new();
    for row in NUMBERS.all(rows) {
        let (number, key) = row?;
        if key.web == web {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// Returns some files of a share after a file, in order of their ids, with the contents they show now.
pub fn files_after<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    after: Option<FileId>,
    limit: usize,
) -> Result<Vec<FileId>, StoreError> {
    let start = (number, after.unwrap_or(FileId::new([0; 16])));
    let rows = FILES.within_from(rows, &number, &start).map(|row| row.map(|((_, file), _)| file));
    rows.filter(|file| !matches!(file, Ok(file) if Some(*file) == after)).take(limit).collect()
}

/// Returns some contents kept for a web after a content, in order of their ids.
pub fn kept_after<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    after: Option<ContentId>,
    limit: usize,
) -> Result<Vec<ContentId>, StoreError> {
    let start = (web, after.unwrap_or(ContentId::new([0; ContentId::LEN])));
    let rows = HELD.within_from(rows, &web, &start).map(|row| row.map(|((_, content), _)| content));
    rows.filter(|content| !matches!(content, Ok(content) if Some(*content) == after)).take(limit).collect()
}

/// Says whether a share is one of this peer's own.
pub fn is_own<R: Rows + ?Sized>(rows: &R, number: u64) -> Result<bool, StoreError> {
    OWN.has(rows, &number)
}

/// Returns where the bytes of a content are on this computer, for a web.
pub fn source_in<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
) -> Result<Option<Source>, StoreError> {
    if let Some(source) = shared_path(rows, content, |key| key.web == web)? {
        return Ok(Some(source));
    }
    Ok(HELD.has(rows, &(web, content))?.then_some(Source::Store))
}

/// A file of a web that shows a content, or showed it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Showing {
    /// The share's number on this peer.
    pub number: u64,
    /// The file.
    pub file: FileId,
    /// The revision that has this content; none when it is the newest.
    pub past: Option<u64>,
}

/// Returns the files of a web that show a content now, and those that did; at most so many of each.
pub fn showing<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    limit: usize,
) -> Result<Vec<Showing>, StoreError> {
    let is_in_web = |number: u64| {
        Ok::<_, StoreError>(NUMBERS.get(rows, &number)?.is_some_and(|key: ShareKey| key.web == web))
    };
    let mut found = Vec::new();
    for (number, file) in crate::catalogue::holding(rows, content, limit)? {
        if is_in_web(number)? {
            found.push(Showing { number, file, past: None });
        }
    }
    for row in PAST.within(rows, &content).take(limit) {
        let ((_, number, file), revision) = row?;
        if is_in_web(number)? && !PLACES.has(rows, &(content, number, file))? {
            found.push(Showing { number, file, past: Some(revision) });
        }
    }
    Ok(found)
}

/// Says whether a device has said that it has a content: it lists it in a share of its own, now or before, or
/// keeps it.
pub fn is_holder<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    device: DeviceId,
) -> Result<bool, StoreError> {
    if HOLDERS.has(rows, &(web, content, device))? {
        return Ok(true);
    }
    for showing in showing(rows, web, content, HOLDING_MAX)? {
        if Shelf::numbered(rows, showing.number)?.is_some_and(|shelf| shelf.row.device == device) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Shares looked at for whether a device lists a content, at most.
const HOLDING_MAX: usize = 64;

/// Looks at entries as a person sees them, at one moment.
pub struct Look<'a> {
    viewer: Viewer<'a>,
}

impl std::fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Look").finish_non_exhaustive()
    }
}

impl<'a> Look<'a> {
    /// Begins to look at some rows.
    pub fn at(rows: &'a dyn Rows, me: DeviceId) -> Result<Self, StoreError> {
        Ok(Self { viewer: Viewer::of(rows, me)? })
    }

    /// Returns an entry and who has it; `None` when it is gone or its owner is no member.
    pub fn entry(
        &mut self,
        number: u64,
        file: FileId,
    ) -> Result<Option<(EntryView, Vec<HolderView>)>, StoreError> {
        let rows = self.viewer.rows;
        let Some(shelf) = Shelf::numbered(rows, number)?.filter(|shelf| !shelf.row.is_ended) else {
            return Ok(None);
        };
        if people::read::role_of(rows, shelf.key.web, shelf.key.person)?.is_none() {
            return Ok(None);
        }
        let Some((key, entry)) = shelf.entry(rows, file)? else { return Ok(None) };
        let path = label::share_path(rows, shelf.key)?;
        let share = ShareSpot { key: shelf.key, row: shelf.row, path };
        let view = self.viewer.entry(&share, &key, Some(&entry))?;
        let spot = Spot::Below(BelowSpot { share, key, entry: Some(entry) });
        let holders = self.viewer.holders(&spot)?;
        Ok(Some((view, holders)))
    }
}
