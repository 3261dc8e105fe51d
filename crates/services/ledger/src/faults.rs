//! What can go wrong with a ledger, in the words a person reads.

use base::{Fault, FaultKind};

/// Why something asked of `ledger` was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The arguments are not those of the operation.
    #[error("{operation} cannot be understood: {why}")]
    BadArguments {
        /// The operation.
        operation: String,
        /// What the reader said.
        why: String,
    },
    /// No web has that name.
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb {
        /// As asked for.
        web: String,
    },
    /// Guests and those who are gone write nothing.
    #[error("cannot write in {web}: you are no member there who writes")]
    NotWriting {
        /// The web.
        web: String,
    },
    /// No ledger has that name or id.
    #[error("there is no ledger {ledger}")]
    NoSuchLedger {
        /// As asked for.
        ledger: String,
    },
    /// Several ledgers have that name.
    #[error("several people have started a ledger {ledger}")]
    Ambiguous {
        /// As asked for.
        ledger: String,
    },
    /// That is no name for a site.
    #[error("a ledger cannot be called {name:?}")]
    BadName {
        /// As asked for.
        name: String,
    },
    /// This person has started one of that name.
    #[error("you have started a ledger {name} in that web before")]
    Exists {
        /// As asked for.
        name: String,
    },
    /// As many ledgers as one person may have in a web.
    #[error("cannot start {name}: you have started {limit} ledgers in that web, and more are not kept")]
    TooManyLedgers {
        /// As asked for.
        name: String,
        /// What is allowed.
        limit: usize,
    },
    /// Nobody in the web is called so.
    #[error("{who} cannot be a keeper: no member of the web is called so")]
    NoSuchKeeper {
        /// As asked for.
        who: String,
    },
    /// None, or too many.
    #[error("a ledger cannot have {count} keepers: 1 to {limit} are allowed")]
    KeeperCount {
        /// What was asked for.
        count: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Empty or too long.
    #[error("{key:?} cannot be a key: it has {size} bytes, 1 to {limit} are allowed")]
    BadKey {
        /// Its beginning.
        key: String,
        /// What it has.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A value is too large.
    #[error("the value of {key} is too large: {size} bytes, {limit} allowed")]
    ValueTooLarge {
        /// The key.
        key: String,
        /// What it has.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Too many conditions or writes.
    #[error("a transaction cannot have {count} conditions or writes: {limit} of each are allowed")]
    TooManyParts {
        /// What was asked for.
        count: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A key stands twice among conditions, or among writes.
    #[error("{key} stands in the transaction twice")]
    KeyTwice {
        /// The key.
        key: String,
    },
    /// Neither conditions nor writes.
    #[error("the transaction has neither conditions nor writes")]
    Nothing,
    /// All keys and values together are too large.
    #[error("the transaction is too large: {size} bytes, {limit} allowed")]
    TooLarge {
        /// What it has.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// As many wishes wait as may.
    #[error("{limit} wishes of this computer wait in this ledger, and no more can")]
    TooManyWishes {
        /// What is allowed.
        limit: usize,
    },
    /// No wish has that id.
    #[error("there is no wish {id} on this computer")]
    NoSuchWish {
        /// As asked for.
        id: String,
    },
    /// That id was given to another wish.
    #[error("{id} is the id of another wish")]
    OtherWish {
        /// As asked for.
        id: String,
    },
    /// That is no id.
    #[error("{id:?} is no id of a wish: 32 hexadecimal digits are")]
    BadId {
        /// As asked for.
        id: String,
    },
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        use LedgerError as E;
        let (code, kind, command, text) = match &error {
            E::BadArguments { .. } => {
                ("ledger.bad-arguments", FaultKind::Yours, "", "see the manual of operations")
            }
            E::NoSuchWeb { .. } => {
                ("ledger.no-such-web", FaultKind::Yours, "althing web list", "lists your webs")
            }
            E::NotWriting { .. } => {
                ("ledger.not-writing", FaultKind::Refused, "", "an admin can make you a member")
            }
            E::NoSuchLedger { .. } => {
                ("ledger.no-such-ledger", FaultKind::Yours, "althing ledger list", "lists ledgers")
            }
            E::Ambiguous { .. } => {
                ("ledger.ambiguous", FaultKind::Yours, "", "say WEB/PERSON/NAME, or the id")
            }
            E::BadName { .. } => (
                "ledger.bad-name",
                FaultKind::Yours,
                "",
                "1 to 200 bytes without slashes or control characters",
            ),
            E::Exists { .. } => ("ledger.exists", FaultKind::Yours, "", "choose another name"),
            E::TooManyLedgers { .. } => {
                ("ledger.too-many-ledgers", FaultKind::Refused, "", "use one of those you have")
            }
            E::NoSuchKeeper { .. } => {
                ("ledger.no-such-keeper", FaultKind::Yours, "althing people WEB", "lists who is in a web")
            }
            E::KeeperCount { .. } => {
                ("ledger.keeper-count", FaultKind::Yours, "", "three or five are a good number")
            }
            E::BadKey { .. } => ("ledger.bad-key", FaultKind::Yours, "", "choose another key"),
            E::ValueTooLarge { .. } => {
                ("ledger.value-too-large", FaultKind::Yours, "", "share it as a file, and put its link here")
            }
            E::TooManyParts { .. } => {
                ("ledger.too-many-parts", FaultKind::Yours, "", "make several transactions of it")
            }
            E::KeyTwice { .. } => ("ledger.key-twice", FaultKind::Yours, "", "name each key once"),
            E::Nothing => ("ledger.nothing", FaultKind::Yours, "", "say what is to be written"),
            E::TooLarge { .. } => {
                ("ledger.too-large", FaultKind::Yours, "", "make several transactions of it")
            }
            E::TooManyWishes { .. } => (
                "ledger.too-many-wishes",
                FaultKind::Settings,
                "althing ledger wishes",
                "lists those that wait",
            ),
            E::NoSuchWish { .. } => (
                "ledger.no-such-wish",
                FaultKind::Yours,
                "",
                "wishes are known on the computer on which they were made, the last 1,000 that are over among them",
            ),
            E::OtherWish { .. } => ("ledger.other-wish", FaultKind::Yours, "", "give each wish its own id"),
            E::BadId { .. } => ("ledger.bad-id", FaultKind::Yours, "", "give 32 hexadecimal digits, or none"),
        };
        Self::new(code, kind, error.to_string()).remedy(command, text)
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    [
        LedgerError::BadArguments { operation: text("ledger.read"), why: text("missing field `ledger`") },
        LedgerError::NoSuchWeb { web: text("famly") },
        LedgerError::NotWriting { web: text("family") },
        LedgerError::NoSuchLedger { ledger: text("family/shop") },
        LedgerError::Ambiguous { ledger: text("family/shop") },
        LedgerError::BadName { name: text("a/b") },
        LedgerError::Exists { name: text("shop") },
        LedgerError::TooManyLedgers { name: text("shop"), limit: 32 },
        LedgerError::NoSuchKeeper { who: text("carl") },
        LedgerError::KeeperCount { count: 16, limit: 15 },
        LedgerError::BadKey { key: String::new(), size: 0, limit: 200 },
        LedgerError::ValueTooLarge { key: text("item/7"), size: 20_000, limit: 16_384 },
        LedgerError::TooManyParts { count: 65, limit: 64 },
        LedgerError::KeyTwice { key: text("stock/7") },
        LedgerError::Nothing,
        LedgerError::TooLarge { size: 200_000, limit: 131_072 },
        LedgerError::TooManyWishes { limit: 64 },
        LedgerError::NoSuchWish { id: text("5b0c") },
        LedgerError::OtherWish { id: text("5b0c") },
        LedgerError::BadId { id: text("order 7") },
    ]
    .map(Fault::from)
    .to_vec()
}
