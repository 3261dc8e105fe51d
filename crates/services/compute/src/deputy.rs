//! Carrying a job on while its owner is away (spec compute, rules 24 to 30).
//!
//! A deputy has the inputs and everybody's signed results, gives units out by the owner's rules, and keeps what comes until
//! the owner has taken it. It decides nothing for good: the owner judges the same signed results itself.

use std::time::Duration;

use base::{DeviceId, Fault, RunId, Timestamp};
use files::lending::{self, Wanted};
use kernel::Step;
use store::StoreError;

use crate::messages::{CHUNK, FULL, Says};
use crate::owner::StageKey;
use crate::service::Compute;
use crate::staging::put_inputs;
use crate::tables::{
    COUNTER_UNSENT, COUNTERS, CREDITS, DEBTS, INPUTS, InputRow, JOBS, JobRow, JobState, KNOWN, KNOWN_FROM,
    LEASES, ORDER, OUTCOMES, OutcomeRow, PARKED, PENDING, STAGES, STATEMENTS, SourceRow, StageRow,
    StageState, StatementRow, TrustRow,
};

/// An owner who has been away for so long is stood in for.
const GRACE: Duration = Duration::from_secs(5);
/// How often a deputy asks what is new.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(2);
/// Whoever has brought nothing for so long has nothing more to bring; units are kept back no longer than the other.
const QUIET: Duration = Duration::from_secs(2);
const BRINGING_FOR: Duration = Duration::from_secs(60);
/// Statements that wait for an answer of the owner at once.
const BRINGING_MAX: usize = 8;
/// Statements looked through for these.
const LOOK: usize = 256;

/// How a step is, as its owner says.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) total: u64,
    pub(crate) is_closed: bool,
    pub(crate) trust: TrustRow,
    pub(crate) is_paused: bool,
    /// Of a step whose inputs are outputs of others: which.
    pub(crate) source: Option<SourceRow>,
}

impl Compute {
    /// Says whether this computer gives units of a job out just now.
    pub(crate) fn is_in_charge(&self, step: &Step<'_>, job: &JobRow) -> Result<bool, StoreError> {
        if job.owner == self.me {
            return Ok(true);
        }
        if records::is_connected(step.view(), job.owner)? {
            return Ok(false);
        }
        let left = self.left.get(&job.owner).copied().unwrap_or_default();
        if step.now().since(left) < GRACE {
            return Ok(false);
        }
        for deputy in &job.deputies {
            if *deputy == self.me {
                return Ok(true);
            }
            if records::is_connected(step.view(), *deputy)? {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Returns who gives units of a job out, if somebody who does is here.
    pub(crate) fn coordinator(
        &self,
        step: &Step<'_>,
        owner: DeviceId,
        deputies: &[DeviceId],
    ) -> Result<Option<DeviceId>, StoreError> {
        for device in std::iter::once(&owner).chain(deputies) {
            if *device == self.me || records::is_connected(step.view(), *device)? {
                return Ok(Some(*device));
            }
        }
        Ok(None)
    }

    /// Tells a deputy how a step is.
    pub(crate) fn hand(
        &mut self,
        step: &mut Step<'_>,
        deputy: DeviceId,
        key: StageKey,
        job: &JobRow,
        stage: &StageRow,
    ) {
        let says = Says::Hand {
            stage: key.1,
            total: stage.total,
            is_closed: stage.is_closed,
            trust: job.trust.clone(),
            is_paused: !matches!(job.state, JobState::Gathering | JobState::Running),
            source: match &stage.source {
                source @ (SourceRow::Each { .. } | SourceRow::Groups { .. }) => Some(source.clone()),
                _ => None,
            },
        };
        self.say(step, deputy, key.0, says);
    }

    /// Tells a deputy that has come of all jobs it is one of.
    pub(crate) fn hand_all(&mut self, step: &mut Step<'_>, deputy: DeviceId) -> Result<(), Fault> {
        let jobs: Vec<(RunId, JobRow)> = JOBS.all(step.view()).collect::<Result<_, _>>()?;
        for (id, job) in jobs {
            if job.owner != self.me || !job.deputies.contains(&deputy) || job.state.is_over() {
                continue;
            }
            for number in &job.stages {
                let Some(stage) = STAGES.get(step.view(), &(id, *number))? else { continue };
                if is_handed(&stage) {
                    self.hand(step, deputy, (id, *number), &job, &stage);
                }
            }
        }
        Ok(())
    }

    /// The owner of a job tells its deputy how a step is.
    pub(crate) fn hear_hand(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: StageKey,
        handed: Handed,
    ) -> Result<(), Fault> {
        let Some(known) = KNOWN.get(step.view(), &key)? else { return Ok(()) };
        if known.owner != from || known.is_over || !known.announced.deputies.contains(&self.me) {
            return Ok(());
        }
        let Handed { total, is_closed, trust, is_paused, source } = handed;
        let is_waiting = source.is_some() && total == 0 && !is_closed;
        let state = if is_paused { JobState::Paused } else { JobState::Running };
        let mut job = match JOBS.get(step.view(), &key.0)? {
            Some(job) => job,
            None => self.deputy_row(step, &known, trust.clone()),
        };
        (job.state, job.trust) = (state, trust);
        if !job.stages.contains(&key.1) {
            job.stages.push(key.1);
            job.stages.sort_unstable();
        }
        JOBS.put(step.rows(), &key.0, &job);
        if STAGES.get(step.view(), &key)?.is_some_and(|stage| stage.told.is_some()) {
            if is_waiting {
                // What was begun here in the owner's place is kept until the owner is as far.
                return Ok(());
            }
            self.forget_beyond_told(step, key)?;
        }
        let (program, size) = (known.announced.program, known.announced.program_size);
        let stage = StageRow {
            name: known.announced.name.clone(),
            announced: known.announced,
            program: String::new(),
            source: source.unwrap_or(SourceRow::Items),
            total,
            is_closed,
            state: if is_waiting { StageState::Waiting } else { StageState::Running },
            told: None,
        };
        // Asked after what was said before, too, the two would talk without end.
        let is_news = STAGES.get(step.view(), &key)?.as_ref() != Some(&stage);
        STAGES.put(step.rows(), &key, &stage);
        if let Some(board) = self.board(step, key)? {
            (board.total, board.is_closed) = (total, stage.is_whole());
        }
        if is_news {
            // Whoever is given units while the owner is away gets the program here.
            let wanted = vec![Wanted { content: program, size, from: Some(from) }];
            lending::bring(step, known.web, wanted);
            self.need(step, known.web, key.0, (program, size));
        }
        if !is_waiting {
            self.bring_home(step, key.0)?;
        }
        if is_news && !is_waiting { self.tell_owner(step, key) } else { Ok(()) }
    }

    fn deputy_row(&self, step: &mut Step<'_>, known: &crate::tables::KnownRow, trust: TrustRow) -> JobRow {
        JobRow {
            web: known.web,
            name: known.announced.name.clone(),
            owner: known.owner,
            person: known.person,
            trust,
            deputies: known.announced.deputies.clone(),
            priority: known.announced.priority,
            state: JobState::Running,
            note: String::new(),
            out: None,
            since: step.now(),
            until: None,
            stages: Vec::new(),
            statements: 0,
            order: 0,
            is_anew: false,
            spent_us: 0,
            known: 0,
            secret: base::ContentId::new(step.random("draw")),
            copied: 0,
            is_fleeting: None,
        }
    }

    /// Says to the owner how far this deputy is.
    pub(crate) fn tell_owner(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        let chunks = INPUTS.within_back(step.view(), &key).next().transpose()?;
        let chunks = chunks.map_or(0, |((_, _, chunk), rows)| match rows.len() as u64 == CHUNK {
            true => chunk + 1,
            // The last one may have grown.
            false => chunk,
        });
        self.say(step, job.owner, key.0, Says::Tell { stage: key.1, chunks, statements: job.copied });
        Ok(())
    }

    /// A deputy says how far it is: it gets what comes next.
    pub(crate) fn hear_tell(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: StageKey,
        (chunks, statements): (u64, u64),
    ) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        if job.owner != self.me
            || !job.deputies.contains(&from)
            || !people::read::is_member(step.view(), job.web, from)?
        {
            return Ok(());
        }
        let mut size = 0;
        let inputs: Vec<_> = INPUTS
            .within_from(step.view(), &key, &(key.0, key.1, chunks))
            .take(16)
            .collect::<Result<_, _>>()?;
        for ((_, _, chunk), rows) in inputs {
            let rows = self.own_inputs(step, key, chunk, rows)?;
            size += rows.iter().map(|row| row.path.len() + 64).sum::<usize>();
            let is_whole = rows.len() as u64 == CHUNK;
            self.say(step, from, key.0, Says::Inputs { stage: key.1, chunk, rows });
            if size > FULL || !is_whole {
                break;
            }
        }
        let known: Vec<_> = STATEMENTS
            .within_from(step.view(), &key.0, &(key.0, statements.saturating_add(1)))
            .take(8)
            .collect::<Result<_, _>>()?;
        for ((_, number), row) in known {
            size += row.outcomes.iter().map(outcome_size).sum::<usize>();
            self.say(step, from, key.0, Says::Known { number, row });
            if size > 2 * FULL {
                break;
            }
        }
        if is_handed(&stage) {
            if (chunks, statements) == (0, 0) {
                // It has nothing of it yet, perhaps because what it was told was lost.
                self.handed.remove(&(from, key));
            }
            self.hand_if_changed(step, from, key, &job, &stage);
        }
        Ok(())
    }

    fn hand_if_changed(
        &mut self,
        step: &mut Step<'_>,
        deputy: DeviceId,
        key: StageKey,
        job: &JobRow,
        stage: &StageRow,
    ) {
        let said = (stage.total, stage.is_closed, job.state, stage.state);
        if self.handed.insert((deputy, key), said) != Some(said) {
            self.hand(step, deputy, key, job, stage);
        }
    }

    /// Inputs that are outputs of a step before become what they are: a deputy has only this step.
    fn own_inputs(
        &mut self,
        step: &Step<'_>,
        key: StageKey,
        chunk: u64,
        rows: Vec<InputRow>,
    ) -> Result<Vec<InputRow>, StoreError> {
        let mut outputs = crate::outputs::Outputs::new(key.0);
        let mut own = Vec::with_capacity(rows.len());
        for (unit, row) in (chunk * CHUNK..).zip(rows) {
            let parts = outputs.parts(step.view(), key.1, unit)?;
            let parts = parts.into_iter().map(|part| crate::tables::InputPart::Given { part }).collect();
            own.push(InputRow { parts, ..row });
        }
        Ok(own)
    }

    /// The owner gives its deputy inputs.
    pub(crate) fn hear_inputs(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: StageKey,
        chunk: u64,
        rows: &[InputRow],
    ) -> Result<(), Fault> {
        if JOBS.get(step.view(), &key.0)?.is_some_and(|job| job.owner == from && from != self.me) {
            put_inputs(step, key, chunk.saturating_mul(CHUNK), rows)?;
            // Only a whole chunk is followed by another now; the last one would be asked for again and again.
            if rows.len() as u64 == CHUNK {
                self.telling.insert(key);
                self.tend_soon(step);
            }
        }
        Ok(())
    }

    /// The owner gives its deputy results that it has taken.
    pub(crate) fn hear_known(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        id: RunId,
        number: u64,
        row: &StatementRow,
    ) -> Result<(), Fault> {
        let Some(mut job) = JOBS.get(step.view(), &id)?.filter(|job| job.owner == from && from != self.me)
        else {
            return Ok(());
        };
        job.copied = job.copied.max(number);
        JOBS.put(step.rows(), &id, &job);
        if !row.signed.is_by(step.verifier(), row.device) {
            return Ok(());
        }
        let Some(statement) = row.said(id) else { return Ok(()) };
        if statement.job != id || statement.units.len() != row.outcomes.len() {
            return Ok(());
        }
        self.telling.insert((id, statement.stage));
        self.tend_soon(step);
        self.take_statement(step, (id, &statement), row)?;
        self.after_results(step, (id, statement.stage))
    }

    /// Notes results that this deputy has taken in the owner's place.
    pub(crate) fn owe(&mut self, step: &mut Step<'_>, id: RunId, row: &StatementRow) -> Result<(), Fault> {
        // From the counter of its own results, so that an answer to one is never taken for an answer to the other.
        let number = COUNTERS.get(step.view(), &COUNTER_UNSENT)?.unwrap_or_default() + 1;
        COUNTERS.put(step.rows(), &COUNTER_UNSENT, &number);
        DEBTS.put(step.rows(), &(id, number), row);
        self.bring_home(step, id)
    }

    /// Brings the owner what was taken in its place.
    pub(crate) fn bring_home(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        if job.owner == self.me || !records::is_connected(step.view(), job.owner)? {
            return Ok(());
        }
        let mut debts = Vec::new();
        for row in DEBTS.within(step.view(), &id).take(LOOK) {
            let ((_, number), row) = row?;
            if debts.len() < BRINGING_MAX && !is_ahead(step, id, &row)? {
                debts.push((number, row));
            }
        }
        for (number, row) in debts {
            self.say(step, job.owner, id, Says::Brought { number, row });
        }
        Ok(())
    }

    /// A deputy brings what it has taken.
    pub(crate) fn hear_brought(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        id: RunId,
        number: u64,
        row: StatementRow,
    ) -> Result<(), Fault> {
        let is_deputy = JOBS.get(step.view(), &id)?.is_some_and(|job| job.deputies.contains(&from));
        if !is_deputy {
            self.say(step, from, id, Says::Took { number });
            return Ok(());
        }
        if let Some((_, last)) = self.bringing.get_mut(&id) {
            *last = step.now();
        }
        self.hear_results(step, (from, number), id, StatementRow { via: from, ..row })
    }

    /// A deputy has come: if it may have stood in, it is given time to bring what it has before the same is given out again.
    pub(crate) fn expect_brought(
        &mut self,
        step: &Step<'_>,
        deputy: DeviceId,
        left: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let now = step.now();
        if left.is_some_and(|left| now.since(left) < GRACE) {
            return Ok(());
        }
        for row in JOBS.all(step.view()) {
            let (id, job) = row?;
            if job.owner == self.me && job.deputies.contains(&deputy) && !job.state.is_over() {
                self.bringing.insert(id, (now, now));
            }
        }
        Ok(())
    }

    /// Says whether deputies of an own job are bringing what they took.
    pub(crate) fn is_brought(&self, id: RunId, now: Timestamp) -> bool {
        self.bringing
            .get(&id)
            .is_some_and(|(since, last)| now.since(*last) < QUIET && now.since(*since) < BRINGING_FOR)
    }

    /// The owner has taken what this deputy brought.
    pub(crate) fn pay(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        id: RunId,
        number: u64,
    ) -> Result<bool, Fault> {
        let is_debt = JOBS.get(step.view(), &id)?.is_some_and(|job| job.owner == from) && from != self.me;
        if !is_debt || !DEBTS.has(step.view(), &(id, number))? {
            return Ok(false);
        }
        DEBTS.delete(step.rows(), &(id, number));
        self.bring_home(step, id)?;
        Ok(true)
    }

    /// A job of which this computer was a deputy is over.
    pub(crate) fn forget_deputy(
        &mut self,
        step: &mut Step<'_>,
        id: RunId,
        owner: DeviceId,
    ) -> Result<(), Fault> {
        let is_deputy = JOBS.get(step.view(), &id)?.is_some_and(|job| job.owner == owner && owner != self.me);
        if is_deputy { self.forget_rows(step, id) } else { Ok(()) }
    }

    /// Removes all rows of a job.
    pub(crate) fn forget_rows(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        macro_rules! clear {
            ($($table:ident),*) => {$(
                let keys: Vec<_> =
                    $table.within(step.view(), &id).map(|row| Ok(row?.0)).collect::<Result<Vec<_>, StoreError>>()?;
                for key in keys {
                    $table.delete(step.rows(), &key);
                }
            )*};
        }
        clear!(
            STAGES, INPUTS, LEASES, STATEMENTS, PENDING, OUTCOMES, ORDER, PARKED, CREDITS, DEBTS, KNOWN_FROM
        );
        self.need_nothing(step, id)?;
        JOBS.delete(step.rows(), &id);
        self.boards.retain(|(job, _), _| *job != id);
        self.lives.remove(&id);
        self.recalling.retain(|(job, _), _| *job != id);
        self.inquiries.retain(|(job, _), _| *job != id);
        self.telling.retain(|(job, _)| *job != id);
        self.handed.retain(|(_, (job, _)), _| *job != id);
        self.bringing.remove(&id);
        Ok(())
    }

    /// Asks owners what is new, and stands in for those who are away.
    pub(crate) fn tend_deputy(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for key in std::mem::take(&mut self.telling) {
            self.tell_owner(step, key)?;
        }
        if step.now() < self.tell_due {
            return Ok(());
        }
        self.tell_due = step.now().after(TELL_EVERY);
        let jobs: Vec<(RunId, JobRow)> = JOBS.all(step.view()).collect::<Result<_, _>>()?;
        let me = self.me;
        for (id, job) in jobs.into_iter().filter(|(_, job)| job.owner != me) {
            if records::is_connected(step.view(), job.owner)? {
                for stage in &job.stages {
                    self.tell_owner(step, (id, *stage))?;
                }
                self.bring_home(step, id)?;
            } else {
                self.carry_on(step, id)?;
                self.feed(step, id)?;
            }
        }
        self.ask_for_unknown(step)
    }

    /// Begins what comes after steps that are over, in the owner's place.
    fn carry_on(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        if job.state != JobState::Running || !self.is_in_charge(step, &job)? {
            return Ok(());
        }
        for number in &job.stages {
            let key = (id, *number);
            if self.has_all(step, key)? && self.board(step, key)?.is_some_and(|board| board.is_over()) {
                self.end_stage(step, key)?;
            }
        }
        self.advance(step, id)
    }

    /// Says whether all inputs of a step are here that its owner has told of.
    fn has_all(&self, step: &Step<'_>, key: StageKey) -> Result<bool, StoreError> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(false) };
        if stage.announced.is_range || stage.total == 0 {
            return Ok(true);
        }
        let last = (stage.total - 1) / CHUNK;
        let rows = INPUTS.get(step.view(), &(key.0, key.1, last))?;
        Ok(rows.is_some_and(|rows| last * CHUNK + rows.len() as u64 >= stage.total))
    }

    /// Forgets the units that this deputy has made in the owner's place: the owner has come so far itself, and says which they are.
    /// What was computed of them has been kept for it.
    fn forget_beyond_told(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<(), Fault> {
        let told = STAGES.get(step.view(), &key)?.and_then(|stage| stage.told).unwrap_or_default();
        let inputs: Vec<_> = INPUTS
            .within_from(step.view(), &key, &(key.0, key.1, told / CHUNK))
            .collect::<Result<_, StoreError>>()?;
        for (at, mut rows) in inputs {
            let kept = usize::try_from(told.saturating_sub(at.2.saturating_mul(CHUNK))).unwrap_or(usize::MAX);
            rows.truncate(kept);
            match rows.is_empty() {
                true => INPUTS.delete(step.rows(), &at),
                false => INPUTS.put(step.rows(), &at, &rows),
            }
        }
        let outcomes: Vec<_> = OUTCOMES.within(step.view(), &key).collect::<Result<_, StoreError>>()?;
        for (at, row) in outcomes {
            if at.2 >= told {
                OUTCOMES.delete(step.rows(), &at);
                ORDER.delete(step.rows(), &(key.0, row.order));
            } else if at.2.saturating_add(row.count) > told {
                OUTCOMES.put(step.rows(), &at, &OutcomeRow { count: told - at.2, ..row });
            }
        }
        let parked: Vec<_> =
            PARKED.within(step.view(), &key).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        for at in parked.iter().filter(|at| at.2 >= told) {
            PARKED.delete(step.rows(), at);
        }
        let pending: Vec<_> =
            PENDING.within(step.view(), &key.0).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        for at in pending {
            let said = STATEMENTS.get(step.view(), &at)?.and_then(|row| row.said(key.0));
            let is_beyond = |one: &crate::value::Statement| {
                one.stage == key.1 && one.units.iter().any(|said| said.unit >= told)
            };
            if said.as_ref().is_none_or(is_beyond) {
                PENDING.delete(step.rows(), &at);
            }
        }
        self.boards.remove(&key);
        Ok(())
    }

    /// Asks for what a deputy has to know of steps it heard of; the record may come before the owner's word or after it.
    fn ask_for_unknown(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut unknown = Vec::new();
        for row in KNOWN.all(step.view()) {
            let (key, known) = row?;
            let is_deputy = !known.is_over && known.announced.deputies.contains(&self.me);
            if is_deputy && known.owner != self.me && !STAGES.has(step.view(), &key)? {
                unknown.push((known.owner, key));
            }
        }
        for (owner, key) in unknown {
            self.say(step, owner, key.0, Says::Tell { stage: key.1, chunks: 0, statements: 0 });
        }
        Ok(())
    }

    pub(crate) fn note_left(&mut self, device: DeviceId, now: Timestamp) {
        self.left.insert(device, now);
    }
}

/// Says whether deputies are told of a step: one that is at work, or can begin without its owner.
pub(crate) fn is_handed(stage: &StageRow) -> bool {
    match stage.state {
        StageState::Running => true,
        StageState::Waiting => {
            stage.program.is_empty()
                && matches!(stage.source, SourceRow::Each { .. } | SourceRow::Groups { .. })
        }
        StageState::Done => false,
    }
}

/// Says whether a statement is of units that its owner has not come to yet.
fn is_ahead(step: &Step<'_>, id: RunId, row: &StatementRow) -> Result<bool, StoreError> {
    let Some(said) = row.said(id) else { return Ok(false) };
    let Some(stage) = STAGES.get(step.view(), &(id, said.stage))? else { return Ok(false) };
    let is_beyond = |told| said.units.iter().any(|one| one.unit >= told);
    Ok(stage.state == StageState::Waiting || stage.told.is_some_and(is_beyond))
}

fn outcome_size(outcome: &crate::jobs::Outcome) -> usize {
    match outcome {
        crate::jobs::Outcome::Output { bytes } => bytes.len(),
        crate::jobs::Outcome::Large { .. } => 40,
        crate::jobs::Outcome::Failed { log, .. } => log.len(),
    }
}
