//! One web with a thousand computers, jobs of tens of thousands of units, churn and cheaters of every kind.
//!
//! `cargo xtask sim --jobs-large WORKERS [--units N]`. The ground is given (`ground.rs`); what is looked at at the end is read from answers
//! and rows, apart from the code that made it so.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use base::{DeviceId, PersonId, RunId};
use compute::jobs::Outcome;
use files::jobs::ByteRange;
use serde_json::{Value, json};

use super::sandbox::{PROGRAM_SIZE, program, right};
use super::{Habits, Honesty, ground};
use crate::check::{Report, list, text};
use crate::peer::Ground;
use crate::vault::Memory;
use crate::world::{PeerIndex, World};

const PROGRAM: &str = "/prog/map.wasm";
/// Each owner believes in another way.
const TRUSTS: [&str; 3] = ["quorum", "adaptive", "spot"];
/// Of 1,000 computers so many are cut off within an hour.
const CHURN: u64 = 300;
/// The jobs take no longer than this, or something stands still.
const PATIENCE: Duration = Duration::from_secs(6 * 3_600);
/// Who was on for so many minutes while there was work has had some.
const WORK_WITHIN: u64 = 10;
/// How much more processor time the greedy claim.
const GREED: u64 = 20;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Repeats the run.
    pub seed: u64,
    /// Computers that work, besides the three owners'.
    pub workers: usize,
    /// Units of each of the three jobs.
    pub units: u64,
    /// What a unit takes of a core.
    pub unit: Duration,
}

/// What came of a job.
#[derive(Debug, Clone, Default)]
pub struct LargeJob {
    /// How its results are believed.
    pub trust: &'static str,
    /// Units that are done.
    pub done: u64,
    /// Times that a unit of it was run.
    pub executed: u64,
    /// Wrong results that were believed.
    pub wrong: u64,
    /// Persons that were shut out, and how many of these were honest.
    pub shut_out: (u64, u64),
    /// Simulated seconds until it was done.
    pub seconds: u64,
}

/// What the run did.
#[derive(Debug, Clone, Default)]
pub struct LargeTally {
    /// The jobs.
    pub jobs: Vec<LargeJob>,
    /// Processor seconds that the computers had while any job ran.
    pub core_seconds: u64,
    /// Simulated seconds until all were done.
    pub seconds: u64,
    /// Messages.
    pub messages: u64,
    /// Leases.
    pub leases: u64,
    /// Batches of the kernels.
    pub batches: u64,
    /// Computers that were cut off.
    pub power_cuts: u64,
    /// Wrong results that were told.
    pub lies: u64,
}

struct Job {
    owner: PeerIndex,
    id: RunId,
    trust: &'static str,
    habits: Habits,
    done_at: Option<u64>,
}

struct Hall {
    plan: Plan,
    world: World,
    jobs: Vec<Job>,
    /// For how many minutes each computer was on while jobs ran.
    minutes_on: BTreeMap<PeerIndex, u64>,
    report: Report,
    tally: LargeTally,
}

/// Runs it; returns what was looked at, what was wrong, and what it did.
pub fn run(plan: Plan) -> (Report, LargeTally) {
    let mut hall = Hall::begin(plan);
    hall.begin_jobs();
    hall.work();
    hall.check();
    let LargeTally { messages, batches, power_cuts, leases, .. } = &mut hall.tally;
    (*messages, *batches) = (hall.world.tally.messages, hall.world.tally.batches);
    (*power_cuts, *leases) = (hall.world.tally.power_cuts, hall.world.watch.leases);
    (hall.report, hall.tally)
}

impl Hall {
    fn begin(plan: Plan) -> Self {
        let owners = TRUSTS.len();
        let mut world = World::new(plan.seed, owners + plan.workers, &Memory::shared());
        let all: Vec<DeviceId> = world.peers.iter().map(|peer| peer.device).collect();
        for index in 0..all.len() {
            let is_owner = index < owners;
            // A worker need not know the others, nor they it.
            let known: Vec<DeviceId> = match is_owner {
                true => all.clone(),
                false => all.iter().take(owners).chain(all.get(index)).copied().collect(),
            };
            let peer = world.peer_mut(index);
            peer.stand_on(ground::home(peer.device, &known), Ground::Jobs { is_dialling: !is_owner });
            peer.disk.store(program(PROGRAM), ByteRange { from: 0, to: PROGRAM_SIZE });
            peer.sandbox.lie = index as u64;
            if !is_owner {
                peer.sandbox.honesty = honesty(index - owners);
            }
        }
        for index in 0..all.len() {
            world.start(index);
            world.ask(index, "compute.mode", json!({ "mode": "always" }));
        }
        world.run_for(Duration::from_secs(10));
        Self {
            plan,
            world,
            jobs: Vec::new(),
            minutes_on: BTreeMap::new(),
            report: Report::default(),
            tally: LargeTally::default(),
        }
    }

    fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.report.claim(holds, what);
    }

    fn begin_jobs(&mut self) {
        for (owner, trust) in TRUSTS.into_iter().enumerate() {
            let ms = u64::try_from(self.plan.unit.as_millis()).unwrap_or(u64::MAX);
            let habits = Habits { ms, poison: 0, seed: owner as u64 + 1 };
            let mut map = json!({
                "program": PROGRAM, "web": "hall", "arguments": habits.text(), "trust": trust, "name": trust,
                "range": self.plan.units,
            });
            if trust == "quorum" {
                map["quorum"] = json!("2/3");
            }
            let ask = self.world.ask(owner, "compute.map", map);
            self.world.run_for(Duration::from_millis(500));
            let answer = self.world.answer(ask);
            let id = answer.as_ref().and_then(|answer| text(answer.as_ref().ok()?, "id").parse().ok());
            self.claim(id.is_some(), || format!("a job could not begin: {answer:?}"));
            self.jobs.extend(id.map(|id| Job { owner, id, trust, habits, done_at: None }));
        }
    }

    /// Time passes until all jobs are over; computers go and come back.
    fn work(&mut self) {
        let (begun, owners) = (self.world.now_ms(), TRUSTS.len());
        let minute = Duration::from_secs(60);
        let mut is_looked_at = false;
        while self.world.now_ms() - begun < u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX) {
            for index in owners..self.world.peers.len() {
                if self.world.dice.below(60_000) < CHURN {
                    let back = Duration::from_secs(300 + self.world.dice.below(3_000));
                    self.world.power_cut(index, back);
                }
            }
            for (index, peer) in self.world.peers.iter().enumerate().filter(|(_, peer)| peer.is_running()) {
                self.tally.core_seconds += u64::from(peer.sandbox.cores) * minute.as_secs();
                *self.minutes_on.entry(index).or_default() += 1;
            }
            self.world.run_for(minute);
            let now = self.world.now_ms();
            for at in 0..self.jobs.len() {
                let is_over = self.state(&self.jobs[at]) == "done";
                if is_over && self.jobs[at].done_at.is_none() {
                    self.jobs[at].done_at = Some(now);
                }
            }
            if !is_looked_at && self.runs().values().sum::<u64>() * 2 > self.plan.units * TRUSTS.len() as u64
            {
                is_looked_at = true;
                self.check_shares();
            }
            if self.jobs.iter().all(|job| job.done_at.is_some()) {
                break;
            }
        }
        self.tally.seconds = (self.world.now_ms() - begun) / 1_000;
        for job in &self.jobs {
            let seconds = (job.done_at.unwrap_or(self.world.now_ms()) - begun) / 1_000;
            self.tally.jobs.push(LargeJob { trust: job.trust, seconds, ..LargeJob::default() });
        }
        self.world.run_for(minute);
    }

    /// By the list: what a person is shown of one job of so many statements takes long to add up.
    fn state(&self, job: &Job) -> String {
        let here = self.world.read(job.owner, "compute.jobs", json!({})).unwrap_or_default();
        list(&here, "jobs").map(|one| text(one, "state")).next().unwrap_or_default()
    }

    /// How often units of each job were run.
    fn runs(&self) -> BTreeMap<u64, u64> {
        let mut runs = BTreeMap::new();
        for (seed, count) in self.world.peers.iter().flat_map(|peer| &peer.sandbox.executed_for) {
            *runs.entry(*seed).or_default() += count;
        }
        runs
    }

    /// While all have enough to do nobody's job waits for another's, and no honest computer for work.
    fn check_shares(&mut self) {
        let runs = self.runs();
        let of: Vec<u64> =
            self.jobs.iter().map(|job| runs.get(&job.habits.seed).copied().unwrap_or(0)).collect();
        let (least, most) = (of.iter().min().copied().unwrap_or(0), of.iter().max().copied().unwrap_or(0));
        self.claim(least * 2 >= most, || format!("the three owners have had {of:?} units run"));
    }

    fn check(&mut self) {
        let runs = self.runs();
        for at in 0..self.jobs.len() {
            let Job { owner, id, trust, habits, .. } = self.jobs[at];
            let executed = runs.get(&habits.seed).copied().unwrap_or(0);
            self.tally.jobs[at].executed = executed;
            let state = self.state(&self.jobs[at]);
            self.claim(state == "done", || format!("the {trust} job is {state}"));
            self.check_results(at, owner, id, habits);
            self.check_people(at, owner, id, trust);
        }
        for index in 0..self.world.peers.len() {
            let paused = self.world.peer(index).paused();
            self.claim(paused.is_empty(), || format!("peer {index} paused {paused:?}"));
            self.tally.lies += self.world.peer(index).sandbox.lies;
            let sandbox = &self.world.peer(index).sandbox;
            let was_on = self.minutes_on.get(&index).is_some_and(|minutes| *minutes >= WORK_WITHIN);
            let is_worker = sandbox.honesty == Honesty::Honest && index >= TRUSTS.len();
            let is_idle = is_worker && was_on && sandbox.executed == 0;
            self.claim(!is_idle, || format!("peer {index} never had anything to do"));
        }
        for wrong in std::mem::take(&mut self.world.watch.wrong_jobs) {
            self.claim(false, || wrong);
        }
    }

    /// Every unit once; wrong only where a whole quorum lied, or who was believed alone has not been found.
    fn check_results(&mut self, at: usize, owner: PeerIndex, id: RunId, habits: Habits) {
        let (trust, units) = (self.jobs[at].trust, self.plan.units);
        let told = self.results(owner, id);
        let numbers: BTreeSet<u64> = told.iter().map(|(unit, _)| *unit).collect();
        let is_each = told.len() as u64 == units
            && numbers.len() as u64 == units
            && numbers.last() == Some(&(units - 1));
        self.claim(is_each, || {
            format!("{trust}: {} results of {} units, {units} wanted", told.len(), numbers.len())
        });
        let told: BTreeMap<u64, String> = told.into_iter().collect();
        let believed = believed(&self.world, owner, id);
        let sum: u64 = believed.iter().map(|(_, count, _)| count).sum();
        self.claim(sum == units, || format!("{trust}: rows hold {sum} results of {units} units"));
        let out = shut_out(&self.world, owner);
        let honesty = by_person(&self.world);
        for (first, count, persons) in believed {
            for unit in first..first + count {
                let is_right = match right(PROGRAM, habits, Some(unit), &[]) {
                    Outcome::Output { bytes } => {
                        told.get(&unit).is_some_and(|told| told.as_bytes() == &**bytes)
                    }
                    _ => false,
                };
                if is_right {
                    continue;
                }
                self.tally.jobs[at].wrong += 1;
                let colluded = persons.iter().all(|one| matches!(honesty.get(one), Some(Honesty::Colluding)));
                let is_quorum = persons.len() >= 2;
                self.claim(!is_quorum || colluded, || {
                    format!("{trust}: unit {unit} is wrong, by a quorum with honest people")
                });
                self.claim(is_quorum || trust != "quorum", || {
                    format!("{trust}: unit {unit} is wrong, by one person's word")
                });
                let is_found = persons.iter().any(|one| persons.len() == 1 && out.contains(one));
                self.claim(!is_found, || {
                    format!("{trust}: unit {unit} is wrong, by the word of one who was found lying")
                });
            }
        }
        self.tally.jobs[at].done = told.len() as u64;
    }

    /// Whoever always lies and was heard is shut out; who is honest is not; nobody is credited more than it is owed.
    fn check_people(&mut self, at: usize, owner: PeerIndex, id: RunId, trust: &'static str) {
        let out = shut_out(&self.world, owner);
        let honesty = by_person(&self.world);
        let honest: Vec<PersonId> = out
            .iter()
            .copied()
            .filter(|one| !matches!(honesty.get(one), Some(Honesty::Cheating(_) | Honesty::Colluding)))
            .collect();
        self.tally.jobs[at].shut_out = (out.len() as u64, honest.len() as u64);
        // Two who agree to lie alike are a quorum, and the third of it is the liar then (decisions/compute.md, price).
        let colluded = self.tally.jobs[at].wrong;
        self.claim(honest.len() as u64 <= colluded, || {
            format!("{trust}: {} honest people are shut out, {colluded} results are wrong", honest.len())
        });
        if trust == "quorum" {
            for device in signers(&self.world, owner, id) {
                let person = ground::person(device);
                let always = honesty.get(&person) == Some(&Honesty::Cheating(1_000));
                self.claim(!always || out.contains(&person), || {
                    format!("{} always lied and is not shut out", device.short())
                });
            }
        }
        let credited = credits(&self.world, owner, id);
        let counted = counted(&believed(&self.world, owner, id));
        for (person, units) in &credited {
            let owed = counted.get(person).copied().unwrap_or(0);
            self.claim(*units == owed, || {
                format!("{trust}: {} is credited {units} units of {owed}", person.short())
            });
        }
        let is_told = |one: &PersonId| credited.contains_key(one) || out.contains(one);
        self.claim(counted.keys().all(is_told), || {
            format!("{trust}: somebody who did not lie has no credit")
        });
    }

    /// All results: unit, and text.
    fn results(&self, owner: PeerIndex, id: RunId) -> Vec<(u64, String)> {
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let asked = json!({ "id": id, "from": from, "limit": 1_000 });
            let answer = self.world.read(owner, "compute.results", asked).unwrap_or_default();
            all.extend(
                list(&answer, "results")
                    .map(|view: &Value| (view["unit"].as_u64().unwrap_or(u64::MAX), text(view, "text"))),
            );
            from = answer["next"].as_u64().unwrap_or(u64::MAX);
            if answer["is_over"] != json!(false) {
                return all;
            }
        }
    }
}

/// One in ten cheats, each kind equally: two kinds of wrong answers, alike with others, claims too much, keeps what it gets.
fn honesty(number: usize) -> Honesty {
    match number % 50 {
        7 => Honesty::Cheating(1_000),
        17 => Honesty::Cheating(100),
        27 => Honesty::Colluding,
        37 => Honesty::Greedy(GREED),
        47 => Honesty::Silent,
        _ => Honesty::Honest,
    }
}

fn by_person(world: &World) -> BTreeMap<PersonId, Honesty> {
    world.peers.iter().map(|peer| (ground::person(peer.device), peer.sandbox.honesty)).collect()
}

/// Rows of a table below a job.
pub(super) fn rows_of(
    world: &World,
    owner: PeerIndex,
    table: &'static str,
    from: &[u8],
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let to = [from, &[0xff; 48]].concat();
    let rows = world.peer(owner).rows();
    rows.range(table, Bound::Included(from), Bound::Included(&to)).filter_map(Result::ok).collect()
}

/// What is believed: first unit, how many, by whose word.
pub(super) fn believed(world: &World, owner: PeerIndex, id: RunId) -> Vec<(u64, u64, Vec<PersonId>)> {
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let first = u64::from_be_bytes(*key.last_chunk()?);
        let mut decoder = minicbor::Decoder::new(&value);
        decoder.array().ok()?;
        let count = decoder.u64().ok()?;
        let (_, _, _) = (decoder.u64().ok()?, decoder.u64().ok()?, decoder.u64().ok()?);
        let persons = decoder.array_iter::<PersonId>().ok()?.collect::<Result<_, _>>().ok()?;
        Some((first, count, persons))
    };
    rows_of(world, owner, "compute.outcomes", id.as_bytes()).into_iter().filter_map(read).collect()
}

/// Units that count for each person, by what is believed.
pub(super) fn counted(believed: &[(u64, u64, Vec<PersonId>)]) -> BTreeMap<PersonId, u64> {
    let mut counted = BTreeMap::new();
    for (_, count, persons) in believed {
        for one in persons {
            *counted.entry(*one).or_default() += count;
        }
    }
    counted
}

/// Units credited to each person.
pub(super) fn credits(world: &World, owner: PeerIndex, id: RunId) -> BTreeMap<PersonId, u64> {
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let mut decoder = minicbor::Decoder::new(&value);
        decoder.array().ok()?;
        Some((PersonId::new(*key.last_chunk()?), decoder.u64().ok()?))
    };
    rows_of(world, owner, "compute.credits", id.as_bytes()).into_iter().filter_map(read).collect()
}

/// Devices whose statements about a job were taken.
pub(super) fn signers(world: &World, owner: PeerIndex, id: RunId) -> BTreeSet<DeviceId> {
    let read = |(_, value): (Vec<u8>, Vec<u8>)| {
        let mut decoder = minicbor::Decoder::new(&value);
        decoder.array().ok()?;
        Some(DeviceId::new(decoder.bytes().ok()?.try_into().ok()?))
    };
    rows_of(world, owner, "compute.statements", id.as_bytes()).into_iter().filter_map(read).collect()
}

fn shut_out(world: &World, owner: PeerIndex) -> BTreeSet<PersonId> {
    let read = |(key, _): (Vec<u8>, Vec<u8>)| Some(PersonId::new(*key.last_chunk()?));
    rows_of(world, owner, "compute.shut_out", &[]).into_iter().filter_map(read).collect()
}
