//! Records and governance entries get everywhere, whatever is lost, whoever is away.

use std::time::Duration;

use wire::entry::Log;

use crate::town::{Town, leave};

const SECOND: Duration = Duration::from_secs(1);

fn town(count: usize) -> (Town, base::WebId) {
    let mut town = Town::new(count, 7);
    let web = town.found(1);
    town.pass(5 * SECOND);
    (town, web)
}

#[test]
fn what_one_saves_the_others_are_told_within_half_a_second() {
    let (mut town, web) = town(5);
    town.publish(2, web, vec![b"hello".to_vec()]);
    town.pass(Duration::from_millis(50));
    for index in [0, 1, 3, 4] {
        assert_eq!(town.records(index).len(), 1, "peer {index}");
    }
    assert!(town.records(2).is_empty(), "a service applies its own records itself");
}

#[test]
fn many_records_leave_in_few_batches_and_arrive_in_order() {
    let (mut town, web) = town(3);
    town.publish(0, web, (0..600_u32).map(|number| number.to_be_bytes().to_vec()).collect());
    town.pass(SECOND);
    let bodies: Vec<u32> =
        town.records(1).into_iter().map(|(.., body)| u32::from_be_bytes(body.try_into().unwrap())).collect();
    assert_eq!(bodies, (0..600).collect::<Vec<_>>());
    let heads = records::heads(&*town.rows(1), web).unwrap();
    assert_eq!(heads.iter().find(|head| head.log == Log::Records).unwrap().seq, 3, "256 records to a batch");
}

#[test]
fn a_hundred_big_records_arrive() {
    let (mut town, web) = town(3);
    let noise = |number: u64| -> Vec<u8> {
        let mut bytes = vec![0; 64 * 1024];
        blake3::Hasher::new().update(&number.to_be_bytes()).finalize_xof().fill(&mut bytes);
        bytes
    };
    town.publish(0, web, (0..100).map(noise).collect());
    town.pass(10 * SECOND);
    assert_eq!(town.records(1).len(), 100);
    assert_eq!(town.records(2).len(), 100);
    town.assert_agree(web);
}

#[test]
fn records_wait_for_the_key_they_are_sealed_under() {
    let (mut town, web) = town(2);
    let other = || wire::crypto::EpochKey::new([9; 32]);
    town.act(0, move |step| {
        step.keyring().add(web, other());
        step.keyring().set_current(web, Some(other().id()));
    });
    town.publish(0, web, vec![b"secret".to_vec()]);
    town.pass(SECOND);
    assert!(town.records(1).is_empty());
    town.act(1, move |step| {
        step.keyring().add(web, other());
        records::keys_changed(step, web).unwrap();
    });
    assert_eq!(town.records(1).len(), 1);
}

#[test]
fn records_stay_queued_while_there_is_no_key_to_write_under() {
    let (mut town, web) = town(2);
    town.act(0, move |step| step.keyring().set_current(web, None));
    town.publish(0, web, vec![b"later".to_vec()]);
    town.stop(0);
    town.start(0);
    assert_eq!(records::queued_count(&*town.rows(0), web).unwrap(), 1);
    town.give_key(0, web);
    town.pass(2 * SECOND);
    assert_eq!(records::queued_count(&*town.rows(0), web).unwrap(), 0);
    assert_eq!(town.records(1).len(), 1);
}

#[test]
fn a_peer_that_was_off_catches_up() {
    let (mut town, web) = town(4);
    town.stop(3);
    for number in 0..10_u8 {
        town.publish(usize::from(number % 3), web, vec![vec![number]]);
    }
    town.pass(60 * SECOND);
    town.start(3);
    town.give_key(3, web);
    town.pass(3 * SECOND);
    assert_eq!(town.records(3).len(), 10);
    town.assert_agree(web);
}

#[test]
fn two_halves_of_a_split_web_agree_again() {
    let (mut town, web) = town(6);
    town.split(&[0, 0, 0, 1, 1, 1]);
    for index in 0..6 {
        town.publish(index, web, vec![vec![u8::try_from(index).unwrap()]]);
    }
    town.pass(600 * SECOND);
    assert_eq!(town.records(0).len(), 2);
    town.split(&[0; 6]);
    town.pass(90 * SECOND);
    town.assert_agree(web);
    assert_eq!(town.records(0).len(), 5);
}

#[test]
fn news_reach_every_corner_of_a_big_web() {
    let (mut town, web) = town(60);
    let most = (0..60).map(|index| town.links(index)).max().unwrap();
    assert!(most <= 24, "{most} connections at one peer");
    town.publish(17, web, vec![b"hello".to_vec()]);
    town.pass(Duration::from_millis(500));
    let reached = (0..60).filter(|index| town.records(*index).len() == 1).count();
    assert_eq!(reached, 59);
}

#[test]
fn those_who_are_there_find_each_other_among_many_who_are_away() {
    let mut town = Town::new(40, 3);
    let web = town.found(1);
    for index in 0..40 {
        town.stop(index);
    }
    for index in [3, 19, 33] {
        town.start(index);
        town.give_key(index, web);
    }
    town.pass(300 * SECOND);
    town.publish(3, web, vec![b"hello".to_vec()]);
    town.pass(120 * SECOND);
    assert_eq!(town.records(19).len(), 1);
    assert_eq!(town.records(33).len(), 1);
}

#[test]
fn who_leaves_says_so_and_hears_nothing_more() {
    let (mut town, web) = town(3);
    town.act(2, move |step| {
        records::append_governance(step, web, &leave()).unwrap();
        records::stop_web(step, web).unwrap();
    });
    town.pass(SECOND);
    let device = town.peers[2].device;
    assert!(records::entry(&*town.rows(0), web, device, Log::Governance, 1).unwrap().is_some());
    town.publish(0, web, vec![b"after".to_vec()]);
    town.pass(120 * SECOND);
    assert!(town.records(2).is_empty());
    assert_eq!(town.records(1).len(), 1);
}

#[test]
fn a_removed_member_gets_nothing_new_and_its_records_above_the_cut_go() {
    let (mut town, web) = town(4);
    let mallory = town.peers[3].device;
    for number in 0..3_u8 {
        town.publish(3, web, vec![vec![number]]);
    }
    town.pass(SECOND);
    assert_eq!(town.records(0).len(), 3);
    let second = records::entry(&*town.rows(0), web, mallory, Log::Records, 2).unwrap().unwrap();
    let cut = wire::entry::Entry::read_known(&second).unwrap().id;
    for index in 0..3 {
        town.set_members(index, web, Some((3, 2, cut)));
    }
    town.publish(0, web, vec![b"after".to_vec()]);
    town.pass(120 * SECOND);
    assert!(town.records(3).is_empty(), "the removed member was told something");
    for index in 0..3 {
        assert!(records::entry(&*town.rows(index), web, mallory, Log::Records, 3).unwrap().is_none());
        assert!(records::entry(&*town.rows(index), web, mallory, Log::Records, 2).unwrap().is_some());
        let told = town.peers[index].desk.told.lock().unwrap();
        assert!(told.contains(&records::Told::Cut { web, device: mallory, seq: 2 }));
    }
}

#[test]
fn a_peer_at_rest_in_three_webs_says_next_to_nothing() {
    let mut town = Town::new(4, 11);
    for nonce in 1..=3 {
        let web = town.found(nonce);
        town.publish(0, web, vec![vec![nonce]]);
    }
    town.pass(120 * SECOND);
    let before: Vec<usize> = town.peers.iter().map(|peer| peer.sent_bytes).collect();
    town.pass(600 * SECOND);
    for (peer, before) in town.peers.iter().zip(before) {
        let rate = (peer.sent_bytes - before) / 600;
        assert!(rate < 20, "{rate} bytes per second at rest");
    }
}

#[test]
fn attempts_to_reach_people_who_are_away_are_few() {
    let (mut town, _) = town(4);
    for index in 1..4 {
        town.stop(index);
    }
    town.pass(120 * SECOND);
    let before = town.peers[0].effects_connect;
    town.pass(600 * SECOND);
    let attempts = town.peers[0].effects_connect - before;
    assert!((24..=50).contains(&attempts), "{attempts} attempts in ten minutes");
}

#[test]
fn what_somebody_wrote_before_leaving_reaches_those_who_were_away() {
    let (mut town, web) = town(3);
    town.stop(1);
    town.publish(2, web, vec![b"mine".to_vec()]);
    town.pass(SECOND);
    let authors = |town: &Town| -> Vec<records::Author> {
        let author = |(index, peer): (usize, &crate::town::Peer)| records::Author {
            device: peer.device,
            is_member: index != 2,
            cut: None,
            is_carrier: false,
            owner: None,
        };
        town.peers.iter().enumerate().map(author).collect()
    };
    town.start(1);
    town.give_key(1, web);
    for index in 0..2 {
        let authors = authors(&town);
        town.act(index, move |step| records::set_authors(step, web, &authors).unwrap());
    }
    town.pass(90 * SECOND);
    assert_eq!(town.records(1).len(), 1);
}
