//! The rows of `search`: what the index driver has been told, and which searches are kept.

use base::{ContentId, DeviceId, FileId, KeyId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;
use wire::codec::Bytes;

/// How far a web's index is; without a row it has to be made from the beginning.
pub(crate) const INDEXED: Table<WebId, IndexedRow> = Table::new("search.indexed");
/// Contents whose text is in a web's index, or was tried.
pub(crate) const TEXTS: Table<(WebId, ContentId), ()> = Table::new("search.texts");
/// Kept searches, by the order in which they were kept.
pub(crate) const KEPT: Table<u64, KeptRow> = Table::new("search.kept");
/// For which revision of a file a kept search rang, or which was there when it was kept.
pub(crate) const RUNG: Table<(u64, u64, FileId), u64> = Table::new("search.rung");
/// How far a device had come with telling when a search was kept: (search, web, device).
pub(crate) const KEPT_AT: Table<(u64, WebId, DeviceId), u64> = Table::new("search.kept_at");
/// How far a device had come with telling when it was asked for kept searches.
pub(crate) const ASKED_AT: Table<(WebId, DeviceId), u64> = Table::new("search.asked_at");
/// The last things each kept search rang for: (search, count).
pub(crate) const RINGS: Table<(u64, u64), RingRow> = Table::new("search.rings");

/// What another device's texts may have, as it says itself.
pub(crate) const SUMMARIES: Table<(WebId, DeviceId), SummaryRow> = Table::new("search.summaries");
/// What this device has said of its own texts.
pub(crate) const SAID: Table<WebId, SaidRow> = Table::new("search.said_summaries");
/// Contents whose bytes could not be had when the index wanted them: when to try again, and how often it was tried.
pub(crate) const UNREAD: Table<(WebId, ContentId), UnreadRow> = Table::new("search.unread");
/// Webs that this computer brokers, or did until just now.
pub(crate) const BROKERS: Table<WebId, BrokerRow> = Table::new("search.brokers");
/// Contents of others that a broker reads.
pub(crate) const BROKERED: Table<(WebId, ContentId), BrokeredRow> = Table::new("search.brokered");
/// What a broker has to do, first things first: (web, lane, rank, content).
pub(crate) const TO_DO: Table<(WebId, u8, u64, ContentId), ()> = Table::new("search.broker_to_do");
/// Whose documents a broker has not read: (web, who lists it, content).
pub(crate) const OWED: Table<(WebId, DeviceId, ContentId), ()> = Table::new("search.broker_owed");

/// [`TO_DO`]: take it out of the index.
pub(crate) const LANE_FORGET: u8 = 0;
/// [`TO_DO`]: it is here; read it.
pub(crate) const LANE_READ: u8 = 1;
/// [`TO_DO`]: have it brought here.
pub(crate) const LANE_BRING: u8 = 2;

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

/// What a device's texts may have.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SummaryRow {
    /// The place of the record in the device's log, as `files` counts places.
    #[n(0)]
    pub(crate) position: u64,
    /// The epoch whose key made the numbers.
    #[n(1)]
    pub(crate) key: KeyId,
    /// None: it wants to be asked always.
    #[n(2)]
    pub(crate) filter: Option<Bytes>,
}

/// What this device has said of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SaidRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    /// What `files` counted of this device's own statements then.
    #[n(1)]
    pub(crate) documents_at: u64,
    #[n(2)]
    pub(crate) key: KeyId,
    /// Bytes; none when others were told to ask always.
    #[n(3)]
    pub(crate) size: Option<u64>,
}

/// A content whose bytes could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UnreadRow {
    #[n(0)]
    pub(crate) due: Timestamp,
    #[n(1)]
    pub(crate) tries: u64,
}

/// A web that this computer brokers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct BrokerRow {
    /// The share, by number, and the file up to which the web has been gone through; none when all of it has.
    #[n(0)]
    pub(crate) cursor: Option<(u64, Option<FileId>)>,
    /// Bytes of what is here or on its way.
    #[n(1)]
    pub(crate) bytes: u64,
    /// Contents on their way.
    #[n(2)]
    pub(crate) asked: u64,
    /// From which content on it is to be checked whether a member still lists it; none when all has been.
    #[n(3)]
    pub(crate) checking: Option<ContentId>,
}

/// A content that a broker reads.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct BrokeredRow {
    #[n(0)]
    pub(crate) size: u64,
    #[n(1)]
    pub(crate) stage: Stage,
    /// Its place in the lane for bringing.
    #[n(2)]
    pub(crate) rank: u64,
    /// Whose rows of [`OWED`] name it.
    #[n(3)]
    pub(crate) owed_to: Vec<DeviceId>,
}

/// How far a broker is with a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Stage {
    /// It is to be brought.
    #[n(0)]
    Wanted,
    /// `files` brings it.
    #[n(1)]
    Asked,
    /// It is here.
    #[n(2)]
    Here,
    /// Its text is in the index, or it has none.
    #[n(3)]
    Read,
    /// It is too large, or its bytes cannot be had: whoever lists it has to be asked.
    #[n(4)]
    LeftOut,
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
