//! New recovery words: which key speaks for a person, and which of two changes comes first (spec governance rules 90 to 95).
//! Not for: what a revocation does besides (`powers`, `replay`).
#![expect(clippy::indexing_slicing, reason = "indices are places in the segment")]

use std::cmp::Reverse;
use std::collections::BTreeSet;

use base::{EntryId, PersonId};
use wire::identity::Key;

use super::Void;
use super::op::{Act, Words};
use super::powers::{Powers, Status};

/// Where a revocation stands among those of one person's devices (spec governance rules 74 and 92); the greater is decided first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grade {
    has_words: bool,
    /// A change comes after the one that gave the key which it replaces.
    depth: Reverse<usize>,
    /// Of changes first those of devices that did not come by the words: who has found these has no other.
    is_from_device: bool,
    /// How many others have built on it and on no rival.
    witnesses: usize,
    /// Of all else first that of a recovered device.
    is_recovered: bool,
    added: Reverse<(u64, EntryId)>,
}

impl Powers<'_> {
    /// Grades a revocation; its author is there since `added`.
    pub(super) fn graded(&self, at: usize, is_recovered: bool, added: (u64, EntryId)) -> Grade {
        let plain = Grade {
            has_words: false,
            depth: Reverse(0),
            witnesses: 0,
            is_from_device: false,
            is_recovered,
            added: Reverse(added),
        };
        let Some((person, words)) = self.change(at) else { return plain };
        Grade {
            has_words: true,
            depth: Reverse(self.depth(person, at, words.old)),
            witnesses: self.witnesses(person, at, words.old),
            is_from_device: !is_recovered,
            is_recovered: false,
            ..plain
        }
    }

    /// Returns whose recovery key an operation replaces, if both keys have signed.
    fn change(&self, at: usize) -> Option<(PersonId, &Words)> {
        match &self.segment.ops[at].act {
            Act::Revoke { words: Some(words), .. } => Some((words.person?, words)),
            _ => None,
        }
    }

    fn changes(&self, person: PersonId) -> impl Iterator<Item = (usize, &Words)> {
        let all = self.changes.get(&person).into_iter().flatten();
        all.filter_map(move |at| Some((*at, self.change(*at)?.1)))
    }

    /// Returns the key that a person has before this segment, or comes with.
    fn first_key(&self, person: PersonId) -> Option<Key> {
        let known = self.base.members.get(&person).map(|member| member.recovery);
        known.or_else(|| self.comings(person).next().and_then(|(_, keys)| keys.last().copied()))
    }

    /// Joins with the recovery keys that they show.
    fn comings(&self, person: PersonId) -> impl Iterator<Item = (usize, &[Key])> {
        let about = self.about.get(&person).into_iter().flatten();
        about.filter_map(move |at| match &self.segment.ops[*at].act {
            Act::Join { facts: Some(facts), .. } if facts.person == person => {
                Some((*at, facts.recovery.as_slice()))
            }
            _ => None,
        })
    }

    /// How many changes lead to a key, by the past of an operation; very many when it comes from nowhere.
    fn depth(&self, person: PersonId, at: usize, mut key: Key) -> usize {
        let first = self.first_key(person);
        let (mut place, mut depth) = (at, 0);
        while Some(key) != first {
            let mut before = self.changes(person).filter(|(other, _)| self.segment.is_before(*other, place));
            let Some((other, words)) = before.find(|(_, words)| words.new == key) else { return usize::MAX };
            (place, key) = (other, words.old);
            depth += 1;
        }
        depth
    }

    /// Counts the others, in the web since before this segment, who have built on a change and on no rival of it. What computers
    /// write by themselves as soon as they hear of it is left out: it shows only who was heard first.
    fn witnesses(&self, person: PersonId, at: usize, old: Key) -> usize {
        let rivals: Vec<usize> = self
            .changes(person)
            .filter(|(other, words)| words.old == old && self.segment.are_concurrent(*other, at))
            .map(|(other, _)| other)
            .collect();
        if rivals.is_empty() {
            return 0;
        }
        let is_witness = |(place, op): &(usize, &super::Op)| {
            !matches!(op.act, Act::Epoch { .. } | Act::Accept { .. })
                && !self.refused.contains_key(&op.id)
                && self.segment.is_before(at, *place)
                && !rivals.iter().any(|rival| self.segment.is_before(*rival, *place))
        };
        let ops = self.segment.ops.iter().enumerate().filter(is_witness);
        let persons = ops.filter_map(|(_, op)| self.base.devices.get(&op.author));
        let others = persons.filter(|who| **who != person && self.base.role(**who).is_some());
        others.collect::<BTreeSet<_>>().len()
    }

    /// Returns a person's recovery key by what is in the past of an operation and counts.
    fn recovery_key(&self, person: PersonId, at: usize) -> Option<Key> {
        let known = self.base.members.get(&person).map(|member| member.recovery);
        let shown = self.comings(person).filter(|(coming, _)| *coming < at);
        let mut key = known.or_else(|| shown.map(|(_, keys)| keys.last().copied()).next().flatten())?;
        for (other, words) in self.changes(person) {
            let is_counted = matches!(self.status[other], Status::Counts(_));
            if is_counted && self.segment.is_before(other, at) && words.old == key {
                key = words.new;
            }
        }
        Some(key)
    }

    /// Says whether the key by which a device came is its person's, or may turn out to be.
    pub(super) fn has_key(&self, at: usize) -> bool {
        let Act::Recover { facts: Some(facts) } = &self.segment.ops[at].act else { return true };
        let Some(by) = facts.recovery.last() else { return false };
        let known = self.base.members.get(&facts.person).map(|member| member.recovery);
        let is_given = |(other, words): (usize, &Words)| {
            words.new == *by
                && self.segment.is_before(other, at)
                && !matches!(self.status[other], Status::Void(_))
        };
        let is_shown = |(other, keys): (usize, &[Key])| other < at && keys.last() == Some(by);
        known == Some(*by)
            || self.comings(facts.person).any(is_shown)
            || self.changes(facts.person).any(is_given)
    }

    /// Says whether a revocation may give its person new words.
    pub(super) fn judge_words(&self, at: usize, author: PersonId, words: &Words) -> Result<(), Void> {
        if words.person != Some(author) {
            return Err(Void::BadProof);
        }
        let is_rival = |(other, rival): (usize, &Words)| {
            rival.old == words.old && matches!(self.status[other], Status::Counts(_))
        };
        let is_key = self.recovery_key(author, at) == Some(words.old);
        if !is_key || self.changes(author).any(is_rival) {
            return Err(Void::WordsReplaced);
        }
        // Words that were replaced once would be good again.
        let (base, mut shown) = (self.base.members.get(&author), self.comings(author));
        let is_old = words.new == words.old
            || base
                .is_some_and(|member| member.recovery == words.new || member.replaced.contains(&words.new))
            || shown.any(|(coming, keys)| coming < at && keys.contains(&words.new))
            || self.changes(author).any(|(other, change)| {
                let is_counted = matches!(self.status[other], Status::Counts(_));
                is_counted && self.segment.is_before(other, at) && change.old == words.new
            });
        (!is_old).then_some(()).ok_or(Void::NothingToDo)
    }

    /// Who comes by words that were replaced, and is not in the past of the change, does not come (spec governance rule 93).
    pub(super) fn void_recoveries(&mut self, at: usize) {
        let Some((person, words)) = self.change(at) else { return };
        let old = words.old;
        for place in 0..self.segment.ops.len() {
            let is_old = match &self.segment.ops[place].act {
                Act::Recover { facts: Some(facts) } => {
                    facts.person == person && facts.recovery.last() == Some(&old)
                }
                _ => false,
            };
            if is_old && !self.segment.is_before(place, at) {
                self.status[place] = Status::Void(Void::WordsReplaced);
            }
        }
    }
}
