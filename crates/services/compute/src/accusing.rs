//! Who signed a wrong result: evidence, and no more work (spec compute, rules 44 to 47).

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::owner::{FoundWrong, StageKey};
use crate::service::Compute;
use crate::tables::{HISTORY, JobRow, OFFERS, SHUT_OUT, STAGES, STATEMENTS, StatementRow, WRONG, WrongRow};
use crate::value::{Body, Wrong};

/// Cases kept of a web at most; the oldest go.
const CASES_MAX: usize = 1_000;

impl Compute {
    /// Shuts out who gave wrong results of own jobs, and tells the web.
    pub(crate) fn accuse(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        found: &[FoundWrong],
    ) -> Result<(), Fault> {
        if job.owner != self.me {
            return Ok(());
        }
        for FoundWrong { vote, unit, right, is_own } in found {
            // A computer that fails where others do not is no liar.
            if vote.is_failure || vote.person == job.person {
                continue;
            }
            let mut row = HISTORY.get(step.view(), &vote.person)?.unwrap_or_default();
            row.in_row = 0;
            row.wrong += 1;
            HISTORY.put(step.rows(), &vote.person, &row);
            if !is_comparable(step.view(), key, job, vote.device, step.me())? {
                continue;
            }
            if SHUT_OUT.has(step.view(), &vote.person)? {
                continue;
            }
            let now = step.now();
            SHUT_OUT.put(step.rows(), &vote.person, &now);
            let Some(statement) = STATEMENTS.get(step.view(), &(key.0, vote.statement))? else { continue };
            let Some(unit) = signed_unit(&statement, *unit) else { continue };
            let wrong =
                Wrong { device: vote.device, signed: statement.signed, unit, right: *right, is_own: *is_own };
            let body = Body::Wrong(wrong.clone());
            records::publish(step, job.web, "compute", wire::to_bytes(&body))?;
            let author = step.me();
            self.hear_wrong(step, (job.web, author), wrong)?;
            self.void_person(step, vote.person)?;
        }
        Ok(())
    }

    /// Somebody tells of a wrong result.
    pub(crate) fn hear_wrong(
        &mut self,
        step: &mut Step<'_>,
        (web, author): (WebId, DeviceId),
        wrong: Wrong,
    ) -> Result<(), Fault> {
        let statement = wrong.signed.read(step.verifier(), wrong.device);
        let is_signed = statement.is_some_and(|one| {
            one.units.iter().any(|said| said.unit == wrong.unit && said.digest != wrong.right)
        });
        let cases: Vec<(WebId, u64, DeviceId)> =
            WRONG.within(step.view(), &web).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        if cases.len() >= CASES_MAX
            && let Some(oldest) = cases.first()
        {
            WRONG.delete(step.rows(), oldest);
        }
        let mut at = step.now().millis();
        while WRONG.has(step.view(), &(web, at, author))? {
            at += 1;
        }
        WRONG.put(step.rows(), &(web, at, author), &WrongRow { wrong, is_signed });
        step.emit(
            "compute.evidence",
            &serde_json::json!({ "web": people::read::web_label(step.view(), web)? }),
        );
        Ok(())
    }
}

/// Returns the number that a unit of a job has in what was signed, for another job perhaps.
fn signed_unit(row: &StatementRow, unit: u64) -> Option<u64> {
    let Some(recalled) = &row.recalled else { return Some(unit) };
    let (_, place) = recalled.units.iter().find(|(one, _)| *one == unit)?;
    let signed = row.signed.statement()?;
    signed.units.get(usize::try_from(*place).ok()?).map(|said| said.unit)
}

/// Says whether two computers have to agree bit for bit: those of one architecture, or when NaN is made alike.
fn is_comparable<R: Rows + ?Sized>(
    rows: &R,
    key: StageKey,
    job: &JobRow,
    device: DeviceId,
    me: DeviceId,
) -> Result<bool, StoreError> {
    if STAGES.get(rows, &key)?.is_some_and(|stage| stage.announced.limits.is_nan_canonical) {
        return Ok(true);
    }
    let theirs = OFFERS.get(rows, &(job.web, device))?.map(|offer| offer.architecture);
    let mine = OFFERS.get(rows, &(job.web, me))?.map(|offer| offer.architecture);
    Ok(match (theirs, mine) {
        (Some(theirs), Some(mine)) => theirs == mine,
        // Of whoever says nothing, as of those who are alike.
        _ => true,
    })
}
