//! Mutated bytes for what members send to `people` in records, and for governance.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;
mod hostile;

use base::Timestamp;
use engine::Read;
use wire::crypto::PersonKey;

use crate::body::{Body, usable};
use crate::meeting::Note;
use crate::personal::{Marks, is_taken};
use crate::sealed::{PLAIN_SIZE_MAX, Sealed};

const READERS: [(&str, Read); 4] = [
    ("people record", |bytes| {
        let body = Body::read(bytes).ok()?;
        match &body {
            Body::Note { sealed, .. } | Body::Marks { sealed } => drop(opened(sealed)),
            Body::Addresses { addresses } => drop(usable(addresses)),
            Body::Profile { name } | Body::WebName { name } => {
                let label = crate::label::safe(name, "0000000000");
                assert!(!label.is_empty() && !label.contains(['/', '\\', '~', '\0']), "{label:?}");
            }
        }
        Some(body.to_bytes())
    }),
    // What stands inside of a sealed record was written by a member, or by a computer of mine that was stolen.
    ("note", |bytes| Some(wire::to_bytes(&wire::from_bytes::<Note>(bytes, PLAIN_SIZE_MAX).ok()?))),
    ("marks", |bytes| {
        let marks: Marks = wire::from_bytes(bytes, PLAIN_SIZE_MAX).ok()?;
        let _are_taken = is_taken(&marks);
        Some(wire::to_bytes(&marks))
    }),
    ("sealed to somebody", |bytes| {
        let sealed: Sealed = wire::from_bytes(bytes, 8_192).ok()?;
        drop(opened(&sealed));
        Some(wire::to_bytes(&sealed))
    }),
];

/// The key to which the vectors' marks are sealed.
fn opened(sealed: &Sealed) -> Option<Vec<u8>> {
    let person = PersonKey::from_seed(&[3; 32]);
    sealed.open_with(&|wrap, context| person.open(wrap, crate::sealed::WRAP_PURPOSE, context), &[1; 64])
}

fn seeds() -> Vec<Vec<u8>> {
    let vectors = [
        include_str!("../../../../specs/vectors/people-accept.json"),
        include_str!("../../../../specs/vectors/people-refuse.json"),
    ];
    let records = vectors.into_iter().flat_map(engine::bytes_of);
    let bodies = [
        Body::Profile { name: "Zoë\u{202e}".to_owned() },
        Body::WebName { name: "family".to_owned() },
        Body::Addresses {
            addresses: vec!["192.0.2.1:4000".to_owned(), "http://relay.example.org:4242/".to_owned()],
        },
    ];
    let mut random = 0_u8;
    let sealed = Sealed::seal(
        &mut |_| {
            random += 1;
            [random; 32]
        },
        &[1; 64],
        &[PersonKey::from_seed(&[3; 32]).public()],
        b"come",
    );
    let sealed = sealed.expect("one person may be named");
    let note = Body::Note { until: Timestamp::from_millis(9), sealed: sealed.clone() };
    let inside = [
        wire::to_bytes(&Note::Invitation { ticket: "althing1".to_owned() }),
        wire::to_bytes(&crate::personal::some_marks()),
        wire::to_bytes(&sealed),
    ];
    records.chain(bodies.iter().chain([&note]).map(Body::to_bytes)).chain(inside).collect()
}

#[test]
fn fuzz_what_members_send_about_themselves() {
    let seeds = seeds();
    for bytes in &seeds {
        assert!(READERS.iter().any(|(_, read)| read(bytes).is_some()), "a seed is refused: {bytes:?}");
    }
    engine::run("people", &READERS, seeds);
}

#[test]
fn fuzz_governance_of_signed_entries_whose_bodies_are_anything() {
    engine::run("governance", &[("governance", hostile::read)], hostile::seeds());
}
