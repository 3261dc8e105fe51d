//! The index follows what changes, whatever happens to either.

use std::time::Duration;

use serde_json::json;
use sim::texts::{revision_word, topic_word};

use crate::town::{ALICE, BOB, CAROL, Town, made};

#[test]
fn what_changed_before_a_power_cut_is_found_after_it() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.share(BOB);
    // The cut comes at any moment of hashing, telling and indexing.
    for revision in 2..30 {
        town.world.write(BOB, "a.txt", made(revision, 5), 900 + revision);
        town.world.tell_watcher(BOB, &["a.txt"], &[]);
        town.pass_ms(240 + revision * 4);
        town.world.power_cut(BOB, Duration::from_millis(100));
        town.pass(20);
        let query = revision_word(made(revision, 5));
        assert_eq!(town.paths(ALICE, json!({ "query": query })).len(), 1, "revision {revision}");
        assert!(town.paths(ALICE, json!({ "query": revision_word(made(revision - 1, 5)) })).is_empty());
    }
}

#[test]
fn a_lost_index_is_told_everything_again() {
    let mut town = Town::new();
    for number in 0..150 {
        town.world.write(BOB, &format!("{number}.txt"), made(number, number), 900 + number);
    }
    town.share(BOB);
    assert_eq!(town.world.peer(BOB).index_driver.texts_count(town.web), 150);
    // Lost at any moment, also while it is being told.
    for wait in [0, 1, 5, 20, 100, 150, 200, 210, 300] {
        let web = town.web;
        town.world.damage_index(BOB, web);
        town.pass_ms(wait);
        town.world.damage_index(BOB, web);
        town.pass(40);
        assert_eq!(town.world.peer(BOB).index_driver.texts_count(town.web), 150, "after {wait} ms");
    }
    assert_eq!(town.paths(ALICE, json!({ "query": topic_word(149) })).len(), 1);
}

#[test]
fn names_told_in_many_parts_at_once_are_all_there_whatever_is_lost_meanwhile() {
    const FILES: usize = 2_100;
    let mut town = Town::new();
    for number in 0..FILES {
        town.world.write(BOB, &format!("{number}.bin"), 1, 10);
    }
    town.share(BOB);
    let web = town.web;
    let names_at = |town: &Town, who| town.world.peer(who).index_driver.names_count(web);
    for _ in 0..30 {
        town.pass(10);
        if names_at(&town, ALICE) >= FILES {
            break;
        }
    }
    // All files, and the share's own folder if it counts.
    let all = names_at(&town, ALICE);
    assert!(all >= FILES, "{all}");
    for wait in [0, 3, 10, 30, 60, 100, 200, 400] {
        town.world.damage_index(ALICE, web);
        town.pass_ms(wait);
        if wait % 20 == 0 {
            town.world.power_cut(ALICE, Duration::from_millis(50));
        } else {
            town.world.damage_index(ALICE, web);
        }
        town.pass(90);
        assert_eq!(names_at(&town, ALICE), all, "after {wait} ms");
    }
}

#[test]
fn a_text_that_could_not_be_read_while_it_was_renamed_is_read_later() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.share(BOB);
    // The file moves away at any moment after it was hashed, and back before anybody noticed.
    for revision in 2..12 {
        town.world.write(BOB, "a.txt", made(revision, 5), 900 + revision);
        town.world.tell_watcher(BOB, &["a.txt"], &[]);
        town.pass_ms(250 + revision * 3);
        town.world.rename(BOB, "a.txt", "aside.txt");
        town.pass_ms(60);
        town.world.rename(BOB, "aside.txt", "a.txt");
        town.pass(90);
        let query = revision_word(made(revision, 5));
        assert_eq!(town.paths(ALICE, json!({ "query": query })).len(), 1, "revision {revision}");
    }
}

#[test]
fn what_is_kept_but_not_offered_is_counted_nowhere() {
    let mut town = Town::new();
    for who in [BOB, CAROL] {
        town.world.write(who, "same.txt", made(1, 5), 900);
    }
    town.share(BOB);
    // Carol has it in a folder of another web only, and Bob's is listed here: it is not fetched, and not read for here.
    town.ask(CAROL, "people.start_web", json!({ "name": "other" })).unwrap();
    let folder = town.world.peer(CAROL).folder();
    town.ask(CAROL, "files.share", json!({ "web": "other", "folder": folder, "name": "things" })).unwrap();
    town.pass(20);
    town.ask(CAROL, "files.get", json!({ "path": "family/Bob/things/same.txt" })).unwrap();
    town.pass(20);
    assert_eq!(town.world.peer(CAROL).index_driver.texts_count(town.web), 0);
    assert_eq!(town.paths(ALICE, json!({ "query": topic_word(5) })).len(), 1);
}

#[test]
fn what_is_gone_is_not_found() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.world.write(BOB, "b.txt", made(2, 6), 900);
    town.share(BOB);
    assert_eq!(town.paths(ALICE, json!({ "query": topic_word(6) })).len(), 1);
    town.ask(BOB, "files.unshare", json!({ "path": "family/Bob/things" })).unwrap();
    town.pass(40);
    assert!(town.paths(ALICE, json!({ "query": topic_word(6) })).is_empty());
    assert!(town.paths(ALICE, json!({ "query": "txt" })).is_empty());
    assert_eq!(town.world.peer(BOB).index_driver.texts_count(town.web), 0);
}
