//! Operations of the running peer itself, answered outside of the kernel.

use base::{ByteCount, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;
use crate::people::Done;

operations! {
    Read "host.status" AskStatus -> Status, "status", "Shows how this peer is.";
    Read "host.net" AskNet -> Net, "net", "Shows your webs' computers: how you are connected with each, and why not.";
    Act "host.lan" SetLan -> Done, "net lan {lan}", "Switches finding others on the local network (mDNS) on or off.", says "{what}";
    Act "host.dht" SetDht -> Done, "net dht {dht}", "Switches finding members in the BitTorrent DHT on or off, for when all known addresses have changed.", says "{what}";
    Act "host.page" MakePageLink -> PageLink, "page", "Makes a link that opens the page in a browser; good once, for 30 seconds.", says "{link}";
    Act "host.open_site" OpenSite -> PageLink, "page open {site}", "Makes a link that opens a site in a browser; good once, for 30 seconds.", says "{link}";
    Act "host.component" AskComponent -> Component, "show {link}", "Shows what a link leads to: lines of a text, cells of a table, a page, hits of a query." => passing;
    Act "host.export_document" ExportDocument -> ExportedDocument, "doc export {document} {to}", "Writes a document with all its components as they are now, and a list of their sources.", says "{file} is written; {sources} sources.";
    Act "host.export" Export -> Done, "export {web} {folder}", "Writes all signed entries of a web into a folder, for reading by other programs.", says "{what}";
    Act "host.words" AskWords -> Words, "words show", "Shows your 24 recovery words, until you have written them down.";
    Act "host.new_words" AskNewWords -> Words, "", "Makes new recovery words in place of the old ones, and shows them; they count once you have said three of them.";
    Act "host.words_kept" KeepWords -> Done, "words check {words}", "Says three of your recovery words, so that this computer can forget them; new ones count from then on.", says "{what}";
    Act "host.recover" Recover -> Done, "", "Comes back as the person of 24 recovery words, on a computer that belongs to nobody yet.", says "{what}";
    Act "host.stop" Stop -> Done, "stop", "Stops this peer.", says "{what}";
}

/// Arguments of `host.status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskStatus {}

/// How a peer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Your name; empty until you have said it.
    pub name: String,
    /// In words, the truth in one sentence: `2 of 3 people are here, 1 transfer runs`.
    pub now: String,
    /// Persons of all your webs connected now, without you.
    pub people_here: u64,
    /// Persons of all your webs, without you.
    pub people: u64,
    /// Transfers that run or wait.
    pub transfers: u64,
    /// Where the page is.
    pub page: String,
    /// Where the home is.
    pub home: String,
    /// What protects its secrets on the disk, in words.
    pub keys: String,
    /// Bytes of contents kept in the home.
    pub kept: ByteCount,
    /// Bytes of contents given to others since the peer started.
    pub given: ByteCount,
    /// Free bytes on its disk.
    pub free: ByteCount,
    /// Addresses other peers can reach.
    pub addresses: Vec<String>,
    /// Services that are paused, with the reason; empty is good.
    pub paused: Vec<String>,
    /// Whether there are recovery words here that wait to be written down.
    pub words_waiting: bool,
    /// Since when the peer runs.
    pub since: Timestamp,
    /// The number of the last event.
    pub last_event: u64,
    /// Althing's version.
    pub version: String,
}

/// Arguments of `host.words`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskWords {}

/// Arguments of `host.new_words`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskNewWords {
    /// Your 24 words until now; empty if they were never written down and are still here.
    #[serde(default)]
    pub words: String,
    /// Computers that are not yours and end with the old words, by name or first digits of the id.
    #[serde(default)]
    pub revoke: Vec<String>,
}

/// Your recovery words. A secret: whoever has them can become you.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Words {
    /// All 24, in their order.
    pub words: Vec<Word>,
    /// The places of those that are to be said again.
    pub check: Vec<u32>,
    /// Where you and members of your webs are found; belongs on the same paper.
    pub address: String,
}

/// One recovery word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// Its place, from 1.
    pub place: u32,
    /// The word.
    pub word: String,
}

/// Arguments of `host.words_kept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepWords {
    /// The three words that were asked for, in order, with spaces between.
    pub words: String,
}

/// Arguments of `host.recover`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// All 24 words, as they were written down.
    pub words: String,
    /// Where a member is found: what `althing address` says there, or any invitation of a web of yours, also an old one.
    pub address: String,
}

/// Arguments of `host.net`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskNet {
    /// Only computers of this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// How packets get to a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// It is this computer.
    This,
    /// Straight, inside the local network.
    Lan,
    /// Straight, over the internet.
    Direct,
    /// Through a relay.
    Relayed,
    /// Being tried.
    Trying,
    /// Not at all.
    None,
}

/// A computer of one of your webs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComputerView {
    /// Whose it is, as in `family/Bob`.
    pub name: String,
    /// The webs you have in common.
    pub webs: Vec<String>,
    /// How it is connected.
    pub connection: Connection,
    /// The address packets go to; for `relayed` the relay.
    pub via: String,
    /// Round trip of the path in use, microseconds.
    pub round_trip_us: Option<u64>,
    /// Received from it per second, lately.
    pub receiving: ByteCount,
    /// Sent to it per second, lately.
    pub sending: ByteCount,
    /// What it does for its webs: `relay`, `mirror`, `broker`.
    pub serves: Vec<String>,
    /// Bytes of sealed copies it keeps at most, when it is a mirror.
    pub mirror: Option<ByteCount>,
    /// Whether it carries without reading.
    pub is_carrier: bool,
    /// When it was last heard from; none when never.
    pub last_heard: Option<Timestamp>,
    /// Why it can't be reached, in words; empty when it can.
    pub why: String,
    /// What can be done about it; empty when nothing need be.
    pub remedy: String,
    /// Its key.
    pub device: base::DeviceId,
}

/// Your webs' computers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Net {
    /// In words: `3 of 5 computers are connected, 1 of them through a relay`.
    pub now: String,
    /// This one first, then those that serve, then by name.
    pub computers: Vec<ComputerView>,
    /// Where others can reach this computer.
    pub addresses: Vec<String>,
    /// The relay that carries for this computer when nothing else does; empty when there is none.
    pub relay: String,
    /// Whether others are looked for on the local network.
    pub lan: bool,
    /// Whether members are looked for in the BitTorrent DHT, and find this computer there.
    pub dht: bool,
    /// When the DHT last took where this computer is; none when never.
    pub dht_stored: Option<Timestamp>,
}

/// Arguments of `host.lan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLan {
    /// `on` or `off`.
    pub lan: Lan,
}

/// Whether others are looked for on the local network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lan {
    /// They are.
    On,
    /// They are not: right for networks of strangers.
    Off,
}

/// Arguments of `host.dht`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDht {
    /// `on` or `off`.
    pub dht: Dht,
}

/// Whether members find each other in the BitTorrent DHT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dht {
    /// They do: some twenty strangers an hour see that this address keeps something there.
    On,
    /// They do not.
    Off,
}

/// Arguments of `host.page`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakePageLink {}

/// A link to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageLink {
    /// Opens the page once, within 30 seconds.
    pub link: String,
}

/// Arguments of `host.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The web.
    pub web: String,
    /// A folder on the computer of this peer; made if missing.
    #[schemars(extend("format" = "local-path"))]
    pub folder: String,
}

/// Arguments of `host.stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {}

/// Arguments of `host.open_site`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSite {
    /// `web/person/name`, a label as in `notes--alice--family`, or the name alone.
    pub site: String,
}

/// Arguments of `host.component`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskComponent {
    /// A link or a path.
    pub link: String,
    /// With a path: which part, as in `cells=A1:C9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The first row of a table to show, from 0.
    #[serde(default)]
    pub first_row: u64,
    /// Rows at most, 1 to 1,000; 100 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u32>,
    /// Links of documents this one is shown within, outermost first: one that leads back to one of them is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("format" = "for-programs"))]
    pub within: Vec<String>,
}

/// A table, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableView {
    /// The sheet shown; empty for files without.
    pub sheet: String,
    /// All sheets.
    pub sheets: Vec<String>,
    /// What columns are called: A, B, …
    pub columns: Vec<String>,
    /// Cells as a person reads them.
    pub rows: Vec<Vec<String>>,
    /// The place of the first row here, from 0, among those asked for.
    pub first_row: u64,
    /// How many rows there are in all.
    pub rows_total: u64,
    /// Whether the first row names the columns.
    pub has_header: bool,
}

/// What a link leads to, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// What it leads to, with its state.
    pub target: crate::pages::LinkView,
    /// How to show it: `table`, `html`, `text`, `picture`, `pdf`, `video`, `audio`, `hits`, `document`, `person`, `folder`,
    /// `file` (its name only) or `nothing` (the target's note says why).
    pub show: String,
    /// In words why it can't be shown, or what was left out; empty when nothing.
    pub why: String,
    /// For `html`: sanitised, fit to be put into the page.
    pub html: String,
    /// For `text`.
    pub text: String,
    /// For `text`: the number of its first line.
    pub first_line: u64,
    /// For `table`.
    pub table: Option<TableView>,
    /// For `hits`, at most 50.
    pub hits: Vec<crate::search::Hit>,
    /// For `document`: its own components, with their lines.
    pub components: Vec<crate::pages::ComponentView>,
    /// For `pdf` and `html`: pages in all; none when unknown.
    pub pages: Option<u64>,
}

/// Into what a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DocumentFormat {
    /// One file with everything in it.
    Html,
    /// Markdown; tables as text.
    Markdown,
    /// For word processors.
    Docx,
    /// For paper.
    Pdf,
}

/// Arguments of `host.export_document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportDocument {
    /// Its id, its link, or its title.
    pub document: String,
    /// A file that does not exist yet, on the computer of this peer, as an absolute path; its ending says the format:
    /// `.html`, `.md`, `.docx` or `.pdf`.
    #[schemars(extend("format" = "local-path"))]
    pub to: String,
    /// The format, if the ending should not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DocumentFormat>,
}

/// A document that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportedDocument {
    /// Where.
    pub file: String,
    /// Bytes.
    pub size: ByteCount,
    /// Sources named at its end.
    pub sources: u64,
    /// Components that could not be shown, with the reason.
    pub missing: Vec<String>,
}
