//! A seeded source of chance: the same seed gives the same losses on every machine.
//!
//! Not for: keys or anything secret.

/// A generator of pseudo-random numbers (`SplitMix64`: one addition and three mixes per number).
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Begins a sequence; every `stream` of one seed is a sequence of its own.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self { state: stream };
        Self { state: seed ^ mixed.next() }
    }

    /// Returns a number from 0 (included) to 1 (excluded).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
