//! Removals by several signatures (spec governance rules 81 to 88): Alice, 0, is the founder; what is tried against them.

use super::*;
use crate::evaluate::op::Dismiss;
use crate::evaluate::{Departure, Void};

impl Book {
    /// `by` dismisses `who`, knowing `deps`, with the signatures of `signers` made just now.
    fn dismiss(&mut self, by: u16, deps: &[EntryId], who: u16, signers: &[u16]) -> EntryId {
        let act = self.dismissal(by, deps, who, signers);
        self.write(by, deps, Act::Dismiss(act))
    }

    /// As [`Self::dismiss`], not written yet.
    fn dismissal(&self, by: u16, deps: &[EntryId], who: u16, signers: &[u16]) -> Dismiss {
        let known = self.known(by, deps);
        let past: Vec<Op> = self.past(&known).iter().map(|id| self.ops[id].clone()).collect();
        let state = evaluate(WEB, past).state;
        Dismiss {
            by: Some(person(by % 10)),
            person: person(who),
            admission: state.members[&person(who)].join,
            same: None,
            cuts: self.cuts(who, &known),
            signers: signers.iter().map(|signer| (device(*signer), state.lamport)).collect(),
        }
    }

    fn why(&self, id: EntryId) -> Option<Void> {
        self.evaluate().void.get(&id).copied()
    }
}

const ADMINS: [Role; 3] = [Role::Admin, Role::Admin, Role::Admin];

#[test]
fn two_of_three_admins_remove_the_founder_and_the_senior_of_them_owns_the_web() {
    let (mut book, last) = Book::web(&ADMINS);
    book.dismiss(2, &[last], 0, &[1]);
    let evaluation = book.evaluate();
    let expected = [(0, None), (1, Some(Role::Owner)), (2, Some(Role::Admin)), (3, Some(Role::Admin))];
    assert_eq!(roles(&evaluation), expected);
    let departure = evaluation.state.members[&person(0)].departure;
    assert!(matches!(departure, Some(Departure::Removed { by, .. }) if by == person(2)));
}

#[test]
fn one_admin_with_all_its_devices_is_not_two() {
    let (mut book, mut last) = Book::web(&ADMINS);
    last = book.write(1, &[last], Act::AddDevice { person: Some(person(1)), device: device(11) });
    let alone = book.dismiss(1, &[last], 0, &[11]);
    assert_eq!(book.why(alone), Some(Void::TooFewSignatures));
}

#[test]
fn half_is_not_more_than_half_and_members_do_not_count() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Admin, Role::Admin, Role::Admin, Role::Member]);
    let half = book.dismiss(1, &[last], 0, &[2, 5]);
    assert_eq!(book.why(half), Some(Void::TooFewSignatures));
    let more = book.dismiss(1, &[half], 0, &[2, 3]);
    assert_eq!(book.why(more), None);
}

#[test]
fn the_target_cannot_save_itself_by_removing_the_signers_at_the_same_time() {
    let (mut book, last) = Book::web(&ADMINS);
    let dismissed = book.dismiss(1, &[last], 0, &[2]);
    let one = book.remove(0, &[last], 1);
    let other = book.remove(0, &[one], 2);
    assert_eq!(book.why(dismissed), None);
    assert_eq!(book.why(one), Some(Void::CutOff { by: dismissed }));
    assert_eq!(book.why(other), Some(Void::CutOff { by: dismissed }));
    assert_eq!(book.evaluate().state.role(person(2)), Some(Role::Admin));
}

#[test]
fn accomplices_whom_the_target_raises_at_the_same_time_change_nothing() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Admin, Role::Member, Role::Member]);
    let dismissed = book.dismiss(1, &[last], 0, &[2]);
    let up = book.set_role(0, &[last], 3, Role::Owner);
    let more = book.set_role(0, &[up], 4, Role::Admin);
    let revenge = book.remove(3, &[more], 1);
    assert_eq!(book.why(dismissed), None);
    for void in [up, more, revenge] {
        assert!(book.why(void).is_some());
    }
}

#[test]
fn a_far_away_word_by_the_target_does_not_change_who_could_sign() {
    let (mut book, last) = Book::web(&[Role::Member, Role::Member, Role::Admin]);
    let one = book.set_role(0, &[last], 1, Role::Admin);
    let two = book.set_role(0, &[one], 2, Role::Admin);
    let dismissed = book.dismiss(1, &[two], 0, &[2]);
    assert_eq!(book.why(dismissed), None);
    // Everything is in conflict with everything now.
    let genesis = book.chains[&0][0];
    book.write_after(0, &[genesis], &[genesis], Act::Leave);
    let chain: Vec<EntryId> = book.chains[&3].clone();
    book.write_after(3, &chain, &[genesis], epoch(1, &[0]));
    assert_eq!(book.why(dismissed), None);
}

#[test]
fn a_bad_owner_cannot_make_the_admins_it_needs() {
    // Bob, an owner, makes three members admins and signs with them; Ted, whom Alice made admin, does not.
    let (mut book, mut last) =
        Book::web(&[Role::Owner, Role::Member, Role::Member, Role::Member, Role::Admin]);
    for puppet in [2, 3, 4] {
        last = book.set_role(1, &[last], puppet, Role::Admin);
    }
    let dismissed = book.dismiss(1, &[last], 0, &[2, 3, 4]);
    assert_eq!(book.why(dismissed), Some(Void::TooFewSignatures));
    let with_ted = book.dismiss(1, &[dismissed], 0, &[2, 3, 5]);
    assert_eq!(book.why(with_ted), None, "that is two voices of two");
}

#[test]
fn of_two_dismissals_that_meet_that_with_more_signatures_counts() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Admin, Role::Admin, Role::Admin]);
    let fewer = book.dismiss(0, &[last], 1, &[3, 4]);
    let more = book.dismiss(1, &[last], 0, &[2, 3, 4]);
    assert_eq!(book.why(more), None);
    assert!(book.why(fewer).is_some(), "its author is out");
    // Of as many, that of the more powerful.
    let (mut book, last) = Book::web(&ADMINS);
    let juniors = book.dismiss(1, &[last], 0, &[2]);
    let seniors = book.dismiss(0, &[last], 1, &[3]);
    assert_eq!(book.why(seniors), None);
    assert!(book.why(juniors).is_some());
}

#[test]
fn a_signer_who_is_dismissed_at_the_same_time_has_not_signed() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Admin, Role::Admin, Role::Admin]);
    let first = book.dismiss(0, &[last], 1, &[2, 3]);
    let second = book.dismiss(4, &[last], 0, &[1, 2]);
    assert_eq!(book.why(first), None);
    assert_eq!(book.why(second), Some(Void::TooFewSignatures));
}

#[test]
fn a_signature_is_for_one_stay_and_not_for_ever() {
    let (mut book, last) = Book::web(&ADMINS);
    let mut stale = book.dismissal(1, &[last], 0, &[2]);
    stale.signers[0].1 = stale.signers[0].1.saturating_add(5);
    let early = book.write(1, &[last], Act::Dismiss(stale.clone()));
    assert_eq!(book.why(early), Some(Void::TooFewSignatures), "signed after it was written");
    let left = book.write(3, &[early], Act::Leave);
    let invited = book.write(0, &[left], invite(50, Role::Admin, 1));
    let before = book.dismissal(1, &[last], 3, &[2, 0]);
    let again = book.write(3, &[invited], join(50, 3));
    let mut used = book.dismissal(1, &[again], 3, &[2, 0]);
    used.admission = before.admission;
    let replayed = book.write(1, &[again], Act::Dismiss(used));
    assert_eq!(book.why(replayed), Some(Void::TooFewSignatures), "that was about its first stay");
}

#[test]
fn the_dismissed_do_not_come_back_by_old_tickets_and_may_by_a_new_one() {
    let (mut book, mut last) = Book::web(&ADMINS);
    last = book.write(0, &[last], invite(50, Role::Owner, 3));
    let dismissed = book.dismiss(1, &[last], 0, &[2]);
    let back = book.write(0, &[dismissed], join(50, 0));
    let friend = book.write(9, &[last], join(50, 9));
    for void in [back, friend] {
        assert!(book.why(void).is_some());
    }
    let invited = book.write(2, &[dismissed], invite(51, Role::Member, 1));
    let again = book.write(0, &[invited, back], join(51, 0));
    assert_eq!(book.why(again), None);
    assert_eq!(book.evaluate().state.role(person(0)), Some(Role::Member));
}

#[test]
fn a_newcomer_takes_over_role_and_rank_of_who_has_lost_everything_and_no_more() {
    let (mut book, mut last) = Book::web(&ADMINS);
    last = book.write(1, &[last], invite(50, Role::Member, 1));
    last = book.write(7, &[last], join(50, 7));
    let mut same = book.dismissal(1, &[last], 0, &[2]);
    same.same = Some(person(7));
    let confirmed = book.write(1, &[last], Act::Dismiss(same));
    let state = book.evaluate().state;
    assert_eq!(book.why(confirmed), None);
    assert_eq!((state.role(person(0)), state.role(person(7))), (None, Some(Role::Owner)));
    assert_eq!(state.members[&person(0)].same, Some(person(7)));
    let (new, weakest) = (state.members[&person(7)].clone(), state.members[&person(2)].clone());
    assert_eq!(new.seniority.depth, 0, "the founder's place");
    assert_eq!(new.power.unwrap().limit, weakest.seniority, "given by who had the least power");
}

#[test]
fn two_admins_are_enough_for_a_member_they_outrank_and_a_member_is_not() {
    let (mut book, mut last) = Book::web(&[Role::Admin, Role::Admin, Role::Admin, Role::Admin, Role::Member]);
    last = book.write(1, &[last], invite(50, Role::Member, 1));
    last = book.write(7, &[last], join(50, 7));
    let mut alone = book.dismissal(1, &[last], 5, &[7]);
    alone.same = Some(person(7));
    let alone = book.write(1, &[last], Act::Dismiss(alone));
    assert_eq!(book.why(alone), Some(Void::TooFewSignatures));
    let mut same = book.dismissal(1, &[alone], 5, &[2]);
    same.same = Some(person(7));
    let confirmed = book.write(1, &[alone], Act::Dismiss(same));
    assert_eq!(book.why(confirmed), None);
    let state = book.evaluate().state;
    assert_eq!((state.role(person(5)), state.role(person(7))), (None, Some(Role::Member)));
    // Removed before, at the same time, they have confirmed nothing.
    let removal = book.remove(0, &[alone], 1);
    assert!(book.why(confirmed).is_some() && book.why(removal).is_none());
}

#[test]
fn a_dismissal_needs_cuts_as_its_author_knew_them_and_signatures_that_hold() {
    let (mut book, last) = Book::web(&ADMINS);
    let mut wrong = book.dismissal(1, &[last], 0, &[2]);
    wrong.cuts.clear();
    let wrong = book.write(1, &[last], Act::Dismiss(wrong));
    let mut forged = book.dismissal(1, &[wrong], 0, &[2]);
    forged.by = None;
    let forged = book.write(1, &[wrong], Act::Dismiss(forged));
    let mut borrowed = book.dismissal(1, &[forged], 0, &[2]);
    borrowed.by = Some(person(2));
    let borrowed = book.write(1, &[forged], Act::Dismiss(borrowed));
    for void in [wrong, forged, borrowed] {
        assert_eq!(book.why(void), Some(Void::TooFewSignatures));
    }
}
