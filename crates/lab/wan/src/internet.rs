//! The Internet between sites: a TUN device per site, and every packet's way decided by a seeded [`Path`].
//!
//! Not for: addresses of houses (they lead nowhere, as on the real one), and rates (the kernel's `tc` limits them).

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tun::Tun;

use crate::delivery::{Outbound, deliver, way};
use crate::{Path, Verdict, World};

/// Bytes of a packet at most; the devices carry 1,500.
const PACKET_SIZE_MAX: usize = 2048;

/// What became of the packets from one site to another.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Sent on.
    pub passed: u64,
    /// Of those: overtaken by others.
    pub late: u64,
    /// Lost on purpose.
    pub lost: u64,
    /// Lost because a buffer was full.
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct Counters {
    passed: AtomicU64,
    late: AtomicU64,
    lost: AtomicU64,
    dropped: AtomicU64,
}

/// The ways from one site to all.
#[derive(Debug)]
struct Ways {
    site: usize,
    paths: Mutex<Vec<Path>>,
    counters: Arc<Vec<Counters>>,
    arrivals: Vec<Outbound>,
    begun: Instant,
}

/// The running Internet; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Internet {
    counters: Vec<Arc<Vec<Counters>>>,
    _tasks: JoinSet<()>,
}

impl Internet {
    /// Makes the device of each site, named `wan1`, `wan2` and so on, in the namespace of this thread, and joins them.
    pub(crate) fn begin(world: &World, runtime: &tokio::runtime::Handle) -> Result<Self> {
        let _context = runtime.enter();
        let devices = (1..=world.sites.len()).map(device).collect::<Result<Vec<_>>>()?;
        let mut tasks = JoinSet::new();
        let mut arrivals = Vec::new();
        for device in &devices {
            let (sender, receiver) = way();
            arrivals.push(sender);
            let device = Arc::clone(device);
            // A device that takes nothing now (full, or down) loses the packet, as a router would.
            let hand_over = move |packet: &[u8]| drop(device.try_send(packet));
            tasks.spawn_on(deliver(receiver, hand_over), runtime);
        }
        let begun = Instant::now();
        let mut counters = Vec::new();
        for (site, device) in devices.into_iter().enumerate() {
            let of_site = Arc::new(world.sites.iter().map(|_| Counters::default()).collect::<Vec<_>>());
            counters.push(Arc::clone(&of_site));
            let paths = Mutex::new(paths_from(world, site));
            let ways = Ways { site, paths, counters: of_site, arrivals: arrivals.clone(), begun };
            tasks.spawn_on(take(device, ways), runtime);
        }
        Ok(Self { counters, _tasks: tasks })
    }

    /// Returns what became of the packets from one site to another, both counted from 0.
    pub(crate) fn count(&self, from: usize, to: usize) -> Count {
        let Some(counters) = self.counters.get(from).and_then(|of_site| of_site.get(to)) else {
            return Count::default();
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Count {
            passed: read(&counters.passed),
            late: read(&counters.late),
            lost: read(&counters.lost),
            dropped: read(&counters.dropped),
        }
    }
}

/// Returns the name of a site's device, counted from 1.
pub(crate) fn device_name(site: usize) -> String {
    format!("wan{site}")
}

fn device(site: usize) -> Result<Arc<Tun>> {
    let name = device_name(site);
    let devices = Tun::builder().name(&name).build();
    let device =
        devices.map_err(std::io::Error::other).with_context(|| format!("cannot make the device {name}"))?;
    device.into_iter().next().map(Arc::new).context("no device was made")
}

/// Makes the ways from a site to each other; every pair and direction has chances of its own.
fn paths_from(world: &World, from: usize) -> Vec<Path> {
    let Some(start) = world.sites.get(from) else { return Vec::new() };
    let end = world.sites.iter().zip(0_u64..);
    end.map(|(site, to)| {
        let stream = (from as u64) << 32 | to;
        Path::new(start.quality().and(site.quality()), world.seed, stream)
    })
    .collect()
}

impl Ways {
    /// Decides about a packet and sends it on its way.
    fn pass(&self, packet: &[u8], now: Instant) {
        let Some(to) = destination(packet).and_then(site_of).filter(|to| *to != self.site) else { return };
        let Some((counters, arrivals)) = self.counters.get(to).zip(self.arrivals.get(to)) else { return };
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = paths.get_mut(to) else { return };
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        let at: Duration = match path.pass(now.saturating_duration_since(self.begun), packet.len()) {
            Verdict::Arrives(at) => at,
            Verdict::ArrivesLate(at) => {
                count(&counters.late);
                at
            }
            Verdict::Lost => {
                count(&counters.lost);
                return;
            }
            Verdict::NoRoom => {
                count(&counters.dropped);
                return;
            }
        };
        let is_on_the_way = arrivals.try_send((self.begun + at, packet.to_vec())).is_ok();
        count(if is_on_the_way { &counters.passed } else { &counters.dropped });
    }
}

/// Takes packets that leave a site.
async fn take(device: Arc<Tun>, ways: Ways) {
    let mut buffer = vec![0; PACKET_SIZE_MAX];
    // Reading fails when the device is gone: the end of the world.
    while let Ok(size) = device.recv(&mut buffer).await {
        if let Some(packet) = buffer.get(..size) {
            ways.pass(packet, Instant::now());
        }
    }
}

/// Returns where an IPv4 packet goes; the world has no other protocol.
fn destination(packet: &[u8]) -> Option<Ipv4Addr> {
    let version = packet.first()? >> 4;
    let bytes: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    (version == 4).then(|| bytes.into())
}

/// Returns the site of a public address, counted from 0.
fn site_of(address: Ipv4Addr) -> Option<usize> {
    match address.octets() {
        [198, 18, site, _] => usize::from(site).checked_sub(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_by_their_public_address_and_those_of_houses_nowhere() {
        let packet = |address: [u8; 4]| [&[0x45; 16][..], &address].concat();
        let site = |packet: &[u8]| destination(packet).and_then(site_of);
        assert_eq!(site(&packet([198, 18, 3, 1])), Some(2));
        assert_eq!(site(&packet([192, 168, 1, 10])), None);
        assert_eq!(site(&packet([198, 18, 0, 1])), None);
        assert_eq!(site(&[0x60; 40]), None, "IPv6");
        assert_eq!(site(&[0x45; 19]), None, "cut off");
    }
}
