//! The driver: takes jobs, owns the threads, ends them.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use base::WebId;
use kernel::{Driver, Input, Job, JobId};
use search::jobs::{
    FORGET, Forget, QUERY, Query, SHOW, SUMMARIZE, Show, Summarize, UPDATE, Update, from_bytes,
};
use tokio::sync::mpsc;

use crate::extract::{ExtractorProgram, Reader};
use crate::library::Library;
use crate::queue::Queue;
use crate::update::UpdateJob;
use crate::webs::Webs;
use crate::work::{self, Change, Question};
use reports::{Reports, Task};

/// Threads that answer; a person who types must not wait behind a slow question.
const ANSWERERS: usize = 2;
/// Threads that change indexes, each another web's; one may be reading a long document.
const CHANGERS: usize = 2;

/// The web of work that is of none.
const NOBODY: WebId = WebId::new([0; 32]);

/// Where indexes are kept and what reads documents.
#[derive(Debug, Clone)]
pub struct Config {
    /// The home; indexes are in `index` below it.
    pub home: PathBuf,
    /// What to start for reading documents that are not plain text; it calls [`crate::extractor_main`].
    pub extractor: ExtractorProgram,
}

/// Keeps the indexes of names and texts, one for each web.
///
/// Dropping it ends the threads soon; [`Index::stop`] waits for them.
#[derive(Debug)]
pub struct Index {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the threads share.
pub(crate) struct Shared {
    reports: Reports,
    pub(crate) webs: Webs,
    pub(crate) changes: Queue<Change>,
    pub(crate) questions: Queue<(Task, Question)>,
    extractor: ExtractorProgram,
    library: Arc<dyn Library>,
}

impl Index {
    /// Starts the threads, which report to `inputs`; fails when the system gives no threads. Indexes are opened when
    /// they are needed.
    pub fn start(config: Config, library: Arc<dyn Library>, inputs: mpsc::Sender<Input>) -> io::Result<Self> {
        let reports = Reports::new(inputs);
        let shared = Arc::new(Shared {
            webs: Webs::new(config.home.join("index"), reports.clone()),
            reports,
            changes: Queue::new(),
            questions: Queue::new(),
            extractor: config.extractor,
            library,
        });
        shared.changes.push(NOBODY, Change::SayLost(shared.webs.noted_lost()));
        let index = Self { shared, threads: Mutex::default() };
        for _ in 0..CHANGERS {
            index.thread("index-change", work::change)?;
        }
        for _ in 0..ANSWERERS {
            index.thread("index-answer", work::answer)?;
        }
        Ok(index)
    }

    /// Ends all work and waits for the threads. Jobs under way report no end: the kernel goes, too.
    pub async fn stop(&self) {
        self.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let shared = Arc::clone(&self.shared);
        let joined = tokio::task::spawn_blocking(move || {
            let is_well = threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count() == 0;
            shared.webs.close();
            is_well
        });
        if !joined.await.unwrap_or(false) {
            tracing::warn!("a thread of the index had panicked");
        }
    }

    fn thread(&self, name: &str, work: fn(&Shared)) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn close(&self) {
        self.shared.reports.stop();
        self.shared.changes.close();
        self.shared.questions.close();
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Ends a job whose input cannot be read. Never on the thread that gives the work: saying something may block.
    fn refuse(&self, task: Task) {
        self.changes.push(NOBODY, Change::Refuse(task));
    }

    /// Makes a thread's own reader of documents.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(self.extractor.clone(), Arc::clone(&self.library))
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("webs", &self.webs).finish_non_exhaustive()
    }
}

impl Driver for Index {
    fn kinds(&self) -> &'static [&'static str] {
        &[UPDATE, QUERY, SHOW, FORGET, SUMMARIZE]
    }

    fn work(&self, job: Job) {
        let shared = &self.shared;
        let task = shared.reports.begin(job.id);
        let change = match job.kind {
            UPDATE => from_bytes(&job.input)
                .map(|update: Update| (update.web, Change::Update(UpdateJob { task: task.clone(), update }))),
            SUMMARIZE => from_bytes(&job.input)
                .map(|one: Summarize| (one.web, Change::Summarize(task.clone(), one.key))),
            FORGET => from_bytes(&job.input).map(|forget: Forget| (forget.web, Change::Forget(task.clone()))),
            _ => {
                let question = match job.kind {
                    SHOW => from_bytes(&job.input).map(|show: Show| {
                        (show.webs.first().copied().unwrap_or(NOBODY), Question::Show(show))
                    }),
                    _ => from_bytes(&job.input).map(|query: Query| (query.web, Question::Find(query))),
                };
                match question {
                    Ok((web, question)) => shared.questions.push(web, (task, question)),
                    Err(_) => shared.refuse(task),
                }
                return;
            }
        };
        match change {
            Ok((web, change)) => shared.changes.push(web, change),
            Err(_) => shared.refuse(task),
        }
    }

    fn cancel(&self, job: JobId) {
        self.shared.reports.cancel(job);
    }
}
