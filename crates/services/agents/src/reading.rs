//! Answers about agents, from committed rows.

use api::Operation;
use api::agents::{
    AgentAction, AgentLog, AgentRun, AgentSwitch, AgentView, Agents, AskAgent, AskAgentLog, AskAgents,
    AskNotices, NoticeView, Notices,
};
use base::{ByteCount, DeviceId, Fault, FaultKind, PersonId, Timestamp, WebId};
use kernel::{ReadContext, Reader, Step};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::{Rows, StoreError};

use crate::faults::AgentError;
use crate::standing::{self, is_admin};
use crate::statement::{Admission, Place};
use crate::tables::{AgentKey, DOING, DoingRow, LOG, LogRow, NOTICES, OFF, SAID, STATES, SaidRow, WAITING};

/// Notices told at most.
const NOTICES_TOLD_MAX: usize = 200;

/// Answers read operations.
#[derive(Debug)]
pub(crate) struct AgentsReader;

impl Reader for AgentsReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let (rows, me, now) = (context.rows, context.me, context.now);
        match operation {
            AskAgents::NAME => {
                let asked: AskAgents = arguments_of(operation, arguments)?;
                value(&list(rows, me, asked.web.as_deref(), now)?)
            }
            AskAgent::NAME => {
                let asked: AskAgent = arguments_of(operation, arguments)?;
                value(&agent(rows, me, &named(rows, &asked.name)?, now)?)
            }
            AskAgentLog::NAME => {
                let asked: AskAgentLog = arguments_of(operation, arguments)?;
                value(&log(rows, &named(rows, &asked.name)?)?)
            }
            AskNotices::NAME => {
                let asked: AskNotices = arguments_of(operation, arguments)?;
                value(&notices(rows, asked.web.as_deref())?)
            }
            _ => Err(unknown(operation)),
        }
    }
}

/// Lists agents.
pub(crate) fn list(
    rows: &dyn Rows,
    me: DeviceId,
    web: Option<&str>,
    now: Timestamp,
) -> Result<Agents, Fault> {
    let web = web.map(|web| which_web(rows, Some(web))).transpose()?;
    let mut agents = Vec::new();
    for key in standing::keys(rows)? {
        // What no admin ever said is nobody's agent.
        if web.is_none_or(|web| web == key.0) && is_shown(rows, &key)? {
            agents.push(agent(rows, me, &key, now)?);
        }
    }
    agents.sort_by(|a, b| a.agent.cmp(&b.agent));
    let state = if OFF.has(rows, &())? { AgentSwitch::Off } else { AgentSwitch::On };
    Ok(Agents { state, agents })
}

/// Shows one agent.
pub(crate) fn agent(
    rows: &dyn Rows,
    me: DeviceId,
    key: &AgentKey,
    now: Timestamp,
) -> Result<AgentView, Fault> {
    let (by, said, admission) = shown_word(rows, key)?;
    let admitted = standing::agent(rows, me, key)?;
    let mut doing = match &admitted {
        Some(agent) => agent.doing(rows)?,
        None => DOING.get(rows, key)?.unwrap_or_default(),
    };
    doing.turn(now);
    let web = people::read::web_label(rows, key.0)?;
    let state = state(rows, me, (key, by), (&said, &admission, &doing), now)?;
    let mut may = Vec::new();
    let mut capabilities = Vec::new();
    for one in &admission.capabilities {
        may.push(one.line(rows, key.0)?);
        capabilities.push(one.text(rows, key.0)?);
    }
    let by_label = label(rows, key.0, by)?;
    let budget = admission.budget;
    Ok(AgentView {
        agent: format!("{web}/{}", key.1),
        name: key.1.to_string(),
        web,
        is_working: state == WORKING,
        state,
        is_off_here: doing.is_off,
        place: match admission.place {
            Place::Each => "each computer".to_owned(),
            Place::Here if said.device == me => "this computer".to_owned(),
            Place::Here => format!("one computer of {by_label}"),
        },
        by: by_label,
        at: said.at,
        may,
        capabilities,
        note: admission.note,
        settings: admission.settings,
        program: admission.program,
        size: ByteCount(admission.size),
        cpu_ms: budget.cpu_ms,
        memory_mib: budget.memory_mib,
        runs: doing.runs,
        runs_max: budget.runs_per_hour,
        actions: doing.actions,
        actions_max: budget.actions_per_day,
        remembers: ByteCount(STATES.get(rows, key)?.map_or(0, |state| state.len() as u64)),
        remembers_max: ByteCount(u64::from(budget.state_bytes)),
        waiting: WAITING.within(rows, key).count() as u64,
        last_run: doing.last_run,
    })
}

/// Returns what is shown of an agent: what counts, else what was said last; of one that is stopped, what it was.
pub(crate) fn shown_word(rows: &dyn Rows, key: &AgentKey) -> Result<(PersonId, SaidRow, Admission), Fault> {
    let missing = || AgentError::NoSuchAgent { name: key.1.to_string() };
    let (by, said) = match standing::word(rows, key)? {
        Some(counts) => counts,
        None => last_said(rows, key)?.ok_or_else(missing)?,
    };
    let admission = match said.admission.clone().or_else(|| said.last.clone()) {
        Some(admission) => admission,
        None => last_admission(rows, key)?.ok_or_else(missing)?,
    };
    Ok((by, said, admission))
}

const WORKING: &str = "working";

fn state(
    rows: &dyn Rows,
    me: DeviceId,
    (key, by): (&AgentKey, PersonId),
    (said, admission, doing): (&SaidRow, &Admission, &DoingRow),
    now: Timestamp,
) -> Result<String, Fault> {
    if !is_admin(rows, key.0, by)? {
        return Ok(format!("stopped: {} who admitted it is no admin", label(rows, key.0, by)?));
    }
    if said.admission.is_none() {
        return Ok(format!("stopped by {}", label(rows, key.0, by)?));
    }
    if !people::read::is_member(rows, key.0, me)? {
        return Ok("stopped: you are no member of its web".to_owned());
    }
    if admission.place == Place::Here && said.device != me {
        return Ok("working elsewhere".to_owned());
    }
    if OFF.has(rows, &())? {
        return Ok("switched off here, as all are".to_owned());
    }
    if doing.is_off {
        return Ok("switched off here".to_owned());
    }
    if let Some(why) = &doing.halted {
        return Ok(format!("stopped here after three failures: {why}"));
    }
    if said.device != me && files::own_source(rows, admission.program)?.is_none() {
        return Ok("waiting for its program".to_owned());
    }
    if doing.rests_until > now.millis() {
        let minutes = doing.rests_until.saturating_sub(now.millis()).div_ceil(60_000);
        return Ok(format!("resting for {minutes} minutes"));
    }
    Ok(WORKING.to_owned())
}

/// Says whether there is anything to show of an agent: an admission, and the word of somebody who is an admin or was one.
fn is_shown(rows: &dyn Rows, key: &AgentKey) -> Result<bool, StoreError> {
    let mut is_by_admin = standing::word(rows, key)?.is_some();
    let mut is_admitted = false;
    for row in SAID.within(rows, key) {
        let said = row?.1;
        is_by_admin |= said.is_by_admin;
        is_admitted |= said.last.is_some();
    }
    Ok(is_by_admin && is_admitted)
}

fn last_said(rows: &dyn Rows, key: &AgentKey) -> Result<Option<(PersonId, SaidRow)>, StoreError> {
    let mut last: Option<(PersonId, SaidRow)> = None;
    for row in SAID.within(rows, key) {
        let ((_, _, person), said) = row?;
        if last.as_ref().is_none_or(|(_, known)| said.at > known.at) {
            last = Some((person, said));
        }
    }
    Ok(last)
}

fn last_admission(rows: &dyn Rows, key: &AgentKey) -> Result<Option<Admission>, StoreError> {
    let mut last: Option<(Timestamp, Admission)> = None;
    for row in SAID.within(rows, key) {
        let said = row?.1;
        if let Some(admission) = said.last
            && last.as_ref().is_none_or(|(at, _)| said.at > *at)
        {
            last = Some((said.at, admission));
        }
    }
    Ok(last.map(|(_, admission)| admission))
}

fn log(rows: &dyn Rows, key: &AgentKey) -> Result<AgentLog, Fault> {
    let runs = LOG.within_back(rows, key).map(|row| row.map(|(_, row)| run(row)));
    Ok(AgentLog { runs: runs.collect::<Result<_, StoreError>>()? })
}

fn run(row: LogRow) -> AgentRun {
    let LogRow { at, trigger, outcome, actions, said, cpu_us, program } = row;
    let actions = actions.into_iter().map(|one| AgentAction {
        action: one.action,
        is_done: one.refused.is_none(),
        why: one.refused.unwrap_or_default(),
    });
    AgentRun { at, trigger, outcome, actions: actions.collect(), said, cpu_us, program }
}

fn notices(rows: &dyn Rows, web: Option<&str>) -> Result<Notices, Fault> {
    let web = web.map(|web| which_web(rows, Some(web))).transpose()?;
    let mut notices = Vec::new();
    for row in NOTICES.within_back(rows, &()) {
        let (_, row) = row?;
        if web.is_some_and(|web| web != row.web) {
            continue;
        }
        let label = people::read::web_label(rows, row.web)?;
        let agent = format!("{label}/{}", row.agent);
        notices.push(NoticeView { at: row.at, agent, title: row.title, text: row.text });
        if notices.len() >= NOTICES_TOLD_MAX {
            break;
        }
    }
    Ok(Notices { notices })
}

/// Says in words what an agent is run for.
pub(crate) fn trigger(event: &Value) -> String {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let words = match text("kind") {
        "schedule" => "its time has come".to_owned(),
        "files" => {
            let entries = event.get("entries").and_then(Value::as_u64).unwrap_or(0);
            let noun = if entries == 1 { "change" } else { "changes" };
            format!("{entries} {noun} in {}", text("share"))
        }
        "member-joined" => format!("{} joined", text("member")),
        "member-left" => format!("{} left", text("member")),
        "guard" => format!("the guard: {} is {}", text("name"), text("level")),
        other => other.to_owned(),
    };
    crate::document::shown(&words, 300)
}

/// Publishes that something about an agent changed.
pub(crate) fn tell_changed(step: &mut Step<'_>, key: &AgentKey) -> Result<(), StoreError> {
    let web = people::read::web_label(step.view(), key.0)?;
    step.emit("agents.changed", &json!({ "web": web, "agent": format!("{web}/{}", key.1) }));
    Ok(())
}

fn label(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<String, StoreError> {
    if people::read::my_person(rows)? == Some(person) {
        return Ok("you".to_owned());
    }
    people::read::label_of(rows, web, person)
}

/// Finds the agent that a person means by `name` or `web/name`.
pub(crate) fn named(rows: &dyn Rows, text: &str) -> Result<AgentKey, Fault> {
    let (web, name) = match text.split_once('/') {
        Some((web, name)) => (Some(which_web(rows, Some(web))?), name),
        None => (None, text),
    };
    let keys = standing::keys(rows)?;
    let mut found = keys.into_iter().filter(|key| *key.1 == *name && web.is_none_or(|web| web == key.0));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(AgentError::Ambiguous { name: text.to_owned() }.into()),
        (None, _) => Err(AgentError::NoSuchAgent { name: text.to_owned() }.into()),
    }
}

/// Returns the web that is meant: the only one if none is said.
pub(crate) fn which_web(rows: &dyn Rows, name: Option<&str>) -> Result<WebId, Fault> {
    if let Some(name) = name {
        let web = people::read::web_named(rows, name)?;
        return Ok(web.ok_or_else(|| AgentError::NoSuchWeb { web: name.to_owned() })?);
    }
    let webs = people::read::webs(rows)?;
    match webs.as_slice() {
        [only] => Ok(only.id),
        all => Err(AgentError::WhichWeb { count: all.len() }.into()),
    }
}

pub(crate) fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        AgentError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

pub(crate) fn unknown(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    AgentError::BadArguments { operation: operation.to_owned(), why }.into()
}

fn value<T: serde::Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("agents.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
