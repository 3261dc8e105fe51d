//! A family with shared folders, of few and named people.

use std::time::Duration;

use base::{Fault, WebId};
use kernel::AskId;
use serde_json::{Value, json};
use sim::World;
use sim::vault::Memory;

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CAROL: usize = 2;
pub(crate) const MALLORY: usize = 3;
const NAMES: [&str; 4] = ["Alice", "Bob", "Carol", "Mallory"];

/// Returns what a file is made of: a revision of a topic.
pub(crate) fn made(revision: u64, topic: u64) -> u64 {
    revision << 16 | topic
}

pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) web: WebId,
}

impl Town {
    /// All four are members of the web `family` that Alice began.
    pub(crate) fn new() -> Self {
        let mut world = World::new(7, NAMES.len(), &Memory::shared());
        for (index, name) in NAMES.iter().enumerate() {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": name }));
        }
        let ask = world.ask(ALICE, "people.start_web", json!({ "name": "family" }));
        let view = world.answer(ask).unwrap().unwrap();
        let web = serde_json::from_value(view["id"].clone()).unwrap();
        let mut town = Self { world, web };
        let link =
            town.ask(ALICE, "people.invite", json!({ "web": "family", "uses": 10 })).unwrap()["link"].clone();
        for index in [BOB, CAROL, MALLORY] {
            town.ask(index, "people.join", json!({ "link": link })).unwrap();
            town.pass(20);
        }
        town
    }

    /// Lets seconds pass.
    pub(crate) fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    pub(crate) fn pass_ms(&mut self, millis: u64) {
        self.world.run_for(Duration::from_millis(millis));
    }

    /// Asks, and waits for the answer if it needs a look at the disk.
    pub(crate) fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let ask = self.world.ask(who, operation, arguments);
        for _ in 0..100 {
            if let Some(answer) = self.world.answer(ask) {
                return answer;
            }
            self.pass_ms(10);
        }
        panic!("{operation} is not answered");
    }

    /// Shares what is on somebody's disk as `things`.
    pub(crate) fn share(&mut self, who: usize) {
        let folder = self.world.peer(who).folder();
        self.ask(who, "files.share", json!({ "web": "family", "folder": folder, "name": "things" })).unwrap();
        self.pass(20);
    }

    /// Writes a file of a text, and waits until everybody knows.
    pub(crate) fn write(&mut self, who: usize, path: &str, made_of: u64, size: u64) {
        self.world.write(who, path, made_of, size);
        self.world.tell_watcher(who, &[path], &[]);
        self.pass(20);
    }

    pub(crate) fn begin(&mut self, who: usize, find: Value) -> AskId {
        self.world.ask(who, "search.find", find)
    }

    /// Searches and waits until it is over.
    pub(crate) fn find(&mut self, who: usize, find: Value) -> Value {
        let mut ask = self.begin(who, find);
        for _ in 0..100 {
            if let Some(found) = self.world.answer(ask) {
                let found = found.unwrap();
                if found["is_over"] == true {
                    return found;
                }
                ask = self.world.ask(
                    who,
                    "search.more",
                    json!({ "id": found["id"], "seen": found["version"] }),
                );
            }
            self.pass_ms(50);
        }
        panic!("a search is never over");
    }

    /// Searches and returns the paths that were found.
    pub(crate) fn paths(&mut self, who: usize, find: Value) -> Vec<String> {
        paths(&self.find(who, find))
    }
}

pub(crate) fn paths(found: &Value) -> Vec<String> {
    let hits = found["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["path"].as_str().unwrap().to_owned()).collect()
}
