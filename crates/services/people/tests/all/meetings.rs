//! A web of three in one step: sealed invitations, one click, and its end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::town::*;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

fn village() -> Town {
    let mut town = Town::new(4);
    town.family();
    for index in [BOB, CAROL, MALLORY] {
        town.let_in(index, "member");
    }
    town
}

fn meet(town: &mut Town, name: &str, persons: &[&str]) -> Result<Value, String> {
    let made = town.ask(ALICE, "people.start_web_with", json!({ "name": name, "persons": persons }));
    town.pass(SECONDS(20));
    made.map_err(|fault| fault.code)
}

fn invited(town: &Town, index: usize) -> Vec<String> {
    let invited = town.read(index, "people.invited", json!({})).unwrap();
    let words = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        format!("{} invites to {} through {}", text("by"), text("web"), text("through"))
    };
    invited["invited"].as_array().unwrap().iter().map(words).collect()
}

fn roles(town: &Town, index: usize, web: &str) -> Vec<String> {
    let members = town.read(index, "people.members", json!({ "web": web })).unwrap();
    let word = |member: &Value| {
        format!("{} {}", member["name"].as_str().unwrap(), member["role"].as_str().unwrap_or("-"))
    };
    members["members"].as_array().unwrap().iter().map(word).collect()
}

#[test]
fn a_web_of_three_is_one_step_and_one_click_each() {
    let mut town = village();
    let made = meet(&mut town, "present", &["Bob", "Carol", "Bob"]).unwrap();
    assert_eq!((made["name"].as_str(), made["role"].as_str()), (Some("present"), Some("owner")));
    assert_eq!(invited(&town, BOB), ["Alice invites to present through family"]);
    assert_eq!(invited(&town, CAROL), ["Alice invites to present through family"]);
    assert_eq!(invited(&town, MALLORY), Vec::<String>::new(), "who is not named learns nothing");
    assert_eq!(invited(&town, ALICE), Vec::<String>::new());
    let stranger = town.ask(MALLORY, "people.enter", json!({ "web": "present" })).unwrap_err();
    assert_eq!(stranger.code, "people.not-invited");
    for index in [BOB, CAROL] {
        town.ask(index, "people.enter", json!({ "web": "present" })).unwrap();
        town.pass(SECONDS(20));
        assert_eq!(invited(&town, index), Vec::<String>::new());
    }
    for index in [ALICE, BOB, CAROL] {
        assert_eq!(roles(&town, index, "present"), ["Alice owner", "Bob member", "Carol member"]);
    }
    let open = town.read(ALICE, "people.invitations", json!({ "web": "present" })).unwrap();
    let states: Vec<&str> =
        open["invitations"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["used up", "used up"], "one for each, for one use");
}

#[test]
fn who_is_away_finds_the_invitation_later_and_the_inviter_where_it_is_then() {
    let mut town = village();
    town.set_away(BOB, true);
    meet(&mut town, "present", &["Bob"]).unwrap();
    assert_eq!(invited(&town, BOB), Vec::<String>::new());
    town.pass(SECONDS(86_400));
    let addresses = vec!["192.0.2.99:4000".to_owned()];
    town.give(ALICE, kernel::Input::Reachable { addresses: addresses.clone() });
    town.set_away(BOB, false);
    town.pass(SECONDS(120));
    assert_eq!(invited(&town, BOB), ["Alice invites to present through family"]);
    town.ask(BOB, "people.enter", json!({ "web": "present" })).unwrap();
    let alice = town.peers[ALICE].device;
    assert_eq!(town.peers[BOB].known_addresses[&alice], addresses);
    town.pass(SECONDS(20));
    assert_eq!(roles(&town, BOB, "present"), ["Alice owner", "Bob member"]);
}

#[test]
fn an_invitation_can_be_declined_and_ends_with_its_time() {
    let mut town = village();
    meet(&mut town, "present", &["Bob", "Carol"]).unwrap();
    let said = town.ask(BOB, "people.decline", json!({ "web": "present" })).unwrap();
    assert!(said["what"].as_str().unwrap().contains("is off your list"), "{said}");
    assert_eq!(invited(&town, BOB), Vec::<String>::new());
    assert_eq!(
        town.ask(BOB, "people.enter", json!({ "web": "present" })).unwrap_err().code,
        "people.not-invited"
    );
    town.pass(SECONDS(31 * 86_400));
    assert_eq!(invited(&town, CAROL), Vec::<String>::new());
}

#[test]
fn two_webs_of_one_name_are_told_apart_by_their_ids() {
    let mut town = village();
    meet(&mut town, "present", &["Carol"]).unwrap();
    let asked = json!({ "name": "present", "persons": ["Carol"] });
    let id = town.ask(BOB, "people.start_web_with", asked).unwrap()["id"].as_str().unwrap().to_owned();
    town.pass(SECONDS(20));
    let fault = town.ask(CAROL, "people.enter", json!({ "web": "present" })).unwrap_err();
    assert_eq!(fault.code, "people.invited-ambiguous");
    town.ask(CAROL, "people.enter", json!({ "web": id[..8] })).unwrap();
    town.pass(SECONDS(20));
    assert_eq!(roles(&town, CAROL, "present"), ["Bob owner", "Carol member"]);
}

#[test]
fn nobody_can_be_invited_who_is_not_known_or_is_oneself() {
    let mut town = village();
    let many: Vec<&str> = vec!["Bob"; 17];
    assert_eq!(meet(&mut town, "present", &[]).unwrap_err(), "people.nobody-named");
    assert_eq!(meet(&mut town, "present", &["Dave"]).unwrap_err(), "people.unknown-person");
    assert_eq!(meet(&mut town, "present", &["Alice"]).unwrap_err(), "people.not-of-yourself");
    assert_eq!(meet(&mut town, "present", &many).unwrap_err(), "people.too-many");
    assert_eq!(meet(&mut town, "", &["Bob"]).unwrap_err(), "people.name-empty");
    let webs = town.read(ALICE, "people.webs", json!({})).unwrap();
    assert_eq!(webs["webs"].as_array().unwrap().len(), 1, "what fails leaves no web behind");
}

#[test]
fn mallory_can_flood_neither_the_list_nor_the_processor() {
    let mut town = village();
    for number in 0..12 {
        let asked = json!({ "name": format!("spam {number}"), "persons": ["Bob"] });
        town.ask(MALLORY, "people.start_web_with", asked).unwrap();
    }
    town.pass(SECONDS(30));
    assert_eq!(invited(&town, BOB).len(), 8);
    meet(&mut town, "present", &["Bob"]).unwrap();
    assert_eq!(invited(&town, BOB).len(), 9, "Alice's invitation comes through");
}

#[test]
fn an_owner_dissolves_a_web_in_one_step() {
    let mut town = village();
    meet(&mut town, "present", &["Bob", "Carol"]).unwrap();
    town.ask(BOB, "people.enter", json!({ "web": "present" })).unwrap();
    town.pass(SECONDS(20));
    let fault = town.ask(BOB, "people.dissolve", json!({ "web": "present" })).unwrap_err();
    assert_eq!(fault.code, "people.not-allowed");
    let said = town.ask(ALICE, "people.dissolve", json!({ "web": "present" })).unwrap();
    assert!(
        said["what"].as_str().unwrap().starts_with("present is dissolved. The other person is removed"),
        "{said}"
    );
    town.pass(SECONDS(20));
    for (index, note) in [(ALICE, "you have left"), (BOB, "you were removed")] {
        let webs = town.read(index, "people.webs", json!({})).unwrap();
        let web = webs["webs"].as_array().unwrap().iter().find(|web| web["name"] == "present").unwrap();
        assert_eq!(web["note"], note);
    }
    // Carol has an invitation to a web that is no more: nobody lets her in, and the web of all goes on.
    town.ask(CAROL, "people.enter", json!({ "web": "present" })).unwrap();
    town.pass(SECONDS(60));
    let webs = town.read(CAROL, "people.webs", json!({})).unwrap();
    assert!(
        webs["webs"].as_array().unwrap().iter().any(|web| web["name"] == "family" && web["role"] == "member")
    );
    assert!(
        !webs["webs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|web| web["name"] == "present" && web["role"] == "member")
    );
}
