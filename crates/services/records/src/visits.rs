//! Visits to those who refuse this device though it takes them for members (spec sync rules 29 to 31).
//!
//! Who hears of a removal ends the conversation with those it is about, and with them goes the word that may make it void. So
//! whoever is refused shows, through the door for strangers, what it knows of governance. Nobody visits those whom it takes for
//! removed. Not for: the other end (`guests`), deciding who is right, which the evaluation does, and records: none are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Timestamp, WebId};
use kernel::{Channel, Step};
use store::{Rows, StoreError};
use wire::codec::Bytes;
use wire::entry::Log;
use wire::sync::{Head, Message, Range};

use crate::forks;
use crate::service::Records;
use crate::tables::{ENTRIES, FORKS, comparable_heads, is_member, log_key, webs};

/// Heads shown in one visit at most. With [`CARRIED_MAX`] some 52 KiB, of the 64 KiB that a stranger may say.
pub(crate) const SHOWN_MAX: usize = 256;

/// Bytes of entries carried in one visit at most. A larger entry does not fit through a door, nor does what follows it in its
/// chain: a new key for more than some 250 persons.
const CARRIED_MAX: usize = 32 * 1024;

/// How long a visit takes at most: so long the door stays open.
const VISIT_WAIT: Duration = Duration::from_secs(10);

/// What was said last has so long to arrive before a visitor goes.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(2);

/// Until the next visit; doubled after each in which all was shown, and nothing more was wanted.
const AGAIN_FIRST: Duration = Duration::from_mins(2);
const AGAIN_MAX: Duration = Duration::from_hours(1);

/// The same when more was wanted than one visit carries, so many times in a row: who wants the same for ever may not.
const AGAIN_SOON: Duration = Duration::from_secs(10);
const IN_A_ROW_MAX: u32 = 16;

/// Alarm: a visit takes too long, or the next one is due.
pub(crate) const VISIT: &str = "visit";

/// Those who refuse this device. Memory only: losing it costs a visit.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    hosts: BTreeMap<DeviceId, Host>,
}

/// One who refuses this device.
#[derive(Debug)]
struct Host {
    next: Timestamp,
    wait: Duration,
    /// Visits in a row in which there was more to carry.
    in_a_row: u32,
    /// The last head that was shown; none when the next visit begins at the beginning.
    shown: Option<(WebId, DeviceId)>,
    visit: Option<Visit>,
}

/// A visit under way.
#[derive(Debug)]
struct Visit {
    until: Timestamp,
    /// Webs whose heads were shown, and about which nothing has been said yet; none before the door opens.
    open: Option<BTreeSet<WebId>>,
    /// The last head that is shown; none when that is the last of all.
    end: Option<(WebId, DeviceId)>,
    carried: usize,
    has_more: bool,
}

/// Says whether a time has come. One further away than any wait is left from before a clock was set back.
fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at > now.after(AGAIN_MAX * 2)
}

impl Host {
    fn new() -> Self {
        Self { next: Timestamp::default(), wait: AGAIN_FIRST, in_a_row: 0, shown: None, visit: None }
    }

    fn end_visit(&mut self, now: Timestamp) {
        let Some(visit) = self.visit.take() else { return };
        if visit.open.is_none() {
            self.next = now.after(self.wait);
            return;
        }
        if visit.has_more && self.in_a_row < IN_A_ROW_MAX {
            self.in_a_row += 1;
            self.next = now.after(AGAIN_SOON);
            return;
        }
        self.in_a_row = 0;
        self.next = now.after(self.wait);
        self.shown = visit.end;
        if visit.end.is_none() {
            self.wait = (self.wait * 2).min(AGAIN_MAX);
        }
    }

    /// Returns when something is to be done about it without anybody saying so.
    fn alarm(&self) -> Option<Timestamp> {
        let soon = || (self.in_a_row > 0).then_some(self.next);
        self.visit.as_ref().map(|visit| visit.until).or_else(soon)
    }
}

impl Visits {
    fn visit(&mut self, host: DeviceId) -> Option<&mut Visit> {
        self.hosts.get_mut(&host)?.visit.as_mut()
    }
}

impl Records {
    /// A device that this one takes for a member refuses it: what the two know differs, and it is visited.
    pub(crate) fn refused(&mut self, step: &mut Step<'_>, host: DeviceId) -> Result<(), StoreError> {
        let now = step.now();
        if common_webs(step.view(), step.me(), host)?.is_empty() {
            self.visits.hosts.remove(&host);
            return Ok(());
        }
        let known = self.visits.hosts.entry(host).or_insert_with(Host::new);
        if known.visit.is_none() && is_due(known.next, now) {
            let until = now.after(VISIT_WAIT * 2);
            known.visit = Some(Visit { until, open: None, end: None, carried: 0, has_more: false });
            step.connect(host, Channel::Join);
        }
        self.await_visits(step);
        Ok(())
    }

    /// A device does not refuse this one any more.
    pub(crate) fn is_welcome(&mut self, step: &mut Step<'_>, host: DeviceId) {
        if self.visits.hosts.remove(&host).is_some_and(|host| host.visit.is_some()) {
            step.disconnect(host, Channel::Join);
        }
    }

    /// The door is open: heads of the governance chains of all common webs are shown, from where the last visit ended.
    pub(crate) fn enter(&mut self, step: &mut Step<'_>, host: DeviceId) -> Result<(), StoreError> {
        let Some(known) = self.visits.hosts.get(&host) else { return Ok(()) };
        if known.visit.as_ref().is_none_or(|visit| visit.open.is_some()) {
            return Ok(());
        }
        let after = known.shown;
        let (pages, end) = heads_to_show(step.view(), &common_webs(step.view(), step.me(), host)?, after)?;
        let until = step.now().after(VISIT_WAIT);
        if let Some(visit) = self.visits.visit(host) {
            visit.until = until;
            visit.open = Some(pages.keys().copied().collect());
            visit.end = end;
        }
        for (web, heads) in pages {
            let message = Message::Heads { web, heads, is_last: true, is_question: true };
            step.send(host, Channel::Join, wire::to_bytes(&message));
        }
        self.await_visits(step);
        Ok(())
    }

    /// The door has closed, or nobody opens.
    pub(crate) fn leave(&mut self, step: &mut Step<'_>, host: DeviceId) {
        if let Some(known) = self.visits.hosts.get_mut(&host) {
            known.end_visit(step.now());
        }
        self.await_visits(step);
    }

    /// Goes when a visit takes too long, and comes back when there was more.
    pub(crate) fn look_at_visits(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let now = step.now();
        let due = self.visits.hosts.iter().filter(|(_, host)| host.alarm().is_some_and(|at| is_due(at, now)));
        let due: Vec<(DeviceId, bool)> = due.map(|(device, host)| (*device, host.visit.is_some())).collect();
        for (host, is_there) in due {
            match is_there {
                true => self.go(step, host),
                false => self.refused(step, host)?,
            }
        }
        self.await_visits(step);
        Ok(())
    }

    fn go(&mut self, step: &mut Step<'_>, host: DeviceId) {
        step.disconnect(host, Channel::Join);
        self.leave(step, host);
    }

    fn await_visits(&self, step: &mut Step<'_>) {
        if let Some(next) = self.visits.hosts.values().filter_map(Host::alarm).min() {
            step.alarm(next.since(step.now()), VISIT);
        }
    }

    /// Takes what is said through the door: by a host to this device, its guest, or by a guest to it.
    pub(crate) fn hear_at_door(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        message: &[u8],
    ) -> Result<(), StoreError> {
        match Message::read(message) {
            Ok(Message::Want { web, ranges }) => self.carry(step, web, from, &ranges),
            Ok(message) => self.listen(step, Channel::Join, from, message),
            // An answer would tell a stranger what we understand.
            Err(_) => Ok(()),
        }
    }

    /// Gives a host what it lacks of the chains it was shown, as far as that fits.
    fn carry(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        host: DeviceId,
        ranges: &[Range],
    ) -> Result<(), StoreError> {
        if !is_member(step.view(), web, host)? || !is_member(step.view(), web, step.me())? {
            return Ok(());
        }
        let Some(visit) = self.visits.visit(host) else { return Ok(()) };
        if !visit.open.as_mut().is_some_and(|open| open.remove(&web)) {
            return Ok(());
        }
        let load = load(step.view(), web, ranges, CARRIED_MAX.saturating_sub(visit.carried))?;
        visit.carried = visit.carried.saturating_add(load.size);
        visit.has_more |= load.has_more;
        let is_over = visit.open.as_ref().is_some_and(BTreeSet::is_empty);
        if !load.entries.is_empty() {
            let entries = Message::Entries { web, entries: load.entries, is_last: !load.has_more };
            step.send(host, Channel::Join, wire::to_bytes(&entries));
        }
        match (is_over, visit.carried) {
            (true, 0) => self.go(step, host),
            (true, _) => {
                visit.until = step.now().after(LAST_WORDS_WAIT).min(visit.until);
                self.await_visits(step);
            }
            (false, _) => {}
        }
        Ok(())
    }
}

/// What is carried in one answer.
struct Load {
    entries: Vec<Bytes>,
    size: usize,
    room: usize,
    has_more: bool,
}

/// What became of an entry that was to be carried.
enum Fit {
    Carried,
    /// No visit has room for it.
    TooLarge,
    /// This visit has not.
    Full,
}

impl Load {
    fn add(&mut self, bytes: Bytes) -> Fit {
        if bytes.len() > CARRIED_MAX {
            return Fit::TooLarge;
        }
        let size = self.size.saturating_add(bytes.len());
        if size > self.room {
            self.has_more = true;
            return Fit::Full;
        }
        self.size = size;
        self.entries.push(bytes);
        Fit::Carried
    }

    /// Adds the entries of a range, and of every branch of it.
    fn add_range<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        web: WebId,
        range: &Range,
    ) -> Result<Fit, StoreError> {
        let chain = (web, range.device, log_key(Log::Governance));
        let fork = FORKS.get(rows, &chain)?.filter(|fork| fork.seq <= range.to);
        let last = fork.as_ref().map_or(range.to, |fork| fork.seq.saturating_sub(1));
        for row in ENTRIES.within_from(rows, &chain, &(chain.0, chain.1, chain.2, range.from)) {
            let ((.., seq), bytes) = row?;
            if seq > last {
                break;
            }
            match self.add(bytes) {
                Fit::Carried => {}
                no => return Ok(no),
            }
        }
        let Some(fork) = fork else { return Ok(Fit::Carried) };
        let branches = forks::branches(rows, &chain, (range.from.max(fork.seq), range.to))?;
        // The two of the proof need not both stand on a branch; who gets both sees the fork.
        let mut apart: Vec<Bytes> = vec![fork.one, fork.other];
        apart.retain(|bytes| range.from <= fork.seq && !branches.contains(bytes));
        for bytes in apart.into_iter().chain(branches) {
            match self.add(bytes) {
                Fit::Carried => {}
                no => return Ok(no),
            }
        }
        Ok(Fit::Carried)
    }
}

/// Gathers governance entries of ranges, as many as there is room for.
fn load<R: Rows + ?Sized>(rows: &R, web: WebId, ranges: &[Range], room: usize) -> Result<Load, StoreError> {
    let mut load = Load { entries: Vec::new(), size: 0, room, has_more: false };
    for range in ranges.iter().filter(|range| range.log == Log::Governance).take(SHOWN_MAX) {
        if matches!(load.add_range(rows, web, range)?, Fit::Full) {
            break;
        }
    }
    Ok(load)
}

/// Returns the webs of which both are members, as far as is known here.
fn common_webs<R: Rows + ?Sized>(rows: &R, me: DeviceId, other: DeviceId) -> Result<Vec<WebId>, StoreError> {
    let mut common = Vec::new();
    for web in webs(rows)? {
        if is_member(rows, web, other)? && is_member(rows, web, me)? {
            common.push(web);
        }
    }
    Ok(common)
}

type Pages = BTreeMap<WebId, Vec<Head>>;

/// Chooses which heads are shown, after the last one that was; and says which is the last of them, unless that is the end.
fn heads_to_show<R: Rows + ?Sized>(
    rows: &R,
    webs: &[WebId],
    after: Option<(WebId, DeviceId)>,
) -> Result<(Pages, Option<(WebId, DeviceId)>), StoreError> {
    let (mut pages, mut count, mut last) = (Pages::new(), 0, None);
    for web in webs.iter().filter(|web| after.is_none_or(|(after, _)| after <= **web)) {
        for head in comparable_heads(rows, *web)? {
            let place = (*web, head.device);
            if head.log != Log::Governance || after.is_some_and(|after| place <= after) {
                continue;
            }
            if count == SHOWN_MAX {
                return Ok((pages, last));
            }
            pages.entry(*web).or_default().push(head);
            (count, last) = (count + 1, Some(place));
        }
    }
    Ok((pages, None))
}

#[cfg(test)]
mod tests;
