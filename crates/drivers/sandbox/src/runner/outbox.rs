//! What the runner has to say: results wait some milliseconds for others, so that short units do not cost a frame each.

use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::frames::{self, FromRunner, Outcome};

/// Results in one frame at most.
const RESULTS_MAX: usize = 128;
/// Bytes of outputs that wait at most.
const SIZE_MAX: usize = 1 << 20;
/// The first result waits so long at most; the ticker's callback looks, too, while a later unit runs.
const WAIT_MAX: Duration = Duration::from_millis(5);

/// The way out.
#[derive(Debug)]
pub(super) struct Outbox {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    output: File,
    waiting: Vec<Outcome>,
    size: usize,
    since: Instant,
}

impl Outbox {
    /// Says everything to this file.
    pub(super) fn new(output: File) -> Self {
        Self { inner: Mutex::new(Inner { output, waiting: Vec::new(), size: 0, since: Instant::now() }) }
    }

    /// Says something at once, after what waits.
    pub(super) fn say(&self, what: &FromRunner) -> io::Result<()> {
        let mut inner = self.inner();
        inner.flush()?;
        frames::write(&mut inner.output, what)
    }

    /// Says a result soon.
    pub(super) fn push(&self, outcome: Outcome) -> io::Result<()> {
        let mut inner = self.inner();
        if inner.waiting.is_empty() {
            inner.since = Instant::now();
        }
        inner.size += outcome.output.as_ref().map_or(0, |output| output.len());
        inner.waiting.push(outcome);
        if inner.waiting.len() >= RESULTS_MAX || inner.size >= SIZE_MAX {
            return inner.flush();
        }
        inner.flush_if_late()
    }

    /// Says what has waited long enough.
    pub(super) fn tick(&self) -> io::Result<()> {
        self.inner().flush_if_late()
    }

    /// Says what waits.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.inner().flush()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn flush_if_late(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() && self.since.elapsed() >= WAIT_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let results = std::mem::take(&mut self.waiting);
        self.size = 0;
        frames::write(&mut self.output, &FromRunner::Results { results })
    }
}
