//! Which words a peer's texts may have: a filter that says "no" for certain and "yes" perhaps (spec search, rules 26 to 28).
//!
//! A binary fuse filter of 8 bits (Graf, Lemire: Binary Fuse Filters, 2022): about 9.5 bits a word, wrong in one of 250. Words
//! go in as numbers that only members can make, so whoever carries it for others cannot try a dictionary. Others' filters are
//! hostile until `Summary::read` has checked them; looking a word up reads three bytes, whatever they say.

use base::KeyId;
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;
use wire::crypto::{EpochKey, keyed_number};
use xorf::BinaryFuse8;

/// Bytes of a filter at most: what 100,000 words take, as many as 10,000 pages of one person have. A record holds 128 KiB.
pub const FILTER_SIZE_MAX: usize = 120 * 1024;
/// Words in a filter at most; counting more is a waste, since they would not fit.
pub const FILTER_WORDS_MAX: usize = 110_000;

/// The newest format this program reads and the one it writes.
const VERSION: u16 = 1;
/// Bytes before the fingerprints: seed, width of a segment, count of segments.
const HEAD_SIZE: usize = 8 + 1 + 4;
/// Bits of a segment's width at most: 2^18 is the widest the construction knows.
const WIDTH_BITS_MAX: u8 = 18;
/// What an epoch's key is asked for.
const PURPOSE: &str = "althing search summary v1";

/// The record in which a peer says which words its texts may have.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Summary {
    #[n(0)]
    version: u16,
    /// The epoch whose key made the numbers.
    #[n(1)]
    pub(crate) key: KeyId,
    /// None: ask me always.
    #[n(2)]
    pub(crate) filter: Option<Bytes>,
}

impl Summary {
    /// Says which words there may be; `None` for "ask me always".
    pub(crate) fn new(key: KeyId, filter: Option<Vec<u8>>) -> Self {
        Self { version: VERSION, key, filter: filter.map(Into::into) }
    }

    /// Reads a record and checks the filter in it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let summary: Self = wire::from_bytes(bytes, FILTER_SIZE_MAX + 256)?;
        if summary.version != VERSION {
            return Err(WireError::FutureVersion { version: summary.version, known: VERSION });
        }
        match &summary.filter {
            Some(filter) if Filter::read(filter).is_none() => Err(WireError::OutOfLimits { field: "filter" }),
            _ => Ok(summary),
        }
    }
}

/// The secret with which members of an epoch make numbers of words.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct WordKey(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl WordKey {
    /// Derives it from an epoch's key.
    pub fn of(key: &EpochKey) -> Self {
        Self(key.derive(PURPOSE))
    }

    /// Returns the number of a folded word.
    pub fn number(&self, word: &str) -> u64 {
        keyed_number(&self.0, word.as_bytes())
    }
}

impl std::fmt::Debug for WordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WordKey")
    }
}

/// Makes the filter of some words' numbers; `None` when they are too many.
pub fn build(mut numbers: Vec<u64>) -> Option<Vec<u8>> {
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return Some(Vec::new());
    }
    if numbers.len() > FILTER_WORDS_MAX {
        return None;
    }
    let BinaryFuse8 { descriptor, fingerprints } = BinaryFuse8::try_from(&numbers).ok()?;
    let width_bits = u8::try_from(descriptor.segment_length.checked_ilog2()?).ok()?;
    let segments = descriptor.segment_count_length.checked_div(descriptor.segment_length)?;
    // The construction may leave room behind the last segment.
    let used = Filter { seed: descriptor.seed, width_bits, segments, fingerprints: &fingerprints }.size()?;
    let mut filter = Vec::with_capacity(HEAD_SIZE + used);
    filter.extend_from_slice(&descriptor.seed.to_be_bytes());
    filter.push(width_bits);
    filter.extend_from_slice(&segments.to_be_bytes());
    filter.extend_from_slice(fingerprints.get(..used)?);
    (filter.len() <= FILTER_SIZE_MAX).then_some(filter)
}

/// Says whether a filter may have been made with a word of this number; a filter that is none may.
pub fn may_have(filter: &[u8], number: u64) -> bool {
    match Filter::read(filter) {
        Some(Filter { fingerprints: [], .. }) => false,
        Some(filter) => filter.may_have(number),
        None => true,
    }
}

/// A filter's parts.
struct Filter<'a> {
    seed: u64,
    width_bits: u8,
    segments: u32,
    fingerprints: &'a [u8],
}

impl<'a> Filter<'a> {
    /// Takes a filter apart; `None` when its length is not what its head says. The empty one has no words.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self { seed: 0, width_bits: 0, segments: 0, fingerprints: &[] });
        }
        let (seed, rest) = bytes.split_first_chunk::<8>()?;
        let ([width_bits], rest) = rest.split_first_chunk::<1>()?;
        let (segments, fingerprints) = rest.split_first_chunk::<4>()?;
        let filter = Self {
            seed: u64::from_be_bytes(*seed),
            width_bits: *width_bits,
            segments: u32::from_be_bytes(*segments),
            fingerprints,
        };
        let is_sound = bytes.len() <= FILTER_SIZE_MAX
            && filter.width_bits <= WIDTH_BITS_MAX
            && filter.segments > 0
            && filter.size() == Some(fingerprints.len());
        is_sound.then_some(filter)
    }

    /// Returns how many fingerprints there are: two segments more than a number can begin in.
    fn size(&self) -> Option<usize> {
        let segments = usize::try_from(self.segments).ok()?.checked_add(2)?;
        segments.checked_mul(1_usize.checked_shl(u32::from(self.width_bits))?)
    }

    fn may_have(&self, number: u64) -> bool {
        let hash = mixed(number.wrapping_add(self.seed));
        let width = 1_u64 << self.width_bits;
        let starts = u128::from(self.segments) << self.width_bits;
        let first = u64::try_from((u128::from(hash) * starts) >> 64).unwrap_or(u64::MAX);
        let second = (first.saturating_add(width)) ^ ((hash >> 18) & (width - 1));
        let third = (first.saturating_add(2 * width)) ^ (hash & (width - 1));
        let at = |place: u64| {
            usize::try_from(place).ok().and_then(|place| self.fingerprints.get(place)).copied().unwrap_or(0)
        };
        let [.., fingerprint] = (hash ^ (hash >> 32)).to_be_bytes();
        fingerprint == at(first) ^ at(second) ^ at(third)
    }
}

/// Mixes the bits of a number (the end of `MurmurHash3`).
fn mixed(mut number: u64) -> u64 {
    number ^= number >> 33;
    number = number.wrapping_mul(0xff51_afd7_ed55_8ccd);
    number ^= number >> 33;
    number = number.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> WordKey {
        WordKey::of(&EpochKey::new([9; 32]))
    }

    fn numbers(count: usize) -> Vec<u64> {
        (0..count).map(|number| key().number(&format!("word{number}"))).collect()
    }

    #[test]
    fn every_word_that_went_in_is_found_and_few_others() {
        for count in [0, 1, 2, 3, 10, 1_000, 50_000] {
            let filter = build(numbers(count)).unwrap();
            assert!(numbers(count).into_iter().all(|number| may_have(&filter, number)), "{count} words");
            let others = (0..10_000).map(|number| key().number(&format!("other{number}")));
            let wrong = others.filter(|number| may_have(&filter, *number)).count();
            assert!(wrong <= 80, "{wrong} of 10,000 other words among {count}");
            let of_xorf = BinaryFuse8::try_from(&numbers(count)).unwrap();
            let other = key().number("another");
            if count > 0 {
                assert_eq!(may_have(&filter, other), xorf::Filter::contains(&of_xorf, &other));
            }
        }
    }

    #[test]
    fn so_many_words_fit_and_no_more() {
        assert!(build(numbers(100_000)).unwrap().len() <= FILTER_SIZE_MAX);
        assert_eq!(build(numbers(FILTER_WORDS_MAX + 1)), None);
    }

    #[test]
    fn another_key_makes_other_numbers() {
        let other = WordKey::of(&EpochKey::new([8; 32]));
        assert_ne!(key().number("garten"), other.number("garten"));
        assert_eq!(format!("{:?}", key()), "WordKey");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let good = build(numbers(100)).unwrap();
        let read = |filter: Vec<u8>| {
            Summary::read(&wire::to_bytes(&Summary::new(KeyId::new([1; 32]), Some(filter))))
        };
        assert!(read(good.clone()).is_ok() && read(Vec::new()).is_ok());
        let changed = |change: fn(&mut Vec<u8>)| {
            let mut filter = good.clone();
            change(&mut filter);
            filter
        };
        for filter in [
            changed(|filter| filter.truncate(filter.len() - 1)),
            changed(|filter| filter.push(0)),
            changed(|filter| filter[8] = 63),
            changed(|filter| filter[8] = 255),
            changed(|filter| filter[9] = 255),
            changed(|filter| filter[9..13].fill(0)),
            changed(|filter| filter.truncate(12)),
            vec![0; FILTER_SIZE_MAX + 1],
        ] {
            assert!(read(filter.clone()).is_err());
            assert!(may_have(&filter, 7), "one that is none never keeps a peer from being asked");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), number: u64) {
            let _read = Summary::read(&bytes);
            let _may = may_have(&bytes, number);
        }

        #[test]
        fn any_filter_of_the_right_length_does_not_panic(
            seed: u64, bits in 0_u8..10, segments in 1_u32..20, number: u64,
        ) {
            let mut filter = seed.to_be_bytes().to_vec();
            filter.push(bits);
            filter.extend_from_slice(&segments.to_be_bytes());
            filter.resize(HEAD_SIZE + ((usize::try_from(segments).unwrap() + 2) << bits), 7);
            prop_assert!(Filter::read(&filter).is_some());
            let _may = may_have(&filter, number);
        }
    }
}
