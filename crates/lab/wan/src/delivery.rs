//! Packets on their way: each is handed over when its time has come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio::sync::mpsc;
use tokio::time::Instant;

/// Packets on their way to one place at most, twice: 100 Mbit/s for a second. Further ones are dropped.
const ON_THE_WAY_MAX: usize = 8192;

/// Takes packets with the time of their arrival.
pub(crate) type Outbound = mpsc::Sender<(Instant, Vec<u8>)>;

/// A packet on its way, ordered by arrival and, at the same time, by number.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OnTheWay {
    at: Instant,
    number: u64,
    bytes: Vec<u8>,
}

/// Returns both ends of a way to one place; a sender that finds it full drops the packet.
pub(crate) fn way() -> (Outbound, mpsc::Receiver<(Instant, Vec<u8>)>) {
    mpsc::channel(ON_THE_WAY_MAX)
}

/// Hands over packets, each at its time, until nobody can send any more.
pub(crate) async fn deliver(mut arrivals: mpsc::Receiver<(Instant, Vec<u8>)>, hand_over: impl Fn(&[u8])) {
    let mut waiting: BinaryHeap<Reverse<OnTheWay>> = BinaryHeap::new();
    let mut number = 0;
    loop {
        let next = waiting.peek().map(|Reverse(packet)| packet.at);
        let is_full = waiting.len() >= ON_THE_WAY_MAX;
        tokio::select! {
            arrival = arrivals.recv(), if !is_full => {
                let Some((at, bytes)) = arrival else { break };
                number += 1;
                waiting.push(Reverse(OnTheWay { at, number, bytes }));
            }
            () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                let now = Instant::now();
                while waiting.peek().is_some_and(|Reverse(packet)| packet.at <= now) {
                    let Some(Reverse(packet)) = waiting.pop() else { break };
                    hand_over(&packet.bytes);
                }
            }
        }
    }
}
