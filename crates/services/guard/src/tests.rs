//! What follows from records in any order, at one peer alone.

use base::{ContentId, Timestamp};
use serde_json::json;
use sim::lone::{Lone, device};

use crate::jobs::Deed;
use crate::service;
use crate::statement::{Body, Evidence, Officer, Release, Report, Warning};

const NAMES: [&str; 10] = ["Alice", "Bob", "Carol", "", "", "", "", "", "", "Reader"];
const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);
const DAY: u64 = 1_795_305_600_000 / 86_400_000;
/// When things are said, three hours before they are heard.
const BEFORE: u64 = NOW.millis() - 3 * 3_600_000;
const STRANGER: u8 = 77;

fn lone() -> Lone {
    Lone::start(Box::new(service()), NAMES, NOW)
}

fn content(number: u8) -> ContentId {
    ContentId::new([number; 32])
}

fn warning(number: u8, at: u64) -> Body {
    let evidence = Evidence::Word { note: "bad".to_owned() };
    let at = Timestamp::from_millis(BEFORE + at);
    Body::Warn(Warning { content: content(number), size: 1, name: "a file".to_owned(), at, evidence })
}

fn level(lone: &Lone, number: u8) -> String {
    let shown = lone.read("guard.show", json!({ "file": content(number) })).unwrap();
    shown["level"].as_str().unwrap().to_owned()
}

#[test]
fn who_warns_of_everything_is_heard_ten_times_an_hour() {
    let mut lone = lone();
    for number in 0..30 {
        lone.tell(1, u64::from(number), &warning(number, u64::from(number) * 60_000));
    }
    lone.pass();
    assert_eq!(lone.rows("guard.warnings").len(), 10);
    // An hour later it may again.
    lone.tell(1, 100, &warning(99, 2 * 3_600_000));
    lone.pass();
    assert_eq!(level(&lone, 99), "warned");
}

#[test]
fn a_replayed_warning_changes_nothing() {
    let mut lone = lone();
    lone.tell(1, 1, &warning(1, 5));
    lone.pass();
    let once = lone.rows("guard.warnings");
    lone.tell(1, 2, &warning(1, 5));
    lone.tell(1, 3, &warning(1, 3));
    lone.pass();
    assert_eq!(lone.rows("guard.warnings"), once);
    assert_eq!(level(&lone, 1), "warned");
    lone.tell(2, 1, &warning(1, 1));
    lone.pass();
    assert_eq!(level(&lone, 1), "held");
}

#[test]
fn what_was_said_before_a_release_is_over_in_whatever_order_it_is_heard() {
    let at = Timestamp::from_millis(BEFORE + 10);
    let release = Body::Release(Release { content: content(1), at, note: "looked into".to_owned() });
    for is_release_first in [false, true] {
        let mut lone = lone();
        if is_release_first {
            lone.tell(0, 1, &release);
            lone.pass();
        }
        lone.tell(1, 1, &warning(1, 9));
        lone.tell(2, 1, &warning(1, 3));
        lone.pass();
        assert_eq!(level(&lone, 1), if is_release_first { "released" } else { "held" });
        if !is_release_first {
            lone.tell(0, 1, &release);
            lone.pass();
        }
        assert_eq!(level(&lone, 1), "released");
        assert_eq!(lone.rows("guard.refuted").len(), 2, "both were wrong");
        // Who says so again, after the release, is heard; the word counts half.
        lone.tell(1, 2, &warning(1, 20));
        lone.pass();
        assert_eq!(level(&lone, 1), "warned");
    }
}

#[test]
fn a_clock_that_is_far_ahead_does_not_have_the_last_word() {
    let mut lone = lone();
    let ahead = Timestamp::from_millis(u64::MAX);
    lone.tell(0, 1, &Body::Release(Release { content: content(1), at: ahead, note: String::new() }));
    lone.pass();
    lone.tell(1, 1, &warning(1, 2 * 3_600_000));
    lone.pass();
    assert_eq!(level(&lone, 1), "released");
    let soon = Timestamp::from_millis(NOW.millis() + 70_000);
    let evidence = Evidence::Word { note: "bad".to_owned() };
    lone.tell(
        1,
        2,
        &Body::Warn(Warning { content: content(1), size: 1, name: "a".to_owned(), at: soon, evidence }),
    );
    lone.pass();
    assert_eq!(level(&lone, 1), "released", "a minute ahead is as late as anything can be");
}

#[test]
fn whoever_is_no_admin_makes_nobody_an_officer() {
    let mut lone = lone();
    let officer = |is_officer, at| {
        Body::Officer(Officer { person: sim::lone::person(2), at: Timestamp::from_millis(at), is_officer })
    };
    lone.tell(1, 1, &officer(true, 1));
    lone.pass();
    let officers = |lone: &Lone| lone.read("guard.status", json!({})).unwrap()["webs"][0]["officers"].clone();
    assert_eq!(officers(&lone), json!(["Alice"]));
    lone.tell(0, 1, &officer(true, 2));
    lone.pass();
    assert_eq!(officers(&lone), json!(["Alice", "Carol"]));
    lone.tell(0, 2, &officer(false, 3));
    lone.tell(1, 2, &officer(true, 4));
    lone.pass();
    assert_eq!(officers(&lone), json!(["Alice"]));
}

#[test]
fn a_scan_over_days_that_touches_each_computer_once_is_seen() {
    let mut lone = lone();
    let knock = |days_ago: u64| {
        Body::Report(Report {
            device: device(STRANGER),
            address: Some("203.0.113.7".to_owned()),
            deed: Deed::Knocked,
            times: 1,
            day: DAY - days_ago,
        })
    };
    let is_scan = |lone: &Lone| {
        let odds = lone.read("guard.odd", json!({})).unwrap();
        odds["odds"].as_array().unwrap().iter().any(|odd| odd["is_scan"] == json!(true))
    };
    lone.tell(0, 1, &knock(20));
    lone.tell(1, 1, &knock(11));
    lone.pass();
    assert!(!is_scan(&lone), "two knocks are none");
    lone.tell(2, 1, &knock(1));
    lone.pass();
    assert!(is_scan(&lone));
    // What is older than a month, or of tomorrow's tomorrow, is not kept.
    lone.tell(2, 2, &knock(31));
    lone.pass();
    assert_eq!(lone.rows("guard.reports").len(), 3);
}

#[test]
fn one_who_reports_everybody_is_kept_within_limits() {
    let mut lone = lone();
    // None of these is a member's.
    for number in 20..220_u8 {
        let report = Report {
            device: base::DeviceId::new([number; 32]),
            address: None,
            deed: Deed::Flooded,
            times: 1,
            day: DAY,
        };
        lone.tell(1, u64::from(number), &Body::Report(report));
    }
    lone.pass();
    assert_eq!(lone.rows("guard.reports").len(), 100);
}
