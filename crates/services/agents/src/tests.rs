//! What follows from records of others, at one peer alone.

use base::{ContentId, Timestamp};
use serde_json::{Value, json};
use sim::lone::Lone;

use crate::capability::Capability;
use crate::service;
use crate::statement::{Admission, Budget, Place, Said};

const NAMES: [&str; 10] = ["Alice", "Bob", "Carol", "", "", "", "", "", "", "Reader"];
const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);
const ALICE: u8 = 0;
const BOB: u8 = 1;

fn said(name: &str, at: u64, program: Option<u8>) -> Said {
    let admission = program.map(|program| Admission {
        program: ContentId::new([program; 32]),
        size: 1,
        capabilities: vec![Capability::Notice],
        budget: Budget::default(),
        place: Place::Each,
        settings: String::new(),
        note: String::new(),
    });
    Said { name: name.to_owned(), at: Timestamp::from_millis(at), admission }
}

fn lone() -> Lone {
    Lone::start(Box::new(service()), NAMES, NOW)
}

fn listed(lone: &Lone) -> Vec<Value> {
    lone.read("agents.list", json!({})).unwrap()["agents"].as_array().unwrap().clone()
}

#[test]
fn nobody_s_agent_that_is_stopped_keeps_nothing_from_being_listed() {
    let mut lone = lone();
    lone.tell(ALICE, 1, &said("ghost", 1, None));
    lone.tell(ALICE, 2, &said("watchman", 1, Some(1)));
    lone.pass();
    let names: Vec<Value> = listed(&lone).iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!("watchman")]);
}

#[test]
fn what_a_member_says_who_is_no_admin_is_nothing() {
    let mut lone = lone();
    lone.tell(BOB, 1, &said("mine", 1, Some(1)));
    lone.tell(ALICE, 1, &said("watchman", 1, Some(1)));
    lone.pass();
    let before = lone.rows("agents.doing");
    assert!(!before.is_empty());
    lone.tell(BOB, 2, &said("watchman", 2, None));
    lone.pass();
    assert_eq!(lone.rows("agents.doing"), before, "it keeps no event from an agent that is admitted");
    let all = listed(&lone);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["by"], json!("Alice"));
    assert_ne!(all[0]["state"], json!("stopped by Bob"));
}

#[test]
fn a_clock_that_is_far_ahead_does_not_have_the_last_word() {
    let mut lone = lone();
    lone.tell(ALICE, 1, &said("watchman", u64::MAX, Some(1)));
    lone.pass();
    lone.tell(ALICE, 2, &said("watchman", NOW.millis() + 60_000, None));
    lone.pass();
    assert_eq!(
        listed(&lone)[0]["state"],
        json!("stopped by Alice"),
        "of one moment the one that stops counts"
    );
}
