//! How many questions a peer may ask: asking is cheap, answering is not.

use base::Timestamp;

/// Questions one peer may ask at once, and then per second.
const BURST: u64 = 40;
const PER_SECOND: u64 = 20;

/// What one peer has left, in thousandths of questions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    left: u64,
    at: Timestamp,
}

impl Budget {
    /// Starts full.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { left: BURST * 1_000, at: now }
    }

    /// Takes one question; false when there is none left.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        let elapsed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_add(elapsed.saturating_mul(PER_SECOND)).min(BURST * 1_000);
        self.at = now;
        let has_one = self.left >= 1_000;
        if has_one {
            self.left -= 1_000;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_asks_without_end_is_held_to_a_rate() {
        let start = Timestamp::from_millis(1_000_000);
        let mut budget = Budget::new(start);
        assert_eq!((0..100).filter(|_| budget.take(start)).count(), 40);
        assert_eq!((0..100).filter(|_| budget.take(Timestamp::from_millis(1_001_000))).count(), 20);
        // A clock set back starves nobody for longer than it takes to earn one.
        assert!(!budget.take(Timestamp::from_millis(5)));
        assert!(budget.take(Timestamp::from_millis(1_005)));
    }
}
