//! A family with a shop, of few and named people.

use std::time::Duration;

use base::Fault;
use kernel::AskId;
use serde_json::{Value, json};
use sim::World;
use sim::vault::Memory;

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CAROL: usize = 2;
pub(crate) const DAVE: usize = 3;
pub(crate) const MALLORY: usize = 4;
const NAMES: [&str; 5] = ["Alice", "Bob", "Carol", "Dave", "Mallory"];

/// Longer than any test.
pub(crate) const LONG: Duration = Duration::from_hours(24 * 365);

pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) shop: String,
}

impl Town {
    /// All five are members of the web `family`; the shop's keepers are those named.
    pub(crate) fn new(keepers: &[&str]) -> Self {
        let mut world = World::new(7, NAMES.len(), &Memory::shared());
        for (index, name) in NAMES.iter().enumerate() {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": name }));
        }
        let ask = world.ask(ALICE, "people.start_web", json!({ "name": "family" }));
        world.answer(ask).unwrap().unwrap();
        let mut town = Self { world, shop: String::new() };
        let invite = json!({ "web": "family", "uses": 10 });
        let link = town.ask(ALICE, "people.invite", invite).unwrap()["link"].clone();
        for index in 1..NAMES.len() {
            town.ask(index, "people.join", json!({ "link": link })).unwrap();
            town.pass(20);
        }
        let start = json!({ "web": "family", "name": "shop", "keepers": keepers });
        let shop = town.ask(ALICE, "ledger.start", start).unwrap();
        shop["id"].as_str().unwrap().clone_into(&mut town.shop);
        town.pass(60);
        town
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let ask = self.world.ask(who, operation, arguments);
        self.await_answer(ask)
    }

    pub(crate) fn await_answer(&mut self, ask: AskId) -> Result<Value, Fault> {
        for _ in 0..500 {
            if let Some(answer) = self.world.answer(ask) {
                return answer;
            }
            self.world.run_for(Duration::from_millis(10));
        }
        panic!("a question is not answered");
    }

    pub(crate) fn submit(&mut self, who: usize, needs: Value, puts: Value) -> Value {
        let submit = json!({ "ledger": self.shop, "needs": needs, "puts": puts });
        self.ask(who, "ledger.submit", submit).unwrap()
    }

    /// Puts one value without conditions.
    pub(crate) fn put(&mut self, who: usize, key: &str, value: &str) -> Value {
        self.submit(who, json!([]), json!([{ "key": key, "value": value }]))
    }

    pub(crate) fn read(&self, who: usize) -> Value {
        self.world.read(who, "ledger.read", json!({ "ledger": "family/shop" })).unwrap()
    }

    pub(crate) fn value(&self, who: usize, key: &str) -> Value {
        let state = self.read(who);
        let entries = state["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["key"] == key).map_or(Value::Null, |entry| entry["value"].clone())
    }

    pub(crate) fn wish(&self, who: usize, wish: &Value) -> Value {
        self.world.read(who, "ledger.wish", json!({ "id": wish["id"] })).unwrap()
    }

    pub(crate) fn off(&mut self, who: usize) {
        self.world.power_cut(who, LONG);
        self.pass(1);
    }
}
