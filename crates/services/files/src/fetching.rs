//! Keeps the wire busy: gives pieces and bundles to every provider that is here and has room.
//!
//! Called after everything that may have made room or news. Writes no rows unless a transfer's state changes: a
//! commit costs an fsync, and pieces end many times a second. Not for: who may give what (`providers.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Fault, TransferId, WebId};
use kernel::{Channel, JobId, Step};
use store::StoreError;

use crate::alarms;
use crate::arriving::{Offered, settle};
use crate::bringing::{Active, BUNDLES_MAX, BundleJob, Key, Load, PieceJob};
use crate::jobs::{
    BUNDLE, BUNDLE_ITEMS_MAX, BUNDLE_SIZE_MAX, Bundle, BundleItem, FETCH, Fetch, MISSING, Missing, SAVE,
    Save, Source, to_bytes,
};
use crate::lending::{NOBODY, transfer_of};
use crate::plan::Plan;
use crate::providers::Providers;
use crate::service::{Files, Purpose};
use crate::source::shared_path;
use crate::tables::{HELD, ITEM_LARGE, ITEM_SAVE, ITEM_SMALL, ITEMS, ItemRow, Stage, TRANSFERS, TransferRow};
use crate::transfer::{After, emit};
use crate::unsealing::{mirrors_with, sealed_for};
use crate::view::Viewer;

/// Large contents under way for transfers at most: enough that the next is ready when one ends.
const ACTIVE_MAX: usize = 16;
/// Small items looked at in one step at most.
const LOOK_MAX: usize = 2_000;
/// Plain copies being saved at once.
const SAVES_MAX: usize = 4;
/// How often a transfer's progress is written and told.
pub(crate) const TICK: Duration = Duration::from_millis(500);
/// After this long, everything that could not be brought is tried again.
pub(crate) const RETRY: Duration = Duration::from_secs(30);
/// A connection with a provider is asked for at most so often.
const DIAL_EVERY: Duration = Duration::from_secs(20);
/// Items looked at for whom to dial, and persons named as missing.
const MISSED_MAX: usize = 3;

impl Files {
    /// Gives out as much work as there is room for.
    pub(crate) fn pump(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if self.bringing.live.is_empty() && self.bringing.active.is_empty() {
            return Ok(());
        }
        let mut providers = Providers::new(step.me(), step.now());
        self.activate(step)?;
        self.give_pieces(step, &mut providers)?;
        self.give_bundles(step, &mut providers)?;
        self.give_saves(step)?;
        self.judge(step, &mut providers)?;
        if !self.bringing.is_ticking
            && (!self.bringing.pieces.is_empty() || !self.bringing.bundles.is_empty())
        {
            self.bringing.is_ticking = true;
            step.alarm(TICK, alarms::TICK);
        }
        Ok(())
    }

    /// Takes up a content by ranges: asks first what of it is here.
    pub(crate) fn take_up(&mut self, step: &mut Step<'_>, key: Key, size: u64) -> &mut Active {
        let (_, content) = key;
        if !self.bringing.active.contains_key(&key) {
            let job = step.work(MISSING, to_bytes(&Missing { content, size }));
            self.jobs.insert(job, Purpose::Missing(key));
        }
        let bringing = &mut self.bringing;
        bringing.next_order += 1;
        let order = bringing.next_order;
        bringing.active.entry(key).or_insert_with(|| Active {
            size,
            plan: None,
            items: Vec::new(),
            read: None,
            wishes: Vec::new(),
            order,
            failures: BTreeMap::new(),
            sealed: None,
            hints: BTreeSet::new(),
            waits: BTreeMap::new(),
        })
    }

    /// Makes the plan of a content now that it is known what is missing.
    pub(crate) fn plan(
        &mut self,
        step: &Step<'_>,
        key: Key,
        missing: &[crate::jobs::ByteRange],
    ) -> Result<(), StoreError> {
        let mut providers = Providers::new(step.me(), step.now());
        let count = match self.bringing.active.get(&key).is_some_and(|active| active.sealed.is_some()) {
            // A copy is at two mirrors at most, as a rule.
            true => 2,
            false => providers.here(step.view(), key.0, key.1)?.len(),
        };
        if let Some(active) = self.bringing.active.get_mut(&key) {
            let mut plan = Plan::new(active.size, missing, count);
            plan.set_whole(!active.items.is_empty() || active.sealed.is_some());
            for (from, length) in active.wishes.drain(..) {
                plan.want(from, length);
            }
            active.plan = Some(plan);
        }
        Ok(())
    }

    /// Lets a transfer's contents go; what nobody else wants is cancelled.
    pub(crate) fn let_go(&mut self, step: &mut Step<'_>, id: TransferId, after: After) {
        self.bringing.live.remove(&id);
        for waiting in self.bringing.small.values_mut() {
            waiting.retain(|(transfer, _)| *transfer != id);
        }
        let mut unwanted = Vec::new();
        for (key, active) in &mut self.bringing.active {
            let count = active.items.len();
            active.items.retain(|(transfer, _)| *transfer != id);
            if active.items.len() == count || !active.items.is_empty() {
                continue;
            }
            if let Some(plan) = active.plan.as_mut().filter(|_| active.sealed.is_none()) {
                plan.set_whole(false);
            }
            if active.read.is_none() {
                unwanted.push(*key);
            }
        }
        for key in unwanted {
            self.abandon(step, key);
            if after == After::Forget {
                // Nothing of it is lost that anybody counts on: it is kept for no web.
                let _ignored = self.forget_unless_held(step, key.1);
            }
        }
    }

    /// Stops bringing a content.
    pub(crate) fn abandon(&mut self, step: &mut Step<'_>, key: Key) {
        self.bringing.active.remove(&key);
        let jobs: Vec<JobId> =
            self.bringing.pieces.iter().filter(|(_, piece)| piece.key == key).map(|(job, _)| *job).collect();
        for job in jobs {
            self.bringing.end_piece(job);
            self.jobs.remove(&job);
            step.cancel(job);
        }
    }

    /// Says whether a content is here. When it was kept for another web, it is kept for this one, too, but not
    /// offered: that its id is listed here does not show that anybody here has it (rule 22).
    pub(crate) fn is_here(&mut self, step: &mut Step<'_>, key: Key, size: u64) -> Result<bool, Fault> {
        let (web, content) = key;
        if HELD.has(step.view(), &key)? {
            return Ok(true);
        }
        if shared_path(step.view(), content, |_| true)?.is_some() {
            return Ok(true);
        }
        for other in people::read::webs(step.view())? {
            if other.id != web && HELD.has(step.view(), &(other.id, content))? {
                self.keep(step, key, size, Offered::No)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn activate(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for id in self.bringing.live() {
            self.make_room(id);
            let room = ACTIVE_MAX.saturating_sub(self.bringing.active.len());
            let Some(live) = self.bringing.live.get(&id).filter(|live| room > 0 && !live.is_large_end) else {
                continue;
            };
            let start = (id, ITEM_LARGE, live.large_cursor);
            let items: Vec<_> = ITEMS
                .within_from(step.view(), &(id, ITEM_LARGE), &start)
                .take(room)
                .collect::<Result<_, _>>()?;
            let Some(row) = TRANSFERS.get(step.view(), &id)? else { continue };
            let is_end = items.len() < room && row.expanded.is_none();
            for ((_, _, index), item) in items {
                let Some(content) = item.content else { continue };
                let key = (row.web, content);
                if self.is_here(step, key, item.size)? {
                    if row.order != NOBODY {
                        self.keep_lent(step, row.web, &item)?;
                    }
                    settle(step, id, ITEM_LARGE, index, &item)?;
                } else {
                    let active = self.take_up(step, key, item.size);
                    if !active.items.contains(&(id, index)) {
                        active.items.push((id, index));
                    }
                    if let Some(plan) = &mut active.plan {
                        plan.set_whole(true);
                    }
                }
                if let Some(live) = self.bringing.live.get_mut(&id) {
                    live.large_cursor = index + 1;
                }
            }
            if let Some(live) = self.bringing.live.get_mut(&id) {
                live.is_large_end = is_end;
            }
        }
        Ok(())
    }

    /// When all places are taken, contents that nobody here can give step back, if there are others to try.
    fn make_room(&mut self, id: TransferId) {
        let has_more = self.bringing.live.get(&id).is_some_and(|live| !live.is_large_end);
        if !has_more || self.bringing.active.len() < ACTIVE_MAX {
            return;
        }
        self.bringing
            .active
            .retain(|_, active| active.read.is_some() || active.sealed.is_some() || active.is_under_way());
    }

    fn give_pieces(&mut self, step: &mut Step<'_>, providers: &mut Providers) -> Result<(), Fault> {
        let mut keys: Vec<(bool, u64, Key)> = self
            .bringing
            .active
            .iter()
            .map(|(key, active)| (active.read.is_none(), active.order, *key))
            .collect();
        keys.sort_unstable();
        for (_, _, key) in keys {
            let Some(active) = self.bringing.active.get(&key) else { continue };
            let (copy, size) = (active.sealed, active.size);
            if !active.plan.as_ref().is_some_and(Plan::has_work) {
                continue;
            }
            let here = match &copy {
                Some(copy) => self.mirrors_of(step, providers, key, copy)?,
                None => providers.here(step.view(), key.0, key.1)?,
            };
            let Some(Active { plan: Some(plan), read, hints, waits, .. }) = self.bringing.active.get(&key)
            else {
                continue;
            };
            // While a sealed copy comes, only a reader asks others, too: it wants its ranges soon.
            if copy.is_none() && read.is_none() && self.bringing.is_sealed_coming(key) {
                continue;
            }
            let is_able = |device: &DeviceId| {
                !plan.is_dropped(*device) && !self.is_resting(step, *device) && !waits.contains_key(device)
            };
            let mut able = Vec::new();
            for device in hints.iter().copied().chain(here) {
                if !able.contains(&device)
                    && is_able(&device)
                    && providers.is_connected(step.view(), device)?
                {
                    able.push(device);
                }
            }
            if able.is_empty() && copy.is_none() && waits.is_empty() && !plan.is_under_way() {
                self.begin_sealed(step, providers, key, size)?;
            }
            // Whoever has least under way comes first; one piece each in turn.
            while !able.is_empty() {
                able.sort_by_key(|device| self.load(*device).bytes);
                able.retain(|device| self.load(*device).has_room());
                let mut is_given = false;
                for device in able.clone() {
                    is_given |= self.give_piece(step, key, device);
                }
                if !is_given {
                    break;
                }
            }
        }
        Ok(())
    }

    fn give_piece(&mut self, step: &mut Step<'_>, key: Key, provider: DeviceId) -> bool {
        let Some(Active { plan: Some(plan), size, .. }) = self.bringing.active.get_mut(&key) else {
            return false;
        };
        let Some((piece, range)) = plan.next(provider) else { return false };
        let (web, content) = key;
        let fetch = Fetch { web, content, size: *size, provider, ranges: vec![range] };
        let job = step.work(FETCH, to_bytes(&fetch));
        let bytes = range.to.saturating_sub(range.from);
        let load = self.bringing.load.entry(provider).or_default();
        load.bytes += bytes;
        load.requests += 1;
        self.bringing.pieces.insert(job, PieceJob { key, piece, provider, bytes, came: 0 });
        self.jobs.insert(job, Purpose::Piece);
        true
    }

    fn give_bundles(&mut self, step: &mut Step<'_>, providers: &mut Providers) -> Result<(), Fault> {
        let mut bundling = Bundling { looked: 0, open: BTreeMap::new() };
        for id in self.bringing.live() {
            self.bundle_transfer(step, providers, &mut bundling, id)?;
        }
        let open = std::mem::take(&mut bundling.open);
        for ((provider, web), bundle) in open {
            self.send_bundle(step, provider, web, bundle.items);
        }
        if bundling.looked >= LOOK_MAX {
            step.alarm(Duration::ZERO, alarms::EXPAND);
        }
        Ok(())
    }

    fn bundle_transfer(
        &mut self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        bundling: &mut Bundling,
        id: TransferId,
    ) -> Result<(), Fault> {
        while bundling.looked < LOOK_MAX {
            let Some(live) = self.bringing.live.get(&id).filter(|live| !live.is_small_end) else {
                return Ok(());
            };
            let Some(row) = TRANSFERS.get(step.view(), &id)? else { return Ok(()) };
            let start = (id, ITEM_SMALL, live.small_cursor);
            let items: Vec<_> = ITEMS
                .within_from(step.view(), &(id, ITEM_SMALL), &start)
                .take(BUNDLE_ITEMS_MAX)
                .collect::<Result<_, _>>()?;
            let is_end = items.len() < BUNDLE_ITEMS_MAX && row.expanded.is_none();
            let is_none = items.is_empty();
            for ((_, _, index), item) in items {
                bundling.looked += 1;
                if !self.bundle_item(step, providers, bundling, (id, index), (row.web, item))? {
                    return Ok(());
                }
                if let Some(live) = self.bringing.live.get_mut(&id) {
                    live.small_cursor = index + 1;
                }
            }
            if let Some(live) = self.bringing.live.get_mut(&id) {
                live.is_small_end = is_end;
            }
            if is_none {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Puts a small item into a provider's bundle; false when all who have it are busy: the lane waits there.
    fn bundle_item(
        &mut self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        bundling: &mut Bundling,
        (id, index): (TransferId, u64),
        (web, item): (WebId, ItemRow),
    ) -> Result<bool, Fault> {
        let Some(content) = item.content else { return Ok(true) };
        let key = (web, content);
        if self.bringing.live.get(&id).is_some_and(|live| live.small_under_way.contains(&index)) {
            return Ok(true);
        }
        let is_asked_for = self.bringing.small.contains_key(&key);
        if !is_asked_for {
            if self.is_here(step, key, item.size)? {
                if id != transfer_of(web) {
                    self.keep_lent(step, web, &item)?;
                }
                settle(step, id, ITEM_SMALL, index, &item)?;
                return Ok(true);
            }
            let here = providers.here(step.view(), web, content)?;
            let able: Vec<DeviceId> = here
                .into_iter()
                .filter(|device| {
                    !self.bringing.refused.contains(&(*device, content)) && !self.is_resting(step, *device)
                })
                .collect();
            if able.is_empty() && self.bringing.is_sealed_coming(key) {
                return Ok(true);
            }
            if able.is_empty()
                && let Some((found, bytes)) = self.small_copy(step, providers, key, item.size)?
            {
                let Some(mirror) = self.least_busy(bundling, &found.mirrors, web) else { return Ok(false) };
                let copy = sealed_for(content, item.size, found.key);
                self.bringing.small_sealed.insert((web, found.sealed), copy);
                self.put_in_bundle(
                    step,
                    bundling,
                    (mirror, web),
                    BundleItem { content: found.sealed, size: bytes },
                );
                self.wait_for_small(key, id, index);
                return Ok(true);
            }
            if able.is_empty() && self.begin_sealed(step, providers, key, item.size)? {
                return Ok(true);
            }
            if able.is_empty() {
                // When nobody even says to have it, perhaps the file has changed since.
                if providers.of(step.view(), web, content)?.is_empty() {
                    self.retarget(step, id, ITEM_SMALL, index)?;
                }
                return Ok(true);
            }
            let Some(provider) = self.least_busy(bundling, &able, web) else { return Ok(false) };
            self.put_in_bundle(step, bundling, (provider, web), BundleItem { content, size: item.size });
        }
        self.wait_for_small(key, id, index);
        Ok(true)
    }

    fn put_in_bundle(
        &mut self,
        step: &mut Step<'_>,
        bundling: &mut Bundling,
        (provider, web): (DeviceId, WebId),
        item: BundleItem,
    ) {
        let bundle = bundling.open.entry((provider, web)).or_default();
        bundle.items.push(item);
        bundle.bytes += item.size;
        if bundle.is_full() {
            let bundle = bundling.open.remove(&(provider, web)).unwrap_or_default();
            self.send_bundle(step, provider, web, bundle.items);
        }
    }

    fn wait_for_small(&mut self, key: Key, id: TransferId, index: u64) {
        self.bringing.small.entry(key).or_default().push((id, index));
        if let Some(live) = self.bringing.live.get_mut(&id) {
            live.small_under_way.insert(index);
        }
    }

    fn least_busy(&self, bundling: &Bundling, able: &[DeviceId], web: WebId) -> Option<DeviceId> {
        let room = |device: &DeviceId| {
            let open = bundling.open.keys().filter(|(provider, _)| provider == device).count();
            let is_open = bundling.open.contains_key(&(*device, web));
            is_open || self.load(*device).bundles + open < BUNDLES_MAX
        };
        let filled = |device: &DeviceId| {
            let open = bundling.open.get(&(*device, web)).map_or(0, |bundle| bundle.items.len());
            self.load(*device).bundles * BUNDLE_ITEMS_MAX + open
        };
        able.iter().copied().filter(room).min_by_key(filled)
    }

    fn send_bundle(&mut self, step: &mut Step<'_>, provider: DeviceId, web: WebId, items: Vec<BundleItem>) {
        let job = step.work(BUNDLE, to_bytes(&Bundle { web, provider, items: items.clone() }));
        self.bringing.load.entry(provider).or_default().bundles += 1;
        self.bringing.bundles.insert(job, BundleJob { web, provider, items });
        self.jobs.insert(job, Purpose::Bundle);
    }

    fn give_saves(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for id in self.bringing.live() {
            if self.bringing.saves.len() >= SAVES_MAX {
                return Ok(());
            }
            let Some(TransferRow { to: Some(folder), .. }) = TRANSFERS.get(step.view(), &id)? else {
                continue;
            };
            let waiting: Vec<_> =
                ITEMS.within(step.view(), &(id, ITEM_SAVE)).take(SAVES_MAX * 2).collect::<Result<_, _>>()?;
            for ((_, _, index), item) in waiting {
                let Some(live) = self.bringing.live.get_mut(&id) else { continue };
                if self.bringing.saves.len() >= SAVES_MAX || !live.saves_under_way.insert(index) {
                    continue;
                }
                let Some(content) = item.content else { continue };
                let source = shared_path(step.view(), content, |_| true)?.unwrap_or(Source::Store);
                let save = Save { content, source, folder: folder.clone(), path: item.path };
                let job = step.work(SAVE, to_bytes(&save));
                self.bringing.saves.insert(job, (id, index));
                self.jobs.insert(job, Purpose::Save);
            }
        }
        Ok(())
    }

    /// Says of each transfer whether it runs or waits, and asks for connections with those it waits for.
    fn judge(&mut self, step: &mut Step<'_>, providers: &mut Providers) -> Result<(), Fault> {
        for id in self.bringing.live() {
            let Some(mut row) = TRANSFERS.get(step.view(), &id)? else { continue };
            if self.bringing.is_under_way(id) || row.expanded.is_some() {
                if row.stage == Stage::Waiting {
                    row.stage = Stage::Running;
                    row.why.clear();
                    TRANSFERS.put(step.rows(), &id, &row);
                    emit(step, id, &row)?;
                }
                continue;
            }
            if self.end_if_done(step, id)? {
                continue;
            }
            let why = self.what_for(step, providers, id, &row)?;
            if row.stage != Stage::Waiting || row.why != why {
                self.bringing.note_done(id, &mut row);
                row.stage = Stage::Waiting;
                row.why = why;
                row.from.clear();
                row.speed = 0;
                TRANSFERS.put(step.rows(), &id, &row);
                emit(step, id, &row)?;
            }
            if !self.bringing.is_retry_due {
                self.bringing.is_retry_due = true;
                step.alarm(RETRY, alarms::RETRY);
            }
        }
        Ok(())
    }

    /// Says what a transfer waits for, and dials those who have it.
    fn what_for(
        &mut self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        id: TransferId,
        row: &TransferRow,
    ) -> Result<String, Fault> {
        let items: Vec<_> = ITEMS.within(step.view(), &id).take(MISSED_MAX * 4).collect::<Result<_, _>>()?;
        let mut away: Vec<DeviceId> = Vec::new();
        let mut is_refused = false;
        let mut is_unread = false;
        for (_, item) in items {
            let Some(content) = item.content else {
                is_unread = true;
                continue;
            };
            let mut having = providers.of(step.view(), row.web, content)?;
            having.extend(mirrors_with(step, (row.web, content), item.size)?);
            for device in having {
                if providers.is_connected(step.view(), device)? {
                    is_refused = true;
                } else if !away.contains(&device) {
                    away.push(device);
                }
            }
        }
        for device in &away {
            self.dial(step, *device);
        }
        let mut names = Vec::new();
        let mut viewer = Viewer::of(step.view(), step.me())?;
        for device in away.iter().take(MISSED_MAX) {
            names.push(viewer.device_label(row.web, *device)?);
        }
        Ok(match (names.is_empty(), is_refused, is_unread) {
            (false, _, _) => format!("waits for {}", names.join(" or ")),
            (true, true, _) => "those who have it do not give it now; tries again".to_owned(),
            (true, false, true) => "waits until its owner has read it".to_owned(),
            (true, false, false) => "nobody who is a member says to have it".to_owned(),
        })
    }

    pub(crate) fn dial(&mut self, step: &mut Step<'_>, device: DeviceId) {
        let now = step.now();
        let is_due = self.bringing.dialled.get(&device).is_none_or(|last| now.since(*last) >= DIAL_EVERY);
        if is_due {
            self.bringing.dialled.insert(device, now);
            step.connect(device, Channel::Member);
        }
    }

    fn load(&self, device: DeviceId) -> Load {
        self.bringing.load.get(&device).copied().unwrap_or_default()
    }

    fn is_resting(&self, step: &Step<'_>, device: DeviceId) -> bool {
        self.bringing.resting.get(&device).is_some_and(|until| *until > step.now())
    }
}

/// Bundles being filled in one step.
struct Bundling {
    looked: usize,
    open: BTreeMap<(DeviceId, WebId), OpenBundle>,
}

#[derive(Default)]
struct OpenBundle {
    items: Vec<BundleItem>,
    bytes: u64,
}

impl OpenBundle {
    fn is_full(&self) -> bool {
        self.items.len() >= BUNDLE_ITEMS_MAX || self.bytes + crate::jobs::SMALL_SIZE > BUNDLE_SIZE_MAX
    }
}
