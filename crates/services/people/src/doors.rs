//! The member's side of a join (spec tickets): who knocks is told nothing before it has shown a valid ticket.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{DeviceId, Fault, PersonId, TicketId, Timestamp, WebId};
use kernel::{Channel, Step};
use records::Misdeed;
use wire::codec::Bytes;
use wire::crypto::Signature;
use wire::entry::{Entry, Log, web_of_genesis};
use wire::governance::{Action, Operation};
use wire::identity::{Adoption, Inception};
use wire::join::{BEFORE_SIZE_MAX, Message, PROOF_DOMAIN, Refusal, proof_bytes};

use crate::evaluate::{Departure, Void, facts};
use crate::keys;
use crate::service::{People, genesis_of};
use crate::tables::{Standing, WEBS};

/// How long knocks are counted together.
const KNOCK_WINDOW: Duration = Duration::from_mins(1);

/// Messages of one stranger in a window; a join takes two, and a newcomer who waits asks twice a minute.
const KNOCKS_PER_DEVICE: u32 = 12;

/// Messages of all strangers in a window: each costs up to four signature checks, 300 of them about 0.1 s.
const KNOCKS_IN_ALL: u32 = 300;

/// Bytes of what those who come back wrote before, taken in [`TAKEN_PER`] from all of them: some 4,000 operations. Who waits for
/// approval could else fill everybody's log.
const TAKEN_MAX: usize = 1024 * 1024;
const TAKEN_PER: Duration = Duration::from_hours(1);

/// How often strangers knocked lately, and how much was taken of them. In memory only: a restart forgives.
#[derive(Debug, Default)]
pub(crate) struct Knocks {
    since: Timestamp,
    all: u32,
    by_device: BTreeMap<DeviceId, u32>,
    taken_since: Timestamp,
    taken: usize,
}

impl Knocks {
    /// Counts a knock; says whether it may be answered. At most [`KNOCKS_IN_ALL`] devices are remembered.
    fn count(&mut self, device: DeviceId, now: Timestamp) -> bool {
        if now.since(self.since) >= KNOCK_WINDOW || now < self.since {
            (self.since, self.all) = (now, 0);
            self.by_device.clear();
        }
        if self.all >= KNOCKS_IN_ALL {
            return false;
        }
        let count = self.by_device.entry(device).or_default();
        *count += 1;
        let is_within = *count <= KNOCKS_PER_DEVICE;
        if is_within {
            self.all += 1;
        }
        is_within
    }

    /// Counts bytes that somebody who comes back has shown; says whether they may be taken.
    fn count_bytes(&mut self, bytes: usize, now: Timestamp) -> bool {
        if now.since(self.taken_since) >= TAKEN_PER || now < self.taken_since {
            (self.taken_since, self.taken) = (now, 0);
        }
        self.taken = self.taken.saturating_add(bytes);
        self.taken <= TAKEN_MAX
    }
}

impl People {
    /// A stranger, or a member who lacks keys, knocks.
    pub(crate) fn knocked(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        channel: Channel,
        message: Message,
    ) -> Result<(), Fault> {
        let now = step.now();
        if !self.knocks.count(from, now) {
            return Ok(());
        }
        match message {
            // A guest lets nobody in and hands no keys over; others do.
            Message::Hello { web, .. } if Self::is_guest(step, web)? => Ok(()),
            Message::Hello { web, ticket, proof, inception, chain } if channel == Channel::Join => {
                let began = (inception.as_slice(), chain.as_deref().unwrap_or_default());
                let answer = match self.check_hello(step, from, (web, ticket), &proof, began)? {
                    Ok(()) => self.offer(step, web)?,
                    Err(why) => {
                        if why == Refusal::Unknown {
                            records::tell_misdeed(step, from, Misdeed::Guessed);
                        }
                        Message::Refused { web, why }
                    }
                };
                step.send(from, channel, wire::to_bytes(&answer));
                Ok(())
            }
            Message::Request { entry, before } => {
                self.requested(step, from, channel, &entry, &before.unwrap_or_default())
            }
            Message::Recovering { recovery, proof } if channel == Channel::Join => {
                self.asked_to_recover(step, from, (recovery, &proof))
            }
            Message::Pair { proof, consent, name } if channel == Channel::Join => {
                self.asked_to_pair(step, from, (&proof, consent, &name))
            }
            _ => Ok(()),
        }
    }

    /// Without a valid proof there is one answer, whatever is wrong: a stranger learns nothing about the web.
    fn check_hello(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (web, ticket): (WebId, TicketId),
        proof: &Signature,
        (inception, chain): (&[u8], &[Adoption]),
    ) -> Result<Result<(), Refusal>, Fault> {
        if !is_my_web(step, web)? {
            return Ok(Err(Refusal::Unknown));
        }
        let Ok(inception) = Inception::read(inception) else { return Ok(Err(Refusal::Unknown)) };
        let person = inception.person();
        let covered = proof_bytes(web, person, from);
        let is_proven = inception.leads_to(chain, from, step.verifier())
            && step.verifier().verify(&DeviceId::new(*ticket.as_bytes()), PROOF_DOMAIN, &covered, proof);
        if !is_proven || !self.state(step, web)?.invitations.contains_key(&ticket) {
            return Ok(Err(Refusal::Unknown));
        }
        self.check_invitation(step, web, ticket, person)
    }

    /// Says why an invitation that was proven to be held does not let this person in.
    fn check_invitation(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        ticket: TicketId,
        person: PersonId,
    ) -> Result<Result<(), Refusal>, Fault> {
        let now = step.now();
        let state = self.state(step, web)?;
        let Some(invitation) = state.invitations.get(&ticket) else { return Ok(Err(Refusal::Unknown)) };
        let member = state.members.get(&person);
        // A member who comes again lost its welcome; it gets it again.
        if member.is_some_and(|member| member.power.is_some()) {
            return Ok(Ok(()));
        }
        let departure = member.and_then(|member| member.departure);
        if matches!(departure, Some(Departure::Removed { lamport, .. }) if invitation.place.0 <= lamport) {
            return Ok(Err(Refusal::Removed));
        }
        if invitation.revoked.is_some() {
            return Ok(Err(Refusal::Revoked));
        }
        if invitation.used >= invitation.uses {
            return Ok(Err(Refusal::UsedUp));
        }
        if now > invitation.expires {
            self.end_expired(step, web, ticket)?;
            return Ok(Err(Refusal::Expired));
        }
        Ok(Ok(()))
    }

    /// No clock decides what counts, so who refuses an expired ticket ends its invitation, if it may.
    fn end_expired(&mut self, step: &mut Step<'_>, web: WebId, ticket: TicketId) -> Result<(), Fault> {
        let me = step.me();
        let state = self.state(step, web)?;
        let Some(mine) = state.devices.get(&me).copied() else { return Ok(()) };
        let by = state.invitations.get(&ticket).map(|invitation| invitation.by);
        if by.is_some_and(|by| by == mine || state.outranks(mine, by)) {
            self.append(step, web, Action::RevokeInvite { ticket })?;
        }
        Ok(())
    }

    pub(crate) fn offer(&mut self, step: &mut Step<'_>, web: WebId) -> Result<Message, Fault> {
        let (heads, next) = self.state(step, web)?.next();
        match genesis_of(step, web)? {
            Some(genesis) => Ok(Message::Offer { web, genesis, heads, lamport: next.saturating_sub(1) }),
            None => Ok(Message::Waiting { web }),
        }
    }

    /// Takes the entry of somebody who joins or comes back, or shows keys again to a member who asks by any entry of the web.
    fn requested(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        channel: Channel,
        bytes: &Bytes,
        before: &[Bytes],
    ) -> Result<(), Fault> {
        let Ok(entry) = Entry::read(bytes, step.verifier()) else { return Ok(()) };
        let Ok(operation) = Operation::read(&entry.header.body) else { return Ok(()) };
        let web = match operation.action {
            Action::Genesis { .. } => web_of_genesis(&entry),
            _ => entry.header.web,
        };
        if Self::is_guest(step, web)? {
            return Ok(());
        }
        if channel == Channel::Member {
            if is_my_web(step, web)?
                && let Some(person) = self.state(step, web)?.devices.get(&from).copied()
            {
                let answer = self.welcome(step, web, person)?;
                step.send(from, channel, wire::to_bytes(&answer));
            }
            return Ok(());
        }
        let ticket = match operation.action {
            Action::Join { ticket, .. } => Some(ticket),
            Action::Recover { .. } => None,
            _ => return Ok(()),
        };
        if entry.header.author != from || entry.header.log != Log::Governance {
            return Ok(());
        }
        let proven =
            if is_my_web(step, web)? { facts(&entry, &operation.action, step.verifier()) } else { None };
        let Some(proven) = proven.filter(|_| operation.lamport < u64::MAX) else {
            step.send(from, channel, wire::to_bytes(&Message::Refused { web, why: Refusal::Unknown }));
            return Ok(());
        };
        let answer = self.take_join(step, web, (ticket, proven.person), (&entry, before))?;
        step.send(from, channel, wire::to_bytes(&answer));
        Ok(())
    }

    fn take_join(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        (ticket, person): (Option<TicketId>, PersonId),
        (entry, before): (&Entry, &[Bytes]),
    ) -> Result<Message, Fault> {
        let state = self.state(step, web)?;
        let checked = match ticket {
            Some(_) if state.waiting.contains_key(&entry.id) => Ok(()),
            Some(ticket) => self.check_invitation(step, web, ticket, person)?,
            // Who comes back by the recovery words needs no invitation, and must belong to the web.
            None => state.role(person).map(|_| ()).ok_or(Refusal::Unknown),
        };
        if let Err(why) = checked {
            return Ok(Message::Refused { web, why });
        }
        self.take_before(step, web, entry, before)?;
        if records::accept_governance(step, web, &entry.bytes).is_err() {
            // Its log goes on from entries this peer has not seen, or has forked: another door may know more.
            return Ok(Message::Waiting { web });
        }
        self.update(step, web)?;
        if let Some(why) = self.evaluation(web).and_then(|evaluation| evaluation.void.get(&entry.id)).copied()
        {
            let is_member = self.state(step, web)?.role(person).is_some();
            if !is_member {
                return Ok(Message::Refused { web, why: refusal(why) });
            }
        }
        self.welcome(step, web, person)
    }

    /// Takes what somebody who comes back wrote before, so that its entry has something to go on from. Whether it counts says the
    /// evaluation, as of all operations. Of who was never heard of here nothing is taken.
    fn take_before(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        entry: &Entry,
        before: &[Bytes],
    ) -> Result<(), Fault> {
        let author = entry.header.author;
        if records::entry(step.view(), web, author, Log::Governance, 1)?.is_none() {
            return Ok(());
        }
        let mut room = BEFORE_SIZE_MAX;
        for bytes in before {
            let Some(left) = room.checked_sub(bytes.len()) else { break };
            room = left;
            let place = |entry: &Entry| (entry.header.web, entry.header.author, entry.header.log);
            let read = Entry::read_known(bytes).ok().filter(|one| place(one) == place(entry));
            let Some(one) = read else { continue };
            let known = records::entry(step.view(), web, author, Log::Governance, one.header.seq)?;
            if known.is_none() && self.knocks.count_bytes(bytes.len(), step.now()) {
                // What does not go on from what is known changes nothing.
                drop(records::accept_governance(step, web, bytes));
            }
        }
        Ok(())
    }

    /// Hands the keys to a member; says that it has, so that the join wins and the keys are counted as handed over.
    fn welcome(&mut self, step: &mut Step<'_>, web: WebId, person: PersonId) -> Result<Message, Fault> {
        let state = self.state(step, web)?;
        let Some(member) = state.members.get(&person).filter(|member| member.power.is_some()) else {
            return Ok(Message::Waiting { web });
        };
        let (join, person_key, reads) = (member.join, member.person_key, member.reads());
        if !reads {
            if !state.welcomed.contains(&join) {
                self.append(step, web, Action::Accept { join })?;
            }
            return Ok(Message::Welcome { web, keys: Vec::new() });
        }
        let mut clean = state.epochs.iter().filter(|(_, epoch)| !epoch.is_stale);
        let holds = clean.all(|(_, epoch)| epoch.holders.contains(&person));
        let is_welcomed = holds && state.welcomed.contains(&join);
        // Chosen before that is said: what is said covers the keys that are known now, and evaluating it may bring others.
        let introduced = self.webs.get(&web).map(crate::history::Known::introduced).unwrap_or_default();
        let keys = keys::hand_over(step, web, &person_key, &introduced)?;
        if keys.is_empty() {
            return Ok(Message::Waiting { web });
        }
        if !is_welcomed {
            self.append(step, web, Action::Accept { join })?;
        }
        Ok(Message::Welcome { web, keys })
    }
}

fn is_my_web(step: &Step<'_>, web: WebId) -> Result<bool, Fault> {
    Ok(WEBS.get(step.view(), &web)?.is_some_and(|record| record.standing == Standing::Member))
}

fn refusal(why: Void) -> Refusal {
    match why {
        Void::UsedUp => Refusal::UsedUp,
        Void::InvitationRevoked => Refusal::Revoked,
        Void::RemovedBefore | Void::CutOff { .. } => Refusal::Removed,
        _ => Refusal::Unknown,
    }
}
