//! A large room on a disk: opening it, and finding in it. Times are printed, for docs/benchmarks.md; `TALK_MESSAGES` says how large.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use store::RedbBacking;

use base::Timestamp;
use sim::lone::Lone;

use super::{AT, NAMES, begun, content, kitchen, said};
use crate::statement::{Body, Message};

const MESSAGES: u64 = 10_000;
/// Messages taken in one batch.
const AT_ONCE: u64 = 1_000;

/// A word for a number: few words are common and many are rare, as in any language.
fn word(number: u64) -> String {
    let mixed = blake3::hash(&number.to_be_bytes());
    let rank = u64::from(u16::from_be_bytes([mixed.as_bytes()[0], mixed.as_bytes()[1]])) + 1;
    // The inverse of a rank within 65,536 has a distribution like that of words.
    format!("word{}", 65_536 / rank + rank % 7)
}

fn text(number: u64) -> String {
    let words: Vec<String> = (0..12).map(|place| word(number * 16 + place)).collect();
    format!("number{number} {}", words.join(" "))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn a_large_room_opens_and_is_searched() {
    let messages = std::env::var("TALK_MESSAGES").ok().and_then(|many| many.parse().ok()).unwrap_or(MESSAGES);
    let folder = tempfile::tempdir().unwrap();
    let backing = RedbBacking::open(folder.path().join("rows")).unwrap();
    let mut house =
        Lone::over(Arc::new(backing), Box::new(crate::service()), NAMES, Timestamp::from_millis(AT));
    house.tell(0, 1, &Body::Begun(begun()));
    let begun = Instant::now();
    for number in 0..messages {
        let message = Message {
            turn: number + 1,
            nonce: base::OperationId::new(u128::from(number).to_be_bytes()),
            content: content(&text(number)),
            ..super::message(1, 1)
        };
        let author = u8::try_from(number % 3).unwrap();
        house.tell(author, number / 3 + 2, &said(message));
        if number % AT_ONCE == AT_ONCE - 1 {
            house.pass();
        }
    }
    println!("NOTE talk: {messages} messages taken in {:.1?}", begun.elapsed());
    let room = kitchen().to_string();
    check(&house, "opening", "talk.messages", &json!({ "room": room }));
    check(&house, "rooms", "talk.rooms", &json!({}));
    let page = house.read("talk.messages", json!({ "room": room, "limit": 1 })).unwrap();
    assert!(page["messages"][0]["text"].as_str().unwrap().starts_with(&format!("number{} ", messages - 1)));
    for (what, query, least) in [
        ("one rare word", "number7777".to_owned(), 1),
        ("a common word", "word1".to_owned(), 20),
        ("two common words", "word1 word2".to_owned(), 20),
        ("words of one message", text(5_000), 1),
        ("no such word", "nowhere".to_owned(), 0),
    ] {
        let found = check(&house, what, "talk.find", &json!({ "query": query }));
        let count = found["found"].as_array().unwrap().len();
        assert!(count >= least, "{what}: {count}");
    }
}

/// Asks five times and looks at the middle one: others use this computer, too.
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn check(house: &Lone, what: &str, operation: &str, arguments: &Value) -> Value {
    let mut times = Vec::new();
    let mut answer = Value::Null;
    for _ in 0..5 {
        let begun = Instant::now();
        answer = house.read(operation, arguments.clone()).unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("NOTE talk: {what} in {:.1?} (of five: {:.1?} to {:.1?})", times[2], times[0], times[4]);
    answer
}
