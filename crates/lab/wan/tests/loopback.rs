//! The shaper on loopback, which needs no namespaces: what arrives is what the seed says.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use wan::{Forwarder, Path, Quality, Verdict};

/// Few enough for the buffer of a socket.
const DATAGRAMS: u32 = 150;

const SEED: u64 = 11;

/// Returns which of the datagrams a line lets through, and in which stream of the seed.
fn survivors(quality: Quality, stream: u64, numbers: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    let mut path = Path::new(quality, SEED, stream);
    let is_through = |_: &u32| !matches!(path.pass(Duration::ZERO, 4), Verdict::Lost);
    numbers.into_iter().filter(is_through).collect()
}

async fn receive(socket: &UdpSocket, count: usize) -> Vec<(u32, std::net::SocketAddr)> {
    let mut received = Vec::new();
    while received.len() < count {
        let mut bytes = [0; 4];
        let (_, from) = socket.recv_from(&mut bytes).await.expect("loopback receives");
        received.push((u32::from_be_bytes(bytes), from));
    }
    received
}

#[tokio::test]
async fn a_line_on_loopback_loses_and_delays_what_its_seed_says_in_both_directions() {
    let quality = Quality { delay: Duration::from_millis(30), loss: 0.1, ..Quality::default() };
    let target = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let line = Forwarder::begin(target.local_addr().unwrap(), quality, SEED).await.unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let begun = Instant::now();
    for number in 0..DATAGRAMS {
        sender.send_to(&number.to_be_bytes(), line.address()).await.unwrap();
    }
    let there = survivors(quality, 0, 0..DATAGRAMS);
    let arrived = receive(&target, there.len()).await;
    assert!(begun.elapsed() >= quality.delay);
    assert_eq!(
        arrived.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        there.iter().copied().collect::<Vec<_>>()
    );
    assert!(there.len() < DATAGRAMS as usize, "seed {SEED} loses some");
    for (number, from) in &arrived {
        target.send_to(&number.to_be_bytes(), from).await.unwrap();
    }
    let back = survivors(quality, 1, there);
    let answers: Vec<u32> = receive(&sender, back.len()).await.iter().map(|(number, _)| *number).collect();
    assert!(begun.elapsed() >= quality.delay * 2);
    assert_eq!(answers, back.into_iter().collect::<Vec<_>>());
}
