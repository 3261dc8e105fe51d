//! Plans which bytes of one content come from whom: pieces from one counter, pulled by whoever is free.
//!
//! Pure: no rows, no time, no jobs. Who is free and how much each may have under way is decided by
//! `fetching.rs`; that pieces are pulled, not dealt, is what keeps the split even among equals and lets the
//! quick ones take more among unequals.

use std::collections::{BTreeMap, BTreeSet};

use base::DeviceId;

use crate::jobs::ByteRange;

/// Bytes of a piece at most: what is fetched again, per provider, after a crash.
pub(crate) const PIECE_SIZE_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a piece at least, where the content is large enough: below it, requests cost more than bytes.
pub(crate) const PIECE_SIZE_MIN: u64 = 1024 * 1024;
/// Verified units of transfer; every range begins and ends at one, or at the content's end.
pub(crate) const GROUP_SIZE: u64 = 16 * 1024;
/// Ranges a reader wants at once, at most; older ones give way.
const WANTED_MAX: usize = 4;

/// Names a piece under way within its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PieceId(u64);

/// What of one content is still to come, and what is under way.
#[derive(Debug)]
pub(crate) struct Plan {
    size: u64,
    piece_size: u64,
    /// Not here and not under way, ascending, not overlapping.
    todo: Vec<ByteRange>,
    /// What a reader wants first, newest wish first.
    wanted: Vec<ByteRange>,
    under_way: BTreeMap<PieceId, (DeviceId, ByteRange)>,
    /// Who proved unable to give this content.
    dropped: BTreeSet<DeviceId>,
    next_piece: u64,
    /// Whether all of it is to come, or only what a reader wants.
    is_whole: bool,
}

impl Plan {
    /// Plans for what is missing of a content, to be shared by about so many providers.
    pub(crate) fn new(size: u64, missing: &[ByteRange], providers: usize) -> Self {
        let todo: Vec<ByteRange> = missing
            .iter()
            .copied()
            .map(|range| ByteRange { to: range.to.min(size), ..range })
            .filter(|range| range.from < range.to)
            .collect();
        let bytes: u64 = todo.iter().map(|range| range.to - range.from).sum();
        // Eight pieces for each provider: one that is slow holds up at most an eighth of its share.
        let shares = u64::try_from(providers.max(1)).unwrap_or(1).saturating_mul(8);
        let piece_size = round_up(bytes / shares).clamp(PIECE_SIZE_MIN, PIECE_SIZE_MAX);
        Self {
            size,
            piece_size,
            todo,
            wanted: Vec::new(),
            under_way: BTreeMap::new(),
            dropped: BTreeSet::new(),
            next_piece: 0,
            is_whole: false,
        }
    }

    /// Says that all of it is to come, or only what a reader wants.
    pub(crate) fn set_whole(&mut self, is_whole: bool) {
        self.is_whole = is_whole;
    }

    /// Asks for a range before all others.
    pub(crate) fn want(&mut self, from: u64, length: u64) {
        let from = from.min(self.size) / GROUP_SIZE * GROUP_SIZE;
        let to = round_up(from.saturating_add(length)).min(self.size);
        if from < to {
            self.wanted.retain(|range| *range != ByteRange { from, to });
            self.wanted.insert(0, ByteRange { from, to });
            self.wanted.truncate(WANTED_MAX);
        }
    }

    /// Says whether a provider may be asked for this content.
    pub(crate) fn is_dropped(&self, provider: DeviceId) -> bool {
        self.dropped.contains(&provider)
    }

    /// Gives a provider its next piece.
    pub(crate) fn next(&mut self, provider: DeviceId) -> Option<(PieceId, ByteRange)> {
        if self.is_dropped(provider) {
            return None;
        }
        let range = self.take_wanted().or_else(|| if self.is_whole { self.take_first() } else { None })?;
        let id = PieceId(self.next_piece);
        self.next_piece += 1;
        self.under_way.insert(id, (provider, range));
        Some((id, range))
    }

    /// Says whether there is something to give.
    pub(crate) fn has_work(&self) -> bool {
        if self.is_whole {
            return !self.todo.is_empty();
        }
        self.wanted.iter().any(|wanted| self.todo.iter().any(|todo| overlap(*todo, *wanted).is_some()))
    }

    /// Notes that a piece has come.
    pub(crate) fn finished(&mut self, piece: PieceId) {
        self.under_way.remove(&piece);
        let (todo, under_way) = (&self.todo, &self.under_way);
        // What fails is wanted still.
        self.wanted.retain(|wanted| {
            let mut open = todo.iter().chain(under_way.values().map(|(_, range)| range));
            open.any(|range| overlap(*range, *wanted).is_some())
        });
    }

    /// Notes that a piece has not come: it goes back.
    pub(crate) fn failed(&mut self, piece: PieceId) {
        if let Some((_, range)) = self.under_way.remove(&piece) {
            self.put_back(range);
        }
    }

    /// Gives up on a provider for this content.
    pub(crate) fn drop_provider(&mut self, provider: DeviceId) {
        self.dropped.insert(provider);
    }

    /// Gives those another chance on whom was given up.
    pub(crate) fn forgive(&mut self) {
        self.dropped.clear();
    }

    /// Says whether nothing is missing and nothing is under way.
    pub(crate) fn is_complete(&self) -> bool {
        self.todo.is_empty() && self.under_way.is_empty()
    }

    /// Says whether anything is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Returns how many bytes have not come yet.
    pub(crate) fn missing(&self) -> u64 {
        let under_way = self.under_way.values().map(|(_, range)| range.to - range.from);
        self.todo.iter().map(|range| range.to - range.from).chain(under_way).sum()
    }

    fn take_wanted(&mut self) -> Option<ByteRange> {
        let todo = &self.todo;
        let first = |wanted: &ByteRange| todo.iter().find_map(|range| overlap(*range, *wanted));
        let found = self.wanted.iter().find_map(first)?;
        // Short pieces: a reader waits for the first bytes.
        let to = found.to.min(found.from.saturating_add(PIECE_SIZE_MIN));
        Some(self.take(ByteRange { from: found.from, to }))
    }

    fn take_first(&mut self) -> Option<ByteRange> {
        let first = *self.todo.first()?;
        // Cut at multiples of the piece size, so that what was fetched before a restart never splits a piece twice.
        let end = (first.from / self.piece_size + 1).saturating_mul(self.piece_size);
        Some(self.take(ByteRange { from: first.from, to: first.to.min(end) }))
    }

    fn take(&mut self, piece: ByteRange) -> ByteRange {
        let mut rest = Vec::with_capacity(self.todo.len() + 1);
        for range in self.todo.drain(..) {
            if overlap(range, piece).is_none() {
                rest.push(range);
                continue;
            }
            let before = ByteRange { from: range.from, to: piece.from.max(range.from) };
            let after = ByteRange { from: piece.to.min(range.to), to: range.to };
            rest.extend([before, after].into_iter().filter(|part| part.from < part.to));
        }
        self.todo = rest;
        piece
    }

    fn put_back(&mut self, range: ByteRange) {
        self.todo.push(range);
        self.todo.sort_unstable();
    }
}

fn overlap(a: ByteRange, b: ByteRange) -> Option<ByteRange> {
    let range = ByteRange { from: a.from.max(b.from), to: a.to.min(b.to) };
    (range.from < range.to).then_some(range)
}

fn round_up(bytes: u64) -> u64 {
    bytes.div_ceil(GROUP_SIZE).saturating_mul(GROUP_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn device(name: u8) -> DeviceId {
        DeviceId::new([name; 32])
    }

    fn whole(size: u64, providers: usize) -> Plan {
        let mut plan = Plan::new(size, &[ByteRange { from: 0, to: size }], providers);
        plan.set_whole(true);
        plan
    }

    /// Lets providers pull, two pieces each; a piece takes each of them as many turns as it says.
    fn run(
        plan: &mut Plan,
        turns: &[(DeviceId, u32)],
        mut fails: impl FnMut(DeviceId, u32) -> bool,
    ) -> BTreeMap<DeviceId, u64> {
        let mut came = BTreeMap::new();
        let mut under_way: Vec<(DeviceId, PieceId, ByteRange, u32)> = Vec::new();
        for turn in 0..100_000_u32 {
            for (provider, pace) in turns {
                while under_way.iter().filter(|(who, ..)| who == provider).count() < 2 {
                    let Some((piece, range)) = plan.next(*provider) else { break };
                    under_way.push((*provider, piece, range, turn + pace));
                }
            }
            let (done, rest) = under_way.into_iter().partition(|(_, _, _, due)| *due <= turn);
            under_way = rest;
            for (provider, piece, range, _) in done {
                if fails(provider, turn) {
                    plan.failed(piece);
                    plan.drop_provider(provider);
                } else {
                    plan.finished(piece);
                    *came.entry(provider).or_default() += range.to - range.from;
                }
            }
            if plan.is_complete() {
                break;
            }
        }
        came
    }

    #[test]
    fn three_equal_providers_bring_equal_parts() {
        for size in [64 * MIB, 1024 * MIB, 4096 * MIB + 17] {
            let mut plan = whole(size, 3);
            let came = run(&mut plan, &[(device(1), 3), (device(2), 3), (device(3), 3)], |_, _| false);
            assert!(plan.is_complete());
            assert_eq!(came.values().sum::<u64>(), size);
            for bytes in came.values() {
                let share = bytes * 300 / size;
                assert!((80..=120).contains(&share), "{share} % of an even share of {size}");
            }
        }
    }

    #[test]
    fn a_provider_that_fails_costs_its_pieces_under_way_only() {
        let size = 512 * MIB;
        let mut plan = whole(size, 2);
        let came =
            run(&mut plan, &[(device(1), 3), (device(2), 3)], |who, turn| who == device(2) && turn > 20);
        assert!(plan.is_complete());
        assert_eq!(came.values().sum::<u64>(), size, "nothing is brought twice");
        assert!(plan.is_dropped(device(2)));
    }

    #[test]
    fn what_is_here_is_not_fetched_again() {
        let missing =
            [ByteRange { from: 16 * MIB, to: 20 * MIB }, ByteRange { from: 40 * MIB, to: 41 * MIB }];
        let mut plan = Plan::new(64 * MIB, &missing, 1);
        plan.set_whole(true);
        assert_eq!(plan.missing(), 5 * MIB);
        let came = run(&mut plan, &[(device(1), 1)], |_, _| false);
        assert_eq!(came.get(&device(1)), Some(&(5 * MIB)));
    }

    #[test]
    fn a_reader_gets_what_it_wants_first_and_nothing_else() {
        let mut plan = Plan::new(100 * MIB, &[ByteRange { from: 0, to: 100 * MIB }], 1);
        assert!(plan.next(device(1)).is_none(), "nothing was asked for");
        plan.want(50 * MIB + 5, 10);
        let (_, range) = plan.next(device(1)).unwrap();
        assert_eq!(range, ByteRange { from: 50 * MIB, to: 50 * MIB + GROUP_SIZE });
        assert!(plan.next(device(1)).is_none());
        plan.set_whole(true);
        plan.want(90 * MIB, 2 * MIB);
        assert_eq!(plan.next(device(1)).unwrap().1.from, 90 * MIB);
        assert_eq!(plan.next(device(1)).unwrap().1.from, 91 * MIB);
        assert_eq!(plan.next(device(1)).unwrap().1.from, 0);
    }

    #[test]
    fn what_a_reader_wants_and_one_fails_to_give_another_is_asked_for() {
        let mut plan = Plan::new(100 * MIB, &[ByteRange { from: 0, to: 100 * MIB }], 1);
        plan.want(0, 10);
        let (piece, range) = plan.next(device(1)).unwrap();
        assert!(plan.next(device(1)).is_none());
        plan.failed(piece);
        plan.drop_provider(device(1));
        assert!(plan.has_work());
        let (piece, again) = plan.next(device(2)).unwrap();
        assert_eq!(range, again);
        plan.finished(piece);
        assert!(!plan.has_work() && plan.wanted.is_empty());
    }

    #[test]
    fn wishes_beyond_the_end_do_no_harm() {
        let mut plan = whole(10, 1);
        plan.want(u64::MAX, u64::MAX);
        plan.want(0, u64::MAX);
        assert_eq!(plan.next(device(1)).unwrap().1, ByteRange { from: 0, to: 10 });
        assert!(!plan.is_complete());
    }
}
