//! Makes the vectors of mail in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and find the same in
//! them: which mail it is, what notes lead to, who a mail is shown to be from.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

mod notes;
#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use serde_json::{Value, json};
use services::{hex, vector};
use wire::codec::Bytes;

use crate::drafts::{FOLLOWS_MAX, Said};
use crate::folders::{self, NAME_SIZE_MAX};
use crate::head;
use crate::ids::FolderKey;
use crate::naming::Claim;
use crate::notes::Notes;
use crate::statement::{
    Body, HEAD_SIZE_MAX, IN_LETTERS_MAX, Inside, Large, LargeBody, MESSAGE_SIZE_MAX, PIECE_SIZE, Piece,
    Secret, cut,
};

const WEB: WebId = WebId::new([0x51; 32]);
const AUTHOR: DeviceId = DeviceId::new([0x11; 32]);
const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);
const MAIL: &[u8] =
    b"From: alice@family.althing.internal\r\nTo: all@family.althing.internal\r\n\r\nhello\r\n";
const ALICE: &str = "alice@family.althing.internal";
const BOB: &str = "bob@family.althing.internal";

fn persons(count: usize) -> Vec<PersonId> {
    (1..=count).map(|number| PersonId::new([u8::try_from(number).unwrap(); 32])).collect()
}

// --- pieces and large mails ---

fn pieces(size: usize, persons: &[PersonId]) -> Vec<Inside> {
    cut(&vec![b'x'; size], AT, persons)
}

fn small(persons: &[PersonId]) -> Piece {
    match cut(MAIL, AT, persons).remove(0) {
        Inside::Piece(piece) => piece,
        Inside::Large(_) => panic!("a small mail is a piece"),
    }
}

fn of_size(persons: &[PersonId], size: u64) -> Large {
    let (sealed, digest) = (ContentId::new([3; 32]), ContentId::new([4; 32]));
    let body = LargeBody { sealed, digest, size, secret: Secret([5; 32]) };
    Large { at: AT, persons: persons.to_vec(), head: MAIL.to_vec().into(), body }
}

fn large(persons: &[PersonId]) -> Large {
    of_size(persons, 1_000_000)
}

fn found(inside: &Inside) -> Value {
    let mail = inside.mail(WEB, AUTHOR).to_string();
    let (at, persons) = (inside.at().millis().to_string(), inside.persons().len());
    match inside {
        Inside::Piece(piece) => json!({
            "says": "piece", "mail": mail, "at": at, "persons": persons, "size": piece.size.to_string(),
            "index": piece.index.to_string(), "of": piece.count().to_string(), "bytes": piece.bytes.len(),
        }),
        Inside::Large(large) => json!({
            "says": "large", "mail": mail, "at": at, "persons": persons, "size": large.body.size.to_string(),
            "head": large.head.len(), "sealed": large.body.sealed,
            "sealed_size": large.body.sealed_size().to_string(),
        }),
    }
}

/// What may stand in a letter to so many, or in the open for nobody by name.
fn insides(persons: &[PersonId]) -> Vec<(&'static str, Inside)> {
    let longest = Large { head: vec![b'h'; HEAD_SIZE_MAX].into(), ..large(persons) };
    let greatest = of_size(persons, MESSAGE_SIZE_MAX - MAIL.len() as u64);
    let mut all = vec![
        ("a mail of one byte", pieces(1, persons).remove(0)),
        ("a mail", Inside::Piece(small(persons))),
        ("a large mail", Inside::Large(large(persons))),
        ("a large mail without a head", Inside::Large(Large { head: Vec::new().into(), ..large(persons) })),
        ("the longest head", Inside::Large(longest)),
        ("the greatest mail", Inside::Large(greatest)),
        ("the smallest body", Inside::Large(of_size(persons, 1))),
    ];
    let two = pieces(PIECE_SIZE + 1, persons);
    all.extend(["the first of two pieces", "the last of two pieces"].into_iter().zip(two));
    all.push(("the last of the greatest", pieces(256_000, persons).pop().unwrap()));
    all
}

/// What may stand nowhere, for whomever.
fn unsound(persons: &[PersonId]) -> Vec<(&'static str, Inside)> {
    let piece = |change: fn(&mut Piece)| {
        let mut piece = small(persons);
        change(&mut piece);
        Inside::Piece(piece)
    };
    let long = Large { head: vec![b'h'; HEAD_SIZE_MAX + 1].into(), ..large(persons) };
    let great = of_size(persons, MESSAGE_SIZE_MAX - MAIL.len() as u64 + 1);
    vec![
        ("a mail of nothing", piece(|piece| (piece.size, piece.bytes) = (0, Vec::new().into()))),
        ("a piece that is too short", piece(|piece| piece.size += 1)),
        ("a piece that is too long", piece(|piece| piece.size -= 1)),
        ("a piece behind the last", piece(|piece| piece.index = 1)),
        ("a piece beyond all numbers", piece(|piece| piece.index = u64::MAX)),
        ("a mail too large for letters", piece(|piece| piece.size = IN_LETTERS_MAX + 1)),
        ("a first piece that is not full", piece(|piece| piece.size = 32_001)),
        ("a head too long", Inside::Large(long)),
        ("a body of nothing", Inside::Large(of_size(persons, 0))),
        ("a mail too large", Inside::Large(great)),
        ("a body beyond all numbers", Inside::Large(of_size(persons, u64::MAX))),
    ]
}

fn letters_accepted() -> Vec<Value> {
    let many = ("to as many as there may be", Inside::Piece(small(&persons(16))));
    let all = insides(&persons(2)).into_iter().chain([many]);
    all.map(|(name, inside)| vector("post-letter", name, &wire::to_bytes(&inside), &found(&inside))).collect()
}

fn letters_refused() -> Vec<Value> {
    let to = |persons: Vec<PersonId>| Inside::Piece(small(&persons));
    let swapped = persons(2).into_iter().rev().collect();
    let others = [
        ("to nobody", to(Vec::new())),
        ("to too many", to(persons(17))),
        ("to persons in disorder", to(swapped)),
        ("to a person twice", to([persons(1), persons(1)].concat())),
        ("a large mail to nobody", Inside::Large(large(&[]))),
    ];
    let mut vectors: Vec<Value> = unsound(&persons(2))
        .into_iter()
        .chain(others)
        .map(|(name, inside)| vector("post-letter", name, &wire::to_bytes(&inside), &json!({})))
        .collect();
    let good = wire::to_bytes(&to(persons(1)));
    vectors.extend(mangled("post-letter", &good, 3));
    vectors
}

/// A good one, spoilt in ways that no reader may take; the first kind that there is not is `unknown`.
fn mangled(kind: &str, good: &[u8], unknown: u8) -> Vec<Value> {
    let rest = |from: usize| good.get(from..).unwrap();
    [
        ("of an unknown kind", [&[0x82, unknown], rest(2)].concat()),
        ("an array without an end", [&[0x9f], rest(1), &[0xff]].concat()),
        ("a number longer than it need be", [&[0x82, 0x18], rest(1)].concat()),
        ("bytes behind it", [good, &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("nothing", Vec::new()),
    ]
    .map(|(name, bytes)| vector(kind, name, &bytes, &json!({})))
    .to_vec()
}

// --- records ---

#[derive(Encode, Decode)]
struct Outside {
    #[n(0)]
    wraps: Vec<Bytes>,
    #[n(1)]
    body: Bytes,
}

#[derive(Encode, Decode)]
enum OutsideBody {
    #[n(0)]
    Letter(#[n(0)] Outside),
}

/// What a letter looks like from outside.
fn sealed(count: usize, wrap: usize, body: usize) -> Vec<u8> {
    let wraps = (0..count).map(|number| vec![u8::try_from(number).unwrap(); wrap].into()).collect();
    wire::to_bytes(&OutsideBody::Letter(Outside { wraps, body: vec![7; body].into() }))
}

fn records_accepted() -> Vec<Value> {
    let mut vectors: Vec<Value> = insides(&[])
        .into_iter()
        .map(|(name, inside)| {
            vector("post-record", name, &wire::to_bytes(&Body::Open(inside.clone())), &found(&inside))
        })
        .collect();
    for (name, count, size) in [("the smallest letter", 2, 1_024), ("the largest letter", 16, 32_768)] {
        let letter = sealed(count, 80, size + 16);
        vectors.push(vector("post-record", name, &letter, &json!({ "says": "letter" })));
    }
    vectors
}

fn records_refused() -> Vec<Value> {
    let named = ("in the open to somebody", Inside::Piece(small(&persons(1))));
    let mut vectors: Vec<Value> = unsound(&[])
        .into_iter()
        .chain([named])
        .map(|(name, inside)| vector("post-record", name, &wire::to_bytes(&Body::Open(inside)), &json!({})))
        .collect();
    for (name, bytes) in [
        ("a letter for three", sealed(3, 80, 1_024 + 16)),
        ("a letter with a short wrap", sealed(2, 79, 1_024 + 16)),
        ("a letter of another size", sealed(2, 80, 2_048 + 16)),
        ("a letter too long", sealed(16, 80, 36 * 1_024)),
    ] {
        vectors.push(vector("post-record", name, &bytes, &json!({})));
    }
    vectors.extend(mangled("post-record", &wire::to_bytes(&Body::Open(Inside::Piece(small(&[])))), 2));
    vectors
}

// --- folders ---

fn folders_accepted() -> Vec<Value> {
    let long = "ä".repeat(NAME_SIZE_MAX / 2);
    [
        ("INBOX", 0),
        ("Work", 0),
        ("Work", 1),
        ("Work/2026/Ä b", u64::MAX),
        ("inbox/of old", 0),
        ("a\u{200b}b", 0),
        (&long, 0),
    ]
    .map(|(name, number)| {
        let finds = json!({ "number": number.to_string(), "key": FolderKey::of(number, name).0 });
        vector("post-folder", &format!("{name}, {number}"), name.as_bytes(), &finds)
    })
    .to_vec()
}

fn folders_refused() -> Vec<Value> {
    let long = "x".repeat(NAME_SIZE_MAX + 1);
    let names = [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        " a",
        "a/b\u{2003}",
        "a\\b",
        "a\u{85}b",
        "a\nb",
        "Inbox",
        "inbox",
        &long,
    ];
    names.map(|name| vector("post-folder", name, name.as_bytes(), &json!({ "number": "0" }))).to_vec()
}

// --- drafts ---

fn draft(text: &str) -> Said {
    let (to, subject) = ("bob@family, car".to_owned(), "The \u{1f333} orchard".to_owned());
    Said { at: AT, to, subject, text: text.to_owned() }
}

fn drafts_accepted() -> Vec<Value> {
    let longest = "x".repeat(FOLLOWS_MAX - wire::to_bytes(&draft("")).len() - 2);
    let nothing = Said { to: String::new(), subject: String::new(), ..draft("") };
    [("a draft", draft("Dear\r\n")), ("nothing yet", nothing), ("the longest", draft(&longest))]
        .map(|(name, said)| {
            let finds = json!({
                "at": said.at.millis().to_string(), "to": said.to, "subject": said.subject, "text": said.text,
            });
            vector("post-draft", name, &wire::to_bytes(&said), &finds)
        })
        .to_vec()
}

fn drafts_refused() -> Vec<Value> {
    let good = wire::to_bytes(&draft("Dear"));
    let without_text = [&[0x83], good.get(1..good.len() - 5).unwrap()].concat();
    [
        ("too long", wire::to_bytes(&draft(&"x".repeat(FOLLOWS_MAX)))),
        ("without a text", without_text),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("a text that is no UTF-8", [good.get(..good.len() - 1).unwrap(), &[0xff]].concat()),
    ]
    .map(|(name, bytes)| vector("post-draft", name, &bytes, &json!({})))
    .to_vec()
}

// --- whom a mail is from ---

fn judge(address: &str) -> Claim {
    match address {
        ALICE => Claim::True,
        BOB => Claim::Forged,
        _ => Claim::Renamed,
    }
}

fn head_vector((name, mail): (&str, &str)) -> Value {
    let mail = mail.replace('\n', "\r\n");
    let received = head::received(mail.as_bytes(), ALICE, judge);
    let finds = json!({ "author": ALICE, "others": [BOB], "mail": received.map(|mail| hex(&mail)) });
    vector("post-head", name, mail.as_bytes(), &finds)
}

fn heads_accepted() -> Vec<Value> {
    [
        ("the author's own", "From: alice@family.althing.internal\n\nhello\n"),
        ("with words, in any letters", "FROM: \"A, B\" <Alice@Family.Althing.Internal>\nSubject: x\n\n"),
        ("over two lines", "From: Alice\n\t<alice@family.althing.internal>\n\n"),
        ("an earlier name", "From: Alice <ali@family.althing.internal>\n\nhello"),
        ("of another house", "From: alice@example.org\n\n"),
        ("short for this house", "From: alice@family\n\n"),
        ("two at once", "From: bob@family.althing.internal, alice@family.althing.internal\n\n"),
        ("a remark", "From: alice@family.althing.internal (Bob)\n\n"),
        ("words that look like an address", "From: bob@family.althing.internal <ali@family.althing.internal>\n\n"),
        ("words in quotes, escaped", "From: \"B\\\"ob\" <ali@family.althing.internal>\n\n"),
        ("a control character", "From: Bob\u{7} <alice@family.althing.internal>\n\n"),
        ("nobody", "From:\n\n"),
        ("sent for the author", "From: alice@family.althing.internal\nSender: Ali <ali@family.althing.internal>\n\n"),
        (
            "what may not be passed on",
            "Bcc: x\nRETURN-PATH: <y>\nAuthentication-Results: z\nResent-From: a\nResent-Sender: b\nResent-To: c\n\
             Resent-Cc: d\nResent-Bcc: e\nResent-Reply-To: f\nResent-Date: g\nFrom: alice@family.althing.internal\n\n",
        ),
        ("without an empty line", "From: alice@family.althing.internal\n"),
        ("a body of its own", "From: alice@family.althing.internal\n\nFrom: bob@family.althing.internal\n\n"),
    ]
    .map(head_vector)
    .to_vec()
}

fn heads_refused() -> Vec<Value> {
    let mut vectors = [
        ("somebody else's", "From: bob@family.althing.internal\n\n"),
        ("somebody else's, in capitals", "From: Alice <BOB@FAMILY.ALTHING.INTERNAL>\n\n"),
        (
            "sent for somebody else",
            "From: alice@family.althing.internal\nSender: bob@family.althing.internal\n\n",
        ),
        ("two From", "From: alice@family.althing.internal\nfrom: bob@family.althing.internal\n\n"),
        ("two Sender", "From: alice@family.althing.internal\nSender: a\nSender: b\n\n"),
        ("no From", "To: bob@family.althing.internal\n\nFrom: alice@family.althing.internal\n\n"),
        ("a line that is no field", "From: alice@family.althing.internal\nhello\n\n"),
        ("a space before the colon", "From : bob@family.althing.internal\n\n"),
        ("a blank first", " From: alice@family.althing.internal\n\n"),
        ("cut off", "From: alice@family.althing.internal"),
        ("nothing", ""),
        ("NUL", "From: alice@family.althing.internal\nX: a\0b\n\n"),
        ("a bare CR", "From: alice@family.althing.internal\nX: a\rFrom: b\n\n"),
    ]
    .map(head_vector)
    .to_vec();
    let bare = "From: alice@family.althing.internal\r\nX: a\nFrom: b\r\n\r\n";
    vectors.push(vector(
        "post-head",
        "a bare LF",
        bare.as_bytes(),
        &json!({ "author": ALICE, "others": [BOB] }),
    ));
    vectors
}

fn is_accepted(vector: &Value, bytes: &[u8]) -> bool {
    match vector["kind"].as_str().unwrap() {
        "post-record" => Body::read(bytes).is_ok(),
        "post-letter" => Inside::read(bytes).is_ok(),
        "post-notes" => Notes::read(bytes).is_ok(),
        "post-folder" => std::str::from_utf8(bytes).is_ok_and(|name| folders::checked(name).is_ok()),
        "post-draft" => Said::read(bytes).is_some(),
        "post-head" => head::received(bytes, ALICE, judge).is_some(),
        kind => panic!("nobody reads {kind}"),
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    let parts = [
        records_accepted(),
        letters_accepted(),
        notes::accepted(),
        folders_accepted(),
        drafts_accepted(),
        heads_accepted(),
    ];
    services::accepted("post-accept.json", &parts.concat(), is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    let parts = [
        records_refused(),
        letters_refused(),
        notes::refused(),
        folders_refused(),
        drafts_refused(),
        heads_refused(),
    ];
    services::refused("post-refuse.json", &parts.concat(), is_accepted);
}
