//! Mutated bytes for what members send about rooms and messages: records, what stands in letters, what peers tell each other.

#[path = "../../../foundation/wire/tests/fuzz/engine.rs"]
mod engine;

use base::{DeviceId, OperationId, PersonId, Timestamp, WebId};
use engine::Read;
use proptest::prelude::*;

use crate::ids::{MessageId, RoomId};
use crate::statement::{About, Begun, Body, Change, Content, Heard, Inside, Letter, Message, Says, What};

const ROOM: RoomId = RoomId::new([1; 16]);
const DIRECT: RoomId = RoomId::new([0x81; 16]);
const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);

fn person(number: u8) -> PersonId {
    PersonId::from_slice(&[number; PersonId::LEN]).unwrap()
}

fn content() -> Content {
    Content {
        text: "# Words\n\n<script>alert(1)</script> 😀".to_owned(),
        mentions: vec![person(1), person(2)],
        attachments: vec!["althing:web/0707".to_owned()],
    }
}

fn message() -> Message {
    Message {
        nonce: OperationId::new([3; 16]),
        turn: 7,
        at: AT,
        content: content(),
        reply_to: Some(MessageId::new([4; 16])),
        thread: Some(MessageId::new([5; 16])),
    }
}

fn about(what: What) -> About {
    About { message: MessageId::new([6; 16]), at: AT, what }
}

fn every_body() -> Vec<Body> {
    let begun = Begun {
        nonce: OperationId::new([7; 16]),
        at: AT,
        name: "kitchen".to_owned(),
        topic: "what to eat".to_owned(),
        is_open: true,
    };
    let set = |change| Body::Set { room: ROOM, count: 2, change };
    let after = vec![Heard { device: DeviceId::new([8; 32]), place: 513 }];
    vec![
        Body::Begun(begun),
        set(Change::Name("cellar".to_owned())),
        set(Change::Topic(String::new())),
        set(Change::IsArchived(true)),
        set(Change::IsOpen(false)),
        set(Change::Moderators(vec![person(1), person(2)])),
        Body::Said { room: ROOM, message: message() },
        Body::Said { room: ROOM, message: Message { reply_to: None, thread: None, ..message() } },
        Body::About(about(What::Edit { count: 1, content: content() })),
        Body::About(about(What::Delete)),
        Body::About(about(What::React { emoji: "👍🏽".to_owned(), count: 3, is_on: false })),
        Body::Mute { room: ROOM, person: person(1), count: 1, after: Some(after) },
        Body::Mute { room: ROOM, person: person(1), count: 2, after: None },
    ]
}

fn every_letter() -> Vec<Letter> {
    let persons = vec![person(1), person(2)];
    vec![
        Letter { persons: persons.clone(), inside: Inside::Said(message()) },
        Letter { persons, inside: Inside::About(about(What::Delete)) },
    ]
}

fn everything_said() -> Vec<Says> {
    let places = vec![Heard { device: DeviceId::new([8; 32]), place: 513 }];
    let web = WebId::new([9; 32]);
    vec![Says::Have { web, places }, Says::Read { web, room: DIRECT, turn: 5 }]
}

const READERS: [(&str, Read); 3] = [
    ("talk record", |bytes| Some(wire::to_bytes(&Body::read(bytes).ok()?))),
    ("talk letter", |bytes| Some(wire::to_bytes(&Letter::read(bytes).ok()?))),
    ("talk message", |bytes| Some(wire::to_bytes(&Says::read(bytes).ok()?))),
];

#[test]
fn fuzz_what_members_send_about_messages() {
    let mut seeds: Vec<Vec<u8>> = every_body().iter().map(wire::to_bytes).collect();
    seeds.extend(every_letter().iter().map(wire::to_bytes));
    seeds.extend(everything_said().iter().map(wire::to_bytes));
    engine::run("talk", &READERS, seeds);
}

#[test]
fn what_is_written_is_read_again() {
    for body in every_body() {
        assert_eq!(Body::read(&wire::to_bytes(&body)).ok(), Some(body));
    }
    for letter in every_letter() {
        assert_eq!(Letter::read(&wire::to_bytes(&letter)).ok(), Some(letter));
    }
    for says in everything_said() {
        assert_eq!(Says::read(&wire::to_bytes(&says)).ok(), Some(says));
    }
}

#[test]
fn nothing_is_said_in_the_open_under_a_direct_conversations_name() {
    for body in [
        Body::Said { room: DIRECT, message: message() },
        Body::Set { room: DIRECT, count: 1, change: Change::IsArchived(true) },
        Body::Mute { room: DIRECT, person: person(1), count: 1, after: None },
    ] {
        assert!(Body::read(&wire::to_bytes(&body)).is_err(), "{body:?}");
    }
    let read = Says::Read { web: WebId::new([9; 32]), room: ROOM, turn: 5 };
    assert!(Says::read(&wire::to_bytes(&read)).is_err());
}

#[test]
fn what_is_over_a_limit_is_refused() {
    let said = |message| Body::Said { room: ROOM, message };
    let with = |content| said(Message { content, ..message() });
    let link = |link: &str| Content { attachments: vec![link.to_owned()], ..content() };
    for body in [
        said(Message { turn: 0, ..message() }),
        said(Message { turn: crate::statement::TURN_MAX + 1, ..message() }),
        with(Content { text: "a".repeat(16 * 1024 + 1), ..content() }),
        with(Content::default()),
        with(Content { mentions: vec![person(2), person(1)], ..content() }),
        with(Content { mentions: vec![person(1), person(1)], ..content() }),
        with(link("https://example.org/")),
        with(link("javascript:alert(1)")),
        with(link("althing:file x")),
        with(Content { attachments: vec!["althing:web/07".to_owned(); 9], ..content() }),
        Body::About(about(What::React { emoji: "a b".to_owned(), count: 1, is_on: true })),
        Body::About(about(What::React { emoji: "a".repeat(65), count: 1, is_on: true })),
        Body::Set { room: ROOM, count: 1, change: Change::Name("a/b".to_owned()) },
        Body::Set { room: ROOM, count: 1, change: Change::Name(" a".to_owned()) },
        Body::Set { room: ROOM, count: 1, change: Change::Topic("a".repeat(1_001)) },
    ] {
        assert!(Body::read(&wire::to_bytes(&body)).is_err(), "{body:?}");
    }
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
