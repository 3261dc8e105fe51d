//! What a home remembers over a restart: ports chosen once, so that links, tickets and address books of others stay
//! true, and the switches for the local network and the DHT.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::home::{Home, write_whole};
use crate::{Config, Origin, PeerError, Set};

/// What a home remembers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    /// The page's port (TCP).
    pub(crate) page: Option<u16>,
    /// The port for other peers (UDP), at every listed address that leaves the choice.
    pub(crate) peers: Option<u16>,
    /// Whether others are looked for on the local network, if a person has said so.
    pub(crate) lan: Option<bool>,
    /// Whether members find each other in the DHT, if a person has said so.
    pub(crate) dht: Option<bool>,
}

/// Remembers the switch for the local network.
pub(crate) fn remember_lan(home: &Path, is_on: bool) -> Result<(), PeerError> {
    remember(home, Ports { lan: Some(is_on), ..Ports::load(home) })
}

/// Remembers the switch for the DHT.
pub(crate) fn remember_dht(home: &Path, is_on: bool) -> Result<(), PeerError> {
    remember(home, Ports { dht: Some(is_on), ..Ports::load(home) })
}

fn remember(home: &Path, ports: Ports) -> Result<(), PeerError> {
    let text = toml::to_string(&ports).unwrap_or_default();
    write_whole(&home.join(crate::home::PORTS), text.as_bytes())
        .map_err(|error| PeerError::of_home(home, error))
}

impl Ports {
    /// Reads what is remembered; a damaged file is as none, ports are only chosen anew.
    pub(crate) fn load(home: &Path) -> Self {
        let text = std::fs::read_to_string(home.join(crate::home::PORTS)).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Remembers these ports.
    pub(crate) fn save(self, home: &Home) -> Result<(), PeerError> {
        let text = toml::to_string(&self).unwrap_or_default();
        write_whole(&home.ports(), text.as_bytes()).map_err(|error| PeerError::of_home(home.path(), error))
    }

    /// Fills in the port wherever the configuration leaves the choice; the same one everywhere, the remembered one
    /// if it is free.
    pub(crate) fn fill_in(&mut self, listen: &[SocketAddr]) -> Vec<SocketAddr> {
        let open: Vec<SocketAddr> = listen.iter().copied().filter(|address| address.port() == 0).collect();
        let is_free = |port: &u16| open.iter().all(|address| is_free(with_port(*address, *port)));
        let chosen =
            self.peers.filter(is_free).or_else(|| open.first().copied().and_then(free_port).filter(is_free));
        if self.peers.is_some() && chosen != self.peers {
            tracing::warn!(port = self.peers, "the remembered port is taken; another one is used");
        }
        if let Some(port) = chosen {
            self.peers = Some(port);
        }
        let fill = |address: &SocketAddr| match (address.port(), chosen) {
            (0, Some(port)) => with_port(*address, port),
            _ => *address,
        };
        listen.iter().map(fill).collect()
    }
}

impl Config {
    /// Reads the configuration of a home and fills in the ports that were chosen at an earlier start.
    ///
    /// For showing; [`crate::Peer::start`] fills them in by itself.
    pub fn load_with_remembered(home: &Path) -> Result<Self, PeerError> {
        let mut config = Self::load(home)?;
        let ports = Ports::load(home);
        if let (0, Some(page)) = (config.page_port.value, ports.page) {
            config.page_port = Set { value: page, origin: Origin::Remembered };
        }
        let mut is_filled = false;
        for address in &mut config.listen.value {
            if let (Ok(mut parsed), Some(port)) = (address.parse::<SocketAddr>(), ports.peers)
                && parsed.port() == 0
            {
                parsed.set_port(port);
                *address = parsed.to_string();
                is_filled = true;
            }
        }
        if let (Origin::Default, Some(is_on)) = (config.lan.origin, ports.lan) {
            config.lan = Set { value: is_on, origin: Origin::Remembered };
        }
        if let (Origin::Default, Some(is_on)) = (config.dht.origin, ports.dht) {
            config.dht = Set { value: is_on, origin: Origin::Remembered };
        }
        if is_filled {
            config.listen.origin = Origin::Remembered;
        }
        Ok(config)
    }
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

fn free_port(address: SocketAddr) -> Option<u16> {
    UdpSocket::bind(address).and_then(|socket| socket.local_addr()).ok().map(|address| address.port())
}

/// An address this computer does not have (no IPv6) is not taken; whether it matters is the network's affair.
fn is_free(address: SocketAddr) -> bool {
    let error = UdpSocket::bind(address).err();
    error.is_none_or(|error| error.kind() != std::io::ErrorKind::AddrInUse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_chosen_once_and_kept() {
        let listen = ["127.0.0.1:0".parse().unwrap(), "127.0.0.2:0".parse().unwrap()];
        let mut ports = Ports::default();
        let first = ports.fill_in(&listen);
        assert_ne!(first[0].port(), 0);
        assert_eq!(first[0].port(), first[1].port());
        assert_eq!(ports.fill_in(&listen), first);
    }

    #[test]
    fn a_taken_port_is_replaced_and_a_named_one_stays() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut ports = Ports { peers: Some(taken.local_addr().unwrap().port()), ..Ports::default() };
        let listen = ["127.0.0.1:0".parse().unwrap(), "127.0.0.1:9".parse().unwrap()];
        let filled = ports.fill_in(&listen);
        assert_ne!(filled[0].port(), taken.local_addr().unwrap().port());
        assert_eq!(filled[1].port(), 9);
    }
}
