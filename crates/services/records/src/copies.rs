//! Another home that writes as this device: a copy that runs somewhere else, or what this one wrote before an old backup
//! was put back (spec records rule 37).

use base::{DeviceId, WebId};
use kernel::Step;
use store::{Rows, StoreError};
use wire::entry::{Entry, Log};

use crate::agenda::{self, Todo};
use crate::authors;
use crate::tables::{COPIES, CopyRow, FORKS, REMOVED, RESTORED, log_key, webs};

/// What a person says about this home.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Home {
    /// It is where it always was: nobody else writes as its device.
    #[default]
    Own,
    /// It is the only one of its device, but was restored: what it wrote since comes back from others.
    Restored,
}

/// Why this device writes nothing in a web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// Two homes have written as it: only a new device can go on.
    Forked,
    /// Another home goes on with its chains.
    Copied,
    /// Its home was restored, and nobody has said yet what it wrote since.
    Restored,
}

/// Returns the webs in which `me` writes nothing, and why.
pub fn halts(rows: &dyn Rows, me: DeviceId) -> Result<Vec<(WebId, Halt)>, StoreError> {
    let mut halts = Vec::new();
    for web in webs(rows)? {
        let is_forked = [Log::Governance, Log::Records]
            .into_iter()
            .map(|log| FORKS.has(rows, &(web, me, log_key(log))))
            .collect::<Result<Vec<_>, _>>()?
            .contains(&true);
        let halt = match is_forked {
            true => Some(Halt::Forked),
            false => halt(rows, web)?,
        };
        halts.extend(halt.map(|halt| (web, halt)));
    }
    Ok(halts)
}

/// Returns why this device writes nothing in a web, but for forks.
pub(crate) fn halt<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Option<Halt>, StoreError> {
    if COPIES.has(rows, &web)? {
        return Ok(Some(Halt::Copied));
    }
    Ok(RESTORED.has(rows, &web)?.then_some(Halt::Restored))
}

/// Takes what a person says about this home, at its start.
pub(crate) fn start(step: &mut Step<'_>, home: Home) -> Result<(), StoreError> {
    if home == Home::Own {
        return Ok(());
    }
    let me = step.me();
    for web in webs(step.view())? {
        COPIES.delete(step.rows(), &web);
        // Nobody but this home ever got to know what it wrote where it is alone.
        if authors::members(step.view(), web)?.iter().any(|member| *member != me) {
            RESTORED.put(step.rows(), &web, &true);
        }
    }
    Ok(())
}

/// Notes that a member has of a web what this peer has, this device's own chains among it: it may write again.
pub(crate) fn agreed(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    if RESTORED.has(step.view(), &web)? {
        RESTORED.delete(step.rows(), &web);
        agenda::note_web(step, Todo::Seal, web);
    }
    Ok(())
}

/// Notes an entry of this device that came from somebody else and was new here.
pub(crate) fn note(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let header = &entry.header;
    if header.author != step.me() || RESTORED.has(step.view(), &web)? || COPIES.has(step.view(), &web)? {
        return Ok(());
    }
    let was_here = header.log == Log::Records
        && REMOVED.get(step.view(), &web)?.is_some_and(|highest| header.seq <= highest);
    if was_here {
        return Ok(());
    }
    COPIES.put(step.rows(), &web, &CopyRow { log: log_key(header.log), seq: header.seq });
    say(step, web, header.seq);
    Ok(())
}

/// Says so to a person.
pub(crate) fn say(step: &mut Step<'_>, web: WebId, seq: u64) {
    tracing::error!(web = %web.short(), seq, "another home writes as this device; nothing is written here any more");
    step.emit("records.copied", &serde_json::json!({ "web": web, "seq": seq }));
}
