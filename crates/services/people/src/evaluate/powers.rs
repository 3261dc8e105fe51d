//! Which removals, changes of role and invitations count where several were written at once (spec governance rules 30 to 39).
//!
//! Each is decided when nothing more powerful is undecided. A queue holds, for each, the greatest power its author
//! may turn out to have; the first in the queue is decided, or put back when its author turns out to have less.
#![expect(clippy::indexing_slicing, reason = "indices are places in the segment; all lists have its length")]

mod voiding;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use base::{DeviceId, EntryId, PersonId, TicketId};
use wire::governance::{Admission, Cut, Role};

use super::Void;
use super::dismissals::{Heir, Verdict, Verdicts};
use super::op::{Act, Terms};
use super::order::Segment;
use super::state::{Departure, Power, Seniority, State};
use super::words::Grade;

/// What was decided of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not yet, or never asked here.
    Open,
    /// It counts; the power it gives, or lends to an invitation.
    Counts(Option<Power>),
    /// The acceptance by a member who may not admit: a welcome, if anything (spec governance rule 43).
    Welcomes,
    /// It does not.
    Void(Void),
}

/// Decides the conflicts of one segment.
pub(crate) struct Powers<'a> {
    pub(super) base: &'a State,
    pub(super) segment: &'a Segment<'a>,
    /// What is void from the start.
    pub(super) refused: &'a BTreeMap<EntryId, Void>,
    pub(crate) status: Vec<Status>,
    /// What the undecided wait with in the queue.
    keys: Vec<Power>,
    persons: BTreeMap<DeviceId, PersonId>,
    /// The same, by person.
    new_devices: BTreeMap<PersonId, BTreeSet<DeviceId>>,
    /// Operations that add a device.
    added: BTreeMap<DeviceId, Vec<usize>>,
    /// Joins by devices that are nobody's before.
    joined: BTreeMap<DeviceId, Vec<usize>>,
    /// Revocations of devices, by person.
    revocations: BTreeMap<PersonId, Vec<usize>>,
    /// Changes of recovery words that both keys have signed, by person.
    pub(super) changes: BTreeMap<PersonId, Vec<usize>>,
    by_device: BTreeMap<DeviceId, Vec<usize>>,
    /// Operations that change whether and how a person is a member, in order.
    pub(super) about: BTreeMap<PersonId, Vec<usize>>,
    /// Operations that make an invitation with this ticket; of several the one decided first counts.
    invites: BTreeMap<TicketId, Vec<usize>>,
    joins: BTreeMap<TicketId, Vec<usize>>,
    accepts: BTreeMap<EntryId, Vec<usize>>,
    seniority: BTreeMap<PersonId, Seniority>,
    joins_seniority: BTreeMap<usize, Seniority>,
    /// What removals by several signatures are worth by their own pasts.
    verdicts: &'a Verdicts,
    /// Who takes over by those that count.
    pub(crate) heirs: BTreeMap<usize, Heir>,
}

impl<'a> Powers<'a> {
    /// Decides; `void` says what is void from the start.
    pub(crate) fn decide(
        base: &'a State,
        segment: &'a Segment<'a>,
        void: &'a BTreeMap<EntryId, Void>,
        verdicts: &'a Verdicts,
    ) -> Self {
        let count = segment.ops.len();
        let status = |op: &super::op::Op| void.get(&op.id).map_or(Status::Open, |why| Status::Void(*why));
        let mut powers = Self {
            base,
            segment,
            refused: void,
            status: segment.ops.iter().map(status).collect(),
            keys: vec![Power::top(); count],
            persons: BTreeMap::new(),
            new_devices: BTreeMap::new(),
            added: BTreeMap::new(),
            joined: BTreeMap::new(),
            revocations: BTreeMap::new(),
            changes: BTreeMap::new(),
            by_device: BTreeMap::new(),
            about: BTreeMap::new(),
            invites: BTreeMap::new(),
            joins: BTreeMap::new(),
            accepts: BTreeMap::new(),
            seniority: BTreeMap::new(),
            joins_seniority: BTreeMap::new(),
            verdicts,
            heirs: BTreeMap::new(),
        };
        powers.index();
        powers.dismiss();
        powers.run();
        powers
    }

    fn index(&mut self) {
        for (at, op) in self.segment.ops.iter().enumerate() {
            self.by_device.entry(op.author).or_default().push(at);
            let about = match &op.act {
                Act::Join { ticket, facts: Some(facts) } => {
                    self.joins.entry(*ticket).or_default().push(at);
                    let is_free = !self.base.devices.contains_key(&op.author)
                        && !self.base.revoked.contains_key(&op.author);
                    if is_free {
                        let owner = *self.persons.entry(op.author).or_insert(facts.person);
                        self.new_devices.entry(owner).or_default().insert(op.author);
                        self.joined.entry(op.author).or_default().push(at);
                    }
                    self.note_seniority(facts.person, *ticket, at);
                    Some(facts.person)
                }
                Act::Accept { join } => {
                    self.accepts.entry(*join).or_default().push(at);
                    self.joiner(*join)
                }
                Act::SetRole { person, .. } | Act::Remove { person, .. } => Some(*person),
                Act::Leave => self.person(op.author),
                Act::Dismiss(dismiss) => {
                    let named = dismiss.same.is_none().then(|| self.verdict(at)).flatten();
                    let signers = named.into_iter().flat_map(|verdict| verdict.signers.keys().copied());
                    for heir in signers.chain(dismiss.same).collect::<Vec<_>>() {
                        self.about.entry(heir).or_default().push(at);
                    }
                    Some(dismiss.person)
                }
                Act::AddDevice { person: Some(person), device } => {
                    if self.person(op.author) == Some(*person) {
                        self.note_device(*person, *device, at);
                    }
                    None
                }
                Act::Recover { facts: Some(facts) } => {
                    self.note_device(facts.person, op.author, at);
                    None
                }
                Act::Revoke { words, .. } => {
                    if let Some(person) = words.as_ref().and_then(|words| words.person) {
                        self.changes.entry(person).or_default().push(at);
                    }
                    if let Some(person) = self.person(op.author) {
                        self.revocations.entry(person).or_default().push(at);
                    }
                    None
                }
                Act::Invite(terms) => {
                    if !self.base.invitations.contains_key(&terms.ticket) {
                        self.invites.entry(terms.ticket).or_default().push(at);
                    }
                    None
                }
                _ => None,
            };
            if let Some(person) = about {
                self.about.entry(person).or_default().push(at);
            }
        }
    }

    fn verdict(&self, at: usize) -> Option<&'a Verdict> {
        self.verdicts.get(&self.segment.ops.get(at)?.id)?.as_ref()
    }

    /// Decides the removals by a majority, before everything else (spec governance rule 85).
    fn dismiss(&mut self) {
        let mut by_majority: Vec<(usize, &Verdict)> = Vec::new();
        for at in 0..self.segment.ops.len() {
            if !matches!(self.segment.ops[at].act, Act::Dismiss(_)) || self.status[at] != Status::Open {
                continue;
            }
            match self.verdict(at) {
                Some(verdict) if verdict.is_majority(&verdict.signers) => by_majority.push((at, verdict)),
                Some(verdict) if verdict.is_by_rank() => {}
                _ => self.status[at] = Status::Void(Void::TooFewSignatures),
            }
        }
        by_majority.sort_by_key(|(at, verdict)| (Reverse(verdict.order()), *at));
        let mut gone: Vec<(usize, PersonId)> = Vec::new();
        for (at, verdict) in by_majority {
            if self.status[at] != Status::Open {
                continue;
            }
            let is_gone = |who: &PersonId| {
                let meets = |other: usize| self.segment.are_concurrent(other, at);
                gone.iter().any(|(other, person)| person == who && meets(*other))
            };
            let mut signers = verdict.signers.clone();
            signers.retain(|who, _| !is_gone(who));
            let Some(greatest) = signers.values().max().filter(|_| verdict.is_majority(&signers)) else {
                self.status[at] = Status::Void(Void::TooFewSignatures);
                continue;
            };
            self.count_dismissal(at, verdict.heir(&signers));
            self.void_above_cut(verdict.person(), at, *greatest);
            gone.push((at, verdict.person()));
        }
    }

    fn count_dismissal(&mut self, at: usize, heir: Option<Heir>) {
        self.status[at] = Status::Counts(heir.map(|heir| heir.power));
        self.heirs.extend(heir.map(|heir| (at, heir)));
    }

    /// Returns the operation in this segment that makes an invitation: the one that counts, or else may.
    fn invite(&self, ticket: TicketId) -> Option<usize> {
        let invites = self.invites.get(&ticket)?;
        let counted = invites.iter().find(|at| matches!(self.status[**at], Status::Counts(_)));
        let open = || invites.iter().find(|at| self.status[**at] == Status::Open);
        counted.or_else(open).or(invites.first()).copied()
    }

    fn note_device(&mut self, person: PersonId, device: DeviceId, at: usize) {
        if self.base.revoked.contains_key(&device) || self.person(device).is_some_and(|owner| owner != person)
        {
            return;
        }
        // A device that has written belongs to nobody any more; what it recovers by is its first entry.
        let is_own = self.segment.ops[at].author == device;
        let has_written = self.base.chains.contains_key(&device) || self.by_device.contains_key(&device);
        let is_new = if is_own { self.segment.ops[at].seq == 1 } else { !has_written };
        if !self.base.devices.contains_key(&device) && is_new {
            self.persons.insert(device, person);
            self.new_devices.entry(person).or_default().insert(device);
            self.added.entry(device).or_default().push(at);
        }
    }

    /// Says whether a device is its person's in the past of an operation (spec governance rules 72 and 76).
    fn is_device(&self, device: DeviceId, at: usize) -> bool {
        let is_counted = |revocation: usize| matches!(self.status[revocation], Status::Counts(_));
        self.has_come(device, at) && !self.is_revoked(device, at, is_counted)
    }

    /// Says whether somebody who removes the person at `at` has to name this device: what its past says of devices is taken for
    /// what it says.
    fn is_named(&self, device: DeviceId, at: usize) -> bool {
        let is_said = |revocation: usize| !matches!(self.status[revocation], Status::Void(_));
        self.has_come(device, at) && !self.is_revoked(device, at, is_said)
    }

    /// Says whether a device has come to its person in the past of an operation.
    fn has_come(&self, device: DeviceId, at: usize) -> bool {
        if self.base.devices.contains_key(&device) {
            return true;
        }
        let is_past = |come: usize| {
            !matches!(self.status[come], Status::Void(_))
                && (come == at || self.segment.is_before(come, at))
                && self.has_key(come)
        };
        let Some(person) = self.person(device) else { return false };
        let belongs = |place| self.standing(person, (place, at), Guess::Highest).power.is_some();
        let mut joined = self.joined.get(&device).into_iter().flatten();
        self.added.get(&device).into_iter().flatten().any(|add| is_past(*add) && belongs(*add))
            || joined.any(|join| is_past(*join) && self.lets_in(*join, at))
    }

    /// Says whether a join admits somebody who was no member, by what is in the past of an operation.
    fn lets_in(&self, join: usize, at: usize) -> bool {
        let id = self.segment.ops[join].id;
        let Some(person) = self.joiner(id) else { return false };
        let standing = self.standing(person, (join, at), Guess::Decided);
        let mut accepts = self.accepts.get(&id).into_iter().flatten().copied();
        let is_past = |accept: usize| {
            self.segment.is_before(accept, at) && !matches!(self.status[accept], Status::Void(_))
        };
        let admits = |by: usize| self.admitted((by, at), standing.removed, Guess::Highest).is_some();
        standing.power.is_none() && (admits(join) || accepts.any(|accept| is_past(accept) && admits(accept)))
    }

    fn is_revoked(&self, device: DeviceId, at: usize, is_meant: impl Fn(usize) -> bool) -> bool {
        let person = self.person(device);
        let mut revocations = person.and_then(|person| self.revocations.get(&person)).into_iter().flatten();
        revocations.any(|revocation| {
            is_meant(*revocation)
                && self.segment.is_before(*revocation, at)
                && self.revokes(*revocation, device)
        })
    }

    fn revokes(&self, at: usize, device: DeviceId) -> bool {
        matches!(&self.segment.ops[at].act, Act::Revoke { devices, .. } if devices.contains(&device))
    }

    fn is_recovered(&self, device: DeviceId) -> bool {
        let is_void = |at: &usize| matches!(self.status[*at], Status::Void(_)) || !self.has_key(*at);
        // A device that was added before can't be recovered as well.
        let mut added = self.added.get(&device).into_iter().flatten().filter(|at| !is_void(at));
        let is_recovery = |at: &usize| {
            matches!(self.segment.ops[*at].act, Act::Recover { .. }) && self.segment.ops[*at].seq == 1
        };
        self.base.recovered.contains(&device) || added.next().is_some_and(is_recovery)
    }

    /// Where a revocation stands among those of one person's devices (spec governance rule 74); none for all else.
    fn grade(&self, at: usize) -> Option<Grade> {
        let op = &self.segment.ops[at];
        if !matches!(op.act, Act::Revoke { .. }) {
            return None;
        }
        let here = self.added.get(&op.author).and_then(|added| added.first());
        let before = self.base.added.get(&op.author).and_then(|added| added.first());
        let place = match (before, here) {
            (Some(place), _) => *place,
            (None, Some(add)) => self.segment.ops[*add].place(),
            (None, None) => NONE,
        };
        Some(self.graded(at, self.is_recovered(op.author), place))
    }

    /// The greatest power that a person's devices have anywhere: a revocation must come before all that a thief does.
    fn greatest(&self, person: PersonId, at: usize) -> Option<Power> {
        let own = self.power(person, at, Guess::Highest)?;
        let others =
            self.devices(person).into_iter().flat_map(|d| self.by_device.get(&d).into_iter().flatten());
        others.filter_map(|other| self.power(person, *other, Guess::Highest)).chain([own]).max()
    }

    fn note_seniority(&mut self, person: PersonId, ticket: TicketId, at: usize) {
        let inviter = match self.invite(ticket) {
            Some(invite) => self.person(self.segment.ops[invite].author),
            None => self.base.invitations.get(&ticket).map(|invitation| invitation.by),
        };
        let Some(above) = inviter.and_then(|inviter| self.own_seniority(inviter)) else { return };
        let (lamport, admission) = self.segment.ops[at].place();
        let seniority = Seniority { depth: above.depth.saturating_add(1), lamport, admission };
        self.joins_seniority.insert(at, seniority);
        self.seniority.entry(person).or_insert(seniority);
    }

    /// Returns the seniority that a join, or the approval of one, gives.
    fn seniority_by(&self, at: usize) -> Option<Seniority> {
        let op = &self.segment.ops[at];
        let Act::Accept { join } = op.act else { return self.joins_seniority.get(&at).copied() };
        let depth = if let Some(join) = self.segment.place(join) {
            self.joins_seniority.get(&join)?.depth
        } else {
            let ticket = self.base.waiting.get(&join)?.ticket;
            let inviter = self.base.invitations.get(&ticket)?.by;
            self.base.members.get(&inviter)?.seniority.depth.saturating_add(1)
        };
        Some(Seniority { depth, lamport: op.lamport, admission: op.id })
    }

    fn own_seniority(&self, person: PersonId) -> Option<Seniority> {
        let known = self.base.members.get(&person).filter(|member| member.power.is_some());
        known.map(|member| member.seniority).or_else(|| self.seniority.get(&person).copied())
    }

    /// Returns whose device it is, by what the segment and what was before it say.
    pub(crate) fn person(&self, device: DeviceId) -> Option<PersonId> {
        self.base.devices.get(&device).or_else(|| self.persons.get(&device)).copied()
    }

    /// Returns who asks to join by this entry.
    fn joiner(&self, join: EntryId) -> Option<PersonId> {
        if let Some(at) = self.segment.place(join) {
            return match &self.segment.ops[at].act {
                Act::Join { facts: Some(facts), .. } => Some(facts.person),
                _ => None,
            };
        }
        self.base
            .waiting
            .get(&join)
            .map(|waiting| waiting.facts.person)
            .or_else(|| self.base.admitted.get(&join).copied())
    }

    fn run(&mut self) {
        let mut queue = BinaryHeap::new();
        for (at, op) in self.segment.ops.iter().enumerate() {
            let is_asked = match op.act {
                Act::Invite(_)
                | Act::RevokeInvite { .. }
                | Act::SetRole { .. }
                | Act::Remove { .. }
                | Act::Dismiss(_)
                | Act::Revoke { .. } => true,
                Act::Accept { join } => self.needs_approval(join),
                _ => false,
            };
            if is_asked {
                queue.push((Power::top(), self.grade(at), Reverse(at)));
            }
        }
        while let Some((key, grade, Reverse(at))) = queue.pop() {
            if self.status[at] != Status::Open {
                continue;
            }
            let device = self.segment.ops[at].author;
            let author = self.person(device).filter(|_| self.is_device(device, at));
            let power = |author| match grade {
                Some(_) => self.greatest(author, at),
                None => self.power(author, at, Guess::Highest),
            };
            let Some((author, power)) = author.and_then(|author| Some((author, power(author)?))) else {
                self.status[at] = Status::Void(Void::NotAMember);
                continue;
            };
            if power < key {
                self.keys[at] = power;
                queue.push((power, grade, Reverse(at)));
                continue;
            }
            let is_welcome =
                matches!(self.segment.ops[at].act, Act::Accept { .. }) && power.role < Role::Admin;
            self.status[at] = match self.judge(at, author, power) {
                _ if is_welcome => Status::Welcomes,
                Ok(given) => Status::Counts(given),
                Err(why) => Status::Void(why),
            };
            if matches!((&self.segment.ops[at].act, &self.status[at]), (Act::Dismiss(_), Status::Counts(_))) {
                self.count_dismissal(at, self.verdict(at).and_then(|verdict| verdict.heir(&verdict.signers)));
            }
            if matches!(self.status[at], Status::Counts(_)) {
                self.void_rivals(at, power);
            }
        }
    }

    /// Returns a person's power in the past of an operation; none when it is no member there.
    pub(crate) fn power(&self, person: PersonId, at: usize, guess: Guess) -> Option<Power> {
        self.standing(person, (at, at), guess).power
    }

    /// Returns how a person stands at some place, by what is in the past of an operation.
    fn standing(&self, person: PersonId, (place, at): (usize, usize), guess: Guess) -> Standing {
        let known = self.base.members.get(&person);
        let departure = known.and_then(|member| member.departure);
        let removed = match departure {
            Some(Departure::Removed { lamport, .. }) => lamport,
            _ => 0,
        };
        let has_left = departure == Some(Departure::Left);
        let power = known.and_then(|member| member.power);
        let seniority = known.map(|member| member.seniority);
        let mut standing = Standing { power, seniority, has_left, removed };
        for change in self.about.get(&person).into_iter().flatten().copied() {
            let is_known = change < place && self.segment.is_before(change, at);
            if is_known && !matches!(self.status[change], Status::Void(_)) {
                self.apply_change((person, change, at), guess, &mut standing);
            }
        }
        standing
    }

    fn apply_change(
        &self,
        (person, change, at): (PersonId, usize, usize),
        guess: Guess,
        standing: &mut Standing,
    ) {
        let op = &self.segment.ops[change];
        match (&op.act, &self.status[change]) {
            (Act::Leave, _) if standing.power.is_some() => {
                *standing = Standing { power: None, has_left: true, ..*standing };
            }
            (Act::Remove { .. }, Status::Counts(_)) => {
                *standing = Standing { power: None, has_left: false, removed: op.lamport, ..*standing };
            }
            (Act::Dismiss(dismiss), Status::Counts(_)) if dismiss.person == person => {
                *standing = Standing { power: None, has_left: false, removed: op.lamport, ..*standing };
            }
            (Act::Dismiss(_), Status::Counts(_)) => self.inherit((person, change), standing),
            (Act::Dismiss(dismiss), Status::Open)
                if dismiss.same == Some(person) && guess == Guess::Highest =>
            {
                let heir = self.verdict(change).and_then(|verdict| verdict.heir(&verdict.signers));
                if let Some(Heir { power, seniority, .. }) = heir {
                    let limit = self.just_below(change, power.role, seniority);
                    standing.power = standing.power.map(|power| power.max(limit));
                }
            }
            (Act::SetRole { .. }, Status::Counts(given)) => standing.power = standing.power.and(*given),
            (Act::SetRole { role, .. }, Status::Open) if guess == Guess::Highest => {
                let limit = self.just_below(change, *role, standing.seniority);
                standing.power = standing.power.map(|power| power.max(limit));
            }
            (Act::Join { .. } | Act::Accept { .. }, _) if standing.power.is_none() => {
                standing.power = self.admitted((change, at), standing.removed, guess);
                let seniority = standing.power.and_then(|_| self.seniority_by(change));
                standing.seniority = seniority.or(standing.seniority);
            }
            _ => {}
        }
    }

    /// Gives a person what a dismissal hands on to it.
    fn inherit(&self, (person, at): (PersonId, usize), standing: &mut Standing) {
        if let Some(heir) = self.heirs.get(&at).filter(|heir| heir.person == person) {
            standing.power = standing.power.and(Some(heir.power));
            standing.seniority = heir.seniority.or(standing.seniority);
        }
    }

    /// The most that an undecided grant can give: less than what its author may have.
    fn just_below(&self, grant: usize, role: Role, own: Option<Seniority>) -> Power {
        let Some(own) = own else {
            return Power::given(Role::Member, LAST, &Power::top(), NONE);
        };
        let place = self.segment.ops[grant].place();
        Power::given(role.min(self.keys[grant].role), own, &self.keys[grant], place)
    }

    /// Returns the invitation of a join that is not void.
    fn ticket_of(&self, join: EntryId) -> Option<TicketId> {
        match self.segment.place(join) {
            Some(at) => match self.segment.ops[at].act {
                Act::Join { ticket, .. } if !matches!(self.status[at], Status::Void(_)) => Some(ticket),
                _ => None,
            },
            None => self.base.waiting.get(&join).map(|waiting| waiting.ticket),
        }
    }

    /// Returns what an invitation offers, with the power it lends as far as decided.
    fn terms(&self, ticket: TicketId, at: usize, guess: Guess) -> Option<(Role, Admission, u64, Power)> {
        let Some(invite) = self.invite(ticket) else {
            let invitation = self.base.invitations.get(&ticket)?;
            let is_open = invitation.revoked.is_none() && invitation.used < invitation.uses;
            let lamport = invitation.place.0;
            return is_open.then_some((invitation.role, invitation.admission, lamport, invitation.power));
        };
        let op = &self.segment.ops[invite];
        let Act::Invite(Terms { role, admission, .. }) = op.act else { return None };
        let lent = match &self.status[invite] {
            Status::Counts(Some(lent)) => *lent,
            Status::Open if guess == Guess::Highest => self.keys[invite],
            _ => return None,
        };
        self.segment.is_before(invite, at).then_some((role, admission, op.lamport, lent))
    }

    /// Says whether who made an invitation left after it, by what is in the past of an operation: it ended with that.
    fn has_maker_left(&self, ticket: TicketId, at: usize) -> bool {
        let invite = self.invite(ticket);
        let known = self.base.invitations.get(&ticket).map(|invitation| invitation.by);
        let Some(by) = invite.map_or(known, |invite| self.person(self.segment.ops[invite].author)) else {
            return false;
        };
        self.about.get(&by).into_iter().flatten().any(|leave| {
            matches!(self.segment.ops[*leave].act, Act::Leave)
                && !matches!(self.status[*leave], Status::Void(_))
                && invite.is_none_or(|invite| invite < *leave)
                && self.segment.is_before(*leave, at)
        })
    }

    fn needs_approval(&self, join: EntryId) -> bool {
        let Some(ticket) = self.ticket_of(join) else { return false };
        let asked = match self.invite(ticket).map(|invite| &self.segment.ops[invite].act) {
            Some(Act::Invite(terms)) => Some(terms.admission),
            _ => self.base.invitations.get(&ticket).map(|invitation| invitation.admission),
        };
        asked == Some(Admission::Approve)
    }

    /// Returns the power with which a join, or the approval of one, admits.
    ///
    /// Looked at from another operation, if another's join had won the last use by then it admits nobody.
    fn admitted(&self, (at, seen_from): (usize, usize), removed: u64, guess: Guess) -> Option<Power> {
        let own = self.seniority_by(at)?;
        let op = &self.segment.ops[at];
        if self.is_late(at) || self.has_lost(at, seen_from) {
            return None;
        }
        let (ticket, admission) = match op.act {
            Act::Join { ticket, .. } => (ticket, Admission::Open),
            Act::Accept { join } => (self.ticket_of(join)?, Admission::Approve),
            _ => return None,
        };
        let (role, asked, made, lent) = self.terms(ticket, at, guess)?;
        if asked != admission || (removed > 0 && made <= removed) || self.has_maker_left(ticket, at) {
            return None;
        }
        let power = Power::given(role, own, &lent, op.place());
        match (&self.status[at], admission) {
            (_, Admission::Open) | (Status::Counts(_), _) => Some(power),
            (Status::Open, _) if guess == Guess::Highest => {
                Some(power.min(self.just_below(at, role, Some(own))))
            }
            _ => None,
        }
    }

    /// Says whether an operation is allowed, by what its author knew (spec governance rules 31, 34 to 36).
    fn judge(&self, at: usize, author: PersonId, power: Power) -> Result<Option<Power>, Void> {
        let needs_admin = match &self.segment.ops[at].act {
            Act::RevokeInvite { .. } | Act::Revoke { .. } => false,
            Act::SetRole { person, .. } => *person != author,
            _ => true,
        };
        if power.role < Role::Admin && needs_admin {
            return Err(Void::NotAllowed);
        }
        match &self.segment.ops[at].act {
            Act::Invite(terms) => {
                let is_counted = |other: &usize| matches!(self.status[*other], Status::Counts(_));
                let is_known = self.base.invitations.contains_key(&terms.ticket)
                    || self.invites.get(&terms.ticket).into_iter().flatten().any(is_counted);
                match (is_known, may_give(power, terms.role)) {
                    (true, _) => Err(Void::NothingToDo),
                    (false, false) => Err(Void::NotAllowed),
                    (false, true) => Ok(Some(power)),
                }
            }
            Act::RevokeInvite { ticket } => {
                let by = self.inviter(*ticket, at).ok_or(Void::UnknownInvitation)?;
                let outranks = power.role >= Role::Admin && self.power(by, at, Guess::Decided) < Some(power);
                (by == author || outranks).then_some(None).ok_or(Void::Outranked)
            }
            Act::SetRole { person, role, cuts } => {
                self.judge_role(at, (author, power), (*person, *role, cuts)).map(Some)
            }
            Act::Remove { person, cuts } => {
                let theirs = self.standing(*person, (at, at), Guess::Decided);
                if theirs.power.is_none() && !theirs.has_left {
                    return Err(Void::NotAMember);
                }
                if theirs.power >= Some(power) || author == *person {
                    return Err(Void::Outranked);
                }
                self.check_cuts(&self.named(*person, at), at, cuts)?;
                Ok(None)
            }
            // Its cuts and the others' signatures are judged by its past alone.
            Act::Dismiss(dismiss) => {
                let theirs = self.standing(dismiss.person, (at, at), Guess::Decided).power;
                let is_above = theirs.is_some() && theirs < Some(power);
                is_above.then_some(None).ok_or(Void::Outranked)
            }
            Act::Revoke { devices, cuts, words, .. } => {
                if let Some(words) = words {
                    self.judge_words(at, author, words)?;
                }
                let device = self.segment.ops[at].author;
                let may = |other: &DeviceId| {
                    *other != device
                        && self.person(*other) == Some(author)
                        && self.is_device(*other, at)
                        && (words.is_some() || self.is_recovered(device) || !self.is_recovered(*other))
                };
                if !devices.iter().all(may) {
                    return Err(Void::NotAllowed);
                }
                self.check_cuts(devices, at, cuts)?;
                Ok(None)
            }
            Act::Accept { .. } => Ok(None),
            _ => Err(Void::NotAllowed),
        }
    }

    /// Says whether a change of role is allowed, and which power it gives.
    fn judge_role(
        &self,
        at: usize,
        (author, power): (PersonId, Power),
        (person, role, cuts): (PersonId, Role, &[Cut]),
    ) -> Result<Power, Void> {
        let Standing { power: theirs, seniority, .. } = self.standing(person, (at, at), Guess::Decided);
        let theirs = theirs.ok_or(Void::NotAMember)?;
        let steps_down = author == person && role < theirs.role;
        // A carrier that became a member would have no key, a member that became a carrier would have them all.
        if theirs.role == Role::Carrier || role == Role::Carrier {
            return Err(Void::NotAllowed);
        }
        if theirs >= power && !steps_down {
            return Err(Void::Outranked);
        }
        if !may_give(power, role) && !steps_down {
            return Err(Void::NotAllowed);
        }
        if steps_down && !cuts.is_empty() {
            return Err(Void::CutsDoNotMatch);
        }
        // Whether it cuts is what it says itself: what the person was may not be decided yet.
        if !cuts.is_empty() {
            self.check_cuts(&self.named(person, at), at, cuts)?;
        }
        let own = seniority.ok_or(Void::NotAMember)?;
        Ok(Power::given(role, own, &power, self.segment.ops[at].place()))
    }

    fn inviter(&self, ticket: TicketId, at: usize) -> Option<PersonId> {
        if let Some(invitation) = self.base.invitations.get(&ticket) {
            return Some(invitation.by);
        }
        // What is not decided is taken for what it says: who ends an invitation may be the more powerful.
        let known = self.invites.get(&ticket)?.iter().filter(|invite| self.segment.is_before(**invite, at));
        let counted = known.clone().find(|invite| matches!(self.status[**invite], Status::Counts(_)));
        let open = || known.clone().find(|invite| self.status[**invite] == Status::Open);
        let invite = counted.or_else(open)?;
        self.person(self.segment.ops[*invite].author)
    }
}

const NONE: (u64, EntryId) = (0, EntryId::new([0; 32]));
const LAST: Seniority = Seniority { depth: u32::MAX, lamport: u64::MAX, admission: EntryId::new([255; 32]) };

/// How a person stands in the past of an operation.
#[derive(Debug, Clone, Copy)]
struct Standing {
    power: Option<Power>,
    seniority: Option<Seniority>,
    /// Whether it went by its own wish.
    has_left: bool,
    /// Lamport number of the newest removal; 0 without one.
    removed: u64,
}

/// How to look at what is not decided yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    /// Undecided grants don't count.
    Decided,
    /// Undecided grants count for the most they can turn out to give.
    Highest,
}

/// Only owners give admin and owner.
fn may_give(power: Power, role: Role) -> bool {
    power.role == Role::Owner || role <= Role::Member
}
