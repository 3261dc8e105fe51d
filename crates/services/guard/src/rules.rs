//! Sets of rules, and who may bring them into force (spec guard, rules 15 to 20).

use std::collections::BTreeSet;
use std::time::Duration;

use api::guard::{AddRules, DropRules, SetOfficer};
use base::{ContentId, DeviceId, Fault, PersonId, Timestamp, WebId};
use files::lending::{self, Wanted};
use kernel::{AskId, Step};
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::faults::GuardError;
use crate::jobs::{COMPILE, Compile, Compiled, RULES_SIZE_MAX, SETS_MAX, from_bytes, to_bytes};
use crate::log;
use crate::reading::{self, which_web};
use crate::service::{Guard, Purpose};
use crate::statement::{Body, Officer, Rules, is_name};
use crate::tables::{
    BUILT_IN, LogRow, NUMBER_EPOCH, NUMBERS, OFFICERS, OfficerRow, READY, RULES, ReadyRow, RulesRow, What,
};

/// Sets of one person that are listened to in a web at most.
const SETS_OF_ONE_MAX: usize = 8;

/// The same, those taken back among them.
const SETS_KEPT_MAX: usize = 64;

/// After the compiler could not be had.
const AGAIN: Duration = Duration::from_secs(30);

/// Alarm: look again which sets are to be compiled.
pub(crate) const COMPILE_ALARM: &str = "compile";

/// The id under which the scanner tells what a second program found.
pub(crate) fn clamd_set() -> ContentId {
    ContentId::new(*blake3::hash(b"clamd").as_bytes())
}

/// Says whether a person protects a web: its owners and admins do, and whom one of them has made an officer and none of them
/// has unmade since.
pub(crate) fn protects(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<bool, StoreError> {
    match people::read::role_of(rows, web, person)? {
        Some(role) if role >= Role::Admin => return Ok(true),
        Some(role) if role >= Role::Member => {}
        _ => return Ok(false),
    }
    let mut last: Option<OfficerRow> = None;
    for row in OFFICERS.within(rows, &(web, person)) {
        let ((_, _, by), said) = row?;
        let is_admin = people::read::role_of(rows, web, by)?.is_some_and(|role| role >= Role::Admin);
        // Of two said at once the one that takes away counts.
        let is_later = last.is_none_or(|last| (said.at, !said.is_officer) > (last.at, !last.is_officer));
        if is_admin && is_later {
            last = Some(said);
        }
    }
    Ok(last.is_some_and(|last| last.is_officer))
}

/// Says whether a set holds things back here: the scanner's own do, and those that whoever protects a web of this peer
/// offers now.
pub(crate) fn is_in_force(rows: &dyn Rows, set: ContentId) -> Result<bool, StoreError> {
    Ok(set == clamd_set() || can_refute(rows, set)?)
}

/// Says whether looking here tells for sure that a rule of a set is not met: the set is in force, and the same everywhere.
/// What a second program knows differs from computer to computer.
pub(crate) fn can_refute(rows: &dyn Rows, set: ContentId) -> Result<bool, StoreError> {
    if BUILT_IN.get(rows, &())? == Some(set) {
        return Ok(true);
    }
    for web in people::read::webs(rows)? {
        for row in RULES.within(rows, &(web.id, set)) {
            let ((_, _, person), offered) = row?;
            if offered.is_offered && protects(rows, web.id, person)? {
                return Ok(READY.get(rows, &set)?.is_some_and(|ready| ready.fault.is_empty()));
            }
        }
    }
    Ok(false)
}

/// Returns the epoch of the sets that are ready: it grows when they change.
pub(crate) fn epoch(rows: &dyn Rows) -> Result<u64, StoreError> {
    Ok(NUMBERS.get(rows, &NUMBER_EPOCH)?.unwrap_or(0))
}

/// Returns the sets to look with: those in force first.
pub(crate) fn to_look_with(rows: &dyn Rows) -> Result<Vec<ContentId>, StoreError> {
    let (mut in_force, mut observing) = (Vec::new(), Vec::new());
    for row in READY.all(rows) {
        let (set, ready) = row?;
        if !ready.fault.is_empty() || !is_wanted(rows, set)? {
            continue;
        }
        match is_in_force(rows, set)? {
            true => in_force.push(set),
            false => observing.push(set),
        }
    }
    in_force.extend(observing);
    in_force.truncate(SETS_MAX);
    Ok(in_force)
}

/// Says whether anybody who writes in a web offers a set.
fn is_wanted(rows: &dyn Rows, set: ContentId) -> Result<bool, StoreError> {
    for web in people::read::webs(rows)? {
        for row in RULES.within(rows, &(web.id, set)) {
            let ((_, _, person), offered) = row?;
            if offered.is_offered && people::read::writes(rows, web.id, person)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Takes what a person says of a set.
pub(crate) fn hear(
    step: &mut Step<'_>,
    (web, author, person): (WebId, DeviceId, PersonId),
    rules: Rules,
) -> Result<(), Fault> {
    let key = (web, rules.set, person);
    let at = rules.at.min(step.now());
    match RULES.get(step.view(), &key)? {
        Some(known) if known.at >= at => return Ok(()),
        None => {
            let (all, offered) = sets_of(step.view(), web, person)?;
            if offered >= SETS_OF_ONE_MAX || all >= SETS_KEPT_MAX {
                return Ok(());
            }
        }
        _ => {}
    }
    let row = RulesRow {
        device: author,
        size: rules.size,
        name: rules.name.clone(),
        at,
        is_offered: rules.is_offered,
    };
    RULES.put(step.rows(), &key, &row);
    let is_in = rules.is_offered && protects(step.view(), web, person)?;
    let what = if is_in { What::RulesIn } else { What::RulesOut };
    let entry = LogRow {
        at: step.now(),
        web: Some(web),
        content: Some(rules.set),
        name: rules.name,
        person: Some(person),
        what,
        why: String::new(),
    };
    if is_in || !rules.is_offered {
        log::note(step, &entry)?;
    }
    turn_epoch(step)?;
    bring(step, web, rules.set, &row);
    reading::tell_changed(step, Some(web), None)
}

/// Counts the sets that a person has ever offered, and those it offers now.
fn sets_of(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<(usize, usize), StoreError> {
    let (mut all, mut offered) = (0, 0);
    for row in RULES.within(rows, &web) {
        let ((_, _, by), row) = row?;
        all += usize::from(by == person);
        offered += usize::from(by == person && row.is_offered);
    }
    Ok((all, offered))
}

fn bring(step: &mut Step<'_>, web: WebId, set: ContentId, row: &RulesRow) {
    if !row.is_offered {
        return lending::let_go(step, web, &[set]);
    }
    lending::bring(step, web, vec![Wanted { content: set, size: row.size, from: Some(row.device) }]);
    step.alarm(Duration::ZERO, COMPILE_ALARM);
}

/// Sets that could not be compiled are tried again after a start: the reason may have been this computer's.
pub(crate) fn forget_faults(step: &mut Step<'_>) -> Result<(), StoreError> {
    let all: Vec<_> = READY.all(step.view()).collect::<Result<_, _>>()?;
    for (set, _) in all.into_iter().filter(|(_, ready)| !ready.fault.is_empty()) {
        READY.delete(step.rows(), &set);
    }
    Ok(())
}

/// Everything is looked at with other rules from now on.
pub(crate) fn turn_epoch(step: &mut Step<'_>) -> Result<(), StoreError> {
    let epoch = epoch(step.view())?;
    NUMBERS.put(step.rows(), &NUMBER_EPOCH, &epoch.saturating_add(1));
    step.alarm(Duration::ZERO, crate::looking::AGAIN_ALARM);
    Ok(())
}

impl Guard {
    /// Has sets compiled that are here and were not yet.
    pub(crate) fn compile(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut due = BTreeSet::new();
        for row in RULES.all(step.view()) {
            let ((web, set, _), offered) = row?;
            let is_due = offered.is_offered && !READY.has(step.view(), &set)?;
            if is_due && (lending::is_here(step.view(), web, set)? || Self::is_own(step, set)?) {
                due.insert(set);
            }
        }
        for set in due {
            if !self
                .jobs
                .values()
                .any(|purpose| matches!(purpose, Purpose::Compile { set: other } if *other == set))
            {
                let job = step.work(COMPILE, to_bytes(&Compile { set }));
                self.jobs.insert(job, Purpose::Compile { set });
            }
        }
        Ok(())
    }

    fn is_own(step: &Step<'_>, set: ContentId) -> Result<bool, StoreError> {
        Ok(files::own_source(step.view(), set)?.is_some())
    }

    /// A set was compiled, or cannot be.
    pub(crate) fn take_compiled(
        step: &mut Step<'_>,
        set: ContentId,
        outcome: Result<Vec<u8>, kernel::JobFailure>,
    ) -> Result<(), Fault> {
        let row = match outcome {
            Ok(bytes) => match from_bytes::<Compiled>(&bytes) {
                Ok(Compiled { rules, licences }) => ReadyRow { rules, licences, fault: String::new() },
                Err(error) => ReadyRow { rules: 0, licences: Vec::new(), fault: error.to_string() },
            },
            Err(kernel::JobFailure::Failed(why)) => ReadyRow { rules: 0, licences: Vec::new(), fault: why },
            Err(_) => {
                step.alarm(AGAIN, COMPILE_ALARM);
                return Ok(());
            }
        };
        READY.put(step.rows(), &set, &row);
        turn_epoch(step)?;
        reading::tell_changed(step, None, Some(set))
    }
}

/// Offers a file of a web as a set of rules.
pub(crate) fn add(step: &mut Step<'_>, ask: AskId, asked: &AddRules) -> Result<(), Fault> {
    let file = files::look::file_at(step.view(), &asked.file)?;
    let file = file.ok_or_else(|| GuardError::NoSuchFile { path: asked.file.clone() })?;
    if file.size > RULES_SIZE_MAX {
        return Err(GuardError::RulesTooLarge { path: asked.file.clone(), limit: RULES_SIZE_MAX }.into());
    }
    let name = asked.file.rsplit('/').next().unwrap_or_default().to_owned();
    if !is_name(&name) {
        return Err(GuardError::NoSuchFile { path: asked.file.clone() }.into());
    }
    let me = writer(step.view(), file.web)?;
    let rules = Rules { set: file.content, size: file.size, name, at: step.now(), is_offered: true };
    say(step, file.web, me, rules)?;
    let shown = reading::set(step.view(), (file.web, file.content, me))?;
    step.reply(ask, &shown);
    Ok(())
}

/// Takes a set back that this person offered.
pub(crate) fn withdraw(step: &mut Step<'_>, ask: AskId, asked: &DropRules) -> Result<(), Fault> {
    let me = people::read::my_person(step.view())?;
    let mut mine = RULES.all(step.view()).filter_map(Result::ok).filter(|((_, set, by), row)| {
        Some(*by) == me && row.is_offered && (row.name == asked.rules || set.to_string() == asked.rules)
    });
    let found = mine.next();
    let ((web, set, person), row) =
        found.ok_or_else(|| GuardError::NoSuchRules { rules: asked.rules.clone() })?;
    drop(mine);
    let rules = Rules { set, size: row.size, name: row.name, at: step.now(), is_offered: false };
    say(step, web, person, rules)?;
    let shown = reading::set(step.view(), (web, set, person))?;
    step.reply(ask, &shown);
    Ok(())
}

fn say(step: &mut Step<'_>, web: WebId, me: PersonId, mut rules: Rules) -> Result<(), Fault> {
    let known = RULES.get(step.view(), &(web, rules.set, me))?;
    // After whatever was said before, also when the clock was set back.
    rules.at = later(rules.at, known.map(|known| known.at));
    let device = step.me();
    records::publish(step, web, "guard", Body::Rules(rules.clone()).to_bytes())?;
    hear(step, (web, device, me), rules)
}

/// Returns a time that is not before a moment after another.
pub(crate) fn later(now: Timestamp, known: Option<Timestamp>) -> Timestamp {
    known.map_or(now, |known| now.max(known.after(Duration::from_millis(1))))
}

/// Makes a person an officer, or unmakes one.
pub(crate) fn set_officer(step: &mut Step<'_>, ask: AskId, asked: &SetOfficer) -> Result<(), Fault> {
    let web = which_web(step.view(), asked.web.as_deref())?;
    let me = writer(step.view(), web)?;
    let label = people::read::web_label(step.view(), web)?;
    let is_admin = people::read::role_of(step.view(), web, me)?.is_some_and(|role| role >= Role::Admin);
    if !is_admin {
        return Err(GuardError::NoAdmin { web: label }.into());
    }
    let person = people::read::person_named(step.view(), web, &asked.person)?;
    let person = person.ok_or_else(|| GuardError::NoSuchPerson { web: label, who: asked.person.clone() })?;
    let known = OFFICERS.get(step.view(), &(web, person, me))?;
    let at = later(step.now(), known.map(|known| known.at));
    let officer = Officer { person, at, is_officer: !asked.no_longer };
    records::publish(step, web, "guard", Body::Officer(officer).to_bytes())?;
    hear_officer(step, (web, me), officer)?;
    let shown = reading::officers(step.view(), web)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Takes what an admin says of a person; from others it counts for nothing, until they are admins.
pub(crate) fn hear_officer(
    step: &mut Step<'_>,
    (web, by): (WebId, PersonId),
    said: Officer,
) -> Result<(), Fault> {
    if people::read::role_of(step.view(), web, by)?.is_none_or(|role| role < Role::Admin) {
        return Ok(());
    }
    let key = (web, said.person, by);
    let at = said.at.min(step.now().after(Duration::from_mins(1)));
    if OFFICERS.get(step.view(), &key)?.is_some_and(|known| known.at >= at) {
        return Ok(());
    }
    OFFICERS.put(step.rows(), &key, &OfficerRow { at, is_officer: said.is_officer });
    let entry = LogRow {
        at: step.now(),
        web: Some(web),
        content: None,
        name: String::new(),
        person: Some(said.person),
        what: if said.is_officer { What::Officer } else { What::NoOfficer },
        why: String::new(),
    };
    log::note(step, &entry)?;
    turn_epoch(step)?;
    reading::tell_changed(step, Some(web), None)
}

/// Returns the person of this peer, who has to write in a web.
pub(crate) fn writer(rows: &dyn Rows, web: WebId) -> Result<PersonId, Fault> {
    let refuse = |rows: &dyn Rows| -> Result<Fault, StoreError> {
        Ok(GuardError::NotWriting { web: people::read::web_label(rows, web)? }.into())
    };
    let Some(me) = people::read::my_person(rows)? else { return Err(refuse(rows)?) };
    if people::read::writes(rows, web, me)? { Ok(me) } else { Err(refuse(rows)?) }
}
