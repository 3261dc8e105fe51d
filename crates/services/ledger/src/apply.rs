//! What decided slots make of a ledger's state: the same at everybody who applies the same slots (spec ledger, rules 30 to 38).
//!
//! Reads and writes the rows of the state and nothing else: no clock, no dice, no membership.

use base::{DeviceId, LedgerId};
use store::{RowsMut, StoreError};

use crate::tables::{
    COUNTS, ENTRIES, EntryRow, Head, LOG, LOG_SIZES, LogRow, ORDER, Outcome, RESULTS, ResultRow,
};
use crate::value::{Keeper, Need, Put, Transaction, Wants};

/// Keys of a ledger at most.
pub(crate) const KEYS_MAX: u64 = 100_000;
/// Bytes of a ledger's keys and values at most.
pub(crate) const STATE_SIZE_MAX: u64 = 16 * 1024 * 1024;
/// Slots kept, and slots after the one a wish names in which it may be done.
pub(crate) const LOG_SLOTS: u64 = 1_000;
/// Slots dropped from the log when one comes, at most.
const DROPPED_AT_ONCE: usize = 4;
/// Results of a device remembered however old: as many as it may have wishes that wait, so that none of those can
/// have been decided and forgotten.
pub(crate) const RESULTS_KEPT: u64 = 64;

/// Applies the slot after `head.slot` and notes it in the log.
pub(crate) fn apply<R: RowsMut>(
    rows: &mut R,
    ledger: LedgerId,
    head: &mut Head,
    batch: &[Transaction],
) -> Result<(), StoreError> {
    let slot = head.slot.saturating_add(1);
    let mut outcomes = Vec::with_capacity(batch.len());
    for (place, one) in (0..).zip(batch) {
        let outcome = match decided_before(rows, ledger, one)? {
            true => Outcome::Again,
            false if !is_in_time(one.since, slot) => Outcome::OutOfTime,
            false => {
                let outcome = perform(rows, ledger, (&mut *head, slot), one)?;
                remember(rows, (ledger, one.by), (&mut *head, slot, place), (one, &outcome))?;
                outcome
            }
        };
        outcomes.push(outcome);
    }
    head.slot = slot;
    LOG.put(rows, &(ledger, slot), &LogRow { batch: batch.to_vec(), outcomes });
    Ok(())
}

/// Drops the oldest slots of the log: all but the last thousand, and what makes it larger than it may be here.
pub(crate) fn shorten<R: RowsMut>(
    rows: &mut R,
    ledger: LedgerId,
    (head, added): (&Head, &[Transaction]),
    size_max: u64,
) -> Result<(), StoreError> {
    let mut size = LOG_SIZES.get(rows, &ledger)?.unwrap_or(0).saturating_add(batch_size(added));
    // More may go than comes, so what is too large gets smaller.
    let oldest: Vec<((LedgerId, u64), LogRow)> =
        LOG.within(rows, &ledger).take(DROPPED_AT_ONCE).collect::<Result<_, _>>()?;
    for (key, row) in oldest {
        let is_old = key.1.saturating_add(LOG_SLOTS) <= head.slot;
        // The last slot stays: it says that there is no gap.
        if !is_old && (size <= size_max || key.1 == head.slot) {
            break;
        }
        LOG.delete(rows, &key);
        size = size.saturating_sub(batch_size(&row.batch));
    }
    LOG_SIZES.put(rows, &ledger, &size);
    Ok(())
}

fn batch_size(batch: &[Transaction]) -> u64 {
    batch.iter().map(|one| u64::try_from(one.wants.size()).unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
}

/// Says whether a wish made when `since` was decided may be done in a slot.
pub(crate) fn is_in_time(since: u64, slot: u64) -> bool {
    since < slot && slot <= since.saturating_add(LOG_SLOTS)
}

fn decided_before<R: RowsMut>(rows: &R, ledger: LedgerId, one: &Transaction) -> Result<bool, StoreError> {
    RESULTS.has(rows, &(ledger, one.by, one.id))
}

fn perform<R: RowsMut>(
    rows: &mut R,
    ledger: LedgerId,
    (head, slot): (&mut Head, u64),
    one: &Transaction,
) -> Result<Outcome, StoreError> {
    match &one.wants {
        Wants::GiveUp => Ok(Outcome::GivenUp),
        Wants::Write { needs, puts } => {
            if let Some(refused) = refused(rows, ledger, needs)? {
                return Ok(refused);
            }
            write(rows, ledger, head, (one, puts))
        }
        Wants::Keepers { instead_of, keepers } => {
            let is_keeper = |keeper: &Keeper| keeper.person == one.person;
            if head.started_by != Some(one.person) && !head.keepers.iter().any(is_keeper) {
                return Ok(Outcome::NoKeeper);
            }
            if head.keepers_since != *instead_of {
                return Ok(Outcome::KeepersChanged);
            }
            head.version = head.version.saturating_add(1);
            head.keepers.clone_from(keepers);
            head.keepers_since = slot;
            Ok(Outcome::Done { version: head.version })
        }
    }
}

fn refused<R: RowsMut>(rows: &R, ledger: LedgerId, needs: &[Need]) -> Result<Option<Outcome>, StoreError> {
    for need in needs {
        let version = ENTRIES.get(rows, &(ledger, need.key.clone()))?.map_or(0, |entry| entry.version);
        if version != need.version {
            return Ok(Some(Outcome::Refused { key: need.key.clone(), version }));
        }
    }
    Ok(None)
}

fn write<R: RowsMut>(
    rows: &mut R,
    ledger: LedgerId,
    head: &mut Head,
    (one, puts): (&Transaction, &[Put]),
) -> Result<Outcome, StoreError> {
    let (mut keys, mut size) = (head.keys, head.size);
    for put in puts {
        if let Some(entry) = ENTRIES.get(rows, &(ledger, put.key.clone()))? {
            keys = keys.saturating_sub(1);
            size = size.saturating_sub(size_of(&put.key, &entry.value));
        }
        if let Some(value) = &put.value {
            keys = keys.saturating_add(1);
            size = size.saturating_add(size_of(&put.key, value));
        }
    }
    // What only makes a full ledger smaller is let through.
    if (keys > KEYS_MAX && keys > head.keys) || (size > STATE_SIZE_MAX && size > head.size) {
        return Ok(Outcome::Full);
    }
    head.version = head.version.saturating_add(1);
    (head.keys, head.size) = (keys, size);
    let version = head.version;
    for put in puts {
        let key = (ledger, put.key.clone());
        match &put.value {
            Some(value) => {
                let (value, person, at) = (value.clone(), one.person, one.at);
                ENTRIES.put(rows, &key, &EntryRow { value, version, person, at });
            }
            None => ENTRIES.delete(rows, &key),
        }
    }
    Ok(Outcome::Done { version })
}

fn size_of(key: &str, value: &str) -> u64 {
    u64::try_from(key.len().saturating_add(value.len())).unwrap_or(u64::MAX)
}

/// Remembers what became of a wish, and forgets what need not be known any more.
fn remember<R: RowsMut>(
    rows: &mut R,
    (ledger, by): (LedgerId, DeviceId),
    (head, slot, place): (&mut Head, u64, u64),
    (one, outcome): (&Transaction, &Outcome),
) -> Result<(), StoreError> {
    RESULTS.put(rows, &(ledger, by, one.id), &ResultRow { slot, outcome: outcome.clone() });
    ORDER.put(rows, &(ledger, by, slot, place), &one.id);
    head.results = head.results.saturating_add(1);
    let mut count = COUNTS.get(rows, &(ledger, by))?.unwrap_or(0).saturating_add(1);
    // Two go for each that comes, so what is too much gets less.
    let oldest: Vec<_> = ORDER.within(rows, &(ledger, by)).take(2).collect::<Result<_, _>>()?;
    for (key, id) in oldest {
        if count <= RESULTS_KEPT || key.2.saturating_add(LOG_SLOTS) > slot {
            break;
        }
        ORDER.delete(rows, &key);
        RESULTS.delete(rows, &(ledger, by, id));
        count = count.saturating_sub(1);
        head.results = head.results.saturating_sub(1);
    }
    COUNTS.put(rows, &(ledger, by), &count);
    Ok(())
}
