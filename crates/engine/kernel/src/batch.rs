//! One batch while it runs: which service hears what, one step at a time, and what remains of each.
//!
//! Knows no commit: [`crate::run`] makes one, or takes everything back.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use base::{DeviceId, Fault, Timestamp};
use store::{Overlay, StoreError, Table};
use tracing::{debug, error, warn};

use crate::asks::{Admission, Asks};
use crate::inbox::{self, Message, Queue};
use crate::step::Out;
use crate::{AskId, Channel, Effect, Input, JobId, Keyring, Service, Step, Vault, faults};

/// Tellings that may lead to each other within one batch; what is told deeper waits for the next one.
const DEPTH_MAX: u8 = 8;

/// Rounds of `close_batch` at most.
const CLOSE_ROUNDS_MAX: usize = 8;

/// Panics on one cause, in a row, after which it is set aside.
const CAUSE_PANICS_MAX: u8 = 3;

/// Panics of one service in a run after which it is paused.
const SERVICE_PANICS_MAX: u32 = 5;

/// How often this home was started; the upper half of job ids, so that a late report of an earlier run fits no job.
const RUNS: Table<(), u64> = Table::new("kernel.runs");

/// A service and how it does.
pub(crate) struct Slot {
    pub(crate) service: Box<dyn Service>,
    pub(crate) name: &'static str,
    pub(crate) panics: u32,
    /// Why it is paused.
    pub(crate) paused: Option<String>,
}

/// An input for one service, kept to be given again if it comes to nothing.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    service: usize,
    input: Input,
    panics: u8,
}

/// A batch while it runs.
pub(crate) struct Batch<'a> {
    pub(crate) now: Timestamp,
    pub(crate) seed: [u8; 32],
    pub(crate) services: &'a mut [Slot],
    pub(crate) vault: &'a dyn Vault,
    pub(crate) keyring: &'a mut Keyring,
    pub(crate) next_job: &'a mut u64,
    pub(crate) next_message: &'a mut u64,
    pub(crate) jobs: &'a BTreeMap<JobId, &'static str>,
    pub(crate) asks: &'a mut Asks,
    pub(crate) rows: Overlay<'a>,
    pub(crate) queue: Queue,
    pub(crate) kept: Kept,
    steps: u64,
    told: u64,
    /// Services that get nothing more in this batch that could come out of order.
    stalled: BTreeSet<usize>,
}

/// What the steps of a batch leave behind besides rows.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) effects: Vec<Effect>,
    pub(crate) happened: Vec<(&'static str, serde_json::Value)>,
    pub(crate) alarms: Vec<(&'static str, Timestamp, String)>,
    pub(crate) jobs_begun: Vec<(JobId, &'static str)>,
    pub(crate) jobs_ended: Vec<JobId>,
    /// Everything given to services that nobody would say again.
    pub(crate) given: Vec<Held>,
    /// Inputs to give again with the next batch.
    pub(crate) held: Vec<Held>,
    /// Connections on which something was heard.
    pub(crate) heard: BTreeSet<(DeviceId, Channel)>,
}

enum Ended {
    Well,
    With(Fault),
    Panicked(String),
}

enum Call {
    Step(Input),
    Close,
}

/// What a batch begins with.
pub(crate) struct Begin<'a> {
    pub(crate) now: Timestamp,
    pub(crate) seed: [u8; 32],
    pub(crate) services: &'a mut [Slot],
    pub(crate) vault: &'a dyn Vault,
    pub(crate) keyring: &'a mut Keyring,
    pub(crate) next_job: &'a mut u64,
    pub(crate) next_message: &'a mut u64,
    pub(crate) jobs: &'a BTreeMap<JobId, &'static str>,
    pub(crate) asks: &'a mut Asks,
    pub(crate) rows: Overlay<'a>,
    pub(crate) queue: Queue,
}

impl<'a> Batch<'a> {
    /// Readies a batch.
    pub(crate) fn new(begin: Begin<'a>) -> Self {
        let Begin { now, seed, services, vault, keyring, next_job, next_message, jobs, asks, rows, queue } =
            begin;
        let (kept, steps, told, stalled) = (Kept::default(), 0, 0, BTreeSet::new());
        Self {
            now,
            seed,
            services,
            vault,
            keyring,
            next_job,
            next_message,
            jobs,
            asks,
            rows,
            queue,
            kept,
            steps,
            told,
            stalled,
        }
    }

    /// Begins the run: counts it and tells all services.
    pub(crate) fn start(&mut self) -> Result<(), StoreError> {
        let run = RUNS.get(&self.rows, &())?.unwrap_or(0).saturating_add(1);
        RUNS.put(&mut self.rows, &(), &run);
        *self.next_job = run << 32;
        self.give_all(&Input::Started)
    }

    /// Gives again what came to nothing before.
    pub(crate) fn repeat(&mut self, held: Vec<Held>) -> Result<(), StoreError> {
        held.into_iter().try_for_each(|held| self.give(held))
    }

    /// Wakes services.
    pub(crate) fn wake(&mut self, due: Vec<(&'static str, String)>) -> Result<(), StoreError> {
        for (service, key) in due {
            self.give_to(service, Input::Alarm { key })?;
        }
        Ok(())
    }

    /// Gives one input, and all that services tell each other because of it, to whom it belongs.
    pub(crate) fn take(&mut self, input: Input) -> Result<(), StoreError> {
        match input {
            Input::Asked { ask, operation, arguments } => self.ask(ask, operation, arguments),
            Input::Heard { from, channel, service, message } => self.hear(from, channel, service, message),
            Input::Connected { .. } | Input::Disconnected { .. } | Input::Reachable { .. } => {
                self.give_all(&input)
            }
            Input::Noticed { kind, .. } => {
                let service = kind.split_once('.').map_or(kind, |(service, _)| service);
                self.give_to(service, input)
            }
            Input::Progress { job, .. } | Input::Finished { job, .. } => match self.jobs.get(&job) {
                Some(service) => self.give_to(service, input),
                None => {
                    debug!(job = job.0, "a report on a job of an earlier run was dropped");
                    Ok(())
                }
            },
            // Only the kernel says these.
            Input::Started | Input::Alarm { .. } | Input::Told { .. } => Ok(()),
        }
    }

    /// Lets every service close the batch, until nobody tells anything more, if anything was changed.
    pub(crate) fn close(&mut self) -> Result<(), StoreError> {
        for _ in 0..CLOSE_ROUNDS_MAX {
            if self.rows.is_unchanged() {
                break;
            }
            let told = self.told;
            for index in 0..self.services.len() {
                if !self.is_paused(index) {
                    match self.step(index, Call::Close, 0)? {
                        Ended::Well => {}
                        Ended::With(fault) => {
                            warn!(service = self.name(index), %fault, "closing a batch failed")
                        }
                        Ended::Panicked(why) => self.count_panic(index, &why),
                    }
                }
            }
            if told == self.told {
                break;
            }
            self.deliver_told()?;
        }
        Ok(())
    }

    /// Writes what is the kernel's own at the end of a batch.
    pub(crate) fn finish(&mut self) -> Result<(), StoreError> {
        for slot in &*self.services {
            if let Some(why) = &slot.paused {
                let answers = self.asks.fail_all(slot.name, &faults::paused(slot.name, why));
                self.kept.effects.extend(answers);
            }
        }
        inbox::store(&mut self.rows, &mut self.queue);
        let happened = std::mem::take(&mut self.kept.happened);
        let events = crate::events::append(&mut self.rows, self.now, happened)?;
        self.kept.effects.extend(events.into_iter().map(Effect::Happened));
        Ok(())
    }

    /// Delivers the messages that wait, in order, and those they lead to.
    pub(crate) fn deliver_told(&mut self) -> Result<(), StoreError> {
        let mut waiting = Queue::new();
        while let Some(message) = self.queue.pop_front() {
            let Some(index) = self.index_of(message.to) else { continue };
            if message.depth > DEPTH_MAX || self.is_paused(index) || self.stalled.contains(&index) {
                // Later messages to the same service wait behind this one.
                self.stalled.insert(index);
                waiting.push_back(message);
                continue;
            }
            let input = Input::Told { by: message.by, message: message.bytes.clone() };
            match self.step(index, Call::Step(input), message.depth)? {
                Ended::Well => inbox::taken(&mut self.rows, &message),
                Ended::With(fault) => {
                    warn!(service = message.to, by = message.by, %fault, "a told message came to nothing");
                    inbox::taken(&mut self.rows, &message);
                }
                Ended::Panicked(why) => {
                    self.count_panic(index, &why);
                    let panics = message.panics.saturating_add(1);
                    if panics >= CAUSE_PANICS_MAX {
                        inbox::taken(&mut self.rows, &Message { panics, ..message.clone() });
                        let what = format!("told by {}", message.by);
                        inbox::set_aside(&mut self.rows, self.now, (message.to, &what, &why), message.bytes)?;
                    } else {
                        self.stalled.insert(index);
                        waiting.push_back(Message { panics, is_stored: false, ..message });
                    }
                }
            }
        }
        self.queue = waiting;
        Ok(())
    }

    fn ask(&mut self, ask: AskId, operation: String, arguments: serde_json::Value) -> Result<(), StoreError> {
        let service = operation.split_once('.').map_or("", |(service, _)| service);
        let Some(index) = self.index_of(service) else {
            self.reply(ask, Err(faults::unknown_operation(&operation)));
            return Ok(());
        };
        let name = self.name(index);
        if let Some(why) = self.services.get(index).and_then(|slot| slot.paused.as_deref()) {
            let fault = faults::paused(name, why);
            self.reply(ask, Err(fault));
            return Ok(());
        }
        match self.asks.admit(&self.rows, self.now, ask, (name, &operation, &arguments))? {
            Admission::Wait => return Ok(()),
            Admission::Answer(outcome) => {
                self.reply(ask, outcome);
                return Ok(());
            }
            Admission::Act => {}
        }
        match self.step(index, Call::Step(Input::Asked { ask, operation, arguments }), 0)? {
            Ended::Well => self.asks.acted(&mut self.rows, self.now, ask)?,
            Ended::With(fault) => {
                let answers = self.asks.fail(ask, Err(fault));
                self.kept.effects.extend(answers);
            }
            Ended::Panicked(why) => {
                let fault = faults::panicked(self.asks.operation(ask), &why);
                let answers = self.asks.fail(ask, Err(fault));
                self.kept.effects.extend(answers);
                self.count_panic(index, &why);
            }
        }
        self.deliver_told()
    }

    fn hear(
        &mut self,
        from: DeviceId,
        channel: Channel,
        service: String,
        message: Vec<u8>,
    ) -> Result<(), StoreError> {
        let index = self.index_of(&service).filter(|index| !self.is_paused(*index));
        let Some(index) = index else {
            debug!(from = %from.short(), "a message for no service of ours was dropped");
            return Ok(());
        };
        self.kept.heard.insert((from, channel));
        match self.step(index, Call::Step(Input::Heard { from, channel, service, message }), 0)? {
            Ended::Well => {}
            Ended::With(fault) => {
                warn!(service = self.name(index), from = %from.short(), %fault, "a message came to nothing");
            }
            Ended::Panicked(why) => {
                // Not given again: whoever sent it may have meant the panic. A lost message is a lost connection.
                self.kept.effects.push(Effect::Disconnect { device: from, channel });
                self.count_panic(index, &why);
            }
        }
        self.deliver_told()
    }

    fn give_all(&mut self, input: &Input) -> Result<(), StoreError> {
        (0..self.services.len())
            .try_for_each(|service| self.give(Held { service, input: input.clone(), panics: 0 }))
    }

    fn give_to(&mut self, service: &str, input: Input) -> Result<(), StoreError> {
        match self.index_of(service) {
            Some(service) => self.give(Held { service, input, panics: 0 }),
            None => Ok(()),
        }
    }

    /// Gives an input that nobody will say again: after a panic it is given again with the next batch.
    fn give(&mut self, held: Held) -> Result<(), StoreError> {
        let Held { service: index, input, panics } = held.clone();
        if self.is_paused(index) {
            return Ok(());
        }
        self.kept.given.push(held.clone());
        if self.stalled.contains(&index) {
            self.kept.held.push(held);
            return Ok(());
        }
        if let Input::Finished { job, .. } = &input {
            self.kept.jobs_ended.push(*job);
        }
        match self.step(index, Call::Step(input), 0)? {
            Ended::Well => {}
            Ended::With(fault) => {
                warn!(service = self.name(index), input = kind_of(&held.input), %fault, "an input came to nothing");
            }
            Ended::Panicked(why) => {
                self.count_panic(index, &why);
                let panics = panics.saturating_add(1);
                if panics >= CAUSE_PANICS_MAX {
                    let what = (self.name(index), kind_of(&held.input), why.as_str());
                    inbox::set_aside(&mut self.rows, self.now, what, bytes_of(held.input))?;
                } else {
                    self.stalled.insert(index);
                    self.kept.held.push(Held { panics, ..held });
                }
            }
        }
        self.deliver_told()
    }

    /// Runs one step in an overlay of its own; merged when it ends well, else nothing of it is left.
    fn step(&mut self, index: usize, call: Call, depth: u8) -> Result<Ended, StoreError> {
        self.steps += 1;
        let keyring_before = self.keyring.clone();
        let Some(slot) = self.services.get_mut(index) else { return Ok(Ended::Well) };
        let mut step = Step {
            service: slot.name,
            rows: Overlay::new(&self.rows),
            now: self.now,
            seed: seed_of_step(&self.seed, self.steps),
            drawn: 0,
            next_job: self.next_job,
            vault: self.vault,
            keyring: self.keyring,
            out: Out::default(),
        };
        // A service that panicked forgets its caches; rows, effects and keys of the step are dropped here.
        let outcome = catch_unwind(AssertUnwindSafe(|| match call {
            Call::Step(input) => slot.service.step(&mut step, input),
            Call::Close => slot.service.close_batch(&mut step),
        }));
        let Step { rows, out, .. } = step;
        let ended = match outcome {
            Ok(Ok(())) => Ended::Well,
            Ok(Err(fault)) => Ended::With(fault),
            Err(panic) => Ended::Panicked(faults::panic_text(&*panic)),
        };
        if matches!(ended, Ended::Well) {
            let (changes, by) = (rows.into_changes(), slot.name);
            self.rows.merge(changes);
            self.keep(by, out, depth)?;
        } else {
            drop(rows);
            *self.keyring = keyring_before;
        }
        Ok(ended)
    }

    /// Keeps what a step that ended well wants done.
    fn keep(&mut self, by: &'static str, out: Out, depth: u8) -> Result<(), StoreError> {
        for effect in out.effects {
            match effect {
                Effect::Reply { ask, outcome } => {
                    let answers = self.asks.answer(&mut self.rows, self.now, ask, outcome)?;
                    self.kept.effects.extend(answers);
                }
                Effect::Work(job) => {
                    self.kept.jobs_begun.push((job.id, by));
                    self.kept.effects.push(Effect::Work(job));
                }
                other => self.kept.effects.push(other),
            }
        }
        self.kept.happened.extend(out.events);
        self.kept.alarms.extend(out.alarms.into_iter().map(|(at, key)| (by, at, key)));
        for (to, bytes) in out.told {
            let receivers: Vec<&'static str> = match &to {
                Some(name) => self.index_of(name).map(|index| self.name(index)).into_iter().collect(),
                None => self
                    .services
                    .iter()
                    .filter(|slot| slot.service.listens_to().contains(&by))
                    .map(|slot| slot.name)
                    .collect(),
            };
            for to in receivers {
                let number = *self.next_message;
                *self.next_message += 1;
                self.told += 1;
                let (bytes, depth) = (bytes.clone(), depth.saturating_add(1));
                self.queue.push_back(Message { number, to, by, bytes, depth, panics: 0, is_stored: false });
            }
        }
        Ok(())
    }

    fn count_panic(&mut self, index: usize, why: &str) {
        let Some(slot) = self.services.get_mut(index) else { return };
        slot.service.forget();
        slot.panics += 1;
        warn!(service = slot.name, panics = slot.panics, why, "a step panicked; its changes were dropped");
        if slot.panics >= SERVICE_PANICS_MAX && slot.paused.is_none() {
            error!(service = slot.name, why, "the service is paused for the rest of this run");
            slot.paused = Some(why.to_owned());
        }
    }

    fn reply(&mut self, ask: AskId, outcome: Result<serde_json::Value, Fault>) {
        self.kept.effects.push(Effect::Reply { ask, outcome });
    }

    fn index_of(&self, service: &str) -> Option<usize> {
        self.services.iter().position(|slot| slot.name == service)
    }

    fn name(&self, index: usize) -> &'static str {
        self.services.get(index).map_or("", |slot| slot.name)
    }

    fn is_paused(&self, index: usize) -> bool {
        self.services.get(index).is_none_or(|slot| slot.paused.is_some())
    }
}

/// Each step draws from a seed of its own, so that what one step draws does not shift what the next one gets.
fn seed_of_step(seed: &[u8; 32], step: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(seed);
    hasher.update(b"althing step").update(&step.to_be_bytes());
    *hasher.finalize().as_bytes()
}

fn kind_of(input: &Input) -> &'static str {
    match input {
        Input::Started => "started",
        Input::Asked { .. } => "asked",
        Input::Heard { .. } => "heard",
        Input::Connected { .. } => "connected",
        Input::Disconnected { .. } => "disconnected",
        Input::Reachable { .. } => "reachable",
        Input::Noticed { .. } => "noticed",
        Input::Progress { .. } => "progress",
        Input::Finished { .. } => "finished",
        Input::Alarm { .. } => "alarm",
        Input::Told { .. } => "told",
    }
}

fn bytes_of(input: Input) -> Vec<u8> {
    match input {
        Input::Noticed { report, .. } | Input::Progress { report, .. } => report,
        Input::Finished { outcome: Ok(result), .. } => result,
        Input::Alarm { key } => key.into_bytes(),
        _ => Vec::new(),
    }
}
