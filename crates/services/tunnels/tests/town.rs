//! A family whose Alice offers her database: who sees it, who may use it, and from when on not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall stop"
)]

use std::time::Duration;

use base::Fault;
use serde_json::{Value, json};
use sim::World;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const MALLORY: usize = 3;
const NAMES: [&str; 4] = ["Alice", "Bob", "Carol", "Mallory"];

struct Town {
    world: World,
}

impl Town {
    fn new() -> Self {
        Self { world: World::family(7, &NAMES) }
    }

    fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.world.ask_and_wait(who, operation, arguments)
    }

    fn offer(&mut self, more: &Value) -> Result<Value, Fault> {
        let mut offer = json!({ "port": 5432, "as": "ledger" });
        let more = more.as_object().unwrap().clone();
        offer.as_object_mut().unwrap().extend(more);
        let answer = self.ask(ALICE, "tunnels.offer", offer);
        self.pass(5);
        answer
    }

    fn seen(&self, who: usize) -> Vec<String> {
        let list = self.world.read(who, "tunnels.list", json!({})).unwrap();
        let tunnels = list["tunnels"].as_array().unwrap();
        tunnels.iter().map(|one| format!("{} {}", text(one, "tunnel"), text(one, "state"))).collect()
    }

    /// To which port of Alice's a connection of somebody would be carried.
    fn port_for(&self, who: usize) -> Option<u16> {
        let (me, asker) = (self.world.peer(ALICE).device, self.world.peer(who).device);
        let rows = self.world.peer(ALICE).rows();
        let web = people::read::web_named(&*rows, "family").unwrap().unwrap();
        tunnels::port_for(&*rows, me, asker, (web, "ledger")).unwrap()
    }

    fn who_may(&self) -> Vec<&'static str> {
        (1..NAMES.len()).filter(|who| self.port_for(*who) == Some(5432)).map(|who| NAMES[who]).collect()
    }
}

fn text<'a>(view: &'a Value, field: &str) -> &'a str {
    view[field].as_str().unwrap_or_default()
}

fn code(answer: Result<Value, Fault>) -> String {
    answer.unwrap_err().code
}

#[test]
fn a_tunnel_is_for_those_it_is_offered_to_and_seen_by_nobody_else() {
    let mut town = Town::new();
    assert_eq!(town.who_may(), [""; 0]);
    let offered = town.offer(&json!({ "to": ["Bob"], "note": "our books" })).unwrap();
    assert_eq!((text(&offered, "audience"), text(&offered, "address")), ("Bob", "127.0.0.1:5432"));
    assert_eq!(town.who_may(), ["Bob"]);
    assert_eq!(town.seen(BOB), ["family/Alice/ledger can be opened"]);
    assert_eq!(town.seen(CAROL), [""; 0]);
    assert_eq!(
        code(town.ask(CAROL, "tunnels.open", json!({ "tunnel": "Alice/ledger" }))),
        "tunnels.not-for-you"
    );

    // Offered anew to others: from then on it is theirs.
    town.offer(&json!({ "to": ["Carol"] })).unwrap();
    assert_eq!(town.who_may(), ["Carol"]);
    town.offer(&json!({})).unwrap();
    assert_eq!(town.who_may(), ["Bob", "Carol", "Mallory"]);
    town.offer(&json!({ "role": "admin" })).unwrap();
    assert_eq!(town.who_may(), [""; 0]);
    // The port is told to nobody: not as a record carries numbers.
    for who in [BOB, CAROL, MALLORY] {
        assert_eq!(town.world.peer(who).table_holding(&wire::to_bytes(&5432_u16)), None);
    }
}

#[test]
fn what_is_taken_back_or_whose_user_is_removed_is_closed() {
    let mut town = Town::new();
    town.offer(&json!({})).unwrap();
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Mallory" })).unwrap();
    assert_eq!(town.who_may(), ["Bob", "Carol"], "at once, on Alice's word");
    town.ask(ALICE, "tunnels.withdraw", json!({ "name": "ledger" })).unwrap();
    assert_eq!(town.who_may(), [""; 0]);
    town.pass(10);
    assert_eq!(town.seen(BOB), [""; 0]);
    assert_eq!(code(town.ask(ALICE, "tunnels.withdraw", json!({ "name": "ledger" }))), "tunnels.not-offered");
    town.offer(&json!({})).unwrap();
    assert_eq!(town.who_may(), ["Bob", "Carol"]);
}

#[test]
fn a_tunnel_stays_open_over_a_power_cut_at_its_port() {
    let mut town = Town::new();
    town.offer(&json!({})).unwrap();
    let opened = town.ask(BOB, "tunnels.open", json!({ "tunnel": "family/Alice/ledger" })).unwrap();
    assert_eq!(text(&opened, "address"), "127.0.0.1:40000");
    let again = town.ask(BOB, "tunnels.open", json!({ "tunnel": "ledger" })).unwrap();
    assert_eq!(text(&again, "address"), "127.0.0.1:40000");
    town.world.power_cut(BOB, Duration::from_secs(1));
    town.pass(30);
    assert_eq!(town.seen(BOB), ["family/Alice/ledger open here"]);
    town.world.power_cut(ALICE, Duration::from_secs(600));
    town.pass(60);
    assert_eq!(town.seen(BOB), ["family/Alice/ledger open here, its computer is away"]);
    town.ask(BOB, "tunnels.close", json!({ "tunnel": "ledger" })).unwrap();
    assert_eq!(code(town.ask(BOB, "tunnels.close", json!({ "tunnel": "ledger" }))), "tunnels.not-open");
}

#[test]
fn what_cannot_be_offered_is_refused_with_its_reason() {
    let mut town = Town::new();
    for (more, wanted) in [
        (json!({ "port": 0 }), "tunnels.bad-port"),
        (json!({ "port": 65536 }), "tunnels.bad-port"),
        (json!({ "as": "a/b" }), "tunnels.bad-name"),
        (json!({ "as": "" }), "tunnels.bad-name"),
        (json!({ "to": ["Zoe"] }), "tunnels.no-such-person"),
        (json!({ "to": ["Bob"], "role": "admin" }), "tunnels.two-audiences"),
        (json!({ "note": "a\nb" }), "tunnels.bad-note"),
        (json!({ "web": "famly" }), "tunnels.no-such-web"),
        (json!({ "sum": 1 }), "tunnels.bad-arguments"),
    ] {
        assert_eq!(code(town.offer(&more)), wanted);
    }
    for number in 0..64 {
        town.ask(ALICE, "tunnels.offer", json!({ "port": 1, "as": format!("t{number}") })).unwrap();
    }
    assert_eq!(
        code(town.ask(ALICE, "tunnels.offer", json!({ "port": 1, "as": "one-more" }))),
        "tunnels.too-many"
    );
    assert_eq!(code(town.ask(ALICE, "tunnels.open", json!({ "tunnel": "t1" }))), "tunnels.your-own");
    assert_eq!(code(town.ask(BOB, "tunnels.open", json!({ "tunnel": "a/b/c/d" }))), "tunnels.no-such-tunnel");
}
