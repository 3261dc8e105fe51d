//! Operations of `files`: shares, the tree, revisions, transfers.
//!
//! A path is `web/person/share/folder/file`; names that need it are quoted by nobody: `/` alone separates.

use base::{ByteCount, ContentId, FileId, RevisionId, ShareId, Timestamp, TransferId, WebId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Act "files.share" Share -> ShareView, "share {web} {folder}", "Shares a folder of this computer with a web; nothing is copied.", says "{path} is shared; the listing grows while {folder} is read.";
    Read "files.shares" AskShares -> Shares, "shares", "Lists what you share and how far the reading is.";
    Act "files.unshare" Unshare -> ShareView, "unshare {path}", "Stops sharing a folder; the folder itself stays as it is.", says "{path} is no longer shared.";
    Act "files.unbrake" Unbrake -> ShareView, "guard go-on {path}", "Goes on with a share that was stopped because much of it changed at once: it was meant.", says "{path} goes on.";
    Act "files.canary" Canary -> ShareView, "guard canary {path}", "Makes a file of your share a canary: when anything touches it, the share is stopped at once.", says "Canaries in {path}: {canaries}";
    Read "files.list" List -> Listing, "ls {path?}", "Lists a folder of the tree web/person/share/path.";
    Read "files.about" About -> EntryDetail, "about {path}", "Shows who has a file, how fresh it is, and its newest revision.";
    Read "files.history" AskHistory -> History, "history {path}", "Lists the revisions of a file with author and time.";
    Act "files.get" Get -> TransferView, "get {path}", "Brings the newest revision of a file or a whole folder to this computer.", follow "files.transfer";
    Read "files.transfers" AskTransfers -> Transfers, "transfers", "Lists transfers, newest first.";
    Read "files.transfer" AskTransfer -> TransferView, "transfer {id}", "Shows how one transfer gets on.";
    Act "files.pause" Pause -> TransferView, "pause {id}", "Pauses a transfer.", says "{path} is paused at {done} of {total}.";
    Act "files.resume" Resume -> TransferView, "resume {id}", "Goes on with a transfer where it stopped.", says "{path} goes on at {done} of {total}.";
    Act "files.cancel" Cancel -> TransferView, "cancel {id}", "Cancels a transfer; what has arrived of unfinished files is given up.", says "{path} is cancelled.";
    Read "files.mirrored" AskMirrored -> MirroredView, "mirror {web}", "Shows which computers keep sealed copies of a web's files, and how many files are there.";
    Act "files.open" Open -> Opened, "", "Readies a file for reading while it arrives.";
    Act "files.want" Want -> Wanted, "", "Asks for one range of an opened file next.";
}

/// Arguments of `files.share`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The web.
    pub web: String,
    /// A folder on the computer of this peer, as an absolute path.
    #[schemars(extend("format" = "local-path"))]
    pub folder: String,
    /// What the share is called; the folder's own name if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A folder you share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShareView {
    /// `web/person/share`.
    pub path: String,
    /// The folder on this computer.
    pub folder: String,
    /// How many files are listed.
    pub files: u64,
    /// How many bytes they hold.
    pub bytes: ByteCount,
    /// How many of them have been read and have their content id.
    pub hashed: u64,
    /// The file that is being read now, once that has taken a moment; none otherwise.
    pub reading: Option<ReadingView>,
    /// `reading`, `watching`, `folder missing`, `stopped` or `ended`.
    pub state: String,
    /// How many things could not be read or are no files or folders.
    pub skipped: u64,
    /// The last of those with the reason, in words; empty when there is none.
    pub last_problem: String,
    /// Files that stop the share when anything touches them.
    pub canaries: Vec<String>,
    /// Its id.
    pub id: ShareId,
}

/// How far the reading of one large file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadingView {
    /// The file's name.
    pub name: String,
    /// Bytes read.
    pub done: ByteCount,
    /// Bytes in all.
    pub size: ByteCount,
}

/// Arguments of `files.shares`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskShares {}

/// What you share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shares {
    /// In order of paths.
    pub shares: Vec<ShareView>,
}

/// Arguments of `files.unshare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unshare {
    /// `web/person/share`.
    pub path: String,
}

/// Arguments of `files.unbrake`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unbrake {
    /// `web/person/share`.
    pub path: String,
}

/// Arguments of `files.canary`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// A file of a share of yours that nobody has a reason to change.
    pub path: String,
    /// Makes it an ordinary file again.
    #[serde(default)]
    pub no_longer: bool,
}

/// Arguments of `files.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// A folder of the tree; all webs if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Goes on after the entry of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Entries at most, 1 to 10,000; 1,000 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What an entry of the tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A web.
    Web,
    /// A person of a web.
    Person,
    /// A folder a person shares.
    Share,
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link, shown, never followed.
    Link,
}

/// How this computer's copy stands to the newest revision known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// Here, and the newest known.
    NewestHere,
    /// Here, but a newer one exists elsewhere.
    OlderHere,
    /// Not here.
    Elsewhere,
    /// Listed, but its owner has not read it yet.
    Reading,
}

/// One entry of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryView {
    /// Its name in its folder.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes; none for what is not a file.
    pub size: Option<ByteCount>,
    /// When it was last changed, by the owner's clock; none when unknown.
    pub changed: Option<Timestamp>,
    /// Its newest revision's number; none for what is not a file.
    pub revision: Option<u64>,
    /// The newest revision that is here; none when none is.
    pub have: Option<u64>,
    /// How the copy here stands to the newest.
    pub freshness: Option<Freshness>,
    /// Labels of the people who have the newest revision, you as `you`.
    pub who: Vec<String>,
    /// In words what should be known: `rev 2 at alice, you have rev 1`; empty when nothing.
    pub note: String,
    /// The path from the web on.
    pub path: String,
}

/// A folder of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listing {
    /// In order of names, folders and files alike.
    pub entries: Vec<EntryView>,
    /// Pass as `after` to go on; none at the end.
    pub next: Option<String>,
}

/// Arguments of `files.about`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// A path of the tree.
    pub path: String,
}

/// Who has a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HolderView {
    /// The person's label; `you` for you.
    pub who: String,
    /// The newest revision they said they have.
    pub revision: u64,
    /// Whether they are connected now.
    pub is_here: bool,
    /// When this peer last heard from them.
    pub last_heard: Option<Timestamp>,
}

/// All about one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryDetail {
    /// The entry.
    pub entry: EntryView,
    /// Who has which revision.
    pub holders: Vec<HolderView>,
    /// The newest revision's content; none for what is not a file, or not read yet.
    pub content: Option<ContentId>,
    /// The file's id; none for what is not a file.
    pub file: Option<FileId>,
}

/// Arguments of `files.history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskHistory {
    /// A file's path.
    pub path: String,
}

/// One revision of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionView {
    /// Counts from 1 along each line of edits.
    pub number: u64,
    /// Who made it.
    pub author: String,
    /// When, by the author's clock.
    pub at: Timestamp,
    /// Bytes.
    pub size: ByteCount,
    /// Whether its content is here.
    pub is_here: bool,
    /// Whether it is a newest one.
    pub is_newest: bool,
    /// `changed`, `renamed from …`, `deleted`, or `listed`.
    pub what: String,
    /// Its id.
    pub id: RevisionId,
}

/// The revisions of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// Newest first.
    pub revisions: Vec<RevisionView>,
}

/// Arguments of `files.get`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// A file or a folder of the tree, down to a whole share.
    pub path: String,
    /// Also saves a plain copy into this folder of the peer's computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "local-path"))]
    pub to: Option<String>,
    /// Which revision; the newest if not said. For files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransferState {
    /// Bytes arrive, or would if somebody who has them were here.
    Running,
    /// Nobody who has the rest is reachable; it goes on by itself when somebody is.
    Waiting,
    /// Stopped by a person.
    Paused,
    /// All here.
    Done,
    /// Given up by a person.
    Cancelled,
    /// Cannot go on; `why` says why.
    Failed,
}

/// What one person gave to a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenView {
    /// The person's label.
    pub who: String,
    /// Bytes that came from there.
    pub bytes: ByteCount,
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferView {
    /// What is brought.
    pub path: String,
    /// How far it is.
    pub state: TransferState,
    /// Bytes that are here.
    pub done: ByteCount,
    /// Bytes in all.
    pub total: ByteCount,
    /// Files that are here.
    pub files_done: u64,
    /// Files in all.
    pub files: u64,
    /// Bytes per second over the last seconds.
    pub speed: ByteCount,
    /// Seconds to go at that speed; none when unknown.
    pub seconds_left: Option<u64>,
    /// From whom bytes come now.
    pub from: Vec<String>,
    /// Who gave how many bytes so far, also before a restart of this peer; most first.
    pub gave: Vec<GivenView>,
    /// In words what it waits for or why it failed; empty otherwise.
    pub why: String,
    /// Where plain copies are saved; none when only kept.
    pub to: Option<String>,
    /// Whether nothing more will happen by itself.
    pub is_over: bool,
    /// When it was asked for.
    pub started: Timestamp,
    /// Its id.
    pub id: TransferId,
}

/// Arguments of `files.transfers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskTransfers {}

/// Transfers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transfers {
    /// Newest first, 200 at most.
    pub transfers: Vec<TransferView>,
}

/// Arguments of `files.transfer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskTransfer {
    /// The transfer's id or its first digits.
    pub id: String,
}

/// Arguments of `files.pause`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The transfer's id or its first digits.
    pub id: String,
}

/// Arguments of `files.resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The transfer's id or its first digits.
    pub id: String,
}

/// Arguments of `files.cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The transfer's id or its first digits.
    pub id: String,
}

/// Arguments of `files.open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// A file's path.
    pub path: String,
    /// Which revision; the newest if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// A file that can be read by ranges from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    /// The web by whose right it is read.
    pub web: WebId,
    /// What is read.
    pub content: ContentId,
    /// Bytes in all.
    pub size: ByteCount,
    /// The file's name.
    pub name: String,
    /// Its revision's number.
    pub revision: u64,
}

/// Arguments of `files.want`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Want {
    /// The web by whose right it is read.
    pub web: WebId,
    /// The content.
    pub content: ContentId,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// Says whether a wanted range can come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wanted {
    /// Whether somebody who has it is connected, or it is here.
    pub is_reachable: bool,
    /// Whether somebody who has it is being called: ask again in a moment.
    pub is_called: bool,
}

/// Arguments of `files.mirrored`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMirrored {
    /// The web.
    pub web: String,
}

/// The sealed copies of a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MirroredView {
    /// How it stands, in one sentence.
    pub what: String,
    /// What this computer keeps sealed for the web; none when it is no mirror of it.
    pub here: Option<StockView>,
    /// Other computers that keep sealed copies. Empty for a carrier, which can't tell.
    pub mirrors: Vec<MirrorView>,
    /// How many contents of the web are at a mirror, as members say.
    pub mirrored: u64,
    /// Their bytes.
    pub mirrored_bytes: ByteCount,
    /// How many contents on this computer wait until a mirror has them.
    pub waiting: u64,
    /// Their bytes.
    pub waiting_bytes: ByteCount,
}

/// What a mirror keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockView {
    /// How many sealed copies.
    pub copies: u64,
    /// Their bytes.
    pub bytes: ByteCount,
    /// How many bytes it keeps at most.
    pub quota: ByteCount,
}

/// A mirror of a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MirrorView {
    /// Whose computer it is.
    pub who: String,
    /// Whether it is connected now.
    pub is_here: bool,
    /// How many sealed copies it said to have.
    pub copies: u64,
    /// Their bytes.
    pub bytes: ByteCount,
    /// How many bytes it keeps at most.
    pub quota: ByteCount,
}
