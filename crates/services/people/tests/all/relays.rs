//! Whom a relay carries for that it does not know: who shows an invitation that still holds, for itself (spec tickets).

use std::time::Duration;

use base::{DeviceId, Timestamp};
use serde_json::json;
use wire::crypto::Signer as _;
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};
use wire::ticket::Ticket;

use crate::town::*;

const HOURS: fn(u64) -> Duration = |hours| Duration::from_secs(hours * 3_600);

/// What a newcomer shows: the words it would say at the door.
fn hello(link: &str, index: usize) -> Vec<u8> {
    let (ticket, keys) = (Ticket::from_text(link).unwrap(), Keys::new(index));
    let covered = proof_bytes(ticket.web, keys.person_id(), keys.device());
    wire::to_bytes(&Message::Hello {
        web: ticket.web,
        ticket: ticket.id(),
        proof: ticket.key().sign(PROOF_DOMAIN, &covered),
        inception: keys.inception.clone().into(),
        chain: None,
    })
}

fn is_carried(town: &Town, device: DeviceId, hello: &[u8], later: Duration) -> bool {
    let now = Timestamp::from_millis(town.now).after(later);
    people::read::is_invited(&*town.rows(ALICE), device, hello, now).unwrap()
}

#[test]
fn who_is_invited_is_carried_until_the_invitation_has_expired() {
    let mut town = Town::new(4);
    let _web = town.family();
    let hello = hello(&town.invite(ALICE, &json!({ "hours": 2 })), BOB);
    let bob = town.peers[BOB].device;
    assert!(is_carried(&town, bob, &hello, HOURS(0)));
    assert!(is_carried(&town, bob, &hello, HOURS(2)));
    assert!(!is_carried(&town, bob, &hello, HOURS(3)));
}

#[test]
fn what_one_device_shows_is_of_no_use_to_another() {
    let mut town = Town::new(4);
    let _web = town.family();
    let link = town.invite(ALICE, &json!({ "uses": 5 }));
    let (bob, mallory) = (town.peers[BOB].device, town.peers[MALLORY].device);
    let shown = hello(&link, BOB);
    assert!(is_carried(&town, bob, &shown, HOURS(0)));
    assert!(!is_carried(&town, mallory, &shown, HOURS(0)), "seen on the line and shown again");
    // Bob's proof with Mallory's beginning, and hers with his.
    let (Message::Hello { web, ticket, proof, .. }, Message::Hello { inception, .. }) =
        (Message::read(&shown).unwrap(), Message::read(&hello(&link, MALLORY)).unwrap())
    else {
        panic!("these are greetings");
    };
    let mixed = wire::to_bytes(&Message::Hello { web, ticket, proof, inception, chain: None });
    for device in [bob, mallory] {
        assert!(!is_carried(&town, device, &mixed, HOURS(0)));
    }
}

#[test]
fn an_invitation_that_was_ended_or_used_up_carries_nobody() {
    let mut town = Town::new(4);
    let _web = town.family();
    let (bob, carol) = (town.peers[BOB].device, town.peers[CAROL].device);
    let link = town.invite(ALICE, &json!({}));
    let shown = hello(&link, CAROL);
    assert!(is_carried(&town, carol, &shown, HOURS(0)));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_secs(20));
    assert!(!is_carried(&town, carol, &shown, HOURS(0)), "Bob has used it up");

    let view = town.ask(ALICE, "people.invite", json!({ "web": "family", "uses": 3 })).unwrap();
    let shown = hello(view["link"].as_str().unwrap(), CAROL);
    assert!(is_carried(&town, carol, &shown, HOURS(0)));
    town.ask(ALICE, "people.revoke", json!({ "web": "family", "invitation": view["id"] })).unwrap();
    assert!(!is_carried(&town, carol, &shown, HOURS(0)), "Alice has ended it");
    assert!(!is_carried(&town, bob, &shown, HOURS(0)));
}

#[test]
fn garbage_and_other_words_carry_nobody() {
    let mut town = Town::new(4);
    let _web = town.family();
    let link = town.invite(ALICE, &json!({}));
    let bob = town.peers[BOB].device;
    let shown = hello(&link, BOB);
    for bytes in [&[][..], &[0xff; 100], &shown[1..], &shown[..shown.len() - 1], &vec![0; 70_000]] {
        assert!(!is_carried(&town, bob, bytes, HOURS(0)));
    }
    // A ticket that somebody made up for this web.
    let real = Ticket::from_text(&link).unwrap();
    let made_up = Ticket::new(real.web, [7; 32], real.expires).to_text();
    assert!(!is_carried(&town, bob, &hello(&made_up, BOB), HOURS(0)));
}
