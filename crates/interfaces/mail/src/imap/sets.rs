//! Sets of numbers as clients send them, made small and sorted whatever they were.

use imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};

/// Ranges without overlap, in order, ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// `last` is what `*` means; with 0 nothing is there and `*` is nothing.
    pub(super) fn of(set: &SequenceSet, last: u32) -> Self {
        let number = |end: &SeqOrUid| match end {
            SeqOrUid::Value(value) => value.get(),
            SeqOrUid::Asterisk => last,
        };
        let pair = |sequence: &Sequence| {
            let (one, other) = match sequence {
                Sequence::Single(one) => (number(one), number(one)),
                Sequence::Range(one, other) => (number(one), number(other)),
            };
            // Only `*` is ever 0: there is no last message, so there is nothing from or to it.
            (one > 0 && other > 0).then(|| (one.min(other), one.max(other)))
        };
        let mut pairs: Vec<(u32, u32)> = set.0.as_ref().iter().filter_map(pair).collect();
        pairs.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (low, high) in pairs {
            match ranges.last_mut() {
                Some((_, end)) if low <= end.saturating_add(1) => *end = high.max(*end),
                _ => ranges.push((low, high)),
            }
        }
        Self(ranges)
    }

    pub(super) fn has(&self, number: u32) -> bool {
        let at = self.0.partition_point(|(_, high)| *high < number);
        self.0.get(at).is_some_and(|(low, _)| *low <= number)
    }

    pub(super) fn last(&self) -> u32 {
        self.0.last().map_or(0, |(_, high)| *high)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().copied()
    }
}

/// Writes numbers as a set, as in `1:3,7`; in the order given.
pub(super) fn written(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut text = String::new();
    let mut open: Option<(u32, u32)> = None;
    let mut push = |(low, high): (u32, u32)| {
        let gap = if text.is_empty() { "" } else { "," };
        text.push_str(&if low == high { format!("{gap}{low}") } else { format!("{gap}{low}:{high}") });
    };
    for number in numbers {
        open = match open {
            Some((low, high)) if high.checked_add(1) == Some(number) => Some((low, number)),
            Some(done) => {
                push(done);
                Some((number, number))
            }
            None => Some((number, number)),
        };
    }
    open.into_iter().for_each(&mut push);
    text
}
