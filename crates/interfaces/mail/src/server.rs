//! Opens both ports on the loopback addresses and serves them until told to stop.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::{Fault, FaultKind};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::imap::Recents;
use crate::login::Login;
use crate::post::Post;
use crate::wire::Wire;
use crate::{imap, smtp};

/// Connections at most that have not said a password yet: whoever opens more keeps only newcomers out.
const STRANGERS_MAX: usize = 64;

/// How long a program may take to log in, between two words of it.
const LOGIN_TIME: Duration = Duration::from_mins(1);

/// How long answers under way may take when the peer stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Where mail programs connect to.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// The port of IMAP on 127.0.0.1 and `[::1]`; 0 takes one that is free on both.
    pub imap_port: u16,
    /// The port of SMTP, likewise.
    pub smtp_port: u16,
}

/// Why mail can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Another program listens where mail programs should be answered.
    #[error("cannot serve mail: port {port} of this computer is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No address can be listened on.
    #[error("cannot serve mail on {address}: {why}")]
    CannotListen {
        /// Where.
        address: String,
        /// The system's words.
        why: String,
    },
}

impl From<MailError> for Fault {
    fn from(error: MailError) -> Self {
        let code = match &error {
            MailError::PortTaken { .. } => "mail.port-taken",
            MailError::CannotListen { .. } => "mail.cannot-listen",
        };
        Self::new(code, FaultKind::Settings, error.to_string())
    }
}

/// Ports that are taken, but answer nobody yet.
#[derive(Debug)]
pub struct MailPorts {
    imap: (u16, Vec<TcpListener>),
    smtp: (u16, Vec<TcpListener>),
}

impl MailPorts {
    /// Takes the ports.
    pub async fn bind(config: &MailConfig) -> Result<Self, MailError> {
        Ok(Self { imap: bind_port(config.imap_port).await?, smtp: bind_port(config.smtp_port).await? })
    }

    /// Returns the port of IMAP.
    pub fn imap_port(&self) -> u16 {
        self.imap.0
    }

    /// Returns the port of SMTP.
    pub fn smtp_port(&self) -> u16 {
        self.smtp.0
    }

    /// Begins to answer. Call within a tokio runtime.
    pub fn serve(self, post: Arc<dyn Post>) -> ServingMail {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            login: Login::new(post),
            recents: Recents::default(),
            strangers: Arc::new(Semaphore::new(STRANGERS_MAX)),
            stop: stop.clone(),
        });
        let mut doors = JoinSet::new();
        for (protocol, listeners) in [(Protocol::Imap, self.imap.1), (Protocol::Smtp, self.smtp.1)] {
            for listener in listeners {
                doors.spawn(accept(listener, protocol, Arc::clone(&shared)));
            }
        }
        ServingMail { stop, doors }
    }
}

/// Mail that is being served. Stop it; dropped, it ends at once, in the middle of a word.
#[derive(Debug)]
pub struct ServingMail {
    stop: CancellationToken,
    doors: JoinSet<()>,
}

impl ServingMail {
    /// Takes no more connections, gives answers under way two seconds, and ends.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.doors.join_next().await.is_some() {}
    }
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) login: Login,
    pub(crate) recents: Recents,
    strangers: Arc<Semaphore>,
    stop: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
enum Protocol {
    Imap,
    Smtp,
}

async fn accept(listener: TcpListener, protocol: Protocol, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => break,
            // Those that have ended are forgotten.
            Some(_ended) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&shared.strangers).try_acquire_owned() {
                Ok(room) => {
                    connections.spawn(serve(stream, protocol, Arc::clone(&shared), room));
                }
                // No room: the connection ends, the mail program tries again.
                Err(_full) => tracing::warn!(max = STRANGERS_MAX, "too many connections without a password"),
            },
            Err(error) => {
                // Out of file descriptors, mostly, so others have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    let ended =
        tokio::time::timeout(STOP_TIME, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!("some mail connections did not end in time");
        connections.shutdown().await;
    }
}

async fn serve(stream: TcpStream, protocol: Protocol, shared: Arc<Shared>, room: OwnedSemaphorePermit) {
    // Small answers leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection takes no options");
    }
    let wire = Wire::new(Box::new(stream), shared.stop.clone(), LOGIN_TIME);
    let end = match protocol {
        Protocol::Imap => Box::pin(imap::serve(wire, shared, room)).await,
        Protocol::Smtp => Box::pin(smtp::serve(wire, shared, room)).await,
    };
    tracing::debug!(?protocol, end = ?end.err(), "a mail connection ended");
}

/// Takes a port on both loopback addresses: else another program could pretend to be us on the other one.
async fn bind_port(port: u16) -> Result<(u16, Vec<TcpListener>), MailError> {
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
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(MailError::PortTaken { port }),
            Err(error) => return Err(cannot_listen(&format!("[::1]:{}", local.port()), &error)),
        }
    }
    Err(MailError::PortTaken { port })
}

async fn bind_one(address: SocketAddr) -> Result<TcpListener, MailError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => MailError::PortTaken { port: address.port() },
        _ => cannot_listen(&address.to_string(), &error),
    })
}

fn cannot_listen(address: &str, error: &std::io::Error) -> MailError {
    MailError::CannotListen { address: address.to_owned(), why: error.to_string() }
}
