//! Bodies of large mails: contents, sealed under a key that stands in the letter, that `files` brings and gives (spec post, rules 40 to 43).
//!
//! A large mail is in a folder only when its body is here, so no mail program ever meets one that it cannot read.

use std::time::Duration;

use base::{ContentId, DeviceId, Fault, WebId};
use files::lending::{self, Arrived, Wanted};
use kernel::Step;
use store::StoreError;

use crate::folders;
use crate::ids::MailId;
use crate::service::Mail;
use crate::statement::LargeBody;
use crate::tables::{CONTENTS, OFFERED, WAITING, WaitingRow};
use crate::taking;

/// How long who has sent a mail gives its body, also after removing the mail: whoever was away for a summer gets it.
const OFFERED_FOR: Duration = Duration::from_hours(90 * 24);

/// Alarm: look which bodies need not be given any more.
pub(crate) const OFFERS_ALARM: &str = "offers";
const OFFERS_EVERY: Duration = Duration::from_hours(24);

/// Bytes of an announcement at most: a web and a content.
const ARRIVED_SIZE_MAX: usize = 128;

fn wanted(body: &LargeBody, from: Option<DeviceId>) -> Wanted {
    Wanted { content: body.sealed, size: body.sealed_size(), from }
}

/// Gives a body that was sealed here to whoever is in the web and knows its id: those who got the letter.
pub(crate) fn offer(step: &mut Step<'_>, web: WebId, body: &LargeBody) {
    lending::offer(step, web, vec![wanted(body, None)]);
    let now = step.now();
    OFFERED.put(step.rows(), &(web, body.sealed), &now);
    step.alarm(OFFERS_EVERY, OFFERS_ALARM);
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
    if !OFFERED.has(step.view(), &(web, content))? {
        lending::let_go(step, web, &[content]);
    }
    Ok(())
}

impl Mail {
    /// Has the body of a mail brought; the mail is delivered when it is here.
    pub(crate) fn wait_for(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        id: MailId,
        row: &WaitingRow,
    ) -> Result<(), Fault> {
        WAITING.put(step.rows(), &(web, row.body.sealed, id), row);
        if lending::is_lent(step.view(), web, row.body.sealed)? {
            return self.arrived(step, web, row.body.sealed);
        }
        lending::bring(step, web, vec![wanted(&row.body, Some(row.author))]);
        Ok(())
    }

    /// Hears what `files` announces.
    pub(crate) fn hear_files(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match wire::from_bytes::<Arrived>(message, ARRIVED_SIZE_MAX) {
            Ok(Arrived { web, content }) => self.arrived(step, web, content),
            Err(_something_else) => Ok(()),
        }
    }

    /// A content is here: mails that waited for it are delivered, and others who got them can have it from here, too.
    fn arrived(&mut self, step: &mut Step<'_>, web: WebId, content: ContentId) -> Result<(), Fault> {
        let waiting: Vec<_> =
            WAITING.within(step.view(), &(web, content)).collect::<Result<_, StoreError>>()?;
        for (key, row) in waiting {
            WAITING.delete(step.rows(), &key);
            let kept = folders::keep_large(step, web, &row.head, row.body)?;
            let usual = taking::usual(row.is_sent, row.is_received);
            self.place_new(step, ((web, key.2), kept), &usual, row.date)?;
            lending::offer(step, web, vec![wanted(&row.body, None)]);
        }
        Ok(())
    }
}

/// Lets go of bodies that were given for long enough and are in no mail here.
pub(crate) fn look_after_offers(step: &mut Step<'_>) -> Result<(), Fault> {
    let now = step.now();
    let all: Vec<_> = OFFERED.all(step.view()).collect::<Result<_, StoreError>>()?;
    for ((web, content), since) in &all {
        if now.since(*since) < OFFERED_FOR {
            continue;
        }
        OFFERED.delete(step.rows(), &(*web, *content));
        if !CONTENTS.has(step.view(), &(*web, *content))? {
            lending::let_go(step, *web, &[*content]);
        }
    }
    if !all.is_empty() {
        step.alarm(OFFERS_EVERY, OFFERS_ALARM);
    }
    Ok(())
}

/// Forgets mails of a device behind a place whose bodies have not come.
pub(crate) fn cut(
    step: &mut Step<'_>,
    (web, device): (WebId, DeviceId),
    last: u64,
) -> Result<(), StoreError> {
    for (key, row) in WAITING.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
        if row.author == device && row.place > last {
            WAITING.delete(step.rows(), &key);
            if !CONTENTS.has(step.view(), &(web, key.1))? {
                lending::let_go(step, web, &[key.1]);
            }
        }
    }
    Ok(())
}
