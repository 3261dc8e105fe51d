//! The reader's side of mirroring: when nobody who has a content plainly is here, its sealed copy is brought from the
//! mirrors, by the plan of any content, and opened; what opens to something else is told (spec sealed, rules 7, 13, 14).
//!
//! Not for: which pieces come from whom (`plan.rs`).

use std::collections::BTreeMap;

use base::{ContentId, DeviceId, Fault, KeyId, TransferId, WebId};
use kernel::{JobFailure, JobId, Step};
use store::StoreError;
use wire::sealed::{ContentKey, sealed_size};

use crate::arriving::{Offered, details, settle, tell_dropped};
use crate::barred::bar;
use crate::bringing::{Key, Opening, SealedFor};
use crate::copies::{self, Found};
use crate::jobs::{
    BundleItem, FetchFailure, ItemOutcome, SMALL_SIZE, UNSEAL, Unseal, UnsealItem, UnsealOutcome, Unsealed,
    from_bytes, to_bytes,
};
use crate::mirror::PARTS;
use crate::outgoing::say;
use crate::plan::Plan;
use crate::providers::Providers;
use crate::service::{Files, Purpose};
use crate::statement::{Statement, WrongCopy};
use crate::tables::{ITEM_LARGE, ITEM_SMALL, ITEMS};

/// Sealed copies that come by ranges at the same time, at most.
const SEALED_MAX: usize = 8;

impl Files {
    /// Returns a copy of a content that some mirror here could give now, and those mirrors.
    pub(crate) fn copy_here(
        &self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        (web, content): Key,
        size: u64,
    ) -> Result<Option<Found>, StoreError> {
        let now = step.now();
        for mut found in copies::found(step, web, content, size)? {
            let mut here = Vec::new();
            for mirror in found.mirrors {
                let is_resting = self.bringing.resting.get(&mirror).is_some_and(|until| *until > now);
                let is_refused = self.bringing.refused.contains(&(mirror, found.sealed));
                if !is_resting && !is_refused && providers.is_connected(step.view(), mirror)? {
                    here.push(mirror);
                }
            }
            if !here.is_empty() {
                found.mirrors = here;
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Begins to bring a sealed copy by ranges, if there is one here and the content is not under way.
    pub(crate) fn begin_sealed(
        &mut self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        key: Key,
        size: u64,
    ) -> Result<bool, Fault> {
        if self.bringing.is_sealed_coming(key) {
            return Ok(true);
        }
        let count = self.bringing.active.values().filter(|active| active.sealed.is_some()).count();
        if count >= SEALED_MAX {
            return Ok(false);
        }
        let Some(found) = self.copy_here(step, providers, key, size)? else { return Ok(false) };
        let Some(sealed_size) = sealed_size(size) else { return Ok(false) };
        let items = self.bringing.active.get(&key).map(|active| active.items.clone()).unwrap_or_default();
        let active = self.take_up(step, (key.0, found.sealed), sealed_size);
        active.sealed = Some(SealedFor { content: key.1, size, key: found.key });
        active.items = items;
        let since = step.now();
        PARTS.put(step.rows(), &(key.0, found.sealed), &since);
        Ok(true)
    }

    /// Returns the mirrors that could give more of a sealed copy now.
    pub(crate) fn mirrors_of(
        &self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        (web, sealed): Key,
        copy: &SealedFor,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let mut here = Vec::new();
        for found in copies::found(step, web, copy.content, copy.size)? {
            if found.sealed != sealed || found.key != copy.key {
                continue;
            }
            for mirror in found.mirrors {
                let is_refused = self.bringing.refused.contains(&(mirror, sealed));
                if !is_refused && providers.is_connected(step.view(), mirror)? {
                    here.push(mirror);
                }
            }
        }
        Ok(here)
    }

    /// A sealed copy that nobody here gives any more is let go; its part stays for the next time.
    pub(crate) fn end_sealed_if_stuck(&mut self, step: &mut Step<'_>, key: Key) -> Result<(), Fault> {
        let Some(active) = self.bringing.active.get(&key) else { return Ok(()) };
        let (Some(copy), false) = (active.sealed, active.plan.as_ref().is_some_and(Plan::is_under_way))
        else {
            return Ok(());
        };
        let mut providers = Providers::new(step.me(), step.now());
        if self.mirrors_of(step, &mut providers, key, &copy)?.is_empty() {
            self.abandon(step, key);
        }
        Ok(())
    }

    /// Takes one item of a bundle that is a sealed copy; says whether it is one. What came is to be opened.
    pub(crate) fn take_small_sealed(
        &mut self,
        step: &mut Step<'_>,
        (web, provider): (WebId, DeviceId),
        item: BundleItem,
        outcome: ItemOutcome,
        to_open: &mut Vec<Opening>,
    ) -> Result<bool, Fault> {
        let sealed = item.content;
        let Some(copy) = self.bringing.small_sealed.remove(&(web, sealed)) else { return Ok(false) };
        let waiting = self.bringing.small.get(&(web, copy.content)).cloned().unwrap_or_default();
        if outcome == ItemOutcome::Arrived {
            self.bringing.note_given(provider, copy.size, &waiting);
            to_open.push(Opening { web, sealed, copy, items: Vec::new(), is_small: true });
            return Ok(true);
        }
        if outcome == ItemOutcome::Wrong {
            bar(step, provider, sealed);
            tell_dropped(step, (web, copy.content), provider, FetchFailure::WrongBytes)?;
        }
        self.bringing.refused.insert((provider, sealed));
        self.let_small_wait((web, copy.content));
        Ok(true)
    }

    /// Those who wait for a small content look for another way.
    fn let_small_wait(&mut self, key: Key) {
        for (id, index) in self.bringing.small.remove(&key).unwrap_or_default() {
            self.end_small(id, index);
        }
    }

    /// Opens copies that have come.
    pub(crate) fn open_copies(&mut self, step: &mut Step<'_>, openings: Vec<Opening>) {
        let mut items = Vec::new();
        let mut opening = Vec::new();
        for one in openings {
            let Some(epoch) = step.keyring().get(one.web, one.copy.key) else { continue };
            let (content, size) = (one.copy.content, one.copy.size);
            items.push(UnsealItem { sealed: one.sealed, content, size, key: ContentKey::of(epoch, content) });
            opening.push(one);
        }
        if !items.is_empty() {
            let job = step.work(UNSEAL, to_bytes(&Unseal { items }));
            self.bringing.openings.insert(job, opening);
            self.jobs.insert(job, Purpose::Unseal);
        }
    }

    /// Takes what became of copies that were opened.
    pub(crate) fn take_unsealed(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let openings = self.bringing.openings.remove(&job).unwrap_or_default();
        let why = match &outcome {
            Err(JobFailure::Failed(text)) if FetchFailure::of(text) == FetchFailure::DiskFull => {
                Some("no space is left on the disk of this peer's home".to_owned())
            }
            Err(JobFailure::Failed(text)) => Some(format!("this peer cannot store it: {}", details(text))),
            _ => None,
        };
        let report = outcome.ok().and_then(|bytes| from_bytes::<Unsealed>(&bytes).ok());
        let outcomes = report.map(|report| report.outcomes).unwrap_or_default();
        let mut wrong: BTreeMap<WebId, Vec<WrongCopy>> = BTreeMap::new();
        for (at, opening) in openings.into_iter().enumerate() {
            match outcomes.get(at).copied().unwrap_or(UnsealOutcome::Failed) {
                UnsealOutcome::Opened => self.opened(step, &opening)?,
                UnsealOutcome::Wrong => {
                    let copies = accuse(step, &opening)?;
                    wrong.entry(opening.web).or_default().extend(copies);
                    self.forget_copy(step, opening.sealed)?;
                    self.let_small_wait((opening.web, opening.copy.content));
                }
                UnsealOutcome::Failed => {
                    for mirror in copies::mirrors(step.view(), opening.web)? {
                        // Not at once again, whatever it was.
                        self.bringing.refused.insert((mirror, opening.sealed));
                    }
                    self.forget_copy(step, opening.sealed)?;
                    self.let_small_wait((opening.web, opening.copy.content));
                    for (id, _) in opening.items.iter().filter(|_| why.is_some()) {
                        self.fail_transfer(step, *id, why.as_deref().unwrap_or_default())?;
                    }
                }
            }
        }
        for (web, copies) in wrong {
            say(step, web, &Statement::Wrong { copies })?;
        }
        self.bringing.look_again();
        self.pump(step)
    }

    /// A content is here: it was sealed by somebody who has it and this web's key, so it is kept as if fetched.
    fn opened(&mut self, step: &mut Step<'_>, opening: &Opening) -> Result<(), Fault> {
        let key = (opening.web, opening.copy.content);
        self.keep(step, key, opening.copy.size, Offered::Yes)?;
        let mut items = opening.items.clone();
        if let Some(plain) = self.bringing.active.get(&key) {
            items.extend(plain.items.iter().copied().filter(|item| !opening.items.contains(item)));
            self.abandon(step, key);
        }
        for (id, index) in items {
            self.settle_item(step, (id, ITEM_LARGE, index), key.1)?;
        }
        for (id, index) in self.bringing.small.remove(&key).unwrap_or_default() {
            self.end_small(id, index);
            self.settle_item(step, (id, ITEM_SMALL, index), key.1)?;
        }
        if !opening.is_small {
            step.emit("files.kept", &serde_json::json!({ "web": key.0, "content": key.1 }));
        }
        PARTS.delete(step.rows(), &(opening.web, opening.sealed));
        self.forget_copy(step, opening.sealed)
    }

    fn settle_item(
        &mut self,
        step: &mut Step<'_>,
        (id, lane, index): (TransferId, u8, u64),
        content: ContentId,
    ) -> Result<(), Fault> {
        if let Some(item) =
            ITEMS.get(step.view(), &(id, lane, index))?.filter(|item| item.content == Some(content))
        {
            settle(step, id, lane, index, &item)?;
        }
        self.end_if_done(step, id)?;
        Ok(())
    }

    /// Returns the copy that a small content can come as, in a bundle, from one of some mirrors.
    pub(crate) fn small_copy(
        &self,
        step: &mut Step<'_>,
        providers: &mut Providers,
        key: Key,
        size: u64,
    ) -> Result<Option<(Found, u64)>, StoreError> {
        let Some(bytes) = sealed_size(size).filter(|bytes| *bytes < SMALL_SIZE) else { return Ok(None) };
        Ok(self.copy_here(step, providers, key, size)?.map(|found| (found, bytes)))
    }
}

/// Notes that everybody who said that a copy is of a content was wrong, and says so.
fn accuse(step: &mut Step<'_>, opening: &Opening) -> Result<Vec<WrongCopy>, Fault> {
    let (web, content, sealed) = (opening.web, opening.copy.content, opening.sealed);
    let mut wrong = Vec::new();
    for author in copies::authors(step.view(), web, content, sealed)? {
        bar(step, author, content);
        tell_dropped(step, (web, content), author, FetchFailure::WrongBytes)?;
        wrong.push(WrongCopy { content, sealed, author });
    }
    Ok(wrong)
}

/// Returns the mirrors that are said to have a copy of a content which can be opened here.
pub(crate) fn mirrors_with(
    step: &mut Step<'_>,
    (web, content): Key,
    size: u64,
) -> Result<Vec<DeviceId>, StoreError> {
    let mut mirrors: Vec<DeviceId> = Vec::new();
    for found in copies::found(step, web, content, size)? {
        for mirror in found.mirrors {
            if !mirrors.contains(&mirror) {
                mirrors.push(mirror);
            }
        }
    }
    Ok(mirrors)
}

/// The key's name is all that is kept of it.
pub(crate) fn sealed_for(content: ContentId, size: u64, key: KeyId) -> SealedFor {
    SealedFor { content, size, key }
}
