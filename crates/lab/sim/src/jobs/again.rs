//! The same work once more: what was ever computed in the web is not computed again.
//!
//! `sim --jobs-again TOWNS` runs some, each another way of believing, kind of inputs and of people who are away.

use std::time::Duration;

use serde_json::json;

use super::mischief::Mischief;
use super::{Crowd, Habits, Honesty, Inputs, Job, Plan, Town};
use crate::check::{Report, list, text};
use crate::world::PeerIndex;

/// Units of the job that is done twice.
const ITEMS: u64 = 300;
/// Owners, and all who live in the town.
const OWNERS: usize = 2;
const PEOPLE: usize = 6;
/// Until when power is away that does not come back.
const FAR: Duration = Duration::from_secs(100_000);
/// What makes the units of these towns differ from those of others.
const SEED: u64 = 5;

/// Who is away when the second job begins.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Away {
    Nobody,
    /// All who have computed for the first job; its owner is here.
    Workers,
    /// The owner of the first job.
    Owner,
}

/// What one of these towns tries.
#[derive(Debug, Clone, Copy)]
struct Case {
    trust: &'static str,
    is_range: bool,
    away: Away,
    has_liar: bool,
}

/// Runs one of these towns.
pub fn run(seed: u64) -> Report {
    let cases: Vec<Case> = (0..48).map(case).filter(Case::is_possible).collect();
    let number = usize::try_from(seed).unwrap_or(0) % (cases.len() + 1);
    if let Some(case) = cases.get(number) {
        return twice(seed, *case, None);
    }
    // Who passes results on changes them: none of these is taken, and others compute them.
    let case = Case { trust: "quorum", is_range: false, away: Away::Nobody, has_liar: true };
    twice(seed, case, Some(Mischief::ChangesOutput))
}

fn case(number: usize) -> Case {
    Case {
        trust: ["adaptive", "quorum", "spot", "trusted"][number % 4],
        is_range: number / 4 % 2 == 1,
        away: [Away::Nobody, Away::Workers, Away::Owner][number / 8 % 3],
        has_liar: number / 24 % 2 == 1,
    }
}

impl Case {
    /// A worker remembers no numbers of a range (rule 41); what is drawn, or said by one alone, needs somebody to compute it.
    fn is_possible(&self) -> bool {
        match self.away {
            Away::Nobody => true,
            Away::Owner => !self.is_range,
            Away::Workers => !is_checked(self.trust) && !self.has_liar,
        }
    }
}

/// Whether some units are made again whoever knows them: those that are drawn.
fn is_checked(trust: &str) -> bool {
    matches!(trust, "adaptive" | "spot")
}

/// The second owner has a job, then the first one the same.
fn twice(seed: u64, case: Case, mischief: Option<Mischief>) -> Report {
    let mischief = mischief.map(|one| (1, one));
    let crowd = Crowd { owners: OWNERS, people: PEOPLE, has_second: false, mischief };
    let Some(mut town) = Town::settle(seed, crowd) else { return Report::default() };
    for peer in 0..PEOPLE {
        town.world.peer_mut(peer).sandbox.lie = peer as u64;
        // The owners' computers work for nobody: what is known comes from others.
        if peer >= OWNERS {
            town.world.ask(peer, "compute.mode", json!({ "mode": "always" }));
        }
    }
    if case.has_liar {
        town.world.peer_mut(PEOPLE - 1).sandbox.honesty = Honesty::Cheating(1_000);
    }
    town.pass(10_000);
    if case.trust == "adaptive" {
        // Who has proved itself to one owner has not to the other (rule 34), whose first job is therefore another one.
        let habits = Habits { ms: 300, poison: 0, seed: SEED + 1 };
        town.begin_planned(Plan { habits, ..plan(0, case) });
        town.wait_for_all();
    }
    town.begin_planned(plan(1, case));
    town.wait_for_all();
    let before = town.runs_of(SEED);
    match case.away {
        Away::Nobody => {}
        Away::Owner => town.world.power_cut(1, FAR),
        Away::Workers => (OWNERS..PEOPLE).for_each(|peer| town.world.power_cut(peer, FAR)),
    }
    town.pass(5_000);
    town.begin_planned(plan(0, case));
    town.wait_for_all();
    let again = town.runs_of(SEED) - before;
    let Some(job) = town.jobs.last().cloned() else { return town.report };
    let view = town.view(&job);
    let number = |key: &str| view[key].as_u64().unwrap_or(0);
    let (total, known) = (number("total"), number("known"));
    let is_done = text(&view, "state") == "done" && number("done") == total;
    town.report.claim(is_done, || format!("seed {seed}: {case:?}: {view}"));
    // Of what is drawn, or of a liar's, some has to be computed; a draw of 2 % is never as many as a tenth.
    let spare = if case.has_liar {
        total
    } else if is_checked(case.trust) {
        total / 10
    } else {
        0
    };
    town.report.claim(again <= spare, || format!("seed {seed}: {case:?}: {again} units were run again"));
    town.report.claim(known + spare >= total && known <= total, || {
        format!("seed {seed}: {case:?}: {known} of {total} units were known")
    });
    let is_named = list(&view, "known_from").count() > 0 || case.has_liar;
    town.report.claim(is_named, || format!("seed {seed}: {case:?}: nobody is named of whom it was known"));
    // What waits for nobody is looked at on all computers.
    (0..PEOPLE).for_each(|peer| town.world.start(peer));
    town.pass(60_000);
    if case.away != Away::Nobody || mischief.is_some() {
        town.jobs.retain(|one| one.id == job.id);
    }
    town.check();
    town.report
}

fn plan(owner: PeerIndex, case: Case) -> Plan {
    let items = || (0..ITEMS).map(|number| format!("item {number}").into_bytes()).collect();
    let inputs = if case.is_range { Inputs::Range(ITEMS) } else { Inputs::Items(items()) };
    let habits = Habits { ms: 300, poison: 0, seed: SEED };
    let trust = case.trust;
    Plan { owner, program: "/prog/map.wasm", habits, inputs, trust, has_reduce: true, is_saved: false }
}

impl Town {
    /// Begins what an earlier job did once more, for somebody.
    pub(super) fn begin_again(&mut self, owner: PeerIndex, before: usize) {
        let Some(Job { program, habits, inputs, trust, has_reduce, .. }) = self.jobs.get(before).cloned()
        else {
            return;
        };
        self.begin_planned(Plan { owner, program, habits, inputs, trust, has_reduce, is_saved: false });
    }

    /// How many units with these habits all computers have run.
    pub(super) fn runs_of(&self, seed: u64) -> u64 {
        let runs = |peer: &crate::SimPeer| peer.sandbox.executed_for.get(&seed).copied().unwrap_or(0);
        self.world.peers.iter().map(runs).sum()
    }

    /// Lets time pass until all jobs are over, an hour at most.
    pub(super) fn wait_for_all(&mut self) {
        for _ in 0..3_600 {
            self.pass(1_000);
            if self.jobs.iter().all(|job| self.view(job)["is_over"] == json!(true)) {
                break;
            }
        }
        self.pass(5_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claim_fails_where_nobody_is_told() {
        let case = Case { trust: "quorum", is_range: false, away: Away::Workers, has_liar: false };
        let report = twice(1, case, Some(Mischief::TellsNothingKnown));
        assert!(report.wrong.iter().any(|line| line.contains("were known")), "{report:?}");
    }
}
