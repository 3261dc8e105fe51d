//! One step of one service: an overlay of its own, merged when it ends well, dropped with all else when not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base::Fault;
use store::{Overlay, StoreError};
use tracing::{error, warn};

use super::Batch;
use crate::inbox::Message;
use crate::step::Out;
use crate::{Effect, Input, Step, faults};

/// Panics of one service in a run after which it is paused.
const SERVICE_PANICS_MAX: u32 = 5;

/// How a step ended.
pub(super) enum Ended {
    Well,
    With(Fault),
    Panicked(String),
}

/// What a service is called for.
pub(super) enum Call {
    Step(Input),
    Close,
}

impl Batch<'_> {
    /// Runs one step in an overlay of its own; merged when it ends well, else nothing of it is left.
    pub(super) fn step(&mut self, index: usize, call: Call, depth: u8) -> Result<Ended, StoreError> {
        self.counts.steps += 1;
        let keyring_before = self.keyring.clone();
        let Some(slot) = self.services.get_mut(index) else { return Ok(Ended::Well) };
        let mut step = Step {
            service: slot.name,
            rows: Overlay::new(&self.rows),
            now: self.now,
            seed: seed_of_step(&self.seed, self.counts.steps),
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
            let is_silent = changes.is_empty() && out.events.is_empty();
            self.kept.is_durable |= !out.is_relaxed && !is_silent;
            self.kept.is_relaxed |= out.is_relaxed && !is_silent;
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
                    let answers = self.asks.answer(&mut self.rows, self.now, ask, &outcome)?;
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
                self.counts.told += 1;
                let (bytes, depth) = (bytes.clone(), depth.saturating_add(1));
                self.queue.push_back(Message { number, to, by, bytes, depth, panics: 0, is_stored: false });
            }
        }
        Ok(())
    }

    pub(super) fn count_panic(&mut self, index: usize, why: &str) {
        let Some(slot) = self.services.get_mut(index) else { return };
        slot.service.forget();
        slot.panics += 1;
        warn!(service = slot.name, panics = slot.panics, why, "a step panicked; its changes were dropped");
        if slot.panics >= SERVICE_PANICS_MAX && slot.paused.is_none() {
            error!(service = slot.name, why, "the service is paused for the rest of this run");
            slot.paused = Some(why.to_owned());
        }
    }
}

/// Each step draws from a seed of its own, so that what one step draws does not shift what the next one gets.
fn seed_of_step(seed: &[u8; 32], step: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(seed);
    hasher.update(b"althing step").update(&step.to_be_bytes());
    *hasher.finalize().as_bytes()
}
