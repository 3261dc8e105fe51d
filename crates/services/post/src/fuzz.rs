//! Mutated bytes for what members send as mail: records, what stands in letters, heads.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use base::{ContentId, PersonId, Timestamp};
use engine::Read;
use proptest::prelude::*;

use crate::flags::Flags;
use crate::head;
use crate::ids::{FolderKey, MailId};
use crate::naming::Claim;
use crate::notes::{Note, Notes, PLACES_MAX, Place};
use crate::statement::{
    Body, HEAD_SIZE_MAX, IN_LETTERS_MAX, Inside, Large, LargeBody, MESSAGE_SIZE_MAX, PIECE_SIZE, Piece,
    Secret, cut,
};

const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);
const MAIL: &[u8] = b"From: Alice <alice@family.althing.internal>\r\nTo: bob@family.althing.internal\r\nSubject: a\r\n b\r\n\r\nhello\r\n";

fn person(number: u8) -> PersonId {
    PersonId::from_slice(&[number; PersonId::LEN]).unwrap()
}

fn large() -> Large {
    let (sealed, digest) = (ContentId::new([3; 32]), ContentId::new([4; 32]));
    let body = LargeBody { sealed, digest, size: 1_000_000, secret: Secret([5; 32]) };
    Large { at: AT, persons: vec![person(1), person(2)], head: MAIL.to_vec().into(), body }
}

fn every_inside() -> Vec<Inside> {
    let mut all = cut(MAIL, AT, &[person(1), person(2)]);
    all.extend(cut(&vec![b'x'; PIECE_SIZE + 1], AT, &[person(1)]));
    all.push(Inside::Large(large()));
    all
}

fn first_piece() -> Piece {
    match every_inside().remove(0) {
        Inside::Piece(piece) => piece,
        Inside::Large(_) => panic!("small mails are pieces"),
    }
}

fn place(folder: &str, flags: &[&str]) -> Place {
    Place { folder: FolderKey::of(0, folder), flags: Flags::of(flags) }
}

fn every_note() -> Vec<Note> {
    let (mail, folder) = (MailId::LEAST, FolderKey::of(1, "Work"));
    let by = Some(base::DeviceId::new([6; 32]));
    let mut places = vec![place("INBOX", &["\\Seen", "todo"]), place("Work", &[])];
    places.sort_unstable();
    vec![
        Note::Placing { mail, count: 1, by: None, places },
        Note::Placing { mail, count: 2, by, places: Vec::new() },
        Note::Naming { folder, count: 1, by, name: Some("Work/2026".to_owned()) },
        Note::Naming { folder, count: 3, by: None, name: None },
    ]
}

fn head_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let judge = |address: &str| if address.starts_with("alice@") { Claim::True } else { Claim::Renamed };
    let once = head::received(bytes, "alice@family.althing.internal", judge)?;
    let twice = head::received(&once, "alice@family.althing.internal", judge);
    assert_eq!(twice.as_ref(), Some(&once), "what was checked stays as it is");
    Some(once)
}

/// Notes over a limit are left out, so it is looked at that what is kept is kept again.
fn notes_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let notes = Notes::read(bytes).ok()?;
    assert_eq!(Notes::read(&notes.to_bytes()).ok().as_ref(), Some(&notes), "what was kept is kept again");
    Some(bytes.to_vec())
}

const READERS: [(&str, Read); 4] = [
    ("mail record", |bytes| Some(wire::to_bytes(&Body::read(bytes).ok()?))),
    ("mail letter", |bytes| Some(wire::to_bytes(&Inside::read(bytes).ok()?))),
    ("mail notes", notes_of),
    // Written anew, so it is only looked at that nothing panics and that a second look changes nothing.
    ("mail head", |bytes| head_of(bytes).map(|_| bytes.to_vec())),
];

#[test]
fn fuzz_what_members_send_as_mail() {
    let mut seeds: Vec<Vec<u8>> = every_inside().iter().map(wire::to_bytes).collect();
    seeds.extend(cut(MAIL, AT, &[]).into_iter().map(|piece| wire::to_bytes(&Body::Open(piece))));
    seeds.push(MAIL.to_vec());
    seeds.push(Notes { key: 7, notes: every_note() }.to_bytes());
    engine::run("mail", &READERS, seeds);
}

#[test]
fn what_is_written_is_read_again() {
    for inside in every_inside() {
        assert_eq!(Inside::read(&wire::to_bytes(&inside)).ok(), Some(inside));
    }
    let notes = Notes { key: 7, notes: every_note() };
    assert_eq!(Notes::read(&notes.to_bytes()).ok(), Some(notes));
    let open = Body::Open(cut(MAIL, AT, &[]).remove(0));
    assert_eq!(Body::read(&wire::to_bytes(&open)).ok(), Some(open));
}

#[test]
fn what_is_over_a_limit_is_refused() {
    let piece = first_piece();
    for wrong in [
        Piece { persons: Vec::new(), ..piece.clone() },
        Piece { persons: vec![person(2), person(1)], ..piece.clone() },
        Piece { persons: (0..17).map(person).collect(), ..piece.clone() },
        Piece { size: 0, bytes: Vec::new().into(), ..piece.clone() },
        Piece { size: IN_LETTERS_MAX + 1, ..piece.clone() },
        Piece { index: 1, ..piece.clone() },
        Piece { bytes: vec![0; 3].into(), ..piece.clone() },
        Piece { index: u64::MAX, ..piece.clone() },
    ] {
        assert!(Inside::read(&wire::to_bytes(&Inside::Piece(wrong.clone()))).is_err(), "{wrong:?}");
    }
    let sized = |size| Large { body: LargeBody { size, ..large().body }, ..large() };
    for wrong in [
        Large { persons: Vec::new(), ..large() },
        Large { head: vec![b'x'; HEAD_SIZE_MAX + 1].into(), ..large() },
        sized(0),
        sized(MESSAGE_SIZE_MAX),
        sized(u64::MAX),
    ] {
        assert!(Inside::read(&wire::to_bytes(&Inside::Large(wrong.clone()))).is_err(), "{wrong:?}");
    }
    // In the open it names nobody.
    assert!(Body::read(&wire::to_bytes(&Body::Open(Inside::Piece(piece)))).is_err());
}

#[test]
fn notes_over_a_limit_are_left_out_and_the_others_count() {
    let (mail, folder, by) = (MailId::LEAST, FolderKey::of(1, "Work"), None);
    let placing = |places| Note::Placing { mail, count: 1, by, places };
    let flags = |names: &[&str]| Flags(names.iter().map(|name| (*name).to_owned()).collect());
    let with = |flags| placing(vec![Place { folder, flags }]);
    let naming = |name: &str| Note::Naming { folder, count: 1, by, name: Some(name.to_owned()) };
    let long = "x".repeat(128);
    let many: Vec<String> = (0..64).map(|number| format!("{number:02}{}", "x".repeat(100))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let wrong = [
        Note::Placing { mail, count: 0, by, places: Vec::new() },
        placing(vec![place("Work", &[]); PLACES_MAX + 1]),
        placing(vec![place("INBOX", &["b"]), place("INBOX", &["a"])]),
        with(flags(&["b", "a"])),
        with(flags(&["a", "A"])),
        with(flags(&["\\seen"])),
        with(flags(&["a b"])),
        with(flags(&["a\r\nb"])),
        with(flags(&many)),
        naming(""),
        naming("a//b"),
        naming("inbox"),
        naming("a\r\nb"),
        naming(&long.repeat(2)),
        Note::Naming { folder, count: 0, by, name: None },
    ];
    for note in wrong {
        let [first, last] = [0, 3].map(|at| every_note()[at].clone());
        let notes = Notes { key: 7, notes: vec![first.clone(), note.clone(), last.clone()] };
        assert_eq!(Notes::read(&notes.to_bytes()).unwrap().notes, [first, last], "{note:?}");
    }
}

#[test]
fn an_id_commits_to_author_web_time_and_bytes() {
    let ids = |inside: &Inside| {
        let (web, other) = (base::WebId::new([1; 32]), base::WebId::new([2; 32]));
        let (alice, bob) = (base::DeviceId::new([3; 32]), base::DeviceId::new([4; 32]));
        [inside.mail(web, alice), inside.mail(other, alice), inside.mail(web, bob)]
    };
    let (piece, large) = (first_piece(), large());
    let of = |piece: Piece| ids(&Inside::Piece(piece));
    let mut all = of(piece.clone()).to_vec();
    all.extend(of(Piece { at: Timestamp::from_millis(1), ..piece.clone() }));
    all.extend(of(Piece { digest: ContentId::new([9; 32]), ..piece.clone() }));
    all.extend(ids(&Inside::Large(large.clone())));
    all.extend(ids(&Inside::Large(Large { head: b"x".to_vec().into(), ..large })));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 15);
    // For whom a letter is does not matter: who is named in two gets the mail once.
    assert_eq!(of(piece.clone()), of(Piece { persons: vec![person(7)], ..piece }));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for (_, read) in READERS {
            // What is read is written as it was: an encoding is unique.
            if let Some(written) = read(&bytes) {
                prop_assert_eq!(written, bytes.clone());
            }
        }
    }
}
