//! One watched folder: the hints collected, and the report made of them when the folder is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use files::jobs::{FoundItem, FoundKind, ITEMS_MAX, Skipped, WatchReport};
use kernel::JobId;

use crate::folder::{self, Folder, Identity, Look};
use crate::report::Task;
use crate::walk;
use crate::watch::Flags;

/// A report waits for this much quiet: programs save in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// But never longer than this after the first change.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Paths looked at one by one; beyond this a walk is cheaper.
const PATHS_MAX: usize = 4_096;

/// Where the system watches no more folders, a walk is asked for this often. A walk of 100,000 files takes about
/// 1 s of one core.
const LIMIT_EVERY: Duration = Duration::from_mins(1);

/// A folder under watch.
#[derive(Debug)]
pub(crate) struct Watched {
    task: Task,
    /// The root, links resolved. It is opened for each report only: an open folder is never quite deleted, so the
    /// system would not say so, and its disk could not be taken out.
    real: String,
    identity: Identity,
    /// Watches as long as it lives.
    _watcher: notify::RecommendedWatcher,
    flags: Arc<Flags>,
    /// Below the root; whether it may be a folder whose inside is new.
    paths: BTreeMap<String, bool>,
    skipped: BTreeMap<String, String>,
    first: Option<Instant>,
    last: Instant,
    limit_due: Option<Instant>,
    is_missed: bool,
}

impl Watched {
    /// Starts with nothing to say.
    pub(crate) fn new(
        task: Task,
        real: &str,
        identity: Identity,
        watcher: notify::RecommendedWatcher,
        flags: Arc<Flags>,
    ) -> Self {
        Self {
            task,
            real: real.to_owned(),
            identity,
            _watcher: watcher,
            flags,
            paths: BTreeMap::new(),
            skipped: BTreeMap::new(),
            first: None,
            last: Instant::now(),
            limit_due: None,
            is_missed: false,
        }
    }

    /// Returns the job.
    pub(crate) fn job(&self) -> JobId {
        self.task.id
    }

    /// Says that from now on nothing is missed: the first report, empty.
    pub(crate) fn say_it_stands(&self) {
        self.report(&empty());
    }

    /// Notes that something was missed.
    fn miss(&mut self) {
        self.is_missed = true;
        self.paths.clear();
        self.touch();
    }

    /// Notes that something happened at a path.
    pub(crate) fn hint(&mut self, path: &Path, is_new: bool) {
        let Ok(relative) = path.strip_prefix(&self.real) else { return };
        if relative.as_os_str().is_empty() {
            return self.touch();
        }
        match relative.to_str() {
            Some(relative) => {
                *self.paths.entry(relative.to_owned()).or_default() |= is_new;
            }
            None => self.note_not_text(relative),
        }
        self.touch();
        if self.paths.len() + self.skipped.len() > PATHS_MAX {
            self.miss();
        }
    }

    fn note_not_text(&mut self, relative: &Path) {
        let readable = relative.to_string_lossy().into_owned();
        self.skipped.insert(readable, "its name is not valid UTF-8".to_owned());
    }

    fn touch(&mut self) {
        self.last = Instant::now();
        self.first.get_or_insert(self.last);
    }

    /// Returns when this watch wants to be tended next.
    pub(crate) fn due(&self) -> Option<Instant> {
        let report = self.first.map(|first| (first + WAIT_MAX).min(self.last + QUIET));
        [report, self.limit_due].into_iter().flatten().min()
    }

    /// Reports what is due; breaks when the watch has ended.
    pub(crate) fn tend(&mut self, now: Instant) -> ControlFlow<()> {
        if self.task.is_cancelled() {
            self.task.finish(Ok(Vec::new()));
            return ControlFlow::Break(());
        }
        self.heed_flags(now);
        if self.due().is_none_or(|due| due > now) {
            return ControlFlow::Continue(());
        }
        if self.first.take().is_none() {
            return ControlFlow::Continue(());
        }
        let Some(folder) = self.open() else {
            self.report(&WatchReport { is_rescan_needed: true, ..empty() });
            self.task.finish(Err("missing: the folder is no longer where it was".to_owned()));
            return ControlFlow::Break(());
        };
        self.tell(&folder);
        ControlFlow::Continue(())
    }

    /// Opens the root, if it is still the one that is watched.
    fn open(&self) -> Option<Folder> {
        let folder = Folder::open(&self.real).ok()?;
        (folder.identity().ok()? == self.identity).then_some(folder)
    }

    fn heed_flags(&mut self, now: Instant) {
        if self.flags.is_missed.swap(false, Ordering::Relaxed) {
            self.miss();
        }
        let is_at_limit = self.flags.is_at_limit.load(Ordering::Relaxed);
        if is_at_limit && self.limit_due.is_none_or(|due| due <= now) {
            self.limit_due = Some(now + LIMIT_EVERY);
            let why = format!(
                "this computer watches no more folders (its limit is reached); looking again every {} s",
                LIMIT_EVERY.as_secs()
            );
            let skipped = vec![Skipped { path: ".".to_owned(), why }];
            self.report(&WatchReport { skipped, is_rescan_needed: true, ..empty() });
        }
    }

    /// Looks at every path that was hinted at and reports.
    fn tell(&mut self, folder: &Folder) {
        let paths = std::mem::take(&mut self.paths);
        let skipped = std::mem::take(&mut self.skipped);
        if std::mem::take(&mut self.is_missed) {
            return self.report(&WatchReport { is_rescan_needed: true, ..empty() });
        }
        let mut told = Told::new(&self.task);
        for (path, why) in skipped {
            told.skip(Skipped { path, why });
        }
        let mut gone: BTreeSet<String> = BTreeSet::new();
        let mut walked: BTreeSet<String> = BTreeSet::new();
        for (path, is_new) in paths {
            if is_within(&path, &gone) || is_within(&path, &walked) {
                continue;
            }
            match folder.look(&path) {
                Ok(look) => {
                    let is_folder = matches!(&look, Look::Item(FoundItem { kind: FoundKind::Folder, .. }));
                    told.add(look);
                    if is_new && is_folder {
                        self.tell_inside(folder, &path, &mut told);
                        walked.insert(path);
                    }
                }
                Err(error) if folder::is_gone(&error) => {
                    told.gone(path.clone());
                    gone.insert(path);
                }
                Err(error) => told.add(folder::skipped(&path, folder::in_words(&error))),
            }
        }
        told.send();
    }

    fn tell_inside(&self, folder: &Folder, path: &str, told: &mut Told<'_>) {
        let task = &self.task;
        let walked = walk::below(folder, path, &mut |look| {
            told.add(look);
            if task.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Err(error) = walked
            && !folder::is_gone(&error)
        {
            told.add(folder::skipped(path, folder::in_words(&error)));
        }
    }

    fn report(&self, report: &WatchReport) {
        self.task.progress(report);
    }
}

/// Says whether a path lies below one of these folders.
fn is_within(path: &str, folders: &BTreeSet<String>) -> bool {
    path.match_indices('/').any(|(at, _)| path.get(..at).is_some_and(|parent| folders.contains(parent)))
}

fn empty() -> WatchReport {
    WatchReport { changed: Vec::new(), gone: Vec::new(), skipped: Vec::new(), is_rescan_needed: false }
}

/// A report being filled; sent whenever it is full.
struct Told<'a> {
    task: &'a Task,
    report: WatchReport,
}

impl<'a> Told<'a> {
    fn new(task: &'a Task) -> Self {
        Self { task, report: empty() }
    }

    fn add(&mut self, look: Look) {
        match look {
            Look::Item(item) => self.report.changed.push(item),
            Look::Skipped(skipped) => self.report.skipped.push(skipped),
            Look::Ours => {}
        }
        self.send_full();
    }

    fn skip(&mut self, skipped: Skipped) {
        self.report.skipped.push(skipped);
        self.send_full();
    }

    fn gone(&mut self, path: String) {
        self.report.gone.push(path);
        self.send_full();
    }

    fn send_full(&mut self) {
        let longest = self.report.changed.len().max(self.report.gone.len()).max(self.report.skipped.len());
        if longest >= ITEMS_MAX {
            self.send();
        }
    }

    fn send(&mut self) {
        if self.report != empty() {
            self.task.progress(&std::mem::replace(&mut self.report, empty()));
        }
    }
}
