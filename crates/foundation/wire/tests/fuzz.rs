//! Mutated bytes for every reader of this crate (see the engine). The corpus begins with `specs/vectors`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails here has found something"
)]

#[path = "fuzz/engine.rs"]
mod engine;

use engine::Read;
use wire::crypto::{EpochKey, PersonKey, SignKey, Strict};
use wire::entry::Entry;
use wire::governance::Operation;
use wire::identity::Inception;
use wire::pairing::DeviceLink;
use wire::record::{Batch, Record};
use wire::sealed::ContentKey;
use wire::ticket::Ticket;
use wire::{join, sync, to_bytes};

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

/// The bytes of all vectors, accepted and refused ones, texts as bytes, and what is inside of them.
fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        include_str!("../../../../specs/vectors/accept.json"),
        include_str!("../../../../specs/vectors/refuse.json"),
    ];
    let bytes = texts.into_iter().flat_map(engine::bytes_of).flat_map(|bytes| {
        let body = Entry::read_known(&bytes).ok().map(|entry| entry.header.body.to_vec());
        let text = std::str::from_utf8(&bytes).ok().and_then(|text| Ticket::from_text(text).ok());
        [Some(bytes), body, text.map(|ticket| to_bytes(&ticket))].into_iter().flatten()
    });
    bytes.collect()
}

#[test]
fn fuzz_mutated_bytes_panic_nowhere_and_have_one_encoding() {
    let seeds = seeds();
    assert!(seeds.len() > 30, "the vectors are not where they were: {}", seeds.len());
    engine::run("wire", &READERS, seeds);
}
