//! A computer of the web reads everything and answers for all.

use std::time::Duration;

use base::WebId;
use search::jobs::SNIPPETS_MAX;
use serde_json::{Value, json};
use sim::Liar;
use sim::texts::{common_word, revision_word, topic_word};

use crate::town::{ALICE, BOB, CAROL, MALLORY, Town, made, paths};

/// The driver's name for the index of what a broker reads.
fn reading(web: WebId) -> WebId {
    WebId::new(web.as_bytes().map(|byte| !byte))
}

fn serve(town: &mut Town, who: usize) {
    town.ask(who, "people.serve", json!({ "web": "family", "broker": true })).unwrap();
    town.pass(40);
}

/// Bob and Mallory share documents; Carol's computer is a broker.
fn town() -> Town {
    let mut town = Town::new();
    for number in 0..30 {
        town.world.write(BOB, &format!("plans/{number}.txt"), made(number, 100 + number), 900 + number);
        town.world.write(MALLORY, &format!("notes/{number}.txt"), made(number, 200 + number), 2_000 + number);
    }
    town.world.write(ALICE, "own.txt", made(1, 300), 500);
    for who in [ALICE, BOB, MALLORY] {
        town.share(who);
    }
    town
}

fn texts_read(town: &Town, who: usize) -> usize {
    town.world.peer(who).index_driver.texts_count(reading(town.web))
}

fn find(town: &mut Town, who: usize, query: &str) -> Value {
    town.find(who, json!({ "query": query }))
}

/// What is shown, in order; of the first ones with their snippets. Further down who was asked decides which there are.
fn ranks(found: &Value) -> Vec<(String, String, u64)> {
    let hits = found["hits"].as_array().unwrap().iter().enumerate();
    let of = |(place, hit): (usize, &Value)| {
        let text = |field: &str| hit[field].as_str().unwrap().to_owned();
        let snippet = if place < SNIPPETS_MAX { text("snippet") } else { String::new() };
        assert!(!snippet.is_empty() || place >= SNIPPETS_MAX, "{hit} is shown {place} without a snippet");
        (text("path"), snippet, hit["revision"].as_u64().unwrap())
    };
    hits.map(of).collect()
}

#[test]
fn both_modes_give_the_same_answers() {
    let mut town = town();
    let queries: Vec<String> = (0..25)
        .map(common_word)
        .chain((0..10).map(|number| format!("{} {}", common_word(number), common_word(number * 3 + 1))))
        .chain([topic_word(105), topic_word(205), revision_word(made(7, 0)), "\"plan".to_owned()])
        .collect();
    let pure: Vec<Value> = queries.iter().map(|query| find(&mut town, ALICE, query)).collect();
    serve(&mut town, CAROL);
    assert_eq!(texts_read(&town, CAROL), 61, "all but its own, of which it has none");
    let before = town.world.watch.messages;
    for (query, pure) in queries.iter().zip(&pure) {
        let brokered = find(&mut town, ALICE, query);
        assert_eq!(ranks(&brokered), ranks(pure), "{query}");
        assert_eq!(brokered["answered"], 4);
        assert_eq!(brokered["how"], "the broker at Carol answered for 4 members", "{query}");
        town.pass(1);
    }
    assert_eq!(town.world.watch.messages - before, 2 * u64::try_from(queries.len()).unwrap());
    // The broker's own person is answered from what it has read.
    for (query, pure) in queries.iter().zip(&pure) {
        let own = find(&mut town, CAROL, query);
        assert_eq!(ranks(&own), ranks(pure), "{query}");
        assert_eq!(own["how"], "this computer, a broker, answered for 4 members");
    }
}

#[test]
fn a_broker_answers_for_those_who_are_away() {
    let mut town = town();
    serve(&mut town, CAROL);
    town.world.power_cut(BOB, Duration::from_secs(3_600));
    town.pass(60);
    let found = find(&mut town, ALICE, &topic_word(105));
    assert_eq!(paths(&found), ["family/Bob/things/plans/5.txt"]);
    let note = found["hits"][0]["note"].as_str().unwrap();
    assert!(note.starts_with("newest known, at Bob, last heard from "), "{note}");
    assert!(note.ends_with("; the broker has read it"), "{note}");
    assert_eq!((found["answered"].as_u64(), found["why"].as_str()), (Some(4), Some("")));
    // Nobody is offered what a broker has only to read it.
    let view = town.world.read(CAROL, "files.status", json!({}));
    assert!(view.is_err() || !view.unwrap().to_string().contains("plans/5.txt"));
}

#[test]
fn what_is_removed_is_forgotten_at_once() {
    let mut town = town();
    serve(&mut town, CAROL);
    let contents = |town: &Town| town.world.peer(CAROL).index_driver.contents(reading(town.web));
    let gone = town.world.peer(BOB).disk.file("plans/5.txt").unwrap().content();
    let replaced = town.world.peer(BOB).disk.file("plans/6.txt").unwrap().content();
    assert!(contents(&town).contains(&gone) && contents(&town).contains(&replaced));
    town.world.delete(BOB, "plans/5.txt");
    town.world.tell_watcher(BOB, &[], &["plans/5.txt"]);
    town.write(BOB, "plans/6.txt", made(77, 106), 950);
    assert!(!contents(&town).contains(&gone) && !contents(&town).contains(&replaced));
    for (content, size) in [(gone, 905), (replaced, 906)] {
        assert!(!town.world.peer(CAROL).disk.missing(content, size).is_empty(), "it has left the disk");
    }
    assert!(town.paths(ALICE, json!({ "query": topic_word(105) })).is_empty());
    assert_eq!(town.paths(ALICE, json!({ "query": revision_word(made(77, 106)) })).len(), 1);
    assert_eq!(texts_read(&town, CAROL), 60);

    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Bob" })).unwrap();
    town.pass(5);
    assert_eq!(texts_read(&town, CAROL), 31, "what a removed member listed is forgotten");
    assert!(town.paths(ALICE, json!({ "query": topic_word(107) })).is_empty());

    town.ask(CAROL, "people.serve", json!({ "web": "family", "stop": true })).unwrap();
    town.pass(10);
    assert_eq!(texts_read(&town, CAROL), 0, "who stops keeps nothing");
    let left = town.world.peer(MALLORY).disk.file("notes/3.txt").unwrap().content();
    assert!(!town.world.peer(CAROL).disk.missing(left, 2_003).is_empty());
    assert_eq!(town.paths(ALICE, json!({ "query": topic_word(203) })).len(), 1, "and others are asked again");
}

#[test]
fn what_a_broker_has_not_read_is_asked_for() {
    let mut town = town();
    town.world.write(BOB, "large.txt", made(1, 400), 30_000_000);
    town.world.tell_watcher(BOB, &["large.txt"], &[]);
    town.pass(20);
    serve(&mut town, CAROL);
    // It is too large for a broker, so Bob is asked, too, and Mallory is not.
    let found = find(&mut town, ALICE, &topic_word(400));
    assert_eq!(paths(&found), ["family/Bob/things/large.txt"]);
    assert_eq!(found["how"], "the broker at Carol answered for 3 members; 1 more answered");
    // What was listed just now is known to the asker before the broker has it.
    town.world.move_to_side(CAROL, 0);
    town.world.write(MALLORY, "new.txt", made(1, 500), 700);
    town.world.tell_watcher(MALLORY, &["new.txt"], &[]);
    for _ in 0..40 {
        town.pass_ms(100);
        let listed = town.paths(ALICE, json!({ "query": "new", "names": true }));
        let found = find(&mut town, ALICE, &topic_word(500));
        let is_hashed = town.world.peer(MALLORY).index_driver.texts_count(town.web) == 31;
        if listed.len() == 1 && is_hashed && paths(&found).len() == 1 {
            return;
        }
    }
    panic!("a new document is not found within seconds");
}

#[test]
fn without_its_broker_an_answer_still_comes_in_two_seconds() {
    let mut town = town();
    serve(&mut town, CAROL);
    let query = topic_word(105);
    // Silent: after half a second everybody is asked.
    town.world.set_liar(CAROL, Some(Liar::Silent));
    let begun = town.world.now_ms();
    let found = find(&mut town, ALICE, &query);
    assert_eq!(paths(&found).len(), 1);
    assert!(found["why"].as_str().unwrap().contains("the broker at Carol did not answer in time"), "{found}");
    assert!(town.world.now_ms() - begun <= 2_100);
    town.world.set_liar(CAROL, None);
    // Killed while the question is on its way, at any moment.
    for wait in [0, 5, 20, 40, 80, 160, 300] {
        let begun = town.world.now_ms();
        let ask = town.begin(ALICE, json!({ "query": query }));
        town.pass_ms(wait);
        town.world.power_cut(CAROL, Duration::from_secs(5));
        let first = loop {
            if let Some(first) = town.world.answer(ask) {
                break first.unwrap();
            }
            town.pass_ms(5);
        };
        let mut found = first;
        while found["is_over"] != true {
            let more = json!({ "id": found["id"], "seen": found["version"] });
            found = town.ask(ALICE, "search.more", more).unwrap();
        }
        assert_eq!(paths(&found).len(), 1, "killed after {wait} ms: {found}");
        assert!(town.world.now_ms() - begun <= 2_050, "{} ms", town.world.now_ms() - begun);
        town.pass(60);
    }
}

#[test]
fn a_broker_that_has_no_place_is_asked_again_and_members_are_left_alone() {
    let mut town = town();
    serve(&mut town, CAROL);
    let before = town.world.watch.messages;
    let begun = town.world.now_ms();
    // Eight at a time are taken from one device.
    let asks: Vec<_> = (0..20)
        .map(|number| town.world.ask(ALICE, "search.find", json!({ "query": topic_word(105 + number) })))
        .collect();
    town.pass_ms(700);
    for ask in asks {
        let mut found = town.world.answer(ask).unwrap().unwrap();
        while found["is_over"] != true {
            let more = json!({ "id": found["id"], "seen": found["version"] });
            found = town.ask(ALICE, "search.more", more).unwrap();
        }
        assert_eq!((paths(&found).len(), found["why"].as_str()), (1, Some("")), "{found}");
        assert_eq!(found["how"], "the broker at Carol answered for 4 members");
    }
    assert!(town.world.now_ms() - begun <= 2_000);
    let messages = town.world.watch.messages - before;
    assert!(messages > 2 * 20, "nothing was refused: {messages}");
    assert!(messages <= 4 * 20, "a refusal and a second question for each at most: {messages}");
}

#[test]
fn the_answer_of_a_late_broker_counts() {
    let mut town = town();
    // What Mallory lists can only be had from the broker.
    serve(&mut town, CAROL);
    town.world.power_cut(MALLORY, Duration::from_secs(3_600));
    town.pass(60);
    town.world.set_liar(CAROL, Some(Liar::Slow));
    let found = find(&mut town, ALICE, &topic_word(205));
    assert_eq!(paths(&found), ["family/Mallory/things/notes/5.txt"], "{found}");
    assert_eq!(
        (found["how"].as_str(), found["why"].as_str()),
        (Some("the broker at Carol answered for 4 members"), Some(""))
    );
    assert_ne!(found["hits"][0]["snippet"], "");
}

#[test]
fn members_are_asked_in_a_brokers_place_for_few_questions_at_a_time() {
    let mut town = town();
    serve(&mut town, CAROL);
    town.world.set_liar(CAROL, Some(Liar::Silent));
    let before = town.world.watch.questions();
    let begun = town.world.now_ms();
    let asks: Vec<_> = (0..8)
        .map(|number| town.world.ask(ALICE, "search.find", json!({ "query": topic_word(105 + number) })))
        .collect();
    town.pass_ms(501);
    assert!(town.world.watch.questions() - before <= 8 + 2 * 2, "two questions at two members");
    town.pass_ms(1_400);
    for (number, ask) in asks.into_iter().enumerate() {
        let mut found = town.world.answer(ask).unwrap().unwrap();
        while found["is_over"] != true {
            let more = json!({ "id": found["id"], "seen": found["version"] });
            found = town.ask(ALICE, "search.more", more).unwrap();
        }
        assert_eq!(paths(&found).len(), 1, "{number}: {found}");
        assert!(found["why"].as_str().unwrap().ends_with("so all members were asked"), "{found}");
    }
    assert!(town.world.now_ms() - begun <= 2_000);
}

#[test]
fn a_broker_that_was_silent_is_left_out_for_a_while() {
    let mut town = town();
    serve(&mut town, CAROL);
    town.world.set_liar(CAROL, Some(Liar::Silent));
    let took = |town: &mut Town| {
        let begun = town.world.now_ms();
        let found = find(town, ALICE, &topic_word(105));
        assert_eq!(paths(&found).len(), 1);
        (town.world.now_ms() - begun, found)
    };
    let shown = |found: &Value| found["why"].as_str().unwrap().contains("did not answer in time");
    let (first, found) = took(&mut town);
    assert!(first >= 500 && shown(&found));
    let before = town.world.watch.messages;
    let (second, found) = took(&mut town);
    assert!(!shown(&found), "{found}");
    let messages = town.world.watch.messages - before;
    assert!(
        second < 500 && messages <= 4 + 2,
        "only those who share were asked, and one of them to show something"
    );
    town.pass(31);
    assert!(shown(&took(&mut town).1), "then it is asked again");

    // With another broker nobody else is asked, and at most one question waits for the silent one.
    serve(&mut town, MALLORY);
    town.pass(60);
    let mut late = 0;
    for _ in 0..12 {
        let (time, found) = took(&mut town);
        late += usize::from(time >= 500);
        assert_eq!(found["how"], "the broker at Mallory answered for 4 members", "{found}");
        assert_eq!(found["why"], "");
    }
    assert_eq!(late, 1);
}

#[test]
fn a_lying_broker_is_found_out_and_everybody_is_asked() {
    let mut town = town();
    town.write(BOB, "plans/5.txt", made(50, 105), 990);
    serve(&mut town, CAROL);
    for liar in Liar::ALL {
        town.world.set_liar(CAROL, Some(liar));
        let found = find(&mut town, ALICE, &revision_word(made(50, 105)));
        assert_eq!(paths(&found), ["family/Bob/things/plans/5.txt"], "{liar:?}");
        assert_eq!(found["hits"][0]["revision"], 2, "{liar:?}");
        let why = found["why"].as_str().unwrap();
        match liar {
            Liar::Unlisted | Liar::Old => {
                assert!(why.contains("Carol answered with what they do not have"), "{liar:?}: {why}");
            }
            Liar::Twice | Liar::Bomb => assert_eq!(why, "", "{liar:?}"),
            Liar::Counts | Liar::Silent | Liar::Late | Liar::Slow | Liar::OtherQuestion | Liar::Garbage => {
                assert!(why.is_empty() || why.contains("did not answer in time"), "{liar:?}: {why}");
            }
        }
        town.pass(10);
    }
}

#[test]
fn a_broker_that_loses_power_or_its_index_reads_on() {
    let mut town = town();
    town.ask(CAROL, "people.serve", json!({ "web": "family", "broker": true })).unwrap();
    for wait in [10, 100, 300, 700, 1_000, 2_000] {
        town.pass_ms(wait);
        town.world.power_cut(CAROL, Duration::from_millis(50));
        assert_eq!(town.paths(ALICE, json!({ "query": topic_word(205) })).len(), 1);
    }
    town.pass(60);
    assert_eq!(texts_read(&town, CAROL), 61);
    for wait in [0, 20, 100, 500] {
        let index = reading(town.web);
        town.world.damage_index(CAROL, index);
        town.pass_ms(wait);
        assert_eq!(town.paths(ALICE, json!({ "query": topic_word(205) })).len(), 1, "after {wait} ms");
        town.pass(40);
        assert_eq!(texts_read(&town, CAROL), 61, "after {wait} ms");
    }
}

#[test]
fn a_person_keeps_what_the_broker_on_the_same_computer_has_read() {
    let mut town = town();
    serve(&mut town, CAROL);
    let content = town.world.peer(BOB).disk.file("plans/5.txt").unwrap().content();
    town.ask(CAROL, "files.get", json!({ "path": "family/Bob/things/plans/5.txt" })).unwrap();
    town.pass(20);
    town.ask(CAROL, "people.serve", json!({ "web": "family", "stop": true })).unwrap();
    town.pass(10);
    assert!(town.world.peer(CAROL).disk.missing(content, 905).is_empty(), "what a person asked for stays");
    town.world.power_cut(BOB, Duration::from_secs(3_600));
    town.pass(60);
    assert_eq!(town.paths(ALICE, json!({ "query": topic_word(105) })).len(), 1, "and others find it there");
}
