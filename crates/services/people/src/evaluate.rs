//! The state of a web as a pure function of the set of its governance operations (spec governance).
//!
//! No clock, no order of arrival, no rows: equal sets give equal states. Not for: signatures of entries (records has
//! checked them) or how operations spread.

mod dismissals;
mod op;
mod order;
mod powers;
mod replay;
mod state;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, WebId};
use wire::entry::Entry;

pub(crate) use dismissals::{Cosigned, cosigned};
pub(crate) use op::{Act, facts};
pub use op::{Facts, Op};
pub use state::{Departure, Epoch, Invitation, Member, Power, Revoked, Seniority, State, Waiting};

use dismissals::Verdicts;
use order::Segment;
use powers::Powers;
use replay::{Decided, Replay};

/// Why an operation does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Void {
    /// Its author is not a member there, or the person it is about is none.
    NotAMember,
    /// The author's role does not allow it.
    NotAllowed,
    /// The person it is about is not outranked by the author.
    Outranked,
    /// There is no such invitation.
    UnknownInvitation,
    /// The invitation was ended.
    InvitationRevoked,
    /// The invitation's uses are gone.
    UsedUp,
    /// It does not prove what it says.
    BadProof,
    /// The person is a member already.
    AlreadyMember,
    /// The person was removed after the invitation was made.
    RemovedBefore,
    /// The cuts are not what the author knew.
    CutsDoNotMatch,
    /// It would change nothing.
    NothingToDo,
    /// Cut off by a removal or a demotion.
    CutOff {
        /// That operation.
        by: EntryId,
    },
    /// The device signed two operations for one place, and nobody else has built on this one.
    Forked,
    /// Not enough admins have signed it.
    TooFewSignatures,
}

impl Void {
    /// Says why in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotAMember => "the author or the person it is about is no member",
            Self::NotAllowed => "the author's role does not allow it",
            Self::Outranked => "the author does not outrank the person it is about",
            Self::UnknownInvitation => "there is no such invitation",
            Self::InvitationRevoked => "the invitation was ended",
            Self::UsedUp => "the invitation was used up",
            Self::BadProof => "it does not prove what it says",
            Self::AlreadyMember => "the person is a member already",
            Self::RemovedBefore => "the person was removed after the invitation was made",
            Self::CutsDoNotMatch => "it does not name what its author knew",
            Self::NothingToDo => "it would change nothing",
            Self::CutOff { .. } => "a removal or a demotion cut it off",
            Self::Forked => "its device wrote two operations for one place",
            Self::TooFewSignatures => "not enough admins have signed it",
        }
    }
}

/// The state of a web, with what did not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The state.
    pub state: State,
    /// Operations that don't count, with the reason.
    pub void: BTreeMap<EntryId, Void>,
    /// How many operations are left out: their past is not here yet, or they are not in order.
    pub incomplete: usize,
    /// What those would be in order by: they are looked at again when one of these comes.
    awaited: BTreeSet<EntryId>,
    /// Devices that signed two operations for one place.
    pub forked: BTreeSet<DeviceId>,
}

/// Evaluates a set of operations.
pub fn evaluate(web: WebId, ops: Vec<Op>) -> Evaluation {
    let (ops, left_out) = order::complete(web, ops);
    let forks = order::forks(&ops);
    let frozen: BTreeSet<EntryId> = ops.iter().filter(|op| is_frozen(op, &forks)).map(|op| op.id).collect();
    let mut evaluation = replay(&ops, &frozen);
    if !frozen.is_empty() {
        if !has_others(&evaluation.state, &forks) {
            // Whoever could be a witness was admitted by what is suspected.
            evaluation = replay(&ops, &BTreeSet::new());
        }
        let witnessed = witnessed(&ops, &frozen, &evaluation);
        evaluation = replay(&ops, &frozen.difference(&witnessed).copied().collect());
    }
    evaluation.incomplete = left_out.len();
    evaluation.awaited = left_out.iter().flat_map(Op::parents).collect();
    evaluation.forked = forks.into_keys().collect();
    evaluation
}

/// Reads and evaluates entries whose signatures are checked. Entries that can't be read count for nothing.
pub fn evaluate_entries(web: WebId, entries: impl IntoIterator<Item: Borrow<Entry>>) -> Evaluation {
    evaluate(web, entries.into_iter().filter_map(|entry| Op::read(entry.borrow())).collect())
}

impl Evaluation {
    /// Adds one operation if it directly follows all there is; returns whether it did.
    ///
    /// The same as evaluating anew with it: an operation that follows all heads is a segment of its own.
    pub fn append(&mut self, op: &Op) -> bool {
        let state = &self.state;
        let follows_heads = op.deps.len() == state.heads.len()
            && op.deps.iter().all(|dep| state.heads.contains_key(dep))
            && !op.deps.is_empty();
        let own = state.chains.get(&op.author);
        let follows_own = match (op.previous, own) {
            (None, None) => op.seq == 1,
            (Some(previous), Some((seq, id))) => previous == *id && seq.checked_add(1) == Some(op.seq),
            _ => false,
        };
        let follows_lamport = state.lamport.checked_add(1) == Some(op.lamport);
        // Somebody else's operation could show that a frozen one was witnessed.
        let is_frozen = !self.forked.is_empty()
            && (self.forked.contains(&op.author) || self.void.values().any(|why| *why == Void::Forked));
        if !follows_heads || !follows_own || !follows_lamport || is_frozen || self.awaited.contains(&op.id) {
            return false;
        }
        replay_segment(&mut self.state, std::slice::from_ref(op), &mut self.void);
        true
    }
}

fn is_frozen(op: &Op, forks: &BTreeMap<DeviceId, u64>) -> bool {
    forks.get(&op.author).is_some_and(|seq| op.seq >= *seq)
}

/// Says whether anybody belongs to the web none of whose devices has forked.
fn has_others(state: &State, forks: &BTreeMap<DeviceId, u64>) -> bool {
    let mut members = state.members.values().filter(|member| member.power.is_some());
    members.any(|member| !member.devices.iter().any(|device| forks.contains_key(device)))
}

/// Returns the frozen operations on which an operation of another person that counts was built (spec governance rule 38).
fn witnessed(ops: &[Op], frozen: &BTreeSet<EntryId>, supposed: &Evaluation) -> BTreeSet<EntryId> {
    let mut seen_by: BTreeMap<EntryId, BTreeSet<DeviceId>> = BTreeMap::new();
    let authors: BTreeMap<EntryId, DeviceId> = ops.iter().map(|op| (op.id, op.author)).collect();
    let forked: BTreeSet<DeviceId> = frozen.iter().filter_map(|id| authors.get(id)).copied().collect();
    let person = |device: &DeviceId| supposed.state.person_of(*device);
    let mut witnessed = BTreeSet::new();
    // Children come after their parents, so one walk back carries what counts down to all it was built on.
    for op in ops.iter().rev() {
        let mut built_on = seen_by.remove(&op.id).unwrap_or_default();
        if built_on.iter().any(|device| person(device) != person(&op.author)) && frozen.contains(&op.id) {
            witnessed.insert(op.id);
        }
        let counts = !supposed.void.contains_key(&op.id) && !frozen.contains(&op.id);
        // Two witnesses of different persons are as good as all of them.
        if counts && person(&op.author).is_some() && built_on.len() <= forked.len() {
            built_on.insert(op.author);
        }
        for parent in op.parents().filter(|_| !built_on.is_empty()) {
            seen_by.entry(parent).or_default().extend(built_on.iter().copied());
        }
    }
    witnessed
}

fn replay(ops: &[Op], frozen: &BTreeSet<EntryId>) -> Evaluation {
    let mut state = State::default();
    let mut void: BTreeMap<EntryId, Void> = frozen.iter().map(|id| (*id, Void::Forked)).collect();
    for segment in order::segments(ops) {
        replay_segment(&mut state, segment, &mut void);
    }
    Evaluation { state, void, incomplete: 0, awaited: BTreeSet::new(), forked: BTreeSet::new() }
}

fn replay_segment(state: &mut State, ops: &[Op], void: &mut BTreeMap<EntryId, Void>) {
    replay_with(state, ops, void, &mut Verdicts::new());
}

/// Replays a segment; `verdicts` has what removals by several signatures are worth by their own pasts, as far as known.
fn replay_with(state: &mut State, ops: &[Op], void: &mut BTreeMap<EntryId, Void>, verdicts: &mut Verdicts) {
    let segment = Segment::new(ops);
    dismissals::judge_all(state, &segment, void, verdicts);
    let mut refused: BTreeMap<EntryId, Void> =
        ops.iter().filter_map(|op| Some((op.id, *void.get(&op.id)?))).collect();
    loop {
        let decided = Decided::of(Powers::decide(state, &segment, &refused, verdicts), &segment);
        // Only where operations are in conflict can a join that gave power turn out not to admit.
        let before = (ops.len() > 1 && decided.gave_any_power()).then(|| state.clone());
        let voids = Replay::run(state, &segment, &decided);
        let late: Vec<(EntryId, Void)> = voids
            .iter()
            .filter(|(id, _)| decided.gave_power(&segment, *id) && !refused.contains_key(id))
            .copied()
            .collect();
        if let (Some(before), false) = (before, late.is_empty()) {
            refused.extend(late);
            *state = before;
            continue;
        }
        void.extend(voids);
        return;
    }
}
