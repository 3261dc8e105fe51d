//! Bodies of large mails: contents, sealed under a key that stands in the letter, that `files` brings and gives (spec post, rules 40 to 43, 57 to 59).
//!
//! A large mail is in a folder only when its body is here and is what was announced, so no mail program ever meets one that it cannot read.

use std::time::Duration;

use base::{ContentId, DeviceId, Fault, PersonId, Timestamp, WebId};
use files::jobs::{CHECK, UnsealItem, UnsealOutcome};
use files::lending::{self, Arrived, Wanted};
use kernel::{JobFailure, JobId, Step};
use store::StoreError;

use crate::folders;
use crate::ids::MailId;
use crate::read::large_key;
use crate::service::Mail;
use crate::statement::LargeBody;
use crate::tables::{BROUGHT, CONTENTS, OFFERED, WAITING, WAITING_OF, WaitingRow};
use crate::taking;

/// How long who has sent a mail gives its body, also after removing the mail: whoever was away for a summer gets it.
const OFFERED_FOR: Duration = Duration::from_hours(90 * 24);

/// How long a body is waited for: longer than it is given.
const AWAITED_FOR: Duration = Duration::from_hours(100 * 24);

/// Alarm: look which bodies need not be given or waited for any more, and which may be asked for today.
pub(crate) const BODIES_ALARM: &str = "bodies";
const BODIES_EVERY: Duration = Duration::from_hours(1);

/// Event: another mail is on its way, or one is not any more.
const COMING: &str = "mail.coming";

/// Mails of one device that wait for their bodies at most; each is a head of up to 24 KB.
const AWAITED_MAX: u64 = 1_000;

/// Bytes of bodies of one person that are asked for in a day, the first of them of any size; the others' turn comes another day. Nobody
/// else's disk is filled in an hour.
const BROUGHT_MAX: u64 = 4 << 30;
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Bytes of an announcement at most: a web and a content.
const ARRIVED_SIZE_MAX: usize = 128;

type Key = (WebId, ContentId, MailId);

fn wanted(body: &LargeBody, from: Option<DeviceId>) -> Wanted {
    Wanted { content: body.sealed, size: body.sealed_size(), from }
}

/// Gives a body that was sealed here to whoever is in the web and knows its id: those who got the letter.
pub(crate) fn offer(step: &mut Step<'_>, web: WebId, body: &LargeBody) {
    lending::offer(step, web, vec![wanted(body, None)]);
    let now = step.now();
    OFFERED.put(step.rows(), &(web, body.sealed), &now);
    step.alarm(BODIES_EVERY, BODIES_ALARM);
}

/// Keeps a body that was sealed here for a mail of this computer only.
pub(crate) fn keep(step: &mut Step<'_>, web: WebId, body: &LargeBody) {
    lending::offer(step, web, vec![wanted(body, None)]);
}

/// A mail here has a content no more.
pub(crate) fn drop_one(step: &mut Step<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
    let count = CONTENTS.get(step.view(), &(web, content))?.unwrap_or_default();
    if count > 1 {
        CONTENTS.put(step.rows(), &(web, content), &(count - 1));
        return Ok(());
    }
    CONTENTS.delete(step.rows(), &(web, content));
    let_go(step, web, content)
}

/// Lets go of a content that nothing here needs.
fn let_go(step: &mut Step<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
    let is_needed = CONTENTS.has(step.view(), &(web, content))?
        || OFFERED.has(step.view(), &(web, content))?
        || WAITING.within(step.view(), &(web, content)).next().transpose()?.is_some();
    if !is_needed {
        lending::let_go(step, web, &[content]);
    }
    Ok(())
}

/// Has the body of a mail brought; the mail is delivered when it is here.
pub(crate) fn wait_for(
    step: &mut Step<'_>,
    (web, id, whose): (WebId, MailId, PersonId),
    mut row: WaitingRow,
) -> Result<(), Fault> {
    let of = (web, row.author);
    let count = WAITING_OF.get(step.view(), &of)?.unwrap_or_default();
    if count >= AWAITED_MAX {
        tracing::warn!(author = %row.author.short(), "a large mail was dropped: too many of its author's wait");
        return Ok(());
    }
    WAITING_OF.put(step.rows(), &of, &(count + 1));
    step.alarm(BODIES_EVERY, BODIES_ALARM);
    row.is_asked = may_be_asked_for(step, (web, whose), row.body.size)?;
    step.emit(COMING, &serde_json::json!({}));
    WAITING.put(step.rows(), &(web, row.body.sealed, id), &row);
    if row.is_asked {
        lending::bring(step, web, vec![wanted(&row.body, Some(row.author))]);
    }
    Ok(())
}

impl Mail {
    /// Hears what `files` announces: a body is here, and is looked at before anybody sees its mail.
    pub(crate) fn hear_files(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match wire::from_bytes::<Arrived>(message, ARRIVED_SIZE_MAX) {
            Ok(Arrived { web, content }) => self.check(step, (web, content)),
            Err(_something_else) => Ok(()),
        }
    }

    fn check(&mut self, step: &mut Step<'_>, (web, content): (WebId, ContentId)) -> Result<(), Fault> {
        let waiting: Vec<_> =
            WAITING.within(step.view(), &(web, content)).collect::<Result<_, StoreError>>()?;
        for (key, row) in waiting {
            if self.checks.values().any(|checked| *checked == key) {
                continue;
            }
            let LargeBody { sealed, digest, size, secret } = row.body;
            let item = UnsealItem { sealed, content: digest, size, key: large_key(&secret.0) };
            let job = step.work(CHECK, files::jobs::to_bytes(&item));
            self.checks.insert(job, key);
        }
        Ok(())
    }

    /// A body was looked at.
    pub(crate) fn checked(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: &Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(key) = self.checks.remove(&job) else { return Ok(()) };
        let Some(row) = WAITING.get(step.view(), &key)? else { return Ok(()) };
        let outcome = outcome.as_ref().ok().and_then(|end| files::jobs::from_bytes(end).ok());
        match outcome.unwrap_or(UnsealOutcome::Failed) {
            UnsealOutcome::Opened => {
                forget(step, &key, &row)?;
                let kept = folders::keep_large(step, key.0, &row.head, row.body)?;
                let usual = taking::usual(row.is_sent, row.is_received);
                self.place_new(step, ((key.0, key.2), kept), &usual, row.date)?;
                // Others who got the mail can have it from here, too.
                lending::offer(step, key.0, vec![wanted(&row.body, None)]);
                Ok(())
            }
            UnsealOutcome::Wrong => {
                tracing::warn!(author = %row.author.short(), "a large mail was dropped: its body is not what was announced");
                forget(step, &key, &row)?;
                Ok(let_go(step, key.0, key.1)?)
            }
            // It is looked at again with the next alarm.
            UnsealOutcome::Failed => Ok(()),
        }
    }

    /// Lets go of bodies that were given or waited for for long enough, asks for those whose turn it is, and looks at those that are here.
    pub(crate) fn look_after_bodies(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let is_offering = look_after_offers(step)?;
        let all: Vec<(Key, WaitingRow)> = WAITING.all(step.view()).collect::<Result<_, StoreError>>()?;
        for (key, row) in &all {
            if step.now().since(row.since) >= AWAITED_FOR {
                tracing::warn!(author = %row.author.short(), "a large mail was dropped: nobody has its body any more");
                forget(step, key, row)?;
                let_go(step, key.0, key.1)?;
                continue;
            }
            let whose = people::read::person_of(step.view(), key.0, row.author)?;
            let Some(whose) = whose.filter(|_| !row.is_asked) else {
                if lending::is_here(step.view(), key.0, key.1)? {
                    self.check(step, (key.0, key.1))?;
                }
                continue;
            };
            if may_be_asked_for(step, (key.0, whose), row.body.size)? {
                WAITING.put(step.rows(), key, &WaitingRow { is_asked: true, ..row.clone() });
                lending::bring(step, key.0, vec![wanted(&row.body, Some(row.author))]);
            }
        }
        if is_offering || !all.is_empty() {
            step.alarm(BODIES_EVERY, BODIES_ALARM);
        }
        Ok(())
    }
}

/// Says whether a body of a person may be asked for today, and counts it.
fn may_be_asked_for(step: &mut Step<'_>, of: (WebId, PersonId), size: u64) -> Result<bool, StoreError> {
    let day = step.now().millis() / DAY_MILLIS;
    let known = BROUGHT.get(step.view(), &of)?.filter(|row| row.day == day);
    let mut row = known.unwrap_or_default();
    let may_be = row.bytes.saturating_add(size) <= BROUGHT_MAX;
    if may_be {
        (row.day, row.bytes) = (day, row.bytes.saturating_add(size));
        BROUGHT.put(step.rows(), &of, &row);
    }
    Ok(may_be)
}

/// A mail waits for its body no more.
fn forget(step: &mut Step<'_>, key: &Key, row: &WaitingRow) -> Result<(), StoreError> {
    WAITING.delete(step.rows(), key);
    step.emit(COMING, &serde_json::json!({}));
    let of = (key.0, row.author);
    match WAITING_OF.get(step.view(), &of)?.unwrap_or_default() {
        0 | 1 => WAITING_OF.delete(step.rows(), &of),
        count => WAITING_OF.put(step.rows(), &of, &(count - 1)),
    }
    Ok(())
}

/// Lets go of bodies that were given for long enough and are in no mail here; says whether any are given.
fn look_after_offers(step: &mut Step<'_>) -> Result<bool, StoreError> {
    let now = step.now();
    let all: Vec<((WebId, ContentId), Timestamp)> =
        OFFERED.all(step.view()).collect::<Result<_, StoreError>>()?;
    for (key, since) in &all {
        if now.since(*since) >= OFFERED_FOR {
            OFFERED.delete(step.rows(), key);
            let_go(step, key.0, key.1)?;
        }
    }
    Ok(!all.is_empty())
}

/// Forgets mails of a device behind a place whose bodies have not come.
pub(crate) fn cut(
    step: &mut Step<'_>,
    (web, device): (WebId, DeviceId),
    last: u64,
) -> Result<(), StoreError> {
    for (key, row) in WAITING.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
        if row.author == device && row.place > last {
            forget(step, &key, &row)?;
            let_go(step, web, key.1)?;
        }
    }
    Ok(())
}
