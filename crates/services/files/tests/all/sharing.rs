//! Sharing, listing, editing, renaming, ending: what others see of a folder.

use files::jobs::FoundKind;
use serde_json::json;

use crate::town::Town;

const FOLDER: &str = "/srv/shared";

fn share(town: &mut Town, index: usize) -> serde_json::Value {
    let view =
        town.ask(index, "files.share", json!({ "web": "family", "folder": FOLDER, "name": "docs" })).unwrap();
    town.pass(10_000);
    view
}

#[test]
fn a_shared_folder_is_seen_by_the_others_before_it_is_hashed() {
    let (mut town, _) = Town::web(2);
    town.peers[0].disk.make("plans", FoundKind::Folder);
    town.peers[0].disk.make("empty", FoundKind::Folder);
    town.peers[0].disk.make("latest", FoundKind::Link { target: "plans/q4.md".to_owned() });
    town.peers[0].disk.write("plans/q4.md", 2_000, "q4");
    town.peers[0].disk.write("film.mp4", 40_000_000_000, "film");
    town.begin(0, "files.share", json!({ "web": "family", "folder": FOLDER }));
    town.pass(400);
    assert_eq!(town.ls(1, ""), ["family"]);
    assert_eq!(town.ls(1, "family"), ["alice", "bob"]);
    assert_eq!(town.ls(1, "family/alice"), ["shared"]);
    assert_eq!(town.ls(1, "family/alice/shared"), ["empty", "film.mp4", "latest", "plans"]);
    let film = town.entry(1, "family/alice/shared/film.mp4");
    assert_eq!(film["freshness"], "reading", "{film}");
    assert_eq!(film["who"], json!(["alice"]));
    town.pass(5_000);
    let letter = town.entry(1, "family/alice/shared/plans/q4.md");
    assert_eq!(letter["freshness"], "elsewhere", "small files do not wait for the film: {letter}");
    assert_eq!(letter["revision"], 1);
    let film = town.entry(1, "family/alice/shared/film.mp4");
    assert_eq!(film["freshness"], "reading");
    let shares = town.read(0, "files.shares", json!({})).unwrap();
    assert_eq!(shares["shares"][0]["state"], "reading");
    town.pass(60_000);
    assert_eq!(town.entry(1, "family/alice/shared/film.mp4")["freshness"], "elsewhere");
    let shares = town.read(0, "files.shares", json!({})).unwrap();
    assert_eq!(shares["shares"][0]["state"], "watching", "{shares}");
    assert_eq!(shares["shares"][0]["files"], 2);
    assert_eq!(shares["shares"][0]["hashed"], 2);
}

/// Shares a folder with one film, which takes 40 s to read, and passes 2 s.
fn share_film(town: &mut Town) {
    town.peers[0].disk.make("films", FoundKind::Folder);
    town.peers[0].disk.write("films/film.mp4", 40_000_000_000, "film");
    town.begin(0, "files.share", json!({ "web": "family", "folder": FOLDER, "name": "docs" }));
    town.pass(2_000);
}

fn reading(town: &Town) -> serde_json::Value {
    town.read(0, "files.shares", json!({})).unwrap()["shares"][0]["reading"].clone()
}

fn last_told(town: &Town) -> serde_json::Value {
    let mut events = town.peers[0].events.iter().rev();
    events.find(|(kind, _)| kind == "files.share").map(|(_, about)| about["reading"].clone()).unwrap()
}

#[test]
fn a_large_file_being_read_is_shown_in_bytes_until_it_is_read() {
    let (mut town, _) = Town::web(2);
    share_film(&mut town);
    let first = reading(&town);
    assert_eq!((&first["name"], &first["size"]), (&json!("film.mp4"), &json!(40_000_000_000_u64)), "{first}");
    assert_eq!(last_told(&town), first, "who watches need not ask");
    town.pass(10_000);
    assert!(first["done"].as_u64() < reading(&town)["done"].as_u64(), "{first}");
    // What is written meanwhile does not take its place.
    town.peers[0].disk.write("letter.md", 100, "letter");
    town.noticed(0, &["letter.md"], &[]);
    town.pass(5_000);
    assert_eq!(town.entry(1, "family/alice/docs/letter.md")["freshness"], "elsewhere");
    assert_eq!(reading(&town)["name"], "film.mp4");
    town.pass(60_000);
    assert_eq!((reading(&town), last_told(&town)), (json!(null), json!(null)));
}

#[test]
fn an_edited_large_file_makes_its_share_reading_again() {
    let (mut town, _) = Town::web(2);
    share_film(&mut town);
    town.pass(60_000);
    town.peers[0].disk.write("films/film.mp4", 40_000_000_000, "cut");
    town.noticed(0, &["films/film.mp4"], &[]);
    town.pass(2_000);
    assert_eq!(reading(&town)["name"], "film.mp4");
    let shares = town.read(0, "files.shares", json!({})).unwrap();
    assert_eq!(shares["shares"][0]["state"], "reading", "{shares}");
}

#[test]
fn no_large_file_is_shown_as_read_after_a_crash_a_failure_or_the_end_of_its_share() {
    let (mut town, _) = Town::web(2);
    share_film(&mut town);
    assert_eq!(reading(&town)["name"], "film.mp4");
    town.kill(0);
    town.peers[0].is_reading_broken = true;
    town.start(0);
    assert_eq!(reading(&town), json!(null), "what is left of before the crash is cleared");
    town.pass(5_000);
    assert_eq!(reading(&town)["name"], "film.mp4", "it is read from its beginning");
    town.pass(40_000);
    assert_eq!((reading(&town), last_told(&town)), (json!(null), json!(null)), "the job has failed");
    town.pass(30_000);
    assert_eq!(reading(&town)["name"], "film.mp4", "it is tried again");
    let view = town.ask(0, "files.unshare", json!({ "path": "family/alice/docs" })).unwrap();
    assert_eq!((&view["state"], &view["reading"]), (&json!("ended"), &json!(null)));
    assert_eq!(last_told(&town), json!(null));
    // The next large file does not wait for one nobody wants any more.
    town.peers[0].is_reading_broken = false;
    let hashes = town.peers[0].jobs["files.hash"];
    share_film(&mut town);
    assert_eq!(town.peers[0].jobs["files.hash"], hashes + 1);
    assert!(reading(&town)["done"].as_u64() < Some(2_000_000_000), "it is read from its beginning");
}

#[test]
fn an_edit_is_a_new_revision_and_hashing_is_none() {
    let (mut town, _) = Town::web(2);
    town.peers[0].disk.write("plan.md", 100, "one");
    share(&mut town, 0);
    town.peers[0].disk.write("plan.md", 120, "two");
    town.noticed(0, &["plan.md"], &[]);
    town.pass(500);
    let plan = town.entry(1, "family/alice/docs/plan.md");
    assert_eq!((&plan["revision"], &plan["freshness"]), (&json!(2), &json!("elsewhere")), "{plan}");
    let history = town.read(1, "files.history", json!({ "path": "family/alice/docs/plan.md" })).unwrap();
    let revisions = history["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 2, "{history}");
    assert_eq!((&revisions[0]["what"], &revisions[0]["is_newest"]), (&json!("changed"), &json!(true)));
    assert_eq!((&revisions[1]["what"], &revisions[1]["is_newest"]), (&json!("listed"), &json!(false)));
    assert_eq!(revisions[0]["author"], "alice");
    // Unchanged things, told again, change nothing.
    let before = town.peers[1].events.len();
    town.noticed(0, &["plan.md"], &[]);
    town.pass(2_000);
    assert_eq!(town.peers[1].events.len(), before);
}

#[test]
fn a_rename_keeps_the_file_and_reads_nothing() {
    let (mut town, _) = Town::web(2);
    town.peers[0].disk.make("a", FoundKind::Folder);
    for number in 0..30 {
        town.peers[0].disk.write(&format!("a/{number}.txt"), 100 + number, &number.to_string());
    }
    share(&mut town, 0);
    let file =
        town.read(1, "files.about", json!({ "path": "family/alice/docs/a/7.txt" })).unwrap()["file"].clone();
    let hashes = town.peers[0].jobs["files.hash"];
    town.peers[0].disk.rename("a", "b");
    let moved: Vec<String> = (0..30).map(|number| format!("b/{number}.txt")).collect();
    let mut changed = vec!["b"];
    changed.extend(moved.iter().map(String::as_str));
    town.noticed(0, &changed, &["a"]);
    town.pass(2_000);
    assert_eq!(town.ls(1, "family/alice/docs"), ["b"]);
    let about = town.read(1, "files.about", json!({ "path": "family/alice/docs/b/7.txt" })).unwrap();
    assert_eq!(about["file"], file);
    assert_eq!(about["entry"]["freshness"], "elsewhere");
    let history = town.read(1, "files.history", json!({ "path": "family/alice/docs/b/7.txt" })).unwrap();
    assert_eq!(history["revisions"][0]["what"], "renamed from a/7.txt");
    assert_eq!(town.peers[0].jobs["files.hash"], hashes, "nothing is read again");
    // The same while nobody watched: found by the next walk.
    town.kill(0);
    town.peers[0].disk.rename("b", "c");
    town.start(0);
    town.pass(10_000);
    let about = town.read(1, "files.about", json!({ "path": "family/alice/docs/c/7.txt" })).unwrap();
    assert_eq!(about["file"], file);
    assert_eq!(town.peers[0].jobs["files.hash"], hashes, "nothing is read again");
}

#[test]
fn what_is_gone_is_gone_and_comes_back_with_its_history() {
    let (mut town, _) = Town::web(2);
    town.peers[0].disk.write("plan.md", 100, "one");
    town.peers[0].disk.write("other.md", 100, "other");
    share(&mut town, 0);
    town.peers[0].disk.delete("plan.md");
    town.noticed(0, &[], &["plan.md"]);
    town.pass(1_000);
    assert_eq!(town.ls(1, "family/alice/docs"), ["other.md"]);
    let history = town.read(1, "files.history", json!({ "path": "family/alice/docs/plan.md" })).unwrap();
    assert_eq!(history["revisions"][0]["what"], "deleted");
    town.peers[0].disk.write("plan.md", 50, "again");
    town.noticed(0, &["plan.md"], &[]);
    town.pass(2_000);
    let history = town.read(1, "files.history", json!({ "path": "family/alice/docs/plan.md" })).unwrap();
    let numbers: Vec<_> =
        history["revisions"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect();
    assert_eq!(numbers, [json!(3), json!(2), json!(1)]);
}

#[test]
fn changes_made_while_the_peer_was_off_are_found_and_unchanged_files_not_touched() {
    let (mut town, _) = Town::web(2);
    for number in 0..3_000 {
        town.peers[0].disk.write(&format!("{number}.txt"), 10, &number.to_string());
    }
    share(&mut town, 0);
    assert_eq!(town.ls(1, "family/alice/docs").len(), 3_000);
    town.kill(0);
    town.peers[0].disk.write("7.txt", 11, "changed");
    town.peers[0].disk.delete("8.txt");
    town.peers[0].disk.write("new.txt", 11, "new");
    let before = town.peers[1].events.len();
    town.start(0);
    town.pass(20_000);
    let changed: u64 = town.peers[1].events[before..]
        .iter()
        .filter(|(kind, _)| kind == "files.changed")
        .map(|(_, about)| about["entries"].as_u64().unwrap())
        .sum();
    assert!(changed <= 5, "{changed} entries told for three changes");
    assert_eq!(town.entry(1, "family/alice/docs/7.txt")["revision"], 2);
    let names = town.ls(1, "family/alice/docs");
    assert_eq!(names.len(), 3_000);
    assert!(names.contains(&"new.txt".to_owned()) && !names.contains(&"8.txt".to_owned()));
}

#[test]
fn a_folder_that_is_missing_or_suddenly_empty_deletes_nothing() {
    let (mut town, _) = Town::web(2);
    for number in 0..50 {
        town.peers[0].disk.write(&format!("{number}.txt"), 10, &number.to_string());
    }
    share(&mut town, 0);
    let disk = town.peers[0].disk.clone();
    town.kill(0);
    town.peers[0].disk.is_missing = true;
    town.start(0);
    town.pass(5_000);
    let state = |town: &Town| town.read(0, "files.shares", json!({})).unwrap()["shares"][0]["state"].clone();
    assert_eq!(state(&town), "folder missing");
    town.kill(0);
    town.peers[0].disk.is_missing = false;
    town.peers[0].disk.things.clear();
    town.start(0);
    town.pass(5_000);
    assert_eq!(state(&town), "folder missing");
    assert_eq!(town.ls(1, "family/alice/docs").len(), 50);
    town.peers[0].disk = disk;
    town.pass(200_000);
    assert_eq!(state(&town), "watching", "it comes back by itself");
    assert_eq!(town.ls(1, "family/alice/docs").len(), 50);
}

#[test]
fn folders_that_cannot_be_shared_are_refused_in_words() {
    let (mut town, _) = Town::web(2);
    town.peers[0].disk.write("a", 1, "a");
    share(&mut town, 0);
    let mut check = |folder: &str, code: &str| {
        let fault = town.ask(0, "files.share", json!({ "web": "family", "folder": folder })).unwrap_err();
        assert_eq!(fault.code, code, "{folder}: {fault}");
        assert!(!fault.remedies.is_empty(), "{folder}");
    };
    check("/srv/shared", "files.already-shared");
    check("/srv/shared/", "files.already-shared");
    check("/srv/shared/inner", "files.share-in-share");
    check("/srv", "files.share-in-share");
    check("/home/peer", "files.home-inside");
    check("/home", "files.home-inside");
    check("/home/peer/keys", "files.home-inside");
    check("/nowhere", "files.folder-missing");
    check("relative", "files.bad-folder");
    check("/a/../b", "files.bad-folder");
    check("/a\0b", "files.bad-folder");
    let fault = town.ask(0, "files.share", json!({ "web": "nobody", "folder": "/x" })).unwrap_err();
    assert_eq!(fault.code, "files.no-such-web");
    let fault = town.ask(1, "files.unshare", json!({ "path": "family/alice/docs" })).unwrap_err();
    assert_eq!(fault.code, "files.not-your-share");
}

#[test]
fn an_ended_share_vanishes_and_its_rows_go() {
    let (mut town, _) = Town::web(2);
    for number in 0..2_500 {
        town.peers[0].disk.write(&format!("{number}.txt"), 10, &number.to_string());
    }
    share(&mut town, 0);
    let view = town.ask(0, "files.unshare", json!({ "path": "family/alice/docs" })).unwrap();
    assert_eq!(view["state"], "ended");
    town.pass(5_000);
    for index in 0..2 {
        assert!(town.ls(index, "family/alice").is_empty());
        let rows = town.rows(index);
        let web = files::changes::entries(&*rows, 1).unwrap()[0].web;
        assert!(files::look::share_numbers(&*rows, web).unwrap().is_empty(), "its rows are gone");
    }
    share(&mut town, 0);
    assert_eq!(town.ls(1, "family/alice/docs").len(), 2_500, "and can be shared again");
}

#[test]
fn long_folders_come_in_pages_and_names_are_data() {
    let (mut town, _) = Town::web(2);
    let names =
        ["a\nb", "\u{1b}[31mred", "__proto__", "..hidden", "gpj\u{202e}.exe", "~", " ", "CON", "a\\b"];
    for name in names {
        town.peers[0].disk.write(name, 1, name);
    }
    town.peers[0].disk.write(&"é".repeat(127), 1, "long");
    town.peers[0].disk.make("many", FoundKind::Folder);
    town.peers[0].disk.make("many\u{1}after", FoundKind::Folder);
    for number in 0..10_000 {
        town.peers[0].disk.write(&format!("many/{number:05}"), 0, "");
    }
    share(&mut town, 0);
    let all = town.ls(1, "family/alice/docs");
    assert_eq!(all.len(), names.len() + 3);
    for name in names {
        assert!(all.contains(&name.to_owned()), "{name:?} in {all:?}");
        assert_eq!(town.entry(1, &format!("family/alice/docs/{name}"))["name"], name);
    }
    let mut seen = Vec::new();
    let mut after = serde_json::Value::Null;
    loop {
        let page = town
            .read(1, "files.list", json!({ "path": "family/alice/docs/many", "limit": 777, "after": after }))
            .unwrap();
        seen.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["name"].clone()));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 10_000);
    assert!(seen.is_sorted_by(|a, b| a.as_str() < b.as_str()));
}

#[test]
fn a_removed_person_and_its_shares_vanish_and_it_gets_nothing() {
    let (mut town, web) = Town::web(3);
    town.peers[1].disk.write("mine.txt", 100, "mine");
    share(&mut town, 1);
    town.peers[0].disk.write("plan.md", 100, "plan");
    share(&mut town, 0);
    let content = crate::disk::content("plan");
    let bob = town.peers[1].device;
    assert!(files::source(&*town.rows(0), bob, content).unwrap().is_some());
    town.ask(0, "people.remove", json!({ "web": "family", "person": "bob" })).unwrap();
    assert!(files::source(&*town.rows(0), bob, content).unwrap().is_none());
    town.pass(5_000);
    assert_eq!(town.ls(2, "family"), ["alice", "carol"]);
    town.peers[0].disk.write("plan.md", 101, "secret");
    town.noticed(0, &["plan.md"], &[]);
    town.pass(5_000);
    assert_eq!(town.entry(2, "family/alice/docs/plan.md")["revision"], 2);
    let _ = web;
    let seen = town.read(1, "files.about", json!({ "path": "family/alice/docs/plan.md" }));
    assert!(seen.map_or(true, |about| about["entry"]["revision"] == 1), "nothing new reaches bob");
}
