//! The driver: takes jobs, owns the thread, ends it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use compute::jobs::MACHINE;
use kernel::{Driver, Input, Job, JobId};
use tokio::sync::{Notify, mpsc};

use crate::fresh::Fresh;
use crate::places::Places;
use crate::watch::Watch;

/// Says whether anybody uses this computer.
///
/// Dropping it ends the thread soon; [`Idle::stop`] waits for it.
#[derive(Debug)]
pub struct Idle {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What callers and the thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) fresh: Fresh,
    pub(crate) stop: Notify,
    wanted: Mutex<Wanted>,
}

/// What callers want of the thread.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) jobs: BTreeSet<JobId>,
    /// A job is new, so it hears at once how this computer is.
    pub(crate) has_new: bool,
    /// Jobs that are cancelled and have not said so.
    pub(crate) ended: Vec<JobId>,
}

impl Idle {
    /// Starts the thread, which reports to `inputs`; fails when the system gives none. Nothing is looked at before there is
    /// a job or somebody asks.
    pub fn start(places: Places, inputs: mpsc::Sender<Input>) -> io::Result<Self> {
        let shared = Arc::new(Shared { fresh: Fresh::new(), stop: Notify::new(), wanted: Mutex::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("idle".to_owned()).spawn(move || {
            runtime.block_on(Watch::new(places, of_thread, inputs).run());
            // A name that is being looked up, or the like, must not hold up the end.
            runtime.shutdown_timeout(Duration::from_millis(100));
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Returns a question that any thread may ask at any time, as often as it likes: how long nobody has touched a key or the
    /// mouse.
    ///
    /// It never waits. Asked often, what it says is at most about 25 ms old with GNOME, X11 and other desktops, and a second
    /// with logind. None: nothing tells, or what told has not answered for 2.5 s; also at the first question, when no job
    /// runs.
    pub fn since_input(&self) -> Arc<dyn Fn() -> Option<Duration> + Send + Sync> {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || shared.fresh.since_input())
    }

    /// Ends the thread and waits for it: a moment, or as long as a disk takes that is just being measured. Jobs under way
    /// report no end: the kernel goes, too.
    pub async fn stop(&self) {
        self.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        let joined = tokio::task::spawn_blocking(move || thread.join().is_ok());
        if !joined.await.unwrap_or(false) {
            tracing::warn!("the thread that watches this computer had panicked");
        }
    }

    fn close(&self) {
        self.shared.stop.notify_one();
    }
}

impl Shared {
    pub(crate) fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Driver for Idle {
    fn kinds(&self) -> &'static [&'static str] {
        &[MACHINE]
    }

    fn work(&self, job: Job) {
        {
            let mut wanted = self.shared.wanted();
            wanted.jobs.insert(job.id);
            wanted.has_new = true;
        }
        self.shared.fresh.wake.notify_one();
    }

    fn cancel(&self, job: JobId) {
        {
            let mut wanted = self.shared.wanted();
            if wanted.jobs.remove(&job) {
                wanted.ended.push(job);
            }
        }
        self.shared.fresh.wake.notify_one();
    }
}
