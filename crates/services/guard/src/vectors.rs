//! Makes the vectors of the guard in `specs/vectors` and compares: every implementation must accept or refuse these bytes, and
//! find the same in them.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#[path = "../../../foundation/wire/tests/vectors/services.rs"]
mod services;

use base::{ContentId, DeviceId, PersonId, Timestamp};
use serde_json::{Value, json};
use services::vector;

use crate::jobs::{Deed, PLACES_MAX, Place, RULE_NAME_MAX, RULES_SIZE_MAX};
use crate::statement::{
    Body, Evidence, Health, NAME_SIZE_MAX, NOTE_SIZE_MAX, Officer, Release, Report, Rules, Warning,
};

const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);
const CONTENT: ContentId = ContentId::new([7; 32]);
const SET: ContentId = ContentId::new([8; 32]);

fn place(offset: u64) -> Place {
    Place { offset, size: 9 }
}

fn rule(name: &str, places: usize) -> Evidence {
    let places = (0..places).map(|number| place(u64::try_from(number).unwrap() * 1_000)).collect();
    Evidence::Rule { rule: name.to_owned(), set: SET, places }
}

fn word(note: &str) -> Evidence {
    Evidence::Word { note: note.to_owned() }
}

fn warning(name: &str, evidence: Evidence) -> Body {
    Body::Warn(Warning { content: CONTENT, size: 5_000, name: name.to_owned(), at: AT, evidence })
}

fn release(note: &str) -> Body {
    Body::Release(Release { content: CONTENT, at: AT, note: note.to_owned() })
}

fn rules(name: &str, size: u64) -> Body {
    Body::Rules(Rules { set: SET, size, name: name.to_owned(), at: AT, is_offered: true })
}

fn report(address: Option<&str>, deed: Deed) -> Body {
    let address = address.map(str::to_owned);
    Body::Report(Report { device: DeviceId::new([3; 32]), address, deed, times: 4, day: 20_779 })
}

fn of_nobody(address: Option<&str>) -> Body {
    match report(address, Deed::Probed) {
        Body::Report(report) => Body::Report(Report { device: crate::jobs::NOBODY, ..report }),
        other => other,
    }
}

fn finds(body: &Body) -> Value {
    match body {
        Body::Warn(warning) => {
            let evidence = match &warning.evidence {
                Evidence::Rule { rule, set, places } => {
                    let places: Vec<Value> =
                        places.iter().map(|place| json!([place.offset.to_string(), place.size])).collect();
                    json!({ "rule": rule, "set": set, "places": places })
                }
                Evidence::Word { note } => json!({ "note": note }),
            };
            json!({
                "warning": warning.content, "size": warning.size.to_string(), "name": warning.name,
                "at": warning.at.millis().to_string(), "evidence": evidence,
            })
        }
        Body::Release(release) => json!({
            "release": release.content, "at": release.at.millis().to_string(), "note": release.note,
        }),
        Body::Rules(rules) => json!({
            "rules": rules.set, "size": rules.size.to_string(), "name": rules.name,
            "at": rules.at.millis().to_string(), "is_offered": rules.is_offered,
        }),
        Body::Officer(officer) => json!({
            "officer": officer.person, "at": officer.at.millis().to_string(), "is_officer": officer.is_officer,
        }),
        Body::Health(health) => json!({
            "health": health.at.millis().to_string(), "is_guarded": health.is_guarded, "sets": health.sets,
            "seen": health.seen.to_string(), "held": health.held,
        }),
        Body::Report(report) => json!({
            "report": report.device, "address": report.address, "deed": wire::to_bytes(&report.deed).first(),
            "times": report.times, "day": report.day.to_string(),
        }),
    }
}

fn accepted() -> Vec<Value> {
    let officer = |is_officer| Body::Officer(Officer { person: PersonId::new([5; 32]), at: AT, is_officer });
    let health = |is_guarded| Body::Health(Health { at: AT, is_guarded, sets: 2, seen: 70_000, held: 1 });
    let taken_back = Rules { set: SET, size: 1, name: "own.yar".to_owned(), at: AT, is_offered: false };
    [
        ("a warning by a rule", warning("letter.txt.vbs", rule("script_mails_itself", 3))),
        ("a warning with as many places as may be", warning("a", rule("r", PLACES_MAX))),
        ("a warning by a rule that was met nowhere", warning("a", rule("r", 0))),
        ("the longest name of a rule", warning("a", rule(&"r".repeat(RULE_NAME_MAX), 1))),
        ("a warning by a person", warning("letter.txt", word("do not trust it"))),
        ("a warning without a word", warning("letter.txt", word(""))),
        (
            "the longest name and note",
            warning(&"n".repeat(NAME_SIZE_MAX), word(&"ä".repeat(NOTE_SIZE_MAX / 2))),
        ),
        ("a name that is a program's", warning("<script>alert(1)</script>", word("'; drop table"))),
        ("a release", release("an example of ours")),
        ("a release without a word", release("")),
        ("rules", rules("own.yar", 2_000)),
        ("the largest rules", rules("own.yar", RULES_SIZE_MAX)),
        ("rules taken back", Body::Rules(taken_back)),
        ("an officer", officer(true)),
        ("no officer any more", officer(false)),
        ("a computer that is guarded", health(true)),
        ("a computer that is not", health(false)),
        ("a stranger knocked", report(Some("203.0.113.7"), Deed::Knocked)),
        ("from an address of IPv6", report(Some("2001:db8::7"), Deed::Knocked)),
        ("a device broke the protocol", report(None, Deed::BrokeProtocol)),
        ("a device gave wrong bytes", report(None, Deed::GaveWrongBytes)),
        ("a device flooded", report(None, Deed::Flooded)),
        ("a stranger tried what there is not", report(Some("203.0.113.7"), Deed::Probed)),
        ("one that never proved a key", of_nobody(Some("203.0.113.7"))),
        ("a member asked for what is of others", report(None, Deed::AskedForOthers)),
        ("a member passed on what nobody signed", report(None, Deed::Forged)),
        ("a program that has gone wild", report(None, Deed::BeganTooMuch)),
        ("a revoked computer came back", report(Some("203.0.113.7"), Deed::CameBack)),
    ]
    .map(|(name, body)| vector("guard-record", name, &body.to_bytes(), &finds(&body)))
    .to_vec()
}

fn refused() -> Vec<Value> {
    let good = release("x").to_bytes();
    let rest = |from: usize| good.get(from..).unwrap();
    let of_bodies = [
        ("a warning of what has no name", warning("", word(""))),
        ("a name of two lines", warning("one\ntwo", word(""))),
        ("a name too long", warning(&"n".repeat(NAME_SIZE_MAX + 1), word(""))),
        ("a note too long", warning("a", word(&"n".repeat(NOTE_SIZE_MAX + 1)))),
        ("a note with a control character", warning("a", word("one\u{85}two"))),
        ("a rule without a name", warning("a", rule("", 1))),
        ("a name of a rule too long", warning("a", rule(&"r".repeat(RULE_NAME_MAX + 1), 1))),
        ("too many places", warning("a", rule("r", PLACES_MAX + 1))),
        ("a release with a note too long", release(&"n".repeat(NOTE_SIZE_MAX + 1))),
        ("rules too large", rules("own.yar", RULES_SIZE_MAX + 1)),
        ("rules without a name", rules("", 1)),
        ("a name for an address", report(Some("example.org"), Deed::Knocked)),
        ("nothing for an address", report(Some(""), Deed::Knocked)),
        ("no key and no address", of_nobody(None)),
    ]
    .map(|(name, body)| (name, body.to_bytes()));
    let of_bytes = [
        ("a record of a kind that there is not", [&[0x82, 9], rest(2)].concat()),
        ("a field too few", [&[0x82, 1, 0x82], good.get(3..37).unwrap(), rest(37)].concat()),
        ("bytes behind it", [&good[..], &[0]].concat()),
        ("an array without an end", [&[0x9f], rest(1), &[0xff]].concat()),
        ("cut off", good.split_last().unwrap().1.to_vec()),
        ("nothing", Vec::new()),
    ];
    of_bodies
        .into_iter()
        .chain(of_bytes)
        .map(|(name, bytes)| vector("guard-record", name, &bytes, &json!({})))
        .collect()
}

fn is_accepted(_: &Value, bytes: &[u8]) -> bool {
    Body::read(bytes).is_ok()
}

#[test]
fn what_must_be_accepted_is_accepted() {
    services::accepted("guard-accept.json", &accepted(), is_accepted);
}

#[test]
fn what_must_be_refused_is_refused() {
    services::refused("guard-refuse.json", &refused(), is_accepted);
}
