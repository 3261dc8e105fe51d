//! Working for others: which job next, units fetched ahead, run, signed, brought to whoever gave them.
//!
//! Not for: how much of this computer work may take (`policy.rs`), or running programs (the sandbox driver).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, PersonId, RunId, Timestamp, WebId};
use files::jobs::Source;
use files::lending::{self, Wanted};
use kernel::{JobFailure, JobId, Step};
use store::{Rows, StoreError};

use crate::jobs::{
    Allowance, MACHINE, Machine, Outcome, Place, RUN, Run, RunReport, RunUnit, SET, from_bytes, to_bytes,
};
use crate::memo::{Memo, Needed};
use crate::messages::{Checkpoint, FULL, Leased, Part, Says, WorkState, is_cheap};
use crate::owner::StageKey;
use crate::policy::{Decision, Policy};
use crate::service::Compute;
use crate::tables::{
    COUNTER_UNSENT, COUNTERS, GIVEN, HERE, HereRow, KNOWN, KnownRow, OFFERS, PeopleRow, SETTINGS,
    SettingsRow, UNSENT, USED, UnsentRow, UsedRow, WORK, WorkRow,
};
use crate::value::{
    Body, Offer, SignedStatement, Stated, Statement, digest, heard_number, input_hash, step_name, unit_name,
};

/// Work in hand, in leases for each core: one that runs, and what is fetched ahead.
const AHEAD: usize = 3;
/// Fetched before somebody comes back or it sleeps, at least this much.
const AHEAD_MIN: usize = 4;
/// A question for work that is not answered within this is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// Who said that there is none now is asked again after this: what it gave since may have been lost.
const ASK_HUNGRY_AGAIN: Duration = Duration::from_secs(60);
/// Somebody is told that work goes on this often.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// Results that were not taken are sent again after this.
const SEND_AGAIN: Duration = Duration::from_secs(20);
/// Messages with results that are sent again at once, at most.
const SENT_MAX: usize = 64;
/// Results of whom nobody comes back for are kept this long.
const UNSENT_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Half of what was done for somebody is forgotten in this time.
const HALF_LIFE: Duration = Duration::from_secs(86_400);
/// Work that waits for its inputs for so long is given back.
const INPUT_PATIENCE: Duration = Duration::from_secs(120);
/// What a computer offers is told again when this much of it has changed.
const OFFER_CHANGE_PERCENT: u64 = 30;

/// Names work in hand.
pub(crate) type WorkKey = (RunId, u8, DeviceId, u64);

/// What is under way on this computer.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    pub(crate) policy: Policy,
    pub(crate) machine: Option<Machine>,
    pub(crate) decision: Option<Decision>,
    watching: Option<JobId>,
    /// What the sandbox was told last.
    set: Option<Allowance>,
    /// Jobs of the sandbox, and what they run.
    pub(crate) running: BTreeMap<JobId, WorkKey>,
    /// Work whose inputs are here or on their way, and since when it waits for them.
    waiting: BTreeMap<WorkKey, Timestamp>,
    /// Who was asked for work, when, for how many leases, and whether it has said that there is none now.
    asked: BTreeMap<(RunId, u8, DeviceId), Asked>,
    alive_due: Timestamp,
    send_due: Timestamp,
    /// Where units could go on that have not been told.
    checkpoints: BTreeMap<(DeviceId, RunId), Vec<Checkpoint>>,
    state: Option<WorkState>,
    /// Contents that were asked for, and how much work needs each.
    lent: BTreeMap<(WebId, ContentId), BTreeSet<WorkKey>>,
    /// Whether programs of steps that are over may have to go.
    pub(crate) is_known_changed: bool,
}

impl Worker {
    /// Says whether a job is the one that watches this computer.
    pub(crate) fn is_watching(&self, job: JobId) -> bool {
        self.watching == Some(job)
    }

    /// Says whether work in hand needs a content.
    pub(crate) fn needs(&self, web: WebId, content: ContentId) -> bool {
        self.lent.get(&(web, content)).is_some_and(|works| !works.is_empty())
    }

    /// Says whether there is anything that time changes.
    pub(crate) fn is_busy(&self, step: &Step<'_>) -> bool {
        let is_on = self.decision.as_ref().is_some_and(|decision| !decision.is_off);
        let me = step.me();
        let has_open = KNOWN.all(step.view()).any(|row| {
            row.is_ok_and(|(_, known)| !known.is_over && (is_on || known.announced.deputies.contains(&me)))
        });
        has_open || WORK.all(step.view()).next().is_some() || UNSENT.all(step.view()).next().is_some()
    }
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Timestamp,
    leases: u8,
    is_hungry: bool,
}

impl Compute {
    /// Begins to watch this computer if it has anything to do with work.
    pub(crate) fn watch(&mut self, step: &mut Step<'_>) {
        if self.worker.watching.is_none() {
            self.worker.watching = Some(step.work(MACHINE, Vec::new()));
        }
    }

    /// The idle driver says how this computer is.
    pub(crate) fn hear_machine(&mut self, step: &mut Step<'_>, report: &[u8]) -> Result<(), Fault> {
        if let Ok(machine) = from_bytes::<Machine>(report) {
            self.worker.machine = Some(machine);
            self.decide(step)?;
            self.tell_offer(step)?;
        }
        Ok(())
    }

    /// Says to the sandbox what it may take, and to others how this computer is.
    pub(crate) fn decide(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let settings = SETTINGS.get(step.view(), &0)?.unwrap_or_default();
        if let Some((until, _)) = settings.until.filter(|(until, _)| *until > step.now()) {
            step.alarm(until.since(step.now()), "mode");
        }
        let now = step.now();
        let decision = self.worker.policy.decide(&settings, self.worker.machine.as_ref(), now);
        let was_off = self.worker.decision.as_ref().is_none_or(|before| before.is_off);
        if self.worker.set != Some(decision.allowance) || decision.allowance.is_for_idle {
            self.worker.set = Some(decision.allowance);
            step.work(SET, to_bytes(&decision.allowance));
        }
        let is_off = decision.is_off;
        self.worker.decision = Some(decision);
        self.note_here(step)?;
        if is_off && !was_off {
            self.give_all_back(step)?;
        }
        self.tend_worker(step)?;
        self.tell_state(step)
    }

    /// Writes down what this computer is doing, for whoever looks.
    fn note_here(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let before = HERE.get(step.view(), &0)?.unwrap_or_default();
        let machine = self.worker.machine.as_ref();
        let row = HereRow {
            state: Some(self.work_state()),
            why: self.worker.decision.as_ref().map(|decision| decision.why.clone()).unwrap_or_default(),
            idle_ms: machine.and_then(|machine| machine.idle_ms),
            at: step.now(),
            source: machine.map(|machine| machine.source.clone()).unwrap_or_default(),
            cores: machine.map(|machine| machine.cores).unwrap_or_default(),
            on_battery: machine.and_then(|machine| machine.on_battery),
            running: self.worker.running.len() as u64,
        };
        let is_news = (before.state, &before.why, before.running) != (row.state, &row.why, row.running);
        HERE.put(step.rows(), &0, &row);
        if is_news {
            step.emit("compute.here", &serde_json::json!({}));
        }
        Ok(())
    }

    fn slots(&self) -> usize {
        let Some(decision) = &self.worker.decision else { return 0 };
        match (decision.allowance.cores, decision.is_fetching, &self.worker.machine) {
            (0, true, Some(_)) => 1,
            (cores, _, _) => usize::try_from(cores).unwrap_or(1),
        }
    }

    /// Fetches work, starts what can run, tells how far it is.
    pub(crate) fn tend_worker(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let Some(decision) = self.worker.decision.clone() else { return Ok(()) };
        if decision.is_off {
            return Ok(());
        }
        self.start_work(step)?;
        if decision.is_fetching {
            self.ask_for_work(step)?;
        }
        self.forget_programs(step)
    }

    fn in_hand(step: &Step<'_>) -> Result<Vec<WorkKey>, StoreError> {
        WORK.all(step.view()).map(|row| Ok(row?.0)).collect()
    }

    fn ask_for_work(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        self.worker.asked.retain(|_, asked| {
            now.since(asked.at) < if asked.is_hungry { ASK_HUNGRY_AGAIN } else { ASK_AGAIN }
        });
        let most = (self.slots() * AHEAD).max(AHEAD_MIN);
        let in_hand = Self::in_hand(step)?.len();
        let coming: usize = self
            .worker
            .asked
            .values()
            .filter(|asked| !asked.is_hungry)
            .map(|asked| usize::from(asked.leases))
            .sum();
        let mut free = most.saturating_sub(in_hand + coming);
        if free == 0 {
            return Ok(());
        }
        for (key, coordinator) in self.choose(step)? {
            if free == 0 {
                break;
            }
            let at = (key.0, key.1, coordinator);
            if self.worker.asked.contains_key(&at) {
                continue;
            }
            let leases = u8::try_from(free).unwrap_or(u8::MAX).min(16);
            self.worker.asked.insert(at, Asked { at: now, leases, is_hungry: false });
            self.say(step, coordinator, key.0, Says::Ask { stage: key.1, leases });
            free = free.saturating_sub(usize::from(leases));
        }
        Ok(())
    }

    /// Returns steps to work for, best first: own ones, then those of whom least was done for.
    fn choose(&mut self, step: &Step<'_>) -> Result<Vec<(StageKey, DeviceId)>, StoreError> {
        let settings = SETTINGS.get(step.view(), &0)?.unwrap_or_default();
        let Some(me) = people::read::my_person(step.view())? else { return Ok(Vec::new()) };
        let mut able = Vec::new();
        for row in KNOWN.all(step.view()) {
            let (key, known) = row?;
            if known.is_over || !self.may_run(step.view(), &settings, me, &known)? {
                continue;
            }
            let Some(coordinator) = self.coordinator(step, known.owner, &known.announced.deputies)? else {
                continue;
            };
            let used = match known.person == me {
                true => 0,
                false => used_for(step.view(), known.person, step.now())?,
            };
            let priority = 9_u8.saturating_sub(known.announced.priority);
            able.push((known.person != me, used, known.person, priority, known.heard, key, coordinator));
        }
        able.sort();
        Ok(able.into_iter().map(|(.., key, coordinator)| (key, coordinator)).collect())
    }

    /// Says whether a program may run here, and whether its owner wants this computer.
    fn may_run<R: Rows + ?Sized>(
        &self,
        rows: &R,
        settings: &SettingsRow,
        me: PersonId,
        known: &KnownRow,
    ) -> Result<bool, StoreError> {
        let is_allowed = known.person == me
            || match &settings.people {
                PeopleRow::Everybody => true,
                PeopleRow::Me => false,
                PeopleRow::These { persons } => persons.contains(&known.person),
            };
        let is_wanted = known.announced.persons.is_empty() || known.announced.persons.contains(&me);
        let is_member = known.owner == self.me || people::read::is_member(rows, known.web, known.owner)?;
        Ok(is_allowed && is_wanted && is_member)
    }

    /// Somebody has nothing to do; it says when there is.
    pub(crate) fn hear_nothing(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: (RunId, u8),
    ) -> Result<(), Fault> {
        let mut is_news = false;
        if let Some(asked) = self.worker.asked.get_mut(&(key.0, key.1, from)) {
            is_news = !asked.is_hungry;
            asked.is_hungry = true;
        }
        if is_news { self.tend_worker(step) } else { Ok(()) }
    }

    /// Somebody gives work.
    pub(crate) fn hear_lease(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: (RunId, u8),
        lease: u64,
        units: Vec<Leased>,
    ) -> Result<(), Fault> {
        if let Some(asked) = self.worker.asked.get_mut(&(key.0, key.1, from)) {
            asked.leases = asked.leases.saturating_sub(1);
            if asked.leases == 0 {
                self.worker.asked.remove(&(key.0, key.1, from));
            }
        }
        let settings = SETTINGS.get(step.view(), &0)?.unwrap_or_default();
        let me = people::read::my_person(step.view())?;
        let known = KNOWN.get(step.view(), &key)?.filter(|known| !known.is_over);
        let is_wanted = match (&known, me) {
            (Some(known), Some(me)) => {
                let may_give = known.owner == from || known.announced.deputies.contains(&from);
                may_give && self.may_run(step.view(), &settings, me, known)?
            }
            _ => false,
        };
        let is_off = self.worker.decision.as_ref().is_none_or(|decision| decision.is_off);
        let is_too_much = Self::in_hand(step)?.len() >= 2 * (self.slots() * AHEAD).max(AHEAD_MIN);
        let Some(known) = known.filter(|_| is_wanted && !is_off && !is_too_much) else {
            self.say(step, from, key.0, Says::GiveBack { leases: vec![lease] });
            return Ok(());
        };
        let at = (key.0, key.1, from, lease);
        let units = self.answer_known(step, at, &known, units)?;
        if units.is_empty() {
            return self.tend_worker(step);
        }
        let got = step.now();
        WORK.put(step.rows(), &at, &WorkRow { units: units.clone(), got });
        self.fetch_inputs(step, at, &known, &units);
        self.tend_worker(step)
    }

    /// Answers at once what this computer has computed before.
    fn answer_known(
        &mut self,
        step: &mut Step<'_>,
        at: WorkKey,
        known: &KnownRow,
        units: Vec<Leased>,
    ) -> Result<Vec<Leased>, Fault> {
        if known.announced.is_range {
            return Ok(units);
        }
        let (mut left, mut found) = (Vec::new(), Vec::new());
        for unit in units {
            let parts: Vec<ContentId> = unit.parts.iter().map(Part::hash).collect();
            match crate::memo::known(
                step,
                known.web,
                unit_name(&known.announced, unit.unit, &parts),
                Needed::Own,
            )? {
                // The owner has looked itself, and wants it computed.
                Some((outcome, cpu_us)) if known.owner != self.me => {
                    found.push((unit.unit, Some(input_hash(&parts)), outcome, cpu_us));
                }
                _ => left.push(unit),
            }
        }
        self.send_results(step, at, known.web, found)?;
        Ok(left)
    }

    fn fetch_inputs(&mut self, step: &mut Step<'_>, at: WorkKey, known: &KnownRow, units: &[Leased]) {
        // Whoever gives units has the program: the owner may be away.
        let program = (known.announced.program, known.announced.program_size, Some(at.2));
        let mut wanted = vec![program];
        for unit in units {
            for part in unit.parts.iter().chain(&unit.checkpoint) {
                if let Part::Content { content, size, from } = part {
                    wanted.push((*content, *size, from.or(Some(at.2))));
                }
            }
        }
        let mut missing = Vec::new();
        for (content, size, from) in wanted {
            // Also what is here: another job may have had it brought, and let go of it.
            self.worker.lent.entry((known.web, content)).or_default().insert(at);
            if !matches!(place(step.view(), known.web, content), Ok(Some(_))) {
                missing.push(Wanted { content, size, from });
            }
        }
        for some in missing.chunks(lending::WISHES_MAX) {
            lending::bring(step, known.web, some.to_vec());
        }
        self.worker.waiting.insert(at, step.now());
    }

    /// Starts what is here, as much as runs at once and a little more.
    fn start_work(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let most = self.slots() * 2;
        let busy: BTreeSet<WorkKey> = self.worker.running.values().copied().collect();
        let mut works: Vec<WorkKey> =
            Self::in_hand(step)?.into_iter().filter(|at| !busy.contains(at)).collect();
        if busy.len() >= most || works.is_empty() {
            return Ok(());
        }
        let order = self.choose(step)?;
        works.sort_by_key(|at| {
            (order.iter().position(|(key, _)| *key == (at.0, at.1)).unwrap_or(usize::MAX), at.3)
        });
        for at in works {
            if self.worker.running.len() >= most {
                break;
            }
            self.start(step, at)?;
        }
        Ok(())
    }

    fn start(&mut self, step: &mut Step<'_>, at: WorkKey) -> Result<(), Fault> {
        let Some(work) = WORK.get(step.view(), &at)? else { return Ok(()) };
        let Some(known) = KNOWN.get(step.view(), &(at.0, at.1))? else {
            return self.drop_work(step, at);
        };
        if !self.worker.waiting.contains_key(&at) {
            // After a start of this computer: what was lent may have gone.
            self.fetch_inputs(step, at, &known, &work.units);
        }
        let mut units = Vec::with_capacity(work.units.len());
        let Some(program) = place(step.view(), known.web, known.announced.program)? else {
            return self.be_patient(step, at);
        };
        for unit in work.units {
            let parts: Vec<ContentId> = unit.parts.iter().map(Part::hash).collect();
            let number = heard_number(known.announced.is_range, unit.unit, &parts);
            let mut input = Vec::with_capacity(unit.parts.len());
            for part in unit.parts {
                match place_of(step.view(), known.web, part)? {
                    Some(place) => input.push(place),
                    None => return self.be_patient(step, at),
                }
            }
            if known.announced.is_range {
                // The number is the input: one empty part, so that the program finds nothing behind its arguments.
                input.push(Place::Inline { bytes: Vec::new().into() });
            }
            let checkpoint = match unit.checkpoint {
                Some(part) => place_of(step.view(), known.web, part)?,
                None => None,
            };
            let is_framed = known.announced.is_joining;
            units.push(RunUnit { unit: unit.unit, number, input, checkpoint, is_framed });
        }
        let run = Run {
            program: Place::Content {
                content: known.announced.program,
                size: known.announced.program_size,
                source: program,
            },
            content: known.announced.program,
            arguments: known.announced.arguments.clone(),
            limits: known.announced.limits,
            units,
        };
        let job = step.work(RUN, to_bytes(&run));
        self.worker.running.insert(job, at);
        self.worker.waiting.insert(at, step.now());
        self.tell_state(step)
    }

    fn be_patient(&mut self, step: &mut Step<'_>, at: WorkKey) -> Result<(), Fault> {
        let since = *self.worker.waiting.entry(at).or_insert(step.now());
        if step.now().since(since) > INPUT_PATIENCE {
            self.say(step, at.2, at.0, Says::GiveBack { leases: vec![at.3] });
            return self.drop_work(step, at);
        }
        self.tend_soon(step);
        Ok(())
    }

    /// The sandbox says what came out.
    pub(crate) fn hear_report(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        report: &[u8],
    ) -> Result<(), Fault> {
        let Some(at) = self.worker.running.get(&job).copied() else { return Ok(()) };
        let (Ok(report), Some(mut work)) = (from_bytes::<RunReport>(report), WORK.get(step.view(), &at)?)
        else {
            return Ok(());
        };
        let Some(known) = KNOWN.get(step.view(), &(at.0, at.1))? else { return Ok(()) };
        let mut found = Vec::new();
        let mut cpu_us = 0_u64;
        for result in report.results {
            let Some(place) = work.units.iter().position(|one| one.unit == result.unit) else { continue };
            let unit = work.units.remove(place);
            let parts: Vec<ContentId> = unit.parts.iter().map(Part::hash).collect();
            cpu_us = cpu_us.saturating_add(result.cpu_us);
            if !known.announced.is_range {
                let name = unit_name(&known.announced, unit.unit, &parts);
                let is_open = known.announced.persons.is_empty();
                let at = Some((at.0, at.1, unit.unit));
                let memo = Memo { cpu_us: result.cpu_us, persons: 0, is_open, at };
                crate::memo::keep(step, name, &result.outcome, memo)?;
            }
            let input = (!known.announced.is_range).then(|| input_hash(&parts));
            found.push((unit.unit, input, result.outcome, result.cpu_us));
        }
        for checkpoint in report.checkpoints {
            lending::offer(
                step,
                known.web,
                vec![Wanted { content: checkpoint.content, size: checkpoint.size, from: None }],
            );
            if let Some(unit) = work.units.iter_mut().find(|one| one.unit == checkpoint.unit) {
                // After a start of this computer it goes on from here, too.
                unit.checkpoint = Some(Part::Content {
                    content: checkpoint.content,
                    size: checkpoint.size,
                    from: Some(self.me),
                });
            }
            self.worker.checkpoints.entry((at.2, at.0)).or_default().push(Checkpoint {
                lease: at.3,
                unit: checkpoint.unit,
                content: checkpoint.content,
                size: checkpoint.size,
            });
            self.worker.alive_due = step.now();
        }
        match work.units.is_empty() {
            true => WORK.delete(step.rows(), &at),
            false => WORK.put(step.rows(), &at, &work),
        }
        if is_cheap(cpu_us) {
            step.relax_durability();
        }
        self.note_used(step, known.person, cpu_us)?;
        self.send_results(step, at, known.web, found)
    }

    /// The sandbox has ended a job.
    pub(crate) fn hear_finished(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: &Result<Vec<u8>, JobFailure>,
    ) -> Result<bool, Fault> {
        if self.worker.watching == Some(job) {
            self.worker.watching = None;
            return Ok(true);
        }
        let Some(at) = self.worker.running.remove(&job) else { return Ok(false) };
        step.relax_durability();
        let is_left = WORK.has(step.view(), &at)?;
        if let Err(failure) = outcome
            && !matches!(failure, JobFailure::Cancelled)
        {
            tracing::warn!(?failure, "units could not be run");
            // Not at once again: what failed as a whole most likely fails again.
            let asked = Asked { at: step.now(), leases: 1, is_hungry: true };
            self.worker.asked.insert((at.0, at.1, at.2), asked);
        } else if is_left {
            // Who gives back is no longer told when there is work: it asks anew.
            self.worker.asked.remove(&(at.0, at.1, at.2));
        }
        if is_left {
            self.say(step, at.2, at.0, Says::GiveBack { leases: vec![at.3] });
        }
        self.drop_work(step, at)?;
        self.tend_worker(step)?;
        self.tell_state(step)?;
        Ok(true)
    }

    /// Signs results and brings them to who gave the work.
    fn send_results(
        &mut self,
        step: &mut Step<'_>,
        at: WorkKey,
        web: WebId,
        found: Vec<(u64, Option<ContentId>, Outcome, u64)>,
    ) -> Result<(), Fault> {
        let mut found = found;
        found.sort_by_key(|(unit, ..)| *unit);
        let mut some = Vec::new();
        let mut size = 0;
        let mut parts = Vec::new();
        for one in found {
            size += match &one.2 {
                Outcome::Output { bytes } => bytes.len(),
                Outcome::Large { content, size } => {
                    lending::offer(step, web, vec![Wanted { content: *content, size: *size, from: None }]);
                    64
                }
                Outcome::Failed { log, .. } => log.len(),
            };
            some.push(one);
            if size >= FULL {
                parts.push(std::mem::take(&mut some));
                size = 0;
            }
        }
        if !some.is_empty() {
            parts.push(some);
        }
        let what = KNOWN.get(step.view(), &(at.0, at.1))?.map(|known| step_name(&known.announced));
        for part in parts {
            let stated = |(unit, input, outcome, cpu_us): &(u64, Option<ContentId>, Outcome, u64)| Stated {
                unit: *unit,
                digest: digest(outcome),
                cpu_us: *cpu_us,
                input: *input,
            };
            let units = part.iter().map(stated).collect();
            let statement = Statement { job: at.0, stage: at.1, lease: at.3, units, what };
            let signed = SignedStatement::sign(step, &statement);
            let outcomes = part.into_iter().map(|(_, _, outcome, _)| outcome).collect();
            self.keep_unsent(step, UnsentRow { job: at.0, to: at.2, signed, outcomes, made: step.now() })?;
        }
        Ok(())
    }

    fn keep_unsent(&mut self, step: &mut Step<'_>, row: UnsentRow) -> Result<(), Fault> {
        let number = COUNTERS.get(step.view(), &COUNTER_UNSENT)?.unwrap_or_default() + 1;
        COUNTERS.put(step.rows(), &COUNTER_UNSENT, &number);
        UNSENT.put(step.rows(), &number, &row);
        self.send(step, number, row).map(drop)
    }

    /// Sends results; says whether somebody was there to take them.
    fn send(&mut self, step: &mut Step<'_>, number: u64, row: UnsentRow) -> Result<bool, Fault> {
        let known = KNOWN.within(step.view(), &row.job).next().transpose()?.map(|(_, known)| known);
        // The owner first; where it is away, whoever gave the work, or another deputy.
        let to = match known {
            Some(known) => self.coordinator(step, known.owner, &known.announced.deputies)?.unwrap_or(row.to),
            None => row.to,
        };
        if to != self.me && !records::is_connected(step.view(), to)? {
            return Ok(false);
        }
        let UnsentRow { job, signed, outcomes, .. } = row;
        self.say(step, to, job, Says::Results { number, signed, outcomes });
        Ok(true)
    }

    /// Results were taken.
    pub(crate) fn hear_took(&mut self, step: &mut Step<'_>, job: RunId, number: u64) -> Result<(), Fault> {
        if let Some(row) = UNSENT.get(step.view(), &number)?.filter(|row| row.job == job) {
            UNSENT.delete(step.rows(), &number);
            if let Some(statement) = row.signed.statement() {
                let web = KNOWN.get(step.view(), &(job, statement.stage))?.map(|known| known.web);
                let large = row.outcomes.iter().filter_map(|outcome| match outcome {
                    Outcome::Large { content, .. } => Some(*content),
                    _ => None,
                });
                let large: Vec<ContentId> = large.collect();
                if let Some(web) = web.filter(|_| !large.is_empty()) {
                    self.let_go(step, web, &large)?;
                }
            }
        }
        Ok(())
    }

    /// These units need not be computed any more.
    pub(crate) fn hear_stop(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        job: RunId,
        leases: &[u64],
    ) -> Result<(), Fault> {
        for at in Self::in_hand(step)? {
            if at.0 == job && at.2 == from && leases.contains(&at.3) {
                self.drop_work(step, at)?;
            }
        }
        self.tend_worker(step)
    }

    /// Ends work in hand, and lets go of what was brought for it.
    pub(crate) fn drop_work(&mut self, step: &mut Step<'_>, at: WorkKey) -> Result<(), Fault> {
        WORK.delete(step.rows(), &at);
        self.worker.waiting.remove(&at);
        let jobs: Vec<JobId> =
            self.worker.running.iter().filter(|(_, run)| **run == at).map(|(job, _)| *job).collect();
        for job in jobs {
            step.cancel(job);
        }
        let program = KNOWN.get(step.view(), &(at.0, at.1))?.filter(|known| !known.is_over);
        let program = program.map(|known| known.announced.program);
        let mut gone: BTreeMap<WebId, Vec<ContentId>> = BTreeMap::new();
        self.worker.lent.retain(|(web, content), works| {
            works.remove(&at);
            let is_gone = works.is_empty() && Some(*content) != program;
            if is_gone {
                gone.entry(*web).or_default().push(*content);
            }
            !is_gone
        });
        for (web, contents) in gone {
            self.let_go(step, web, &contents)?;
        }
        Ok(())
    }

    /// Lets go of programs whose jobs are over.
    fn forget_programs(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if !std::mem::take(&mut self.worker.is_known_changed) {
            return Ok(());
        }
        let mut needed = BTreeSet::new();
        for row in KNOWN.all(step.view()) {
            let (_, known) = row?;
            if !known.is_over {
                needed.insert(known.announced.program);
            }
        }
        let mut gone: Vec<(WebId, ContentId)> = Vec::new();
        self.worker.lent.retain(|(web, content), works| {
            let is_gone = works.is_empty() && !needed.contains(content);
            if is_gone {
                gone.push((*web, *content));
            }
            !is_gone
        });
        for (web, content) in gone {
            self.let_go(step, web, &[content])?;
        }
        self.worker.asked.retain(|(job, stage, _), _| {
            KNOWN
                .get(step.view(), &(*job, *stage))
                .is_ok_and(|known| known.is_some_and(|known| !known.is_over))
        });
        Ok(())
    }

    fn give_all_back(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for at in Self::in_hand(step)? {
            self.say(step, at.2, at.0, Says::GiveBack { leases: vec![at.3] });
            self.drop_work(step, at)?;
        }
        self.worker.asked.clear();
        Ok(())
    }

    /// Says to those who gave work that it goes on; sends again what was not taken.
    pub(crate) fn tend_alive(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        if now >= self.worker.alive_due {
            self.worker.alive_due = now.after(ALIVE_EVERY);
            self.say_alive(step, |_| true)?;
        }
        if now >= self.worker.send_due {
            self.worker.send_due = now.after(SEND_AGAIN / 2);
            let rows: Vec<(u64, UnsentRow)> = UNSENT.all(step.view()).collect::<Result<_, _>>()?;
            let mut sent = 0;
            for (number, row) in rows {
                if now.since(row.made) > UNSENT_KEPT {
                    UNSENT.delete(step.rows(), &number);
                } else if now.since(row.made) > SEND_AGAIN && sent < SENT_MAX {
                    // What waits for somebody who is away keeps nobody else's from being sent.
                    sent += usize::from(self.send(step, number, row)?);
                }
            }
        }
        Ok(())
    }

    /// Says to coordinators what of theirs is in hand here.
    pub(crate) fn say_alive(
        &mut self,
        step: &mut Step<'_>,
        is_told: impl Fn(DeviceId) -> bool,
    ) -> Result<(), Fault> {
        let mut leases: BTreeMap<(DeviceId, RunId), Vec<u64>> = BTreeMap::new();
        for at in Self::in_hand(step)?.into_iter().filter(|at| is_told(at.2)) {
            leases.entry((at.2, at.0)).or_default().push(at.3);
        }
        for ((to, job), leases) in leases {
            let checkpoints = self.worker.checkpoints.remove(&(to, job)).unwrap_or_default();
            for (index, leases) in leases.chunks(128).enumerate() {
                let checkpoints = if index == 0 { checkpoints.clone() } else { Vec::new() };
                self.say(step, to, job, Says::Alive { leases: leases.to_vec(), checkpoints });
            }
        }
        Ok(())
    }

    /// Somebody has come: results that wait for it are sent, and it may have work.
    pub(crate) fn meet_coordinator(&mut self, step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        self.worker.asked.retain(|(_, _, asked), _| *asked != device);
        let rows: Vec<(u64, UnsentRow)> = UNSENT.all(step.view()).take(256).collect::<Result<_, _>>()?;
        for (number, row) in rows {
            self.send(step, number, row)?;
        }
        // Before anything is asked for: what is not said here is given to others then (rule 18).
        self.say_alive(step, |coordinator| coordinator == device)?;
        self.tend_worker(step)
    }

    /// Somebody has gone: it is not waited for.
    pub(crate) fn miss_coordinator(&mut self, device: DeviceId) {
        self.worker.asked.retain(|(_, _, asked), _| *asked != device);
    }

    fn note_used(&mut self, step: &mut Step<'_>, person: PersonId, cpu_us: u64) -> Result<(), StoreError> {
        let now = step.now();
        let before = used_for(step.view(), person, now)?;
        USED.put(step.rows(), &person, &UsedRow { cpu_us: before.saturating_add(cpu_us), at: now });
        if people::read::my_person(step.view())? != Some(person) {
            let hour = now.millis() / 3_600_000;
            let given = GIVEN.get(step.view(), &hour)?.unwrap_or_default().saturating_add(cpu_us);
            GIVEN.put(step.rows(), &hour, &given);
            GIVEN.delete(step.rows(), &hour.saturating_sub(25));
        }
        Ok(())
    }

    /// Tells the webs what this computer offers, when that is news.
    pub(crate) fn tell_offer(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let Some(machine) = self.worker.machine.clone().filter(|machine| machine.speed > 0) else {
            return Ok(());
        };
        let settings = SETTINGS.get(step.view(), &0)?.unwrap_or_default();
        let is_off = crate::policy::mode(&settings, step.now()) == crate::tables::ModeRow::Never;
        let cores = match (is_off, settings.idle.cores) {
            (true, _) => 0,
            (false, 0) => machine.cores,
            (false, some) => some.min(machine.cores),
        };
        let Machine { speed, disk_mib, architecture, memory_mib, .. } = machine;
        let offer = Offer { cores, speed, disk_mib, architecture, memory_mib };
        let me = step.me();
        for web in people::read::webs(step.view())? {
            let is_writing = people::read::my_person(step.view())?
                .is_some_and(|me| people::read::writes(step.view(), web.id, me).unwrap_or(false));
            let before = OFFERS.get(step.view(), &(web.id, me))?;
            let is_news = match &before {
                None => cores > 0,
                Some(before) => {
                    before.cores != offer.cores
                        || is_far(before.speed, offer.speed)
                        || is_far(before.disk_mib, offer.disk_mib)
                }
            };
            if is_news && is_writing {
                records::publish(step, web.id, "compute", to_bytes(&Body::Offer(offer.clone())))?;
                self.hear_offer(step, (web.id, me), &offer)?;
            }
        }
        Ok(())
    }

    pub(crate) fn work_state(&self) -> WorkState {
        match &self.worker.decision {
            None => WorkState::Off,
            Some(decision) if decision.is_off => WorkState::Off,
            Some(decision) if decision.allowance.cores == 0 => WorkState::Paused,
            Some(_) if self.worker.running.is_empty() => WorkState::Ready,
            Some(_) => WorkState::Working,
        }
    }

    /// Tells those who are here how this computer is, when that is news.
    pub(crate) fn tell_state(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let state = self.work_state();
        if self.worker.state == Some(state) {
            return Ok(());
        }
        self.worker.state = Some(state);
        self.note_here(step)?;
        self.is_state_due = true;
        self.tend_soon(step);
        Ok(())
    }
}

/// Says whether two measurements tell of different computers.
fn is_far(before: u64, now: u64) -> bool {
    before.abs_diff(now).saturating_mul(100) > before.saturating_mul(OFFER_CHANGE_PERCENT)
}

/// Returns what was done for a person: half of it is forgotten each day.
pub(crate) fn used_for<R: Rows + ?Sized>(
    rows: &R,
    person: PersonId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let Some(row) = USED.get(rows, &person)? else { return Ok(0) };
    let (elapsed, half) = (now.since(row.at).as_millis(), HALF_LIFE.as_millis());
    let halved = row.cpu_us.checked_shr(u32::try_from(elapsed / half).unwrap_or(64)).unwrap_or(0);
    // Between two halvings in a straight line: exact at both ends, and never more than 6 % off between them.
    let rest = u64::try_from(elapsed % half).unwrap_or_default();
    let half = u64::try_from(half).unwrap_or(1);
    Ok(halved
        - (halved / 2 / half)
            .saturating_mul(rest)
            .saturating_add((halved / 2 % half).saturating_mul(rest) / half)
            .min(halved))
}

/// Returns where a content is here, for work.
fn place<R: Rows + ?Sized>(rows: &R, web: WebId, content: ContentId) -> Result<Option<Source>, StoreError> {
    if files::look::is_kept(rows, web, content)? {
        return Ok(Some(Source::Store));
    }
    files::look::source_in(rows, web, content)
}

fn place_of<R: Rows + ?Sized>(rows: &R, web: WebId, part: Part) -> Result<Option<Place>, StoreError> {
    Ok(match part {
        Part::Inline { bytes } => Some(Place::Inline { bytes }),
        Part::Content { content, size, .. } => {
            place(rows, web, content)?.map(|source| Place::Content { content, size, source })
        }
    })
}
