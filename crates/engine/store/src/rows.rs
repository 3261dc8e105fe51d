//! Reading and writing rows, whatever lies beneath.

use std::ops::Bound;

use crate::StoreError;

/// Key-value pairs in key order.
pub type Pairs<'a> = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + 'a>;

/// Reads rows of one moment.
pub trait Rows {
    /// Returns the value at `key`, if there is one.
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Walks the keys between two bounds, in ascending order of bytes.
    fn range(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_>;

    /// Walks the keys between two bounds, in descending order of bytes.
    fn range_back(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_>;
}

/// Reads and writes rows.
pub trait RowsMut: Rows {
    /// Writes a row, replacing what was there.
    fn put(&mut self, table: &'static str, key: &[u8], value: Vec<u8>);

    /// Removes a row; nothing happens when there is none.
    fn delete(&mut self, table: &'static str, key: &[u8]);
}
