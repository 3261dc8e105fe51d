//! What liars, strangers, wrong clocks and damaged tickets come to.

use std::time::Duration;

use base::{DeviceId, Timestamp};
use kernel::Channel;
use serde_json::json;
use wire::crypto::Signer as _;
use wire::entry::Entry;
use wire::join::{Message, PROOF_DOMAIN, Refusal, proof_bytes};
use wire::ticket::Ticket;

use crate::town::*;

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

fn join_fault(town: &mut Town, link: &str) -> String {
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap_err().code
}

/// What Alice answered last on the join channel.
fn last_answer(town: &Town) -> Option<Message> {
    town.peers[ALICE].said_joining.last().map(|(_, bytes)| Message::read(bytes).unwrap())
}

fn refusals(town: &Town) -> Vec<Refusal> {
    let answers = town.peers[ALICE].said_joining.iter().map(|(_, bytes)| Message::read(bytes).unwrap());
    answers
        .filter_map(|answer| if let Message::Refused { why, .. } = answer { Some(why) } else { None })
        .collect()
}

#[test]
fn damaged_foreign_future_and_expired_tickets_are_each_refused_with_their_own_words() {
    let mut town = Town::new(2);
    let _web = town.family();
    let link = town.invite(ALICE, &json!({ "hours": 1 }));
    let mut tampered = link.clone();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'q' { 'p' } else { 'q' });
    for text in [
        "",
        "hello",
        "althing1",
        &tampered,
        &link[..link.len() - 5],
        &link.replacen("althing1", "bitcoin1", 1),
    ] {
        assert_eq!(join_fault(&mut town, text), "people.ticket-damaged", "{text}");
    }
    town.pass(SECONDS(4_000));
    assert_eq!(join_fault(&mut town, &link), "people.ticket-expired");
    let nobody = Ticket::new(base::WebId::new([1; 32]), [2; 32], Timestamp::from_millis(u64::MAX)).to_text();
    assert_eq!(join_fault(&mut town, &nobody), "people.ticket-without-door");
}

#[test]
fn a_ticket_of_a_later_althing_asks_for_an_update_and_leaves_nothing_behind() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../../../specs/vectors/refuse.json")).unwrap();
    let later = vectors
        .as_array()
        .unwrap()
        .iter()
        .filter(|vector| vector["kind"] == "ticket" && vector["finds"]["why"] == "a later version");
    let text = |vector: &serde_json::Value| {
        let hex = vector["bytes"].as_str().unwrap().to_owned();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        String::from_utf8((0..hex.len()).step_by(2).map(byte).collect()).unwrap()
    };
    let links: Vec<String> = later.map(text).collect();
    assert_eq!(links.len(), 2);
    let mut town = Town::new(2);
    let _web = town.family();
    for (link, version) in links.iter().zip([2, 3]) {
        for link in [link.clone(), format!("althing:{link}")] {
            let fault = town.ask(BOB, "people.join", json!({ "link": link })).unwrap_err();
            assert_eq!(fault.code, "people.ticket-future");
            let what =
                format!("the invitation was made by a newer Althing (format {version}, this one reads 1)");
            assert!(fault.what.contains(&what), "{fault:?}");
            assert!(fault.remedies.iter().any(|remedy| remedy.text.contains("update Althing")), "{fault:?}");
        }
    }
    town.pass(SECONDS(200));
    assert!(town.peers[BOB].said_joining.is_empty(), "nobody is asked");
    assert_eq!(town.read(BOB, "people.webs", json!({})).unwrap()["webs"], json!([]), "nothing is stored");
    let web = base::WebId::new([1; 32]);
    assert!(town.read(BOB, "people.joining", json!({ "id": web })).is_err());
    assert!(town.peers[BOB].known_addresses.is_empty());
}

#[test]
fn pasting_forgives_spaces_line_breaks_and_a_page_around_the_ticket() {
    let mut town = Town::new(2);
    let _web = town.family();
    let link = town.invite(ALICE, &json!({}));
    let bare = link.strip_prefix("althing:").unwrap();
    let (one, other) = bare.split_at(40);
    let pasted = format!("  https://example.org/join#{one}\n   {other} \r\n");
    town.ask(BOB, "people.join", json!({ "link": pasted })).unwrap();
    town.pass(SECONDS(20));
    assert_eq!(town.members(BOB), ["Alice owner", "Bob member"]);
    assert_eq!(join_fault(&mut town, &link), "people.already-member");
}

#[test]
fn used_up_and_revoked_tickets_end_the_join_with_the_reason() {
    let mut town = Town::new(4);
    let web = town.family();
    let link = town.invite(ALICE, &json!({}));
    town.ask(CAROL, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(20));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(20));
    assert_eq!(
        town.joining(BOB, web),
        ("refused".to_owned(), "the invitation was used up by others".to_owned())
    );
    assert_eq!(town.read(BOB, "people.webs", json!({})).unwrap()["webs"], json!([]));
    let made = town.ask(ALICE, "people.invite", json!({ "web": "family" })).unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    town.ask(ALICE, "people.revoke", json!({ "web": "family", "invitation": id })).unwrap();
    town.ask(MALLORY, "people.join", json!({ "link": made["link"] })).unwrap();
    town.pass(SECONDS(20));
    assert_eq!(town.joining(MALLORY, web), ("refused".to_owned(), "the invitation was ended".to_owned()));
}

#[test]
fn an_expired_ticket_is_refused_by_the_welcoming_members_clock_which_then_ends_the_invitation() {
    let mut town = Town::new(2);
    let web = town.family();
    let link = town.invite(ALICE, &json!({ "hours": 1 }));
    // Bob's clock is years behind Alice's.
    town.peers[ALICE].clock_ahead_ms = 3 * 365 * 86_400_000;
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(20));
    assert_eq!(town.joining(BOB, web), ("refused".to_owned(), "the invitation has expired".to_owned()));
    let all = town.read(ALICE, "people.invitations", json!({ "web": "family" })).unwrap();
    assert_eq!(all["invitations"][0]["state"], "revoked");
}

#[test]
fn clocks_years_off_hinder_nobody_once_the_ticket_is_good() {
    let mut town = Town::new(3);
    town.peers[ALICE].clock_ahead_ms = 9 * 365 * 86_400_000;
    let web = town.family();
    town.let_in(BOB, "member");
    town.let_in(CAROL, "admin");
    assert_eq!(town.who_hears(BOB, web, "what year is it"), [ALICE, CAROL]);
    town.ask(CAROL, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    town.pass(SECONDS(30));
    assert_eq!(town.members(ALICE), ["Alice owner", "Carol admin", "Bob -"]);
}

#[test]
fn a_hello_replayed_by_another_device_or_with_a_wrong_proof_learns_nothing() {
    let mut town = Town::new(4);
    let web = town.family();
    let link = town.invite(ALICE, &json!({ "uses": 9 }));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_millis(10));
    let (_, hello) = town.peers[BOB].said_joining[0].clone();
    let mallory = town.peers[MALLORY].device;
    town.say(mallory, ALICE, Channel::Join, hello.clone());
    let refused = Some(Message::Refused { web, why: Refusal::Unknown });
    assert_eq!(last_answer(&town), refused);
    // A ticket of one's own making, and a web that is not there: the same words.
    let Message::Hello { ticket, proof, inception, .. } = Message::read(&hello).unwrap() else { panic!() };
    let bob = town.peers[BOB].device;
    let own = Ticket::new(web, [66; 32], Timestamp::from_millis(u64::MAX));
    let own_proof = own.key().sign(PROOF_DOMAIN, &proof_bytes(web, town.peers[BOB].person, bob));
    let elsewhere = base::WebId::new([3; 32]);
    for (web, ticket, proof) in
        [(web, own.id(), own_proof), (web, ticket, own_proof), (elsewhere, ticket, proof)]
    {
        let message = Message::Hello { web, ticket, proof, inception: inception.clone(), chain: None };
        town.say(bob, ALICE, Channel::Join, wire::to_bytes(&message));
        assert_eq!(last_answer(&town), Some(Message::Refused { web, why: Refusal::Unknown }));
    }
    assert_eq!(town.members(ALICE), ["Alice owner"]);
}

#[test]
fn a_join_entry_that_is_forged_stolen_or_not_a_join_is_not_taken() {
    let mut town = Town::new(4);
    let web = town.family();
    let link = town.invite(ALICE, &json!({ "uses": 9 }));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_millis(50));
    let said = &town.peers[BOB].said_joining;
    let request = said.iter().map(|(_, bytes)| Message::read(bytes).unwrap());
    let mut requests =
        request.filter_map(|m| if let Message::Request { entry, .. } = m { Some(entry) } else { None });
    let entry = requests.next().expect("Bob has asked to join");
    drop(requests);
    town.stop(BOB);
    let (bob, mallory) = (town.peers[BOB].device, town.peers[MALLORY].device);
    let before = town.peers[ALICE].said_joining.len();
    let say = |town: &mut Town, from: DeviceId, entry: Vec<u8>| {
        town.say(
            from,
            ALICE,
            Channel::Join,
            wire::to_bytes(&Message::Request { entry: entry.into(), before: None }),
        );
    };
    let mut forged = entry.to_vec();
    forged[5] ^= 1;
    say(&mut town, bob, forged);
    say(&mut town, mallory, entry.to_vec());
    let header = Entry::read_known(&entry).unwrap().header;
    // Mallory signs Bob's words as her own.
    let stolen = Entry::sign(wire::entry::Header { author: mallory, ..header }, &Keys::new(MALLORY).device);
    say(&mut town, mallory, stolen.bytes);
    for garbage in [vec![], vec![0; 70_000], vec![0xff; 300], b"\x82\x02\x81\x40".to_vec()] {
        town.say(mallory, ALICE, Channel::Join, garbage);
    }
    assert_eq!(town.members(ALICE), ["Alice owner"]);
    let refused = Message::Refused { web, why: Refusal::Unknown };
    assert_eq!(town.peers[ALICE].said_joining.len(), before + 1, "only the third was worth an answer");
    assert_eq!(last_answer(&town), Some(refused));
}

/// Bob left when nobody was there to hear of it, and comes back; what is shown with his request is not what he wrote before.
#[test]
fn what_somebody_shows_as_written_before_is_taken_only_if_it_is_its_own_and_goes_on_from_what_is_known() {
    let mut town = Town::new(4);
    let web = town.family();
    town.let_in(BOB, "member");
    town.set_away(BOB, true);
    town.ask(BOB, "people.leave", json!({ "web": "family" })).unwrap();
    town.set_away(BOB, false);
    let link = town.invite(ALICE, &json!({}));
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(Duration::from_millis(50));
    let said = town.peers[BOB].said_joining.iter().rev().map(|(_, bytes)| Message::read(bytes).unwrap());
    let mut requests = said.filter_map(|m| {
        if let Message::Request { entry, before } = m { Some((entry, before)) } else { None }
    });
    let (entry, before) = requests.next().expect("Bob has asked to join");
    drop(requests);
    town.stop(BOB);
    let (bob, before) = (town.peers[BOB].device, before.expect("he was here before"));
    let left = before.last().unwrap().clone();
    let header = Entry::read_known(&left).unwrap().header;
    let signed = |header: wire::entry::Header, who: usize| Entry::sign(header, &Keys::new(who).device).bytes;
    let far = signed(wire::entry::Header { seq: header.seq + 7, ..header.clone() }, BOB);
    let records = signed(wire::entry::Header { log: wire::entry::Log::Records, ..header.clone() }, BOB);
    let foreign =
        signed(wire::entry::Header { author: town.peers[MALLORY].device, ..header.clone() }, MALLORY);
    let elsewhere = signed(wire::entry::Header { web: base::WebId::new([3; 32]), ..header }, BOB);
    let mut forged = left.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let large = vec![0; wire::join::BEFORE_SIZE_MAX];
    let say = |town: &mut Town, before: Vec<Vec<u8>>| {
        let before = Some(before.into_iter().map(Into::into).collect());
        let message = Message::Request { entry: entry.clone(), before };
        town.say(bob, ALICE, Channel::Join, wire::to_bytes(&message));
        last_answer(town)
    };
    let waiting = Some(Message::Waiting { web });
    for shown in [
        vec![],
        vec![far],
        vec![records],
        vec![foreign],
        vec![elsewhere],
        vec![forged],
        vec![large, left.to_vec()],
    ] {
        assert_eq!(say(&mut town, shown), waiting);
    }
    let welcome = say(&mut town, before.iter().map(|bytes| bytes.to_vec()).collect());
    assert!(matches!(welcome, Some(Message::Welcome { .. })), "{welcome:?}");
}

#[test]
fn a_stranger_who_knocks_again_and_again_is_not_answered_and_others_are() {
    let mut town = Town::new(3);
    let _web = town.family();
    let link = town.invite(ALICE, &json!({ "uses": 9 }));
    let mallory = DeviceId::new([9; 32]);
    let nonsense = Message::Hello {
        web: base::WebId::new([1; 32]),
        ticket: base::TicketId::new([2; 32]),
        proof: wire::crypto::Signature([0; 64]),
        inception: vec![].into(),
        chain: None,
    };
    for _ in 0..100 {
        town.say(mallory, ALICE, Channel::Join, wire::to_bytes(&nonsense));
    }
    assert_eq!(refusals(&town).len(), 12);
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    town.pass(SECONDS(20));
    assert_eq!(town.members(BOB), ["Alice owner", "Bob member"]);
}

#[test]
fn a_removed_member_does_not_come_back_by_a_ticket_it_kept() {
    let mut town = Town::new(3);
    let web = town.family();
    town.let_in(BOB, "member");
    let kept = town.invite(ALICE, &json!({ "uses": 9 }));
    town.pass(SECONDS(5));
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    town.pass(SECONDS(10));
    let ticket = Ticket::from_text(&kept).unwrap();
    let (bob, person) = (town.peers[BOB].device, town.peers[BOB].person);
    let proof = ticket.key().sign(PROOF_DOMAIN, &proof_bytes(web, person, bob));
    let inception = kernel::Vault::inception(&Keys::new(BOB)).into();
    let hello = Message::Hello { web, ticket: ticket.id(), proof, inception, chain: None };
    town.say(bob, ALICE, Channel::Join, wire::to_bytes(&hello));
    assert_eq!(last_answer(&town), Some(Message::Refused { web, why: Refusal::Removed }));
}

#[test]
fn a_door_that_offers_another_web_is_not_believed() {
    let mut town = Town::new(3);
    let web = town.family();
    let link = town.invite(ALICE, &json!({}));
    town.set_away(ALICE, true);
    town.ask(BOB, "people.join", json!({ "link": link })).unwrap();
    let other = town.ask(CAROL, "people.start_web", json!({ "name": "trap" })).unwrap();
    let other: base::WebId = serde_json::from_value(other["id"].clone()).unwrap();
    let carol = town.peers[CAROL].device;
    let genesis =
        records::entry(&*town.rows(CAROL), other, carol, wire::entry::Log::Governance, 1).unwrap().unwrap();
    let heads = vec![Entry::read_known(&genesis).unwrap().id];
    let offer = Message::Offer { web, genesis: genesis.into(), heads, lamport: 1 };
    let alice = town.peers[ALICE].device;
    for from in [carol, alice] {
        town.say(from, BOB, Channel::Join, wire::to_bytes(&offer));
    }
    assert_eq!(town.joining(BOB, web).0, "asking");
    assert!(records::heads(&*town.rows(BOB), web).unwrap().is_empty(), "nothing was written");
}

#[test]
fn hostile_names_become_safe_labels_for_everybody() {
    let mut town = Town::new(2);
    let _web = town.family();
    for name in ["", "   ", "\u{202e}\u{200b}", "..", &"x".repeat(65)] {
        assert!(town.ask(BOB, "people.introduce", json!({ "name": name })).is_err(), "{name:?}");
    }
    town.ask(BOB, "people.introduce", json!({ "name": "../\u{202e}Bob\u{0}/__proto__\n" })).unwrap();
    town.let_in(BOB, "member");
    assert_eq!(town.members(ALICE), ["Alice owner", "Bob __proto__ member"]);
}

#[test]
fn arguments_out_of_limits_are_refused() {
    let mut town = Town::new(1);
    let _web = town.family();
    let code = |town: &mut Town, arguments| town.ask(ALICE, "people.invite", arguments).unwrap_err().code;
    assert_eq!(code(&mut town, json!({ "web": "family", "uses": 0 })), "people.out-of-limits");
    assert_eq!(code(&mut town, json!({ "web": "family", "hours": 9_000 })), "people.out-of-limits");
    assert_eq!(code(&mut town, json!({ "web": "nowhere" })), "people.unknown-web");
    assert_eq!(code(&mut town, json!({ "web": 7 })), "people.bad-arguments");
    assert_eq!(town.ask(ALICE, "people.dance", json!({})).unwrap_err().code, "people.no-operation");
    assert_eq!(town.read(ALICE, "people.dance", json!({})).unwrap_err().code, "people.no-operation");
}
