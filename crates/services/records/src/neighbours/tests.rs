use super::*;

const WEB: WebId = WebId::new([1; 32]);
const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn device(number: u64) -> DeviceId {
    DeviceId::new(*blake3::hash(&number.to_be_bytes()).as_bytes())
}

fn rings(count: u64) -> BTreeMap<DeviceId, Ring> {
    let members: Vec<DeviceId> = (0..count).map(device).collect();
    members.iter().map(|me| (*me, Ring::new(WEB, *me, &members, &Ring::default()))).collect()
}

/// Returns how many hops news need from one peer to all who are there.
fn hops(rings: &BTreeMap<DeviceId, Ring>, is_there: impl Fn(DeviceId) -> bool) -> usize {
    let mut links: BTreeMap<DeviceId, BTreeSet<DeviceId>> = BTreeMap::new();
    for (me, ring) in rings.iter().filter(|(me, _)| is_there(**me)) {
        for other in ring.wanted(|other| !is_there(other)).into_iter().filter(|other| is_there(*other)) {
            links.entry(*me).or_default().insert(other);
            links.entry(other).or_default().insert(*me);
        }
    }
    let first = *links.keys().next().unwrap();
    let (mut reached, mut edge, mut hops) = (BTreeSet::from([first]), vec![first], 0);
    loop {
        let mut next = Vec::new();
        for me in edge {
            let told = rings[&me].told(&links[&me]);
            assert!(told.len() <= NEIGHBOURS_MAX);
            next.extend(told.into_iter().filter(|other| reached.insert(*other)));
        }
        if next.is_empty() {
            assert_eq!(reached.len(), links.len(), "everybody who is there is reached");
            return hops;
        }
        edge = next;
        hops += 1;
    }
}

#[test]
fn thousands_are_reached_in_few_hops() {
    let hops = hops(&rings(3_000), |_| true);
    assert!(hops <= 8, "{hops} hops");
}

#[test]
fn those_who_are_there_are_connected_however_many_are_away() {
    let rings = rings(500);
    for part in [2, 5, 20] {
        hops(&rings, |device| u64::from(device.as_bytes()[0]) % part == 0);
    }
}

#[test]
fn in_a_small_web_all_are_neighbours() {
    assert!(rings(9).values().all(|ring| ring.wanted(|_| false).len() == 8));
}

#[test]
fn a_ring_of_one_has_no_neighbours() {
    let ring = Ring::new(WEB, device(0), &[device(0)], &Ring::default());
    assert!(ring.wanted(|_| false).is_empty());
    assert!(ring.told(&BTreeSet::from([device(5)])).is_empty());
}

#[test]
fn waits_double_up_to_a_minute() {
    let mut calls = Calls::default();
    let wanted = BTreeSet::from([device(1)]);
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..9 {
        assert_eq!(calls.due(&wanted, Pace::InCompany, now), [device(1)]);
        calls.lost(device(1), now, &[128; 32]);
        let wait = calls.wait(&wanted, Pace::InCompany, now).unwrap();
        waits.push(wait.as_secs());
        now = now.after(wait);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    calls.reached(device(1));
    assert_eq!(calls.due(&wanted, Pace::InCompany, now), [device(1)]);
}

#[test]
fn an_attempt_nobody_answers_for_fails_by_itself() {
    let mut calls = Calls::default();
    let wanted = BTreeSet::from([device(1)]);
    calls.due(&wanted, Pace::Alone, NOW);
    let later = NOW.after(CALL_WAIT);
    assert!(calls.due(&wanted, Pace::Alone, later).is_empty());
    calls.expire(later, &[0; 32]);
    assert_eq!(calls.due(&wanted, Pace::Alone, later.after(Duration::from_secs(2))), [device(1)]);
}

#[test]
fn attempts_are_paced_also_after_a_clock_was_set_back() {
    let mut calls = Calls::default();
    let wanted: BTreeSet<DeviceId> = (0..100).map(device).collect();
    assert_eq!(calls.due(&wanted, Pace::InCompany, NOW).len(), 32);
    assert!(calls.due(&wanted, Pace::InCompany, NOW).is_empty());
    assert_eq!(calls.wait(&wanted, Pace::InCompany, NOW), Some(CALL_EVERY));
    assert_eq!(calls.due(&wanted, Pace::InCompany, NOW.after(CALL_EVERY)).len(), 1);
    let mut calls = Calls::default();
    calls.due(&wanted, Pace::InCompany, NOW);
    assert!(!calls.due(&wanted, Pace::InCompany, Timestamp::from_millis(5)).is_empty());
}

#[test]
fn jitter_stays_within_a_quarter() {
    let check = |dice, millis| assert_eq!(jitter(Duration::from_secs(4), &[dice; 32]).as_millis(), millis);
    check(0, 3_000);
    check(255, 5_000);
}
