//! What happened, for a person to read later.

use kernel::Step;
use store::StoreError;

use crate::tables::{LOG, LogRow};

/// Entries kept; the oldest go.
const ENTRIES_MAX: u64 = 10_000;

/// Writes an entry.
pub(crate) fn note(step: &mut Step<'_>, row: &LogRow) -> Result<(), StoreError> {
    let last = LOG.within_back(step.view(), &()).next().transpose()?.map_or(0, |(number, _)| number);
    let number = last.saturating_add(1);
    LOG.put(step.rows(), &number, row);
    if let Some(old) = number.checked_sub(ENTRIES_MAX) {
        LOG.delete(step.rows(), &old);
    }
    Ok(())
}
