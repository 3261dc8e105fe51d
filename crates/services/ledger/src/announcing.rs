//! How a web gets to know of its ledgers, and who is believed about them (spec ledger, rules 4 to 9).

use std::collections::BTreeSet;

use base::{DeviceId, Fault, LedgerId, WebId};
use kernel::Step;
use store::{Rows, RowsMut, StoreError};

use crate::service::Ledgers;
use crate::tables::{HEADS, Head, LEDGERS, LedgerRow, MOVED, MovedRow, NAMED, STRAY, StrayRow};
use crate::value::{Announcement, Body, Keeper, Moved};
use crate::work::Work;

/// Ledgers that one person may have in a web.
pub(crate) const LEDGERS_MAX: usize = 32;
/// Changes told by one device of ledgers that are not known.
const STRAY_MAX: usize = 64;

/// Who is believed about what was decided, and who is a keeper now as far as is known.
#[derive(Debug)]
pub(crate) struct Trust {
    /// All who were keepers ever.
    pub(crate) devices: BTreeSet<DeviceId>,
    pub(crate) keepers: Vec<Keeper>,
}

/// Follows the chain of changes: who is a keeper says who comes after.
pub(crate) fn trust<R: Rows + ?Sized>(
    rows: &R,
    ledger: LedgerId,
    row: &LedgerRow,
    head: &Head,
) -> Result<Trust, StoreError> {
    let mut devices: BTreeSet<DeviceId> =
        row.keepers.iter().chain(&head.keepers).map(|keeper| keeper.device).collect();
    let (mut since, mut keepers) = (head.keepers_since, head.keepers.clone());
    let mut moved = Vec::new();
    for pair in MOVED.within(rows, &ledger) {
        let ((_, author), row) = pair?;
        moved.push((row.slot, author, row.keepers));
    }
    moved.sort();
    // One may be believed only after a later one was: as often as there are changes.
    for _ in 0..moved.len() {
        let before = devices.len();
        for (slot, author, theirs) in &moved {
            if devices.contains(author) {
                devices.extend(theirs.iter().map(|keeper| keeper.device));
                if *slot > since {
                    (since, keepers) = (*slot, theirs.clone());
                }
            }
        }
        if devices.len() == before {
            break;
        }
    }
    Ok(Trust { devices, keepers })
}

/// Notes a change of keepers that a device tells of.
pub(crate) fn note_moved(step: &mut Step<'_>, author: DeviceId, moved: &Moved) -> Result<(), StoreError> {
    let key = (moved.ledger, author);
    if MOVED.get(step.view(), &key)?.is_none_or(|row| row.slot < moved.slot) {
        let row = MovedRow { slot: moved.slot, keepers: moved.keepers.clone() };
        MOVED.put(step.rows(), &key, &row);
    }
    Ok(())
}

/// Notes what a device tells of a ledger that is not known yet; the last of each device, as when it is known.
pub(crate) fn note_stray<R: RowsMut>(
    rows: &mut R,
    (web, author): (WebId, DeviceId),
    Moved { ledger, slot, keepers }: Moved,
) -> Result<(), StoreError> {
    let key = (author, ledger);
    let is_noted = match STRAY.get(rows, &key)? {
        Some(known) => known.slot < slot && known.web.is_none_or(|said_in| said_in == web),
        None => STRAY.within(rows, &author).count() < STRAY_MAX,
    };
    if is_noted {
        STRAY.put(rows, &key, &StrayRow { slot, keepers, web: Some(web) });
    }
    Ok(())
}

/// Takes out what was told of a ledger before it was announced, in its own web (spec ledger, rule 8).
pub(crate) fn take_strays<R: RowsMut>(
    rows: &mut R,
    web: WebId,
    id: LedgerId,
) -> Result<Vec<(DeviceId, Moved)>, StoreError> {
    let all: Vec<((DeviceId, LedgerId), StrayRow)> = STRAY.all(rows).collect::<Result<_, _>>()?;
    let mut taken = Vec::new();
    for ((author, ledger), StrayRow { slot, keepers, web: said_in }) in all {
        if ledger == id {
            STRAY.delete(rows, &(author, id));
            if said_in.is_none_or(|said_in| said_in == web) {
                taken.push((author, Moved { ledger, slot, keepers }));
            }
        }
    }
    Ok(taken)
}

impl Ledgers {
    /// Takes a record that another device of a web wrote.
    pub(crate) fn hear_record(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        author: DeviceId,
        body: &[u8],
    ) -> Result<(), Fault> {
        match Body::read(body) {
            Ok(Body::Announcement(announcement)) => {
                self.take_announcement(step, (web, author), announcement)?;
            }
            Ok(Body::Moved(moved)) => match LEDGERS.get(step.view(), &moved.ledger)? {
                Some(row) if row.web == web => {
                    note_moved(step, author, &moved)?;
                    if let Some(work) = self.works.get_mut(&moved.ledger) {
                        (work.ask_due, work.call_due) = (step.now(), step.now());
                        work.tend(step)?;
                    }
                }
                Some(_) => {}
                None => note_stray(step.rows(), (web, author), moved)?,
            },
            Err(error) => tracing::warn!(author = %author.short(), %error, "a ledger record was dropped"),
        }
        Ok(())
    }

    /// Gets to know a ledger; returns its id, none when whoever announces it may not.
    pub(crate) fn take_announcement(
        &mut self,
        step: &mut Step<'_>,
        (web, author): (WebId, DeviceId),
        announcement: Announcement,
    ) -> Result<Option<LedgerId>, Fault> {
        let Some(person) = people::read::person_of(step.view(), web, author)? else { return Ok(None) };
        let id = announcement.id(web, author);
        let count = NAMED.within(step.view(), &(web, person)).count();
        if LEDGERS.has(step.view(), &id)? || count >= LEDGERS_MAX {
            return Ok(None);
        }
        let Announcement { name, keepers, .. } = announcement;
        let head = Head { keepers: keepers.clone(), started_by: Some(person), ..Head::default() };
        let row = LedgerRow { web, name, author, person, keepers };
        NAMED.put(step.rows(), &(web, person, id), &row.name);
        HEADS.put(step.rows(), &id, &head);
        LEDGERS.put(step.rows(), &id, &row);
        for (author, moved) in take_strays(step.rows(), web, id)? {
            note_moved(step, author, &moved)?;
        }
        let mut work = Work::new(id, row);
        work.is_changed = true;
        work.tend(step)?;
        self.works.insert(id, work);
        Ok(Some(id))
    }
}
