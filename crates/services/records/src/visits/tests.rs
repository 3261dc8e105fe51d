//! What one visit holds, and when the next one follows.

use super::*;

fn entry(size: usize) -> Bytes {
    vec![7; size].into()
}

#[test]
fn what_fits_no_visit_is_left_out_and_what_fits_not_this_one_is_more() {
    let mut load = Load { entries: Vec::new(), size: 0, room: CARRIED_MAX, has_more: false };
    assert!(matches!(load.add(entry(CARRIED_MAX + 1)), Fit::TooLarge));
    assert!(!load.has_more);
    assert!(matches!(load.add(entry(CARRIED_MAX - 10)), Fit::Carried));
    assert!(matches!(load.add(entry(11)), Fit::Full));
    assert!(load.has_more);
}

#[test]
fn the_heads_and_entries_of_a_visit_fit_what_a_stranger_may_say() {
    let id = [0xFF; 32];
    let head = Head {
        device: DeviceId::new(id),
        log: Log::Governance,
        seq: u64::MAX,
        entry: base::EntryId::new(id),
    };
    let web = WebId::new(id);
    let heads = Message::Heads { web, heads: vec![head; SHOWN_MAX], is_last: true, is_question: true };
    let entries = Message::Entries { web, entries: vec![entry(100); CARRIED_MAX / 100], is_last: true };
    let size = wire::to_bytes(&heads).len() + wire::to_bytes(&entries).len();
    assert!(size < wire::join::JOIN_SIZE_MAX * 9 / 10, "{size} bytes");
}

#[test]
fn visits_become_rare_but_not_while_there_is_more_to_carry() {
    let now = Timestamp::from_millis(10_000_000);
    let end_visit = |host: &mut Host, has_more| {
        let open = Some(BTreeSet::new());
        host.visit = Some(Visit { until: now, open, end: None, carried: 0, has_more });
        host.end_visit(now);
        host.next.since(now)
    };
    let mut host = Host::new();
    assert_eq!(end_visit(&mut host, true), AGAIN_SOON);
    assert_eq!(end_visit(&mut host, false), AGAIN_FIRST);
    assert_eq!(end_visit(&mut host, false), AGAIN_FIRST * 2);
    for _ in 0..20 {
        end_visit(&mut host, false);
    }
    assert_eq!(end_visit(&mut host, false), AGAIN_MAX);
    let waits: Vec<Duration> = (0..=IN_A_ROW_MAX).map(|_| end_visit(&mut host, true)).collect();
    assert_eq!(waits.last(), Some(&AGAIN_MAX), "who always wants more is not always visited");
}
