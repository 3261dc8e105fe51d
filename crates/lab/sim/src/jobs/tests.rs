//! A checker that has never failed proves nothing: each is shown a mistake that it has to catch.

use super::*;

/// A town in which nothing happens but jobs, with a liar; the compute service of one peer may make a mistake.
fn planted(mischief: Option<(PeerIndex, Mischief)>) -> Report {
    let (owners, people) = (2, 7);
    let mut town = Town::settle(1, Crowd { owners, people, has_second: false, mischief }).expect("a town");
    for peer in 0..people {
        town.world.peer_mut(peer).sandbox.lie = peer as u64;
        town.world.ask(peer, "compute.mode", json!({ "mode": "always" }));
    }
    town.world.peer_mut(people - 1).sandbox.honesty = Honesty::Cheating(1_000);
    // Without a mistake all is done long before; with some never.
    town.patience = Duration::from_secs(180);
    town.pass(10_000);
    let (owner, trust, program) = (0, "quorum", "/prog/map.wasm");
    let habits = |ms, poison| Habits { ms, poison, seed: 5 };
    let items = Inputs::Items((0..80_u8).map(|number| vec![number]).collect());
    let saved = Plan {
        owner,
        program,
        habits: habits(100, 20),
        inputs: items,
        trust,
        has_reduce: false,
        is_saved: true,
    };
    let joined = Plan {
        habits: habits(300, 0),
        inputs: Inputs::Range(200),
        has_reduce: true,
        is_saved: false,
        ..saved.clone()
    };
    let counted =
        Plan { habits: habits(200, 0), inputs: Inputs::Range(150), has_reduce: false, ..joined.clone() };
    let long = Plan { habits: habits(60_000, 0), ..counted.clone() };
    for plan in [saved, joined, counted, long] {
        town.begin_planned(plan);
    }
    if let Some(long) = town.jobs.last_mut() {
        town.world.ask(0, "compute.cancel", json!({ "id": long.id }));
        long.is_cancelled = true;
    }
    town.pass(60_000);
    if mischief.is_none_or(|(_, mischief)| mischief == Mischief::HearsNoAsking) {
        town.check_shares();
    }
    town.calm_down();
    town.check();
    town.report
}

#[test]
fn every_checker_catches_its_planted_mistake() {
    let right = planted(None);
    assert!(right.wrong.is_empty() && right.checked > 50, "without a mistake: {right:?}");
    let (owner, other_owner, worker) = (0, 1, 3);
    let mut missed = Vec::new();
    for (peer, mischief, says) in [
        (owner, Mischief::LosesUnit, "units done"),
        (owner, Mischief::LosesParked, "are poison"),
        (owner, Mischief::CountsTwice, "rows hold"),
        (owner, Mischief::BelievesOne, "results are wrong"),
        (owner, Mischief::ChangesOutput, "results are wrong"),
        (other_owner, Mischief::HearsNoAsking, "two owners have"),
        (owner, Mischief::HearsNoResults, "is running"),
        (owner, Mischief::ForgetsShutOut, "is not shut out"),
        (owner, Mischief::OverlooksShutOut, "gives work to a person it has shut out"),
        (owner, Mischief::CreditsMore, "is credited"),
        (owner, Mischief::LosesEvidence, "is not named"),
        (owner, Mischief::LosesSignatures, "is not signed"),
        (worker, Mischief::HearsNoTaking, "unsent"),
        (worker, Mischief::Lies, "is accused and honest"),
        (owner, Mischief::JoinsNothing, "joining left"),
        (owner, Mischief::SavesNothing, "were not written"),
        (owner, Mischief::CancelsNothing, "a cancelled job is"),
        (owner, Mischief::Panics, "paused"),
    ] {
        let report = planted(Some((peer, mischief)));
        if !report.wrong.iter().any(|line| line.contains(says)) {
            missed.push(format!("{mischief:?}: {says:?} is not in {report:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// The owner, whose worker reports some small units at a time, loses power at this moment of a job and is back in a second.
/// Returns how long the job took after that.
fn ends_after_a_power_cut(at_ms: u64) -> Duration {
    let crowd = Crowd { owners: 1, people: 2, has_second: false, mischief: None };
    let mut town = Town::settle(3, crowd).expect("a town");
    town.world.ask(1, "compute.mode", json!({ "mode": "always" }));
    town.pass(10_000);
    let habits = Habits { ms: 150, poison: 0, seed: 5 };
    let map = json!({
        "program": "/prog/map.wasm", "web": "town", "arguments": habits.text(), "range": 100,
        "trust": "trusted", "people": [town.label(0, 1)],
    });
    let ask = town.world.ask(0, "compute.map", map);
    town.pass(at_ms);
    let id = text(&town.world.answer(ask).expect("an answer").expect("a job"), "id");
    town.world.power_cut(0, Duration::from_secs(1));
    let step_ms = 100;
    let mut took_ms = 0;
    let is_over = |town: &Town| {
        let view = town.world.read(0, "compute.job", json!({ "id": id }));
        view.is_ok_and(|view| view["is_over"] == json!(true))
    };
    while !is_over(&town) && took_ms < 60_000 {
        town.pass(step_ms);
        took_ms += step_ms;
    }
    Duration::from_millis(took_ms)
}

#[test]
fn results_that_were_taken_and_lost_with_the_power_are_computed_again_without_waiting() {
    // 100 units of 150 ms on two cores: 7.5 s. Whoever waits for leases that nobody has any more takes 20 s longer.
    let late: Vec<_> = (0..25)
        .map(|moment| 1_500 + moment * 37)
        .map(|at_ms| (at_ms, ends_after_a_power_cut(at_ms)))
        .filter(|(_, took)| *took > Duration::from_secs(15))
        .collect();
    assert!(late.is_empty(), "{late:?}");
}
