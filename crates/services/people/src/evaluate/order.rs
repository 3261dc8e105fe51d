//! The order of operations: what is complete, what comes first, what is whose past.
//!
//! Nothing here recurses: the depth of a history is chosen by others.
#![expect(clippy::indexing_slicing, reason = "indices are places in lists made here, of the same length")]

use std::collections::BTreeMap;

use base::{DeviceId, EntryId, WebId};

use super::op::{Act, Op};
use super::reach::Reach;

/// Returns the operations whose whole past is known and in order (spec governance rules 3 to 7), by (lamport, id), and
/// those that are left out.
pub(crate) fn complete(web: WebId, mut ops: Vec<Op>) -> (Vec<Op>, Vec<Op>) {
    ops.sort_unstable_by_key(|op| op.id);
    ops.dedup_by_key(|op| op.id);
    let place = |id: EntryId| ops.binary_search_by_key(&id, |op| op.id).ok();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); ops.len()];
    let mut missing: Vec<usize> = vec![0; ops.len()];
    for (at, op) in ops.iter().enumerate() {
        for parent in op.parents() {
            missing[at] += 1;
            if let Some(parent) = place(parent) {
                children[parent].push(at);
            }
        }
    }
    let mut is_complete = vec![false; ops.len()];
    let mut ready: Vec<usize> = (0..ops.len()).filter(|at| missing[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        let spot = |id: EntryId| place(id).map(|at| (ops[at].lamport, ops[at].author, ops[at].seq));
        is_complete[at] = is_in_order(web, &ops[at], spot);
        for child in children[at].iter().filter(|_| is_complete[at]) {
            missing[*child] -= 1;
            if missing[*child] == 0 {
                ready.push(*child);
            }
        }
    }
    let flags = is_complete.into_iter();
    let (complete, left_out): (Vec<_>, Vec<_>) =
        ops.into_iter().zip(flags).partition(|(_, is_complete)| *is_complete);
    let mut complete: Vec<Op> = complete.into_iter().map(|(op, _)| op).collect();
    complete.sort_unstable_by_key(Op::place);
    (complete, left_out.into_iter().map(|(op, _)| op).collect())
}

/// Says whether an operation fits what it follows, all of which is known and in order; `known` says lamport number, author and
/// place of those.
pub(crate) fn is_in_order(
    web: WebId,
    op: &Op,
    known: impl Fn(EntryId) -> Option<(u64, DeviceId, u64)>,
) -> bool {
    if let Act::Genesis { web: founded, .. } = op.act {
        return founded == web && op.seq == 1 && op.lamport == 1;
    }
    let follows_own = match op.previous {
        Some(previous) => known(previous)
            .is_some_and(|(_, author, seq)| author == op.author && seq.checked_add(1) == Some(op.seq)),
        None => op.seq == 1,
    };
    let newest = op.parents().filter_map(known).map(|(lamport, ..)| lamport).max();
    follows_own && newest.and_then(|newest| newest.checked_add(1)) == Some(op.lamport)
}

/// Returns the devices that signed two operations for one place, with the lowest such place.
pub(crate) fn forks(ops: &[Op]) -> BTreeMap<DeviceId, u64> {
    let mut places: Vec<(DeviceId, u64)> = ops.iter().map(|op| (op.author, op.seq)).collect();
    places.sort_unstable();
    let mut forks = BTreeMap::new();
    for pair in places.windows(2).filter(|pair| pair[0] == pair[1]) {
        forks.entry(pair[0].0).or_insert(pair[0].1);
    }
    forks
}

/// Cuts ordered operations wherever all that follow descend from all that come before: what comes before and what comes
/// after can't be in conflict (spec governance, after rule 39).
pub(crate) fn segments(ops: &[Op]) -> Vec<&[Op]> {
    let mut segments = Vec::new();
    let mut start = 0;
    for (end, _) in boundaries(ops).into_iter().enumerate().skip(1).filter(|(_, is_open)| *is_open) {
        segments.push(&ops[start..end]);
        start = end;
    }
    if start < ops.len() {
        segments.push(&ops[start..]);
    }
    segments
}

/// Says for each place whether everything from there on descends from everything before.
fn boundaries(ops: &[Op]) -> Vec<bool> {
    let places: BTreeMap<EntryId, usize> = ops.iter().enumerate().map(|(at, op)| (op.id, at)).collect();
    let parents: Vec<Vec<usize>> =
        ops.iter().map(|op| op.parents().filter_map(|id| places.get(&id).copied()).collect()).collect();
    let mut first_child = vec![usize::MAX; ops.len()];
    // What nobody follows among those before a place: it grows by one with each, and shrinks with each first child.
    let mut heads = vec![0_usize; ops.len() + 1];
    for (at, parents) in parents.iter().enumerate() {
        let followed = parents.iter().filter(|parent| first_child[**parent] == usize::MAX).count();
        heads[at + 1] = heads[at] + 1 - followed;
        for parent in parents {
            first_child[*parent] = first_child[*parent].min(at);
        }
    }
    // How many operations stand across a place without descending from all before it.
    let mut across = vec![0_isize; ops.len() + 1];
    for (at, parents) in parents.iter().enumerate() {
        // Its newest parent has to come before a place for the operation to stand across it.
        let after = parents.iter().max().map_or(0, |newest| newest + 1);
        let named = parents.iter().filter(|parent| first_child[**parent] >= after).count();
        let from = if named == heads[after] { after + 1 } else { after };
        if from <= at {
            across[from] += 1;
            across[at + 1] -= 1;
        }
    }
    let mut sum = 0;
    across.truncate(ops.len());
    let is_open = |change: isize| {
        sum += change;
        sum == 0
    };
    across.into_iter().map(is_open).collect()
}

/// Operations between two such cuts, and which is whose ancestor. All of them descend from what came before.
pub(crate) struct Segment<'a> {
    pub(crate) ops: &'a [Op],
    places: BTreeMap<EntryId, usize>,
    reach: Reach,
}

impl<'a> Segment<'a> {
    pub(crate) fn new(ops: &'a [Op]) -> Self {
        let places: BTreeMap<EntryId, usize> = ops.iter().enumerate().map(|(at, op)| (op.id, at)).collect();
        let parents = |op: &Op| op.parents().filter_map(|id| places.get(&id).copied()).collect();
        let reach = Reach::new(ops.iter().map(parents).collect());
        Self { ops, places, reach }
    }

    /// Returns where an operation stands in this segment.
    pub(crate) fn place(&self, id: EntryId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// Says whether `one` is in the past of `other`.
    pub(crate) fn is_before(&self, one: usize, other: usize) -> bool {
        self.reach.is_before(one, other)
    }

    /// Says whether neither is in the other's past.
    pub(crate) fn are_concurrent(&self, one: usize, other: usize) -> bool {
        one != other && !self.is_before(one, other) && !self.is_before(other, one)
    }
}
