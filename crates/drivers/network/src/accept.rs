//! Connections that come in: handshake, gate, and the protocol's own task.

use std::future::IntoFuture;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guard::jobs::{Deed, NOBODY};
use iroh::endpoint::{ConnectingError, ConnectionError, Incoming, IncomingAddr, TransportErrorCode, VarInt};
use kernel::Channel;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::protocol::{Protocol, code, device_of};
use crate::shared::Shared;

/// Handshakes at the same time at most; each costs about half a millisecond of a processor.
const HANDSHAKES_MAX: usize = 64;

/// With more handshakes than this under way, the sender has to prove its address first.
const HANDSHAKES_TRUSTED: usize = 16;

/// How long a handshake may take.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);

/// Bytes a stranger may send before we read them.
const STRANGER_WINDOW: VarInt = VarInt::from_u32(64 * 1024);

/// TLS's alert for a protocol that is not spoken here (RFC 7301, section 3.2).
const NO_APPLICATION_PROTOCOL: u8 = 120;

impl Shared {
    /// Takes connections until the network stops.
    pub(crate) async fn accept(self: Arc<Self>) {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
        loop {
            let incoming = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                incoming = self.endpoint.accept() => incoming,
            };
            let Some(incoming) = incoming else { break };
            let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else {
                incoming.ignore();
                continue;
            };
            let is_crowded = handshakes.available_permits() < HANDSHAKES_MAX - HANDSHAKES_TRUSTED;
            if is_crowded && !incoming.remote_addr_validated() {
                if let Err(error) = incoming.retry() {
                    tracing::debug!(%error, "an address could not be asked to prove itself");
                }
                continue;
            }
            let shared = Arc::clone(&self);
            self.tasks.spawn(async move {
                let stop = shared.stop.clone();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = shared.receive(incoming, permit) => {}
                }
            });
        }
    }

    async fn receive(self: Arc<Self>, incoming: Incoming, handshake: OwnedSemaphorePermit) {
        let from = match incoming.remote_addr() {
            IncomingAddr::Ip(address) => Some(address.ip()),
            _ => None,
        };
        let connected = tokio::time::timeout(HANDSHAKE_TIME_MAX, incoming.into_future());
        let connection = match connected.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                if is_unknown_protocol(&error) {
                    // The handshake ends before the other side proves who it is.
                    self.admission.oddities().note(NOBODY, from, Deed::Probed);
                }
                return;
            }
            Err(_) => return,
        };
        drop(handshake);
        let Some(registration) = self.admission.register(connection) else { return };
        match Protocol::of(registration.connection().alpn()) {
            Some(Protocol::Member) => self.receive_link(registration, Channel::Member, None).await,
            Some(Protocol::Join) => self.receive_stranger(registration, from).await,
            Some(Protocol::Content) => self.serve_contents(registration).await,
            Some(Protocol::Bundle) => self.serve_bundles(registration).await,
            Some(Protocol::Tunnel) => self.serve_tunnels(registration).await,
            None => {}
        }
    }

    async fn receive_stranger(
        self: Arc<Self>,
        registration: crate::admission::Registration,
        from: Option<IpAddr>,
    ) {
        let device = device_of(registration.connection().remote_id());
        let Some(place) = self.door.enter(device, from, Instant::now()) else {
            registration.close(code::BUSY, b"too many joiners, come back later");
            return;
        };
        registration.connection().set_receive_window(STRANGER_WINDOW);
        registration.connection().set_max_concurrent_bi_streams(VarInt::from_u32(1));
        self.receive_link(registration, Channel::Join, Some(place)).await;
    }
}

fn is_unknown_protocol(error: &ConnectingError) -> bool {
    let ConnectingError::ConnectionError { source: ConnectionError::TransportError(error), .. } = error
    else {
        return false;
    };
    error.code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL)
}
