//! Letters: mail for named persons (spec post, rules 23 to 25).

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use people::Letter;
use store::StoreError;

use crate::service::Mail;
use crate::statement::Inside;
use crate::tables::{LETTERS, STRANGERS};
use crate::taking;

impl Mail {
    /// Opens letters, as many as may be now.
    pub(crate) fn open_letters(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        while let Some(Letter { web, author, place, plain }) = LETTERS.next(step, &mut self.tried)? {
            let Some(plain) = plain else { continue };
            match Inside::read(&plain) {
                Ok(inside) => self.take_inside(step, (web, author, place), inside)?,
                Err(_no_mail) => self.take_notes(step, (web, author, place), &plain)?,
            }
        }
        Ok(())
    }
}

/// Forgets what came of a device behind a place and is in no folder yet. What was delivered stays: it is the reader's.
pub(crate) fn cut(step: &mut Step<'_>, (web, device): (WebId, DeviceId), last: u64) -> Result<(), Fault> {
    LETTERS.cut(step, (web, device), last)?;
    for (key, _) in STRANGERS.within(step.view(), &(web, device)).collect::<Result<Vec<_>, StoreError>>()? {
        if key.2 > last {
            STRANGERS.delete(step.rows(), &key);
        }
    }
    taking::cut(step, (web, device), last)?;
    crate::large::cut(step, (web, device), last)?;
    Ok(())
}
