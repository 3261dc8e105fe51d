//! The mirror's side: this computer keeps sealed copies for a web, up to a quota, and gives them to its members
//! (spec sealed, rules 16 to 24). A carrier does nothing else with files: it can read none.
//!
//! Not for: what is sealed and by whom (`sealing.rs`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, Timestamp, WebId};
use kernel::{Channel, JobFailure, JobId, Step};
use store::{Rows, StoreError, Table};

use crate::alarms;
use crate::copies::{MirrorRow, STOW, STOWED, StowRow, StowedRow};
use crate::jobs::{
    BUNDLE, BUNDLE_SIZE_MAX, Bundle, BundleItem, Bundled, ByteRange, FETCH, Fetch, ItemOutcome, MISSING,
    Missing, MissingRanges, SMALL_SIZE, from_bytes, to_bytes,
};
use crate::messages::{Answered, CopyState, ITEMS_MAX, Message, Offered};
use crate::sealing::is_foreign;
use crate::service::{Files, Purpose};

/// Bundles of small copies fetched at the same time.
const BUNDLES_MAX: usize = 4;
/// Large copies fetched at the same time.
const LARGE_MAX: usize = 2;
/// Copies offered and not yet here, at most; those above are offered again.
const STOWING_MAX: usize = 16 * ITEMS_MAX;
/// Members who need one copy, at most.
const BY_MAX: usize = 64;
/// What is kept is told to members so long after it changed.
const TELL_WAIT: Duration = Duration::from_secs(5);
/// Copies looked for on the disk at the same time after a start.
const AUDITS_MAX: usize = 8;
/// Copies removed in one step.
const CLEAR_STEP: usize = 300;
/// Parts of copies that nobody offered again are removed after so long.
const PARTS_KEPT: Duration = Duration::from_hours(24);

/// Large copies of which perhaps a part is here, to be kept or to be opened; the value is since when.
pub(crate) const PARTS: Table<(WebId, ContentId), Timestamp> = Table::new("files.stow_parts");

/// What is under way; rows can rebuild it, or members offer it again.
#[derive(Debug, Default)]
pub(crate) struct Mirroring {
    stowing: BTreeMap<(WebId, ContentId), Stowing>,
    small: VecDeque<(WebId, DeviceId, Vec<Offered>)>,
    large: VecDeque<(WebId, ContentId)>,
    bundles: BTreeMap<JobId, (WebId, Vec<Offered>)>,
    fetches: BTreeMap<JobId, (WebId, ContentId)>,
    /// Bytes of all that is in `stowing`, by web: promised of the quota.
    promised: BTreeMap<WebId, u64>,
    audits: BTreeMap<JobId, (WebId, ContentId)>,
    audited: Option<(WebId, ContentId)>,
    is_audit_over: bool,
    changed: BTreeSet<WebId>,
    /// What was said to members last.
    quotas: BTreeMap<WebId, u64>,
}

/// A copy that is to come.
#[derive(Debug, Clone)]
struct Stowing {
    size: u64,
    from: Vec<DeviceId>,
}

impl Files {
    /// Takes an offer of copies.
    pub(crate) fn hear_offer(
        &mut self,
        step: &mut Step<'_>,
        (web, from): (WebId, DeviceId),
        items: &[Offered],
    ) -> Result<(), Fault> {
        let quota = quota(step.view(), web)?;
        if !people::read::is_member(step.view(), web, from)? {
            return Ok(());
        }
        let mut answers = Vec::new();
        let mut small = Vec::new();
        for item in items.iter().copied() {
            let key = (web, item.sealed);
            let Some(quota) = quota else {
                answers.push(Answered { sealed: item.sealed, state: CopyState::NotHere });
                continue;
            };
            if let Some(mut row) = STOWED.get(step.view(), &key)? {
                if !row.by.contains(&from) && row.by.len() < BY_MAX {
                    row.by.push(from);
                    STOWED.put(step.rows(), &key, &row);
                }
                answers.push(Answered { sealed: item.sealed, state: CopyState::Stored });
                continue;
            }
            if let Some(stowing) = self.mirroring.stowing.get_mut(&key) {
                if !stowing.from.contains(&from) && stowing.from.len() < BY_MAX {
                    stowing.from.push(from);
                }
                continue;
            }
            let kept = STOW.get(step.view(), &web)?.unwrap_or_default().bytes;
            let promised = self.mirroring.promised.entry(web).or_default();
            if kept.saturating_add(*promised).saturating_add(item.size) > quota {
                answers.push(Answered { sealed: item.sealed, state: CopyState::Full });
                continue;
            }
            if self.mirroring.stowing.len() >= STOWING_MAX {
                // Offered again in a minute.
                continue;
            }
            *promised = promised.saturating_add(item.size);
            self.mirroring.stowing.insert(key, Stowing { size: item.size, from: vec![from] });
            // What is here beside, as something plain, must come from the one who offers it all the same.
            if item.size < SMALL_SIZE && !is_foreign(step.view(), item.sealed)? {
                small.push(item);
            } else {
                self.mirroring.large.push_back(key);
            }
        }
        for part in bundles(small) {
            self.mirroring.small.push_back((web, from, part));
        }
        answer(step, web, from, &answers);
        self.stow_next(step)
    }

    /// Fetches the next copies.
    fn stow_next(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        while self.mirroring.bundles.len() < BUNDLES_MAX {
            let Some((web, provider, items)) = self.mirroring.small.pop_front() else { break };
            let wanted =
                items.iter().map(|item| BundleItem { content: item.sealed, size: item.size }).collect();
            let job = step.work(BUNDLE, to_bytes(&Bundle { web, provider, items: wanted }));
            self.mirroring.bundles.insert(job, (web, items));
            self.jobs.insert(job, Purpose::StowBundle);
        }
        while self.mirroring.fetches.len() < LARGE_MAX {
            let Some(key) = self.mirroring.large.pop_front() else { break };
            let Some(size) = self.mirroring.stowing.get(&key).map(|stowing| stowing.size) else { continue };
            if is_foreign(step.view(), key.1)? {
                self.stow_fetch(step, key, vec![ByteRange { from: 0, to: size }]);
                continue;
            }
            let job = step.work(MISSING, to_bytes(&Missing { content: key.1, size }));
            self.mirroring.fetches.insert(job, key);
            self.jobs.insert(job, Purpose::StowMissing);
        }
        Ok(())
    }

    fn stow_fetch(&mut self, step: &mut Step<'_>, key: (WebId, ContentId), ranges: Vec<ByteRange>) {
        let (web, content) = key;
        let Some(Stowing { size, from }) = self.mirroring.stowing.get(&key).cloned() else { return };
        let Some(provider) = from.first().copied() else { return };
        let since = step.now();
        PARTS.put(step.rows(), &key, &since);
        let job = step.work(FETCH, to_bytes(&Fetch { web, content, size, provider, ranges }));
        self.mirroring.fetches.insert(job, key);
        self.jobs.insert(job, Purpose::StowFetch);
    }

    /// Takes what is missing of a large copy.
    pub(crate) fn take_stow_missing(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(key) = self.mirroring.fetches.remove(&job) else { return Ok(()) };
        match outcome.ok().and_then(|bytes| from_bytes::<MissingRanges>(&bytes).ok()) {
            // A part that was here came for this copy. All of it, and nothing to show for it: it has to come again.
            Some(MissingRanges { ranges }) if !ranges.is_empty() => self.stow_fetch(step, key, ranges),
            Some(_) => {
                let size = self.mirroring.stowing.get(&key).map_or(0, |stowing| stowing.size);
                let ranges = if PARTS.has(step.view(), &key)? {
                    Vec::new()
                } else {
                    vec![ByteRange { from: 0, to: size }]
                };
                match ranges.is_empty() {
                    true => self.end_stowing(step, key, CopyState::Stored)?,
                    false => self.stow_fetch(step, key, ranges),
                }
            }
            None => self.end_stowing(step, key, CopyState::Failed)?,
        }
        self.stow_next(step)
    }

    /// Takes the end of fetching a large copy.
    pub(crate) fn take_stow_fetch(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: &Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(key) = self.mirroring.fetches.remove(&job) else { return Ok(()) };
        let state = if outcome.is_ok() { CopyState::Stored } else { CopyState::Failed };
        self.end_stowing(step, key, state)?;
        self.stow_next(step)
    }

    /// Takes the end of fetching a bundle of small copies.
    pub(crate) fn take_stow_bundle(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some((web, items)) = self.mirroring.bundles.remove(&job) else { return Ok(()) };
        let report = outcome.ok().and_then(|bytes| from_bytes::<Bundled>(&bytes).ok());
        let outcomes = report.map(|report| report.outcomes).unwrap_or_default();
        let mut answers: BTreeMap<DeviceId, Vec<Answered>> = BTreeMap::new();
        for (at, item) in items.into_iter().enumerate() {
            let has_come = outcomes.get(at) == Some(&ItemOutcome::Arrived);
            let state = if has_come { CopyState::Stored } else { CopyState::Failed };
            for member in self.stow(step, (web, item.sealed), state)? {
                answers.entry(member).or_default().push(Answered { sealed: item.sealed, state });
            }
        }
        for (member, answers) in answers {
            answer(step, web, member, &answers);
        }
        self.stow_next(step)
    }

    fn end_stowing(
        &mut self,
        step: &mut Step<'_>,
        key: (WebId, ContentId),
        state: CopyState,
    ) -> Result<(), Fault> {
        for member in self.stow(step, key, state)? {
            answer(step, key.0, member, &[Answered { sealed: key.1, state }]);
        }
        Ok(())
    }

    /// Notes that a copy has come, or not, and returns who is to be told.
    fn stow(
        &mut self,
        step: &mut Step<'_>,
        key: (WebId, ContentId),
        state: CopyState,
    ) -> Result<Vec<DeviceId>, Fault> {
        let Some(Stowing { size, from }) = self.mirroring.stowing.remove(&key) else { return Ok(Vec::new()) };
        if let Some(promised) = self.mirroring.promised.get_mut(&key.0) {
            *promised = promised.saturating_sub(size);
        }
        if state == CopyState::Stored {
            PARTS.delete(step.rows(), &key);
            STOWED.put(step.rows(), &key, &StowedRow { size, by: from.clone() });
            self.note_stow(step, key.0, |stow| {
                stow.copies = stow.copies.saturating_add(1);
                stow.bytes = stow.bytes.saturating_add(size);
            })?;
        }
        Ok(from)
    }

    /// Changes the sums of what is kept for a web; members hear of it soon.
    fn note_stow(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        change: impl FnOnce(&mut StowRow),
    ) -> Result<(), StoreError> {
        let mut stow = own_stock(step, web)?;
        change(&mut stow);
        STOW.put(step.rows(), &web, &stow);
        if self.mirroring.changed.is_empty() {
            step.alarm(TELL_WAIT, alarms::MIRROR_TELL);
        }
        self.mirroring.changed.insert(web);
        Ok(())
    }

    /// Tells the members who are here what is kept for their webs, where that has changed.
    pub(crate) fn tell_stock(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for web in std::mem::take(&mut self.mirroring.changed) {
            for member in people::read::members(step.view(), web)? {
                for device in member.devices {
                    if member.role.is_some() && records::is_connected(step.view(), device)? {
                        say_stock(step, web, device)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Answers whether copies are kept.
    pub(crate) fn hear_ask(
        step: &mut Step<'_>,
        (web, from): (WebId, DeviceId),
        asked: &[ContentId],
    ) -> Result<(), Fault> {
        if !people::read::is_member(step.view(), web, from)? {
            return Ok(());
        }
        let mut answers = Vec::new();
        for sealed in asked.iter().copied() {
            let key = (web, sealed);
            let state = match STOWED.get(step.view(), &key)? {
                Some(mut row) => {
                    if !row.by.contains(&from) && row.by.len() < BY_MAX {
                        row.by.push(from);
                        STOWED.put(step.rows(), &key, &row);
                    }
                    CopyState::Stored
                }
                None => CopyState::NotHere,
            };
            answers.push(Answered { sealed, state });
        }
        answer(step, web, from, &answers);
        Ok(())
    }

    /// A member no longer needs copies: those that nobody needs go.
    pub(crate) fn hear_drop(
        &mut self,
        step: &mut Step<'_>,
        (web, from): (WebId, DeviceId),
        dropped: &[ContentId],
    ) -> Result<(), Fault> {
        if !people::read::is_member(step.view(), web, from)? {
            return Ok(());
        }
        let mut answers = Vec::new();
        for sealed in dropped.iter().copied() {
            let mut state = CopyState::NotHere;
            if let Some(mut row) = STOWED.get(step.view(), &(web, sealed))? {
                let mut by = Vec::new();
                for device in row.by {
                    // Nobody speaks for those who are gone.
                    if device != from && people::read::is_member(step.view(), web, device)? {
                        by.push(device);
                    }
                }
                row.by = by;
                if row.by.is_empty() {
                    self.unstow(step, (web, sealed))?;
                } else {
                    STOWED.put(step.rows(), &(web, sealed), &row);
                    state = CopyState::Stored;
                }
            }
            answers.push(Answered { sealed, state });
        }
        answer(step, web, from, &answers);
        Ok(())
    }

    fn unstow(&mut self, step: &mut Step<'_>, key: (WebId, ContentId)) -> Result<(), Fault> {
        let Some(row) = STOWED.get(step.view(), &key)? else { return Ok(()) };
        STOWED.delete(step.rows(), &key);
        self.note_stow(step, key.0, |stow| {
            stow.copies = stow.copies.saturating_sub(1);
            stow.bytes = stow.bytes.saturating_sub(row.size);
        })?;
        self.forget_copy(step, key.1)
    }

    /// Copies that were kept are not on the disk: the stock gets a new name, so that members ask for all of theirs.
    pub(crate) fn lose_copy(&mut self, step: &mut Step<'_>, sealed: ContentId) -> Result<(), Fault> {
        for web in people::read::webs(step.view())? {
            if STOWED.has(step.view(), &(web.id, sealed))? {
                self.unstow(step, (web.id, sealed))?;
                let name = fresh_name(step);
                self.note_stow(step, web.id, |stow| stow.stock = name)?;
            }
        }
        Ok(())
    }

    /// Says to a device that has just come what is kept for the webs it reads.
    pub(crate) fn greet_member(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        for web in people::read::webs_of_device(step.view(), device)? {
            if quota(step.view(), web)?.is_some() {
                let stow = own_stock(step, web)?;
                STOW.put(step.rows(), &web, &stow);
                say_stock(step, web, device)?;
            }
        }
        Ok(())
    }

    /// Takes notice of how much this computer shall keep for a web; when it is nothing any more, everything goes, a
    /// part at a time.
    pub(crate) fn look_at_quota(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        if let Some(quota) = quota(step.view(), web)? {
            if self.mirroring.quotas.insert(web, quota) != Some(quota) {
                // Members learn of more room, and of a mirror that has just come.
                self.note_stow(step, web, |_| ())?;
            }
            return Ok(());
        }
        self.mirroring.quotas.remove(&web);
        let part: Vec<_> = STOWED.within(step.view(), &web).take(CLEAR_STEP).collect::<Result<_, _>>()?;
        let is_more = part.len() == CLEAR_STEP;
        for (key, _) in part {
            self.unstow(step, key)?;
        }
        if is_more {
            step.alarm(Duration::ZERO, format!("{}{web}", alarms::MIRROR_CLEAR));
        } else if STOW.has(step.view(), &web)? {
            STOW.delete(step.rows(), &web);
        }
        Ok(())
    }

    /// After a start, looks whether the copies that rows speak of are on the disk, a few at a time.
    pub(crate) fn audit_next(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        while !self.mirroring.is_audit_over && self.mirroring.audits.len() < AUDITS_MAX {
            let first = self.mirroring.audited.map(|(web, sealed)| (web, Some(sealed)));
            let Some((key, row)) = stowed_after(step.view(), first)? else {
                self.mirroring.is_audit_over = true;
                break;
            };
            self.mirroring.audited = Some(key);
            let job = step.work(MISSING, to_bytes(&Missing { content: key.1, size: row.size }));
            self.mirroring.audits.insert(job, key);
            self.jobs.insert(job, Purpose::Audit);
        }
        Ok(())
    }

    /// Takes whether a copy is on the disk.
    pub(crate) fn take_audit(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some((_, sealed)) = self.mirroring.audits.remove(&job) else { return Ok(()) };
        let report = outcome.ok().and_then(|bytes| from_bytes::<MissingRanges>(&bytes).ok());
        if report.is_some_and(|missing| !missing.ranges.is_empty()) {
            self.lose_copy(step, sealed)?;
        }
        self.audit_next(step)
    }

    /// Removes parts of copies that nobody offered again.
    pub(crate) fn drop_old_parts(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        for (key, since) in PARTS.all(step.view()).collect::<Result<Vec<_>, _>>()? {
            if now.since(since) >= PARTS_KEPT
                && !self.mirroring.stowing.contains_key(&key)
                && !self.bringing.active.contains_key(&key)
            {
                PARTS.delete(step.rows(), &key);
                self.forget_copy(step, key.1)?;
            }
        }
        Ok(())
    }
}

/// Returns how many bytes of copies this computer keeps for a web at most; none when it is no mirror of it.
pub(crate) fn quota<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Option<u64>, StoreError> {
    Ok(people::read::own_serving(rows, web)?.mirror)
}

/// Says whether a device may have a sealed copy that this peer keeps: it reads that web now, and so does not this peer,
/// perhaps.
pub(crate) fn may_have<R: Rows + ?Sized>(
    rows: &R,
    asker: DeviceId,
    sealed: ContentId,
) -> Result<bool, StoreError> {
    for web in people::read::webs_of_device(rows, asker)? {
        if STOWED.has(rows, &(web, sealed))? && quota(rows, web)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn own_stock(step: &mut Step<'_>, web: WebId) -> Result<StowRow, StoreError> {
    Ok(match STOW.get(step.view(), &web)? {
        Some(stow) => stow,
        None => StowRow { stock: fresh_name(step), ..StowRow::default() },
    })
}

fn fresh_name(step: &mut Step<'_>) -> u64 {
    let random = step.random("stock");
    // As great as a number on the wire may be.
    u64::from_be_bytes(random.first_chunk().copied().unwrap_or_default()) >> 11
}

fn say_stock(step: &mut Step<'_>, web: WebId, to: DeviceId) -> Result<(), Fault> {
    let (Some(quota), Some(stow)) = (quota(step.view(), web)?, STOW.get(step.view(), &web)?) else {
        return Ok(());
    };
    let StowRow { stock, copies, bytes } = stow;
    let message = Message::Stock { web, stock, copies, bytes, quota };
    step.send(to, Channel::Member, message.to_bytes());
    Ok(())
}

/// Reads what a mirror says of itself.
pub(crate) fn said(stock: u64, (copies, bytes, quota): (u64, u64, u64)) -> MirrorRow {
    MirrorRow { stock: Some(stock), is_filled: false, quota, copies, bytes }
}

fn answer(step: &mut Step<'_>, web: WebId, to: DeviceId, answers: &[Answered]) {
    for items in answers.chunks(ITEMS_MAX) {
        let message = Message::Answer { web, items: items.to_vec() };
        step.send(to, Channel::Member, message.to_bytes());
    }
}

/// Cuts offers into bundles.
fn bundles(items: Vec<Offered>) -> Vec<Vec<Offered>> {
    let mut bundles: Vec<Vec<Offered>> = Vec::new();
    let mut bytes = 0_u64;
    for item in items {
        bytes = bytes.saturating_add(item.size);
        if let Some(last) = bundles.last_mut().filter(|_| bytes <= BUNDLE_SIZE_MAX) {
            last.push(item);
        } else {
            bytes = item.size;
            bundles.push(vec![item]);
        }
    }
    bundles
}

/// A kept copy and its row.
type Stowed = ((WebId, ContentId), StowedRow);

fn stowed_after<R: Rows + ?Sized>(
    rows: &R,
    after: Option<(WebId, Option<ContentId>)>,
) -> Result<Option<Stowed>, StoreError> {
    let (web, sealed) = after.unwrap_or((WebId::new([0; 32]), None));
    let start = (web, sealed.unwrap_or(ContentId::new([0; ContentId::LEN])));
    let mut rows = STOWED.within_from(rows, &(), &start);
    rows.find(|row| !matches!(row, Ok((key, _)) if sealed.is_some() && *key == start)).transpose()
}
