//! Somebody in the middle of a join, who swaps addresses, keys and tickets: real peers, and Mallory with the real network
//! and her own head.
//!
//! What she can do with a line between two members is tested in `crates/drivers/network/tests/all/mallory.rs`.

use std::sync::Arc;
use std::time::Duration;

use api::host::AskStatus;
use api::people::{AskJoining, AskMembers, AskWebs, Join, JoinState};
use base::{ContentId, DeviceId};
use kernel::{Channel, Effect, Input};
use network::{Network, NetworkConfig, Rights};
use tokio::sync::mpsc;
use wire::crypto::{PersonKey, SignKey, Signer as _};
use wire::entry::{Entry, Header, Log};
use wire::governance::{Action, Operation};
use wire::identity::Inception;
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};
use wire::ticket::{Door, Ticket};

use super::cast::Person;

struct NoRights;

impl Rights for NoRights {
    fn sources(&self, _: DeviceId, contents: &[ContentId]) -> Vec<Option<files::jobs::Source>> {
        vec![None; contents.len()]
    }
}

/// Mallory: real connections, and she says what she likes.
struct Mallory {
    network: Network,
    inputs: mpsc::Receiver<Input>,
    key: SignKey,
    _home: tempfile::TempDir,
}

impl Mallory {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = NetworkConfig {
            bind: vec!["127.0.0.1:0".parse().unwrap()],
            ..NetworkConfig::new([66; 32], home.path().to_owned())
        };
        let (sender, inputs) = mpsc::channel(1_000);
        let network = Network::start_with(config, Arc::new(NoRights), sender).await.unwrap();
        Self { network, inputs, key: SignKey::from_seed(&[66; 32]), _home: home }
    }

    /// The invitation with herself for a door: Bob reaches her instead of Alice.
    fn swap_door(&self, link: &str) -> Ticket {
        let mut ticket = Ticket::from_text(link).unwrap();
        ticket.doors = vec![Door { device: self.network.me(), addresses: self.network.addresses() }];
        ticket
    }

    fn say(&self, to: DeviceId, message: &Message) {
        let message = wire::to_bytes(message);
        self.network.effect(Effect::Send { to, channel: Channel::Join, service: "people", message });
    }

    async fn heard(&mut self) -> (DeviceId, Message) {
        let hearing = async {
            loop {
                let input = self.inputs.recv().await.unwrap();
                if let Input::Heard { from, channel: Channel::Join, message, .. } = input {
                    return (from, Message::read(&message).unwrap());
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), hearing).await.expect("somebody speaks")
    }

    /// Connects with a member as a stranger.
    async fn call(&mut self, member: &Person) {
        let status = member.until(AskStatus {}, |status| !status.addresses.is_empty()).await;
        let device = member.peer.device();
        self.network.effect(Effect::Addresses { device, addresses: status.addresses });
        self.network.effect(Effect::Connect { to: device, channel: Channel::Join });
        let connecting = async {
            loop {
                match self.inputs.recv().await.unwrap() {
                    Input::Connected { device: with, .. } if with == device => return,
                    Input::Disconnected { device: with, .. } if with == device => panic!("the door is shut"),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), connecting).await.expect("the door opens");
    }

    /// A web of her own: the entry that begins it.
    fn genesis(&self) -> Vec<u8> {
        let recovery = SignKey::from_seed(&[67; 32]);
        let inception = Inception::new(&recovery, &self.key, &PersonKey::from_seed(&[68; 32])).to_bytes();
        let action = Action::Genesis {
            nonce: base::EntryId::new([1; 32]),
            inception: inception.into(),
            chain: None,
            key: None,
        };
        let time = base::Timestamp::from_millis(1_790_000_000_000);
        let operation = Operation { deps: Vec::new(), lamport: 1, time, action };
        let header = Header {
            version: 1,
            web: base::WebId::new([0; 32]),
            log: Log::Governance,
            author: self.key.device(),
            seq: 1,
            previous: base::EntryId::new([0; 32]),
            body: wire::to_bytes(&operation).into(),
        };
        Entry::sign(header, &self.key).bytes
    }
}

async fn names(person: &Person) -> Vec<String> {
    let members = person.ask(AskMembers { web: "family".to_owned() }).await;
    members.members.into_iter().map(|member| member.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_was_swapped_cannot_pass_its_own_web_off_as_the_one_of_the_ticket() {
    let (alice, bob) = tokio::join!(Person::new("Alice"), Person::new("Bob"));
    alice.start_web("family").await;
    let link = alice.invite("family").await.link;
    let mut mallory = Mallory::new().await;
    let swapped = mallory.swap_door(&link).to_text();
    let joining = bob.ask(Join { link: swapped.clone() }).await;
    let (from, hello) = mallory.heard().await;
    assert_eq!(from, bob.peer.device());
    let Message::Hello { web, .. } = hello else { panic!("{hello:?}") };
    // Her own web's beginning under the name of Alice's: it does not hash to the name.
    let offer = Message::Offer { web, genesis: mallory.genesis().into(), heads: Vec::new(), lamport: 1 };
    mallory.say(from, &offer);
    // And the keys of it, which Bob has not asked for.
    mallory.say(from, &Message::Welcome { web, keys: Vec::new() });
    // Then she says that there is no such web, as an honest stranger would.
    mallory.say(from, &Message::Refused { web, why: wire::join::Refusal::Unknown });
    let ended = bob.until(AskJoining { id: joining.id }, |joining| joining.state == JoinState::Refused).await;
    assert_eq!(ended.why, "the web does not know this invitation");
    assert!(bob.ask(AskWebs {}).await.webs.is_empty(), "nothing is joined");
    assert_eq!(names(&alice).await, ["Alice"]);
    // The true invitation was not used up by it.
    bob.join(&link).await;
    bob.sees("family", &["Alice", "Bob"]).await;
    alice.peer.stop().await;
    bob.peer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_in_the_middle_that_passes_a_join_on_gets_nobody_in() {
    let (alice, bob) = tokio::join!(Person::new("Alice"), Person::new("Bob"));
    alice.start_web("family").await;
    alice.share("family", "docs", &[("plan.md", b"one")]).await;
    let link = alice.invite("family").await.link;
    let mut mallory = Mallory::new().await;
    let swapped = mallory.swap_door(&link);
    let joining = bob.ask(Join { link: swapped.to_text() }).await;
    let (from_bob, hello) = mallory.heard().await;
    let Message::Hello { web, .. } = hello else { panic!("{hello:?}") };

    // Bob's words out of Mallory's mouth: the proof is bound to his device, and the line to hers.
    mallory.call(&alice).await;
    let at_alice = alice.peer.device();
    mallory.say(at_alice, &hello);
    let refused = mallory.heard_from(at_alice).await;
    assert_eq!(refused, Message::Refused { web, why: wire::join::Refusal::Unknown });

    // She holds the ticket, for she swapped it, so she can ask in her own name. What she is offered she passes on to Bob,
    // and what he then signs back to Alice.
    let hers = mallory.own_hello(&swapped);
    mallory.say(at_alice, &hers);
    let offer = mallory.heard_from(at_alice).await;
    assert!(matches!(offer, Message::Offer { .. }), "{offer:?}");
    mallory.say(from_bob, &offer);
    let request = loop {
        // Bob knocks again now and then.
        match mallory.heard_from(from_bob).await {
            Message::Hello { .. } => {}
            request => break request,
        }
    };
    assert!(matches!(request, Message::Request { .. }), "{request:?}");
    mallory.say(at_alice, &request);
    // Alice says nothing to that; asked again for something, she still answers.
    mallory.say(at_alice, &hello);
    let answer = mallory.heard_from(at_alice).await;
    assert_eq!(answer, Message::Refused { web, why: wire::join::Refusal::Unknown });
    assert_eq!(names(&alice).await, ["Alice"], "nobody has come in");
    let status = bob.ask(AskJoining { id: joining.id }).await;
    assert_ne!(status.state, JoinState::Member, "{status:?}");
    alice.peer.stop().await;
    bob.peer.stop().await;
}

impl Mallory {
    async fn heard_from(&mut self, who: DeviceId) -> Message {
        loop {
            let (from, message) = self.heard().await;
            if from == who {
                return message;
            }
        }
    }

    /// Asks in her own name, with a ticket she has.
    fn own_hello(&self, ticket: &Ticket) -> Message {
        let recovery = SignKey::from_seed(&[67; 32]);
        let inception = Inception::new(&recovery, &self.key, &PersonKey::from_seed(&[68; 32]));
        let covered = proof_bytes(ticket.web, inception.person(), self.key.device());
        Message::Hello {
            web: ticket.web,
            ticket: ticket.id(),
            proof: ticket.key().sign(PROOF_DOMAIN, &covered),
            inception: inception.to_bytes().into(),
            chain: None,
        }
    }
}
