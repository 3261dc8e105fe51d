//! How this device is connected with each other one, for people: path, round trip, throughput, and why not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::DeviceId;
use iroh::TransportAddr;

use crate::relay::is_private;
use crate::shared::Shared;

/// A sample older than this says nothing about now.
const SAMPLE_AGE_MAX: Duration = Duration::from_secs(15);

/// The way packets take to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Straight, to an address of a local network.
    Lan,
    /// Straight, over the internet.
    Direct,
    /// Through a relay.
    Relayed,
}

/// A standing connection with one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionState {
    /// The way in use.
    pub way: Way,
    /// The address or the relay's URL.
    pub via: String,
    /// Round trip of the way in use.
    pub round_trip: Duration,
    /// Bytes per second lately, from there and to there.
    pub receiving: u64,
    /// See `receiving`.
    pub sending: u64,
}

/// Why a device could not be reached the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreached {
    /// It never said where it is.
    NoAddress,
    /// Nothing answers there.
    Silent,
    /// It answers, and refuses this device.
    Refused,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    received: u64,
    sent: u64,
    rates: (u64, u64),
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    samples: Mutex<BTreeMap<DeviceId, Sample>>,
    unreached: Mutex<BTreeMap<DeviceId, Unreached>>,
}

impl Looks {
    /// Notes how an attempt to reach a device ended.
    pub(crate) fn note(&self, device: DeviceId, outcome: Option<Unreached>) {
        let mut unreached = self.unreached.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Some(why) => drop(unreached.insert(device, why)),
            None => drop(unreached.remove(&device)),
        }
    }

    /// Returns why a device could not be reached the last time it was tried.
    pub(crate) fn unreached(&self, device: DeviceId) -> Option<Unreached> {
        self.unreached.lock().unwrap_or_else(PoisonError::into_inner).get(&device).copied()
    }

    fn rates(&self, device: DeviceId, received: u64, sent: u64) -> (u64, u64) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.retain(|_, sample| sample.at.elapsed() < SAMPLE_AGE_MAX);
        let now = Instant::now();
        let Some(before) = samples.get(&device).copied() else {
            samples.insert(device, Sample { at: now, received, sent, rates: (0, 0) });
            return (0, 0);
        };
        let millis = u64::try_from(before.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Two who look at the same time share one sample.
        if millis < 300 {
            return before.rates;
        }
        let per_second = |now: u64, before: u64| now.saturating_sub(before).saturating_mul(1_000) / millis;
        let rates = (per_second(received, before.received), per_second(sent, before.sent));
        samples.insert(device, Sample { at: now, received, sent, rates });
        rates
    }
}

impl Shared {
    /// Returns how this device is connected with another one; `None` when it is not.
    pub(crate) fn connection_state(&self, device: DeviceId) -> Option<ConnectionState> {
        let (mut received, mut sent, mut used) = (0_u64, 0_u64, None);
        for connection in self.admission.connections(device) {
            let stats = connection.stats();
            received = received.saturating_add(stats.udp_rx.bytes);
            sent = sent.saturating_add(stats.udp_tx.bytes);
            for path in connection.paths().iter().filter(iroh::endpoint::Path::is_selected) {
                let found = (way_of(path.remote_addr()), path.rtt());
                // The quickest, if connections take different ways.
                used = Some(match used {
                    Some(best) if rank(&best) <= rank(&found) => best,
                    _ => found,
                });
            }
        }
        let ((way, via), round_trip) = used?;
        let (receiving, sending) = self.looks.rates(device, received, sent);
        Some(ConnectionState { way, via, round_trip, receiving, sending })
    }
}

fn rank(((way, _), round_trip): &((Way, String), Duration)) -> (bool, Duration) {
    (*way == Way::Relayed, *round_trip)
}

fn way_of(address: &TransportAddr) -> (Way, String) {
    match address {
        TransportAddr::Ip(address) => (way_to(*address), SocketAddr::to_string(address)),
        TransportAddr::Relay(url) => (Way::Relayed, url.to_string()),
        _ => (Way::Direct, String::new()),
    }
}

fn way_to(address: SocketAddr) -> Way {
    if is_private(address.ip()) { Way::Lan } else { Way::Direct }
}
