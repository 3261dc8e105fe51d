//! Many small files: what listing costs, how soon it is seen, and how soon a save is.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::peers::{text, web};
use crate::{Bench, RUNS, median};

const FILES: usize = 20_000;

/// A share of 20,000 small files: processor time at the owner, first entries and all entries at the other peer.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn listing(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let (mut listed, mut hashed, mut first, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let folder = alice.folder.join(format!("small{run}"));
        make_files(&folder, FILES, run)?;
        let before = alice.processor_seconds()?;
        let begun = Instant::now();
        alice.ask(
            "files.share",
            &json!({ "web": "bench", "folder": folder, "name": format!("small{run}") }),
        )?;
        let path = json!({ "path": format!("bench/alice/small{run}/folder000"), "limit": 10_000 });
        bob.ask_until("files.list", &path, |listing| {
            listing["entries"].as_array().is_some_and(|entries| !entries.is_empty())
        })?;
        let prefix = format!("bench/alice/small{run}");
        bob.ask_until("files.list", &json!({ "path": prefix }), |listing| {
            listing["entries"].as_array().is_some_and(|entries| entries.len() >= 10)
        })?;
        first.push(begun.elapsed().as_secs_f64());
        let share_is = |field: &'static str| {
            let name = format!("/small{run}");
            move |shares: &Value| {
                shares["shares"].as_array().is_some_and(|shares| {
                    shares.iter().any(|share| {
                        text(share, "path").ends_with(&name) && share[field].as_u64() == Some(20_000)
                    })
                })
            }
        };
        alice.ask_until("files.shares", &json!({}), share_is("files"))?;
        listed.push((alice.processor_seconds()? - before) * 1000.0 / 20_000.0);
        bob.ask_until(
            "search.find",
            &json!({ "query": format!("small{run} last"), "names": true }),
            |found| found["hits"].as_array().is_some_and(|hits| !hits.is_empty()),
        )?;
        all.push(begun.elapsed().as_secs_f64());
        alice.ask_until("files.shares", &json!({}), share_is("hashed"))?;
        hashed.push((alice.processor_seconds()? - before) * 1000.0 / 20_000.0);
        println!(
            "run {run}: {:.3} ms processor per file until listed, {:.3} until hashed; first entries at bob {:.2} s, last {:.2} s",
            listed[run], hashed[run], first[run], all[run]
        );
    }
    println!(
        "20,000 files, median of {RUNS}: {:.3} ms per file until listed, {:.3} until hashed; first 1,000 entries after {:.2} s, all after {:.2} s",
        median(listed),
        median(hashed),
        median(first),
        median(all)
    );
    Ok(())
}

/// From a save in Alice's folder to the new revision in Bob's tree, all else quiet.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn save_to_visible(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let folder = alice.folder.join("notes");
    make_files(&folder, 10, 0)?;
    crate::peers::share(alice, &folder, "notes")?;
    let path = json!({ "path": "bench/alice/notes/folder000/note" });
    let mut times = Vec::new();
    for revision in 1..=20_u64 {
        std::thread::sleep(Duration::from_millis(1_500));
        let begun = Instant::now();
        std::fs::write(folder.join("folder000/note"), format!("revision {revision}\n"))?;
        bob.ask_until("files.about", &path, |about| about["entry"]["revision"].as_u64() == Some(revision))?;
        times.push(begun.elapsed().as_secs_f64());
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    println!(
        "save to visible at the other peer, 20 saves: median {:.3} s, worst {worst:.3} s",
        median(times)
    );
    Ok(())
}

/// Makes small files in folders of 100; the last is called so.
pub(crate) fn make_files(folder: &std::path::Path, count: usize, run: usize) -> Result<()> {
    for number in 0..count {
        let inner = folder.join(format!("folder{:03}", number / 100));
        if number % 100 == 0 {
            std::fs::create_dir_all(&inner)?;
        }
        let name = if number + 1 == count { format!("last small{run}") } else { format!("file{number}.txt") };
        // About 6 KiB each, as in the 122 MB tree of facts/files-and-pool.md.
        std::fs::write(inner.join(name), format!("run {run} file {number}\n").repeat(300))?;
    }
    Ok(())
}
