//! When a job will be done, as far as that can be told: by what was measured, else not at all. Reads rows only.

use std::time::Duration;

use base::{RunId, Timestamp};
use store::{Rows, StoreError};

use crate::messages::PARTS_MAX;
use crate::owner::{SPEED_SPAN, rolled};
use crate::reading::span_words;
use crate::tables::{JobRow, JobState, SPEED, SourceRow, SpeedRow, StageRow, StageState};

/// Spans looked back at, at least; further back only where fewer than [`ENOUGH`] units were done in them.
const SPANS_MIN: usize = 12;
/// Units that tell how fast a job is.
const ENOUGH: u64 = 10;
/// Fewer in five minutes tell nothing.
const FEW: u64 = 2;

/// What is left of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Until all units that are counted are done; none when that is unknown.
    pub(crate) seconds: Option<u64>,
    /// Whether more units will come.
    pub(crate) has_more: bool,
    is_going: bool,
}

impl Left {
    /// Says it as a person does.
    pub(crate) fn words(self) -> String {
        match self.seconds {
            _ if !self.is_going => String::new(),
            None => "unknown".to_owned(),
            Some(seconds) if self.has_more => format!("{} at least", span_words(seconds)),
            Some(seconds) => format!("about {}", span_words(seconds)),
        }
    }
}

/// Returns what is left of a job whose steps are these, each with how many units are done.
pub(crate) fn left<R: Rows + ?Sized>(
    rows: &R,
    now: Timestamp,
    id: RunId,
    job: &JobRow,
    stages: &[(StageRow, u64)],
) -> Result<Left, StoreError> {
    if !matches!(job.state, JobState::Gathering | JobState::Running) {
        return Ok(Left::default());
    }
    let (units, has_more) = units_left(stages);
    let speed = rolled(SPEED.get(rows, &id)?.unwrap_or_default(), now);
    Ok(Left { seconds: seconds(&speed, now, units), has_more, is_going: true })
}

/// Returns how many units are left as far as they are known, and whether there will be more.
fn units_left(stages: &[(StageRow, u64)]) -> (u64, bool) {
    let (mut units, mut has_more) = (0_u64, false);
    for (stage, done) in stages {
        units = units.saturating_add(stage.total.saturating_sub(*done));
        match (&stage.source, stage.state) {
            // What joins is few units, and how many is known beforehand.
            (SourceRow::Groups { stage: of, .. }, StageState::Waiting) => {
                let before = stages.iter().find(|(one, _)| one.announced.stage == *of);
                let parts = u64::try_from(PARTS_MAX).unwrap_or(1);
                units = units.saturating_add(before.map_or(0, |(one, _)| one.total.div_ceil(parts)));
            }
            (_, StageState::Done) | (SourceRow::Groups { .. }, _) => {}
            // Units of another program: how long they take was not measured.
            (_, StageState::Waiting) => has_more = true,
            (_, StageState::Running) => has_more |= !stage.is_closed,
        }
    }
    (units, has_more)
}

/// Returns how long so many units take at the pace of the last minutes; none when too few were done to tell.
fn seconds(speed: &SpeedRow, now: Timestamp, units: u64) -> Option<u64> {
    let (mut done, mut spans) = (0_u64, 0_u32);
    for count in &speed.spans {
        if usize::try_from(spans).unwrap_or(usize::MAX) > SPANS_MIN && done >= ENOUGH {
            break;
        }
        done = done.saturating_add(u64::from(*count));
        spans += 1;
    }
    if done < FEW {
        return None;
    }
    // The first of them took time before they were counted.
    let elapsed: Duration = now.since(speed.began) + SPEED_SPAN * spans;
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    Some(units.saturating_mul(millis).div_ceil(done).div_ceil(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1_000)
    }

    #[test]
    fn what_is_left_is_said_by_what_was_measured() {
        let check = |spans: &[u32], units, expected| {
            let speed = SpeedRow { began: at(0), spans: spans.to_vec() };
            assert_eq!(seconds(&speed, at(5), units), expected, "{spans:?}");
        };
        check(&[], 10, None);
        check(&[1], 10, None);
        check(&[0; 60], 10, None);
        // Ten in ten seconds.
        check(&[10], 10, Some(10));
        check(&[5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 500], 13, Some(14));
        // Where the last minute says little, the minutes before it do.
        let slow: Vec<u32> = (0..60).map(|span| u32::from(span % 12 == 0)).collect();
        check(&slow, 1, Some(61));
    }

    #[test]
    fn nothing_is_promised_that_is_not_known() {
        let words = |seconds, has_more, is_going| Left { seconds, has_more, is_going }.words();
        assert_eq!(words(None, false, true), "unknown");
        assert_eq!(words(Some(90), false, true), "about 90 s");
        assert_eq!(words(Some(300), true, true), "5 min at least");
        assert_eq!(words(Some(300), true, false), "");
    }
}
