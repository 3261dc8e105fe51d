//! Personal state: names of mine and verified marks on all my computers, and after coming back with the words.

use std::time::Duration;

use base::{DeviceId, WebId};
use minicbor::Encode;
use serde_json::json;
use wire::codec::Bytes;
use wire::crypto::{EpochKey, PersonKey, seal_to};

use crate::town::*;

const PHONE: usize = 4;
const TABLET: usize = 5;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// Alice with a phone, Bob, Carol and Mallory in one web.
fn family() -> Town {
    let mut town = Town::new(6);
    town.family();
    for index in [BOB, CAROL, MALLORY] {
        town.let_in(index, "member");
    }
    pair(&mut town, ALICE, PHONE);
    town
}

/// Makes the computer `new` one of the person of `of`.
fn pair(town: &mut Town, of: usize, new: usize) {
    let link = town.ask(of, "people.add_device", json!({})).unwrap()["link"].clone();
    town.ask(new, "people.pair", json!({ "link": link, "name": format!("computer {new}") })).unwrap();
    town.pass(SECONDS(60));
}

fn call(town: &mut Town, index: usize, person: &str, petname: &str) {
    let asked = json!({ "web": "family", "person": person, "petname": petname });
    town.ask(index, "people.name", asked).unwrap();
}

fn uncall(town: &mut Town, index: usize, person: &str) {
    town.ask(index, "people.name", json!({ "web": "family", "person": person, "clear": true })).unwrap();
}

/// Labels of members as a peer sees them, and who of them is verified.
fn seen(town: &Town, index: usize) -> Vec<(String, bool)> {
    let members = town.read(index, "people.members", json!({ "web": "family" })).unwrap();
    let one = |member: &serde_json::Value| {
        (member["name"].as_str().unwrap().to_owned(), member["verified"].is_u64())
    };
    members["members"].as_array().unwrap().iter().map(one).collect()
}

fn labels(town: &Town, index: usize) -> Vec<String> {
    seen(town, index).into_iter().map(|(label, _)| label).collect()
}

#[test]
fn a_name_and_a_mark_given_on_one_computer_stand_on_the_other_within_seconds() {
    let mut town = family();
    call(&mut town, ALICE, "Bob", "Uncle Bob");
    town.ask(ALICE, "people.verify", json!({ "person": "Carol", "matches": true })).unwrap();
    town.pass(SECONDS(3));
    let expected = [("Alice", false), ("Uncle Bob", false), ("Carol", true), ("Mallory", false)];
    let expected: Vec<_> = expected.map(|(name, is_verified)| (name.to_owned(), is_verified)).to_vec();
    assert_eq!(seen(&town, ALICE), expected);
    assert_eq!(seen(&town, PHONE), expected);
    for other in [BOB, CAROL, MALLORY] {
        assert_eq!(labels(&town, other), ["Alice", "Bob", "Carol", "Mallory"], "seen by {other}");
    }
    // What is taken back on the one is taken back on the other.
    uncall(&mut town, PHONE, "Uncle Bob");
    town.ask(PHONE, "people.verify", json!({ "person": "Carol", "undo": true })).unwrap();
    town.pass(SECONDS(3));
    for mine in [ALICE, PHONE] {
        assert_eq!(labels(&town, mine), ["Alice", "Bob", "Carol", "Mallory"], "seen by {mine}");
        assert!(seen(&town, mine).iter().all(|(_, is_verified)| !is_verified), "seen by {mine}");
    }
}

#[test]
fn computers_that_were_apart_agree_when_they_meet_and_who_changed_more_often_wins() {
    let mut town = family();
    town.set_away(PHONE, true);
    call(&mut town, ALICE, "Bob", "Bobby");
    call(&mut town, PHONE, "Bob", "Robert");
    call(&mut town, PHONE, "Robert", "Uncle Bob");
    // Two persons of one name, given apart: the senior keeps it bare.
    call(&mut town, ALICE, "Mallory", "Mal");
    call(&mut town, PHONE, "Carol", "Mal");
    town.set_away(PHONE, false);
    town.pass(SECONDS(90));
    assert_eq!(labels(&town, ALICE), labels(&town, PHONE));
    let labels = labels(&town, ALICE);
    assert_eq!(labels[..3], ["Alice", "Uncle Bob", "Mal"]);
    assert!(labels[3].starts_with("Mal~"), "{labels:?}");
}

#[test]
fn a_later_computer_has_all_names_also_those_said_under_earlier_keys() {
    let mut town = family();
    let bob = town.peers[BOB].person.to_string();
    for number in 0..40 {
        call(&mut town, ALICE, &bob, &format!("Bob {number}"));
        town.pass(SECONDS(1));
    }
    call(&mut town, PHONE, "Carol", "Caro");
    town.pass(SECONDS(5));
    // The phone is lost: from now on there is a new key, and a later computer gets no other.
    let phone = town.peers[PHONE].device.to_string();
    town.ask(ALICE, "people.revoke_device", json!({ "device": phone })).unwrap();
    town.pass(SECONDS(90));
    pair(&mut town, ALICE, TABLET);
    assert_eq!(labels(&town, TABLET), ["Alice", "Bob 39", "Caro", "Mallory"]);
    // The lost one learns nothing of what is given now.
    call(&mut town, TABLET, "Mallory", "Mal");
    town.pass(SECONDS(90));
    assert_eq!(labels(&town, ALICE), ["Alice", "Bob 39", "Caro", "Mal"]);
    assert_eq!(labels(&town, PHONE), ["Alice", "Bob 39", "Caro", "Mallory"]);
}

#[test]
fn whoever_comes_back_with_the_words_has_the_names_and_marks() {
    let mut town = family();
    call(&mut town, ALICE, "Bob", "Uncle Bob");
    town.ask(ALICE, "people.verify", json!({ "person": "Carol", "matches": true })).unwrap();
    town.pass(SECONDS(5));
    town.stop(ALICE);
    town.stop(PHONE);
    let address = town.read(BOB, "people.address", json!({})).unwrap()["link"].clone();
    town.say_words(TABLET, Some(ALICE));
    town.ask(TABLET, "people.recover", json!({ "address": address })).unwrap();
    town.pass(SECONDS(90));
    assert_eq!(labels(&town, TABLET), ["Alice", "Uncle Bob", "Carol", "Mallory"]);
    assert!(seen(&town, TABLET)[2].1, "Carol is verified");
    // That Carol is known is no news of her.
    assert_eq!(town.read(TABLET, "people.news", json!({})).unwrap()["news"], json!([]));
}

#[test]
fn a_name_comes_by_each_web_that_the_person_belongs_to() {
    let mut town = family();
    call(&mut town, ALICE, "Bob", "Uncle Bob");
    town.pass(SECONDS(5));
    // A web of Alice and Bob alone, begun after the name was given; the family is over for her.
    town.ask(BOB, "people.start_web", json!({ "name": "choir" })).unwrap();
    let link = town.ask(BOB, "people.invite", json!({ "web": "choir" })).unwrap()["link"].clone();
    town.ask(ALICE, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(120));
    town.ask(BOB, "people.leave", json!({ "web": "family" })).unwrap();
    town.pass(SECONDS(30));
    town.stop(ALICE);
    town.stop(PHONE);
    let address = town.read(BOB, "people.address", json!({})).unwrap()["link"].clone();
    town.say_words(TABLET, Some(ALICE));
    town.ask(TABLET, "people.recover", json!({ "address": address })).unwrap();
    town.pass(SECONDS(90));
    let members = town.read(TABLET, "people.members", json!({ "web": "choir" })).unwrap();
    assert_eq!(members["members"][0]["name"], "Uncle Bob", "{members}");
}

#[derive(Encode)]
struct Mark(#[n(0)] u64, #[n(1)] Bytes, #[n(2)] u64, #[n(3)] DeviceId, #[n(4)] Option<Bytes>);

#[derive(Encode)]
struct Marks(#[n(0)] Bytes, #[n(1)] Vec<Mark>);

#[derive(Encode)]
struct Sealed(#[n(0)] Vec<Bytes>, #[n(1)] Bytes);

#[derive(Encode)]
enum Body {
    #[n(4)]
    Marks(#[n(0)] Sealed),
}

/// A mark of Alice as her device, or somebody who knows her public key, can make it.
fn mark_of_alice(web: WebId, author: DeviceId, mark: Mark) -> Vec<u8> {
    let alice = PersonKey::from_seed(&recovery_of(ALICE).first_person_seed()).public();
    let context = [web.as_bytes().as_slice(), author.as_bytes()].concat();
    let plain = wire::to_bytes(&Marks(alice.to_vec().into(), vec![mark]));
    let mut padded = u32::try_from(plain.len()).unwrap().to_be_bytes().to_vec();
    padded.extend(plain);
    padded.resize(1_024, 0);
    let content = EpochKey::new([9; 32]);
    let nobody = PersonKey::from_seed(&[8; 32]).public();
    let wrap = |key: &[u8; 32], seed: u8| {
        seal_to(key, "althing/sealed/1", &context, content.secret(), &[seed; 32]).unwrap().into()
    };
    let body = content.seal("althing sealed record v1", &[0; 24], &context, &padded);
    wire::to_bytes(&Body::Marks(Sealed(vec![wrap(&alice, 1), wrap(&nobody, 2)], body.into())))
}

/// Somebody publishes a mark of Alice's that calls Bob "Mallory's friend".
fn forge(town: &mut Town, by: usize, count: u64) {
    let web = people::read::web_named(&*town.rows(ALICE), "family").unwrap().unwrap();
    let author = town.peers[by].device;
    let about = town.peers[BOB].person.as_bytes().to_vec().into();
    let mark = Mark(0, about, count, author, Some(b"Forged".to_vec().into()));
    let body = mark_of_alice(web, author, mark);
    town.act(by, move |step| records::publish(step, web, "people", body).unwrap());
    town.pass(SECONDS(10));
}

#[test]
fn a_mark_counts_from_my_own_computers_only_and_no_count_is_out_of_reach() {
    let mut town = family();
    call(&mut town, ALICE, "Bob", "Uncle Bob");
    town.pass(SECONDS(5));
    // Mallory knows to what it is to be sealed, and is not Alice.
    forge(&mut town, MALLORY, 2);
    assert_eq!(labels(&town, ALICE)[1], "Uncle Bob");
    // A stolen phone may say anything but what nobody could say after it.
    forge(&mut town, PHONE, u64::MAX);
    assert_eq!(labels(&town, ALICE)[1], "Uncle Bob");
    forge(&mut town, PHONE, 1 << 20);
    assert_eq!(labels(&town, ALICE)[1], "Forged");
    call(&mut town, ALICE, "Forged", "Uncle Bob");
    assert_eq!(labels(&town, ALICE)[1], "Uncle Bob");
    town.pass(SECONDS(5));
    forge(&mut town, PHONE, 3);
    assert_eq!(labels(&town, ALICE)[1], "Uncle Bob");
}
