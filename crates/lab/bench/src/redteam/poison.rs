//! Poisoned search: a member shares thousands of files stuffed with what people look for, under names that pose as other
//! people's, and calls herself like somebody else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::peers::text;
use crate::redteam::cast::{Seat, TOWN};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::{Sign, says};
use crate::redteam::worm::of_fault;

/// Stuffed files.
const STUFFED: usize = 1_500;
/// Versions of a file that poses as a newer one of Bob's.
const VERSIONS: usize = 12;
/// What people look for, and where it truly stands.
const WANTED: &str = "harvest schedule";
const TRUE: &str = "harvest schedule.txt";
const TEXT: &str = "The harvest schedule: corn on Monday, plums on Friday.\n";

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let [bob, carol, eve] = ["bob", "carol", "eve"].map(|name| stage.cast.seat(name));
    std::fs::create_dir_all(bob.folder.join("plans"))?;
    std::fs::write(bob.folder.join("plans").join(TRUE), TEXT)?;
    bob.share(TOWN, "plans")?;
    let path = bob.path(TOWN, "plans", TRUE);
    carol.until("files.about", &json!({ "path": path }), |about| !text(about, "content").is_empty())?;
    stuff(scene, &carol, &eve, &path)?;
    pose(stage, scene, (&carol, &eve), &path)
}

fn stuff(scene: &mut Scene, carol: &Seat, eve: &Seat, path: &str) -> Result<()> {
    let since = Instant::now();
    let folder = eve.folder.join("plans");
    std::fs::create_dir_all(&folder)?;
    for number in 0..STUFFED {
        let text = format!("{number} {}", "harvest schedule harvest schedule buy here ".repeat(20));
        std::fs::write(folder.join(format!("harvest schedule of Bob {number}.txt")), text)?;
    }
    eve.share(TOWN, "plans")?;
    for version in 0..VERSIONS {
        // The same path below her name as his below his.
        std::fs::write(folder.join(TRUE), format!("Harvest schedule cancelled, {version}.\n"))?;
        std::thread::sleep(Duration::from_millis(150));
    }
    eve.read_through("plans")?;
    let last = eve.path(TOWN, "plans", &format!("harvest schedule of Bob {}.txt", STUFFED - 1));
    carol.until("files.about", &json!({ "path": last }), |about| !text(about, "content").is_empty())?;
    let hits = found(carol, &json!({ "query": WANTED, "web": TOWN }))?;
    let rank = hits.iter().position(|hit| text(hit, "path") == path);
    let theirs = found(carol, &json!({ "query": WANTED, "web": TOWN, "person": "Bob", "limit": 1_000 }))?;
    let foreign = theirs.iter().filter(|hit| !text(hit, "path").starts_with("town/Bob/")).count();
    let hers: Vec<&Value> = hits.iter().filter(|hit| text(hit, "path").starts_with("town/Eve/")).collect();
    let unnamed = hers.iter().filter(|hit| !hit["who"].to_string().contains("Eve")).count();
    scene.tried(Tried {
        what: "shares files stuffed with what people look for",
        times: u64::try_from(STUFFED)?,
        end: format!("{} of the first {} hits are hers", hers.len(), hits.len()),
        bytes_read: 0,
        since,
        sign: by_eve(),
    });
    scene.claim(
        "the true file is among the first 50 hits",
        rank.is_some(),
        rank.map_or("it is not".to_owned(), |rank| format!("it is number {}", rank + 1)),
    );
    scene.claim(
        "who asks for Bob's files finds his only",
        foreign == 0 && theirs.iter().any(|hit| text(hit, "path") == path),
        format!("{} hits, {foreign} of others", theirs.len()),
    );
    scene.claim("each of her hits says that it is hers", unnamed == 0, format!("{unnamed} do not"));
    let opened = carol.open(path).unwrap_or_default();
    let history = carol.ask("files.history", &json!({ "path": path }))?;
    let authors: BTreeSet<&str> =
        history["revisions"].as_array().into_iter().flatten().map(|one| text(one, "author")).collect();
    scene.claim(
        "her newer versions do not become Bob's",
        opened == TEXT.as_bytes() && authors == BTreeSet::from(["Bob"]),
        format!("{} bytes opened, by {authors:?}", opened.len()),
    );
    Ok(())
}

/// She calls herself Bob; his files must not be taken for hers, nor hers for his. She has been in the web for longer than he.
fn pose(stage: &Stage<'_>, scene: &mut Scene, (carol, eve): (&Seat, &Seat), path: &str) -> Result<()> {
    let since = Instant::now();
    eve.ask("people.introduce", &json!({ "name": "Bob" }))?;
    // Its notice names her before and after.
    let sign: Sign = Box::new(|line| line.place == "news" && line.text.contains("Bob"));
    stage.watch.wait(since, &sign, Duration::from_secs(10));
    let mut labels = BTreeSet::new();
    let members = carol.ask("people.members", &json!({ "web": TOWN }))?;
    let hers = text(&eve.ask("people.me", &json!({}))?, "person").to_owned();
    for member in members["members"].as_array().into_iter().flatten() {
        let is_she = if text(member, "id") == hers { " (Eve)" } else { "" };
        labels.insert(format!("{}{is_she}", text(member, "name")));
    }
    let (is_his, leads_to) = match carol.open(path) {
        Ok(bytes) if bytes == TEXT.as_bytes() => (true, "his file".to_owned()),
        Ok(bytes) => (false, format!("other bytes: {}", String::from_utf8_lossy(&bytes))),
        Err(error) => (false, format!("nothing: {}", of_fault(&error))),
    };
    scene.tried(Tried {
        what: "calls herself Bob",
        times: 1,
        end: format!("Carol sees {}", labels.iter().cloned().collect::<Vec<_>>().join(", ")),
        bytes_read: 0,
        since,
        sign,
    });
    scene.claim(
        "two of one name are told apart, and Bob's path leads to Bob",
        labels.len() == 6 && is_his,
        format!("{} labels for 6 people, his path leads to {leads_to}", labels.len()),
    );
    eve.ask("people.introduce", &json!({ "name": "Eve" }))?;
    Ok(())
}

fn by_eve() -> Sign {
    let named = says(&["Eve"]);
    Box::new(move |line| {
        named(line)
            && line.place != "news"
            && !["clean-", "broke", "gave", "not guarded", "was to", "wrote more"]
                .iter()
                .any(|other| line.text.contains(other))
    })
}

/// Searches and waits until everybody has answered or the search is over.
fn found(seat: &Seat, asked: &Value) -> Result<Vec<Value>> {
    let mut answer = seat.ask("search.find", asked)?;
    for _ in 0..20 {
        if text(&answer, "state") != "asking" {
            break;
        }
        let more = json!({ "id": text(&answer, "id"), "seen": answer["version"] });
        answer = seat.ask("search.more", &more)?;
    }
    Ok(answer["hits"].as_array().cloned().unwrap_or_default())
}
