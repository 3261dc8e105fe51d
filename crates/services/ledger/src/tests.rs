//! What slots do to a state, and what may be said: without a kernel.

use base::{DeviceId, LedgerId, OperationId, PersonId, Timestamp, WebId};
use proptest::prelude::*;
use store::{Backing as _, MemoryBacking, Overlay};

use crate::announcing::{note_stray, take_strays};
use crate::apply::{KEYS_MAX, LOG_SLOTS, RESULTS_KEPT, STATE_SIZE_MAX, apply, shorten};
use crate::messages::{Accepted, Message, PART_SIZE, Says};
use crate::snapshots::Snapshot;
use crate::tables::{ENTRIES, EntryRow, Head, LOG, Outcome, RESULTS};
use crate::value::{
    Announcement, BATCH_MAX, Ballot, Body, KEEPERS_MAX, Keeper, Moved, Need, PARTS_MAX, Put, Transaction,
    VALUE_SIZE_MAX, Wants,
};

const LEDGER: LedgerId = LedgerId::new([1; 16]);
const ALICE: PersonId = PersonId::new([20; 32]);

pub(crate) fn device(number: u8) -> DeviceId {
    DeviceId::new([number; 32])
}

pub(crate) fn keeper(number: u8) -> Keeper {
    Keeper { device: device(number), person: PersonId::new([number; 32]) }
}

pub(crate) fn id(number: u64) -> OperationId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    OperationId::new(bytes)
}

pub(crate) fn writes(needs: &[(&str, u64)], puts: &[(&str, Option<&str>)]) -> Wants {
    let needs = needs.iter().map(|(key, version)| Need { key: (*key).to_owned(), version: *version });
    let put =
        |(key, value): &(&str, Option<&str>)| Put { key: (*key).to_owned(), value: value.map(str::to_owned) };
    Wants::Write { needs: needs.collect(), puts: puts.iter().map(put).collect() }
}

fn wish(number: u64, since: u64, wants: Wants) -> Transaction {
    let at = Timestamp::from_millis(5);
    Transaction { by: device(9), person: ALICE, id: id(number), since, at, wants }
}

pub(crate) fn every_message() -> Vec<Message> {
    let batch =
        vec![wish(1, 0, writes(&[("a", 1)], &[("a", Some("x")), ("b", None)])), wish(2, 0, Wants::GiveUp)];
    let change = Wants::Keepers { instead_of: 0, keepers: vec![keeper(1), keeper(2)] };
    let accepted = Some(Accepted { ballot: Ballot { round: 1, device: device(1) }, batch: batch.clone() });
    [
        Says::Submit { id: id(1), since: 3, wants: change },
        Says::Prepare { slot: 1, round: 2 },
        Says::Promise { slot: 1, round: 2, accepted },
        Says::Promise { slot: 1, round: 2, accepted: None },
        Says::Accept { slot: 1, round: 2, batch: batch.clone() },
        Says::Accepted { slot: 1, round: 2 },
        Says::Higher { slot: 1, round: 2, promised: 3 },
        Says::Chosen { first: 1, batches: vec![batch], last: 7 },
        Says::Ask { after: 0 },
        Says::News { last: 1, keepers_since: 0, here: 3 },
        Says::Snapshot { slot: 4, part: 0, parts: 2, bytes: vec![1, 2, 3].into() },
        Says::AskPart { slot: 4, part: 1 },
    ]
    .into_iter()
    .map(|says| Message { ledger: LEDGER, says })
    .collect()
}

pub(crate) fn every_body() -> Vec<Body> {
    let keepers = vec![keeper(1), keeper(2), keeper(3)];
    let announcement = Announcement { random: [7; 16], name: "shop".to_owned(), keepers: keepers.clone() };
    vec![Body::Announcement(announcement), Body::Moved(Moved { ledger: LEDGER, slot: 9, keepers })]
}

pub(crate) fn snapshot() -> Snapshot {
    let entry = EntryRow { value: "3".to_owned(), version: 2, person: ALICE, at: Timestamp::from_millis(1) };
    let head = Head { slot: 3, version: 2, keys: 1, size: 8, keepers: vec![keeper(1)], ..Head::default() };
    Snapshot { head, entries: vec![("stock/7".to_owned(), entry)], results: Vec::new() }
}

/// A state of one's own.
struct State<'a> {
    rows: Overlay<'a>,
    head: Head,
}

impl State<'_> {
    fn slot(&mut self, batch: &[Transaction]) -> Vec<Outcome> {
        apply(&mut self.rows, LEDGER, &mut self.head, batch).unwrap();
        shorten(&mut self.rows, LEDGER, (&self.head, batch), 1_000_000).unwrap();
        LOG.get(&self.rows, &(LEDGER, self.head.slot)).unwrap().unwrap().outcomes
    }

    fn value(&self, key: &str) -> Option<(String, u64)> {
        let entry = ENTRIES.get(&self.rows, &(LEDGER, key.to_owned())).unwrap()?;
        Some((entry.value, entry.version))
    }
}

fn with_state(test: impl FnOnce(&mut State<'_>)) {
    let backing = MemoryBacking::default();
    let snapshot = backing.snapshot().unwrap();
    let head =
        Head { keepers: vec![keeper(1), keeper(2), keeper(3)], started_by: Some(ALICE), ..Head::default() };
    test(&mut State { rows: Overlay::new(&*snapshot), head });
}

#[test]
fn all_writes_are_done_or_none() {
    with_state(|state| {
        let fill = writes(&[], &[("a", Some("1")), ("b", Some("2"))]);
        assert_eq!(state.slot(&[wish(1, 0, fill)]), [Outcome::Done { version: 1 }]);
        let wrong = writes(&[("a", 1), ("b", 7)], &[("a", Some("x"))]);
        assert_eq!(state.slot(&[wish(2, 0, wrong)]), [Outcome::Refused { key: "b".to_owned(), version: 1 }]);
        assert_eq!(state.value("a"), Some(("1".to_owned(), 1)));
        let right = writes(&[("a", 1), ("c", 0)], &[("a", None), ("c", Some("3"))]);
        assert_eq!(state.slot(&[wish(3, 0, right)]), [Outcome::Done { version: 2 }]);
        assert_eq!((state.value("a"), state.value("c")), (None, Some(("3".to_owned(), 2))));
        assert_eq!((state.head.keys, state.head.size), (2, 4));
    });
}

#[test]
fn a_version_is_never_given_twice_even_when_a_key_goes_and_comes() {
    with_state(|state| {
        state.slot(&[wish(1, 0, writes(&[], &[("a", Some("1"))]))]);
        state.slot(&[wish(2, 0, writes(&[], &[("a", None)])), wish(3, 0, writes(&[], &[("a", Some("1"))]))]);
        assert_eq!(state.value("a"), Some(("1".to_owned(), 3)));
    });
}

#[test]
fn a_wish_is_done_once_and_its_answer_is_remembered() {
    with_state(|state| {
        let once = wish(1, 0, writes(&[], &[("a", Some("1"))]));
        state.slot(std::slice::from_ref(&once));
        assert_eq!(state.slot(&[once.clone(), once.clone()]), [Outcome::Again, Outcome::Again]);
        assert_eq!(state.head.version, 1);
        // Another device's wish of the same id is another wish.
        let other = Transaction { by: device(8), ..once };
        assert_eq!(state.slot(&[other]), [Outcome::Done { version: 2 }]);
    });
}

#[test]
fn what_is_decided_first_counts_the_wish_or_that_it_is_given_up() {
    with_state(|state| {
        let put = |number| wish(number, 0, writes(&[], &[("a", Some("1"))]));
        assert_eq!(state.slot(&[wish(1, 0, Wants::GiveUp), put(1)]), [Outcome::GivenUp, Outcome::Again]);
        assert_eq!(
            state.slot(&[put(2), wish(2, 0, Wants::GiveUp)]),
            [Outcome::Done { version: 1 }, Outcome::Again]
        );
    });
}

#[test]
fn a_wish_too_old_or_from_the_future_is_passed_over() {
    with_state(|state| {
        let put = |number, since| wish(number, since, writes(&[], &[("a", Some("1"))]));
        assert_eq!(state.slot(&[put(1, 1)]), [Outcome::OutOfTime]);
        for number in 0..LOG_SLOTS {
            state.slot(&[put(100 + number, state.head.slot)]);
        }
        assert_eq!(state.slot(&[put(2, 1)]), [Outcome::OutOfTime]);
        assert_eq!(state.slot(&[put(3, 3)]), [Outcome::Done { version: LOG_SLOTS + 1 }]);
    });
}

#[test]
fn only_so_many_slots_and_results_are_kept() {
    with_state(|state| {
        for number in 0..LOG_SLOTS * 2 {
            state.slot(&[wish(number, state.head.slot, writes(&[], &[("a", Some("1"))]))]);
        }
        let quiet = Transaction { by: device(8), ..wish(1, state.head.slot, Wants::GiveUp) };
        state.slot(&[quiet]);
        assert_eq!(LOG.within(&state.rows, &LEDGER).count(), usize::try_from(LOG_SLOTS).unwrap());
        let kept = RESULTS.within(&state.rows, &(LEDGER, device(9))).count();
        assert!(kept <= usize::try_from(LOG_SLOTS).unwrap(), "{kept}");
        // The last ones of a device stay, however many slots others fill.
        for number in 0..LOG_SLOTS * 2 {
            let other = Transaction { by: device(8), ..wish(10 + number, state.head.slot, Wants::GiveUp) };
            state.slot(&[other]);
        }
        state.slot(&[wish(9_999_999, state.head.slot, Wants::GiveUp)]);
        state.slot(&[wish(9_999_998, state.head.slot, Wants::GiveUp)]);
        let kept = RESULTS.within(&state.rows, &(LEDGER, device(9))).count();
        assert!(kept >= usize::try_from(RESULTS_KEPT).unwrap(), "{kept}");
    });
}

#[test]
fn a_log_of_large_slots_is_shorter() {
    with_state(|state| {
        let large = "x".repeat(10_000);
        for number in 0..300 {
            let puts = [("a", Some(large.as_str())), ("b", Some(large.as_str()))];
            state.slot(&[wish(number, state.head.slot, writes(&[], &puts))]);
        }
        let kept = LOG.within(&state.rows, &LEDGER).count();
        assert!((45..=50).contains(&kept), "{kept}");
    });
}

#[test]
fn a_full_ledger_takes_only_what_makes_it_smaller() {
    with_state(|state| {
        state.slot(&[wish(1, 0, writes(&[], &[("a", Some("12345"))]))]);
        state.head.size = STATE_SIZE_MAX;
        assert_eq!(state.slot(&[wish(2, 0, writes(&[], &[("a", Some("123456"))]))]), [Outcome::Full]);
        let smaller = wish(3, 0, writes(&[], &[("a", Some("1"))]));
        assert_eq!(state.slot(&[smaller]), [Outcome::Done { version: 2 }]);
        state.head.keys = KEYS_MAX;
        assert_eq!(state.slot(&[wish(4, 0, writes(&[], &[("b", Some(""))]))]), [Outcome::Full]);
        let swap = wish(5, 0, writes(&[], &[("a", None), ("b", Some(""))]));
        assert_eq!(state.slot(&[swap]), [Outcome::Done { version: 3 }]);
    });
}

#[test]
fn keepers_are_changed_by_keepers_and_once() {
    with_state(|state| {
        let change = |number, person, instead_of| Transaction {
            person,
            ..wish(number, 0, Wants::Keepers { instead_of, keepers: vec![keeper(4)] })
        };
        let stranger = PersonId::new([77; 32]);
        assert_eq!(state.slot(&[change(1, stranger, 0)]), [Outcome::NoKeeper]);
        assert_eq!(state.slot(&[change(2, keeper(2).person, 1)]), [Outcome::KeepersChanged]);
        assert_eq!(state.slot(&[change(3, keeper(2).person, 0)]), [Outcome::Done { version: 1 }]);
        assert_eq!((state.head.keepers.as_slice(), state.head.keepers_since), (&[keeper(4)][..], 3));
        // Who was a keeper is none any more; who started the ledger still may.
        assert_eq!(state.slot(&[change(4, keeper(2).person, 3)]), [Outcome::NoKeeper]);
        assert_eq!(state.slot(&[change(5, ALICE, 3)]), [Outcome::Done { version: 2 }]);
    });
}

#[test]
fn what_was_told_before_a_ledger_was_known_counts_in_its_web_only() {
    with_state(|state| {
        let (web, other) = (WebId::new([5; 32]), WebId::new([6; 32]));
        let moved = |slot| Moved { ledger: LEDGER, slot, keepers: vec![keeper(1)] };
        for (said_in, author, slot) in [(web, 1, 7), (web, 1, 3), (other, 1, 9), (other, 2, 9)] {
            note_stray(&mut state.rows, (said_in, device(author)), moved(slot)).unwrap();
        }
        assert_eq!(take_strays(&mut state.rows, web, LEDGER).unwrap(), [(device(1), moved(7))]);
        assert_eq!(take_strays(&mut state.rows, web, LEDGER).unwrap(), []);
    });
}

#[test]
fn an_id_commits_to_all_of_an_announcement() {
    let announcement = Announcement { random: [7; 16], name: "shop".to_owned(), keepers: vec![keeper(1)] };
    let web = WebId::new([5; 32]);
    let id = announcement.id(web, device(1));
    let other = Announcement { keepers: vec![keeper(2)], ..announcement.clone() };
    assert_eq!(id, announcement.id(web, device(1)));
    for changed in [
        other.id(web, device(1)),
        announcement.id(web, device(2)),
        announcement.id(WebId::new([6; 32]), device(1)),
    ] {
        assert_ne!(id, changed);
    }
}

#[test]
fn a_message_reads_what_it_writes_and_passes_no_limit() {
    for message in every_message() {
        assert_eq!(Message::read(&wire::to_bytes(&message)).unwrap(), message);
    }
    for body in every_body() {
        assert_eq!(Body::read(&wire::to_bytes(&body)).unwrap(), body);
    }
    let says = |says| wire::to_bytes(&Message { ledger: LEDGER, says });
    let submit = |wants| says(Says::Submit { id: id(1), since: 0, wants });
    let many: Vec<(String, u64)> = (0..=PARTS_MAX).map(|number| (format!("{number:03}"), 0)).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|(key, version)| (key.as_str(), *version)).collect();
    let (long_key, long_value) = ("k".repeat(201), "v".repeat(VALUE_SIZE_MAX + 1));
    let keepers = (0..=u8::try_from(KEEPERS_MAX).unwrap()).map(keeper).collect();
    let put = || wish(1, 0, writes(&[], &[("a", None)]));
    let change = || wish(1, 0, Wants::Keepers { instead_of: 0, keepers: vec![keeper(1)] });
    let accept = |batch| says(Says::Accept { slot: 1, round: 1, batch });
    // Too long for vectors: each of these is within all limits but one.
    let value = "v".repeat(VALUE_SIZE_MAX);
    let large = writes(&[], &["a", "b", "c", "d", "e", "f"].map(|key| (key, Some(value.as_str()))));
    assert!(Message::read(&accept(vec![wish(1, 0, large.clone()); 2])).is_ok());
    let part = |size| {
        let bytes = vec![0; size].into();
        says(Says::Snapshot { slot: 1, part: 0, parts: 2, bytes })
    };
    assert!(Message::read(&part(PART_SIZE)).is_ok());
    for (what, bytes) in [
        ("nothing wanted", submit(writes(&[], &[]))),
        ("an empty key", submit(writes(&[("", 0)], &[]))),
        ("a long key", submit(writes(&[(&long_key, 0)], &[]))),
        ("a long value", submit(writes(&[], &[("a", Some(&long_value))]))),
        ("a key twice", submit(writes(&[], &[("a", None), ("a", None)]))),
        ("keys out of order", submit(writes(&[("b", 0), ("a", 0)], &[]))),
        ("too many conditions", submit(writes(&many, &[]))),
        ("no keepers", submit(Wants::Keepers { instead_of: 0, keepers: Vec::new() })),
        ("a keeper twice", submit(Wants::Keepers { instead_of: 0, keepers: vec![keeper(1), keeper(1)] })),
        ("too many keepers", submit(Wants::Keepers { instead_of: 0, keepers })),
        ("an empty batch", accept(Vec::new())),
        ("a large batch", accept((0..=BATCH_MAX).map(|_| put()).collect())),
        ("a change beside others", accept(vec![put(), change()])),
        ("too much in a slot", accept(vec![wish(1, 0, large); 3])),
        ("a part too long", part(PART_SIZE + 1)),
        ("slot 0", says(Says::Chosen { first: 0, batches: Vec::new(), last: 0 })),
        ("a part beyond", says(Says::Snapshot { slot: 1, part: 2, parts: 2, bytes: Vec::new().into() })),
        ("too many parts", says(Says::Snapshot { slot: 1, part: 0, parts: 193, bytes: Vec::new().into() })),
    ] {
        assert!(Message::read(&bytes).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _message = Message::read(&bytes);
        let _body = Body::read(&bytes);
    }

    /// The same slots make the same state, whatever they hold.
    #[test]
    fn the_same_slots_make_the_same_state(
        wishes in proptest::collection::vec((0_u64..20, 0_u64..3, 0_u64..6, proptest::option::of("[ab]{1,3}")), 1..60)
    ) {
        let run = || {
            let mut seen = Vec::new();
            with_state(|state| {
                for (number, key, version, value) in &wishes {
                    let key = ["a", "b", "c"][usize::try_from(*key).unwrap()];
                    let wants = writes(&[(key, *version)], &[(key, value.as_deref())]);
                    seen.push(state.slot(&[wish(*number, 0, wants)]));
                }
                let held = ENTRIES.within(&state.rows, &LEDGER).map(|row| row.unwrap());
                let size = held.map(|((_, key), row)| key.len() + row.value.len()).sum::<usize>();
                assert_eq!(u64::try_from(size).unwrap(), state.head.size);
            });
            seen
        };
        prop_assert_eq!(run(), run());
    }
}
