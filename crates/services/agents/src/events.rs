//! What agents are told: taken from the kernel's log of events and from who belongs to a web, and kept until they have run.
//!
//! Agents hear only of their own web and only what their capabilities say (spec agents, rules 6, 14 to 16). What agents do
//! themselves is no event for any agent: none can wake itself or another.

use std::time::Duration;

use base::{Fault, WebId};
use kernel::Step;
use serde_json::{Value, json};
use store::{Rows, StoreError};

use crate::capability::Capability;
use crate::document::EVENT_SIZE_MAX;
use crate::facts;
use crate::service::Agents;
use crate::standing::{self, Agent};
use crate::tables::{DOING, KNOWN, Name, SEEN, WAITING, WaitingRow};

/// Alarm: look at what happened.
pub(crate) const LOOK_ALARM: &str = "look";
/// Alarm: somebody is due by schedule, or may run again.
pub(crate) const DUE_ALARM: &str = "due";

/// What happens within this time is told together.
const LOOK_AFTER: Duration = Duration::from_secs(2);
/// Events looked at in one step at most.
const EVENTS_MAX: usize = 500;
/// Events that wait for one agent at most; the oldest go first, and the agent is told how many did.
pub(crate) const WAITING_MAX: usize = 16;
/// Files in one event at most.
const FILES_MAX: usize = 64;
/// Files of one event whose first bytes are told at most.
const HEADS_MAX: usize = 8;
/// Larger files are not read: a content is checked as a whole.
const READ_SIZE_MAX: u64 = 4 * 1024 * 1024;
/// So long it is waited for files to be read by their owners' computers before an agent is told of them.
const READ_WAIT: Duration = Duration::from_secs(30);
/// At least so often it is looked who is due: a clock that was set back does not stop agents for long.
const DUE_LOOK_MAX: Duration = Duration::from_mins(30);

impl Agents {
    /// Has events looked at soon, if there is anybody to tell.
    pub(crate) fn look_soon(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if !self.is_looking && self.has_agents(step.view())? {
            self.is_looking = true;
            step.alarm(LOOK_AFTER, LOOK_ALARM);
        }
        Ok(())
    }

    /// Looks at the events since the last look and keeps for each agent what it is to be told.
    pub(crate) fn look(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.is_looking = false;
        let kept = SEEN.get(step.view(), &())?;
        let seen = match kept.max(self.seen) {
            Some(seen) => seen,
            None => kernel::last_event(step.view())?,
        };
        let page = kernel::events_after(step.view(), seen, EVENTS_MAX)?;
        let agents = standing::working(step.view(), step.me())?;
        let mut has_told = false;
        for event in &page.events {
            for agent in &agents {
                if event.number <= agent.doing(step.view())?.from {
                    continue;
                }
                if let Some(told) = told_of(step.view(), agent, &event.kind, &event.about)? {
                    let is_running = self.running().any(|running| running.agent.key == agent.key);
                    queue(step, agent, &told, is_running)?;
                    has_told = true;
                }
            }
        }
        let last = page.events.last().map_or(page.last, |event| event.number);
        self.seen = Some(last);
        // Written with what was kept, so that nothing is told twice; else now and then.
        if has_told || kept.is_none_or(|kept| last.abs_diff(kept) > EVENTS_MAX as u64) {
            SEEN.put(step.rows(), &(), &last);
        }
        if last < page.last {
            self.is_looking = true;
            step.alarm(Duration::ZERO, LOOK_ALARM);
        }
        self.pump(step)
    }
}

/// Members of a web may have changed: keeps that for the agents that hear of it.
pub(crate) fn compare_members(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    let agents: Vec<Agent> = standing::working(step.view(), step.me())?
        .into_iter()
        .filter(|agent| agent.key.0 == web && agent.admission.may(Capability::Members))
        .collect();
    let known: Vec<_> = KNOWN.within(step.view(), &web).collect::<Result<_, _>>()?;
    if agents.is_empty() && known.is_empty() {
        return Ok(());
    }
    let is_first = known.is_empty();
    let mut events = Vec::new();
    let members = people::read::members(step.view(), web)?;
    for ((_, person), label) in &known {
        if !members.iter().any(|member| member.person == *person && member.role.is_some()) {
            KNOWN.delete(step.rows(), &(web, *person));
            events.push(json!({ "kind": "member-left", "member": label }));
        }
    }
    for member in members.iter().filter(|member| member.role.is_some()) {
        let key = (web, member.person);
        let before = KNOWN.get(step.view(), &key)?;
        if before.as_ref() != Some(&member.label) {
            KNOWN.put(step.rows(), &key, &member.label);
        }
        if before.is_none() && !is_first {
            events.push(json!({ "kind": "member-joined", "member": member.label }));
        }
    }
    for event in &events {
        for agent in &agents {
            queue(step, agent, event, true)?;
        }
    }
    Ok(())
}

/// Keeps the event of a schedule for whoever is due.
pub(crate) fn tell_due(step: &mut Step<'_>) -> Result<(), Fault> {
    let now = step.now();
    for agent in standing::working(step.view(), step.me())? {
        let Some(minutes) = agent.minutes() else { continue };
        let mut doing = agent.doing(step.view())?;
        let latest = now.after(Duration::from_secs(u64::from(minutes) * 60)).millis();
        // Later than a period from now it is due only by a clock that was set back.
        if doing.due.is_none_or(|due| due <= now.millis() || due > latest) {
            doing.due = Some(latest);
            DOING.put(step.rows(), &agent.key, &doing);
            queue(step, &agent, &json!({ "kind": "schedule" }), true)?;
        }
    }
    Ok(())
}

/// Has this computer look again when the next agent is due, or has rested enough.
pub(crate) fn wake_for_next(step: &mut Step<'_>) -> Result<(), Fault> {
    let now = step.now().millis();
    let mut next: Option<u64> = None;
    for agent in standing::working(step.view(), step.me())? {
        let doing = agent.doing(step.view())?;
        let due = agent.minutes().map(|_| doing.due.unwrap_or(now));
        let rested = Some(doing.rests_until).filter(|until| *until > now);
        next = [next, due, rested].into_iter().flatten().min();
    }
    if let Some(next) = next {
        let wait = Duration::from_millis(next.saturating_sub(now));
        step.alarm(wait.min(DUE_LOOK_MAX), DUE_ALARM);
    }
    Ok(())
}

/// Returns what an agent is told of an event; none when it is not for it.
fn told_of(rows: &dyn Rows, agent: &Agent, kind: &str, about: &Value) -> Result<Option<Value>, StoreError> {
    let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
    let web = agent.key.0;
    match kind {
        "files.changed" if text("web") == web.to_string() => {
            let share = text("share");
            let mut hears = false;
            for one in &agent.admission.capabilities {
                if let Capability::Changes(scope) = one {
                    hears |= scope.covers(rows, web, share)?;
                }
            }
            if !hears {
                return Ok(None);
            }
            let paths = about.get("paths").and_then(Value::as_array).into_iter().flatten();
            let paths: Vec<&str> = paths.filter_map(Value::as_str).take(FILES_MAX).collect();
            let files: Vec<Value> = paths.into_iter().map(|path| json!({ "path": path })).collect();
            let entries = about.get("entries").and_then(Value::as_u64).unwrap_or(files.len() as u64);
            Ok(Some(json!({ "kind": "files", "share": share, "entries": entries, "files": files })))
        }
        // What agents do is no event for any agent.
        "guard.changed" if agent.admission.may(Capability::Guard) && text("agent").is_empty() => {
            let label = people::read::web_label(rows, web)?;
            // What the guard finds by itself names no web; a content says whether it is of this one.
            let is_here = match text("web") {
                "" => match text("content").parse() {
                    Ok(content) => !files::look::showing(rows, web, content, 1)?.is_empty(),
                    Err(_) => false,
                },
                other => other == label,
            };
            let facts = json!({
                "kind": "guard", "name": text("name"), "level": text("level"), "meaning": text("meaning"),
            });
            Ok(Some(facts).filter(|_| is_here && !text("name").is_empty()))
        }
        _ => Ok(None),
    }
}

/// Keeps an event for an agent: with the one that waits last, if it is of the same kind and that one is not under way.
fn queue(
    step: &mut Step<'_>,
    agent: &Agent,
    event: &Value,
    may_be_under_way: bool,
) -> Result<(), StoreError> {
    let (key, admitted) = (&agent.key, agent.at.millis());
    let waiting: Vec<((WebId, Name, u64), WaitingRow)> =
        WAITING.within(step.view(), key).collect::<Result<_, _>>()?;
    let now = step.now();
    // The first may be under way: what was given to a program is not changed any more.
    for ((web, name, number), row) in waiting.iter().skip(usize::from(may_be_under_way)).rev() {
        let Ok(known) = serde_json::from_str::<Value>(&row.event) else { continue };
        if row.admitted == admitted
            && let Some(joined) = joined(known, event)
        {
            let row = WaitingRow { event: joined.to_string(), ..row.clone() };
            WAITING.put(step.rows(), &(*web, name.clone(), *number), &row);
            return Ok(());
        }
    }
    let text = within_limits(event.clone());
    if waiting.len() >= WAITING_MAX
        && let Some((oldest, _)) = waiting.get(1)
    {
        WAITING.delete(step.rows(), oldest);
        let mut doing = DOING.get(step.view(), key)?.unwrap_or_default();
        doing.missed = doing.missed.saturating_add(1);
        DOING.put(step.rows(), key, &doing);
    }
    let next = waiting.last().map_or(1, |((_, _, last), _)| last.saturating_add(1));
    WAITING.put(step.rows(), &(key.0, key.1.clone(), next), &WaitingRow { at: now, event: text, admitted });
    Ok(())
}

/// Writes an event, without the last of its files if all are too much: how many changed it says in any case.
fn within_limits(mut event: Value) -> String {
    loop {
        let text = event.to_string();
        let files = event.get_mut("files").and_then(Value::as_array_mut);
        if text.len() <= EVENT_SIZE_MAX || files.is_none_or(|files| files.pop().is_none()) {
            return text;
        }
    }
}

/// Joins two events that say the same of the same; none when they do not.
fn joined(mut known: Value, event: &Value) -> Option<Value> {
    let same = |name: &str| known.get(name) == event.get(name);
    if !same("kind") {
        return None;
    }
    if known.get("kind").and_then(Value::as_str) == Some("schedule") {
        return Some(known);
    }
    if !same("share") || known.get("kind").and_then(Value::as_str) != Some("files") {
        return None;
    }
    let entries = [&known, event].map(|one| one.get("entries").and_then(Value::as_u64).unwrap_or(0));
    let more: Vec<Value> = event.get("files").and_then(Value::as_array).cloned().unwrap_or_default();
    let files = known.get_mut("files")?.as_array_mut()?;
    for file in more {
        if files.len() < FILES_MAX && !files.contains(&file) {
            files.push(file);
        }
    }
    let sum = entries.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
    known.as_object_mut()?.insert("entries".to_owned(), sum.into());
    Some(known).filter(|joined| joined.to_string().len() <= EVENT_SIZE_MAX)
}

/// Completes an event with what is true now and the agent may know, just before it is told.
pub(crate) fn completed<R: Rows>(
    rows: &R,
    me: base::DeviceId,
    agent: &Agent,
    event: Value,
    now: base::Timestamp,
) -> Result<(Value, Vec<crate::jobs::Head>), StoreError> {
    match event.get("kind").and_then(Value::as_str) {
        Some("schedule") => Ok((facts::scheduled(rows, me, agent, now)?, Vec::new())),
        Some("files") => with_files(rows, agent, event),
        _ => Ok((event, Vec::new())),
    }
}

/// Says whether a file of an event is still being read by its owner's computer, so that telling it in a moment tells more.
pub(crate) fn is_early(
    rows: &dyn Rows,
    waiting: &WaitingRow,
    now: base::Timestamp,
) -> Result<bool, StoreError> {
    if now.since(waiting.at) >= READ_WAIT {
        return Ok(false);
    }
    let event: Value = serde_json::from_str(&waiting.event).unwrap_or(Value::Null);
    if event.get("kind").and_then(Value::as_str) != Some("files") {
        return Ok(false);
    }
    for file in event.get("files").and_then(Value::as_array).into_iter().flatten() {
        let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
        if files::look::size_at(rows, path)?.is_some() && files::look::file_at(rows, path)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says of each file whether it is there, its size and content, and which ones' first bytes the agent may have.
fn with_files<R: Rows>(
    rows: &R,
    agent: &Agent,
    mut event: Value,
) -> Result<(Value, Vec<crate::jobs::Head>), StoreError> {
    let web = agent.key.0;
    let share = event.get("share").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut reads = false;
    for one in &agent.admission.capabilities {
        if let Capability::Read(scope) = one {
            reads |= scope.covers(rows, web, &share)?;
        }
    }
    let mut heads = Vec::new();
    let files = event.get_mut("files").and_then(Value::as_array_mut);
    for (place, file) in files.into_iter().flatten().enumerate() {
        let path = file.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(file) = file.as_object_mut() else { continue };
        match files::look::size_at(rows, &path)? {
            Some(size) => file.insert("size".to_owned(), size.into()),
            None => file.insert("gone".to_owned(), true.into()),
        };
        // Not known while its owner's computer reads it.
        let found = files::look::file_at(rows, &path)?.filter(|found| found.web == web);
        let Some(found) = found else { continue };
        file.insert("content".to_owned(), found.content.to_string().into());
        if reads
            && heads.len() < HEADS_MAX
            && found.size <= READ_SIZE_MAX
            && let Some(source) = files::own_source(rows, found.content)?
            && let Ok(place) = u32::try_from(place)
        {
            heads.push(crate::jobs::Head { place, content: found.content, size: found.size, source });
        }
    }
    Ok((event, heads))
}
