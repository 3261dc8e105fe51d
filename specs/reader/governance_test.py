"""Situations of spec governance, one each, for the second evaluation: what random histories seldom meet, and what
they have shown to be easily got wrong. Alice is 0, Bob 1, Carol 2, Ted 3; Mallory, 9, lies.

    governance_test.py      prints the situations that came out otherwise
"""

import sys

from governance import ADMIN, GUEST, MEMBER, OWNER, Op, bits, evaluate


class Book:
    """Every operation ever written. Devices are named as their person, later ones `(person, number)`."""

    def __init__(self, *roles):
        self.ops, self.chains = {}, {}
        self.last = self.write(0, [], "genesis", **{"of this web": True, "facts": [0, "key 0"]})
        self.genesis = self.last
        for person, role in enumerate(roles, 1):
            self.last = self.invite(0, [self.last], person, role)
            self.last = self.join(person, [self.last], person)

    def write(self, author, deps, kind, /, **of):
        chain = self.chains.setdefault(author, [])
        previous = chain[-1] if chain else None
        parents = [*deps, *([] if previous is None else [previous])]
        lamport = 1 + max((self.ops[parent].lamport for parent in parents), default=0)
        number = len(self.ops) + 1
        self.ops[number] = Op(number, author, len(chain) + 1, previous, sorted(set(deps)), lamport, kind, of)
        chain.append(number)
        return number

    def invite(self, by, deps, ticket, role, uses=1, approve=False):
        return self.write(by, deps, "invite", ticket=ticket, role=role, uses=uses, approve=approve)

    def join(self, device, deps, ticket, person=None):
        person = device if person is None else person
        return self.write(device, deps, "join", ticket=ticket, facts=[person, f"key {person}"])

    def accept(self, by, deps, join):
        return self.write(by, deps, "accept", join=join)

    def cuts(self, devices, by, deps):
        newest = {}
        for op in (self.ops[number] for number in self.past_of(by, deps)):
            if op.author in devices:
                newest[op.author] = max(newest.get(op.author, (0, 0)), (op.seq, op.id))
        return [(device, 0, *at) for device, at in newest.items()]

    def remove(self, by, deps, person, devices=None):
        cuts = self.cuts(devices or [person], by, deps)
        return self.write(by, deps, "remove", person=person, cuts=cuts)

    def set_role(self, by, deps, person, role, is_demotion=False):
        cuts = self.cuts([person], by, deps) if is_demotion else []
        return self.write(by, deps, "set-role", person=person, role=role, cuts=cuts)

    def dismiss(self, by, deps, person, *signers, same=None, admission=None):
        known = {number for number in self.past_of(by, deps)}
        joins = [n for n in known if self.ops[n].kind in ("genesis", "join") and self.ops[n].author == person]
        lamport = max(self.ops[n].lamport for n in known)
        return self.write(
            by, deps, "dismiss", by=by[0] if isinstance(by, tuple) else by, person=person,
            admission=admission or max(joins), same=same, cuts=self.cuts([person], by, deps),
            signers=[(signer, lamport) for signer in signers],
        )

    def past_of(self, by, deps):
        ahead, past = [*deps, *self.chains.get(by, [])[-1:]], set()
        while ahead:
            op = ahead.pop()
            if op not in past:
                past.add(op)
                ahead += self.ops[op].parents
        return past

    def epoch(self, by, deps, key, *recipients):
        return self.write(by, deps, "epoch", key=key, recipients=list(recipients))

    def serve(self, by, deps):
        return self.write(by, deps, "serve", serving=True)

    def add_device(self, by, deps, person, device):
        return self.write(by, deps, "add-device", person=person, device=device)

    def revoke(self, by, deps, *devices, key=None):
        return self.write(by, deps, "revoke", devices=list(devices), cuts=self.cuts(devices, by, deps), key=key)

    def recover(self, device, deps, person, words=None):
        keys = [("the first of", person), *([] if words is None else [words])]
        return self.write(device, deps, "recover", facts=[person, f"key {person}", keys, None])

    def change_words(self, by, deps, person, old, new, *devices):
        words = {"person": person, "old": ("the first of", person) if old is None else old, "new": new}
        cuts = self.cuts(devices, by, deps)
        return self.write(by, deps, "revoke", devices=list(devices), cuts=cuts, key="new", words=words)

    def state(self):
        return evaluate(list(self.ops.values()))[0].state

    def role(self, person):
        return self.state().role(person)

    def void(self, *ops):
        evaluation, _ = evaluate(list(self.ops.values()))
        void = {evaluation.ops[index].id for index in bits(evaluation.void)}
        return [op in void for op in ops]


def a_device_that_was_added_acts_with_its_persons_power():
    book = Book(ADMIN, MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    removal = book.remove((1, 2), [added], 2)
    return book.void(added, removal) == [False, False] and book.role(2) == -1


def devices_are_added_by_their_person_with_a_proof_and_belong_to_one():
    book = Book(MEMBER, MEMBER)
    by_other = book.add_device(2, [book.last], 1, (1, 2))
    no_proof = book.add_device(1, [by_other], None, (1, 3))
    anothers = book.add_device(1, [no_proof], 1, 2)
    good = book.add_device(1, [anothers], 1, (1, 4))
    twice = book.add_device(1, [good], 1, (1, 4))
    return book.void(by_other, no_proof, anothers, good, twice) == [True, True, True, False, False]


def a_person_has_sixteen_devices_and_may_recover_all_the_same():
    book = Book()
    last = book.last
    for number in range(2, 18):
        last = book.add_device(0, [last], 0, (0, number))
    added = last
    for number in range(20, 37):
        last = book.recover((0, number), [last], 0)
    return book.void(added, last) == [True, True] and len(book.state().devices_of(0)) == 32


def operations_of_a_device_need_its_addition_in_their_past():
    book = Book(MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    early = book.serve((1, 2), [book.last])
    late = book.serve((1, 2), [added])
    return book.void(early, added, late) == [True, False, False]


def what_a_revoked_device_wrote_unknown_to_the_revocation_is_void():
    book = Book(ADMIN)
    added = book.add_device(1, [book.last], 1, (1, 2))
    known = book.invite((1, 2), [added], "a", MEMBER)
    revocation = book.revoke(1, [known], (1, 2), key="new")
    unknown = book.invite((1, 2), [known], "b", MEMBER)
    after = book.serve((1, 2), [revocation])
    again = book.add_device(1, [revocation], 1, (1, 2))
    joined = book.join(3, [revocation], "a")
    stand = book.void(known, revocation, unknown, after, again, joined) == [False, False, True, True, True, True]
    return stand and book.state().members[1].key == "new"


def of_two_devices_that_revoke_each_other_the_earlier_stays_and_a_recovered_one_beats_it():
    book = Book(MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    theirs = book.revoke((1, 2), [added], 1)
    ours = book.revoke(1, [added], (1, 2))
    first = book.void(theirs, ours) == [True, False]
    book = Book(MEMBER)
    recovered = book.recover((1, 2), [book.last], 1)
    theirs = book.revoke(1, [recovered], (1, 2))
    ours = book.revoke((1, 2), [recovered], 1)
    return first and book.void(theirs, ours) == [True, False]


def a_thief_who_removes_others_at_the_same_time_as_its_device_is_revoked_has_removed_nobody():
    book = Book(ADMIN, MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    removal = book.remove(1, [added], 2)
    revocation = book.revoke((1, 2), [added], 1)
    return book.void(removal, revocation) == [True, False] and book.role(2) == MEMBER


def a_revocation_names_devices_of_its_person_other_than_its_own_with_the_right_cuts():
    book = Book(MEMBER, MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    own = book.revoke(1, [added], 1)
    anothers = book.revoke(1, [own], 2)
    wrong = book.write(1, [anothers], "revoke", devices=[(1, 2)], cuts=[((1, 2), 0, 1, 77)], key=None)
    return book.void(own, anothers, wrong) == [True, True, True]


def a_revocation_makes_epochs_stale_and_a_mere_rotation_does_not():
    book = Book()
    added = book.add_device(0, [book.last], 0, (0, 2))
    made = book.epoch(0, [added], "a", 0)
    rotation = book.revoke(0, [made], key="new")
    clean = book.state().current_epoch() == "a" and book.state().members[0].key == "new"
    book.revoke(0, [rotation], (0, 2))
    return clean and book.state().current_epoch() is None


def recovery_is_the_first_entry_of_a_device_and_takes_a_member():
    book = Book(MEMBER)
    stray = book.serve((1, 2), [book.last])
    late = book.recover((1, 2), [stray], 1)
    stranger = book.recover((5, 1), [late], 5)
    return book.void(late, stranger) == [True, True]


def who_is_let_in_again_has_the_devices_it_had():
    book = Book(MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    left = book.write((1, 2), [added], "leave")
    invited = book.invite(0, [left], "again", MEMBER)
    joined = book.join(1, [invited], "again")
    served = book.serve((1, 2), [joined])
    return book.void(served) == [False] and sorted(map(str, book.state().devices_of(1))) == ["(1, 2)", "1"]


def a_removal_names_every_device_of_the_person():
    book = Book(MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    added = book.serve((1, 2), [added])
    one = book.remove(0, [added], 1)
    all_of_them = book.remove(0, [one], 1, devices=[1, (1, 2)])
    return book.void(one, all_of_them) == [True, False]


def the_recovery_key_undoes_what_a_thief_does_at_the_same_time():
    book = Book(MEMBER)
    left = book.write(1, [book.last], "leave")
    recovered = book.recover((1, 2), [book.last], 1)
    revocation = book.revoke((1, 2), [recovered], 1)
    return book.void(left, recovered, revocation) == [True, False, False] and book.role(1) == MEMBER


def old_words_are_worth_nothing_after_a_change_however_they_are_dated():
    book = Book(MEMBER, MEMBER)
    changed = book.change_words(1, [book.last], 1, None, "second")
    later = book.recover((1, 2), [changed], 1)
    back = book.recover((1, 3), [book.last], 1)
    early = book.recover((1, 4), [book.last], 1, "second")
    right = book.recover((1, 5), [changed], 1, "second")
    return book.void(changed, later, back, early, right) == [False, True, True, True, False]


def a_change_by_a_computer_goes_before_one_by_words_whoever_has_built_on_it():
    book = Book(MEMBER, MEMBER)
    came = book.recover((1, 2), [book.last], 1)
    changed = book.change_words((1, 2), [came], 1, None, "second", 1)
    book.invite(2, [changed], "later", MEMBER)
    by_computer = book.change_words(1, [book.last], 1, None, "other")
    return book.void(came, changed, by_computer) == [True, True, False]


def of_two_changes_without_witnesses_that_of_a_device_which_did_not_come_by_the_words_stands():
    book = Book(MEMBER, MEMBER)
    came = book.recover((1, 2), [book.last], 1)
    stolen = book.change_words((1, 2), [came], 1, None, "stolen", 1)
    changed = book.change_words(1, [book.last], 1, None, "second")
    return book.void(came, stolen, changed) == [True, True, False]


def a_change_may_revoke_who_came_by_the_words():
    book = Book(MEMBER, MEMBER)
    came = book.recover((1, 2), [book.last], 1)
    plain = book.revoke(1, [came], (1, 2))
    changed = book.change_words(1, [came], 1, None, "second", (1, 2))
    back = book.revoke((1, 2), [came], 1)
    return book.void(plain, changed, back) == [True, False, True]


def a_guest_reads_and_has_no_say():
    book = Book(GUEST, MEMBER)
    made = book.epoch(0, [book.last], "a", 0, 1, 2)
    minted = book.epoch(1, [made], "b", 0, 1, 2)
    welcomed = book.accept(1, [minted], book.last)
    served = book.serve(1, [welcomed])
    return book.void(made, minted, welcomed, served) == [False, True, True, True] and book.state().current_epoch() == "a"


def a_member_may_make_itself_a_guest():
    book = Book(MEMBER)
    down = book.set_role(1, [book.last], 1, GUEST)
    return book.void(down) == [False] and book.role(1) == GUEST


def a_guest_is_promoted_and_a_member_demoted_without_a_new_key():
    book = Book(GUEST, ADMIN)
    made = book.epoch(0, [book.last], "a", 0, 1, 2)
    up = book.set_role(2, [made], 1, MEMBER)
    served = book.serve(1, [up])
    down = book.set_role(2, [served], 1, GUEST, is_demotion=True)
    state = book.state()
    return book.void(up, served, down) == [False] * 3 and not state.serving and state.current_epoch() == "a"


# --- by several signatures (rules 81 to 88) ---------------------------------------------------------------------


def two_of_three_admins_remove_the_only_owner_and_the_greater_of_them_owns_the_web():
    book = Book(ADMIN, ADMIN, ADMIN)
    dismissed = book.dismiss(2, [book.last], 0, 1)
    return book.void(dismissed) == [False] and [book.role(who) for who in range(4)] == [-1, OWNER, ADMIN, ADMIN]


def neither_one_with_two_devices_nor_one_of_three_nor_a_member_is_enough():
    book = Book(ADMIN, ADMIN, ADMIN, MEMBER)
    added = book.add_device(1, [book.last], 1, (1, 2))
    own = book.dismiss(1, [added], 0, (1, 2))
    member = book.dismiss(1, [own], 0, 4)
    return book.void(own, member) == [True, True]


def removing_the_signers_at_the_same_time_saves_nobody_and_friends_raised_do_not_count():
    book = Book(ADMIN, ADMIN, MEMBER, MEMBER)
    dismissed = book.dismiss(1, [book.last], 0, 2)
    up = book.set_role(0, [book.last], 3, ADMIN)
    removal = book.remove(0, [up], 2)
    return book.void(dismissed, up, removal) == [False, True, True] and book.role(2) == ADMIN


def whom_an_owner_made_admin_speaks_with_its_voice():
    book = Book(OWNER, MEMBER, MEMBER, ADMIN)
    last = book.set_role(1, [book.last], 2, ADMIN)
    last = book.set_role(1, [last], 3, ADMIN)
    puppets = book.dismiss(1, [last], 0, 2, 3)
    together = book.dismiss(1, [puppets], 0, 2, 4)
    return book.void(puppets, together) == [True, False]


def of_two_dismissals_at_once_more_signatures_count_and_the_dismissed_have_not_signed():
    book = Book(ADMIN, ADMIN, ADMIN, ADMIN)
    fewer = book.dismiss(4, [book.last], 0, 1, 2)
    more = book.dismiss(0, [book.last], 1, 2, 3)
    return book.void(fewer, more) == [True, False]


def a_dismissal_by_majority_counts_whatever_is_written_far_away():
    book = Book(MEMBER, MEMBER, MEMBER)
    last = book.set_role(0, [book.last], 1, ADMIN)
    last = book.set_role(0, [last], 2, ADMIN)
    dismissed = book.dismiss(1, [last], 0, 2)
    book.epoch(3, [book.genesis], "a", 0)
    book.write(9, [book.genesis], "leave")
    return book.void(dismissed) == [False]


def signatures_are_for_one_stay():
    book = Book(ADMIN, ADMIN, ADMIN)
    first = book.last
    left = book.write(3, [first], "leave")
    invited = book.invite(0, [left], "again", ADMIN)
    joined = book.join(3, [invited], "again")
    old = book.dismiss(1, [joined], 3, 2, 0, admission=first)
    return book.void(old) == [True]


def a_newcomer_takes_over_what_the_signers_can_give():
    book = Book(ADMIN, ADMIN, ADMIN, MEMBER)
    confirmed = book.dismiss(1, [book.last], 0, 2, same=4)
    state = book.state()
    new, weakest = state.members[4], state.members[2]
    taken = new.power[0] == OWNER and new.power[1] == weakest.seniority and new.seniority[0] == 0
    return book.void(confirmed) == [False] and taken and state.members[0].same == 4 and book.role(0) == -1


def two_who_outrank_somebody_confirm_a_newcomer_and_one_does_not():
    book = Book(ADMIN, ADMIN, ADMIN, ADMIN, MEMBER, MEMBER)
    alone = book.dismiss(1, [book.last], 5, 6, same=6)
    both = book.dismiss(1, [alone], 5, 2, same=6)
    return book.void(alone, both) == [True, False] and book.role(5) == -1 and book.role(6) == MEMBER


# --- what random histories have shown to be easily got wrong --------------------------------------------------


def a_strangers_invitation_with_anothers_ticket_ends_nothing():
    book = Book(MEMBER, ADMIN)
    book.invite(9, [book.genesis], 2, MEMBER)
    return book.role(2) == ADMIN


def a_greater_word_about_a_lesser_one_counts_whatever_somebody_far_away_writes():
    for far in (False, True):
        book = Book(OWNER, ADMIN, MEMBER)
        down = book.set_role(1, [book.last], 2, MEMBER, is_demotion=True)
        up = book.set_role(0, [down], 2, ADMIN)
        if far:
            book.epoch(3, [book.genesis], "a", 0)
        if book.void(down, up) != [False, False] or book.role(2) != ADMIN:
            return False
        book = Book(OWNER, MEMBER, MEMBER)
        up = book.set_role(1, [book.last], 2, ADMIN)
        down = book.set_role(0, [up], 2, MEMBER, is_demotion=True)
        if far:
            book.epoch(3, [book.genesis], "a", 0)
        if book.void(up, down) != [False, False] or book.role(2) != MEMBER:
            return False
    return True


def who_left_and_came_back_is_junior_when_it_removes_others():
    for far in (False, True):
        book = Book(ADMIN, ADMIN)
        left = book.write(1, [book.last], "leave")
        invited = book.invite(0, [left], "again", ADMIN)
        joined = book.join(1, [invited], "again")
        removal = book.remove(1, [joined], 2)
        if far:
            book.write(9, [book.genesis], "leave")
        if book.void(removal) != [True]:
            return False
    return True


def a_welcome_that_does_not_count_gives_nobody_a_use():
    book = Book(MEMBER)
    invited = book.invite(0, [book.last], "one", MEMBER)
    first = book.join(2, [invited], "one")
    second = book.join(3, [first], "one")
    blind = book.accept(1, [invited], second)
    return book.void(first, second, blind) == [False, True, True]


def a_change_of_role_cuts_when_it_names_cuts_and_stepping_down_names_none():
    book = Book(MEMBER, ADMIN)
    left = book.write(1, [book.last], "leave")
    cuts = book.cuts([1], 0, [book.last])
    up = book.write(0, [book.last], "set-role", person=1, role=ADMIN, cuts=cuts)
    down = book.write(2, [book.last], "set-role", person=2, role=MEMBER, cuts=book.cuts([2], 2, [book.last]))
    return book.void(left, up, down) == [True, False, True]


def who_has_left_can_be_removed():
    book = Book(MEMBER)
    left = book.write(1, [book.last], "leave")
    removal = book.remove(0, [left], 1)
    again = book.remove(0, [removal], 1)
    return book.void(removal, again) == [False, True] and book.state().members[1].departure == "removed"


def a_join_that_could_know_that_the_uses_were_gone_is_not_helped_by_a_welcome():
    book = Book(MEMBER)
    invited = book.invite(0, [book.last], "one", MEMBER)
    first = book.join(2, [invited], "one")
    second = book.join(3, [first], "one")
    book.accept(1, [second], second)
    book.serve(0, [invited])
    return book.void(first, second) == [False, True]


def a_founder_that_forks_at_its_second_place_leaves_those_it_let_in():
    book = Book()
    invited = book.invite(0, [book.genesis], 1, MEMBER)
    book.chains[0].pop()
    other = book.invite(0, [book.genesis], 2, MEMBER)
    book.join(1, [invited], 1)
    book.write(9, [other], "leave")
    return book.void(invited, other) == [False, True] and book.role(1) == MEMBER


def what_a_leaver_has_witnessed_stands_when_only_the_forker_is_left():
    book = Book(MEMBER)
    seen = book.invite(0, [book.last], 7, MEMBER)
    left = book.write(1, [seen], "leave")
    book.chains[0].pop()
    removal = book.remove(0, [book.last], 1)
    return book.void(seen, left, removal) == [False, False, True]


def a_revocation_by_a_device_that_belongs_to_nobody_cuts_nothing():
    book = Book(MEMBER)
    void_join = book.join((1, 2), [book.genesis], "nobody's ticket", 1)
    revocation = book.revoke((1, 2), [void_join, book.last], 1)
    served = book.serve(1, [book.last])
    return book.void(void_join, revocation, served) == [True, True, False]


def a_key_introduced_again_was_handed_over_by_who_knew_the_second_introduction():
    book = Book(MEMBER, MEMBER)
    book.epoch(0, [book.last], "a", 0, 1, 2)
    again = book.epoch(1, [book.last], "a", 0, 1, 2)
    removal = book.remove(0, [book.last], 2)
    book.epoch(0, [removal], "b", 0, 1)
    known = book.epoch(1, [removal, again], "b", 0, 1)
    book.accept(1, [known], 5)
    return book.state().current_epoch() is None


def who_has_revoked_a_device_can_be_removed_whatever_a_stranger_writes():
    for far in (False, True):
        book = Book(ADMIN, MEMBER)
        added = book.add_device(1, [book.last], 1, (1, 2))
        served = book.serve((1, 2), [added])
        revocation = book.revoke(1, [served], (1, 2))
        removal = book.remove(0, [revocation], 1)
        if far:
            book.write(9, [book.genesis], "leave")
        if book.void(revocation, removal) != [False, False] or book.role(1) >= 0:
            return False
    return True


def main():
    stories = [story for story in list(globals().values()) if callable(story) and story.__module__ == __name__]
    stories = [story for story in stories if story not in (Book, main)]
    failed = [story.__name__ for story in stories if not story()]
    for name in failed:
        print(f"otherwise: {name}")
    print(f"{len(stories) - len(failed)} situations passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
