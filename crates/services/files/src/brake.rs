//! The brake of own shares: when many files become something else within a minute, or a canary is touched, nothing more of the
//! share is told until its person says that it was meant (spec files, rules 30 to 32).
//!
//! What was told before stays as it is at everybody who has it. Not for: telling what did it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use api::files::{Canary, Unbrake};
use base::{Fault, Timestamp};
use kernel::{AskId, Step};
use store::{Overlay, Rows, StoreError};

use crate::catalogue::Shelf;
use crate::faults::FilesError;
use crate::jobs::{FoundItem, WatchReport};
use crate::service::Files;
use crate::share::share_view;
use crate::tables::{CANARIES, ENTRIES, EntryRow, Kind, OWN, OwnState, path_key, path_of};
use crate::tree;

/// Files that may become something else within [`WINDOW`]: a fifth of the share, within these bounds.
const REWRITTEN_MIN: u64 = 20;
const REWRITTEN_MAX: u64 = 200;
const WINDOW: Duration = Duration::from_mins(1);

/// Canaries of one share at most.
const CANARIES_MAX: usize = 64;

/// What was rewritten lately, and what is let through.
#[derive(Debug, Default)]
pub(crate) struct Brakes {
    lately: BTreeMap<u64, VecDeque<(Timestamp, u64)>>,
    /// Shares whose person has just said that it was meant.
    free_until: BTreeMap<u64, Timestamp>,
}

/// How long after a person said that it was meant the rest may follow.
const FREE_FOR: Duration = Duration::from_mins(5);

impl Files {
    /// Looks at what a watcher saw before any of it is told; true when the brake is on from now on.
    pub(crate) fn brakes_for(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        report: &WatchReport,
    ) -> Result<bool, Fault> {
        let now = step.now();
        if self.brakes.free_until.get(&number).is_some_and(|until| now < *until) {
            return Ok(false);
        }
        for path in report.changed.iter().map(|item| &item.path).chain(&report.gone) {
            if is_touched_canary(step.view(), number, path, report)? {
                let why = format!("the canary {path} was touched");
                return self.brake(step, number, &why).map(|()| true);
            }
        }
        let rewritten = rewritten(step.view(), number, report)?;
        if rewritten == 0 {
            return Ok(false);
        }
        let lately = self.brakes.lately.entry(number).or_default();
        lately.push_back((now, rewritten));
        while lately.front().is_some_and(|(at, _)| now > at.after(WINDOW)) {
            lately.pop_front();
        }
        let sum: u64 = lately.iter().map(|(_, count)| count).sum();
        let entries = Shelf::numbered(step.view(), number)?.map_or(0, |shelf| shelf.row.tally.entries);
        if sum < limit_of(entries) {
            return Ok(false);
        }
        self.brake(step, number, &format!("{sum} files became something else within a minute"))?;
        Ok(true)
    }

    fn brake(&mut self, step: &mut Step<'_>, number: u64, why: &str) -> Result<(), Fault> {
        self.stop_reading(step, number);
        self.stop_hashing(step, number)?;
        self.brakes.lately.remove(&number);
        if let Some(mut own) = OWN.get(step.view(), &number)? {
            own.state = OwnState::Braked;
            own.last_problem = format!(
                "{why}; nothing more is told until you say that it was meant: althing guard go-on PATH"
            );
            OWN.put(step.rows(), &number, &own);
        }
        if let Some(view) = share_view(step.view(), number)? {
            step.emit("files.share", &view);
            step.emit("files.braked", &view);
        }
        Ok(())
    }

    /// Goes on with a share: what changed in it was meant.
    pub(crate) fn ask_unbrake(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &Unbrake,
    ) -> Result<(), Fault> {
        let number = own_share(step, &asked.path)?;
        let own = OWN.get(step.view(), &number)?.filter(|own| own.state == OwnState::Braked);
        let Some(mut own) = own else {
            return Err(FilesError::NotBraked { path: asked.path.clone() }.into());
        };
        own.state = OwnState::Walking;
        own.last_problem.clear();
        let folder = own.folder.clone();
        OWN.put(step.rows(), &number, &own);
        let until = step.now().after(FREE_FOR);
        self.brakes.free_until.insert(number, until);
        self.watch(step, number, &folder);
        self.walk(step, number)?;
        let view = share_view(step.view(), number)?;
        let view = view.ok_or_else(|| FilesError::NotYourShare { path: asked.path.clone() })?;
        step.emit("files.share", &view);
        step.reply(ask, &view);
        Ok(())
    }

    /// Makes a file of an own share a canary, or an ordinary file again.
    pub(crate) fn ask_canary(step: &mut Step<'_>, ask: AskId, asked: &Canary) -> Result<(), Fault> {
        let tree::Spot::Below(spot) = tree::resolve(step.view(), &asked.path)? else {
            return Err(FilesError::NotYourShare { path: asked.path.clone() }.into());
        };
        let number = spot.share.row.number;
        if !OWN.has(step.view(), &number)? || spot.file().is_none() {
            return Err(FilesError::NotYourShare { path: asked.path.clone() }.into());
        }
        let key = (number, spot.key.clone());
        if asked.no_longer {
            CANARIES.delete(step.rows(), &key);
        } else if CANARIES.within(step.view(), &number).count() >= CANARIES_MAX {
            return Err(FilesError::TooManyCanaries { limit: CANARIES_MAX }.into());
        } else {
            CANARIES.put(step.rows(), &key, &());
        }
        let view = share_view(step.view(), number)?;
        let view = view.ok_or_else(|| FilesError::NotYourShare { path: asked.path.clone() })?;
        step.reply(ask, &view);
        Ok(())
    }
}

/// Says whether a share waits for its person's word.
pub(crate) fn is_braked(step: &Step<'_>, number: u64) -> Result<bool, StoreError> {
    Ok(OWN.get(step.view(), &number)?.is_some_and(|own| own.state == OwnState::Braked))
}

fn own_share(step: &Step<'_>, path: &str) -> Result<u64, Fault> {
    let not_yours = || FilesError::NotYourShare { path: path.to_owned() };
    let tree::Spot::Share(spot) = tree::resolve(step.view(), path)? else { return Err(not_yours().into()) };
    match OWN.has(step.view(), &spot.row.number)? {
        true => Ok(spot.row.number),
        false => Err(not_yours().into()),
    }
}

fn limit_of(entries: u64) -> u64 {
    (entries / 5).clamp(REWRITTEN_MIN, REWRITTEN_MAX)
}

/// Says whether a path is a canary's and the canary is not as it was.
fn is_touched_canary(
    rows: &Overlay<'_>,
    number: u64,
    path: &str,
    report: &WatchReport,
) -> Result<bool, StoreError> {
    let key = (number, path_key(path));
    if !CANARIES.has(rows, &key)? {
        return Ok(false);
    }
    let entry = ENTRIES.get(rows, &key)?;
    let item = report.changed.iter().find(|item| item.path == path);
    Ok(item.is_none_or(|item| entry.is_some_and(|entry| is_other(&entry, item))))
}

/// Counts known files that became something else: their bytes changed, or they are gone and a file that is called like them with
/// something appended has come.
fn rewritten(rows: &Overlay<'_>, number: u64, report: &WatchReport) -> Result<u64, StoreError> {
    let mut count = 0;
    for item in &report.changed {
        let entry = ENTRIES.get(rows, &(number, path_key(&item.path)))?;
        count += u64::from(entry.is_some_and(|entry| is_other(&entry, item)));
    }
    let appended = |gone: &str| {
        let is_longer = |item: &FoundItem| {
            item.path.strip_prefix(gone).is_some_and(|rest| rest.starts_with(['.', '-', '_']))
        };
        report.changed.iter().any(is_longer)
    };
    for gone in &report.gone {
        count += u64::from(appended(gone) && ENTRIES.has(rows, &(number, path_key(gone)))?);
    }
    Ok(count)
}

fn is_other(entry: &EntryRow, item: &FoundItem) -> bool {
    let known = entry.stat.filter(|_| entry.kind == Kind::File);
    known.is_some_and(|known| (known.size, known.mtime_ns) != (item.stat.size, item.stat.mtime_ns))
}

/// Returns the paths of a share's canaries.
pub(crate) fn canaries<R: Rows + ?Sized>(rows: &R, number: u64) -> Result<Vec<String>, StoreError> {
    CANARIES.within(rows, &number).map(|row| row.map(|((_, key), ())| path_of(&key))).collect()
}

#[cfg(test)]
mod tests {
    use super::limit_of;

    #[test]
    fn a_fifth_of_a_share_may_change_within_a_minute_within_bounds() {
        let check = |entries, limit| assert_eq!(limit_of(entries), limit, "{entries}");
        check(0, 20);
        check(50, 20);
        check(500, 100);
        check(1_000_000, 200);
    }
}
