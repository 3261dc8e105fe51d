//! Search beyond full replication: a model of ways to search a web of 100 to 100,000 members.
//!
//! `cargo xtask sim --scale` runs it; `docs/search-at-scale.md` says what came out and what it leaves out. The model has
//! its own peers, a number each: 100,000 of the real ones would not fit. So it is for choosing between ways, not for checking the code
//! of any: that is what the rest of this crate does.

mod chance;
mod collections;
mod graph;
mod lists;
mod measure;
mod method;
mod page;
mod plot;
mod plots;
mod question;
mod real;
mod replicas;
mod rest;
#[cfg(test)]
mod tests;
mod walks;
mod web;

pub use measure::Measured;
pub use method::{HOP_MS, METHODS, Method};
pub use rest::{AtRest, Likeness};

use measure::Tallies;
use web::Web;

/// Sizes of webs; those that are powers of ten are in the tables, all in the plots.
const SIZES: [u32; 7] = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];

/// Webs of one size at most. Small ones differ much from each other.
const WEBS_MAX: u32 = 10;

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Study {
    /// What everything is drawn from.
    pub seed: u64,
    /// Members of the largest webs.
    pub members_max: u32,
    /// Questions asked at each size.
    pub questions: u32,
}

impl Study {
    /// The study of the page: all sizes, 1,000 questions each.
    pub const FULL: Self = Self { seed: 1, members_max: 100_000, questions: 1_000 };

    /// Returns the sizes to run, smallest first.
    pub fn sizes(&self) -> impl Iterator<Item = u32> + use<> {
        let most = self.members_max;
        SIZES.into_iter().filter(move |size| *size <= most)
    }

    /// Runs all webs of one size.
    pub fn run(&self, members: u32) -> Findings {
        let webs = (10_000 / members.max(1)).clamp(1, WEBS_MAX);
        let mut tallies = Tallies::new();
        let mut likeness = Likeness::default();
        for number in 0..webs {
            let web = Web::new(self.seed ^ (u64::from(number) << 48), members, self.questions / webs);
            let loads = web.ask_all(|tried| tallies.take(tried));
            tallies.take_loads(&web.graph, &loads, web.questions.len());
            if number == 0 {
                let words = web.collections.words_of_some_peers(members);
                let (documents, copies) = (web.collections.documents(), web.collections.copies());
                likeness = Likeness::of(&web.graph, documents, copies, &words);
            }
        }
        Findings { members, webs, likeness, measured: tallies.finish() }
    }
}

/// What came out for one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Members of each web.
    pub members: u32,
    /// How many webs there were.
    pub webs: u32,
    /// What the first of them is like.
    pub likeness: Likeness,
    /// The ways to search, in the order of [`METHODS`].
    pub measured: Vec<Measured>,
}

impl Findings {
    /// Writes them as two tables in Markdown.
    pub fn tables(&self) -> String {
        page::tables(self)
    }
}

/// Writes the findings of all sizes as one table for programs.
pub fn comma_separated(findings: &[Findings]) -> String {
    page::comma_separated(findings)
}

/// Draws the findings of all sizes; returns names of files and what is to stand in them.
pub fn plots(findings: &[Findings]) -> Vec<(&'static str, String)> {
    plots::all(findings)
}
