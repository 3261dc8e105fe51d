//! Opens the page's port and the socket, and serves them until told to stop.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base::Fault;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gateway::{Gateway, link};
use crate::host::Host;
use crate::neighbours::Neighbour;
use crate::places::control_origin;
use crate::refusal::GatewayError;
use crate::routes;
use crate::sessions::Sessions;

/// Connections at most on the port, and on the socket. A browser takes six per origin and one per stream.
const CONNECTIONS_MAX: usize = 512;

/// How long a connection may take to say what it wants.
const HEADERS_TIME: Duration = Duration::from_secs(10);

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long answers under way may take when the peer stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// The kernel's own limit for a socket's path.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Where the gateways listen and what they keep.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// The page's port on 127.0.0.1 and `[::1]`; 0 takes one that is free on both.
    pub port: u16,
    /// The socket of the CLI, in the home.
    pub socket: PathBuf,
    /// The file of the sessions' hashes, in the home.
    pub sessions: PathBuf,
}

/// Gateways that hold their addresses but answer nobody yet.
#[derive(Debug)]
pub struct Gateways {
    port: u16,
    listeners: Vec<TcpListener>,
    socket: UnixListener,
    socket_path: PathBuf,
    sessions: Arc<Sessions>,
}

impl Gateways {
    /// Takes the port and the socket. The home has to be locked by this peer: a socket that nobody answers on is
    /// taken for a leftover and replaced.
    pub async fn bind(config: &GatewayConfig) -> Result<Self, Fault> {
        let (port, listeners) = bind_port(config.port).await?;
        let socket = bind_socket(&config.socket).await?;
        let sessions = Arc::new(Sessions::load(&config.sessions));
        Ok(Self { port, listeners, socket, socket_path: config.socket.clone(), sessions })
    }

    /// Returns the page's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the page's address, as in `http://althing.localhost:7417`.
    pub fn page(&self) -> String {
        control_origin(self.port)
    }

    /// Makes a link that opens the page once, within 30 seconds.
    pub fn link(&self) -> Result<String, Fault> {
        link(&self.sessions, self.port)
    }

    /// Begins to answer. Call within a tokio runtime.
    pub fn serve(self, host: Arc<dyn Host>) -> Serving {
        let stop = CancellationToken::new();
        let gateway = Arc::new(Gateway::new(host, self.port, Arc::clone(&self.sessions), stop.clone()));
        let tasks = TaskTracker::new();
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let browsers = routes::for_browsers(&gateway);
        for listener in self.listeners {
            let door = Door {
                routes: browsers.clone(),
                room: Arc::clone(&room),
                stop: stop.clone(),
                tasks: tasks.clone(),
            };
            tasks.spawn(door.accept_browsers(listener));
        }
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let door =
            Door { routes: routes::for_socket(&gateway), room, stop: stop.clone(), tasks: tasks.clone() };
        tasks.spawn(door.accept_programs(self.socket));
        Serving { stop, tasks, socket: self.socket_path, sessions: self.sessions, port: self.port }
    }
}

/// Gateways that answer. Stop them; a dropped one goes on until its runtime ends.
#[derive(Debug)]
pub struct Serving {
    stop: CancellationToken,
    tasks: TaskTracker,
    socket: PathBuf,
    sessions: Arc<Sessions>,
    port: u16,
}

impl Serving {
    /// Returns the page's address.
    pub fn page(&self) -> String {
        control_origin(self.port)
    }

    /// Makes a link that opens the page once, within 30 seconds.
    pub fn link(&self) -> Result<String, Fault> {
        link(&self.sessions, self.port)
    }

    /// Takes no more requests, gives those under way two seconds, and removes the socket.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(STOP_TIME * 2, self.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        if let Err(error) = std::fs::remove_file(&self.socket) {
            tracing::debug!(%error, "the socket was gone");
        }
    }
}

/// One way in.
#[derive(Clone)]
struct Door {
    routes: Router,
    room: Arc<Semaphore>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Door {
    async fn accept_browsers(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, theirs)) => {
                    // Small answers leave at once.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection takes no options");
                    }
                    let neighbour = Neighbour::new(Some(theirs), stream.local_addr().ok());
                    self.spawn(stream, neighbour);
                }
                Err(error) => breathe(&error).await,
            }
        }
    }

    async fn accept_programs(self, listener: UnixListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if is_ours(&stream) => self.spawn(stream, Neighbour::new(None, None)),
                Ok(_) => tracing::warn!("another user's program tried the socket"),
                Err(error) => breathe(&error).await,
            }
        }
    }

    fn spawn<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S, neighbour: Neighbour) {
        // No room: the connection ends, the browser tries again.
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!(max = CONNECTIONS_MAX, "too many connections");
            return;
        };
        let (routes, stop) = (self.routes.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            serve(stream, neighbour, routes, stop).await;
            drop(permit);
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    neighbour: Neighbour,
    routes: Router,
    stop: CancellationToken,
) {
    let (neighbour, routes) = (Arc::new(neighbour), TowerToHyperService::new(routes));
    let routes = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&neighbour));
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), routes);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(STOP_TIME, connection).await {
                Ok(ended) => ended,
                Err(_late) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Waits after a failed accept: out of file descriptors, mostly, so others have to end first.
async fn breathe(error: &std::io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Says whether the program at the other end runs as the same user, or as root, who can read the home anyway.
fn is_ours(stream: &UnixStream) -> bool {
    let me = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|other| other.uid() == me || other.uid() == 0)
}

/// Takes the port on both loopback addresses: a browser tries `[::1]` first, where another program could else
/// pretend to be us.
async fn bind_port(port: u16) -> Result<(u16, Vec<TcpListener>), Fault> {
    // Many more tries than a computer with a few busy ports needs.
    for _ in 0..64 {
        let four = bind_one(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let local = four.local_addr().map_err(|error| cannot_listen("127.0.0.1", &error))?;
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, local.port()))).await {
            Ok(six) => return Ok((local.port(), vec![four, six])),
            // No IPv6 on this computer, so nobody else can have it either.
            Err(error) if matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported) => {
                return Ok((local.port(), vec![four]));
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                return Err(GatewayError::PortTaken { port }.into());
            }
            Err(error) => return Err(cannot_listen(&format!("[::1]:{}", local.port()), &error)),
        }
    }
    Err(GatewayError::PortTaken { port }.into())
}

async fn bind_one(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => GatewayError::PortTaken { port: address.port() }.into(),
        _ => cannot_listen(&address.to_string(), &error),
    })
}

async fn bind_socket(path: &Path) -> Result<UnixListener, Fault> {
    let shown = path.display().to_string();
    if path.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
        return Err(GatewayError::SocketPathTooLong { path: shown, max: SOCKET_PATH_BYTES_MAX }.into());
    }
    if UnixStream::connect(path).await.is_ok() {
        return Err(GatewayError::SocketTaken { path: shown }.into());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot_listen(&shown, &error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(|error| cannot_listen(&shown, &error))?;
    // Who connects before this line is refused by its user id.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| cannot_listen(&shown, &error))?;
    Ok(listener)
}

fn cannot_listen(address: &str, error: &std::io::Error) -> Fault {
    GatewayError::CannotListen { address: address.to_owned(), why: error.to_string() }.into()
}
