//! Who used tunnels of this computer: what an owner can look up afterwards.

use std::time::Duration;

use base::Fault;
use kernel::Step;

use crate::jobs::{USED, Usage, from_bytes};
use crate::reading;
use crate::statement::is_name;
use crate::tables::{USES, UseRow};

/// Entries kept; the oldest go first.
const USES_MAX: u64 = 10_000;

/// Connections of one device that follow each other within this time are one entry: a page of 40 pictures is one use.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Entries looked through for the one that goes on.
const RECENT: usize = 32;

/// Notes what the driver tells.
pub(crate) fn note(step: &mut Step<'_>, kind: &str, report: &[u8]) -> Result<(), Fault> {
    let Some(usage) = from_bytes::<Usage>(report).ok().filter(|usage| kind == USED && is_name(&usage.name))
    else {
        return Ok(());
    };
    let now = step.now();
    let mut entry = None;
    for row in USES.within_back(step.view(), &()).take(RECENT) {
        let (number, row) = row?;
        let is_same = row.device == usage.asker && row.web == usage.web && row.name == usage.name;
        if is_same && now.since(row.until) <= PAUSE_MAX {
            entry = Some((number, row));
            break;
        }
    }
    let (number, mut row) = if let Some(entry) = entry {
        entry
    } else {
        let last = USES.within_back(step.view(), &()).next().transpose()?.map_or(0, |(number, _)| number);
        let person = people::read::person_of(step.view(), usage.web, usage.asker)?;
        (last.saturating_add(1), UseRow::begun(&usage, person, now))
    };
    row.until = now;
    row.connections = row.connections.saturating_add(usage.begun);
    row.refused = row.refused.saturating_add(usage.refused);
    row.up = row.up.saturating_add(usage.up);
    row.down = row.down.saturating_add(usage.down);
    USES.put(step.rows(), &number, &row);
    if let Some(old) = number.checked_sub(USES_MAX) {
        USES.delete(step.rows(), &old);
    }
    let mut event = reading::named(step.view(), &(usage.web, step.me(), usage.name))?;
    event.insert("open".to_owned(), usage.open.into());
    step.emit("tunnels.used", &event);
    Ok(())
}
