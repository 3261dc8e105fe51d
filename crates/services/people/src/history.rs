//! Brings the evaluation of a web up to what records has stored, one operation at a time where that is possible.

use std::collections::BTreeMap;

use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use store::{Rows, RowsMut, StoreError};
use wire::crypto::Strict;
use wire::entry::{Entry, Log};
use wire::governance::{Action, Operation};

use crate::evaluate::{Evaluation, Facts, Op, evaluate, facts};
use crate::tables::{CHECKED, CheckedRecord, ME, OLDER, WRAPS};

/// The evaluations of all webs; a cache of what rows say.
pub(crate) type Evaluations = BTreeMap<WebId, Known>;

/// What was evaluated of a web.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) evaluation: Evaluation,
    /// How far each chain was read.
    read: BTreeMap<DeviceId, u64>,
    forks: u64,
    /// What is not in people's rows yet.
    pending: Change,
}

impl Known {
    /// Returns what is not in people's rows yet, for writing it.
    pub(crate) fn take_pending(&mut self) -> Change {
        std::mem::replace(&mut self.pending, Change::Nothing)
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
    if let Some(known) = webs.get_mut(&web) {
        if known.read == heads && known.forks == forks {
            return Ok(false);
        }
        let turns = known.evaluation.state.turns;
        if known.forks == forks && append_new(known, step, web, &heads)? {
            known.read = heads;
            let is_same = known.evaluation.state.turns == turns;
            known.pending = known.pending.max(if is_same { Change::Elsewhere } else { Change::Members });
            return Ok(true);
        }
    }
    let evaluation = evaluate_all(step, web)?;
    webs.insert(web, Known { evaluation, read: heads, forks, pending: Change::Members });
    Ok(true)
}

/// Adds what is new one by one; returns false when it has to be evaluated together with the rest.
fn append_new(
    known: &mut Known,
    step: &mut Step<'_>,
    web: WebId,
    heads: &BTreeMap<DeviceId, u64>,
) -> Result<bool, Fault> {
    let mut ops = Vec::new();
    for (device, head) in heads {
        let first = known.read.get(device).map_or(1, |seq| seq.saturating_add(1));
        for seq in first..=*head {
            let bytes = records::entry(step.view(), web, *device, Log::Governance, seq)?;
            let Some(entry) = bytes.and_then(|bytes| Entry::read_known(&bytes).ok()) else {
                return Ok(false);
            };
            let Some(op) = read(step, web, &entry)? else { return Ok(false) };
            ops.push(op);
        }
    }
    ops.sort_by_key(Op::place);
    Ok(ops.iter().all(|op| known.evaluation.append(op)))
}

fn evaluate_all(step: &mut Step<'_>, web: WebId) -> Result<Evaluation, Fault> {
    let mut entries: Vec<Entry> = records::governance(step.view(), web).collect::<Result<_, _>>()?;
    for fork in records::forks(step.view(), web)?.into_iter().filter(|fork| fork.log == Log::Governance) {
        entries.extend([fork.one, fork.other].iter().filter_map(|bytes| Entry::read_known(bytes).ok()));
    }
    let mut ops = Vec::with_capacity(entries.len());
    for entry in &entries {
        ops.extend(read(step, web, entry)?);
    }
    Ok(evaluate(web, ops))
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
