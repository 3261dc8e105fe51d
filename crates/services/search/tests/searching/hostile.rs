//! Mallory asks and answers.

use kernel::Channel;
use serde_json::json;
use sim::texts::topic_word;
use sim::{Liar, bomb, wish};

use crate::town::{ALICE, BOB, CAROL, MALLORY, Town, made, paths};

fn town() -> Town {
    let mut town = Town::new();
    for (who, topic) in [(BOB, 5), (MALLORY, 6)] {
        town.world.write(who, "a.txt", made(1, topic), 900);
        town.share(who);
    }
    town
}

#[test]
fn answers_with_what_a_peer_never_listed_are_left_out_and_named() {
    let mut town = town();
    town.world.set_liar(MALLORY, Some(Liar::Unlisted));
    let found = town.find(ALICE, json!({ "query": topic_word(5) }));
    assert_eq!(paths(&found), ["family/Bob/things/a.txt"]);
    assert_eq!(found["why"], "Mallory answered with what they do not have; it was left out");
    // Nothing of such an answer counts, also not what is true in it.
    assert!(town.paths(ALICE, json!({ "query": topic_word(6) })).is_empty());
}

#[test]
fn no_way_to_lie_keeps_what_others_have_from_being_found() {
    let mut town = town();
    for liar in Liar::ALL {
        town.world.set_liar(MALLORY, Some(liar));
        for asker in [ALICE, CAROL] {
            let found = town.find(asker, json!({ "query": topic_word(5) }));
            assert_eq!(paths(&found), ["family/Bob/things/a.txt"], "{liar:?}");
            let is_silent = matches!(liar, Liar::Silent | Liar::Late | Liar::OtherQuestion | Liar::Garbage);
            let why = found["why"].as_str().unwrap();
            assert_eq!(why.starts_with("no answer from Mallory"), is_silent, "{liar:?}: {why}");
        }
        town.pass(10);
    }
}

#[test]
fn questions_without_end_are_held_to_a_rate_and_others_stay_served() {
    let mut town = town();
    let web = town.web;
    let before = town.world.watch.answers;
    for number in 0..1_000 {
        town.world.forge(MALLORY, BOB, Channel::Member, "search", &bomb(web, number));
        if number == 500 {
            let found = town.find(ALICE, json!({ "query": topic_word(5) }));
            assert_eq!((paths(&found).len(), found["answered"].as_u64()), (1, Some(4)));
        }
        town.pass_ms(1);
    }
    town.pass(1);
    // 40 at once and 20 a second for less than three seconds, and for Alice three and a snippet.
    let answers = town.world.watch.answers - before;
    assert!((40 + 4..=40 + 20 * 3 + 4).contains(&answers), "{answers} answers");
}

#[test]
fn who_was_removed_gets_no_answer() {
    let mut town = town();
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Mallory" })).unwrap();
    town.pass(30);
    let before = town.world.watch.answers;
    let found = town.find(MALLORY, json!({ "query": topic_word(5) }));
    assert!(paths(&found).is_empty(), "{found}");
    let web = town.web;
    let content = town.world.peer(BOB).disk.file("a.txt").unwrap().content();
    for channel in [Channel::Member, Channel::Join] {
        town.world.forge(MALLORY, BOB, channel, "search", &bomb(web, 1));
        town.world.forge(MALLORY, BOB, channel, "search", &wish(web, 2, content));
    }
    town.pass(5);
    assert_eq!(town.world.watch.answers, before);
}

#[test]
fn who_wants_to_see_texts_without_end_is_held_to_a_rate() {
    let mut town = town();
    let (web, before) = (town.web, town.world.watch.answers);
    let content = town.world.peer(BOB).disk.file("a.txt").unwrap().content();
    for number in 0..1_000 {
        town.world.forge(MALLORY, BOB, Channel::Member, "search", &wish(web, number, content));
        town.pass_ms(1);
    }
    town.pass(1);
    let answers = town.world.watch.answers - before;
    assert!((40..=40 + 20 * 3).contains(&answers), "{answers} answers");
}
