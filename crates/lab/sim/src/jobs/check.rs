//! What must hold of jobs when all is over.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use base::{ContentId, DeviceId, RunId};
use compute::jobs::Outcome;
use serde_json::{Value, json};

use super::sandbox::right;
use super::{Honesty, Inputs, Job, Town, cheaters, large};
use crate::check::{list, text};
use crate::world::PeerIndex;

/// What a unit came to, as an answer says it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Came {
    Text(String),
    Content(String),
    Failed,
}

impl Came {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Output { bytes } => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
            Outcome::Large { content, .. } => Self::Content(content.to_string()),
            Outcome::Failed { .. } => Self::Failed,
        }
    }

    fn told(view: &Value) -> Self {
        if !text(view, "failure").is_empty() {
            return Self::Failed;
        }
        match view.get("content").and_then(Value::as_str) {
            Some(content) => Self::Content(content.to_owned()),
            None => Self::Text(text(view, "text")),
        }
    }
}

impl Town {
    pub(super) fn check(&mut self) {
        let jobs = std::mem::take(&mut self.jobs);
        for job in &jobs {
            self.check_job(job);
        }
        for owner in self.owners.clone() {
            self.check_evidence(owner, &jobs);
        }
        for wrong in std::mem::take(&mut self.world.watch.wrong_jobs) {
            self.claim(false, || wrong);
        }
        for peer in 0..self.world.peers.len() {
            let paused = self.world.peer(peer).paused();
            self.claim(paused.is_empty(), || format!("peer {peer} paused {paused:?}"));
            self.tally.executed += self.world.peer(peer).sandbox.executed;
            self.tally.lies += self.world.peer(peer).sandbox.lies;
            if Some(peer) != self.removed {
                let here = self.world.read(peer, "compute.here", json!({})).unwrap_or_default();
                let (fetched, unsent) = (here["fetched"].as_u64(), here["unsent"].as_u64());
                let is_clean = (fetched, unsent) == (Some(0), Some(0));
                self.claim(is_clean, || {
                    format!("peer {peer} still has {fetched:?} fetched, {unsent:?} unsent")
                });
            }
        }
    }

    fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        let seed = self.seed;
        self.report.claim(holds, || format!("seed {seed}: {}", what()));
    }

    /// What each unit of the first step gives on an honest computer.
    fn expected(job: &Job) -> BTreeMap<u64, Outcome> {
        let one = |hear, input: &[Vec<u8>]| right(job.program, job.habits, hear, input);
        match &job.inputs {
            Inputs::Range(count) => (0..*count).map(|unit| (unit, one(Some(unit), &[]))).collect(),
            Inputs::Items(items) => {
                (0..).zip(items).map(|(unit, item)| (unit, one(None, std::slice::from_ref(item)))).collect()
            }
            Inputs::Files(files) => {
                let parts = files.iter().map(|(_, content)| vec![content.as_bytes().to_vec()]);
                (0..).zip(parts).map(|(unit, parts)| (unit, one(None, &parts))).collect()
            }
        }
    }

    fn check_job(&mut self, job: &Job) {
        let view = self.view(job);
        let state = text(&view, "state");
        if job.is_cancelled {
            self.tally.cancelled += 1;
            return self.claim(state == "cancelled", || format!("a cancelled job is {state}"));
        }
        let name = format!(
            "job {} ({}) of peer {}",
            job.id.chars().take(8).collect::<String>(),
            job.trust,
            job.owner
        );
        let line = || {
            let view = json!({ "done": view["done"], "total": view["total"], "running": view["running"],
                "note": view["note"], "steps": view["steps"], "workers": view["workers"] });
            format!("{name} is {state}: {view}")
        };
        self.claim(state == "done", line);
        if state != "done" {
            return;
        }
        self.tally.done += 1;
        self.tally.known += view["known"].as_u64().unwrap_or(0);
        let expected = Self::expected(job);
        let poison = expected.values().filter(|one| matches!(one, Outcome::Failed { .. })).count() as u64;
        let (done, total) = (view["done"].as_u64(), view["total"].as_u64());
        self.claim(done == total, || format!("{name} has {done:?} of {total:?} units done"));
        let steps: Vec<(u64, u64)> = list(&view, "steps")
            .map(|step| (step["done"].as_u64().unwrap_or(0), step["total"].as_u64().unwrap_or(0)))
            .collect();
        let first = steps.first().copied();
        let count = job.inputs.count();
        self.claim(first == Some((count, count)), || format!("{name}: {first:?} of {count} units"));
        self.tally.units += steps.iter().map(|(_, total)| total).sum::<u64>();
        self.check_rows(job, &name);
        let results = self.results_of(job);
        if job.has_reduce {
            return self.check_sum(job, &expected, &results, &name);
        }
        let parked = view["parked"].as_u64().unwrap_or(0);
        self.tally.parked += parked;
        let is_lenient = matches!(job.trust, "adaptive" | "spot") && self.has_cheaters();
        self.claim(parked == poison || is_lenient, || {
            format!("{name}: {parked} parked, {poison} are poison")
        });
        let units: BTreeSet<u64> = results.iter().map(|(unit, ..)| *unit).collect();
        let is_each = units.len() == results.len() && units.len() as u64 == count;
        self.claim(is_each, || {
            format!("{name}: {} results of {} units, {count} wanted", results.len(), units.len())
        });
        // Files may be in another order than they were written: they are known by their paths.
        let mut wrong = 0;
        for (unit, path, came) in &results {
            let right = match &job.inputs {
                Inputs::Files(files) => files
                    .iter()
                    .position(|(file, _)| path.ends_with(file.as_str()))
                    .and_then(|place| expected.get(&(place as u64))),
                _ => expected.get(unit),
            };
            wrong += u64::from(right.map(Came::of).as_ref() != Some(came));
        }
        self.count_wrong(job, wrong, &name);
        self.check_saved(job, &expected, &name);
    }

    /// What is done stands in rows once, and each person is credited what stands there by its word, neither less nor more.
    fn check_rows(&mut self, job: &Job, name: &str) {
        let Ok(id) = job.id.parse::<RunId>() else { return };
        let believed = large::believed(&self.world, job.owner, id);
        let parked = large::rows_of(&self.world, job.owner, "compute.parked", id.as_bytes()).len() as u64;
        let sum = believed.iter().map(|(_, count, _)| count).sum::<u64>() + parked;
        let total = self.view(job)["total"].as_u64().unwrap_or(0);
        self.claim(sum == total, || format!("{name}: rows hold {sum} results of {total} units"));
        let counted = large::counted(&believed);
        for (person, units) in large::credits(&self.world, job.owner, id) {
            let owed = counted.get(&person).copied().unwrap_or(0);
            // Who found that a unit cannot be done is credited that, too, and once more when it was tried again.
            let is_right = units == owed || (job.habits.poison > 0 && units > owed);
            self.claim(is_right, || {
                format!("{name}: {} is credited {units} units of {owed}", person.short())
            });
        }
    }

    fn count_wrong(&mut self, job: &Job, wrong: u64, name: &str) {
        // One in fifty results is made again: 400 lies of one person pass with a chance of one in three thousand.
        let most = match job.trust {
            "adaptive" | "spot" if self.has_cheaters() => 800,
            _ => 0,
        };
        self.tally.wrong_believed += wrong;
        self.claim(wrong <= most, || format!("{name}: {wrong} results are wrong"));
    }

    fn check_sum(
        &mut self,
        job: &Job,
        expected: &BTreeMap<u64, Outcome>,
        results: &[(u64, String, Came)],
        name: &str,
    ) {
        let value = |outcome: &Outcome| match Came::of(outcome) {
            Came::Text(text) => text.parse::<u64>().unwrap_or(0),
            _ => 0,
        };
        let sum = expected.values().map(value).fold(0_u64, u64::wrapping_add).to_string();
        let is_one = results.len() == 1;
        self.claim(is_one, || format!("{name}: joining left {} results", results.len()));
        let is_right = results.iter().all(|(_, _, came)| *came == Came::Text(sum.clone()));
        self.count_wrong(job, u64::from(!is_right), name);
    }

    fn check_saved(&mut self, job: &Job, expected: &BTreeMap<u64, Outcome>, name: &str) {
        let is_lenient = matches!(job.trust, "adaptive" | "spot") && self.has_cheaters();
        if !job.is_saved || is_lenient {
            return;
        }
        let saved: BTreeSet<ContentId> = self.world.peer(job.owner).sandbox.saved.values().copied().collect();
        let is_there = |outcome: &&Outcome| match outcome {
            Outcome::Output { bytes } => !saved.contains(&ContentId::new(*blake3::hash(bytes).as_bytes())),
            Outcome::Large { content, .. } => !saved.contains(content),
            Outcome::Failed { .. } => false,
        };
        let missing = expected.values().filter(is_there).count();
        self.claim(missing == 0, || format!("{name}: {missing} results were not written"));
    }

    /// All results of the last step: unit, input, what came.
    fn results_of(&mut self, job: &Job) -> Vec<(u64, String, Came)> {
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let asked = json!({ "id": job.id, "from": from, "limit": 1_000 });
            let answer = self.world.read(job.owner, "compute.results", asked).unwrap_or_default();
            for view in list(&answer, "results") {
                let unit = view["unit"].as_u64().unwrap_or(u64::MAX);
                all.push((unit, text(view, "input"), Came::told(view)));
            }
            from = answer["next"].as_u64().unwrap_or(u64::MAX);
            if answer["is_over"] != json!(false) {
                return all;
            }
        }
    }

    /// Nobody honest is accused; who lied where others could tell is named, with a signature.
    fn check_evidence(&mut self, owner: PeerIndex, jobs: &[Job]) {
        let evidence = self.world.read(owner, "compute.evidence", json!({})).unwrap_or_default();
        let cheaters = cheaters(&self.world);
        let mut named = BTreeSet::new();
        for case in list(&evidence, "cases") {
            self.tally.cases += 1;
            let computer = text(case, "computer");
            self.claim(case["is_signed"] == json!(true), || {
                format!("a case against {computer} is not signed")
            });
            self.claim(cheaters.contains(&computer), || format!("{computer} is accused and honest"));
            if text(case, "owner") == "you" {
                let is_out = case["is_shut_out"] == json!(true);
                let is_member = self.removed.is_none();
                self.claim(is_out || !is_member, || {
                    format!("{computer} is not shut out of peer {owner}'s jobs")
                });
                named.insert(computer);
            }
        }
        for job in jobs.iter().filter(|job| job.owner == owner && job.trust == "quorum" && !job.is_cancelled)
        {
            for device in self.liars_of(job) {
                let peer = self.world.by_device.get(&device).copied();
                if peer.is_some_and(|peer| Some(peer) == self.removed) {
                    continue;
                }
                let is_named = named.contains(&device.short());
                self.claim(is_named, || format!("{} lied to peer {owner} and is not named", device.short()));
            }
        }
    }

    /// Who always lies and has given the owner results of units that are done, by the rows of what was signed.
    fn liars_of(&self, job: &Job) -> BTreeSet<DeviceId> {
        let rows = self.world.peer(job.owner).rows();
        let Ok(id) = job.id.parse::<RunId>() else { return BTreeSet::new() };
        let from = id.as_bytes().to_vec();
        let to = [from.as_slice(), &[0xff; 16]].concat();
        let pairs = rows.range("compute.statements", Bound::Included(&from), Bound::Included(&to));
        let devices = pairs.filter_map(Result::ok).filter_map(|(_, value)| {
            let mut decoder = minicbor::Decoder::new(&value);
            decoder.array().ok()?;
            Some(DeviceId::new(decoder.bytes().ok()?.try_into().ok()?))
        });
        let always = |device: &DeviceId| {
            let peer = self.world.by_device.get(device).map(|index| self.world.peer(*index));
            peer.is_some_and(|peer| peer.sandbox.honesty == Honesty::Cheating(1_000))
        };
        devices.filter(always).collect()
    }
}
