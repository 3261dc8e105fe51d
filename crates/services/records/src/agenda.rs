//! What a batch leaves to be done when it is closed.
//!
//! Other services call this one inside their own steps, where it may only write rows: a message sent or an
//! announcement made there would carry the other service's name. So the work is noted here, in the same
//! transaction, and done in `close_batch`.

use base::{DeviceId, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::entry::Log;

use crate::tables::log_key;

const AGENDA: Table<(u8, WebId, DeviceId, u8), Item> = Table::new("records.agenda");

/// Kinds of things to do, in the order in which they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Todo {
    /// Membership changed: choose neighbours anew, greet new members.
    Authors,
    /// Records were removed by a cut: announce it.
    Cut,
    /// Keys changed: open waiting batches.
    Open,
    /// Records are queued: seal them.
    Seal,
    /// Governance entries were stored: announce it.
    Governance,
    /// A fork was found: spread the proof.
    Fork,
    /// Entries were stored: tell the neighbours.
    News,
}

/// Details of one thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Item {
    /// News: the first new place. Cut: the last place that stands.
    #[n(0)]
    pub(crate) seq: u64,
    /// From whom it was learned; none when it is our own, or came from more than one peer.
    #[n(1)]
    pub(crate) source: Option<DeviceId>,
}

/// A thing to do: about which web, device and log, with details.
pub(crate) type Entry = (WebId, DeviceId, u8, Item);

const NOBODY: DeviceId = DeviceId::new([0; 32]);

/// Notes something about a web as a whole.
pub(crate) fn note_web(step: &mut Step<'_>, todo: Todo, web: WebId) {
    AGENDA.put(step.rows(), &(todo as u8, web, NOBODY, 0), &Item { seq: 0, source: None });
}

/// Notes something about one chain; noted twice, the lower place holds.
pub(crate) fn note_chain(
    step: &mut Step<'_>,
    todo: Todo,
    (web, device, log): (WebId, DeviceId, Log),
    item: Item,
) -> Result<(), StoreError> {
    let key = (todo as u8, web, device, log_key(log));
    let item = match AGENDA.get(step.view(), &key)? {
        Some(noted) => Item {
            seq: noted.seq.min(item.seq),
            source: noted.source.filter(|source| Some(*source) == item.source),
        },
        None => item,
    };
    AGENDA.put(step.rows(), &key, &item);
    Ok(())
}

/// Says whether nothing is to be done.
pub(crate) fn is_empty<R: Rows + ?Sized>(rows: &R) -> Result<bool, StoreError> {
    Ok(AGENDA.within(rows, &()).next().transpose()?.is_none())
}

/// Returns the chains of a web of which new entries are noted; they stay noted.
pub(crate) fn news_of<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<Entry>, StoreError> {
    let noted = AGENDA.within(rows, &(Todo::News as u8, web));
    noted.map(|row| row.map(|((_, web, device, log), item)| (web, device, log, item))).collect()
}

/// Takes everything of one kind off the agenda.
pub(crate) fn take(step: &mut Step<'_>, todo: Todo) -> Result<Vec<Entry>, StoreError> {
    let items: Vec<_> = AGENDA.within(step.view(), &(todo as u8)).collect::<Result<_, _>>()?;
    for (key, _) in &items {
        AGENDA.delete(step.rows(), key);
    }
    Ok(items.into_iter().map(|((_, web, device, log), item)| (web, device, log, item)).collect())
}
