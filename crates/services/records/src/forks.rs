//! Two different entries of one device for one place: proof of a restored backup or of a lie (spec records rules 20 to 25).

use base::{DeviceId, WebId};
use kernel::Step;
use store::{Rows, StoreError};
use wire::entry::{Entry, Log};
use wire::sync::Message;

use crate::agenda::{self, Item, Todo};
use crate::chain;
use crate::tables::{AUTHORS, ChainKey, FORKS, ForkRow, HEADS, STRANGERS, log_key, log_of};

/// A proof that a device signed two entries for one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// Who signed both.
    pub device: DeviceId,
    /// In which chain.
    pub log: Log,
    /// At which place; the chain is frozen from here on.
    pub seq: u64,
    /// One entry, as it travels.
    pub one: Vec<u8>,
    /// The other.
    pub other: Vec<u8>,
}

/// Returns the proofs of misbehaviour, or of restored backups, known in a web: one per chain, the lowest place known.
pub fn forks(rows: &dyn Rows, web: WebId) -> Result<Vec<Fork>, StoreError> {
    let mut forks = Vec::new();
    for row in FORKS.within(rows, &web) {
        let ((_, device, log), ForkRow { seq, one, other }) = row?;
        if let Some(log) = log_of(log) {
            forks.push(Fork { device, log, seq, one: one.into(), other: other.into() });
        }
    }
    Ok(forks)
}

/// Stores a proof whose signatures are checked, unless one for a lower or the same place is known.
pub(crate) fn store(
    step: &mut Step<'_>,
    web: WebId,
    one: &Entry,
    other: &Entry,
    source: Option<DeviceId>,
) -> Result<(), StoreError> {
    let (device, log, seq) = (one.header.author, one.header.log, one.header.seq);
    let chain = (web, device, log_key(log));
    if FORKS.get(step.view(), &chain)?.is_some_and(|known| known.seq <= seq) {
        return Ok(());
    }
    // The order is fixed so that all peers keep the same bytes of the same proof.
    let (one, other) = if one.bytes < other.bytes { (one, other) } else { (other, one) };
    let row = ForkRow { seq, one: one.bytes.clone().into(), other: other.bytes.clone().into() };
    FORKS.put(step.rows(), &chain, &row);
    tracing::warn!(device = %device.short(), web = %web.short(), seq, "a device wrote two entries for one place");
    step.emit("records.forked", &serde_json::json!({ "web": web, "device": device, "seq": seq }));
    agenda::note_chain(step, Todo::Fork, (web, device, log), Item { seq, source })
}

/// Takes a proof that a peer sent; a pair that proves nothing is dropped.
pub(crate) fn hear(
    step: &mut Step<'_>,
    web: WebId,
    one: &[u8],
    other: &[u8],
    source: DeviceId,
) -> Result<(), StoreError> {
    let (Ok(Some(one)), Ok(Some(other))) = (chain::read(one, web), chain::read(other, web)) else {
        return Ok(());
    };
    let place = |entry: &Entry| (entry.header.author, entry.header.log, entry.header.seq);
    if one.id == other.id || place(&one) != place(&other) {
        return Ok(());
    }
    // Proofs about keys nobody has seen in this web would fill the disk for nothing.
    let device = one.header.author;
    let is_seen = AUTHORS.has(step.view(), &(web, device))?
        || STRANGERS.has(step.view(), &(web, device))?
        || HEADS.has(step.view(), &(web, device, log_key(Log::Governance)))?;
    if is_seen && chain::is_signed(step, &one) && chain::is_signed(step, &other) {
        store(step, web, &one, &other, Some(source))?;
    }
    Ok(())
}

/// Returns the proof of a chain as it travels.
pub(crate) fn message<R: Rows + ?Sized>(rows: &R, chain: &ChainKey) -> Result<Option<Message>, StoreError> {
    let fork = FORKS.get(rows, chain)?;
    Ok(fork.map(|ForkRow { one, other, .. }| Message::Fork { web: chain.0, one, other }))
}
