//! Operations of `ledger`: shared state of a site that its keepers decide about by majority.

use base::{LedgerId, OperationId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Act "ledger.start" Start -> LedgerView, "ledger start {web} {name} {keepers}", "Starts a ledger: shared state that the computers of its keepers decide about by majority.", says "The ledger {name} has started. {note}";
    Read "ledger.list" AskLedgers -> Ledgers, "ledger list {web?}", "Lists ledgers.";
    Act "ledger.open" OpenLedger -> LedgerView, "ledger open {ledger}", "Keeps a copy of a ledger on this computer, however large it is, so that it can be read with all keepers away.", says "{name} is kept on this computer from now on.";
    Read "ledger.read" ReadLedger -> LedgerState, "ledger read {ledger} {prefix?}", "Shows what is in a ledger, as of when, and which keepers are here.";
    Act "ledger.submit" Submit -> WishView, "ledger submit {ledger}", "Wishes that a transaction is done: all of its writes if all of its conditions hold, else none.", follow "ledger.wish";
    Read "ledger.wish" AskWish -> WishView, "ledger wish {id}", "Tells how a wish gets on.";
    Read "ledger.wishes" AskWishes -> Wishes, "ledger wishes {ledger?}", "Lists wishes of this computer that wait.";
    Act "ledger.give_up" GiveUp -> WishView, "ledger give-up {id}", "Gives a wish up, unless it has been decided.";
    Act "ledger.keepers" SetKeepers -> WishView, "ledger keepers {ledger} {keepers}", "Wishes that a ledger has other keepers; those it has now decide about it.", follow "ledger.wish";
    Read "ledger.log" AskLog -> LedgerLog, "ledger log {ledger}", "Lists who did what in a ledger, newest last.";
}

/// Arguments of `ledger.start`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The web.
    pub web: String,
    /// What the ledger is called; the site of that name uses it.
    pub name: String,
    /// Whose computers decide, 1 to 15: labels of people, `you`, or at least 8 first digits of a device's id. An odd number is best.
    pub keepers: Vec<String>,
}

/// Arguments of `ledger.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskLedgers {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `ledger.open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLedger {
    /// The ledger: its id, `web/name`, or `web/person/name`.
    pub ledger: String,
}

/// A ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerView {
    /// The web.
    pub web: String,
    /// What it is called.
    pub name: String,
    /// Who has started it, you as `you`.
    pub started_by: String,
    /// Whose computers decide, as far as this computer knows.
    pub keepers: Vec<String>,
    /// In words what should be known; empty when nothing.
    pub note: String,
    /// Its id.
    pub id: LedgerId,
}

/// Ledgers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledgers {
    /// By web and name.
    pub ledgers: Vec<LedgerView>,
}

/// Arguments of `ledger.read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLedger {
    /// The ledger: its id, `web/name`, or `web/person/name`.
    pub ledger: String,
    /// Only keys that begin so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Only keys after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Entries at most, 1 to 1,000; 100 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A keeper of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeeperView {
    /// Whose computer, you as `you`.
    pub who: String,
    /// Whether it can be reached now, as far as this computer knows.
    pub is_here: bool,
    /// Whether it is this computer.
    pub is_you: bool,
}

/// One key of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEntry {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The number of the transaction that wrote it; never given twice.
    pub version: u64,
    /// Who wrote it, you as `you`.
    pub who: String,
    /// When, by a keeper's clock.
    pub at: Timestamp,
}

/// What is in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerState {
    /// In key order.
    pub entries: Vec<LedgerEntry>,
    /// Up to which slot this computer has heard.
    pub slot: u64,
    /// When a keeper last said how far the ledger is; none when none has.
    pub heard_at: Option<Timestamp>,
    /// Who decides.
    pub keepers: Vec<KeeperView>,
    /// How many of them have to be here.
    pub majority: u32,
    /// Whether so many are here.
    pub has_majority: bool,
    /// In words how things stand: `2 of 5 keepers are here; nothing is decided until 3 are`.
    pub note: String,
    /// The key after which more stand; none when nothing more does.
    pub next: Option<String>,
    /// The ledger.
    #[schemars(extend("format" = "for-programs"))]
    pub id: LedgerId,
}

/// A condition: the key has this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The key.
    pub key: String,
    /// Its version; 0: there is no such key.
    pub version: u64,
}

/// A write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// The key.
    pub key: String,
    /// Its new value; none: the key goes.
    pub value: Option<String>,
}

/// Arguments of `ledger.submit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// The ledger: its id, `web/name`, or `web/person/name`.
    pub ledger: String,
    /// Conditions, at most 64.
    #[serde(default)]
    #[schemars(extend("format" = "for-programs"))]
    pub needs: Vec<Need>,
    /// Writes, at most 64.
    #[serde(default)]
    #[schemars(extend("format" = "for-programs"))]
    pub puts: Vec<Put>,
    /// A condition as `KEY=VERSION`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub need: Vec<String>,
    /// A write as `KEY=VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<String>,
    /// A key that goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// 32 digits that the asker gives the wish; the same wish again changes nothing. Hyphens are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Arguments of `ledger.wish`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskWish {
    /// As `ledger.submit` answered.
    pub id: String,
}

/// Arguments of `ledger.wishes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskWishes {
    /// The ledger; all if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
}

/// Arguments of `ledger.give_up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveUp {
    /// As `ledger.submit` answered.
    pub id: String,
}

/// Arguments of `ledger.keepers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetKeepers {
    /// The ledger: its id, `web/name`, or `web/person/name`.
    pub ledger: String,
    /// All who shall be keepers, as for `ledger.start`.
    pub keepers: Vec<String>,
}

/// The version of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyVersion {
    /// The key.
    pub key: String,
    /// Its version; 0: there is no such key.
    pub version: u64,
}

/// A transaction that somebody on this computer wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WishView {
    /// The ledger, as `web/person/name`: another person's of the same name is another.
    pub ledger: String,
    /// `waiting`, `done`, `refused` or `given-up`.
    pub state: String,
    /// Where in the ledger's order it was decided; none while it waits, and when it was given up before anybody took it.
    pub slot: Option<u64>,
    /// In words why it waits or was refused; empty when it is done.
    pub why: String,
    /// The versions of what it wrote; of a refused one, the version that stood in its way.
    pub versions: Vec<KeyVersion>,
    /// Whether it was asked to be given up.
    #[schemars(extend("format" = "for-programs"))]
    pub is_given_up: bool,
    /// Whether it is decided.
    #[schemars(extend("format" = "for-programs"))]
    pub is_over: bool,
    /// When it was wished.
    pub since: Timestamp,
    /// What it writes.
    #[schemars(extend("format" = "for-programs"))]
    pub puts: Vec<Put>,
    /// Passed on to `ledger.wish`.
    pub id: OperationId,
}

/// Wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wishes {
    /// Oldest first.
    pub wishes: Vec<WishView>,
}

/// Arguments of `ledger.log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskLog {
    /// The ledger: its id, `web/name`, or `web/person/name`.
    pub ledger: String,
    /// Only slots after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// One transaction of a ledger's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// The slot.
    pub slot: u64,
    /// When, by a keeper's clock.
    pub at: Timestamp,
    /// Who, you as `you`.
    pub who: String,
    /// What was wished, in words.
    pub what: String,
    /// What became of it: `done`, or why not.
    pub outcome: String,
}

/// A ledger's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerLog {
    /// Oldest first; at most 200 slots.
    pub lines: Vec<LogLine>,
    /// The slot after which more stand; none when nothing more does.
    pub next: Option<u64>,
}
