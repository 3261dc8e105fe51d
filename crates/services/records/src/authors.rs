//! Who may write into a web's logs, as `people` evaluated it, and what is taken of everybody else (spec records rules 13 to 19).

use base::{DeviceId, EntryId, Fault, PersonId, WebId};
use kernel::Step;
use store::{Rows, StoreError};
use wire::entry::{Entry, Log};

use crate::agenda::{self, Item, Todo};
use crate::tables::{
    AUTHORS, AuthorRow, CutRow, ENTRIES, FORKS, HEADS, HeadRow, NO_ENTRY, REMOVED, STRANGERS, StrangerRow,
    UNREADABLE, WAITING, WEBS, have, log_key, webs,
};

/// Devices that are no members, whose entries are kept, at most per web: as many as the largest web has persons.
pub(crate) const STRANGERS_MAX: u64 = 4_096;

/// Governance entries taken of one stranger: a join, a leave and a second try of both.
const STRANGER_ENTRIES_MAX: u64 = 4;

/// Bytes of one stranger's entries at most; a join takes about 500. With the limits above, 64 MiB in all.
const STRANGER_BYTES_MAX: u64 = 16 * 1024;

/// Entries taken of one former member: all it may have written while it was one. Its governance log has to be
/// complete up to the removal, and only the evaluation knows how far that is; of who left by itself nobody else does.
const FORMER_ENTRIES_MAX: u64 = 16_384;

/// Bytes of one former member's entries at most.
const FORMER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// One device of a present or former member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// The device.
    pub device: DeviceId,
    /// Whether it is a member's now: it may sync and write records.
    pub is_member: bool,
    /// When it is no member any more: the last accepted place of its records chain and the entry there
    /// (place 0 and an id of zeros when nothing stands). Who left without being removed has none.
    pub cut: Option<(u64, EntryId)>,
    /// Whether it only carries: it syncs, and may write governance but no records.
    pub is_carrier: bool,
    /// Whose it is: what a person's devices write counts together (spec records rule 40).
    pub owner: Option<PersonId>,
}

/// Says who may write and sync; replaces what was said before. This device belongs into the list.
///
/// Repeating it costs reading the rows and changes nothing. Devices that drop out of the list count as strangers:
/// what they wrote is kept but no longer shown to other peers. What a cut removes is announced as `Told::Cut`. A newcomer has to name the
/// member that welcomed it here, even before its own evaluation knows that member, or it can't fetch the logs.
pub fn set_authors(step: &mut Step<'_>, web: WebId, authors: &[Author]) -> Result<(), Fault> {
    let before: std::collections::BTreeMap<DeviceId, AuthorRow> = AUTHORS
        .within(step.view(), &web)
        .map(|row| row.map(|((_, device), author)| (device, author)))
        .collect::<Result<_, _>>()?;
    let mut web_row = WEBS.get(step.view(), &web)?.unwrap_or_default();
    let me = step.me();
    let is_me_member = authors.iter().any(|author| author.device == me && author.is_member);
    let is_back = web_row.is_stopped && is_me_member;
    let mut is_changed = is_back || !WEBS.has(step.view(), &web)?;
    web_row.is_stopped &= !is_me_member;
    let mut now: std::collections::BTreeMap<DeviceId, AuthorRow> = std::collections::BTreeMap::new();
    for author in authors {
        let cut = author.cut.filter(|_| !author.is_member).map(|(seq, entry)| CutRow { seq, entry });
        now.insert(
            author.device,
            AuthorRow {
                is_member: author.is_member,
                cut,
                is_carrier: author.is_carrier,
                owner: author.owner,
            },
        );
    }
    for device in before.keys().filter(|device| !now.contains_key(device)) {
        AUTHORS.delete(step.rows(), &(web, *device));
        is_changed = true;
    }
    for (device, row) in &now {
        if before.get(device) == Some(row) {
            continue;
        }
        is_changed = true;
        AUTHORS.put(step.rows(), &(web, *device), row);
        if row.is_member && STRANGERS.has(step.view(), &(web, *device))? {
            STRANGERS.delete(step.rows(), &(web, *device));
            web_row.strangers = web_row.strangers.saturating_sub(1);
        }
        if let Some(cut) = row.cut {
            apply_cut(step, web, *device, cut)?;
        }
    }
    WEBS.put(step.rows(), &web, &web_row);
    if is_changed {
        agenda::note_web(step, Todo::Authors, web);
        agenda::note_web(step, Todo::Seal, web);
    }
    Ok(())
}

/// Ends all sync of a web that this person left or was removed from; what is stored stays.
///
/// What this device appended to its governance chain in the same batch (a `Leave`) is still told to neighbours.
/// Queued records of the web stay queued.
/// [`set_authors`] with this device as a member starts it again.
pub fn stop_web(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    let row = WEBS.get(step.view(), &web)?.unwrap_or_default();
    WEBS.put(step.rows(), &web, &crate::tables::WebRow { is_stopped: true, ..row });
    agenda::note_web(step, Todo::Authors, web);
    Ok(())
}

/// Tells the network who may use the member protocols for a web.
pub(crate) fn admit(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    let mut members = members(step.view(), web)?;
    let me = step.me();
    members.retain(|device| *device != me);
    step.admit(web, members);
    Ok(())
}

/// Tells the network at start who may use the member protocols.
pub(crate) fn admit_all(step: &mut Step<'_>) -> Result<(), StoreError> {
    for web in webs(step.view())? {
        admit(step, web)?;
    }
    Ok(())
}

/// Returns the member devices of a web, this one included; nobody in a web that was stopped.
pub(crate) fn members<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<DeviceId>, StoreError> {
    let mut members = Vec::new();
    if WEBS.get(rows, &web)?.is_none_or(|row| row.is_stopped) {
        return Ok(members);
    }
    for row in AUTHORS.within(rows, &web) {
        let ((_, device), author) = row?;
        if author.is_member {
            members.push(device);
        }
    }
    Ok(members)
}

/// Removes the records of a device above a cut, and its other branch when the cut names one.
fn apply_cut(step: &mut Step<'_>, web: WebId, device: DeviceId, cut: CutRow) -> Result<(), StoreError> {
    let log = log_key(Log::Records);
    let chain = (web, device, log);
    let mut stands = cut.seq;
    if let Some(stored) = ENTRIES.get(step.view(), &(web, device, log, cut.seq))? {
        let is_named = crate::read::known(&stored)?.id == cut.entry;
        let fork = FORKS.get(step.view(), &chain)?;
        match fork {
            // The removal decides between the branches, so the proof has done its work.
            Some(_) if is_named => FORKS.delete(step.rows(), &chain),
            Some(fork) if fork.seq <= cut.seq => {
                stands = fork.seq.saturating_sub(1);
                FORKS.delete(step.rows(), &chain);
            }
            _ if !is_named => stands = cut.seq.saturating_sub(1),
            _ => {}
        }
    }
    if have(step.view(), &chain)? <= stands {
        return Ok(());
    }
    remove_above(step, web, device, stands)?;
    agenda::note_chain(step, Todo::Cut, (web, device, Log::Records), Item { seq: stands, source: None })
}

fn remove_above(step: &mut Step<'_>, web: WebId, device: DeviceId, stands: u64) -> Result<(), StoreError> {
    let log = log_key(Log::Records);
    let first = (web, device, log, stands.saturating_add(1));
    let gone: Vec<u64> = ENTRIES
        .within_from(step.view(), &(web, device, log), &first)
        .map(|row| row.map(|((.., seq), _)| seq))
        .collect::<Result<_, _>>()?;
    if device == step.me()
        && let Some(highest) = gone.last()
    {
        let before = REMOVED.get(step.view(), &web)?.unwrap_or(0);
        REMOVED.put(step.rows(), &web, &before.max(*highest));
    }
    for seq in gone {
        ENTRIES.delete(step.rows(), &(web, device, log, seq));
        UNREADABLE.delete(step.rows(), &(web, device, seq));
        WAITING.delete(step.rows(), &(web, device, seq));
    }
    let head = match ENTRIES.get(step.view(), &(web, device, log, stands))? {
        Some(bytes) => Some(HeadRow { seq: stands, entry: crate::read::known(&bytes)?.id }),
        None => None,
    };
    match head {
        Some(head) => HEADS.put(step.rows(), &(web, device, log), &head),
        None => HEADS.delete(step.rows(), &(web, device, log)),
    }
    Ok(())
}

/// What an author may do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standing {
    /// May write this entry.
    Author,
    /// May not, but a governance entry is taken on account: the row to store then.
    Stranger(StrangerRow),
    /// May not.
    Barred,
    /// Might, if there were not so many already.
    Crowded,
}

/// Says whether the author may write an entry, which comes next in its chain.
pub(crate) fn standing<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    entry: &Entry,
) -> Result<Standing, StoreError> {
    let header = &entry.header;
    let author = AUTHORS.get(rows, &(web, header.author))?;
    if let Some(author) = author.filter(|author| author.is_member) {
        let is_barred = author.is_carrier && header.log == Log::Records;
        return Ok(if is_barred { Standing::Barred } else { Standing::Author });
    }
    if header.log == Log::Records {
        match author.map(|author| author.cut) {
            None => return Ok(Standing::Barred),
            Some(Some(cut)) => {
                let is_named = header.seq == cut.seq && entry.id == cut.entry && cut.entry != NO_ENTRY;
                let is_standing = header.seq < cut.seq || is_named;
                return Ok(if is_standing { Standing::Author } else { Standing::Barred });
            }
            // Left by itself: nobody said where its records end, so they are taken on account as its operations are.
            Some(None) => {}
        }
    }
    let row = STRANGERS.get(rows, &(web, header.author))?;
    let size = u64::try_from(entry.bytes.len()).unwrap_or(u64::MAX);
    let counted = StrangerRow {
        entries: row.map_or(0, |row| row.entries).saturating_add(1),
        bytes: row.map_or(0, |row| row.bytes).saturating_add(size),
    };
    let (entries_max, bytes_max) = match author {
        Some(_) => (FORMER_ENTRIES_MAX, FORMER_BYTES_MAX),
        None => (STRANGER_ENTRIES_MAX, STRANGER_BYTES_MAX),
    };
    if counted.entries > entries_max || counted.bytes > bytes_max {
        return Ok(Standing::Barred);
    }
    let strangers = WEBS.get(rows, &web)?.unwrap_or_default().strangers;
    let is_crowded = author.is_none() && row.is_none() && strangers >= STRANGERS_MAX;
    Ok(if is_crowded { Standing::Crowded } else { Standing::Stranger(counted) })
}

/// Counts a stranger's entry that is stored now.
pub(crate) fn count_stranger(
    step: &mut Step<'_>,
    web: WebId,
    device: DeviceId,
    counted: StrangerRow,
) -> Result<(), StoreError> {
    if !STRANGERS.has(step.view(), &(web, device))? {
        let mut row = WEBS.get(step.view(), &web)?.unwrap_or_default();
        row.strangers = row.strangers.saturating_add(1);
        WEBS.put(step.rows(), &web, &row);
    }
    STRANGERS.put(step.rows(), &(web, device), &counted);
    Ok(())
}
