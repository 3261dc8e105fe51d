//! What links and sites need of the tree: names that last (share, file) for paths, and paths for names; the tree at a time.
//!
//! Reads rows only. Not for: how fresh something is (`look.rs`).

use base::{ContentId, DeviceId, Fault, FileId, PersonId, ShareId, Timestamp, WebId};
use kernel::Step;
use store::{Overlay, Rows, StoreError, Table};

use crate::catalogue::Shelf;
use crate::label;
use crate::tables::{
    ENTRIES, EntryRow, FILES, GONE, HELD, Kind, NUMBERS, OWN, REVISIONS, RevisionRow, path_key, path_of,
};
use crate::tree::{self, Spot};

/// Own entries that changed and whose links were not looked at yet: (share number, file).
const LINKS_CHANGED: Table<(u64, FileId), u64> = Table::new("files.changed_links");

/// Files looked at for the versions of a folder, at most.
const VERSIONED_MAX: usize = 20_000;

/// What a path names, by names that last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Above all webs.
    Root,
    /// A web.
    Web(WebId),
    /// A person in a web.
    Person(WebId, PersonId),
    /// A share, or something in one.
    Entry {
        /// The web.
        web: WebId,
        /// The share.
        share: ShareId,
        /// The share's number on this peer.
        number: u64,
        /// Which file or folder; none for the share, and for folders that were never listed themselves.
        file: Option<FileId>,
        /// Below the share; empty for the share itself.
        path: String,
    },
}

/// A share by its lasting name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharePlace {
    /// Its number on this peer.
    pub number: u64,
    /// Whose it is.
    pub person: PersonId,
    /// The device that speaks for it.
    pub device: DeviceId,
    /// Whether it is shared no more.
    pub is_ended: bool,
    /// `web/person/share`.
    pub path: String,
}

/// Something in a share at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Which.
    pub file: FileId,
    /// What it is.
    pub kind: Kind,
    /// The revision's number.
    pub revision: u64,
    /// Its content, if its owner has read it.
    pub content: Option<ContentId>,
    /// Bytes.
    pub size: u64,
    /// When it was changed, by its owner's clock.
    pub changed: Timestamp,
}

/// Returns what a path names.
pub fn named(rows: &dyn Rows, path: &str) -> Result<Named, Fault> {
    Ok(match tree::resolve(rows, path)? {
        Spot::Root => Named::Root,
        Spot::Web(web) => Named::Web(web),
        Spot::Person(web, person) => Named::Person(web, person),
        Spot::Share(spot) => Named::Entry {
            web: spot.key.web,
            share: spot.key.share,
            number: spot.row.number,
            file: None,
            path: String::new(),
        },
        Spot::Below(spot) => Named::Entry {
            web: spot.share.key.web,
            share: spot.share.key.share,
            number: spot.share.row.number,
            file: spot.entry.map(|entry| entry.file),
            path: path_of(&spot.key),
        },
    })
}

/// Finds a share by its lasting name.
pub fn share<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    share: ShareId,
) -> Result<Option<SharePlace>, StoreError> {
    for row in NUMBERS.all(rows) {
        let (number, key) = row?;
        if key.web != web || key.share != share {
            continue;
        }
        let Some(shelf) = Shelf::numbered(rows, number)? else { continue };
        return Ok(Some(SharePlace {
            number,
            person: people::read::same_human_now(rows, web, key.person)?,
            device: shelf.row.device,
            is_ended: shelf.row.is_ended,
            path: label::share_path(rows, key)?,
        }));
    }
    Ok(None)
}

/// Returns where a file or folder is below its share, and what it is; `None` when it is gone.
pub fn entry<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    file: FileId,
) -> Result<Option<(String, At)>, StoreError> {
    let Some(shelf) = Shelf::numbered(rows, number)? else { return Ok(None) };
    Ok(shelf.entry(rows, file)?.map(|(key, entry)| (path_of(&key), at_of(&entry))))
}

/// Returns where a file was last, for one that is gone.
pub fn last_path<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    file: FileId,
) -> Result<Option<String>, StoreError> {
    Ok(FILES.get(rows, &(number, file))?.map(|row| path_of(&row.path)))
}

/// Returns the content a file had last; for one that is gone.
pub fn last_content<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    file: FileId,
) -> Result<Option<ContentId>, StoreError> {
    for row in REVISIONS.within_back(rows, &(number, file)).take(64) {
        let (_, revision) = row?;
        if let Some(content) = revision.content {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// Returns what stands at a path below a share now.
pub fn at_path<R: Rows + ?Sized>(rows: &R, number: u64, path: &str) -> Result<Option<At>, StoreError> {
    Ok(ENTRIES.get(rows, &(number, path_key(path)))?.map(|entry| at_of(&entry)))
}

/// Returns one revision of a file; `None` when there is none of that number.
pub fn revision<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    file: FileId,
    revision: u64,
) -> Result<Option<At>, StoreError> {
    if let Some((_, at)) = entry(rows, number, file)?.filter(|(_, at)| at.revision == revision) {
        return Ok(Some(at));
    }
    let mut older = REVISIONS.within(rows, &(number, file, revision));
    Ok(older.next().transpose()?.map(|(_, row)| past(file, revision, &row)))
}

/// Returns what stood at a path below a share at a time, by its owner's clock.
pub fn at_time<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    path: &str,
    time: Timestamp,
) -> Result<Option<At>, StoreError> {
    let key = path_key(path);
    let now = ENTRIES.get(rows, &(number, key.clone()))?;
    if let Some(entry) = &now
        && (entry.head.told <= time || entry.kind != Kind::File)
    {
        return Ok(Some(at_of(entry)));
    }
    // What stands there now, and before that what is gone from there.
    let files = [now.map(|entry| entry.file), GONE.get(rows, &(number, key))?];
    for file in files.into_iter().flatten() {
        for row in REVISIONS.within_back(rows, &(number, file)) {
            let ((_, _, revision, _), row) = row?;
            if row.told <= time {
                return Ok((!row.is_deletion).then(|| past(file, revision, &row)));
            }
        }
    }
    Ok(None)
}

/// Returns when files below a folder changed: the time each revision was told, with the file's path; newest first.
pub fn versions<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
    folder: &str,
    limit: usize,
) -> Result<Vec<(Timestamp, String)>, StoreError> {
    let prefix = crate::tables::inside(&path_key(folder));
    let mut all = Vec::new();
    for row in ENTRIES.within(rows, &(number, prefix.clone())).take(VERSIONED_MAX) {
        let ((_, key), entry) = row?;
        if entry.kind != Kind::File {
            continue;
        }
        let path = path_of(key.get(prefix.len()..).unwrap_or_default());
        for row in REVISIONS.within_back(rows, &(number, entry.file)).take(limit) {
            all.push((row?.1.told, path.clone()));
        }
        all.push((entry.head.told, path));
    }
    for row in GONE.within(rows, &(number, prefix.clone())).take(VERSIONED_MAX) {
        let ((_, key), file) = row?;
        let path = path_of(key.get(prefix.len()..).unwrap_or_default());
        for row in REVISIONS.within_back(rows, &(number, file)).take(limit) {
            all.push((row?.1.told, path.clone()));
        }
    }
    all.sort_by(|a, b| b.cmp(a));
    all.dedup();
    all.truncate(limit);
    Ok(all)
}

/// Returns what is directly in a folder below a share: names with what they are and their bytes, in order.
pub fn children(
    rows: &dyn Rows,
    number: u64,
    folder: &str,
    limit: usize,
) -> Result<Vec<(String, Kind, u64)>, StoreError> {
    let prefix = crate::tables::inside(&path_key(folder));
    let found = tree::children(rows, number, &prefix, None, limit)?;
    let row = |(key, entry): (Vec<u8>, Option<EntryRow>)| {
        let name = path_of(key.get(prefix.len()..).unwrap_or_default());
        let (kind, size) = entry.map_or((Kind::Folder, 0), |entry| (entry.kind, entry.head.size));
        (name, kind, size)
    };
    Ok(found.into_iter().map(row).collect())
}

/// Says whether there is a folder at a path below a share, listed itself or only by what is in it.
pub fn is_folder(rows: &dyn Rows, number: u64, path: &str) -> Result<bool, StoreError> {
    let is_listed = at_path(rows, number, path)?.is_some_and(|at| at.kind == Kind::Folder);
    Ok(is_listed || path.is_empty() || tree::first_inside(rows, number, &path_key(path))?)
}

/// Returns the own shares that a folder of this computer is or lies in: web, share, and the path below it.
pub fn own_shares_of<R: Rows + ?Sized>(
    rows: &R,
    folder: &str,
) -> Result<Vec<(WebId, ShareId, u64, String)>, StoreError> {
    let folder = folder.trim_end_matches('/');
    let mut found = Vec::new();
    for row in OWN.all(rows) {
        let (number, own) = row?;
        let rest = [&own.real_folder, &own.folder].into_iter().find_map(|root| {
            let rest = folder.strip_prefix(root.trim_end_matches('/')).filter(|_| !root.is_empty())?;
            if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
        });
        let Some(rest) = rest else { continue };
        if let Some(key) = NUMBERS.get(rows, &number)? {
            found.push((key.web, key.share, number, rest.to_owned()));
        }
    }
    Ok(found)
}

/// Returns an own share's path on this computer; none for others'.
pub fn own_folder<R: Rows + ?Sized>(rows: &R, number: u64) -> Result<Option<String>, StoreError> {
    Ok(OWN.get(rows, &number)?.map(|own| own.real_folder))
}

/// Returns the web, the person and the share of a share's number.
pub fn key_of<R: Rows + ?Sized>(
    rows: &R,
    number: u64,
) -> Result<Option<(WebId, PersonId, ShareId)>, StoreError> {
    Ok(NUMBERS.get(rows, &number)?.map(|key| (key.web, key.person, key.share)))
}

/// Counts the files below a folder of a share, and those whose newest content is here; looks at so many at most.
pub fn held_below<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    number: u64,
    folder: &str,
    limit: usize,
) -> Result<(usize, usize), StoreError> {
    let (mut here, mut all) = (0, 0);
    for row in ENTRIES.within(rows, &(number, crate::tables::inside(&path_key(folder)))).take(limit) {
        let (_, entry) = row?;
        if entry.kind == Kind::File {
            all += 1;
            let content = entry.head.content;
            let is_here =
                content.map(|content| HELD.has(rows, &(web, content))).transpose()?.unwrap_or(false);
            here += usize::from(is_here || OWN.has(rows, &number)?);
        }
    }
    Ok((here, all))
}

/// Returns own files that changed and whose links were not looked at; they stay until [`settle_links`].
pub fn links_changed<R: Rows + ?Sized>(
    rows: &R,
    limit: usize,
) -> Result<Vec<(u64, FileId, u64)>, StoreError> {
    LINKS_CHANGED
        .all(rows)
        .take(limit)
        .map(|row| row.map(|((number, file), mark)| (number, file, mark)))
        .collect()
}

/// Takes files off that list, unless they have changed since.
pub fn settle_links(step: &mut Step<'_>, number: u64, file: FileId, mark: u64) -> Result<(), StoreError> {
    if LINKS_CHANGED.get(step.view(), &(number, file))? == Some(mark) {
        LINKS_CHANGED.delete(step.rows(), &(number, file));
    }
    Ok(())
}

/// Notes that an own file changed, if it may hold links.
pub(crate) fn note_links(
    rows: &mut Overlay<'_>,
    number: u64,
    file: FileId,
    mark: u64,
) -> Result<(), StoreError> {
    if !OWN.has(rows, &number)? {
        return Ok(());
    }
    let path = FILES.get(rows, &(number, file))?.map(|row| row.path).unwrap_or_default();
    let ending = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
    if [&b"md"[..], b"markdown", b"html", b"htm"].contains(&ending.as_slice()) {
        LINKS_CHANGED.put(rows, &(number, file), &mark);
    }
    Ok(())
}

fn at_of(entry: &EntryRow) -> At {
    At {
        file: entry.file,
        kind: entry.kind,
        revision: entry.number,
        content: entry.head.content,
        size: entry.head.size,
        changed: entry.head.changed,
    }
}

fn past(file: FileId, revision: u64, row: &RevisionRow) -> At {
    let RevisionRow { content, size, changed, .. } = row;
    At { file, kind: Kind::File, revision, content: *content, size: *size, changed: *changed }
}
