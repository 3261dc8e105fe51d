//! What members tell each other in records: steps that want work, jobs that are over, what computers offer, receipts.

use base::{DeviceId, Fault, RunId, WebId};
use kernel::Step;
use store::StoreError;

use crate::service::Compute;
use crate::tables::{KNOWN, KnownRow, OFFERS, RECEIPTS, WORK};
use crate::value::{Announcement, Body, Offer, Receipt};

/// Steps of one person that are known and not over; further ones are not looked at until some are.
const OPEN_MAX: usize = 1_024;
/// Steps known at all; those that are over go first.
const KNOWN_MAX: usize = 4_096;
/// Receipts kept of one device's jobs.
const RECEIPTS_MAX: usize = 1_000;

impl Compute {
    /// Takes a record that another device of a web wrote.
    pub(crate) fn hear_record(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        author: DeviceId,
        body: &[u8],
    ) -> Result<(), Fault> {
        match Body::read(body) {
            Ok(Body::Stage(announced)) => self.hear_stage(step, (web, author), announced)?,
            Ok(Body::Over { job }) => self.hear_over(step, (web, author), job)?,
            Ok(Body::Offer(offer)) => self.hear_offer(step, (web, author), &offer)?,
            Ok(Body::Receipt(receipt)) => hear_receipt(step, (web, author), &receipt)?,
            Ok(Body::Wrong(wrong)) => self.hear_wrong(step, (web, author), wrong)?,
            Err(error) => tracing::warn!(author = %author.short(), %error, "a compute record was dropped"),
        }
        Ok(())
    }

    /// Somebody has work for whoever wants it.
    pub(crate) fn hear_stage(
        &mut self,
        step: &mut Step<'_>,
        (web, author): (WebId, DeviceId),
        announced: Announcement,
    ) -> Result<(), Fault> {
        let Some(person) = people::read::person_of(step.view(), web, author)? else { return Ok(()) };
        let key = (announced.job, announced.stage);
        // The id of a job belongs to the first who uses it, as far as this computer knows.
        for row in KNOWN.within(step.view(), &announced.job) {
            if row?.1.owner != author {
                return Ok(());
            }
        }
        let is_over = KNOWN.get(step.view(), &key)?.is_some_and(|known| known.is_over);
        let all: Vec<((RunId, u8), KnownRow)> = KNOWN.all(step.view()).collect::<Result<_, _>>()?;
        let open = all.iter().filter(|(_, known)| known.person == person && !known.is_over).count();
        if open >= OPEN_MAX && !KNOWN.has(step.view(), &key)? {
            tracing::warn!(author = %author.short(), "a job was not noted: too many of this person are open");
            return Ok(());
        }
        if all.len() >= KNOWN_MAX {
            let oldest = all.iter().min_by_key(|(_, known)| (!known.is_over, known.heard));
            if let Some((at, _)) = oldest {
                KNOWN.delete(step.rows(), at);
            }
        }
        let row = KnownRow { web, owner: author, person, announced, is_over, heard: step.now() };
        KNOWN.put(step.rows(), &key, &row);
        self.known_changed();
        self.tend_soon(step);
        self.answer_unheard(step, key)?;
        self.tend_worker(step)
    }

    /// A job is over.
    pub(crate) fn hear_over(
        &mut self,
        step: &mut Step<'_>,
        (web, author): (WebId, DeviceId),
        job: RunId,
    ) -> Result<(), Fault> {
        let known: Vec<((RunId, u8), KnownRow)> =
            KNOWN.within(step.view(), &job).collect::<Result<_, _>>()?;
        for (key, mut row) in known {
            if row.owner == author && row.web == web {
                row.is_over = true;
                KNOWN.put(step.rows(), &key, &row);
            }
        }
        self.known_changed();
        let work: Vec<_> =
            WORK.within(step.view(), &job).map(|row| Ok(row?.0)).collect::<Result<Vec<_>, StoreError>>()?;
        for at in work {
            let is_over = KNOWN.get(step.view(), &(at.0, at.1))?.is_none_or(|known| known.is_over);
            if is_over {
                self.drop_work(step, at)?;
            }
        }
        self.forget_deputy(step, job, author)
    }

    pub(crate) fn hear_offer(
        &mut self,
        step: &mut Step<'_>,
        (web, author): (WebId, DeviceId),
        offer: &Offer,
    ) -> Result<(), Fault> {
        match offer.cores {
            0 => OFFERS.delete(step.rows(), &(web, author)),
            _ => OFFERS.put(step.rows(), &(web, author), offer),
        }
        step.emit(
            "compute.capacity",
            &serde_json::json!({ "web": people::read::web_label(step.view(), web)? }),
        );
        Ok(())
    }
}

fn hear_receipt(
    step: &mut Step<'_>,
    (web, author): (WebId, DeviceId),
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let key = (web, author, receipt.job);
    let known: Vec<(WebId, DeviceId, RunId)> = RECEIPTS
        .within(step.view(), &(web, author))
        .map(|row| Ok(row?.0))
        .collect::<Result<_, StoreError>>()?;
    if known.len() >= RECEIPTS_MAX && !known.contains(&key) {
        return Ok(());
    }
    RECEIPTS.put(step.rows(), &key, &receipt.persons);
    Ok(())
}
