//! Crowds: a provider that many ask for one content names somebody who has got it (spec files, rules 28 and 29).
//!
//! So a popular page spreads from reader to reader, and its owner gives it a few times only. Memory only: who is named is
//! asked at once, or is forgotten. Not for: when to name others (the network driver of the provider).

use std::time::Duration;

use base::{DeviceId, Fault};
use kernel::{JobFailure, Step};
use store::StoreError;

use crate::alarms;
use crate::arriving::details;
use crate::barred::is_barred;
use crate::bringing::Key;
use crate::jobs::{FetchFailure, id_start};
use crate::service::Files;

/// After this long whoever named others is asked again: it gives, sooner or later.
const WAIT: Duration = Duration::from_millis(200);
/// Others asked for one content because somebody named them, at most.
const HINTS_MAX: usize = 4;

impl Files {
    /// Takes a failure if it is only a detour: somebody else was named, or somebody who was named has it not yet. False
    /// when it is another failure.
    pub(crate) fn take_detour(
        &mut self,
        step: &mut Step<'_>,
        (key, provider): (Key, DeviceId),
        failure: &JobFailure,
    ) -> Result<bool, Fault> {
        let JobFailure::Failed(text) = failure else { return Ok(false) };
        let kind = FetchFailure::of(text);
        let named = match kind {
            FetchFailure::Elsewhere => {
                let start = u64::from_str_radix(details(text), 16).unwrap_or(0);
                member(step, key, start)?.filter(|named| *named != provider)
            }
            _ => None,
        };
        if let Some(named) = named
            && !records::is_connected(step.view(), named)?
        {
            self.dial(step, named);
        }
        let Some(active) = self.bringing.active.get_mut(&key) else { return Ok(false) };
        let was_named = active.hints.remove(&provider);
        match kind {
            FetchFailure::Elsewhere => {
                if active.hints.len() < HINTS_MAX {
                    active.hints.extend(named);
                }
                active.waits.insert(provider, step.now().after(WAIT));
                step.alarm(WAIT, alarms::CROWD);
            }
            FetchFailure::Refused if was_named => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Asks those again who named others.
    pub(crate) fn ask_crowded(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        for active in self.bringing.active.values_mut() {
            active.waits.retain(|_, until| *until > now);
        }
        if self.bringing.active.values().any(|active| !active.waits.is_empty()) {
            step.alarm(WAIT, alarms::CROWD);
        }
        self.pump(step)
    }
}

/// Finds a member's device by the start of its id.
fn member(step: &Step<'_>, (web, content): Key, start: u64) -> Result<Option<DeviceId>, StoreError> {
    for member in people::read::members(step.view(), web)?.into_iter().filter(|member| member.role.is_some())
    {
        for device in member.devices {
            let is_meant = id_start(device) == start && device != step.me();
            if is_meant && !is_barred(step.view(), (device, content), step.now())? {
                return Ok(Some(device));
            }
        }
    }
    Ok(None)
}
