//! How tunnels of this computer are used, added up until it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{DeviceId, WebId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tunnels::jobs::{NAME_LEN_MAX, Usage};

use super::carrying::Carried;

type Key = (DeviceId, WebId, String);

/// Tallies at the same time at most. A member who asks for ever new names is refused all the same, only not written down.
const TALLIES_MAX: usize = 1_024;

/// Every tally since it was told.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    tallies: Arc<Mutex<BTreeMap<Key, Tally>>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    begun: u64,
    refused: u64,
    open: u64,
    up: u64,
    down: u64,
    is_changed: bool,
}

/// A stream under way; dropped, it has ended.
#[derive(Debug)]
pub(super) struct Underway {
    tallies: Arc<Mutex<BTreeMap<Key, Tally>>>,
    changed: Arc<Notify>,
    key: Key,
}

impl Tallies {
    /// Notes that somebody was refused, if it asked for what could be a tunnel's name.
    pub(super) fn refused(&self, key: &Key) {
        if key.2.len() <= NAME_LEN_MAX {
            change(&self.tallies, &self.changed, key, |tally| tally.refused += 1);
        }
    }

    /// Notes that a stream has begun.
    pub(super) fn begin(&self, key: Key) -> Underway {
        change(&self.tallies, &self.changed, &key, |tally| {
            tally.begun += 1;
            tally.open += 1;
        });
        Underway { tallies: Arc::clone(&self.tallies), changed: Arc::clone(&self.changed), key }
    }

    /// Waits until there is something to tell; says that there is, not that all is over.
    pub(super) async fn used(&self, stop: &CancellationToken) -> bool {
        tokio::select! {
            biased;
            () = stop.cancelled() => false,
            () = self.changed.notified() => true,
        }
    }

    /// Takes what has changed.
    pub(super) fn take(&self) -> Vec<Usage> {
        let mut tallies = lock(&self.tallies);
        let changed = tallies.iter_mut().filter(|(_, tally)| tally.is_changed);
        let usage = |((asker, web, name), tally): (&Key, &mut Tally)| {
            let Tally { begun, refused, open, up, down, .. } = *tally;
            *tally = Tally { open, ..Tally::default() };
            Usage { asker: *asker, web: *web, name: name.clone(), begun, refused, open, up, down }
        };
        let told = changed.map(usage).collect();
        tallies.retain(|_, tally| tally.open > 0);
        told
    }
}

impl Carried for Underway {
    fn up(&self, bytes: usize) {
        change(&self.tallies, &self.changed, &self.key, |tally| tally.up += bytes as u64);
    }

    fn down(&self, bytes: usize) {
        change(&self.tallies, &self.changed, &self.key, |tally| tally.down += bytes as u64);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        change(&self.tallies, &self.changed, &self.key, |tally| tally.open = tally.open.saturating_sub(1));
    }
}

fn change(
    tallies: &Mutex<BTreeMap<Key, Tally>>,
    changed: &Notify,
    key: &Key,
    change: impl FnOnce(&mut Tally),
) {
    let mut tallies = lock(tallies);
    if !tallies.contains_key(key) {
        if tallies.len() >= TALLIES_MAX {
            return;
        }
        tallies.insert(key.clone(), Tally::default());
    }
    if let Some(tally) = tallies.get_mut(key) {
        change(tally);
        tally.is_changed = true;
    }
    changed.notify_one();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
