//! Liars: one member less than it takes to hold a file, who warns of clean files again and again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::peers::text;
use crate::redteam::cast::{Seat, TOWN};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::says;

/// Clean files that are warned of: more than the ten an hour that are listened to.
const FILES: usize = 14;
/// How often each warning is repeated.
const REPEATS: usize = 3;

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let [alice, bob, eve] = ["alice", "bob", "eve"].map(|name| stage.cast.seat(name));
    std::fs::create_dir_all(alice.folder.join("clean"))?;
    for number in 0..FILES {
        std::fs::write(alice.folder.join("clean").join(file(number)), format!("Clean page {number}.\n"))?;
    }
    alice.share(TOWN, "clean")?;
    let paths: Vec<String> = (0..FILES).map(|number| alice.path(TOWN, "clean", &file(number))).collect();
    let last = json!({ "path": paths.last().context("files")? });
    for seat in [&bob, &eve] {
        seat.until("files.about", &last, |about| !text(about, "content").is_empty())?;
    }
    let needed = alice.ask("guard.status", &json!({ "web": TOWN }))?["webs"][0]["persons_needed"].clone();

    let since = Instant::now();
    let (mut said, mut refused) = (0, 0);
    for _ in 0..REPEATS {
        for path in &paths {
            let warned = eve.ask("guard.warn", &json!({ "file": path, "note": "full of viruses" }));
            *(if warned.is_ok() { &mut said } else { &mut refused }) += 1;
        }
    }
    let heard = stage.watch.wait(since, &says(&["clean-", "Eve"]), Duration::from_secs(30));
    // What is warned of is looked into; the last word is what counts.
    std::thread::sleep(Duration::from_secs(5));
    let (held, warned) = levels(&stage.cast.honest())?;
    scene.tried(Tried {
        what: "one of two persons that it takes warns of clean files, and repeats it",
        times: said + refused,
        end: format!("{said} warnings said, {refused} refused by its own program; warned {warned}, held or quarantined {held} (computers and files)"),
        bytes_read: 0,
        since,
        sign: says(&["clean-", "Eve"]),
    });
    scene.claim(
        &format!("fewer than the {needed} persons it takes hold and quarantine nothing"),
        held == 0 && heard.is_some(),
        format!("{held} held or quarantined at five computers"),
    );
    let opened = paths.iter().filter(|path| opens_after_saying_so(&bob, path)).count();
    scene.claim(
        "Bob can open every one of them, at once or after saying that he will",
        opened == FILES,
        format!("{opened} of {FILES}"),
    );
    for path in &paths {
        // Where nothing is warned of any more there is nothing to release.
        drop(alice.ask("guard.release", &json!({ "file": path, "for_web": true, "note": "read it" })));
    }
    std::thread::sleep(Duration::from_secs(3));
    let (held, warned) = levels(&stage.cast.honest())?;
    scene.claim(
        "after the owner's release nothing of it is warned of anywhere",
        held + warned == 0,
        format!("{warned} still warned of, {held} held"),
    );
    Ok(())
}

fn file(number: usize) -> String {
    format!("clean-{number}.txt")
}

/// Counts over all computers what is held or quarantined, and what is warned of, of the clean files.
fn levels(seats: &[Seat]) -> Result<(usize, usize)> {
    let (mut held, mut warned) = (0, 0);
    for seat in seats {
        let list = seat.ask("guard.list", &json!({}))?;
        for suspect in list["suspects"].as_array().into_iter().flatten() {
            match text(suspect, "level") {
                _ if !text(suspect, "name").starts_with("clean-") => {}
                "held" | "quarantined" => held += 1,
                "warned" => warned += 1,
                _ => {}
            }
        }
    }
    Ok((held, warned))
}

fn opens_after_saying_so(seat: &Seat, path: &str) -> bool {
    seat.open(path).is_ok()
        || (seat.ask("guard.release", &json!({ "file": path })).is_ok() && seat.open(path).is_ok())
}
