//! When this computer was last touched, for threads that ask often: never waits for anybody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// What was told longer ago says nothing any more: whoever told may hang.
const TOLD_COUNTS: Duration = Duration::from_millis(2500);
/// Somebody who asks every 25 ms still asks, even when the computer is busy.
const WANTED_COUNTS: Duration = Duration::from_millis(200);

/// The last thing told, and whether anybody wants to know.
#[derive(Debug)]
pub(crate) struct Fresh {
    born: Instant,
    told: Mutex<Option<Told>>,
    /// Milliseconds from `born` to the last question, plus one; 0: none yet.
    asked_ms: AtomicU64,
    pub(crate) wake: Notify,
}

/// Somebody told how long nobody has touched this computer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) idle: Duration,
    pub(crate) at: Instant,
}

impl Told {
    /// Returns how long it would be at `now` if nobody has touched it since.
    pub(crate) fn idle_at(self, now: Instant) -> Duration {
        self.idle.saturating_add(now.saturating_duration_since(self.at))
    }
}

impl Fresh {
    pub(crate) fn new() -> Self {
        Self {
            born: Instant::now(),
            told: Mutex::default(),
            asked_ms: AtomicU64::new(0),
            wake: Notify::new(),
        }
    }

    /// Says how long nobody has touched this computer; none when nothing tells, or whoever told no longer answers.
    pub(crate) fn since_input(&self) -> Option<Duration> {
        let now = Instant::now();
        let was_wanted = self.is_wanted(now);
        self.asked_ms.store(self.millis(now).saturating_add(1), Ordering::Relaxed);
        if !was_wanted {
            self.wake.notify_one();
        }
        let told = (*self.told.lock().unwrap_or_else(PoisonError::into_inner))?;
        (now.saturating_duration_since(told.at) <= TOLD_COUNTS).then(|| told.idle_at(now))
    }

    /// Keeps what was told; none: nothing tells.
    pub(crate) fn tell(&self, told: Option<Told>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Says whether somebody asks now, so that what is told has to be a few milliseconds old at most.
    pub(crate) fn is_wanted(&self, now: Instant) -> bool {
        let asked = self.asked_ms.load(Ordering::Relaxed);
        let age = self.millis(now).saturating_sub(asked.saturating_sub(1));
        asked > 0 && Duration::from_millis(age) < WANTED_COUNTS
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX)
    }
}
