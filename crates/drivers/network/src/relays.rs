//! Using relays: which ones the deciders named, and a watch over the one in use. Not for: being one (`relay`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use iroh::{EndpointAddr, RelayConfig, RelayUrl, Watcher};
use kernel::RelayAccess;
use tokio::sync::Notify;

use crate::shared::Shared;

/// How often the relay in use is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// A relay that is not connected for so long is dropped and taken anew: its client may hang for ever
/// (decisions/network.md), and another relay may be better.
const STUCK_TIME_MAX: Duration = Duration::from_secs(60);

/// The relays the deciders named.
#[derive(Debug, Default)]
pub(crate) struct Relays {
    wanted: Mutex<Vec<RelayAccess>>,
    changed: Notify,
}

impl Relays {
    pub(crate) fn set(&self, relays: Vec<RelayAccess>) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = relays;
        self.changed.notify_one();
    }

    fn wanted(&self) -> BTreeMap<RelayUrl, Option<String>> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |relay: &RelayAccess| Some((relay.url.parse().ok()?, relay.token.clone()));
        wanted.iter().filter_map(read).collect()
    }
}

/// Relays tried for a device that has not said which one carries for it.
const GUESSES_MAX: usize = 2;

/// What is known of the relay that carries for this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayState {
    /// Its URL.
    pub url: String,
    /// Whether it is connected.
    pub is_connected: bool,
}

impl Shared {
    /// Adds relays to the ways to a device that has named none: members use the same ones, and the word which one it
    /// is may still be on its way.
    pub(crate) fn guess_relays(&self, mut address: EndpointAddr) -> EndpointAddr {
        if address.relay_urls().next().is_none() {
            for url in self.relays.wanted().into_keys().take(GUESSES_MAX) {
                address = address.with_relay_url(url);
            }
        }
        address
    }

    /// Takes the relays that are wanted and drops the others, until the network stops.
    pub(crate) async fn use_relays(self: Arc<Self>) {
        let mut taken: BTreeMap<RelayUrl, Option<String>> = BTreeMap::new();
        let mut stuck_since: Option<Instant> = None;
        loop {
            let wanted = self.relays.wanted();
            for url in taken.keys().filter(|url| !wanted.contains_key(*url)) {
                self.endpoint.remove_relay(url).await;
            }
            for (url, token) in wanted.iter().filter(|(url, token)| taken.get(*url) != Some(*token)) {
                self.take_relay(url, token.as_deref()).await;
            }
            taken = wanted;
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.relays.changed.notified() => continue,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let states = self.endpoint.home_relay_status().get();
            let is_stuck = !states.is_empty() && states.iter().all(|state| !state.is_connected());
            stuck_since = stuck_since.filter(|_| is_stuck).or_else(|| is_stuck.then(Instant::now));
            if stuck_since.is_some_and(|since| since.elapsed() > STUCK_TIME_MAX) {
                tracing::info!("the relay is not connected, it is taken anew");
                for url in std::mem::take(&mut taken).keys() {
                    self.endpoint.remove_relay(url).await;
                }
                stuck_since = None;
            }
        }
    }

    async fn take_relay(&self, url: &RelayUrl, token: Option<&str>) {
        let mut config = RelayConfig::new(url.clone(), None);
        if let Some(token) = token {
            config = config.with_auth_token(token);
        }
        self.endpoint.insert_relay(url.clone(), Arc::new(config)).await;
    }

    /// Returns the state of the relay that carries for this device; `None` when there is none.
    pub(crate) fn relay_state(&self) -> Option<RelayState> {
        let states = self.endpoint.home_relay_status().get();
        let best = states.iter().max_by_key(|state| state.is_connected())?;
        Some(RelayState { url: best.url().to_string(), is_connected: best.is_connected() })
    }
}
