//! What stands behind one running unit: how much memory it has, what it may still take, and its standard streams.

use compute::jobs::Limits;
use wasmtime::ResourceLimiter;

use super::wasi::Streams;
use crate::engine::{INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};

/// Why the host ended a unit, when it was not the program itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its processor time is over.
    TooLong,
    /// Its output is larger than allowed.
    TooLarge,
    /// This computer has no more memory, though the unit may have more.
    Unable,
}

/// The state beside a unit's instance.
pub(super) struct Host {
    memory_max: usize,
    memory: usize,
    pub(super) ended: Option<Ended>,
    pub(super) streams: Streams,
}

impl Host {
    /// Starts with nothing used.
    pub(super) fn new(limits: Limits, streams: Streams) -> Self {
        let memory_max = usize::try_from(u64::from(limits.memory_mib) << 20).unwrap_or(usize::MAX);
        Self { memory_max, memory: 0, ended: None, streams }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let rest = self.memory.saturating_sub(current);
        let all = rest.saturating_add(desired);
        if all > self.memory_max || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.memory = all;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // How growing ends must not depend on this computer: what was allowed and failed ends the unit, and another
        // computer may try. What no memory can have fails everywhere; it never came to `memory_growing`.
        if error.to_string().contains("memory type's limits") {
            return Ok(());
        }
        self.ended = Some(Ended::Unable);
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}
