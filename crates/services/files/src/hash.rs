//! Decides what is hashed next: newest and smallest first, so that a 4 GB file never keeps a letter waiting.
//!
//! Files wait in rows; at most two jobs of many small files and one of a big file are under way. A finished hash
//! is told to members in batches, without a new revision. Not for: reading files (the workers do that).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{Fault, ShareId, WebId};
use kernel::{JobId, Step};
use store::StoreError;

use crate::alarms;
use crate::apply::emit_changed;
use crate::catalogue::Shelf;
use crate::finding::{Finding, item_of, skip};
use crate::jobs::{HASH, Hash, HashItem, HashReading, HashReport, HashResult, Stat, to_bytes};
use crate::outgoing::say_hashed;
use crate::service::{Files, Purpose};
use crate::share::share_view;
use crate::statement::Hashed;
use crate::tables::{
    ENTRIES, EntryRow, HASHING, HashingRow, Kind, LANE_BACKLOG, LANE_BIG, LANE_FRESH, LANE_LATER, NUMBERS,
    OWN, ShareKey, TO_HASH, UNSENT_HASHES, UnsentHash, path_key, path_of,
};

/// Jobs of many small files under way at most: one is read while the other is handed over.
const SMALL_JOBS_MAX: usize = 2;
/// Jobs of one big file under way at most.
const BIG_JOBS_MAX: usize = 1;
/// Files in one job at most.
const JOB_FILES_MAX: usize = 256;
/// Bytes in one job of small files at most; a file above it is big.
const JOB_SIZE_MAX: u64 = 64 * 1024 * 1024;
/// Rows looked at for one job at most.
const LOOK_MAX: usize = 2_000;
/// Hashes gathered before members are told, at most.
const UNSENT_MAX: usize = 1_000;
/// How long hashes are gathered at most.
const UNSENT_WAIT: Duration = Duration::from_secs(1);
/// A file that keeps changing is tried again after 2, 4, 8 … seconds, at most this many.
const RETRY_MAX: Duration = Duration::from_mins(5);
/// After a job that came to nothing.
const FAILED_WAIT: Duration = Duration::from_secs(30);

type Ticket = (u8, u64, u64, Vec<u8>);

/// What is being hashed and what waits to be told.
#[derive(Debug, Default)]
pub(crate) struct Hashing {
    /// Files in each job, by path, with their tickets.
    jobs: BTreeMap<JobId, HashJob>,
    unsent: usize,
    is_flush_due: bool,
    is_held_up: bool,
}

#[derive(Debug)]
struct HashJob {
    number: u64,
    is_big: bool,
    tickets: BTreeMap<String, Ticket>,
}

/// Puts a file into the queue.
pub(crate) fn enqueue(step: &mut Step<'_>, number: u64, path: Vec<u8>, stat: Stat, lane: u8) {
    let (lane, rank) = if stat.size > JOB_SIZE_MAX { (LANE_BIG, stat.size) } else { (lane, rank(stat)) };
    TO_HASH.put(step.rows(), &(lane, rank, number, path), &0);
}

/// Small ones first; among those of about one size the newest.
fn rank(stat: Stat) -> u64 {
    let class = u64::from(64 - stat.size.leading_zeros()) / 3;
    let age = u64::from(u32::MAX).saturating_sub(u64::try_from(stat.mtime_ns / 1_000_000_000).unwrap_or(0));
    class << 40 | age
}

impl Files {
    /// Gives work to the workers as long as there is some and they are not busy enough.
    pub(crate) fn feed_hashing(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if self.hashing.is_held_up {
            return Ok(());
        }
        let count =
            |hashing: &Hashing, is_big| hashing.jobs.values().filter(|job| job.is_big == is_big).count();
        while count(&self.hashing, false) < SMALL_JOBS_MAX {
            let mut tickets = self.pick(step, LANE_FRESH)?;
            if tickets.len() < JOB_FILES_MAX {
                let more = self.pick(step, LANE_BACKLOG)?;
                let share = tickets.first().map(|((_, _, number, _), _)| *number);
                tickets.extend(
                    more.into_iter()
                        .filter(|((_, _, number, _), _)| share.is_none_or(|share| share == *number)),
                );
                tickets.truncate(JOB_FILES_MAX);
            }
            if !self.begin_hashing(step, tickets, false)? {
                break;
            }
        }
        while count(&self.hashing, true) < BIG_JOBS_MAX {
            let tickets = self.pick(step, LANE_BIG)?.into_iter().take(1).collect();
            if !self.begin_hashing(step, tickets, true)? {
                break;
            }
        }
        Ok(())
    }

    /// Takes results of a job, and how far it is with a large file.
    pub(crate) fn take_hashed(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        report: HashReport,
    ) -> Result<(), Fault> {
        let Some(hash_job) = self.hashing.jobs.get_mut(&job) else { return Ok(()) };
        let number = hash_job.number;
        let mut finding = Finding::begin(step.view(), number)?;
        let mut paths = Vec::new();
        let mut is_row_changed = false;
        for result in report.results {
            let path = match &result {
                HashResult::Hashed { path, .. }
                | HashResult::Changed { path }
                | HashResult::Unreadable { path, .. }
                | HashResult::Gone { path } => path.clone(),
            };
            let Some(ticket) = hash_job.tickets.remove(&path) else { continue };
            let attempts = TO_HASH.get(step.view(), &ticket)?.unwrap_or(0);
            TO_HASH.delete(step.rows(), &ticket);
            is_row_changed |= forget_reading(step, number, |shown| shown == path)?;
            let Some(finding) = &mut finding else { continue };
            match result {
                HashResult::Hashed { path, stat, content } => {
                    let key = path_key(&path);
                    if settle(step, finding, &key, stat, content)? {
                        self.hashing.unsent += 1;
                        paths.push(key);
                    }
                }
                HashResult::Changed { .. } => try_later(step, ticket, attempts),
                HashResult::Unreadable { path, why } => skip(step, number, &path, &why)?,
                HashResult::Gone { path } => finding.gone(step, &path_key(&path))?,
            }
        }
        if let Some(reading) = report.reading.filter(|reading| hash_job.tickets.contains_key(&reading.path)) {
            is_row_changed |= note_reading(step, number, reading)?;
        }
        if let Some(finding) = finding {
            finding.end(step)?;
        }
        self.tell_or_wait(step, number, &paths, is_row_changed)
    }

    /// Takes the end of a job; what it did not report waits for another.
    pub(crate) fn end_hashing(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        has_failed: bool,
    ) -> Result<(), Fault> {
        let ended = self.hashing.jobs.remove(&job);
        if let Some(HashJob { number, tickets, .. }) = ended
            && forget_reading(step, number, |shown| tickets.contains_key(shown))?
        {
            emit_share(step, number)?;
        }
        if has_failed {
            self.hashing.is_held_up = true;
            step.alarm(FAILED_WAIT, alarms::HASH);
        }
        self.feed_hashing(step)?;
        if self.hashing.jobs.is_empty() {
            self.flush_hashes(step)?;
        }
        Ok(())
    }

    /// Ends the work on a share that has ended; another's files come next.
    pub(crate) fn stop_hashing(&mut self, step: &mut Step<'_>, number: u64) -> Result<(), Fault> {
        HASHING.delete(step.rows(), &number);
        let is_its = |(_, job): &(&JobId, &HashJob)| job.number == number;
        let jobs: Vec<JobId> = self.hashing.jobs.iter().filter(is_its).map(|(id, _)| *id).collect();
        for job in jobs {
            self.hashing.jobs.remove(&job);
            self.jobs.remove(&job);
            step.cancel(job);
        }
        self.feed_hashing(step)
    }

    /// Moves files whose waiting time is over back into the queue.
    pub(crate) fn retry_hashing(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.hashing.is_held_up = false;
        let now = step.now().millis();
        let waiting: Vec<(Ticket, u64)> =
            TO_HASH.within(step.view(), &LANE_LATER).take(LOOK_MAX).collect::<Result<_, _>>()?;
        for (ticket, attempts) in waiting {
            let (_, due, number, path) = ticket.clone();
            if due > now {
                step.alarm(Duration::from_millis(due - now), alarms::HASH);
                break;
            }
            TO_HASH.delete(step.rows(), &ticket);
            if let Some(EntryRow { stat: Some(stat), .. }) =
                ENTRIES.get(step.view(), &(number, path.clone()))?
            {
                let lane = if stat.size > JOB_SIZE_MAX { LANE_BIG } else { LANE_FRESH };
                let rank = if lane == LANE_BIG { stat.size } else { rank(stat) };
                TO_HASH.put(step.rows(), &(lane, rank, number, path), &attempts);
            }
        }
        self.feed_hashing(step)
    }

    /// Tells members what has been hashed since the last time.
    pub(crate) fn flush_hashes(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.hashing.is_flush_due = false;
        self.hashing.unsent = 0;
        let unsent: Vec<_> = UNSENT_HASHES.all(step.view()).take(UNSENT_MAX * 4).collect::<Result<_, _>>()?;
        if unsent.len() == UNSENT_MAX * 4 {
            step.alarm(Duration::ZERO, alarms::FLUSH);
        }
        let mut by_share: BTreeMap<u64, Vec<Hashed>> = BTreeMap::new();
        for ((number, file), UnsentHash { revision, content }) in unsent {
            UNSENT_HASHES.delete(step.rows(), &(number, file));
            by_share.entry(number).or_default().push(Hashed { file, revision, content });
        }
        for (number, items) in by_share {
            let Some((web, share)) = told_to(step, number)? else { continue };
            say_hashed(step, web, share, &items)?;
        }
        Ok(())
    }

    /// Reads a file again that a driver found changed.
    pub(crate) fn check_path(&mut self, step: &mut Step<'_>, path: &str) -> Result<(), Fault> {
        let owns: Vec<_> = OWN.all(step.view()).collect::<Result<_, _>>()?;
        for (number, own) in owns {
            let Some(below) = path.strip_prefix(&own.real_folder).and_then(|below| below.strip_prefix('/'))
            else {
                continue;
            };
            let key = path_key(below);
            if let Some(EntryRow { stat: Some(stat), .. }) =
                ENTRIES.get(step.view(), &(number, key.clone()))?
            {
                enqueue(step, number, key, stat, LANE_FRESH);
            }
        }
        self.feed_hashing(step)
    }

    fn begin_hashing(
        &mut self,
        step: &mut Step<'_>,
        tickets: Vec<(Ticket, Stat)>,
        is_big: bool,
    ) -> Result<bool, Fault> {
        let Some(number) = tickets.first().map(|((_, _, number, _), _)| *number) else { return Ok(false) };
        let Some(own) = OWN.get(step.view(), &number)? else { return Ok(false) };
        let items = tickets
            .iter()
            .map(|((_, _, _, path), stat)| HashItem { path: path_of(path), stat: *stat })
            .collect();
        let job = step.work(HASH, to_bytes(&Hash { root: own.real_folder, items }));
        let tickets = tickets.into_iter().map(|(ticket, _)| (path_of(&ticket.3), ticket)).collect();
        self.hashing.jobs.insert(job, HashJob { number, is_big, tickets });
        self.jobs.insert(job, Purpose::Hash);
        Ok(true)
    }

    /// Picks files of one lane and one share that are not being hashed; drops tickets that no longer mean anything.
    fn pick(&self, step: &mut Step<'_>, lane: u8) -> Result<Vec<(Ticket, Stat)>, StoreError> {
        let busy: BTreeSet<&Ticket> =
            self.hashing.jobs.values().flat_map(|job| job.tickets.values()).collect();
        let mut picked: Vec<(Ticket, Stat)> = Vec::new();
        let mut stale = Vec::new();
        let mut bytes = 0_u64;
        for row in TO_HASH.within(step.view(), &lane).take(LOOK_MAX) {
            let (ticket, _) = row?;
            let (_, _, number, path) = &ticket;
            let is_other_share = picked.first().is_some_and(|((_, _, first, _), _)| first != number);
            if is_other_share || busy.contains(&ticket) || crate::brake::is_braked(step, *number)? {
                continue;
            }
            let entry = ENTRIES.get(step.view(), &(*number, path.clone()))?;
            let Some(stat) = entry.and_then(|entry| entry.stat).filter(|_| is_own(step, *number)) else {
                stale.push(ticket);
                continue;
            };
            bytes = bytes.saturating_add(stat.size);
            if !picked.is_empty() && bytes > JOB_SIZE_MAX || picked.len() == JOB_FILES_MAX {
                break;
            }
            picked.push((ticket, stat));
        }
        for ticket in &stale {
            TO_HASH.delete(step.rows(), ticket);
        }
        Ok(picked)
    }

    fn tell_or_wait(
        &mut self,
        step: &mut Step<'_>,
        number: u64,
        paths: &[Vec<u8>],
        is_row_changed: bool,
    ) -> Result<(), Fault> {
        if !paths.is_empty()
            && let Some(key) = NUMBERS.get(step.view(), &number)?
        {
            emit_changed(step, key, paths)?;
        }
        if !paths.is_empty() || is_row_changed {
            emit_share(step, number)?;
        }
        if self.hashing.unsent >= UNSENT_MAX {
            return self.flush_hashes(step);
        }
        if self.hashing.unsent > 0 && !self.hashing.is_flush_due {
            self.hashing.is_flush_due = true;
            step.alarm(UNSENT_WAIT, alarms::FLUSH);
        }
        Ok(())
    }
}

/// Notes a hash; true when members are to be told it with the next batch of hashes.
fn settle(
    step: &mut Step<'_>,
    finding: &mut Finding,
    path: &[u8],
    stat: Stat,
    content: base::ContentId,
) -> Result<bool, Fault> {
    let number = finding.number();
    let Some(mut entry) = ENTRIES.get(step.view(), &(number, path.to_vec()))? else { return Ok(false) };
    let Some(known) = entry.stat.filter(|_| entry.kind == Kind::File) else { return Ok(false) };
    if (known.size, known.mtime_ns) != (stat.size, stat.mtime_ns)
        || entry.head.content.is_some_and(|old| old != content)
    {
        finding.changed(step, &item_of(path, stat), &entry, content)?;
        return Ok(false);
    }
    if known != stat {
        entry.stat = Some(stat);
        ENTRIES.put(step.rows(), &(number, path.to_vec()), &entry);
    }
    if entry.head.content.is_some() {
        return Ok(false);
    }
    finding.hashed(step, entry.file, entry.revision, content)?;
    let unsent = UnsentHash { revision: entry.revision, content };
    UNSENT_HASHES.put(step.rows(), &(number, entry.file), &unsent);
    Ok(true)
}

/// Notes how far a large file is, for a person to see; of several the largest is shown. True when it changed.
fn note_reading(step: &mut Step<'_>, number: u64, reading: HashReading) -> Result<bool, StoreError> {
    let HashReading { path, done, size } = reading;
    let shown = HASHING.get(step.view(), &number)?;
    if !is_own(step, number) || shown.is_some_and(|shown| shown.path != path && shown.size > size) {
        return Ok(false);
    }
    HASHING.put(step.rows(), &number, &HashingRow { path, done: done.min(size), size });
    Ok(true)
}

/// Shows a large file no longer as being read, if it is the one meant; true when it was.
fn forget_reading(
    step: &mut Step<'_>,
    number: u64,
    is_meant: impl Fn(&str) -> bool,
) -> Result<bool, StoreError> {
    let is_shown = HASHING.get(step.view(), &number)?.is_some_and(|shown| is_meant(&shown.path));
    if is_shown {
        HASHING.delete(step.rows(), &number);
    }
    Ok(is_shown)
}

fn emit_share(step: &mut Step<'_>, number: u64) -> Result<(), StoreError> {
    if let Some(view) = share_view(step.view(), number)? {
        step.emit("files.share", &view);
    }
    Ok(())
}

fn try_later(step: &mut Step<'_>, ticket: Ticket, attempts: u64) {
    let seconds = 2_u64.saturating_pow(u32::try_from(attempts.saturating_add(1)).unwrap_or(u32::MAX));
    let wait = Duration::from_secs(seconds).min(RETRY_MAX);
    let due = step.now().after(wait).millis();
    let (_, _, number, path) = ticket;
    TO_HASH.put(step.rows(), &(LANE_LATER, due, number, path), &attempts.saturating_add(1));
    step.alarm(wait, alarms::HASH);
}

fn is_own(step: &Step<'_>, number: u64) -> bool {
    OWN.has(step.view(), &number).unwrap_or(false)
}

fn told_to(step: &Step<'_>, number: u64) -> Result<Option<(WebId, ShareId)>, StoreError> {
    let shelf = Shelf::numbered(step.view(), number)?.filter(|shelf| !shelf.row.is_ended);
    Ok(shelf.map(|Shelf { key: ShareKey { web, share, .. }, .. }| (web, share)))
}
