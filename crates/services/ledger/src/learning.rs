//! Getting to know what was decided: slots, pages of them, snapshots (spec ledger, rules 39 to 47).

use std::time::Duration;

use base::{DeviceId, Fault, LedgerId, OperationId, Timestamp};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError};

use crate::apply::{LOG_SLOTS, apply};
use crate::messages::{PAGE_SIZE, PAGE_SLOTS_MAX, PART_SIZE, PARTS_MAX, Says};
use crate::tables::{
    COUNTS, ENTRIES, EntryRow, HEADS, HEARD, HERE, Head, HeardRow, HereRow, LOG, ORDER, Outcome, RESULTS,
    ResultRow, VOTES,
};
use crate::value::{Body, Moved, Transaction, Wants};
use crate::work::{SMALL_SIZE_MAX, Work, dice, some_time};

/// After how long without an answer somebody else is asked.
const ASK_AGAIN: Duration = Duration::from_secs(3);
/// After how long without news a keeper is asked how far it is.
const STALE_AFTER: Duration = Duration::from_secs(75);
/// How often, while none answers.
const STALE_AGAIN: Duration = Duration::from_secs(15);
/// A row is written for the same news again only after so long.
const HEARD_EVERY: Duration = Duration::from_secs(10);
/// How long a snapshot that was made for somebody is kept for others.
const FROZEN_FOR: Duration = Duration::from_mins(10);
/// How long slots others decided keep a keeper from trying at once: the one that won may go on.
const YIELD_MS: usize = 60;

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
    by: DeviceId,
    #[n(1)]
    slot: u64,
    #[n(2)]
    place: u64,
    #[n(3)]
    id: OperationId,
    #[n(4)]
    outcome: Outcome,
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
    slot: u64,
    parts: u64,
    got: u64,
    bytes: Vec<u8>,
}

impl Work {
    /// Asks for what is missing, or how far the ledger is if nobody has said so for long.
    pub(crate) fn catch_up(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let now = step.now();
        let lags = self.incoming.is_some()
            || HEARD.get(step.view(), &self.id)?.is_some_and(|heard| heard.slot > head.slot);
        let is_stale = now.since(self.heard_at) > STALE_AFTER;
        if now < self.ask_due || !(lags || is_stale) || !self.is_followed(step, head)? {
            return Ok(());
        }
        let trust = self.trust(step, head)?;
        let mut here = Vec::new();
        for device in trust.devices.iter().filter(|device| **device != step.me()) {
            if records::is_connected(step.view(), *device)? && self.is_member(step, *device)? {
                here.push(*device);
            }
        }
        self.ask_due = now.after(if lags { ASK_AGAIN } else { STALE_AGAIN });
        let which = dice(step, here.len());
        if let Some(device) = here.get(which).copied() {
            match &self.incoming {
                Some(Incoming { slot, got, .. }) => {
                    let (slot, part) = (*slot, *got);
                    self.say(step, device, Says::AskPart { slot, part });
                }
                None => self.say(step, device, Says::Ask { after: head.slot }),
            }
        }
        Ok(())
    }

    pub(crate) fn ask(&mut self, step: &mut Step<'_>, from: DeviceId, head: &Head) {
        if step.now() >= self.ask_due {
            self.ask_due = step.now().after(ASK_AGAIN);
            self.say(step, from, Says::Ask { after: head.slot });
        }
    }

    /// Notes how far a keeper says the ledger is.
    pub(crate) fn note_heard(&mut self, step: &mut Step<'_>, slot: u64) -> Result<(), StoreError> {
        let now = step.now();
        self.heard_at = now;
        let before = HEARD.get(step.view(), &self.id)?;
        let known = before.map_or(0, |heard| heard.slot);
        if slot > known || before.is_none_or(|heard| now.since(heard.at) >= HEARD_EVERY) {
            HEARD.put(step.rows(), &self.id, &HeardRow { slot: slot.max(known), at: now });
        }
        Ok(())
    }

    /// Answers a member with a page of slots, or with a snapshot's first part.
    pub(crate) fn answer_ask(&mut self, step: &mut Step<'_>, to: DeviceId, after: u64) -> Result<(), Fault> {
        self.followers.insert(to, step.now());
        let head = self.head(step)?;
        let first = after.saturating_add(1);
        let (mut batches, mut size) = (Vec::new(), 0_usize);
        let mut expected = first;
        for row in LOG.within_from(step.view(), &self.id, &(self.id, first)).take(PAGE_SLOTS_MAX) {
            let ((_, slot), row) = row?;
            if slot != expected || size >= PAGE_SIZE {
                break;
            }
            expected = slot.saturating_add(1);
            let bytes = row.batch.iter().map(|one| one.wants.size().saturating_add(120));
            size = size.saturating_add(bytes.sum());
            batches.push(row.batch);
        }
        if batches.is_empty() && after < head.slot {
            return self.answer_part(step, to, (0, 0));
        }
        self.say(step, to, Says::Chosen { first, batches, last: head.slot });
        Ok(())
    }

    /// Hears of decided slots from one who is or was a keeper.
    pub(crate) fn hear_chosen(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (first, batches): (u64, Vec<Vec<Transaction>>),
        last: u64,
    ) -> Result<(), Fault> {
        let mut head = self.head(step)?;
        if !self.trust(step, &head)?.devices.contains(&from) || !self.is_followed(step, &head)? {
            return Ok(());
        }
        let end = first.saturating_add(u64::try_from(batches.len()).unwrap_or(0)).saturating_sub(1);
        self.note_heard(step, last.max(if batches.is_empty() { 0 } else { end }))?;
        let before = head.slot;
        for (slot, batch) in (first..).zip(batches) {
            if slot == head.slot.saturating_add(1) {
                self.learn(step, &mut head, &batch)?;
            }
        }
        if head.slot > before {
            self.incoming = None;
            self.not_before = self.not_before.max(step.now().after(some_time(step, YIELD_MS)));
            if last > head.slot {
                self.ask_due = step.now();
                self.ask(step, from, &head);
            }
        }
        Ok(())
    }

    pub(crate) fn hear_news(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (last, keepers_since, here): (u64, u64, u64),
    ) -> Result<(), Fault> {
        let head = self.head(step)?;
        if !self.trust(step, &head)?.devices.contains(&from) {
            return Ok(());
        }
        self.note_heard(step, last)?;
        let key = (self.id, from);
        let before = HERE.get(step.view(), &key)?;
        let is_same = |row: &HereRow| row.here == here && row.keepers_since == keepers_since;
        if before.is_none_or(|row| !is_same(&row) || step.now().since(row.at) >= HEARD_EVERY) {
            let at = step.now();
            HERE.put(step.rows(), &key, &HereRow { at, keepers_since, here });
            self.is_changed |= !before.is_some_and(|row| is_same(&row));
        }
        if last > head.slot && self.is_followed(step, &head)? {
            self.ask(step, from, &head);
        }
        Ok(())
    }

    /// A majority has accepted: tells everybody whom it concerns.
    pub(crate) fn decide(&mut self, step: &mut Step<'_>, batch: &[Transaction]) -> Result<(), Fault> {
        let mut head = self.head(step)?;
        let before = head.clone();
        self.learn(step, &mut head, batch)?;
        (self.tries, self.not_before) = (0, step.now());
        let mut to = self.others_here(step, &before)?;
        to.extend(self.others_here(step, &head)?);
        to.extend(batch.iter().map(|one| one.by).filter(|by| *by != step.me()));
        to.sort_unstable();
        to.dedup();
        for device in &to {
            let (first, batches, last) = (head.slot, vec![batch.to_vec()], head.slot);
            self.say(step, *device, Says::Chosen { first, batches, last });
        }
        let others: Vec<DeviceId> =
            self.followers.keys().copied().filter(|device| !to.contains(device)).collect();
        self.tell_news(step, &head, &others)?;
        if head.keepers_since == head.slot && before.keepers_since != head.keepers_since {
            let moved = Moved { ledger: self.id, slot: head.slot, keepers: head.keepers };
            let me = step.me();
            crate::announcing::note_moved(step, me, &moved)?;
            records::publish(step, self.row.web, "ledger", wire::to_bytes(&Body::Moved(moved)))?;
        }
        Ok(())
    }

    /// Applies the slot that comes next.
    fn learn(&mut self, step: &mut Step<'_>, head: &mut Head, batch: &[Transaction]) -> Result<(), Fault> {
        apply(step.rows(), self.id, head, batch)?;
        HEADS.put(step.rows(), &self.id, head);
        let is_in = |one: &Transaction| batch.iter().any(|other| (other.by, other.id) == (one.by, one.id));
        self.queue.retain(|one| !is_in(one));
        self.proposal.take_if(|proposal| proposal.slot <= head.slot);
        self.round_seen = 0;
        self.is_changed = true;
        if batch.iter().any(|one| matches!(one.wants, Wants::Keepers { .. })) {
            self.call_due = step.now();
        }
        Ok(())
    }

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
        let is_kept = head.keepers.iter().any(|keeper| keeper.device == step.me())
            || crate::tables::OPENED.has(step.view(), &self.id)?;
        if !(is_small || is_kept) {
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
        let ledger = self.id;
        let rows = step.rows();
        let keys: Vec<_> =
            ENTRIES.within(rows, &ledger).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        keys.iter().for_each(|key| ENTRIES.delete(rows, key));
        let keys: Vec<_> =
            LOG.within(rows, &ledger).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        keys.iter().for_each(|key| LOG.delete(rows, key));
        let keys: Vec<_> =
            RESULTS.within(rows, &ledger).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        keys.iter().for_each(|key| RESULTS.delete(rows, key));
        let keys: Vec<_> =
            ORDER.within(rows, &ledger).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        keys.iter().for_each(|key| ORDER.delete(rows, key));
        let keys: Vec<_> =
            COUNTS.within(rows, &ledger).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        keys.iter().for_each(|key| COUNTS.delete(rows, key));
        for (key, row) in snapshot.entries {
            ENTRIES.put(rows, &(ledger, key), &row);
        }
        for Remembered { by, slot, place, id, outcome } in snapshot.results {
            RESULTS.put(rows, &(ledger, by, id), &ResultRow { slot, outcome });
            ORDER.put(rows, &(ledger, by, slot, place), &id);
            let count = COUNTS.get(rows, &(ledger, by))?.unwrap_or(0);
            COUNTS.put(rows, &(ledger, by), &count.saturating_add(1));
        }
        HEADS.put(rows, &ledger, &snapshot.head);
        VOTES.delete(rows, &ledger);
        self.proposal = None;
        self.round_seen = 0;
        self.is_changed = true;
        Ok(())
    }
}

/// Writes the whole state down.
fn freeze<R: Rows + ?Sized>(rows: &R, ledger: LedgerId, head: Head) -> Result<Vec<u8>, StoreError> {
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
