//! A keeper's votes: promises and acceptances, durable before they are sent (spec ledger, rules 20 to 23).

use base::{DeviceId, Fault};
use kernel::Step;
use store::StoreError;

use crate::messages::{Accepted, Says};
use crate::tables::{SILENCED, VOTES, VoteRow};
use crate::value::{Ballot, Transaction};
use crate::work::Work;

impl Work {
    /// Returns what this device has voted in a slot.
    pub(crate) fn vote(&self, step: &Step<'_>, slot: u64) -> Result<VoteRow, StoreError> {
        let row = VOTES.get(step.view(), &self.id)?.filter(|row| row.slot == slot);
        Ok(row.unwrap_or_else(|| VoteRow::none(slot)))
    }

    pub(crate) fn hear_prepare(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (slot, round): (u64, u64),
    ) -> Result<(), Fault> {
        if !self.is_asked_to_vote(step, from, slot)? {
            return Ok(());
        }
        let mut vote = self.vote(step, slot)?;
        let says = vote.promise(Ballot { round, device: from });
        self.keep(step, from, &vote, says);
        Ok(())
    }

    pub(crate) fn hear_accept(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (slot, round): (u64, u64),
        batch: Vec<Transaction>,
    ) -> Result<(), Fault> {
        if !self.is_asked_to_vote(step, from, slot)? {
            return Ok(());
        }
        let mut vote = self.vote(step, slot)?;
        let says = vote.accept(Ballot { round, device: from }, batch);
        self.keep(step, from, &vote, says);
        Ok(())
    }

    /// Writes a vote down before it is sent; one that was refused changes nothing.
    fn keep(&mut self, step: &mut Step<'_>, to: DeviceId, vote: &VoteRow, says: Says) {
        if !matches!(says, Says::Higher { .. }) {
            self.round_seen = self.round_seen.max(vote.promised.round);
            VOTES.put(step.rows(), &self.id, vote);
        }
        self.say(step, to, says);
    }

    /// Says whether a keeper asks this keeper about the slot that comes next; who lags is told, or asked, what was decided.
    fn is_asked_to_vote(&mut self, step: &mut Step<'_>, from: DeviceId, slot: u64) -> Result<bool, Fault> {
        let head = self.head(step)?;
        let next = head.slot.saturating_add(1);
        if slot < next {
            if self.trust(step, &head)?.devices.contains(&from) && self.is_member(step, from)? {
                self.answer_ask(step, from, slot.saturating_sub(1))?;
            }
            return Ok(false);
        }
        if !self.is_voter(step, &head, from)? {
            return Ok(false);
        }
        if slot > next {
            self.note_heard(step, slot.saturating_sub(1))?;
            self.ask(step, from, &head);
            return Ok(false);
        }
        Ok(self.may_vote(step, &head)?)
    }
}

impl VoteRow {
    /// Nothing voted in a slot.
    pub(crate) fn none(slot: u64) -> Self {
        Self { slot, promised: Ballot::NONE, accepted: None }
    }

    /// Promises to vote for nothing below a ballot, unless it is below another promise. Returns the answer.
    pub(crate) fn promise(&mut self, ballot: Ballot) -> Says {
        if ballot < self.promised {
            return self.higher(ballot);
        }
        self.promised = ballot;
        Says::Promise { slot: self.slot, round: ballot.round, accepted: self.accepted.clone() }
    }

    /// Accepts a batch under a ballot, unless that is below a promise. Returns the answer.
    pub(crate) fn accept(&mut self, ballot: Ballot, batch: Vec<Transaction>) -> Says {
        if ballot < self.promised {
            return self.higher(ballot);
        }
        self.promised = ballot;
        self.accepted = Some(Accepted { ballot, batch });
        Says::Accepted { slot: self.slot, round: ballot.round }
    }

    fn higher(&self, ballot: Ballot) -> Says {
        Says::Higher { slot: self.slot, round: ballot.round, promised: self.promised.round }
    }
}

/// A home that was restored has forgotten votes, and of two copies neither knows the other's: such a device votes no more in
/// any ledger of the web, also when its records are in order again (spec ledger, rule 24).
pub(crate) fn silence_halted(step: &mut Step<'_>) -> Result<(), StoreError> {
    for (web, _) in records::halts(step.view(), step.me())? {
        if !SILENCED.has(step.view(), &web)? {
            SILENCED.put(step.rows(), &web, &());
        }
    }
    Ok(())
}
