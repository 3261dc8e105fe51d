//! Asking those who may have computed units before, and answering who asks (spec compute, rules 56 to 61).
//!
//! An answer is what somebody has signed, for this job or another one: it is a vote like any other, and whoever lies in it is
//! found like any other. Not for: what this computer remembers itself (`memo.rs`), or what votes are worth (`judge.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, PersonId, RunId, Timestamp};
use kernel::Step;
use store::StoreError;

use crate::jobs::{Outcome, UNITS_MAX};
use crate::memo::is_remembered;
use crate::messages::{FULL, Inquired, PARTS_MAX, RecalledRow, Says};
use crate::outputs::Outputs;
use crate::owner::StageKey;
use crate::service::Compute;
use crate::tables::{
    JOBS, JobRow, KNOWN, KnownRow, MEMO, MemoRow, NEEDED, OutcomeRow, RECEIPTS, Recalled, SHUT_OUT, STAGES,
    STATEMENTS, SourceRow, StageState, StatementRow, WRONG,
};
use crate::value::{
    Announcement, SignedStatement, Stated, Statement, digest, input_hash, step_name, unit_name,
};

/// Computers asked about one step at most: those of owners first. More would answer the same again.
const ASKED_MAX: usize = 16;
/// Units looked through for one question at most.
const LOOK: u64 = 2_000;
/// Hashes of inputs in one question at most.
const HASHES_MAX: usize = UNITS_MAX + PARTS_MAX;
/// Rows in one answer at most; each may be of a single unit.
const ROWS_MAX: usize = 64;
/// Units of a step are kept back for an answer so long, and for all answers together so long: nobody notices that, and what
/// is given out meanwhile would be computed again.
const HOLD: Duration = Duration::from_millis(300);
const HOLD_ALL: Duration = Duration::from_secs(3);
/// A question that is not answered within this is not waited for, nor anybody asked who does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who knows nothing of so many questions in a row is asked no more about that step.
const MISSES_MAX: u8 = 4;
/// Questions about steps that this computer has not heard of yet: the record may come after the question.
const UNHEARD_MAX: usize = 32;

/// What others are asked about a step.
#[derive(Debug)]
pub(crate) struct Inquiry {
    begun: Timestamp,
    /// Who may know, and how far each was asked.
    asked: BTreeMap<DeviceId, Asked>,
    /// Number of the last question.
    number: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// The first unit that it was not asked for.
    next: u64,
    /// What it has not answered, and since when.
    open: Option<(u64, Timestamp)>,
    misses: u8,
    has_hit: bool,
    is_over: bool,
}

impl Asked {
    fn is_waited_for(&self, now: Timestamp) -> bool {
        self.open.is_some_and(|(_, since)| now.since(since) < HOLD)
    }
}

/// A question about a step that is not known yet: its number and units.
pub(crate) type Unheard = (u64, Vec<Inquired>);

impl Compute {
    /// Begins to ask about a step whose units are to be given out.
    pub(crate) fn inquire(&mut self, step: &mut Step<'_>, key: StageKey, job: &JobRow) -> Result<(), Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        // Whoever pushes units one by one waits for each of them.
        let is_pushed = stage.source == SourceRow::Items && !stage.is_closed;
        if job.is_anew || is_pushed || !is_remembered(&stage.announced, stage.total) {
            return Ok(());
        }
        let mut asked = BTreeMap::new();
        for device in knowers(step, key, job, &stage.announced)? {
            if asked.len() < ASKED_MAX && device != self.me && self.may_work(step.view(), job, device)? {
                asked.insert(device, Asked::default());
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        self.inquiries.insert(key, Inquiry { begun: step.now(), asked, number: 0 });
        self.inquire_more(step, key)
    }

    /// Asks whoever has answered about the units that come next.
    pub(crate) fn inquire_more(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<(), Fault> {
        let Some(inquiry) = self.inquiries.get(&key) else { return Ok(()) };
        let now = step.now();
        let mut free = Vec::new();
        for (device, asked) in &inquiry.asked {
            if !asked.is_over && asked.open.is_none() && records::is_connected(step.view(), *device)? {
                free.push((*device, asked.next));
            }
        }
        for (device, from) in free {
            let (units, next) = self.units_to_ask(step, key, from)?;
            let Some(inquiry) = self.inquiries.get_mut(&key) else { return Ok(()) };
            let Some(asked) = inquiry.asked.get_mut(&device) else { continue };
            asked.next = next;
            if units.is_empty() {
                continue;
            }
            inquiry.number += 1;
            asked.open = Some((inquiry.number, now));
            let number = inquiry.number;
            self.say(step, device, key.0, Says::Recall { stage: key.1, number, units });
            self.tend_soon(step);
        }
        Ok(())
    }

    /// Returns the next units that are not settled, with the hashes of their inputs, and where to go on.
    fn units_to_ask(
        &mut self,
        step: &Step<'_>,
        key: StageKey,
        from: u64,
    ) -> Result<(Vec<Inquired>, u64), Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok((Vec::new(), from)) };
        let Some(board) = self.board(step, key)? else { return Ok((Vec::new(), from)) };
        let (mut units, mut hashes) = (Vec::new(), 0);
        let mut outputs = Outputs::new(key.0);
        let mut next = from;
        while next < board.total.min(from.saturating_add(LOOK)) {
            if units.len() >= UNITS_MAX || hashes >= HASHES_MAX {
                break;
            }
            if !board.settled.has(next) {
                let parts = match stage.announced.is_range {
                    true => Vec::new(),
                    false => outputs.hashes(step.view(), key.1, next)?,
                };
                hashes += parts.len().max(1);
                units.push(Inquired { unit: next, parts });
            }
            next += 1;
        }
        Ok((units, next))
    }

    /// Says whether units of a step are kept back because somebody may know what comes of them.
    pub(crate) fn is_holding(&self, key: StageKey, now: Timestamp) -> bool {
        self.inquiries.get(&key).is_some_and(|inquiry| {
            now.since(inquiry.begun) < HOLD_ALL
                && inquiry.asked.values().any(|asked| asked.is_waited_for(now))
        })
    }

    /// Goes on asking, and waits no longer for those who do not answer.
    pub(crate) fn tend_inquiries(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        let keys: Vec<StageKey> = self.inquiries.keys().copied().collect();
        for key in keys {
            let is_running =
                STAGES.get(step.view(), &key)?.is_some_and(|one| one.state == StageState::Running);
            if !is_running {
                self.inquiries.remove(&key);
                continue;
            }
            for asked in self.inquiries.get_mut(&key).into_iter().flat_map(|one| one.asked.values_mut()) {
                if asked.open.is_some_and(|(_, since)| now.since(since) >= PATIENCE) {
                    (asked.open, asked.is_over) = (None, true);
                }
            }
            self.inquire_more(step, key)?;
            if self.is_holding(key, now) {
                self.tend_soon(step);
            }
        }
        Ok(())
    }

    /// Somebody has gone: its answer will not come.
    pub(crate) fn miss_knower(&mut self, device: DeviceId) {
        for inquiry in self.inquiries.values_mut() {
            if let Some(asked) = inquiry.asked.get_mut(&device) {
                asked.open = None;
            }
        }
        self.unheard.retain(|(from, _), _| *from != device);
    }

    /// Somebody asks what is known of units of its job.
    pub(crate) fn hear_recall(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: StageKey,
        (number, units): Unheard,
    ) -> Result<(), Fault> {
        let Some(known) = KNOWN.get(step.view(), &key)? else {
            if self.unheard.len() < UNHEARD_MAX {
                self.unheard.insert((from, key), (number, units));
            }
            return Ok(());
        };
        let may_ask = known.owner == from || known.announced.deputies.contains(&from);
        let is_member = people::read::is_member(step.view(), known.web, from)?;
        let person = people::read::person_of(step.view(), known.web, from)?;
        let Some(person) = person.filter(|_| may_ask && is_member && !known.is_over) else { return Ok(()) };
        let rows = self.known_of(step, key, &known, person, &units)?;
        let mut part = Vec::new();
        let mut size = 0;
        for row in rows {
            size += row.signed.bytes.len() + row.outcomes.iter().map(size_of).sum::<usize>();
            part.push(row);
            if size >= FULL || part.len() >= ROWS_MAX {
                let rows = std::mem::take(&mut part);
                self.say(step, from, key.0, Says::Recalled { stage: key.1, number, rows, is_last: false });
                size = 0;
            }
        }
        self.say(step, from, key.0, Says::Recalled { stage: key.1, number, rows: part, is_last: true });
        Ok(())
    }

    /// A step has been heard of: who asked about it before that is answered.
    pub(crate) fn answer_unheard(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<(), Fault> {
        let waiting: Vec<DeviceId> =
            self.unheard.keys().filter(|(_, at)| *at == key).map(|(from, _)| *from).collect();
        for from in waiting {
            if let Some(question) = self.unheard.remove(&(from, key)) {
                self.hear_recall(step, from, key, question)?;
            }
        }
        Ok(())
    }

    /// Returns what this computer has computed itself of some units, and what it believed of others with their signatures.
    fn known_of(
        &self,
        step: &Step<'_>,
        key: StageKey,
        known: &KnownRow,
        asker: PersonId,
        units: &[Inquired],
    ) -> Result<Vec<RecalledRow>, Fault> {
        let is_mine = people::read::my_person(step.view())? == Some(asker);
        let mut own = Vec::new();
        let mut others = Others::default();
        for Inquired { unit, parts } in units {
            let Some(row) = MEMO.get(step.view(), &unit_name(&known.announced, *unit, parts))? else {
                continue;
            };
            if !is_given(step, &row)? || !(is_mine || may_tell(step, &row, asker)?) {
                continue;
            }
            if row.persons == 0 {
                let input = (!known.announced.is_range).then(|| input_hash(parts));
                own.push((*unit, input, row.outcome, row.cpu_us));
            } else if let Some(at) = row.at {
                others.find(step, *unit, at)?;
            }
        }
        let mut rows = others.rows(step, known)?;
        if !own.is_empty() {
            rows.insert(0, self.sign_known(step, key, &known.announced, own));
        }
        Ok(rows)
    }

    /// Signs what this computer has computed before, as if it were done for this job.
    fn sign_known(
        &self,
        step: &Step<'_>,
        key: StageKey,
        announced: &Announcement,
        own: Vec<(u64, Option<ContentId>, Outcome, u64)>,
    ) -> RecalledRow {
        let stated = |(unit, input, outcome, cpu_us): &(u64, Option<ContentId>, Outcome, u64)| Stated {
            unit: *unit,
            digest: digest(outcome),
            cpu_us: *cpu_us,
            input: *input,
        };
        let statement = Statement {
            job: key.0,
            stage: key.1,
            lease: 0,
            units: own.iter().map(stated).collect(),
            what: Some(step_name(announced)),
        };
        let signed = SignedStatement::sign(step, &statement);
        let units = own.iter().map(|one| one.0).zip(0..).collect();
        RecalledRow { device: self.me, signed, units, outcomes: own.into_iter().map(|one| one.2).collect() }
    }

    /// Somebody says what is known of units it was asked for.
    pub(crate) fn hear_recalled(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: StageKey,
        (number, is_last): (u64, bool),
        rows: Vec<RecalledRow>,
    ) -> Result<(), Fault> {
        let asked = self.inquiries.get_mut(&key).and_then(|inquiry| inquiry.asked.get_mut(&from));
        let Some(asked) = asked.filter(|one| one.open.is_some_and(|(open, _)| open == number)) else {
            return Ok(());
        };
        asked.has_hit |= !rows.is_empty();
        if is_last {
            asked.misses = if std::mem::take(&mut asked.has_hit) { 0 } else { asked.misses + 1 };
            (asked.open, asked.is_over) = (None, asked.misses >= MISSES_MAX);
        } else {
            // It answers: it is waited for a little longer.
            asked.open = Some((number, step.now()));
        }
        let Some(job) = JOBS.get(step.view(), &key.0)?.filter(|job| !job.state.is_over()) else {
            return Ok(());
        };
        for row in rows {
            let RecalledRow { device, signed, units, outcomes } = row;
            // A deputy is believed to have relayed what it brings: whoever relayed it to the deputy would not be known.
            let is_relayed_twice = job.owner != self.me && device != from;
            let is_signed = signed.is_by(step.verifier(), device);
            if is_relayed_twice || !is_signed || is_told_wrong(step, &job, device, &signed)? {
                continue;
            }
            let recalled = Some(Recalled { stage: key.1, units });
            let row = StatementRow { device, via: from, signed, outcomes, recalled };
            self.hear_whole(step, (from, None), (key.0, &job), row)?;
        }
        self.judge_again(step, key, &job)?;
        self.inquire_more(step, key)?;
        self.after_results(step, key)
    }
}

/// Statements of own jobs in which units stand that were asked for.
#[derive(Debug, Default)]
struct Others {
    /// Of each: the units that were asked for, and their places in it.
    found: BTreeMap<(RunId, u64), BTreeMap<u64, u64>>,
    /// The run of units that was read last: job, step, its first unit. The next unit is mostly in it, too.
    last: Option<(RunId, u8, u64, OutcomeRow)>,
}

impl Others {
    /// Notes who said what of a unit of an own job, for a unit that was asked for.
    fn find(
        &mut self,
        step: &Step<'_>,
        unit: u64,
        (job, stage, at): (RunId, u8, u64),
    ) -> Result<(), StoreError> {
        let is_in = |(of, step, first, run): &(RunId, u8, u64, OutcomeRow)| {
            (*of, *step) == (job, stage) && (*first..first.saturating_add(run.count)).contains(&at)
        };
        if !self.last.as_ref().is_some_and(is_in) {
            let run = Outputs::new(job).run(step.view(), stage, at)?;
            self.last = run.map(|(first, run)| (job, stage, first, run));
        }
        let Some((_, _, first, run)) = &self.last else { return Ok(()) };
        let offset = at.saturating_sub(*first);
        let also = run.also.iter().flatten().copied();
        for (statement, place) in std::iter::once((run.statement, run.place)).chain(also) {
            self.found.entry((job, statement)).or_default().insert(unit, place.saturating_add(offset));
        }
        Ok(())
    }

    /// Returns what may be passed on of these.
    fn rows(&self, step: &Step<'_>, known: &KnownRow) -> Result<Vec<RecalledRow>, StoreError> {
        let me = step.me();
        let mut rows = Vec::new();
        for (at, units) in &self.found {
            let Some(row) = STATEMENTS.get(step.view(), at)? else { continue };
            let Some(statement) = row.signed.statement() else { continue };
            let person = people::read::person_of(step.view(), known.web, row.device)?;
            let Some(person) = person.filter(|_| statement.what.is_some()) else { continue };
            // What this computer has signed of what it was told is its word to itself only (rule 42).
            let is_hearsay = row.device == me && statement.lease == 0;
            if is_hearsay || SHUT_OUT.has(step.view(), &person)? {
                continue;
            }
            let mut passed = RecalledRow {
                device: row.device,
                signed: row.signed,
                units: Vec::new(),
                outcomes: Vec::new(),
            };
            for (unit, place) in units {
                let index = usize::try_from(*place).unwrap_or(usize::MAX);
                let signed_at = match &row.recalled {
                    Some(recalled) => recalled.units.get(index).map(|one| one.1),
                    None => Some(*place),
                };
                if let (Some(signed_at), Some(outcome)) = (signed_at, row.outcomes.get(index)) {
                    passed.units.push((*unit, signed_at));
                    passed.outcomes.push(outcome.clone());
                }
            }
            if !passed.units.is_empty() {
                rows.push(passed);
            }
        }
        Ok(rows)
    }
}

/// Returns who may know what comes of a step: owners of jobs that ran the same, and those who worked for them.
fn knowers(
    step: &Step<'_>,
    key: StageKey,
    job: &JobRow,
    announced: &Announcement,
) -> Result<Vec<DeviceId>, StoreError> {
    let what = step_name(announced);
    let mut owners = BTreeSet::new();
    for row in KNOWN.all(step.view()) {
        let ((id, _), known) = row?;
        let is_alike = known.announced.program == announced.program && step_name(&known.announced) == what;
        if is_alike && id != key.0 && known.web == job.web {
            owners.insert((known.owner, id));
        }
    }
    let mut found: Vec<DeviceId> = owners.iter().map(|(owner, _)| *owner).collect();
    for (owner, id) in owners {
        for credit in RECEIPTS.get(step.view(), &(job.web, owner, id))?.unwrap_or_default() {
            found.extend(people::read::devices_of(step.view(), job.web, credit.person)?);
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|device| seen.insert(*device));
    Ok(found)
}

/// Says whether a person was free to compute a unit: nobody else hears what came of it.
fn may_tell(step: &Step<'_>, row: &MemoRow, asker: PersonId) -> Result<bool, StoreError> {
    if row.is_open == Some(true) {
        return Ok(true);
    }
    let Some((job, stage, _)) = row.at else { return Ok(false) };
    Ok(KNOWN.get(step.view(), &(job, stage))?.is_some_and(|known| known.announced.persons.contains(&asker)))
}

/// Says whether a result can be given: a large output only while a job here needs it, and so offers it.
fn is_given(step: &Step<'_>, row: &MemoRow) -> Result<bool, StoreError> {
    Ok(match &row.outcome {
        Outcome::Large { content, .. } => NEEDED.within(step.view(), content).next().transpose()?.is_some(),
        Outcome::Output { .. } => true,
        Outcome::Failed { .. } => false,
    })
}

/// Says whether somebody has told that this statement is wrong: who was forgiven is not accused of the same again.
fn is_told_wrong(
    step: &Step<'_>,
    job: &JobRow,
    device: DeviceId,
    signed: &SignedStatement,
) -> Result<bool, StoreError> {
    for row in WRONG.within(step.view(), &job.web) {
        let (_, row) = row?;
        if row.wrong.device == device && row.wrong.signed == *signed {
            return Ok(true);
        }
    }
    Ok(false)
}

fn size_of(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Output { bytes } => bytes.len(),
        Outcome::Large { .. } => 64,
        Outcome::Failed { log, .. } => log.len(),
    }
}
