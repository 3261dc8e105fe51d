//! Stories of mirrors: two who are never there together, a carrier that is always on, one who seals wrongly, a mirror
//! that loses its disk, in fair weather and in storm.

use std::time::Duration;

use base::WebId;
use serde_json::{Value, json};

use crate::check::{Report, list, text, web_label};
use crate::check_mirror as check;
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

const ALICE: PeerIndex = 0;
const BOB: PeerIndex = 1;
const DORA: PeerIndex = 2;
const MALLORY: PeerIndex = 3;

/// Longer than any story: who is off comes back when the script says so.
const LONG: Duration = Duration::from_hours(24 * 365);
/// What a quiet world gets everything done in.
const QUIET: Duration = Duration::from_mins(20);
/// In the name of every file; no carrier may ever have it.
const MARKER: &str = "only-for-readers";

struct Story {
    world: World,
    web: WebId,
    report: Report,
    made: u64,
}

/// Runs all stories and says what was wrong.
pub fn run(seed: u64, weather: Weather) -> Report {
    let mut report = Report::default();
    for story in [never_here_together, a_disk_is_lost, one_seals_wrongly, room_is_kept_and_given_back] {
        let told = story(seed, weather);
        report.checked += told.checked;
        report.wrong.extend(told.wrong);
    }
    report
}

/// Bob gets what Alice shared, Alice what Bob shared, though one is always off; what Alice changed leaves the mirror.
fn never_here_together(seed: u64, weather: Weather) -> Report {
    let mut story = Story::begin(seed, weather);
    story.off(BOB);
    story.share(ALICE, 40);
    story.quiet();
    check::all_is_there(&story.world, ALICE, DORA, story.web, &mut story.report);
    story.off(ALICE);
    story.on(BOB);
    story.get(BOB, ALICE);
    story.share(BOB, 10);
    story.quiet();
    check::has_come(&story.world, BOB, ALICE, &mut story.report);
    check::all_is_there(&story.world, BOB, DORA, story.web, &mut story.report);
    story.off(BOB);
    story.on(ALICE);
    story.get(ALICE, BOB);
    story.edit(ALICE);
    story.quiet();
    check::has_come(&story.world, ALICE, BOB, &mut story.report);
    check::all_is_there(&story.world, ALICE, DORA, story.web, &mut story.report);
    // What Alice replaced was also sealed by nobody else, so it is gone.
    let newest = check::contents_of(&story.world, ALICE).len() + check::contents_of(&story.world, BOB).len();
    check::nothing_is_left_over(&story.world, DORA, newest, &mut story.report);
    story.end()
}

/// The mirror loses its disk: it says so, and members who are there give it everything again.
fn a_disk_is_lost(seed: u64, weather: Weather) -> Report {
    let mut story = Story::begin(seed, weather);
    story.off(BOB);
    story.share(ALICE, 30);
    story.quiet();
    story.off(ALICE);
    story.world.peer_mut(DORA).disk.lose_contents();
    story.world.power_cut(DORA, Duration::from_secs(5));
    story.on(BOB);
    story.get(BOB, ALICE);
    story.quiet();
    // Nothing can come, and nothing is claimed to have come.
    let state = story.transfer(BOB);
    story.report.claim(state == "waiting", || format!("a transfer without any source is {state}"));
    story.off(BOB);
    story.on(ALICE);
    story.quiet();
    check::all_is_there(&story.world, ALICE, DORA, story.web, &mut story.report);
    story.off(ALICE);
    story.on(BOB);
    story.quiet();
    check::has_come(&story.world, BOB, ALICE, &mut story.report);
    story.end()
}

/// Mallory seals something else under Alice's contents' names: Bob finds out, and Alice makes it good.
fn one_seals_wrongly(seed: u64, weather: Weather) -> Report {
    let mut story = Story::begin(seed, weather);
    story.world.peer_mut(MALLORY).is_sealing_wrongly = true;
    story.off(BOB);
    story.off(DORA);
    story.share(ALICE, 12);
    story.get(MALLORY, ALICE);
    story.quiet();
    story.off(ALICE);
    story.on(DORA);
    story.quiet();
    story.off(MALLORY);
    story.on(BOB);
    story.get(BOB, ALICE);
    story.quiet();
    let state = story.transfer(BOB);
    story.report.claim(state == "waiting", || format!("a transfer of wrong copies is {state}"));
    story.on(ALICE);
    // Long enough for Bob's word to come to Alice, who is cut off from Bob for contents by being off at once again.
    story.world.run_for(Duration::from_secs(30));
    story.off(BOB);
    story.quiet();
    check::all_is_there(&story.world, ALICE, DORA, story.web, &mut story.report);
    story.off(ALICE);
    story.on(BOB);
    story.quiet();
    check::has_come(&story.world, BOB, ALICE, &mut story.report);
    story.end()
}

/// A mirror takes no more than it was given, takes the rest when it gets more, and gives everything back at the end.
fn room_is_kept_and_given_back(seed: u64, weather: Weather) -> Report {
    let mut story = Story::begin(seed, weather);
    act(&mut story.world, DORA, "people.serve", json!({ "web": story.web, "mirror": 12_000_000 }));
    story.share(ALICE, 30);
    story.world.run_for(QUIET);
    let waiting = check::waiting(&story.world, ALICE, story.web);
    story
        .report
        .claim(waiting == Some(1), || format!("{waiting:?} contents wait, not the one that is too large"));
    let bytes = check::stock(&story.world, DORA, story.web);
    story.report.claim((1..=12_000_000).contains(&bytes), || format!("{bytes} bytes kept of 12,000,000"));
    act(&mut story.world, DORA, "people.serve", json!({ "web": story.web, "mirror": 90_000_000 }));
    story.quiet();
    check::all_is_there(&story.world, ALICE, DORA, story.web, &mut story.report);
    act(&mut story.world, DORA, "people.serve", json!({ "web": story.web, "stop": true }));
    story.world.run_for(QUIET);
    check::nothing_is_left_over(&story.world, DORA, 0, &mut story.report);
    let mirrored = check::mirrored(&story.world, ALICE, story.web);
    story
        .report
        .claim(mirrored == Some(0), || format!("{mirrored:?} said to be at a mirror that has stopped"));
    story.end()
}

impl Story {
    /// Alice founds a web, Bob and Mallory join it, Dora carries it with a gigabyte.
    fn begin(seed: u64, weather: Weather) -> Self {
        let mut world = World::new(seed, 4, &Memory::shared());
        for index in [ALICE, BOB, DORA, MALLORY] {
            world.start(index);
            let name = ["Alice", "Bob", "Dora", "Mallory"].get(index).copied().unwrap_or_default();
            world.ask(index, "people.introduce", json!({ "name": name }));
        }
        let answer = act(&mut world, ALICE, "people.start_web", json!({ "name": "family" }));
        let web = text(&answer, "id").parse().expect("starting a web answers with its id");
        let invitation = act(&mut world, ALICE, "people.invite", json!({ "web": "family", "uses": 2 }));
        let link = text(&invitation, "link");
        for index in [BOB, MALLORY] {
            act(&mut world, index, "people.join", json!({ "link": link }));
        }
        let carrier = json!({ "web": "family", "role": "carrier" });
        let invitation = act(&mut world, ALICE, "people.invite", carrier);
        let serve = json!({ "web": text(&invitation, "link"), "mirror": 1_000_000_000_u64 });
        act(&mut world, DORA, "people.serve", serve);
        world.run_for(Duration::from_mins(2));
        world.blind.insert(DORA);
        world.markers.push(MARKER.as_bytes().to_vec());
        world.set_weather(weather);
        Self { world, web, report: Report::default(), made: 0 }
    }

    /// Writes files of many sizes, edges among them, and shares the folder.
    fn share(&mut self, index: PeerIndex, files: u64) {
        let edges = [1, 16, 65_519, 65_520, 65_535, 65_536, 65_537, 131_072, 2_000_000, 33_000_000];
        for number in 0..files {
            let made_of = self.world.dice.bits();
            let size = edges.get(usize::try_from(number).unwrap_or(usize::MAX)).copied();
            let size = size.unwrap_or_else(|| 1 + self.world.dice.below(90_000));
            self.write(index, &format!("{MARKER}/{number}.txt"), made_of, size);
        }
        let folder = self.world.peer(index).folder();
        let share = json!({ "web": "family", "folder": folder, "name": "things" });
        self.world.ask(index, "files.share", share);
    }

    fn write(&mut self, index: PeerIndex, path: &str, made_of: u64, size: u64) {
        self.made += 1;
        self.world.write(index, path, made_of, size);
        if let Some(content) = self.world.peer(index).disk.file(path).map(crate::disk::SimFile::content) {
            self.world.markers.push(content.as_bytes().to_vec());
        }
    }

    /// Changes some files and deletes others.
    fn edit(&mut self, index: PeerIndex) {
        let paths: Vec<String> = self.world.peer(index).disk.files().map(|(path, _)| path.clone()).collect();
        for (number, path) in paths.iter().enumerate() {
            match number % 4 {
                0 => {
                    let made_of = self.world.dice.bits();
                    self.write(index, path, made_of, 1_000);
                    self.world.tell_watcher(index, &[path], &[]);
                }
                1 => {
                    self.world.delete(index, path);
                    self.world.tell_watcher(index, &[], &[path]);
                }
                _ => {}
            }
        }
    }

    fn off(&mut self, index: PeerIndex) {
        self.world.power_cut(index, LONG);
        self.world.run_for(Duration::from_secs(5));
    }

    fn on(&mut self, index: PeerIndex) {
        self.world.start(index);
        self.world.run_for(Duration::from_secs(20));
    }

    /// Asks for all of somebody's share, once it is listed.
    fn get(&mut self, reader: PeerIndex, owner: PeerIndex) {
        for _ in 0..60 {
            self.world.run_for(Duration::from_secs(10));
            let name = if owner == ALICE { "Alice" } else { "Bob" };
            let path = format!("family/{name}/things");
            let ask = self.world.ask(reader, "files.get", json!({ "path": path }));
            self.world.run_for(Duration::from_secs(1));
            if matches!(self.world.answer(ask), Some(Ok(_))) {
                return;
            }
        }
        self.report.claim(false, || format!("{reader} never saw the share of {owner}"));
    }

    /// Returns how the newest transfer stands.
    fn transfer(&self, index: PeerIndex) -> String {
        let transfers = self.world.read(index, "files.transfers", json!({})).unwrap_or_default();
        let first = list(&transfers, "transfers").next().map(|transfer| text(transfer, "state"));
        first.unwrap_or_default()
    }

    /// Lets things come to rest; in a storm with power cuts on the way.
    fn quiet(&mut self) {
        if self.world.weather.loss > 0 {
            for _ in 0..6 {
                let wait = Duration::from_secs(5 + self.world.dice.below(60));
                self.world.run_for(wait);
                let index = self.world.dice.index(4);
                if self.world.peer(index).is_running() {
                    self.world.power_cut(index, Duration::from_secs(2));
                }
            }
        }
        self.world.run_for(QUIET);
        for index in [ALICE, BOB] {
            let is_served = self.world.peer(DORA).is_running();
            if self.world.peer(index).is_running() && is_served {
                let waiting = check::waiting(&self.world, index, self.web);
                self.report.claim(waiting == Some(0), || format!("{waiting:?} contents of {index} wait"));
            }
        }
    }

    /// Looks at the carrier and at every peer, and ends the story.
    fn end(mut self) -> Report {
        for index in [ALICE, BOB] {
            self.world.start(index);
        }
        self.world.run_for(Duration::from_secs(30));
        for index in [ALICE, BOB] {
            let keyring = self.world.peer(index).keyring();
            let secrets: Vec<Vec<u8>> = keyring
                .into_iter()
                .flat_map(|keyring| keyring.of(self.web).map(|key| key.secret().to_vec()))
                .collect();
            self.report.claim(!secrets.is_empty(), || format!("{index} has no key"));
            self.world.markers.extend(secrets);
            let paused = self.world.peer(index).paused();
            self.report.claim(paused.is_empty(), || format!("{index} paused {paused:?}"));
        }
        let is_carried = web_label(&self.world, DORA, self.web).is_some();
        self.report.claim(is_carried, || "the carrier does not know the web".to_owned());
        check::is_blind(&self.world, DORA, self.web, &mut self.report);
        self.report
    }
}

/// Asks, and waits a moment for the answer.
fn act(world: &mut World, index: PeerIndex, operation: &str, arguments: Value) -> Value {
    let ask = world.ask(index, operation, arguments);
    world.run_for(Duration::from_secs(10));
    match world.answer(ask) {
        Some(Ok(answer)) => answer,
        other => {
            debug_assert!(false, "{operation}: {other:?}");
            Value::Null
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seed: u64, weather: Weather) {
        let report = run(seed, weather);
        assert!(report.wrong.is_empty(), "seed {seed}: {:#?}", report.wrong);
        assert!(report.checked > 200, "{} claims", report.checked);
    }

    #[test]
    fn what_two_share_who_are_never_there_together_comes_through_a_carrier_that_reads_nothing() {
        check(1, Weather::FAIR);
    }

    #[test]
    fn storms_and_power_cuts_lose_nothing() {
        check(2, Weather::STORM);
    }
}
