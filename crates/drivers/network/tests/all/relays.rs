//! Relays: members are carried, strangers are not, and a removed member is carried no more.

use std::time::Duration;

use crate::house::relay::device_of;
use crate::house::{PATIENCE, Peer, config};
use iroh::{RelayConfig, Watcher as _};
use kernel::{Channel, Effect, RelayAccess};
use network::{TimeLimits, Way};

/// Has a peer be a relay; returns its URL.
async fn relay(peer: &mut Peer) -> String {
    peer.network.effect(Effect::BeRelay(true));
    let report = peer.noticed("people.relay").await;
    String::from_utf8(report).unwrap()
}

fn use_relay(peer: &Peer, url: &str) {
    peer.network.effect(Effect::UseRelays(vec![RelayAccess { url: url.to_owned(), token: None }]));
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_know_nothing_but_a_relay_meet() {
    let (mut dora, mut bob, mut carol) = (Peer::start(1).await, Peer::start(2).await, Peer::start(3).await);
    for (one, other) in [(&dora, &bob), (&dora, &carol)] {
        one.admit_also(other);
    }
    let url = relay(&mut dora).await;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    for peer in [&bob, &carol] {
        use_relay(peer, &url);
    }
    until("Carol is carried", || carol.network.relay().is_some_and(|relay| relay.is_connected)).await;
    assert!(carol.network.addresses().contains(&url), "the relay is one of her addresses");
    bob.network.effect(Effect::Admit { web: crate::house::WEB, devices: vec![carol.me()] });
    carol.network.effect(Effect::Admit { web: crate::house::WEB, devices: vec![bob.me()] });
    bob.network.effect(Effect::Addresses { device: carol.me(), addresses: vec![url.clone()] });
    bob.network.effect(Effect::Connect { to: carol.me(), channel: Channel::Member });
    bob.connected(carol.me()).await;
    carol.connected(bob.me()).await;
    let message = b"frogs".to_vec();
    bob.network.effect(Effect::Send { to: carol.me(), channel: Channel::Member, service: "files", message });
    assert_eq!(carol.heard().await.2, b"frogs");
    assert!(bob.network.connection(carol.me()).is_some());
    // On one computer there is always a direct way, and iroh finds it inside the same connection.
    until("the direct way is taken", || {
        bob.network.connection(carol.me()).is_some_and(|state| state.way == Way::Lan)
    })
    .await;
    for peer in [dora, bob, carol] {
        peer.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_carries_neither_for_strangers_nor_for_the_removed() {
    let mut dora = Peer::start(1).await;
    let url = relay(&mut dora).await;
    let endpoint = iroh::Endpoint::builder(iroh::endpoint::presets::Minimal)
        .secret_key(iroh::SecretKey::from_bytes(&[67; 32]))
        .relay_mode(iroh::RelayMode::Custom(RelayConfig::new(url.parse().unwrap(), None).into()))
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap();
    let mut status = endpoint.home_relay_status();
    let mut denied = || status.get().iter().find_map(|state| state.auth_denied_reason().map(str::to_owned));
    until("the stranger is refused", || denied().is_some_and(|why| why.contains("members"))).await;
    assert!(!endpoint.home_relay_status().get().iter().any(iroh::endpoint::RelayStatus::is_connected));

    let device = device_of(&endpoint);
    dora.network.effect(Effect::Admit { web: crate::house::WEB, devices: vec![device] });
    until("a member is carried", || {
        endpoint.home_relay_status().get().iter().any(iroh::endpoint::RelayStatus::is_connected)
    })
    .await;
    dora.network.effect(Effect::Admit { web: crate::house::WEB, devices: Vec::new() });
    until("the removed is carried no more", || {
        !endpoint.home_relay_status().get().iter().any(iroh::endpoint::RelayStatus::is_connected)
    })
    .await;
    let again = dora.noticed("people.relay").await;
    assert_eq!(String::from_utf8(again).unwrap(), url, "the relay is where it was");
    endpoint.close().await;
    dora.stop().await;
}

/// Mallory, Bob or whoever comes with a token.
async fn newcomer(seed: u8, url: &str, token: Option<&str>) -> iroh::Endpoint {
    let mut relay = RelayConfig::new(url.parse().unwrap(), None);
    if let Some(token) = token {
        relay = relay.with_auth_token(token);
    }
    iroh::Endpoint::builder(iroh::endpoint::presets::Minimal)
        .secret_key(iroh::SecretKey::from_bytes(&[seed; 32]))
        .relay_mode(iroh::RelayMode::Custom(relay.into()))
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap()
}

fn is_carried(endpoint: &iroh::Endpoint) -> bool {
    endpoint.home_relay_status().get().iter().any(iroh::endpoint::RelayStatus::is_connected)
}

fn is_denied(endpoint: &iroh::Endpoint) -> bool {
    endpoint.home_relay_status().get().iter().any(|state| state.auth_denied_reason().is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_carries_for_who_is_invited_until_the_invitation_ends() {
    let home = tempfile::tempdir().unwrap();
    let mut settings = config(1, home.path());
    settings.limits = TimeLimits { relay_watch: Duration::from_millis(200), ..TimeLimits::default() };
    let mut dora = Peer::start_with(settings, home, 1_000).await;
    let url = relay(&mut dora).await;
    // "hello" as a token.
    let bob = newcomer(67, &url, Some("aGVsbG8")).await;
    until("nobody has invited him", || is_denied(&bob)).await;
    bob.close().await;

    let bob = newcomer(67, &url, Some("aGVsbG8")).await;
    dora.rights.invite(device_of(&bob), b"hello");
    until("Bob is carried", || is_carried(&bob)).await;
    let mallory = newcomer(68, &url, Some("aGVsbG8")).await;
    until("what Bob shows does not serve Mallory", || is_denied(&mallory)).await;

    dora.rights.end_invitations();
    until("the invitation has ended", || is_denied(&bob) && !is_carried(&bob)).await;
    for endpoint in [bob, mallory] {
        endpoint.close().await;
    }
    dora.stop().await;
}
