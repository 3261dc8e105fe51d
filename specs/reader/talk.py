"""A second reader of talk: records, what stands in letters, what peers tell each other, and the ids that follow (specs/talk.md)."""

import unicodedata

import blake3

from cbor import WHITE_SPACE, decode, demand, encode, fields, items, number, numbered, octets, rising, text, truth

# Where the vectors stand: in the log of this device, in this web.
WEB, AUTHOR = b"\x51" * 32, b"\x11" * 32

DIRECT_BIT = 0x80
TURN_MAX = 1 << 62


# --- ids (rules 2 to 4) --------------------------------------------------------------------------------------


def hashed(of, *parts):
    return blake3.blake3(b"".join(parts), derive_key_context=f"althing talk {of} 1").digest(length=16)


def room_id(begun):
    digest = hashed("room", WEB, AUTHOR, encode(begun))
    return bytes([digest[0] & ~DIRECT_BIT]) + digest[1:]


def direct_id(persons):
    digest = hashed("direct", WEB, *persons)
    return bytes([digest[0] | DIRECT_BIT]) + digest[1:]


def is_direct(conversation):
    return bool(conversation[0] & DIRECT_BIT)


def room(value):
    demand(not is_direct(octets(value, 16, "room")), "in the open about a direct conversation")
    return value


# --- records (rules 6 and 7) ---------------------------------------------------------------------------------


def read_record(data, _finds):
    demand(len(data) <= 36 * 1024, "too long")
    kind, body = numbered(decode(data), "record")
    demand(kind < len(RECORDS), "an unknown record")
    return RECORDS[kind](body)


def read_begun(body):
    (begun,) = fields(body, 1, "record")
    nonce, at, name, topic, is_open = fields(begun, 5, "room")
    octets(nonce, 16, "nonce"), number(at, "at"), check_name(name), check_topic(topic), truth(is_open, "is open")
    return {"says": "begun", "room": room_id(begun).hex(), "name": name, "open": is_open}


def read_set(body):
    where, count, change = fields(body, 3, "record")
    field, value = numbered(change, "change")
    demand(field < len(CHANGES), "an unknown change")
    CHANGES[field](fields(value, 1, "change")[0])
    return {"says": "set", "room": room(where).hex(), "count": str(number(count, "count")), "field": field}


def check_name(name):
    demand(1 <= len(text(name, "name").encode()) <= 200, "a name too long or none")
    demand(name == name.strip(WHITE_SPACE), "white space at the ends of a name")
    demand(not any(letter in "/\\" or is_control(letter) for letter in name), "a name's letters")


def check_topic(topic):
    demand(len(text(topic, "topic").encode()) <= 1000, "a topic too long")


def check_moderators(persons):
    check_persons(persons, 0, 32)


def check_persons(persons, least, most):
    demand(least <= len(items(persons, "persons")) <= most, "too many persons, or too few")
    demand(rising([octets(person, 32, "person") for person in persons]), "persons out of order")


CHANGES = [
    check_name,
    check_topic,
    lambda is_archived: truth(is_archived, "is archived"),
    lambda is_open: truth(is_open, "is open"),
    check_moderators,
]


def read_said(body):
    where, message = fields(body, 2, "record")
    return read_message(room(where), message)


def read_message(conversation, message):
    demand(4 <= len(items(message, "message")) <= 6, "message: not 4 to 6 fields")
    demand(len(message) == 4 or message[-1] is not None, "what is left out is not written")
    nonce, turn, at, content, reply_to, thread = message + [None] * (6 - len(message))
    octets(nonce, 16, "nonce")
    demand(1 <= number(turn, "turn") <= TURN_MAX, "no turn")
    words, mentions, attachments = read_content(content)
    return {
        "says": "said",
        "room": conversation.hex(),
        "message": hashed("message", WEB, AUTHOR, conversation, encode(message)).hex(),
        "turn": str(turn),
        "at": str(number(at, "at")),
        "text": words,
        "mentions": len(mentions),
        "attachments": attachments,
        "reply_to": None if reply_to is None else octets(reply_to, 16, "message").hex(),
        "thread": None if thread is None else octets(thread, 16, "message").hex(),
    }


def read_content(content):
    words, mentions, attachments = fields(content, 3, "content")
    demand(len(text(words, "text").encode()) <= 16 * 1024, "a text too long")
    check_persons(mentions, 0, 32)
    demand(len(items(attachments, "attachments")) <= 8, "too many links")
    for link in attachments:
        demand(text(link, "link").startswith("althing:") and len(link.encode()) <= 1024, "no link of the house")
        demand(is_one_word(link), "a link's letters")
    demand(words.strip(WHITE_SPACE) or attachments, "nothing is said")
    return words, mentions, attachments


def is_control(letter):
    return unicodedata.category(letter) == "Cc"


def is_one_word(words):
    return not any(letter in WHITE_SPACE or is_control(letter) for letter in words)


def read_about(about):
    message, at, what = fields(about, 3, "about")
    kind, body = numbered(what, "what")
    demand(kind in (0, 1, 2), "an unknown word about a message")
    if kind == 0:
        count, content = fields(body, 2, "edit")
        said = {"count": str(number(count, "count")), "text": read_content(content)[0]}
    elif kind == 1:
        fields(body, 0, "taken away")
        said = "taken away"
    else:
        emoji, count, is_on = fields(body, 3, "reaction")
        demand(1 <= len(text(emoji, "emoji").encode()) <= 64 and is_one_word(emoji), "no reaction")
        said = {"count": str(number(count, "count")), "emoji": emoji, "is_on": truth(is_on, "is on")}
    return {
        "says": "about",
        "message": octets(message, 16, "message").hex(),
        "at": str(number(at, "at")),
        "what": said,
    }


def read_mute(body):
    demand(len(body) in (3, 4), "record: not 3 or 4 fields")
    where, person, count, after = body if len(body) == 4 else body + [None]
    demand(len(body) == 3 or after is not None, "what is left out is not written")
    return {
        "says": "mute",
        "room": room(where).hex(),
        "person": octets(person, 32, "person").hex(),
        "count": str(number(count, "count")),
        "after": None if after is None else read_places(after),
    }


def read_places(places):
    demand(len(items(places, "places")) <= 64, "too many devices")
    heard = [fields(one, 2, "place") for one in places]
    for _, place in heard:
        number(place, "place")
    demand(rising([octets(device, 32, "device") for device, _ in heard]), "devices out of order")
    return len(heard)


def read_sealed(body):
    """A letter from outside: for how many at most, and which of three sizes (spec identity, rules 50 to 54)."""
    wraps, inside = fields(fields(body, 1, "record")[0], 2, "sealed")
    demand(len(items(wraps, "wraps")) in (2, 4, 8, 16), "another count of wraps")
    for wrap in wraps:
        octets(wrap, 80, "wrap")
    demand(len(octets(inside, None, "body")) in (1024 + 16, 4096 + 16, 32768 + 16), "another size")
    return {"says": "letter"}


RECORDS = [
    read_begun,
    read_set,
    read_said,
    lambda body: read_about(fields(body, 1, "record")[0]),
    read_mute,
    read_sealed,
]


# --- letters (rule 25), and what peers tell each other (rule 32) ---------------------------------------------


def read_letter(data, _finds):
    demand(len(data) <= 32768 - 4, "too long")
    persons, inside = fields(decode(data), 2, "letter")
    check_persons(persons, 2, 16)
    conversation = direct_id(persons)
    kind, body = numbered(inside, "inside")
    demand(kind in (0, 1), "an unknown thing in a letter")
    (what,) = fields(body, 1, "inside")
    return {
        "conversation": conversation.hex(),
        "inside": read_message(conversation, what) if kind == 0 else read_about(what),
    }


def read_between_peers(data, _finds):
    demand(len(data) <= 4 * 1024, "too long")
    kind, body = numbered(decode(data), "message")
    demand(kind in (0, 1), "an unknown message")
    if kind == 0:
        web, places = fields(body, 2, "have")
        return {"web": octets(web, 32, "web").hex(), "places": read_places(places)}
    web, conversation, turn = fields(body, 3, "read")
    demand(is_direct(octets(conversation, 16, "conversation")), "read in a room")
    demand(number(turn, "turn") <= TURN_MAX, "no turn")
    return {"web": octets(web, 32, "web").hex(), "room": conversation.hex(), "turn": str(turn)}


READERS = {"talk-record": read_record, "talk-letter": read_letter, "talk-message": read_between_peers}
