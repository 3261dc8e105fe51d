//! The member's side of mirroring: contents that are here and newest are sealed and offered to the web's mirrors,
//! smallest and newest first, and members are told when a mirror has them (spec sealed, rules 16 to 20).
//!
//! Not for: the mirror's side (`mirror.rs`), or getting contents back (`unsealing.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, FileId, KeyId, Timestamp, WebId};
use kernel::{Channel, JobFailure, JobId, Step};
use store::StoreError;
use wire::sealed::{ContentKey, sealed_size};

use crate::alarms;
use crate::apply::Author;
use crate::catalogue::{Shelf, holding};
use crate::copies::{self, COPIES, MIRRORS, MOVED, MirrorRow, OFFERED, OfferedRow, TO_DROP, TO_SEAL};
use crate::jobs::{
    BUNDLE_ITEMS_MAX, BUNDLE_SIZE_MAX, FORGET, Forget, SEAL, SMALL_SIZE, Seal, SealItem, SealOutcome,
    SealedItems, from_bytes, to_bytes,
};
use crate::look;
use crate::messages::{Answered, CopyState, ITEMS_MAX, Message, Offered};
use crate::outgoing::say;
use crate::service::{Files, Purpose};
use crate::source::shared_path;
use crate::statement::{Mirrored, Statement};
use crate::tables::{HELD, NUMBERS};

/// Contents or files looked at in one step.
const LOOK_STEP: usize = 300;
/// What changes soon after is looked at together.
const LOOK_WAIT: Duration = Duration::from_millis(500);
/// Jobs that seal at the same time: it costs a processor.
const SEALING_MAX: usize = 2;
/// Copies made and not answered at the same time: each takes room on the disk twice.
const OFFERED_MAX: usize = 4 * BUNDLE_ITEMS_MAX;
/// Bytes of them, beyond the first one.
const OFFERED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// What was said and perhaps lost is said again so often.
const SAY_AGAIN: Duration = Duration::from_secs(60);
/// A mirror that had no room, or could not fetch, is left alone so long.
const REST: Duration = Duration::from_mins(2);
/// Shares looked at for whether a content is the newest of some file.
const SHARES_MAX: usize = 64;

/// What is under way; rows can rebuild it.
#[derive(Debug, Default)]
pub(crate) struct Sealing {
    jobs: BTreeMap<JobId, Vec<Making>>,
    /// Copies offered, and the mirrors that have not answered.
    offers: BTreeMap<(WebId, ContentId), Offer>,
    fills: BTreeMap<WebId, Fill>,
    checks: BTreeMap<(WebId, DeviceId), Check>,
    resting: BTreeMap<(WebId, DeviceId), Timestamp>,
    is_look_due: bool,
    is_saying_due: bool,
}

/// A copy that is being made.
#[derive(Debug, Clone)]
struct Making {
    web: WebId,
    content: ContentId,
    size: u64,
    key: KeyId,
}

/// A copy that is offered.
#[derive(Debug, Clone)]
struct Offer {
    content: ContentId,
    size: u64,
    waiting: BTreeSet<DeviceId>,
}

/// How far all contents of a web have been looked at for a new mirror.
#[derive(Debug, Clone, Default)]
struct Fill {
    shares: Vec<u64>,
    after_file: Option<FileId>,
    after_kept: Option<ContentId>,
    mirrors: Vec<DeviceId>,
}

/// How far a mirror's copies have been asked for.
#[derive(Debug, Clone, Copy)]
struct Check {
    stock: u64,
    after: Option<ContentId>,
}

impl Files {
    /// Takes notice of who mirrors a web now.
    pub(crate) fn look_at_mirrors(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let me = step.me();
        let reads = people::read::is_member(step.view(), web, me)?;
        let mut now = copies::mirrors(step.view(), web)?;
        now.retain(|device| reads && *device != me);
        let before: Vec<_> = MIRRORS.within(step.view(), &web).collect::<Result<_, _>>()?;
        for ((_, device), _) in &before {
            if !now.contains(device) {
                MIRRORS.delete(step.rows(), &(web, *device));
                self.give_up_offers(step, Some(web), *device)?;
            }
        }
        for device in &now {
            if !before.iter().any(|((_, known), _)| known == device) {
                MIRRORS.put(step.rows(), &(web, *device), &MirrorRow::default());
                // Who has just come is reached at once, not with the next round of neighbours.
                step.connect(*device, Channel::Member);
            }
        }
        let unfilled: Vec<DeviceId> = MIRRORS
            .within(step.view(), &web)
            .filter(|row| row.as_ref().map_or(true, |(_, mirror)| !mirror.is_filled))
            .map(|row| row.map(|((_, device), _)| device))
            .collect::<Result<_, _>>()?;
        let is_known = self.sealing.fills.get(&web).is_some_and(|fill| fill.mirrors == unfilled);
        if unfilled.is_empty() {
            self.sealing.fills.remove(&web);
        } else if !is_known {
            let shares = look::share_numbers(step.view(), web)?;
            let fill = Fill { shares, mirrors: unfilled, ..Fill::default() };
            self.sealing.fills.insert(web, fill);
            self.look_soon(step, Duration::ZERO);
        }
        Ok(())
    }

    /// Begins anew after a start: copies that were offered are gone with the jobs that made them.
    pub(crate) fn wake_sealing(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for row in OFFERED.all(step.view()).collect::<Result<Vec<_>, _>>()? {
            let ((sealed, web), offered) = row;
            OFFERED.delete(step.rows(), &(sealed, web));
            self.forget_copy(step, sealed)?;
            MOVED.put(step.rows(), &(web, offered.content), &());
        }
        for web in people::read::webs(step.view())? {
            self.look_at_mirrors(step, web.id)?;
        }
        Ok(())
    }

    /// Has what moved looked at, if anything did; called at the end of each batch.
    pub(crate) fn note_moves(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        if !self.sealing.is_look_due && MOVED.all(step.view()).next().transpose()?.is_some() {
            self.look_soon(step, LOOK_WAIT);
        }
        Ok(())
    }

    fn look_soon(&mut self, step: &mut Step<'_>, wait: Duration) {
        self.sealing.is_look_due = true;
        step.alarm(wait, alarms::MIRROR_LOOK);
    }

    /// Looks at contents that moved, at those a new mirror lacks, and at copies a mirror may have lost.
    pub(crate) fn look_at_copies(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.sealing.is_look_due = false;
        let moved: Vec<_> = MOVED.all(step.view()).take(LOOK_STEP).collect::<Result<_, _>>()?;
        let mut gone: BTreeMap<(WebId, DeviceId), Vec<ContentId>> = BTreeMap::new();
        for (key, ()) in &moved {
            MOVED.delete(step.rows(), key);
            Self::judge_content(step, *key, &mut gone)?;
        }
        let mut is_more = moved.len() == LOOK_STEP;
        for ((web, mirror), contents) in gone {
            for contents in contents.chunks(ITEMS_MAX) {
                say(step, web, &Statement::NoLongerMirrored { mirror, contents: contents.to_vec() })?;
            }
        }
        for web in self.sealing.fills.keys().copied().collect::<Vec<_>>() {
            self.fill(step, web)?;
        }
        for (web, mirror) in self.sealing.checks.keys().copied().collect::<Vec<_>>() {
            self.check(step, web, mirror)?;
        }
        is_more |= !self.sealing.fills.is_empty() || !self.sealing.checks.is_empty();
        if is_more {
            self.look_soon(step, Duration::ZERO);
        }
        self.say_drops(step)?;
        self.seal_next(step)
    }

    /// Decides what is to be done about one content: sealed, or its copies dropped, or nothing.
    fn judge_content(
        step: &mut Step<'_>,
        (web, content): (WebId, ContentId),
        gone: &mut BTreeMap<(WebId, DeviceId), Vec<ContentId>>,
    ) -> Result<(), Fault> {
        if let Some((size, changed)) = newest(step, web, content)? {
            let is_wanted = size > 0
                && copies::is_lacking(step.view(), web, content)?
                && look::source_in(step.view(), web, content)?.is_some();
            if is_wanted {
                TO_SEAL.put(step.rows(), &(web, rank(size, changed), content), &size);
            }
            return Ok(());
        }
        let me = step.me();
        for row in COPIES.within(step.view(), &(web, content)).collect::<Result<Vec<_>, _>>()? {
            let ((_, _, mirror, author), copy) = row;
            // Nobody else can say it for those who are gone.
            let is_gone = !people::read::is_member(step.view(), web, author)?;
            if author == me || is_gone {
                COPIES.delete(step.rows(), &(web, content, mirror, author));
                TO_DROP.put(step.rows(), &(mirror, web, copy.sealed), &());
            }
            if author == me {
                gone.entry((web, mirror)).or_default().push(content);
            }
        }
        Ok(())
    }

    /// Looks at the next part of all contents of a web that are here.
    fn fill(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some(mut fill) = self.sealing.fills.remove(&web) else { return Ok(()) };
        let mut contents = Vec::new();
        if let Some(number) = fill.shares.last().copied() {
            let files = match look::is_own(step.view(), number)? {
                true => look::files_after(step.view(), number, fill.after_file, LOOK_STEP)?,
                false => Vec::new(),
            };
            if let Some(shelf) = Shelf::numbered(step.view(), number)? {
                for file in &files {
                    contents
                        .extend(shelf.entry(step.view(), *file)?.and_then(|(_, entry)| entry.head.content));
                }
            }
            fill.after_file = files.last().copied();
            if files.len() < LOOK_STEP {
                fill.shares.pop();
                fill.after_file = None;
            }
        } else {
            contents = look::kept_after(step.view(), web, fill.after_kept, LOOK_STEP)?;
            fill.after_kept = contents.last().copied();
            if contents.len() < LOOK_STEP {
                for mirror in &fill.mirrors {
                    if let Some(row) = MIRRORS.get(step.view(), &(web, *mirror))? {
                        MIRRORS.put(step.rows(), &(web, *mirror), &MirrorRow { is_filled: true, ..row });
                    }
                }
                fill.mirrors.clear();
            }
        }
        let mut nothing = BTreeMap::new();
        for content in contents {
            if newest(step, web, content)?.is_some() {
                Self::judge_content(step, (web, content), &mut nothing)?;
            }
        }
        if !fill.mirrors.is_empty() {
            self.sealing.fills.insert(web, fill);
        }
        Ok(())
    }

    /// A mirror has said what it keeps.
    pub(crate) fn hear_stock(
        &mut self,
        step: &mut Step<'_>,
        (web, mirror): (WebId, DeviceId),
        said: MirrorRow,
    ) -> Result<(), Fault> {
        let Some(row) = MIRRORS.get(step.view(), &(web, mirror))? else { return Ok(()) };
        let next = MirrorRow { stock: row.stock, is_filled: row.is_filled, ..said };
        if next != row {
            MIRRORS.put(step.rows(), &(web, mirror), &next);
        }
        // It may have room again.
        self.sealing.resting.remove(&(web, mirror));
        if let Some(stock) = said.stock.filter(|stock| row.stock != Some(*stock)) {
            self.sealing.checks.insert((web, mirror), Check { stock, after: None });
            self.look_soon(step, Duration::ZERO);
        }
        self.say_drops(step)?;
        self.seal_next(step)
    }

    /// Asks a mirror whether it still has the next of its copies, of contents that are here to be sealed again.
    fn check(&mut self, step: &mut Step<'_>, web: WebId, mirror: DeviceId) -> Result<(), Fault> {
        let Some(check) = self.sealing.checks.remove(&(web, mirror)) else { return Ok(()) };
        let first = ContentId::new([0; ContentId::LEN]);
        let start = (web, check.after.unwrap_or(first), DeviceId::new([0; 32]), DeviceId::new([0; 32]));
        let rows: Vec<_> =
            COPIES.within_from(step.view(), &web, &start).take(LOOK_STEP).collect::<Result<_, _>>()?;
        let last = rows.last().map(|((_, content, ..), _)| *content);
        let mut asked: BTreeSet<ContentId> = BTreeSet::new();
        for ((_, content, at, _), copy) in &rows {
            if *at == mirror && look::source_in(step.view(), web, *content)?.is_some() {
                asked.insert(copy.sealed);
            }
        }
        for sealed in asked.into_iter().collect::<Vec<_>>().chunks(ITEMS_MAX) {
            let message = Message::Ask { web, sealed: sealed.to_vec() };
            step.send(mirror, Channel::Member, message.to_bytes());
        }
        // The last content's rows may go on in the next part; a part that begins where it began is the end.
        if rows.len() == LOOK_STEP && last != check.after {
            self.sealing.checks.insert((web, mirror), Check { after: last, ..check });
        } else if let Some(row) = MIRRORS.get(step.view(), &(web, mirror))? {
            MIRRORS.put(step.rows(), &(web, mirror), &MirrorRow { stock: Some(check.stock), ..row });
        }
        Ok(())
    }

    /// Tells mirrors what they need not keep any longer.
    fn say_drops(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut by: BTreeMap<(DeviceId, WebId), Vec<ContentId>> = BTreeMap::new();
        for row in TO_DROP.all(step.view()).take(LOOK_STEP) {
            let ((mirror, web, sealed), ()) = row?;
            by.entry((mirror, web)).or_default().push(sealed);
        }
        for ((mirror, web), sealed) in by {
            if MIRRORS.get(step.view(), &(web, mirror))?.is_none() {
                // It mirrors no longer, so it keeps nothing.
                for sealed in sealed {
                    TO_DROP.delete(step.rows(), &(mirror, web, sealed));
                }
            } else if records::is_connected(step.view(), mirror)? {
                for part in sealed.chunks(ITEMS_MAX) {
                    let message = Message::Drop { web, sealed: part.to_vec() };
                    step.send(mirror, Channel::Member, message.to_bytes());
                }
                self.say_again_later(step);
            }
        }
        Ok(())
    }

    /// Seals the next contents, if there is a mirror here that wants them and room for more.
    pub(crate) fn seal_next(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for web in people::read::webs(step.view())? {
            let here = self.mirrors_here(step, web.id)?;
            if here.is_empty() {
                continue;
            }
            let Some(epoch) = step.keyring().current(web.id).cloned() else { continue };
            while self.has_room() {
                let batch = next_batch(step, web.id)?;
                if batch.is_empty() {
                    break;
                }
                let mut items = Vec::new();
                let mut making = Vec::new();
                for (content, size) in batch {
                    let source = look::source_in(step.view(), web.id, content)?;
                    let is_wanted = copies::is_lacking(step.view(), web.id, content)?;
                    if let Some(source) = source.filter(|_| is_wanted) {
                        items.push(SealItem { content, size, source, key: ContentKey::of(&epoch, content) });
                        making.push(Making { web: web.id, content, size, key: epoch.id() });
                    }
                }
                if !items.is_empty() {
                    let job = step.work(SEAL, to_bytes(&Seal { items }));
                    self.sealing.jobs.insert(job, making);
                    self.jobs.insert(job, Purpose::Seal);
                }
            }
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        let made: u64 = self.sealing.offers.values().map(|offer| offer.size).sum();
        let making: usize = self.sealing.jobs.values().map(Vec::len).sum();
        self.sealing.jobs.len() < SEALING_MAX
            && self.sealing.offers.len() + making < OFFERED_MAX
            && made < OFFERED_BYTES_MAX
    }

    /// Returns the mirrors of a web that are connected and do not rest.
    fn mirrors_here(&self, step: &Step<'_>, web: WebId) -> Result<Vec<DeviceId>, StoreError> {
        let mut here = Vec::new();
        for row in MIRRORS.within(step.view(), &web) {
            let ((_, mirror), _) = row?;
            let is_resting =
                self.sealing.resting.get(&(web, mirror)).is_some_and(|until| *until > step.now());
            if !is_resting && records::is_connected(step.view(), mirror)? {
                here.push(mirror);
            }
        }
        Ok(here)
    }

    /// Takes copies that were made and offers them.
    pub(crate) fn take_sealed(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let making = self.sealing.jobs.remove(&job).unwrap_or_default();
        let is_whole_failure = outcome.is_err();
        let report = outcome.ok().and_then(|bytes| from_bytes::<SealedItems>(&bytes).ok());
        let outcomes = report.map(|report| report.outcomes).unwrap_or_default();
        let mut offered: BTreeMap<WebId, Vec<ContentId>> = BTreeMap::new();
        for (at, made) in making.into_iter().enumerate() {
            let Some(SealOutcome::Sealed { sealed }) = outcomes.get(at).copied() else {
                // A file that changed is read again, and then it is another content; a full disk may be empty later.
                if is_whole_failure && let Some(found) = newest(step, made.web, made.content)? {
                    let key = (made.web, rank(found.0, found.1), made.content);
                    TO_SEAL.put(step.rows(), &key, &made.size);
                    for mirror in self.mirrors_here(step, made.web)? {
                        self.rest_mirror(step, made.web, mirror);
                    }
                }
                continue;
            };
            let Making { web, content, size, key } = made;
            OFFERED.put(step.rows(), &(sealed, web), &OfferedRow { content, size, key });
            let mut waiting = BTreeSet::new();
            for mirror in self.mirrors_here(step, web)? {
                if COPIES.within(step.view(), &(web, content, mirror)).next().transpose()?.is_none() {
                    TO_DROP.delete(step.rows(), &(mirror, web, sealed));
                    waiting.insert(mirror);
                }
            }
            self.sealing.offers.insert((web, sealed), Offer { content, size, waiting });
            offered.entry(web).or_default().push(sealed);
        }
        for (web, sealed) in offered {
            self.say_offers(step, web, &sealed);
            for sealed in sealed {
                self.settle_offer(step, web, sealed)?;
            }
        }
        self.seal_next(step)
    }

    /// Offers copies to every mirror that has not answered.
    fn say_offers(&mut self, step: &mut Step<'_>, web: WebId, copies: &[ContentId]) {
        let mut by: BTreeMap<DeviceId, Vec<Offered>> = BTreeMap::new();
        for sealed in copies {
            let Some(offer) = self.sealing.offers.get(&(web, *sealed)) else { continue };
            let Some(size) = sealed_size(offer.size) else { continue };
            for mirror in &offer.waiting {
                by.entry(*mirror).or_default().push(Offered { sealed: *sealed, size });
            }
        }
        for (mirror, items) in by {
            for part in items.chunks(ITEMS_MAX) {
                let message = Message::Offer { web, items: part.to_vec() };
                step.send(mirror, Channel::Member, message.to_bytes());
            }
        }
        self.say_again_later(step);
    }

    fn say_again_later(&mut self, step: &mut Step<'_>) {
        if !self.sealing.is_saying_due {
            self.sealing.is_saying_due = true;
            step.alarm(SAY_AGAIN, alarms::MIRROR_SAY);
        }
    }

    /// Says again what was not answered.
    pub(crate) fn say_again(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.sealing.is_saying_due = false;
        let now = step.now();
        self.sealing.resting.retain(|_, until| *until > now);
        let mut by: BTreeMap<WebId, Vec<ContentId>> = BTreeMap::new();
        for (web, sealed) in self.sealing.offers.keys() {
            by.entry(*web).or_default().push(*sealed);
        }
        for (web, sealed) in by {
            self.say_offers(step, web, &sealed);
        }
        if !self.sealing.resting.is_empty() {
            self.say_again_later(step);
        }
        self.say_drops(step)?;
        self.seal_next(step)
    }

    /// Takes what a mirror says of copies.
    pub(crate) fn hear_answer(
        &mut self,
        step: &mut Step<'_>,
        (web, mirror): (WebId, DeviceId),
        items: &[Answered],
    ) -> Result<(), Fault> {
        if MIRRORS.get(step.view(), &(web, mirror))?.is_none() {
            return Ok(());
        }
        let mut stored: BTreeMap<KeyId, Vec<Mirrored>> = BTreeMap::new();
        let mut lost = BTreeSet::new();
        for Answered { sealed, state } in items.iter().copied() {
            TO_DROP.delete(step.rows(), &(mirror, web, sealed));
            let is_waiting =
                self.sealing.offers.get(&(web, sealed)).is_some_and(|offer| offer.waiting.contains(&mirror));
            if !is_waiting {
                if state == CopyState::NotHere {
                    lost.insert(sealed);
                }
                continue;
            }
            let Some(offered) = OFFERED.get(step.view(), &(sealed, web))? else { continue };
            let OfferedRow { content, size, key } = offered;
            if state == CopyState::Stored {
                stored.entry(key).or_default().push(Mirrored { content, size, sealed });
            } else {
                self.rest_mirror(step, web, mirror);
            }
            if let Some(offer) = self.sealing.offers.get_mut(&(web, sealed)) {
                offer.waiting.remove(&mirror);
            }
        }
        Self::lost(step, (web, mirror), &lost)?;
        let me = step.me();
        for (key, copies) in stored {
            if let Some(author) = Author::of(step.view(), web, me, 0, 0)? {
                copies::mirrored(step, author, mirror, key, &copies)?;
            }
            say(step, web, &Statement::Mirrored { mirror, key, copies })?;
        }
        for Answered { sealed, .. } in items {
            self.settle_offer(step, web, *sealed)?;
        }
        self.seal_next(step)
    }

    fn rest_mirror(&mut self, step: &mut Step<'_>, web: WebId, mirror: DeviceId) {
        let until = step.now().after(REST);
        self.sealing.resting.insert((web, mirror), until);
        self.say_again_later(step);
    }

    /// Ends an offer when no mirror has still to answer: what a mirror lacks then waits to be sealed again.
    fn settle_offer(&mut self, step: &mut Step<'_>, web: WebId, sealed: ContentId) -> Result<(), Fault> {
        if self.sealing.offers.get(&(web, sealed)).is_none_or(|offer| !offer.waiting.is_empty()) {
            return Ok(());
        }
        let Some(offer) = self.sealing.offers.remove(&(web, sealed)) else { return Ok(()) };
        OFFERED.delete(step.rows(), &(sealed, web));
        self.forget_copy(step, sealed)?;
        Self::judge_content(step, (web, offer.content), &mut BTreeMap::new())
    }

    /// A mirror that is gone answers nothing.
    pub(crate) fn give_up_offers(
        &mut self,
        step: &mut Step<'_>,
        web: Option<WebId>,
        mirror: DeviceId,
    ) -> Result<(), Fault> {
        let keys: Vec<_> = self.sealing.offers.keys().copied().collect();
        for (of, sealed) in keys {
            if web.is_some_and(|web| web != of) {
                continue;
            }
            if let Some(offer) = self.sealing.offers.get_mut(&(of, sealed)) {
                offer.waiting.remove(&mirror);
            }
            self.settle_offer(step, of, sealed)?;
        }
        Ok(())
    }

    /// A mirror no longer has copies: members are told, and they are made again.
    fn lost(
        step: &mut Step<'_>,
        (web, mirror): (WebId, DeviceId),
        lost: &BTreeSet<ContentId>,
    ) -> Result<(), Fault> {
        if lost.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = COPIES
            .within(step.view(), &web)
            .filter(|row| {
                row.as_ref()
                    .map_or(true, |((_, _, at, _), copy)| *at == mirror && lost.contains(&copy.sealed))
            })
            .collect::<Result<_, _>>()?;
        let mut own = Vec::new();
        for ((_, content, _, author), _) in rows {
            COPIES.delete(step.rows(), &(web, content, mirror, author));
            MOVED.put(step.rows(), &(web, content), &());
            if author == step.me() {
                own.push(content);
            }
        }
        for contents in own.chunks(ITEMS_MAX) {
            say(step, web, &Statement::NoLongerMirrored { mirror, contents: contents.to_vec() })?;
        }
        Ok(())
    }

    /// Has the bytes of a sealed copy removed unless somebody needs them.
    pub(crate) fn forget_copy(&mut self, step: &mut Step<'_>, sealed: ContentId) -> Result<(), Fault> {
        if !copies::is_needed(step.view(), sealed)? && shared_path(step.view(), sealed, |_| true)?.is_none() {
            let job = step.work(FORGET, to_bytes(&Forget { content: sealed }));
            self.jobs.insert(job, Purpose::Forget);
        }
        Ok(())
    }
}

/// Returns the size of a content, and when it was changed, if it is the newest of some file of a web.
fn newest(step: &Step<'_>, web: WebId, content: ContentId) -> Result<Option<(u64, Timestamp)>, StoreError> {
    for (number, file) in holding(step.view(), content, SHARES_MAX)? {
        if NUMBERS.get(step.view(), &number)?.is_none_or(|key| key.web != web) {
            continue;
        }
        let shelf = Shelf::numbered(step.view(), number)?.filter(|shelf| !shelf.row.is_ended);
        if let Some(shelf) = shelf
            && let Some((_, entry)) = shelf.entry(step.view(), file)?
            && entry.head.content == Some(content)
        {
            return Ok(Some((entry.head.size, entry.head.changed)));
        }
    }
    Ok(None)
}

/// Orders what waits: small before large by steps of four, and within a step newest first.
fn rank(size: u64, changed: Timestamp) -> u64 {
    const AGE: u64 = (1 << 56) - 1;
    let class = u64::from(u64::BITS - size.leading_zeros()) / 2;
    // All that travel in bundles are of one class: their number matters, not their size.
    let class = if size < SMALL_SIZE { 0 } else { class };
    class << 56 | (AGE - changed.millis().min(AGE))
}

/// Takes the next contents of a web off the waiting list: many small ones or one large one.
fn next_batch(step: &mut Step<'_>, web: WebId) -> Result<Vec<(ContentId, u64)>, StoreError> {
    let rows: Vec<_> = TO_SEAL.within(step.view(), &web).take(BUNDLE_ITEMS_MAX).collect::<Result<_, _>>()?;
    let mut batch = Vec::new();
    let mut bytes = 0;
    for (key, size) in rows {
        let is_small = size < SMALL_SIZE;
        if !batch.is_empty() && (!is_small || bytes + size > BUNDLE_SIZE_MAX) {
            break;
        }
        TO_SEAL.delete(step.rows(), &key);
        batch.push((key.2, size));
        bytes += size;
        if !is_small {
            break;
        }
    }
    Ok(batch)
}

/// Says whether a device may fetch a sealed copy that this peer offers: it is a mirror of that web.
pub(crate) fn may_fetch<R: store::Rows + ?Sized>(
    rows: &R,
    asker: DeviceId,
    sealed: ContentId,
) -> Result<bool, StoreError> {
    for row in OFFERED.within(rows, &sealed) {
        let ((_, web), _) = row?;
        if copies::is_mirror(rows, web, asker)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns how many contents of a web wait for a mirror, and their bytes.
pub(crate) fn waiting<R: store::Rows + ?Sized>(rows: &R, web: WebId) -> Result<(u64, u64), StoreError> {
    let (mut count, mut bytes) = (0_u64, 0_u64);
    for row in TO_SEAL.within(rows, &web) {
        let (_, size) = row?;
        count += 1;
        bytes = bytes.saturating_add(size);
    }
    for row in OFFERED.all(rows) {
        let ((_, of), offered) = row?;
        if of == web {
            count += 1;
            bytes = bytes.saturating_add(offered.size);
        }
    }
    Ok((count, bytes))
}

/// Says whether a content is kept by this peer beside the sealed copy of the same id: never by accident.
pub(crate) fn is_foreign<R: store::Rows + ?Sized>(rows: &R, sealed: ContentId) -> Result<bool, StoreError> {
    for web in people::read::webs(rows)? {
        if HELD.has(rows, &(web.id, sealed))? {
            return Ok(true);
        }
    }
    Ok(shared_path(rows, sealed, |_| true)?.is_some())
}
