//! How edits become one text, whatever order they arrive in (spec pages, rules 13 to 16).
//!
//! A text is a function of the set of valid records alone: each author's updates count in the order of the author's log,
//! and when one comes late, or a log is cut, the text is made anew from all of them when the batch closes.

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, DocumentId, Fault, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::edit::ChangeSet;
use crate::statement::Statement;
use crate::tables::{
    ARRIVALS, ArrivalRow, DOCUMENTS, DUE, DocumentKey, DocumentRow, PLACES, SNAPSHOTS, SnapshotRow, Standing,
    UNSAID, WAITING, WRITTEN,
};
use crate::text::{NotTaken, Text, writer};
use crate::writing::{
    OWN_PLACES, Texts, count, note_edit, note_text, read_text, say, snapshot, snapshot_if_due,
};

/// Bytes one author may put into one document; what follows is not taken, in the order of the author's log.
const AUTHOR_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// Texts made anew when a batch closes, at most; the rest follows with the next.
const MADE_MAX: usize = 8;

/// Notes an update and puts it into the text as soon as all before it is there.
pub(crate) fn arrive(
    step: &mut Step<'_>,
    texts: &mut Texts,
    key: DocumentKey,
    arrival: &ArrivalRow,
) -> Result<(), Fault> {
    let (web, document) = key;
    // What this device has written so far was not written on what comes now.
    if UNSAID.has(step.view(), &key)? && !DUE.has(step.view(), &key)? {
        say(step, texts, key)?;
    }
    let mut row = DOCUMENTS.get(step.view(), &key)?.unwrap_or_else(DocumentRow::unknown);
    let publisher = arrival.keeper.unwrap_or(arrival.author);
    if PLACES.has(step.view(), &(web, document, publisher, arrival.place))? {
        return Ok(());
    }
    let last = PLACES.within_back(step.view(), &(web, document, publisher)).next().transpose()?;
    let is_late = last.is_some_and(|((.., place), _)| place > arrival.place);
    // What others kept has no place of its own among its author's.
    let is_out_of_order = is_late || arrival.keeper.is_some();
    row.arrivals += 1;
    let number = row.arrivals;
    ARRIVALS.put(step.rows(), &(web, document, number), arrival);
    PLACES.put(step.rows(), &(web, document, publisher, arrival.place), &number);
    WAITING.put(step.rows(), &(web, document, number), &());
    DOCUMENTS.put(step.rows(), &key, &row);
    if is_out_of_order {
        DUE.put(step.rows(), &key, &());
    }
    if DUE.has(step.view(), &key)? {
        return Ok(());
    }
    take_waiting(step, texts, key)
}

/// Makes texts anew that have to be.
pub(crate) fn close(step: &mut Step<'_>, texts: &mut Texts) -> Result<(), Fault> {
    let due: Vec<DocumentKey> =
        DUE.all(step.view()).take(MADE_MAX).map(|row| row.map(|(key, ())| key)).collect::<Result<_, _>>()?;
    for key in due {
        rebuild(step, texts, key)?;
        DUE.delete(step.rows(), &key);
    }
    Ok(())
}

/// Puts whatever can be into a text, until nothing more can.
fn take_waiting(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let (web, document) = key;
    let Some(mut row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    let mut first_taken = None;
    while let Some((number, arrival, edit)) = next_taken(step, texts, key)? {
        first_taken = Some(first_taken.map_or(number, |first: u64| first.min(number)));
        note_arrival(step, key, &mut row, &arrival, &edit);
        ARRIVALS.put(step.rows(), &(web, document, number), &arrival);
        DOCUMENTS.put(step.rows(), &key, &row);
    }
    let Some(first_taken) = first_taken else { return Ok(()) };
    let now = texts.open(step, key)?.read().to_owned();
    note_text(step, key, &mut row, &now)?;
    DOCUMENTS.put(step.rows(), &key, &row);
    // One that waited when the last snapshot was made is not in it.
    let is_behind = SNAPSHOTS.get(step.view(), &key)?.is_some_and(|last| last.arrival >= first_taken);
    if is_behind { snapshot(step, texts, key) } else { snapshot_if_due(step, texts, key) }
}

/// Takes the first of the waiting updates that can be taken; those that never can are settled on the way.
fn next_taken(
    step: &mut Step<'_>,
    texts: &mut Texts,
    key: DocumentKey,
) -> Result<Option<(u64, ArrivalRow, ChangeSet)>, Fault> {
    let (web, document) = key;
    let mut waiting = Vec::new();
    for row in WAITING.within(step.view(), &key) {
        let ((.., number), ()) = row?;
        if let Some(arrival) = ARRIVALS.get(step.view(), &(web, document, number))? {
            waiting.push((number, arrival));
        }
    }
    // What others kept of somebody follows what stands of its own.
    waiting.sort_by_key(|(number, arrival)| (arrival.keeper, *number));
    let mut blocked = BTreeSet::new();
    for (number, mut arrival) in waiting {
        let place = (web, document, number);
        // Behind one that waits, the next ones of the same line wait, too. Who is a member speaks for itself.
        let line = (arrival.author, arrival.keeper);
        let is_early = arrival.keeper.is_some() && people::read::is_member(step.view(), web, arrival.author)?;
        if is_early || blocked.contains(&line) {
            continue;
        }
        let publisher = arrival.keeper.unwrap_or(arrival.author);
        let size = written(step.view(), key, publisher)?.saturating_add(size_of(&arrival));
        let outcome = match size <= AUTHOR_SIZE_MAX {
            true => texts.open(step, key)?.take(&arrival.update, writer(web, document, arrival.author)),
            false => Err(NotTaken::Bad),
        };
        let taken = match outcome {
            Ok(edit) => Some(edit),
            Err(NotTaken::Known) => None,
            Err(NotTaken::Early) => {
                blocked.insert(line);
                continue;
            }
            Err(NotTaken::Half) => {
                texts.drop_text(key);
                blocked.insert(line);
                continue;
            }
            // A parser that panicked over it has left the text in no known state.
            Err(NotTaken::Bad) => {
                texts.drop_text(key);
                None
            }
        };
        WRITTEN.put(step.rows(), &(web, document, publisher), &size);
        WAITING.delete(step.rows(), &place);
        if let Some(edit) = taken {
            arrival.standing = Standing::Taken;
            count(&mut arrival.tally, &edit);
            return Ok(Some((number, arrival, edit)));
        }
        arrival.standing = Standing::Void;
        ARRIVALS.put(step.rows(), &place, &arrival);
    }
    Ok(None)
}

fn size_of(arrival: &ArrivalRow) -> u64 {
    u64::try_from(arrival.update.len()).unwrap_or(u64::MAX)
}

fn written<R: Rows + ?Sized>(rows: &R, key: DocumentKey, author: DeviceId) -> Result<u64, StoreError> {
    Ok(WRITTEN.get(rows, &(key.0, key.1, author))?.unwrap_or(0))
}

fn note_arrival(
    step: &mut Step<'_>,
    key: DocumentKey,
    row: &mut DocumentRow,
    arrival: &ArrivalRow,
    edit: &ChangeSet,
) {
    if !edit.is_empty() {
        note_edit(step, key, row, ("", edit));
    }
    // Nobody's clock makes a document the newest for ever.
    let at = arrival.at.min(step.now());
    if at >= row.changed {
        row.changed = at;
        row.changed_by = Some(arrival.author);
    }
}

/// Makes a text anew from all its updates, each author's in the order of its log.
fn rebuild(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let (web, document) = key;
    let Some(mut row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    let before = texts.open(step, key)?.read().to_owned();
    let me = writer(web, document, step.me());
    let mut all = in_order(step.view(), key)?;
    let (text, written) = merged(step.view(), key, me, &mut all)?;
    for (author, size) in written {
        WRITTEN.put(step.rows(), &(web, document, author), &size);
    }
    for (number, arrival, was) in &all {
        let place = (web, document, *number);
        if arrival.standing != *was {
            ARRIVALS.put(step.rows(), &place, arrival);
        }
        match arrival.standing {
            Standing::Waits => WAITING.put(step.rows(), &place, &()),
            Standing::Taken | Standing::Void => WAITING.delete(step.rows(), &place),
        }
    }
    if let Some(bytes) = text.snapshot() {
        SNAPSHOTS.put(step.rows(), &key, &SnapshotRow { arrival: row.arrivals, bytes: bytes.into() });
    }
    texts.drop_text(key);
    // With what this device has written and not published yet.
    let text = read_text(step.view(), key, me)?;
    let edit = ChangeSet::between(&before, text.read());
    if !edit.is_empty() {
        note_edit(step, key, &mut row, ("", &edit));
    }
    let now = text.read().to_owned();
    texts.put(key, text);
    note_text(step, key, &mut row, &now)?;
    DOCUMENTS.put(step.rows(), &key, &row);
    Ok(())
}

/// An update with its number, what is found of it now, and what was found of it before.
type Ordered = (u64, ArrivalRow, Standing);

/// Merges updates in their order, and says what became of each, and how much each author has written.
fn merged<R: Rows + ?Sized>(
    rows: &R,
    (web, document): DocumentKey,
    me: u64,
    all: &mut [Ordered],
) -> Result<(Text, BTreeMap<DeviceId, u64>), StoreError> {
    let mut text = Text::new(me);
    let mut taken: Vec<wire::codec::Bytes> = Vec::new();
    let mut written: BTreeMap<DeviceId, u64> = BTreeMap::new();
    loop {
        let mut is_moved = false;
        let mut blocked = BTreeSet::new();
        for (_, arrival, _) in all.iter_mut().filter(|(_, arrival, _)| arrival.standing == Standing::Waits) {
            let line = (arrival.author, arrival.keeper);
            // Who is a member speaks for itself.
            let is_early = arrival.keeper.is_some() && people::read::is_member(rows, web, arrival.author)?;
            if is_early || blocked.contains(&line) {
                continue;
            }
            let so_far = written.entry(arrival.keeper.unwrap_or(arrival.author)).or_default();
            let size = so_far.saturating_add(size_of(arrival));
            let outcome = match size <= AUTHOR_SIZE_MAX {
                true => text.take(&arrival.update, writer(web, document, arrival.author)),
                false => Err(NotTaken::Bad),
            };
            match outcome {
                Ok(_) => {
                    arrival.standing = Standing::Taken;
                    taken.push(arrival.update.clone());
                }
                Err(NotTaken::Bad | NotTaken::Known) => arrival.standing = Standing::Void,
                Err(NotTaken::Early) => {
                    blocked.insert(line);
                    continue;
                }
                Err(NotTaken::Half) => {
                    blocked.insert(line);
                    text = Text::new(me);
                    for update in &taken {
                        let _is_taken = text.import(update).is_ok();
                    }
                    continue;
                }
            }
            *so_far = size;
            is_moved = true;
        }
        if !is_moved {
            return Ok((text, written));
        }
    }
}

/// Returns all updates, authors' own before what others kept of them, each in the order of a log; none taken yet.
fn in_order<R: Rows + ?Sized>(rows: &R, key: DocumentKey) -> Result<Vec<Ordered>, StoreError> {
    let mut all = Vec::new();
    for row in ARRIVALS.within(rows, &key) {
        let ((.., number), mut arrival) = row?;
        let was = std::mem::replace(&mut arrival.standing, Standing::Waits);
        all.push((number, arrival, was));
    }
    all.sort_by_key(|(_, arrival, _)| (arrival.keeper, arrival.author, arrival.place));
    Ok(all)
}

/// A log was cut: what stands above is void. What this device has built on it, it keeps in its own name (rule 15).
pub(crate) fn cut(
    step: &mut Step<'_>,
    texts: &mut Texts,
    (web, device): (WebId, DeviceId),
    last: u64,
) -> Result<(), Fault> {
    if device == step.me() {
        return Ok(());
    }
    let documents: Vec<DocumentId> = DOCUMENTS
        .within(step.view(), &web)
        .map(|row| row.map(|((_, document), _)| document))
        .collect::<Result<_, _>>()?;
    for document in documents {
        let mut lost = Vec::new();
        for row in PLACES.within(step.view(), &(web, document, device)) {
            let ((.., place), number) = row?;
            if place > last {
                lost.push((place, number));
            }
        }
        if lost.is_empty() {
            continue;
        }
        let key = (web, document);
        say(step, texts, key)?;
        let have_written =
            PLACES.within(step.view(), &(web, document, step.me())).next().transpose()?.is_some();
        for (place, number) in lost {
            let Some(arrival) = ARRIVALS.get(step.view(), &(web, document, number))? else { continue };
            ARRIVALS.delete(step.rows(), &(web, document, number));
            WAITING.delete(step.rows(), &(web, document, number));
            PLACES.delete(step.rows(), &(web, document, device, place));
            let is_own = arrival.keeper.is_none();
            if have_written && is_own && arrival.standing == Standing::Taken {
                keep(step, key, arrival)?;
            }
        }
        DUE.put(step.rows(), &key, &());
    }
    Ok(())
}

/// Publishes an update of somebody whose log was cut, and counts it as kept.
fn keep(step: &mut Step<'_>, key: DocumentKey, arrival: ArrivalRow) -> Result<(), Fault> {
    let (web, document) = key;
    let (of, at, update) = (arrival.author, arrival.at, arrival.update.clone());
    let said = Statement::Kept { document, of, at, update };
    if let Err(fault) = records::publish(step, web, "pages", said.to_bytes()) {
        tracing::debug!(%fault, "what was built on cannot be kept");
        return Ok(());
    }
    let Some(mut row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    row.arrivals += 1;
    let me = step.me();
    let place = OWN_PLACES | row.arrivals;
    PLACES.put(step.rows(), &(web, document, me, place), &row.arrivals);
    let kept = ArrivalRow { place, keeper: Some(me), ..arrival };
    ARRIVALS.put(step.rows(), &(web, document, row.arrivals), &kept);
    DOCUMENTS.put(step.rows(), &key, &row);
    Ok(())
}
