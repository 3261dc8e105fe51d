//! What a broker reads: the newest contents of everybody's, brought here, put into an index of their own, forgotten at once.
//!
//! The index of what others list is apart from that of what this peer shares and keeps ([`index_of`]): whoever is asked as
//! any member answers from its own, and a broker that stops removes a folder. Rows say what has been read and what not, so
//! that an asker can be told whom it has to ask besides (spec search, rules 21 to 25). Not for: answering (`brokering.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, Timestamp, WebId};
use files::jobs::Source;
use files::lending::{self, Wanted};
use files::{changes, look};
use kernel::{Channel, JobFailure, Step};
use store::{Rows, StoreError};

use crate::documents::may_have_text;
use crate::jobs::{Document, FORGET, Forget, TextItem, UPDATE, Update, Updated, from_bytes, to_bytes};
use crate::service::{Purpose, Search};
use crate::tables::{
    BROKERED, BROKERS, BrokerRow, BrokeredRow, LANE_BRING, LANE_FORGET, LANE_READ, OWED, Stage, TO_DO,
};

/// Bytes of a content that is read at most: documents are smaller; what is larger is found by asking who has it.
pub(crate) const CONTENT_SIZE_MAX: u64 = 16 * 1024 * 1024;
/// Bytes a broker keeps of one web at most: a small always-on computer has a disk of 32 GB for everything.
const WEB_SIZE_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Contents on their way at most: `files` looks through them whenever somebody comes.
const ASKED_MAX: u64 = 2_000;
/// Changes, files and waiting contents looked at in one step at most, so that it stays short.
const STEP_MAX: usize = 300;
/// Texts in one update at most: a PDF takes a tenth of a second to read.
const TEXTS_MAX: usize = 64;
/// Who lists a content is looked for in so many shares at most.
const LISTING_MAX: usize = 16;
/// After an update that came to nothing, and how often those who have something are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Somebody who is away is called at most so often, and so many in one step.
const CALL_EVERY: Duration = Duration::from_mins(5);
const CALLS_MAX: usize = 16;

/// Alarm: go on with what a broker reads.
pub(crate) const BROKER: &str = "broker";

/// What a broker is at; rows can rebuild it.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else that is due or under way")]
pub(crate) struct Reading {
    /// Whether the driver has an update.
    is_busy: bool,
    is_held_up: bool,
    /// Whether what this computer does for its webs may have changed.
    pub(crate) are_roles_due: bool,
    /// Whether somebody came who may have what is wanted.
    pub(crate) is_bringing_due: bool,
    /// Whether an alarm will ring.
    is_alarm_set: bool,
    called: BTreeMap<DeviceId, Timestamp>,
    /// Devices of members when that was last looked at.
    members: BTreeMap<WebId, BTreeSet<DeviceId>>,
    /// Where the search for what can come goes on, by web.
    next: BTreeMap<WebId, (u64, ContentId)>,
    /// Counts what changes whose documents have been read.
    pub(crate) generation: u64,
}

/// A part of what the driver is to do for a broker.
#[derive(Debug, Clone)]
pub(crate) struct BrokerPart {
    web: WebId,
    forgotten: Vec<ContentId>,
    read: Vec<ContentId>,
    generation: u64,
}

/// Returns the id under which the driver keeps what a broker reads of a web; the same function returns the web.
pub(crate) fn index_of(web: WebId) -> WebId {
    WebId::new(web.as_bytes().map(|byte| !byte))
}

/// Says whether a web is brokered here and the web has been gone through.
pub(crate) fn is_broker<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    Ok(BROKERS.has(rows, &web)? && people::read::own_serving(rows, web)?.broker)
}

impl Search {
    /// Does the next bit of what there is to do for webs that this computer brokers.
    pub(crate) fn tend(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if std::mem::take(&mut self.reading.are_roles_due) {
            self.take_roles(step)?;
        }
        let webs: Vec<(WebId, BrokerRow)> = BROKERS.all(step.view()).collect::<Result<_, _>>()?;
        if webs.is_empty() {
            return Ok(());
        }
        let listed = changes::take_listed(step, STEP_MAX)?;
        let mut has_more = listed.len() == STEP_MAX;
        for (web, content) in listed {
            self.look_at(step, web, content)?;
        }
        let is_bringing_due = std::mem::take(&mut self.reading.is_bringing_due);
        for (web, row) in webs {
            if !people::read::own_serving(step.view(), web)?.broker {
                has_more |= self.stop(step, web)?;
                continue;
            }
            if let Some(from) = row.checking {
                has_more |= self.check(step, web, from)?;
            }
            if let Some(cursor) = row.cursor {
                has_more |= self.go_through(step, web, cursor)?;
            }
            has_more |= self.bring(step, web, is_bringing_due)?;
            self.read_next(step, web)?;
        }
        if has_more {
            step.alarm(Duration::ZERO, BROKER);
        } else if !self.reading.is_alarm_set {
            self.reading.is_alarm_set = true;
            step.alarm(LOOK_EVERY, BROKER);
        }
        Ok(())
    }

    /// Goes on after a while.
    pub(crate) fn go_on_reading(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.reading.is_held_up = false;
        self.reading.is_alarm_set = false;
        self.reading.is_bringing_due = true;
        self.tend(step)
    }

    /// Begins to broker webs; has it looked at anew what those list who came, and those who are gone.
    fn take_roles(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for web in people::read::webs(step.view())? {
            let is_wanted = people::read::own_serving(step.view(), web.id)?.broker
                && people::read::is_member(step.view(), web.id, step.me())?;
            if is_wanted && !BROKERS.has(step.view(), &web.id)? {
                BROKERS.put(
                    step.rows(),
                    &web.id,
                    &BrokerRow { cursor: Some((0, None)), ..BrokerRow::default() },
                );
            }
        }
        let webs: Vec<WebId> =
            BROKERS.all(step.view()).map(|row| row.map(|(web, _)| web)).collect::<Result<_, _>>()?;
        for web in webs {
            let mut devices: BTreeSet<DeviceId> = BTreeSet::new();
            for member in
                people::read::members(step.view(), web)?.into_iter().filter(|one| one.role.is_some())
            {
                devices.extend(member.devices);
            }
            let before = self.reading.members.insert(web, devices.clone());
            let has_come = before.as_ref().is_none_or(|before| !devices.is_subset(before));
            let has_gone = before.as_ref().is_none_or(|before| !before.is_subset(&devices));
            self.reading.generation += 1;
            change(step, web, |broker| {
                if has_come {
                    broker.cursor = Some((0, None));
                }
                if has_gone {
                    broker.checking = Some(ContentId::new([0; ContentId::LEN]));
                }
            })?;
        }
        Ok(())
    }

    /// Looks whether what is read is still listed by a member, a part at a time.
    fn check(&mut self, step: &mut Step<'_>, web: WebId, from: ContentId) -> Result<bool, StoreError> {
        let known: Vec<ContentId> = BROKERED
            .within_from(step.view(), &web, &(web, from))
            .take(STEP_MAX)
            .map(|row| row.map(|((_, content), _)| content))
            .collect::<Result<_, _>>()?;
        let next = known.last().copied().filter(|_| known.len() == STEP_MAX);
        for content in known {
            self.look_at(step, web, content)?;
        }
        change(step, web, |broker| broker.checking = next)?;
        Ok(next.is_some())
    }

    /// Takes notice that a content came to this computer, or went.
    pub(crate) fn look_if_brokered(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        content: ContentId,
    ) -> Result<(), StoreError> {
        if BROKERS.has(step.view(), &web)? { self.look_at(step, web, content) } else { Ok(()) }
    }

    /// Decides about a content: to be read, or to be forgotten.
    fn look_at(&mut self, step: &mut Step<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
        let known = BROKERED.get(step.view(), &(web, content))?;
        let listing = look::listing(step.view(), web, content, LISTING_MAX)?;
        let is_own = look::source_in(step.view(), web, content)?.is_some();
        let place =
            listing.iter().map(|(_, place)| place).find(|place| place.size > 0 && may_have_text(&place.path));
        let Some(place) = place.filter(|_| !is_own) else {
            return match known {
                Some(row) => self.forget_content(step, web, content, &row),
                None if lending::is_lent(step.view(), web, content)? => {
                    lending::let_go(step, web, &[content]);
                    Ok(())
                }
                None => Ok(()),
            };
        };
        let is_lent = lending::is_lent(step.view(), web, content)?;
        let mut row = known.unwrap_or_else(|| BrokeredRow {
            size: place.size,
            stage: if place.size > CONTENT_SIZE_MAX { Stage::LeftOut } else { Stage::Wanted },
            rank: rank(place.size, place.changed, step.now()),
            owed_to: Vec::new(),
        });
        let before = row.clone();
        match row.stage {
            Stage::Wanted if is_lent => self.note_here(step, web, content, &mut row, 0)?,
            Stage::Asked if is_lent => self.note_here(step, web, content, &mut row, 1)?,
            // It is here by right of another web, which says nothing of this one: nobody may learn what is in it.
            Stage::Asked if look::is_kept(step.view(), web, content)? => {
                change(step, web, |broker| {
                    broker.asked = broker.asked.saturating_sub(1);
                    broker.bytes = broker.bytes.saturating_sub(row.size);
                })?;
                row.stage = Stage::LeftOut;
            }
            Stage::Wanted => {
                self.reading.is_bringing_due = true;
                TO_DO.put(step.rows(), &(web, LANE_BRING, row.rank, content), &());
            }
            Stage::Asked | Stage::Here | Stage::Read | Stage::LeftOut => {}
        }
        if row.stage != Stage::Read {
            for (device, _) in &listing {
                if !row.owed_to.contains(device) {
                    row.owed_to.push(*device);
                    OWED.put(step.rows(), &(web, *device, content), &());
                    self.reading.generation += 1;
                }
            }
        }
        if row != before || !BROKERED.has(step.view(), &(web, content))? {
            BROKERED.put(step.rows(), &(web, content), &row);
        }
        Ok(())
    }

    fn note_here(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        content: ContentId,
        row: &mut BrokeredRow,
        asked: u64,
    ) -> Result<(), StoreError> {
        let size = if asked == 0 { row.size } else { 0 };
        change(step, web, |broker| {
            broker.asked = broker.asked.saturating_sub(asked);
            broker.bytes = broker.bytes.saturating_add(size);
        })?;
        TO_DO.delete(step.rows(), &(web, LANE_BRING, row.rank, content));
        TO_DO.put(step.rows(), &(web, LANE_READ, row.rank, content), &());
        row.stage = Stage::Here;
        self.reading.is_bringing_due = true;
        Ok(())
    }

    /// Lets go of a content: from this step on it is in no answer, and soon in no index and on no disk.
    fn forget_content(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        content: ContentId,
        row: &BrokeredRow,
    ) -> Result<(), StoreError> {
        for device in &row.owed_to {
            OWED.delete(step.rows(), &(web, *device, content));
        }
        for lane in [LANE_READ, LANE_BRING] {
            TO_DO.delete(step.rows(), &(web, lane, row.rank, content));
        }
        if matches!(row.stage, Stage::Here | Stage::Read | Stage::LeftOut) {
            TO_DO.put(step.rows(), &(web, LANE_FORGET, 0, content), &());
        }
        if matches!(row.stage, Stage::Asked | Stage::Here | Stage::Read) {
            let asked = u64::from(row.stage == Stage::Asked);
            change(step, web, |broker| {
                broker.asked = broker.asked.saturating_sub(asked);
                broker.bytes = broker.bytes.saturating_sub(row.size);
            })?;
        }
        BROKERED.delete(step.rows(), &(web, content));
        lending::let_go(step, web, &[content]);
        self.reading.generation += 1;
        Ok(())
    }

    /// Looks at the next files of a web that has not been gone through.
    fn go_through(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        (number, after): (u64, Option<base::FileId>),
    ) -> Result<bool, StoreError> {
        let numbers = look::share_numbers(step.view(), web)?;
        let Some(number) = numbers.into_iter().find(|other| *other >= number) else {
            self.reading.generation += 1;
            change(step, web, |broker| broker.cursor = None)?;
            return Ok(false);
        };
        let files = look::files_after(step.view(), number, after, STEP_MAX)?;
        if !look::is_own(step.view(), number)? {
            for file in &files {
                let content = look::place(step.view(), number, *file)?.and_then(|place| place.content);
                if let Some(content) = content {
                    self.look_at(step, web, content)?;
                }
            }
        }
        let cursor = match files.last().filter(|_| files.len() == STEP_MAX) {
            Some(last) => (number, Some(*last)),
            None => (number.saturating_add(1), None),
        };
        change(step, web, |broker| broker.cursor = Some(cursor))?;
        Ok(true)
    }

    /// Asks `files` for the next contents that somebody here can give, newest and smallest first; calls some who are away.
    fn bring(&mut self, step: &mut Step<'_>, web: WebId, is_due: bool) -> Result<bool, StoreError> {
        let Some(row) = BROKERS.get(step.view(), &web)? else { return Ok(false) };
        let from = self.reading.next.remove(&web);
        if row.asked >= ASKED_MAX || (from.is_none() && !is_due && row.cursor.is_none()) {
            return Ok(false);
        }
        let (rank, content) = from.unwrap_or((0, ContentId::new([0; ContentId::LEN])));
        let start = (web, LANE_BRING, rank, content);
        let waiting: Vec<_> = TO_DO
            .within_from(step.view(), &(web, LANE_BRING), &start)
            .take(lending::WISHES_MAX)
            .map(|row| row.map(|((_, _, rank, content), ())| (rank, content)))
            .collect::<Result<_, _>>()?;
        let (mut wanted, mut away) = (Vec::new(), Vec::new());
        let mut room = (ASKED_MAX - row.asked, WEB_SIZE_MAX.saturating_sub(row.bytes));
        for (rank, content) in &waiting {
            let Some(mut known) = BROKERED.get(step.view(), &(web, *content))? else { continue };
            if room.0 == 0 {
                break;
            }
            let holders = lending::holders(step.view(), web, *content, LISTING_MAX)?;
            let mut is_here = false;
            for holder in &holders {
                is_here |= records::is_connected(step.view(), *holder)?;
            }
            if !is_here {
                away.extend(holders);
            } else if known.size <= room.1 {
                room = (room.0 - 1, room.1 - known.size);
                known.stage = Stage::Asked;
                TO_DO.delete(step.rows(), &(web, LANE_BRING, *rank, *content));
                BROKERED.put(step.rows(), &(web, *content), &known);
                wanted.push(Wanted { content: *content, size: known.size, from: None });
            }
        }
        self.call(step, away);
        let is_all = waiting.len() < lending::WISHES_MAX;
        if let Some(last) = waiting.last().filter(|_| !is_all) {
            self.reading.next.insert(web, *last);
        }
        if !wanted.is_empty() {
            let bytes: u64 = wanted.iter().map(|one| one.size).sum();
            let count = u64::try_from(wanted.len()).unwrap_or(0);
            change(step, web, |broker| {
                broker.asked = broker.asked.saturating_add(count);
                broker.bytes = broker.bytes.saturating_add(bytes);
            })?;
            lending::bring(step, web, wanted);
        }
        Ok(!is_all)
    }

    fn call(&mut self, step: &mut Step<'_>, away: Vec<DeviceId>) {
        let now = step.now();
        let mut calls = 0;
        for device in away {
            let is_due = self.reading.called.get(&device).is_none_or(|last| now.since(*last) >= CALL_EVERY);
            if is_due && calls < CALLS_MAX {
                calls += 1;
                self.reading.called.insert(device, now);
                step.connect(device, Channel::Member);
            }
        }
    }

    /// Gives the driver what is to be forgotten and what is to be read, in this order.
    fn read_next(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        if self.reading.is_busy || self.reading.is_held_up {
            return Ok(());
        }
        let lane = |lane: u8| -> Result<Vec<ContentId>, StoreError> {
            let rows = TO_DO.within(step.view(), &(web, lane)).take(TEXTS_MAX);
            rows.map(|row| row.map(|((_, _, _, content), ())| content)).collect()
        };
        let forgotten = lane(LANE_FORGET)?;
        let mut texts: Vec<TextItem> =
            forgotten.iter().map(|content| TextItem { content: *content, document: None }).collect();
        let mut read = Vec::new();
        for content in lane(LANE_READ)?.into_iter().filter(|content| !forgotten.contains(content)) {
            let listing = look::listing(step.view(), web, content, LISTING_MAX)?;
            let place = listing.into_iter().map(|(_, place)| place).find(|place| may_have_text(&place.path));
            if let Some(place) = place {
                let document = Document { name: place.path, size: place.size, source: Source::Store };
                texts.push(TextItem { content, document: Some(document) });
                read.push(content);
            }
        }
        if texts.is_empty() {
            return Ok(());
        }
        let job = step.work(UPDATE, to_bytes(&Update { web: index_of(web), names: Vec::new(), texts }));
        let part = BrokerPart { web, forgotten, read, generation: self.reading.generation };
        self.jobs.insert(job, Purpose::BrokerUpdate { part });
        self.reading.is_busy = true;
        Ok(())
    }

    /// Takes the end of an update.
    pub(crate) fn take_read(
        &mut self,
        step: &mut Step<'_>,
        part: &BrokerPart,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        self.reading.is_busy = false;
        let updated = match outcome {
            Ok(bytes) => from_bytes::<Updated>(&bytes).unwrap_or_else(|_| Updated { unread: Vec::new() }),
            Err(failure) => {
                tracing::debug!(?failure, "what a broker reads could not be put into the index");
                self.reading.is_held_up = true;
                return self.tend(step);
            }
        };
        tracing::debug!(generation = part.generation, read = part.read.len(), "a broker has read");
        self.reading.generation += 1;
        for content in &part.forgotten {
            TO_DO.delete(step.rows(), &(part.web, LANE_FORGET, 0, *content));
        }
        for content in &part.read {
            let key = (part.web, *content);
            // Forgotten meanwhile: then that is in the lane by now.
            let Some(mut row) = BROKERED.get(step.view(), &key)?.filter(|row| row.stage == Stage::Here)
            else {
                continue;
            };
            TO_DO.delete(step.rows(), &(part.web, LANE_READ, row.rank, *content));
            let is_out = updated.unread.iter().any(|unread| unread.content == *content && !unread.is_lasting);
            row.stage = if is_out { Stage::LeftOut } else { Stage::Read };
            if is_out {
                change(step, part.web, |broker| broker.bytes = broker.bytes.saturating_sub(row.size))?;
                lending::let_go(step, part.web, &[*content]);
            } else {
                for device in std::mem::take(&mut row.owed_to) {
                    OWED.delete(step.rows(), &(part.web, device, *content));
                }
            }
            BROKERED.put(step.rows(), &key, &row);
        }
        self.look_in_texts(step, (part.web, index_of(part.web)), &part.read)?;
        self.tend(step)
    }

    /// The index of what a broker reads is lost: all is put in again, from what is here.
    pub(crate) fn take_lost_reading(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        if !BROKERS.has(step.view(), &web)? {
            return Ok(());
        }
        // A job under way may have gone into the lost index: what it says counts for nothing.
        let is_of_web =
            |purpose: &Purpose| matches!(purpose, Purpose::BrokerUpdate { part } if part.web == web);
        self.jobs.retain(|_, purpose| !is_of_web(purpose));
        self.reading.is_busy =
            self.jobs.values().any(|purpose| matches!(purpose, Purpose::BrokerUpdate { .. }));
        self.clear(step, web, usize::MAX)?;
        BROKERS.put(step.rows(), &web, &BrokerRow { cursor: Some((0, None)), ..BrokerRow::default() });
        self.tend(step)
    }

    /// Ends brokering a web, a part at a time: what was read leaves the index and the disk. True while there is more.
    fn stop(&mut self, step: &mut Step<'_>, web: WebId) -> Result<bool, Fault> {
        let gone = self.clear(step, web, STEP_MAX)?;
        let has_more = gone.len() == STEP_MAX;
        lending::let_go(step, web, &gone);
        if !has_more {
            let job = step.work(FORGET, to_bytes(&Forget { web: index_of(web) }));
            self.jobs.insert(job, Purpose::Forget);
            BROKERS.delete(step.rows(), &web);
        }
        Ok(has_more)
    }

    /// Removes rows of what was read; returns of which contents.
    fn clear(&mut self, step: &mut Step<'_>, web: WebId, limit: usize) -> Result<Vec<ContentId>, StoreError> {
        self.reading.generation += 1;
        let rows: Vec<_> = BROKERED.within(step.view(), &web).take(limit).collect::<Result<_, _>>()?;
        let mut gone = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            for device in row.owed_to {
                OWED.delete(step.rows(), &(web, device, key.1));
            }
            BROKERED.delete(step.rows(), &key);
            gone.push(key.1);
        }
        if gone.len() < limit {
            let to_do: Vec<_> = TO_DO.within(step.view(), &web).collect::<Result<_, _>>()?;
            for (key, ()) in to_do {
                TO_DO.delete(step.rows(), &key);
            }
        }
        Ok(gone)
    }
}

fn change(step: &mut Step<'_>, web: WebId, change: impl FnOnce(&mut BrokerRow)) -> Result<(), StoreError> {
    if let Some(mut row) = BROKERS.get(step.view(), &web)? {
        change(&mut row);
        BROKERS.put(step.rows(), &web, &row);
    }
    Ok(())
}

/// Orders what is to be brought: small before large, and among those of like size the newest first.
fn rank(size: u64, changed: Timestamp, now: Timestamp) -> u64 {
    let class: u64 = match size {
        0..=65_535 => 0,
        65_536..=1_048_575 => 1,
        _ => 2,
    };
    // A clock that is ahead gains nothing over now.
    let age = now.millis().saturating_sub(changed.millis().min(now.millis()));
    class << 56 | age.min((1 << 56) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_new_comes_first() {
        let now = Timestamp::from_millis(1_000_000);
        let of = |size, changed| rank(size, Timestamp::from_millis(changed), now);
        assert!(of(10, 5) < of(100_000, 999_999));
        assert!(of(10, 999_000) < of(10, 5));
        assert_eq!(of(10, u64::MAX), of(10, 1_000_000));
    }

    #[test]
    fn what_a_broker_reads_has_an_index_of_its_own() {
        let web = WebId::new([3; 32]);
        assert_ne!(index_of(web), web);
        assert_eq!(index_of(index_of(web)), web);
    }
}
