//! Operations of `search`: where is what, over all webs, by name and by text.

use base::{ByteCount, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::{EntryKind, Freshness};
use crate::operation::operations;

operations! {
    Act "search.find" Find -> Found, "find {query}", "Finds files by their names and by what is in them, at everybody who is there; newest revisions only.", follow "search.more" => passing;
    Act "search.more" More -> Found, "", "Tells what else has been found, as soon as there is something new." => passing;
    Act "search.keep" Keep -> KeptView, "keep {query}", "Keeps a search: it rings when something new or newer matches.", says "{query} is kept; what comes from now on rings.";
    Read "search.kept" AskKept -> Kept, "kept", "Lists kept searches and what they rang for.";
    Act "search.drop" DropKept -> KeptView, "drop {id}", "Drops a kept search.", says "{query} is kept no more.";
}

/// Arguments of `search.find`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// Words that must all occur, in any order; accents and case do not matter. Words in "quotes" must follow each
    /// other.
    pub query: String,
    /// Only in this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Only what this person shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Only below this path, as in `family/alice/plans`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
    /// Only `folders`, `documents`, `pictures`, `audio`, `video`, `code`, or an ending such as `pdf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only what changed in so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Only files of at least so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_min: Option<u64>,
    /// Only files of at most so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_max: Option<u64>,
    /// Only what is on this computer; nobody is asked.
    #[serde(default)]
    pub here: bool,
    /// Only names; nobody is asked, and the last word may be unfinished.
    #[serde(default)]
    pub names: bool,
    /// Hits at most, 1 to 1,000; 50 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Arguments of `search.more`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct More {
    /// As `search.find` answered.
    pub id: String,
    /// The version that was seen; answered when there is a later one, at once if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
}

/// By what something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// Its name, or the folders it is in.
    Name,
    /// What is in it.
    Text,
    /// Both.
    NameAndText,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// Its name in its folder.
    pub name: String,
    /// The path from the web on.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its newest revision's number; none for what is not a file.
    pub revision: Option<u64>,
    /// The newest revision that is here; none when none is.
    #[schemars(extend("format" = "for-programs"))]
    pub have: Option<u64>,
    /// How the copy here stands to the newest.
    #[schemars(extend("format" = "for-programs"))]
    pub freshness: Option<Freshness>,
    /// Bytes; none for what is not a file.
    pub size: Option<ByteCount>,
    /// When it was last changed, by the owner's clock; none when unknown.
    pub changed: Option<Timestamp>,
    /// Labels of the people who have the newest revision, you as `you`.
    pub who: Vec<String>,
    /// Those of them whose computers are connected now, you as `you`.
    #[schemars(extend("format" = "for-programs"))]
    pub here_now: Vec<String>,
    /// By what it was found.
    pub by: FoundBy,
    /// In words what should be known: `newest`, `rev 2 at Carol, you have rev 1`, `found in rev 1; rev 2 is at Carol, last
    /// heard from 3 h ago`.
    pub note: String,
    /// A part of its text with the words; empty when it was found by its name only.
    pub snippet: String,
    /// Where the words stand in the snippet: byte ranges of its UTF-8, ascending.
    #[schemars(extend("format" = "for-programs"))]
    pub marks: Vec<(u32, u32)>,
    /// Other places that hold the same content, as paths.
    pub copies: Vec<String>,
}

/// What was found so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// Best first; copies of one content are one hit.
    pub hits: Vec<Hit>,
    /// Whether there are more than were asked for.
    pub has_more: bool,
    /// `asking` or `done`.
    pub state: String,
    /// Whether nothing more comes.
    #[schemars(extend("format" = "for-programs"))]
    pub is_over: bool,
    /// People who answered, you among them.
    pub answered: u32,
    /// People of the webs that were asked about, you among them.
    pub members: u32,
    /// In words who did not answer, and what was wrong with answers; empty when nothing.
    pub why: String,
    /// In words who was asked: a broker for how many, and how many did not need to be; empty when everybody was.
    pub how: String,
    /// Passed on to `search.more`.
    #[schemars(extend("format" = "for-programs"))]
    pub id: String,
    /// Counts what was told.
    #[schemars(extend("format" = "for-programs"))]
    pub version: u64,
}

/// Arguments of `search.keep`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// As for `search.find`.
    pub query: String,
    /// Only in this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `search.kept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskKept {}

/// Arguments of `search.drop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropKept {
    /// The kept search's id, or its beginning.
    pub id: String,
}

/// A kept search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptView {
    /// What is looked for.
    pub query: String,
    /// In which web; all when empty.
    pub web: String,
    /// Since when.
    pub since: Timestamp,
    /// How often it rang.
    pub rang: u64,
    /// What it rang for, newest first.
    pub news: Vec<RingView>,
    /// Its id.
    pub id: String,
}

/// What a kept search rang for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RingView {
    /// Where it is.
    pub path: String,
    /// Which revision.
    pub revision: u64,
    /// When this peer learned of it.
    pub at: Timestamp,
}

/// Kept searches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Newest first.
    pub searches: Vec<KeptView>,
}
