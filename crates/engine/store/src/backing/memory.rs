//! Rows in memory, for the simulator and for tests: same contract as a file, thousands of them in one process.
//!
//! A durable commit is durable in the only sense memory has: [`MemoryBacking::power_cut`] keeps it, and loses relaxed
//! ones after it. Not for a peer's home.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use super::is_ordered;
use crate::{Backing, Changes, Durability, Pairs, Rows, StoreError};

type MemoryTable = BTreeMap<Box<[u8]>, Arc<[u8]>>;
type MemoryTables = BTreeMap<&'static str, Arc<MemoryTable>>;

/// Asked before each commit; what it returns is why that commit fails.
type Faults = Box<dyn FnMut() -> Option<StoreError> + Send>;

/// Values shorter than this are not worth sharing: the bookkeeping costs as much.
const SHARED_SIZE_MIN: usize = 128;

/// Keeps rows in memory. Clones share the rows.
#[derive(Clone)]
pub struct MemoryBacking {
    state: Arc<Mutex<State>>,
    pool: ValuePool,
}

/// A row as it was: its table, its key, its value if it was there.
type Undo = (&'static str, Box<[u8]>, Option<Arc<[u8]>>);

struct State {
    tables: Arc<MemoryTables>,
    /// What rows were before the relaxed commits since the last durable one, oldest first.
    undo: Vec<Undo>,
    faults: Option<Faults>,
    is_cut: bool,
}

impl std::fmt::Debug for MemoryBacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBacking").finish_non_exhaustive()
    }
}

impl Default for MemoryBacking {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBacking {
    /// Starts without rows.
    pub fn new() -> Self {
        Self::sharing(&ValuePool::default())
    }

    /// Starts without rows; long values that several backings of one pool hold are kept once.
    pub fn sharing(pool: &ValuePool) -> Self {
        Self::holding(Arc::default(), None, pool.clone())
    }

    /// Starts without rows; before each commit `faults` is asked, and what it returns is why that commit fails.
    ///
    /// A failed commit changes nothing.
    pub fn with_faults(faults: impl FnMut() -> Option<StoreError> + Send + 'static) -> Self {
        Self::new().failing(faults)
    }

    /// Has `faults` asked before each commit from now on, as in [`Self::with_faults`].
    #[must_use]
    pub fn failing(self, faults: impl FnMut() -> Option<StoreError> + Send + 'static) -> Self {
        self.state().faults = Some(Box::new(faults));
        self
    }

    /// Cuts the power: returns what a restart finds, the rows of the last durable commit, and refuses all later
    /// commits here.
    ///
    /// Snapshots taken before stay readable. The faults of [`Self::with_faults`] go on with the restarted one.
    #[must_use]
    pub fn power_cut(&self) -> Self {
        let mut state = self.state();
        state.is_cut = true;
        state.lose_relaxed();
        Self::holding(Arc::clone(&state.tables), state.faults.take(), self.pool.clone())
    }

    /// Returns the first table in which some key or value holds these bytes: for those who look for what must not be
    /// there.
    pub fn holding_bytes(&self, bytes: &[u8]) -> Option<&'static str> {
        let holds = |row: &[u8]| !bytes.is_empty() && row.windows(bytes.len()).any(|window| window == bytes);
        let tables = Arc::clone(&self.state().tables);
        tables
            .iter()
            .find(|(_, rows)| rows.iter().any(|(key, value)| holds(key) || holds(value)))
            .map(|(name, _)| *name)
    }

    fn holding(tables: Arc<MemoryTables>, faults: Option<Faults>, pool: ValuePool) -> Self {
        Self { state: Arc::new(Mutex::new(State { tables, undo: Vec::new(), faults, is_cut: false })), pool }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backing for MemoryBacking {
    fn snapshot(&self) -> Result<Box<dyn Rows + Send>, StoreError> {
        Ok(Box::new(Snapshot(Arc::clone(&self.state().tables))))
    }

    fn commit(&self, changes: Changes, durability: Durability) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.is_cut {
            return Err(StoreError::ReadOnly(std::io::Error::other("the power of this peer was cut")));
        }
        if let Some(fault) = state.faults.as_mut().and_then(|faults| faults()) {
            // As a file does, which is opened again after an error of its disk.
            state.lose_relaxed();
            return Err(fault);
        }
        let State { tables, undo, .. } = &mut *state;
        // `make_mut` copies a table only while a snapshot of it is held: commits between snapshots cost their own
        // rows, not the table's.
        let tables = Arc::make_mut(tables);
        for (name, changes) in changes.into_tables() {
            let table = Arc::make_mut(tables.entry(name).or_default());
            for (key, value) in changes {
                let before = set(table, &key, value.map(|value| self.pool.share(value)));
                if durability == Durability::Relaxed {
                    undo.push((name, key.into(), before));
                }
            }
        }
        if durability == Durability::Durable {
            undo.clear();
        }
        Ok(())
    }
}

impl State {
    /// Puts the rows back as the last durable commit left them.
    fn lose_relaxed(&mut self) {
        let Self { tables, undo, .. } = self;
        let tables = Arc::make_mut(tables);
        for (name, key, before) in undo.drain(..).rev() {
            set(Arc::make_mut(tables.entry(name).or_default()), &key, before);
        }
    }
}

fn set(table: &mut MemoryTable, key: &[u8], value: Option<Arc<[u8]>>) -> Option<Arc<[u8]>> {
    match value {
        Some(value) => table.insert(key.into(), value),
        None => table.remove(key),
    }
}

struct Snapshot(Arc<MemoryTables>);

impl Snapshot {
    fn walk(
        &self,
        table: &'static str,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + use<'_> {
        self.0
            .get(table)
            .filter(|_| is_ordered(from, to))
            .map(|rows| rows.range::<[u8], _>((from, to)))
            .into_iter()
            .flatten()
            .map(|(key, value)| Ok((key.to_vec(), value.to_vec())))
    }
}

impl Rows for Snapshot {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(table).and_then(|rows| rows.get(key)).map(|value| value.to_vec()))
    }

    fn range(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_> {
        Box::new(self.walk(table, from, to))
    }

    fn range_back(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_> {
        Box::new(self.walk(table, from, to).rev())
    }
}

/// Long values, each kept once however many backings hold it: all peers of a simulated web store the same entries.
#[derive(Debug, Clone, Default)]
pub struct ValuePool(Arc<Mutex<Values>>);

#[derive(Debug, Default)]
struct Values {
    kept: BTreeSet<Arc<[u8]>>,
    sweep_at: usize,
}

impl ValuePool {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).kept.len()
    }

    fn share(&self, value: Vec<u8>) -> Arc<[u8]> {
        if value.len() < SHARED_SIZE_MIN {
            return value.into();
        }
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = values.kept.get(value.as_slice()) {
            return Arc::clone(known);
        }
        if values.kept.len() >= values.sweep_at {
            values.kept.retain(|value| Arc::strong_count(value) > 1);
            values.sweep_at = 1024 + values.kept.len() * 2;
        }
        let value: Arc<[u8]> = value.into();
        values.kept.insert(Arc::clone(&value));
        value
    }
}
