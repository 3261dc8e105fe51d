//! Small towns in which harmful files spread: some computers know the rule that finds them, some persons lie, power goes, the world falls
//! in two halves.
//!
//! `cargo xtask sim --outbreaks TOWNS` runs many, each by its seed. The script keeps which file is harmful and who lied; what must hold is looked
//! at in answers, rows and at the gate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::ContentId;
use guard::jobs::{Finding, Outcome, Place, Scan, Scanned, Severity};
use guard::{Gate, Level};
use serde_json::{Value, json};

use crate::check::{Report, list, text};
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

/// Moments of a town in which something may go wrong.
const MOMENTS: u64 = 60;
/// In a calm world everybody has heard everything within this.
const CALM: Duration = Duration::from_mins(6);

/// The set that is built into scanners that know the harm of this world, and into those that do not.
const NEW_SET: ContentId = ContentId::new([7; 32]);
const OLD_SET: ContentId = ContentId::new([6; 32]);

/// A simulated scanner.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    /// Contents in which it finds something; none: it is of an older version.
    pub knows: Option<BTreeSet<ContentId>>,
    /// Which set of rules is met in which content.
    pub sets: BTreeSet<(ContentId, ContentId)>,
}

impl Scanner {
    /// Looks through contents.
    pub(crate) fn look(&self, scan: &Scan) -> Scanned {
        let built_in = if self.knows.is_some() { NEW_SET } else { OLD_SET };
        let finding = Finding {
            rule: "planted".to_owned(),
            set: built_in,
            severity: Severity::Harmful,
            inside: None,
            places: vec![Place { offset: 3, size: 9 }],
        };
        let is_known = |content: &ContentId| self.knows.as_ref().is_some_and(|known| known.contains(content));
        let met = |content: ContentId| {
            let sets = scan.sets.iter().filter(move |set| self.sets.contains(&(**set, content)));
            sets.map(|set| Finding { set: *set, rule: "of_a_set".to_owned(), ..finding.clone() })
        };
        let look = |content: &ContentId| Outcome::Seen {
            findings: is_known(content).then(|| finding.clone()).into_iter().chain(met(*content)).collect(),
            unseen: None,
        };
        Scanned { outcomes: scan.items.iter().map(|item| look(&item.content)).collect(), built_in }
    }
}

/// What the towns did, for the line that is printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutbreakTally {
    /// Harmful files that appeared.
    pub harmful: u64,
    /// Files that appeared and were no harm.
    pub clean: u64,
    /// Copies brought.
    pub copies: u64,
    /// Warnings by liars of what is no harm.
    pub lies: u64,
    /// Contents that enough liars held: as many as it takes.
    pub outvoted: u64,
    /// Releases for the web.
    pub released: u64,
    /// Times somebody was at a gate that was shut.
    pub shut: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Messages of all kinds between peers.
    pub messages: u64,
}

impl OutbreakTally {
    /// Adds what another town did.
    pub fn add(&mut self, other: &Self) {
        self.harmful += other.harmful;
        self.clean += other.clean;
        self.copies += other.copies;
        self.lies += other.lies;
        self.outvoted += other.outvoted;
        self.released += other.released;
        self.shut += other.shut;
        self.power_cuts += other.power_cuts;
        self.messages += other.messages;
    }
}

struct Town {
    world: World,
    peers: usize,
    /// The last ones lie.
    liars: usize,
    /// Everything that was written: who, where.
    files: Vec<(PeerIndex, String, ContentId)>,
    harmful: BTreeSet<ContentId>,
    /// Which liars warned of which clean content.
    lies: BTreeMap<ContentId, BTreeSet<PeerIndex>>,
    /// Of those, what was released since anybody lied about it.
    released: BTreeSet<ContentId>,
    report: Report,
    tally: OutbreakTally,
}

/// Runs one town; returns what was looked at, what was wrong, and what it did.
pub fn run(seed: u64) -> (Report, OutbreakTally) {
    let mut town = Town::begin(seed);
    for number in 0..MOMENTS {
        town.moment(number);
        town.check_liars(number);
    }
    town.calm_down();
    town.check();
    town.tally.messages = town.world.tally.messages;
    town.tally.power_cuts = town.world.tally.power_cuts;
    (town.report, town.tally)
}

impl Town {
    fn begin(seed: u64) -> Self {
        let mut peers = 5;
        let mut world = World::new(seed, 14, &Memory::shared());
        // A village needs two persons for a hold, a town three.
        if world.dice.chance(400) {
            peers = 12;
        }
        let liars = world.dice.index(if peers == 5 { 3 } else { 4 });
        for index in 0..peers {
            let knows = (index == 0 || world.dice.chance(400)).then(BTreeSet::new);
            world.set_scanner(index, Scanner { knows, ..Scanner::default() });
        }
        let names: Vec<String> = (0..peers).map(|index| format!("Person {index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        world.gather(&names);
        for index in 0..peers {
            let folder = world.peer(index).folder();
            world.ask(index, "files.share", json!({ "web": "family", "folder": folder, "name": "things" }));
        }
        world.run_for(Duration::from_secs(20));
        Self {
            world,
            peers,
            liars,
            files: Vec::new(),
            harmful: BTreeSet::new(),
            lies: BTreeMap::new(),
            released: BTreeSet::new(),
            report: Report::default(),
            tally: OutbreakTally::default(),
        }
    }

    fn moment(&mut self, number: u64) {
        let who = self.world.dice.index(self.peers);
        match self.world.dice.index(12) {
            0 => self.appear(who, number, true),
            1 | 2 => self.appear(who, number, false),
            3..=5 => self.bring(who),
            6 | 7 => self.lie(),
            8 => self.release(),
            9 => {
                let back = Duration::from_secs(10 + self.world.dice.index(60) as u64);
                self.world.power_cut(who, back);
            }
            10 => {
                let side = u8::try_from(self.world.dice.index(2)).unwrap_or(0);
                self.world.move_to_side(who, side);
            }
            _ => {
                let weather = if self.world.dice.chance(300) { Weather::STORM } else { Weather::FAIR };
                self.world.set_weather(weather);
            }
        }
        let wait = 1 + self.world.dice.index(20) as u64;
        self.world.run_for(Duration::from_secs(wait));
    }

    /// A file appears in somebody's share; sometimes with the content of another's.
    fn appear(&mut self, who: PeerIndex, number: u64, is_harmful: bool) {
        let path = format!("file-{number}");
        let made_of = 1_000 + number;
        self.world.write(who, &path, made_of, 5_000);
        self.world.tell_watcher(who, &[&path], &[]);
        let Some(content) = self.world.peer(who).disk.file(&path).map(crate::disk::SimFile::content) else {
            return;
        };
        self.files.push((who, path, content));
        if is_harmful {
            self.tally.harmful += 1;
            self.harmful.insert(content);
            for index in 0..self.peers {
                self.world.teach_scanner(index, content);
            }
        } else {
            self.tally.clean += 1;
        }
    }

    fn bring(&mut self, who: PeerIndex) {
        if self.files.is_empty() {
            return;
        }
        let at = self.world.dice.index(self.files.len());
        let Some((owner, path, _)) = self.files.get(at).cloned() else { return };
        if owner != who && self.world.peer(who).is_running() {
            let path = format!("family/Person {owner}/things/{path}");
            self.world.ask(who, "files.get", json!({ "path": path }));
            self.tally.copies += 1;
        }
    }

    /// A liar warns of what is no harm, or says that harm is none.
    fn lie(&mut self) {
        let clean: Vec<_> =
            self.files.iter().filter(|(.., content)| !self.harmful.contains(content)).cloned().collect();
        if self.liars == 0 || clean.is_empty() {
            return;
        }
        let liar = self.peers - 1 - self.world.dice.index(self.liars);
        let Some((.., content)) = clean.get(self.world.dice.index(clean.len())).cloned() else { return };
        if !self.world.peer(liar).is_running() {
            return;
        }
        let asked = json!({ "file": content, "web": "family", "note": "believe me" });
        self.world.ask(liar, "guard.warn", asked);
        self.lies.entry(content).or_default().insert(liar);
        // Said again after the release.
        self.released.remove(&content);
        self.tally.lies += 1;
        if let Some(harm) = self.harmful.first().copied() {
            // Who does not protect the web cannot release.
            self.world.ask(liar, "guard.release", json!({ "file": harm, "web": "family", "for_web": true }));
        }
    }

    /// The founder looks into what liars said, and releases it.
    fn release(&mut self) {
        let said: Vec<ContentId> =
            self.lies.keys().copied().filter(|content| !self.released.contains(content)).collect();
        if said.is_empty() || !self.world.peer(0).is_running() {
            return;
        }
        let Some(content) = said.get(self.world.dice.index(said.len())).copied() else { return };
        let asked = json!({ "file": content, "web": "family", "for_web": true, "note": "looked into" });
        let ask = self.world.ask(0, "guard.release", asked);
        self.world.run_for(Duration::from_millis(20));
        if self.world.answer(ask).is_some_and(|answer| answer.is_ok()) {
            self.released.insert(content);
            self.tally.released += 1;
        }
    }

    fn needed(&self) -> usize {
        if self.peers > 10 { 3 } else { 2 }
    }

    fn gate(&self, index: PeerIndex, content: ContentId) -> Option<Gate> {
        let peer = self.world.peer(index);
        let now = peer.clock(self.world.now_ms());
        guard::gate(&*peer.rows(), content, now).ok()
    }

    /// At every moment: fewer liars than it takes hold nothing anywhere, and what one has found is shut at once.
    fn check_liars(&mut self, number: u64) {
        for (content, liars) in self.lies.clone() {
            let is_possible = liars.len() >= self.needed();
            self.tally.outvoted += u64::from(is_possible);
            for index in 0..self.peers {
                let gate = self.gate(index, content);
                let is_held = matches!(gate, Some(Gate::Shut(level)) if level >= Level::Held);
                self.report.claim(!is_held || is_possible, || {
                    format!("moment {number}: {} liars hold a clean file at {index}: {gate:?}", liars.len())
                });
                let is_quarantined = matches!(gate, Some(Gate::Shut(Level::Quarantined)));
                self.report.claim(!is_quarantined, || {
                    format!("moment {number}: a clean file is quarantined at {index}")
                });
            }
        }
    }

    fn calm_down(&mut self) {
        self.world.set_weather(Weather::FAIR);
        for index in 0..self.peers {
            self.world.move_to_side(index, 0);
            self.world.start(index);
        }
        self.world.run_for(CALM);
    }

    /// In the end: everybody was warned of all that anybody could find, each person has warned once, and nothing harmful is open.
    fn check(&mut self) {
        for content in self.harmful.clone() {
            let finders: BTreeSet<PeerIndex> =
                (0..self.peers).filter(|index| self.finds(*index, content)).collect();
            if finders.is_empty() {
                continue;
            }
            // A liar's word counts for less once it was found out.
            let honest = finders.iter().filter(|index| **index < self.peers - self.liars).count();
            let expected = honest.min(self.needed());
            for index in 0..self.peers {
                let gate = self.gate(index, content);
                let least = match (finders.contains(&index), expected >= self.needed()) {
                    (true, _) => Level::Quarantined,
                    (false, true) => Level::Held,
                    (false, false) => Level::Warned,
                };
                let is_shut = matches!(gate, Some(Gate::Shut(level)) if level >= least);
                self.tally.shut += u64::from(is_shut);
                self.report.claim(is_shut, || {
                    format!("{} of {} found it, and at {index} it is {gate:?}", finders.len(), self.peers)
                });
                let shown = self.world.read(index, "guard.show", json!({ "file": content }));
                let shown = shown.unwrap_or(Value::Null);
                let by: Vec<String> = list(&shown, "warnings").map(|warning| text(warning, "by")).collect();
                let persons: BTreeSet<&String> = by.iter().collect();
                self.report.claim(persons.len() == by.len(), || format!("somebody warned twice at {index}"));
                self.report.claim(by.len() >= expected, || {
                    format!("{} warnings of {expected} came to {index}", by.len())
                });
                self.report.claim(by.len() <= finders.len(), || {
                    format!("{} warn at {index}, but only {} have found it", by.len(), finders.len())
                });
            }
        }
        self.check_clean();
    }

    fn check_clean(&mut self) {
        let clean: Vec<ContentId> = self
            .files
            .iter()
            .map(|(.., content)| *content)
            .filter(|content| !self.harmful.contains(content))
            .collect();
        for content in clean {
            let is_spoken_of = self.lies.contains_key(&content) && !self.released.contains(&content);
            for index in 0..self.peers {
                let gate = self.gate(index, content);
                let is_shut = matches!(gate, Some(Gate::Shut(_)));
                self.report.claim(!is_shut || is_spoken_of, || {
                    format!(
                        "a clean file that nobody speaks of, or that was released, is {gate:?} at {index}"
                    )
                });
            }
        }
    }

    /// Says whether a peer has a content, knows the harm, and has looked.
    fn finds(&self, index: PeerIndex, content: ContentId) -> bool {
        let shown = self.world.read(index, "guard.show", json!({ "file": content })).unwrap_or(Value::Null);
        list(&shown, "findings").next().is_some()
    }
}
