//! The state of a web as a pure function of the set of its governance operations (spec governance).
//!
//! No clock, no order of arrival, no rows: equal sets give equal states. Not for: signatures of entries (records has
//! checked them) or how operations spread.

mod dismissals;
mod op;
mod order;
mod pages;
mod powers;
mod reach;
mod replay;
mod state;
#[cfg(test)]
mod tests;
mod timeline;
mod words;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, WebId};
use wire::entry::Entry;

pub(crate) use dismissals::{Cosigned, cosigned};
pub(crate) use op::{Act, facts};
pub use op::{Facts, Op};
pub use pages::{PageSet, Pages};
pub use state::{Departure, Epoch, Invitation, Member, Power, Revoked, Seniority, State, Waiting};
pub use timeline::Timeline;

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
    /// It was done with recovery words that are no longer those of the person.
    WordsReplaced,
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
            Self::WordsReplaced => "the recovery words it was done with are not the person's, or no longer",
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
    pub void: Pages<EntryId, Void>,
    /// How many operations are left out: their past is not here yet, or they are not in order.
    pub incomplete: usize,
    /// Devices that signed two operations for one place.
    pub forked: BTreeSet<DeviceId>,
}

/// Evaluates a set of operations, all of it at once. What comes bit by bit is for a [`Timeline`].
pub fn evaluate(web: WebId, ops: Vec<Op>) -> Evaluation {
    let (ops, left_out) = order::complete(web, ops);
    let forks = order::forks(&ops);
    let frozen: BTreeSet<EntryId> = ops.iter().filter(|op| is_frozen(op, &forks)).map(|op| op.id).collect();
    let mut evaluation = replay(&ops, &frozen);
    if !frozen.is_empty() {
        let mut witnessed = witnessed(&ops, &frozen, (&evaluation.state, &evaluation.void));
        if !has_others(&evaluation.state, &forks) {
            // Who else could be a witness was admitted by what is suspected.
            let trusting = replay(&ops, &BTreeSet::new());
            witnessed.extend(self::witnessed(&ops, &frozen, (&trusting.state, &trusting.void)));
        }
        evaluation = replay(&ops, &frozen.difference(&witnessed).copied().collect());
    }
    evaluation.incomplete = left_out.len();
    evaluation.forked = forks.into_keys().collect();
    evaluation
}

/// Reads and evaluates entries whose signatures are checked. Entries that can't be read count for nothing.
pub fn evaluate_entries(web: WebId, entries: impl IntoIterator<Item: Borrow<Entry>>) -> Evaluation {
    evaluate(web, entries.into_iter().filter_map(|entry| Op::read(entry.borrow())).collect())
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
fn witnessed(
    ops: &[Op],
    frozen: &BTreeSet<EntryId>,
    (state, void): (&State, &Pages<EntryId, Void>),
) -> BTreeSet<EntryId> {
    let mut seen_by: BTreeMap<EntryId, BTreeSet<DeviceId>> = BTreeMap::new();
    // What comes before all of them has nothing to witness.
    let first = ops.iter().position(|op| frozen.contains(&op.id)).unwrap_or(ops.len());
    let ops = ops.get(first..).unwrap_or_default();
    let suspects = ops.iter().filter(|op| frozen.contains(&op.id));
    let forked: BTreeSet<DeviceId> = suspects.map(|op| op.author).collect();
    let person = |device: &DeviceId| state.person_of(*device);
    let mut witnessed = BTreeSet::new();
    // Children come after their parents, so one walk back carries what counts down to all it was built on.
    for op in ops.iter().rev() {
        let mut built_on = seen_by.remove(&op.id).unwrap_or_default();
        if built_on.iter().any(|device| person(device) != person(&op.author)) && frozen.contains(&op.id) {
            witnessed.insert(op.id);
        }
        let counts = !void.contains_key(&op.id) && !frozen.contains(&op.id);
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
    let mut void = Pages::default();
    for segment in order::segments(ops) {
        replay_segment(&mut state, segment, &mut void, frozen);
    }
    Evaluation { state, void, incomplete: 0, forked: BTreeSet::new() }
}

fn replay_segment(
    state: &mut State,
    ops: &[Op],
    void: &mut Pages<EntryId, Void>,
    frozen: &BTreeSet<EntryId>,
) {
    replay_with(state, ops, void, (frozen, &mut Verdicts::new()));
}

/// Replays a segment; the verdicts say what removals by several signatures are worth by their own pasts, as far as known.
fn replay_with(
    state: &mut State,
    ops: &[Op],
    void: &mut Pages<EntryId, Void>,
    (frozen, verdicts): (&BTreeSet<EntryId>, &mut Verdicts),
) {
    let segment = Segment::new(ops);
    dismissals::judge_all(state, &segment, frozen, verdicts);
    let is_suspect = |op: &&Op| !frozen.is_empty() && frozen.contains(&op.id);
    let mut refused: BTreeMap<EntryId, Void> =
        ops.iter().filter(is_suspect).map(|op| (op.id, Void::Forked)).collect();
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
