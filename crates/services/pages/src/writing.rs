//! Texts in memory and on disk: reading one, taking edits of this device, publishing them (spec pages, rules 24 to 30).
//!
//! An edit is durable with the batch that took it and published at most 120 ms later, so that fast typing becomes a few
//! records a second. Not for: what others write (`applying.rs`).

use std::collections::BTreeMap;
use std::time::Duration;

use base::{Fault, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::edit::ChangeSet;
use crate::faults::PagesError;
use crate::linking;
use crate::markdown;
use crate::statement::{Statement, UPDATE_SIZE_MAX};
use crate::tables::{
    ARRIVALS, ArrivalRow, DOCUMENTS, DocumentKey, DocumentRow, EDITS, EditRow, PLACES, SNAPSHOTS,
    SnapshotRow, Standing, Tally, UNSAID,
};
use crate::text::{NotTaken, Text, writer};

/// Bytes of a text at most. What several people write at once may go over it a little.
pub(crate) const TEXT_SIZE_MAX: usize = 1024 * 1024;

/// Published at most so often: a person sees no delay below a tenth of a second, and each record costs some 400 bytes for ever.
const SAY_EVERY: Duration = Duration::from_millis(120);

/// Alarm, followed by the web and the document: it is time to publish.
pub(crate) const SAY: &str = "say ";

/// Operations in one update at most: one for each character, of four bytes at most.
const OPERATIONS_MAX: i32 = 14_000;

/// Edits remembered for browsers that lag behind.
const EDITS_KEPT: u64 = 2_000;

/// Updates read one by one at most; then a snapshot is written.
const SNAPSHOT_EVERY: u64 = 100;

/// Texts in memory at most; the one that was not used for longest goes.
const OPEN_MAX: usize = 16;

/// Characters of an excerpt at most.
const EXCERPT_LEN_MAX: usize = 80;

/// This device's records are counted from here on in [`PLACES`]: its log's own numbers are known only later.
pub(crate) const OWN_PLACES: u64 = 1 << 62;

/// Texts in memory.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    open: BTreeMap<DocumentKey, (u64, Text)>,
    used: u64,
}

impl Texts {
    /// Returns a text, read from rows if it is not in memory.
    pub(crate) fn open(&mut self, step: &Step<'_>, key: DocumentKey) -> Result<&mut Text, Fault> {
        self.used += 1;
        if !self.open.contains_key(&key) {
            if self.open.len() >= OPEN_MAX {
                let oldest = self.open.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
                oldest.and_then(|key| self.open.remove(&key));
            }
            let text = read_text(step.view(), key, writer(key.0, key.1, step.me()))?;
            self.open.insert(key, (self.used, text));
        }
        let used = self.used;
        let open = self.open.get_mut(&key).ok_or(PagesError::Damaged { document: key.1 })?;
        open.0 = used;
        Ok(&mut open.1)
    }

    /// Puts another text in the place of one.
    pub(crate) fn put(&mut self, key: DocumentKey, text: Text) {
        self.open.insert(key, (self.used, text));
    }

    /// Drops a text: rows are the truth.
    pub(crate) fn drop_text(&mut self, key: DocumentKey) {
        self.open.remove(&key);
    }

    /// Drops all.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}

/// Reads a text from rows.
pub(crate) fn read_text<R: Rows + ?Sized>(rows: &R, key: DocumentKey, me: u64) -> Result<Text, Fault> {
    let (web, document) = key;
    let snapshot = SNAPSHOTS.get(rows, &key)?;
    let damaged = || PagesError::Damaged { document };
    let (mut text, after) = match &snapshot {
        Some(row) => (Text::from_snapshot(&row.bytes, me).ok_or_else(damaged)?, row.arrival),
        None => (Text::new(me), 0),
    };
    for row in ARRIVALS.within_from(rows, &key, &(web, document, after.saturating_add(1))) {
        let (_, row) = row?;
        if row.standing == Standing::Taken {
            // What was taken once is taken again, or loro has changed.
            read_again(&mut text, &row.update).ok_or_else(damaged)?;
        }
    }
    if let Some(unsaid) = UNSAID.get(rows, &key)? {
        read_again(&mut text, &unsaid).ok_or_else(damaged)?;
    }
    Ok(text)
}

/// Takes what was taken before; an update that waited stands before what it waited for.
fn read_again(text: &mut Text, update: &[u8]) -> Option<()> {
    match text.import(update) {
        // In the order of arrival, which is not that of taking: the rest follows with what it waits for.
        Ok(_) | Err(NotTaken::Early | NotTaken::Known | NotTaken::Half) => Some(()),
        Err(NotTaken::Bad) => None,
    }
}

/// Takes edits that a person makes on this device.
pub(crate) fn take(
    step: &mut Step<'_>,
    texts: &mut Texts,
    key: DocumentKey,
    (client, edits): (&str, &[ChangeSet]),
) -> Result<u64, Fault> {
    let (web, document) = key;
    check_may_write(step, web)?;
    let mut row = DOCUMENTS.get(step.view(), &key)?.unwrap_or_else(DocumentRow::unknown);
    let text = texts.open(step, key)?;
    let mut unsaid = row.unsaid.clone();
    for edit in edits {
        let before = text.size();
        let taken = text.edit(edit);
        // What others wrote may have gone over the limit: then it can still be made shorter.
        if taken.is_none() || text.size() > TEXT_SIZE_MAX.max(before) {
            // Rows know nothing of what was taken of it.
            texts.drop_text(key);
            return Err(match taken {
                None => PagesError::BadEdit { document }.into(),
                Some(()) => PagesError::TextTooLong { limit: TEXT_SIZE_MAX }.into(),
            });
        }
        count(&mut unsaid, edit);
    }
    let me = writer(web, document, step.me());
    if let Some(update) = text.since(me, row.said) {
        UNSAID.put(step.rows(), &key, &update.into());
    }
    row.unsaid = unsaid;
    row.changed = step.now();
    row.changed_by = Some(step.me());
    for edit in edits {
        note_edit(step, key, &mut row, (client, edit));
    }
    let now = texts.open(step, key)?.read().to_owned();
    note_text(step, key, &mut row, &now)?;
    DOCUMENTS.put(step.rows(), &key, &row);
    say_soon(step, texts, key)?;
    Ok(row.version)
}

/// Says whether this device's person may write in a web.
pub(crate) fn may_write<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    match people::read::my_person(rows)? {
        Some(me) => people::read::writes(rows, web, me),
        None => Ok(false),
    }
}

/// Refuses those who only read.
pub(crate) fn check_may_write(step: &Step<'_>, web: WebId) -> Result<(), Fault> {
    if may_write(step.view(), web)? {
        return Ok(());
    }
    Err(PagesError::MayNotWrite { web: people::read::web_label(step.view(), web)? }.into())
}

/// Remembers an edit for browsers, as one more version.
pub(crate) fn note_edit(
    step: &mut Step<'_>,
    (web, document): DocumentKey,
    row: &mut DocumentRow,
    (client, edit): (&str, &ChangeSet),
) {
    row.version += 1;
    let edit = EditRow { client: client.to_owned(), edit: edit.write().to_string() };
    EDITS.put(step.rows(), &(web, document, row.version), &edit);
    if let Some(old) = row.version.checked_sub(EDITS_KEPT) {
        EDITS.delete(step.rows(), &(web, document, old));
    }
}

/// Remembers what a text says of itself: its title, its components, its links.
pub(crate) fn note_text(
    step: &mut Step<'_>,
    (web, document): DocumentKey,
    row: &mut DocumentRow,
    text: &str,
) -> Result<(), Fault> {
    row.title = markdown::title(text);
    row.components = u64::try_from(markdown::components(text).len()).unwrap_or(0);
    linking::note_document(step, (web, document), row, text)?;
    let about = serde_json::json!({ "web": web, "document": document, "version": row.version });
    step.emit("pages.edited", &about);
    Ok(())
}

/// Adds an edit to what an update is said to change.
pub(crate) fn count(tally: &mut Tally, edit: &ChangeSet) {
    let (added, removed) = edit.tally();
    tally.added += u64::try_from(added).unwrap_or(0);
    tally.removed += u64::try_from(removed).unwrap_or(0);
    let left = EXCERPT_LEN_MAX.saturating_sub(tally.excerpt.chars().count());
    let more: String = edit.inserted().collect::<Vec<_>>().concat().chars().take(left).collect();
    tally.excerpt.push_str(&more);
}

/// Publishes now if the last time is long enough ago, else soon.
fn say_soon(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let Some(row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    let since = step.now().since(row.said_at);
    // A clock that was set back must not keep anything from being published.
    if since >= SAY_EVERY || step.now() < row.said_at {
        return say(step, texts, key);
    }
    step.alarm(SAY_EVERY.saturating_sub(since), format!("{SAY}{} {}", key.0, key.1));
    Ok(())
}

/// Publishes what this device has written and not published yet.
pub(crate) fn say(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let (web, document) = key;
    let Some(mut row) = DOCUMENTS.get(step.view(), &key)? else { return Ok(()) };
    if !UNSAID.has(step.view(), &key)? {
        return Ok(());
    }
    let (author, me) = (step.me(), writer(web, document, step.me()));
    let at = step.now();
    let text = texts.open(step, key)?;
    let to = text.counter(me);
    let mut updates = Vec::new();
    let mut from = row.said;
    let mut step_size = OPERATIONS_MAX;
    while from < to {
        let end = to.min(from.saturating_add(step_size));
        match text.between(me, from, end) {
            // Many small edits take more bytes than one long one.
            Some(update) if update.len() > UPDATE_SIZE_MAX && end - from > 1 => step_size = (end - from) / 2,
            update => {
                updates.extend(update);
                (from, step_size) = (end, OPERATIONS_MAX);
            }
        }
    }
    let mut tally = std::mem::take(&mut row.unsaid);
    for update in updates {
        let said = Statement::Edited { document, at, update: update.clone().into() };
        records::publish(step, web, "pages", said.to_bytes())?;
        row.arrivals += 1;
        let place = OWN_PLACES | row.arrivals;
        let tally = std::mem::take(&mut tally);
        let standing = Standing::Taken;
        let arrival = ArrivalRow { author, place, at, update: update.into(), standing, tally, keeper: None };
        ARRIVALS.put(step.rows(), &(web, document, row.arrivals), &arrival);
        PLACES.put(step.rows(), &(web, document, author, place), &row.arrivals);
    }
    UNSAID.delete(step.rows(), &key);
    row.said = to;
    row.said_at = at;
    DOCUMENTS.put(step.rows(), &key, &row);
    snapshot_if_due(step, texts, key)
}

/// Publishes whatever was not published when this peer stopped.
pub(crate) fn say_all(step: &mut Step<'_>, texts: &mut Texts) -> Result<(), Fault> {
    let unsaid: Vec<DocumentKey> =
        UNSAID.all(step.view()).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    for key in unsaid {
        if let Err(fault) = say(step, texts, key) {
            // Of a web that was left since, for one.
            tracing::debug!(%fault, "edits cannot be published");
        }
    }
    Ok(())
}

/// Writes a snapshot when many updates have come since the last one.
pub(crate) fn snapshot_if_due(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let arrivals = DOCUMENTS.get(step.view(), &key)?.map_or(0, |row| row.arrivals);
    let last = SNAPSHOTS.get(step.view(), &key)?.map_or(0, |row| row.arrival);
    if arrivals.saturating_sub(last) < SNAPSHOT_EVERY {
        return Ok(());
    }
    snapshot(step, texts, key)
}

/// Writes a snapshot of a text with all that has arrived and is not waiting.
pub(crate) fn snapshot(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<(), Fault> {
    let arrivals = DOCUMENTS.get(step.view(), &key)?.map_or(0, |row| row.arrivals);
    if let Some(bytes) = texts.open(step, key)?.snapshot() {
        SNAPSHOTS.put(step.rows(), &key, &SnapshotRow { arrival: arrivals, bytes: bytes.into() });
    }
    Ok(())
}
