//! What each way costs while nobody searches: filters, records and news that have to be everywhere beforehand.
//!
//! Reckoned, not simulated, from the sizes that the model's collections have.

use super::graph::Graph;
use super::method::Method;
use super::real::{real, share, wide};

/// Saves of one member in an hour while it is here. Each makes a new record and a new filter.
pub(super) const SAVES_PER_HOUR: f64 = 2.0;

/// Bytes of a change in the catalogue, packed with others (`facts` A7; the goal for a whole entry is 600).
const CHANGE_BYTES: f64 = 150.0;

/// Bytes of an announcement to a neighbour that has the thing already.
const NEWS_BYTES: f64 = 24.0;

/// Bytes that a broker is told of a changed text: 250 words, hashed to 8 bytes.
const WORDS_BYTES: f64 = 2_000.0;

/// Bytes of the words that a change adds: one word in ten of a document, hashed to 4 bytes.
const ADDED_WORDS_BYTES: f64 = 100.0;

/// Whole filters are then needed once a day, to forget words that are gone.
const WHOLE_FILTER_HOURS: f64 = 24.0;

/// Filters a member makes in an hour at most: for its neighbours, and for all (see `walks`, `replicas`).
const FILTERS_PER_HOUR: (f64, f64) = (60.0, 6.0);

/// Bits of a binary fuse filter for each word, by the number of words: measured with xorf 0.13.
const FILTER_BITS: [(usize, f64); 4] = [(1_000, 11.3), (10_000, 10.2), (100_000, 9.5), (1_000_000, 9.0)];

/// What a web costs at rest, reckoned from what it is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtRest {
    /// Bytes that a peer receives in an hour, and sends.
    pub bytes_per_hour: f64,
    /// The same for the busiest peer, where one has more to do than the others.
    pub busiest_per_hour: f64,
    /// Bytes kept at a peer.
    pub kept: f64,
}

/// What a web is like.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Likeness {
    /// All members.
    pub members: f64,
    /// Those who are here.
    pub here: f64,
    /// Neighbours of a peer in the mean.
    pub neighbours: f64,
    /// Documents, and copies of them.
    pub documents: f64,
    /// Copies of all documents, the first ones included.
    pub copies: f64,
    /// Different words of a member in the mean.
    pub words: f64,
    /// Bytes of a member's filter in the mean.
    pub filter_bytes: f64,
}

impl Likeness {
    /// Describes a web.
    pub(super) fn of(graph: &Graph, documents: u32, copies: usize, words: &[usize]) -> Self {
        let lines: usize = (0..graph.members()).map(|peer| graph.neighbours(peer).len()).sum();
        let placed = (0..graph.members()).filter(|peer| graph.seems_here(*peer)).count();
        let bytes: f64 = words.iter().map(|words| filter_bytes(*words)).sum();
        Self {
            members: real(u64::from(graph.members())),
            here: real(u64::from(graph.here())),
            neighbours: share(wide(lines), wide(placed)),
            documents: real(u64::from(documents)),
            copies: real(wide(copies)),
            words: share(wide(words.iter().sum()), wide(words.len())),
            filter_bytes: bytes / real(wide(words.len()).max(1)),
        }
    }

    /// Reckons what a way to search costs here at rest.
    pub fn at_rest(&self, method: Method) -> AtRest {
        let (each, kept) = match method {
            Method::Flood(_) | Method::Walk(_) | Method::Connected(_) => (0.0, 0.0),
            Method::Guided(_) => {
                let filters = self.neighbours * SAVES_PER_HOUR.min(FILTERS_PER_HOUR.0);
                (filters * self.filter_bytes, self.neighbours * self.filter_bytes)
            }
            Method::Summaries(_) => {
                let filters = self.here * SAVES_PER_HOUR.min(FILTERS_PER_HOUR.1);
                (filters * (self.filter_bytes + self.news()), self.members * self.filter_bytes)
            }
            Method::Deltas => {
                let change = CHANGE_BYTES + ADDED_WORDS_BYTES + self.news();
                let whole = self.filter_bytes / WHOLE_FILTER_HOURS;
                (self.here * (SAVES_PER_HOUR * change + whole), self.members * self.filter_bytes)
            }
            Method::Catalogue => {
                let changes = self.here * SAVES_PER_HOUR;
                (changes * (CHANGE_BYTES + self.news()), self.copies * CHANGE_BYTES)
            }
            Method::Brokers(count) => {
                let each = SAVES_PER_HOUR * (CHANGE_BYTES + WORDS_BYTES) * f64::from(count);
                let busiest_per_hour = self.here * SAVES_PER_HOUR * (CHANGE_BYTES + WORDS_BYTES);
                return AtRest { bytes_per_hour: each, busiest_per_hour, kept: 0.0 };
            }
        };
        AtRest { bytes_per_hour: each, busiest_per_hour: each, kept }
    }

    /// Bytes of telling those neighbours who have it already.
    fn news(&self) -> f64 {
        NEWS_BYTES * (self.neighbours - 1.0).max(0.0)
    }
}

/// Returns the size of a filter of so many words.
fn filter_bytes(words: usize) -> f64 {
    let bits = FILTER_BITS.iter().rev().find(|(from, _)| words >= *from).or(FILTER_BITS.first());
    bits.map_or(0.0, |(_, bits)| real(wide(words)) * bits / 8.0)
}
