//! Mutated bytes for what members send about search: questions, answers, summaries.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use engine::Read;

use crate::messages::Message;
use crate::summary::{Summary, may_have};

const READERS: [(&str, Read); 3] = [
    ("search message", |bytes| Some(wire::to_bytes(&Message::read(bytes).ok()?))),
    ("search summary", |bytes| Some(wire::to_bytes(&Summary::read(bytes).ok()?))),
    // A filter is asked as it lies there, whatever its numbers say.
    ("search filter", |bytes| {
        for word in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let _is_asked = may_have(bytes, word);
        }
        None
    }),
];

#[test]
fn fuzz_what_members_send_about_search() {
    let vectors = [
        include_str!("../../../../specs/vectors/search-accept.json"),
        include_str!("../../../../specs/vectors/search-refuse.json"),
    ];
    let seeds: Vec<Vec<u8>> = vectors.into_iter().flat_map(engine::bytes_of).collect();
    assert!(seeds.len() > 20, "the vectors are not where they were: {}", seeds.len());
    engine::run("search", &READERS, seeds);
}
