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
pub use backing::{Backing, Changes, StoreError};
pub use overlay::Overlay;
pub use rows::{Pairs, Rows, RowsMut};
pub use table::{Key, Table};
