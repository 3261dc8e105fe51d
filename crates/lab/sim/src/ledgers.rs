//! Small towns around one ledger: keepers, customers who buy what is scarce, a member who forges votes; power cuts, storms, a
//! world in two halves, keepers that change or are removed.
//!
//! `cargo xtask sim --ledgers TOWNS` runs many, each by its seed. What must hold is looked at in rows and answers, apart from
//! the code that makes it hold: one log; nothing sold twice; every order once; wishes end; only keepers vote.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use base::{LedgerId, WebId};
use kernel::{AskId, Channel};
use minicbor::Encoder;
use serde_json::{Value, json};

use crate::check::{Report, list, person_of, text};
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

/// Customers besides the keepers.
const CUSTOMERS: usize = 2;
/// What is sold, and how much there is of each.
const ITEMS: u64 = 3;
const STOCK: u64 = 6;
/// Moments of a town in which something may go wrong.
const MOMENTS: u64 = 60;
/// In a calm world with all keepers on, all wishes end within this.
const CALM: Duration = Duration::from_secs(120);

/// What the towns did, for the line that is printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct LedgerTally {
    /// Orders that were done.
    pub done: u64,
    /// Orders refused: something had changed.
    pub refused: u64,
    /// Orders given up.
    pub given_up: u64,
    /// Slots decided.
    pub slots: u64,
    /// Messages of all kinds.
    pub messages: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Changes of keepers.
    pub moves: u64,
    /// The longest that a wish took once the world was calm, in milliseconds.
    pub calm_ms: u64,
}

impl LedgerTally {
    /// Adds what another town did.
    pub fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.given_up += other.given_up;
        self.slots += other.slots;
        self.messages += other.messages;
        self.power_cuts += other.power_cuts;
        self.moves += other.moves;
        self.calm_ms = self.calm_ms.max(other.calm_ms);
    }
}

struct Order {
    by: PeerIndex,
    /// 32 digits.
    id: String,
    item: u64,
    submit: Value,
    ask: AskId,
    /// What the first answer that was no `waiting` said.
    told: Option<String>,
    is_given_up: bool,
}

struct Town {
    world: World,
    web: WebId,
    ledger: LedgerId,
    keepers: Vec<PeerIndex>,
    mallory: PeerIndex,
    peers: usize,
    orders: Vec<Order>,
    has_moved: bool,
    removed: Option<PeerIndex>,
    /// Whose home was restored from a backup: it has forgotten votes, and wishes.
    restored: Option<PeerIndex>,
    /// The bytes of each slot's row, as first seen anywhere.
    log: BTreeMap<u64, Vec<u8>>,
    report: Report,
    tally: LedgerTally,
}

/// Runs one town; returns what was looked at, what was wrong, and what it did.
pub fn run(seed: u64) -> (Report, LedgerTally) {
    let Some(mut town) = Town::begin(seed) else {
        let wrong = vec![format!("seed {seed}: the town did not begin")];
        return (Report { checked: 1, wrong }, LedgerTally::default());
    };
    town.fill();
    for _ in 0..MOMENTS {
        town.moment();
    }
    town.calm_down();
    town.check();
    town.tally.messages = town.world.tally.messages;
    town.tally.power_cuts = town.world.tally.power_cuts;
    (town.report, town.tally)
}

impl Town {
    fn begin(seed: u64) -> Option<Self> {
        let mut dice = crate::dice::Dice::new(seed ^ 0x001e_d6e4);
        let keepers: Vec<PeerIndex> =
            (0..[3, 3, 4, 5, 5, 7].get(dice.index(6)).copied().unwrap_or(3)).collect();
        let mallory = keepers.len() + CUSTOMERS;
        let peers = mallory + 1;
        let mut world = World::new(seed, peers, &Memory::shared());
        for index in 0..peers {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        let ask = world.ask(0, "people.start_web", json!({ "name": "town" }));
        let web = text(&world.answer(ask)?.ok()?, "id").parse().ok()?;
        let ask = world.ask(0, "people.invite", json!({ "web": "town", "uses": 20 }));
        let link = text(&world.answer(ask)?.ok()?, "link");
        for index in 1..peers {
            world.ask(index, "people.join", json!({ "link": link }));
        }
        world.run_for(Duration::from_secs(60));
        let labels: Vec<String> = keepers.iter().map(|index| person_of(&world, *index)).collect();
        let start = json!({ "web": "town", "name": "shop", "keepers": labels });
        let ask = world.ask(0, "ledger.start", start);
        let ledger = text(&world.answer(ask)?.ok()?, "id").parse().ok()?;
        world.run_for(Duration::from_secs(40));
        Some(Self {
            world,
            web,
            ledger,
            keepers,
            mallory,
            peers,
            orders: Vec::new(),
            has_moved: false,
            removed: None,
            restored: None,
            log: BTreeMap::new(),
            report: Report::default(),
            tally: LedgerTally::default(),
        })
    }

    fn pass(&mut self, millis: u64) {
        self.world.run_for(Duration::from_millis(millis));
        self.look_at_logs();
    }

    fn is_one_in(&mut self, many: u64) -> bool {
        self.world.dice.below(many) == 0
    }

    /// The shop gets its goods.
    fn fill(&mut self) {
        for item in 0..ITEMS {
            let puts = json!([
                { "key": format!("item/{item}"), "value": "a thing" },
                { "key": format!("stock/{item}"), "value": STOCK.to_string() },
            ]);
            let submit = json!({ "ledger": self.ledger, "puts": puts, "needs": [] });
            let ask = self.world.ask(0, "ledger.submit", submit);
            self.pass(10_000);
            let state = self.world.answer(ask).and_then(Result::ok).map(|view| text(&view, "state"));
            self.report.claim(state.as_deref() == Some("done"), || format!("filling the shop is {state:?}"));
        }
    }

    /// Something happens, and a little time passes.
    fn moment(&mut self) {
        let peer = self.world.dice.index(self.peers);
        match self.world.dice.below(12) {
            0 => {
                let back = Duration::from_millis(500 + self.world.dice.below(20_000));
                self.world.power_cut(peer, back);
            }
            1 => {
                let side = u8::from(self.is_one_in(2));
                self.world.move_to_side(peer, side);
            }
            2 => (0..self.peers).for_each(|peer| self.world.move_to_side(peer, 0)),
            3 => {
                let weather = if self.is_one_in(2) { Weather::STORM } else { Weather::FAIR };
                self.world.set_weather(weather);
            }
            4 => self.forge(),
            5 => self.give_up(),
            6 => self.say_again(),
            8 if self.is_one_in(3) => {
                let error = i64::try_from(self.world.dice.below(20 * 86_400_000)).unwrap_or(0);
                self.world.peer_mut(peer).clock_error_ms = error - 10 * 86_400_000;
            }
            9 if self.is_one_in(3) => self.restore_a_keeper(),
            7 if self.is_one_in(6) => self.move_keepers(),
            7 if self.is_one_in(8) => self.remove_a_keeper(),
            _ => {
                // Now and then everybody at once.
                let many = if self.is_one_in(10) { 40 } else { 3 };
                for _ in 0..=self.world.dice.below(many) {
                    self.order();
                }
            }
        }
        let time = 100 + self.world.dice.below(4_000);
        self.pass(time);
        self.hear_answers();
    }

    /// Somebody writes something down without any condition: done twice, it would be there twice.
    fn note(&mut self) {
        let by = self.world.dice.index(self.mallory);
        let id = format!("{:016x}{:016x}", self.world.dice.bits(), self.world.dice.bits());
        let puts = json!([{ "key": format!("order/{id}"), "value": ITEMS.to_string() }]);
        let submit = json!({ "ledger": self.ledger, "id": id, "puts": puts });
        let ask = self.world.ask(by, "ledger.submit", submit.clone());
        self.orders.push(Order { by, id, item: ITEMS, submit, ask, told: None, is_given_up: false });
    }

    /// Somebody buys: one less, and an order.
    fn order(&mut self) {
        if self.is_one_in(3) {
            return self.note();
        }
        let by = self.world.dice.index(self.mallory);
        let item = self.world.dice.below(ITEMS);
        let read = json!({ "ledger": self.ledger, "prefix": "stock/" });
        let Ok(state) = self.world.read(by, "ledger.read", read) else { return };
        let key = format!("stock/{item}");
        let Some(entry) = list(&state, "entries").find(|entry| text(entry, "key") == key) else { return };
        let Ok(left) = text(entry, "value").parse::<u64>() else { return };
        if left == 0 {
            return;
        }
        let id = format!("{:016x}{:016x}", self.world.dice.bits(), self.world.dice.bits());
        let submit = json!({
            "ledger": self.ledger,
            "id": id,
            "needs": [{ "key": key, "version": entry.get("version") }],
            "puts": [
                { "key": key, "value": (left - 1).to_string() },
                { "key": format!("order/{id}"), "value": item.to_string() },
            ],
        });
        let ask = self.world.ask(by, "ledger.submit", submit.clone());
        self.orders.push(Order { by, id, item, submit, ask, told: None, is_given_up: false });
    }

    fn any_order(&mut self) -> Option<usize> {
        let many = self.orders.len();
        (many > 0).then(|| self.world.dice.index(many))
    }

    fn give_up(&mut self) {
        let Some(order) = self.any_order().and_then(|which| self.orders.get_mut(which)) else { return };
        order.is_given_up = true;
        let give_up = json!({ "id": order.id });
        self.world.ask(order.by, "ledger.give_up", give_up);
    }

    /// The same wish again, as a page does that was not answered.
    fn say_again(&mut self) {
        let Some(order) = self.any_order().and_then(|which| self.orders.get_mut(which)) else { return };
        let ask = self.world.ask(order.by, "ledger.submit", order.submit.clone());
        if order.told.is_none() {
            order.ask = ask;
        }
    }

    fn hear_answers(&mut self) {
        for order in self.orders.iter_mut().filter(|order| order.told.is_none()) {
            if let Some(Ok(view)) = self.world.answer(order.ask)
                && text(&view, "state") != "waiting"
            {
                order.told = Some(text(&view, "state"));
            }
        }
    }

    fn move_keepers(&mut self) {
        if self.restored.is_some() {
            return;
        }
        // Always among people who stay, and never fewer than two thirds of those who were.
        let all: Vec<PeerIndex> = (0..self.mallory).filter(|peer| Some(*peer) != self.removed).collect();
        let count = 3 + 2 * self.world.dice.index(2);
        let start = self.world.dice.index(all.len());
        let to: Vec<PeerIndex> = all.iter().cycle().skip(start).take(count.min(all.len())).copied().collect();
        let by = self.world.dice.index(self.keepers.len());
        let labels: Vec<String> = to.iter().map(|peer| self.person(*peer)).collect();
        self.world.ask(by, "ledger.keepers", json!({ "ledger": self.ledger, "keepers": labels }));
        self.has_moved = true;
    }

    fn person(&self, peer: PeerIndex) -> String {
        let rows = self.world.peer(0).rows();
        let person = people::read::person_of(&*rows, self.web, self.world.peer(peer).device);
        person.ok().flatten().map(|person| person.to_string()).unwrap_or_default()
    }

    fn remove_a_keeper(&mut self) {
        if self.removed.is_some() || self.restored.is_some() || self.keepers.len() < 4 || self.has_moved {
            return;
        }
        let last = self.keepers.len() - 1;
        let person = self.person(last);
        let ask = self.world.ask(0, "people.remove", json!({ "web": "town", "person": person }));
        if self.world.answer(ask).is_some_and(|answer| answer.is_ok()) {
            self.removed = Some(last);
        }
    }

    /// A keeper's home is put back to what it was some time ago. It counts as lost from then on.
    fn restore_a_keeper(&mut self) {
        let keeper = self.keepers.len() - 2;
        if self.restored.is_some() || self.removed.is_some() || self.has_moved {
            return;
        }
        self.world.power_cut(keeper, Duration::from_millis(1));
        self.world.back_up(keeper);
        for _ in 0..6 {
            self.order();
            self.pass(1_500);
        }
        self.world.power_cut(keeper, Duration::from_secs(1));
        self.world.restore(keeper);
        self.restored = Some(keeper);
        self.pass(1_000);
    }

    /// Mallory says what only keepers may: votes, proposals, decisions, with rounds above all others.
    fn forge(&mut self) {
        let slot = self.log.len() as u64 + self.world.dice.below(3);
        let round = 1 + self.world.dice.below(4) * 1_000_000;
        let vault = self.world.peer(self.mallory).device;
        for to in 0..self.mallory {
            for kind in [1_u64, 2, 3, 4, 5, 6, 8] {
                let message = forged(self.ledger, kind, (slot, round), vault.as_bytes());
                self.world.forge(self.mallory, to, Channel::Member, "ledger", &message);
            }
        }
    }

    /// Everybody's rows of one slot are the same bytes, whenever one looks.
    fn look_at_logs(&mut self) {
        for peer in 0..self.peers {
            let rows = self.world.peer(peer).rows();
            let seen = self.log.last_key_value().map_or(0, |(slot, _)| *slot);
            // The last few slots each time, all of them at the end.
            for (slot, bytes) in log_of(&*rows, self.ledger, seen.saturating_sub(8)) {
                let first = self.log.entry(slot).or_insert_with(|| bytes.clone());
                let is_same = *first == bytes;
                self.report.claim(is_same, || format!("peer {peer} has another slot {slot}"));
            }
        }
    }

    /// All are together, with power, in fair weather.
    fn calm_down(&mut self) {
        self.world.set_weather(Weather::FAIR);
        for peer in 0..self.peers {
            self.world.move_to_side(peer, 0);
            self.world.start(peer);
        }
        let begun = self.world.now_ms();
        let until = begun + u64::try_from(CALM.as_millis()).unwrap_or(0);
        while self.world.now_ms() < until {
            self.pass(1_000);
            let is_quiet = (0..self.mallory).all(|peer| {
                let wishes = self.world.read(peer, "ledger.wishes", json!({})).unwrap_or_default();
                Some(peer) == self.removed || list(&wishes, "wishes").next().is_none()
            });
            if is_quiet {
                break;
            }
        }
        self.tally.calm_ms = self.world.now_ms() - begun;
        // Who only follows hears of it, too.
        self.pass(90_000);
        self.hear_answers();
    }

    fn check(&mut self) {
        self.everybody_is_as_far();
        self.nothing_is_done_twice();
        self.orders_add_up();
        self.only_keepers_voted();
        for peer in 0..self.peers {
            let paused = self.world.peer(peer).paused();
            self.report.claim(paused.is_empty(), || format!("peer {peer} paused {paused:?}"));
        }
        self.tally.slots = self.log.len() as u64;
    }

    fn everybody_is_as_far(&mut self) {
        let last = self.log.last_key_value().map_or(0, |(slot, _)| *slot);
        let whole = self.log.len() as u64;
        self.report.claim(whole == last, || format!("{whole} slots are known of {last}"));
        for peer in (0..self.peers).filter(|peer| Some(*peer) != self.removed) {
            let rows = self.world.peer(peer).rows();
            let log: BTreeMap<u64, Vec<u8>> = log_of(&*rows, self.ledger, 0).into_iter().collect();
            let is_same = log == self.log;
            self.report.claim(is_same, || format!("peer {peer} knows {} of {last} slots", log.len()));
            let wishes = self.world.read(peer, "ledger.wishes", json!({})).unwrap_or_default();
            let waiting: Vec<String> = list(&wishes, "wishes").map(|wish| text(wish, "why")).collect();
            self.report
                .claim(waiting.is_empty(), || format!("wishes of peer {peer} still wait: {waiting:?}"));
        }
    }

    /// No wish of anybody has two results, and none is done twice.
    fn nothing_is_done_twice(&mut self) {
        let mut results = BTreeSet::new();
        for (slot, row) in &self.log {
            let all = decided(row);
            self.report.claim(all.is_some(), || format!("slot {slot} can't be read"));
            for one in all.unwrap_or_default() {
                let is_new = one.outcome >= NO_RESULT || results.insert((one.by, one.id));
                self.report.claim(is_new, || format!("a wish has a second result in slot {slot}"));
            }
        }
    }

    /// Of each item as many were ordered as are missing; each done order is there once, no other is.
    fn orders_add_up(&mut self) {
        let read = json!({ "ledger": self.ledger, "limit": 1000 });
        let state = self.world.read(0, "ledger.read", read).unwrap_or_default();
        let entries: BTreeMap<String, String> =
            list(&state, "entries").map(|entry| (text(entry, "key"), text(entry, "value"))).collect();
        for item in 0..ITEMS {
            let left = entries.get(&format!("stock/{item}")).and_then(|left| left.parse::<u64>().ok());
            let is_order =
                |(key, value): &(&String, &String)| key.starts_with("order/") && **value == item.to_string();
            let sold = entries.iter().filter(is_order).count() as u64;
            let is_right = left.is_some_and(|left| left + sold == STOCK);
            self.report.claim(is_right, || format!("{sold} of item {item} were sold, {left:?} are left"));
        }
        let ids: BTreeSet<&String> = self.orders.iter().map(|order| &order.id).collect();
        for key in entries.keys().filter(|key| key.starts_with("order/")) {
            let is_known = key.strip_prefix("order/").is_some_and(|id| ids.contains(&id.to_owned()));
            self.report.claim(is_known, || format!("nobody made {key}"));
        }
        let forged = entries.keys().any(|key| key.contains("mallory"));
        self.report.claim(!forged, || "what Mallory forged is in the state".to_owned());
        for order in &self.orders {
            if [self.removed, self.restored].contains(&Some(order.by)) {
                continue;
            }
            let view = self.world.read(order.by, "ledger.wish", json!({ "id": order.id }));
            let Ok(view) = view else {
                // The peer was off when it was asked, and never knew the wish.
                let is_honest = order.told.is_none() && !entries.contains_key(&format!("order/{}", order.id));
                self.report.claim(is_honest, || format!("the wish {} is lost", order.id));
                continue;
            };
            let state = text(&view, "state");
            let value = entries.get(&format!("order/{}", order.id));
            let is_there = value.is_some_and(|value| *value == order.item.to_string());
            self.report.claim(is_there == (state == "done"), || {
                format!("order {} is {state}, and in the state: {is_there}", order.id)
            });
            let is_kept = order.told.as_ref().is_none_or(|told| *told == state);
            self.report.claim(is_kept, || format!("order {} was {:?}, is {state}", order.id, order.told));
            let is_asked = state != "given-up" || order.is_given_up;
            self.report.claim(is_asked, || format!("nobody gave order {} up", order.id));
            match state.as_str() {
                "done" => self.tally.done += 1,
                "given-up" => self.tally.given_up += 1,
                _ => self.tally.refused += 1,
            }
        }
    }

    fn only_keepers_voted(&mut self) {
        let devices = |peers: &[PeerIndex]| -> BTreeSet<Vec<u8>> {
            peers.iter().map(|peer| self.world.peer(*peer).device.as_bytes().to_vec()).collect()
        };
        let mut sets = BTreeMap::from([(0, devices(&self.keepers))]);
        for (slot, row) in &self.log {
            for one in decided(row).unwrap_or_default() {
                if let Some(keepers) = one.keepers.filter(|_| one.outcome == DONE) {
                    sets.insert(*slot, keepers);
                    self.tally.moves += 1;
                }
            }
        }
        for (peer, slot) in self.world.watch.votes.clone() {
            let device = self.world.peer(peer).device.as_bytes().to_vec();
            let set = sets.range(..slot).next_back().map(|(_, set)| set.contains(&device));
            self.report.claim(set == Some(true), || format!("peer {peer} voted about slot {slot}"));
        }
    }
}

/// Returns the rows of a ledger's log from a slot on, as they are on the disk.
fn log_of(rows: &dyn store::Rows, ledger: LedgerId, from: u64) -> Vec<(u64, Vec<u8>)> {
    let key = |slot: u64| [ledger.as_bytes().as_slice(), &slot.to_be_bytes()].concat();
    let (from, to) = (key(from), key(u64::MAX));
    let slot_of = |key: &[u8]| Some(u64::from_be_bytes(*key.last_chunk()?));
    let pairs = rows.range("ledger.log", Bound::Included(&from), Bound::Included(&to));
    pairs.filter_map(Result::ok).filter_map(|(key, value)| Some((slot_of(&key)?, value))).collect()
}

/// What became of a transaction: `done`, and from where on it has no result (spec ledger, rules 31 to 34).
const DONE: u64 = 0;
const NO_RESULT: u64 = 6;

/// A transaction as it stands in a row of the log.
struct Decided {
    by: Vec<u8>,
    id: Vec<u8>,
    /// The devices of the keepers that it makes, if it does.
    keepers: Option<BTreeSet<Vec<u8>>>,
    outcome: u64,
}

/// Reads a row of the log, apart from the code that wrote it.
fn decided(row: &[u8]) -> Option<Vec<Decided>> {
    let mut decoder = minicbor::Decoder::new(row);
    decoder.array().ok()?;
    let mut all = Vec::new();
    for _ in 0..decoder.array().ok()?? {
        decoder.array().ok()?;
        let by = decoder.bytes().ok()?.to_vec();
        decoder.skip().ok()?;
        let id = decoder.bytes().ok()?.to_vec();
        decoder.skip().ok()?;
        decoder.skip().ok()?;
        decoder.array().ok()?;
        let mut keepers = None;
        if decoder.u64().ok()? == 2 {
            decoder.array().ok()?;
            decoder.skip().ok()?;
            let mut devices = BTreeSet::new();
            for _ in 0..decoder.array().ok()?? {
                decoder.array().ok()?;
                devices.insert(decoder.bytes().ok()?.to_vec());
                decoder.skip().ok()?;
            }
            keepers = Some(devices);
        } else {
            decoder.skip().ok()?;
        }
        all.push(Decided { by, id, keepers, outcome: u64::MAX });
    }
    decoder.array().ok()?;
    for one in &mut all {
        decoder.array().ok()?;
        one.outcome = decoder.u64().ok()?;
        decoder.skip().ok()?;
    }
    Some(all)
}

/// Writes a message of spec ledger, rule 13, by hand.
fn forged(ledger: LedgerId, kind: u64, (slot, round): (u64, u64), device: &[u8; 32]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    let written = (|| {
        encoder.array(2)?.bytes(ledger.as_bytes())?.array(2)?.u64(kind)?;
        match kind {
            1 | 4 => encoder.array(2)?.u64(slot)?.u64(round)?,
            2 => encoder.array(3)?.u64(slot)?.u64(round)?.array(2)?.array(2)?.u64(u64::MAX)?.bytes(device)?,
            3 => encoder.array(3)?.u64(slot)?.u64(round)?,
            6 => encoder.array(3)?.u64(slot)?.array(1)?,
            _ => encoder.array(3)?.u64(slot)?.u64(round)?.u64(round)?,
        };
        if matches!(kind, 2 | 3 | 6) {
            encoder
                .array(1)?
                .array(6)?
                .bytes(device)?
                .bytes(device)?
                .bytes(&[7; 16])?
                .u64(slot - 1)?
                .u64(1)?;
            encoder
                .array(2)?
                .u64(0)?
                .array(2)?
                .array(0)?
                .array(1)?
                .array(2)?
                .str("mallory")?
                .str("was here")?;
        }
        if kind == 6 {
            encoder.u64(slot)?;
        }
        Ok::<(), minicbor::encode::Error<std::convert::Infallible>>(())
    })();
    written.map(|()| encoder.into_writer()).unwrap_or_default()
}
