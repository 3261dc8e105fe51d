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

#[test]
fn who_loses_power_or_trust_waits_no_longer_than_it_must() {
    let (report, _runs) = lost::run(3);
    assert!(report.wrong.is_empty() && report.checked > 25, "{report:?}");
}
