//! Histories of governance made of bytes: a script says who signs what, knowing what, at which place. Every signature
//! holds; bodies, places and knowledge may be anything. No history may panic, and every order of arrival has one state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp, WebId};
use wire::codec::Bytes;
use wire::crypto::{PersonKey, SignKey, Signer as _, Strict};
use wire::entry::{Entry, Header, Log, VERSION, web_of_genesis};
use wire::governance::{
    Action, Admission, Cut, DeviceWrap, NewWords, OlderKey, Operation, Role, Rotation, Serving, WRAP_SIZE,
    Wrap,
};
use wire::identity::{
    ADOPT_DOMAIN, Adoption, DEVICE_DOMAIN, Inception, Key, RECOVER_DOMAIN, RecoveryKey, WordsChange,
    device_bytes,
};
use wire::join::{PROOF_DOMAIN, proof_bytes};

use crate::evaluate::{Evaluation, Op, Timeline, evaluate, evaluate_entries};

/// Persons, each with a first device; the devices after those are second ones of the first persons.
const PERSONS: usize = 6;
const DEVICES: usize = 10;
const TICKETS: usize = 5;

/// Entries of one script at most: more make it slow, and say no more.
const ENTRIES_MAX: usize = 24;

const NOWHERE: EntryId = EntryId::new([0; 32]);

struct Person {
    id: PersonId,
    recovery: RecoveryKey,
    inception: Bytes,
}

struct Cast {
    devices: Vec<SignKey>,
    persons: Vec<Person>,
    tickets: Vec<SignKey>,
}

static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let seed = |what: &str, number: usize| *blake3::hash(format!("{what} {number}").as_bytes()).as_bytes();
    let devices: Vec<SignKey> = (0..DEVICES).map(|at| SignKey::from_seed(&seed("device", at))).collect();
    let person = |at: usize| {
        let recovery = RecoveryKey::from_seed(&seed("recovery", at));
        let first = PersonKey::from_seed(&seed("person", at));
        let inception = Inception::new(recovery.key(), &devices[at], &first);
        Person { id: inception.person(), inception: inception.to_bytes().into(), recovery }
    };
    let persons = (0..PERSONS).map(person).collect();
    let tickets = (0..TICKETS).map(|at| SignKey::from_seed(&seed("ticket", at))).collect();
    Cast { devices, persons, tickets }
});

/// A web of Alice, owner; Bob, admin; Carol, member; Ted, owner. Everybody let in by Alice.
static BEGINNING: LazyLock<World> = LazyLock::new(|| {
    let mut world = World { web: WebId::new([0; 32]), entries: Vec::new(), read: Vec::new() };
    let genesis = Action::Genesis {
        nonce: NOWHERE,
        inception: CAST.persons[0].inception.clone(),
        chain: None,
        key: None,
    };
    world.write(0, genesis);
    world.web = web_of_genesis(&world.entries[0]);
    for (at, role) in [(1, Role::Admin), (2, Role::Member), (3, Role::Owner)] {
        let ticket = TicketId::new(CAST.tickets[at].public());
        let terms = Action::Invite {
            ticket,
            role,
            expires: Timestamp::default(),
            uses: 2,
            admission: Admission::Open,
        };
        world.write(0, terms);
        let join = world.join(at, at, at);
        world.write(at, join);
    }
    world
});

/// The bytes of a script; after its end everything is 0.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit.max(1)
    }
}

/// The entries there are, and their operations as far as they can be read.
#[derive(Clone)]
struct World {
    web: WebId,
    entries: Vec<Entry>,
    read: Vec<Option<Operation>>,
}

/// Where an entry says it stands.
struct Place {
    deps: Vec<EntryId>,
    previous: Option<usize>,
    lamport: u64,
}

impl World {
    fn device(at: usize) -> DeviceId {
        CAST.devices[at % DEVICES].device()
    }

    /// The newest of a device's own entries among `known`.
    fn newest(&self, known: &BTreeSet<usize>, device: DeviceId) -> Option<usize> {
        let own = known.iter().copied().filter(|at| self.entries[*at].header.author == device);
        own.max_by_key(|at| self.entries[*at].header.seq)
    }

    /// Some entries and all before them.
    fn past(&self, some: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let place: BTreeMap<EntryId, usize> =
            self.entries.iter().zip(0..).map(|(entry, at)| (entry.id, at)).collect();
        let mut past = BTreeSet::new();
        let mut ahead: Vec<usize> = some.into_iter().collect();
        while let Some(at) = ahead.pop() {
            if past.insert(at) {
                let deps = self.read[at].iter().flat_map(|operation| &operation.deps);
                let parents = deps.chain([&self.entries[at].header.previous]);
                ahead.extend(parents.filter_map(|id| place.get(id)));
            }
        }
        past
    }

    /// Those among `known` which no other one follows.
    fn heads(&self, known: &BTreeSet<usize>) -> Vec<EntryId> {
        let followed: BTreeSet<EntryId> = known
            .iter()
            .flat_map(|at| {
                let deps = self.read[*at].iter().flat_map(|operation| operation.deps.iter().copied());
                deps.chain([self.entries[*at].header.previous])
            })
            .collect();
        known.iter().map(|at| self.entries[*at].id).filter(|id| !followed.contains(id)).collect()
    }

    /// Where an honest device that knows all would write.
    fn honest(&self, author: usize, known: &BTreeSet<usize>) -> Place {
        let mut deps = self.heads(known);
        deps.sort_unstable();
        deps.truncate(16);
        let previous = self.newest(known, Self::device(author));
        let lamports =
            known.iter().filter_map(|at| self.read[*at].as_ref().map(|operation| operation.lamport));
        Place { deps, previous, lamport: lamports.max().unwrap_or(0).saturating_add(1) }
    }

    fn write(&mut self, author: usize, action: Action) {
        let all = (0..self.entries.len()).collect();
        let place = self.honest(author, &all);
        let operation =
            Operation { deps: place.deps, lamport: place.lamport, time: Timestamp::default(), action };
        self.sign(author, place.previous, wire::to_bytes(&operation));
    }

    fn sign(&mut self, author: usize, previous: Option<usize>, body: Vec<u8>) {
        let previous = previous.map(|at| &self.entries[at]);
        let header = Header {
            version: VERSION,
            web: if self.entries.is_empty() { WebId::new([0; 32]) } else { self.web },
            log: Log::Governance,
            author: Self::device(author),
            seq: previous.map_or(1, |entry| entry.header.seq.saturating_add(1)),
            previous: previous.map_or(NOWHERE, |entry| entry.id),
            body: body.into(),
        };
        let entry = Entry::sign(header, &CAST.devices[author % DEVICES]);
        if self.entries.iter().all(|known| known.id != entry.id) {
            let entry = Entry::read(&entry.bytes, &Strict).expect("it was signed just now");
            self.read.push(Operation::read(&entry.header.body).ok());
            self.entries.push(entry);
        }
    }

    fn join(&self, device: usize, person: usize, ticket: usize) -> Action {
        let (of, author) = (&CAST.persons[person % PERSONS], Self::device(device));
        let ticket = &CAST.tickets[ticket % TICKETS];
        // Later devices show how they came to be the person's.
        let chain = (device != person).then(|| {
            let signature = CAST.devices[person % PERSONS].sign(ADOPT_DOMAIN, &device_bytes(of.id, author));
            vec![Adoption::of_device(author, false, signature)]
        });
        Action::Join {
            ticket: TicketId::new(ticket.public()),
            proof: ticket.sign(PROOF_DOMAIN, &proof_bytes(self.web, of.id, author)),
            inception: of.inception.clone(),
            chain,
            key: None,
        }
    }

    /// The cuts of devices as far as `known` goes, now and then not quite.
    fn cuts(&self, script: &mut Script<'_>, known: &BTreeSet<usize>, devices: &[DeviceId]) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = devices
            .iter()
            .filter_map(|device| {
                let newest = &self.entries[self.newest(known, *device)?];
                Some(Cut { device: *device, log: Log::Governance, seq: newest.header.seq, entry: newest.id })
            })
            .collect();
        if script.below(16) == 1 {
            let seq = u64::from(script.byte());
            cuts.push(Cut {
                device: Self::device(script.below(DEVICES)),
                log: Log::Records,
                seq,
                entry: NOWHERE,
            });
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each action")]
    fn action(&self, script: &mut Script<'_>, author: usize, known: &BTreeSet<usize>) -> Action {
        const ROLES: [Role; 5] = [Role::Carrier, Role::Guest, Role::Member, Role::Admin, Role::Owner];
        let person = |script: &mut Script<'_>| &CAST.persons[script.below(PERSONS)];
        let ticket = |script: &mut Script<'_>| TicketId::new(CAST.tickets[script.below(TICKETS)].public());
        let devices_of = |of: PersonId| {
            let at = CAST.persons.iter().position(|person| person.id == of).unwrap_or(0);
            [Self::device(at), Self::device(at + PERSONS)].into_iter().collect::<BTreeSet<_>>()
        };
        match script.below(14) {
            0 | 1 => {
                let whom = person(script).id;
                let devices: Vec<DeviceId> = devices_of(whom).into_iter().collect();
                Action::Remove { person: whom, cuts: self.cuts(script, known, &devices) }
            }
            2 => {
                let (whom, role) = (person(script).id, ROLES[script.below(5)]);
                let devices: Vec<DeviceId> = devices_of(whom).into_iter().collect();
                let cuts = if script.below(2) == 0 { Vec::new() } else { self.cuts(script, known, &devices) };
                Action::SetRole { person: whom, role, cuts }
            }
            3 => Action::Invite {
                ticket: ticket(script),
                role: ROLES[script.below(5)],
                expires: Timestamp::default(),
                uses: 1 + u32::from(script.byte()) % 3,
                admission: if script.below(3) == 0 { Admission::Approve } else { Admission::Open },
            },
            4 => Action::RevokeInvite { ticket: ticket(script) },
            5 | 6 => {
                let of = if script.below(4) == 0 { script.below(PERSONS) } else { author % PERSONS };
                self.join(author, of, script.below(TICKETS))
            }
            7 => Action::Accept { join: self.entries[script.below(self.entries.len())].id },
            8 => Action::Leave,
            9 => {
                let whom = |script: &mut Script<'_>| Wrap {
                    person: person(script).id,
                    sealed: vec![7; WRAP_SIZE].into(),
                };
                let wraps = (0..=script.below(5)).map(|_| whom(script)).collect();
                let older = OlderKey { key: KeyId::new([script.byte(); 32]), sealed: vec![8; 72].into() };
                Action::Epoch { key: KeyId::new([script.byte(); 32]), wraps, older: vec![older] }
            }
            10 => Action::Serve {
                serving: Serving { mirror: Some(u64::from(script.byte())), ..Serving::default() },
            },
            11 => {
                let (of, new) = (author % PERSONS, script.below(DEVICES));
                let (person, device) = (CAST.persons[of].id, Self::device(new));
                let proof = CAST.devices[new].sign(DEVICE_DOMAIN, &device_bytes(person, device));
                Action::AddDevice { person, device, proof }
            }
            12 => {
                let mut devices: Vec<DeviceId> =
                    (0..script.below(3)).map(|_| Self::device(script.below(DEVICES))).collect();
                devices.sort_unstable();
                devices.dedup();
                let wrap = |device| DeviceWrap { device, sealed: vec![9; WRAP_SIZE].into() };
                let rotation = Rotation {
                    key: Key(PersonKey::from_seed(&[script.byte(); 32]).public()),
                    wraps: vec![wrap(Self::device(author))],
                    recovery: vec![9; WRAP_SIZE].into(),
                };
                let of = person(script);
                let change =
                    WordsChange::new(of.id, &of.recovery, &RecoveryKey::from_seed(&[script.byte(); 32]));
                let words = NewWords { person: of.id, change, older: Vec::new() };
                let words = (script.below(3) == 0).then_some(words);
                Action::Revoke { cuts: self.cuts(script, known, &devices), devices, rotation, words }
            }
            _ => {
                let of = person(script);
                let proof =
                    of.recovery.key().sign(RECOVER_DOMAIN, &device_bytes(of.id, Self::device(author)));
                Action::Recover { inception: of.inception.clone(), proof, key: None }
            }
        }
    }

    /// Writes what the next bytes say.
    fn step(&mut self, script: &mut Script<'_>) {
        let author = script.below(DEVICES);
        let all: BTreeSet<usize> = (0..self.entries.len()).collect();
        let known = match script.below(4) {
            // All there is; all but the newest; what two entries know.
            0 | 1 => all.clone(),
            2 => self.past(0..self.entries.len().saturating_sub(1 + script.below(6)).max(1)),
            _ => self.past([script.below(all.len()), script.below(all.len())]),
        };
        let mut place = self.honest(author, &known);
        if script.below(4) != 0 {
            // What it has said itself it knows, unless it lies.
            place.previous = self.newest(&all, Self::device(author));
        }
        match script.below(16) {
            1 => place.previous = Some(script.below(all.len())),
            2 => place.previous = None,
            3 => place.lamport = u64::MAX - u64::from(script.byte() % 2),
            4 => place.lamport = u64::from(script.byte()),
            5 => place.deps = vec![self.entries[script.below(all.len())].id],
            6 => place.deps.push(EntryId::new([script.byte(); 32])),
            7 => place.deps.clear(),
            _ => {
                let previous =
                    place.previous.and_then(|at| self.read[at].as_ref()).map_or(0, |before| before.lamport);
                place.lamport = place.lamport.max(previous.saturating_add(1));
            }
        }
        place.deps.sort_unstable();
        place.deps.dedup();
        let action = self.action(script, author, &known);
        let operation =
            Operation { deps: place.deps, lamport: place.lamport, time: Timestamp::default(), action };
        let mut body = wire::to_bytes(&operation);
        for _ in 0..script.below(8).saturating_sub(5) {
            let at = (usize::from(script.byte()) << 8 | usize::from(script.byte())) % body.len().max(1);
            match script.below(3) {
                0 if !body.is_empty() => drop(body.remove(at)),
                1 => body.insert(at, script.byte()),
                _ => body.iter_mut().skip(at).take(1).for_each(|byte| *byte = script.byte()),
            }
        }
        // Records would not store an entry that follows one of somebody else; the evaluation does not rely on it.
        self.sign(author, place.previous, body);
    }
}

/// Plays a script and checks what comes of it; the script itself if an entry of it counts.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut world = BEGINNING.clone();
    let begun = world.entries.len();
    let mut script = Script(bytes);
    while !script.0.is_empty() && world.entries.len() < begun + ENTRIES_MAX {
        world.step(&mut script);
    }
    let whole = evaluate_entries(world.web, &world.entries);
    agrees(&world, &whole);
    claims(&whole);
    let counts = |entry: &&Entry| {
        whole.state.chains.values().any(|(_, id)| *id == entry.id) && !whole.void.contains_key(&entry.id)
    };
    world.entries[begun..].iter().any(|entry| counts(&entry)).then(|| bytes.to_vec())
}

/// The same set has the same state, in whatever order it comes, at once or one by one.
fn agrees(world: &World, whole: &Evaluation) {
    let ops: Vec<Op> = world.entries.iter().filter_map(Op::read).collect();
    let backwards: Vec<Op> = ops.iter().rev().cloned().collect();
    let mut by_id = ops.clone();
    by_id.sort_by_key(|op| op.id);
    for order in [&backwards, &by_id] {
        assert!(evaluate(world.web, order.clone()) == *whole, "another order, another state");
    }
    for order in [&ops, &by_id] {
        let mut timeline = Timeline::new(world.web);
        for op in order {
            timeline.extend([op.clone()]);
        }
        assert!(timeline.evaluation() == whole, "one by one leads to another state");
    }
}

/// What must hold whatever was written.
fn claims(whole: &Evaluation) {
    let state = &whole.state;
    if let Some((_, epoch)) = state.current_epoch() {
        assert!(epoch.holders.keys().all(|holder| state.reads(*holder)), "who is gone holds the key of now");
    }
    for (device, person) in &state.devices {
        let is_listed = state.members.get(person).is_some_and(|member| member.devices.contains(device));
        assert!(is_listed && !state.revoked.contains_key(device), "a device of nobody");
    }
    assert!(state.invitations.values().all(|one| one.used <= one.uses), "an invitation admitted too many");
}

/// Scripts that begin with each kind of act by each of the first persons, and some noise.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let act = |author: u8, kind: u8, more: u8| vec![author, 0, 1, 9, kind, more, more, more, 0];
    let mut seeds: Vec<Vec<u8>> =
        (0..14).flat_map(|kind| (0..4).map(move |author| act(author, kind, author + 1))).collect();
    let all: Vec<u8> = seeds.concat();
    seeds.extend(all.chunks(120).map(<[u8]>::to_vec));
    let mut noise = blake3::Hasher::new().update(b"noise").finalize_xof();
    seeds.extend((0..20).map(|_| {
        let mut bytes = vec![0; 200];
        noise.fill(&mut bytes);
        bytes
    }));
    seeds
}
