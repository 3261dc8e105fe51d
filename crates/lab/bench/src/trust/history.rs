//! Signed governance histories of a thousand members: in a row, two halves that never met, two sides that meet again and again.

use std::collections::BTreeMap;

use base::{DeviceId, EntryId, PersonId, Timestamp, WebId};
use wire::codec::Bytes;
use wire::crypto::{PersonKey, SignKey, Signer as _};
use wire::entry::{Entry, Header, Log, VERSION, web_of_genesis};
use wire::governance::{Action, Admission, Cut, Operation, Role, Serving};
use wire::identity::{DEVICE_DOMAIN, Inception, device_bytes};
use wire::join::{PROOF_DOMAIN, proof_bytes};
use wire::ticket::Ticket;

/// Members of the web.
pub(crate) const MEMBERS: usize = 1_000;

/// Devices added at most: twelve for each of those who add some, of the 16 that a person may have.
const ADDED_MAX: u64 = 5_000;

/// The keys of a person with one device.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Signs.
    pub(crate) device: SignKey,
    /// What the person begins with.
    pub(crate) inception: Vec<u8>,
    /// Who it is.
    pub(crate) person: PersonId,
}

impl Keys {
    /// Makes the keys of a number.
    pub(crate) fn new(number: usize) -> Self {
        let key = |purpose| blake3::derive_key(purpose, &number.to_be_bytes());
        let device = SignKey::from_seed(&key("bench device"));
        let person_key = PersonKey::from_seed(&key("bench person"));
        let inception = Inception::new(&SignKey::from_seed(&key("bench recovery")), &device, &person_key);
        Self { device, person: inception.person(), inception: inception.to_bytes() }
    }
}

/// How the operations after the first ones follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each knows all before it.
    Row,
    /// Two sides that never hear of each other.
    Halves,
    /// Two sides that hear of each other whenever each has written this many.
    Meeting(usize),
}

/// A web and all its entries, in an order in which one peer may have got them.
#[derive(Debug)]
pub(crate) struct History {
    /// The web.
    pub(crate) web: WebId,
    /// Entries, parents first.
    pub(crate) entries: Vec<Entry>,
    persons: Vec<Keys>,
    chains: BTreeMap<DeviceId, (u64, EntryId)>,
    lamports: BTreeMap<EntryId, u64>,
    tickets: u64,
    added: u64,
}

impl History {
    /// Writes and signs a whole history.
    pub(crate) fn new(shape: Shape, operations: usize) -> Self {
        let mut history = Self::founded();
        let mut last = history.let_everybody_in();
        let rest = operations - history.entries.len();
        match shape {
            Shape::Row => {
                for number in 0..rest {
                    last = history.act(number, 0, &last);
                }
            }
            Shape::Halves => history.sides(&last, rest, rest / 2),
            Shape::Meeting(after) => history.sides(&last, rest, after),
        }
        history
    }

    /// Writes `count` operations of two sides that meet whenever each has written `after`.
    fn sides(&mut self, start: &[EntryId], count: usize, after: usize) {
        let mut known = start.to_vec();
        let mut written = 0;
        while written < count {
            let mut ends = Vec::new();
            for side in 0..2 {
                let mut last = known.clone();
                for number in 0..after.min(count / 2) {
                    last = self.act(written / 2 + number, side, &last);
                }
                ends.extend(last);
            }
            written += 2 * after.min(count / 2);
            known = ends;
        }
    }

    fn founded() -> Self {
        let persons: Vec<Keys> = (0..MEMBERS).map(Keys::new).collect();
        let founder = &persons[0];
        let action = Action::Genesis {
            nonce: EntryId::new([7; 32]),
            inception: Bytes::from(founder.inception.clone()),
            chain: None,
            key: None,
        };
        let operation = Operation { deps: Vec::new(), lamport: 1, time: Timestamp::from_millis(0), action };
        let header = Header {
            version: VERSION,
            web: WebId::new([0; 32]),
            log: Log::Governance,
            author: founder.device.device(),
            seq: 1,
            previous: EntryId::new([0; 32]),
            body: Bytes::from(wire::to_bytes(&operation)),
        };
        let genesis = Entry::sign(header, &founder.device);
        Self {
            web: web_of_genesis(&genesis),
            chains: BTreeMap::from([(founder.device.device(), (1, genesis.id))]),
            lamports: BTreeMap::from([(genesis.id, 1)]),
            entries: vec![genesis],
            persons,
            tickets: 0,
            added: 0,
        }
    }

    /// The founder invites; each joins; one in twenty becomes an admin.
    fn let_everybody_in(&mut self) -> Vec<EntryId> {
        let ticket = Ticket::new(self.web, [9; 32], Timestamp::from_millis(u64::MAX));
        let mut last = vec![self.entries[0].id];
        last = self.write(0, &last, Self::invitation(&ticket, 10_000));
        for who in 1..MEMBERS {
            let (person, device) = (self.persons[who].person, self.persons[who].device.device());
            let proof = ticket.key().sign(PROOF_DOMAIN, &proof_bytes(self.web, person, device));
            let inception = Bytes::from(self.persons[who].inception.clone());
            let join = Action::Join { ticket: ticket.id(), proof, inception, chain: None, key: None };
            last = self.write(who, &last, join);
            if who % 20 == 0 {
                let promotion = Action::SetRole { person, role: Role::Admin, cuts: Vec::new() };
                last = self.write(0, &last, promotion);
            }
        }
        last
    }

    fn invitation(ticket: &Ticket, uses: u32) -> Action {
        let expires = Timestamp::from_millis(u64::MAX);
        Action::Invite { ticket: ticket.id(), role: Role::Member, expires, uses, admission: Admission::Open }
    }

    /// Somebody of a side does something that counts: says what a computer serves, invites, adds a device; the founder makes
    /// members admins and takes it back. No device writes on both sides.
    fn act(&mut self, number: usize, side: usize, known: &[EntryId]) -> Vec<EntryId> {
        let admin = 20 * (1 + 2 * (number % 24) + side);
        match number % 10 {
            6 | 7 => {
                self.tickets += 1;
                let secret = blake3::derive_key("bench ticket", &self.tickets.to_be_bytes());
                let ticket = Ticket::new(self.web, secret, Timestamp::from_millis(u64::MAX));
                self.write(admin, known, Self::invitation(&ticket, 1))
            }
            8 if side == 0 => self.change_role(number, known),
            8 | 9 if self.added < ADDED_MAX => self.add_device(member(number / 10, side), known),
            _ => {
                let serving = Serving { broker: number.is_multiple_of(2), ..Serving::default() };
                self.write(member(number, side), known, Action::Serve { serving })
            }
        }
    }

    /// Every second time the role is taken that was given the time before.
    fn change_role(&mut self, number: usize, known: &[EntryId]) -> Vec<EntryId> {
        let whom = &self.persons[member(number / 20, 0)];
        let (person, device) = (whom.person, whom.device.device());
        let is_given = number % 20 < 10;
        let cut = self.chains.get(&device).filter(|_| !is_given);
        let cut = cut.map(|(seq, entry)| Cut { device, log: Log::Governance, seq: *seq, entry: *entry });
        let role = if is_given { Role::Admin } else { Role::Member };
        self.write(0, known, Action::SetRole { person, role, cuts: cut.into_iter().collect() })
    }

    fn add_device(&mut self, who: usize, known: &[EntryId]) -> Vec<EntryId> {
        self.added += 1;
        let new = SignKey::from_seed(&blake3::derive_key("bench added", &self.added.to_be_bytes()));
        let (person, device) = (self.persons[who].person, new.device());
        let proof = new.sign(DEVICE_DOMAIN, &device_bytes(person, device));
        self.write(who, known, Action::AddDevice { person, device, proof })
    }

    fn write(&mut self, who: usize, known: &[EntryId], action: Action) -> Vec<EntryId> {
        let key = &self.persons[who].device;
        let author = key.device();
        let (before, previous) = self.chains.get(&author).copied().unwrap_or((0, EntryId::new([0; 32])));
        let mut deps = known.to_vec();
        deps.sort_unstable();
        let own = self.lamports.get(&previous).copied().unwrap_or_default();
        let newest = deps.iter().filter_map(|dep| self.lamports.get(dep)).max().copied().unwrap_or_default();
        let lamport = newest.max(own) + 1;
        let operation = Operation { deps, lamport, time: Timestamp::from_millis(lamport), action };
        let header = Header {
            version: VERSION,
            web: self.web,
            log: Log::Governance,
            author,
            seq: before + 1,
            previous,
            body: Bytes::from(wire::to_bytes(&operation)),
        };
        let entry = Entry::sign(header, key);
        let id = entry.id;
        self.chains.insert(author, (before + 1, id));
        self.lamports.insert(id, lamport);
        self.entries.push(entry);
        vec![id]
    }
}

/// Members that the first operations made no admins, a half for each side.
fn member(number: usize, side: usize) -> usize {
    let member = (number % 400) * 2 + side;
    member + member / 19 + 1
}
