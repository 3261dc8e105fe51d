//! What other services may look at: which file stands where, who could give a content, where its bytes are here.
//!
//! Reads rows only. Not for: changing anything, or for persons (`reader.rs`).

use std::collections::BTreeSet;

use api::files::{EntryView, HolderView};
use base::{ContentId, DeviceId, Fault, FileId, PersonId, ShareId, Timestamp, WebId};
use store::{Rows, StoreError};

use crate::catalogue::Shelf;
use crate::jobs::Source;
use crate::label;
use crate::source::shared_path;
use crate::tables::{
    DOCUMENTS_AT, ENTRIES, FILES, HELD, HOLDERS, KEPT, Kind, NUMBERS, OWN, OwnState, PAST, PLACES, SHARES,
    ShareKey, inside, path_of,
};
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

/// A file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAt {
    /// `web/person/share/path`.
    pub path: String,
    /// The device that shares it.
    pub device: DeviceId,
    /// Its newest content; none when its owner's computer has not read it yet.
    pub content: Option<ContentId>,
    /// Bytes.
    pub size: u64,
}

/// Some files, and where to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesBelow {
    /// In the order of the tree.
    pub files: Vec<FileAt>,
    /// Where to go on; none when nothing more is there.
    pub next: Option<Vec<u8>>,
}

/// A file whose content is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentAt {
    /// The web.
    pub web: WebId,
    /// Its newest content.
    pub content: ContentId,
    /// Bytes.
    pub size: u64,
}

/// Returns the file at a path of the tree, if its content is known.
pub fn file_at(rows: &dyn Rows, path: &str) -> Result<Option<ContentAt>, StoreError> {
    let Ok(Spot::Below(spot)) = crate::tree::resolve(rows, path) else { return Ok(None) };
    let Some(entry) = spot.file() else { return Ok(None) };
    let (web, size) = (spot.share.key.web, entry.head.size);
    Ok(entry.head.content.map(|content| ContentAt { web, content, size }))
}

/// Returns the bytes of the file at a path of the tree, whether its content is known yet or not; `None` when none is there.
pub fn size_at(rows: &dyn Rows, path: &str) -> Result<Option<u64>, StoreError> {
    let Ok(Spot::Below(spot)) = crate::tree::resolve(rows, path) else { return Ok(None) };
    Ok(spot.file().map(|entry| entry.head.size))
}

/// Returns the paths of all shares of a web that the tree shows, as `web/person/share`.
pub fn shares_of<R: Rows>(rows: &R, web: WebId) -> Result<Vec<String>, StoreError> {
    let above = people::read::web_label(rows, web)?;
    let mut paths = Vec::new();
    for member in people::read::members(rows, web)? {
        for (share, _, _) in label::shares(rows, web, member.person)? {
            paths.push(format!("{above}/{}/{share}", member.label));
        }
    }
    Ok(paths)
}

/// A share, by ids that are the same on every computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareAt {
    /// The web.
    pub web: WebId,
    /// Whose it is.
    pub person: PersonId,
    /// Which of theirs.
    pub share: ShareId,
}

/// Returns the share at a path of the tree, as `web/person/share`; `None` when nothing or something else stands there.
pub fn share_at(rows: &dyn Rows, path: &str) -> Result<Option<ShareAt>, StoreError> {
    let Ok(Spot::Share(spot)) = crate::tree::resolve(rows, path) else { return Ok(None) };
    let ShareKey { web, person, share } = spot.key;
    Ok(Some(ShareAt { web, person, share }))
}

/// Returns the path of a share on this computer, as `web/person/share`.
pub fn share_path<R: Rows + ?Sized>(rows: &R, share: ShareAt) -> Result<String, StoreError> {
    let ShareAt { web, person, share } = share;
    label::share_path(rows, ShareKey { web, person, share })
}

/// Looks through so many entries of a share, from a place on; the files among them.
pub fn files_below<R: Rows>(
    rows: &R,
    share: &str,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<FilesBelow, StoreError> {
    let Ok(Spot::Share(spot)) = crate::tree::resolve(rows, share) else { return Ok(FilesBelow::default()) };
    let number = spot.row.number;
    let mut found = FilesBelow::default();
    let start = (number, after.map(<[u8]>::to_vec).unwrap_or_default());
    let entries = ENTRIES.within_from(rows, &number, &start).filter(
        |row| !matches!(row, Ok(((_, key), _)) if after.is_some_and(|after| key.as_slice() == after)),
    );
    for row in entries.take(limit) {
        let ((_, key), entry) = row?;
        if entry.kind == Kind::File {
            let path = format!("{}/{}", spot.path, path_of(&key));
            let (content, size) = (entry.head.content, entry.head.size);
            found.files.push(FileAt { path, device: spot.row.device, content, size });
        }
        found.next = Some(key);
    }
    let is_more = match &found.next {
        Some(last) => {
            ENTRIES.within_from(rows, &number, &(number, last.clone())).nth(1).transpose()?.is_some()
        }
        None => false,
    };
    if !is_more {
        found.next = None;
    }
    Ok(found)
}

/// Returns the own shares that are stopped, with the reason.
pub fn stopped(rows: &dyn Rows) -> Result<Vec<(String, String)>, StoreError> {
    let mut stopped = Vec::new();
    for row in OWN.all(rows) {
        let (number, own) = row?;
        if own.state == OwnState::Braked
            && let Some(shelf) = Shelf::numbered(rows, number)?
        {
            stopped.push((label::share_path(rows, shelf.key)?, own.last_problem));
        }
    }
    Ok(stopped)
}

/// Returns the contents of all files at and below a path of the tree, each once, at most so many; fails when nothing is there.
pub fn contents_below(rows: &dyn Rows, path: &str, limit: usize) -> Result<Vec<ContentId>, Fault> {
    let mut contents = BTreeSet::new();
    let shares = |person: PersonId, web: WebId, contents: &mut BTreeSet<ContentId>| {
        for (_, _, share) in label::shares(rows, web, person)? {
            add_below(rows, contents, &(share.number, Vec::new()), limit)?;
        }
        Ok::<_, StoreError>(())
    };
    match crate::tree::resolve(rows, path)? {
        Spot::Root => {
            for web in people::read::webs(rows)? {
                for member in people::read::members(rows, web.id)? {
                    shares(member.person, web.id, &mut contents)?;
                }
            }
        }
        Spot::Web(web) => {
            for member in people::read::members(rows, web)? {
                shares(member.person, web, &mut contents)?;
            }
        }
        Spot::Person(web, person) => shares(person, web, &mut contents)?,
        Spot::Share(spot) => add_below(rows, &mut contents, &(spot.row.number, Vec::new()), limit)?,
        Spot::Below(spot) => match spot.file() {
            Some(entry) => contents.extend(entry.head.content),
            None => add_below(rows, &mut contents, &(spot.share.row.number, inside(&spot.key)), limit)?,
        },
    }
    Ok(contents.into_iter().take(limit).collect())
}

fn add_below(
    rows: &dyn Rows,
    contents: &mut BTreeSet<ContentId>,
    below: &(u64, Vec<u8>),
    limit: usize,
) -> Result<(), StoreError> {
    for row in ENTRIES.within(rows, below) {
        if contents.len() >= limit {
            break;
        }
        contents.extend(row?.1.head.content);
    }
    Ok(())
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

/// Returns where the bytes of a content are that this computer shares with a web or offers to it.
///
/// What is kept for a web but not offered, because nobody there has shown to have it, is left out: whatever is counted of
/// it would tell a member who lists its id what is in it (spec files, rule 22).
pub fn source_in<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
) -> Result<Option<Source>, StoreError> {
    if let Some(source) = shared_path(rows, content, |key| key.web == web)? {
        return Ok(Some(source));
    }
    let is_offered = HELD.get(rows, &(web, content))?.is_some_and(|held| held.is_offered);
    Ok(is_offered.then_some(Source::Store))
}

/// Returns for which web a content is in the store, and its bytes.
pub fn kept_for<R: Rows + ?Sized>(rows: &R, content: ContentId) -> Result<Option<(WebId, u64)>, StoreError> {
    for web in people::read::webs(rows)? {
        if let Some(held) = HELD.get(rows, &(web.id, content))? {
            return Ok(Some((web.id, held.size)));
        }
    }
    Ok(None)
}

/// Says whether a content is in the store for a web, offered or not.
pub fn is_kept<R: Rows + ?Sized>(rows: &R, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    HELD.has(rows, &(web, content))
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

/// Returns who lists a content as the newest of a file, now, as a member: devices with places, other than this one's.
pub fn listing<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    limit: usize,
) -> Result<Vec<(DeviceId, Place)>, StoreError> {
    let mut listing = Vec::new();
    for (number, file) in crate::catalogue::holding(rows, content, limit)? {
        if OWN.has(rows, &number)? {
            continue;
        }
        let Some(place) = place(rows, number, file)?.filter(|place| place.web == web) else { continue };
        if place.content == Some(content) && people::read::is_member(rows, web, place.device)? {
            listing.push((place.device, place));
        }
    }
    Ok(listing)
}

/// Returns a device of a member that lists a content as a file's newest now, as [`listing`] would find.
pub fn lister<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    limit: usize,
) -> Result<Option<DeviceId>, StoreError> {
    for (number, file) in crate::catalogue::holding(rows, content, limit)? {
        let Some(place) = place(rows, number, file)?.filter(|place| place.web == web) else { continue };
        let is_newest = place.content == Some(content) && !OWN.has(rows, &number)?;
        if is_newest && people::read::is_member(rows, web, place.device)? {
            return Ok(Some(place.device));
        }
    }
    Ok(None)
}

/// Returns how far a device has come with telling what it lists and keeps: a number that grows with each such record. For
/// this device it counts those; numbers of one device are alike at all members, but not at itself.
pub fn documents_at<R: Rows + ?Sized>(rows: &R, web: WebId, device: DeviceId) -> Result<u64, StoreError> {
    Ok(DOCUMENTS_AT.get(rows, &(web, device))?.unwrap_or(0))
}

/// Says whether a device lists a file or keeps a content; for devices of which [`documents_at`] knows nothing, as of what was
/// told to an earlier version of this program.
pub fn lists_any<R: Rows + ?Sized>(rows: &R, web: WebId, device: DeviceId) -> Result<bool, StoreError> {
    if KEPT.get(rows, &(web, device))?.is_some_and(|kept| kept.files > 0) {
        return Ok(true);
    }
    let Some(person) = people::read::person_of(rows, web, device)? else { return Ok(false) };
    let shares = crate::catalogue::shares_of(rows, web, person)?;
    Ok(shares.iter().any(|(_, share)| share.device == device && share.tally.files > 0))
}

/// A statement that took a content's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// Whose.
    pub device: DeviceId,
    /// Its place in that device's log.
    pub position: u64,
}

/// Returns the last statement about a file; none for own shares and what is not known.
pub fn last_statement<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    file: FileId,
) -> Result<Option<Superseded>, StoreError> {
    let Some(place) = FILES.get(rows, &(number, file))?.filter(|place| place.position > 0) else {
        return Ok(None);
    };
    let shelf = Shelf::numbered(rows, number)?;
    Ok(shelf.map(|shelf| Superseded { device: shelf.row.device, position: place.position }))
}

/// Walks the devices of a web that ever told something of [`documents_at`].
pub fn all_documents_at<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<(DeviceId, u64)>, StoreError> {
    DOCUMENTS_AT.within(rows, &web).map(|row| row.map(|((_, device), at)| (device, at))).collect()
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
    let Some(person) = people::read::person_of(rows, web, device)? else { return Ok(false) };
    // By the device's shares: how many others have the same content must not matter.
    for pair in SHARES.within(rows, &(web, person)) {
        let (_, share) = pair?;
        let key = (content, share.number);
        let has_listed = share.device == device
            && (PLACES.within(rows, &key).next().transpose()?.is_some()
                || PAST.within(rows, &key).next().transpose()?.is_some());
        if has_listed {
            return Ok(true);
        }
    }
    Ok(false)
}

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
        if !people::read::writes(rows, shelf.key.web, shelf.key.person)? {
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
