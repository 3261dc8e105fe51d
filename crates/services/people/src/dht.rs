//! Saying where this device is, and asking where others are, in the DHT, while that is switched on (spec dht).
//!
//! The driver gets names and sealed values and knows neither webs nor devices. Not for: trusting what is found; who
//! answers proves who it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Fault, KeyId, Timestamp, WebId};
use kernel::{Channel, JobFailure, JobId, Step};
use wire::dht::{Place, Slot};

use crate::body::usable;
use crate::jobs::{self, Get, Got, ITEMS_MAX, Put};
use crate::service::People;
use crate::tables::{ADDRESSES, DHT, DhtRecord, ME};

/// Alarm: say again where this device is.
pub(crate) const SAY: &str = "dht";

/// Nodes of the DHT forget an item after two hours.
const SAY_EVERY: Duration = Duration::from_hours(1);

/// Addresses of a computer on the move change in bursts.
const SAY_LEAST: Duration = Duration::from_mins(1);

/// Whoever has just started does not know its addresses yet.
const SAY_FIRST: Duration = Duration::from_secs(3);

/// Attempts by all known ways that have to fail, or connections that have to end, before somebody is looked for.
const FAILURES_MIN: u32 = 2;

/// Who was looked for is not looked for again so soon.
const LOOK_EVERY: Duration = Duration::from_mins(30);

/// Looks in an hour at most: each shows some twenty strangers that somebody here asks for something.
const LOOKS_PER_HOUR: u32 = 60;

/// Webs in which one device is looked for at most; three slots each are [`ITEMS_MAX`] items.
const WEBS_MAX: usize = ITEMS_MAX / 3;

/// Devices whose failures are counted at most; the count begins anew beyond.
const MISSED_MAX: usize = 10_000;

/// Addresses handed to the network for one device at most.
const WAYS_MAX: usize = 16;

/// What is under way. Lost with the service's other caches; then it begins anew.
#[derive(Debug, Default)]
pub(crate) struct Dht {
    /// What was said in each web: under which key, in which slot, with which addresses, and when.
    said: BTreeMap<WebId, Said>,
    puts: BTreeSet<JobId>,
    looks: BTreeMap<JobId, Vec<Place>>,
    missed: BTreeMap<DeviceId, Missed>,
    hour: (Timestamp, u32),
}

#[derive(Debug)]
struct Said {
    key: KeyId,
    slot: Slot,
    addresses: Vec<String>,
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Missed {
    failures: u32,
    looked: Option<Timestamp>,
}

impl Dht {
    /// Counts a look; says whether it may be made.
    fn may_look(&mut self, now: Timestamp) -> bool {
        let (since, count) = self.hour;
        if now.since(since) >= SAY_EVERY || now < since {
            self.hour = (now, 1);
            return true;
        }
        self.hour.1 = count.saturating_add(1);
        count < LOOKS_PER_HOUR
    }
}

fn record(step: &Step<'_>) -> Result<DhtRecord, Fault> {
    Ok(DHT.get(step.view(), &())?.unwrap_or_default())
}

/// A run begins: nothing is said before the driver says that it speaks to the DHT.
pub(crate) fn wait_for_driver(step: &mut Step<'_>) -> Result<(), Fault> {
    let before = record(step)?;
    if before.is_on {
        DHT.put(step.rows(), &(), &DhtRecord { is_on: false, ..before });
    }
    Ok(())
}

impl People {
    /// The driver says whether it speaks to the DHT.
    pub(crate) fn dht_switched(&mut self, step: &mut Step<'_>, report: &[u8]) -> Result<(), Fault> {
        let before = record(step)?;
        let is_on = report == [1];
        if before.is_on != is_on {
            DHT.put(step.rows(), &(), &DhtRecord { is_on, ..before });
        }
        self.dht = Dht::default();
        step.alarm(SAY_FIRST, SAY);
        Ok(())
    }

    /// Says where this device is in every web where that is due (rule 8), and wakes when it will be again.
    pub(crate) fn say_in_dht(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut record = record(step)?;
        let Some(me) = ME.get(step.view(), &())?.filter(|_| record.is_on) else { return Ok(()) };
        let (now, device) = (step.now(), step.me());
        let slot = Slot::of(now);
        let mut next = SAY_EVERY;
        for web in Self::my_webs(step)? {
            let Some(epoch) = step.keyring().current(web).cloned() else { continue };
            let key = epoch.id();
            if let Some(said) = self.dht.said.get(&web).filter(|said| now >= said.at) {
                let is_same = said.key == key && said.slot == slot && said.addresses == me.addresses;
                let wait = (if is_same { SAY_EVERY } else { SAY_LEAST }).saturating_sub(now.since(said.at));
                if wait > Duration::ZERO {
                    next = next.min(wait);
                    continue;
                }
            }
            record.number = record.number.saturating_add(1).max(now.millis() / 1_000);
            let place = Place::new(&epoch, web, device, slot);
            let dice = step.random("dht nonce");
            let nonce = dice.first_chunk().unwrap_or(&[0; 24]);
            let value = place.seal(record.number, &me.addresses, step.signer(), nonce);
            let put = Put { seed: place.seed(), number: record.number, value: value.into() };
            self.dht.puts.insert(step.work(jobs::PUT, jobs::to_bytes(&put)));
            self.dht.said.insert(web, Said { key, slot, addresses: me.addresses.clone(), at: now });
        }
        DHT.put(step.rows(), &(), &record);
        step.alarm(next, SAY);
        Ok(())
    }

    /// A connection with a member's device stands: it needs not be looked for.
    pub(crate) fn dht_met(&mut self, device: DeviceId) {
        self.dht.missed.remove(&device);
    }

    /// A connection ended or an attempt failed; after some failures the device is looked for (rule 10).
    pub(crate) fn dht_missed(&mut self, step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        if !record(step)?.is_on {
            return Ok(());
        }
        let webs = crate::read::webs_of_device(step.view(), device)?;
        if webs.is_empty() {
            return Ok(());
        }
        if self.dht.missed.len() >= MISSED_MAX {
            self.dht.missed.clear();
        }
        let now = step.now();
        let missed = self.dht.missed.entry(device).or_default();
        missed.failures = missed.failures.saturating_add(1);
        // A clock that was set back must not silence this for years.
        let is_recent = missed.looked.is_some_and(|at| now >= at && now.since(at) < LOOK_EVERY);
        if missed.failures < FAILURES_MIN || is_recent {
            return Ok(());
        }
        let mut places = Vec::new();
        for web in webs.into_iter().take(WEBS_MAX) {
            if let Some(epoch) = step.keyring().current(web) {
                let slots = Slot::of(now).and_neighbours();
                places.extend(slots.map(|slot| Place::new(epoch, web, device, slot)));
            }
        }
        if places.is_empty() || !self.dht.may_look(now) {
            return Ok(());
        }
        if let Some(missed) = self.dht.missed.get_mut(&device) {
            missed.looked = Some(now);
        }
        let items = places.iter().map(|place| place.public().to_vec().into()).collect();
        let job = step.work(jobs::GET, jobs::to_bytes(&Get { items }));
        self.dht.looks.insert(job, places);
        Ok(())
    }

    /// A job of the driver has ended.
    pub(crate) fn dht_finished(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        if self.dht.puts.remove(&job) {
            if outcome.is_ok() {
                let stored_at = Some(step.now());
                let before = record(step)?;
                DHT.put(step.rows(), &(), &DhtRecord { stored_at, ..before });
            }
            return Ok(());
        }
        let Some(places) = self.dht.looks.remove(&job) else { return Ok(()) };
        let Some(device) = places.first().map(Place::device) else { return Ok(()) };
        let got: Got = outcome.ok().and_then(|report| jobs::from_bytes(&report).ok()).unwrap_or_default();
        let found = places
            .iter()
            .zip(&got.values)
            .filter_map(|(place, value)| place.open(value.as_ref()?, step.verifier()));
        let Some(newest) = found.max_by_key(|record| record.number) else { return Ok(()) };
        // Removed meanwhile, or here meanwhile.
        let webs = crate::read::webs_of_device(step.view(), device)?;
        if webs.is_empty() || records::is_connected(step.view(), device)? {
            return Ok(());
        }
        let mut ways = usable(&newest.addresses);
        for web in webs {
            let known = ADDRESSES.get(step.view(), &(web, device))?.unwrap_or_default();
            ways.extend(known.into_iter().filter(|way| !ways.contains(way)).collect::<Vec<_>>());
        }
        ways.truncate(WAYS_MAX);
        step.addresses(device, ways);
        step.connect(device, Channel::Member);
        Ok(())
    }
}
