use std::time::{Duration, Instant};

use compute::jobs::Machine;

use super::Computer;
use crate::fresh::{Fresh, Told};
use crate::sources::Source;
use crate::watch::{is_due, pause};

fn machine(idle_ms: Option<u64>) -> Machine {
    Machine {
        idle_ms,
        source: "X11".to_owned(),
        is_headless: false,
        on_battery: Some(false),
        is_metered: None,
        load_percent: 10,
        cores: 2,
        memory_mib: 100,
        free_mib: 50,
        minute_of_day: 1,
        is_going_to_sleep: false,
        speed: 5,
        disk_mib: 5,
        architecture: "x86_64".to_owned(),
    }
}

#[test]
fn a_report_is_due_when_something_changed_or_time_has_passed() {
    let check = |change: &dyn Fn(&mut Machine), age_ms, expected| {
        let said = machine(Some(60_000));
        let mut now = said.clone();
        change(&mut now);
        assert_eq!(is_due(&said, &now, Duration::from_millis(age_ms)), expected, "{now:?} {age_ms}");
    };
    check(&|_| {}, 29_000, false);
    check(&|_| {}, 30_000, true);
    check(&|now| now.idle_ms = Some(100), 900, false);
    check(&|now| now.idle_ms = Some(100), 1000, true);
    check(&|now| now.idle_ms = None, 1000, false);
    check(&|now| now.on_battery = Some(true), 0, true);
    check(&|now| now.is_metered = Some(true), 0, true);
    check(&|now| now.is_going_to_sleep = true, 0, true);
    check(&|now| now.source = "logind".to_owned(), 0, true);
    check(&|now| now.speed = 6, 0, true);
    check(&|now| now.load_percent = 29, 0, false);
    check(&|now| now.load_percent = 30, 0, true);
    check(&|now| (now.free_mib, now.minute_of_day) = (1, 2), 29_000, false);
}

#[test]
fn who_wants_to_know_now_is_asked_for_often_and_nobody_else() {
    let check = |used, is_watched, is_wanted, idle_ms, expected_ms| {
        let paused = pause(used, is_watched, is_wanted, Duration::from_millis(idle_ms));
        assert_eq!(paused.as_millis(), expected_ms, "{used:?} {is_watched} {is_wanted} {idle_ms}");
    };
    check(Some(Source::X11), false, true, 0, 20);
    check(Some(Source::X11), false, false, 0, 250);
    check(Some(Source::X11), false, false, 5000, 80);
    check(Some(Source::Mutter), true, true, 5000, 1000);
    check(Some(Source::Mutter), false, true, 5000, 20);
    check(Some(Source::Logind), false, true, 5000, 1000);
    check(None, false, true, 5000, 1000);
}

#[test]
fn what_was_told_long_ago_says_nothing() {
    let fresh = Fresh::new();
    assert!(!fresh.is_wanted(Instant::now()));
    assert_eq!(fresh.since_input(), None);
    assert!(fresh.is_wanted(Instant::now()));
    assert!(!fresh.is_wanted(Instant::now() + Duration::from_millis(300)));
    let now = Instant::now();
    fresh.tell(Some(Told { idle: Duration::from_secs(5), at: now }));
    assert!(fresh.since_input().is_some_and(|idle| idle >= Duration::from_secs(5)));
    fresh.tell(now.checked_sub(Duration::from_secs(3)).map(|at| Told { idle: Duration::from_secs(5), at }));
    assert_eq!(fresh.since_input(), None);
}

#[test]
fn a_display_of_another_computer_is_none() {
    let check = |display: Option<&str>, expected: Option<&str>| {
        let mut places = Computer::new().places();
        places.display = display.map(str::to_owned);
        assert_eq!(places.local_display(), expected);
    };
    check(Some(":0"), Some(":0"));
    check(Some(":1.0"), Some(":1.0"));
    check(Some("unix:0"), Some("unix:0"));
    check(Some("localhost:10.0"), None);
    check(Some("alice.example:0"), None);
    check(Some("garbage"), None);
    check(None, None);
}
