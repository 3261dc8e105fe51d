//! The rows of this service.

use base::{DeviceId, EntryId, KeyId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::codec::Bytes;
use wire::entry::Log;
use wire::sync::Head;

/// A chain: whose and which, with [`log_key`].
pub(crate) type ChainKey = (WebId, DeviceId, u8);

/// The webs this peer keeps.
pub(crate) const WEBS: Table<WebId, WebRow> = Table::new("records.webs");
/// Every stored entry, by chain and place.
pub(crate) const ENTRIES: Table<(WebId, DeviceId, u8, u64), Bytes> = Table::new("records.entries");
/// The newest stored entry of every chain.
pub(crate) const HEADS: Table<ChainKey, HeadRow> = Table::new("records.heads");
/// Who may write, as `people` said last.
pub(crate) const AUTHORS: Table<(WebId, DeviceId), AuthorRow> = Table::new("records.authors");
/// What was taken of devices that are no members.
pub(crate) const STRANGERS: Table<(WebId, DeviceId), StrangerRow> = Table::new("records.strangers");
/// Records that wait to be sealed, in the order they were published.
pub(crate) const QUEUE: Table<(WebId, u64), QueuedRow> = Table::new("records.queue");
/// The number of the newest queued record of a web.
pub(crate) const QUEUE_END: Table<WebId, u64> = Table::new("records.queue-end");
/// Batches not told yet, with the key that opens them: it is not here, or one before them waits for its key.
pub(crate) const WAITING: Table<(WebId, DeviceId, u64), KeyId> = Table::new("records.waiting");
/// Batches that will never be read: (web, author, seq), with why.
pub(crate) const UNREADABLE: Table<(WebId, DeviceId, u64), Unreadable> = Table::new("records.unreadable");
/// The governance operations that `people` has evaluated last; they stand in our batches.
pub(crate) const EVALUATED: Table<WebId, Vec<EntryId>> = Table::new("records.evaluated");
/// Proofs that a device signed two entries for one place; the lowest place known per chain.
pub(crate) const FORKS: Table<ChainKey, ForkRow> = Table::new("records.forks");
/// Webs in which somebody else has gone on with this device's chains: this home is a copy, or an old backup.
pub(crate) const COPIES: Table<WebId, CopyRow> = Table::new("records.copies");
/// The highest place of this device's records that a cut has removed here: those may come back from others.
pub(crate) const REMOVED: Table<WebId, u64> = Table::new("records.removed");
/// Webs in which what this device wrote since a backup may come back, and nothing is written before somebody has said
/// what that is.
pub(crate) const RESTORED: Table<WebId, bool> = Table::new("records.restored");
/// Governance entries at or above a fork that stand on another branch than ours: (web, device, place, id).
pub(crate) const BRANCHES: Table<(WebId, DeviceId, u64, EntryId), Bytes> = Table::new("records.branches");
/// Webs in which everything is taken, whoever writes it.
pub(crate) const LIFTED: Table<WebId, bool> = Table::new("records.lifted");
/// Members connected now. Cleared at start.
pub(crate) const CONNECTED: Table<DeviceId, Timestamp> = Table::new("records.connected");
/// When each device was last heard from; while it is connected, since when that is known.
pub(crate) const HEARD: Table<DeviceId, Timestamp> = Table::new("records.heard");

/// What is known of a web as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WebRow {
    /// Whether this person left or was removed: nothing is told, asked or served.
    #[n(0)]
    pub(crate) is_stopped: bool,
    /// Rows of [`STRANGERS`] of this web.
    #[n(1)]
    pub(crate) strangers: u64,
    /// How often anything new was learned about forked chains.
    #[n(2)]
    pub(crate) fork_news: u64,
}

/// The newest entry of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HeadRow {
    #[n(0)]
    pub(crate) seq: u64,
    #[n(1)]
    pub(crate) entry: EntryId,
}

/// What `people` says of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct AuthorRow {
    #[n(0)]
    pub(crate) is_member: bool,
    /// The last accepted place of the records chain.
    #[n(1)]
    pub(crate) cut: Option<CutRow>,
    /// Whether it may only carry: its governance counts, records of its own do not.
    #[n(2)]
    pub(crate) is_carrier: bool,
    /// On whose account its entries are counted.
    #[n(3)]
    pub(crate) owner: Option<PersonId>,
}

/// The last accepted entry of a chain; place 0 when nothing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CutRow {
    #[n(0)]
    pub(crate) seq: u64,
    #[n(1)]
    pub(crate) entry: EntryId,
}

/// What was taken of one device that is no member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StrangerRow {
    #[n(0)]
    pub(crate) entries: u64,
    #[n(1)]
    pub(crate) bytes: u64,
}

/// A record that waits to be sealed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct QueuedRow {
    #[n(0)]
    pub(crate) service: String,
    #[n(1)]
    pub(crate) body: Bytes,
    /// Whether the service wants to know where it ends up.
    #[n(2)]
    pub(crate) is_told: Option<bool>,
}

/// Why a batch can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Unreadable {
    /// Not a batch.
    #[n(0)]
    NoBatch,
    /// The key it names does not open it, or what comes out is over the limits.
    #[n(1)]
    DoesNotOpen,
}

/// Two entries for one place.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ForkRow {
    #[n(0)]
    pub(crate) seq: u64,
    #[n(1)]
    pub(crate) one: Bytes,
    #[n(2)]
    pub(crate) other: Bytes,
}

/// The first entry of this device that it has not written itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CopyRow {
    #[n(0)]
    pub(crate) log: u8,
    #[n(1)]
    pub(crate) seq: u64,
}

/// Returns the place of a log in keys.
pub(crate) const fn log_key(log: Log) -> u8 {
    match log {
        Log::Governance => 0,
        Log::Records => 1,
    }
}

/// Reads the place of a log in keys.
pub(crate) const fn log_of(key: u8) -> Option<Log> {
    match key {
        0 => Some(Log::Governance),
        1 => Some(Log::Records),
        _ => None,
    }
}

/// Returns the newest place of a chain; 0 when nothing of it is stored.
pub(crate) fn have<R: Rows + ?Sized>(rows: &R, chain: &ChainKey) -> Result<u64, StoreError> {
    Ok(HEADS.get(rows, chain)?.map_or(0, |head| head.seq))
}

/// Returns the place from which on a chain is frozen, if it is.
pub(crate) fn frozen_from<R: Rows + ?Sized>(rows: &R, chain: &ChainKey) -> Result<Option<u64>, StoreError> {
    Ok(FORKS.get(rows, chain)?.map(|fork| fork.seq))
}

/// Says whether a device is a member of a web this peer still takes part in.
pub(crate) fn is_member<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    device: DeviceId,
) -> Result<bool, StoreError> {
    if WEBS.get(rows, &web)?.is_none_or(|row| row.is_stopped) {
        return Ok(false);
    }
    Ok(AUTHORS.get(rows, &(web, device))?.is_some_and(|author| author.is_member))
}

/// Returns the webs this peer takes part in.
pub(crate) fn webs<R: Rows + ?Sized>(rows: &R) -> Result<Vec<WebId>, StoreError> {
    let mut webs = Vec::new();
    for row in WEBS.within(rows, &()) {
        let (web, row) = row?;
        if !row.is_stopped {
            webs.push(web);
        }
    }
    Ok(webs)
}

/// Returns the heads as peers compare them (spec sync rules 2 and 3): in order of device and log; a forked chain
/// counts as ending at its fork ([`crate::forks::end`]); records of devices that never were members are left out, because
/// peers that evaluated at different times keep different parts of them.
pub(crate) fn comparable_heads<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<Head>, StoreError> {
    let mut heads = Vec::new();
    for row in HEADS.within(rows, &web) {
        let ((_, device, log), head) = row?;
        let Some(log) = log_of(log) else { continue };
        if log == Log::Records && !counts(rows, web, device)? {
            continue;
        }
        heads.push(Head { device, log, seq: head.seq, entry: head.entry });
    }
    for row in FORKS.within(rows, &web) {
        let ((_, device, log), fork) = row?;
        let Some(log) = log_of(log) else { continue };
        let entry = crate::forks::end(rows, &(web, device, log_key(log)), &fork)?;
        let end = Head { device, log, seq: fork.seq, entry };
        let place = heads.binary_search_by_key(&(device, log), |head| (head.device, head.log));
        match place.ok().and_then(|place| heads.get_mut(place)) {
            Some(head) if head.seq.saturating_add(1) >= fork.seq => *head = end,
            None if fork.seq == 1 => {
                let place = heads.partition_point(|head| (head.device, head.log) < (device, log));
                heads.insert(place, end);
            }
            // Whoever lacks entries below the fork says so, and gets them.
            Some(_) | None => {}
        }
    }
    Ok(heads)
}

fn counts<R: Rows + ?Sized>(rows: &R, web: WebId, device: DeviceId) -> Result<bool, StoreError> {
    AUTHORS.has(rows, &(web, device))
}

/// Stands where there is no entry.
pub(crate) const NO_ENTRY: EntryId = EntryId::new([0; 32]);
