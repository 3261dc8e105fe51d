//! Several peers in one process: kernels, wires, drivers, one virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{ContentId, DeviceId, Fault, Timestamp, WebId};
use files::jobs::*;
use kernel::{AskId, Channel, Effect, Input, Job, JobFailure, JobId, Kernel, Readers, Vault};
use serde_json::{Value, json};
use store::{Backing as _, MemoryBacking, Rows};
use wire::crypto::{PersonKey, SignKey, Signature, Signer, Strict, Verifier};
use wire::identity::Inception;

use crate::disk::Disk;

const LATENCY_MS: u64 = 2;

struct TestVault {
    device: SignKey,
    person: PersonKey,
    inception: Vec<u8>,
}

impl TestVault {
    fn new(index: usize) -> Self {
        let seed = [u8::try_from(index).unwrap() + 1; 32];
        let key = |purpose| blake3::derive_key(purpose, &seed);
        let device = SignKey::from_seed(&key("device"));
        let person = PersonKey::from_seed(&key("person"));
        let inception = Inception::new(&SignKey::from_seed(&key("recovery")), &device, &person).to_bytes();
        Self { device, person, inception }
    }
}

impl Signer for TestVault {
    fn device(&self) -> DeviceId {
        self.device.device()
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.device.sign(domain, bytes)
    }
}

impl Verifier for TestVault {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for TestVault {
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
}

/// Publishes whatever it is asked to as a record of `files`: a member whose program is not ours.
struct Mallory;

impl kernel::Service for Mallory {
    fn name(&self) -> &'static str {
        "mallory"
    }

    fn step(&mut self, step: &mut kernel::Step<'_>, input: Input) -> Result<(), Fault> {
        if let Input::Asked { ask, arguments, .. } = input {
            let web = arguments["web"].as_str().unwrap().parse().unwrap();
            let body = arguments["body"]
                .as_array()
                .unwrap()
                .iter()
                .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap());
            records::publish(step, web, "files", body.collect())?;
            step.reply(ask, &json!({}));
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn kernel::Reader> {
        Box::new(Mallory)
    }
}

impl kernel::Reader for Mallory {
    fn read(&self, _: &kernel::ReadContext<'_>, _: &str, _: Value) -> Result<Value, Fault> {
        Ok(Value::Null)
    }
}

/// One peer.
pub(crate) struct Peer {
    pub(crate) device: DeviceId,
    pub(crate) disk: Disk,
    /// Sends wrong bytes.
    pub(crate) is_liar: bool,
    pub(crate) is_disk_full: bool,
    /// Whom this one names to those who ask next, the last first, instead of giving.
    pub(crate) names: Vec<DeviceId>,
    /// Hashing goes on to the end and then fails.
    pub(crate) is_reading_broken: bool,
    /// Bytes given to others.
    pub(crate) gave: u64,
    /// Jobs given, by kind.
    pub(crate) jobs: BTreeMap<&'static str, u64>,
    pub(crate) events: Vec<(String, Value)>,
    backing: MemoryBacking,
    kernel: Option<Kernel>,
    readers: Option<Arc<Readers>>,
    replies: BTreeMap<AskId, Result<Value, Fault>>,
    watcher: Option<JobId>,
    cancelled: BTreeSet<JobId>,
    life: u64,
}

enum Due {
    Input(Input),
    Tick,
}

/// All peers.
pub(crate) struct Town {
    pub(crate) now_ms: u64,
    pub(crate) peers: Vec<Peer>,
    links: BTreeSet<(usize, usize)>,
    queue: BTreeMap<(u64, u64), (usize, u64, Due)>,
    count: u64,
}

impl Town {
    /// Makes peers and starts them.
    pub(crate) fn new(count: usize) -> Self {
        let peers = (0..count)
            .map(|index| Peer {
                device: TestVault::new(index).device(),
                disk: Disk::default(),
                is_liar: false,
                is_disk_full: false,
                names: Vec::new(),
                is_reading_broken: false,
                gave: 0,
                jobs: BTreeMap::new(),
                events: Vec::new(),
                backing: MemoryBacking::default(),
                kernel: None,
                readers: None,
                replies: BTreeMap::new(),
                watcher: None,
                cancelled: BTreeSet::new(),
                life: 0,
            })
            .collect();
        let mut town = Self {
            now_ms: 1_800_000_000_000,
            peers,
            links: BTreeSet::new(),
            queue: BTreeMap::new(),
            count: 0,
        };
        (0..count).for_each(|index| town.start(index));
        town
    }

    /// Makes one web of all peers: the first founds it, the others join. Names are alice, bob, carol, ted.
    pub(crate) fn web(count: usize) -> (Self, WebId) {
        let mut town = Self::new(count);
        let web = town.found("family", &(0..count).collect::<Vec<_>>());
        (town, web)
    }

    /// Founds a web by the first of the peers named; the others join.
    pub(crate) fn found(&mut self, name: &str, members: &[usize]) -> WebId {
        const NAMES: [&str; 4] = ["alice", "bob", "carol", "ted"];
        for index in members {
            self.ask(*index, "people.introduce", json!({ "name": NAMES[*index] })).unwrap();
        }
        let web = self.ask(members[0], "people.start_web", json!({ "name": name })).unwrap();
        let invitation = self.ask(members[0], "people.invite", json!({ "web": name, "uses": 10 })).unwrap();
        for index in members.iter().skip(1) {
            self.ask(*index, "people.join", json!({ "link": invitation["link"] })).unwrap();
            self.pass(10_000);
        }
        let web: WebId = web["id"].as_str().unwrap().parse().unwrap();
        for index in members {
            let rows = self.rows(*index);
            assert!(
                people::read::is_member(&*rows, web, self.peers[*index].device).unwrap(),
                "peer {index} is in"
            );
        }
        web
    }

    /// Starts a peer; rows are as they were left.
    pub(crate) fn start(&mut self, index: usize) {
        let services: Vec<Box<dyn kernel::Service>> = vec![
            Box::new(records::service()),
            Box::new(people::service()),
            Box::new(files::service("/home/peer")),
            Box::new(Mallory),
        ];
        let peer = &mut self.peers[index];
        let vault = TestVault::new(index);
        let kernel = Kernel::open(Arc::new(peer.backing.clone()), services, Box::new(vault)).unwrap();
        peer.readers = Some(kernel.readers());
        peer.kernel = Some(kernel);
        peer.life += 1;
        self.input(index, 0, Input::Reachable { addresses: vec![format!("10.0.0.{index}:4000")] });
        self.pass(1);
    }

    /// Kills a peer: what it had not committed is gone.
    pub(crate) fn kill(&mut self, index: usize) {
        let others: Vec<usize> = (0..self.peers.len()).filter(|other| *other != index).collect();
        for other in others {
            self.cut(index, other);
        }
        let peer = &mut self.peers[index];
        peer.kernel = None;
        peer.readers = None;
        peer.watcher = None;
        peer.backing = peer.backing.power_cut();
        peer.life += 1;
    }

    /// Ends the connection of two peers; they find each other again when somebody connects.
    pub(crate) fn cut(&mut self, one: usize, other: usize) {
        if self.links.remove(&pair(one, other)) {
            for (index, from) in [(one, other), (other, one)] {
                let device = self.peers[from].device;
                self.input(index, LATENCY_MS, Input::Disconnected { device, channel: Channel::Member });
            }
        }
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask(&mut self, index: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let ask = self.begin(index, operation, arguments);
        for _ in 0..2_000 {
            if let Some(reply) = self.peers[index].replies.remove(&ask) {
                return reply;
            }
            self.pass(10);
        }
        panic!("{operation} was never answered");
    }

    /// Has a member's other program say something about files.
    pub(crate) fn say(&mut self, index: usize, web: WebId, body: &[u8]) {
        self.ask(index, "mallory.say", json!({ "web": web, "body": body })).unwrap();
        self.pass(500);
    }

    /// Asks without waiting.
    pub(crate) fn begin(&mut self, index: usize, operation: &str, arguments: Value) -> AskId {
        self.count += 1;
        let ask = AskId(self.count);
        self.input(index, 0, Input::Asked { ask, operation: operation.to_owned(), arguments });
        ask
    }

    /// Reads on a snapshot.
    pub(crate) fn read(&self, index: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let readers = self.peers[index].readers.as_ref().expect("the peer runs");
        readers.read(Timestamp::from_millis(self.now_ms), operation, arguments)
    }

    /// Returns the names in a folder.
    pub(crate) fn ls(&self, index: usize, path: &str) -> Vec<String> {
        let listing = self.read(index, "files.list", json!({ "path": path, "limit": 10_000 })).unwrap();
        let entries = listing["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Returns an entry.
    pub(crate) fn entry(&self, index: usize, path: &str) -> Value {
        self.read(index, "files.about", json!({ "path": path })).unwrap()["entry"].clone()
    }

    /// Returns a peer's rows.
    pub(crate) fn rows(&self, index: usize) -> Box<dyn Rows + Send> {
        self.peers[index].backing.snapshot().unwrap()
    }

    /// Tells a peer's watcher what changed.
    pub(crate) fn noticed(&mut self, index: usize, changed: &[&str], gone: &[&str]) {
        let peer = &self.peers[index];
        let Some(job) = peer.watcher else { return };
        let report = WatchReport {
            changed: changed.iter().filter_map(|path| peer.disk.item(path)).collect(),
            gone: gone.iter().map(|path| (*path).to_owned()).collect(),
            skipped: vec![],
            is_rescan_needed: false,
        };
        self.input(index, 1, Input::Progress { job, report: to_bytes(&report) });
    }

    /// Gives a peer an input after some time.
    pub(crate) fn input(&mut self, index: usize, wait_ms: u64, input: Input) {
        self.due(index, wait_ms, Due::Input(input));
    }

    fn due(&mut self, index: usize, wait_ms: u64, due: Due) {
        self.count += 1;
        let life = self.peers[index].life;
        self.queue.insert((self.now_ms + wait_ms, self.count), (index, life, due));
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(entry) = self.queue.first_entry() {
            let (at, _) = *entry.key();
            if at > end {
                break;
            }
            let (index, life, due) = entry.remove();
            self.now_ms = self.now_ms.max(at);
            if self.peers[index].life != life {
                continue;
            }
            let inputs = match due {
                Due::Input(input) => vec![input],
                Due::Tick => vec![],
            };
            self.batch(index, inputs);
        }
        self.now_ms = end;
    }

    fn batch(&mut self, index: usize, inputs: Vec<Input>) {
        self.count += 1;
        let peer = &mut self.peers[index];
        let inputs = inputs.into_iter().filter(|input| match input {
            Input::Progress { job, .. } => !peer.cancelled.contains(job),
            _ => true,
        });
        let inputs = inputs
            .map(|input| match input {
                Input::Finished { job, .. } if peer.cancelled.contains(&job) => {
                    Input::Finished { job, outcome: Err(JobFailure::Cancelled) }
                }
                other => other,
            })
            .collect();
        let seed = *blake3::hash(&self.count.to_be_bytes()).as_bytes();
        let Some(kernel) = &mut peer.kernel else { return };
        let effects = kernel.batch(Timestamp::from_millis(self.now_ms), seed, inputs).unwrap();
        assert!(kernel.paused().is_empty(), "{:?}", kernel.paused());
        assert!(kernel.trouble().is_none(), "{:?}", kernel.trouble());
        for effect in effects {
            self.carry_out(index, effect);
        }
    }

    fn carry_out(&mut self, index: usize, effect: Effect) {
        let me = self.peers[index].device;
        match effect {
            Effect::Send { to, channel, service, message } => {
                if let Some(other) = self.index_of(to)
                    && (channel == Channel::Join || self.links.contains(&pair(index, other)))
                {
                    let heard = Input::Heard { from: me, channel, service: service.to_owned(), message };
                    self.input(other, LATENCY_MS, heard);
                }
            }
            Effect::Connect { to, channel } => {
                match self.index_of(to).filter(|other| self.peers[*other].kernel.is_some()) {
                    Some(other) => {
                        let is_new = channel == Channel::Join || self.links.insert(pair(index, other));
                        self.input(index, LATENCY_MS, Input::Connected { device: to, channel });
                        if is_new {
                            self.input(other, LATENCY_MS, Input::Connected { device: me, channel });
                        }
                    }
                    None => self.input(index, 50, Input::Disconnected { device: to, channel }),
                }
            }
            Effect::Disconnect { device, channel: Channel::Member } => {
                if let Some(other) = self.index_of(device) {
                    self.cut(index, other);
                }
            }
            Effect::Work(job) => self.work(index, &job),
            Effect::Cancel(job) => {
                let peer = &mut self.peers[index];
                peer.cancelled.insert(job);
                if peer.watcher == Some(job) {
                    peer.watcher = None;
                }
            }
            Effect::Reply { ask, outcome } => drop(self.peers[index].replies.insert(ask, outcome)),
            Effect::Happened(event) => self.peers[index].events.push((event.kind, event.about)),
            Effect::WakeAt(at) => {
                let wait = at.millis().saturating_sub(self.now_ms);
                self.due(index, wait, Due::Tick);
            }
            _ => {}
        }
    }

    fn index_of(&self, device: DeviceId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.device == device)
    }

    fn work(&mut self, index: usize, job: &Job) {
        *self.peers[index].jobs.entry(job.kind).or_default() += 1;
        match job.kind {
            WALK => self.walk(index, job),
            WATCH => {
                self.peers[index].watcher = Some(job.id);
                if self.peers[index].disk.is_missing {
                    return self.finish(index, job, 5, Err("gone".to_owned()));
                }
                self.progress(
                    index,
                    job,
                    5,
                    &WatchReport { changed: vec![], gone: vec![], skipped: vec![], is_rescan_needed: false },
                );
            }
            HASH => self.hash(index, job),
            FETCH => self.fetch(index, job),
            BUNDLE => self.bundle(index, job),
            MISSING => {
                let asked: Missing = from_bytes(&job.input).unwrap();
                let ranges = self.peers[index].disk.missing(asked.content, asked.size);
                self.finish(index, job, 1, Ok(to_bytes(&MissingRanges { ranges })));
            }
            SAVE => {
                let save: Save = from_bytes(&job.input).unwrap();
                let path = format!("{}/{}", save.folder, save.path);
                self.peers[index].disk.saved.insert(path.clone(), save.content);
                self.finish(index, job, 1, Ok(to_bytes(&Saved { path })));
            }
            FORGET => {
                let forget: Forget = from_bytes(&job.input).unwrap();
                self.peers[index].disk.store.remove(&forget.content);
                self.finish(index, job, 1, Ok(Vec::new()));
            }
            kind => panic!("no driver for {kind}"),
        }
    }

    fn walk(&mut self, index: usize, job: &Job) {
        let Walk { root } = from_bytes(&job.input).unwrap();
        let disk = &self.peers[index].disk;
        if disk.is_missing || root == "/nowhere" {
            let summary =
                WalkSummary { root: RootState::Missing, real_root: String::new(), items: 0, skipped: 0 };
            return self.finish(index, job, 5, Ok(to_bytes(&summary)));
        }
        let items = disk.items();
        let count = items.len() as u64;
        let mut wait = 5;
        for part in items.chunks(ITEMS_MAX) {
            let report = WalkReport { real_root: root.clone(), items: part.to_vec(), skipped: vec![] };
            self.progress(index, job, wait, &report);
            wait += 5;
        }
        let summary = WalkSummary { root: RootState::Walked, real_root: root, items: count, skipped: 0 };
        self.finish(index, job, wait, Ok(to_bytes(&summary)));
    }

    fn hash(&mut self, index: usize, job: &Job) {
        let Hash { items, .. } = from_bytes(&job.input).unwrap();
        let disk = &self.peers[index].disk;
        let bytes: u64 = items.iter().map(|item| item.stat.size).sum();
        let Some(largest) = items.iter().max_by_key(|item| item.stat.size).cloned() else {
            return self.finish(index, job, 5, Ok(Vec::new()));
        };
        let results: Vec<HashResult> = items
            .into_iter()
            .map(|item| match disk.things.get(&item.path) {
                Some(thing) => {
                    HashResult::Hashed { path: item.path, stat: thing.stat, content: thing.content }
                }
                None => HashResult::Gone { path: item.path },
            })
            .collect();
        let wait = 5 + bytes / 1_000_000;
        for at in (500..wait).step_by(500) {
            let done = (at - 5) * 1_000_000;
            let reading = HashReading { path: largest.path.clone(), done, size: largest.stat.size };
            self.progress(index, job, at, &HashReport { results: vec![], reading: Some(reading) });
        }
        if self.peers[index].is_reading_broken {
            return self.finish(index, job, wait, Err("the disk was unplugged".to_owned()));
        }
        self.progress(index, job, wait, &HashReport { results, reading: None });
        self.finish(index, job, wait, Ok(Vec::new()));
    }

    /// What a provider does when asked.
    fn provide(
        &mut self,
        asker: usize,
        provider: DeviceId,
        content: ContentId,
        size: u64,
    ) -> Result<usize, FetchFailure> {
        let provider = self.index_of(provider).filter(|other| self.links.contains(&pair(asker, *other)));
        let provider = provider.ok_or(FetchFailure::Unreachable)?;
        if self.peers[provider].is_liar {
            return Err(FetchFailure::WrongBytes);
        }
        if !self.peers[provider].names.is_empty() {
            return Err(FetchFailure::Elsewhere);
        }
        let rows = self.rows(provider);
        let disk = &self.peers[provider].disk;
        match files::source(&*rows, self.peers[asker].device, content).unwrap() {
            Some(Source::Store) if disk.has(content, size) => Ok(provider),
            Some(Source::Path { path, stat }) => {
                let path = path.rsplit_once("shared/").map_or("", |(_, below)| below);
                let is_same =
                    disk.things.get(path).is_some_and(|thing| thing.stat == stat && thing.content == content);
                is_same.then_some(provider).ok_or(FetchFailure::Changed)
            }
            _ => Err(FetchFailure::Refused),
        }
    }

    fn fetch(&mut self, index: usize, job: &Job) {
        let fetch: Fetch = from_bytes(&job.input).unwrap();
        if self.peers[index].is_disk_full {
            return self.finish(index, job, 1, Err(FetchFailure::DiskFull.text("test")));
        }
        match self.provide(index, fetch.provider, fetch.content, fetch.size) {
            Ok(provider) => {
                let bytes: u64 = fetch.ranges.iter().map(|range| range.to - range.from).sum();
                self.peers[provider].gave += bytes;
                self.peers[index].disk.store.entry(fetch.content).or_default().extend(&fetch.ranges);
                self.finish(index, job, 1 + bytes / 100_000, Ok(to_bytes(&Fetched { bytes })));
            }
            Err(FetchFailure::Elsewhere) => {
                let provider = self.index_of(fetch.provider).expect("it has named somebody");
                let named = self.peers[provider].names.pop().expect("it has named somebody");
                let start = format!("{:014x}", id_start(named));
                self.finish(index, job, 2, Err(FetchFailure::Elsewhere.text(start)));
            }
            Err(failure) => self.finish(index, job, 5, Err(failure.text("test"))),
        }
    }

    fn bundle(&mut self, index: usize, job: &Job) {
        let bundle: Bundle = from_bytes(&job.input).unwrap();
        assert!(bundle.items.len() <= BUNDLE_ITEMS_MAX);
        assert!(bundle.items.iter().map(|item| item.size).sum::<u64>() <= BUNDLE_SIZE_MAX);
        let mut outcomes = Vec::new();
        let mut came = 0;
        for item in &bundle.items {
            let outcome = match self.provide(index, bundle.provider, item.content, item.size) {
                Ok(provider) => {
                    came += item.size;
                    self.peers[provider].gave += item.size;
                    let whole = ByteRange { from: 0, to: item.size };
                    self.peers[index].disk.store.entry(item.content).or_default().push(whole);
                    ItemOutcome::Arrived
                }
                Err(FetchFailure::Unreachable) => {
                    return self.finish(index, job, 5, Err(FetchFailure::Unreachable.text("test")));
                }
                Err(FetchFailure::WrongBytes) => ItemOutcome::Wrong,
                Err(_) => ItemOutcome::Refused,
            };
            outcomes.push(outcome);
        }
        self.finish(index, job, 2 + came / 100_000, Ok(to_bytes(&Bundled { outcomes })));
    }

    fn progress<T: minicbor::Encode<()>>(&mut self, index: usize, job: &Job, wait: u64, report: &T) {
        self.input(index, wait, Input::Progress { job: job.id, report: to_bytes(report) });
    }

    fn finish(&mut self, index: usize, job: &Job, wait: u64, outcome: Result<Vec<u8>, String>) {
        self.input(
            index,
            wait,
            Input::Finished { job: job.id, outcome: outcome.map_err(JobFailure::Failed) },
        );
    }
}

fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
