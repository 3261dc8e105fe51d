//! What members write in the open comes into a folder, and what claims to be another's does not. One peer, whose `records` is a stand-in
//! that tells what the test says.

use base::Timestamp;
use serde_json::json;

use crate::statement::{Body, IN_LETTERS_MAX, Inside, PIECE_SIZE, cut};
use sim::lone::{Lone, Names, person};

const AT: u64 = 1_795_305_600_000;

/// Zoe's peer. Two of the others call themselves Bob.
fn begin() -> Lone {
    Lone::start(Box::new(crate::service()), NAMES, Timestamp::from_millis(AT))
}

/// The pieces of a mail to all, as records.
fn bodies(mail: &str) -> Vec<Body> {
    let at = Timestamp::from_millis(AT);
    cut(mail.replace('\n', "\r\n").as_bytes(), at, &[]).into_iter().map(Body::Open).collect()
}

fn mail(from: &str) -> String {
    format!("From: {from}\nTo: all@town.althing.internal\n\nhello\n")
}

/// Returns how many mails are in INBOX.
fn count(house: &Lone) -> u64 {
    let folders = house.read("mail.folders", json!({})).unwrap();
    folders["folders"][0]["messages"].as_u64().unwrap()
}

const NAMES: Names = ["Alice", "Bob", "Bob", "", "Dora", "", "", "", "", "Zoe"];

/// Says who the mail is from that Alice (0) or Bob (1 and 2 are called so) sent; none if it was dropped.
fn shown(author: u8, from: &str) -> Option<String> {
    shown_among(NAMES, author, from)
}

fn shown_among(names: Names, author: u8, from: &str) -> Option<String> {
    let mut house = Lone::start(Box::new(crate::service()), names, Timestamp::from_millis(AT));
    for body in bodies(&mail(from)) {
        house.tell(author, 1, &body);
    }
    house.pass();
    let rows = house.rows("mail.bytes");
    assert_eq!(rows.len() as u64, count(&house));
    let text = String::from_utf8_lossy(&rows.first()?.1).into_owned();
    let line = text.lines().find(|line| line.contains("From: ")).unwrap();
    Some(line.split("From: ").nth(1).unwrap().to_owned())
}

#[test]
fn who_a_mail_is_from_is_who_has_signed_it() {
    let alice = "alice@town.althing.internal";
    assert_eq!(shown(0, alice).unwrap(), alice);
    assert_eq!(shown(0, &format!("Alice L <{alice}>")).unwrap(), format!("Alice L <{alice}>"));
    // Somebody else's address, by name and by digits.
    assert_eq!(shown(1, alice), None);
    let digits: String = person(0).to_string().chars().take(8).collect();
    assert_eq!(shown(1, &format!("x~{digits}@town.althing.internal")), None);
    // A name that nobody has, another domain, another web, two at once: the author's own instead.
    for from in [
        "old@town.althing.internal",
        "alice@gmail.com",
        "alice@other.althing.internal",
        "zoe@x.y, alice@town.althing.internal",
    ] {
        assert_eq!(shown(0, from).unwrap(), alice, "{from}");
    }
    // Two are called Bob, so neither is without digits.
    let bob = shown(1, "bob@town.althing.internal").unwrap();
    assert!(bob.starts_with("bob~") && bob != shown(2, "bob@town.althing.internal").unwrap(), "{bob}");
}

#[test]
fn who_only_looks_like_another_is_shown_with_digits() {
    // Cyrillic letters; and one that is not seen, which makes a namesake: then both have digits.
    for (liar, alice) in [("\u{410}lice", "alice@"), ("\u{410}ll", "alice@"), ("Alice\u{3164}", "alice~")] {
        let names = ["Alice", liar, "Bob", "", "", "", "", "", "", "Zoe"];
        let written = format!("{}@town.althing.internal", crate::address::of_person(liar));
        let shown = shown_among(names, 1, &written);
        assert!(shown.as_ref().is_none_or(|from| from.contains('~')), "{liar}: {shown:?}");
        let honest = shown_among(names, 0, "alice@town.althing.internal").unwrap();
        assert!(honest.starts_with(alice), "{liar}: {honest}");
    }
}

#[test]
fn mail_of_who_is_admitted_later_waits() {
    let mut house = begin();
    for (seq, body) in (1..).zip(&bodies(&mail("nobody@town.althing.internal"))) {
        house.tell(4, seq, body);
    }
    house.pass();
    assert_eq!((count(&house), house.rows("mail.strangers").len()), (0, 1));
    house.admit(4);
    house.pass();
    assert_eq!((count(&house), house.rows("mail.strangers").len()), (1, 0));
    // Nobody fills the disk without being admitted.
    for seq in 1..200 {
        house.tell(5, seq, &bodies(&mail(&format!("x{seq}@town.althing.internal")))[0]);
    }
    house.pass();
    assert_eq!(house.rows("mail.strangers").len(), 64);
    house.cut(5, 10);
    house.pass();
    assert_eq!(house.rows("mail.strangers").len(), 10);
}

#[test]
fn a_mail_that_comes_again_is_one_and_one_in_another_log_is_another() {
    let mut house = begin();
    let body = bodies(&mail("nobody@town.althing.internal")).remove(0);
    house.tell(0, 1, &body);
    house.tell(0, 2, &body);
    house.pass();
    house.tell(0, 3, &body);
    house.pass();
    assert_eq!(count(&house), 1);
    // Mallory takes the bytes into a log of her own: her mail, under her address.
    house.tell(1, 1, &body);
    house.pass();
    assert_eq!(count(&house), 2);
}

#[test]
fn pieces_come_in_any_order_and_what_does_not_fit_together_is_dropped() {
    let large = format!("{}{}", mail("alice@town.althing.internal"), "0123456789\n".repeat(9_000));
    let pieces = bodies(&large);
    assert_eq!(pieces.len(), 4);
    let mut house = begin();
    for (seq, index) in [(1, 2), (2, 0), (3, 3), (4, 0)] {
        house.tell(0, seq, &pieces[index]);
    }
    house.pass();
    assert_eq!(count(&house), 0);
    house.tell(0, 5, &pieces[1]);
    house.pass();
    assert_eq!(count(&house), 1);
    // One piece is of another mail of the same size.
    let mut house = begin();
    for (seq, body) in (1..).zip(&pieces) {
        let mut body = body.clone();
        if let Body::Open(Inside::Piece(piece)) = &mut body
            && seq == 2
        {
            piece.bytes = vec![b'x'; PIECE_SIZE].into();
        }
        house.tell(0, seq, &body);
    }
    house.pass();
    assert_eq!(count(&house), 0);
    assert!(house.rows("mail.pieces").is_empty());
}

#[test]
fn what_waits_behind_a_cut_is_forgotten_and_what_was_delivered_stays() {
    let large = format!("{}{}", mail("alice@town.althing.internal"), "0123456789\n".repeat(9_000));
    let mut house = begin();
    house.tell(0, 1, &bodies(&mail("alice@town.althing.internal"))[0]);
    house.tell(0, 2, &bodies(&large)[0]);
    house.pass();
    assert_eq!((count(&house), house.rows("mail.pieces").len()), (1, 1));
    house.cut(0, 0);
    house.pass();
    assert_eq!((count(&house), house.rows("mail.pieces").len()), (1, 0));
}

#[test]
fn what_waits_of_one_device_is_bounded() {
    let mut house = begin();
    for number in 0..200_u64 {
        let large =
            format!("{}{number}{}", mail("alice@town.althing.internal"), "0123456789\n".repeat(20_000));
        let pieces = bodies(&large);
        assert!(large.len() as u64 <= IN_LETTERS_MAX && pieces.len() == 8, "{}", pieces.len());
        for (seq, body) in (number * 4 + 1..).zip(pieces.iter().take(4)) {
            house.tell(0, seq, body);
        }
    }
    house.pass();
    let waiting = house.rows("mail.pieces").len();
    assert!((500..=512).contains(&waiting), "{waiting}");
}

#[test]
fn rows_of_an_earlier_versions_home_are_read() {
    use crate::tables::{FolderRow, MailRow};
    let mail: MailRow = minicbor::decode(&wire::to_bytes(&(7_u64, 1_u64, None::<u64>))).unwrap();
    assert_eq!((mail.size, mail.copies, mail.origin), (7, 1, None));
    let mut folder = Vec::new();
    let mut encoder = minicbor::Encoder::new(&mut folder);
    encoder.array(9).unwrap().str("Work").unwrap().bool(true).unwrap();
    for number in [5_u32, 3, 2, 2, 1, 0, 0] {
        encoder.u32(number).unwrap();
    }
    let folder: FolderRow = minicbor::decode(&folder).unwrap();
    assert_eq!((folder.name.as_str(), folder.next, folder.key), ("Work", 3, None));
}
