//! Makes the search vectors of `specs/vectors` and compares: every implementation must accept or refuse these bytes.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use base::{ContentId, DeviceId, WebId};
use serde_json::{Value, json};
use services::vector;
use wire::crypto::EpochKey;

use crate::jobs::{Phrase, Snippet, TextHit, Texts};
use crate::messages::{Message, ReadOf};
use crate::summary::{Summary, WordKey, build};

const WEB: WebId = WebId::new([1; 32]);

fn texts() -> Texts {
    let hit = TextHit {
        content: ContentId::new([7; 32]),
        counts: vec![2, 1],
        length: 40,
        snippet: "Ärger im Garten".to_owned(),
        marks: vec![(0, 6), (10, 16)],
    };
    Texts { documents: 300, length: 90_000, found_in: vec![12, 3], hits: vec![hit] }
}

fn without_snippet() -> Texts {
    let mut texts = texts();
    texts.hits.iter_mut().for_each(|hit| (hit.snippet, hit.marks) = Default::default());
    texts
}

fn contents() -> Vec<ContentId> {
    [7, 9].map(|name| ContentId::new([name; 32])).to_vec()
}

/// Of the second there is nothing to be shown.
fn snippets() -> Vec<Snippet> {
    let of = |content| Snippet { content, snippet: String::new(), marks: Vec::new() };
    let mut snippets: Vec<Snippet> = contents().into_iter().map(of).collect();
    if let (Some(first), Some(hit)) = (snippets.first_mut(), texts().hits.first()) {
        (first.snippet, first.marks) = (hit.snippet.clone(), hit.marks.clone());
    }
    snippets
}

fn read() -> Vec<ReadOf> {
    let mut read: Vec<ReadOf> = [(9, 513), (4, 70_000)]
        .map(|(name, position)| ReadOf { device: ReadOf::short(DeviceId::new([name; 32])), position })
        .to_vec();
    read.sort_unstable();
    read
}

fn messages() -> Vec<(&'static str, Message)> {
    let words = vec!["arger".to_owned(), "garten".to_owned()];
    let phrases = vec![Phrase { first: 0, count: 2 }];
    let (web, question) = (WEB, 0x0123_4567_89ab_cdef);
    vec![
        ("ask", Message::Ask { web, question, words: words.clone(), phrases: phrases.clone() }),
        ("answer", Message::Answer { web, question, texts: texts() }),
        ("ask broker", Message::AskBroker { web, question, words: words.clone(), phrases: phrases.clone() }),
        ("brokered", Message::Brokered { web, question, texts: texts(), read: read() }),
        ("an answer without a snippet", Message::Answer { web, question, texts: without_snippet() }),
        ("busy", Message::Busy { web, question }),
        ("show", Message::Show { web, question, words, phrases, contents: contents() }),
        ("shown", Message::Shown { web, question, snippets: snippets() }),
    ]
}

fn epoch() -> EpochKey {
    EpochKey::new([9; 32])
}

fn summary(words: &[&str]) -> Vec<u8> {
    let key = WordKey::of(&epoch());
    let filter = build(words.iter().map(|word| key.number(word)).collect());
    wire::to_bytes(&Summary::new(epoch().id(), filter))
}

fn accepted() -> Vec<Value> {
    let found = json!({ "web": "01".repeat(32), "question": "81985529216486895" });
    let mut vectors: Vec<Value> = messages()
        .iter()
        .map(|(name, message)| vector("search-message", name, &wire::to_bytes(message), &found))
        .collect();
    let secret: String = "09".repeat(32);
    let finds = |has: &str, lacks: &str| json!({ "epoch_key": secret, "has": has, "lacks": lacks });
    let many: Vec<String> = (0..1_000).map(|number| format!("word{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    vectors.push(vector("search-summary", "none", &summary(&[]), &finds("", "garten plan")));
    vectors.push(vector(
        "search-summary",
        "three",
        &summary(&["garten", "plan", "東京"]),
        &finds("garten plan 東京", "haus"),
    ));
    vectors.push(vector(
        "search-summary",
        "thousand",
        &summary(&many),
        &finds("word0 word999", "word1000 haus"),
    ));
    let always = wire::to_bytes(&Summary::new(epoch().id(), None));
    vectors.push(vector("search-summary", "ask always", &always, &finds("garten plan", "")));
    vectors
}

fn refused() -> Vec<Value> {
    let web = WEB;
    let ask =
        |words: Vec<String>| wire::to_bytes(&Message::Ask { web, question: 1, words, phrases: Vec::new() });
    let answer = |change: fn(&mut Texts)| {
        let mut texts = texts();
        change(&mut texts);
        wire::to_bytes(&Message::Answer { web, question: 1, texts })
    };
    let mut unsorted = read();
    unsorted.reverse();
    let brokered = wire::to_bytes(&Message::Brokered { web, question: 1, texts: texts(), read: unsorted });
    let message = |name, bytes: Vec<u8>| vector("search-message", name, &bytes, &json!({}));
    let show = |contents: Vec<ContentId>| {
        let words = vec!["garten".to_owned()];
        wire::to_bytes(&Message::Show { web, question: 1, words, phrases: Vec::new(), contents })
    };
    let shown = |change: fn(&mut Vec<Snippet>)| {
        let mut snippets = snippets();
        change(&mut snippets);
        wire::to_bytes(&Message::Shown { web, question: 1, snippets })
    };
    let mut cut = summary(&["garten", "plan"]);
    cut.truncate(cut.len() - 1);
    let filter = |filter: Vec<u8>| wire::to_bytes(&Summary::new(epoch().id(), Some(filter)));
    let record = |name, bytes: Vec<u8>| vector("search-summary", name, &bytes, &json!({}));
    vec![
        message("no word", ask(Vec::new())),
        message("an empty word", ask(vec![String::new()])),
        message("too long a word", ask(vec!["x".repeat(65)])),
        message("too many words", ask(vec!["x".to_owned(); 17])),
        message("found in more texts than there are", answer(|texts| texts.documents = 2)),
        message(
            "marks that cut a letter",
            answer(|texts| texts.hits.iter_mut().for_each(|hit| hit.marks = vec![(1, 6)])),
        ),
        message(
            "marks in disorder",
            answer(|texts| texts.hits.iter_mut().for_each(|hit| hit.marks.reverse())),
        ),
        message(
            "more counts than words",
            answer(|texts| texts.hits.iter_mut().for_each(|hit| hit.length = 2)),
        ),
        message("too many hits", answer(|texts| texts.hits = vec![texts.hits.first().cloned().unwrap(); 65])),
        message("devices in disorder", brokered),
        message("texts in disorder", show(contents().into_iter().rev().collect())),
        message("one text twice", show([contents(), contents()].concat())),
        message("too many texts", show((0..17).map(|name| ContentId::new([name; 32])).collect())),
        message("snippets in disorder", shown(|snippets| snippets.reverse())),
        message(
            "a snippet whose marks cut a letter",
            shown(|snippets| snippets.iter_mut().for_each(|one| one.marks = vec![(1, 6)])),
        ),
        message(
            "a snippet that is too long",
            shown(|snippets| snippets.iter_mut().for_each(|one| one.snippet = "x".repeat(401))),
        ),
        record("cut off", cut),
        record("a filter shorter than its head", filter(vec![0; 12])),
        record("a filter without segments", filter(vec![0; 13])),
        record("segments too wide", filter([&[0; 8][..], &[19, 0, 0, 0, 1]].concat())),
        record("fingerprints missing", filter([&[0; 8][..], &[2, 0, 0, 0, 1], &[0; 11]].concat())),
    ]
}

fn is_accepted(vector: &Value, bytes: &[u8]) -> bool {
    match vector["kind"].as_str().unwrap() {
        "search-message" => Message::read(bytes).is_ok(),
        _ => Summary::read(bytes).is_ok(),
    }
}

#[test]
fn what_must_be_accepted_is_accepted() {
    services::accepted("search-accept.json", &accepted(), is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    services::refused("search-refuse.json", &refused(), is_accepted);
}
