//! Work that waits for a lane. It holds one entry per job that has not ended; deciders ask for a few at a time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use guard::jobs::{Compile, Scan};

use reports::Task;

/// One piece of work.
#[derive(Debug)]
pub(super) enum Errand {
    /// Look through contents.
    Scan(Task, Scan),
    /// Read a set of rules.
    Compile(Task, Compile),
    /// Say that a job cannot be understood; never by who gives work, since saying something may block.
    Refuse(Task, String),
}

/// What waiting for work brought.
#[derive(Debug)]
pub(super) enum Next {
    /// Some.
    Work(Errand),
    /// Nothing in all the time.
    Quiet,
    /// There will be no more.
    Closed,
}

/// A line.
#[derive(Debug, Default)]
pub(super) struct Line {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Errand>,
    is_closed: bool,
}

impl Line {
    /// Adds one; dropped when all is over.
    pub(super) fn push(&self, errand: Errand) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.is_closed {
            inner.waiting.push_back(errand);
            self.changed.notify_one();
        }
    }

    /// Waits for work; without a `timeout`, until there is some.
    pub(super) fn pop(&self, timeout: Option<Duration>) -> Next {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if inner.is_closed {
                return Next::Closed;
            }
            if let Some(errand) = inner.waiting.pop_front() {
                return Next::Work(errand);
            }
            let Some(timeout) = timeout else {
                inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (woken, waited) =
                self.changed.wait_timeout(inner, timeout).unwrap_or_else(PoisonError::into_inner);
            inner = woken;
            if waited.timed_out() && inner.waiting.is_empty() && !inner.is_closed {
                return Next::Quiet;
            }
        }
    }

    /// Ends the work; what waits is dropped.
    pub(super) fn close(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.is_closed = true;
        inner.waiting.clear();
        self.changed.notify_all();
    }
}
