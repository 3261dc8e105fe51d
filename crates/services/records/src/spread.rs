//! What is done when a batch closes: queued records are sealed, news leave, other services are told.

use std::collections::BTreeMap;

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use store::StoreError;
use wire::codec::Bytes;
use wire::entry::Log;
use wire::sync::{HEADS_MAX, Head, Message};

use crate::agenda::{self, Todo};
use crate::authors;
use crate::batches::{self, Rest};
use crate::neighbours::Ring;
use crate::service::{REST, Records};
use crate::sync::send;
use crate::tables::{AUTHORS, ENTRIES, HEADS, WEBS, frozen_from, log_of};
use crate::talks::chain_of;
use crate::told::Told;

/// Bytes of own entries sent along with news, at most: what a person just saved should be there at once.
const OWN_ENTRIES_MAX: usize = 64 * 1024;

/// Bytes of others' entries passed on with news, at most; the receivers probably have them from somebody else.
const PASSED_ENTRIES_MAX: usize = 4 * 1024;

/// One piece of news.
struct News {
    head: Head,
    source: Option<DeviceId>,
    /// The entries, if they are small.
    entries: Vec<Bytes>,
}

impl Records {
    /// Does what is on the agenda.
    pub(crate) fn close(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut stopped = Vec::new();
        for (web, ..) in agenda::take(step, Todo::Authors)? {
            if WEBS.get(step.view(), &web)?.is_none_or(|row| row.is_stopped) {
                stopped.push(web);
            } else {
                self.change_members(step, web)?;
            }
        }
        for (web, device, _, item) in agenda::take(step, Todo::Cut)? {
            self.digests.remove(&web);
            step.announce(Told::Cut { web, device, seq: item.seq }.to_bytes());
        }
        open_and_seal(step)?;
        for (web, ..) in agenda::take(step, Todo::Governance)? {
            step.announce(Told::Governance { web }.to_bytes());
        }
        self.spread_forks(step)?;
        self.spread_news(step)?;
        for web in stopped {
            self.part_from_web(step, web);
        }
        Ok(())
    }

    /// Membership changed: other neighbours, new conversations, and what was barred may be welcome now.
    fn change_members(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        self.digests.remove(&web);
        // The last word leaves before the network shuts its gate.
        self.tell_parted(step, web)?;
        authors::admit(step, web)?;
        self.place(step, web)?;
        for peer in self.talks.peers(web) {
            if !AUTHORS.get(step.view(), &(web, peer))?.is_some_and(|author| author.is_member) {
                self.talks.end(web, peer);
            }
        }
        self.talks.unbar(web);
        self.greet_connected(step, web)?;
        self.ask_all(step, web)?;
        self.dial(step);
        Ok(())
    }

    /// Tells those who are members no more the governance entries that came now, which say so, and nothing else
    /// (spec sync rule 16).
    fn tell_parted(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        let is_member = |device| {
            AUTHORS
                .get(step.view(), &(web, device))
                .map(|author| author.is_some_and(|author| author.is_member))
        };
        let mut parted = Vec::new();
        for device in self.rings.get(&web).into_iter().flat_map(Ring::devices) {
            if self.connected.contains(&device) && !is_member(device)? {
                parted.push(device);
            }
        }
        if parted.is_empty() {
            return Ok(());
        }
        let mut items = agenda::news_of(step.view(), web)?;
        items.retain(|(_, _, log, _)| log_of(*log) == Some(Log::Governance));
        let news = collect(step, web, &items)?;
        for peer in parted {
            self.tell_news(step, web, peer, &news);
        }
        Ok(())
    }

    /// Passes on proofs of forks, each once.
    fn spread_forks(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for (web, device, log, item) in agenda::take(step, Todo::Fork)? {
            self.digests.remove(&web);
            let Some(proof) = crate::forks::message(step.view(), &(web, device, log))? else { continue };
            for peer in self.neighbours(web) {
                if item.source != Some(peer) {
                    send(step, peer, &proof);
                }
            }
        }
        Ok(())
    }

    /// Tells the neighbours what is new.
    fn spread_news(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let mut by_web: BTreeMap<WebId, Vec<agenda::Entry>> = BTreeMap::new();
        for item in agenda::take(step, Todo::News)? {
            by_web.entry(item.0).or_default().push(item);
        }
        for (web, items) in by_web {
            self.digests.remove(&web);
            let neighbours = self.neighbours(web);
            if neighbours.is_empty() {
                continue;
            }
            let news = collect(step, web, &items)?;
            for peer in neighbours {
                // The ring may be older than the last word on who is a member.
                if AUTHORS.get(step.view(), &(web, peer))?.is_some_and(|author| author.is_member) {
                    self.tell_news(step, web, peer, &news);
                }
            }
        }
        Ok(())
    }

    /// Tells one neighbour the news that it did not bring or promise itself.
    fn tell_news(&self, step: &mut Step<'_>, web: WebId, peer: DeviceId, news: &[News]) {
        let is_new = |news: &&News| {
            let chain = chain_of(news.head.log, news.head.device);
            news.source != Some(peer) && !self.talks.has_promised(web, peer, chain, news.head.seq)
        };
        let fresh: Vec<&News> = news.iter().filter(is_new).collect();
        for part in fresh.chunks(HEADS_MAX) {
            let heads = part.iter().map(|news| news.head).collect();
            let entries = part.iter().flat_map(|news| news.entries.iter().cloned()).collect();
            send(step, peer, &Message::News { web, heads, entries });
        }
    }
}

/// Opens and seals what waits for it, a bounded part at a time.
fn open_and_seal(step: &mut Step<'_>) -> Result<(), Fault> {
    let mut rest = Rest::Nothing;
    for (web, ..) in agenda::take(step, Todo::Open)? {
        if batches::open_waiting(step, web)? == Rest::Some {
            rest = Rest::Some;
        }
    }
    for (web, ..) in agenda::take(step, Todo::Seal)? {
        if batches::seal(step, web)? == Rest::Some {
            rest = Rest::Some;
        }
    }
    if rest == Rest::Some {
        step.alarm(std::time::Duration::ZERO, REST);
    }
    Ok(())
}

/// Looks up the heads that are new and the entries small enough to go along.
fn collect(step: &Step<'_>, web: WebId, items: &[agenda::Entry]) -> Result<Vec<News>, StoreError> {
    let me = step.me();
    let is_stopped = WEBS.get(step.view(), &web)?.is_none_or(|row| row.is_stopped);
    let (mut own_left, mut passed_left) = (OWN_ENTRIES_MAX, PASSED_ENTRIES_MAX);
    let mut collected = Vec::new();
    for (_, device, log, item) in items {
        let chain = (web, *device, *log);
        let (Some(head), Some(named)) = (HEADS.get(step.view(), &chain)?, log_of(*log)) else { continue };
        let is_frozen = frozen_from(step.view(), &chain)?.is_some_and(|from| head.seq >= from);
        // Who has left a web says so, and nothing else.
        if is_frozen || (is_stopped && (*device != me || named != Log::Governance)) {
            continue;
        }
        let left = if item.source.is_none() { &mut own_left } else { &mut passed_left };
        let mut entries = Vec::new();
        let mut size: usize = 0;
        for row in ENTRIES.within_from(step.view(), &chain, &(web, *device, *log, item.seq)) {
            let (_, bytes) = row?;
            size = size.saturating_add(bytes.len());
            if size > *left {
                entries.clear();
                break;
            }
            entries.push(bytes);
        }
        if !entries.is_empty() {
            *left = left.saturating_sub(size);
        }
        let head = Head { device: *device, log: named, seq: head.seq, entry: head.entry };
        collected.push(News { head, source: item.source, entries });
    }
    Ok(collected)
}
