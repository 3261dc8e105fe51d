//! What comes bit by bit leads to what comes at once: random histories with lies, forks and several devices, in any order of
//! arrival, compared with the full evaluation after every batch.
//!
//! `TIMELINES=5000 cargo test -p people --lib timelines -- --nocapture` looks at more than `cargo test` does.

use super::exported::{Dice, Town};
use super::*;

/// Histories looked at in `cargo test`.
const HISTORIES: u64 = 150;

/// How the operations of a history come in.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    /// As they were written.
    InOrder,
    /// As they were written, but those of one device late.
    OneLate,
    /// In any order.
    AnyOrder,
}

fn arriving(mut ops: Vec<Op>, arrival: Arrival, dice: &mut Dice) -> Vec<Op> {
    ops.sort_by_key(Op::place);
    match arrival {
        Arrival::InOrder => {}
        Arrival::OneLate => {
            let author = ops[dice.below(ops.len())].author;
            let (late, first): (Vec<Op>, Vec<Op>) = ops.into_iter().partition(|op| op.author == author);
            ops = first.into_iter().chain(late).collect();
        }
        Arrival::AnyOrder => {
            for at in (1..ops.len()).rev() {
                ops.swap(at, dice.below(at + 1));
            }
        }
    }
    ops
}

/// Lets them come in batches of at most so many.
fn compare(name: &str, ops: &[Op], most: usize, dice: &mut Dice) {
    let mut timeline = Timeline::new(WEB);
    let mut have = Vec::new();
    let mut rest = ops;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at((1 + dice.below(most)).min(rest.len()));
        // Some of it comes again.
        let again = have.get(dice.below(have.len() + 1)..).unwrap_or_default().iter().take(3).cloned();
        let batch: Vec<Op> = batch.iter().cloned().chain(again.collect::<Vec<Op>>()).collect();
        timeline.extend(batch.iter().cloned());
        have.extend(batch);
        rest = after;
        assert_eq!(
            timeline.evaluation(),
            &evaluate(WEB, have.clone()),
            "{name}, after {} of {}",
            have.len(),
            ops.len()
        );
    }
}

fn check(seed: u64, length: usize) {
    let mut book = Town::new(seed).play_to(length);
    let mut dice = Dice(!seed);
    if dice.is_one_in(8) {
        let lost = *book.ops.keys().nth(dice.below(book.ops.len())).unwrap();
        book.ops.remove(&lost);
    }
    if dice.is_one_in(8) {
        let wrong = *book.ops.keys().nth(dice.below(book.ops.len())).unwrap();
        book.ops.get_mut(&wrong).unwrap().lamport += 1;
    }
    for arrival in [Arrival::InOrder, Arrival::OneLate, Arrival::AnyOrder] {
        let ops = arriving(book.ops.values().cloned().collect(), arrival, &mut dice);
        for most in [1, 8] {
            compare(&format!("seed {seed}, {length} operations, {arrival:?}"), &ops, most, &mut dice);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a person says how many histories are looked at")]
fn histories() -> u64 {
    std::env::var("TIMELINES").ok().and_then(|count| count.parse().ok()).unwrap_or(HISTORIES)
}

#[test]
fn what_comes_bit_by_bit_leads_to_what_comes_at_once() {
    for seed in 0..histories() {
        check(seed, 15 + usize::try_from(seed % 40).unwrap());
    }
    println!("{} histories from seed 0", histories());
}

#[test]
fn so_it_does_in_long_histories() {
    for seed in 0..histories().div_ceil(50) {
        check(1_000_000 + seed, 160);
    }
}

/// Two who write at the same time and hear of each other again and again replay little more than what is new.
#[test]
fn merges_replay_little_more_than_what_is_new() {
    let (mut book, start) = Book::web(&[Role::Admin, Role::Admin]);
    let mut heads = vec![start];
    let mut batches: Vec<Vec<EntryId>> = Vec::new();
    for round in 0..400 {
        let mut ends = Vec::new();
        for side in 0..2 {
            let mut known = heads.clone();
            for number in 0..5 {
                known = vec![book.write(side, &known, epoch(round * 10 + number, &[0, 1, 2]))];
                batches.push(known.clone());
            }
            ends.extend(known);
        }
        heads = ends;
    }
    let beginning = book.ops.values().filter(|op| !batches.iter().flatten().any(|id| *id == op.id));
    let mut timeline = Timeline::new(WEB);
    timeline.extend(beginning.cloned());
    for batch in batches {
        timeline.extend(batch.iter().map(|id| book.ops[id].clone()));
    }
    assert_eq!(timeline.evaluation(), &book.evaluate());
    assert!(timeline.work() < 40 * 4_000, "{} operations replayed for 4,000", timeline.work());
}
