//! One question of this person on its way: what has come, who has not answered, and what is to be shown of it.
//!
//! Memory only: a question lives for minutes and can be asked again. What is shown is made anew from rows each
//! time, so a revision that came meanwhile is shown, and never an older one above it.

use std::collections::{BTreeMap, BTreeSet};

use base::{ContentId, DeviceId, PersonId, WebId};
use files::look;
use kernel::AskId;
use store::{Rows, StoreError};

use crate::jobs::{Answer, NameHit, TextHit, Texts};
use crate::query::{Filter, Terms};
use crate::rank::Statistics;

/// A question with what has come.
#[derive(Debug)]
pub(crate) struct Asking {
    /// What a person knows it by.
    pub(crate) id: String,
    /// What peers know it by.
    pub(crate) question: u64,
    pub(crate) terms: Terms,
    pub(crate) filter: Filter,
    /// Own indexes that have not answered.
    pub(crate) own_left: usize,
    /// Members' devices that were asked and have not answered.
    pub(crate) pending: BTreeSet<(WebId, DeviceId)>,
    /// Members' devices that could not be asked yet.
    pub(crate) absent: BTreeSet<(WebId, DeviceId)>,
    /// Persons who answered for a web, and all of that web who were meant.
    answered: BTreeSet<(WebId, PersonId)>,
    pub(crate) meant: BTreeSet<(WebId, PersonId)>,
    /// Devices whose answers hold what they can't have.
    pub(crate) liars: BTreeSet<DeviceId>,
    pub(crate) has_trouble: bool,
    pub(crate) names: Vec<NameHit>,
    pub(crate) texts: BTreeMap<(WebId, ContentId), TextHit>,
    pub(crate) statistics: BTreeMap<WebId, Statistics>,
    /// Whether the time for answers has passed.
    is_late: bool,
    pub(crate) is_over: bool,
    pub(crate) version: u64,
    /// Who waits for something newer than a version.
    pub(crate) waiting: Vec<(AskId, Option<u64>)>,
}

impl Asking {
    pub(crate) fn new(id: String, question: u64, terms: Terms, filter: Filter) -> Self {
        Self {
            id,
            question,
            terms,
            filter,
            own_left: 0,
            pending: BTreeSet::new(),
            absent: BTreeSet::new(),
            answered: BTreeSet::new(),
            meant: BTreeSet::new(),
            liars: BTreeSet::new(),
            has_trouble: false,
            names: Vec::new(),
            texts: BTreeMap::new(),
            statistics: BTreeMap::new(),
            is_late: false,
            is_over: false,
            version: 0,
            waiting: Vec::new(),
        }
    }

    /// Says whether there is something to show: the own indexes have answered.
    pub(crate) fn is_shown(&self) -> bool {
        self.own_left == 0
    }

    /// Takes the answer of one of the own indexes.
    pub(crate) fn take_own(
        &mut self,
        web: WebId,
        me: Option<PersonId>,
        answer: Option<Answer>,
        is_whole: bool,
    ) {
        self.own_left = self.own_left.saturating_sub(1);
        self.has_trouble |= answer.is_none() || !is_whole;
        let Answer { names, texts, .. } = answer.unwrap_or_default();
        self.names.extend(names);
        self.names.sort_by_key(|hit| std::cmp::Reverse(hit.score));
        self.add(web, texts);
        if let Some(me) = me {
            self.answered.insert((web, me));
        }
        self.changed();
    }

    /// Takes a peer's answer. A hit of what the peer never said it has is a lie or a mistake: nothing of its answer
    /// counts (spec search, rule 14).
    pub(crate) fn take<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        (web, from): (WebId, DeviceId),
        texts: Texts,
    ) -> Result<(), StoreError> {
        if !self.pending.remove(&(web, from)) {
            return Ok(());
        }
        if let Some(person) = people::read::person_of(rows, web, from)? {
            self.answered.insert((web, person));
        }
        self.changed();
        let words = self.terms.words.len();
        for hit in &texts.hits {
            let is_said = look::is_holder(rows, web, hit.content, from)?;
            let has_all = hit.counts.len() == words && hit.counts.iter().all(|count| *count > 0);
            if !is_said || !has_all {
                tracing::warn!(peer = %from.short(), web = %web.short(), "a search answer names what its sender does not have");
                self.liars.insert(from);
                return Ok(());
            }
        }
        if texts.found_in.len() == words {
            self.add(web, texts);
        }
        Ok(())
    }

    fn add(&mut self, web: WebId, texts: Texts) {
        self.statistics.entry(web).or_default().add(&texts);
        for hit in texts.hits {
            // The same content has the same counts; whoever was first keeps its snippet.
            self.texts.entry((web, hit.content)).or_insert(hit);
        }
    }

    /// Notes that a device is asked no more: it has gone.
    pub(crate) fn lose(&mut self, device: DeviceId) {
        let before = self.pending.len();
        let lost: Vec<_> = self.pending.iter().filter(|(_, asked)| *asked == device).copied().collect();
        for key in lost {
            self.pending.remove(&key);
            self.absent.insert(key);
        }
        if self.pending.len() != before {
            self.changed();
        }
    }

    /// Ends it when nobody is left to answer, or when the time is over.
    pub(crate) fn close(&mut self, is_late: bool) {
        // An own index that is slower than all others ends it when it answers.
        self.is_late |= is_late;
        let is_complete = self.pending.is_empty() && self.absent.is_empty();
        if !self.is_over && self.own_left == 0 && (is_complete || self.is_late) {
            self.is_over = true;
            self.changed();
        }
    }

    fn changed(&mut self) {
        self.version += 1;
    }

    /// Counts people who answered, and all who were meant; a person of two webs counts once.
    pub(crate) fn people(&self) -> (u32, u32) {
        let persons: BTreeSet<PersonId> = self.meant.iter().map(|(_, person)| *person).collect();
        let is_done = |person: &&PersonId| {
            self.meant.iter().filter(|(_, one)| one == *person).all(|key| self.answered.contains(key))
        };
        let answered = persons.iter().filter(is_done).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(answered), number(persons.len()))
    }

    /// Returns who of a web has not answered.
    pub(crate) fn silent(&self) -> impl Iterator<Item = (WebId, PersonId)> + '_ {
        self.meant.difference(&self.answered).copied()
    }
}
