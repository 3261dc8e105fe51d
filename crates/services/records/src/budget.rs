//! How many bytes a peer may have of us: asking is cheap, answering is not.

use base::Timestamp;

/// Bytes of entries one peer gets at once, at most.
const BURST: u64 = 64 * 1024 * 1024;

/// Bytes of entries one peer gets per millisecond in the long run: 32 MB/s, more than a home's disk verifies.
const PER_MILLISECOND: u64 = 32 * 1024;

/// What one peer has left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    bytes: u64,
    at: Timestamp,
}

impl Budget {
    /// Starts full.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { bytes: BURST, at: now }
    }

    /// Says whether anything is left now.
    pub(crate) fn has_some(&mut self, now: Timestamp) -> bool {
        let elapsed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(elapsed.saturating_mul(PER_MILLISECOND)).min(BURST);
        self.at = now;
        self.bytes > 0
    }

    /// Takes what was sent.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_asks_without_end_is_held_to_a_rate() {
        let start = Timestamp::from_millis(1_000);
        let mut budget = Budget::new(start);
        assert!(budget.has_some(start));
        budget.spend(usize::try_from(BURST).unwrap());
        assert!(!budget.has_some(start));
        assert!(budget.has_some(Timestamp::from_millis(1_001)));
    }

    #[test]
    fn a_clock_set_back_starves_nobody() {
        let mut budget = Budget::new(Timestamp::from_millis(1_000_000));
        budget.spend(usize::try_from(BURST).unwrap());
        assert!(!budget.has_some(Timestamp::from_millis(5)));
        assert!(budget.has_some(Timestamp::from_millis(6)));
    }
}
