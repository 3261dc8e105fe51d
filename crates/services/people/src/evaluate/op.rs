//! A governance entry as the evaluation looks at it: small, its proofs already checked.

use base::{DeviceId, EntryId, KeyId, PersonId, TicketId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use wire::crypto::{Strict, Verifier};
use wire::entry::{Entry, Log, web_of_genesis};
use wire::governance::{
    Action, Admission, Cosignature, Cut, DISMISS_DOMAIN, Dismissal, Operation, Role, Serving, dismiss_bytes,
};
use wire::identity::{DEVICE_DOMAIN, Inception, Key, RECOVER_DOMAIN, device_bytes};
use wire::join::{PROOF_DOMAIN, proof_bytes};

/// Who joins or founds, as proven by the inception and, for a join, by the ticket's signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Facts {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// The key to which secrets for this person are sealed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub person_key: [u8; 32],
    /// The recovery keys that were shown, each signed by the one before; the inception's first.
    #[n(2)]
    pub recovery: Vec<Key>,
    /// Which of them was the first to sign for a device; none when devices have signed for each other.
    #[n(3)]
    pub by_recovery: Option<u32>,
}

/// One recovery key in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// Whose; none when a signature does not hold.
    pub(crate) person: Option<PersonId>,
    pub(crate) old: Key,
    pub(crate) new: Key,
}

/// What an operation does, without what only its readers need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    Genesis {
        web: WebId,
        facts: Option<Facts>,
    },
    Invite(Terms),
    RevokeInvite {
        ticket: TicketId,
    },
    Join {
        ticket: TicketId,
        facts: Option<Facts>,
    },
    Accept {
        join: EntryId,
    },
    SetRole {
        person: PersonId,
        role: Role,
        cuts: Vec<Cut>,
    },
    Remove {
        person: PersonId,
        cuts: Vec<Cut>,
    },
    Leave,
    Epoch {
        key: KeyId,
        recipients: Vec<PersonId>,
    },
    Serve(Serving),
    /// `person` is none when the device has not signed.
    AddDevice {
        person: Option<PersonId>,
        device: DeviceId,
    },
    Revoke {
        devices: Vec<DeviceId>,
        cuts: Vec<Cut>,
        person_key: [u8; 32],
        words: Option<Words>,
    },
    Recover {
        facts: Option<Facts>,
    },
    Dismiss(Dismiss),
}

/// A removal by several signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dismiss {
    /// Whose it says it is; none when a signature does not hold.
    pub(crate) by: Option<PersonId>,
    pub(crate) person: PersonId,
    pub(crate) admission: EntryId,
    pub(crate) same: Option<PersonId>,
    pub(crate) cuts: Vec<Cut>,
    /// Devices that have signed, with what they knew then.
    pub(crate) signers: Vec<(DeviceId, u64)>,
}

/// What an invitation offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) ticket: TicketId,
    pub(crate) role: Role,
    pub(crate) expires: Timestamp,
    pub(crate) uses: u32,
    pub(crate) admission: Admission,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    pub(crate) id: EntryId,
    pub(crate) author: DeviceId,
    pub(crate) seq: u64,
    /// The entry before in the author's chain.
    pub(crate) previous: Option<EntryId>,
    pub(crate) deps: Vec<EntryId>,
    pub(crate) lamport: u64,
    pub(crate) time: Timestamp,
    pub(crate) act: Act,
}

impl Op {
    /// Reads an entry whose signature holds, and checks what it proves about a newcomer.
    ///
    /// `None` when it is no governance operation this program can read: it then counts for nothing, and so does
    /// what follows it (spec governance rule 7).
    pub fn read(entry: &Entry) -> Option<Self> {
        Self::read_with(entry, |entry, action| facts(entry, action, &Strict))
    }

    /// As [`Self::read`], with another way to learn what was proven, such as remembering it.
    pub(crate) fn read_with(
        entry: &Entry,
        facts: impl FnOnce(&Entry, &Action) -> Option<Facts>,
    ) -> Option<Self> {
        let header = &entry.header;
        if header.log != Log::Governance {
            return None;
        }
        let operation = Operation::read(&header.body).ok()?;
        let act = match operation.action {
            ref action @ Action::Genesis { .. } => {
                Act::Genesis { web: web_of_genesis(entry), facts: facts(entry, action) }
            }
            ref action @ Action::Join { ticket, .. } => Act::Join { ticket, facts: facts(entry, action) },
            Action::Invite { ticket, role, expires, uses, admission } => {
                Act::Invite(Terms { ticket, role, expires, uses, admission })
            }
            Action::RevokeInvite { ticket } => Act::RevokeInvite { ticket },
            Action::Accept { join } => Act::Accept { join },
            Action::SetRole { person, role, cuts } => Act::SetRole { person, role, cuts },
            Action::Remove { person, cuts } => Act::Remove { person, cuts },
            Action::Leave => Act::Leave,
            Action::Serve { serving } => Act::Serve(serving),
            ref action @ Action::AddDevice { device, .. } => {
                Act::AddDevice { person: facts(entry, action).map(|facts| facts.person), device }
            }
            ref action @ Action::Revoke { ref devices, ref cuts, ref rotation, ref words } => {
                let words = words.as_ref().map(|words| Words {
                    person: facts(entry, action).map(|facts| facts.person),
                    old: words.change.old,
                    new: words.change.new,
                });
                Act::Revoke {
                    devices: devices.clone(),
                    cuts: cuts.clone(),
                    person_key: rotation.key.0,
                    words,
                }
            }
            ref action @ Action::Dismiss { person, admission, same, ref cuts, ref signatures, .. } => {
                Act::Dismiss(Dismiss {
                    by: facts(entry, action).map(|facts| facts.person),
                    person,
                    admission,
                    same,
                    cuts: cuts.clone(),
                    signers: signatures.iter().map(|one| (one.device, one.lamport)).collect(),
                })
            }
            ref action @ Action::Recover { .. } => Act::Recover { facts: facts(entry, action) },
            Action::Epoch { key, wraps, .. } => {
                Act::Epoch { key, recipients: wraps.iter().map(|wrap| wrap.person).collect() }
            }
        };
        Some(Self {
            id: entry.id,
            author: header.author,
            seq: header.seq,
            previous: (header.seq > 1).then_some(header.previous),
            deps: operation.deps,
            lamport: operation.lamport,
            time: operation.time,
            act,
        })
    }

    /// Returns everything this operation directly follows: its deps and the entry before in its own chain, so that
    /// an author can never go back behind what it has said (spec governance rule 5).
    pub(crate) fn parents(&self) -> impl Iterator<Item = EntryId> + '_ {
        let previous = self.previous.filter(|previous| !self.deps.contains(previous));
        self.deps.iter().copied().chain(previous)
    }

    /// Says whether it introduces an epoch key.
    pub(crate) fn is_epoch(&self) -> bool {
        matches!(self.act, Act::Epoch { .. })
    }

    /// Says whether it gives its author's person new recovery words, as the old ones have signed.
    pub(crate) fn is_change_of_words(&self) -> bool {
        matches!(self.act, Act::Revoke { words: Some(Words { person: Some(_), .. }), .. })
    }

    /// Says whether it shows how a person begins, and proves it.
    pub(crate) fn is_beginning(&self) -> bool {
        matches!(self.act, Act::Genesis { facts: Some(_), .. } | Act::Join { facts: Some(_), .. })
    }

    /// The order of replay: every operation comes after those it follows.
    pub(crate) fn place(&self) -> (u64, EntryId) {
        (self.lamport, self.id)
    }
}

/// Checks the signatures by which a newcomer, a founder or a later device proves who it is (spec identity rule 5, spec tickets
/// rule 12, spec governance rules 71, 75 and 80).
pub(crate) fn facts(entry: &Entry, action: &Action, verifier: &dyn Verifier) -> Option<Facts> {
    let author = entry.header.author;
    let (inception, chain, key) = match action {
        Action::Genesis { inception, chain, key, .. } | Action::Join { inception, chain, key, .. } => {
            (inception, chain.as_deref().unwrap_or_default(), key)
        }
        Action::Recover { inception, proof, key } => {
            let inception = Inception::read(inception).ok()?;
            let (person, first) = (inception.person(), Key(*inception.recovery()));
            let by = key.unwrap_or(first);
            let covered = device_bytes(person, author);
            let is_signed = verifier.verify(&DeviceId::new(by.0), RECOVER_DOMAIN, &covered, proof);
            let recovery = if by == first { vec![first] } else { vec![first, by] };
            let person_key = *inception.person_key();
            return is_signed.then_some(Facts { person, person_key, recovery, by_recovery: None });
        }
        Action::Revoke { words, .. } => {
            let words = words.as_ref()?;
            return words.change.holds(words.person, verifier).then_some(Facts::of(words.person));
        }
        Action::AddDevice { person, device, proof } => {
            let is_signed = verifier.verify(device, DEVICE_DOMAIN, &device_bytes(*person, *device), proof);
            return is_signed.then_some(Facts::of(*person));
        }
        Action::Dismiss { by, person, admission, same, signatures, .. } => {
            let web = entry.header.web;
            let about = Dismissal { web, by: *by, person: *person, admission: *admission, same: *same };
            let holds = |one: &Cosignature| {
                let covered = dismiss_bytes(&about, one.lamport);
                verifier.verify(&one.device, DISMISS_DOMAIN, &covered, &one.signature)
            };
            let is_signed = signatures.iter().all(holds);
            return is_signed.then_some(Facts::of(*by));
        }
        _ => return None,
    };
    let inception = Inception::read(inception).ok()?;
    let person = inception.person();
    let (_, recovery) = inception.follow(chain, verifier).filter(|(last, _)| *last == author)?;
    if let Action::Join { ticket, proof, .. } = action {
        let covered = proof_bytes(entry.header.web, person, author);
        if !verifier.verify(&DeviceId::new(*ticket.as_bytes()), PROOF_DOMAIN, &covered, proof) {
            return None;
        }
    }
    let first = chain.iter().position(|one| one.by_recovery && one.words.is_none());
    // Each statement before that is about one more recovery key.
    let by = first.map(|first| chain.iter().take(first).filter(|one| one.words.is_some()).count());
    let by_recovery = by.and_then(|by| u32::try_from(by).ok());
    let person_key = key.map_or(*inception.person_key(), |key| key.0);
    Some(Facts { person, person_key, recovery, by_recovery })
}

impl Facts {
    /// Whose an operation is, where nothing else is proven.
    fn of(person: PersonId) -> Self {
        Self { person, person_key: [0; 32], recovery: Vec::new(), by_recovery: None }
    }

    /// Says whether who comes shows a key that speaks for a person whose recovery key is `known`: no word of a key before it.
    pub(crate) fn speaks_for(&self, known: Key) -> bool {
        let Some(by) = self.by_recovery else { return true };
        let place = self.recovery.iter().position(|key| *key == known);
        place.and_then(|place| u32::try_from(place).ok()).is_some_and(|place| place <= by)
    }
}
