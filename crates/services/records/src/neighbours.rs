//! With whom a peer keeps connections, and when it tries again (spec sync rules 25 to 28).
//!
//! Every member has a place on a ring, by a hash of web and device. A peer wants the two members after it and
//! four anywhere: the ring alone connects everybody who is there, the others keep the way short (a random graph
//! of such degree connects thousands in about six hops; halves, quarters and so on of the ring would not, with
//! only four of them). A member that can't be reached is stepped over, so those who are there find each other
//! however many are away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Timestamp, WebId};

/// Neighbours told about news of one web, at most.
pub(crate) const NEIGHBOURS_MAX: usize = 8;

/// First wait after a failed attempt to connect; doubled each time.
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);

/// Longest wait between attempts to connect to one device.
const BACK_OFF_MAX: Duration = Duration::from_mins(1);

/// An attempt that nobody answers for counts as failed after this.
const CALL_WAIT: Duration = Duration::from_secs(30);

/// From this failure on a device counts as away: others are tried in its stead, and it only now and then.
const AWAY_FAILURES: u32 = 2;

/// For how long a device that nobody tries any more counts as away.
const AWAY_FOR: Duration = Duration::from_mins(10);

/// Attempts that may be made at once: all neighbours of three webs at a start.
const CALLS_BURST: u32 = 32;

/// Further attempts, one in this time. An attempt costs some 5 kB, and a peer at rest among people who are away
/// must stay under 1 kB/s.
const CALL_EVERY: Duration = Duration::from_secs(10);

/// The same while nobody at all is connected: finding the first one is worth more.
const CALL_EVERY_ALONE: Duration = Duration::from_secs(2);

/// Neighbours wanted anywhere on the ring.
const FAR_COUNT: usize = 4;

/// The members of a web in ring order.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    /// Everybody but this device, with their places.
    others: Vec<(u64, DeviceId)>,
    /// The place of this device.
    here: u64,
    /// Places somewhere else, drawn from the same hash.
    far: [u64; FAR_COUNT],
}

impl Ring {
    /// Places the members of a web; `before` saves hashing again who was there.
    pub(crate) fn new(web: WebId, me: DeviceId, members: &[DeviceId], before: &Self) -> Self {
        let known: BTreeMap<DeviceId, u64> =
            before.others.iter().map(|(place, device)| (*device, *place)).collect();
        let mut others: Vec<_> = members
            .iter()
            .filter(|device| **device != me)
            .map(|device| (known.get(device).copied().unwrap_or_else(|| first_place(web, *device)), *device))
            .collect();
        others.sort_unstable();
        let [here, far @ ..] = places(web, me);
        Self { others, here, far }
    }

    /// Walks the others in ring order.
    pub(crate) fn devices(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.others.iter().map(|(_, device)| *device)
    }

    /// Chooses whom to be connected with: up to six, and for each of them who could not be reached lately
    /// (`is_away`) the next on the ring who might be.
    pub(crate) fn wanted(&self, is_away: impl Fn(DeviceId) -> bool) -> Vec<DeviceId> {
        if self.others.len() <= NEIGHBOURS_MAX {
            return self.devices().collect();
        }
        let mut chosen = Vec::new();
        let after_me = self.here.wrapping_add(1);
        // Twice the same start: the second walk steps over the first one's choice.
        let starts = [after_me, after_me].into_iter().chain(self.far);
        for start in starts {
            let first = self.clockwise(start).find(|device| !chosen.contains(device));
            chosen.extend(first);
            if first.is_some_and(&is_away) {
                let there = |device: &DeviceId| !chosen.contains(device) && !is_away(*device);
                let next = self.clockwise(start).find(there);
                chosen.extend(next);
            }
        }
        chosen
    }

    /// Chooses who is told news, of those who are connected: those wanted first, then the next on the ring.
    pub(crate) fn told(&self, connected: &BTreeSet<DeviceId>) -> Vec<DeviceId> {
        let mut told: Vec<DeviceId> = self
            .wanted(|device| !connected.contains(&device))
            .into_iter()
            .filter(|device| connected.contains(device))
            .collect();
        let more = self.clockwise(self.here).filter(|device| connected.contains(device));
        for device in more {
            if told.len() >= NEIGHBOURS_MAX {
                break;
            }
            if !told.contains(&device) {
                told.push(device);
            }
        }
        told
    }

    fn clockwise(&self, start: u64) -> impl Iterator<Item = DeviceId> + '_ {
        let first = self.others.partition_point(|(place, _)| *place < start);
        let (before, after) = self.others.split_at(first);
        after.iter().chain(before).map(|(_, device)| *device)
    }
}

/// Returns a device's place on the ring of a web.
fn first_place(web: WebId, device: DeviceId) -> u64 {
    let [first, ..] = places(web, device);
    first
}

/// Returns a device's place on the ring of a web, and those of its far neighbours.
fn places(web: WebId, device: DeviceId) -> [u64; FAR_COUNT + 1] {
    let mut hasher = blake3::Hasher::new_derive_key("althing neighbour v1");
    hasher.update(web.as_bytes()).update(device.as_bytes());
    let mut stream = hasher.finalize_xof();
    [(); FAR_COUNT + 1].map(|()| {
        let mut bytes = [0; 8];
        stream.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    })
}

/// How far the attempts to reach one device are.
#[derive(Debug, Clone, Copy)]
struct Call {
    failures: u32,
    /// When to try again, or, while an attempt runs, when it counts as failed.
    next: Timestamp,
    is_running: bool,
}

impl Call {
    /// Says whether its time has come. A time further away than any wait is left from before a clock was set back.
    fn is_due(&self, now: Timestamp) -> bool {
        self.next <= now || self.next > now.after(BACK_OFF_MAX * 2)
    }
}

/// Attempts to connect, and the waits between them.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    calls: BTreeMap<DeviceId, Call>,
    /// When the next attempt would be on time, were there no burst.
    paced: Timestamp,
}

impl Calls {
    /// Says whether a device could not be reached lately.
    pub(crate) fn is_away(&self, device: DeviceId) -> bool {
        self.calls.get(&device).is_some_and(|call| call.failures >= AWAY_FAILURES)
    }

    /// Chooses whom of the wanted, none of them connected, to call now, and notes it.
    pub(crate) fn due(&mut self, wanted: &BTreeSet<DeviceId>, pace: Pace, now: Timestamp) -> Vec<DeviceId> {
        self.calls.retain(|device, call| {
            wanted.contains(device) || call.is_running || call.next.after(AWAY_FOR) > now
        });
        let mut due: Vec<(u32, Timestamp, DeviceId)> = wanted
            .iter()
            .filter_map(|device| match self.calls.get(device) {
                None => Some((0, Timestamp::default(), *device)),
                Some(call) if !call.is_running && call.is_due(now) => {
                    Some((call.failures, call.next, *device))
                }
                Some(_) => None,
            })
            .collect();
        due.sort_unstable();
        let mut called = Vec::new();
        for (failures, _, device) in due {
            if self.wait_for_turn(pace, now) > Duration::ZERO {
                break;
            }
            self.paced = self.paced.max(now).after(pace.every());
            self.calls.insert(device, Call { failures, next: now.after(CALL_WAIT), is_running: true });
            called.push(device);
        }
        called
    }

    /// Notes that a connection stands.
    pub(crate) fn reached(&mut self, device: DeviceId) {
        self.calls.remove(&device);
    }

    /// Notes that an attempt failed or a connection ended; `dice` spreads the next attempts of many peers.
    pub(crate) fn lost(&mut self, device: DeviceId, now: Timestamp, dice: &[u8; 32]) {
        let failures = self.calls.get(&device).map_or(0, |call| call.failures);
        let wait = jitter(back_off(failures), dice);
        let call = Call { failures: failures.saturating_add(1), next: now.after(wait), is_running: false };
        self.calls.insert(device, call);
    }

    /// Counts attempts as failed that nobody answered for.
    pub(crate) fn expire(&mut self, now: Timestamp, dice: &[u8; 32]) {
        let is_late = |call: &Call| call.is_running && call.is_due(now);
        let late: Vec<DeviceId> =
            self.calls.iter().filter(|(_, call)| is_late(call)).map(|(device, _)| *device).collect();
        for device in late {
            self.lost(device, now, dice);
        }
    }

    /// Forgets all failures: this device's own network has changed.
    pub(crate) fn forgive(&mut self) {
        self.calls.retain(|_, call| call.is_running);
        self.paced = Timestamp::default();
    }

    /// Returns how long to wait before looking again whom of the wanted to call; `None` when there is nobody.
    pub(crate) fn wait(&self, wanted: &BTreeSet<DeviceId>, pace: Pace, now: Timestamp) -> Option<Duration> {
        let is_relevant = |device: &DeviceId, call: &Call| call.is_running || wanted.contains(device);
        let next = self.calls.iter().filter(|(device, call)| is_relevant(device, call));
        let until = |call: &Call| if call.is_due(now) { Duration::ZERO } else { call.next.since(now) };
        let is_new = wanted.iter().any(|device| !self.calls.contains_key(device));
        let wait = next.map(|(_, call)| until(call)).chain(is_new.then_some(Duration::ZERO)).min()?;
        Some(wait.max(self.wait_for_turn(pace, now)).max(Duration::from_millis(100)))
    }

    /// Returns how long no attempt may be made.
    fn wait_for_turn(&self, pace: Pace, now: Timestamp) -> Duration {
        let ahead = self.paced.since(now);
        let allowed = pace.every() * (CALLS_BURST - 1);
        // Far ahead: the clock was set back.
        if ahead > CALL_EVERY * CALLS_BURST * 2 { Duration::ZERO } else { ahead.saturating_sub(allowed) }
    }
}

/// How urgent new connections are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Nobody is connected.
    Alone,
    /// Somebody is.
    InCompany,
}

impl Pace {
    fn every(self) -> Duration {
        match self {
            Self::Alone => CALL_EVERY_ALONE,
            Self::InCompany => CALL_EVERY,
        }
    }
}

fn back_off(failures: u32) -> Duration {
    BACK_OFF_FIRST.saturating_mul(1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX)).min(BACK_OFF_MAX)
}

/// Returns a duration between three and five quarters of `about`.
pub(crate) fn jitter(about: Duration, dice: &[u8; 32]) -> Duration {
    let [first, second, ..] = dice;
    let part = u32::from(u16::from_be_bytes([*first, *second]));
    about.saturating_mul(3) / 4 + about.saturating_mul(part) / (2 * u32::from(u16::MAX))
}

#[cfg(test)]
mod tests;
