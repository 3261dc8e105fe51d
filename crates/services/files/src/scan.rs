//! Keeps the listing of own shares true: walks, watching, renames, what is gone (spec files, rules 17 to 19).
//!
//! Nothing is rewritten for a file whose stat is unchanged. What a walk has seen is remembered only while it
//! runs, 8 bytes a path. Not for: hashing (`hash.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use base::Fault;
use kernel::{JobFailure, JobId, Step};
use store::Rows;

use crate::alarms;
use crate::catalogue::Shelf;
use crate::finding::{Finding, is_same_file};
use crate::jobs::{
    FoundItem, FoundKind, RootState, Skipped, WALK, WATCH, Walk, WalkReport, WalkSummary, Watch, WatchReport,
    to_bytes,
};
use crate::service::{Files, Purpose};
use crate::share::share_view;
use crate::tables::{ENTRIES, EntryRow, Kind, OWN, OwnState, inside, path_key};

/// A walk again, even when watching missed nothing that it knows of.
const WALK_EVERY: Duration = Duration::from_hours(3);
/// A walk again when the folder can't be watched.
const WALK_EVERY_UNWATCHED: Duration = Duration::from_mins(5);
/// A look whether a missing folder is there again.
const WALK_EVERY_MISSING: Duration = Duration::from_mins(1);
/// Things a walk has seen at most; above it nothing is found to be gone in that walk (16 MB of memory).
const SEEN_MAX: usize = 2_000_000;
/// New or vanished things kept for finding renames, at most; above it they are new or gone at once.
const RENAMES_MAX: usize = 20_000;
/// Entries looked at in one step for being gone, so that a step stays short.
const GONE_STEP: usize = 5_000;
/// Changes carried out in one step after a walk.
const TODO_STEP: usize = 1_000;
/// A share with more entries than this is not emptied by an empty folder: that is a disk not mounted.
const EMPTY_BRAKE: u64 = 10;

/// A walk under way.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) job: JobId,
    seen: BTreeSet<u64>,
    /// Whether something was listed before: then new things may be renamed ones.
    has_before: bool,
    is_again: bool,
    fresh: Vec<FoundItem>,
    vanished: Vec<(Vec<u8>, EntryRow)>,
    /// Where looking for what is gone goes on.
    cursor: Vec<u8>,
    todo: Option<Vec<Todo>>,
}

#[derive(Debug)]
enum Todo {
    Found(FoundItem),
    Renamed(Vec<u8>, FoundItem),
    Gone(Vec<u8>),
}

/// A folder being watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watching {
    pub(crate) job: JobId,
    /// Whether the first report has come: from now on nothing is missed.
    is_armed: bool,
}

impl Files {
    /// Begins to watch a share's folder.
    pub(crate) fn watch(&mut self, step: &mut Step<'_>, number: u64, folder: &str) {
        let job = step.work(WATCH, to_bytes(&Watch { root: folder.to_owned() }));
        self.jobs.insert(job, Purpose::Watch(number));
        self.watches.insert(number, Watching { job, is_armed: false });
    }

    /// Walks a share's folder, or again after the walk under way.
    pub(crate) fn walk(&mut self, step: &mut Step<'_>, number: u64) -> Result<(), Fault> {
        if crate::brake::is_braked(step, number)? {
            return Ok(());
        }
        if let Some(scan) = self.scans.get_mut(&number) {
            scan.is_again = true;
            return Ok(());
        }
        let Some(mut own) = OWN.get(step.view(), &number)? else { return Ok(()) };
        let job = step.work(WALK, to_bytes(&Walk { root: own.folder.clone() }));
        self.jobs.insert(job, Purpose::Walk(number));
        self.begin_scan(number, job);
        if let Some(scan) = self.scans.get_mut(&number) {
            scan.has_before =
                Shelf::numbered(step.view(), number)?.is_some_and(|shelf| shelf.row.tally.entries > 0);
        }
        if own.state == OwnState::Watching || own.skipped > 0 {
            own.skipped = 0;
            own.last_problem.clear();
            own.state = OwnState::Walking;
            OWN.put(step.rows(), &number, &own);
        }
        Ok(())
    }

    /// Notes that a walk has begun.
    pub(crate) fn begin_scan(&mut self, number: u64, job: JobId) {
        let scan = Scan {
            job,
            seen: BTreeSet::new(),
            has_before: false,
            is_again: false,
            fresh: Vec::new(),
            vanished: Vec::new(),
            cursor: Vec::new(),
            todo: None,
        };
        self.scans.insert(number, scan);
    }

    /// Stops all work on a share's folder.
    pub(crate) fn stop_reading(&mut self, step: &mut Step<'_>, number: u64) {
        let scan = self.scans.remove(&number).map(|scan| scan.job);
        let watch = self.watches.remove(&number).map(|watch| watch.job);
        for job in scan.into_iter().chain(watch) {
            self.jobs.remove(&job);
            step.cancel(job);
        }
    }

    /// Takes part of a walk: lists what is new or changed.
    pub(crate) fn take_walked(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        report: WalkReport,
    ) -> Result<(), Fault> {
        if self.is_home(&report.real_root) {
            let problem =
                "the folder now leads to where this peer keeps its keys; nothing of it is listed".to_owned();
            return self.miss_folder(step, number, problem);
        }
        note_root(step, number, &report.real_root)?;
        note_skipped(step, number, &report.skipped)?;
        let Some(scan) = self.scans.get_mut(&number) else { return Ok(()) };
        let Some(mut finding) = Finding::begin(step.view(), number)? else { return Ok(()) };
        for item in report.items {
            let key = path_key(&item.path);
            if scan.seen.len() < SEEN_MAX {
                scan.seen.insert(digest(&key));
            }
            let may_be_renamed = scan.has_before
                && scan.fresh.len() < RENAMES_MAX
                && !ENTRIES.has(step.view(), &(number, key))?;
            if may_be_renamed {
                scan.fresh.push(item);
            } else {
                finding.found(step, &item, crate::tables::LANE_BACKLOG)?;
            }
        }
        self.end_finding(step, finding)
    }

    /// Takes the end of a walk: looks for what is gone, unless the folder itself is.
    pub(crate) fn finish_walk(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        summary: &WalkSummary,
    ) -> Result<(), Fault> {
        let Some(shelf) = Shelf::numbered(step.view(), number)? else { return Ok(()) };
        let entries = shelf.row.tally.entries;
        let problem = match &summary.root {
            RootState::Walked if summary.items == 0 && entries > EMPTY_BRAKE => Some(
                "the folder is empty; if it is on a disk that is not mounted, mount it; the listing is kept"
                    .to_owned(),
            ),
            RootState::Walked => None,
            RootState::Missing => Some("the folder is not there; the listing is kept".to_owned()),
            RootState::NotAFolder => {
                Some("something else than a folder is there; the listing is kept".to_owned())
            }
            RootState::Unreadable { why } => {
                Some(format!("the folder cannot be read: {why}; the listing is kept"))
            }
        };
        if let Some(problem) = problem {
            return self.miss_folder(step, number, problem);
        }
        note_root(step, number, &summary.real_root)?;
        let Some(scan) = self.scans.get_mut(&number) else { return Ok(()) };
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        if count(scan.seen.len()) == entries.saturating_add(count(scan.fresh.len()))
            || scan.seen.len() >= SEEN_MAX
        {
            scan.todo = Some(scan.fresh.drain(..).map(Todo::Found).collect());
        }
        self.go_on_after_walk(step, number)
    }

    /// Takes a walk that came to nothing: tries again.
    pub(crate) fn fail_walk(&mut self, step: &mut Step<'_>, number: u64, failure: &JobFailure) {
        if self.scans.remove(&number).is_some() && *failure != JobFailure::Cancelled {
            step.alarm(WALK_EVERY_MISSING, format!("{}{number}", alarms::WALK));
        }
    }

    /// Goes on with what follows a walk, one part a step.
    pub(crate) fn go_on_after_walk(&mut self, step: &mut Step<'_>, number: u64) -> Result<(), Fault> {
        let Some(scan) = self.scans.get_mut(&number) else { return Ok(()) };
        let is_looked_through = scan.todo.is_some() || look_for_gone(step, number, scan)?;
        if is_looked_through {
            let todo = scan.todo.get_or_insert_default();
            let part: Vec<Todo> = todo.drain(..todo.len().min(TODO_STEP)).collect();
            let is_done = todo.is_empty();
            if let Some(mut finding) = Finding::begin(step.view(), number)? {
                for task in part {
                    match task {
                        Todo::Found(item) => finding.found(step, &item, crate::tables::LANE_FRESH)?,
                        Todo::Renamed(from, item) => finding.renamed(step, &from, &item)?,
                        Todo::Gone(path) => finding.gone(step, &path)?,
                    }
                }
                self.end_finding(step, finding)?;
            }
            if is_done {
                return self.end_scan(step, number);
            }
        }
        step.alarm(Duration::ZERO, format!("{}{number}", alarms::GONE));
        Ok(())
    }

    /// Takes what changed in a watched folder.
    pub(crate) fn take_watched(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        report: &WatchReport,
    ) -> Result<(), Fault> {
        let is_first = match self.watches.get_mut(&number) {
            Some(watching) => !std::mem::replace(&mut watching.is_armed, true),
            None => return Ok(()),
        };
        if self.brakes_for(step, number, report)? {
            return Ok(());
        }
        if is_first || report.is_rescan_needed {
            self.walk(step, number)?;
        }
        note_skipped(step, number, &report.skipped)?;
        if let Some(scan) = self.scans.get_mut(&number) {
            // The walk may have passed there before the change: look again after it.
            scan.is_again |= !report.gone.is_empty();
            scan.seen.extend(report.changed.iter().map(|item| digest(&path_key(&item.path))));
        }
        let Some(mut finding) = Finding::begin(step.view(), number)? else { return Ok(()) };
        let changed: BTreeSet<Vec<u8>> = report.changed.iter().map(|item| path_key(&item.path)).collect();
        let Some(gone) = gone_entries(step, number, &report.gone, &changed)? else {
            return self.walk(step, number);
        };
        let mut by_inode = index_by_inode(&gone);
        let mut renamed = BTreeSet::new();
        for item in &report.changed {
            let is_known = ENTRIES.has(step.view(), &(number, path_key(&item.path)))?;
            let from = if is_known { None } else { take_match(&mut by_inode, item) };
            match from {
                Some(from) => {
                    finding.renamed(step, &from, item)?;
                    renamed.insert(from);
                }
                None => finding.found(step, item, crate::tables::LANE_FRESH)?,
            }
        }
        for (path, _) in &gone {
            if !renamed.contains(path) {
                finding.gone(step, path)?;
            }
        }
        self.end_finding(step, finding)
    }

    /// Takes the end of watching: the folder is then walked now and then.
    pub(crate) fn end_watch(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        failure: Option<&JobFailure>,
    ) -> Result<(), Fault> {
        self.watches.remove(&number);
        if failure == Some(&JobFailure::Cancelled) {
            return Ok(());
        }
        self.walk(step, number)?;
        step.alarm(WALK_EVERY_UNWATCHED, format!("{}{number}", alarms::WALK));
        Ok(())
    }

    /// Walks again because it is time; begins to watch again if that had ended.
    pub(crate) fn walk_again(&mut self, step: &mut Step<'_>, number: u64) -> Result<(), Fault> {
        let own = OWN.get(step.view(), &number)?.filter(|own| own.state != OwnState::Braked);
        let Some(own) = own else { return Ok(()) };
        if !self.watches.contains_key(&number) {
            self.watch(step, number, &own.folder);
        }
        self.walk(step, number)
    }

    fn end_finding(&mut self, step: &mut Step<'_>, finding: Finding) -> Result<(), Fault> {
        finding.end(step)?;
        self.feed_hashing(step)
    }

    fn miss_folder(&mut self, step: &mut Step<'_>, number: u64, problem: String) -> Result<(), Fault> {
        self.stop_reading(step, number);
        if let Some(mut own) = OWN.get(step.view(), &number)? {
            let is_news = own.state != OwnState::FolderMissing;
            own.state = OwnState::FolderMissing;
            own.last_problem = problem;
            OWN.put(step.rows(), &number, &own);
            if is_news && let Some(view) = share_view(step.view(), number)? {
                step.emit("files.share", &view);
            }
        }
        step.alarm(WALK_EVERY_MISSING, format!("{}{number}", alarms::WALK));
        Ok(())
    }

    fn end_scan(&mut self, step: &mut Step<'_>, number: u64) -> Result<(), Fault> {
        let is_again = self.scans.remove(&number).is_some_and(|scan| scan.is_again);
        if is_again {
            return self.walk(step, number);
        }
        if let Some(mut own) = OWN.get(step.view(), &number)? {
            own.state = OwnState::Watching;
            OWN.put(step.rows(), &number, &own);
            if let Some(view) = share_view(step.view(), number)? {
                step.emit("files.share", &view);
            }
        }
        let wait = if self.watches.contains_key(&number) { WALK_EVERY } else { WALK_EVERY_UNWATCHED };
        step.alarm(wait, format!("{}{number}", alarms::WALK));
        Ok(())
    }
}

/// Looks through one part of the listing for what the walk has not seen; true when through.
fn look_for_gone(step: &mut Step<'_>, number: u64, scan: &mut Scan) -> Result<bool, Fault> {
    let mut unseen = Vec::new();
    let mut count = 0;
    let mut last = None;
    {
        let mut from = number.to_be_bytes().to_vec();
        from.extend_from_slice(&scan.cursor);
        let to = number.saturating_add(1).to_be_bytes();
        let pairs = step.view().range(ENTRIES.name(), Bound::Included(&from), Bound::Excluded(&to));
        for pair in pairs.take(GONE_STEP) {
            let (key, _) = pair?;
            let path = key.get(8..).unwrap_or_default().to_vec();
            count += 1;
            if !scan.seen.contains(&digest(&path)) {
                unseen.push(path.clone());
            }
            last = Some(path);
        }
    }
    for path in unseen {
        if let Some(entry) = ENTRIES.get(step.view(), &(number, path.clone()))? {
            scan.vanished.push((path, entry));
        }
    }
    let is_through = count < GONE_STEP;
    if is_through || scan.vanished.len() >= RENAMES_MAX {
        let mut by_inode = index_by_inode(&scan.vanished);
        let mut todo = scan.todo.take().unwrap_or_default();
        let mut renamed = BTreeSet::new();
        for item in scan.fresh.drain(..) {
            match take_match(&mut by_inode, &item) {
                Some(from) => {
                    renamed.insert(from.clone());
                    todo.push(Todo::Renamed(from, item));
                }
                None => todo.push(Todo::Found(item)),
            }
        }
        let gone = scan.vanished.drain(..).map(|(path, _)| path).filter(|path| !renamed.contains(path));
        todo.extend(gone.map(Todo::Gone));
        scan.todo = Some(todo);
        if !is_through {
            // Too many at once to keep: what else is gone is found by walking again.
            scan.is_again = true;
        }
        return Ok(true);
    }
    if let Some(mut last) = last {
        last.push(0);
        scan.cursor = last;
    }
    Ok(false)
}

/// Collects the entries at and inside paths that are gone; `None` when they are too many for one step.
fn gone_entries(
    step: &Step<'_>,
    number: u64,
    gone: &[String],
    changed: &BTreeSet<Vec<u8>>,
) -> Result<Option<Vanished>, Fault> {
    let mut entries = Vec::new();
    for path in gone {
        let key = path_key(path);
        let Some(entry) = ENTRIES.get(step.view(), &(number, key.clone()))? else { continue };
        if entry.kind == Kind::Folder {
            for row in ENTRIES.within(step.view(), &(number, inside(&key))) {
                let ((_, key), entry) = row?;
                if !changed.contains(&key) {
                    entries.push((key, entry));
                }
                if entries.len() > RENAMES_MAX {
                    return Ok(None);
                }
            }
        }
        if !changed.contains(&key) {
            entries.push((key, entry));
        }
    }
    Ok(Some(entries))
}

type Vanished = Vec<(Vec<u8>, EntryRow)>;
type ByInode = BTreeMap<u64, Vanished>;

fn index_by_inode(gone: &[(Vec<u8>, EntryRow)]) -> ByInode {
    let mut index = ByInode::new();
    for (path, entry) in gone {
        if let Some(stat) = entry.stat.filter(|_| entry.kind == Kind::File) {
            index.entry(stat.inode).or_default().push((path.clone(), entry.clone()));
        }
    }
    index
}

fn take_match(index: &mut ByInode, item: &FoundItem) -> Option<Vec<u8>> {
    let candidates = index.get_mut(&item.stat.inode).filter(|_| item.kind == FoundKind::File)?;
    let at = candidates
        .iter()
        .position(|(_, entry)| entry.stat.is_some_and(|stat| is_same_file(stat, item.stat)))?;
    Some(candidates.swap_remove(at).0)
}

/// 8 bytes stand for a path while a walk runs; that two of 2 million agree has odds of 1 to 10 million, and would
/// only delay the news that one of them is gone.
fn digest(path: &[u8]) -> u64 {
    let hash = blake3::hash(path);
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn note_root(step: &mut Step<'_>, number: u64, real_root: &str) -> Result<(), Fault> {
    if let Some(mut own) = OWN.get(step.view(), &number)?
        && own.real_folder != real_root
    {
        real_root.clone_into(&mut own.real_folder);
        OWN.put(step.rows(), &number, &own);
    }
    Ok(())
}

fn note_skipped(step: &mut Step<'_>, number: u64, skipped: &[Skipped]) -> Result<(), Fault> {
    if let Some(last) = skipped.last()
        && let Some(mut own) = OWN.get(step.view(), &number)?
    {
        own.skipped = own.skipped.saturating_add(u64::try_from(skipped.len()).unwrap_or(u64::MAX));
        own.last_problem = format!("{}: {}", last.path, last.why);
        OWN.put(step.rows(), &number, &own);
    }
    Ok(())
}
