//! What others do that no honest program does, counted until it is told to the guard (spec guard, rule 26).
//!
//! Not for: what follows from it (`guard` decides), or rates (`door`, `admission`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::DeviceId;
use guard::jobs::{Deed, ODD, ODDITIES_MAX, Oddities as Told, Oddity};
use tokio::sync::Notify;

use crate::shared::Shared;

/// What more comes within this is told together.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// From which address, and how often, by whom and what.
type Seen = BTreeMap<(DeviceId, Deed), (Option<IpAddr>, u32)>;

/// Counts, by whom and what.
#[derive(Debug, Default)]
pub(crate) struct Oddities {
    seen: Mutex<Seen>,
    news: Notify,
}

impl Oddities {
    /// Counts one; when too many different ones wait they are not counted.
    pub(crate) fn note(&self, device: DeviceId, address: Option<IpAddr>, deed: Deed) {
        self.note_times(device, address, deed, 1);
    }

    /// Counts as many at once.
    pub(crate) fn note_times(&self, device: DeviceId, address: Option<IpAddr>, deed: Deed, more: u32) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_room = seen.len() < ODDITIES_MAX;
        match seen.get_mut(&(device, deed)) {
            Some((known, times)) => {
                *known = address.or(*known);
                *times = times.saturating_add(more);
            }
            None if is_room => drop(seen.insert((device, deed), (address, more))),
            None => return,
        }
        drop(seen);
        self.news.notify_one();
    }

    fn take(&self) -> Vec<Oddity> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let told = seen.into_iter().map(|((device, deed), (address, times))| Oddity {
            device,
            address: address.map(|address| address.to_canonical().to_string()),
            deed,
            times,
        });
        told.collect()
    }
}

impl Shared {
    /// Tells the guard what is counted, until the network stops.
    pub(crate) async fn tell_oddities(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.admission.oddities().news.notified() => {}
            }
            let seen = self.admission.oddities().take();
            if !seen.is_empty() {
                self.notice(ODD, &Told { seen }).await;
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(TELL_EVERY) => {}
            }
        }
    }
}
