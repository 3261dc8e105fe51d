//! Somebody in the middle who swaps keys and addresses, or holds the line itself: she gets nothing and adds nothing.
//!
//! What she does with tickets and joins is tested where people join (`crates/interfaces/peer/tests/it/mallory.rs`).

use crate::house::proxy::{Mood, Proxy, start_v6};
use crate::house::relay::stranger;
use crate::house::{PATIENCE, Peer, WEB, noise};
use kernel::{Channel, Effect};
use network::Unreached;

const SECRET: &[u8] = b"Only members know of the cave below the lighthouse.";

fn say(from: &Peer, to: &Peer, message: &[u8]) {
    let (to, message) = (to.me(), message.to_vec());
    from.network.effect(Effect::Send { to, channel: Channel::Member, service: "records", message });
}

fn holds(packets: &[Vec<u8>], marker: &[u8]) -> bool {
    packets.iter().any(|packet| packet.windows(marker.len()).any(|window| window == marker))
}

/// Alice and Bob, who admit each other, and Mallory, who holds the line between them.
async fn with_mallory_between() -> (Peer, Peer, Proxy) {
    let (alice, bob) = (Peer::start(1).await, start_v6(2).await);
    let proxy = Proxy::between(&alice, &bob).await;
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        one.network.effect(Effect::Admit { web: WEB, devices: vec![other.me()] });
    }
    (alice, bob, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_line_sees_ciphertext_only() {
    let (mut alice, mut bob, mallory) = with_mallory_between().await;
    let mut bytes = noise(5, 300_000);
    bytes[100_000..100_000 + SECRET.len()].copy_from_slice(SECRET);
    let content = alice.share("plan", &bytes, bob.me());
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.connected(bob.me()).await;
    bob.connected(alice.me()).await;
    say(&alice, &bob, SECRET);
    assert_eq!(bob.heard().await.2, SECRET);
    let size = bytes.len() as u64;
    assert_eq!(bob.fetch(alice.me(), content, size, &[(0, size)]).await.unwrap(), size);
    assert_eq!(bob.read(content, 0..size).await, bytes);

    let seen = mallory.seen();
    let carried: usize = seen.iter().map(Vec::len).sum();
    assert!(carried > bytes.len(), "all of it went through her hands: {carried} bytes");
    assert!(holds(&[bytes.clone()], SECRET), "the search finds what is there");
    for marker in [SECRET, &bytes[..16], &bytes[200_000..200_016], content.as_bytes()] {
        assert!(!holds(&seen, marker), "{marker:?}");
    }
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_line_can_neither_change_nor_repeat_nor_add_a_word() {
    let (mut alice, mut bob, mallory) = with_mallory_between().await;
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.connected(bob.me()).await;
    bob.connected(alice.me()).await;
    mallory.set(Mood::Meddle);
    let count = 200_u8;
    for number in 0..count {
        say(&alice, &bob, &[number; 900]);
        say(&bob, &alice, &[number; 900]);
    }
    for number in 0..count {
        assert_eq!(bob.heard().await, (alice.me(), Channel::Member, vec![number; 900]));
        assert_eq!(alice.heard().await, (bob.me(), Channel::Member, vec![number; 900]));
    }
    assert!(mallory.added() > 100, "{} packets added", mallory.added());
    // What comes next is the next word, not one she has kept.
    mallory.set(Mood::Pass);
    say(&alice, &bob, b"the last word");
    assert_eq!(bob.heard().await.2, b"the last word");
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_under_anothers_address_is_not_taken_for_the_other() {
    let alice = Peer::start(1).await;
    let mut bob = Peer::start(2).await;
    let protocols: [&[u8]; 3] = [b"althing/member/1", b"althing/join/1", iroh_blobs::ALPN];
    let mallory = stranger(66, &protocols).await;
    bob.network.effect(Effect::Admit { web: WEB, devices: vec![alice.me()] });
    let hers = mallory.bound_sockets().iter().map(ToString::to_string).collect();
    bob.network.effect(Effect::Addresses { device: alice.me(), addresses: hers });
    let waits = mallory.clone();
    let mut answers = tokio::task::JoinSet::new();
    answers.spawn(async move {
        let mut tries = 0;
        while let Some(incoming) = waits.accept().await {
            tries += 1;
            assert!(incoming.await.is_err(), "nobody talks to her");
        }
        tries
    });
    for channel in [Channel::Member, Channel::Join] {
        bob.network.effect(Effect::Connect { to: alice.me(), channel });
        bob.disconnected(alice.me()).await;
    }
    assert_eq!(bob.network.unreached(alice.me()), Some(Unreached::Silent));
    assert!(bob.network.connection(alice.me()).is_none());
    mallory.close().await;
    let tries = tokio::time::timeout(PATIENCE, answers.join_next()).await.unwrap().unwrap().unwrap();
    assert!(tries >= 2, "she was dialled {tries} times");
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_was_killed_and_starts_again_takes_the_place_of_its_dead_connection() {
    let (mut alice, mut killed, line) = with_mallory_between().await;
    let bob = killed.me();
    killed.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
    killed.connected(alice.me()).await;
    alice.connected(bob).await;
    // As kill -9 does it: from one moment to the next nothing comes any more, and nobody is told.
    line.set(Mood::Cut);
    let mut again = Peer::start(2).await;
    assert_eq!(again.me(), bob);
    again.admit(&alice);
    again.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
    // The first attempt stands: a second one, or the silence of the first connection, is not waited for.
    let alice_id = alice.me();
    let is_connected = again
        .wait(|input| match input {
            kernel::Input::Connected { device, .. } if device == alice_id => Some(true),
            kernel::Input::Disconnected { device, .. } if device == alice_id => Some(false),
            _ => None,
        })
        .await;
    assert!(is_connected);
    alice.disconnected(bob).await;
    alice.connected(bob).await;
    let message = b"welcome back".to_vec();
    alice.network.effect(Effect::Send { to: bob, channel: Channel::Member, service: "records", message });
    assert_eq!(again.heard().await.2, b"welcome back");
    again.stop().await;
    alice.stop().await;
    killed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_is_noticed_by_both_and_a_fetch_goes_on_over_another() {
    let (mut alice, mut bob, line) = with_mallory_between().await;
    let bytes = noise(6, 8_000_000);
    let size = bytes.len() as u64;
    let content = alice.share("film", &bytes, bob.me());
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
    bob.connected(alice.me()).await;
    alice.connected(bob.me()).await;
    // Fetches take whole groups of 16 KiB.
    let half = 4 * 1024 * 1024;
    assert_eq!(bob.fetch(alice.me(), content, size, &[(0, half)]).await.unwrap(), half);
    line.set(Mood::Cut);
    assert!(bob.fetch(alice.me(), content, size, &[(half, size)]).await.is_err());
    alice.disconnected(bob.me()).await;
    // The address changes: a line of another number leads to the same peer.
    let other = Proxy::between(&alice, &bob).await;
    assert_eq!(bob.fetch(alice.me(), content, size, &[(half, size)]).await.unwrap(), size - half);
    assert_eq!(bob.read(content, 0..size).await, bytes);
    assert!(!other.seen().is_empty());
    alice.stop().await;
    bob.stop().await;
}
