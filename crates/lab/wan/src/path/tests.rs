//! The shaper, counted in packets and in its own time: nothing here waits.

use proptest::prelude::*;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

const HOME: Quality = Quality {
    delay: Duration::from_millis(40),
    jitter: Duration::from_millis(5),
    loss: 0.02,
    reorder: 0.01,
    rate: None,
};

/// Sends packets of 1,200 bytes one millisecond apart.
fn verdicts(quality: Quality, seed: u64, packets: u32) -> Vec<Verdict> {
    let mut path = Path::new(quality, seed, 1);
    (0..packets).map(|number| path.pass(MILLISECOND * number, 1200)).collect()
}

fn count(verdicts: &[Verdict], is_counted: impl Fn(&Verdict) -> bool) -> usize {
    verdicts.iter().filter(|verdict| is_counted(verdict)).count()
}

#[test]
fn the_same_seed_gives_the_same_fate_and_another_seed_another() {
    assert_eq!(verdicts(HOME, 7, 10_000), verdicts(HOME, 7, 10_000));
    assert_ne!(verdicts(HOME, 7, 10_000), verdicts(HOME, 8, 10_000));
}

#[test]
fn who_is_lost_does_not_depend_on_when_packets_come() {
    let (mut slow, mut fast) = (Path::new(HOME, 7, 1), Path::new(HOME, 7, 1));
    for number in 0..10_000_u32 {
        let is_lost = |verdict| verdict == Verdict::Lost;
        let (early, late) = (fast.pass(Duration::ZERO, 1), slow.pass(MILLISECOND * number * 50, 1200));
        assert_eq!(is_lost(early), is_lost(late), "packet {number}");
    }
}

#[test]
fn two_packets_of_a_hundred_are_lost() {
    let lost = count(&verdicts(HOME, 7, 100_000), |verdict| *verdict == Verdict::Lost);
    // The standard deviation of 100,000 draws is 44.
    assert!((1_800..=2_200).contains(&lost), "{lost} of 100,000 lost, seed 7");
}

#[test]
fn one_packet_of_a_hundred_is_overtaken() {
    let verdicts = verdicts(HOME, 7, 100_000);
    let late = count(&verdicts, |verdict| matches!(verdict, Verdict::ArrivesLate(_)));
    assert!((800..=1_200).contains(&late), "{late} of 100,000 late, seed 7");
}

#[test]
fn packets_take_the_delay_give_or_take_the_jitter_and_on_average_the_delay() {
    let quality = Quality { reorder: 0.0, loss: 0.0, ..HOME };
    let mut path = Path::new(quality, 7, 1);
    let mut sum = Duration::ZERO;
    for number in 0..1_000_u32 {
        // Far apart, so that none waits for the one before it.
        let now = MILLISECOND * 100 * number;
        let Verdict::Arrives(at) = path.pass(now, 1200) else { panic!("packet {number} was not delivered") };
        let took = at.checked_sub(now).unwrap();
        assert!((35..=45).contains(&took.as_millis()), "packet {number} took {took:?}");
        sum += took;
    }
    let mean = sum / 1_000;
    assert!((39_500..=40_500).contains(&mean.as_micros()), "mean {mean:?}, seed 7");
}

#[test]
fn a_slow_line_sends_what_it_can_and_drops_what_its_buffer_cannot_hold() {
    // 1,200 bytes at 9.6 Mbit/s take a millisecond; ten come in each millisecond.
    let quality = Quality { rate: Some(9_600_000), ..Quality::default() };
    let mut path = Path::new(quality, 7, 1);
    let verdicts: Vec<Verdict> =
        (0..10_000_u32).map(|number| path.pass(MILLISECOND * (number / 10), 1200)).collect();
    let arrived = count(&verdicts, |verdict| matches!(verdict, Verdict::Arrives(_)));
    // 1,000 in the second, and what waits at its end: 100 ms.
    assert_eq!(arrived, 1_100);
    assert_eq!(count(&verdicts, |verdict| *verdict == Verdict::NoRoom), 10_000 - arrived);
}

#[test]
fn two_ways_one_after_the_other_are_one() {
    let office = Quality { delay: MILLISECOND * 5, loss: 0.5, rate: Some(10), ..Quality::default() };
    let both = HOME.and(office);
    assert_eq!((both.delay, both.jitter, both.rate), (MILLISECOND * 45, MILLISECOND * 5, Some(10)));
    assert!((both.loss - 0.51).abs() < 1e-9);
}

proptest! {
    #[test]
    fn packets_that_are_not_late_keep_their_order(seed: u64, gaps in prop::collection::vec(0_u64..20_000, 1..200)) {
        let mut path = Path::new(HOME, seed, 1);
        let (mut now, mut last) = (Duration::ZERO, Duration::ZERO);
        for gap in gaps {
            now += Duration::from_micros(gap);
            match path.pass(now, 1200) {
                Verdict::Arrives(at) => {
                    prop_assert!(at >= last && at >= now);
                    last = at;
                }
                Verdict::ArrivesLate(at) => prop_assert!(at > last),
                Verdict::Lost => {}
                Verdict::NoRoom => prop_assert!(false, "no rate, no buffer"),
            }
        }
    }
}
