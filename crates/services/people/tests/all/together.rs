//! What takes the signatures of several admins: removing a bad owner, and coming back without devices and words.

use std::time::Duration;

use serde_json::{Value, json};

use crate::town::*;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// Alice owns the web; Bob, Carol and Mallory are admins.
fn four() -> (Town, base::WebId) {
    let mut town = Town::new(4);
    let web = town.family();
    for admin in [BOB, CAROL, MALLORY] {
        town.let_in(admin, "admin");
    }
    town.pass(SECONDS(90));
    (town, web)
}

fn person(name: &str) -> Value {
    json!({ "web": "family", "person": name })
}

fn open(town: &mut Town, who: usize) -> Vec<Value> {
    let found = town.read(who, "people.dismissals", json!({ "web": "family" })).unwrap();
    found["dismissals"].as_array().unwrap().clone()
}

#[test]
fn two_of_three_admins_remove_an_owner_who_does_not_hear_of_it_before() {
    let (mut town, web) = four();
    let said = town.ask(BOB, "people.dismiss", person("Alice")).unwrap();
    let what = said["what"].as_str().unwrap();
    assert!(what.contains("signed by Bob; one more is needed of: Carol, Mallory"), "{what}");
    town.pass(SECONDS(20));
    assert_eq!(town.members(CAROL), ["Alice owner", "Bob admin", "Carol admin", "Mallory admin"]);
    assert!(open(&mut town, ALICE).is_empty(), "she can't read who has signed");
    let seen = open(&mut town, CAROL);
    assert_eq!((&seen[0]["person"], &seen[0]["signed"]), (&json!("Alice"), &json!(["Bob"])));
    assert_eq!((&seen[0]["missing"], &seen[0]["is_signed_by_me"]), (&json!(1), &json!(false)));
    let said = town.ask(CAROL, "people.dismiss", person("Alice")).unwrap();
    assert!(said["what"].as_str().unwrap().contains("Alice is removed from family"), "{said}");
    assert!(!town.admits(CAROL, ALICE), "the network hears of it in the same batch");
    town.pass(SECONDS(60));
    for who in [BOB, CAROL, MALLORY] {
        let expected = ["Bob owner", "Carol admin", "Mallory admin", "Alice -"];
        assert_eq!(town.members(who), expected, "seen by {who}");
        assert!(open(&mut town, who).is_empty());
    }
    assert_eq!(town.who_hears(BOB, web, "without Alice"), [CAROL, MALLORY]);
    let log = town.read(MALLORY, "people.audit", json!({ "web": "family" })).unwrap();
    let acts = log["acts"].as_array().unwrap();
    let act = acts.iter().find(|act| act["kind"] == "dismiss").unwrap();
    assert_eq!((&act["by"], &act["what"]), (&json!("Carol"), &json!("removed Alice together with Bob")));
}

#[test]
fn two_who_sign_at_the_same_time_need_not_sign_again() {
    let (mut town, _web) = four();
    for admin in [BOB, CAROL] {
        town.set_away(admin, true);
        town.ask(admin, "people.dismiss", person("Alice")).unwrap();
    }
    for admin in [BOB, CAROL] {
        town.set_away(admin, false);
    }
    town.pass(SECONDS(120));
    for who in [BOB, CAROL, MALLORY] {
        assert_eq!(town.members(who).last().unwrap(), "Alice -", "seen by {who}");
    }
}

#[test]
fn one_signature_does_nothing_and_nobody_but_admins_signs() {
    let mut town = Town::new(3);
    town.family();
    town.let_in(BOB, "admin");
    town.let_in(CAROL, "member");
    let fault =
        |town: &mut Town, who, name: &str| town.ask(who, "people.dismiss", person(name)).unwrap_err().code;
    assert_eq!(fault(&mut town, CAROL, "Alice"), "people.not-allowed");
    assert_eq!(fault(&mut town, BOB, "Alice"), "people.too-few-admins");
    assert_eq!(fault(&mut town, BOB, "Bob"), "people.not-of-yourself");
    let same = json!({ "web": "family", "old": "Carol", "new": "Alice" });
    assert_eq!(town.ask(BOB, "people.same_person", same).unwrap_err().code, "people.no-newcomer");
}

#[test]
fn who_has_lost_everything_takes_over_role_and_name_when_two_confirm_it() {
    let mut town = Town::new(4);
    let web = town.family();
    town.let_in(BOB, "admin");
    town.let_in(CAROL, "member");
    town.ask(BOB, "people.name", json!({ "web": "family", "person": "Carol", "petname": "Mum" })).unwrap();
    town.set_away(CAROL, true);
    // Carol begins again on Mallory's computer, as somebody new.
    town.ask(MALLORY, "people.introduce", json!({ "name": "Carol" })).unwrap();
    town.let_in(MALLORY, "member");
    town.pass(SECONDS(60));
    let (old, new) = (town.peers[CAROL].person, town.peers[MALLORY].person);
    let same = json!({ "web": "family", "old": old.to_string(), "new": new.to_string() });
    let said = town.ask(BOB, "people.same_person", same.clone()).unwrap();
    assert!(said["what"].as_str().unwrap().contains("one more is needed of: Alice"), "{said}");
    town.pass(SECONDS(20));
    town.ask(ALICE, "people.same_person", same).unwrap();
    town.pass(SECONDS(60));
    let members = town.members(ALICE);
    assert_eq!(members[..3], ["Alice owner", "Bob admin", "Carol member"]);
    assert_eq!(people::read::same_human(&*town.rows(BOB), web, new).unwrap(), [new, old]);
    assert_eq!(people::read::same_human_now(&*town.rows(BOB), web, old).unwrap(), new);
    assert_eq!(
        people::read::label_of(&*town.rows(BOB), web, new).unwrap(),
        "Mum",
        "his name for her goes with it"
    );
    let news = town.read(BOB, "people.news", json!({})).unwrap();
    let told = |one: &Value| one["kind"] == "same-person" && one["is_loud"] == true;
    assert!(news["news"].as_array().unwrap().iter().any(told), "{news}");
    assert!(!town.admits(ALICE, CAROL), "what was lost is out");
}
