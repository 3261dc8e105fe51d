//! Another home that writes as this device: a copy that runs somewhere else, or what this one wrote before an old backup
//! was put back (spec records rule 37).

use base::{DeviceId, WebId};
use kernel::Step;
use store::{Rows, StoreError};
use wire::entry::{Entry, Log};

use crate::tables::{COPIES, CopyRow, FORKS, REMOVED, RESTORED, log_key, log_of};

/// What a person says about this home.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Home {
    /// It is where it always was: nobody else writes as its device.
    #[default]
    Own,
    /// It is the only one of its device, but was restored: what it wrote since comes back from others.
    Restored,
}

/// A web in which somebody else has written as this device. Nothing is written there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy {
    /// Which.
    pub web: WebId,
    /// In which chain.
    pub log: Log,
    /// From which place on.
    pub seq: u64,
    /// Whether both have written: then only a new device can go on.
    pub is_fork: bool,
}

/// Returns the webs in which somebody else has written as `me`, forks first.
pub fn copies(rows: &dyn Rows, me: DeviceId) -> Result<Vec<Copy>, StoreError> {
    let mut copies: Vec<Copy> = Vec::new();
    for row in FORKS.within(rows, &()) {
        let ((web, device, log), fork) = row?;
        let is_known = copies.last().is_some_and(|last| last.web == web);
        if let Some(log) = log_of(log).filter(|_| device == me && !is_known) {
            copies.push(Copy { web, log, seq: fork.seq, is_fork: true });
        }
    }
    for row in COPIES.within(rows, &()) {
        let (web, CopyRow { log, seq }) = row?;
        let is_known = copies.iter().any(|copy| copy.web == web);
        if let Some(log) = log_of(log).filter(|_| !is_known) {
            copies.push(Copy { web, log, seq, is_fork: false });
        }
    }
    Ok(copies)
}

/// Takes what a person says about this home, at its start.
pub(crate) fn start(step: &mut Step<'_>, home: Home) -> Result<(), StoreError> {
    let is_restored = home == Home::Restored;
    if RESTORED.has(step.view(), &())? != is_restored {
        match is_restored {
            true => RESTORED.put(step.rows(), &(), &true),
            false => RESTORED.delete(step.rows(), &()),
        }
    }
    if is_restored {
        let webs: Vec<WebId> =
            COPIES.within(step.view(), &()).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        for web in webs {
            COPIES.delete(step.rows(), &web);
        }
    }
    Ok(())
}

/// Notes an entry of this device that came from somebody else and was new here.
pub(crate) fn note(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let header = &entry.header;
    if header.author != step.me() || RESTORED.has(step.view(), &())? || COPIES.has(step.view(), &web)? {
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

/// Says whether somebody else goes on with this device's chains in a web.
pub(crate) fn is_copied<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    COPIES.has(rows, &web)
}
