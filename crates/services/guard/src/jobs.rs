//! What the scanner is asked to do for the guard, and what it tells.

use base::{ContentId, DeviceId};
use files::jobs::Source;
use minicbor::{Decode, Encode};
use wire::WireError;

pub use wire::to_bytes;

/// Looks through contents with rules: input [`Scan`], end [`Scanned`], with one outcome for each item in the order asked.
pub const SCAN: &str = "guard.scan";

/// Reads a set of rules and keeps it ready: input [`Compile`], end [`Compiled`]; fails with a sentence when it is no set of
/// rules. Compiling again what is kept is quick.
pub const COMPILE: &str = "guard.compile";

/// Notice of a driver: somebody waits for a content to be looked through; report [`Awaited`].
pub const AWAITED: &str = "guard.awaited";

/// Notice of a driver: others did what no honest program does, or knocked without a right; report [`Oddities`].
pub const ODD: &str = "guard.odd";

/// Notice of an interface: somebody on this computer tried its page who was not let in; report [`Trespassed`].
pub const TRESPASS: &str = "guard.trespass";

/// Items of one [`Scan`] at most.
pub const ITEMS_MAX: usize = 64;
/// Sets of rules in one [`Scan`] at most.
pub const SETS_MAX: usize = 16;
/// Findings told of one item at most: what more could they say.
pub const FINDINGS_MAX: usize = 16;
/// Places told of one finding at most.
pub const PLACES_MAX: usize = 8;
/// Bytes of the name of a rule at most.
pub const RULE_NAME_MAX: usize = 128;
/// Bytes of the source of one set of rules at most: three times the largest free set known.
pub const RULES_SIZE_MAX: u64 = 8 * 1024 * 1024;
/// Bytes of one job or report at most.
pub const REPORT_SIZE_MAX: usize = 1024 * 1024;

/// Reads a job's input or report.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}

/// Input of [`SCAN`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Scan {
    /// What is looked through.
    #[n(0)]
    pub items: Vec<ScanItem>,
    /// Sets of rules besides those that are built in: contents in the store of this computer.
    #[n(1)]
    pub sets: Vec<ContentId>,
}

/// One content to look through.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ScanItem {
    /// Which.
    #[n(0)]
    pub content: ContentId,
    /// Where its bytes are.
    #[n(1)]
    pub source: Source,
    /// The name it goes by, without folders: names can be harmful, too (`invoice.pdf.exe`). May be empty.
    #[n(2)]
    pub name: String,
}

/// End of [`SCAN`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Scanned {
    /// One for each item.
    #[n(0)]
    pub outcomes: Vec<Outcome>,
    /// The set that is built into the scanner.
    #[n(1)]
    pub built_in: ContentId,
}

/// What looking through one content came to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// It was looked through.
    #[n(0)]
    Seen {
        /// What was found; nothing when it is clean.
        #[n(0)]
        findings: Vec<Finding>,
        /// Why a part of it could not be looked at: encrypted, packed too deep, too large; a sentence's part.
        #[n(1)]
        unseen: Option<String>,
    },
    /// It was not: it has changed, cannot be read, or the scanner ended on it; a sentence's part.
    #[n(1)]
    NotSeen {
        /// Why.
        #[n(0)]
        why: String,
    },
}

/// A rule that was met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Finding {
    /// The rule's name.
    #[n(0)]
    pub rule: String,
    /// Which set it is of: the content id of the set's source, also of the built-in one.
    #[n(1)]
    pub set: ContentId,
    /// How bad it is by the rule's own word.
    #[n(2)]
    pub severity: Severity,
    /// In which file of an archive, as `a.zip/b.js`; none when it is the content itself.
    #[n(3)]
    pub inside: Option<String>,
    /// Where, by offsets into what was looked at.
    #[n(4)]
    pub places: Vec<Place>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Severity {
    /// Worth a look: a macro, a name with two endings. Never holds anything by itself.
    #[n(0)]
    Odd,
    /// Harmful.
    #[n(1)]
    Harmful,
}

/// Where a rule was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
    /// The first byte.
    #[n(0)]
    pub offset: u64,
    /// Bytes.
    #[n(1)]
    pub size: u32,
}

/// Report of [`AWAITED`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Awaited {
    /// Which, at most 1,000.
    #[n(0)]
    pub contents: Vec<ContentId>,
}

/// Oddities in one report at most; more are told with the next.
pub const ODDITIES_MAX: usize = 256;

/// Report of [`ODD`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Oddities {
    /// Each pair of whom and what once.
    #[n(0)]
    pub seen: Vec<Oddity>,
}

/// What somebody did, since it was told last.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Oddity {
    /// Which device, by the proof of the connection; [`NOBODY`] if it did not come so far.
    #[n(0)]
    pub device: DeviceId,
    /// From which address, without its port; none when it is not known.
    #[n(1)]
    pub address: Option<String>,
    /// What.
    #[n(2)]
    pub deed: Deed,
    /// How often.
    #[n(3)]
    pub times: u32,
}

/// Report of [`TRESPASS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Trespassed {
    /// What was tried.
    #[n(0)]
    pub what: Trespass,
    /// How often, since it was told last.
    #[n(1)]
    pub times: u32,
}

/// What somebody tried at the page of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Trespass {
    /// A program asked without having been let in.
    #[n(0)]
    Program,
    /// A page of another site asked.
    #[n(1)]
    Site,
    /// Codes were guessed.
    #[n(2)]
    Guess,
}

/// What a device did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Deed {
    /// Asked for what only members may, and is none.
    #[n(0)]
    Knocked,
    /// Broke the protocol.
    #[n(1)]
    BrokeProtocol,
    /// Gave bytes that are not of the content asked for.
    #[n(2)]
    GaveWrongBytes,
    /// Wrote more than is taken.
    #[n(3)]
    Flooded,
    /// As a stranger, tried what does not exist here: protocols, invitations, words that no joiner says.
    #[n(4)]
    Probed,
    /// Asked for a content of webs it is not in.
    #[n(5)]
    AskedForOthers,
    /// Passed on entries that their author has not signed.
    #[n(6)]
    Forged,
    /// Its person has revoked it, or it was removed, and it came again.
    #[n(7)]
    CameBack,
    /// Was to say more than is taken; as its own computer tells.
    #[n(8)]
    SaidTooMuch,
    /// Was to send more mail than is taken; as its own computer tells.
    #[n(9)]
    MailedTooMuch,
    /// Was to begin more rooms than are kept; as its own computer tells.
    #[n(10)]
    BeganTooMuch,
}

/// Stands for a device that never proved its key. No key: as a point of the curve it is of small order, and refused everywhere.
pub const NOBODY: DeviceId = DeviceId::new([0; 32]);

/// Input of [`COMPILE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Compile {
    /// The set's source: a content in the store of this computer.
    #[n(0)]
    pub set: ContentId,
}

/// End of [`COMPILE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Compiled {
    /// Rules in it.
    #[n(0)]
    pub rules: u32,
    /// Licences its rules name.
    #[n(1)]
    pub licences: Vec<String>,
}
