//! A web of a few people, for tests of one service in whole peers.

#![allow(clippy::missing_panics_doc, reason = "a test stops where it fails")]

use std::time::Duration;

use base::Fault;
use serde_json::{Value, json};

use crate::vault::Memory;
use crate::world::{PeerIndex, World};

/// Whoever is asked answers within this.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(10);

impl World {
    /// Starts a peer for each name; all belong to the web `family`, which the first has founded.
    pub fn family(seed: u64, names: &[&str]) -> Self {
        let mut world = Self::new(seed, names.len(), &Memory::shared());
        world.gather(names);
        world
    }

    /// Starts the first peers, one for each name; all belong to the web `family`, which the first has founded.
    pub fn gather(&mut self, names: &[&str]) {
        let world = self;
        for (index, name) in names.iter().enumerate() {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": name }));
        }
        let must = "the family comes together";
        world.ask_and_wait(0, "people.start_web", json!({ "name": "family" })).expect(must);
        let invite = json!({ "web": "family", "uses": names.len() });
        let link = world.ask_and_wait(0, "people.invite", invite).expect(must).get("link").cloned();
        for index in 1..names.len() {
            world.ask_and_wait(index, "people.join", json!({ "link": link })).expect(must);
            world.run_for(Duration::from_secs(20));
        }
        world.run_for(Duration::from_mins(1));
    }

    /// Has peers that run join one web, `town`, of the first, all at about the same time; returns who belongs to it after a while.
    pub fn crowd_together(&mut self, members: usize) -> Vec<PeerIndex> {
        self.ask(0, "people.start_web", json!({ "name": "town" }));
        self.run_for(Duration::from_secs(10));
        let invite = json!({ "web": "town", "uses": members, "hours": 8_000 });
        let ask = self.ask(0, "people.invite", invite);
        self.run_for(Duration::from_secs(10));
        let link = self.answer(ask).and_then(Result::ok).and_then(|invited| invited.get("link").cloned());
        for index in 1..members {
            self.ask(index, "people.join", json!({ "link": link }));
            if index % 20 == 0 {
                self.run_for(Duration::from_millis(500));
            }
        }
        self.run_for(Duration::from_mins(12));
        let is_in = |index: &PeerIndex| self.read(*index, "people.members", json!({ "web": "town" })).is_ok();
        (0..members).filter(is_in).collect()
    }

    /// Asks, and lets time pass until it is answered.
    pub fn ask_and_wait(
        &mut self,
        index: PeerIndex,
        operation: &str,
        arguments: Value,
    ) -> Result<Value, Fault> {
        let ask = self.ask(index, operation, arguments);
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if let Some(answer) = self.answer(ask) {
                return answer;
            }
            self.run_for(STEP);
            waited += STEP;
        }
        Err(Fault::new("sim.silent", base::FaultKind::Broken, format!("{operation} was not answered")))
    }
}
