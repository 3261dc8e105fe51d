//! What other programs of this computer, and pages of other sites, try at its port: counted until it is told (spec guard, rule 35).
//!
//! Not for: keeping them out, which the gate does (`routes`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trespass {
    /// A program asked without having been let in.
    Program,
    /// A page of another site asked, or a name that leads here without being ours.
    Site,
    /// Codes were guessed.
    Guess,
}

/// What is seen more rarely within [`WINDOW`] is told to nobody: a tab whose session is over asks now and then.
const PROGRAM_MIN: u32 = 5;
const WINDOW: Duration = Duration::from_mins(1);

/// What goes on is told again after this.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Counts, by what was tried.
#[derive(Debug, Default)]
pub(crate) struct Trespasses(Mutex<BTreeMap<Trespass, Count>>);

#[derive(Debug)]
struct Count {
    times: u32,
    since: Instant,
    told: Option<Instant>,
}

impl Trespasses {
    /// Counts one; returns how many there were when that is to be told now.
    pub(crate) fn note(&self, what: Trespass, now: Instant) -> Option<u32> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(what).or_insert(Count { times: 0, since: now, told: None });
        if now.saturating_duration_since(count.since) > WINDOW {
            (count.times, count.since) = (0, now);
        }
        count.times = count.times.saturating_add(1);
        let least = if what == Trespass::Site { 1 } else { PROGRAM_MIN };
        let is_due = count.told.is_none_or(|told| now.saturating_duration_since(told) >= TELL_EVERY);
        if count.times < least || !is_due {
            return None;
        }
        count.told = Some(now);
        count.since = now;
        Some(std::mem::take(&mut count.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_that_was_left_open_is_no_attack_and_a_program_that_goes_on_is_told_now_and_then() {
        let (trespasses, now) = (Trespasses::default(), Instant::now());
        let later = |seconds| now + Duration::from_secs(seconds);
        for minute in 0..10 {
            for second in 0..4 {
                assert_eq!(trespasses.note(Trespass::Program, later(minute * 120 + second)), None);
            }
        }
        let begun = 2_000;
        let told: Vec<u32> = (0..200)
            .filter_map(|number| trespasses.note(Trespass::Program, later(begun + number / 10)))
            .collect();
        assert_eq!(told, [5, 96]);
        assert_eq!(trespasses.note(Trespass::Site, now), Some(1), "no page of ours asks so");
    }
}
