//! The event log: what happened, numbered at commit without gaps, so that whoever watches goes on where it stopped.
//!
//! Kept for seven days or a million events; the newest always stays, so that numbers are never given twice.

use std::time::Duration;

use api::Event;
use base::Timestamp;
use minicbor::{Decode, Encode};
use store::{Rows, RowsMut, StoreError, Table};

/// How long an event is kept.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);

/// Events kept at most.
const KEPT_MAX: u64 = 1_000_000;

/// Old events dropped with each batch that makes new ones, beyond as many as it makes: a long log shrinks
/// a little at a time instead of stopping the loop.
const DROPPED_MORE: usize = 64;

/// Events in one page at most.
const PAGE_MAX: usize = 10_000;

const EVENTS: Table<u64, EventRow> = Table::new("kernel.events");

#[derive(Debug, Encode, Decode)]
struct EventRow {
    #[n(0)]
    at: Timestamp,
    #[n(1)]
    kind: String,
    /// JSON.
    #[n(2)]
    about: String,
}

/// Some events in order, and what one has to know about the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// The events after the one asked for, oldest first.
    pub events: Vec<Event>,
    /// Whether events between the one asked for and the first here are gone: whoever asks has to read everything
    /// anew. Also true when the one asked for has never been.
    pub is_cut_off: bool,
    /// The number of the newest event there is; 0 when none has been.
    pub last: u64,
}

/// Returns at most `limit` events (and 10,000) after the one numbered `after`.
pub fn events_after<R: Rows + ?Sized>(rows: &R, after: u64, limit: usize) -> Result<EventPage, StoreError> {
    let last = last_event(rows)?;
    let first = EVENTS.all(rows).next().transpose()?.map_or(1, |(number, _)| number);
    let is_cut_off = after > last || after.saturating_add(1) < first;
    let start = if after > last { first } else { after.saturating_add(1) };
    let events = EVENTS
        .within_from(rows, &(), &start)
        .take(limit.min(PAGE_MAX))
        .map(|row| row.map(|(number, row)| row.into_event(number)))
        .collect::<Result<_, _>>()?;
    Ok(EventPage { events, is_cut_off, last })
}

/// Returns the number of the newest event; 0 when none has been.
pub fn last_event<R: Rows + ?Sized>(rows: &R) -> Result<u64, StoreError> {
    Ok(EVENTS.within_back(rows, &()).next().transpose()?.map_or(0, |(number, _)| number))
}

/// Writes what happened as the next events, drops some that are too old, and returns the new ones.
pub(crate) fn append<R: RowsMut + ?Sized>(
    rows: &mut R,
    now: Timestamp,
    happened: Vec<(&'static str, serde_json::Value)>,
) -> Result<Vec<Event>, StoreError> {
    if happened.is_empty() {
        return Ok(Vec::new());
    }
    let dropped_max = happened.len().saturating_add(DROPPED_MORE);
    let mut last = last_event(rows)?;
    let mut events = Vec::with_capacity(happened.len());
    for (kind, about) in happened {
        last += 1;
        let row = EventRow { at: now, kind: kind.to_owned(), about: about.to_string() };
        EVENTS.put(rows, &last, &row);
        events.push(Event { number: last, at: now, kind: row.kind, about });
    }
    drop_old(rows, now, last, dropped_max)?;
    Ok(events)
}

fn drop_old<R: RowsMut + ?Sized>(
    rows: &mut R,
    now: Timestamp,
    last: u64,
    dropped_max: usize,
) -> Result<(), StoreError> {
    let mut old = Vec::new();
    for row in EVENTS.all(rows).take(dropped_max) {
        let (number, row) = row?;
        let is_old = now.since(row.at) > KEPT_FOR || last.saturating_sub(number) >= KEPT_MAX;
        if !is_old || number == last {
            break;
        }
        old.push(number);
    }
    for number in old {
        EVENTS.delete(rows, &number);
    }
    Ok(())
}

impl EventRow {
    fn into_event(self, number: u64) -> Event {
        let about = serde_json::from_str(&self.about).unwrap_or(serde_json::Value::Null);
        Event { number, at: self.at, kind: self.kind, about }
    }
}
