//! Forks, forged and mangled bytes, strangers: what Mallory can say, and what it comes to.

use std::time::Duration;

use base::{DeviceId, EntryId, WebId};
use proptest::prelude::*;
use wire::codec::Bytes;
use wire::crypto::Signer as _;
use wire::entry::{Entry, Header, Log, VERSION};
use wire::record::{Batch, Place, Record};
use wire::sync::{Head, Message, Range};

use crate::town::{Town, key, leave, sign_key};

const SECOND: Duration = Duration::from_secs(1);
const NO_ENTRY: EntryId = EntryId::new([0; 32]);

pub fn forge(author: usize, web: WebId, log: Log, (seq, previous): (u64, EntryId), body: Vec<u8>) -> Entry {
    let key = sign_key(author);
    let header =
        Header { version: VERSION, web, log, author: key.device(), seq, previous, body: body.into() };
    Entry::sign(header, &key)
}

fn batch(author: usize, web: WebId, seq: u64, body: &[u8]) -> Vec<u8> {
    let place = Place { web, author: sign_key(author).device(), seq };
    let records = [Record { service: "stand".to_owned(), body: body.to_vec().into() }];
    wire::to_bytes(&Batch::seal(&records, Vec::new(), &key(), [7; 24], place).unwrap())
}

pub fn governance(text: &str) -> Vec<u8> {
    let mut operation = leave();
    operation.time = base::Timestamp::from_millis(text.len() as u64);
    wire::to_bytes(&operation)
}

pub fn entries(web: WebId, entries: &[&Entry]) -> Vec<u8> {
    let entries = entries.iter().map(|entry| Bytes::from(entry.bytes.clone())).collect();
    wire::to_bytes(&Message::Entries { web, entries, is_last: true })
}

fn stored(town: &Town, index: usize, web: WebId, device: DeviceId, seq: u64) -> Option<Vec<u8>> {
    records::entry(&*town.rows(index), web, device, Log::Records, seq).unwrap()
}

pub fn have(town: &Town, index: usize, web: WebId, device: DeviceId, log: Log) -> u64 {
    let heads = records::heads(&*town.rows(index), web).unwrap();
    heads.iter().find(|head| head.device == device && head.log == log).map_or(0, |head| head.seq)
}

/// Mallory (the last peer) is off; her key writes a common beginning and two branches, one for each half.
fn branches(web: WebId, author: usize, common: u64, ends: (u64, u64)) -> (Vec<Entry>, Vec<Entry>) {
    let (mut left, mut right) = (Vec::<Entry>::new(), Vec::<Entry>::new());
    for (branch, end, text) in [(&mut left, ends.0, b"left"), (&mut right, ends.1, b"rite")] {
        for seq in 1..=end {
            let previous = branch.last().map_or(NO_ENTRY, |entry| entry.id);
            let text: &[u8] = if seq <= common { b"both" } else { text };
            branch.push(forge(author, web, Log::Records, (seq, previous), batch(author, web, seq, text)));
        }
    }
    (left, right)
}

fn fork_is_found(common: u64, ends: (u64, u64)) {
    let mut town = Town::new(5, 21);
    let web = town.found(1);
    town.pass(5 * SECOND);
    let mallory = town.peers[4].device;
    town.stop(4);
    town.split(&[0, 0, 1, 1, 2]);
    let (left, right) = branches(web, 4, common, ends);
    town.say(4, 0, entries(web, &left.iter().collect::<Vec<_>>()));
    town.say(4, 2, entries(web, &right.iter().collect::<Vec<_>>()));
    town.pass(5 * SECOND);
    assert_eq!(have(&town, 1, web, mallory, Log::Records), ends.0, "the branch spreads in its half");
    town.split(&[0, 0, 0, 0, 2]);
    town.pass(100 * SECOND);
    for index in 0..4 {
        let forks = records::forks(&*town.rows(index), web).unwrap();
        assert_eq!(forks.len(), 1, "peer {index} {common} {ends:?}");
        assert_eq!((forks[0].device, forks[0].log, forks[0].seq), (mallory, Log::Records, common + 1));
        assert_eq!(forks[0], records::forks(&*town.rows(0), web).unwrap()[0]);
    }
    // Frozen onward: what was there stays, nothing is added, on either branch.
    let next = forge(
        4,
        web,
        Log::Records,
        (ends.0 + 1, left.last().unwrap().id),
        batch(4, web, ends.0 + 1, b"more"),
    );
    town.say(1, 0, entries(web, &[&next]));
    assert_eq!(have(&town, 0, web, mallory, Log::Records), ends.0);
    assert_eq!(stored(&town, 0, web, mallory, common + 1), Some(left[common as usize].bytes.clone()));
    // And peers on different branches are at rest.
    let sent = |town: &Town| town.peers.iter().map(|peer| peer.sent_bytes).sum::<usize>();
    let before = sent(&town);
    town.pass(600 * SECOND);
    assert!(sent(&town) - before < 12_000, "{} bytes in ten minutes", sent(&town) - before);
}

#[test]
fn a_fork_is_found_at_the_first_meeting_at_its_lowest_place() {
    for (common, ends) in [(0, (1, 1)), (3, (4, 4)), (3, (4, 9)), (3, (9, 4)), (2, (90, 80)), (0, (70, 70))] {
        fork_is_found(common, ends);
    }
}

/// Governance entries of one key: a common beginning and two ends.
fn governing(web: WebId, author: usize, (common, left, right): (u64, u64, u64)) -> (Vec<Entry>, Vec<Entry>) {
    let branch = |end: u64, other: u64| {
        let mut entries = Vec::<Entry>::new();
        for seq in 1..=end {
            let previous = entries.last().map_or(NO_ENTRY, |entry| entry.id);
            let text = if seq <= common { 1 } else { other };
            let body = governance(&"x".repeat(usize::try_from(text).unwrap()));
            entries.push(forge(author, web, Log::Governance, (seq, previous), body));
        }
        entries
    };
    (branch(left, 2), branch(right, 3))
}

fn ids(town: &Town, index: usize, web: WebId) -> std::collections::BTreeSet<EntryId> {
    let rows = town.rows(index);
    let ids: Vec<EntryId> = records::governance(&*rows, web).map(|entry| entry.unwrap().id).collect();
    let count = ids.len();
    let ids: std::collections::BTreeSet<EntryId> = ids.into_iter().collect();
    assert_eq!(count, ids.len(), "an entry is walked over twice");
    ids
}

#[test]
fn all_get_all_branches_of_a_forked_governance_chain() {
    for (common, left, right) in [(0, 1, 1), (2, 5, 9), (3, 900, 4), (1, 300, 280)] {
        let mut town = Town::new(5, 5);
        let web = town.found(1);
        town.pass(5 * SECOND);
        town.stop(4);
        town.stop(3);
        town.split(&[0, 1, 1, 2, 2]);
        let (left, right) = governing(web, 4, (common, left, right));
        town.say(4, 0, entries(web, &left.iter().collect::<Vec<_>>()));
        town.say(4, 1, entries(web, &right.iter().collect::<Vec<_>>()));
        town.pass(5 * SECOND);
        town.split(&[0, 0, 0, 0, 2]);
        town.start(3);
        town.give_key(3, web);
        town.pass(600 * SECOND);
        let all: std::collections::BTreeSet<EntryId> =
            left.iter().chain(&right).map(|entry| entry.id).collect();
        for index in 0..4 {
            assert!(ids(&town, index, web).is_superset(&all), "peer {index}, {common}");
        }
        let sent = |town: &Town| town.peers.iter().map(|peer| peer.sent_bytes).sum::<usize>();
        let before = sent(&town);
        town.pass(600 * SECOND);
        assert!(sent(&town) - before < 12_000, "{} bytes in ten minutes", sent(&town) - before);
    }
}

#[test]
fn a_newcomer_gets_what_lies_below_a_fork_and_the_proof() {
    let mut town = Town::new(4, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    let mallory = town.peers[3].device;
    town.stop(3);
    town.stop(2);
    let (left, right) = branches(web, 3, 3, (6, 5));
    town.say(1, 0, entries(web, &left.iter().collect::<Vec<_>>()));
    town.say(1, 0, entries(web, &right.iter().collect::<Vec<_>>()));
    town.pass(5 * SECOND);
    town.start(2);
    town.give_key(2, web);
    town.pass(100 * SECOND);
    assert_eq!(have(&town, 2, web, mallory, Log::Records), 3);
    assert_eq!(records::forks(&*town.rows(2), web).unwrap(), records::forks(&*town.rows(0), web).unwrap());
}

#[test]
fn a_cut_decides_between_branches() {
    let mut town = Town::new(4, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    let mallory = town.peers[3].device;
    town.stop(3);
    let (left, right) = branches(web, 3, 3, (6, 5));
    town.split(&[0, 1, 1, 2]);
    town.say(1, 0, entries(web, &left.iter().collect::<Vec<_>>()));
    town.say(2, 1, entries(web, &right.iter().collect::<Vec<_>>()));
    town.pass(5 * SECOND);
    town.split(&[0, 0, 0, 2]);
    town.pass(100 * SECOND);
    for index in 0..3 {
        town.set_members(index, web, Some((3, 5, right[4].id)));
    }
    town.pass(200 * SECOND);
    for index in 0..3 {
        assert_eq!(stored(&town, index, web, mallory, 5), Some(right[4].bytes.clone()), "peer {index}");
    }
}

/// Three peers, of which the last one wrote something and then got an old backup of its home.
fn town_with_an_old_backup() -> (Town, WebId) {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    town.stop(2);
    let backup = town.peers[2].backing.clone();
    town.peers[2].backing = backup.power_cut();
    town.start(2);
    town.give_key(2, web);
    town.publish(2, web, vec![b"lost here".to_vec()]);
    town.pass(5 * SECOND);
    town.stop(2);
    town.peers[2].backing = backup.power_cut();
    (town, web)
}

#[test]
fn a_restored_home_gets_its_own_entries_back_before_it_writes() {
    let (mut town, web) = town_with_an_old_backup();
    town.start_as(2, records::Home::Restored);
    town.give_key(2, web);
    town.pass(100 * SECOND);
    assert_eq!(town.records(2).len(), 1, "its own record is told, for here it was never applied");
    town.publish(2, web, vec![b"new".to_vec()]);
    town.pass(5 * SECOND);
    assert!(records::forks(&*town.rows(0), web).unwrap().is_empty());
    assert_eq!(town.records(0).len(), 2);
    town.assert_agree(web);
}

#[test]
fn a_home_whose_device_writes_elsewhere_writes_nothing_until_its_person_says_it_is_the_only_one() {
    let (mut town, web) = town_with_an_old_backup();
    let me = town.peers[2].device;
    town.start(2);
    town.give_key(2, web);
    town.pass(5 * SECOND);
    let halts = |town: &Town| records::halts(&*town.rows(2), me).unwrap();
    assert_eq!(halts(&town), [(web, records::Halt::Copied)]);
    assert!(records::halts(&*town.rows(0), town.peers[0].device).unwrap().is_empty());
    town.publish(2, web, vec![b"new".to_vec()]);
    town.pass(100 * SECOND);
    assert_eq!((town.records(0).len(), records::queued_count(&*town.rows(2), web).unwrap()), (1, 1));
    let refused = town.act(2, move |step| records::append_governance(step, web, &leave()));
    assert_eq!(refused.unwrap_err().code, "records.copied");

    town.stop(2);
    town.start(2);
    town.give_key(2, web);
    town.pass(5 * SECOND);
    assert_eq!(town.records(0).len(), 1, "a restart changes nothing");
    town.stop(2);
    town.start_as(2, records::Home::Restored);
    town.give_key(2, web);
    town.pass(100 * SECOND);
    assert_eq!(town.records(0).len(), 2, "what had waited is written");
    assert!(halts(&town).is_empty());
    assert!(records::forks(&*town.rows(0), web).unwrap().is_empty());
}

#[test]
fn two_homes_that_both_wrote_as_one_device_are_told_so() {
    let (mut town, web) = town_with_an_old_backup();
    let me = town.peers[2].device;
    town.split(&[0, 0, 1]);
    town.start(2);
    town.give_key(2, web);
    town.publish(2, web, vec![b"other".to_vec()]);
    town.pass(5 * SECOND);
    town.split(&[0, 0, 0]);
    town.pass(200 * SECOND);
    assert_eq!(records::halts(&*town.rows(2), me).unwrap(), [(web, records::Halt::Forked)]);
    town.stop(2);
    town.start_as(2, records::Home::Restored);
    let halts = records::halts(&*town.rows(2), me).unwrap();
    assert_eq!(halts, [(web, records::Halt::Forked)], "no word of a person mends a fork");
}

#[test]
fn a_restored_home_writes_nothing_before_it_has_met_somebody() {
    let (mut town, web) = town_with_an_old_backup();
    let me = town.peers[2].device;
    town.split(&[0, 0, 1]);
    town.start_as(2, records::Home::Restored);
    town.give_key(2, web);
    town.publish(2, web, vec![b"new".to_vec()]);
    town.pass(100 * SECOND);
    assert_eq!(records::halts(&*town.rows(2), me).unwrap(), [(web, records::Halt::Restored)]);
    let refused = town.act(2, move |step| records::append_governance(step, web, &leave()));
    assert_eq!(refused.unwrap_err().code, "records.restored");
    town.stop(2);
    town.start(2);
    town.give_key(2, web);
    town.pass(5 * SECOND);
    assert_eq!(records::queued_count(&*town.rows(2), web).unwrap(), 1, "also after another start");
    town.split(&[0, 0, 0]);
    town.pass(200 * SECOND);
    assert!(records::halts(&*town.rows(2), me).unwrap().is_empty());
    assert_eq!(town.records(0).len(), 2, "what it wrote before and after");
    assert!(records::forks(&*town.rows(0), web).unwrap().is_empty());
}

#[test]
fn only_a_few_entries_of_a_stranger_are_taken_and_none_of_its_records() {
    let mut town = Town::new(2, 5);
    let web = town.found(1);
    let stranger = 77;
    let device = sign_key(stranger).device();
    let mut previous = NO_ENTRY;
    for seq in 1..=9 {
        let entry = forge(stranger, web, Log::Governance, (seq, previous), governance("join"));
        previous = entry.id;
        town.say(1, 0, entries(web, &[&entry]));
    }
    let record = forge(stranger, web, Log::Records, (1, NO_ENTRY), batch(stranger, web, 1, b"spam"));
    town.say(1, 0, entries(web, &[&record]));
    assert_eq!(have(&town, 0, web, device, Log::Governance), 4);
    assert_eq!(have(&town, 0, web, device, Log::Records), 0);
    let big = forge(78, web, Log::Governance, (1, NO_ENTRY), vec![1; 20_000]);
    town.say(1, 0, entries(web, &[&big]));
    assert_eq!(have(&town, 0, web, sign_key(78).device(), Log::Governance), 0);
    town.pass(200 * SECOND);
    assert_eq!(have(&town, 1, web, device, Log::Governance), 4, "what is taken is passed on");
}

#[test]
fn records_of_a_newcomer_come_as_soon_as_it_is_known_to_be_a_member() {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    let newcomer = 77;
    let device = sign_key(newcomer).device();
    let join = forge(newcomer, web, Log::Governance, (1, NO_ENTRY), governance("join"));
    let record = forge(newcomer, web, Log::Records, (1, NO_ENTRY), batch(newcomer, web, 1, b"mine"));
    let all: Vec<records::Author> = town
        .peers
        .iter()
        .map(|peer| peer.device)
        .chain([device])
        .map(|device| records::Author { device, is_member: true, cut: None, is_carrier: false, owner: None })
        .collect();
    let authors = all.clone();
    town.act(0, move |step| records::set_authors(step, web, &authors).unwrap());
    town.say(1, 0, entries(web, &[&join, &record]));
    town.pass(SECOND);
    assert_eq!(have(&town, 1, web, device, Log::Records), 0, "peer 1 does not know yet");
    for index in [1, 2] {
        let authors = all.clone();
        town.act(index, move |step| records::set_authors(step, web, &authors).unwrap());
    }
    town.pass(SECOND);
    assert_eq!(town.records(1).len(), 1);
    assert_eq!(town.records(2).len(), 1);
}

/// Who may write without end could fill every disk and have every peer evaluate for ever (spec records rules 40 and 41).
#[test]
fn who_floods_the_governance_log_is_held_to_a_quota_until_something_of_weight_waits_for_it() {
    let mut town = Town::new(2, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    let flooder = 77;
    let device = sign_key(flooder).device();
    let owner = Some(base::PersonId::new([77; 32]));
    let author = |device: DeviceId, owner| records::Author {
        device,
        is_member: true,
        cut: None,
        is_carrier: false,
        owner,
    };
    let mut authors: Vec<_> = town.peers.iter().map(|peer| author(peer.device, None)).collect();
    authors.push(author(device, owner));
    town.act(0, move |step| records::set_authors(step, web, &authors).unwrap());
    let mut flood: Vec<Entry> = Vec::new();
    for seq in 1..=260 {
        let previous = flood.last().map_or(NO_ENTRY, |entry| entry.id);
        flood.push(forge(flooder, web, Log::Governance, (seq, previous), vec![1; 256 * 1024]));
    }
    let send = |town: &mut Town| {
        let have = have(town, 0, web, device, Log::Governance);
        for entry in flood.iter().skip(usize::try_from(have).unwrap()) {
            town.say(1, 0, entries(web, &[entry]));
        }
    };
    send(&mut town);
    // Each costs 198 seconds, and 13.7 hours may be owed.
    assert_eq!(have(&town, 0, web, device, Log::Governance), 249);
    town.pass(600 * SECOND);
    send(&mut town);
    let later = have(&town, 0, web, device, Log::Governance);
    assert!((251..=253).contains(&later), "{later}: what is owed is forgotten as time passes");
    town.act(0, move |step| records::lift_quotas(step, web, records::IsLifted::Yes).unwrap());
    send(&mut town);
    assert_eq!(have(&town, 0, web, device, Log::Governance), 260);
}

#[test]
fn forged_and_foreign_entries_are_refused() {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    let other = town.found(2);
    let device = town.peers[2].device;
    let good = forge(2, web, Log::Records, (1, NO_ENTRY), batch(2, web, 1, b"good"));
    let mut forged = good.clone();
    forged.bytes[3] ^= 1;
    let foreign = forge(2, other, Log::Records, (1, NO_ENTRY), batch(2, other, 1, b"good"));
    for bad in [&forged, &foreign] {
        town.say(1, 0, entries(web, &[bad]));
        assert_eq!(have(&town, 0, web, device, Log::Records), 0);
    }
    town.say(1, 0, entries(web, &[&good]));
    assert_eq!(have(&town, 0, web, device, Log::Records), 1);
}

#[test]
fn a_stranger_and_a_removed_member_are_not_answered() {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    for index in 0..2 {
        town.set_members(index, web, Some((2, 0, NO_ENTRY)));
    }
    town.pass(SECOND);
    let before = town.peers[0].sent_messages;
    let device = town.peers[0].device;
    let all = Range { device, log: Log::Governance, from: 1, to: u64::MAX };
    town.say(2, 0, wire::to_bytes(&Message::Want { web, ranges: vec![all] }));
    town.say(2, 0, wire::to_bytes(&Message::Heads { web, heads: vec![], is_last: true, is_question: true }));
    town.say(7, 0, wire::to_bytes(&Message::Summary { web, digest: NO_ENTRY }));
    assert_eq!(town.peers[0].sent_messages, before);
}

#[test]
fn a_batch_that_does_not_open_is_kept_and_counted() {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    // Sealed for another place, so that the key is right and the seal is not.
    let moved = forge(2, web, Log::Records, (1, NO_ENTRY), batch(2, web, 9, b"moved"));
    let junk = forge(2, web, Log::Records, (2, moved.id), b"junk".to_vec());
    let good = forge(2, web, Log::Records, (3, junk.id), batch(2, web, 3, b"good"));
    town.say(1, 0, entries(web, &[&moved, &junk, &good]));
    town.pass(SECOND);
    for index in 0..2 {
        assert_eq!(records::unreadable_count(&*town.rows(index), web).unwrap(), 2);
        assert_eq!(town.records(index).len(), 1);
    }
}

#[test]
fn promises_that_are_not_kept_cost_a_few_questions() {
    let mut town = Town::new(3, 5);
    let web = town.found(1);
    town.pass(5 * SECOND);
    let heads = (0..1_500_u64)
        .map(|number| {
            let device = DeviceId::new(*blake3::hash(&number.to_be_bytes()).as_bytes());
            Head { device, log: Log::Governance, seq: u64::MAX, entry: EntryId::new([1; 32]) }
        })
        .collect();
    let before = town.peers[0].sent_messages;
    town.say(1, 0, wire::to_bytes(&Message::News { web, heads, entries: vec![] }));
    town.pass(60 * SECOND);
    assert!(town.peers[0].sent_messages - before < 30, "{}", town.peers[0].sent_messages - before);
    town.publish(1, web, vec![b"still here".to_vec()]);
    town.pass(SECOND);
    assert_eq!(town.records(0).len(), 1);
}

/// Messages as peers send them, to be mangled.
fn samples(web: WebId, device: DeviceId) -> Vec<Vec<u8>> {
    let good = forge(1, web, Log::Records, (1, NO_ENTRY), batch(1, web, 1, b"good"));
    let other = forge(1, web, Log::Records, (1, NO_ENTRY), batch(1, web, 1, b"other"));
    let head = Head { device, log: Log::Records, seq: 1, entry: good.id };
    let bytes = |entry: &Entry| Bytes::from(entry.bytes.clone());
    [
        Message::Summary { web, digest: good.id },
        Message::Heads { web, heads: vec![head, head], is_last: false, is_question: true },
        Message::News { web, heads: vec![head], entries: vec![bytes(&good)] },
        Message::Want { web, ranges: vec![Range { device, log: Log::Records, from: 0, to: u64::MAX }; 3] },
        Message::Entries { web, entries: vec![bytes(&good), bytes(&other)], is_last: false },
        Message::Fork { web, one: bytes(&good), other: bytes(&other) },
    ]
    .iter()
    .map(wire::to_bytes)
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_bytes_make_a_peer_panic(
        changes in prop::collection::vec((0_usize..6, any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..40),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut town = Town::new(2, 5);
        let web = town.found(1);
        let samples = samples(web, town.peers[1].device);
        town.say(1, 0, noise);
        for (sample, place, byte, is_cut) in changes {
            let mut bytes = samples[sample].clone();
            let place = place.index(bytes.len());
            if is_cut { bytes.truncate(place) } else { bytes[place] = byte }
            town.say(1, 0, bytes);
        }
        prop_assert!(town.peers[0].kernel.as_ref().unwrap().paused().is_empty());
        town.pass(30 * SECOND);
        town.publish(0, web, vec![b"alive".to_vec()]);
        town.pass(130 * SECOND);
        prop_assert!(town.records(1).iter().any(|(.., body)| body == b"alive"));
    }
}
