//! Ordered tables, transactions, snapshots: the one place where rows are kept.
//!
//! Two backings pass the same tests: redb for a peer's home, memory for the simulator. Not for: file contents
//! (drivers keep those), private keys (never rows).

mod backing;
mod format;
mod overlay;
mod rows;
mod table;

pub use backing::memory::{MemoryBacking, ValuePool};
pub use backing::redb_file::RedbBacking;
pub use backing::{Backing, Changes, Durability, StoreError};
pub use overlay::Overlay;
pub use rows::{Pairs, Rows, RowsMut};
pub use table::{Key, Table};

/// Returns one fault of each kind this crate makes, for the list of all messages.
pub fn faults() -> Vec<base::Fault> {
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    let errors = [
        StoreError::Locked,
        StoreError::ReadOnly(std::io::ErrorKind::PermissionDenied.into()),
        StoreError::Full(full()),
        StoreError::FutureFormat { found: 2, known: 1 },
        StoreError::BadKey { table: "files.shares" },
        StoreError::Database(Box::new(redb::Error::Io(full()))),
    ];
    errors.into_iter().map(base::Fault::from).collect()
}

#[cfg(test)]
mod tests;
