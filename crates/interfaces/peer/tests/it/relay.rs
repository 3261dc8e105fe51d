//! A relay inside a real peer, and whom it carries for: members, and who shows an open invitation made out to nobody else.

use std::time::Duration;

use api::host::AskNet;
use api::people::{Invitation, Revoke, Serve};
use iroh::endpoint::{RelayStatus, presets};
use iroh::{Endpoint, RelayConfig, RelayMode, SecretKey, Watcher as _};
use wire::crypto::{PersonKey, SignKey, Signer as _};
use wire::identity::Inception;
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};
use wire::ticket::Ticket;

use super::cast::Person;

/// Somebody with keys and no peer.
struct Newcomer {
    seed: u8,
    device: SignKey,
    inception: Inception,
}

impl Newcomer {
    fn new(seed: u8) -> Self {
        let device = SignKey::from_seed(&[seed; 32]);
        let recovery = SignKey::from_seed(&[seed + 100; 32]);
        let inception = Inception::new(&recovery, &device, &PersonKey::from_seed(&[seed + 50; 32]));
        Self { seed, device, inception }
    }

    /// What a peer that holds this invitation shows a relay.
    fn token(&self, link: &str) -> String {
        let ticket = Ticket::from_text(link).unwrap();
        let covered = proof_bytes(ticket.web, self.inception.person(), self.device.device());
        let hello = Message::Hello {
            web: ticket.web,
            ticket: ticket.id(),
            proof: ticket.key().sign(PROOF_DOMAIN, &covered),
            inception: self.inception.to_bytes().into(),
            chain: None,
        };
        data_encoding::BASE64URL_NOPAD.encode(&wire::to_bytes(&hello))
    }

    /// Comes to a relay with a token, and says whether it is carried.
    async fn is_carried(&self, url: &str, token: Option<&str>) -> bool {
        let mut relay = RelayConfig::new(url.parse().unwrap(), None);
        if let Some(token) = token {
            relay = relay.with_auth_token(token);
        }
        let endpoint = Endpoint::builder(presets::Minimal)
            .secret_key(SecretKey::from_bytes(&[self.seed; 32]))
            .relay_mode(RelayMode::Custom(relay.into()))
            .clear_ip_transports()
            .bind_addr("127.0.0.1:0")
            .unwrap()
            .bind()
            .await
            .unwrap();
        let mut status = endpoint.home_relay_status();
        let answered = async {
            loop {
                let states = status.get();
                if states.iter().any(RelayStatus::is_connected) {
                    return true;
                }
                if states.iter().any(|state| state.auth_denied_reason().is_some()) {
                    return false;
                }
                status.updated().await.unwrap();
            }
        };
        let answer =
            tokio::time::timeout(Duration::from_secs(30), answered).await.expect("the relay answers");
        endpoint.close().await;
        answer
    }
}

/// Alice serves her web as relay; returns the relay's URL.
async fn relay_of(alice: &Person) -> String {
    alice.ask(Serve { web: "family".to_owned(), relay: true, ..Serve::default() }).await;
    let serves =
        |net: &api::host::Net| net.computers.iter().any(|one| one.serves.contains(&"relay".to_owned()));
    let net = alice.until(AskNet { web: None }, serves).await;
    // The same number for UDP and TCP.
    let direct = net.addresses.iter().find(|address| address.starts_with("127.")).unwrap();
    format!("http://{direct}/")
}

async fn invite(alice: &Person) -> Invitation {
    let hours = Some(1);
    let uses = Some(3);
    alice.ask(api::people::Invite { web: "family".to_owned(), role: None, uses, hours, approve: false }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_carries_for_a_newcomer_who_shows_an_open_invitation_and_for_no_stranger() {
    let alice = Person::new("Alice").await;
    alice.start_web("family").await;
    let url = relay_of(&alice).await;
    let (bob, mallory) = (Newcomer::new(20), Newcomer::new(66));
    let invitation = invite(&alice).await;
    let token = bob.token(&invitation.link);

    assert!(!mallory.is_carried(&url, None).await, "a stranger without an invitation");
    assert!(!mallory.is_carried(&url, Some("frogs")).await, "no token at all");
    assert!(bob.is_carried(&url, Some(&token)).await, "who is invited");
    assert!(!mallory.is_carried(&url, Some(&token)).await, "what Bob showed, shown by Mallory");
    let made_up = Ticket::from_text(&invitation.link).unwrap();
    let made_up = Ticket::new(made_up.web, [9; 32], made_up.expires).to_text();
    assert!(!mallory.is_carried(&url, Some(&mallory.token(&made_up))).await, "a ticket Alice never made");

    let revoke = Revoke { web: "family".to_owned(), invitation: invitation.id.to_string() };
    alice.ask(revoke).await;
    assert!(!bob.is_carried(&url, Some(&token)).await, "the invitation has ended");
    let other = bob.token(&invite(&alice).await.link);
    assert!(bob.is_carried(&url, Some(&other)).await, "another one holds");
    alice.peer.stop().await;
}
