//! The work that `files` gives to drivers, and what they report: all kinds, in one place.
//!
//! `files.*` is done by the workers, `content.*` by the network driver. Everything here stays inside one
//! process; the encoding is CBOR because [`kernel::Job`] carries bytes. Not for: anything that crosses between
//! peers (`wire.rs` of this crate, and the network driver's own protocols).

use base::{ContentId, DeviceId, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::sealed::ContentKey;

pub use wire::to_bytes;

/// Walks a folder once: input [`Walk`], progress [`WalkReport`], end [`WalkSummary`].
pub const WALK: &str = "files.walk";
/// Watches a folder until cancelled: input [`Watch`], progress [`WatchReport`].
///
/// It fails (`JobFailure::Failed`) only when the folder can't be watched at all; the decider then rescans.
pub const WATCH: &str = "files.watch";
/// Hashes files: input [`struct@Hash`], progress [`HashReport`], end: nothing (empty bytes).
pub const HASH: &str = "files.hash";
/// Fetches ranges of a content from one provider: input [`Fetch`], end [`Fetched`].
///
/// It fails with a text that begins with a [`FetchFailure`] word. What arrived before stays.
pub const FETCH: &str = "content.fetch";
/// Fetches many small contents from one provider: input [`Bundle`], end [`Bundled`]; fails as [`FETCH`] does.
pub const BUNDLE: &str = "content.bundle";
/// Finds out what of a content is not here: input [`Missing`], end [`MissingRanges`].
pub const MISSING: &str = "content.missing";
/// Saves a plain copy of a content: input [`Save`], end [`Saved`]; fails as [`FETCH`] does.
pub const SAVE: &str = "content.save";
/// Lets a content be collected: input [`Forget`], end: nothing (empty bytes). Unknown contents are fine.
pub const FORGET: &str = "content.forget";
/// Seals contents that are here into copies for mirrors, kept in the driver's own store: input [`Seal`], end
/// [`SealedItems`]; fails as [`FETCH`] does.
///
/// No sealed byte is kept unless the plain bytes were those of the content (spec sealed, rule 6).
pub const SEAL: &str = "content.seal";
/// Opens sealed copies that are in the driver's own store and keeps what is in them, durably: input [`Unseal`], end
/// [`Unsealed`]; fails as [`FETCH`] does. The copies stay.
pub const UNSEAL: &str = "content.unseal";
/// Looks whether a sealed copy that is in the driver's own store opens to what it is said to be, and keeps nothing of it: input
/// [`UnsealItem`], end [`UnsealOutcome`].
pub const CHECK: &str = "content.check";

/// Notice of a driver: a stored content failed its verification; report [`Damaged`].
pub const DAMAGED: &str = "files.damaged";
/// Notice of a driver: a shared file is not as it was when it was hashed; report [`ChangedInPlace`].
pub const CHANGED_IN_PLACE: &str = "files.changed-in-place";

/// Items in one [`WalkReport`] or [`WatchReport`] at most.
pub const ITEMS_MAX: usize = 1_000;
/// Contents in one [`Bundle`] at most.
pub const BUNDLE_ITEMS_MAX: usize = 256;
/// Bytes of the contents of one [`Bundle`] at most.
pub const BUNDLE_SIZE_MAX: u64 = 4 * 1024 * 1024;
/// Contents below this many bytes travel in bundles, others by ranges.
pub const SMALL_SIZE: u64 = 64 * 1024;
/// Bytes of an absolute or a relative path at most; longer ones are skipped with a reason.
pub const PATH_MAX: usize = 4_096;
/// Bytes of one job or report at most: [`ITEMS_MAX`] paths of [`PATH_MAX`] and some more.
pub const REPORT_SIZE_MAX: usize = 8 * 1024 * 1024;

/// Reads a job's input or report.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}

/// What the file system says about a file; two equal stats mean "not changed in between".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Stat {
    /// Bytes.
    #[n(0)]
    pub size: u64,
    /// Last change of the bytes, nanoseconds since 1970-01-01 UTC; before it: negative.
    #[n(1)]
    pub mtime_ns: i64,
    /// Last change of the inode, nanoseconds since 1970-01-01 UTC.
    #[n(2)]
    pub ctime_ns: i64,
    /// The inode's number.
    #[n(3)]
    pub inode: u64,
}

/// What was found at a path.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum FoundKind {
    /// A regular file.
    #[n(0)]
    File,
    /// A folder. Every folder is reported, before what is in it.
    #[n(1)]
    Folder,
    /// A symbolic link, never followed.
    #[n(2)]
    Link {
        /// Where it says it points.
        #[n(0)]
        target: String,
    },
}

/// One thing in a walked or watched folder.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct FoundItem {
    /// Below the root, parts joined by `/`, not empty.
    #[n(0)]
    pub path: String,
    /// What it is.
    #[n(1)]
    pub kind: FoundKind,
    /// Its stat.
    #[n(2)]
    pub stat: Stat,
}

/// One thing that cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Skipped {
    /// Below the root, made readable where it is not text.
    #[n(0)]
    pub path: String,
    /// Why, in words: `a socket`, `its name is not valid UTF-8`, `permission denied`.
    #[n(1)]
    pub why: String,
}

/// Input of [`WALK`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Walk {
    /// The folder, an absolute path.
    #[n(0)]
    pub root: String,
}

/// Part of a walk. The first one comes soon (after 100 ms at the latest), even when it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WalkReport {
    /// The root with symbolic links resolved.
    #[n(0)]
    pub real_root: String,
    /// Found, at most [`ITEMS_MAX`]; each path once in a whole walk.
    #[n(1)]
    pub items: Vec<FoundItem>,
    /// Not listable, at most [`ITEMS_MAX`].
    #[n(2)]
    pub skipped: Vec<Skipped>,
}

/// What became of the root of a walk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RootState {
    /// It was walked to the end.
    #[n(0)]
    Walked,
    /// There is nothing at that path.
    #[n(1)]
    Missing,
    /// Something else than a folder is there.
    #[n(2)]
    NotAFolder,
    /// It, or something on the way to it, cannot be read.
    #[n(3)]
    Unreadable {
        /// Why, in words.
        #[n(0)]
        why: String,
    },
}

/// End of [`WALK`]. A root that is not there is a result, not a failure of the job.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WalkSummary {
    /// What became of the root.
    #[n(0)]
    pub root: RootState,
    /// The root with symbolic links resolved; empty when it is not there.
    #[n(1)]
    pub real_root: String,
    /// Things reported.
    #[n(2)]
    pub items: u64,
    /// Things skipped.
    #[n(3)]
    pub skipped: u64,
}

/// Input of [`WATCH`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Watch {
    /// The folder, an absolute path.
    #[n(0)]
    pub root: String,
}

/// What changed in a watched folder, after 200 ms of quiet, at most 1 s after the first change.
///
/// The very first report, empty unless something changed, comes as soon as watching stands: the decider then
/// walks once, so nothing that changed in between is missed.
///
/// A renamed file comes as gone (old path) and changed (new path) in one report. A new folder comes with all
/// that is in it; a gone folder alone, without what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WatchReport {
    /// There now, new or changed, at most [`ITEMS_MAX`]; unchanged ones do no harm.
    #[n(0)]
    pub changed: Vec<FoundItem>,
    /// No longer there, at most [`ITEMS_MAX`].
    #[n(1)]
    pub gone: Vec<String>,
    /// Not listable.
    #[n(2)]
    pub skipped: Vec<Skipped>,
    /// Whether changes were missed (overflow, too many, the root itself moved): walk again.
    #[n(3)]
    pub is_rescan_needed: bool,
}

/// One file to hash.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HashItem {
    /// Below the root.
    #[n(0)]
    pub path: String,
    /// As it was listed.
    #[n(1)]
    pub stat: Stat,
}

/// Input of [`HASH`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hash {
    /// The folder, an absolute path.
    #[n(0)]
    pub root: String,
    /// The files, in the order wanted.
    #[n(1)]
    pub items: Vec<HashItem>,
}

/// What hashing one file gave.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum HashResult {
    /// The stat was the same before and after reading; it need not be the one that was listed.
    #[n(0)]
    Hashed {
        /// Below the root.
        #[n(0)]
        path: String,
        /// Before and after reading.
        #[n(1)]
        stat: Stat,
        /// BLAKE3 of the bytes; `stat.size` of them were read.
        #[n(2)]
        content: ContentId,
    },
    /// It changed while it was read.
    #[n(1)]
    Changed {
        /// Below the root.
        #[n(0)]
        path: String,
    },
    /// It cannot be read.
    #[n(2)]
    Unreadable {
        /// Below the root.
        #[n(0)]
        path: String,
        /// Why, in words.
        #[n(1)]
        why: String,
    },
    /// It is no longer there, or no longer a regular file.
    #[n(3)]
    Gone {
        /// Below the root.
        #[n(0)]
        path: String,
    },
}

/// How far the reading of one file is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HashReading {
    /// Below the root.
    #[n(0)]
    pub path: String,
    /// Bytes read; it may be read from its beginning again.
    #[n(1)]
    pub done: u64,
    /// Bytes in all, when reading began.
    #[n(2)]
    pub size: u64,
}

/// Progress of [`HASH`]: every item of the job has exactly one result, in one of the reports.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HashReport {
    /// At most [`ITEMS_MAX`].
    #[n(0)]
    pub results: Vec<HashResult>,
    /// A file that takes long, at most every 500 ms; it has no result yet.
    #[n(1)]
    pub reading: Option<HashReading>,
}

/// Bytes from `from` up to, but not including, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct ByteRange {
    /// First byte.
    #[n(0)]
    pub from: u64,
    /// One past the last byte.
    #[n(1)]
    pub to: u64,
}

/// Input of [`FETCH`]; several with disjoint ranges run at once, for one content and for one provider.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Fetch {
    /// By whose right it is asked for.
    #[n(0)]
    pub web: WebId,
    /// What.
    #[n(1)]
    pub content: ContentId,
    /// Its bytes in all, as listed; a provider that says otherwise lies or has another version.
    #[n(2)]
    pub size: u64,
    /// From whom.
    #[n(3)]
    pub provider: DeviceId,
    /// Which bytes, ascending, not overlapping; rounded outwards to 16 KiB by the driver.
    #[n(4)]
    pub ranges: Vec<ByteRange>,
}

/// End of [`FETCH`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Fetched {
    /// Bytes that came over the network.
    #[n(0)]
    pub bytes: u64,
}

/// Why a content job failed: the first word of `JobFailure::Failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchFailure {
    /// No connection, or it broke.
    Unreachable,
    /// The provider does not give it, or does not have it.
    Refused,
    /// The provider sent bytes that are not of that content: never by accident.
    WrongBytes,
    /// The provider's file has changed since it was hashed.
    Changed,
    /// No space here.
    DiskFull,
    /// Something here cannot be read or written.
    Local,
    /// It took too long.
    TimedOut,
    /// Many ask the provider for it: another has it by now, whose [`id_start`] is the details (spec files, rule 28).
    Elsewhere,
}

impl FetchFailure {
    const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::Refused,
        Self::WrongBytes,
        Self::Changed,
        Self::DiskFull,
        Self::Local,
        Self::TimedOut,
        Self::Elsewhere,
    ];

    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::WrongBytes => "wrong-bytes",
            Self::Changed => "changed",
            Self::DiskFull => "disk-full",
            Self::Local => "local",
            Self::TimedOut => "timed-out",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// Makes the text of a failure: the word, a colon, details for the log.
    pub fn text(self, details: impl std::fmt::Display) -> String {
        format!("{}: {details}", self.word())
    }

    /// Reads the word off a failure's text; unknown words count as unreachable.
    pub fn of(text: &str) -> Self {
        let word = text.split([':', ' ']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|failure| failure.word() == word).unwrap_or(Self::Unreachable)
    }
}

/// Returns the first seven bytes of a device's id as a number: as much as fits into the code that ends a stream.
pub fn id_start(device: DeviceId) -> u64 {
    device.as_bytes().iter().take(7).fold(0, |start, byte| (start << 8) | u64::from(*byte))
}

/// One content of a [`Bundle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct BundleItem {
    /// What.
    #[n(0)]
    pub content: ContentId,
    /// Its bytes, as listed.
    #[n(1)]
    pub size: u64,
}

/// Input of [`BUNDLE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Bundle {
    /// By whose right they are asked for.
    #[n(0)]
    pub web: WebId,
    /// From whom.
    #[n(1)]
    pub provider: DeviceId,
    /// What: at most [`BUNDLE_ITEMS_MAX`] and [`BUNDLE_SIZE_MAX`]; what is here already is not fetched again.
    #[n(2)]
    pub items: Vec<BundleItem>,
}

/// What became of one content of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ItemOutcome {
    /// Verified and stored, or it was here.
    #[n(0)]
    Arrived,
    /// Not given, not there, or changed at the provider.
    #[n(1)]
    Refused,
    /// Other bytes came.
    #[n(2)]
    Wrong,
    /// It did not arrive, or could not be stored.
    #[n(3)]
    Failed,
}

/// End of [`BUNDLE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Bundled {
    /// One for each item, in the order asked for.
    #[n(0)]
    pub outcomes: Vec<ItemOutcome>,
}

/// Input of [`MISSING`]. The empty content (size 0) is always here, also for [`BUNDLE`] and [`SAVE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Missing {
    /// What.
    #[n(0)]
    pub content: ContentId,
    /// Its bytes in all.
    #[n(1)]
    pub size: u64,
}

/// End of [`MISSING`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MissingRanges {
    /// Not here, ascending, not overlapping, not touching; ends are multiples of 16 KiB or the size.
    #[n(0)]
    pub ranges: Vec<ByteRange>,
}

/// Input of [`SAVE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Save {
    /// What.
    #[n(0)]
    pub content: ContentId,
    /// Where its bytes are.
    #[n(1)]
    pub source: Source,
    /// The folder to save into, an absolute path; made if missing.
    #[n(2)]
    pub folder: String,
    /// Below that folder, parts joined by `/`. Hostile: the driver makes every part a safe name
    /// (`..`, control characters, reserved names) and never leaves the folder, not through links either.
    #[n(3)]
    pub path: String,
}

/// End of [`SAVE`].
///
/// Nothing is ever overwritten: a file with the same bytes there is the result; one with other bytes stays and
/// ours is saved beside it as `name (2).ext`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Saved {
    /// Where it is now, an absolute path.
    #[n(0)]
    pub path: String,
}

/// Input of [`FORGET`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Forget {
    /// What.
    #[n(0)]
    pub content: ContentId,
}

/// One content to seal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SealItem {
    /// What.
    #[n(0)]
    pub content: ContentId,
    /// Its bytes.
    #[n(1)]
    pub size: u64,
    /// Where its bytes are.
    #[n(2)]
    pub source: Source,
    /// Under which key.
    #[n(3)]
    pub key: ContentKey,
}

/// Input of [`SEAL`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Seal {
    /// What: at most [`BUNDLE_ITEMS_MAX`] small ones and [`BUNDLE_SIZE_MAX`], or a single one of any size.
    #[n(0)]
    pub items: Vec<SealItem>,
}

/// What sealing one content gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum SealOutcome {
    /// The sealed copy is in the store, under this id.
    #[n(0)]
    Sealed {
        /// BLAKE3 of the sealed bytes.
        #[n(0)]
        sealed: ContentId,
    },
    /// It could not be read, or is no longer what it was.
    #[n(1)]
    Failed,
}

/// End of [`SEAL`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SealedItems {
    /// One for each item, in the order asked for.
    #[n(0)]
    pub outcomes: Vec<SealOutcome>,
}

/// One sealed copy to open.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct UnsealItem {
    /// The copy, which is here.
    #[n(0)]
    pub sealed: ContentId,
    /// Of which content it is said to be.
    #[n(1)]
    pub content: ContentId,
    /// The content's bytes.
    #[n(2)]
    pub size: u64,
    /// Under which key.
    #[n(3)]
    pub key: ContentKey,
}

/// Input of [`UNSEAL`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Unseal {
    /// What: at most [`BUNDLE_ITEMS_MAX`] small ones, or a single one of any size.
    #[n(0)]
    pub items: Vec<UnsealItem>,
}

/// What became of one sealed copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum UnsealOutcome {
    /// It is what it is said to be; after [`UNSEAL`], the content is here.
    #[n(0)]
    Opened,
    /// It does not open, or opens to something else: never by accident.
    #[n(1)]
    Wrong,
    /// The copy is not here or damaged, or the content could not be stored.
    #[n(2)]
    Failed,
}

/// End of [`UNSEAL`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Unsealed {
    /// One for each item, in the order asked for.
    #[n(0)]
    pub outcomes: Vec<UnsealOutcome>,
}

/// Report of [`DAMAGED`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Damaged {
    /// What; the driver no longer counts it as here.
    #[n(0)]
    pub content: ContentId,
}

/// Report of [`CHANGED_IN_PLACE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ChangedInPlace {
    /// The absolute path, as [`Source::Path`] had it.
    #[n(0)]
    pub path: String,
}

/// Where the bytes of a content are on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Source {
    /// In the driver's own store.
    #[n(0)]
    Store,
    /// In a shared file, in place, as long as its stat is this one.
    #[n(1)]
    Path {
        /// Absolute.
        #[n(0)]
        path: String,
        /// When it was hashed; any difference means "changed, being read again".
        #[n(1)]
        stat: Stat,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reads_what_it_writes() {
        let stat = Stat { size: 5, mtime_ns: -1, ctime_ns: i64::MAX, inode: u64::MAX };
        let report = WalkReport {
            real_root: "/srv".to_owned(),
            items: vec![FoundItem {
                path: "a\nb/\u{202e}c".to_owned(),
                kind: FoundKind::Link { target: "../..".to_owned() },
                stat,
            }],
            skipped: Vec::new(),
        };
        assert_eq!(from_bytes::<WalkReport>(&to_bytes(&report)).ok(), Some(report));
        let source = Source::Path { path: "/srv/a".to_owned(), stat };
        assert_eq!(from_bytes::<Source>(&to_bytes(&source)).ok(), Some(source));
    }

    #[test]
    fn a_failure_is_known_by_its_first_word() {
        let check = |text: &str, failure| assert_eq!(FetchFailure::of(text), failure, "{text}");
        check(&FetchFailure::WrongBytes.text("leaf 3"), FetchFailure::WrongBytes);
        check("disk-full", FetchFailure::DiskFull);
        check("what is this", FetchFailure::Unreachable);
        check("", FetchFailure::Unreachable);
    }

    #[test]
    fn any_bytes_do_not_panic() {
        for length in 0..64_u8 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(37) ^ length).collect();
            drop(from_bytes::<WatchReport>(&bytes));
            drop(from_bytes::<Bundle>(&bytes));
        }
    }
}
