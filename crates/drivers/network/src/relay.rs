//! Being a relay: an iroh relay inside this process that carries packets for members, and for joiners who show an
//! invitation. It sees who talks to whom and how much, never what. Not for: using relays (`relays`).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::DeviceId;
use iroh::{EndpointId, TransportAddr};
use iroh_relay::server::{
    Access, AccessControl, ClientRateLimit, ClientRequest, ConnectionId, RelayConfig, Server, ServerConfig,
};
use kernel::Input;

use crate::admission::Admission;
use crate::protocol::device_of;
use crate::rights::Rights;
use crate::shared::Shared;

/// Bytes one client may send through the relay per second, and at once: an office's uplink, not a data centre's.
const CLIENT_RATE: NonZeroU32 = NonZeroU32::new(12_500_000).expect("is not zero");
const CLIENT_BURST: NonZeroU32 = NonZeroU32::new(4 * 1024 * 1024).expect("is not zero");

/// Joiners carried at the same time at most; members are not counted. Each is looked at again with every watch.
const JOINERS_MAX: usize = 16;

/// How long it may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// How long to wait before a relay that could not start, or fell silent, is started again.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Where the relay listens and how others know it.
#[derive(Debug, Clone, Default)]
pub struct RelaySettings {
    /// TCP; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// The URL that others use, when it can't be guessed: behind a router that forwards a port, or a host name.
    pub url: Option<String>,
}

/// How a relay came to its end.
enum Over {
    /// Nobody wants one any more, or the network stops.
    Unwanted,
    /// Somebody was removed, or an invitation has ended: only a new relay forgets the connections it has admitted.
    SomebodyLeft,
    /// It does not answer.
    Silent,
}

impl Shared {
    /// Is a relay whenever it is wished, until the network stops.
    pub(crate) async fn keep_relay(self: Arc<Self>, settings: RelaySettings) {
        let mut listen = settings.listen.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.relay.stands(true) => {}
            }
            let joiners = Arc::new(Joiners::default());
            let Some(server) = self.start_relay(listen, &joiners).await else {
                self.tell_relay(String::new()).await;
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN_AFTER) => continue,
                }
            };
            // Started again it has to be where it was: members know it there.
            listen.set_port(server.http_addr().map_or(listen.port(), |address| address.port()));
            let over = self.run_relay(&server, &settings, &joiners).await;
            let ended = tokio::time::timeout(ANSWER_TIME_MAX, server.shutdown()).await;
            tracing::debug!(?ended, "the relay has ended");
            match over {
                Over::Unwanted => self.tell_relay(String::new()).await,
                Over::SomebodyLeft => {}
                Over::Silent => tracing::warn!("the relay did not answer and is started again"),
            }
        }
    }

    async fn start_relay(&self, listen: SocketAddr, joiners: &Arc<Joiners>) -> Option<Server> {
        let mut config = RelayConfig::new(listen);
        let mut limit = ClientRateLimit::new(CLIENT_RATE);
        limit.max_burst_bytes = Some(CLIENT_BURST);
        config.limits.client_rx = Some(limit);
        config.access = Arc::new(Guests {
            admission: Arc::clone(&self.admission),
            rights: Arc::clone(&self.rights),
            joiners: Arc::clone(joiners),
        });
        let mut server = ServerConfig::default();
        server.relay = Some(config);
        match Server::spawn(server).await {
            Ok(server) => Some(server),
            Err(error) => {
                tracing::error!(%listen, %error, "the relay cannot start");
                None
            }
        }
    }

    async fn run_relay(&self, server: &Server, settings: &RelaySettings, joiners: &Joiners) -> Over {
        let Some(address) = server.http_addr() else { return Over::Silent };
        let mut losses = self.admission.losses();
        losses.mark_unchanged();
        let mut told = String::new();
        loop {
            let url = settings.url.clone().unwrap_or_else(|| self.relay_url(address));
            if url != told {
                tracing::info!(%url, "this device is a relay");
                told.clone_from(&url);
                self.tell_relay(url).await;
            }
            tokio::select! {
                () = self.stop.cancelled() => return Over::Unwanted,
                () = self.relay.stands(false) => return Over::Unwanted,
                lost = losses.changed() => if lost.is_ok() { return Over::SomebodyLeft },
                () = tokio::time::sleep(self.limits.relay_watch) => {}
            }
            if joiners.any(|device, hello| !self.is_carried(device, hello)) {
                return Over::SomebodyLeft;
            }
            if !answers(address).await {
                return Over::Silent;
            }
        }
    }

    /// Says whether a device that came with an invitation is still to be carried.
    fn is_carried(&self, device: DeviceId, hello: &[u8]) -> bool {
        self.admission.is_admitted(device) || self.rights.is_invited(device, hello)
    }

    /// Returns the relay's URL as others may use it: the first address of this device that others can dial.
    fn relay_url(&self, address: SocketAddr) -> String {
        let addresses = self.endpoint.addr();
        let mut own: Vec<IpAddr> = addresses
            .addrs
            .iter()
            .filter_map(|address| match address {
                TransportAddr::Ip(address) => Some(address.ip()),
                _ => None,
            })
            .filter(|ip| ip.is_ipv4() == address.is_ipv4())
            .collect();
        own.sort_by_key(|ip| (ip.is_loopback(), is_private(*ip), *ip));
        let ip = match address.ip() {
            ip if ip.is_unspecified() => own.first().copied().unwrap_or_else(|| [127, 0, 0, 1].into()),
            ip => ip,
        };
        format!("http://{}/", SocketAddr::new(ip, address.port()))
    }

    async fn tell_relay(&self, url: String) {
        self.inputs.tell(Input::Noticed { kind: "people.relay", report: url.into_bytes() }).await;
    }
}

/// Says whether an address is one of a local network, or of this computer alone.
pub(crate) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    }
}

/// Says whether something listens there.
async fn answers(address: SocketAddr) -> bool {
    let ip = match address.ip() {
        ip if ip.is_unspecified() && ip.is_ipv4() => IpAddr::from([127, 0, 0, 1]),
        ip if ip.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let dial = tokio::net::TcpStream::connect((ip, address.port()));
    matches!(tokio::time::timeout(ANSWER_TIME_MAX, dial).await, Ok(Ok(_)))
}

/// The connections of devices that are in no web and have shown an invitation, with what they showed.
#[derive(Debug, Default)]
struct Joiners(Mutex<BTreeMap<u64, (DeviceId, Vec<u8>)>>);

impl Joiners {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (DeviceId, Vec<u8>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one more, unless there are too many.
    fn take(&self, connection: ConnectionId, device: DeviceId, hello: Vec<u8>) -> bool {
        let mut joiners = self.lock();
        let has_room = joiners.len() < JOINERS_MAX;
        if has_room {
            joiners.insert(number(connection), (device, hello));
        }
        has_room
    }

    fn any(&self, is_meant: impl Fn(DeviceId, &[u8]) -> bool) -> bool {
        self.lock().values().any(|(device, hello)| is_meant(*device, hello))
    }
}

/// Who may use the relay.
struct Guests {
    admission: Arc<Admission>,
    rights: Arc<dyn Rights>,
    joiners: Arc<Joiners>,
}

impl std::fmt::Debug for Guests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guests").finish_non_exhaustive()
    }
}

/// Reads what a newcomer shows: the words it would say at the door.
fn shown(token: &str) -> Option<Vec<u8>> {
    let is_short = token.len() <= wire::join::JOIN_SIZE_MAX;
    is_short.then(|| data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).ok()).flatten()
}

/// The id is opaque but prints as a number that is unique in the process.
fn number(connection: ConnectionId) -> u64 {
    connection.to_string().parse().unwrap_or(u64::MAX)
}

impl AccessControl for Guests {
    async fn on_connect(&self, request: &ClientRequest) -> Access {
        let device = device_of(request.endpoint_id());
        if self.admission.is_admitted(device) {
            return Access::Allow;
        }
        let hello = request.auth_token().and_then(|token| shown(&token));
        if let Some(hello) = hello.filter(|hello| self.rights.is_invited(device, hello))
            && self.joiners.take(request.connection_id(), device, hello)
        {
            return Access::Allow;
        }
        tracing::debug!(device = %device.short(), "the relay does not carry for a stranger");
        Access::Deny { reason: Some("this relay carries for members of its webs only".to_owned()) }
    }

    fn on_disconnect(&self, _: EndpointId, connection: ConnectionId) {
        self.joiners.lock().remove(&number(connection));
    }
}
