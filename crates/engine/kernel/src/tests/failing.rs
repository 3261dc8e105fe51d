//! Panics and failed commits: what they leave, and whom they leave alone.

use std::sync::atomic::Ordering;

use base::{OperationId, Timestamp};
use serde_json::json;

use super::toys::{asked, codes, heard, replies, start, wakes};
use crate::{AskId, Channel, Effect, Input};

#[test]
fn a_panic_drops_the_step_and_the_others_go_on() {
    let mut house = start();
    let effects = house.batch(vec![
        asked(1, "ledger.write", json!({ "text": "before" })),
        asked(2, "ledger.panic", json!({ "text": "dropped" })),
        asked(3, "ledger.write", json!({ "text": "after" })),
    ]);
    assert_eq!(replies(&effects).len(), 3);
    assert_eq!(codes(&effects), ["kernel.panicked"]);
    assert_eq!(house.lines("ledger.lines"), ["before", "after"]);
    assert_eq!(house.script.forgotten.load(Ordering::SeqCst), 1);
}

#[test]
fn told_words_survive_a_panic_in_order_and_a_restart() {
    let mut house = start();
    house.script.echo_panics.store(1, Ordering::SeqCst);
    let effects = house.batch(vec![
        asked(1, "ledger.tell", json!({ "text": "one" })),
        asked(2, "ledger.tell", json!({ "text": "two" })),
    ]);
    assert_eq!(wakes(&effects), [house.now.millis()]);
    assert_eq!(house.lines("echo.lines"), Vec::<String>::new());
    assert_eq!(house.lines("ledger.lines"), ["one", "two"]);
    assert_eq!(house.count("kernel.inbox"), 2);
    house = house.restart();
    assert_eq!(house.lines("echo.lines"), ["ledger: one", "ledger: two"]);
    assert_eq!(house.count("kernel.inbox"), 0);
}

#[test]
fn a_word_that_panics_three_times_is_set_aside_and_the_next_ones_arrive() {
    let mut house = start();
    house.script.echo_panics.store(3, Ordering::SeqCst);
    house.batch(vec![
        asked(1, "ledger.tell", json!({ "text": "poison" })),
        asked(2, "ledger.tell", json!({ "text": "fine" })),
    ]);
    house.batch(vec![]);
    assert_eq!(house.count("kernel.aside"), 0);
    house.batch(vec![]);
    house.batch(vec![]);
    assert_eq!(house.count("kernel.aside"), 1);
    assert_eq!(house.lines("echo.lines"), ["ledger: fine"]);
    assert_eq!(house.kernel.paused(), []);
}

#[test]
fn news_survives_a_panic_too() {
    let mut house = start();
    house.script.echo_panics.store(1, Ordering::SeqCst);
    let device = base::DeviceId::new([3; 32]);
    house.batch(vec![
        Input::Connected { device, channel: Channel::Member },
        Input::Disconnected { device, channel: Channel::Member },
    ]);
    assert_eq!(house.lines("echo.lines"), Vec::<String>::new());
    house.batch(vec![]);
    let lines = house.lines("echo.lines");
    assert!(lines[0].starts_with("Connected") && lines[1].starts_with("Disconnected"), "{lines:?}");
}

#[test]
fn a_message_that_makes_us_panic_ends_its_connection_and_is_not_read_again() {
    let mut house = start();
    let effects = house.batch(vec![heard("ledger", b"panic"), heard("ledger", b"fine")]);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Disconnect { channel: Channel::Member, .. })),
        "{effects:?}"
    );
    house.batch(vec![]);
    assert_eq!(house.lines("ledger.lines"), ["fine"]);
    assert_eq!(house.script.forgotten.load(Ordering::SeqCst), 1);
}

#[test]
fn a_service_that_keeps_panicking_is_paused_and_says_so_while_others_go_on() {
    let mut house = start();
    house.batch(vec![asked(1, "ledger.later", json!({ "wait_ms": 60_000 }))]);
    let panics = (2..7).map(|ask| asked(ask, "ledger.panic", json!({})));
    let effects = house.batch(panics.collect());
    let answers = codes(&effects);
    assert_eq!(answers.iter().filter(|code| *code == "kernel.panicked").count(), 5);
    assert_eq!(answers.last().unwrap(), "kernel.paused", "the one that waited is told, too");
    let paused = house.kernel.paused();
    assert_eq!((paused[0].service, paused[0].why.as_str()), ("ledger", "asked to panic"));

    let effects =
        house.batch(vec![asked(9, "ledger.write", json!({ "text": "no" })), heard("echo", b"hello")]);
    assert_eq!(codes(&effects), ["kernel.paused"]);
    assert_eq!(house.lines("echo.lines").len(), 1);
    let count = house.kernel.readers().read(house.now, "ledger.count", json!({}));
    assert_eq!(count.unwrap(), json!(1), "reading goes on");
}

#[test]
fn words_to_a_paused_service_wait_for_the_next_run() {
    let mut house = start();
    house.script.echo_panics.store(5, Ordering::SeqCst);
    for ask in 0..5 {
        house.batch(vec![heard("echo", format!("{ask}").as_bytes())]);
    }
    assert_eq!(house.kernel.paused().len(), 1);
    let effects = house.batch(vec![asked(1, "ledger.tell", json!({ "text": "later" }))]);
    assert!(wakes(&effects).is_empty(), "nothing to do before a restart");
    assert_eq!(house.count("kernel.inbox"), 1);
    house = house.restart();
    assert_eq!(house.lines("echo.lines"), ["ledger: later"]);
}

#[test]
fn a_panic_while_closing_drops_only_the_closing() {
    let mut house = start();
    house.script.close_panics.store(1, Ordering::SeqCst);
    house.batch(vec![asked(1, "ledger.write", json!({ "text": "kept" }))]);
    assert_eq!(house.lines("ledger.lines"), ["kept"]);
}

#[test]
fn a_failed_commit_leaks_no_effect_and_answers_with_the_fault_of_the_store() {
    let mut house = start();
    *house.failing.lock().unwrap() = 1;
    let effects = house.batch(vec![
        asked(1, "ledger.write", json!({ "text": "lost" })),
        asked(2, "ledger.emit", json!({ "count": 2 })),
        asked(3, "ledger.work", json!({})),
        asked(4, "ledger.alarm", json!({ "wait_ms": 1, "key": "never" })),
        heard("ledger", b"lost, too"),
        Input::Reachable { addresses: vec!["127.0.0.1:1".to_owned()] },
    ]);
    let retry = house.now.millis() + 5_000;
    assert_eq!(codes(&effects), ["store.full"; 4]);
    assert_eq!(wakes(&effects), [retry]);
    let others = effects.iter().filter(|effect| !matches!(effect, Effect::Reply { .. } | Effect::WakeAt(_)));
    let others: Vec<_> = others.collect();
    assert!(matches!(others[..], [Effect::Disconnect { .. }]), "{others:?}");
    assert_eq!(house.kernel.trouble().unwrap().code, "store.full");
    assert_eq!(house.lines("ledger.lines"), Vec::<String>::new());
    assert!(house.script.forgotten.load(Ordering::SeqCst) > 0);

    house.now = Timestamp::from_millis(retry);
    house.batch(vec![asked(1, "ledger.emit", json!({ "count": 1 }))]);
    assert_eq!(house.kernel.trouble(), None);
    assert_eq!(house.lines("ledger.lines"), Vec::<String>::new());
    assert_eq!(house.lines("echo.lines").len(), 1, "that it is reachable was said once and reached it");
    assert_eq!(house.kernel.readers().events_after(0, 9).unwrap().last, 1);
    assert_eq!(house.kernel.next_alarm(), None);
}

#[test]
fn reports_and_alarms_of_a_failed_batch_come_again() {
    let mut house = start();
    let effects = house.batch(vec![
        asked(1, "ledger.work", json!({})),
        asked(2, "ledger.alarm", json!({ "wait_ms": 10, "key": "due" })),
    ]);
    let job = effects.iter().find_map(|effect| match effect {
        Effect::Work(job) => Some(job.id),
        _ => None,
    });
    *house.failing.lock().unwrap() = 2;
    house.now = Timestamp::from_millis(house.now.millis() + 10);
    house.batch(vec![Input::Finished { job: job.unwrap(), outcome: Ok(b"all".to_vec()) }]);
    house.batch(vec![]);
    assert_eq!(house.lines("ledger.lines"), Vec::<String>::new());
    house.batch(vec![]);
    assert_eq!(house.lines("ledger.lines"), ["alarm due", "finished all"]);
    house.batch(vec![]);
    assert_eq!(house.lines("ledger.lines").len(), 2);
}

#[test]
fn a_run_whose_first_commit_fails_still_begins_once() {
    let mut house = start();
    house = {
        *house.failing.lock().unwrap() = 1;
        house.restart()
    };
    assert_eq!(house.kernel.trouble().unwrap().code, "store.full");
    let effects = house.batch(vec![asked(1, "ledger.work", json!({}))]);
    let jobs: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Work(job) => Some(job.id.0),
            _ => None,
        })
        .collect();
    assert_eq!(jobs, [(2 << 32) + 1], "this is the second run that was committed");
}

#[test]
fn an_operation_whose_commit_failed_is_done_when_it_is_asked_again() {
    let mut house = start();
    let id = OperationId::new([7; 16]);
    *house.failing.lock().unwrap() = 1;
    for ask in [1, 2] {
        house.kernel.name_ask(AskId(ask), id);
        house.batch(vec![asked(ask, "ledger.write", json!({ "text": "once" }))]);
    }
    assert_eq!(house.lines("ledger.lines"), ["once"]);
}
