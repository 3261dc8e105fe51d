//! The rows of `pages`: documents with what was written in them, sites, and what links to what.

use base::{ContentId, DeviceId, DocumentId, FileId, PersonId, ShareId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;
use wire::codec::Bytes;

/// A document of a web.
pub(crate) type DocumentKey = (WebId, DocumentId);

/// Documents this peer has heard of.
pub(crate) const DOCUMENTS: Table<DocumentKey, DocumentRow> = Table::new("pages.documents");
/// Which devices have taken a document off the list or brought it back, and when last.
pub(crate) const LISTED: Table<(WebId, DocumentId, DeviceId), ListedRow> = Table::new("pages.listed");
/// Documents whose text has to be made anew when the batch closes.
pub(crate) const DUE: Table<DocumentKey, ()> = Table::new("pages.due");
/// A text as it was after an arrival, so that reading it does not begin with its first word.
pub(crate) const SNAPSHOTS: Table<DocumentKey, SnapshotRow> = Table::new("pages.snapshots");
/// What was written, in the order in which this peer heard of it.
pub(crate) const ARRIVALS: Table<(WebId, DocumentId, u64), ArrivalRow> = Table::new("pages.arrivals");
/// The arrival of each author's records, by their place in the author's log.
pub(crate) const PLACES: Table<(WebId, DocumentId, DeviceId, u64), u64> = Table::new("pages.places");
/// Bytes each author has put into a document.
pub(crate) const WRITTEN: Table<(WebId, DocumentId, DeviceId), u64> = Table::new("pages.written");
/// Arrivals that wait for something before them.
pub(crate) const WAITING: Table<(WebId, DocumentId, u64), ()> = Table::new("pages.waiting");
/// What this device has written and not published yet, as an update.
pub(crate) const UNSAID: Table<DocumentKey, Bytes> = Table::new("pages.unsaid");
/// The last edits of a text, each making the version it stands at.
pub(crate) const EDITS: Table<(WebId, DocumentId, u64), EditRow> = Table::new("pages.edits");

/// Sites, by name.
pub(crate) const SITES: Table<(WebId, PersonId, String), SiteRow> = Table::new("pages.sites");

/// What links to something: (target, source, count).
pub(crate) const BACKLINKS: Table<(ContentId, ContentId, u64), BacklinkRow> = Table::new("pages.backlinks");
/// What has links, by its own target id.
pub(crate) const SOURCES: Table<ContentId, SourceRow> = Table::new("pages.sources");

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DocumentRow {
    /// Who began it; none while that has not been heard.
    #[n(0)]
    pub(crate) owner: Option<DeviceId>,
    #[n(1)]
    pub(crate) begun: Timestamp,
    /// As its text says; empty when it says nothing.
    #[n(2)]
    pub(crate) title: String,
    #[n(3)]
    pub(crate) changed: Timestamp,
    #[n(4)]
    pub(crate) changed_by: Option<DeviceId>,
    #[n(5)]
    pub(crate) components: u64,
    /// How many edits the text has had on this peer.
    #[n(6)]
    pub(crate) version: u64,
    /// How many updates have arrived, this device's own among them.
    #[n(7)]
    pub(crate) arrivals: u64,
    /// How many operations of this device are published.
    #[n(8)]
    pub(crate) said: i32,
    #[n(9)]
    pub(crate) said_at: Timestamp,
    /// What is not published yet, for the history.
    #[n(10)]
    pub(crate) unsaid: Tally,
}

/// What a device has said about whether a document is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ListedRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) is_removed: bool,
}

/// How much an update changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Tally {
    #[n(0)]
    pub(crate) added: u64,
    #[n(1)]
    pub(crate) removed: u64,
    /// A part of what was put in.
    #[n(2)]
    pub(crate) excerpt: String,
}

/// A text at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SnapshotRow {
    /// All arrivals up to this one are in it.
    #[n(0)]
    pub(crate) arrival: u64,
    #[n(1)]
    pub(crate) bytes: Bytes,
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Standing {
    /// It is in the text.
    #[n(0)]
    Taken,
    /// Something before it has not come yet.
    #[n(1)]
    Waits,
    /// It is not its author's next, or can't be read; kept, since whether it is taken is a matter of order.
    #[n(2)]
    Void,
}

/// An update of a text.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ArrivalRow {
    /// Whose operations.
    #[n(0)]
    pub(crate) author: DeviceId,
    /// The place in the log of whoever published it.
    #[n(1)]
    pub(crate) place: u64,
    /// By the author's clock.
    #[n(2)]
    pub(crate) at: Timestamp,
    #[n(3)]
    pub(crate) update: Bytes,
    #[n(4)]
    pub(crate) standing: Standing,
    #[n(5)]
    pub(crate) tally: Tally,
    /// Who published it, when that was not the author, whose log was cut.
    #[n(6)]
    pub(crate) keeper: Option<DeviceId>,
}

/// One edit as browsers read it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EditRow {
    /// Which editor made it; empty for what came from other computers.
    #[n(0)]
    pub(crate) client: String,
    /// JSON.
    #[n(1)]
    pub(crate) edit: String,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SiteRow {
    #[n(0)]
    pub(crate) share: ShareId,
    /// The folder below the share; empty for all of it.
    #[n(1)]
    pub(crate) path: String,
    #[n(2)]
    pub(crate) at: Timestamp,
    /// Who said so: with the time what decides which of two statements counts.
    #[n(3)]
    pub(crate) by: DeviceId,
    #[n(4)]
    pub(crate) is_published: bool,
    /// When this peer heard of it.
    #[n(5)]
    pub(crate) heard: Timestamp,
}

/// One link to something.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct BacklinkRow {
    #[n(0)]
    pub(crate) words: String,
    #[n(1)]
    pub(crate) line: u64,
    #[n(2)]
    pub(crate) part: String,
    /// The link itself, without what its range says.
    #[n(3)]
    pub(crate) link: String,
}

/// What has links.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SourceRow {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) from: From,
    /// Whose it is.
    #[n(2)]
    pub(crate) person: PersonId,
    /// When it was changed, by its author's clock.
    #[n(3)]
    pub(crate) at: Timestamp,
    /// When this peer heard of it.
    #[n(4)]
    pub(crate) heard: Timestamp,
    /// What it links to, ascending, each once.
    #[n(5)]
    pub(crate) targets: Vec<ContentId>,
    /// Names all its links, so that an edit that changes none of them costs nothing.
    #[n(6)]
    pub(crate) digest: ContentId,
    /// The place of what said so in its author's log; what came before it counts no more.
    #[n(7)]
    pub(crate) place: u64,
    /// Who said so.
    #[n(8)]
    pub(crate) by: DeviceId,
}

/// From what a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) enum From {
    /// A document.
    #[n(0)]
    Document(#[n(0)] DocumentId),
    /// A file.
    #[n(1)]
    File(#[n(0)] ShareId, #[n(1)] FileId),
}

impl DocumentRow {
    /// A document of which nothing is known yet.
    pub(crate) fn unknown() -> Self {
        let never = Timestamp::from_millis(0);
        Self {
            owner: None,
            begun: never,
            title: String::new(),
            changed: never,
            changed_by: None,
            components: 0,
            version: 0,
            arrivals: 0,
            said: 0,
            said_at: never,
            unsaid: Tally::default(),
        }
    }
}
