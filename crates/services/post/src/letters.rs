//! Letters of others: tried with this person's keys, a bounded number in a second, so that nobody can keep a computer busy with them
//! (spec post, rules 23 to 25). As `talk` does it, with letters of its own.

use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use store::StoreError;

use crate::service::Mail;
use crate::statement::Inside;
use crate::tables::{CLOSED, ClosedRow, LETTERS, PIECES, TRIED_KEYS};

/// Letters tried in a second: each costs a tenth of a millisecond for every wrap, 2 to 16 of them.
const TRIED_MAX: u32 = 128;

/// Letters of a web kept that did not open: 8 MiB at most.
const CLOSED_MAX: usize = 256;

/// Alarm: go on trying.
pub(crate) const LETTERS_ALARM: &str = "letters";
const AGAIN: Duration = Duration::from_secs(1);

impl Mail {
    /// Opens letters, as many as may be now.
    pub(crate) fn open_letters(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        loop {
            let Some(next) = LETTERS.all(step.view()).next().transpose()? else { return Ok(()) };
            let second = step.now().millis() / 1_000;
            if self.tried.0 != second {
                self.tried = (second, 0);
            }
            if self.tried.1 >= TRIED_MAX {
                step.alarm(AGAIN, LETTERS_ALARM);
                return Ok(());
            }
            self.tried.1 += 1;
            let ((web, author, place), sealed) = next;
            LETTERS.delete(step.rows(), &(web, author, place));
            match sealed.open_letter(step, (web, "mail"), author) {
                Some(plain) => match Inside::read(&plain) {
                    Ok(inside) => self.take_inside(step, (web, author, place), inside)?,
                    Err(error) => {
                        tracing::warn!(author = %author.short(), %error, "a letter of mail was dropped");
                    }
                },
                None => keep_closed(step, web, &ClosedRow { author, place, sealed })?,
            }
        }
    }

    /// Tries once more what did not open, if this person holds keys that it did not hold then.
    pub(crate) fn try_again(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let held = people::keys_held(step)?;
        if TRIED_KEYS.get(step.view(), &())? == Some(held) {
            return Ok(());
        }
        TRIED_KEYS.put(step.rows(), &(), &held);
        for ((web, number), row) in CLOSED.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
            CLOSED.delete(step.rows(), &(web, number));
            LETTERS.put(step.rows(), &(web, row.author, row.place), &row.sealed);
        }
        self.open_letters(step)
    }
}

/// Keeps a letter that did not open, in place of the oldest one if there are many.
fn keep_closed(step: &mut Step<'_>, web: WebId, row: &ClosedRow) -> Result<(), StoreError> {
    let numbers: Vec<u64> =
        CLOSED.within(step.view(), &web).map(|row| Ok(row?.0.1)).collect::<Result<_, StoreError>>()?;
    if let Some(oldest) = numbers.first().filter(|_| numbers.len() >= CLOSED_MAX) {
        CLOSED.delete(step.rows(), &(web, *oldest));
    }
    let next = numbers.last().map_or(0, |last| last.saturating_add(1));
    CLOSED.put(step.rows(), &(web, next), row);
    Ok(())
}

/// Forgets what came of a device behind a place and is in no folder yet. What was delivered stays: it is the reader's.
pub(crate) fn cut(step: &mut Step<'_>, (web, device): (WebId, DeviceId), last: u64) -> Result<(), Fault> {
    for (key, _) in LETTERS.within(step.view(), &(web, device)).collect::<Result<Vec<_>, StoreError>>()? {
        if key.2 > last {
            LETTERS.delete(step.rows(), &key);
        }
    }
    for (key, row) in CLOSED.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
        if row.author == device && row.place > last {
            CLOSED.delete(step.rows(), &key);
        }
    }
    for (key, row) in PIECES.within(step.view(), &(web, device)).collect::<Result<Vec<_>, StoreError>>()? {
        if row.place > last {
            PIECES.delete(step.rows(), &key);
        }
    }
    crate::large::cut(step, (web, device), last)?;
    Ok(())
}
