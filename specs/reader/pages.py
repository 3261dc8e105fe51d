"""Reads links, and what members say about documents, sites and links of files (specs/pages.md).

Written from the spec. Of loro's updates it reads whose operations they hold and which (rule 13), not what becomes of the text.
"""

import re

import blake3

from cbor import WHITE_SPACE, Refused, decode, demand, fields, items, number, numbered, octets, text, truth

LINK_SIZE_MAX = 1000


# --- links (rules 1 to 4) -------------------------------------------------------------------------------------


def read_link(data, finds=None):
    try:
        link = data.decode().strip(WHITE_SPACE)
    except UnicodeDecodeError as cause:
        raise Refused("no UTF-8") from cause
    scheme = re.match(r"althing:|https?://althing\.localhost(:[0-9]*)?/go/", link)
    demand(scheme, "another scheme")
    rest = link[scheme.end() :]
    demand(len(f"althing:{rest}".encode()) <= LINK_SIZE_MAX, "too long")
    whole, _, part = rest.partition("#")
    demand(not part or is_range(part), "no range")
    written = "althing:" + write_target(whole) + (f"#{part}" if part else "")
    demand(len(written) <= LINK_SIZE_MAX, "too long once it is written")
    return {
        "link": written,
        "copy": written.replace("althing:", "http://althing.localhost/go/", 1),
        "range": part,
    }


def write_target(whole):
    web, ids = "[0-9a-f]{20}", {"content": 64, "document": 32, "person": 64}
    query = re.fullmatch(rf"(query/{web}\?q=)(.*)", whole, re.DOTALL)
    if query:
        return query.group(1) + percent(unpercent(query.group(2)))
    file = re.fullmatch(rf"file/{web}/[0-9a-f]{{32}}(/[0-9a-f]{{32}})?(@([1-9][0-9]*))?", whole)
    if file:
        demand(int(file.group(3) or 1) < 1 << 64, "a revision too great")
        return whole
    kind = whole.split("/")[0]
    is_plain = kind in ids and re.fullmatch(rf"{kind}/{web}/[0-9a-f]{{{ids[kind]}}}", whole)
    demand(is_plain or re.fullmatch(rf"web/{web}", whole), "no link")
    return whole


def is_range(part):
    is_kind = re.match(r"(lines|section|page|cells|t)=.", part)
    is_plain = all("!" <= letter <= "~" and letter not in "()<>[]\"'\\`#" for letter in part)
    return is_kind and is_plain and len(part) <= 300


def percent(words):
    plain = b"-._~!:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in words.encode())


def unpercent(words):
    demand(not re.search("%(?![0-9a-fA-F]{2})", words), "words cut off")
    plain = re.sub(rb"%(..)", lambda two: bytes([int(two.group(1), 16)]), words.encode(), flags=re.DOTALL)
    try:
        demand(plain.decode().strip(WHITE_SPACE), "no words")
    except UnicodeDecodeError as cause:
        raise Refused("words that are no UTF-8") from cause
    return plain.decode()


# --- records (rules 10 to 16) ---------------------------------------------------------------------------------


def read_statement(data, finds):
    demand(len(data) <= 128 * 1024, "too long")
    kind, body = numbered(decode(data), "statement")
    counts = {0: 2, 1: 3, 2: 4, 3: 3, 4: 5, 5: 5}
    demand(kind in counts, "an unknown statement")
    fields(body, counts[kind], "statement")
    web, author = bytes.fromhex(finds["web"]), bytes.fromhex(finds["author"])
    found = {"web": web.hex(), "author": author.hex()}
    if kind == 0:
        nonce, at = octets(body[0], 16, "nonce"), number(body[1], "at")
        return found | {"says": "begun", "at": str(at), "document": document_of(web, author, nonce).hex()}
    if kind == 1:
        document, at, update = body
        return found | {"says": "edited"} | read_edit(web, document, author, at, update)
    if kind == 2:
        document, of, at, update = body
        found |= {"says": "kept", "of": octets(of, 32, "of").hex()}
        return found | read_edit(web, document, of, at, update)
    if kind == 3:
        document, at, is_removed = body
        found |= {"says": "listed", "document": octets(document, 16, "document").hex()}
        return found | {"at": str(number(at, "at")), "is_removed": truth(is_removed, "is removed")}
    if kind == 4:
        return found | read_site(body)
    return found | read_links(body)


def document_of(web, author, nonce):
    return blake3.blake3(web + author + nonce, derive_key_context="althing document v1").digest()[:16]


def read_edit(web, document, of, at, update):
    octets(document, 16, "document"), number(at, "at"), octets(update, None, "update")
    demand(1 <= len(update) <= 64 * 1024, "an update of another length")
    found = read_update(update, {"web": web.hex(), "document": document.hex(), "author": of.hex()})
    found.pop("author")
    return found | {"at": str(at)}


def read_site(body):
    name, at, share, path, is_published = body
    demand(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text(name, "name")) and len(name) <= 20, "a site's name")
    demand(name not in ("view", "xn"), "a name that is kept")
    demand(len(text(path, "path").encode()) <= 4096, "a path too long")
    return {
        "says": "site",
        "name": name,
        "at": str(number(at, "at")),
        "share": octets(share, 16, "share").hex(),
        "path": path,
        "is_published": truth(is_published, "is published"),
    }


def read_links(body):
    share, file, at, content, links = body
    demand(len(items(links, "links")) <= 1000, "too many links")
    lines = []
    for one in links:
        link, words, line = fields(one, 3, "link")
        demand(len(text(link, "link").encode()) <= LINK_SIZE_MAX, "a link too long as it stands")
        demand(len(text(words, "words").encode()) <= 200, "words too long")
        read_link(link.encode())
        lines.append(f"{number(line, 'line')} {link} {words}")
    return {
        "says": "links",
        "share": octets(share, 16, "share").hex(),
        "file": octets(file, 16, "file").hex(),
        "at": str(number(at, "at")),
        "content": octets(content, 32, "content").hex(),
        "links": lines,
    }


# --- updates (rule 13) ----------------------------------------------------------------------------------------


def writer_of(web, document, device):
    key = blake3.blake3(web + document + device, derive_key_context="althing text writer v1").digest()
    return int.from_bytes(key[:8], "big") >> 1


def read_update(data, finds):
    web, document, author = (bytes.fromhex(finds[name]) for name in ("web", "document", "author"))
    writer = writer_of(web, document, author)
    demand(len(data) >= 22 and data[:4] == b"loro", "no bytes of loro")
    demand(xxh32(data[20:], int.from_bytes(b"LORO", "little")) == int.from_bytes(data[16:20], "little"), "damaged")
    demand(data[20:22] == b"\0\4", "not updates")
    blocks, at = [], 22
    while at < len(data):
        size, at = varint(data, at)
        demand(at + size <= len(data), "a block cut off")
        blocks.append(read_block(data[at : at + size]))
        at += size
    demand(blocks, "no operations")
    demand(all(peer == writer for peer, _, _ in blocks), "another's operations")
    return {
        "web": web.hex(),
        "document": document.hex(),
        "author": author.hex(),
        "writer": str(writer),
        "from": str(min(first for _, first, _ in blocks)),
        "to": str(max(end for _, _, end in blocks)),
    }


def read_block(block):
    """The head of a block: its writer, its first operation, and the one behind its last."""
    numbers, at = [], 0
    for _ in range(6):
        value, at = varint(block, at)
        numbers.append(value)
    first, length, _, _, _, size = numbers
    header = block[at : at + size]
    peers, at = varint(header, 0)
    demand(peers >= 1 and len(header) == size and at + 8 * peers <= size, "a block's head")
    return int.from_bytes(header[at : at + 8], "little"), first, first + length


def varint(data, at):
    """LEB128, without a sign."""
    value = shift = 0
    while True:
        demand(at < len(data) and shift < 64, "a number cut off")
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


def xxh32(data, seed):
    """XXH32, by its specification (xxhash.com)."""
    one, two, three, four, five = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    mask = 0xFFFFFFFF

    def turn(value, by):
        return (value << by | value >> 32 - by) & mask

    def lanes(at):
        return (int.from_bytes(data[at + 4 * lane : at + 4 * lane + 4], "little") for lane in range(4))

    at, sums = 0, [seed + one + two & mask, seed + two & mask, seed, seed - one & mask]
    while at + 16 <= len(data):
        sums = [turn(old + lane * two & mask, 13) * one & mask for old, lane in zip(sums, lanes(at))]
        at += 16
    turned = sum(turn(value, by) for value, by in zip(sums, (1, 7, 12, 18)))
    value = (turned if len(data) >= 16 else seed + five) + len(data) & mask
    while at + 4 <= len(data):
        value = turn(value + int.from_bytes(data[at : at + 4], "little") * three & mask, 17) * four & mask
        at += 4
    for byte in data[at:]:
        value = turn(value + byte * five & mask, 11) * one & mask
    value = (value ^ value >> 15) * two & mask
    value = (value ^ value >> 13) * three & mask
    return value ^ value >> 16


# --- live messages (rule 19) and addresses of sites (rule 41) --------------------------------------------------


def read_message(data, finds):
    demand(len(data) <= 1024, "too long")
    kind, body = numbered(decode(data), "message")
    demand(kind in (0, 1), "an unknown message")
    demand(len(body) == 2 or (kind == 0 and len(body) == 3), "message: fields")
    cursor = None
    if len(body) == 3:
        places = [octets(place, None, "place") for place in fields(body[2], 2, "cursor")]
        demand(all(len(place) <= 128 for place in places), "a place too long")
        cursor = " ".join(place.hex() for place in places)
    return {
        "says": ("here", "gone")[kind],
        "web": octets(body[0], 32, "web").hex(),
        "document": octets(body[1], 16, "document").hex(),
        "cursor": cursor,
    }


def name_in_label(name, digits):
    small = name.lower()
    plain = re.sub("[^a-z0-9]+", "-", small).strip("-")
    if plain == small and 1 <= len(plain) <= 12 and not re.search("(^|-)[0-9a-f]{6}$", plain):
        return plain
    return "-".join(part for part in (plain[:5].strip("-"), digits) if part)


def read_label(data, finds):
    owner = name_in_label(finds["owner"], finds["owner_id"][:6])
    web = name_in_label(finds["web"], finds["web_id"][:6])
    demand(data.decode() == f"{finds['name']}--{owner}--{web}", f"not {finds['name']}--{owner}--{web}")
    return finds


READERS = {
    "pages-link": read_link,
    "pages-statement": read_statement,
    "pages-update": read_update,
    "pages-message": read_message,
    "pages-label": read_label,
}
