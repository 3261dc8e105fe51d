//! The rows of `files`: what is listed where, who has it, what is being hashed and brought.
//!
//! A share gets a small number on this peer, so that the key of each of its 100,000 entries costs 8 bytes and
//! not 80. Paths are keys with `/` as the byte 0: a folder's content is then one contiguous run.

use base::{ContentId, DeviceId, FileId, PersonId, RevisionId, ShareId, Timestamp, TransferId, WebId};
use minicbor::{Decode, Encode};
use store::Table;

use crate::jobs::Stat;

/// Every share this peer knows, its own and others'.
pub(crate) const SHARES: Table<(WebId, PersonId, ShareId), ShareRow> = Table::new("files.shares");
/// A share's number on this peer, back to the share.
pub(crate) const NUMBERS: Table<u64, ShareKey> = Table::new("files.share_numbers");
/// Files of own shares that nobody has a reason to change.
pub(crate) const CANARIES: Table<(u64, Vec<u8>), ()> = Table::new("files.canaries");
/// What only the owner knows of a share.
pub(crate) const OWN: Table<u64, OwnRow> = Table::new("files.own");
/// The tree: (share number, path key).
pub(crate) const ENTRIES: Table<(u64, Vec<u8>), EntryRow> = Table::new("files.entries");
/// Where a file is now, or was last.
pub(crate) const FILES: Table<(u64, FileId), FileRow> = Table::new("files.files");
/// The last file at a path from which it is gone.
pub(crate) const GONE: Table<(u64, Vec<u8>), FileId> = Table::new("files.gone");
/// Revisions that are not the one an entry shows: (share number, file, number, id).
pub(crate) const REVISIONS: Table<(u64, FileId, u64, RevisionId), RevisionRow> =
    Table::new("files.revisions");
/// Which files hold a content now.
pub(crate) const PLACES: Table<(ContentId, u64, FileId), ()> = Table::new("files.places");
/// Which files held a content before: the number of that revision.
pub(crate) const PAST: Table<(ContentId, u64, FileId), u64> = Table::new("files.past");
/// Contents kept in this peer's store, and for which web.
pub(crate) const HELD: Table<(WebId, ContentId), HeldRow> = Table::new("files.held");
/// Which services of this peer want a content here; it is lent as long as one of them does (`lending.rs`).
pub(crate) const LENT_TO: Table<(WebId, ContentId, String), ()> = Table::new("files.lent_to");
/// Contents of which verified bytes came from a member of that web, while they are not complete.
pub(crate) const PROVEN: Table<(WebId, ContentId), ()> = Table::new("files.proven");
/// Contents other devices say they keep; the value is the size.
pub(crate) const HOLDERS: Table<(WebId, ContentId, DeviceId), u64> = Table::new("files.holders");
/// Those of them that have not said so themselves: another service of this peer knows it, and it is forgotten with its wish.
pub(crate) const HINTS: Table<(WebId, ContentId, DeviceId), ()> = Table::new("files.hints");
/// How much each device says it keeps.
pub(crate) const KEPT: Table<(WebId, DeviceId), KeptRow> = Table::new("files.kept");
/// Files that wait for their hash: (lane, rank, share number, path key).
pub(crate) const TO_HASH: Table<(u8, u64, u64, Vec<u8>), u64> = Table::new("files.to_hash");
/// The large file of each own share that is being hashed; means nothing after a restart.
pub(crate) const HASHING: Table<u64, HashingRow> = Table::new("files.hashing");
/// Hashes that others have not been told yet.
pub(crate) const UNSENT_HASHES: Table<(u64, FileId), UnsentHash> = Table::new("files.unsent_hashes");
/// Kept contents that others have not been told yet; the value is the size.
pub(crate) const UNSENT_HELD: Table<(WebId, ContentId), u64> = Table::new("files.unsent_held");
/// Shares whose rows are being removed, a part at a time.
pub(crate) const SWEEP: Table<u64, ()> = Table::new("files.sweep");
/// Transfers a person asked for.
pub(crate) const TRANSFERS: Table<TransferId, TransferRow> = Table::new("files.transfers");
/// Transfers in the order they were asked for.
pub(crate) const ORDER: Table<u64, TransferId> = Table::new("files.transfer_order");
/// What is left to do of a transfer: (transfer, lane, index).
pub(crate) const ITEMS: Table<(TransferId, u8, u64), ItemRow> = Table::new("files.transfer_items");
/// Contents opened for reading that are not all here.
pub(crate) const READINGS: Table<(WebId, ContentId), ReadingRow> = Table::new("files.readings");
/// Providers from whom a content is not asked before a time: they sent wrong bytes.
pub(crate) const BARRED: Table<(DeviceId, ContentId), Timestamp> = Table::new("files.barred");
/// The place in a device's log of the last of its records after which contents were listed or kept that were not before;
/// of this device, a count of such records.
pub(crate) const DOCUMENTS_AT: Table<(WebId, DeviceId), u64> = Table::new("files.documents_at");
/// Counters of this peer, by name.
pub(crate) const COUNTERS: Table<u8, u64> = Table::new("files.counters");

/// [`COUNTERS`]: share numbers given.
pub(crate) const COUNTER_SHARES: u8 = 0;
/// [`COUNTERS`]: transfers asked for.
pub(crate) const COUNTER_TRANSFERS: u8 = 1;
/// [`COUNTERS`]: changes noted.
pub(crate) const COUNTER_CHANGES: u8 = 2;

/// [`TO_HASH`]: changed while this peer watched; somebody may be waiting for it.
pub(crate) const LANE_FRESH: u8 = 0;
/// [`TO_HASH`]: found by a walk.
pub(crate) const LANE_BACKLOG: u8 = 1;
/// [`TO_HASH`]: big; hashed one at a time beside the others.
pub(crate) const LANE_BIG: u8 = 2;
/// [`TO_HASH`]: changed while it was read; the rank is when to try again.
pub(crate) const LANE_LATER: u8 = 3;

/// [`ITEMS`]: below 64 KiB, comes in bundles.
pub(crate) const ITEM_SMALL: u8 = 0;
/// [`ITEMS`]: comes by ranges.
pub(crate) const ITEM_LARGE: u8 = 1;
/// [`ITEMS`]: its owner has not read it yet.
pub(crate) const ITEM_UNREAD: u8 = 2;
/// [`ITEMS`]: here; a plain copy is still to be saved.
pub(crate) const ITEM_SAVE: u8 = 3;

/// One share.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ShareRow {
    #[n(0)]
    pub(crate) number: u64,
    /// Only this device speaks for the share.
    #[n(1)]
    pub(crate) device: DeviceId,
    /// As the owner says; made safe where it is shown.
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) is_ended: bool,
    #[n(4)]
    pub(crate) tally: Tally,
}

/// How much a share lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Tally {
    /// Files, folders and links.
    #[n(0)]
    pub(crate) entries: u64,
    #[n(1)]
    pub(crate) files: u64,
    #[n(2)]
    pub(crate) bytes: u64,
    /// Files whose content is known.
    #[n(3)]
    pub(crate) hashed: u64,
    /// Paths from which something is gone.
    #[n(4)]
    pub(crate) gone: u64,
}

/// A share's full name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct ShareKey {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) person: PersonId,
    #[n(2)]
    pub(crate) share: ShareId,
}

/// A share of this peer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OwnRow {
    /// As the person said.
    #[n(0)]
    pub(crate) folder: String,
    /// With symbolic links resolved; empty until the first walk has begun.
    #[n(1)]
    pub(crate) real_folder: String,
    #[n(2)]
    pub(crate) state: OwnState,
    #[n(3)]
    pub(crate) skipped: u64,
    #[n(4)]
    pub(crate) last_problem: String,
}

/// What a share of this peer is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum OwnState {
    #[n(0)]
    Walking,
    #[n(1)]
    Watching,
    #[n(2)]
    FolderMissing,
    /// Nothing is told until its person says so.
    #[n(3)]
    Braked,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// A file.
    #[n(0)]
    File,
    /// A folder.
    #[n(1)]
    Folder,
    /// A symbolic link, never followed.
    #[n(2)]
    Link,
}

/// An entry of the tree with its newest revision.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EntryRow {
    #[n(0)]
    pub(crate) file: FileId,
    #[n(1)]
    pub(crate) kind: Kind,
    #[n(2)]
    pub(crate) head: RevisionRow,
    #[n(3)]
    pub(crate) number: u64,
    #[n(4)]
    pub(crate) revision: RevisionId,
    /// Where a link points.
    #[n(5)]
    pub(crate) target: Option<String>,
    /// The owner's own: what the file system said.
    #[n(6)]
    pub(crate) stat: Option<Stat>,
}

/// One revision of a file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RevisionRow {
    #[n(0)]
    pub(crate) size: u64,
    /// When the file was changed, by its owner's clock.
    #[n(1)]
    pub(crate) changed: Timestamp,
    /// When the revision was told, by its author's clock.
    #[n(2)]
    pub(crate) told: Timestamp,
    #[n(3)]
    pub(crate) content: Option<ContentId>,
    #[n(4)]
    pub(crate) parents: Vec<RevisionId>,
    /// The path before, when this revision is a rename.
    #[n(5)]
    pub(crate) renamed_from: Option<String>,
    #[n(6)]
    pub(crate) is_deletion: bool,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct FileRow {
    /// Path key.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
    /// Place in the author's log of the statement that put it there.
    #[n(1)]
    pub(crate) position: u64,
    #[n(2)]
    pub(crate) is_gone: bool,
}

/// A kept content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HeldRow {
    #[n(0)]
    pub(crate) size: u64,
    /// Whether members of the web get it from here: only when bytes of it came from one of them. A member who
    /// lists the id of another web's content, without having it, would else get it from us (rule 22).
    #[n(1)]
    pub(crate) is_offered: bool,
    /// Whether it is here for another service of this peer only (`lending.rs`); none in rows of before there was that.
    #[n(2)]
    pub(crate) lent: Option<bool>,
}

impl HeldRow {
    /// Says whether it is here for another service of this peer only.
    pub(crate) fn is_lent(self) -> bool {
        self.lent == Some(true)
    }
}

/// What a device says it keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KeptRow {
    #[n(0)]
    pub(crate) files: u64,
    #[n(1)]
    pub(crate) bytes: u64,
}

/// How far the hashing of a large file is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HashingRow {
    /// Below the share.
    #[n(0)]
    pub(crate) path: String,
    #[n(1)]
    pub(crate) done: u64,
    #[n(2)]
    pub(crate) size: u64,
}

/// A hash others have not been told.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UnsentHash {
    #[n(0)]
    pub(crate) revision: RevisionId,
    #[n(1)]
    pub(crate) content: ContentId,
}

/// What a transfer is at; the order is that of `api::files::TransferState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Stage {
    #[n(0)]
    Running,
    #[n(1)]
    Waiting,
    #[n(2)]
    Paused,
    #[n(3)]
    Done,
    #[n(4)]
    Cancelled,
    #[n(5)]
    Failed,
}

impl Stage {
    /// Says whether nothing more happens by itself.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }

    /// Says whether it goes on by itself.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Waiting)
    }
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct TransferRow {
    #[n(0)]
    pub(crate) web: WebId,
    /// Share number.
    #[n(1)]
    pub(crate) share: u64,
    /// As it was asked for: `web/person/share/path`.
    #[n(2)]
    pub(crate) path: String,
    /// Path key of the file or folder below the share.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) root: Vec<u8>,
    /// Whether a newer revision may take an item's place.
    #[n(4)]
    pub(crate) is_newest: bool,
    #[n(5)]
    pub(crate) to: Option<String>,
    #[n(6)]
    pub(crate) stage: Stage,
    #[n(7)]
    pub(crate) why: String,
    #[n(8)]
    pub(crate) started: Timestamp,
    /// Its place in [`ORDER`].
    #[n(9)]
    pub(crate) order: u64,
    #[n(10)]
    pub(crate) files: u64,
    #[n(11)]
    pub(crate) files_done: u64,
    #[n(12)]
    pub(crate) total: u64,
    /// Bytes of finished files.
    #[n(13)]
    pub(crate) settled: u64,
    /// Bytes here, unfinished files included, when last written.
    #[n(14)]
    pub(crate) done: u64,
    #[n(15)]
    pub(crate) speed: u64,
    /// From whom bytes come now.
    #[n(16)]
    pub(crate) from: Vec<DeviceId>,
    /// Up to which path key the folder has been turned into items; none when all of it has.
    #[n(17)]
    pub(crate) expanded: Option<minicbor::bytes::ByteVec>,
    /// Items made so far: the index of the next.
    #[n(18)]
    pub(crate) items: u64,
    /// Who gave how many bytes.
    #[n(19)]
    pub(crate) gave: Vec<(DeviceId, u64)>,
}

/// One file of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ItemRow {
    #[n(0)]
    pub(crate) file: FileId,
    #[n(1)]
    pub(crate) content: Option<ContentId>,
    #[n(2)]
    pub(crate) size: u64,
    /// Below the folder asked for, for saving.
    #[n(3)]
    pub(crate) path: String,
}

/// A content opened for reading.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ReadingRow {
    #[n(0)]
    pub(crate) size: u64,
    #[n(1)]
    pub(crate) opened: Timestamp,
}

/// Returns the key of a path below a share: `/` becomes the byte 0.
pub(crate) fn path_key(path: &str) -> Vec<u8> {
    path.bytes().map(|byte| if byte == b'/' { 0 } else { byte }).collect()
}

/// Returns the path of a key.
pub(crate) fn path_of(key: &[u8]) -> String {
    let bytes = key.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect();
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Returns the first path key of what is inside a folder; the root's key is empty.
pub(crate) fn inside(folder: &[u8]) -> Vec<u8> {
    let mut inside = folder.to_vec();
    if !inside.is_empty() {
        inside.push(0);
    }
    inside
}

/// Returns the name at the end of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
