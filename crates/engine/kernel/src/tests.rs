//! The kernel with two small services: what is kept, what is dropped, and what is told to whom.

mod failing;
mod toys;
mod words;

use std::sync::Arc;

use base::{OperationId, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use store::{Backing, MemoryBacking, RedbBacking};
use toys::{House, asked, replies, start};

use crate::{AskId, Effect, Input, JobFailure};

#[test]
fn a_question_is_answered_and_its_row_is_kept() {
    let mut house = start();
    let effects = house.batch(vec![asked(1, "ledger.write", json!({ "text": "hello" }))]);
    assert_eq!(replies(&effects), [(AskId(1), Ok(json!("written")))]);
    assert_eq!(house.lines("ledger.lines"), ["hello"]);
}

#[test]
fn a_fault_drops_what_the_step_wrote_and_is_the_answer() {
    let mut house = start();
    let effects = house.batch(vec![
        asked(1, "ledger.write", json!({ "text": "before" })),
        asked(2, "ledger.refuse", json!({ "text": "dropped" })),
        asked(3, "ledger.write", json!({ "text": "after" })),
    ]);
    let codes: Vec<_> =
        replies(&effects).into_iter().map(|(_, reply)| reply.map_err(|fault| fault.code)).collect();
    assert_eq!(codes, [Ok(json!("written")), Err("ledger.refused".to_owned()), Ok(json!("written"))]);
    assert_eq!(house.lines("ledger.lines"), ["before", "after"]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send { .. })), "{effects:?}");
}

#[test]
fn an_unknown_operation_is_said_to_be_unknown() {
    let mut house = start();
    for operation in ["nobody.write", "", "ledger", "."] {
        let effects = house.batch(vec![asked(1, operation, json!({}))]);
        let [(_, Err(fault))] = &replies(&effects)[..] else { panic!("{operation}: {effects:?}") };
        assert_eq!(fault.code, "kernel.unknown-operation");
    }
    let fault = house.kernel.readers().read(house.now, "nobody.read", json!({})).unwrap_err();
    assert_eq!(fault.code, "kernel.unknown-operation");
}

#[test]
fn reading_beside_the_loop_sees_the_last_commit() {
    let mut house = start();
    let readers = house.kernel.readers();
    house.batch(vec![asked(1, "ledger.write", json!({ "text": "one" }))]);
    let now = house.now;
    let answer = std::thread::scope(|scope| {
        let reader = scope.spawn(move || readers.read(now, "ledger.count", json!({})));
        reader.join().unwrap()
    });
    assert_eq!(answer.unwrap(), json!(1));
    let fault = house.kernel.readers().read(now, "ledger.panic", json!({})).unwrap_err();
    assert_eq!(fault.code, "kernel.panicked");
}

#[test]
fn events_are_numbered_without_gaps_over_batches_and_restarts() {
    let mut house = start();
    house.batch(vec![
        asked(1, "ledger.emit", json!({ "count": 3 })),
        asked(2, "ledger.refuse", json!({ "text": "its event is dropped, too" })),
        asked(3, "ledger.emit", json!({ "count": 2 })),
    ]);
    let effects = {
        house = house.restart();
        house.batch(vec![asked(1, "ledger.emit", json!({ "count": 1 }))])
    };
    let last: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Happened(event) => Some(event.number),
            _ => None,
        })
        .collect();
    assert_eq!(last, [6]);
    let page = house.kernel.readers().events_after(0, 100).unwrap();
    assert_eq!(page.events.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!((page.is_cut_off, page.last), (false, 6));
    let page = house.kernel.readers().events_after(4, 1).unwrap();
    assert_eq!((page.events.len(), page.events[0].number), (1, 5));
}

#[test]
fn old_events_go_but_numbers_are_never_given_twice() {
    let mut house = start();
    house.batch(vec![asked(1, "ledger.emit", json!({ "count": 10 }))]);
    house.now = Timestamp::from_millis(house.now.millis() + 8 * 24 * 3_600_000);
    house.batch(vec![asked(1, "ledger.emit", json!({ "count": 1 }))]);
    let page = house.kernel.readers().events_after(3, 100).unwrap();
    assert_eq!(page.events.iter().map(|event| event.number).collect::<Vec<_>>(), [11]);
    assert!(page.is_cut_off);
    assert!(!house.kernel.readers().events_after(10, 100).unwrap().is_cut_off);
    let from_the_future = house.kernel.readers().events_after(12, 100).unwrap();
    assert!(from_the_future.is_cut_off);
    assert_eq!(from_the_future.events.len(), 1);
}

#[test]
fn the_same_operation_asked_again_acts_once() {
    let mut house = start();
    let id = OperationId::new([7; 16]);
    for ask in [1, 2] {
        house.kernel.name_ask(AskId(ask), id);
        let effects = house.batch(vec![asked(ask, "ledger.write", json!({ "text": "once" }))]);
        assert_eq!(replies(&effects), [(AskId(ask), Ok(json!("written")))]);
    }
    house = house.restart();
    house.kernel.name_ask(AskId(1), id);
    let effects = house.batch(vec![asked(1, "ledger.write", json!({ "text": "once" }))]);
    assert_eq!(replies(&effects), [(AskId(1), Ok(json!("written")))]);
    assert_eq!(house.lines("ledger.lines"), ["once"]);

    house.kernel.name_ask(AskId(2), id);
    let effects = house.batch(vec![asked(2, "ledger.write", json!({ "text": "something else" }))]);
    assert_eq!(toys::codes(&effects), ["kernel.operation-id-reused"]);

    house.now = Timestamp::from_millis(house.now.millis() + 25 * 3_600_000);
    house.kernel.name_ask(AskId(3), id);
    house.batch(vec![asked(3, "ledger.write", json!({ "text": "a day later" }))]);
    assert_eq!(house.lines("ledger.lines"), ["once", "a day later"]);
}

#[test]
fn a_question_that_failed_may_be_asked_again_under_its_id() {
    let mut house = start();
    let id = OperationId::new([7; 16]);
    for ask in [1, 2] {
        house.kernel.name_ask(AskId(ask), id);
        let effects = house.batch(vec![asked(ask, "ledger.refuse", json!({ "text": "no" }))]);
        assert_eq!(toys::codes(&effects), ["ledger.refused"]);
    }
}

#[test]
fn whoever_asks_the_same_meanwhile_gets_the_same_answer() {
    let mut house = start();
    let id = OperationId::new([7; 16]);
    house.kernel.name_ask(AskId(1), id);
    house.kernel.name_ask(AskId(2), id);
    let later = json!({ "wait_ms": 500 });
    let effects =
        house.batch(vec![asked(1, "ledger.later", later.clone()), asked(2, "ledger.later", later.clone())]);
    assert_eq!(replies(&effects), []);
    assert_eq!(house.lines("ledger.lines"), ["later"]);
    house.now = house.kernel.next_alarm().unwrap();
    let effects = house.batch(vec![]);
    assert_eq!(replies(&effects), [(AskId(1), Ok(json!("now"))), (AskId(2), Ok(json!("now")))]);
}

#[test]
fn a_question_cut_off_by_a_restart_is_not_acted_on_twice() {
    let mut house = start();
    let id = OperationId::new([7; 16]);
    house.kernel.name_ask(AskId(1), id);
    house.batch(vec![asked(1, "ledger.later", json!({ "wait_ms": 500 }))]);
    house = house.restart();
    house.kernel.name_ask(AskId(1), id);
    let effects = house.batch(vec![asked(1, "ledger.later", json!({ "wait_ms": 500 }))]);
    assert_eq!(toys::codes(&effects), ["kernel.interrupted"]);
    assert_eq!(house.lines("ledger.lines"), ["later"]);
}

#[test]
fn alarms_come_in_time_once_and_the_earliest_is_announced() {
    let mut house = start();
    let began = house.now.millis();
    let effects = house.batch(vec![
        asked(1, "ledger.alarm", json!({ "wait_ms": 2_000, "key": "slow" })),
        asked(2, "ledger.alarm", json!({ "wait_ms": 1_000, "key": "fast" })),
        asked(3, "ledger.alarm", json!({ "wait_ms": 1_500, "key": "slow" })),
    ]);
    assert_eq!(toys::wakes(&effects), [began + 1_000]);
    house.now = Timestamp::from_millis(began + 999);
    assert!(toys::wakes(&house.batch(vec![])).is_empty());
    house.now = Timestamp::from_millis(began + 1_000);
    assert_eq!(toys::wakes(&house.batch(vec![])), [began + 1_500]);
    house.now = Timestamp::from_millis(began + 9_000);
    house.batch(vec![]);
    assert_eq!(house.lines("ledger.lines"), ["alarm fast", "alarm slow"]);
    assert_eq!(house.kernel.next_alarm(), None);
}

#[test]
fn a_clock_set_back_a_year_does_not_delay_alarms_by_a_year() {
    let mut house = start();
    house.batch(vec![asked(1, "ledger.alarm", json!({ "wait_ms": 1_000, "key": "soon" }))]);
    house.now = Timestamp::from_millis(house.now.millis() - 365 * 24 * 3_600_000);
    house.batch(vec![]);
    assert_eq!(house.kernel.next_alarm(), Some(Timestamp::from_millis(house.now.millis() + 1_000)));
}

#[test]
fn reports_go_to_the_service_that_gave_the_work_and_to_nobody_after_a_restart() {
    let mut house = start();
    let effects = house.batch(vec![asked(1, "ledger.work", json!({}))]);
    let job = effects.iter().find_map(|effect| match effect {
        Effect::Work(job) => Some(job.id),
        _ => None,
    });
    let job = job.unwrap();
    house.batch(vec![Input::Progress { job, report: b"half".to_vec() }]);
    house.batch(vec![Input::Finished { job, outcome: Ok(b"all".to_vec()) }]);
    house.batch(vec![Input::Finished { job, outcome: Err(JobFailure::Cancelled) }]);
    assert_eq!(house.lines("ledger.lines"), ["progress half", "finished all"]);

    house = house.restart();
    let effects = house.batch(vec![asked(1, "ledger.work", json!({}))]);
    let again = effects.iter().find_map(|effect| match effect {
        Effect::Work(job) => Some(job.id),
        _ => None,
    });
    assert_ne!(again, Some(job), "a late report of the earlier run would be taken for one of this run");
}

#[test]
fn a_batch_that_changes_nothing_does_not_commit() {
    let house = start();
    let commits = Arc::clone(&house.commits);
    let mut house = house;
    let before = *commits.lock().unwrap();
    house.batch(vec![asked(1, "ledger.silent", json!({}))]);
    house.batch(vec![]);
    assert_eq!(*commits.lock().unwrap(), before);
    house.batch(vec![asked(1, "ledger.write", json!({ "text": "x" }))]);
    assert_eq!(*commits.lock().unwrap(), before + 1);
}

#[test]
fn what_is_relaxed_is_seen_at_once_and_safe_a_fifth_of_a_second_later() {
    let relaxed = |text: &str| asked(1, "ledger.relaxed", json!({ "text": text }));
    let happened = |effects: &[Effect]| {
        let event = |effect: &Effect| match effect {
            Effect::Happened(event) => Some(event.number),
            _ => None,
        };
        effects.iter().filter_map(event).collect::<Vec<_>>()
    };
    let lines_after_cut =
        |disk: &MemoryBacking| House::over(Arc::new(disk.power_cut())).lines("ledger.lines");
    let begin = || {
        let disk = MemoryBacking::new();
        let mut house = House::over(Arc::new(disk.clone()));
        house.batch(vec![asked(1, "ledger.write", json!({ "text": "durable" }))]);
        let effects = house.batch(vec![relaxed("one")]);
        assert_eq!(replies(&effects), [(AskId(1), Ok(json!("written")))]);
        assert_eq!(toys::wakes(&effects), [house.now.millis() + 200]);
        assert_eq!(happened(&effects), [0; 0], "a number that the power could take back");
        assert_eq!(house.lines("ledger.lines"), ["durable", "one"]);
        (disk, house)
    };

    let (disk, _house) = begin();
    assert_eq!(lines_after_cut(&disk), ["durable"]);

    // Time makes it durable, and so does any step that is not relaxed.
    let (disk, mut house) = begin();
    house.now = house.now.after(std::time::Duration::from_millis(200));
    assert_eq!(happened(&house.batch(vec![])), [1]);
    assert_eq!(house.kernel.next_alarm(), None);
    assert_eq!(lines_after_cut(&disk), ["durable", "one"]);

    let (disk, mut house) = begin();
    let effects = house.batch(vec![relaxed("two"), asked(2, "ledger.write", json!({ "text": "three" }))]);
    assert_eq!(happened(&effects), [1, 2]);
    assert_eq!(lines_after_cut(&disk), ["durable", "one", "two", "three"]);
}

#[test]
fn every_fault_of_the_kernel_says_what_to_do() {
    for fault in crate::faults() {
        assert!(fault.code.starts_with("kernel."), "{fault:?}");
        assert!(!fault.what.is_empty() && !fault.what.ends_with('.'), "{fault:?}");
    }
}

/// One input of a random history, by number.
fn any_input(choice: u8, ask: u64) -> Input {
    match choice % 8 {
        0 => asked(ask, "ledger.write", json!({ "text": format!("line {ask}") })),
        1 => asked(ask, "ledger.refuse", json!({ "text": "no" })),
        2 => asked(ask, "ledger.draw", json!({})),
        3 => asked(ask, "ledger.emit", json!({ "count": ask % 4 })),
        4 => asked(ask, "ledger.tell", json!({ "text": format!("word {ask}") })),
        5 => asked(ask, "ledger.alarm", json!({ "wait_ms": ask % 50, "key": "k" })),
        6 => asked(ask, "ledger.work", json!({})),
        _ => toys::heard("ledger", format!("heard {ask}").as_bytes()),
    }
}

/// Runs a history and returns all effects, as text, and all rows.
fn run_history(backing: Arc<dyn Backing>, history: &[Vec<u8>]) -> (String, String) {
    let mut house = House::over(backing);
    let mut ask = 0;
    let mut effects = Vec::new();
    for inputs in history {
        house.now = Timestamp::from_millis(house.now.millis() + 20);
        let inputs = inputs.iter().map(|choice| {
            ask += 1;
            any_input(*choice, ask)
        });
        let inputs = inputs.collect();
        effects.push(house.batch(inputs));
    }
    (format!("{effects:#?}"), house.all_rows())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_same_seeds_and_inputs_give_the_same_rows_and_effects(
        history in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..8)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let redb = RedbBacking::open(folder.path().join("home.redb")).unwrap();
        let one = run_history(Arc::new(MemoryBacking::new()), &history);
        let other = run_history(Arc::new(MemoryBacking::new()), &history);
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one, run_history(Arc::new(redb), &history));
    }

    #[test]
    fn where_a_batch_ends_does_not_change_what_is_written(
        history in prop::collection::vec(0..5_u8, 1..30), cut in 0..30_usize
    ) {
        let whole = run_lines(&[&history]);
        let (front, back) = history.split_at(cut.min(history.len()));
        prop_assert_eq!(whole, run_lines(&[front, back]));
    }
}

fn run_lines(batches: &[&[u8]]) -> (Vec<String>, Vec<String>) {
    let mut house = start();
    let mut ask = 0;
    for batch in batches {
        let inputs = batch.iter().map(|choice| {
            ask += 1;
            // Drawing depends on the batch's seed and so on where batches end.
            any_input(if *choice == 2 { 0 } else { *choice }, ask)
        });
        let inputs = inputs.collect();
        house.batch(inputs);
    }
    (house.lines("ledger.lines"), house.lines("echo.lines"))
}
