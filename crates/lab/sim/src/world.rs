//! The simulated world: a clock, a network with weather, peers that run the real deciders.
//!
//! One seed makes one run: what happens next is the earliest entry of one queue, ties broken by order of entry.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::{AskId, Channel, Effect, Input, JobFailure, JobId};
use serde_json::Value;
use store::ValuePool;

use crate::dice::Dice;
use crate::disk::SimFile;
use crate::drivers;
use crate::lying::{self, Liar};
use crate::peer::SimPeer;
use crate::texts::Library;
use crate::vault::Memory;
use crate::watch::Watch;

/// How the network treats what is sent.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Least time on the way.
    pub latency_min: Duration,
    /// Most time on the way.
    pub latency_max: Duration,
    /// Messages in 1,000 that vanish.
    pub loss: u64,
    /// Messages in 1,000 that arrive twice.
    pub duplicate: u64,
    /// Messages in 1,000 that overtake those before them.
    pub reorder: u64,
    /// Messages in 1,000 that take their connection down.
    pub cut: u64,
}

impl Weather {
    /// What the internet is like on a good day.
    pub const FAIR: Self = Self {
        latency_min: Duration::from_millis(5),
        latency_max: Duration::from_millis(80),
        loss: 0,
        duplicate: 0,
        reorder: 0,
        cut: 0,
    };

    /// Worse than any network that a reliable transport would show; the protocols must get through all the same.
    pub const STORM: Self = Self {
        latency_min: Duration::from_millis(5),
        latency_max: Duration::from_millis(900),
        loss: 20,
        duplicate: 20,
        reorder: 50,
        cut: 2,
    };
}

/// A peer's number in its world.
pub type PeerIndex = usize;

/// What the world has queued.
#[derive(Debug)]
enum Happening {
    /// A peer's kernel takes an input, if it still runs as it did when this was queued.
    Input { to: PeerIndex, life: u64, input: Input },
    /// A message arrives, if its connection still stands.
    Arrival {
        from: PeerIndex,
        to: PeerIndex,
        connection: u64,
        channel: Channel,
        service: String,
        message: Vec<u8>,
    },
    /// A peer's alarm rings.
    Wake { peer: PeerIndex, life: u64 },
    /// An attempt to connect ends.
    Dialled { from: PeerIndex, to: DeviceId, life: u64, channel: Channel },
    /// Time has passed for a job of a peer's sandbox.
    Sandbox { peer: PeerIndex, life: u64, job: JobId },
    /// A peer gets its power back.
    Start(PeerIndex),
}

/// What a run did; printed at its end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Batches that kernels took.
    pub batches: u64,
    /// Messages between peers.
    pub messages: u64,
    /// Bytes of those messages.
    pub bytes: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Connections made.
    pub connections: u64,
    /// Contents or pieces fetched.
    pub fetches: u64,
}

/// A world of peers.
pub struct World {
    pub(crate) now_ms: u64,
    pub(crate) dice: Dice,
    pub(crate) peers: Vec<SimPeer>,
    pub(crate) by_device: BTreeMap<DeviceId, PeerIndex>,
    /// How the network is now.
    pub weather: Weather,
    /// What the run did.
    pub tally: Tally,
    /// What was seen of searches.
    pub watch: Watch,
    /// Since when the weather is as it is.
    pub(crate) weather_since_ms: u64,
    pub(crate) library: Library,
    /// Everybody knows and lets in everybody: what ten thousand know of ten thousand need not be kept.
    pub(crate) is_open: bool,
    /// Who hears nothing that holds one of the markers; what came all the same is counted.
    pub blind: BTreeSet<PeerIndex>,
    /// Bytes that only readers may see.
    pub markers: Vec<Vec<u8>>,
    /// Markers that came to the blind.
    pub leaks: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    next: u64,
    connections: BTreeMap<(PeerIndex, PeerIndex, Channel), u64>,
    last_arrival: BTreeMap<(PeerIndex, PeerIndex), u64>,
    next_connection: u64,
    next_ask: u64,
    answers: BTreeMap<AskId, Result<Value, Fault>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("now_ms", &self.now_ms)
            .field("peers", &self.peers.len())
            .finish_non_exhaustive()
    }
}

impl World {
    /// Makes a world of peers that have just been installed; none runs yet.
    pub fn new(seed: u64, peers: usize, memory: &Memory) -> Self {
        let mut dice = Dice::new(seed);
        let pool = ValuePool::default();
        let peers: Vec<SimPeer> =
            (0..peers).map(|index| SimPeer::new(index, dice.seed(), memory, &pool)).collect();
        Self {
            // 2026-11-22, so that times look like times.
            now_ms: 1_795_305_600_000,
            dice,
            by_device: peers.iter().enumerate().map(|(index, peer)| (peer.device, index)).collect(),
            peers,
            weather: Weather::FAIR,
            tally: Tally::default(),
            watch: Watch::default(),
            weather_since_ms: 0,
            library: Library::default(),
            is_open: false,
            blind: BTreeSet::new(),
            markers: Vec::new(),
            leaks: 0,
            queue: BTreeMap::new(),
            next: 0,
            connections: BTreeMap::new(),
            last_arrival: BTreeMap::new(),
            next_connection: 0,
            next_ask: 0,
            answers: BTreeMap::new(),
        }
    }

    /// Takes this world up again where nothing is on its way: everybody without power, with the rows, files and addresses of now, at the same
    /// time. What happens from then on has a seed of its own. This world is not to be run any more, but may be taken up again as often as wanted.
    #[must_use]
    pub fn again(&self, seed: u64) -> Self {
        let mut again = Self::new(seed, 0, &Memory::none());
        again.now_ms = self.now_ms;
        again.peers = self.peers.iter().map(SimPeer::again).collect();
        again.by_device.clone_from(&self.by_device);
        again.library = self.library.clone();
        again
    }

    /// Returns the true time, milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Returns a peer.
    ///
    /// # Panics
    /// When there is no such peer: a script's mistake.
    pub fn peer(&self, index: PeerIndex) -> &SimPeer {
        self.peers.get(index).expect("scripts name peers that exist")
    }

    /// The disk of a peer, for what a test puts there by hand.
    ///
    /// # Panics
    /// For a peer that does not exist.
    pub fn disk(&mut self, index: PeerIndex) -> &mut crate::disk::Disk {
        &mut self.peer_mut(index).disk
    }

    pub(crate) fn peer_mut(&mut self, index: PeerIndex) -> &mut SimPeer {
        self.peers.get_mut(index).expect("scripts name peers that exist")
    }

    /// Gives a peer power.
    pub fn start(&mut self, index: PeerIndex) {
        if self.peer_mut(index).start() {
            self.peer_mut(index).same_since_ms = self.now_ms;
            let address = self.peer(index).address();
            self.take(index, Input::Reachable { addresses: vec![address] });
            for web in self.peer(index).index_driver.lost() {
                let report = search::jobs::to_bytes(&search::jobs::Lost { web });
                self.take(index, Input::Noticed { kind: search::jobs::LOST, report });
            }
        }
    }

    /// Cuts a peer's power: what its last commit made durable stays, all else is gone.
    pub fn power_cut(&mut self, index: PeerIndex, back_after: Duration) {
        if self.peer(index).is_running() {
            self.tally.power_cuts += 1;
            let mut dice = Dice::new(self.dice.bits());
            self.peer_mut(index).cut_power(&mut dice);
            self.drop_connections(index, |_| true);
        }
        self.queue(back_after, Happening::Start(index));
    }

    /// Keeps a copy of the rows of a peer without power, as a backup does.
    pub fn back_up(&mut self, index: PeerIndex) {
        self.peer_mut(index).back_up();
    }

    /// Puts the backup in place of the rows of a peer without power; it starts as a home that was restored.
    pub fn restore(&mut self, index: PeerIndex) {
        self.peer_mut(index).restore();
    }

    /// Puts a peer on one side of the world; peers of different sides can't reach each other.
    pub fn move_to_side(&mut self, index: PeerIndex, side: u8) {
        if self.peer(index).side != side {
            self.peer_mut(index).same_since_ms = self.now_ms;
        }
        self.peer_mut(index).side = side;
        let other_side: BTreeSet<PeerIndex> =
            (0..self.peers.len()).filter(|other| self.peer(*other).side != side).collect();
        self.drop_connections(index, |other| other_side.contains(&other));
    }

    /// Gives a peer a guard with this scanner, from its next start on.
    pub fn set_scanner(&mut self, index: PeerIndex, scanner: crate::outbreaks::Scanner) {
        self.peer_mut(index).scanner = Some(scanner);
    }

    /// Lets a peer have agents, whose programs all answer like this, from its next start on.
    pub fn set_agents(&mut self, index: PeerIndex, programs: crate::programs::Programs) {
        self.peer_mut(index).agents = Some(programs);
    }

    /// Has a scanner that knows the harm of this world find something in a content, too.
    pub fn teach_scanner(&mut self, index: PeerIndex, content: base::ContentId) {
        if let Some(known) = self.peer_mut(index).scanner.as_mut().and_then(|scanner| scanner.knows.as_mut())
        {
            known.insert(content);
        }
    }

    /// Has a peer's scanner meet a set of rules in a content.
    pub fn teach_set(&mut self, index: PeerIndex, set: base::ContentId, content: base::ContentId) {
        if let Some(scanner) = self.peer_mut(index).scanner.as_mut() {
            scanner.sets.insert((set, content));
        }
    }

    /// Has a driver of a peer notice something.
    pub fn notice(&mut self, index: PeerIndex, kind: &'static str, report: Vec<u8>) {
        self.input_after(Duration::ZERO, index, Input::Noticed { kind, report });
    }

    /// Writes a file on a peer's disk, as any program would; its watcher is not told.
    pub fn write(&mut self, index: PeerIndex, path: &str, made_of: u64, size: u64) {
        let now_ms = self.now_ms;
        self.peer_mut(index).disk.write(path, made_of, size, now_ms);
        if let Some(content) = self.peer(index).disk.file(path).map(SimFile::content) {
            self.library.add(content, made_of, index);
        }
        self.watch.wrote(index, path, now_ms, Some((made_of, size)));
    }

    /// Renames a file on a peer's disk; its watcher is not told.
    pub fn rename(&mut self, index: PeerIndex, from: &str, to: &str) {
        let made = self.peer(index).disk.file(from).map(|file| (file.made_of(), file.stat().size));
        self.watch.wrote(index, from, self.now_ms, None);
        self.watch.wrote(index, to, self.now_ms, made);
        self.peer_mut(index).disk.rename(from, to);
    }

    /// Deletes a file on a peer's disk; its watcher is not told.
    pub fn delete(&mut self, index: PeerIndex, path: &str) {
        self.watch.wrote(index, path, self.now_ms, None);
        self.peer_mut(index).disk.delete(path);
    }

    /// Tells a peer's watcher, if it watches, that paths changed or are gone.
    pub fn tell_watcher(&mut self, index: PeerIndex, changed: &[&str], gone: &[&str]) {
        drivers::notice(self, index, changed, gone);
    }

    /// Damages a web's index, as a bad disk does.
    pub fn damage_index(&mut self, index: PeerIndex, web: WebId) {
        crate::index::damage(self, index, web);
    }

    /// Has a peer lie about texts.
    pub fn set_liar(&mut self, index: PeerIndex, liar: Option<Liar>) {
        self.peer_mut(index).liar = liar;
    }

    /// Sets the weather.
    pub fn set_weather(&mut self, weather: Weather) {
        if weather.latency_max != self.weather.latency_max {
            self.weather_since_ms = self.now_ms;
        }
        self.weather = weather;
    }

    /// Asks a peer's service something, as its person would; the answer comes by [`Self::answer`].
    pub fn ask(&mut self, index: PeerIndex, operation: &str, arguments: Value) -> AskId {
        self.next_ask += 1;
        let ask = AskId(self.next_ask);
        let input = Input::Asked { ask, operation: operation.to_owned(), arguments };
        if self.peer(index).is_running() {
            self.take(index, input);
        } else {
            let fault = Fault::new("sim.off", base::FaultKind::Unreachable, "the peer is off");
            self.answers.insert(ask, Err(fault));
        }
        ask
    }

    /// Takes an answer, if it has come.
    pub fn answer(&mut self, ask: AskId) -> Option<Result<Value, Fault>> {
        self.answers.remove(&ask)
    }

    /// Asks a peer's reader something.
    pub fn read(&self, index: PeerIndex, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.peer(index).read(self.now_ms, operation, arguments)
    }

    /// Has a peer say something that no decider made: Mallory's words. They arrive if a connection stands.
    pub fn forge(&mut self, from: PeerIndex, to: PeerIndex, channel: Channel, service: &str, message: &[u8]) {
        self.send(from, self.peer(to).device, channel, service, message, Duration::ZERO);
    }

    /// Returns the peers that a peer is connected to, as members.
    pub fn connected_to(&self, index: PeerIndex) -> Vec<PeerIndex> {
        (0..self.peers.len()).filter(|other| self.is_connected(index, *other)).collect()
    }

    /// Lets time pass.
    pub fn run_for(&mut self, time: Duration) {
        let until = self.now_ms.saturating_add(millis(time));
        while let Some(((at, tie), _)) = self.queue.first_key_value() {
            let (at, tie) = (*at, *tie);
            if at > until {
                break;
            }
            self.now_ms = at;
            if let Some(happening) = self.queue.remove(&(at, tie)) {
                self.happen(happening);
            }
        }
        self.now_ms = until;
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Input { to, life, input } => {
                if self.peer(to).life() == Some(life) {
                    self.take(to, input);
                }
            }
            Happening::Arrival { from, to, connection, channel, service, message } => {
                let (first, second) = (from.min(to), from.max(to));
                if self.connections.get(&(first, second, channel)) == Some(&connection) {
                    if service == "search" {
                        self.watch.arrived(self.now_ms, from, to, &message);
                    }
                    if self.blind.contains(&to) {
                        let holds =
                            |marker: &Vec<u8>| message.windows(marker.len()).any(|part| part == *marker);
                        self.leaks += u64::from(self.markers.iter().any(holds));
                    }
                    let from = self.peer(from).device;
                    self.take(to, Input::Heard { from, channel, service, message });
                }
            }
            Happening::Wake { peer, life } => {
                if self.peer(peer).life() == Some(life) {
                    self.batch(peer, Vec::new());
                }
            }
            Happening::Dialled { from, to, life, channel } => {
                if self.peer(from).life() == Some(life) {
                    self.dialled(from, to, channel);
                }
            }
            Happening::Sandbox { peer, life, job } => {
                if self.peer(peer).life() == Some(life) {
                    crate::jobs::tick(self, peer, job);
                }
            }
            Happening::Start(index) => self.start(index),
        }
    }

    /// Queues an input for a peer, to be taken unless the peer loses power before.
    pub(crate) fn input_after(&mut self, wait: Duration, to: PeerIndex, input: Input) {
        if let Some(life) = self.peer(to).life() {
            self.queue(wait, Happening::Input { to, life, input });
        }
    }

    /// Lets a job of a peer's sandbox go on later, unless the peer loses power before.
    pub(crate) fn sandbox_after(&mut self, wait: Duration, peer: PeerIndex, job: JobId) {
        if let Some(life) = self.peer(peer).life() {
            self.queue(wait, Happening::Sandbox { peer, life, job });
        }
    }

    pub(crate) fn finish_after(
        &mut self,
        wait: Duration,
        to: PeerIndex,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) {
        self.input_after(wait, to, Input::Finished { job, outcome });
    }

    fn queue(&mut self, wait: Duration, happening: Happening) {
        self.next += 1;
        self.queue.insert((self.now_ms.saturating_add(millis(wait)), self.next), happening);
    }

    fn take(&mut self, index: PeerIndex, input: Input) {
        if self.peer(index).is_running() {
            self.batch(index, vec![input]);
        }
    }

    fn batch(&mut self, index: PeerIndex, inputs: Vec<Input>) {
        self.tally.batches += 1;
        let (now_ms, seed) = (self.now_ms, self.dice.seed());
        let effects = self.peer_mut(index).batch(now_ms, seed, inputs);
        for effect in effects {
            self.carry_out(index, effect);
        }
    }

    fn carry_out(&mut self, index: PeerIndex, effect: Effect) {
        match effect {
            Effect::Send { to, channel, service: "search", message } => {
                lying::say(self, index, to, channel, &message);
            }
            Effect::Send { to, channel, service, message } => {
                match service {
                    "ledger" => self.watch.said_of_ledger(index, &message),
                    "compute" => crate::jobs::said(self, index, to, &message),
                    _ => {}
                }
                self.send(index, to, channel, service, &message, Duration::ZERO);
            }
            Effect::Connect { to, channel } => self.dial(index, to, channel),
            Effect::Disconnect { device, channel } => {
                if let Some(other) = self.by_device.get(&device).copied() {
                    self.drop_connection(index, other, channel);
                }
            }
            Effect::Addresses { .. } | Effect::Admit { .. } if self.is_open => {}
            Effect::Addresses { device, .. } => drop(self.peer_mut(index).known.insert(device)),
            Effect::Admit { web, devices } => self.admit(index, web, devices),
            Effect::Work(job) => drivers::work(self, index, &job),
            Effect::Cancel(job) => self.peer_mut(index).cancelled(job),
            Effect::Reply { ask, outcome } => drop(self.answers.insert(ask, outcome)),
            Effect::Happened(event) if event.kind == "search.rang" => {
                self.watch.rang.push((index, self.now_ms, event.about));
            }
            // Everybody reaches everybody here who may; relays are the network's affair.
            Effect::Happened(_) | Effect::UseRelays(_) | Effect::BeRelay(_) => {}
            Effect::WakeAt(at) => {
                let wait = self.peer(index).until(self.now_ms, at);
                if let Some(life) = self.peer(index).life() {
                    self.queue(wait, Happening::Wake { peer: index, life });
                }
            }
        }
    }

    fn admit(&mut self, index: PeerIndex, web: WebId, devices: Vec<DeviceId>) {
        self.peer_mut(index).admitted.insert(web, devices.into_iter().collect());
        let strangers: Vec<PeerIndex> = (0..self.peers.len())
            .filter(|other| {
                let key = (index.min(*other), index.max(*other), Channel::Member);
                self.connections.contains_key(&key) && !self.peer(index).admits(&self.peer(*other).device)
            })
            .collect();
        for stranger in strangers {
            self.drop_connection(index, stranger, Channel::Member);
        }
    }

    pub(crate) fn send(
        &mut self,
        from: PeerIndex,
        to: DeviceId,
        channel: Channel,
        service: &str,
        message: &[u8],
        later: Duration,
    ) {
        let Some(to) = self.by_device.get(&to).copied() else { return };
        let Some(connection) = self.connections.get(&(from.min(to), from.max(to), channel)).copied() else {
            return;
        };
        self.tally.messages += 1;
        self.tally.bytes += u64::try_from(message.len()).unwrap_or(0);
        let weather = self.weather;
        if self.dice.chance(weather.cut) {
            return self.drop_connection(from, to, channel);
        }
        if self.dice.chance(weather.loss) {
            return;
        }
        let copies = if self.dice.chance(weather.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let latency = later + self.dice.between(weather.latency_min, weather.latency_max);
            let mut at = self.now_ms.saturating_add(millis(latency));
            if !self.dice.chance(weather.reorder) {
                let last = self.last_arrival.entry((from, to)).or_insert(0);
                at = at.max(*last);
                *last = at;
            }
            let service = service.to_owned();
            let message = message.to_vec();
            let wait = Duration::from_millis(at.saturating_sub(self.now_ms));
            self.queue(wait, Happening::Arrival { from, to, connection, channel, service, message });
        }
    }

    fn dial(&mut self, from: PeerIndex, to: DeviceId, channel: Channel) {
        let latency = self.dice.between(self.weather.latency_min, self.weather.latency_max) * 2;
        if let Some(life) = self.peer(from).life() {
            self.queue(latency, Happening::Dialled { from, to, life, channel });
        }
    }

    fn dialled(&mut self, from: PeerIndex, device: DeviceId, channel: Channel) {
        let reached = self.by_device.get(&device).copied().filter(|to| self.can_connect(from, *to, channel));
        let Some(to) = reached else {
            if channel == Channel::Member && self.is_refused(from, device) {
                let report = wire::to_bytes(&device);
                self.take(from, Input::Noticed { kind: "records.refused", report });
            }
            return self.take(from, Input::Disconnected { device, channel });
        };
        let key = (from.min(to), from.max(to), channel);
        if !self.connections.contains_key(&key) {
            self.next_connection += 1;
            self.tally.connections += 1;
            self.connections.insert(key, self.next_connection);
            let dialler = self.peer(from).device;
            self.take(to, Input::Connected { device: dialler, channel });
        }
        self.take(from, Input::Connected { device, channel });
    }

    fn can_connect(&self, from: PeerIndex, to: PeerIndex, channel: Channel) -> bool {
        let (dialler, other) = (self.peer(from), self.peer(to));
        let is_let_in = match channel {
            Channel::Member => {
                self.is_open || (dialler.admits(&other.device) && other.admits(&dialler.device))
            }
            Channel::Join => true,
        };
        self.is_in_reach(from, to) && is_let_in
    }

    /// Says whether packets of a peer come to another one.
    fn is_in_reach(&self, from: PeerIndex, to: PeerIndex) -> bool {
        let (dialler, other) = (self.peer(from), self.peer(to));
        from != to
            && other.is_running()
            && dialler.side == other.side
            && (self.is_open || dialler.known.contains(&other.device))
    }

    /// Says whether it is the other one's gate that keeps a dialler out.
    fn is_refused(&self, from: PeerIndex, device: DeviceId) -> bool {
        let to = self.by_device.get(&device).copied();
        to.is_some_and(|to| self.is_in_reach(from, to) && self.peer(from).admits(&device))
    }

    /// Says whether two peers could move contents now.
    pub(crate) fn is_connected(&self, one: PeerIndex, other: PeerIndex) -> bool {
        self.connections.contains_key(&(one.min(other), one.max(other), Channel::Member))
    }

    fn drop_connection(&mut self, one: PeerIndex, other: PeerIndex, channel: Channel) {
        if self.connections.remove(&(one.min(other), one.max(other), channel)).is_some() {
            for (here, there) in [(one, other), (other, one)] {
                let device = self.peer(there).device;
                // Later, as a transport would say it: never inside of the batch that caused it.
                self.input_after(Duration::from_millis(1), here, Input::Disconnected { device, channel });
            }
        }
    }

    fn drop_connections(&mut self, index: PeerIndex, is_meant: impl Fn(PeerIndex) -> bool) {
        let meant: Vec<_> = self
            .connections
            .keys()
            .filter(|(one, other, _)| {
                (*one == index && is_meant(*other)) || (*other == index && is_meant(*one))
            })
            .copied()
            .collect();
        for (one, other, channel) in meant {
            self.drop_connection(one, other, channel);
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
