//! Coming back with nothing but recovery words.

use std::time::Duration;

use kernel::Channel;
use serde_json::json;
use wire::crypto::Signer;
use wire::identity::{Key, RECOVERING_DOMAIN};
use wire::join::Message;

use crate::town::{ALICE, BOB, CAROL, Town, recovery_of};

const NEW: usize = 3;
const OTHER: usize = 4;

fn address(town: &Town, of: usize) -> String {
    town.read(of, "people.address", json!({})).unwrap()["link"].as_str().unwrap().to_owned()
}

/// Somebody says the words of `of` to a new computer, and names the computer of `through`.
pub(crate) fn come_back(town: &mut Town, new: usize, of: usize, through: usize) {
    let address = address(town, through);
    town.say_words(new, Some(of));
    town.ask(new, "people.recover", json!({ "address": address })).unwrap();
    town.pass(Duration::from_secs(90));
}

pub(crate) fn note(town: &Town, who: usize) -> String {
    town.read(who, "people.devices", json!({})).unwrap()["note"].as_str().unwrap().to_owned()
}

pub(crate) fn web_names(town: &Town, who: usize) -> Vec<(String, bool)> {
    let rows = town.rows(who);
    let webs = people::read::webs(&*rows).unwrap();
    webs.into_iter().map(|web| (web.label, web.has_key)).collect()
}

/// Alice, Bob and Carol in one web; Alice and Bob in another.
pub(crate) fn family() -> Town {
    let mut town = Town::new(6);
    town.family();
    town.let_in(BOB, "admin");
    town.let_in(CAROL, "member");
    town.ask(BOB, "people.start_web", json!({ "name": "choir" })).unwrap();
    let link = town.ask(BOB, "people.invite", json!({ "web": "choir" })).unwrap()["link"].clone();
    town.ask(ALICE, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_secs(30));
    town
}

#[test]
fn with_the_words_and_one_member_a_new_computer_is_the_same_person_in_all_webs() {
    let mut town = family();
    town.stop(ALICE);
    come_back(&mut town, NEW, ALICE, BOB);
    let me = town.read(NEW, "people.me", json!({})).unwrap();
    assert_eq!((me["name"].as_str(), me["person"].clone()), (Some("Alice"), json!(town.peers[ALICE].person)));
    assert_eq!(web_names(&town, NEW), [("choir".to_owned(), true), ("family".to_owned(), true)]);
    for who in [BOB, CAROL, NEW] {
        assert_eq!(town.members(who), ["Alice owner", "Bob admin", "Carol member"], "seen by {who}");
    }
    // What members write it reads, and they what it writes.
    let web = people::read::web_named(&*town.rows(NEW), "family").unwrap().unwrap();
    assert!(town.who_hears(BOB, web, "from Bob").contains(&NEW));
    assert!(town.who_hears(NEW, web, "from the new computer").contains(&CAROL));
    assert_eq!(note(&town, NEW), "");
    // It goes on after a start, which has forgotten the words.
    town.say_words(NEW, None);
    town.stop(NEW);
    town.start(NEW);
    town.pass(Duration::from_secs(60));
    assert_eq!(web_names(&town, NEW), [("choir".to_owned(), true), ("family".to_owned(), true)]);
}

#[test]
fn whoever_came_back_revokes_what_was_lost_and_the_thief_is_out() {
    let mut town = family();
    come_back(&mut town, NEW, ALICE, BOB);
    let lost = town.peers[ALICE].device.to_string();
    // A thief uses the lost computer: it cannot end the one that came by the words.
    let thief =
        town.ask(ALICE, "people.revoke_device", json!({ "device": town.peers[NEW].device.to_string() }));
    town.pass(Duration::from_secs(30));
    assert!(town.admits(BOB, NEW), "{thief:?}");
    town.ask(NEW, "people.revoke_device", json!({ "device": lost })).unwrap();
    town.pass(Duration::from_secs(90));
    for who in [BOB, CAROL, NEW] {
        assert!(!town.admits(who, ALICE), "{who} still lets the lost computer in");
    }
    let web = people::read::web_named(&*town.rows(NEW), "family").unwrap().unwrap();
    let heard = town.who_hears(BOB, web, "after the loss");
    assert!(heard.contains(&NEW) && heard.contains(&CAROL) && !heard.contains(&ALICE), "{heard:?}");
    // The web goes on: somebody joins, though the computer that founded it is gone.
    let invitation = town.ask(BOB, "people.invite", json!({ "web": "family" })).unwrap()["link"].clone();
    town.ask(5, "people.join", json!({ "link": invitation })).unwrap();
    town.pass(Duration::from_secs(60));
    assert!(town.members(BOB).contains(&"Somebody member".to_owned()), "{:?}", town.members(BOB));
    // Lost again: the words still lead back, and what was sealed under the new key can be opened.
    town.stop(NEW);
    come_back(&mut town, OTHER, ALICE, BOB);
    assert_eq!(web_names(&town, OTHER), [("choir".to_owned(), true), ("family".to_owned(), true)]);
}

#[test]
fn a_computer_that_was_not_lost_after_all_goes_on_beside_the_new_one() {
    let mut town = family();
    town.set_away(ALICE, true);
    come_back(&mut town, NEW, ALICE, BOB);
    town.set_away(ALICE, false);
    town.pass(Duration::from_secs(90));
    let devices = town.read(ALICE, "people.devices", json!({})).unwrap();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 2, "{devices}");
    let web = people::read::web_named(&*town.rows(NEW), "family").unwrap().unwrap();
    assert!(town.who_hears(NEW, web, "hello from me").contains(&ALICE));
    assert!(town.who_hears(ALICE, web, "hello to me").contains(&NEW));
    // What the one starts the other has, too.
    town.ask(NEW, "people.start_web", json!({ "name": "shed" })).unwrap();
    town.pass(Duration::from_secs(90));
    assert!(web_names(&town, ALICE).contains(&("shed".to_owned(), true)), "{:?}", web_names(&town, ALICE));
}

#[test]
fn words_that_never_had_the_key_get_a_new_one() {
    let mut town = family();
    town.stop(BOB);
    come_back(&mut town, NEW, BOB, ALICE);
    town.pass(Duration::from_secs(120));
    assert_eq!(web_names(&town, NEW), [("choir".to_owned(), true), ("family".to_owned(), true)]);
    let web = people::read::web_named(&*town.rows(NEW), "family").unwrap().unwrap();
    assert!(town.who_hears(ALICE, web, "to Bob's new computer").contains(&NEW));
}

#[test]
fn wrong_words_and_members_who_know_nobody_are_said() {
    let mut town = family();
    let carols = address(&town, CAROL);
    let said = town.ask(NEW, "people.recover", json!({ "address": carols })).unwrap_err();
    assert_eq!(said.code, "people.words-first");
    town.say_words(NEW, Some(NEW));
    let said = town.ask(NEW, "people.recover", json!({ "address": "althingdoor1qqq" })).unwrap_err();
    assert_eq!(said.code, "people.address-damaged");
    town.ask(NEW, "people.recover", json!({ "address": carols })).unwrap();
    town.pass(Duration::from_secs(20));
    assert!(note(&town, NEW).contains("check the words"), "{}", note(&town, NEW));
    assert!(web_names(&town, NEW).is_empty());
    // An invitation is as good as an address: it says where a member is.
    let invitation = town.invite(ALICE, &json!({}));
    town.say_words(OTHER, Some(CAROL));
    town.ask(OTHER, "people.recover", json!({ "address": invitation })).unwrap();
    town.pass(Duration::from_secs(60));
    assert_eq!(web_names(&town, OTHER), [("family".to_owned(), true)]);
    // Who belongs to webs as somebody else stays who it is.
    town.say_words(BOB, Some(CAROL));
    let said = town.ask(BOB, "people.recover", json!({ "address": invitation })).unwrap_err();
    assert_eq!(said.code, "people.recover-in-use");
}

#[test]
fn a_stranger_without_the_words_is_told_nothing_and_a_removed_person_finds_no_way_back() {
    let mut town = family();
    let mallory = town.peers[NEW].device;
    let recovery = recovery_of(ALICE);
    let public = recovery.key().public();
    // A proof that was made for another device.
    let covered = [public.as_slice(), town.peers[OTHER].device.as_bytes()].concat();
    let proof = recovery.key().sign(RECOVERING_DOMAIN, &covered);
    let before = town.peers[BOB].said_joining.len();
    let message = Message::Recovering { recovery: Key(public), proof };
    town.say(mallory, BOB, Channel::Join, wire::to_bytes(&message));
    town.pass(Duration::from_secs(5));
    assert_eq!(town.peers[BOB].said_joining.len(), before);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Carol" })).unwrap();
    town.pass(Duration::from_secs(30));
    come_back(&mut town, OTHER, CAROL, BOB);
    assert!(web_names(&town, OTHER).is_empty());
    assert!(note(&town, OTHER).contains("check the words"));
}

#[test]
fn a_second_computer_of_somebody_who_joined_has_the_keys() {
    let mut town = family();
    let link = town.ask(CAROL, "people.add_device", json!({})).unwrap()["link"].clone();
    town.ask(NEW, "people.pair", json!({ "link": link, "name": "phone" })).unwrap();
    town.pass(Duration::from_secs(60));
    assert_eq!(web_names(&town, NEW), [("family".to_owned(), true)]);
}
