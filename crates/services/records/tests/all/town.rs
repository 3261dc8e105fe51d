//! A few real kernels with only this service and a stand-in for `people`, and the wires between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{DeviceId, EntryId, Fault, Timestamp, WebId};
use kernel::{Channel, Effect, Input, Kernel, ReadContext, Reader, Service, Step, Vault};
use records::{Author, Told};
use store::{Backing as _, MemoryBacking, Rows};
use wire::crypto::{EpochKey, SignKey, Signature, Signer, Strict, Verifier};
use wire::governance::{Action, Operation};

type Act = Box<dyn FnOnce(&mut Step<'_>) + Send>;

/// What the stand-in heard, and what it shall do.
#[derive(Clone, Default)]
pub struct Desk {
    pub told: Arc<Mutex<Vec<Told>>>,
    acts: Arc<Mutex<VecDeque<Act>>>,
}

struct Stand(Desk);

impl Service for Stand {
    fn name(&self) -> &'static str {
        "stand"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["records"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Noticed { .. } => {
                let act = self.0.acts.lock().unwrap().pop_front().unwrap();
                act(step);
            }
            Input::Told { message, .. } => {
                self.0.told.lock().unwrap().push(Told::from_bytes(&message).unwrap());
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
    fn read(&self, _: &ReadContext<'_>, _: &str, _: serde_json::Value) -> Result<serde_json::Value, Fault> {
        unreachable!("nobody reads here")
    }
}

struct Keys(SignKey);

impl Signer for Keys {
    fn device(&self) -> DeviceId {
        self.0.device()
    }
    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.0.sign(domain, bytes)
    }
}

impl Verifier for Keys {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for Keys {
    fn inception(&self) -> Vec<u8> {
        b"inception".to_vec()
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

pub struct Peer {
    pub device: DeviceId,
    pub backing: MemoryBacking,
    pub desk: Desk,
    pub kernel: Option<Kernel>,
    admitted: BTreeMap<WebId, BTreeSet<DeviceId>>,
    links: BTreeSet<usize>,
    /// With whom it talks through a door.
    doors: BTreeSet<usize>,
    /// What it said through doors.
    pub said_at_doors: Vec<Vec<u8>>,
    pub sent_bytes: usize,
    pub sent_messages: usize,
    pub effects_connect: usize,
}

/// What may happen to a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    pub lost_percent: u64,
    pub doubled_percent: u64,
    /// Extra delay, random up to this: messages overtake each other.
    pub jitter_ms: u64,
}

pub struct Town {
    pub peers: Vec<Peer>,
    pub now: u64,
    pub weather: Weather,
    /// Sides of a partition; all equal when there is none.
    pub side: Vec<u8>,
    wire: BTreeMap<(u64, u64), (usize, usize, Channel, &'static str, Vec<u8>)>,
    pending: VecDeque<(usize, Input)>,
    count: u64,
    seed: u64,
}

pub const LATENCY_MS: u64 = 20;

pub fn sign_key(index: usize) -> SignKey {
    SignKey::from_seed(blake3::hash(&index.to_be_bytes()).as_bytes())
}

pub fn key() -> EpochKey {
    EpochKey::new([5; 32])
}

pub fn genesis(nonce: u8) -> Operation {
    let nonce = EntryId::new([nonce; 32]);
    Operation {
        deps: Vec::new(),
        lamport: 1,
        time: Timestamp::from_millis(1),
        action: Action::Genesis { nonce, inception: b"inception".to_vec().into(), chain: None, key: None },
    }
}

pub fn leave() -> Operation {
    Operation {
        deps: vec![EntryId::new([3; 32])],
        lamport: 2,
        time: Timestamp::from_millis(1),
        action: Action::Leave,
    }
}

impl Town {
    pub fn new(count: usize, seed: u64) -> Self {
        let mut town = Self {
            peers: Vec::new(),
            now: 1_700_000_000_000,
            weather: Weather::default(),
            side: vec![0; count],
            wire: BTreeMap::new(),
            pending: VecDeque::new(),
            count: 0,
            seed,
        };
        for index in 0..count {
            town.peers.push(Peer {
                device: sign_key(index).device(),
                backing: MemoryBacking::new(),
                desk: Desk::default(),
                kernel: None,
                admitted: BTreeMap::new(),
                links: BTreeSet::new(),
                doors: BTreeSet::new(),
                said_at_doors: Vec::new(),
                sent_bytes: 0,
                sent_messages: 0,
                effects_connect: 0,
            });
            town.start(index);
        }
        town
    }

    pub fn dice(&mut self) -> u64 {
        self.count += 1;
        let hash = blake3::hash(&[self.seed.to_be_bytes(), self.count.to_be_bytes()].concat());
        u64::from_be_bytes(hash.as_bytes()[..8].try_into().unwrap())
    }

    pub fn start(&mut self, index: usize) {
        self.start_as(index, records::Home::Own);
    }

    /// Starts a peer of whose home a person says something.
    pub fn start_as(&mut self, index: usize, home: records::Home) {
        let peer = &mut self.peers[index];
        let services: Vec<Box<dyn Service>> =
            vec![Box::new(records::service_of(home)), Box::new(Stand(peer.desk.clone()))];
        let backing = Arc::new(peer.backing.clone());
        peer.kernel = Some(Kernel::open(backing, services, Box::new(Keys(sign_key(index)))).unwrap());
        self.run(index, Vec::new());
    }

    /// Ends a peer as a power cut does.
    pub fn stop(&mut self, index: usize) {
        self.peers[index].kernel = None;
        self.peers[index].admitted.clear();
        for other in std::mem::take(&mut self.peers[index].links) {
            self.unlink(other, index);
        }
        for other in self.peers[index].doors.clone() {
            self.close_door(index, self.peers[other].device);
        }
        self.drain();
    }

    fn unlink(&mut self, index: usize, other: usize) {
        if self.peers[index].links.remove(&other) {
            let device = self.peers[other].device;
            self.pending.push_back((index, Input::Disconnected { device, channel: Channel::Member }));
        }
    }

    /// Splits the town, or mends it.
    pub fn split(&mut self, side: &[u8]) {
        self.side = side.to_vec();
        for one in 0..self.peers.len() {
            for other in self.peers[one].links.clone() {
                if self.side[one] != self.side[other] {
                    self.unlink(one, other);
                    self.unlink(other, one);
                }
            }
            for other in self.peers[one].doors.clone() {
                if self.side[one] != self.side[other] {
                    self.close_door(one, self.peers[other].device);
                }
            }
        }
        self.drain();
    }

    /// Has the stand-in of a peer do something inside a step.
    pub fn act<T: Send + 'static>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut Step<'_>) -> T + Send + 'static,
    ) -> T {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let act = Box::new(move |step: &mut Step<'_>| *slot.lock().unwrap() = Some(act(step)));
        self.peers[index].desk.acts.lock().unwrap().push_back(act);
        self.run(index, vec![Input::Noticed { kind: "stand.act", report: Vec::new() }]);
        self.drain();
        let result = result.lock().unwrap().take();
        result.unwrap()
    }

    /// Gives a peer bytes as if another had sent them.
    pub fn say(&mut self, from: usize, to: usize, message: Vec<u8>) {
        self.say_on(Channel::Member, from, to, message);
    }

    /// The same, through its door.
    pub fn say_at_door(&mut self, from: usize, to: usize, message: Vec<u8>) {
        self.say_on(Channel::Join, from, to, message);
    }

    fn say_on(&mut self, channel: Channel, from: usize, to: usize, message: Vec<u8>) {
        let from = sign_key(from).device();
        self.run(to, vec![Input::Heard { from, channel, service: "records".to_owned(), message }]);
        self.drain();
    }

    fn run(&mut self, index: usize, inputs: Vec<Input>) {
        let seed = blake3::hash(&self.dice().to_be_bytes());
        let now = Timestamp::from_millis(self.now);
        let Some(kernel) = &mut self.peers[index].kernel else { return };
        let effects = kernel.batch(now, *seed.as_bytes(), inputs).unwrap();
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
            Effect::Connect { to, channel: Channel::Member } => self.connect(index, to),
            Effect::Connect { to, channel: Channel::Join } => self.knock(index, to),
            Effect::Disconnect { device, channel: Channel::Join } => self.close_door(index, device),
            Effect::Admit { web, devices } => {
                self.peers[index].admitted.insert(web, devices.into_iter().collect());
                for other in self.peers[index].links.clone() {
                    if !self.admits(index, other) {
                        self.unlink(index, other);
                        self.unlink(other, index);
                    }
                }
            }
            _ => {}
        }
    }

    /// Opens a door, which takes anybody.
    fn knock(&mut self, index: usize, to: DeviceId) {
        let other = self
            .index_of(to)
            .filter(|other| self.peers[*other].kernel.is_some() && self.side[index] == self.side[*other]);
        let Some(other) = other else {
            let input = Input::Disconnected { device: to, channel: Channel::Join };
            return self.pending.push_back((index, input));
        };
        for (here, there) in [(index, other), (other, index)] {
            self.peers[here].doors.insert(there);
            let device = self.peers[there].device;
            self.pending.push_back((here, Input::Connected { device, channel: Channel::Join }));
        }
    }

    fn close_door(&mut self, index: usize, device: DeviceId) {
        let Some(other) = self.index_of(device) else { return };
        for (here, there) in [(index, other), (other, index)] {
            if self.peers[here].doors.remove(&there) {
                let device = self.peers[there].device;
                self.pending.push_back((here, Input::Disconnected { device, channel: Channel::Join }));
            }
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
        let Some(other) = self.index_of(to) else { return };
        if channel == Channel::Join {
            self.peers[index].said_at_doors.push(message.clone());
        }
        self.peers[index].sent_bytes += message.len();
        self.peers[index].sent_messages += 1;
        assert!(message.len() <= wire::sync::MESSAGE_SIZE_MAX, "a message is too long");
        if !self.is_open(index, other, channel) {
            return;
        }
        let times = match self.dice() % 100 {
            dice if dice < self.weather.lost_percent => 0,
            dice if dice < self.weather.lost_percent + self.weather.doubled_percent => 2,
            _ => 1,
        };
        for _ in 0..times {
            let jitter = self.dice() % (self.weather.jitter_ms + 1);
            self.count += 1;
            let at = self.now + LATENCY_MS + jitter;
            self.wire.insert((at, self.count), (index, other, channel, service, message.clone()));
        }
    }

    fn connect(&mut self, index: usize, to: DeviceId) {
        self.peers[index].effects_connect += 1;
        let (me, them) = (self.peers[index].device, to);
        let Some(other) = self.index_of(to) else {
            self.pending.push_back((index, Input::Disconnected { device: them, channel: Channel::Member }));
            return;
        };
        let is_there = self.peers[other].kernel.is_some() && self.side[index] == self.side[other];
        let is_possible = is_there && self.admits(other, index);
        if is_there && !is_possible {
            let report = wire::to_bytes(&them);
            self.pending.push_back((index, Input::Noticed { kind: "records.refused", report }));
        }
        let input = |device| Input::Connected { device, channel: Channel::Member };
        if !is_possible {
            let input = Input::Disconnected { device: them, channel: Channel::Member };
            self.pending.push_back((index, input));
        } else if self.peers[index].links.insert(other) {
            self.peers[other].links.insert(index);
            self.pending.push_back((index, input(them)));
            self.pending.push_back((other, input(me)));
        } else {
            self.pending.push_back((index, input(them)));
        }
    }

    fn is_open(&self, index: usize, other: usize, channel: Channel) -> bool {
        match channel {
            Channel::Member => self.peers[index].links.contains(&other),
            Channel::Join => self.peers[index].doors.contains(&other),
        }
    }

    fn admits(&self, index: usize, other: usize) -> bool {
        let device = self.peers[other].device;
        self.peers[index].admitted.values().any(|devices| devices.contains(&device))
    }

    pub fn index_of(&self, device: DeviceId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.device == device)
    }

    /// Lets time pass: messages arrive, alarms ring.
    pub fn pass(&mut self, duration: Duration) {
        let end = self.now + u64::try_from(duration.as_millis()).unwrap();
        loop {
            let message = self.wire.first_key_value().map(|((at, _), _)| *at);
            let alarm = (0..self.peers.len())
                .filter_map(|index| Some((self.peers[index].kernel.as_ref()?.next_alarm()?.millis(), index)))
                .min();
            let next = [message, alarm.map(|(at, _)| at)].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if message == Some(next) {
                let (_, (from, to, channel, service, message)) = self.wire.pop_first().unwrap();
                if self.is_open(to, from, channel) {
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

    pub fn rows(&self, index: usize) -> Box<dyn Rows + Send> {
        self.peers[index].backing.snapshot().unwrap()
    }

    pub fn links(&self, index: usize) -> usize {
        self.peers[index].links.len()
    }

    /// Founds a web at the first peer and makes all peers members who hold the key.
    pub fn found(&mut self, nonce: u8) -> WebId {
        let web = self.act(0, move |step| records::found_web(step, &genesis(nonce)).unwrap());
        let founder = self.peers[0].device;
        let first =
            records::entry(&*self.rows(0), web, founder, wire::entry::Log::Governance, 1).unwrap().unwrap();
        for index in 1..self.peers.len() {
            let first = first.clone();
            self.act(index, move |step| {
                records::accept_governance(step, web, &first).unwrap();
            });
        }
        for index in 0..self.peers.len() {
            self.give_key(index, web);
            self.set_members(index, web, None);
        }
        web
    }

    /// Gives a peer the key and has it write under it.
    pub fn give_key(&mut self, index: usize, web: WebId) {
        self.act(index, move |step| {
            step.keyring().add(web, key());
            step.keyring().set_current(web, Some(key().id()));
            records::keys_changed(step, web).unwrap();
        });
    }

    /// Tells a peer that all are members, except one, whose records are cut.
    pub fn set_members(&mut self, index: usize, web: WebId, cut: Option<(usize, u64, EntryId)>) {
        let author = |(place, peer): (usize, &Peer)| {
            let cut = cut.filter(|cut| cut.0 == place).map(|cut| (cut.1, cut.2));
            Author { device: peer.device, is_member: cut.is_none(), cut, is_carrier: false, owner: None }
        };
        let authors: Vec<Author> = self.peers.iter().enumerate().map(author).collect();
        self.act(index, move |step| records::set_authors(step, web, &authors).unwrap());
    }

    pub fn publish(&mut self, index: usize, web: WebId, bodies: Vec<Vec<u8>>) {
        self.act(index, move |step| {
            for body in bodies {
                records::publish(step, web, "stand", body).unwrap();
            }
        });
    }

    /// Returns the records a peer was told, sorted.
    pub fn records(&self, index: usize) -> Vec<(DeviceId, u64, u32, Vec<u8>)> {
        let told = self.peers[index].desk.told.lock().unwrap();
        let mut records: Vec<_> = told
            .iter()
            .filter_map(|told| match told {
                Told::Record { author, seq, index, body, .. } => Some((*author, *seq, *index, body.clone())),
                _ => None,
            })
            .collect();
        records.sort();
        records
    }

    /// Asserts that all peers store the same entries.
    pub fn assert_agree(&self, web: WebId) {
        let first = records::heads(&*self.rows(0), web).unwrap();
        for index in 1..self.peers.len() {
            let heads = records::heads(&*self.rows(index), web).unwrap();
            assert_eq!(first, heads, "peer {index}, seed {}", self.seed);
        }
    }
}
