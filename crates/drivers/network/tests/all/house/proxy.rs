//! A line that Mallory holds in her hands: she sees every packet between two peers and may keep, change, double or add
//! some.
//!
//! One peer speaks IPv4 and the other IPv6, so there is no way around her: nothing the two tell each other about their
//! addresses is of use.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use kernel::Effect;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::{Peer, config};

/// What Mallory does with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Passes each on.
    Pass,
    /// Passes each on, and with it the same again, the same with one bit changed, and one that came long before.
    Meddle,
    /// Passes none on.
    Cut,
}

/// Packets kept at most: what came first is what tells most.
const KEPT_MAX: usize = 20_000;

struct State {
    mood: Mood,
    seen: Vec<Vec<u8>>,
    added: usize,
}

/// Mallory in the middle.
pub(crate) struct Proxy {
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

/// Starts a peer that speaks IPv6 only.
pub(crate) async fn start_v6(seed: u8) -> Peer {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(seed, home.path());
    config.bind = vec!["[::1]:0".parse().unwrap()];
    Peer::start_with(config, home, 1_000).await
}

impl Proxy {
    /// Stands between two peers, of which `v4` speaks IPv4 only and `v6` IPv6 only; each takes Mallory's address for the
    /// other's.
    pub(crate) async fn between(v4: &Peer, v6: &Peer) -> Self {
        let near_v4 = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let near_v6 = Arc::new(UdpSocket::bind("[::1]:0").await.unwrap());
        let believes = |who: &Peer, other: &Peer, at: SocketAddr| {
            let addresses = vec![at.to_string()];
            who.network.effect(Effect::Addresses { device: other.me(), addresses });
        };
        believes(v4, v6, near_v4.local_addr().unwrap());
        believes(v6, v4, near_v6.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { mood: Mood::Pass, seen: Vec::new(), added: 0 }));
        let mut tasks = JoinSet::new();
        let to_v6 = (Arc::clone(&near_v4), Arc::clone(&near_v6), listens_at(v6));
        let to_v4 = (near_v6, near_v4, listens_at(v4));
        for (from, by, to) in [to_v6, to_v4] {
            tasks.spawn(carry(from, by, to, Arc::clone(&state)));
        }
        Self { state, _tasks: tasks }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Returns how many packets Mallory has added of her own.
    pub(crate) fn added(&self) -> usize {
        self.state.lock().unwrap().added
    }

    /// Returns the bytes of all packets seen so far.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().seen.clone()
    }
}

fn listens_at(peer: &Peer) -> SocketAddr {
    peer.network.addresses().first().unwrap().parse().unwrap()
}

async fn carry(from: Arc<UdpSocket>, by: Arc<UdpSocket>, to: SocketAddr, state: Arc<Mutex<State>>) {
    let mut buffer = vec![0; 65_536];
    while let Ok((length, _)) = from.recv_from(&mut buffer).await {
        let packet = buffer.get(..length).unwrap_or_default().to_vec();
        let out = state.lock().unwrap().take(packet);
        for packet in out {
            // A full socket loses packets, as a line does.
            by.send_to(&packet, to).await.ok();
        }
    }
}

impl State {
    /// Says what leaves instead of a packet.
    fn take(&mut self, packet: Vec<u8>) -> Vec<Vec<u8>> {
        let out = match self.mood {
            Mood::Cut => Vec::new(),
            Mood::Pass => vec![packet.clone()],
            Mood::Meddle => {
                let mut changed = packet.clone();
                let at = self.added % changed.len().max(1);
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 0x10;
                }
                let old = self.seen.get(self.added % self.seen.len().max(1)).cloned();
                let added: Vec<Vec<u8>> =
                    [Some(changed), Some(packet.clone()), old].into_iter().flatten().collect();
                self.added += added.len();
                // The changed one first: whoever believed it would not miss the true one.
                let mut out = added;
                out.insert(1, packet.clone());
                out
            }
        };
        if self.seen.len() < KEPT_MAX {
            self.seen.push(packet);
        }
        out
    }
}
