//! The order of operations: what is complete, what comes first, what is whose past.
//!
//! Nothing here recurses: the depth of a history is chosen by others.
#![expect(clippy::indexing_slicing, reason = "indices are places in lists made here, of the same length")]

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, WebId};

use super::op::{Act, Op};

/// Operations of a segment up to which ancestor sets are kept as bits: 32 MB at most.
const BITS_MAX: usize = 16_384;

/// Returns the operations whose whole past is known and in order (rules G-3 to G-7), by (lamport, id), and how many
/// are left out.
pub(crate) fn complete(web: WebId, ops: Vec<Op>) -> (Vec<Op>, usize) {
    let all: BTreeMap<EntryId, Op> = ops.into_iter().map(|op| (op.id, op)).collect();
    let mut missing: BTreeMap<EntryId, usize> = BTreeMap::new();
    let mut children: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
    let mut ready = Vec::new();
    for op in all.values() {
        let mut count = 0;
        for parent in op.parents() {
            children.entry(parent).or_default().push(op.id);
            count += 1;
        }
        if count == 0 {
            ready.push(op.id);
        }
        missing.insert(op.id, count);
    }
    let mut done: BTreeSet<(u64, EntryId)> = BTreeSet::new();
    while let Some(id) = ready.pop() {
        let Some(op) = all.get(&id) else { continue };
        if !is_in_order(web, op, &all) {
            continue;
        }
        done.insert(op.place());
        for child in children.get(&id).into_iter().flatten() {
            if let Some(count) = missing.get_mut(child) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*child);
                }
            }
        }
    }
    let (total, mut all) = (all.len(), all);
    let complete: Vec<Op> = done.into_iter().filter_map(|(_, id)| all.remove(&id)).collect();
    let left_out = total - complete.len();
    (complete, left_out)
}

/// Says whether an operation fits what it follows, all of which is known and in order.
fn is_in_order(web: WebId, op: &Op, all: &BTreeMap<EntryId, Op>) -> bool {
    if let Act::Genesis { web: founded, .. } = op.act {
        return founded == web && op.seq == 1 && op.lamport == 1;
    }
    let before = op.previous.and_then(|previous| all.get(&previous));
    let follows_own = match before {
        Some(before) => before.author == op.author && before.seq.checked_add(1) == Some(op.seq),
        None => op.seq == 1 && op.previous.is_none(),
    };
    let newest = op.parents().filter_map(|parent| all.get(&parent)).map(|parent| parent.lamport).max();
    follows_own && newest.and_then(|newest| newest.checked_add(1)) == Some(op.lamport)
}

/// Returns the devices that signed two operations for one place, with the lowest such place.
pub(crate) fn forks(ops: &[Op]) -> BTreeMap<DeviceId, u64> {
    let mut seen = BTreeSet::new();
    let mut forks: BTreeMap<DeviceId, u64> = BTreeMap::new();
    for op in ops {
        if !seen.insert((op.author, op.seq)) {
            let lowest = forks.entry(op.author).or_insert(op.seq);
            *lowest = op.seq.min(*lowest);
        }
    }
    forks
}

/// Cuts ordered operations after each *critical* one: every other operation is its ancestor or its descendant, so
/// what comes before and what comes after can't be in conflict.
pub(crate) fn segments(ops: &[Op]) -> Vec<&[Op]> {
    let mut heads: BTreeSet<EntryId> = BTreeSet::new();
    let mut segments = Vec::new();
    let mut start = 0;
    for (place, op) in ops.iter().enumerate() {
        for parent in op.parents() {
            heads.remove(&parent);
        }
        heads.insert(op.id);
        let is_alone = ops.get(place + 1).is_none_or(|next| next.lamport > op.lamport);
        if heads.len() == 1 && is_alone {
            segments.push(&ops[start..=place]);
            start = place + 1;
        }
    }
    if start < ops.len() {
        segments.push(&ops[start..]);
    }
    segments
}

/// Operations between two critical ones, and which is whose ancestor. All of them descend from what came before.
pub(crate) struct Segment<'a> {
    pub(crate) ops: &'a [Op],
    places: BTreeMap<EntryId, usize>,
    parents: Vec<Vec<usize>>,
    bits: Vec<u64>,
    width: usize,
}

impl<'a> Segment<'a> {
    pub(crate) fn new(ops: &'a [Op]) -> Self {
        let places: BTreeMap<EntryId, usize> = ops.iter().enumerate().map(|(at, op)| (op.id, at)).collect();
        let parents: Vec<Vec<usize>> =
            ops.iter().map(|op| op.parents().filter_map(|id| places.get(&id).copied()).collect()).collect();
        let width = if ops.len() <= BITS_MAX { ops.len().div_ceil(64) } else { 0 };
        let mut segment = Self { ops, places, parents, bits: Vec::new(), width };
        segment.fill_bits();
        segment
    }

    fn fill_bits(&mut self) {
        let width = self.width;
        let mut bits = vec![0; self.ops.len() * width];
        for (at, parents) in self.parents.iter().enumerate().filter(|_| width > 0) {
            let (before, rest) = bits.split_at_mut(at * width);
            let row = &mut rest[..width];
            for parent in parents {
                row[parent / 64] |= 1 << (parent % 64);
                for (word, above) in row.iter_mut().zip(&before[parent * width..]) {
                    *word |= above;
                }
            }
        }
        self.bits = bits;
    }

    /// Returns where an operation stands in this segment.
    pub(crate) fn place(&self, id: EntryId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// Says whether `one` is in the past of `other`.
    pub(crate) fn is_before(&self, one: usize, other: usize) -> bool {
        if one >= other {
            return false;
        }
        if self.width > 0 {
            return self.bits[other * self.width + one / 64] >> (one % 64) & 1 == 1;
        }
        self.is_before_slowly(one, other)
    }

    /// Walks back from `other`, never further than `one`.
    fn is_before_slowly(&self, one: usize, other: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![other];
        while let Some(at) = ahead.pop() {
            for parent in &self.parents[at] {
                if *parent == one {
                    return true;
                }
                if *parent > one && seen.insert(*parent) {
                    ahead.push(*parent);
                }
            }
        }
        false
    }

    /// Says whether neither is in the other's past.
    pub(crate) fn are_concurrent(&self, one: usize, other: usize) -> bool {
        one != other && !self.is_before(one, other) && !self.is_before(other, one)
    }
}
