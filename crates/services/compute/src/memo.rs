//! What was computed before is not computed again: results by the names of their units (spec compute, rules 41 to 43).
//!
//! Kept are results that this computer has made itself or believed as the owner of a job.

use base::{ContentId, Fault, WebId};
use kernel::Step;
use store::StoreError;

use crate::jobs::Outcome;
use crate::outputs::Outputs;
use crate::owner::StageKey;
use crate::service::Compute;
use crate::tables::{COUNTER_MEMO, COUNTERS, JobRow, MEMO, MEMO_ORDER, MemoRow, STAGES};
use crate::value::{Announcement, unit_name};

/// Results remembered at most; the oldest go.
const MEMO_MAX: u64 = 100_000;
/// Steps over numbers with more units are not remembered: each unit would be a row.
const RANGE_MAX: u64 = 10_000;
/// Bytes of an output at most that is remembered here rather than by its content.
const OUTPUT_MAX: usize = 64 * 1024;

/// Returns the result of a unit of that name, if it is known and can be had.
pub(crate) fn known(
    step: &Step<'_>,
    web: WebId,
    name: ContentId,
) -> Result<Option<(Outcome, u64)>, StoreError> {
    let Some(row) = MEMO.get(step.view(), &name)?.filter(|row| row.is_believed) else { return Ok(None) };
    if let Outcome::Large { content, .. } = &row.outcome
        && !files::look::is_kept(step.view(), web, *content)?
    {
        return Ok(None);
    }
    Ok(Some((row.outcome, row.cpu_us)))
}

/// Remembers a result.
pub(crate) fn keep(
    step: &mut Step<'_>,
    name: ContentId,
    outcome: &Outcome,
    cpu_us: u64,
) -> Result<(), StoreError> {
    let is_kept = match outcome {
        Outcome::Output { bytes } => bytes.len() <= OUTPUT_MAX,
        Outcome::Large { .. } => true,
        Outcome::Failed { .. } => false,
    };
    if !is_kept || MEMO.has(step.view(), &name)? {
        return Ok(());
    }
    let number = COUNTERS.get(step.view(), &COUNTER_MEMO)?.unwrap_or_default() + 1;
    COUNTERS.put(step.rows(), &COUNTER_MEMO, &number);
    MEMO.put(step.rows(), &name, &MemoRow { outcome: outcome.clone(), cpu_us, is_believed: true, number });
    MEMO_ORDER.put(step.rows(), &(number, name), &());
    let oldest = match number > MEMO_MAX {
        true => MEMO_ORDER.all(step.view()).next().transpose()?,
        false => None,
    };
    if let Some((at, ())) = oldest {
        MEMO_ORDER.delete(step.rows(), &at);
        MEMO.delete(step.rows(), &at.1);
    }
    Ok(())
}

/// Says whether results of a step are worth a row each.
pub(crate) fn is_remembered(announced: &Announcement, total: u64) -> bool {
    !announced.is_range || total <= RANGE_MAX
}

impl Compute {
    /// Remembers results that an own job believes.
    pub(crate) fn remember(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        settled: &[(u64, ContentId)],
    ) -> Result<(), Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        if job.owner != self.me || !is_remembered(&stage.announced, stage.total) {
            return Ok(());
        }
        let mut outputs = Outputs::new(key.0);
        for (unit, _) in settled {
            let Some((_, run)) = outputs.run(step.view(), key.1, *unit)? else { continue };
            let Some(outcome) = outputs.outcome(step.view(), key.1, *unit)? else { continue };
            let parts = match stage.announced.is_range {
                true => Vec::new(),
                false => outputs.hashes(step.view(), key.1, *unit)?,
            };
            keep(step, unit_name(&stage.announced, *unit, &parts), &outcome, run.cpu_us / run.count.max(1))?;
        }
        Ok(())
    }

    /// Settles those of some units whose results are known.
    pub(crate) fn recall(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        from: u64,
        to: u64,
    ) -> Result<(), Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        if job.is_anew || !is_remembered(&stage.announced, stage.total) {
            return Ok(());
        }
        let mut outputs = Outputs::new(key.0);
        let mut found = Vec::new();
        let mut size = 0;
        for unit in from..to {
            let parts = match stage.announced.is_range {
                true => Vec::new(),
                false => outputs.hashes(step.view(), key.1, unit)?,
            };
            if let Some((outcome, cpu_us)) = known(step, job.web, unit_name(&stage.announced, unit, &parts))?
            {
                if let Outcome::Output { bytes } = &outcome {
                    size += bytes.len();
                }
                found.push((unit, outcome, cpu_us));
            }
            if found.len() == crate::jobs::UNITS_MAX || size > crate::messages::FULL {
                self.take_known(step, key, std::mem::take(&mut found))?;
                size = 0;
            }
        }
        if found.is_empty() { Ok(()) } else { self.take_known(step, key, found) }
    }
}
