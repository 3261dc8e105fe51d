//! The shaper on loopback, for machines that allow no namespaces: a UDP port that stands for a line to somebody else's.
//!
//! Whoever sends to the port reaches the target, delayed and thinned out as the line is; answers come back the same way.
//! Not for: NAT, and programs that tell each other their own addresses, for those then go around the line.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::delivery::{Outbound, deliver, way};
use crate::{Path, Quality, Verdict};

/// Bytes of a datagram at most.
const DATAGRAM_SIZE_MAX: usize = 65_536;

/// Senders at most; later ones are not served.
const SENDERS_MAX: usize = 64;

/// A line to a UDP port of this machine; it is cut when this is dropped.
#[derive(Debug)]
pub struct Forwarder {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Line {
    target: SocketAddr,
    listener: Arc<UdpSocket>,
    there: Mutex<Path>,
    back: Mutex<Path>,
    begun: Instant,
}

impl Forwarder {
    /// Lays a line to `target`, alike in both directions, and listens on a free port.
    pub async fn begin(target: SocketAddr, quality: Quality, seed: u64) -> Result<Self> {
        let listener = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port on loopback")?;
        let address = listener.local_addr()?;
        let line = Arc::new(Line {
            target,
            listener: Arc::new(listener),
            there: Mutex::new(Path::new(quality, seed, 0)),
            back: Mutex::new(Path::new(quality, seed, 1)),
            begun: Instant::now(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(forward(line));
        Ok(Self { address, _tasks: tasks })
    }

    /// Returns where the line begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Line {
    /// Sends a datagram on its way, or not.
    fn pass(&self, path: &Mutex<Path>, bytes: &[u8], outbound: &Outbound) {
        let now = self.begun.elapsed();
        let verdict = path.lock().unwrap_or_else(PoisonError::into_inner).pass(now, bytes.len());
        if let Verdict::Arrives(at) | Verdict::ArrivesLate(at) = verdict {
            // A full way drops it.
            let _is_sent = outbound.try_send((self.begun + at, bytes.to_vec()));
        }
    }
}

/// Serves all senders: each has a socket of its own towards the target, so that the target can tell them apart.
async fn forward(line: Arc<Line>) {
    let mut senders: BTreeMap<SocketAddr, Outbound> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; DATAGRAM_SIZE_MAX];
    while let Ok((size, sender)) = line.listener.recv_from(&mut buffer).await {
        if !senders.contains_key(&sender) && senders.len() < SENDERS_MAX {
            let Ok(outbound) = add_sender(&line, sender, &mut tasks).await else { continue };
            senders.insert(sender, outbound);
        }
        if let Some((outbound, bytes)) = senders.get(&sender).zip(buffer.get(..size)) {
            line.pass(&line.there, bytes, outbound);
        }
    }
}

async fn add_sender(
    line: &Arc<Line>,
    sender: SocketAddr,
    tasks: &mut JoinSet<()>,
) -> std::io::Result<Outbound> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(line.target).await?;
    let socket = Arc::new(socket);
    let (there, leaving) = way();
    let towards = Arc::clone(&socket);
    tasks.spawn(deliver(leaving, move |bytes| drop(towards.try_send(bytes))));
    let (back, returning) = way();
    let listener = Arc::clone(&line.listener);
    tasks.spawn(deliver(returning, move |bytes| drop(listener.try_send_to(bytes, sender))));
    tasks.spawn(answer(Arc::clone(line), socket, back));
    Ok(there)
}

/// Brings what the target says back to one sender.
async fn answer(line: Arc<Line>, socket: Arc<UdpSocket>, back: Outbound) {
    let mut buffer = vec![0; DATAGRAM_SIZE_MAX];
    while !back.is_closed() {
        // A refused datagram (nobody listens yet) is an error here and no reason to stop.
        let Ok(size) = socket.recv(&mut buffer).await else { continue };
        if let Some(bytes) = buffer.get(..size) {
            line.pass(&line.back, bytes, &back);
        }
    }
}
