//! Bringing files: whole, many at once, from several, through kills and lies.

use serde_json::{Value, json};

use crate::disk::content;
use crate::town::Town;

const MIB: u64 = 1024 * 1024;

fn web_with(peers: usize, files: &[(&str, u64)]) -> Town {
    let (mut town, _) = Town::web(peers);
    for (path, size) in files {
        town.peers[0].disk.write(path, *size, path);
    }
    town.ask(0, "files.share", json!({ "web": "family", "folder": "/srv/shared", "name": "docs" })).unwrap();
    town.pass(20_000);
    town
}

fn get(town: &mut Town, index: usize, path: &str) -> Value {
    town.ask(index, "files.get", json!({ "path": path })).unwrap()
}

fn transfer(town: &Town, index: usize, begun: &Value) -> Value {
    town.read(index, "files.transfer", json!({ "id": begun["id"] })).unwrap()
}

#[test]
fn a_file_comes_and_others_hear_who_has_it() {
    let mut town = web_with(3, &[("film.mp4", 100 * MIB), ("letter.txt", 10)]);
    let begun = get(&mut town, 1, "family/alice/docs/film.mp4");
    assert_eq!((&begun["state"], &begun["files"]), (&json!("running"), &json!(1)));
    town.pass(20_000);
    let done = transfer(&town, 1, &begun);
    assert_eq!(
        (&done["state"], &done["done"], &done["is_over"]),
        (&json!("done"), &json!(100 * MIB), &json!(true)),
        "{done}"
    );
    assert_eq!(done["gave"], json!([{ "who": "alice", "bytes": 100 * MIB }]));
    assert!(town.peers[1].disk.has(content("film.mp4"), 100 * MIB));
    assert_eq!(town.entry(1, "family/alice/docs/film.mp4")["freshness"], "newest-here");
    assert_eq!(town.entry(2, "family/alice/docs/film.mp4")["who"], json!(["alice", "bob"]));
    assert_eq!(town.entry(2, "family/alice/docs/film.mp4")["freshness"], "elsewhere");
    // Again: nothing is fetched twice.
    let gave = town.peers[0].gave;
    let again = get(&mut town, 1, "family/alice/docs/film.mp4");
    assert_eq!(again["state"], "done");
    assert_eq!(town.peers[0].gave, gave);
}

#[test]
fn a_third_fetches_from_both_evenly_and_from_one_when_the_other_leaves() {
    let mut town = web_with(3, &[("film.mp4", 512 * MIB)]);
    get(&mut town, 1, "family/alice/docs/film.mp4");
    town.pass(30_000);
    let before = [town.peers[0].gave, town.peers[1].gave];
    get(&mut town, 2, "family/alice/docs/film.mp4");
    town.pass(30_000);
    let gave = [town.peers[0].gave - before[0], town.peers[1].gave - before[1]];
    assert_eq!(gave[0] + gave[1], 512 * MIB);
    assert!(gave.iter().all(|bytes| (205..=307).contains(&(bytes / MIB))), "{gave:?}");
}

#[test]
fn who_is_named_is_asked_before_it_has_said_that_it_has_it() {
    let mut town = web_with(4, &[("page.html", 900_000)]);
    let begun = get(&mut town, 1, "family/alice/docs/page.html");
    town.pass(200);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
    assert_eq!(
        town.entry(2, "family/alice/docs/page.html")["who"],
        json!(["alice"]),
        "nobody knows of bob yet"
    );
    town.peers[0].names = vec![town.peers[1].device];
    let begun = get(&mut town, 2, "family/alice/docs/page.html");
    town.pass(190);
    assert_eq!(transfer(&town, 2, &begun)["state"], "done");
    assert_eq!([town.peers[0].gave, town.peers[1].gave], [900_000, 900_000]);
}

#[test]
fn who_is_named_and_has_nothing_costs_a_moment_and_no_blame() {
    let mut town = web_with(4, &[("page.html", 900_000)]);
    let nobody = base::DeviceId::new([77; 32]);
    town.peers[0].names = vec![nobody, town.peers[0].device, town.peers[3].device];
    let begun = get(&mut town, 2, "family/alice/docs/page.html");
    town.pass(300);
    let waits = transfer(&town, 2, &begun);
    assert_eq!((&waits["state"], &waits["why"]), (&json!("running"), &json!("")), "{waits}");
    town.pass(1_000);
    assert_eq!(transfer(&town, 2, &begun)["state"], "done");
    assert_eq!(town.peers[0].gave, 900_000);
    // The one that was named in vain gives later what it has got then.
    get(&mut town, 3, "family/alice/docs/page.html");
    town.pass(5_000);
    town.kill(0);
    town.kill(2);
    town.pass(1_000);
    let begun = get(&mut town, 1, "family/alice/docs/page.html");
    town.pass(5_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
}

#[test]
fn a_file_of_a_peer_that_is_away_comes_from_who_kept_it() {
    let mut town = web_with(3, &[("film.mp4", 64 * MIB), ("letter.txt", 10)]);
    let begun = get(&mut town, 1, "family/alice/docs");
    town.pass(20_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
    town.kill(0);
    town.pass(5_000);
    let begun = get(&mut town, 2, "family/alice/docs");
    town.pass(20_000);
    let done = transfer(&town, 2, &begun);
    assert_eq!((&done["state"], &done["files_done"]), (&json!("done"), &json!(2)), "{done}");
}

#[test]
fn a_transfer_waits_and_goes_on_by_itself() {
    let mut town = web_with(2, &[("film.mp4", 64 * MIB), ("letter.txt", 10)]);
    town.kill(0);
    town.pass(5_000);
    let begun = get(&mut town, 1, "family/alice/docs");
    town.pass(2_000);
    let waits = transfer(&town, 1, &begun);
    assert_eq!((&waits["state"], &waits["why"]), (&json!("waiting"), &json!("waits for alice")), "{waits}");
    town.start(0);
    town.pass(60_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
}

#[test]
fn a_killed_peer_goes_on_where_it_was() {
    let size = 1024 * MIB;
    let mut town = web_with(2, &[("film.mp4", size)]);
    let begun = get(&mut town, 1, "family/alice/docs/film.mp4");
    town.pass(3_000);
    let half = transfer(&town, 1, &begun);
    assert_eq!(half["state"], "running");
    assert!(half["done"].as_u64().unwrap() > 0 && half["speed"].as_u64().unwrap() > 0, "{half}");
    town.kill(1);
    town.pass(1_000);
    town.start(1);
    town.pass(60_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
    let again = town.peers[0].gave - size;
    assert!(again <= 2 * 16 * MIB, "{} MiB fetched again", again / MIB);
}

#[test]
fn many_small_files_come_in_bundles() {
    let names: Vec<String> = (0..5_000).map(|number| format!("{number}.txt")).collect();
    let files: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 2_000)).collect();
    let mut town = web_with(3, &files);
    let begun = get(&mut town, 1, "family/alice/docs");
    town.pass(10_000);
    let done = transfer(&town, 1, &begun);
    assert_eq!((&done["state"], &done["files_done"]), (&json!("done"), &json!(5_000)), "{done}");
    let jobs = town.peers[1].jobs["content.bundle"];
    assert!(jobs <= 40, "{jobs} bundles");
    assert!(!town.peers[1].jobs.contains_key("content.fetch"));
    let begun = town.ask(2, "files.get", json!({ "path": "family/alice/docs", "to": "/tmp/out" })).unwrap();
    town.pass(60_000);
    assert_eq!(transfer(&town, 2, &begun)["state"], "done");
    assert_eq!(town.peers[2].disk.saved.len(), 5_000);
    assert_eq!(town.peers[2].disk.saved["/tmp/out/docs/7.txt"], content("7.txt"));
    assert!(town.peers[1].gave > 2_000_000, "both give: {}", town.peers[1].gave);
}

#[test]
fn a_provider_that_lies_is_dropped_and_the_fetch_goes_on() {
    let mut town = web_with(3, &[("film.mp4", 128 * MIB), ("letter.txt", 10)]);
    get(&mut town, 1, "family/alice/docs");
    town.pass(20_000);
    town.peers[1].is_liar = true;
    let begun = get(&mut town, 2, "family/alice/docs");
    town.pass(40_000);
    let done = transfer(&town, 2, &begun);
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["gave"].as_array().unwrap().len(), 1);
    let dropped = town.peers[2].events.iter().find(|(kind, _)| kind == "files.provider-dropped");
    assert_eq!(dropped.unwrap().1["who"], "bob");
}

#[test]
fn paused_is_paused_and_cancelled_leaves_no_parts() {
    let mut town = web_with(2, &[("film.mp4", 1024 * MIB)]);
    let begun = get(&mut town, 1, "family/alice/docs/film.mp4");
    town.pass(2_000);
    let id = json!({ "id": &begun["id"].as_str().unwrap()[..8] });
    let paused = town.ask(1, "files.pause", id.clone()).unwrap();
    assert_eq!(paused["state"], "paused");
    let done = paused["done"].as_u64().unwrap();
    assert!(done > 0, "{paused}");
    let gave = town.peers[0].gave;
    town.pass(60_000);
    assert_eq!(town.peers[0].gave, gave, "nothing comes while paused");
    assert_eq!(transfer(&town, 1, &begun)["done"], done);
    town.ask(1, "files.resume", id.clone()).unwrap();
    town.pass(1_000);
    assert!(town.peers[0].gave > gave);
    let cancelled = town.ask(1, "files.cancel", id.clone()).unwrap();
    assert_eq!((&cancelled["state"], &cancelled["is_over"]), (&json!("cancelled"), &json!(true)));
    town.pass(5_000);
    assert!(!town.peers[1].disk.store.contains_key(&content("film.mp4")));
    let fault = town.ask(1, "files.resume", id).unwrap_err();
    assert_eq!(fault.code, "files.transfer-over");
}

#[test]
fn a_full_disk_fails_with_words_and_can_go_on() {
    let mut town = web_with(2, &[("film.mp4", 64 * MIB)]);
    town.peers[1].is_disk_full = true;
    let begun = get(&mut town, 1, "family/alice/docs/film.mp4");
    town.pass(2_000);
    let failed = transfer(&town, 1, &begun);
    assert_eq!(failed["state"], "failed");
    assert!(failed["why"].as_str().unwrap().contains("no space"), "{failed}");
    town.peers[1].is_disk_full = false;
    town.ask(1, "files.resume", json!({ "id": begun["id"] })).unwrap();
    town.pass(10_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
}

#[test]
fn who_has_an_older_revision_is_told_and_gets_the_newest() {
    let mut town = web_with(2, &[("plan.md", 100_000)]);
    get(&mut town, 1, "family/alice/docs/plan.md");
    town.pass(5_000);
    town.peers[0].disk.write("plan.md", 110_000, "two");
    town.noticed(0, &["plan.md"], &[]);
    town.pass(1_000);
    let entry = town.entry(1, "family/alice/docs/plan.md");
    assert_eq!(entry["freshness"], "older-here");
    assert_eq!(entry["note"], "rev 2 at alice, you have rev 1");
    assert_eq!((&entry["revision"], &entry["have"]), (&json!(2), &json!(1)));
    let history = town.read(1, "files.history", json!({ "path": "family/alice/docs/plan.md" })).unwrap();
    assert_eq!(history["revisions"][0]["is_here"], false);
    assert_eq!(history["revisions"][1]["is_here"], true);
    get(&mut town, 1, "family/alice/docs/plan.md");
    town.pass(5_000);
    assert_eq!(town.entry(1, "family/alice/docs/plan.md")["freshness"], "newest-here");
}

#[test]
fn a_file_that_changes_while_it_comes_arrives_in_its_newest_revision() {
    let mut town = web_with(2, &[("log.txt", 512 * MIB)]);
    let begun = get(&mut town, 1, "family/alice/docs/log.txt");
    town.pass(1_500);
    town.peers[0].disk.write("log.txt", 100 * MIB, "newer");
    town.pass(100);
    town.noticed(0, &["log.txt"], &[]);
    town.pass(120_000);
    let done = transfer(&town, 1, &begun);
    assert_eq!((&done["state"], &done["total"]), (&json!("done"), &json!(100 * MIB)), "{done}");
    assert!(town.peers[1].disk.has(content("newer"), 100 * MIB));
}

#[test]
fn what_is_listed_but_not_read_yet_comes_when_it_has_been() {
    let (mut town, _) = Town::web(2);
    town.peers[0].disk.write("film.mp4", 20_000 * MIB, "film");
    town.begin(0, "files.share", json!({ "web": "family", "folder": "/srv/shared", "name": "docs" }));
    town.pass(1_000);
    let begun = get(&mut town, 1, "family/alice/docs/film.mp4");
    assert_eq!(begun["state"], "waiting");
    assert_eq!(begun["why"], "waits until its owner has read it");
    town.pass(30_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "running");
}

#[test]
fn a_reader_gets_what_it_wants_and_no_more() {
    let mut town = web_with(2, &[("film.mp4", 1024 * MIB)]);
    let opened = town.ask(1, "files.open", json!({ "path": "family/alice/docs/film.mp4" })).unwrap();
    assert_eq!((&opened["size"], &opened["name"]), (&json!(1024 * MIB), &json!("film.mp4")));
    let want = |offset: u64| json!({ "web": opened["web"], "content": opened["content"], "offset": offset, "length": 1000 });
    let wanted = town.ask(1, "files.want", want(700 * MIB)).unwrap();
    assert_eq!(wanted["is_reachable"], true);
    town.pass(5_000);
    let disk = &town.peers[1].disk;
    let missing = disk.missing(content("film.mp4"), 1024 * MIB);
    assert!(!missing.iter().any(|range| range.from <= 700 * MIB && 700 * MIB < range.to));
    assert!(town.peers[0].gave <= 4 * MIB, "{}", town.peers[0].gave);
    let foreign = json!({ "web": opened["web"], "content": content("secret"), "offset": 0, "length": 10 });
    assert_eq!(town.ask(1, "files.want", foreign).unwrap_err().code, "files.not-listed");
    // Getting it all brings only the rest.
    let begun = get(&mut town, 1, "family/alice/docs/film.mp4");
    town.pass(60_000);
    assert_eq!(transfer(&town, 1, &begun)["state"], "done");
    assert_eq!(town.peers[0].gave, 1024 * MIB);
}

#[test]
fn a_damaged_content_is_brought_again() {
    let mut town = web_with(2, &[("film.mp4", 64 * MIB)]);
    get(&mut town, 1, "family/alice/docs/film.mp4");
    town.pass(10_000);
    let damaged = content("film.mp4");
    town.peers[1].disk.store.remove(&damaged);
    let report = files::jobs::to_bytes(&files::jobs::Damaged { content: damaged });
    town.input(1, 1, kernel::Input::Noticed { kind: files::jobs::DAMAGED, report });
    town.pass(10_000);
    assert!(town.peers[1].disk.has(damaged, 64 * MIB));
    assert_eq!(town.entry(1, "family/alice/docs/film.mp4")["freshness"], "newest-here");
    assert_eq!(town.entry(0, "family/alice/docs/film.mp4")["who"], json!(["you", "bob"]));
}
