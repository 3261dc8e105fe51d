//! Real peers that find each other in a DHT of real nodes on this computer, when every address they know is out of date.

use api::host::{AskNet, AskStatus, Dht, SetDht};
use n0_mainline::Testnet;
use peer::{Config, Peer, Set};

use super::cast::{Person, config};

fn with_dht(testnet: &Testnet) -> Config {
    Config { dht: Set::given(true), dht_bootstrap: Set::given(testnet.bootstrap.clone()), ..config() }
}

/// Starts a person's peer at another address than before, as a laptop does that was carried away.
async fn elsewhere(person: Person, config: &Config) -> Person {
    let Person { name, peer, folder } = person;
    let home = folder.path().join("home");
    peer.stop().await;
    std::fs::remove_file(home.join("ports.toml")).unwrap();
    let peer = Peer::start(&home, config).await.unwrap();
    Person { name, peer, folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_have_both_moved_meet_again_by_the_dht() {
    let testnet = Testnet::new(5).await.unwrap();
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    alice.start_web("family").await;
    bob.join(&alice.invite("family").await.link).await;
    bob.until(AskStatus {}, |status| status.people_here == 1).await;
    let before = bob.ask(AskStatus {}).await.addresses;
    // Nobody is there when the other one starts, and both have moved.
    let Person { name, peer, folder } = alice;
    peer.stop().await;
    let bob = elsewhere(bob, &with_dht(&testnet)).await;
    assert_ne!(bob.until(AskStatus {}, |status| !status.addresses.is_empty()).await.addresses, before);
    bob.until(AskNet { web: None }, |net| net.dht && net.dht_stored.is_some()).await;
    std::fs::remove_file(folder.path().join("home/ports.toml")).unwrap();
    let peer = Peer::start(&folder.path().join("home"), &with_dht(&testnet)).await.unwrap();
    let alice = Person { name, peer, folder };
    alice.until(AskStatus {}, |status| status.people_here == 1).await;
    bob.until(AskStatus {}, |status| status.people_here == 1).await;
    alice.peer.stop().await;
    bob.peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dht_is_off_until_a_person_says_so_and_a_setting_stands_above_that() {
    let testnet = Testnet::new(3).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let entered = Config { dht_bootstrap: Set::given(testnet.bootstrap.clone()), ..config() };
    let peer = Peer::start(&home, &entered).await.unwrap();
    let alice = Person { name: "Alice", peer, folder };
    assert!(!alice.ask(AskNet { web: None }).await.dht);
    alice.ask(SetDht { dht: Dht::On }).await;
    assert!(alice.ask(AskNet { web: None }).await.dht);
    let Person { name, peer, folder } = alice;
    peer.stop().await;
    let peer = Peer::start(&home, &entered).await.unwrap();
    let alice = Person { name, peer, folder };
    assert!(alice.ask(AskNet { web: None }).await.dht, "it is remembered");
    let Person { name, peer, folder } = alice;
    peer.stop().await;
    let peer = Peer::start(&home, &Config { dht: Set::given(false), ..entered }).await.unwrap();
    let alice = Person { name, peer, folder };
    assert!(!alice.ask(AskNet { web: None }).await.dht);
    let fault = alice.try_ask(SetDht { dht: Dht::On }).await.unwrap_err();
    assert_eq!(fault.code, "host.dht-is-configured");
    alice.peer.stop().await;
}
