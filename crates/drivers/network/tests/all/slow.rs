//! Peers that are slow, and peers that stop in the middle: who is slow is waited for, who is silent is not, and
//! nobody else waits with them.
//!
//! Mallory's pauses are real ones, milliseconds long; the limits of the peer under test are short instead.

use std::time::Duration;

use crate::house::relay::{Pace, Relay, address_of, device_of, stranger};
use crate::house::{PATIENCE, Peer, WEB, config, id_of, in_place, noise};
use base::{ContentId, DeviceId};
use files::jobs::{self, BundleItem, FetchFailure};
use iroh::endpoint::{Connection, RecvStream, SendStream};
use kernel::{Channel, Effect, Input, JobFailure};
use network::TimeLimits;

const MEMBER: &[u8] = b"althing/member/1";
const MIB: u64 = 1024 * 1024;
const SHORT: Duration = Duration::from_millis(400);

async fn start(seed: u8, limits: TimeLimits) -> Peer {
    let home = tempfile::tempdir().unwrap();
    let config = network::NetworkConfig { limits, ..config(seed, home.path()) };
    Peer::start_with(config, home, 1_000).await
}

/// Mallory, a member as far as Alice knows, on the channel of members.
async fn mallory_dials(alice: &Peer) -> (iroh::Endpoint, Connection, SendStream, RecvStream) {
    let endpoint = stranger(66, &[MEMBER]).await;
    alice.trust(&endpoint);
    let connection = endpoint.connect(address_of(alice), MEMBER).await.unwrap();
    let (send, receive) = connection.open_bi().await.unwrap();
    (endpoint, connection, send, receive)
}

/// The bytes of a message as it travels: a length, and `["records", message]`.
fn frame(message: &[u8]) -> Vec<u8> {
    let mut body = b"\x82\x67records\x58".to_vec();
    body.push(u8::try_from(message.len()).unwrap());
    body.extend_from_slice(message);
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body.as_slice()].concat()
}

async fn drip(send: &mut SendStream, bytes: &[u8]) {
    for byte in bytes {
        send.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_sends_byte_by_byte_is_heard() {
    let mut alice = Peer::start(1).await;
    let (mallory, _connection, mut send, _receive) = mallory_dials(&alice).await;
    let message = noise(1, 100);
    drip(&mut send, b"ALT1").await;
    alice.connected(device_of(&mallory)).await;
    for _ in 0..3 {
        drip(&mut send, &frame(&message)).await;
        assert_eq!(alice.heard().await, (device_of(&mallory), Channel::Member, message.clone()));
    }
    mallory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_stops_in_the_middle_of_a_message_loses_its_link_and_others_do_not_wait() {
    let mut alice = start(1, TimeLimits { message: SHORT, ..TimeLimits::default() }).await;
    let mut bob = Peer::start(2).await;
    let (mallory, connection, mut send, _receive) = mallory_dials(&alice).await;
    alice.admit_also(&bob);
    bob.admit(&alice);
    bob.network.effect(Effect::Connect { to: alice.me(), channel: Channel::Member });
    bob.connected(alice.me()).await;
    let whole = frame(b"never to be said");
    send.write_all(b"ALT1").await.unwrap();
    send.write_all(&whole[..whole.len() - 3]).await.unwrap();
    let message = b"good morning".to_vec();
    bob.network.effect(Effect::Send {
        to: alice.me(),
        channel: Channel::Member,
        service: "records",
        message,
    });
    let her = device_of(&mallory);
    let (mut is_heard, mut is_gone) = (false, false);
    alice
        .wait(|input| {
            match input {
                Input::Heard { from, message, .. } => {
                    assert_eq!((from, message.as_slice()), (bob.me(), b"good morning".as_slice()));
                    is_heard = true;
                }
                Input::Disconnected { device, .. } => {
                    assert_eq!(device, her);
                    is_gone = true;
                }
                _ => {}
            }
            (is_heard && is_gone).then_some(())
        })
        .await;
    let reason = tokio::time::timeout(PATIENCE, connection.closed()).await.expect("the connection is closed");
    println!("{reason}");
    mallory.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_that_never_ends_makes_no_link_whoever_dialled() {
    let mut alice = start(1, TimeLimits { greeting: SHORT, ..TimeLimits::default() }).await;
    let (mallory, connection, mut send, _receive) = mallory_dials(&alice).await;
    send.write_all(b"AL").await.unwrap();
    tokio::time::timeout(PATIENCE, connection.closed()).await.expect("the connection is closed");
    // She takes the call, and says nothing.
    let silent = mallory.clone();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let connection = silent.accept().await.unwrap().await.unwrap();
        let _streams = connection.accept_bi().await;
        connection.closed().await;
    });
    alice.network.effect(Effect::Connect { to: device_of(&mallory), channel: Channel::Member });
    alice.disconnected(device_of(&mallory)).await;
    mallory.close().await;
}

struct Stage {
    alice: Peer,
    bob: Peer,
    relay: Relay,
    content: ContentId,
    size: u64,
    bytes: Vec<u8>,
}

/// Alice has a file of so many bytes, Bob gets it from Mallory, who has a pace of her own.
async fn stage(length: usize, limits: TimeLimits, pace: Pace) -> Stage {
    let (alice, bob) = (Peer::start(1).await, start(2, limits).await);
    alice.admit(&bob);
    bob.admit(&alice);
    let bytes = noise(1, length);
    let content = alice.share("film", &bytes, bob.me());
    let relay = Relay::start(&alice, &bob, (content, in_place(&alice.path("film"))), pace).await;
    Stage { alice, bob, relay, content, size: u64::try_from(length).unwrap(), bytes }
}

impl Stage {
    async fn fetch(&mut self, from: DeviceId, ranges: &[(u64, u64)]) -> Result<u64, FetchFailure> {
        self.bob.fetch(from, self.content, self.size, ranges).await
    }

    /// Fetches from Mallory, who does not bring it to an end; then what is missing from Alice.
    async fn check(mut self, wanted: FetchFailure, kept: std::ops::RangeInclusive<u64>) {
        let whole = [(0, self.size)];
        let fetched = self.fetch(self.relay.device, &whole).await;
        assert_eq!(fetched, Err(wanted));
        let missing = self.bob.missing(self.content, self.size).await;
        let left: u64 = missing.iter().map(|(from, to)| to - from).sum();
        assert!(kept.contains(&(self.size - left)), "what came stays: {missing:?}");
        assert_eq!(self.fetch(self.alice.me(), &missing).await, Ok(left));
        assert_eq!(self.bob.read(self.content, 0..self.size).await, self.bytes);
        self.relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_slow_at_the_end_is_waited_for() {
    let pace = Pace::Drip { after: 100_000, pause: Duration::from_millis(1) };
    let mut stage = stage(100_000, TimeLimits::default(), pace).await;
    let whole = [(0, 100_000)];
    assert_eq!(stage.fetch(stage.relay.device, &whole).await, Ok(100_000));
    assert_eq!(stage.bob.read(stage.content, 0..100_000).await, stage.bytes);
    stage.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_at_all_is_given_up() {
    let limits = TimeLimits { answer: SHORT, ..TimeLimits::default() };
    let stage = stage(3_000_000, limits, Pace::Stop { after: 0 }).await;
    stage.check(FetchFailure::TimedOut, 0..=0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_stops_in_the_middle_is_given_up_and_what_came_stays() {
    let limits = TimeLimits { silence: SHORT, ..TimeLimits::default() };
    let stage = stage(6_000_000, limits, Pace::Stop { after: 3_000_000 }).await;
    stage.check(FetchFailure::TimedOut, 2 * MIB..=3_000_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_drips_is_given_up_and_what_came_stays() {
    let limits = TimeLimits { silence: SHORT, ..TimeLimits::default() };
    let pace = Pace::Drip { after: 3_000_000, pause: Duration::from_millis(5) };
    let stage = stage(6_000_000, limits, pace).await;
    stage.check(FetchFailure::TimedOut, 2 * MIB..=3_100_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_ends_early_has_not_sent_the_rest() {
    let stage = stage(6_000_000, TimeLimits::default(), Pace::End { after: 3_000_000 }).await;
    stage.check(FetchFailure::Unreachable, 2 * MIB..=3_000_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_stops_in_the_middle_is_given_up() {
    let mut bob = start(2, TimeLimits { bundle: SHORT, ..TimeLimits::default() }).await;
    let mallory = stranger(66, &[b"althing/bundle/1"]).await;
    bob.trust(&mallory);
    let stopping = mallory.clone();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let connection = stopping.accept().await.unwrap().await.unwrap();
        let (mut send, mut receive) = connection.accept_bi().await.unwrap();
        receive.read_to_end(100_000).await.unwrap();
        send.write_all(b"\0hello\0wor").await.unwrap();
        connection.closed().await;
    });
    let items =
        [b"hello".as_slice(), b"world"].map(|bytes| BundleItem { content: id_of(bytes), size: 5 }).to_vec();
    let bundle = jobs::Bundle { web: WEB, provider: device_of(&mallory), items };
    match bob.run(jobs::BUNDLE, &bundle).await {
        Ok(ended) => {
            let bundled: jobs::Bundled = jobs::from_bytes(&ended).unwrap();
            assert_eq!(bundled.outcomes, [jobs::ItemOutcome::Arrived, jobs::ItemOutcome::Failed]);
        }
        Err(JobFailure::Failed(text)) => assert_eq!(FetchFailure::of(&text), FetchFailure::TimedOut),
        Err(other) => panic!("{other:?}"),
    }
    mallory.close().await;
}
