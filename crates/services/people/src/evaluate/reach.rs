//! Which operation of a segment is in whose past.
//!
//! The segment is taken apart into chains in which each follows the one before; there are as many of them as writers who did
//! not know of each other, few in an honest web. An operation knows a beginning of each chain, so its past is one number for
//! each. Operations that follow one other, at the end of its chain, know of other chains what that one knows, and share its row.
#![expect(clippy::indexing_slicing, reason = "indices are places in lists made here, of the same length")]

use std::collections::BTreeSet;
use std::sync::Arc;

/// Chains whose numbers stand in one part of a row; rows share the parts that are equal.
const PART: usize = 64;

/// Parts of all rows at most: 64 MB. A segment that needs more was made to; its pasts are walked instead.
const PARTS_MAX: usize = 4 * 1024 * 1024;

/// How far each chain is known; chains beyond the end are not.
type Row = Vec<Arc<Vec<u32>>>;

/// The past of each operation of a segment.
#[derive(Debug)]
pub(crate) struct Reach {
    chain: Vec<u32>,
    /// The place in the chain, from 1.
    rank: Vec<u32>,
    /// Which of the rows says what an operation knows of other chains.
    row: Vec<usize>,
    rows: Vec<Row>,
    /// Set when there are too many rows.
    parents: Option<Vec<Vec<usize>>>,
}

impl Reach {
    /// Looks at operations in their order, each with the places of those it follows.
    pub(crate) fn new(parents: Vec<Vec<usize>>) -> Self {
        let count = parents.len();
        let mut reach = Self {
            chain: Vec::with_capacity(count),
            rank: Vec::with_capacity(count),
            row: Vec::with_capacity(count),
            rows: vec![Row::new()],
            parents: None,
        };
        let mut ends: Vec<usize> = Vec::new();
        let mut parts = 0_usize;
        for (at, follows) in parents.iter().enumerate() {
            let is_end = |parent: &&usize| ends[reach.chain[**parent] as usize] == **parent;
            let before = follows.iter().find(is_end).copied();
            let chain = before.map_or(ends.len(), |before| reach.chain[before] as usize);
            match before {
                Some(_) => ends[chain] = at,
                None => ends.push(at),
            }
            let row = match (follows.as_slice(), before) {
                ([], _) => 0,
                ([one], Some(_)) => reach.row[*one],
                _ => {
                    let row = reach.join(follows);
                    parts = parts.saturating_add(row.len());
                    reach.rows.push(row);
                    reach.rows.len() - 1
                }
            };
            reach.row.push(row);
            reach.chain.push(u32::try_from(chain).unwrap_or(u32::MAX));
            reach.rank.push(before.map_or(1, |before| reach.rank[before].saturating_add(1)));
            if parts > PARTS_MAX {
                return Self { parents: Some(parents), rows: Vec::new(), ..reach };
            }
        }
        reach
    }

    /// Returns what is known by who follows all of these.
    fn join(&self, parents: &[usize]) -> Row {
        let mut row = Row::new();
        for parent in parents {
            let other = &self.rows[self.row[*parent]];
            for (mine, theirs) in row.iter_mut().zip(other) {
                take(mine, theirs);
            }
            let known = row.len();
            row.extend(other.iter().skip(known).map(Arc::clone));
            let (part, place) = (self.chain[*parent] as usize / PART, self.chain[*parent] as usize % PART);
            while row.len() <= part {
                row.push(Arc::new(vec![0; PART]));
            }
            if row[part][place] < self.rank[*parent] {
                Arc::make_mut(&mut row[part])[place] = self.rank[*parent];
            }
        }
        row
    }

    /// Says whether `one` is in the past of `other`.
    pub(crate) fn is_before(&self, one: usize, other: usize) -> bool {
        if one >= other {
            return false;
        }
        if let Some(parents) = &self.parents {
            return is_before_slowly(parents, one, other);
        }
        let chain = self.chain[one] as usize;
        let part = self.rows[self.row[other]].get(chain / PART);
        chain == self.chain[other] as usize || part.is_some_and(|part| part[chain % PART] >= self.rank[one])
    }
}

/// Takes over what is known better elsewhere; what is equal or worse stays shared.
fn take(mine: &mut Arc<Vec<u32>>, theirs: &Arc<Vec<u32>>) {
    if Arc::ptr_eq(mine, theirs) {
        return;
    }
    let pairs = || mine.iter().zip(theirs.iter());
    if pairs().all(|(mine, theirs)| mine <= theirs) {
        *mine = Arc::clone(theirs);
    } else if pairs().any(|(mine, theirs)| mine < theirs) {
        *mine = Arc::new(pairs().map(|(mine, theirs)| *mine.max(theirs)).collect());
    }
}

/// Walks back from `other`, never further than `one`.
fn is_before_slowly(parents: &[Vec<usize>], one: usize, other: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![other];
    while let Some(at) = ahead.pop() {
        for parent in &parents[at] {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histories() -> impl Strategy<Value = Vec<Vec<usize>>> {
        let steps = proptest::collection::vec((any::<prop::sample::Index>(), 0..3_usize), 0..4);
        proptest::collection::vec(steps, 1..300).prop_map(|all| {
            let parents = |(at, steps): (usize, Vec<(prop::sample::Index, usize)>)| {
                let near = |(far, near): (prop::sample::Index, usize)| match near {
                    0 if at > 0 => Some(far.index(at)),
                    _ => at.checked_sub(1 + near),
                };
                let parents: BTreeSet<usize> = steps.into_iter().filter_map(near).collect();
                parents.into_iter().collect()
            };
            all.into_iter().enumerate().map(parents).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pasts_are_those_that_a_walk_finds(parents in histories()) {
            let reach = Reach::new(parents.clone());
            for other in 0..parents.len() {
                for one in 0..=other {
                    prop_assert_eq!(reach.is_before(one, other), is_before_slowly(&parents, one, other));
                }
            }
        }
    }
}
