//! Changes over rows, kept in memory until they are merged or dropped.

use std::ops::Bound;

use crate::{Changes, Pairs, Rows, RowsMut, StoreError};

/// Rows as they would be with some changes made.
///
/// A step writes to one overlay over the batch's overlay; success merges it, an error or panic drops it.
pub struct Overlay<'a> {
    beneath: &'a dyn Rows,
    changes: Changes,
}

impl std::fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").field("changes", &self.changes.len()).finish_non_exhaustive()
    }
}

impl<'a> Overlay<'a> {
    /// Starts without changes.
    pub fn new(beneath: &'a dyn Rows) -> Self {
        Self { beneath, changes: Changes::default() }
    }

    /// Makes the changes of an inner overlay.
    pub fn merge(&mut self, changes: Changes) {
        self.changes.merge(changes);
    }

    /// Takes the changes out.
    pub fn into_changes(self) -> Changes {
        self.changes
    }

    /// Says whether nothing was changed.
    pub fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Rows for Overlay<'_> {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(table, key) {
            Some(change) => Ok(change.map(<[u8]>::to_vec)),
            None => self.beneath.get(table, key),
        }
    }

    fn range(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_> {
        let ours = self.changes.range(table, from, to);
        Box::new(Merged::new(self.beneath.range(table, from, to), ours, |a, b| a < b))
    }

    fn range_back(&self, table: &'static str, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Pairs<'_> {
        let ours = self.changes.range(table, from, to).rev();
        Box::new(Merged::new(self.beneath.range_back(table, from, to), ours, |a, b| a > b))
    }
}

impl RowsMut for Overlay<'_> {
    fn put(&mut self, table: &'static str, key: &[u8], value: Vec<u8>) {
        self.changes.set(table, key, Some(value));
    }

    fn delete(&mut self, table: &'static str, key: &[u8]) {
        self.changes.set(table, key, None);
    }
}

/// Two ordered walks as one; where both have a key, ours holds.
struct Merged<'a, I: Iterator<Item = (&'a [u8], Option<&'a [u8]>)>> {
    beneath: std::iter::Peekable<Pairs<'a>>,
    ours: std::iter::Peekable<I>,
    is_first: fn(&[u8], &[u8]) -> bool,
}

impl<'a, I: Iterator<Item = (&'a [u8], Option<&'a [u8]>)>> Merged<'a, I> {
    fn new(beneath: Pairs<'a>, ours: I, is_first: fn(&[u8], &[u8]) -> bool) -> Self {
        Self { beneath: beneath.peekable(), ours: ours.peekable(), is_first }
    }
}

impl<'a, I: Iterator<Item = (&'a [u8], Option<&'a [u8]>)>> Iterator for Merged<'a, I> {
    type Item = Result<(Vec<u8>, Vec<u8>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((our_key, _)) = self.ours.peek() else { return self.beneath.next() };
            if let Some(Ok((key, _))) = self.beneath.peek() {
                if (self.is_first)(key, our_key) {
                    return self.beneath.next();
                }
                if key == our_key {
                    let _replaced = self.beneath.next();
                }
            } else if self.beneath.peek().is_some() {
                return self.beneath.next();
            }
            if let Some((key, Some(value))) = self.ours.next() {
                return Some(Ok((key.to_vec(), value.to_vec())));
            }
        }
    }
}
