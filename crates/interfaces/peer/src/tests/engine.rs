//! The kernel's thread with a small service, a driver and a store in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{DeviceId, Fault, FaultKind};
use kernel::{Driver, Effect, Input, Job, JobFailure, JobId, Kernel, ReadContext, Reader, Service, Step};
use serde_json::{Value, json};
use store::{Backing, Changes, Durability, MemoryBacking, Rows, StoreError, Table};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Outlets};
use crate::tests::vault_of;

const COUNT: Table<u64, u64> = Table::new("count.rows");

/// Counts, gives work and waits for alarms, as it is asked to.
struct Counter {
    waiting: Option<kernel::AskId>,
}

impl Service for Counter {
    fn name(&self) -> &'static str {
        "count"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Asked { ask, operation, .. } => match operation.as_str() {
                "count.add" => {
                    let count = COUNT.get(step.view(), &0)?.unwrap_or(0) + 1;
                    COUNT.put(step.rows(), &0, &count);
                    step.emit("count.added", &count);
                    step.reply(ask, &count);
                }
                "count.work" | "count.nobody" => {
                    self.waiting = Some(ask);
                    let kind = if operation == "count.work" { "count.able" } else { "count.unable" };
                    step.work(kind, Vec::new());
                }
                "count.later" => {
                    self.waiting = Some(ask);
                    step.alarm(Duration::from_millis(50), "later");
                }
                _ => return Err(Fault::new("count.unknown", FaultKind::Yours, "unknown")),
            },
            Input::Finished { outcome, .. } => {
                if let Some(ask) = self.waiting.take() {
                    step.reply(ask, &format!("{outcome:?}"));
                }
            }
            Input::Alarm { .. } => {
                if let Some(ask) = self.waiting.take() {
                    step.reply(ask, &"woken");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Nothing)
    }
}

struct Nothing;

impl Reader for Nothing {
    fn read(&self, _: &ReadContext<'_>, _: &str, _: Value) -> Result<Value, Fault> {
        Ok(Value::Null)
    }
}

/// Ends each job at once.
struct Quick(mpsc::Sender<Input>);

impl Driver for Quick {
    fn kinds(&self) -> &'static [&'static str] {
        &["count.able"]
    }

    fn work(&self, job: Job) {
        self.0.try_send(Input::Finished { job: job.id, outcome: Ok(b"done".to_vec()) }).unwrap();
    }

    fn cancel(&self, _: JobId) {}
}

/// A disk that is full as long as it is told to be.
struct Disk {
    rows: MemoryBacking,
    is_full: Arc<Mutex<bool>>,
}

impl Backing for Disk {
    fn snapshot(&self) -> Result<Box<dyn Rows + Send>, StoreError> {
        self.rows.snapshot()
    }

    fn commit(&self, changes: Changes, durability: Durability) -> Result<(), StoreError> {
        if *self.is_full.lock().unwrap() {
            return Err(StoreError::Full(std::io::Error::from(std::io::ErrorKind::StorageFull)));
        }
        self.rows.commit(changes, durability)
    }
}

struct Running {
    engine: Engine,
    inputs: mpsc::Sender<Input>,
    events: watch::Receiver<u64>,
    ended: CancellationToken,
    is_full: Arc<Mutex<bool>>,
    _home: tempfile::TempDir,
}

fn running() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let home = crate::Home::open(&folder.path().join("home")).unwrap();
    let vault = Box::new(vault_of(&home));
    let is_full = Arc::<Mutex<bool>>::default();
    let disk = Arc::new(Disk { rows: MemoryBacking::default(), is_full: Arc::clone(&is_full) });
    let kernel = Kernel::open(disk, vec![Box::new(Counter { waiting: None })], vault).unwrap();
    let (inputs, heard) = mpsc::channel(16);
    let (last_event, events) = watch::channel(0);
    let network = Box::new(|effect: Effect| panic!("nothing is for the network: {effect:?}"));
    let outlets = Outlets { network, drivers: vec![Arc::new(Quick(inputs.clone()))], last_event };
    let ended = CancellationToken::new();
    let engine = Engine::start(kernel, heard, outlets, ended.clone()).unwrap();
    Running { engine, inputs, events, ended, is_full, _home: folder }
}

#[tokio::test]
async fn a_question_is_answered_and_its_event_is_told() {
    let mut running = running();
    assert_eq!(running.engine.ask("count.add", json!({}), None).await, Ok(json!(1)));
    assert_eq!(running.engine.ask("count.add", json!({}), None).await, Ok(json!(2)));
    running.events.wait_for(|number| *number == 2).await.unwrap();
    assert_eq!(running.engine.ask("count.what", json!({}), None).await.unwrap_err().code, "count.unknown");
    running.engine.stop().await;
}

#[tokio::test]
async fn an_operation_named_twice_is_done_once() {
    let running = running();
    let id = Some(base::OperationId::new([7; 16]));
    assert_eq!(running.engine.ask("count.add", json!({}), id).await, Ok(json!(1)));
    assert_eq!(running.engine.ask("count.add", json!({}), id).await, Ok(json!(1)));
    running.engine.stop().await;
}

#[tokio::test]
async fn work_goes_to_the_driver_of_its_kind_and_back_as_failed_when_there_is_none() {
    let running = running();
    let done = format!("{:?}", Ok::<_, JobFailure>(b"done".to_vec()));
    assert_eq!(running.engine.ask("count.work", json!({}), None).await, Ok(json!(done)));
    let nobody = format!("{:?}", Err::<Vec<u8>, _>(JobFailure::NoDriver));
    assert_eq!(running.engine.ask("count.nobody", json!({}), None).await, Ok(json!(nobody)));
    running.engine.stop().await;
}

#[tokio::test]
async fn an_alarm_wakes_the_thread() {
    let running = running();
    assert_eq!(running.engine.ask("count.later", json!({}), None).await, Ok(json!("woken")));
    running.engine.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_peer_goes_on_when_there_is_space() {
    let running = running();
    *running.is_full.lock().unwrap() = true;
    assert_eq!(running.engine.ask("count.add", json!({}), None).await.unwrap_err().code, "store.full");
    assert_eq!(running.engine.health().trouble.unwrap().code, "store.full");
    *running.is_full.lock().unwrap() = false;
    assert_eq!(running.engine.ask("count.add", json!({}), None).await, Ok(json!(1)));
    assert!(running.engine.health().trouble.is_none());
    running.engine.stop().await;
}

#[tokio::test]
async fn after_the_stop_nothing_is_answered_and_everybody_knows() {
    let running = running();
    running
        .inputs
        .send(Input::Disconnected { device: DeviceId::new([0; 32]), channel: kernel::Channel::Member })
        .await
        .unwrap();
    running.engine.stop().await;
    running.ended.cancelled().await;
    assert_eq!(running.engine.ask("count.add", json!({}), None).await.unwrap_err().code, "peer.stopping");
}
