//! Documents: typing to the other's screen, a component's change to its reader, opening large ones; the text alone.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use pages::edit::ChangeSet;
use pages::text::Text;
use serde_json::{Value, json};

use crate::Bench;
use crate::peers::{Peer, share, text, web};

/// Keystrokes measured.
const KEYS: usize = 200;

/// Saves of a component measured.
const SAVES: usize = 40;

/// Components of the large document.
const COMPONENTS: usize = 200;

/// Edits of the trace: as many as the public one of automerge-perf has.
const EDITS: usize = 259_778;

/// From a key on one peer until the other's page would have it; and a saved table until a reader sees the new number.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn live(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let begun = alice.ask("pages.new", &json!({ "web": "bench", "title": "Live" }))?;
    let document = text(&begun, "id").to_owned();
    bob.ask_until("pages.documents", &json!({}), |all| {
        all["documents"].as_array().is_some_and(|all| !all.is_empty())
    })?;
    println!("a key until the other has it, {KEYS} keys: {}", spread(keys(alice, bob, &document)?));
    let folder = alice.folder.join("numbers");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("sum.csv"), "what,sum\nall,0\n")?;
    share(alice, &folder, "numbers")?;
    bob.ask_until("files.about", &json!({ "path": "bench/alice/numbers/sum.csv" }), |about| {
        about["content"].is_string()
    })?;
    println!(
        "a saved table until its reader has the new number, {SAVES} saves: {}",
        spread(saves(bob, &folder)?)
    );
    Ok(())
}

fn keys(alice: &Peer, bob: &Peer, document: &str) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    let begun_with =
        text(&alice.ask("pages.document", &json!({ "document": document }))?, "text").encode_utf16().count();
    for key in 0..KEYS {
        // A quick typist: 10 keys a second, with pauses of different length so that no rhythm helps.
        std::thread::sleep(Duration::from_millis(80 + u64::try_from(key % 7).unwrap_or(0) * 13));
        let seen = bob.ask("pages.changes", &json!({ "document": document, "since": 1_000_000 }))?;
        let version = seen["version"].as_u64().unwrap_or(0);
        let mine = alice.ask("pages.changes", &json!({ "document": document, "since": 1_000_000 }))?;
        let edit = json!([begun_with + key, [0, "x"]]);
        let asked =
            json!({ "document": document, "version": mine["version"], "client": "bench", "edits": [edit] });
        let begun = Instant::now();
        alice.ask("pages.edit", &asked)?;
        bob.ask_until("pages.changes", &json!({ "document": document, "since": version }), |told| {
            told["version"].as_u64().is_some_and(|now| now > version)
        })?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(times)
}

fn saves(bob: &Peer, folder: &std::path::Path) -> Result<Vec<f64>> {
    let component = json!({ "link": "bench/alice/numbers/sum.csv" });
    let mut times = Vec::new();
    for save in 1..=SAVES {
        std::thread::sleep(Duration::from_millis(700));
        let begun = Instant::now();
        std::fs::write(folder.join("sum.csv"), format!("what,sum\nall,{save}\n"))?;
        let wanted = save.to_string();
        bob.ask_until("host.component", &component, |shown| {
            shown["table"]["rows"][1][1].as_str() == Some(wanted.as_str())
        })?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(times)
}

/// A document of 200 components from several owners, opened cold and warm; a note of a megabyte; the text alone.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn large(bench: &Bench) -> Result<()> {
    let names = ["alice", "bob", "carol", "dave", "eve"];
    let peers = web(bench, &names)?;
    let (reader, owners) = peers.split_first().context("there are five")?;
    let mut body = String::new();
    for (owner, name) in owners.iter().zip(names.iter().skip(1)) {
        let folder = owner.folder.join("parts");
        std::fs::create_dir_all(&folder)?;
        for number in 0..COMPONENTS / owners.len() {
            std::fs::write(folder.join(format!("{number}.csv")), format!("owner,number\n{name},{number}\n"))?;
        }
        share(owner, &folder, "parts")?;
    }
    for name in names.iter().skip(1) {
        for number in 0..COMPONENTS / owners.len() {
            let path = format!("bench/{name}/parts/{number}.csv");
            reader
                .ask_until("files.about", &json!({ "path": path }), |about| about["content"].is_string())?;
            let link = reader.ask("pages.link", &json!({ "path": path }))?;
            write!(body, "![{name} {number}]({})\n\n", text(&link, "link"))?;
        }
    }
    let begun = reader.ask("pages.new", &json!({ "web": "bench", "title": "Large", "text": body }))?;
    let document = json!({ "document": text(&begun, "id") });
    for state in ["cold", "warm"] {
        let begun = Instant::now();
        let shown = reader.ask("pages.document", &document)?;
        let components = shown["components"].as_array().context("it has components")?.clone();
        anyhow::ensure!(components.len() == COMPONENTS, "{} components", components.len());
        open_all(reader, &components)?;
        println!(
            "{COMPONENTS} components of {} owners, opened {state}: {:.2} s",
            owners.len(),
            begun.elapsed().as_secs_f64()
        );
    }
    let line = "some words of a long note that nobody reads to its end\n";
    let begun = reader.ask("pages.new", &json!({ "web": "bench", "title": "Long" }))?;
    let document = json!({ "document": text(&begun, "id") });
    // A request holds 256 KiB.
    let part = line.repeat(200_000 / line.len());
    for _ in 0..5 {
        reader.ask("pages.append", &json!({ "document": text(&begun, "id"), "text": part }))?;
    }
    let mut times = Vec::new();
    for _ in 0..11 {
        let begun = Instant::now();
        reader.ask("pages.document", &document)?;
        times.push(begun.elapsed().as_secs_f64());
    }
    println!("a note of 1 MB opened, 11 times: {}", spread(times));
    trace()
}

/// Asks for all components, eight at a time, as the page does.
fn open_all(reader: &Peer, components: &[Value]) -> Result<()> {
    std::thread::scope(|scope| {
        let parts: Vec<_> = components
            .chunks(components.len().div_ceil(8))
            .map(|part| {
                scope.spawn(move || -> Result<()> {
                    for one in part {
                        let shown =
                            reader.ask("host.component", &json!({ "link": one["target"]["link"] }))?;
                        anyhow::ensure!(shown["show"] == "table", "not shown: {shown}");
                    }
                    Ok(())
                })
            })
            .collect();
        for part in parts {
            part.join().ok().context("a thread panicked")??;
        }
        Ok(())
    })
}

/// As many edits as the public trace has, one by one, in the way people write: mostly the next character, sometimes elsewhere,
/// sometimes taking out.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn trace() -> Result<()> {
    let mut alice = Text::new(1);
    let (mut length, mut at, mut dice) = (0_usize, 0_usize, 0x9e37_79b9_u64);
    let begun = Instant::now();
    for _ in 0..EDITS {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = usize::try_from(dice >> 40).unwrap_or(0);
        if draw.is_multiple_of(100) {
            at = draw % (length + 1);
        }
        let is_removal = draw.is_multiple_of(8) && at > 0;
        let mut edit = ChangeSet::default();
        if is_removal {
            edit.keep(at - 1);
            edit.change(1, "");
            edit.keep(length - at);
            (at, length) = (at - 1, length - 1);
        } else {
            edit.keep(at);
            edit.change(0, "x");
            edit.keep(length - at);
            (at, length) = (at + 1, length + 1);
        }
        alice.edit(&edit).context("an edit does not fit")?;
    }
    let applied = begun.elapsed();
    let update = alice.since(1, 0).unwrap_or_default();
    let begun = Instant::now();
    let mut bob = Text::new(2);
    anyhow::ensure!(bob.take(&update, 1).is_ok() && bob.read() == alice.read(), "two texts");
    println!(
        "{EDITS} edits one by one: {:.2} s; merged by another in {:.0} ms, equal; {} kB as an update, {} kB as a snapshot",
        applied.as_secs_f64(),
        begun.elapsed().as_secs_f64() * 1_000.0,
        update.len() / 1_000,
        alice.snapshot().unwrap_or_default().len() / 1_000
    );
    Ok(())
}

/// Writes median, 99th of 100 and most, in milliseconds.
pub(crate) fn spread(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let at =
        |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied();
    let ms = |time: Option<f64>| time.unwrap_or_default() * 1_000.0;
    format!("median {:.0} ms, p99 {:.0} ms, most {:.0} ms", ms(at(50)), ms(at(99)), ms(at(100)))
}
