//! Something that deciders or persons switch on and off while the network runs.

use tokio::sync::watch;

/// A switch; tasks wait for it to stand one way or the other.
#[derive(Debug)]
pub(crate) struct Switch(watch::Sender<bool>);

impl Switch {
    pub(crate) fn new(is_on: bool) -> Self {
        Self(watch::Sender::new(is_on))
    }

    pub(crate) fn set(&self, is_on: bool) {
        self.0.send_if_modified(|switch| std::mem::replace(switch, is_on) != is_on);
    }

    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns what changes whenever it is switched.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }

    /// Waits until it stands so, now or later.
    pub(crate) async fn stands(&self, is_on: bool) {
        let mut switch = self.0.subscribe();
        if switch.wait_for(|switch| *switch == is_on).await.is_err() {
            // It is never dropped before those who wait for it; if it were, nothing would ever be switched again.
            std::future::pending::<()>().await;
        }
    }
}
