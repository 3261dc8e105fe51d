//! Links, sites and documents as three people use them: the real deciders, in the simulator.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall stop"
)]

use std::time::Duration;

use serde_json::{Value, json};
use sim::vault::Memory;
use sim::{PeerIndex, World};

const ALICE: PeerIndex = 0;
const BOB: PeerIndex = 1;
const CAROL: PeerIndex = 2;
const NAMES: [&str; 3] = ["Alice", "Bob", "Carol"];

struct Town {
    world: World,
}

impl Town {
    /// Alice founds the web `family`; Bob joins it; Carol has a web of her own.
    fn new(seed: u64) -> Self {
        let mut town = Self { world: World::new(seed, 3, &Memory::shared()) };
        for (index, name) in NAMES.iter().enumerate() {
            town.world.start(index);
            town.act(index, "people.introduce", json!({ "name": name }));
        }
        town.act(ALICE, "people.start_web", json!({ "name": "family" }));
        let invitation = town.act(ALICE, "people.invite", json!({ "web": "family", "uses": 2 }));
        town.act(BOB, "people.join", json!({ "link": invitation["link"] }));
        town.act(CAROL, "people.start_web", json!({ "name": "other" }));
        town.wait(60);
        town
    }

    fn try_act(&mut self, index: PeerIndex, operation: &str, arguments: Value) -> Result<Value, base::Fault> {
        let ask = self.world.ask(index, operation, arguments);
        self.wait(5);
        self.world.answer(ask).unwrap()
    }

    fn act(&mut self, index: PeerIndex, operation: &str, arguments: Value) -> Value {
        self.try_act(index, operation, arguments).unwrap()
    }

    fn read(&self, index: PeerIndex, operation: &str, arguments: Value) -> Value {
        self.world.read(index, operation, arguments).unwrap()
    }

    fn wait(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    /// Bob shares a folder with a file.
    fn share(&mut self) {
        self.world.write(BOB, "sales/q4.csv", 7, 1_000);
        self.world.write(BOB, "readme.md", 8, 200);
        let folder = self.world.peer(BOB).folder();
        self.act(BOB, "files.share", json!({ "web": "family", "folder": folder, "name": "things" }));
        self.wait(60);
    }

    fn follow(&self, index: PeerIndex, link: &Value) -> (String, String, String) {
        let shown = self.read(index, "pages.resolve", json!({ "link": link }));
        let field = |name: &str| shown[name].as_str().unwrap().to_owned();
        (field("state"), field("path"), field("note"))
    }
}

#[test]
fn a_link_survives_rename_and_says_who_is_away_and_that_it_is_gone() {
    let mut town = Town::new(1);
    town.share();
    let made = town.read(
        ALICE,
        "pages.link",
        json!({ "path": "family/Bob/things/sales/q4.csv", "part": "cells=A1:B3" }),
    );
    let link = made["link"].clone();
    assert!(link.as_str().unwrap().ends_with("#cells=A1:B3"), "{link}");
    let (state, path, _) = town.follow(ALICE, &link);
    assert_eq!((state.as_str(), path.as_str()), ("live", "family/Bob/things/sales/q4.csv"));

    town.world.rename(BOB, "sales/q4.csv", "sales/numbers.csv");
    town.world.tell_watcher(BOB, &["sales/numbers.csv"], &["sales/q4.csv"]);
    town.wait(60);
    let (state, path, _) = town.follow(ALICE, &made["copy"]);
    assert_eq!((state.as_str(), path.as_str()), ("live", "family/Bob/things/sales/numbers.csv"));

    town.world.power_cut(BOB, Duration::from_secs(120));
    town.wait(60);
    let (state, _, note) = town.follow(ALICE, &link);
    assert_eq!(state, "stale");
    assert!(note.contains("Bob last heard from"), "{note}");
    town.wait(120);
    assert_eq!(town.follow(ALICE, &link).0, "live");

    town.world.delete(BOB, "sales/numbers.csv");
    town.world.tell_watcher(BOB, &[], &["sales/numbers.csv"]);
    town.wait(60);
    let (state, _, note) = town.follow(ALICE, &link);
    assert_eq!((state.as_str(), note.as_str()), ("missing", "Bob has deleted it"));
}

#[test]
fn a_pinned_link_stays_and_says_that_there_is_a_newer_revision() {
    let mut town = Town::new(2);
    town.share();
    let asked = json!({ "path": "family/Bob/things/readme.md", "revision": 1 });
    let link = town.read(ALICE, "pages.link", asked)["link"].clone();
    town.world.write(BOB, "readme.md", 9, 300);
    town.world.tell_watcher(BOB, &["readme.md"], &[]);
    town.wait(60);
    let (state, _, note) = town.follow(ALICE, &link);
    assert_eq!((state.as_str(), note.as_str()), ("pinned", "pinned to rev 1; rev 2 is newer"));
    let never =
        town.read(ALICE, "pages.resolve", json!({ "link": link.as_str().unwrap().replace("@1", "@9") }));
    assert_eq!(
        (never["state"].as_str(), never["note"].as_str()),
        (Some("missing"), Some("there is no rev 9; the newest is rev 2"))
    );
}

#[test]
fn who_does_not_belong_to_a_web_is_told_so_and_nothing_else() {
    let mut town = Town::new(3);
    town.share();
    let link =
        town.read(ALICE, "pages.link", json!({ "path": "family/Bob/things/readme.md" }))["link"].clone();
    let shown = town.read(CAROL, "pages.resolve", json!({ "link": link }));
    assert_eq!(shown["state"], "denied");
    assert_eq!(shown["note"], "it is in a web that you do not belong to");
    for field in ["title", "path", "owner", "web"] {
        assert_eq!(shown[field], "", "{field}");
    }
}

#[test]
fn a_document_links_back_from_what_it_shows_and_one_who_reads_only_cannot_write() {
    let mut town = Town::new(4);
    town.share();
    let begun = town.act(ALICE, "pages.new", json!({ "web": "family", "title": "Q4 [draft]" }));
    let added =
        json!({ "document": begun["id"], "text": "family/Bob/things/sales/q4.csv", "part": "cells=A1:B3" });
    town.act(ALICE, "pages.append", added);
    town.wait(20);
    let document = town.read(BOB, "pages.document", json!({ "document": "q4 [DRAFT]", "who": true }));
    assert_eq!(document["components"][0]["target"]["state"], "live");
    assert_eq!(document["components"][0]["target"]["owner"], "Bob");
    assert_eq!(document["spans"][0]["who"], "Alice");
    let links = town.read(BOB, "pages.backlinks", json!({ "link": "family/Bob/things/sales/q4.csv" }));
    assert_eq!(links["links"][0]["title"], "Q4 [draft]");
    assert_eq!(links["links"][0]["part"], "cells=A1:B3");
    let news = town.read(BOB, "pages.news", json!({}));
    let is_told = |kind: &str| news["news"].as_array().unwrap().iter().any(|one| one["kind"] == kind);
    assert!(is_told("link") && is_told("document"), "{news}");

    town.act(ALICE, "people.set_role", json!({ "web": "family", "person": "Bob", "role": "guest" }));
    town.wait(20);
    let fault =
        town.try_act(BOB, "pages.append", json!({ "document": begun["id"], "text": "x" })).unwrap_err();
    assert_eq!(fault.code, "pages.may-not-write");
}

#[test]
fn a_change_is_restored_and_a_removed_document_comes_back() {
    let mut town = Town::new(5);
    let begun = town.act(ALICE, "pages.new", json!({ "web": "family", "title": "Plan", "text": "first" }));
    let id = begun["id"].clone();
    town.wait(20);
    town.act(BOB, "pages.write", json!({ "document": id, "text": "# Plan\n\nsecond\n" }));
    town.wait(20);
    let history = town.read(ALICE, "pages.document_history", json!({ "document": id }));
    assert_eq!(history["changes"][0]["who"], "Bob");
    let first = history["changes"].as_array().unwrap().last().unwrap()["change"].clone();
    town.act(ALICE, "pages.restore", json!({ "document": id, "change": first }));
    town.wait(20);
    let text = town.read(BOB, "pages.document", json!({ "document": id }))["text"].clone();
    assert_eq!(text, "# Plan\n\nfirst");
    assert_eq!(
        town.try_act(BOB, "pages.remove", json!({ "document": id })).unwrap_err().code,
        "pages.not-your-document"
    );
    town.act(ALICE, "pages.remove", json!({ "document": id }));
    town.wait(20);
    assert_eq!(town.read(BOB, "pages.documents", json!({}))["documents"], json!([]));
    town.act(ALICE, "pages.bring_back", json!({ "document": id }));
    town.wait(20);
    assert_eq!(town.read(BOB, "pages.documents", json!({}))["documents"][0]["title"], "Plan");
}

#[test]
fn edits_on_an_old_version_are_not_taken_and_hostile_ones_are_refused() {
    let mut town = Town::new(6);
    let begun = town.act(ALICE, "pages.new", json!({ "web": "family", "title": "Plan" }));
    let id = begun["id"].clone();
    let edit = |version: u64, edit: Value| json!({ "document": id, "version": version, "client": "c", "edits": [edit] });
    let taken = town.act(ALICE, "pages.edit", edit(1, json!([8, [0, "hi"]])));
    assert_eq!(taken, json!({ "is_taken": true, "version": 2 }));
    let late = town.act(ALICE, "pages.edit", edit(1, json!([8, [0, "ho"]])));
    assert_eq!(late, json!({ "is_taken": false, "version": 2 }));
    for bad in [
        json!([9_000, [0, "x"]]),
        json!([[1, "a\nb"]]),
        json!("x"),
        json!([3, [0, "x"]]),
        json!([[20], [0, "x"]]),
    ] {
        let fault = town.try_act(ALICE, "pages.edit", edit(2, bad.clone())).unwrap_err();
        assert_eq!(fault.code, "pages.bad-edit", "{bad}");
    }
    let text = town.read(ALICE, "pages.document", json!({ "document": id }))["text"].clone();
    assert_eq!(text, "# Plan\n\nhi");
}

#[test]
fn a_site_is_opened_by_members_as_long_as_it_is_published() {
    let mut town = Town::new(7);
    town.share();
    let folder = format!("{}/sales", town.world.peer(BOB).folder());
    let published = town.act(BOB, "pages.publish", json!({ "name": "numbers", "folder": folder }));
    let label = published["label"].clone();
    let parts: Vec<&str> = label.as_str().unwrap().split("--").collect();
    assert_eq!((parts[0], parts[2], parts.len()), ("numbers", "family", 3), "{label}");
    town.wait(20);
    let file = |town: &Town, path: &str| {
        town.read(ALICE, "pages.site_file", json!({ "label": label, "path": path }))
    };
    assert_eq!(file(&town, "q4.csv")["path"], "family/Bob/things/sales/q4.csv");
    assert_eq!(file(&town, "")["entries"][0]["name"], "q4.csv");
    for outside in ["../readme.md", "..", "readme.md", "/", "q4.csv/x"] {
        assert_ne!(file(&town, outside)["kind"], "file", "{outside}");
    }
    let spot = town.read(CAROL, "pages.site", json!({ "label": label }));
    assert_eq!((spot["site"].is_null(), spot["was_there"].as_bool()), (true, Some(false)));
    town.act(BOB, "pages.unpublish", json!({ "name": "numbers" }));
    town.wait(20);
    let spot = town.read(ALICE, "pages.site", json!({ "label": label }));
    assert_eq!((spot["site"].is_null(), spot["was_there"].as_bool()), (true, Some(true)));
}
