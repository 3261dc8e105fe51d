//! A chain whose owner goes away in its first step: a deputy begins the steps that follow, and nothing is lost or counted twice.
//!
//! `sim --jobs-absent TOWNS` runs some: calm ones, in which all is computed before the owner is back and nothing after, and rough
//! ones with power cuts of deputies and workers, partitions and storms, in which the result is right.

use std::time::Duration;

use compute::jobs::Outcome;
use serde_json::{Value, json};

use super::sandbox::right;
use super::{Crowd, Habits, Town};
use crate::check::{Report, list, text};
use crate::world::{PeerIndex, Weather};

const OWNER: PeerIndex = 0;
const DEPUTY: PeerIndex = 1;
const PEOPLE: usize = 7;
/// Units of the first step.
const UNITS: u64 = 150;
const SEED: u64 = 9;
const HABITS: Habits = Habits { ms: 1_500, poison: 0, seed: SEED };
/// How long the owner is away.
const AWAY: Duration = Duration::from_secs(900);
/// The steps: numbers, each output once more, and all of that joined, in rounds.
const CHAIN: &str = "chain of three";

/// Runs one of these towns.
pub fn run(seed: u64) -> Report {
    let trusts = ["quorum 2/4", "trusted", "spot 5%", "adaptive"];
    let trust = trusts[usize::try_from(seed % 4).unwrap_or(0)];
    let is_rough = seed / 4 % 2 == 1;
    let crowd = Crowd { owners: 1, people: PEOPLE, has_second: false, mischief: None };
    let Some(mut town) = Town::settle(seed, crowd) else { return Report::default() };
    for peer in 1..PEOPLE {
        town.world.ask(peer, "compute.mode", json!({ "mode": "always" }));
    }
    town.pass(10_000);
    let Some(id) = begin(&mut town, trust) else { return town.report };
    // Time enough for the deputy to be told, not for the first step to end.
    town.pass(8_000);
    let first = steps(&town, OWNER, &id);
    let has_begun = first.first().is_some_and(|(done, total)| done < total && *total == UNITS);
    town.report
        .claim(has_begun, || format!("seed {seed}: the first step is at {first:?} when the owner goes"));
    town.world.power_cut(OWNER, AWAY);
    if is_rough {
        be_rough(&mut town);
    } else {
        town.pass(600_000);
        let reached = steps(&town, DEPUTY, &id);
        let is_all = reached.len() == 3 && reached.iter().all(|(done, total)| done == total && *total > 0);
        town.report.claim(is_all, || {
            format!("seed {seed}: {trust}: without its owner the chain came to {reached:?}")
        });
        town.pass(290_000);
    }
    let before = town.runs_of(SEED);
    for peer in 0..PEOPLE {
        town.world.start(peer);
    }
    let is_done = wait(&mut town, &id);
    let again = town.runs_of(SEED) - before;
    // What the owner draws itself is made again, wherever it was computed.
    let spare = if is_rough {
        u64::MAX
    } else if trust.starts_with("spot") || trust == "adaptive" {
        UNITS
    } else {
        0
    };
    town.report.claim(again <= spare, || {
        format!("seed {seed}: {trust}: {again} units were run after the owner was back")
    });
    let view = town.world.read(OWNER, "compute.job", json!({ "id": id })).unwrap_or_default();
    town.report.claim(is_done, || format!("seed {seed}: {trust}: {view}"));
    check_result(&mut town, seed, &id, &view);
    town.report
}

fn begin(town: &mut Town, trust: &str) -> Option<String> {
    let labels: Vec<String> = (1..PEOPLE).map(|peer| town.label(OWNER, peer)).collect();
    let arguments = HABITS.text();
    let step = |name: &str, program: &str, takes: &str| {
        format!("[[step]]\nname = '{name}'\nprogram = '{program}'\narguments = '{arguments}'\n{takes}\n")
    };
    let chain = [
        format!("web = 'town'\ntrust = '{trust}'\npeople = {labels:?}\ndeputies = ['{}']\n", labels[0]),
        step("numbers", "/prog/map.wasm", &format!("range = {UNITS}")),
        step("more", "/prog/map.wasm", "from = ['numbers']"),
        step("sum", "/prog/sum.wasm", "join = 'more'"),
    ];
    town.world.peer_mut(OWNER).sandbox.texts.insert(CHAIN.to_owned(), chain.concat());
    let ask = town.world.ask(OWNER, "compute.chain", json!({ "file": CHAIN }));
    town.pass(500);
    let answer = town.world.answer(ask);
    let id = answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|view| text(view, "id"));
    town.report.claim(id.is_some(), || format!("a chain could not begin: {answer:?}"));
    id
}

/// Done and all units of each step, as somebody sees them.
fn steps(town: &Town, who: PeerIndex, id: &str) -> Vec<(u64, u64)> {
    let view = town.world.read(who, "compute.job", json!({ "id": id })).unwrap_or_default();
    let count = |step: &Value, key: &str| step[key].as_u64().unwrap_or(0);
    list(&view, "steps").map(|step| (count(step, "done"), count(step, "total"))).collect()
}

/// Deputy and workers lose power and each other; the owner is back before all is over, and goes again.
fn be_rough(town: &mut Town) {
    for round in 0..20_u64 {
        let peer = 1 + town.world.dice.index(PEOPLE - 1);
        let back = Duration::from_secs(1 + town.world.dice.below(40));
        match town.world.dice.below(6) {
            0 => town.world.power_cut(peer, back),
            1 => town.world.power_cut(DEPUTY, back),
            2 => town.world.move_to_side(peer, 1),
            3 => (0..PEOPLE).for_each(|peer| town.world.move_to_side(peer, 0)),
            4 => town.world.set_weather(Weather::STORM),
            _ => town.world.set_weather(Weather::FAIR),
        }
        if round == 8 {
            town.world.start(OWNER);
        }
        if round == 9 {
            town.world.power_cut(OWNER, AWAY);
        }
        let millis = 2_000 + town.world.dice.below(20_000);
        town.pass(millis);
    }
    town.world.set_weather(Weather::FAIR);
    (0..PEOPLE).for_each(|peer| town.world.move_to_side(peer, 0));
}

fn wait(town: &mut Town, id: &str) -> bool {
    for _ in 0..1_800 {
        town.pass(1_000);
        let view = town.world.read(OWNER, "compute.job", json!({ "id": id })).unwrap_or_default();
        if view["is_over"] == json!(true) {
            town.pass(60_000);
            return text(&view, "state") == "done";
        }
    }
    false
}

/// Each unit of each step is there once, and what was joined is the sum of all.
fn check_result(town: &mut Town, seed: u64, id: &str, view: &Value) {
    let reached = steps(town, OWNER, id);
    let counts: Vec<u64> = reached.iter().map(|(done, _)| *done).collect();
    // 150 outputs in three groups, and these in one.
    town.report
        .claim(counts == [UNITS, UNITS, 4], || format!("seed {seed}: the steps have {reached:?} units"));
    let value = |outcome: Outcome| match outcome {
        Outcome::Output { bytes } => bytes.to_vec(),
        _ => Vec::new(),
    };
    let each = |unit| {
        let first = value(right("/prog/map.wasm", HABITS, Some(unit), &[]));
        let second = value(right("/prog/map.wasm", HABITS, None, &[first]));
        String::from_utf8_lossy(&second).parse::<u64>().unwrap_or(0)
    };
    let sum = (0..UNITS).map(each).fold(0_u64, u64::wrapping_add).to_string();
    let answer = town.world.read(OWNER, "compute.results", json!({ "id": id })).unwrap_or_default();
    let results: Vec<String> = list(&answer, "results").map(|one| text(one, "text")).collect();
    town.report.claim(results == [sum.clone()], || format!("seed {seed}: {results:?} instead of {sum}"));
    let mut believed = 0;
    if let Ok(id) = id.parse() {
        believed = super::large::believed(&town.world, OWNER, id).iter().map(|(_, count, _)| count).sum();
    }
    let total = view["total"].as_u64().unwrap_or(0);
    town.report.claim(believed == total, || format!("seed {seed}: rows hold {believed} results of {total}"));
    for peer in 1..PEOPLE {
        let here = town.world.read(peer, "compute.here", json!({})).unwrap_or_default();
        let is_clean = (here["fetched"].as_u64(), here["unsent"].as_u64()) == (Some(0), Some(0));
        town.report.claim(is_clean, || format!("seed {seed}: peer {peer} keeps what nobody needs: {here}"));
    }
}
