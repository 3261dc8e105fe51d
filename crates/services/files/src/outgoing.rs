//! Says things to the members of a web: cuts long statements into records of about 60 KiB.

use base::{ContentId, Fault, ShareId, Timestamp, WebId};
use kernel::Step;

use crate::statement::{BODY_SIZE_GOAL, Gone, Hashed, Held, ITEMS_MAX, Listed, Statement};
use crate::tables::DOCUMENTS_AT;

/// Bytes of a listed entry without its path, target and parents, about.
const LISTED_SIZE: usize = 100;
/// Items of fixed size in one record: 60 KiB of ids.
const IDS_MAX: usize = 800;

/// Publishes one statement.
pub(crate) fn say(step: &mut Step<'_>, web: WebId, statement: &Statement) -> Result<(), Fault> {
    if !matches!(statement, Statement::Declared { .. } | Statement::Ended { .. }) {
        let key = (web, step.me());
        let count = DOCUMENTS_AT.get(step.view(), &key)?.unwrap_or(0);
        DOCUMENTS_AT.put(step.rows(), &key, &count.saturating_add(1));
    }
    records::publish(step, web, "files", statement.to_bytes())
}

/// Publishes listed entries.
pub(crate) fn say_listed(
    step: &mut Step<'_>,
    web: WebId,
    share: ShareId,
    listed: Vec<Listed>,
) -> Result<(), Fault> {
    let at = step.now();
    let mut part = Vec::new();
    let mut size = 0;
    for entry in listed {
        let target = entry.target.as_ref().map_or(0, String::len);
        size += LISTED_SIZE + entry.path.len() + target + 17 * entry.parents.len();
        part.push(entry);
        if size >= BODY_SIZE_GOAL || part.len() >= ITEMS_MAX {
            let entries = std::mem::take(&mut part);
            say(step, web, &Statement::Listed { share, at, entries })?;
            size = 0;
        }
    }
    if part.is_empty() {
        return Ok(());
    }
    say(step, web, &Statement::Listed { share, at, entries: part })
}

/// Publishes hashes.
pub(crate) fn say_hashed(
    step: &mut Step<'_>,
    web: WebId,
    share: ShareId,
    items: &[Hashed],
) -> Result<(), Fault> {
    for part in items.chunks(IDS_MAX) {
        say(step, web, &Statement::Hashed { share, items: part.to_vec() })?;
    }
    Ok(())
}

/// Publishes deletions.
pub(crate) fn say_gone(step: &mut Step<'_>, web: WebId, share: ShareId, items: &[Gone]) -> Result<(), Fault> {
    let at: Timestamp = step.now();
    for part in items.chunks(IDS_MAX) {
        say(step, web, &Statement::Gone { share, at, items: part.to_vec() })?;
    }
    Ok(())
}

/// Publishes what this peer keeps.
pub(crate) fn say_held(step: &mut Step<'_>, web: WebId, contents: &[Held]) -> Result<(), Fault> {
    for part in contents.chunks(IDS_MAX) {
        say(step, web, &Statement::Held { contents: part.to_vec() })?;
    }
    Ok(())
}

/// Publishes what this peer keeps no longer.
pub(crate) fn say_no_longer_held(
    step: &mut Step<'_>,
    web: WebId,
    contents: Vec<ContentId>,
) -> Result<(), Fault> {
    say(step, web, &Statement::NoLongerHeld { contents })
}
