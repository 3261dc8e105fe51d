//! How long a warning takes through one large web in fair weather: with whole peers, and with light ones when whole ones do not fit.
//!
//! `cargo xtask sim --alarm MEMBERS`, `--alarm-light MEMBERS`. A light peer has the real [`records`], its ring of neighbours among them, and the
//! real [`guard`] and its gate; who belongs to the web stands in rows from the beginning, shared by all, and so does its key. What that leaves
//! out is told in `docs/benchmarks.md`: nobody joins, nothing but this is said in the web, and nobody's
//! file comes to anybody.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base::{ContentId, DeviceId, Fault, PersonId, WebId};
use guard::Gate;
use kernel::{Input, Reader, Service, Step};
use minicbor::{Decode, Encode};
use serde_json::json;
use store::{MemoryBacking, Table};
use wire::crypto::EpochKey;

use crate::jobs::ground::{self, Nothing, WEB};
use crate::outbreaks::Scanner;
use crate::peer::Ground;
use crate::vault::Memory;
use crate::world::{PeerIndex, World};

/// How often it is looked who is warned.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Who is not warned by then is counted as missed.
const PATIENCE: Duration = Duration::from_secs(30);
/// From the writing of a file to the moments in which its computer says that it is there, and which content it has: what watcher and hashing
/// take in this world.
const UNTIL_SEEN: Duration = Duration::from_millis(250);
const UNTIL_HASHED: Duration = Duration::from_millis(265);
/// Bytes of a record of a file.
const RECORD_SIZE: usize = 300;
/// A web of more members is gathered one by one: when all hear of each who joins, that takes the cube of their number.
const TOGETHER_MAX: usize = 150;

// Tables of the real `records` and `files`, as those lay them out.
const AUTHORS: Table<(WebId, DeviceId), Author> = Table::new("records.authors");
const HELD: Table<(WebId, ContentId), Held> = Table::new("files.held");
const ARRIVED: Table<ContentId, ()> = Table::new("files.arrived");

#[derive(Debug, Clone, Encode, Decode)]
struct Author(#[n(0)] bool, #[n(1)] Option<()>, #[n(2)] bool, #[n(3)] Option<PersonId>);

#[derive(Debug, Clone, Encode, Decode)]
struct Held(#[n(0)] u64, #[n(1)] bool, #[n(2)] Option<bool>);

/// How long a warning took.
#[derive(Debug, Clone, Default)]
pub struct Alarm {
    /// Members who had joined.
    pub members: usize,
    /// From the moment in which the file was written to the moment in which a member's gate was shut, ascending, in milliseconds.
    pub times_ms: Vec<u64>,
    /// Members who were not warned in time.
    pub missed: usize,
    /// Messages of all kinds between peers, for all.
    pub messages: u64,
    /// Wall time of the warning at one peer, on average: simulated time knows nothing of processors.
    pub wall_each: Duration,
    /// Wall time of the whole run.
    pub wall: Duration,
}

impl Alarm {
    /// Returns the time within which so many of 100 were warned.
    pub fn time(&self, of_100: usize) -> u64 {
        let at = (self.times_ms.len() * of_100).div_ceil(100).saturating_sub(1);
        self.times_ms.get(at).copied().unwrap_or(0)
    }

    /// Looks at every gate until all are shut.
    fn watch(&mut self, world: &mut World, (here, content): (&[PeerIndex], ContentId), since: u64) {
        let (begun, before) = (Instant::now(), world.tally.messages);
        let mut without = here.to_vec();
        let end = world.now_ms() + u64::try_from(PATIENCE.as_millis()).unwrap_or(0);
        while !without.is_empty() && world.now_ms() < end {
            world.run_for(LOOK_EVERY);
            let (now, count) = (world.now_ms(), without.len());
            without.retain(|index| {
                let peer = world.peer(*index);
                !matches!(guard::gate(&*peer.rows(), content, peer.clock(now)), Ok(Gate::Shut(_)))
            });
            self.times_ms.extend(std::iter::repeat_n(now - since, count - without.len()));
        }
        self.missed = without.len();
        self.messages = world.tally.messages - before;
        let count = u32::try_from(here.len()).unwrap_or(u32::MAX);
        self.wall_each = begun.elapsed().checked_div(count).unwrap_or_default();
    }
}

/// Warns one large web of whole peers: one member's scanner finds something.
///
/// # Panics
/// Never: what is written is there.
pub fn alarm(seed: u64, members: usize) -> Alarm {
    let begun = Instant::now();
    let mut world = World::new(seed, members, &Memory::shared());
    for index in 0..members {
        let knows = (index == 0).then(BTreeSet::new);
        world.set_scanner(index, Scanner { knows, ..Scanner::default() });
    }
    let here = if members > TOGETHER_MAX {
        world.come_one_by_one(members)
    } else {
        (0..members).for_each(|index| world.start(index));
        world.crowd_together(members)
    };
    let folder = world.peer(0).folder();
    world.ask(0, "files.share", json!({ "web": "town", "folder": folder, "name": "things" }));
    world.run_for(Duration::from_mins(2));
    world.write(0, "letter", 1, 5_000);
    let content = world.peer(0).disk.file("letter").map(crate::disk::SimFile::content);
    let content = content.expect("it was written");
    world.teach_scanner(0, content);
    let mut alarm = Alarm { members: here.len(), ..Alarm::default() };
    let since = world.now_ms();
    world.tell_watcher(0, &["letter"], &[]);
    alarm.watch(&mut world, (&here, content), since);
    alarm.wall = begun.elapsed();
    alarm
}

/// Warns one large web of light peers.
pub fn light(seed: u64, members: usize) -> Alarm {
    let begun = Instant::now();
    let mut world = World::new(seed, members, &Memory::shared());
    world.is_open = true;
    let all: Vec<DeviceId> = world.peers.iter().map(|peer| peer.device).collect();
    let home = home(&all);
    for index in 0..members {
        let knows = (index == 0).then(BTreeSet::new);
        world.set_scanner(index, Scanner { knows, ..Scanner::default() });
        let peer = world.peer_mut(index);
        peer.stand_on(ground::of(peer.device, home.power_cut()), Ground::Light);
        world.start(index);
    }
    // Within a minute each tells how it is protected, which is not what is timed.
    world.run_for(Duration::from_secs(20));
    let content = ContentId::new([9; 32]);
    world.teach_scanner(0, content);
    let mut alarm = Alarm { members, ..Alarm::default() };
    let since = world.now_ms();
    // Both records go the same ways as the warning, just ahead of it, and what is said later does not overtake them.
    for (after, kind) in [(UNTIL_SEEN, "files.seen"), (UNTIL_HASHED, "files.came")] {
        world.input_after(after, 0, Input::Noticed { kind, report: content.as_bytes().to_vec() });
    }
    let here: Vec<PeerIndex> = (0..members).collect();
    alarm.watch(&mut world, (&here, content), since);
    alarm.wall = begun.elapsed();
    alarm
}

impl World {
    /// Has peers that are off join one web, `town`, of the first, each while all others are off; then all come at about the same time and
    /// hear of each other. Returns who knows everybody after a while.
    fn come_one_by_one(&mut self, members: usize) -> Vec<PeerIndex> {
        self.start(0);
        self.ask(0, "people.start_web", json!({ "name": "town" }));
        self.run_for(Duration::from_secs(10));
        let invite = json!({ "web": "town", "uses": members, "hours": 8_000 });
        let link = self.ask_and_wait(0, "people.invite", invite).ok();
        let link = link.and_then(|invited| invited.get("link").cloned());
        for index in 1..members {
            self.start(index);
            let _joined = self.ask_and_wait(index, "people.join", json!({ "link": link }));
            self.run_for(Duration::from_secs(2));
            // They come back by the loop below: this is long after.
            self.power_cut(index, Duration::from_hours(240));
        }
        for index in 1..members {
            self.start(index);
            if index % 20 == 0 {
                self.run_for(Duration::from_millis(500));
            }
        }
        let knows_all = |world: &Self, index: PeerIndex| {
            let shown = world.read(index, "people.members", json!({ "web": "town" })).unwrap_or_default();
            crate::check::list(&shown, "members").count() >= members
        };
        for _ in 0..60 {
            self.run_for(Duration::from_mins(1));
            if (0..members).all(|index| knows_all(self, index)) {
                break;
            }
        }
        (0..members).filter(|index| knows_all(self, *index)).collect()
    }
}

/// Returns rows that all light peers have.
fn home(members: &[DeviceId]) -> MemoryBacking {
    let backing = ground::home_of(members);
    ground::write(&backing, |rows| {
        for device in members {
            AUTHORS.put(rows, &(WEB, *device), &Author(true, None, false, Some(ground::person(*device))));
        }
    });
    backing
}

/// Returns the services of a light peer.
pub(crate) fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(records::service()), Box::new(Belonging), Box::new(Coming)]
}

/// Takes the place of `people`: the key of the web is here.
#[derive(Debug)]
struct Belonging;

impl Service for Belonging {
    fn name(&self) -> &'static str {
        "people"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        if matches!(input, Input::Started) {
            let key = EpochKey::new([5; 32]);
            let id = key.id();
            step.keyring().add(WEB, key);
            step.keyring().set_current(WEB, Some(id));
            records::keys_changed(step, WEB)?;
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Nothing)
    }
}

/// Takes the place of `files`: what is noticed to have come is here.
#[derive(Debug)]
struct Coming;

impl Service for Coming {
    fn name(&self) -> &'static str {
        "files"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let Input::Noticed { kind, report } = input else { return Ok(()) };
        records::publish(step, WEB, "files", vec![0; RECORD_SIZE])?;
        if kind == "files.came"
            && let Ok(bytes) = <[u8; 32]>::try_from(report.as_slice())
        {
            let content = ContentId::new(bytes);
            HELD.put(step.rows(), &(WEB, content), &Held(5_000, true, None));
            ARRIVED.put(step.rows(), &content, &());
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Nothing)
    }
}
