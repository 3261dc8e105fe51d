//! A person with several devices: added by a link, one person everywhere, one lost and revoked.

use std::time::Duration;

use kernel::Channel;
use serde_json::json;
use wire::crypto::{SignKey, Signer};
use wire::identity::{DEVICE_DOMAIN, device_bytes};
use wire::join::{Message, PAIR_DOMAIN};
use wire::pairing::DeviceLink;

use crate::town::{ALICE, BOB, Keys, Town};

const PHONE: usize = 2;
const TABLET: usize = 3;

/// Makes the computer `new` one of the person of `of`.
fn pair(town: &mut Town, of: usize, new: usize, name: &str) {
    let link = town.ask(of, "people.add_device", json!({})).unwrap()["link"].as_str().unwrap().to_owned();
    town.ask(new, "people.pair", json!({ "link": link, "name": name })).unwrap();
    town.pass(Duration::from_secs(20));
}

fn webs(town: &Town, who: usize) -> Vec<(String, String)> {
    let webs = town.read(who, "people.webs", json!({})).unwrap()["webs"].clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    webs.as_array().unwrap().iter().map(|web| (text(&web["name"]), text(&web["role"]))).collect()
}

fn devices_at(town: &Town, who: usize, of: usize) -> usize {
    let rows = town.rows(who);
    let web = people::read::web_named(&*rows, "family").unwrap().unwrap();
    people::read::devices_of(&*rows, web, town.peers[of].person).unwrap().len()
}

/// Alice, Bob, and Alice's phone.
fn family_with_phone() -> Town {
    let mut town = Town::new(4);
    town.family();
    town.let_in(BOB, "admin");
    pair(&mut town, ALICE, PHONE, "phone");
    town
}

#[test]
fn a_second_device_is_the_same_person_everywhere_within_seconds() {
    let town = family_with_phone();
    assert_eq!(webs(&town, PHONE), [("family".to_owned(), "owner".to_owned())]);
    let me = town.read(PHONE, "people.me", json!({})).unwrap();
    assert_eq!((me["name"].as_str(), me["person"].clone()), (Some("Alice"), json!(town.peers[ALICE].person)));
    for who in [ALICE, BOB, PHONE] {
        let members = town.read(who, "people.members", json!({ "web": "family" })).unwrap();
        assert_eq!(members["members"].as_array().unwrap().len(), 2, "seen by {who}: {members}");
        assert_eq!(devices_at(&town, who, ALICE), 2);
    }
    // It reads and writes: it has the keys.
    let rows = town.rows(PHONE);
    let web = people::read::web_named(&*rows, "family").unwrap().unwrap();
    assert!(people::read::web(&*rows, web).unwrap().unwrap().has_key);
    let list = town.read(ALICE, "people.devices", json!({})).unwrap();
    assert_eq!(list["devices"][1]["name"], "phone");
    assert_eq!(list["devices"][1]["webs"], 1);
    assert_eq!(list["devices"][1]["is_here"], true);
}

#[test]
fn what_one_device_joins_or_starts_the_others_have_too() {
    let mut town = family_with_phone();
    town.ask(PHONE, "people.start_web", json!({ "name": "choir" })).unwrap();
    town.ask(BOB, "people.start_web", json!({ "name": "club" })).unwrap();
    let link = town.ask(BOB, "people.invite", json!({ "web": "club" })).unwrap()["link"].clone();
    // Joined by the device that is not the person's first: its chain proves who it is.
    town.ask(PHONE, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_secs(40));
    for who in [ALICE, PHONE] {
        let mut names: Vec<String> = webs(&town, who).into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["choir", "club", "family"], "at {who}");
    }
    pair(&mut town, PHONE, TABLET, "tablet");
    town.pass(Duration::from_secs(40));
    assert_eq!(webs(&town, TABLET).len(), 3);
    let list = town.read(ALICE, "people.devices", json!({})).unwrap();
    assert_eq!(list["devices"].as_array().unwrap().len(), 3, "{list}");
}

#[test]
fn a_lost_device_is_revoked_in_every_web_and_keys_rotate() {
    let mut town = family_with_phone();
    town.ask(PHONE, "people.start_web", json!({ "name": "choir" })).unwrap();
    pair(&mut town, ALICE, TABLET, "tablet");
    town.pass(Duration::from_secs(60));
    let done = town.ask(PHONE, "people.revoke_device", json!({ "device": "tablet" })).unwrap();
    assert!(done["what"].as_str().unwrap().contains("revoked in 2 webs"), "{done}");
    town.pass(Duration::from_secs(60));
    for who in [ALICE, BOB, PHONE] {
        assert_eq!(devices_at(&town, who, ALICE), 2, "seen by {who}");
        assert!(!town.admits(who, TABLET), "{who} still lets the tablet in");
        let rows = town.rows(who);
        let web = people::read::web_named(&*rows, "family").unwrap().unwrap();
        assert!(people::read::web(&*rows, web).unwrap().unwrap().has_key, "{who} has no key");
    }
    let list = town.read(ALICE, "people.devices", json!({})).unwrap();
    assert_eq!(list["devices"].as_array().unwrap().len(), 2, "{list}");
    // The devices that remain go on after a start, with the person's new key.
    for who in [ALICE, PHONE] {
        town.stop(who);
        town.start(who);
    }
    town.pass(Duration::from_secs(60));
    for who in [ALICE, PHONE] {
        let rows = town.rows(who);
        let web = people::read::web_named(&*rows, "family").unwrap().unwrap();
        assert!(people::read::web(&*rows, web).unwrap().unwrap().has_key, "{who} lost its key");
    }
    let log = town.read(BOB, "people.audit", json!({ "web": "family" })).unwrap().to_string();
    assert!(log.contains("revoked the device"), "{log}");
}

#[test]
fn a_person_without_webs_gets_one_for_its_computers() {
    let mut town = Town::new(4);
    pair(&mut town, ALICE, PHONE, "phone");
    assert_eq!(webs(&town, PHONE), [("alice-computers".to_owned(), "owner".to_owned())]);
}

#[test]
fn a_link_makes_one_device_once_and_not_for_ever() {
    let mut town = family_with_phone();
    let link = town.ask(ALICE, "people.add_device", json!({})).unwrap()["link"].as_str().unwrap().to_owned();
    let parsed = DeviceLink::from_text(&link).unwrap();
    let person = parsed.person;
    let ask = |town: &mut Town, keys: &SignKey, by: &SignKey| {
        let covered = device_bytes(person, keys.device());
        let proof = by.sign(PAIR_DOMAIN, &covered);
        let consent = keys.sign(DEVICE_DOMAIN, &covered);
        let message = Message::Pair { proof, consent, name: "thing".to_owned() };
        town.say(keys.device(), ALICE, Channel::Join, wire::to_bytes(&message));
    };
    // Who has no link gets nothing, not even a word.
    let mallory = SignKey::from_seed(&[7; 32]);
    ask(&mut town, &mallory, &mallory);
    assert_eq!(devices_at(&town, ALICE, ALICE), 2);
    // Nor a link for another device's word.
    let covered = device_bytes(person, mallory.device());
    let message = Message::Pair {
        proof: parsed.key().sign(PAIR_DOMAIN, &covered),
        consent: parsed.key().sign(DEVICE_DOMAIN, &covered),
        name: String::new(),
    };
    town.say(mallory.device(), ALICE, Channel::Join, wire::to_bytes(&message));
    assert_eq!(devices_at(&town, ALICE, ALICE), 2);
    town.ask(TABLET, "people.pair", json!({ "link": link, "name": "tablet" })).unwrap();
    town.pass(Duration::from_secs(20));
    assert_eq!(devices_at(&town, ALICE, ALICE), 3);
    ask(&mut town, &mallory, &parsed.key());
    assert_eq!(devices_at(&town, ALICE, ALICE), 3, "the link was used");
    let late = town.ask(ALICE, "people.add_device", json!({})).unwrap()["link"].as_str().unwrap().to_owned();
    town.pass(Duration::from_secs(31 * 60));
    ask(&mut town, &mallory, &DeviceLink::from_text(&late).unwrap().key());
    assert_eq!(devices_at(&town, ALICE, ALICE), 3, "the link had expired");
    let fault = town.ask(BOB, "people.pair", json!({ "link": late, "name": "b" })).unwrap_err();
    assert_eq!(fault.code, "people.device-link-expired");
}

#[test]
fn what_cannot_be_paired_says_why() {
    let mut town = family_with_phone();
    let link = town.ask(ALICE, "people.add_device", json!({})).unwrap()["link"].as_str().unwrap().to_owned();
    let code = |town: &mut Town, who: usize, link: &str| {
        town.ask(who, "people.pair", json!({ "link": link, "name": "x" })).unwrap_err().code
    };
    assert_eq!(code(&mut town, BOB, &link), "people.device-in-use");
    assert_eq!(code(&mut town, PHONE, &link), "people.device-already");
    assert_eq!(code(&mut town, TABLET, &link[..link.len() - 1]), "people.device-link-damaged");
    assert_eq!(code(&mut town, TABLET, "hello"), "people.device-link-damaged");
    let fault = town.ask(ALICE, "people.revoke_device", json!({ "device": "toaster" })).unwrap_err();
    assert_eq!(fault.code, "people.unknown-device");
}

#[test]
fn only_own_devices_are_heard_about_webs() {
    let mut town = family_with_phone();
    let rows = town.rows(PHONE);
    let before = people::read::webs(&*rows).unwrap().len();
    drop(rows);
    let genesis = vec![1, 2, 3];
    let ours = wire::join::Ours {
        devices: Vec::new(),
        webs: vec![wire::join::OurWeb {
            web: base::WebId::new([1; 32]),
            genesis: genesis.into(),
            name: "trap".to_owned(),
        }],
    };
    let message = wire::to_bytes(&Message::Ours { ours });
    let bob = town.peers[BOB].device;
    town.say(bob, PHONE, Channel::Member, message.clone());
    // Nor a web whose beginning is none, from whomever.
    let alice = town.peers[ALICE].device;
    town.say(alice, PHONE, Channel::Member, message);
    assert_eq!(people::read::webs(&*town.rows(PHONE)).unwrap().len(), before);
    assert_eq!(Keys::new(ALICE).person_id(), town.peers[ALICE].person);
}

#[test]
fn the_word_of_a_stolen_device_plants_no_other() {
    let mut town = family_with_phone();
    // The thief has the phone: it tells Alice's first computer of a device that no web knows.
    let planted = SignKey::from_seed(&[8; 32]);
    let person = town.peers[ALICE].person;
    let consent = planted.sign(DEVICE_DOMAIN, &device_bytes(person, planted.device()));
    let device = wire::join::OurDevice { device: planted.device(), consent, name: "innocent".to_owned() };
    let ours = wire::join::Ours { devices: vec![device], webs: Vec::new() };
    let phone = town.peers[PHONE].device;
    town.say(phone, ALICE, Channel::Member, wire::to_bytes(&Message::Ours { ours }));
    town.pass(Duration::from_secs(30));
    assert_eq!(devices_at(&town, ALICE, ALICE), 2);
    town.ask(ALICE, "people.start_web", json!({ "name": "choir" })).unwrap();
    town.ask(ALICE, "people.revoke_device", json!({ "device": "phone" })).unwrap();
    town.pass(Duration::from_secs(30));
    assert_eq!(devices_at(&town, BOB, ALICE), 1);
}

#[test]
fn what_does_not_count_is_written_once() {
    let mut town = family_with_phone();
    // Bob's web knows the tablet as Bob's; now it becomes Alice's, who is in that web, too.
    pair(&mut town, BOB, TABLET, "tablet");
    let link = town.ask(ALICE, "people.add_device", json!({})).unwrap()["link"].as_str().unwrap().to_owned();
    let parsed = DeviceLink::from_text(&link).unwrap();
    let keys = Keys::new(TABLET);
    let covered = device_bytes(parsed.person, keys.device());
    let proof = parsed.key().sign(PAIR_DOMAIN, &covered);
    let consent = keys.sign(DEVICE_DOMAIN, &covered);
    let message = Message::Pair { proof, consent, name: "tablet".to_owned() };
    town.say(keys.device(), ALICE, Channel::Join, wire::to_bytes(&message));
    town.pass(Duration::from_secs(120));
    let acts = |town: &Town| {
        town.read(ALICE, "people.audit", json!({ "web": "family" })).unwrap()["acts"]
            .as_array()
            .unwrap()
            .len()
    };
    let before = acts(&town);
    town.ask(BOB, "people.invite", json!({ "web": "family" })).unwrap();
    town.pass(Duration::from_secs(120));
    assert_eq!(acts(&town), before + 1);
    assert_eq!((devices_at(&town, ALICE, ALICE), devices_at(&town, ALICE, BOB)), (2, 2));
}
