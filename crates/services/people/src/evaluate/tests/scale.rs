//! Ten thousand operations: depth must not overflow the stack, width must not take long.

use std::time::Duration;

use super::*;

const PERSONS: u16 = 1_000;

/// Inputs whose order is not that of the history.
fn shuffled(book: &Book) -> Vec<Op> {
    let mut ops: Vec<Op> = book.ops.values().cloned().collect();
    ops.sort_by_key(|op| std::cmp::Reverse(op.id));
    ops
}

/// A thousand members, let in one after the other.
fn large_web() -> (Book, EntryId) {
    let mut book = Book::default();
    let mut last = book.found();
    last = book.write(0, &[last], invite(1, Role::Member, 10_000));
    for number in 1..PERSONS {
        last = book.write(number, &[last], join(1, number));
    }
    (book, last)
}

fn measured(name: &str, ops: Vec<Op>, limit: Duration) -> Evaluation {
    let count = ops.len();
    let start = now();
    let evaluation = evaluate(WEB, ops);
    let took = start.elapsed();
    println!("{name}: {count} operations in {took:?}");
    assert!(took < limit, "{name} took {took:?}");
    evaluation
}

#[expect(clippy::disallowed_methods, reason = "a test measures time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn ten_thousand_operations_in_a_row_are_evaluated_from_any_order() {
    let (mut book, mut last) = large_web();
    for number in 0..9_000_u16 {
        let act =
            if number % 3 == 0 { invite(number + 2, Role::Member, 1) } else { epoch(number, &[0, 1, 2]) };
        last = book.write(if number % 3 == 0 { 0 } else { number % PERSONS }, &[last], act);
    }
    let evaluation = measured("linear", shuffled(&book), Duration::from_secs(2));
    assert_eq!((evaluation.incomplete, evaluation.void.len()), (0, 0));
}

#[test]
fn two_halves_that_never_met_are_evaluated_together() {
    let (mut book, start) = large_web();
    for side in 0..2_u16 {
        let mut last = start;
        for number in 0..4_500_u16 {
            let who = 1 + (number * 2 + side) % (PERSONS - 1);
            last = match number % 10 {
                0 if side == 0 => book.remove(0, &[last], 2 + number / 5),
                1 => book.write(who, &[last], Act::Leave),
                _ => book.write(who, &[last], epoch(number, &[0, who])),
            };
        }
    }
    let evaluation = measured("two halves", shuffled(&book), Duration::from_secs(2));
    assert_eq!(evaluation.incomplete, 0);
    assert!(evaluation.state.role(person(2)).is_none());
}

#[test]
fn sides_that_meet_again_and_again_are_evaluated_fast() {
    let (mut book, start) = large_web();
    let mut heads = vec![start];
    for round in 0..900_u16 {
        let mut next = Vec::new();
        for side in 0..2_u16 {
            let mut deps = heads.clone();
            for number in 0..5_u16 {
                let who = 1 + (round * 10 + side * 5 + number) % (PERSONS - 1);
                deps = vec![book.write(who, &deps, epoch(round, &[0, who]))];
            }
            next.extend(deps);
        }
        heads = next;
    }
    let evaluation = measured("merge-heavy", shuffled(&book), Duration::from_secs(2));
    assert_eq!(evaluation.incomplete, 0);
}
