//! What lies beneath the rows: a file or memory, with atomic, durable commits.

pub(crate) mod memory;
pub(crate) mod redb_file;

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::Rows;

/// Why rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the home open.
    #[error("the home is in use by another running peer")]
    Locked,
    /// The home may not be written.
    #[error("the home cannot be written")]
    ReadOnly(#[source] std::io::Error),
    /// No space is left.
    #[error("no space is left on the disk of the home")]
    Full(#[source] std::io::Error),
    /// Written by a later version of Althing.
    #[error("the home was written by a newer Althing (format {found}, this one knows {known})")]
    FutureFormat {
        /// What the home says.
        found: u64,
        /// What this program knows.
        known: u64,
    },
    /// A key that its table cannot read.
    #[error("a key in table {table} is damaged")]
    BadKey {
        /// The table.
        table: &'static str,
    },
    /// A value that its table cannot read.
    #[error("a value in table {table} is damaged")]
    BadValue {
        /// The table.
        table: &'static str,
        /// What is wrong.
        #[source]
        source: minicbor::decode::Error,
    },
    /// The database beneath failed.
    #[error("the database of the home failed")]
    Database(#[source] Box<redb::Error>),
}

/// Keeps rows. Cheap to share; one writer at a time.
pub trait Backing: Send + Sync {
    /// Returns the rows as of the last commit; later commits do not show in it.
    fn snapshot(&self) -> Result<Box<dyn Rows + Send>, StoreError>;

    /// Makes all changes or none, after all earlier ones. Also without changes it makes earlier relaxed ones durable.
    ///
    /// When it fails, relaxed changes since the last durable commit may be lost with these.
    fn commit(&self, changes: Changes, durability: Durability) -> Result<(), StoreError>;
}

/// What a commit promises when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut, and so does everything before it.
    Durable,
    /// Everybody sees it; a power cut loses it, and all later relaxed ones, unless a durable commit has followed.
    Relaxed,
}

type TableChanges = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A set of row changes, at most one per row.
#[derive(Debug, Clone, Default)]
pub struct Changes(BTreeMap<&'static str, TableChanges>);

impl Changes {
    /// Notes that a row shall have this value, or be gone.
    pub fn set(&mut self, table: &'static str, key: &[u8], value: Option<Vec<u8>>) {
        self.0.entry(table).or_default().insert(key.to_vec(), value);
    }

    /// Returns the change of a row: `None` when unchanged, `Some(None)` when gone.
    pub fn get(&self, table: &'static str, key: &[u8]) -> Option<Option<&[u8]>> {
        self.0.get(table)?.get(key).map(Option::as_deref)
    }

    /// Walks the changes of a table between two bounds, in key order.
    pub fn range(
        &self,
        table: &'static str,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&[u8], Option<&[u8]>)> + use<'_> {
        self.0
            .get(table)
            .filter(|_| is_ordered(from, to))
            .map(|changes| changes.range::<[u8], _>((from, to)))
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// Adds later changes; where both change a row, the later holds.
    pub fn merge(&mut self, later: Self) {
        for (table, changes) in later.0 {
            self.0.entry(table).or_default().extend(changes);
        }
    }

    /// Returns the number of changed rows.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Says whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }

    /// Takes the changes apart, table by table, keys in order.
    pub fn into_tables(self) -> impl Iterator<Item = (&'static str, TableChanges)> {
        self.0.into_iter()
    }
}

/// `BTreeMap::range` panics on bounds out of order; a range out of order is empty here.
pub(crate) fn is_ordered(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(from), Bound::Included(to)) => from <= to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from < to,
    }
}

impl From<StoreError> for base::Fault {
    fn from(error: StoreError) -> Self {
        use base::FaultKind::{Broken, Settings};
        let (code, kind) = match &error {
            StoreError::Locked => ("store.locked", Settings),
            StoreError::ReadOnly(_) => ("store.read-only", Settings),
            StoreError::Full(_) => ("store.full", Settings),
            StoreError::FutureFormat { .. } => ("store.future-format", Settings),
            StoreError::BadKey { .. } | StoreError::BadValue { .. } => ("store.damaged", Broken),
            StoreError::Database(_) => ("store.database", Broken),
        };
        let fault = Self::new(code, kind, error.to_string());
        match error {
            StoreError::Locked => fault.remedy("althing stop", "stops the peer that runs with this home"),
            StoreError::ReadOnly(_) => fault
                .remedy("", "give yourself the right to write there, or name another home with ALTHING_HOME"),
            StoreError::Full(_) => {
                fault.remedy("", "free some space on that disk; nothing that was saved is lost")
            }
            StoreError::FutureFormat { .. } => {
                fault.remedy("", "start the newer Althing again; this one changes nothing there")
            }
            _ => fault.remedy("althing status", "shows the state of the home and its disk"),
        }
    }
}
