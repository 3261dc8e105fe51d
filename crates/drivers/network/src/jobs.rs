//! The jobs the kernel gives: each is a task with an end that is reported exactly once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use files::jobs::{self, FetchFailure};
use kernel::{Input, Job, JobFailure, JobId};
use minicbor::{Decode, Encode};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::shared::Shared;

/// What this driver does.
pub(crate) const KINDS: &[&str] = &[
    jobs::FETCH,
    jobs::BUNDLE,
    jobs::MISSING,
    jobs::SAVE,
    jobs::FORGET,
    jobs::SEAL,
    jobs::UNSEAL,
    jobs::CHECK,
    people::jobs::PUT,
    people::jobs::GET,
    tunnels::jobs::LISTEN,
    tunnels::jobs::RECHECK,
];

/// Jobs that run; the deciders bound how many.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    running: Mutex<BTreeMap<JobId, CancellationToken>>,
}

impl Jobs {
    fn begin(&self, id: JobId, cancel: CancellationToken) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id, cancel);
    }

    fn end(&self, id: JobId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Stops a job; nothing happens when it has ended.
    pub(crate) fn cancel(&self, id: JobId) {
        if let Some(cancel) = self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            cancel.cancel();
        }
    }
}

impl Shared {
    /// Starts a job.
    pub(crate) fn work(self: &Arc<Self>, job: Job) {
        let shared = Arc::clone(self);
        let cancel = self.stop.child_token();
        self.jobs.begin(job.id, cancel.clone());
        let task = async move {
            let outcome = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(JobFailure::Cancelled),
                outcome = shared.run_job(&job, &cancel) => outcome,
            };
            shared.jobs.end(job.id);
            if let Err(JobFailure::Failed(text)) = &outcome {
                tracing::debug!(job = job.id.0, kind = job.kind, text, "job failed");
            }
            shared.inputs.tell(Input::Finished { job: job.id, outcome }).await;
        };
        self.begin(task);
    }

    async fn run_job(self: &Arc<Self>, job: &Job, cancel: &CancellationToken) -> Result<Vec<u8>, JobFailure> {
        match job.kind {
            jobs::FETCH => encoded(Box::pin(self.fetch(read(job)?)).await),
            jobs::BUNDLE => encoded(Box::pin(self.fetch_bundle(read(job)?)).await),
            jobs::MISSING => encoded(Box::pin(self.missing(read(job)?)).await),
            jobs::SAVE => encoded(Box::pin(self.save(read(job)?, cancel.clone())).await),
            jobs::SEAL => encoded(Box::pin(self.seal(read(job)?)).await),
            jobs::UNSEAL => encoded(Box::pin(self.unseal(read(job)?)).await),
            jobs::CHECK => encoded(Ok(Box::pin(self.check_sealed(&read(job)?)).await)),
            jobs::FORGET => {
                let forget: jobs::Forget = read(job)?;
                self.outboards.remove(forget.content);
                nothing(Box::pin(self.contents.forget(forget.content)).await)
            }
            tunnels::jobs::LISTEN => {
                let listen = tunnels::jobs::from_bytes(&job.input);
                let listen =
                    listen.map_err(|error| JobFailure::Failed(format!("unreadable job: {error}")))?;
                Err(Box::pin(self.listen(job, listen)).await)
            }
            tunnels::jobs::RECHECK => {
                self.recheck_tunnels();
                Ok(Vec::new())
            }
            people::jobs::PUT => Box::pin(self.dht_put(read(job)?)).await,
            people::jobs::GET => Box::pin(self.dht_get(read(job)?)).await,
            _ => Err(JobFailure::NoDriver),
        }
    }
}

fn read<T: for<'b> Decode<'b, ()> + Encode<()>>(job: &Job) -> Result<T, JobFailure> {
    jobs::from_bytes(&job.input).map_err(|error| {
        JobFailure::Failed(FetchFailure::Local.text(format_args!("unreadable job: {error}")))
    })
}

fn encoded<T: Encode<()>>(outcome: Result<T, Failure>) -> Result<Vec<u8>, JobFailure> {
    outcome.map(|end| jobs::to_bytes(&end)).map_err(|failure| JobFailure::Failed(failure.to_string()))
}

fn nothing(outcome: Result<(), Failure>) -> Result<Vec<u8>, JobFailure> {
    outcome.map(|()| Vec::new()).map_err(|failure| JobFailure::Failed(failure.to_string()))
}
