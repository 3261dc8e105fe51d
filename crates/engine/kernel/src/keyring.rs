//! Epoch keys in memory: what `people` has unwrapped and `records` seals with. Never rows, never logged.

use std::collections::BTreeMap;

use base::{KeyId, WebId};
use wire::crypto::EpochKey;

/// The epoch keys this peer holds. Rebuilt by `people` at every start.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<(WebId, KeyId), EpochKey>,
    current: BTreeMap<WebId, KeyId>,
}

impl Keyring {
    /// Adds a key.
    pub fn add(&mut self, web: WebId, key: EpochKey) {
        self.keys.insert((web, key.id()), key);
    }

    /// Says under which key this peer writes; `None` when no clean key is held, so nothing may be sealed.
    pub fn set_current(&mut self, web: WebId, key: Option<KeyId>) {
        match key {
            Some(key) => drop(self.current.insert(web, key)),
            None => drop(self.current.remove(&web)),
        }
    }

    /// Returns the key under which this peer writes.
    pub fn current(&self, web: WebId) -> Option<&EpochKey> {
        self.get(web, *self.current.get(&web)?)
    }

    /// Returns a key by name.
    pub fn get(&self, web: WebId, key: KeyId) -> Option<&EpochKey> {
        self.keys.get(&(web, key))
    }

    /// Walks the keys of a web.
    pub fn of(&self, web: WebId) -> impl Iterator<Item = &EpochKey> {
        let first = (web, KeyId::new([0; 32]));
        let last = (web, KeyId::new([255; 32]));
        self.keys.range(first..=last).map(|(_, key)| key)
    }
}
