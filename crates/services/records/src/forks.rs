//! Two different entries of one device for one place: proof of a restored backup or of a lie (spec records rules 20 to 25).

use std::collections::BTreeSet;

use base::{DeviceId, EntryId, WebId};
use kernel::Step;
use store::{Rows, StoreError};
use wire::codec::Bytes;
use wire::entry::{Entry, Log};
use wire::sync::Message;

use crate::agenda::{self, Item, Todo};
use crate::chain::{self, Taken};
use crate::tables::{
    AUTHORS, BRANCHES, ChainKey, ENTRIES, FORKS, ForkRow, HEADS, NO_ENTRY, STRANGERS, WEBS, WebRow, log_key,
    log_of,
};

/// Entries of other branches kept of one chain, at most: more than a device that was restored from a backup has
/// governed since.
const BRANCH_ENTRIES_MAX: usize = 1_024;

/// Their bytes at most.
const BRANCH_BYTES_MAX: usize = 32 * 1024 * 1024;

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

/// Walks the entries of proofs about governance chains that do not stand on our own branch.
pub(crate) fn proofs_apart(
    rows: &dyn Rows,
    web: WebId,
) -> impl Iterator<Item = Result<Bytes, StoreError>> + '_ {
    FORKS.within(rows, &web).flat_map(move |row| -> Vec<Result<Bytes, StoreError>> {
        let apart = row.and_then(|((_, device, log), ForkRow { seq, one, other })| {
            let own = ENTRIES.get(rows, &(web, device, log, seq))?;
            let mut pair = if log == log_key(Log::Governance) { vec![one, other] } else { Vec::new() };
            pair.retain(|bytes| own.as_ref() != Some(bytes));
            Ok(pair)
        });
        match apart {
            Ok(pair) => pair.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    })
}

/// Returns how often anything new was learned about the forked chains of a web: grows whenever [`forks`] or, while the
/// heads stay as they are, [`crate::governance`] have more to say.
pub fn fork_news(rows: &dyn Rows, web: WebId) -> Result<u64, StoreError> {
    Ok(WEBS.get(rows, &web)?.map_or(0, |row| row.fork_news))
}

fn count_news(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    let row = WEBS.get(step.view(), &web)?.unwrap_or_default();
    WEBS.put(step.rows(), &web, &WebRow { fork_news: row.fork_news.saturating_add(1), ..row });
    Ok(())
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
    count_news(step, web)?;
    if log == Log::Governance {
        agenda::note_web(step, Todo::Governance, web);
    }
    tracing::warn!(device = %device.short(), web = %web.short(), seq, "a device wrote two entries for one place");
    if device == step.me() {
        crate::copies::say(step, web, seq);
    }
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

/// Takes an entry at or above a fork.
///
/// Of a governance chain every branch is kept: what another person has built on stands, and only the evaluation of
/// the whole set can say what that is, so all peers need the same set (spec records rule 22).
pub(crate) fn beyond(
    step: &mut Step<'_>,
    web: WebId,
    entry: &Entry,
    fork: &ForkRow,
) -> Result<Taken, StoreError> {
    let header = &entry.header;
    if header.log == Log::Records {
        return Ok(Taken::Frozen);
    }
    let (author, seq) = (header.author, header.seq);
    let key = (web, author, seq, entry.id);
    let rows = step.view();
    let own = ENTRIES.get(rows, &(web, author, log_key(header.log), seq))?;
    let is_proof = *fork.one == entry.bytes || *fork.other == entry.bytes;
    if is_proof || own.is_some_and(|own| *own == entry.bytes) || BRANCHES.has(rows, &key)? {
        return Ok(Taken::Known);
    }
    let below = seq.saturating_sub(1);
    let is_linked = seq == fork.seq
        || BRANCHES.has(rows, &(web, author, below, header.previous))?
        || ids_at(rows, web, author, fork, below)?.contains(&header.previous);
    let (mut count, mut size) = (1, entry.bytes.len());
    for row in BRANCHES.within(rows, &(web, author)) {
        count += 1;
        size = size.saturating_add(row?.1.len());
    }
    if !is_linked || count > BRANCH_ENTRIES_MAX || size > BRANCH_BYTES_MAX || !chain::is_signed(step, entry) {
        return Ok(Taken::Frozen);
    }
    BRANCHES.put(step.rows(), &key, &entry.bytes.clone().into());
    count_news(step, web)?;
    agenda::note_web(step, Todo::Governance, web);
    Ok(Taken::Frozen)
}

/// Returns the ids of our own branch's and the proof's entries at a place.
fn ids_at<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    device: DeviceId,
    fork: &ForkRow,
    seq: u64,
) -> Result<BTreeSet<EntryId>, StoreError> {
    let mut entries: Vec<Bytes> =
        ENTRIES.get(rows, &(web, device, log_key(Log::Governance), seq))?.into_iter().collect();
    if seq == fork.seq {
        entries.extend([fork.one.clone(), fork.other.clone()]);
    }
    entries.iter().map(|bytes| Ok(crate::read::known(bytes)?.id)).collect()
}

/// Returns what stands in the place of the entry's id in the head of a forked chain (spec sync rule 3): zeros for a
/// records chain; for a governance chain a digest of all its entries from the fork on, on whatever branch.
pub(crate) fn end<R: Rows + ?Sized>(
    rows: &R,
    chain: &ChainKey,
    fork: &ForkRow,
) -> Result<EntryId, StoreError> {
    let (web, device, log) = *chain;
    if log_of(log) != Some(Log::Governance) {
        return Ok(NO_ENTRY);
    }
    let mut ids = ids_at(rows, web, device, fork, fork.seq)?;
    for row in ENTRIES.within_from(rows, chain, &(web, device, log, fork.seq)) {
        ids.insert(crate::read::known(&row?.1)?.id);
    }
    for row in BRANCHES.within(rows, &(web, device)) {
        let ((.., seq, id), _) = row?;
        if seq >= fork.seq {
            ids.insert(id);
        }
    }
    let mut hasher = blake3::Hasher::new();
    for id in ids {
        hasher.update(id.as_bytes());
    }
    Ok(EntryId::new(*hasher.finalize().as_bytes()))
}

/// Returns the entries of a forked governance chain from a place on, place by place, our own branch first.
pub(crate) fn branches<R: Rows + ?Sized>(
    rows: &R,
    chain: &ChainKey,
    (from, to): (u64, u64),
) -> Result<Vec<Bytes>, StoreError> {
    let (web, device, log) = *chain;
    let mut entries: Vec<(u64, Bytes)> = Vec::new();
    for row in ENTRIES.within_from(rows, chain, &(web, device, log, from)) {
        let ((.., seq), bytes) = row?;
        entries.push((seq, bytes));
    }
    for row in BRANCHES.within_from(rows, &(web, device), &(web, device, from, NO_ENTRY)) {
        let ((.., seq, _), bytes) = row?;
        entries.push((seq, bytes));
    }
    entries.retain(|(seq, _)| *seq <= to);
    entries.sort_by_key(|(seq, _)| *seq);
    Ok(entries.into_iter().map(|(_, bytes)| bytes).collect())
}

/// Returns the proof of a chain as it travels.
pub(crate) fn message<R: Rows + ?Sized>(rows: &R, chain: &ChainKey) -> Result<Option<Message>, StoreError> {
    let fork = FORKS.get(rows, chain)?;
    Ok(fork.map(|ForkRow { one, other, .. }| Message::Fork { web: chain.0, one, other }))
}
