//! A few real kernels with records and people, and the wires between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::{AskId, Channel, Effect, Input, Job, Kernel, ReadContext, Reader, Service, Step, Vault};
use people::Told;
use serde_json::{Value, json};
use store::{Backing as _, MemoryBacking, Rows};
use wire::crypto::{PersonKey, SignKey, Signature, Signer, Strict, Verifier};
use wire::identity::{Inception, RecoveryKey};

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CAROL: usize = 2;
pub(crate) const MALLORY: usize = 3;
pub(crate) const NAMES: [&str; 4] = ["Alice", "Bob", "Carol", "Mallory"];

const LATENCY_MS: u64 = 20;

type Act = Box<dyn FnOnce(&mut Step<'_>) + Send>;

/// What the service above people heard, and what it shall do.
#[derive(Clone, Default)]
pub(crate) struct Desk {
    pub(crate) told: Arc<Mutex<Vec<Told>>>,
    pub(crate) records: Arc<Mutex<Vec<Vec<u8>>>>,
    acts: Arc<Mutex<VecDeque<Act>>>,
}

struct Stand(Desk);

impl Service for Stand {
    fn name(&self) -> &'static str {
        "stand"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["people"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Noticed { .. } => {
                let act = self.0.acts.lock().unwrap().pop_front().unwrap();
                act(step);
            }
            Input::Told { by: "people", message } => {
                self.0.told.lock().unwrap().push(Told::from_bytes(&message).unwrap());
            }
            Input::Told { by: "records", message } => {
                if let records::Told::Record { body, .. } = records::Told::from_bytes(&message).unwrap() {
                    self.0.records.lock().unwrap().push(body);
                }
            }
            _ => {}
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
        unreachable!("nobody reads here")
    }
}

pub(crate) struct Keys {
    pub(crate) device: SignKey,
    person: PersonKey,
    pub(crate) inception: Vec<u8>,
    /// Whose recovery words were said to this peer.
    words: Words,
}

type Words = Arc<Mutex<Option<RecoveryKey>>>;

/// Returns the recovery key of a peer's person; `index` as in the town.
pub(crate) fn recovery_of(index: usize) -> RecoveryKey {
    RecoveryKey::from_seed(blake3::hash(format!("recovery {index}").as_bytes()).as_bytes())
}

impl Keys {
    pub(crate) fn new(index: usize) -> Self {
        let seed = |label: &str| *blake3::hash(format!("{label} {index}").as_bytes()).as_bytes();
        let device = SignKey::from_seed(&seed("device"));
        // Everybody's words open what was sealed to the key they began with, but Bob's: his home is an old one.
        let first = if index == BOB { seed("person") } else { *recovery_of(index).first_person_seed() };
        let person = PersonKey::from_seed(&first);
        let inception = Inception::new(recovery_of(index).key(), &device, &person).to_bytes();
        Self { device, person, inception, words: Words::default() }
    }

    pub(crate) fn person_id(&self) -> PersonId {
        Inception::read(&self.inception).unwrap().person()
    }
}

impl Signer for Keys {
    fn device(&self) -> DeviceId {
        self.device.device()
    }
    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.device.sign(domain, bytes)
    }
}

impl Verifier for Keys {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for Keys {
    fn inception(&self) -> Vec<u8> {
        self.inception.clone()
    }
    fn open(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        self.person.open(sealed, purpose, context)
    }

    fn open_for_device(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        self.device.open(sealed, purpose, context)
    }

    fn seal_person(&self, to: &DeviceId, purpose: &str, context: &[u8], seed: &[u8; 32]) -> Option<Vec<u8>> {
        self.person.seal_secret(to, purpose, context, seed)
    }

    fn recovery(&self) -> Option<RecoveryKey> {
        self.words.lock().unwrap().clone()
    }
}

pub(crate) struct Peer {
    pub(crate) device: DeviceId,
    pub(crate) person: PersonId,
    pub(crate) desk: Desk,
    pub(crate) kernel: Option<Kernel>,
    pub(crate) backing: MemoryBacking,
    /// Added to the town's time: this peer's clock.
    pub(crate) clock_ahead_ms: u64,
    pub(crate) admitted: BTreeMap<WebId, BTreeSet<DeviceId>>,
    pub(crate) known_addresses: BTreeMap<DeviceId, Vec<String>>,
    /// Work given to drivers that nobody has done yet.
    pub(crate) jobs: Vec<Job>,
    links: BTreeSet<(usize, Channel)>,
    words: Words,
    replies: BTreeMap<AskId, Result<Value, Fault>>,
    /// Everything this peer has said on the join channel.
    pub(crate) said_joining: Vec<(DeviceId, Vec<u8>)>,
}

pub(crate) struct Town {
    pub(crate) peers: Vec<Peer>,
    pub(crate) now: u64,
    pub(crate) is_away: BTreeSet<usize>,
    wire: BTreeMap<(u64, u64), (usize, usize, Channel, &'static str, Vec<u8>)>,
    pending: VecDeque<(usize, Input)>,
    count: u64,
}

impl Town {
    /// Makes peers whose persons have said their names.
    pub(crate) fn new(count: usize) -> Self {
        let mut town = Self {
            peers: Vec::new(),
            now: 1_700_000_000_000,
            is_away: BTreeSet::new(),
            wire: BTreeMap::new(),
            pending: VecDeque::new(),
            count: 0,
        };
        for index in 0..count {
            let keys = Keys::new(index);
            town.peers.push(Peer {
                device: keys.device(),
                person: keys.person_id(),
                desk: Desk::default(),
                kernel: None,
                backing: MemoryBacking::new(),
                clock_ahead_ms: 0,
                admitted: BTreeMap::new(),
                known_addresses: BTreeMap::new(),
                jobs: Vec::new(),
                links: BTreeSet::new(),
                words: Words::default(),
                replies: BTreeMap::new(),
                said_joining: Vec::new(),
            });
            town.start(index);
            town.ask(index, "people.introduce", json!({ "name": NAMES.get(index).unwrap_or(&"Somebody") }))
                .unwrap();
            let addresses = vec![format!("192.0.2.{}:4000", index + 1)];
            town.give(index, Input::Reachable { addresses });
        }
        town
    }

    pub(crate) fn start(&mut self, index: usize) {
        let peer = &mut self.peers[index];
        let services: Vec<Box<dyn Service>> = vec![
            Box::new(records::service()),
            Box::new(people::service()),
            Box::new(Stand(peer.desk.clone())),
        ];
        let backing = Arc::new(peer.backing.clone());
        let keys = Keys { words: Arc::clone(&peer.words), ..Keys::new(index) };
        peer.kernel = Some(Kernel::open(backing, services, Box::new(keys)).unwrap());
        self.run(index, Vec::new());
        self.drain();
    }

    /// Ends a peer as a power cut does.
    pub(crate) fn stop(&mut self, index: usize) {
        self.peers[index].kernel = None;
        self.peers[index].admitted.clear();
        for (other, channel) in std::mem::take(&mut self.peers[index].links) {
            self.unlink(other, index, channel);
        }
        self.drain();
    }

    /// Puts a peer out of reach, or back.
    pub(crate) fn set_away(&mut self, index: usize, is_away: bool) {
        if is_away {
            self.is_away.insert(index);
            for (other, channel) in self.peers[index].links.clone() {
                self.unlink(other, index, channel);
                self.unlink(index, other, channel);
            }
        } else {
            self.is_away.remove(&index);
        }
        self.drain();
    }

    fn unlink(&mut self, index: usize, other: usize, channel: Channel) {
        if self.peers[index].links.remove(&(other, channel)) {
            let device = self.peers[other].device;
            self.pending.push_back((index, Input::Disconnected { device, channel }));
        }
    }

    /// Asks as a person does.
    pub(crate) fn ask(&mut self, index: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.count += 1;
        let ask = AskId(self.count);
        self.give(index, Input::Asked { ask, operation: operation.to_owned(), arguments });
        self.peers[index].replies.remove(&ask).expect("every question is answered in its batch")
    }

    /// Looks something up on a snapshot.
    pub(crate) fn read(&self, index: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let peer = &self.peers[index];
        let now = Timestamp::from_millis(self.now + peer.clock_ahead_ms);
        peer.kernel.as_ref().unwrap().readers().read(now, operation, arguments)
    }

    /// Has the service above people do something inside a step.
    pub(crate) fn act<T: Send + 'static>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut Step<'_>) -> T + Send + 'static,
    ) -> T {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let act = Box::new(move |step: &mut Step<'_>| *slot.lock().unwrap() = Some(act(step)));
        self.peers[index].desk.acts.lock().unwrap().push_back(act);
        self.give(index, Input::Noticed { kind: "stand.act", report: Vec::new() });
        let result = result.lock().unwrap().take();
        result.unwrap()
    }

    /// Says the recovery words of one peer's person to another peer, or has them forgotten.
    pub(crate) fn say_words(&mut self, to: usize, of: Option<usize>) {
        *self.peers[to].words.lock().unwrap() = of.map(recovery_of);
    }

    /// Gives a peer bytes as if another had sent them.
    pub(crate) fn say(&mut self, from: DeviceId, to: usize, channel: Channel, message: Vec<u8>) {
        self.give(to, Input::Heard { from, channel, service: "people".to_owned(), message });
    }

    pub(crate) fn give(&mut self, index: usize, input: Input) {
        self.run(index, vec![input]);
        self.drain();
    }

    fn run(&mut self, index: usize, inputs: Vec<Input>) {
        self.count += 1;
        let seed = blake3::hash(&self.count.to_be_bytes());
        let now = Timestamp::from_millis(self.now + self.peers[index].clock_ahead_ms);
        let Some(kernel) = &mut self.peers[index].kernel else { return };
        let effects = kernel.batch(now, *seed.as_bytes(), inputs).unwrap();
        assert!(kernel.paused().is_empty(), "{:?}", kernel.paused());
        for effect in effects {
            self.effect(index, effect);
        }
    }

    fn drain(&mut self) {
        while let Some((index, input)) = self.pending.pop_front() {
            self.run(index, vec![input]);
        }
    }

    fn effect(&mut self, index: usize, effect: Effect) {
        match effect {
            Effect::Send { to, channel, service, message } => self.send(index, to, channel, service, message),
            Effect::Connect { to, channel } => self.connect(index, to, channel),
            Effect::Disconnect { device, channel } => {
                if let Some(other) = self.index_of(device) {
                    self.unlink(index, other, channel);
                    self.unlink(other, index, channel);
                }
            }
            Effect::Addresses { device, addresses } => {
                self.peers[index].known_addresses.insert(device, addresses);
            }
            Effect::Admit { web, devices } => {
                self.peers[index].admitted.insert(web, devices.into_iter().collect());
                for (other, channel) in self.peers[index].links.clone() {
                    if channel == Channel::Member && !self.admits(index, other) {
                        self.unlink(index, other, channel);
                        self.unlink(other, index, channel);
                    }
                }
            }
            Effect::Reply { ask, outcome } => {
                self.peers[index].replies.insert(ask, outcome);
            }
            Effect::Work(job) => self.peers[index].jobs.push(job),
            _ => {}
        }
    }

    fn send(
        &mut self,
        index: usize,
        to: DeviceId,
        channel: Channel,
        service: &'static str,
        message: Vec<u8>,
    ) {
        if channel == Channel::Join {
            self.peers[index].said_joining.push((to, message.clone()));
        }
        let Some(other) = self.index_of(to) else { return };
        if self.peers[index].links.contains(&(other, channel)) {
            self.count += 1;
            self.wire.insert((self.now + LATENCY_MS, self.count), (index, other, channel, service, message));
        }
    }

    fn connect(&mut self, index: usize, to: DeviceId, channel: Channel) {
        let me = self.peers[index].device;
        let possible = self.index_of(to).filter(|other| {
            self.peers[*other].kernel.is_some()
                && !self.is_away.contains(other)
                && !self.is_away.contains(&index)
                && (channel == Channel::Join || self.admits(*other, index))
        });
        let Some(other) = possible else {
            self.pending.push_back((index, Input::Disconnected { device: to, channel }));
            return;
        };
        if self.peers[index].links.insert((other, channel)) {
            self.peers[other].links.insert((index, channel));
            self.pending.push_back((other, Input::Connected { device: me, channel }));
        }
        self.pending.push_back((index, Input::Connected { device: to, channel }));
    }

    pub(crate) fn admits(&self, index: usize, other: usize) -> bool {
        let device = self.peers[other].device;
        self.peers[index].admitted.values().any(|devices| devices.contains(&device))
    }

    pub(crate) fn index_of(&self, device: DeviceId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.device == device)
    }

    /// Lets time pass: messages arrive, alarms ring.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now + u64::try_from(duration.as_millis()).unwrap();
        loop {
            let message = self.wire.first_key_value().map(|((at, _), _)| *at);
            let alarm = (0..self.peers.len())
                .filter_map(|index| {
                    let peer = &self.peers[index];
                    let at = peer.kernel.as_ref()?.next_alarm()?.millis();
                    Some((at.saturating_sub(peer.clock_ahead_ms), index))
                })
                .min();
            let next = [message, alarm.map(|(at, _)| at)].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if message == Some(next) {
                let (_, (from, to, channel, service, message)) = self.wire.pop_first().unwrap();
                if self.peers[to].links.contains(&(from, channel)) {
                    let from = self.peers[from].device;
                    let service = service.to_owned();
                    self.run(to, vec![Input::Heard { from, channel, service, message }]);
                }
            } else if let Some((_, index)) = alarm {
                self.run(index, Vec::new());
            }
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn rows(&self, index: usize) -> Box<dyn Rows + Send> {
        self.peers[index].backing.snapshot().unwrap()
    }

    /// Alice starts the web `family`.
    pub(crate) fn family(&mut self) -> WebId {
        let view = self.ask(ALICE, "people.start_web", json!({ "name": "family" })).unwrap();
        serde_json::from_value(view["id"].clone()).unwrap()
    }

    /// Alice makes an invitation; the arguments besides the web are `more`.
    pub(crate) fn invite(&mut self, by: usize, more: &Value) -> String {
        let mut arguments = json!({ "web": "family" });
        for (key, value) in more.as_object().unwrap() {
            arguments[key] = value.clone();
        }
        self.ask(by, "people.invite", arguments).unwrap()["link"].as_str().unwrap().to_owned()
    }

    /// Lets somebody in by a fresh invitation of Alice.
    pub(crate) fn let_in(&mut self, index: usize, role: &str) {
        let link = self.invite(ALICE, &json!({ "role": role }));
        self.ask(index, "people.join", json!({ "link": link })).unwrap();
        self.pass(Duration::from_secs(20));
    }

    /// Returns labels and roles as a peer sees them, most senior first; `-` for those who are gone.
    pub(crate) fn members(&self, index: usize) -> Vec<String> {
        let members = self.read(index, "people.members", json!({ "web": "family" })).unwrap();
        let view = |member: &Value| {
            format!("{} {}", member["name"].as_str().unwrap(), member["role"].as_str().unwrap_or("-"))
        };
        members["members"].as_array().unwrap().iter().map(view).collect()
    }

    /// Returns how a join gets on.
    pub(crate) fn joining(&self, index: usize, web: WebId) -> (String, String) {
        let joining = self.read(index, "people.joining", json!({ "id": web })).unwrap();
        (joining["state"].as_str().unwrap().to_owned(), joining["why"].as_str().unwrap().to_owned())
    }

    pub(crate) fn note(&self, index: usize) -> String {
        let webs = self.read(index, "people.webs", json!({})).unwrap();
        webs["webs"][0]["note"].as_str().unwrap().to_owned()
    }

    /// Publishes a record as a service above people does, lets it travel, and says who got it.
    pub(crate) fn who_hears(&mut self, from: usize, web: WebId, text: &str) -> Vec<usize> {
        let body = text.as_bytes().to_vec();
        let published = body.clone();
        self.act(from, move |step| records::publish(step, web, "stand", published).unwrap());
        self.pass(Duration::from_secs(30));
        let has = |index: &usize| self.peers[*index].desk.records.lock().unwrap().contains(&body);
        (0..self.peers.len()).filter(has).collect()
    }
}
