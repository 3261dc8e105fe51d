//! A peer with `mail` and a stand-in for `records` that writes the rows of `people` once, and then tells what a test says.

use std::ops::Bound::Unbounded;
use std::sync::{Arc, Mutex};

use base::{DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::{AskId, Effect, Input, Kernel, ReadContext, Reader, Service, Step, Vault};
use minicbor::{Encode, Encoder};
use records::Told;
use serde_json::{Value, json};
use store::{Backing, MemoryBacking, RowsMut as _};
use wire::crypto::{SignKey, Signature, Signer, Strict, Verifier};
use wire::governance::Role;

use crate::statement::Body;

pub(super) const WEB: WebId = WebId::new([1; 32]);

/// The peer is Zoe's, who only reads along here; Alice, Bob and Carol are 0 to 2.
pub(super) fn device(number: u8) -> DeviceId {
    DeviceId::new([10 + number; 32])
}

pub(super) fn person(number: u8) -> PersonId {
    PersonId::from_slice(&[20 + number; PersonId::LEN]).unwrap()
}

const ZOE: u8 = 9;

/// Two call themselves Bob.
const NAMES: [&str; 10] = ["Alice", "Bob", "Bob", "", "", "", "", "", "", "Zoe"];

/// Tells `mail` what lies in the list.
struct Teller(Arc<Mutex<Vec<Vec<u8>>>>);

impl Service for Teller {
    fn name(&self) -> &'static str {
        "records"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        if let Input::Asked { ask, operation, .. } = input {
            match operation.as_str() {
                "records.people" => write_people(step),
                _ => {
                    for told in std::mem::take(&mut *self.0.lock().unwrap()) {
                        step.tell("mail", told);
                    }
                }
            }
            step.reply(ask, &"told");
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(NoReads)
    }
}

struct NoReads;

impl Reader for NoReads {
    fn read(&self, _: &ReadContext<'_>, _: &str, _: Value) -> Result<Value, Fault> {
        Ok(Value::Null)
    }
}

fn row(step: &mut Step<'_>, table: &'static str, key: &[&[u8]], write: impl FnOnce(&mut Encoder<Vec<u8>>)) {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder);
    step.rows().put(table, &key.concat(), encoder.into_writer());
}

/// Writes what `people` would know: a web `town`, who belongs to it, who I am.
fn write_people(step: &mut Step<'_>) {
    let web = WEB.as_bytes();
    row(step, "people.webs", &[web], |encoder| {
        encoder.array(6).unwrap().str("town").unwrap().str("").unwrap().u8(1).unwrap();
        encoder.u8(4).unwrap().bool(true).unwrap().u8(0).unwrap();
    });
    row(step, "people.web-labels", &[b"town"], |encoder| {
        encoder.bytes(WEB.as_bytes()).unwrap();
    });
    for (number, role) in [(0, Role::Owner), (1, Role::Member), (2, Role::Member), (ZOE, Role::Member)] {
        let (device, person) = (device(number), person(number));
        row(step, "people.devices", &[web, device.as_bytes()], |encoder| {
            encoder.bytes(person.as_bytes()).unwrap();
        });
        row(step, "people.webs-of", &[device.as_bytes(), web], |encoder| {
            encoder.bool(true).unwrap();
        });
        row(step, "people.members", &[web, person.as_bytes()], |encoder| {
            encoder.array(5).unwrap();
            role.encode(encoder, &mut ()).unwrap();
            encoder.u8(number).unwrap().array(1).unwrap().bytes(device.as_bytes()).unwrap();
            encoder.u8(0).unwrap().str(NAMES[usize::from(number) % 10]).unwrap();
        });
        row(step, "people.names", &[web, person.as_bytes()], |encoder| {
            encoder.str(NAMES[usize::from(number) % 10]).unwrap();
        });
    }
    let (device, person) = (device(ZOE), person(ZOE));
    row(step, "people.me", &[], |encoder| {
        encoder.array(6).unwrap().bytes(person.as_bytes()).unwrap().bytes(device.as_bytes()).unwrap();
        encoder.str("Zoe").unwrap().array(0).unwrap().array(0).unwrap().u8(0).unwrap();
    });
}

struct ZoeVault(SignKey);

impl Signer for ZoeVault {
    fn device(&self) -> DeviceId {
        self.0.device()
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.0.sign(domain, bytes)
    }
}

impl Verifier for ZoeVault {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for ZoeVault {
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

pub(super) struct House {
    kernel: Kernel,
    backing: Arc<dyn Backing>,
    told: Arc<Mutex<Vec<Vec<u8>>>>,
    now: Timestamp,
    batches: u64,
}

impl House {
    pub(super) fn start() -> Self {
        let backing: Arc<dyn Backing> = Arc::new(MemoryBacking::new());
        let told: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let services: Vec<Box<dyn Service>> =
            vec![Box::new(Teller(Arc::clone(&told))), Box::new(crate::service())];
        let vault = Box::new(ZoeVault(SignKey::from_seed(&[1; 32])));
        let kernel = Kernel::open(Arc::clone(&backing), services, vault).unwrap();
        let now = Timestamp::from_millis(super::AT);
        let mut house = Self { kernel, backing, told, now, batches: 0 };
        house.ask("records.people");
        house
    }

    fn batch(&mut self, inputs: Vec<Input>) -> Vec<Effect> {
        self.batches += 1;
        self.kernel.batch(self.now, *blake3::hash(&self.batches.to_be_bytes()).as_bytes(), inputs).unwrap()
    }

    fn ask(&mut self, operation: &str) {
        let ask = AskId(self.batches + 1);
        let operation = operation.to_owned();
        self.batch(vec![Input::Asked { ask, operation, arguments: json!({}) }]);
    }

    /// A record has come: the first of its batch.
    pub(super) fn tell(&mut self, author: u8, seq: u64, body: &Body) {
        let body = wire::to_bytes(body);
        let told = Told::Record { web: WEB, author: device(author), seq, index: 0, body };
        self.told.lock().unwrap().push(told.to_bytes());
    }

    /// What a device wrote behind a batch is void.
    pub(super) fn cut(&mut self, author: u8, seq: u64) {
        let told = Told::Cut { web: WEB, device: device(author), seq };
        self.told.lock().unwrap().push(told.to_bytes());
    }

    /// Has everything taken that was told.
    pub(super) fn pass(&mut self) {
        self.ask("records.tell");
        // What is too much for one batch comes with the next ones.
        for _ in 0..10_000 {
            if self.rows("kernel.inbox").is_empty() {
                break;
            }
            self.batch(Vec::new());
        }
        assert!(self.kernel.paused().is_empty(), "{:?}", self.kernel.paused());
    }

    pub(super) fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.kernel.readers().read(self.now, operation, arguments)
    }

    fn rows(&self, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = self.backing.snapshot().unwrap();
        rows.range(table, Unbounded, Unbounded).map(Result::unwrap).collect()
    }

    /// Returns the values of a table, as they are written.
    pub(super) fn rows_of(&self, table: &'static str) -> Vec<Vec<u8>> {
        self.rows(table).into_iter().map(|(_, value)| value).collect()
    }
}
