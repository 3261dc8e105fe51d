//! What a web is after its operations: members, invitations, epochs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp};
use wire::governance::{Admission, Role, Serving};
use wire::identity::Key;

use super::op::Facts;
use super::pages::{PageSet, Pages};

/// A person's place among the members, fixed at admission; the lesser is the more senior (spec governance rule 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seniority {
    /// Steps from the founder in the tree of invitations.
    pub depth: u32,
    /// Lamport number of the operation that admitted.
    pub lamport: u64,
    /// That operation.
    pub admission: EntryId,
}

/// What decides between two members: the greater outranks the lesser (spec governance rules 21 and 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Power {
    /// The role comes first.
    pub role: Role,
    /// Then seniority: the own one, or that of whoever gave the role if that is junior.
    pub limit: Seniority,
    /// The operation that gave the role, when its giver is the limit; else zero.
    pub grant: (u64, EntryId),
}

impl Power {
    pub(crate) const NO_GRANT: (u64, EntryId) = (0, EntryId::new([0; 32]));

    /// The power of one whom nobody limits.
    pub(crate) fn own(role: Role, seniority: Seniority) -> Self {
        Self { role, limit: seniority, grant: Self::NO_GRANT }
    }

    /// The power `giver` gives with a role: nobody can make another more powerful than itself (spec governance rule 22).
    pub(crate) fn given(role: Role, seniority: Seniority, giver: &Self, grant: (u64, EntryId)) -> Self {
        if role <= Role::Member || seniority > giver.limit {
            return Self::own(role, seniority);
        }
        Self { role, limit: giver.limit, grant }
    }

    /// Greater than that of any person.
    pub(crate) fn top() -> Self {
        let first = Seniority { depth: 0, lamport: 0, admission: EntryId::new([0; 32]) };
        Self::own(Role::Owner, first)
    }

    fn order(&self) -> impl Ord {
        (self.role, Reverse(self.limit), Reverse(self.grant))
    }
}

impl PartialOrd for Power {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Power {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

/// Why somebody is no longer a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// By its own wish.
    Left,
    /// Removed by another person.
    Removed {
        /// By whom.
        by: PersonId,
        /// Lamport number of the removal: invitations made before it don't readmit (spec governance rule 44).
        lamport: u64,
    },
}

/// Somebody who is or was a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its devices.
    pub devices: Vec<DeviceId>,
    /// The key to which secrets for this person are sealed.
    pub person_key: [u8; 32],
    /// None when gone.
    pub power: Option<Power>,
    /// Fixed at admission.
    pub seniority: Seniority,
    /// Who made the invitation; none for the founder.
    pub inviter: Option<PersonId>,
    /// When, by the clock of who wrote the admission.
    pub admitted: Timestamp,
    /// The join entry, or the genesis.
    pub join: EntryId,
    /// How it went, when gone.
    pub departure: Option<Departure>,
    /// The last accepted records entry of each device, when removed (spec governance rule 33).
    pub records_cuts: BTreeMap<DeviceId, (u64, EntryId)>,
    /// The recovery key that speaks for this person (spec governance rule 91).
    pub recovery: Key,
    /// The operation that gave it; none when the person came with it.
    pub recovery_by: Option<EntryId>,
    /// The recovery keys before that one: they never speak for this person again.
    pub replaced: Vec<Key>,
    /// Operations that revoked devices or words of this person (spec governance rule 78).
    pub revocations: BTreeSet<EntryId>,
    /// Who made it admin or owner, with whose voice it speaks (spec governance rule 83).
    pub role_from: Option<PersonId>,
    /// Who took over its rights as the same human (spec governance rule 87).
    pub same: Option<PersonId>,
}

impl Member {
    /// Returns what the person may do; none when gone.
    pub fn role(&self) -> Option<Role> {
        self.power.map(|power| power.role)
    }

    /// Says whether the person may read now: any role but carrier.
    pub fn reads(&self) -> bool {
        self.role() >= Some(Role::Guest)
    }
}

/// A device that was revoked (spec governance rule 72).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Whose it was.
    pub person: PersonId,
    /// The last records entry that stands.
    pub cut: (u64, EntryId),
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Who made it.
    pub by: PersonId,
    /// With which device.
    pub device: DeviceId,
    /// Whose power it lends when it lends a role.
    pub power: Power,
    /// The role a joiner gets.
    pub role: Role,
    /// How many persons may join.
    pub uses: u32,
    /// How many have.
    pub used: u32,
    /// When the welcoming member refuses, by its own clock.
    pub expires: Timestamp,
    /// Whether the ticket alone admits.
    pub admission: Admission,
    /// The operation that ended it.
    pub revoked: Option<EntryId>,
    /// The operation that made it.
    pub place: (u64, EntryId),
    /// When, by the clock of who made it.
    pub made: Timestamp,
}

/// A join that needs approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Who, and what the join proves of it.
    pub facts: Facts,
    /// With which device.
    pub device: DeviceId,
    /// By which invitation.
    pub ticket: TicketId,
    /// Since when, by the joiner's clock.
    pub since: Timestamp,
}

/// An epoch key's standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The operation that introduced the key.
    pub place: (u64, EntryId),
    /// Whether somebody who may not read could hold it; for ever (spec governance rule 52).
    pub is_stale: bool,
    /// Members who were given the key; empty when stale.
    pub holders: PageSet<PersonId>,
}

impl Epoch {
    /// Somebody who may not read could hold the key, for ever.
    pub(crate) fn spoil(&mut self) {
        self.is_stale = true;
        self.holders = PageSet::default();
    }
}

/// A web after its operations. Equal sets of operations give equal states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Everybody who is or was a member.
    pub members: Pages<PersonId, Member>,
    /// Whose device it is, if it was not revoked.
    pub devices: Pages<DeviceId, PersonId>,
    /// Which operations added a later device; none for those that founded or joined.
    pub added: Pages<DeviceId, BTreeSet<(u64, EntryId)>>,
    /// Devices that came by the recovery key.
    pub recovered: PageSet<DeviceId>,
    /// Devices that were revoked, for ever.
    pub revoked: Pages<DeviceId, Revoked>,
    /// All invitations.
    pub invitations: Pages<TicketId, Invitation>,
    /// Joins that need approval, by join entry.
    pub waiting: Pages<EntryId, Waiting>,
    /// Who was admitted by which join entry.
    pub admitted: Pages<EntryId, PersonId>,
    /// Joins that a member has welcomed.
    pub welcomed: PageSet<EntryId>,
    /// Epoch keys.
    pub epochs: Pages<KeyId, Epoch>,
    /// Operations that no other one follows, with their lamport numbers.
    pub heads: Pages<EntryId, u64>,
    /// The greatest lamport number.
    pub lamport: u64,
    /// How many operations changed who is a member, and how.
    pub turns: u64,
    /// What computers of members and carriers do for the web, as each said last.
    pub serving: Pages<DeviceId, Serving>,
    /// The newest operation of each device.
    pub chains: Pages<DeviceId, (u64, EntryId)>,
}

impl State {
    /// Returns whose device it is, or was before it was revoked.
    pub fn person_of(&self, device: DeviceId) -> Option<PersonId> {
        let revoked = self.revoked.get(&device).map(|revoked| revoked.person);
        self.devices.get(&device).copied().or(revoked)
    }

    /// Says whether everybody belongs to the web as in another state, with the same devices, which do the same for it.
    pub(crate) fn has_same_members(&self, other: &Self) -> bool {
        self.members == other.members
            && self.devices == other.devices
            && self.revoked == other.revoked
            && self.serving == other.serving
    }

    /// Returns a person's role; none when it is no member.
    pub fn role(&self, person: PersonId) -> Option<Role> {
        self.members.get(&person)?.role()
    }

    /// Says whether a person may read now.
    pub fn reads(&self, person: PersonId) -> bool {
        self.members.get(&person).is_some_and(Member::reads)
    }

    /// Returns the members and carriers, most senior first.
    pub fn by_seniority(&self) -> Vec<(PersonId, &Member)> {
        let mut members: Vec<_> =
            self.members.iter().filter(|(_, m)| m.power.is_some()).map(|(p, m)| (*p, m)).collect();
        members.sort_by_key(|(_, member)| member.seniority);
        members
    }

    /// Returns the key to write under: the newest that only members can hold (spec governance rule 53).
    pub fn current_epoch(&self) -> Option<(KeyId, &Epoch)> {
        let clean = self.epochs.iter().filter(|(_, epoch)| !epoch.is_stale);
        clean.max_by_key(|(_, epoch)| epoch.place).map(|(key, epoch)| (*key, epoch))
    }

    /// Says whether a new epoch is due: no clean key, or a member who was not given the newest (spec governance rule 54).
    pub fn needs_epoch(&self) -> bool {
        match self.current_epoch() {
            Some((_, epoch)) => {
                let mut readers = self.members.iter().filter(|(_, member)| member.reads());
                readers.any(|(person, _)| !epoch.holders.contains(person))
            }
            None => true,
        }
    }

    /// Says whether one member may remove another or change its role.
    pub fn outranks(&self, one: PersonId, other: PersonId) -> bool {
        let power = |person| self.members.get(&person).and_then(|member| member.power);
        power(one).is_some_and(|power| power.role >= Role::Admin) && power(one) > power(other)
    }

    /// Returns what the next operation names as its past, and its lamport number.
    pub fn next(&self) -> (Vec<EntryId>, u64) {
        // More concurrent heads than an operation can name are joined in two steps; the own chain counts anyhow.
        let mut heads: Vec<(u64, EntryId)> = self.heads.iter().map(|(id, lamport)| (*lamport, *id)).collect();
        heads.sort_unstable_by_key(|head| Reverse(*head));
        let newest = heads.into_iter().take(wire::governance::DEPS_MAX);
        let deps: BTreeSet<EntryId> = newest.map(|(_, id)| id).collect();
        let deps = deps.into_iter().collect();
        (deps, self.lamport.saturating_add(1))
    }
}
