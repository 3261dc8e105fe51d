//! Small towns with enemies inside: a removed admin who dates back, with a friend who hands it on; two admins who remove each
//! other apart; a thief with a second computer; wrong clocks; one who withholds what it wrote; one who grinds at tickets.
//!
//! `cargo xtask sim --trust TOWNS` runs many, each by its seed. The checkers know from the script who may be in.

use std::collections::BTreeSet;
use std::time::Duration;

use base::{DeviceId, EntryId, Timestamp, WebId};
use kernel::Channel;
use serde_json::{Value, json};
use wire::codec::Bytes;
use wire::crypto::{SignKey, Signer as _};
use wire::entry::{Entry, Header, Log, VERSION};
use wire::governance::{Action, Admission, Cut, NewWords, Operation, Role, Rotation, WRAP_SIZE};
use wire::identity::{Key, RECOVER_DOMAIN, RecoveryKey, WordsChange, device_bytes};
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};
use wire::sync;
use wire::ticket::{Door, Ticket};

use crate::check::{Report, members_seen_by, person_of, text, web_label};
use crate::vault::Memory;
use crate::world::{PeerIndex, Weather, World};

/// Founds the web and is never removed.
const ALICE: PeerIndex = 0;
/// An owner.
const BOB: PeerIndex = 1;
/// An admin who is removed, and then lies about when it wrote what.
const MALLORY: PeerIndex = 2;
/// A member in good standing who hands on what Mallory writes.
const FRIEND: PeerIndex = 3;
/// Admins who remove each other.
const RIVALS: [PeerIndex; 2] = [4, 5];
/// Nobody honest ever invites it.
const OUTSIDER: PeerIndex = 6;
/// Alice's second computer, in a thief's hands.
const STOLEN: PeerIndex = 7;
/// A plain member with a wrong clock, who is away now and then.
const CAROL: PeerIndex = 8;
const PEERS: usize = 9;

/// Operations that Mallory dates back.
const LIES: u64 = 6;

struct Town {
    world: World,
    web: WebId,
    report: Report,
    /// Who an owner made admin or owner while it could.
    powerful: BTreeSet<PeerIndex>,
    /// What Mallory wrote after it was removed.
    lies: Vec<Bytes>,
    /// Its tickets.
    tickets: Vec<Ticket>,
    /// Whether the thief acts before Alice knows.
    thief_is_first: bool,
    /// Who has found Carol's recovery words after she took others.
    finder: DeviceId,
}

/// Runs one town; returns what was looked at, and what was wrong.
pub fn run(seed: u64) -> Report {
    let mut town = Town::begin(seed);
    town.steal();
    town.change_words();
    town.part();
    town.remove_mallory();
    town.lie();
    town.revoke_the_stolen();
    town.grind();
    town.meet();
    town.check();
    town.report
}

impl Town {
    fn begin(seed: u64) -> Self {
        let mut world = World::new(seed, PEERS, &Memory::shared());
        for index in 0..PEERS {
            if index == CAROL {
                let error = i64::try_from(world.dice.below(40 * 365 * 86_400_000)).unwrap_or(0);
                world.peer_mut(index).clock_error_ms = error - 20 * 365 * 86_400_000;
            }
            world.start(index);
            world.ask(index, "people.introduce", json!({ "name": format!("Person {index}") }));
        }
        let ask = world.ask(ALICE, "people.start_web", json!({ "name": "town" }));
        let answer = world.answer(ask).and_then(Result::ok).unwrap_or_default();
        let web = text(&answer, "id").parse().expect("starting a web answers with its id");
        let powerful = BTreeSet::from([ALICE, BOB, MALLORY, RIVALS[0], RIVALS[1]]);
        let mut town = Self {
            world,
            web,
            report: Report::default(),
            powerful,
            lies: Vec::new(),
            tickets: Vec::new(),
            thief_is_first: false,
            finder: DeviceId::new([0; 32]),
        };
        for (index, role) in [
            (BOB, "owner"),
            (MALLORY, "admin"),
            (FRIEND, "member"),
            (RIVALS[0], "admin"),
            (RIVALS[1], "admin"),
        ] {
            town.let_in(index, role);
        }
        // A clock years off makes every invitation look expired.
        let error = std::mem::take(&mut town.world.peer_mut(CAROL).clock_error_ms);
        town.let_in(CAROL, "member");
        town.world.peer_mut(CAROL).clock_error_ms = error;
        town
    }

    fn ask(&mut self, index: PeerIndex, operation: &str, mut arguments: Value) -> Option<Value> {
        if let (Some(label), Some(map)) = (web_label(&self.world, index, self.web), arguments.as_object_mut())
        {
            map.insert("web".to_owned(), json!(label));
        }
        let ask = self.world.ask(index, operation, arguments);
        self.world.answer(ask).and_then(Result::ok)
    }

    fn pass(&mut self, seconds: u64) {
        self.world.run_for(Duration::from_secs(seconds));
    }

    fn let_in(&mut self, index: PeerIndex, role: &str) {
        let link = self.ask(ALICE, "people.invite", json!({ "role": role })).unwrap_or_default();
        self.world.ask(index, "people.join", json!({ "link": text(&link, "link") }));
        self.pass(20);
        let is_in = self.members(ALICE).contains(&index);
        self.report.claim(is_in, || format!("peer {index} was not let in as {role}"));
    }

    fn members(&self, seen_by: PeerIndex) -> BTreeSet<PeerIndex> {
        let seen = members_seen_by(&self.world, seen_by, self.web);
        let is_in =
            |index: &PeerIndex| seen.get(&person_of(&self.world, *index)).is_some_and(|role| !role.is_null());
        (0..PEERS).filter(is_in).collect()
    }

    fn is_one_in(&mut self, many: u64) -> bool {
        self.world.dice.below(many) == 0
    }

    /// A second computer becomes Alice's; a thief takes it.
    fn steal(&mut self) {
        let ask = self.world.ask(ALICE, "people.add_device", json!({}));
        let link = self.world.answer(ask).and_then(Result::ok).unwrap_or_default();
        let arguments = json!({ "link": text(&link, "link"), "name": "second" });
        self.world.ask(STOLEN, "people.pair", arguments);
        self.pass(60);
        let is_hers = person_of(&self.world, STOLEN) == person_of(&self.world, ALICE);
        self.report.claim(is_hers, || "the second computer did not become Alice's".to_owned());
    }

    /// The rivals find themselves on two sides; each side removes the other's, and people go on.
    fn part(&mut self) {
        let weather = if self.is_one_in(2) { Weather::STORM } else { Weather::FAIR };
        self.world.set_weather(weather);
        for index in [FRIEND, RIVALS[1], CAROL] {
            if index == RIVALS[1] || self.is_one_in(2) {
                self.world.move_to_side(index, 1);
            }
        }
        let [one, other] = RIVALS;
        for (by, whom) in [(one, other), (other, one)] {
            let person = person_of(&self.world, whom);
            self.ask(by, "people.remove", json!({ "person": person }));
        }
        if self.is_one_in(2) {
            // What Mallory may still do, it does: it invites, on the side on which it is.
            self.ask(MALLORY, "people.invite", json!({ "uses": 3 }));
        }
        if self.is_one_in(2) {
            self.world.move_to_side(MALLORY, 1);
        }
        self.pass(30);
    }

    fn remove_mallory(&mut self) {
        let by = if self.is_one_in(2) { ALICE } else { BOB };
        let person = person_of(&self.world, MALLORY);
        let answer = self.ask(by, "people.remove", json!({ "person": person }));
        self.report.claim(answer.is_some(), || format!("peer {by} could not remove Mallory"));
        self.pass(1);
    }

    /// Mallory writes as if it had not heard, on its chain or beside it; its friend hands everything on.
    fn lie(&mut self) {
        for number in 0..LIES {
            if let Some(lie) = self.back_dated(number) {
                self.lies.push(Bytes::from(lie.bytes));
            }
        }
        self.hand_on();
        for ticket in self.tickets.clone() {
            self.world.ask(OUTSIDER, "people.join", json!({ "link": ticket.to_text() }));
        }
        self.pass(60);
        self.hand_on();
    }

    fn back_dated(&mut self, number: u64) -> Option<Entry> {
        let rows = self.world.peer(MALLORY).rows();
        let read = |entry: Entry| Some((Operation::read(&entry.header.body).ok()?.lamport, entry));
        let mut known: Vec<(u64, Entry)> =
            records::governance(&*rows, self.web).filter_map(Result::ok).filter_map(read).collect();
        let lies = self.lies.iter().filter_map(|bytes| read(Entry::read_known(bytes).ok()?));
        let mut own: Vec<(u64, Entry)> = known.clone();
        own.extend(lies);
        let vault = self.world.peer(MALLORY).vault();
        let author = vault.device();
        own.retain(|(_, entry)| entry.header.author == author);
        own.sort_by_key(|(_, entry)| entry.header.seq);
        known.sort_by_key(|(lamport, entry)| (*lamport, entry.id));
        let newest = known.get(known.len() / 2 + self.world.dice.index(known.len() / 2))?.clone();
        // One in three begins a second chain at a place that it has used.
        let shorter = usize::from(self.is_one_in(3));
        let before = own.len().checked_sub(1 + shorter).and_then(|at| own.get(at)).cloned()?;
        let action = self.harm(number, &known, newest.0);
        let operation = Operation {
            deps: vec![newest.1.id],
            lamport: newest.0.max(before.0) + 1,
            time: Timestamp::from_millis(self.world.dice.bits() >> 20),
            action,
        };
        let header = Header {
            version: VERSION,
            web: self.web,
            log: Log::Governance,
            author,
            seq: before.1.header.seq + 1,
            previous: before.1.id,
            body: Bytes::from(wire::to_bytes(&operation)),
        };
        Some(Entry::sign(header, &vault))
    }

    /// What Mallory would like to have done.
    fn harm(&mut self, number: u64, known: &[(u64, Entry)], lamport: u64) -> Action {
        let person = |index| person_of(&self.world, index).parse().expect("a person's id");
        let cuts = |device: DeviceId| {
            let theirs = known.iter().filter(|(at, entry)| *at <= lamport && entry.header.author == device);
            let newest = theirs.max_by_key(|(_, entry)| entry.header.seq);
            let cut = newest.map(|(_, entry)| Cut {
                device,
                log: Log::Governance,
                seq: entry.header.seq,
                entry: entry.id,
            });
            cut.into_iter().collect::<Vec<_>>()
        };
        match self.world.dice.clone().below(5) + number {
            0 | 5 => Action::Remove { person: person(BOB), cuts: cuts(self.world.peer(BOB).device) },
            1 | 6 => Action::Remove { person: person(FRIEND), cuts: cuts(self.world.peer(FRIEND).device) },
            2 | 7 => Action::SetRole { person: person(FRIEND), role: Role::Owner, cuts: Vec::new() },
            3 | 8 => Action::SetRole { person: person(MALLORY), role: Role::Owner, cuts: Vec::new() },
            _ => {
                let expires = Timestamp::from_millis(self.world.now_ms() + 86_400_000);
                let mut ticket = Ticket::new(self.web, self.world.dice.seed(), expires);
                for index in [FRIEND, CAROL, ALICE] {
                    let peer = self.world.peer(index);
                    ticket.doors.push(Door { device: peer.device, addresses: vec![peer.address()] });
                }
                let role = if number.is_multiple_of(2) { Role::Member } else { Role::Owner };
                let invite = Action::Invite {
                    ticket: ticket.id(),
                    role,
                    expires,
                    uses: 5,
                    admission: Admission::Open,
                };
                self.tickets.push(ticket);
                invite
            }
        }
    }

    /// The friend tells all it is connected with, as if it had just got it.
    fn hand_on(&mut self) {
        let message = sync::Message::Entries { web: self.web, entries: self.lies.clone(), is_last: true };
        let message = wire::to_bytes(&message);
        for from in [FRIEND, MALLORY] {
            for to in self.world.connected_to(from) {
                self.world.forge(from, to, Channel::Member, "records", &message);
            }
        }
        self.pass(5);
    }

    /// Carol takes new recovery words. Who has found the old ones comes by them, dated back to before, changes them, too, and revokes Carol's
    /// computer; the friend hands it on.
    fn change_words(&mut self) {
        let rows = self.world.peer(CAROL).rows();
        let read = |entry: Entry| Some((Operation::read(&entry.header.body).ok()?.lamport, entry.id));
        let known = records::governance(&*rows, self.web).filter_map(Result::ok).filter_map(read);
        let Some((mut lamport, mut before)) = known.max() else { return };
        let old = self.world.peer(CAROL).vault().words();
        let person = person_of(&self.world, CAROL).parse().expect("a person's id");
        let mut new = || RecoveryKey::from_seed(&self.world.dice.seed());
        let (own, stolen) = (new(), new());
        let change = json!(people::change_asked(&WordsChange::new(person, &old, &own), Vec::new()));
        let ask = self.world.ask(CAROL, "people.change_words", change);
        let is_changed = self.world.answer(ask).is_some_and(|answer| answer.is_ok());
        self.report.claim(is_changed, || "Carol could not take new words".to_owned());
        // In half of the towns others have heard of it before the finder's word comes.
        if self.is_one_in(2) {
            self.pass(60);
        }
        let finder = SignKey::from_seed(&self.world.dice.seed());
        self.finder = finder.device();
        let inception = Bytes::from(kernel::Vault::inception(&self.world.peer(CAROL).vault()));
        let proof = old.key().sign(RECOVER_DOMAIN, &device_bytes(person, self.finder));
        let change = WordsChange::new(person, &old, &stolen);
        let rotation = Rotation { key: Key([9; 32]), wraps: Vec::new(), recovery: vec![9; WRAP_SIZE].into() };
        let words = Some(NewWords { person, change, older: Vec::new() });
        let (mut previous, web) = (EntryId::new([0; 32]), self.web);
        for (seq, action) in (1..).zip([
            Action::Recover { inception, proof, key: None },
            Action::Revoke { devices: Vec::new(), cuts: Vec::new(), rotation, words },
        ]) {
            lamport += 1;
            let time = Timestamp::from_millis(0);
            let operation = Operation { deps: vec![before], lamport, time, action };
            let body = Bytes::from(wire::to_bytes(&operation));
            let author = self.finder;
            let header = Header { version: VERSION, web, log: Log::Governance, author, seq, previous, body };
            let entry = Entry::sign(header, &finder);
            (before, previous) = (entry.id, entry.id);
            self.lies.push(Bytes::from(entry.bytes));
        }
        self.hand_on();
    }

    /// The thief does what it can while Alice, who may be apart from it, revokes the computer.
    fn revoke_the_stolen(&mut self) {
        if self.is_one_in(2) {
            self.world.move_to_side(STOLEN, 1);
        }
        self.thief_is_first = self.is_one_in(2);
        let device = self.world.peer(STOLEN).device.to_string();
        for turn in 0..2 {
            if (turn == 0) == self.thief_is_first {
                let bob = person_of(&self.world, BOB);
                let mine = self.world.peer(ALICE).device.to_string();
                self.ask(STOLEN, "people.remove", json!({ "person": bob }));
                self.world.ask(STOLEN, "people.revoke_device", json!({ "device": mine }));
            } else {
                self.world.ask(ALICE, "people.revoke_device", json!({ "device": device }));
            }
        }
        self.pass(30);
    }

    /// Somebody without a ticket knocks and knocks.
    fn grind(&mut self) {
        let vault = self.world.peer(OUTSIDER).vault();
        let person = person_of(&self.world, OUTSIDER).parse().expect("a person's id");
        for _ in 0..20 {
            let ticket = Ticket::new(self.web, self.world.dice.seed(), Timestamp::from_millis(u64::MAX));
            let proof = ticket.key().sign(PROOF_DOMAIN, &proof_bytes(self.web, person, vault.device()));
            let inception = Bytes::from(kernel::Vault::inception(&vault));
            let hello = Message::Hello { web: self.web, ticket: ticket.id(), proof, inception, chain: None };
            self.world.forge(OUTSIDER, ALICE, Channel::Join, "people", &wire::to_bytes(&hello));
        }
        self.pass(5);
    }

    /// Everybody is together again, and it is calm.
    fn meet(&mut self) {
        self.world.set_weather(Weather::FAIR);
        for index in 0..PEERS {
            self.world.move_to_side(index, 0);
            self.world.peer_mut(index).clock_error_ms = 0;
            self.world.power_cut(index, Duration::from_secs(1));
        }
        self.pass(120);
        self.hand_on();
        self.pass(240);
    }

    fn check(&mut self) {
        let Self { world, web, report, powerful, thief_is_first, finder, .. } = self;
        let rows = world.peer(CAROL).rows();
        let is_in = |index: PeerIndex| {
            people::read::is_member(&*rows, *web, world.peer(index).device).unwrap_or(false)
        };
        let mut together = BTreeSet::from([CAROL]);
        let mut ahead = vec![CAROL];
        while let Some(index) = ahead.pop() {
            ahead.extend(world.connected_to(index).into_iter().filter(|other| together.insert(*other)));
        }
        let peers: Vec<PeerIndex> = together.iter().copied().filter(|index| *index != FRIEND).collect();
        // Who was removed on one side by a thief, and knows why that is void, is heard through the door (spec sync rule 29).
        let is_split = [ALICE, BOB].iter().any(|index| !together.contains(index)) && !*thief_is_first;
        report.claim(!is_split, || format!("a thief has split people: only {together:?} are together"));
        for index in [ALICE, BOB, RIVALS[0], RIVALS[1]].into_iter().filter(|index| is_in(*index)) {
            report.claim(together.contains(&index), || format!("peer {index} is in, and not connected"));
        }
        let current = |index: PeerIndex| {
            world.peer(index).keyring().and_then(|keyring| Some(keyring.current(*web)?.id()))
        };
        let (seen, key) = (members_seen_by(world, CAROL, *web), current(CAROL));
        report.claim(key.is_some(), || "Carol writes under no key".to_owned());
        for index in peers.iter().copied() {
            let theirs = members_seen_by(world, index, *web);
            report.claim(theirs == seen, || format!("peer {index} sees {theirs:?}, Carol {seen:?}"));
            report.claim(current(index) == key, || format!("peer {index} writes under another key"));
        }
        let finder = people::read::is_member(&*rows, *web, *finder).unwrap_or(false);
        report.claim(!finder, || "who has found old words has come by them".to_owned());
        for out in [MALLORY, OUTSIDER] {
            report.claim(!is_in(out), || format!("peer {out} is a member"));
        }
        report.claim(is_in(ALICE) != is_in(STOLEN), || {
            "of two that revoked each other not one is left".to_owned()
        });
        report.claim(is_in(BOB) || *thief_is_first, || "Bob is out".to_owned());
        report.claim(is_in(ALICE) || *thief_is_first, || "Alice is out".to_owned());
        let rivals = RIVALS.iter().filter(|rival| is_in(**rival)).count();
        report.claim(rivals == 1, || format!("{rivals} of two who removed each other are left"));
        for (person, role) in &seen {
            let index = (0..PEERS).find(|index| person_of(world, *index) == *person);
            let is_powerful = matches!(role.as_str(), Some("admin" | "owner"));
            report.claim(!is_powerful || index.is_some_and(|index| powerful.contains(&index)), || {
                format!("peer {index:?} has become {role}")
            });
        }
        for out in (0..PEERS).filter(|index| !is_in(*index) && *index != CAROL) {
            let holds = key.is_some_and(|key| {
                world.peer(out).keyring().is_some_and(|keyring| keyring.get(*web, key).is_some())
            });
            report.claim(!holds, || format!("peer {out} is out and holds the key of now"));
        }
    }
}
