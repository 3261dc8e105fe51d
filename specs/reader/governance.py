"""A second, independent evaluation of governance: who belongs to a web, and what counts.

Written from specs/governance.md alone, not from the Rust code, and for clearness rather than speed (the past of each
operation is replayed again and again). Operations are abstract: signatures and proofs were checked before (`facts`).

    governance.py FILE...     evaluates each history of specs/vectors/histories.json and compares the state

Ids of operations are whole numbers (the hex text read as one); persons, devices, tickets and keys are any values.
"""

import copy
import dataclasses
import json
import pathlib
import sys

CARRIER, GUEST, MEMBER, ADMIN, OWNER = 0, 1, 2, 3, 4
DEPS_MAX, DEVICES_MAX = 16, 16
SIGNATURE_STEPS_MAX = 1_000
NOBODY = (-1,)


@dataclasses.dataclass
class Op:
    id: int
    author: object
    seq: int
    previous: int | None
    deps: list
    lamport: int
    kind: str
    of: dict  # the action's fields, by name

    @property
    def place(self):
        return (self.lamport, self.id)

    @property
    def parents(self):
        return self.deps + ([] if self.previous is None else [self.previous])


# --- rank (rules 20 to 22) ------------------------------------------------------------------------------------

# A seniority is (steps, lamport, id), the lesser the more senior; a power is (role, limit, grant).


def given(role, seniority, giver, place):
    """Rule 22: nobody can give more power than it has."""
    if role >= ADMIN and giver[1] >= seniority:
        return (role, giver[1], place)
    return (role, seniority, (0, 0))


def strength(power):
    """Powers in the order of rule 21: the greater tuple is the greater power."""
    if power is None:
        return NOBODY
    role, limit, grant = power
    return (role, *(-part for part in limit), *(-part for part in grant))


# --- state ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Member:
    power: tuple | None
    seniority: tuple
    key: object
    join: int
    departure: str | None = None
    cuts: dict = dataclasses.field(default_factory=dict)  # of records: device -> (seq, entry)
    made_by: object = None  # who made it admin or owner
    same: object = None  # who took over its rights as the same human
    recovery: object = None  # the key of its words
    recovery_by: int | None = None  # the operation that gave them
    replaced: list = dataclasses.field(default_factory=list)  # the keys before

    @property
    def role(self):
        return self.power[0] if self.power else None


@dataclasses.dataclass
class Maker:
    person: object
    power: tuple
    steps: int


@dataclasses.dataclass
class Invitation:
    op: int
    by: Maker
    role: int
    uses: int
    approve: bool
    lamport: int
    used: int = 0
    left: int = 0  # a set of operations by which its maker left


@dataclasses.dataclass
class Epoch:
    place: tuple
    introductions: int  # a set of operations
    is_stale: bool
    holders: set


@dataclasses.dataclass
class State:
    members: dict = dataclasses.field(default_factory=dict)
    devices: dict = dataclasses.field(default_factory=dict)  # device -> (person, how it came, by which places)
    revoked: dict = dataclasses.field(default_factory=dict)  # device -> (seq, entry) of its last record
    revocations: dict = dataclasses.field(default_factory=dict)  # person -> a set of operations
    removals: dict = dataclasses.field(default_factory=dict)  # person -> lamport of its newest removal
    removed_by: dict = dataclasses.field(default_factory=dict)  # person -> a set of operations, until it is admitted again
    invitations: dict = dataclasses.field(default_factory=dict)  # by ticket
    waiting: dict = dataclasses.field(default_factory=dict)  # join -> person
    admitted: dict = dataclasses.field(default_factory=dict)  # join -> person
    epochs: dict = dataclasses.field(default_factory=dict)
    serving: dict = dataclasses.field(default_factory=dict)

    def power(self, person):
        return self.members[person].power if person in self.members else None

    def role(self, person):
        """The role of somebody who belongs to the web; less than any role if it does not."""
        power = self.power(person)
        return power[0] if power else -1

    def devices_of(self, person):
        return [device for device, (owner, _, _) in self.devices.items() if owner == person]

    def spoil_epochs(self):
        for epoch in self.epochs.values():
            epoch.is_stale = True

    def current_epoch(self):
        clean = [(epoch.place, key) for key, epoch in self.epochs.items() if not epoch.is_stale]
        return max(clean)[1] if clean else None


# --- completeness (rules 3 to 8) ------------------------------------------------------------------------------


def complete(ops):
    """The complete operations in the order of rule 8. Each is looked at when the last of its parents is complete."""
    by_id = {op.id: op for op in ops}
    missing = {op.id: len(set(op.parents)) for op in ops}
    children = {}
    for op in ops:
        for parent in set(op.parents):
            children.setdefault(parent, []).append(op.id)
    ready = [op.id for op in ops if not op.parents]
    found = {}
    while ready:
        op = by_id[ready.pop()]
        if not is_sound(op, found):
            continue
        found[op.id] = op
        for child in children.get(op.id, []):
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return sorted(found.values(), key=lambda op: op.place)


def is_sound(op, found):
    if op.kind == "genesis":
        return op.of["of this web"] and not op.deps and op.lamport == 1 and op.seq == 1 and op.previous is None
    if not op.deps or len(op.deps) > DEPS_MAX or any(one >= two for one, two in zip(op.deps, op.deps[1:])):
        return False
    if op.previous is None:
        follows = op.seq == 1
    else:
        before = found[op.previous]
        follows = before.author == op.author and op.seq == before.seq + 1
    return follows and op.lamport == 1 + max(found[parent].lamport for parent in op.parents)


# --- evaluation -----------------------------------------------------------------------------------------------


class Evaluation:
    """Operations are numbered in the order of rule 8; sets of them are bits of a whole number."""

    def __init__(self, ops, void=0, alone=None):
        self.ops = ops
        self.suspected = void
        self.alone = {} if alone is None else alone  # operation -> what a dismissal is worth by its past alone
        self.heirs = {}  # dismissals that count -> who takes over
        self.at = {op.id: index for index, op in enumerate(ops)}
        self.past = []
        for op in ops:
            past = 0
            for parent in op.parents:
                past |= self.past[self.at[parent]] | 1 << self.at[parent]
            self.past.append(past)
        self.void = self.refused = void
        self.decided = 0
        self.counted = 0  # decided, and not void by that
        self.makers = {}  # who wrote decided operations, with which power
        self.stretch = 0
        self.ended = {}  # invitation -> operations that ended it
        self.settled, self.base = 0, State()
        self.memory = {}
        self.state = State()
        for stretch in self.stretches():
            self.settle(stretch)

    # -- stretches that can't be in conflict --

    def stretches(self):
        """Sets of operations, cut wherever all that follow have all before in their past."""
        common = [0] * len(self.ops) + [-1]  # what is in the past of all from a place on
        for index in reversed(range(len(self.ops))):
            common[index] = common[index + 1] & self.past[index]
        stretch = 0
        for index in range(len(self.ops)):
            stretch |= 1 << index
            before = (2 << index) - 1
            if common[index + 1] & before == before:
                yield stretch
                stretch = 0
        if stretch:
            yield stretch

    def settle(self, stretch):
        """Rule 46: an admission with power that turns out to be void is as if it had never been, so all is decided anew."""
        self.stretch = stretch
        before = (self.decided, self.counted, dict(self.ended))
        void = self.void
        while True:
            self.decided, self.counted, self.ended = before[0], before[1], copy.deepcopy(before[2])
            self.void = self.refused = void
            self.memory.clear()
            self.decide_all(stretch)
            refused = []
            state = self.replay(self.settled | stretch, refused)
            found_void = self.void & stretch & ~void | sum(1 << index for index in refused)
            late = [index for index in bits(found_void) if self.gives_power(index)]
            if not late:
                break
            void |= sum(1 << index for index in late)
        self.void |= sum(1 << index for index in refused)
        self.base = self.state = state
        self.settled |= stretch

    def gives_power(self, index):
        """Whether a join, or the approval of one, makes somebody more than a member."""
        op = self.ops[index]
        if op.kind == "join":
            return any(self.lends_power(invite, False) for invite in self.invitations_of(index))
        if op.kind != "accept" or not self.counted >> index & 1 or op.of["join"] not in self.at:
            return False
        join = self.at[op.of["join"]]
        is_admin = self.makers[index].power[0] >= ADMIN
        return is_admin and any(self.lends_power(invite, True) for invite in self.invitations_of(join))

    def lends_power(self, invite, approve):
        of = self.ops[invite].of
        return self.counted >> invite & 1 and of["role"] >= ADMIN and of["approve"] == approve

    # -- conflicts (rules 30 to 38) --

    def is_decided_kind(self, index):
        op = self.ops[index]
        if op.kind == "accept":
            return self.needs_approval(op.of["join"])
        return op.kind in ("invite", "revoke-invite", "set-role", "remove", "revoke", "dismiss")

    def needs_approval(self, join):
        if join not in self.at or self.ops[self.at[join]].kind != "join":
            return False
        return any(self.ops[index].of["approve"] for index in self.invitations_of(self.at[join]))

    def invitations_of(self, join):
        """Invitations in a join's past with its ticket."""
        ticket = self.ops[join].of["ticket"]
        for index in bits(self.past[join]):
            op = self.ops[index]
            if op.kind == "invite" and op.of["ticket"] == ticket:
                yield index

    def decide_all(self, stretch):
        undecided = {index for index in bits(stretch) if self.is_decided_kind(index)}
        undecided -= self.decide_dismissals(undecided)
        while undecided:
            undecided -= set(bits(self.void))
            ranks = self.ranks(undecided)
            if not undecided:
                break
            index = max(undecided, key=ranks.get)
            undecided.discard(index)
            self.decide(index)
            self.decided |= 1 << index

    # -- by several signatures (rules 81 to 88) --

    def decide_dismissals(self, undecided):
        """Rule 85: those by majority, before everything else. Returns those that are decided."""
        by_majority, done = [], set()
        for index in sorted(undecided - set(bits(self.void))):
            if self.ops[index].kind != "dismiss":
                continue
            worth = self.worth(index)
            if worth and worth.is_majority(worth.signers):
                by_majority.append(index)
            elif not worth or not worth.is_by_rank():
                self.void |= 1 << index
                done.add(index)
        gone = []
        for index in sorted(by_majority, key=lambda index: self.worth(index).turn(index)):
            done.add(index)
            if self.void >> index & 1:
                continue
            worth = self.worth(index)
            struck = {worth_of.person for other, worth_of in gone if self.are_concurrent(index, other)}
            signers = {who: power for who, power in worth.signers.items() if who not in struck}
            if not worth.is_majority(signers):
                self.void |= 1 << index
                continue
            self.decided |= 1 << index
            self.counted |= 1 << index
            self.heirs[index] = worth.heir(signers)
            greatest = max(signers.values(), key=strength)
            self.cut(index, self.every_device(worth.person, self.before(index)), greatest)
            gone.append((index, worth))
        return done

    def worth(self, index):
        """What a dismissal is worth by its past alone (rule 82)."""
        op = self.ops[index]
        if op.id not in self.alone:
            among = list(bits(self.past[index]))
            void = sum(1 << place for place, other in enumerate(among) if self.suspected >> other & 1)
            past = Evaluation([self.ops[other] for other in among], void, self.alone)
            self.alone[op.id] = worth_by(past, op)
        return self.alone[op.id]

    def ranks(self, undecided):
        """In what order operations are decided (rules 30 and 74), by what is decided so far: the greatest is next."""
        most = {}
        for index in sorted(undecided):
            most[index] = self.most_power(index, most)
        ranks = {}
        for index, bound in most.items():
            if self.ops[index].kind == "revoke":
                bound = max([bound, *(self.most_power(other, most) for other in self.of_same_person(index))])
            ranks[index] = (*bound, *self.turn(index))
        return ranks

    def most_power(self, index, most):
        """What an operation's author has, or may turn out to have by grants in its past that are not decided."""
        person, power = self.author(index, self.before(index))
        bound = (strength(power), 0)
        for grant in most:
            if self.past[index] >> grant & 1 and self.may_grant(grant, index, person):
                # Less than what the author of the grant may turn out to have.
                bound = max(bound, (most[grant][0], most[grant][1] - 1))
        return bound

    def of_same_person(self, index):
        """Operations by devices of the person that wrote one."""
        person, _ = self.author(index, self.before(index))
        devices = set() if person is None else self.every_device(person, self.before(index))
        return [other for other in bits(self.stretch & ~self.void) if self.ops[other].author in devices]

    def turn(self, index):
        op = self.ops[index]
        if op.kind != "revoke":
            return (0, 0, 0, 0, 0, 0, 0, 0, -op.lamport, -op.id)
        _, how, places = self.before(index).devices.get(op.author, (None, "joined", ()))
        added = (0, 0) if how == "joined" else places[0]
        place = (-added[0], -added[1], -op.lamport, -op.id)
        words = self.change(index)
        if not words:
            return (1, 0, 0, 0, 0, how == "recovered", *place)
        return (1, 1, -self.depth(index, words), how != "recovered", self.witnesses(index, words), 0, *place)

    # -- new recovery words (rules 90 to 95) --

    def change(self, index):
        """What an operation says of new words, if both keys have signed."""
        words = self.ops[index].of.get("words") if self.ops[index].kind == "revoke" else None
        return words if words and words["person"] is not None else None

    def changes(self, person, among):
        found = [(index, self.change(index)) for index in bits(among & self.stretch)]
        return [(index, words) for index, words in found if words and words["person"] == person]

    def depth(self, index, words):
        """How many changes lead from the key before the stretch to the one that is replaced."""
        person, key = words["person"], words["old"]
        if person in self.base.members:
            first = self.base.members[person].recovery
        else:
            joins = [other for other in bits(self.stretch) if self.ops[other].kind == "join"]
            first = next((keys_of(self.ops[join])[-1] for join in joins if self.claims(join) == person), None)
        steps = 0
        while key != first:
            gave = [other for other in self.changes(person, self.past[index]) if other[1]["new"] == key]
            if not gave:
                return len(self.ops)
            index, key, steps = gave[0][0], gave[0][1]["old"], steps + 1
        return steps

    def witnesses(self, index, words):
        """How many others, here since before the stretch, have built on a change and on no rival of it."""
        person = words["person"]
        same = self.changes(person, self.stretch)
        rivals = [other for other, of in same if of["old"] == words["old"] and self.are_concurrent(index, other)]
        found = set()
        for place in bits(self.stretch & ~self.refused) if rivals else ():
            knows = self.past[place]
            if self.ops[place].kind in ("epoch", "accept"):
                continue
            if knows >> index & 1 and not any(knows >> rival & 1 for rival in rivals):
                found.add(self.base.devices.get(self.ops[place].author, (person,))[0])
        return sum(self.base.role(who) >= 0 for who in found - {person})

    def may_change_words(self, index, state, person, words):
        member = state.members[person]
        if words["person"] != person or member.recovery != words["old"]:
            return False
        if words["new"] in (member.recovery, *member.replaced):
            return False
        rivals = self.changes(person, self.counted)
        return all(of["old"] != words["old"] for _, of in rivals)

    def refuse_old_words(self, index):
        """Rule 93: who comes by replaced words, and is not in the past of the change, does not come."""
        words = self.change(index)
        for other in bits(self.stretch & ~self.past[index]) if words else ():
            if self.ops[other].kind == "recover" and self.claims(other) == words["person"]:
                if keys_of(self.ops[other])[-1] == words["old"]:
                    self.void |= 1 << other

    def may_grant(self, grant, index, person):
        """Whether an undecided operation could give the author of another one power."""
        op, author = self.ops[grant], self.ops[index].author
        persons = {person} | self.claimed_by(author, self.past[index])
        if op.kind == "set-role":
            return op.of["person"] in persons
        if op.kind == "dismiss":
            return op.of["same"] in persons
        joins = [join for join in bits(self.past[index]) if self.claims(join) in persons]
        if op.kind == "invite":
            return any(self.ops[join].kind == "join" and grant in self.invitations_of(join) for join in joins)
        return op.kind == "accept" and self.at[op.of["join"]] in joins

    def claims(self, index):
        """The person an operation says its author is, by proofs that hold."""
        op = self.ops[index]
        return op.of["facts"][0] if op.kind in ("genesis", "join", "recover") and op.of["facts"] else None

    def claimed_by(self, device, among):
        """Persons a device may turn out to belong to."""
        persons = set()
        for index in bits(among):
            op = self.ops[index]
            if op.author == device:
                persons.add(self.claims(index))
            if op.kind == "add-device" and op.of["device"] == device:
                persons.add(op.of["person"])
        return persons - {None}

    def before(self, index):
        """The state in the past of an operation, by what is decided."""
        past = self.past[index]
        key = (index, self.void & past, self.decided & past)
        if key not in self.memory:
            self.memory[key] = self.replay(past)
        return self.memory[key]

    def author(self, index, state):
        """The person who wrote an operation and its power, by a state (rule 76 for devices that were added)."""
        person, how, places = state.devices.get(self.ops[index].author, (None, None, ()))
        if how == "added" and not any(self.past[index] >> self.at[addition] & 1 for _, addition in places):
            return None, None
        return person, state.power(person)

    def decide(self, index):
        op, state = self.ops[index], self.before(index)
        person, power = self.author(index, state)
        if power is None or not self.may(index, state, person, power):
            self.void |= 1 << index
            return
        self.makers[index] = Maker(person, power, state.members[person].seniority[0])
        self.counted |= 1 << index
        if op.kind == "revoke-invite":
            self.end(self.known_invite(index, op.of["ticket"], state)[0], index, power)
        elif op.kind == "revoke":
            self.cut(index, op.of["devices"], power)
            self.refuse_old_words(index)
        elif op.kind == "dismiss":
            worth = self.worth(index)
            self.heirs[index] = worth.heir(worth.signers)
            self.cut(index, self.every_device(worth.person, state), power)
        elif op.kind == "remove" or (op.kind == "set-role" and op.of["cuts"]):
            self.cut(index, self.every_device(op.of["person"], state), power)

    def may(self, index, state, person, power):
        asked = {
            "invite": self.may_invite,
            "revoke-invite": self.may_revoke_invite,
            "set-role": self.may_set_role,
            "remove": self.may_remove,
            "dismiss": self.may_dismiss,
            "accept": self.may_accept,
            "revoke": self.may_revoke,
        }[self.ops[index].kind]
        return asked(index, self.ops[index].of, state, person, power)

    def may_invite(self, index, of, state, person, power):
        return power[0] >= (OWNER if of["role"] >= ADMIN else ADMIN)

    def may_revoke_invite(self, index, of, state, person, power):
        _, maker = self.known_invite(index, of["ticket"], state)
        if maker is None:
            return False
        outranks = power[0] >= ADMIN and strength(power) > strength(state.power(maker))
        return person == maker or outranks

    def known_invite(self, index, ticket, state):
        """The invitation in an operation's past with a ticket, and its maker: one that counts, else the first not decided."""
        if ticket in state.invitations:
            invitation = state.invitations[ticket]
            return self.at[invitation.op], invitation.by.person
        for other in bits(self.past[index] & self.stretch & ~self.void & ~self.decided):
            op = self.ops[other]
            if op.kind == "invite" and op.of["ticket"] == ticket:
                person, power = self.author(other, self.before(other))
                if power is not None:
                    return other, person
        return None, None

    def may_set_role(self, index, of, state, person, power):
        target, role, cuts = of["person"], of["role"], of["cuts"]
        now = state.role(target)
        if now < 0 or CARRIER in (now, role):
            return False
        if target == person:
            return role < now and not cuts
        if cuts and not self.cuts_match(index, cuts, self.devices_to_name(index, target, state)):
            return False
        return power[0] >= (OWNER if role >= ADMIN else ADMIN) and strength(power) > strength(state.power(target))

    def devices_to_name(self, index, person, state):
        """Rule 32: a revocation in the past that is not decided yet is taken for what it says."""
        devices = set(state.devices_of(person))
        for other in bits(self.past[index] & self.stretch & ~self.void & ~self.decided):
            op = self.ops[other]
            if op.kind == "revoke" and self.author(other, self.before(other))[0] == person:
                devices -= set(op.of["devices"])
        return devices

    def may_remove(self, index, of, state, person, power):
        target = of["person"]
        # Who has left may be removed all the same, which sets a cut.
        if target not in state.members or state.members[target].departure == "removed":
            return False
        if target == person or power[0] < ADMIN:
            return False
        if strength(power) <= strength(state.power(target)):
            return False
        return self.cuts_match(index, of["cuts"], self.devices_to_name(index, target, state))

    def may_dismiss(self, index, of, state, person, power):
        """Rule 88; all else is judged by its past alone."""
        theirs = state.power(of["person"])
        return power[0] >= ADMIN and theirs is not None and strength(power) > strength(theirs)

    def may_accept(self, index, of, state, person, power):
        return power[0] >= MEMBER

    def may_revoke(self, index, of, state, person, power):
        devices = of["devices"]
        if self.ops[index].author in devices or not set(devices) <= set(state.devices_of(person)):
            return False
        author_is_recovered = state.devices[self.ops[index].author][1] == "recovered"
        words = of.get("words")
        if words and not self.may_change_words(index, state, person, words):
            return False
        if not words and not author_is_recovered and any(state.devices[device][1] == "recovered" for device in devices):
            return False
        return self.cuts_match(index, of["cuts"], devices)

    def cuts_match(self, index, cuts, devices):
        """Rule 32: for each device the last governance entry in the operation's past, no other and none missing."""
        last = {}
        for other in bits(self.past[index]):
            op = self.ops[other]
            if op.author in devices:
                last[op.author] = max(last.get(op.author, (0, 0)), (op.seq, op.id))
        named = [(device, seq, entry) for device, log, seq, entry in cuts if log == 0]
        return len(named) == len(last) and set(named) == {(device, *at) for device, at in last.items()}

    def every_device(self, person, state):
        """The person's devices, those the remover did not know of among them."""
        devices = set(state.devices_of(person))
        for index, op in enumerate(self.ops):
            if self.claims(index) == person:
                devices.add(op.author)
            if op.kind == "add-device" and op.of["person"] == person:
                devices.add(op.of["device"])
        return devices

    def are_concurrent(self, one, other):
        return not (self.past[one] >> other & 1 or self.past[other] >> one & 1 or one == other)

    def cut(self, index, devices, power):
        """Rule 33: what the devices wrote at the same time is void, unless it was decided before; invitations end."""
        for other, op in enumerate(self.ops):
            if op.author in devices and self.are_concurrent(index, other) and not self.decided >> other & 1:
                self.void |= 1 << other
        for invite, op in enumerate(self.ops):
            if op.kind == "invite" and op.author in devices and not self.past[invite] >> index & 1:
                self.end(invite, index, power)

    def end(self, invite, index, power):
        """Rule 37: an invitation ends, and joins that did not know it are void unless somebody great has welcomed them."""
        self.ended.setdefault(invite, []).append(index)
        for join, op in enumerate(self.ops):
            if op.kind != "join" or invite not in self.invitations_of(join) or not self.are_concurrent(join, index):
                continue
            unaware = sum(1 << other for other, past in enumerate(self.past) if not past >> index & 1)
            welcomers = self.welcomers(join, unaware)
            if all(strength(power) > strength(welcomer) for welcomer in welcomers):
                self.void |= 1 << join

    def welcomers(self, join, among):
        """The powers of members whose `Accept` of a join counts, by what is in its past."""
        facts = self.ops[join].of["facts"]
        if not facts or self.is_late(join):
            return []
        found = []
        for index in bits(among & ~self.void):
            op = self.ops[index]
            if op.kind == "accept" and op.of["join"] == self.ops[join].id and self.past[index] >> join & 1:
                person, power = self.author(index, self.before(index))
                least = ADMIN if self.is_decided_kind(index) else MEMBER
                if person == facts[0] or power is None or power[0] < least:
                    continue  # nobody welcomes itself
                if self.is_decided_kind(index) and not self.counted >> index & 1:
                    continue
                found.append(power)
        return found

    def is_late(self, join):
        """Rule 42: whether a join could know that the uses were gone."""
        ticket = self.ops[join].of["ticket"]
        if ticket in self.base.invitations:
            uses = self.base.invitations[ticket].uses - self.base.invitations[ticket].used
        else:
            uses = min((self.ops[index].of["uses"] for index in self.invitations_of(join)), default=0)
        known = self.past[join] & self.stretch & ~self.void
        joins = [self.ops[index] for index in bits(known) if self.ops[index].kind == "join"]
        return sum(bool(op.of["facts"]) and op.of["ticket"] == ticket for op in joins) >= uses

    # -- replay (rules 40 to 46) --

    def replay(self, among, refused=None):
        """Applies what is not void, in order. Operations that are not decided yet do nothing."""
        state = copy.deepcopy(self.base)
        for index in bits(among & ~self.settled & ~self.void):
            if self.is_decided_kind(index) and not self.counted >> index & 1:
                continue
            op = self.ops[index]
            is_decided = self.is_decided_kind(index) and op.kind != "dismiss"
            if is_decided and op.author not in state.devices and op.author not in state.revoked:
                # Rule 76: the device never came to anybody.
                if refused is not None:
                    refused.append(index)
                continue
            apply = getattr(self, "apply_" + op.kind.replace("-", "_"))
            if not apply(index, op, op.of, state, among) and refused is not None:
                refused.append(index)
        return state

    def apply_genesis(self, index, op, of, state, among):
        if of["facts"]:
            seniority = (0, 1, op.id)
            self.admit(state, op, of["facts"], (OWNER, seniority, (0, 0)), seniority)
        return bool(of["facts"])

    def admit(self, state, join, facts, power, seniority):
        person, key = facts[:2]
        before, keys = state.members.get(person), keys_of(join)
        member = Member(power, seniority, key, join.id, recovery=keys[-1])
        if before and (before.recovery not in keys or before.recovery == keys[-1]):
            member.recovery, member.recovery_by = before.recovery, before.recovery_by
        member.replaced = list(before.replaced) if before else []
        member.replaced += [key for key in keys[: -1] if key != member.recovery and key not in member.replaced]
        state.members[person] = member
        state.removed_by.pop(person, None)
        state.devices.setdefault(join.author, (person, "joined", (join.place,)))
        state.admitted[join.id] = person

    def apply_join(self, index, op, of, state, among):
        invitation = self.usable_invitation(index, op, state)
        if not invitation or not self.has_uses(index, invitation, state, among):
            return False
        if invitation.approve:
            state.waiting[op.id] = of["facts"][0]
        else:
            self.admit_by(invitation, op, op, state)
        return True

    def usable_invitation(self, index, op, state):
        facts, invitation = op.of["facts"], state.invitations.get(op.of["ticket"])
        if not facts or not invitation or not self.past[index] >> self.at[invitation.op] & 1:
            return None
        person = facts[0]
        belongs_to = state.devices.get(op.author, (person,))[0]
        if belongs_to != person or op.author in state.revoked or state.role(person) >= 0:
            return None
        if person in state.members and op.author not in state.devices:
            # Rule 94: no word of a key that was replaced here.
            if not speaks_for(op, state.members[person].recovery):
                return None
        if invitation.left & self.past[index]:
            return None
        ended = self.ended.get(self.at[invitation.op], [])
        if any(self.past[index] >> ender & 1 for ender in ended):
            return None
        return invitation if invitation.lamport > state.removals.get(person, 0) else None

    def has_uses(self, index, invitation, state, among):
        """Rule 42: uses are kept for joins that were welcomed."""
        left = invitation.uses - invitation.used
        if self.welcomers(index, among):
            return left > 0
        later = among & ~self.void & ~((2 << index) - 1)
        kept = 0
        for other in bits(later):
            op = self.ops[other]
            if op.kind == "join" and self.at[invitation.op] in self.invitations_of(other) and op.of["facts"]:
                kept += bool(self.welcomers(other, among))
        return left > kept

    def admit_by(self, invitation, join, admission, state):
        seniority = (invitation.by.steps + 1, *admission.place)
        power = given(invitation.role, seniority, invitation.by.power, admission.place)
        self.admit(state, join, join.of["facts"], power, seniority)
        if power[0] >= ADMIN:
            state.members[join.of["facts"][0]].made_by = invitation.by.person
        invitation.used += 1

    def apply_accept(self, index, op, of, state, among):
        join = of["join"]
        if join in state.waiting:
            return self.makers[index].power[0] >= ADMIN and self.approve(index, op, join, state)
        person, power = self.author(index, state)
        if join not in state.admitted or not self.past[index] >> self.at[join] & 1:
            return False
        if not self.is_decided_kind(index) and (power is None or power[0] < MEMBER):
            return False
        self.welcome(index, state.admitted[join], state)
        return True

    def approve(self, index, op, join, state):
        joined = self.ops[self.at[join]]
        invitation = self.usable_invitation(self.at[join], joined, state)
        if not invitation or invitation.used >= invitation.uses:
            return False
        del state.waiting[join]
        self.admit_by(invitation, joined, op, state)
        return True

    def welcome(self, index, person, state):
        for epoch in state.epochs.values():
            if epoch.introductions & self.past[index]:
                if state.role(person) < 0:
                    epoch.is_stale = True
                elif state.role(person) > CARRIER:
                    epoch.holders.add(person)

    def apply_invite(self, index, op, of, state, among):
        if of["ticket"] in state.invitations:
            return False
        state.invitations[of["ticket"]] = Invitation(
            op.id, self.makers[index], of["role"], of["uses"], of["approve"], op.lamport
        )
        return True

    def apply_revoke_invite(self, index, op, of, state, among):
        return of["ticket"] in state.invitations

    def apply_set_role(self, index, op, of, state, among):
        member = state.members.get(of["person"])
        if not member or member.role in (None, CARRIER):
            return False
        if of["role"] < ADMIN:
            member.made_by = None
        elif of["role"] > member.role:
            member.made_by = self.makers[index].person
        member.power = given(of["role"], member.seniority, self.makers[index].power, op.place)
        if of["role"] == GUEST:
            for device in state.devices_of(of["person"]):
                state.serving.pop(device, None)
        return True

    def apply_dismiss(self, index, op, of, state, among):
        if not self.apply_remove(index, op, of, state, among):
            return False
        heir = self.heirs[index]
        member = state.members.get(heir.person) if heir else None
        if not member or not member.power:
            return True
        member.seniority = heir.seniority or member.seniority
        role, limit, grant = heir.power
        member.power = heir.power if grant != (0, 0) else (role, member.seniority, grant)
        member.made_by = member.made_by if heir.voice is None else heir.voice
        if heir.seniority:
            state.members[of["person"]].same = heir.person
        return True

    def apply_remove(self, index, op, of, state, among):
        person = of["person"]
        member = state.members.get(person)
        if not member:
            return False
        before = state.removed_by.get(person, 0)
        if before & self.past[index]:
            return True
        state.removed_by[person] = before | 1 << index
        named = {device: (seq, entry) for device, log, seq, entry in of["cuts"] if log == 1}
        for device in state.devices_of(person):
            cut = named.get(device, (0, 0))
            if member.departure == "removed":
                cut = min(cut, member.cuts.get(device, cut), key=lambda one: one[0])
            member.cuts[device] = cut
        self.depart(state, person, "removed")
        state.removals[person] = op.lamport
        return True

    def apply_leave(self, index, op, of, state, among):
        person, power = self.author(index, state)
        if power is None:
            return False
        self.depart(state, person, "left")
        for one in state.invitations.values():
            if one.by.person == person:
                one.left |= 1 << index
        return True

    def depart(self, state, person, how):
        if state.role(person) > CARRIER:
            state.spoil_epochs()
        state.members[person].power = None
        state.members[person].departure = how
        for device in state.devices_of(person):
            state.serving.pop(device, None)

    # -- epochs, computers that serve, devices (rules 50 to 80) --

    def apply_epoch(self, index, op, of, state, among):
        _, power = self.author(index, state)
        if power is None or power[0] < MEMBER:
            return False
        epoch = state.epochs.setdefault(of["key"], Epoch(op.place, 0, False, set()))
        epoch.introductions |= 1 << index
        epoch.holders |= set(of["recipients"])
        # Rule 78: who did not know that a device was revoked has sealed to a key that the device has.
        unknown = any(state.revocations.get(person, 0) & ~self.past[index] for person in of["recipients"])
        epoch.is_stale |= unknown or any(state.role(person) <= CARRIER for person in of["recipients"])
        return True

    def apply_serve(self, index, op, of, state, among):
        _, power = self.author(index, state)
        if power is None or power[0] == GUEST:
            return False
        if of["serving"] is None:
            state.serving.pop(op.author, None)
        else:
            state.serving[op.author] = of["serving"]
        return True

    def is_free(self, device, state):
        return device not in state.devices and device not in state.revoked

    def apply_add_device(self, index, op, of, state, among):
        person, power = self.author(index, state)
        if power is None or person != of["person"]:
            return False
        device = of["device"]
        belongs_to, how, places = state.devices.get(device, (None, None, ()))
        if belongs_to == person and how != "joined" and device != op.author:
            # Added once more: each of the additions will do.
            state.devices[device] = (person, how, (*places, op.place))
            return True
        has_written = any(other.author == device for other in self.ops[:index])
        if has_written or not self.is_free(device, state) or len(state.devices_of(person)) >= DEVICES_MAX:
            return False
        state.devices[device] = (person, "added", (op.place,))
        return True

    def apply_recover(self, index, op, of, state, among):
        if not of["facts"] or op.seq != 1 or not self.is_free(op.author, state):
            return False
        person = of["facts"][0]
        if state.role(person) < 0 or len(state.devices_of(person)) >= 2 * DEVICES_MAX:
            return False
        member = state.members[person]
        gave = member.recovery_by
        if keys_of(op)[-1] != member.recovery or (gave is not None and not self.past[index] >> self.at[gave] & 1):
            return False
        state.devices[op.author] = (person, "recovered", (op.place,))
        return True

    def apply_revoke(self, index, op, of, state, among):
        person, _ = self.author(index, self.before(index))
        member = state.members.get(person)
        named = {device: (seq, entry) for device, log, seq, entry in of["cuts"] if log == 1}
        for device in of["devices"]:
            state.devices.pop(device, None)
            state.serving.pop(device, None)
            cut = named.get(device, (0, 0))
            state.revoked[device] = min(cut, state.revoked.get(device, cut), key=lambda one: one[0])
        words = of.get("words")
        if words:
            member.replaced.append(member.recovery)
            member.recovery, member.recovery_by = words["new"], op.id
        if of["devices"] or words:
            state.revocations[person] = state.revocations.get(person, 0) | 1 << index
        if (of["devices"] or words) and state.role(person) > CARRIER:
            state.spoil_epochs()
            for epoch in state.epochs.values():
                epoch.holders.discard(person)
        if member and of["key"] is not None:
            member.key = of["key"]
        return True


@dataclasses.dataclass
class Heir:
    person: object
    power: tuple
    seniority: tuple | None
    voice: object


@dataclasses.dataclass
class Worth:
    """A dismissal by its past alone: its signers with their powers, and the voices of all others."""

    op: Op
    person: object
    member: Member
    signers: dict
    voices: dict  # every one of the others -> its voice
    seniors: set  # voices of persons who are senior to the person
    seniorities: dict
    is_only_owner: bool

    def is_majority(self, signers):
        """Rule 84, for some of the signers."""
        voices = set(self.voices.values())
        heard = set()
        for voice in voices:
            speakers = [who for who, whose in self.voices.items() if whose == voice]
            if 2 * sum(who in signers for who in speakers) > len(speakers):
                heard.add(voice)
        by_heads = len(signers) >= 2 and 2 * len(signers) > len(self.voices)
        is_loud = len(heard) >= 2 or heard & self.seniors
        return by_heads and bool(is_loud) and 2 * len(heard) > len(voices)

    def is_by_rank(self):
        above = [power for power in self.signers.values() if strength(power) > strength(self.member.power)]
        gives_power = self.op.of["same"] is not None and self.member.role >= ADMIN
        return len(above) >= 2 and (not gives_power or any(power[0] == OWNER for power in above))

    def turn(self, index):
        """Rule 85: the least is decided first."""
        return (-len(self.signers), *(-part for part in strength(max(self.signers.values(), key=strength))), index)

    def heir(self, signers):
        """Rules 86 and 87."""
        least = min(signers.values(), key=strength)
        greatest = max(signers, key=lambda who: strength(signers[who]))
        same, member, place = self.op.of["same"], self.member, self.op.place
        if same is not None:
            voice = greatest if member.role >= ADMIN else None
            return Heir(same, given(member.role, member.seniority, least, place), member.seniority, voice)
        if not self.is_only_owner:
            return None
        return Heir(greatest, given(OWNER, self.seniorities[greatest], least, place), None, None)


def worth_by(past, op):
    """Rules 82 and 83: what a dismissal is worth after its past; none if it is void."""
    state, of = past.state, op.of
    author = state.devices.get(op.author, (None,))[0]
    person, same = of["person"], of["same"]
    member = state.members.get(person)
    if author is None or author != of["by"] or author == person:
        return None
    if not member or not member.power or member.join != of["admission"]:
        return None
    last = {}
    for other in past.ops:
        if other.author in state.devices_of(person):
            last[other.author] = max(last.get(other.author, (0, 0)), (other.seq, other.id))
    named = [(device, seq, entry) for device, log, seq, entry in of["cuts"] if log == 0]
    if len(named) != len(last) or set(named) != {(device, *at) for device, at in last.items()}:
        return None
    others = {who for who, one in state.members.items() if one.power and one.role >= ADMIN and who != person}
    signed = {state.devices[device][0] for device, lamport in of["signers"] if device in state.devices
              and 0 <= op.lamport - lamport <= SIGNATURE_STEPS_MAX}
    signers = {who: state.power(who) for who in (signed | {author}) & others}
    if author not in signers:
        return None
    if same is not None and not (GUEST <= state.role(same) <= min(MEMBER, member.role)):
        return None
    voices = {who: voice_of(state, who, person) for who in others}
    owners = [who for who, one in state.members.items() if one.role == OWNER]
    seniorities = {who: state.members[who].seniority for who in signers}
    seniors = {voice for voice in voices.values() if state.members[voice].seniority < member.seniority}
    return Worth(op, person, copy.deepcopy(member), signers, voices, seniors, seniorities, owners == [person])


def voice_of(state, who, person):
    path = [who]
    while True:
        maker = state.members[path[-1]].made_by if path[-1] in state.members else None
        if maker is None or maker == person:
            return path[-1]
        if maker in path:
            return min(path[path.index(maker):])
        path.append(maker)


def keys_of(op):
    """The recovery keys that a genesis, join or recovery shows, the first one first."""
    facts = op.of["facts"]
    return facts[2] if len(facts) > 2 else [("the first of", facts[0])]


def speaks_for(op, known):
    """Whether no statement about a device is by a key before the known one."""
    facts = op.of["facts"]
    by = facts[3] if len(facts) > 3 else None
    return by is None or known in keys_of(op)[: by + 1]


def bits(number):
    """The members of a set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


# --- forks (rule 38) ------------------------------------------------------------------------------------------


def forked(ops):
    """Operations of each device from the lowest place on at which it has two."""
    seen, lowest = set(), {}
    for op in ops:
        if (op.author, op.seq) in seen:
            lowest[op.author] = min(op.seq, lowest.get(op.author, op.seq))
        seen.add((op.author, op.seq))
    return {index for index, op in enumerate(ops) if op.author in lowest and op.seq >= lowest[op.author]}


def has_others(state, forkers):
    """Whether anybody belongs to the web none of whose devices has forked."""
    members = [person for person, member in state.members.items() if member.power]
    return any(not forkers & set(state.devices_of(person)) for person in members)


def witnessed_by(evaluation, found, suspects):
    """Suspects on which an operation of another person that counts was built."""
    witnessed = set()
    for index, op in enumerate(found):
        if evaluation.void >> index & 1 or index in suspects or op.author not in evaluation.state.devices:
            continue
        persons = evaluation.claimed_by(op.author, -1 & (1 << len(found)) - 1)
        for suspect in suspects & set(bits(evaluation.past[index])):
            author = found[suspect].author
            others = evaluation.claimed_by(author, (1 << len(found)) - 1)
            if author != op.author and not persons & others:
                witnessed.add(suspect)
    return witnessed


def evaluate(ops):
    """What counts of a set of operations; the second value is how many are not complete."""
    found = complete(ops)
    suspects = forked(found)
    evaluation = Evaluation(found, sum(1 << index for index in suspects))
    if suspects:
        forkers = {found[index].author for index in suspects}
        witnessed = witnessed_by(evaluation, found, suspects)
        if not has_others(evaluation.state, forkers):
            witnessed |= witnessed_by(Evaluation(found), found, suspects)
        evaluation = Evaluation(found, sum(1 << index for index in suspects - witnessed))
    return evaluation, len(ops) - len(found)


# --- comparing ------------------------------------------------------------------------------------------------


def read_op(value):
    kind, of = value["act"][0], dict(value["act"][1])
    if kind == "accept":
        of["join"] = int(of["join"], 16)
    if kind == "dismiss":
        of["admission"] = int(of["admission"], 16)
    if "cuts" in of:
        of["cuts"] = [(device, log, seq, int(entry, 16)) for device, log, seq, entry in of["cuts"]]
    previous = None if value["previous"] is None else int(value["previous"], 16)
    deps = [int(dep, 16) for dep in value["deps"]]
    return Op(int(value["id"], 16), value["author"], value["seq"], previous, deps, value["lamport"], kind, of)


def hexed(number):
    return f"{number:016x}"


def summary(evaluation, incomplete):
    """The state as it stands in histories.json."""
    state = evaluation.state
    members = {}
    for person, member in state.members.items():
        said = {
            "seniority": [*member.seniority[:2], hexed(member.seniority[2])],
            "devices": sorted(state.devices_of(person)),
            "key": member.key,
            "recovery": member.recovery,
        }
        if member.power:
            role, limit, grant = member.power
            said |= {"role": role, "limit": [*limit[:2], hexed(limit[2])], "grant": [grant[0], hexed(grant[1])]}
        else:
            said["departure"] = member.departure
            said["same"] = member.same
            said["cuts"] = {str(device): [seq, hexed(entry)] for device, (seq, entry) in member.cuts.items()}
        members[str(person)] = said
    ended = {evaluation.ops[index].id for index in evaluation.ended}
    epochs = {
        str(key): None if epoch.is_stale else sorted(epoch.holders) for key, epoch in state.epochs.items()
    }
    return {
        "members": members,
        "invitations": {
            str(ticket): [one.used, one.left > 0 or one.op in ended] for ticket, one in state.invitations.items()
        },
        "waiting": sorted(hexed(join) for join in state.waiting),
        "epochs": epochs,
        "current": state.current_epoch(),
        "serving": {str(device): serving for device, serving in state.serving.items()},
        "revoked": {str(device): [seq, hexed(entry)] for device, (seq, entry) in state.revoked.items()},
        "void": sorted(hexed(evaluation.ops[index].id) for index in bits(evaluation.void)),
        "incomplete": incomplete,
    }


def differences(expected, found):
    for name in sorted(expected.keys() | found.keys()):
        one, other = expected.get(name), found.get(name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            for key in sorted(one.keys() | other.keys()):
                if one.get(key) != other.get(key):
                    yield f"{name} {key}: {one.get(key)} expected, {other.get(key)} found"
        else:
            yield f"{name}: {one} expected, {other} found"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    passed = failed = 0
    for file in sys.argv[1:]:
        for history in json.loads(pathlib.Path(file).read_text()):
            found = summary(*evaluate([read_op(op) for op in history["ops"]]))
            unlike = list(differences(history["state"], found))
            passed, failed = passed + (not unlike), failed + bool(unlike)
            for line in unlike:
                print(f"history {history['name']}: {line}")
    print(f"{passed} histories passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
