//! Items of the DHT, in one of real nodes on this computer; the public one is never spoken to.

use crate::house::{Peer, config};
use base::{DeviceId, WebId};
use kernel::JobFailure;
use n0_mainline::Testnet;
use people::jobs::{self, Get, Got, Put};
use wire::crypto::{EpochKey, SignKey, Signer, Strict};
use wire::dht::{Place, Slot};

const NODES: usize = 5;

async fn peer(seed: u8, testnet: &Testnet, is_on: bool) -> Peer {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(seed, home.path());
    config.dht = is_on;
    config.dht_bootstrap.clone_from(&testnet.bootstrap);
    Peer::start_with(config, home, 1_000).await
}

fn bob() -> SignKey {
    SignKey::from_seed(&[2; 32])
}

fn place(epoch: u8, device: DeviceId) -> Place {
    Place::new(&EpochKey::new([epoch; 32]), WebId::new([1; 32]), device, Slot(20_718))
}

fn put(number: u64, address: &str) -> Put {
    let place = place(9, bob().device());
    let value = place.seal(number, &[address.to_owned()], &bob(), &[number as u8; 24]);
    Put { seed: place.seed(), number, value: value.into() }
}

async fn get(peer: &mut Peer, places: &[Place]) -> Vec<Option<Vec<u8>>> {
    let items = places.iter().map(|place| place.public().to_vec().into()).collect();
    let got = peer.run(jobs::GET, &Get { items }).await.unwrap();
    let got: Got = jobs::from_bytes(&got).unwrap();
    got.values.into_iter().map(|value| value.map(|value| value.to_vec())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_says_is_found_by_a_member_and_by_nobody_else() {
    let testnet = Testnet::new(NODES).await.unwrap();
    let (mut bob_peer, mut alice) = (peer(2, &testnet, true).await, peer(1, &testnet, true).await);
    assert_eq!(bob_peer.run(jobs::PUT, &put(1, "192.0.2.1:1")).await, Ok(Vec::new()));
    assert_eq!(bob_peer.run(jobs::PUT, &put(2, "192.0.2.2:2")).await, Ok(Vec::new()));
    let (right, removed) = (place(9, bob().device()), place(8, bob().device()));
    let nobody = place(9, DeviceId::new([7; 32]));
    let found = get(&mut alice, &[nobody, right.clone(), removed]).await;
    assert_eq!(found.len(), 3);
    assert_eq!((&found[0], &found[2]), (&None, &None));
    let record = right.open(found[1].as_ref().unwrap(), &Strict).unwrap();
    assert_eq!((record.number, record.addresses), (2, vec!["192.0.2.2:2".to_owned()]));
    alice.stop().await;
    bob_peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_or_asked_while_it_is_off() {
    let testnet = Testnet::new(NODES).await.unwrap();
    let mut alice = peer(1, &testnet, false).await;
    assert_eq!(alice.noticed(jobs::SWITCHED).await, [0]);
    let off = |end: &Result<Vec<u8>, JobFailure>| matches!(end, Err(JobFailure::Failed(why)) if why.contains("off"));
    assert!(off(&alice.run(jobs::PUT, &put(1, "192.0.2.1:1")).await));
    assert!(off(&alice.run(jobs::GET, &Get { items: Vec::new() }).await));
    alice.network.set_dht(true);
    assert_eq!(alice.noticed(jobs::SWITCHED).await, [1]);
    assert_eq!(alice.run(jobs::PUT, &put(1, "192.0.2.1:1")).await, Ok(Vec::new()));
    alice.network.set_dht(false);
    assert_eq!(alice.noticed(jobs::SWITCHED).await, [0]);
    assert!(off(&alice.run(jobs::PUT, &put(2, "192.0.2.1:1")).await));
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dht_that_is_not_there_is_a_failure_and_no_end() {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(1, home.path());
    // Nobody is there: the port is taken by somebody who does not answer.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    config.dht = true;
    config.dht_bootstrap = vec![silent.local_addr().unwrap().to_string()];
    let mut alice = Peer::start_with(config, home, 1_000).await;
    assert!(matches!(alice.run(jobs::PUT, &put(1, "192.0.2.1:1")).await, Err(JobFailure::Failed(_))));
    assert_eq!(get(&mut alice, &[place(9, bob().device())]).await, [None]);
    alice.stop().await;
}
