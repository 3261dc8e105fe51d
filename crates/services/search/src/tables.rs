//! The rows of `search`: what the index driver has been told, and which searches are kept.

use base::{ContentId, FileId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;

/// How far a web's index is; without a row it has to be made from the beginning.
pub(crate) const INDEXED: Table<WebId, IndexedRow> = Table::new("search.indexed");
/// Contents whose text is in a web's index, or was tried.
pub(crate) const TEXTS: Table<(WebId, ContentId), ()> = Table::new("search.texts");
/// Kept searches, by the order in which they were kept.
pub(crate) const KEPT: Table<u64, KeptRow> = Table::new("search.kept");
/// For which revision of a file a kept search rang, or which was there when it was kept.
pub(crate) const RUNG: Table<(u64, u64, FileId), u64> = Table::new("search.rung");
/// The last things each kept search rang for: (search, count).
pub(crate) const RINGS: Table<(u64, u64), RingRow> = Table::new("search.rings");

/// The version of what stands in an index; an index of another version is made anew.
pub(crate) const INDEX_VERSION: u64 = 1;

/// How far a web's index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct IndexedRow {
    #[n(0)]
    pub(crate) version: u64,
    /// Where telling all from the beginning has got to; none when all has been told.
    #[n(1)]
    pub(crate) cursor: Option<Cursor>,
}

/// A place among all files and kept contents of a web.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Cursor {
    /// After this file of this share, by number.
    #[n(0)]
    Files {
        #[n(0)]
        number: u64,
        #[n(1)]
        after: Option<FileId>,
    },
    /// After this kept content.
    #[n(1)]
    Kept {
        #[n(0)]
        after: Option<ContentId>,
    },
}

/// A kept search.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KeptRow {
    #[n(0)]
    pub(crate) id: String,
    #[n(1)]
    pub(crate) query: String,
    /// Only in this web.
    #[n(2)]
    pub(crate) web: Option<WebId>,
    #[n(3)]
    pub(crate) since: Timestamp,
    #[n(4)]
    pub(crate) rang: u64,
}

/// What a kept search rang for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RingRow {
    #[n(0)]
    pub(crate) path: String,
    #[n(1)]
    pub(crate) revision: u64,
    #[n(2)]
    pub(crate) at: Timestamp,
}
