//! Letters of others: tried with this person's keys, a bounded number in a second, so that nobody can keep a computer busy with them
//! (spec talk, rules 25 to 30).

use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use people::Sealed;
use store::StoreError;

use crate::ids::RoomId;
use crate::service::Talk;
use crate::statement::{Inside, Letter};
use crate::tables::{CLOSED, ClosedRow, LETTERS, OWN, ROOMS, TRIED_KEYS};
use crate::taking::Said;

/// Letters tried in a second: each costs a tenth of a millisecond for every wrap, 2 to 16 of them.
const TRIED_MAX: u32 = 128;

/// Letters of a web kept that did not open. Keys of mine that were on their way come within as many of others' letters; it is 8 MiB at most.
const CLOSED_MAX: usize = 256;

/// Alarm: go on trying.
pub(crate) const LETTERS_ALARM: &str = "letters";
const AGAIN: Duration = Duration::from_secs(1);

impl Talk {
    /// Opens letters, as many as may be now.
    pub(crate) fn open_letters(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        loop {
            let second = step.now().millis() / 1_000;
            if self.tried.0 != second {
                self.tried = (second, 0);
            }
            let Some(next) = LETTERS.all(step.view()).next().transpose()? else { return Ok(()) };
            if self.tried.1 >= TRIED_MAX {
                step.alarm(AGAIN, LETTERS_ALARM);
                return Ok(());
            }
            self.tried.1 += 1;
            let ((web, author, number), sealed) = next;
            LETTERS.delete(step.rows(), &(web, author, number));
            self.owe(step, web, author);
            self.open_letter(step, (web, author, number), &sealed)?;
        }
    }

    fn open_letter(
        &mut self,
        step: &mut Step<'_>,
        (web, author, number): (WebId, DeviceId, u64),
        sealed: &Sealed,
    ) -> Result<(), Fault> {
        match sealed.open_letter(step, (web, "talk"), author) {
            Some(plain) => {
                let place = if number < OWN { number } else { 0 };
                self.take_letter(step, Said { web, author, number, place }, &plain)
            }
            None => Ok(keep_closed(step, web, &ClosedRow { author, place: number, sealed: sealed.clone() })?),
        }
    }

    /// Takes what stands in a letter; hostile until read, and then, too.
    fn take_letter(&mut self, step: &mut Step<'_>, said: Said, plain: &[u8]) -> Result<(), Fault> {
        let Ok(letter) = Letter::read(plain) else { return Ok(()) };
        let author = people::read::person_of(step.view(), said.web, said.author)?;
        let me = people::read::my_person(step.view())?;
        let is_ours = [author, me].iter().all(|who| who.is_some_and(|who| letter.persons.contains(&who)));
        if is_ours { self.take_inside(step, said, letter).map(|_| ()) } else { Ok(()) }
    }

    /// Takes what somebody of a direct conversation said there; returns which message it was, if it was one.
    pub(crate) fn take_inside(
        &mut self,
        step: &mut Step<'_>,
        said: Said,
        letter: Letter,
    ) -> Result<Option<crate::ids::MessageId>, Fault> {
        let room = meet(step, said.web, letter.persons)?;
        match letter.inside {
            Inside::Said(message) => self.take_message(step, said, room, message).map(Some),
            Inside::About(about) => self.take_about(step, said, about, Some(room)).map(|()| None),
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

/// Returns the direct conversation of some persons, which is here from now on.
pub(crate) fn meet(
    step: &mut Step<'_>,
    web: WebId,
    persons: Vec<base::PersonId>,
) -> Result<RoomId, StoreError> {
    let room = RoomId::of_persons(web, &persons);
    let mut row = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default();
    if row.persons.is_empty() {
        row.persons = persons;
        ROOMS.put(step.rows(), &(web, room), &row);
    }
    Ok(room)
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

/// Forgets letters of a device behind a place.
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
    Ok(())
}

/// Says whether no letter waits to be tried.
pub(crate) fn are_none(step: &Step<'_>) -> Result<bool, StoreError> {
    Ok(LETTERS.all(step.view()).next().transpose()?.is_none())
}
