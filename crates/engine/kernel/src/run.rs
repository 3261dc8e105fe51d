//! The kernel: takes a batch of inputs, commits once, and lets the effects leave.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base::{Fault, FaultKind, OperationId, Timestamp};
use store::{Backing, Durability, Overlay, StoreError};
use tracing::error;

use crate::alarms::Alarms;
use crate::asks::Asks;
use crate::batch::{Batch, Counts, Given, Kept, Slot};
use crate::inbox::{self, Queue};
use crate::{AskId, Effect, Input, JobId, Keyring, Readers, Service, Vault};

/// How long after a failed commit the kernel wants to try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long after a relaxed commit a durable one follows: so much a power cut takes at most.
const RELAXED_FOR: Duration = Duration::from_millis(200);

/// Inputs kept for another try while commits fail; a disk that stays full must not fill the memory, too.
const AGAIN_MAX: usize = 10_000;

/// Why a kernel could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The rows could not be read.
    #[error("the kernel cannot read its rows")]
    Rows(#[from] StoreError),
    /// Two services have one name.
    #[error("there are two services of the name {service}")]
    SameName {
        /// The name.
        service: &'static str,
    },
}

impl From<KernelError> for Fault {
    fn from(error: KernelError) -> Self {
        match error {
            KernelError::Rows(error) => error.into(),
            KernelError::SameName { .. } => {
                Self::new("kernel.same-name", FaultKind::Broken, error.to_string())
            }
        }
    }
}

/// A service that is paused because it panicked again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Which.
    pub service: &'static str,
    /// What the last panic said.
    pub why: String,
}

/// Carries inputs to services and, after a commit, effects to the world.
pub struct Kernel {
    backing: Arc<dyn Backing>,
    services: Vec<Slot>,
    vault: Box<dyn Vault>,
    readers: Arc<Readers>,
    keyring: Keyring,
    alarms: Alarms,
    jobs: BTreeMap<JobId, &'static str>,
    asks: Asks,
    queue: Queue,
    /// Inputs to give again with the next batch.
    again: Vec<Given>,
    next_job: u64,
    next_message: u64,
    is_started: bool,
    /// What the last commit failed with.
    trouble: Option<Fault>,
    /// When the kernel wants a batch although no alarm is due.
    wanted: Option<Timestamp>,
    /// When relaxed commits have to be made durable; `None` when there are none.
    durable_at: Option<Timestamp>,
    /// What happened in batches that were relaxed: numbered with the next durable one.
    happened: Vec<(&'static str, serde_json::Value)>,
    /// The last `WakeAt` that is still to come.
    wake_at: Option<Timestamp>,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel")
            .field("paused", &self.paused())
            .field("trouble", &self.trouble)
            .finish_non_exhaustive()
    }
}

/// What has to be put back when a batch is not committed.
struct Before {
    keyring: Keyring,
    queue: Queue,
    asked: Vec<AskId>,
}

impl Kernel {
    /// Opens a kernel over rows that an earlier run may have left. Services are told in the order given.
    pub fn open(
        backing: Arc<dyn Backing>,
        services: Vec<Box<dyn Service>>,
        vault: Box<dyn Vault>,
    ) -> Result<Self, KernelError> {
        let mut readers = BTreeMap::new();
        for service in &services {
            if readers.insert(service.name(), service.reader()).is_some() {
                return Err(KernelError::SameName { service: service.name() });
            }
        }
        let names: Vec<&'static str> = services.iter().map(|service| service.name()).collect();
        let snapshot = backing.snapshot()?;
        let queue = inbox::load(&*snapshot, &names)?;
        let next_message = inbox::next_number(&*snapshot)?;
        drop(snapshot);
        let slot =
            |service: Box<dyn Service>| Slot { name: service.name(), service, panics: 0, paused: None };
        Ok(Self {
            readers: Arc::new(Readers::new(Arc::clone(&backing), readers, vault.device())),
            backing,
            services: services.into_iter().map(slot).collect(),
            vault,
            keyring: Keyring::default(),
            alarms: Alarms::default(),
            jobs: BTreeMap::new(),
            asks: Asks::default(),
            queue,
            again: Vec::new(),
            next_job: 0,
            next_message,
            is_started: false,
            trouble: None,
            wanted: None,
            durable_at: None,
            happened: Vec::new(),
            wake_at: None,
        })
    }

    /// Names the operation of a question that comes with the next batch: the same operation asked again within a
    /// day gets the same answer and nothing is done twice.
    pub fn name_ask(&mut self, ask: AskId, id: OperationId) {
        self.asks.name(ask, id);
    }

    /// Takes inputs in order, commits once, and returns what shall leave.
    ///
    /// `seed` must be fresh for every batch; the same rows, times, seeds and inputs give the same rows and effects.
    /// Alarms due at `now` come first. A batch that changes no rows does not commit. One whose steps are all relaxed
    /// waits for no disk; a durable commit follows within a fifth of a second. When the commit fails nothing
    /// of the batch is left: its questions are answered with the store's fault, the connections it heard on are
    /// ended, the other inputs are given again with a later batch ([`Self::trouble`], [`Effect::WakeAt`]).
    pub fn batch(
        &mut self,
        now: Timestamp,
        seed: [u8; 32],
        inputs: Vec<Input>,
    ) -> Result<Vec<Effect>, KernelError> {
        if self.wake_at.is_some_and(|at| at <= now) {
            self.wake_at = None;
        }
        let asked = inputs.iter().filter_map(|input| match input {
            Input::Asked { ask, .. } => Some(*ask),
            _ => None,
        });
        let before =
            Before { keyring: self.keyring.clone(), queue: self.queue.clone(), asked: asked.collect() };
        let mut given: VecDeque<Given> = std::mem::take(&mut self.again).into();
        for (service, key) in self.alarms.take_due(now) {
            let to = self.services.iter().position(|slot| slot.name == service);
            given.push_back(Given { to, input: Input::Alarm { key }, panics: 0 });
        }
        given.extend(inputs.into_iter().map(Given::anew));
        let is_durable = self.durable_at.is_some_and(|at| at <= now);
        let mut kept = Kept { is_durable, happened: self.happened.clone(), ..Kept::default() };
        match self.run(now, seed, &mut given, &mut kept) {
            Ok(()) => self.keep(&mut kept, now),
            Err(error) => self.take_back(before, &mut kept, given, now, error),
        }
        self.announce_wake(&mut kept.effects);
        Ok(kept.effects)
    }

    /// Returns what answers read operations beside the loop, for any thread.
    pub fn readers(&self) -> Arc<Readers> {
        Arc::clone(&self.readers)
    }

    /// Returns when the kernel wants the next batch at the latest, with inputs or without; `None`: not by itself.
    pub fn next_alarm(&self) -> Option<Timestamp> {
        [self.alarms.next(), self.wanted, self.durable_at].into_iter().flatten().min()
    }

    /// Returns the services that are paused.
    pub fn paused(&self) -> Vec<Pause> {
        let pause = |slot: &Slot| Some(Pause { service: slot.name, why: slot.paused.clone()? });
        self.services.iter().filter_map(pause).collect()
    }

    /// Returns the epoch keys that are held, for whoever checks that nobody holds too many.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Returns why the last commit failed; `None` when it did not.
    pub fn trouble(&self) -> Option<&Fault> {
        self.trouble.as_ref()
    }

    /// Runs all steps and commits what they changed.
    fn run(
        &mut self,
        now: Timestamp,
        seed: [u8; 32],
        given: &mut VecDeque<Given>,
        kept: &mut Kept,
    ) -> Result<(), StoreError> {
        let snapshot = self.backing.snapshot()?;
        let mut batch = Batch {
            now,
            seed,
            services: &mut self.services,
            vault: &*self.vault,
            keyring: &mut self.keyring,
            next_job: &mut self.next_job,
            next_message: &mut self.next_message,
            jobs: &self.jobs,
            asks: &mut self.asks,
            rows: Overlay::new(&*snapshot),
            queue: &mut self.queue,
            kept,
            counts: Counts::default(),
        };
        batch.run(!self.is_started, given)?;
        let changes = batch.rows.into_changes();
        let is_due = self.durable_at.is_some_and(|at| at <= now);
        let is_silent = changes.is_empty() && kept.happened.is_empty();
        if !kept.is_durable && !is_silent {
            self.durable_at.get_or_insert(now.after(RELAXED_FOR));
        }
        if changes.is_empty() && !is_due {
            return Ok(());
        }
        // A backing in memory copies what a held snapshot still looks at.
        drop(snapshot);
        if kept.is_durable {
            self.backing.commit(changes, Durability::Durable)?;
            self.durable_at = None;
        } else {
            self.backing.commit(changes, Durability::Relaxed)?;
        }
        self.is_started = true;
        self.trouble = None;
        Ok(())
    }

    fn keep(&mut self, kept: &mut Kept, now: Timestamp) {
        self.asks.keep();
        self.happened = std::mem::take(&mut kept.happened);
        self.jobs.extend(kept.jobs_begun.drain(..));
        for job in &kept.jobs_ended {
            self.jobs.remove(job);
        }
        for (service, at, key) in kept.alarms.drain(..) {
            self.alarms.set(service, key, at);
        }
        self.again = std::mem::take(&mut kept.again);
        // What waits for a paused service is in the rows, and waits there for the next run.
        let is_paused = |name| self.services.iter().any(|slot| slot.name == name && slot.paused.is_some());
        self.queue.retain(|message| !is_paused(message.to));
        let has_more = !self.again.is_empty() || !self.queue.is_empty();
        self.wanted = has_more.then_some(now);
    }

    /// Puts everything back as it was before the batch; what nobody will say again waits for the next one.
    fn take_back(
        &mut self,
        before: Before,
        kept: &mut Kept,
        not_taken: VecDeque<Given>,
        now: Timestamp,
        error: StoreError,
    ) {
        let fault = Fault::from(error);
        error!(code = fault.code, %fault, "a batch could not be committed");
        self.keyring = before.keyring;
        self.queue = before.queue;
        self.asks.drop_batch();
        for slot in &mut self.services {
            slot.service.forget();
        }
        self.again = std::mem::take(&mut kept.given);
        if !self.is_started {
            // The next batch begins the run anew, and says so to all.
            self.again.retain(|given| !matches!(given.input, Input::Started));
        }
        for given in not_taken {
            match given.input {
                Input::Asked { .. } => {}
                Input::Heard { from, channel, .. } => drop(kept.heard.insert((from, channel))),
                _ => self.again.push(given),
            }
        }
        if self.again.len() > AGAIN_MAX {
            error!(dropped = self.again.len() - AGAIN_MAX, "inputs were dropped because commits fail");
            self.again.truncate(AGAIN_MAX);
        }
        let answer = |ask| Effect::Reply { ask, outcome: Err(fault.clone()) };
        kept.effects = before.asked.into_iter().map(answer).collect();
        // A lost message is a lost connection: both sides begin anew.
        let lost = std::mem::take(&mut kept.heard).into_iter();
        kept.effects.extend(lost.map(|(device, channel)| Effect::Disconnect { device, channel }));
        self.trouble = Some(fault);
        // What was relaxed is lost with it: the rows are those of the last durable commit.
        self.durable_at = None;
        self.happened.clear();
        self.wanted = Some(now.after(RETRY_AFTER));
    }

    fn announce_wake(&mut self, effects: &mut Vec<Effect>) {
        let next = self.next_alarm();
        if let Some(at) = next.filter(|_| next != self.wake_at) {
            effects.push(Effect::WakeAt(at));
        }
        self.wake_at = next;
    }
}
