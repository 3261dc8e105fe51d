//! What happens to packets on their way from one place to another: a pure decider, with the time as an input.
//!
//! Each packet takes the same number of draws whatever happens to it, so the fate of packet number *n* depends on the
//! seed and *n* alone, not on when it comes. Only a rate makes the time matter.

use std::time::Duration;

use crate::Chance;

/// How much later than its turn a reordered packet comes. Longer than the gap between packets of a busy line, shorter
/// than what makes a sender think that it is lost.
const REORDER_DELAY: Duration = Duration::from_millis(4);

/// How long packets may wait for a slow line before further ones are dropped: a router's buffer.
const QUEUE_TIME_MAX: Duration = Duration::from_millis(100);

/// What a way is like, in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// How long a packet takes.
    pub delay: Duration,
    /// How much longer or shorter it may take.
    pub jitter: Duration,
    /// The part of packets that is lost, 0 to 1.
    pub loss: f64,
    /// The part of packets that later ones overtake, 0 to 1.
    pub reorder: f64,
    /// Bits in a second, where nobody else limits them.
    pub rate: Option<u64>,
}

impl Quality {
    /// Returns what two ways one after the other are like.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        let either = |first: f64, second: f64| 1.0 - (1.0 - first) * (1.0 - second);
        Self {
            delay: self.delay + next.delay,
            jitter: self.jitter + next.jitter,
            loss: either(self.loss, next.loss),
            reorder: either(self.reorder, next.reorder),
            rate: self.rate.into_iter().chain(next.rate).min(),
        }
    }
}

/// The fate of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives at this time.
    Arrives(Duration),
    /// It arrives at this time, and others may have overtaken it.
    ArrivesLate(Duration),
    /// It is lost.
    Lost,
    /// The buffer before a slow line is full.
    NoRoom,
}

/// A way from one place to another, in one direction.
#[derive(Debug)]
pub struct Path {
    quality: Quality,
    chance: Chance,
    /// When the line has sent what it was given.
    busy_until: Duration,
    /// When the last packet arrived that kept its turn.
    last: Duration,
}

impl Path {
    /// Begins a way; `stream` tells the ways of one seed apart.
    pub fn new(quality: Quality, seed: u64, stream: u64) -> Self {
        let chance = Chance::new(seed, stream);
        Self { quality, chance, busy_until: Duration::ZERO, last: Duration::ZERO }
    }

    /// Decides about a packet of `size` bytes that comes at the time `now`.
    pub fn pass(&mut self, now: Duration, size: usize) -> Verdict {
        let is_lost = self.chance.fraction() < self.quality.loss;
        let is_reordered = self.chance.fraction() < self.quality.reorder;
        let jitter = self.quality.jitter.mul_f64(2.0 * self.chance.fraction());
        if is_lost {
            return Verdict::Lost;
        }
        let Some(sent) = self.send(now, size) else { return Verdict::NoRoom };
        let arrival = (sent + self.quality.delay + jitter).saturating_sub(self.quality.jitter).max(sent);
        if is_reordered {
            return Verdict::ArrivesLate(arrival.max(self.last) + REORDER_DELAY);
        }
        // Jitter alone does not reorder: packets wait in one queue.
        self.last = self.last.max(arrival);
        Verdict::Arrives(self.last)
    }

    /// Returns when the line has sent the packet; `None` when too many wait already.
    fn send(&mut self, now: Duration, size: usize) -> Option<Duration> {
        let Some(rate) = self.quality.rate else { return Some(now) };
        let begun = self.busy_until.max(now);
        if begun.saturating_sub(now) > QUEUE_TIME_MAX {
            return None;
        }
        let nanoseconds = (size as u64).saturating_mul(8_000_000_000).checked_div(rate)?;
        self.busy_until = begun + Duration::from_nanos(nanoseconds);
        Some(self.busy_until)
    }
}

#[cfg(test)]
mod tests;
