//! One batch while it runs: its parts in order, and what remains of them.
//!
//! Knows no commit: [`crate::run`] makes one, or takes everything back.

mod one_step;
mod routing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base::{DeviceId, Timestamp};
use one_step::{Call, Ended};
use store::{Overlay, StoreError, Table};
use tracing::warn;

use crate::asks::Asks;
use crate::inbox::{self, Message, Queue};
use crate::{Channel, Effect, Input, JobId, Keyring, Service, Vault, faults};

/// Tellings that may lead to each other within one batch; what is told deeper waits for the next one.
const DEPTH_MAX: u8 = 8;

/// Rounds of `close_batch` at most.
const CLOSE_ROUNDS_MAX: usize = 8;

/// Panics on one cause, in a row, after which it is set aside.
const CAUSE_PANICS_MAX: u8 = 3;

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

/// An input on its way.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// The place of the service that gets it; `None` before it is known.
    pub(crate) to: Option<usize>,
    pub(crate) input: Input,
    /// How often that service panicked on it.
    pub(crate) panics: u8,
}

impl Given {
    /// An input that was not given to anybody yet.
    pub(crate) fn anew(input: Input) -> Self {
        Self { to: None, input, panics: 0 }
    }
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
    pub(crate) queue: &'a mut Queue,
    pub(crate) kept: &'a mut Kept,
    pub(crate) counts: Counts,
}

/// What the steps of a batch leave behind besides rows.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) effects: Vec<Effect>,
    pub(crate) happened: Vec<(&'static str, serde_json::Value)>,
    pub(crate) alarms: Vec<(&'static str, Timestamp, String)>,
    pub(crate) jobs_begun: Vec<(JobId, &'static str)>,
    pub(crate) jobs_ended: Vec<JobId>,
    /// Everything given to services that nobody would say again, should the commit fail.
    pub(crate) given: Vec<Given>,
    /// Inputs to give again with the next batch.
    pub(crate) again: Vec<Given>,
    /// Connections on which something was heard.
    pub(crate) heard: BTreeSet<(DeviceId, Channel)>,
    /// Whether a power cut must not lose this batch, and with it all before.
    pub(crate) is_durable: bool,
    /// Whether a step has changed something that it may lose; a batch without such a step is durable.
    pub(crate) is_relaxed: bool,
}

/// How far a batch is.
#[derive(Default)]
pub(crate) struct Counts {
    steps: u64,
    told: u64,
    /// Services that panicked on something that is given again: in this batch they get nothing more that could come
    /// before it.
    stalled: BTreeSet<usize>,
    /// Services with a told message that waits for the next batch: the later ones wait behind it.
    overdue: BTreeSet<usize>,
    /// Told messages that wait for the next batch.
    waiting: Queue,
}

impl Batch<'_> {
    /// Runs the whole batch. After an error, `inputs` holds what was not taken.
    pub(crate) fn run(&mut self, is_first: bool, inputs: &mut VecDeque<Given>) -> Result<(), StoreError> {
        if is_first {
            self.start()?;
        }
        self.deliver_told()?;
        while let Some(given) = inputs.pop_front() {
            self.take(given)?;
        }
        self.close()?;
        self.finish()
    }

    /// Begins the run: counts it and tells all services.
    fn start(&mut self) -> Result<(), StoreError> {
        self.kept.is_durable = true;
        let run = RUNS.get(&self.rows, &())?.unwrap_or(0).saturating_add(1);
        RUNS.put(&mut self.rows, &(), &run);
        *self.next_job = run << 32;
        self.give_all(&Input::Started)
    }

    /// Lets every service close the batch, until nobody tells anything more, if anything was changed.
    fn close(&mut self) -> Result<(), StoreError> {
        for _ in 0..CLOSE_ROUNDS_MAX {
            if self.rows.is_unchanged() {
                break;
            }
            let told = self.counts.told;
            for index in 0..self.services.len() {
                if !self.is_paused(index) {
                    match self.step(index, Call::Close, 0)? {
                        Ended::Well => {}
                        Ended::With(fault) => {
                            warn!(service = self.name(index), %fault, "closing a batch failed");
                        }
                        Ended::Panicked(why) => self.count_panic(index, &why),
                    }
                }
            }
            if told == self.counts.told {
                break;
            }
            self.deliver_told()?;
        }
        Ok(())
    }

    /// Writes what is the kernel's own at the end of a batch.
    fn finish(&mut self) -> Result<(), StoreError> {
        for slot in &*self.services {
            if let Some(why) = &slot.paused {
                let answers = self.asks.fail_all(slot.name, &faults::paused(slot.name, why));
                self.kept.effects.extend(answers);
            }
        }
        self.counts.waiting.append(self.queue);
        std::mem::swap(self.queue, &mut self.counts.waiting);
        inbox::store(&mut self.rows, self.queue);
        self.kept.is_durable |= !self.kept.is_relaxed;
        // An event's number is given once: it waits for what a power cut does not take back.
        if self.kept.is_durable {
            let happened = std::mem::take(&mut self.kept.happened);
            let events = crate::events::append(&mut self.rows, self.now, happened)?;
            self.kept.effects.extend(events.into_iter().map(Effect::Happened));
        }
        Ok(())
    }

    /// Delivers the messages that wait, in order, and those they lead to.
    fn deliver_told(&mut self) -> Result<(), StoreError> {
        while let Some(message) = self.queue.pop_front() {
            let Some(index) = self.index_of(message.to) else { continue };
            let counts = &self.counts;
            let has_to_wait = counts.stalled.contains(&index) || counts.overdue.contains(&index);
            if message.depth > DEPTH_MAX || has_to_wait || self.is_paused(index) {
                self.counts.overdue.insert(index);
                self.counts.waiting.push_back(message);
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
                        self.counts.stalled.insert(index);
                        self.counts.waiting.push_back(Message { panics, is_stored: false, ..message });
                    }
                }
            }
        }
        Ok(())
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
