//! One web of many members: how many of them a search asks, with what each says of its words, and with a broker.
//!
//! A measurement, not a check: [`crate::check_search`] says whether anything is missed. Everybody's home is honest and has
//! power here.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base::WebId;
use kernel::Channel;
use search::summary::{WordKey, build, may_have};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::texts::{common_word, revision_word, topic_word};
use crate::vault::Memory;
use crate::world::{PeerIndex, World};

/// Files that each member shares.
const FILES: u64 = 4;

/// What was counted.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Members of the web.
    pub members: usize,
    /// Questions to members for searches for words of one file, and how many searches those were.
    pub rare: (u64, u64),
    /// The same for words that many files have.
    pub common: (u64, u64),
    /// Hits that should have been there and were not.
    pub missed: u64,
    /// Questions to members per search once there was a broker.
    pub brokered: (u64, u64),
    /// Processor time of the broker's services for one question, its index (a list in memory here) with it.
    pub broker_time: Duration,
    /// Wall time of the whole run.
    pub wall: Duration,
}

/// Runs one crowd.
pub fn run(seed: u64, members: usize) -> Counted {
    let begun = Instant::now();
    let mut crowd = Crowd::new(seed, members);
    let mut counted = Counted { members, ..Counted::default() };
    // Summaries come some minutes after everything has been read.
    crowd.world.run_for(Duration::from_mins(12));
    for number in 0..100 {
        let owner = crowd.dice.index(members);
        let made_of = made_of(owner, number % FILES);
        let query = if number % 2 == 0 { topic_word(made_of) } else { revision_word(made_of) };
        counted.missed += crowd.search(&query, Some(owner), &mut counted.rare);
        let common = format!("{} {}", common_word(crowd.dice.below(60)), common_word(crowd.dice.below(60)));
        crowd.search(&common, None, &mut counted.common);
    }
    let web = crowd.label(0);
    crowd.world.ask(0, "people.serve", json!({ "web": web, "broker": true }));
    crowd.world.run_for(Duration::from_mins(10));
    for number in 0..50 {
        let owner = crowd.dice.index(members);
        let query = topic_word(made_of(owner, number % FILES));
        counted.missed += crowd.search(&query, Some(owner), &mut counted.brokered);
    }
    counted.broker_time = crowd.broker_time();
    counted.wall = begun.elapsed();
    counted
}

/// Who would be asked in a large web, by the filters of its members: how many may match, and how many do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Members.
    pub members: usize,
    /// Words of the questions.
    pub words: u64,
    /// Members whose filter may have all words, on average.
    pub asked: f64,
    /// Members who have all words, on average.
    pub have: f64,
    /// Bytes of a filter, on average.
    pub filter_size: usize,
    /// Members who have all words and would not be asked: there are none.
    pub missed: u64,
}

/// Makes members who each know some of a large vocabulary, common words more often, and asks for words that one of them has.
pub fn filters(members: usize) -> Vec<Asked> {
    const VOCABULARY: u64 = 200_000;
    const WORDS: usize = 5_000;
    let mut dice = Dice::new(1_000);
    let key = WordKey::of(&wire::crypto::EpochKey::new([4; 32]));
    let all: Vec<(BTreeSet<u64>, Vec<u8>)> = (0..members)
        .map(|_| {
            let words: BTreeSet<u64> = (0..WORDS)
                .map(|_| {
                    let most = 1 + dice.below(VOCABULARY);
                    dice.below(most)
                })
                .collect();
            let numbers = words.iter().map(|word| key.number(&word.to_string())).collect();
            (words, build(numbers).unwrap_or_default())
        })
        .collect();
    (1..=3)
        .map(|words| {
            let (mut may, mut have, mut missed) = (0, 0, 0);
            for _ in 0..200 {
                let Some((own, _)) = all.get(dice.index(members)) else { continue };
                let own: Vec<u64> = own.iter().copied().collect();
                let query: Vec<u64> =
                    (0..words).filter_map(|_| own.get(dice.index(own.len())).copied()).collect();
                for (known, filter) in &all {
                    let is_asked = query.iter().all(|word| may_have(filter, key.number(&word.to_string())));
                    let has_all = query.iter().all(|word| known.contains(word));
                    may += u32::from(is_asked);
                    have += u32::from(has_all);
                    missed += u64::from(has_all && !is_asked);
                }
            }
            let sizes: usize = all.iter().map(|(_, filter)| filter.len()).sum();
            Asked {
                members,
                words,
                asked: f64::from(may) / 200.0,
                have: f64::from(have) / 200.0,
                filter_size: sizes / members.max(1),
                missed,
            }
        })
        .collect()
}

/// Revisions count up, so that each file has a word of its own.
fn made_of(owner: PeerIndex, file: u64) -> u64 {
    let topic = (u64::try_from(owner).unwrap_or(0) * FILES + file) & 0xffff;
    (topic + 1) << 16 | topic
}

struct Crowd {
    world: World,
    web: WebId,
    dice: Dice,
}

impl Crowd {
    fn new(seed: u64, members: usize) -> Self {
        let mut world = World::new(seed, members, &Memory::shared());
        for index in 0..members {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        let ask = world.ask(0, "people.start_web", json!({ "name": "crowd" }));
        let started = world.answer(ask).and_then(Result::ok).unwrap_or_default();
        let web = text(&started, "id").parse().expect("starting a web answers with its id");
        let ask = world.ask(0, "people.invite", json!({ "web": "crowd", "uses": 10_000, "hours": 800 }));
        let link = world.answer(ask).and_then(Result::ok).unwrap_or_default();
        for index in 1..members {
            world.ask(index, "people.join", json!({ "link": text(&link, "link") }));
            world.run_for(Duration::from_millis(200));
        }
        world.run_for(Duration::from_mins(5));
        let mut crowd = Self { world, web, dice: Dice::new(seed ^ 0xc404d) };
        for index in 0..members {
            for file in 0..FILES {
                crowd.world.write(index, &format!("file {file}.txt"), made_of(index, file), 2_000 + file);
            }
            let (web, folder) = (crowd.label(index), crowd.world.peer(index).folder());
            let share = json!({ "web": web, "folder": folder, "name": "things" });
            crowd.world.ask(index, "files.share", share);
            crowd.world.run_for(Duration::from_millis(100));
        }
        crowd.world.run_for(Duration::from_mins(5));
        crowd
    }

    fn label(&self, index: PeerIndex) -> String {
        crate::check::web_label(&self.world, index, self.web).unwrap_or_default()
    }

    /// Searches, and counts who was asked; returns whether the owner's file was missed.
    fn search(&mut self, query: &str, owner: Option<PeerIndex>, counts: &mut (u64, u64)) -> u64 {
        let asker = self.dice.index(self.world.peers.len());
        let before = self.world.watch.questions();
        let mut ask = self.world.ask(asker, "search.find", json!({ "query": query, "limit": 1_000 }));
        let mut found = Value::Null;
        for _ in 0..60 {
            if let Some(Ok(answer)) = self.world.answer(ask) {
                found = answer;
                if found.get("is_over") == Some(&Value::Bool(true)) {
                    break;
                }
                let more = json!({ "id": found.get("id"), "seen": found.get("version") });
                ask = self.world.ask(asker, "search.more", more);
            }
            self.world.run_for(Duration::from_millis(50));
        }
        counts.0 += self.world.watch.questions() - before;
        counts.1 += 1;
        let Some(owner) = owner else { return 0 };
        let person = format!("/Person {owner}/");
        let is_found = crate::check::list(&found, "hits").any(|hit| text(hit, "path").contains(&person));
        u64::from(!is_found)
    }

    /// Has many members ask the broker, each as often as it may, and returns what one question costs.
    fn broker_time(&mut self) -> Duration {
        const QUESTIONS: u64 = 2_000;
        let askers = self.world.connected_to(0);
        let count = u64::try_from(askers.len()).unwrap_or(0);
        if count == 0 {
            return Duration::ZERO;
        }
        self.world.run_for(Duration::from_secs(10));
        let before = self.world.watch.answers;
        let begun = Instant::now();
        for number in 0..QUESTIONS {
            let asker =
                usize::try_from(number % count).ok().and_then(|at| askers.get(at)).copied().unwrap_or(1);
            let word = topic_word(number % 997);
            let message = crate::lying::Message::AskBroker {
                web: self.web,
                question: number,
                words: vec![word],
                phrases: Vec::new(),
            };
            self.world.forge(asker, 0, Channel::Member, "search", &wire::to_bytes(&message));
            if number % count == 0 {
                self.world.run_for(Duration::from_millis(60));
            }
        }
        self.world.run_for(Duration::from_millis(500));
        let answered = u32::try_from(self.world.watch.answers - before).unwrap_or(u32::MAX);
        begun.elapsed().checked_div(answered).unwrap_or_default()
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
