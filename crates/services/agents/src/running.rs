//! Runs: when an agent runs, and what becomes of what it gave back (spec agents, rules 8 to 13, 17 to 20).

use std::time::Duration;

use base::{Fault, Timestamp};
use kernel::{JobFailure, JobId, Step};
use serde_json::Value;
use store::{Rows, StoreError};

use crate::acting;
use crate::capability::Capability;
use crate::document::{self, Setting};
use crate::events;
use crate::jobs::{Output, Program, RUN, Ran, Run, from_bytes, to_bytes};
use crate::reading;
use crate::service::{Agents, Purpose};
use crate::standing::{self, Agent};
use crate::tables::{AgentKey, DOING, DoingRow, LOG, LogRow, OFF, STATES, WAITING};
use crate::wishes::GuardWish;

/// Agents that run at the same time; each is a process, and the sandbox has one line for them.
const RUNNING_MAX: usize = 1;
/// Failures in a row by the program's own fault after which it runs no more until a person starts it.
pub(crate) const FAULTS_MAX: u32 = 3;
/// Entries of an agent's log that are kept; the oldest go first.
pub(crate) const LOG_MAX: u64 = 200;
/// After this computer could not run one.
const AGAIN: Duration = Duration::from_secs(30);
/// So often it is tried again.
const TRIES_MAX: u32 = 5;
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A run under way.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) agent: Agent,
    number: u64,
    /// Of how many dropped events it was told.
    missed: u64,
    trigger: String,
}

impl Agents {
    /// Runs the agents that have something waiting and may.
    pub(crate) fn pump(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for agent in standing::working(step.view(), step.me())? {
            let is_running = self.running().any(|running| running.agent.key == agent.key);
            if !is_running && self.running().count() < RUNNING_MAX {
                self.run(step, agent)?;
            }
        }
        events::wake_for_next(step)
    }

    /// Returns the runs under way.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Running> {
        self.jobs.values().filter_map(|purpose| match purpose {
            Purpose::Run(running) => Some(running),
            _ => None,
        })
    }

    /// Ends the runs of agents that may run no more, and forgets what they were to be told.
    pub(crate) fn end_unwanted(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let working = standing::working(step.view(), step.me())?;
        let is_unwanted = |running: &Running| !working.contains(&running.agent);
        let ended: Vec<(JobId, Running)> = self
            .jobs
            .iter()
            .filter_map(|(job, purpose)| match purpose {
                Purpose::Run(running) if is_unwanted(running) => Some((*job, running.clone())),
                _ => None,
            })
            .collect();
        for (job, running) in ended {
            self.jobs.remove(&job);
            step.cancel(job);
            let outcome = "stopped before it was done: nothing of it was";
            note(step, &running.agent, &entry(step.now(), &running.trigger, outcome))?;
        }
        for key in standing::keys(step.view())? {
            let admitted = working.iter().find(|agent| agent.key == key).map(|agent| agent.at.millis());
            forget_waiting(step, &key, admitted)?;
            take_back(step, &key)?;
        }
        Ok(())
    }

    fn run(&mut self, step: &mut Step<'_>, agent: Agent) -> Result<(), Fault> {
        let first = WAITING.within(step.view(), &agent.key).next().transpose()?;
        let Some(((_, _, number), waiting)) = first else { return Ok(()) };
        let missed = agent.doing(step.view())?.missed;
        let Some(source) = files::own_source(step.view(), agent.admission.program)? else { return Ok(()) };
        let now = step.now();
        let mut doing = agent.doing(step.view())?;
        doing.turn(now);
        if doing.rests_until > now.millis() {
            return Ok(());
        }
        if events::is_early(step.view(), &waiting, now)? {
            return self.look_soon(step);
        }
        let budget = agent.admission.budget;
        if doing.runs >= budget.runs_per_hour {
            doing.rests_until = Timestamp::from_millis(doing.hour_from).after(HOUR).millis();
            DOING.put(step.rows(), &agent.key, &doing);
            let outcome = format!("rests: its {} runs of this hour are used up", budget.runs_per_hour);
            return Ok(note(step, &agent, &entry(now, "its budget", &outcome))?);
        }
        doing.runs = doing.runs.saturating_add(1);
        DOING.put(step.rows(), &agent.key, &doing);
        let event: Value = serde_json::from_str(&waiting.event).unwrap_or(Value::Null);
        let (event, heads) = events::completed(step.view(), step.me(), &agent, event, now)?;
        let program = Program::Here { content: agent.admission.program, size: agent.admission.size, source };
        let state = remembered(step.view(), &agent.key)?;
        let document = document_for(step, &agent, doing.missed, (&event, &state))?;
        let is_disk_told = is_disk_told(&agent, &event);
        let run = Run {
            program,
            document: document.into(),
            heads,
            cpu_ms: budget.cpu_ms,
            memory_mib: budget.memory_mib,
            is_disk_told,
        };
        let job = step.work(RUN, to_bytes(&run));
        let trigger = reading::trigger(&event);
        self.jobs.insert(job, Purpose::Run(Running { agent, number, missed, trigger }));
        Ok(())
    }

    /// Takes the end of a run: its actions are done, what it remembers is kept, and its event leaves, all or nothing.
    pub(crate) fn take_ran(
        &mut self,
        step: &mut Step<'_>,
        running: &Running,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Running { agent, number, missed, trigger } = running;
        let (key, now) = (&agent.key, step.now());
        let waiting = (key.0, key.1.clone(), *number);
        // Asked anew: whatever was admitted may have been taken back meanwhile.
        let is_still = standing::agent(step.view(), step.me(), key)?.as_ref() == Some(agent)
            && !OFF.has(step.view(), &())?
            && agent.doing(step.view())?.is_willing();
        if !is_still || !WAITING.has(step.view(), &waiting)? {
            return Ok(());
        }
        let mut row = entry(now, trigger, "ran");
        let mut doing = agent.doing(step.view())?;
        doing.turn(now);
        doing.last_run = Some(now);
        let ran = match ran_of(outcome) {
            Ok(ran) => ran,
            Err(why) => return self.unable(step, running, doing, &why),
        };
        self.tries.remove(key);
        row.cpu_us = ran.cpu_us;
        row.program = Some(ran.content);
        let given = match ran.output {
            Output::Failed { why } => Err(why),
            Output::Given { .. } if ran.content != agent.admission.program => {
                Err("another program ran than the one admitted".to_owned())
            }
            Output::Given { bytes } => document::read(&bytes, agent.admission.budget.state_bytes),
        };
        WAITING.delete(step.rows(), &waiting);
        doing.missed = doing.missed.saturating_sub(*missed);
        match given {
            Ok(given) => {
                doing.faults = 0;
                row.said = given.said;
                if let Some(state) = given.state {
                    STATES.put(step.rows(), key, &state.into_bytes().into());
                }
                for action in given.actions {
                    row.actions.push(acting::act(step, agent, &mut doing, action)?);
                }
            }
            Err(why) => row.outcome = count_fault(step, agent, &mut doing, &why)?,
        }
        DOING.put(step.rows(), key, &doing);
        note(step, agent, &row)?;
        if doing.halted.is_some() {
            forget_waiting(step, key, None)?;
        }
        Ok(())
    }

    /// This computer could not run it: that is not the program's fault, so it is tried again, but not for ever.
    fn unable(
        &mut self,
        step: &mut Step<'_>,
        running: &Running,
        mut doing: DoingRow,
        why: &str,
    ) -> Result<(), Fault> {
        let Running { agent, number, trigger, .. } = running;
        let tries = self.tries.entry(agent.key.clone()).or_default();
        *tries = tries.saturating_add(1);
        doing.rests_until = doing.rests_until.max(step.now().after(AGAIN).millis());
        if *tries >= TRIES_MAX {
            self.tries.remove(&agent.key);
            WAITING.delete(step.rows(), &(agent.key.0, agent.key.1.clone(), *number));
            let outcome = format!("could not be run here: {}", document::shown(why, 400));
            note(step, agent, &entry(step.now(), trigger, &outcome))?;
        }
        DOING.put(step.rows(), &agent.key, &doing);
        Ok(())
    }
}

/// Reads the end of a run; the error says why this computer could not.
pub(crate) fn ran_of(outcome: Result<Vec<u8>, JobFailure>) -> Result<Ran, String> {
    match outcome {
        Ok(bytes) => from_bytes::<Ran>(&bytes).map_err(|error| error.to_string()),
        Err(JobFailure::Failed(why)) => Err(why),
        Err(JobFailure::Cancelled) => Err("it was interrupted".to_owned()),
        Err(JobFailure::NoDriver) => Err("this computer has no sandbox".to_owned()),
    }
}

/// Counts a failure that is the program's own; returns what the log says of it.
fn count_fault(step: &mut Step<'_>, agent: &Agent, doing: &mut DoingRow, why: &str) -> Result<String, Fault> {
    doing.faults = doing.faults.saturating_add(1);
    let why = document::shown(why, 400);
    if doing.faults < FAULTS_MAX {
        return Ok(format!("failed: {why}"));
    }
    let outcome = format!("failed for the third time in a row and is stopped here: {why}");
    acting::tell(step, agent, (&format!("{} is stopped on this computer", agent.key.1), &outcome))?;
    doing.halted = Some(why);
    Ok(outcome)
}

/// Writes what an agent is given.
pub(crate) fn document_for(
    step: &Step<'_>,
    agent: &Agent,
    missed: u64,
    (event, state): (&Value, &Value),
) -> Result<Vec<u8>, StoreError> {
    let web = people::read::web_label(step.view(), agent.key.0)?;
    let mut may = Vec::new();
    for one in &agent.admission.capabilities {
        may.push(one.text(step.view(), agent.key.0)?);
    }
    let setting = Setting {
        now_ms: step.now().millis(),
        web: &web,
        agent: &agent.key.1,
        may: &may,
        settings: &agent.admission.settings,
        missed,
    };
    Ok(document::write(&setting, event, state))
}

/// Makes an entry of the log in which nothing was done yet.
pub(crate) fn entry(at: Timestamp, trigger: &str, outcome: &str) -> LogRow {
    LogRow {
        at,
        trigger: trigger.to_owned(),
        outcome: outcome.to_owned(),
        actions: Vec::new(),
        said: String::new(),
        cpu_us: 0,
        program: None,
    }
}

/// Writes an entry into an agent's log.
pub(crate) fn note(step: &mut Step<'_>, agent: &Agent, row: &LogRow) -> Result<(), StoreError> {
    let (web, name) = &agent.key;
    let last = LOG.within_back(step.view(), &agent.key).next().transpose()?;
    let number = last.map_or(1, |((_, _, last), _)| last.saturating_add(1));
    LOG.put(step.rows(), &(*web, name.clone(), number), row);
    if let Some(old) = number.checked_sub(LOG_MAX) {
        LOG.delete(step.rows(), &(*web, name.clone(), old));
    }
    reading::tell_changed(step, &agent.key)
}

/// What an agent asked of the guard ends with its admission, and with the right to ask for it.
fn take_back(step: &mut Step<'_>, key: &AgentKey) -> Result<(), Fault> {
    let Some(doing) = DOING.get(step.view(), key)?.filter(|doing| doing.has_asked) else { return Ok(()) };
    let may = |agent: &Agent| agent.admission.may(Capability::Warn) || agent.admission.may(Capability::Hold);
    if !standing::agent(step.view(), step.me(), key)?.as_ref().is_some_and(may) {
        DOING.put(step.rows(), key, &DoingRow { has_asked: false, ..doing });
        step.tell("guard", GuardWish::TakeBack { web: key.0, agent: key.1.to_string() }.to_bytes());
    }
    Ok(())
}

/// Says whether an agent is told how full the disk is: by schedule, with what else it may know of the state of things.
pub(crate) fn is_disk_told(agent: &Agent, event: &Value) -> bool {
    agent.admission.may(Capability::Facts) && event.get("kind").and_then(Value::as_str) == Some("schedule")
}

/// Forgets what an agent was to be told, but for what was kept for the admission that counts.
fn forget_waiting(step: &mut Step<'_>, key: &AgentKey, admitted: Option<u64>) -> Result<(), StoreError> {
    let waiting: Vec<_> = WAITING.within(step.view(), key).collect::<Result<_, _>>()?;
    for (key, row) in &waiting {
        if Some(row.admitted) != admitted {
            WAITING.delete(step.rows(), key);
        }
    }
    Ok(())
}

impl DoingRow {
    /// Begins a new hour or day of budgets when the last is over, or when the clock was set back before it.
    pub(crate) fn turn(&mut self, now: Timestamp) {
        let is_over = |from: u64, period: Duration| {
            now.millis() < from || now.since(Timestamp::from_millis(from)) >= period
        };
        if is_over(self.hour_from, HOUR) {
            (self.hour_from, self.runs) = (now.millis(), 0);
        }
        if is_over(self.day_from, DAY) {
            (self.day_from, self.actions) = (now.millis(), 0);
        }
        if self.rests_until > now.after(DAY).millis() {
            self.rests_until = 0;
        }
    }

    /// Returns when this day of its budget ends.
    pub(crate) fn day_end(&self) -> u64 {
        Timestamp::from_millis(self.day_from).after(DAY).millis()
    }
}

/// Returns what an agent remembers, as JSON.
pub(crate) fn remembered<R: Rows + ?Sized>(rows: &R, key: &AgentKey) -> Result<Value, StoreError> {
    let state = STATES.get(rows, key)?;
    Ok(state.and_then(|state| serde_json::from_slice(&state).ok()).unwrap_or(Value::Null))
}
