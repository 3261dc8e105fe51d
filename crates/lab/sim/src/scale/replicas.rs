//! Searches that go straight to where the answer is, because something about everybody is known beforehand.

use super::chance::shuffle;
use super::graph::Flood;
use super::lists::number;
use super::method::{
    Attempt, CONNECT_BYTES, CONNECT_HOPS, DEADLINE_HOPS, GIVE_UP_HOPS, HOP_MS, QUESTION_BYTES,
};
use super::question::{FilterAge, Held, Revision};
use crate::dice::Dice;

/// From saving a file until its record leaves: the watcher waits for writing to end (`docs/benchmarks.md`, visible).
const NOTICED_MS: u32 = 200;

/// How old the filter of any member is: it goes to everybody, so not more often than this, some hops far.
pub(super) const MEMBER_FILTER: FilterAge = FilterAge { every_ms: 600_000, spread_ms: 8 * HOP_MS };

/// The same when what a change adds to a filter is told to all with the record of the change.
pub(super) const TOLD_FILTER: FilterAge = FilterAge { every_ms: 1, spread_ms: NOTICED_MS + 8 * HOP_MS };

/// A broker's index takes in what came once a second.
const BROKER_COMMIT_MS: u32 = 1_000;

/// How often a broker is down, of 1,000.
const BROKER_DOWN_PER_MILLE: u64 = 50;

/// Asks the neighbours, and calls others of whom nothing is known but that they seem to be here.
pub(super) fn ask_connected(attempt: &mut Attempt<'_>, calls: u32, dice: &mut Dice) {
    let asker = attempt.trial.question.asker;
    let mut others: Vec<u32> = (0..attempt.graph.members())
        .filter(|peer| {
            *peer != asker && attempt.graph.seems_here(*peer) && !attempt.graph.is_line(asker, *peer)
        })
        .collect();
    take_some(&mut others, calls, dice);
    others.extend_from_slice(attempt.graph.neighbours(asker));
    ask_straight(attempt, &others);
}

/// Asks the members whose filters, so old, say yes: so many of them, chosen by chance, or all.
pub(super) fn ask_matching(attempt: &mut Attempt<'_>, age: FilterAge, most: Option<u32>, dice: &mut Dice) {
    let asker = attempt.trial.question.asker;
    let mut matching: Vec<u32> = (0..attempt.graph.members())
        .filter(|peer| {
            *peer != asker && attempt.graph.seems_here(*peer) && attempt.trial.filter_says(*peer, age)
        })
        .collect();
    if let Some(most) = most {
        take_some(&mut matching, most, dice);
    }
    ask_straight(attempt, &matching);
}

/// Keeps so many items, each as likely.
fn take_some(items: &mut Vec<u32>, most: u32, dice: &mut Dice) {
    if number(items.len()) > most {
        shuffle(dice, items);
        items.truncate(most as usize);
    }
}

fn ask_straight(attempt: &mut Attempt<'_>, peers: &[u32]) {
    let asker = attempt.trial.question.asker;
    for peer in peers.iter().copied() {
        let (hops, bytes) = match attempt.graph.is_line(asker, peer) {
            true => (1, 0),
            false => (1 + CONNECT_HOPS, CONNECT_BYTES),
        };
        if attempt.send(peer, QUESTION_BYTES + bytes) {
            attempt.answer_on_line(peer, hops);
        } else {
            attempt.outcome.over = attempt.outcome.over.max(DEADLINE_HOPS);
        }
    }
}

/// Looks into the asker's own copy of everybody's records. `flood` has run from the asker: records came the same way.
pub(super) fn look_into_catalogue(attempt: &mut Attempt<'_>, flood: &Flood) {
    for peer in &attempt.trial.relevant {
        // Who is away told others before it went; as if from as far away as anybody is.
        let depth = flood.depth(*peer).unwrap_or_else(|| flood.depth_max());
        know(attempt, *peer, NOTICED_MS + depth * HOP_MS, 0);
    }
}

/// Asks one broker after the other until one answers. All members tell them what they have.
pub(super) fn ask_broker(attempt: &mut Attempt<'_>, count: u32, dice: &mut Dice) {
    let graph = attempt.graph;
    let mut brokers: Vec<u32> =
        (0..graph.members()).filter(|peer| graph.is_here(*peer)).take(count as usize).collect();
    shuffle(dice, &mut brokers);
    let mut hops = 0;
    for broker in brokers {
        if dice.chance(BROKER_DOWN_PER_MILLE) {
            attempt.send_in_vain(QUESTION_BYTES);
            hops += GIVE_UP_HOPS;
            continue;
        }
        attempt.send(broker, QUESTION_BYTES);
        attempt.count_answer(hops + 2);
        for peer in &attempt.trial.relevant {
            know(attempt, *peer, NOTICED_MS + HOP_MS + BROKER_COMMIT_MS, hops + 2);
        }
        return;
    }
    attempt.outcome.over = hops;
}

/// Finds a copy by what its holder said, if that is `delay_ms` ago; else the revision it had before.
fn know(attempt: &mut Attempt<'_>, peer: u32, delay_ms: u32, hops: u32) {
    let Held { revision, since_ms } = attempt.trial.held(peer);
    let is_here = attempt.graph.is_here(peer);
    if since_ms.is_none_or(|since| since >= delay_ms) {
        attempt.outcome.find(revision, hops, is_here);
    } else if !attempt.trial.asks_for_new_word() {
        attempt.outcome.find(Revision::Previous, hops, is_here);
    }
}
