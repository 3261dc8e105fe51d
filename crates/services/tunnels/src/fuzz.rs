//! Bytes of others: whatever comes, nothing panics, and what is taken has one form.

use base::{PersonId, Timestamp};
use proptest::prelude::*;
use wire::governance::Role;

use crate::statement::{Audience, Offer, PERSONS_MAX};

fn any_offer() -> impl Strategy<Value = Offer> {
    let persons = prop::collection::btree_set(any::<[u8; 32]>(), 0..8)
        .prop_map(|all| Audience::Persons { persons: all.into_iter().map(PersonId::new).collect() });
    let role = prop_oneof![Just(Role::Guest), Just(Role::Member), Just(Role::Admin), Just(Role::Owner)]
        .prop_map(|role| Audience::AtLeast { role });
    (
        "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?",
        any::<u32>(),
        any::<bool>(),
        prop_oneof![persons, role],
        "[ -~]{0,200}",
    )
        .prop_map(|(name, at, is_open, audience, note)| {
            let at = Timestamp::from_millis(u64::from(at));
            Offer { name, at, is_open, audience, note }
        })
}

proptest! {
    #[test]
    fn an_offer_reads_as_it_was_written(offer in any_offer()) {
        prop_assert_eq!(Offer::read(&offer.to_bytes()).unwrap(), offer);
    }

    #[test]
    fn a_changed_offer_is_refused_or_has_one_form(
        offer in any_offer(), place in any::<prop::sample::Index>(), bits in 1..=255_u8
    ) {
        let mut bytes = offer.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= bits;
        if let Ok(read) = Offer::read(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _is_offer = Offer::read(&bytes).is_ok();
    }
}

#[test]
fn what_is_beyond_a_limit_is_refused() {
    let offer = |name: &str, note: &str, audience: Audience| Offer {
        name: name.to_owned(),
        at: Timestamp::from_millis(1),
        is_open: true,
        audience,
        note: note.to_owned(),
    };
    let members = || Audience::AtLeast { role: Role::Member };
    let persons = |numbers: &[u8]| Audience::Persons {
        persons: numbers.iter().map(|number| PersonId::new([*number; 32])).collect(),
    };
    let many: Vec<u8> = (0..=u8::try_from(PERSONS_MAX).unwrap()).collect();
    for wrong in [
        offer("", "", members()),
        offer("-a", "", members()),
        offer("a-", "", members()),
        offer("A", "", members()),
        offer("a/b", "", members()),
        offer("..", "", members()),
        offer(&"a".repeat(41), "", members()),
        offer("a", &"n".repeat(201), members()),
        offer("a", "a\nb", members()),
        offer("a", "", Audience::AtLeast { role: Role::Carrier }),
        offer("a", "", persons(&[2, 1])),
        offer("a", "", persons(&[1, 1])),
        offer("a", "", persons(&many)),
    ] {
        assert!(Offer::read(&wrong.to_bytes()).is_err(), "{wrong:?}");
    }
    assert!(Offer::read(&offer("a-1", "one note", persons(&[1, 2])).to_bytes()).is_ok());
}
