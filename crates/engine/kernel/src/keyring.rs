//! Epoch keys and later keys of this person in memory: what `people` has unwrapped and `records` seals with. Never rows, never logged.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{KeyId, WebId};
use wire::crypto::{EpochKey, PersonKey};

/// The epoch keys this peer holds. Rebuilt by `people` at every start.
///
/// A clone is cheap and stays as it is: the kernel keeps one to go back to when a step or a commit fails, so that
/// nothing is ever sealed under a key whose introduction was not stored.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Arc<Keys>);

#[derive(Debug, Clone, Default)]
struct Keys {
    epochs: BTreeMap<(WebId, KeyId), EpochKey>,
    current: BTreeMap<WebId, KeyId>,
    /// Keys of this person besides the one of the vault, by their public halves.
    persons: BTreeMap<[u8; 32], PersonKey>,
}

impl Keyring {
    /// Adds a key.
    pub fn add(&mut self, web: WebId, key: EpochKey) {
        Arc::make_mut(&mut self.0).epochs.insert((web, key.id()), key);
    }

    /// Adds a key of this person; returns its public half.
    pub fn add_person(&mut self, key: PersonKey) -> [u8; 32] {
        let public = key.public();
        Arc::make_mut(&mut self.0).persons.insert(public, key);
        public
    }

    pub(crate) fn persons(&self) -> impl Iterator<Item = &PersonKey> {
        self.0.persons.values()
    }

    /// Returns a key of this person by its public half, if it is held here besides the one of the vault.
    pub fn person(&self, public: &[u8; 32]) -> Option<&PersonKey> {
        self.0.persons.get(public)
    }

    /// Says under which key this peer writes; `None` when no clean key is held, so nothing may be sealed.
    pub fn set_current(&mut self, web: WebId, key: Option<KeyId>) {
        if self.0.current.get(&web) == key.as_ref() {
            return;
        }
        let current = &mut Arc::make_mut(&mut self.0).current;
        match key {
            Some(key) => drop(current.insert(web, key)),
            None => drop(current.remove(&web)),
        }
    }

    /// Returns the key under which this peer writes.
    pub fn current(&self, web: WebId) -> Option<&EpochKey> {
        self.get(web, *self.0.current.get(&web)?)
    }

    /// Returns a key by name.
    pub fn get(&self, web: WebId, key: KeyId) -> Option<&EpochKey> {
        self.0.epochs.get(&(web, key))
    }

    /// Walks the keys of a web.
    pub fn of(&self, web: WebId) -> impl Iterator<Item = &EpochKey> {
        let first = (web, KeyId::new([0; 32]));
        let last = (web, KeyId::new([255; 32]));
        self.0.epochs.range(first..=last).map(|(_, key)| key)
    }
}
