//! Sets of unit numbers as intervals: a million units in order are one row, not a million.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

/// A set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Intervals {
    /// First number to one past the last; they neither overlap nor touch.
    spans: BTreeMap<u64, u64>,
    /// How many numbers.
    count: u64,
}

/// Consecutive numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct Span {
    #[n(0)]
    pub(crate) first: u64,
    #[n(1)]
    pub(crate) count: u64,
}

impl Span {
    pub(crate) fn of(from: u64, to: u64) -> Self {
        Self { first: from, count: to.saturating_sub(from) }
    }

    pub(crate) fn end(self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

impl Intervals {
    pub(crate) fn of(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut set = Self::default();
        spans.into_iter().for_each(|span| set.insert(span));
        set
    }

    pub(crate) fn one(number: u64) -> Span {
        Span { first: number, count: 1 }
    }

    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.spans.iter().map(|(from, to)| Span::of(*from, *to))
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.spans.iter().flat_map(|(from, to)| *from..*to)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.spans.range(..=number).next_back().is_some_and(|(_, to)| number < *to)
    }

    pub(crate) fn insert(&mut self, span: Span) {
        let (mut from, mut to) = (span.first, span.end());
        if from >= to {
            return;
        }
        if let Some((&before, &end)) = self.spans.range(..=from).next_back()
            && end >= from
        {
            from = before;
            to = to.max(end);
        }
        let inside: Vec<u64> = self.spans.range(from..=to).map(|(start, _)| *start).collect();
        for start in inside {
            if let Some(end) = self.spans.remove(&start) {
                self.count -= end - start;
                to = to.max(end);
            }
        }
        self.spans.insert(from, to);
        self.count += to - from;
    }

    pub(crate) fn remove(&mut self, span: Span) {
        let (from, to) = (span.first, span.end());
        if from >= to {
            return;
        }
        if let Some((&before, &end)) = self.spans.range(..from).next_back()
            && end > from
        {
            self.spans.insert(before, from);
            self.count -= end.min(to) - from;
            if end > to {
                self.spans.insert(to, end);
            }
        }
        let inside: Vec<(u64, u64)> = self.spans.range(from..to).map(|(start, end)| (*start, *end)).collect();
        for (start, end) in inside {
            self.spans.remove(&start);
            self.count -= end.min(to) - start;
            if end > to {
                self.spans.insert(to, end);
            }
        }
    }

    pub(crate) fn insert_all(&mut self, other: &Self) {
        other.spans().for_each(|span| self.insert(span));
    }

    pub(crate) fn remove_all(&mut self, other: &Self) {
        other.spans().for_each(|span| self.remove(span));
    }

    /// Returns what of a span is in the set.
    pub(crate) fn within(&self, span: Span) -> Vec<Span> {
        let mut found = Vec::new();
        let (from, to) = (span.first, span.end());
        let before = self.spans.range(..from).next_back().filter(|(_, end)| **end > from);
        for (start, end) in before.into_iter().chain(self.spans.range(from..to)) {
            found.push(Span::of((*start).max(from), (*end).min(to)));
        }
        found
    }

    /// Returns what is in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let (few, many) = if self.spans.len() <= other.spans.len() { (self, other) } else { (other, self) };
        Self::of(few.spans().flat_map(|span| many.within(span)))
    }

    /// Returns the first `limit` numbers that are here and in none of the others.
    pub(crate) fn first_without(&self, limit: u64, without: &[&Self]) -> Self {
        let mut found = Self::default();
        let mut left = limit;
        for span in self.spans() {
            let mut at = span.first;
            while left > 0 && at < span.end() {
                let blocked = without.iter().find_map(|set| set.span_at(at));
                if let Some(blocked) = blocked {
                    at = blocked.end();
                    continue;
                }
                let next = without.iter().filter_map(|set| set.next_from(at)).min().unwrap_or(u64::MAX);
                let end = span.end().min(next).min(at.saturating_add(left));
                found.insert(Span::of(at, end));
                left -= end - at;
                at = end;
            }
            if left == 0 {
                break;
            }
        }
        found
    }

    fn span_at(&self, number: u64) -> Option<Span> {
        let (from, to) = self.spans.range(..=number).next_back()?;
        (number < *to).then(|| Span::of(*from, *to))
    }

    fn next_from(&self, number: u64) -> Option<u64> {
        self.spans.range(number..).next().map(|(from, _)| *from)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn numbers(set: &Intervals) -> BTreeSet<u64> {
        set.numbers().collect()
    }

    proptest! {
        #[test]
        fn intervals_do_what_a_plain_set_does(
            acts in proptest::collection::vec((any::<bool>(), 0_u64..60, 0_u64..20), 0..40),
            others in proptest::collection::vec((0_u64..60, 0_u64..20), 0..6),
            limit in 0_u64..40,
        ) {
            let (mut set, mut plain) = (Intervals::default(), BTreeSet::new());
            for (is_insert, first, count) in acts {
                let span = Span { first, count };
                if is_insert {
                    set.insert(span);
                    plain.extend(first..first + count);
                } else {
                    set.remove(span);
                    plain.retain(|number| !(first..first + count).contains(number));
                }
            }
            prop_assert_eq!(&numbers(&set), &plain);
            prop_assert_eq!(set.count(), plain.len() as u64);
            let ends: Vec<(u64, u64)> = set.spans().map(|span| (span.first, span.end())).collect();
            prop_assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0), "they touch: {:?}", ends);
            let other = Intervals::of(others.iter().map(|(first, count)| Span { first: *first, count: *count }));
            let both: BTreeSet<u64> = plain.intersection(&numbers(&other)).copied().collect();
            prop_assert_eq!(numbers(&set.and(&other)), both);
            let without: BTreeSet<u64> =
                plain.difference(&numbers(&other)).copied().take(usize::try_from(limit).unwrap()).collect();
            prop_assert_eq!(numbers(&set.first_without(limit, &[&other])), without);
            for number in 0..90 {
                prop_assert_eq!(set.has(number), plain.contains(&number));
            }
        }
    }
}
