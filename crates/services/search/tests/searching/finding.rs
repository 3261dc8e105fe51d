//! Asking and being shown.

use serde_json::json;
use sim::texts::{common_word, revision_word, topic_word};

use crate::town::{ALICE, BOB, CAROL, MALLORY, Town, made, paths};

#[test]
fn what_cannot_be_understood_gets_its_fault() {
    let mut town = Town::new();
    for (operation, arguments, code) in [
        ("search.find", json!({}), "search.arguments"),
        ("search.find", json!({ "query": "x", "colour": "red" }), "search.arguments"),
        ("search.find", json!({ "query": "?!" }), "search.no-words"),
        ("search.find", json!({ "query": "x ".repeat(600) }), "search.too-long"),
        ("search.find", json!({ "query": "x", "web": "famly" }), "search.no-such-web"),
        ("search.find", json!({ "query": "x", "person": "carl" }), "search.no-such-person"),
        ("search.find", json!({ "query": "x", "kind": "nice things" }), "search.no-such-kind"),
        ("search.more", json!({ "id": "5b0c" }), "search.no-such-search"),
        ("search.keep", json!({ "query": "" }), "search.no-words"),
        ("search.drop", json!({ "id": "" }), "search.no-such-kept"),
        ("search.drop", json!({ "id": "5b0c" }), "search.no-such-kept"),
    ] {
        let fault = town.ask(ALICE, operation, arguments.clone()).unwrap_err();
        assert_eq!(fault.code, code, "{operation} {arguments}");
        assert!(!fault.remedies.is_empty(), "{code} says what to do");
    }
}

#[test]
fn names_and_texts_of_everybody_are_found() {
    let mut town = Town::new();
    town.world.write(BOB, "plans/roadmap.txt", made(1, 5), 900);
    town.share(BOB);
    for asker in [ALICE, BOB, CAROL] {
        let by_name = town.find(asker, json!({ "query": "Roadmap" }));
        assert_eq!(paths(&by_name), ["family/Bob/things/plans/roadmap.txt"]);
        let by_text = town.find(asker, json!({ "query": topic_word(5) }));
        assert_eq!(paths(&by_text), ["family/Bob/things/plans/roadmap.txt"]);
        let hit = &by_text["hits"][0];
        assert_eq!((hit["by"].as_str().unwrap(), hit["revision"].as_u64().unwrap()), ("text", 1));
        assert!(hit["snippet"].as_str().unwrap().contains(&topic_word(5)));
        assert_eq!((by_text["answered"].as_u64(), by_text["members"].as_u64()), (Some(4), Some(4)));
        assert_eq!(by_text["why"], "");
    }
    let both = town.find(ALICE, json!({ "query": "txt" }));
    assert_eq!(both["hits"][0]["by"], "name");
}

#[test]
fn members_show_only_what_will_be_seen() {
    let mut town = Town::new();
    for (who, first) in [(BOB, 0), (CAROL, 40)] {
        for number in 0..30 {
            let made = made(1, 300 + first + number);
            town.world.write(who, &format!("{number}.txt"), made, 900 + first + number);
        }
        town.share(who);
    }
    let before = town.world.watch.bytes;
    let found = town.find(ALICE, json!({ "query": common_word(0), "limit": 5 }));
    let hits = found["hits"].as_array().unwrap();
    assert!(hits.len() == 5 && found["has_more"] == true && found["why"] == "", "{found}");
    for hit in hits {
        let snippet = hit["snippet"].as_str().unwrap();
        assert!(snippet.contains(&common_word(0)) && hit["marks"] != json!([]), "{hit}");
    }
    let of_five = town.world.watch.bytes - before;
    let before = town.world.watch.bytes;
    town.find(ALICE, json!({ "query": common_word(0), "limit": 16 }));
    assert!(town.world.watch.bytes - before > of_five, "snippets of eleven more");
}

#[test]
fn more_waits_until_there_is_more() {
    let mut town = Town::new();
    town.world.write(BOB, "a.txt", made(1, 5), 900);
    town.share(BOB);
    town.world.write(CAROL, "b.txt", made(2, 6), 900);
    town.share(CAROL);
    town.world.move_to_side(CAROL, 1);
    town.pass(1);
    let ask = town.begin(ALICE, json!({ "query": topic_word(5) }));
    town.pass_ms(5);
    let first = town.world.answer(ask).unwrap().unwrap();
    assert_eq!((first["state"].as_str(), paths(&first).len()), (Some("asking"), 0));
    let more = town.world.ask(ALICE, "search.more", json!({ "id": first["id"], "seen": first["version"] }));
    assert!(town.world.answer(more).is_none(), "nothing is new yet");
    let at_once = town.ask(ALICE, "search.more", json!({ "id": first["id"] })).unwrap();
    assert_eq!(at_once["version"], first["version"]);
    town.pass(3);
    assert!(town.world.answer(more).unwrap().unwrap()["version"].as_u64() > first["version"].as_u64());
    let last = town.ask(ALICE, "search.more", json!({ "id": first["id"], "seen": 1_000 })).unwrap();
    assert_eq!((last["state"].as_str(), paths(&last).len()), (Some("done"), 1));
    assert_eq!((last["answered"].as_u64(), last["members"].as_u64()), (Some(3), Some(4)));
    assert!(last["why"].as_str().unwrap().starts_with("no answer from Carol"), "{last}");
}

#[test]
fn the_oldest_question_is_interrupted_when_there_are_too_many() {
    let mut town = Town::new();
    town.world.write(CAROL, "b.txt", made(2, 6), 900);
    town.share(CAROL);
    town.world.move_to_side(CAROL, 1);
    town.pass(1);
    let ask = town.begin(ALICE, json!({ "query": "word" }));
    town.pass_ms(5);
    let first = town.world.answer(ask).unwrap().unwrap();
    let more = town.world.ask(ALICE, "search.more", json!({ "id": first["id"], "seen": 1_000 }));
    for _ in 0..64 {
        town.begin(ALICE, json!({ "query": "word", "here": true }));
    }
    assert_eq!(town.world.answer(more).unwrap().unwrap_err().code, "search.interrupted");
}

#[test]
fn filters_leave_out_what_is_not_wanted() {
    let mut town = Town::new();
    town.world.write(BOB, "plans/note.txt", made(1, 5), 900);
    town.world.write(BOB, "plans/note.pdf", made(2, 6), 90_000);
    town.world.write(BOB, "other/note.rs", made(3, 7), 10);
    town.world.write(CAROL, "note.md", made(4, 8), 20);
    town.share(BOB);
    town.share(CAROL);
    for (more, count) in [
        (json!({}), 4),
        (json!({ "web": "family" }), 4),
        (json!({ "person": "Carol" }), 1),
        (json!({ "kind": "pdf" }), 1),
        (json!({ "kind": "documents" }), 3),
        (json!({ "kind": "code" }), 1),
        (json!({ "kind": "folders" }), 0),
        (json!({ "below": "family/Bob/things/plans" }), 2),
        (json!({ "below": "family/Bob/things/plan" }), 0),
        (json!({ "size_min": 900 }), 2),
        (json!({ "size_max": 15 }), 1),
        (json!({ "days": 1 }), 4),
        (json!({ "here": true }), 0),
        (json!({ "limit": 2 }), 2),
    ] {
        let mut find = json!({ "query": "note" });
        find.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = town.find(ALICE, find);
        assert_eq!(paths(&found).len(), count, "{more}: {found}");
        assert_eq!(found["has_more"], more["limit"] == 2);
    }
    assert_eq!(town.paths(BOB, json!({ "query": "note", "here": true })).len(), 3);
    assert_eq!(town.paths(ALICE, json!({ "query": "pla not", "names": true })).len(), 0);
    assert_eq!(town.paths(ALICE, json!({ "query": "plans no", "names": true })).len(), 2);
}

#[test]
fn copies_of_one_content_are_one_hit() {
    let mut town = Town::new();
    for who in [BOB, CAROL] {
        town.world.write(who, "same.txt", made(1, 5), 900);
        town.share(who);
    }
    let found = town.find(ALICE, json!({ "query": revision_word(made(1, 5)) }));
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 1, "{found}");
    assert_eq!(hits[0]["copies"].as_array().unwrap().len(), 1);
}

#[test]
fn an_older_text_is_shown_only_while_the_newest_is_out_of_reach() {
    let mut town = Town::new();
    town.world.write(BOB, "plan.doc", made(1, 5), 900);
    town.share(BOB);
    town.ask(ALICE, "files.get", json!({ "path": "family/Bob/things/plan.doc" })).unwrap();
    town.pass(20);
    town.write(BOB, "plan.doc", made(2, 5), 950);
    let found = town.find(ALICE, json!({ "query": topic_word(5) }));
    let hit = &found["hits"][0];
    assert_eq!((paths(&found).len(), hit["revision"].as_u64()), (1, Some(2)));
    assert!(hit["snippet"].as_str().unwrap().contains(&revision_word(made(2, 5))));
    assert!(town.paths(ALICE, json!({ "query": revision_word(made(1, 5)) })).is_empty());

    town.world.move_to_side(BOB, 1);
    town.pass(1);
    let found = town.find(ALICE, json!({ "query": topic_word(5) }));
    let note = found["hits"][0]["note"].as_str().unwrap();
    assert!(note.starts_with("found in rev 1; rev 2 is newer, at Bob, last heard from "), "{note}");
}

#[test]
fn whoever_is_called_and_comes_is_asked_too() {
    let mut town = Town::new();
    town.world.write(MALLORY, "a.txt", made(1, 5), 900);
    town.share(MALLORY);
    town.world.move_to_side(MALLORY, 1);
    town.pass(1);
    town.world.move_to_side(MALLORY, 0);
    assert_eq!(town.paths(ALICE, json!({ "query": topic_word(5) })).len(), 1);
}
