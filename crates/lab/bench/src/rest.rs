//! A peer at rest, and how soon one answers after a start.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use store::{Backing as _, Changes, RedbBacking};

use crate::folders::make_files;
use crate::peers::{Peer, text, web};
use crate::{Bench, RUNS, median};

/// How long a peer at rest is watched.
const WATCHED: Duration = Duration::from_secs(120);

/// Two peers with 3 webs and 100,000 listed files, nothing going on.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn at_rest(bench: &Bench) -> Result<()> {
    let mut peers = web(bench, &["alice", "bob"])?;
    for name in ["second", "third"] {
        peers[0].ask("people.start_web", &json!({ "name": name }))?;
        let invitation = peers[0].ask("people.invite", &json!({ "web": name }))?;
        peers[1].ask("people.join", &json!({ "link": text(&invitation, "link") }))?;
    }
    let folder = peers[0].folder.join("many");
    make_files(&folder, 100_000, 0)?;
    crate::peers::share(&peers[0], &folder, "many")?;
    peers[1].ask_until("search.find", &json!({ "query": "last small0", "names": true }), |found| {
        found["hits"].as_array().is_some_and(|hits| !hits.is_empty())
    })?;
    // As a computer is after it was switched on: what building the listing left in memory is not rest.
    peers[0].kill_and_start()?;
    peers[1].kill_and_start()?;
    std::thread::sleep(Duration::from_secs(60));
    let before: Vec<f64> = peers.iter().map(Peer::processor_seconds).collect::<Result<_>>()?;
    let bytes_before = loopback_bytes()?;
    std::thread::sleep(WATCHED);
    let bytes = (loopback_bytes()? - bytes_before) / WATCHED.as_secs_f64();
    for (peer, before) in peers.iter().zip(before) {
        let share = (peer.processor_seconds()? - before) / WATCHED.as_secs_f64() * 100.0;
        println!(
            "{}: {:.0} MB resident, {share:.2} % of a core",
            peer.folder.file_name().unwrap_or_default().to_string_lossy(),
            peer.resident_megabytes()?
        );
    }
    // Each packet on loopback is counted once as sent; two peers share the line.
    println!("loopback: {:.0} B/s for two peers, so {:.0} B/s sent by each", bytes, bytes / 2.0);
    Ok(())
}

/// From the start of the process to the first answer: fresh, and after kill -9 with a store of 1 GB.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn start(bench: &Bench) -> Result<()> {
    let mut peer = Peer::start(bench, "alice")?;
    let mut fresh = Vec::new();
    for _ in 0..RUNS {
        fresh.push(peer.kill_and_start()?.as_secs_f64() * 1000.0);
    }
    peer.kill()?;
    fill(&peer.home())?;
    let mut large = Vec::new();
    for _ in 0..RUNS {
        large.push(peer.kill_and_start()?.as_secs_f64() * 1000.0);
        peer.ask("people.introduce", &json!({ "name": "Alice" }))?;
    }
    println!(
        "start to first answer, median of {RUNS} after kill -9: {:.0} ms, with a 1 GB store {:.0} ms",
        median(fresh),
        median(large)
    );
    Ok(())
}

/// Adds rows until the home's store has 1 GB.
fn fill(home: &std::path::Path) -> Result<()> {
    let file = std::fs::read_dir(home)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "redb"))
        .context("no store in the home")?;
    let backing = RedbBacking::open(&file)?;
    let mut number = 0_u64;
    while std::fs::metadata(&file)?.len() < 1_000_000_000 {
        let mut changes = Changes::default();
        for _ in 0..10_000 {
            number += 1;
            changes.set("bench.filler", &number.to_be_bytes(), Some(vec![7; 1000]));
        }
        backing.commit(changes, store::Durability::Durable)?;
    }
    Ok(())
}

/// Bytes sent over the loopback interface so far.
pub(crate) fn loopback_bytes() -> Result<f64> {
    let devices = std::fs::read_to_string("/proc/net/dev")?;
    let line = devices.lines().find(|line| line.trim_start().starts_with("lo:")).context("no loopback")?;
    line.split_whitespace().nth(9).context("no counter")?.parse().context("no number")
}
