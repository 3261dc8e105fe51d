//! Trying an agent, or a program that is none yet: it runs once, and what it asks for is shown instead of done.

use api::agents::{AgentAction, AgentRun, TryAgent};
use base::{ContentId, Fault};
use kernel::{AskId, JobFailure, Step};
use serde_json::{Value, json};

use crate::acting;
use crate::admitting::{capabilities, everything, program_at};
use crate::document::{self, EVENT_SIZE_MAX};
use crate::events;
use crate::faults::AgentError;
use crate::jobs::{Output, Program, RUN, Run, to_bytes};
use crate::reading::{self, named, which_web};
use crate::running::{document_for, is_disk_told, ran_of, remembered};
use crate::service::{Agents, Purpose};
use crate::standing::{self, Agent};
use crate::statement::{Admission, Budget, Place, SETTINGS_SIZE_MAX, is_settings};
use crate::tables::Name;

/// A trial under way.
#[derive(Debug, Clone)]
pub(crate) struct Trying {
    pub(crate) ask: AskId,
    agent: Agent,
    trigger: String,
}

impl Agents {
    /// Runs a program for one event.
    pub(crate) fn try_one(&mut self, step: &mut Step<'_>, ask: AskId, asked: &TryAgent) -> Result<(), Fault> {
        self.has_room()?;
        let (mut agent, program) = subject(step, asked)?;
        if let Some(settings) = &asked.settings {
            if !is_settings(settings) {
                return Err(AgentError::BadSettings { limit: SETTINGS_SIZE_MAX }.into());
            }
            agent.admission.settings.clone_from(settings);
        }
        let read = |text: &str, what: &str| -> Result<Value, Fault> {
            let bad = |why| AgentError::BadJson { what: what.to_owned(), why };
            if text.len() > EVENT_SIZE_MAX * 4 {
                return Err(bad("it is too large".to_owned()).into());
            }
            Ok(serde_json::from_str(text).map_err(|error| bad(error.to_string()))?)
        };
        let event = match &asked.event {
            Some(event) => read(event, "the event")?,
            None => json!({ "kind": "schedule" }),
        };
        let state = match &asked.state {
            Some(state) => read(state, "the state")?,
            None => remembered(step.view(), &agent.key)?,
        };
        // What the person says is told as it is; what is not said is as it would be.
        let (event, heads) = match asked.event.is_some() && event.get("kind") != Some(&json!("files")) {
            true => (event, Vec::new()),
            false => events::completed(step.view(), step.me(), &agent, event, step.now())?,
        };
        let document = document_for(step, &agent, 0, (&event, &state))?;
        let Budget { cpu_ms, memory_mib, .. } = agent.admission.budget;
        // What a person says of an event is told as it is.
        let is_disk_told = asked.event.is_none() && is_disk_told(&agent, &event);
        let run = Run { program, document: document.into(), heads, cpu_ms, memory_mib, is_disk_told };
        let job = step.work(RUN, to_bytes(&run));
        let trigger = reading::trigger(&event);
        self.jobs.insert(job, Purpose::Try(Trying { ask, agent, trigger }));
        Ok(())
    }

    /// Answers with what the program asked for.
    pub(crate) fn take_tried(
        step: &mut Step<'_>,
        trying: &Trying,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Trying { ask, agent, trigger } = trying;
        let name = agent.key.1.to_string();
        let ran = match ran_of(outcome) {
            Ok(ran) => ran,
            Err(why) => {
                step.refuse(*ask, AgentError::CannotRun { name, why }.into());
                return Ok(());
            }
        };
        let given = match ran.output {
            Output::Failed { why } => Err(why),
            Output::Given { bytes } => document::read(&bytes, agent.admission.budget.state_bytes),
        };
        let mut shown = AgentRun {
            at: step.now(),
            trigger: trigger.clone(),
            outcome: "tried: nothing of it was done".to_owned(),
            actions: Vec::new(),
            said: String::new(),
            cpu_us: ran.cpu_us,
            program: Some(ran.content),
        };
        match given {
            Ok(given) => {
                shown.said = given.said;
                for action in given.actions {
                    let (action, allowed) = acting::weighed(step.view(), agent, action)?;
                    let why = allowed.as_ref().err().cloned().unwrap_or_default();
                    shown.actions.push(AgentAction { action, is_done: false, why });
                }
            }
            Err(why) => shown.outcome = format!("failed: {}", document::shown(&why, 400)),
        }
        step.reply(*ask, &shown);
        Ok(())
    }
}

/// Returns what is tried: an agent as it is admitted, or a program as if it were.
fn subject(step: &Step<'_>, asked: &TryAgent) -> Result<(Agent, Program), Fault> {
    let rows = step.view();
    if !asked.program.starts_with('/')
        && let Ok(key) = named(rows, &asked.program)
    {
        let agent = standing::agent(rows, step.me(), &key)?;
        let agent = agent.ok_or_else(|| AgentError::NothingToStart { name: key.1.to_string() })?;
        let Admission { program, size, .. } = agent.admission;
        let source = files::own_source(rows, program)?;
        let source = source.ok_or_else(|| AgentError::NotHere { path: key.1.to_string() })?;
        return Ok((agent, Program::Here { content: program, size, source }));
    }
    let web = which_web(rows, asked.web.as_deref())?;
    let capabilities = match asked.may.is_empty() {
        true => everything(),
        false => capabilities(rows, web, &asked.may)?,
    };
    let by = people::read::my_person(rows)?.ok_or(AgentError::WhichWeb { count: 0 })?;
    let admission = Admission {
        program: ContentId::new([0; ContentId::LEN]),
        size: 0,
        capabilities,
        budget: Budget::default(),
        place: Place::Here,
        settings: String::new(),
        note: String::new(),
    };
    // No agent can have this name: nothing is remembered under it.
    let key = (web, Name::new(""));
    let agent = Agent { key, by, device: step.me(), at: step.now(), admission };
    Ok((agent, program_at(rows, &asked.program)?))
}
