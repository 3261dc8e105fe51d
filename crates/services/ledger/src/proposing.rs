//! A keeper's proposals: any keeper has the next slot decided, after a majority promised (spec ledger, rules 17 to 26).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Fault, Timestamp};
use kernel::Step;
use store::StoreError;

use crate::apply::is_in_time;
use crate::messages::{Accepted, Says};
use crate::tables::{Head, RESULTS, VOTES, WISHES};
use crate::value::{BATCH_MAX, BATCH_SIZE_MAX, Ballot, Transaction, Wants, majority};
use crate::work::{Work, some_time};

/// After how long without enough answers they are asked for again: twice the longest way there and back.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How often; then a new ballot is tried.
const AGAIN_MAX: u32 = 3;
/// The most a keeper waits after its first try that came to nothing; twice as long after each more, six times.
const WAIT_MS: usize = 100;
const WAIT_DOUBLED_MAX: u32 = 6;
/// Slots that one keeper alone decides in one step at most.
const AT_ONCE_MAX: usize = 8;

/// A try to have the next slot decided.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) slot: u64,
    pub(crate) ballot: Ballot,
    pub(crate) phase: Phase,
    /// When answers are asked for again.
    pub(crate) due: Timestamp,
    asked: u32,
}

/// How far it is.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Who has promised, and what they had accepted.
    Promising(BTreeMap<DeviceId, Option<Accepted>>),
    /// What is proposed, and who has accepted it.
    Accepting(Vec<Transaction>, BTreeSet<DeviceId>),
}

/// What promises leave a proposer to propose.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// Nothing: they are not those of a majority.
    Waits,
    /// What may have been decided already.
    Bound(&'a [Transaction]),
    /// What waits here.
    Free,
}

/// Returns what may be proposed after promises: what was accepted under the highest ballot, if anything was.
pub(crate) fn choice(promises: &BTreeMap<DeviceId, Option<Accepted>>, majority: usize) -> Choice<'_> {
    if promises.len() < majority {
        return Choice::Waits;
    }
    let last = promises.values().flatten().max_by_key(|accepted| accepted.ballot);
    last.map_or(Choice::Free, |accepted| Choice::Bound(&accepted.batch))
}

impl Proposal {
    fn says(&self) -> Says {
        let (slot, round) = (self.slot, self.ballot.round);
        match &self.phase {
            Phase::Promising(_) => Says::Prepare { slot, round },
            Phase::Accepting(batch, _) => Says::Accept { slot, round, batch: batch.clone() },
        }
    }

    fn has_answered(&self, device: DeviceId) -> bool {
        match &self.phase {
            Phase::Promising(promises) => promises.contains_key(&device),
            Phase::Accepting(_, votes) => votes.contains(&device),
        }
    }
}

impl Work {
    /// Goes on with a proposal, or begins one if something waits and a majority is here.
    pub(crate) fn go_on_proposing(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        if let Some(proposal) = &mut self.proposal {
            if now < proposal.due {
                return Ok(());
            }
            proposal.asked += 1;
            proposal.due = now.after(AGAIN_AFTER);
            if proposal.asked > AGAIN_MAX {
                self.abandon(step);
                return Ok(());
            }
            let head = self.head(step)?;
            for device in self.others_here(step, &head)? {
                self.say_proposal(step, device);
            }
            return Ok(());
        }
        for _ in 0..AT_ONCE_MAX {
            if self.proposal.is_some() || !self.begin(step)? {
                break;
            }
        }
        Ok(())
    }

    /// Says a proposal under way to a keeper that has not answered.
    pub(crate) fn say_proposal(&self, step: &mut Step<'_>, device: DeviceId) {
        if let Some(proposal) = self.proposal.as_ref().filter(|proposal| !proposal.has_answered(device)) {
            self.say(step, device, proposal.says());
        }
    }

    /// Lets a proposal be, and waits for a random time: another keeper is at it.
    fn abandon(&mut self, step: &mut Step<'_>) {
        self.proposal = None;
        self.tries = self.tries.saturating_add(1);
        let most = WAIT_MS << self.tries.min(WAIT_DOUBLED_MAX);
        self.not_before = step.now().after(some_time(step, most));
    }

    /// Begins a proposal; says whether there was anything to propose.
    fn begin(&mut self, step: &mut Step<'_>) -> Result<bool, Fault> {
        let head = self.head(step)?;
        self.drop_decided(step, &head)?;
        if self.queue.is_empty() || step.now() < self.not_before || !self.has_majority(step, &head)? {
            return Ok(false);
        }
        let slot = head.slot.saturating_add(1);
        let mut vote = self.vote(step, slot)?;
        let round = vote.promised.round.max(self.round_seen).saturating_add(1);
        let ballot = Ballot { round, device: step.me() };
        // One's own promise is a row like any other: after a power cut no ballot is used twice.
        vote.promised = ballot;
        VOTES.put(step.rows(), &self.id, &vote);
        let promises = BTreeMap::from([(step.me(), vote.accepted)]);
        let due = step.now().after(AGAIN_AFTER);
        self.proposal = Some(Proposal { slot, ballot, phase: Phase::Promising(promises), due, asked: 0 });
        for device in self.others_here(step, &head)? {
            self.say_proposal(step, device);
        }
        self.count_promises(step, &head)?;
        Ok(true)
    }

    pub(crate) fn hear_promise(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (slot, round): (u64, u64),
        accepted: Option<Accepted>,
    ) -> Result<(), Fault> {
        let head = self.head(step)?;
        let is_voter = self.is_voter(step, &head, from)?;
        let proposal = self.proposal.as_mut();
        let proposal = proposal.filter(|one| one.slot == slot && one.ballot.round == round && is_voter);
        if let Some(Proposal { phase: Phase::Promising(promises), .. }) = proposal {
            promises.insert(from, accepted);
            self.count_promises(step, &head)?;
        }
        Ok(())
    }

    /// With a majority of promises: proposes what may have been decided, or else what waits here.
    fn count_promises(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let Some(Proposal { slot, ballot, phase: Phase::Promising(promises), .. }) = &self.proposal else {
            return Ok(());
        };
        let (slot, ballot) = (*slot, *ballot);
        let batch = match choice(promises, majority(&head.keepers)) {
            Choice::Waits => return Ok(()),
            Choice::Bound(batch) => batch.to_vec(),
            Choice::Free => self.next_batch(step, slot)?,
        };
        let mut vote = self.vote(step, slot)?;
        if vote.promised != ballot {
            self.abandon(step);
            return Ok(());
        }
        if batch.is_empty() {
            self.proposal = None;
            return Ok(());
        }
        vote.accepted = Some(Accepted { ballot, batch: batch.clone() });
        VOTES.put(step.rows(), &self.id, &vote);
        if let Some(proposal) = &mut self.proposal {
            proposal.phase = Phase::Accepting(batch, BTreeSet::from([step.me()]));
            proposal.due = step.now().after(AGAIN_AFTER);
            proposal.asked = 0;
        }
        for device in self.others_here(step, head)? {
            self.say_proposal(step, device);
        }
        self.count_votes(step, head)
    }

    pub(crate) fn hear_accepted(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (slot, round): (u64, u64),
    ) -> Result<(), Fault> {
        let head = self.head(step)?;
        let is_voter = self.is_voter(step, &head, from)?;
        let proposal = self.proposal.as_mut();
        let proposal = proposal.filter(|one| one.slot == slot && one.ballot.round == round && is_voter);
        if let Some(Proposal { phase: Phase::Accepting(_, votes), .. }) = proposal {
            votes.insert(from);
            self.count_votes(step, &head)?;
        }
        Ok(())
    }

    fn count_votes(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let is_decided = match &self.proposal {
            Some(Proposal { phase: Phase::Accepting(_, votes), .. }) => {
                votes.len() >= majority(&head.keepers)
            }
            _ => false,
        };
        if let Some(Proposal { phase: Phase::Accepting(batch, _), .. }) =
            self.proposal.take_if(|_| is_decided)
        {
            self.decide(step, &batch)?;
        }
        Ok(())
    }

    pub(crate) fn hear_higher(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (slot, round): (u64, u64),
        promised: u64,
    ) -> Result<(), Fault> {
        let head = self.head(step)?;
        let is_meant = |one: &Proposal| one.slot == slot && one.ballot.round == round;
        if self.is_voter(step, &head, from)? && self.proposal.as_ref().is_some_and(is_meant) {
            self.round_seen = self.round_seen.max(promised);
            self.abandon(step);
        }
        Ok(())
    }

    /// Forgets what needs no decision any more.
    fn drop_decided(&mut self, step: &Step<'_>, head: &Head) -> Result<(), StoreError> {
        let next = head.slot.saturating_add(1);
        let mut kept = std::collections::VecDeque::with_capacity(self.queue.len());
        for one in self.queue.drain(..) {
            // One that names a later slot waits until this keeper is as far.
            let is_late = one.since < next && !is_in_time(one.since, next);
            if !is_late && !RESULTS.has(step.view(), &(self.id, one.by, one.id))? {
                kept.push_back(one);
            }
        }
        self.queue = kept;
        Ok(())
    }

    /// Takes what a slot has room for; a change of keepers goes alone. Own wishes are out of this device's hands from now on.
    fn next_batch(&self, step: &mut Step<'_>, slot: u64) -> Result<Vec<Transaction>, StoreError> {
        let (mut batch, mut size) = (Vec::new(), 0_usize);
        for one in self.queue.iter().filter(|one| is_in_time(one.since, slot)) {
            let is_change = matches!(one.wants, Wants::Keepers { .. });
            size = size.saturating_add(one.wants.size());
            if batch.len() >= BATCH_MAX || size > BATCH_SIZE_MAX || (is_change && !batch.is_empty()) {
                break;
            }
            batch.push(one.clone());
            if is_change {
                break;
            }
        }
        for one in batch.iter().filter(|one| one.by == step.me()).map(|one| one.id).collect::<Vec<_>>() {
            if let Some(mut row) = WISHES.get(step.view(), &one)?.filter(|row| !row.is_handed_on) {
                row.is_handed_on = true;
                WISHES.put(step.rows(), &one, &row);
            }
        }
        Ok(batch)
    }
}
