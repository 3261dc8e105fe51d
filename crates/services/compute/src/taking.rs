//! Whether signed results are of a job, of its programs and its inputs, and all that belongs to them is here (spec compute, rules 9,
//! 20, 28, 59 and 64). Not for: what they are worth (`owner.rs`, `judge.rs`).

use std::time::Duration;

use base::{ContentId, DeviceId, Fault, RunId, WebId};
use files::lending::{self, Wanted};
use kernel::Step;
use store::StoreError;

use crate::jobs::Outcome;
use crate::messages::Says;
use crate::outputs::Outputs;
use crate::owner::Coming;
use crate::service::Compute;
use crate::tables::{JOBS, JobRow, KNOWN, STAGES, StageState, StatementRow};
use crate::value::{Statement, digest, input_hash, step_name};

/// How long large outputs are waited for before the units are given to others.
const FETCH_PATIENCE: Duration = Duration::from_secs(120);

impl Compute {
    /// Somebody says what came of units; taken when all that belongs to it is here.
    pub(crate) fn hear_results(
        &mut self,
        step: &mut Step<'_>,
        (from, number): (DeviceId, u64),
        id: RunId,
        row: StatementRow,
    ) -> Result<(), Fault> {
        let job = JOBS.get(step.view(), &id)?;
        if job.is_none() && self.is_anothers(step, id)? {
            // A deputy that does not know the job yet: whoever made it keeps it.
            return Ok(());
        }
        let Some(job) = job.filter(|job| !job.state.is_over()) else {
            // Nobody needs it any more, and whoever made it need not keep it.
            self.say(step, from, id, Says::Took { number });
            return Ok(());
        };
        if !row.signed.is_by(step.verifier(), row.device) {
            tracing::warn!(peer = %from.short(), "results were not signed by who gave them");
            return Ok(());
        }
        if let Some(stage) = self.hear_whole(step, (from, Some(number)), (id, &job), row)? {
            return self.after_results(step, (id, stage));
        }
        Ok(())
    }

    /// Takes a statement whose signature holds if it is of the job and all that it needs is here; else has that brought, or drops
    /// it. Returns the step in which something has changed.
    pub(crate) fn hear_whole(
        &mut self,
        step: &mut Step<'_>,
        (from, number): (DeviceId, Option<u64>),
        (id, job): (RunId, &JobRow),
        row: StatementRow,
    ) -> Result<Option<u8>, Fault> {
        let is_chain = job.stages.len() > 1 || job.owner != self.me;
        if is_chain && is_too_early(step, job.owner == self.me, id, &row)? {
            // Who has it keeps it until it is known here of which inputs these units are.
            return Ok(None);
        }
        let statement = self.sound(step, id, job, &row)?;
        let is_sound = statement.is_some();
        let is_wanted = self.may_work(step.view(), job, row.device)?;
        let Some(statement) = statement.filter(|_| is_wanted) else {
            tracing::warn!(peer = %from.short(), is_sound, "results were dropped");
            self.say_took(step, from, id, number);
            return Ok(None);
        };
        let missing = self.missing_outputs(step, job.web, &row)?;
        if missing.is_empty() {
            self.take_in_place(step, (id, &statement), &row)?;
            self.say_took(step, from, id, number);
            return Ok(Some(statement.stage));
        }
        if let Some(board) = self.board(step, (id, statement.stage))? {
            board.heard_of(statement.lease, row.device, step.now());
        }
        let wanted = missing.into_iter().map(|(content, size)| Wanted { content, size, from: Some(from) });
        lending::bring(step, job.web, wanted.collect());
        let since = step.now();
        let coming = &mut self.live(id).coming;
        if !coming.iter().any(|one| one.from == from && one.number == number && one.row.signed == row.signed)
        {
            coming.push_back(Coming { from, number, row, since });
        }
        self.tend_soon(step);
        Ok(None)
    }

    fn say_took(&mut self, step: &mut Step<'_>, to: DeviceId, id: RunId, number: Option<u64>) {
        if let Some(number) = number {
            self.say(step, to, id, Says::Took { number });
        }
    }

    /// Returns what a signed statement says of units of a job, if it is of that job, of its program and of its inputs, with the
    /// outputs it has signed.
    fn sound(
        &self,
        step: &Step<'_>,
        id: RunId,
        job: &JobRow,
        row: &StatementRow,
    ) -> Result<Option<Statement>, StoreError> {
        let Some(signed) = row.signed.statement() else { return Ok(None) };
        let is_recalled = row.recalled.is_some();
        let statement = match &row.recalled {
            Some(recalled) => recalled.of(id, &signed),
            None => Some(signed.clone()),
        };
        let Some(statement) = statement else { return Ok(None) };
        let Some(stage) = STAGES.get(step.view(), &(id, statement.stage))? else { return Ok(None) };
        let what = step_name(&stage.announced);
        let is_of_step = match signed.what {
            Some(said) => said == what,
            None => !is_recalled,
        };
        let is_whole = statement.job == id
            && is_of_step
            && statement.units.len() == row.outcomes.len()
            && statement.units.iter().zip(&row.outcomes).all(|(said, one)| said.digest == digest(one));
        let is_right = is_whole && self.is_of_right_inputs(step, job, (&signed, &statement), row)?;
        Ok(is_right.then_some(statement))
    }

    fn is_anothers(&self, step: &Step<'_>, id: RunId) -> Result<bool, StoreError> {
        for row in KNOWN.within(step.view(), &id) {
            let (_, known) = row?;
            if known.owner != self.me && !known.is_over {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says whether units were computed of the inputs of the job. A deputy has given them out itself, and could have given others;
    /// those of another job have to be the same.
    fn is_of_right_inputs(
        &self,
        step: &Step<'_>,
        job: &JobRow,
        (signed, statement): (&Statement, &Statement),
        row: &StatementRow,
    ) -> Result<bool, StoreError> {
        let Some(stage) = STAGES.get(step.view(), &(statement.job, statement.stage))? else {
            return Ok(false);
        };
        if stage.announced.is_range {
            let Some(recalled) = &row.recalled else { return Ok(true) };
            return Ok(recalled.units.iter().all(|(unit, place)| {
                let place = usize::try_from(*place).unwrap_or(usize::MAX);
                signed.units.get(place).is_some_and(|said| said.unit == *unit)
            }));
        }
        // Also what a worker brings itself: a deputy may have given it the units.
        let is_given_here = row.recalled.is_none() && (job.owner != self.me || job.deputies.is_empty());
        if is_given_here {
            return Ok(true);
        }
        let mut outputs = Outputs::new(statement.job);
        for said in &statement.units {
            let parts = outputs.hashes(step.view(), statement.stage, said.unit)?;
            if said.input != Some(input_hash(&parts)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn missing_outputs(
        &self,
        step: &Step<'_>,
        web: WebId,
        row: &StatementRow,
    ) -> Result<Vec<(ContentId, u64)>, StoreError> {
        let mut missing = Vec::new();
        for outcome in &row.outcomes {
            if let Outcome::Large { content, size } = outcome
                && row.device != self.me
                && !files::look::is_kept(step.view(), web, *content)?
            {
                missing.push((*content, *size));
            }
        }
        missing.truncate(lending::WISHES_MAX);
        Ok(missing)
    }

    /// Looks whether large outputs have come.
    pub(crate) fn take_coming(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        for one in std::mem::take(&mut self.live(id).coming) {
            let Some(statement) = one.row.said(id) else { continue };
            // Since they were told of it whoever made them may have lied, or been removed.
            if !self.may_work(step.view(), &job, one.row.device)? {
                self.say_took(step, one.from, id, one.number);
            } else if self.missing_outputs(step, job.web, &one.row)?.is_empty() {
                self.take_in_place(step, (id, &statement), &one.row)?;
                self.say_took(step, one.from, id, one.number);
                self.after_results(step, (id, statement.stage))?;
            } else if step.now().since(one.since) < FETCH_PATIENCE {
                self.live(id).coming.push_back(one);
            } else {
                tracing::warn!(peer = %one.from.short(), "large outputs did not come");
            }
        }
        Ok(())
    }
}

/// Says whether results are of units whose inputs are not known yet: a deputy has begun a step that its owner has not come to, or
/// another deputy has that was not told of here.
fn is_too_early(step: &Step<'_>, is_owner: bool, id: RunId, row: &StatementRow) -> Result<bool, StoreError> {
    let Some(said) = row.said(id) else { return Ok(false) };
    let Some(stage) = STAGES.get(step.view(), &(id, said.stage))? else { return Ok(!is_owner) };
    Ok(match stage.state {
        // A deputy brings them, whatever it knows of their inputs.
        _ if !is_owner => false,
        StageState::Waiting => true,
        StageState::Running => !stage.is_closed && said.units.iter().any(|one| one.unit >= stage.total),
        StageState::Done => false,
    })
}
