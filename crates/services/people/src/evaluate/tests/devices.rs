//! Persons with several devices (spec governance rules 70 to 80). Alice is 0, her phone 10, her tablet 11; Bob is 1, an admin.

use super::*;
use crate::evaluate::Void;

const PHONE: u16 = 10;
const TABLET: u16 = 11;
const NEW: u16 = 12;
const BOB: u16 = 1;
const CAROL: u16 = 2;

fn add(of: u16, new: u16) -> Act {
    Act::AddDevice { person: Some(person(of)), device: device(new) }
}

impl Book {
    fn add_device(&mut self, by: u16, deps: &[EntryId], of: u16, new: u16) -> EntryId {
        self.write(by, deps, add(of, new))
    }

    fn recover(&mut self, of: u16, new: u16, deps: &[EntryId]) -> EntryId {
        self.write(new, deps, Act::Recover { facts: facts(of) })
    }

    fn revoke(&mut self, by: u16, deps: &[EntryId], gone: &[u16]) -> EntryId {
        let known = self.known(by, deps);
        let mut cuts: Vec<Cut> = gone.iter().flat_map(|device| self.cuts(*device, &known)).collect();
        cuts.sort_unstable();
        let devices = gone.iter().map(|number| device(*number)).collect();
        self.write(by, deps, Act::Revoke { devices, cuts, person_key: id_bytes(6, by), words: None })
    }

    /// Alice with phone and tablet, Bob as admin, Carol as member.
    fn with_devices() -> (Self, EntryId) {
        let (mut book, mut last) = Self::web(&[Role::Admin, Role::Member]);
        last = book.add_device(0, &[last], 0, PHONE);
        last = book.add_device(PHONE, &[last], 0, TABLET);
        (book, last)
    }

    fn devices_of(&self, who: u16) -> Vec<DeviceId> {
        self.evaluate().state.members[&person(who)].devices.clone()
    }
}

fn devices(numbers: &[u16]) -> Vec<DeviceId> {
    numbers.iter().map(|number| device(*number)).collect()
}

#[test]
fn all_devices_act_with_the_power_of_their_person() {
    let (mut book, last) = Book::with_devices();
    assert_eq!(book.devices_of(0), devices(&[0, PHONE, TABLET]));
    let removed = book.remove(TABLET, &[last], BOB);
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&removed));
    assert_eq!(roles(&evaluation), [(0, Some(Role::Owner)), (1, None), (2, Some(Role::Member))]);
}

#[test]
fn a_device_is_added_by_its_person_only_and_belongs_to_one() {
    let (mut book, last) = Book::with_devices();
    let by_bob = book.add_device(BOB, &[last], 0, NEW);
    let for_bob = book.add_device(BOB, &[by_bob], BOB, PHONE);
    let carols = book.add_device(BOB, &[for_bob], BOB, CAROL);
    let unsigned = book.write(BOB, &[carols], Act::AddDevice { person: None, device: device(NEW) });
    let evaluation = book.evaluate();
    for op in [by_bob, for_bob, carols, unsigned] {
        assert!(evaluation.void.contains_key(&op));
    }
    assert_eq!(book.devices_of(BOB), devices(&[BOB]));
}

#[test]
fn nobody_has_more_than_sixteen_devices() {
    let (mut book, mut last) = Book::with_devices();
    for number in 100..120 {
        last = book.add_device(0, &[last], 0, number);
    }
    assert_eq!(book.devices_of(0).len(), 16);
    assert_eq!(book.evaluate().void.len(), 7);
}

#[test]
fn a_revoked_device_does_nothing_more_and_never_comes_back() {
    let (mut book, last) = Book::with_devices();
    let revoked = book.revoke(PHONE, &[last], &[0]);
    let late = book.remove(0, &[last], BOB);
    let later = book.remove(0, &[revoked], BOB);
    let again = book.add_device(PHONE, &[revoked], 0, 0);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&late], Void::CutOff { by: revoked });
    assert!(evaluation.void.contains_key(&later) && evaluation.void.contains_key(&again));
    assert_eq!(evaluation.state.role(person(BOB)), Some(Role::Admin));
    assert_eq!(book.devices_of(0), devices(&[PHONE, TABLET]));
    let alice = &evaluation.state.members[&person(0)];
    assert_eq!(alice.person_key, id_bytes(6, PHONE));
    assert_eq!(evaluation.state.person_of(device(0)), Some(person(0)));
}

#[test]
fn a_thief_online_while_the_owner_revokes_gets_nothing_that_lasts() {
    let (mut book, last) = Book::with_devices();
    // The tablet was stolen: while the phone revokes it, the thief adds a device, removes Bob and invites a friend.
    let revoked = book.revoke(PHONE, &[last], &[TABLET]);
    let friend = book.add_device(TABLET, &[last], 0, NEW);
    let removed = book.remove(NEW, &[friend], BOB);
    let invited = book.write(TABLET, &[friend], invite(70, Role::Owner, 1));
    let joined = book.write(70, &[invited], join(70, 70));
    let back = book.revoke(NEW, &[friend], &[PHONE]);
    let evaluation = book.evaluate();
    for op in [friend, removed, invited, joined, back] {
        assert!(evaluation.void.contains_key(&op));
    }
    assert!(!evaluation.void.contains_key(&revoked));
    assert_eq!(book.devices_of(0), devices(&[0, PHONE]));
    assert_eq!(evaluation.state.role(person(BOB)), Some(Role::Admin));
}

#[test]
fn a_grant_the_revoker_did_not_know_does_not_help_a_thief() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Member]);
    let last = book.add_device(CAROL, &[last], CAROL, PHONE);
    let revoked = book.revoke(PHONE, &[last], &[CAROL]);
    // At the same time the owner makes Carol an admin, whose stolen computer sees that and uses it.
    let grant = book.set_role(0, &[last], CAROL, Role::Admin);
    let used = book.write(CAROL, &[grant], invite(70, Role::Member, 5));
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&revoked) && !evaluation.void.contains_key(&grant));
    assert_eq!(evaluation.void[&used], Void::CutOff { by: revoked });
}

#[test]
fn a_ticket_made_by_a_revoked_device_ends_with_it() {
    let (mut book, last) = Book::with_devices();
    let by_tablet = book.write(TABLET, &[last], invite(70, Role::Member, 5));
    let by_phone = book.write(PHONE, &[by_tablet], invite(71, Role::Member, 5));
    let revoked = book.revoke(0, &[by_phone], &[TABLET]);
    let meanwhile = book.write(70, &[by_tablet], join(70, 70));
    let later = book.write(71, &[revoked], join(70, 71));
    let by_other = book.write(72, &[revoked], join(71, 72));
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&meanwhile) && evaluation.void.contains_key(&later));
    assert!(!evaluation.void.contains_key(&by_other));
}

#[test]
fn of_two_devices_that_revoke_each_other_the_earlier_stays() {
    let (mut book, last) = Book::with_devices();
    let by_phone = book.revoke(PHONE, &[last], &[TABLET]);
    let by_tablet = book.revoke(TABLET, &[last], &[PHONE]);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&by_tablet], Void::CutOff { by: by_phone });
    assert_eq!(book.devices_of(0), devices(&[0, PHONE]));
}

#[test]
fn the_recovery_words_outrank_every_device() {
    let (mut book, last) = Book::with_devices();
    // The first computer is in a thief's hands and revokes all others.
    let theft = book.revoke(0, &[last], &[PHONE, TABLET]);
    let recovered = book.recover(0, NEW, &[theft]);
    let revoked = book.revoke(NEW, &[recovered], &[0]);
    // The thief sees the new device, before or after it is revoked.
    let against = book.revoke(0, &[recovered], &[NEW]);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&against], Void::CutOff { by: revoked });
    assert_eq!(book.devices_of(0), devices(&[NEW]));
    assert_eq!(evaluation.state.role(person(0)), Some(Role::Owner));
}

#[test]
fn a_recovered_device_is_revoked_by_no_other() {
    let (mut book, last) = Book::with_devices();
    let recovered = book.recover(0, NEW, &[last]);
    let against = book.revoke(0, &[recovered], &[NEW]);
    let second = book.recover(0, 13, &[against]);
    let by_second = book.revoke(13, &[second], &[NEW]);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&against], Void::NotAllowed);
    assert!(!evaluation.void.contains_key(&by_second));
}

#[test]
fn only_the_recovery_key_of_a_member_recovers() {
    let (mut book, last) = Book::with_devices();
    let unsigned = book.write(NEW, &[last], Act::Recover { facts: None });
    let stranger = book.recover(50, 13, &[last]);
    let removed = book.remove(0, &[unsigned, stranger], CAROL);
    let gone = book.recover(CAROL, 14, &[removed]);
    // A device that has written before is no fresh device.
    let used = book.recover(0, BOB, &[last]);
    let evaluation = book.evaluate();
    for op in [unsigned, stranger, gone, used] {
        assert!(evaluation.void.contains_key(&op));
    }
}

#[test]
fn a_removal_reaches_all_devices_also_those_its_author_did_not_know() {
    let (mut book, last) = Book::with_devices();
    let phone = book.add_device(CAROL, &[last], CAROL, 20);
    let removed = book.remove(BOB, &[last], CAROL);
    let act = book.write(20, &[phone], invite(70, Role::Member, 1));
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&phone], Void::CutOff { by: removed });
    assert!(evaluation.void.contains_key(&act));
    assert_eq!(evaluation.state.role(person(CAROL)), None);
}

#[test]
fn a_removed_person_cannot_undo_its_past_by_a_back_dated_revocation() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Admin]);
    let added = book.add_device(CAROL, &[last], CAROL, PHONE);
    let invited = book.write(CAROL, &[added], invite(70, Role::Member, 1));
    let joined = book.write(70, &[invited], join(70, 70));
    let removed = book.remove(0, &[joined], CAROL);
    let back_dated = book.revoke(PHONE, &[added], &[CAROL]);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&back_dated], Void::CutOff { by: removed });
    assert_eq!(evaluation.state.role(person(70)), Some(Role::Member));
}

#[test]
fn a_revocation_spoils_every_key_and_the_next_is_for_all() {
    let (mut book, last) = Book::with_devices();
    let minted = book.write(0, &[last], epoch(1, &[0, 1, 2]));
    assert!(!book.evaluate().state.needs_epoch());
    let revoked = book.revoke(PHONE, &[minted], &[TABLET]);
    assert!(book.evaluate().state.needs_epoch());
    book.write(PHONE, &[revoked], epoch(2, &[0, 1, 2]));
    let state = book.evaluate().state;
    assert_eq!(state.current_epoch().map(|(id, _)| id), Some(key(2)));
    assert!(!state.needs_epoch());
    // A new personal key alone spoils nothing: nobody else has the old one.
    let rotated = book.revoke(PHONE, &[revoked], &[]);
    let state = book.evaluate().state;
    assert!(!book.evaluate().void.contains_key(&rotated));
    assert_eq!(state.current_epoch().map(|(id, _)| id), Some(key(2)));
}

#[test]
fn who_comes_back_has_its_devices_again() {
    let (mut book, last) = Book::with_devices();
    let added = book.add_device(CAROL, &[last], CAROL, 20);
    let left = book.write(CAROL, &[added], Act::Leave);
    let invited = book.write(0, &[left], invite(70, Role::Member, 1));
    book.write(20, &[invited], Act::Join { ticket: ticket(70), facts: facts(CAROL) });
    assert_eq!(book.devices_of(CAROL), devices(&[CAROL, 20]));
}

#[test]
fn one_by_one_gives_the_same_as_all_at_once() {
    let (mut book, last) = Book::with_devices();
    let recovered = book.recover(0, NEW, &[last]);
    let mut heads = book.revoke(NEW, &[recovered], &[0, TABLET]);
    heads = book.write(PHONE, &[heads], invite(70, Role::Member, 1));
    book.write(70, &[heads], join(70, 70));
    let mut ops: Vec<Op> = book.ops.values().cloned().collect();
    ops.sort_by_key(Op::place);
    let mut timeline = Timeline::new(WEB);
    for op in &ops {
        timeline.extend([op.clone()]);
    }
    assert_eq!(timeline.work(), ops.len() as u64, "each is evaluated once");
    assert_eq!(timeline.evaluation(), &book.evaluate());
}

#[test]
fn an_epoch_whose_author_did_not_know_of_a_revocation_is_stale() {
    let (mut book, last) = Book::with_devices();
    let revoked = book.revoke(PHONE, &[last], &[TABLET]);
    // Sealed at the same time to the key that the tablet still has, and later in the order.
    let other = book.write(BOB, &[last], Act::Serve(wire::governance::Serving::default()));
    let minted = book.write(BOB, &[other], epoch(1, &[0, 1, 2]));
    let state = book.evaluate().state;
    assert!(state.needs_epoch() && state.current_epoch().is_none());
    book.write(BOB, &[revoked, minted], epoch(2, &[0, 1, 2]));
    assert!(!book.evaluate().state.needs_epoch());
}

#[test]
fn a_void_join_of_a_members_device_gives_it_nothing() {
    let (mut book, last) = Book::with_devices();
    let invited = book.write(BOB, &[last], invite(70, Role::Member, 5));
    // A device that Alice's inception leads to, but that no web has added, joins as Alice, who is a member.
    let joined = book.write(NEW, &[invited], Act::Join { ticket: ticket(70), facts: facts(0) });
    let removed = book.remove(NEW, &[joined], BOB);
    let revoked = book.revoke(NEW, &[joined], &[PHONE]);
    let by_phone = book.write(PHONE, &[invited], invite(71, Role::Member, 1));
    let evaluation = book.evaluate();
    for op in [joined, removed, revoked] {
        assert!(evaluation.void.contains_key(&op));
    }
    assert!(!evaluation.void.contains_key(&by_phone));
    assert_eq!(book.devices_of(0), devices(&[0, PHONE, TABLET]));
}

#[test]
fn a_removal_counts_though_the_person_revoked_a_device_before_and_a_stranger_writes() {
    let (mut book, last) = Book::with_devices();
    let added = book.add_device(BOB, &[last], BOB, 20);
    let wrote = book.write(20, &[added], invite(70, Role::Member, 1));
    let revoked = book.revoke(BOB, &[wrote], &[20]);
    let removed = book.remove(0, &[revoked], BOB);
    let genesis =
        *book.ops.values().find(|op| op.seq == 1 && op.author == device(0)).map(|op| &op.id).unwrap();
    book.write(66, &[genesis], Act::Leave);
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&removed));
    assert_eq!(evaluation.state.role(person(BOB)), None);
}

#[test]
fn a_strangers_copy_of_an_invitation_ends_nothing() {
    let (mut book, last) = Book::web(&[Role::Member]);
    let invited = book.write(0, &[last], invite(70, Role::Member, 1));
    book.write(70, &[invited], join(70, 70));
    let genesis =
        *book.ops.values().find(|op| op.seq == 1 && op.author == device(0)).map(|op| &op.id).unwrap();
    let copy = book.write(66, &[genesis], invite(70, Role::Member, 1));
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&copy));
    assert_eq!(evaluation.state.role(person(70)), Some(Role::Member));
}

#[test]
fn who_accepts_a_join_it_does_not_know_or_its_own_wins_it_no_use() {
    let (mut book, last) = Book::web(&[Role::Admin]);
    let invited = book.write(0, &[last], invite(70, Role::Member, 1));
    let first = book.write(70, &[invited], join(70, 70));
    let second = book.write(71, &[invited], join(70, 71));
    let (early, late) =
        if book.ops[&first].place() < book.ops[&second].place() { (first, second) } else { (second, first) };
    let who = if late == second { 71 } else { 70 };
    book.write(BOB, &[invited], Act::Accept { join: late });
    book.write(who, &[late], Act::Accept { join: late });
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&early));
    assert_eq!(evaluation.void[&late], Void::UsedUp);
}

#[test]
fn cuts_name_all_devices_of_the_person_and_no_others() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Member]);
    let mut cuts = [book.cuts(CAROL, &[last]), book.cuts(BOB, &[last])].concat();
    cuts.sort_unstable();
    let removed = book.write(0, &[last], Act::Remove { person: person(CAROL), cuts });
    assert_eq!(book.evaluate().void[&removed], Void::CutsDoNotMatch);
}

#[test]
fn a_change_of_role_cuts_when_it_names_cuts_and_stepping_down_names_none() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Member]);
    let left = book.write(CAROL, &[last], Act::Leave);
    let cuts = book.cuts(CAROL, &[last]);
    let promoted = book.write(0, &[last], Act::SetRole { person: person(CAROL), role: Role::Admin, cuts });
    let cuts = book.cuts(BOB, &[last]);
    let down = book.write(BOB, &[last], Act::SetRole { person: person(BOB), role: Role::Member, cuts });
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&promoted));
    assert!(matches!(evaluation.void[&left], Void::CutOff { .. }));
    assert_eq!(evaluation.void[&down], Void::CutsDoNotMatch);
}

#[test]
fn a_greater_word_about_a_lesser_one_counts_whatever_somebody_far_away_writes() {
    for far in [false, true] {
        let (mut book, last) = Book::web(&[Role::Owner, Role::Admin, Role::Member]);
        let down = book.set_role(BOB, &[last], CAROL, Role::Member);
        let up = book.set_role(0, &[down], CAROL, Role::Admin);
        if far {
            book.write(3, &[last], epoch(1, &[0]));
        }
        let evaluation = book.evaluate();
        assert!(!evaluation.void.contains_key(&down) && !evaluation.void.contains_key(&up), "far: {far}");
        assert_eq!(evaluation.state.role(person(CAROL)), Some(Role::Admin));
    }
}

#[test]
fn who_has_left_may_be_removed_and_who_was_removed_may_not() {
    let (mut book, last) = Book::web(&[Role::Member]);
    let left = book.write(BOB, &[last], Act::Leave);
    let removed = book.remove(0, &[left], BOB);
    let again = book.remove(0, &[removed], BOB);
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&removed));
    assert_eq!(evaluation.void[&again], Void::NotAMember);
}

#[test]
fn a_join_that_could_know_that_the_uses_were_gone_is_not_helped_by_a_welcome() {
    let (mut book, last) = Book::web(&[Role::Member]);
    let invited = book.write(0, &[last], invite(70, Role::Member, 1));
    let first = book.write(70, &[invited], join(70, 70));
    let second = book.write(71, &[first], join(70, 71));
    book.write(BOB, &[second], Act::Accept { join: second });
    book.write(0, &[last], Act::Serve(wire::governance::Serving::default()));
    let evaluation = book.evaluate();
    assert!(!evaluation.void.contains_key(&first));
    assert_eq!(evaluation.void[&second], Void::UsedUp);
}

#[test]
fn the_recovery_words_help_though_a_thief_has_added_all_the_devices_it_could() {
    let (mut book, mut last) = Book::with_devices();
    for number in 100..120 {
        last = book.add_device(0, &[last], 0, number);
    }
    for number in 200..220 {
        last = book.write(number, &[last], Act::Recover { facts: facts(0) });
    }
    assert_eq!(book.devices_of(0).len(), 32);
}

#[test]
fn a_founder_that_forks_at_its_second_place_leaves_those_it_let_in() {
    let mut book = Book::default();
    let genesis = book.found();
    let chain = book.chains[&0].clone();
    let invited = book.write_after(0, &chain, &[genesis], invite(1, Role::Member, 1));
    let other = book.write_after(0, &chain, &[genesis], invite(2, Role::Member, 1));
    book.write(1, &[invited], join(1, 1));
    book.write(9, &[other], Act::Leave);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.state.role(person(1)), Some(Role::Member));
    assert_eq!(evaluation.void[&other], Void::Forked);
}
