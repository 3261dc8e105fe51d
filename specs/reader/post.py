"""A second reader of mail: records, what stands in letters, notes and what they lead to, folders, and whom a mail is from (specs/post.md)."""

import re
import unicodedata

import blake3

from cbor import WHITE_SPACE, decode, demand, fields, items, number, numbered, octets, rising, text

# Where the vectors stand: in the log of this device, in this web.
WEB, AUTHOR = b"\x51" * 32, b"\x11" * 32

RECORD_SIZE_MAX = 36 * 1024
LETTER_SIZE_MAX = 32768 - 4
PIECE_SIZE, IN_LETTERS_MAX, MESSAGE_SIZE_MAX, HEAD_SIZE_MAX = 32_000, 256_000, 1 << 31, 24_000
HOUSE = "althing.internal"


def hashed(context, *parts):
    return blake3.blake3(b"".join(parts), derive_key_context=context).digest(length=16)


# --- mails (rules 2 to 4 and 40) -----------------------------------------------------------------------------


def mail_id(at, digest):
    return hashed("althing mail 1", WEB, AUTHOR, at.to_bytes(8, "big"), digest).hex()


def read_record(data, _finds):
    demand(len(data) <= RECORD_SIZE_MAX, "too long")
    kind, body = numbered(decode(data), "record")
    demand(kind in (0, 1), "an unknown record")
    (what,) = fields(body, 1, "record")
    return read_sealed(what) if kind == 0 else read_inside(what, 0, 0)


def read_sealed(letter):
    """A letter from outside: for how many at most, and which of three sizes (spec identity, rules 50 to 54)."""
    wraps, inside = fields(letter, 2, "sealed")
    demand(len(items(wraps, "wraps")) in (2, 4, 8, 16), "another count of wraps")
    for wrap in wraps:
        octets(wrap, 80, "wrap")
    demand(len(octets(inside, None, "body")) in (1024 + 16, 4096 + 16, 32768 + 16), "another size")
    return {"says": "letter"}


def read_letter(data, _finds):
    demand(len(data) <= LETTER_SIZE_MAX, "too long")
    return read_inside(decode(data), 1, 16)


def read_inside(inside, least, most):
    kind, body = numbered(inside, "inside")
    demand(kind in (0, 1), "an unknown thing in a letter")
    (what,) = fields(body, 1, "inside")
    found, persons = (read_piece, read_large)[kind](what)
    demand(least <= len(items(persons, "persons")) <= most, "too many persons, or too few")
    demand(rising([octets(person, 32, "person") for person in persons]), "persons out of order")
    return {"persons": len(persons), **found}


def read_piece(piece):
    at, digest, size, index, persons, data = fields(piece, 6, "piece")
    octets(digest, 32, "digest"), octets(data, None, "bytes")
    demand(1 <= number(size, "size") <= IN_LETTERS_MAX, "a mail of another size")
    begins = PIECE_SIZE * number(index, "index")
    demand(begins < size and len(data) == min(size - begins, PIECE_SIZE), "a piece of another size")
    return {
        "says": "piece",
        "mail": mail_id(number(at, "at"), digest),
        "at": str(at),
        "size": str(size),
        "index": str(index),
        "of": str(-(-size // PIECE_SIZE)),
        "bytes": len(data),
    }, persons


def read_large(large):
    at, persons, top, body = fields(large, 4, "large mail")
    sealed, digest, size, secret = fields(body, 4, "body")
    octets(sealed, 32, "sealed"), octets(digest, 32, "digest"), octets(secret, 32, "secret")
    demand(len(octets(top, None, "head")) <= HEAD_SIZE_MAX, "a head too long")
    demand(number(size, "size") >= 1 and len(top) + size <= MESSAGE_SIZE_MAX, "a body of another size")
    return {
        "says": "large",
        "mail": mail_id(number(at, "at"), blake3.blake3(digest + top).digest()),
        "at": str(at),
        "size": str(size),
        "head": len(top),
        "sealed": sealed.hex(),
        # Spec sealed: 16 bytes more for each 64 KiB.
        "sealed_size": str(size + 16 * -(-size // 65536)),
    }, persons


# --- notes (rules 44 to 49) ----------------------------------------------------------------------------------

PLACES_MAX, FLAGS_SIZE_MAX, LEAP_MAX = 16, 1000, 1 << 20
FLAGS = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"}
KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,128}\Z")
FOLDERS = ("INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash")


def read_notes(data, _finds):
    demand(len(data) <= LETTER_SIZE_MAX, "too long")
    kind, body = numbered(decode(data), "inside")
    demand(kind == 2, "no notes")
    key, notes = fields(fields(body, 1, "inside")[0], 2, "notes")
    read = [read_note(note) for note in items(notes, "notes")]
    sound = [note for note in read if note["is_sound"]]
    return {"key": str(number(key, "key")), "taken": len(sound), "known": known_after(sound)}


def read_note(note):
    """What is not written as a note is refused with its letter; a note beyond a limit is left out (rule 45)."""
    kind, body = numbered(note, "note")
    demand(kind in (0, 1), "an unknown note")
    demand(len(body) == 4 or kind == 1 and len(body) in (2, 3), "note: not 4 fields")
    demand(body[-1] is not None, "what is left out is not written")
    thing, count, by, says = body + [None] * (4 - len(body))
    octets(thing, 16, "what it is about"), number(count, "count")
    demand(by is None or octets(by, 32, "by"), "by")
    if kind == 0:
        places = [fields(place, 2, "place") for place in items(says, "places")]
        says = [(octets(folder, 16, "folder"), items(flags, "flags")) for folder, flags in places]
        [text(flag, "flag") for _, flags in says for flag in flags]
        is_sound = len(says) <= PLACES_MAX and says == sorted(says) and all(are_flags(flags) for _, flags in says)
    else:
        is_sound = says is None or is_folder(text(says, "name"))
    return {
        "kind": kind,
        "thing": thing,
        "count": count,
        "by": by or AUTHOR,
        "says": says,
        "is_sound": is_sound and count > 0,
    }


def are_flags(flags):
    keywords = [flag for flag in flags if not flag.startswith("\\")]
    return (
        all(flag in FLAGS for flag in flags if flag.startswith("\\"))
        and all(KEYWORD.match(flag) for flag in keywords)
        and len(keywords) <= 64
        and rising(flags)
        and len({flag.lower() for flag in flags}) == len(flags)
        and sum(map(len, flags)) <= FLAGS_SIZE_MAX
    )


def is_folder(name):
    levels = name.split("/")
    return (
        len(name.encode()) <= 200
        and all(level and level == level.strip(WHITE_SPACE) for level in levels)
        and not any(letter == "\\" or unicodedata.category(letter) == "Cc" for letter in name)
        and (name.lower() != "inbox" or name == "INBOX")
    )


def folder_key(count, name):
    return hashed("althing mail folder 1", count.to_bytes(8, "big"), name.encode())


def known_after(notes):
    """The state of each thing, by rule 46, and how folders are shown, by rule 49."""
    always = {folder_key(0, name) for name in FOLDERS}
    known = ({}, {})
    for note in notes:
        states, thing = known[note["kind"]], note["thing"]
        before = states.get(thing)
        if note["kind"] == 1 and thing in always:
            continue
        if note["count"] > (before["count"] if before else 0) + LEAP_MAX:
            continue
        if before is None or rank(note) > rank(before):
            states[thing] = note
    mails, folders = known
    living = {key: state["says"] for key, state in sorted(folders.items()) if state["says"] is not None}
    return {
        "mails": [
            told(mails[mail], [[folder.hex(), flags] for folder, flags in mails[mail]["says"]]) for mail in sorted(mails)
        ],
        "folders": [told(folders[key], folders[key]["says"]) for key in sorted(folders)],
        "shown": [[key.hex(), name] for key, name in sorted(names_shown(living).items())],
    }


def rank(note):
    return not note["says"], note["count"], note["by"], note["says"]


def told(note, says):
    return [note["thing"].hex(), str(note["count"]), note["by"].hex(), says]


def names_shown(living):
    shown, taken, others = {}, set(FOLDERS), []
    for key, name in living.items():
        if name in taken:
            others.append((key, name))
        else:
            taken.add(name)
            shown[key] = name
    for key, name in others:
        count = 2
        while f"{name} ({count})" in taken:
            count += 1
        shown[key] = f"{name} ({count})"
        taken.add(shown[key])
    return shown


def read_folder(data, finds):
    name = data.decode()
    demand(is_folder(name), "no name of a folder")
    return {"number": finds["number"], "key": folder_key(int(finds["number"]), name).hex()}


# --- mails that are being written (rules 60 and 62) ----------------------------------------------------------


def read_draft(data, _finds):
    demand(len(data) <= 1024, "too long")
    at, to, subject, words = fields(decode(data), 4, "draft")
    return {
        "at": str(number(at, "at")),
        "to": text(to, "to"),
        "subject": text(subject, "subject"),
        "text": text(words, "text"),
    }


# --- whom a mail is from (rules 9 and 15 to 19) --------------------------------------------------------------

DROPPED = {"bcc", "return-path", "authentication-results"} | {
    f"resent-{name}" for name in ("from", "sender", "to", "cc", "bcc", "reply-to")
}


def read_head(data, finds):
    """Of every address the vector says whose it is: the author's, somebody else's, or nobody's."""
    head, body = split_mail(data)
    by_name = {}
    for name, raw in head:
        by_name.setdefault(name.lower(), []).append(raw)
    demand(len(by_name.get("from", [])) == 1 and len(by_name.get("sender", [])) <= 1, "not one From")
    lines = []
    for name, raw in head:
        if name.lower() in ("from", "sender"):
            raw = rewritten(name, raw, finds)
        if name.lower() not in DROPPED:
            lines.append(raw)
    return dict(finds, mail=(b"".join(lines) + body).hex())


def split_mail(data):
    """Fields, each with its name and bytes, and what follows from the empty line on; a line ends with CR LF."""
    head, at = [], 0
    while at < len(data) and not data.startswith(b"\r\n", at):
        begins = at
        while True:
            end = min((data.find(bytes([one]), at) % (len(data) + 1) for one in b"\r\n\0"))
            demand(data[end : end + 2] == b"\r\n", "a line without its end")
            at = end + 2
            if data[at : at + 1] not in (b" ", b"\t"):
                break
        raw = data[begins:at]
        name, colon, _ = raw.partition(b":")
        demand(colon and re.fullmatch(rb"[!-9;-~]+", name), "no field")
        head.append((name.decode(), raw))
    return head, data[at:] or b"\r\n"


def rewritten(name, raw, finds):
    value = raw.partition(b":")[2].replace(b"\r", b"").replace(b"\n", b"").decode().strip(WHITE_SPACE)
    named = read_named(value)
    words, address = named or ("", None)
    demand(address not in finds["others"], "somebody else's address")
    if address == finds["author"]:
        return raw
    return f"{name}: {words} <{finds['author']}>\r\n".encode() if words else f"{name}: {finds['author']}\r\n".encode()


def read_named(value):
    """One address in a plain form (rule 17), with the words before it; none if it is written otherwise."""
    if any(unicodedata.category(letter) == "Cc" and letter != "\t" for letter in value):
        return None
    words, address = "", value
    if value.endswith(">") and "<" in value:
        words, _, address = value[:-1].rpartition("<")
        words = words.strip(WHITE_SPACE)
    is_quoted = len(words) >= 2 and words[0] == words[-1] == '"'
    is_plain = not set(words[1:-1]) & set('"\\') if is_quoted else not set(words) & set('"\\()<>[]:;,@')
    address = address.lower()
    person, at, host = address.rpartition("@")
    web = host.removesuffix("." + HOUSE)
    is_ours = at and host != web and all(is_side(side) for side in (person, web)) and "." not in web
    return (words, address) if is_plain and is_ours else None


def is_side(side):
    return side and all(letter.isalnum() or letter in "-_.~+" for letter in side)


READERS = {
    "post-record": read_record,
    "post-letter": read_letter,
    "post-notes": read_notes,
    "post-folder": read_folder,
    "post-draft": read_draft,
    "post-head": read_head,
}
