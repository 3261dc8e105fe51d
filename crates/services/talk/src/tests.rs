//! Records in any order make the same conversations; what many of them cost. One peer, whose `records` is a stand-in that tells what the
//! test says.

mod speed;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{DeviceId, OperationId, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::ids::{MessageId, RoomId};
use crate::statement::{About, Begun, Body, Change, Content, Heard, LEAP, Message, TURN_MAX, What};
use sim::lone::{Lone, Names, WEB, device, person};
use store::MemoryBacking;

const AT: u64 = 1_795_305_600_000;
const NAMES: Names = ["Alice", "Bob", "Carol", "", "", "", "", "", "", "Zoe"];

/// Zoe's peer, who only reads along here.
fn begin() -> Lone {
    Lone::start(Box::new(crate::service()), NAMES, Timestamp::from_millis(AT))
}

fn begun() -> Begun {
    Begun {
        nonce: OperationId::new([7; 16]),
        at: Timestamp::from_millis(AT),
        name: "kitchen".to_owned(),
        topic: String::new(),
        is_open: true,
    }
}

/// The room that Alice (0, an owner) begins.
fn kitchen() -> RoomId {
    RoomId::of_room(WEB, device(0), &wire::to_bytes(&begun()))
}

fn content(text: &str) -> Content {
    Content { text: text.to_owned(), ..Content::default() }
}

fn message(number: u8, turn: u64) -> Message {
    Message {
        nonce: OperationId::new([number; 16]),
        turn,
        at: Timestamp::from_millis(AT + u64::from(number)),
        content: content(&format!("word{number} said")),
        reply_to: None,
        thread: None,
    }
}

fn id(author: u8, message: &Message) -> MessageId {
    MessageId::of(WEB, device(author), kitchen(), &wire::to_bytes(message))
}

fn said(message: Message) -> Body {
    Body::Said { room: kitchen(), message }
}

fn about(message: MessageId, what: What) -> Body {
    Body::About(About { message, at: Timestamp::from_millis(AT), what })
}

/// What Alice (an owner), Bob and Carol (members) each wrote, in the order of their logs.
type Logs = [Vec<Body>; 3];

fn logs() -> impl Strategy<Value = Logs> {
    let act = (0_u8..12, 0_u8..3, 0_u8..6, 1_u64..6);
    let log = proptest::collection::vec(act, 1..14);
    [log.clone(), log.clone(), log].prop_map(|drawn| {
        let mut logs: Logs = [vec![Body::Begun(begun())], Vec::new(), Vec::new()];
        for (authors, (log, acts)) in (0_u8..).zip(logs.iter_mut().zip(drawn)) {
            for (kind, who, which, count) in acts {
                // About messages that may never be said, too.
                let meant = id(who, &message(who * 16 + which, u64::from(which) + 1));
                log.push(match kind {
                    0..=4 => said(message(authors * 16 + which, u64::from(which) + 1)),
                    5 => about(
                        meant,
                        What::Edit { count, content: content(&format!("edited{count} by{authors}")) },
                    ),
                    6 => about(meant, What::Delete),
                    7 => about(meant, What::React { emoji: "👍".to_owned(), count, is_on: which % 2 == 0 }),
                    8 => Body::Set { room: kitchen(), count, change: Change::Name(format!("name{which}")) },
                    9 => {
                        let moderators = vec![person(1 + which % 2)];
                        Body::Set { room: kitchen(), count, change: Change::Moderators(moderators) }
                    }
                    10 => {
                        let after = vec![Heard { device: device(who), place: 256 * u64::from(which) }];
                        Body::Mute { room: kitchen(), person: person(who), count, after: Some(after) }
                    }
                    _ => said(message(authors * 16 + which, LEAP * count + u64::from(which))),
                });
            }
        }
        logs
    })
}

/// Takes the logs in an order that the draws choose: each log in its own order, some of it twice.
fn house_of(logs: &Logs, draws: &[u8]) -> Lone {
    let mut house = begin();
    let mut at = [0_usize; 3];
    let mut draws = draws.iter().cycle();
    loop {
        // Of those that have more to say: draws that never name one would go on for ever.
        let open: Vec<usize> = (0..3).filter(|author| at[*author] < logs[*author].len()).collect();
        if open.is_empty() {
            break;
        }
        let author = open[usize::from(*draws.next().unwrap()) % open.len()];
        let body = &logs[author][at[author]];
        at[author] += 1;
        let seq = u64::try_from(at[author]).unwrap();
        let author = u8::try_from(author).unwrap();
        house.tell(author, seq, body);
        if draws.next().unwrap().is_multiple_of(4) {
            house.tell(author, seq, body);
        }
        if draws.next().unwrap().is_multiple_of(3) {
            house.pass();
        }
    }
    house.pass();
    house
}

/// Rows of each table.
type Tables = BTreeMap<&'static str, Vec<(Vec<u8>, Vec<u8>)>>;

/// What is the same at all peers: all rows but how far logs were heard.
fn state(house: &Lone) -> Tables {
    let tables = [
        "talk.rooms",
        "talk.begun",
        "talk.sets",
        "talk.mutes",
        "talk.messages",
        "talk.timeline",
        "talk.threads",
        "talk.about",
        "talk.words",
        "talk.word-counts",
        "talk.placed",
    ];
    tables.into_iter().map(|table| (table, house.rows(table))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_the_conversation_is_the_same(
        logs in logs(),
        one in proptest::collection::vec(any::<u8>(), 20..60),
        other in proptest::collection::vec(any::<u8>(), 20..60),
    ) {
        let (one, other) = (house_of(&logs, &one), house_of(&logs, &other));
        let page = json!({ "room": kitchen().to_string(), "limit": 100 });
        prop_assert_eq!(one.read("talk.messages", page.clone()), other.read("talk.messages", page));
        prop_assert_eq!(one.read("talk.rooms", json!({})), other.read("talk.rooms", json!({})));
        // A moderator's word counts when it is judged; which of those who have the right is what the rows then hold.
        prop_assert_eq!(state(&one)["talk.timeline"].clone(), state(&other)["talk.timeline"].clone());
        for table in ["talk.rooms", "talk.sets", "talk.mutes", "talk.placed"] {
            prop_assert_eq!(state(&one)[table].clone(), state(&other)[table].clone(), "{}", table);
        }
    }
}

fn texts(house: &Lone) -> Vec<String> {
    let page = house.read("talk.messages", json!({ "room": kitchen().to_string(), "limit": 100 })).unwrap();
    page["messages"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

fn found(house: &Lone, query: &str) -> usize {
    house.read("talk.find", json!({ "query": query })).unwrap()["found"].as_array().unwrap().len()
}

#[test]
fn a_turn_that_leaps_is_not_shown_and_keeps_nobody_from_going_on() {
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(1, 1, &said(message(1, TURN_MAX)));
    house.tell(2, 1, &said(message(2, LEAP + 5)));
    house.tell(0, 2, &said(message(3, 1)));
    house.pass();
    assert_eq!(texts(&house), ["word3 said"]);
    // It is shown when the turns between have come, and only then counts.
    house.tell(0, 3, &said(message(4, 6)));
    house.pass();
    assert_eq!(texts(&house), ["word3 said", "word4 said", "word2 said"]);
}

#[test]
fn what_is_taken_away_is_in_no_row_and_what_comes_late_does_not_bring_it_back() {
    let one = message(1, 1);
    let memory = MemoryBacking::new();
    let service = Box::new(crate::service());
    let mut house = Lone::over(Arc::new(memory.clone()), service, NAMES, Timestamp::from_millis(AT));
    house.tell(1, 1, &about(id(1, &one), What::Edit { count: 1, content: content("edited secret") }));
    house.tell(1, 2, &about(id(1, &one), What::Delete));
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(1, 3, &said(one.clone()));
    house.tell(1, 4, &about(id(1, &one), What::Edit { count: 9, content: content("later secret") }));
    house.pass();
    assert_eq!(texts(&house), [""]);
    for word in ["word1", "secret", "edited", "later"] {
        assert_eq!(found(&house, word), 0, "{word}");
        assert_eq!(memory.holding_bytes(word.as_bytes()), None, "{word}");
    }
    let page = house.read("talk.messages", json!({ "room": kitchen().to_string() })).unwrap();
    assert_eq!(page["messages"][0]["removed_by"], "Bob");
}

#[test]
fn only_its_author_edits_a_message_and_only_author_and_moderators_take_it_away() {
    let one = message(1, 1);
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(1, 1, &said(one.clone()));
    house.tell(2, 1, &about(id(1, &one), What::Edit { count: 5, content: content("forged") }));
    house.tell(2, 2, &about(id(1, &one), What::Delete));
    house.pass();
    assert_eq!(texts(&house), ["word1 said"]);
    assert_eq!(found(&house, "forged"), 0);
    house.tell(1, 2, &about(id(1, &one), What::Edit { count: 1, content: content("said anew") }));
    house.pass();
    assert_eq!(texts(&house), ["said anew"]);
    assert_eq!((found(&house, "word1"), found(&house, "ANÉW")), (0, 1));
    house.tell(0, 2, &about(id(1, &one), What::Delete));
    house.pass();
    assert_eq!(texts(&house), [""]);
}

#[test]
fn muting_keeps_off_what_stands_behind_a_place_however_it_is_dated() {
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(1, 1, &said(message(1, 5)));
    let after = Some(vec![Heard { device: device(1), place: 256 }]);
    house.tell(0, 2, &Body::Mute { room: kitchen(), person: person(1), count: 1, after });
    // Dated back by turn and by time.
    house.tell(1, 2, &said(Message { at: Timestamp::from_millis(1), ..message(2, 1) }));
    house.pass();
    assert_eq!(texts(&house), ["word1 said"]);
    // Nobody without the right lifts it.
    house.tell(2, 1, &Body::Mute { room: kitchen(), person: person(1), count: 9, after: None });
    house.pass();
    assert_eq!(texts(&house).len(), 1);
    house.tell(0, 3, &Body::Mute { room: kitchen(), person: person(1), count: 2, after: None });
    house.pass();
    assert_eq!(texts(&house), ["word2 said", "word1 said"]);
}

#[test]
fn what_a_cut_makes_void_is_gone_with_all_that_was_said_by_it() {
    let (one, two) = (message(1, 1), message(2, 2));
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(0, 2, &said(one.clone()));
    house.tell(1, 1, &said(message(3, 3)));
    house.tell(1, 2, &said(two.clone()));
    house.tell(1, 3, &about(id(0, &one), What::React { emoji: "👍".to_owned(), count: 1, is_on: true }));
    house.pass();
    assert_eq!(texts(&house).len(), 3);
    house.cut(1, 1);
    house.pass();
    assert_eq!(texts(&house), ["word1 said", "word3 said"]);
    assert_eq!(found(&house, "word2"), 0);
    let page = house.read("talk.messages", json!({ "room": kitchen().to_string() })).unwrap();
    assert_eq!(page["messages"][0]["reactions"], json!([]));
}

#[test]
fn a_flood_of_one_person_is_one_line_of_a_page() {
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(2, 1, &said(message(250, 1)));
    for number in 0..60 {
        house.tell(1, u64::from(number) + 1, &said(message(number, u64::from(number) + 2)));
    }
    house.tell(2, 2, &said(message(251, 100)));
    house.pass();
    let page = house.read("talk.messages", json!({ "room": kitchen().to_string(), "limit": 30 })).unwrap();
    let shown = page["messages"].as_array().unwrap();
    assert_eq!(shown.len(), 22);
    assert_eq!(shown.iter().map(|one| one["folded"].as_u64().unwrap()).sum::<u64>(), 40);
}

#[test]
fn one_device_says_only_so_much_about_one_message_and_can_always_take_it_away() {
    let one = message(1, 1);
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    house.tell(1, 1, &said(one.clone()));
    for number in 0..100_u64 {
        let react = What::React { emoji: format!("e{number}"), count: 1, is_on: true };
        house.tell(1, number + 2, &about(id(1, &one), react));
    }
    house.pass();
    let page = house.read("talk.messages", json!({ "room": kitchen().to_string() })).unwrap();
    assert_eq!(page["messages"][0]["reactions"].as_array().unwrap().len(), 64);
    house.tell(1, 200, &about(id(1, &one), What::Delete));
    house.pass();
    assert_eq!(texts(&house), [""]);
}

#[test]
fn hostile_texts_come_through_as_they_are_and_names_that_break_lines_do_not() {
    let mut house = begin();
    house.tell(0, 1, &Body::Begun(begun()));
    let texts_said = [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "\"><svg onload=alert(1)>",
        "\u{202e}gnp.exe",
        "a\0b\u{7}c",
        "<img src=x onerror=alert(1)>",
        "{{constructor.constructor('alert(1)')()}}",
    ];
    for (number, text) in (0_u8..).zip(texts_said) {
        let message = Message { content: content(text), ..message(number, u64::from(number) + 1) };
        house.tell(0, u64::from(number) + 2, &said(message));
    }
    house.pass();
    assert_eq!(texts(&house), texts_said);
    for name in ["a\nb", "a\0b", "../etc", "a/b", " a", ""] {
        let change = Change::Name(name.to_owned());
        assert!(Body::read(&wire::to_bytes(&Body::Set { room: kitchen(), count: 1, change })).is_err());
    }
}

#[test]
fn ids_tell_rooms_from_direct_conversations() {
    let persons = [person(0), person(1)];
    assert!(RoomId::of_persons(WEB, &persons).is_direct() && !kitchen().is_direct());
    // Said by somebody else, or elsewhere, it is another message.
    let one = message(1, 1);
    let ids = [id(0, &one), id(1, &one), MessageId::of(WEB, DeviceId::new([9; 32]), kitchen(), b"")];
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}
