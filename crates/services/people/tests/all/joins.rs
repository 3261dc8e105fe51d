//! Being let in.

use std::time::Duration;

use people::Told;
use serde_json::json;

use crate::town::*;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

#[test]
fn a_ticket_lets_somebody_in_who_then_reads_what_is_new_and_what_was_before() {
    let mut town = Town::new(2);
    let web = town.family();
    town.act(ALICE, move |step| records::publish(step, web, "stand", b"before Bob".to_vec()).unwrap());
    town.let_in(BOB, "member");
    assert_eq!(town.members(BOB), ["Alice owner", "Bob member"]);
    assert_eq!(town.members(ALICE), town.members(BOB));
    assert_eq!(town.joining(BOB, web), ("member".to_owned(), String::new()));
    assert_eq!(town.note(BOB), "");
    assert!(town.peers[BOB].desk.records.lock().unwrap().contains(&b"before Bob".to_vec()));
    assert_eq!(town.who_hears(ALICE, web, "to all"), [BOB]);
    assert_eq!(town.who_hears(BOB, web, "to her"), [ALICE]);
    assert!(town.peers[BOB].desk.told.lock().unwrap().contains(&Told::Joined { web }));
}

#[test]
fn the_web_has_its_name_and_its_people_theirs_and_addresses_spread() {
    let mut town = Town::new(3);
    let web = town.family();
    town.let_in(BOB, "member");
    town.let_in(CAROL, "admin");
    assert_eq!(town.members(BOB), ["Alice owner", "Bob member", "Carol admin"]);
    let webs = town.read(CAROL, "people.webs", json!({})).unwrap();
    assert_eq!((&webs["webs"][0]["name"], &webs["webs"][0]["members"]), (&json!("family"), &json!(3)));
    let (bob, carol) = (town.peers[BOB].device, town.peers[CAROL].device);
    assert_eq!(town.peers[CAROL].known_addresses[&bob], ["192.0.2.2:4000"]);
    assert_eq!(people::read::addresses_of(&*town.rows(BOB), web, carol).unwrap(), ["192.0.2.3:4000"]);
    town.ask(BOB, "people.introduce", json!({ "name": "Robert" })).unwrap();
    town.pass(SECONDS(5));
    assert_eq!(town.members(CAROL), ["Alice owner", "Robert member", "Carol admin"]);
}

#[test]
fn the_junior_of_two_namesakes_gets_a_tag_and_the_senior_keeps_the_name() {
    let mut town = Town::new(3);
    let _web = town.family();
    town.let_in(BOB, "member");
    town.ask(CAROL, "people.introduce", json!({ "name": "bob" })).unwrap();
    town.let_in(CAROL, "member");
    let tag: String = town.peers[CAROL].person.to_string().chars().take(6).collect();
    let expected = ["Alice owner".to_owned(), "Bob member".to_owned(), format!("bob~{tag} member")];
    assert_eq!(town.members(ALICE), expected);
    assert_eq!(town.members(BOB), expected);
    // Nobody else can take the name one has on one's own computer: paths there would lead to the other.
    let tag: String = town.peers[BOB].person.to_string().chars().take(6).collect();
    let at_home = ["Alice owner".to_owned(), format!("Bob~{tag} member"), "bob member".to_owned()];
    assert_eq!(town.members(CAROL), at_home);
}

#[test]
fn a_join_waits_while_nobody_is_reachable_and_goes_on_after_a_restart() {
    let mut town = Town::new(2);
    let web = town.family();
    let link = town.invite(ALICE, &json!({}));
    town.set_away(ALICE, true);
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(300));
    let (state, why) = town.joining(BOB, web);
    assert_eq!((state.as_str(), why.contains("trying again")), ("asking", true));
    town.stop(BOB);
    town.start(BOB);
    town.set_away(ALICE, false);
    town.pass(SECONDS(90));
    assert_eq!(town.members(BOB), ["Alice owner", "Bob member"]);
}

#[test]
fn after_a_restart_everybody_reads_and_writes_as_before() {
    let mut town = Town::new(2);
    let web = town.family();
    town.let_in(BOB, "member");
    for index in [ALICE, BOB] {
        town.stop(index);
        town.start(index);
    }
    town.pass(SECONDS(60));
    assert_eq!(town.who_hears(ALICE, web, "again"), [BOB]);
    assert_eq!(town.who_hears(BOB, web, "and back"), [ALICE]);
}

#[test]
fn a_newcomer_whose_welcome_was_lost_gets_it_again() {
    let mut town = Town::new(2);
    let web = town.family();
    let link = town.invite(ALICE, &json!({}));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    // Hello, Offer, Request arrive; the Welcome does not.
    town.pass(Duration::from_millis(70));
    assert_eq!(town.members(ALICE), ["Alice owner", &format!("{} member", town.peers[BOB].person.short())]);
    town.set_away(ALICE, true);
    town.pass(SECONDS(1));
    town.set_away(ALICE, false);
    town.pass(SECONDS(90));
    assert_eq!(town.members(BOB), ["Alice owner", "Bob member"]);
    assert_eq!(town.who_hears(ALICE, web, "now"), [BOB]);
    let log = town.read(ALICE, "people.audit", json!({ "web": "family" })).unwrap();
    let welcomes = log["acts"].as_array().unwrap().iter().filter(|act| act["what"] == "welcomed Bob").count();
    assert_eq!(welcomes, 1, "asking again writes nothing");
}

#[test]
fn a_join_that_needs_approval_waits_for_an_admin() {
    let mut town = Town::new(2);
    let web = town.family();
    let link = town.invite(ALICE, &json!({ "approve": true }));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(30));
    assert_eq!(town.joining(BOB, web).0, "waiting");
    assert_eq!(town.members(ALICE), ["Alice owner"]);
    let waiting = town.read(ALICE, "people.invitations", json!({ "web": "family" })).unwrap();
    let person = waiting["waiting"][0]["person"].as_str().unwrap().to_owned();
    assert_eq!(person, town.peers[BOB].person.to_string());
    town.ask(ALICE, "people.accept", json!({ "web": "family", "person": person[..8] })).unwrap();
    town.pass(SECONDS(90));
    assert_eq!(town.joining(BOB, web).0, "member");
    assert_eq!(town.who_hears(ALICE, web, "welcome"), [BOB]);
}

#[test]
fn another_member_named_in_the_ticket_opens_the_door_while_the_inviter_is_away() {
    let mut town = Town::new(3);
    let web = town.family();
    town.let_in(BOB, "member");
    let link = town.invite(ALICE, &json!({}));
    town.pass(SECONDS(5));
    town.set_away(ALICE, true);
    town.ask(CAROL, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(60));
    assert_eq!(town.members(CAROL), ["Alice owner", "Bob member", "Carol member"]);
    assert_eq!(town.who_hears(BOB, web, "hello Carol"), [CAROL]);
    town.set_away(ALICE, false);
    town.pass(SECONDS(120));
    assert_eq!(town.members(ALICE), town.members(CAROL));
    assert_eq!(town.note(CAROL), "");
}

#[test]
fn of_two_who_use_a_one_use_ticket_at_two_doors_one_stays_and_all_agree() {
    let mut town = Town::new(4);
    let _web = town.family();
    town.let_in(BOB, "member");
    let link = town.invite(ALICE, &json!({}));
    town.pass(SECONDS(5));
    // Each newcomer reaches one door only, and the doors don't reach each other.
    town.set_away(BOB, true);
    town.ask(CAROL, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(10));
    town.set_away(ALICE, true);
    town.set_away(CAROL, true);
    town.set_away(BOB, false);
    town.ask(MALLORY, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(100));
    assert!(town.members(BOB).contains(&"Mallory member".to_owned()));
    town.set_away(ALICE, false);
    town.set_away(CAROL, false);
    town.pass(SECONDS(200));
    let everybody = town.members(ALICE);
    assert_eq!(everybody.iter().filter(|member| member.ends_with(" member")).count(), 2, "{everybody:?}");
    assert_eq!(town.members(BOB), everybody);
}

#[test]
fn invitations_tell_their_state() {
    let mut town = Town::new(2);
    let _web = town.family();
    let state = |town: &Town| {
        let all = town.read(ALICE, "people.invitations", json!({ "web": "family" })).unwrap();
        all["invitations"][0]["state"].as_str().unwrap().to_owned()
    };
    town.invite(ALICE, &json!({ "hours": 1 }));
    assert_eq!(state(&town), "open");
    town.pass(SECONDS(3_700));
    assert_eq!(state(&town), "expired");
    town.let_in(BOB, "member");
    assert_eq!(state(&town), "used up");
    let made = town.ask(ALICE, "people.invite", json!({ "web": "family" })).unwrap();
    let id = made["id"].as_str().unwrap();
    town.ask(ALICE, "people.revoke", json!({ "web": "family", "invitation": id[..10] })).unwrap();
    assert_eq!(state(&town), "revoked");
}
