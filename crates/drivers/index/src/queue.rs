//! Queues between the thread that gives work and the threads that do it.
//!
//! They hold one entry per job a decider asked for and has not been answered yet; deciders ask for a few at a time,
//! so they have no limit of their own and giving work never blocks.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::WebId;

/// First in, first out, but never two of one web at the same time.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner<T> {
    waiting: VecDeque<(WebId, T)>,
    busy: BTreeSet<WebId>,
    is_closed: bool,
}

/// What waiting for work brought.
#[derive(Debug)]
pub(crate) enum Next<T> {
    /// Work of one web, in order; the web is busy until [`Queue::done`].
    Work(WebId, Vec<T>),
    /// Nothing in all the time, or somebody woke it for nothing.
    Quiet,
    /// There will be no more.
    Closed,
}

impl<T> Queue<T> {
    /// Starts empty.
    pub(crate) fn new() -> Self {
        let inner = Inner { waiting: VecDeque::new(), busy: BTreeSet::new(), is_closed: false };
        Self { inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// Adds one; dropped when the queue is closed.
    pub(crate) fn push(&self, web: WebId, item: T) {
        let mut inner = self.inner();
        if !inner.is_closed {
            inner.waiting.push_back((web, item));
            self.changed.notify_all();
        }
    }

    /// Waits for work of a web that is not busy: one item, and those behind it of the same web for which
    /// `joins(first, next)` holds. Without a `timeout` it waits until somebody wakes it.
    pub(crate) fn pop(&self, timeout: Option<Duration>, joins: impl Fn(&T, &T) -> bool) -> Next<T> {
        let mut inner = self.inner();
        for is_last in [false, true] {
            if inner.is_closed {
                return Next::Closed;
            }
            if let Some((web, items)) = inner.take(&joins) {
                inner.busy.insert(web);
                return Next::Work(web, items);
            }
            if is_last {
                break;
            }
            inner = match timeout {
                None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(timeout) => {
                    self.changed.wait_timeout(inner, timeout).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        Next::Quiet
    }

    /// Says that a web's work is done.
    pub(crate) fn done(&self, web: WebId) {
        self.inner().busy.remove(&web);
        self.changed.notify_all();
    }

    /// Wakes the threads that wait, so that they look at their timeouts again.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Ends all waiting, now and later; what waits is dropped.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        inner.is_closed = true;
        inner.waiting.clear();
        self.changed.notify_all();
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Items of one web taken together at most, so that the first does not wait long for its end.
const TOGETHER_MAX: usize = 64;

impl<T> Inner<T> {
    fn take(&mut self, joins: impl Fn(&T, &T) -> bool) -> Option<(WebId, Vec<T>)> {
        let place = self.waiting.iter().position(|(web, _)| !self.busy.contains(web))?;
        let (web, first) = self.waiting.remove(place)?;
        let mut items = vec![first];
        let mut at = place;
        while items.len() < TOGETHER_MAX {
            let Some((other, next)) = self.waiting.get(at) else { break };
            if *other != web {
                at += 1;
                continue;
            }
            if !items.first().is_some_and(|first| joins(first, next)) {
                break;
            }
            items.extend(self.waiting.remove(at).map(|(_, item)| item));
        }
        Some((web, items))
    }
}
