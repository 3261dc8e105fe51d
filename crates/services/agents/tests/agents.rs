//! A family whose admins admit agents: what runs, what is done, and what never is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails shall stop"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Fault;
use serde_json::{Value, json};
use sim::World;
use sim::programs::Programs;
use sim::vault::Memory;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const NAMES: [&str; 3] = ["Alice", "Bob", "Carol"];

struct Town {
    world: World,
}

#[expect(clippy::unnecessary_wraps, reason = "a program of this town may fail")]
fn answer(value: &Value) -> Result<Vec<u8>, String> {
    Ok(value.to_string().into_bytes())
}

/// Tells something each time it runs, and counts.
fn chatty(given: &Value) -> Result<Vec<u8>, String> {
    let count = given["state"].as_u64().unwrap_or(0) + 1;
    let title = format!("{} {count}", given["event"]["kind"].as_str().unwrap_or_default());
    answer(&json!({ "actions": [{ "do": "notice", "title": title }], "state": count, "log": "hello" }))
}

impl Town {
    fn with(seed: u64, programs: &Programs) -> Self {
        let mut world = World::new(seed, NAMES.len(), &Memory::shared());
        for index in 0..NAMES.len() {
            world.set_agents(index, programs.clone());
            world.set_scanner(index, sim::outbreaks::Scanner::default());
        }
        world.gather(&NAMES);
        Self { world }
    }

    fn new(program: impl Fn(&Value) -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        Self::with(11, &Programs::new(program))
    }

    fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    fn ask(&mut self, who: usize, operation: &str, arguments: Value) -> Result<Value, Fault> {
        self.world.ask_and_wait(who, operation, arguments)
    }

    fn admit(&mut self, who: usize, more: &Value) -> Result<Value, Fault> {
        let mut asked = json!({ "file": "/tmp/watchman.wasm", "may": ["every 5", "notice"] });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(who, "agents.admit", asked)
    }

    fn notices(&self, who: usize) -> Vec<String> {
        let read = self.world.read(who, "agents.notices", json!({})).unwrap();
        read["notices"].as_array().unwrap().iter().rev().map(|one| text(one, "title")).collect()
    }

    fn log(&self, who: usize, name: &str) -> Vec<Value> {
        let read = self.world.read(who, "agents.log", json!({ "name": name })).unwrap();
        read["runs"].as_array().unwrap().clone()
    }

    fn state(&self, who: usize, name: &str) -> String {
        text(&self.world.read(who, "agents.show", json!({ "name": name })).unwrap(), "state")
    }

    fn share_and_change(&mut self, who: usize, files: u64) {
        let folder = self.world.peer(who).folder();
        self.ask(who, "files.share", json!({ "web": "family", "folder": folder, "name": "things" })).unwrap();
        self.pass(30);
        for number in 0..files {
            let name = format!("letter {number}");
            self.world.write(who, &name, number + 1, 5_000);
            self.world.tell_watcher(who, &[name.as_str()], &[]);
            self.pass(3);
        }
    }
}

fn text(view: &Value, field: &str) -> String {
    view[field].as_str().unwrap_or_default().to_owned()
}

fn code(answer: Result<Value, Fault>) -> String {
    answer.unwrap_err().code
}

#[test]
fn an_agent_is_admitted_runs_tells_is_logged_and_stops() {
    let mut town = Town::new(chatty);
    let shown = town.admit(ALICE, &json!({ "note": "looks after us" })).unwrap();
    assert_eq!((text(&shown, "agent"), text(&shown, "by")), ("family/watchman".to_owned(), "you".to_owned()));
    assert_eq!(shown["may"], json!(["runs every 5 minutes", "tells you things"]));
    town.pass(60);
    for who in [ALICE, BOB, CAROL] {
        assert_eq!(town.state(who, "watchman"), "working", "{}", NAMES[who]);
        assert_eq!(town.notices(who), ["schedule 1"], "{}", NAMES[who]);
    }
    let log = town.log(BOB, "family/watchman");
    assert_eq!(
        (text(&log[0], "trigger"), text(&log[0], "outcome")),
        ("its time has come".to_owned(), "ran".to_owned())
    );
    assert_eq!(log[0]["actions"][0]["is_done"], json!(true));
    assert_eq!(text(&log[0], "said"), "hello");
    town.pass(600);
    assert_eq!(town.notices(BOB), ["schedule 1", "schedule 2", "schedule 3"]);
    let stopped = town.ask(ALICE, "agents.stop", json!({ "name": "watchman" })).unwrap();
    assert_eq!(text(&stopped, "state"), "stopped by you");
    town.pass(1_800);
    assert!(town.notices(BOB).len() <= 3);
    assert_eq!(town.state(BOB, "watchman"), "stopped by Alice");
    town.ask(ALICE, "agents.start", json!({ "name": "watchman" })).unwrap();
    town.pass(60);
    assert_eq!(town.state(BOB, "watchman"), "working");
    assert_eq!(town.notices(BOB).last().unwrap(), "schedule 4", "it remembers");
}

#[test]
fn only_admins_admit_and_a_former_admin_s_agents_stop() {
    let mut town = Town::new(chatty);
    assert_eq!(code(town.admit(BOB, &json!({}))), "agents.no-admin");
    town.ask(ALICE, "people.set_role", json!({ "web": "family", "person": "Bob", "role": "admin" })).unwrap();
    town.pass(20);
    town.admit(BOB, &json!({})).unwrap();
    town.pass(60);
    assert_eq!(town.notices(CAROL).len(), 1);
    town.ask(ALICE, "people.set_role", json!({ "web": "family", "person": "Bob", "role": "member" }))
        .unwrap();
    town.pass(20);
    let told: Vec<usize> = (0..3).map(|who| town.notices(who).len()).collect();
    assert_eq!(town.state(CAROL, "watchman"), "stopped: Bob who admitted it is no admin");
    town.pass(1_800);
    assert_eq!((0..3).map(|who| town.notices(who).len()).collect::<Vec<_>>(), told);
    assert_eq!(code(town.ask(BOB, "agents.stop", json!({ "name": "watchman" }))), "agents.no-admin");
    assert_eq!(code(town.ask(BOB, "agents.start", json!({ "name": "watchman" }))), "agents.no-admin");
    // Whoever is an admin can admit it as it was.
    town.ask(ALICE, "agents.start", json!({ "name": "watchman" })).unwrap();
    town.pass(60);
    assert_eq!(town.state(CAROL, "watchman"), "working");
}

#[test]
fn one_switch_stops_all_agents_of_a_computer_and_of_no_other() {
    let mut town = Town::new(chatty);
    town.admit(ALICE, &json!({})).unwrap();
    town.admit(ALICE, &json!({ "as": "second" })).unwrap();
    town.pass(60);
    town.ask(CAROL, "agents.switch", json!({ "state": "off" })).unwrap();
    town.ask(BOB, "agents.switch", json!({ "state": "off", "name": "second" })).unwrap();
    let (bob, carol) = (town.log(BOB, "second").len(), town.notices(CAROL).len());
    town.pass(1_200);
    assert_eq!(town.log(BOB, "second").len(), bob);
    assert!(town.log(BOB, "watchman").len() > 2);
    assert_eq!(town.notices(CAROL).len(), carol);
    assert_eq!(town.state(CAROL, "watchman"), "switched off here, as all are");
    assert_eq!(town.state(BOB, "second"), "switched off here");
    // Off stays off over a start, and over a new admission.
    town.world.power_cut(CAROL, Duration::from_secs(1));
    town.admit(ALICE, &json!({ "as": "second", "settings": "anew" })).unwrap();
    town.pass(900);
    assert_eq!(town.notices(CAROL).len(), carol);
    assert_eq!(town.state(BOB, "second"), "switched off here");
    town.ask(CAROL, "agents.switch", json!({ "state": "on" })).unwrap();
    town.pass(60);
    assert!(town.notices(CAROL).len() > carol);
}

#[test]
fn three_failures_in_a_row_stop_an_agent_until_a_person_starts_it() {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let mut town = Town::new(move |given| {
        counted.fetch_add(1, Ordering::Relaxed);
        match given["settings"].as_str() {
            Some("trap") => Err("it gave up: unreachable".to_owned()),
            Some("garbage") => Ok(b"{\"actions\": [{\"do\": \"notice\", \"title\": \"x\"}], \"sta".to_vec()),
            Some("many") => answer(&json!({ "actions": vec![json!({ "do": "notice", "title": "x" }); 33] })),
            _ => answer(&json!({ "state": "x".repeat(70_000) })),
        }
    });
    for settings in ["trap", "garbage", "many", "large"] {
        town.admit(ALICE, &json!({ "settings": settings, "here": true })).unwrap();
        town.pass(3_600);
        assert!(town.state(ALICE, "watchman").starts_with("stopped here after three failures"), "{settings}");
        assert_eq!(runs.swap(0, Ordering::Relaxed), 3, "{settings}");
        assert_eq!(town.log(ALICE, "watchman")[0]["actions"], json!([]));
        assert_eq!(town.notices(ALICE).last().unwrap(), "watchman is stopped on this computer");
    }
    town.ask(ALICE, "agents.start", json!({ "name": "watchman" })).unwrap();
    town.pass(3_600);
    assert_eq!(runs.load(Ordering::Relaxed), 3);
}

#[test]
fn budgets_hold_whatever_happens() {
    let mut town =
        Town::new(|_| answer(&json!({ "actions": vec![json!({ "do": "notice", "title": "look" }); 32] })));
    let storm = json!({
        "may": ["changes *", "notice"], "runs_per_hour": 5, "actions_per_day": 40, "here": true,
    });
    town.admit(ALICE, &storm).unwrap();
    town.share_and_change(ALICE, 60);
    let done = |town: &Town| town.notices(ALICE).iter().filter(|title| *title == "look").count();
    assert_eq!(done(&town), 40);
    assert!(town.notices(ALICE).contains(&"watchman rests until its day is over".to_owned()));
    assert!(town.state(ALICE, "watchman").starts_with("resting for"));
    town.pass(3_600);
    assert_eq!(done(&town), 40);
    town.pass(24 * 3_600);
    assert_eq!(done(&town), 72, "what waited is told the next day, in one run");
    let ran = town.log(ALICE, "watchman").iter().filter(|run| run["outcome"] == json!("ran")).count();
    assert_eq!(ran, 3);
}

#[test]
fn runs_of_an_hour_are_limited_and_the_log_says_so() {
    let mut town = Town::new(|_| answer(&json!({})));
    town.admit(ALICE, &json!({ "may": ["changes *"], "runs_per_hour": 3, "here": true })).unwrap();
    town.share_and_change(ALICE, 40);
    let log = town.log(ALICE, "watchman");
    let ran = log.iter().filter(|run| run["outcome"] == json!("ran")).count();
    assert_eq!(ran, 3);
    assert!(log.iter().any(|run| text(run, "outcome").contains("3 runs of this hour")), "{log:#?}");
    town.pass(3_600);
    assert!(town.log(ALICE, "watchman").iter().filter(|run| run["outcome"] == json!("ran")).count() > 3);
}

#[test]
fn what_one_computer_does_is_done_once_over_power_cuts() {
    for seed in 1..=4 {
        let mut town = Town::with(seed, &Programs::new(chatty));
        town.admit(ALICE, &json!({ "here": true, "runs_per_hour": 600 })).unwrap();
        for cut in 0..12_u64 {
            // Into the run that is due every five minutes, before, in and after it.
            town.pass(280 + (cut * 7 + seed) % 30);
            town.world.power_cut(ALICE, Duration::from_millis(500));
        }
        town.pass(600);
        let told = town.notices(ALICE);
        let each: Vec<String> = (1..=told.len()).map(|number| format!("schedule {number}")).collect();
        assert!(told.len() >= 10, "{told:?}");
        assert_eq!(told, each, "seed {seed}: each once, in order");
        assert_eq!(town.notices(BOB), [""; 0]);
        assert_eq!(town.state(BOB, "watchman"), "working elsewhere");
    }
}

#[test]
fn what_an_agent_holds_is_held_on_its_computer_until_the_agent_is_stopped() {
    let path = "family/Alice/things/letter 0";
    let hold = json!({ "actions": [{ "do": "hold", "path": path, "why": "looks odd" }] });
    let mut town = Town::new(move |_| answer(&hold));
    town.share_and_change(ALICE, 1);
    let level = |town: &Town, who: usize| {
        text(&town.world.read(who, "guard.show", json!({ "file": path })).unwrap(), "level")
    };
    town.admit(ALICE, &json!({ "may": ["every 5", "notice"], "here": true })).unwrap();
    town.pass(60);
    assert_eq!(level(&town, ALICE), "clear", "it may not hold");
    town.admit(ALICE, &json!({ "may": ["every 5", "hold"], "here": true })).unwrap();
    town.pass(60);
    assert_eq!(level(&town, ALICE), "held");
    assert_eq!(level(&town, BOB), "clear", "it counts where the agent runs and nowhere else");
    let held = town.world.read(ALICE, "guard.show", json!({ "file": path })).unwrap();
    assert_eq!(text(&held, "meaning"), "the agent family/watchman holds it here: looks odd");
    // Said again every five minutes, it is nothing new.
    town.pass(1_200);
    let log = town.world.read(ALICE, "guard.log", json!({ "file": path })).unwrap();
    let entries = log["entries"].as_array().unwrap();
    assert_eq!(entries.iter().filter(|entry| text(entry, "what").contains("agent")).count(), 1);
    town.ask(ALICE, "agents.stop", json!({ "name": "watchman" })).unwrap();
    town.pass(10);
    assert_eq!(level(&town, ALICE), "clear");
    assert_eq!(town.world.read(ALICE, "guard.list", json!({ "all": true })).unwrap()["suspects"], json!([]));
}

/// A small generator of its own: the same answers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn any_action(&mut self) -> Value {
        let path = ["family/Alice/things/letter 0", "family/Bob/none", "../etc/passwd", ""][self.roll(4)];
        match self.roll(9) {
            0 => json!({ "do": "notice", "title": "fine", "text": "so\nit is" }),
            1 => json!({ "do": "notice", "title": "turned \u{202e}txt.exe" }),
            2 => json!({ "do": "notice", "title": "x".repeat(self.roll(300)) }),
            3 => json!({ "do": "warn", "path": path, "why": "looks odd" }),
            4 => json!({ "do": "hold", "path": path, "why": "looks odd" }),
            5 => json!({ "do": "delete", "path": path }),
            6 => json!({ "do": "notice", "title": "fine", "to": "everybody" }),
            7 => json!([[["deep"]], null, 7]),
            _ => json!({ "do": ["notice"], "title": 1 }),
        }
    }

    fn any_answer(&mut self) -> Vec<u8> {
        let count = self.roll(40);
        let actions: Vec<Value> = (0..count).map(|_| self.any_action()).collect();
        let mut text = json!({ "actions": actions, "state": self.roll(9) }).to_string();
        match self.roll(8) {
            0 => text.truncate(self.roll(text.len() + 1) / 2),
            1 => text = "[".repeat(10_000),
            2 => text.push_str(&" ".repeat(1_000)),
            _ => {}
        }
        text.into_bytes()
    }
}

#[test]
fn nothing_is_ever_done_that_was_not_admitted() {
    let all = ["notice", "warn", "hold"];
    let may_of: [&[&str]; 4] = [&[], &["notice"], &["warn"], &["notice", "hold"]];
    for (seed, may) in may_of.into_iter().enumerate() {
        let dice = std::sync::Mutex::new(Dice(seed as u64 + 1));
        let mut town = Town::new(move |_| Ok(dice.lock().unwrap().any_answer()));
        town.share_and_change(ALICE, 1);
        let mut asked: Vec<&str> = may.to_vec();
        asked.push("every 5");
        let admitted = json!({ "may": asked, "here": true, "actions_per_day": 1_000 });
        town.admit(ALICE, &admitted).unwrap();
        for _ in 0..40 {
            town.pass(400);
            if town.state(ALICE, "watchman").starts_with("stopped") {
                town.ask(ALICE, "agents.start", json!({ "name": "watchman" })).unwrap();
            }
        }
        let (mut kinds, mut told, mut refused) = (BTreeSet::new(), 0, 0);
        for run in town.log(ALICE, "watchman") {
            for action in run["actions"].as_array().unwrap() {
                let kind = text(action, "action");
                let kind = kind.split([':', ' ']).next().unwrap_or_default().to_owned();
                if action["is_done"] == json!(true) {
                    told += usize::from(kind == "tell");
                    kinds.insert(kind);
                } else {
                    assert!(!text(action, "why").is_empty());
                    refused += 1;
                }
            }
        }
        let words = |word: &str| if word == "notice" { "tell".to_owned() } else { word.to_owned() };
        let allowed: BTreeSet<String> =
            all.iter().filter(|one| may.contains(one)).map(|one| words(one)).collect();
        assert_eq!(kinds, allowed, "{may:?}");
        assert!(refused > 100, "{refused}");
        // Every notice but those of this program itself stands in the log.
        let notices = town.notices(ALICE);
        let own = notices.iter().filter(|title| title.starts_with("watchman is stopped")).count();
        assert_eq!(notices.len() - own, told);
        assert!(notices.iter().all(|title| !title.contains('\u{202e}') && title.len() <= 120));
    }
}

#[test]
fn events_come_together_and_only_those_that_are_admitted() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let mut town = Town::new(move |given| {
        noted.lock().unwrap().push(given["event"].clone());
        answer(&json!({}))
    });
    town.admit(ALICE, &json!({ "may": ["members"], "here": true })).unwrap();
    town.share_and_change(ALICE, 3);
    assert!(seen.lock().unwrap().is_empty(), "it was not admitted to hear of files");
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Carol" })).unwrap();
    town.pass(10);
    let members = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(members, [json!({ "kind": "member-left", "member": "Carol" })]);
    town.admit(ALICE, &json!({ "may": ["changes family/Alice/things"], "here": true })).unwrap();
    town.pass(5);
    town.world.write(ALICE, "new", 99, 5_000);
    town.world.tell_watcher(ALICE, &["new"], &[]);
    town.pass(20);
    let files = std::mem::take(&mut *seen.lock().unwrap());
    let last = files.last().unwrap();
    assert_eq!(
        (text(last, "kind"), text(last, "share")),
        ("files".to_owned(), "family/Alice/things".to_owned())
    );
    assert_eq!(last["files"][0]["path"], json!("family/Alice/things/new"));
    assert_eq!(last["files"][0]["size"], json!(5_000));
    assert_eq!(last["files"][0].get("text"), None, "it was not admitted to read");
}

#[test]
fn what_is_tried_is_shown_and_not_done() {
    let mut town = Town::new(chatty);
    town.admit(ALICE, &json!({ "may": ["notice"] })).unwrap();
    town.pass(10);
    let tried = json!({ "program": "watchman", "event": "{\"kind\":\"mine\"}" });
    let shown = town.ask(BOB, "agents.try", tried).unwrap();
    assert_eq!(text(&shown["actions"][0], "action"), "tell: mine 1");
    assert_eq!(shown["actions"][0]["is_done"], json!(false));
    let shown = town.ask(BOB, "agents.try", json!({ "program": "/tmp/mine.wasm" })).unwrap();
    assert_eq!(text(&shown["actions"][0], "action"), "tell: schedule 1");
    assert_eq!(town.notices(BOB), [""; 0]);
    assert_eq!(town.log(BOB, "watchman").len(), 0);
    let wrong = json!({ "program": "watchman", "event": "{" });
    assert_eq!(code(town.ask(BOB, "agents.try", wrong)), "agents.bad-json");
}

#[test]
fn what_cannot_be_admitted_is_refused_with_its_reason() {
    let mut town = Town::new(chatty);
    for (more, wanted) in [
        (json!({ "as": "My Agent" }), "agents.bad-name"),
        (json!({ "file": "/tmp/bad.wasm" }), "agents.bad-program"),
        (json!({ "file": "family/Alice/none.wasm" }), "agents.no-such-file"),
        (json!({ "may": ["everything"] }), "agents.bad-capability"),
        (json!({ "may": ["every 4"] }), "agents.bad-capability"),
        (json!({ "may": ["every 5", "every 6"] }), "agents.too-many-capabilities"),
        (json!({ "may": ["read family/Alice/none"] }), "agents.bad-capability"),
        (json!({ "may": ["notice please"] }), "agents.bad-capability"),
        (json!({ "cpu_ms": 60_000 }), "agents.bad-budget"),
        (json!({ "memory_mib": 0 }), "agents.bad-budget"),
        (json!({ "note": "a\nb" }), "agents.bad-note"),
        (json!({ "settings": "x".repeat(5_000) }), "agents.bad-settings"),
        (json!({ "web": "famly" }), "agents.no-such-web"),
        (json!({ "power": 1 }), "agents.bad-arguments"),
    ] {
        assert_eq!(code(town.admit(ALICE, &more)), wanted, "{more}");
    }
    assert_eq!(code(town.ask(ALICE, "agents.stop", json!({ "name": "none" }))), "agents.no-such-agent");
}

#[test]
fn another_program_under_the_same_name_runs_only_when_an_admin_says_so() {
    let mut town = Town::new(chatty);
    let first = town.admit(ALICE, &json!({})).unwrap();
    town.pass(60);
    let ran = |town: &Town| text(&town.log(BOB, "watchman")[0], "program");
    assert_eq!(ran(&town), text(&first, "program"));
    let second = town.admit(ALICE, &json!({ "file": "/tmp/other.wasm", "as": "watchman" })).unwrap();
    assert_ne!(text(&first, "program"), text(&second, "program"));
    town.pass(60);
    assert_eq!(ran(&town), text(&second, "program"));
}
