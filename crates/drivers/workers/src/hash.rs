//! Hashes shared files on all cores, out of the way of whatever else the computer does.
//!
//! The stat before reading must be the stat after it, else the file counts as changed. Files are read, never
//! mapped: a mapped file that shrinks kills the process.

use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base::ContentId;
use files::jobs::{Hash, HashItem, HashReading, HashReport, HashResult, Stat};

use crate::folder::{self, Folder};
use crate::lanes::{Lanes, Turn};
use crate::report::Task;

/// Bytes read at once.
const BLOCK_SIZE: usize = 256 * 1024;

/// Files up to this size are hashed in one go; larger ones in slices, so that small ones never wait for them.
pub(crate) const SMALL_SIZE_MAX: u64 = 1024 * 1024;

/// Bytes of a large file hashed before small ones are looked for again: about 5 ms.
const SLICE_SIZE: u64 = 16 * 1024 * 1024;

/// Results are reported when there are this many or when the oldest has waited this long.
const RESULTS_MAX: usize = 256;
const RESULTS_WAIT: Duration = Duration::from_millis(100);

/// A file that takes longer says how far it is, and no file of its job says so sooner after another.
const READING_EVERY: Duration = Duration::from_millis(500);

/// File systems note times by a clock that ticks every 4 to 10 ms. What was written in the tick of our stat could be
/// written again in it and look the same, so such a file is hashed a little later.
const TICK: Duration = Duration::from_millis(20);

/// Where ordinary work has niceness 0 and 19 is the last in line: a loaded computer still gets to see a saved file.
const NICENESS: i32 = 10;

/// One job under way.
#[derive(Debug)]
pub(crate) struct HashJob {
    task: Task,
    input: Hash,
    root: OnceLock<Folder>,
    results: Mutex<Results>,
}

#[derive(Debug)]
struct Results {
    waiting: Vec<HashResult>,
    since: Instant,
    left: usize,
    /// When it was last said how far a file is.
    told: Instant,
}

/// A large file under way.
#[derive(Debug)]
pub(crate) struct Large {
    pub(crate) job: Arc<HashJob>,
    pub(crate) item: HashItem,
    open: Option<Box<Open>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    before: Stat,
    hasher: blake3::Hasher,
    done: u64,
    /// When it was opened, or last said how far it is.
    told: Instant,
}

impl HashJob {
    /// Takes a job on.
    pub(crate) fn new(task: Task, input: Hash) -> Self {
        let now = Instant::now();
        let results = Results { waiting: Vec::new(), since: now, left: input.items.len(), told: now };
        Self { task, input, root: OnceLock::new(), results: Mutex::new(results) }
    }

    /// Opens the root and sorts the files into lanes.
    fn open(self: &Arc<Self>, lanes: &Lanes) {
        match Folder::open(&self.input.root) {
            // Files of a root that is away (a disk not plugged in) are not gone, so the job fails as a whole.
            Err(state) => return self.task.finish(Err(folder::failure_text(&state))),
            Ok(_) if self.input.items.is_empty() => return self.task.finish(Ok(Vec::new())),
            Ok(folder) => drop(self.root.set(folder)),
        }
        let mut small = Vec::new();
        let mut large = Vec::new();
        for item in &self.input.items {
            if item.stat.size <= SMALL_SIZE_MAX {
                small.push(item.clone());
            } else {
                large.push(Large { job: Arc::clone(self), item: item.clone(), open: None });
            }
        }
        lanes.add(self, small, large);
    }

    fn folder(&self) -> Result<&Folder, HashResult> {
        let gone = || HashResult::Gone { path: String::new() };
        self.root.get().ok_or_else(gone)
    }

    /// Notes results, reports them when it is time, ends the job after the last one.
    fn note(&self, results: impl IntoIterator<Item = HashResult>) {
        // The lock is held while reporting: the end must not overtake a report.
        let mut state = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.waiting.len();
        state.waiting.extend(results);
        let added = state.waiting.len() - before;
        state.left = state.left.saturating_sub(added);
        if before == 0 {
            state.since = Instant::now();
        }
        let is_time = state.waiting.len() >= RESULTS_MAX || state.since.elapsed() >= RESULTS_WAIT;
        if !state.waiting.is_empty() && (is_time || state.left == 0) {
            let results = std::mem::take(&mut state.waiting);
            if !self.task.is_cancelled() {
                self.task.progress(&HashReport { results, reading: None });
            }
        }
        if added > 0 && state.left == 0 {
            self.task.finish(Ok(Vec::new()));
        }
    }

    /// Reports how far a file is, unless another of this job has just done so.
    fn tell(&self, reading: impl FnOnce() -> HashReading) {
        // The lock is held while reporting, as in `note`; the file has no result yet, so the job has not ended.
        let mut state = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told.elapsed() >= READING_EVERY && !self.task.is_cancelled() {
            self.task.progress(&HashReport { results: Vec::new(), reading: Some(reading()) });
            state.told = Instant::now();
        }
    }
}

impl Large {
    /// Bytes still to read, as far as is known; the file with the fewest goes first.
    pub(crate) fn remaining(&self) -> u64 {
        match &self.open {
            Some(open) => open.before.size.saturating_sub(open.done),
            None => self.item.stat.size,
        }
    }

    /// Hashes one slice; `None` means there is more to do.
    fn slice(&mut self, buffer: &mut [u8]) -> Option<HashResult> {
        if self.job.task.is_cancelled() {
            return Some(HashResult::Changed { path: self.item.path.clone() });
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => match self.job.folder().and_then(|folder| open_file(folder, &self.item.path)) {
                Ok(open) => Box::new(open),
                Err(result) => return Some(result),
            },
        };
        let until = open.done.saturating_add(SLICE_SIZE);
        match open.read(until, buffer, &self.job, &self.item.path) {
            Ok(true) => Some(open.result(&self.item.path)),
            Ok(false) => {
                self.open = Some(open);
                None
            }
            Err(error) => Some(unreadable(&self.item.path, &error)),
        }
    }
}

impl Open {
    /// Reads up to `until`; says whether that was all. A file that grows past its size counts as all, and as changed.
    fn read(&mut self, until: u64, buffer: &mut [u8], job: &HashJob, path: &str) -> std::io::Result<bool> {
        while self.done < until && !job.task.is_cancelled() {
            let count = match self.file.read(buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.hasher.update(buffer.get(..count).unwrap_or_default());
            self.done = self.done.saturating_add(u64::try_from(count).unwrap_or(0));
            if count == 0 || self.done >= self.before.size {
                return Ok(true);
            }
            // Here and not once a slice: from a slow disk one slice takes seconds.
            if self.told.elapsed() >= READING_EVERY {
                self.told = Instant::now();
                let (done, size) = (self.done, self.before.size);
                job.tell(|| HashReading { path: path.to_owned(), done, size });
            }
        }
        Ok(job.task.is_cancelled())
    }

    fn result(&self, path: &str) -> HashResult {
        let after = rustix::fs::fstat(&self.file).map(|stat| folder::stat_of(&stat));
        if after != Ok(self.before) || self.done != self.before.size {
            return HashResult::Changed { path: path.to_owned() };
        }
        let content = ContentId::new(*self.hasher.finalize().as_bytes());
        HashResult::Hashed { path: path.to_owned(), stat: self.before, content }
    }
}

/// Does turns until the lanes close. One of these runs on each core.
pub(crate) fn work(lanes: &Lanes) {
    // Best effort: where it is refused, the work is merely less polite.
    let _is_polite = rustix::process::setpriority_process(None, NICENESS).is_ok();
    let mut buffer = vec![0; BLOCK_SIZE];
    while let Some(turn) = lanes.next() {
        match turn {
            Turn::Refuse(task) => task.finish(Err("malformed: the job cannot be understood".to_owned())),
            Turn::Open(job) => job.open(lanes),
            Turn::Small(job, items) => {
                for item in &items {
                    job.note([small(&job, item, &mut buffer)]);
                }
            }
            Turn::Large(mut large) => {
                let result = large.slice(&mut buffer);
                let is_done = result.is_some();
                let job = Arc::clone(&large.job);
                job.note(result);
                if !is_done {
                    lanes.put_back(large);
                }
            }
        }
    }
}

fn small(job: &HashJob, item: &HashItem, buffer: &mut [u8]) -> HashResult {
    if job.task.is_cancelled() {
        return HashResult::Changed { path: item.path.clone() };
    }
    let mut open = match job.folder().and_then(|folder| open_file(folder, &item.path)) {
        Ok(open) => open,
        Err(result) => return result,
    };
    match open.read(u64::MAX, buffer, job, &item.path) {
        Ok(_) => open.result(&item.path),
        Err(error) => unreadable(&item.path, &error),
    }
}

fn open_file(folder: &Folder, path: &str) -> Result<Open, HashResult> {
    let file = folder.open_file(path).map_err(|error| unreadable(path, &error))?;
    let stat = || rustix::fs::fstat(&file).map_err(|error| unreadable(path, &error.into()));
    let mut before = stat()?;
    if rustix::fs::FileType::from_raw_mode(before.st_mode) != rustix::fs::FileType::RegularFile {
        return Err(HashResult::Gone { path: path.to_owned() });
    }
    if is_fresh(&folder::stat_of(&before)) {
        std::thread::sleep(TICK);
        before = stat()?;
    }
    let (hasher, before) = (blake3::Hasher::new(), folder::stat_of(&before));
    Ok(Open { file, before, hasher, done: 0, told: Instant::now() })
}

/// Says whether the file was written within the last tick of the file system's clock.
fn is_fresh(stat: &Stat) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Not mtime: anybody can set that to any time.
    let written = Duration::from_nanos(u64::try_from(stat.ctime_ns).unwrap_or(0));
    now.checked_sub(written).is_some_and(|age| age < TICK)
}

fn unreadable(path: &str, error: &std::io::Error) -> HashResult {
    if folder::is_gone(error) {
        return HashResult::Gone { path: path.to_owned() };
    }
    HashResult::Unreadable { path: path.to_owned(), why: folder::in_words(error) }
}
