//! A worm in one web: whoever opens it has their computer pass it on to twenty contacts, some computers know the rule that finds it.
//!
//! `cargo xtask sim --worm SEEDS`. The peers are whole ones; persons are dice. The web is gathered once and taken up again for each seed,
//! which says who knows the rule, who has it first, who knows whom, who opens what and when, and how the network is. Each seed is run with the
//! guard and with the guard of everybody switched off, for then it must be a worm. Parameters as in the design's facts on corroboration.
//!
//! Not for: a worm that changes itself for each victim. Its contents have different ids, so no warning of one says anything of another; only rules
//! help against that, and whether they match is the scanner's affair, of which there is none here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::ContentId;
use guard::{Gate, Level};
use serde_json::json;

use crate::check::Report;
use crate::dice::Dice;
use crate::disk::SimFile;
use crate::outbreaks::Scanner;
use crate::vault::Memory;
use crate::world::{PeerIndex, World};

/// Everybody passes it on to so many.
const CONTACTS: usize = 20;
/// Of 1,000 computers so many know the rule.
const DETECTORS: u64 = 100;
/// Of 1,000 files that come, a person opens so many.
const OPENED: u64 = 300;
/// Of 1,000 that are warned of and that a person wants to open, they open so many all the same.
const OPENED_ALL_THE_SAME: u64 = 100;
/// Half of those who open something do so within this.
const OPENED_WITHIN: Duration = Duration::from_mins(10);
/// How the logarithm of that time scatters: two thirds open it between 4 and 27 minutes after it came.
const OPENED_SCATTER: f64 = 1.0;
/// A computer that has not brought what came to it tries again after this, and gives up after so many times.
const AGAIN: Duration = Duration::from_secs(2);
const TRIES: u32 = 30;
/// Nothing that is going to be opened is opened later.
const LATEST: Duration = Duration::from_hours(24);
/// The seed of the web that all seeds begin with.
const GATHERED_BY: u64 = 7;
const SIZE: u64 = 40_000;

/// When the computer of somebody to whom the worm is sent brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// As soon as it hears of it, as mail is brought.
    WhenSent,
    /// When its person opens it: nobody looks through it before.
    WhenOpened,
}

/// What somebody has against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The guard.
    Guard,
    /// Nothing: everybody has switched the guard off.
    Nothing,
}

/// What came of one worm.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Members of the web.
    pub members: usize,
    /// Who opened it, the first one among them.
    pub infected: usize,
    /// Who had it when the first warning came to somebody who has none of it.
    pub infected_before: usize,
    /// Times that a person wanted to open it and was kept off: by a question, or by a hold.
    pub asked: u64,
    /// The same by a hold.
    pub held: u64,
    /// Who had a shut gate in the end.
    pub shut: usize,
    /// Persons who warned.
    pub warnings: usize,
    /// Simulated time from the first one to the last opening, in seconds.
    pub seconds: u64,
}

impl Outcome {
    /// Returns how many of 100 have it.
    #[expect(clippy::cast_precision_loss, reason = "a figure to be printed")]
    pub fn of_100(&self) -> f64 {
        self.infected as f64 * 100.0 / self.members.max(1) as f64
    }
}

/// A web that worms are let loose in.
#[derive(Debug)]
pub struct Plot {
    gathered: World,
    members: usize,
}

/// What is going to happen to a person.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Their computer brings the worm from somebody.
    Brings { from: PeerIndex, tries: u32 },
    /// They want to open it; `is_sure`: they were asked, and said yes.
    Opens { from: PeerIndex, tries: u32, is_sure: bool },
}

struct Run {
    world: World,
    dice: Dice,
    members: usize,
    brought: Brought,
    worm: ContentId,
    contacts: Vec<Vec<PeerIndex>>,
    infected: BTreeSet<PeerIndex>,
    queue: BTreeMap<(u64, u64), (PeerIndex, Happening)>,
    next: u64,
    outcome: Outcome,
}

impl Plot {
    /// Gathers a web of so many, each of whom shares a folder.
    ///
    /// # Panics
    /// When somebody cannot join in fair weather.
    pub fn gather(members: usize) -> Self {
        let mut world = World::new(GATHERED_BY, members, &Memory::shared());
        for index in 0..members {
            world.set_scanner(index, Scanner::default());
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": name(index) }));
        }
        let here = world.crowd_together(members);
        assert_eq!(here.len(), members, "everybody joins in fair weather");
        for index in 0..members {
            let folder = world.peer(index).folder();
            world.ask(index, "files.share", json!({ "web": "town", "folder": folder, "name": "things" }));
            world.run_for(Duration::from_millis(200));
        }
        world.run_for(Duration::from_mins(5));
        Self { gathered: world, members }
    }

    /// Lets a worm loose, and waits until nobody is going to open it any more.
    pub fn let_loose(&self, seed: u64, against: Against, brought: Brought) -> Outcome {
        let mut run = Run::begin(self, seed, against, brought);
        while let Some(((at, _), (who, happening))) = run.queue.pop_first() {
            let wait = Duration::from_millis(at.saturating_sub(run.world.now_ms()));
            run.world.run_for(wait);
            match happening {
                Happening::Brings { from, tries } => run.brings(who, from, tries),
                Happening::Opens { from, tries, is_sure } => run.opens(who, from, (tries, is_sure)),
            }
        }
        run.end()
    }
}

impl Run {
    fn begin(plot: &Plot, seed: u64, against: Against, brought: Brought) -> Self {
        let mut dice = Dice::new(seed ^ 0x0077_6f72_6d00);
        let members = plot.members;
        let mut all: Vec<PeerIndex> = (0..members).collect();
        shuffle(&mut all, &mut dice);
        let detectors = members * usize::try_from(DETECTORS).unwrap_or(0) / 1_000;
        let (knowing, rest) = all.split_at(detectors);
        let first = rest.first().copied().unwrap_or(0);
        let contacts = (0..members).map(|index| contacts_of(index, members, &mut dice)).collect();
        let mut world = plot.gathered.again(seed);
        for index in 0..members {
            let knows = knowing.contains(&index).then(BTreeSet::new);
            world.set_scanner(index, Scanner { knows, ..Scanner::default() });
            world.start(index);
        }
        world.run_for(Duration::from_mins(2));
        if against == Against::Nothing {
            for index in 0..members {
                world.ask(index, "guard.switch", json!({ "state": "off" }));
            }
        }
        world.run_for(Duration::from_secs(10));
        let mut run = Self {
            world,
            dice,
            members,
            brought,
            worm: ContentId::new([0; 32]),
            contacts,
            infected: BTreeSet::new(),
            queue: BTreeMap::new(),
            next: 0,
            outcome: Outcome { members, ..Outcome::default() },
        };
        run.world.write(first, "letter-to-you", 1_000_000, SIZE);
        run.worm = run.world.peer(first).disk.file("letter-to-you").map_or(run.worm, SimFile::content);
        for index in knowing {
            run.world.teach_scanner(*index, run.worm);
        }
        run.outcome.seconds = run.world.now_ms();
        run.infect(first);
        run
    }

    /// Says how many persons warn, as a computer knows that is not infected.
    fn warnings(&self) -> usize {
        let witness = (0..self.members).find(|index| !self.infected.contains(index)).unwrap_or(0);
        let shown = self.world.read(witness, "guard.show", json!({ "file": self.worm })).unwrap_or_default();
        crate::check::list(&shown, "warnings").count()
    }

    /// A person has opened it: their computer shows it to all whom they know, and is switched off as a guard.
    fn infect(&mut self, who: PeerIndex) {
        if !self.infected.insert(who) {
            return;
        }
        if self.outcome.infected_before + 1 == self.infected.len() && self.warnings() == 0 {
            self.outcome.infected_before += 1;
        }
        // Whatever runs as a person can do that (spec guard, what Mallory can do).
        self.world.ask(who, "guard.switch", json!({ "state": "off" }));
        let path = path_at(who);
        self.world.write(who, &path, 1_000_000, SIZE);
        self.world.tell_watcher(who, &[&path], &[]);
        for contact in self.contacts.get(who).cloned().unwrap_or_default() {
            if self.brought == Brought::WhenSent {
                self.later(AGAIN, contact, Happening::Brings { from: who, tries: 0 });
            }
            if self.dice.chance(OPENED) {
                let wait = self.time_to_open();
                self.later(wait, contact, Happening::Opens { from: who, tries: 0, is_sure: false });
            }
        }
    }

    /// A person's computer brings it, unless it has it already.
    fn brings(&mut self, who: PeerIndex, from: PeerIndex, tries: u32) {
        if self.is_here(who) || tries >= TRIES {
            return;
        }
        let path = format!("town/{}/things/{}", name(from), path_at(from));
        self.world.ask(who, "files.get", json!({ "path": path }));
        self.later(AGAIN, who, Happening::Brings { from, tries: tries + 1 });
    }

    /// A person wants to open it; it is done as the interfaces do it (spec guard, rule 22): what is not here yet is brought and looked through first.
    fn opens(&mut self, who: PeerIndex, from: PeerIndex, (tries, mut is_sure): (u32, bool)) {
        if self.infected.contains(&who) {
            return;
        }
        let gate = self.gate(who);
        match gate {
            Gate::Shut(Level::Held | Level::Quarantined) => {
                self.outcome.held += 1;
                return;
            }
            Gate::Shut(_) if !is_sure => {
                is_sure = self.dice.chance(OPENED_ALL_THE_SAME);
                if !is_sure {
                    self.outcome.asked += 1;
                    return;
                }
            }
            Gate::Shut(_) | Gate::Open | Gate::NotYet => {}
        }
        let is_here = self.is_here(who);
        if is_here && gate != Gate::NotYet {
            self.infect(who);
        } else if tries < TRIES {
            if !is_here {
                self.brings(who, from, TRIES - 1);
            }
            self.later(AGAIN, who, Happening::Opens { from, tries: tries + 1, is_sure });
        }
    }

    fn end(mut self) -> Outcome {
        let now = self.world.now_ms();
        self.outcome.seconds = now.saturating_sub(self.outcome.seconds) / 1_000;
        self.world.run_for(Duration::from_mins(2));
        self.outcome.infected = self.infected.len();
        self.outcome.shut =
            (0..self.members).filter(|index| matches!(self.gate(*index), Gate::Shut(_))).count();
        self.outcome.warnings = self.warnings();
        self.outcome
    }

    fn later(&mut self, wait: Duration, who: PeerIndex, happening: Happening) {
        self.next += 1;
        let at = self.world.now_ms() + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.queue.insert((at, self.next), (who, happening));
    }

    fn gate(&self, index: PeerIndex) -> Gate {
        let peer = self.world.peer(index);
        let now = peer.clock(self.world.now_ms());
        guard::gate(&*peer.rows(), self.worm, now).expect("memory can always be read")
    }

    fn is_here(&self, index: PeerIndex) -> bool {
        let disk = &self.world.peer(index).disk;
        disk.missing(self.worm, SIZE).is_empty() || disk.file(&path_at(index)).is_some()
    }

    /// Logarithms of it are normal, by the sum of twelve dice.
    #[expect(clippy::cast_precision_loss, reason = "a chance, to be played with")]
    fn time_to_open(&mut self) -> Duration {
        let sum: u64 = (0..12).map(|_| self.dice.below(1_000_001)).sum();
        let normal = sum as f64 / 1_000_000.0 - 6.0;
        OPENED_WITHIN.mul_f64((normal * OPENED_SCATTER).exp()).min(LATEST)
    }
}

/// What must hold of a few worms in a web; the sum of all, for tails are long.
pub fn check(plot: &Plot, seeds: std::ops::Range<u64>, report: &mut Report) -> Vec<(Outcome, Outcome)> {
    let run = |seed| {
        let with = plot.let_loose(seed, Against::Guard, Brought::WhenSent);
        (with, plot.let_loose(seed, Against::Nothing, Brought::WhenSent))
    };
    let all: Vec<(Outcome, Outcome)> = seeds.map(run).collect();
    for (with, without) in &all {
        report.claim(without.of_100() >= 50.0, || format!("without a guard it is no worm: {without:?}"));
        report.claim(with.infected < without.infected, || format!("the guard does nothing: {with:?}"));
    }
    let mut with: Vec<f64> = all.iter().map(|(with, _)| with.of_100()).collect();
    with.sort_unstable_by(f64::total_cmp);
    report.claim(with.get(with.len() / 2).is_some_and(|median| *median <= 9.0), || {
        format!("of 100 members the worms infect {with:?} in spite of the guard")
    });
    all
}

fn name(index: PeerIndex) -> String {
    format!("Person {index}")
}

/// The name that it gives itself at a computer.
fn path_at(index: PeerIndex) -> String {
    format!("letter-from-{index}")
}

fn contacts_of(index: PeerIndex, members: usize, dice: &mut Dice) -> Vec<PeerIndex> {
    let mut others: Vec<PeerIndex> = (0..members).filter(|other| *other != index).collect();
    shuffle(&mut others, dice);
    others.truncate(CONTACTS);
    others
}

fn shuffle(all: &mut [PeerIndex], dice: &mut Dice) {
    for last in (1..all.len()).rev() {
        all.swap(last, dice.index(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::{Against, Brought, Plot};

    #[test]
    fn one_seed_lets_the_same_worm_loose_twice_and_without_a_guard_it_overruns_the_web() {
        let plot = Plot::gather(25);
        let loose = |against| plot.let_loose(1, against, Brought::WhenSent);
        let (with, without) = (loose(Against::Guard), loose(Against::Nothing));
        assert_eq!(format!("{with:?}"), format!("{:?}", loose(Against::Guard)));
        assert!(with.infected < 6 && with.warnings > 0, "{with:?}");
        assert!(without.infected > 20 && without.warnings == 0, "{without:?}");
    }
}
