//! Messages between real peers on this computer: who may speak, in which order, and what ends it.

use std::time::{Duration, Instant};

use crate::house::{PATIENCE, Peer, WEB, alice_and_bob, config};
use iroh::endpoint::presets;
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey};
use kernel::{Channel, Effect, Input};

fn say(from: &Peer, to: &Peer, channel: Channel, message: &[u8]) {
    from.network.effect(Effect::Send { to: to.me(), channel, service: "records", message: message.to_vec() });
}

/// Mallory has iroh, our addresses, and her own program.
async fn mallory(seed: u8) -> Endpoint {
    let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
    let secret = SecretKey::from_bytes(&[seed; 32]);
    builder.secret_key(secret).bind_addr("127.0.0.1:0").unwrap().bind().await.unwrap()
}

fn address_of(peer: &Peer) -> EndpointAddr {
    let id = EndpointId::from_bytes(peer.me().as_bytes()).unwrap();
    let addresses = peer.network.addresses();
    addresses.iter().fold(EndpointAddr::new(id), |found, text| found.with_ip_addr(text.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn members_talk_in_both_directions_and_in_order() {
    let (mut alice, mut bob) = alice_and_bob().await;
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.connected(bob.me()).await;
    bob.connected(alice.me()).await;
    for number in 0..100_u8 {
        say(&alice, &bob, Channel::Member, &[number]);
        say(&bob, &alice, Channel::Member, &[number]);
    }
    for number in 0..100_u8 {
        assert_eq!(bob.heard().await, (alice.me(), Channel::Member, vec![number]));
        assert_eq!(alice.heard().await, (bob.me(), Channel::Member, vec![number]));
    }
    let long = vec![7; wire::sync::MESSAGE_SIZE_MAX];
    say(&alice, &bob, Channel::Member, &long);
    assert_eq!(bob.heard().await.2, long);
    let me = alice.me();
    alice.stop().await;
    bob.disconnected(me).await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_peers_that_dial_at_once_get_one_link() {
    let (mut alice, mut bob) = alice_and_bob().await;
    for round in 0..10 {
        alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
        bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
        alice.connected(bob.me()).await;
        bob.connected(alice.me()).await;
        say(&alice, &bob, Channel::Member, &[round]);
        assert_eq!(bob.heard().await.2, [round]);
        alice.network.effect(Effect::Disconnect { device: bob.me(), channel: Channel::Member });
        alice.disconnected(bob.me()).await;
        bob.disconnected(alice.me()).await;
    }
}

/// The old Bob still runs here and answers for his connection, so only the new one's can end it: as when he was killed, but
/// without the 15 seconds that Alice waits then.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_was_started_again_takes_the_place_of_its_dead_connection() {
    for is_bobs_dial in [true, false] {
        let (mut alice, mut bob) = alice_and_bob().await;
        let (from, to) = if is_bobs_dial { (&bob, &alice) } else { (&alice, &bob) };
        from.network.effect(Effect::Connect { to: to.me(), channel: Channel::Member });
        alice.connected(bob.me()).await;
        bob.connected(alice.me()).await;
        let begun = Instant::now();
        let mut again = Peer::start(2).await;
        again.admit(&alice);
        assert_eq!(again.me(), bob.me());
        // Within three seconds of their own dial Alice takes it for the other half of dialling at once; who is refused calls again.
        loop {
            again.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
            let is_there = again
                .wait(|input| match input {
                    Input::Connected { .. } => Some(true),
                    Input::Disconnected { .. } => Some(false),
                    _ => None,
                })
                .await;
            if is_there {
                break;
            }
        }
        alice.disconnected(bob.me()).await;
        alice.connected(bob.me()).await;
        say(&alice, &again, Channel::Member, b"welcome back");
        assert_eq!(again.heard().await.2, b"welcome back");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        again.stop().await;
        alice.stop().await;
        bob.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_again_reports_the_link_that_stands() {
    let (mut alice, mut bob) = alice_and_bob().await;
    for _ in 0..3 {
        alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
        alice.connected(bob.me()).await;
    }
    bob.connected(alice.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_reached_is_reported() {
    let mut alice = Peer::start(1).await;
    let bob = Peer::start(2).await;
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.disconnected(bob.me()).await;
    alice.admit(&bob);
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.disconnected(bob.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn last_words_arrive_before_a_link_ends() {
    let (mut alice, mut bob) = alice_and_bob().await;
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.connected(bob.me()).await;
    for _ in 0..20 {
        say(&alice, &bob, Channel::Member, &vec![1; 500_000]);
    }
    alice.network.effect(Effect::Disconnect { device: bob.me(), channel: Channel::Member });
    for _ in 0..20 {
        bob.heard().await;
    }
    bob.disconnected(alice.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_refused_on_every_protocol_of_members() {
    let alice = Peer::start(1).await;
    let mallory = mallory(66).await;
    for protocol in [b"althing/member/1".as_slice(), b"althing/bundle/1", iroh_blobs::ALPN] {
        let connected = mallory.connect(address_of(&alice), protocol).await;
        if let Ok(connection) = connected {
            tokio::time::timeout(PATIENCE, connection.closed()).await.expect("the connection is closed");
            let reason = connection.close_reason().unwrap().to_string();
            assert!(reason.contains("not a member"), "{reason}");
        }
    }
    mallory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_and_a_member_talk_on_the_join_channel_only() {
    let mut alice = Peer::start(1).await;
    let mut bob = Peer::start(2).await;
    bob.know(&alice);
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Join });
    bob.connected(alice.me()).await;
    alice.connected(bob.me()).await;
    say(&bob, &alice, Channel::Join, b"hello");
    assert_eq!(alice.heard().await, (bob.me(), Channel::Join, b"hello".to_vec()));
    say(&alice, &bob, Channel::Join, b"welcome");
    assert_eq!(bob.heard().await.2, b"welcome");
    alice.network.effect(Effect::Disconnect { device: bob.me(), channel: Channel::Join });
    bob.disconnected(alice.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_may_say_only_so_much() {
    let mut alice = Peer::start(1).await;
    let mut bob = Peer::start(2).await;
    bob.know(&alice);
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Join });
    bob.connected(alice.me()).await;
    for _ in 0..5 {
        say(&bob, &alice, Channel::Join, &[0; 20_000]);
    }
    let mut heard = 0;
    alice
        .wait(|input| match input {
            Input::Heard { message, .. } => {
                heard += message.len();
                None
            }
            Input::Disconnected { .. } => Some(()),
            _ => None,
        })
        .await;
    assert_eq!(heard, 60_000);
    bob.disconnected(alice.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_sent_away_after_ten_seconds() {
    let mut alice = Peer::start(1).await;
    let mut bob = Peer::start(2).await;
    bob.know(&alice);
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Join });
    bob.connected(alice.me()).await;
    let since = Instant::now();
    bob.disconnected(alice.me()).await;
    assert!(
        (Duration::from_secs(9)..Duration::from_secs(13)).contains(&since.elapsed()),
        "{:?}",
        since.elapsed()
    );
    alice.disconnected(bob.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_loses_its_link_at_once_and_gets_no_other() {
    let (mut alice, mut bob) = alice_and_bob().await;
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
    bob.connected(alice.me()).await;
    alice.connected(bob.me()).await;
    let since = Instant::now();
    alice.network.effect(Effect::Admit { web: WEB, devices: Vec::new() });
    bob.disconnected(alice.me()).await;
    assert!(since.elapsed() < Duration::from_secs(1));
    alice.disconnected(bob.me()).await;
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
    let refused = bob.noticed("records.refused").await;
    assert_eq!(refused, wire::to_bytes(&alice.me()), "who refuses it is said");
    bob.disconnected(alice.me()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_from_a_member_ends_the_link_and_is_remembered() {
    let garbage: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"ALT1\xff\xff\xff\xff",
        b"ALT1\x00\x20\x00\x00aaaa",
        b"ALT1\x00\x00\x00\x03abc",
        b"ALT1\x00\x00\x00\x05\x82\x61a\x58\x00",
    ];
    for (seed, bytes) in (80_u8..).zip(garbage) {
        let alice = Peer::start(1).await;
        let mallory = mallory(seed).await;
        let her = base::DeviceId::new(*mallory.id().as_bytes());
        alice.network.effect(Effect::Admit { web: WEB, devices: vec![her] });
        let connection = mallory.connect(address_of(&alice), b"althing/member/1").await.unwrap();
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        send.write_all(bytes).await.unwrap();
        if bytes.len() > 12 && bytes.starts_with(b"ALT1\x00\x20") {
            // A frame of 2 MiB is refused by its length alone.
            assert!(bytes.len() < 100);
        }
        tokio::time::timeout(PATIENCE, connection.closed()).await.expect("the connection is closed");
        let again = mallory.connect(address_of(&alice), b"althing/member/1").await;
        if let Ok(again) = again {
            tokio::time::timeout(PATIENCE, again.closed()).await.expect("she is not talked to for a while");
        }
        mallory.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_slows_the_sender_and_loses_nothing() {
    let mut alice = Peer::start(1).await;
    let bob_home = tempfile::tempdir().unwrap();
    let mut bob = Peer::start_in(2, bob_home, 4).await;
    alice.admit(&bob);
    bob.admit(&alice);
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.connected(bob.me()).await;
    for number in 0..40_u8 {
        say(&alice, &bob, Channel::Member, &vec![number; 1_000_000]);
    }
    // Bob's kernel takes its time; what it does not take stays at Alice's.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for number in 0..40_u8 {
        assert_eq!(bob.heard().await.2.first(), Some(&number));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_loses_its_link() {
    let mut alice = Peer::start(1).await;
    let mallory = mallory(90).await;
    let her = base::DeviceId::new(*mallory.id().as_bytes());
    alice.network.effect(Effect::Admit { web: WEB, devices: vec![her] });
    let connection = mallory.connect(address_of(&alice), b"althing/member/1").await.unwrap();
    let (mut send, _receive) = connection.open_bi().await.unwrap();
    send.write_all(b"ALT1").await.unwrap();
    alice.connected(her).await;
    for _ in 0..120 {
        let message = vec![0; 1_000_000];
        alice.network.effect(Effect::Send { to: her, channel: Channel::Member, service: "records", message });
    }
    alice.disconnected(her).await;
    mallory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_hears_the_last_word_and_is_not_heard_any_more() {
    let mut alice = Peer::start(1).await;
    let mut bob = Peer::start(2).await;
    alice.admit(&bob);
    bob.admit(&alice);
    alice.network.effect(Effect::Connect { to: bob.me(), channel: Channel::Member });
    alice.connected(bob.me()).await;
    bob.connected(alice.me()).await;
    for number in 0..20_u8 {
        say(&alice, &bob, Channel::Member, &vec![number; 100_000]);
    }
    alice.network.effect(Effect::Admit { web: WEB, devices: Vec::new() });
    say(&alice, &bob, Channel::Member, b"after the end");
    say(&bob, &alice, Channel::Member, b"too late");
    for number in 0..20_u8 {
        assert_eq!(bob.heard().await.2.first(), Some(&number));
    }
    let end = |peer: base::DeviceId| {
        move |input| match input {
            Input::Disconnected { device, .. } if device == peer => Some(None),
            Input::Heard { message, .. } => Some(Some(message)),
            _ => None,
        }
    };
    assert_eq!(bob.wait(end(alice.me())).await, None);
    assert_eq!(alice.wait(end(bob.me())).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut config = config(1, home.path());
    config.bind = vec![taken.local_addr().unwrap()];
    let (inputs, _kernel) = tokio::sync::mpsc::channel(1);
    let rights = std::sync::Arc::new(crate::house::Given::default());
    let error = network::Network::start_with(config, rights, inputs).await.unwrap_err();
    assert!(matches!(error, network::NetworkError::PortTaken { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_tells_where_it_is_reachable() {
    let mut alice = Peer::start(1).await;
    let addresses = alice
        .wait(|input| match input {
            Input::Reachable { addresses } => Some(addresses),
            _ => None,
        })
        .await;
    assert_eq!(addresses, alice.network.addresses());
    assert!(addresses.iter().all(|address| address.starts_with("127.0.0.1:")), "{addresses:?}");
}
