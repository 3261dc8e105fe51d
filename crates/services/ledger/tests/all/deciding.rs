//! What is promised to a person: done, refused, waiting, given up; who may be away.

use serde_json::{Value, json};

use crate::town::{ALICE, BOB, CAROL, DAVE, MALLORY, Town};

#[test]
fn everybody_sees_what_a_majority_has_decided() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    let done = town.put(DAVE, "item/1", "hat");
    assert_eq!((&done["state"], &done["why"]), (&json!("done"), &json!("")), "{done}");
    assert_eq!(done["versions"], json!([{ "key": "item/1", "version": 1 }]));
    // Who only follows asks now and then; a message may be lost.
    for _ in 0..12 {
        town.pass(10);
        if [ALICE, BOB, CAROL, DAVE, MALLORY].iter().all(|who| town.value(*who, "item/1") == "hat") {
            break;
        }
    }
    for who in [ALICE, BOB, CAROL, DAVE, MALLORY] {
        let state = town.read(who);
        assert_eq!(state["entries"][0]["value"], "hat", "{who}");
        assert_eq!(state["entries"][0]["who"], if who == DAVE { "you" } else { "Dave" });
        assert_eq!(state["note"], "3 of 3 keepers are here");
    }
    let log = town.world.read(BOB, "ledger.log", json!({ "ledger": "family/Alice/shop" })).unwrap();
    let line = &log["lines"][0];
    assert_eq!((&line["who"], &line["what"]), (&json!("Dave"), &json!("writes item/1")));
}

#[test]
fn the_last_hat_is_sold_once() {
    let mut town = Town::new(&["you", "Bob", "Carol"]);
    town.put(ALICE, "stock/1", "1");
    town.pass(5);
    let needs = json!([{ "key": "stock/1", "version": 1 }]);
    let buy = |who: usize| json!([{ "key": "stock/1", "value": "0" }, { "key": format!("order/{who}"), "value": "hat" }]);
    let asks: Vec<_> = [ALICE, BOB, CAROL, DAVE, MALLORY]
        .map(|who| {
            let submit = json!({ "ledger": town.shop, "needs": needs, "puts": buy(who) });
            town.world.ask(who, "ledger.submit", submit)
        })
        .into();
    town.pass(20);
    let answers: Vec<Value> = asks.into_iter().map(|ask| town.await_answer(ask).unwrap()).collect();
    let wishes = answers.iter().zip([ALICE, BOB, CAROL, DAVE, MALLORY]);
    let states: Vec<Value> = wishes.map(|(wish, who)| town.wish(who, wish)["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| **state == "done").count(), 1, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == "refused").count(), 4, "{states:?}");
    let state = town.read(DAVE);
    assert_eq!(state["entries"].as_array().unwrap().len(), 2, "{state}");
}

#[test]
fn a_minority_waits_says_so_and_goes_on_by_itself() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    for who in [BOB, CAROL] {
        town.world.move_to_side(who, 1);
    }
    town.pass(1);
    let waits = town.put(ALICE, "a", "1");
    assert_eq!(waits["state"], "waiting");
    assert_eq!(
        waits["why"],
        "1 of 3 keepers is here; nothing is decided until 2 are; the wish waits and goes on by itself"
    );
    assert_eq!(town.put(BOB, "b", "1")["state"], "done");
    assert_eq!(town.value(ALICE, "b"), Value::Null);
    for who in [BOB, CAROL] {
        town.world.move_to_side(who, 0);
    }
    town.pass(60);
    assert_eq!(town.wish(ALICE, &waits)["state"], "done");
    assert_eq!((town.value(DAVE, "a"), town.value(ALICE, "b")), (json!("1"), json!("1")));
}

#[test]
fn who_follows_hears_from_a_keeper_how_many_are_here() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.off(CAROL);
    town.off(BOB);
    town.pass(60);
    let state = town.read(DAVE);
    assert_eq!(state["note"], "1 of 3 keepers is here; nothing is decided until 2 are");
    assert_eq!((&state["majority"], &state["has_majority"]), (&json!(2), &json!(false)));
}

#[test]
fn the_shop_can_be_read_with_all_keepers_away() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.put(ALICE, "item/1", "hat");
    town.pass(60);
    for who in [ALICE, BOB, CAROL] {
        town.off(who);
    }
    town.pass(600);
    let state = town.read(DAVE);
    assert_eq!(state["entries"][0]["value"], "hat");
    assert_eq!(state["note"], "0 of 3 keepers are here; nothing is decided until 2 are");
    let heard = state["heard_at"].as_u64().unwrap();
    assert!(town.world.now_ms() - heard >= 590_000, "heard at {heard}");
}

#[test]
fn a_wish_nobody_has_is_given_up_at_once_and_one_on_its_way_when_that_is_decided() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    for who in [ALICE, BOB, CAROL] {
        town.off(who);
    }
    let wish = town.put(DAVE, "a", "1");
    let gone = town.ask(DAVE, "ledger.give_up", json!({ "id": wish["id"] })).unwrap();
    assert_eq!((&gone["state"], &gone["is_over"]), (&json!("given-up"), &json!(true)));
    town.world.start(ALICE);
    town.pass(20);
    let wish = town.put(DAVE, "b", "1");
    town.pass(10);
    let asked = town.ask(DAVE, "ledger.give_up", json!({ "id": wish["id"] })).unwrap();
    assert_eq!(asked["state"], "waiting", "{asked}");
    assert!(asked["why"].as_str().unwrap().contains("unless it was decided before"), "{asked}");
    town.world.start(BOB);
    town.world.start(CAROL);
    town.pass(60);
    assert_eq!(town.wish(DAVE, &wish)["state"], "given-up");
    assert_eq!((town.value(ALICE, "a"), town.value(ALICE, "b")), (Value::Null, Value::Null));
    let done = town.put(DAVE, "c", "1");
    let late = town.ask(DAVE, "ledger.give_up", json!({ "id": done["id"] })).unwrap();
    assert_eq!(late["state"], "done");
}

#[test]
fn the_same_wish_again_changes_nothing() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    let submit = |value: &str| json!({ "ledger": "family/shop", "id": id, "put": [format!("a={value}")] });
    let first = town.ask(BOB, "ledger.submit", submit("1")).unwrap();
    let again = town.ask(BOB, "ledger.submit", submit("1")).unwrap();
    assert_eq!(first, again);
    assert_eq!(again["versions"], json!([{ "key": "a", "version": 1 }]));
    assert_eq!(town.ask(BOB, "ledger.submit", submit("2")).unwrap_err().code, "ledger.other-wish");
}

#[test]
fn keepers_are_changed_and_the_old_ones_can_go() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.put(ALICE, "a", "1");
    let change = json!({ "ledger": "family/shop", "keepers": ["Carol", "Dave", "Mallory"] });
    assert_eq!(town.ask(DAVE, "ledger.keepers", change.clone()).unwrap()["state"], "refused");
    assert_eq!(town.ask(BOB, "ledger.keepers", change).unwrap()["state"], "done");
    town.pass(60);
    town.off(ALICE);
    town.off(BOB);
    assert_eq!(town.put(DAVE, "b", "2")["state"], "done");
    town.pass(5);
    assert_eq!((town.value(MALLORY, "a"), town.value(MALLORY, "b")), (json!("1"), json!("2")));
    // Who was away while all keepers changed finds them by a record.
    town.world.start(BOB);
    town.pass(120);
    assert_eq!(town.value(BOB, "b"), json!("2"));
    let keepers = town.read(BOB)["keepers"].clone();
    assert_eq!(keepers.as_array().unwrap().iter().filter(|keeper| keeper["who"] == "Dave").count(), 1);
}

#[test]
fn a_removed_keeper_counts_as_a_lost_one_until_keepers_change() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Carol" })).unwrap();
    town.pass(30);
    assert_eq!(town.put(DAVE, "a", "1")["state"], "done");
    let state = town.read(ALICE);
    assert_eq!(state["note"], "2 of 3 keepers are here");
    town.off(BOB);
    assert_eq!(town.put(ALICE, "b", "1")["state"], "waiting");
    town.world.start(BOB);
    town.pass(30);
    let change = json!({ "ledger": "family/shop", "keepers": ["you", "Bob", "Dave"] });
    assert_eq!(town.ask(ALICE, "ledger.keepers", change).unwrap()["state"], "done");
    town.pass(30);
    assert_eq!(town.read(ALICE)["note"], "3 of 3 keepers are here");
}

#[test]
fn a_keeper_restored_from_a_backup_does_not_vote_for_what_it_voted_against() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.off(CAROL);
    town.off(BOB);
    town.world.back_up(BOB);
    town.world.start(BOB);
    town.pass(30);
    assert_eq!(town.put(ALICE, "hat", "sold to Alice")["state"], "done");
    // Alice and Bob have decided, Bob has forgotten, and Carol has never heard of it.
    town.off(ALICE);
    town.off(BOB);
    town.world.restore(BOB);
    town.world.start(BOB);
    town.world.start(CAROL);
    town.pass(60);
    let wish = town.put(CAROL, "hat", "sold to Carol");
    town.pass(60);
    assert_eq!(town.wish(CAROL, &wish)["state"], "waiting");
    let note = town.read(BOB)["note"].clone();
    assert!(note.as_str().unwrap().ends_with("it is a keeper that votes no more"), "{note}");
    town.world.start(ALICE);
    town.pass(60);
    assert_eq!(town.wish(CAROL, &wish)["state"], "done");
    let log = town.world.read(CAROL, "ledger.log", json!({ "ledger": "family/shop" })).unwrap();
    assert_eq!((&log["lines"][0]["who"], &log["lines"][1]["who"]), (&json!("Alice"), &json!("you")));
}

#[test]
fn who_was_away_for_more_slots_than_are_kept_gets_a_snapshot() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.put(DAVE, "first", "1");
    town.off(DAVE);
    town.off(CAROL);
    for number in 0..1_100 {
        let done = town.put(ALICE, &format!("key/{:03}", number % 300), &"x".repeat(2_000));
        assert_eq!(done["state"], "done", "{number}: {done}");
    }
    // More than a mebibyte would not be kept by who has not opened it.
    for who in [CAROL, DAVE] {
        town.world.start(who);
    }
    town.pass(120);
    for who in [CAROL, DAVE] {
        assert_eq!(town.read(who)["slot"], town.read(ALICE)["slot"], "{who}");
        assert_eq!(town.value(who, "first"), json!("1"));
    }
    assert_eq!(town.put(DAVE, "last", "1")["state"], "done");
    town.off(BOB);
    assert_eq!(town.put(CAROL, "more", "1")["state"], "done");
}

#[test]
fn a_wish_older_than_the_log_is_wished_anew_and_done_once() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.world.move_to_side(DAVE, 1);
    town.pass(1);
    let wish = town.put(DAVE, "late", "1");
    assert_eq!(wish["state"], "waiting");
    for _ in 0..1_010 {
        town.put(ALICE, "a", "1");
    }
    town.world.move_to_side(DAVE, 0);
    town.pass(120);
    let decided = town.wish(DAVE, &wish);
    assert_eq!(decided["state"], "done", "{decided}");
    assert_eq!(town.value(BOB, "late"), json!("1"));
}

#[test]
fn what_passes_a_limit_is_refused_with_its_limit() {
    let mut town = Town::new(&["you"]);
    let shop = town.shop.clone();
    let put = |key: &str, value: &str| json!([{ "key": key, "value": value }]);
    let many: Vec<Value> = (0..65).map(|number| json!({ "key": number.to_string(), "value": "" })).collect();
    let large: Vec<Value> =
        (0..10).map(|number| json!({ "key": number.to_string(), "value": "x".repeat(16_000) })).collect();
    for (code, puts) in [
        ("ledger.nothing", json!([])),
        ("ledger.bad-key", put("", "1")),
        ("ledger.bad-key", put(&"k".repeat(201), "1")),
        ("ledger.value-too-large", put("a", &"v".repeat(16_385))),
        ("ledger.too-many-parts", json!(many)),
        ("ledger.too-large", json!(large)),
        ("ledger.key-twice", json!([{ "key": "a", "value": null }, { "key": "a", "value": "1" }])),
    ] {
        let fault = town.ask(ALICE, "ledger.submit", json!({ "ledger": shop, "puts": puts })).unwrap_err();
        assert_eq!(fault.code, code);
    }
    for (code, start) in [
        ("ledger.exists", json!({ "web": "family", "name": "shop", "keepers": ["you"] })),
        ("ledger.bad-name", json!({ "web": "family", "name": "a/b", "keepers": ["you"] })),
        ("ledger.no-such-keeper", json!({ "web": "family", "name": "b", "keepers": ["carl"] })),
        ("ledger.keeper-count", json!({ "web": "family", "name": "b", "keepers": [] })),
        ("ledger.no-such-web", json!({ "web": "famly", "name": "b", "keepers": ["you"] })),
    ] {
        assert_eq!(town.ask(ALICE, "ledger.start", start).unwrap_err().code, code);
    }
    town.world.move_to_side(DAVE, 1);
    town.pass(1);
    for number in 0..64 {
        assert_eq!(town.put(DAVE, &number.to_string(), "1")["state"], "waiting");
    }
    let more = json!({ "ledger": shop, "puts": put("a", "1") });
    assert_eq!(town.ask(DAVE, "ledger.submit", more).unwrap_err().code, "ledger.too-many-wishes");
    town.world.move_to_side(DAVE, 0);
    town.pass(60);
    let wishes = town.world.read(DAVE, "ledger.wishes", json!({})).unwrap();
    assert_eq!(wishes["wishes"], json!([]));
}

#[test]
fn a_large_ledger_is_kept_only_where_it_is_opened() {
    let mut town = Town::new(&["you"]);
    for number in 0..80 {
        town.put(ALICE, &format!("key/{number}"), &"x".repeat(16_000));
    }
    town.pass(120);
    let state = town.read(BOB);
    assert!(state["slot"].as_u64().unwrap() < 80, "{}", state["slot"]);
    assert!(
        state["note"].as_str().unwrap().ends_with("not kept here until it is opened"),
        "{}",
        state["note"]
    );
    town.ask(BOB, "ledger.open", json!({ "ledger": "family/shop" })).unwrap();
    town.pass(120);
    assert_eq!(town.read(BOB)["slot"], 80);
}
