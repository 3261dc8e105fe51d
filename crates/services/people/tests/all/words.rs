//! New recovery words: the old ones are worth nothing, the new ones all that the old ones were.

use std::time::Duration;

use serde_json::{Value, json};
use wire::identity::WordsChange;

use crate::recovery::{come_back, family, note, web_names};
use crate::town::{ALICE, BOB, CAROL, Town, recovery_of};

const NEW: usize = 3;
const OTHER: usize = 4;
/// Words that nobody begins with.
const SECOND: usize = 100;
const THIRD: usize = 101;

/// What the peer asks when its person has repeated three of the new words.
fn change(town: &Town, from: usize, to: usize, revoke: &[String]) -> Value {
    let change = WordsChange::new(town.peers[ALICE].person, &recovery_of(from), &recovery_of(to));
    json!(people::change_asked(&change, revoke.to_vec()))
}

#[test]
fn the_old_words_find_nobody_and_the_new_ones_all_webs_names_and_letters() {
    let mut town = family();
    town.ask(ALICE, "people.name", json!({ "web": "family", "person": "Bob", "petname": "Uncle Bob" }))
        .unwrap();
    town.ask(BOB, "people.start_web_with", json!({ "name": "shed", "persons": ["Alice"] })).unwrap();
    town.pass(Duration::from_secs(30));
    let done = town.ask(ALICE, "people.change_words", change(&town, ALICE, SECOND, &[])).unwrap();
    assert!(done["what"].as_str().unwrap().contains("count in 2 webs"), "{done}");
    town.pass(Duration::from_secs(60));
    town.stop(ALICE);
    come_back(&mut town, NEW, ALICE, BOB);
    assert!(note(&town, NEW).contains("knows nobody"), "{}", note(&town, NEW));
    assert_eq!(web_names(&town, NEW), []);
    come_back(&mut town, OTHER, SECOND, BOB);
    assert_eq!(web_names(&town, OTHER), [("choir".to_owned(), true), ("family".to_owned(), true)]);
    assert_eq!(town.members(OTHER), ["Alice owner", "Uncle Bob admin", "Carol member"]);
    let invited = town.read(OTHER, "people.invited", json!({})).unwrap();
    assert!(invited.to_string().contains("shed"), "a letter sealed before the change: {invited}");
    let web = people::read::web_named(&*town.rows(OTHER), "family").unwrap().unwrap();
    assert!(town.who_hears(BOB, web, "to who has come back").contains(&OTHER));
    assert!(town.who_hears(OTHER, web, "from who has come back").contains(&CAROL));
}

#[test]
fn a_thief_who_came_by_the_words_ends_with_them() {
    let mut town = family();
    come_back(&mut town, NEW, ALICE, BOB);
    assert!(town.admits(BOB, NEW));
    let thief = town.peers[NEW].device.to_string();
    town.ask(ALICE, "people.change_words", change(&town, ALICE, SECOND, &[thief])).unwrap();
    town.pass(Duration::from_secs(90));
    for who in [ALICE, BOB, CAROL] {
        assert!(!town.admits(who, NEW), "{who} still lets the thief in");
    }
    come_back(&mut town, OTHER, ALICE, BOB);
    assert_eq!(web_names(&town, OTHER), []);
    let web = people::read::web_named(&*town.rows(ALICE), "family").unwrap().unwrap();
    assert!(!town.who_hears(BOB, web, "after the change").contains(&NEW));
}

#[test]
fn words_are_changed_again_by_who_came_back_and_told_to_a_web_joined_later() {
    let mut town = family();
    town.ask(ALICE, "people.change_words", change(&town, ALICE, SECOND, &[])).unwrap();
    town.pass(Duration::from_secs(60));
    let lost = town.peers[ALICE].device.to_string();
    town.stop(ALICE);
    come_back(&mut town, NEW, SECOND, BOB);
    town.ask(NEW, "people.change_words", change(&town, SECOND, THIRD, &[lost])).unwrap();
    town.pass(Duration::from_secs(60));
    town.ask(CAROL, "people.start_web", json!({ "name": "barn" })).unwrap();
    let link = town.ask(CAROL, "people.invite", json!({ "web": "barn" })).unwrap()["link"].clone();
    town.ask(NEW, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_secs(60));
    let refused = town.ask(NEW, "people.change_words", change(&town, SECOND, 102, &[])).unwrap_err();
    assert_eq!(refused.code, "people.not-your-words");
    town.stop(NEW);
    let address = town.read(CAROL, "people.address", json!({})).unwrap()["link"].clone();
    town.say_words(OTHER, Some(THIRD));
    town.ask(OTHER, "people.recover", json!({ "address": address })).unwrap();
    town.pass(Duration::from_secs(90));
    let webs = ["barn", "choir", "family"].map(|name| (name.to_owned(), true));
    assert_eq!(web_names(&town, OTHER), webs);
}
