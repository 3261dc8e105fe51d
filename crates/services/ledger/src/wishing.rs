//! Wishes: kept in rows until they are decided, given to keepers again and again (spec ledger, rules 27 to 29, 35, 47 and 48).

use std::time::Duration;

use base::{DeviceId, Fault, OperationId};
use kernel::Step;
use store::StoreError;

use crate::apply::LOG_SLOTS;
use crate::messages::Says;
use crate::proposing::{Phase, Proposal};
use crate::tables::{HERE, Head, OVER, RESULTS, ResultRow, WAITING, WISHES, WishRow, WishState};
use crate::value::{Transaction, Wants, majority};
use crate::work::{Work, dice, some_time};

/// After how long without a decision a wish is given to another keeper.
const AGAIN_AFTER: Duration = Duration::from_secs(3);
const AGAIN_SPREAD_MS: usize = 1_000;
/// Bytes given to one keeper at once.
const HANDED_ON_MAX: usize = 1024 * 1024;
/// Wishes of one device that a keeper keeps in its queue, and of all.
const QUEUE_OF_ONE_MAX: usize = 64;
const QUEUE_MAX: usize = 1_024;
/// Bytes of its queue.
const QUEUE_SIZE_MAX: usize = 16 * 1024 * 1024;
/// Wishes that are over and can be looked at.
const OVER_MAX: u64 = 1_000;

impl WishRow {
    /// Returns what keepers are given: the wish, or that it shall not be done.
    fn wanted(&self) -> Wants {
        if self.is_given_up { Wants::GiveUp } else { self.wants.clone() }
    }
}

impl Work {
    pub(crate) fn has_wishes(&self, step: &Step<'_>) -> Result<bool, StoreError> {
        Ok(WAITING.within(step.view(), &self.id).next().transpose()?.is_some())
    }

    /// Returns the wishes of this device that wait, oldest first. One whose time has passed without a decision is made anew:
    /// as it was, it can't be done any more (spec ledger, rule 35).
    fn waiting(&self, step: &mut Step<'_>, head: &Head) -> Result<Vec<(OperationId, WishRow)>, StoreError> {
        let mut wishes = Vec::new();
        for row in WAITING.within(step.view(), &self.id) {
            let ((_, _, id), ()) = row?;
            wishes.extend(WISHES.get(step.view(), &id)?.map(|row| (id, row)));
        }
        for (id, row) in &mut wishes {
            if head.slot >= row.since.saturating_add(LOG_SLOTS) {
                row.since = head.slot;
                WISHES.put(step.rows(), id, row);
            }
        }
        Ok(wishes)
    }

    /// Ends wishes that are decided.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let waiting: Vec<_> = WAITING.within(step.view(), &self.id).collect::<Result<_, _>>()?;
        let me = step.me();
        for ((_, made, id), ()) in waiting {
            let Some(result) = RESULTS.get(step.view(), &(self.id, me, id))? else { continue };
            self.end(step, (made, id), WishState::Decided(result))?;
        }
        Ok(())
    }

    /// Ends a wish.
    pub(crate) fn end(
        &mut self,
        step: &mut Step<'_>,
        (made, id): (u64, OperationId),
        state: WishState,
    ) -> Result<(), Fault> {
        if let Some(mut row) = WISHES.get(step.view(), &id)? {
            row.state = state;
            WISHES.put(step.rows(), &id, &row);
        }
        WAITING.delete(step.rows(), &(self.id, made, id));
        self.sent.remove(&id);
        self.is_changed = true;
        // Counted, not dated: a clock that jumps would have answers forgotten that somebody still waits for.
        let last = OVER.within_back(step.view(), &()).next().transpose()?;
        let number = last.map_or(1, |((number, _), ())| number.saturating_add(1));
        OVER.put(step.rows(), &(number, id), &());
        let first = OVER.all(step.view()).next().transpose()?;
        if let Some((key, ())) = first.filter(|((first, _), ())| first.saturating_add(OVER_MAX) <= number) {
            OVER.delete(step.rows(), &key);
            WISHES.delete(step.rows(), &key.1);
        }
        Ok(())
    }

    /// As a keeper, takes this device's own wishes into the queue.
    pub(crate) fn take_own(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        if !self.has_wishes(step)? {
            return Ok(());
        }
        let Some(person) = people::read::my_person(step.view())? else { return Ok(()) };
        for (id, row) in self.waiting(step, head)? {
            let (by, at) = (step.me(), step.now());
            self.enqueue(Transaction { by, person, id, since: row.since, at, wants: row.wanted() });
        }
        Ok(())
    }

    /// Puts a transaction into the queue; giving up takes the place of what was wished.
    fn enqueue(&mut self, one: Transaction) {
        let is_same = |other: &Transaction| (other.by, other.id) == (one.by, one.id);
        let is_proposed = match &self.proposal {
            Some(Proposal { phase: Phase::Accepting(batch, _), .. }) => {
                batch.iter().any(|other| is_same(other) && other.wants == one.wants)
            }
            _ => false,
        };
        if let Some(other) = self.queue.iter_mut().find(|other| is_same(other)) {
            if one.wants == Wants::GiveUp {
                other.wants = Wants::GiveUp;
            }
            other.since = other.since.max(one.since);
        } else if !is_proposed {
            self.queue.push_back(one);
        }
    }

    /// Takes a withdrawn wish out of the queue.
    pub(crate) fn dequeue(&mut self, by: DeviceId, id: OperationId) {
        self.queue.retain(|one| (one.by, one.id) != (by, id));
    }

    /// As no keeper, gives wishes to one that is here.
    pub(crate) fn hand_on(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let now = step.now();
        let mut due = self.waiting(step, head)?;
        due.retain(|(id, _)| self.sent.get(id).is_none_or(|due| *due <= now));
        if due.is_empty() {
            return Ok(());
        }
        let to = self.whom_to_give(step, head)?;
        let mut size = 0_usize;
        for (id, mut row) in due {
            self.sent.insert(id, now.after(AGAIN_AFTER + some_time(step, AGAIN_SPREAD_MS)));
            size = size.saturating_add(row.wants.size());
            let Some(to) = to.filter(|_| size <= HANDED_ON_MAX) else { continue };
            let wants = row.wanted();
            self.say(step, to, Says::Submit { id, since: row.since, wants });
            if !row.is_handed_on {
                row.is_handed_on = true;
                WISHES.put(step.rows(), &id, &row);
            }
        }
        self.given_to = to;
        Ok(())
    }

    /// Chooses a keeper that is here: one that says it reaches a majority, and another than the last, if there is one.
    fn whom_to_give(&self, step: &mut Step<'_>, head: &Head) -> Result<Option<DeviceId>, StoreError> {
        let keepers = self.trust(step, head)?.keepers;
        let (mut here, mut best) = (Vec::new(), Vec::new());
        for keeper in keepers.iter().filter(|keeper| keeper.device != step.me()) {
            if !records::is_connected(step.view(), keeper.device)? || !self.is_member(step, keeper.device)? {
                continue;
            }
            here.push(keeper.device);
            let said = HERE.get(step.view(), &(self.id, keeper.device))?;
            let counted = said.map_or(0, |said| usize::try_from(said.here.count_ones()).unwrap_or(0));
            if counted >= majority(&keepers) {
                best.push(keeper.device);
            }
        }
        for some in [&mut best, &mut here] {
            if some.len() > 1 {
                some.retain(|device| Some(*device) != self.given_to);
            }
        }
        let from = if best.is_empty() { here } else { best };
        let which = dice(step, from.len());
        Ok(from.get(which).copied())
    }

    /// A member gives this keeper a wish (spec ledger, rule 27).
    pub(crate) fn hear_submit(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (id, since): (OperationId, u64),
        wants: Wants,
    ) -> Result<(), Fault> {
        let head = self.head(step)?;
        let Some(person) = people::read::person_of(step.view(), self.row.web, from)? else { return Ok(()) };
        if !self.may_vote(step, &head)? || !people::read::writes(step.view(), self.row.web, person)? {
            return Ok(());
        }
        self.followers.insert(from, step.now());
        if let Some(ResultRow { slot, .. }) = RESULTS.get(step.view(), &(self.id, from, id))? {
            return self.answer_ask(step, from, slot.saturating_sub(1));
        }
        let of_one = self.queue.iter().filter(|one| one.by == from).count();
        let size = self.queue.iter().map(|one| one.wants.size()).fold(wants.size(), usize::saturating_add);
        if of_one >= QUEUE_OF_ONE_MAX || self.queue.len() >= QUEUE_MAX || size > QUEUE_SIZE_MAX {
            return Ok(());
        }
        if since > head.slot {
            self.note_heard(step, head.slot)?;
            self.ask_keepers(step, &head)?;
        }
        let at = step.now();
        self.enqueue(Transaction { by: from, person, id, since, at, wants });
        Ok(())
    }

    /// Somebody knows of more than this keeper does; a wish alone is no proof of it.
    fn ask_keepers(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let others = self.others_here(step, head)?;
        let which = dice(step, others.len());
        if let Some(device) = others.get(which).copied() {
            self.ask(step, device, head);
        }
        Ok(())
    }
}
