//! A new key for a web of many members is sealed by a driver, outside of the step; a driver that does not answer is not waited
//! for without end.

use std::time::Duration;

use base::KeyId;
use kernel::Input;
use people::jobs::{self, SEAL, Seal};
use serde_json::json;

use crate::town::*;

/// Alice, Mallory, and so many that more than 32 are left without her.
const PEOPLE: usize = 35;
const MALLORY: usize = PEOPLE - 1;

fn key_of(town: &Town, index: usize, web: base::WebId) -> Option<KeyId> {
    town.peers[index].kernel.as_ref().unwrap().keyring().current(web).map(wire::crypto::EpochKey::id)
}

/// Takes the keys that a peer has given to its driver to seal; other work is left undone.
fn to_seal(town: &mut Town, index: usize) -> Vec<kernel::Job> {
    std::mem::take(&mut town.peers[index].jobs).into_iter().filter(|job| job.kind == SEAL).collect()
}

#[test]
fn a_driver_seals_the_key_of_a_large_web_and_one_that_is_silent_is_asked_again() {
    let mut town = Town::new(PEOPLE);
    let web = town.family();
    let link = town.invite(ALICE, &json!({ "uses": PEOPLE }));
    for index in 1..PEOPLE {
        town.ask(index, "people.join", json!({ "link": link })).unwrap();
        town.pass(Duration::from_secs(5));
    }
    town.pass(Duration::from_secs(60));
    to_seal(&mut town, ALICE);
    let before = key_of(&town, MALLORY, web);
    assert!(before.is_some() && before == key_of(&town, ALICE, web));
    let person = town.peers[MALLORY].person;
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": person })).unwrap();
    // The first time the driver says nothing.
    assert_eq!(to_seal(&mut town, ALICE).len(), 1);
    town.pass(Duration::from_secs(90));
    let again = to_seal(&mut town, ALICE);
    let job = again.last().expect("the key is still due");
    let sealed = Seal::from_bytes(&job.input).unwrap().run();
    assert_eq!(sealed.wraps.len(), PEOPLE - 1);
    assert!(sealed.wraps.iter().all(|wrap| wrap.person != person));
    town.give(ALICE, Input::Finished { job: job.id, outcome: Ok(jobs::to_bytes(&sealed)) });
    town.pass(Duration::from_secs(20));
    let now = key_of(&town, ALICE, web);
    assert!(now.is_some() && now != before);
    assert_eq!(key_of(&town, 1, web), now);
    assert_eq!(key_of(&town, MALLORY, web), before);
}
