//! Finds links in this computer's own files, for `pages`: one thread, one file after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use base::ContentId;
use files::jobs::Source;
use futures_lite::StreamExt as _;
use kernel::{Driver, Input, Job, JobFailure, JobId};
use network::Contents;
use pages::linking::{FILE_SIZE_MAX, FIND, FindLinks, FoundLink};
use tokio::sync::mpsc;

/// Files that wait at most; `pages` gives four at once.
const WAITING_MAX: usize = 64;

/// A file of this computer needs no waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a job's input at most: a path and some numbers.
const INPUT_SIZE_MAX: usize = 16 * 1024;

/// The thread's work. Dropping this waits for the thread: it holds contents, and so the home.
#[derive(Debug)]
pub(crate) struct LinkFinder {
    /// None only while this is dropped.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl LinkFinder {
    /// Starts the thread, which reports to `inputs`.
    pub(crate) fn start(contents: Contents, inputs: mpsc::Sender<Input>) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(WAITING_MAX);
        let runtime = tokio::runtime::Handle::current();
        let work = move || find_all(&waiting, &contents, &runtime, &inputs);
        let thread = std::thread::Builder::new().name("links".to_owned()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }
}

impl Drop for LinkFinder {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the thread that finds links had panicked");
        }
    }
}

fn find_all(
    waiting: &Receiver<Job>,
    contents: &Contents,
    runtime: &tokio::runtime::Handle,
    inputs: &mpsc::Sender<Input>,
) {
    while let Ok(job) = waiting.recv() {
        // A parser that panics over somebody's file must not end the thread.
        let found = catch_unwind(AssertUnwindSafe(|| find(&job, contents, runtime)));
        let outcome = found.unwrap_or_else(|_| Err(JobFailure::Failed("it is damaged".to_owned())));
        if inputs.blocking_send(Input::Finished { job: job.id, outcome }).is_err() {
            return;
        }
    }
}

fn find(job: &Job, contents: &Contents, runtime: &tokio::runtime::Handle) -> Result<Vec<u8>, JobFailure> {
    let failed = |why: String| JobFailure::Failed(why);
    let wanted: FindLinks =
        wire::from_bytes(&job.input, INPUT_SIZE_MAX).map_err(|error| failed(error.to_string()))?;
    let FindLinks { content, source, name, size } = wanted;
    let bytes = runtime.block_on(read(contents, content, source, size.min(FILE_SIZE_MAX))).map_err(failed)?;
    let found = render::links::find(&name, &bytes).into_iter().map(|one| {
        let render::links::FoundLink { target, text, line } = one;
        FoundLink { address: target, words: text, line }
    });
    Ok(wire::to_bytes(&found.collect::<Vec<_>>()))
}

async fn read(contents: &Contents, content: ContentId, source: Source, size: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    if size == 0 {
        return Ok(bytes);
    }
    let mut reading = contents.read(content, source, 0..size, PATIENCE);
    while let Some(piece) = reading.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| error.to_string())?);
    }
    Ok(bytes)
}

impl Driver for LinkFinder {
    fn kinds(&self) -> &'static [&'static str] {
        &[FIND]
    }

    fn work(&self, job: Job) {
        // Full or stopped: the file stands on the list still and is found at the next change or start.
        if self.jobs.as_ref().is_none_or(|jobs| jobs.try_send(job).is_err()) {
            tracing::debug!("links of a file are not looked for now");
        }
    }

    fn cancel(&self, _: JobId) {}
}
