//! What answers of the content driver mean: arrived, refused, wrong, damaged; and how transfers end.

use std::time::Duration;

use base::{ContentId, DeviceId, Fault, TransferId, WebId};
use kernel::{JobFailure, JobId, Step};

use crate::alarms;
use crate::barred::bar;
use crate::bringing::{Key, Opening};
use crate::catalogue::{Shelf, holding};
use crate::changes;
use crate::copies::note_moved;
use crate::fetching::TICK;
use crate::jobs::{Bundled, FetchFailure, Fetched, ItemOutcome, MissingRanges, Saved, from_bytes};
use crate::lending::{self, Wanted};
use crate::outgoing::{say_held, say_no_longer_held};
use crate::providers::Providers;
use crate::service::Files;
use crate::statement::Held;
use crate::tables::{
    HELD, HeldRow, ITEM_LARGE, ITEM_SAVE, ITEM_SMALL, ITEM_UNREAD, ITEMS, ItemRow, PROVEN, READINGS, Stage,
    TRANSFERS, UNSENT_HELD,
};
use crate::transfer::{begin_again, emit, lane_of};
use crate::tree::ShareSpot;
use crate::view::Viewer;

/// A provider whose connection broke is left alone so long.
const REST: Duration = Duration::from_secs(2);
/// Failures in a row after which a provider is given up for a content, until the next retry.
const FAILURES_MAX: u32 = 5;
/// Kept contents told to members together at most, and how long they gather.
const UNSENT_MAX: usize = 4_000;
const UNSENT_WAIT: Duration = Duration::from_secs(1);
/// Unread items looked at in one step.
const UNREAD_STEP: usize = 2_000;

/// Whether members of a web get a kept content from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    Yes,
    No,
    /// It is not even kept: a service of this peer looks at it for a while.
    Lent,
}

type Outcome = Result<Vec<u8>, JobFailure>;

impl Files {
    /// Takes what is missing of a content.
    pub(crate) fn take_missing(
        &mut self,
        step: &mut Step<'_>,
        key: Key,
        outcome: Outcome,
    ) -> Result<(), Fault> {
        let report = outcome.ok().and_then(|bytes| from_bytes::<MissingRanges>(&bytes).ok());
        let Some(MissingRanges { ranges }) = report else {
            self.bringing.active.remove(&key);
            self.retry_later(step, REST);
            return self.pump(step);
        };
        self.plan(step, key, &ranges)?;
        self.finish_if_complete(step, key)?;
        self.pump(step)
    }

    /// Notes how much of a piece has come.
    pub(crate) fn take_piece_progress(&mut self, job: JobId, report: &[u8]) {
        if let (Some(piece), Ok(Fetched { bytes })) = (self.bringing.pieces.get_mut(&job), from_bytes(report))
        {
            piece.came = bytes.min(piece.bytes);
        }
    }

    /// Takes the end of a piece.
    pub(crate) fn take_piece(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Outcome,
    ) -> Result<(), Fault> {
        let Some(piece) = self.bringing.end_piece(job) else { return Ok(()) };
        let (key, provider) = (piece.key, piece.provider);
        let Some(active) = self.bringing.active.get_mut(&key) else { return Ok(()) };
        let Some(plan) = &mut active.plan else { return Ok(()) };
        match outcome {
            Ok(report) => {
                let has_come = from_bytes::<Fetched>(&report).is_ok_and(|fetched| fetched.bytes > 0);
                plan.finished(piece.piece);
                active.failures.remove(&provider);
                // A long range that was wanted once still comes: somebody reads what arrives.
                active.read = active.read.map(|_| step.now());
                let (items, is_sealed) = (active.items.clone(), active.sealed.is_some());
                self.bringing.note_given(provider, piece.bytes, &items);
                if has_come && !is_sealed && !PROVEN.has(step.view(), &key)? {
                    PROVEN.put(step.rows(), &key, &());
                }
                self.finish_if_complete(step, key)?;
            }
            Err(failure) => {
                plan.failed(piece.piece);
                if !self.take_detour(step, (key, provider), &failure)? {
                    self.count_failure((key, provider));
                    self.blame(step, key, provider, &failure)?;
                }
            }
        }
        self.pump(step)
    }

    /// Takes the end of a bundle.
    pub(crate) fn take_bundle(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Outcome,
    ) -> Result<(), Fault> {
        let Some(bundle) = self.bringing.end_bundle(job) else { return Ok(()) };
        let (web, provider) = (bundle.web, bundle.provider);
        let outcomes = match outcome {
            Ok(bytes) => from_bytes::<Bundled>(&bytes).map(|bundled| bundled.outcomes).unwrap_or_default(),
            Err(failure) => {
                self.blame_provider(step, provider, web, &failure)?;
                Vec::new()
            }
        };
        let mut wrong = None;
        let mut to_open = Vec::new();
        for (at, item) in bundle.items.iter().enumerate() {
            let key = (web, item.content);
            let outcome = outcomes.get(at).copied().unwrap_or(ItemOutcome::Failed);
            if self.take_small_sealed(step, (web, provider), *item, outcome, &mut to_open)? {
                continue;
            }
            let waiting = self.bringing.small.remove(&key).unwrap_or_default();
            match outcome {
                ItemOutcome::Arrived => {
                    let offered = Self::offered_to(web, &waiting, false);
                    self.keep(step, key, item.size, offered)?;
                    self.bringing.note_given(provider, item.size, &waiting);
                    for (id, index) in waiting {
                        self.end_small(id, index);
                        if let Some(row) = ITEMS.get(step.view(), &(id, ITEM_SMALL, index))? {
                            settle(step, id, ITEM_SMALL, index, &row)?;
                        }
                    }
                    continue;
                }
                ItemOutcome::Refused | ItemOutcome::Failed => {
                    self.bringing.refused.insert((provider, item.content));
                }
                ItemOutcome::Wrong => {
                    bar(step, provider, item.content);
                    wrong = Some(key);
                }
            }
            for (id, index) in waiting {
                self.end_small(id, index);
                self.retarget(step, id, ITEM_SMALL, index)?;
            }
        }
        self.open_copies(step, to_open);
        if let Some(key) = wrong {
            tell_dropped(step, key, provider, FetchFailure::WrongBytes)?;
        }
        self.pump(step)
    }

    /// Takes the end of saving a plain copy.
    pub(crate) fn take_saved(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Outcome,
    ) -> Result<(), Fault> {
        let Some((id, index)) = self.bringing.saves.remove(&job) else { return Ok(()) };
        if let Some(live) = self.bringing.live.get_mut(&id) {
            live.saves_under_way.remove(&index);
        }
        match outcome {
            Ok(bytes) => {
                let _saved = from_bytes::<Saved>(&bytes);
                if ITEMS.has(step.view(), &(id, ITEM_SAVE, index))? {
                    ITEMS.delete(step.rows(), &(id, ITEM_SAVE, index));
                    if let Some(mut row) = TRANSFERS.get(step.view(), &id)? {
                        row.files_done += 1;
                        TRANSFERS.put(step.rows(), &id, &row);
                    }
                }
                self.end_if_done(step, id)?;
            }
            Err(JobFailure::Failed(text)) => {
                let why = match FetchFailure::of(&text) {
                    FetchFailure::DiskFull => "no space is left where the copies are saved".to_owned(),
                    _ => format!("a copy could not be saved: {}", details(&text)),
                };
                self.fail_transfer(step, id, &why)?;
            }
            Err(_) => self.retry_later(step, REST),
        }
        self.pump(step)
    }

    /// Takes the news that a kept content is damaged: no longer offered, brought again.
    pub(crate) fn take_damaged(&mut self, step: &mut Step<'_>, content: ContentId) -> Result<(), Fault> {
        self.lose_copy(step, content)?;
        let mut kept = Vec::new();
        for web in people::read::webs(step.view())? {
            if let Some(held) = HELD.get(step.view(), &(web.id, content))? {
                HELD.delete(step.rows(), &(web.id, content));
                changes::note_content(step.rows(), web.id, content)?;
                UNSENT_HELD.delete(step.rows(), &(web.id, content));
                if held.is_offered {
                    say_no_longer_held(step, web.id, vec![content])?;
                }
                match held.is_lent() {
                    true => self.lend_again(step, web.id, Wanted { content, size: held.size, from: None })?,
                    false => kept.push(web.id),
                }
            }
        }
        let Some(web) = kept.first().copied() else { return Ok(()) };
        step.emit("files.damaged", &serde_json::json!({ "web": web, "content": content }));
        if let Some((share, key, entry)) = place_of(step, web, content)? {
            let id = begin_again(step, &share, key, &entry)?;
            self.bringing.begin(id);
        }
        self.pump(step)
    }

    /// Keeps a content for a web and, if bytes of it came from there, offers it to the members from now on.
    pub(crate) fn keep(
        &mut self,
        step: &mut Step<'_>,
        key: Key,
        size: u64,
        offered: Offered,
    ) -> Result<(), Fault> {
        let is_offered = offered == Offered::Yes;
        let is_here = |held: HeldRow| !is_offered || (held.is_offered && !held.is_lent());
        if HELD.get(step.view(), &key)?.is_some_and(is_here) {
            return Ok(());
        }
        let lent = (offered == Offered::Lent).then_some(true);
        lending::tell_arrived(step, key)?;
        HELD.put(step.rows(), &key, &HeldRow { size, is_offered, lent });
        changes::note_content(step.rows(), key.0, key.1)?;
        note_moved(step.rows(), key.0, key.1)?;
        READINGS.delete(step.rows(), &key);
        PROVEN.delete(step.rows(), &key);
        if !is_offered {
            return Ok(());
        }
        UNSENT_HELD.put(step.rows(), &key, &size);
        if !self.bringing.is_flush_due {
            self.bringing.is_flush_due = true;
            step.alarm(UNSENT_WAIT, alarms::FLUSH);
        }
        Ok(())
    }

    /// Tells members what this peer has come to keep since the last time.
    pub(crate) fn flush_held(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.bringing.is_flush_due = false;
        let unsent: Vec<_> = UNSENT_HELD.all(step.view()).take(UNSENT_MAX).collect::<Result<_, _>>()?;
        if unsent.len() == UNSENT_MAX {
            step.alarm(Duration::ZERO, alarms::FLUSH);
        }
        let mut by_web: std::collections::BTreeMap<WebId, Vec<Held>> = std::collections::BTreeMap::new();
        for (key, size) in unsent {
            UNSENT_HELD.delete(step.rows(), &key);
            by_web.entry(key.0).or_default().push(Held { content: key.1, size });
        }
        for (web, contents) in by_web {
            say_held(step, web, &contents)?;
        }
        Ok(())
    }

    /// Ends a transfer when nothing is left to do.
    pub(crate) fn end_if_done(&mut self, step: &mut Step<'_>, id: TransferId) -> Result<bool, Fault> {
        let Some(mut row) = TRANSFERS.get(step.view(), &id)?.filter(|row| row.stage.is_live()) else {
            return Ok(false);
        };
        if row.expanded.is_some() || ITEMS.within(step.view(), &id).next().is_some() {
            return Ok(false);
        }
        self.bringing.note_done(id, &mut row);
        row.stage = Stage::Done;
        row.done = row.total;
        row.why.clear();
        row.from.clear();
        TRANSFERS.put(step.rows(), &id, &row);
        self.bringing.live.remove(&id);
        emit(step, id, &row)?;
        Ok(true)
    }

    /// Looks whether files that waited to be read by their owner have been.
    pub(crate) fn promote_unread(&mut self, step: &mut Step<'_>, number: Option<u64>) -> Result<(), Fault> {
        for id in self.bringing.live() {
            let Some(row) = TRANSFERS.get(step.view(), &id)? else { continue };
            if number.is_some_and(|number| number != row.share) {
                continue;
            }
            let items: Vec<u64> = ITEMS
                .within(step.view(), &(id, ITEM_UNREAD))
                .take(UNREAD_STEP)
                .map(|pair| pair.map(|((_, _, index), _)| index))
                .collect::<Result<_, _>>()?;
            for index in items {
                self.retarget(step, id, ITEM_UNREAD, index)?;
            }
        }
        let stuck: Vec<Key> = self
            .bringing
            .active
            .iter()
            .filter(|(_, active)| {
                active.sealed.is_none()
                    && !active.items.is_empty()
                    && active.plan.as_ref().is_some_and(|plan| !plan.is_under_way())
            })
            .map(|(key, _)| *key)
            .collect();
        for key in stuck {
            self.retarget_if_stuck(step, key)?;
        }
        self.bringing.look_again();
        self.pump(step)
    }

    /// Gives an item the newest content of its file; drops it when the file is gone.
    pub(crate) fn retarget(
        &mut self,
        step: &mut Step<'_>,
        id: TransferId,
        lane: u8,
        index: u64,
    ) -> Result<(), Fault> {
        let Some(mut row) = TRANSFERS.get(step.view(), &id)?.filter(|row| row.is_newest) else {
            return Ok(());
        };
        let Some(old) = ITEMS.get(step.view(), &(id, lane, index))? else { return Ok(()) };
        let Some(shelf) = Shelf::numbered(step.view(), row.share)? else { return Ok(()) };
        match shelf.entry(step.view(), old.file)? {
            Some((_, entry)) if entry.head.content == old.content => return Ok(()),
            Some((_, entry)) => {
                let (content, size) = (entry.head.content, entry.head.size);
                row.total = row.total.saturating_sub(old.size).saturating_add(size);
                ITEMS.delete(step.rows(), &(id, lane, index));
                ITEMS.put(
                    step.rows(),
                    &(id, lane_of(content, size), index),
                    &ItemRow { content, size, ..old },
                );
            }
            None => {
                let mut providers = Providers::new(step.me(), step.now());
                let can_come = match old.content {
                    Some(content) => !providers.of(step.view(), row.web, content)?.is_empty(),
                    None => false,
                };
                if can_come {
                    return Ok(());
                }
                row.total = row.total.saturating_sub(old.size);
                row.files = row.files.saturating_sub(1);
                ITEMS.delete(step.rows(), &(id, lane, index));
            }
        }
        TRANSFERS.put(step.rows(), &id, &row);
        self.bringing.look_again();
        Ok(())
    }

    /// Ends a content of which nothing is missing.
    fn finish_if_complete(&mut self, step: &mut Step<'_>, key: Key) -> Result<(), Fault> {
        let is_complete = self
            .bringing
            .active
            .get(&key)
            .and_then(|active| active.plan.as_ref())
            .is_some_and(crate::plan::Plan::is_complete);
        if !is_complete {
            return Ok(());
        }
        let Some(active) = self.bringing.active.remove(&key) else { return Ok(()) };
        if let Some(copy) = active.sealed {
            let opening = Opening { web: key.0, sealed: key.1, copy, items: active.items, is_small: false };
            self.open_copies(step, vec![opening]);
            return Ok(());
        }
        let offered = match PROVEN.has(step.view(), &key)? {
            true => Self::offered_to(key.0, &active.items, active.read.is_some()),
            false => Offered::No,
        };
        self.keep(step, key, active.size, offered)?;
        for (id, index) in active.items {
            if let Some(item) = ITEMS.get(step.view(), &(id, ITEM_LARGE, index))? {
                settle(step, id, ITEM_LARGE, index, &item)?;
            }
            self.end_if_done(step, id)?;
        }
        step.emit("files.kept", &serde_json::json!({ "web": key.0, "content": key.1 }));
        Ok(())
    }

    /// Gives a provider up for a content when it has failed too often in a row.
    fn count_failure(&mut self, (key, provider): (Key, DeviceId)) {
        let Some(active) = self.bringing.active.get_mut(&key) else { return };
        let failures = active.failures.entry(provider).or_default();
        *failures += 1;
        if *failures >= FAILURES_MAX
            && let Some(plan) = &mut active.plan
        {
            plan.drop_provider(provider);
        }
    }

    /// Draws the conclusion of a failed piece.
    fn blame(
        &mut self,
        step: &mut Step<'_>,
        key: Key,
        provider: DeviceId,
        failure: &JobFailure,
    ) -> Result<(), Fault> {
        let JobFailure::Failed(text) = failure else {
            return self.blame_provider(step, provider, key.0, failure);
        };
        let kind = FetchFailure::of(text);
        match kind {
            FetchFailure::WrongBytes | FetchFailure::Refused | FetchFailure::Changed => {
                if let Some(plan) = self.bringing.active.get_mut(&key).and_then(|active| active.plan.as_mut())
                {
                    plan.drop_provider(provider);
                }
                if kind == FetchFailure::WrongBytes {
                    bar(step, provider, key.1);
                    tell_dropped(step, key, provider, kind)?;
                }
                if self.bringing.active.get(&key).is_some_and(|active| active.sealed.is_some()) {
                    self.bringing.refused.insert((provider, key.1));
                    return self.end_sealed_if_stuck(step, key);
                }
                self.retarget_if_stuck(step, key)
            }
            FetchFailure::DiskFull | FetchFailure::Local => {
                let items =
                    self.bringing.active.get(&key).map(|active| active.items.clone()).unwrap_or_default();
                let why = match kind {
                    FetchFailure::DiskFull => "no space is left on the disk of this peer's home".to_owned(),
                    _ => format!("this peer cannot store it: {}", details(text)),
                };
                for (id, _) in items {
                    self.fail_transfer(step, id, &why)?;
                }
                Ok(())
            }
            FetchFailure::Unreachable | FetchFailure::TimedOut | FetchFailure::Elsewhere => {
                self.rest(step, provider);
                self.end_sealed_if_stuck(step, key)
            }
        }
    }

    fn blame_provider(
        &mut self,
        step: &mut Step<'_>,
        provider: DeviceId,
        web: WebId,
        failure: &JobFailure,
    ) -> Result<(), Fault> {
        if let JobFailure::Failed(text) = failure
            && FetchFailure::of(text) == FetchFailure::DiskFull
        {
            for id in self.bringing.live() {
                if TRANSFERS.get(step.view(), &id)?.is_some_and(|row| row.web == web) {
                    self.fail_transfer(step, id, "no space is left on the disk of this peer's home")?;
                }
            }
            return Ok(());
        }
        self.rest(step, provider);
        Ok(())
    }

    /// When nobody is left who gives a content, perhaps there is a newer one.
    fn retarget_if_stuck(&mut self, step: &mut Step<'_>, key: Key) -> Result<(), Fault> {
        let mut providers = Providers::new(step.me(), step.now());
        let here = providers.here(step.view(), key.0, key.1)?;
        let Some(active) = self.bringing.active.get(&key) else { return Ok(()) };
        let Some(plan) = &active.plan else { return Ok(()) };
        if here.iter().any(|device| !plan.is_dropped(*device)) || plan.is_under_way() {
            return Ok(());
        }
        let items = active.items.clone();
        for (id, index) in &items {
            self.retarget(step, *id, ITEM_LARGE, *index)?;
        }
        let mut kept = Vec::new();
        for (id, index) in items {
            let item = ITEMS.get(step.view(), &(id, ITEM_LARGE, index))?;
            if item.is_some_and(|item| item.content == Some(key.1)) {
                kept.push((id, index));
            }
        }
        let is_wanted = !kept.is_empty();
        if let Some(active) = self.bringing.active.get_mut(&key) {
            active.items = kept;
            if !is_wanted && active.read.is_none() {
                self.abandon(step, key);
                return self.forget_unless_held(step, key.1);
            }
        }
        Ok(())
    }

    fn rest(&mut self, step: &mut Step<'_>, provider: DeviceId) {
        let until = step.now().after(REST);
        self.bringing.resting.insert(provider, until);
        self.retry_later(step, REST);
    }

    pub(crate) fn end_small(&mut self, id: TransferId, index: u64) {
        if let Some(live) = self.bringing.live.get_mut(&id) {
            live.small_under_way.remove(&index);
            live.small_cursor = live.small_cursor.min(index);
            live.is_small_end = false;
        }
    }

    /// Has everything tried again soon.
    pub(crate) fn retry_later(&mut self, step: &mut Step<'_>, wait: Duration) {
        self.bringing.is_retry_due = true;
        step.alarm(wait, alarms::RETRY);
    }

    /// Tries again what could not be brought.
    pub(crate) fn retry(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        self.bringing.is_retry_due = false;
        self.bringing.refused.clear();
        self.bringing.resting.retain(|_, until| *until > now);
        for active in self.bringing.active.values_mut() {
            active.failures.clear();
            if let Some(plan) = &mut active.plan {
                plan.forgive();
            }
        }
        self.promote_unread(step, None)
    }

    /// Writes and tells how transfers get on.
    pub(crate) fn tick(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        for id in self.bringing.live() {
            let Some(mut row) = TRANSFERS.get(step.view(), &id)? else { continue };
            let before = (row.done, row.speed, row.from.clone());
            self.bringing.note_done(id, &mut row);
            row.from = self.bringing.providers_of(id);
            if let Some(live) = self.bringing.live.get_mut(&id) {
                if let Some(last) = live.last_tick {
                    let millis = u64::try_from(now.since(last).as_millis()).unwrap_or(1).max(1);
                    let speed = row.done.saturating_sub(live.last_done).saturating_mul(1_000) / millis;
                    // Over the last seconds: each half second counts for a quarter.
                    row.speed = if row.speed == 0 { speed } else { row.speed / 4 * 3 + speed / 4 };
                }
                live.last_tick = Some(now);
                live.last_done = row.done;
            }
            if before != (row.done, row.speed, row.from.clone()) {
                TRANSFERS.put(step.rows(), &id, &row);
                emit(step, id, &row)?;
            }
        }
        self.bringing.is_ticking = !self.bringing.pieces.is_empty() || !self.bringing.bundles.is_empty();
        if self.bringing.is_ticking {
            step.alarm(TICK, alarms::TICK);
        } else {
            self.bringing.live.values_mut().for_each(|live| live.last_tick = None);
        }
        Ok(())
    }
}

/// Notes that an item is here; its plain copy may be still to be saved.
pub(crate) fn settle(
    step: &mut Step<'_>,
    id: TransferId,
    lane: u8,
    index: u64,
    item: &ItemRow,
) -> Result<(), Fault> {
    ITEMS.delete(step.rows(), &(id, lane, index));
    if let Some(mut row) = TRANSFERS.get(step.view(), &id)? {
        row.settled = row.settled.saturating_add(item.size);
        row.done = row.done.max(row.settled);
        match row.to {
            Some(_) => ITEMS.put(step.rows(), &(id, ITEM_SAVE, index), item),
            None => row.files_done += 1,
        }
        TRANSFERS.put(step.rows(), &id, &row);
    }
    Ok(())
}

pub(crate) fn tell_dropped(
    step: &mut Step<'_>,
    key: Key,
    provider: DeviceId,
    why: FetchFailure,
) -> Result<(), Fault> {
    let who = Viewer::of(step.view(), step.me())?.device_label(key.0, provider)?;
    tracing::warn!(provider = %provider.short(), content = %key.1.short(), why = why.word(), "a provider was dropped");
    let about = serde_json::json!({ "web": key.0, "content": key.1, "who": who, "why": why.word() });
    step.emit("files.provider-dropped", &about);
    Ok(())
}

/// Finds where a web lists a content, not on this peer.
fn place_of(
    step: &Step<'_>,
    web: WebId,
    content: ContentId,
) -> Result<Option<(ShareSpot, Vec<u8>, crate::tables::EntryRow)>, Fault> {
    for (number, file) in holding(step.view(), content, 16)? {
        let Some(shelf) = Shelf::numbered(step.view(), number)? else { continue };
        if shelf.key.web != web || shelf.row.is_ended || shelf.row.device == step.me() {
            continue;
        }
        if let Some((key, entry)) = shelf.entry(step.view(), file)? {
            let path = crate::label::share_path(step.view(), shelf.key)?;
            return Ok(Some((ShareSpot { key: shelf.key, row: shelf.row, path }, key, entry)));
        }
    }
    Ok(None)
}

pub(crate) fn details(text: &str) -> &str {
    text.split_once(':').map_or(text, |(_, details)| details.trim())
}
