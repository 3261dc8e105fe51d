//! One simulated peer: the real kernel and services over rows in memory, a disk, a clock that may be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base::{DeviceId, Fault, Timestamp, WebId};
use files::jobs::Source;
use kernel::{Effect, Input, JobId, Kernel, Readers};
use serde_json::Value;
use store::{Backing as _, MemoryBacking, ValuePool};
use wire::crypto::Signer as _;

use crate::dice::Dice;
use crate::disk::Disk;
use crate::index::Index;
use crate::jobs::Sandbox;
use crate::jobs::mischief::{Mischief, Mischievous};
use crate::lying::Liar;
use crate::vault::{Memory, SimVault};

/// Which services a peer has whose web is given.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ground {
    /// Those of jobs; whether it dials those it knows.
    Jobs { is_dialling: bool },
    /// Those through which a warning goes.
    Light,
}

/// A peer of the simulated world.
pub struct SimPeer {
    /// Its number.
    pub index: usize,
    /// Its device.
    pub device: DeviceId,
    /// Its shared folder and fetched contents.
    pub disk: Disk,
    /// How far its clock is from the true time, in milliseconds.
    pub clock_error_ms: i64,
    /// Whether it sends wrong bytes.
    pub is_liar: bool,
    /// Whether what it seals for mirrors opens to nothing.
    pub is_sealing_wrongly: bool,
    /// How it lies when it is asked about texts, if it does.
    pub liar: Option<Liar>,
    /// Its search indexes.
    pub index_driver: Index,
    /// Its sandbox, and what tells whether somebody uses it.
    pub sandbox: Sandbox,
    /// Its scanner; without one it has no guard.
    pub(crate) scanner: Option<crate::outbreaks::Scanner>,
    /// What its agents answer; without it there are none.
    pub(crate) agents: Option<crate::programs::Programs>,
    /// A mistake planted into its compute service, for trying the checkers of jobs.
    pub mischief: Option<Mischief>,
    /// Since when it runs and stands on its side of the world, by the true time.
    pub(crate) same_since_ms: u64,
    pub(crate) side: u8,
    pub(crate) known: BTreeSet<DeviceId>,
    pub(crate) admitted: BTreeMap<WebId, BTreeSet<DeviceId>>,
    pub(crate) watcher: Option<JobId>,
    seed: [u8; 32],
    memory: Memory,
    backing: MemoryBacking,
    /// Rows as they were once, and whether the next start is of a home made of them.
    saved: Option<MemoryBacking>,
    home: records::Home,
    /// What it stands on if it is not whole.
    given: Option<Ground>,
    kernel: Option<Kernel>,
    readers: Option<Arc<Readers>>,
    lives: u64,
    cancelled: BTreeSet<JobId>,
    running: BTreeSet<JobId>,
}

impl std::fmt::Debug for SimPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimPeer").field("index", &self.index).finish_non_exhaustive()
    }
}

impl SimPeer {
    /// Installs a peer; it does not run yet.
    pub fn new(index: usize, seed: [u8; 32], memory: &Memory, pool: &ValuePool) -> Self {
        let device = SimVault::new(&seed, Memory::none()).device();
        Self {
            index,
            device,
            disk: Disk::default(),
            clock_error_ms: 0,
            is_liar: false,
            is_sealing_wrongly: false,
            liar: None,
            index_driver: Index::default(),
            sandbox: Sandbox::default(),
            scanner: None,
            agents: None,
            mischief: None,
            same_since_ms: 0,
            side: 0,
            known: BTreeSet::new(),
            admitted: BTreeMap::new(),
            watcher: None,
            seed,
            memory: memory.clone(),
            backing: MemoryBacking::sharing(pool),
            saved: None,
            home: records::Home::Own,
            given: None,
            kernel: None,
            readers: None,
            lives: 0,
            cancelled: BTreeSet::new(),
            running: BTreeSet::new(),
        }
    }

    /// Makes the peer anew, without power: its rows as of the last durable commit, its files and what it knows of others. This one commits
    /// nothing any more.
    pub(crate) fn again(&self) -> Self {
        Self {
            disk: self.disk.clone(),
            clock_error_ms: self.clock_error_ms,
            index_driver: self.index_driver.clone(),
            scanner: self.scanner.clone(),
            known: self.known.clone(),
            backing: self.backing.power_cut(),
            ..Self::new(self.index, self.seed, &self.memory, &ValuePool::default())
        }
    }

    /// Says whether the peer has power.
    pub fn is_running(&self) -> bool {
        self.kernel.is_some()
    }

    /// Returns the kernel's epoch keys; none when the peer is off.
    pub fn keyring(&self) -> Option<&kernel::Keyring> {
        self.kernel.as_ref().map(Kernel::keyring)
    }

    /// Returns services that panicked too often; a checker wants none.
    pub fn paused(&self) -> Vec<kernel::Pause> {
        self.kernel.as_ref().map(Kernel::paused).unwrap_or_default()
    }

    /// Returns the rows as of the last commit.
    ///
    /// # Panics
    /// Never: memory can always be read.
    pub fn rows(&self) -> Box<dyn store::Rows + Send> {
        self.backing.snapshot().expect("memory can always be read")
    }

    /// Returns the first table of this peer's rows that holds some bytes anywhere.
    pub fn table_holding(&self, bytes: &[u8]) -> Option<&'static str> {
        self.backing.holding_bytes(bytes)
    }

    /// Returns the shared folder's path.
    pub fn folder(&self) -> String {
        format!("/sim/{}/shared", self.index)
    }

    /// Returns the peer's keys: for what nobody honest would sign.
    pub(crate) fn vault(&self) -> SimVault {
        SimVault::new(&self.seed, self.memory.clone())
    }

    pub(crate) fn address(&self) -> String {
        let [_, _, high, low] = u32::try_from(self.index).unwrap_or(0).to_be_bytes();
        format!("10.0.{high}.{low}:4000")
    }

    pub(crate) fn life(&self) -> Option<u64> {
        self.is_running().then_some(self.lives)
    }

    pub(crate) fn admits(&self, device: &DeviceId) -> bool {
        self.admitted.values().any(|devices| devices.contains(device))
    }

    /// Starts the peer; says whether it was off.
    pub(crate) fn start(&mut self) -> bool {
        if self.is_running() {
            return false;
        }
        let services: Vec<Box<dyn kernel::Service>> = match self.given {
            Some(Ground::Jobs { is_dialling }) => crate::jobs::ground::services(is_dialling),
            Some(Ground::Light) => crate::alarms::services(),
            None => vec![
                Box::new(records::service_of(std::mem::take(&mut self.home))),
                Box::new(people::service()),
                Box::new(files::service(&format!("/sim/{}/home", self.index))),
                Box::new(search::service()),
                Box::new(pages::service()),
                Box::new(talk::service()),
                Box::new(post::service()),
                Box::new(ledger::service()),
                self.compute(),
                Box::new(tunnels::service()),
            ],
        };
        let guard = self.scanner.as_ref().map(|_| Box::new(guard::service()) as Box<dyn kernel::Service>);
        let agents = self.agents.as_ref().map(|_| Box::new(agents::service()) as Box<dyn kernel::Service>);
        let services = services.into_iter().chain(guard).chain(agents).collect();
        let vault = SimVault::new(&self.seed, self.memory.clone());
        debug_assert_eq!(vault.device(), self.device);
        let kernel = Kernel::open(Arc::new(self.backing.clone()), services, Box::new(vault))
            .expect("rows in memory open");
        self.readers = Some(kernel.readers());
        self.kernel = Some(kernel);
        self.lives += 1;
        true
    }

    fn compute(&self) -> Box<dyn kernel::Service> {
        let inner = Box::new(compute::service());
        match self.mischief {
            Some(mischief) => Box::new(Mischievous { inner, mischief }),
            None => inner,
        }
    }

    /// Puts a home in place of its own whose web is given, with the services for that; before the first start.
    pub(crate) fn stand_on(&mut self, home: MemoryBacking, ground: Ground) {
        (self.backing, self.given) = (home, Some(ground));
    }

    pub(crate) fn cut_power(&mut self, dice: &mut Dice) {
        self.index_driver.cut_power(dice);
        self.sandbox.cut_power();
        self.kernel = None;
        self.readers = None;
        self.watcher = None;
        self.running.clear();
        self.cancelled.clear();
        self.admitted.clear();
        self.backing = self.backing.power_cut();
    }

    /// Keeps a copy of the rows of a peer without power, as a backup does.
    pub(crate) fn back_up(&mut self) {
        if !self.is_running() {
            self.saved = Some(self.backing.power_cut());
            self.backing = self.backing.power_cut();
        }
    }

    /// Puts the backup in place of the rows of a peer without power, if there is one.
    pub(crate) fn restore(&mut self) {
        if let Some(saved) = self.saved.take_if(|_| self.kernel.is_none()) {
            self.backing = saved;
            self.home = records::Home::Restored;
        }
    }

    pub(crate) fn batch(&mut self, now_ms: u64, seed: [u8; 32], inputs: Vec<Input>) -> Vec<Effect> {
        let now = self.clock(now_ms);
        let inputs = inputs.into_iter().filter_map(|input| self.as_job_ended(input)).collect();
        let batch = self.kernel.as_mut().map(|kernel| kernel.batch(now, seed, inputs));
        batch.and_then(Result::ok).unwrap_or_default()
    }

    /// Returns how long it is until the peer's own clock says `at`.
    pub(crate) fn until(&self, now_ms: u64, at: Timestamp) -> Duration {
        at.since(self.clock(now_ms))
    }

    pub(crate) fn begun(&mut self, job: JobId) {
        self.running.insert(job);
    }

    pub(crate) fn cancelled(&mut self, job: JobId) {
        if self.watcher == Some(job) {
            self.watcher = None;
        }
        if self.running.contains(&job) {
            self.cancelled.insert(job);
        }
    }

    pub(crate) fn is_cancelled(&self, job: JobId) -> bool {
        self.cancelled.contains(&job)
    }

    pub(crate) fn read(&self, now_ms: u64, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let off = || Fault::new("sim.off", base::FaultKind::Unreachable, "the peer is off");
        let readers = self.readers.as_ref().ok_or_else(off)?;
        readers.read(self.clock(now_ms), operation, arguments)
    }

    pub(crate) fn source_for(
        &self,
        now_ms: u64,
        asker: &DeviceId,
        content: base::ContentId,
    ) -> Option<Source> {
        let rows = self.rows();
        let gate = guard::gate_for(&*rows, *asker, content, self.clock(now_ms));
        if self.scanner.is_some() && matches!(gate, Ok(guard::Gate::Shut(_))) {
            return None;
        }
        files::source(&*rows, *asker, content).ok().flatten()
    }

    pub(crate) fn clock(&self, now_ms: u64) -> Timestamp {
        Timestamp::from_millis(now_ms.saturating_add_signed(self.clock_error_ms))
    }

    /// A cancelled job ends as cancelled; what it would have reported is dropped.
    fn as_job_ended(&mut self, input: Input) -> Option<Input> {
        match input {
            Input::Progress { job, .. } if self.cancelled.contains(&job) => None,
            Input::Finished { job, outcome } => {
                self.running.remove(&job);
                self.index_driver.ended(job);
                let outcome =
                    if self.cancelled.remove(&job) { Err(kernel::JobFailure::Cancelled) } else { outcome };
                Some(Input::Finished { job, outcome })
            }
            other => Some(other),
        }
    }
}
