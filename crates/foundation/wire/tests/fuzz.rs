//! Mutated bytes for every reader of this crate, for as long as wanted: none may panic, and what is accepted has one
//! encoding only. The corpus is `specs/vectors`.
//!
//! `FUZZ_SECONDS=600 cargo test -p wire --test fuzz -- --nocapture`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails here has found something"
)]

use std::time::{Duration, Instant};

use wire::crypto::{EpochKey, PersonKey, SignKey, Strict};
use wire::entry::Entry;
use wire::governance::Operation;
use wire::identity::Inception;
use wire::pairing::DeviceLink;
use wire::record::{Batch, Record};
use wire::sealed::ContentKey;
use wire::ticket::Ticket;
use wire::{join, sync, to_bytes};

/// Bytes as written again after they were read; none when they are refused.
type Read = fn(&[u8]) -> Option<Vec<u8>>;

const READERS: [(&str, Read); 15] = [
    ("operation", |bytes| Some(to_bytes(&Operation::read(bytes).ok()?))),
    ("batch", |bytes| Some(to_bytes(&Batch::read(bytes).ok()?))),
    ("sync", |bytes| Some(to_bytes(&sync::Message::read(bytes).ok()?))),
    ("join", |bytes| Some(to_bytes(&join::Message::read(bytes).ok()?))),
    ("record", |bytes| Some(to_bytes(&wire::from_bytes::<Record>(bytes, 1 << 20).ok()?))),
    ("inception", |bytes| Some(Inception::read(bytes).ok()?.to_bytes())),
    ("entry", |bytes| Some(Entry::read(bytes, &Strict).ok()?.bytes)),
    ("stored entry", |bytes| {
        let entry = Entry::read_known(bytes).ok()?;
        Some([&bytes[..64], &to_bytes(&entry.header)].concat())
    }),
    // Texts have other spellings that are forgiven: what was read is read again.
    ("ticket", |bytes| {
        let ticket = Ticket::from_text(std::str::from_utf8(bytes).ok()?).ok()?;
        assert_eq!(Ticket::from_text(&ticket.to_text()).unwrap(), ticket);
        Some(bytes.to_vec())
    }),
    ("device link", |bytes| {
        let link = DeviceLink::from_text(std::str::from_utf8(bytes).ok()?).ok()?;
        assert!(DeviceLink::from_text(&link.to_text()).unwrap() == link);
        Some(bytes.to_vec())
    }),
    ("ticket behind its checksum", |bytes| Some(to_bytes(&wire::from_bytes::<Ticket>(bytes, 2_000).ok()?))),
    ("device link behind its checksum", |bytes| {
        Some(to_bytes(&wire::from_bytes::<DeviceLink>(bytes, 2_000).ok()?))
    }),
    ("address", |bytes| {
        wire::address::Address::read(std::str::from_utf8(bytes).ok()?)?;
        Some(bytes.to_vec())
    }),
    ("sealed copy", |bytes| {
        let key = ContentKey::of(&EpochKey::new([5; 32]), base::ContentId::new([6; 32]));
        assert!(key.open_all(bytes, bytes.len() as u64).is_none(), "nobody has sealed this");
        None
    }),
    ("sealed to a person or device", |bytes| {
        assert!(PersonKey::from_seed(&[7; 32]).open(bytes, "fuzz", b"").is_none(), "nobody has sealed this");
        assert!(SignKey::from_seed(&[7; 32]).open(bytes, "fuzz", b"").is_none(), "nobody has sealed this");
        None
    }),
];

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

/// The bytes of all vectors, accepted and refused ones, texts as bytes, and what is inside of them.
fn corpus() -> Vec<Vec<u8>> {
    let texts = [
        include_str!("../../../../specs/vectors/accept.json"),
        include_str!("../../../../specs/vectors/refuse.json"),
    ];
    let hex = |text: &str| {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>()
    };
    let fields = texts.iter().flat_map(|text| text.split("\"bytes\": \"").skip(1));
    let bytes = fields.filter_map(|field| hex(field.split('"').next()?)).flat_map(|bytes| {
        let body = Entry::read_known(&bytes).ok().map(|entry| entry.header.body.to_vec());
        let text = std::str::from_utf8(&bytes).ok().and_then(|text| Ticket::from_text(text).ok());
        [Some(bytes), body, text.map(|ticket| to_bytes(&ticket))].into_iter().flatten()
    });
    // What is longer than a packet makes everything slow and says no more.
    bytes.filter(|bytes| bytes.len() <= 4_096).collect()
}

#[test]
fn mutated_bytes_panic_nowhere_and_have_one_encoding() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let mut dice = Dice(u64::try_from(seed & u128::from(u64::MAX)).unwrap());
    let first = corpus();
    assert!(first.len() > 30, "the vectors are not where they were: {}", first.len());
    let mut corpus = first;
    let (begun, mut tried, mut accepted) = (Instant::now(), 0_u64, 0_u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = corpus[dice.below(corpus.len())].clone();
        for _ in 0..=dice.below(4) {
            let other = dice.below(corpus.len());
            dice.mutate(&mut bytes, &corpus[other]);
        }
        let mut is_new = false;
        for (name, read) in READERS {
            tried += 1;
            if let Some(written) = read(&bytes) {
                assert_eq!(written, bytes, "{name} accepts a second encoding, seed {seed}");
                accepted += 1;
                is_new = true;
            }
        }
        // What got through is a good place to go on from.
        if is_new && bytes.len() <= 4_096 && corpus.len() < 5_000 {
            corpus.push(bytes);
        }
    }
    println!("seed {seed}: {tried} readings, {accepted} accepted, in {seconds} s");
    assert!(accepted > 0, "nothing ever gets through: the mutations are too coarse");
}
