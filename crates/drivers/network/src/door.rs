//! The door for strangers: how many may talk to us, and how often they may come back.
//!
//! A stranger can make itself any number of device keys, so rates count addresses, too.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::DeviceId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Strangers who talk at the same time at most; each for 10 s and 64 KiB at most.
const PLACES: usize = 16;

/// The time that rates are counted over.
const WINDOW: Duration = Duration::from_secs(60);

/// Visits in a window: of one device (a joiner who waits for approval asks again now and then), of one address
/// (an IPv6 network of 64 bits counts as one), and of all.
const VISITS_PER_DEVICE: u32 = 20;
const VISITS_PER_ADDRESS: u32 = 60;
const VISITS_IN_ALL: u32 = 240;

/// Lets strangers in, a few at a time.
#[derive(Debug)]
pub(crate) struct Door {
    places: Arc<Semaphore>,
    visits: Mutex<Visits>,
}

#[derive(Debug)]
struct Visits {
    since: Instant,
    all: u32,
    devices: BTreeMap<DeviceId, u32>,
    addresses: BTreeMap<IpAddr, u32>,
}

impl Door {
    pub(crate) fn new() -> Self {
        let visits =
            Visits { since: Instant::now(), all: 0, devices: BTreeMap::new(), addresses: BTreeMap::new() };
        Self { places: Arc::new(Semaphore::new(PLACES)), visits: Mutex::new(visits) }
    }

    /// Gives a place, or `None`: come back later.
    pub(crate) fn enter(
        &self,
        device: DeviceId,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Option<OwnedSemaphorePermit> {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(visits.since) > WINDOW {
            *visits = Visits { since: now, all: 0, devices: BTreeMap::new(), addresses: BTreeMap::new() };
        }
        if visits.all >= VISITS_IN_ALL {
            return None;
        }
        // Who is refused here does not use up what is there for others.
        if let Some(network) = address.map(network_of) {
            let is_frequent =
                visits.addresses.get(&network).is_some_and(|count| *count >= VISITS_PER_ADDRESS);
            if is_frequent {
                return None;
            }
        }
        if visits.devices.get(&device).is_some_and(|count| *count >= VISITS_PER_DEVICE) {
            return None;
        }
        visits.all += 1;
        *visits.devices.entry(device).or_default() += 1;
        if let Some(network) = address.map(network_of) {
            *visits.addresses.entry(network).or_default() += 1;
        }
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}

/// Returns what counts as one address: an IPv4 address, or the first 64 bits of an IPv6 one.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u32) -> DeviceId {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        DeviceId::new(bytes)
    }

    #[test]
    fn one_device_cannot_come_without_end() {
        let door = Door::new();
        let now = Instant::now();
        let entered = (0..100).filter(|_| door.enter(device(1), None, now).is_some()).count();
        assert_eq!(entered, usize::try_from(VISITS_PER_DEVICE).unwrap());
        assert!(door.enter(device(1), None, now + WINDOW * 2).is_some(), "later it may again");
    }

    #[test]
    fn one_address_cannot_keep_others_out() {
        let door = Door::new();
        let now = Instant::now();
        let mallory = |number: u32| Some(IpAddr::V6((0x2001_0db8_u128 << 96 | u128::from(number)).into()));
        let entered =
            (0..10_000).filter(|number| door.enter(device(*number), mallory(*number), now).is_some());
        assert_eq!(entered.count(), usize::try_from(VISITS_PER_ADDRESS).unwrap());
        assert!(door.enter(device(77_777), Some([192, 0, 2, 1].into()), now).is_some());
    }

    #[test]
    fn only_a_few_talk_at_the_same_time() {
        let door = Door::new();
        let now = Instant::now();
        let places: Vec<_> = (0..100).filter_map(|number| door.enter(device(number), None, now)).collect();
        assert_eq!(places.len(), PLACES);
    }
}
