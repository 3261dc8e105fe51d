//! One web of the model, and all ways to search tried on its questions.

use super::collections::{Collections, WordIndex};
use super::graph::{Flood, Graph};
use super::method::{Attempt, METHODS, Marks, Method, Outcome, QUESTION_BYTES};
use super::question::{Question, Target, Trial};
use super::{replicas, walks};
use crate::dice::Dice;

/// A web with its peers, what they have, and questions about it.
#[derive(Debug)]
pub(super) struct Web {
    seed: u64,
    pub(super) graph: Graph,
    pub(super) collections: Collections,
    pub(super) index: WordIndex,
    pub(super) questions: Vec<Question>,
}

/// One question asked in one way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    pub(super) method: usize,
    pub(super) target: Target,
    /// How long before the search the newest revision was saved.
    pub(super) age_ms: u32,
    pub(super) outcome: Outcome,
    /// Copies at members who are here, and at those who are away.
    pub(super) wanted_here: u32,
    pub(super) wanted_away: u32,
}

impl Web {
    /// Draws a web. The same numbers draw the same one.
    pub(super) fn new(seed: u64, members: u32, questions: u32) -> Self {
        let mut dice = Dice::new(seed ^ (u64::from(members) << 20));
        let graph = Graph::new(members, &mut dice);
        let collections = Collections::new(dice.bits(), members, &mut dice);
        let questions = Question::draw(&graph, &collections, questions, &mut dice);
        let words = questions.iter().flat_map(Question::vocabulary).collect();
        let index = WordIndex::new(&collections, members, words);
        Self { seed, graph, collections, index, questions }
    }

    /// Prepares one question.
    pub(super) fn trial(&self, question: Question) -> Trial<'_> {
        Trial::new(question, &self.collections, &self.index, self.graph.members())
    }

    /// Asks all questions in all ways and tells what came of each; returns the messages that each peer got, by method.
    pub(super) fn ask_all(&self, mut told: impl FnMut(Tried)) -> Vec<Vec<u32>> {
        let mut bench = Bench::new(self.graph.members());
        for (number, question) in (0_u64..).zip(&self.questions) {
            let trial = self.trial(*question);
            let is_here = |peer: &&u32| self.graph.is_here(**peer);
            let here = trial.relevant.iter().filter(is_here).count();
            let wanted_here = super::lists::number(here);
            let wanted_away = super::lists::number(trial.relevant.len() - here);
            let outcomes = bench.ask(&self.graph, &trial, self.seed ^ (number << 32));
            for (method, outcome) in outcomes.into_iter().enumerate() {
                let Question { target, age_ms, .. } = *question;
                told(Tried { method, target, age_ms, outcome, wanted_here, wanted_away });
            }
        }
        bench.loads
    }
}

/// Memory that all questions use in turn.
#[derive(Debug)]
pub(super) struct Bench {
    flood: Flood,
    answered: Marks,
    known_at_start: Marks,
    known: Marks,
    /// Messages that each peer got, by method.
    loads: Vec<Vec<u32>>,
}

impl Bench {
    /// Makes room for a web.
    pub(super) fn new(members: u32) -> Self {
        let marks = || Marks::new(members);
        Self {
            flood: Flood::new(members),
            answered: marks(),
            known_at_start: marks(),
            known: marks(),
            loads: vec![vec![0; members as usize]; METHODS.len()],
        }
    }

    /// Asks one question in all ways.
    pub(super) fn ask(&mut self, graph: &Graph, trial: &Trial<'_>, seed: u64) -> Vec<Outcome> {
        let sent = self.flood(graph, trial.question.asker);
        let mut outcomes = Vec::with_capacity(METHODS.len());
        for ((method, load), sent) in METHODS.iter().zip(&mut self.loads).zip(sent) {
            // Chance does not depend on how much of it the other ways used up.
            let mut dice = Dice::new(Dice::new(seed).bits() ^ super::real::wide(outcomes.len()));
            let mut attempt = Attempt::new(graph, trial, load, &mut self.answered);
            attempt.outcome.questions = sent;
            attempt.outcome.bytes = sent * QUESTION_BYTES;
            match *method {
                Method::Flood(hops) => {
                    walks::answers_of_flood(&mut attempt, &self.flood, hops.unwrap_or(u32::MAX));
                }
                Method::Walk(budget) => walks::walk(&mut attempt, budget, &mut dice),
                Method::Guided(budget) => {
                    let marks = (&mut self.known_at_start, &mut self.known);
                    walks::walk_guided(&mut attempt, budget, marks, &mut dice);
                }
                Method::Connected(calls) => replicas::ask_connected(&mut attempt, calls, &mut dice),
                Method::Summaries(most) => {
                    replicas::ask_matching(&mut attempt, replicas::MEMBER_FILTER, most, &mut dice);
                }
                Method::Deltas => {
                    replicas::ask_matching(&mut attempt, replicas::TOLD_FILTER, None, &mut dice);
                }
                Method::Catalogue => replicas::look_into_catalogue(&mut attempt, &self.flood),
                Method::Brokers(count) => replicas::ask_broker(&mut attempt, count, &mut dice),
            }
            outcomes.push(attempt.outcome);
        }
        outcomes
    }

    /// Runs the longest flood once, counts for the shorter ones what they would have sent, and returns that by method.
    fn flood(&mut self, graph: &Graph, asker: u32) -> Vec<u64> {
        let mut sent = vec![0; METHODS.len()];
        let mut counted: Vec<_> = METHODS
            .iter()
            .zip(&mut self.loads)
            .zip(&mut sent)
            .filter_map(|((method, load), sent)| match method {
                Method::Flood(hops) => Some((hops.unwrap_or(u32::MAX), load, sent)),
                _ => None,
            })
            .collect();
        self.flood.run(graph, asker, |depth, to| {
            for (hops, load, sent) in &mut counted {
                if depth < *hops {
                    **sent += 1;
                    if let Some(load) = load.get_mut(to as usize).filter(|_| graph.is_here(to)) {
                        *load += 1;
                    }
                }
            }
        });
        sent
    }
}
