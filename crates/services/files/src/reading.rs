//! Reading a file while it arrives: wanted ranges in order, the newest wish first, a little ahead, nothing else.

use std::time::Duration;

use api::files::{Open, Opened, Want, Wanted};
use base::{ByteCount, Fault};
use kernel::{AskId, Step};

use crate::alarms;
use crate::bringing::Key;
use crate::faults::FilesError;
use crate::providers::Providers;
use crate::service::Files;
use crate::tables::{READINGS, ReadingRow, RevisionRow, name_of, path_of};
use crate::transfer::revision_of;
use crate::tree::{self, Spot};

/// Bytes brought beyond a wanted range: two short pieces, so that a film does not stutter.
const AHEAD: u64 = 2 * 1024 * 1024;
/// A content of which nobody has wanted or got a range for so long is no longer brought.
const IDLE: Duration = Duration::from_mins(1);
/// Parts of files that were only looked at are kept so long.
const FORGET_AFTER: Duration = Duration::from_hours(24);
/// How often that is looked after.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// Openings forgotten in one step at most.
const FORGET_STEP: usize = 200;

impl Files {
    /// Readies a file for reading.
    pub(crate) fn ask_open(&mut self, step: &mut Step<'_>, ask: AskId, asked: &Open) -> Result<(), Fault> {
        let path = asked.path.clone();
        let Spot::Below(spot) = tree::resolve(step.view(), &path)? else {
            return Err(FilesError::NotAFile { path }.into());
        };
        let entry = spot.file().ok_or_else(|| FilesError::NotAFile { path: path.clone() })?;
        let number = asked.revision.unwrap_or(entry.number);
        let (size, content) = match revision_of(step.view(), spot.share.row.number, entry, number)? {
            Some(RevisionRow { content: Some(content), size, .. }) => (size, content),
            Some(_) if number == entry.number => return Err(FilesError::NotReadYet { path }.into()),
            _ => return Err(FilesError::NoSuchRevision { path, revision: number }.into()),
        };
        let web = spot.share.key.web;
        if !self.is_here(step, (web, content), size)? {
            let opened = step.now();
            READINGS.put(step.rows(), &(web, content), &ReadingRow { size, opened });
        }
        let name = name_of(&path_of(&spot.key)).to_owned();
        step.reply(ask, &Opened { web, content, size: ByteCount(size), name, revision: number });
        Ok(())
    }

    /// Brings a range of an opened file next.
    pub(crate) fn ask_want(&mut self, step: &mut Step<'_>, ask: AskId, asked: &Want) -> Result<(), Fault> {
        let key: Key = (asked.web, asked.content);
        let wanted = match READINGS.get(step.view(), &key)? {
            Some(reading) => self.want(step, key, reading.size, (asked.offset, asked.length))?,
            None if self.is_here(step, key, 0)? => Wanted { is_reachable: true, is_called: false },
            None => return Err(FilesError::NotListed.into()),
        };
        step.reply(ask, &wanted);
        Ok(())
    }

    fn want(
        &mut self,
        step: &mut Step<'_>,
        key: Key,
        size: u64,
        (offset, length): (u64, u64),
    ) -> Result<Wanted, Fault> {
        let now = step.now();
        let is_first = !self.bringing.active.values().any(|active| active.read.is_some());
        let active = self.take_up(step, key, size);
        active.read = Some(now);
        let length = length.saturating_add(AHEAD);
        match &mut active.plan {
            Some(plan) => plan.want(offset, length),
            None => active.wishes.push((offset, length)),
        }
        // A reader that asks before anything is known asks for a handful of ranges, not for thousands.
        active.wishes.truncate(16);
        if is_first {
            step.alarm(IDLE, alarms::READINGS);
        }
        let mut providers = Providers::new(step.me(), now);
        let mut is_reachable = !providers.here(step.view(), key.0, key.1)?.is_empty();
        let mut is_called = false;
        if !is_reachable {
            is_reachable = self.copy_here(step, &mut providers, key, size)?.is_some();
            let mut having = providers.of(step.view(), key.0, key.1)?;
            having.extend(crate::unsealing::mirrors_with(step, key, size)?);
            is_called = !is_reachable && !having.is_empty();
            for device in having {
                self.dial(step, device);
            }
        }
        self.pump(step)?;
        Ok(Wanted { is_reachable, is_called })
    }

    /// Lets go of what nobody reads any more.
    pub(crate) fn look_after_readings(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        let mut idle = Vec::new();
        for (key, active) in &mut self.bringing.active {
            if active.read.is_some_and(|last| now.since(last) >= IDLE) {
                active.read = None;
                if active.items.is_empty() {
                    idle.push(*key);
                }
            }
        }
        for key in idle {
            self.abandon(step, key);
        }
        let old: Vec<Key> = READINGS
            .all(step.view())
            .filter(|row| row.as_ref().map_or(true, |(_, reading)| now.since(reading.opened) >= FORGET_AFTER))
            .take(FORGET_STEP)
            .map(|row| row.map(|(key, _)| key))
            .collect::<Result<_, _>>()?;
        for key in old {
            if !self.bringing.active.contains_key(&key) {
                READINGS.delete(step.rows(), &key);
                self.forget_unless_held(step, key.1)?;
            }
        }
        let is_read = self.bringing.active.values().any(|active| active.read.is_some());
        step.alarm(if is_read { IDLE } else { LOOK_EVERY }, alarms::READINGS);
        Ok(())
    }
}
