use proptest::prelude::*;

use super::*;

fn asker(number: u8, is_distinct: bool) -> Asker {
    Asker {
        device: DeviceId::new([number; 32]),
        person: PersonId::new([number; 32]),
        is_owner: number == 0,
        is_distinct,
    }
}

fn give(board: &mut Board, who: Asker, limit: u64, copies: u32) -> Vec<u64> {
    let units = board.take(who, limit, copies);
    let numbers = units.numbers().collect();
    if !units.is_empty() {
        let at = Timestamp::from_millis(0);
        let number = board.next_lease;
        board.lease(
            number,
            Lease { device: who.device, person: who.person, units, given: at, heard: at, is_spare: false },
        );
    }
    numbers
}

#[test]
fn copies_go_to_different_persons() {
    let mut board = Board::new(4, true);
    assert_eq!(give(&mut board, asker(1, true), 3, 2), [0, 1, 2]);
    // The same person gets what is fresh, never its own again.
    assert_eq!(give(&mut board, asker(1, true), 9, 2), [3]);
    assert_eq!(give(&mut board, asker(1, true), 9, 2), [0; 0]);
    assert_eq!(give(&mut board, asker(2, true), 9, 2), [0, 1, 2, 3]);
    assert_eq!(give(&mut board, asker(3, true), 9, 2), [0; 0]);
    // What a lease leaves behind goes to another, not back to who gave it up.
    board.end_lease(1);
    assert_eq!(give(&mut board, asker(2, true), 9, 2), [0; 0]);
    assert_eq!(give(&mut board, asker(3, true), 9, 2), [0, 1, 2]);
}

#[test]
fn what_a_computer_that_was_away_does_not_have_any_more_is_given_again_when_it_asks() {
    let mut board = Board::new(3, true);
    let (alice, bob) = (asker(1, true), asker(2, true));
    let first = board.next_lease;
    for (who, unit) in [(alice, 0), (alice, 1), (bob, 2)] {
        assert_eq!(give(&mut board, who, 1, 1), [unit]);
    }
    assert!(board.end_doubtful(alice.device).is_empty(), "she was here all the time");
    board.doubt(alice.device);
    let now = Timestamp::from_millis(1);
    assert!(board.heard_of(first, alice.device, now));
    assert!(!board.heard_of(first + 1, bob.device, now), "another's word about her lease is none");
    assert_eq!(board.end_doubtful(alice.device), [first + 1]);
    assert!(board.end_doubtful(bob.device).is_empty());
    assert_eq!(give(&mut board, alice, 9, 1), [1]);
    // Once it is said, or given since, it is not doubted.
    assert!(board.end_doubtful(alice.device).is_empty());
}

#[test]
fn what_is_left_of_a_lease_from_before_a_start_is_given_again_after_results_of_it() {
    let mut board = Board::new(9, true);
    (board.first_lease, board.next_lease) = (100, 100);
    let alice = asker(1, true);
    let now = Timestamp::from_millis(1);
    let units = board.take(alice, 3, 1);
    let (device, person) = (alice.device, alice.person);
    let lease = Lease { device, person, units, given: now, heard: now, is_spare: false };
    board.lease(7, lease);
    assert_eq!(give(&mut board, alice, 3, 1), [3, 4, 5]);
    for (number, unit) in [(7, 0), (100, 3)] {
        board.arrived(device, &Intervals::of([Intervals::one(unit)]));
        board.heard_results(number, device, now);
    }
    assert_eq!(board.end_doubtful(device), [7], "those of the other may have come before the start");
    assert_eq!(give(&mut board, alice, 3, 1), [1, 2, 6]);
}

#[test]
fn a_million_units_in_order_cost_nothing() {
    let mut board = Board::new(1_000_000, true);
    for lease in 0..4_000_u64 {
        let units = board.take(asker(1, false), 250, 1);
        assert_eq!(units.numbers().next(), Some(lease * 250));
        for span in units.spans().collect::<Vec<_>>() {
            board.settle(span);
        }
    }
    assert!(board.is_over());
    assert_eq!(board.settled.spans().count() + board.touched.spans().count(), 2);
}

#[test]
fn files_are_given_to_the_computer_they_lie_on() {
    let mut board = Board::new(6, true);
    for unit in [4, 5] {
        board.note_local(asker(1, false).device, unit);
    }
    for unit in [0, 1] {
        board.note_local(asker(2, false).device, unit);
    }
    assert_eq!(give(&mut board, asker(1, false), 2, 1), [4, 5]);
    assert_eq!(give(&mut board, asker(1, false), 9, 1), [2, 3]);
    // Nothing else is left.
    assert_eq!(give(&mut board, asker(1, false), 1, 1), [0]);
    assert_eq!(give(&mut board, asker(2, false), 9, 1), [1]);
}

#[test]
fn results_that_come_twice_make_no_unit_less_wanted() {
    let mut board = Board::new(1, true);
    assert_eq!(give(&mut board, asker(1, true), 1, 2), [0]);
    let one = Intervals::of([Intervals::one(0)]);
    assert_eq!(board.arrived(asker(1, true).device, &one), [1]);
    board.set_short(0, 1);
    // The same again, since the answer to it was lost.
    assert_eq!(board.arrived(asker(1, true).device, &one), [0; 0]);
    assert_eq!(give(&mut board, asker(2, true), 9, 2), [0]);
}

/// 1,000 computers with six leases of two units each, every unit given to two: what each message does.
#[test]
fn a_thousand_computers_with_thousands_of_leases() {
    let (at, devices) = (Timestamp::from_millis(0), 1_000_u32);
    let mut board = Board::new(20_000, true);
    let who = |number: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        Asker { device: DeviceId::new(id), person: PersonId::new(id), is_owner: false, is_distinct: true }
    };
    let (mut has_voted, mut rounds) = (BTreeSet::new(), 0);
    while !board.is_over() && rounds < 100 {
        rounds += 1;
        for number in 0..devices {
            let asker = who(number);
            while board.leases_of(asker.device) < 6 {
                let units = board.take(asker, 2, 2);
                if units.is_empty() {
                    break;
                }
                let lease = Lease {
                    device: asker.device,
                    person: asker.person,
                    units,
                    given: at,
                    heard: at,
                    is_spare: false,
                };
                board.lease(board.next_lease, lease);
            }
        }
        let leases: Vec<(DeviceId, Intervals)> =
            board.leases.values().map(|lease| (lease.device, lease.units.clone())).collect();
        for (device, units) in leases {
            board.arrived(device, &units);
            for unit in units.numbers() {
                match has_voted.insert(unit) {
                    true => board.set_short(unit, 1),
                    false => board.settle(Intervals::one(unit)),
                }
            }
            board.idle_leases();
        }
    }
    assert!(board.is_over(), "{} of {} units after {rounds} rounds", board.settled.count(), board.total);
}

// --- what is counted along, compared with counting anew ---

const UNITS: u64 = 24;

/// What has been done to a board is looked at in the slow way.
fn check_counts(board: &Board) {
    let out = |unit, is_spare| {
        let holds = |lease: &&Lease| lease.is_spare == is_spare && lease.units.has(unit);
        u32::try_from(board.leases.values().filter(holds).count()).unwrap()
    };
    for unit in 0..UNITS {
        assert_eq!(
            (board.given.count(unit), board.spare.count(unit)),
            (out(unit, false), out(unit, true)),
            "{unit}"
        );
        assert!(!board.settled.has(unit) || board.short.count(unit) == 0, "{unit} is done and wanted");
    }
    let mut by_device: BTreeMap<DeviceId, BTreeSet<u64>> = BTreeMap::new();
    for (number, lease) in &board.leases {
        by_device.entry(lease.device).or_default().insert(*number);
    }
    assert_eq!(board.by_device, by_device);
    let mut barred: BTreeMap<PersonId, BTreeSet<u64>> = BTreeMap::new();
    for lease in board.leases.values() {
        barred.entry(lease.person).or_default().extend(lease.units.numbers());
    }
    for (unit, votes) in &board.votes {
        for vote in votes {
            barred.entry(vote.person).or_default().insert(*unit);
        }
    }
    barred.retain(|_, units| !units.is_empty());
    let by_person = board.by_person.iter().filter(|(_, units)| !units.is_empty());
    let by_person: BTreeMap<PersonId, BTreeSet<u64>> =
        by_person.map(|(person, units)| (*person, units.numbers().collect())).collect();
    assert_eq!(by_person, barred);
}

/// A person says something of the units of one of its leases; two who do settle a unit.
fn results(board: &mut Board, who: Asker, which: usize, is_able: bool) {
    let number = board.by_device.get(&who.device).and_then(|all| all.iter().nth(which % all.len())).copied();
    let Some(units) =
        number.and_then(|number| board.lease_of(number, who.device)).map(|one| one.units.clone())
    else {
        return;
    };
    board.arrived(who.device, &units);
    for unit in units.numbers().filter(|unit| !board.settled.has(*unit)).collect::<Vec<_>>() {
        let vote = Vote {
            device: who.device,
            person: who.person,
            via: who.person,
            digest: base::ContentId::new([1; 32]),
            is_failure: false,
            cpu_us: 1,
            statement: 1,
            place: 0,
            is_remembered: false,
        };
        let has_voted = board.votes.get(&unit).is_some_and(|all| all.contains(&vote));
        if is_able && !has_voted {
            board.vote(unit, vote);
        }
        match board.votes.get(&unit).map_or(0, Vec::len) {
            2.. => board.settle(Intervals::one(unit)),
            votes => board.set_short(unit, u32::try_from(2 - votes).unwrap()),
        }
        if !is_able {
            board.note_unable((who.device, who.person), unit, Timestamp::from_millis(0));
        }
    }
}

fn act(board: &mut Board, (kind, number, which, unit): (u8, u8, usize, u64), now: Timestamp) {
    let who = asker(number, true);
    let nth = board.leases.keys().nth(which % board.leases.len().max(1)).copied().unwrap_or_default();
    let span = Span { first: unit, count: 1 + unit % 3 };
    let lease = |units, is_spare| Lease {
        device: who.device,
        person: who.person,
        units,
        given: now,
        heard: now,
        is_spare,
    };
    match kind {
        0..=3 => {
            let has = board.by_person.get(&who.person).cloned().unwrap_or_default();
            let units = board.take(who, 1 + unit % 5, 2);
            assert!(
                units.count() <= 1 + unit % 5
                    && units.and(&board.settled).is_empty()
                    && units.and(&has).is_empty()
            );
            if !units.is_empty() {
                board.lease(board.next_lease, lease(units, false));
            }
        }
        4 => {
            board.note_slow(now);
            let units = board.take_spare(who, 3);
            board.forget_slow();
            if !units.is_empty() {
                board.lease(board.next_lease, lease(units, true));
            }
        }
        5..=7 => results(board, who, which, kind != 7),
        8 => board.end_lease(nth),
        9 => board.give_back(nth, &Intervals::of([span])),
        10 => {
            for unit in board.forget_person(who.person).1 {
                board.set_short(unit, 2);
            }
        }
        11 => board.settle(span),
        12 => board.settled.within(span).into_iter().for_each(|span| board.reopen(span)),
        _ => {
            board.idle_leases();
            let is_idle = |lease: &&Lease| lease.units.first_without(1, &[&board.settled]).is_empty();
            assert!(board.leases.values().find(is_idle).is_none(), "a lease of nothing is left");
        }
    }
}

proptest! {
    #[test]
    fn what_is_counted_along_is_what_counting_anew_finds(
        acts in proptest::collection::vec((0_u8..15, 1_u8..6, 0_usize..9, 0..UNITS), 0..150),
    ) {
        let mut board = Board::new(UNITS, true);
        for (time, one) in (0..).zip(acts) {
            act(&mut board, one, Timestamp::from_millis(time * 700));
            check_counts(&board);
        }
    }
}
