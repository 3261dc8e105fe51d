//! What was computed before is not computed again: results by the names of their units (spec compute, rules 41 to 43).
//!
//! Kept are results that this computer has made itself or believed as the owner of a job.

use base::{ContentId, Fault, RunId, WebId};
use kernel::Step;
use store::StoreError;

use crate::intervals::Span;
use crate::jobs::Outcome;
use crate::outputs::Outputs;
use crate::owner::StageKey;
use crate::service::Compute;
use crate::tables::{COUNTER_MEMO, COUNTERS, JobRow, MEMO, MEMO_ORDER, MemoRow, STAGES, TrustKind};
use crate::value::{Announcement, unit_name};

/// Results remembered at most; the oldest go.
const MEMO_MAX: u64 = 100_000;
/// Steps over numbers with more units are not remembered: each unit would be a row.
const RANGE_MAX: u64 = 10_000;
/// As many persons as a computer of one's own is worth.
const OWN_PERSON: u32 = u32::MAX;
/// Bytes of an output at most that is remembered here rather than by its content.
const OUTPUT_MAX: usize = 64 * 1024;

/// How well a result has to be known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Needed {
    /// Computed by this computer: else it would sign what it was only told.
    Own,
    /// By so many persons.
    Persons(u32),
}

/// Returns the result of a unit of that name, if it is known well enough and can be had.
pub(crate) fn known(
    step: &Step<'_>,
    web: WebId,
    name: ContentId,
    needed: Needed,
) -> Result<Option<(Outcome, u64)>, StoreError> {
    let is_enough = |row: &MemoRow| match needed {
        Needed::Own => row.persons == 0,
        Needed::Persons(count) => row.persons == 0 || row.persons >= count,
    };
    let Some(row) = MEMO.get(step.view(), &name)?.filter(is_enough) else { return Ok(None) };
    if let Outcome::Large { content, .. } = &row.outcome
        && !files::look::is_kept(step.view(), web, *content)?
    {
        return Ok(None);
    }
    Ok(Some((row.outcome, row.cpu_us)))
}

/// How a result came to be known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memo {
    pub(crate) cpu_us: u64,
    /// How many persons said so; 0: this computer computed it itself.
    pub(crate) persons: u32,
    /// Whether anybody was free to compute it.
    pub(crate) is_open: bool,
    /// Where it was believed: job, step, unit.
    pub(crate) at: Option<(RunId, u8, u64)>,
}

/// Remembers a result.
pub(crate) fn keep(
    step: &mut Step<'_>,
    name: ContentId,
    outcome: &Outcome,
    memo: Memo,
) -> Result<(), StoreError> {
    let Memo { cpu_us, persons, is_open, at } = memo;
    let is_kept = match outcome {
        Outcome::Output { bytes } => bytes.len() <= OUTPUT_MAX,
        Outcome::Large { .. } => true,
        Outcome::Failed { .. } => false,
    };
    let before = MEMO.get(step.view(), &name)?;
    if !is_kept || before.as_ref().is_some_and(|row| row.persons == 0 || persons != 0) {
        // What was for few is for all once anybody was free to compute it.
        if let Some(row) =
            before.filter(|row| row.outcome == *outcome && row.is_open != Some(true) && is_open)
        {
            MEMO.put(step.rows(), &name, &MemoRow { is_open: Some(true), at: row.at.or(at), ..row });
        }
        return Ok(());
    }
    if let Some(before) = before {
        // What this computer finds itself takes the place of what it was told.
        MEMO_ORDER.delete(step.rows(), &(before.number, name));
    }
    let number = COUNTERS.get(step.view(), &COUNTER_MEMO)?.unwrap_or_default() + 1;
    COUNTERS.put(step.rows(), &COUNTER_MEMO, &number);
    let row = MemoRow { outcome: outcome.clone(), cpu_us, persons, number, is_open: Some(is_open), at };
    MEMO.put(step.rows(), &name, &row);
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
            let persons = match run.persons.contains(&job.person) {
                // Another computer of this person, or this one, which has noted it already.
                true => OWN_PERSON,
                false => u32::try_from(run.persons.len()).unwrap_or(u32::MAX),
            };
            let cpu_us = run.cpu_us / run.count.max(1);
            let is_open = stage.announced.persons.is_empty();
            let memo = Memo { cpu_us, persons, is_open, at: Some((key.0, key.1, *unit)) };
            keep(step, unit_name(&stage.announced, *unit, &parts), &outcome, memo)?;
        }
        Ok(())
    }

    /// Forgets results that were believed of somebody who lied.
    pub(crate) fn unremember(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        units: &[Span],
    ) -> Result<(), Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        let mut outputs = Outputs::new(key.0);
        for unit in units.iter().flat_map(|span| span.first..span.end()) {
            let parts = match stage.announced.is_range {
                true => Vec::new(),
                false => outputs.hashes(step.view(), key.1, unit)?,
            };
            let name = unit_name(&stage.announced, unit, &parts);
            if let Some(row) = MEMO.get(step.view(), &name)?.filter(|row| row.persons == 1) {
                MEMO.delete(step.rows(), &name);
                MEMO_ORDER.delete(step.rows(), &(row.number, name));
            }
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
        let needed = match job.trust.kind {
            TrustKind::Own => Needed::Persons(OWN_PERSON),
            TrustKind::Quorum => Needed::Persons(job.trust.quorum),
            TrustKind::Trusted | TrustKind::Spot | TrustKind::Adaptive => Needed::Persons(1),
        };
        let mut found = Vec::new();
        let mut size = 0;
        for unit in from..to {
            let parts = match stage.announced.is_range {
                true => Vec::new(),
                false => outputs.hashes(step.view(), key.1, unit)?,
            };
            let name = unit_name(&stage.announced, unit, &parts);
            if let Some((outcome, cpu_us)) = known(step, job.web, name, needed)? {
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
