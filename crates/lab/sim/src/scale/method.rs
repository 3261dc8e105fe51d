//! The ways to search that are compared, and what one search by one of them costs and brings.

use super::graph::Graph;
use super::question::{Revision, Says, Trial};

/// Bytes of a question on the wire, with what encryption, QUIC, UDP and IP add.
pub(super) const QUESTION_BYTES: u64 = 150;

/// Bytes of an answer with one hit and its snippet, likewise.
pub(super) const ANSWER_BYTES: u64 = 600;

/// Bytes of a new connection, both directions (`CALL_EVERY` in `records` counts with the same).
pub(super) const CONNECT_BYTES: u64 = 5_000;

/// Hops of a new connection before the first question can go: there and back.
pub(super) const CONNECT_HOPS: u32 = 2;

/// Hops until somebody who went is given up: twice there and back.
pub(super) const GIVE_UP_HOPS: u32 = 4;

/// How long a hop takes: from one home with 40 ms at its line to another (`docs/wan.md`).
pub const HOP_MS: u32 = 80;

/// Hops after which a question is over though some have not answered: 2 s.
pub(super) const DEADLINE_HOPS: u32 = 2_000 / HOP_MS;

/// A way to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Everybody passes the question on to all neighbours, so many hops or without end.
    Flood(Option<u32>),
    /// Walkers that pass from neighbour to neighbour by chance, so many messages in all.
    Walk(u32),
    /// The same, and each peer knows its neighbours' filters; asking one of them is a message, too.
    Guided(u32),
    /// Neighbours are asked, and so many others are called.
    Connected(u32),
    /// The asker has the filters of all members and asks those that say yes: so many of them, or all.
    Summaries(Option<u32>),
    /// The same, and what a change adds to a filter is told to all with the record of the change.
    Deltas,
    /// Every peer has the records of all.
    Catalogue,
    /// So many always-on peers have an index of everything; one of them is asked.
    Brokers(u32),
}

/// Everything that is compared, in the order of the tables.
pub const METHODS: [Method; 17] = [
    Method::Flood(Some(3)),
    Method::Flood(Some(5)),
    Method::Flood(Some(7)),
    Method::Flood(None),
    Method::Walk(64),
    Method::Walk(512),
    Method::Walk(4096),
    Method::Guided(64),
    Method::Guided(512),
    Method::Guided(4096),
    Method::Connected(32),
    Method::Summaries(Some(64)),
    Method::Summaries(None),
    Method::Deltas,
    Method::Catalogue,
    Method::Brokers(1),
    Method::Brokers(3),
];

impl Method {
    /// Returns what tables and plots call it.
    pub fn name(self) -> String {
        match self {
            Self::Flood(Some(hops)) => format!("flood, {hops} hops"),
            Self::Flood(None) => "flood, no limit".to_owned(),
            Self::Walk(budget) => format!("walks, {budget} messages"),
            Self::Guided(budget) => format!("guided walks, {budget} messages"),
            Self::Connected(calls) => format!("neighbours and {calls} calls"),
            Self::Summaries(Some(most)) => format!("filters of all, {most} asked"),
            Self::Summaries(None) => "filters of all, all that match asked".to_owned(),
            Self::Deltas => "filters of all, changes told at once".to_owned(),
            Self::Catalogue => "catalogue at everybody".to_owned(),
            Self::Brokers(1) => "one broker".to_owned(),
            Self::Brokers(count) => format!("{count} brokers"),
        }
    }
}

/// What one search cost and brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Messages that carry the question, lost ones too: what a budget limits.
    pub(super) questions: u64,
    pub(super) answers: u64,
    pub(super) bytes: u64,
    /// Copies that were to be found and were, at members who are here.
    pub(super) found_here: u32,
    /// The same at members who are away, known by records only.
    pub(super) found_away: u32,
    /// The newest revision found, and after how many hops it was known.
    pub(super) best: Option<(Revision, u32)>,
    /// Hops until the last answer or the last step.
    pub(super) over: u32,
}

impl Outcome {
    /// Notes that a copy was found.
    pub(super) fn find(&mut self, revision: Revision, hops: u32, is_here: bool) {
        match is_here {
            true => self.found_here += 1,
            false => self.found_away += 1,
        }
        let is_better = self.best.is_none_or(|(best, at)| revision > best || (revision == best && hops < at));
        if is_better {
            self.best = Some((revision, hops));
        }
    }
}

/// Marks on peers that are wiped in no time.
#[derive(Debug)]
pub(super) struct Marks {
    marks: Vec<u32>,
    now: u32,
}

impl Marks {
    /// Makes room for a web; nobody is marked.
    pub(super) fn new(members: u32) -> Self {
        Self { marks: vec![0; members as usize], now: 1 }
    }

    /// Takes all marks away.
    pub(super) fn wipe(&mut self) {
        self.now += 1;
    }

    /// Marks a peer; false when it was.
    pub(super) fn insert(&mut self, peer: u32) -> bool {
        let now = self.now;
        self.marks.get_mut(peer as usize).is_some_and(|mark| std::mem::replace(mark, now) != now)
    }

    /// Says whether a peer is marked.
    pub(super) fn contains(&self, peer: u32) -> bool {
        self.marks.get(peer as usize) == Some(&self.now)
    }
}

/// A search on its way.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) graph: &'a Graph,
    pub(super) trial: &'a Trial<'a>,
    pub(super) outcome: Outcome,
    /// How many messages each peer has got by this method.
    load: &'a mut [u32],
    answered: &'a mut Marks,
}

impl<'a> Attempt<'a> {
    /// Begins one.
    pub(super) fn new(
        graph: &'a Graph,
        trial: &'a Trial<'a>,
        load: &'a mut [u32],
        answered: &'a mut Marks,
    ) -> Self {
        answered.wipe();
        Self { graph, trial, outcome: Outcome::default(), load, answered }
    }

    /// Sends the question to a peer and says whether it arrived.
    pub(super) fn send(&mut self, to: u32, bytes: u64) -> bool {
        self.outcome.questions += 1;
        self.outcome.bytes += bytes;
        let is_here = self.graph.is_here(to);
        if let Some(load) = self.load.get_mut(to as usize).filter(|_| is_here) {
            *load += 1;
        }
        is_here
    }

    /// Lets a peer that has the question after so many hops answer, once, straight to the asker.
    pub(super) fn answer(&mut self, peer: u32, hops: u32) {
        let says = self.trial.says(peer);
        let asker = self.trial.question.asker;
        self.outcome.over = self.outcome.over.max(hops);
        if says == Says::Nothing || peer == asker || !self.answered.insert(peer) {
            return;
        }
        let (back, bytes) = match self.graph.is_line(peer, asker) {
            true => (1, 0),
            false => (1 + CONNECT_HOPS, CONNECT_BYTES),
        };
        self.reply(says, hops + back, bytes);
    }

    /// Lets a peer answer that the asker has a connection to already.
    pub(super) fn answer_on_line(&mut self, peer: u32, hops: u32) {
        let says = self.trial.says(peer);
        self.outcome.over = self.outcome.over.max(hops + 1);
        if says != Says::Nothing && self.answered.insert(peer) {
            self.reply(says, hops + 1, 0);
        }
    }

    /// Sends the question to a peer that is down.
    pub(super) fn send_in_vain(&mut self, bytes: u64) {
        self.outcome.questions += 1;
        self.outcome.bytes += bytes;
    }

    /// Counts one answer that lists all copies.
    pub(super) fn count_answer(&mut self, hops: u32) {
        self.outcome.answers += 1;
        self.outcome.bytes += ANSWER_BYTES;
        self.outcome.over = hops;
    }

    fn reply(&mut self, says: Says, hops: u32, bytes: u64) {
        self.outcome.answers += 1;
        self.outcome.bytes += ANSWER_BYTES + bytes;
        self.outcome.over = self.outcome.over.max(hops);
        if let Says::Has(revision) = says {
            self.outcome.find(revision, hops, true);
        }
    }
}
