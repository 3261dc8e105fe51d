//! What the tests of the network share: peers on 127.0.0.1 with rights that a test sets.

pub(crate) mod proxy;
pub(crate) mod relay;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{ByteCount, ContentId, DeviceId, WebId};
use files::jobs::{self, ByteRange, FetchFailure, Source, Stat};
use futures_lite::StreamExt as _;
use kernel::{Channel, Driver, Effect, Input, Job, JobFailure, JobId};
use network::{Network, NetworkConfig, Rights};
use tokio::sync::mpsc;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const WEB: WebId = WebId::new([1; 32]);

/// Rights that a test gives and takes.
#[derive(Default)]
pub(crate) struct Given {
    sources: Mutex<BTreeMap<(DeviceId, ContentId), Source>>,
    invited: Mutex<BTreeSet<(DeviceId, Vec<u8>)>>,
    tunnels: Mutex<BTreeMap<(DeviceId, String), u16>>,
}

impl Given {
    pub(crate) fn give(&self, asker: DeviceId, content: ContentId, source: Source) {
        self.sources.lock().unwrap().insert((asker, content), source);
    }

    pub(crate) fn take(&self, asker: DeviceId, content: ContentId) {
        self.sources.lock().unwrap().remove(&(asker, content));
    }

    pub(crate) fn invite(&self, device: DeviceId, hello: &[u8]) {
        self.invited.lock().unwrap().insert((device, hello.to_vec()));
    }

    pub(crate) fn offer(&self, asker: DeviceId, tunnel: &str, port: u16) {
        self.tunnels.lock().unwrap().insert((asker, tunnel.to_owned()), port);
    }

    pub(crate) fn take_back(&self, asker: DeviceId, tunnel: &str) {
        self.tunnels.lock().unwrap().remove(&(asker, tunnel.to_owned()));
    }

    pub(crate) fn end_invitations(&self) {
        self.invited.lock().unwrap().clear();
    }
}

impl Rights for Given {
    fn sources(&self, asker: DeviceId, contents: &[ContentId]) -> Vec<Option<Source>> {
        let sources = self.sources.lock().unwrap();
        contents.iter().map(|content| sources.get(&(asker, *content)).cloned()).collect()
    }

    fn fellows(&self, _asker: DeviceId, content: ContentId, devices: &[DeviceId]) -> Vec<DeviceId> {
        let sources = self.sources.lock().unwrap();
        devices.iter().copied().filter(|device| sources.contains_key(&(*device, content))).collect()
    }

    fn tunnel_port(&self, _me: DeviceId, asker: DeviceId, (web, name): (WebId, &str)) -> Option<u16> {
        let tunnels = self.tunnels.lock().unwrap();
        tunnels.get(&(asker, name.to_owned())).copied().filter(|_| web == WEB)
    }

    fn is_invited(&self, device: DeviceId, hello: &[u8]) -> bool {
        self.invited.lock().unwrap().contains(&(device, hello.to_vec()))
    }
}

/// One peer: a real network, and a kernel that only listens.
pub(crate) struct Peer {
    pub(crate) network: Network,
    pub(crate) rights: Arc<Given>,
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) home: tempfile::TempDir,
    next_job: u64,
}

impl Peer {
    pub(crate) async fn start(seed: u8) -> Self {
        Self::start_in(seed, tempfile::tempdir().unwrap(), 1_000).await
    }

    pub(crate) async fn start_in(seed: u8, home: tempfile::TempDir, queue: usize) -> Self {
        Self::start_with(config(seed, home.path()), home, queue).await
    }

    pub(crate) async fn start_with(config: NetworkConfig, home: tempfile::TempDir, queue: usize) -> Self {
        let (sender, inputs) = mpsc::channel(queue);
        let rights = Arc::new(Given::default());
        let shared: Arc<dyn Rights> = rights.clone();
        let network = Network::start_with(config, shared, sender).await.unwrap();
        Self { network, rights, inputs, home, next_job: 0 }
    }

    pub(crate) fn me(&self) -> DeviceId {
        self.network.me()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Admits a peer and knows where it is.
    pub(crate) fn admit(&self, other: &Peer) {
        self.network.effect(Effect::Admit { web: WEB, devices: vec![other.me()] });
        self.know(other);
    }

    /// Admits one more peer: each has a web of its own with it.
    pub(crate) fn admit_also(&self, other: &Peer) {
        let web = WebId::new(*other.me().as_bytes());
        self.network.effect(Effect::Admit { web, devices: vec![other.me()] });
        self.know(other);
    }

    pub(crate) fn know(&self, other: &Peer) {
        let addresses = other.network.addresses();
        self.network.effect(Effect::Addresses { device: other.me(), addresses });
    }

    /// Waits for an input that the test looks for; others are dropped.
    pub(crate) async fn wait<T>(&mut self, mut look: impl FnMut(Input) -> Option<T>) -> T {
        let found = async {
            loop {
                let input = self.inputs.recv().await.expect("the network lives");
                if let Some(found) = look(input) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("it happens in time")
    }

    pub(crate) async fn connected(&mut self, with: DeviceId) {
        self.wait(|input| matches!(input, Input::Connected { device, .. } if device == with).then_some(()))
            .await;
    }

    pub(crate) async fn disconnected(&mut self, from: DeviceId) {
        self.wait(|input| {
            matches!(input, Input::Disconnected { device, .. } if device == from).then_some(())
        })
        .await;
    }

    pub(crate) async fn heard(&mut self) -> (DeviceId, Channel, Vec<u8>) {
        self.wait(|input| match input {
            Input::Heard { from, channel, message, .. } => Some((from, channel, message)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn noticed(&mut self, wanted: &'static str) -> Vec<u8> {
        self.wait(|input| match input {
            Input::Noticed { kind, report } if kind == wanted => Some(report),
            _ => None,
        })
        .await
    }

    pub(crate) fn begin<T: minicbor::Encode<()>>(&mut self, kind: &'static str, input: &T) -> JobId {
        self.begin_for("files", kind, jobs::to_bytes(input))
    }

    pub(crate) fn begin_for(&mut self, service: &'static str, kind: &'static str, input: Vec<u8>) -> JobId {
        self.next_job += 1;
        let id = JobId(self.next_job);
        self.network.work(Job { id, service, kind, input });
        id
    }

    pub(crate) async fn end_of(&mut self, wanted: JobId) -> Result<Vec<u8>, JobFailure> {
        self.wait(|input| match input {
            Input::Finished { job, outcome } if job == wanted => Some(outcome),
            _ => None,
        })
        .await
    }

    /// Waits for the ends of some jobs, in whatever order they come.
    pub(crate) async fn ends_of(&mut self, wanted: &[JobId]) -> Vec<Result<Vec<u8>, JobFailure>> {
        let mut ends = BTreeMap::new();
        while ends.len() < wanted.len() {
            let (job, outcome) = self
                .wait(|input| match input {
                    Input::Finished { job, outcome } if wanted.contains(&job) => Some((job, outcome)),
                    _ => None,
                })
                .await;
            assert!(ends.insert(job, outcome).is_none(), "a job ends once");
        }
        ends.into_values().collect()
    }

    pub(crate) async fn run<T: minicbor::Encode<()>>(
        &mut self,
        kind: &'static str,
        input: &T,
    ) -> Result<Vec<u8>, JobFailure> {
        let job = self.begin(kind, input);
        self.end_of(job).await
    }

    pub(crate) async fn fetch(
        &mut self,
        provider: DeviceId,
        content: ContentId,
        size: u64,
        ranges: &[(u64, u64)],
    ) -> Result<u64, FetchFailure> {
        let ended = self.run(jobs::FETCH, &fetch(provider, content, size, ranges)).await;
        match ended {
            Ok(bytes) => Ok(jobs::from_bytes::<jobs::Fetched>(&bytes).unwrap().bytes),
            Err(JobFailure::Failed(text)) => {
                println!("{text}");
                Err(FetchFailure::of(&text))
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    pub(crate) async fn missing(&mut self, content: ContentId, size: u64) -> Vec<(u64, u64)> {
        let ended = self.run(jobs::MISSING, &jobs::Missing { content, size }).await.unwrap();
        let missing: jobs::MissingRanges = jobs::from_bytes(&ended).unwrap();
        missing.ranges.iter().map(|range| (range.from, range.to)).collect()
    }

    pub(crate) async fn read(&self, content: ContentId, range: std::ops::Range<u64>) -> Vec<u8> {
        let mut reading = self.network.contents().read(content, Source::Store, range, PATIENCE);
        let mut bytes = Vec::new();
        while let Some(chunk) = reading.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        bytes
    }

    /// Writes a file below the home and gives `asker` the right to read it in place.
    pub(crate) fn share(&self, name: &str, bytes: &[u8], asker: DeviceId) -> ContentId {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        let content = id_of(bytes);
        self.rights.give(asker, content, in_place(&path));
        content
    }

    pub(crate) async fn stop(self) -> tempfile::TempDir {
        self.network.stop().await;
        self.home
    }
}

pub(crate) fn config(seed: u8, home: &Path) -> NetworkConfig {
    NetworkConfig {
        bind: vec!["127.0.0.1:0".parse().unwrap()],
        reserve: ByteCount(0),
        ..NetworkConfig::new([seed; 32], home.to_owned())
    }
}

pub(crate) fn fetch(provider: DeviceId, content: ContentId, size: u64, ranges: &[(u64, u64)]) -> jobs::Fetch {
    let ranges = ranges.iter().map(|(from, to)| ByteRange { from: *from, to: *to }).collect();
    jobs::Fetch { web: WEB, content, size, provider, ranges }
}

pub(crate) fn id_of(bytes: &[u8]) -> ContentId {
    ContentId::new(*blake3::hash(bytes).as_bytes())
}

pub(crate) fn in_place(path: &Path) -> Source {
    let metadata = std::fs::metadata(path).unwrap();
    let stat = Stat {
        size: metadata.size(),
        mtime_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
        ctime_ns: metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec(),
        inode: metadata.ino(),
    };
    Source::Path { path: path.to_str().unwrap().to_owned(), stat }
}

/// Bytes without a pattern, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_be_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

/// Two peers that admit each other.
pub(crate) async fn alice_and_bob() -> (Peer, Peer) {
    let (alice, bob) = (Peer::start(1).await, Peer::start(2).await);
    alice.admit(&bob);
    bob.admit(&alice);
    (alice, bob)
}
