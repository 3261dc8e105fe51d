//! What members tell each other about files: the bodies of the records of `files` (spec files, rules 1 to 12).
//!
//! Written by one member, read by all others: hostile until [`read`] has checked every limit. Not for: what a
//! statement changes (`apply.rs`).

use base::{ContentId, DeviceId, FileId, KeyId, RevisionId, ShareId, Timestamp};
use minicbor::{Decode, Encode};
use wire::WireError;

use crate::tables::Kind;

/// The newest format this program reads and the one it writes.
pub const VERSION: u16 = 1;
/// Bytes of one record's body at most (`wire::record::RECORD_SIZE_MAX` is the envelope's limit).
pub const BODY_SIZE_MAX: usize = 128 * 1024;
/// Bytes of a body we write, about: small enough that the first files are seen while the last are walked.
pub const BODY_SIZE_GOAL: usize = 60 * 1024;
/// Items in one statement at most.
pub const ITEMS_MAX: usize = 4_096;
/// Bytes of a path at most.
pub const PATH_SIZE_MAX: usize = 4_096;
/// Bytes of a share's name at most.
pub const NAME_SIZE_MAX: usize = 255;
/// Parents of a revision at most.
pub const PARENTS_MAX: usize = 16;
/// Greatest number on the wire: what JSON readers keep exactly (2^53 - 1).
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The body of a record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Body {
    #[n(0)]
    version: u16,
    #[n(1)]
    statement: Statement,
}

/// One thing said (rule 2).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Statement {
    /// I show a folder under this name, or call it so from now on.
    #[n(0)]
    Declared {
        /// Which share.
        #[n(0)]
        share: ShareId,
        /// Its name.
        #[n(1)]
        name: String,
    },
    /// I no longer show it.
    #[n(1)]
    Ended {
        /// Which share.
        #[n(0)]
        share: ShareId,
    },
    /// These are in it: new, changed or renamed.
    #[n(2)]
    Listed {
        /// Which share.
        #[n(0)]
        share: ShareId,
        /// When, by the author's clock.
        #[n(1)]
        at: Timestamp,
        /// What.
        #[n(2)]
        entries: Vec<Listed>,
    },
    /// These revisions have these contents: no new revisions.
    #[n(3)]
    Hashed {
        /// Which share.
        #[n(0)]
        share: ShareId,
        /// Which.
        #[n(1)]
        items: Vec<Hashed>,
    },
    /// These are no longer in it.
    #[n(4)]
    Gone {
        /// Which share.
        #[n(0)]
        share: ShareId,
        /// When, by the author's clock.
        #[n(1)]
        at: Timestamp,
        /// Which.
        #[n(2)]
        items: Vec<Gone>,
    },
    /// I keep these contents of others and give them to members.
    #[n(5)]
    Held {
        /// Which.
        #[n(0)]
        contents: Vec<Held>,
    },
    /// I keep these no longer.
    #[n(6)]
    NoLongerHeld {
        /// Which.
        #[n(0)]
        contents: Vec<ContentId>,
    },
    /// A mirror keeps sealed copies of these; I sealed them.
    #[n(7)]
    Mirrored {
        /// The mirror's device.
        #[n(0)]
        mirror: DeviceId,
        /// Under which epoch key they are sealed.
        #[n(1)]
        key: KeyId,
        /// Which.
        #[n(2)]
        copies: Vec<Mirrored>,
    },
    /// What I said of copies of these at a mirror no longer holds.
    #[n(8)]
    NoLongerMirrored {
        /// The mirror's device.
        #[n(0)]
        mirror: DeviceId,
        /// Which contents.
        #[n(1)]
        contents: Vec<ContentId>,
    },
    /// These copies do not open, or open to something else: whoever has the contents can seal them and compare.
    #[n(9)]
    Wrong {
        /// Which, with the device that said of each that it had sealed it.
        #[n(0)]
        copies: Vec<WrongCopy>,
    },
}

/// A sealed copy at a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Mirrored {
    /// Of which content.
    #[n(0)]
    pub content: ContentId,
    /// The content's bytes.
    #[n(1)]
    pub size: u64,
    /// BLAKE3 of the sealed bytes.
    #[n(2)]
    pub sealed: ContentId,
}

/// A sealed copy that is not what its author said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct WrongCopy {
    /// Of which content it was said to be.
    #[n(0)]
    pub content: ContentId,
    /// BLAKE3 of the sealed bytes.
    #[n(1)]
    pub sealed: ContentId,
    /// Who said so.
    #[n(2)]
    pub author: DeviceId,
}

/// One entry of a share.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// The same through edits and renames.
    #[n(0)]
    pub file: FileId,
    /// Below the share, parts joined by `/`.
    #[n(1)]
    pub path: String,
    /// What it is.
    #[n(2)]
    pub kind: Kind,
    /// Bytes.
    #[n(3)]
    pub size: u64,
    /// When the file was changed, by the owner's clock.
    #[n(4)]
    pub changed: Timestamp,
    /// One more than the greatest number of its parents; 1 without parents.
    #[n(5)]
    pub number: u64,
    /// This revision.
    #[n(6)]
    pub revision: RevisionId,
    /// The revisions it follows.
    #[n(7)]
    pub parents: Vec<RevisionId>,
    /// Its content, where known.
    #[n(8)]
    pub content: Option<ContentId>,
    /// Where a link points.
    #[n(9)]
    pub target: Option<String>,
}

/// The content of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Hashed {
    /// Which file.
    #[n(0)]
    pub file: FileId,
    /// Which revision.
    #[n(1)]
    pub revision: RevisionId,
    /// Its content.
    #[n(2)]
    pub content: ContentId,
}

/// A deletion; itself a revision.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Gone {
    /// Which file.
    #[n(0)]
    pub file: FileId,
    /// As in [`Listed::number`].
    #[n(1)]
    pub number: u64,
    /// The deletion's own id.
    #[n(2)]
    pub revision: RevisionId,
    /// The revisions it follows.
    #[n(3)]
    pub parents: Vec<RevisionId>,
}

/// A content that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Held {
    /// Which.
    #[n(0)]
    pub content: ContentId,
    /// Its bytes.
    #[n(1)]
    pub size: u64,
}

impl Statement {
    /// Returns the body of a record.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(&Body { version: VERSION, statement: self.clone() })
    }
}

/// Reads the body of a record; every limit holds for what comes out (rules 1, 3, 4).
pub fn read(bytes: &[u8]) -> Result<Statement, WireError> {
    let body: Body = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
    if body.version != VERSION {
        return Err(WireError::FutureVersion { version: body.version, known: VERSION });
    }
    match broken_limit(&body.statement) {
        None => Ok(body.statement),
        Some(field) => Err(WireError::OutOfLimits { field }),
    }
}

/// Says whether a path may stand in a listing (rule 4): no empty part, no `.` or `..`, no byte 0.
///
/// Everything else is data: newlines, control characters, right-to-left marks.
pub fn is_path(path: &str) -> bool {
    path.len() <= PATH_SIZE_MAX
        && !path.contains('\0')
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn broken_limit(statement: &Statement) -> Option<&'static str> {
    let count = match statement {
        Statement::Declared { name, .. } => {
            return (name.is_empty() || name.len() > NAME_SIZE_MAX).then_some("name");
        }
        Statement::Ended { .. } => return None,
        Statement::Listed { entries, at, .. } => {
            if at.millis() > NUMBER_MAX {
                return Some("at");
            }
            if let Some(field) = entries.iter().find_map(broken_entry) {
                return Some(field);
            }
            entries.len()
        }
        Statement::Hashed { items, .. } => items.len(),
        Statement::Gone { items, at, .. } => {
            let is_within = at.millis() <= NUMBER_MAX
                && items.iter().all(|item| is_number(item.number) && item.parents.len() <= PARENTS_MAX);
            if !is_within {
                return Some("number");
            }
            items.len()
        }
        Statement::Held { contents } => {
            if contents.iter().any(|held| held.size > NUMBER_MAX) {
                return Some("size");
            }
            contents.len()
        }
        Statement::NoLongerHeld { contents } | Statement::NoLongerMirrored { contents, .. } => contents.len(),
        Statement::Mirrored { copies, .. } => {
            if copies.iter().any(|copy| copy.size == 0 || copy.size > NUMBER_MAX) {
                return Some("size");
            }
            copies.len()
        }
        Statement::Wrong { copies } => copies.len(),
    };
    (count > ITEMS_MAX).then_some("items")
}

fn broken_entry(entry: &Listed) -> Option<&'static str> {
    let checks = [
        (is_path(&entry.path), "path"),
        (entry.size <= NUMBER_MAX, "size"),
        (entry.changed.millis() <= NUMBER_MAX, "changed"),
        (is_number(entry.number), "number"),
        (entry.parents.len() <= PARENTS_MAX, "parents"),
        (entry.target.as_ref().is_none_or(|target| target.len() <= PATH_SIZE_MAX), "target"),
        (entry.kind == Kind::File || entry.content.is_none(), "content"),
        (entry.kind == Kind::File || entry.size == 0, "size"),
    ];
    checks.into_iter().find(|(is_fine, _)| !is_fine).map(|(_, field)| field)
}

fn is_number(number: u64) -> bool {
    (1..=NUMBER_MAX).contains(&number)
}
