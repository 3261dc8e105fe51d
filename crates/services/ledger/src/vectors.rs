//! Makes the vectors of ledgers in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and
//! find the same in them: what a keeper answers, what a proposer may propose, and what slots make of a state.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use std::collections::BTreeMap;

use base::{DeviceId, LedgerId, PersonId, Timestamp, WebId};
use serde_json::{Value, json};
use services::{hex, vector};
use store::{Backing as _, MemoryBacking, Overlay};

use crate::apply::{KEYS_MAX, RESULTS_KEPT, STATE_SIZE_MAX, apply};
use crate::messages::{Accepted, MESSAGE_SIZE_MAX, Message, Says};
use crate::proposing::{Choice, choice};
use crate::snapshots::{Remembered, Snapshot, freeze, place};
use crate::tables::{EntryRow, HEADS, Head, LOG, Outcome, VoteRow};
use crate::tests::{device, every_message, id, keeper, writes};
use crate::value::{
    Announcement, Ballot, Body, KEEPERS_MAX, Keeper, Moved, PARTS_MAX, Transaction, VALUE_SIZE_MAX, Wants,
    majority,
};

const WEB: WebId = WebId::new([0x51; 32]);
const LEDGER: LedgerId = LedgerId::new([1; 16]);
const ALICE: PersonId = PersonId::new([20; 32]);
const AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn says(says: Says) -> Vec<u8> {
    wire::to_bytes(&Message { ledger: LEDGER, says })
}

fn wish(by: u8, number: u64, since: u64, wants: Wants) -> Transaction {
    let person = PersonId::new([by; 32]);
    Transaction { by: device(by), person, id: id(number), since, at: AT, wants }
}

fn keepers(count: u8) -> Vec<Keeper> {
    (1..=count).map(keeper).collect()
}

fn put(key: &str, value: &str) -> Wants {
    writes(&[], &[(key, Some(value))])
}

// --- records ---

fn told(keepers: &[Keeper]) -> Vec<String> {
    keepers.iter().map(|keeper| format!("{} {}", keeper.device, keeper.person)).collect()
}

fn announcement(name: &str, count: u8) -> Announcement {
    Announcement { random: [7; 16], name: name.to_owned(), keepers: keepers(count) }
}

fn records_accepted() -> Vec<Value> {
    let long = "ä".repeat(100);
    let mut vectors: Vec<Value> = [
        ("announced", announcement("shop", 3)),
        ("the longest name, in two words of another script", announcement(&long, 1)),
        ("as many keepers as there may be", announcement("Q4 plan", 15)),
        ("an even number of keepers", announcement("shop", 4)),
    ]
    .map(|(name, announcement)| {
        let finds = json!({
            "says": "announced",
            "web": WEB,
            "author": device(1),
            "ledger": announcement.id(WEB, device(1)),
            "name": announcement.name,
            "keepers": told(&announcement.keepers),
            "majority": majority(&announcement.keepers).to_string(),
        });
        vector("ledger-record", name, &wire::to_bytes(&Body::Announcement(announcement)), &finds)
    })
    .to_vec();
    let moved = Moved { ledger: LEDGER, slot: 9, keepers: keepers(2) };
    let finds = json!({ "says": "moved", "ledger": LEDGER, "slot": "9", "keepers": told(&moved.keepers) });
    vectors.push(vector("ledger-record", "moved", &wire::to_bytes(&Body::Moved(moved)), &finds));
    vectors
}

fn records_refused() -> Vec<Value> {
    let named = |name: &str| wire::to_bytes(&Body::Announcement(announcement(name, 2)));
    let kept = |keepers: Vec<Keeper>| {
        wire::to_bytes(&Body::Announcement(Announcement { keepers, ..announcement("shop", 1) }))
    };
    let moved =
        |keepers: Vec<Keeper>| wire::to_bytes(&Body::Moved(Moved { ledger: LEDGER, slot: 9, keepers }));
    let good = named("shop");
    let mut later = good.clone();
    later[1] = 2;
    let mut short = good.clone();
    short[4] -= 1;
    short.remove(5);
    vec![
        ("no name", named("")),
        ("a name too long", named(&"x".repeat(201))),
        ("a name with a slash", named("shop/2")),
        ("a name with a backslash", named("shop\\2")),
        ("a name with a control character", named("shop\u{85}2")),
        ("a name with a space at its end", named("shop ")),
        ("a name with white space before it", named("\u{2003}shop")),
        ("no keepers", kept(Vec::new())),
        ("too many keepers", kept(keepers(16))),
        ("keepers in disorder", kept(vec![keeper(2), keeper(1)])),
        ("a keeper twice", moved(vec![keeper(1), keeper(1)])),
        ("moved to nobody", moved(Vec::new())),
        (
            "a device that keeps for two persons",
            kept(vec![keeper(1), Keeper { device: device(1), ..keeper(2) }]),
        ),
        ("random bytes too few", short),
        ("of a later version", later),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("a number longer than it need be", [&[0x82, 0x18, 0][..], good.get(2..).unwrap()].concat()),
        ("an array without an end", [&[0x9f, 0][..], good.get(2..).unwrap(), &[0xff]].concat()),
        ("too long", wire::to_bytes(&vec![0_u8; 4_097])),
    ]
    .into_iter()
    .map(|(name, bytes)| vector("ledger-record", name, &bytes, &json!({})))
    .collect()
}

// --- messages ---

fn told_of(message: &Message) -> Value {
    let batch = |batch: &[Transaction]| batch.len().to_string();
    let number = |number: &u64| number.to_string();
    let mut finds = match &message.says {
        Says::Submit { id, since, .. } => json!({ "says": "submit", "id": id, "since": number(since) }),
        Says::Prepare { slot, round } => {
            json!({ "says": "prepare", "slot": number(slot), "round": number(round) })
        }
        Says::Promise { slot, round, accepted } => json!({
            "says": "promise", "slot": number(slot), "round": number(round),
            "accepted": accepted.as_ref().map(|one| format!("{} {} {}", one.ballot.round, one.ballot.device, one.batch.len())),
        }),
        Says::Accept { slot, round, batch: all } => json!({
            "says": "accept", "slot": number(slot), "round": number(round), "batch": batch(all),
        }),
        Says::Accepted { slot, round } => {
            json!({ "says": "accepted", "slot": number(slot), "round": number(round) })
        }
        Says::Higher { slot, round, promised } => json!({
            "says": "higher", "slot": number(slot), "round": number(round), "promised": number(promised),
        }),
        Says::Chosen { first, batches, last } => json!({
            "says": "chosen", "first": number(first), "last": number(last),
            "batches": batches.iter().map(|one| batch(one)).collect::<Vec<_>>(),
        }),
        Says::Ask { after } => json!({ "says": "ask", "after": number(after) }),
        Says::News { last, keepers_since, here } => json!({
            "says": "news", "last": number(last), "keepers_since": number(keepers_since), "here": number(here),
        }),
        Says::Snapshot { slot, part, parts, bytes } => json!({
            "says": "snapshot", "slot": number(slot), "part": number(part), "parts": number(parts), "holds": hex(bytes),
        }),
        Says::AskPart { slot, part } => {
            json!({ "says": "ask part", "slot": number(slot), "part": number(part) })
        }
    };
    finds["ledger"] = json!(message.ledger);
    finds
}

fn messages_accepted() -> Vec<Value> {
    let value = "v".repeat(VALUE_SIZE_MAX);
    let many: Vec<String> = (0..PARTS_MAX).map(|number| format!("{number:02}")).collect();
    let needs: Vec<(&str, u64)> = many.iter().map(|key| (key.as_str(), u64::MAX)).collect();
    let puts: Vec<(&str, Option<&str>)> = many.iter().map(|key| (key.as_str(), None)).collect();
    let key = "é".repeat(100);
    let submit = |wants| Says::Submit { id: id(1), since: 3, wants };
    let batch: Vec<Transaction> = (0..32).map(|number| wish(9, number, 0, Wants::GiveUp)).collect();
    let none = Says::Chosen { first: 8, batches: Vec::new(), last: 7 };
    let slots = vec![vec![wish(9, 1, 0, Wants::GiveUp)]; 64];
    let others = [
        ("the longest value", submit(put("a", &value))),
        ("the longest key", submit(writes(&[(&key, 0)], &[]))),
        ("as many parts as there may be", submit(writes(&needs, &puts))),
        (
            "keys in the order of their bytes",
            submit(writes(&[("B", 0), ("a", 0), ("z", 0), ("ä", 0), ("\u{ffff}", 0), ("😀", 0)], &[])),
        ),
        ("to give up", submit(Wants::GiveUp)),
        ("as many wishes as fit into a slot", Says::Accept { slot: 1, round: u64::MAX, batch }),
        (
            "a change of keepers alone",
            Says::Accept {
                slot: 1,
                round: 1,
                batch: vec![wish(1, 1, 0, Wants::Keepers { instead_of: 0, keepers: keepers(15) })],
            },
        ),
        ("nothing newer is decided", none),
        ("as many slots as there may be", Says::Chosen { first: u64::MAX, batches: slots, last: 7 }),
        (
            "the last part that there may be",
            Says::Snapshot { slot: 4, part: 191, parts: 192, bytes: Vec::new().into() },
        ),
    ];
    let others = others.into_iter().map(|(name, says)| (name.to_owned(), Message { ledger: LEDGER, says }));
    let all = every_message()
        .into_iter()
        .map(|message| (told_of(&message)["says"].as_str().unwrap().to_owned(), message));
    all.chain(others)
        .map(|(name, message)| vector("ledger-message", &name, &wire::to_bytes(&message), &told_of(&message)))
        .collect()
}

#[expect(clippy::too_many_lines, reason = "one row for each vector")]
fn messages_refused() -> Vec<Value> {
    let submit = |wants| says(Says::Submit { id: id(1), since: 0, wants });
    let accept = |batch| says(Says::Accept { slot: 1, round: 1, batch });
    let part = |part, parts| says(Says::Snapshot { slot: 1, part, parts, bytes: vec![1].into() });
    let one = || wish(9, 1, 0, put("a", "1"));
    let change = |count| Wants::Keepers { instead_of: 0, keepers: keepers(count) };
    let many: Vec<String> = (0..=PARTS_MAX).map(|number| format!("{number:02}")).collect();
    let needs: Vec<(&str, u64)> = many.iter().map(|key| (key.as_str(), 0)).collect();
    let puts: Vec<(&str, Option<&str>)> = many.iter().map(|key| (key.as_str(), None)).collect();
    let (key, value) = ("k".repeat(201), "v".repeat(VALUE_SIZE_MAX + 1));
    // One byte more than a transaction may have: eight values, seven keys of one byte and one of two.
    let values = "v".repeat(VALUE_SIZE_MAX - 1);
    let keys = ["a", "b", "c", "d", "e", "f", "g", "hh"];
    let large: Vec<(&str, Option<&str>)> = keys.iter().map(|key| (*key, Some(values.as_str()))).collect();
    let bad_accepted = Accepted { ballot: Ballot { round: 1, device: device(1) }, batch: Vec::new() };
    let good = says(Says::Prepare { slot: 1, round: 2 });
    let head = good.get(..18).unwrap();
    let promise = says(Says::Promise { slot: 1, round: 2, accepted: None });
    let mut with_nothing = promise.clone();
    with_nothing[20] += 1;
    with_nothing.push(0xf6);
    let later = [head, &[0x82, 11, 0x82, 1, 2]].concat();
    let gone = submit(writes(&[], &[("a", None)]));
    let mut null = gone.clone();
    *null.iter_mut().rev().nth(2).unwrap() += 1;
    null.push(0xf6);
    let mut messages = vec![
        ("nothing wanted", submit(writes(&[], &[]))),
        ("an empty key", submit(put("", "1"))),
        ("a key too long", submit(writes(&[(&key, 0)], &[]))),
        ("a value too long", submit(put("a", &value))),
        ("a key twice", submit(writes(&[], &[("a", None), ("a", Some("1"))]))),
        ("conditions in disorder", submit(writes(&[("b", 0), ("a", 0)], &[]))),
        ("writes in disorder", submit(writes(&[], &[("ä", None), ("z", None)]))),
        ("too many conditions", submit(writes(&needs, &[]))),
        ("too many writes", submit(writes(&[], &puts))),
        ("too much in one transaction", submit(writes(&[], &large))),
        ("no keepers", submit(change(0))),
        ("too many keepers", submit(change(u8::try_from(KEEPERS_MAX).unwrap() + 1))),
        ("an empty slot", accept(Vec::new())),
        ("too many wishes in a slot", accept(vec![one(); 33])),
        ("a change of keepers beside a wish", accept(vec![one(), wish(9, 2, 0, change(1))])),
        ("a wish that passes a limit in a slot", accept(vec![one(), wish(9, 2, 0, put("", "1"))])),
        (
            "a promise of an empty slot",
            says(Says::Promise { slot: 1, round: 1, accepted: Some(bad_accepted) }),
        ),
        ("slot 0", says(Says::Chosen { first: 0, batches: vec![vec![one()]], last: 0 })),
        ("slot 0 without slots", says(Says::Chosen { first: 0, batches: Vec::new(), last: 0 })),
        (
            "an empty slot that is decided",
            says(Says::Chosen { first: 1, batches: vec![Vec::new()], last: 1 }),
        ),
        (
            "too many slots",
            says(Says::Chosen { first: 1, batches: vec![vec![wish(9, 1, 0, Wants::GiveUp)]; 65], last: 65 }),
        ),
        ("a part beyond", part(2, 2)),
        ("a part of nothing", part(0, 0)),
        ("too many parts", part(0, 193)),
    ];
    messages.extend([
        ("nothing written at the end of a promise", with_nothing),
        ("nothing written for a key that goes", null),
        ("of a later version", later),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("a field too many", [head, &[0x82, 1, 0x83, 1, 2, 3]].concat()),
        ("a field too few", [head, &[0x82, 1, 0x81, 1]].concat()),
        ("a number longer than it need be", [head, &[0x82, 1, 0x82, 1, 0x18, 2]].concat()),
        ("a number below 0", [head, &[0x82, 1, 0x82, 1, 0x20]].concat()),
        ("an array without an end", [head, &[0x82, 1, 0x9f, 1, 2, 0xff]].concat()),
        ("a map", [head, &[0x82, 1, 0xa1, 1, 2]].concat()),
        ("a tag", [head, &[0x82, 1, 0x82, 1, 0xc0, 2]].concat()),
        ("a ledger's id too short", [&[0x82, 0x4f], head.get(3..).unwrap(), &[0x82, 1, 0x82, 1, 2]].concat()),
        ("text that is no UTF-8", {
            let mut broken = submit(writes(&[("a", 0)], &[]));
            let at = broken.iter().rposition(|byte| *byte == b'a').unwrap();
            broken[at] = 0xff;
            broken
        }),
    ]);
    messages.into_iter().map(|(name, bytes)| vector("ledger-message", name, &bytes, &json!({}))).collect()
}

// --- votes ---

/// A ballot that is asked for, or a batch under it.
fn asks(round: u64, batch: Option<&[Transaction]>) -> Message {
    let says = match batch {
        None => Says::Prepare { slot: 1, round },
        Some(batch) => Says::Accept { slot: 1, round, batch: batch.to_vec() },
    };
    Message { ledger: LEDGER, says }
}

fn vote(name: &str, asked: &[(u8, Message)]) -> Value {
    let mut vote = VoteRow::none(1);
    let mut answer = Vec::new();
    for (from, message) in asked {
        let device = device(*from);
        answer = says(match &message.says {
            Says::Accept { round, batch, .. } => vote.accept(Ballot { round: *round, device }, batch.clone()),
            Says::Prepare { round, .. } => vote.promise(Ballot { round: *round, device }),
            _ => panic!("{name}: nothing to vote about"),
        });
    }
    let ((from, last), before) = asked.split_last().unwrap();
    let before: Vec<String> = before
        .iter()
        .map(|(from, message)| format!("{} {}", device(*from), hex(&wire::to_bytes(message))))
        .collect();
    let finds = json!({ "from": device(*from), "before": before, "answer": hex(&answer) });
    vector("ledger-vote", name, &wire::to_bytes(last), &finds)
}

fn votes() -> Vec<Value> {
    let (tea, milk) = ([wish(9, 1, 0, put("a", "tea"))], [wish(9, 2, 0, put("a", "milk"))]);
    vec![
        vote("the first promise", &[(1, asks(1, None))]),
        vote("a promise to a higher round", &[(1, asks(1, None)), (2, asks(2, None))]),
        vote("a promise to a higher device of the same round", &[(1, asks(1, None)), (2, asks(1, None))]),
        vote("none to a lower device of the same round", &[(2, asks(1, None)), (1, asks(1, None))]),
        vote("none to a lower round", &[(1, asks(3, None)), (2, asks(2, None))]),
        vote("the same promise again", &[(1, asks(1, None)), (1, asks(1, None))]),
        vote("accepted as promised", &[(1, asks(1, None)), (1, asks(1, Some(&tea)))]),
        vote("accepted without a promise", &[(1, asks(1, Some(&tea)))]),
        vote(
            "not accepted below a promise",
            &[(1, asks(1, None)), (2, asks(2, None)), (1, asks(1, Some(&tea)))],
        ),
        vote("a promise says what was accepted", &[(1, asks(1, Some(&tea))), (2, asks(2, None))]),
        vote(
            "and of two what was accepted last",
            &[(1, asks(1, Some(&tea))), (2, asks(2, Some(&milk))), (1, asks(3, None))],
        ),
        vote(
            "what was not accepted is not named",
            &[(2, asks(2, Some(&tea))), (1, asks(1, Some(&milk))), (3, asks(2, None))],
        ),
        vote("an acceptance is a promise", &[(2, asks(2, Some(&tea))), (1, asks(2, None))]),
    ]
}

/// What a proposer of a ballot may propose after promises.
fn proposal(name: &str, count: u8, promises: &[(u8, Option<Accepted>)]) -> Value {
    let says_promise = |accepted: &Option<Accepted>| {
        hex(&says(Says::Promise { slot: 1, round: 9, accepted: accepted.clone() }))
    };
    let lines: Vec<String> = promises
        .iter()
        .map(|(from, accepted)| format!("{} {}", device(*from), says_promise(accepted)))
        .collect();
    let given: BTreeMap<DeviceId, Option<Accepted>> =
        promises.iter().map(|(from, accepted)| (device(*from), accepted.clone())).collect();
    let proposes = match choice(&given, majority(&keepers(count))) {
        Choice::Waits => "waits".to_owned(),
        Choice::Free => "free".to_owned(),
        Choice::Bound(batch) => hex(&says(Says::Accept { slot: 1, round: 9, batch: batch.to_vec() })),
    };
    let finds = json!({ "keepers": told(&keepers(count)), "promises": lines, "proposes": proposes });
    vector("ledger-proposal", name, &says(Says::Prepare { slot: 1, round: 9 }), &finds)
}

fn proposals() -> Vec<Value> {
    let accepted = |round, number: u8, value| {
        let batch = vec![wish(9, 1, 0, put("a", value))];
        Some(Accepted { ballot: Ballot { round, device: device(number) }, batch })
    };
    let (tea, milk) = (accepted(1, 2, "tea"), accepted(1, 3, "milk"));
    vec![
        proposal("one of three is no majority", 3, &[(1, tea.clone())]),
        proposal("two of three are, and free", 3, &[(1, None), (2, None)]),
        proposal("two of four are none", 4, &[(1, None), (2, None)]),
        proposal("one promise binds", 3, &[(1, None), (2, tea.clone())]),
        proposal("of one round the greater device binds", 3, &[(1, milk.clone()), (2, tea.clone())]),
        proposal("whoever promised first", 3, &[(1, tea), (2, milk.clone())]),
        proposal(
            "a higher round before a greater device",
            5,
            &[(3, None), (1, milk), (2, accepted(2, 1, "cake"))],
        ),
        proposal("one keeper alone", 1, &[(1, None)]),
    ]
}

// --- slots ---

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { version } => format!("done {version}"),
        Outcome::Refused { key, version } => format!("refused {version} {key}"),
        Outcome::Full => "full".to_owned(),
        Outcome::GivenUp => "given up".to_owned(),
        Outcome::NoKeeper => "no keeper".to_owned(),
        Outcome::KeepersChanged => "keepers changed".to_owned(),
        Outcome::OutOfTime => "out of time".to_owned(),
        Outcome::Again => "again".to_owned(),
    }
}

fn begun() -> Snapshot {
    let head = Head { keepers: keepers(3), started_by: Some(ALICE), ..Head::default() };
    Snapshot { head, entries: Vec::new(), results: Vec::new() }
}

fn slots(name: &str, before: &Snapshot, batches: &[Vec<Transaction>]) -> Value {
    let backing = MemoryBacking::default();
    let rows = backing.snapshot().unwrap();
    let mut rows = Overlay::new(&*rows);
    place(&mut rows, LEDGER, before.clone()).unwrap();
    let mut head = HEADS.get(&rows, &LEDGER).unwrap().unwrap();
    let mut outcomes = Vec::new();
    for batch in batches {
        apply(&mut rows, LEDGER, &mut head, batch).unwrap();
        let row = LOG.get(&rows, &(LEDGER, head.slot)).unwrap().unwrap();
        outcomes.extend(row.outcomes.iter().map(outcome));
    }
    let (first, last) = (before.head.slot + 1, head.slot);
    let after = freeze(&rows, LEDGER, head).unwrap();
    let message = says(Says::Chosen { first, batches: batches.to_vec(), last });
    let finds = json!({ "before": hex(&wire::to_bytes(before)), "outcomes": outcomes, "after": hex(&after) });
    vector("ledger-slots", name, &message, &finds)
}

fn shop() -> Snapshot {
    let entry = |key: &str, value: &str, version| {
        (key.to_owned(), EntryRow { value: value.to_owned(), version, person: ALICE, at: AT })
    };
    let entries = vec![entry("stock/7", "3", 2), entry("ä", "", 1)];
    let head = Head { slot: 3, version: 2, keys: 2, size: 10, ..begun().head };
    Snapshot { head, entries, results: Vec::new() }
}

/// A device with more results than are remembered for ever, all of them old but the last.
fn long_ago(count: u64) -> Snapshot {
    let results = (1..=count).map(|number| Remembered {
        by: device(9),
        slot: number,
        place: 0,
        id: id(number),
        outcome: Outcome::Done { version: number },
    });
    let head = Head { slot: 1_001, version: count, results: count, ..begun().head };
    Snapshot { head, entries: Vec::new(), results: results.collect() }
}

fn histories() -> Vec<Value> {
    [plain_histories(), random_histories()].concat()
}

fn random_histories() -> Vec<Value> {
    let keepers = vec![keeper(7), keeper(8)];
    let begun = Snapshot { head: Head { keepers, ..begun().head }, ..begun() };
    (1..=3).map(|seed| slots(&format!("seed {seed}"), &begun, &Dice(seed).slots())).collect()
}

#[expect(clippy::too_many_lines, reason = "one row for each vector")]
fn plain_histories() -> Vec<Value> {
    let of = |wants| vec![wish(9, 1, 0, wants)];
    let full = |keys, size| Snapshot { head: Head { keys, size, ..shop().head }, ..shop() };
    let change = |by, number, instead_of, names: &[u8]| {
        let keepers = names.iter().copied().map(keeper).collect();
        vec![wish(by, number, 0, Wants::Keepers { instead_of, keepers })]
    };
    let change_by_alice = |number, instead_of| {
        let mut change = change(9, number, instead_of, &[5]);
        for one in &mut change {
            one.person = ALICE;
        }
        change
    };
    vec![
        slots("the first slot", &begun(), &[of(writes(&[("a", 0)], &[("a", Some("1")), ("b", Some("2"))]))]),
        slots(
            "a condition that does not hold stops all writes",
            &shop(),
            &[of(writes(&[("stock/7", 2), ("ä", 2)], &[("stock/7", Some("2"))]))],
        ),
        slots(
            "of two that do not hold the first is named",
            &shop(),
            &[of(writes(&[("a", 1), ("stock/7", 1)], &[]))],
        ),
        slots("only a condition, which holds", &shop(), &[of(writes(&[("stock/7", 2)], &[]))]),
        slots(
            "a key goes and comes, and its version is another one",
            &shop(),
            &[
                of(writes(&[("stock/7", 2)], &[("stock/7", None)])),
                vec![
                    wish(9, 2, 0, writes(&[("stock/7", 0)], &[("stock/7", Some("9"))])),
                    wish(9, 3, 0, writes(&[("stock/7", 4)], &[("none", None)])),
                ],
            ],
        ),
        slots(
            "a wish is done once, and another device's of the same id is another",
            &begun(),
            &[
                of(put("a", "1")),
                vec![
                    wish(9, 1, 0, put("a", "2")),
                    wish(8, 1, 0, put("a", "3")),
                    wish(8, 1, 0, put("a", "4")),
                ],
            ],
        ),
        slots(
            "given up before it was decided, and after",
            &begun(),
            &[
                of(Wants::GiveUp),
                of(put("a", "1")),
                vec![wish(9, 2, 0, put("a", "1")), wish(9, 2, 0, Wants::GiveUp)],
            ],
        ),
        slots(
            "a refused wish is not tried again",
            &begun(),
            &[of(writes(&[("a", 1)], &[])), vec![wish(8, 1, 0, put("a", "1"))], of(writes(&[("a", 1)], &[]))],
        ),
        slots(
            "too early, in the last slot that is not too late, and too late",
            &long_ago(1),
            &[
                vec![
                    wish(8, 1, 1_002, put("a", "1")),
                    wish(8, 2, 2, put("a", "1")),
                    wish(8, 3, 1, put("a", "1")),
                ],
                vec![wish(8, 1, 1_002, put("a", "1")), wish(8, 4, u64::MAX, put("a", "1"))],
            ],
        ),
        slots(
            "a full ledger takes only what makes it smaller",
            &full(2, STATE_SIZE_MAX),
            &[
                of(put("stock/7", "12")),
                vec![
                    wish(9, 2, 0, put("stock/7", "4")),
                    wish(9, 3, 0, put("stock/7", "")),
                    wish(9, 4, 0, put("stock/7", "1")),
                ],
            ],
        ),
        slots(
            "a ledger that is too full may get smaller",
            &full(2, STATE_SIZE_MAX + 5),
            &[of(put("stock/7", "12")), vec![wish(9, 2, 0, put("stock/7", ""))]],
        ),
        slots(
            "as many keys as there may be",
            &full(KEYS_MAX, 10),
            &[of(put("new", "1")), vec![wish(9, 2, 0, writes(&[], &[("new", Some("1")), ("ä", None)]))]],
        ),
        slots("the last key that there may be", &full(KEYS_MAX - 1, 10), &[of(put("new", "1"))]),
        slots(
            "who started it changes keepers",
            &begun(),
            &[change_by_alice(1, 0), change_by_alice(2, 0), change_by_alice(3, 1)],
        ),
        slots(
            "a keeper changes keepers, and is none then",
            &begun(),
            &[change(2, 1, 0, &[4, 5]), change(2, 2, 1, &[2]), change(5, 1, 1, &[5])],
        ),
        slots("whoever is none is told that, not that they changed", &begun(), &[change(9, 1, 7, &[9])]),
        slots(
            "old results of a device are forgotten, two for each that comes",
            &long_ago(RESULTS_KEPT + 3),
            &[
                vec![wish(9, 1_000, 1_001, Wants::GiveUp)],
                vec![wish(9, 1_001, 1_001, put("a", "1")), wish(9, 1_002, 1_001, Wants::GiveUp)],
            ],
        ),
        slots(
            "and not more than two, however old",
            &Snapshot {
                head: Head { slot: 1_100, ..long_ago(RESULTS_KEPT + 3).head },
                ..long_ago(RESULTS_KEPT + 3)
            },
            &[vec![wish(9, 1_000, 1_100, Wants::GiveUp)]],
        ),
        slots(
            "another device's do not count, nor what is remembered already",
            &long_ago(RESULTS_KEPT + 3),
            &[vec![
                wish(8, 1, 1_001, Wants::GiveUp),
                wish(9, 5, 1_001, Wants::GiveUp),
                wish(9, 2_000, 0, Wants::GiveUp),
            ]],
        ),
        slots(
            "the last ones stay, however old",
            &long_ago(RESULTS_KEPT - 1),
            &[vec![wish(9, 1_000, 1_001, Wants::GiveUp), wish(9, 1_001, 1_001, Wants::GiveUp)]],
        ),
        slots(
            "what was forgotten can be wished again, under a later slot",
            &long_ago(RESULTS_KEPT),
            &[vec![wish(9, 1_000, 1_001, Wants::GiveUp), wish(9, 1, 1_001, put("a", "1"))]],
        ),
        slots(
            "after more slots than a float can count",
            &Snapshot { head: Head { slot: 1 << 53, ..shop().head }, ..shop() },
            &[vec![wish(9, 1, 1 << 53, put("a", "1"))]],
        ),
    ]
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u8) -> u8 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u8::try_from((mixed ^ (mixed >> 31)) % u64::from(limit)).unwrap()
    }

    fn wants(&mut self, version: u8) -> Wants {
        match self.below(12) {
            0 => Wants::GiveUp,
            1 => {
                let mut keepers = vec![keeper(7 + self.below(3)), keeper(10 + self.below(3))];
                keepers.truncate(1 + usize::from(self.below(2)));
                Wants::Keepers { instead_of: u64::from(self.below(2) * self.below(version)), keepers }
            }
            _ => {
                let (mut needs, mut puts) = (Vec::new(), Vec::new());
                for key in ["a", "b", "c"] {
                    if self.below(6) == 0 {
                        needs.push((key, u64::from(self.below(version))));
                    }
                    if self.below(2) == 0 {
                        puts.push((key, (self.below(3) > 0).then_some("1")));
                    }
                }
                if needs.is_empty() && puts.is_empty() { Wants::GiveUp } else { writes(&needs, &puts) }
            }
        }
    }

    /// Slots that devices fill which wish things twice, too early, or without a right to them.
    fn slots(&mut self) -> Vec<Vec<Transaction>> {
        let is_change = |one: &Transaction| matches!(one.wants, Wants::Keepers { .. });
        let mut slots = Vec::new();
        for slot in 0..50 {
            let mut batch = Vec::new();
            for _ in 0..=self.below(3) {
                let since = u64::from((slot + 1_u8).saturating_sub(self.below(4)));
                let wants = self.wants(slot / 2 + 2);
                batch.push(wish(7 + self.below(3), u64::from(self.below(90)), since, wants));
            }
            let change = batch.iter().find(|one| is_change(one)).cloned();
            slots.push(change.map_or(batch, |change| vec![change]));
        }
        slots
    }
}

fn snapshots_accepted() -> Vec<Value> {
    [("of nothing", begun()), ("of a shop", shop()), ("with results", every_result())]
        .map(|(name, snapshot)| {
            let Head { slot, version, keys, size, results, .. } = snapshot.head.clone();
            let finds = json!({
                "slot": slot.to_string(),
                "version": version.to_string(),
                "keys": keys.to_string(),
                "size": size.to_string(),
                "remembered": results.to_string(),
                "entries": snapshot.entries.iter().map(|(key, row)| format!("{} {key}={}", row.version, row.value)).collect::<Vec<_>>(),
                "outcomes": snapshot.results.iter().map(|one| outcome(&one.outcome)).collect::<Vec<_>>(),
            });
            vector("ledger-snapshot", name, &wire::to_bytes(&snapshot), &finds)
        })
        .to_vec()
}

fn every_result() -> Snapshot {
    let outcomes = [
        Outcome::Done { version: 1 },
        Outcome::Refused { key: "a".to_owned(), version: 0 },
        Outcome::Full,
        Outcome::GivenUp,
        Outcome::NoKeeper,
        Outcome::KeepersChanged,
    ];
    let results: Vec<Remembered> = (1..)
        .zip(outcomes)
        .map(|(slot, outcome)| Remembered { by: device(9), slot, place: 3, id: id(slot), outcome })
        .collect();
    let head = Head { slot: 9, version: 1, results: 6, started_by: None, ..begun().head };
    Snapshot { head, entries: Vec::new(), results }
}

fn snapshots_refused() -> Vec<Value> {
    let good = wire::to_bytes(&shop());
    let mut later = wire::to_bytes(&every_result());
    // The last result, `[5, []]`.
    let at = later.len() - 2;
    later[at] = 8;
    let mut short = good.clone();
    // Behind the heads of snapshot, head, four numbers, keepers, and the first of them.
    short[9] -= 1;
    short.remove(10);
    vec![
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("a part of it only", good.get(..good.len() / 2).unwrap().to_vec()),
        ("a result of a later version", later),
        ("a keeper's id too short", short),
        ("nothing", Vec::new()),
    ]
    .into_iter()
    .map(|(name, bytes)| vector("ledger-snapshot", name, &bytes, &json!({})))
    .collect()
}

fn accepted() -> Vec<Value> {
    let parts =
        [records_accepted(), messages_accepted(), votes(), proposals(), snapshots_accepted(), histories()];
    parts.concat()
}

fn refused() -> Vec<Value> {
    [records_refused(), messages_refused(), snapshots_refused()].concat()
}

fn is_accepted(vector: &Value, bytes: &[u8]) -> bool {
    match vector["kind"].as_str().unwrap() {
        "ledger-record" => Body::read(bytes).is_ok(),
        "ledger-snapshot" => wire::from_bytes::<Snapshot>(bytes, MESSAGE_SIZE_MAX).is_ok(),
        _ => Message::read(bytes).is_ok(),
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    services::accepted("ledger-accept.json", &accepted(), is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    services::refused("ledger-refuse.json", &refused(), is_accepted);
}
