//! Says which words the own texts may have, and takes what others say of theirs (spec search, rules 26 to 28).
//!
//! Lazily: a summary that is behind costs a question too many, never a hit. It is published only when the index has all that
//! this device has listed and kept, and counts at others only until this device lists or keeps anything more.

use std::time::Duration;

use base::{Fault, Timestamp, WebId};
use files::{changes, look};
use kernel::{JobFailure, Step};
use people::read::Standing;
use store::{Rows, StoreError};

use crate::indexing::is_whole;
use crate::jobs::{SUMMARIZE, Summarize, Summarized, from_bytes, to_bytes};
use crate::service::{Purpose, Search};
use crate::summary::{Summary, WordKey};
use crate::tables::{SAID, SUMMARIES, SaidRow, SummaryRow, UNREAD};

/// A summary is made again after this long at the earliest.
const SAY_EVERY: Duration = Duration::from_mins(5);

/// Bytes of summaries that one device may add to everybody's logs in an hour: they are kept for ever. A summary of 10,000
/// words, 13 kB, is so made again after an hour and a half.
const BYTES_PER_HOUR: u64 = 8 * 1024;

/// Alarm: look whether summaries are behind.
pub(crate) const SUMMARY: &str = "summary";

impl Search {
    /// Sees to it that summaries are looked at in a while.
    pub(crate) fn summarize_later(&mut self, step: &mut Step<'_>) {
        if !self.is_summary_due {
            self.is_summary_due = true;
            step.alarm(SAY_EVERY, SUMMARY);
        }
    }

    /// Has summaries made that are behind and due.
    pub(crate) fn summarize(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        self.is_summary_due = false;
        let mut is_any_behind = false;
        for web in people::read::webs(step.view())? {
            if web.standing != Standing::Member {
                continue;
            }
            let Some(key) = step.keyring().current(web.id).cloned() else { continue };
            let said = SAID.get(step.view(), &web.id)?;
            let documents_at = look::documents_at(step.view(), web.id, step.me())?;
            let is_behind = match said {
                Some(said) => said.documents_at != documents_at || said.key != key.id(),
                None => documents_at > 0,
            };
            if !is_behind {
                continue;
            }
            is_any_behind = true;
            let is_due = said.is_none_or(|said| is_over(said, step.now()));
            let is_under_way = self
                .jobs
                .values()
                .any(|purpose| matches!(purpose, Purpose::Summarize { web: other, .. } if *other == web.id));
            if is_due && !is_under_way && is_settled(step.view(), web.id)? {
                let input = Summarize { web: web.id, key: WordKey::of(&key) };
                let job = step.work(SUMMARIZE, to_bytes(&input));
                self.jobs.insert(job, Purpose::Summarize { web: web.id, key: key.id(), documents_at });
            }
        }
        if is_any_behind {
            self.summarize_later(step);
        }
        Ok(())
    }

    /// Publishes a summary, if nothing was listed or kept while it was made.
    pub(crate) fn take_summary(
        &mut self,
        step: &mut Step<'_>,
        (web, key, documents_at): (WebId, base::KeyId, u64),
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(summarized) = outcome.ok().and_then(|bytes| from_bytes::<Summarized>(&bytes).ok()) else {
            self.summarize_later(step);
            return Ok(());
        };
        let is_still_so = look::documents_at(step.view(), web, step.me())? == documents_at
            && is_settled(step.view(), web)?
            && people::read::is_member(step.view(), web, step.me())?;
        if !is_still_so {
            self.summarize_later(step);
            return Ok(());
        }
        let filter = summarized.filter.map(Vec::from);
        say(step, (web, key, documents_at), filter)
    }

    /// Others are to ask always until the index, which is made anew, has everything: it may read what it could not before.
    pub(crate) fn take_summary_back(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        self.summarize_later(step);
        let Some(said) = SAID.get(step.view(), &web)?.filter(|said| said.size.is_some()) else {
            return Ok(());
        };
        if let Err(fault) = say(step, (web, said.key, u64::MAX), None) {
            tracing::debug!(%fault, "a summary cannot be taken back");
        }
        Ok(())
    }

    /// Takes what another device says of its texts.
    pub(crate) fn hear_records(step: &mut Step<'_>, message: &[u8]) -> Result<(), StoreError> {
        let Ok(records::Told::Record { web, author, seq, index, body }) = records::Told::from_bytes(message)
        else {
            return Ok(());
        };
        let is_member = people::read::is_member(step.view(), web, author)?;
        let Some(summary) = Summary::read(&body).ok().filter(|_| is_member && author != step.me()) else {
            return Ok(());
        };
        // As `files` counts, so that both can be compared.
        let position = records::place(seq, index);
        let key = (web, author);
        if SUMMARIES.get(step.view(), &key)?.is_none_or(|known| known.position < position) {
            let row = SummaryRow { position, key: summary.key, filter: summary.filter };
            SUMMARIES.put(step.rows(), &key, &row);
        }
        Ok(())
    }
}

fn say(
    step: &mut Step<'_>,
    (web, key, documents_at): (WebId, base::KeyId, u64),
    filter: Option<Vec<u8>>,
) -> Result<(), Fault> {
    let size = filter.as_ref().and_then(|filter| u64::try_from(filter.len()).ok());
    let row = SaidRow { at: step.now(), documents_at, key, size };
    SAID.put(step.rows(), &web, &row);
    records::publish(step, web, "search", to_bytes(&Summary::new(key, filter)))
}

/// Says whether the index of a web has all that this device lists and keeps, as far as it can be read.
fn is_settled<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    let is_waiting = UNREAD.within(rows, &web).next().transpose()?.is_some();
    Ok(is_whole(rows, web)? && !is_waiting && !changes::is_any_content(rows, web)?)
}

/// Says whether it is time for another summary: the larger the last one was, the later.
fn is_over(said: SaidRow, now: Timestamp) -> bool {
    let millis = said.size.unwrap_or(0).saturating_mul(3_600_000) / BYTES_PER_HOUR;
    let wait = Duration::from_millis(millis).max(SAY_EVERY);
    now.since(said.at) >= wait || now < said.at
}
