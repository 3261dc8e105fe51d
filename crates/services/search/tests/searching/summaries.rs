//! Only those are asked who may have something, and nothing is missed for that.

use serde_json::json;
use sim::texts::{revision_word, topic_word};

use crate::town::{ALICE, BOB, CAROL, MALLORY, Town, made, paths};

/// Everybody shares a document of their own, and has said which words are in it.
fn town() -> Town {
    let mut town = Town::new();
    for who in [ALICE, BOB, CAROL, MALLORY] {
        let topic = u64::try_from(who).unwrap();
        town.world.write(who, "a.txt", made(1 + topic, topic), 900 + topic);
        town.share(who);
    }
    town.pass(400);
    town
}

/// Returns how many questions and answers a search took.
fn questions(town: &mut Town, asker: usize, query: &str, hits: usize) -> u64 {
    let before = town.world.watch.messages;
    let found = town.find(asker, json!({ "query": query }));
    assert_eq!(paths(&found).len(), hits, "{query}: {found}");
    assert_eq!((found["answered"].as_u64(), found["members"].as_u64()), (Some(4), Some(4)), "{found}");
    assert_eq!(found["why"], "");
    // What is shown has been asked for, once.
    town.world.watch.messages - before - if hits > 0 { 2 } else { 0 }
}

#[test]
fn only_peers_that_may_match_are_asked() {
    let mut town = town();
    for who in [BOB, CAROL, MALLORY] {
        let topic = u64::try_from(who).unwrap();
        assert_eq!(questions(&mut town, ALICE, &topic_word(topic), 1), 2, "one question, one answer");
    }
    assert_eq!(questions(&mut town, ALICE, "nobody wrote such words", 0), 0);
    let found = town.find(ALICE, json!({ "query": topic_word(1) }));
    assert_eq!(found["how"], "1 computers were asked; 2 have no such words, as they say");
}

#[test]
fn who_listed_anything_since_is_asked() {
    let mut town = town();
    town.write(BOB, "b.txt", made(9, 70), 950);
    assert_eq!(questions(&mut town, ALICE, &topic_word(70), 1), 2);
    assert_eq!(
        questions(&mut town, ALICE, "nobody wrote such words", 0),
        2,
        "Bob is asked until he has said so"
    );
    // Carol keeps a copy of Bob's: she may have the words now.
    town.ask(CAROL, "files.get", json!({ "path": "family/Bob/things/b.txt" })).unwrap();
    town.pass(20);
    assert_eq!(questions(&mut town, ALICE, &topic_word(70), 1), 4);
    // After some minutes both have said what is new.
    town.pass(400);
    assert_eq!(questions(&mut town, ALICE, "nobody wrote such words", 0), 0);
    assert_eq!(questions(&mut town, ALICE, &topic_word(70), 1), 4);
}

#[test]
fn a_summary_is_not_taken_for_more_than_it_says() {
    let mut town = town();
    // The index is lost while a summary is out: everybody asks until there is a new one.
    let web = town.web;
    town.world.damage_index(BOB, web);
    town.pass(20);
    assert_eq!(questions(&mut town, ALICE, "nobody wrote such words", 0), 2);
    town.pass(400);
    assert_eq!(questions(&mut town, ALICE, "nobody wrote such words", 0), 0);
    // Every state of a file that changes often is found as soon as it is listed.
    for revision in 10..30 {
        town.write(BOB, "a.txt", made(revision, 1), 900 + revision);
        assert_eq!(town.paths(ALICE, json!({ "query": revision_word(made(revision, 1)) })).len(), 1);
        assert!(town.paths(CAROL, json!({ "query": revision_word(made(revision - 1, 1)) })).is_empty());
        town.pass(61);
    }
}
