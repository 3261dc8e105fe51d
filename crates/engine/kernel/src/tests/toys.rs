//! Two services small enough to be read at a glance, and a house for them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{DeviceId, Fault, FaultKind, Timestamp};
use serde_json::{Value, json};
use store::{Backing, MemoryBacking, StoreError, Table};
use wire::crypto::{SignKey, Signature, Signer, Verifier};

use crate::{AskId, Channel, Effect, Input, Kernel, ReadContext, Reader, Service, Step, Vault};

const LEDGER: Table<u64, String> = Table::new("ledger.lines");
const ECHO: Table<u64, String> = Table::new("echo.lines");

/// How often the next steps of `echo` and closings of `ledger` shall panic.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    pub(super) echo_panics: Arc<AtomicU32>,
    pub(super) close_panics: Arc<AtomicU32>,
    pub(super) forgotten: Arc<AtomicU32>,
}

fn panic_if_due(left: &AtomicU32) {
    let due = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    assert!(due.is_err(), "scripted panic");
}

fn append(step: &mut Step<'_>, table: Table<u64, String>, line: &str) -> Result<(), StoreError> {
    let last = table.within_back(step.view(), &()).next().transpose()?.map_or(0, |(number, _)| number);
    table.put(step.rows(), &(last + 1), &line.to_owned());
    Ok(())
}

/// Writes lines, and does what it is asked.
struct Ledger {
    script: Script,
    open: Vec<AskId>,
}

impl Ledger {
    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: &Value,
    ) -> Result<(), Fault> {
        let text = arguments["text"].as_str().unwrap_or_default();
        let wait = Duration::from_millis(arguments["wait_ms"].as_u64().unwrap_or_default());
        match operation {
            "ledger.write" => append(step, LEDGER, text)?,
            "ledger.relaxed" => {
                append(step, LEDGER, text)?;
                step.emit("ledger.relaxed", &text);
                step.relax_durability();
            }
            "ledger.refuse" => {
                append(step, LEDGER, text)?;
                step.emit("ledger.refused", &text);
                step.tell("echo", text.as_bytes().to_vec());
                step.send(step.me(), Channel::Member, Vec::new());
                step.reply(ask, &"never said");
                return Err(Fault::new("ledger.refused", FaultKind::Yours, text));
            }
            "ledger.panic" => {
                append(step, LEDGER, text)?;
                panic!("asked to panic");
            }
            "ledger.draw" => {
                let drawn = [step.random("one"), step.random("one"), step.random("two")];
                append(step, LEDGER, &format!("{drawn:?}"))?;
            }
            "ledger.emit" => {
                (0..arguments["count"].as_u64().unwrap_or(1))
                    .for_each(|number| step.emit("ledger.counted", &number));
            }
            "ledger.tell" => {
                append(step, LEDGER, text)?;
                step.tell("echo", text.as_bytes().to_vec());
                step.tell("nobody", text.as_bytes().to_vec());
            }
            "ledger.announce" => step.announce(text.as_bytes().to_vec()),
            "ledger.ping" => step.tell("echo", b"ping".to_vec()),
            "ledger.alarm" => step.alarm(wait, arguments["key"].as_str().unwrap_or_default()),
            "ledger.work" => drop(step.work("ledger.dig", Vec::new())),
            "ledger.later" => {
                append(step, LEDGER, "later")?;
                step.alarm(wait, "answer");
                self.open.push(ask);
                return Ok(());
            }
            _ => {}
        }
        step.reply(ask, &"written");
        Ok(())
    }
}

impl Service for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, &arguments)?,
            Input::Alarm { key } if key == "answer" => {
                for ask in std::mem::take(&mut self.open) {
                    step.reply(ask, &"now");
                    step.reply(ask, &"not a second time");
                }
            }
            Input::Alarm { key } => append(step, LEDGER, &format!("alarm {key}"))?,
            Input::Progress { report, .. } => {
                append(step, LEDGER, &format!("progress {}", String::from_utf8_lossy(&report)))?;
            }
            Input::Finished { outcome, .. } => {
                let outcome = outcome.unwrap_or_else(|failure| format!("{failure:?}").into_bytes());
                append(step, LEDGER, &format!("finished {}", String::from_utf8_lossy(&outcome)))?;
            }
            Input::Heard { message, .. } if message == b"panic" => panic!("heard a word"),
            Input::Heard { message, .. } => append(step, LEDGER, &String::from_utf8_lossy(&message))?,
            Input::Told { message, .. } => {
                append(step, LEDGER, &String::from_utf8_lossy(&message))?;
                step.tell("echo", b"ping".to_vec());
            }
            _ => {}
        }
        Ok(())
    }

    fn close_batch(&mut self, _: &mut Step<'_>) -> Result<(), Fault> {
        panic_if_due(&self.script.close_panics);
        Ok(())
    }

    fn forget(&mut self) {
        self.script.forgotten.fetch_add(1, Ordering::SeqCst);
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(LedgerReader)
    }
}

struct LedgerReader;

impl Reader for LedgerReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, _: Value) -> Result<Value, Fault> {
        assert_ne!(operation, "ledger.panic");
        Ok(json!(LEDGER.all(context.rows).count()))
    }
}

/// Writes what it is told; answers `ping` with `pong`, without end.
struct Echo {
    script: Script,
    closed: u32,
}

impl Service for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["ledger"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let line = match &input {
            Input::Started => return Ok(()),
            Input::Told { by, message } => format!("{by}: {}", String::from_utf8_lossy(message)),
            other => format!("{other:?}"),
        };
        append(step, ECHO, &line)?;
        panic_if_due(&self.script.echo_panics);
        if line == "ledger: ping" {
            step.tell("ledger", b"pong".to_vec());
        }
        if line == "ledger: close" {
            self.closed = 2;
        }
        Ok(())
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if self.closed > 0 {
            self.closed -= 1;
            step.tell("echo", format!("closed, {} to go", self.closed).into_bytes());
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.closed = 0;
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(LedgerReader)
    }
}

/// The keys of Alice, who signs and opens nothing here.
struct AliceVault(SignKey);

impl Signer for AliceVault {
    fn device(&self) -> DeviceId {
        self.0.device()
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.0.sign(domain, bytes)
    }
}

impl Verifier for AliceVault {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        wire::crypto::Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for AliceVault {
    fn inception(&self) -> Vec<u8> {
        Vec::new()
    }

    fn open(&self, _: &[u8], _: &str, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open_for_device(&self, _: &[u8], _: &str, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn seal_person(&self, _: &DeviceId, _: &str, _: &[u8], _: &[u8; 32]) -> Option<Vec<u8>> {
        None
    }
}

/// A kernel, its clock and its seeds.
pub(super) struct House {
    pub(super) kernel: Kernel,
    pub(super) now: Timestamp,
    pub(super) script: Script,
    pub(super) commits: Arc<Mutex<u32>>,
    /// What the next commits fail with.
    pub(super) failing: Arc<Mutex<u32>>,
    pub(super) backing: Arc<dyn Backing>,
    batches: u8,
}

/// Starts a house in memory; `Started` has been told.
pub(super) fn start() -> House {
    let (commits, failing) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0_u32)));
    let backing = MemoryBacking::with_faults({
        let (commits, failing) = (Arc::clone(&commits), Arc::clone(&failing));
        move || {
            let mut failing = failing.lock().unwrap();
            if *failing > 0 {
                *failing -= 1;
                return Some(StoreError::Full(std::io::Error::from(std::io::ErrorKind::StorageFull)));
            }
            *commits.lock().unwrap() += 1;
            None
        }
    });
    let mut house = House::open(Arc::new(backing), commits, failing, Script::default());
    house.batch(vec![]);
    house
}

impl House {
    pub(super) fn over(backing: Arc<dyn Backing>) -> Self {
        Self::open(backing, Arc::default(), Arc::default(), Script::default())
    }

    fn open(
        backing: Arc<dyn Backing>,
        commits: Arc<Mutex<u32>>,
        failing: Arc<Mutex<u32>>,
        script: Script,
    ) -> Self {
        let services: Vec<Box<dyn Service>> = vec![
            Box::new(Ledger { script: script.clone(), open: Vec::new() }),
            Box::new(Echo { script: script.clone(), closed: 0 }),
        ];
        let vault = Box::new(AliceVault(SignKey::from_seed(&[1; 32])));
        let kernel = Kernel::open(Arc::clone(&backing), services, vault).unwrap();
        let now = Timestamp::from_millis(1_790_000_000_000);
        Self { kernel, now, script, commits, failing, backing, batches: 0 }
    }

    /// Stops without warning and starts again over what was committed.
    pub(super) fn restart(self) -> Self {
        let Self { now, script, commits, failing, backing, .. } = self;
        let mut house = Self::open(backing, commits, failing, script);
        house.now = now;
        house.batch(vec![]);
        house
    }

    pub(super) fn batch(&mut self, inputs: Vec<Input>) -> Vec<Effect> {
        self.batches += 1;
        self.kernel.batch(self.now, [self.batches; 32], inputs).unwrap()
    }

    pub(super) fn lines(&self, table: &'static str) -> Vec<String> {
        let rows = self.backing.snapshot().unwrap();
        Table::<u64, String>::new(table).all(&*rows).map(|row| row.unwrap().1).collect()
    }

    pub(super) fn count(&self, table: &'static str) -> usize {
        self.rows(table).len()
    }

    fn rows(&self, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        use std::ops::Bound::Unbounded;
        let rows = self.backing.snapshot().unwrap();
        rows.range(table, Unbounded, Unbounded).map(Result::unwrap).collect()
    }

    pub(super) fn all_rows(&self) -> String {
        let tables = [
            "ledger.lines",
            "echo.lines",
            "kernel.events",
            "kernel.inbox",
            "kernel.aside",
            "kernel.asked",
            "kernel.asked-by-time",
            "kernel.runs",
        ];
        tables.map(|table| format!("{table} {:?}\n", self.rows(table))).concat()
    }
}

pub(super) fn asked(ask: u64, operation: &str, arguments: Value) -> Input {
    Input::Asked { ask: AskId(ask), operation: operation.to_owned(), arguments }
}

pub(super) fn heard(service: &str, message: &[u8]) -> Input {
    let from = DeviceId::new([9; 32]);
    Input::Heard { from, channel: Channel::Member, service: service.to_owned(), message: message.to_vec() }
}

pub(super) fn replies(effects: &[Effect]) -> Vec<(AskId, Result<Value, Fault>)> {
    let reply = |effect: &Effect| match effect {
        Effect::Reply { ask, outcome } => Some((*ask, outcome.clone())),
        _ => None,
    };
    effects.iter().filter_map(reply).collect()
}

pub(super) fn codes(effects: &[Effect]) -> Vec<String> {
    replies(effects).into_iter().filter_map(|(_, reply)| Some(reply.err()?.code)).collect()
}

pub(super) fn wakes(effects: &[Effect]) -> Vec<u64> {
    let wake = |effect: &Effect| match effect {
        Effect::WakeAt(at) => Some(at.millis()),
        _ => None,
    };
    effects.iter().filter_map(wake).collect()
}
