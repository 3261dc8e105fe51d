//! The service as the kernel meets it: which input leads where.

use std::collections::BTreeMap;

use api::Operation;
use api::agents::{Admit, StartAgent, StopAgent, SwitchAgents, TryAgent};
use base::Fault;
use files::lending::{self, Arrived, Wanted};
use kernel::{AskId, Input, JobId, Reader, Service, Step};
use records::Told;
use serde_json::Value;
use store::{Rows, StoreError};

use crate::admitting::{self, Admitting};
use crate::events::{self, DUE_ALARM, LOOK_ALARM};
use crate::faults::AgentError;
use crate::reading::{AgentsReader, arguments_of, unknown};
use crate::running::Running;
use crate::standing;
use crate::tables::{AgentKey, SAID};
use crate::trying::Trying;

/// Programs that are checked or tried for persons at the same time.
const FOR_PERSONS_MAX: usize = 4;

/// Makes the service.
pub fn service() -> Agents {
    Agents::default()
}

/// Agents. Its fields are what is under way; what it knows is in rows.
#[derive(Debug, Default)]
pub struct Agents {
    pub(crate) jobs: BTreeMap<JobId, Purpose>,
    /// How often in a row this computer could not run an agent.
    pub(crate) tries: BTreeMap<AgentKey, u32>,
    /// Whether there are agents at all; none when that is to be looked up.
    pub(crate) is_any: Option<bool>,
    /// Whether a look at what happened is due already.
    pub(crate) is_looking: bool,
    /// The last event that was looked at, if later than the rows say.
    pub(crate) seen: Option<u64>,
    /// Whoever waited when the fields were lost.
    orphans: Vec<AskId>,
}

/// What a job was given for.
#[derive(Debug)]
pub(crate) enum Purpose {
    Take(Admitting),
    Run(Running),
    Try(Trying),
}

impl Service for Agents {
    fn name(&self) -> &'static str {
        "agents"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        // Programs that have come; members who came or went, and admins who are none any more.
        &["files", "people"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        for ask in std::mem::take(&mut self.orphans) {
            step.refuse(ask, AgentError::Interrupted.into());
        }
        let done = self.take_input(step, input);
        if let Err(fault) = &done
            && !fault.code.starts_with("agents.")
        {
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.look_soon(step)
    }

    fn forget(&mut self) {
        let asks = self.jobs.values().filter_map(|purpose| match purpose {
            Purpose::Take(admitting) => Some(admitting.ask),
            Purpose::Try(trying) => Some(trying.ask),
            Purpose::Run(_) => None,
        });
        self.orphans.extend(asks);
        self.jobs.clear();
        self.tries.clear();
        self.is_any = None;
        self.is_looking = false;
        self.seen = None;
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(AgentsReader)
    }
}

impl Agents {
    /// Says whether anybody has said anything of agents.
    pub(crate) fn has_agents(&mut self, rows: &dyn Rows) -> Result<bool, StoreError> {
        if self.is_any.is_none() {
            self.is_any = Some(SAID.all(rows).next().transpose()?.is_some());
        }
        Ok(self.is_any == Some(true))
    }

    /// Fails when as many programs are being checked or tried for persons as can be: agents wait in the same line.
    pub(crate) fn has_room(&self) -> Result<(), Fault> {
        let for_persons = self.jobs.values().filter(|purpose| !matches!(purpose, Purpose::Run(_))).count();
        if for_persons < FOR_PERSONS_MAX {
            Ok(())
        } else {
            Err(AgentError::Busy { limit: FOR_PERSONS_MAX }.into())
        }
    }

    fn take_input(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => {
                self.forget();
                self.orphans.clear();
                if self.has_agents(step.view())? {
                    step.alarm(std::time::Duration::ZERO, DUE_ALARM);
                }
                Ok(())
            }
            Input::Told { by: "records", message } => match Told::from_bytes(&message) {
                Ok(Told::Record { web, author, body, .. }) => self.hear(step, (web, author), &body),
                _ => Ok(()),
            },
            Input::Told { by: "files", message } => self.hear_files(step, &message),
            Input::Told { by: "people", message } => self.hear_people(step, &message),
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments),
            Input::Alarm { key } if key == LOOK_ALARM => self.look(step),
            Input::Alarm { key } if key == DUE_ALARM => {
                events::tell_due(step)?;
                self.pump(step)
            }
            Input::Finished { job, outcome } => {
                match self.jobs.remove(&job) {
                    Some(Purpose::Take(admitting)) => self.take_taken(step, admitting, outcome),
                    Some(Purpose::Try(trying)) => Self::take_tried(step, &trying, outcome)?,
                    Some(Purpose::Run(running)) => self.take_ran(step, &running, outcome)?,
                    None => return Ok(()),
                }
                self.pump(step)
            }
            _ => Ok(()),
        }
    }

    fn hear_files(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        if !self.has_agents(step.view())? {
            return Ok(());
        }
        let Ok(Arrived { web, content }) = wire::from_bytes::<Arrived>(message, 256) else { return Ok(()) };
        let agents = standing::admitted(step.view(), step.me())?;
        let agent = agents.iter().find(|agent| agent.key.0 == web && agent.admission.program == content);
        let Some(agent) = agent else { return Ok(()) };
        // Whoever admitted it may be away: others give it, too.
        let size = agent.admission.size;
        lending::offer(step, web, vec![Wanted { content, size, from: None }]);
        self.pump(step)
    }

    fn hear_people(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        use people::Told;
        if !self.has_agents(step.view())? {
            return Ok(());
        }
        match Told::from_bytes(message) {
            Ok(Told::Members { web } | Told::Removed { web, .. } | Told::Joined { web }) => {
                self.settle(step, web)
            }
            Ok(Told::Left { web }) => {
                self.end_unwanted(step)?;
                self.is_any = None;
                Ok(admitting::forget_web(step, web)?)
            }
            _ => Ok(()),
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
            Admit::NAME => self.admit(step, ask, &arguments_of(operation, arguments)?),
            StopAgent::NAME => self.stop(step, ask, &arguments_of(operation, arguments)?),
            StartAgent::NAME => self.start(step, ask, &arguments_of(operation, arguments)?),
            SwitchAgents::NAME => self.switch(step, ask, &arguments_of(operation, arguments)?),
            TryAgent::NAME => self.try_one(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(unknown(operation)),
        }
    }
}
