//! Small jobs of one owner and few workers, for what is to be exact: how soon work that a power cut took is done again, what becomes of a
//! fleeting job, and how often units are run for an owner who knows the workers.
//!
//! `sim --jobs-lost TOWNS` runs them with other weather of the dice.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Crowd, Habits, Town};
use crate::check::{Report, text};
use crate::world::PeerIndex;

const OWNER: PeerIndex = 0;
const WORKER: PeerIndex = 1;

/// Moments at which the owner's power is cut, and the time between them.
const CUTS: u64 = 25;
const CUT_STEP_MS: u64 = 37;
/// 100 units of 150 ms on two cores: 7.5 s. Who waits for leases that nobody has any more takes 20 s longer.
const UNITS: u64 = 100;
const UNIT_MS: u64 = 150;
const MOST: Duration = Duration::from_secs(15);

/// Runs all of them; returns also how often 1,000 units were run for an owner who knows nobody, and then everybody.
pub fn run(seed: u64) -> (Report, [u64; 2]) {
    let cuts = (0..CUTS).map(|cut| results_lost(seed, 1_500 + cut * CUT_STEP_MS));
    let (mut report, runs) = known_workers(seed);
    for one in cuts.chain([true, false].map(|is_fleeting| pushed_and_cut(seed, is_fleeting))) {
        report.checked += one.checked;
        report.wrong.extend(one.wrong);
    }
    (report, runs)
}

fn begin(seed: u64, people: usize) -> Option<Town> {
    let crowd = Crowd { owners: 1, people, has_second: false, mischief: None };
    let mut town = Town::settle(seed, crowd)?;
    for peer in 1..people {
        town.world.ask(peer, "compute.mode", json!({ "mode": "always" }));
    }
    town.pass(10_000);
    Some(town)
}

fn map(town: &mut Town, more: Value, wait_ms: u64) -> Option<String> {
    let mut map = json!({ "program": "/prog/map.wasm", "web": "town" });
    if let (Some(map), Value::Object(more)) = (map.as_object_mut(), more) {
        map.extend(more);
    }
    let ask = town.world.ask(OWNER, "compute.map", map);
    town.pass(wait_ms);
    let answer = town.world.answer(ask);
    let id = answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|view| text(view, "id"));
    town.report.claim(id.is_some(), || format!("a job could not begin: {answer:?}"));
    id
}

fn view(town: &Town, id: &str) -> Value {
    town.world.read(OWNER, "compute.job", json!({ "id": id })).unwrap_or_default()
}

/// The owner's power is cut while results are taken that wait for no disk, and is back after a second.
fn results_lost(seed: u64, at_ms: u64) -> Report {
    let Some(mut town) = begin(seed, 2) else { return Report::default() };
    let habits = Habits { ms: UNIT_MS, poison: 0, seed: 5 };
    let people = [town.label(OWNER, WORKER)];
    let said = json!({ "arguments": habits.text(), "range": UNITS, "trust": "trusted", "people": people });
    let Some(id) = map(&mut town, said, at_ms) else { return town.report };
    town.world.power_cut(OWNER, Duration::from_secs(1));
    let mut took = Duration::ZERO;
    while view(&town, &id)["is_over"] != json!(true) && took < 4 * MOST {
        town.pass(100);
        took += Duration::from_millis(100);
    }
    town.report.claim(took < MOST, || format!("seed {seed}: cut after {at_ms} ms, done {took:?} later"));
    town.report
}

/// Pushes an item; returns the number it was given.
fn push(town: &mut Town, id: &str) -> Option<u64> {
    let ask = town.world.ask(OWNER, "compute.push", json!({ "id": id, "items": [BASE64.encode(b"item")] }));
    town.pass(5);
    town.world.answer(ask)?.ok()?["first"].as_u64()
}

/// A fleeting job ends with the power of its owner; another keeps what was pushed a moment before. Neither gives a number twice.
fn pushed_and_cut(seed: u64, is_fleeting: bool) -> Report {
    let Some(mut town) = begin(seed, 2) else { return Report::default() };
    let worker = [town.label(OWNER, WORKER)];
    let said = json!({
        "arguments": "60000 0 5", "is_open": true, "trust": "trusted", "people": worker, "deputies": worker,
        "is_fleeting": is_fleeting,
    });
    let Some(id) = map(&mut town, said, 5_000) else { return town.report };
    let first = push(&mut town, &id);
    town.pass(1_000);
    let second = push(&mut town, &id);
    town.world.power_cut(OWNER, Duration::from_secs(1));
    town.pass(30_000);
    let state = text(&view(&town, &id), "state");
    let third = push(&mut town, &id);
    town.pass(60_000);
    let here = town.world.read(WORKER, "compute.here", json!({})).unwrap_or_default();
    let is_at_work = here["fetched"].as_u64().is_some_and(|count| count > 0);
    let (state_due, third_due) = if is_fleeting { ("failed", None) } else { ("running", Some(2)) };
    let is_right = (first, second, third) == (Some(0), Some(1), third_due)
        && state == state_due
        && is_at_work != is_fleeting;
    town.report.claim(is_right, || {
        format!(
            "seed {seed}: fleeting {is_fleeting}: numbers {first:?}, {second:?}, {third:?}, {state}, worker {here}"
        )
    });
    town.report
}

/// Two jobs one after the other with `adaptive`: in the second one the owner knows everybody.
fn known_workers(seed: u64) -> (Report, [u64; 2]) {
    let Some(mut town) = begin(seed, 8) else { return Default::default() };
    let units = 1_000;
    let runs = [5, 6].map(|which| {
        let habits = Habits { ms: 300, poison: 0, seed: which };
        let said = json!({ "arguments": habits.text(), "range": units, "trust": "adaptive" });
        let id = map(&mut town, said, 200_000).unwrap_or_default();
        let view = view(&town, &id);
        town.report.claim(text(&view, "state") == "done", || format!("seed {seed}: {view}"));
        town.runs_of(which)
    });
    let [first, second] = runs;
    town.report.claim(second < first && second * 10 <= units * 11, || {
        format!("seed {seed}: {units} units of adaptive trust were run {first} times, then {second} times")
    });
    (town.report, runs)
}
