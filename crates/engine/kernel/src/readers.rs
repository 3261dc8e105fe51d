//! Read operations, answered on snapshots beside the loop, from any thread.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use base::{DeviceId, Fault, Timestamp};
use store::{Backing, Rows, StoreError};

use crate::{EventPage, ReadContext, Reader, faults};

/// Answers read operations; shared between threads as an `Arc`.
pub struct Readers {
    backing: Arc<dyn Backing>,
    services: BTreeMap<&'static str, Box<dyn Reader>>,
    me: DeviceId,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("services", &self.services.keys()).finish_non_exhaustive()
    }
}

impl Readers {
    pub(crate) fn new(
        backing: Arc<dyn Backing>,
        services: BTreeMap<&'static str, Box<dyn Reader>>,
        me: DeviceId,
    ) -> Self {
        Self { backing, services, me }
    }

    /// Answers one read operation on the rows of the last commit. Blocks the thread while the store is read.
    pub fn read(
        &self,
        now: Timestamp,
        operation: &str,
        arguments: serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        let reader = operation
            .split_once('.')
            .and_then(|(service, _)| self.services.get(service))
            .ok_or_else(|| faults::unknown_operation(operation))?;
        let rows = self.snapshot()?;
        let context = ReadContext { rows: &*rows, now, me: self.me };
        // A reader has no state of its own that a panic could leave half changed.
        catch_unwind(AssertUnwindSafe(|| reader.read(&context, operation, arguments)))
            .unwrap_or_else(|panic| Err(faults::panicked(operation, &faults::panic_text(&*panic))))
    }

    /// Returns at most `limit` events after the one numbered `after`.
    pub fn events_after(&self, after: u64, limit: usize) -> Result<EventPage, Fault> {
        Ok(crate::events_after(&*self.snapshot()?, after, limit)?)
    }

    /// Returns the rows of the last commit.
    pub fn snapshot(&self) -> Result<Box<dyn Rows + Send>, StoreError> {
        self.backing.snapshot()
    }
}
