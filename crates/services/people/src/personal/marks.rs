//! A person's marks as bytes, and which of two is the newer (spec identity rules 81 to 84). Not for: rows, or when they
//! are said (the module above).

use base::DeviceId;
use minicbor::{Decode, Encode};
use wire::codec::Bytes;
use wire::identity::Key;

use crate::sealed::PLAIN_SIZE_MAX;

/// Bytes of what a mark is about: an id, or a short text.
const ABOUT_SIZE_MAX: usize = 64;

/// Bytes of what a mark says: 64 letters of a name take 256 at most.
const VALUE_SIZE_MAX: usize = 1_024;

/// How far a count may be ahead of the one known here. Nobody changes a mark so often unseen, and a stolen computer that
/// counts up as fast as it can would have to write for ages before a count could not be topped.
const AHEAD_MAX: u64 = 1 << 20;

/// Something this person knows for itself: a name for somebody, that it has compared safety codes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Mark {
    #[n(0)]
    pub(crate) kind: u64,
    #[n(1)]
    pub(crate) about: Bytes,
    /// How often it was changed, as far as who changed it knew.
    #[n(2)]
    pub(crate) count: u64,
    /// The device that changed it.
    #[n(3)]
    pub(crate) by: DeviceId,
    /// None when it was taken back.
    #[n(4)]
    pub(crate) value: Option<Bytes>,
}

impl Mark {
    /// Says whether this mark, which somebody else said, takes the place of the one known of the same kind about the same.
    pub(crate) fn replaces(&self, known: Option<&Self>) -> bool {
        self.is_within(known.map_or(0, |known| known.count)) && known.is_none_or(|known| self.is_after(known))
    }

    /// A total order, so that marks may come in any order, and often.
    fn is_after(&self, other: &Self) -> bool {
        let place = |mark: &Self| (mark.count, mark.by, mark.value.as_ref().map(|value| value.to_vec()));
        place(self) > place(other)
    }

    /// Says whether it may be taken by somebody who knows `count`.
    fn is_within(&self, count: u64) -> bool {
        let value = self.value.as_ref().map_or(0, |value| value.len());
        let is_short = self.about.len() <= ABOUT_SIZE_MAX && value <= VALUE_SIZE_MAX;
        is_short && self.count > 0 && self.count <= count.saturating_add(AHEAD_MAX)
    }

    pub(super) fn size(&self) -> usize {
        wire::to_bytes(self).len()
    }
}

/// What is inside of a sealed record of marks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Marks {
    /// The key of the person to which they are sealed.
    #[n(0)]
    pub(crate) key: Key,
    #[n(1)]
    pub(crate) marks: Vec<Mark>,
}

/// Bytes of the array, the key, and the head of the list.
const HEAD_SIZE: usize = 40;

impl Marks {
    /// Puts marks together so that each list fits into a sealed record.
    pub(super) fn pack(key: Key, marks: Vec<Mark>) -> Vec<Self> {
        let mut packed: Vec<Self> = Vec::new();
        let mut room = 0;
        for mark in marks {
            let size = mark.size();
            if let Some(last) = packed.last_mut().filter(|_| room >= size) {
                last.marks.push(mark);
            } else {
                packed.push(Self { key, marks: vec![mark] });
                room = PLAIN_SIZE_MAX - HEAD_SIZE;
            }
            room = room.saturating_sub(size);
        }
        packed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark() -> impl Strategy<Value = Mark> {
        let value = proptest::option::of(proptest::collection::vec(0_u8..3, 0..2));
        (0_u64..2, 0_u8..2, 1_u64..4, 0_u8..3, value).prop_map(|(kind, about, count, by, value)| Mark {
            kind,
            about: vec![about].into(),
            count,
            by: DeviceId::new([by; 32]),
            value: value.map(Bytes::from),
        })
    }

    type Known = std::collections::BTreeMap<(u64, Vec<u8>), Mark>;

    fn merged(marks: &[Mark]) -> Known {
        let mut known = Known::new();
        for mark in marks {
            let place = (mark.kind, mark.about.to_vec());
            if known.get(&place).is_none_or(|old| mark.is_after(old)) {
                known.insert(place, mark.clone());
            }
        }
        known
    }

    proptest! {
        #[test]
        fn marks_lead_to_the_same_in_any_order_and_however_often(
            marks in proptest::collection::vec(mark(), 0..12),
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
        ) {
            let mut other: Vec<Mark> = if marks.is_empty() { Vec::new() } else {
                order.iter().map(|at| marks[at.index(marks.len())].clone()).collect()
            };
            other.extend(marks.iter().rev().cloned());
            prop_assert_eq!(merged(&marks), merged(&other));
            // Whoever has merged two halves of them has the same.
            let (some, rest) = marks.split_at(marks.len() / 2);
            let halves: Vec<Mark> = merged(rest).into_values().chain(merged(some).into_values()).collect();
            prop_assert_eq!(merged(&marks), merged(&halves));
        }

        #[test]
        fn lists_have_one_encoding_and_any_bytes_do_not_panic(
            marks in proptest::collection::vec(mark(), 0..12),
            noise in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let marks = Marks { key: Key([7; 32]), marks };
            let bytes = wire::to_bytes(&marks);
            prop_assert_eq!(wire::from_bytes::<Marks>(&bytes, PLAIN_SIZE_MAX).unwrap(), marks);
            if let Ok(read) = wire::from_bytes::<Marks>(&noise, PLAIN_SIZE_MAX) {
                prop_assert_eq!(wire::to_bytes(&read), noise);
            }
        }

        #[test]
        fn packed_lists_fit_into_a_sealed_record_and_lose_nothing(sizes in proptest::collection::vec(0_usize..VALUE_SIZE_MAX, 0..30)) {
            let marks: Vec<Mark> = sizes.iter().map(|size| Mark {
                kind: 0, about: vec![1; 32].into(), count: u64::MAX, by: DeviceId::new([2; 32]), value: Some(vec![3; *size].into()),
            }).collect();
            let packed = Marks::pack(Key([7; 32]), marks.clone());
            for list in &packed {
                prop_assert!(!list.marks.is_empty() && wire::to_bytes(list).len() <= PLAIN_SIZE_MAX);
            }
            prop_assert_eq!(packed.into_iter().flat_map(|list| list.marks).collect::<Vec<_>>(), marks);
        }
    }

    #[test]
    fn a_count_far_ahead_of_what_is_known_is_not_taken() {
        let mark =
            |count| Mark { kind: 0, about: vec![1].into(), count, by: DeviceId::new([2; 32]), value: None };
        assert!(mark(1).is_within(0) && mark(AHEAD_MAX).is_within(0) && mark(AHEAD_MAX + 1).is_within(1));
        assert!(!mark(0).is_within(0) && !mark(AHEAD_MAX + 1).is_within(0) && !mark(u64::MAX).is_within(7));
        let long = |about, value: usize| Mark {
            about: vec![1; about].into(),
            value: Some(vec![1; value].into()),
            ..mark(1)
        };
        assert!(long(ABOUT_SIZE_MAX, VALUE_SIZE_MAX).is_within(0));
        assert!(!long(ABOUT_SIZE_MAX + 1, 1).is_within(0) && !long(1, VALUE_SIZE_MAX + 1).is_within(0));
    }
}
