//! The work that `search` gives to the index driver, and what it reports: all kinds, in one place.
//!
//! Each web has an index of its own, so that no number in an answer tells of another web. The index can be made
//! again from rows and contents at any time. Everything here stays inside one process, but for [`Texts`] and
//! [`Snippet`], which are also what peers answer each other.

use base::{ContentId, FileId, WebId};
use files::jobs::Source;
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;

use crate::summary::WordKey;

pub use wire::to_bytes;

/// Takes changes into a web's index and commits them: input [`Update`], end [`Updated`].
pub const UPDATE: &str = "search.update";
/// Asks a web's index: input [`Query`], end [`Answer`]. A web without an index answers that it has nothing.
pub const QUERY: &str = "search.query";
/// Makes snippets of texts that are known to match: input [`Show`], end [`Shown`].
pub const SHOW: &str = "search.show";
/// Removes a web's index: input [`Forget`], end: nothing (empty bytes). Unknown webs are fine.
pub const FORGET: &str = "search.forget";

/// Makes a filter of the words in a web's index: input [`Summarize`], end [`Summarized`].
pub const SUMMARIZE: &str = "search.summarize";

/// Notice of the driver: a web's index was damaged and has been removed; report [`Lost`]. All has to be told anew.
pub const LOST: &str = "search.lost";

/// Names or texts in one [`Update`] at most.
pub const ITEMS_MAX: usize = 500;
/// Words of a query at most; further ones are ignored.
pub const WORDS_MAX: usize = 16;
/// Names in one answer at most.
pub const NAMES_MAX: u32 = 1_000;
/// Texts in one answer at most: with their snippets they fit a message of 64 KiB.
pub const TEXTS_MAX: u32 = 64;
/// Snippets of one answer at most, and of one question in one's own page: the best ones. Ten or so are looked at, and a
/// snippet costs more than all the rest of a hit.
pub const SNIPPETS_MAX: usize = 16;
/// Bytes of a snippet at most.
pub const SNIPPET_SIZE_MAX: usize = 400;
/// Bytes of one job or report at most.
pub const REPORT_SIZE_MAX: usize = 8 * 1024 * 1024;

/// Reads a job's input or report.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}

/// Input of [`UPDATE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Update {
    /// Whose index.
    #[n(0)]
    pub web: WebId,
    /// Names that came, changed or went.
    #[n(1)]
    pub names: Vec<NameItem>,
    /// Texts that came or went.
    #[n(2)]
    pub texts: Vec<TextItem>,
}

/// A name in an [`Update`]; told again, it replaces what was told before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NameItem {
    /// The share's number on this peer.
    #[n(0)]
    pub number: u64,
    /// The file, folder or link.
    #[n(1)]
    pub file: FileId,
    /// Its path below the person, share first: `share/folder/name`; none when it is gone.
    #[n(2)]
    pub path: Option<String>,
}

/// A text in an [`Update`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TextItem {
    /// The content.
    #[n(0)]
    pub content: ContentId,
    /// Where it is; none when it is no longer to be found here.
    #[n(1)]
    pub document: Option<Document>,
}

/// A content on this computer that may have text in it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Document {
    /// A name it has, which tells its format.
    #[n(0)]
    pub name: String,
    /// Bytes.
    #[n(1)]
    pub size: u64,
    /// Where.
    #[n(2)]
    pub source: Source,
}

/// End of [`UPDATE`]: all but these is in the index, durably.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Updated {
    /// Contents that have no text that could be read, with the reason in words; they count as told.
    #[n(0)]
    pub unread: Vec<Unread>,
}

/// A content whose text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Unread {
    /// Which.
    #[n(0)]
    pub content: ContentId,
    /// Why, in words.
    #[n(1)]
    pub why: String,
    /// Whether it is so for good: the document has no text that can be read. Else its bytes could not be had just now.
    #[n(2)]
    pub is_lasting: bool,
}

/// Input of [`QUERY`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Query {
    /// Whose index.
    #[n(0)]
    pub web: WebId,
    /// Folded words ([`crate::words`]), all of which must occur; at most [`WORDS_MAX`].
    #[n(1)]
    pub words: Vec<String>,
    /// Groups of at least two words that must follow each other: index of the first word and how many.
    #[n(2)]
    pub phrases: Vec<Phrase>,
    /// Whether the last word may be only the beginning of one: somebody is still typing. In names only.
    #[n(3)]
    pub is_typing: bool,
    /// Names wanted at most; 0 for none.
    #[n(4)]
    pub names: u32,
    /// Texts wanted at most; 0 for none.
    #[n(5)]
    pub texts: u32,
    /// Of how many of these, the best by their score, a snippet is wanted; at most [`SNIPPETS_MAX`].
    #[n(6)]
    pub snippets: u32,
}

/// Words that must follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Phrase {
    /// Index of the first.
    #[n(0)]
    pub first: u32,
    /// How many.
    #[n(1)]
    pub count: u32,
}

/// End of [`QUERY`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// Names, best first.
    #[n(0)]
    pub names: Vec<NameHit>,
    /// How many names there are in all.
    #[n(1)]
    pub names_total: u64,
    /// Texts.
    #[n(2)]
    pub texts: Texts,
}

/// A name that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct NameHit {
    /// The share's number on this peer.
    #[n(0)]
    pub number: u64,
    /// The file, folder or link.
    #[n(1)]
    pub file: FileId,
    /// How well, between hits of one query: whole words above beginnings above misspellings, in the name above in
    /// the folders. Greater is better.
    #[n(2)]
    pub score: u32,
}

/// Texts that match, with what another peer needs to rank them among those of others: counts, not scores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Texts {
    /// Texts in this index.
    #[n(0)]
    pub documents: u64,
    /// Words in all of them.
    #[n(1)]
    pub length: u64,
    /// For each word of the query: in how many texts of this index it occurs.
    #[n(2)]
    pub found_in: Vec<u64>,
    /// The best by this index's own counts, each content once.
    #[n(3)]
    pub hits: Vec<TextHit>,
}

/// A text that matches.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TextHit {
    /// The content.
    #[n(0)]
    pub content: ContentId,
    /// How often each word of the query occurs.
    #[n(1)]
    pub counts: Vec<u32>,
    /// Words in the text.
    #[n(2)]
    pub length: u32,
    /// A part of the text with words of the query, plain text on one line; empty where none was wanted.
    #[n(3)]
    pub snippet: String,
    /// Where words of the query stand in the snippet: byte ranges, ascending.
    #[n(4)]
    pub marks: Vec<(u32, u32)>,
}

/// Input of [`SHOW`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Show {
    /// Whose indexes to look in, in this order.
    #[n(0)]
    pub webs: Vec<WebId>,
    /// As in a [`Query`].
    #[n(1)]
    pub words: Vec<String>,
    /// As in a [`Query`].
    #[n(2)]
    pub phrases: Vec<Phrase>,
    /// Of which texts; at most [`SNIPPETS_MAX`].
    #[n(3)]
    pub contents: Vec<ContentId>,
}

/// End of [`SHOW`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Shown {
    /// Those that are in the indexes and have any of the words.
    #[n(0)]
    pub snippets: Vec<Snippet>,
}

/// A part of a text, as in [`TextHit`]; what peers answer each other, too.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Snippet {
    /// Of which content.
    #[n(0)]
    pub content: ContentId,
    /// Plain text on one line.
    #[n(1)]
    pub snippet: String,
    /// Where words of the query stand in it: byte ranges, ascending.
    #[n(2)]
    pub marks: Vec<(u32, u32)>,
}

/// Input of [`FORGET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Forget {
    /// Whose index.
    #[n(0)]
    pub web: WebId,
}

/// Input of [`SUMMARIZE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Summarize {
    /// Whose index.
    #[n(0)]
    pub web: WebId,
    /// What makes numbers of words.
    #[n(1)]
    pub key: WordKey,
}

/// End of [`SUMMARIZE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Summarized {
    /// As [`crate::summary::build`] makes it; none when there are too many words.
    #[n(0)]
    pub filter: Option<Bytes>,
}

/// Report of [`LOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Lost {
    /// Whose index.
    #[n(0)]
    pub web: WebId,
}
