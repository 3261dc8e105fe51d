//! One ledger at work on this device: what is under way, and what is due when.
//!
//! Everything here is a cache: rows hold what must not be lost. Each kind of work has its own file: `voting`, `proposing`,
//! `learning`, `wishing`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base::{DeviceId, Fault, LedgerId, OperationId, Timestamp};
use kernel::{Channel, Step};
use store::StoreError;

use crate::announcing::{Trust, trust};
use crate::learning::STALE_AFTER;
use crate::messages::{Message, Says};
use crate::proposing::Proposal;
use crate::snapshots::{Frozen, Incoming};
use crate::tables::{HEADS, HEARD, Head, LedgerRow, OPENED, SILENCED};
use crate::value::{Transaction, majority};
use crate::voting::silence_halted;

/// The alarm of a ledger, followed by its id.
pub(crate) const TEND: &str = "tend ";

/// After how long without an answer somebody else is asked.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(3);
/// How often a keeper says how far it is to those who follow it.
const NEWS_EVERY: Duration = Duration::from_secs(30);
/// How soon after the last time at the earliest: connections that come and go are no news.
const NEWS_PAUSE: Duration = Duration::from_secs(1);
/// How often those who are not here are called.
const CALL_EVERY: Duration = Duration::from_secs(30);
/// The same while somebody waits.
const CALL_SOON: Duration = Duration::from_secs(8);
/// Who has not asked for so long follows no more.
const FOLLOWS_FOR: Duration = Duration::from_mins(5);
/// A ledger that is not opened here is followed while it is not larger: announcing one must not fill disks.
pub(crate) const SMALL_SIZE_MAX: u64 = 1024 * 1024;
/// The same for results: announcing a ledger that invents wishes must not, either.
const SMALL_RESULTS_MAX: u64 = 8_192;
/// When nothing else is due.
const IDLE: Duration = Duration::from_mins(1);

/// One ledger at work.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) id: LedgerId,
    pub(crate) row: LedgerRow,
    /// Transactions that this keeper has taken, in order.
    pub(crate) queue: VecDeque<Transaction>,
    pub(crate) proposal: Option<Proposal>,
    /// Tries for the next slot that came to nothing.
    pub(crate) tries: u32,
    /// The next try is not before this.
    pub(crate) not_before: Timestamp,
    /// The highest round heard of for the next slot.
    pub(crate) round_seen: u64,
    /// Who asked lately.
    pub(crate) followers: BTreeMap<DeviceId, Timestamp>,
    /// When a wish is handed on again.
    pub(crate) sent: BTreeMap<OperationId, Timestamp>,
    /// To whom wishes were given last.
    pub(crate) given_to: Option<DeviceId>,
    pub(crate) incoming: Option<Incoming>,
    pub(crate) frozen: Option<Frozen>,
    /// When a keeper was last heard from.
    pub(crate) heard_at: Timestamp,
    pub(crate) ask_due: Timestamp,
    pub(crate) news_due: Timestamp,
    pub(crate) call_due: Timestamp,
    /// Whether those who watch should look again.
    pub(crate) is_changed: bool,
}

impl Work {
    pub(crate) fn new(id: LedgerId, row: LedgerRow) -> Self {
        let never = Timestamp::from_millis(0);
        Self {
            id,
            row,
            queue: VecDeque::new(),
            proposal: None,
            tries: 0,
            not_before: never,
            round_seen: 0,
            followers: BTreeMap::new(),
            sent: BTreeMap::new(),
            given_to: None,
            incoming: None,
            frozen: None,
            heard_at: never,
            ask_due: never,
            news_due: never,
            call_due: never,
            is_changed: false,
        }
    }

    pub(crate) fn head(&self, step: &Step<'_>) -> Result<Head, StoreError> {
        Ok(HEADS.get(step.view(), &self.id)?.unwrap_or_default())
    }

    pub(crate) fn trust(&self, step: &Step<'_>, head: &Head) -> Result<Trust, StoreError> {
        trust(step.view(), self.id, &self.row, head)
    }

    pub(crate) fn say(&self, step: &mut Step<'_>, to: DeviceId, says: Says) {
        let message = wire::to_bytes(&Message { ledger: self.id, says });
        step.send(to, Channel::Member, message);
    }

    /// Says whether a device belongs to a member now (spec ledger, rule 16).
    pub(crate) fn is_member(&self, step: &Step<'_>, device: DeviceId) -> Result<bool, StoreError> {
        people::read::is_member(step.view(), self.row.web, device)
    }

    /// Says whether a device votes about the next slot: a keeper whose person is a member now.
    pub(crate) fn is_voter(
        &self,
        step: &Step<'_>,
        head: &Head,
        device: DeviceId,
    ) -> Result<bool, StoreError> {
        Ok(head.keepers.iter().any(|keeper| keeper.device == device) && self.is_member(step, device)?)
    }

    /// Says whether this device votes about the next slot.
    pub(crate) fn may_vote(&self, step: &Step<'_>, head: &Head) -> Result<bool, StoreError> {
        Ok(self.is_voter(step, head, step.me())? && !SILENCED.has(step.view(), &self.row.web)?)
    }

    /// Returns the other voters that are connected.
    pub(crate) fn others_here(&self, step: &Step<'_>, head: &Head) -> Result<Vec<DeviceId>, StoreError> {
        let mut here = Vec::new();
        for keeper in head.keepers.iter().filter(|keeper| keeper.device != step.me()) {
            if records::is_connected(step.view(), keeper.device)? && self.is_member(step, keeper.device)? {
                here.push(keeper.device);
            }
        }
        Ok(here)
    }

    /// Says whether this device keeps a ledger however large it is: it is a keeper, or its person opened it.
    pub(crate) fn is_kept(&self, step: &Step<'_>, head: &Head) -> Result<bool, StoreError> {
        let me = step.me();
        Ok(head.keepers.iter().any(|keeper| keeper.device == me) || OPENED.has(step.view(), &self.id)?)
    }

    /// Says whether this device keeps a copy: of what is small always.
    pub(crate) fn is_followed(&self, step: &Step<'_>, head: &Head) -> Result<bool, StoreError> {
        Ok(is_small(head) || self.is_kept(step, head)?)
    }

    /// A clock that was set back must not have anything wait for the time it showed.
    fn mend_times(&mut self, now: Timestamp) {
        let latest = now.after(IDLE);
        for time in [&mut self.not_before, &mut self.ask_due, &mut self.news_due, &mut self.call_due] {
            *time = (*time).min(latest);
        }
        self.heard_at = self.heard_at.min(now);
        self.sent
            .values_mut()
            .chain(self.followers.values_mut())
            .for_each(|time| *time = (*time).min(latest));
        if let Some(proposal) = &mut self.proposal {
            proposal.due = proposal.due.min(latest);
        }
    }

    /// Does what is due, and says when to come back.
    pub(crate) fn tend(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if !self.is_member(step, step.me())? {
            step.alarm(IDLE, format!("{TEND}{}", self.id));
            return Ok(());
        }
        self.mend_times(step.now());
        self.settle(step)?;
        let head = self.head(step)?;
        let has_wishes = self.has_wishes(step)?;
        self.call(step, &head, has_wishes)?;
        self.catch_up(step, &head)?;
        if self.may_vote(step, &head)? {
            self.report(step, &head)?;
            self.take_own(step, &head)?;
            self.go_on_proposing(step)?;
            self.settle(step)?;
        } else {
            self.queue.clear();
            self.proposal = None;
            self.hand_on(step, &head)?;
        }
        self.set_alarm(step)
    }

    fn set_alarm(&self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        let head = self.head(step)?;
        let is_voting = self.may_vote(step, &head)?;
        let lags = HEARD.get(step.view(), &self.id)?.is_some_and(|heard| heard.slot > head.slot);
        let mut due = vec![now.after(IDLE), self.call_due];
        if is_voting {
            due.push(self.news_due);
        } else {
            due.extend(self.sent.values().copied());
        }
        if lags || self.incoming.is_some() {
            due.push(self.ask_due);
        } else if self.is_followed(step, &head)? {
            due.push(self.heard_at.after(STALE_AFTER));
        }
        match &self.proposal {
            Some(proposal) => due.push(proposal.due),
            None if !self.queue.is_empty() && self.has_majority(step, &head)? => due.push(self.not_before),
            None => {}
        }
        let next = due.into_iter().filter(|due| *due > now).min().unwrap_or(now.after(IDLE));
        step.alarm(next.since(now), format!("{TEND}{}", self.id));
        Ok(())
    }

    pub(crate) fn has_majority(&self, step: &Step<'_>, head: &Head) -> Result<bool, StoreError> {
        let others = self.others_here(step, head)?.len();
        Ok(others.saturating_add(1) >= majority(&head.keepers))
    }

    /// Calls keepers who are not here: a keeper all of them, others one of them, or all while they wish something.
    fn call(&mut self, step: &mut Step<'_>, head: &Head, has_wishes: bool) -> Result<(), Fault> {
        let now = step.now();
        if now < self.call_due {
            return Ok(());
        }
        silence_halted(step)?;
        let me = step.me();
        let keepers = self.trust(step, head)?.keepers;
        let is_keeper = keepers.iter().any(|keeper| keeper.device == me);
        let mut away = Vec::new();
        let mut is_one_here = false;
        for keeper in keepers.iter().filter(|keeper| keeper.device != me) {
            let is_here = records::is_connected(step.view(), keeper.device)?;
            is_one_here |= is_here;
            if !is_here && self.is_member(step, keeper.device)? {
                away.push(keeper.device);
            }
        }
        let is_waiting = has_wishes || !self.queue.is_empty();
        if !is_keeper && !has_wishes {
            let which = dice(step, away.len());
            away = if is_one_here { Vec::new() } else { away.get(which).copied().into_iter().collect() };
        }
        for device in away {
            step.connect(device, Channel::Member);
        }
        self.call_due = now.after(if is_waiting { CALL_SOON } else { CALL_EVERY });
        Ok(())
    }

    /// As a keeper, tells those who follow how far the ledger is and who is here.
    fn report(&mut self, step: &mut Step<'_>, head: &Head) -> Result<(), Fault> {
        let now = step.now();
        if now < self.news_due {
            return Ok(());
        }
        self.news_due = now.after(NEWS_EVERY);
        self.followers.retain(|_, at| now.since(*at) < FOLLOWS_FOR);
        let mut to = self.others_here(step, head)?;
        to.extend(self.followers.keys().copied().filter(|device| !to.contains(device)).collect::<Vec<_>>());
        self.tell_news(step, head, &to)
    }

    pub(crate) fn tell_news(&self, step: &mut Step<'_>, head: &Head, to: &[DeviceId]) -> Result<(), Fault> {
        let here = self.here_bits(step, head)?;
        for device in to {
            let (last, keepers_since) = (head.slot, head.keepers_since);
            self.say(step, *device, Says::News { last, keepers_since, here });
        }
        Ok(())
    }

    fn here_bits(&self, step: &Step<'_>, head: &Head) -> Result<u64, StoreError> {
        let others = self.others_here(step, head)?;
        let is_here = |device: DeviceId| device == step.me() || others.contains(&device);
        let bits = head.keepers.iter().enumerate().filter(|(_, keeper)| is_here(keeper.device));
        Ok(bits.fold(0, |bits, (place, _)| bits | 1 << (place % 64)))
    }

    /// Somebody came or went: what waited for it goes on.
    pub(crate) fn meet(&mut self, step: &mut Step<'_>, device: DeviceId, is_here: bool) -> Result<(), Fault> {
        let head = self.head(step)?;
        let trust = self.trust(step, &head)?;
        if !trust.devices.contains(&device) || !self.is_member(step, step.me())? {
            return Ok(());
        }
        self.is_changed |= trust.keepers.iter().any(|keeper| keeper.device == device);
        let now = step.now();
        self.news_due = self.news_due.min(now.after(NEWS_PAUSE));
        if is_here {
            if self.is_followed(step, &head)? {
                self.say(step, device, Says::Ask { after: head.slot });
            }
            self.sent.clear();
            self.say_proposal(step, device);
        }
        self.tend(step)
    }
}

/// Says whether a ledger is so small that every member keeps it.
pub(crate) fn is_small(head: &Head) -> bool {
    head.size <= SMALL_SIZE_MAX && head.results <= SMALL_RESULTS_MAX
}

/// Returns a number below `end`, 0 if there is none.
pub(crate) fn dice(step: &mut Step<'_>, end: usize) -> usize {
    let number =
        step.random("ledger").iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let end = u64::try_from(end).unwrap_or(u64::MAX);
    usize::try_from(number.checked_rem(end).unwrap_or(0)).unwrap_or(0)
}

/// Returns a random time of at most so many milliseconds.
pub(crate) fn some_time(step: &mut Step<'_>, most_ms: usize) -> Duration {
    let most = dice(step, most_ms.saturating_add(1));
    Duration::from_millis(u64::try_from(most).unwrap_or(0))
}
