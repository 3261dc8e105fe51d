//! What drivers and interfaces ask before bytes are shown, given or put on disk (spec guard, rules 21 to 24).
//!
//! Reads committed rows only.

use base::{ContentId, DeviceId, Fault, Timestamp};
use store::{Rows, StoreError};

use crate::faults::GuardError;
use crate::level::{self, Level};
use crate::reading;
use crate::tables::{ALLOWED, NUMBER_IS_OFF, NUMBERS, SEEN};

/// Whether a content may be opened or put on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// It has not been looked through yet: whoever wants it waits a moment.
    NotYet,
    /// It may not, until it is allowed.
    Shut(Level),
}

/// Returns whether the person of this peer may open a content now.
pub fn gate(rows: &dyn Rows, content: ContentId, now: Timestamp) -> Result<Gate, StoreError> {
    if is_off(rows)? || ALLOWED.has(rows, &content)? {
        return Ok(Gate::Open);
    }
    match level::anywhere(rows, content, now)? {
        Level::Clear if SEEN.has(rows, &content)? => Ok(Gate::Open),
        Level::Clear => Ok(Gate::NotYet),
        level => Ok(Gate::Shut(level)),
    }
}

/// Returns whether a content may be given to a member: not what is held in any web of theirs.
pub fn gate_for(
    rows: &dyn Rows,
    asker: DeviceId,
    content: ContentId,
    now: Timestamp,
) -> Result<Gate, StoreError> {
    if is_off(rows)? {
        return Ok(Gate::Open);
    }
    if level::is_spoken_of(rows, content)? {
        for web in people::read::webs_of_device(rows, asker)? {
            let level = level::in_web(rows, web, content, now)?;
            if level >= Level::Held {
                return Ok(Gate::Shut(level));
            }
        }
    }
    Ok(if SEEN.has(rows, &content)? { Gate::Open } else { Gate::NotYet })
}

/// Says to a person why a content is not opened.
pub fn refusal(rows: &dyn Rows, content: ContentId, level: Level, now: Timestamp) -> Result<Fault, Fault> {
    let (name, why) = reading::why_shut(rows, content, now)?;
    Ok(match level {
        Level::Quarantined => GuardError::Quarantined { name, why },
        Level::Held => GuardError::Held { name, why },
        Level::Warned | Level::Clear => GuardError::Warned { name, why },
    }
    .into())
}

/// Says whether the person of this computer has switched the guard off.
pub(crate) fn is_off(rows: &dyn Rows) -> Result<bool, StoreError> {
    Ok(NUMBERS.get(rows, &NUMBER_IS_OFF)? == Some(1))
}
