//! Searches that go from neighbour to neighbour: floods and walks.

use super::graph::Flood;
use super::method::{Attempt, GIVE_UP_HOPS, Marks, QUESTION_BYTES};
use super::question::FilterAge;
use crate::dice::Dice;

/// Walkers of one question. Lv et al. found 16 to 64 to be good; fewer are slower, more ask in the same place.
const WALKERS: u32 = 16;

/// A walker that is guided carries short ids of whom it need not ask again: this much for each peer it has been at.
const CARRIED_BYTES: u64 = 28;

/// How old a neighbour's filter is at most: it goes one hop, so it can be sent each minute.
pub(super) const NEIGHBOUR_FILTER: FilterAge = FilterAge { every_ms: 60_000, spread_ms: 80 };

/// Lets all answer whom a flood of so many hops reached; what was sent is counted while it runs.
pub(super) fn answers_of_flood(attempt: &mut Attempt<'_>, flood: &Flood, hops_max: u32) {
    for peer in flood.reached() {
        let depth = flood.depth(*peer).unwrap_or(0);
        if depth > hops_max {
            break;
        }
        attempt.answer(*peer, depth);
    }
}

/// Lets walkers go where chance leads them; nobody walks straight back unless it is the only way.
pub(super) fn walk(attempt: &mut Attempt<'_>, budget: u32, dice: &mut Dice) {
    let asker = attempt.trial.question.asker;
    for _walker in 0..WALKERS {
        let (mut at, mut before, mut hops) = (asker, asker, 0);
        for _message in 0..budget / WALKERS {
            let Some(next) = any_neighbour(attempt, dice, at, |peer| peer != before) else { break };
            if !attempt.send(next, QUESTION_BYTES) {
                hops += GIVE_UP_HOPS;
                continue;
            }
            hops += 1;
            (before, at) = (at, next);
            attempt.answer(at, hops);
        }
    }
}

/// Lets walkers go that ask, wherever they come, those neighbours of the place whose filters say yes.
pub(super) fn walk_guided(
    attempt: &mut Attempt<'_>,
    budget: u32,
    (known_at_start, known): (&mut Marks, &mut Marks),
    dice: &mut Dice,
) {
    let asker = attempt.trial.question.asker;
    let mut left = budget;
    known_at_start.wipe();
    ask_neighbours(attempt, (asker, 0), &mut left, known_at_start);
    for walker in 0..WALKERS {
        known.wipe();
        let mut own = left / (WALKERS - walker);
        left -= own;
        let (mut at, mut hops, mut places) = (asker, 0, 0_u64);
        let mut visited = vec![asker];
        while own > 0 {
            let Some(next) = any_neighbour(attempt, dice, at, |peer| !visited.contains(&peer)) else { break };
            places += 1;
            own -= 1;
            visited.push(next);
            if !attempt.send(next, QUESTION_BYTES + CARRIED_BYTES * places) {
                hops += GIVE_UP_HOPS;
                continue;
            }
            hops += 1;
            at = next;
            attempt.answer(at, hops);
            for neighbour in attempt.graph.neighbours(at) {
                if known_at_start.contains(*neighbour) {
                    known.insert(*neighbour);
                }
            }
            ask_neighbours(attempt, (at, hops), &mut own, known);
        }
    }
}

/// Asks the neighbours of a place whose filters say yes, but for those known, and notes them as known.
fn ask_neighbours(attempt: &mut Attempt<'_>, (place, hops): (u32, u32), left: &mut u32, known: &mut Marks) {
    let graph = attempt.graph;
    for peer in graph.neighbours(place).iter().copied() {
        if *left == 0 {
            return;
        }
        if peer == attempt.trial.question.asker || !known.insert(peer) {
            continue;
        }
        if attempt.trial.filter_says(peer, NEIGHBOUR_FILTER) {
            *left -= 1;
            if attempt.send(peer, QUESTION_BYTES) {
                attempt.answer(peer, hops + 1);
            }
        }
    }
}

/// Draws a neighbour that is wanted, or any if none is.
fn any_neighbour(
    attempt: &Attempt<'_>,
    dice: &mut Dice,
    place: u32,
    is_wanted: impl Fn(u32) -> bool,
) -> Option<u32> {
    let neighbours = attempt.graph.neighbours(place);
    let wanted: usize = neighbours.iter().filter(|peer| is_wanted(**peer)).count();
    let index = dice.index(wanted.max(1));
    let mut chosen = neighbours.iter().copied().filter(|peer| is_wanted(*peer));
    chosen.nth(index).or_else(|| neighbours.get(dice.index(neighbours.len())).copied())
}
