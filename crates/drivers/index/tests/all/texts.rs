//! Texts: counts, phrases, snippets.

use search::jobs::{Query, SNIPPET_SIZE_MAX, SNIPPETS_MAX, TextItem, Texts, Update};
use search::rank::score;

use crate::house::{FAMILY, House, WORK, ask, name};

fn marked(texts: &Texts) -> Vec<&str> {
    let hit = &texts.hits[0];
    hit.marks.iter().map(|(from, to)| &hit.snippet[*from as usize..*to as usize]).collect()
}

#[test]
fn texts_come_with_counts() {
    let mut house = House::new();
    let (one, _) = house.put(FAMILY, "one.txt", b"The quick brown fox. A quick one.");
    let (two, _) = house.put(FAMILY, "two.md", b"# Slow\n\nThe fox is slow.");
    // Names in the same index do not count as texts.
    house.update(&Update { web: FAMILY, names: vec![name(0, Some("Work/fox.md"))], texts: Vec::new() });
    let texts = house.texts(FAMILY, "fox quick");
    assert_eq!((texts.documents, texts.length, texts.found_in.as_slice()), (2, 12, [2, 1].as_slice()));
    let [hit] = texts.hits.as_slice() else { panic!("{texts:?}") };
    assert_eq!((hit.content, hit.counts.as_slice(), hit.length), (one, [1, 2].as_slice(), 7));
    let texts = house.texts(FAMILY, "fox");
    let found: Vec<_> = texts.hits.iter().map(|hit| hit.content).collect();
    assert_eq!(found, [two, one], "the shorter text first");
    assert!(house.texts(FAMILY, "fox absent").hits.is_empty());
    assert_eq!(house.texts(FAMILY, "fox absent").found_in, [2, 0]);
    assert!(house.texts(WORK, "fox").hits.is_empty());
    assert_eq!(house.texts(WORK, "fox absent").found_in, [0, 0]);
}

#[test]
fn a_text_that_went_is_not_counted() {
    let mut house = House::new();
    let (one, _) = house.put(FAMILY, "one.txt", b"alpha beta");
    house.put(FAMILY, "two.txt", b"alpha gamma delta");
    let gone = TextItem { content: one, document: None };
    house.update(&Update { web: FAMILY, names: Vec::new(), texts: vec![gone] });
    let texts = house.texts(FAMILY, "alpha");
    assert_eq!((texts.documents, texts.length, texts.found_in.as_slice()), (1, 3, [1].as_slice()));
    assert_eq!(texts.hits.len(), 1);
    assert!(house.texts(FAMILY, "beta").hits.is_empty());
}

#[test]
fn a_text_told_twice_is_there_once() {
    let mut house = House::new();
    house.put(FAMILY, "one.txt", b"alpha beta");
    house.put(FAMILY, "one copy.txt", b"alpha beta");
    assert_eq!(house.texts(FAMILY, "alpha").hits.len(), 1);
}

#[test]
fn the_words_of_a_phrase_follow_each_other() {
    let mut house = House::new();
    let (apart, _) = house.put(FAMILY, "a.txt", b"white fox, then a house. House: white!");
    let (together, _) = house.put(FAMILY, "b.txt", b"He lives\nin the White\n House, not in a white igloo.");
    let found = |house: &mut House, text: &str| -> Vec<_> {
        house.texts(FAMILY, text).hits.iter().map(|hit| hit.content).collect()
    };
    assert_eq!(found(&mut house, "white house").len(), 2);
    assert_eq!(found(&mut house, "\"white house\""), [together]);
    assert_eq!(found(&mut house, "\"house white\""), [apart]);
    assert_eq!(found(&mut house, "lives \"white house\" igloo"), [together]);
    assert_eq!(found(&mut house, "\"lives in the white house not\""), [together]);
    assert!(found(&mut house, "\"house igloo\"").is_empty());
}

#[test]
fn a_snippet_is_one_line_with_marks() {
    let mut house = House::new();
    let filler = "Nothing to see here, only words that fill the page. ".repeat(40);
    let text = format!("{filler}\nThe\tÄrger\u{7} of\r\n\u{202E}Straße und Haus. {filler}");
    house.put(FAMILY, "a.txt", text.as_bytes());
    let texts = house.texts(FAMILY, "straße ärger");
    let snippet = &texts.hits[0].snippet;
    assert_eq!(marked(&texts), ["Ärger", "Straße"]);
    assert!(snippet.contains("The Ärger of Straße und Haus."), "{snippet}");
    assert!(
        snippet.starts_with('…') && snippet.ends_with('…') && snippet.len() <= SNIPPET_SIZE_MAX,
        "{snippet}"
    );
    assert!(!snippet.contains(|character: char| character.is_control() || character == '\u{202E}'));
}

#[test]
fn a_snippet_holds_as_many_different_words_as_fit() {
    let mut house = House::new();
    let far = "blah ".repeat(200);
    let text = format!("alpha alpha alpha alpha {far} beta {far} alpha and beta and gamma {far}");
    house.put(FAMILY, "a.txt", text.as_bytes());
    assert_eq!(marked(&house.texts(FAMILY, "alpha beta gamma")), ["alpha", "beta", "gamma"]);
}

#[test]
fn snippets_are_cut_between_characters() {
    let mut house = House::new();
    let text = format!("{}needle{}", "東京都の長い文章".repeat(100), "ありがとう".repeat(100));
    house.put(FAMILY, "a.txt", text.as_bytes());
    let texts = house.texts(FAMILY, "needle");
    assert!(marked(&texts) == ["needle"] && texts.hits[0].snippet.len() <= SNIPPET_SIZE_MAX);
    let texts = house.texts(FAMILY, "東京");
    assert_eq!(marked(&texts)[0], "東京");
    let texts = house.texts(FAMILY, "東京都");
    assert_eq!(marked(&texts)[0], "東京都", "marks that overlap are joined");
}

#[test]
fn only_the_best_texts_have_a_snippet() {
    let mut house = House::new();
    for number in 0..40_usize {
        let text =
            format!("alpha beta {}{}", "alpha ".repeat(number % 7), "filler ".repeat(10 * (number % 11)));
        house.put(FAMILY, &format!("{number}.txt"), format!("{text} {number}").as_bytes());
    }
    for query in ["alpha", "beta alpha", "\"alpha beta\""] {
        let mut hits = house.query(&Query { texts: 64, snippets: 64, ..ask(FAMILY, query) }).texts.hits;
        assert_eq!(hits.len(), 40, "{query}");
        hits.sort_by(|one, other| score(other).total_cmp(&score(one)));
        assert!(
            hits.iter().take(SNIPPETS_MAX).all(|hit| hit.snippet.contains("alpha") && !hit.marks.is_empty())
        );
        let rest = hits.iter().skip(SNIPPETS_MAX).filter(|hit| !hit.snippet.is_empty());
        assert_eq!(rest.count(), 0, "{query}");
    }
}

#[test]
fn words_beyond_what_is_kept_are_found() {
    let mut house = House::new();
    let text = format!("{} needle", "blah ".repeat(100_000));
    let (content, _) = house.put(FAMILY, "long.txt", text.as_bytes());
    let texts = house.texts(FAMILY, "needle");
    assert_eq!(texts.hits[0].content, content);
    assert!(texts.hits[0].marks.is_empty() && texts.hits[0].snippet.starts_with("blah"));
}

#[test]
fn phrases_that_are_not_within_the_words_are_left_out() {
    let mut house = House::new();
    house.put(FAMILY, "a.txt", b"alpha beta");
    for (first, count) in [(0, 0), (0, 1), (5, 2), (u32::MAX, u32::MAX), (1, 2)] {
        let phrases = vec![search::jobs::Phrase { first, count }; 30];
        let answer = house.query(&Query { phrases, texts: 10, ..ask(FAMILY, "alpha beta") });
        assert_eq!(answer.texts.hits.len(), 1, "{first} {count}");
    }
}
