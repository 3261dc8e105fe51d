//! The kernel's thread: gathers what came, lets the kernel take it, and hands out what leaves.
//!
//! One thread of its own, since a batch computes and commits without ever waiting for others. Not for: deciding
//! (services) or acting (drivers).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::{Fault, OperationId, Timestamp};
use kernel::{AskId, Driver, Effect, Input, JobFailure, JobId, Kernel};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::PeerError;

/// Inputs that wait for the kernel. Full, it slows the drivers down; each is 1 MiB at most from a peer.
pub(crate) const INPUTS_WAITING: usize = 512;

/// Questions of persons that wait for the kernel. Full, askers wait.
const QUESTIONS_WAITING: usize = 256;

/// Inputs of one batch at most: one durable commit for all of them.
const BATCH_MAX: usize = 500;

/// The kernel's clock may be set by a person at any time, so an alarm is looked at again at least this often.
const SLEEP_MAX: Duration = Duration::from_mins(1);

/// What a person asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) operation: String,
    pub(crate) arguments: Value,
    pub(crate) id: Option<OperationId>,
    pub(crate) reply: oneshot::Sender<Result<Value, Fault>>,
}

/// Where effects go.
pub(crate) struct Outlets {
    /// Takes what is for other peers; does not block.
    pub(crate) network: Box<dyn Fn(Effect) + Send>,
    /// Do the work, each its kinds.
    pub(crate) drivers: Vec<Arc<dyn Driver>>,
    /// The number of the last event.
    pub(crate) last_event: watch::Sender<u64>,
}

/// What the thread says about itself, for the status.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    /// Paused services with the reason.
    pub(crate) paused: Vec<String>,
    /// Why nothing can be saved now.
    pub(crate) trouble: Option<Fault>,
    /// Where this device is reachable.
    pub(crate) addresses: Vec<String>,
}

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Engine {
    questions: mpsc::Sender<Question>,
    health: Arc<Mutex<Health>>,
    stop: CancellationToken,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts the thread. `ended` is cancelled when it ends, for whatever reason.
    pub(crate) fn start(
        kernel: Kernel,
        inputs: mpsc::Receiver<Input>,
        outlets: Outlets,
        ended: CancellationToken,
    ) -> Result<Self, PeerError> {
        let (questions, asked) = mpsc::channel(QUESTIONS_WAITING);
        let health = Arc::<Mutex<Health>>::default();
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(PeerError::NoThreads)?;
        let mut turns = Turns {
            kernel,
            inputs,
            asked,
            outlets,
            health: Arc::clone(&health),
            asking: BTreeMap::new(),
            working: BTreeMap::new(),
            undone: Vec::new(),
            next_ask: 0,
            stop: stop.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("kernel".to_owned())
            .spawn(move || {
                // Also when the kernel panics: a peer without a kernel must not look alive.
                let _ended = ended.drop_guard();
                runtime.block_on(turns.run());
            })
            .map_err(PeerError::NoThreads)?;
        Ok(Self { questions, health, stop, thread: Mutex::new(Some(thread)) })
    }

    /// Asks for an operation and waits for the answer.
    pub(crate) async fn ask(
        &self,
        operation: &str,
        arguments: Value,
        id: Option<OperationId>,
    ) -> Result<Value, Fault> {
        let (reply, answer) = oneshot::channel();
        let question = Question { operation: operation.to_owned(), arguments, id, reply };
        self.questions.send(question).await.ok().ok_or(PeerError::Stopping)?;
        answer.await.ok().ok_or(PeerError::Stopping)?
    }

    /// Returns how the thread is.
    pub(crate) fn health(&self) -> Health {
        lock(&self.health).clone()
    }

    /// Ends the thread after the batch that runs, and waits for it.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        let thread = lock(&self.thread).take();
        let joined = tokio::task::spawn_blocking(move || thread.is_none_or(|thread| thread.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("the kernel's thread had panicked");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the time by this computer's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What the thread itself holds.
struct Turns {
    kernel: Kernel,
    inputs: mpsc::Receiver<Input>,
    asked: mpsc::Receiver<Question>,
    outlets: Outlets,
    health: Arc<Mutex<Health>>,
    asking: BTreeMap<AskId, oneshot::Sender<Result<Value, Fault>>>,
    /// Which driver has which job.
    working: BTreeMap<JobId, usize>,
    /// Ends of jobs that no driver takes.
    undone: Vec<Input>,
    next_ask: u64,
    stop: CancellationToken,
}

impl Turns {
    async fn run(&mut self) {
        // The first batch starts the services before anything else is heard.
        let mut inputs = Vec::new();
        loop {
            let Some(seed) = fresh_seed() else {
                tracing::error!("this computer gives no random numbers; the peer stops");
                return;
            };
            let outcome = self.kernel.batch(now(), seed, inputs);
            // Before the answers leave: whoever has one finds the health that goes with it.
            self.say_health();
            match outcome {
                Ok(effects) => effects.into_iter().for_each(|effect| self.let_out(effect)),
                Err(error) => tracing::error!(%error, "a batch failed"),
            }
            match self.gather().await {
                Some(gathered) => inputs = gathered,
                None => return,
            }
        }
    }

    /// Waits for something to do; `None` when the peer stops.
    async fn gather(&mut self) -> Option<Vec<Input>> {
        let mut inputs = std::mem::take(&mut self.undone);
        let mut questions = Vec::new();
        if self.stop.is_cancelled() {
            return None;
        }
        if inputs.is_empty() {
            let wait = self.kernel.next_alarm().map_or(SLEEP_MAX, |at| at.since(now()).min(SLEEP_MAX));
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                Some(question) = self.asked.recv() => questions.push(question),
                Some(input) = self.inputs.recv() => inputs.push(input),
                () = tokio::time::sleep(wait) => {}
            }
        }
        while questions.len() < QUESTIONS_WAITING
            && let Ok(question) = self.asked.try_recv()
        {
            questions.push(question);
        }
        while inputs.len() < BATCH_MAX
            && let Ok(input) = self.inputs.try_recv()
        {
            inputs.push(input);
        }
        for input in &inputs {
            self.note(input);
        }
        for question in questions {
            let asked = self.take(question);
            inputs.push(asked);
        }
        Some(inputs)
    }

    fn note(&mut self, input: &Input) {
        match input {
            Input::Finished { job, .. } => drop(self.working.remove(job)),
            Input::Reachable { addresses } => lock(&self.health).addresses.clone_from(addresses),
            _ => {}
        }
    }

    fn take(&mut self, question: Question) -> Input {
        self.next_ask += 1;
        let ask = AskId(self.next_ask);
        if let Some(id) = question.id {
            self.kernel.name_ask(ask, id);
        }
        self.asking.insert(ask, question.reply);
        Input::Asked { ask, operation: question.operation, arguments: question.arguments }
    }

    fn let_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { .. }
            | Effect::Connect { .. }
            | Effect::Disconnect { .. }
            | Effect::Addresses { .. }
            | Effect::UseRelays(_)
            | Effect::BeRelay(_)
            | Effect::Admit { .. } => (self.outlets.network)(effect),
            Effect::Work(job) => {
                let able = self
                    .outlets
                    .drivers
                    .iter()
                    .enumerate()
                    .find(|(_, driver)| driver.kinds().contains(&job.kind));
                if let Some((at, driver)) = able {
                    self.working.insert(job.id, at);
                    driver.work(job);
                } else {
                    tracing::error!(kind = job.kind, "no driver does this kind of work");
                    self.undone.push(Input::Finished { job: job.id, outcome: Err(JobFailure::NoDriver) });
                }
            }
            Effect::Cancel(job) => {
                let driver = self.working.get(&job).and_then(|at| self.outlets.drivers.get(*at));
                if let Some(driver) = driver {
                    driver.cancel(job);
                }
            }
            Effect::Reply { ask, outcome } => {
                if let Some(reply) = self.asking.remove(&ask) {
                    // Whoever asked may have gone; what was asked is done all the same.
                    let _is_heard = reply.send(outcome).is_ok();
                }
            }
            Effect::Happened(event) => {
                self.outlets.last_event.send_replace(event.number);
            }
            // The loop asks the kernel itself.
            Effect::WakeAt(_) => {}
        }
    }

    fn say_health(&self) {
        let paused = self.kernel.paused();
        let trouble = self.kernel.trouble();
        let mut health = lock(&self.health);
        if !paused.is_empty() || !health.paused.is_empty() {
            health.paused = paused.iter().map(|pause| format!("{}: {}", pause.service, pause.why)).collect();
        }
        if health.trouble.as_ref() != trouble {
            health.trouble = trouble.cloned();
        }
    }
}

fn fresh_seed() -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).ok()?;
    Some(seed)
}
