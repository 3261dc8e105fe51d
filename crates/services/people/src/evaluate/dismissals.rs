//! Removals by several signatures: who has signed and whether that is enough, by what an operation's past alone says (spec
//! governance rules 81 to 88). Not for: what such a removal does, which is as of any other (`powers`, `replay`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, PersonId, Timestamp};
use wire::entry::Log;
use wire::governance::{Cut, Role};

use super::op::{Act, Dismiss, Op};
use super::order::{self, Segment};
use super::state::{Member, Power, Seniority, State};
use super::{Pages, replay_with};

/// A signature is good for so many steps of the lamport number: who agreed once has not agreed for ever.
const SIGNATURE_STEPS_MAX: u64 = 1_000;

/// What each dismissal is worth by its own past; none when nothing.
pub(crate) type Verdicts = BTreeMap<EntryId, Option<Verdict>>;

/// Who has signed a dismissal, and who might have, by its own past.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// The author's person and those whose devices have signed, with their power.
    pub(crate) signers: BTreeMap<PersonId, Power>,
    /// All admins and owners but the person, and with whose voice each speaks.
    others: BTreeMap<PersonId, PersonId>,
    /// Those of the voices that are of somebody senior to the person.
    seniors: BTreeSet<PersonId>,
    person: PersonId,
    role: Role,
    seniority: Seniority,
    power: Power,
    /// Who takes over the rights, if somebody was named.
    same: Option<PersonId>,
    /// Whether there is no other owner.
    is_last_owner: bool,
    /// Of the signers.
    seniorities: BTreeMap<PersonId, Seniority>,
    place: (u64, EntryId),
}

/// Who takes over, and what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heir {
    pub(crate) person: PersonId,
    pub(crate) power: Power,
    /// The seniority it takes over, if it is the same human.
    pub(crate) seniority: Option<Seniority>,
    /// With whose voice it speaks from now on, if with another's.
    pub(crate) voice: Option<PersonId>,
}

/// Judges every dismissal of a segment, in order: what is nested was judged before.
pub(crate) fn judge_all(
    base: &State,
    segment: &Segment<'_>,
    frozen: &BTreeSet<EntryId>,
    known: &mut Verdicts,
) {
    for (at, op) in segment.ops.iter().enumerate() {
        let Act::Dismiss(dismiss) = &op.act else { continue };
        if known.contains_key(&op.id) {
            continue;
        }
        let before = (0..at).filter(|other| segment.is_before(*other, at));
        let before: Vec<Op> = before.filter_map(|other| segment.ops.get(other).cloned()).collect();
        let mut past = Cow::Borrowed(base);
        let mut void = Pages::default();
        for part in order::segments(&before) {
            replay_with(past.to_mut(), part, &mut void, (frozen, known));
        }
        known.insert(op.id, judge(&past, op, dismiss));
    }
}

fn judge(past: &State, op: &Op, dismiss: &Dismiss) -> Option<Verdict> {
    let author = past.devices.get(&op.author).copied().filter(|author| Some(*author) == dismiss.by)?;
    let member = past.members.get(&dismiss.person).filter(|member| member.join == dismiss.admission)?;
    let power = member.power.filter(|_| author != dismiss.person)?;
    if !cuts_match(past, member, &dismiss.cuts) {
        return None;
    }
    let is_other =
        |(who, one): &(&PersonId, &Member)| one.role() >= Some(Role::Admin) && **who != dismiss.person;
    let others: BTreeMap<PersonId, PersonId> = past
        .members
        .iter()
        .filter(is_other)
        .map(|(who, _)| (*who, voice(past, *who, dismiss.person)))
        .collect();
    let is_fresh =
        |lamport: u64| op.lamport.checked_sub(lamport).is_some_and(|steps| steps <= SIGNATURE_STEPS_MAX);
    let signed = dismiss.signers.iter().filter(|(_, lamport)| is_fresh(*lamport));
    let persons = signed.filter_map(|(device, _)| past.devices.get(device).copied()).chain([author]);
    let signers: BTreeMap<PersonId, Power> = persons
        .filter(|who| others.contains_key(who))
        .filter_map(|who| Some((who, past.members.get(&who)?.power?)))
        .collect();
    if !signers.contains_key(&author) || !may_be_same(past, dismiss.same, power.role) {
        return None;
    }
    let mut owners = past.members.values().filter(|one| one.role() == Some(Role::Owner));
    let seniorities = signers.keys().filter_map(|who| Some((*who, past.members.get(who)?.seniority)));
    let is_senior =
        |who: &PersonId| past.members.get(who).is_some_and(|one| one.seniority < member.seniority);
    Some(Verdict {
        seniors: others.values().copied().filter(is_senior).collect(),
        others,
        person: dismiss.person,
        role: power.role,
        seniority: member.seniority,
        power,
        same: dismiss.same,
        is_last_owner: power.role == Role::Owner && owners.nth(1).is_none(),
        seniorities: seniorities.collect(),
        place: op.place(),
        signers,
    })
}

/// Who takes over rights belongs to the web, reads there, and has no more than the rights that it takes over.
fn may_be_same(past: &State, same: Option<PersonId>, role: Role) -> bool {
    let Some(same) = same else { return true };
    let theirs = past.role(same);
    role >= Role::Guest && theirs >= Some(Role::Guest) && theirs <= Some(role) && theirs <= Some(Role::Member)
}

/// As of a removal (spec governance rule 32), by the operation's past alone.
fn cuts_match(past: &State, member: &Member, cuts: &[Cut]) -> bool {
    let named = cuts.iter().filter(|cut| cut.log == Log::Governance);
    let named: BTreeSet<_> = named.map(|cut| (cut.device, (cut.seq, cut.entry))).collect();
    let newest = member.devices.iter().filter_map(|device| Some((*device, *past.chains.get(device)?)));
    named == newest.collect()
}

/// With whose voice somebody speaks: who was made admin or owner speaks with the voice of who made it so (spec governance rule
/// 83). Otherwise one bad owner could make as many admins as it needs.
fn voice(past: &State, who: PersonId, without: PersonId) -> PersonId {
    let mut path = vec![who];
    loop {
        let last = path.last().copied().unwrap_or(who);
        let giver = past.members.get(&last).and_then(|member| member.role_from);
        let Some(giver) = giver.filter(|giver| *giver != without) else { return last };
        // Two who have raised each other, one after the other, speak with one voice.
        if let Some(from) = path.iter().position(|one| *one == giver) {
            return path.iter().skip(from).min().copied().unwrap_or(giver);
        }
        path.push(giver);
    }
}

impl Verdict {
    /// Says whether some of the signers are enough to remove somebody whom none of them outranks (spec governance rule 84).
    pub(crate) fn is_majority(&self, signers: &BTreeMap<PersonId, Power>) -> bool {
        let mut voices: BTreeMap<PersonId, (usize, usize)> = BTreeMap::new();
        for (who, voice) in &self.others {
            let (all, signed) = voices.entry(*voice).or_default();
            *all += 1;
            *signed += usize::from(signers.contains_key(who));
        }
        let all = voices.len();
        voices.retain(|_, (speakers, signed)| *signed * 2 > *speakers);
        let is_loud = voices.len() >= 2 || voices.keys().any(|voice| self.seniors.contains(voice));
        signers.len() >= 2 && signers.len() * 2 > self.others.len() && is_loud && voices.len() * 2 > all
    }

    /// Says whether two of the signers outrank the person, and may give what is handed on (spec governance rule 88).
    pub(crate) fn is_by_rank(&self) -> bool {
        let above: Vec<&Power> = self.signers.values().filter(|power| **power > self.power).collect();
        let gives_power = self.same.is_some() && self.role >= Role::Admin;
        above.len() >= 2 && (!gives_power || above.iter().any(|power| power.role == Role::Owner))
    }

    /// Returns who takes over by the word of some of the signers (spec governance rules 86 and 87).
    pub(crate) fn heir(&self, signers: &BTreeMap<PersonId, Power>) -> Option<Heir> {
        let weakest = signers.values().min()?;
        let (strongest, _) = signers.iter().max_by_key(|(_, power)| **power)?;
        if let Some(person) = self.same {
            let power = Power::given(self.role, self.seniority, weakest, self.place);
            let voice = (self.role >= Role::Admin).then_some(*strongest);
            return Some(Heir { person, power, seniority: Some(self.seniority), voice });
        }
        let own = self.seniorities.get(strongest).filter(|_| self.is_last_owner)?;
        let power = Power::given(Role::Owner, *own, weakest, self.place);
        Some(Heir { person: *strongest, power, seniority: None, voice: None })
    }

    /// In what order those by majority are decided (spec governance rule 85): the greatest first.
    pub(crate) fn order(&self) -> (usize, Option<Power>) {
        (self.signers.len(), self.signers.values().max().copied())
    }

    /// Who goes.
    pub(crate) fn person(&self) -> PersonId {
        self.person
    }
}

/// Who has signed something, and what is missing, as a person looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cosigned {
    /// Who has signed, the one who looks among them.
    pub(crate) signers: BTreeSet<PersonId>,
    /// All who may sign.
    pub(crate) others: BTreeSet<PersonId>,
    /// Whether it would count now.
    pub(crate) is_enough: bool,
    /// How many more have to sign, if they sign in the order of their power.
    pub(crate) missing: u64,
}

/// Says how far something has come that the device `me` would write now.
pub(crate) fn cosigned(
    state: &State,
    (me, person, same): (DeviceId, PersonId, Option<PersonId>),
    signers: &[(DeviceId, u64)],
) -> Cosigned {
    let member = state.members.get(&person);
    let named = member.into_iter().flat_map(|member| &member.devices);
    let cuts = named.filter_map(|device| {
        let (seq, entry) = *state.chains.get(device)?;
        Some(Cut { device: *device, log: Log::Governance, seq, entry })
    });
    let dismiss = Dismiss {
        by: state.devices.get(&me).copied(),
        person,
        admission: member.map_or(EntryId::new([0; 32]), |member| member.join),
        same,
        cuts: cuts.collect(),
        signers: signers.to_vec(),
    };
    let op = Op {
        id: EntryId::new([0; 32]),
        author: me,
        seq: 1,
        previous: None,
        deps: Vec::new(),
        lamport: state.lamport.saturating_add(1),
        time: Timestamp::from_millis(0),
        act: Act::Leave,
    };
    let Some(mut verdict) = judge(state, &op, &dismiss) else {
        return Cosigned { signers: BTreeSet::new(), others: BTreeSet::new(), is_enough: false, missing: 0 };
    };
    let is_enough = |verdict: &Verdict| verdict.is_majority(&verdict.signers) || verdict.is_by_rank();
    let found = Cosigned {
        signers: verdict.signers.keys().copied().collect(),
        others: verdict.others.keys().copied().collect(),
        is_enough: is_enough(&verdict),
        missing: 0,
    };
    let mut missing = 0;
    for (who, one) in state.by_seniority() {
        if is_enough(&verdict) {
            break;
        }
        if let (true, Some(power)) = (verdict.others.contains_key(&who), one.power)
            && verdict.signers.insert(who, power).is_none()
        {
            missing += 1;
        }
    }
    Cosigned { missing, ..found }
}
