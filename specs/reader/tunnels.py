"""A second reader of tunnels: what is offered, and what the asker of a stream says first (specs/tunnels.md)."""

import re
import unicodedata

from cbor import decode, demand, fields, items, number, numbered, octets, rising, text, truth

OFFER_SIZE_MAX = 4 * 1024
REQUEST_SIZE_MAX = 256
PERSONS_MAX = 64
GUEST, OWNER = 1, 4


def read_offer(data, _finds):
    demand(len(data) <= OFFER_SIZE_MAX, "too long")
    name, at, is_open, audience, note = fields(decode(data), 5, "offer")
    # \Z, not $: that would let a newline follow.
    demand(re.match(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z", text(name, "name")), "no name of a tunnel")
    demand(len(text(note, "note").encode()) <= 200, "a note too long")
    demand(all(unicodedata.category(letter) != "Cc" for letter in note), "a control character in a note")
    return {
        "name": name,
        "at": str(number(at, "at")),
        "is_open": truth(is_open, "is open"),
        "audience": read_audience(audience),
        "note": note,
    }


def read_audience(audience):
    kind, body = numbered(audience, "audience")
    demand(kind in (0, 1), "an unknown audience")
    (who,) = fields(body, 1, "audience")
    if kind == 0:
        demand(GUEST <= number(who, "role") <= OWNER, "no role that tunnels are offered to")
        return {"role": who}
    persons = [octets(person, 32, "person") for person in items(who, "persons")]
    demand(len(persons) <= PERSONS_MAX and rising(persons), "too many persons, or out of order")
    return {"persons": [person.hex() for person in persons]}


def read_request(data, _finds):
    demand(len(data) <= REQUEST_SIZE_MAX, "too long")
    web, name = fields(decode(data), 2, "request")
    return {"web": octets(web, 32, "web").hex(), "name": text(name, "name")}


READERS = {"tunnel-offer": read_offer, "tunnel-request": read_request}
