//! Carrying a job on while its owner is away (spec compute, rules 24 to 30).
//!
//! A deputy has the inputs and everybody's signed results, gives units out by the owner's rules, and keeps what comes until
//! the owner has taken it. It decides nothing for good: the owner judges the same signed results itself.

use std::time::Duration;

use base::{DeviceId, Fault, RunId, Timestamp};
use kernel::Step;
use store::StoreError;

use crate::messages::{CHUNK, FULL, Says};
use crate::owner::StageKey;
use crate::service::Compute;
use crate::staging::put_inputs;
use crate::tables::{
    COUNTER_UNSENT, COUNTERS, CREDITS, DEBTS, INPUTS, InputRow, JOBS, JobRow, JobState, KNOWN, LEASES, ORDER,
    OUTCOMES, PARKED, PENDING, STAGES, STATEMENTS, SourceRow, StageRow, StageState, StatementRow, TrustRow,
};

/// An owner who has been away for so long is stood in for.
const GRACE: Duration = Duration::from_secs(5);
/// How often a deputy asks what is new.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(2);
/// Statements that wait for an answer of the owner at once.
const BRINGING_MAX: usize = 8;

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
            is_paused: job.state != JobState::Running,
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
                if stage.state == StageState::Running {
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
        (total, is_closed): (u64, bool),
        (trust, is_paused): (TrustRow, bool),
    ) -> Result<(), Fault> {
        let Some(known) = KNOWN.get(step.view(), &key)? else { return Ok(()) };
        if known.owner != from || known.is_over || !known.announced.deputies.contains(&self.me) {
            return Ok(());
        }
        let state = if is_paused { JobState::Paused } else { JobState::Running };
        let mut job = match JOBS.get(step.view(), &key.0)? {
            Some(job) => job,
            None => self.deputy_row(step, &known, trust.clone()),
        };
        (job.state, job.trust) = (state, trust);
        if !job.stages.contains(&key.1) {
            job.stages.push(key.1);
        }
        JOBS.put(step.rows(), &key.0, &job);
        let stage = StageRow {
            name: known.announced.name.clone(),
            announced: known.announced,
            program: String::new(),
            source: SourceRow::Items,
            total,
            is_closed,
            state: StageState::Running,
        };
        // Asked after what was said before, too, the two would talk without end.
        let is_news = STAGES.get(step.view(), &key)?.as_ref() != Some(&stage);
        STAGES.put(step.rows(), &key, &stage);
        if let Some(board) = self.board(step, key)? {
            (board.total, board.is_closed) = (total, is_closed);
        }
        if is_news { self.tell_owner(step, key) } else { Ok(()) }
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
        if stage.state == StageState::Running {
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
        let said = (stage.total, stage.is_closed, job.state);
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
        let Some(statement) = row.signed.read(step.verifier(), row.device) else { return Ok(()) };
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
        let debts: Vec<_> = DEBTS.within(step.view(), &id).take(BRINGING_MAX).collect::<Result<_, _>>()?;
        for ((_, number), row) in debts {
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
        self.hear_results(step, (from, number), id, StatementRow { via: from, ..row })
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
        clear!(STAGES, INPUTS, LEASES, STATEMENTS, PENDING, OUTCOMES, ORDER, PARKED, CREDITS, DEBTS);
        self.need_nothing(step, id)?;
        JOBS.delete(step.rows(), &id);
        self.boards.retain(|(job, _), _| *job != id);
        self.lives.remove(&id);
        self.recalling.retain(|(job, _), _| *job != id);
        self.telling.retain(|(job, _)| *job != id);
        self.handed.retain(|(_, (job, _)), _| *job != id);
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
                self.feed(step, id)?;
            }
        }
        self.ask_for_unknown(step)
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

fn outcome_size(outcome: &crate::jobs::Outcome) -> usize {
    match outcome {
        crate::jobs::Outcome::Output { bytes } => bytes.len(),
        crate::jobs::Outcome::Large { .. } => 40,
        crate::jobs::Outcome::Failed { log, .. } => log.len(),
    }
}
