//! Questions of persons until they are answered, and for a day after that.
//!
//! A question may carry an operation id. The same id again gets the recorded answer, or waits for the one that is
//! still to come, and nothing is done twice: a lost connection between a person and the peer is harmless.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{Fault, OperationId, Timestamp};
use minicbor::{Decode, Encode};
use store::{RowsMut, StoreError, Table};

use crate::{AskId, Effect, faults};

/// How long an answer is kept for whoever asks again.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// Old answers dropped with each new one, so that a busy day's answers go as they came.
const DROPPED_EACH: usize = 4;

const ASKED: Table<OperationId, AskedRow> = Table::new("kernel.asked");
const ASKED_BY_TIME: Table<(u64, OperationId), u8> = Table::new("kernel.asked-by-time");

#[derive(Debug, Encode, Decode)]
struct AskedRow {
    #[n(0)]
    at: Timestamp,
    /// BLAKE3 of operation and arguments: an id names one question only.
    #[cbor(n(1), with = "minicbor::bytes")]
    question: [u8; 32],
    /// JSON of the answer or fault; none while it is to come.
    #[n(2)]
    outcome: Option<String>,
}

/// What an answer is.
pub(crate) type Outcome = Result<serde_json::Value, Fault>;

/// What to do with a question.
pub(crate) enum Admission {
    /// It is new: let the service act.
    Act,
    /// It was asked before and its answer is still to come.
    Wait,
    /// The answer is known.
    Answer(Outcome),
}

#[derive(Debug)]
struct Pending {
    service: &'static str,
    operation: String,
    named: Option<(OperationId, [u8; 32])>,
    /// Others who asked the same, and whether in the batch that runs.
    joined: Vec<(AskId, bool)>,
    /// Asked in the batch that runs.
    is_new: bool,
    /// Answered in the batch that runs.
    is_answered: bool,
}

/// The questions that wait for an answer.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    pending: BTreeMap<AskId, Pending>,
    names: BTreeMap<AskId, OperationId>,
}

impl Asks {
    /// Notes the operation id of a question that comes with the next batch.
    pub(crate) fn name(&mut self, ask: AskId, id: OperationId) {
        self.names.insert(ask, id);
    }

    /// Takes a question in.
    pub(crate) fn admit<R: RowsMut + ?Sized>(
        &mut self,
        rows: &R,
        now: Timestamp,
        ask: AskId,
        (service, operation, arguments): (&'static str, &str, &serde_json::Value),
    ) -> Result<Admission, StoreError> {
        let named = self.names.remove(&ask).map(|id| (id, question(operation, arguments)));
        if let Some((id, question)) = named {
            let alike =
                self.pending.values_mut().find(|pending| pending.named.is_some_and(|(of, _)| of == id));
            if let Some(pending) = alike.filter(|pending| !pending.is_answered) {
                if pending.named != named {
                    return Ok(Admission::Answer(Err(faults::operation_id_reused(operation))));
                }
                pending.joined.push((ask, true));
                return Ok(Admission::Wait);
            }
            let known = ASKED.get(rows, &id)?.filter(|row| now.since(row.at) < KEPT_FOR);
            if let Some(row) = known {
                return Ok(Admission::Answer(answer_of(row, question, operation)));
            }
        }
        let operation = operation.to_owned();
        let pending =
            Pending { service, operation, named, joined: Vec::new(), is_new: true, is_answered: false };
        self.pending.insert(ask, pending);
        Ok(Admission::Act)
    }

    /// Notes in the rows that a question was acted on and that its answer is still to come, unless it was answered.
    pub(crate) fn acted<R: RowsMut + ?Sized>(
        &mut self,
        rows: &mut R,
        now: Timestamp,
        ask: AskId,
    ) -> Result<(), StoreError> {
        match self.pending.get(&ask) {
            Some(Pending { named: Some((id, question)), is_answered: false, .. }) => {
                record(rows, now, *id, &AskedRow { at: now, question: *question, outcome: None })
            }
            _ => Ok(()),
        }
    }

    /// Answers a question and all who asked the same; an answer to a question that is not open goes nowhere.
    pub(crate) fn answer<R: RowsMut + ?Sized>(
        &mut self,
        rows: &mut R,
        now: Timestamp,
        ask: AskId,
        outcome: &Outcome,
    ) -> Result<Vec<Effect>, StoreError> {
        if let Some(Pending { named: Some((id, question)), is_answered: false, .. }) = self.pending.get(&ask)
        {
            let text = serde_json::to_string(outcome).ok();
            record(rows, now, *id, &AskedRow { at: now, question: *question, outcome: text })?;
        }
        Ok(self.fail(ask, outcome))
    }

    /// Answers without a record: nothing was done, so the same question may be asked again.
    pub(crate) fn fail(&mut self, ask: AskId, outcome: &Outcome) -> Vec<Effect> {
        let Some(pending) = self.pending.get_mut(&ask).filter(|pending| !pending.is_answered) else {
            return Vec::new();
        };
        pending.is_answered = true;
        let asks = std::iter::once(ask).chain(pending.joined.iter().map(|(ask, _)| *ask));
        asks.map(|ask| Effect::Reply { ask, outcome: outcome.clone() }).collect()
    }

    /// Answers all open questions to a service.
    pub(crate) fn fail_all(&mut self, service: &str, fault: &Fault) -> Vec<Effect> {
        let open =
            self.pending.iter().filter(|(_, pending)| pending.service == service && !pending.is_answered);
        let open: Vec<AskId> = open.map(|(ask, _)| *ask).collect();
        open.into_iter().flat_map(|ask| self.fail(ask, &Err(fault.clone()))).collect()
    }

    /// The batch was committed.
    pub(crate) fn keep(&mut self) {
        self.names.clear();
        self.pending.retain(|_, pending| !pending.is_answered);
        for pending in self.pending.values_mut() {
            pending.is_new = false;
            pending.joined.iter_mut().for_each(|(_, is_new)| *is_new = false);
        }
    }

    /// The batch was not committed: its questions are gone, what it answered is open again.
    pub(crate) fn drop_batch(&mut self) {
        self.names.clear();
        self.pending.retain(|_, pending| !pending.is_new);
        for pending in self.pending.values_mut() {
            pending.is_answered = false;
            pending.joined.retain(|(_, is_new)| !is_new);
        }
    }

    /// Returns the operation of an open question.
    pub(crate) fn operation(&self, ask: AskId) -> &str {
        self.pending.get(&ask).map_or("", |pending| &pending.operation)
    }
}

fn question(operation: &str, arguments: &serde_json::Value) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(operation.as_bytes()).update(&[0]).update(arguments.to_string().as_bytes());
    *hasher.finalize().as_bytes()
}

fn answer_of(row: AskedRow, question: [u8; 32], operation: &str) -> Outcome {
    if row.question != question {
        return Err(faults::operation_id_reused(operation));
    }
    let outcome = row.outcome.and_then(|text| serde_json::from_str::<Outcome>(&text).ok());
    outcome.unwrap_or_else(|| Err(faults::interrupted(operation)))
}

fn record<R: RowsMut + ?Sized>(
    rows: &mut R,
    now: Timestamp,
    id: OperationId,
    row: &AskedRow,
) -> Result<(), StoreError> {
    if let Some(before) = ASKED.get(rows, &id)? {
        ASKED_BY_TIME.delete(rows, &(before.at.millis(), id));
    }
    let is_old = |at: u64| now.since(Timestamp::from_millis(at)) >= KEPT_FOR;
    let mut old = Vec::new();
    for entry in ASKED_BY_TIME.all(rows).take(DROPPED_EACH) {
        let (key, _) = entry?;
        if is_old(key.0) {
            old.push(key);
        }
    }
    for (at, id) in old {
        ASKED_BY_TIME.delete(rows, &(at, id));
        ASKED.delete(rows, &id);
    }
    ASKED_BY_TIME.put(rows, &(row.at.millis(), id), &0);
    ASKED.put(rows, &id, row);
    Ok(())
}
