//! What a driver with threads of its own says to the kernel, and how it hears that a job is no longer wanted.
//!
//! Not for: async code; the network has its own way (`network`, inputs).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Input, JobFailure, JobId};
use tokio::sync::mpsc;

/// The kernel's ear; cheap to share. Saying something waits while the kernel's queue is full. Only for our own
/// threads, never inside async code.
#[derive(Debug, Clone)]
pub struct Reports {
    inputs: mpsc::Sender<Input>,
    running: Arc<Mutex<BTreeMap<JobId, Arc<AtomicBool>>>>,
    is_stopped: Arc<AtomicBool>,
}

/// One job and the way to end it.
#[derive(Debug, Clone)]
pub struct Task {
    id: JobId,
    is_cancelled: Arc<AtomicBool>,
    reports: Reports,
}

impl Reports {
    /// Starts with nothing running.
    pub fn new(inputs: mpsc::Sender<Input>) -> Self {
        Self { inputs, running: Arc::default(), is_stopped: Arc::default() }
    }

    /// Opens a job.
    pub fn begin(&self, id: JobId) -> Task {
        let is_cancelled = Arc::new(AtomicBool::new(false));
        self.running().insert(id, Arc::clone(&is_cancelled));
        Task { id, is_cancelled, reports: self.clone() }
    }

    /// Says that a job is no longer wanted; unknown ones have ended.
    pub fn cancel(&self, id: JobId) {
        if let Some(token) = self.running().get(&id) {
            token.store(true, Ordering::Relaxed);
        }
    }

    /// Cancels everything; from now on nothing is said, since the kernel goes, too.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.running().values().for_each(|token| token.store(true, Ordering::Relaxed));
    }

    /// Says something nobody asked for.
    pub fn notice(&self, kind: &'static str, report: Vec<u8>) {
        self.say(Input::Noticed { kind, report });
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<JobId, Arc<AtomicBool>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, input: Input) {
        if !self.is_stopped.load(Ordering::Relaxed) && self.inputs.blocking_send(input).is_err() {
            self.stop();
        }
    }
}

impl Task {
    /// Returns the job's name.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Says how far the job is, unless nobody wants to hear of it any more.
    pub fn progress(&self, report: Vec<u8>) {
        if !self.is_cancelled() {
            self.reports.say(Input::Progress { job: self.id, report });
        }
    }

    /// Says whether the job should end now.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Ends the job with a result, or as cancelled when it was; called once, last.
    pub fn finish(&self, outcome: Result<Vec<u8>, String>) {
        let outcome = match outcome {
            _ if self.is_cancelled() => Err(JobFailure::Cancelled),
            Ok(result) => Ok(result),
            Err(text) => Err(JobFailure::Failed(text)),
        };
        self.reports.running().remove(&self.id);
        self.reports.say(Input::Finished { job: self.id, outcome });
    }
}
