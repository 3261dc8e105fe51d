//! A town's life: webs are founded, people join, share, edit, fetch, are removed; power fails, clocks are wrong,
//! the network is cut in two, Mallory talks nonsense. At the end the weather is calm and the checkers look.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::WebId;
use kernel::{AskId, Channel};
use serde_json::{Value, json};

use crate::check;
use crate::check_search;
use crate::drivers;
use crate::index;
use crate::lying::Liar;
use crate::searching::{Ground, SearchTally, Searches};
use crate::vault::Memory;
use crate::world::{PeerIndex, Tally, Weather, World};

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Repeats the run.
    pub seed: u64,
    /// Peers.
    pub peers: usize,
    /// Simulated time, at least 20 minutes.
    pub time: Duration,
    /// Whether each peer checks each signature itself.
    pub is_checking_all: bool,
    /// Searches begun in each ten steps of two seconds, for every hundred peers begun.
    pub searches: u64,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What happened.
    pub tally: Tally,
    /// What the checkers found wrong; empty is good.
    pub wrong: Vec<String>,
    /// How much the checkers looked at.
    pub checked: u64,
    /// What came of searches.
    pub searches: SearchTally,
    /// Messages about texts, and their bytes.
    pub search_messages: (u64, u64),
    /// Questions that peers were asked about texts.
    pub search_questions: u64,
}

/// A web of the town, as the script knows it.
#[derive(Debug, Clone)]
pub struct TownWeb {
    /// Its founder, who is never removed and never loses the right to remove.
    pub founder: PeerIndex,
    /// Its id.
    pub id: WebId,
    /// Its name.
    pub name: String,
    /// Who was told to join.
    pub invited: BTreeSet<PeerIndex>,
    /// Who was removed, and when.
    pub removed: BTreeMap<PeerIndex, u64>,
    /// Whose computers read the whole web.
    pub brokers: BTreeSet<PeerIndex>,
    link: String,
}

impl TownWeb {
    /// Says whether a peer was ever told to join, or founded it.
    pub fn had(&self, index: PeerIndex) -> bool {
        self.founder == index || self.invited.contains(&index)
    }
}

struct Town {
    world: World,
    webs: Vec<TownWeb>,
    sharing: BTreeMap<PeerIndex, WebId>,
    /// Transfers asked for, to be done at the end.
    wanted: Vec<(PeerIndex, AskId)>,
    next_content: u64,
    searches: Searches,
    searches_per_ten: u64,
}

/// Runs a town and checks it.
pub fn run(plan: Plan) -> Outcome {
    let memory = if plan.is_checking_all { Memory::none() } else { Memory::shared() };
    let world = World::new(plan.seed, plan.peers, &memory);
    let mut town = Town {
        world,
        webs: Vec::new(),
        sharing: BTreeMap::new(),
        wanted: Vec::new(),
        next_content: 0,
        searches: Searches::new(plan.seed),
        searches_per_ten: plan.searches,
    };
    town.settle();
    town.join();
    town.broker();
    let lived = Duration::from_secs(12 * 60);
    let calm = Duration::from_secs(8 * 60);
    town.live(plan.time.saturating_sub(lived + calm).max(Duration::from_secs(60)));
    town.calm(calm);
    let mut report = check::Report::default();
    check::town(&town.world, &town.webs, &town.sharing, &mut report);
    let Town { world, webs, sharing, searches, .. } = &mut town;
    check_search::quiet(world, Ground { webs, sharing }, searches, &mut report);
    Outcome {
        tally: town.world.tally,
        wrong: report.wrong,
        checked: report.checked,
        search_messages: (town.world.watch.messages, town.world.watch.bytes),
        search_questions: town.world.watch.questions(),
        searches: town.searches.tally,
    }
}

impl Town {
    /// Everybody starts and says a name; one in twenty founds a web and shares a folder with it.
    fn settle(&mut self) {
        let peers = self.world.peers.len();
        for index in 0..peers {
            // Clocks are off by up to two minutes; one in fifty by years.
            let error = if self.world.dice.chance(20) { 3 * 365 * 86_400_000 } else { 120_000 };
            let error = i64::try_from(self.world.dice.below(2 * error)).unwrap_or(0)
                - i64::try_from(error).unwrap_or(0);
            self.world.peer_mut(index).clock_error_ms = error;
            self.world.peer_mut(index).is_liar = index > 0 && self.world.dice.chance(10);
            // One in fifteen lies about texts, each in a way of its own.
            if index % 15 == 7 {
                let way = Liar::ALL.get(index / 15 % Liar::ALL.len()).copied();
                self.world.peer_mut(index).liar = way;
            }
            self.world.start(index);
            self.world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        let webs = (peers / 25).max(1);
        for number in 0..webs {
            let founder = number * peers / webs;
            // A founder's clock must not make invitations that everybody finds expired.
            self.world.peer_mut(founder).clock_error_ms = 0;
            self.world.peer_mut(founder).is_liar = false;
            self.world.peer_mut(founder).liar = None;
            let name = format!("web {number}");
            let ask = self.world.ask(founder, "people.start_web", json!({ "name": name }));
            let answer = self.world.answer(ask).and_then(Result::ok).unwrap_or_default();
            let id = text(&answer, "id").parse().expect("starting a web answers with its id");
            self.webs.push(TownWeb {
                founder,
                id,
                name,
                invited: BTreeSet::new(),
                removed: BTreeMap::new(),
                brokers: BTreeSet::new(),
                link: String::new(),
            });
            let device = self.world.peer(founder).device;
            self.world.watch.let_in.entry(id).or_default().insert(device);
            self.share(founder, number);
        }
        self.world.run_for(Duration::from_secs(60));
    }

    /// Everybody joins the web of its street; one in ten a second web, too.
    fn join(&mut self) {
        let peers = self.world.peers.len();
        for number in 0..self.webs.len() {
            let (founder, label) = (self.web(number).founder, self.web(number).name.clone());
            let arguments = json!({ "web": label, "uses": 1000, "hours": 8000 });
            let ask = self.world.ask(founder, "people.invite", arguments);
            let answer = self.world.answer(ask).and_then(Result::ok).unwrap_or_default();
            text(&answer, "link").clone_into(&mut self.web_mut(number).link);
        }
        for index in 0..peers {
            let street = index * self.webs.len() / peers;
            self.join_web(index, street);
            if self.world.dice.chance(100) {
                let other = self.world.dice.index(self.webs.len());
                self.join_web(index, other);
            }
            if index % 20 == 0 {
                self.world.run_for(Duration::from_millis(500));
            }
        }
        self.world.run_for(Duration::from_secs(10 * 60));
        for index in 0..peers {
            if self.world.dice.chance(150) {
                let street = index * self.webs.len() / peers;
                if !self.sharing.contains_key(&index) {
                    self.share(index, street);
                }
            }
        }
        self.world.run_for(Duration::from_secs(60));
    }

    /// Every second web has a broker, its founder's computer; every fourth a second one, which may be any liar's.
    fn broker(&mut self) {
        for number in (0..self.webs.len()).step_by(2) {
            let web = self.web(number).clone();
            let mut brokers = vec![web.founder];
            if number % 4 == 0 {
                brokers.extend(web.invited.iter().find(|index| **index % 15 == 7));
            }
            for index in brokers {
                let Some(label) = check::web_label(&self.world, index, web.id) else { continue };
                let ask = self.world.ask(index, "people.serve", json!({ "web": label, "broker": true }));
                if matches!(self.world.answer(ask), Some(Ok(_))) {
                    self.web_mut(number).brokers.insert(index);
                }
            }
        }
        self.world.run_for(Duration::from_secs(60));
    }

    fn join_web(&mut self, index: PeerIndex, number: usize) {
        let web = self.web(number);
        if web.founder == index || web.invited.contains(&index) {
            return;
        }
        // A clock years off makes every invitation look expired to its owner: those wait for a right clock.
        if self.world.peer(index).clock_error_ms.abs() > 1_000_000 {
            self.world.peer_mut(index).clock_error_ms = 0;
            self.world.power_cut(index, Duration::from_millis(100));
            self.world.run_for(Duration::from_millis(200));
        }
        let (link, id) = (self.web(number).link.clone(), self.web(number).id);
        let device = self.world.peer(index).device;
        self.world.watch.let_in.entry(id).or_default().insert(device);
        self.world.ask(index, "people.join", json!({ "link": link }));
        self.web_mut(number).invited.insert(index);
    }

    fn share(&mut self, index: PeerIndex, number: usize) {
        let id = self.web(number).id;
        let Some(label) = check::web_label(&self.world, index, id) else { return };
        for _ in 0..5 {
            self.write_file(index);
        }
        let folder = self.world.peer(index).folder();
        self.world.ask(index, "files.share", json!({ "web": label, "folder": folder, "name": "things" }));
        self.sharing.insert(index, id);
    }

    fn write_file(&mut self, index: PeerIndex) -> String {
        self.next_content += 1;
        let name = self.world.dice.below(12);
        // All revisions of a file have a topic of their own.
        let topic = u64::try_from(index).unwrap_or(0) * 12 + name;
        let made_of = self.next_content << 16 | topic & 0xffff;
        let size_max = if self.world.dice.chance(100) { 40_000_000 } else { 60_000 };
        let size = 1 + self.world.dice.below(size_max);
        let path = format!("folder {}/file {name}.txt", name % 3);
        self.world.write(index, &path, made_of, size);
        path
    }

    /// Something happens every two seconds, somewhere; the weather changes every five minutes.
    fn live(&mut self, time: Duration) {
        let steps = time.as_secs() / 2;
        let acts = self.world.peers.len() / 100 + 1;
        for step in 0..steps {
            let is_storm = step / 150 % 2 == 1;
            self.world.set_weather(if is_storm { Weather::STORM } else { Weather::FAIR });
            for _ in 0..acts {
                self.act();
            }
            self.search(step);
        }
    }

    /// People search, and some keep what they searched for; now and then an index is damaged.
    fn search(&mut self, step: u64) {
        let Self { world, webs, sharing, searches, searches_per_ten, .. } = self;
        let ground = Ground { webs, sharing };
        // Some of the ten come in this step, and not all at once.
        let count = (step + 1) * *searches_per_ten / 10 - step * *searches_per_ten / 10;
        let pause = Duration::from_millis(2_000 / (count + 1));
        for _ in 0..count {
            searches.begin(world, ground);
            searches.run_for(world, ground, pause);
        }
        searches.run_for(world, ground, pause);
        if step % 20 == 10 {
            let number = searches.dice().index(webs.len());
            if let Some(web) = webs.get(number)
                && let Some(peer) = searches.some_member(world, web)
            {
                if step % 40 == 10 {
                    searches.keep(world, web, peer);
                } else {
                    index::damage(world, peer, web.id);
                }
            }
        }
    }

    fn act(&mut self) {
        let index = self.world.dice.index(self.world.peers.len());
        match self.world.dice.below(100) {
            0..=39 => self.change_disk(index),
            40..=64 => self.get_something(index),
            65..=74 => {
                let off = Duration::from_secs(1 + self.world.dice.below(120));
                self.world.power_cut(index, off);
            }
            75..=84 => {
                let side = u8::from(self.world.peer(index).side == 0);
                self.world.move_to_side(index, side);
            }
            85..=87 => self.remove_somebody(),
            88..=90 => {
                let error = self.world.dice.below(20 * 365 * 86_400_000);
                self.world.peer_mut(index).clock_error_ms = i64::try_from(error).unwrap_or(0);
            }
            _ => self.talk_nonsense(index),
        }
    }

    fn change_disk(&mut self, index: PeerIndex) {
        let sharers: Vec<PeerIndex> = self.sharing.keys().copied().collect();
        let index = sharers.get(self.world.dice.index(sharers.len())).copied().unwrap_or(index);
        let paths: Vec<String> = self.world.peer(index).disk.files().map(|(path, _)| path.clone()).collect();
        let some = paths.get(self.world.dice.index(paths.len())).cloned();
        match (self.world.dice.below(10), some) {
            (0, Some(path)) if paths.len() > 3 => {
                self.world.delete(index, &path);
                drivers::notice(&mut self.world, index, &[], &[&path]);
            }
            (1, Some(path)) => {
                let to = format!("moved/{}", self.world.dice.below(20));
                self.world.rename(index, &path, &to);
                drivers::notice(&mut self.world, index, &[&to], &[&path]);
            }
            _ => {
                let path = self.write_file(index);
                drivers::notice(&mut self.world, index, &[&path], &[]);
            }
        }
    }

    fn get_something(&mut self, index: PeerIndex) {
        let webs: Vec<WebId> = self
            .webs
            .iter()
            .filter(|web| web.founder == index || web.invited.contains(&index))
            .map(|web| web.id)
            .collect();
        let Some(web) = webs.get(self.world.dice.index(webs.len())).copied() else { return };
        let Some(label) = check::web_label(&self.world, index, web) else { return };
        // Down the tree, one turn at a time: person, share, and perhaps a file.
        let mut path = label;
        for _ in 0..3 {
            let Ok(listing) = self.world.read(index, "files.list", json!({ "path": path })) else { break };
            let below: Vec<String> =
                check::list(&listing, "entries").map(|entry| text(entry, "path").to_owned()).collect();
            let Some(next) = below.get(self.world.dice.index(below.len())) else { break };
            path.clone_from(next);
        }
        if path.matches('/').count() >= 2 {
            let ask = self.world.ask(index, "files.get", json!({ "path": path }));
            self.wanted.push((index, ask));
        }
    }

    fn remove_somebody(&mut self) {
        let number = self.world.dice.index(self.webs.len());
        let web = self.web(number).clone();
        let candidates: Vec<PeerIndex> =
            web.invited.iter().copied().filter(|index| !web.removed.contains_key(index)).collect();
        let Some(target) = candidates.get(self.world.dice.index(candidates.len())).copied() else { return };
        let Some(label) = check::web_label(&self.world, web.founder, web.id) else { return };
        let person = check::person_of(&self.world, target);
        let ask = self.world.ask(web.founder, "people.remove", json!({ "web": label, "person": person }));
        if matches!(self.world.answer(ask), Some(Ok(_))) {
            let now_ms = self.world.now_ms();
            self.web_mut(number).removed.insert(target, now_ms);
            let device = self.world.peer(target).device;
            self.world.watch.removed.insert((web.id, device), person);
        }
    }

    /// Mallory: garbage, mutated true words, and old words again, on a connection that stands.
    fn talk_nonsense(&mut self, index: PeerIndex) {
        let neighbours = self.world.connected_to(index);
        let Some(to) = neighbours.get(self.world.dice.index(neighbours.len())).copied() else { return };
        let length = self.world.dice.index(2000);
        let mut message: Vec<u8> = (0..length).map(|_| self.world.dice.bits().to_le_bytes()[0]).collect();
        if self.world.dice.chance(700) {
            // An entry of somebody's log, changed in one place or told again as it was.
            let web = self.webs.get(self.world.dice.index(self.webs.len())).map(|web| web.id);
            let rows = self.world.peer(index).rows();
            if let Some(Ok(entry)) = web.and_then(|web| records::governance(&*rows, web).next()) {
                let mut bytes = entry.bytes;
                let at = self.world.dice.index(bytes.len());
                if let Some(byte) = bytes.get_mut(at).filter(|_| self.world.dice.chance(700)) {
                    *byte ^= 1 << (at % 8);
                }
                let web = web.unwrap_or(WebId::new([0; 32]));
                let entries = vec![wire::codec::Bytes::from(bytes)];
                message = wire::to_bytes(&wire::sync::Message::Entries { web, entries, is_last: true });
            }
        }
        let channel = if self.world.dice.chance(800) { Channel::Member } else { Channel::Join };
        let service = match self.world.dice.below(10) {
            0..=6 => "records",
            7 => "people",
            _ => "search",
        };
        self.world.forge(index, to, channel, service, &message);
    }

    /// The weather clears, everybody has power and a clock that is nearly right, nobody is apart.
    fn calm(&mut self, time: Duration) {
        self.world.set_weather(Weather::FAIR);
        for index in 0..self.world.peers.len() {
            self.world.move_to_side(index, 0);
            self.world.peer_mut(index).clock_error_ms = 0;
            self.world.peer_mut(index).liar = None;
            // A clock that jumps back leaves alarms far in the future; a restart is what a person would do.
            self.world.power_cut(index, Duration::from_secs(1));
        }
        self.world.run_for(time);
    }

    fn web(&self, number: usize) -> &TownWeb {
        self.webs.get(number).expect("the script counts its webs")
    }

    fn web_mut(&mut self, number: usize) -> &mut TownWeb {
        self.webs.get_mut(number).expect("the script counts its webs")
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
