//! Small towns around jobs: owners, workers, cheaters, computers that cannot; storms, power cuts, an owner who is away for long.
//!
//! `cargo xtask sim --jobs TOWNS` runs many, each by its seed. What must hold is looked at in answers and messages, apart from
//! the code that makes it hold: every job ends; every unit has one result, the right one; who lied is named and gets no more.

#![allow(clippy::indexing_slicing, reason = "places in lists that a town has made itself")]

use std::collections::BTreeSet;
use std::time::Duration;

use base::DeviceId;
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::check::{Report, list, person_of, text};
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

pub mod absent;
pub mod again;
mod check;
pub(crate) mod ground;
pub mod large;
pub mod lost;
pub mod mischief;
mod sandbox;
#[cfg(test)]
mod tests;

use mischief::Mischief;
use sandbox::Habits;
pub use sandbox::{Honesty, Sandbox};
pub(crate) use sandbox::{tick, work};

/// Moments of a town in which something may go wrong.
const MOMENTS: u64 = 40;
/// In a calm world, where everybody works, all jobs end within this.
const CALM: Duration = Duration::from_secs(3_600);

/// What the towns did, for the line that is printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobTally {
    /// Jobs that ended as done.
    pub done: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
    /// Units of done jobs.
    pub units: u64,
    /// Units that were run.
    pub executed: u64,
    /// Units whose results were known.
    pub known: u64,
    /// Units that were parked.
    pub parked: u64,
    /// Leases given out.
    pub leases: u64,
    /// Messages about jobs.
    pub messages: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Wrong outputs that were given.
    pub lies: u64,
    /// Wrong results that were believed, where a draw is all there is.
    pub wrong_believed: u64,
    /// Cases of evidence.
    pub cases: u64,
    /// The longest that jobs took once the world was calm, in milliseconds.
    pub calm_ms: u64,
}

impl JobTally {
    /// Adds another town's.
    pub fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.cancelled += other.cancelled;
        self.units += other.units;
        self.executed += other.executed;
        self.known += other.known;
        self.parked += other.parked;
        self.leases += other.leases;
        self.messages += other.messages;
        self.power_cuts += other.power_cuts;
        self.lies += other.lies;
        self.wrong_believed += other.wrong_believed;
        self.cases += other.cases;
        self.calm_ms = self.calm_ms.max(other.calm_ms);
    }
}

/// What the inputs of a job are.
#[derive(Debug, Clone)]
enum Inputs {
    Range(u64),
    Items(Vec<Vec<u8>>),
    /// Files of a share: paths and contents.
    Files(Vec<(String, base::ContentId)>),
}

impl Inputs {
    fn count(&self) -> u64 {
        match self {
            Self::Range(count) => *count,
            Self::Items(items) => items.len() as u64,
            Self::Files(files) => files.len() as u64,
        }
    }
}

/// A job as its script knows it.
#[derive(Debug, Clone)]
struct Job {
    owner: PeerIndex,
    id: String,
    program: &'static str,
    habits: Habits,
    inputs: Inputs,
    trust: &'static str,
    has_reduce: bool,
    is_saved: bool,
    is_cancelled: bool,
}

struct Town {
    seed: u64,
    world: World,
    owners: Vec<PeerIndex>,
    /// All but that.
    people: usize,
    files: Vec<(String, base::ContentId)>,
    jobs: Vec<Job>,
    removed: Option<PeerIndex>,
    /// How long jobs may take once the world is calm.
    patience: Duration,
    report: Report,
    tally: JobTally,
}

/// Runs one town; returns what was looked at, what was wrong, and what it did.
pub fn run(seed: u64) -> (Report, JobTally) {
    let Some(mut town) = Town::begin(seed, Crowd::drawn(seed)) else {
        let wrong = vec![format!("seed {seed}: the town did not begin")];
        return (Report { checked: 1, wrong }, JobTally::default());
    };
    for _ in 0..=town.world.dice.below(3) {
        town.begin_job();
    }
    if seed % 8 == 7 {
        town.check_shares();
    }
    for _ in 0..MOMENTS {
        town.moment();
    }
    town.calm_down();
    town.check();
    town.tally.power_cuts = town.world.tally.power_cuts;
    town.tally.messages = town.world.watch.job_messages;
    town.tally.leases = town.world.watch.leases;
    (town.report, town.tally)
}

/// Who lives in a town.
#[derive(Debug, Clone, Copy)]
struct Crowd {
    owners: usize,
    /// Owners among them.
    people: usize,
    /// Whether the first owner has a second computer.
    has_second: bool,
    /// Whose compute service makes a mistake, for trying the checkers.
    mischief: Option<(PeerIndex, Mischief)>,
}

impl Crowd {
    fn drawn(seed: u64) -> Self {
        let mut dice = crate::dice::Dice::new(seed ^ 0x10b5);
        let owners = if seed % 8 == 7 { 2 } else { 1 + dice.index(2) };
        let people = owners + 3 + dice.index(6);
        Self { owners, people, has_second: dice.chance(400), mischief: None }
    }
}

impl Town {
    fn begin(seed: u64, crowd: Crowd) -> Option<Self> {
        let mut town = Self::settle(seed, crowd)?;
        town.share_files();
        town.make_characters();
        Some(town)
    }

    /// A town in which nobody does anything yet.
    fn settle(seed: u64, crowd: Crowd) -> Option<Self> {
        let Crowd { owners, people, has_second, mischief } = crowd;
        let peers = people + usize::from(has_second);
        let mut world = World::new(seed, peers, &Memory::shared());
        if let Some((peer, mischief)) = mischief {
            world.peer_mut(peer).mischief = Some(mischief);
        }
        for index in 0..people {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        let ask = world.ask(0, "people.start_web", json!({ "name": "town" }));
        world.answer(ask)?.ok()?;
        let ask = world.ask(0, "people.invite", json!({ "web": "town", "uses": 20 }));
        let link = text(&world.answer(ask)?.ok()?, "link");
        for index in 1..people {
            world.ask(index, "people.join", json!({ "link": link }));
        }
        world.run_for(Duration::from_secs(60));
        let second = has_second.then_some(people);
        if let Some(second) = second {
            world.start(second);
            let ask = world.ask(0, "people.add_device", json!({}));
            let link = text(&world.answer(ask)?.ok()?, "link");
            world.ask(second, "people.pair", json!({ "link": link, "name": "second" }));
            world.run_for(Duration::from_secs(60));
        }
        Some(Self {
            seed,
            world,
            owners: (0..owners).collect(),
            people,
            files: Vec::new(),
            jobs: Vec::new(),
            removed: None,
            patience: CALM,
            report: Report::default(),
            tally: JobTally::default(),
        })
    }

    fn is_one_in(&mut self, many: u64) -> bool {
        self.world.dice.below(many) == 0
    }

    fn pass(&mut self, millis: u64) {
        self.world.run_for(Duration::from_millis(millis));
    }

    /// The first worker shares a folder.
    fn share_files(&mut self) {
        let by = self.owners.len();
        for number in 0..20 + self.world.dice.below(60) {
            let (path, made_of) = (format!("{number:03}.txt"), self.world.dice.bits());
            self.world.write(by, &path, made_of, 1_000);
            let content = self.world.peer(by).disk.file(&path).map(crate::disk::SimFile::content);
            self.files.extend(content.map(|content| (path, content)));
        }
        let folder = self.world.peer(by).folder();
        self.world.ask(by, "files.share", json!({ "web": "town", "folder": folder, "name": "things" }));
        self.pass(40_000);
    }

    /// At most a third of the people cheat, at most one cannot; the others are enough for every way of believing.
    fn make_characters(&mut self) {
        let workers: Vec<PeerIndex> = (self.owners.len()..self.people).collect();
        let cheaters = if self.is_one_in(3) { 0 } else { workers.len() / 3 };
        for (number, index) in workers.iter().rev().enumerate() {
            let often = if self.is_one_in(2) { 1_000 } else { 100 };
            let sandbox = &mut self.world.peer_mut(*index).sandbox;
            sandbox.lie = *index as u64;
            if number < cheaters {
                sandbox.honesty = Honesty::Cheating(often);
            } else if number == cheaters && workers.len() > 4 {
                sandbox.honesty = Honesty::Unable;
            }
        }
        for index in 0..self.world.peers.len() {
            let mode = if self.is_one_in(4) { "auto" } else { "always" };
            let is_headless = self.is_one_in(4);
            self.world.peer_mut(index).sandbox.is_headless = is_headless;
            if index >= self.owners.len() || self.is_one_in(2) {
                self.world.ask(index, "compute.mode", json!({ "mode": mode }));
            }
        }
        self.pass(10_000);
    }

    fn has_cheaters(&self) -> bool {
        self.world.peers.iter().any(|peer| matches!(peer.sandbox.honesty, Honesty::Cheating(_)))
    }

    fn begin_job(&mut self) {
        let owner = self.owners[self.world.dice.index(self.owners.len())];
        if !self.jobs.is_empty() && self.is_one_in(4) {
            // What somebody has had computed before, by the same or by others.
            let before = self.world.dice.index(self.jobs.len());
            return self.begin_again(owner, before);
        }
        let inputs = match self.world.dice.below(6) {
            0 | 1 => Inputs::Items(
                (0..20 + self.world.dice.below(200))
                    .map(|number| format!("item {number} {}", self.world.dice.below(1_000)).into_bytes())
                    .collect(),
            ),
            2 => Inputs::Files(self.files.clone()),
            _ => {
                let most = if self.is_one_in(4) { 2_950 } else { 500 };
                Inputs::Range(50 + self.world.dice.below(most))
            }
        };
        let trusts = ["own", "trusted", "spot", "quorum", "quorum", "adaptive", "adaptive"];
        let trust = trusts[self.world.dice.index(trusts.len())];
        let poison = if self.is_one_in(2) { 40 } else { 0 };
        let habits =
            Habits { ms: 20 + self.world.dice.below(200), poison, seed: self.world.dice.bits() >> 11 };
        let has_reduce = self.is_one_in(4);
        let is_large = !has_reduce && self.is_one_in(4);
        let program = if is_large { "/prog/large.wasm" } else { "/prog/map.wasm" };
        let plan = Plan { owner, program, habits, inputs, trust, has_reduce, is_saved: self.is_one_in(4) };
        self.begin_planned(plan);
    }

    fn begin_planned(&mut self, plan: Plan) {
        let Plan { owner, program, habits, inputs, trust, has_reduce, is_saved } = plan;
        if !self.world.peer(owner).is_running() {
            return;
        }
        let mut map = json!({
            "program": program, "web": "town", "arguments": habits.text(), "trust": trust, "name": "work",
        });
        match &inputs {
            Inputs::Range(count) => map["range"] = json!(count),
            Inputs::Items(items) => {
                map["items"] = json!(items.iter().map(|item| BASE64.encode(item)).collect::<Vec<_>>());
            }
            Inputs::Files(_) => {
                let label = self.label(owner, self.owners.len());
                map["in"] = json!([format!("town/{label}/things/**")]);
            }
        }
        if trust == "quorum" {
            map["quorum"] = json!("2/4");
        }
        if trust == "trusted" {
            let honest: Vec<PeerIndex> = (0..self.people)
                .filter(|index| *index != owner && Some(*index) != self.removed)
                .filter(|index| self.world.peer(*index).sandbox.honesty == Honesty::Honest)
                .collect();
            let people: Vec<String> = honest.iter().map(|index| self.label(owner, *index)).collect();
            map["people"] = json!(people);
        }
        if has_reduce {
            map["reduce"] = json!("/prog/sum.wasm");
        }
        if is_saved {
            map["out"] = json!(format!("/results/{}", self.jobs.len()));
        }
        if self.is_one_in(2) {
            // Never the last one, who may have been removed.
            let deputy = self.owners.len() + self.world.dice.index(self.people - self.owners.len() - 1);
            map["deputies"] = json!([self.label(owner, deputy)]);
        }
        let ask = self.world.ask(owner, "compute.map", map);
        self.pass(500);
        let answer = self.world.answer(ask);
        let id = answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|view| text(view, "id"));
        let seed = self.seed;
        self.report.claim(id.is_some(), || format!("seed {seed}: a job could not begin: {answer:?}"));
        let Some(id) = id else { return };
        let is_cancelled = false;
        self.jobs.push(Job { owner, id, program, habits, inputs, trust, has_reduce, is_saved, is_cancelled });
    }

    /// What one calls another in the web.
    fn label(&self, of: PeerIndex, who: PeerIndex) -> String {
        let rows = self.world.peer(of).rows();
        let web = people::read::webs(&*rows).ok().and_then(|webs| webs.first().map(|web| web.id));
        let label = web.and_then(|web| {
            let person = people::read::person_of(&*rows, web, self.world.peer(who).device).ok()??;
            people::read::label_of(&*rows, web, person).ok()
        });
        label.unwrap_or_default()
    }

    /// Something happens, and a little time passes.
    fn moment(&mut self) {
        let peer = self.world.dice.index(self.world.peers.len());
        match self.world.dice.below(16) {
            0 | 1 => {
                let back = Duration::from_millis(500 + self.world.dice.below(40_000));
                self.world.power_cut(peer, back);
            }
            2 => {
                // The owner is away for long.
                let back = Duration::from_secs(60 + self.world.dice.below(600));
                let owner = self.owners[self.world.dice.index(self.owners.len())];
                self.world.power_cut(owner, back);
                self.pass(60_000);
            }
            3 => {
                let side = u8::from(self.is_one_in(2));
                self.world.move_to_side(peer, side);
            }
            4 => (0..self.world.peers.len()).for_each(|peer| self.world.move_to_side(peer, 0)),
            5 => {
                let weather = if self.is_one_in(2) { Weather::STORM } else { Weather::FAIR };
                self.world.set_weather(weather);
            }
            6 => {
                let modes = ["never", "auto", "always"];
                let mode = modes[self.world.dice.index(3)];
                self.world.ask(peer, "compute.mode", json!({ "mode": mode }));
            }
            7 | 8 => self.use_computer(peer),
            9 => self.act_on_job(),
            10 if self.is_one_in(6) => self.remove_a_worker(),
            11 if self.jobs.len() < 5 => self.begin_job(),
            _ => {}
        }
        let time = 500 + self.world.dice.below(12_000);
        self.pass(time);
    }

    /// Somebody touches a computer, leaves it, or shuts its lid.
    fn use_computer(&mut self, peer: PeerIndex) {
        let (idle, sleeps) = (self.is_one_in(2), self.is_one_in(5));
        let sandbox = &mut self.world.peer_mut(peer).sandbox;
        sandbox.idle_ms = Some(if idle { 600_000 } else { 3_000 });
        sandbox.is_going_to_sleep = sleeps;
        sandbox::say_machine(&mut self.world, peer);
    }

    fn act_on_job(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        let which = self.world.dice.index(self.jobs.len());
        let what = ["compute.pause", "compute.pause", "compute.resume", "compute.priority", "compute.cancel"]
            [self.world.dice.index(5)];
        let Some(job) = self.jobs.get_mut(which) else { return };
        let arguments = match what {
            "compute.priority" => json!({ "id": job.id, "priority": 9 }),
            _ => json!({ "id": job.id }),
        };
        if what == "compute.cancel" && self.world.dice.below(3) > 0 {
            return;
        }
        let ask = self.world.ask(job.owner, what, arguments);
        let is_done = self.world.answer(ask).is_some_and(|answer| answer.is_ok());
        job.is_cancelled |= what == "compute.cancel" && is_done;
    }

    fn remove_a_worker(&mut self) {
        // Never the one who shares the files; and some honest ones have to be left.
        let last = self.people - 1;
        if self.removed.is_some() || last < self.owners.len() + 3 {
            return;
        }
        let person = person_of(&self.world, last);
        let ask = self.world.ask(0, "people.remove", json!({ "web": "town", "person": person }));
        if self.world.answer(ask).is_some_and(|answer| answer.is_ok()) {
            self.removed = Some(last);
        }
    }

    /// All are together, with power, in fair weather; everybody works.
    fn calm_down(&mut self) {
        self.world.set_weather(Weather::FAIR);
        for peer in 0..self.world.peers.len() {
            self.world.move_to_side(peer, 0);
            self.world.start(peer);
        }
        self.pass(5_000);
        for peer in 0..self.world.peers.len() {
            let sandbox = &mut self.world.peer_mut(peer).sandbox;
            (sandbox.idle_ms, sandbox.is_going_to_sleep) = (Some(600_000), false);
            self.world.ask(peer, "compute.mode", json!({ "mode": "always" }));
            sandbox::say_machine(&mut self.world, peer);
        }
        for job in self.jobs.iter().filter(|job| !job.is_cancelled) {
            // One that is saved or done cannot be resumed, and need not be.
            self.world.ask(job.owner, "compute.resume", json!({ "id": job.id }));
        }
        let begun = self.world.now_ms();
        let until = begun + u64::try_from(self.patience.as_millis()).unwrap_or(0);
        while self.world.now_ms() < until {
            self.pass(1_000);
            if self.jobs.iter().all(|job| self.view(job)["is_over"] == json!(true)) {
                break;
            }
        }
        self.tally.calm_ms = self.world.now_ms() - begun;
        self.pass(60_000);
    }

    fn view(&self, job: &Job) -> Value {
        self.world.read(job.owner, "compute.job", json!({ "id": job.id })).unwrap_or_default()
    }

    /// Two owners with as much to do share the workers: neither waits until the other's is done.
    fn check_shares(&mut self) {
        let before = self.jobs.len();
        for owner in [0, 1] {
            let habits = Habits { ms: 400, poison: 0, seed: 77 + owner as u64 };
            let (program, inputs) = ("/prog/map.wasm", Inputs::Range(3_000));
            let plan =
                Plan { owner, program, habits, inputs, trust: "spot", has_reduce: false, is_saved: false };
            self.begin_planned(plan);
        }
        if self.jobs.len() != before + 2 {
            return;
        }
        self.pass(120_000);
        // Own computers do own jobs first: others' are shared.
        let own: BTreeSet<String> = (self.owners.iter().copied().chain(self.people..self.world.peers.len()))
            .map(|peer| self.world.peer(peer).device.short())
            .collect();
        let by_others = |job: &Job| {
            let view = self.view(job);
            let workers = list(&view, "workers").filter(|one| !own.contains(&text(one, "computer")));
            workers.map(|one| one["done"].as_u64().unwrap_or(0)).sum()
        };
        let done: Vec<u64> = self.jobs.iter().skip(before).map(by_others).collect();
        let is_fair = matches!(done.as_slice(), [one, other] if one.min(other) * 3 >= *one.max(other));
        let is_little = done.iter().sum::<u64>() < 40;
        let seed = self.seed;
        self.report.claim(is_fair && !is_little, || {
            format!("seed {seed}: two owners have had {done:?} units done by others")
        });
    }
}

/// A job that is to begin.
#[derive(Clone)]
struct Plan {
    owner: PeerIndex,
    program: &'static str,
    habits: Habits,
    inputs: Inputs,
    trust: &'static str,
    has_reduce: bool,
    is_saved: bool,
}

/// Looks at what a peer's decider says of jobs, read apart from the code that wrote it.
pub(crate) fn said(world: &mut World, by: PeerIndex, to: DeviceId, message: &[u8]) {
    world.watch.job_messages += 1;
    if kind_of(message) != Some(1) {
        return;
    }
    world.watch.leases += 1;
    let rows = world.peer(by).rows();
    let is_out = people::read::webs(&*rows).unwrap_or_default().into_iter().any(|web| {
        let person = people::read::person_of(&*rows, web.id, to).ok().flatten();
        person.is_some_and(|one| rows.get("compute.shut_out", one.as_bytes()).is_ok_and(|row| row.is_some()))
    });
    if is_out {
        world.watch.wrong_jobs.push(format!("peer {by} gives work to a person it has shut out"));
    }
}

/// Returns the number of a message (spec compute, rule 13).
fn kind_of(message: &[u8]) -> Option<u8> {
    let mut decoder = minicbor::Decoder::new(message);
    let (_, _, _) = (decoder.array().ok()?, decoder.bytes().ok()?, decoder.array().ok()?);
    decoder.u8().ok()
}

/// Devices by their short names, as answers say them.
fn cheaters(world: &World) -> BTreeSet<String> {
    let cheats = |peer: &&crate::SimPeer| matches!(peer.sandbox.honesty, Honesty::Cheating(_));
    world.peers.iter().filter(cheats).map(|peer| peer.device.short()).collect()
}
