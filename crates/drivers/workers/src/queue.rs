//! A queue between the thread that gives work and the threads that do it.
//!
//! It holds one entry per job a decider asked for and has not been answered yet; deciders ask for a few at a time,
//! so it has no limit of its own and giving work never blocks.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

/// First in, first out.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner<T> {
    waiting: VecDeque<T>,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// Starts empty.
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner { waiting: VecDeque::new(), is_closed: false }),
            changed: Condvar::new(),
        }
    }

    /// Adds one; dropped when the queue is closed.
    pub(crate) fn push(&self, item: T) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.is_closed {
            inner.waiting.push_back(item);
            self.changed.notify_one();
        }
    }

    /// Waits for one; `None` when the queue is closed.
    pub(crate) fn pop(&self) -> Option<T> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if inner.is_closed {
                return None;
            }
            if let Some(item) = inner.waiting.pop_front() {
                return Some(item);
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends all waiting, now and later; what waits is dropped.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.is_closed = true;
        inner.waiting.clear();
        self.changed.notify_all();
    }
}
