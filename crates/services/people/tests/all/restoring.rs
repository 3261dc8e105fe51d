//! What a removal cut off is shown, and done again by who may.

use std::time::Duration;

use serde_json::{Value, json};

use crate::town::{ALICE, BOB, CAROL, Town};

const DAVE: usize = 3;

fn cut_off(town: &Town, who: usize) -> Vec<(String, String)> {
    let listed = town.read(who, "people.cut_off", json!({ "web": "family" })).unwrap();
    let text = |act: &Value, name: &str| act[name].as_str().unwrap().to_owned();
    listed["acts"].as_array().unwrap().iter().map(|act| (text(act, "what"), text(act, "act"))).collect()
}

/// Bob, an owner, lets Carol in and makes Dave an admin while Alice is away, who removes Bob without knowing of it.
fn cut() -> Town {
    let mut town = Town::new(5);
    town.family();
    town.let_in(BOB, "owner");
    town.let_in(DAVE, "member");
    town.set_away(ALICE, true);
    let link = town.ask(BOB, "people.invite", json!({ "web": "family" })).unwrap()["link"].clone();
    town.ask(CAROL, "people.introduce", json!({ "name": "Carol" })).unwrap();
    town.ask(CAROL, "people.join", json!({ "link": link })).unwrap();
    let dave = town.peers[DAVE].person.to_string();
    town.ask(BOB, "people.set_role", json!({ "web": "family", "person": dave, "role": "admin" })).unwrap();
    town.pass(Duration::from_secs(30));
    assert!(town.members(BOB).iter().any(|name| name.starts_with("Carol")), "{:?}", town.members(BOB));
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    town.set_away(ALICE, false);
    town.pass(Duration::from_secs(120));
    town
}

#[test]
fn who_fell_out_is_invited_again_and_a_role_is_given_again() {
    let mut town = cut();
    let found = cut_off(&town, DAVE).into_iter().chain(cut_off(&town, ALICE)).collect::<Vec<_>>();
    let join = found.iter().find(|(what, _)| what.ends_with("came in as member"));
    let role = found.iter().find(|(what, _)| what.starts_with("made ") && what.ends_with(" admin"));
    let (Some((_, join)), Some((_, role))) = (join, role) else { panic!("{found:?}") };
    let (join, role) = (join.clone(), role.clone());
    town.ask(ALICE, "people.restore", json!({ "web": "family", "act": role })).unwrap();
    let done = town.ask(ALICE, "people.restore", json!({ "web": "family", "act": join })).unwrap();
    let what = done["what"].as_str().unwrap().to_owned();
    let link = what.split_whitespace().find(|word| word.starts_with("althing:")).unwrap().to_owned();
    assert!(link.starts_with("althing:althing1"), "{link}");
    let members = town.members(ALICE);
    assert!(members.iter().any(|one| one.ends_with(" admin")), "{members:?}");
    let left = cut_off(&town, ALICE);
    assert!(left.iter().all(|(what, _)| !what.starts_with("made ")), "{left:?}");
}

/// Carol's computer has not been told that she fell out; that she leaves then nobody hears.
#[test]
fn who_fell_out_without_being_told_leaves_and_comes_in_by_the_new_invitation() {
    let mut town = cut();
    let found = cut_off(&town, ALICE);
    let (_, join) = found.iter().find(|(what, _)| what.ends_with("came in as member")).unwrap().clone();
    let done = town.ask(ALICE, "people.restore", json!({ "web": "family", "act": join })).unwrap();
    let what = done["what"].as_str().unwrap().to_owned();
    let link = what.split_whitespace().find(|word| word.starts_with("althing:")).unwrap().to_owned();
    assert_eq!(town.note(CAROL), "", "nobody has told her");
    let fault = town.ask(CAROL, "people.join", json!({ "link": link })).unwrap_err();
    let help: Vec<&str> = fault.remedies.iter().map(|remedy| remedy.command.as_str()).collect();
    assert!(help.contains(&"althing web leave family"), "{help:?}");
    town.ask(CAROL, "people.leave", json!({ "web": "family" })).unwrap();
    town.ask(CAROL, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_secs(120));
    assert!(town.members(ALICE).contains(&"Carol member".to_owned()), "{:?}", town.members(ALICE));
    assert_eq!(town.members(CAROL), town.members(ALICE));
}

#[test]
fn nobody_restores_more_than_it_may() {
    let mut town = cut();
    let found = cut_off(&town, DAVE).into_iter().chain(cut_off(&town, ALICE)).collect::<Vec<_>>();
    let (_, role) = found.iter().find(|(what, _)| what.starts_with("made ")).unwrap().clone();
    assert!(town.ask(DAVE, "people.restore", json!({ "web": "family", "act": role })).is_err());
    let none = town.ask(ALICE, "people.restore", json!({ "web": "family", "act": "00000000" })).unwrap_err();
    assert_eq!(none.code, "people.nothing-cut-off");
}
