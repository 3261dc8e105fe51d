//! Contents as they come: empty, tiny, large, changed, gone.

use std::io::Write as _;

use guard::jobs::{Outcome, SCAN, Scan, to_bytes};
use kernel::JobFailure;

use crate::house::{House, findings, harmful, in_place, rules, unseen};
use crate::samples::{eicar, program};

#[test]
fn empty_and_tiny_contents_are_clean() {
    let mut house = House::new();
    for bytes in
        [&b""[..], b"P", b"PK", b"MZ", b"\x1f\x8b", b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"From "]
    {
        let outcome = house.look("", bytes);
        assert!(findings(&outcome).is_empty(), "{bytes:?}: {outcome:?}");
    }
}

#[test]
fn the_test_file_is_found_with_its_place() {
    let mut house = House::new();
    let outcome = house.look("eicar.com", &eicar());
    let found = &findings(&outcome)[0];
    assert_eq!((found.rule.as_str(), found.inside.as_deref()), ("eicar_test_file", None));
    assert_eq!(found.set, scanner::built_in_set());
    assert_eq!(found.places[0].offset, 0);
    assert_eq!(unseen(&outcome), None);
}

#[test]
fn outcomes_come_in_the_order_asked() {
    let mut house = House::new();
    let items = vec![
        house.stored("a", b"clean"),
        house.stored("b", &eicar()),
        house.stored("c.pdf", &program()),
        house.stored("d", b"clean, too"),
    ];
    let outcomes = house.scan(items, Vec::new());
    let counts: Vec<usize> = outcomes.iter().map(|outcome| harmful(outcome).len()).collect();
    assert_eq!(counts, [0, 1, 1, 0]);
}

#[test]
fn a_large_content_is_looked_at_to_its_last_byte() {
    let mut house = House::new();
    let source = "rule mark { strings: $a = \"the mark at the very end\" condition: $a }\n\
                  rule whole { condition: filesize > 0 }";
    let (set, compiled) = house.compile(source);
    assert_eq!(compiled.unwrap().rules, 2);
    // Across the border of two blocks, and at the end.
    let mut bytes: Vec<u8> = (0..50_u32 << 20).map(|number| u8::try_from(number % 251).unwrap()).collect();
    let end = bytes.len() - 24;
    bytes[end..].copy_from_slice(b"the mark at the very end");
    let across = (8 << 20) - 10;
    bytes[across..across + 24].copy_from_slice(b"the mark at the very end");
    let item = house.stored("video.mkv", &bytes);
    let outcome = house.scan(vec![item], vec![set]).remove(0);
    assert_eq!(rules(&outcome), ["mark"]);
    let item = house.stored("small", &bytes[end..]);
    assert_eq!(rules(&house.scan(vec![item], vec![set])[0]), ["mark", "whole"]);
}

#[test]
fn a_shared_file_is_read_in_place_and_only_as_it_was_hashed() {
    let mut house = House::new();
    let path = house.folder.path().join("eicar.com");
    std::fs::write(&path, eicar()).unwrap();
    let item = in_place(&path);
    assert_eq!(harmful(&house.scan(vec![item.clone()], Vec::new())[0]), ["eicar_test_file"]);

    std::fs::File::options().append(true).open(&path).unwrap().write_all(b" ").unwrap();
    let changed = [Outcome::NotSeen { why: "it has just been changed".to_owned() }];
    assert_eq!(house.scan(vec![item.clone()], Vec::new()), changed);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(house.scan(vec![item.clone()], Vec::new()), changed);
    std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
    assert_eq!(house.scan(vec![item.clone()], Vec::new()), changed);
    std::fs::remove_file(&path).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(house.scan(vec![item], Vec::new()), changed);
}

#[test]
fn a_content_that_is_not_here_is_not_seen() {
    let mut house = House::new();
    let mut item = house.stored("a", b"a");
    item.content = base::ContentId::new([7; 32]);
    let outcomes = house.scan(vec![item], Vec::new());
    assert!(matches!(&outcomes[0], Outcome::NotSeen { why } if why.starts_with("it cannot be read")));
}

#[test]
fn names_of_any_length_and_letters_are_borne() {
    let mut house = House::new();
    let long = format!("{}.pdf.exe", "a".repeat(100_000));
    assert!(rules(&house.look(&long, b"x")).contains(&"name_with_two_endings"));
    for name in ["", ".", "..", "/", "\\", "a\0b.exe", "\u{202e}", "\n", "é".repeat(2_000).as_str()] {
        let _seen = house.look(name, b"x");
    }
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let mut house = House::new();
    house.begin(SCAN, b"nonsense".to_vec());
    assert!(matches!(house.end().1, Err(JobFailure::Failed(_))));
    let items = (0..65).map(|_| house.stored("a", b"a")).collect();
    house.begin(SCAN, to_bytes(&Scan { items, sets: Vec::new() }));
    assert!(matches!(house.end().1, Err(JobFailure::Failed(_))));
}
