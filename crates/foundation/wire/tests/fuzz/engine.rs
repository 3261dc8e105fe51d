//! Gives mutated bytes to readers of what peers send, for as long as wanted: none may panic, and what is accepted has one
//! encoding only. On stable Rust, and the same engine for every crate: each includes this file.
//!
//! `cargo xtask fuzz SECONDS` runs all of them. `FUZZ_SECONDS` says how long one lasts, `FUZZ_SEED` replays one, `FUZZ_KEEP=1` writes the
//! inputs that got through, one of each kind, into `tests/corpus`, where every run begins.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that fails here has found something; it needs a clock, a seed and its corpus; not every crate uses all of it"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Bytes as written again after they were read; none when they are refused.
pub(crate) type Read = fn(&[u8]) -> Option<Vec<u8>>;

/// What is longer than a packet makes everything slow and says no more.
const INPUT_MAX: usize = 4_096;

/// Inputs that a run goes on from at most.
const INPUTS_MAX: usize = 5_000;

/// Inputs kept in the repository for each crate at most, and their length.
const KEPT_MAX: usize = 120;
const KEPT_SIZE_MAX: usize = 512;

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        // Heads of CBOR items, with counts and lengths that promise much, as often as anything.
        const HEADS: [u8; 12] = [0x00, 0x18, 0x1b, 0x3b, 0x58, 0x5b, 0x7b, 0x80, 0x9a, 0x9b, 0x9f, 0xff];
        let any = u8::try_from(self.below(256)).unwrap();
        if self.below(2) == 0 { any } else { HEADS[self.below(HEADS.len())] }
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        match self.below(7) {
            0 if !bytes.is_empty() => bytes[at] = self.byte(),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            2 => bytes.insert(at, self.byte()),
            3 if !bytes.is_empty() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 => {
                let from = self.below(other.len());
                let part = &other[from..(from + self.below(64)).min(other.len())];
                bytes.splice(at..at, part.iter().copied());
            }
            _ => {
                let end = (at + self.below(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
}

/// Runs the readers of one crate over their seeds, over what is kept in `tests/corpus/GROUP.hex`, and over what becomes of both.
pub(crate) fn run(group: &str, readers: &[(&str, Read)], seeds: Vec<Vec<u8>>) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("FUZZ_SECONDS").unwrap_or(2);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let seed = number("FUZZ_SEED").unwrap_or(u64::try_from(now & u128::from(u64::MAX)).unwrap());
    let mut trial =
        Trial { group, readers, seed, tried: 0, accepted: 0, shapes: BTreeSet::new(), kept: Vec::new() };
    let mut corpus: Vec<Vec<u8>> = seeds.into_iter().chain(kept(group)).collect();
    corpus.retain(|bytes| bytes.len() <= INPUT_MAX);
    assert!(!corpus.is_empty(), "{group}: nothing to begin with");
    for bytes in &corpus {
        trial.read(bytes);
    }
    let (begun, mut dice) = (Instant::now(), Dice(seed));
    while begun.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = corpus[dice.below(corpus.len())].clone();
        for _ in 0..=dice.below(4) {
            let other = dice.below(corpus.len());
            dice.mutate(&mut bytes, &corpus[other]);
        }
        // What got through is a good place to go on from.
        if trial.read(&bytes) && bytes.len() <= INPUT_MAX && corpus.len() < INPUTS_MAX {
            corpus.push(bytes);
        }
    }
    let Trial { tried, accepted, kept, .. } = trial;
    say(&format!("{group}, seed {seed}: {tried} readings, {accepted} accepted, in {seconds} s"));
    assert!(accepted > 0, "{group}: nothing ever gets through: the mutations are too coarse");
    if number("FUZZ_KEEP").is_some() {
        let lines: String = kept.iter().map(|bytes| hex(bytes) + "\n").collect();
        std::fs::write(place(group), lines).unwrap();
    }
}

#[allow(clippy::print_stdout, reason = "a test says what it tried")]
fn say(what: &str) {
    println!("{what}");
}

struct Trial<'a> {
    group: &'a str,
    readers: &'a [(&'a str, Read)],
    seed: u64,
    tried: u64,
    accepted: u64,
    shapes: BTreeSet<(usize, usize, Vec<u8>)>,
    kept: Vec<Vec<u8>>,
}

impl Trial<'_> {
    /// Gives bytes to all readers; returns whether one accepted them.
    fn read(&mut self, bytes: &[u8]) -> bool {
        let mut is_accepted = false;
        for (at, (name, read)) in self.readers.iter().enumerate() {
            self.tried += 1;
            let read = catch_unwind(AssertUnwindSafe(|| read(bytes)));
            let written = read.unwrap_or_else(|panic| {
                say(&format!("{} {name}, seed {}, has panicked at {}", self.group, self.seed, hex(bytes)));
                resume_unwind(panic)
            });
            let Some(written) = written else { continue };
            assert_eq!(
                written,
                bytes,
                "{name} accepts a second encoding, seed {}: {}",
                self.seed,
                hex(bytes)
            );
            self.accepted += 1;
            is_accepted = true;
            let shape = (at, bytes.len() / 64, bytes.iter().take(3).copied().collect());
            let has_room = self.kept.len() < KEPT_MAX && bytes.len() <= KEPT_SIZE_MAX;
            if has_room && self.shapes.insert(shape) && !self.kept.iter().any(|kept| kept == bytes) {
                self.kept.push(bytes.to_vec());
            }
        }
        is_accepted
    }
}

fn place(group: &str) -> PathBuf {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../..");
    root.join("tests/corpus").join(format!("{group}.hex"))
}

fn kept(group: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(place(group)).unwrap_or_default();
    text.lines().map(|line| unhex(line).expect("a corpus is hex digits")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

/// The bytes of vectors, as the files in `specs/vectors` have them.
pub(crate) fn bytes_of(vectors: &str) -> Vec<Vec<u8>> {
    let fields = ["\"bytes\": \"", "\"bytes\":\""].into_iter().flat_map(|head| vectors.split(head).skip(1));
    fields.filter_map(|field| unhex(field.split('"').next()?)).collect()
}
