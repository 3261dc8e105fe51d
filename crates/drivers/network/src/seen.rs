//! What others see as our address: behind a router that is the only way to learn it, and it is what two devices behind
//! two routers need to open a way to each other (spec sync rules 40 to 42).
//!
//! A member who lies about it can have others send a few packets to an address of its choice, no more: an address is
//! tried with QUIC's own handshake, and at most [`SEEN_MAX`] are believed at a time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use base::DeviceId;

use crate::admission::Registration;
use crate::relay::is_private;
use crate::shared::Shared;

/// For which service such a frame is; no decider has this name.
pub(crate) const SERVICE: &str = "network";

/// Addresses believed at a time.
const SEEN_MAX: usize = 2;

/// Who said last where we are.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    by: Mutex<BTreeMap<DeviceId, SocketAddr>>,
    believed: tokio::sync::Mutex<Vec<SocketAddr>>,
}

/// Returns what to tell a peer on a new link: where we see it. Nothing when it comes through a relay.
pub(crate) fn word(registration: &Registration) -> Option<Vec<u8>> {
    registration.address().map(|address| address.to_string().into_bytes())
}

impl Shared {
    /// A member says where it sees us.
    pub(crate) async fn hear_seen(&self, from: DeviceId, word: &[u8]) {
        let Some(address) = std::str::from_utf8(word).ok().and_then(|text| text.parse::<SocketAddr>().ok())
        else {
            return;
        };
        // On the own network we know our addresses ourselves.
        let is_of_use = address.port() != 0 && !is_private(address.ip()) && !address.ip().is_unspecified();
        {
            let mut by = self.seen.by.lock().unwrap_or_else(PoisonError::into_inner);
            match is_of_use {
                true => drop(by.insert(from, address)),
                false => drop(by.remove(&from)),
            }
        }
        self.believe().await;
    }

    /// Forgets what a device said that is no longer connected.
    pub(crate) async fn forget_seen(&self, from: DeviceId) {
        let was_there = self.seen.by.lock().unwrap_or_else(PoisonError::into_inner).remove(&from).is_some();
        if was_there {
            self.believe().await;
        }
    }

    /// Publishes the addresses most have named; with one always-on member one has to be enough.
    async fn believe(&self) {
        let mut believed = self.seen.believed.lock().await;
        let mut count: BTreeMap<SocketAddr, usize> = BTreeMap::new();
        for address in self.seen.by.lock().unwrap_or_else(PoisonError::into_inner).values() {
            *count.entry(*address).or_default() += 1;
        }
        let mut best: Vec<(usize, SocketAddr)> =
            count.into_iter().map(|(address, count)| (count, address)).collect();
        best.sort_unstable_by_key(|(count, address)| (std::cmp::Reverse(*count), *address));
        let now: Vec<SocketAddr> = best.into_iter().take(SEEN_MAX).map(|(_, address)| address).collect();
        for gone in believed.iter().filter(|address| !now.contains(address)) {
            self.endpoint.remove_external_addr(gone).await;
        }
        for new in now.iter().filter(|address| !believed.contains(address)) {
            self.endpoint.add_external_addr(*new).await;
        }
        *believed = now;
    }
}
