//! Answers about what is held and warned of, from committed rows.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use api::Operation;
use api::guard::{
    AgentWord, AskGuard, AskGuardLog, AskOdds, AskRules, AskSuspect, AskSuspects, ComputerHealth,
    FindingView, GuardEntry, GuardLog, GuardView, GuardedWeb, LevelWord, Officers, ReleaseView, RuleSet,
    RuleSets, StoppedView, Suspect, Suspects, Switch, WarningView,
};
use base::{ByteCount, ContentId, Fault, FaultKind, PersonId, Timestamp, WebId};
use kernel::{ReadContext, Reader, Step};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Rows, StoreError};

use crate::agents::{self, Act};
use crate::faults::GuardError;
use crate::gate::is_off;
use crate::jobs::Severity;
use crate::level::{self, Level};
use crate::looking::{name_in, name_of};
use crate::rules::{self, protects};
use crate::statement::Evidence;
use crate::tables::{
    ALLOWED, BUILT_IN, FOUND, HEALTH, LOG, LogRow, NUMBER_IS_BLIND, NUMBER_SEEN, NUMBERS, QUEUE, READY,
    RELEASES, RULES, RulesRow, SAID, SEEN, SeenRow, WARNINGS, What,
};

/// Entries of the log told at most.
const LOG_MAX: usize = 1_000;
/// Suspects told at most.
const SUSPECTS_MAX: usize = 1_000;
/// Places of one suspect told at most.
const PATHS_MAX: usize = 32;

/// Answers read operations.
#[derive(Debug)]
pub(crate) struct GuardReader;

impl Reader for GuardReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let (rows, now) = (context.rows, context.now);
        match operation {
            AskGuard::NAME => {
                let asked: AskGuard = arguments_of(operation, arguments)?;
                value(&status(rows, asked.web.as_deref(), now)?)
            }
            AskSuspects::NAME => value(&list(rows, &arguments_of(operation, arguments)?, now)?),
            AskSuspect::NAME => {
                let asked: AskSuspect = arguments_of(operation, arguments)?;
                value(&suspect(rows, meant(rows, &asked.file)?.content, now)?)
            }
            AskGuardLog::NAME => {
                let asked: AskGuardLog = arguments_of(operation, arguments)?;
                let file = asked.file.map(|file| meant(rows, &file)).transpose()?;
                value(&log(rows, file.map(|file| file.content))?)
            }
            AskOdds::NAME => {
                let asked: AskOdds = arguments_of(operation, arguments)?;
                let web = asked.web.as_deref().map(|web| which_web(rows, Some(web))).transpose()?;
                value(&crate::odd::list(rows, context.me, web, now)?)
            }
            AskRules::NAME => {
                let asked: AskRules = arguments_of(operation, arguments)?;
                value(&sets(rows, asked.web.as_deref())?)
            }
            _ => Err(unknown(operation)),
        }
    }
}

/// A content that a person means.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    pub(crate) content: ContentId,
    /// The web of the path; none when the content was named by its id.
    pub(crate) web: Option<WebId>,
    pub(crate) name: String,
}

impl Meant {
    /// Returns the web that is meant: the one named, else that of the path, else the only one.
    pub(crate) fn web(&self, rows: &dyn Rows, named: Option<&str>) -> Result<WebId, Fault> {
        match (named, self.web) {
            (None, Some(web)) => Ok(web),
            (named, _) => which_web(rows, named),
        }
    }
}

/// Finds what is meant by a path of the tree or a content id.
pub(crate) fn meant(rows: &dyn Rows, file: &str) -> Result<Meant, Fault> {
    if let Ok(content) = file.parse::<ContentId>() {
        return Ok(Meant { content, web: None, name: known_name(rows, content)? });
    }
    let found = files::look::file_at(rows, file)?;
    let found = found.ok_or_else(|| GuardError::NoSuchFile { path: file.to_owned() })?;
    let name = file.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Meant { content: found.content, web: Some(found.web), name })
}

/// Returns the name a content goes by here, or by which others warn of it.
fn known_name(rows: &dyn Rows, content: ContentId) -> Result<String, StoreError> {
    if let Some(name) = name_of(rows, content)? {
        return Ok(name);
    }
    if let Some((_, row)) = WARNINGS.within(rows, &content).next().transpose()? {
        return Ok(row.name);
    }
    Ok(agents::any_word(rows, content)?.map_or_else(|| content.short(), |said| said.name))
}

/// Returns the contents at and below a path that are on this computer, and how many are not.
pub(crate) fn contents_below(rows: &dyn Rows, path: &str) -> Result<(Vec<ContentId>, u64), Fault> {
    let all = match path.parse::<ContentId>() {
        Ok(content) => vec![content],
        Err(_) => files::look::contents_below(rows, path, crate::checking::CONTENTS_MAX.saturating_add(1))?,
    };
    if all.len() > crate::checking::CONTENTS_MAX {
        let limit = crate::checking::CONTENTS_MAX;
        return Err(GuardError::TooMany { path: path.to_owned(), limit }.into());
    }
    let (mut here, mut elsewhere) = (Vec::new(), 0);
    for content in all {
        match is_here(rows, content)? {
            true => here.push(content),
            false => elsewhere += 1,
        }
    }
    Ok((here, elsewhere))
}

fn is_here(rows: &dyn Rows, content: ContentId) -> Result<bool, StoreError> {
    Ok(files::own_source(rows, content)?.is_some())
}

/// Says why somebody warns, in words.
pub(crate) fn reason(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Rule { rule, .. } => format!("rule {rule}"),
        Evidence::Word { note } if note.is_empty() => "says so".to_owned(),
        Evidence::Word { note } => note.clone(),
    }
}

/// Shows how well this computer and its webs are protected.
pub(crate) fn status(rows: &dyn Rows, web: Option<&str>, now: Timestamp) -> Result<GuardView, Fault> {
    let wanted = web.map(|web| which_web(rows, Some(web))).transpose()?;
    let number = |key| Ok::<_, StoreError>(NUMBERS.get(rows, &key)?.unwrap_or(0));
    let is_blind = number(NUMBER_IS_BLIND)? == 1;
    let (mut held, mut warned) = (0_u64, 0_u64);
    for content in spoken_of(rows)? {
        match level::anywhere(rows, content, now)? {
            Level::Held | Level::Quarantined => held += 1,
            Level::Warned => warned += 1,
            Level::Clear => {}
        }
    }
    let mut webs = Vec::new();
    for web in people::read::webs(rows)? {
        if wanted.is_none_or(|wanted| wanted == web.id) {
            webs.push(guarded(rows, web.id)?);
        }
    }
    let stopped = files::look::stopped(rows)?;
    Ok(GuardView {
        stopped: stopped.into_iter().map(|(path, why)| StoppedView { path, why }).collect(),
        state: if is_off(rows)? { Switch::Off } else { Switch::On },
        trouble: if is_blind {
            "the scanner did not work; it is tried again".to_owned()
        } else {
            String::new()
        },
        waiting: u64::try_from(QUEUE.all(rows).count()).unwrap_or(u64::MAX),
        seen: number(NUMBER_SEEN)?,
        held,
        warned,
        rules: u64::from(crate::health::in_force(rows)?),
        webs,
    })
}

/// Returns all contents that anything was ever said or found against.
pub(crate) fn spoken_of(rows: &dyn Rows) -> Result<BTreeSet<ContentId>, StoreError> {
    let mut contents = BTreeSet::new();
    for row in FOUND.all(rows) {
        contents.insert(row?.0);
    }
    for row in WARNINGS.all(rows) {
        contents.insert(row?.0.0);
    }
    for row in SAID.all(rows) {
        contents.insert(row?.0.0);
    }
    Ok(contents)
}

fn guarded(rows: &dyn Rows, web: WebId) -> Result<GuardedWeb, Fault> {
    let me = people::read::my_person(rows)?;
    let mut computers = Vec::new();
    for row in HEALTH.within(rows, &web) {
        let ((_, device), health) = row?;
        let Some(person) = people::read::person_of(rows, web, device)? else { continue };
        if !people::read::is_member(rows, web, device)? {
            continue;
        }
        computers.push(ComputerHealth {
            person: label(rows, web, person)?,
            device: device.short(),
            is_guarded: health.is_guarded,
            rules: u64::from(health.sets),
            seen: health.seen,
            held: u64::from(health.held),
            at: health.at,
        });
    }
    computers.sort_by(|a, b| (&a.person, &a.device).cmp(&(&b.person, &b.device)));
    let is_officer = match me {
        Some(me) => protects(rows, web, me)?,
        None => false,
    };
    Ok(GuardedWeb {
        web: people::read::web_label(rows, web)?,
        persons_needed: u64::try_from(level::persons_needed(rows, web)?).unwrap_or(u64::MAX),
        officers: officers(rows, web)?.officers,
        is_officer,
        computers,
    })
}

/// Lists who protects a web.
pub(crate) fn officers(rows: &dyn Rows, web: WebId) -> Result<Officers, Fault> {
    let mut officers = Vec::new();
    for member in people::read::members(rows, web)? {
        if protects(rows, web, member.person)? {
            officers.push(label(rows, web, member.person)?);
        }
    }
    Ok(Officers { web: people::read::web_label(rows, web)?, names: officers.join(", "), officers })
}

fn list(rows: &dyn Rows, asked: &AskSuspects, now: Timestamp) -> Result<Suspects, Fault> {
    let web = asked.web.as_deref().map(|web| which_web(rows, Some(web))).transpose()?;
    let mut suspects = Vec::new();
    for content in spoken_of(rows)? {
        if let Some(web) = web
            && !level::concerns(rows, web, content)?
        {
            continue;
        }
        let shown = suspect(rows, content, now)?;
        if asked.all || shown.level >= LevelWord::Warned {
            suspects.push(shown);
        }
    }
    suspects
        .sort_by_key(|shown| (std::cmp::Reverse(shown.level), std::cmp::Reverse(shown.since), shown.content));
    suspects.truncate(SUSPECTS_MAX);
    Ok(Suspects { suspects })
}

/// Shows what speaks against a content.
pub(crate) fn suspect(rows: &dyn Rows, content: ContentId, now: Timestamp) -> Result<Suspect, Fault> {
    let seen = SEEN.get(rows, &content)?;
    let warnings = warnings(rows, content, now)?;
    let releases = releases(rows, content)?;
    let agents = agent_words(rows, content)?;
    let findings = match &seen {
        Some(seen) => findings(rows, seen)?,
        None => Vec::new(),
    };
    let level = level_word(rows, content, (&findings, &releases), now)?;
    let size = size_of(rows, content)?;
    let mut paths = Vec::new();
    let said = warnings.iter().map(|warning| warning.heard).chain(agents.iter().map(|word| word.at));
    let since = said.chain(seen.as_ref().map(|seen| seen.at)).min();
    let mut needed = 0;
    for web in people::read::webs(rows)? {
        if level::concerns(rows, web.id, content)? {
            needed = needed.max(level::persons_needed(rows, web.id)?);
        }
        paths.extend(paths_in(rows, web.id, content)?);
    }
    paths.truncate(PATHS_MAX);
    let counting: BTreeSet<&str> =
        warnings.iter().filter(|warning| warning.counts).map(|warning| warning.by.as_str()).collect();
    Ok(Suspect {
        name: known_name(rows, content)?,
        level,
        meaning: meaning(level, (&findings, &agents), counting.len(), needed),
        web_note: match counting.len() {
            0 => String::new(),
            count => format!("{count} of {needed} persons warn of it: with {needed} it is held everywhere."),
        },
        findings,
        warnings,
        agents,
        releases,
        paths,
        is_here: is_here(rows, content)?,
        looked: seen.as_ref().map(|seen| seen.at),
        unseen: seen.map(|seen| seen.unseen).unwrap_or_default(),
        persons_needed: u64::try_from(needed).unwrap_or(u64::MAX),
        size: ByteCount(size),
        since: since.unwrap_or(now),
        content,
    })
}

fn level_word(
    rows: &dyn Rows,
    content: ContentId,
    (findings, releases): (&[FindingView], &[ReleaseView]),
    now: Timestamp,
) -> Result<LevelWord, StoreError> {
    if ALLOWED.has(rows, &content)? {
        return Ok(LevelWord::Allowed);
    }
    Ok(match level::anywhere(rows, content, now)? {
        Level::Quarantined => LevelWord::Quarantined,
        Level::Held => LevelWord::Held,
        Level::Warned => LevelWord::Warned,
        Level::Clear if SEEN.get(rows, &content)?.is_some_and(|seen| seen.is_blank) => LevelWord::Warned,
        Level::Clear if releases.iter().any(|release| release.counts) => LevelWord::Released,
        Level::Clear if findings.iter().any(|finding| finding.is_harmful) => LevelWord::Observed,
        Level::Clear => LevelWord::Clear,
    })
}

fn meaning(
    level: LevelWord,
    (findings, agents): (&[FindingView], &[AgentWord]),
    warning: usize,
    needed: usize,
) -> String {
    let is_hold = level == LevelWord::Held;
    let agent = agents.iter().find(|word| word.counts && word.is_hold == is_hold);
    let rule = findings.iter().find(|finding| finding.is_in_force).map(|finding| finding.rule.clone());
    match level {
        LevelWord::Clear => "nothing speaks against it".to_owned(),
        LevelWord::Allowed => "you open it all the same, on this computer".to_owned(),
        LevelWord::Released => "whoever protects the web says that it is no harm".to_owned(),
        LevelWord::Observed => "a rule that only observes was met; nothing is held".to_owned(),
        LevelWord::Held
            if let Some(word) = agent
                && warning < needed =>
        {
            format!("the agent {} holds it here: {}", word.agent, word.why)
        }
        LevelWord::Warned
            if let Some(word) = agent
                && warning == 0 =>
        {
            format!("the agent {} warns of it here: {}", word.agent, word.why)
        }
        LevelWord::Warned if warning == 0 => "it could not be looked through: opening asks first".to_owned(),
        LevelWord::Warned => format!("{warning} of {needed} persons warn of it: opening asks first"),
        LevelWord::Held => format!("{warning} persons warn of it: it is not opened, given or put on disk"),
        LevelWord::Quarantined => {
            format!("rule {} was met here: it is not opened, given or put on disk", rule.unwrap_or_default())
        }
    }
}

/// Says in words why the person of this peer is not given a content.
pub(crate) fn why_shut(rows: &dyn Rows, content: ContentId, now: Timestamp) -> Result<String, Fault> {
    Ok(suspect(rows, content, now)?.meaning)
}

fn size_of(rows: &dyn Rows, content: ContentId) -> Result<u64, StoreError> {
    for web in people::read::webs(rows)? {
        if let Some((_, size)) = name_in(rows, web.id, content)? {
            return Ok(size);
        }
    }
    if let Some((_, row)) = WARNINGS.within(rows, &content).next().transpose()? {
        return Ok(row.size);
    }
    Ok(agents::any_word(rows, content)?.map_or(0, |said| said.size))
}

fn paths_in(rows: &dyn Rows, web: WebId, content: ContentId) -> Result<Vec<String>, StoreError> {
    let above = people::read::web_label(rows, web)?;
    let mut paths = Vec::new();
    for showing in files::look::showing(rows, web, content, PATHS_MAX)? {
        if let Some(place) = files::look::place(rows, showing.number, showing.file)? {
            let person = people::read::label_of(rows, web, place.person)?;
            let path = format!("{above}/{person}/{}", place.path);
            match showing.past {
                None => paths.insert(0, path),
                Some(number) => paths.push(format!("{path} (revision {number})")),
            }
        }
    }
    Ok(paths)
}

fn findings(rows: &dyn Rows, seen: &SeenRow) -> Result<Vec<FindingView>, Fault> {
    let mut views = Vec::new();
    for finding in &seen.findings {
        views.push(FindingView {
            rule: finding.rule.clone(),
            set: set_name(rows, finding.set)?,
            is_in_force: level::counts(rows, finding)?,
            is_harmful: finding.severity == Severity::Harmful,
            inside: finding.inside.clone().unwrap_or_default(),
            offsets: finding.places.iter().map(|place| place.offset).collect(),
        });
    }
    Ok(views)
}

fn set_name(rows: &dyn Rows, set: ContentId) -> Result<String, StoreError> {
    if BUILT_IN.get(rows, &())? == Some(set) {
        return Ok("built in".to_owned());
    }
    for web in people::read::webs(rows)? {
        if let Some(row) = RULES.within(rows, &(web.id, set)).next() {
            return Ok(row?.1.name);
        }
    }
    Ok(if set == rules::clamd_set() { "clamd".to_owned() } else { set.short() })
}

fn warnings(rows: &dyn Rows, content: ContentId, now: Timestamp) -> Result<Vec<WarningView>, Fault> {
    let mut counting: BTreeMap<WebId, BTreeSet<PersonId>> = BTreeMap::new();
    let mut views = Vec::new();
    for row in WARNINGS.within(rows, &content) {
        let ((_, web, person), row) = row?;
        if let Entry::Vacant(vacant) = counting.entry(web) {
            let those = level::warnings(rows, web, content, now)?;
            vacant.insert(those.into_iter().map(|(person, _)| person).collect());
        }
        views.push(WarningView {
            by: label(rows, web, person)?,
            web: people::read::web_label(rows, web)?,
            why: reason(&row.evidence),
            counts: counting.get(&web).is_some_and(|those| those.contains(&person)),
            heard: row.heard,
        });
    }
    views.sort_by_key(|view| view.heard);
    Ok(views)
}

fn agent_words(rows: &dyn Rows, content: ContentId) -> Result<Vec<AgentWord>, Fault> {
    let mut words = Vec::new();
    for row in SAID.within(rows, &content) {
        let ((_, web), said) = row?;
        let counting = agents::counting(rows, web, content)?;
        let label = people::read::web_label(rows, web)?;
        words.extend(said.into_iter().map(|row| AgentWord {
            counts: counting.contains(&row),
            agent: format!("{label}/{}", row.agent),
            is_hold: row.act == Act::Hold,
            why: row.why,
            at: row.at,
        }));
    }
    words.sort_by_key(|word| word.at);
    Ok(words)
}

fn releases(rows: &dyn Rows, content: ContentId) -> Result<Vec<ReleaseView>, Fault> {
    let mut views = Vec::new();
    for row in RELEASES.within(rows, &content) {
        let ((_, web, person), row) = row?;
        views.push(ReleaseView {
            by: label(rows, web, person)?,
            web: people::read::web_label(rows, web)?,
            counts: protects(rows, web, person)?,
            note: row.note,
            heard: row.heard,
        });
    }
    Ok(views)
}

fn log(rows: &dyn Rows, content: Option<ContentId>) -> Result<GuardLog, Fault> {
    let mut entries = Vec::new();
    for row in LOG.within_back(rows, &()) {
        let (_, row) = row?;
        if content.is_none() || content == row.content {
            entries.push(entry(rows, row)?);
        }
        if entries.len() >= LOG_MAX {
            break;
        }
    }
    Ok(GuardLog { entries })
}

fn entry(rows: &dyn Rows, row: LogRow) -> Result<GuardEntry, Fault> {
    let who = match (row.web, row.person) {
        (Some(web), Some(person)) => label(rows, web, person)?,
        (None, Some(_)) => "you".to_owned(),
        _ => String::new(),
    };
    Ok(GuardEntry {
        at: row.at,
        what: said(row.what).to_owned(),
        name: row.name,
        who,
        why: row.why,
        web: row.web.map(|web| people::read::web_label(rows, web)).transpose()?.unwrap_or_default(),
        content: row.content,
    })
}

fn said(what: What) -> &'static str {
    match what {
        What::Found => "found here, quarantined",
        What::Observed => "a rule that only observes was met",
        What::Warned => "warned of",
        What::Held => "held: enough persons warn",
        What::Refuted => "looked into here, nothing found",
        What::Released => "released for the web",
        What::Appealed => "asked to be released",
        What::Allowed => "allowed on this computer",
        What::NoLongerAllowed => "not allowed on this computer any more",
        What::RulesIn => "rules came into force",
        What::RulesOut => "rules are no longer in force",
        What::Officer => "protects the web now",
        What::NoOfficer => "protects the web no longer",
        What::Misbehaved => "misbehaved",
        What::Trespassed => "somebody who is not let in tried the page of this computer",
        What::Scanned => "a stranger looks for computers of the web",
        What::AgentWarned => "an agent warned of it on this computer",
        What::AgentHeld => "an agent held it on this computer",
        What::On => "the guard was switched on",
        What::Off => "the guard was switched off",
    }
}

fn sets(rows: &dyn Rows, web: Option<&str>) -> Result<RuleSets, Fault> {
    let web = web.map(|web| which_web(rows, Some(web))).transpose()?;
    let mut sets = Vec::new();
    if let Some(content) = BUILT_IN.get(rows, &())? {
        sets.push(RuleSet {
            name: "built in".to_owned(),
            state: "in force, on every computer".to_owned(),
            is_in_force: true,
            rules: 0,
            licences: Vec::new(),
            by: String::new(),
            web: String::new(),
            size: ByteCount(0),
            content,
        });
    }
    for row in RULES.all(rows) {
        let (key, row) = row?;
        if row.is_offered && web.is_none_or(|web| web == key.0) {
            sets.push(set(rows, key)?);
        }
    }
    sets.sort_by_key(|set| (!set.is_in_force, set.web.clone(), set.name.clone()));
    Ok(RuleSets { sets })
}

/// Shows one set of rules.
pub(crate) fn set(rows: &dyn Rows, key: (WebId, ContentId, PersonId)) -> Result<RuleSet, Fault> {
    let (web, content, person) = key;
    let missing = || GuardError::NoSuchRules { rules: content.short() };
    let row = RULES.get(rows, &key)?.ok_or_else(missing)?;
    let ready = READY.get(rows, &content)?;
    let does_protect = protects(rows, web, person)?;
    let fault = ready.as_ref().map(|ready| ready.fault.clone()).unwrap_or_default();
    let state = state_of(&row, ready.is_some(), &fault, does_protect);
    let ready = ready.filter(|ready| ready.fault.is_empty());
    Ok(RuleSet {
        state,
        is_in_force: row.is_offered && does_protect && ready.is_some(),
        name: row.name,
        rules: ready.as_ref().map_or(0, |ready| u64::from(ready.rules)),
        licences: ready.map(|ready| ready.licences).unwrap_or_default(),
        by: label(rows, web, person)?,
        web: people::read::web_label(rows, web)?,
        size: ByteCount(row.size),
        content,
    })
}

fn state_of(row: &RulesRow, is_ready: bool, fault: &str, does_protect: bool) -> String {
    match (row.is_offered, fault.is_empty(), is_ready, does_protect) {
        (false, ..) => "taken back".to_owned(),
        (true, false, ..) => format!("not usable: {fault}"),
        (true, true, false, _) => "on its way here".to_owned(),
        (true, true, true, true) => "in force".to_owned(),
        (true, true, true, false) => "observing: whoever offers it does not protect the web".to_owned(),
    }
}

/// Publishes that something changed.
pub(crate) fn tell_changed(
    step: &mut Step<'_>,
    web: Option<WebId>,
    content: Option<ContentId>,
) -> Result<(), Fault> {
    tell_changed_by(step, (web, content), "")
}

/// The same for what an agent brought about: agents do not hear of it.
pub(crate) fn tell_changed_by(
    step: &mut Step<'_>,
    (web, content): (Option<WebId>, Option<ContentId>),
    agent: &str,
) -> Result<(), Fault> {
    let label = web.map(|web| people::read::web_label(step.view(), web)).transpose()?;
    let shown = content.map(|content| suspect(step.view(), content, step.now())).transpose()?;
    let facts = serde_json::json!({
        "web": label.unwrap_or_default(),
        "content": content,
        "agent": agent,
        "name": shown.as_ref().map(|shown| shown.name.clone()).unwrap_or_default(),
        "level": shown.as_ref().map(|shown| shown.level),
        "meaning": shown.map(|shown| shown.meaning).unwrap_or_default(),
    });
    step.emit("guard.changed", &facts);
    Ok(())
}

pub(crate) fn label(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<String, StoreError> {
    if people::read::my_person(rows)? == Some(person) {
        return Ok("you".to_owned());
    }
    people::read::label_of(rows, web, person)
}

/// Returns the web that is meant: the only one if none is said.
pub(crate) fn which_web(rows: &dyn Rows, name: Option<&str>) -> Result<WebId, Fault> {
    if let Some(name) = name {
        let web = people::read::web_named(rows, name)?;
        return Ok(web.ok_or_else(|| GuardError::NoSuchWeb { web: name.to_owned() })?);
    }
    let webs = people::read::webs(rows)?;
    match webs.as_slice() {
        [only] => Ok(only.id),
        all => Err(GuardError::WhichWeb { count: all.len() }.into()),
    }
}

pub(crate) fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        GuardError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

pub(crate) fn unknown(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    GuardError::BadArguments { operation: operation.to_owned(), why }.into()
}

fn value<T: serde::Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("guard.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
