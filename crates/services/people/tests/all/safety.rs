//! Safety codes: the same on both sides, different for everybody else.

use std::time::Duration;

use serde_json::{Value, json};

use crate::town::*;

fn pair() -> Town {
    let mut town = Town::new(4);
    town.family();
    for index in [BOB, CAROL] {
        town.let_in(index, "member");
    }
    town
}

fn safety(town: &Town, index: usize, person: &str) -> Value {
    town.read(index, "people.safety", json!({ "person": person })).unwrap()
}

fn verify(town: &mut Town, index: usize, asked: Value) -> Result<String, String> {
    let answer = town.ask(index, "people.verify", asked);
    answer.map(|done| done["what"].as_str().unwrap().to_owned()).map_err(|fault| fault.code)
}

fn is_verified(town: &Town, index: usize, person: &str) -> bool {
    let members = town.read(index, "people.members", json!({ "web": "family" })).unwrap();
    let members = members["members"].as_array().unwrap();
    members.iter().find(|member| member["name"] == person).unwrap()["verified"].is_u64()
}

#[test]
fn both_see_one_code_of_fifty_digits_and_everybody_else_another() {
    let town = pair();
    let code = safety(&town, ALICE, "Bob")["code"].as_str().unwrap().to_owned();
    assert_eq!(safety(&town, BOB, "Alice")["code"], code.as_str());
    assert_eq!(code.split(' ').map(str::len).collect::<Vec<_>>(), [5; 10]);
    assert_ne!(safety(&town, ALICE, "Carol")["code"], code.as_str());
    assert_ne!(safety(&town, CAROL, "Bob")["code"], code.as_str());
    assert_ne!(safety(&town, ALICE, "Bob")["link"], safety(&town, BOB, "Alice")["link"]);
}

#[test]
fn a_person_is_verified_by_digits_by_the_pasted_text_or_by_ones_own_word() {
    let mut town = pair();
    let digits = safety(&town, BOB, "Alice")["code"].as_str().unwrap().replace(' ', "\n");
    let said = verify(&mut town, ALICE, json!({ "person": "Bob", "code": digits })).unwrap();
    assert!(said.starts_with("Bob is verified"), "{said}");
    assert!(is_verified(&town, ALICE, "Bob") && !is_verified(&town, ALICE, "Carol"));
    assert!(!is_verified(&town, BOB, "Alice"), "what I compare counts for me");
    let link = safety(&town, ALICE, "Bob")["link"].as_str().unwrap().to_owned();
    verify(&mut town, BOB, json!({ "person": "Alice", "code": format!("althing:{link}") })).unwrap();
    verify(&mut town, ALICE, json!({ "person": "Carol", "matches": true })).unwrap();
    assert!(is_verified(&town, BOB, "Alice") && is_verified(&town, ALICE, "Carol"));
    town.stop(ALICE);
    town.start(ALICE);
    verify(&mut town, ALICE, json!({ "person": "Carol", "undo": true })).unwrap();
    assert!(is_verified(&town, ALICE, "Bob") && !is_verified(&town, ALICE, "Carol"));
}

#[test]
fn a_code_that_differs_or_is_damaged_verifies_nobody() {
    let mut town = pair();
    let of_carol = safety(&town, CAROL, "Alice");
    let mut check = |asked: Value, expected: &str| {
        assert_eq!(verify(&mut town, ALICE, asked.clone()).unwrap_err(), expected, "{asked}");
    };
    check(json!({ "person": "Bob", "code": of_carol["code"] }), "people.safety-code-differs");
    check(json!({ "person": "Bob", "code": of_carol["link"] }), "people.safety-code-differs");
    check(json!({ "person": "Bob", "code": "12345 67890" }), "people.safety-code-damaged");
    check(json!({ "person": "Bob", "code": "" }), "people.safety-code-damaged");
    check(json!({ "person": "Bob", "code": "althingperson1qqqq" }), "people.safety-code-damaged");
    check(json!({ "person": "Bob" }), "people.how-verified");
    check(json!({ "person": "Bob", "matches": true, "undo": true }), "people.how-verified");
    check(json!({ "person": "Alice", "matches": true }), "people.not-of-yourself");
    check(json!({ "person": "Dave", "matches": true }), "people.unknown-person");
    check(json!({ "person": "Bob", "web": "work", "matches": true }), "people.unknown-person");
    assert!(!is_verified(&town, ALICE, "Bob"));
}

#[test]
fn who_takes_the_name_of_a_verified_person_is_somebody_else_and_it_is_said() {
    let mut town = pair();
    verify(&mut town, ALICE, json!({ "person": "Bob", "matches": true })).unwrap();
    town.let_in(MALLORY, "member");
    town.ask(MALLORY, "people.introduce", json!({ "name": "Bob" })).unwrap();
    town.pass(Duration::from_secs(20));
    let news = town.read(ALICE, "people.news", json!({ "web": "family" })).unwrap();
    let namesake = news["news"].as_array().unwrap().iter().find(|one| one["kind"] == "namesake").unwrap();
    assert_eq!(namesake["what"], "calls itself Bob and is somebody else, not the Bob you have verified");
    assert!(namesake["who"].as_str().unwrap().starts_with("Bob~") && namesake["is_loud"] == true);
    assert!(is_verified(&town, ALICE, "Bob"));
}

/// Makes the computer `new` one of the person of `of`.
fn pair_with(town: &mut Town, of: usize, new: usize) {
    let link = town.ask(of, "people.add_device", json!({})).unwrap()["link"].clone();
    town.ask(new, "people.pair", json!({ "link": link, "name": "phone" })).unwrap();
    town.pass(Duration::from_secs(40));
}

#[test]
fn a_new_computer_of_a_verified_person_is_told_and_of_others_not() {
    let mut town = Town::new(3);
    town.family();
    town.let_in(BOB, "member");
    pair_with(&mut town, BOB, CAROL);
    let news = |town: &Town| town.read(ALICE, "people.news", json!({})).unwrap()["news"].clone();
    assert_eq!(news(&town), json!([]));
    let mut town = Town::new(3);
    town.family();
    town.let_in(BOB, "member");
    verify(&mut town, ALICE, json!({ "person": "Bob", "matches": true })).unwrap();
    pair_with(&mut town, BOB, CAROL);
    let told = news(&town);
    assert_eq!(
        (told[0]["kind"].as_str(), told[0]["who"].as_str()),
        (Some("new-device"), Some("Bob")),
        "{told}"
    );
    assert!(told[0]["is_loud"] == true && is_verified(&town, ALICE, "Bob"));
}

#[test]
fn a_later_computer_of_mine_reads_what_was_sealed_to_me_before() {
    let mut town = Town::new(3);
    town.family();
    town.let_in(BOB, "member");
    town.ask(BOB, "people.start_web_with", json!({ "name": "present", "persons": ["Alice"] })).unwrap();
    town.pass(Duration::from_secs(20));
    pair_with(&mut town, ALICE, CAROL);
    let invited = town.read(CAROL, "people.invited", json!({})).unwrap();
    assert_eq!(invited["invited"][0]["web"], "present", "{invited}");
    town.ask(CAROL, "people.enter", json!({ "web": "present" })).unwrap();
    town.pass(Duration::from_secs(60));
    // Then it is there at my other computer, too, and no invitation any more.
    let webs = town.read(ALICE, "people.webs", json!({})).unwrap();
    assert!(
        webs["webs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|web| web["name"] == "present" && web["role"] == "member")
    );
    assert_eq!(town.read(ALICE, "people.invited", json!({})).unwrap()["invited"], json!([]));
}
