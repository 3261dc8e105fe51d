//! Many short lists in one piece of memory: at 100,000 peers a `Vec` for each would be most of the memory.

/// Lists of numbers, found by number.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where each list starts in `items`; one more than there are lists.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Makes `count` lists of pairs of list and item; the items of a list keep their order.
    pub(super) fn from_pairs(count: u32, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; count as usize + 1];
        for (list, _) in pairs {
            if let Some(length) = starts.get_mut(*list as usize + 1) {
                *length += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut items = vec![0; pairs.len()];
        for (list, item) in pairs {
            let place = next.get_mut(*list as usize).map(|next| {
                let place = *next;
                *next += 1;
                place
            });
            if let Some(slot) = place.and_then(|place| items.get_mut(place as usize)) {
                *slot = *item;
            }
        }
        Self { starts, items }
    }

    /// Returns a list; the empty one for a number that is none.
    pub(super) fn of(&self, list: u32) -> &[u32] {
        let list = list as usize;
        match (self.starts.get(list), self.starts.get(list + 1)) {
            (Some(start), Some(end)) => self.items.get(*start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Counts the items of all lists.
    pub(super) fn items(&self) -> usize {
        self.items.len()
    }
}

/// A set of peers as bits.
#[derive(Debug, Clone)]
pub(super) struct PeerSet(Vec<u64>);

impl PeerSet {
    /// Makes an empty set that has room for peers below `count`.
    pub(super) fn new(count: u32) -> Self {
        Self(vec![0; count as usize / 64 + 1])
    }

    /// Puts a peer in.
    pub(super) fn insert(&mut self, peer: u32) {
        if let Some(part) = self.0.get_mut(peer as usize / 64) {
            *part |= 1 << (peer % 64);
        }
    }

    /// Says whether a peer is in.
    pub(super) fn contains(&self, peer: u32) -> bool {
        self.0.get(peer as usize / 64).is_some_and(|part| (part >> (peer % 64)) & 1 == 1)
    }
}

/// Returns a count as the number type of peers and documents; there are never as many as would not fit.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
