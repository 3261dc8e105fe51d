//! One question of this person on its way: what has come, who has not answered, and what is to be shown of it.
//!
//! Memory only: a question lives for minutes and can be asked again. What is shown is made anew from rows each
//! time, so a revision that came meanwhile is shown, and never an older one above it. Not for: whom to ask (`whom.rs`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use files::look;
use kernel::AskId;
use store::{Rows, StoreError};

use crate::jobs::{Answer, NameHit, TextHit, Texts};
use crate::messages::ReadOf;
use crate::query::{Filter, Terms};
use crate::showing::{Showing, Source};

/// Files looked at for whether anybody lists a content at most.
const SHOWING_MAX: usize = 16;

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
    /// Brokers that were asked and have not answered: nobody else of their webs has been asked.
    pub(crate) brokers: BTreeMap<WebId, DeviceId>,
    /// Brokers that were asked, whatever came of it.
    pub(crate) tried: BTreeSet<(WebId, DeviceId)>,
    /// Who said that it has no place, and is asked again in a moment; and how often each said so.
    pub(crate) again: BTreeSet<(WebId, DeviceId)>,
    pub(crate) refused: BTreeMap<(WebId, DeviceId), u32>,
    /// Webs with a broker whose members would have to be asked in its place, but too many other questions are.
    pub(crate) held: BTreeSet<WebId>,
    /// Members' devices that were asked and have not answered.
    pub(crate) pending: BTreeSet<(WebId, DeviceId)>,
    /// Members' devices that could not be asked yet.
    pub(crate) absent: BTreeSet<(WebId, DeviceId)>,
    /// Members' devices that answered.
    pub(crate) heard: BTreeSet<(WebId, DeviceId)>,
    /// Members' devices that need not be asked: they list nothing, or have said that they have no such words.
    pub(crate) spared: BTreeSet<(WebId, DeviceId)>,
    /// Of which webs a broker answered, and whose documents were read by it.
    pub(crate) covered: BTreeMap<WebId, Covered>,
    /// Persons who answered for a web, and all of that web who were meant.
    answered: BTreeSet<(WebId, PersonId)>,
    pub(crate) meant: BTreeSet<(WebId, PersonId)>,
    /// Devices whose answers hold what they can't have.
    pub(crate) liars: BTreeSet<DeviceId>,
    /// Brokers that did not answer in time, or had no place for the question, and have not answered since.
    pub(crate) silent_brokers: BTreeSet<(WebId, DeviceId)>,
    pub(crate) has_trouble: bool,
    pub(crate) names: Vec<NameHit>,
    pub(crate) texts: BTreeMap<(WebId, ContentId), TextHit>,
    /// Texts that a broker told of.
    pub(crate) by_broker: BTreeSet<(WebId, ContentId)>,
    /// Which snippets are on their way.
    pub(crate) showing: Showing,
    /// When it was asked, and when each broker was for the last time.
    pub(crate) begun: Timestamp,
    pub(crate) asked_at: BTreeMap<(WebId, DeviceId), Timestamp>,
    /// Whether the time for answers has passed.
    is_late: bool,
    pub(crate) is_over: bool,
    pub(crate) version: u64,
    /// Who waits for something newer than a version.
    pub(crate) waiting: Vec<(AskId, Option<u64>)>,
}

/// What a broker answered for.
#[derive(Debug)]
pub(crate) struct Covered {
    /// Which.
    pub(crate) broker: DeviceId,
    /// Whose documents it has read.
    pub(crate) devices: BTreeSet<DeviceId>,
}

/// What a broker's answer turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It counts.
    Sound,
    /// It holds what cannot be.
    Lie,
    /// Nobody waits for it.
    Late,
}

impl Asking {
    pub(crate) fn new(question: u64, terms: Terms, filter: Filter, begun: Timestamp) -> Self {
        Self {
            id: format!("{question:016x}"),
            question,
            terms,
            filter,
            own_left: 0,
            brokers: BTreeMap::new(),
            tried: BTreeSet::new(),
            again: BTreeSet::new(),
            refused: BTreeMap::new(),
            held: BTreeSet::new(),
            pending: BTreeSet::new(),
            absent: BTreeSet::new(),
            heard: BTreeSet::new(),
            spared: BTreeSet::new(),
            covered: BTreeMap::new(),
            answered: BTreeSet::new(),
            meant: BTreeSet::new(),
            liars: BTreeSet::new(),
            silent_brokers: BTreeSet::new(),
            has_trouble: false,
            names: Vec::new(),
            texts: BTreeMap::new(),
            by_broker: BTreeSet::new(),
            showing: Showing::default(),
            begun,
            asked_at: BTreeMap::new(),
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
        self.add(web, Source::Own, texts);
        if let Some(me) = me {
            self.answered.insert((web, me));
        }
        self.changed();
    }

    /// Takes the answer of the own index of what others list: this peer is a broker itself.
    pub(crate) fn take_own_reading(&mut self, web: WebId, answer: Option<Answer>) {
        self.own_left = self.own_left.saturating_sub(1);
        self.has_trouble |= answer.is_none();
        let texts = answer.unwrap_or_default().texts;
        self.by_broker.extend(texts.hits.iter().map(|hit| (web, hit.content)));
        self.add(web, Source::Own, texts);
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
        self.heard.insert((web, from));
        self.changed();
        if !are_sound(rows, (web, from), &texts, self.terms.words.len())? {
            self.liars.insert(from);
            return Ok(());
        }
        if texts.found_in.len() == self.terms.words.len() {
            self.add(web, Source::Peer(from), texts);
        }
        Ok(())
    }

    /// Takes a broker's answer (spec search, rule 25). It may have what any member lists; what nobody listed, and what it has
    /// seen replaced or removed by its own account, is a lie or a mistake, and nothing of its answer counts.
    pub(crate) fn take_brokered<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        (web, from, me): (WebId, DeviceId, DeviceId),
        mut texts: Texts,
        read: &[ReadOf],
    ) -> Result<Verdict, StoreError> {
        // While the question is open, an answer is as good late as early, also if others are being asked by now.
        let is_awaited = self.tried.contains(&(web, from))
            && !self.covered.contains_key(&web)
            && !self.liars.contains(&from);
        if !is_awaited {
            return Ok(Verdict::Late);
        }
        self.brokers.remove(&web);
        self.pending.remove(&(web, from));
        self.again.remove(&(web, from));
        self.heard.insert((web, from));
        self.changed();
        let position = |device: DeviceId| {
            let place = read.binary_search_by_key(&ReadOf::short(device), |one| one.device).ok();
            place.and_then(|place| read.get(place)).map(|one| one.position)
        };
        let mut is_ahead = false;
        for one in &self.devices_of_meant(rows, web)? {
            is_ahead |= position(*one).is_some_and(|at| {
                *one != me && look::documents_at(rows, web, *one).is_ok_and(|known| known < at)
            });
        }
        let mut is_lie = texts.found_in.len() != self.terms.words.len();
        let mut sound = Vec::new();
        for hit in std::mem::take(&mut texts.hits) {
            is_lie |= !has_all_counts(&hit, self.terms.words.len());
            // What it has said that it lists or keeps itself it may have, also what is the newest of nothing any more.
            if look::is_holder(rows, web, hit.content, from)? {
                sound.push(hit);
                continue;
            }
            let showing = look::showing(rows, web, hit.content, SHOWING_MAX)?;
            // It may know of something that has not come here yet; that cannot be shown, and is no lie.
            is_lie |= showing.is_empty() && !is_ahead;
            let is_newest = showing.iter().any(|one| one.past.is_none());
            for one in showing.iter().filter(|_| !is_newest) {
                if let Some(last) = look::last_statement(rows, one.number, one.file)? {
                    is_lie |= position(last.device).is_some_and(|at| at >= last.position);
                }
            }
            if !showing.is_empty() {
                sound.push(hit);
            }
        }
        if is_lie {
            tracing::warn!(peer = %from.short(), web = %web.short(), "a broker answers with what nobody lists");
            self.liars.insert(from);
            return Ok(Verdict::Lie);
        }
        let mut covered = Covered { broker: from, devices: BTreeSet::from([from]) };
        for device in self.devices_of_meant(rows, web)? {
            let known = look::documents_at(rows, web, device)?;
            if position(device).is_some_and(|at| device == me || at >= known) {
                covered.devices.insert(device);
            }
        }
        self.wait_for_uncovered(web, &covered);
        self.covered.insert(web, covered);
        texts.hits = sound;
        self.by_broker.extend(texts.hits.iter().map(|hit| (web, hit.content)));
        self.add(web, Source::Peer(from), texts);
        Ok(Verdict::Sound)
    }

    /// Ends waiting for whom a broker answered, if they were being asked in its place; who may keep what somebody has listed
    /// who is away is waited for.
    fn wait_for_uncovered(&mut self, web: WebId, covered: &Covered) {
        self.silent_brokers.retain(|(of, _)| *of != web);
        self.held.remove(&web);
        let is_covered = |key: &(WebId, DeviceId)| key.0 == web && covered.devices.contains(&key.1);
        if self.absent.iter().all(|key| key.0 != web || is_covered(key)) {
            self.pending.retain(|key| !is_covered(key));
            self.absent.retain(|key| !is_covered(key));
        }
    }

    /// Notes that this peer itself has read what some devices list.
    pub(crate) fn cover(&mut self, web: WebId, me: DeviceId, devices: BTreeSet<DeviceId>) {
        self.covered.insert(web, Covered { broker: me, devices });
    }

    fn devices_of_meant<R: Rows + ?Sized>(&self, rows: &R, web: WebId) -> Result<Vec<DeviceId>, StoreError> {
        let mut devices = Vec::new();
        for (_, person) in self.meant.iter().filter(|(of, _)| *of == web) {
            devices.extend(people::read::devices_of(rows, web, *person)?);
        }
        Ok(devices)
    }

    fn add(&mut self, web: WebId, source: Source, texts: Texts) {
        for hit in texts.hits {
            self.showing.note((web, hit.content), source);
            // The same content has the same counts; whoever was first with a snippet keeps it.
            match self.texts.entry((web, hit.content)) {
                Entry::Vacant(place) => drop(place.insert(hit)),
                Entry::Occupied(mut known) if known.get().snippet.is_empty() => {
                    let known = known.get_mut();
                    (known.snippet, known.marks) = (hit.snippet, hit.marks);
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Notes that a device is asked no more: it has gone.
    pub(crate) fn lose(&mut self, device: DeviceId) {
        self.showing.lose(Source::Peer(device), |_| true);
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

    /// Notes of everybody who was meant whether all that could be had of them has come.
    pub(crate) fn note_answered<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        me: DeviceId,
    ) -> Result<(), StoreError> {
        for (web, person) in self.meant.difference(&self.answered).copied().collect::<Vec<_>>() {
            let devices = people::read::devices_of(rows, web, person)?;
            let is_done = |device: &DeviceId| {
                let key = (web, *device);
                let is_open = self.pending.contains(&key) || self.absent.contains(&key);
                let is_covered =
                    self.covered.get(&web).is_some_and(|covered| covered.devices.contains(device));
                self.heard.contains(&key)
                    || *device == me
                    || (!is_open && (is_covered || self.spared.contains(&key)))
            };
            let is_heard = devices.iter().any(|device| self.heard.contains(&(web, *device)));
            if is_heard || devices.iter().all(is_done) {
                self.answered.insert((web, person));
            }
        }
        Ok(())
    }

    /// Ends it when nobody is left to answer, or when the time is over.
    pub(crate) fn close(&mut self, is_late: bool) {
        // An own index that is slower than all others ends it when it answers.
        self.is_late |= is_late;
        let is_complete = !self.are_others_open()
            && self.absent.is_empty()
            && self.held.is_empty()
            && self.showing.is_done();
        if !self.is_over && self.own_left == 0 && (is_complete || self.is_late) {
            self.is_over = true;
            self.changed();
        }
    }

    /// Says whether somebody who was asked has not answered.
    fn are_others_open(&self) -> bool {
        !self.pending.is_empty() || !self.brokers.is_empty()
    }

    /// Says whether it is to be looked at which snippets are wanted.
    pub(crate) fn is_showing_due(&self) -> bool {
        !self.is_over && self.is_shown() && self.showing.is_due(self.are_others_open())
    }

    pub(crate) fn changed(&mut self) {
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

/// Says whether a member can have what it answers with (spec search, rule 14).
pub(crate) fn are_sound<R: Rows + ?Sized>(
    rows: &R,
    (web, from): (WebId, DeviceId),
    texts: &Texts,
    words: usize,
) -> Result<bool, StoreError> {
    for hit in &texts.hits {
        if !has_all_counts(hit, words) || !look::is_holder(rows, web, hit.content, from)? {
            tracing::warn!(peer = %from.short(), web = %web.short(), "a search answer names what its sender does not have");
            return Ok(false);
        }
    }
    Ok(true)
}

fn has_all_counts(hit: &TextHit, words: usize) -> bool {
    hit.counts.len() == words && hit.counts.iter().all(|count| *count > 0)
}
