//! What other services may read of the logs.

use base::{DeviceId, Timestamp, WebId};
use store::{Rows, StoreError};
use wire::entry::{Entry, Log};
use wire::sync::Head;

use crate::tables::{
    BRANCHES, CONNECTED, ENTRIES, HEADS, HEARD, QUEUE, UNREADABLE, WAITING, log_key, log_of,
};

/// Walks every stored governance entry of a web: device by device, each chain from its beginning.
///
/// Signatures and chains were checked when the entries were stored; whether their authors had the right is the
/// evaluation's affair. Of forked chains all branches that are known are included, our own in its place and the
/// others at the end ([`crate::fork_news`] says when there are more).
pub fn governance(rows: &dyn Rows, web: WebId) -> impl Iterator<Item = Result<Entry, StoreError>> + '_ {
    let chains = HEADS.within(rows, &web).filter_map(|row| match row {
        Ok(((_, device, log), _)) if log_of(log) == Some(Log::Governance) => Some(Ok(device)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    });
    let own = chains.flat_map(move |device| -> Box<dyn Iterator<Item = Result<Entry, StoreError>> + '_> {
        match device {
            Ok(device) => {
                let chain = (web, device, log_key(Log::Governance));
                Box::new(ENTRIES.within(rows, &chain).map(|row| known(&row?.1)))
            }
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    });
    own.chain(apart(rows, web))
}

/// Walks the governance entries that stand beside the stored chains: the other branches of forked ones.
pub fn apart(rows: &dyn Rows, web: WebId) -> impl Iterator<Item = Result<Entry, StoreError>> + '_ {
    let proofs = crate::forks::proofs_apart(rows, web).map(|bytes| known(&bytes?));
    proofs.chain(BRANCHES.within(rows, &web).map(|row| known(&row?.1)))
}

/// Returns the newest stored entry of every chain of a web, in order of device and log.
pub fn heads(rows: &dyn Rows, web: WebId) -> Result<Vec<Head>, StoreError> {
    let mut heads = Vec::new();
    for row in HEADS.within(rows, &web) {
        let ((_, device, log), head) = row?;
        if let Some(log) = log_of(log) {
            heads.push(Head { device, log, seq: head.seq, entry: head.entry });
        }
    }
    Ok(heads)
}

/// Returns a stored entry as it travels.
pub fn entry(
    rows: &dyn Rows,
    web: WebId,
    device: DeviceId,
    log: Log,
    seq: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(ENTRIES.get(rows, &(web, device, log_key(log), seq))?.map(Into::into))
}

/// Says whether a connection with a device stands on the member channel.
pub fn is_connected(rows: &dyn Rows, device: DeviceId) -> Result<bool, StoreError> {
    CONNECTED.has(rows, &device)
}

/// Returns when a device was last heard from, by this peer's clock; none when never.
///
/// While the device is connected the time may be up to five minutes behind ([`is_connected`] says "now").
pub fn last_heard(rows: &dyn Rows, device: DeviceId) -> Result<Option<Timestamp>, StoreError> {
    HEARD.get(rows, &device)
}

/// Returns how many published records of a web wait to be sealed, for lack of a key or of membership.
pub fn queued_count(rows: &dyn Rows, web: WebId) -> Result<u64, StoreError> {
    count(QUEUE.within(rows, &web))
}

/// Returns how many stored batches of a web wait for a key this peer does not hold.
pub fn waiting_count(rows: &dyn Rows, web: WebId) -> Result<u64, StoreError> {
    count(WAITING.within(rows, &web))
}

/// Returns how many stored batches of a web can't be read, whatever keys arrive: they do not decode or open.
pub fn unreadable_count(rows: &dyn Rows, web: WebId) -> Result<u64, StoreError> {
    count(UNREADABLE.within(rows, &web))
}

fn count<T>(rows: impl Iterator<Item = Result<T, StoreError>>) -> Result<u64, StoreError> {
    let mut count = 0;
    for row in rows {
        row.map(|_| count += 1)?;
    }
    Ok(count)
}

/// Reads an entry of our own store.
pub(crate) fn known(bytes: &[u8]) -> Result<Entry, StoreError> {
    Entry::read_known(bytes).map_err(|error| StoreError::BadValue {
        table: ENTRIES.name(),
        source: minicbor::decode::Error::message(error),
    })
}
