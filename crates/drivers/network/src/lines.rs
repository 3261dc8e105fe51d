//! Lines: connections we dial to fetch contents, kept open between requests and closed when idle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::DeviceId;

use crate::admission::Registration;
use crate::failure::Failure;
use crate::protocol::{Protocol, code};
use crate::shared::Shared;

/// How long an unused line stays open: longer than a decider thinks between two requests.
const IDLE_TIME_MAX: Duration = Duration::from_secs(20);

type Key = (DeviceId, Protocol);

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Mutex<BTreeMap<Key, Arc<tokio::sync::Mutex<Option<Line>>>>>,
}

#[derive(Debug)]
struct Line {
    registration: Arc<Registration>,
    used: Instant,
}

impl Lines {
    fn place(&self, key: Key) -> Arc<tokio::sync::Mutex<Option<Line>>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(key).or_default())
    }

    /// Closes the lines with a device that has connected anew: its process may be another one, to which they do not
    /// lead, and QUIC alone would notice that only after its silence.
    pub(crate) fn close(&self, device: DeviceId) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|(to, protocol), place| {
            if *to != device {
                return true;
            }
            // A tunnel's connections may be none the worse: new ones dial anew, and QUIC ends those that are dead.
            if *protocol == Protocol::Tunnel {
                return false;
            }
            // Who dials right now gets a new one anyway.
            let Ok(line) = place.try_lock() else { return true };
            if let Some(line) = line.as_ref() {
                line.registration.close(code::DONE, b"connected anew");
            }
            false
        });
    }

    /// Closes lines that nobody has used for a while.
    fn close_idle(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, place| {
            // Who dials or takes it right now holds another count or the lock.
            if Arc::strong_count(place) > 1 {
                return true;
            }
            let Ok(line) = place.try_lock() else { return true };
            line.as_ref().is_some_and(|line| {
                Arc::strong_count(&line.registration) > 1 || line.used.elapsed() < IDLE_TIME_MAX
            })
        });
    }
}

impl Shared {
    /// Returns an open connection for the protocol, dialled when there is none. Askers at the same time share it.
    pub(crate) async fn line(
        &self,
        device: DeviceId,
        protocol: Protocol,
    ) -> Result<Arc<Registration>, Failure> {
        let place = self.lines.place((device, protocol));
        let mut line = place.lock().await;
        if let Some(line) = line.as_mut()
            && line.registration.connection().close_reason().is_none()
        {
            line.used = Instant::now();
            return Ok(Arc::clone(&line.registration));
        }
        *line = None;
        let registration = Arc::new(self.dial(device, protocol).await?);
        if let Some(address) = registration.address() {
            self.book.worked(device, address);
        }
        *line = Some(Line { registration: Arc::clone(&registration), used: Instant::now() });
        Ok(registration)
    }

    /// Closes idle lines until the network stops, and all of them then.
    pub(crate) async fn close_idle_lines(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(IDLE_TIME_MAX / 2) => self.lines.close_idle(),
            }
        }
        self.lines.lines.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
