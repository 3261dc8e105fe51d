//! One suite for both backings, and what only a file has to prove.

mod crash;
mod model;
mod upgrade;

use std::ops::Bound;

use crate::{Backing, Changes, Durability, MemoryBacking, Overlay, RedbBacking, Rows, Table, ValuePool};

const LINES: Table<(u64, String), String> = Table::new("test.lines");

/// Runs a check over each backing; the file's folder lives as long as the check.
fn over_both(check: impl Fn(&dyn Backing)) {
    check(&MemoryBacking::new());
    let folder = tempfile::tempdir().unwrap();
    check(&RedbBacking::open(folder.path().join("home.redb")).unwrap());
}

fn put(backing: &dyn Backing, number: u64, name: &str, line: &str) {
    let mut changes = Changes::default();
    let snapshot = backing.snapshot().unwrap();
    let mut rows = Overlay::new(&*snapshot);
    LINES.put(&mut rows, &(number, name.to_owned()), &line.to_owned());
    changes.merge(rows.into_changes());
    drop(snapshot);
    backing.commit(changes, Durability::Durable).unwrap();
}

fn lines(rows: &dyn Rows) -> Vec<String> {
    LINES.all(rows).map(|row| row.unwrap().1).collect()
}

#[test]
fn a_table_that_was_never_written_reads_as_empty() {
    over_both(|backing| {
        let rows = backing.snapshot().unwrap();
        assert_eq!(LINES.get(&*rows, &(1, "a".to_owned())).unwrap(), None);
        assert_eq!(lines(&*rows), Vec::<String>::new());
        assert_eq!(LINES.within_back(&*rows, &()).count(), 0);
    });
}

#[test]
fn a_snapshot_shows_its_moment_whatever_is_committed_later() {
    over_both(|backing| {
        put(backing, 1, "a", "first");
        let before = backing.snapshot().unwrap();
        assert_eq!(lines(&*before), ["first"]);
        put(backing, 1, "a", "second");
        put(backing, 2, "b", "third");
        assert_eq!(lines(&*before), ["first"]);
        assert_eq!(lines(&*backing.snapshot().unwrap()), ["second", "third"]);
    });
}

#[test]
fn rows_are_walked_by_prefix_from_a_start_and_backwards() {
    over_both(|backing| {
        for (number, name) in [(1, "a"), (1, "b"), (2, "a"), (2, "c"), (u64::MAX, "z")] {
            put(backing, number, name, &format!("{number}{name}"));
        }
        let rows = backing.snapshot().unwrap();
        let within =
            |number: u64| LINES.within(&*rows, &number).map(|row| row.unwrap().1).collect::<Vec<_>>();
        assert_eq!(within(1), ["1a", "1b"]);
        assert_eq!(within(3), Vec::<String>::new());
        assert_eq!(within(u64::MAX), [format!("{}z", u64::MAX)]);
        let back: Vec<_> = LINES.within_back(&*rows, &2_u64).map(|row| row.unwrap().1).collect();
        assert_eq!(back, ["2c", "2a"]);
        let from: Vec<_> =
            LINES.within_from(&*rows, &2_u64, &(2, "b".to_owned())).map(|row| row.unwrap().1).collect();
        assert_eq!(from, ["2c"]);
    });
}

#[test]
fn a_range_out_of_order_is_empty() {
    over_both(|backing| {
        put(backing, 1, "a", "line");
        let rows = backing.snapshot().unwrap();
        let overlay = Overlay::new(&*rows);
        let (a, b) = (b"a".as_slice(), b"b".as_slice());
        let bounds = [
            (Bound::Included(b), Bound::Included(a)),
            (Bound::Excluded(a), Bound::Excluded(a)),
            (Bound::Included(a), Bound::Excluded(a)),
        ];
        for (from, to) in bounds {
            assert_eq!(rows.range(LINES.name(), from, to).count(), 0, "{from:?} {to:?}");
            assert_eq!(overlay.range_back(LINES.name(), from, to).count(), 0, "{from:?} {to:?}");
        }
    });
}

#[test]
fn a_damaged_row_is_an_error_and_no_panic() {
    over_both(|backing| {
        let mut changes = Changes::default();
        changes.set(LINES.name(), b"short", Some(b"\x61x".to_vec()));
        changes.set(LINES.name(), b"\0\0\0\0\0\0\0\0name", Some(b"\xff".to_vec()));
        backing.commit(changes, Durability::Durable).unwrap();
        let rows = backing.snapshot().unwrap();
        let codes: Vec<_> = LINES.all(&*rows).map(|row| base::Fault::from(row.unwrap_err()).code).collect();
        assert_eq!(codes, ["store.damaged", "store.damaged"]);
    });
}

#[test]
fn reading_goes_on_in_another_thread_while_the_kernel_commits() {
    over_both(|backing| {
        put(backing, 1, "a", "first");
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let rows = backing.snapshot().unwrap();
                (0..200).all(|_| lines(&*rows) == lines(&*rows))
            });
            (0..20).for_each(|number| put(backing, number, "b", "more"));
            assert!(reader.join().unwrap());
        });
    });
}

#[test]
fn a_commit_that_fails_changes_nothing() {
    let full = || crate::StoreError::Full(std::io::ErrorKind::StorageFull.into());
    let mut is_full = false;
    let backing = MemoryBacking::with_faults(move || {
        is_full = !is_full;
        is_full.then(full)
    });
    let change = |value: &str| {
        let mut changes = Changes::default();
        changes.set("test.rows", b"key", Some(value.as_bytes().to_vec()));
        changes
    };
    assert_eq!(
        base::Fault::from(backing.commit(change("lost"), Durability::Durable).unwrap_err()).code,
        "store.full"
    );
    assert_eq!(backing.snapshot().unwrap().get("test.rows", b"key").unwrap(), None);
    backing.commit(change("kept"), Durability::Durable).unwrap();
    assert_eq!(backing.snapshot().unwrap().get("test.rows", b"key").unwrap(), Some(b"kept".to_vec()));
}

#[test]
fn a_power_cut_keeps_what_was_committed_and_ends_the_run() {
    let running = MemoryBacking::new();
    put(&running, 1, "a", "kept");
    let restarted = running.power_cut();
    let mut changes = Changes::default();
    changes.set("test.rows", b"key", Some(Vec::new()));
    assert!(running.commit(changes, Durability::Durable).is_err(), "the former run is dead");
    assert_eq!(lines(&*restarted.snapshot().unwrap()), ["kept"]);
    put(&restarted, 2, "b", "new");
    assert_eq!(lines(&*restarted.snapshot().unwrap()), ["kept", "new"]);
}

#[test]
fn backings_of_one_pool_share_long_values_and_nothing_else() {
    let pool = ValuePool::default();
    let (alice, bob) = (MemoryBacking::sharing(&pool), MemoryBacking::sharing(&pool));
    let long = "long ".repeat(100);
    put(&alice, 1, "a", &long);
    put(&bob, 1, "a", &long);
    put(&bob, 2, "b", "only bob's");
    assert_eq!(pool.len(), 1);
    assert_eq!(lines(&*alice.snapshot().unwrap()), [long]);
}

#[test]
fn every_fault_of_the_store_says_what_to_do() {
    for fault in crate::faults() {
        assert!(fault.code.starts_with("store."), "{fault:?}");
        assert!(!fault.remedies.is_empty() && !fault.what.ends_with('.'), "{fault:?}");
    }
}
