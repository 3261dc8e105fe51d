//! Makes `specs/vectors/histories.json`, random histories with the state they lead to, and compares: every
//! implementation must find the same state (`specs/reader/governance.py` is another one).
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib histories_and_their_states` writes them anew.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use wire::governance::Serving;

use super::*;
use crate::evaluate::op::{Dismiss, Words};
use crate::evaluate::{Departure, State};

const HISTORIES: u64 = 200;
const PERSONS: u16 = 8;
/// Devices of person 3 are 3, 13 and 23.
const DEVICES: u16 = 30;
const ROLES: [Role; 5] = [Role::Carrier, Role::Guest, Role::Member, Role::Admin, Role::Owner];

/// `SplitMix64`: the histories may not change with a version of a library.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % limit as u64).unwrap()
    }

    fn person(&mut self) -> u16 {
        u16::try_from(self.below(usize::from(PERSONS))).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.below(of.len())])
    }

    pub(super) fn is_one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// Several persons who write and hear of each other now and then; some of them lie.
pub(super) struct Town {
    dice: Dice,
    book: Book,
    known: Vec<BTreeSet<EntryId>>,
    tickets: u16,
    keys: u16,
    /// The newest recovery key that somebody took.
    words: u16,
    is_honest: bool,
}

impl Town {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let roles: Vec<Role> = (0..2 + dice.below(3)).map(|_| ROLES[(1 + dice.below(7)) % 5]).collect();
        let (book, _) = Book::web(&roles);
        let known = vec![book.ops.keys().copied().collect(); usize::from(DEVICES)];
        Self { dice, book, known, tickets: 100, keys: 0, words: 100, is_honest: seed % 4 != 3 }
    }

    pub(super) fn play(mut self) -> Book {
        let length = 10 + self.dice.below(40);
        self.play_to(length)
    }

    pub(super) fn play_to(mut self, length: usize) -> Book {
        while self.book.ops.len() < length {
            let (who, whom) = (self.writer(), self.dice.person());
            if self.dice.is_one_in(3) {
                let from = self.device_of(whom);
                let theirs = self.known[usize::from(from)].clone();
                self.known[usize::from(who)].extend(theirs);
            } else {
                self.write(who, whom);
            }
        }
        self.book
    }

    /// A device of somebody, the first one mostly.
    fn device_of(&mut self, who: u16) -> u16 {
        who + [0, 0, 0, 10, 20][self.dice.below(5)]
    }

    /// Mostly a device that belongs to the web by what it knows.
    fn writer(&mut self) -> u16 {
        let mut who = 0;
        for _ in 0..3 {
            let whose = self.dice.person();
            who = self.device_of(whose);
            let state = self.state(&self.known[usize::from(who)]);
            if is_in(&state, who) || (who < PERSONS && self.dice.is_one_in(2)) {
                break;
            }
        }
        who
    }

    fn state(&self, known: &BTreeSet<EntryId>) -> State {
        evaluate(WEB, known.iter().map(|id| self.book.ops[id].clone()).collect()).state
    }

    fn write(&mut self, who: u16, whom: u16) {
        let mut known: Vec<EntryId> = self.known[usize::from(who)].iter().copied().collect();
        known.sort_by_key(|id| self.book.ops[id].place());
        if self.dice.is_one_in(8) {
            // A liar pretends not to know the newest it knows.
            let hidden = self.dice.below(12);
            known.truncate(known.len().saturating_sub(hidden).max(1));
        }
        let state = self.state(&known.iter().copied().collect());
        let deps = state.next().0;
        let mut chain = self.book.chains.get(&who).cloned().unwrap_or_default();
        let is_fork = self.dice.is_one_in(60) && !chain.is_empty();
        if is_fork {
            chain.truncate(self.dice.below(chain.len() + 1));
        }
        let past: Vec<EntryId> = deps.iter().chain(chain.last()).copied().collect();
        // The honest try again when they see that something would count for nothing.
        let tries = if self.is_honest && !self.dice.is_one_in(8) { 8 } else { 1 };
        let mut act = self.act(who, whom, &past, &state);
        for _ in 1..tries {
            if self.would_count(who, &chain, &deps, &act) {
                break;
            }
            let whom = self.dice.person();
            act = self.act(who, whom, &past, &state);
        }
        let id = if is_fork {
            self.book.write_after(who, &chain, &deps, act)
        } else {
            self.book.write(who, &deps, act)
        };
        self.known[usize::from(who)].insert(id);
        if let Act::AddDevice { device, .. } = &self.book.ops[&id].act {
            // They were side by side.
            let (new, known) = (number(device.as_bytes()), self.known[usize::from(who)].clone());
            self.known[usize::from(new)].extend(known);
        }
    }

    fn would_count(&self, who: u16, chain: &[EntryId], deps: &[EntryId], act: &Act) -> bool {
        let mut book = self.book.clone();
        let id = book.write_after(who, chain, deps, act.clone());
        let past = book.past(&[id]);
        let evaluation = evaluate(WEB, past.iter().map(|id| book.ops[id].clone()).collect());
        !evaluation.void.contains_key(&id)
    }

    fn act(&mut self, who: u16, whom: u16, past: &[EntryId], state: &State) -> Act {
        if !is_in(state, who) && !self.dice.is_one_in(4) {
            return if who >= 10 && self.dice.is_one_in(2) {
                self.recover(who, state)
            } else {
                Act::Join { ticket: ticket(self.some_ticket(state)), facts: facts(who % 10) }
            };
        }
        match self.dice.below(32) {
            0..3 if !has_gone(state, whom) => {
                Act::Remove { person: person(whom), cuts: self.some_cuts(whom, past, state) }
            }
            3..7 => self.set_role(who, whom, past, state),
            7..11 => self.invite(),
            11..15 => Act::Accept { join: self.some_join(state) },
            15..17 => Act::RevokeInvite { ticket: ticket(self.some_ticket(state)) },
            17..21 => self.epoch(whom, state),
            21 => Act::Leave,
            22 => {
                Act::Serve(Serving { broker: self.dice.is_one_in(2), mirror: Some(1), ..Serving::default() })
            }
            23 | 24 => self.add_device(who, whom),
            25..27 => self.revoke(who, past, state),
            27..31 => self.dismiss(who, whom, past, state),
            _ => Act::Join { ticket: ticket(self.some_ticket(state)), facts: facts(who % 10) },
        }
    }

    fn add_device(&mut self, who: u16, whom: u16) -> Act {
        let of = if self.dice.is_one_in(10) { whom } else { who % 10 };
        let is_signed = !self.dice.is_one_in(20);
        let device = device(of + [10, 20][self.dice.below(2)]);
        Act::AddDevice { person: is_signed.then(|| person(of)), device }
    }

    fn revoke(&mut self, who: u16, past: &[EntryId], state: &State) -> Act {
        let mut gone: Vec<u16> = devices_of(state, who % 10);
        gone.retain(|other| *other != who && !self.dice.is_one_in(3));
        let mut cuts: Vec<Cut> = gone.iter().flat_map(|number| self.book.cuts(*number, past)).collect();
        if let Some(one) = self.dice.one(&gone) {
            cuts.push(Cut {
                device: device(one),
                log: Log::Records,
                seq: 1,
                entry: EntryId::new(id_bytes(6, 1)),
            });
        }
        cuts.sort_unstable();
        let devices = gone.iter().map(|number| device(*number)).collect();
        let words = if self.dice.is_one_in(3) { Some(self.new_words(who, state)) } else { None };
        Act::Revoke { devices, cuts, person_key: id_bytes(6, 100 + who), words }
    }

    /// The person's own ones mostly, sometimes those it began with.
    fn recover(&mut self, who: u16, state: &State) -> Act {
        let mut shown = facts(who % 10);
        let now = state.members.get(&person(who % 10)).map(|member| member.recovery);
        if let (Some(now), Some(shown), false) = (now, &mut shown, self.dice.is_one_in(3))
            && now != words_key(who % 10)
        {
            shown.recovery.push(now);
        }
        Act::Recover { facts: shown }
    }

    fn new_words(&mut self, who: u16, state: &State) -> Words {
        self.words += 1;
        let is_signed = !self.dice.is_one_in(12);
        let now = state.members.get(&person(who % 10)).map(|member| member.recovery);
        let first = words_key(who % 10);
        let old = if self.dice.is_one_in(8) { first } else { now.unwrap_or(first) };
        let new = words_key(if self.dice.is_one_in(12) { 101 } else { self.words });
        Words { person: is_signed.then(|| person(who % 10)), old, new }
    }

    /// Right ones mostly, with cuts of records here and there.
    fn some_cuts(&mut self, whom: u16, past: &[EntryId], state: &State) -> Vec<Cut> {
        let past = if self.dice.is_one_in(20) { &past[..1] } else { past };
        let devices = devices_of(state, whom);
        let mut cuts: Vec<Cut> = devices.iter().flat_map(|device| self.book.cuts(*device, past)).collect();
        if let (Some(one), true) = (self.dice.one(&devices), self.dice.is_one_in(2)) {
            let number = u16::try_from(self.dice.below(4)).unwrap();
            let entry = EntryId::new(id_bytes(6, number));
            cuts.push(Cut { device: device(one), log: Log::Records, seq: u64::from(number) + 1, entry });
        }
        cuts.sort_unstable();
        cuts
    }

    /// Signed by most of the admins that are there, mostly.
    fn dismiss(&mut self, who: u16, whom: u16, past: &[EntryId], state: &State) -> Act {
        let whom = if self.dice.is_one_in(2) { 0 } else { whom };
        let others = state.members.iter().filter(|(_, one)| one.role() >= Some(Role::Admin));
        let mut signers: Vec<(DeviceId, u64)> = Vec::new();
        for (person, member) in others {
            let age = [0, 0, 0, 3, 2_000][self.dice.below(5)];
            let devices: Vec<DeviceId> = member.devices.clone();
            let is_own = number(person.as_bytes()) == who % 10;
            if let (Some(one), false, false) = (self.dice.one(&devices), is_own, self.dice.is_one_in(3)) {
                signers.push((one, state.lamport.saturating_sub(age)));
            }
        }
        if self.dice.is_one_in(6) {
            signers.push((device(self.dice.person()), state.lamport));
        }
        signers.sort_unstable();
        signers.dedup_by_key(|(device, _)| *device);
        let is_signed = !self.dice.is_one_in(20);
        let same = if self.dice.is_one_in(3) { Some(person(self.dice.person())) } else { None };
        Act::Dismiss(Dismiss {
            by: is_signed.then(|| person(who % 10)),
            person: person(whom),
            admission: state.members.get(&person(whom)).map_or(EntryId::new([0; 32]), |one| one.join),
            same,
            cuts: self.some_cuts(whom, past, state),
            signers,
        })
    }

    fn set_role(&mut self, who: u16, whom: u16, past: &[EntryId], state: &State) -> Act {
        let role = ROLES[self.dice.below(17).div_ceil(4)];
        let is_demotion = state.role(person(whom)).is_some_and(|now| role < now) && who % 10 != whom;
        let cuts = if is_demotion { self.some_cuts(whom, past, state) } else { Vec::new() };
        Act::SetRole { person: person(whom), role, cuts }
    }

    fn invite(&mut self) -> Act {
        self.tickets += 1;
        let role = ROLES[self.dice.below(13).div_ceil(3).min(4)];
        let uses = 1 + u32::try_from(self.dice.below(2)).unwrap();
        let admission = if self.dice.is_one_in(3) { Admission::Approve } else { Admission::Open };
        let ticket = ticket(self.tickets);
        Act::Invite(Terms { ticket, role, expires: Timestamp::from_millis(0), uses, admission })
    }

    fn some_ticket(&mut self, state: &State) -> u16 {
        let known: Vec<TicketId> = state.invitations.keys().copied().collect();
        let newest = known.len().saturating_sub(4);
        let old = self.dice.is_one_in(4);
        self.dice
            .one(if old { &known } else { &known[newest..] })
            .map_or(100, |ticket| number(ticket.as_bytes()))
    }

    /// One that waits or was welcomed by nobody rather than another.
    fn some_join(&mut self, state: &State) -> EntryId {
        let waiting: Vec<EntryId> = state.waiting.keys().copied().collect();
        let admitted: Vec<EntryId> = state.admitted.keys().copied().collect();
        let unwelcomed: Vec<EntryId> =
            admitted.iter().filter(|join| !state.welcomed.contains(join)).copied().collect();
        let choice = self.dice.below(8);
        let first = if choice < 4 { &waiting } else { &unwelcomed };
        self.dice.one(first).or(self.dice.one(&admitted)).unwrap_or(EntryId::new([0; 32]))
    }

    fn epoch(&mut self, whom: u16, state: &State) -> Act {
        let mut recipients: Vec<u16> = (0..PERSONS).filter(|who| state.reads(person(*who))).collect();
        if self.dice.is_one_in(6) {
            recipients.push(whom);
        }
        if self.keys == 0 || !self.dice.is_one_in(6) {
            self.keys += 1;
        }
        epoch(self.keys, &recipients)
    }
}

/// Whether a device belongs to somebody who belongs to the web.
fn is_in(state: &State, who: u16) -> bool {
    state.devices.get(&device(who)).is_some_and(|whose| state.role(*whose).is_some())
}

fn devices_of(state: &State, who: u16) -> Vec<u16> {
    let member = state.members.get(&person(who));
    member.into_iter().flat_map(|member| &member.devices).map(|device| number(device.as_bytes())).collect()
}

fn has_gone(state: &State, who: u16) -> bool {
    state.members.get(&person(who)).is_some_and(|member| member.role().is_none())
}

fn number(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

/// The first 8 bytes: enough to tell the operations of one history apart.
fn hex(id: EntryId) -> String {
    data_encoding::HEXLOWER.encode(&id.as_bytes()[..8])
}

fn hexes(ids: impl IntoIterator<Item = impl Borrow<EntryId>>) -> Vec<String> {
    ids.into_iter().map(|id| hex(*id.borrow())).collect()
}

fn role_number(role: Role) -> u8 {
    match role {
        Role::Carrier => 0,
        Role::Guest => 1,
        Role::Member => 2,
        Role::Admin => 3,
        Role::Owner => 4,
    }
}

fn facts_value(facts: Option<&Facts>) -> Value {
    let Some(Facts { person, person_key, recovery, by_recovery }) = facts else { return Value::Null };
    let recovery: Vec<u16> = recovery.iter().map(|key| number(&key.0)).collect();
    json!([number(person.as_bytes()), number(person_key), recovery, by_recovery])
}

fn cuts_value(cuts: &[Cut]) -> Value {
    let log = |cut: &Cut| u8::from(matches!(cut.log, Log::Records));
    cuts.iter().map(|cut| json!([number(cut.device.as_bytes()), log(cut), cut.seq, hex(cut.entry)])).collect()
}

fn act_value(act: &Act) -> Value {
    match act {
        Act::Genesis { web, facts } => {
            json!(["genesis", { "of this web": *web == WEB, "facts": facts_value(facts.as_ref()) }])
        }
        Act::Invite(terms) => json!(["invite", {
            "ticket": number(terms.ticket.as_bytes()),
            "role": role_number(terms.role),
            "uses": terms.uses,
            "approve": terms.admission == Admission::Approve,
        }]),
        Act::RevokeInvite { ticket } => json!(["revoke-invite", { "ticket": number(ticket.as_bytes()) }]),
        Act::Join { ticket, facts } => {
            json!(["join", { "ticket": number(ticket.as_bytes()), "facts": facts_value(facts.as_ref()) }])
        }
        Act::Accept { join } => json!(["accept", { "join": hex(*join) }]),
        Act::SetRole { person, role, cuts } => json!(["set-role", {
            "person": number(person.as_bytes()),
            "role": role_number(*role),
            "cuts": cuts_value(cuts),
        }]),
        Act::Remove { person, cuts } => {
            json!(["remove", { "person": number(person.as_bytes()), "cuts": cuts_value(cuts) }])
        }
        Act::Dismiss(dismiss) => json!(["dismiss", {
            "by": dismiss.by.map(|person| number(person.as_bytes())),
            "person": number(dismiss.person.as_bytes()),
            "admission": hex(dismiss.admission),
            "same": dismiss.same.map(|person| number(person.as_bytes())),
            "cuts": cuts_value(&dismiss.cuts),
            "signers": dismiss
                .signers
                .iter()
                .map(|(device, lamport)| json!([number(device.as_bytes()), lamport]))
                .collect::<Vec<_>>(),
        }]),
        Act::Leave => json!(["leave", {}]),
        Act::Epoch { key, recipients } => {
            let recipients: Vec<u16> = recipients.iter().map(|person| number(person.as_bytes())).collect();
            json!(["epoch", { "key": number(key.as_bytes()), "recipients": recipients }])
        }
        Act::Serve(serving) => {
            json!(["serve", { "serving": (!serving.is_nothing()).then_some(serving.broker) }])
        }
        Act::AddDevice { person, device } => json!(["add-device", {
            "person": person.map(|person| number(person.as_bytes())),
            "device": number(device.as_bytes()),
        }]),
        Act::Revoke { devices, cuts, person_key, words } => {
            let devices: Vec<u16> = devices.iter().map(|device| number(device.as_bytes())).collect();
            let words = words.as_ref().map(|words| {
                let person = words.person.map(|person| number(person.as_bytes()));
                json!({ "person": person, "old": number(&words.old.0), "new": number(&words.new.0) })
            });
            json!(["revoke", {
                "devices": devices,
                "cuts": cuts_value(cuts),
                "key": number(person_key),
                "words": words,
            }])
        }
        Act::Recover { facts } => json!(["recover", { "facts": facts_value(facts.as_ref()) }]),
    }
}

fn op_value(op: &Op) -> Value {
    json!({
        "id": hex(op.id),
        "author": number(op.author.as_bytes()),
        "seq": op.seq,
        "previous": op.previous.map(hex),
        "deps": hexes(&op.deps),
        "lamport": op.lamport,
        "act": act_value(&op.act),
    })
}

fn map<T>(items: impl IntoIterator<Item = (u16, T)>, value: impl Fn(T) -> Value) -> Value {
    Value::Object(items.into_iter().map(|(key, item)| (key.to_string(), value(item))).collect::<Map<_, _>>())
}

fn member_value(member: &crate::evaluate::Member) -> Value {
    let seniority = member.seniority;
    let mut devices: Vec<u16> = member.devices.iter().map(|device| number(device.as_bytes())).collect();
    devices.sort_unstable();
    let mut value = json!({
        "seniority": [seniority.depth, seniority.lamport, hex(seniority.admission)],
        "devices": devices,
        "key": number(&member.person_key),
        "recovery": number(&member.recovery.0),
    });
    let said = value.as_object_mut().unwrap();
    if let Some(power) = member.power {
        let (limit, grant) = (power.limit, power.grant);
        said.insert("role".into(), json!(role_number(power.role)));
        said.insert("limit".into(), json!([limit.depth, limit.lamport, hex(limit.admission)]));
        said.insert("grant".into(), json!([grant.0, hex(grant.1)]));
    } else {
        said.insert("same".into(), json!(member.same.map(|person| number(person.as_bytes()))));
        let departure = match member.departure {
            Some(Departure::Left) => "left",
            Some(Departure::Removed { .. }) => "removed",
            None => "none",
        };
        let cuts = member.records_cuts.iter().map(|(device, cut)| (number(device.as_bytes()), *cut));
        said.insert("departure".into(), json!(departure));
        said.insert("cuts".into(), map(cuts, |(seq, entry)| json!([seq, hex(entry)])));
    }
    value
}

fn state_value(evaluation: &Evaluation) -> Value {
    let state = &evaluation.state;
    let members = state.members.iter().map(|(person, member)| (number(person.as_bytes()), member));
    let invitations = state.invitations.iter().map(|(ticket, one)| (number(ticket.as_bytes()), one));
    let epochs = state.epochs.iter().map(|(key, epoch)| (number(key.as_bytes()), epoch));
    let serving = state.serving.iter().map(|(device, one)| (number(device.as_bytes()), one.broker));
    let revoked = state.revoked.iter().map(|(device, one)| (number(device.as_bytes()), one.cut));
    let mut void = hexes(evaluation.void.keys());
    void.sort_unstable();
    json!({
        "members": map(members, member_value),
        "invitations": map(invitations, |one| json!([one.used, one.revoked.is_some()])),
        "waiting": hexes(state.waiting.keys()),
        // The holders of a stale key mean nothing.
        "epochs": map(epochs, |epoch| {
            let holders: Vec<u16> = epoch.holders.keys().map(|person| number(person.as_bytes())).collect();
            if epoch.is_stale { Value::Null } else { json!(holders) }
        }),
        "current": state.current_epoch().map(|(key, _)| number(key.as_bytes())),
        "serving": map(serving, |is_broker| json!(is_broker)),
        "revoked": map(revoked, |(seq, entry)| json!([seq, hex(entry)])),
        "void": void,
        "incomplete": evaluation.incomplete,
    })
}

fn history(seed: u64) -> String {
    let mut book = Town::new(seed).play();
    let mut dice = Dice(!seed);
    if seed.is_multiple_of(16) {
        let lost = *book.ops.keys().nth(dice.below(book.ops.len())).unwrap();
        book.ops.remove(&lost);
    }
    if seed % 16 == 1 {
        let wrong = *book.ops.keys().nth(dice.below(book.ops.len())).unwrap();
        book.ops.get_mut(&wrong).unwrap().lamport += 1;
    }
    let mut ops: Vec<&Op> = book.ops.values().collect();
    ops.sort_by_key(|op| op.place());
    let ops: Vec<String> = ops.into_iter().map(|op| op_value(op).to_string()).collect();
    let state = state_value(&book.evaluate());
    format!("{{\"name\": \"{seed}\", \"ops\": [\n{}\n], \"state\": {state}}}", ops.join(",\n"))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test that keeps a file")]
fn histories_and_their_states_are_those_that_other_implementations_are_compared_with() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let path = format!("{folder}/../../../specs/vectors/histories.json");
    let histories: Vec<String> = (0..HISTORIES).map(history).collect();
    let made = format!("[{}]\n", histories.join(",\n"));
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{path} differs from what this code makes: governance means something else now");
}

/// Writes other histories to a file, to compare more than are kept: `WIDER_TO=file WIDER_FROM=1000 WIDER_COUNT=4000`.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test that writes a file when it is asked to")]
fn wider_histories_can_be_written_for_a_comparison() {
    let Some(path) = std::env::var_os("WIDER_TO") else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (from, count) = (number("WIDER_FROM"), number("WIDER_COUNT"));
    let histories: Vec<String> = (from..from + count).map(history).collect();
    std::fs::write(&path, format!("[{}]\n", histories.join(",\n"))).unwrap();
}
