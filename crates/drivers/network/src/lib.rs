//! The network: connections between peers, messages on them, and contents that move.
//!
//! iroh gives connections dialled by key, iroh-blobs the verified streaming and the store of what was fetched. Ours
//! is who may speak to whom (the gate), what is asked of whom (jobs that the deciders give), and what happens when
//! something is full, slow, hostile or gone. Deciders see none of it: they get `kernel::Input`s and give
//! `kernel::Effect`s. See `decisions/network.md`. Not for: deciding anything.

mod accept;
mod admission;
mod book;
mod bundle;
mod congestion;
mod connections;
mod contents;
mod crowd;
mod dht;
mod door;
mod endpoint;
mod error;
mod failure;
mod fetch;
mod frame;
mod hash_tree;
mod in_place;
mod inputs;
mod jobs;
mod lan;
mod limits;
mod lines;
mod links;
mod looked;
mod names;
mod oddities;
mod outboards;
mod outbox;
mod protocol;
mod ranges;
mod read;
mod relay;
mod relays;
mod rights;
mod save;
mod seal;
mod seen;
mod serve;
mod shared;
mod switch;
mod tunnels;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::{ByteCount, DeviceId, Fault};
use kernel::{Driver, Effect, Input, Job, JobId};
use store::Backing;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use connections::{ConnectionState, Unreached, Way};
pub use dht::BOOTSTRAP as DHT_BOOTSTRAP;
pub use error::NetworkError;
pub use limits::TimeLimits;
pub use names::{numbered, safe_name};
pub use read::{Contents, ReadError, Reading};
pub use relay::RelaySettings;
pub use relays::RelayState;
pub use rights::Rights;

use crate::admission::Admission;
use crate::book::Book;
use crate::contents::ContentStore;
use crate::crowd::Crowds;
use crate::door::Door;
use crate::inputs::Inputs;
use crate::outboards::Outboards;
use crate::rights::RowRights;
use crate::shared::Shared;

/// The folder in the network's home in which contents are kept, by the names their bytes have.
pub const CONTENTS: &str = "contents";

/// Bytes of the disk that contents leave free, so that the peer's own rows can always be written.
const RESERVE: ByteCount = ByteCount(256 * 1024 * 1024);

/// How long ending connections in order may take.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(3);

/// Threads that read files while they stream.
const DISK_THREADS: usize = 2;

/// What the network needs to know.
#[derive(Clone)]
pub struct NetworkConfig {
    /// The seed of the device's Ed25519 key; its public half is the device's id and address.
    pub secret: [u8; 32],
    /// The address book and the fetched contents are kept below it.
    pub home: PathBuf,
    /// Where to listen (UDP); port 0 takes a free one. A missing IPv6 is no fault.
    pub bind: Vec<SocketAddr>,
    /// Bytes of the disk that contents leave free.
    pub reserve: ByteCount,
    /// How long others may take.
    pub limits: TimeLimits,
    /// Where this device is a relay, when it is to be one.
    pub relay: RelaySettings,
    /// Whether others are looked for on the local network.
    pub lan: bool,
    /// Whether this device speaks to the BitTorrent DHT.
    pub dht: bool,
    /// Where the DHT is entered: `HOST:PORT` each.
    pub dht_bootstrap: Vec<String>,
}

impl std::fmt::Debug for NetworkConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetworkConfig")
            .field("home", &self.home)
            .field("bind", &self.bind)
            .finish_non_exhaustive()
    }
}

impl NetworkConfig {
    /// Listens on all addresses of this computer.
    pub fn new(secret: [u8; 32], home: PathBuf) -> Self {
        let bind =
            vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))];
        Self {
            secret,
            home,
            bind,
            reserve: RESERVE,
            limits: TimeLimits::default(),
            relay: RelaySettings::default(),
            lan: false,
            dht: false,
            dht_bootstrap: DHT_BOOTSTRAP.map(str::to_owned).to_vec(),
        }
    }
}

/// The running network. Stop it with [`Network::stop`]; dropped, it ends its tasks without waiting for them.
pub struct Network {
    shared: Arc<Shared>,
    /// Held for its drop.
    _disk: Disk,
}

/// Threads for tasks that read files while they stream; dropped, they end without being waited for.
struct Disk(Option<tokio::runtime::Runtime>);

impl Disk {
    fn start() -> std::io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(DISK_THREADS).thread_name("network-disk").enable_time();
        builder.build().map(|runtime| Self(Some(runtime)))
    }

    fn handle(&self) -> tokio::runtime::Handle {
        self.0.as_ref().expect("taken only when dropped").handle().clone()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("me", &self.shared.me).finish_non_exhaustive()
    }
}

impl Network {
    /// Starts listening. Rights to contents are read from the committed rows of `backing`.
    ///
    /// Nobody is admitted and nobody is dialled until effects say so. Inputs wait when the queue is full.
    pub async fn start(
        config: NetworkConfig,
        backing: Arc<dyn Backing>,
        inputs: mpsc::Sender<Input>,
    ) -> Result<Self, NetworkError> {
        Self::start_with(config, Arc::new(RowRights::new(backing)), inputs).await
    }

    /// Starts with other rights than those of rows: for tests and measurements.
    pub async fn start_with(
        config: NetworkConfig,
        rights: Arc<dyn Rights>,
        inputs: mpsc::Sender<Input>,
    ) -> Result<Self, NetworkError> {
        let unusable = |source| NetworkError::Contents { path: config.home.clone(), source };
        std::fs::create_dir_all(&config.home).map_err(unusable)?;
        let outboards = Outboards::open(config.home.join("outboards")).map_err(unusable)?;
        let disk = Disk::start().map_err(unusable)?;
        let admission = Admission::new();
        let endpoint = endpoint::bind(&config, Arc::clone(&admission)).await?;
        let contents = ContentStore::open(config.home.join(CONTENTS), config.reserve.0).await?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            me: protocol::device_of(endpoint.id()),
            endpoint,
            admission,
            book: Book::open(&config.home),
            door: Door::new(),
            links: links::Links::default(),
            lines: lines::Lines::default(),
            jobs: jobs::Jobs::default(),
            relay: switch::Switch::new(false),
            relays: relays::Relays::default(),
            lan: switch::Switch::new(config.lan),
            dht: dht::Entrance::new(config.dht, config.dht_bootstrap.clone()),
            looks: connections::Looks::default(),
            seen: seen::Seen::default(),
            rights,
            contents,
            outboards,
            crowds: Crowds::default(),
            tunnels: tunnels::Tunnels::default(),
            limits: config.limits,
            inputs: Inputs::new(inputs, stop.clone()),
            runtime: tokio::runtime::Handle::current(),
            disk: disk.handle(),
            tasks: TaskTracker::new(),
            stop,
        });
        for task in [
            shared.tasks.spawn(Arc::clone(&shared).accept()),
            shared.tasks.spawn(Arc::clone(&shared).close_idle_lines()),
            shared.tasks.spawn(Arc::clone(&shared).watch_addresses()),
            shared.tasks.spawn(Arc::clone(&shared).keep_relay(config.relay)),
            shared.tasks.spawn(Arc::clone(&shared).use_relays()),
            shared.tasks.spawn(Arc::clone(&shared).watch_lan()),
            shared.tasks.spawn(Arc::clone(&shared).keep_dht()),
            shared.tasks.spawn(Arc::clone(&shared).tell_tunnel_uses()),
            shared.tasks.spawn(Arc::clone(&shared).tell_oddities()),
        ] {
            // The tracker owns them.
            drop(task);
        }
        let book = Arc::clone(&shared);
        shared.tasks.spawn(async move { book.book.keep(book.stop.clone()).await });
        Ok(Self { shared, _disk: disk })
    }

    /// Carries an effect out; returns at once. Effects of other drivers are ignored.
    pub fn effect(&self, effect: Effect) {
        match effect {
            Effect::Send { to, channel, service, message } => {
                self.shared.links.say(to, channel, service, message);
            }
            Effect::Connect { to, channel } => self.shared.connect(to, channel),
            Effect::Disconnect { device, channel } => self.shared.disconnect(device, channel),
            Effect::Addresses { device, addresses } => self.shared.book.told(device, &addresses),
            Effect::Admit { web, devices } => {
                for gone in self.shared.admission.admit(web, devices) {
                    self.shared.part(gone);
                }
            }
            Effect::Work(job) => self.work(job),
            Effect::Cancel(job) => self.cancel(job),
            Effect::UseRelays(relays) => self.shared.relays.set(relays),
            Effect::BeRelay(is_relay) => self.shared.relay.set(is_relay),
            Effect::Reply { .. } | Effect::Happened(_) | Effect::WakeAt(_) => {}
        }
    }

    /// Returns the reader of contents for the gateways.
    pub fn contents(&self) -> Contents {
        Contents::new(Arc::clone(&self.shared))
    }

    /// Returns this device.
    pub fn me(&self) -> DeviceId {
        self.shared.me
    }

    /// Returns how many bytes of contents others got from here.
    pub fn given(&self) -> u64 {
        self.shared.crowds.given()
    }

    /// Returns where this device listens now, `ip:port` each, most useful first.
    pub fn addresses(&self) -> Vec<String> {
        endpoint::addresses(&self.shared.endpoint.addr())
    }

    /// Returns how this device is connected with another one; `None` when it is not.
    ///
    /// Throughput is counted since the look before, if that is not long ago.
    pub fn connection(&self, device: DeviceId) -> Option<ConnectionState> {
        self.shared.connection_state(device)
    }

    /// Returns why a device could not be reached the last time; `None` when it could, or was not tried.
    pub fn unreached(&self, device: DeviceId) -> Option<Unreached> {
        self.shared.looks.unreached(device)
    }

    /// Says whether a device is being dialled now.
    pub fn is_dialling(&self, device: DeviceId) -> bool {
        self.shared.links.is_dialling(device, kernel::Channel::Member)
    }

    /// Returns the state of the relay that carries for this device; `None` when there is none.
    pub fn relay(&self) -> Option<RelayState> {
        self.shared.relay_state()
    }

    /// Switches finding others on the local network.
    pub fn set_lan(&self, is_on: bool) {
        self.shared.lan.set(is_on);
    }

    /// Says whether others are looked for on the local network.
    pub fn is_lan_on(&self) -> bool {
        self.shared.lan.is_on()
    }

    /// Switches saying and asking in the DHT where devices are.
    pub fn set_dht(&self, is_on: bool) {
        self.shared.dht.switch.set(is_on);
    }

    /// Says whether this device speaks to the DHT.
    pub fn is_dht_on(&self) -> bool {
        self.shared.dht.switch.is_on()
    }

    /// Returns the bytes that fetched contents take on the disk.
    pub async fn kept_bytes(&self) -> ByteCount {
        ByteCount(self.shared.contents.kept_bytes().await)
    }

    /// Stops in order: no new connections, jobs cancelled, connections closed, the store shut.
    ///
    /// Inputs are not sent any more once this begins. A second call does nothing.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        if tokio::time::timeout(CLOSE_TIME_MAX, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.shared.tasks.len(), "some tasks of the network do not end");
        }
        if tokio::time::timeout(CLOSE_TIME_MAX, self.shared.endpoint.close()).await.is_err() {
            tracing::debug!("some peers did not hear that this one stops");
        }
        self.shared.contents.close().await;
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl Driver for Network {
    fn kinds(&self) -> &'static [&'static str] {
        jobs::KINDS
    }

    fn work(&self, job: Job) {
        self.shared.work(job);
    }

    fn cancel(&self, job: JobId) {
        self.shared.jobs.cancel(job);
    }
}

/// Returns one fault for each way the network can fail, for the page that lists all messages.
pub fn faults() -> Vec<Fault> {
    error::faults().into_iter().chain(read::faults()).collect()
}
