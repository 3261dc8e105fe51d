//! What workers say to the kernel, and how they hear that a job is no longer wanted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use files::jobs::to_bytes;
use kernel::{Input, JobFailure, JobId};
use minicbor::Encode;
use tokio::sync::mpsc;

/// The kernel's ear; cheap to share. Saying something waits while the kernel's queue is full, which slows the
/// work down instead of filling memory. Only for our own threads, never inside async code.
#[derive(Debug, Clone)]
pub(crate) struct Reports {
    inputs: mpsc::Sender<Input>,
    running: Arc<Mutex<BTreeMap<JobId, Token>>>,
    stop: Token,
}

/// Says whether somebody still wants the work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Token(Arc<AtomicBool>);

impl Token {
    /// Says that nobody wants it any more.
    pub(crate) fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Says whether nobody wants it any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One job and the way to report on it.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: JobId,
    token: Token,
    reports: Reports,
}

impl Reports {
    /// Starts with nothing running.
    pub(crate) fn new(inputs: mpsc::Sender<Input>) -> Self {
        Self { inputs, running: Arc::default(), stop: Token::default() }
    }

    /// Opens a job.
    pub(crate) fn begin(&self, id: JobId) -> Task {
        let token = Token::default();
        self.running().insert(id, token.clone());
        Task { id, token, reports: self.clone() }
    }

    /// Says that a job is no longer wanted; unknown ones have ended.
    pub(crate) fn cancel(&self, id: JobId) {
        if let Some(token) = self.running().get(&id) {
            token.cancel();
        }
    }

    /// Cancels everything; from now on no job reports its end, since the kernel goes, too.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.running().values().for_each(Token::cancel);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<JobId, Token>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, input: Input) -> bool {
        !self.stop.is_cancelled() && self.inputs.blocking_send(input).is_ok()
    }
}

impl Task {
    /// Says whether the job should end now.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Reports on the job; the kernel going away cancels it.
    pub(crate) fn progress<T: Encode<()>>(&self, report: &T) {
        if !self.reports.say(Input::Progress { job: self.id, report: to_bytes(report) }) {
            self.token.cancel();
        }
    }

    /// Ends the job with a result, or as cancelled when it was; called once, last.
    pub(crate) fn finish(&self, outcome: Result<Vec<u8>, String>) {
        let outcome = match outcome {
            _ if self.is_cancelled() => Err(JobFailure::Cancelled),
            Ok(result) => Ok(result),
            Err(text) => Err(JobFailure::Failed(text)),
        };
        self.reports.running().remove(&self.id);
        let _is_heard = self.reports.say(Input::Finished { job: self.id, outcome });
    }
}
