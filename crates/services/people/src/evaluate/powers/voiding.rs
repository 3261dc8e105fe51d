//! What a removal, a demotion or a revocation does not let stand, and what a join rests on (spec governance rules 32, 33, 37 and
//! 42). Not for: which of them count, and in which order (`powers`).

use base::{DeviceId, PersonId, TicketId};
use wire::entry::Log;
use wire::governance::{Cut, Role};

use super::{Guess, Powers, Status};
use crate::evaluate::Void;
use crate::evaluate::op::Act;
use crate::evaluate::state::Power;

impl Powers<'_> {
    pub(super) fn devices(&self, person: PersonId) -> Vec<DeviceId> {
        let known = self.base.members.get(&person).into_iter().flat_map(|member| member.devices.iter());
        let new = self.new_devices.get(&person).into_iter().flatten();
        known.chain(new).copied().collect()
    }

    pub(super) fn named(&self, person: PersonId, at: usize) -> Vec<DeviceId> {
        self.devices(person).into_iter().filter(|device| self.is_named(*device, at)).collect()
    }

    /// A cut names what the author knew, no more and no less (spec governance rule 32).
    pub(super) fn check_cuts(&self, devices: &[DeviceId], at: usize, cuts: &[Cut]) -> Result<(), Void> {
        let is_others = |cut: &Cut| cut.log == Log::Governance && !devices.contains(&cut.device);
        if cuts.iter().any(is_others) {
            return Err(Void::CutsDoNotMatch);
        }
        for device in devices {
            let in_segment = self.by_device.get(device).into_iter().flatten().rev();
            let newest = in_segment.copied().find(|op| self.segment.is_before(*op, at));
            let known = match newest.map(|op| &self.segment.ops[op]) {
                Some(op) => Some((op.seq, op.id)),
                None => self.base.chains.get(device).copied(),
            };
            let named = cuts.iter().filter(|cut| cut.device == *device && cut.log == Log::Governance);
            if !named.map(|cut| (cut.seq, cut.entry)).eq(known) {
                return Err(Void::CutsDoNotMatch);
            }
        }
        Ok(())
    }

    /// Makes void what the author of `at` did not let stand (spec governance rules 33 and 37).
    pub(super) fn void_rivals(&mut self, at: usize, power: Power) {
        match self.segment.ops[at].act {
            Act::RevokeInvite { ticket } => self.void_joins(ticket, at, power),
            Act::Remove { person, .. } => self.void_above_cut(person, at, power),
            Act::Dismiss(ref dismiss) => self.void_above_cut(dismiss.person, at, power),
            Act::Revoke { ref devices, .. } => {
                self.void_above_cut_of(devices, at);
                self.void_joins_by(at, power, |_, device| devices.contains(&device));
                self.void_recoveries(at);
            }
            Act::SetRole { person, ref cuts, .. } if !cuts.is_empty() => {
                self.void_above_cut(person, at, power);
            }
            _ => {}
        }
    }

    pub(super) fn void_above_cut(&mut self, person: PersonId, at: usize, power: Power) {
        self.void_above_cut_of(&self.devices(person), at);
        // Otherwise a ticket in the pocket of who is removed would be a way back in.
        self.void_joins_by(at, power, |by, _| by == Some(person));
    }

    pub(super) fn void_above_cut_of(&mut self, devices: &[DeviceId], at: usize) {
        let by = self.segment.ops[at].id;
        for device in devices {
            for op in self.by_device.get(device).cloned().unwrap_or_default() {
                // What was decided before came from somebody more powerful than this author.
                let is_decided = matches!(self.status[op], Status::Counts(_));
                if !is_decided && self.segment.are_concurrent(op, at) {
                    self.status[op] = Status::Void(Void::CutOff { by });
                }
            }
        }
    }

    /// Makes void the joins by invitations of some person, or some device.
    pub(super) fn void_joins_by(
        &mut self,
        at: usize,
        power: Power,
        is_meant: impl Fn(Option<PersonId>, DeviceId) -> bool,
    ) {
        let maker = |ticket: &TicketId| match self.invite(*ticket).map(|at| self.segment.ops[at].author) {
            Some(device) => Some((self.person(device), device)),
            None => self.base.invitations.get(ticket).map(|one| (Some(one.by), one.device)),
        };
        let is_theirs = |ticket: &&TicketId| maker(ticket).is_some_and(|(by, device)| is_meant(by, device));
        let tickets: Vec<TicketId> = self.joins.keys().filter(is_theirs).copied().collect();
        for ticket in tickets {
            self.void_joins(ticket, at, power);
        }
    }

    pub(super) fn void_joins(&mut self, ticket: TicketId, at: usize, power: Power) {
        for join in self.joins.get(&ticket).cloned().unwrap_or_default() {
            if self.segment.are_concurrent(join, at) && !self.is_vouched(join, power) {
                self.status[join] = Status::Void(Void::InvitationRevoked);
            }
        }
    }

    /// Says whether somebody whom `power` does not outrank has welcomed this join.
    pub(super) fn is_vouched(&self, join: usize, power: Power) -> bool {
        self.welcomes(join).any(|voucher| voucher > power)
    }

    /// Says whether a join, or the approval of one, makes somebody more than a member.
    pub(crate) fn gives_power(&self, at: usize) -> bool {
        let is_join =
            matches!(self.segment.ops[at].act, Act::Join { facts: Some(_), .. } | Act::Accept { .. });
        let admitted = if is_join { self.admitted((at, at), 0, Guess::Decided) } else { None };
        admitted.is_some_and(|power| power.role > Role::Member)
    }

    /// Says whether a join could know that the uses were gone: no welcome makes it win any more (spec governance rule 42).
    pub(super) fn is_late(&self, join: usize) -> bool {
        self.are_used_up(join, |other| self.segment.is_before(other, join))
    }

    /// Says whether others had the uses of a join that nobody had welcomed, by what is in the past of an operation. Whether the
    /// others were let in is not asked: the replay decides that.
    pub(super) fn has_lost(&self, join: usize, at: usize) -> bool {
        let accepts = self.accepts.get(&self.segment.ops[join].id).into_iter().flatten();
        let is_past = |other: usize| other < join && self.segment.is_before(other, at);
        self.are_used_up(join, is_past) && !accepts.copied().any(|accept| self.segment.is_before(accept, at))
    }

    /// Says whether certain joins are as many as the invitation of another one has uses.
    pub(super) fn are_used_up(&self, join: usize, is_meant: impl Fn(usize) -> bool) -> bool {
        let Act::Join { ticket, .. } = self.segment.ops[join].act else { return false };
        let Some(joins) = self.joins.get(&ticket) else { return false };
        let left = match self.invite(ticket).map(|invite| &self.segment.ops[invite].act) {
            Some(Act::Invite(terms)) => terms.uses,
            _ => self.base.invitations.get(&ticket).map_or(0, |one| one.uses.saturating_sub(one.used)),
        };
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let is_one = |other: &&usize| {
            **other != join && !matches!(self.status[**other], Status::Void(_)) && is_meant(**other)
        };
        joins.len() > left && joins.iter().filter(is_one).take(left).count() == left
    }

    /// Returns the powers of the members who say that they have welcomed or approved this join.
    pub(crate) fn welcomes(&self, join: usize) -> impl Iterator<Item = Power> + '_ {
        let id = self.segment.ops[join].id;
        let is_late = self.is_late(join);
        let accepts = self.accepts.get(&id).into_iter().flatten().copied().filter(move |_| !is_late);
        let joiner = self.joiner(id);
        let needs_approval = self.needs_approval(id);
        let is_sound = move |accept: &usize| {
            let counts = match self.status[*accept] {
                Status::Counts(_) => true,
                Status::Open => !needs_approval,
                Status::Welcomes | Status::Void(_) => false,
            };
            // Nobody welcomes whom it does not know, nor itself.
            counts
                && self.segment.is_before(join, *accept)
                && self.is_device(self.segment.ops[*accept].author, *accept)
                && self.person(self.segment.ops[*accept].author) != joiner
        };
        accepts.filter(is_sound).filter_map(|accept| {
            let author = self.person(self.segment.ops[accept].author)?;
            self.power(author, accept, Guess::Decided).filter(|power| power.role >= Role::Member)
        })
    }
}
