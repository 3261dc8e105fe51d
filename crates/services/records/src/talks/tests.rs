use super::*;

const WEB: WebId = WebId::new([1; 32]);
const ALICE: DeviceId = DeviceId::new([2; 32]);
const BOB: DeviceId = DeviceId::new([3; 32]);
const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn chain(number: u8) -> Chain {
    (0, DeviceId::new([number; 32]))
}

fn ask(talks: &mut Talks, peer: DeviceId) -> Vec<Range> {
    talks.ask::<()>(WEB, peer, NOW, |_| Ok(Lack::Above(0))).unwrap()
}

#[test]
fn a_chain_is_asked_of_one_peer_at_a_time() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    talks.promise(WEB, BOB, chain(7), 5);
    assert_eq!(ask(&mut talks, ALICE).len(), 1);
    assert!(ask(&mut talks, BOB).is_empty());
    talks.end(WEB, ALICE);
    assert_eq!(ask(&mut talks, BOB).len(), 1, "the other has it, too");
}

#[test]
fn one_question_at_a_time_and_none_twice() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    assert_eq!(ask(&mut talks, ALICE).len(), 1);
    talks.promise(WEB, ALICE, chain(8), 5);
    assert!(ask(&mut talks, ALICE).is_empty());
    talks.answered(WEB, ALICE, Answer::Complete);
    assert_eq!(ask(&mut talks, ALICE).first().map(|range| range.device), Some(chain(8).1));
    talks.answered(WEB, ALICE, Answer::Complete);
    assert!(ask(&mut talks, ALICE).is_empty(), "what was not sent is not asked for again");
}

#[test]
fn a_partial_answer_is_gone_on_with() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    ask(&mut talks, ALICE);
    talks.answered(WEB, ALICE, Answer::Partial);
    let ranges = talks.ask::<()>(WEB, ALICE, NOW, |_| Ok(Lack::Above(3))).unwrap();
    assert_eq!(ranges.first().map(|range| (range.from, range.to)), Some((4, 5)));
}

/// Seen as a share whose last files took a minute to arrive: the news came while an older question was open.
#[test]
fn what_is_promised_while_a_question_is_open_is_asked_for_next() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    ask(&mut talks, ALICE);
    talks.promise(WEB, ALICE, chain(7), 9);
    talks.answered(WEB, ALICE, Answer::Complete);
    let ranges = talks.ask::<()>(WEB, ALICE, NOW, |_| Ok(Lack::Above(5))).unwrap();
    assert_eq!(ranges.first().map(|range| (range.from, range.to)), Some((6, 9)));
    talks.answered(WEB, ALICE, Answer::Complete);
    assert!(ask(&mut talks, ALICE).is_empty(), "what was not sent is not asked for again");
}

#[test]
fn an_overdue_answer_frees_the_chain_for_others() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    talks.promise(WEB, BOB, chain(7), 5);
    ask(&mut talks, ALICE);
    assert!(talks.expire(NOW).is_empty());
    assert_eq!(talks.next_expiry(), Some(NOW.after(ANSWER_WAIT)));
    assert_eq!(talks.expire(NOW.after(ANSWER_WAIT)), [(WEB, ALICE)]);
    assert_eq!(ask(&mut talks, BOB).len(), 1);
    assert!(ask(&mut talks, ALICE).is_empty());
}

#[test]
fn a_clock_set_back_does_not_keep_a_question_open() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    ask(&mut talks, ALICE);
    assert_eq!(talks.expire(Timestamp::from_millis(0)), [(WEB, ALICE)]);
}

#[test]
fn what_is_barred_waits_for_the_authors_to_change() {
    let mut talks = Talks::default();
    talks.promise(WEB, ALICE, chain(7), 5);
    assert!(talks.ask::<()>(WEB, ALICE, NOW, |_| Ok(Lack::Barred)).unwrap().is_empty());
    assert!(ask(&mut talks, ALICE).is_empty());
    talks.unbar(WEB);
    assert_eq!(ask(&mut talks, ALICE).len(), 1);
}

#[test]
fn a_peer_can_promise_only_so_much() {
    let mut talks = Talks::default();
    for number in 0..20_000_u64 {
        let device = DeviceId::new(*blake3::hash(&number.to_be_bytes()).as_bytes());
        talks.promise(WEB, ALICE, (0, device), 1);
    }
    assert_eq!(talks.talks.get(&(WEB, ALICE)).unwrap().goals.len(), GOALS_MAX);
    talks.promise(WEB, BOB, chain(7), 5);
    assert_eq!(ask(&mut talks, BOB).len(), 1, "others are not kept from promising");
}

/// Sixty-five places looked at again do not fit into one answer, and none of those that came told anything new.
#[test]
fn looking_back_goes_on_where_an_answer_ended() {
    let mut talks = Talks::default();
    let records = |number: u8| (log_key(Log::Records), DeviceId::new([number; 32]));
    talks.look_back(WEB, ALICE, records(7), (10, 74));
    talks.look_back(WEB, ALICE, records(8), (3, 9));
    assert_eq!(ask(&mut talks, ALICE).len(), 2);
    assert!(talks.looks_at(WEB, ALICE, (records(7), 73)));
    assert!(!talks.looks_at(WEB, ALICE, (records(7), 9)), "a part of an older answer");
    talks.look_on(WEB, ALICE, (records(7), 73));
    talks.answered(WEB, ALICE, Answer::Partial);
    let ranges: Vec<_> = ask(&mut talks, ALICE).iter().map(|range| (range.from, range.to)).collect();
    assert_eq!(ranges, [(74, 74), (3, 9)]);
}

#[test]
fn looking_back_at_branches_asks_for_the_last_place_again_but_not_for_ever() {
    let mut talks = Talks::default();
    let governance = (log_key(Log::Governance), BOB);
    talks.look_back(WEB, ALICE, governance, (5, u64::MAX));
    for (reached, next) in [(9, 9), (9, 10), (12, 12)] {
        assert_eq!(ask(&mut talks, ALICE).len(), 1);
        talks.look_on(WEB, ALICE, (governance, reached));
        talks.answered(WEB, ALICE, Answer::Partial);
        let goal = talks.talks[&(WEB, ALICE)].goals[&governance];
        assert_eq!(goal.back, Some((next, u64::MAX)));
    }
}
