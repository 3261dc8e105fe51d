//! Which file is hashed next: small ones before large ones, every job in turn, the large file nearest its end first.
//!
//! So a file just saved is hashed at once, even while a hundred thousand others or one of 4 GB wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use files::jobs::HashItem;

use crate::hash::{HashJob, Large};
use crate::report::Task;

/// Small files taken in one turn: enough to make taking cheap, few enough to share a job between all cores.
const TURN_ITEMS: usize = 16;

/// What one worker does next.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Say that a job could not be understood.
    Refuse(Task),
    /// Look at a new job.
    Open(Arc<HashJob>),
    /// Hash some small files.
    Small(Arc<HashJob>, Vec<HashItem>),
    /// Hash a slice of a large file.
    Large(Large),
}

/// All hashing that waits.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    refused: Vec<Task>,
    new: VecDeque<Arc<HashJob>>,
    small: VecDeque<(Arc<HashJob>, std::vec::IntoIter<HashItem>)>,
    /// By bytes remaining, then in order of arrival.
    large: BTreeMap<(u64, u64), Large>,
    arrivals: u64,
    is_closed: bool,
}

impl Lanes {
    /// Takes a job on.
    pub(crate) fn begin(&self, job: HashJob) {
        self.inner().new.push_back(Arc::new(job));
        self.changed.notify_one();
    }

    /// Has a job ended that could not be understood: saying so may wait, and who gives work must not.
    pub(crate) fn refuse(&self, task: Task) {
        self.inner().refused.push(task);
        self.changed.notify_one();
    }

    /// Adds the files of an opened job.
    pub(crate) fn add(&self, job: &Arc<HashJob>, small: Vec<HashItem>, large: Vec<Large>) {
        let mut inner = self.inner();
        if !small.is_empty() {
            inner.small.push_back((Arc::clone(job), small.into_iter()));
        }
        for large in large {
            inner.put(large);
        }
        self.changed.notify_all();
    }

    /// Puts a large file back that is not finished.
    pub(crate) fn put_back(&self, large: Large) {
        self.inner().put(large);
        self.changed.notify_one();
    }

    /// Waits for the next turn; `None` when closed.
    pub(crate) fn next(&self) -> Option<Turn> {
        let mut inner = self.inner();
        loop {
            if inner.is_closed {
                return None;
            }
            if let Some(turn) = inner.take() {
                return Some(turn);
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends all waiting, now and later, and drops what waits.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        *inner = Inner { is_closed: true, ..Inner::default() };
        self.changed.notify_all();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn put(&mut self, large: Large) {
        if !self.is_closed {
            self.arrivals += 1;
            self.large.insert((large.remaining(), self.arrivals), large);
        }
    }

    fn take(&mut self) -> Option<Turn> {
        if let Some(task) = self.refused.pop() {
            return Some(Turn::Refuse(task));
        }
        if let Some(job) = self.new.pop_front() {
            return Some(Turn::Open(job));
        }
        if let Some((job, mut items)) = self.small.pop_front() {
            let some: Vec<HashItem> = items.by_ref().take(TURN_ITEMS).collect();
            if items.len() > 0 {
                self.small.push_back((Arc::clone(&job), items));
            }
            return Some(Turn::Small(job, some));
        }
        self.large.pop_first().map(|(_, large)| Turn::Large(large))
    }
}
