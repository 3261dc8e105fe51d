//! Taking entries into the store: every check that stands between hostile bytes and a row (spec records rules 1 to 16).

use base::{DeviceId, WebId};
use kernel::Step;
use store::StoreError;
use wire::WireError;
use wire::crypto::Signature;
use wire::entry::{DOMAIN, Entry, Log, web_of_genesis};

use crate::agenda::{self, Item, Todo};
use crate::authors::{self, Standing};
use crate::batches;
use crate::copies;
use crate::forks;
use crate::tables::{ENTRIES, FORKS, HEADS, HeadRow, have, log_key};

/// What became of an entry.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is new and stored now.
    Stored,
    /// It was stored before.
    Known,
    /// Entries before it are missing; `have` is the newest stored.
    Gap {
        /// The newest place stored.
        have: u64,
    },
    /// It is a valid entry of another branch: the chains part at this place or below.
    Parted,
    /// Its chain is frozen, at this place or below; of a governance chain it is kept as another branch.
    Frozen,
    /// Its author may not write it, as far as this peer knows now.
    Barred,
    /// A stranger's, and there are too many of those.
    Crowded,
    /// Of another web.
    WrongWeb,
    /// Not an entry, or not signed by its author.
    Bad(WireError),
}

/// Checks an entry from somewhere else and stores it if it is the next of its chain.
///
/// Cheap checks come first; the signature is checked once, before anything is written.
pub(crate) fn take(
    step: &mut Step<'_>,
    web: WebId,
    bytes: &[u8],
    source: Option<DeviceId>,
) -> Result<(Taken, Option<Entry>), StoreError> {
    let entry = match read(bytes, web) {
        Ok(Some(entry)) => entry,
        Ok(None) => return Ok((Taken::WrongWeb, None)),
        Err(error) => return Ok((Taken::Bad(error), None)),
    };
    let taken = place(step, web, &entry, source)?;
    Ok((taken, Some(entry)))
}

fn place(
    step: &mut Step<'_>,
    web: WebId,
    entry: &Entry,
    source: Option<DeviceId>,
) -> Result<Taken, StoreError> {
    let header = &entry.header;
    let chain = (web, header.author, log_key(header.log));
    if let Some(fork) = FORKS.get(step.view(), &chain)?.filter(|fork| header.seq >= fork.seq) {
        return forks::beyond(step, web, entry, &fork);
    }
    let have = have(step.view(), &chain)?;
    if header.seq <= have {
        return meet(step, web, entry, source);
    }
    if header.seq > have.saturating_add(1) {
        return Ok(Taken::Gap { have });
    }
    if have > 0 && HEADS.get(step.view(), &chain)?.is_some_and(|head| head.entry != header.previous) {
        return Ok(if is_signed(step, entry) { Taken::Parted } else { Taken::Bad(WireError::BadSignature) });
    }
    let standing = authors::standing(step.view(), web, entry)?;
    match standing {
        Standing::Barred => return Ok(Taken::Barred),
        Standing::Crowded => return Ok(Taken::Crowded),
        Standing::Author | Standing::Stranger(_) => {}
    }
    if !is_signed(step, entry) {
        return Ok(Taken::Bad(WireError::BadSignature));
    }
    if let Standing::Stranger(row) = standing {
        authors::count_stranger(step, web, header.author, row)?;
    }
    keep(step, web, entry, source)?;
    if source.is_some() {
        copies::note(step, web, entry)?;
    }
    if header.log == Log::Records {
        batches::open_or_wait(step, web, entry)?;
    }
    Ok(Taken::Stored)
}

/// Compares an entry with the one stored at its place.
fn meet(
    step: &mut Step<'_>,
    web: WebId,
    entry: &Entry,
    source: Option<DeviceId>,
) -> Result<Taken, StoreError> {
    let header = &entry.header;
    let key = (web, header.author, log_key(header.log), header.seq);
    let Some(stored) = ENTRIES.get(step.view(), &key)? else { return Ok(Taken::Frozen) };
    if *stored == entry.bytes {
        return Ok(Taken::Known);
    }
    if !is_signed(step, entry) {
        return Ok(Taken::Bad(WireError::BadSignature));
    }
    let stored = crate::read::known(&stored)?;
    let is_lowest = stored.header.previous == header.previous;
    forks::store(step, web, &stored, entry, source)?;
    Ok(if is_lowest { Taken::Frozen } else { Taken::Parted })
}

/// Stores an entry whose checks are done, and notes what follows from it.
pub(crate) fn keep(
    step: &mut Step<'_>,
    web: WebId,
    entry: &Entry,
    source: Option<DeviceId>,
) -> Result<(), StoreError> {
    let header = &entry.header;
    let log = log_key(header.log);
    ENTRIES.put(step.rows(), &(web, header.author, log, header.seq), &entry.bytes.clone().into());
    HEADS.put(step.rows(), &(web, header.author, log), &HeadRow { seq: header.seq, entry: entry.id });
    if header.log == Log::Governance {
        agenda::note_web(step, Todo::Governance, web);
    }
    let item = Item { seq: header.seq, source };
    agenda::note_chain(step, Todo::News, (web, header.author, header.log), item)
}

/// Reads an entry without checking its signature; `None` when it is of another web.
///
/// A body over its format's limit is refused here, so that two entries of a fork always fit one message
/// (spec records rule 6).
pub(crate) fn read(bytes: &[u8], web: WebId) -> Result<Option<Entry>, WireError> {
    let entry = Entry::read_known(bytes)?;
    let header = &entry.header;
    let limit = match header.log {
        Log::Governance => wire::governance::OPERATION_SIZE_MAX,
        Log::Records => wire::record::BATCH_SIZE_MAX,
    };
    if header.body.len() > limit {
        return Err(WireError::TooLong { size: header.body.len(), limit });
    }
    let is_genesis = header.web == WebId::new([0; 32]);
    let is_ours = if is_genesis {
        header.log == Log::Governance && header.seq == 1 && web_of_genesis(&entry) == web
    } else {
        header.web == web
    };
    Ok(is_ours.then_some(entry))
}

/// Says whether the author signed the entry.
pub(crate) fn is_signed(step: &Step<'_>, entry: &Entry) -> bool {
    entry.bytes.split_first_chunk().is_some_and(|(signature, signed)| {
        step.verifier().verify(&entry.header.author, DOMAIN, signed, &Signature(*signature))
    })
}
