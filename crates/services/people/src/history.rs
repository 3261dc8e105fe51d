//! Brings the evaluation of a web up to what records has stored, one operation at a time where that is possible.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, EntryId, Fault, KeyId, PersonId, Timestamp, WebId};
use kernel::Step;
use store::{Rows, RowsMut, StoreError};
use wire::crypto::Strict;
use wire::entry::{Entry, Log};
use wire::governance::{Action, Operation, Role};

use crate::evaluate::{Act, Evaluation, Facts, Op, Timeline, facts};
use crate::tables::{CHECKED, CheckedRecord, ME, OLDER, WRAPS};

/// The evaluations of all webs; a cache of what rows say.
pub(crate) type Evaluations = BTreeMap<WebId, Known>;

/// How much longer than an evaluation took a peer rests before the next, about: whoever makes it evaluate much again and
/// again gets a fifth of a processor at most, and what comes meanwhile is evaluated together.
const REST: Duration = Duration::from_micros(20);

/// Operations that are replayed without a rest after it.
const WORK_FREE: u64 = 1_024;

/// The longest rest: a removal must be heard of.
const REST_MAX: Duration = Duration::from_secs(30);

/// What was evaluated of a web.
#[derive(Debug)]
pub(crate) struct Known {
    timeline: Timeline,
    /// How far each chain was read.
    read: BTreeMap<DeviceId, u64>,
    forks: u64,
    /// Entries beside the chains that were read.
    apart: BTreeSet<EntryId>,
    /// What is not in people's rows yet.
    pending: Change,
    rests_until: Timestamp,
}

impl Known {
    fn new(web: WebId) -> Self {
        Self {
            timeline: Timeline::new(web),
            read: BTreeMap::new(),
            forks: 0,
            apart: BTreeSet::new(),
            pending: Change::Nothing,
            rests_until: Timestamp::default(),
        }
    }

    /// Returns what was evaluated last.
    pub(crate) fn evaluation(&self) -> &Evaluation {
        self.timeline.evaluation()
    }

    /// Returns the keys that evaluated operations introduce, void ones among them. Of others nobody knows yet whom they are for.
    pub(crate) fn introduced(&self) -> BTreeSet<KeyId> {
        let key = |op: &Op| if let Act::Epoch { key, .. } = &op.act { Some(*key) } else { None };
        self.timeline.ops().filter_map(key).collect()
    }

    /// Says whether an operation of an admin waits for others that have not come.
    pub(crate) fn waits_for_an_admin(&self) -> bool {
        let state = &self.evaluation().state;
        let role = |device: DeviceId| state.devices.get(&device).and_then(|person| state.role(*person));
        self.timeline.left_out().any(|op| role(op.author) >= Some(Role::Admin))
    }

    /// Returns what is not in people's rows yet, for writing it.
    pub(crate) fn take_pending(&mut self) -> Change {
        std::mem::replace(&mut self.pending, Change::Nothing)
    }

    /// Returns how long news of others have to wait, because the last evaluation was dear; none when they need not.
    pub(crate) fn rest(&self, now: Timestamp) -> Option<Duration> {
        // A clock that was set back must not silence others for long.
        Some(self.rests_until.since(now).min(REST_MAX)).filter(|rest| !rest.is_zero())
    }

    fn extend(&mut self, ops: Vec<Op>, now: Timestamp) {
        let (before, state) = (self.timeline.work(), self.evaluation().state.clone());
        self.timeline.extend(ops);
        let work = self.timeline.work().saturating_sub(before);
        if work > WORK_FREE {
            let rest = REST.saturating_mul(u32::try_from(work).unwrap_or(u32::MAX)).min(REST_MAX);
            self.rests_until = now.after(rest);
        }
        let is_same = self.evaluation().state.has_same_members(&state);
        self.pending = self.pending.max(if is_same { Change::Elsewhere } else { Change::Members });
    }
}

/// What an evaluation has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing was new.
    Nothing,
    /// Something was added, and everybody is a member as before.
    Elsewhere,
    /// Who is a member may have changed.
    Members,
}

/// Evaluates what is new; returns whether anything was.
///
/// What was not evaluated before in this run counts as not in the rows: entries may have been stored since.
pub(crate) fn refresh(webs: &mut Evaluations, step: &mut Step<'_>, web: WebId) -> Result<bool, Fault> {
    let heads = records::heads(step.view(), web)?.into_iter().filter(|head| head.log == Log::Governance);
    let heads: BTreeMap<DeviceId, u64> = heads.map(|head| (head.device, head.seq)).collect();
    let forks = records::fork_news(step.view(), web)?;
    let mut ops = Vec::new();
    if let Some(known) = webs.get_mut(&web) {
        if known.read == heads && known.forks == forks {
            return Ok(false);
        }
        if known.forks != forks {
            let apart: Vec<Entry> = records::apart(step.view(), web).collect::<Result<_, _>>()?;
            let ids: BTreeSet<EntryId> = apart.iter().map(|entry| entry.id).collect();
            // A proof for a lower place took the place of another one, whose entries may be gone.
            let is_less = !known.apart.is_subset(&ids);
            for entry in apart.iter().filter(|_| !is_less) {
                ops.extend(read(step, web, entry)?);
            }
            known.apart = ids;
            if is_less {
                webs.remove(&web);
            }
        }
    }
    match webs.get(&web) {
        Some(known) => ops.extend(new(step, web, (&known.read, &heads))?),
        None => ops = all(step, web)?,
    }
    let now = step.now();
    let known = match webs.entry(web) {
        Slot::Occupied(known) => known.into_mut(),
        Slot::Vacant(place) => {
            let apart: Result<_, StoreError> =
                records::apart(step.view(), web).map(|entry| Ok(entry?.id)).collect();
            place.insert(Known { apart: apart?, pending: Change::Members, ..Known::new(web) })
        }
    };
    known.extend(ops, now);
    known.read = heads;
    known.forks = forks;
    Ok(true)
}

/// Reads what was stored since.
fn new(
    step: &mut Step<'_>,
    web: WebId,
    (read_to, heads): (&BTreeMap<DeviceId, u64>, &BTreeMap<DeviceId, u64>),
) -> Result<Vec<Op>, Fault> {
    let mut ops = Vec::new();
    for (device, head) in heads {
        let first = read_to.get(device).map_or(1, |seq| seq.saturating_add(1));
        for seq in first..=*head {
            let bytes = records::entry(step.view(), web, *device, Log::Governance, seq)?;
            let entry = bytes.and_then(|bytes| Entry::read_known(&bytes).ok());
            if let Some(entry) = entry {
                ops.extend(read(step, web, &entry)?);
            }
        }
    }
    Ok(ops)
}

fn all(step: &mut Step<'_>, web: WebId) -> Result<Vec<Op>, Fault> {
    let entries: Vec<Entry> = records::governance(step.view(), web).collect::<Result<_, _>>()?;
    let mut ops = Vec::with_capacity(entries.len());
    for entry in &entries {
        ops.extend(read(step, web, entry)?);
    }
    Ok(ops)
}

/// Reads an entry; what its signatures prove is found out once and remembered, keys for me are kept.
fn read(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<Option<Op>, StoreError> {
    let known = CHECKED.get(step.view(), &entry.id)?;
    let mut checked = None;
    let op = Op::read_with(entry, |entry, action| match known {
        Some(record) => record.facts,
        None => checked.insert(facts(entry, action, step.verifier())).clone(),
    });
    if let Some(facts) = checked {
        remember(step.rows(), entry, facts);
    }
    if op.as_ref().is_some_and(Op::is_beginning) {
        crate::recovering::note_inception(step, web, entry)?;
    }
    if op.as_ref().is_some_and(Op::is_change_of_words) {
        crate::words::note_change(step, web, entry)?;
    }
    if op.as_ref().is_some_and(Op::is_epoch) {
        keep_keys(step, web, entry)?;
    }
    Ok(op)
}

/// Reads entries for looking at a snapshot; remembers nothing.
pub(crate) fn read_all(rows: &dyn Rows, web: WebId) -> Result<Vec<Op>, StoreError> {
    let mut ops = Vec::new();
    for entry in records::governance(rows, web) {
        let entry = entry?;
        let known = CHECKED.get(rows, &entry.id)?;
        ops.extend(Op::read_with(&entry, |entry, action| {
            known.map_or_else(|| facts(entry, action, &Strict), |record| record.facts)
        }));
    }
    Ok(ops)
}

fn remember<R: RowsMut + ?Sized>(rows: &mut R, entry: &Entry, facts: Option<Facts>) {
    CHECKED.put(rows, &entry.id, &CheckedRecord { facts });
}

/// Keeps what an epoch brings for this person, sealed as it came: also of a void one, whose records may exist.
fn keep_keys(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let Ok(Operation { action: Action::Epoch { key, wraps, older }, .. }) =
        Operation::read(&entry.header.body)
    else {
        return Ok(());
    };
    let me: Option<PersonId> = ME.get(step.view(), &())?.map(|me| me.person);
    let mine = wraps.into_iter().find(|wrap| Some(wrap.person) == me && !wrap.sealed.is_empty());
    if let Some(mine) = mine
        && !WRAPS.has(step.view(), &(web, key))?
    {
        WRAPS.put(step.rows(), &(web, key), &mine.sealed);
    }
    for older in older {
        let place = (web, older.key, key);
        if !OLDER.has(step.view(), &place)? {
            OLDER.put(step.rows(), &place, &older.sealed);
        }
    }
    Ok(())
}
