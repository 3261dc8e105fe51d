//! What is under way for transfers and readers, kept in memory: rows and the content driver can rebuild it.
//!
//! Not for: deciding what to ask for next (`fetching.rs`) or what an answer means (`arriving.rs`).

use std::collections::{BTreeMap, BTreeSet};

use base::{ContentId, DeviceId, KeyId, Timestamp, TransferId, WebId};
use kernel::JobId;

use crate::jobs::BundleItem;
use crate::plan::{PIECE_SIZE_MAX, PieceId, Plan};
use crate::tables::TransferRow;

/// Requests for pieces under way with one provider at most.
const REQUESTS_MAX: usize = 16;
/// Bundles under way with one provider at most: while one is stored, others travel.
pub(crate) const BUNDLES_MAX: usize = 4;

/// A content and by the right of which web it is asked for.
pub(crate) type Key = (WebId, ContentId);

/// All that is under way.
#[derive(Debug, Default)]
pub(crate) struct Bringing {
    pub(crate) live: BTreeMap<TransferId, Live>,
    /// Large contents, and small ones a reader wants.
    pub(crate) active: BTreeMap<Key, Active>,
    pub(crate) pieces: BTreeMap<JobId, PieceJob>,
    pub(crate) bundles: BTreeMap<JobId, BundleJob>,
    /// Small contents under way, with the items that wait for them.
    pub(crate) small: BTreeMap<Key, Vec<(TransferId, u64)>>,
    /// Sealed copies of small contents under way.
    pub(crate) small_sealed: BTreeMap<Key, SealedFor>,
    /// Sealed copies that have come and are being opened.
    pub(crate) openings: BTreeMap<JobId, Vec<Opening>>,
    pub(crate) saves: BTreeMap<JobId, (TransferId, u64)>,
    pub(crate) load: BTreeMap<DeviceId, Load>,
    /// Who did not give which small content; forgotten with the next retry.
    pub(crate) refused: BTreeSet<(DeviceId, ContentId)>,
    /// Providers left alone until a time, because a connection broke.
    pub(crate) resting: BTreeMap<DeviceId, Timestamp>,
    /// When a connection with a device was last asked for.
    pub(crate) dialled: BTreeMap<DeviceId, Timestamp>,
    sweeps: BTreeSet<TransferId>,
    pub(crate) next_order: u64,
    pub(crate) is_ticking: bool,
    pub(crate) is_flush_due: bool,
    pub(crate) is_retry_due: bool,
}

/// A live transfer.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Up to which item each lane has been looked through.
    pub(crate) small_cursor: u64,
    pub(crate) large_cursor: u64,
    pub(crate) is_small_end: bool,
    pub(crate) is_large_end: bool,
    pub(crate) small_under_way: BTreeSet<u64>,
    pub(crate) saves_under_way: BTreeSet<u64>,
    pub(crate) last_done: u64,
    pub(crate) last_tick: Option<Timestamp>,
    /// Who gave how many bytes since that was written last.
    gave: BTreeMap<DeviceId, u64>,
}

/// A content that comes by ranges.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) size: u64,
    /// None until the content driver has said what is missing.
    pub(crate) plan: Option<Plan>,
    /// Items of transfers that wait for it.
    pub(crate) items: Vec<(TransferId, u64)>,
    /// When a reader last wanted something; none when nobody reads.
    pub(crate) read: Option<Timestamp>,
    /// Ranges a reader wanted before there was a plan.
    pub(crate) wishes: Vec<(u64, u64)>,
    pub(crate) order: u64,
    /// Failures in a row, by provider.
    pub(crate) failures: BTreeMap<DeviceId, u32>,
    /// What it is a sealed copy of; none when it is plain.
    pub(crate) sealed: Option<SealedFor>,
    /// Who else has it, as busy providers said.
    pub(crate) hints: BTreeSet<DeviceId>,
    /// Until when a provider is not asked for it, because others are before us.
    pub(crate) waits: BTreeMap<DeviceId, Timestamp>,
}

impl Active {
    /// Says whether anything is under way, or will be in a moment.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.waits.is_empty() || self.plan.as_ref().is_none_or(Plan::is_under_way)
    }
}

/// What a sealed copy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SealedFor {
    pub(crate) content: ContentId,
    /// The content's bytes.
    pub(crate) size: u64,
    pub(crate) key: KeyId,
}

/// A sealed copy that is being opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) web: WebId,
    pub(crate) sealed: ContentId,
    pub(crate) copy: SealedFor,
    /// Items of transfers that wait for it; those for small contents stand in [`Bringing::small`].
    pub(crate) items: Vec<(TransferId, u64)>,
    pub(crate) is_small: bool,
}

/// A piece under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PieceJob {
    pub(crate) key: Key,
    pub(crate) piece: PieceId,
    pub(crate) provider: DeviceId,
    pub(crate) bytes: u64,
    /// Bytes of it that have come, when the driver says so.
    pub(crate) came: u64,
}

/// A bundle under way.
#[derive(Debug, Clone)]
pub(crate) struct BundleJob {
    pub(crate) web: WebId,
    pub(crate) provider: DeviceId,
    pub(crate) items: Vec<BundleItem>,
}

/// What is under way with one provider.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) bytes: u64,
    pub(crate) requests: usize,
    pub(crate) bundles: usize,
}

impl Load {
    /// Says whether another piece may be asked for: two of the largest, or more of small ones.
    pub(crate) fn has_room(self) -> bool {
        self.bytes <= PIECE_SIZE_MAX && self.requests < REQUESTS_MAX
    }
}

impl Bringing {
    /// Takes a transfer up.
    pub(crate) fn begin(&mut self, id: TransferId) {
        self.live.insert(id, Live::default());
    }

    /// Returns how many transfers are live.
    pub(crate) fn live_count(&self) -> usize {
        self.live.len()
    }

    /// Returns the live transfers.
    pub(crate) fn live(&self) -> Vec<TransferId> {
        self.live.keys().copied().collect()
    }

    /// Has the items of an ended transfer removed later.
    pub(crate) fn sweep_later(&mut self, id: TransferId) {
        self.sweeps.insert(id);
    }

    /// Returns the transfers whose items are to be removed.
    pub(crate) fn take_sweeps(&mut self) -> Vec<TransferId> {
        std::mem::take(&mut self.sweeps).into_iter().collect()
    }

    /// Says whether a content is under way.
    pub(crate) fn is_active(&self, web: WebId, content: ContentId) -> bool {
        self.active.contains_key(&(web, content))
    }

    /// Looks through all lanes again: somebody has come, or something was listed.
    pub(crate) fn look_again(&mut self) {
        for live in self.live.values_mut() {
            live.small_cursor = 0;
            live.large_cursor = 0;
            live.is_small_end = false;
            live.is_large_end = false;
        }
    }

    /// Says whether a sealed copy of a content comes by ranges, or is being opened.
    pub(crate) fn is_sealed_coming(&self, (web, content): Key) -> bool {
        let is_coming = |(key, active): (&Key, &Active)| {
            key.0 == web && active.sealed.is_some_and(|copy| copy.content == content)
        };
        self.active.iter().any(is_coming)
            || self.openings.values().flatten().any(|one| one.web == web && one.copy.content == content)
    }

    /// Says whether anything is under way for a transfer.
    pub(crate) fn is_under_way(&self, id: TransferId) -> bool {
        let has_small = self
            .live
            .get(&id)
            .is_some_and(|live| !live.small_under_way.is_empty() || !live.saves_under_way.is_empty());
        let is_opened = |opening: &Opening| opening.items.iter().any(|(transfer, _)| *transfer == id);
        has_small
            || self.openings.values().flatten().any(is_opened)
            || self.active.values().any(|active| {
                active.items.iter().any(|(transfer, _)| *transfer == id) && active.is_under_way()
            })
    }

    /// Returns the bytes here of files that are not finished; none while that is being found out.
    pub(crate) fn partial(&self, id: TransferId) -> Option<u64> {
        let mut partial = 0_u64;
        for active in self.active.values() {
            if active.items.iter().any(|(transfer, _)| *transfer == id) {
                partial += active.size.saturating_sub(active.plan.as_ref()?.missing());
            }
        }
        for opening in self.openings.values().flatten() {
            if opening.items.iter().any(|(transfer, _)| *transfer == id) {
                partial = partial.saturating_add(opening.copy.size);
            }
        }
        let came = |(key, came): (Key, u64)| {
            let active = self.active.get(&key)?;
            active.items.iter().any(|(transfer, _)| *transfer == id).then_some(came)
        };
        let under_way: u64 = self.pieces.values().map(|piece| (piece.key, piece.came)).filter_map(came).sum();
        Some(partial.saturating_add(under_way))
    }

    /// Notes that a provider gave bytes for transfers.
    pub(crate) fn note_given(&mut self, provider: DeviceId, bytes: u64, items: &[(TransferId, u64)]) {
        for (id, _) in items {
            if let Some(live) = self.live.get_mut(id) {
                *live.gave.entry(provider).or_default() += bytes;
            }
        }
    }

    /// Writes into a transfer's row how much is here, and from whom.
    pub(crate) fn note_done(&mut self, id: TransferId, row: &mut TransferRow) {
        let gave = self.live.get_mut(&id).map(|live| std::mem::take(&mut live.gave)).unwrap_or_default();
        for (provider, bytes) in gave {
            match row.gave.iter_mut().find(|(known, _)| *known == provider) {
                Some((_, sum)) => *sum = sum.saturating_add(bytes),
                None => row.gave.push((provider, bytes)),
            }
        }
        if let Some(partial) = self.partial(id) {
            row.done = row.settled.saturating_add(partial).min(row.total);
        }
    }

    /// Returns from whom bytes of a transfer come now.
    pub(crate) fn providers_of(&self, id: TransferId) -> Vec<DeviceId> {
        let mut providers = BTreeSet::new();
        for piece in self.pieces.values() {
            let active = self.active.get(&piece.key);
            if active.is_some_and(|active| active.items.iter().any(|(transfer, _)| *transfer == id)) {
                providers.insert(piece.provider);
            }
        }
        for bundle in self.bundles.values() {
            let waits = |item: &BundleItem| {
                let sealed = self.small_sealed.get(&(bundle.web, item.content));
                let content = sealed.map_or(item.content, |copy| copy.content);
                let waiting = self.small.get(&(bundle.web, content));
                waiting.is_some_and(|waiting| waiting.iter().any(|(transfer, _)| *transfer == id))
            };
            if bundle.items.iter().any(waits) {
                providers.insert(bundle.provider);
            }
        }
        providers.into_iter().collect()
    }

    /// Notes that a piece is no longer under way.
    pub(crate) fn end_piece(&mut self, job: JobId) -> Option<PieceJob> {
        let piece = self.pieces.remove(&job)?;
        if let Some(load) = self.load.get_mut(&piece.provider) {
            load.bytes = load.bytes.saturating_sub(piece.bytes);
            load.requests = load.requests.saturating_sub(1);
        }
        Some(piece)
    }

    /// Notes that a bundle is no longer under way.
    pub(crate) fn end_bundle(&mut self, job: JobId) -> Option<BundleJob> {
        let bundle = self.bundles.remove(&job)?;
        if let Some(load) = self.load.get_mut(&bundle.provider) {
            load.bundles = load.bundles.saturating_sub(1);
        }
        Some(bundle)
    }
}
