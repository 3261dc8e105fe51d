//! Being removed, leaving, changing roles.

use std::time::Duration;

use people::Told;
use serde_json::json;

use crate::town::*;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

fn three() -> (Town, base::WebId) {
    let mut town = Town::new(3);
    let web = town.family();
    town.let_in(BOB, "member");
    town.let_in(CAROL, "member");
    (town, web)
}

#[test]
fn a_removed_member_gets_nothing_new_from_that_batch_on() {
    let (mut town, web) = three();
    assert_eq!(town.who_hears(ALICE, web, "before"), [BOB, CAROL]);
    people_kept(&mut town, web);
    let removed = town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    assert!(!town.admits(ALICE, BOB), "the network hears of it in the same batch");
    assert_eq!((&removed["files_kept"], &removed["bytes_kept"]), (&json!(3), &json!(1_500_000)));
    let what = removed["what"].as_str().unwrap();
    assert!(what.contains("3 files, 1.5 MB") && what.contains("could already have"), "{what}");
    town.pass(SECONDS(30));
    assert!(!town.admits(CAROL, BOB));
    assert_eq!(town.who_hears(ALICE, web, "after"), [CAROL]);
    assert_eq!(town.who_hears(CAROL, web, "after, too"), [ALICE]);
    assert_eq!(town.members(CAROL), ["Alice owner", "Carol member", "Bob -"]);
    let devices = vec![town.peers[BOB].device];
    let told = Told::Removed { web, person: town.peers[BOB].person, devices };
    assert!(town.peers[CAROL].desk.told.lock().unwrap().contains(&told));
}

#[test]
fn a_guest_reads_and_what_it_writes_is_not_used_until_it_is_a_member() {
    let mut town = Town::new(3);
    let web = town.family();
    town.let_in(BOB, "guest");
    town.let_in(CAROL, "member");
    assert_eq!(town.who_hears(ALICE, web, "for all"), [BOB, CAROL]);
    assert_eq!(town.members(ALICE), ["Alice owner", "Bob guest", "Carol member"]);
    let bob = town.peers[BOB].person;
    assert!(!people::read::writes(&*town.rows(CAROL), web, bob).unwrap());
    let fault = town.ask(BOB, "people.invite", json!({ "web": "family" })).unwrap_err();
    assert_eq!(fault.code, "people.not-allowed");
    town.ask(ALICE, "people.set_role", json!({ "web": "family", "person": "Bob", "role": "member" }))
        .unwrap();
    town.pass(SECONDS(30));
    assert!(people::read::writes(&*town.rows(CAROL), web, bob).unwrap());
    let said = town
        .ask(ALICE, "people.set_role", json!({ "web": "family", "person": "Bob", "role": "guest" }))
        .unwrap();
    assert!(said["what"].as_str().unwrap().contains("Bob is now guest"), "{said}");
    town.pass(SECONDS(30));
    assert!(!people::read::writes(&*town.rows(CAROL), web, bob).unwrap());
    assert_eq!(town.who_hears(ALICE, web, "still for all"), [BOB, CAROL], "no new key is needed");
}

fn people_kept(town: &mut Town, web: base::WebId) {
    let person = town.peers[BOB].person;
    town.act(ALICE, move |step| people::note_kept(step, web, person, 3, 1_500_000));
}

#[test]
fn what_is_sealed_after_a_removal_does_not_open_with_any_key_the_removed_member_holds() {
    let (mut town, web) = three();
    town.set_away(BOB, true);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    let before = town.who_hears(ALICE, web, "secret");
    assert_eq!(before, [CAROL]);
    // Bob gets the ciphertext all the same, from an accomplice.
    let alice = town.peers[ALICE].device;
    let heads = records::heads(&*town.rows(ALICE), web).unwrap();
    let head =
        heads.iter().find(|head| head.device == alice && head.log == wire::entry::Log::Records).unwrap();
    let bytes = records::entry(&*town.rows(ALICE), web, alice, head.log, head.seq).unwrap().unwrap();
    let entry = wire::entry::Entry::read_known(&bytes).unwrap();
    let batch = wire::record::Batch::read(&entry.header.body).unwrap();
    let place = wire::record::Place { web, author: alice, seq: head.seq };
    let keys_of = |town: &Town, index: usize| {
        town.peers[index].kernel.as_ref().unwrap().keyring().of(web).cloned().collect::<Vec<_>>()
    };
    assert!(keys_of(&town, BOB).iter().all(|key| batch.open(key, place).is_err()));
    assert!(keys_of(&town, CAROL).iter().any(|key| batch.open(key, place).is_ok()));
}

#[test]
fn a_removed_admins_back_dated_acts_come_to_nothing() {
    let (mut town, web) = three();
    town.ask(ALICE, "people.set_role", json!({ "web": "family", "person": "Bob", "role": "admin" })).unwrap();
    town.pass(SECONDS(10));
    town.set_away(BOB, true);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    town.pass(SECONDS(5));
    // Bob has not heard of it, or pretends so: he invites an accomplice and removes Carol.
    town.invite(BOB, &json!({ "uses": 50 }));
    town.ask(BOB, "people.remove", json!({ "web": "family", "person": "Carol" })).unwrap();
    let bob = town.peers[BOB].device;
    let entries: Vec<Vec<u8>> = records::governance(&*town.rows(BOB), web)
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.header.author == bob)
        .map(|entry| entry.bytes)
        .collect();
    // Carol is handed all of it.
    town.act(CAROL, move |step| {
        for bytes in entries {
            records::accept_governance(step, web, &bytes).unwrap();
        }
    });
    town.pass(SECONDS(30));
    assert_eq!(town.members(CAROL), ["Alice owner", "Carol member", "Bob -"]);
    assert_eq!(town.members(ALICE), town.members(CAROL));
    let log = town.read(CAROL, "people.audit", json!({ "web": "family" })).unwrap();
    let void: Vec<&str> = log["acts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|act| act["is_void"] == true && act["by"] == "Bob")
        .map(|act| act["what"].as_str().unwrap())
        .collect();
    assert!(void.len() >= 2 && void.iter().all(|what| what.contains("cut it off")), "{void:?}");
    assert_eq!(town.who_hears(ALICE, web, "still us"), [CAROL]);
}

#[test]
fn two_admins_who_remove_somebody_each_at_the_same_time_agree_afterwards_and_can_write() {
    let mut town = Town::new(4);
    let web = town.family();
    town.let_in(BOB, "admin");
    town.let_in(CAROL, "member");
    town.let_in(MALLORY, "member");
    town.set_away(ALICE, true);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Carol" })).unwrap();
    town.ask(BOB, "people.remove", json!({ "web": "family", "person": "Mallory" })).unwrap();
    town.pass(SECONDS(5));
    town.set_away(ALICE, false);
    town.pass(SECONDS(200));
    assert_eq!(town.members(ALICE), ["Alice owner", "Bob admin", "Carol -", "Mallory -"]);
    assert_eq!(town.members(BOB), town.members(ALICE));
    assert_eq!(town.who_hears(ALICE, web, "two of us"), [BOB]);
    assert_eq!(town.who_hears(BOB, web, "yes"), [ALICE]);
}

#[test]
fn a_removed_member_is_told_when_it_hears_of_it_and_comes_back_by_a_new_invitation() {
    let (mut town, web) = three();
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    town.pass(SECONDS(10));
    let bytes: Vec<Vec<u8>> =
        records::governance(&*town.rows(ALICE), web).map(|entry| entry.unwrap().bytes).collect();
    town.act(BOB, move |step| {
        for bytes in bytes {
            let _known = records::accept_governance(step, web, &bytes);
        }
    });
    assert_eq!(town.note(BOB), "you were removed");
    assert!(town.peers[BOB].desk.told.lock().unwrap().contains(&Told::Left { web }));
    let fault = town.ask(BOB, "people.invite", json!({ "web": "family" })).unwrap_err();
    assert_eq!(fault.code, "people.not-a-member");
    town.let_in(BOB, "member");
    assert_eq!(town.members(ALICE), ["Alice owner", "Carol member", "Bob member"]);
    assert_eq!(town.note(BOB), "");
    assert_eq!(town.who_hears(CAROL, web, "you again"), [ALICE, BOB]);
}

#[test]
fn who_leaves_is_gone_for_everybody_and_reads_nothing_new() {
    let (mut town, web) = three();
    town.ask(BOB, "people.leave", json!({ "web": "family" })).unwrap();
    town.pass(SECONDS(120));
    assert_eq!(town.note(BOB), "you have left");
    assert_eq!(town.members(ALICE), ["Alice owner", "Carol member", "Bob -"]);
    assert_eq!(town.who_hears(ALICE, web, "without Bob"), [CAROL]);
    let fault = town.ask(ALICE, "people.leave", json!({ "web": "family" })).unwrap_err();
    assert_eq!(fault.code, "people.last-owner");
}

#[test]
fn who_left_when_nobody_was_there_to_hear_of_it_comes_back() {
    let (mut town, web) = three();
    town.set_away(BOB, true);
    town.ask(BOB, "people.leave", json!({ "web": "family" })).unwrap();
    town.pass(SECONDS(10));
    town.set_away(BOB, false);
    assert_eq!(town.members(ALICE), ["Alice owner", "Bob member", "Carol member"]);
    town.let_in(BOB, "admin");
    assert_eq!(town.joining(BOB, web).0, "member");
    assert_eq!(town.members(BOB), ["Alice owner", "Carol member", "Bob admin"]);
    assert_eq!(town.members(CAROL), town.members(BOB));
    assert_eq!(town.who_hears(CAROL, web, "you again"), [ALICE, BOB]);
}

#[test]
fn roles_are_given_by_owners_and_juniors_do_not_touch_their_seniors() {
    let (mut town, _web) = three();
    let fault = |town: &mut Town, by, operation: &str, arguments| {
        town.ask(by, operation, arguments).unwrap_err().code
    };
    let invite = json!({ "web": "family" });
    assert_eq!(fault(&mut town, BOB, "people.invite", invite), "people.not-allowed");
    let remove = json!({ "web": "family", "person": "Carol" });
    assert_eq!(fault(&mut town, BOB, "people.remove", remove.clone()), "people.not-allowed");
    for name in ["Bob", "Carol"] {
        let arguments = json!({ "web": "family", "person": name, "role": "admin" });
        town.ask(ALICE, "people.set_role", arguments).unwrap();
    }
    town.pass(SECONDS(10));
    let up = json!({ "web": "family", "person": "Bob" });
    assert_eq!(fault(&mut town, CAROL, "people.remove", up), "people.outranked");
    let admin = json!({ "web": "family", "role": "admin" });
    assert_eq!(fault(&mut town, BOB, "people.invite", admin), "people.not-allowed");
    let owner = json!({ "web": "family", "person": "Carol", "role": "owner" });
    assert_eq!(fault(&mut town, BOB, "people.set_role", owner), "people.not-allowed");
    let me = json!({ "web": "family", "person": "Bob" });
    assert_eq!(fault(&mut town, BOB, "people.remove", me), "people.remove-yourself");
    let nobody = json!({ "web": "family", "person": "Nobody" });
    assert_eq!(fault(&mut town, BOB, "people.remove", nobody), "people.unknown-person");
    town.ask(BOB, "people.remove", remove).unwrap();
    town.pass(SECONDS(10));
    assert_eq!(town.members(ALICE), ["Alice owner", "Bob admin", "Carol -"]);
}

#[test]
fn a_web_is_handed_over_in_one_step_and_only_by_its_owner() {
    let mut town = Town::new(3);
    town.family();
    town.let_in(BOB, "member");
    town.let_in(CAROL, "admin");
    let to_bob = json!({ "web": "family", "person": "Bob" });
    assert_eq!(town.ask(CAROL, "people.hand_over", to_bob.clone()).unwrap_err().code, "people.not-allowed");
    let to_herself = json!({ "web": "family", "person": "Alice" });
    assert_eq!(town.ask(ALICE, "people.hand_over", to_herself).unwrap_err().code, "people.not-of-yourself");
    town.ask(ALICE, "people.hand_over", to_bob).unwrap();
    town.pass(Duration::from_secs(20));
    for who in [ALICE, BOB, CAROL] {
        assert_eq!(town.members(who), ["Alice admin", "Bob owner", "Carol admin"], "seen by {who}");
    }
    // The new owner is above her now.
    let alice = json!({ "web": "family", "person": "Alice" });
    assert_eq!(town.ask(CAROL, "people.remove", alice.clone()).unwrap_err().code, "people.outranked");
    town.ask(BOB, "people.remove", alice).unwrap();
}
