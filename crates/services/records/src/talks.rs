//! Half-finished conversations: who has what we lack, and whom we have asked for it (spec sync rules 17 to 24).
//!
//! All of it is memory only. Losing it costs one more exchange of heads, never an entry.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{DeviceId, Timestamp, WebId};
use wire::entry::Log;
use wire::sync::Range;

use crate::tables::{log_key, log_of};

/// How long an answer may take; 512 KiB on a 0.5 Mbit/s uplink fit.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_secs(12);

/// Heads are not asked for again from one peer within this time.
const QUESTION_EVERY: Duration = Duration::from_secs(5);

/// Chains one peer may promise at most, per web: a web of 3,000 persons fits. What is over is learned later.
const GOALS_MAX: usize = 8_192;

/// Chains asked for at once; further ones follow the answer.
pub(crate) const RANGES_MAX: usize = 128;

/// A chain of one web: governance chains sort first, so they are fetched first.
pub(crate) type Chain = (u8, DeviceId);

/// What a peer has and we lack of one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Goal {
    /// The newest place the peer says it has.
    to: u64,
    /// Places to look at again, below or at what we have, to find where two branches part.
    back: Option<(u64, u64)>,
    /// The author may not write this yet, as far as we know.
    is_barred: bool,
}

/// One conversation with one peer about one web.
#[derive(Debug, Default)]
struct Talk {
    goals: BTreeMap<Chain, Goal>,
    asked: Option<Asked>,
    questioned: Option<Timestamp>,
    /// Where the last page of the peer's heads ended, while more are to come.
    page_end: Option<(DeviceId, Log)>,
}

/// A `Want` that waits for its answer.
#[derive(Debug)]
struct Asked {
    until: Timestamp,
    /// Each chain with the place that was promised when we asked.
    chains: Vec<(Chain, u64)>,
    /// Of these, the ones whose places we look at again, and which.
    back: Vec<(Chain, (u64, u64))>,
}

/// What stands in our store about a chain a peer has more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// We lack everything above this place.
    Above(u64),
    /// We may store it up to the second place only, and have it up to the first.
    Between(u64, u64),
    /// The author may not write it, as far as we know.
    Barred,
}

/// All conversations.
#[derive(Debug, Default)]
pub(crate) struct Talks {
    talks: BTreeMap<(WebId, DeviceId), Talk>,
    /// Whom each chain is asked of: never two peers at once.
    asked: BTreeMap<(WebId, Chain), DeviceId>,
}

impl Talks {
    /// Begins a conversation; `false` when it stands already.
    pub(crate) fn begin(&mut self, web: WebId, peer: DeviceId) -> bool {
        let is_new = !self.talks.contains_key(&(web, peer));
        self.talks.entry((web, peer)).or_default();
        is_new
    }

    /// Says whether a conversation stands.
    pub(crate) fn has(&self, web: WebId, peer: DeviceId) -> bool {
        self.talks.contains_key(&(web, peer))
    }

    /// Ends a conversation; what was asked there may be asked of others.
    pub(crate) fn end(&mut self, web: WebId, peer: DeviceId) {
        self.release(web, peer);
        self.talks.remove(&(web, peer));
    }

    /// Ends all conversations with a peer and returns the webs they were about.
    pub(crate) fn end_all(&mut self, peer: DeviceId) -> Vec<WebId> {
        let webs: Vec<WebId> =
            self.talks.keys().filter(|(_, with)| *with == peer).map(|(web, _)| *web).collect();
        for web in &webs {
            self.end(*web, peer);
        }
        webs
    }

    /// Returns with whom we talk about a web.
    pub(crate) fn peers(&self, web: WebId) -> Vec<DeviceId> {
        self.of(web).map(|(peer, _)| peer).collect()
    }

    fn of(&self, web: WebId) -> impl Iterator<Item = (DeviceId, &Talk)> {
        let (first, last) = (DeviceId::new([0; 32]), DeviceId::new([255; 32]));
        self.talks.range((web, first)..=(web, last)).map(|((_, peer), talk)| (*peer, talk))
    }

    /// Notes that a peer has a chain up to a place.
    pub(crate) fn promise(&mut self, web: WebId, peer: DeviceId, chain: Chain, to: u64) {
        let Some(goal) = self.goal(web, peer, chain) else { return };
        goal.to = goal.to.max(to);
    }

    /// Notes that a peer's chain differs from ours somewhere in these places.
    pub(crate) fn look_back(&mut self, web: WebId, peer: DeviceId, chain: Chain, places: (u64, u64)) {
        let Some(goal) = self.goal(web, peer, chain) else { return };
        goal.back = Some(places);
    }

    fn goal(&mut self, web: WebId, peer: DeviceId, chain: Chain) -> Option<&mut Goal> {
        let talk = self.talks.entry((web, peer)).or_default();
        if talk.goals.len() >= GOALS_MAX && !talk.goals.contains_key(&chain) {
            return None;
        }
        Some(talk.goals.entry(chain).or_insert(Goal { to: 0, back: None, is_barred: false }))
    }

    /// Notes that an entry of this chain was refused because of who its author is.
    pub(crate) fn bar(&mut self, web: WebId, peer: DeviceId, chain: Chain) {
        let goal = self.talks.get_mut(&(web, peer)).and_then(|talk| talk.goals.get_mut(&chain));
        if let Some(goal) = goal {
            goal.is_barred = true;
        }
    }

    /// Authors changed: what was barred may be asked for again.
    pub(crate) fn unbar(&mut self, web: WebId) {
        let (first, last) = (DeviceId::new([0; 32]), DeviceId::new([255; 32]));
        for (_, talk) in self.talks.range_mut((web, first)..=(web, last)) {
            talk.goals.values_mut().for_each(|goal| goal.is_barred = false);
        }
    }

    /// Says whether a peer told us that it has this place.
    pub(crate) fn has_promised(&self, web: WebId, peer: DeviceId, chain: Chain, seq: u64) -> bool {
        let goal = self.talks.get(&(web, peer)).and_then(|talk| talk.goals.get(&chain));
        goal.is_some_and(|goal| goal.to >= seq)
    }

    /// Chooses what to ask of a peer now; empty when nothing, or when an answer is still to come.
    pub(crate) fn ask<E>(
        &mut self,
        web: WebId,
        peer: DeviceId,
        now: Timestamp,
        mut lack: impl FnMut(Chain) -> Result<Lack, E>,
    ) -> Result<Vec<Range>, E> {
        let Some(talk) = self.talks.get_mut(&(web, peer)).filter(|talk| talk.asked.is_none()) else {
            return Ok(Vec::new());
        };
        let (mut ranges, mut chains, mut met) = (Vec::new(), Vec::new(), Vec::new());
        let mut back = Vec::new();
        for (chain, goal) in &mut talk.goals {
            if ranges.len() >= RANGES_MAX {
                break;
            }
            if goal.is_barred || self.asked.contains_key(&(web, *chain)) {
                continue;
            }
            back.extend(goal.back.map(|places| (*chain, places)));
            let wanted = match (goal.back.take(), lack(*chain)?) {
                (Some(places), _) => Some(places),
                (None, Lack::Above(have)) => Some((have.saturating_add(1), goal.to)),
                (None, Lack::Between(have, last)) => Some((have.saturating_add(1), goal.to.min(last))),
                (None, Lack::Barred) => None,
            };
            match (wanted, log_of(chain.0)) {
                (Some((from, to)), Some(log)) if from <= to => {
                    ranges.push(Range { device: chain.1, log, from, to });
                    chains.push((*chain, goal.to));
                }
                (Some(_), _) => met.push(*chain),
                (None, _) => goal.is_barred = true,
            }
        }
        for chain in met {
            talk.goals.remove(&chain);
        }
        if !ranges.is_empty() {
            for (chain, _) in &chains {
                self.asked.insert((web, *chain), peer);
            }
            talk.asked = Some(Asked { until: now.after(ANSWER_WAIT), chains, back });
        }
        Ok(ranges)
    }

    /// Says whether a place is among those that the open question looks at again.
    pub(crate) fn looks_at(&self, web: WebId, peer: DeviceId, (chain, seq): (Chain, u64)) -> bool {
        let asked = self.talks.get(&(web, peer)).and_then(|talk| talk.asked.as_ref());
        let back = asked.map_or(&[][..], |asked| asked.back.as_slice());
        back.iter().any(|(of, (first, last))| *of == chain && (*first..=*last).contains(&seq))
    }

    /// An answer ended at this place and there is more: what it has not reached is looked at next.
    pub(crate) fn look_on(&mut self, web: WebId, peer: DeviceId, (chain, seq): (Chain, u64)) {
        let Some(talk) = self.talks.get_mut(&(web, peer)) else { return };
        let Some(asked) = &talk.asked else { return };
        for (of, (first, last)) in &asked.back {
            let next = match log_of(of.0) {
                _ if *of > chain => *first,
                // At one place of a governance chain there may be several branches, and perhaps not all have come.
                Some(Log::Governance) if *first < seq => seq,
                _ => seq.saturating_add(1),
            };
            if let Some(goal) = talk.goals.get_mut(of).filter(|goal| goal.back.is_none())
                && *of >= chain
                && next <= *last
            {
                goal.back = Some((next, *last));
            }
        }
    }

    /// Takes an answer. `Complete`: what was asked and is still missing is not to be had there.
    pub(crate) fn answered(&mut self, web: WebId, peer: DeviceId, answer: Answer) {
        let asked = self.release(web, peer);
        let Some(talk) = self.talks.get_mut(&(web, peer)) else { return };
        for (chain, promised) in asked {
            // What was promised after we asked, what the answer gave reason to look into, or what is barred, stays.
            let is_done = |goal: &Goal| !goal.is_barred && goal.back.is_none() && goal.to <= promised;
            if answer == Answer::Complete && talk.goals.get(&chain).is_some_and(is_done) {
                talk.goals.remove(&chain);
            }
        }
    }

    /// Says whether an answer of this peer is awaited.
    pub(crate) fn is_awaiting(&self, web: WebId, peer: DeviceId) -> bool {
        self.talks.get(&(web, peer)).is_some_and(|talk| talk.asked.is_some())
    }

    /// Gives up what has taken too long and returns with whom: others are asked instead.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<(WebId, DeviceId)> {
        // A time further away than any wait is left from before a clock was set back.
        let is_due = |until: Timestamp| until <= now || until > now.after(ANSWER_WAIT * 2);
        let is_late = |talk: &Talk| talk.asked.as_ref().is_some_and(|asked| is_due(asked.until));
        let late: Vec<_> = self.talks.iter().filter(|(_, talk)| is_late(talk)).map(|(key, _)| *key).collect();
        for (web, peer) in &late {
            self.release(*web, *peer);
            if let Some(talk) = self.talks.get_mut(&(*web, *peer)) {
                talk.goals.clear();
            }
        }
        late
    }

    /// Returns when the next answer is overdue.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.talks.values().filter_map(|talk| Some(talk.asked.as_ref()?.until)).min()
    }

    /// Says whether to tell this peer all our heads now; not again at once, the answer may be under way.
    pub(crate) fn may_question(&mut self, web: WebId, peer: DeviceId, now: Timestamp) -> bool {
        let talk = self.talks.entry((web, peer)).or_default();
        // A clock that jumps back must not silence a peer for ever.
        let is_recent = talk.questioned.is_some_and(|at| at <= now && now.since(at) < QUESTION_EVERY);
        if !is_recent {
            talk.questioned = Some(now);
        }
        !is_recent
    }

    /// Returns where the page before this one of the peer's heads ended, and notes where this one ends.
    pub(crate) fn turn_page(
        &mut self,
        web: WebId,
        peer: DeviceId,
        end: Option<(DeviceId, Log)>,
    ) -> Option<(DeviceId, Log)> {
        let talk = self.talks.entry((web, peer)).or_default();
        std::mem::replace(&mut talk.page_end, end)
    }

    fn release(&mut self, web: WebId, peer: DeviceId) -> Vec<(Chain, u64)> {
        let asked = self.talks.get_mut(&(web, peer)).and_then(|talk| talk.asked.take());
        let chains = asked.map_or_else(Vec::new, |asked| asked.chains);
        for (chain, _) in &chains {
            self.asked.remove(&(web, *chain));
        }
        chains
    }
}

/// How an answer left things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// All that was asked for and is there has come, or nothing useful came.
    Complete,
    /// There is more.
    Partial,
}

/// Returns a chain's name in talks.
pub(crate) fn chain_of(log: Log, device: DeviceId) -> Chain {
    (log_key(log), device)
}

#[cfg(test)]
mod tests;
