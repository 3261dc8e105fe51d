//! Operations of `pages`: links and backlinks, sites, documents whose components stay with their owners.
//!
//! A link is written `althing:…` (spec pages, rules 1 to 8). Wherever a link is asked for, the copy for mail programs,
//! `http://althing.localhost/go/…`, and a path of the tree are taken as well.

use base::{ByteCount, ContentId, Timestamp, WebId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::EntryKind;
use crate::operation::operations;

operations! {
    Read "pages.link" MakeLink -> LinkView, "link {path}", "Makes a link to a file, a folder, a person or a web: it goes on leading there when that is renamed, moved or changed.", says "{link}";
    Read "pages.resolve" Resolve -> LinkView, "follow {link}", "Shows what a link leads to, how fresh that is, and if it leads nowhere, why.";
    Read "pages.backlinks" AskBacklinks -> Backlinks, "backlinks {link}", "Lists what links to something: documents and pages of everybody.";
    Act "pages.publish" Publish -> SiteView, "page publish {name} {folder}", "Makes a folder a site that members open in their browsers.", says "{name} is published: {address}";
    Read "pages.sites" AskSites -> Sites, "page list {web?}", "Lists the sites of your webs.";
    Act "pages.unpublish" Unpublish -> SiteView, "page remove {name}", "Takes a site of yours away; the folder stays as it is, shared or not.", says "{name} is no longer published.";
    Read "pages.versions" AskVersions -> Versions, "page versions {site}", "Lists when a site changed; each version can be opened as far as somebody has its files.";
    Read "pages.site" FindSite -> SiteSpot, "", "Finds the site that a browser's address names.";
    Read "pages.site_file" FindSiteFile -> SiteFile, "", "Finds a file of a site by the path in a browser's address.";
    Act "pages.new" NewDocument -> DocumentRow, "doc new {web} {title}", "Begins a document that everybody in the web can write in.", says "{title} has begun: {link}";
    Read "pages.documents" AskDocuments -> Documents, "doc list {web?}", "Lists documents, last changed first.";
    Read "pages.document" AskDocument -> Document, "doc show {document}", "Shows a document: its text, its components with their states, who wrote it.";
    Act "pages.write" Write -> Edited, "doc write {document} {text}", "Makes a document's text this; what others write meanwhile is kept beside.", says "Written: version {version}.";
    Act "pages.append" Append -> Edited, "doc add {document} {text}", "Adds a paragraph to a document: text, or a link, which becomes a component.", says "Added: version {version}.";
    Act "pages.edit" Edit -> Edited, "", "Takes edits of a text that a person types." => passing;
    Read "pages.changes" AskChanges -> Changes, "", "Tells the edits of a text since a version.";
    Act "pages.here" Here -> Cursors, "", "Says where a person's cursor is, and tells where others' are." => passing;
    Read "pages.document_history" AskDocumentHistory -> DocumentHistory, "doc history {document}", "Lists who changed a document when.";
    Act "pages.restore" RestoreDocument -> Edited, "doc restore {document} {change}", "Gives a document the text it had after a change; that is one more change.", says "Restored: version {version}.";
    Act "pages.remove" RemoveDocument -> DocumentRow, "doc remove {document}", "Takes a document off the list for everybody; its owner or an admin can bring it back.", says "{title} is removed; althing doc bring-back brings it back.";
    Act "pages.bring_back" BringBack -> DocumentRow, "doc bring-back {document}", "Brings a removed document back.", says "{title} is back: {link}";
    Read "pages.news" AskWhatsNew -> WhatsNew, "new {web?}", "Lists what is new in your webs: documents, sites, files, links to what is yours.";
}

/// Arguments of `pages.link`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeLink {
    /// A path of the tree, or a link that is to get a range.
    pub path: String,
    /// A range: `lines=3-9`, `section=Title`, `page=2`, `cells=Sheet1!A1:C9` or `t=10,20` (seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Only this revision, for ever; its newest one at each time if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// Arguments of `pages.resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// A link, or a path.
    pub link: String,
}

/// How what a link leads to is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// The newest revision, as heard from somebody who is here, or from this computer.
    Live,
    /// The newest revision known, but whoever can change it is not here now.
    Stale,
    /// One revision, whatever came after.
    Pinned,
    /// In a web you do not belong to, or not for you.
    Denied,
    /// Gone, or never there.
    Missing,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkView {
    /// The link as it is written, range and all.
    pub link: String,
    /// The same for programs that only know `http:` addresses; it works on computers with Althing.
    pub copy: String,
    /// `file`, `folder`, `content`, `person`, `document`, `query` or `web`.
    pub kind: String,
    /// What it is called now.
    pub title: String,
    /// The path now; empty when it has none.
    pub path: String,
    /// How it is.
    pub state: LinkState,
    /// In words what should be known; for `denied` and `missing`, why.
    pub note: String,
    /// Whose it is, as a label; empty when nobody's.
    pub owner: String,
    /// The web's label; empty when it is not known here.
    pub web: String,
    /// The revision it shows; none for what has none.
    pub revision: Option<u64>,
    /// The range, as in `lines=3-9`; empty for the whole.
    pub part: String,
    /// Bytes of the whole file; none for what is not a file.
    pub size: Option<ByteCount>,
    /// When it was last changed, by its owner's clock.
    pub changed: Option<Timestamp>,
    /// The content it shows.
    pub content: Option<ContentId>,
    /// The query of a link to one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
}

/// Arguments of `pages.backlinks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBacklinks {
    /// A link, or a path.
    pub link: String,
}

/// Something that links here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BacklinkView {
    /// What it is called.
    pub title: String,
    /// Its path; empty for documents.
    pub path: String,
    /// A link to it.
    pub link: String,
    /// The words of the link there.
    pub text: String,
    /// The line it stands in, from 1.
    pub line: u64,
    /// Which part of this is meant; empty for the whole.
    pub part: String,
    /// Whose it is; for documents, who began it.
    pub who: String,
    /// When it was last changed.
    pub at: Timestamp,
}

/// Who links here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backlinks {
    /// Newest first, at most 1,000.
    pub links: Vec<BacklinkView>,
}

/// Arguments of `pages.publish`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// What the site is called: 1 to 20 letters a to z, digits and single hyphens.
    pub name: String,
    /// A folder on the computer of this peer, as an absolute path: one that is shared, or within one.
    #[schemars(extend("format" = "local-path"))]
    pub folder: String,
    /// In which web; the one where the folder is shared, if not said. A folder that is not shared yet is shared there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `pages.sites`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSites {
    /// Only this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteView {
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub owner: String,
    /// In which web.
    pub web: String,
    /// The name in a browser's address, before `.localhost`: `notes--alice--family`.
    pub label: String,
    /// `web/person/name`, as commands take it.
    pub site: String,
    /// The browser's address, once the port is known; `althing page open` opens it.
    pub address: String,
    /// The folder, as a path of the tree.
    pub path: String,
    /// A link to the folder.
    pub link: String,
    /// When it last changed, by its owner's clock.
    pub changed: Option<Timestamp>,
    /// In words how it is: `newest`, `alice is away; 3 of 12 files are not here`.
    pub note: String,
    /// Whether it is yours.
    pub is_own: bool,
}

/// Sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sites {
    /// In order of webs, owners, names.
    pub sites: Vec<SiteView>,
}

/// Arguments of `pages.unpublish`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unpublish {
    /// The site's name, or `web/you/name`.
    pub name: String,
}

/// Arguments of `pages.versions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskVersions {
    /// `web/person/name`, a label, or the name alone.
    pub site: String,
}

/// One version of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionView {
    /// When it changed, by its owner's clock.
    pub at: Timestamp,
    /// Files that changed then.
    pub files: Vec<String>,
    /// The name in a browser's address.
    pub label: String,
    /// The browser's address.
    pub address: String,
}

/// The versions of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Versions {
    /// Newest first, at most 1,000.
    pub versions: Vec<VersionView>,
}

/// Arguments of `pages.site`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindSite {
    /// `notes--alice--family`, and `--` with a time in hex for an old version.
    pub label: String,
}

/// A site, for whoever serves it to a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteSpot {
    /// The site; none when there is none of that label.
    pub site: Option<SiteView>,
    /// Whether there was one of that label before: browsers are told to forget it.
    pub was_there: bool,
    /// Which version; none for the newest.
    pub at: Option<Timestamp>,
}

/// Arguments of `pages.site_file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindSiteFile {
    /// As for `pages.site`.
    pub label: String,
    /// The path below the site, decoded, without a slash at its beginning.
    pub path: String,
}

/// A file of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteFile {
    /// `file`, `folder`, or `missing`.
    pub kind: String,
    /// The path of the tree.
    pub path: String,
    /// The revision to open.
    pub revision: Option<u64>,
    /// Its content; none while its owner has not read it.
    pub content: Option<ContentId>,
    /// Bytes.
    pub size: Option<ByteCount>,
    /// The web.
    pub web: Option<WebId>,
    /// In words what should be known.
    pub note: String,
    /// What is in a folder, folders and files, at most 1,000 in order of names.
    pub entries: Vec<SiteEntry>,
}

/// Something in a folder of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteEntry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes; none for a folder.
    pub size: Option<ByteCount>,
}

/// Arguments of `pages.new`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDocument {
    /// The web.
    pub web: String,
    /// Its title, 1 to 200 characters; it becomes the first heading of the text, which is the title from then on.
    pub title: String,
    /// The text after the title, Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentRow {
    /// Its title: the first heading of its text.
    pub title: String,
    /// In which web.
    pub web: String,
    /// Who began it.
    pub owner: String,
    /// Who changed it last.
    pub changed_by: String,
    /// When, by that person's clock.
    pub changed: Timestamp,
    /// How many components it has.
    pub components: u64,
    /// A link to it.
    pub link: String,
    /// Whether it is removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_removed: bool,
    /// Its id.
    pub id: String,
}

/// Arguments of `pages.documents`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDocuments {
    /// Only this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Also those that were removed.
    #[serde(default)]
    pub removed: bool,
}

/// Documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Documents {
    /// Last changed first, at most 10,000.
    pub documents: Vec<DocumentRow>,
}

/// Arguments of `pages.document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDocument {
    /// Its id, its link, or its title if no other has it.
    pub document: String,
    /// As it was after this change of its history; now if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Whether to tell who wrote what.
    #[serde(default)]
    pub who: bool,
}

impl AskDocument {
    /// Asks for a document as it is now.
    pub fn of(document: String) -> Self {
        Self { document, change: None, who: false }
    }
}

/// A component of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentView {
    /// The line of the text that names it, from 1.
    pub line: u64,
    /// What the document says about it.
    pub caption: String,
    /// What it leads to now.
    pub target: LinkView,
}

/// Part of a text by one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpanView {
    /// Where it begins: UTF-16 code units from the beginning of the text.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    /// Who wrote it.
    pub who: String,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// What lists say of it.
    pub about: DocumentRow,
    /// Its text, Markdown. A paragraph that is only a picture whose address is a link, `![caption](althing:…)`, is a component.
    pub text: String,
    /// The number of edits this peer has put into it since it opened it; for `pages.edit`.
    pub version: u64,
    /// Its components in order of lines.
    pub components: Vec<ComponentView>,
    /// Who wrote what, in order, without gaps; empty unless asked for.
    pub spans: Vec<SpanView>,
    /// Whether you may write in it.
    pub can_write: bool,
    /// In words what should be known: who of its writers is away, what waits for whom; empty when nothing.
    pub note: String,
}

/// Arguments of `pages.write`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Its id, its link, or its title.
    pub document: String,
    /// The whole text, Markdown, at most 1 MiB.
    pub text: String,
}

/// Arguments of `pages.append`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// Its id, its link, or its title.
    pub document: String,
    /// A paragraph of Markdown, or a link or a path of the tree, which becomes a component.
    pub text: String,
    /// With a path: which part of it, as in `cells=A1:C9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// With a path: what to say about it; its name if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// One edit of a text, as `ChangeSet.toJSON` of `CodeMirror` writes it: numbers keep so many UTF-16 code units, arrays
/// `[removed, line, line…]` put lines in their place.
pub type ChangeSet = serde_json::Value;

/// Arguments of `pages.edit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Its id.
    pub document: String,
    /// The version the first edit was made on.
    pub version: u64,
    /// Which editor, drawn at random by it: it knows its own edits again in `pages.changes`.
    pub client: String,
    /// Edits one after another, at most 100.
    pub edits: Vec<ChangeSet>,
}

/// How edits were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edited {
    /// Whether they were taken; not, when there is a later version: ask for its changes and try again.
    pub is_taken: bool,
    /// The version now.
    pub version: u64,
}

/// Arguments of `pages.changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskChanges {
    /// Its id.
    pub document: String,
    /// Tell what came after this version.
    pub since: u64,
}

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeView {
    /// Which editor made it; empty for what came from other computers.
    pub client: String,
    /// What it changed.
    pub edit: ChangeSet,
}

/// Edits of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// In order; the first makes version `since` + 1.
    pub changes: Vec<ChangeView>,
    /// The version now.
    pub version: u64,
    /// Whether edits after `since` are known no more: read the document anew.
    pub is_cut_off: bool,
}

/// Arguments of `pages.here`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Here {
    /// Its id.
    pub document: String,
    /// Where the selection begins and the cursor stands, in UTF-16 code units of the newest version; none when the
    /// person only reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<(u64, u64)>,
    /// Whether the person closes it.
    #[serde(default)]
    pub leaves: bool,
}

/// Where somebody is in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CursorView {
    /// Who.
    pub who: String,
    /// Which computer, so that two of one person's are two.
    pub device: String,
    /// The person's id: its mark and colour come from it.
    pub person: String,
    /// Where the selection begins and the cursor stands, in the version told; none when they only read.
    pub cursor: Option<(u64, u64)>,
}

/// Who is in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cursors {
    /// Others who have it open now.
    pub cursors: Vec<CursorView>,
    /// To which version the places belong.
    pub version: u64,
}

/// Arguments of `pages.document_history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDocumentHistory {
    /// Its id, its link, or its title.
    pub document: String,
}

/// One change of a document: what one person wrote in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentChange {
    /// Who.
    pub who: String,
    /// When it ended, by their clock.
    pub at: Timestamp,
    /// Characters put in.
    pub added: u64,
    /// Characters taken out.
    pub removed: u64,
    /// A part of what was put in.
    pub excerpt: String,
    /// Names it, for `doc restore` and `doc show`.
    pub change: String,
}

/// Changes of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentHistory {
    /// Newest first, at most 1,000.
    pub changes: Vec<DocumentChange>,
}

/// Arguments of `pages.restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreDocument {
    /// Its id, its link, or its title.
    pub document: String,
    /// As `doc history` names it.
    pub change: String,
}

/// Arguments of `pages.remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveDocument {
    /// Its id, its link, or its title.
    pub document: String,
}

/// Arguments of `pages.bring_back`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BringBack {
    /// Its id, its link, or its title.
    pub document: String,
}

/// Arguments of `pages.news`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskWhatsNew {
    /// Only this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Items at most, 1 to 1,000; 100 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Something new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewView {
    /// `document`, `site`, `file` or `link`.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// What happened, in words: `rev 3`, `begun`, `links to plans.md`.
    pub what: String,
    /// Who did it.
    pub who: String,
    /// In which web.
    pub web: String,
    /// When this peer learned of it.
    pub at: Timestamp,
    /// Its path; empty for documents.
    pub path: String,
    /// A link to it.
    pub link: String,
}

/// What is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhatsNew {
    /// Newest first.
    pub news: Vec<NewView>,
}
