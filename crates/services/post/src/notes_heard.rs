//! What a letter of notes does that comes from another device of the person, from a stolen one, or from somebody else. One peer alone, whose
//! key is known to the test.

use base::{DeviceId, Timestamp};
use minicbor::Encode;
use serde_json::json;
use sim::lone::{Lone, READER, WEB, device};
use wire::codec::Bytes;
use wire::crypto::{EpochKey, PersonKey, seal_to};

use crate::flags::Flags;
use crate::ids::{FolderKey, MailId};
use crate::notes::{Note, Notes, Place};
use crate::statement::{Body, Inside, cut};

const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);

#[derive(Encode)]
struct Sealed(#[n(0)] Vec<Bytes>, #[n(1)] Bytes);

#[derive(Encode)]
enum Letter {
    #[n(0)]
    Letter(#[n(0)] Sealed),
}

/// A letter that anybody can write who knows the reader's public key.
fn letter(author: u8, notes: Vec<Note>) -> Letter {
    let key = PersonKey::from_seed(&blake3::derive_key("sim person", &[1; 32])).public();
    let context = [WEB.as_bytes().as_slice(), device(author).as_bytes(), b"mail"].concat();
    let plain = Notes { key: 1, notes }.to_bytes();
    let mut padded = u32::try_from(plain.len()).unwrap().to_be_bytes().to_vec();
    padded.extend(plain);
    padded.resize(32_768, 0);
    let content = EpochKey::new([9; 32]);
    let nobody = PersonKey::from_seed(&[8; 32]).public();
    let wrap = |key: &[u8; 32], seed: u8| {
        seal_to(key, "althing/sealed/1", &context, content.secret(), &[seed; 32]).unwrap().into()
    };
    let body = content.seal("althing sealed record v1", &[0; 24], &context, &padded);
    Letter::Letter(Sealed(vec![wrap(&key, 1), wrap(&nobody, 2)], body.into()))
}

struct House {
    lone: Lone,
    seq: u64,
}

impl House {
    fn new() -> Self {
        let names = ["Alice", "Bob", "Bob", "", "", "", "", "", "", "Zoe"];
        Self { lone: Lone::start(Box::new(crate::service()), names, AT), seq: 0 }
    }

    fn hear(&mut self, author: u8, notes: Vec<Note>) {
        self.seq += 1;
        self.lone.tell(author, self.seq, &letter(author, notes));
        self.lone.pass();
    }

    /// Folders beside those that are always there, and how much is in those that hold something.
    fn folders(&self) -> (Vec<String>, Vec<(String, u64)>) {
        let folders = self.lone.read("mail.folders", json!({})).unwrap();
        let all: Vec<(String, u64)> = folders["folders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["name"].as_str().unwrap().to_owned(), one["messages"].as_u64().unwrap()))
            .collect();
        let names = all.iter().skip(6).map(|(name, _)| name.clone()).collect();
        (names, all.into_iter().filter(|(_, messages)| *messages > 0).collect())
    }

    /// Alice writes to all; returns what the mail is called.
    fn mail(text: &str) -> (Body, MailId) {
        let mail = format!("From: alice@town.althing.internal\r\n\r\n{text}\r\n");
        let inside: Inside = cut(mail.as_bytes(), AT, &[]).remove(0);
        let id = inside.mail(WEB, device(0));
        (Body::Open(inside), id)
    }

    fn comes(&mut self, body: &Body) {
        self.seq += 1;
        self.lone.tell(0, self.seq, body);
        self.lone.pass();
    }
}

fn naming(name: &str, count: u64) -> Note {
    Note::Naming { folder: FolderKey::of(0, name), count, by: None, name: Some(name.to_owned()) }
}

fn placing(mail: MailId, count: u64, folders: &[&str]) -> Note {
    let place = |name: &&str| Place { folder: FolderKey::of(0, name), flags: Flags::default() };
    let mut places: Vec<Place> = folders.iter().map(place).collect();
    places.sort_unstable();
    Note::Placing { mail, count, by: None, places }
}

fn held(folder: &str, messages: u64) -> Vec<(String, u64)> {
    vec![(folder.to_owned(), messages)]
}

#[test]
fn notes_count_in_the_logs_of_ones_own_devices_only() {
    let mut house = House::new();
    let (body, id) = House::mail("a");
    house.comes(&body);
    house.hear(0, vec![naming("Work", 1), placing(id, 1, &[])]);
    assert_eq!(house.folders(), (Vec::new(), held("INBOX", 1)));
    house.hear(READER, vec![naming("Work", 1), placing(id, 1, &["Work"])]);
    assert_eq!(house.folders(), (vec!["Work".to_owned()], held("Work", 1)));
}

#[test]
fn a_mail_goes_where_an_earlier_note_says_and_a_removed_one_nowhere() {
    let mut house = House::new();
    let [(one, first), (other, second), (third, unknown)] = ["a", "b", "c"].map(House::mail);
    let notes = vec![placing(first, 3, &["Work"]), placing(second, 1, &[]), placing(unknown, 1, &["Later"])];
    house.hear(READER, [vec![naming("Work", 1)], notes].concat());
    for body in [&one, &other, &third] {
        house.comes(body);
    }
    // A folder that is not known yet is `INBOX`, until it is.
    let places = vec![("INBOX".to_owned(), 1), ("Work".to_owned(), 1)];
    assert_eq!(house.folders(), (vec!["Work".to_owned()], places));
    house.hear(READER, vec![naming("Later", 1)]);
    let places = vec![("Work".to_owned(), 1), ("Later".to_owned(), 1)];
    assert_eq!(house.folders().1, places);
    // Nothing of the removed one is kept.
    assert_eq!(house.lone.rows("mail.bytes").len(), 2);
    // What was removed stays so, whatever a stolen device says.
    house.hear(READER, vec![placing(first, 1, &[]), placing(first, 9, &["INBOX"])]);
    assert_eq!(house.folders().1, held("Later", 1));
}

#[test]
fn what_a_stolen_device_can_fill_is_bounded() {
    let mut house = House::new();
    let key = |number: u64| FolderKey::of(number, "x");
    for first in (0..6_000).step_by(200) {
        let name = |number: u64| Some(format!("x{number}")).filter(|_| number.is_multiple_of(2));
        let note = |number| Note::Naming { folder: key(number), count: 1, by: None, name: name(number) };
        house.hear(READER, (first..first + 200).map(note).collect());
    }
    assert_eq!(house.lone.rows("mail.namings").len(), 4_000);
    // The six stay, and no count is out of reach.
    let inbox = FolderKey::of(0, "INBOX");
    let by = Some(DeviceId::new([255; 32]));
    house.hear(
        READER,
        vec![
            Note::Naming { folder: inbox, count: 1, by, name: None },
            Note::Naming { folder: key(0), count: u64::MAX, by, name: None },
        ],
    );
    let (names, _) = house.folders();
    assert!(names.contains(&"x0".to_owned()));
    let folders = house.lone.read("mail.folders", json!({})).unwrap();
    assert_eq!(folders["folders"][0]["name"], "INBOX");
}
