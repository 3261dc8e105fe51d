//! Listening to devices that are members no more, as far as is known here (spec sync rules 32 to 34): what they know may say
//! that they still are.
//!
//! They learn which places are lacked here, and nothing else. Only governance is asked for and taken. Not for: visiting those
//! who refuse this device (`visits`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, Timestamp, WebId};
use kernel::{Channel, Step};
use store::{Rows, StoreError};
use wire::codec::Bytes;
use wire::entry::Log;
use wire::sync::{Head, Message, Range};

use crate::chain::{self, Taken};
use crate::forks;
use crate::service::Records;
use crate::sync::{LOOK_BACK, web_of};
use crate::tables::{AUTHORS, BRANCHES, ENTRIES, FORKS, STRANGERS, WEBS, log_key};
use crate::visits::SHOWN_MAX;

/// Bytes of entries taken from one device in [`TAKEN_PER`] at most: some 4,000 operations, each of which costs its signature.
const TAKEN_MAX: usize = 1024 * 1024;
const TAKEN_PER: Duration = Duration::from_hours(1);

/// One former member that is connected for another web's sake is asked about a web at most this often.
const QUESTION_EVERY: Duration = Duration::from_mins(5);

/// Unknown authors a web may have for entries of another one to be taken here: half of those there is room for at all, so
/// that nobody who was removed can keep newcomers away with keys that it invents.
const STRANGERS_MAX: u64 = crate::authors::STRANGERS_MAX / 2;

/// Those who are listened to. Only devices that are or were members get here; memory only.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    guests: BTreeMap<DeviceId, Guest>,
}

/// One who is a member no more, and is listened to.
#[derive(Debug)]
struct Guest {
    since: Timestamp,
    taken: usize,
    /// Webs about which entries were asked for.
    asked: BTreeSet<WebId>,
    questioned: BTreeMap<WebId, Timestamp>,
}

impl Guest {
    fn new(now: Timestamp) -> Self {
        Self { since: now, taken: 0, asked: BTreeSet::new(), questioned: BTreeMap::new() }
    }

    /// Says whether more is taken of it now.
    fn has_room(&mut self, now: Timestamp) -> bool {
        if now < self.since || now.since(self.since) >= TAKEN_PER {
            (self.since, self.taken) = (now, 0);
        }
        self.taken < TAKEN_MAX
    }

    fn may_question(&mut self, web: WebId, now: Timestamp) -> bool {
        let is_recent = |at: &Timestamp| *at <= now && now.since(*at) < QUESTION_EVERY;
        let may = !self.questioned.get(&web).is_some_and(is_recent);
        if may {
            self.questioned.insert(web, now);
        }
        may
    }
}

impl Guests {
    fn guest(&mut self, device: DeviceId, now: Timestamp) -> &mut Guest {
        self.guests.entry(device).or_insert_with(|| Guest::new(now))
    }
}

impl Records {
    /// Takes governance from a device that is a member no more, as far as is known here. It learns which places are lacked
    /// here, and nothing else.
    pub(crate) fn listen(
        &mut self,
        step: &mut Step<'_>,
        channel: Channel,
        from: DeviceId,
        message: Message,
    ) -> Result<(), StoreError> {
        let web = web_of(&message);
        let now = step.now();
        if !may_listen(step.view(), web, step.me(), from)? || !self.guests.guest(from, now).has_room(now) {
            return Ok(());
        }
        let guest = self.guests.guest(from, now);
        match message {
            // The two are connected for another web's sake, so it is not refused, and asked instead.
            Message::Summary { .. } if channel == Channel::Member && guest.may_question(web, now) => {
                let question = Message::Heads { web, heads: Vec::new(), is_last: true, is_question: true };
                step.send(from, channel, wire::to_bytes(&question));
            }
            Message::Heads { heads, .. } => {
                let ranges = lacked(step.view(), web, &heads)?;
                if !ranges.is_empty() {
                    self.guests.guest(from, now).asked.insert(web);
                }
                // Through the door an empty one is said, too: then the visit is over.
                if !ranges.is_empty() || channel == Channel::Join {
                    step.send(from, channel, wire::to_bytes(&Message::Want { web, ranges }));
                }
            }
            Message::Entries { entries, .. } if guest.asked.remove(&web) => {
                self.take_governance(step, web, from, &entries)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn take_governance(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        from: DeviceId,
        entries: &[Bytes],
    ) -> Result<(), StoreError> {
        let now = step.now();
        for bytes in entries {
            let guest = self.guests.guest(from, now);
            guest.taken = guest.taken.saturating_add(bytes.len());
            if guest.taken > TAKEN_MAX {
                break;
            }
            let Ok(Some(entry)) = chain::read(bytes, web) else { continue };
            if entry.header.log != Log::Governance || is_crowded(step.view(), web, entry.header.author)? {
                continue;
            }
            match self.take_entry(step, web, bytes, from)?.0 {
                Taken::Stored | Taken::Frozen | Taken::Parted => drop(self.digests.remove(&web)),
                Taken::Bad(error) => {
                    tracing::warn!(peer = %from.short(), web = %web.short(), %error, "an entry was refused");
                    break;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Says whether governance about a web is taken from a device: it was a member once, and this peer belongs to the web, or does
/// not because it was removed. Who left by itself is left alone.
fn may_listen<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    me: DeviceId,
    from: DeviceId,
) -> Result<bool, StoreError> {
    let Some(row) = WEBS.get(rows, &web)? else { return Ok(false) };
    let has_left = |rows| {
        let mine = AUTHORS.get(rows, &(web, me))?;
        Ok::<_, StoreError>(mine.is_some_and(|mine| !mine.is_member && mine.cut.is_none()))
    };
    Ok(from != me && AUTHORS.has(rows, &(web, from))? && !(row.is_stopped && has_left(rows)?))
}

/// Says whether an author is one nobody has heard of here, and too many of those are known already.
fn is_crowded<R: Rows + ?Sized>(rows: &R, web: WebId, author: DeviceId) -> Result<bool, StoreError> {
    let is_known = AUTHORS.has(rows, &(web, author))? || STRANGERS.has(rows, &(web, author))?;
    Ok(!is_known && WEBS.get(rows, &web)?.is_none_or(|row| row.strangers >= STRANGERS_MAX))
}

/// Says which places of governance chains are lacked here, by heads that somebody has.
fn lacked<R: Rows + ?Sized>(rows: &R, web: WebId, heads: &[Head]) -> Result<Vec<Range>, StoreError> {
    let (mut ranges, mut last) = (Vec::new(), None);
    for head in heads.iter().filter(|head| head.log == Log::Governance) {
        if ranges.len() >= SHOWN_MAX {
            break;
        }
        // In their order, each once: looking at a chain that has forked is dear.
        if last.is_none_or(|last| last < head.device) {
            last = Some(head.device);
            ranges.extend(lacked_of(rows, web, head)?);
        }
    }
    Ok(ranges)
}

fn lacked_of<R: Rows + ?Sized>(rows: &R, web: WebId, head: &Head) -> Result<Option<Range>, StoreError> {
    let Head { device, log, seq, entry } = *head;
    let chain = (web, device, log_key(log));
    let range = |from: u64, to| Ok(Some(Range { device, log, from: from.max(1), to }));
    let have = crate::tables::have(rows, &chain)?;
    let ours = ENTRIES.get(rows, &(web, device, chain.2, seq))?;
    let is_known =
        ours.as_deref().is_some_and(|ours| crate::read::known(ours).is_ok_and(|ours| ours.id == entry))
            || BRANCHES.has(rows, &(web, device, seq, entry))?;
    if is_known || seq == 0 {
        return Ok(None);
    }
    if let Some(fork) = FORKS.get(rows, &chain)?.filter(|fork| fork.seq <= seq) {
        if forks::end(rows, &chain, &fork)? == entry {
            return Ok(None);
        }
        return range(fork.seq.min(have.saturating_add(1)), u64::MAX);
    }
    if seq > have {
        return range(have.saturating_add(1), seq);
    }
    // Somewhere at or below, the chains part; or a fork is known there, which is shown with all that follows it.
    range(seq.saturating_sub(LOOK_BACK), u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_has_said_much_is_heard_again_after_an_hour() {
        let start = Timestamp::from_millis(10_000_000);
        let mut guest = Guest::new(start);
        guest.taken = TAKEN_MAX;
        assert!(!guest.has_room(start.after(TAKEN_PER / 2)));
        assert!(guest.has_room(start.after(TAKEN_PER)));
    }
}
