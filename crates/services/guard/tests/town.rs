//! A family in which something harmful appears: who is warned, what is held, who may say otherwise, whose rules hold.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall stop"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use base::{ContentId, DeviceId, Fault};
use guard::jobs::{Deed, Oddities, Oddity};
use guard::{Gate, Level};
use serde_json::{Value, json};
use sim::World;
use sim::outbreaks::Scanner;
use sim::vault::Memory;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;
const NAMES: [&str; 4] = ["Alice", "Bob", "Carol", "Dave"];

struct Town {
    world: World,
}

impl Town {
    /// A family of four; these know the harm of this world.
    fn new(knowing: &[usize]) -> Self {
        let mut world = World::new(7, NAMES.len(), &Memory::shared());
        for index in 0..NAMES.len() {
            let knows = knowing.contains(&index).then(BTreeSet::new);
            world.set_scanner(index, Scanner { knows, ..Scanner::default() });
        }
        world.gather(&NAMES);
        for index in 0..NAMES.len() {
            let folder = world.peer(index).folder();
            world.ask(index, "files.share", json!({ "web": "family", "folder": folder, "name": "things" }));
        }
        world.run_for(Duration::from_secs(20));
        Self { world }
    }

    fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let answer = self.world.ask_and_wait(who, operation, arguments);
        self.pass(10);
        answer
    }

    fn write(&mut self, who: usize, path: &str, made_of: u64) -> ContentId {
        self.world.write(who, path, made_of, 5_000);
        self.world.peer(who).disk.file(path).unwrap().content()
    }

    /// A file appears; nobody has looked yet.
    fn appear(&mut self, who: usize, path: &str, made_of: u64) -> ContentId {
        let content = self.write(who, path, made_of);
        self.world.tell_watcher(who, &[path], &[]);
        self.pass(10);
        content
    }

    fn appear_harmful(&mut self, who: usize, path: &str, made_of: u64) -> ContentId {
        let content = self.write(who, path, made_of);
        for index in 0..NAMES.len() {
            self.world.teach_scanner(index, content);
        }
        self.world.tell_watcher(who, &[path], &[]);
        self.pass(10);
        content
    }

    fn gate(&self, who: usize, content: ContentId) -> Gate {
        let peer = self.world.peer(who);
        guard::gate(&*peer.rows(), content, base::Timestamp::from_millis(self.world.now_ms())).unwrap()
    }

    fn gates(&self, content: ContentId) -> Vec<Gate> {
        (0..NAMES.len()).map(|who| self.gate(who, content)).collect()
    }

    fn shown(&self, who: usize, content: ContentId) -> Value {
        self.world.read(who, "guard.show", json!({ "file": content })).unwrap()
    }
}

fn code(answer: Result<Value, Fault>) -> String {
    answer.unwrap_err().code
}

#[test]
fn what_one_finds_the_others_are_warned_of_and_what_two_find_is_held() {
    let mut town = Town::new(&[BOB, CAROL]);
    let letter = town.appear_harmful(BOB, "letter.vbs", 1);
    assert_eq!(town.gate(BOB, letter), Gate::Shut(Level::Quarantined));
    assert_eq!(town.gate(ALICE, letter), Gate::Shut(Level::Warned));
    let shown = town.shown(ALICE, letter);
    assert_eq!((&shown["name"], &shown["warnings"][0]["by"]), (&json!("letter.vbs"), &json!("Bob")));
    assert_eq!(shown["warnings"][0]["why"], json!("rule planted"));
    town.appear_harmful(CAROL, "funny.vbs", 1);
    assert_eq!(town.gate(CAROL, letter), Gate::Shut(Level::Quarantined));
    assert_eq!(town.gate(ALICE, letter), Gate::Shut(Level::Held));
    assert_eq!(town.gate(DAVE, letter), Gate::Shut(Level::Held));
}

#[test]
fn only_who_protects_the_web_releases_for_all() {
    let mut town = Town::new(&[BOB]);
    let letter = town.appear_harmful(BOB, "letter.vbs", 1);
    let release = json!({ "file": letter, "web": "family", "for_web": true, "note": "mine" });
    town.ask(BOB, "guard.release", release.clone()).unwrap();
    assert_eq!(town.gate(BOB, letter), Gate::Shut(Level::Quarantined), "an appeal releases nothing");
    assert_eq!(town.shown(ALICE, letter)["releases"][0]["counts"], json!(false));
    town.ask(ALICE, "guard.release", release).unwrap();
    assert_eq!(town.gate(BOB, letter), Gate::Open);
    assert_eq!(town.shown(ALICE, letter)["level"], json!("released"));
}

#[test]
fn allowing_is_for_oneself() {
    let mut town = Town::new(&[BOB]);
    let letter = town.appear_harmful(BOB, "letter.vbs", 1);
    town.ask(ALICE, "guard.release", json!({ "file": letter })).unwrap();
    assert_eq!(town.shown(ALICE, letter)["level"], json!("allowed"));
    assert!(matches!(town.gate(ALICE, letter), Gate::Open));
    assert_eq!(town.gate(CAROL, letter), Gate::Shut(Level::Warned));
}

#[test]
fn one_liar_makes_others_ask_and_no_more() {
    let mut town = Town::new(&[]);
    let diary = town.appear(BOB, "diary.txt", 2);
    town.ask(CAROL, "guard.warn", json!({ "file": diary, "web": "family", "note": "bad" })).unwrap();
    assert_eq!(town.gates(diary), [Gate::Shut(Level::Warned); 4]);
    // Again and again is one person's word.
    town.ask(CAROL, "guard.warn", json!({ "file": diary, "web": "family", "note": "very bad" })).unwrap();
    assert_eq!(town.gate(BOB, diary), Gate::Shut(Level::Warned));
    // Found out, her word counts half, so with another's it does not hold.
    town.ask(ALICE, "guard.release", json!({ "file": diary, "web": "family", "for_web": true })).unwrap();
    let other = town.appear(BOB, "other.txt", 3);
    for liar in [CAROL, DAVE] {
        town.ask(liar, "guard.warn", json!({ "file": other, "web": "family" })).unwrap();
    }
    assert_eq!(town.gate(BOB, other), Gate::Shut(Level::Warned));
}

#[test]
fn whoever_leaves_takes_the_word_along() {
    let mut town = Town::new(&[]);
    let diary = town.appear(BOB, "diary.txt", 2);
    for who in [CAROL, DAVE] {
        town.ask(who, "guard.warn", json!({ "file": diary, "web": "family" })).unwrap();
    }
    assert_eq!(town.gate(BOB, diary), Gate::Shut(Level::Held));
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Dave" })).unwrap();
    town.pass(60);
    assert_eq!(town.gate(BOB, diary), Gate::Shut(Level::Warned));
}

#[test]
fn rules_hold_while_whoever_offers_them_protects_the_web() {
    let mut town = Town::new(&[]);
    let plan = town.appear(BOB, "plan.txt", 5);
    let set = town.appear(CAROL, "own.yar", 6);
    for who in 0..NAMES.len() {
        town.world.teach_set(who, set, plan);
    }
    let offered =
        town.ask(CAROL, "guard.add_rules", json!({ "file": "family/Carol/things/own.yar" })).unwrap();
    assert_eq!(offered["is_in_force"], json!(false));
    town.pass(60);
    assert_eq!(town.gate(BOB, plan), Gate::Open, "others' rules observe");
    assert_eq!(town.shown(BOB, plan)["level"], json!("observed"));
    assert_eq!(code(town.ask(BOB, "guard.officer", json!({ "person": "Carol" }))), "guard.no-admin");
    town.ask(ALICE, "guard.officer", json!({ "person": "Carol" })).unwrap();
    town.pass(60);
    assert_eq!(town.gate(BOB, plan), Gate::Shut(Level::Quarantined));
    assert!(matches!(town.gate(ALICE, plan), Gate::Shut(Level::Warned)), "Bob's computer has found it");
    // The task is taken away while the rules are in force: all they have done is undone.
    town.ask(ALICE, "guard.officer", json!({ "person": "Carol", "no_longer": true })).unwrap();
    town.pass(60);
    assert_eq!(town.gate(BOB, plan), Gate::Open);
}

#[test]
fn switched_off_it_holds_nothing_and_says_so_to_all() {
    let mut town = Town::new(&[BOB]);
    let letter = town.appear_harmful(BOB, "letter.vbs", 1);
    town.ask(BOB, "guard.switch", json!({ "state": "off" })).unwrap();
    assert_eq!(town.gate(BOB, letter), Gate::Open);
    town.pass(60);
    let status = town.world.read(ALICE, "guard.status", json!({})).unwrap();
    let computers = status["webs"][0]["computers"].as_array().unwrap();
    let of_bob = computers.iter().find(|computer| computer["person"] == json!("Bob")).unwrap();
    assert_eq!(of_bob["is_guarded"], json!(false));
}

#[test]
fn a_check_says_what_it_found() {
    let mut town = Town::new(&[]);
    let letter = town.appear(BOB, "letter.vbs", 1);
    town.appear(BOB, "diary.txt", 2);
    town.world.set_scanner(BOB, Scanner { knows: Some([letter].into()), ..Scanner::default() });
    let checked = town.ask(BOB, "guard.check", json!({ "path": "family/Bob/things" })).unwrap();
    assert_eq!((&checked["files"], &checked["harmful"]), (&json!(2), &json!(1)));
    assert_eq!(town.gate(BOB, letter), Gate::Shut(Level::Quarantined));
    assert_eq!(code(town.ask(BOB, "guard.check", json!({ "path": "family/Alice" }))), "guard.nothing-here");
}

#[test]
fn whoever_waits_for_a_check_hears_that_the_guard_was_switched_off() {
    let mut town = Town::new(&[]);
    town.appear(BOB, "diary.txt", 2);
    let check = town.world.ask(BOB, "guard.check", json!({ "path": "family/Bob/things" }));
    town.world.ask(BOB, "guard.switch", json!({ "state": "off" }));
    town.pass(1);
    assert_eq!(code(town.world.answer(check).unwrap()), "guard.off");
}

/// Strangers knock at a computer, each once; they are who these numbers say.
fn knock(town: &mut Town, who: usize, strangers: std::ops::Range<u8>) {
    let seen = strangers.map(|number| Oddity {
        device: DeviceId::new([number; 32]),
        address: Some("203.0.113.7".to_owned()),
        deed: Deed::Knocked,
        times: 1,
    });
    let report = guard::jobs::to_bytes(&Oddities { seen: seen.collect() });
    town.world.notice(who, guard::jobs::ODD, report);
}

fn odds(town: &Town, who: usize) -> Vec<Value> {
    let odds = town.world.read(who, "guard.odd", json!({})).unwrap();
    odds["odds"].as_array().unwrap().clone()
}

#[test]
fn a_stranger_with_many_keys_fills_nobody_s_disk_and_is_seen_by_its_address() {
    let mut town = Town::new(&[]);
    knock(&mut town, BOB, 0..200);
    town.pass(30);
    assert_eq!(odds(&town, BOB).len(), 100);
    assert_eq!(odds(&town, ALICE).len(), 50);
    // By one key at each of three computers: what is little to each is seen together.
    assert!(odds(&town, ALICE).iter().all(|odd| odd["is_scan"] == json!(false)));
    knock(&mut town, CAROL, 0..1);
    knock(&mut town, DAVE, 0..1);
    town.pass(30);
    assert!(odds(&town, ALICE).iter().any(|odd| odd["is_scan"] == json!(true)));
}

/// What a device of a member did to somebody's.
fn misbehave(town: &mut Town, who: usize, by: usize, (deed, times): (Deed, u32)) {
    let device = town.world.peer(by).device;
    let seen = vec![Oddity { device, address: None, deed, times }];
    town.world.notice(who, guard::jobs::ODD, guard::jobs::to_bytes(&Oddities { seen }));
}

#[test]
fn noise_of_strangers_does_not_drown_what_a_member_does() {
    let mut town = Town::new(&[]);
    knock(&mut town, BOB, 1..200);
    town.pass(30);
    misbehave(&mut town, BOB, CAROL, (Deed::BrokeProtocol, 1));
    town.pass(30);
    for who in [ALICE, BOB, DAVE] {
        let odds = odds(&town, who);
        let carol = odds.iter().find(|odd| odd["who"] == json!("Carol")).unwrap();
        assert_eq!(carol["deeds"][0]["deed"], json!("broke the protocol"));
    }
}

#[test]
fn whoever_asks_once_for_what_is_not_hers_may_be_new_and_whoever_goes_on_is_told_of() {
    let mut town = Town::new(&[]);
    misbehave(&mut town, BOB, CAROL, (Deed::AskedForOthers, 2));
    town.pass(30);
    assert!(odds(&town, ALICE).is_empty());
    misbehave(&mut town, BOB, CAROL, (Deed::AskedForOthers, 50));
    town.pass(30);
    assert_eq!(odds(&town, ALICE)[0]["deeds"][0]["deed"], json!("asked for files of webs it is not in"));
}

#[test]
fn one_that_never_proved_a_key_is_known_by_its_address() {
    let mut town = Town::new(&[]);
    for who in [BOB, CAROL, DAVE] {
        let seen = vec![Oddity {
            device: guard::jobs::NOBODY,
            address: Some("203.0.113.9".to_owned()),
            deed: Deed::Probed,
            times: 5,
        }];
        town.world.notice(who, guard::jobs::ODD, guard::jobs::to_bytes(&Oddities { seen }));
    }
    town.pass(30);
    let odds = odds(&town, ALICE);
    assert_eq!(odds[0]["who"], json!("a stranger who has not said who it is"));
    assert_eq!((&odds[0]["is_scan"], &odds[0]["addresses"]), (&json!(true), &json!(["203.0.113.9"])));
}

#[test]
fn what_is_tried_at_the_page_stands_in_the_log_of_this_computer_only() {
    let mut town = Town::new(&[]);
    let tried = guard::jobs::Trespassed { what: guard::jobs::Trespass::Guess, times: 40 };
    town.world.notice(BOB, guard::jobs::TRESPASS, guard::jobs::to_bytes(&tried));
    town.pass(30);
    let entries = |town: &Town, who| town.world.read(who, "guard.log", json!({})).unwrap()["entries"].clone();
    assert_eq!(entries(&town, BOB)[0]["why"], json!("a program that guesses codes, 40 times"));
    assert!(!entries(&town, ALICE).to_string().contains("guesses"));
}

/// What stands in no share: a part of a mail that somebody saves.
fn loose(town: &mut Town, who: usize, content: ContentId) -> Result<Value, Fault> {
    let webs = town.world.read(who, "people.webs", json!({})).unwrap();
    let asked = json!({ "content": content, "file": "/mail/part", "name": "letter.vbs", "size": 5_000, "modified": 1,
        "changed": 1, "inode": 1, "web": webs["webs"][0]["id"] });
    town.ask(who, "guard.check_file", asked)
}

#[test]
fn what_came_with_a_mail_is_looked_through_and_the_others_know_its_bytes() {
    let mut town = Town::new(&[BOB]);
    let (good, bad) = (ContentId::new([1; 32]), ContentId::new([2; 32]));
    town.world.teach_scanner(BOB, bad);
    assert_eq!(town.gate(BOB, good), Gate::NotYet);
    assert_eq!(loose(&mut town, BOB, good).unwrap()["harmful"], json!(0));
    assert_eq!(town.gate(BOB, good), Gate::Open);
    assert_eq!(loose(&mut town, BOB, bad).unwrap()["harmful"], json!(1));
    assert_eq!(town.gate(BOB, bad), Gate::Shut(Level::Quarantined));
    // Alice's scanner does not know it; Bob's warning does.
    assert_eq!(town.gate(ALICE, bad), Gate::Shut(Level::Warned));
    assert_eq!(town.shown(ALICE, bad)["name"], json!("letter.vbs"));
    town.ask(BOB, "guard.release", json!({ "file": bad })).unwrap();
    assert_eq!(town.gate(BOB, bad), Gate::Open);
    let back = json!({ "file": bad, "no_longer": true });
    assert_eq!(town.ask(BOB, "guard.release", back.clone()).unwrap()["level"], json!("quarantined"));
    assert_eq!(code(town.ask(BOB, "guard.release", back)), "guard.not-allowed");
    town.ask(BOB, "guard.switch", json!({ "state": "off" })).unwrap();
    assert_eq!(code(loose(&mut town, BOB, ContentId::new([3; 32]))), "guard.off");
}

#[test]
fn what_goes_on_is_told_every_ten_minutes_and_at_last() {
    let mut town = Town::new(&[]);
    let times = |town: &Town| odds(town, ALICE)[0]["deeds"][0]["times"].clone();
    knock(&mut town, BOB, 1..2);
    town.pass(30);
    assert_eq!(times(&town), json!(1));
    for _ in 0..15 {
        knock(&mut town, BOB, 1..2);
        town.pass(60);
    }
    assert!(times(&town).as_u64().unwrap() > 8, "{}", times(&town));
    town.pass(11 * 60);
    assert_eq!(times(&town), json!(16));
}

#[test]
fn a_folder_that_is_rewritten_stops_until_its_person_speaks() {
    let mut town = Town::new(&[]);
    let paths: Vec<String> = (0..30).map(|number| format!("day-{number}")).collect();
    for (number, path) in paths.iter().enumerate() {
        town.write(BOB, path, 100 + number as u64);
    }
    let all: Vec<&str> = paths.iter().map(String::as_str).collect();
    town.world.tell_watcher(BOB, &all, &[]);
    town.pass(30);
    let revision = |town: &Town| {
        let about = json!({ "path": "family/Bob/things/day-7" });
        town.world.read(ALICE, "files.about", about).unwrap()["entry"]["revision"].clone()
    };
    let before = revision(&town);
    for path in &paths {
        town.write(BOB, path, 9_999);
    }
    town.world.tell_watcher(BOB, &all, &[]);
    town.pass(60);
    assert_eq!(revision(&town), before, "nobody is told");
    let status = town.world.read(BOB, "guard.status", json!({})).unwrap();
    assert_eq!(status["stopped"][0]["path"], json!("family/Bob/things"));
    assert_eq!(
        code(town.ask(ALICE, "files.unbrake", json!({ "path": "family/Bob/things" }))),
        "files.not-your-share"
    );
    town.ask(BOB, "files.unbrake", json!({ "path": "family/Bob/things" })).unwrap();
    town.pass(120);
    assert_ne!(revision(&town), before, "it was meant");
}

#[test]
fn a_canary_stops_a_folder_at_once() {
    let mut town = Town::new(&[]);
    town.appear(BOB, "canary.txt", 1);
    town.ask(BOB, "files.canary", json!({ "path": "family/Bob/things/canary.txt" })).unwrap();
    town.appear(BOB, "other.txt", 2);
    let stopped = |town: &Town| town.world.read(BOB, "guard.status", json!({})).unwrap()["stopped"].clone();
    assert_eq!(stopped(&town), json!([]));
    town.appear(BOB, "canary.txt", 3);
    assert_eq!(stopped(&town)[0]["path"], json!("family/Bob/things"));
}
