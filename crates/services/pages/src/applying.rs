//! What other members have said: documents, edits, sites, links (spec pages, rules 10 to 18).
//!
//! Not for: how edits become one text (`merging.rs`).

use std::time::Duration;

use base::{DeviceId, Fault, Timestamp, WebId};
use kernel::Step;
use records::Told;
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::linking;
use crate::merging;
use crate::sites;
use crate::statement::{Statement, document_of};
use crate::tables::{ArrivalRow, DOCUMENTS, DocumentKey, DocumentRow, LISTED, ListedRow, Standing, Tally};
use crate::writing::Texts;

/// A time further ahead than this counts as this far ahead: nobody has the last word for ever.
const AHEAD_MAX: Duration = Duration::from_hours(24);

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
            let place = records::place(seq, index);
            take(step, texts, Said { web, author, place }, &body)
        }
        Ok(Told::Cut { web, device, seq }) => {
            merging::cut(step, texts, (web, device), records::last_place(seq))
        }
        _ => Ok(()),
    }
}

/// Says whether what a device says counts: not of those who only read. Of who is nobody's now, `records` tells what it wrote
/// as a member: a cut, not the leaving, says what of it is void.
fn may_say<R: Rows + ?Sized>(rows: &R, web: WebId, author: DeviceId) -> Result<bool, StoreError> {
    let Some(person) = people::read::person_of(rows, web, author)? else { return Ok(true) };
    let role = people::read::role_of(rows, web, person)?;
    Ok(!matches!(role, Some(Role::Guest | Role::Carrier)))
}

fn take(step: &mut Step<'_>, texts: &mut Texts, said: Said, body: &[u8]) -> Result<(), Fault> {
    let Ok(statement) = Statement::read(body) else {
        tracing::debug!(author = %said.author.short(), "a statement about documents cannot be read");
        return Ok(());
    };
    if !may_say(step.view(), said.web, said.author)? && said.author != step.me() {
        return Ok(());
    }
    let arrival = |author, at, update, keeper| ArrivalRow {
        author,
        place: said.place,
        at,
        update,
        standing: Standing::Waits,
        tally: Tally::default(),
        keeper,
    };
    match statement {
        Statement::Begun { nonce, at } => {
            begun(step, (said.web, document_of(said.web, said.author, nonce)), said.author, at)
        }
        Statement::Edited { document, at, update } => {
            let arrival = arrival(said.author, at, update, None);
            merging::arrive(step, texts, (said.web, document), &arrival)
        }
        Statement::Kept { document, of, at, update } => {
            let arrival = arrival(of, at, update, Some(said.author));
            merging::arrive(step, texts, (said.web, document), &arrival)
        }
        Statement::Listed { document, at, is_removed } => {
            listed(step, (said.web, document), said.author, (at, is_removed));
            Ok(())
        }
        Statement::Site { name, at, share, path, is_published } => {
            let Some(person) = people::read::person_of(step.view(), said.web, said.author)? else {
                return Ok(());
            };
            let at = at.min(step.now().after(AHEAD_MAX));
            let heard = sites::Heard { person, by: said.author, at, share, path, is_published };
            sites::take(step, (said.web, name), heard)
        }
        Statement::Links { share, file, at, content, links } => {
            let Some(person) = people::read::person_of(step.view(), said.web, said.author)? else {
                return Ok(());
            };
            linking::take_file(step, said, person, linking::FileLinks { share, file, at, content, links })
        }
    }
}

fn begun(step: &mut Step<'_>, key: DocumentKey, author: DeviceId, at: Timestamp) -> Result<(), Fault> {
    let mut row = DOCUMENTS.get(step.view(), &key)?.unwrap_or_else(DocumentRow::unknown);
    if row.owner.is_none() {
        row.owner = Some(author);
        row.begun = at;
        row.changed = row.changed.max(at.min(step.now()));
        DOCUMENTS.put(step.rows(), &key, &row);
        tell(step, key);
    }
    Ok(())
}

/// Notes what a device says about whether a document is on the list; whether it may say so is looked up when that is read.
pub(crate) fn listed(
    step: &mut Step<'_>,
    key: DocumentKey,
    author: DeviceId,
    (at, is_removed): (Timestamp, bool),
) {
    let at = at.min(step.now().after(AHEAD_MAX));
    LISTED.put(step.rows(), &(key.0, key.1, author), &ListedRow { at, is_removed });
    tell(step, key);
}

fn tell(step: &mut Step<'_>, key: DocumentKey) {
    step.emit("pages.document", &serde_json::json!({ "web": key.0, "document": key.1 }));
}

/// Returns whether a document is off the list, and since when that was last said.
pub(crate) fn removal<R: Rows + ?Sized>(
    rows: &R,
    key: DocumentKey,
    row: &DocumentRow,
) -> Result<ListedRow, StoreError> {
    let mut last = ListedRow { at: Timestamp::from_millis(0), is_removed: false };
    for listed in LISTED.within(rows, &key) {
        let ((.., device), listed) = listed?;
        if listed.at >= last.at && may_list(rows, key.0, row, device)? {
            last = listed;
        }
    }
    Ok(last)
}

/// Says whether a device's person may take a document off the list: who began it, and admins.
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
