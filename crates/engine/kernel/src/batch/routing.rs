//! Which service hears what, and what becomes of an input that a service fails on.

use base::{DeviceId, Fault};
use store::StoreError;
use tracing::{debug, warn};

use super::{Batch, CAUSE_PANICS_MAX, Call, Ended, Given};
use crate::asks::Admission;
use crate::{AskId, Channel, Effect, Input, faults, inbox};

impl Batch<'_> {
    /// Gives one input, and all that services tell each other because of it, to whom it belongs.
    pub(super) fn take(&mut self, given: Given) -> Result<(), StoreError> {
        if given.to.is_some() {
            return self.give(given);
        }
        match given.input {
            Input::Asked { ask, operation, arguments } => self.ask(ask, operation, arguments),
            Input::Heard { from, channel, service, message } => self.hear(from, channel, service, message),
            Input::Connected { .. } | Input::Disconnected { .. } | Input::Reachable { .. } => {
                self.give_all(&given.input)
            }
            Input::Noticed { kind, .. } => {
                let service = kind.split_once('.').map_or(kind, |(service, _)| service);
                self.give_to(service, given.input)
            }
            Input::Progress { job, .. } | Input::Finished { job, .. } => {
                // A report on a job of an earlier run belongs to nobody.
                self.jobs.get(&job).map_or(Ok(()), |service| self.give_to(service, given.input))
            }
            // Only the kernel says these.
            Input::Started | Input::Alarm { .. } | Input::Told { .. } => Ok(()),
        }
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
                let answers = self.asks.fail(ask, &Err(fault));
                self.kept.effects.extend(answers);
            }
            Ended::Panicked(why) => {
                let fault = faults::panicked(self.asks.operation(ask), &why);
                let answers = self.asks.fail(ask, &Err(fault));
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

    pub(super) fn give_all(&mut self, input: &Input) -> Result<(), StoreError> {
        (0..self.services.len())
            .try_for_each(|to| self.give(Given { to: Some(to), input: input.clone(), panics: 0 }))
    }

    fn give_to(&mut self, service: &str, input: Input) -> Result<(), StoreError> {
        match self.index_of(service) {
            Some(to) => self.give(Given { to: Some(to), input, panics: 0 }),
            None => Ok(()),
        }
    }

    /// Gives an input that nobody will say again: after a panic it is given again with the next batch.
    fn give(&mut self, given: Given) -> Result<(), StoreError> {
        let Some(index) = given.to.filter(|index| !self.is_paused(*index)) else { return Ok(()) };
        self.kept.given.push(given.clone());
        if self.counts.stalled.contains(&index) {
            self.kept.again.push(given);
            return Ok(());
        }
        if let Input::Finished { job, .. } = &given.input {
            self.kept.jobs_ended.push(*job);
        }
        match self.step(index, Call::Step(given.input.clone()), 0)? {
            Ended::Well => {}
            Ended::With(fault) => {
                warn!(service = self.name(index), input = kind_of(&given.input), %fault, "an input came to nothing");
            }
            Ended::Panicked(why) => {
                self.count_panic(index, &why);
                self.give_again(index, given, &why)?;
            }
        }
        self.deliver_told()
    }

    fn give_again(&mut self, index: usize, given: Given, why: &str) -> Result<(), StoreError> {
        let panics = given.panics.saturating_add(1);
        if panics >= CAUSE_PANICS_MAX {
            let what = (self.name(index), kind_of(&given.input), why);
            return inbox::set_aside(&mut self.rows, self.now, what, bytes_of(given.input));
        }
        self.counts.stalled.insert(index);
        self.kept.again.push(Given { panics, ..given });
        Ok(())
    }

    fn reply(&mut self, ask: AskId, outcome: Result<serde_json::Value, Fault>) {
        self.kept.effects.push(Effect::Reply { ask, outcome });
    }
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
