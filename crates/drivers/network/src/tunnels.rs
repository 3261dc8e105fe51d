//! Tunnels: a stream between a socket of this computer and a TCP service of another (spec tunnels, rules 5 to 12).
//!
//! Each TCP connection is one QUIC stream: what one side does not read, the other cannot send. Not for: who may use which
//! tunnel; committed rows say so, for each stream when it begins and again when something changes.

mod carrying;
mod local;
mod tally;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ::tunnels::jobs::{Listen, Listening, REQUEST_SIZE_MAX, Request};
use base::{DeviceId, WebId};
use files::jobs::FetchFailure;
use iroh::endpoint::{ReadError, ReadExactError, RecvStream, SendStream, VarInt};
use kernel::{Input, Job, JobFailure};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::admission::Registration;
use crate::failure::Failure;
use crate::frame;
use crate::protocol::{Protocol, code};
use crate::shared::Shared;
use carrying::{Carried, carry};
use tally::Tallies;

/// Streams of one device that are served at the same time; as many as QUIC lets it open.
const STREAMS_MAX: usize = 64;

/// Connections of this computer's programs to one tunnel at the same time; further ones wait in the socket.
const CONNECTIONS_MAX: usize = 64;

/// How long a request may take to arrive, and the service to take a connection.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How often uses and states are told at most.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What the answering side says first: bytes of the service follow.
const OPEN: u8 = 0;

/// What tunnels share.
#[derive(Debug)]
pub(crate) struct Tunnels {
    tallies: Tallies,
    /// Rises when rights may have changed.
    rechecks: watch::Sender<u64>,
}

impl Default for Tunnels {
    fn default() -> Self {
        Self { tallies: Tallies::default(), rechecks: watch::Sender::new(0) }
    }
}

/// A stream that somebody opened with us.
struct Asked {
    registration: Arc<Registration>,
    send: SendStream,
    receive: RecvStream,
    /// Held for its drop.
    _place: OwnedSemaphorePermit,
}

impl Shared {
    /// Serves streams on a connection until it ends.
    pub(crate) async fn serve_tunnels(self: Arc<Self>, registration: Registration) {
        let registration = Arc::new(registration);
        let places = Arc::new(Semaphore::new(STREAMS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let Ok((send, receive)) = registration.connection().accept_bi().await else { break };
            let asked = Asked { registration: Arc::clone(&registration), send, receive, _place: place };
            let shared = Arc::clone(&self);
            self.tasks.spawn(async move { shared.serve_tunnel(asked).await });
        }
    }

    async fn serve_tunnel(&self, mut asked: Asked) {
        let asker = asked.registration.device();
        let ended = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(code::STOPPING),
            ended = self.serve_tunnel_request(asker, &mut asked) => ended,
        };
        if let Err(why) = ended {
            // Whichever has ended already takes no harm.
            let _was_open = (asked.send.reset(why).is_ok(), asked.receive.stop(why).is_ok());
        }
    }

    async fn serve_tunnel_request(&self, asker: DeviceId, asked: &mut Asked) -> Result<(), VarInt> {
        let limit = REQUEST_SIZE_MAX + frame::FRAME_OVERHEAD;
        let read =
            tokio::time::timeout(REQUEST_TIME_MAX, frame::read(&mut asked.receive, limit, REQUEST_TIME_MAX));
        let Ok(Ok(Some(first))) = read.await else { return Err(code::VIOLATION) };
        let request: Request =
            wire::from_bytes(&first.message, REQUEST_SIZE_MAX).map_err(|_malformed| code::VIOLATION)?;
        let key = (asker, request.web, request.name);
        let Some(port) = self.tunnel_port(&key) else {
            self.tunnels.tallies.refused(&key);
            return Err(code::REFUSED);
        };
        let Some(socket) = connect(port).await else { return Err(code::NOT_HERE) };
        let tally = self.tunnels.tallies.begin(key.clone());
        asked.send.write_all(&[OPEN]).await.map_err(|_gone| code::DONE)?;
        tokio::select! {
            biased;
            () = self.tunnel_is_lost(&key) => Err(code::REFUSED),
            carried = carry(socket, &mut asked.send, &mut asked.receive, &tally) => carried.map_err(|_broken| code::DONE),
        }
    }

    /// Returns where a tunnel leads if the asker may use it now.
    fn tunnel_port(&self, (asker, web, name): &(DeviceId, WebId, String)) -> Option<u16> {
        if !self.admission.is_admitted(*asker) {
            return None;
        }
        self.rights.tunnel_port(self.me, *asker, (*web, name))
    }

    /// Ends when the asker may no longer use a tunnel: it was taken back, offered to others, or somebody was removed.
    async fn tunnel_is_lost(&self, key: &(DeviceId, WebId, String)) {
        let (mut losses, mut rechecks) = (self.admission.losses(), self.tunnels.rechecks.subscribe());
        loop {
            // Whatever changed before this looked is seen by this look.
            if self.tunnel_port(key).is_none() {
                return;
            }
            let changed = tokio::select! {
                changed = losses.changed() => changed,
                changed = rechecks.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }

    /// Has every stream under way ask for its right anew.
    pub(crate) fn recheck_tunnels(&self) {
        self.tunnels.rechecks.send_modify(|count| *count += 1);
    }

    /// Tells how tunnels are used, until the network stops.
    pub(crate) async fn tell_tunnel_uses(self: Arc<Self>) {
        while self.tunnels.tallies.used(&self.stop).await {
            for usage in self.tunnels.tallies.take() {
                self.notice(::tunnels::jobs::USED, &usage).await;
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(TELL_EVERY) => {}
            }
        }
    }

    /// Listens at a port and carries what connects, until the job is cancelled; returns why it cannot.
    pub(crate) async fn listen(self: &Arc<Self>, job: &Job, listen: Listen) -> JobFailure {
        let failed = |error: &std::io::Error| JobFailure::Failed(error.to_string());
        // Only programs of this computer: never another address.
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, listen.port)).await {
            Ok(listener) => listener,
            Err(error) if listen.port != 0 && error.kind() == std::io::ErrorKind::AddrInUse => {
                return JobFailure::Failed("something else listens there".to_owned());
            }
            Err(error) => return failed(&error),
        };
        let port = match listener.local_addr() {
            Ok(address) => address.port(),
            Err(error) => return failed(&error),
        };
        let mut state = Listening { port, ..Listening::default() };
        let mut connections: JoinSet<Result<(), String>> = JoinSet::new();
        let mut told = None;
        let mut tell_at = tokio::time::Instant::now();
        loop {
            state.connections = connections.len() as u64;
            if told.as_ref() != Some(&state) && tell_at <= tokio::time::Instant::now() {
                let report = ::tunnels::jobs::to_bytes(&state);
                self.inputs.tell(Input::Progress { job: job.id, report }).await;
                told = Some(state.clone());
                tell_at = tokio::time::Instant::now() + TELL_EVERY;
            }
            tokio::select! {
                accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                    Ok((socket, from)) => {
                        let (shared, listen) = (Arc::clone(self), listen.clone());
                        connections.spawn(async move { shared.use_tunnel(socket, (from, port), &listen).await });
                    }
                    // No more files can be open: some will be closed.
                    Err(_) => tokio::time::sleep(TELL_EVERY).await,
                },
                Some(ended) = connections.join_next() => match ended {
                    Ok(Ok(())) => state.trouble.clear(),
                    Ok(Err(why)) => state.trouble = why,
                    Err(_) => {}
                },
                () = tokio::time::sleep_until(tell_at), if told.as_ref() != Some(&state) => {}
            }
        }
    }

    /// Carries one connection of a program of this computer; returns in words why it came to nothing.
    async fn use_tunnel(
        &self,
        socket: TcpStream,
        (from, port): (SocketAddr, u16),
        listen: &Listen,
    ) -> Result<(), String> {
        // Other users of this computer reach every local port.
        if !local::is_of_this_user(from.port(), port) {
            return Err("another user of this computer tried to use it".to_owned());
        }
        let (_line, mut send, mut receive) = self.ask_tunnel(listen).await.map_err(|why| why.to_string())?;
        // How it ended is between the two programs.
        let _ended = carry(socket, &mut send, &mut receive, &()).await;
        Ok(())
    }

    async fn ask_tunnel(
        &self,
        listen: &Listen,
    ) -> Result<(Arc<Registration>, SendStream, RecvStream), Unopened> {
        let line = self.line(listen.device, Protocol::Tunnel).await?;
        let opened = line.connection().open_bi().await.map_err(|error| Failure::lost(&error))?;
        let (mut send, mut receive) = opened;
        let request = Request { web: listen.web, name: listen.name.clone() };
        let first = frame::encode("tunnels", wire::to_bytes(&request));
        send.write_all(&first).await.map_err(|error| Failure::stream(&error.into()))?;
        let mut answer = [0; 1];
        let read = tokio::time::timeout(self.limits.answer, receive.read_exact(&mut answer));
        match read.await {
            Ok(Ok(())) if answer == [OPEN] => Ok((line, send, receive)),
            Ok(Err(ReadExactError::ReadError(ReadError::Reset(code::NOT_HERE)))) => {
                Err(Unopened::NothingListens)
            }
            Ok(Err(ReadExactError::ReadError(error))) => Err(Failure::stream(&error.into()).into()),
            _ => Err(Unopened::NoAnswer),
        }
    }
}

/// Why a connection was not carried, in the words that the person at this end reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unopened {
    #[error("nothing listens at the other end")]
    NothingListens,
    #[error("it is not offered to you any more")]
    Refused,
    #[error("the computer that offers it does not answer")]
    NoAnswer,
    #[error("the computer that offers it cannot be reached")]
    Unreachable,
}

impl From<Failure> for Unopened {
    fn from(failure: Failure) -> Self {
        match failure.word {
            FetchFailure::Refused => Self::Refused,
            FetchFailure::TimedOut => Self::NoAnswer,
            _ => Self::Unreachable,
        }
    }
}

/// Connects to a service of this computer, by whichever of the two addresses it listens at.
async fn connect(port: u16) -> Option<TcpStream> {
    for address in
        [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))]
    {
        if let Ok(Ok(socket)) = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await {
            return Some(socket);
        }
    }
    None
}

impl Carried for () {
    fn up(&self, _: usize) {}
    fn down(&self, _: usize) {}
}
