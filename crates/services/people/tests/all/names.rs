//! Names: those I give, those others take, and nobody looks like another.

use std::time::Duration;

use serde_json::json;

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

fn labels(town: &Town, index: usize) -> Vec<String> {
    town.members(index).iter().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

fn introduce(town: &mut Town, index: usize, name: &str) {
    town.ask(index, "people.introduce", json!({ "name": name })).unwrap();
    town.pass(SECONDS(5));
}

fn call(town: &mut Town, index: usize, person: &str, petname: &str) -> String {
    let asked = json!({ "web": "family", "person": person, "petname": petname });
    town.ask(index, "people.name", asked).unwrap()["what"].as_str().unwrap().to_owned()
}

fn news(town: &Town, index: usize) -> Vec<(String, String, String, bool)> {
    let news = town.read(index, "people.news", json!({})).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let one = |one: &serde_json::Value| {
        (text(&one["kind"]), text(&one["who"]), text(&one["what"]), one["is_loud"].as_bool().unwrap())
    };
    news["news"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn a_name_of_mine_stands_wherever_a_label_stands_and_nobody_else_sees_it() {
    let mut town = village();
    let said = call(&mut town, ALICE, "Bob", "Uncle Bob");
    assert!(said.contains("Uncle Bob") && said.contains("Nobody else sees it"), "{said}");
    assert_eq!(labels(&town, ALICE), ["Alice", "Uncle Bob", "Carol", "Mallory"]);
    assert_eq!(labels(&town, CAROL), ["Alice", "Bob", "Carol", "Mallory"]);
    let members = town.read(ALICE, "people.members", json!({ "web": "family" })).unwrap();
    assert_eq!(members["members"][1]["own_name"], "Bob");
    assert_eq!(members["members"][1]["petname"], "Uncle Bob");
    assert_eq!(members["members"][2]["own_name"], "");
    let log = town.read(ALICE, "people.audit", json!({ "web": "family" })).unwrap().to_string();
    assert!(log.contains("\"by\":\"Uncle Bob\"") && log.contains("welcomed Uncle Bob"), "{log}");

    // It holds over a restart and whatever Bob calls itself, and goes when it is taken away.
    town.stop(ALICE);
    town.start(ALICE);
    introduce(&mut town, BOB, "Robert");
    assert_eq!(labels(&town, ALICE)[1], "Uncle Bob");
    town.ask(ALICE, "people.name", json!({ "web": "family", "person": "Uncle Bob", "clear": true })).unwrap();
    assert_eq!(labels(&town, ALICE), labels(&town, CAROL));
    assert_eq!(labels(&town, ALICE)[1], "Robert");
}

#[test]
fn services_above_hear_of_a_name_of_mine() {
    let mut town = village();
    town.peers[ALICE].desk.told.lock().unwrap().clear();
    call(&mut town, ALICE, "Bob", "Uncle Bob");
    let told = town.peers[ALICE].desk.told.lock().unwrap().clone();
    assert!(matches!(told[..], [people::Told::Members { .. }]), "{told:?}");
}

#[test]
fn a_name_of_mine_is_for_one_person_and_not_for_myself() {
    let mut town = village();
    call(&mut town, ALICE, "Bob", "Bobby");
    let mut fault = |person: &str, more: serde_json::Value| {
        let mut asked = json!({ "web": "family", "person": person });
        for (key, value) in more.as_object().unwrap() {
            asked[key] = value.clone();
        }
        town.ask(ALICE, "people.name", asked).unwrap_err().code
    };
    assert_eq!(fault("Carol", json!({ "petname": "B0bby" })), "people.petname-taken");
    assert_eq!(fault("Carol", json!({ "petname": "ALICE" })), "people.petname-taken");
    assert_eq!(fault("Alice", json!({ "petname": "Me" })), "people.not-of-yourself");
    assert_eq!(fault("Carol", json!({ "petname": " \u{200b} " })), "people.name-empty");
    assert_eq!(fault("Carol", json!({ "petname": "x".repeat(65) })), "people.name-too-long");
    assert_eq!(fault("Carol", json!({})), "people.petname-or-clear");
    assert_eq!(fault("Carol", json!({ "petname": "C", "clear": true })), "people.petname-or-clear");
    assert_eq!(fault("Dave", json!({ "petname": "D" })), "people.unknown-person");
    // The same person may be given the name again, written otherwise.
    call(&mut town, ALICE, "Bobby", "BOBBY");
    assert_eq!(labels(&town, ALICE)[1], "BOBBY");
}

#[test]
fn mallory_cannot_take_a_name_that_is_mine_or_that_i_gave_even_as_a_senior() {
    let mut town = village();
    // Carol comes after Bob; Mallory is junior to both, Bob senior to Carol.
    call(&mut town, ALICE, "Carol", "Bob");
    let bob = town.peers[BOB].person.to_string();
    assert_eq!(labels(&town, ALICE), ["Alice", &format!("Bob~{}", &bob[..6]), "Bob", "Mallory"]);
    // On Carol's own computer Carol is Carol, though somebody senior takes the name.
    introduce(&mut town, BOB, "C\u{0430}rol");
    let senior = labels(&town, CAROL)[1].clone();
    assert_eq!(senior, format!("C\u{0430}rol~{}", &bob[..6]));
    assert_eq!(labels(&town, CAROL)[2], "Carol");
}

#[test]
fn what_a_person_calls_itself_whom_i_call_otherwise_is_not_free_for_others() {
    let mut town = village();
    call(&mut town, ALICE, "Bob", "Uncle Bob");
    introduce(&mut town, MALLORY, "Bob");
    let mallory = town.peers[MALLORY].person.to_string();
    assert_eq!(labels(&town, ALICE), ["Alice", "Uncle Bob", "Carol", &format!("Bob~{}", &mallory[..6])]);
    assert!(
        news(&town, ALICE).iter().any(|(_, _, what, _)| what.ends_with("not the one you call Uncle Bob"))
    );
    // Two of one name: naming the junior does not change what the senior is called.
    town.ask(ALICE, "people.name", json!({ "web": "family", "person": "Uncle Bob", "clear": true })).unwrap();
    call(&mut town, ALICE, &mallory[..8], "Mal");
    assert_eq!(labels(&town, ALICE), ["Alice", "Bob", "Carol", "Mal"]);
}

#[test]
fn names_that_look_alike_are_told_apart_and_it_is_said_aloud() {
    let mut town = village();
    call(&mut town, ALICE, "Bob", "Bob");
    introduce(&mut town, MALLORY, "B\u{043e}b");
    let mallory = town.peers[MALLORY].person.to_string();
    assert_eq!(labels(&town, ALICE)[3], format!("B\u{043e}b~{}", &mallory[..6]));
    assert_eq!(labels(&town, CAROL)[3], format!("B\u{043e}b~{}", &mallory[..6]));
    let told = news(&town, ALICE);
    let namesake = told.iter().find(|(kind, ..)| kind == "namesake").unwrap();
    assert!(namesake.3 && namesake.2.ends_with("is somebody else, not the one you call Bob"), "{namesake:?}");
    // Carol has no name of her own for Bob: only the changed name is told.
    assert!(news(&town, CAROL).iter().all(|(kind, ..)| kind == "renamed"));
    introduce(&mut town, MALLORY, "Alice");
    let told = news(&town, ALICE);
    assert!(
        told.iter()
            .any(|(kind, _, what, _)| kind == "renamed" && what.contains("now goes by the name Alice"))
    );
}

#[test]
fn a_changed_name_is_told_from_the_first_to_the_last_of_a_day() {
    let mut town = village();
    assert_eq!(news(&town, ALICE), []);
    introduce(&mut town, BOB, "Nobody");
    introduce(&mut town, BOB, "Somebody Else");
    let told = news(&town, ALICE);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1, "Somebody Else");
    assert_eq!(told[0].2, "was called Bob and now goes by the name Somebody Else");
    assert!(!told[0].3, "Bob is neither verified nor named");
    introduce(&mut town, BOB, "Bob");
    assert_eq!(news(&town, ALICE), []);
    // What I call myself is no news to me.
    assert_eq!(news(&town, BOB), []);
}

#[test]
fn the_log_says_of_each_act_what_kind_it_is_and_can_be_taken_out() {
    let mut town = village();
    introduce(&mut town, MALLORY, "=cmd|'/C calc'!A0");
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Carol" })).unwrap();
    let log = town.read(ALICE, "people.audit", json!({ "web": "family" })).unwrap();
    let acts = log["acts"].as_array().unwrap();
    let removal = acts.iter().find(|act| act["kind"] == "remove").unwrap();
    assert_eq!(removal["about"], town.peers[CAROL].person.to_string());
    assert_eq!(removal["person"], town.peers[ALICE].person.to_string());
    assert_eq!(removal["device"], town.peers[ALICE].device.to_string());
    for kind in ["start", "invite", "join", "admit", "key"] {
        assert!(acts.iter().any(|act| act["kind"] == kind), "{kind}");
    }

    let export = |form: &str| {
        town.read(ALICE, "people.audit_export", json!({ "web": "family", "form": form })).unwrap()
    };
    let csv = export("csv");
    let text = csv["text"].as_str().unwrap();
    assert_eq!(csv["acts"], acts.len());
    assert_eq!(text.matches("\r\n").count(), acts.len() + 1);
    assert!(text.starts_with("\"time\",\"by\",\"person\",\"kind\""));
    assert!(text.contains(removal["entry"].as_str().unwrap()));
    assert!(text.contains("\"'=cmd") && !text.contains("\"=cmd"), "{text}");
    let lines = export("jsonl");
    let read: Vec<serde_json::Value> =
        lines["text"].as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&read, acts);
}
