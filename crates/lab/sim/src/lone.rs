//! One peer with one service, and a stand-in for `records` that writes the rows of `people` once and then tells what a test says: for
//! what follows from records in any order, fast enough for thousands of cases.

#![allow(clippy::missing_panics_doc, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::ops::Bound::Unbounded;
use std::sync::{Arc, Mutex};

use base::{DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::{AskId, Input, Kernel, ReadContext, Reader, Service, Step};
use minicbor::Encode;
use records::Told;
use serde_json::{Value, json};
use store::{Backing, MemoryBacking, RowsMut as _};
use wire::governance::Role;

use crate::vault::{Memory, SimVault};

/// The only web, `town`.
pub const WEB: WebId = WebId::new([1; 32]);

/// Whose peer it is. Others who belong to the web from the start are 0 to 2; 0 is its owner.
pub const READER: u8 = 9;

/// By which names the ten call themselves.
pub type Names = [&'static str; 10];

/// Returns somebody's device.
pub fn device(number: u8) -> DeviceId {
    DeviceId::new([10_u8.saturating_add(number); 32])
}

/// Returns somebody.
pub fn person(number: u8) -> PersonId {
    PersonId::from_slice(&[20_u8.saturating_add(number); PersonId::LEN]).expect("it has this length")
}

type List = Arc<Mutex<Vec<Vec<u8>>>>;

/// Tells the service what lies in the list, as the service whose stand-in it is.
struct Teller {
    name: &'static str,
    to: &'static str,
    list: List,
    names: Names,
    /// Who was admitted later.
    admitted: Arc<Mutex<Vec<u8>>>,
}

impl Service for Teller {
    fn name(&self) -> &'static str {
        self.name
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        if let Input::Asked { ask, operation, .. } = input {
            if operation == "records.people" {
                write_people(
                    step,
                    &self.names,
                    &self.admitted.lock().map(|list| list.clone()).unwrap_or_default(),
                );
            } else {
                let told = self.list.lock().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default();
                for told in told {
                    step.tell(self.to, told);
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

fn row(step: &mut Step<'_>, table: &'static str, key: &[&[u8]], value: &impl Encode<()>) {
    step.rows().put(table, &key.concat(), wire::to_bytes(value));
}

/// Writes what `people` would know, by hand: a web, who belongs to it, who I am.
fn write_people(step: &mut Step<'_>, names: &Names, admitted: &[u8]) {
    const MEMBER: u8 = 1;
    let web = WEB.as_bytes();
    row(step, "people.webs", &[web], &("town", "", MEMBER, 4_u8, true, 0_u8));
    row(step, "people.web-labels", &[b"town"], &WEB);
    let mut looks = BTreeSet::new();
    for number in [0, 1, 2, READER].into_iter().chain(admitted.iter().copied()) {
        let role = if number == 0 { Role::Owner } else { Role::Member };
        let (device, person) = (device(number), person(number));
        let name = names.get(usize::from(number)).copied().unwrap_or_default();
        // As labels are made: the later one of two that look alike has digits.
        let own = people::looks(name);
        let is_alike = own.iter().any(|look| looks.contains(look));
        looks.extend(own);
        let tag: String = person.to_string().chars().take(6).collect();
        let label = if is_alike { format!("{name}~{tag}") } else { name.to_owned() };
        row(step, "people.devices", &[web, device.as_bytes()], &person);
        row(step, "people.webs-of", &[device.as_bytes(), web], &true);
        row(step, "people.members", &[web, person.as_bytes()], &(role, number, vec![device], 0_u8, label));
        row(step, "people.names", &[web, person.as_bytes()], &name);
    }
    let nowhere: [&str; 0] = [];
    let name = names.get(usize::from(READER)).copied().unwrap_or_default();
    row(step, "people.me", &[], &(person(READER), device(READER), name, nowhere, nowhere, 0_u8));
}

/// The peer.
pub struct Lone {
    kernel: Kernel,
    backing: Arc<dyn Backing>,
    list: List,
    of_people: List,
    admitted: Arc<Mutex<Vec<u8>>>,
    now: Timestamp,
    batches: u64,
}

impl std::fmt::Debug for Lone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lone").field("batches", &self.batches).finish_non_exhaustive()
    }
}

impl Lone {
    /// Begins with rows in memory.
    pub fn start(service: Box<dyn Service>, names: Names, now: Timestamp) -> Self {
        Self::over(Arc::new(MemoryBacking::new()), service, names, now)
    }

    /// Begins with the rows of a store.
    pub fn over(backing: Arc<dyn Backing>, service: Box<dyn Service>, names: Names, now: Timestamp) -> Self {
        let (list, of_people, admitted) = (List::default(), List::default(), Arc::default());
        let teller = |name, list: &List| {
            let (to, list, admitted) = (service.name(), Arc::clone(list), Arc::clone(&admitted));
            Box::new(Teller { name, to, list, names, admitted })
        };
        let tellers = (teller("records", &list), teller("people", &of_people));
        let vault = Box::new(SimVault::new(&[1; 32], Memory::none()));
        let kernel = Kernel::open(Arc::clone(&backing), vec![tellers.0, tellers.1, service], vault)
            .expect("an empty store opens");
        let mut lone = Self { kernel, backing, list, of_people, admitted, now, batches: 0 };
        lone.ask("records.people");
        lone
    }

    fn batch(&mut self, inputs: Vec<Input>) {
        self.batches += 1;
        let seed = *blake3::hash(&self.batches.to_be_bytes()).as_bytes();
        let done = self.kernel.batch(self.now, seed, inputs);
        drop(done.expect("the store takes it"));
    }

    fn ask(&mut self, operation: &str) {
        let ask = AskId(self.batches + 1);
        let operation = operation.to_owned();
        self.batch(vec![Input::Asked { ask, operation, arguments: json!({}) }]);
    }

    fn will_tell(&self, told: &Told) {
        self.list.lock().expect("nobody fails with it in hand").push(told.to_bytes());
    }

    /// A record has come: the first of its batch.
    pub fn tell(&self, author: u8, seq: u64, body: &impl Encode<()>) {
        let body = wire::to_bytes(body);
        self.will_tell(&Told::Record { web: WEB, author: device(author), seq, index: 0, body });
    }

    /// What a device wrote behind a batch is void.
    pub fn cut(&self, author: u8, seq: u64) {
        self.will_tell(&Told::Cut { web: WEB, device: device(author), seq });
    }

    /// One more belongs to the web.
    pub fn admit(&mut self, number: u8) {
        self.admitted.lock().expect("nobody fails with it in hand").push(number);
        self.ask("records.people");
        let told = people::Told::Members { web: WEB };
        self.of_people.lock().expect("nobody fails with it in hand").push(told.to_bytes());
    }

    /// Has everything taken that was told.
    pub fn pass(&mut self) {
        self.ask("records.tell");
        self.ask("people.tell");
        // What is too much for one batch comes with the next ones.
        for _ in 0..10_000 {
            if self.rows("kernel.inbox").is_empty() {
                break;
            }
            self.batch(Vec::new());
        }
        assert!(self.kernel.paused().is_empty(), "{:?}", self.kernel.paused());
    }

    /// Reads as a person's page does.
    pub fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.kernel.readers().read(self.now, operation, arguments)
    }

    /// Returns the rows of a table.
    pub fn rows(&self, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = self.backing.snapshot().expect("the store can be read");
        rows.range(table, Unbounded, Unbounded).map(|row| row.expect("the row can be read")).collect()
    }
}
