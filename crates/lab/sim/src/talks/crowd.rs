//! One room of many members in fair weather: how long a message takes to all of them.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::check::text;
use crate::vault::Memory;
use crate::world::{PeerIndex, World};

use super::act;

/// Messages that are timed.
const MESSAGES: u64 = 5;
/// How often it is looked who has it.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Whoever does not have it by then is counted as without.
const LOOKS: usize = 400;

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Crowd {
    /// Members who had joined.
    pub members: usize,
    /// How long each message took to each member, ascending, in milliseconds.
    pub times_ms: Vec<u64>,
    /// Messages that did not come to somebody in time.
    pub missed: u64,
    /// Messages of all kinds between peers for each that was said.
    pub messages: u64,
    /// Wall time of the whole run.
    pub wall: Duration,
}

impl Crowd {
    /// Returns the time within which so many of 100 had it.
    pub fn time(&self, of_100: usize) -> u64 {
        let at = (self.times_ms.len() * of_100).div_ceil(100).saturating_sub(1);
        self.times_ms.get(at).copied().unwrap_or(0)
    }
}

/// Runs one crowd.
pub fn crowd(seed: u64, members: usize) -> Crowd {
    let begun = Instant::now();
    let mut world = World::new(seed, members, &Memory::shared());
    for index in 0..members {
        world.start(index);
    }
    act(&mut world, 0, "people.start_web", json!({ "name": "town" }));
    let invite = json!({ "web": "town", "uses": members, "hours": 8_000 });
    let link = act(&mut world, 0, "people.invite", invite).map(|invitation| text(&invitation, "link"));
    for index in 1..members {
        world.ask(index, "people.join", json!({ "link": link }));
        if index % 20 == 0 {
            world.run_for(Duration::from_millis(500));
        }
    }
    world.run_for(Duration::from_mins(12));
    let room = act(&mut world, 0, "talk.start", json!({ "web": "town", "name": "square" }));
    let room = room.map(|room| text(&room, "id")).unwrap_or_default();
    world.run_for(Duration::from_mins(2));
    let knows = |world: &World, index: PeerIndex| {
        world.read(index, "talk.messages", json!({ "room": room, "limit": 1 })).is_ok()
    };
    let here: Vec<PeerIndex> = (0..members).filter(|index| knows(&world, *index)).collect();
    let mut crowd = Crowd { members: here.len(), ..Crowd::default() };
    let before = world.tally.messages;
    for number in 0..MESSAGES {
        let Some(by) = here.get(world.dice.index(here.len())).copied() else { break };
        let asked = json!({ "room": room, "text": format!("message {number} for everybody") });
        let ask = world.ask(by, "talk.say", asked);
        let id = world.answer(ask).and_then(Result::ok).map(|said| text(&said, "id")).unwrap_or_default();
        let mut without: Vec<PeerIndex> = here.iter().copied().filter(|index| *index != by).collect();
        let since = world.now_ms();
        for _ in 0..LOOKS {
            world.run_for(LOOK_EVERY);
            let taken = world.now_ms() - since;
            let has = |world: &World, index: PeerIndex| {
                world.read(index, "talk.message", json!({ "message": id })).is_ok()
            };
            let count = without.len();
            without.retain(|index| !has(&world, *index));
            crowd.times_ms.extend(std::iter::repeat_n(taken, count - without.len()));
            if without.is_empty() {
                break;
            }
        }
        crowd.missed += u64::try_from(without.len()).unwrap_or(0);
        world.run_for(Duration::from_secs(10));
    }
    crowd.messages = (world.tally.messages - before) / MESSAGES;
    crowd.times_ms.sort_unstable();
    crowd.wall = begun.elapsed();
    crowd
}
