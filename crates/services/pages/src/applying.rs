//! What other members have written: their edits merged, whatever order they arrive in (spec pages, rules 10 to 16).
//!
//! A text is a function of the set of valid records alone: each author's updates count in the order of the author's log,
//! and when one comes late, or a log is cut, the text is read anew from all of them.

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, DocumentId, Fault, Timestamp, WebId};
use kernel::Step;
use records::Told;
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::edit::ChangeSet;
use crate::linking;
use crate::sites;
use crate::statement::Statement;
use crate::tables::{
    ARRIVALS, ArrivalRow, DOCUMENTS, DocumentKey, DocumentRow, PLACES, SNAPSHOTS, SnapshotRow, Standing,
    Tally, UNSAID, WAITING, WEB_OF, WRITTEN,
};
use crate::text::{NotTaken, Text, writer};
use crate::writing::{Texts, count, note_edit, note_text, read_text, snapshot, snapshot_if_due};

/// Bytes one author may put into one document; what follows is not taken, in the order of the author's log.
const AUTHOR_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// Who said something, and where in its log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) web: WebId,
    pub(crate) author: DeviceId,
    pub(crate) place: u64,
}

/// Hears what `records` tells.
pub(crate) fn hear(step: &mut Step<'_>, texts: &mut Texts, message: &[u8]) -> Result<(), Fault> {
    match Told::from_bytes(message) {
        Ok(Told::Record { web, author, seq, index, body }) => {
            let place = seq.saturating_mul(256).saturating_add(u64::from(index));
            take(step, texts, Said { web, author, place }, &body)
        }
        Ok(Told::Cut { web, device, seq }) => {
            let last = seq.saturating_mul(256).saturating_add(255);
            cut(step, texts, (web, device), last)
        }
        _ => Ok(()),
    }
}

fn take(step: &mut Step<'_>, texts: &mut Texts, said: Said, body: &[u8]) -> Result<(), Fault> {
    let Ok(statement) = Statement::read(body) else {
        tracing::debug!(author = %said.author.short(), "a statement about documents cannot be read");
        return Ok(());
    };
    let Some(person) = people::read::person_of(step.view(), said.web, said.author)? else { return Ok(()) };
    if !people::read::writes(step.view(), said.web, person)? && said.author != step.me() {
        return Ok(());
    }
    match statement {
        Statement::Begun { document, at } => begun(step, (said.web, document), said.author, at),
        Statement::Edited { document, at, update } => {
            let arrival = ArrivalRow {
                author: said.author,
                place: said.place,
                at,
                update,
                standing: Standing::Waits,
                tally: Tally::default(),
                keeper: None,
            };
            arrive(step, texts, (said.web, document), arrival)
        }
        Statement::Kept { document, of, at, update } => {
            // Who is a member speaks for itself.
            if people::read::is_member(step.view(), said.web, of)? {
                return Ok(());
            }
            let arrival = ArrivalRow {
                author: of,
                place: said.place,
                at,
                update,
                standing: Standing::Waits,
                tally: Tally::default(),
                keeper: Some(said.author),
            };
            arrive(step, texts, (said.web, document), arrival)
        }
        Statement::Listed { document, at, is_removed } => {
            listed(step, (said.web, document), said.author, (at, is_removed))
        }
        Statement::Site { name, at, share, path, is_published } => {
            let heard = sites::Heard { person, by: said.author, at, share, path, is_published };
            sites::take(step, (said.web, name), heard)
        }
        Statement::Links { share, file, at, content, links } => {
            linking::take_file(step, said, person, linking::FileLinks { share, file, at, content, links })
        }
    }
}

fn row_of<R: Rows + ?Sized>(rows: &R, key: DocumentKey) -> Result<Option<DocumentRow>, StoreError> {
    // One id names one document: whoever begins another of that id in another web is not heard.
    if WEB_OF.get(rows, &key.1)?.is_some_and(|web| web != key.0) {
        return Ok(None);
    }
    Ok(Some(DOCUMENTS.get(rows, &key)?.unwrap_or_else(DocumentRow::unknown)))
}

fn begun(step: &mut Step<'_>, key: DocumentKey, author: DeviceId, at: Timestamp) -> Result<(), Fault> {
    let Some(mut row) = row_of(step.view(), key)? else { return Ok(()) };
    if row.owner.is_none() {
        row.owner = Some(author);
        row.begun = at;
        row.changed = row.changed.max(at);
        DOCUMENTS.put(step.rows(), &key, &row);
        WEB_OF.put(step.rows(), &key.1, &key.0);
        step.emit("pages.document", &serde_json::json!({ "web": key.0, "document": key.1 }));
    }
    Ok(())
}

/// Takes a document off the list or brings it back: whoever began it may, and admins.
pub(crate) fn listed(
    step: &mut Step<'_>,
    key: DocumentKey,
    author: DeviceId,
    (at, is_removed): (Timestamp, bool),
) -> Result<(), Fault> {
    let Some(mut row) = row_of(step.view(), key)? else { return Ok(()) };
    if !may_list(step.view(), key.0, &row, author)? || at <= row.removed_at {
        return Ok(());
    }
    row.removed_at = at;
    row.is_removed = is_removed;
    DOCUMENTS.put(step.rows(), &key, &row);
    step.emit("pages.document", &serde_json::json!({ "web": key.0, "document": key.1 }));
    Ok(())
}

/// Says whether a device's person may take a document off the list.
pub(crate) fn may_list<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    row: &DocumentRow,
    device: DeviceId,
) -> Result<bool, StoreError> {
    let person = people::read::person_of(rows, web, device)?;
    let owner = row.owner.map(|owner| people::read::person_of(rows, web, owner)).transpose()?.flatten();
    let Some(person) = person else { return Ok(false) };
    let role = people::read::role_of(rows, web, person)?;
    Ok(owner == Some(person) || matches!(role, Some(Role::Owner | Role::Admin)))
}

/// Notes an update and puts it into the text as soon as all before it is there.
fn arrive(
    step: &mut Step<'_>,
    texts: &mut Texts,
    key: DocumentKey,
    arrival: ArrivalRow,
) -> Result<(), Fault> {
    let (web, document) = key;
    let Some(mut row) = row_of(step.view(), key)? else { return Ok(()) };
    let publisher = arrival.keeper.unwrap_or(arrival.author);
    if PLACES.has(step.view(), &(web, document, publisher, arrival.place))? {
        return Ok(());
    }
    let last = PLACES.within_back(step.view(), &(web, document, publisher)).next().transpose()?;
    let is_late = last.is_some_and(|((.., place), _)| place > arrival.place);
    // Own records that come back after a backup was restored, and what others kept, have no place of their own in order.
    let is_out_of_order = is_late || arrival.keeper.is_some();
    row.arrivals += 1;
    let number = row.arrivals;
    ARRIVALS.put(step.rows(), &(web, document, number), &arrival);
    PLACES.put(step.rows(), &(web, document, publisher, arrival.place), &number);
    WAITING.put(step.rows(), &(web, document, number), &());
    DOCUMENTS.put(step.rows(), &key, &row);
    WEB_OF.put(step.rows(), &document, &web);
    if is_out_of_order {
        return rebuild(step, texts, key);
    }
    take_waiting(step, texts, key)
}

/// Puts whatever can be into a text, until nothing more can.
fn take_waiting(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let (web, document) = key;
    let Some(mut row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    let mut is_changed = false;
    let mut first_taken = u64::MAX;
    loop {
        let mut blocked = BTreeSet::new();
        let waiting: Vec<u64> = WAITING
            .within(step.view(), &key)
            .map(|row| row.map(|((.., number), ())| number))
            .collect::<Result<_, _>>()?;
        let mut is_moved = false;
        for number in waiting {
            let place = (web, document, number);
            let Some(mut arrival) = ARRIVALS.get(step.view(), &place)? else { continue };
            // Behind one that waits, the same author's next ones wait, too: they count in the order of the log.
            if blocked.contains(&arrival.author) {
                continue;
            }
            let writes = (web, document, arrival.author);
            let written = WRITTEN.get(step.view(), &writes)?.unwrap_or(0);
            let size = written.saturating_add(size_of(&arrival));
            WRITTEN.put(step.rows(), &writes, &size);
            let is_within = size <= AUTHOR_SIZE_MAX;
            let text = texts.open(step, key)?;
            let who = writer(web, document, arrival.author);
            let outcome = if is_within { text.take(&arrival.update, who) } else { Err(NotTaken::Bad) };
            arrival.standing = match outcome {
                Ok(edit) => {
                    count(&mut arrival.tally, &edit);
                    note_arrival(step, key, &mut row, &arrival, &edit);
                    is_changed = true;
                    Standing::Taken
                }
                // Loro has put it aside, and in when what it waited for came.
                Err(NotTaken::Known) => Standing::Taken,
                Err(NotTaken::Early) => {
                    WRITTEN.put(step.rows(), &writes, &written);
                    blocked.insert(arrival.author);
                    continue;
                }
                Err(NotTaken::Bad) => {
                    // A parser that panicked over it has left the text in no known state.
                    texts.drop_text(key);
                    Standing::Void
                }
            };
            is_moved = true;
            if arrival.standing == Standing::Taken {
                first_taken = first_taken.min(number);
            }
            ARRIVALS.put(step.rows(), &place, &arrival);
            WAITING.delete(step.rows(), &place);
            DOCUMENTS.put(step.rows(), &key, &row);
        }
        if !is_moved {
            break;
        }
    }
    if is_changed {
        let now = texts.open(step, key)?.read().to_owned();
        note_text(step, key, &mut row, &now)?;
        DOCUMENTS.put(step.rows(), &key, &row);
    }
    // One that waited when the last snapshot was made is not in it.
    let is_behind = SNAPSHOTS.get(step.view(), &key)?.is_some_and(|last| last.arrival >= first_taken);
    if is_behind { snapshot(step, texts, key) } else { snapshot_if_due(step, texts, key) }
}

fn size_of(arrival: &ArrivalRow) -> u64 {
    u64::try_from(arrival.update.len()).unwrap_or(u64::MAX)
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

/// Reads a text anew from all its updates, each author's in the order of its log.
fn rebuild(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let (web, document) = key;
    let Some(mut row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    let before = texts.open(step, key)?.read().to_owned();
    let mut all = in_order(step.view(), key)?;
    let mut text = Text::new(writer(web, document, step.me()));
    let mut written: BTreeMap<DeviceId, u64> = BTreeMap::new();
    loop {
        let mut is_moved = false;
        let mut blocked = BTreeSet::new();
        for (_, arrival) in all.iter_mut().filter(|(_, arrival)| arrival.standing == Standing::Waits) {
            // Behind one that waits, the same author's next ones wait, too.
            if blocked.contains(&(arrival.author, arrival.keeper)) {
                continue;
            }
            let so_far = written.entry(arrival.author).or_default();
            let size = so_far.saturating_add(size_of(arrival));
            let outcome = match size <= AUTHOR_SIZE_MAX {
                true => text.take(&arrival.update, writer(web, document, arrival.author)),
                false => Err(NotTaken::Bad),
            };
            if outcome != Err(NotTaken::Early) {
                *so_far = size;
            }
            match outcome {
                Ok(_) | Err(NotTaken::Known) => arrival.standing = Standing::Taken,
                Err(NotTaken::Bad) => arrival.standing = Standing::Void,
                Err(NotTaken::Early) => {
                    blocked.insert((arrival.author, arrival.keeper));
                    continue;
                }
            }
            is_moved = true;
        }
        if !is_moved {
            break;
        }
    }
    for (author, size) in written {
        WRITTEN.put(step.rows(), &(web, document, author), &size);
    }
    let mut waiting = BTreeSet::new();
    for (number, arrival) in &all {
        ARRIVALS.put(step.rows(), &(web, document, *number), arrival);
        WAITING.delete(step.rows(), &(web, document, *number));
        if arrival.standing == Standing::Waits {
            waiting.insert(*number);
        }
    }
    waiting.iter().for_each(|number| WAITING.put(step.rows(), &(web, document, *number), &()));
    if let Some(bytes) = text.snapshot() {
        SNAPSHOTS.put(step.rows(), &key, &SnapshotRow { arrival: row.arrivals, bytes: bytes.into() });
    }
    texts.drop_text(key);
    // With what this device has written and not published yet.
    let text = match read_text(step.view(), key, writer(web, document, step.me())) {
        Ok(text) => text,
        Err(fault) => {
            // It was written on what is void now.
            tracing::warn!(%fault, "unpublished edits are lost with what they were made on");
            UNSAID.delete(step.rows(), &key);
            text
        }
    };
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

/// Returns all updates, authors' own before what others kept of them, each in the order of a log; none taken yet.
fn in_order<R: Rows + ?Sized>(rows: &R, key: DocumentKey) -> Result<Vec<(u64, ArrivalRow)>, StoreError> {
    let mut all = Vec::new();
    for row in ARRIVALS.within(rows, &key) {
        let ((.., number), mut arrival) = row?;
        arrival.standing = Standing::Waits;
        all.push((number, arrival));
    }
    all.sort_by_key(|(_, arrival)| (arrival.keeper, arrival.author, arrival.place));
    Ok(all)
}

/// A log was cut: what stands above is void. What this device has built on it, it keeps in its own name (rule 15).
fn cut(
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
        let have_written =
            PLACES.within(step.view(), &(web, document, step.me())).next().transpose()?.is_some();
        for (place, number) in lost {
            let Some(arrival) = ARRIVALS.get(step.view(), &(web, document, number))? else { continue };
            ARRIVALS.delete(step.rows(), &(web, document, number));
            WAITING.delete(step.rows(), &(web, document, number));
            PLACES.delete(step.rows(), &(web, document, device, place));
            if have_written && arrival.standing == Standing::Taken {
                keep(step, (web, document), arrival)?;
            }
        }
        rebuild(step, texts, (web, document))?;
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
    let place = (1 << 62) | row.arrivals;
    let me = step.me();
    PLACES.put(step.rows(), &(web, document, me, place), &row.arrivals);
    let kept = ArrivalRow { place, keeper: Some(me), ..arrival };
    ARRIVALS.put(step.rows(), &(web, document, row.arrivals), &kept);
    DOCUMENTS.put(step.rows(), &key, &row);
    Ok(())
}
