//! Vectors of notes: which are taken of a letter, what is known when all were heard, and how folders are shown then.

use std::collections::BTreeMap;

use base::DeviceId;
use serde_json::{Value, json};

use super::services::vector;
use super::{AUTHOR, mangled};
use crate::flags::Flags;
use crate::ids::{FolderKey, MailId};
use crate::namings;
use crate::notes::{Note, Notes, PLACES_MAX, Place, State as _};
use crate::tables::{NamingRow, PlacingRow};

fn mail(number: u8) -> MailId {
    MailId(base::OperationId::new([number; 16]))
}

fn by(number: u8) -> DeviceId {
    DeviceId::new([number; 32])
}

fn place(folder: &str, flags: &[&str]) -> Place {
    let flags = Flags(flags.iter().map(|flag| (*flag).to_owned()).collect());
    Place { folder: FolderKey::of(0, folder), flags }
}

fn placing(count: u64, by: Option<DeviceId>, mut places: Vec<Place>) -> Note {
    places.sort_unstable();
    Note::Placing { mail: mail(1), count, by, places }
}

fn flagged(flags: &[&str]) -> Note {
    placing(1, None, vec![place("INBOX", flags)])
}

fn naming(folder: (u64, &str), count: u64, by: Option<DeviceId>, name: Option<&str>) -> Note {
    let folder = FolderKey::of(folder.0, folder.1);
    Note::Naming { folder, count, by, name: name.map(str::to_owned) }
}

fn made(number: u64, name: &str) -> Note {
    naming((number, name), 1, None, Some(name))
}

/// What a device knows that has heard notes, one after the other.
#[derive(Default)]
struct Known {
    mails: BTreeMap<MailId, PlacingRow>,
    folders: BTreeMap<FolderKey, NamingRow>,
}

impl Known {
    fn hear(&mut self, note: Note) {
        match note {
            Note::Placing { mail, count, by, places } => {
                let by = by.unwrap_or(AUTHOR);
                let heard = PlacingRow { count, by, places, said: None, is_early: false };
                if heard.replaces(self.mails.get(&mail)) {
                    self.mails.insert(mail, heard);
                }
            }
            Note::Naming { folder, count, by, name } => {
                let heard = NamingRow { count, by: by.unwrap_or(AUTHOR), name };
                if !namings::is_own(folder) && heard.replaces(self.folders.get(&folder)) {
                    self.folders.insert(folder, heard);
                }
            }
        }
    }

    fn told(&self) -> Value {
        let place = |place: &Place| json!([place.folder.0, place.flags.0]);
        let mail = |(mail, row): (&MailId, &PlacingRow)| {
            let places: Vec<Value> = row.places.iter().map(place).collect();
            json!([mail.to_string(), row.count.to_string(), row.by, places])
        };
        let folder =
            |(key, row): (&FolderKey, &NamingRow)| json!([key.0, row.count.to_string(), row.by, row.name]);
        let living = self.folders.iter().filter_map(|(key, row)| Some((*key, row.name.clone()?))).collect();
        let shown = namings::shown(&living).into_iter().map(|(key, name)| json!([key.0, name]));
        json!({
            "mails": self.mails.iter().map(mail).collect::<Vec<_>>(),
            "folders": self.folders.iter().map(folder).collect::<Vec<_>>(),
            "shown": shown.collect::<Vec<_>>(),
        })
    }
}

fn letter(name: &str, notes: Vec<Note>) -> Value {
    let bytes = Notes { key: 7, notes }.to_bytes();
    let mut known = Known::default();
    let Notes { key, notes } = Notes::read(&bytes).unwrap();
    let taken = notes.len();
    for note in notes {
        known.hear(note);
    }
    let finds = json!({ "key": key.to_string(), "taken": taken, "known": known.told() });
    vector("post-notes", name, &bytes, &finds)
}

fn states() -> Vec<Value> {
    let [inbox, work] = ["INBOX", "Work"].map(|name| vec![place(name, &["\\Seen"])]);
    let moved = |count, number, places: &[Place]| placing(count, Some(by(number)), places.to_vec());
    let named = |count, number, name| naming((0, "Work"), count, Some(by(number)), name);
    vec![
        letter("where a mail is", vec![placing(1, None, inbox.clone())]),
        letter("a greater count, heard first", vec![moved(2, 1, &work), moved(1, 9, &inbox)]),
        letter("a greater device", vec![moved(1, 9, &work), moved(1, 1, &inbox), moved(1, 3, &inbox)]),
        letter(
            "the same count and device",
            vec![moved(1, 1, &work), moved(1, 1, &inbox), moved(1, 1, &work)],
        ),
        letter("removed, whatever else is said", vec![moved(1, 1, &[]), moved(9, 9, &work)]),
        letter("removed twice", vec![moved(1, 1, &[]), moved(2, 2, &[]), moved(1, 9, &[])]),
        letter("a count out of reach", vec![moved(1 << 20, 1, &work), moved((1 << 21) + 1, 1, &inbox)]),
        letter("a count just in reach", vec![moved(1 << 20, 1, &work), moved(1 << 21, 1, &inbox)]),
        letter("the first count out of reach", vec![moved((1 << 20) + 1, 1, &work)]),
        letter("a folder called otherwise", vec![made(0, "Work"), named(2, 1, Some("Play"))]),
        letter("a folder removed", vec![named(1, 1, None), made(0, "Work"), named(3, 1, Some("Play"))]),
        letter("of a name and none the removal", vec![named(2, 1, Some("A")), named(1, 1, None)]),
        letter("what is always there stays", vec![naming((0, "INBOX"), 1, None, None), made(0, "Sent")]),
        letter("namesakes", vec![made(0, "Work"), made(1, "Work"), made(2, "Work")]),
        letter(
            "a number that is taken",
            vec![
                made(0, "Work"),
                made(1, "Work"),
                made(0, "Work (2)"),
                naming((0, "x"), 1, None, Some("Sent")),
            ],
        ),
    ]
}

pub(super) fn accepted() -> Vec<Value> {
    let many: Vec<String> = (10..74).map(|number| format!("k{number}")).collect();
    let words: Vec<&str> = many.iter().map(String::as_str).collect();
    let longest = ["a", "b", "c", "d", "e", "f", "g"].map(|letter| letter.repeat(128));
    let mut together: Vec<&str> = longest.iter().map(String::as_str).collect();
    let rest = "h".repeat(104);
    together.push(&rest);
    let places = (10..10 + PLACES_MAX).map(|number| place(&format!("f{number}"), &[])).collect();
    let mut vectors = vec![
        letter("no notes", Vec::new()),
        letter("all flags", vec![flagged(&["\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen"])]),
        letter("as many keywords as there may be", vec![flagged(&words)]),
        letter("the longest flags together", vec![flagged(&together)]),
        letter("keywords of all letters", vec![flagged(&["!#$&'+,-./:;<=>?@[^_`|}~"])]),
        letter("as many places as there may be", vec![placing(1, None, places)]),
        letter("a mail twice in one folder", vec![placing(1, None, vec![place("A", &[]), place("A", &[])])]),
    ];
    vectors.extend(left_out());
    vectors.extend(states());
    vectors
}

/// Notes that break a limit, beside one that does not.
fn left_out() -> Vec<Value> {
    let too_many: Vec<String> = (10..75).map(|number| format!("k{number}")).collect();
    let too_many: Vec<&str> = too_many.iter().map(String::as_str).collect();
    let longest = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|letter| letter.repeat(126));
    let too_long = "x".repeat(129);
    let places = (10..=10 + PLACES_MAX).map(|number| place(&format!("f{number}"), &[])).collect();
    let mut swapped = vec![place("A", &[]), place("B", &[])];
    swapped.sort_unstable_by(|one, other| other.cmp(one));
    [
        ("count 0", placing(0, None, vec![place("INBOX", &[])])),
        ("too many places", placing(1, None, places)),
        ("places in disorder", Note::Placing { mail: mail(1), count: 1, by: None, places: swapped }),
        ("flags in disorder", flagged(&["b", "a"])),
        ("a flag twice", flagged(&["a", "a"])),
        ("a flag twice, in other letters", flagged(&["A", "a"])),
        ("a flag of IMAP in other letters", flagged(&["\\seen"])),
        ("a flag of IMAP that there is not", flagged(&["\\Recent"])),
        ("an empty flag", flagged(&[""])),
        ("a flag with a space", flagged(&["a b"])),
        ("a flag with a bracket", flagged(&["a]"])),
        ("a flag that is no ASCII", flagged(&["ä"])),
        ("a flag too long", flagged(&[&too_long])),
        ("too many flags", flagged(&too_many)),
        ("flags too long together", flagged(&longest.each_ref().map(String::as_str))),
        ("a folder counted 0", naming((0, "A"), 0, None, Some("A"))),
        ("a folder without a name", naming((0, "A"), 1, None, Some(""))),
        ("a folder with a bad name", naming((0, "A"), 1, None, Some("a//b"))),
        ("a folder that would be the inbox", naming((0, "A"), 1, None, Some("inbox"))),
    ]
    .map(|(name, note)| letter(name, vec![note, made(0, "Good")]))
    .to_vec()
}

pub(super) fn refused() -> Vec<Value> {
    let good = Notes { key: 7, notes: vec![placing(1, None, vec![place("INBOX", &[])])] }.to_bytes();
    let unknown = [&[0x82, 2, 0x81, 0x82, 7, 0x81, 0x82, 2], good.get(8..).unwrap()].concat();
    let a_mail = [&[0x82, 0], good.get(2..).unwrap()].concat();
    let mut vectors = mangled("post-notes", &good, 3);
    vectors.push(vector("post-notes", "a note of an unknown kind", &unknown, &json!({})));
    vectors.push(vector("post-notes", "what is said to be a piece", &a_mail, &json!({})));
    vectors
}
