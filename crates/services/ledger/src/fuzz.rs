//! Mutated bytes for what members send about ledgers: messages, records, snapshots.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use engine::Read;

use crate::messages::Message;
use crate::snapshots::Snapshot;
use crate::tests::{every_body, every_message, snapshot};
use crate::value::Body;

const READERS: [(&str, Read); 3] = [
    ("ledger message", |bytes| Some(wire::to_bytes(&Message::read(bytes).ok()?))),
    ("ledger record", |bytes| Some(wire::to_bytes(&Body::read(bytes).ok()?))),
    ("ledger snapshot", |bytes| Some(wire::to_bytes(&wire::from_bytes::<Snapshot>(bytes, 1 << 20).ok()?))),
];

#[test]
fn fuzz_what_members_send_about_ledgers() {
    let mut seeds: Vec<Vec<u8>> = every_message().iter().map(wire::to_bytes).collect();
    seeds.extend(every_body().iter().map(wire::to_bytes));
    seeds.push(wire::to_bytes(&snapshot()));
    let vectors = [
        include_str!("../../../../specs/vectors/ledger-accept.json"),
        include_str!("../../../../specs/vectors/ledger-refuse.json"),
    ];
    seeds.extend(vectors.into_iter().flat_map(engine::bytes_of));
    assert!(seeds.len() > 100, "the vectors are not where they were: {}", seeds.len());
    engine::run("ledger", &READERS, seeds);
}
