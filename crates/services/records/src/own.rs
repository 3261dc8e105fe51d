//! What this device writes into its own governance chain, and single entries that came outside of sync.

use base::{Fault, WebId};
use kernel::Step;
use wire::entry::{Entry, Header, Log, VERSION, web_of_genesis};
use wire::governance::Operation;

use crate::chain::{self, Taken};
use crate::copies::{self, Halt};
use crate::fault::RecordsError;
use crate::tables::{HEADS, NO_ENTRY, WEBS, frozen_from, log_key};

/// Founds a web with a genesis operation and returns its id.
///
/// The founder's devices are no members before `set_authors` says so.
pub fn found_web(step: &mut Step<'_>, operation: &Operation) -> Result<WebId, Fault> {
    let header = Header {
        version: VERSION,
        web: WebId::new([0; 32]),
        log: Log::Governance,
        author: step.me(),
        seq: 1,
        previous: NO_ENTRY,
        body: wire::to_bytes(operation).into(),
    };
    let entry = Entry::sign(header, step.signer());
    let web = web_of_genesis(&entry);
    WEBS.put(step.rows(), &web, &crate::tables::WebRow::default());
    chain::keep(step, web, &entry, None).map_err(RecordsError::Store)?;
    Ok(web)
}

/// Appends an operation to this device's governance chain of a web; neighbours hear of it when the batch closes.
///
/// The web has to be known (founded, or its genesis accepted). Refused when the own chain has forked: then this
/// home was restored from a backup, and what it wrote would be frozen everywhere.
pub fn append_governance(step: &mut Step<'_>, web: WebId, operation: &Operation) -> Result<Entry, Fault> {
    append(step, web, Log::Governance, wire::to_bytes(operation))
}

/// Stores a governance entry that came outside of sync: a join request, an offered genesis.
///
/// Checks all that sync checks, and returns the entry also when it was stored before. A genesis makes its web known.
pub fn accept_governance(step: &mut Step<'_>, web: WebId, bytes: &[u8]) -> Result<Entry, Fault> {
    let read = chain::read(bytes, web).map_err(RecordsError::BadEntry)?;
    let entry = read.ok_or(RecordsError::WrongWeb { web })?;
    let header = entry.header.clone();
    if header.log != Log::Governance {
        return Err(RecordsError::WrongWeb { web }.into());
    }
    if !WEBS.has(step.view(), &web)? {
        if header.web == web {
            return Err(RecordsError::UnknownWeb { web }.into());
        }
        WEBS.put(step.rows(), &web, &crate::tables::WebRow::default());
    }
    let (taken, entry) = chain::take(step, web, bytes, None)?;
    let forked = RecordsError::Forked { device: header.author, log: header.log, seq: header.seq };
    match (taken, entry) {
        (Taken::Stored | Taken::Known, Some(entry)) => Ok(entry),
        (Taken::Gap { have }, _) => {
            Err(RecordsError::OutOfPlace { device: header.author, have, seq: header.seq }.into())
        }
        (Taken::Parted | Taken::Frozen, _) => Err(forked.into()),
        (Taken::Barred | Taken::Crowded, _) => Err(RecordsError::TooManyStrangers { web }.into()),
        (Taken::Bad(error), _) => Err(RecordsError::BadEntry(error).into()),
        (Taken::WrongWeb | Taken::Stored | Taken::Known, _) => Err(RecordsError::WrongWeb { web }.into()),
    }
}

/// Appends to one of this device's chains.
pub(crate) fn append(step: &mut Step<'_>, web: WebId, log: Log, body: Vec<u8>) -> Result<Entry, Fault> {
    if !WEBS.has(step.view(), &web)? {
        return Err(RecordsError::UnknownWeb { web }.into());
    }
    let me = step.me();
    let chain = (web, me, log_key(log));
    if let Some(seq) = frozen_from(step.view(), &chain)? {
        return Err(RecordsError::Forked { device: me, log, seq }.into());
    }
    match copies::halt(step.view(), web)? {
        None => {}
        Some(Halt::Restored) => return Err(RecordsError::Restored { web }.into()),
        Some(Halt::Copied | Halt::Forked) => return Err(RecordsError::Copied { web }.into()),
    }
    let head = HEADS.get(step.view(), &chain)?;
    let (have, previous) = head.map_or((0, NO_ENTRY), |head| (head.seq, head.entry));
    let seq = have.saturating_add(1);
    let header = Header { version: VERSION, web, log, author: me, seq, previous, body: body.into() };
    let entry = Entry::sign(header, step.signer());
    chain::keep(step, web, &entry, None)?;
    Ok(entry)
}
