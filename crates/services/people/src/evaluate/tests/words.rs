//! New recovery words (spec governance rules 90 to 95), and each attack of decisions/recovery-words.md. Alice is 0, her phone 10, her
//! tablet 11; Bob is 1, an admin, Carol 2. Mallory, who has found the words, comes as 90 and 91.

use super::*;
use crate::evaluate::Void;
use crate::evaluate::op::Words;

const PHONE: u16 = 10;
const TABLET: u16 = 11;
const NEW: u16 = 12;
const THIEF: u16 = 90;
const OTHER_THIEF: u16 = 91;
const BOB: u16 = 1;
const CAROL: u16 = 2;

/// The words Alice begins with, those she takes, and those that a thief takes for her.
const FIRST: u16 = 0;
const SECOND: u16 = 100;
const THIRD: u16 = 101;
const STOLEN: u16 = 900;

impl Book {
    /// `by` gives Alice new words in place of `old` and revokes devices.
    fn change_words(&mut self, by: u16, deps: &[EntryId], (old, new): (u16, u16), gone: &[u16]) -> EntryId {
        let known = self.known(by, deps);
        let mut cuts: Vec<Cut> = gone.iter().flat_map(|device| self.cuts(*device, &known)).collect();
        cuts.sort_unstable();
        let devices = gone.iter().map(|number| device(*number)).collect();
        let words = Words { person: Some(person(0)), old: words_key(old), new: words_key(new) };
        self.write(by, deps, Act::Revoke { devices, cuts, person_key: id_bytes(6, by), words: Some(words) })
    }

    /// A device comes as Alice's by some words.
    fn recover_by(&mut self, new: u16, deps: &[EntryId], words: u16) -> EntryId {
        let mut facts = facts(0).unwrap();
        if words != FIRST {
            facts.recovery.push(words_key(words));
        }
        self.write(new, deps, Act::Recover { facts: Some(facts) })
    }

    fn revoke_plainly(&mut self, by: u16, deps: &[EntryId], gone: u16) -> EntryId {
        let cuts = self.cuts(gone, &self.known(by, deps));
        let act = Act::Revoke { devices: vec![device(gone)], cuts, person_key: id_bytes(6, by), words: None };
        self.write(by, deps, act)
    }

    /// Alice with phone and tablet, Bob as admin, Carol as member.
    fn with_computers() -> (Self, EntryId) {
        let (mut book, mut last) = Self::web(&[Role::Admin, Role::Member]);
        for new in [PHONE, TABLET] {
            last = book.write(0, &[last], Act::AddDevice { person: Some(person(0)), device: device(new) });
        }
        (book, last)
    }

    fn computers(&self) -> Vec<DeviceId> {
        self.evaluate().state.members[&person(0)].devices.clone()
    }

    fn words(&self) -> Key {
        self.evaluate().state.members[&person(0)].recovery
    }
}

fn computers(numbers: &[u16]) -> Vec<DeviceId> {
    numbers.iter().map(|number| device(*number)).collect()
}

#[test]
fn after_a_change_the_old_words_are_worth_nothing_and_the_new_ones_all() {
    let (mut book, last) = Book::with_computers();
    let changed = book.change_words(0, &[last], (FIRST, SECOND), &[]);
    let by_old = book.recover_by(THIEF, &[changed], FIRST);
    let by_new = book.recover_by(NEW, &[changed], SECOND);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&by_old], Void::WordsReplaced);
    assert!(!evaluation.void.contains_key(&changed) && !evaluation.void.contains_key(&by_new));
    assert_eq!(book.computers(), computers(&[0, PHONE, TABLET, NEW]));
    assert_eq!(book.words(), words_key(SECOND));
    assert_eq!(evaluation.state.members[&person(0)].person_key, id_bytes(6, 0));
}

#[test]
fn who_finds_the_old_words_and_dates_back_does_not_come() {
    let (mut book, last) = Book::with_computers();
    let changed = book.change_words(PHONE, &[last], (FIRST, SECOND), &[]);
    let mut seen = book.write(CAROL, &[changed], epoch(1, &[0, 1, 2]));
    for _ in 0..5 {
        seen = book.write(BOB, &[seen], epoch(2, &[0, 1, 2]));
    }
    let back = book.recover_by(THIEF, &[last], FIRST);
    let revoked = book.revoke_plainly(THIEF, &[last], 0);
    let removed = book.remove(THIEF, &[last], BOB);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&back], Void::WordsReplaced);
    assert!(evaluation.void.contains_key(&revoked) && evaluation.void.contains_key(&removed));
    assert_eq!(book.computers(), computers(&[0, PHONE, TABLET]));
    assert_eq!(evaluation.state.role(person(BOB)), Some(Role::Admin));
}

#[test]
fn who_had_come_by_the_words_before_stays_unless_the_change_revokes_it() {
    let (mut book, last) = Book::with_computers();
    let came = book.recover_by(THIEF, &[last], FIRST);
    let mut other = book.clone();
    book.change_words(0, &[came], (FIRST, SECOND), &[]);
    assert_eq!(book.computers(), computers(&[0, PHONE, TABLET, THIEF]));
    // Only a recovered device may revoke a recovered one, and a change of words is signed by the recovery key.
    let changed = other.change_words(0, &[came], (FIRST, SECOND), &[THIEF]);
    let at_once = other.revoke_plainly(THIEF, &[came], 0);
    let evaluation = other.evaluate();
    assert_eq!(evaluation.void[&at_once], Void::CutOff { by: changed });
    assert_eq!(other.computers(), computers(&[0, PHONE, TABLET]));
}

#[test]
fn of_two_changes_that_nobody_has_built_on_that_of_a_device_stands() {
    let (mut book, last) = Book::with_computers();
    // Mallory has the words alone, is first, and revokes all of Alice's computers.
    let came = book.recover_by(THIEF, &[last], FIRST);
    let stolen = book.change_words(THIEF, &[came], (FIRST, STOLEN), &[0, PHONE, TABLET]);
    let changed = book.change_words(TABLET, &[last], (FIRST, SECOND), &[]);
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&came) && evaluation.void.contains_key(&stolen));
    assert!(!evaluation.void.contains_key(&changed));
    assert_eq!(book.words(), words_key(SECOND));
    assert_eq!(book.computers(), computers(&[0, PHONE, TABLET]));
}

#[test]
fn keys_made_at_once_by_who_heard_of_the_finder_first_are_no_witnesses() {
    let (mut book, last) = Book::with_computers();
    // Alice is apart from the others when she changes the words; those hear of Mallory's change first.
    let changed = book.change_words(PHONE, &[last], (FIRST, SECOND), &[]);
    let came = book.recover_by(THIEF, &[last], FIRST);
    let stolen = book.change_words(THIEF, &[came], (FIRST, STOLEN), &[0, PHONE, TABLET]);
    let made = book.write(CAROL, &[stolen], epoch(1, &[1, 2]));
    book.write(BOB, &[made], epoch(2, &[1, 2]));
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&came) && evaluation.void.contains_key(&stolen));
    assert!(!evaluation.void.contains_key(&changed));
    assert_eq!(book.words(), words_key(SECOND));
}

#[test]
fn what_others_have_built_on_is_not_undone_by_who_has_an_old_computer_and_the_old_words() {
    let (mut book, last) = Book::with_computers();
    // The bag with the first computer and the paper was stolen. Alice revokes it from her phone and changes the words.
    let changed = book.change_words(PHONE, &[last], (FIRST, SECOND), &[0]);
    let seen = book.write(CAROL, &[changed], invite(80, Role::Member, 1));
    // Later the thief writes, dated back, that all others are revoked, and that the words are other ones.
    let stolen = book.change_words(0, &[last], (FIRST, STOLEN), &[PHONE, TABLET]);
    book.write(BOB, &[seen, stolen], invite(81, Role::Member, 1));
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&stolen) && !evaluation.void.contains_key(&changed));
    assert_eq!(book.computers(), computers(&[PHONE, TABLET]));
    assert_eq!(book.words(), words_key(SECOND));
}

#[test]
fn who_has_come_back_by_words_changes_them_against_a_recovery_that_is_dated_back() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Member]);
    // Alice's only computer is one that came by the words; so is Mallory's, dated back to before.
    let came = book.recover_by(NEW, &[last], FIRST);
    let changed = book.change_words(NEW, &[came], (FIRST, SECOND), &[0]);
    book.write(CAROL, &[changed], invite(80, Role::Member, 1));
    let back = book.recover_by(THIEF, &[last], FIRST);
    let stolen = book.change_words(THIEF, &[back], (FIRST, STOLEN), &[0]);
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&back) && evaluation.void.contains_key(&stolen));
    assert_eq!(book.computers(), computers(&[NEW]));
}

#[test]
fn invented_witnesses_count_for_nothing() {
    let (mut book, last) = Book::with_computers();
    let changed = book.change_words(NEW, &[last], (FIRST, SECOND), &[]);
    assert!(book.evaluate().void.contains_key(&changed), "the author is no device of hers");
    let (mut book, last) = Book::with_computers();
    let changed = book.change_words(PHONE, &[last], (FIRST, SECOND), &[]);
    book.write(CAROL, &[changed], invite(80, Role::Member, 1));
    // Mallory brings strangers, its own devices and a friend who joins meanwhile.
    let back = book.recover_by(THIEF, &[last], FIRST);
    let stolen = book.change_words(THIEF, &[back], (FIRST, STOLEN), &[]);
    let mut by_friend = book.write(BOB, &[last], invite(70, Role::Member, 9));
    for friend in 70..74 {
        by_friend = book.write(friend, &[by_friend, stolen], join(70, friend));
    }
    let again = book.recover_by(OTHER_THIEF, &[stolen], STOLEN);
    let evaluation = book.evaluate();
    for op in [back, stolen, again] {
        assert!(evaluation.void.contains_key(&op));
    }
    assert_eq!(book.words(), words_key(SECOND));
}

#[test]
fn who_is_first_with_words_alone_and_is_seen_by_all_keeps_them_from_who_has_seen_it() {
    // What nobody can help against: the finder is the first, and Alice hears of it before she does anything.
    let (mut book, last) = Book::with_computers();
    let came = book.recover_by(THIEF, &[last], FIRST);
    let stolen = book.change_words(THIEF, &[came], (FIRST, STOLEN), &[]);
    let late = book.change_words(0, &[stolen], (FIRST, SECOND), &[THIEF]);
    assert_eq!(book.evaluate().void[&late], Void::WordsReplaced);
    assert_eq!(book.words(), words_key(STOLEN));
}

#[test]
fn changes_follow_each_other_and_a_recovery_needs_the_one_that_gave_its_words() {
    let (mut book, last) = Book::with_computers();
    let first = book.change_words(0, &[last], (FIRST, SECOND), &[]);
    let early = book.recover_by(THIEF, &[last], SECOND);
    let second = book.change_words(PHONE, &[first], (SECOND, THIRD), &[]);
    let middle = book.recover_by(OTHER_THIEF, &[first], SECOND);
    let by_third = book.recover_by(NEW, &[second], THIRD);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&early], Void::WordsReplaced);
    assert_eq!(evaluation.void[&middle], Void::WordsReplaced);
    for op in [first, second, by_third] {
        assert!(!evaluation.void.contains_key(&op));
    }
    assert_eq!(book.words(), words_key(THIRD));
}

#[test]
fn what_hangs_on_a_void_change_is_void() {
    let (mut book, last) = Book::with_computers();
    // The tablet is stolen with the words; the phone revokes it, and its change was no change.
    let unsigned = Words { person: None, old: words_key(FIRST), new: words_key(STOLEN) };
    let act =
        Act::Revoke { devices: vec![], cuts: vec![], person_key: id_bytes(6, 9), words: Some(unsigned) };
    let void = book.write(TABLET, &[last], act);
    let came = book.recover_by(THIEF, &[void], STOLEN);
    let removed = book.remove(THIEF, &[came], BOB);
    let evaluation = book.evaluate();
    for op in [void, came, removed] {
        assert!(evaluation.void.contains_key(&op));
    }
    assert_eq!(evaluation.state.role(person(BOB)), Some(Role::Admin));
}

#[test]
fn nobody_changes_the_words_of_another_or_from_words_that_are_not_theirs() {
    let (mut book, last) = Book::with_computers();
    let by_bob = book.change_words(BOB, &[last], (FIRST, STOLEN), &[]);
    let from_others = book.change_words(0, &[by_bob], (THIRD, SECOND), &[]);
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&by_bob], Void::BadProof);
    assert_eq!(evaluation.void[&from_others], Void::WordsReplaced);
    assert_eq!(book.words(), words_key(FIRST));
}

#[test]
fn a_change_makes_all_keys_stale_also_those_made_by_who_did_not_know() {
    let (mut book, last) = Book::with_computers();
    let before = book.write(BOB, &[last], epoch(1, &[0, 1, 2]));
    book.change_words(0, &[before], (FIRST, SECOND), &[]);
    book.write(CAROL, &[before], epoch(2, &[0, 1, 2]));
    assert!(book.evaluate().state.current_epoch().is_none());
}

#[test]
fn who_left_does_not_come_back_by_a_chain_of_replaced_words() {
    let (mut book, last) = Book::web(&[Role::Admin, Role::Member]);
    let words = Words { person: Some(person(CAROL)), old: words_key(CAROL), new: words_key(SECOND) };
    let act = Act::Revoke { devices: vec![], cuts: vec![], person_key: id_bytes(6, 2), words: Some(words) };
    let changed = book.write(CAROL, &[last], act);
    let left = book.write(CAROL, &[changed], Act::Leave);
    let invited = book.write(BOB, &[left], invite(70, Role::Member, 2));
    let mut shown = facts(CAROL).unwrap();
    shown.by_recovery = Some(0);
    let by_old = book.write(THIEF, &[invited], Act::Join { ticket: ticket(70), facts: Some(shown.clone()) });
    shown.recovery.push(words_key(SECOND));
    shown.by_recovery = Some(1);
    let by_new = book.write(NEW, &[by_old], Act::Join { ticket: ticket(70), facts: Some(shown) });
    let evaluation = book.evaluate();
    assert_eq!(evaluation.void[&by_old], Void::WordsReplaced);
    assert!(!evaluation.void.contains_key(&by_new));
    assert_eq!(evaluation.state.members[&person(CAROL)].recovery, words_key(SECOND));
}

#[test]
fn words_that_were_replaced_are_never_taken_again() {
    let (mut book, last) = Book::with_computers();
    let first = book.change_words(0, &[last], (FIRST, SECOND), &[]);
    let back = book.change_words(0, &[first], (SECOND, FIRST), &[]);
    let same = book.change_words(0, &[back], (SECOND, SECOND), &[]);
    let evaluation = book.evaluate();
    assert!(evaluation.void.contains_key(&back) && evaluation.void.contains_key(&same));
    assert_eq!(book.words(), words_key(SECOND));
}
