//! Snapshots: the whole state as of one slot, for who was away for more slots than are kept (spec ledger, rules 40 and 41).

use std::time::Duration;

use base::{DeviceId, Fault, LedgerId, OperationId, Timestamp};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Key, Rows, RowsMut, StoreError, Table};

use crate::apply::LOG_SLOTS;
use crate::messages::{PART_SIZE, PARTS_MAX, Says};
use crate::tables::{
    COUNTS, ENTRIES, EntryRow, HEADS, Head, LOG, LOG_SIZES, ORDER, Outcome, RESULTS, ResultRow, VOTES,
};
use crate::work::{ASK_AGAIN, SMALL_SIZE_MAX, Work};

/// How long a snapshot that was made for somebody is kept for others.
const FROZEN_FOR: Duration = Duration::from_mins(10);

/// A snapshot as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Snapshot {
    #[n(0)]
    pub(crate) head: Head,
    #[n(1)]
    pub(crate) entries: Vec<(String, EntryRow)>,
    #[n(2)]
    pub(crate) results: Vec<Remembered>,
}

/// A result as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Remembered {
    #[n(0)]
    pub(crate) by: DeviceId,
    #[n(1)]
    pub(crate) slot: u64,
    #[n(2)]
    pub(crate) place: u64,
    #[n(3)]
    pub(crate) id: OperationId,
    #[n(4)]
    pub(crate) outcome: Outcome,
}

/// A snapshot made for others.
#[derive(Debug)]
pub(crate) struct Frozen {
    slot: u64,
    bytes: Vec<u8>,
    made: Timestamp,
}

/// A snapshot on its way.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) slot: u64,
    parts: u64,
    pub(crate) got: u64,
    bytes: Vec<u8>,
}

impl Work {
    pub(crate) fn answer_part(
        &mut self,
        step: &mut Step<'_>,
        to: DeviceId,
        (slot, part): (u64, u64),
    ) -> Result<(), Fault> {
        let now = step.now();
        let head = self.head(step)?;
        // What has been made is given as long as the log still continues it.
        let is_good = |frozen: &Frozen| {
            let (age, behind) = (now.since(frozen.made), head.slot.saturating_sub(frozen.slot));
            (age < FROZEN_FOR && frozen.slot == slot && behind < LOG_SLOTS)
                || (age < FROZEN_FOR / 10 && behind < LOG_SLOTS / 2)
        };
        if !self.frozen.as_ref().is_some_and(is_good) {
            let bytes = freeze(step.view(), self.id, head.clone())?;
            self.frozen = Some(Frozen { slot: head.slot, bytes, made: now });
        }
        let Some(frozen) = &self.frozen else { return Ok(()) };
        let parts = u64::try_from(frozen.bytes.len().div_ceil(PART_SIZE)).unwrap_or(0);
        // Another snapshot than the one that was begun is told from its beginning.
        let part = if frozen.slot == slot && part < parts { part } else { 0 };
        let at = usize::try_from(part).unwrap_or(0);
        let bytes = frozen.bytes.chunks(PART_SIZE).nth(at).unwrap_or_default().to_vec().into();
        let slot = frozen.slot;
        self.say(step, to, Says::Snapshot { slot, part, parts, bytes });
        Ok(())
    }

    pub(crate) fn hear_snapshot(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (slot, part, parts): (u64, u64, u64),
        bytes: &[u8],
    ) -> Result<(), Fault> {
        let head = self.head(step)?;
        if !self.trust(step, &head)?.devices.contains(&from) || slot <= head.slot {
            return Ok(());
        }
        self.note_heard(step, slot)?;
        let is_small = parts.saturating_mul(u64::try_from(PART_SIZE).unwrap_or(0)) <= 4 * SMALL_SIZE_MAX;
        if !(is_small || self.is_kept(step, &head)?) {
            return Ok(());
        }
        if part == 0 {
            self.incoming = Some(Incoming { slot, parts, got: 0, bytes: Vec::new() });
        }
        let Some(incoming) = self
            .incoming
            .as_mut()
            .filter(|one| one.slot == slot && one.parts == parts && one.got == part && parts <= PARTS_MAX)
        else {
            return Ok(());
        };
        incoming.bytes.extend_from_slice(bytes);
        incoming.got += 1;
        self.ask_due = step.now().after(ASK_AGAIN);
        if incoming.got < parts {
            let part = incoming.got;
            self.say(step, from, Says::AskPart { slot, part });
            return Ok(());
        }
        if let Some(whole) = self.incoming.take() {
            let limit = PART_SIZE.saturating_mul(usize::try_from(PARTS_MAX).unwrap_or(0));
            match wire::from_bytes::<Snapshot>(&whole.bytes, limit) {
                Ok(snapshot) if snapshot.head.slot == slot => self.install(step, snapshot)?,
                _ => tracing::warn!(peer = %from.short(), "a snapshot of a ledger can't be read"),
            }
            self.ask_due = step.now();
        }
        Ok(())
    }

    /// Puts a snapshot in place of what is here.
    fn install(&mut self, step: &mut Step<'_>, snapshot: Snapshot) -> Result<(), Fault> {
        place(step.rows(), self.id, snapshot)?;
        VOTES.delete(step.rows(), &self.id);
        self.proposal = None;
        self.round_seen = 0;
        self.is_changed = true;
        Ok(())
    }
}

/// Writes the rows of a state in place of those that are there.
pub(crate) fn place<R: RowsMut>(
    rows: &mut R,
    ledger: LedgerId,
    snapshot: Snapshot,
) -> Result<(), StoreError> {
    clear(rows, ENTRIES, ledger)?;
    clear(rows, LOG, ledger)?;
    clear(rows, RESULTS, ledger)?;
    clear(rows, ORDER, ledger)?;
    clear(rows, COUNTS, ledger)?;
    for (key, row) in snapshot.entries {
        ENTRIES.put(rows, &(ledger, key), &row);
    }
    for Remembered { by, slot, place, id, outcome } in snapshot.results {
        RESULTS.put(rows, &(ledger, by, id), &ResultRow { slot, outcome });
        ORDER.put(rows, &(ledger, by, slot, place), &id);
        let count = COUNTS.get(rows, &(ledger, by))?.unwrap_or(0);
        COUNTS.put(rows, &(ledger, by), &count.saturating_add(1));
    }
    LOG_SIZES.delete(rows, &ledger);
    HEADS.put(rows, &ledger, &snapshot.head);
    Ok(())
}

/// Removes all rows of a ledger from a table.
fn clear<R, K, V>(rows: &mut R, table: Table<K, V>, ledger: LedgerId) -> Result<(), StoreError>
where
    R: RowsMut,
    K: Key,
    V: Encode<()> + for<'b> Decode<'b, ()>,
{
    let keys: Vec<K> =
        table.within(rows, &ledger).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
    for key in keys {
        table.delete(rows, &key);
    }
    Ok(())
}

/// Writes the whole state down.
pub(crate) fn freeze<R: Rows + ?Sized>(
    rows: &R,
    ledger: LedgerId,
    head: Head,
) -> Result<Vec<u8>, StoreError> {
    let entries = ENTRIES.within(rows, &ledger).map(|row| row.map(|((_, key), row)| (key, row)));
    let entries = entries.collect::<Result<_, _>>()?;
    let mut results = Vec::new();
    for row in ORDER.within(rows, &ledger) {
        let ((_, by, slot, place), id) = row?;
        if let Some(ResultRow { outcome, .. }) = RESULTS.get(rows, &(ledger, by, id))? {
            results.push(Remembered { by, slot, place, id, outcome });
        }
    }
    Ok(wire::to_bytes(&Snapshot { head, entries, results }))
}
