//! Walks a folder, nearest things first, and reports what is there in batches.
//!
//! Holds one batch and the names of the folders still to be read; a hundred thousand files need a few megabytes.
//! No ignore rules: a plain share shows everything but our own temporary files.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use files::jobs::{FoundItem, FoundKind, RootState, Skipped, Walk, WalkReport, WalkSummary, to_bytes};

use crate::folder::{self, Folder, Look};
use crate::report::Task;

/// The first batch is small and early, so that a person sees the listing at once.
const FIRST_ITEMS: usize = 100;
const FIRST_WAIT: Duration = Duration::from_millis(30);

/// Items of every other batch. The deciders need about 15 microseconds for each, and a step of theirs should stay
/// under 5 ms, so that what a person asks meanwhile is answered at once. Reports may hold more (`ITEMS_MAX`).
const BATCH_ITEMS: usize = 300;

/// A batch that fills slowly (a sleepy disk) is sent after this.
const WAIT_MAX: Duration = Duration::from_millis(250);

/// File systems that are windows into the running system, not files of a person (`statfs` magic numbers:
/// proc, sysfs, devpts, cgroup2, debugfs, tracefs, securityfs, bpf). Reading them may never end.
const SYSTEM_MAGIC: [u64; 8] =
    [0x9fa0, 0x6265_6572, 0x1cd1, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xcafe_4a11];

/// Carries a walk out and ends its job.
pub(crate) fn run(task: &Task, input: &Walk) {
    let summary = match Folder::open(&input.root) {
        Ok(folder) => walk(task, &folder),
        Err(root) => WalkSummary { root, real_root: String::new(), items: 0, skipped: 0 },
    };
    task.finish(Ok(to_bytes(&summary)));
}

fn walk(task: &Task, folder: &Folder) -> WalkSummary {
    let mut batch = Batch::new(task, folder.real_text());
    let root = match below(folder, "", &mut |look| batch.add(look)) {
        Ok(_) => RootState::Walked,
        Err(error) => RootState::Unreadable { why: folder::in_words(&error) },
    };
    batch.send();
    WalkSummary { root, real_root: folder.real_text().to_owned(), items: batch.items, skipped: batch.skipped }
}

/// Walks everything below a folder, each folder before what is in it, until `each` breaks.
///
/// Fails only when the starting folder itself cannot be read.
pub(crate) fn below(
    folder: &Folder,
    start: &str,
    each: &mut dyn FnMut(Look) -> ControlFlow<()>,
) -> std::io::Result<ControlFlow<()>> {
    let mut waiting = VecDeque::from([start.to_owned()]);
    while let Some(next) = waiting.pop_front() {
        match read_one(folder, &next, &mut waiting, each) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(ControlFlow::Break(())),
            Err(error) if next == start => return Err(error),
            // Gone since its own folder was read: the watch or the next walk tells.
            Err(error) if folder::is_gone(&error) => {}
            Err(error) => {
                if each(folder::skipped(&next, folder::in_words(&error))).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn read_one(
    folder: &Folder,
    relative: &str,
    waiting: &mut VecDeque<String>,
    each: &mut dyn FnMut(Look) -> ControlFlow<()>,
) -> std::io::Result<ControlFlow<()>> {
    let mut entries = rustix::fs::Dir::new(folder.open_folder(relative)?)?;
    if !relative.is_empty() && is_of_the_system(&entries) {
        return Ok(each(folder::skipped(relative, "a window into the running system, not files")));
    }
    while let Some(entry) = entries.read() {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        let look = if let Ok(name) = std::str::from_utf8(bytes) {
            look_at(&entries, name, &join(relative, name))
        } else {
            let readable = String::from_utf8_lossy(bytes);
            Some(folder::skipped(&join(relative, &readable), "its name is not valid UTF-8"))
        };
        let Some(look) = look else { continue };
        if let Look::Item(FoundItem { path, kind: FoundKind::Folder, .. }) = &look {
            waiting.push_back(path.clone());
        }
        if each(look).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Returns what stands there; `None` when it went away in the meantime.
fn look_at(entries: &rustix::fs::Dir, name: &str, relative: &str) -> Option<Look> {
    let looked = entries.fd().map_err(Into::into).and_then(|fd| folder::look(fd.as_fd(), name, relative));
    match looked {
        Ok(look) => Some(look),
        Err(error) if folder::is_gone(&error) => None,
        Err(error) => Some(folder::skipped(relative, folder::in_words(&error))),
    }
}

fn is_of_the_system(entries: &rustix::fs::Dir) -> bool {
    let magic = entries.statfs().ok().and_then(|statfs| u64::try_from(statfs.f_type).ok());
    magic.is_some_and(|magic| SYSTEM_MAGIC.contains(&(magic & 0xffff_ffff)))
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What was found and not reported yet.
struct Batch<'a> {
    task: &'a Task,
    report: WalkReport,
    since: Instant,
    is_first: bool,
    items: u64,
    skipped: u64,
}

impl<'a> Batch<'a> {
    fn new(task: &'a Task, real_root: &str) -> Self {
        let report = WalkReport { real_root: real_root.to_owned(), items: Vec::new(), skipped: Vec::new() };
        Self { task, report, since: Instant::now(), is_first: true, items: 0, skipped: 0 }
    }

    fn add(&mut self, look: Look) -> ControlFlow<()> {
        match look {
            Look::Item(item) => self.report.items.push(item),
            Look::Skipped(skipped) => self.report.skipped.push(skipped),
            Look::Ours => {}
        }
        let (items_max, wait_max) =
            if self.is_first { (FIRST_ITEMS, FIRST_WAIT) } else { (BATCH_ITEMS, WAIT_MAX) };
        let is_full = self.report.items.len() >= items_max || self.report.skipped.len() >= items_max;
        if is_full || self.since.elapsed() >= wait_max {
            self.send();
        }
        if self.task.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn send(&mut self) {
        let is_empty = self.report.items.is_empty() && self.report.skipped.is_empty();
        if !is_empty || self.is_first {
            self.items += u64::try_from(self.report.items.len()).unwrap_or(0);
            self.skipped += u64::try_from(self.report.skipped.len()).unwrap_or(0);
            let items: Vec<FoundItem> = std::mem::take(&mut self.report.items);
            let skipped: Vec<Skipped> = std::mem::take(&mut self.report.skipped);
            self.task.progress(&WalkReport { real_root: self.report.real_root.clone(), items, skipped });
        }
        self.is_first = false;
        self.since = Instant::now();
    }
}
