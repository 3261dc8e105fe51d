//! Draws of the model. All are whole-number arithmetic, so that a seed gives the same table on every machine.

use crate::dice::Dice;

/// What a draw is for: the same numbers drawn for another purpose come out differently.
#[derive(Debug, Clone, Copy)]
pub(super) enum Draw {
    /// The words of a document.
    Words = 1,
    /// How much later than its author a holder gets a new revision, if ever.
    Lag = 2,
    /// Whether a filter says yes to a word that is not there.
    FalsePositive = 3,
    /// When in its interval a peer makes its filter.
    Offset = 4,
    /// Which revision a holder has that never fetches the new one.
    Old = 5,
}

/// Draws 64 bits from numbers: the same numbers give the same bits, in whatever order they are asked for.
pub(super) fn drawn(seed: u64, draw: Draw, first: u32, second: u32) -> u64 {
    let start = Dice::new(seed ^ ((draw as u64) << 56)).bits();
    Dice::new(start ^ ((u64::from(first) << 32) | u64::from(second))).bits()
}

/// Turns 64 random bits into a number from `2^least` to below `2^most`, each doubling as likely as the other.
///
/// This is Zipf's law with exponent 1 in steps: the number `n` comes with a chance of about `1 / n`.
pub(super) fn doubling(bits: u64, least: u32, most: u32) -> u32 {
    let octave = u64::from(least) + (((bits >> 32) * u64::from(most - least)) >> 32);
    let start = 1 << octave;
    u32::try_from(start + (bits & (start - 1))).unwrap_or(u32::MAX)
}

/// Draws an index below `end`, small ones far more often (see [`doubling`]).
pub(super) fn often(dice: &mut Dice, end: u32) -> u32 {
    let octaves = u32::BITS - end.leading_zeros();
    loop {
        let index = doubling(dice.bits(), 0, octaves) - 1;
        if index < end {
            return index;
        }
    }
}

/// Draws an index below `end`, each as likely.
pub(super) fn any(dice: &mut Dice, end: u32) -> u32 {
    u32::try_from(dice.below(u64::from(end))).unwrap_or(0)
}

/// Puts items in random order.
pub(super) fn shuffle(dice: &mut Dice, items: &mut [u32]) {
    for end in (1..items.len()).rev() {
        items.swap(end, dice.index(end + 1));
    }
}
