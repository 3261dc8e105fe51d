//! The place of the network in the house: many parts hold it, one takes it out at the end and stops it.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use base::ByteCount;
use kernel::{Driver, Effect, Job, JobId};
use network::Network;

/// Holds the network until it stops. What comes after that is dropped: the kernel goes next.
#[derive(Debug)]
pub(crate) struct NetworkSlot(RwLock<Option<Network>>);

impl NetworkSlot {
    /// Puts the network in.
    pub(crate) fn new(network: Network) -> Self {
        Self(RwLock::new(Some(network)))
    }

    /// Carries an effect out.
    pub(crate) fn effect(&self, effect: Effect) {
        if let Some(network) = &*self.network() {
            network.effect(effect);
        }
    }

    /// Returns the bytes of fetched contents; for threads that may block.
    pub(crate) fn kept_bytes(&self) -> ByteCount {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return ByteCount::default() };
        match &*self.network() {
            Some(network) => runtime.block_on(network.kept_bytes()),
            None => ByteCount::default(),
        }
    }

    /// Takes the network out and stops it.
    pub(crate) async fn stop(&self) {
        let network = self.0.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut network) = network {
            network.stop().await;
        }
    }

    fn network(&self) -> RwLockReadGuard<'_, Option<Network>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for NetworkSlot {
    fn kinds(&self) -> &'static [&'static str] {
        self.network().as_ref().map_or(&[], |network| network.kinds())
    }

    fn work(&self, job: Job) {
        if let Some(network) = &*self.network() {
            network.work(job);
        }
    }

    fn cancel(&self, job: JobId) {
        if let Some(network) = &*self.network() {
            network.cancel(job);
        }
    }
}
