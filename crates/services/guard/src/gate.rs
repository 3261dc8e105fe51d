//! What drivers and interfaces ask before bytes are shown, given or put on disk (spec guard, rules 21 to 24).
//!
//! Reads committed rows only.

use base::{ContentId, DeviceId, Fault, Timestamp};
use files::changes;
use store::{Rows, StoreError};

use crate::faults::GuardError;
use crate::level::{self, Level};
use crate::tables::{ALLOWED, NUMBER_IS_BLIND, NUMBER_IS_OFF, NUMBERS, SEEN};
use crate::{looking, reading};

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

/// Returns whether the person of this peer may open a content now, or have it put on disk.
///
/// What could not be looked through at all is treated as what somebody warns of. While the scanner does not work nothing is
/// kept from anybody but what is known to be harmful; the status says so.
pub fn gate(rows: &dyn Rows, content: ContentId, now: Timestamp) -> Result<Gate, StoreError> {
    if is_off(rows)? || ALLOWED.has(rows, &content)? {
        return Ok(Gate::Open);
    }
    let level = level::anywhere(rows, content, now)?;
    Ok(match (level, SEEN.get(rows, &content)?) {
        (Level::Clear, Some(seen)) if seen.is_blank => Gate::Shut(Level::Warned),
        (Level::Clear, Some(_)) => Gate::Open,
        (Level::Clear, None) if is_blind(rows)? => Gate::Open,
        (Level::Clear, None) => Gate::NotYet,
        (level, _) => Gate::Shut(level),
    })
}

/// Returns whether a content may be given to a member: not what is held in any web of theirs, and what has come is looked
/// through first.
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
            // A release counts in the web it was said in; another, which does not have the content, has no say.
            if !level::is_of(rows, web, content)? {
                continue;
            }
            let level = level::in_web(rows, web, content, now)?;
            if level >= Level::Held {
                return Ok(Gate::Shut(level));
            }
        }
    }
    // What is in no list is sealed, and nothing could be seen in it.
    let is_due = looking::is_queued(rows, content)? || changes::has_arrived(rows, content)?;
    let is_open = !is_due || SEEN.has(rows, &content)? || is_blind(rows)?;
    Ok(if is_open { Gate::Open } else { Gate::NotYet })
}

fn is_blind(rows: &dyn Rows) -> Result<bool, StoreError> {
    Ok(NUMBERS.get(rows, &NUMBER_IS_BLIND)? == Some(1))
}

/// Files up to this size are brought whole and looked through before their first byte is shown.
const WHOLE_SIZE_MAX: u64 = 32 * 1024 * 1024;

/// Endings of what is only played or looked at.
const INERT: [&str; 14] =
    ["mp4", "m4v", "webm", "mkv", "mov", "mp3", "m4a", "ogg", "opus", "flac", "wav", "jpg", "jpeg", "png"];

/// Says whether a file that is not here is shown while it comes, before it can be looked through (spec guard, rule 22).
pub fn is_shown_while_it_comes(name: &str, size: u64) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    size > WHOLE_SIZE_MAX || ending.is_some_and(|ending| INERT.contains(&ending.as_str()))
}

/// Says to a person why a content is not opened.
pub fn refusal(
    rows: &dyn Rows,
    (content, name): (ContentId, &str),
    level: Level,
    now: Timestamp,
) -> Result<Fault, Fault> {
    let (name, why) = (name.to_owned(), reading::why_shut(rows, content, now)?);
    Ok(match level {
        Level::Quarantined => GuardError::Quarantined { name, why },
        Level::Held => GuardError::Held { name, why },
        Level::Warned | Level::Clear => GuardError::Warned { name, why },
    }
    .into())
}

/// Says whether the person of this computer has switched the guard off.
pub fn is_off(rows: &dyn Rows) -> Result<bool, StoreError> {
    Ok(NUMBERS.get(rows, &NUMBER_IS_OFF)? == Some(1))
}

#[cfg(test)]
mod tests {
    use super::{WHOLE_SIZE_MAX, is_shown_while_it_comes};

    #[test]
    fn a_film_is_shown_while_it_comes_and_a_script_that_is_called_like_one_is_not() {
        assert!(is_shown_while_it_comes("holiday.MP4", 1));
        assert!(!is_shown_while_it_comes("holiday.mp4.js", 1));
        assert!(!is_shown_while_it_comes("mp4", WHOLE_SIZE_MAX));
        assert!(is_shown_while_it_comes("archive.tar", WHOLE_SIZE_MAX + 1));
    }
}
