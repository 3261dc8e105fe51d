//! Applies what others say: only about their own shares, only as members, twice as well as once
//! (spec files, rules 5 to 15).

use base::{DeviceId, PersonId, ShareId, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::catalogue::Shelf;
use crate::changes;
use crate::copies;
use crate::label;
use crate::statement::{self, Held, Statement};
use crate::tables::{
    ENTRIES, FILES, GONE, HINTS, HOLDERS, KEPT, KeptRow, NUMBERS, PAST, PLACES, REVISIONS, SHARES, SWEEP,
    ShareKey, path_of,
};

/// Shares of one person in one web at most, ended ones included.
const SHARES_MAX: usize = 1_000;
/// Entries of one share at most: what a hostile member can make others store is bounded.
const ENTRIES_MAX: u64 = 4_000_000;
/// Paths told with an event at most; a listing of thousands is told as a number.
const EVENT_PATHS_MAX: usize = 20;
/// Rows removed in one step at most, so that a step stays under 5 ms.
const SWEEP_ROWS: usize = 1_000;

/// What an applied record changed.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Path keys that changed, below the share.
    pub(crate) paths: Vec<Vec<u8>>,
    /// Whether contents became available that somebody may wait for.
    pub(crate) has_contents: bool,
    /// The web and share whose tree changed.
    pub(crate) share: Option<ShareKey>,
}

/// A record and who wrote it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author {
    pub(crate) web: WebId,
    pub(crate) person: PersonId,
    pub(crate) device: DeviceId,
    /// Place in the author's log: 256 records a batch.
    pub(crate) position: u64,
}

impl Author {
    /// Finds out who wrote a record; `None` for one who is no member (rules 5, 14).
    pub(crate) fn of<R: Rows + ?Sized>(
        rows: &R,
        web: WebId,
        device: DeviceId,
        seq: u64,
        index: u32,
    ) -> Result<Option<Self>, StoreError> {
        let position = records::place(seq, index);
        if !people::read::is_member(rows, web, device)? {
            return Ok(None);
        }
        let person = people::read::person_of(rows, web, device)?;
        Ok(person.map(|person| Self { web, person, device, position }))
    }
}

/// Applies the body of a record. Nonsense changes nothing and is no error: its author is hostile or newer.
pub(crate) fn apply(step: &mut Step<'_>, author: Author, body: &[u8]) -> Result<Applied, StoreError> {
    let Ok(statement) = statement::read(body) else { return Ok(Applied::default()) };
    match statement {
        Statement::Declared { share, name } => declare(step, author, share, &name),
        Statement::Ended { share } => end(step, author, share),
        Statement::Held { contents } => hold(step, author, &contents),
        Statement::NoLongerHeld { contents } => {
            for content in contents {
                let key = (author.web, content, author.device);
                if let Some(size) = HOLDERS.get(step.view(), &key)? {
                    HOLDERS.delete(step.rows(), &key);
                    if HINTS.has(step.view(), &key)? {
                        HINTS.delete(step.rows(), &key);
                        continue;
                    }
                    note_kept(step, author, |kept| {
                        kept.files = kept.files.saturating_sub(1);
                        kept.bytes = kept.bytes.saturating_sub(size);
                    })?;
                }
            }
            Ok(Applied::default())
        }
        Statement::Mirrored { mirror, key, copies } => {
            copies::mirrored(step, author, mirror, key, &copies)?;
            Ok(Applied { has_contents: true, ..Applied::default() })
        }
        Statement::NoLongerMirrored { mirror, contents } => {
            copies::no_longer_mirrored(step, author, mirror, &contents)?;
            Ok(Applied::default())
        }
        // A guest's word takes nothing from anybody.
        Statement::Wrong { .. } if !people::read::writes(step.view(), author.web, author.person)? => {
            Ok(Applied::default())
        }
        Statement::Wrong { copies } => {
            copies::doubted(step, author, &copies)?;
            Ok(Applied::default())
        }
        Statement::Listed { share, at, entries } => change(step, author, share, |step, shelf, applied| {
            for listed in &entries {
                let is_full = shelf.row.tally.entries.saturating_add(shelf.row.tally.gone) >= ENTRIES_MAX;
                if !is_full && shelf.list(step.rows(), listed, at, author.position, None)? {
                    applied.has_contents |= listed.content.is_some();
                    applied.paths.push(crate::tables::path_key(&listed.path));
                }
            }
            Ok(())
        }),
        Statement::Hashed { share, items } => change(step, author, share, |step, shelf, applied| {
            for item in &items {
                let path = shelf.hash(step.rows(), item.file, item.revision, item.content)?;
                applied.has_contents |= path.is_some();
                applied.paths.extend(path);
            }
            Ok(())
        }),
        Statement::Gone { share, at, items } => change(step, author, share, |step, shelf, applied| {
            for gone in &items {
                applied.paths.extend(shelf.remove(step.rows(), gone, at, author.position)?);
            }
            Ok(())
        }),
    }
}

/// Only the device that declared a share speaks for it (rule 5).
fn change(
    step: &mut Step<'_>,
    author: Author,
    share: ShareId,
    work: impl FnOnce(&mut Step<'_>, &mut Shelf, &mut Applied) -> Result<(), StoreError>,
) -> Result<Applied, StoreError> {
    let key = ShareKey { web: author.web, person: author.person, share };
    let mut applied = Applied::default();
    let Some(mut shelf) = Shelf::open(step.view(), key)? else { return Ok(applied) };
    if shelf.row.is_ended || shelf.row.device != author.device {
        return Ok(applied);
    }
    work(step, &mut shelf, &mut applied)?;
    if !applied.paths.is_empty() {
        shelf.close(step.rows());
        applied.share = Some(key);
    }
    Ok(applied)
}

fn declare(step: &mut Step<'_>, author: Author, share: ShareId, name: &str) -> Result<Applied, StoreError> {
    let key = ShareKey { web: author.web, person: author.person, share };
    let told = Applied { share: Some(key), ..Applied::default() };
    let Some(mut shelf) = Shelf::open(step.view(), key)? else {
        if SHARES.within(step.view(), &(author.web, author.person)).count() >= SHARES_MAX {
            return Ok(Applied::default());
        }
        Shelf::create(step.rows(), key, author.device, name)?;
        return Ok(told);
    };
    if shelf.row.is_ended || shelf.row.device != author.device || shelf.row.name == name {
        return Ok(Applied::default());
    }
    name.clone_into(&mut shelf.row.name);
    shelf.close(step.rows());
    Ok(told)
}

fn end(step: &mut Step<'_>, author: Author, share: ShareId) -> Result<Applied, StoreError> {
    let key = ShareKey { web: author.web, person: author.person, share };
    let Some(shelf) = Shelf::open(step.view(), key)? else { return Ok(Applied::default()) };
    if shelf.row.device != author.device || shelf.row.is_ended {
        return Ok(Applied::default());
    }
    end_share(step, shelf)?;
    Ok(Applied { share: Some(key), ..Applied::default() })
}

/// Marks a share as ended and has its rows removed a part at a time.
pub(crate) fn end_share(step: &mut Step<'_>, mut shelf: Shelf) -> Result<(), StoreError> {
    shelf.row.is_ended = true;
    shelf.close(step.rows());
    changes::count_end(step.rows())?;
    SWEEP.put(step.rows(), &shelf.row.number, &());
    step.alarm(std::time::Duration::ZERO, crate::alarms::SWEEP);
    Ok(())
}

fn hold(step: &mut Step<'_>, author: Author, contents: &[Held]) -> Result<Applied, StoreError> {
    for held in contents {
        let key = (author.web, held.content, author.device);
        if HOLDERS.has(step.view(), &key)? && !HINTS.has(step.view(), &key)? {
            continue;
        }
        HINTS.delete(step.rows(), &key);
        HOLDERS.put(step.rows(), &key, &held.size);
        note_kept(step, author, |kept| {
            kept.files = kept.files.saturating_add(1);
            kept.bytes = kept.bytes.saturating_add(held.size);
        })?;
    }
    Ok(Applied { has_contents: !contents.is_empty(), ..Applied::default() })
}

/// Keeps the sums by which `people` says, at a removal, what a person could already have (rule 15).
fn note_kept(step: &mut Step<'_>, author: Author, change: impl Fn(&mut KeptRow)) -> Result<(), StoreError> {
    let key = (author.web, author.device);
    let mut kept = KEPT.get(step.view(), &key)?.unwrap_or_default();
    change(&mut kept);
    KEPT.put(step.rows(), &key, &kept);
    let mut sum = KeptRow::default();
    for device in people::read::devices_of(step.view(), author.web, author.person)? {
        let kept = KEPT.get(step.view(), &(author.web, device))?.unwrap_or_default();
        sum.files = sum.files.saturating_add(kept.files);
        sum.bytes = sum.bytes.saturating_add(kept.bytes);
    }
    people::note_kept(step, author.web, author.person, sum.files, sum.bytes);
    Ok(())
}

/// Removes some rows of ended shares; true when there is more to do.
pub(crate) fn sweep(step: &mut Step<'_>) -> Result<bool, StoreError> {
    let Some(number) = SWEEP.all(step.view()).next().transpose()?.map(|(number, ())| number) else {
        return Ok(false);
    };
    let mut budget = SWEEP_ROWS;
    let web = NUMBERS.get(step.view(), &number)?.map(|key| key.web);
    let entries: Vec<_> = ENTRIES.within(step.view(), &number).take(budget).collect::<Result<_, _>>()?;
    budget -= entries.len();
    for (key, entry) in entries {
        ENTRIES.delete(step.rows(), &key);
        if let Some(content) = entry.head.content {
            PLACES.delete(step.rows(), &(content, number, entry.file));
        }
        if let Some(web) = web {
            changes::note_entry(step.rows(), web, number, entry.file)?;
            if let Some(content) = entry.head.content {
                changes::note_content(step.rows(), web, content)?;
                changes::note_listed(step.rows(), web, content)?;
                copies::note_moved(step.rows(), web, content)?;
            }
        }
    }
    let files: Vec<_> = FILES.within(step.view(), &number).take(budget).collect::<Result<_, _>>()?;
    budget -= files.len();
    for (key, _) in &files {
        FILES.delete(step.rows(), key);
    }
    let revisions: Vec<_> = REVISIONS.within(step.view(), &number).take(budget).collect::<Result<_, _>>()?;
    budget -= revisions.len();
    for (key, revision) in &revisions {
        if let Some(content) = revision.content {
            PAST.delete(step.rows(), &(content, number, key.1));
        }
        REVISIONS.delete(step.rows(), key);
    }
    let gone: Vec<_> = GONE.within(step.view(), &number).take(budget).collect::<Result<_, _>>()?;
    budget -= gone.len();
    for (key, _) in &gone {
        GONE.delete(step.rows(), key);
    }
    if budget > 0 {
        SWEEP.delete(step.rows(), &number);
        NUMBERS.delete(step.rows(), &number);
    }
    Ok(true)
}

/// Tells whoever watches that the tree changed.
pub(crate) fn emit_changed(step: &mut Step<'_>, key: ShareKey, paths: &[Vec<u8>]) -> Result<(), StoreError> {
    let share = label::share_path(step.view(), key)?;
    let first: Vec<String> =
        paths.iter().take(EVENT_PATHS_MAX).map(|path| format!("{share}/{}", path_of(path))).collect();
    let about = serde_json::json!({ "web": key.web, "share": share, "entries": paths.len(), "paths": first });
    step.emit("files.changed", &about);
    Ok(())
}
