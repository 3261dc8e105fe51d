//! Our end of all connections: sockets, limits of QUIC, and the addresses we can be reached at.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use iroh::endpoint::{BindError, BindOpts, Builder, QuicTransportConfig, VarInt, presets};
use iroh::{Endpoint, EndpointAddr, RelayMap, RelayMode, SecretKey, TransportAddr, Watcher};
use kernel::Input;

use crate::admission::{Admission, Gate};
use crate::congestion::ByPathConfig;
use crate::protocol::Protocol;
use crate::shared::Shared;
use crate::{NetworkConfig, NetworkError};

/// A peer that says nothing for so long is gone.
const SILENCE_TIME_MAX: VarInt = VarInt::from_u32(15_000);

/// How often a quiet connection shows that it lives; three may be lost before [`SILENCE_TIME_MAX`].
const LIFE_SIGN_INTERVAL: Duration = Duration::from_secs(5);

/// Streams a peer may have open with us at a time: fetches in flight, with room.
const STREAMS_MAX: VarInt = VarInt::from_u32(64);

/// Bytes in flight on one stream. Not more: noq ends a connection with more than 1,024 gaps in a stream's buffer,
/// and a burst that overflows a socket's buffer makes that many when a window holds more packets. Several streams
/// at once fill a long link.
const STREAM_WINDOW: VarInt = VarInt::from_u32(1_250_000);

/// Bytes in flight on one connection, which is also what a hostile member can make us hold.
const CONNECTION_WINDOW: VarInt = VarInt::from_u32(16 * 1024 * 1024);

/// Opens sockets where the configuration says. No lookup, nobody's server; relays are those that deciders name.
pub(crate) async fn bind(
    config: &NetworkConfig,
    admission: Arc<Admission>,
) -> Result<Endpoint, NetworkError> {
    let transport = QuicTransportConfig::builder()
        .max_idle_timeout(Some(SILENCE_TIME_MAX.into()))
        .keep_alive_interval(LIFE_SIGN_INTERVAL)
        .max_concurrent_bidi_streams(STREAMS_MAX)
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(STREAM_WINDOW)
        .receive_window(CONNECTION_WINDOW)
        .send_window(u64::from(CONNECTION_WINDOW))
        .congestion_controller_factory(Arc::new(ByPathConfig))
        .build();
    let mut builder = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&config.secret))
        .relay_mode(RelayMode::Custom(RelayMap::empty()))
        .alpns(Protocol::ALL.map(|protocol| protocol.alpn().to_vec()).to_vec())
        .transport_config(transport)
        .hooks(Gate(admission))
        .clear_ip_transports();
    for address in &config.bind {
        builder = listen(builder, *address, config)?;
    }
    builder.bind().await.map_err(|error| not_bound(config, &error))
}

fn listen(builder: Builder, address: SocketAddr, config: &NetworkConfig) -> Result<Builder, NetworkError> {
    // Many computers have no IPv6; an address somebody chose must work.
    let is_required = !(address.is_ipv6() && address.ip().is_unspecified() && config.bind.len() > 1);
    builder.bind_addr_with_opts(address, BindOpts::default().set_is_required(is_required)).map_err(|error| {
        NetworkError::CannotListen {
            addresses: vec![address],
            source: std::io::Error::new(std::io::ErrorKind::InvalidInput, error.to_string()),
        }
    })
}

fn not_bound(config: &NetworkConfig, error: &BindError) -> NetworkError {
    let taken = config.bind.iter().find(|address| is_taken(**address));
    match taken {
        Some(address) => NetworkError::PortTaken { address: *address },
        None => NetworkError::CannotListen {
            addresses: config.bind.clone(),
            source: std::io::Error::other(error.to_string()),
        },
    }
}

fn is_taken(address: SocketAddr) -> bool {
    let error = std::net::UdpSocket::bind(address).err();
    address.port() != 0 && error.is_some_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

/// Returns addresses as the deciders hear them: what others can dial first, this computer's own last.
pub(crate) fn addresses(found: &EndpointAddr) -> Vec<String> {
    let mut direct: Vec<SocketAddr> = found
        .addrs
        .iter()
        .filter_map(|address| match address {
            TransportAddr::Ip(address) => Some(*address),
            _ => None,
        })
        .filter(|address| !is_link_local(address.ip()))
        .collect();
    direct.sort_by_key(|address| (address.ip().is_loopback(), address.is_ipv6(), *address));
    direct.dedup();
    let relays = found.addrs.iter().filter_map(|address| match address {
        TransportAddr::Relay(url) => Some(url.to_string()),
        _ => None,
    });
    direct.iter().map(ToString::to_string).chain(relays).collect()
}

/// An address that means another computer on every network card.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

impl Shared {
    /// Reports our addresses now and whenever they change.
    pub(crate) async fn watch_addresses(self: Arc<Self>) {
        let mut watcher = self.endpoint.watch_addr();
        let mut told = None;
        loop {
            let now = addresses(&watcher.get());
            if !now.is_empty() && told.as_ref() != Some(&now) {
                self.inputs.tell(Input::Reachable { addresses: now.clone() }).await;
                told = Some(now);
            }
            let changed = tokio::select! {
                () = self.stop.cancelled() => break,
                changed = watcher.updated() => changed,
            };
            if changed.is_err() {
                break;
            }
        }
    }
}
