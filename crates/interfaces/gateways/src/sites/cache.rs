//! What sites answered lately, in memory, as long as nothing has happened that could change it.
//!
//! Before each use the number of the last event is compared; when it has grown the events are read and what they may
//! concern goes. What was read before such an event is not taken in after it. Not for: large files.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::pages::SiteSpot;
use api::{Event, EventNumber};
use tokio::sync::watch;

use super::answers::Stored;
use super::keys::SiteId;
use crate::gateway::aside;
use crate::host::Host;

/// Largest file that is kept.
pub(crate) const FILE_BYTES_MAX: usize = 256 * 1024;

/// Bytes of all that is kept.
const BYTES_MAX: usize = 32 << 20;

/// What one entry costs beside its bytes.
const ENTRY_BYTES: usize = 1024;

/// Labels at most.
const SPOTS_MAX: usize = 1024;

/// Events looked at one by one; after more, everything goes.
const EVENTS_MAX: usize = 256;

/// Kinds that change neither what an address leads to nor its bytes.
const HARMLESS: [&str; 8] = [
    "files.transfer",
    "files.kept",
    "files.damaged",
    "files.provider-dropped",
    "pages.edited",
    "pages.here",
    "pages.document",
    "pages.links",
];

/// Kinds that may change what an address leads to, or who may read it, by their beginning.
const CONCERNING: [&str; 5] = ["files.", "pages.", "people.", "records.", "guard."];

/// The answers kept.
#[derive(Debug)]
pub(crate) struct Cache {
    numbers: watch::Receiver<EventNumber>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Events up to here are taken into account.
    seen: EventNumber,
    /// Grows whenever something went.
    age: Age,
    spots: BTreeMap<String, Arc<Spot>>,
    files: BTreeMap<String, Kept>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Kept {
    answer: Arc<Stored>,
    used: u64,
}

/// What stands behind a label.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) found: SiteSpot,
    /// None when nothing stands there.
    pub(crate) id: Option<SiteId>,
}

/// Says how old what was read is: nothing is taken in that was read before the last change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Age(u64);

impl Cache {
    pub(crate) fn new(numbers: watch::Receiver<EventNumber>) -> Self {
        let seen = *numbers.borrow();
        Self { numbers, state: Mutex::new(State { seen, ..State::default() }) }
    }

    /// Takes into account what has happened; to be called before anything is looked up or read.
    pub(crate) async fn catch_up(&self, host: &Arc<dyn Host>) -> Age {
        let last = *self.numbers.borrow();
        let seen = {
            let state = self.state();
            if state.seen == last {
                return state.age;
            }
            state.seen
        };
        let host = Arc::clone(host);
        let page = aside(move || host.events(seen, EVENTS_MAX)).await.and_then(std::convert::identity);
        let mut state = self.state();
        // Others may have been here meanwhile: what happened twice only drops more.
        match page {
            Ok(page) if !page.is_cut_off && page.events.last().is_some_and(|event| event.number >= last) => {
                state.take_into_account(&page.events);
                state.seen = page.events.last().map_or(last, |event| event.number).max(state.seen);
            }
            // Too much has happened to look at each.
            _ => {
                state.drop_all();
                state.seen = state.seen.max(last);
            }
        }
        state.age
    }

    pub(crate) fn spot(&self, label: &str) -> Option<Arc<Spot>> {
        self.state().spots.get(label).cloned()
    }

    pub(crate) fn keep_spot(&self, label: &str, spot: &Arc<Spot>, read_at: Age) {
        let mut state = self.state();
        if state.age == read_at {
            if state.spots.len() >= SPOTS_MAX {
                state.spots.clear();
            }
            state.spots.insert(label.to_owned(), Arc::clone(spot));
        }
    }

    pub(crate) fn file(&self, key: &str) -> Option<Arc<Stored>> {
        let mut state = self.state();
        state.uses += 1;
        let used = state.uses;
        let kept = state.files.get_mut(key)?;
        kept.used = used;
        Some(Arc::clone(&kept.answer))
    }

    pub(crate) fn keep_file(&self, key: String, answer: &Arc<Stored>, read_at: Age) {
        let mut state = self.state();
        if state.age != read_at || answer.bytes.len() > FILE_BYTES_MAX {
            return;
        }
        state.uses += 1;
        let kept = Kept { answer: Arc::clone(answer), used: state.uses };
        state.bytes += answer.bytes.len() + ENTRY_BYTES;
        if let Some(old) = state.files.insert(key, kept) {
            state.bytes = state.bytes.saturating_sub(old.answer.bytes.len() + ENTRY_BYTES);
        }
        if state.bytes > BYTES_MAX {
            state.make_room();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_into_account(&mut self, events: &[Event]) {
        for event in events {
            let is_concerning = CONCERNING.iter().any(|start| event.kind.starts_with(start));
            if !is_concerning || HARMLESS.contains(&event.kind.as_str()) {
                continue;
            }
            match event.about.get("share").and_then(serde_json::Value::as_str) {
                Some(share) if event.kind == "files.changed" => self.drop_below(share),
                _ => self.drop_all(),
            }
        }
    }

    /// Drops what was made from files of a share.
    fn drop_below(&mut self, share: &str) {
        self.age.0 += 1;
        let mut bytes = self.bytes;
        self.files.retain(|_, kept| {
            let stays = !is_below(&kept.answer.source, share);
            if !stays {
                bytes = bytes.saturating_sub(kept.answer.bytes.len() + ENTRY_BYTES);
            }
            stays
        });
        self.bytes = bytes;
        // They say when a site was changed.
        self.spots.clear();
    }

    fn drop_all(&mut self) {
        self.age.0 += 1;
        self.spots.clear();
        self.files.clear();
        self.bytes = 0;
    }

    /// Drops the quarter that was not used for longest: not one by one, which would look at all each time.
    fn make_room(&mut self) {
        let mut uses: Vec<u64> = self.files.values().map(|kept| kept.used).collect();
        uses.sort_unstable();
        let Some(limit) = uses.get(uses.len() / 4).copied() else { return };
        let mut bytes = self.bytes;
        self.files.retain(|_, kept| {
            if kept.used <= limit {
                bytes = bytes.saturating_sub(kept.answer.bytes.len() + ENTRY_BYTES);
            }
            kept.used > limit
        });
        self.bytes = bytes;
    }
}

/// Says whether a path of the tree is a folder or lies below it.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
