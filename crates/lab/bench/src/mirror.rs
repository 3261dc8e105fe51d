//! Two laptops that are never on together, and a carrier that always is: many small files and a large one.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::Bench;
use crate::peers::{Peer, random_file, share, text, web};

const FILES: u64 = 10_000;
const LARGE: u64 = 1 << 30;

/// 10,000 files of a few bytes and one of 1 GiB, from Alice through Dora, who reads nothing, to Bob.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn never_together(bench: &Bench) -> Result<()> {
    let mut peers = web(bench, &["alice", "bob"])?;
    let dora = Peer::start(bench, "dora")?;
    let (mut bob, mut alice) = (peers.pop().context("bob")?, peers.pop().context("alice")?);
    let invitation = alice.ask("people.invite", &json!({ "web": "bench", "role": "carrier" }))?;
    let serve = json!({ "web": text(&invitation, "link"), "mirror": 10_000_000_000_u64 });
    dora.ask("people.serve", &serve)?;
    alice.ask_until("files.mirrored", &json!({ "web": "bench" }), |answer| {
        answer["mirrors"].as_array().is_some_and(|all| all.iter().any(|one| one["is_here"] == true))
    })?;
    bob.kill()?;

    let small = alice.folder.join("small");
    make_notes(&small)?;
    share(&alice, &small, "small")?;
    let took = until_mirrored(&alice, FILES)?;
    let cost = alice.processor_seconds()?;
    println!("{FILES} small files hashed and shared; all at the mirror {} later", seconds(took));
    random_file(&alice.folder.join("large/film.bin"), LARGE)?;
    share(&alice, &alice.folder.join("large"), "large")?;
    let took = until_mirrored(&alice, FILES + 1)?;
    let cost = alice.processor_seconds()? - cost;
    println!(
        "1 GiB hashed and shared; at the mirror {} later, {cost:.1} s of processor at the sender",
        seconds(took)
    );
    let stock = dora.ask("files.mirrored", &json!({ "web": "bench" }))?;
    println!("the mirror: {}, {:.0} MB resident", text(&stock, "what"), dora.resident_megabytes()?);
    alice.kill()?;

    let begun = Instant::now();
    bob.start_again()?;
    let path = json!({ "path": "bench/alice/small", "limit": 10_000 });
    bob.ask_until("files.list", &path, |listing| {
        listing["entries"].as_array().is_some_and(|entries| entries.len() as u64 >= FILES.div_ceil(1_000))
    })?;
    bob.ask_until("files.about", &json!({ "path": "bench/alice/large/film.bin" }), |about| {
        about["entry"]["size"].as_u64() == Some(LARGE)
    })?;
    println!("Bob, started, sees both shares after {}", seconds(begun.elapsed()));
    println!("he gets the small files in {}", seconds(bob.get("bench/alice/small")?));
    println!("he gets the large one in {}", seconds(bob.get("bench/alice/large")?));
    let copy = bob.folder.join("copy");
    let transfer = bob.ask("files.get", &json!({ "path": "bench/alice/large", "to": copy }))?;
    let id = json!({ "id": transfer["id"] });
    bob.ask_until("files.transfer", &id, |answer| text(answer, "state") == "done")?;
    let is_same = same(&alice.folder.join("large/film.bin"), &copy.join("large/film.bin"))?;
    println!("what came is what was sent: {is_same}");
    Ok(())
}

fn until_mirrored(alice: &Peer, count: u64) -> Result<Duration> {
    alice.ask_until("files.mirrored", &json!({ "web": "bench" }), |answer: &Value| {
        answer["mirrored"].as_u64() == Some(count) && answer["waiting"].as_u64() == Some(0)
    })
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Makes files of a few bytes each, a thousand in a folder, all different.
fn make_notes(folder: &Path) -> Result<()> {
    for number in 0..FILES {
        let inner = folder.join(format!("folder{}", number / 1_000));
        std::fs::create_dir_all(&inner)?;
        std::fs::write(inner.join(format!("note{number}.txt")), format!("note {number}\n"))?;
    }
    Ok(())
}

fn same(one: &Path, other: &Path) -> Result<bool> {
    let status = std::process::Command::new("cmp").arg(one).arg(other).status()?;
    Ok(status.success())
}
