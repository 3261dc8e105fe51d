//! What changed and was not taken notice of yet: an index beside the rows follows this list.
//!
//! A set, not a log: a file that changes twice before anybody looks stands in it once. A row goes only when it is
//! as it was when it was taken, so nothing that changes meanwhile is missed. Not for: people, who hear events.

use base::{ContentId, FileId, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Overlay, Rows, StoreError, Table};

use crate::tables::{COUNTER_CHANGES, COUNTERS};

/// Entries that came, changed or went: (share number, file).
const ENTRIES_CHANGED: Table<(u64, FileId), Mark> = Table::new("files.changed_entries");
/// Contents that came to this computer or went, for a web.
const CONTENTS_CHANGED: Table<(WebId, ContentId), Mark> = Table::new("files.changed_contents");

/// Contents that came to this computer, or went, and were not looked through yet.
const ARRIVED: Table<ContentId, ()> = Table::new("files.arrived");

/// Contents that others list now and did not before, or no longer do: noted only for webs that this peer brokers.
const LISTED_CHANGED: Table<(WebId, ContentId), u64> = Table::new("files.changed_listed");

/// Which change it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Mark {
    #[n(0)]
    stamp: u64,
    /// The entry's web: its share may be gone when it is looked at.
    #[n(1)]
    web: WebId,
}

/// An entry that came, changed or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedEntry {
    /// The web.
    pub web: WebId,
    /// The share's number on this peer.
    pub number: u64,
    /// The file, folder or link.
    pub file: FileId,
    stamp: u64,
}

/// A content that came to this computer or went, for a web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedContent {
    /// The web.
    pub web: WebId,
    /// The content.
    pub content: ContentId,
    stamp: u64,
}

pub(crate) fn note_entry(
    rows: &mut Overlay<'_>,
    web: WebId,
    number: u64,
    file: FileId,
) -> Result<(), StoreError> {
    let stamp = next(rows)?;
    ENTRIES_CHANGED.put(rows, &(number, file), &Mark { stamp, web });
    Ok(())
}

/// Notes that the links of an own file have to be looked at: it came, its content became known, or it is gone. Only after its
/// row says where it is.
pub(crate) fn note_links(rows: &mut Overlay<'_>, number: u64, file: FileId) -> Result<(), StoreError> {
    let stamp = next(rows)?;
    crate::naming::note_links(rows, number, file, stamp)
}

pub(crate) fn note_content(rows: &mut Overlay<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
    let stamp = next(rows)?;
    CONTENTS_CHANGED.put(rows, &(web, content), &Mark { stamp, web });
    ARRIVED.put(rows, &content, &());
    Ok(())
}

/// Says whether a content is on the list of [`take_arrived`].
pub fn has_arrived<R: Rows + ?Sized>(rows: &R, content: ContentId) -> Result<bool, StoreError> {
    ARRIVED.has(rows, &content)
}

/// Returns some contents that came to this computer, or went, and takes them off the list: for who looks what is in them.
pub fn take_arrived(step: &mut Step<'_>, limit: usize) -> Result<Vec<ContentId>, StoreError> {
    let taken: Vec<ContentId> = ARRIVED
        .all(step.view())
        .take(limit)
        .map(|row| row.map(|(content, ())| content))
        .collect::<Result<_, _>>()?;
    for content in &taken {
        ARRIVED.delete(step.rows(), content);
    }
    Ok(taken)
}

/// Notes that a content was listed by others or no longer is, if this peer reads all that is listed there.
pub(crate) fn note_listed(rows: &mut Overlay<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
    if people::read::own_serving(rows, web)?.broker {
        let stamp = next(rows)?;
        LISTED_CHANGED.put(rows, &(web, content), &stamp);
    }
    Ok(())
}

/// Counts a change that shows at once, before its entries are on any list: a share has ended.
pub(crate) fn count_end(rows: &mut Overlay<'_>) -> Result<(), StoreError> {
    next(rows).map(drop)
}

fn next(rows: &mut Overlay<'_>) -> Result<u64, StoreError> {
    let stamp = COUNTERS.get(rows, &COUNTER_CHANGES)?.unwrap_or(0) + 1;
    COUNTERS.put(rows, &COUNTER_CHANGES, &stamp);
    Ok(stamp)
}

/// Returns some entries that changed; they stay in the list until [`settle_entries`].
pub fn entries<R: Rows + ?Sized>(rows: &R, limit: usize) -> Result<Vec<ChangedEntry>, StoreError> {
    entries_from(rows, (0, FileId::new([0; FileId::LEN])), limit)
}

/// Returns some entries that changed after one of the list.
pub fn entries_after<R: Rows + ?Sized>(
    rows: &R,
    after: &ChangedEntry,
    limit: usize,
) -> Result<Vec<ChangedEntry>, StoreError> {
    let mut entries = entries_from(rows, (after.number, after.file), limit)?;
    entries.retain(|entry| (entry.number, entry.file) != (after.number, after.file));
    Ok(entries)
}

fn entries_from<R: Rows + ?Sized>(
    rows: &R,
    from: (u64, FileId),
    limit: usize,
) -> Result<Vec<ChangedEntry>, StoreError> {
    let some = ENTRIES_CHANGED.within_from(rows, &(), &from).take(limit);
    some.map(|row| row.map(|((number, file), Mark { stamp, web })| ChangedEntry { web, number, file, stamp }))
        .collect()
}

/// Returns some contents that came or went; they stay in the list until [`settle_contents`].
pub fn contents<R: Rows + ?Sized>(rows: &R, limit: usize) -> Result<Vec<ChangedContent>, StoreError> {
    let all = CONTENTS_CHANGED.all(rows).take(limit);
    all.map(|row| row.map(|((web, content), mark)| ChangedContent { web, content, stamp: mark.stamp }))
        .collect()
}

/// Says whether a content that came or went for a web is on the list of [`contents`].
pub fn is_any_content<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    Ok(CONTENTS_CHANGED.within(rows, &web).next().transpose()?.is_some())
}

/// Returns some contents that others list now and did not before, or no longer do, and takes them off the list.
pub fn take_listed(step: &mut Step<'_>, limit: usize) -> Result<Vec<(WebId, ContentId)>, StoreError> {
    let taken: Vec<(WebId, ContentId)> = LISTED_CHANGED
        .all(step.view())
        .take(limit)
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    for key in &taken {
        LISTED_CHANGED.delete(step.rows(), key);
    }
    Ok(taken)
}

/// Says whether anything is on the list of [`take_listed`] for a web.
pub fn is_any_listed<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    Ok(LISTED_CHANGED.within(rows, &web).next().transpose()?.is_some())
}

/// Counts all changes ever noted: equal counts mean that nothing was noted in between.
pub fn count<R: Rows + ?Sized>(rows: &R) -> Result<u64, StoreError> {
    Ok(COUNTERS.get(rows, &COUNTER_CHANGES)?.unwrap_or(0))
}

/// Takes entries off the list that did not change again.
pub fn settle_entries(step: &mut Step<'_>, taken: &[ChangedEntry]) -> Result<(), StoreError> {
    for entry in taken {
        let key = (entry.number, entry.file);
        if ENTRIES_CHANGED.get(step.view(), &key)?.is_some_and(|mark| mark.stamp == entry.stamp) {
            ENTRIES_CHANGED.delete(step.rows(), &key);
        }
    }
    Ok(())
}

/// Takes contents off the list that did not come or go again.
pub fn settle_contents(step: &mut Step<'_>, taken: &[ChangedContent]) -> Result<(), StoreError> {
    for content in taken {
        let key = (content.web, content.content);
        if CONTENTS_CHANGED.get(step.view(), &key)?.is_some_and(|mark| mark.stamp == content.stamp) {
            CONTENTS_CHANGED.delete(step.rows(), &key);
        }
    }
    Ok(())
}
