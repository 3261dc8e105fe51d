//! Claims about the model itself: were one of them wrong, the page would be.

use super::chance::{doubling, often};
use super::collections::VOCABULARY_DOUBLINGS;
use super::graph::{Flood, Graph, Presence};
use super::method::{METHODS, Method, Outcome};
use super::question::{FilterAge, Revision, Says};
use super::web::{Bench, Web};
use super::{Findings, Study, comma_separated, plots};
use crate::dice::Dice;

const SMALL: Study = Study { seed: 7, members_max: 1_000, questions: 100 };

fn web(seed: u64, members: u32) -> Web {
    Web::new(seed, members, 60)
}

/// Asks every question of a web in every way, and shows method and outcome with the trial.
fn each_outcome(web: &Web, mut check: impl FnMut(Method, Outcome, &super::question::Trial<'_>)) {
    let mut bench = Bench::new(web.graph.members());
    for (number, question) in web.questions.iter().enumerate() {
        let trial = web.trial(*question);
        let outcomes = bench.ask(&web.graph, &trial, number as u64);
        for (method, outcome) in METHODS.into_iter().zip(outcomes) {
            check(method, outcome, &trial);
        }
    }
}

/// Finds who hangs together by another way than a flood: groups are joined line by line.
fn component(graph: &Graph, of: u32) -> Vec<u32> {
    let mut group: Vec<u32> = (0..graph.members()).collect();
    loop {
        let before = group.clone();
        for peer in (0..graph.members()).filter(|peer| graph.is_here(*peer)) {
            for other in graph.neighbours(peer).iter().filter(|other| graph.is_here(**other)) {
                let least = group[peer as usize].min(group[*other as usize]);
                (group[peer as usize], group[*other as usize]) = (least, least);
            }
        }
        if group == before {
            let own = group[of as usize];
            return (0..graph.members())
                .filter(|peer| graph.is_here(*peer) && group[*peer as usize] == own)
                .collect();
        }
    }
}

#[test]
fn flooding_reaches_exactly_the_connected_component() {
    // Few lines, so that the graph falls apart into many components.
    let mut dice = Dice::new(3);
    for lines in [0, 20, 60, 100, 200] {
        let presence: Vec<Presence> =
            (0..100).map(|_| if dice.chance(800) { Presence::Here } else { Presence::Unnoticed }).collect();
        let mut end = || u32::try_from(dice.below(100)).unwrap();
        let lines: Vec<(u32, u32)> = (0..lines).map(|_| (end(), end())).collect();
        let graph = Graph::from_lines(presence, &lines);
        let mut flood = Flood::new(100);
        for start in (0..100).filter(|peer| graph.is_here(*peer)) {
            flood.run(&graph, start, |_, _| {});
            let mut reached = flood.reached().to_vec();
            reached.sort_unstable();
            assert_eq!(reached, component(&graph, start), "{} lines, from {start}", lines.len());
        }
    }
}

#[test]
fn a_flood_sends_what_arithmetic_says() {
    // On a tree nobody hears twice: as many messages as lines, each one hop deeper than its sender.
    let lines: Vec<(u32, u32)> = (1..63).map(|peer| ((peer - 1) / 2, peer)).collect();
    let graph = Graph::from_lines(vec![Presence::Here; 63], &lines);
    let mut sent = [0; 6];
    let mut flood = Flood::new(63);
    flood.run(&graph, 0, |depth, _| sent[depth as usize] += 1);
    assert_eq!(sent, [2, 4, 8, 16, 32, 0]);
    assert_eq!(flood.depth_max(), 5);
}

#[test]
fn neighbours_are_six_to_eight() {
    let web = web(1, 5_000);
    let degrees: Vec<usize> = (0..5_000)
        .filter(|peer| web.graph.seems_here(*peer))
        .map(|peer| web.graph.neighbours(peer).len())
        .collect();
    let odd = degrees.iter().filter(|degree| !(6..=8).contains(*degree)).count();
    // Two ends of one line may fall on the same peer, or on two that have a line already.
    assert!(odd * 100 < degrees.len(), "{odd} of {}", degrees.len());
    assert!(degrees.len() > 3_500 && web.graph.here() < 3_600, "{} are here", web.graph.here());
}

#[test]
fn a_walk_never_spends_more_than_its_budget_and_nothing_less_if_it_can_go_on() {
    for seed in 0..4 {
        each_outcome(&web(seed, 400), |method, outcome, _| {
            if let Method::Walk(budget) | Method::Guided(budget) = method {
                assert_eq!(outcome.questions, u64::from(budget), "{method:?}");
            }
        });
    }
}

#[test]
fn a_blind_walk_sees_as_many_peers_as_chance_lets_it() {
    // With B steps among N peers a part of 1 - e^(-B/N) is seen, a little less for walking in circles.
    let findings = Study { seed: 5, members_max: 3_000, questions: 400 }.run(3_000);
    let of = |method| &findings.measured[METHODS.iter().position(|one| *one == method).unwrap()];
    let expected = 1.0 - (-4096.0 / findings.likeness.here).exp();
    let recall = of(Method::Walk(4096)).recall;
    assert!((expected - 0.08..expected + 0.02).contains(&recall), "{recall} against {expected}");
}

#[test]
fn floods_find_more_the_further_they_go_and_without_limit_all() {
    let web = web(2, 500);
    each_outcome(&web, |method, outcome, trial| {
        let here = trial.relevant.iter().filter(|peer| web.graph.is_here(**peer)).count();
        match method {
            Method::Flood(None) => {
                assert_eq!(outcome.found_here as usize, here);
                assert_eq!(outcome.best.unwrap().0, Revision::Newest);
            }
            _ => assert!(outcome.found_here as usize <= here, "{method:?}"),
        }
    });
    let findings = SMALL.run(1_000);
    let recall: Vec<f64> = findings.measured[..4].iter().map(|measured| measured.recall).collect();
    assert!(recall.is_sorted() && recall[0] < recall[1], "{recall:?}");
}

#[test]
fn filters_deny_nothing_that_was_published_and_lie_in_one_of_256() {
    let web = web(9, 2_000);
    let published = FilterAge { every_ms: 1, spread_ms: 0 };
    let (mut yes, mut asked) = (0_u32, 0_u32);
    for question in &web.questions {
        let trial = web.trial(*question);
        for peer in &trial.relevant {
            assert!(trial.filter_says(*peer, published), "a filter denies what its owner has");
        }
        // Of a word that came with the newest revision nobody else knows: the filters are asked about it alone.
        if trial.asks_for_new_word() {
            for peer in (0..2_000).filter(|peer| trial.says(*peer) == Says::Nothing) {
                let has_other_word = question
                    .vocabulary()
                    .all(|word| web.index.peers(word).is_some_and(|peers| peers.contains(peer)));
                asked += u32::from(has_other_word);
                yes += u32::from(has_other_word && trial.filter_says(peer, published));
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    let rate = f64::from(yes) / f64::from(asked);
    assert!((0.001..0.008).contains(&rate), "{yes} of {asked}");
}

#[test]
fn a_filter_tells_of_a_new_word_only_after_its_time() {
    let web = web(4, 300);
    let mut late = 0;
    for trial in web.questions.iter().map(|question| web.trial(*question)) {
        for peer in trial.relevant.iter().filter(|_| trial.asks_for_new_word()) {
            let since = trial.held(*peer).since_ms.unwrap();
            let never = FilterAge { every_ms: 1, spread_ms: since.saturating_add(1) };
            let now = FilterAge { every_ms: 1, spread_ms: since };
            assert!(trial.filter_says(*peer, now));
            // One filter in 256 says yes by mistake.
            late += u32::from(!trial.filter_says(*peer, never));
        }
    }
    assert!(late > 0);
}

#[test]
fn a_revision_is_in_the_catalogue_when_its_record_can_have_come_and_not_before() {
    let web = web(6, 400);
    let (mut known, mut unknown) = (0, 0);
    each_outcome(&web, |method, outcome, trial| {
        if method == Method::Catalogue {
            let age = trial.question.age_ms;
            let has_newest = outcome.best.is_some_and(|(revision, _)| revision == Revision::Newest);
            assert!(age >= 280 || !has_newest, "known after {age} ms");
            assert!(age < 3_000 || has_newest, "not known after {age} ms");
            (known, unknown) = (known + i32::from(has_newest), unknown + i32::from(!has_newest));
        }
    });
    assert!(known > 0 && unknown > 0, "{known} known, {unknown} not: nothing was tried");
}

#[test]
fn one_broker_gets_everything() {
    let findings = SMALL.run(300);
    let broker = findings.measured.iter().find(|measured| measured.method == Method::Brokers(1)).unwrap();
    // Ten webs with a mean of 210 members who are here: the busiest gets all, the mean one 1 in so many.
    assert!((190.0..230.0).contains(&broker.hot_spot.unwrap()), "{:?}", broker.hot_spot);
}

#[test]
fn few_things_are_drawn_often_and_most_seldom() {
    let mut dice = Dice::new(8);
    let mut counts = [0; 1_000];
    (0..100_000).for_each(|_| counts[often(&mut dice, 1_000) as usize] += 1);
    assert!(counts[0] > 8_000 && counts[0] < 12_000, "{}", counts[0]);
    assert!(counts[500] < 100, "{}", counts[500]);
    for bits in [0, u64::MAX, 1 << 40] {
        assert!((1..1 << VOCABULARY_DOUBLINGS).contains(&doubling(bits, 0, VOCABULARY_DOUBLINGS)));
    }
}

#[test]
fn the_same_seed_gives_the_same_table_and_another_another() {
    let table = |seed| Study { seed, ..SMALL }.run(300).tables();
    assert_eq!(table(7), table(7));
    assert_ne!(table(7), table(8));
}

fn some_findings() -> Vec<Findings> {
    [100, 300].map(|members| SMALL.run(members)).into()
}

#[test]
fn plots_are_whole_and_show_every_way_they_name() {
    let findings = some_findings();
    let drawn = plots(&findings);
    assert!(drawn.len() >= 7);
    for (name, svg) in drawn {
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        assert!(svg.contains("prefers-color-scheme: dark") && svg.contains("members of the web"), "{name}");
        for tag in ["text", "svg", "style"] {
            let (opened, closed) =
                (svg.matches(&format!("<{tag}")).count(), svg.matches(&format!("</{tag}>")).count());
            assert_eq!(opened, closed, "{tag} in {name}");
        }
    }
    let lines = comma_separated(&findings).lines().count();
    assert_eq!(lines, 1 + 2 * METHODS.len());
}

#[test]
fn the_page_says_what_the_model_measures() {
    let page = include_str!("../../../../../docs/search-at-scale.md");
    let tables = Study::FULL.run(100).tables();
    for line in tables.lines() {
        assert!(
            page.contains(line),
            "docs/search-at-scale.md lacks what `cargo xtask sim --scale` says:\n{line}"
        );
    }
}
