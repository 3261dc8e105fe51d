//! Alice founds, Bob, Carol and Ted are let in, Mallory lies. Operations are built without signatures: those are
//! checked before the evaluation.

mod devices;
mod dismissals;
mod explorer;
mod exported;
mod histories;
mod many;
mod scale;
mod stories;
mod timelines;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp, WebId};
use wire::entry::Log;
use wire::governance::{Admission, Cut, Role};
use wire::identity::Key;

use super::op::{Act, Facts, Op, Terms};
use super::{Evaluation, Timeline, evaluate};

const WEB: WebId = WebId::new([9; 32]);

/// Every operation ever written, and how each person writes the next one.
#[derive(Debug, Clone, Default)]
struct Book {
    ops: BTreeMap<EntryId, Op>,
    chains: BTreeMap<u16, Vec<EntryId>>,
    written: u64,
}

fn id_bytes(kind: u8, number: u16) -> [u8; 32] {
    let mut bytes = [kind; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn person(number: u16) -> PersonId {
    PersonId::new(id_bytes(1, number))
}

fn device(number: u16) -> DeviceId {
    DeviceId::new(id_bytes(2, number))
}

fn ticket(number: u16) -> TicketId {
    TicketId::new(id_bytes(3, number))
}

fn key(number: u16) -> KeyId {
    KeyId::new(id_bytes(4, number))
}

/// The recovery key with which a person begins, by its number; later ones have others.
fn words_key(number: u16) -> Key {
    Key(id_bytes(7, number))
}

#[expect(clippy::unnecessary_wraps, reason = "as operations carry it")]
fn facts(number: u16) -> Option<Facts> {
    let recovery = vec![words_key(number)];
    Some(Facts { person: person(number), person_key: id_bytes(5, number), recovery, by_recovery: None })
}

fn join(ticket_number: u16, who: u16) -> Act {
    Act::Join { ticket: ticket(ticket_number), facts: facts(who) }
}

fn invite(ticket_number: u16, role: Role, uses: u32) -> Act {
    let ticket = ticket(ticket_number);
    Act::Invite(Terms { ticket, role, expires: Timestamp::from_millis(0), uses, admission: Admission::Open })
}

fn invite_approve(ticket_number: u16, role: Role) -> Act {
    let ticket = ticket(ticket_number);
    Act::Invite(Terms {
        ticket,
        role,
        expires: Timestamp::from_millis(0),
        uses: 9,
        admission: Admission::Approve,
    })
}

fn epoch(number: u16, recipients: &[u16]) -> Act {
    Act::Epoch { key: key(number), recipients: recipients.iter().map(|who| person(*who)).collect() }
}

impl Book {
    /// Writes an operation of `who` that knows `deps` (and its own chain).
    fn write(&mut self, who: u16, deps: &[EntryId], act: Act) -> EntryId {
        let chain = self.chains.get(&who).cloned().unwrap_or_default();
        let id = self.write_after(who, &chain, deps, act);
        self.chains.entry(who).or_default().push(id);
        id
    }

    /// Writes an operation whose chain is `chain`: another one than the newest makes a fork.
    fn write_after(&mut self, who: u16, chain: &[EntryId], deps: &[EntryId], act: Act) -> EntryId {
        self.written += 1;
        let previous = chain.last().copied();
        let parents = deps.iter().chain(&previous);
        let lamport = 1 + parents.map(|parent| self.ops[parent].lamport).max().unwrap_or(0);
        let id = EntryId::new(
            *blake3::hash(&[&self.written.to_be_bytes()[..], &who.to_be_bytes()].concat()).as_bytes(),
        );
        let seq = chain.len() as u64 + 1;
        let time = Timestamp::from_millis(self.written);
        let mut deps = deps.to_vec();
        deps.sort_unstable();
        deps.dedup();
        let op = Op { id, author: device(who), seq, previous, deps, lamport, time, act };
        self.ops.insert(id, op);
        id
    }

    fn found(&mut self) -> EntryId {
        self.write(0, &[], Act::Genesis { web: WEB, facts: facts(0) })
    }

    /// `heads` and everything before them.
    fn past(&self, heads: &[EntryId]) -> BTreeSet<EntryId> {
        let mut past = BTreeSet::new();
        let mut ahead = heads.to_vec();
        while let Some(id) = ahead.pop() {
            if past.insert(id) {
                ahead.extend(self.ops[&id].parents());
            }
        }
        past
    }

    /// The cuts that name exactly what `deps` know of `who`.
    fn cuts(&self, who: u16, deps: &[EntryId]) -> Vec<Cut> {
        let past = self.past(deps);
        let known = past.iter().map(|id| &self.ops[id]).filter(|op| op.author == device(who));
        let newest = known.max_by_key(|op| op.seq);
        newest
            .map(|op| Cut { device: device(who), log: Log::Governance, seq: op.seq, entry: op.id })
            .into_iter()
            .collect()
    }

    /// `by` removes `who`, knowing `deps` and its own chain.
    fn remove(&mut self, by: u16, deps: &[EntryId], who: u16) -> EntryId {
        let cuts = self.cuts(who, &self.known(by, deps));
        self.write(by, deps, Act::Remove { person: person(who), cuts })
    }

    /// `by` gives `who` another role; with cuts when it is a demotion.
    fn set_role(&mut self, by: u16, deps: &[EntryId], who: u16, role: Role) -> EntryId {
        let cuts = if role <= Role::Member { self.cuts(who, &self.known(by, deps)) } else { Vec::new() };
        self.write(by, deps, Act::SetRole { person: person(who), role, cuts })
    }

    fn known(&self, by: u16, deps: &[EntryId]) -> Vec<EntryId> {
        let own = self.chains.get(&by).and_then(|chain| chain.last());
        deps.iter().chain(own).copied().collect()
    }

    fn evaluate(&self) -> Evaluation {
        evaluate(WEB, self.ops.values().cloned().collect())
    }

    /// A web of Alice (0, owner) and `members` (1..) with these roles, everybody let in by Alice.
    fn web(roles: &[Role]) -> (Self, EntryId) {
        let mut book = Self::default();
        let mut last = book.found();
        for (number, role) in (1..).zip(roles) {
            last = book.write(0, &[last], invite(number, *role, 1));
            last = book.write(number, &[last], join(number, number));
        }
        (book, last)
    }
}

fn roles(evaluation: &Evaluation) -> Vec<(u16, Option<Role>)> {
    let number = |person: &PersonId| u16::from_be_bytes([person.as_bytes()[0], person.as_bytes()[1]]);
    evaluation.state.members.iter().map(|(person, member)| (number(person), member.role())).collect()
}
