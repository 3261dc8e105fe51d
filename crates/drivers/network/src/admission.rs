//! The gate: who is admitted, which connections stand, and how they end when somebody no longer is.
//!
//! Checked at the handshake (iroh's hooks run only once), again when a connection is registered, and again for
//! every request. Not for: rights to single contents (`rights`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::{DeviceId, WebId};
use guard::jobs::Deed;
use iroh::TransportAddr;
use iroh::endpoint::{AfterHandshakeOutcome, Connection, EndpointHooks, VarInt};
use tokio::sync::watch;

use crate::oddities::Oddities;
use crate::protocol::{Protocol, code, device_of};

/// How long a device that broke the protocol is not talked to; doubled each time, up to the maximum.
const PENALTY_MIN: Duration = Duration::from_secs(5);
const PENALTY_MAX: Duration = Duration::from_secs(600);

/// Devices remembered for misbehaving at most; only admitted ones are remembered, so this is never reached in practice.
const PENALTIES_MAX: usize = 10_000;

/// Who is admitted, and every connection that stands.
#[derive(Debug)]
pub(crate) struct Admission {
    state: Mutex<State>,
    /// Rises whenever somebody lost something; whoever serves a stream looks again.
    losses: watch::Sender<u64>,
    oddities: Oddities,
}

#[derive(Debug, Default)]
struct State {
    webs: BTreeMap<WebId, BTreeSet<DeviceId>>,
    connections: BTreeMap<DeviceId, BTreeMap<u64, (Protocol, Connection)>>,
    next_connection: u64,
    penalties: BTreeMap<DeviceId, Penalty>,
}

#[derive(Debug)]
struct Penalty {
    length: Duration,
    until: Instant,
}

impl State {
    fn is_admitted(&self, device: DeviceId) -> bool {
        self.webs.values().any(|devices| devices.contains(&device))
    }

    /// Closes the connections of a device that are for such protocols; returns how many.
    fn close(&self, device: DeviceId, is_meant: impl Fn(Protocol) -> bool) -> usize {
        let all = self.connections.get(&device).into_iter().flat_map(BTreeMap::values);
        let meant = all.filter(|(protocol, _)| is_meant(*protocol));
        meant.inspect(|(_, connection)| connection.close(code::REFUSED, b"no longer a member")).count()
    }

    fn is_punished(&self, device: DeviceId) -> bool {
        self.penalties.get(&device).is_some_and(|penalty| penalty.until > Instant::now())
    }
}

impl Admission {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            losses: watch::Sender::new(0),
            oddities: Oddities::default(),
        })
    }

    /// Returns what others did that no honest program does.
    pub(crate) fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic while it was held leaves maps that are still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces who is admitted for a web. Who is in no web any more loses all connections at once, but for the
    /// link, on which the last word may be under way: those devices are returned, to [`Admission::shut_out`] soon.
    pub(crate) fn admit(&self, web: WebId, devices: Vec<DeviceId>) -> Vec<DeviceId> {
        let mut state = self.state();
        let devices: BTreeSet<DeviceId> = devices.into_iter().collect();
        let before = if devices.is_empty() {
            state.webs.remove(&web).unwrap_or_default()
        } else {
            state.webs.insert(web, devices.clone()).unwrap_or_default()
        };
        let lost: Vec<DeviceId> = before.difference(&devices).copied().collect();
        let mut gone = Vec::new();
        for device in &lost {
            if state.is_admitted(*device) {
                continue;
            }
            let line = state.connections.get(device).and_then(|lines| lines.values().next());
            if let Some((_, connection)) = line {
                self.oddities.note(*device, address_of(connection), Deed::CameBack);
            }
            let closed =
                state.close(*device, |protocol| protocol.is_for_members() && protocol != Protocol::Member);
            state.penalties.remove(device);
            tracing::info!(device = %device.short(), closed, "device is no longer admitted");
            gone.push(*device);
        }
        drop(state);
        if !lost.is_empty() {
            self.losses.send_modify(|count| *count += 1);
        }
        gone
    }

    /// Closes whatever connections a device still has that is in no web.
    pub(crate) fn shut_out(&self, device: DeviceId) {
        let state = self.state();
        if !state.is_admitted(device) {
            state.close(device, Protocol::is_for_members);
        }
    }

    /// Says whether the device is in some web.
    pub(crate) fn is_admitted(&self, device: DeviceId) -> bool {
        self.state().is_admitted(device)
    }

    /// Says whether connections with the device may be used for the protocol now.
    pub(crate) fn is_open(&self, device: DeviceId, protocol: Protocol) -> bool {
        let state = self.state();
        !protocol.is_for_members() || (state.is_admitted(device) && !state.is_punished(device))
    }

    /// Returns the connections that stand with a device, whatever they are for.
    pub(crate) fn connections(&self, device: DeviceId) -> Vec<Connection> {
        let state = self.state();
        let all = state.connections.get(&device).into_iter().flat_map(BTreeMap::values);
        all.map(|(_, connection)| connection.clone()).collect()
    }

    /// Returns what changes whenever somebody lost something.
    pub(crate) fn losses(&self) -> watch::Receiver<u64> {
        self.losses.subscribe()
    }

    /// Takes a connection into the register; `None`, and closed, when its device may not use it.
    pub(crate) fn register(self: &Arc<Self>, connection: Connection) -> Option<Registration> {
        let device = device_of(connection.remote_id());
        let protocol = Protocol::of(connection.alpn());
        let mut state = self.state();
        let is_open = |protocol: &Protocol| {
            !protocol.is_for_members() || (state.is_admitted(device) && !state.is_punished(device))
        };
        let Some(protocol) = protocol.filter(is_open) else {
            connection.close(code::REFUSED, b"not a member");
            return None;
        };
        state.next_connection += 1;
        let number = state.next_connection;
        state.connections.entry(device).or_default().insert(number, (protocol, connection.clone()));
        Some(Registration { admission: Arc::clone(self), device, number, connection })
    }

    /// Remembers that a device broke the protocol: its connections are closed and it is not talked to for a while.
    pub(crate) fn punish(&self, device: DeviceId, what: &str) {
        self.punish_for(device, what, Deed::BrokeProtocol);
    }

    /// Remembers that a device gave bytes that are not of what was asked for: never by accident.
    pub(crate) fn punish_wrong_bytes(&self, device: DeviceId) {
        self.punish_for(device, "wrong bytes", Deed::GaveWrongBytes);
    }

    fn punish_for(&self, device: DeviceId, what: &str, deed: Deed) {
        let mut state = self.state();
        let mut from = None;
        for (_, connection) in state.connections.get(&device).into_iter().flat_map(BTreeMap::values) {
            from = from.or_else(|| address_of(connection));
            connection.close(code::VIOLATION, what.as_bytes());
        }
        if !state.is_admitted(device) {
            // Strangers make themselves a new key; the door's own rates hold them.
            self.oddities.note(device, from, Deed::Probed);
            return;
        }
        if state.penalties.len() >= PENALTIES_MAX {
            state.penalties.retain(|_, penalty| penalty.until > Instant::now());
        }
        let length = state
            .penalties
            .get(&device)
            .map_or(PENALTY_MIN, |penalty| penalty.length.saturating_mul(2).min(PENALTY_MAX))
            .max(if deed == Deed::GaveWrongBytes { PENALTY_MAX } else { PENALTY_MIN });
        state.penalties.insert(device, Penalty { length, until: Instant::now() + length });
        self.oddities.note(device, from, deed);
        tracing::warn!(device = %device.short(), what, seconds = length.as_secs(), "peer broke the protocol");
    }
}

/// A connection in the register; dropped, it is closed and leaves the register.
#[derive(Debug)]
pub(crate) struct Registration {
    admission: Arc<Admission>,
    device: DeviceId,
    number: u64,
    connection: Connection,
}

impl Registration {
    /// Returns whom it leads to.
    pub(crate) fn device(&self) -> DeviceId {
        self.device
    }

    /// Returns the connection.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Closes it with a reason other than "nothing more to say".
    pub(crate) fn close(&self, why: VarInt, text: &[u8]) {
        self.connection.close(why, text);
    }

    /// Returns the address in use at the other end.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let paths = self.connection.paths();
        let path = paths.iter().find(iroh::endpoint::Path::is_selected)?;
        socket_of(path.remote_addr())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.connection.close(code::DONE, b"");
        let mut state = self.admission.state();
        if let Some(connections) = state.connections.get_mut(&self.device) {
            connections.remove(&self.number);
            if connections.is_empty() {
                state.connections.remove(&self.device);
            }
        }
    }
}

/// Returns the address at the other end of a connection that has just come.
fn address_of(connection: &Connection) -> Option<IpAddr> {
    connection.paths().iter().find_map(|path| socket_of(path.remote_addr())).map(|address| address.ip())
}

fn socket_of(address: &TransportAddr) -> Option<SocketAddr> {
    match address {
        TransportAddr::Ip(address) => Some(*address),
        _ => None,
    }
}

/// What iroh asks at every handshake, ours and theirs.
#[derive(Debug)]
pub(crate) struct Gate(pub(crate) Arc<Admission>);

impl EndpointHooks for Gate {
    async fn after_handshake<'a>(&'a self, connection: &'a Connection) -> AfterHandshakeOutcome {
        let device = device_of(connection.remote_id());
        match Protocol::of(connection.alpn()) {
            Some(protocol) if self.0.is_open(device, protocol) => AfterHandshakeOutcome::Accept,
            protocol => {
                // Members who are not talked to for a moment are no strangers, and a link may come before its admission.
                if protocol.is_some() && !self.0.is_admitted(device) {
                    self.0.oddities().note(device, address_of(connection), Deed::Knocked);
                }
                AfterHandshakeOutcome::Reject { error_code: code::REFUSED, reason: b"not a member".to_vec() }
            }
        }
    }
}
