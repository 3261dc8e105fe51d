//! The service as the kernel meets it: which input leads where.

use std::collections::BTreeMap;
use std::time::Duration;

use api::Operation;
use api::guard::{AddRules, Check, CheckFile, DropRules, Release, SetOfficer, SwitchGuard, Warn};
use base::{ContentId, DeviceId, Fault, Timestamp, WebId};
use kernel::{AskId, Input, JobFailure, JobId, Reader, Service, Step};
use records::{Misdeed, Told};
use serde_json::Value;

use crate::checking::Checking;
use crate::faults::GuardError;
use crate::jobs::{AWAITED, Awaited, ODD, Oddities, TRESPASS, Trespassed, from_bytes};
use crate::looking::{AGAIN_ALARM, LOOK_ALARM, RETRY_ALARM};
use crate::reading::{GuardReader, arguments_of, unknown};
use crate::rules::{self, COMPILE_ALARM};
use crate::statement::{self, Body, Warning};
use crate::{agents, health, odd, warning};

/// How far the clock of another may be ahead of this one.
const AHEAD_MAX: Duration = Duration::from_mins(1);

/// Makes the service.
pub fn service() -> Guard {
    Guard::default()
}

/// The guard. Its fields are what is under way; what it knows is in rows.
#[derive(Debug, Default)]
pub struct Guard {
    pub(crate) jobs: BTreeMap<JobId, Purpose>,
    /// The scanner could not be had just now.
    pub(crate) is_held_up: bool,
    /// Which checks wait for which contents.
    pub(crate) awaited: BTreeMap<ContentId, Vec<AskId>>,
    pub(crate) checks: BTreeMap<AskId, Checking>,
    /// Where queueing for another look goes on, with the rules of which epoch.
    pub(crate) again_from: Option<(u64, ContentId)>,
    /// Whoever waited when the fields were lost.
    orphans: Vec<AskId>,
}

/// What a job was given for.
#[derive(Debug)]
pub(crate) enum Purpose {
    Look { contents: Vec<ContentId>, epoch: u64, loose: Option<Loose> },
    Compile { set: ContentId },
}

/// What is known of a content that is in no share.
#[derive(Debug)]
pub(crate) struct Loose {
    pub(crate) name: String,
    /// Which web is warned of it.
    pub(crate) web: Option<WebId>,
}

impl Service for Guard {
    fn name(&self) -> &'static str {
        "guard"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        // Sets of rules that have come; members who have left.
        &["files", "people", "records"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        for ask in std::mem::take(&mut self.orphans) {
            step.refuse(ask, GuardError::Interrupted.into());
        }
        let done = self.take(step, input);
        if let Err(fault) = &done
            && !fault.code.starts_with("guard.")
        {
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.feed(step)
    }

    fn forget(&mut self) {
        self.orphans.extend(std::mem::take(&mut self.checks).into_keys());
        self.jobs.clear();
        self.awaited.clear();
        self.is_held_up = false;
        self.again_from = None;
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(GuardReader)
    }
}

impl Guard {
    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => {
                self.forget();
                self.queue_again(step)?;
                Self::retry(step)?;
                health::tell_later(step);
                odd::tell(step)?;
                agents::forget_gone(step)?;
                rules::forget_faults(step)?;
                self.compile(step)
            }
            Input::Told { by: "records", message } => match Told::from_bytes(&message) {
                Ok(Told::Record { web, author, body, .. }) => Self::hear(step, (web, author), &body),
                Ok(Told::Flood { device, .. }) => odd::take(step, device, Misdeed::Flooded),
                Ok(Told::Misdeed { device, what }) => odd::take(step, device, what),
                _ => Ok(()),
            },
            Input::Told { by: "talk" | "mail", message } => match Told::from_bytes(&message) {
                Ok(Told::Misdeed { device, what }) => odd::take(step, device, what),
                _ => Ok(()),
            },
            Input::Told { by: "files", .. } => self.compile(step),
            Input::Told { by: "agents", message } => agents::hear(step, &message),
            Input::Told { by: "people", message } => match Told::from_bytes(&message) {
                Ok(Told::Misdeed { device, what }) => odd::take(step, device, what),
                _ => crate::looking::pass_on_all(step),
            },
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments),
            Input::Finished { job, outcome } => self.take_finished(step, job, outcome),
            Input::Noticed { kind: AWAITED, report } => match from_bytes::<Awaited>(&report) {
                Ok(awaited) => Ok(Self::await_soon(step, &awaited.contents)?),
                Err(_) => Ok(()),
            },
            Input::Noticed { kind: ODD, report } => match from_bytes::<Oddities>(&report) {
                Ok(oddities) => odd::notice(step, oddities.seen),
                Err(_) => Ok(()),
            },
            Input::Noticed { kind: TRESPASS, report } => match from_bytes::<Trespassed>(&report) {
                Ok(trespassed) => odd::take_trespass(step, trespassed),
                Err(_) => Ok(()),
            },
            Input::Alarm { key } if key == odd::TELL_ALARM => odd::tell(step),
            Input::Alarm { key } if key == RETRY_ALARM => Ok(Self::retry(step)?),
            Input::Alarm { key } if key == LOOK_ALARM => self.look_again(step),
            Input::Alarm { key } if key == AGAIN_ALARM => Ok(self.queue_again(step)?),
            Input::Alarm { key } if key == COMPILE_ALARM => self.compile(step),
            Input::Alarm { key } if key == health::ALARM => {
                agents::forget_gone(step)?;
                health::tell(step)
            }
            _ => Ok(()),
        }
    }

    fn hear(step: &mut Step<'_>, (web, author): (WebId, DeviceId), body: &[u8]) -> Result<(), Fault> {
        let body = match Body::read(body) {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!(author = %author.short(), %error, "a record of the guard was dropped");
                return Ok(());
            }
        };
        let Some(person) = people::read::person_of(step.view(), web, author)? else { return Ok(()) };
        match body {
            Body::Warn(warning) => {
                let at = not_ahead(step, warning.at);
                warning::hear(step, (web, author, person), Warning { at, ..warning })
            }
            Body::Release(release) => {
                let at = not_ahead(step, release.at);
                warning::hear_release(step, (web, person), statement::Release { at, ..release })
            }
            Body::Rules(rules) => rules::hear(step, (web, author, person), rules),
            Body::Officer(officer) => rules::hear_officer(step, (web, person), officer),
            Body::Report(report) => odd::hear(step, (web, author), report),
            Body::Health(health) => health::hear(step, (web, author), health),
        }
    }

    fn take_finished(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        match self.jobs.remove(&job) {
            Some(Purpose::Look { contents, epoch, loose }) => {
                self.take_looked(step, (contents, epoch, loose), outcome)
            }
            Some(Purpose::Compile { set }) => Self::take_compiled(step, set, outcome),
            None => Ok(()),
        }
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            Check::NAME => self.check(step, ask, &arguments_of(operation, arguments)?),
            CheckFile::NAME => self.check_file(step, ask, arguments_of(operation, arguments)?),
            Warn::NAME => warning::warn(step, ask, &arguments_of(operation, arguments)?),
            Release::NAME => warning::release(step, ask, &arguments_of(operation, arguments)?),
            SwitchGuard::NAME => self.switch(step, ask, &arguments_of(operation, arguments)?),
            AddRules::NAME => rules::add(step, ask, &arguments_of(operation, arguments)?),
            DropRules::NAME => rules::withdraw(step, ask, &arguments_of(operation, arguments)?),
            SetOfficer::NAME => rules::set_officer(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(unknown(operation)),
        }
    }
}

/// What is said by a clock that is far ahead counts as said now: it does not have the last word for ever.
fn not_ahead(step: &Step<'_>, at: Timestamp) -> Timestamp {
    at.min(step.now().after(AHEAD_MAX))
}
