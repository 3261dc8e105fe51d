//! The rows of `ledger`: what is known of ledgers, what was decided, what this device has voted for, what it wishes.

use base::{DeviceId, LedgerId, OperationId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;

use crate::messages::Accepted;
use crate::value::{Ballot, Keeper, Transaction, Wants};

/// Ledgers that were announced.
pub(crate) const LEDGERS: Table<LedgerId, LedgerRow> = Table::new("ledger.ledgers");
/// Their names: (web, who started it, ledger); two of one name stand beside each other.
pub(crate) const NAMED: Table<(WebId, PersonId, LedgerId), String> = Table::new("ledger.named");
/// The last change of keepers that a device told of in a record.
pub(crate) const MOVED: Table<(LedgerId, DeviceId), MovedRow> = Table::new("ledger.moved");
/// Ledgers that are kept here however large they are.
pub(crate) const OPENED: Table<LedgerId, ()> = Table::new("ledger.opened");
/// How far a ledger is here.
pub(crate) const HEADS: Table<LedgerId, Head> = Table::new("ledger.heads");
/// What keepers said last of how far it is.
pub(crate) const HEARD: Table<LedgerId, HeardRow> = Table::new("ledger.heard");
/// Which keepers a keeper reaches, as it says.
pub(crate) const HERE: Table<(LedgerId, DeviceId), HereRow> = Table::new("ledger.here");
/// The state: (ledger, key).
pub(crate) const ENTRIES: Table<(LedgerId, String), EntryRow> = Table::new("ledger.entries");
/// What was decided in the last slots: (ledger, slot).
pub(crate) const LOG: Table<(LedgerId, u64), LogRow> = Table::new("ledger.log");
/// Bytes of keys and values in the log.
pub(crate) const LOG_SIZES: Table<LedgerId, u64> = Table::new("ledger.log_sizes");
/// What became of wishes, by who made them: (ledger, device, id).
pub(crate) const RESULTS: Table<(LedgerId, DeviceId, OperationId), ResultRow> = Table::new("ledger.results");
/// The order of these: (ledger, device, slot, place in it).
pub(crate) const ORDER: Table<(LedgerId, DeviceId, u64, u64), OperationId> = Table::new("ledger.order");
/// How many there are of a device.
pub(crate) const COUNTS: Table<(LedgerId, DeviceId), u64> = Table::new("ledger.counts");
/// What this device has promised and accepted in the slot that comes next.
pub(crate) const VOTES: Table<LedgerId, VoteRow> = Table::new("ledger.votes");
/// Webs in whose ledgers this device votes no more, since its home was restored or copied.
pub(crate) const SILENCED: Table<WebId, ()> = Table::new("ledger.silenced");
/// What was wished on this device.
pub(crate) const WISHES: Table<OperationId, WishRow> = Table::new("ledger.wishes");
/// Those that wait: (ledger, when made, id).
pub(crate) const WAITING: Table<(LedgerId, u64, OperationId), ()> = Table::new("ledger.waiting");
/// Those that are over: (number, id).
pub(crate) const OVER: Table<(u64, OperationId), ()> = Table::new("ledger.over");

/// A ledger that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LedgerRow {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) name: String,
    #[n(2)]
    pub(crate) author: DeviceId,
    #[n(3)]
    pub(crate) person: PersonId,
    /// Who decides about the first slot.
    #[n(4)]
    pub(crate) keepers: Vec<Keeper>,
}

/// A change of keepers, as a record says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MovedRow {
    #[n(0)]
    pub(crate) slot: u64,
    #[n(1)]
    pub(crate) keepers: Vec<Keeper>,
}

/// How far a ledger is here; a pure function of what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Head {
    /// The last slot that is known and applied.
    #[n(0)]
    pub(crate) slot: u64,
    /// The number of the last transaction that was done.
    #[n(1)]
    pub(crate) version: u64,
    /// Keys in the state.
    #[n(2)]
    pub(crate) keys: u64,
    /// Bytes of keys and values.
    #[n(3)]
    pub(crate) size: u64,
    /// Who decides about the next slot.
    #[n(4)]
    pub(crate) keepers: Vec<Keeper>,
    /// The slot that made them keepers; 0: the announcement.
    #[n(5)]
    pub(crate) keepers_since: u64,
    /// Who started the ledger.
    #[n(6)]
    pub(crate) started_by: Option<PersonId>,
    /// Results that are remembered.
    #[n(7)]
    pub(crate) results: u64,
}

/// What keepers said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HeardRow {
    #[n(0)]
    pub(crate) slot: u64,
    #[n(1)]
    pub(crate) at: Timestamp,
}

/// Which keepers a keeper reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HereRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) keepers_since: u64,
    #[n(2)]
    pub(crate) here: u64,
}

/// A key's value.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EntryRow {
    #[n(0)]
    pub(crate) value: String,
    #[n(1)]
    pub(crate) version: u64,
    #[n(2)]
    pub(crate) person: PersonId,
    #[n(3)]
    pub(crate) at: Timestamp,
}

/// A slot that is decided.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LogRow {
    #[n(0)]
    pub(crate) batch: Vec<Transaction>,
    /// What became of each.
    #[n(1)]
    pub(crate) outcomes: Vec<Outcome>,
}

/// What became of a transaction; a pure function of what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Outcome {
    /// Done, under this number.
    #[n(0)]
    Done {
        #[n(0)]
        version: u64,
    },
    /// A condition does not hold.
    #[n(1)]
    Refused {
        #[n(0)]
        key: String,
        /// What its version is; 0: there is no such key.
        #[n(1)]
        version: u64,
    },
    /// The state would have too many keys or bytes.
    #[n(2)]
    Full,
    /// Given up before it was decided.
    #[n(3)]
    GivenUp,
    /// Only a keeper, or who started the ledger, changes keepers.
    #[n(4)]
    NoKeeper,
    /// The keepers were changed meanwhile.
    #[n(5)]
    KeepersChanged,
    /// Too long after it was made, or before: not done, and not remembered.
    #[n(6)]
    OutOfTime,
    /// It was decided before: not done again.
    #[n(7)]
    Again,
}

/// What became of a wish, and where.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ResultRow {
    #[n(0)]
    pub(crate) slot: u64,
    #[n(1)]
    pub(crate) outcome: Outcome,
}

/// What this device has promised and accepted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct VoteRow {
    #[n(0)]
    pub(crate) slot: u64,
    #[n(1)]
    pub(crate) promised: Ballot,
    #[n(2)]
    pub(crate) accepted: Option<Accepted>,
}

/// How a wish is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum WishState {
    /// Nobody has decided yet.
    #[n(0)]
    Waiting,
    /// It is decided.
    #[n(1)]
    Decided(#[n(0)] ResultRow),
    /// It was given up before anybody was told of it.
    #[n(2)]
    Withdrawn,
}

/// What was wished.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WishRow {
    #[n(0)]
    pub(crate) ledger: LedgerId,
    #[n(1)]
    pub(crate) wants: Wants,
    #[n(2)]
    pub(crate) since: u64,
    #[n(3)]
    pub(crate) made: Timestamp,
    #[n(4)]
    pub(crate) state: WishState,
    /// Whether anybody else may have it.
    #[n(5)]
    pub(crate) is_handed_on: bool,
    /// Whether it was asked to be given up.
    #[n(6)]
    pub(crate) is_given_up: bool,
}

/// Changes of keepers of ledgers that are not known yet, by who told of them.
pub(crate) const STRAY: Table<(DeviceId, LedgerId), StrayRow> = Table::new("ledger.stray");

/// A change of keepers of a ledger that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StrayRow {
    #[n(0)]
    pub(crate) slot: u64,
    #[n(1)]
    pub(crate) keepers: Vec<Keeper>,
    /// In which web it was said; rows of before 30 November 2026 do not say so.
    #[n(2)]
    pub(crate) web: Option<WebId>,
}
