"""Reads what members say about jobs, checks signed results, and names units and outcomes (specs/compute.md, rules 1 to 14, 44).

Written from the spec. Whom an owner believes, and who gets which units, is not looked at.
"""

import unicodedata

import blake3

from cbor import Refused, decode, demand, fields, items, number, numbered, octets, rising, text, truth
from signing import signed_by

DAY_MS = 24 * 3600 * 1000
UNITS_MAX = 10**9
MIB = 1024 * 1024
# Rule 6: ten thousand years of one core, in microseconds.
TIME_MAX = 10_000 * 365 * 86_400 * 1_000_000


def below(value, limit, what):
    demand(number(value, what) < limit, f"{what}: too large")
    return value


def within(value, least, most, what):
    demand(least <= number(value, what) <= most, f"{what}: outside of its limits")
    return value


def step_number(value):
    return below(value, 64, "step")


def or_without(value, count, what):
    """An array whose last field may be missing: then it is left out, not null (rule 1)."""
    demand(len(items(value, what)) in (count - 1, count), f"{what}: not {count} fields, nor one less")
    demand(len(value) < count or value[-1] is not None, f"{what}: null at its end")
    return value + [None] * (count - len(value))


def yes_no(value, what):
    return "yes" if truth(value, what) else "no"


def ids(values, what):
    return [octets(one, 32, what).hex() for one in items(values, what)]


# --- records (rules 1 to 7) -----------------------------------------------------------------------------------


def read_record(data, finds=None):
    demand(len(data) <= 80 * 1024, "too long")
    kind, body = numbered(decode(data), "record")
    demand(kind in range(5), "an unknown record")
    one = fields(body, 1, "record")[0]
    return (read_step, read_over, read_offer, read_receipt, read_wrong)[kind](one)


def read_step(one):
    job, step, name, program, size, arguments, limits, deputies, priority, is_range, persons, is_joining = fields(
        one, 12, "step"
    )
    demand(1 <= len(text(name, "name").encode()) <= 200, "a name of another length")
    demand(not any(unicodedata.category(letter) == "Cc" for letter in name), "a control character in a name")
    demand(len(octets(arguments, None, "arguments")) <= 64 * 1024, "arguments too long")
    cpu, memory, output, is_nan, fuel = or_without(limits, 5, "limits")
    within(cpu, 1, DAY_MS, "processor time"), within(memory, 1, 4096, "memory"), within(output, 1, 64 * MIB, "output")
    demand(len(items(deputies, "deputies")) <= 3 and len(items(persons, "persons")) <= 256, "too many")
    told_fuel = "none" if fuel is None else str(within(fuel, 1, 10**15, "fuel"))
    return {
        "says": "step",
        "job": octets(job, 16, "job").hex(),
        "step": str(step_number(step)),
        "name": name,
        "program": octets(program, 32, "program").hex(),
        "size": str(within(size, 1, 64 * MIB, "size")),
        "arguments": arguments.hex(),
        "limits": [str(cpu), str(memory), str(output), yes_no(is_nan, "equal NaN"), told_fuel],
        "deputies": ids(deputies, "deputy"),
        "priority": str(within(priority, 1, 9, "priority")),
        "range": yes_no(is_range, "range"),
        "persons": ids(persons, "person"),
        "joining": yes_no(is_joining, "joining"),
    }


def read_over(job):
    return {"says": "over", "job": octets(job, 16, "job").hex()}


def read_offer(one):
    cores, speed, disk, architecture, memory = fields(one, 5, "offer")
    demand(len(text(architecture, "architecture").encode()) <= 32, "an architecture too long")
    within(cores, 0, 4096, "cores"), within(speed, 0, 10**9, "speed")
    told = [str(number(one, "offer")) for one in (cores, speed, disk, memory)]
    return {"says": "offer", "architecture": architecture, "numbers": told}


def read_receipt(one):
    job, persons = fields(one, 2, "receipt")
    demand(len(items(persons, "persons")) <= 256, "a receipt of too many")
    told = []
    for credit in persons:
        person, units, time = fields(credit, 3, "credit")
        within(units, 0, UNITS_MAX, "units"), within(time, 0, TIME_MAX, "time")
        told.append(f"{octets(person, 32, 'person').hex()} {units} {time}")
    return {"says": "receipt", "job": octets(job, 16, "job").hex(), "persons": told}


def read_wrong(one):
    """Rule 44: evidence holds when the device has signed another digest of that unit."""
    device, signed, unit, right, is_own = fields(one, 5, "wrong")
    octets(device, 32, "device"), below(unit, UNITS_MAX, "unit"), octets(right, 32, "right")
    statement = open_signed(device, *open_pair(signed))
    holds = statement is not None and any(said[0] == unit and said[1] != right for said in statement[3])
    return {
        "says": "wrong",
        "device": device.hex(),
        "unit": str(unit),
        "right": right.hex(),
        "own": yes_no(is_own, "own"),
        "holds": yes_no(holds, "holds"),
    }


# --- statements (rule 9) --------------------------------------------------------------------------------------


def open_pair(signed):
    statement, signature = fields(signed, 2, "signed statement")
    return octets(statement, None, "statement"), octets(signature, None, "signature")


def read_statement_of(device, data, signature):
    demand(signed_by(device, "althing/compute-results/1", data, signature), "bad signature")
    demand(len(data) <= 80 * 1024, "too long")
    job, step, lease, units, what = or_without(decode(data), 5, "statement")
    octets(job, 16, "job"), step_number(step), number(lease, "lease")
    demand(what is None or octets(what, 32, "step name"), "step name")
    demand(len(items(units, "units")) <= 256, "too many units")
    units = [or_without(said, 4, "unit") for said in units]
    for unit, digest, time, input in units:
        below(unit, UNITS_MAX, "unit"), octets(digest, 32, "digest"), within(time, 0, DAY_MS * 1000, "time")
        demand(input is None or octets(input, 32, "input"), "input")
    demand(rising([said[0] for said in units]), "units out of order")
    return job, step, lease, units, what


def open_signed(device, data, signature):
    """A statement, or nothing when it is not signed by that device or not sound: what it stands in may still be read."""
    try:
        return read_statement_of(device, data, signature)
    except Refused:
        return None


def read_statement(data, finds):
    device, signature = bytes.fromhex(finds["device"]), bytes.fromhex(finds["signature"])
    job, step, lease, units, what = read_statement_of(device, data, signature)
    return {
        "device": device.hex(),
        "signature": signature.hex(),
        "job": job.hex(),
        "numbers": [str(step), str(lease)],
        "what": None if what is None else what.hex(),
        "units": [f"{unit} {digest.hex()} {time} {input.hex() if input else 'none'}" for unit, digest, time, input in units],
    }


# --- outcomes (rules 8 and 14) --------------------------------------------------------------------------------


def digest_of(outcome):
    kind, body = numbered(outcome, "outcome")
    demand(kind in range(3), "an unknown outcome")
    if kind == 0:
        output = octets(fields(body, 1, "output")[0], None, "output")
        demand(len(output) <= 64 * 1024, "an output too long to travel inside")
        return blake3.blake3(output).digest()
    first, second = fields(body, 2, "outcome")
    if kind == 1:
        within(second, 1, 64 * MIB, "size")
        return octets(first, 32, "content")
    within(first, 0, 4, "failure")
    demand(len(text(second, "log").encode()) <= 2 * 1024, "a failed unit says too much")
    return blake3.blake3(bytes([first]), derive_key_context="althing compute failure v1").digest()


def read_outcome(data, finds):
    return {"digest": digest_of(decode(data)).hex()}


def read_outcomes(job, device, signed, outcomes):
    """Rule 9: outputs count only when each has the digest at its place."""
    demand(len(items(outcomes, "outcomes")) <= 256, "too many outcomes")
    digests = [digest_of(outcome) for outcome in outcomes]
    statement = open_signed(device, *open_pair(signed))
    counts = statement is not None and statement[0] == job and [said[1] for said in statement[3]] == digests
    return {"digests": [digest.hex() for digest in digests], "counts": yes_no(counts, "counts")}


# --- messages (rules 13 and 14) -------------------------------------------------------------------------------

SAYS = "ask lease nothing results took alive give-back stop hand tell inputs known brought status recall recalled".split()
FIELDS = (2, 3, 1, 3, 1, 2, 1, 1, 6, 3, 3, 2, 2, 1, 3, 4)


def read_message(data, finds):
    demand(len(data) <= 896 * 1024, "too long")
    job, says = fields(decode(data), 2, "message")
    octets(job, 16, "job")
    kind, body = numbered(says, "message")
    demand(kind in range(16), "an unknown message")
    body = or_without(body, FIELDS[kind], "message") if kind == 8 else fields(body, FIELDS[kind], "message")
    found = {"job": job.hex(), "says": SAYS[kind].replace("-", " ")}
    if kind in (0, 1, 2, 8, 9, 10, 14, 15):
        step_number(body[0])
    if kind == 0:
        within(body[1], 1, 255, "leases")
    if kind == 5:
        found["checkpoints"] = read_checkpoints(body[1])
    if kind in (5, 6, 7):
        demand(len(items(body[0], "leases")) <= 256, "too many leases")
    if kind == 1:
        found["units"] = read_leased(body[2])
    if kind == 3:
        device = bytes.fromhex(finds.get("from", "00" * 32))
        found |= {"from": device.hex()} | read_outcomes(job, device, body[1], body[2])
    if kind == 8:
        within(body[1], 0, UNITS_MAX, "units of a step")
        found |= {"closed": yes_no(body[2], "closed"), "paused": yes_no(body[4], "paused"), "trust": read_trust(body[3])}
        found |= {} if body[5] is None else read_source(body[5])
    if kind == 10:
        demand(len(items(body[2], "rows")) <= 64, "too many inputs")
        found["rows"] = [read_input(row) for row in body[2]]
    if kind in (11, 12):
        device, via, signed, outcomes, recalled = or_without(body[1], 5, "statement row")
        octets(device, 32, "device"), octets(via, 32, "via")
        found |= {} if recalled is None else {"recalled": read_recalled(recalled, outcomes)}
        found |= {"devices": [device.hex(), via.hex()]} | read_outcomes(job, device, signed, outcomes)
    if kind == 13:
        within(body[0], 0, 3, "state")
    if kind == 14:
        found["units"] = read_asked(body[2])
    if kind == 15:
        demand(len(items(body[2], "rows")) <= 256, "too many rows")
        found |= {"rows": [read_known(row) for row in body[2]], "last": yes_no(body[3], "last")}
    # What of each message are plain numbers.
    plain = body[0] if kind in (5, 6, 7) else body[: {1: 2, 3: 1, 8: 2, 10: 2, 11: 1, 12: 1, 14: 2, 15: 2}.get(kind, len(body))]
    return found | {"numbers": [str(number(one, "number")) for one in plain]}


def read_source(source):
    """Outputs of which steps a step takes: each of some, or those of one, joined."""
    kind, body = numbered(source, "source")
    demand(kind in (3, 4), "a source that says nothing")
    if kind == 3:
        steps = items(fields(body, 1, "source")[0], "steps")
        demand(1 <= len(steps) <= 64, "outputs of no step, or of too many")
        return {"each of": [str(step_number(step)) for step in steps]}
    step, first = or_without(body, 2, "source")
    return {"joins": [str(step_number(step)), "none" if first is None else str(below(first, UNITS_MAX, "round"))]}


def read_places(units, outcomes):
    """Units with their places in a statement, one for each outcome."""
    demand(1 <= len(items(units, "units")) <= 256 and len(units) == len(items(outcomes, "outcomes")), "not one outcome each")
    pairs = [fields(pair, 2, "unit and place") for pair in units]
    demand(rising([below(unit, UNITS_MAX, "unit") for unit, _ in pairs]), "units out of order")
    return [(unit, number(place, "place")) for unit, place in pairs]


def read_recalled(recalled, outcomes):
    step, units = fields(recalled, 2, "recalled")
    return [str(step_number(step))] + [f"{unit} {place}" for unit, place in read_places(units, outcomes)]


def read_asked(units):
    demand(1 <= len(items(units, "units")) <= 256, "no units, or too many")
    asked = [fields(one, 2, "unit") for one in units]
    demand(rising([below(unit, UNITS_MAX, "unit") for unit, _ in asked]), "units out of order")
    demand(all(len(items(parts, "parts")) <= 64 for _, parts in asked), "too many parts")
    return [{"unit": str(unit), "parts": ids(parts, "part")} for unit, parts in asked]


def read_known(row):
    """Rule 59: an outcome counts when its digest stands at its place in what that device has signed."""
    device, signed, units, outcomes = fields(row, 4, "row")
    pairs, digests = read_places(units, outcomes), [digest_of(outcome) for outcome in outcomes]
    statement = open_signed(octets(device, 32, "device"), *open_pair(signed))
    said = [] if statement is None else [one[1] for one in statement[3]]
    told = []
    for (unit, place), digest in zip(pairs, digests):
        counts = place < len(said) and said[place] == digest
        told.append(f"{unit} {place} {digest.hex()} {yes_no(counts, 'counts')}")
    return {"device": device.hex(), "units": told}


def read_leased(units):
    demand(1 <= len(items(units, "units")) <= 256, "no units, or too many")
    told = []
    for one in units:
        unit, parts, checkpoint = or_without(one, 3, "unit")
        below(unit, UNITS_MAX, "unit")
        demand(len(items(parts, "parts")) <= 64, "too many parts")
        told.append(
            {
                "unit": str(unit),
                "parts": [read_part(part) for part in parts],
                "checkpoint": None if checkpoint is None else read_part(checkpoint),
            }
        )
    demand(rising([one[0] for one in units]), "units out of order")
    return told


def read_part(part):
    kind, body = numbered(part, "part")
    demand(kind in (0, 1), "an unknown part")
    if kind == 0:
        inline = octets(fields(body, 1, "part")[0], None, "part")
        demand(len(inline) <= 8 * MIB, "a part too long")
        return f"bytes {inline.hex()}"
    content, size, device = or_without(body, 3, "part")
    where = "anybody" if device is None else octets(device, 32, "from").hex()
    return f"content {octets(content, 32, 'content').hex()} {number(size, 'size')} {where}"


def read_input(row):
    parts, path, at = or_without(row, 3, "input")
    return {
        "parts": [read_given(part) for part in items(parts, "parts")],
        "path": text(path, "path"),
        "at": None if at is None else octets(at, 32, "at").hex(),
    }


def read_given(part):
    kind, body = numbered(part, "part")
    demand(kind in (0, 1), "an unknown part")
    if kind == 0:
        return read_part(fields(body, 1, "part")[0])
    step, unit = fields(body, 2, "output")
    return f"output {within(step, 0, 255, 'step')} {number(unit, 'unit')}"


def read_checkpoints(checkpoints):
    demand(len(items(checkpoints, "checkpoints")) <= 256, "too many checkpoints")
    told = []
    for one in checkpoints:
        lease, unit, content, size = fields(one, 4, "checkpoint")
        number(lease, "lease"), number(unit, "unit"), number(size, "size")
        told.append(f"{lease} {unit} {octets(content, 32, 'content').hex()} {size}")
    return told


def read_trust(trust):
    kind, persons, *told = fields(trust, 5, "trust")
    kind = ("own", "trusted", "spot", "quorum", "adaptive")[within(kind, 0, 4, "trust")]
    told = [str(below(one, 1 << 32, "trust")) for one in told]
    return {"kind": kind, "persons": ids(persons, "person"), "numbers": told}


# --- names (rules 10 to 12) -----------------------------------------------------------------------------------


def name_unit(data, finds):
    read_record(data)
    _, program, _, arguments, limits, _, _, is_range, _, is_joining = decode(data)[1][0][2:]
    cpu, memory, output, is_nan, *fuel = limits
    unit, parts = int(finds["unit"]), [bytes.fromhex(part) for part in finds["parts"]]
    named = program + blake3.blake3(arguments).digest()
    named += cpu.to_bytes(8, "big") + memory.to_bytes(4, "big") + output.to_bytes(8, "big")
    named += bytes([is_nan, is_range, is_joining])
    named += fuel[0].to_bytes(8, "big") if fuel else b""
    step_named = named
    named += unit.to_bytes(8, "big") if is_range else b""
    heard = derive("althing compute number v1", b"".join(parts))
    return {
        "unit": finds["unit"],
        "parts": finds["parts"],
        "step name": derive("althing compute step v1", step_named).hex(),
        "unit name": derive("althing compute unit v1", named + b"".join(parts)).hex(),
        "input": derive("althing compute input v1", b"".join(parts)).hex(),
        "hears": str(unit if is_range else int.from_bytes(heard[:8], "big") >> 11),
    }


def derive(context, covered):
    return blake3.blake3(covered, derive_key_context=context).digest()


READERS = {
    "compute-record": read_record,
    "compute-message": read_message,
    "compute-statement": read_statement,
    "compute-unit": name_unit,
    "compute-outcome": read_outcome,
}
