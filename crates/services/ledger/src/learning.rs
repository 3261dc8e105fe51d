//! Getting to know what was decided, and telling it (spec ledger, rules 39 to 46). Not for: snapshots (`snapshots.rs`).

use std::time::Duration;

use base::{DeviceId, Fault};
use kernel::Step;
use store::StoreError;

use crate::apply::{apply, shorten};
use crate::messages::{PAGE_SIZE, PAGE_SLOTS_MAX, Says};
use crate::snapshots::Incoming;
use crate::tables::{HEADS, HEARD, HERE, Head, HeardRow, HereRow, LOG};
use crate::value::{Body, Moved, Transaction, Wants};
use crate::work::{ASK_AGAIN, SMALL_SIZE_MAX, Work, dice, some_time};

/// Bytes of keys and values in the log of a ledger that is kept here: twice the largest state, so that a snapshot is always
/// less than what it stands for.
const LOG_SIZE_MAX: u64 = 32 * 1024 * 1024;
/// After how long without news a keeper is asked how far it is.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(75);
/// How often, while none answers.
const STALE_AGAIN: Duration = Duration::from_secs(15);
/// A row is written for the same news again only after so long.
const HEARD_EVERY: Duration = Duration::from_secs(10);
/// How long slots others decided keep a keeper from trying at once: the one that won may go on.
const YIELD_MS: usize = 60;

impl Work {
    /// Asks for what is missing, or how far the ledger is if nobody has said so for long.
    pub(crate) fn catch_up(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let now = step.now();
        let lags = self.incoming.is_some()
            || HEARD.get(step.view(), &self.id)?.is_some_and(|heard| heard.slot > head.slot);
        let is_stale = now.since(self.heard_at) >= STALE_AFTER;
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
            // The decision stands, whether it can be told of or not.
            let told = records::publish(step, self.row.web, "ledger", wire::to_bytes(&Body::Moved(moved)));
            if let Err(fault) = told {
                tracing::warn!(%fault, "a change of keepers is not told of");
            }
        }
        Ok(())
    }

    /// Applies the slot that comes next.
    fn learn(&mut self, step: &mut Step<'_>, head: &mut Head, batch: &[Transaction]) -> Result<(), Fault> {
        apply(step.rows(), self.id, head, batch)?;
        let size_max = if self.is_kept(step, head)? { LOG_SIZE_MAX } else { SMALL_SIZE_MAX };
        shorten(step.rows(), self.id, (&*head, batch), size_max)?;
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
}
