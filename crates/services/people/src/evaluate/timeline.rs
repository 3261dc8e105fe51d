//! The operations of a web in their order, evaluated as they come (spec governance, after rule 39).
//!
//! Conflicts end wherever all that follows knows all that came before. States are kept at some of these places, the closer
//! to the end the more of them. What comes in is evaluated together with what stands behind the newest of them that is still
//! such a place. The same as evaluating everything anew, and tested to be.

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, WebId};

use super::op::Op;
use super::pages::Pages;
use super::state::State;
use super::{Evaluation, Void, has_others, is_frozen, order, replay_segment, witnessed};

/// How much further back than needed the next kept state may be, about: more states need more memory, fewer more time.
const SPREAD: usize = 8;

/// What is known of the place of an operation.
#[derive(Debug, Clone, Copy)]
struct Spot {
    lamport: u64,
    author: DeviceId,
    seq: u64,
}

/// A web's operations and what they come to.
#[derive(Debug)]
pub struct Timeline {
    web: WebId,
    /// The complete ones, by (lamport, id).
    ops: Vec<Op>,
    spots: BTreeMap<EntryId, Spot>,
    /// The highest place of each device: chains have no gaps, so one more at or below it is a fork.
    tips: BTreeMap<DeviceId, u64>,
    /// The lowest place at which each device has forked.
    forks: BTreeMap<DeviceId, u64>,
    /// Operations at and above such places.
    frozen: BTreeSet<EntryId>,
    /// What is not complete yet, and who waits for whom.
    left_out: BTreeMap<EntryId, Op>,
    awaited: BTreeMap<EntryId, Vec<EntryId>>,
    main: Track,
    /// Where somebody has forked: with all that is suspected void, and with all of it counting (rule 38).
    suspecting: Option<Track>,
    trusting: Option<Track>,
    evaluation: Evaluation,
    work: u64,
}

impl Timeline {
    /// Begins without operations.
    pub fn new(web: WebId) -> Self {
        Self {
            web,
            ops: Vec::new(),
            spots: BTreeMap::new(),
            tips: BTreeMap::new(),
            forks: BTreeMap::new(),
            frozen: BTreeSet::new(),
            left_out: BTreeMap::new(),
            awaited: BTreeMap::new(),
            main: Track::new(),
            suspecting: None,
            trusting: None,
            evaluation: Evaluation {
                state: State::default(),
                void: Pages::default(),
                incomplete: 0,
                forked: BTreeSet::new(),
            },
            work: 0,
        }
    }

    /// Returns what all operations so far come to.
    pub fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// Returns how many operations were replayed so far: what a history has cost.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Goes through the operations that are evaluated, in their order.
    pub(crate) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter()
    }

    /// Goes through the operations whose past is not here, or that are not in order.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = &Op> {
        self.left_out.values()
    }

    /// Adds operations in any order; known ones change nothing.
    pub fn extend(&mut self, ops: impl IntoIterator<Item = Op>) {
        let fresh = self.complete(ops);
        self.evaluation.incomplete = self.left_out.len();
        if fresh.is_empty() {
            return;
        }
        self.note_forks(&fresh);
        let news = News::of(&fresh, &self.spots);
        self.merge(fresh);
        let void = self.void_by_fork(&news);
        self.work = self.work.saturating_add(self.main.advance(&self.ops, &news, void));
        let end = self.main.end();
        self.evaluation.state = end.state.clone();
        self.evaluation.void = end.void.clone();
        self.evaluation.forked = self.forks.keys().copied().collect();
    }

    /// Returns what is complete now, and keeps what is not (spec governance rule 7).
    fn complete(&mut self, ops: impl IntoIterator<Item = Op>) -> Vec<Op> {
        let mut fresh = Vec::new();
        let mut ready: Vec<Op> = Vec::new();
        for op in ops {
            if self.spots.contains_key(&op.id) || self.left_out.contains_key(&op.id) {
                continue;
            }
            if self.is_ready(&op) {
                ready.push(op);
            } else {
                self.leave_out(op);
            }
            while let Some(op) = ready.pop() {
                if self.spots.contains_key(&op.id) {
                    continue;
                }
                if !order::is_in_order(self.web, &op, |id| self.spots.get(&id).map(Spot::values)) {
                    self.leave_out(op);
                    continue;
                }
                self.spots.insert(op.id, Spot { lamport: op.lamport, author: op.author, seq: op.seq });
                for child in self.awaited.remove(&op.id).unwrap_or_default() {
                    if self.left_out.get(&child).is_some_and(|child| self.is_ready(child)) {
                        ready.extend(self.left_out.remove(&child));
                    }
                }
                fresh.push(op);
            }
        }
        fresh.sort_unstable_by_key(Op::place);
        fresh
    }

    fn is_ready(&self, op: &Op) -> bool {
        op.parents().all(|parent| self.spots.contains_key(&parent))
    }

    fn leave_out(&mut self, op: Op) {
        for parent in op.parents().filter(|parent| !self.spots.contains_key(parent)) {
            self.awaited.entry(parent).or_default().push(op.id);
        }
        self.left_out.insert(op.id, op);
    }

    fn note_forks(&mut self, fresh: &[Op]) {
        let before = self.forks.clone();
        for op in fresh {
            let tip = self.tips.entry(op.author).or_default();
            if op.seq <= *tip {
                let lowest = self.forks.entry(op.author).or_insert(op.seq);
                *lowest = op.seq.min(*lowest);
            }
            *tip = op.seq.max(*tip);
        }
        let is_suspect = |op: &&Op| is_frozen(op, &self.forks);
        self.frozen.extend(fresh.iter().filter(is_suspect).map(|op| op.id));
        if self.forks != before {
            self.frozen.extend(self.ops.iter().filter(is_suspect).map(|op| op.id));
        }
    }

    /// Puts what is new into its places.
    fn merge(&mut self, fresh: Vec<Op>) {
        let Some(first) = fresh.first().map(Op::place) else { return };
        let from = self.ops.partition_point(|op| op.place() < first);
        let mut old = self.ops.split_off(from).into_iter().peekable();
        for op in fresh {
            while let Some(before) = old.next_if(|one| one.place() < op.place()) {
                self.ops.push(before);
            }
            self.ops.push(op);
        }
        self.ops.extend(old);
    }

    /// Returns what forks make void (spec governance rule 38).
    fn void_by_fork(&mut self, news: &News) -> BTreeSet<EntryId> {
        if self.frozen.is_empty() {
            return BTreeSet::new();
        }
        let suspecting = self.suspecting.get_or_insert_with(|| self.main.clone());
        let trusting = self.trusting.get_or_insert_with(|| self.main.clone());
        self.work = self.work.saturating_add(suspecting.advance(&self.ops, news, self.frozen.clone()));
        self.work = self.work.saturating_add(trusting.advance(&self.ops, news, BTreeSet::new()));
        let mut supposed = vec![suspecting.end()];
        if !has_others(&suspecting.end().state, &self.forks) {
            // Who else could be a witness was admitted by what is suspected.
            supposed.push(trusting.end());
        }
        let witnessed: BTreeSet<EntryId> = supposed
            .into_iter()
            .flat_map(|supposed| witnessed(&self.ops, &self.frozen, (&supposed.state, &supposed.void)))
            .collect();
        self.frozen.difference(&witnessed).copied().collect()
    }
}

impl Spot {
    fn values(&self) -> (u64, DeviceId, u64) {
        (self.lamport, self.author, self.seq)
    }
}

/// What is new, as the places that states are kept at are asked about it.
#[derive(Debug)]
struct News {
    /// For each the newest operation it follows, and all it follows.
    parents: Vec<(Option<Place>, Vec<EntryId>)>,
    /// How many operations there are now that are placed before any that is new.
    first: Place,
}

type Place = (u64, EntryId);

impl News {
    fn of(fresh: &[Op], spots: &BTreeMap<EntryId, Spot>) -> Self {
        let parents = |op: &Op| {
            let ids: Vec<EntryId> = op.parents().collect();
            let newest = ids.iter().filter_map(|id| Some((spots.get(id)?.lamport, *id))).max();
            (newest, ids)
        };
        let first = fresh.first().map_or((u64::MAX, EntryId::new([255; 32])), Op::place);
        Self { parents: fresh.iter().map(parents).collect(), first }
    }

    /// Says whether all that is new knows all that comes before a kept state.
    fn knows(&self, kept: &Kept) -> bool {
        let Some(last) = kept.last else { return true };
        let heads = &kept.state.heads;
        // Whoever follows something behind such a place follows all before it.
        self.first > last
            && self.parents.iter().all(|(newest, ids)| {
                *newest > Some(last)
                    || (heads.len() <= ids.len() && heads.keys().all(|head| ids.contains(head)))
            })
    }
}

/// A state, kept at a place where conflicts end.
#[derive(Debug, Clone)]
struct Kept {
    /// How many operations come before.
    at: usize,
    /// The last of them.
    last: Option<Place>,
    state: State,
    void: Pages<EntryId, Void>,
}

/// One evaluation with its kept states. Copies share what is equal in them.
#[derive(Debug, Clone)]
struct Track {
    /// The first is empty, the last is the end.
    kept: Vec<Kept>,
    /// What was void from the start because its device has forked.
    forked: BTreeSet<EntryId>,
}

impl Track {
    fn new() -> Self {
        let nothing = Kept { at: 0, last: None, state: State::default(), void: Pages::default() };
        Self { kept: vec![nothing], forked: BTreeSet::new() }
    }

    fn end(&self) -> &Kept {
        self.kept.last().expect("the empty state is never dropped")
    }

    /// Evaluates what is new, with what follows from it; returns how many operations were replayed.
    fn advance(&mut self, ops: &[Op], news: &News, forked: BTreeSet<EntryId>) -> u64 {
        let is_changed = |op: &&Op| self.forked.contains(&op.id) != forked.contains(&op.id);
        let is_same = self.forked == forked;
        let first_changed = ops.iter().find(|op| !is_same && is_changed(op)).map(Op::place);
        let is_before_changes = |kept: &Kept| first_changed.is_none() || kept.last < first_changed;
        while self.kept.len() > 1 && !(is_before_changes(self.end()) && news.knows(self.end())) {
            self.kept.pop();
        }
        self.forked = forked;
        let Kept { at, mut state, mut void, .. } = self.end().clone();
        let rest = ops.get(at..).unwrap_or_default();
        let segments = order::segments(rest);
        let ends: Vec<usize> = segments
            .iter()
            .scan(at, |end, segment| {
                *end = end.saturating_add(segment.len());
                Some(*end)
            })
            .collect();
        let wanted = worth_keeping(&ends);
        for (segment, end) in segments.into_iter().zip(ends) {
            replay_segment(&mut state, segment, &mut void, &self.forked);
            if wanted.contains(&end) {
                let last = segment.last().map(Op::place);
                self.kept.push(Kept { at: end, last, state: state.clone(), void: void.clone() });
            }
        }
        self.thin_out();
        u64::try_from(rest.len()).unwrap_or(u64::MAX)
    }

    /// Drops states that have neighbours close enough for their distance from the end.
    fn thin_out(&mut self) {
        let end = self.end().at;
        let distance = |kept: &Kept| end.saturating_sub(kept.at).saturating_add(1);
        let mut thin: Vec<Kept> = Vec::with_capacity(self.kept.len());
        let mut rest = std::mem::take(&mut self.kept).into_iter().rev().peekable();
        while let Some(kept) = rest.next() {
            let newer = thin.last().map(distance);
            let older = rest.peek().map(distance);
            let is_spare =
                newer.zip(older).is_some_and(|(newer, older)| older <= newer.saturating_mul(SPREAD));
            if !is_spare {
                thin.push(kept);
            }
        }
        thin.reverse();
        self.kept = thin;
    }
}

/// Returns the places of a stretch at which a state is worth keeping: the end, and some before it, ever more apart.
fn worth_keeping(ends: &[usize]) -> BTreeSet<usize> {
    let Some(end) = ends.last() else { return BTreeSet::new() };
    let mut wanted = BTreeSet::new();
    let mut next = 0;
    for place in ends.iter().rev() {
        let distance = end.saturating_sub(*place);
        if distance >= next {
            wanted.insert(*place);
            next = distance.saturating_add(1).saturating_mul(SPREAD / 2);
        }
    }
    wanted
}
