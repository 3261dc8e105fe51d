//! Rows in one redb file: what a peer's home keeps.
//!
//! A durable commit is on the disk when it returns (two-phase, with the allocator's state, so that a peer killed with a
//! gigabyte in its home starts at once); a relaxed one waits for the next of them. Not for: deciding what is in the
//! rows; `format` owns their version.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use redb::{
    Builder, Database, DatabaseError, ReadOnlyTable, ReadTransaction, ReadableDatabase, StorageError,
    TableDefinition, TableError,
};

use super::is_ordered;
use crate::{Backing, Changes, Durability, Pairs, Rows, StoreError, format};

/// Memory for redb's cache. A peer at rest has to stay below 60 MB in all; the inner pages of 100,000 listed files
/// fit in a tenth of this.
const CACHE_SIZE_BYTES: usize = 12 * 1024 * 1024;

const fn definition(name: &'static str) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

type Open = Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>;

/// Keeps rows in a redb file. At most one in the world per file; the file is locked while it lives.
pub struct RedbBacking {
    open: Open,
    /// `None` after a failed commit: redb refuses everything after an error of the disk, so the file is closed and
    /// opened again at the next use, which finds the last commit.
    database: RwLock<Option<Database>>,
}

impl std::fmt::Debug for RedbBacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedbBacking").finish_non_exhaustive()
    }
}

impl RedbBacking {
    /// Opens the file at `path`, made if it is missing, and brings its rows to the format of this program.
    ///
    /// A file of a later format is refused and not written to.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        refuse_future_format(&path)?;
        Self::over(Box::new(move || Ok(builder().create(&path)?)))
    }

    /// Opens what `open` opens; called again after a disk error.
    pub(crate) fn over(open: Open) -> Result<Self, StoreError> {
        let backing = Self { database: RwLock::new(Some(open()?)), open };
        format::bring_up_to_date(&backing)?;
        Ok(backing)
    }

    /// Does `what` with the open database; after an error of the disk, opens it anew before the next use.
    ///
    /// Many may read while one commits.
    fn with<T>(&self, what: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.reopen()?;
        let outcome = match &*self.database.read().unwrap_or_else(PoisonError::into_inner) {
            Some(database) => what(database),
            None => Err(StoreError::Database(Box::new(redb::Error::DatabaseClosed))),
        };
        if outcome.is_err() {
            let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
            // Closing tells of the same disk error once more; snapshots that are still held fail from here on.
            drop(database.take().map(Database::close));
        }
        outcome
    }

    fn reopen(&self) -> Result<(), StoreError> {
        if self.database.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if database.is_none() {
            *database = Some((self.open)()?);
        }
        Ok(())
    }
}

pub(crate) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_SIZE_BYTES);
    builder
}

/// Looks at the format without opening for writing, which would already mark the file.
///
/// A file that was not closed cleanly can't be looked at this way; it is repaired first and refused after that.
fn refuse_future_format(path: &Path) -> Result<(), StoreError> {
    let Ok(database) = builder().open_read_only(path) else { return Ok(()) };
    let transaction = database.begin_read().map_err(redb::Error::from)?;
    format::refuse_future(&Snapshot::new(transaction))
}

impl Backing for RedbBacking {
    fn snapshot(&self) -> Result<Box<dyn Rows + Send>, StoreError> {
        self.with(|database| {
            let transaction = database.begin_read().map_err(redb::Error::from)?;
            Ok(Box::new(Snapshot::new(transaction)) as Box<dyn Rows + Send>)
        })
    }

    fn commit(&self, changes: Changes, durability: Durability) -> Result<(), StoreError> {
        self.with(|database| Ok(write(database, changes, durability)?))
    }
}

fn write(database: &Database, changes: Changes, durability: Durability) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    match durability {
        Durability::Durable => {
            transaction.set_durability(redb::Durability::Immediate)?;
            transaction.set_quick_repair(true);
        }
        Durability::Relaxed => transaction.set_durability(redb::Durability::None)?,
    }
    for (name, changes) in changes.into_tables() {
        let mut table = transaction.open_table(definition(name))?;
        for (key, value) in changes {
            match value {
                Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                None => drop(table.remove(key.as_slice())?),
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

type FileTable = ReadOnlyTable<&'static [u8], &'static [u8]>;
type FileRange = redb::Range<'static, &'static [u8], &'static [u8]>;

struct Snapshot {
    transaction: ReadTransaction,
    /// Tables opened so far; `None` when there is no such table.
    tables: RefCell<BTreeMap<&'static str, Option<FileTable>>>,
}

impl Snapshot {
    fn new(transaction: ReadTransaction) -> Self {
        Self { transaction, tables: RefCell::default() }
    }

    /// Reads in a table; `None` when there is no such table, which is the same as an empty one.
    fn read<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&FileTable) -> Result<T, StorageError>,
    ) -> Result<Option<T>, StoreError> {
        let mut tables = self.tables.borrow_mut();
        let table = match tables.entry(name) {
            std::collections::btree_map::Entry::Occupied(opened) => opened.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let opened = match self.transaction.open_table(definition(name)) {
                    Ok(table) => Some(table),
                    Err(TableError::TableDoesNotExist(_)) => None,
                    Err(error) => return Err(redb::Error::from(error).into()),
                };
                vacant.insert(opened)
            }
        };
        table.as_ref().map(read).transpose().map_err(|error| redb::Error::from(error).into())
    }

    fn walk(
        &self,
        table: &'static str,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Result<Option<FileRange>, StoreError> {
        if !is_ordered(from, to) {
            return Ok(None);
        }
        self.read(table, |table| table.range::<&[u8]>((from, to)))
    }
}

fn pair(found: <FileRange as Iterator>::Item) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let (key, value) = found.map_err(redb::Error::from)?;
    Ok((key.value().to_vec(), value.value().to_vec()))
}

impl Rows for Snapshot {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.read(table, |table| Ok(table.get(key)?.map(|value| value.value().to_vec())))?;
        Ok(found.flatten())
    }

    fn range(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_> {
        match self.walk(table, from, to) {
            Ok(pairs) => Box::new(pairs.into_iter().flatten().map(pair)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn range_back(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_> {
        match self.walk(table, from, to) {
            Ok(pairs) => Box::new(pairs.into_iter().flat_map(Iterator::rev).map(pair)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::Locked,
            redb::Error::Io(error) => match error.kind() {
                StorageFull | QuotaExceeded => Self::Full(error),
                PermissionDenied | ReadOnlyFilesystem => Self::ReadOnly(error),
                _ => Self::Database(Box::new(redb::Error::Io(error))),
            },
            other => Self::Database(Box::new(other)),
        }
    }
}
