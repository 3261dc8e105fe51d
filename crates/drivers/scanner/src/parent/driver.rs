//! The driver: takes jobs, owns the threads, ends them.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use guard::jobs::{COMPILE, SCAN, from_bytes};
use kernel::{Driver, Input, Job, JobId};
use tokio::sync::mpsc;

use super::cache::Cache;
use super::clamd::Clamd;
use super::lane;
use super::library::Library;
use super::line::{Errand, Line};
use reports::Reports;

/// Threads, each with a child of its own while it has work: what a person wants to open must not wait behind a share.
const LANES: usize = 2;

/// A program that the driver starts.
#[derive(Debug, Clone)]
pub struct ProgramCommand {
    /// Which.
    pub path: PathBuf,
    /// With what.
    pub arguments: Vec<String>,
}

/// Where compiled rules are kept, what is started, and who is asked, too.
#[derive(Debug, Clone)]
pub struct Config {
    /// The home; compiled rules are in `guard` below it.
    pub home: PathBuf,
    /// It calls [`crate::scanner_main`] and nothing else.
    pub program: ProgramCommand,
    /// The socket of a clamd, whose opinion is told as rules `clamd/NAME`; that it is missing or slow changes nothing else.
    pub clamd: Option<PathBuf>,
}

/// Looks through contents and compiles sets of rules.
///
/// Dropping it ends the threads soon; [`Scanner::stop`] waits for them.
#[derive(Debug)]
pub struct Scanner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the threads share.
pub(super) struct Shared {
    pub(super) program: ProgramCommand,
    pub(super) library: Arc<dyn Library>,
    pub(super) cache: Cache,
    pub(super) clamd: Option<Clamd>,
    pub(super) line: Line,
    reports: Reports,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("program", &self.program).finish_non_exhaustive()
    }
}

impl Scanner {
    /// Starts the threads, which report to `inputs`; fails when the system gives no threads or no folder for compiled rules.
    /// A child is started when there is work, and ended when there was none for a while.
    pub fn start(config: Config, library: Arc<dyn Library>, inputs: mpsc::Sender<Input>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            program: config.program,
            library,
            cache: Cache::open(config.home.join("guard"))?,
            clamd: config.clamd.map(Clamd::new),
            line: Line::default(),
            reports: Reports::new(inputs),
        });
        let scanner = Self { shared, threads: Mutex::default() };
        for _ in 0..LANES {
            let shared = Arc::clone(&scanner.shared);
            let thread = std::thread::Builder::new()
                .name("scanner-lane".to_owned())
                .spawn(move || lane::work(&shared))?;
            scanner.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(scanner)
    }

    /// Ends all work and waits for the threads. Jobs under way report no end: the kernel goes, too.
    pub async fn stop(&self) {
        self.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count() == 0
        });
        if !joined.await.unwrap_or(false) {
            tracing::warn!("a thread of the scanner had panicked");
        }
    }

    fn close(&self) {
        self.shared.reports.stop();
        self.shared.line.close();
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Driver for Scanner {
    fn kinds(&self) -> &'static [&'static str] {
        &[SCAN, COMPILE]
    }

    fn work(&self, job: Job) {
        let task = self.shared.reports.begin(job.id);
        let errand = match job.kind {
            SCAN => from_bytes(&job.input).map(|scan| Errand::Scan(task.clone(), scan)),
            _ => from_bytes(&job.input).map(|compile| Errand::Compile(task.clone(), compile)),
        };
        self.shared.line.push(errand.unwrap_or_else(|error| Errand::Refuse(task, error.to_string())));
    }

    fn cancel(&self, job: JobId) {
        self.shared.reports.cancel(job);
    }
}
