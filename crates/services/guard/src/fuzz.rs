//! Bytes of others: whatever comes, nothing panics, and what is taken has one form.

use base::{ContentId, DeviceId, PersonId, Timestamp};
use proptest::prelude::*;

use crate::jobs::{Deed, Place};
use crate::statement::{Body, Evidence, Health, Officer, Release, Report, Rules, Warning};

fn content() -> impl Strategy<Value = ContentId> {
    any::<[u8; 32]>().prop_map(ContentId::new)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u32>().prop_map(|at| Timestamp::from_millis(u64::from(at)))
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let place = (any::<u64>(), any::<u32>()).prop_map(|(offset, size)| Place { offset, size });
    prop_oneof![
        ("[a-z_]{1,128}", content(), prop::collection::vec(place, 0..8))
            .prop_map(|(rule, set, places)| Evidence::Rule { rule, set, places }),
        "[ -~]{0,200}".prop_map(|note| Evidence::Word { note }),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let warning = (content(), any::<u64>(), "[ -~]{1,255}", time(), evidence()).prop_map(
        |(content, size, name, at, evidence)| Body::Warn(Warning { content, size, name, at, evidence }),
    );
    let release = (content(), time(), "[ -~]{0,200}")
        .prop_map(|(content, at, note)| Body::Release(Release { content, at, note }));
    let rules = (content(), 0..8_000_000_u64, "[ -~]{1,255}", time(), any::<bool>())
        .prop_map(|(set, size, name, at, is_offered)| Body::Rules(Rules { set, size, name, at, is_offered }));
    let officer = (any::<[u8; 32]>(), time(), any::<bool>()).prop_map(|(person, at, is_officer)| {
        Body::Officer(Officer { person: PersonId::new(person), at, is_officer })
    });
    let health = (time(), any::<bool>(), any::<u32>(), any::<u64>(), any::<u32>()).prop_map(
        |(at, is_guarded, sets, seen, held)| Body::Health(Health { at, is_guarded, sets, seen, held }),
    );
    let address = prop::option::of(any::<u32>().prop_map(|ip| std::net::Ipv4Addr::from(ip).to_string()));
    let deed = prop_oneof![Just(Deed::Knocked), Just(Deed::GaveWrongBytes), Just(Deed::Flooded)];
    let report = (any::<[u8; 32]>(), address, deed, any::<u32>(), any::<u64>()).prop_map(
        |(device, address, deed, times, day)| {
            Body::Report(Report { device: DeviceId::new(device), address, deed, times, day })
        },
    );
    prop_oneof![warning, release, rules, officer, health, report]
}

proptest! {
    #[test]
    fn a_record_reads_as_it_was_written(body in body()) {
        prop_assert_eq!(Body::read(&body.to_bytes()).unwrap(), body);
    }

    #[test]
    fn a_changed_record_is_refused_or_has_one_form(
        body in body(), place in any::<prop::sample::Index>(), bits in 1..=255_u8
    ) {
        let mut bytes = body.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= bits;
        if let Ok(read) = Body::read(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _is_record = Body::read(&bytes).is_ok();
    }
}

#[test]
fn what_is_beyond_a_limit_is_refused() {
    let at = Timestamp::from_millis(1);
    let content = ContentId::new([1; 32]);
    let warning = |name: &str, evidence: Evidence| {
        Body::Warn(Warning { content, size: 1, name: name.to_owned(), at, evidence })
    };
    let word = |note: &str| Evidence::Word { note: note.to_owned() };
    let place = Place { offset: 0, size: 1 };
    let rule = |rule: &str, count| Evidence::Rule {
        rule: rule.to_owned(),
        set: content,
        places: vec![place; count],
    };
    let report = |address: &str| {
        let address = Some(address.to_owned());
        Body::Report(Report {
            device: DeviceId::new([1; 32]),
            address,
            deed: Deed::Knocked,
            times: 1,
            day: 1,
        })
    };
    for wrong in [
        warning("", word("")),
        warning("a\nb", word("")),
        warning(&"a".repeat(256), word("")),
        warning("a", word(&"n".repeat(201))),
        warning("a", rule("", 1)),
        warning("a", rule(&"r".repeat(129), 1)),
        warning("a", rule("r", 9)),
        report("example.org"),
        report("<script>"),
    ] {
        assert!(Body::read(&wrong.to_bytes()).is_err(), "{wrong:?}");
    }
    assert!(Body::read(&warning("a", rule("r", 8)).to_bytes()).is_ok());
    assert!(Body::read(&report("::1").to_bytes()).is_ok());
}
