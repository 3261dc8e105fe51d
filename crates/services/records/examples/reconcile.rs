//! Measures what two peers with a million records in common say to each other before they have the last hundred, too.
//!
//! `cargo run --example reconcile -- [RECORDS] [DEVICES] [NEW]`: the peers of one web write RECORDS in all, two of
//! them are apart while NEW more are written, and meet again. Real kernels, real signatures, no network.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement says what it finds or stops"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::pedantic,
    clippy::type_complexity,
    reason = "time is what is measured; the town is a test's"
)]

#[path = "../tests/all/town.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of it is used here")]
mod town;

use std::time::{Duration, Instant};

use town::Town;

/// Bytes of a record as `files` writes one for a file.
const RECORD_SIZE: usize = 120;

/// Records given to the kernel at once.
const AT_ONCE: usize = 5_000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let records = arguments.next().unwrap_or(1_000_000);
    let devices = arguments.next().unwrap_or(4).max(2);
    let new = arguments.next().unwrap_or(100);

    let mut town = Town::new(devices, 1);
    let web = town.found(1);
    town.pass(Duration::from_secs(2));
    let begun = Instant::now();
    let mut written = 0_usize;
    while written < records {
        let count = AT_ONCE.min(records - written);
        let author = (written / AT_ONCE) % devices;
        town.publish(author, web, bodies(written, count));
        town.pass(Duration::from_millis(400));
        written += count;
        // What the stand-in heard is kept for tests; here it would fill the memory.
        for peer in &town.peers {
            peer.desk.told.lock().unwrap().clear();
        }
    }
    town.pass(Duration::from_secs(120));
    town.assert_agree(web);
    println!(
        "{records} records of {devices} devices at {devices} peers after {:.0} s",
        begun.elapsed().as_secs_f64()
    );

    // Everybody else goes; the last two part, and one writes what the other does not know.
    for index in 2..devices {
        town.stop(index);
    }
    let mut sides = vec![0; devices];
    sides[1] = 1;
    town.split(&sides);
    town.publish(0, web, bodies(written, new));
    town.pass(Duration::from_secs(10));
    let before = (town.peers[0].sent_bytes + town.peers[1].sent_bytes, told(&town, 1));
    town.split(&vec![0; devices]);
    let (meeting, begun) = (town.now, Instant::now());
    let deadline = town.now + 180_000;
    while told(&town, 1) < before.1 + new && town.now < deadline {
        town.pass(Duration::from_millis(10));
    }
    let spent = begun.elapsed();
    let said = town.peers[0].sent_bytes + town.peers[1].sent_bytes - before.0;
    assert_eq!(told(&town, 1), before.1 + new, "all new records arrive");
    println!(
        "{new} new records: {said} bytes said by both, the new records included ({} bytes sealed and signed at least), \
         {:.1} ms of computing by both, {} ms of simulated time with a latency of {} ms",
        entries(&town, web),
        spent.as_secs_f64() * 1e3,
        town.now - meeting,
        town::LATENCY_MS,
    );
}

/// Makes records that compress as little as real ones: half of each is an id.
fn bodies(first: usize, count: usize) -> Vec<Vec<u8>> {
    let body = |number: usize| {
        let mut body = vec![0; RECORD_SIZE];
        blake3::Hasher::new().update(&number.to_be_bytes()).finalize_xof().fill(&mut body[..RECORD_SIZE / 2]);
        body
    };
    (first..first + count).map(body).collect()
}

fn told(town: &Town, index: usize) -> usize {
    let told = town.peers[index].desk.told.lock().unwrap();
    told.iter().filter(|told| matches!(told, records::Told::Record { .. })).count()
}

/// Returns the size of the newest entry of the first peer.
fn entries(town: &Town, web: base::WebId) -> usize {
    let rows = town.rows(0);
    let heads = records::heads(&*rows, web).unwrap();
    let mine = heads
        .iter()
        .find(|head| head.device == town.peers[0].device && head.log == wire::entry::Log::Records);
    let head = mine.unwrap();
    records::entry(&*rows, web, head.device, head.log, head.seq).unwrap().unwrap().len()
}
