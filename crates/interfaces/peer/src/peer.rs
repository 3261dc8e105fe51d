//! Starts and stops a whole peer, in the order in which its parts need each other.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::EventNumber;
use api::host::PageLink;
use base::{ContentId, DeviceId, Fault, OperationId};
use files::jobs::Source;
use futures_lite::StreamExt as _;
use gateways::{GatewayConfig, Gateways, Host, Serving};
use idle::Idle;
use index::{ExtractorProgram, Index};
use kernel::{Driver, Input, Kernel, Readers};
use network::{Contents, Network, NetworkConfig, RelaySettings};
use sandbox::Sandbox;
use scanner::{ProgramCommand, Scanner};
use serde_json::Value;
use store::{Backing, RedbBacking};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workers::Workers;

use crate::components::Components;
use crate::computing::{start_idle, start_sandbox};
use crate::engine::{Engine, INPUTS_WAITING, Outlets, now};
use crate::home::{Home, socket_path};
use crate::host::PeerHost;
use crate::keys::{KeyFile, Passphrase};
use crate::links::LinkFinder;
use crate::mail::{MailDesk, look_at_arrivals};
use crate::place::{Claim, Place};
use crate::ports::Ports;
use crate::renew::{Settled, settle};
use crate::vault::HomeVault;
use crate::words::WordBook;
use crate::{Config, Origin, PeerError};

/// A running peer. Stop it with [`Peer::stop`]; a dropped one leaves its parts to end as they can.
pub struct Peer {
    serving: Serving,
    network: Arc<Network>,
    local: Local,
    engine: Arc<Engine>,
    host: Arc<PeerHost>,
    /// Looks through what comes with mail; ends with this.
    looking: JoinSet<()>,
    stop: CancellationToken,
    ended: CancellationToken,
    is_new_device: bool,
    /// Last, so that no other peer takes the home before everything else is gone.
    home: Home,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("device", &self.host.me).finish_non_exhaustive()
    }
}

/// What a peer is started with.
#[derive(Debug)]
pub struct Start<'a> {
    /// The home; made if missing.
    pub home: &'a Path,
    /// Its settings.
    pub config: &'a Config,
    /// Opens the keys, if they are sealed under one.
    pub passphrase: Option<Passphrase>,
    /// What a person says about the home, if it is a copy.
    pub claim: Claim,
}

/// Why a peer ended that nobody has stopped yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A person asked for it.
    Asked,
    /// The kernel's thread ended: a bug, or no randomness.
    Broken,
}

impl Peer {
    /// Starts a peer with this home: store, kernel, drivers, interfaces. Call within a tokio runtime.
    ///
    /// When it fails, everything that had been started is stopped again.
    pub async fn start(home: &Path, config: &Config) -> Result<Self, Fault> {
        Self::start_with(Start { home, config, passphrase: None, claim: Claim::Nothing }).await
    }

    /// Starts a peer with what a person says: a passphrase, or that its home is no copy.
    pub async fn start_with(start: Start<'_>) -> Result<Self, Fault> {
        let since = now();
        let Start { home, config, passphrase, claim } = start;
        let home = Home::open(home)?;
        let settled = settle(&home, claim, passphrase.as_ref())?;
        let is_new_device = settled == Settled::NewDevice;
        let keys = Arc::new(KeyFile::open(&home, passphrase.as_ref())?);
        drop(passphrase);
        let backing: Arc<dyn Backing> = Arc::new(RedbBacking::open(home.store())?);
        // With links resolved, so that the home is known wherever it shows up in a shared folder.
        let home_text = home.path().canonicalize().map_err(|error| PeerError::of_home(home.path(), error))?;
        let home_text = home_text.to_string_lossy().into_owned();
        let words = Arc::new(WordBook::new(Arc::clone(&keys)));
        let vault = HomeVault::new(Arc::clone(&keys), Arc::clone(&words));
        let services = services(settled, &home_text);
        let kernel =
            Kernel::open(Arc::clone(&backing), services, Box::new(vault)).map_err(PeerError::from)?;
        // Only now do the rows say what this home may not write yet.
        Place::remember(&home)?;
        let readers = kernel.readers();
        let (inputs, heard) = mpsc::channel(INPUTS_WAITING);
        let to_kernel = inputs.downgrade();
        let mut ports = Ports::load(home.path());

        let gateways = bind_gateways(&home, config, &mut ports).await?;
        let network_config = network_config(&home, config, &keys, &mut ports);
        let network = Network::start(network_config, backing, inputs.clone()).await?;
        ports.save(&home)?;
        let me = network.me();
        let contents = network.contents();
        let network = Arc::new(network);
        let (local, mut drivers) = Local::start(&home, (&contents, &readers), &keys, inputs)?;
        drivers.push(Arc::clone(&network) as Arc<dyn Driver>);

        let (last_event, watch) = watch::channel(kernel::last_event(&*readers.snapshot()?)?);
        let to_network = Arc::clone(&network);
        let network_outlet = Box::new(move |effect| to_network.effect(effect));
        let outlets = Outlets { network: network_outlet, drivers, last_event };
        let ended = CancellationToken::new();
        let engine = Arc::new(Engine::start(kernel, heard, outlets, ended.clone())?);
        let stop = CancellationToken::new();
        let desk = MailDesk::new(
            Arc::clone(&engine),
            (Arc::clone(&readers), contents.clone()),
            watch.clone(),
            home.path().to_owned(),
        );
        let host = Arc::new(PeerHost {
            engine: Arc::clone(&engine),
            readers,
            network: Arc::clone(&network),
            contents,
            last_event: watch,
            me,
            home: home.path().to_owned(),
            page: gateways.page(),
            is_lan_configured: config.lan.origin != Origin::Default,
            is_dht_configured: config.dht.origin != Origin::Default,
            since,
            words,
            components: Components::new(own_program()?),
            mail: Arc::new(desk),
            inputs: to_kernel,
            stop: stop.clone(),
        });
        let serving = gateways.serve(Arc::clone(&host) as Arc<dyn Host>);
        host.mail.start().await;
        let mut looking = JoinSet::new();
        looking.spawn(look_at_arrivals(Arc::downgrade(&host.mail)));
        tracing::info!(device = %me.short(), page = %serving.page(), "the peer runs");
        Ok(Self { serving, network, local, engine, host, looking, stop, ended, is_new_device, home })
    }

    /// Returns the page's address.
    pub fn page(&self) -> String {
        self.serving.page()
    }

    /// Makes a link that opens the page once, within 30 seconds.
    pub fn page_link(&self) -> Result<String, Fault> {
        self.serving.link()
    }

    /// Returns this device.
    pub fn device(&self) -> DeviceId {
        self.host.me
    }

    /// Says whether the home was a copy and has become a new device at this start.
    pub fn is_new_device(&self) -> bool {
        self.is_new_device
    }

    /// Returns the home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Carries out an operation of kind `Act`, as the gateways do.
    pub async fn ask(
        &self,
        operation: &str,
        arguments: Value,
        id: Option<OperationId>,
    ) -> Result<Value, Fault> {
        // The gateways hold the codes, so the host cannot answer this one.
        if operation == "host.page" {
            let link = PageLink { link: self.page_link()? };
            return crate::host::answer(operation, &link);
        }
        self.host.ask(operation, arguments, id).await
    }

    /// Answers an operation of kind `Read`, as the gateways do.
    pub async fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let (host, operation) = (Arc::clone(&self.host), operation.to_owned());
        let read = tokio::task::spawn_blocking(move || host.read(&operation, arguments));
        read.await.ok().ok_or(PeerError::Stopping)?
    }

    /// Returns the number of the last event, now and whenever it grows.
    pub fn watch(&self) -> watch::Receiver<EventNumber> {
        self.host.watch()
    }

    /// Waits until a person asks the peer to stop or it cannot go on. Stopping is then up to the caller.
    pub async fn wait(&self) -> Ending {
        tokio::select! {
            () = self.stop.cancelled() => Ending::Asked,
            () = self.ended.cancelled() => Ending::Broken,
        }
    }

    /// Stops the peer: interfaces, drivers, kernel, store. What was asked before is done or will be after a restart.
    pub async fn stop(mut self) {
        self.looking.shutdown().await;
        tokio::join!(self.serving.stop(), self.host.mail.stop());
        // What computes for others ends first: it reads from all the others.
        tokio::join!(self.local.sandbox.stop(), self.local.scanner.stop(), self.local.idle.stop());
        tokio::join!(self.network.stop(), self.local.workers.stop(), self.local.index.stop());
        self.engine.stop().await;
        tracing::info!("the peer has stopped");
        // The store closes with the last of those who read it; then the home is free.
        drop((self.host, self.engine, self.network));
        drop(self.home);
    }
}

/// The drivers that touch this computer only.
struct Local {
    workers: Arc<Workers>,
    index: Arc<Index>,
    idle: Arc<Idle>,
    sandbox: Arc<Sandbox>,
    scanner: Arc<Scanner>,
}

impl Local {
    /// Starts them; returns them as the kernel's thread knows them, too.
    fn start(
        home: &Home,
        (contents, readers): (&Contents, &Arc<Readers>),
        keys: &KeyFile,
        inputs: mpsc::Sender<Input>,
    ) -> Result<(Self, Vec<Arc<dyn Driver>>), PeerError> {
        let workers = Arc::new(Workers::start(inputs.clone()).map_err(PeerError::NoThreads)?);
        let index = Arc::new(start_index(home, contents, inputs.clone())?);
        let idle = Arc::new(start_idle(home.path(), inputs.clone())?);
        let sandbox = Arc::new(start_sandbox(home.path(), (contents, keys, &idle), inputs.clone())?);
        let scanner = Arc::new(start_scanner(home, (contents, readers), inputs.clone())?);
        let links = LinkFinder::start(contents.clone(), inputs).map_err(PeerError::NoThreads)?;
        let drivers = vec![
            Arc::clone(&workers) as Arc<dyn Driver>,
            Arc::clone(&index) as Arc<dyn Driver>,
            Arc::clone(&sandbox) as Arc<dyn Driver>,
            Arc::clone(&idle) as Arc<dyn Driver>,
            Arc::clone(&scanner) as Arc<dyn Driver>,
            Arc::new(links) as Arc<dyn Driver>,
        ];
        Ok((Self { workers, index, idle, sandbox, scanner }, drivers))
    }
}

fn services(settled: Settled, home: &str) -> Vec<Box<dyn kernel::Service>> {
    vec![
        Box::new(records::service_of(match settled {
            Settled::OnlyOne => records::Home::Restored,
            Settled::AsBefore | Settled::NewDevice => records::Home::Own,
        })),
        Box::new(people::service()),
        Box::new(files::service(home)),
        Box::new(search::service()),
        Box::new(pages::service()),
        Box::new(talk::service()),
        Box::new(post::service()),
        Box::new(ledger::service()),
        Box::new(compute::service()),
        Box::new(tunnels::service()),
        Box::new(guard::service()),
        Box::new(agents::service()),
    ]
}

/// Tells the program to read documents ([`read_documents`]) instead of being a peer or asking one.
pub const READ_DOCUMENTS: &str = "--read-documents";

/// Reads documents for the index of another process of this program, with limits; ends when nobody asks any more.
pub fn read_documents() -> ExitCode {
    index::extractor_main()
}

/// Tells the program to render parts of files ([`render_files`]) instead of being a peer or asking one.
pub const RENDER: &str = "--render-files";

/// Renders parts of files for another process of this program, with limits; ends when nobody asks any more.
pub fn render_files() -> ExitCode {
    render::renderer_main()
}

/// Tells the program to look through contents ([`look_through`]) instead of being a peer or asking one.
pub const LOOK_THROUGH: &str = "--look-through";

/// Looks through contents for the guard of another process of this program, with limits; ends when nobody asks any more.
pub fn look_through() -> ExitCode {
    scanner::scanner_main()
}

/// Returns the file behind the running program, also after an upgrade has put another in its place.
pub(crate) fn own_program() -> Result<PathBuf, PeerError> {
    match cfg!(target_os = "linux") {
        true => Ok(PathBuf::from("/proc/self/exe")),
        false => std::env::current_exe().map_err(PeerError::NoThreads),
    }
}

fn start_index(home: &Home, contents: &Contents, inputs: mpsc::Sender<Input>) -> Result<Index, PeerError> {
    let extractor = ExtractorProgram { path: own_program()?, arguments: vec![READ_DOCUMENTS.to_owned()] };
    let config = index::Config { home: home.path().to_owned(), extractor };
    Index::start(config, Arc::new(Kept::new(contents.clone())), inputs).map_err(PeerError::NoThreads)
}

/// Where a clamd of the system listens, if there is one: its opinion is asked, too.
const CLAMD: &str = "/run/clamav/clamd.ctl";

fn start_scanner(
    home: &Home,
    (contents, readers): (&Contents, &Arc<Readers>),
    inputs: mpsc::Sender<Input>,
) -> Result<Scanner, PeerError> {
    let program = ProgramCommand { path: own_program()?, arguments: vec![LOOK_THROUGH.to_owned()] };
    let clamd = Some(PathBuf::from(CLAMD)).filter(|path| path.exists());
    let config = scanner::Config { home: home.path().to_owned(), program, clamd };
    let here = Here { kept: Kept::new(contents.clone()), readers: Arc::clone(readers) };
    Scanner::start(config, Arc::new(here), inputs).map_err(PeerError::NoThreads)
}

/// What this peer keeps, for drivers that read it.
pub(crate) struct Kept {
    contents: Contents,
    runtime: tokio::runtime::Handle,
}

/// A content that is kept is whole, so its bytes need no waiting.
const PATIENCE: Duration = Duration::from_secs(1);

impl Kept {
    /// Reads in this runtime, for threads outside of it.
    pub(crate) fn new(contents: Contents) -> Self {
        Self { contents, runtime: tokio::runtime::Handle::current() }
    }

    pub(crate) fn read_from(&self, content: ContentId, source: Source, size: u64) -> io::Result<Vec<u8>> {
        self.read_range(content, source, 0..size)
    }

    fn read_range(&self, content: ContentId, source: Source, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.runtime.block_on(async {
            let mut reading = self.contents.read(content, source, range, PATIENCE);
            let mut bytes = Vec::new();
            while let Some(chunk) = reading.next().await {
                bytes.extend_from_slice(&chunk.map_err(io::Error::other)?);
            }
            Ok(bytes)
        })
    }

    pub(crate) fn keep_bytes(&self, bytes: Vec<u8>) -> io::Result<ContentId> {
        self.runtime.block_on(self.contents.keep(bytes))
    }
}

impl index::Library for Kept {
    fn read(&self, content: ContentId, size_max: u64) -> io::Result<Vec<u8>> {
        self.read_from(content, Source::Store, size_max)
    }
}

/// What the scanner reads by content alone: it is kept, or a set of rules that this person shares in place.
struct Here {
    kept: Kept,
    readers: Arc<Readers>,
}

impl Here {
    fn source(&self, content: ContentId) -> io::Result<Source> {
        let rows = self.readers.snapshot().map_err(io::Error::other)?;
        let source = files::own_source(&*rows, content).map_err(io::Error::other)?;
        source.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl scanner::Library for Here {
    fn size(&self, content: ContentId) -> io::Result<u64> {
        match self.source(content)? {
            Source::Store => self.kept.runtime.block_on(self.kept.contents.size(content)),
            Source::Path { stat, .. } => Ok(stat.size),
        }
    }

    fn read(&self, content: ContentId, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.kept.read_range(content, self.source(content)?, range)
    }
}

/// What the network is to be: as configured, or else as a person has switched it.
fn network_config(home: &Home, config: &Config, keys: &KeyFile, ports: &mut Ports) -> NetworkConfig {
    let bind = ports.fill_in(&addresses(config));
    let mut network = NetworkConfig::new(*keys.device(), home.network());
    // One number to open in a router: UDP for peers, TCP for the relay, when there is to be one.
    network.relay = RelaySettings { listen: bind.first().copied(), url: config.relay_url.value.clone() };
    network.bind = bind;
    network.lan = match config.lan.origin {
        Origin::Default => ports.lan.unwrap_or(config.lan.value),
        _ => config.lan.value,
    };
    network.dht = match config.dht.origin {
        Origin::Default => ports.dht.unwrap_or(config.dht.value),
        _ => config.dht.value,
    };
    network.dht_bootstrap.clone_from(&config.dht_bootstrap.value);
    network
}

fn addresses(config: &Config) -> Vec<SocketAddr> {
    config.listen.value.iter().filter_map(|address| address.parse().ok()).collect()
}

/// Takes the page's port: the one set, else the remembered one, else a free one.
async fn bind_gateways(home: &Home, config: &Config, ports: &mut Ports) -> Result<Gateways, Fault> {
    let gateway_config =
        |port| GatewayConfig { port, socket: socket_path(home.path()), sessions: home.sessions() };
    if config.page_port.value == 0
        && let Some(port) = ports.page
    {
        match Gateways::bind(&gateway_config(port)).await {
            Ok(gateways) => return Ok(gateways),
            Err(fault) => tracing::warn!(port, code = fault.code, "the page's remembered port is taken"),
        }
    }
    let gateways = Gateways::bind(&gateway_config(config.page_port.value)).await?;
    if config.page_port.value == 0 {
        ports.page = Some(gateways.port());
    }
    Ok(gateways)
}
