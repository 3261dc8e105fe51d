//! The version of the rows of a home: a home of today must open in a year.
//!
//! Format 1 is the first. A change of a table's key or value that older rows do not read as is a new format: raise
//! [`NEWEST`], add a migration, and commit a home of the format before under `tests/upgrade/`.

use crate::{Backing, Durability, Overlay, Rows, StoreError, Table};

/// The format this program writes.
pub(crate) const NEWEST: u64 = 1;

const FORMAT: Table<String, u64> = Table::new("store.meta");

/// Rewrites rows of one format as the next one has them.
pub(crate) type Migration = fn(&mut Overlay<'_>) -> Result<(), StoreError>;

/// Every step from an older format to the next: the format it starts from, and what it does.
const MIGRATIONS: &[(u64, Migration)] = &[];

/// Brings rows to the newest format, one commit per step, so that a power cut leaves a whole format behind.
///
/// Rows without a format are new and get the newest one.
pub(crate) fn bring_up_to_date(backing: &dyn Backing) -> Result<(), StoreError> {
    bring_to(backing, NEWEST, MIGRATIONS)
}

pub(crate) fn bring_to(
    backing: &dyn Backing,
    newest: u64,
    migrations: &[(u64, Migration)],
) -> Result<(), StoreError> {
    loop {
        let snapshot = backing.snapshot()?;
        let found = format_of(&*snapshot)?;
        if found == Some(newest) {
            return Ok(());
        }
        let mut rows = Overlay::new(&*snapshot);
        let next = match found {
            None => newest,
            Some(found) => {
                let (_, migrate) = migrations
                    .iter()
                    .find(|(from, _)| *from == found)
                    .ok_or(StoreError::FutureFormat { found, known: newest })?;
                migrate(&mut rows)?;
                found + 1
            }
        };
        FORMAT.put(&mut rows, &key(), &next);
        let changes = rows.into_changes();
        drop(snapshot);
        backing.commit(changes, Durability::Durable)?;
    }
}

/// Refuses rows of a later format; reads only.
pub(crate) fn refuse_future(rows: &dyn Rows) -> Result<(), StoreError> {
    match format_of(rows)? {
        Some(found) if found > NEWEST => Err(StoreError::FutureFormat { found, known: NEWEST }),
        _ => Ok(()),
    }
}

fn format_of(rows: &dyn Rows) -> Result<Option<u64>, StoreError> {
    FORMAT.get(rows, &key())
}

fn key() -> String {
    "format".to_owned()
}
