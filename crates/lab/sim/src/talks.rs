//! Small towns that talk: rooms, threads, edits, direct conversations; storms, power cuts, a world in two halves, one who is away for long, one
//! who is removed, one who floods and forges, one who comes late.
//!
//! `cargo xtask sim --talks TOWNS` runs many, each by its seed. The script keeps what it said and what everybody had seen when it did; what
//! must hold is looked at in answers and rows (`check`), apart from the code that makes it hold.

mod check;
mod crowd;
mod forging;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::WebId;
use kernel::AskId;
use serde_json::{Value, json};

use crate::check::{Report, list, person_of, text};
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

pub use crowd::{Crowd, crowd};

const ALICE: PeerIndex = 0;
const BOB: PeerIndex = 1;
/// Moderates the first room.
const CAROL: PeerIndex = 2;
/// Is away for most of the time.
const DAVE: PeerIndex = 3;
/// Is removed in some towns.
const TED: PeerIndex = 4;
/// Floods, is muted, and forges at the end.
const MALLORY: PeerIndex = 5;
/// Joins when all is over.
const LATE: PeerIndex = 6;
const PEERS: usize = 7;

/// Moments of a town in which something may go wrong.
const MOMENTS: u64 = 110;
/// In a calm world everybody has everything within this.
const CALM: Duration = Duration::from_mins(8);
/// Whoever is asked answers in less.
const ANSWER: Duration = Duration::from_millis(20);

/// What the towns did, for the line that is printed; a checker whose towns never do something checks nothing of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TalkTally {
    /// Messages said in rooms.
    pub open: u64,
    /// Messages said in direct conversations.
    pub sealed: u64,
    /// Messages said in threads.
    pub threads: u64,
    /// Edits.
    pub edits: u64,
    /// Messages taken away by their authors.
    pub deletes: u64,
    /// Messages taken away by who moderates.
    pub moderated: u64,
    /// Reactions.
    pub reactions: u64,
    /// Times somebody was muted.
    pub mutes: u64,
    /// Messages that muting keeps from everybody.
    pub hidden: u64,
    /// Removals.
    pub removed: u64,
    /// Records that Mallory forged.
    pub forged: u64,
    /// Claims of who has what that were looked at.
    pub states: u64,
    /// Power cuts.
    pub power_cuts: u64,
    /// Messages of all kinds between peers.
    pub messages: u64,
}

impl TalkTally {
    /// Adds what another town did.
    pub fn add(&mut self, other: &Self) {
        self.open += other.open;
        self.sealed += other.sealed;
        self.threads += other.threads;
        self.edits += other.edits;
        self.deletes += other.deletes;
        self.moderated += other.moderated;
        self.reactions += other.reactions;
        self.mutes += other.mutes;
        self.hidden += other.hidden;
        self.removed += other.removed;
        self.forged += other.forged;
        self.states += other.states;
        self.power_cuts += other.power_cuts;
        self.messages += other.messages;
    }
}

/// Something that was said, as the script knows it.
struct Spoken {
    by: PeerIndex,
    room: usize,
    id: String,
    /// Under which message it was said.
    thread: Option<String>,
    /// Words that are nowhere else: of the message, and of each edit.
    words: Vec<String>,
    /// Messages of the room that its author saw when it said it.
    seen: BTreeSet<String>,
    /// Whether its author asked to take it away, and who else did.
    is_deleted: bool,
    moderated_by: BTreeSet<PeerIndex>,
    /// Whether its author knew that Ted had been removed.
    knows_of_removal: bool,
    /// Whether who muted its author had it by then; none when nobody has muted.
    was_heard: Option<bool>,
}

/// A conversation of the town.
struct Room {
    id: String,
    /// Who may read it.
    persons: BTreeSet<PeerIndex>,
    is_direct: bool,
}

struct Town {
    world: World,
    web: WebId,
    rooms: Vec<Room>,
    spoken: Vec<Spoken>,
    count: u64,
    is_ted_removed: bool,
    /// Since when Mallory is muted in the first room, by the script's count of what was said.
    muted: bool,
    report: Report,
    tally: TalkTally,
}

/// Runs one town; returns what was looked at, what was wrong, and what it did.
pub fn run(seed: u64) -> (Report, TalkTally) {
    let Some(mut town) = Town::begin(seed) else {
        let wrong = vec![format!("seed {seed}: the town did not begin")];
        return (Report { checked: 1, wrong }, TalkTally::default());
    };
    for number in 0..MOMENTS {
        town.moment(number);
    }
    town.calm_down();
    town.forge();
    town.late_one_comes();
    town.check();
    town.tally.messages = town.world.tally.messages;
    town.tally.power_cuts = town.world.tally.power_cuts;
    (town.report, town.tally)
}

impl Town {
    fn begin(seed: u64) -> Option<Self> {
        let mut world = World::new(seed, PEERS, &Memory::shared());
        for index in 0..LATE {
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        let begun = act(&mut world, ALICE, "people.start_web", json!({ "name": "town" }))?;
        let web = text(&begun, "id").parse().ok()?;
        let invitation = act(&mut world, ALICE, "people.invite", json!({ "web": "town", "uses": 20 }))?;
        for index in 1..LATE {
            act(&mut world, index, "people.join", json!({ "link": text(&invitation, "link") }))?;
        }
        world.run_for(Duration::from_secs(90));
        let everybody: BTreeSet<PeerIndex> = (0..LATE).collect();
        let mut rooms = Vec::new();
        for (by, name) in [(ALICE, "kitchen"), (BOB, "cellar")] {
            let begun = act(&mut world, by, "talk.start", json!({ "web": "town", "name": name }))?;
            rooms.push(Room { id: text(&begun, "id"), persons: everybody.clone(), is_direct: false });
        }
        let named = json!({ "room": rooms.first()?.id, "moderators": [person_of(&world, CAROL)] });
        act(&mut world, ALICE, "talk.change", named)?;
        for persons in [vec![BOB, CAROL], vec![ALICE, BOB, DAVE]] {
            let mut id = String::new();
            for index in &persons {
                let others: Vec<String> = persons
                    .iter()
                    .filter(|other| *other != index)
                    .map(|other| person_of(&world, *other))
                    .collect();
                let asked = json!({ "web": "town", "persons": others });
                let found = text(&act(&mut world, *index, "talk.direct", asked)?, "id");
                if id.is_empty() {
                    id = found;
                } else if id != found {
                    return None;
                }
            }
            rooms.push(Room { id, persons: persons.into_iter().collect(), is_direct: true });
        }
        world.run_for(Duration::from_secs(30));
        Some(Self {
            world,
            web,
            rooms,
            spoken: Vec::new(),
            count: 0,
            is_ted_removed: false,
            muted: false,
            report: Report::default(),
            tally: TalkTally::default(),
        })
    }

    fn is_one_in(&mut self, many: u64) -> bool {
        self.world.dice.below(many) == 0
    }

    /// Something happens, and a little time passes.
    fn moment(&mut self, number: u64) {
        // Dave leaves early and comes back when all is calm; in some towns he looks in.
        if number == 15 || number == 60 {
            self.world.power_cut(DAVE, Duration::from_hours(10));
        } else if number == 55 && self.is_one_in(2) {
            self.world.start(DAVE);
        }
        let peer = self.world.dice.index(LATE);
        match self.world.dice.below(24) {
            0 if peer != DAVE => {
                let back = Duration::from_millis(500 + self.world.dice.below(20_000));
                self.world.power_cut(peer, back);
            }
            1 | 2 => {
                let side = u8::from(self.is_one_in(2));
                self.world.move_to_side(peer, side);
            }
            3 => (0..LATE).for_each(|peer| self.world.move_to_side(peer, 0)),
            4 => {
                let weather = if self.is_one_in(2) { Weather::STORM } else { Weather::FAIR };
                self.world.set_weather(weather);
            }
            5 => {
                let error = i64::try_from(self.world.dice.below(4 * 86_400_000)).unwrap_or(0);
                self.world.peer_mut(peer).clock_error_ms = error - 2 * 86_400_000;
            }
            6 | 7 => self.edit(),
            8 => self.delete(),
            9 => self.moderate(),
            10 | 11 => self.react(),
            12 if number > 40 => self.mute(),
            13 if number > 30 && self.is_one_in(3) => self.remove_ted(),
            14 if self.is_one_in(2) => self.flood(),
            15 => self.look_at_states(),
            _ => {
                for _ in 0..=self.world.dice.below(3) {
                    self.say();
                }
            }
        }
        let time = 50 + self.world.dice.below(6_000);
        self.world.run_for(Duration::from_millis(time));
    }

    /// Asks, and waits a moment for the answer.
    fn ask(&mut self, index: PeerIndex, operation: &str, arguments: Value) -> Option<Value> {
        let ask: AskId = self.world.ask(index, operation, arguments);
        self.world.run_for(ANSWER);
        match self.world.answer(ask) {
            Some(Ok(answer)) => Some(answer),
            Some(Err(fault)) => {
                let is_expected = fault.code == "sim.off"
                    || (index == TED && self.is_ted_removed)
                    || matches!(
                        fault.code.as_str(),
                        "talk.muted" | "talk.taken-away" | "talk.no-such-message"
                    )
                    || (index == MALLORY && fault.code == "talk.too-fast");
                self.report.claim(is_expected, || format!("peer {index} was refused {operation}: {fault:?}"));
                None
            }
            None => None,
        }
    }

    fn word(&mut self, index: PeerIndex) -> String {
        self.count += 1;
        format!("w{}q{index}q{:08x}", self.count, self.world.dice.bits() >> 32)
    }

    fn say(&mut self) {
        let by = self.world.dice.index(LATE);
        let mine: Vec<usize> =
            (0..self.rooms.len()).filter(|room| self.room(*room).persons.contains(&by)).collect();
        let Some(room) = mine.get(self.world.dice.index(mine.len())).copied() else { return };
        self.say_in(by, room);
    }

    fn room(&self, room: usize) -> &Room {
        self.rooms.get(room).expect("the script counts its rooms")
    }

    fn say_in(&mut self, by: PeerIndex, room: usize) {
        let shown = self.shown(by, room);
        let word = self.word(by);
        let is_in_thread = self.is_one_in(5) && !shown.is_empty();
        let root = shown.get(self.world.dice.index(shown.len().max(1))).filter(|_| is_in_thread);
        let thread = root.map(|root| text(root, "id"));
        let asked = json!({
            "room": self.room(room).id,
            "text": format!("{word} <img src=x onerror=alert(1)> @Person {BOB}"),
            "id": format!("{:016x}{:016x}", self.world.dice.bits(), self.world.dice.bits()),
            "thread": thread,
        });
        let knows_of_removal = self.is_ted_removed && self.is_ted_gone_for(by);
        let Some(answer) = self.ask(by, "talk.say", asked.clone()) else { return };
        // A page that was not answered says it again, with the same id.
        if self.is_one_in(6)
            && let Some(again) = self.ask(by, "talk.say", asked)
        {
            let is_same = text(&again, "id") == text(&answer, "id");
            self.report.claim(is_same, || format!("{word} was said twice"));
        }
        self.spoken.push(Spoken {
            by,
            room,
            id: text(&answer, "id"),
            thread,
            words: vec![word],
            seen: shown.iter().map(|message| text(message, "id")).collect(),
            is_deleted: false,
            moderated_by: BTreeSet::new(),
            knows_of_removal,
            was_heard: None,
        });
        self.tally.threads += u64::from(is_in_thread);
        *(if self.room(room).is_direct { &mut self.tally.sealed } else { &mut self.tally.open }) += 1;
    }

    /// Returns what a peer shows of a conversation, oldest first, without threads.
    fn shown(&self, index: PeerIndex, room: usize) -> Vec<Value> {
        check::all_of(&self.world, index, &self.room(room).id).unwrap_or_default()
    }

    fn is_ted_gone_for(&self, index: PeerIndex) -> bool {
        let members = crate::check::members_seen_by(&self.world, index, self.web);
        members.get(&self.person(TED)).is_none_or(Value::is_null)
    }

    /// Picks something that was said.
    fn some_spoken(&mut self, is_wanted: impl Fn(&Self, &Spoken) -> bool) -> Option<usize> {
        let wanted: Vec<usize> = (0..self.spoken.len())
            .filter(|at| self.spoken.get(*at).is_some_and(|spoken| is_wanted(self, spoken)))
            .collect();
        (!wanted.is_empty())
            .then(|| self.world.dice.index(wanted.len()))
            .and_then(|at| wanted.get(at).copied())
    }

    fn edit(&mut self) {
        let Some(at) = self.some_spoken(|_, spoken| !spoken.is_deleted) else { return };
        let Some((by, id)) = self.spoken.get(at).map(|spoken| (spoken.by, spoken.id.clone())) else { return };
        let word = self.word(by);
        let asked = json!({ "message": id, "text": format!("{word} edited") });
        if self.ask(by, "talk.edit", asked).is_some()
            && let Some(spoken) = self.spoken.get_mut(at)
        {
            spoken.words.push(word);
            self.tally.edits += 1;
        }
    }

    fn delete(&mut self) {
        let Some(at) = self.some_spoken(|_, spoken| !spoken.is_deleted) else { return };
        let Some((by, id)) = self.spoken.get(at).map(|spoken| (spoken.by, spoken.id.clone())) else { return };
        if self.ask(by, "talk.delete", json!({ "message": id })).is_some()
            && let Some(spoken) = self.spoken.get_mut(at)
        {
            spoken.is_deleted = true;
            self.tally.deletes += 1;
        }
    }

    /// Carol takes something away in the room that she moderates, Alice in the other.
    fn moderate(&mut self) {
        let Some(at) = self.some_spoken(|town, spoken| !town.room(spoken.room).is_direct) else { return };
        let Some((room, id)) = self.spoken.get(at).map(|spoken| (spoken.room, spoken.id.clone())) else {
            return;
        };
        let by = if room == 0 { CAROL } else { ALICE };
        if self.ask(by, "talk.delete", json!({ "message": id })).is_some()
            && let Some(spoken) = self.spoken.get_mut(at)
        {
            spoken.moderated_by.insert(by);
            self.tally.moderated += 1;
        }
    }

    fn react(&mut self) {
        let by = self.world.dice.index(LATE);
        let at = self.some_spoken(|town, spoken| town.room(spoken.room).persons.contains(&by));
        let Some(id) = at.and_then(|at| self.spoken.get(at)).map(|spoken| spoken.id.clone()) else { return };
        let emoji = ["👍", "👎", "🦔"].get(self.world.dice.index(3)).copied().unwrap_or("👍");
        let withdraw = self.is_one_in(3);
        let asked = json!({ "message": id, "emoji": emoji, "withdraw": withdraw });
        self.tally.reactions += u64::from(self.ask(by, "talk.react", asked).is_some());
    }

    /// Carol mutes Mallory in the first room, for good.
    fn mute(&mut self) {
        if self.muted {
            return;
        }
        let shown: BTreeSet<String> = self.shown_with_threads(CAROL, 0);
        let person = self.person(MALLORY);
        let room = self.room(0).id.clone();
        if self.ask(CAROL, "talk.mute", json!({ "room": room, "person": person })).is_some() {
            self.muted = true;
            self.tally.mutes += 1;
            for spoken in self.spoken.iter_mut().filter(|spoken| spoken.by == MALLORY && spoken.room == 0) {
                spoken.was_heard = Some(shown.contains(&spoken.id));
            }
        }
    }

    /// Returns the ids of all messages of a room that a peer could show.
    fn shown_with_threads(&self, index: PeerIndex, room: usize) -> BTreeSet<String> {
        let spoken = self.spoken.iter().filter(|spoken| spoken.room == room);
        let ids = spoken.map(|spoken| spoken.id.clone());
        ids.filter(|id| self.world.read(index, "talk.message", json!({ "message": id })).is_ok()).collect()
    }

    fn remove_ted(&mut self) {
        if self.is_ted_removed {
            return;
        }
        let asked = json!({ "web": "town", "person": self.person(TED) });
        if self.ask(ALICE, "people.remove", asked).is_some() {
            self.is_ted_removed = true;
            self.tally.removed += 1;
        }
    }

    /// Mallory says as much as her program lets her.
    fn flood(&mut self) {
        let room = self.room(1).id.clone();
        for _ in 0..30 {
            let word = self.word(MALLORY);
            let knows_of_removal = self.is_ted_removed && self.is_ted_gone_for(MALLORY);
            let asked = json!({ "room": room, "text": format!("{word} {}", "flood ".repeat(200)) });
            let Some(answer) = self.ask(MALLORY, "talk.say", asked) else { return };
            self.spoken.push(Spoken {
                by: MALLORY,
                room: 1,
                id: text(&answer, "id"),
                thread: None,
                words: vec![word],
                seen: BTreeSet::new(),
                is_deleted: false,
                moderated_by: BTreeSet::new(),
                knows_of_removal,
                was_heard: None,
            });
            self.tally.open += 1;
        }
    }

    /// The weather clears, everybody has power and a clock that is right, nobody is apart.
    fn calm_down(&mut self) {
        self.world.set_weather(Weather::FAIR);
        for index in 0..LATE {
            self.world.move_to_side(index, 0);
            self.world.peer_mut(index).clock_error_ms = 0;
            // A clock that jumps back leaves alarms far in the future; a restart is what a person would do.
            self.world.power_cut(index, Duration::from_secs(1));
        }
        self.world.run_for(CALM);
    }

    /// Somebody joins, who has heard nothing of it all.
    fn late_one_comes(&mut self) {
        self.world.start(LATE);
        self.world.ask(LATE, "people.introduce", json!({ "name": format!("Person {LATE}") }));
        let invitation =
            act(&mut self.world, ALICE, "people.invite", json!({ "web": "town" })).unwrap_or_default();
        act(&mut self.world, LATE, "people.join", json!({ "link": text(&invitation, "link") }));
        self.world.run_for(Duration::from_mins(3));
        for room in self.rooms.iter_mut().filter(|room| !room.is_direct) {
            room.persons.insert(LATE);
        }
    }

    /// Those who are honest and belong to the web.
    fn honest(&self) -> Vec<PeerIndex> {
        (0..PEERS).filter(|index| *index != MALLORY && (*index != TED || !self.is_ted_removed)).collect()
    }
}

/// Asks, waits long, and takes only a yes.
fn act(world: &mut World, index: PeerIndex, operation: &str, arguments: Value) -> Option<Value> {
    let ask = world.ask(index, operation, arguments);
    world.run_for(Duration::from_secs(10));
    world.answer(ask)?.ok()
}

/// What everybody's pages said, by conversation and peer.
type Pages = BTreeMap<(usize, PeerIndex), Vec<Value>>;

fn ids(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| text(message, "id")).collect()
}

fn named<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    list(value, field).filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn towns_that_talk_in_storms_end_with_the_same_conversations() {
        let mut sum = TalkTally::default();
        for seed in 1..=6 {
            let (report, tally) = run(seed);
            assert!(report.wrong.is_empty(), "seed {seed}: {:#?}", report.wrong);
            assert!(report.checked > 300, "{} claims", report.checked);
            sum.add(&tally);
        }
        let TalkTally { open, sealed, threads, edits, deletes, moderated, reactions, mutes, .. } = sum;
        let TalkTally { hidden, removed, forged, states, .. } = sum;
        let all = [
            open, sealed, threads, edits, deletes, moderated, reactions, mutes, hidden, removed, forged,
            states,
        ];
        assert!(all.iter().all(|count| *count > 0), "something never happened: {sum:?}");
    }
}
