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

/// Copies of one unit that can be wanted at once.
const LEVELS: usize = 8;

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
    /// `short[k]`: wanted at least k + 1 times more than it is given out.
    short: Vec<Intervals>,
    /// Only a computer of the owner can settle these.
    pub(crate) mine: Intervals,
    /// What of `mine` is given out.
    mine_given: Intervals,
    pub(crate) votes: BTreeMap<u64, Vec<Vote>>,
    pub(crate) leases: BTreeMap<u64, Lease>,
    /// What persons have been given, have voted on, or cannot do, and is not settled.
    by_person: BTreeMap<PersonId, Intervals>,
    /// Copied near the end.
    spare: Intervals,
    /// Which units read a file that is on this device.
    pub(crate) local: BTreeMap<DeviceId, Intervals>,
    /// What devices cannot do just now, and since when.
    unable: BTreeMap<DeviceId, (Intervals, Timestamp)>,
    /// Microseconds of a unit by device: a moving average.
    pub(crate) pace: BTreeMap<DeviceId, u64>,
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
        Self { total, is_closed, short: vec![Intervals::default(); LEVELS], next_lease: 1, ..Self::default() }
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
        if let Some(short) = self.short.first() {
            let left = limit.saturating_sub(taken.count());
            let again = short.first_without(left, &[done, &unable, &self.mine, &taken]);
            taken.insert_all(&again);
            self.unwant(&again);
        }
        let left = limit.saturating_sub(taken.count());
        if left > 0 {
            let mut fresh = match self.local.get(&asker.device) {
                Some(local) => local.first_without(left, &[&self.touched]),
                None => Intervals::default(),
            };
            let rest = left.saturating_sub(fresh.count());
            // What is on another's disk is left to it as long as there is something else.
            let others = self.local_of_others(asker.device);
            let more = self.fresh().first_without(rest, &[&self.touched, &fresh, &others]);
            fresh.insert_all(&more);
            let rest = left.saturating_sub(fresh.count());
            if fresh.is_empty() && rest > 0 {
                fresh.insert_all(&self.fresh().first_without(rest, &[&self.touched, &fresh]));
            }
            self.touched.insert_all(&fresh);
            for _ in 1..copies {
                self.want(&fresh);
            }
            taken.insert_all(&fresh);
        }
        taken
    }

    fn local_of_others(&self, device: DeviceId) -> Intervals {
        let mut all = Intervals::default();
        if self.local.len() <= 64 {
            self.local.iter().filter(|(at, _)| **at != device).for_each(|(_, set)| all.insert_all(set));
        }
        all
    }

    /// Chooses units that others are still at work on: near the end it is quicker to compute them twice.
    pub(crate) fn take_spare(&mut self, asker: Asker, limit: u64, now: Timestamp) -> Intervals {
        let pace = self.pace.values().copied().max().unwrap_or(1_000_000);
        let slow = self.leases.values().filter(|lease| {
            let expected = pace.saturating_mul(lease.units.count().max(1)) / 1_000;
            let waited = now.since(lease.given).as_millis();
            lease.device != asker.device && waited > u128::from(expected.saturating_mul(2).max(2_000))
        });
        let mut candidates = Intervals::default();
        slow.for_each(|lease| candidates.insert_all(&lease.units));
        let empty = Intervals::default();
        let done = match asker.is_distinct {
            true => self.by_person.get(&asker.person).unwrap_or(&empty),
            false => &empty,
        };
        let own: Intervals = self.leases.values().filter(|lease| lease.device == asker.device).fold(
            Intervals::default(),
            |mut all, lease| {
                all.insert_all(&lease.units);
                all
            },
        );
        let unable = self.unable_of(asker.device);
        let without = [&self.settled, &self.spare, &self.mine, done, &own, &unable];
        let taken = candidates.first_without(limit, &without);
        self.spare.insert_all(&taken);
        taken
    }

    /// Notes a lease of units that were taken.
    pub(crate) fn lease(&mut self, number: u64, lease: Lease) {
        self.by_person.entry(lease.person).or_default().insert_all(&lease.units);
        self.next_lease = self.next_lease.max(number.saturating_add(1));
        self.leases.insert(number, lease);
    }

    /// Notes a lease that the rows tell of.
    pub(crate) fn restore(&mut self, number: u64, lease: Lease, copies: u32) {
        if lease.is_spare {
            // Others have these, too: it changes nothing about how often they are wanted.
            self.spare.insert_all(&lease.units);
            return self.lease(number, lease);
        }
        self.mine_given.insert_all(&lease.units.and(&self.mine));
        let fresh = lease.units.first_without(u64::MAX, &[&self.touched]);
        self.touched.insert_all(&fresh);
        for _ in 1..copies {
            self.want(&fresh);
        }
        self.unwant(&lease.units.first_without(u64::MAX, &[&fresh]));
        self.lease(number, lease);
    }

    /// Notes that results of these units came from a lease of a device, or without one.
    pub(crate) fn arrived(&mut self, device: DeviceId, units: &Intervals) -> Vec<u64> {
        let mut ended = Vec::new();
        let mut free = units.clone();
        for (number, lease) in self.leases.iter_mut().filter(|(_, lease)| lease.device == device) {
            let came = lease.units.and(&free);
            if came.is_empty() {
                continue;
            }
            lease.units.remove_all(&came);
            free.remove_all(&came);
            if lease.units.is_empty() {
                ended.push(*number);
            }
        }
        for number in &ended {
            self.leases.remove(number);
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
        let Some(lease) = self.leases.get_mut(&number) else { return };
        let (person, is_spare) = (lease.person, lease.is_spare);
        lease.units.remove_all(units);
        if lease.units.is_empty() {
            self.leases.remove(&number);
        }
        let mut left = units.clone();
        left.remove_all(&self.settled);
        let mine = left.and(&self.mine);
        self.mine_given.remove_all(&mine);
        left.remove_all(&mine);
        let has_voted = |unit: &u64| {
            self.votes.get(unit).is_some_and(|votes| votes.iter().any(|vote| vote.person == person))
        };
        if let Some(done) = self.by_person.get_mut(&person) {
            let voted = Intervals::of(left.numbers().filter(has_voted).map(Intervals::one));
            done.remove_all(&left);
            done.insert_all(&voted);
        }
        match is_spare {
            true => self.spare.remove_all(&left),
            false => self.want(&left),
        }
    }

    /// Notes that a person has been given a unit, or has voted on it.
    pub(crate) fn bar(&mut self, person: PersonId, unit: u64) {
        self.by_person.entry(person).or_default().insert(Intervals::one(unit));
    }

    /// Notes that a device cannot do a unit just now.
    pub(crate) fn note_unable(&mut self, device: DeviceId, unit: u64, now: Timestamp) {
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
        let out = self.leases.values().filter(|lease| !lease.is_spare && lease.units.has(unit)).count();
        let wanted = usize::try_from(copies).unwrap_or(LEVELS).saturating_sub(out).min(LEVELS);
        for (level, set) in self.short.iter_mut().enumerate() {
            if level < wanted { set.insert(Intervals::one(unit)) } else { set.remove(Intervals::one(unit)) }
        }
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
        self.short.iter_mut().for_each(|set| set.remove(span));
        self.mine.remove(span);
        self.mine_given.remove(span);
        self.spare.remove(span);
        self.by_person.values_mut().for_each(|set| set.remove(span));
        for unit in span.first..span.end() {
            self.votes.remove(&unit);
        }
    }

    /// Notes that units are not done after all: as if nobody had ever had them.
    pub(crate) fn reopen(&mut self, span: Span) {
        self.settled.remove(span);
        self.parked.remove(span);
        self.touched.remove(span);
        self.votes.retain(|unit, _| !(span.first..span.end()).contains(unit));
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
        (leases, units)
    }

    /// Returns the leases that nobody needs any more: all their units are done.
    pub(crate) fn idle_leases(&mut self) -> Vec<(u64, DeviceId)> {
        let settled = &self.settled;
        let idle: Vec<(u64, DeviceId)> = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.units.first_without(1, &[settled]).is_empty())
            .map(|(number, lease)| (*number, lease.device))
            .collect();
        for (number, _) in &idle {
            self.leases.remove(number);
        }
        idle
    }

    fn want(&mut self, units: &Intervals) {
        let mut left = units.clone();
        for set in &mut self.short {
            let there = set.and(&left);
            set.insert_all(&left);
            left = there;
            if left.is_empty() {
                break;
            }
        }
    }

    fn unwant(&mut self, units: &Intervals) {
        let mut left = units.clone();
        for set in self.short.iter_mut().rev() {
            let there = set.and(&left);
            set.remove_all(&there);
            left.remove_all(&there);
            if left.is_empty() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(number: u8, is_distinct: bool) -> Asker {
        Asker {
            device: DeviceId::new([number; 32]),
            person: PersonId::new([number; 32]),
            is_owner: number == 0,
            is_distinct,
        }
    }

    fn give(board: &mut Board, who: Asker, limit: u64, copies: u32) -> Vec<u64> {
        let units = board.take(who, limit, copies);
        let numbers = units.numbers().collect();
        if !units.is_empty() {
            let at = Timestamp::from_millis(0);
            let number = board.next_lease;
            board.lease(
                number,
                Lease {
                    device: who.device,
                    person: who.person,
                    units,
                    given: at,
                    heard: at,
                    is_spare: false,
                },
            );
        }
        numbers
    }

    #[test]
    fn copies_go_to_different_persons() {
        let mut board = Board::new(4, true);
        assert_eq!(give(&mut board, asker(1, true), 3, 2), [0, 1, 2]);
        // The same person gets what is fresh, never its own again.
        assert_eq!(give(&mut board, asker(1, true), 9, 2), [3]);
        assert_eq!(give(&mut board, asker(1, true), 9, 2), [0; 0]);
        assert_eq!(give(&mut board, asker(2, true), 9, 2), [0, 1, 2, 3]);
        assert_eq!(give(&mut board, asker(3, true), 9, 2), [0; 0]);
        // What a lease leaves behind goes to another, not back to who gave it up.
        board.end_lease(1);
        assert_eq!(give(&mut board, asker(2, true), 9, 2), [0; 0]);
        assert_eq!(give(&mut board, asker(3, true), 9, 2), [0, 1, 2]);
    }

    #[test]
    fn a_million_units_in_order_cost_nothing() {
        let mut board = Board::new(1_000_000, true);
        for lease in 0..4_000_u64 {
            let units = board.take(asker(1, false), 250, 1);
            assert_eq!(units.numbers().next(), Some(lease * 250));
            for span in units.spans().collect::<Vec<_>>() {
                board.settle(span);
            }
        }
        assert!(board.is_over());
        assert_eq!(board.settled.spans().count() + board.touched.spans().count(), 2);
    }

    #[test]
    fn files_are_given_to_the_computer_they_lie_on() {
        let mut board = Board::new(6, true);
        board.local.insert(asker(1, false).device, Intervals::of([Span { first: 4, count: 2 }]));
        board.local.insert(asker(2, false).device, Intervals::of([Span { first: 0, count: 2 }]));
        assert_eq!(give(&mut board, asker(1, false), 2, 1), [4, 5]);
        assert_eq!(give(&mut board, asker(1, false), 9, 1), [2, 3]);
        // Nothing else is left.
        assert_eq!(give(&mut board, asker(1, false), 1, 1), [0]);
        assert_eq!(give(&mut board, asker(2, false), 9, 1), [1]);
    }

    #[test]
    fn results_that_come_twice_make_no_unit_less_wanted() {
        let mut board = Board::new(1, true);
        assert_eq!(give(&mut board, asker(1, true), 1, 2), [0]);
        let one = Intervals::of([Intervals::one(0)]);
        assert_eq!(board.arrived(asker(1, true).device, &one), [1]);
        board.set_short(0, 1);
        // The same again, since the answer to it was lost.
        assert_eq!(board.arrived(asker(1, true).device, &one), [0; 0]);
        assert_eq!(give(&mut board, asker(2, true), 9, 2), [0]);
    }
}
