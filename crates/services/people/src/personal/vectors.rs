//! Makes `specs/vectors/people-accept.json` and `people-refuse.json`, records of marks with what they lead to, and
//! compares: every implementation must open them and find the same.
//!
//! `UPDATE_VECTORS=1 cargo test -p people --lib records_of_marks` writes them anew; a change of a vector is a change of format.

use std::collections::BTreeMap;

use base::{DeviceId, WebId};
use serde_json::{Value, json};
use wire::codec::Bytes;
use wire::crypto::PersonKey;
use wire::identity::Key;

use super::marks::{Mark, Marks};
use crate::body::Body;
use crate::sealed::{PLAIN_SIZE_MAX, Sealed, WRAP_PURPOSE, context};

const WEB: WebId = WebId::new([1; 32]);
const AUTHOR: DeviceId = DeviceId::new([2; 32]);
const PERSON_SEED: [u8; 32] = [3; 32];
const BOB: [u8; 32] = [4; 32];
const CAROL: [u8; 32] = [5; 32];

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn key() -> Key {
    Key(PersonKey::from_seed(&PERSON_SEED).public())
}

fn mark(kind: u64, about: [u8; 32], (count, by): (u64, u8), value: Option<&[u8]>) -> Mark {
    let value = value.map(|value| Bytes::from(value.to_vec()));
    Mark { kind, about: about.to_vec().into(), count, by: DeviceId::new([by; 32]), value }
}

fn sealed_for(keys: &[[u8; 32]], plain: &[u8]) -> Sealed {
    let mut count = 0_u64;
    let mut random = |label: &str| {
        count += 1;
        *blake3::hash(format!("{label} {count}").as_bytes()).as_bytes()
    };
    Sealed::seal(&mut random, &context(WEB, AUTHOR), keys, plain).unwrap()
}

fn record(marks: &[Mark]) -> Vec<u8> {
    let plain = wire::to_bytes(&Marks { key: key(), marks: marks.to_vec() });
    Body::Marks { sealed: sealed_for(&[key().0], &plain) }.to_bytes()
}

/// Opens a record as a device of the person does.
fn opened(bytes: &[u8]) -> Option<Marks> {
    let Ok(Body::Marks { sealed }) = Body::read(bytes) else { return None };
    let open =
        |wrap: &[u8], context: &[u8]| PersonKey::from_seed(&PERSON_SEED).open(wrap, WRAP_PURPOSE, context);
    let plain = sealed.open_with(&open, &context(WEB, AUTHOR)).filter(|_| sealed.is_for_one())?;
    wire::from_bytes(&plain, PLAIN_SIZE_MAX).ok()
}

/// What is known after `records`, one line a mark.
fn known(records: &[Vec<u8>]) -> Vec<String> {
    let mut known: BTreeMap<(u64, Vec<u8>), Mark> = BTreeMap::new();
    for mark in records.iter().flat_map(|record| opened(record).unwrap().marks) {
        let place = (mark.kind, mark.about.to_vec());
        if mark.replaces(known.get(&place)) {
            known.insert(place, mark);
        }
    }
    let value = |mark: &Mark| mark.value.as_ref().map_or("-".to_owned(), |value| hex(value));
    let line = |mark: &Mark| {
        format!(
            "{} {} {} {} {}",
            mark.kind,
            hex(&mark.about),
            mark.count,
            hex(mark.by.as_bytes()),
            value(mark)
        )
    };
    known.values().map(line).collect()
}

fn vector(name: &str, records: &[Vec<u8>]) -> Value {
    let (last, before) = records.split_last().unwrap();
    let finds = json!({
        "person_seed": hex(&PERSON_SEED),
        "web": WEB,
        "author": AUTHOR,
        "before": before.iter().map(|record| hex(record)).collect::<Vec<_>>(),
        "marks": known(records),
    });
    json!({ "kind": "marks", "name": name, "bytes": hex(last), "finds": finds })
}

fn accepted() -> Vec<Value> {
    let when: &[u8] = &1_700_000_000_000_u64.to_be_bytes();
    let first =
        record(&[mark(0, BOB, (1, 2), Some("Uncle Bob".as_bytes())), mark(1, CAROL, (1, 2), Some(when))]);
    let other = record(&[mark(0, BOB, (1, 9), Some("Robert".as_bytes())), mark(1, BOB, (3, 9), Some(when))]);
    let later = record(&[mark(0, BOB, (2, 2), None), mark(7, [6; 32], (1, 2), Some(b"of a later version"))]);
    let far = record(&[mark(0, BOB, (u64::MAX, 9), Some(b"never")), mark(0, CAROL, (0, 9), Some(b"never"))]);
    let many: Vec<Mark> = (0..30)
        .map(|number| mark(0, [number; 32], (u64::from(number) + 1, 2), Some("Ängström".as_bytes())))
        .collect();
    let long = record(&many);
    let same = record(&[mark(0, BOB, (1, 2), Some("Uncle Rob".as_bytes()))]);
    let list = |records: &[&Vec<u8>]| records.iter().map(|record| (*record).clone()).collect::<Vec<_>>();
    vec![
        vector("two marks", &list(&[&first])),
        vector("of two with one count that of the greater device", &list(&[&first, &other])),
        vector("the same the other way round", &list(&[&other, &first])),
        vector("taken back, and a kind of a later version", &list(&[&other, &first, &later])),
        vector("what is older changes nothing", &list(&[&later, &first, &other, &first])),
        vector("counts nobody could top, and of nobody", &list(&[&first, &far])),
        vector("thirty, in the greater size", &list(&[&long])),
        vector("one count and one device twice: the greater bytes", &list(&[&first, &same])),
    ]
}

fn refused() -> Vec<Value> {
    let plain = wire::to_bytes(&Marks { key: key(), marks: vec![mark(0, BOB, (1, 2), None)] });
    let vector = |name: &str, sealed: Sealed| {
        let finds = json!({ "person_seed": hex(&PERSON_SEED), "web": WEB, "author": AUTHOR, "before": [], "marks": [] });
        json!({ "kind": "marks", "name": name, "bytes": hex(&Body::Marks { sealed }.to_bytes()), "finds": finds })
    };
    let other = PersonKey::from_seed(&[7; 32]).public();
    let mut trailing = plain.clone();
    trailing.push(0);
    vec![
        vector("more wraps than one person needs", sealed_for(&[key().0; 3], &plain)),
        vector("sealed to somebody else", sealed_for(&[other], &plain)),
        vector("bytes after the marks", sealed_for(&[key().0], &trailing)),
        vector("no marks at all", sealed_for(&[key().0], b"")),
    ]
}

/// Compares with what stands in the repository, or writes it.
#[expect(clippy::disallowed_methods, reason = "a test that reads the repository's own files")]
fn compare(file: &str, vectors: &[Value]) {
    let lines: Vec<String> = vectors.iter().map(|vector| format!("  {vector}")).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../../specs/vectors")
        .join(file);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{file} is not what the code makes");
}

#[test]
fn records_of_marks_that_must_be_read_are_read() {
    let vectors = accepted();
    assert_eq!(vectors[1]["finds"]["marks"], vectors[2]["finds"]["marks"]);
    assert_eq!(vectors[5]["finds"]["marks"], vectors[0]["finds"]["marks"]);
    compare("people-accept.json", &vectors);
}

#[test]
fn records_of_marks_that_must_be_refused_are_refused() {
    let vectors = refused();
    for vector in &vectors {
        let bytes = data_encoding::HEXLOWER.decode(vector["bytes"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(opened(&bytes), None, "{}", vector["name"]);
    }
    compare("people-refuse.json", &vectors);
}
