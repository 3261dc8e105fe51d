"""Reads what members say about ledgers, votes as a keeper does, and applies decided slots to a state (specs/ledger.md).

Written from the spec. Whom a peer believes, and what it asks for when, is not looked at.
"""

import unicodedata

import blake3

from cbor import WHITE_SPACE, decode, demand, encode, fields, items, number, numbered, octets, rising, text

KEYS_MAX = 100_000
STATE_SIZE_MAX = 16 * 1024 * 1024
SLOTS_KEPT = 1000
RESULTS_KEPT = 64
NO_DEVICE = bytes(32)


# --- records (rules 4 to 6) -----------------------------------------------------------------------------------


def read_record(data, finds):
    demand(len(data) <= 4096, "too long")
    kind, body = numbered(decode(data), "record")
    demand(kind in (0, 1), "an unknown record")
    one = fields(fields(body, 1, "record")[0], 3, "record")
    read_keepers(one[2])
    keepers = [f"{device.hex()} {person.hex()}" for device, person in one[2]]
    if kind == 1:
        ledger, slot = octets(one[0], 16, "ledger"), number(one[1], "slot")
        return {"says": "moved", "ledger": ledger.hex(), "slot": str(slot), "keepers": keepers}
    octets(one[0], 16, "random"), read_name(one[1])
    web, author = bytes.fromhex(finds["web"]), bytes.fromhex(finds["author"])
    # What is hashed is encoded as it stands.
    covered = web + author + encode(one)
    return {
        "says": "announced",
        "web": web.hex(),
        "author": author.hex(),
        "ledger": blake3.blake3(covered, derive_key_context="althing ledger id 1").digest()[:16].hex(),
        "name": one[1],
        "keepers": keepers,
        "majority": str(majority(keepers)),
    }


def read_name(name):
    demand(1 <= len(text(name, "name").encode()) <= 200, "a name of another length")
    demand(name.strip(WHITE_SPACE) == name, "white space at the ends")
    demand(not any(one in "/\\" or unicodedata.category(one) == "Cc" for one in name), "a name's letters")


def read_keepers(keepers):
    demand(1 <= len(items(keepers, "keepers")) <= 15, "too many keepers, or none")
    for keeper in keepers:
        device, person = fields(keeper, 2, "keeper")
        octets(device, 32, "device"), octets(person, 32, "person")
    demand(rising([device for device, _ in keepers]), "keepers out of order")


def majority(keepers):
    return len(keepers) // 2 + 1


# --- messages (rules 13 and 14) -------------------------------------------------------------------------------

SAYS = "submit prepare promise accept accepted higher chosen ask news snapshot ask-part".split()
FIELDS = (3, 2, 3, 3, 2, 3, 3, 1, 3, 4, 2)
NUMBERS = {
    1: ("slot", "round"),
    2: ("slot", "round"),
    3: ("slot", "round"),
    4: ("slot", "round"),
    5: ("slot", "round", "promised"),
    7: ("after",),
    8: ("last", "keepers_since", "here"),
    9: ("slot", "part", "parts"),
    10: ("slot", "part"),
}


def open_message(data):
    demand(len(data) <= 640 * 1024, "too long")
    ledger, says = fields(decode(data), 2, "message")
    kind, body = numbered(says, "message")
    demand(kind in range(11), "an unknown message")
    # A promise of who has accepted nothing ends with its round.
    demand(len(body) == FIELDS[kind] or (kind == 2 and len(body) == 2), "message: fields")
    found = {"ledger": octets(ledger, 16, "ledger").hex(), "says": SAYS[kind].replace("-", " ")}
    found |= {name: str(number(value, name)) for name, value in zip(NUMBERS.get(kind, ()), body)}
    return found, kind, body


def read_message(data, finds=None):
    found, kind, body = open_message(data)
    if kind == 0:
        read_wants(body[2])
        return found | {"id": octets(body[0], 16, "id").hex(), "since": str(number(body[1], "since"))}
    if kind == 2:
        found["accepted"] = None
        if len(body) == 3:
            (round, device), batch = read_accepted(body[2])
            found["accepted"] = f"{round} {device.hex()} {len(batch)}"
    if kind == 3:
        return found | {"batch": str(len(read_batch(body[2])))}
    if kind == 6:
        first, batches, last = body
        demand(number(first, "first") >= 1 and number(last, "last") >= 0, "slot 0")
        demand(len(items(batches, "batches")) <= 64, "too many slots")
        sizes = [str(len(read_batch(batch))) for batch in batches]
        return found | {"first": str(first), "batches": sizes, "last": str(last)}
    if kind == 9:
        demand(body[1] < body[2] <= 192, "a part beyond")
        demand(len(octets(body[3], None, "bytes")) <= 256 * 1024, "a part too long")
        return found | {"holds": body[3].hex()}
    return found


def read_accepted(accepted):
    ballot, batch = fields(accepted, 2, "accepted")
    round, device = fields(ballot, 2, "ballot")
    return (number(round, "round"), octets(device, 32, "device")), read_batch(batch)


def read_batch(batch):
    demand(1 <= len(items(batch, "batch")) <= 32, "a slot of too much, or nothing")
    for one in batch:
        device, person, id, since, at, wants = fields(one, 6, "transaction")
        octets(device, 32, "device"), octets(person, 32, "person"), octets(id, 16, "id")
        number(since, "since"), number(at, "at"), read_wants(wants)
    demand(len(batch) == 1 or all(one[5][0] != 2 for one in batch), "a change of keepers beside others")
    demand(sum(size_of(one[5]) for one in batch) <= 256 * 1024, "a slot too long")
    return batch


def read_wants(wants):
    kind, body = numbered(wants, "wants")
    demand(kind in (0, 1, 2), "an unknown wish")
    fields(body, {0: 2, 1: 0, 2: 2}[kind], "wants")
    if kind == 2:
        number(body[0], "instead of"), read_keepers(body[1])
    if kind == 0:
        needs, puts = (items(part, "wants") for part in body)
        demand(1 <= len(needs) + len(puts) and len(needs) <= 64 and len(puts) <= 64, "too much wanted, or nothing")
        for need in needs:
            key, version = fields(need, 2, "condition")
            read_key(key), number(version, "version")
        for put in puts:
            # Of a key that goes there is no value.
            demand(len(items(put, "write")) in (1, 2), "write: fields")
            read_key(put[0])
            demand(len(put) == 1 or len(text(put[1], "value").encode()) <= 16 * 1024, "a value too long")
        demand(all(rising([one[0].encode() for one in part]) for part in body), "keys out of order")
        demand(size_of(wants) <= 128 * 1024, "a transaction too long")


def read_key(key):
    demand(1 <= len(text(key, "key").encode()) <= 200, "a key of another length")


def size_of(wants):
    """Bytes of keys and values, those of conditions among them."""
    kind, body = wants
    if kind != 0:
        return 0
    needs, puts = body
    return sum(len(key.encode()) for key, _ in needs) + sum(len(part.encode()) for put in puts for part in put)


# --- votes and proposals (rules 18 to 25) ---------------------------------------------------------------------


def message_of(ledger, kind, body):
    return encode([ledger, [kind, body]])


def vote(data, finds):
    """What a keeper answers that was asked all this, in this order, about one slot."""
    promised, accepted, answer = (0, NO_DEVICE), None, b""
    asked = [line.split() for line in finds["before"]] + [[finds["from"], data.hex()]]
    for device, message in asked:
        read_message(bytes.fromhex(message))
        ledger, (kind, (slot, round, *batch)) = decode(bytes.fromhex(message))
        ballot = (round, bytes.fromhex(device))
        if ballot < promised:
            answer = message_of(ledger, 5, [slot, round, promised[0]])
            continue
        promised = ballot
        if kind == 1:
            answer = message_of(ledger, 2, [slot, round] + ([accepted] if accepted else []))
        else:
            demand(kind == 3, "nothing to vote about")
            accepted = [list(ballot), batch[0]]
            answer = message_of(ledger, 4, [slot, round])
    return finds | {"answer": answer.hex()}


def propose(data, finds):
    """What whoever sent `prepare` may propose after these promises: what may be decided already, or what it likes."""
    read_message(data)
    ledger, (_, (slot, round)) = decode(data)
    promises = {}
    for line in finds["promises"]:
        device, message = line.split()
        read_message(bytes.fromhex(message))
        _, (kind, body) = decode(bytes.fromhex(message))
        demand(kind == 2 and body[:2] == [slot, round], "another promise")
        promises[device] = body[2] if len(body) == 3 else None
    bound = [accepted for accepted in promises.values() if accepted]
    if len(promises) < majority(finds["keepers"]):
        proposes = "waits"
    elif not bound:
        proposes = "free"
    else:
        _, batch = max(bound, key=lambda accepted: accepted[0])
        proposes = message_of(ledger, 3, [slot, round, batch]).hex()
    return finds | {"proposes": proposes}


# --- snapshots and slots (rules 30 to 40) ---------------------------------------------------------------------

# Place in the head.
SLOT, VERSION, KEYS, SIZE, KEEPERS, KEEPERS_SINCE, STARTED_BY, RESULTS = range(8)
DONE, REFUSED, FULL, GIVEN_UP, NO_KEEPER, KEEPERS_CHANGED = range(6)
OUTCOMES = "done refused full given-up no-keeper keepers-changed out-of-time again".split()


def open_snapshot(data):
    head, entries, results = fields(decode(data), 3, "snapshot")
    fields(head, 8, "head")
    for at in (SLOT, VERSION, KEYS, SIZE, KEEPERS_SINCE, RESULTS):
        number(head[at], "head")
    for keeper in items(head[KEEPERS], "keepers"):
        device, person = fields(keeper, 2, "keeper")
        octets(device, 32, "device"), octets(person, 32, "person")
    demand(head[STARTED_BY] is None or octets(head[STARTED_BY], 32, "started by"), "started by")
    for entry in items(entries, "entries"):
        key, row = fields(entry, 2, "entry")
        value, version, person, at = fields(row, 4, "entry")
        text(key, "key"), text(value, "value"), number(version, "version"), number(at, "at")
        octets(person, 32, "person")
    for result in items(results, "results"):
        by, slot, place, id, outcome = fields(result, 5, "result")
        octets(by, 32, "by"), number(slot, "slot"), number(place, "place"), octets(id, 16, "id")
        read_outcome(outcome)
    return head, entries, results


def read_outcome(outcome):
    kind, body = numbered(outcome, "outcome")
    demand(kind in range(len(OUTCOMES)), "an unknown outcome")
    fields(body, {DONE: 1, REFUSED: 2}.get(kind, 0), "outcome")
    if kind in (DONE, REFUSED):
        number(body[-1], "version")
        demand(kind == DONE or isinstance(body[0], str), "key")


def words_of(outcome):
    kind, body = outcome
    if kind == DONE:
        return f"done {body[0]}"
    if kind == REFUSED:
        return f"refused {body[1]} {body[0]}"
    return OUTCOMES[kind].replace("-", " ")


def read_snapshot(data, finds):
    head, entries, results = open_snapshot(data)
    return {
        "slot": str(head[SLOT]),
        "version": str(head[VERSION]),
        "keys": str(head[KEYS]),
        "size": str(head[SIZE]),
        "remembered": str(head[RESULTS]),
        "entries": [f"{row[1]} {key}={row[0]}" for key, row in entries],
        "outcomes": [words_of(outcome) for _, _, _, _, outcome in results],
    }


class State:
    """What the slots up to one have made."""

    def __init__(self, snapshot):
        self.head, entries, results = open_snapshot(snapshot)
        self.entries = {key: row for key, row in entries}
        self.results = {(by, id): (slot, place, outcome) for by, slot, place, id, outcome in results}

    def snapshot(self):
        entries = sorted(([key, row] for key, row in self.entries.items()), key=lambda entry: entry[0].encode())
        results = sorted([by, slot, place, id, outcome] for (by, id), (slot, place, outcome) in self.results.items())
        return encode([self.head, entries, results])

    def apply(self, batch):
        """Rules 31 to 37. Returns what became of each."""
        slot, told = self.head[SLOT] + 1, []
        for place, one in enumerate(batch):
            by, _, id, since, _, _ = one
            if (by, id) in self.results:
                told.append("again")
            elif not since < slot <= since + SLOTS_KEPT:
                told.append("out of time")
            else:
                outcome = self.perform(slot, one)
                self.remember(by, id, (slot, place, outcome))
                told.append(words_of(outcome))
        self.head[SLOT] = slot
        return told

    def perform(self, slot, one):
        _, person, _, _, at, (kind, body) = one
        if kind == 1:
            return [GIVEN_UP, []]
        if kind == 2:
            return self.change_keepers(slot, person, *body)
        needs, puts = body
        for key, version in needs:
            now = self.entries[key][1] if key in self.entries else 0
            if now != version:
                return [REFUSED, [key, now]]
        return self.write(puts, person, at)

    def write(self, puts, person, at):
        keys, size = self.head[KEYS], self.head[SIZE]
        for key, *value in puts:
            if key in self.entries:
                keys, size = keys - 1, size - len(key.encode()) - len(self.entries[key][0].encode())
            if value:
                keys, size = keys + 1, size + len(key.encode()) + len(value[0].encode())
        has_too_many = keys > KEYS_MAX and keys > self.head[KEYS]
        if has_too_many or (size > STATE_SIZE_MAX and size > self.head[SIZE]):
            return [FULL, []]
        self.head[VERSION] += 1
        self.head[KEYS], self.head[SIZE] = keys, size
        for key, *value in puts:
            self.entries.pop(key, None)
            if value:
                self.entries[key] = [value[0], self.head[VERSION], person, at]
        return [DONE, [self.head[VERSION]]]

    def change_keepers(self, slot, person, instead_of, keepers):
        if person != self.head[STARTED_BY] and all(person != keeper[1] for keeper in self.head[KEEPERS]):
            return [NO_KEEPER, []]
        if instead_of != self.head[KEEPERS_SINCE]:
            return [KEEPERS_CHANGED, []]
        self.head[VERSION] += 1
        self.head[KEEPERS], self.head[KEEPERS_SINCE] = keepers, slot
        return [DONE, [self.head[VERSION]]]

    def remember(self, by, id, result):
        """Rule 35: at most two results of the device are forgotten for the one that comes."""
        self.results[by, id] = result
        self.head[RESULTS] += 1
        theirs = sorted((slot, place, id) for (device, id), (slot, place, _) in self.results.items() if device == by)
        for slot, _, old in theirs[: min(2, max(0, len(theirs) - RESULTS_KEPT))]:
            if slot + SLOTS_KEPT > result[0]:
                break
            del self.results[by, old]
            self.head[RESULTS] -= 1


def apply_slots(data, finds):
    read_message(data)
    _, (kind, (first, batches, _)) = decode(data)
    state = State(bytes.fromhex(finds["before"]))
    demand(kind == 6 and first == state.head[SLOT] + 1, "other slots")
    outcomes = [told for batch in batches for told in state.apply(batch)]
    return finds | {"outcomes": outcomes, "after": state.snapshot().hex()}


READERS = {
    "ledger-record": read_record,
    "ledger-message": read_message,
    "ledger-vote": vote,
    "ledger-proposal": propose,
    "ledger-snapshot": read_snapshot,
    "ledger-slots": apply_slots,
}
