//! What is measured: sums over all questions and webs of one size, and what they come to.

use super::graph::Graph;
use super::method::{METHODS, Method};
use super::question::{AGE_DOUBLINGS, Revision, Target};
use super::real::{percentile, real, share, wide};
use super::web::Tried;

/// One way to search at one size, in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The way.
    pub method: Method,
    /// Messages of one search, answers included.
    pub messages: f64,
    /// Bytes of one search.
    pub bytes: f64,
    /// Hops until the newest revision that is found at all is known: median, and of 95 in 100.
    pub hops: Option<(u32, u32)>,
    /// Hops until the last answer or step: median.
    pub over: Option<u32>,
    /// The part of the copies at members who are here that is found: mean over all searches.
    pub recall: f64,
    /// The same of documents that are asked for as often as they are kept, and of any document.
    pub recall_by_target: (f64, f64),
    /// The part of all copies, those at members who are away too.
    pub recall_of_all: f64,
    /// Searches whose best answer is the newest revision.
    pub newest: f64,
    /// The same by how long ago that revision was saved, in ms.
    pub newest_by_age: Vec<(u64, f64)>,
    /// Messages to the busiest peer by those to the mean one; none if there were no messages.
    pub hot_spot: Option<f64>,
    /// Messages that the busiest peer gets for 1,000 searches of all members.
    pub busiest: f64,
}

/// Ages that are told apart: each four times the one before.
const AGES: usize = 10;

/// Sums of one way at one size.
#[derive(Debug, Clone, Default)]
struct Tally {
    searches: u64,
    messages: u64,
    bytes: u64,
    recall_popular: Mean,
    recall_any: Mean,
    recall_of_all: Mean,
    newest: u64,
    /// Searches, and those with the newest revision on top, by age.
    by_age: [(u64, u64); AGES],
    hops: Vec<u32>,
    over: Vec<u32>,
    hot_spot: Mean,
    busiest: Mean,
}

/// A mean in the making.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn get(self) -> f64 {
        self.sum / real(self.count.max(1))
    }

    fn with(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, count: self.count + other.count }
    }
}

/// Sums of all ways at one size.
#[derive(Debug)]
pub(super) struct Tallies(Vec<Tally>);

impl Tallies {
    pub(super) fn new() -> Self {
        Self(vec![Tally::default(); METHODS.len()])
    }

    /// Takes one search.
    pub(super) fn take(&mut self, tried: Tried) {
        let Some(tally) = self.0.get_mut(tried.method) else { return };
        let outcome = tried.outcome;
        tally.searches += 1;
        tally.messages += outcome.questions + outcome.answers;
        tally.bytes += outcome.bytes;
        let recall = share(u64::from(outcome.found_here), u64::from(tried.wanted_here));
        match tried.target {
            Target::Popular => tally.recall_popular.add(recall),
            Target::Any => tally.recall_any.add(recall),
        }
        let found = outcome.found_here + outcome.found_away;
        tally.recall_of_all.add(share(u64::from(found), u64::from(tried.wanted_here + tried.wanted_away)));
        let newest = u64::from(outcome.best.is_some_and(|(revision, _)| revision == Revision::Newest));
        tally.newest += newest;
        if let Some((searches, with_newest)) = tally.by_age.get_mut(age_place(tried.age_ms)) {
            *searches += 1;
            *with_newest += newest;
        }
        if let Some((_, hops)) = outcome.best {
            tally.hops.push(hops);
        }
        tally.over.push(outcome.over);
    }

    /// Takes the messages that each peer of one web got for so many searches.
    pub(super) fn take_loads(&mut self, graph: &Graph, loads: &[Vec<u32>], searches: usize) {
        for (tally, load) in self.0.iter_mut().zip(loads) {
            let sum: u64 = load.iter().map(|messages| u64::from(*messages)).sum();
            let most = u64::from(load.iter().copied().max().unwrap_or(0));
            tally.busiest.add(1_000.0 * share(most, wide(searches)));
            if sum > 0 {
                tally.hot_spot.add(real(most) * real(u64::from(graph.here())) / real(sum));
            }
        }
    }

    /// Returns what the sums come to.
    pub(super) fn finish(self) -> Vec<Measured> {
        self.0.into_iter().zip(METHODS).map(|(tally, method)| tally.finish(method)).collect()
    }
}

/// Returns the place of an age among those told apart.
fn age_place(age_ms: u32) -> usize {
    (age_ms.max(1).ilog2().saturating_sub(AGE_DOUBLINGS.0) / 2) as usize
}

impl Tally {
    fn finish(mut self, method: Method) -> Measured {
        let median = percentile(&mut self.hops, 50);
        Measured {
            method,
            messages: share(self.messages, self.searches),
            bytes: share(self.bytes, self.searches),
            hops: median.zip(percentile(&mut self.hops, 95)),
            over: percentile(&mut self.over, 50),
            recall: self.recall_popular.with(self.recall_any).get(),
            recall_by_target: (self.recall_popular.get(), self.recall_any.get()),
            recall_of_all: self.recall_of_all.get(),
            newest: share(self.newest, self.searches),
            newest_by_age: (0..)
                .zip(self.by_age)
                .filter(|(_, (searches, _))| *searches > 0)
                .map(|(place, (searches, newest))| {
                    (1 << (AGE_DOUBLINGS.0 + 2 * place + 1), share(newest, searches))
                })
                .collect(),
            hot_spot: (self.hot_spot.count > 0).then(|| self.hot_spot.get()),
            busiest: self.busiest.get(),
        }
    }
}
