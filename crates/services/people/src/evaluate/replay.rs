//! Applies the operations of a segment in their order, skipping what is void (spec governance rules 40 to 55).

use std::collections::BTreeMap;

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId};
use wire::entry::Log;
use wire::governance::{Admission, Cut, Role, Serving};
use wire::identity::{DEVICES_MAX, Key};

use super::Void;
use super::dismissals::Heir;
use super::op::{Act, Dismiss, Facts, Op, Terms, Words};
use super::order::Segment;
use super::pages::PageSet;
use super::powers::{Powers, Status};
use super::state::{Departure, Epoch, Invitation, Member, Power, Revoked, Seniority, State, Waiting};

/// Devices of a person at most, recovered ones among them: a thief who has added all it could can't keep the recovery words
/// from helping (spec governance rule 75).
const DEVICES_WITH_RECOVERED_MAX: usize = 2 * DEVICES_MAX;

/// Replays one segment over the state before it.
pub(crate) struct Replay<'a> {
    state: &'a mut State,
    segment: &'a Segment<'a>,
    statuses: &'a [Status],
    /// Welcomed joins still to come, per invitation: their uses are kept for them.
    reserved: BTreeMap<TicketId, u32>,
    welcomed: Vec<bool>,
    /// Where keys are introduced here: a key may be more than once.
    introduced: BTreeMap<KeyId, Vec<usize>>,
    /// Where somebody was removed here, who was not admitted since.
    removals: BTreeMap<PersonId, Vec<usize>>,
    /// What ended the invitations of a person or of a device in this segment.
    ended: BTreeMap<Maker, EntryId>,
    /// Who takes over by removals by several signatures.
    heirs: &'a BTreeMap<usize, Heir>,
}

/// Whose invitations end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Maker {
    Person(PersonId),
    Device(DeviceId),
}

/// What was decided before the replay and no longer needs the state before it.
pub(crate) struct Decided {
    statuses: Vec<Status>,
    welcomed: Vec<bool>,
    /// Joins and approvals by which somebody becomes more than a member.
    powerful: Vec<bool>,
    heirs: BTreeMap<usize, Heir>,
}

impl Decided {
    pub(crate) fn of(powers: Powers<'_>, segment: &Segment<'_>) -> Self {
        let is_welcomed = |(at, op): (usize, &Op)| {
            matches!(op.act, Act::Join { .. }) && powers.welcomes(at).next().is_some()
        };
        let welcomed = segment.ops.iter().enumerate().map(is_welcomed).collect();
        let powerful = (0..segment.ops.len()).map(|at| powers.gives_power(at)).collect();
        Self { statuses: powers.status, welcomed, powerful, heirs: powers.heirs }
    }

    /// Says whether any join or approval was taken to give power.
    pub(crate) fn gave_any_power(&self) -> bool {
        self.powerful.contains(&true)
    }

    /// Says whether this join or approval was taken to give power.
    pub(crate) fn gave_power(&self, segment: &Segment<'_>, id: EntryId) -> bool {
        let at = segment.place(id);
        at.and_then(|at| self.powerful.get(at)).copied().unwrap_or_default()
    }
}

impl<'a> Replay<'a> {
    /// Applies every operation; returns those that are void.
    pub(crate) fn run(
        state: &'a mut State,
        segment: &'a Segment<'a>,
        decided: &'a Decided,
    ) -> Vec<(EntryId, Void)> {
        let mut replay = Self {
            state,
            segment,
            statuses: &decided.statuses,
            reserved: BTreeMap::new(),
            welcomed: decided.welcomed.clone(),
            introduced: BTreeMap::new(),
            removals: BTreeMap::new(),
            ended: BTreeMap::new(),
            heirs: &decided.heirs,
        };
        replay.reserve();
        let mut voids = Vec::new();
        for (at, op) in segment.ops.iter().enumerate() {
            if let Err(why) = replay.apply(at, op) {
                voids.push((op.id, why));
            }
            replay.note(op);
        }
        voids
    }

    fn reserve(&mut self) {
        for (at, op) in self.segment.ops.iter().enumerate() {
            if let Act::Join { ticket, .. } = op.act
                && self.is_welcomed(at)
            {
                *self.reserved.entry(ticket).or_default() += 1;
            }
        }
    }

    fn is_welcomed(&self, at: usize) -> bool {
        let is_void = matches!(self.statuses.get(at), Some(Status::Void(_)));
        !is_void && self.welcomed.get(at).copied().unwrap_or_default()
    }

    fn note(&mut self, op: &Op) {
        for parent in op.parents() {
            self.state.heads.remove(&parent);
        }
        self.state.heads.insert(op.id, op.lamport);
        self.state.lamport = self.state.lamport.max(op.lamport);
        let newest = self.state.chains.entry(op.author).or_insert((op.seq, op.id));
        *newest = (*newest).max((op.seq, op.id));
    }

    fn apply(&mut self, at: usize, op: &Op) -> Result<(), Void> {
        let status = self.statuses.get(at).unwrap_or(&Status::Open);
        if let Status::Void(why) = status {
            return Err(*why);
        }
        let counts = matches!(status, Status::Counts(_));
        let given = if let Status::Counts(given) = status { *given } else { None };
        if let Act::Genesis { facts, .. } = &op.act {
            return self.found(op, facts.as_ref());
        }
        if let Act::Join { ticket, facts } = &op.act {
            return self.join(at, op, *ticket, facts.as_ref());
        }
        if let Act::Recover { facts } = &op.act {
            let facts = facts.as_ref().ok_or(Void::BadProof)?;
            let person = facts.person;
            self.check_words(facts, at)?;
            self.add_device(person, op.author, op, DEVICES_WITH_RECOVERED_MAX)?;
            self.state.recovered.add(op.author);
            return Ok(());
        }
        // It was judged by its past alone, whatever has become of its author.
        if let (Act::Dismiss(dismiss), true) = (&op.act, counts) {
            return self.dismiss(dismiss, at, op);
        }
        // What was decided is not asked again; only a device that never came in has no say.
        let author = self.state.person_of(op.author).ok_or(Void::NotAMember)?;
        if !counts && !self.is_device(op.author, at) {
            return Err(Void::NotAMember);
        }
        match &op.act {
            Act::SetRole { person, cuts, .. } => self.set_role(*person, (author, given), cuts, op),
            Act::Remove { person, .. } if self.is_removed_before(*person, at) => Ok(()),
            Act::Remove { person, cuts } => {
                self.removals.entry(*person).or_default().push(at);
                self.depart(*person, author, op, Some(cuts))
            }
            Act::Dismiss(_) => Err(Void::TooFewSignatures),
            Act::RevokeInvite { ticket } => self.revoke(*ticket, op.id),
            Act::Revoke { devices, cuts, person_key, words } => {
                self.revoke_devices(author, op, (devices, cuts, *person_key), words.as_ref())
            }
            Act::Invite(terms) => self.invite(author, given, terms, at),
            // What is not decided by power is judged by who is a member here.
            _ if !counts && self.state.role(author).is_none() => Err(Void::NotAMember),
            Act::AddDevice { person, device } => {
                let person = person.filter(|person| *person == author).ok_or(Void::BadProof)?;
                self.add_device(person, *device, op, DEVICES_MAX)
            }
            Act::Serve(_) if self.state.role(author) == Some(Role::Guest) => Err(Void::NotAllowed),
            Act::Serve(serving) => {
                self.serve(op.author, serving);
                Ok(())
            }
            // A carrier holds no keys, and a guest has no say.
            Act::Accept { .. } | Act::Epoch { .. }
                if !counts && self.state.role(author) < Some(Role::Member) =>
            {
                Err(Void::NotAllowed)
            }
            Act::Accept { join } => self.accept(*join, at, op, counts),
            Act::Leave => self.depart(author, author, op, None),
            Act::Epoch { key, recipients } => {
                self.epoch((*key, recipients), at, op);
                Ok(())
            }
            Act::Genesis { .. } | Act::Join { .. } | Act::Recover { .. } => Ok(()),
        }
    }

    /// Says whether a device is its person's, and was when this was written (spec governance rule 76).
    fn is_device(&self, device: DeviceId, at: usize) -> bool {
        let added = self.state.added.get(&device);
        self.state.devices.contains_key(&device)
            && added.is_none_or(|added| added.iter().any(|(_, id)| self.is_known(*id, at)))
    }

    fn found(&mut self, op: &Op, facts: Option<&Facts>) -> Result<(), Void> {
        let facts = facts.ok_or(Void::BadProof)?;
        let seniority = Seniority { depth: 0, lamport: op.lamport, admission: op.id };
        let power = Power::own(Role::Owner, seniority);
        self.admit(facts, op.author, &Admitted { power, seniority, inviter: None, join: op.id, op });
        Ok(())
    }

    fn invite(&mut self, by: PersonId, given: Option<Power>, terms: &Terms, at: usize) -> Result<(), Void> {
        let power = given.ok_or(Void::NotAllowed)?;
        let op = self.segment.ops.get(at).ok_or(Void::NotAllowed)?;
        // It was decided before the removal, and comes after it: it ends all the same (spec governance rule 33).
        let makers = [Maker::Person(by), Maker::Device(op.author)];
        let ends = makers.iter().filter_map(|maker| self.ended.get(maker).copied());
        let revoked = ends.into_iter().find(|end| !self.is_known(*end, at));
        let Terms { ticket, role, expires, uses, admission } = *terms;
        let place = op.place();
        let invitation = Invitation {
            by,
            device: op.author,
            power,
            role,
            uses,
            used: 0,
            expires,
            admission,
            revoked,
            place,
            made: op.time,
        };
        self.state.invitations.entry(ticket).or_insert(invitation);
        Ok(())
    }

    fn revoke(&mut self, ticket: TicketId, by: EntryId) -> Result<(), Void> {
        let invitation = self.state.invitations.get_mut(&ticket).ok_or(Void::UnknownInvitation)?;
        invitation.revoked.get_or_insert(by);
        Ok(())
    }

    fn join(&mut self, at: usize, op: &Op, ticket: TicketId, facts: Option<&Facts>) -> Result<(), Void> {
        let facts = facts.ok_or(Void::BadProof)?;
        let is_welcomed = self.is_welcomed(at);
        if is_welcomed && let Some(reserved) = self.reserved.get_mut(&ticket) {
            *reserved = reserved.saturating_sub(1);
        }
        let invitation = self.state.invitations.get(&ticket).ok_or(Void::UnknownInvitation)?;
        if !self.is_known(invitation.place.1, at) {
            return Err(Void::UnknownInvitation);
        }
        // A revocation that this join could not know has voided it already, or somebody more powerful welcomed it.
        if invitation.revoked.is_some_and(|revoked| self.is_known(revoked, at)) {
            return Err(Void::InvitationRevoked);
        }
        self.check_newcomer(facts, op.author, invitation)?;
        let kept = self.reserved.get(&ticket).copied().unwrap_or_default();
        let free = invitation.uses.saturating_sub(invitation.used);
        if free == 0 || (!is_welcomed && free <= kept) {
            return Err(Void::UsedUp);
        }
        if invitation.admission == Admission::Approve {
            let facts = facts.clone();
            let waiting = Waiting { facts, device: op.author, ticket, since: op.time };
            self.state.waiting.insert(op.id, waiting);
            return Ok(());
        }
        self.admit_by(ticket, facts, op.author, op.id, op)
    }

    /// Says whether an operation is in the past of the one at `at`.
    fn is_known(&self, id: EntryId, at: usize) -> bool {
        self.segment.place(id).is_none_or(|place| self.segment.is_before(place, at))
    }

    fn check_newcomer(&self, facts: &Facts, device: DeviceId, invitation: &Invitation) -> Result<(), Void> {
        let is_other = self.state.devices.get(&device).is_some_and(|owner| *owner != facts.person);
        if is_other || self.state.revoked.contains_key(&device) {
            return Err(Void::BadProof);
        }
        let Some(member) = self.state.members.get(&facts.person) else { return Ok(()) };
        if !self.state.devices.contains_key(&device) && !facts.speaks_for(member.recovery) {
            return Err(Void::WordsReplaced);
        }
        if member.power.is_some() {
            return Err(Void::AlreadyMember);
        }
        match member.departure {
            Some(Departure::Removed { lamport, .. }) if invitation.place.0 <= lamport => {
                Err(Void::RemovedBefore)
            }
            _ => Ok(()),
        }
    }

    fn accept(&mut self, join: EntryId, at: usize, op: &Op, counts: bool) -> Result<(), Void> {
        if !self.is_known(join, at) {
            return Err(Void::NothingToDo);
        }
        if counts && let Some(waiting) = self.state.waiting.get(&join).cloned() {
            let invitation = self.state.invitations.get(&waiting.ticket).ok_or(Void::UnknownInvitation)?;
            let facts = waiting.facts.clone();
            self.check_newcomer(&facts, waiting.device, invitation)?;
            if invitation.used >= invitation.uses {
                return Err(Void::UsedUp);
            }
            self.admit_by(waiting.ticket, &facts, waiting.device, join, op)?;
            self.state.waiting.remove(&join);
        }
        if !counts && self.state.waiting.contains_key(&join) {
            return Err(Void::NotAllowed);
        }
        let person = self.state.admitted.get(&join).copied().ok_or(Void::NothingToDo)?;
        self.state.welcomed.add(join);
        let role = self.state.role(person);
        if role == Some(Role::Carrier) {
            return Ok(());
        }
        let (segment, introduced) = (self.segment, &self.introduced);
        let is_known = |key: &KeyId, epoch: &Epoch| {
            let is_old = segment.place(epoch.place.1).is_none();
            let mut introduced = introduced.get(key).into_iter().flatten();
            is_old || introduced.any(|place| segment.is_before(*place, at))
        };
        let is_meant = |key: &KeyId, epoch: &Epoch| !epoch.is_stale && is_known(key, epoch);
        // Who welcomes hands over the keys it knows: to a member, or to somebody removed meanwhile.
        if role.is_some() {
            self.state.epochs.change_where(is_meant, |_, epoch| {
                epoch.holders.add(person);
            });
        } else {
            self.state.epochs.change_where(is_meant, |_, epoch| epoch.spoil());
        }
        Ok(())
    }

    fn admit_by(
        &mut self,
        ticket: TicketId,
        facts: &Facts,
        device: DeviceId,
        join: EntryId,
        op: &Op,
    ) -> Result<(), Void> {
        let invitation = self.state.invitations.get_mut(&ticket).ok_or(Void::UnknownInvitation)?;
        invitation.used = invitation.used.saturating_add(1);
        let (inviter, role, lent) = (invitation.by, invitation.role, invitation.power);
        let above = self.state.members.get(&inviter).map_or(u32::MAX, |member| member.seniority.depth);
        let seniority = Seniority { depth: above.saturating_add(1), lamport: op.lamport, admission: op.id };
        let power = Power::given(role, seniority, &lent, op.place());
        self.admit(facts, device, &Admitted { power, seniority, inviter: Some(inviter), join, op });
        Ok(())
    }

    fn admit(&mut self, facts: &Facts, device: DeviceId, admitted: &Admitted<'_>) {
        let Admitted { power, seniority, inviter, join, op } = *admitted;
        self.state.turns = self.state.turns.saturating_add(1);
        self.removals.remove(&facts.person);
        // Who comes back has the devices it had.
        let known = self.state.members.get(&facts.person);
        let revocations = known.map(|member| member.revocations.clone()).unwrap_or_default();
        let (recovery, recovery_by) = recovery_of(known, facts);
        let mut replaced = known.map(|known| known.replaced.clone()).unwrap_or_default();
        let shown = facts.recovery.iter().take_while(|key| **key != recovery);
        replaced.extend(shown.filter(|key| !known.is_some_and(|known| known.replaced.contains(key))));
        let mut devices = known.map(|member| member.devices.clone()).unwrap_or_default();
        if !devices.contains(&device) {
            devices.push(device);
        }
        self.state.devices.insert(device, facts.person);
        self.state.admitted.insert(join, facts.person);
        let member = Member {
            devices,
            person_key: facts.person_key,
            power: Some(power),
            seniority,
            inviter,
            admitted: op.time,
            join,
            departure: None,
            records_cuts: BTreeMap::new(),
            recovery,
            recovery_by,
            replaced,
            revocations,
            role_from: inviter.filter(|_| power.role >= Role::Admin),
            same: None,
        };
        self.state.members.insert(facts.person, member);
    }

    /// Gives a person a device (spec governance rules 71 and 75).
    fn add_device(&mut self, person: PersonId, device: DeviceId, op: &Op, limit: usize) -> Result<(), Void> {
        if self.state.role(person).is_none() {
            return Err(Void::NotAMember);
        }
        let is_new = !self.state.chains.contains_key(&device) || (device == op.author && op.seq == 1);
        let is_added = self.state.added.contains_key(&device);
        match self.state.devices.get(&device) {
            // Two devices may have added it at once.
            Some(owner) if *owner == person && is_added && device != op.author => {}
            None if is_new && !self.state.revoked.contains_key(&device) => {}
            _ => return Err(Void::BadProof),
        }
        let member = self.state.members.get_mut(&person).ok_or(Void::NotAMember)?;
        if !member.devices.contains(&device) {
            if member.devices.len() >= limit {
                return Err(Void::UsedUp);
            }
            member.devices.push(device);
        }
        self.state.devices.insert(device, person);
        self.state.added.entry(device).or_default().insert(op.place());
        self.state.turns = self.state.turns.saturating_add(1);
        Ok(())
    }

    /// Says whether a device comes by the words that its person has there (spec governance rule 93).
    fn check_words(&self, facts: &Facts, at: usize) -> Result<(), Void> {
        let member = self.state.members.get(&facts.person).ok_or(Void::NotAMember)?;
        let is_known = member.recovery_by.is_none_or(|id| self.is_known(id, at));
        let is_it = facts.recovery.last() == Some(&member.recovery) && is_known;
        is_it.then_some(()).ok_or(Void::WordsReplaced)
    }

    /// Ends devices, for ever, and gives their person a new key (spec governance rules 72 to 78).
    fn revoke_devices(
        &mut self,
        person: PersonId,
        op: &Op,
        (devices, cuts, person_key): (&[DeviceId], &[Cut], [u8; 32]),
        words: Option<&Words>,
    ) -> Result<(), Void> {
        let member = self.state.members.get_mut(&person).ok_or(Void::NotAMember)?;
        // Who has the old words opens what was sealed to the key until now.
        let is_open = !devices.is_empty() || words.is_some();
        let did_read = member.reads() && is_open;
        member.person_key = person_key;
        if let Some(words) = words {
            member.replaced.push(member.recovery);
            (member.recovery, member.recovery_by) = (words.new, Some(op.id));
        }
        if is_open {
            member.revocations.insert(op.id);
        }
        member.devices.retain(|device| !devices.contains(device));
        for device in devices {
            let named = cuts.iter().find(|cut| cut.device == *device && cut.log == Log::Records);
            let cut = named.map_or((0, EntryId::new([0; 32])), |cut| (cut.seq, cut.entry));
            let revoked = self.state.revoked.entry(*device).or_insert(Revoked { person, cut });
            revoked.cut = revoked.cut.min(cut);
            self.state.devices.remove(device);
            self.state.added.remove(device);
            self.state.serving.remove(device);
            self.ended.insert(Maker::Device(*device), op.id);
            self.end_invitations_of(|one| one.device == *device, op.id);
        }
        self.state.turns = self.state.turns.saturating_add(1);
        if did_read {
            self.spoil_epochs();
        }
        Ok(())
    }

    /// Somebody who holds the keys may read no more.
    fn spoil_epochs(&mut self) {
        self.state.epochs.change_where(|_, epoch| !epoch.is_stale, |_, epoch| epoch.spoil());
    }

    fn set_role(
        &mut self,
        person: PersonId,
        (by, given): (PersonId, Option<Power>),
        cuts: &[Cut],
        op: &Op,
    ) -> Result<(), Void> {
        let member = self.state.members.get_mut(&person).ok_or(Void::NotAMember)?;
        let given = given.ok_or(Void::NotAllowed)?;
        let Some(now) = member.role() else { return Err(Void::NotAMember) };
        if given.role < Role::Admin {
            member.role_from = None;
        } else if given.role > now {
            member.role_from = Some(by);
        }
        // Who nobody limits is limited by its own seniority, as it is here.
        let is_own = given.grant == Power::NO_GRANT;
        member.power = Some(if is_own { Power::own(given.role, member.seniority) } else { given });
        if given.role == Role::Guest {
            for device in &member.devices {
                self.state.serving.remove(device);
            }
        }
        self.state.turns = self.state.turns.saturating_add(1);
        if !cuts.is_empty() {
            self.ended.insert(Maker::Person(person), op.id);
            self.end_invitations(person, op.id);
        }
        Ok(())
    }

    fn dismiss(&mut self, dismiss: &Dismiss, at: usize, op: &Op) -> Result<(), Void> {
        let by = dismiss.by.ok_or(Void::BadProof)?;
        if !self.is_removed_before(dismiss.person, at) {
            self.removals.entry(dismiss.person).or_default().push(at);
            self.depart(dismiss.person, by, op, Some(&dismiss.cuts))?;
        }
        self.hand_on(dismiss.person, at);
        Ok(())
    }

    /// Gives to who takes over what a dismissal hands on, if it is here (spec governance rules 86 and 87).
    fn hand_on(&mut self, from: PersonId, at: usize) {
        let Some(heir) = self.heirs.get(&at) else { return };
        let Some(member) = self.state.members.get_mut(&heir.person).filter(|one| one.power.is_some()) else {
            return;
        };
        if let Some(seniority) = heir.seniority {
            member.seniority = seniority;
        }
        let is_own = heir.power.grant == Power::NO_GRANT;
        let own = Power::own(heir.power.role, member.seniority);
        member.power = Some(if is_own { own } else { heir.power });
        member.role_from = heir.voice.or(member.role_from);
        if heir.seniority.is_some()
            && let Some(old) = self.state.members.get_mut(&from)
        {
            old.same = Some(heir.person);
        }
    }

    /// Says whether a removal comes after another one of the same person: it then changes nothing (spec governance rule 36).
    fn is_removed_before(&self, person: PersonId, at: usize) -> bool {
        let mut removals = self.removals.get(&person).into_iter().flatten();
        removals.any(|removal| self.segment.is_before(*removal, at))
    }

    fn depart(&mut self, person: PersonId, by: PersonId, op: &Op, cuts: Option<&[Cut]>) -> Result<(), Void> {
        let member = self.state.members.get_mut(&person).ok_or(Void::NotAMember)?;
        // A carrier never held a key, so none is spoilt when it goes.
        let did_read = member.reads();
        member.power = None;
        for device in &member.devices {
            self.state.serving.remove(device);
        }
        self.state.turns = self.state.turns.saturating_add(1);
        match cuts {
            Some(cuts) => {
                self.ended.insert(Maker::Person(person), op.id);
                member.departure = Some(Departure::Removed { by, lamport: op.lamport });
                // Of two removals the lower cut holds: only what both let stand stands, and nothing without a cut.
                for device in &member.devices {
                    let named = cuts.iter().find(|cut| cut.device == *device && cut.log == Log::Records);
                    let cut = named.map_or((0, EntryId::new([0; 32])), |cut| (cut.seq, cut.entry));
                    let place = member.records_cuts.entry(*device).or_insert(cut);
                    *place = (*place).min(cut);
                }
            }
            None => member.departure = Some(Departure::Left),
        }
        if did_read {
            self.spoil_epochs();
        }
        self.end_invitations(person, op.id);
        Ok(())
    }

    fn end_invitations(&mut self, person: PersonId, by: EntryId) {
        self.end_invitations_of(|invitation| invitation.by == person, by);
    }

    fn end_invitations_of(&mut self, is_meant: impl Fn(&Invitation) -> bool, by: EntryId) {
        let is_open = |invitation: &Invitation| invitation.revoked.is_none() && is_meant(invitation);
        self.state.invitations.change_where(|_, one| is_open(one), |_, one| one.revoked = Some(by));
    }

    fn serve(&mut self, device: DeviceId, serving: &Serving) {
        self.state.turns = self.state.turns.saturating_add(1);
        match serving.is_nothing() {
            true => drop(self.state.serving.remove(&device)),
            false => drop(self.state.serving.insert(device, serving.clone())),
        }
    }

    fn epoch(&mut self, (key, recipients): (KeyId, &[PersonId]), at: usize, op: &Op) {
        // Who did not know that a device was revoked has sealed to a key that the device has.
        let is_open_to_thief = |member: &Member| member.revocations.iter().any(|id| !self.is_known(*id, at));
        let is_stale = recipients.iter().any(|person| {
            !self.state.reads(*person) || self.state.members.get(person).is_some_and(is_open_to_thief)
        });
        self.introduced.entry(key).or_default().push(at);
        let epoch = self.state.epochs.entry(key);
        let epoch =
            epoch.or_insert_with(|| Epoch { place: op.place(), is_stale, holders: PageSet::default() });
        // A key named a second time was known to all it was ever sealed to.
        epoch.is_stale |= is_stale;
        if epoch.is_stale {
            epoch.spoil();
        } else {
            epoch.holders.extend(recipients.iter().map(|person| (*person, ())));
        }
    }
}

#[derive(Clone, Copy)]
struct Admitted<'a> {
    power: Power,
    seniority: Seniority,
    inviter: Option<PersonId>,
    join: EntryId,
    op: &'a Op,
}

/// Returns the recovery key of who is admitted: who was here before keeps its own, unless it shows a later one.
fn recovery_of(known: Option<&Member>, facts: &Facts) -> (Key, Option<EntryId>) {
    let shown = facts.recovery.last().copied().unwrap_or(Key([0; 32]));
    match known {
        Some(member) if shown == member.recovery || !facts.recovery.contains(&member.recovery) => {
            (member.recovery, member.recovery_by)
        }
        _ => (shown, None),
    }
}
