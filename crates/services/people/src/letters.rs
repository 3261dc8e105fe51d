//! Letters of one service that have come: tried with this person's keys, a bounded number in a second, so that nobody can keep a
//! computer busy with them; what does not open is kept for keys that may still be on their way (spec identity, rule 57).
//!
//! Not for: what stands in a letter.

use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};

use crate::sealed::Sealed;

/// Letters tried in a second: each costs a tenth of a millisecond for every wrap, 2 to 16 of them.
const TRIED_MAX: u32 = 128;

/// Letters of a web kept that did not open. Keys of mine that were on their way come within as many of others' letters; it is 8 MiB at
/// most.
const CLOSED_MAX: usize = 256;

const AGAIN: Duration = Duration::from_secs(1);

/// In which second how many letters were tried.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tried {
    second: u64,
    count: u32,
}

/// A letter that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// In which web it was written.
    pub web: WebId,
    /// Whose log it stands in.
    pub author: DeviceId,
    /// Where in it, as it was put.
    pub place: u64,
    /// What it holds; hostile until read. None when it is for others.
    pub plain: Option<Vec<u8>>,
}

/// Where a service keeps its letters, in rows of its own.
#[derive(Debug, Clone, Copy)]
pub struct Letters {
    service: &'static str,
    alarm: &'static str,
    /// Not tried yet, by author and place.
    waiting: Table<(WebId, DeviceId, u64), Sealed>,
    /// Did not open, the last ones of a web.
    closed: Table<(WebId, u64), ClosedRow>,
    /// How many keys of mine those were tried with.
    tried_keys: Table<(), u64>,
}

/// A letter that did not open.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct ClosedRow {
    #[n(0)]
    author: DeviceId,
    #[n(1)]
    place: u64,
    #[n(2)]
    sealed: Sealed,
}

impl Letters {
    /// Says whose they are, which alarm has [`Self::next`] asked for more, and in which tables waiting ones, closed ones and the count of
    /// keys are.
    pub const fn new(service: &'static str, alarm: &'static str, tables: [&'static str; 3]) -> Self {
        let [waiting, closed, tried_keys] = tables;
        let (waiting, closed) = (Table::new(waiting), Table::new(closed));
        Self { service, alarm, waiting, closed, tried_keys: Table::new(tried_keys) }
    }

    /// Keeps a letter that has come until it is tried.
    pub fn put(&self, step: &mut Step<'_>, (web, author, place): (WebId, DeviceId, u64), sealed: &Sealed) {
        self.waiting.put(step.rows(), &(web, author, place), sealed);
    }

    /// Tries the next letter; none when there is none, or, with the alarm set, when enough were tried in this second.
    pub fn next(&self, step: &mut Step<'_>, tried: &mut Tried) -> Result<Option<Letter>, StoreError> {
        let second = step.now().millis() / 1_000;
        if tried.second != second {
            *tried = Tried { second, count: 0 };
        }
        let Some(next) = self.waiting.all(step.view()).next().transpose()? else { return Ok(None) };
        if tried.count >= TRIED_MAX {
            step.alarm(AGAIN, self.alarm);
            return Ok(None);
        }
        tried.count += 1;
        let ((web, author, place), sealed) = next;
        self.waiting.delete(step.rows(), &(web, author, place));
        let plain = sealed.open_letter(step, (web, self.service), author);
        if plain.is_none() {
            self.keep_closed(step, web, &ClosedRow { author, place, sealed })?;
        }
        Ok(Some(Letter { web, author, place, plain }))
    }

    /// Has those that did not open tried once more, if this person holds keys that it did not hold then; says whether it does.
    pub fn try_again(&self, step: &mut Step<'_>) -> Result<bool, Fault> {
        let held = keys_held(step)?;
        if self.tried_keys.get(step.view(), &())? == Some(held) {
            return Ok(false);
        }
        self.tried_keys.put(step.rows(), &(), &held);
        for ((web, number), row) in self.closed.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
            self.closed.delete(step.rows(), &(web, number));
            self.waiting.put(step.rows(), &(web, row.author, row.place), &row.sealed);
        }
        Ok(true)
    }

    /// Returns the first place of a device whose letter was not tried yet.
    pub fn first_waiting<R: Rows + ?Sized>(
        &self,
        rows: &R,
        (web, author): (WebId, DeviceId),
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.waiting.within(rows, &(web, author)).next().transpose()?.map(|((.., place), _)| place))
    }

    /// Forgets letters of a device behind a place.
    pub fn cut(
        &self,
        step: &mut Step<'_>,
        (web, device): (WebId, DeviceId),
        last: u64,
    ) -> Result<(), StoreError> {
        let waiting =
            self.waiting.within(step.view(), &(web, device)).collect::<Result<Vec<_>, StoreError>>()?;
        for (key, _) in waiting.into_iter().filter(|(key, _)| key.2 > last) {
            self.waiting.delete(step.rows(), &key);
        }
        let closed = self.closed.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()?;
        for (key, _) in closed.into_iter().filter(|(_, row)| row.author == device && row.place > last) {
            self.closed.delete(step.rows(), &key);
        }
        Ok(())
    }

    /// Keeps a letter that did not open, in place of the oldest one if there are many.
    fn keep_closed(&self, step: &mut Step<'_>, web: WebId, row: &ClosedRow) -> Result<(), StoreError> {
        let numbers: Vec<u64> = self
            .closed
            .within(step.view(), &web)
            .map(|row| Ok(row?.0.1))
            .collect::<Result<_, StoreError>>()?;
        if let Some(oldest) = numbers.first().filter(|_| numbers.len() >= CLOSED_MAX) {
            self.closed.delete(step.rows(), &(web, *oldest));
        }
        let next = numbers.last().map_or(0, |last| last.saturating_add(1));
        self.closed.put(step.rows(), &(web, next), row);
        Ok(())
    }
}

/// Returns how many keys of this person are held here.
fn keys_held(step: &Step<'_>) -> Result<u64, Fault> {
    Ok(u64::try_from(crate::devices::kept_keys(step)?.len()).unwrap_or(u64::MAX))
}
