//! The units of one step of a job: which are free, given out, voted on, done. In memory; rows can make it again.
//!
//! Sets of intervals, so that a million units cost what their gaps cost. Not for: what results are worth (`judge.rs`), or
//! rows and messages (`owner.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, PersonId, Timestamp};

use crate::intervals::{Intervals, Span};
use crate::judge::Vote;

/// A computer that could not run a unit gets it again after this.
const UNABLE_FOR: Duration = Duration::from_secs(600);

/// A lease is not slow before this; a spare one not before the other: lost results come again in the meantime.
const SLOW_MS_MIN: u64 = 2_000;
const SPARE_SLOW_MS_MIN: u64 = 45_000;

/// Copies of one unit that can be wanted at once.
const COPIES_MAX: u32 = 8;

/// The units of a step.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) total: u64,
    pub(crate) is_closed: bool,
    /// Done, whatever came of it.
    pub(crate) settled: Intervals,
    /// Of these, those that nobody could do.
    pub(crate) parked: Intervals,
    /// Given out or voted on at some time; the others are fresh.
    touched: Intervals,
    /// Wanted so many times more than it is given out.
    short: Copies,
    /// Only a computer of the owner can settle these.
    pub(crate) mine: Intervals,
    /// What of `mine` is given out.
    mine_given: Intervals,
    pub(crate) votes: BTreeMap<u64, Vec<Vote>>,
    /// Changed only here: what follows is counted along.
    leases: BTreeMap<u64, Lease>,
    /// Which of these a device has.
    by_device: BTreeMap<DeviceId, BTreeSet<u64>>,
    /// How often units stand in leases, and how often in spare ones.
    given: Copies,
    spare: Copies,
    /// Leases of computers that were away since they were given, or whose giver was: until they say that they have them.
    doubtful: BTreeSet<u64>,
    /// Whether a unit was settled that somebody may still be at work on.
    has_idle: bool,
    /// What persons have in leases, and what of the units that are not settled they have voted on.
    by_person: BTreeMap<PersonId, Intervals>,
    /// What others are at work on for so long that a copy may be given; none but while [`Self::note_slow`] is acted on.
    slow: Intervals,
    /// Which units read a file that is on this device, and which one on any.
    local: BTreeMap<DeviceId, Intervals>,
    all_local: Intervals,
    /// What devices cannot do just now, and since when.
    unable: BTreeMap<DeviceId, (Intervals, Timestamp)>,
    /// Microseconds of a unit by device: a moving average.
    pub(crate) pace: BTreeMap<DeviceId, u64>,
    /// Leases from this number on were given since this board was made of the rows.
    pub(crate) first_lease: u64,
    pub(crate) next_lease: u64,
}

/// Units that are given out.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) device: DeviceId,
    pub(crate) person: PersonId,
    /// What of them has not come.
    pub(crate) units: Intervals,
    pub(crate) given: Timestamp,
    pub(crate) heard: Timestamp,
    pub(crate) is_spare: bool,
}

/// Who wants units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) device: DeviceId,
    pub(crate) person: PersonId,
    pub(crate) is_owner: bool,
    /// Whether one person may be given a unit only once.
    pub(crate) is_distinct: bool,
}

impl Board {
    pub(crate) fn new(total: u64, is_closed: bool) -> Self {
        Self { total, is_closed, next_lease: 1, ..Self::default() }
    }

    /// Says whether every unit is done.
    pub(crate) fn is_over(&self) -> bool {
        self.is_closed && self.settled.count() >= self.total
    }

    fn fresh(&self) -> Intervals {
        Intervals::of([Span { first: 0, count: self.total }])
    }

    /// Chooses units for an asker, at most `limit`, and notes that they are given out; `copies` is how often a fresh unit is
    /// wanted.
    pub(crate) fn take(&mut self, asker: Asker, limit: u64, copies: u32) -> Intervals {
        let mut taken = Intervals::default();
        if asker.is_owner {
            let unable = self.unable_of(asker.device);
            taken = self.mine.first_without(limit, &[&self.mine_given, &unable]);
            self.mine_given.insert_all(&taken);
        }
        let empty = Intervals::default();
        let unable = self.unable_of(asker.device);
        let done = match asker.is_distinct {
            true => self.by_person.get(&asker.person).unwrap_or(&empty),
            false => &empty,
        };
        if let Some(short) = self.short.any() {
            let left = limit.saturating_sub(taken.count());
            let again = short.first_without(left, &[done, &unable, &self.mine, &taken]);
            taken.insert_all(&again);
            self.short.remove_all(&again);
        }
        let left = limit.saturating_sub(taken.count());
        if left > 0 {
            let mut fresh = match self.local.get(&asker.device) {
                Some(local) => local.first_without(left, &[&self.touched, done]),
                None => Intervals::default(),
            };
            let rest = left.saturating_sub(fresh.count());
            // What is on another's disk is left to it as long as there is something else.
            let more = self.fresh().first_without(rest, &[&self.touched, done, &fresh, &self.all_local]);
            fresh.insert_all(&more);
            let rest = left.saturating_sub(fresh.count());
            if fresh.is_empty() && rest > 0 {
                fresh.insert_all(&self.fresh().first_without(rest, &[&self.touched, done, &fresh]));
            }
            self.touched.insert_all(&fresh);
            for _ in 1..copies.min(COPIES_MAX) {
                self.short.insert_all(&fresh);
            }
            taken.insert_all(&fresh);
        }
        taken
    }

    /// Says whether anybody could be given anything: cheap, and asked for each message.
    pub(crate) fn has_free(&self) -> bool {
        let is_free = |set: &Intervals, taken: &Intervals| !set.first_without(1, &[taken]).is_empty();
        self.short.any().is_some()
            || !self.slow.is_empty()
            || is_free(&self.fresh(), &self.touched)
            || is_free(&self.mine, &self.mine_given)
    }

    /// Notes what others have been at work on for long: near the end it is quicker to compute that twice. Looks at all leases:
    /// not for each message.
    pub(crate) fn note_slow(&mut self, now: Timestamp) {
        // Of one in the middle: each computer's pace is what it says itself, and one that says a day would stop all copies.
        let mut paces: Vec<u64> = self.pace.values().copied().collect();
        paces.sort_unstable();
        let pace = paces.get(paces.len() / 2).copied().unwrap_or(1_000_000);
        let (mut slow, mut copied) = (Intervals::default(), Intervals::default());
        // A computer has some leases in hand and runs the older ones first.
        let mut in_hand: BTreeMap<DeviceId, u64> = BTreeMap::new();
        for lease in self.leases.values() {
            let before = in_hand.entry(lease.device).or_default();
            *before = before.saturating_add(lease.units.count().max(1));
            let expected = pace.saturating_mul(*before) / 1_000;
            let waited = now.since(lease.given).as_millis();
            let least = if lease.is_spare { SPARE_SLOW_MS_MIN } else { SLOW_MS_MIN };
            match waited > u128::from(expected.saturating_mul(2).max(least)) {
                true => slow.insert_all(&lease.units),
                false if lease.is_spare => copied.insert_all(&lease.units),
                false => {}
            }
        }
        self.slow = slow.first_without(u64::MAX, &[&copied, &self.settled, &self.mine]);
    }

    /// Forgets what was slow: whoever asks later is given copies when that is looked at anew.
    pub(crate) fn forget_slow(&mut self) {
        self.slow = Intervals::default();
    }

    /// Chooses units that others are still at work on.
    pub(crate) fn take_spare(&mut self, asker: Asker, limit: u64) -> Intervals {
        if self.slow.is_empty() {
            return Intervals::default();
        }
        let empty = Intervals::default();
        let done = match asker.is_distinct {
            true => self.by_person.get(&asker.person).unwrap_or(&empty),
            false => &empty,
        };
        let mut own = Intervals::default();
        for number in self.by_device.get(&asker.device).into_iter().flatten() {
            self.leases.get(number).into_iter().for_each(|lease| own.insert_all(&lease.units));
        }
        let taken = self.slow.first_without(limit, &[done, &own, &self.unable_of(asker.device)]);
        self.slow.remove_all(&taken);
        taken
    }

    /// Notes that the input of a unit is a file of a device.
    pub(crate) fn note_local(&mut self, device: DeviceId, unit: u64) {
        self.local.entry(device).or_default().insert(Intervals::one(unit));
        self.all_local.insert(Intervals::one(unit));
    }

    /// Returns all leases.
    pub(crate) fn leases(&self) -> impl Iterator<Item = (u64, &Lease)> {
        self.leases.iter().map(|(number, lease)| (*number, lease))
    }

    /// Returns a lease, if it is that device's.
    pub(crate) fn lease_of(&self, number: u64, device: DeviceId) -> Option<&Lease> {
        self.leases.get(&number).filter(|lease| lease.device == device)
    }

    /// Returns how many leases a device has.
    pub(crate) fn leases_of(&self, device: DeviceId) -> usize {
        self.by_device.get(&device).map_or(0, BTreeSet::len)
    }

    /// Notes that something was heard of a lease; says whether it is that device's.
    pub(crate) fn heard_of(&mut self, number: u64, device: DeviceId, now: Timestamp) -> bool {
        let Some(lease) = self.leases.get_mut(&number).filter(|lease| lease.device == device) else {
            return false;
        };
        lease.heard = now;
        self.doubtful.remove(&number);
        true
    }

    /// Notes that results of a lease came. If it was given before this computer was started, others of it may have come before, and been lost
    /// with the power: whoever is at work on the rest says so again.
    pub(crate) fn heard_results(&mut self, number: u64, device: DeviceId, now: Timestamp) {
        let was_doubtful = self.doubtful.contains(&number);
        if self.heard_of(number, device, now) && (was_doubtful || number < self.first_lease) {
            self.doubtful.insert(number);
        }
    }

    /// Notes that a computer has come: which of its leases it has, it says before it asks for more.
    pub(crate) fn doubt(&mut self, device: DeviceId) {
        self.doubtful.extend(self.by_device.get(&device).into_iter().flatten());
    }

    /// Ends the leases that a computer, asking for more, has not said to have; what has not come of them is wanted again. Returns
    /// their numbers.
    pub(crate) fn end_doubtful(&mut self, device: DeviceId) -> Vec<u64> {
        if self.doubtful.is_empty() {
            return Vec::new();
        }
        let held = self.by_device.get(&device).cloned().unwrap_or_default();
        let ended: Vec<u64> = held.intersection(&self.doubtful).copied().collect();
        for number in &ended {
            self.doubtful.remove(number);
            self.end_lease(*number);
        }
        ended
    }

    /// Notes a lease of units that were taken.
    pub(crate) fn lease(&mut self, number: u64, lease: Lease) {
        self.by_person.entry(lease.person).or_default().insert_all(&lease.units);
        self.by_device.entry(lease.device).or_default().insert(number);
        self.out(lease.is_spare).insert_all(&lease.units);
        self.has_idle |= lease.units.is_empty();
        self.next_lease = self.next_lease.max(number.saturating_add(1));
        self.leases.insert(number, lease);
    }

    fn out(&mut self, is_spare: bool) -> &mut Copies {
        if is_spare { &mut self.spare } else { &mut self.given }
    }

    /// Takes units out of a lease, which ends with the last of them. Returns it, and what of the units stood in it.
    fn remove_from(&mut self, number: u64, units: &Intervals) -> Option<(Lease, Intervals)> {
        let lease = self.leases.get_mut(&number)?;
        let removed = lease.units.and(units);
        lease.units.remove_all(&removed);
        let lease = lease.clone();
        self.out(lease.is_spare).remove_all(&removed);
        if lease.units.is_empty() {
            self.leases.remove(&number);
            self.doubtful.remove(&number);
            if let Some(numbers) = self.by_device.get_mut(&lease.device) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.by_device.remove(&lease.device);
                }
            }
        } else {
            self.has_idle |= lease.units.first_without(1, &[&self.settled]).is_empty();
        }
        Some((lease, removed))
    }

    /// Notes that a person has units no more: but for those it has voted on, or has in another lease, it may get them again.
    fn unbar(&mut self, person: PersonId, units: &Intervals) {
        let Some(barred) = self.by_person.get_mut(&person) else { return };
        barred.remove_all(units);
        let has_voted = |unit: &u64| {
            self.votes.get(unit).is_some_and(|votes| votes.iter().any(|vote| vote.person == person))
        };
        for unit in units.numbers().filter(has_voted) {
            barred.insert(Intervals::one(unit));
        }
        if barred.is_empty() {
            self.by_person.remove(&person);
        }
    }

    /// Notes a lease that the rows tell of.
    pub(crate) fn restore(&mut self, number: u64, lease: Lease, copies: u32) {
        if lease.is_spare {
            // Others have these, too: it changes nothing about how often they are wanted.
            return self.lease(number, lease);
        }
        self.mine_given.insert_all(&lease.units.and(&self.mine));
        let fresh = lease.units.first_without(u64::MAX, &[&self.touched]);
        self.touched.insert_all(&fresh);
        for _ in 1..copies.min(COPIES_MAX) {
            self.short.insert_all(&fresh);
        }
        self.short.remove_all(&lease.units.first_without(u64::MAX, &[&fresh]));
        self.lease(number, lease);
    }

    /// Notes that results of these units came from a lease of a device, or without one.
    pub(crate) fn arrived(&mut self, device: DeviceId, units: &Intervals) -> Vec<u64> {
        let mut ended = Vec::new();
        let mut free = units.clone();
        for number in self.by_device.get(&device).cloned().unwrap_or_default() {
            let Some((lease, came)) = self.remove_from(number, &free) else { continue };
            free.remove_all(&came);
            if lease.units.is_empty() {
                ended.push(number);
            }
            // What is settled has lost its votes, and what is not will have this one.
            self.unbar(lease.person, &came.and(&self.settled));
        }
        // Results that come twice change nothing here: how many copies are wanted follows from the votes (`set_short`).
        self.touched.insert_all(&free);
        ended
    }

    /// Ends a lease; what has not come of it is wanted again.
    pub(crate) fn end_lease(&mut self, number: u64) {
        if let Some(units) = self.leases.get(&number).map(|lease| lease.units.clone()) {
            self.give_back(number, &units);
        }
    }

    /// Takes units out of a lease; they are wanted again. The lease ends with the last of them.
    pub(crate) fn give_back(&mut self, number: u64, units: &Intervals) {
        let Some((lease, mut left)) = self.remove_from(number, units) else { return };
        self.unbar(lease.person, &left);
        left.remove_all(&self.settled);
        let mine = left.and(&self.mine);
        self.mine_given.remove_all(&mine);
        left.remove_all(&mine);
        if !lease.is_spare {
            // What was done and is not after all is fresh: it is wanted without that.
            self.short.insert_all(&left.and(&self.touched));
        }
    }

    /// Notes a vote.
    pub(crate) fn vote(&mut self, unit: u64, vote: Vote) {
        self.by_person.entry(vote.person).or_default().insert(Intervals::one(unit));
        self.votes.entry(unit).or_default().push(vote);
    }

    /// Notes that a device of a person cannot do a unit just now: others can, later it may.
    pub(crate) fn note_unable(&mut self, (device, person): (DeviceId, PersonId), unit: u64, now: Timestamp) {
        self.unbar(person, &Intervals::of([Intervals::one(unit)]));
        let (units, since) = self.unable.entry(device).or_default();
        if units.is_empty() {
            *since = now;
        }
        units.insert(Intervals::one(unit));
    }

    /// Lets devices try again that could not some time ago.
    pub(crate) fn forget_unable(&mut self, now: Timestamp) {
        self.unable.retain(|_, (_, since)| now.since(*since) < UNABLE_FOR);
    }

    fn unable_of(&self, device: DeviceId) -> Intervals {
        self.unable.get(&device).map(|(units, _)| units.clone()).unwrap_or_default()
    }

    /// Notes how many more copies of a unit are wanted, besides those given out.
    pub(crate) fn set_short(&mut self, unit: u64, copies: u32) {
        self.short.set(unit, copies.min(COPIES_MAX).saturating_sub(self.given.count(unit)));
        self.touched.insert(Intervals::one(unit));
        self.mine.remove(Intervals::one(unit));
    }

    /// Notes that only the owner can settle a unit.
    pub(crate) fn set_mine(&mut self, unit: u64) {
        self.set_short(unit, 0);
        self.mine.insert(Intervals::one(unit));
        self.mine_given.remove(Intervals::one(unit));
    }

    /// Notes that units are done.
    pub(crate) fn settle(&mut self, span: Span) {
        self.settled.insert(span);
        self.touched.insert(span);
        self.short.clear(span);
        self.mine.remove(span);
        self.mine_given.remove(span);
        self.slow.remove(span);
        // Whoever still has a copy keeps its bar until that lease ends.
        self.drop_votes(span);
        self.has_idle |= self.given.has_any(span) || self.spare.has_any(span);
    }

    fn drop_votes(&mut self, span: Span) {
        let voted: Vec<u64> = self.votes.range(span.first..span.end()).map(|(unit, _)| *unit).collect();
        for unit in voted {
            for vote in self.votes.remove(&unit).into_iter().flatten() {
                self.unbar(vote.person, &Intervals::of([Intervals::one(unit)]));
            }
        }
    }

    /// Notes that units are not done after all: as if nobody had ever had them.
    pub(crate) fn reopen(&mut self, span: Span) {
        self.settled.remove(span);
        self.parked.remove(span);
        self.touched.remove(span);
        self.drop_votes(span);
    }

    /// Drops what a person has said about units that are not done, and its leases. Returns the numbers of these.
    pub(crate) fn forget_person(&mut self, person: PersonId) -> (Vec<u64>, BTreeSet<u64>) {
        let leases: Vec<u64> = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.person == person)
            .map(|(number, _)| *number)
            .collect();
        for number in &leases {
            self.end_lease(*number);
        }
        let mut units = BTreeSet::new();
        for (unit, votes) in &mut self.votes {
            let before = votes.len();
            votes.retain(|vote| vote.person != person);
            if votes.len() < before {
                units.insert(*unit);
            }
        }
        self.by_person.remove(&person);
        (leases, units)
    }

    /// Returns the leases that nobody needs any more: all their units are done.
    pub(crate) fn idle_leases(&mut self) -> Vec<(u64, DeviceId)> {
        if !std::mem::take(&mut self.has_idle) {
            return Vec::new();
        }
        let settled = &self.settled;
        let is_idle = |lease: &Lease| lease.units.first_without(1, &[settled]).is_empty();
        let idle: Vec<(u64, DeviceId)> = self
            .leases
            .iter()
            .filter(|(_, lease)| is_idle(lease))
            .map(|(number, lease)| (*number, lease.device))
            .collect();
        for (number, _) in &idle {
            self.end_lease(*number);
        }
        idle
    }
}

/// Numbers that stand in it several times.
#[derive(Debug, Default)]
struct Copies(
    /// In the k-th set is what stands in it more than k times.
    Vec<Intervals>,
);

impl Copies {
    /// Returns what stands in it at all, if anything does.
    fn any(&self) -> Option<&Intervals> {
        self.0.first().filter(|set| !set.is_empty())
    }

    fn has_any(&self, span: Span) -> bool {
        self.0.first().is_some_and(|set| !set.within(span).is_empty())
    }

    fn count(&self, number: u64) -> u32 {
        u32::try_from(self.0.iter().take_while(|set| set.has(number)).count()).unwrap_or(u32::MAX)
    }

    /// Adds each once more.
    fn insert_all(&mut self, numbers: &Intervals) {
        let mut left = numbers.clone();
        for set in &mut self.0 {
            if left.is_empty() {
                return;
            }
            let there = set.and(&left);
            set.insert_all(&left);
            left = there;
        }
        if !left.is_empty() {
            self.0.push(left);
        }
    }

    /// Removes each once, if it stands in it.
    fn remove_all(&mut self, numbers: &Intervals) {
        let mut left = numbers.clone();
        for set in self.0.iter_mut().rev() {
            if left.is_empty() {
                return;
            }
            let there = set.and(&left);
            set.remove_all(&there);
            left.remove_all(&there);
        }
    }

    fn set(&mut self, number: u64, times: u32) {
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        while self.0.len() < times {
            self.0.push(Intervals::default());
        }
        for (level, set) in self.0.iter_mut().enumerate() {
            if level < times {
                set.insert(Intervals::one(number));
            } else {
                set.remove(Intervals::one(number));
            }
        }
    }

    fn clear(&mut self, span: Span) {
        self.0.iter_mut().for_each(|set| set.remove(span));
    }
}

#[cfg(test)]
mod tests;
