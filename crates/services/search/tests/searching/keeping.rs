//! Kept searches.

use std::time::Duration;

use serde_json::{Value, json};

use crate::town::{ALICE, BOB, CAROL, Town, made};

fn kept(town: &Town, who: usize) -> Value {
    town.world.read(who, "search.kept", json!({})).unwrap()["searches"][0].clone()
}

#[test]
fn a_kept_search_rings_once_for_what_is_new_or_newer() {
    let mut town = Town::new();
    town.world.write(BOB, "old plan.txt", made(1, 5), 900);
    town.share(BOB);
    for who in [ALICE, CAROL] {
        town.ask(who, "search.keep", json!({ "query": "Plan" })).unwrap();
    }
    town.pass(1);
    let again = town.ask(ALICE, "search.keep", json!({ "query": "Plan" })).unwrap();
    assert_eq!(again["id"], kept(&town, ALICE)["id"]);
    town.write(BOB, "new plan.txt", made(2, 6), 900);
    town.write(BOB, "other.txt", made(3, 7), 900);
    for who in [ALICE, CAROL] {
        assert_eq!(kept(&town, who)["rang"], 1);
        assert_eq!(kept(&town, who)["news"][0]["path"], "family/Bob/things/new plan.txt");
    }
    town.write(BOB, "old plan.txt", made(4, 5), 950);
    assert_eq!(kept(&town, ALICE)["rang"], 2);
    assert_eq!(kept(&town, ALICE)["news"][0]["revision"], 2);
    // Nothing rings again after a power cut, or when the index is made anew.
    let web = town.web;
    town.world.damage_index(ALICE, web);
    town.pass(20);
    town.world.power_cut(ALICE, Duration::from_secs(1));
    town.pass(20);
    assert_eq!(kept(&town, ALICE)["rang"], 2);
    let id = kept(&town, ALICE)["id"].clone();
    town.ask(ALICE, "search.drop", json!({ "id": id })).unwrap();
    town.write(BOB, "third plan.txt", made(5, 8), 900);
    assert_eq!(kept(&town, ALICE), Value::Null);
    assert_eq!(kept(&town, CAROL)["rang"], 3);
}

#[test]
fn a_search_kept_before_the_index_has_it_all_rings_for_nothing_old() {
    let mut town = Town::new();
    for number in 0..200 {
        town.world.write(BOB, &format!("plans/plan {number}.txt"), made(number, number), 900);
    }
    town.share(BOB);
    let web = town.web;
    for wait in [0, 3, 8, 12] {
        town.world.damage_index(ALICE, web);
        town.pass_ms(wait);
        town.ask(ALICE, "search.keep", json!({ "query": format!("plan {wait}") })).unwrap();
        town.ask(ALICE, "search.keep", json!({ "query": format!("plans {wait}") })).unwrap();
        town.pass(20);
    }
    // A new name of something old is a new revision, and rings.
    for number in [0, 3, 8, 12] {
        let (from, to) = (format!("plans/plan {number}.txt"), format!("plans/plan {number} of old.txt"));
        town.world.rename(BOB, &from, &to);
        town.world.tell_watcher(BOB, &[&to], &[&from]);
    }
    town.write(BOB, "plans/a plan.txt", made(300, 300), 900);
    let all = town.world.read(ALICE, "search.kept", json!({})).unwrap();
    for search in all["searches"].as_array().unwrap() {
        for ring in search["news"].as_array().unwrap() {
            assert!(ring["path"].as_str().unwrap().contains("of old"), "{search}");
            assert_eq!(ring["revision"], 2, "{search}");
        }
    }
}

#[test]
fn what_comes_while_a_search_is_being_kept_rings_or_was_there() {
    for wait in 0..30 {
        let mut town = Town::new();
        town.world.write(BOB, "a.txt", made(1, 5), 900);
        town.share(BOB);
        town.world.write(BOB, "plan.txt", made(2, 6), 900);
        town.world.tell_watcher(BOB, &["plan.txt"], &[]);
        town.pass_ms(255 + wait * 15);
        let seen = town.world.read(ALICE, "files.about", json!({ "path": "family/Bob/things/plan.txt" }));
        let was_there = u64::from(seen.is_ok());
        town.ask(ALICE, "search.keep", json!({ "query": "plan" })).unwrap();
        town.pass(20);
        assert_eq!(kept(&town, ALICE)["rang"], 1 - was_there, "kept {wait} steps after the change");
    }
}

#[test]
fn so_many_searches_are_kept_and_no_more() {
    let mut town = Town::new();
    for number in 0..100 {
        town.ask(ALICE, "search.keep", json!({ "query": format!("word{number}") })).unwrap();
    }
    let fault = town.ask(ALICE, "search.keep", json!({ "query": "one more" })).unwrap_err();
    assert_eq!(fault.code, "search.too-many-kept");
}

#[test]
fn a_kept_search_rings_for_texts_that_come_here_and_to_a_broker() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.share(BOB);
    town.ask(CAROL, "people.serve", json!({ "web": "family", "broker": true })).unwrap();
    town.pass(40);
    for who in [ALICE, CAROL] {
        town.ask(who, "search.keep", json!({ "query": sim::texts::topic_word(5) })).unwrap();
    }
    town.pass(1);
    town.write(BOB, "b.txt", made(7, 6), 900);
    town.write(BOB, "a.txt", made(2, 5), 950);
    town.pass(20);
    // The broker has read it; Alice's computer has asked Bob's.
    for who in [ALICE, CAROL] {
        assert_eq!(kept(&town, who)["rang"], 1);
        assert_eq!(kept(&town, who)["news"][0]["path"], "family/Bob/things/a.txt");
        assert_eq!(kept(&town, who)["news"][0]["revision"], 2);
    }
    // What comes into an index here because somebody has it brought was there, and rings no more.
    town.ask(ALICE, "files.get", json!({ "path": "family/Bob/things/a.txt" })).unwrap();
    town.pass(60);
    for who in [ALICE, CAROL] {
        assert_eq!(kept(&town, who)["rang"], 1);
    }
}

#[test]
fn a_kept_search_rings_for_what_somebody_wrote_while_away() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.world.write(BOB, "b.txt", made(2, 6), 900);
    town.share(BOB);
    town.pass(20);
    for who in [ALICE, CAROL] {
        let query = json!({ "query": sim::texts::topic_word(5) });
        town.ask(who, "search.keep", query).unwrap();
    }
    // A text that was there when the search was kept does not ring, whoever has it brought.
    town.ask(ALICE, "files.get", json!({ "path": "family/Bob/things/a.txt" })).unwrap();
    town.pass(600);
    assert_eq!(kept(&town, ALICE)["rang"], 0);
    // Its kept searches survive that the asker is cut off when something comes.
    town.world.power_cut(ALICE, Duration::from_secs(1));
    town.write(BOB, "c.txt", made(3, 5), 900);
    town.pass(60);
    for who in [ALICE, CAROL] {
        assert_eq!(kept(&town, who)["rang"], 1);
        assert_eq!(kept(&town, who)["news"][0]["path"], "family/Bob/things/c.txt");
    }
}

#[test]
fn more_kept_searches_than_a_peer_answers_at_once_ring_all() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.share(BOB);
    town.pass(20);
    let common: Vec<String> = (0..30).map(sim::texts::common_word).collect();
    for word in &common {
        town.ask(ALICE, "search.keep", json!({ "query": word })).unwrap();
    }
    town.write(BOB, "b.txt", made(2, 6), 9_000);
    town.pass(60);
    let text = sim::texts::text_of(made(2, 6));
    let all = town.world.read(ALICE, "search.kept", json!({})).unwrap();
    let mut rang = 0;
    for search in all["searches"].as_array().unwrap() {
        let is_meant = text.split(|c: char| !c.is_alphanumeric()).any(|word| search["query"] == word);
        assert_eq!(search["rang"], u64::from(is_meant), "{search} in {text}");
        rang += u64::from(is_meant);
    }
    assert!(rang > 8, "only {rang} of {} are in the text", common.len());
}
