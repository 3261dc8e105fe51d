//! The driver: takes jobs, owns the threads, ends them.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use compute::jobs::{Allowance, RUN, Run, SAVE, SET, TAKE, from_bytes};
use kernel::{Driver, Input, Job, JobId};
use tokio::sync::mpsc;

use super::agents as for_agents;
use super::desk::{Desk, Errand};
use super::lane;
use super::library::Library;
use super::reins::{Children, Waiting};
use crate::cache::{Cache, SIZE_MAX};
use reports::{Reports, Task};

/// Between checkpoints of a unit that can write them, processor time.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// Threads for what persons wait for; a long compilation must not hold up a short one.
const DESKS: usize = 2;
/// Lanes at most, whatever is allowed.
const LANES_MAX: usize = 64;

/// A program that the driver starts.
#[derive(Debug, Clone)]
pub struct ProgramCommand {
    /// Which.
    pub path: PathBuf,
    /// With what.
    pub arguments: Vec<String>,
}

/// Where the sandbox keeps its cache, what it starts, and how it hears that somebody is there.
#[derive(Clone)]
pub struct Config {
    /// The home; compiled code is in `sandbox` below it.
    pub home: PathBuf,
    /// It calls [`crate::compiler_main`] and nothing else.
    pub compiler: ProgramCommand,
    /// It calls [`crate::runner_main`] and nothing else.
    pub runner: ProgramCommand,
    /// Seals compiled code; kept by the peer, the same after a restart, and secret.
    pub key: [u8; 32],
    /// Returns how long nobody has touched a key or the mouse; none when nothing tells. It may block for a moment.
    pub since_input: Arc<dyn Fn() -> Option<Duration> + Send + Sync>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("home", &self.home).finish_non_exhaustive()
    }
}

/// Runs units of programs, compiles and keeps programs, and writes outputs into files.
///
/// Nothing runs before the first [`compute::jobs::SET`]. Dropping it ends all processes; [`Sandbox::stop`] waits for the
/// threads, too.
pub struct Sandbox {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lanes: Mutex<usize>,
}

/// What the threads share.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) checkpoint_every: Duration,
    pub(super) library: Arc<dyn Library>,
    pub(super) cache: Cache,
    pub(super) children: Children,
    pub(super) reports: Reports,
    desk: Desk,
    says: Desk,
    for_agents: for_agents::Line,
}

impl Sandbox {
    /// Starts the threads, which report to `inputs`; fails when the system gives no threads or no folder for the cache.
    pub fn start(config: Config, library: Arc<dyn Library>, inputs: mpsc::Sender<Input>) -> io::Result<Self> {
        Self::start_with_checkpoints(config, library, inputs, CHECKPOINT_EVERY)
    }

    /// The same, with another time between checkpoints: for tests.
    #[doc(hidden)]
    pub fn start_with_checkpoints(
        config: Config,
        library: Arc<dyn Library>,
        inputs: mpsc::Sender<Input>,
        checkpoint_every: Duration,
    ) -> io::Result<Self> {
        let cache = Cache::open(config.home.join("sandbox"), config.key, SIZE_MAX)?;
        let shared = Arc::new(Shared {
            config,
            checkpoint_every,
            library,
            cache,
            children: Children::new(),
            reports: Reports::new(inputs),
            desk: Desk::new(),
            says: Desk::new(),
            for_agents: for_agents::Line::new(),
        });
        let sandbox = Self { shared, threads: Mutex::default(), lanes: Mutex::default() };
        sandbox.thread("sandbox-beat", |shared| shared.children.beat())?;
        sandbox.thread("sandbox-watch", |shared| shared.children.watch(&*shared.config.since_input))?;
        sandbox.thread("sandbox-say", |shared| shared.says.work(shared))?;
        sandbox.thread("sandbox-agents", |shared| shared.for_agents.work(shared))?;
        for _ in 0..DESKS {
            sandbox.thread("sandbox-desk", |shared| shared.desk.work(shared))?;
        }
        Ok(sandbox)
    }

    /// Ends all processes and waits for the threads. Jobs under way report no end: the kernel goes, too.
    pub async fn stop(&self) {
        self.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count() == 0
        });
        if !joined.await.unwrap_or(false) {
            tracing::warn!("a thread of the sandbox had panicked");
        }
    }

    fn set(&self, allowance: Allowance) {
        self.shared.children.set(allowance);
        let here = std::thread::available_parallelism().map_or(1, usize::from).min(LANES_MAX);
        let wanted = here.min(allowance.cores as usize);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        while *lanes < wanted {
            if let Err(error) = self.thread("sandbox-lane", lane::work) {
                tracing::warn!(%error, "no thread for one more core");
                return;
            }
            *lanes += 1;
        }
    }

    fn thread(&self, name: &str, work: fn(&Shared)) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Ends a job from the thread that gives work, where saying something might block.
    fn finish(&self, task: Task, outcome: Result<Vec<u8>, String>) {
        self.shared.says.push(Errand::Say(task, outcome));
    }

    fn close(&self) {
        self.shared.reports.stop();
        self.shared.desk.close();
        self.shared.says.close();
        self.shared.for_agents.close();
        self.shared.children.close();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl Driver for Sandbox {
    fn kinds(&self) -> &'static [&'static str] {
        &[TAKE, RUN, SET, SAVE, agents::jobs::TAKE, agents::jobs::RUN]
    }

    fn work(&self, job: Job) {
        let task = self.shared.reports.begin(job.id);
        match job.kind {
            SET => match from_bytes(&job.input) {
                Ok(allowance) => {
                    self.set(allowance);
                    self.finish(task, Ok(Vec::new()));
                }
                Err(error) => self.finish(task, Err(error.to_string())),
            },
            RUN => match from_bytes::<Run>(&job.input) {
                Ok(run) => self.shared.children.push(Waiting { task, run }),
                Err(error) => self.finish(task, Err(error.to_string())),
            },
            agents::jobs::TAKE => match agents::jobs::from_bytes(&job.input) {
                Ok(program) => self.shared.for_agents.push(for_agents::Errand::Take(task, program)),
                Err(error) => self.finish(task, Err(error.to_string())),
            },
            agents::jobs::RUN => match agents::jobs::from_bytes(&job.input) {
                Ok(run) => self.shared.for_agents.push(for_agents::Errand::Run(task, Box::new(run))),
                Err(error) => self.finish(task, Err(error.to_string())),
            },
            TAKE => match from_bytes(&job.input) {
                Ok(take) => self.shared.desk.push(Errand::Take(task, take)),
                Err(error) => self.finish(task, Err(error.to_string())),
            },
            _ => match from_bytes(&job.input) {
                Ok(save) => self.shared.desk.push(Errand::Save(task, save)),
                Err(error) => self.finish(task, Err(error.to_string())),
            },
        }
    }

    fn cancel(&self, job: JobId) {
        self.shared.reports.cancel(job);
        if let Some(waiting) = self.shared.children.cancel(job) {
            self.finish(waiting.task, Ok(Vec::new()));
        }
    }
}
