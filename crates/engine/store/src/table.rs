//! Typed tables over rows: keys that sort as their values do, values in deterministic CBOR.

use std::marker::PhantomData;
use std::ops::Bound;

use minicbor::{Decode, Encode};

use crate::{Rows, RowsMut, StoreError};

/// A value that can be a key: its bytes sort as the values do, and no key of a kind is a prefix of another
/// of that kind unless the kind stands last in a tuple.
pub trait Key: Sized {
    /// Appends the key's bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Takes the key off the front of `bytes`; `None` when they are not such a key.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

macro_rules! id_keys {
    ($($id:ident),*) => {$(
        impl Key for base::$id {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(self.as_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (id, rest) = bytes.split_at_checked(Self::LEN)?;
                *bytes = rest;
                Self::from_slice(id)
            }
        }
    )*};
}

id_keys!(
    ContentId,
    DeviceId,
    DocumentId,
    EntryId,
    FileId,
    KeyId,
    LedgerId,
    OperationId,
    PersonId,
    RevisionId,
    RunId,
    ShareId,
    TicketId,
    TransferId,
    WebId
);

impl Key for u64 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_be_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Self::from_be_bytes(*number))
    }
}

impl Key for u8 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(*self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(*byte)
    }
}

impl Key for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

/// Text takes the rest of the key, so it stands last in a tuple.
impl Key for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(std::mem::take(bytes).to_vec()).ok()
    }
}

/// Bytes take the rest of the key, so they stand last in a tuple.
impl Key for Vec<u8> {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(std::mem::take(bytes).to_vec())
    }
}

macro_rules! tuple_keys {
    ($($name:ident),+) => {
        impl<$($name: Key),+> Key for ($($name,)+) {
            fn write(&self, bytes: &mut Vec<u8>) {
                #[allow(non_snake_case, reason = "the type parameters name the fields")]
                let ($($name,)+) = self;
                $($name.write(bytes);)+
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some(($($name::read(bytes)?,)+))
            }
        }
    };
}

tuple_keys!(A, B);
tuple_keys!(A, B, C);
tuple_keys!(A, B, C, D);
tuple_keys!(A, B, C, D, E);

/// One table: a name, a kind of key, a kind of value.
///
/// Names are `service.what`; a service writes only its own tables.
#[derive(Debug)]
pub struct Table<K, V> {
    name: &'static str,
    kinds: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K: Key, V: Encode<()> + for<'b> Decode<'b, ()>> Table<K, V> {
    /// Names a table.
    pub const fn new(name: &'static str) -> Self {
        Self { name, kinds: PhantomData }
    }

    /// Returns the table's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the value at `key`.
    pub fn get<R: Rows + ?Sized>(&self, rows: &R, key: &K) -> Result<Option<V>, StoreError> {
        rows.get(self.name, &key_bytes(key))?.map(|value| self.value(&value)).transpose()
    }

    /// Says whether there is a row at `key`.
    pub fn has<R: Rows + ?Sized>(&self, rows: &R, key: &K) -> Result<bool, StoreError> {
        Ok(rows.get(self.name, &key_bytes(key))?.is_some())
    }

    /// Writes a row.
    #[expect(clippy::missing_panics_doc, reason = "writing to memory cannot fail")]
    pub fn put<R: RowsMut + ?Sized>(&self, rows: &mut R, key: &K, value: &V) {
        let value = minicbor::to_vec(value).expect("writing to memory cannot fail");
        rows.put(self.name, &key_bytes(key), value);
    }

    /// Removes a row.
    pub fn delete<R: RowsMut + ?Sized>(&self, rows: &mut R, key: &K) {
        rows.delete(self.name, &key_bytes(key));
    }

    /// Walks all rows in key order.
    pub fn all<'a, R: Rows + ?Sized>(
        &self,
        rows: &'a R,
    ) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, K, V, R> {
        self.within(rows, &())
    }

    /// Walks the rows whose keys begin with `prefix`: one or more leading parts of the key.
    pub fn within<'a, R: Rows + ?Sized, P: Key>(
        &self,
        rows: &'a R,
        prefix: &P,
    ) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, K, V, R, P> {
        let from = key_bytes(prefix);
        let to = after_prefix(&from);
        self.pairs(rows.range(self.name, Bound::Included(&from), as_bound(to.as_deref())))
    }

    /// Walks the rows whose keys begin with `prefix`, last first.
    pub fn within_back<'a, R: Rows + ?Sized, P: Key>(
        &self,
        rows: &'a R,
        prefix: &P,
    ) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, K, V, R, P> {
        let from = key_bytes(prefix);
        let to = after_prefix(&from);
        self.pairs(rows.range_back(self.name, Bound::Included(&from), as_bound(to.as_deref())))
    }

    /// Walks the rows from `start` on that still begin with `prefix`.
    pub fn within_from<'a, R: Rows + ?Sized, P: Key>(
        &self,
        rows: &'a R,
        prefix: &P,
        start: &K,
    ) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, K, V, R, P> {
        let from = key_bytes(start);
        let to = after_prefix(&key_bytes(prefix));
        self.pairs(rows.range(self.name, Bound::Included(&from), as_bound(to.as_deref())))
    }

    fn pairs<'a>(
        &self,
        pairs: crate::Pairs<'a>,
    ) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, K, V> {
        let table = *self;
        pairs.map(move |pair| {
            let (key, value) = pair?;
            let read = K::read(&mut key.as_slice()).ok_or(StoreError::BadKey { table: table.name })?;
            Ok((read, table.value(&value)?))
        })
    }

    fn value(&self, bytes: &[u8]) -> Result<V, StoreError> {
        minicbor::decode(bytes).map_err(|source| StoreError::BadValue { table: self.name, source })
    }
}

fn key_bytes<K: Key>(key: &K) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    key.write(&mut bytes);
    bytes
}

/// Returns the least key that does not begin with `prefix`; `None` when there is none.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut after = prefix.to_vec();
    while let Some(last) = after.pop() {
        if let Some(next) = last.checked_add(1) {
            after.push(next);
            return Some(after);
        }
    }
    None
}

fn as_bound(to: Option<&[u8]>) -> Bound<&[u8]> {
    to.map_or(Bound::Unbounded, Bound::Excluded)
}
