//! Who was removed, and knows better: what it says through the door of those who refuse it, and what it gets to hear.

use std::time::Duration;

use base::{DeviceId, EntryId, WebId};
use wire::entry::Log;
use wire::sync::{Head, Message, Range};

use crate::forging::{entries, forge, governance, have};
use crate::town::{Town, leave};

const SECOND: Duration = Duration::from_secs(1);
const NO_ENTRY: EntryId = EntryId::new([0; 32]);

/// Of three peers the first two take the third for removed, with nothing of its records; it does not know.
fn town_that_refuses_one() -> (Town, WebId, DeviceId) {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    // While not all had heard that all are members, some refused others.
    town.peers.iter_mut().for_each(|peer| peer.said_at_doors.clear());
    for index in 0..2 {
        town.set_members(index, web, Some((2, 0, NO_ENTRY)));
    }
    town.pass(SECOND);
    let device = town.peers[2].device;
    (town, web, device)
}

fn write(town: &mut Town, index: usize, web: WebId, count: usize) {
    for _ in 0..count {
        town.act(index, move |step| records::append_governance(step, web, &leave()).map(drop)).unwrap();
    }
}

#[test]
fn what_a_removed_member_knows_comes_through_the_door_and_nothing_goes_out_of_it() {
    let (mut town, web, device) = town_that_refuses_one();
    write(&mut town, 2, web, 300);
    town.publish(2, web, vec![b"a record".to_vec()]);
    write(&mut town, 0, web, 3);
    town.publish(0, web, vec![b"a secret".to_vec()]);
    town.pass(10 * 60 * SECOND);
    for index in 0..2 {
        assert_eq!(have(&town, index, web, device, Log::Governance), 300, "in several visits");
        assert_eq!(have(&town, index, web, device, Log::Records), 0, "governance only");
        assert!(town.records(index).iter().all(|(author, ..)| *author != device));
    }
    let founder = town.peers[0].device;
    assert_eq!(have(&town, 2, web, founder, Log::Governance), 1, "nothing new is told to it");
    assert!(town.records(2).is_empty());
    for message in &town.peers[0].said_at_doors {
        let message = Message::read(message).unwrap();
        assert!(
            matches!(message, Message::Want { .. }),
            "those who listen say only what they lack: {message:?}"
        );
    }
    // When it turns out to be a member, all goes on as ever.
    for index in 0..2 {
        town.set_members(index, web, None);
    }
    town.pass(180 * SECOND);
    town.assert_agree(web);
}

#[test]
fn who_was_removed_listens_and_who_left_does_not() {
    let check = |cut: Option<(u64, EntryId)>, expected: u64| {
        let mut town = Town::new(2, 5);
        let web = town.found(1);
        town.pass(5 * SECOND);
        let (founder, me) = (town.peers[0].device, town.peers[1].device);
        town.act(1, move |step| {
            let author = |device, is_member, cut| records::Author {
                device,
                is_member,
                cut,
                is_carrier: false,
                owner: None,
            };
            records::set_authors(step, web, &[author(founder, true, None), author(me, false, cut)]).unwrap();
            records::stop_web(step, web).unwrap();
        });
        town.pass(10 * SECOND);
        write(&mut town, 0, web, 2);
        town.pass(300 * SECOND);
        assert_eq!(have(&town, 1, web, founder, Log::Governance), expected);
    };
    check(Some((0, NO_ENTRY)), 3);
    check(None, 1);
}

#[test]
fn who_is_connected_for_another_webs_sake_is_asked_there() {
    let mut town = Town::new(3, 5);
    let (web, _other) = (town.found(1), town.found(2));
    town.pass(5 * SECOND);
    let device = town.peers[2].device;
    for index in 0..2 {
        town.set_members(index, web, Some((2, 0, NO_ENTRY)));
    }
    town.pass(SECOND);
    write(&mut town, 2, web, 2);
    write(&mut town, 0, web, 1);
    town.pass(5 * 60 * SECOND);
    assert_eq!(have(&town, 1, web, device, Log::Governance), 2);
    assert!(town.peers[2].said_at_doors.is_empty(), "nobody refuses it");
    assert_eq!(have(&town, 2, web, town.peers[0].device, Log::Governance), 1);
}

#[test]
fn what_was_not_asked_for_is_not_taken_nor_more_unknown_authors_than_half_of_those_there_is_room_for() {
    let (mut town, web, device) = town_that_refuses_one();
    let own = forge(2, web, Log::Governance, (1, NO_ENTRY), governance("mine"));
    town.say(2, 0, entries(web, &[&own]));
    assert_eq!(have(&town, 0, web, device, Log::Governance), 0);
    let strangers: Vec<_> = (100..2_200)
        .map(|author| forge(author, web, Log::Governance, (1, NO_ENTRY), governance("join")))
        .collect();
    let head = |entry: &wire::entry::Entry| Head {
        device: entry.header.author,
        log: Log::Governance,
        seq: 1,
        entry: entry.id,
    };
    for part in strangers.chunks(64) {
        let mut heads: Vec<Head> = part.iter().map(head).collect();
        heads.sort_unstable();
        town.say(2, 0, wire::to_bytes(&Message::Heads { web, heads, is_last: true, is_question: true }));
        town.say(2, 0, entries(web, &part.iter().collect::<Vec<_>>()));
    }
    let taken =
        strangers.iter().filter(|entry| have(&town, 0, web, entry.header.author, Log::Governance) == 1);
    assert_eq!(taken.count(), 2_048);
}

#[test]
fn a_visitor_gives_nothing_to_those_it_did_not_come_to_see() {
    let (mut town, web, _) = town_that_refuses_one();
    write(&mut town, 2, web, 2);
    town.pass(20 * SECOND);
    let before = town.peers[2].said_at_doors.len();
    let device = town.peers[2].device;
    let all = Range { device, log: Log::Governance, from: 1, to: u64::MAX };
    town.say_at_door(0, 2, wire::to_bytes(&Message::Want { web, ranges: vec![all] }));
    town.say_at_door(7, 2, wire::to_bytes(&Message::Want { web, ranges: vec![all] }));
    assert_eq!(town.peers[2].said_at_doors.len(), before, "no visit is under way");
}
