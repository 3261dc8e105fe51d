//! The driver: takes jobs, owns the threads, ends them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use files::jobs::{HASH, Hash, WALK, WATCH, Walk, Watch, from_bytes};
use kernel::{Driver, Input, Job, JobId};
use people::jobs::{SEAL, Seal};
use tokio::sync::mpsc;

use crate::hash::{self, HashJob};
use crate::lanes::Lanes;
use crate::queue::Queue;
use crate::report::{Reports, Task};
use crate::walk;
use crate::watch::{self, Ear};

/// Walks at the same time; a sleepy disk must not hold up the walk of another.
const WALKERS: usize = 2;

/// Walks, watches and hashes folders of this computer, and seals keys to many.
///
/// Dropping it ends the threads soon; [`Workers::stop`] waits for them.
#[derive(Debug)]
pub struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    reports: Reports,
    walks: Queue<(Task, Walk)>,
    setups: Queue<(Task, Watch)>,
    lanes: Lanes,
    seals: Queue<(Task, Seal)>,
    ear: Ear,
}

impl Workers {
    /// Starts the threads, which report to `inputs`; fails when the system gives no threads.
    pub fn start(inputs: mpsc::Sender<Input>) -> io::Result<Self> {
        let (ear, heard) = Ear::new();
        let shared = Arc::new(Shared {
            reports: Reports::new(inputs),
            walks: Queue::new(),
            setups: Queue::new(),
            lanes: Lanes::default(),
            seals: Queue::new(),
            ear,
        });
        let workers = Self { shared, threads: Mutex::default() };
        workers.thread("watch", move |shared| watch::run(&shared.ear, &heard))?;
        workers.thread("watch-setup", |shared| {
            while let Some((task, input)) = shared.setups.pop() {
                watch::set_up(&task, &input, &shared.ear);
            }
        })?;
        workers.thread("seal", |shared| {
            while let Some((task, input)) = shared.seals.pop() {
                task.finish(Ok(people::jobs::to_bytes(&input.run())));
            }
        })?;
        for _ in 0..WALKERS {
            workers.thread("walk", |shared| {
                while let Some((task, input)) = shared.walks.pop() {
                    walk::run(&task, &input);
                }
            })?;
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            workers.thread("hash", |shared| hash::work(&shared.lanes))?;
        }
        Ok(workers)
    }

    /// Ends all work and waits for the threads. Jobs under way report no end: the kernel goes, too.
    pub async fn stop(&self) {
        self.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined =
            tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::warn!("a worker thread had panicked");
        }
    }

    fn thread(&self, name: &str, work: impl FnOnce(&Shared) + Send + 'static) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn close(&self) {
        self.shared.reports.stop();
        self.shared.walks.close();
        self.shared.setups.close();
        self.shared.seals.close();
        self.shared.lanes.close();
        self.shared.ear.stop();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Driver for Workers {
    fn kinds(&self) -> &'static [&'static str] {
        &[WALK, WATCH, HASH, SEAL]
    }

    fn work(&self, job: Job) {
        let shared = &self.shared;
        let task = shared.reports.begin(job.id);
        match job.kind {
            WALK => match from_bytes(&job.input) {
                Ok(input) => shared.walks.push((task, input)),
                Err(_) => shared.lanes.refuse(task),
            },
            WATCH => match from_bytes::<Watch>(&job.input) {
                Ok(input) => shared.setups.push((task, input)),
                Err(_) => shared.lanes.refuse(task),
            },
            HASH => match from_bytes::<Hash>(&job.input) {
                Ok(input) => shared.lanes.begin(HashJob::new(task, input)),
                Err(_) => shared.lanes.refuse(task),
            },
            SEAL => match Seal::from_bytes(&job.input) {
                Ok(input) => shared.seals.push((task, input)),
                Err(_) => shared.lanes.refuse(task),
            },
            _ => shared.lanes.refuse(task),
        }
    }

    fn cancel(&self, job: JobId) {
        self.shared.reports.cancel(job);
        self.shared.ear.look_up();
    }
}
