//! Makes the vectors of tunnels in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and
//! find the same in them.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use base::{PersonId, Timestamp, WebId};
use serde_json::{Value, json};
use services::vector;
use wire::governance::Role;

use crate::jobs::{REQUEST_SIZE_MAX, Request};
use crate::statement::{Audience, NOTE_SIZE_MAX, Offer, PERSONS_MAX};

const AT: u64 = 1_795_305_600_000;

// --- offers ---

fn offer() -> Offer {
    let audience = Audience::AtLeast { role: Role::Member };
    let at = Timestamp::from_millis(AT);
    Offer { name: "ledger".to_owned(), at, is_open: true, audience, note: "the books of 2026".to_owned() }
}

fn named(name: &str) -> Offer {
    Offer { name: name.to_owned(), ..offer() }
}

fn noted(note: &str) -> Offer {
    Offer { note: note.to_owned(), ..offer() }
}

fn for_role(role: Role) -> Offer {
    Offer { audience: Audience::AtLeast { role }, ..offer() }
}

fn for_persons(numbers: &[u8]) -> Offer {
    let persons = numbers.iter().map(|number| PersonId::new([*number; 32])).collect();
    Offer { audience: Audience::Persons { persons }, ..offer() }
}

fn found(offer: &Offer) -> Value {
    let audience = match &offer.audience {
        Audience::AtLeast { role } => json!({ "role": wire::to_bytes(role).first() }),
        Audience::Persons { persons } => json!({ "persons": persons }),
    };
    json!({
        "name": offer.name, "at": offer.at.millis().to_string(), "is_open": offer.is_open,
        "audience": audience, "note": offer.note,
    })
}

fn offers_accepted() -> Vec<Value> {
    let as_many: Vec<u8> = (0..u8::try_from(PERSONS_MAX).unwrap()).collect();
    [
        ("to members", offer()),
        ("to everybody, guests too", for_role(Role::Guest)),
        ("to admins and owners", for_role(Role::Admin)),
        ("to owners", for_role(Role::Owner)),
        ("to persons", for_persons(&[1, 2, 9])),
        ("to as many persons as there may be", for_persons(&as_many)),
        ("to nobody else", for_persons(&[])),
        ("taken back", Offer { is_open: false, note: String::new(), ..offer() }),
        ("the shortest name", named("7")),
        ("the longest name", named(&"a".repeat(40))),
        ("hyphens inside of a name", named("a--b-1")),
        ("the longest note", noted(&"ä".repeat(NOTE_SIZE_MAX / 2))),
        ("a note that is a program's", noted("<script>alert(1)</script> 😀")),
        ("before all others", Offer { at: Timestamp::from_millis(0), ..offer() }),
        ("after all others", Offer { at: Timestamp::from_millis(u64::MAX), ..offer() }),
    ]
    .into_iter()
    .map(|(name, offer)| vector("tunnel-offer", name, &offer.to_bytes(), &found(&offer)))
    .collect()
}

fn offers_refused() -> Vec<Value> {
    let too_many: Vec<u8> = (0..=u8::try_from(PERSONS_MAX).unwrap()).collect();
    let good = offer().to_bytes();
    let changed = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        bytes
    };
    let rest = |from: usize| good.get(from..).unwrap();
    // The head, a name of six letters, a time of eight bytes, "is open", and then the audience.
    let audience = 1 + 7 + 9 + 1;
    let of_offers = [
        ("no name", named("")),
        ("a hyphen before a name", named("-a")),
        ("a hyphen behind a name", named("a-")),
        ("a hyphen alone", named("-")),
        ("capital letters in a name", named("Ledger")),
        ("letters of another script in a name", named("bücher")),
        ("a path for a name", named("../ledger")),
        ("a name too long", named(&"a".repeat(41))),
        ("a note too long", noted(&format!("{}x", "ä".repeat(NOTE_SIZE_MAX / 2)))),
        ("a note of two lines", noted("one\ntwo")),
        ("a note with a control character above ASCII", noted("one\u{85}two")),
        ("to carriers", for_role(Role::Carrier)),
        ("to persons in disorder", for_persons(&[2, 1])),
        ("to a person twice", for_persons(&[1, 1])),
        ("to too many persons", for_persons(&too_many)),
    ]
    .map(|(name, offer)| (name, offer.to_bytes()));
    let of_bytes = [
        ("to a role that there is not", changed(audience + 3, 5)),
        ("to an audience that there is not", changed(audience + 1, 2)),
        ("open by a number", changed(audience - 1, 1)),
        ("a field too few", changed(0, 0x84)),
        ("an unknown field", [&[0x86], rest(1), &[0]].concat()),
        ("a name of bytes", changed(1, 0x46)),
        ("an array without an end", [&[0x9f], rest(1), &[0xff]].concat()),
        ("a length longer than it need be", [&[0x98, 5], rest(1)].concat()),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("nothing", Vec::new()),
    ];
    of_offers
        .into_iter()
        .chain(of_bytes)
        .map(|(name, bytes)| vector("tunnel-offer", name, &bytes, &json!({})))
        .collect()
}

// --- requests ---

fn request(name: &str) -> Vec<u8> {
    wire::to_bytes(&Request { web: WebId::new([7; 32]), name: name.to_owned() })
}

fn requests_accepted() -> Vec<Value> {
    // Who asks for what cannot be a name is refused as everybody is who asks for what is not offered (rule 7).
    let longest = "n".repeat(REQUEST_SIZE_MAX - 37);
    [
        ("a request", "ledger"),
        ("for no name", ""),
        ("for what cannot be a name", "../Ä"),
        ("the longest", &longest),
    ]
    .map(|(title, name)| {
        let finds = json!({ "web": WebId::new([7; 32]), "name": name });
        vector("tunnel-request", title, &request(name), &finds)
    })
    .to_vec()
}

fn requests_refused() -> Vec<Value> {
    let good = request("ledger");
    let rest = |from: usize| good.get(from..).unwrap();
    [
        ("a web too short", [&[0x82, 0x58, 31], rest(4)].concat()),
        ("a web alone", [&[0x81], good.get(1..35).unwrap()].concat()),
        ("an unknown field", [&[0x83], rest(1), &[0]].concat()),
        ("a name that is no UTF-8", [good.get(..35).unwrap(), &[0x61, 0xff]].concat()),
        ("too long", request(&"n".repeat(REQUEST_SIZE_MAX - 36))),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("nothing", Vec::new()),
    ]
    .map(|(name, bytes)| vector("tunnel-request", name, &bytes, &json!({})))
    .to_vec()
}

fn is_accepted(vector: &Value, bytes: &[u8]) -> bool {
    match vector["kind"].as_str().unwrap() {
        "tunnel-offer" => Offer::read(bytes).is_ok(),
        _ => wire::from_bytes::<Request>(bytes, REQUEST_SIZE_MAX).is_ok(),
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    let vectors = [offers_accepted(), requests_accepted()].concat();
    services::accepted("tunnels-accept.json", &vectors, is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    let vectors = [offers_refused(), requests_refused()].concat();
    services::refused("tunnels-refuse.json", &vectors, is_accepted);
}
