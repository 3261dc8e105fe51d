//! The service as the kernel meets it: which input leads where.

use std::collections::BTreeMap;

use api::Operation;
use api::ledger::{
    AskLedgers, AskLog, AskWish, AskWishes, GiveUp, OpenLedger, ReadLedger, SetKeepers, Start, Submit,
};
use base::{DeviceId, Fault, FaultKind, LedgerId};
use kernel::{AskId, Channel, Input, ReadContext, Reader, Service, Step};
use records::Told;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::asking::{ANSWER, Awaited};
use crate::budget::Budget;
use crate::faults::LedgerError;
use crate::messages::{Message, Says};
use crate::reading::{self, Looker};
use crate::tables::{HEADS, LEDGERS, LedgerRow};
use crate::voting::silence_halted;
use crate::work::{TEND, Work};

/// Makes the service.
pub fn service() -> Ledgers {
    Ledgers::default()
}

/// Keeps ledgers. Its fields are what is under way; rows say what is decided, voted and wished.
#[derive(Debug, Default)]
pub struct Ledgers {
    pub(crate) works: BTreeMap<LedgerId, Work>,
    pub(crate) awaited: Vec<Awaited>,
    /// How often a device may still ask or wish something.
    budgets: BTreeMap<DeviceId, Budget>,
    /// Whether the works are those of the rows.
    is_loaded: bool,
}

impl Service for Ledgers {
    fn name(&self) -> &'static str {
        "ledger"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        self.load(step)?;
        let done = self.take(step, input);
        if let Err(fault) = &done
            && !fault.code.starts_with("ledger.")
        {
            self.forget();
        }
        done?;
        self.answer(step)
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for work in self.works.values_mut().filter(|work| work.is_changed) {
            work.is_changed = false;
            let slot = HEADS.get(step.view(), &work.id)?.unwrap_or_default().slot;
            let web = people::read::web_label(step.view(), work.row.web)?;
            let about = serde_json::json!({ "web": web, "id": work.id, "name": work.row.name, "slot": slot });
            step.emit("ledger.changed", &about);
        }
        Ok(())
    }

    fn forget(&mut self) {
        // Whoever waits for an answer gets it from the rows.
        self.works.clear();
        self.budgets.clear();
        self.is_loaded = false;
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(LedgerReader)
    }
}

impl Ledgers {
    /// Makes what is under way from the rows, after a start or a failure.
    fn load(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if self.is_loaded {
            return Ok(());
        }
        self.is_loaded = true;
        // Also before any ledger is known: one that was may be announced to this home anew.
        silence_halted(step)?;
        let rows: Vec<(LedgerId, LedgerRow)> = LEDGERS.all(step.view()).collect::<Result<_, _>>()?;
        for (id, row) in rows {
            let mut work = Work::new(id, row);
            work.tend(step)?;
            self.works.insert(id, work);
        }
        Ok(())
    }

    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Told { by: "records", message } => {
                if let Ok(Told::Record { web, author, body, .. }) = Told::from_bytes(&message) {
                    self.hear_record(step, web, author, &body)?;
                }
            }
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments)?,
            Input::Heard { from, channel: Channel::Member, message, .. } => {
                self.hear(step, from, &message)?;
            }
            Input::Connected { device, channel: Channel::Member } => {
                for work in self.works.values_mut() {
                    work.meet(step, device, true)?;
                }
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                self.budgets.remove(&device);
                for work in self.works.values_mut() {
                    work.followers.remove(&device);
                    work.meet(step, device, false)?;
                }
            }
            Input::Alarm { key } if key != ANSWER => {
                let id = key.strip_prefix(TEND).and_then(|id| id.parse().ok());
                if let Some(work) = id.and_then(|id: LedgerId| self.works.get_mut(&id)) {
                    work.tend(step)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            Start::NAME => self.ask_start(step, ask, &arguments_of(operation, arguments)?),
            OpenLedger::NAME => self.ask_open(step, ask, &arguments_of(operation, arguments)?),
            Submit::NAME => self.ask_submit(step, ask, arguments_of(operation, arguments)?),
            GiveUp::NAME => self.ask_give_up(step, ask, &arguments_of(operation, arguments)?),
            SetKeepers::NAME => self.ask_keepers(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(no_operation(operation)),
        }
    }

    fn hear(&mut self, step: &mut Step<'_>, from: DeviceId, message: &[u8]) -> Result<(), Fault> {
        let Message { ledger, says } = match Message::read(message) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(peer = %from.short(), %error, "a ledger message was dropped");
                return Ok(());
            }
        };
        let Some(work) = self.works.get_mut(&ledger) else { return Ok(()) };
        if !work.is_member(step, from)? || !work.is_member(step, step.me())? {
            return Ok(());
        }
        let now = step.now();
        if matches!(says, Says::Submit { .. } | Says::Ask { .. } | Says::AskPart { .. })
            && !self.budgets.entry(from).or_insert_with(|| Budget::new(now)).take(now)
        {
            return Ok(());
        }
        match says {
            Says::Submit { id, since, wants } => work.hear_submit(step, from, (id, since), wants)?,
            Says::Prepare { slot, round } => work.hear_prepare(step, from, (slot, round))?,
            Says::Promise { slot, round, accepted } => {
                work.hear_promise(step, from, (slot, round), accepted)?;
            }
            Says::Accept { slot, round, batch } => work.hear_accept(step, from, (slot, round), batch)?,
            Says::Accepted { slot, round } => work.hear_accepted(step, from, (slot, round))?,
            Says::Higher { slot, round, promised } => {
                work.hear_higher(step, from, (slot, round), promised)?;
            }
            Says::Chosen { first, batches, last } => work.hear_chosen(step, from, (first, batches), last)?,
            Says::Ask { after } => work.answer_ask(step, from, after)?,
            Says::News { last, keepers_since, here } => {
                work.hear_news(step, from, (last, keepers_since, here))?;
            }
            Says::Snapshot { slot, part, parts, bytes } => {
                work.hear_snapshot(step, from, (slot, part, parts), &bytes)?;
            }
            Says::AskPart { slot, part } => work.answer_part(step, from, (slot, part))?,
        }
        work.tend(step)
    }
}

fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        LedgerError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

fn no_operation(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    LedgerError::BadArguments { operation: operation.to_owned(), why }.into()
}

/// Answers read operations.
#[derive(Debug)]
struct LedgerReader;

impl Reader for LedgerReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let (rows, looker) = (context.rows, Looker::of(context));
        match operation {
            AskLedgers::NAME => value(&reading::list(rows, &arguments_of(operation, arguments)?)?),
            ReadLedger::NAME => value(&reading::state(rows, looker, &arguments_of(operation, arguments)?)?),
            AskWish::NAME => {
                let asked: AskWish = arguments_of(operation, arguments)?;
                value(&reading::wish(rows, looker, &asked.id)?)
            }
            AskWishes::NAME => value(&reading::wishes(rows, looker, &arguments_of(operation, arguments)?)?),
            AskLog::NAME => value(&reading::log(rows, &arguments_of(operation, arguments)?)?),
            _ => Err(no_operation(operation)),
        }
    }
}

fn value<T: Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("ledger.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
