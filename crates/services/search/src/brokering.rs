//! Answers as a broker: from what this peer shares and keeps and from what it has read of others, as one index would, with
//! the word how far it has read whom (spec search, rules 21 to 25).

use std::collections::{BTreeMap, BTreeSet};

use base::{ContentId, DeviceId, Fault, WebId};
use files::{changes, look};
use kernel::{Channel, Step};
use store::{Rows, StoreError};

use crate::indexing::is_whole;
use crate::jobs::{Answer, QUERY, Query, TEXTS_MAX, TextHit, Texts, to_bytes};
use crate::messages::{Message, READ_MAX, ReadOf};
use crate::rank::score;
use crate::reading::{index_of, is_broker};
use crate::service::{Purpose, Search, may_ask};
use crate::tables::{BROKERS, OWED, TEXTS};

/// Who lists a content is looked for in so many shares at most.
const LISTING_MAX: usize = 16;

/// Contents whose lister is remembered at most.
const LISTERS_MAX: usize = 65_536;

/// Answers that are being put together.
#[derive(Debug, Default)]
pub(crate) struct Brokering {
    next: u64,
    halves: BTreeMap<u64, Half>,
    pub(crate) listers: Listers,
    /// How far whom has been read, by web, and for which state of the rows that holds.
    read: BTreeMap<WebId, (u64, u64, Vec<ReadOf>)>,
}

/// An answer of which a part has not come.
#[derive(Debug)]
struct Half {
    to: DeviceId,
    web: WebId,
    question: u64,
    left: u8,
    texts: Texts,
    is_wrong: bool,
}

/// Which of the two indexes of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What it shares and keeps itself.
    Own,
    /// What it has read of others.
    Others,
}

impl Search {
    /// Begins to answer a member as a broker; as any member when this is none.
    pub(crate) fn broker(
        &mut self,
        step: &mut Step<'_>,
        (to, web, question): (DeviceId, WebId, u64),
        query: Query,
    ) -> Result<(), Fault> {
        if !is_broker(step.view(), web)? {
            let job = step.work(QUERY, to_bytes(&query));
            self.jobs.insert(job, Purpose::Served { to, web, question });
            return Ok(());
        }
        self.brokering.next += 1;
        let ticket = self.brokering.next;
        let mut half = Half { to, web, question, left: 1, texts: Texts::default(), is_wrong: false };
        half.texts.found_in = vec![0; query.words.len()];
        // Most brokers share nothing themselves: one question to the driver is enough then.
        if TEXTS.within(step.view(), &web).next().transpose()?.is_some() {
            half.left = 2;
            let job = step.work(QUERY, to_bytes(&query));
            self.jobs.insert(job, Purpose::Brokered { ticket, side: Side::Own, to });
        } else {
            half.is_wrong = !is_whole(step.view(), web)?;
        }
        let job = step.work(QUERY, to_bytes(&Query { web: index_of(web), ..query }));
        self.jobs.insert(job, Purpose::Brokered { ticket, side: Side::Others, to });
        self.brokering.halves.insert(ticket, half);
        Ok(())
    }

    /// Takes the answer of one of the two indexes; with both, the member is answered.
    pub(crate) fn take_half(
        &mut self,
        step: &mut Step<'_>,
        (ticket, side): (u64, Side),
        answer: Option<Answer>,
    ) -> Result<(), Fault> {
        let Brokering { halves, listers, .. } = &mut self.brokering;
        let Some(half) = halves.get_mut(&ticket) else { return Ok(()) };
        half.left = half.left.saturating_sub(1);
        half.is_wrong |= answer.is_none() || (side == Side::Own && !is_whole(step.view(), half.web)?);
        let web = half.web;
        let (to, mut texts) = (half.to, answer.unwrap_or_default().texts);
        let hits = std::mem::take(&mut texts.hits);
        texts.hits = match side {
            Side::Own => allowed(step.view(), to, hits)?,
            Side::Others => listers.listed(step.view(), web, hits)?,
        };
        join(&mut half.texts, texts);
        if half.left > 0 {
            return Ok(());
        }
        let Some(half) = halves.remove(&ticket) else { return Ok(()) };
        // Better no answer than a wrong one; and the asker may have been removed meanwhile.
        if half.is_wrong || !may_ask(step, web, to)? {
            return Ok(());
        }
        let mut texts = half.texts;
        keep_best(&mut texts);
        let read = self.read_of(step, web)?;
        let message = Message::Brokered { web, question: half.question, texts, read };
        step.send(to, Channel::Member, to_bytes(&message));
        Ok(())
    }

    /// Returns whose documents have all been read, and up to which of their records; nobody's while that is not known.
    pub(crate) fn read_of(&mut self, step: &Step<'_>, web: WebId) -> Result<Vec<ReadOf>, StoreError> {
        let rows = step.view();
        let state = (changes::count(rows)?, self.reading.generation);
        if let Some((count, generation, read)) = self.brokering.read.get(&web)
            && (*count, *generation) == state
        {
            return Ok(read.clone());
        }
        let is_through = BROKERS.get(rows, &web)?.is_some_and(|row| row.cursor.is_none());
        let mut read = Vec::new();
        if is_through && !changes::is_any_listed(rows, web)? {
            // Of itself it needs to say nothing: who answers has read its own.
            let others =
                look::all_documents_at(rows, web)?.into_iter().filter(|(device, _)| *device != step.me());
            for (device, position) in others {
                if OWED.within(rows, &(web, device)).next().transpose()?.is_none() {
                    read.push(ReadOf { device: ReadOf::short(device), position });
                }
            }
            read.sort_unstable();
            read.dedup_by_key(|one| one.device);
            read.truncate(READ_MAX);
        }
        self.brokering.read.insert(web, (state.0, state.1, read.clone()));
        Ok(read)
    }
}

/// Returns the hits that a member may have from here as from anybody.
pub(crate) fn allowed(rows: &dyn Rows, to: DeviceId, hits: Vec<TextHit>) -> Result<Vec<TextHit>, StoreError> {
    let mut allowed = Vec::new();
    for hit in hits {
        if files::source(rows, to, hit.content)?.is_some() {
            allowed.push(hit);
        }
    }
    Ok(allowed)
}

/// Who lists what was asked for lately. Seeing that for each of 64 hits would be a third of the work of an answer.
#[derive(Debug, Default)]
pub(crate) struct Listers {
    /// The count of changes for which this holds; membership is looked at each time.
    count: u64,
    known: BTreeMap<(WebId, ContentId), DeviceId>,
}

impl Listers {
    /// Returns the hits that a member lists now: what is listed no more is in no answer, whatever the index still has.
    pub(crate) fn listed(
        &mut self,
        rows: &dyn Rows,
        web: WebId,
        hits: Vec<TextHit>,
    ) -> Result<Vec<TextHit>, StoreError> {
        let count = changes::count(rows)?;
        if self.count != count || self.known.len() > LISTERS_MAX {
            *self = Self { count, known: BTreeMap::new() };
        }
        let mut members = BTreeMap::new();
        let mut listed = Vec::new();
        for hit in hits {
            if self.is_listed(rows, &mut members, (web, hit.content))? {
                listed.push(hit);
            }
        }
        Ok(listed)
    }

    fn is_listed(
        &mut self,
        rows: &dyn Rows,
        members: &mut BTreeMap<DeviceId, bool>,
        (web, content): (WebId, ContentId),
    ) -> Result<bool, StoreError> {
        if let Some(device) = self.known.get(&(web, content)) {
            let is_member = match members.get(device) {
                Some(is_member) => *is_member,
                None => people::read::is_member(rows, web, *device)?,
            };
            members.insert(*device, is_member);
            if is_member {
                return Ok(true);
            }
        }
        let lister = look::lister(rows, web, content, LISTING_MAX)?;
        self.known.extend(lister.map(|device| ((web, content), device)));
        Ok(lister.is_some())
    }
}

fn join(sum: &mut Texts, texts: Texts) {
    sum.documents = sum.documents.saturating_add(texts.documents);
    sum.length = sum.length.saturating_add(texts.length);
    for (sum, count) in sum.found_in.iter_mut().zip(&texts.found_in) {
        *sum = sum.saturating_add(*count);
    }
    let known: BTreeSet<ContentId> = sum.hits.iter().map(|hit| hit.content).collect();
    sum.hits.extend(texts.hits.into_iter().filter(|hit| !known.contains(&hit.content)));
}

/// Keeps the best texts by the counts of both indexes.
fn keep_best(texts: &mut Texts) {
    let limit = usize::try_from(TEXTS_MAX).unwrap_or(0);
    if texts.hits.len() <= limit {
        return;
    }
    texts.hits.sort_by(|one, other| {
        score(other).total_cmp(&score(one)).then_with(|| one.content.cmp(&other.content))
    });
    texts.hits.truncate(limit);
}
