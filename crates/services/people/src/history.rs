//! Brings the evaluation of a web up to what records has stored, one operation at a time where that is possible.

use std::collections::BTreeMap;

use base::{Fault, PersonId, WebId};
use kernel::Step;
use store::{Rows, RowsMut, StoreError};
use wire::entry::{Entry, Log};
use wire::governance::{Action, Operation};

use crate::evaluate::{Evaluation, Facts, Op, evaluate, facts};
use crate::tables::{CHECKED, CheckedRecord, ME, OLDER, WRAPS};

/// The evaluations of all webs; a cache of what rows say.
pub(crate) type Evaluations = BTreeMap<WebId, Evaluation>;

/// Evaluates what is new; returns whether anything was.
pub(crate) fn refresh(webs: &mut Evaluations, step: &mut Step<'_>, web: WebId) -> Result<bool, Fault> {
    let Some(mut evaluation) = webs.remove(&web) else {
        webs.insert(web, evaluate_all(step, web)?);
        return Ok(true);
    };
    let is_settled = evaluation.incomplete == 0 && !evaluation.is_forked;
    let has_forks = !records::forks(step.view(), web)?.is_empty();
    if !is_settled || has_forks {
        // What is missing may have come; such times are rare and short.
        let again = evaluate_all(step, web)?;
        let is_changed = again != evaluation;
        webs.insert(web, again);
        return Ok(is_changed);
    }
    let new = new_entries(step, web, &evaluation)?;
    if new.is_empty() {
        webs.insert(web, evaluation);
        return Ok(false);
    }
    let mut ops: Vec<Op> = Vec::new();
    for entry in &new {
        ops.extend(read(step, web, entry)?);
    }
    ops.sort_by_key(Op::place);
    let is_linear = ops.len() == new.len() && ops.iter().all(|op| evaluation.append(op));
    if !is_linear {
        evaluation = evaluate_all(step, web)?;
    }
    webs.insert(web, evaluation);
    Ok(true)
}

/// Returns governance entries that the evaluation has not seen.
fn new_entries(step: &Step<'_>, web: WebId, evaluation: &Evaluation) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for head in records::heads(step.view(), web)?.into_iter().filter(|head| head.log == Log::Governance) {
        let known = evaluation.state.chains.get(&head.device).map_or(0, |(seq, _)| *seq);
        for seq in known.saturating_add(1)..=head.seq {
            let bytes = records::entry(step.view(), web, head.device, Log::Governance, seq)?;
            entries.extend(bytes.and_then(|bytes| Entry::read_known(&bytes).ok()));
        }
    }
    Ok(entries)
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
    let op = Op::read_with(entry, |entry, action| {
        known.map_or_else(|| checked.insert(facts(entry, action)).clone(), |record| record.facts)
    });
    if let Some(facts) = checked {
        remember(step.rows(), entry, facts);
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
            known.map_or_else(|| facts(entry, action), |record| record.facts)
        }));
    }
    Ok(ops)
}

fn remember<R: RowsMut + ?Sized>(rows: &mut R, entry: &Entry, facts: Option<Facts>) {
    CHECKED.put(rows, &entry.id, &CheckedRecord { facts });
}

/// Keeps what an epoch brings for this person, sealed as it came: also of a void one, whose records may exist.
fn keep_keys(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let Ok(Operation { action: Action::Epoch { key, wraps, older }, .. }) = Operation::read(&entry.header.body) else {
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
