//! People who search, among all else that happens: questions are begun, followed until they are over, and looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use base::WebId;
use kernel::AskId;
use serde_json::{Value, json};

use crate::check;
use crate::check_search::{self, There};
use crate::dice::Dice;
use crate::texts::{common_word, revision_word, text_of, topic_word};
use crate::town::TownWeb;
use crate::world::{PeerIndex, World};

/// What was counted of searches.
#[derive(Debug, Clone, Default)]
pub struct SearchTally {
    /// Questions begun.
    pub trials: u64,
    /// Questions that were over while their asker had power.
    pub over: u64,
    /// Questions whose asker lost power, or was removed, or asked too much.
    pub interrupted: u64,
    /// Hits that were looked at.
    pub hits: u64,
    /// Hits whose newest revision is known to the checker for certain.
    pub certain: u64,
    /// Of those that stood on top, how many were not the newest.
    pub stale_tops: u64,
    /// Hits shown as of an older revision, and said so.
    pub past: u64,
    /// Texts that somebody who was here had, and that were looked for among the hits.
    pub recalled: u64,
    /// Members of the webs asked about.
    pub members: u64,
    /// Questions answered by a broker.
    pub brokered: u64,
    /// Liars found out.
    pub liars_named: u64,
    /// Milliseconds until each was over, in order.
    pub times: Vec<u64>,
}

impl SearchTally {
    /// Returns the time that so many in a hundred did not exceed.
    pub fn time(&self, percent: usize) -> u64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let place = times.len().saturating_sub(1) * percent / 100;
        times.get(place).copied().unwrap_or(0)
    }
}

/// A question under way.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) asker: PeerIndex,
    pub(crate) find: Value,
    pub(crate) begun_ms: u64,
    ask: AskId,
    life: Option<u64>,
    clock_error_ms: i64,
    pub(crate) there: Vec<There>,
}

/// A kept search, with what was there when it was kept.
#[derive(Debug)]
pub(crate) struct KeptSearch {
    pub(crate) peer: PeerIndex,
    pub(crate) id: String,
    pub(crate) query: String,
    pub(crate) web: WebId,
    pub(crate) before: BTreeMap<String, u64>,
}

/// All who search.
#[derive(Debug)]
pub(crate) struct Searches {
    pub(crate) tally: SearchTally,
    pub(crate) wrong: Vec<String>,
    pub(crate) kept: Vec<KeptSearch>,
    dice: Dice,
    open: Vec<Open>,
}

/// What the script knows of the town.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) webs: &'a [TownWeb],
    pub(crate) sharing: &'a BTreeMap<PeerIndex, WebId>,
}

impl Searches {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = Dice::new(seed ^ 0x5ea7_c4e5);
        Self { tally: SearchTally::default(), wrong: Vec::new(), kept: Vec::new(), dice, open: Vec::new() }
    }

    /// Somebody asks something.
    pub(crate) fn begin(&mut self, world: &mut World, ground: Ground<'_>) {
        let asker = self.dice.index(world.peers.len());
        if !world.peer(asker).is_running() {
            return;
        }
        let Some(find) = self.find(world, ground, asker) else { return };
        self.ask(world, ground, asker, find);
    }

    fn ask(&mut self, world: &mut World, ground: Ground<'_>, asker: PeerIndex, find: Value) {
        self.tally.trials += 1;
        let begun_ms = world.now_ms();
        let (life, clock_error_ms) = (world.peer(asker).life(), world.peer(asker).clock_error_ms);
        let there = check_search::what_is_there(world, ground, asker, &find);
        let ask = world.ask(asker, "search.find", find.clone());
        self.open.push(Open { asker, find, begun_ms, ask, life, clock_error_ms, there });
    }

    /// Makes up a question about a file of somebody in one of the asker's webs.
    fn find(&mut self, world: &World, ground: Ground<'_>, asker: PeerIndex) -> Option<Value> {
        let webs: Vec<&TownWeb> = ground.webs.iter().filter(|web| web.had(asker)).collect();
        let web = webs.get(self.dice.index(webs.len()))?;
        let owners: Vec<PeerIndex> =
            ground.sharing.iter().filter(|(_, shared)| **shared == web.id).map(|(owner, _)| *owner).collect();
        let owner = *owners.get(self.dice.index(owners.len()))?;
        let files: Vec<(&String, u64)> =
            world.peer(owner).disk.files().map(|(path, file)| (path, file.made_of())).collect();
        let (path, made_of) = files.get(self.dice.index(files.len())).copied()?;
        let text = text_of(made_of);
        let words: Vec<&str> = text.split(' ').collect();
        let at = self.dice.index(words.len().saturating_sub(3));
        let query = match self.dice.below(10) {
            0..=3 => topic_word(made_of),
            4 => revision_word(made_of),
            5 => common_word(self.dice.below(40)),
            6 => format!("{} {}", common_word(self.dice.below(20)), topic_word(made_of)),
            7 => format!("\"{}\"", words.get(at..at + 3).unwrap_or_default().join(" ")),
            8 => format!("\"{}", (0..20).map(|_| common_word(self.dice.below(30)) + " ").collect::<String>()),
            _ => path.rsplit('/').next().unwrap_or_default().to_owned(),
        };
        let is_naming = self.dice.chance(50);
        Some(json!({ "query": query, "names": is_naming }))
    }

    /// Takes what has come and looks at what is over.
    pub(crate) fn follow(&mut self, world: &mut World, ground: Ground<'_>) {
        for mut open in std::mem::take(&mut self.open) {
            let same_life = world.peer(open.asker).life() == open.life && open.life.is_some();
            let took = world.now_ms().saturating_sub(open.begun_ms);
            match world.answer(open.ask) {
                Some(Ok(found)) if found.get("is_over").and_then(Value::as_bool) == Some(true) => {
                    self.tally.over += 1;
                    self.tally.times.push(took);
                    check_search::over(world, ground, &open, &found, self);
                }
                Some(Ok(found)) => {
                    let seen = found.get("version").and_then(Value::as_u64);
                    let id = found.get("id").and_then(Value::as_str).unwrap_or_default();
                    if same_life {
                        open.ask = world.ask(open.asker, "search.more", json!({ "id": id, "seen": seen }));
                        self.open.push(open);
                    } else {
                        self.tally.interrupted += 1;
                    }
                }
                Some(Err(fault)) if !same_life || fault.code == "search.interrupted" => {
                    self.tally.interrupted += 1;
                }
                Some(Err(fault)) => {
                    self.wrong.push(format!("a search was refused: {fault:?} ({})", open.find));
                }
                None if !same_life => self.tally.interrupted += 1,
                // The clock was set back: alarms ring when they ring.
                None if world.peer(open.asker).clock_error_ms != open.clock_error_ms => {
                    self.tally.interrupted += 1;
                }
                None if took > 2_500 => {
                    self.wrong.push(format!("peer {} waits for {} since {took} ms", open.asker, open.find));
                }
                None => self.open.push(open),
            }
        }
    }

    /// Lets time pass and follows what is asked meanwhile.
    pub(crate) fn run_for(&mut self, world: &mut World, ground: Ground<'_>, time: Duration) {
        let step = Duration::from_millis(50);
        let mut left = time;
        while !left.is_zero() {
            let next = if self.open.is_empty() { left } else { left.min(step) };
            world.run_for(next);
            left = left.saturating_sub(next);
            self.follow(world, ground);
        }
    }

    /// Somebody keeps a search.
    pub(crate) fn keep(&mut self, world: &mut World, web: &TownWeb, peer: PeerIndex) {
        let query = format!("file {}", self.dice.below(12));
        let Some(before) = check_search::listing(world, peer, web.id) else { return };
        let ask = world.ask(peer, "search.keep", json!({ "query": query }));
        let Some(Ok(view)) = world.answer(ask) else { return };
        let id = view.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if view.get("rang").and_then(Value::as_u64) == Some(0) {
            self.kept.retain(|kept| kept.id != id);
            self.kept.push(KeptSearch { peer, id, query, web: web.id, before });
        }
    }

    /// Asks and waits; for a quiet world.
    pub(crate) fn ask_now(&mut self, world: &mut World, asker: PeerIndex, find: Value) -> Option<Value> {
        self.tally.trials += 1;
        let mut ask = world.ask(asker, "search.find", find);
        for _ in 0..60 {
            if let Some(answer) = world.answer(ask) {
                let found = answer.ok()?;
                if found.get("is_over").and_then(Value::as_bool) == Some(true) {
                    self.tally.over += 1;
                    return Some(found);
                }
                let more = json!({ "id": found.get("id"), "seen": found.get("version") });
                ask = world.ask(asker, "search.more", more);
            }
            world.run_for(Duration::from_millis(50));
        }
        None
    }

    /// Returns some member of a web who is there, as the founder sees it.
    pub(crate) fn some_member(&mut self, world: &World, web: &TownWeb) -> Option<PeerIndex> {
        let there: Vec<PeerIndex> = web
            .invited
            .iter()
            .copied()
            .filter(|index| !web.removed.contains_key(index) && world.peer(*index).is_running())
            .filter(|index| check::web_label(world, *index, web.id).is_some())
            .collect();
        there.get(self.dice.index(there.len())).copied()
    }

    pub(crate) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}
