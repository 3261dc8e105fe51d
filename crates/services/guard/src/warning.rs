//! Warning others, hearing them, and what is said against it (spec guard, rules 1 to 6 and 12 to 14).

use std::time::Duration;

use api::guard::{Release as ReleaseAsked, Warn};
use base::{ContentId, DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::{AskId, Step};
use store::{Rows, StoreError};

use crate::faults::GuardError;
use crate::gate::{Gate, gate};
use crate::jobs::Finding;
use crate::level::{self, Level};
use crate::log;
use crate::looking::{LANE_AWAITED, name_in, name_of};
use crate::reading::{self, Meant};
use crate::rules::{later, protects, writer};
use crate::statement::{Body, Evidence, NAME_SIZE_MAX, NOTE_SIZE_MAX, Release, Warning, is_note};
use crate::tables::{
    ALLOWED, LogRow, QUEUE, REFUTED, RELEASES, ReleaseRow, SEEN, SeenRow, WARNED_BY, WARNINGS, WarningRow,
    What,
};

/// Warnings of one person within an hour of its clock at most; further ones are dropped.
const WARNINGS_AN_HOUR: usize = 10;

/// Warnings of one person that are kept in a web at most; the oldest go.
const WARNINGS_KEPT: usize = 500;

/// Passes a finding on to a web, unless enough have done so.
pub(crate) fn pass_on(
    step: &mut Step<'_>,
    web: WebId,
    content: ContentId,
    (finding, name): (&Finding, &str),
) -> Result<(), Fault> {
    let now = step.now();
    let Some(me) = people::read::my_person(step.view())? else { return Ok(()) };
    let have_said = WARNINGS.has(step.view(), &(content, web, me))?;
    let is_known = level::is_said_enough(step.view(), web, content, now)?;
    let is_released = level::released(step.view(), web, content)?.is_some();
    if have_said || is_known || is_released || !people::read::writes(step.view(), web, me)? {
        return Ok(());
    }
    let evidence = Evidence::Rule {
        rule: finding.rule.clone(),
        set: finding.set,
        places: finding.places.iter().copied().take(crate::jobs::PLACES_MAX).collect(),
    };
    say(step, (web, me), content, (name, evidence))
}

fn say(
    step: &mut Step<'_>,
    (web, me): (WebId, PersonId),
    content: ContentId,
    (name, evidence): (&str, Evidence),
) -> Result<(), Fault> {
    let shown = name_in(step.view(), web, content)?;
    let known = last_said(step.view(), web, content)?;
    let (name, size) = shown.unwrap_or_else(|| (name.to_owned(), 0));
    let warning = Warning { content, size, name: spoken(&name), at: later(step.now(), known), evidence };
    records::publish(step, web, "guard", Body::Warn(warning.clone()).to_bytes())?;
    let device = step.me();
    take(step, (web, device, me), warning)
}

/// Returns the latest that anybody said for or against a content in a web, by whatever clock: what is said now is later.
fn last_said(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<Option<Timestamp>, StoreError> {
    let mut last = None;
    for row in WARNINGS.within(rows, &(content, web)) {
        last = last.max(Some(row?.1.at));
    }
    for row in RELEASES.within(rows, &(content, web)) {
        last = last.max(Some(row?.1.at));
    }
    Ok(last)
}

/// Returns a name as a record can have it.
fn spoken(name: &str) -> String {
    let mut spoken = String::new();
    for letter in name.chars().filter(|letter| !letter.is_control()) {
        if spoken.len().saturating_add(letter.len_utf8()) > NAME_SIZE_MAX {
            break;
        }
        spoken.push(letter);
    }
    if spoken.is_empty() { "?".to_owned() } else { spoken }
}

/// Takes a warning of another.
pub(crate) fn hear(
    step: &mut Step<'_>,
    (web, author, person): (WebId, DeviceId, PersonId),
    warning: Warning,
) -> Result<(), Fault> {
    if !is_within_limits(step, (web, person), &warning)? {
        tracing::warn!(author = %author.short(), "a warning was dropped: its author warns too often");
        return Ok(());
    }
    take(step, (web, author, person), warning)
}

/// Says whether a person has warned of few enough contents around the time of this warning.
fn is_within_limits(
    step: &mut Step<'_>,
    (web, person): (WebId, PersonId),
    warning: &Warning,
) -> Result<bool, StoreError> {
    let hour = Duration::from_hours(1);
    let all: Vec<_> = WARNED_BY.within(step.view(), &(web, person)).collect::<Result<_, _>>()?;
    let others = || all.iter().filter(|((.., content), _)| *content != warning.content);
    let near = others().filter(|(_, at)| at.since(warning.at).max(warning.at.since(*at)) < hour).count();
    if near >= WARNINGS_AN_HOUR {
        return Ok(false);
    }
    if others().count() >= WARNINGS_KEPT
        && let Some((key, _)) = others().min_by_key(|(_, at)| *at)
    {
        WARNED_BY.delete(step.rows(), key);
        WARNINGS.delete(step.rows(), &(key.2, web, person));
    }
    Ok(true)
}

fn take(
    step: &mut Step<'_>,
    (web, author, person): (WebId, DeviceId, PersonId),
    warning: Warning,
) -> Result<(), Fault> {
    let now = step.now();
    let key = (warning.content, web, person);
    if WARNINGS.get(step.view(), &key)?.is_some_and(|known| known.at >= warning.at) {
        return Ok(());
    }
    let before = level::in_web(step.view(), web, warning.content, now)?;
    let Warning { content, size, name, at, evidence } = warning;
    let row = WarningRow { device: author, size, name: name.clone(), at, heard: now, evidence };
    WARNINGS.put(step.rows(), &key, &row);
    WARNED_BY.put(step.rows(), &(web, person, content), &at);
    let entry = |what, person| LogRow {
        at: now,
        web: Some(web),
        content: Some(content),
        name: name.clone(),
        person,
        what,
        why: reading::reason(&row.evidence),
    };
    log::note(step, &entry(What::Warned, Some(person)))?;
    // Said before it was released, and heard after.
    blame(step, web, content)?;
    if before < Level::Held && level::in_web(step.view(), web, content, now)? >= Level::Held {
        log::note(step, &entry(What::Held, None))?;
    }
    look_into(step, content)?;
    reading::tell_changed(step, Some(web), Some(content))
}

/// What somebody warns of is looked at before anything else, if it is here.
fn look_into(step: &mut Step<'_>, content: ContentId) -> Result<(), Fault> {
    match SEEN.get(step.view(), &content)? {
        Some(seen) if seen.epoch >= crate::rules::epoch(step.view())? => {
            if seen.findings.is_empty() {
                refute(step, content, &seen)?;
            }
        }
        _ => QUEUE.put(step.rows(), &(LANE_AWAITED, content), &()),
    }
    Ok(())
}

/// Notes which warnings looking here contradicts.
pub(crate) fn refute(step: &mut Step<'_>, content: ContentId, seen: &SeenRow) -> Result<(), Fault> {
    let warnings: Vec<_> = WARNINGS.within(step.view(), &content).collect::<Result<_, _>>()?;
    for ((_, web, person), row) in warnings {
        let is_noted = REFUTED.has(step.view(), &(web, person, content))?;
        if !is_noted && level::is_refuted(step.view(), Some(seen), &row.evidence)? {
            let now = step.now();
            REFUTED.put(step.rows(), &(web, person, content), &now);
            let entry = LogRow {
                at: now,
                web: Some(web),
                content: Some(content),
                name: row.name,
                person: Some(person),
                what: What::Refuted,
                why: reading::reason(&row.evidence),
            };
            log::note(step, &entry)?;
        }
    }
    Ok(())
}

/// A person warns of a file by hand.
pub(crate) fn warn(step: &mut Step<'_>, ask: AskId, asked: &Warn) -> Result<(), Fault> {
    if !is_note(&asked.note) {
        return Err(GuardError::BadNote { limit: NOTE_SIZE_MAX }.into());
    }
    let meant = reading::meant(step.view(), &asked.file)?;
    let web = meant.web(step.view(), asked.web.as_deref())?;
    let Meant { content, name, .. } = meant;
    let me = writer(step.view(), web)?;
    say(step, (web, me), content, (&name, Evidence::Word { note: asked.note.clone() }))?;
    let shown = reading::suspect(step.view(), content, step.now())?;
    step.reply(ask, &shown);
    Ok(())
}

/// A content is no harm: for this person, or for the web.
pub(crate) fn release(step: &mut Step<'_>, ask: AskId, asked: &ReleaseAsked) -> Result<(), Fault> {
    if !is_note(&asked.note) {
        return Err(GuardError::BadNote { limit: NOTE_SIZE_MAX }.into());
    }
    let meant = reading::meant(step.view(), &asked.file)?;
    let (content, now) = (meant.content, step.now());
    if asked.no_longer {
        return take_back(step, ask, &meant);
    }
    // What could not be looked through is shut, too, though nobody speaks against it.
    if !matches!(gate(step.view(), content, now)?, Gate::Shut(_))
        && level::anywhere(step.view(), content, now)? == Level::Clear
    {
        return Err(GuardError::NotHeld { name: meant.name }.into());
    }
    if asked.for_web {
        let web = meant.web(step.view(), asked.web.as_deref())?;
        let me = writer(step.view(), web)?;
        let known = last_said(step.view(), web, content)?;
        let release = Release { content, at: later(now, known), note: asked.note.clone() };
        records::publish(step, web, "guard", Body::Release(release.clone()).to_bytes())?;
        hear_release(step, (web, me), release)?;
    } else {
        ALLOWED.put(step.rows(), &content, &now);
        let entry = LogRow {
            at: now,
            web: meant.web,
            content: Some(content),
            name: meant.name,
            person: people::read::my_person(step.view())?,
            what: What::Allowed,
            why: asked.note.clone(),
        };
        log::note(step, &entry)?;
        reading::tell_changed(step, meant.web, Some(content))?;
    }
    let shown = reading::suspect(step.view(), content, now)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Takes it back that a content may be opened on this computer.
fn take_back(step: &mut Step<'_>, ask: AskId, meant: &Meant) -> Result<(), Fault> {
    let content = meant.content;
    if !ALLOWED.has(step.view(), &content)? {
        return Err(GuardError::NotAllowed { name: meant.name.clone() }.into());
    }
    ALLOWED.delete(step.rows(), &content);
    let entry = LogRow {
        at: step.now(),
        web: meant.web,
        content: Some(content),
        name: meant.name.clone(),
        person: people::read::my_person(step.view())?,
        what: What::NoLongerAllowed,
        why: String::new(),
    };
    log::note(step, &entry)?;
    reading::tell_changed(step, meant.web, Some(content))?;
    let shown = reading::suspect(step.view(), content, step.now())?;
    step.reply(ask, &shown);
    Ok(())
}

/// Takes what a person says for a content.
pub(crate) fn hear_release(
    step: &mut Step<'_>,
    (web, person): (WebId, PersonId),
    release: Release,
) -> Result<(), Fault> {
    let key = (release.content, web, person);
    if RELEASES.get(step.view(), &key)?.is_some_and(|known| known.at >= release.at) {
        return Ok(());
    }
    // What nobody speaks against needs no release: a stranger's list of ids is not kept.
    if !level::is_spoken_of(step.view(), release.content)? && !protects(step.view(), web, person)? {
        return Ok(());
    }
    let heard = step.now();
    let row = ReleaseRow { at: release.at, heard, note: release.note.clone() };
    RELEASES.put(step.rows(), &key, &row);
    let is_release = protects(step.view(), web, person)?;
    if is_release {
        blame(step, web, release.content)?;
        crate::looking::pass_on_all(step)?;
    }
    let entry = LogRow {
        at: heard,
        web: Some(web),
        content: Some(release.content),
        name: name_of(step.view(), release.content)?.unwrap_or_default(),
        person: Some(person),
        what: if is_release { What::Released } else { What::Appealed },
        why: release.note,
    };
    log::note(step, &entry)?;
    reading::tell_changed(step, Some(web), Some(release.content))
}

/// Whoever warned by word of what was released then counts for less for a month; a rule that was met was met.
fn blame(step: &mut Step<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
    let released = level::released(step.view(), web, content)?;
    let warnings: Vec<_> = WARNINGS.within(step.view(), &(content, web)).collect::<Result<_, _>>()?;
    let seen = SEEN.get(step.view(), &content)?;
    for ((_, _, person), row) in warnings {
        let was_met = match &row.evidence {
            Evidence::Rule { rule, set, .. } => seen.as_ref().is_some_and(|seen| {
                seen.findings.iter().any(|finding| finding.rule == *rule && finding.set == *set)
            }),
            Evidence::Word { .. } => false,
        };
        let key = (web, person, content);
        let is_noted = REFUTED.get(step.view(), &key)?.is_some_and(|at| at >= row.heard);
        if level::is_over(released, &row) && !was_met && !is_noted {
            let now = step.now();
            REFUTED.put(step.rows(), &key, &now);
        }
    }
    Ok(())
}
