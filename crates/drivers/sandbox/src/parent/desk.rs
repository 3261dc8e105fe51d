//! Work that waits in a line for a thread: what persons ask for, and ends of jobs that must be said.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};

use compute::jobs::{Save, Take};

use super::driver::Shared;
use super::{save, take};
use reports::Task;

/// One piece of work.
#[derive(Debug)]
pub(super) enum Errand {
    /// Take a program or a text.
    Take(Task, Take),
    /// Write files.
    Save(Task, Save),
    /// Say how a job ended.
    Say(Task, Result<Vec<u8>, String>),
}

/// A line. It holds one entry per job that has not ended; deciders ask for a few at a time.
#[derive(Debug)]
pub(super) struct Desk {
    line: Mutex<Line>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Errand>,
    is_closed: bool,
}

impl Desk {
    /// Starts empty.
    pub(super) fn new() -> Self {
        Self { line: Mutex::default(), changed: Condvar::new() }
    }

    /// Adds one; dropped when all is over.
    pub(super) fn push(&self, errand: Errand) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.is_closed {
            line.waiting.push_back(errand);
            self.changed.notify_one();
        }
    }

    /// Does one after the other until all is over; the work of one thread.
    pub(super) fn work(&self, shared: &Shared) {
        while let Some(errand) = self.pop() {
            match errand {
                Errand::Take(task, take) => {
                    let work = || take::take(shared, &task, &take);
                    task.finish(catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked())));
                }
                Errand::Save(task, save) => {
                    let work = || save::save(shared, &task, &save);
                    task.finish(catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked())));
                }
                Errand::Say(task, outcome) => task.finish(outcome),
            }
        }
    }

    /// Ends the work; what waits is dropped.
    pub(super) fn close(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.is_closed = true;
        line.waiting.clear();
        self.changed.notify_all();
    }

    fn pop(&self) -> Option<Errand> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if line.is_closed {
                return None;
            }
            if let Some(errand) = line.waiting.pop_front() {
                return Some(errand);
            }
            line = self.changed.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn panicked() -> String {
    "a defect of this program ended the work".to_owned()
}
