//! Names: whole words, beginnings, misspellings, folders.

use search::jobs::{NAMES_MAX, Query, Update, WORDS_MAX};

use crate::house::{FAMILY, House, WORK, ask, name};

fn check(paths: &[&str], text: &str, expected: &[usize]) {
    let mut house = House::new();
    house.tell(FAMILY, paths);
    assert_eq!(house.names(FAMILY, text, false), expected, "{text}");
}

#[test]
fn whole_words_come_before_beginnings() {
    check(&["Work/roadmaps.md", "Work/roadmap.md", "Work/other.md"], "roadmap", &[1, 0]);
}

#[test]
fn the_name_comes_before_its_folders_and_shorter_names_first() {
    let paths = ["Work/Q4/plan.md", "Work/Q4 plan for everybody.md", "Work/Q4 plan.md", "Q4/plan/other.md"];
    check(&paths, "q4 plan", &[2, 1, 0]);
}

#[test]
fn every_word_has_to_match() {
    check(&["Photos/Rome/day one.jpg", "Photos/Oslo/day one.jpg"], "rome day", &[0]);
    check(&["Photos/Rome/day one.jpg"], "rome photos", &[]);
}

#[test]
fn accents_and_case_do_not_matter() {
    check(&["Été/Crème brûlée.txt", "STRASSE.md"], "creme ete", &[0]);
    check(&["Été/Crème brûlée.txt", "Straße.md"], "strase", &[1]);
}

#[test]
fn scripts_without_spaces_are_found_by_parts() {
    check(&["写真/東京都の地図.png", "写真/京都の地図.png"], "東京", &[0]);
    check(&["写真/東京都の地図.png", "写真/京都の地図.png"], "京都", &[1, 0]);
    check(&["写真/東京都の地図.png"], "東", &[0]);
}

#[test]
fn a_wrong_letter_is_forgiven_when_little_else_is_found() {
    check(&["Work/roadmap.md", "Work/minutes.md"], "raodmap", &[0]);
    check(&["Work/roadmap.md"], "roadmup", &[0]);
    check(&["Work/architecture.md"], "architecure", &[0]);
    check(&["Work/architecture.md"], "archetectur", &[0]);
    check(&["Work/cat.md"], "cot", &[]);
    let many = ["a road.md", "b road.md", "c road.md", "d road.md", "e road.md", "f toad.md"];
    check(&many, "road", &[0, 1, 2, 3, 4]);
}

#[test]
fn a_word_that_is_found_is_not_taken_for_a_misspelling() {
    let many =
        ["a road.md", "b road.md", "c road.md", "d road.md", "e road.md", "load five.md", "toad five.md"];
    // `five` is found, and so is `road`, though not together: nobody meant `load` or `toad`.
    check(&many, "road five", &[]);
    check(&many, "rxad five", &[]);
    check(&many, "lxad five", &[5]);
}

#[test]
fn somebody_who_types_finds_by_two_letters() {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/roadmap.md", "Work/rome.md", "Work/minutes.md"]);
    assert_eq!(house.names(FAMILY, "ro", true), [1, 0]);
    assert_eq!(house.names(FAMILY, "ro", false), [0; 0]);
    assert_eq!(house.names(FAMILY, "roa", false), [0]);
    assert_eq!(house.names(FAMILY, "ro md", true), [0; 0]);
}

#[test]
fn names_are_replaced_and_removed() {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/old.md", "Work/stays.md", "Work/goes.md"]);
    let names = vec![name(0, Some("Work/new.md")), name(2, None), name(9, None)];
    house.update(&Update { web: FAMILY, names, texts: Vec::new() });
    assert_eq!(house.names(FAMILY, "old", false), [0; 0]);
    assert_eq!(house.names(FAMILY, "new", false), [0]);
    assert_eq!(house.names(FAMILY, "goes", false), [0; 0]);
    assert_eq!(house.names(FAMILY, "work", false), [0; 0], "no name has it");
    assert_eq!(house.names(FAMILY, "work md", false), [0, 1]);
}

#[test]
fn the_same_file_in_another_share_is_another_name() {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/plan.md"]);
    let mut item = name(0, Some("Copies/plan.md"));
    item.number = 8;
    house.update(&Update { web: FAMILY, names: vec![item], texts: Vec::new() });
    let answer = house.query(&Query { names: 10, ..ask(FAMILY, "plan") });
    let numbers: Vec<u64> = answer.names.iter().map(|hit| hit.number).collect();
    assert_eq!(numbers, [7, 8]);
}

#[test]
fn webs_never_see_each_other() {
    let mut house = House::new();
    house.tell(FAMILY, &["Home/secret.md"]);
    house.tell(WORK, &["Office/other.md"]);
    assert_eq!(house.names(WORK, "secret", false), [0; 0]);
    house.forget(FAMILY);
    assert_eq!(house.names(FAMILY, "secret", false), [0; 0]);
    assert!(!house.index_of(FAMILY).exists());
    assert_eq!(house.names(WORK, "other", false), [0]);
    house.forget(FAMILY);
}

#[test]
fn no_more_names_than_wanted_come_but_all_are_counted() {
    let mut house = House::new();
    for part in 0..3 {
        let names = (0..500).map(|at| name(part * 500 + at, Some(&format!("Work/plan {at}.md")))).collect();
        house.update(&Update { web: FAMILY, names, texts: Vec::new() });
    }
    let answer = house.query(&Query { names: 10, ..ask(FAMILY, "plan") });
    assert_eq!((answer.names.len(), answer.names_total), (10, 1_500));
    assert!(answer.names.is_sorted_by_key(|hit| std::cmp::Reverse(hit.score)));
    let answer = house.query(&Query { names: u32::MAX, ..ask(FAMILY, "plan") });
    assert_eq!(answer.names.len(), NAMES_MAX as usize);
    let answer = house.query(&ask(FAMILY, "plan"));
    assert_eq!((answer.names.len(), answer.names_total), (0, 0));
}

#[test]
fn any_words_are_answered() {
    let mut house = House::new();
    house.tell(FAMILY, &["Work/plan.md"]);
    let odd = [
        "",
        " ",
        "\0",
        "plan\0\0\0",
        "\u{10FFFF}",
        "é\u{301}",
        "*",
        "a b c",
        &"x".repeat(100_000),
        "ﷺ",
        "🦀🦀🦀🦀🦀",
    ];
    for word in odd {
        let words = vec![word.to_owned(); WORDS_MAX + 5];
        let query = Query { words, names: 10, texts: 10, is_typing: true, ..ask(FAMILY, "") };
        let answer = house.query(&query);
        assert!(answer.names.is_empty() && answer.texts.hits.is_empty(), "{word:?}");
        assert_eq!(answer.texts.found_in, [0; WORDS_MAX], "{word:?}");
    }
}
