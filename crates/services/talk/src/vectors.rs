//! Makes the vectors of talk in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and find
//! the same in them, the ids that follow from them too.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use base::{DeviceId, OperationId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use serde_json::{Value, json};
use services::vector;
use wire::codec::Bytes;

use crate::ids::{MessageId, RoomId};
use crate::statement::{
    ATTACHMENT_SIZE_MAX, ATTACHMENTS_MAX, About, Begun, Body, Change, Content, Heard, Inside, Letter,
    MENTIONS_MAX, MODERATORS_MAX, Message, NAME_SIZE_MAX, PLACES_MAX, REACTION_SIZE_MAX, Says, TEXT_SIZE_MAX,
    TOPIC_SIZE_MAX, TURN_MAX, What,
};

const WEB: WebId = WebId::new([0x51; 32]);
const AUTHOR: DeviceId = DeviceId::new([0x11; 32]);
const ROOM: RoomId = RoomId::new([1; 16]);
const DIRECT: RoomId = RoomId::new([0x81; 16]);
const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);

fn persons(count: usize) -> Vec<PersonId> {
    (1..=count).map(|number| PersonId::new([u8::try_from(number).unwrap(); 32])).collect()
}

fn places(count: usize) -> Vec<Heard> {
    let heard = |number| Heard { device: DeviceId::new([number; 32]), place: 513 };
    (1..=count).map(|number| heard(u8::try_from(number).unwrap())).collect()
}

fn swapped<T>(mut two: Vec<T>) -> Vec<T> {
    two.reverse();
    two
}

// --- what a sealed record looks like from outside ---

#[derive(Encode, Decode)]
struct Outside {
    #[n(0)]
    wraps: Vec<Bytes>,
    #[n(1)]
    body: Bytes,
}

#[derive(Encode, Decode)]
enum OutsideBody {
    #[n(5)]
    Letter(#[n(0)] Outside),
}

fn sealed(count: usize, wrap: usize, body: usize) -> Vec<u8> {
    let wraps = (0..count).map(|number| vec![u8::try_from(number).unwrap(); wrap].into()).collect();
    wire::to_bytes(&OutsideBody::Letter(Outside { wraps, body: vec![7; body].into() }))
}

// --- records ---

fn begun() -> Begun {
    let nonce = OperationId::new([7; 16]);
    Begun { nonce, at: AT, name: "kitchen".to_owned(), topic: "what to eat".to_owned(), is_open: true }
}

fn content() -> Content {
    Content {
        text: "# Words\n\n<script>alert(1)</script> 😀".to_owned(),
        mentions: persons(2),
        attachments: vec!["althing:web/0707".to_owned()],
    }
}

fn message() -> Message {
    let (reply_to, thread) = (Some(MessageId::new([4; 16])), Some(MessageId::new([5; 16])));
    Message { nonce: OperationId::new([3; 16]), turn: 7, at: AT, content: content(), reply_to, thread }
}

fn of(content: Content) -> Message {
    Message { content, ..message() }
}

fn saying(text: &str) -> Message {
    of(Content { text: text.to_owned(), mentions: Vec::new(), attachments: Vec::new() })
}

fn linking(links: Vec<String>) -> Message {
    of(Content { attachments: links, ..content() })
}

fn said(message: Message) -> Body {
    Body::Said { room: ROOM, message }
}

fn set(change: Change) -> Body {
    Body::Set { room: ROOM, count: 2, change }
}

fn about(what: What) -> About {
    About { message: MessageId::new([6; 16]), at: AT, what }
}

fn react(emoji: &str) -> Body {
    Body::About(about(What::React { emoji: emoji.to_owned(), count: 3, is_on: true }))
}

fn mute(after: Option<Vec<Heard>>) -> Body {
    Body::Mute { room: ROOM, person: PersonId::new([1; 32]), count: 1, after }
}

fn named(name: &str) -> Body {
    Body::Begun(Begun { name: name.to_owned(), ..begun() })
}

fn found(body: &Body) -> Value {
    match body {
        Body::Begun(begun) => {
            let room = RoomId::of_room(WEB, AUTHOR, &wire::to_bytes(begun));
            json!({ "says": "begun", "room": room.to_string(), "name": begun.name, "open": begun.is_open })
        }
        Body::Set { room, count, change } => json!({
            "says": "set", "room": room.to_string(), "count": count.to_string(), "field": change.field(),
        }),
        Body::Said { room, message } => told("said", *room, message),
        Body::About(about) => told_about(about),
        Body::Mute { room, person, count, after } => json!({
            "says": "mute", "room": room.to_string(), "person": person, "count": count.to_string(),
            "after": after.as_ref().map(Vec::len),
        }),
        Body::Letter(_) => json!({ "says": "letter" }),
    }
}

fn told(says: &str, room: RoomId, message: &Message) -> Value {
    let id = MessageId::of(WEB, AUTHOR, room, &wire::to_bytes(message));
    json!({
        "says": says, "room": room.to_string(), "message": id.to_string(), "turn": message.turn.to_string(),
        "at": message.at.millis().to_string(), "text": message.content.text,
        "mentions": message.content.mentions.len(), "attachments": message.content.attachments,
        "reply_to": message.reply_to.map(|id| id.to_string()), "thread": message.thread.map(|id| id.to_string()),
    })
}

fn told_about(about: &About) -> Value {
    let what = match &about.what {
        What::Edit { count, content } => json!({ "count": count.to_string(), "text": content.text }),
        What::Delete => json!("taken away"),
        What::React { emoji, count, is_on } => {
            json!({ "count": count.to_string(), "emoji": emoji, "is_on": is_on })
        }
    };
    json!({ "says": "about", "message": about.message.to_string(), "at": about.at.millis().to_string(), "what": what })
}

fn records_accepted() -> Vec<Value> {
    let link = format!("althing:{}", "a".repeat(ATTACHMENT_SIZE_MAX - 8));
    let bare = Message { reply_to: None, thread: None, ..saying("hello") };
    let mut vectors: Vec<Value> = [
        ("a room begins", Body::Begun(begun())),
        ("the longest name", named(&"ä".repeat(NAME_SIZE_MAX / 2))),
        ("without a topic, not open", Body::Begun(Begun { topic: String::new(), is_open: false, ..begun() })),
        ("the longest topic", Body::Begun(Begun { topic: "ä".repeat(TOPIC_SIZE_MAX / 2), ..begun() })),
        ("another name", set(Change::Name("cellar".to_owned()))),
        ("no topic", set(Change::Topic(String::new()))),
        ("archived", set(Change::IsArchived(true))),
        ("not open", set(Change::IsOpen(false))),
        ("moderators", set(Change::Moderators(persons(2)))),
        ("as many moderators as there may be", set(Change::Moderators(persons(MODERATORS_MAX)))),
        ("no moderators", set(Change::Moderators(Vec::new()))),
        ("a message with all there is", said(message())),
        ("a message that answers nothing", said(bare)),
        ("in a thread, answering nothing", said(Message { reply_to: None, ..message() })),
        ("answering, in no thread", said(Message { thread: None, ..message() })),
        ("the greatest turn", said(Message { turn: TURN_MAX, ..message() })),
        ("the longest text", said(saying(&"ä".repeat(TEXT_SIZE_MAX / 2)))),
        ("a link alone", said(of(Content { text: " \n".to_owned(), ..content() }))),
        ("as many links as there may be", said(linking(vec![link; ATTACHMENTS_MAX]))),
        (
            "as many persons as may be named",
            said(of(Content { mentions: persons(MENTIONS_MAX), ..content() })),
        ),
        ("edited", Body::About(about(What::Edit { count: u64::MAX, content: content() }))),
        ("taken away", Body::About(about(What::Delete))),
        ("a reaction", react("👍🏽")),
        ("the longest reaction", react(&"a".repeat(REACTION_SIZE_MAX))),
        ("muted", mute(Some(places(2)))),
        ("muted, everything", mute(Some(Vec::new()))),
        ("muted, of as many devices as there may be", mute(Some(places(PLACES_MAX)))),
        ("no longer muted", mute(None)),
    ]
    .into_iter()
    .map(|(name, body)| vector("talk-record", name, &wire::to_bytes(&body), &found(&body)))
    .collect();
    for (name, count, size) in [("the smallest letter", 2, 1_024), ("the largest letter", 16, 32_768)] {
        vectors.push(vector(
            "talk-record",
            name,
            &sealed(count, 80, size + 16),
            &json!({ "says": "letter" }),
        ));
    }
    vectors
}

fn records_beyond_limits() -> Vec<(&'static str, Body)> {
    let mentions = |mentions| said(of(Content { mentions, ..content() }));
    let link = |link: String| said(linking(vec![link]));
    vec![
        ("a room without a name", named("")),
        ("a name too long", named(&"x".repeat(NAME_SIZE_MAX + 1))),
        ("a name with a slash", named("a/b")),
        ("a name with a backslash", named("a\\b")),
        ("a name with a control character", named("a\u{85}b")),
        ("a name with a space before it", named(" a")),
        ("a name with white space behind it", named("a\u{2003}")),
        ("a topic too long", set(Change::Topic("x".repeat(TOPIC_SIZE_MAX + 1)))),
        ("a name changed to one too long", set(Change::Name("x".repeat(NAME_SIZE_MAX + 1)))),
        ("too many moderators", set(Change::Moderators(persons(MODERATORS_MAX + 1)))),
        ("moderators in disorder", set(Change::Moderators(swapped(persons(2))))),
        (
            "a direct conversation changed",
            Body::Set { room: DIRECT, count: 1, change: Change::IsArchived(true) },
        ),
        ("said in the open about a direct conversation", Body::Said { room: DIRECT, message: message() }),
        ("turn 0", said(Message { turn: 0, ..message() })),
        ("a turn too great", said(Message { turn: TURN_MAX + 1, ..message() })),
        ("a text too long", said(saying(&"x".repeat(TEXT_SIZE_MAX + 1)))),
        ("nothing said", said(saying(""))),
        ("white space said", said(saying(" \t\u{2003}\n"))),
        ("too many persons named", mentions(persons(MENTIONS_MAX + 1))),
        ("persons named in disorder", mentions(swapped(persons(2)))),
        ("a person named twice", mentions([persons(1), persons(1)].concat())),
        ("too many links", said(linking(vec!["althing:web/07".to_owned(); ATTACHMENTS_MAX + 1]))),
        ("a link to elsewhere", link("https://example.org/".to_owned())),
        ("a link that runs", link("javascript:alert(1)".to_owned())),
        ("a link in capital letters", link("ALTHING:web/07".to_owned())),
        ("a link with a space", link("althing:web/0 7".to_owned())),
        ("a link with a control character", link("althing:web/0\u{7f}7".to_owned())),
        ("a link too long", link(format!("althing:{}", "a".repeat(ATTACHMENT_SIZE_MAX - 7)))),
        ("edited to nothing", Body::About(about(What::Edit { count: 1, content: Content::default() }))),
        ("a reaction of nothing", react("")),
        ("a reaction of two words", react("a b")),
        ("a reaction too long", react(&"a".repeat(REACTION_SIZE_MAX + 1))),
        (
            "muted in a direct conversation",
            match mute(None) {
                Body::Mute { person, count, after, .. } => Body::Mute { room: DIRECT, person, count, after },
                other => other,
            },
        ),
        ("muted with devices in disorder", mute(Some(swapped(places(2))))),
        ("muted with too many devices", mute(Some(places(PLACES_MAX + 1)))),
    ]
}

fn records_refused() -> Vec<Value> {
    let good = wire::to_bytes(&Body::Begun(begun()));
    let rest = |from: usize| good.get(from..).unwrap();
    let unmuted = wire::to_bytes(&mute(None));
    let with_null = [&[0x82, 4, 0x84], unmuted.get(3..).unwrap(), &[0xf6]].concat();
    let others = [
        ("a letter for three", sealed(3, 80, 1_024 + 16)),
        ("a letter with a short wrap", sealed(2, 79, 1_024 + 16)),
        ("a letter of another size", sealed(2, 80, 2_048 + 16)),
        ("too long", sealed(16, 80, 36 * 1_024)),
        ("of an unknown kind", [&[0x82, 6], rest(2)].concat()),
        ("what is left out written as null", with_null),
        ("an array without an end", [&[0x9f, 0], rest(2), &[0xff]].concat()),
        ("a number longer than it need be", [&[0x82, 0x18, 0], rest(2)].concat()),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("nothing", Vec::new()),
    ];
    let beyond = records_beyond_limits().into_iter().map(|(name, body)| (name, wire::to_bytes(&body)));
    beyond.chain(others).map(|(name, bytes)| vector("talk-record", name, &bytes, &json!({}))).collect()
}

// --- letters ---

fn letters_accepted() -> Vec<Value> {
    let said = Letter { persons: persons(2), inside: Inside::Said(message()) };
    let about = Letter { persons: persons(16), inside: Inside::About(about(What::Delete)) };
    [("said to one other", said), ("about, among sixteen", about)]
        .map(|(name, letter)| {
            let direct = RoomId::of_persons(WEB, &letter.persons);
            let inside = match &letter.inside {
                Inside::Said(message) => told("said", direct, message),
                Inside::About(about) => told_about(about),
            };
            let finds = json!({ "conversation": direct.to_string(), "inside": inside });
            vector("talk-letter", name, &wire::to_bytes(&letter), &finds)
        })
        .to_vec()
}

fn letters_refused() -> Vec<Value> {
    let to = |persons| Letter { persons, inside: Inside::Said(message()) };
    [
        ("to nobody", to(Vec::new())),
        ("to one alone", to(persons(1))),
        ("to too many", to(persons(17))),
        ("to persons in disorder", to(swapped(persons(2)))),
        ("to a person twice", to([persons(1), persons(1)].concat())),
        ("with nothing said", Letter { inside: Inside::Said(saying("")), ..to(persons(2)) }),
    ]
    .map(|(name, letter)| vector("talk-letter", name, &wire::to_bytes(&letter), &json!({})))
    .to_vec()
}

// --- messages between peers ---

fn messages_accepted() -> Vec<Value> {
    let have = |count| Says::Have { web: WEB, places: places(count) };
    let read = |turn| Says::Read { web: WEB, room: DIRECT, turn };
    [
        ("so far I have it", have(2)),
        ("I have nothing", have(0)),
        ("of as many devices as there may be", have(PLACES_MAX)),
        ("read so far", read(5)),
        ("nothing read", read(0)),
        ("all read", read(TURN_MAX)),
    ]
    .map(|(name, says)| {
        let finds = match &says {
            Says::Have { places, .. } => json!({ "web": WEB, "places": places.len() }),
            Says::Read { room, turn, .. } => {
                json!({ "web": WEB, "room": room.to_string(), "turn": turn.to_string() })
            }
        };
        vector("talk-message", name, &wire::to_bytes(&says), &finds)
    })
    .to_vec()
}

fn messages_refused() -> Vec<Value> {
    let have = |places| Says::Have { web: WEB, places };
    let good = wire::to_bytes(&have(places(1)));
    let mut vectors = [
        ("devices in disorder", have(swapped(places(2)))),
        ("a device twice", have([places(1), places(1)].concat())),
        ("too many devices", have(places(PLACES_MAX + 1))),
        ("read in a room", Says::Read { web: WEB, room: ROOM, turn: 5 }),
        ("read beyond all turns", Says::Read { web: WEB, room: DIRECT, turn: TURN_MAX + 1 }),
    ]
    .map(|(name, says)| vector("talk-message", name, &wire::to_bytes(&says), &json!({})))
    .to_vec();
    let unknown = [&[0x82, 2], good.get(2..).unwrap()].concat();
    let behind = [&good[..], &[0]].concat();
    for (name, bytes) in [("of an unknown kind", unknown), ("bytes behind it", behind)] {
        vectors.push(vector("talk-message", name, &bytes, &json!({})));
    }
    vectors
}

fn is_accepted(vector: &Value, bytes: &[u8]) -> bool {
    match vector["kind"].as_str().unwrap() {
        "talk-record" => Body::read(bytes).is_ok(),
        "talk-letter" => Letter::read(bytes).is_ok(),
        _ => Says::read(bytes).is_ok(),
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    let vectors = [records_accepted(), letters_accepted(), messages_accepted()].concat();
    services::accepted("talk-accept.json", &vectors, is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    let vectors = [records_refused(), letters_refused(), messages_refused()].concat();
    services::refused("talk-refuse.json", &vectors, is_accepted);
}
