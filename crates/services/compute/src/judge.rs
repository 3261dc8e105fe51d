//! When results are believed (spec compute, rules 31 to 40). Pure; not for: keeping them (`board.rs`).

use std::collections::{BTreeMap, BTreeSet};

use base::{ContentId, DeviceId, PersonId};

use crate::tables::{TrustKind, TrustRow};

/// What a computer says of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) device: DeviceId,
    pub(crate) person: PersonId,
    /// Who took it: the owner, or a deputy.
    pub(crate) via: PersonId,
    pub(crate) digest: ContentId,
    pub(crate) is_failure: bool,
    pub(crate) cpu_us: u64,
    /// Where its outcome is: a statement, and the place in it.
    pub(crate) statement: u64,
    pub(crate) place: u64,
    /// Whether it was not computed for this job.
    pub(crate) is_remembered: bool,
}

/// What follows from the votes for a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This is it.
    Settled(ContentId),
    /// So many more persons have to compute it, if nobody else errs.
    Short(u32),
    /// They disagree, or all fail: a computer of the owner has to.
    Mine,
}

/// Whom a verdict depends on, besides the votes.
pub(crate) struct Bench<'a> {
    pub(crate) trust: &'a TrustRow,
    pub(crate) owner: PersonId,
    /// Whether this unit is one of those that are checked.
    pub(crate) is_drawn: bool,
    /// Whether a person has been right so often that it is believed alone.
    pub(crate) is_proven: &'a dyn Fn(PersonId) -> bool,
}

/// Results in a row that make a person believed alone, with `adaptive`.
pub(crate) const PROVEN_AFTER: u64 = 10;

impl Bench<'_> {
    /// Judges a unit by its votes, at most one for each device.
    pub(crate) fn judge(&self, votes: &[Vote]) -> Verdict {
        // Whatever others say: what my own computer found is so for me.
        if let Some(own) = votes.iter().find(|vote| vote.person == self.owner) {
            return Verdict::Settled(own.digest);
        }
        let counted: Vec<&Vote> = votes.iter().filter(|vote| counts(vote, votes, self.owner)).collect();
        let mut sayings: BTreeMap<ContentId, BTreeSet<PersonId>> = BTreeMap::new();
        for vote in &counted {
            sayings.entry(vote.digest).or_default().insert(vote.person);
        }
        let needed = |digest: ContentId, persons: &BTreeSet<PersonId>| {
            let is_failure = counted.iter().any(|vote| vote.digest == digest && vote.is_failure);
            let mut needed = self.needed(persons);
            if sayings.len() > 1 && matches!(self.trust.kind, TrustKind::Spot | TrustKind::Adaptive) {
                // Against another's word nobody is believed alone, however right it was before.
                needed = needed.max(2);
            }
            // One computer that fails may have failed for reasons of its own.
            if is_failure { needed.max(2) } else { needed }
        };
        let mut settled = None;
        let mut short = u32::MAX;
        for (digest, persons) in &sayings {
            let has = u32::try_from(persons.len()).unwrap_or(u32::MAX);
            match needed(*digest, persons).checked_sub(has).filter(|left| *left > 0) {
                Some(left) => short = short.min(left),
                None if settled.is_none() => settled = Some(*digest),
                // Two camps, both large enough: only I can tell.
                None => return Verdict::Mine,
            }
        }
        if let Some(digest) = settled {
            return Verdict::Settled(digest);
        }
        if sayings.is_empty() {
            return Verdict::Short(self.needed(&BTreeSet::new()));
        }
        let asked: BTreeSet<PersonId> = votes.iter().map(|vote| vote.person).collect();
        let left = self.trust.most.saturating_sub(u32::try_from(asked.len()).unwrap_or(u32::MAX));
        if short > left { Verdict::Mine } else { Verdict::Short(short) }
    }

    /// Returns how many persons have to agree, if these do.
    pub(crate) fn needed(&self, persons: &BTreeSet<PersonId>) -> u32 {
        match self.trust.kind {
            TrustKind::Own | TrustKind::Trusted => 1,
            TrustKind::Quorum => self.trust.quorum,
            _ if self.is_drawn => 2,
            TrustKind::Spot => 1,
            // Of nobody yet: one computer begins; whether that is enough depends on whose it is.
            TrustKind::Adaptive => {
                match persons.is_empty() || persons.iter().any(|one| (self.is_proven)(*one)) {
                    true => 1,
                    false => 2,
                }
            }
        }
    }
}

/// Says whether a vote counts: not that of a deputy who has seen others' answers to the same unit.
fn counts(vote: &Vote, votes: &[Vote], owner: PersonId) -> bool {
    vote.person == owner
        || !votes
            .iter()
            .any(|other| other.via == vote.person && other.via != owner && other.person != vote.person)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u8) -> PersonId {
        PersonId::new([number; 32])
    }

    /// The owner is 0; a vote is (person, answer), or (person, answer, who took it); answers from 100 on are failures.
    fn judge(kind: TrustKind, quorum: u32, is_drawn: bool, votes: &[(u8, u8, u8)]) -> Verdict {
        let trust = TrustRow { kind, persons: Vec::new(), quorum, most: 4, drawn: 0 };
        let votes: Vec<Vote> = votes
            .iter()
            .map(|(who, answer, via)| Vote {
                device: DeviceId::new([*who; 32]),
                person: person(*who),
                via: person(*via),
                digest: ContentId::new([*answer; 32]),
                is_failure: *answer >= 100,
                cpu_us: 1,
                statement: 0,
                place: 0,
                is_remembered: false,
            })
            .collect();
        let is_proven = |one: PersonId| one == person(9);
        Bench { trust: &trust, owner: person(0), is_drawn, is_proven: &is_proven }.judge(&votes)
    }

    fn settled(answer: u8) -> Verdict {
        Verdict::Settled(ContentId::new([answer; 32]))
    }

    #[test]
    fn each_way_of_believing_believes_what_it_says() {
        use TrustKind::{Adaptive, Own, Quorum, Spot, Trusted};
        assert_eq!(judge(Own, 1, false, &[(0, 5, 0)]), settled(5));
        assert_eq!(judge(Trusted, 1, false, &[(1, 5, 0)]), settled(5));
        assert_eq!(judge(Spot, 1, false, &[(1, 5, 0)]), settled(5));
        assert_eq!(judge(Spot, 1, true, &[(1, 5, 0)]), Verdict::Short(1));
        assert_eq!(judge(Spot, 1, true, &[(1, 5, 0), (0, 6, 0)]), settled(6));
        assert_eq!(judge(Quorum, 2, false, &[]), Verdict::Short(2));
        assert_eq!(judge(Quorum, 2, false, &[(1, 5, 0), (2, 6, 0)]), Verdict::Short(1));
        assert_eq!(judge(Quorum, 2, false, &[(1, 5, 0), (2, 6, 0), (3, 5, 0)]), settled(5));
        assert_eq!(judge(Quorum, 2, false, &[(1, 5, 0), (2, 6, 0), (3, 7, 0), (4, 8, 0)]), Verdict::Mine);
        assert_eq!(judge(Quorum, 2, false, &[(1, 5, 0), (2, 6, 0), (3, 5, 0), (4, 6, 0)]), Verdict::Mine);
        assert_eq!(judge(Adaptive, 2, false, &[(1, 5, 0)]), Verdict::Short(1));
        assert_eq!(judge(Adaptive, 2, false, &[(9, 5, 0)]), settled(5));
        assert_eq!(judge(Adaptive, 2, true, &[(9, 5, 0)]), Verdict::Short(1));
        // Who is proven does not make a liar of who says something else.
        assert_eq!(judge(Adaptive, 2, false, &[(1, 5, 0), (9, 6, 0)]), Verdict::Short(1));
        assert_eq!(judge(Adaptive, 2, false, &[(1, 5, 0), (9, 6, 0), (2, 5, 0)]), settled(5));
    }

    #[test]
    fn two_computers_of_one_person_are_one_voice() {
        assert_eq!(judge(TrustKind::Quorum, 2, false, &[(1, 5, 0), (1, 5, 0)]), Verdict::Short(1));
    }

    #[test]
    fn a_deputy_who_saw_an_answer_does_not_confirm_it() {
        assert_eq!(judge(TrustKind::Quorum, 2, false, &[(1, 5, 2), (2, 5, 2)]), Verdict::Short(1));
        assert_eq!(judge(TrustKind::Quorum, 2, false, &[(1, 5, 2), (2, 5, 0)]), Verdict::Short(1));
        assert_eq!(judge(TrustKind::Quorum, 2, false, &[(1, 5, 2), (2, 5, 2), (3, 5, 2)]), settled(5));
    }

    #[test]
    fn one_failure_is_not_believed_alone() {
        assert_eq!(judge(TrustKind::Trusted, 1, false, &[(1, 100, 0)]), Verdict::Short(1));
        assert_eq!(judge(TrustKind::Trusted, 1, false, &[(1, 100, 0), (2, 100, 0)]), settled(100));
        assert_eq!(judge(TrustKind::Own, 1, false, &[(0, 100, 0)]), settled(100));
    }
}
