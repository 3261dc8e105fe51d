//! Words between members about logs (spec sync rules 5 to 24): heads are compared, what is missing is asked for.

use base::{DeviceId, EntryId, WebId};
use kernel::{Channel, Step};
use store::{Rows, StoreError};
use wire::WireError;
use wire::codec::Bytes;
use wire::entry::{Entry, Log};
use wire::sync::{ENTRIES_SIZE_GOAL, HEADS_MAX, Head, Message, Range};

use crate::budget::Budget;
use crate::chain::{self, Taken};
use crate::copies;
use crate::forks;
use crate::service::{OVERDUE, Records, note_heard};
use crate::tables::{
    AUTHORS, ENTRIES, FORKS, HEADS, NO_ENTRY, comparable_heads, frozen_from, is_member, log_key, log_of,
};
use crate::talks::{Answer, Chain, Lack, chain_of};
use crate::told::{Misdeed, tell_misdeed};

/// Entries looked at in one message, at most: each may cost a signature check of 60 microseconds.
const ENTRIES_MAX: usize = 1_024;

/// Entries in one answer, at most: the asker checks them in one step, which should stay under 5 ms.
const ENTRIES_ANSWERED: usize = 64;

/// Places looked at again at once, to find where two branches of a chain part.
pub(crate) const LOOK_BACK: u64 = 64;

/// Proofs of forks sent in answer to one message, at most.
const FORKS_MAX: usize = 8;

/// What a peer's entries came to.
#[derive(Debug, Clone, Copy, Default)]
struct Harvest {
    /// Some of them told us something new.
    is_new: bool,
    /// Something in them no peer in order would have sent.
    is_bad: bool,
    /// The last entry that could be read.
    last: Option<(Chain, u64)>,
    /// The last entry of a governance chain beyond a fork: where to go on when there is more.
    beyond: Option<(Chain, u64)>,
}

impl Records {
    /// Takes a message of a connected device.
    pub(crate) fn hear(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        message: &[u8],
    ) -> Result<(), StoreError> {
        let message = match Message::read(message) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(peer = %from.short(), %error, "a message was dropped");
                return Ok(());
            }
        };
        let web = web_of(&message);
        // Only members are answered, and only about webs both belong to (spec sync rule 5); to others is listened at most.
        if !is_member(step.view(), web, from)? || !is_member(step.view(), web, step.me())? {
            return self.listen(step, Channel::Member, from, message);
        }
        note_heard(step, from)?;
        self.talks.begin(web, from);
        match message {
            Message::Summary { digest, .. } => self.hear_summary(step, web, from, digest),
            Message::Heads { heads, is_last, is_question, .. } if is_question => {
                self.hear_question(step, web, from, heads, is_last)
            }
            Message::Heads { heads, .. } => self.hear_news(step, web, from, &heads, &[]),
            Message::News { heads, entries, .. } => self.hear_news(step, web, from, &heads, &entries),
            Message::Want { ranges, .. } => self.hear_want(step, web, from, &ranges),
            Message::Entries { entries, is_last, .. } => {
                self.hear_entries(step, web, from, &entries, is_last)
            }
            Message::Fork { one, other, .. } => {
                self.digests.remove(&web);
                forks::hear(step, web, &one, &other, from)
            }
        }
    }

    /// Begins a conversation with a member that is connected, if there is none.
    pub(crate) fn greet(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        peer: DeviceId,
    ) -> Result<(), StoreError> {
        if self.talks.begin(web, peer) { self.summarise(step, web, peer) } else { Ok(()) }
    }

    /// Greets every connected member of a web.
    pub(crate) fn greet_connected(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        for peer in self.connected.clone() {
            if !self.talks.has(web, peer) && is_member(step.view(), web, peer)? {
                self.greet(step, web, peer)?;
            }
        }
        Ok(())
    }

    /// Tells a peer in one digest what we have of a web.
    pub(crate) fn summarise(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        peer: DeviceId,
    ) -> Result<(), StoreError> {
        let digest = self.digest(step, web)?;
        send(step, peer, &Message::Summary { web, digest });
        Ok(())
    }

    fn digest(&mut self, step: &Step<'_>, web: WebId) -> Result<EntryId, StoreError> {
        if let Some(digest) = self.digests.get(&web) {
            return Ok(*digest);
        }
        let digest = digest_of(&comparable_heads(step.view(), web)?);
        self.digests.insert(web, digest);
        Ok(digest)
    }

    fn hear_summary(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        digest: EntryId,
    ) -> Result<(), StoreError> {
        if self.digest(step, web)? == digest {
            return copies::agreed(step, web);
        }
        if !self.talks.may_question(web, from, step.now()) {
            return Ok(());
        }
        tell_heads(step, web, from, &comparable_heads(step.view(), web)?, true);
        Ok(())
    }

    /// Takes a page of all heads a peer has, and answers with those of ours that are newer or that it lacks.
    fn hear_question(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        mut theirs: Vec<Head>,
        is_last: bool,
    ) -> Result<(), StoreError> {
        theirs.sort_unstable();
        let name = |head: &Head| (head.device, head.log);
        let end = theirs.last().map(name).filter(|_| !is_last);
        let start = self.talks.turn_page(web, from, end);
        let is_on_page = |head: &Head| {
            start.is_none_or(|start| start < name(head)) && end.is_none_or(|end| name(head) <= end)
        };
        let ours = comparable_heads(step.view(), web)?;
        let lacked = ours.into_iter().filter(is_on_page).filter(|ours| {
            let place = theirs.partition_point(|head| name(head) < name(ours));
            let same = theirs.get(place).filter(|head| name(head) == name(ours));
            same.is_none_or(|theirs| {
                (theirs.seq, theirs.entry) != (ours.seq, ours.entry) && theirs.seq <= ours.seq
            })
        });
        let lacked: Vec<Head> = lacked.collect();
        if !lacked.is_empty() {
            tell_heads(step, web, from, &lacked, false);
        }
        self.hear_news(step, web, from, &theirs, &[])
    }

    /// Takes heads that a peer has, and entries it thought worth sending along.
    fn hear_news(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        heads: &[Head],
        entries: &[Bytes],
    ) -> Result<(), StoreError> {
        if self.harvest(step, web, from, entries)?.is_bad {
            return Ok(());
        }
        let mut proofs = 0;
        for head in heads {
            if self.compare(step, web, from, head)? && proofs < FORKS_MAX {
                proofs += 1;
                let chain = (web, head.device, log_key(head.log));
                if let Some(proof) = forks::message(step.view(), &chain)? {
                    send(step, from, &proof);
                }
            }
        }
        self.ask_all(step, web)
    }

    /// Compares a head with ours; `true` when the peer should get our proof of a fork.
    fn compare(
        &mut self,
        step: &Step<'_>,
        web: WebId,
        from: DeviceId,
        head: &Head,
    ) -> Result<bool, StoreError> {
        let key = (web, head.device, log_key(head.log));
        let chain = chain_of(head.log, head.device);
        let ours = HEADS.get(step.view(), &key)?;
        let have = ours.map_or(0, |ours| ours.seq);
        let fork = FORKS.get(step.view(), &key)?;
        let frozen = fork.as_ref().map(|fork| fork.seq);
        if let Some(fork) = fork.filter(|fork| fork.seq == head.seq && head.log == Log::Governance) {
            if forks::end(step.view(), &key, &fork)? != head.entry {
                self.talks.look_back(web, from, chain, (head.seq, u64::MAX));
            }
            return Ok(false);
        }
        if head.entry == NO_ENTRY {
            // The peer knows of a fork at this place.
            if frozen.is_some_and(|from| from <= head.seq) {
                return Ok(frozen != Some(head.seq));
            }
            if have.saturating_add(1) < head.seq {
                self.talks.promise(web, from, chain, head.seq);
            } else {
                self.talks.look_back(web, from, chain, (head.seq, head.seq));
            }
            return Ok(false);
        }
        if frozen.is_some_and(|from| head.seq >= from) {
            return Ok(true);
        }
        if head.seq > have {
            self.talks.promise(web, from, chain, head.seq);
        } else if head.seq == have && ours.is_some_and(|ours| ours.entry != head.entry) {
            let first = have.saturating_sub(LOOK_BACK).max(1);
            self.talks.look_back(web, from, chain, (first, have));
        }
        Ok(false)
    }

    /// Answers with stored entries, as many as one message should hold.
    fn hear_want(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        ranges: &[Range],
    ) -> Result<(), StoreError> {
        let now = step.now();
        let budget = self.budgets.entry(from).or_insert_with(|| Budget::new(now));
        if !budget.has_some(now) {
            tracing::warn!(peer = %from.short(), "a peer asks for more than its share");
            return Ok(());
        }
        let mut answer = Stock { entries: Vec::new(), size: 0, is_full: false };
        let mut proofs = Vec::new();
        for range in ranges {
            let chain = (web, range.device, log_key(range.log));
            let fork = frozen_from(step.view(), &chain)?.filter(|fork| *fork <= range.to);
            let last = fork.map_or(range.to, |fork| fork.saturating_sub(1));
            answer.add_range(step.view(), web, &Range { to: last, ..*range })?;
            if let Some(fork) = fork {
                proofs.extend(forks::message(step.view(), &chain)?.filter(|_| proofs.len() < FORKS_MAX));
                if range.log == Log::Governance {
                    let places = (range.from.max(fork), range.to);
                    let branches = forks::branches(step.view(), &chain, places)?;
                    for bytes in branches {
                        answer.add(bytes);
                    }
                }
            }
            if answer.is_full {
                break;
            }
        }
        budget.spend(answer.size);
        for proof in proofs {
            send(step, from, &proof);
        }
        let is_last = !answer.is_full;
        send(step, from, &Message::Entries { web, entries: answer.entries, is_last });
        Ok(())
    }

    fn hear_entries(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        entries: &[Bytes],
        is_last: bool,
    ) -> Result<(), StoreError> {
        let harvest = self.harvest(step, web, from, entries)?;
        // A part of an answer that came twice says nothing about the question that is open now.
        let looked = harvest.last.filter(|_| !is_last && !harvest.is_bad);
        // Places looked at again are known, up to where two branches part.
        let is_new = harvest.is_new || looked.is_some_and(|place| self.talks.looks_at(web, from, place));
        let is_stale = !is_new && !harvest.is_bad && !entries.is_empty() && !is_last;
        if self.talks.is_awaiting(web, from) && !is_stale {
            let is_complete = is_last || !is_new || harvest.is_bad;
            if let Some(place) = looked.filter(|_| !is_complete) {
                self.talks.look_on(web, from, place);
            }
            self.talks.answered(web, from, if is_complete { Answer::Complete } else { Answer::Partial });
            if let Some((chain, seq)) = harvest.beyond.filter(|_| !is_complete) {
                self.talks.look_back(web, from, chain, (seq, u64::MAX));
            }
        }
        self.ask_all(step, web)
    }

    /// Stores what can be stored of a peer's entries.
    fn harvest(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        entries: &[Bytes],
    ) -> Result<Harvest, StoreError> {
        let mut harvest = Harvest::default();
        for bytes in entries.iter().take(ENTRIES_MAX) {
            let (taken, entry) = self.take_entry(step, web, bytes, from)?;
            let place =
                entry.map(|entry| (chain_of(entry.header.log, entry.header.author), entry.header.seq));
            harvest.last = place.or(harvest.last);
            match (taken, place) {
                (Taken::Stored, _) => {
                    harvest.is_new = true;
                    self.digests.remove(&web);
                }
                (Taken::Parted, Some((chain, seq))) => {
                    harvest.is_new = true;
                    self.digests.remove(&web);
                    let first = seq.saturating_sub(LOOK_BACK).max(1);
                    self.talks.look_back(web, from, chain, (first, seq.saturating_sub(1)));
                }
                (Taken::Gap { .. }, Some((chain, seq))) => self.talks.promise(web, from, chain, seq),
                (Taken::Frozen, place) => {
                    harvest.is_new = true;
                    harvest.beyond = place.filter(|((log, _), _)| log_of(*log) == Some(Log::Governance));
                    self.digests.remove(&web);
                }
                (Taken::Barred | Taken::Crowded, Some((chain, _))) => {
                    harvest.is_new = true;
                    self.talks.bar(web, from, chain);
                }
                (Taken::Bad(error), _) if !matches!(error, WireError::FutureVersion { .. }) => {
                    // A peer in order checks before it stores, so it never sends such an entry.
                    tracing::warn!(peer = %from.short(), web = %web.short(), %error, "an entry was refused");
                    tell_misdeed(step, from, Misdeed::Forged);
                    harvest.is_bad = true;
                    return Ok(harvest);
                }
                (Taken::WrongWeb, _) => {
                    tracing::warn!(peer = %from.short(), web = %web.short(), "an entry of another web");
                    harvest.is_bad = true;
                    return Ok(harvest);
                }
                // Known already, or written by a later Althing that somebody else has to read.
                _ => {}
            }
        }
        Ok(harvest)
    }

    /// Takes one entry of a peer, as far as its author's quota goes.
    pub(crate) fn take_entry(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        bytes: &[u8],
        from: DeviceId,
    ) -> Result<(Taken, Option<Entry>), StoreError> {
        if let Ok(Some(entry)) = chain::read(bytes, web)
            && self.quotas.refuses(step, web, &entry)?
        {
            return Ok((Taken::Crowded, Some(entry)));
        }
        let (taken, entry) = chain::take(step, web, bytes, Some(from))?;
        if let (Taken::Stored, Some(entry)) = (&taken, &entry) {
            self.quotas.count(step, web, entry)?;
        }
        Ok((taken, entry))
    }

    /// Asks every peer of a web for what it has and we lack, each chain of one peer only.
    pub(crate) fn ask_all(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        for peer in self.talks.peers(web) {
            let now = step.now();
            let rows = step.view();
            let ranges = self.talks.ask(web, peer, now, |chain| lack(rows, web, chain))?;
            if !ranges.is_empty() {
                send(step, peer, &Message::Want { web, ranges });
            }
        }
        if let Some(next) = self.talks.next_expiry() {
            step.alarm(next.since(step.now()), OVERDUE);
        }
        Ok(())
    }

    /// Asks others where an answer is overdue.
    pub(crate) fn fail_over(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for (web, peer) in self.talks.expire(step.now()) {
            tracing::debug!(peer = %peer.short(), web = %web.short(), "an answer is overdue");
            self.ask_all(step, web)?;
            let others: Vec<DeviceId> =
                self.neighbours(web).into_iter().filter(|other| *other != peer).collect();
            if let Some(other) = others.iter().find(|other| **other > peer).or(others.first()) {
                self.summarise(step, web, *other)?;
            }
        }
        if let Some(next) = self.talks.next_expiry() {
            step.alarm(next.since(step.now()), OVERDUE);
        }
        Ok(())
    }
}

/// Entries on their way into an answer.
struct Stock {
    entries: Vec<Bytes>,
    size: usize,
    is_full: bool,
}

impl Stock {
    /// Adds stored entries of a range until the answer is full.
    fn add_range<R: Rows + ?Sized>(&mut self, rows: &R, web: WebId, range: &Range) -> Result<(), StoreError> {
        let chain = (web, range.device, log_key(range.log));
        if range.from > range.to {
            return Ok(());
        }
        for row in ENTRIES.within_from(rows, &chain, &(chain.0, chain.1, chain.2, range.from)) {
            let ((.., seq), bytes) = row?;
            if seq > range.to {
                break;
            }
            self.add(bytes);
            if self.is_full {
                break;
            }
        }
        Ok(())
    }

    /// Adds one entry if there is room for it; the first one always fits.
    fn add(&mut self, bytes: Bytes) {
        let size = self.size.saturating_add(bytes.len());
        let is_over = size > ENTRIES_SIZE_GOAL || self.entries.len() >= ENTRIES_ANSWERED;
        self.is_full |= is_over && !self.entries.is_empty();
        if !self.is_full {
            self.size = size;
            self.entries.push(bytes);
        }
    }
}

/// Says what we lack of a chain that a peer has more of.
fn lack<R: Rows + ?Sized>(rows: &R, web: WebId, (log, device): Chain) -> Result<Lack, StoreError> {
    let chain = (web, device, log);
    let have = crate::tables::have(rows, &chain)?;
    if let Some(from) = frozen_from(rows, &chain)? {
        return Ok(Lack::Between(have, from.saturating_sub(1)));
    }
    if log_of(log) == Some(Log::Governance) {
        return Ok(Lack::Above(have));
    }
    Ok(match AUTHORS.get(rows, &(web, device))? {
        Some(author) => author.cut.map_or(Lack::Above(have), |cut| Lack::Between(have, cut.seq)),
        None => Lack::Barred,
    })
}

/// Returns the digest of heads that stand in order (spec sync rule 4).
pub(crate) fn digest_of(heads: &[Head]) -> EntryId {
    let mut hasher = blake3::Hasher::new();
    for head in heads {
        hasher.update(head.device.as_bytes());
        hasher.update(&[log_key(head.log)]);
        hasher.update(&head.seq.to_be_bytes());
        hasher.update(head.entry.as_bytes());
    }
    EntryId::new(*hasher.finalize().as_bytes())
}

/// Sends heads in pages; no heads make one empty page.
fn tell_heads(step: &mut Step<'_>, web: WebId, to: DeviceId, heads: &[Head], is_question: bool) {
    let pages: Vec<&[Head]> = heads.chunks(HEADS_MAX).collect();
    let Some((last, before)) = pages.split_last() else {
        send(step, to, &Message::Heads { web, heads: Vec::new(), is_last: true, is_question });
        return;
    };
    for page in before {
        send(step, to, &Message::Heads { web, heads: page.to_vec(), is_last: false, is_question });
    }
    send(step, to, &Message::Heads { web, heads: last.to_vec(), is_last: true, is_question });
}

/// Sends a message to a member.
pub(crate) fn send(step: &mut Step<'_>, to: DeviceId, message: &Message) {
    step.send(to, Channel::Member, wire::to_bytes(message));
}

/// Returns which web a message is about.
pub(crate) fn web_of(message: &Message) -> WebId {
    match message {
        Message::Summary { web, .. }
        | Message::Heads { web, .. }
        | Message::News { web, .. }
        | Message::Want { web, .. }
        | Message::Entries { web, .. }
        | Message::Fork { web, .. } => *web,
    }
}
