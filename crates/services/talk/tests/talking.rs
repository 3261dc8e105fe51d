//! A family that talks: what each sees of what the others say, in fair weather and of few and named people.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic when they fail")]

use std::time::Duration;

use base::Fault;
use serde_json::{Value, json};
use sim::World;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;
const NAMES: [&str; 4] = ["Alice", "Bob", "Carol", "Dave"];

struct Town {
    world: World,
}

impl Town {
    /// All four are members of the web `family`, in which Alice has begun the room `kitchen`.
    fn new() -> Self {
        let mut town = Self { world: World::family(11, &NAMES) };
        town.ask(ALICE, "talk.start", json!({ "web": "family", "name": "kitchen" })).unwrap();
        town.pass(60);
        town
    }

    fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.world.ask_and_wait(who, operation, arguments)
    }

    fn say(&mut self, who: usize, room: &str, text: &str) -> Value {
        self.ask(who, "talk.say", json!({ "room": room, "text": text })).unwrap()
    }

    fn texts(&self, who: usize, room: &str) -> Vec<String> {
        let page = self.world.read(who, "talk.messages", json!({ "room": room })).unwrap();
        let messages = page["messages"].as_array().unwrap().iter();
        messages
            .map(|message| {
                format!("{}: {}", message["who"].as_str().unwrap(), message["text"].as_str().unwrap())
            })
            .collect()
    }

    fn code(&mut self, who: usize, operation: &str, arguments: Value) -> String {
        self.ask(who, operation, arguments).unwrap_err().code
    }

    fn direct(&mut self, who: usize, persons: &[&str]) -> String {
        let asked = json!({ "web": "family", "persons": persons });
        self.ask(who, "talk.direct", asked).unwrap()["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn what_one_says_the_others_read_and_the_author_learns_who_has_it() {
    let mut town = Town::new();
    let said = town.say(BOB, "family/kitchen", "soup is ready, @Alice");
    assert!(["waiting", "held"].contains(&said["state"].as_str().unwrap()), "{said}");
    town.pass(10);
    assert_eq!(town.texts(BOB, "family/kitchen"), ["you: soup is ready, @Alice"]);
    for who in [ALICE, CAROL, DAVE] {
        assert_eq!(town.texts(who, "family/kitchen"), ["Bob: soup is ready, @Alice"]);
    }
    let state = town.world.read(BOB, "talk.message", json!({ "message": said["id"] })).unwrap();
    assert_eq!((&state["state"], &state["persons"]), (&json!("delivered"), &json!(3)), "{state}");
    let inbox = town.world.read(ALICE, "talk.inbox", json!({})).unwrap();
    let kinds: Vec<&str> =
        inbox["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "{inbox}");
    assert!(kinds.contains(&"mention") && kinds.contains(&"room"));
    town.ask(ALICE, "talk.mark_read", json!({ "room": "family/kitchen" })).unwrap();
    assert_eq!(town.world.read(ALICE, "talk.inbox", json!({})).unwrap()["entries"], json!([]));
}

#[test]
fn a_direct_conversation_is_read_by_its_persons_and_no_row_of_others_holds_it() {
    let mut town = Town::new();
    let room = town.direct(BOB, &["Carol"]);
    let said = town.say(BOB, &room, "surprise7513 for Alice");
    town.pass(10);
    assert_eq!(town.direct(CAROL, &["Bob"]), room);
    assert_eq!(town.texts(CAROL, &room), ["Bob: surprise7513 for Alice"]);
    for who in [ALICE, DAVE] {
        assert_eq!(town.world.peer(who).table_holding(b"surprise7513"), None);
        assert_eq!(
            town.code(who, "talk.say", json!({ "room": room, "text": "me too" })),
            "talk.no-such-room"
        );
        let found = town.world.read(who, "talk.find", json!({ "query": "surprise7513" })).unwrap();
        assert_eq!(found["found"], json!([]));
    }
    // Read is told only by who wants it told.
    let state = |town: &Town| {
        town.world.read(BOB, "talk.message", json!({ "message": said["id"] })).unwrap()["state"].clone()
    };
    town.ask(CAROL, "talk.mark_read", json!({ "room": room })).unwrap();
    town.pass(10);
    assert_eq!(state(&town), "delivered");
    town.ask(CAROL, "talk.set", json!({ "web": "family", "tell_read": true })).unwrap();
    town.say(BOB, &room, "and?");
    town.pass(5);
    town.ask(CAROL, "talk.mark_read", json!({ "room": room })).unwrap();
    town.pass(5);
    assert_eq!(state(&town), "read");
}

#[test]
fn whoever_was_away_gets_everything_once_and_says_so() {
    let mut town = Town::new();
    town.world.power_cut(DAVE, Duration::from_secs(3_600));
    let said = town.say(ALICE, "family/kitchen", "one");
    // Else neither has seen the other's, and either may stand first.
    town.pass(5);
    town.say(BOB, "family/kitchen", "two");
    town.pass(30);
    let state = |town: &Town| {
        town.world.read(ALICE, "talk.message", json!({ "message": said["id"] })).unwrap()["state"].clone()
    };
    assert_eq!(state(&town), "sent");
    town.world.start(DAVE);
    town.pass(180);
    assert_eq!(town.texts(DAVE, "family/kitchen"), ["Alice: one", "Bob: two"]);
    assert_eq!(state(&town), "delivered");
    let rooms = town.world.read(DAVE, "talk.rooms", json!({})).unwrap();
    assert_eq!(rooms["rooms"][0]["unread"], 2, "{rooms}");
}

#[test]
fn the_same_id_says_nothing_new_and_too_much_at_once_is_refused() {
    let mut town = Town::new();
    let asked = json!({ "room": "family/kitchen", "text": "once", "id": "0123456789abcdef0123456789abcdef" });
    let first = town.ask(ALICE, "talk.say", asked.clone()).unwrap();
    assert_eq!(town.ask(ALICE, "talk.say", asked).unwrap()["id"], first["id"]);
    let asks: Vec<_> = (0..100)
        .map(|number| {
            let text = format!("flood {number}");
            town.world.ask(ALICE, "talk.say", json!({ "room": "family/kitchen", "text": text }))
        })
        .collect();
    let refused = asks.into_iter().filter_map(|ask| town.world.answer(ask)?.err()).collect::<Vec<_>>();
    assert!(refused.len() >= 40 && refused.iter().all(|fault| fault.code == "talk.too-fast"), "{refused:?}");
}

#[test]
fn rooms_are_moderated_by_who_may() {
    let mut town = Town::new();
    let said = town.say(CAROL, "family/kitchen", "unkind");
    town.pass(5);
    let message = json!({ "message": said["id"] });
    assert_eq!(town.code(BOB, "talk.delete", message.clone()), "talk.not-moderating");
    let mute = json!({ "room": "family/kitchen", "person": "Carol" });
    assert_eq!(town.code(BOB, "talk.mute", mute.clone()), "talk.not-moderating");
    assert_eq!(town.code(CAROL, "talk.edit", json!({ "message": said["id"], "text": "" })), "talk.empty");
    assert_eq!(
        town.code(BOB, "talk.edit", json!({ "message": said["id"], "text": "kind" })),
        "talk.not-yours"
    );
    town.ask(ALICE, "talk.change", json!({ "room": "family/kitchen", "moderators": ["Bob"] })).unwrap();
    town.pass(5);
    town.ask(BOB, "talk.delete", message).unwrap();
    town.ask(BOB, "talk.mute", mute).unwrap();
    town.pass(5);
    assert_eq!(town.texts(DAVE, "family/kitchen"), ["Carol: "]);
    assert_eq!(town.code(CAROL, "talk.say", json!({ "room": "family/kitchen", "text": "hm" })), "talk.muted");
    let archive = json!({ "room": "family/kitchen", "archive": true });
    town.ask(BOB, "talk.change", archive).unwrap();
    town.pass(5);
    assert_eq!(
        town.code(DAVE, "talk.say", json!({ "room": "family/kitchen", "text": "hm" })),
        "talk.archived"
    );
}

#[test]
fn threads_stand_under_their_message_and_are_counted_there() {
    let mut town = Town::new();
    let root = town.say(ALICE, "family/kitchen", "what to eat?");
    town.pass(5);
    let answer = json!({ "room": "family/kitchen", "text": "soup", "thread": root["id"] });
    let answered = town.ask(BOB, "talk.say", answer).unwrap();
    // An answer to what stands in a thread stands there, too.
    let again = json!({ "room": "family/kitchen", "text": "again?", "thread": answered["id"], "reply_to": answered["id"] });
    town.pass(5);
    town.ask(CAROL, "talk.say", again).unwrap();
    town.pass(5);
    assert_eq!(town.texts(DAVE, "family/kitchen"), ["Alice: what to eat?"]);
    let thread = town.world.read(DAVE, "talk.thread", json!({ "message": root["id"] })).unwrap();
    let texts: Vec<&str> =
        thread["messages"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["what to eat?", "soup", "again?"]);
    assert_eq!(thread["messages"][0]["replies"], 2);
}

#[test]
fn drafts_quiet_rooms_and_presence() {
    let mut town = Town::new();
    let draft = json!({ "room": "family/kitchen", "text": "I think that" });
    assert_eq!(town.ask(BOB, "talk.draft", draft).unwrap()["follows"], true);
    let long = json!({ "room": "family/kitchen", "text": "I think ".repeat(200) });
    assert_eq!(town.ask(BOB, "talk.draft", long).unwrap()["follows"], false);
    town.ask(BOB, "talk.quiet", json!({ "room": "family/kitchen" })).unwrap();
    let room = town.world.read(BOB, "talk.rooms", json!({})).unwrap()["rooms"][0].clone();
    assert_eq!(room["is_quiet"], true);
    assert!(room["draft"].as_str().unwrap().len() > 1_000);
    town.say(BOB, "family/kitchen", "I think that soup");
    let room = town.world.read(BOB, "talk.rooms", json!({})).unwrap()["rooms"][0].clone();
    assert_eq!(room["draft"], Value::Null);
    town.world.power_cut(CAROL, Duration::from_secs(3_600));
    town.pass(5);
    let who = town.world.read(BOB, "talk.who", json!({ "room": "family/kitchen" })).unwrap();
    let is_here = |name: &str| {
        let mut all = who["who"].as_array().unwrap().iter();
        all.find(|one| one["who"] == name).unwrap()["is_here"].clone()
    };
    assert_eq!((is_here("you"), is_here("Carol")), (json!(true), json!(false)), "{who}");
}

#[test]
fn a_removed_member_gets_nothing_new_and_guests_say_nothing() {
    let mut town = Town::new();
    let both = town.direct(ALICE, &["Bob", "Dave"]);
    town.say(ALICE, &both, "before2201");
    town.pass(10);
    assert_eq!(town.texts(DAVE, &both), ["Alice: before2201"]);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Dave" })).unwrap();
    town.ask(ALICE, "people.set_role", json!({ "web": "family", "person": "Carol", "role": "guest" }))
        .unwrap();
    town.pass(60);
    town.say(ALICE, &both, "after2202");
    town.say(ALICE, "family/kitchen", "after2203");
    town.pass(30);
    assert_eq!(town.texts(BOB, &both), ["Alice: before2201", "Alice: after2202"]);
    for word in ["after2202", "after2203"] {
        assert_eq!(town.world.peer(DAVE).table_holding(word.as_bytes()), None);
    }
    assert_eq!(town.texts(CAROL, "family/kitchen"), ["Alice: after2203"]);
    assert_eq!(
        town.code(CAROL, "talk.say", json!({ "room": "family/kitchen", "text": "hm" })),
        "talk.not-writing"
    );
}
