"""A second reader of the guard: what devices say in the log of a web about what harms (specs/guard.md)."""

import ipaddress
import unicodedata

from cbor import decode, demand, fields, items, number, numbered, octets, text, truth

BODY_SIZE_MAX = 4 * 1024
NAME_SIZE_MAX = 255
NOTE_SIZE_MAX = 200
RULE_SIZE_MAX = 128
PLACES_MAX = 8
RULES_SIZE_MAX = 8 * 1024 * 1024
DEEDS = 11


def read_record(data, _finds):
    demand(len(data) <= BODY_SIZE_MAX, "too long")
    kind, body = numbered(decode(data), "record")
    demand(kind < len(KINDS), "an unknown kind of record")
    (what,) = fields(body, 1, "record")
    return KINDS[kind](what)


def read_warning(warning):
    content, size, name, at, evidence = fields(warning, 5, "warning")
    return {
        "warning": octets(content, 32, "content").hex(),
        "size": str(number(size, "size")),
        "name": a_name(name),
        "at": str(number(at, "at")),
        "evidence": read_evidence(evidence),
    }


def read_evidence(evidence):
    kind, body = numbered(evidence, "evidence")
    demand(kind in (0, 1), "an unknown evidence")
    if kind == 1:
        (note,) = fields(body, 1, "word")
        return {"note": a_note(note)}
    rule, rules, places = fields(body, 3, "rule")
    demand(1 <= len(text(rule, "rule").encode()) <= RULE_SIZE_MAX and is_plain(rule), "no name of a rule")
    places = [fields(place, 2, "place") for place in items(places, "places")]
    demand(len(places) <= PLACES_MAX, "too many places")
    return {
        "rule": rule,
        "set": octets(rules, 32, "set").hex(),
        "places": [[str(number(offset, "offset")), small(size, "size")] for offset, size in places],
    }


def read_release(release):
    content, at, note = fields(release, 3, "release")
    return {
        "release": octets(content, 32, "content").hex(),
        "at": str(number(at, "at")),
        "note": a_note(note),
    }


def read_rules(rules):
    content, size, name, at, is_offered = fields(rules, 5, "rules")
    demand(number(size, "size") <= RULES_SIZE_MAX, "rules too large")
    return {
        "rules": octets(content, 32, "set").hex(),
        "size": str(size),
        "name": a_name(name),
        "at": str(number(at, "at")),
        "is_offered": truth(is_offered, "is offered"),
    }


def read_officer(officer):
    person, at, is_officer = fields(officer, 3, "officer")
    return {
        "officer": octets(person, 32, "person").hex(),
        "at": str(number(at, "at")),
        "is_officer": truth(is_officer, "is officer"),
    }


def read_health(health):
    at, is_guarded, sets, seen, held = fields(health, 5, "health")
    return {
        "health": str(number(at, "at")),
        "is_guarded": truth(is_guarded, "is guarded"),
        "sets": small(sets, "sets"),
        "seen": str(number(seen, "seen")),
        "held": small(held, "held"),
    }


def read_report(report):
    device, address, deed, times, day = fields(report, 5, "report")
    if address is not None:
        try:
            ipaddress.ip_address(text(address, "address"))
        except ValueError:
            demand(False, "no address")
    demand(number(deed, "deed") < DEEDS, "an unknown deed")
    # Whoever has no key has an address.
    demand(address is not None or any(octets(device, 32, "device")), "nobody")
    return {
        "report": octets(device, 32, "device").hex(),
        "address": address,
        "deed": deed,
        "times": small(times, "times"),
        "day": str(number(day, "day")),
    }


def a_name(name):
    demand(1 <= len(text(name, "name").encode()) <= NAME_SIZE_MAX and is_plain(name), "no name")
    return name


def a_note(note):
    demand(len(text(note, "note").encode()) <= NOTE_SIZE_MAX and is_plain(note), "no note")
    return note


def is_plain(words):
    return all(unicodedata.category(letter) != "Cc" for letter in words)


def small(value, what):
    demand(number(value, what) < 1 << 32, f"{what}: too large")
    return value


KINDS = [read_warning, read_release, read_rules, read_officer, read_health, read_report]
READERS = {"guard-record": read_record}
