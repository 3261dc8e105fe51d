//! Records on their way into batches and out of them (spec records rules 27 to 36).

use base::{DeviceId, EntryId, Fault, WebId};
use kernel::Step;
use store::StoreError;
use wire::crypto::EpochKey;
use wire::entry::{Entry, Log};
use wire::record::{BATCH_PLAIN_MAX, Batch, Place, RECORD_SIZE_MAX, RECORDS_MAX, Record};

use crate::agenda::{self, Todo};
use crate::fault::RecordsError;
use crate::tables::{
    ENTRIES, EVALUATED, QUEUE, QUEUE_END, QueuedRow, UNREADABLE, Unreadable, WAITING, WEBS, frozen_from,
    is_member, log_key,
};
use crate::told::Told;

/// Bytes of records sealed for one web when a batch closes, at most: a step stays short, the rest follows at once.
const SEAL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Waiting batches opened when a batch closes, at most, for the same reason.
const OPEN_BATCHES_MAX: usize = 16;

/// Governance operations named in a batch at most (`wire::record`).
const GOVERNANCE_MAX: usize = 16;

/// Bytes that a record's frame takes besides its service name and body, at most.
const FRAME_SIZE: usize = 16;

/// Queues a record; it is sealed, signed and told to neighbours when the kernel's batch closes.
///
/// It stays queued, durably, while there is no key to seal under or this device is no member yet.
pub fn publish(step: &mut Step<'_>, web: WebId, service: &'static str, body: Vec<u8>) -> Result<(), Fault> {
    queue(step, web, service, (body, None)).map(|_| ())
}

/// Queues a record as [`publish`] does; the service is told with `Told::Sealed`, under the number returned, where in the chain
/// it stands once it is sealed.
pub fn publish_told(
    step: &mut Step<'_>,
    web: WebId,
    service: &'static str,
    body: Vec<u8>,
) -> Result<u64, Fault> {
    queue(step, web, service, (body, Some(true)))
}

fn queue(
    step: &mut Step<'_>,
    web: WebId,
    service: &'static str,
    (body, is_told): (Vec<u8>, Option<bool>),
) -> Result<u64, Fault> {
    if body.len() > RECORD_SIZE_MAX {
        return Err(RecordsError::TooLarge { service, size: body.len(), limit: RECORD_SIZE_MAX }.into());
    }
    match WEBS.get(step.view(), &web)? {
        None => return Err(RecordsError::UnknownWeb { web }.into()),
        Some(row) if row.is_stopped => return Err(RecordsError::Stopped { web }.into()),
        Some(_) => {}
    }
    let number = QUEUE_END.get(step.view(), &web)?.unwrap_or(0).saturating_add(1);
    QUEUE_END.put(step.rows(), &web, &number);
    let row = QueuedRow { service: service.to_owned(), body: body.into(), is_told };
    QUEUE.put(step.rows(), &(web, number), &row);
    agenda::note_web(step, Todo::Seal, web);
    Ok(number)
}

/// Reads once more what the batch around a place says to a service, with places ([`crate::place`]); nothing if it is not here or there is no
/// key for it.
pub fn read_batch(
    step: &mut Step<'_>,
    web: WebId,
    (author, place): (DeviceId, u64),
    service: &str,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let seq = crate::told::batch_of(place);
    let Some(bytes) = ENTRIES.get(step.view(), &(web, author, log_key(Log::Records), seq))? else {
        return Ok(Vec::new());
    };
    let entry = crate::read::known(&bytes)?;
    let Ok(batch) = Batch::read(&entry.header.body) else { return Ok(Vec::new()) };
    let Some(key) = step.keyring().get(web, batch.key).cloned() else { return Ok(Vec::new()) };
    let records = batch.open(&key, Place { web, author, seq }).unwrap_or_default();
    let numbered = (0_u32..).zip(records).filter(|(_, record)| record.service == service);
    Ok(numbered.map(|(index, record)| (crate::place(seq, index), record.body.into())).collect())
}

/// Says that the keyring of a web changed: waiting batches are opened, queued records sealed.
pub fn keys_changed(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    agenda::note_web(step, Todo::Open, web);
    agenda::note_web(step, Todo::Seal, web);
    Ok(())
}

/// Says which governance operations stand for what `people` has evaluated; batches name them (at most 16, the
/// greatest ids are left out).
pub fn set_governance_heads(step: &mut Step<'_>, web: WebId, heads: Vec<EntryId>) -> Result<(), Fault> {
    let mut heads = heads;
    heads.sort_unstable();
    heads.dedup();
    heads.truncate(GOVERNANCE_MAX);
    if EVALUATED.get(step.view(), &web)?.as_ref() != Some(&heads) {
        EVALUATED.put(step.rows(), &web, &heads);
    }
    Ok(())
}

/// What is left after a bounded piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing.
    Nothing,
    /// Some; go on soon.
    Some,
}

/// Seals queued records of a web into as few batches as the limits allow.
pub(crate) fn seal(step: &mut Step<'_>, web: WebId) -> Result<Rest, Fault> {
    let me = step.me();
    let is_frozen = frozen_from(step.view(), &(web, me, log_key(Log::Records)))?.is_some();
    let is_writer = is_member(step.view(), web, me)?;
    let Some(key) = step.keyring().current(web).cloned() else { return Ok(Rest::Nothing) };
    if is_frozen || !is_writer || crate::copies::halt(step.view(), web)?.is_some() {
        return Ok(Rest::Nothing);
    }
    let mut sealed_bytes = 0;
    // Halved when a batch does not compress enough to travel, and kept: what follows is likely alike.
    let mut plain_max = BATCH_PLAIN_MAX;
    let mut first = 0;
    while sealed_bytes < SEAL_BYTES_MAX {
        let (numbers, records, size) = next_records(step, web, first, plain_max)?;
        if records.is_empty() {
            return Ok(Rest::Nothing);
        }
        match seal_one(step, web, &key, &records)? {
            Some(batch) => {
                let entry = crate::own::append(step, web, Log::Records, wire::to_bytes(&batch))?;
                for (index, ((number, is_told), record)) in (0_u32..).zip(numbers.into_iter().zip(&records)) {
                    QUEUE.delete(step.rows(), &(web, number));
                    first = number.saturating_add(1);
                    if is_told {
                        let told = Told::Sealed { web, number, seq: entry.header.seq, index };
                        step.tell(&record.service, told.to_bytes());
                    }
                }
                sealed_bytes = sealed_bytes.saturating_add(size);
            }
            None if records.len() > 1 => plain_max = size / 2,
            None => {
                // One record of at most 128 KiB always fits; should it not, it stays, and the log says so.
                tracing::error!(web = %web.short(), "a record cannot be sealed");
                return Ok(Rest::Nothing);
            }
        }
    }
    Ok(Rest::Some)
}

/// Records that are to be sealed: number in the queue and whether its service is told, beside each record; and their bytes.
type Next = (Vec<(u64, bool)>, Vec<Record>, usize);

/// Reads queued records from a number on: at least one, then as many as fit.
///
/// Starting behind what was just sealed keeps the walk linear: deleted rows of this step are walked over, too.
fn next_records(step: &Step<'_>, web: WebId, first: u64, plain_max: usize) -> Result<Next, StoreError> {
    let (mut numbers, mut records, mut total) = (Vec::new(), Vec::new(), FRAME_SIZE);
    for row in QUEUE.within_from(step.view(), &web, &(web, first)).take(RECORDS_MAX) {
        let ((_, number), QueuedRow { service, body, is_told }) = row?;
        let size = FRAME_SIZE.saturating_add(service.len()).saturating_add(body.len());
        if !records.is_empty() && total.saturating_add(size) > plain_max {
            break;
        }
        total = total.saturating_add(size);
        numbers.push((number, is_told == Some(true)));
        records.push(Record { service, body });
    }
    Ok((numbers, records, total))
}

fn seal_one(
    step: &mut Step<'_>,
    web: WebId,
    key: &EpochKey,
    records: &[Record],
) -> Result<Option<Batch>, StoreError> {
    let author = step.me();
    let have = crate::tables::have(step.view(), &(web, author, log_key(Log::Records)))?;
    let place = Place { web, author, seq: have.saturating_add(1) };
    let governance = EVALUATED.get(step.view(), &web)?.unwrap_or_default();
    let mut nonce = [0; 24];
    for (to, from) in nonce.iter_mut().zip(step.random("batch nonce")) {
        *to = from;
    }
    Ok(Batch::seal(records, governance, key, nonce, place))
}

/// Opens a stored batch and tells its records, or notes for which key it waits, or that it can't be read.
///
/// Services hear each author's records in the order they were written: behind a batch that waits, others wait.
pub(crate) fn open_or_wait(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let (author, seq) = (entry.header.author, entry.header.seq);
    let Ok(batch) = Batch::read(&entry.header.body) else {
        unreadable(step, web, author, seq, Unreadable::NoBatch);
        return Ok(());
    };
    let is_behind = WAITING.within(step.view(), &(web, author)).next().transpose()?.is_some();
    match step.keyring().get(web, batch.key).cloned().filter(|_| !is_behind) {
        Some(key) => open(step, &batch, &key, Place { web, author, seq }),
        None => WAITING.put(step.rows(), &(web, author, seq), &batch.key),
    }
    Ok(())
}

fn open(step: &mut Step<'_>, batch: &Batch, key: &EpochKey, place: Place) {
    let Place { web, author, seq } = place;
    match batch.open(key, place) {
        Ok(records) => {
            for (index, record) in (0_u32..).zip(records) {
                let told = Told::Record { web, author, seq, index, body: record.body.into() };
                step.tell(&record.service, told.to_bytes());
            }
        }
        Err(_) => unreadable(step, web, author, seq, Unreadable::DoesNotOpen),
    }
}

fn unreadable(step: &mut Step<'_>, web: WebId, author: DeviceId, seq: u64, why: Unreadable) {
    tracing::warn!(web = %web.short(), author = %author.short(), seq, ?why, "a batch can't be read");
    UNREADABLE.put(step.rows(), &(web, author, seq), &why);
}

/// Opens batches whose key has come, each author's in order.
pub(crate) fn open_waiting(step: &mut Step<'_>, web: WebId) -> Result<Rest, StoreError> {
    let openable = openable(step, web)?;
    let has_more = openable.len() > OPEN_BATCHES_MAX;
    for (author, seq, key) in openable.into_iter().take(OPEN_BATCHES_MAX) {
        WAITING.delete(step.rows(), &(web, author, seq));
        let Some(bytes) = ENTRIES.get(step.view(), &(web, author, log_key(Log::Records), seq))? else {
            continue;
        };
        let entry = crate::read::known(&bytes)?;
        match Batch::read(&entry.header.body) {
            Ok(batch) => open(step, &batch, &key, Place { web, author, seq }),
            Err(_) => unreadable(step, web, author, seq, Unreadable::NoBatch),
        }
    }
    Ok(if has_more { Rest::Some } else { Rest::Nothing })
}

/// Collects waiting batches that can be told now, one more than are opened at once.
fn openable(step: &mut Step<'_>, web: WebId) -> Result<Vec<(DeviceId, u64, EpochKey)>, StoreError> {
    let keys: std::collections::BTreeMap<_, _> =
        step.keyring().of(web).map(|key| (key.id(), key.clone())).collect();
    let (mut openable, mut blocked) = (Vec::new(), None);
    for row in WAITING.within(step.view(), &web) {
        let ((_, author, seq), key) = row?;
        if blocked == Some(author) {
            continue;
        }
        match keys.get(&key) {
            Some(key) => openable.push((author, seq, key.clone())),
            None => blocked = Some(author),
        }
        if openable.len() > OPEN_BATCHES_MAX {
            break;
        }
    }
    Ok(openable)
}
