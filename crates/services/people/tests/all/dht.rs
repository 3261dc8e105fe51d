//! What is said and asked in the DHT, and when (spec dht): real kernels, and a driver that keeps items in a map.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::{Channel, Input, JobFailure};
use people::jobs::{self, Get, Got, Put};
use serde_json::json;
use wire::crypto::SignKey;

use crate::town::*;

const MINUTES: fn(u64) -> Duration = |minutes| Duration::from_secs(minutes * 60);

/// What all nodes of the DHT keep together.
#[derive(Default)]
struct Items {
    items: BTreeMap<Vec<u8>, (u64, Vec<u8>)>,
    asked: Vec<Vec<u8>>,
}

impl Items {
    /// Does the jobs that a peer has given since; returns how many were puts and gets.
    fn work(&mut self, town: &mut Town, index: usize) -> (usize, usize) {
        let (mut puts, mut gets) = (0, 0);
        for job in std::mem::take(&mut town.peers[index].jobs) {
            let outcome = match job.kind {
                jobs::PUT => {
                    puts += 1;
                    let put: Put = jobs::from_bytes(&job.input).unwrap();
                    let name = SignKey::from_seed(put.seed.secret()).public().to_vec();
                    assert_eq!(put.value.len(), wire::dht::VALUE_SIZE);
                    let before = self.items.insert(name, (put.number, put.value.to_vec()));
                    assert!(before.is_none_or(|(number, _)| number < put.number), "numbers rise");
                    Ok(Vec::new())
                }
                jobs::GET => {
                    gets += 1;
                    let get: Get = jobs::from_bytes(&job.input).unwrap();
                    let find = |item: &[u8]| self.items.get(item).map(|(_, value)| value.clone().into());
                    let values = get.items.iter().map(|item| find(item)).collect();
                    self.asked.extend(get.items.iter().map(|item| item.to_vec()));
                    Ok(jobs::to_bytes(&Got { values }))
                }
                _ => Err(JobFailure::NoDriver),
            };
            town.give(index, Input::Finished { job: job.id, outcome });
        }
        (puts, gets)
    }
}

fn switch(town: &mut Town, index: usize, is_on: bool) {
    town.give(index, Input::Noticed { kind: jobs::SWITCHED, report: vec![u8::from(is_on)] });
    town.pass(Duration::from_secs(5));
}

fn miss(town: &mut Town, index: usize, other: usize) {
    let device = town.peers[other].device;
    town.give(index, Input::Disconnected { device, channel: Channel::Member });
}

fn moved(town: &mut Town, index: usize, address: &str) {
    town.give(index, Input::Reachable { addresses: vec![address.to_owned()] });
}

/// Alice and Bob in one web, both with the DHT on; what they said at first is done.
fn two(dht: &mut Items) -> Town {
    let mut town = Town::new(4);
    let _web = town.family();
    town.let_in(BOB, "member");
    for index in [ALICE, BOB] {
        switch(&mut town, index, true);
        assert_eq!(dht.work(&mut town, index), (1, 0));
    }
    town
}

#[test]
fn two_whose_addresses_have_all_changed_find_each_other() {
    let mut dht = Items::default();
    let mut town = two(&mut dht);
    let bob = town.peers[BOB].device;
    town.set_away(BOB, true);
    town.pass(MINUTES(10));
    dht.work(&mut town, ALICE);
    moved(&mut town, BOB, "198.51.100.7:9");
    assert_eq!(dht.work(&mut town, BOB).0, 1, "a new address is said");
    assert_ne!(town.peers[ALICE].known_addresses[&bob], ["198.51.100.7:9"]);
    town.pass(MINUTES(31));
    for _ in 0..2 {
        miss(&mut town, ALICE, BOB);
    }
    assert_eq!(dht.work(&mut town, ALICE).1, 1);
    assert_eq!(town.peers[ALICE].known_addresses[&bob], ["198.51.100.7:9", "192.0.2.2:4000"]);
}

#[test]
fn somebody_is_looked_for_after_two_failures_and_then_seldom() {
    let mut dht = Items::default();
    let mut town = two(&mut dht);
    town.set_away(BOB, true);
    dht.work(&mut town, ALICE);
    let mut looks = 0;
    for _ in 0..60 {
        town.pass(MINUTES(1));
        miss(&mut town, ALICE, BOB);
        looks += dht.work(&mut town, ALICE).1;
    }
    assert!((1..=2).contains(&looks), "{looks} looks in an hour");
    // Who comes back is forgotten as missed.
    town.set_away(BOB, false);
    let device = town.peers[BOB].device;
    town.give(ALICE, Input::Connected { device, channel: Channel::Member });
    miss(&mut town, ALICE, BOB);
    assert_eq!(dht.work(&mut town, ALICE).1, 0);
}

#[test]
fn strangers_are_not_looked_for_and_nothing_is_said_while_it_is_off() {
    let mut dht = Items::default();
    let mut town = two(&mut dht);
    for _ in 0..10 {
        miss(&mut town, ALICE, MALLORY);
    }
    assert_eq!(dht.work(&mut town, ALICE), (0, 0));
    switch(&mut town, ALICE, false);
    moved(&mut town, ALICE, "198.51.100.7:9");
    town.pass(MINUTES(180));
    for _ in 0..10 {
        miss(&mut town, ALICE, BOB);
    }
    assert_eq!(dht.work(&mut town, ALICE), (0, 0));
    // A run that begins waits for the driver's word.
    switch(&mut town, ALICE, true);
    assert_eq!(dht.work(&mut town, ALICE).0, 1);
    town.stop(ALICE);
    town.start(ALICE);
    moved(&mut town, ALICE, "198.51.100.7:10");
    assert_eq!(dht.work(&mut town, ALICE), (0, 0));
}

#[test]
fn where_one_is_is_said_once_an_hour_and_under_another_name_every_day() {
    let mut dht = Items::default();
    let mut town = two(&mut dht);
    let mut puts = 0;
    for _ in 0..48 {
        town.pass(MINUTES(60));
        puts += dht.work(&mut town, ALICE).0;
    }
    assert!((47..=50).contains(&puts), "{puts} in two days");
    // Bob's first, and Alice's of three days.
    assert_eq!(dht.items.len(), 4);
    for _ in 0..100 {
        moved(&mut town, ALICE, &format!("198.51.100.7:{}", 1_000 + puts));
        puts += 1;
    }
    assert!(dht.work(&mut town, ALICE).0 <= 1, "a computer on the move does not fill the DHT");
}

#[test]
fn who_was_removed_finds_nobody_any_more_and_nobody_is_looked_for_where_it_can_see_it() {
    let mut dht = Items::default();
    let mut town = Town::new(4);
    let web = town.family();
    town.let_in(BOB, "member");
    town.let_in(MALLORY, "member");
    for index in [ALICE, BOB] {
        switch(&mut town, index, true);
        dht.work(&mut town, index);
    }
    let key =
        |town: &Town| town.peers[ALICE].kernel.as_ref().unwrap().keyring().current(web).unwrap().clone();
    let old = key(&town);
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Mallory" })).unwrap();
    town.pass(MINUTES(70));
    for index in [ALICE, BOB] {
        dht.work(&mut town, index);
    }
    let new = key(&town);
    assert_ne!(old.id(), new.id());
    let slot = wire::dht::Slot::of(base::Timestamp::from_millis(town.now));
    let device = town.peers[ALICE].device;
    let name = |key| wire::dht::Place::new(key, web, device, slot).public().to_vec();
    assert!(dht.items.contains_key(&name(&new)));
    dht.asked.clear();
    town.set_away(ALICE, true);
    for _ in 0..2 {
        miss(&mut town, BOB, ALICE);
    }
    assert_eq!(dht.work(&mut town, BOB).1, 1);
    assert!(dht.asked.contains(&name(&new)));
    assert!(!dht.asked.contains(&name(&old)), "she would see who asks");
}

#[test]
fn what_somebody_else_put_there_is_not_believed() {
    let mut dht = Items::default();
    let mut town = two(&mut dht);
    let bob = town.peers[BOB].device;
    let before = town.peers[ALICE].known_addresses[&bob].clone();
    for (_, value) in dht.items.values_mut() {
        value[100] ^= 1;
    }
    town.set_away(BOB, true);
    for _ in 0..2 {
        miss(&mut town, ALICE, BOB);
    }
    assert_eq!(dht.work(&mut town, ALICE).1, 1);
    assert_eq!(town.peers[ALICE].known_addresses[&bob], before);
}
