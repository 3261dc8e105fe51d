"""A second, independent reader of Althing's formats: checks the vectors and exported webs.

Written from the specs, not from the Rust code. Uses libsodium (PyNaCl), BLAKE3 and zstandard for the primitives; the
CBOR decoder, bech32m and HPKE (RFC 9180, base mode) are its own, so that both sides would have to err alike.

    reader.py vectors FOLDER     checks accept.json and refuse.json, and those of services
    reader.py web FOLDER         checks every entry of a web written by `althing export`
"""

import hashlib
import hmac
import ipaddress
import json
import pathlib
import re
import sys

import blake3
import nacl.bindings as sodium
import zstandard

import compute
import guard
import ledger
import pages
import post
import talk
import tunnels
from cbor import Refused, decode, decode_item, demand, fields, number, octets, rising
from signing import signed_by

ENTRY_SIZE_MAX = 512 * 1024
ZERO = bytes(32)


# --- primitives ----------------------------------------------------------------------------------------------


def derive(context, *parts):
    return blake3.blake3(b"".join(parts), derive_key_context=context).digest()


def hkdf_extract(salt, key):
    return hmac.new(salt or bytes(32), key, hashlib.sha256).digest()


def hkdf_expand(key, info, length):
    out, block, count = b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([count]), hashlib.sha256).digest()
        out, count = out + block, count + 1
    return out[:length]


def labeled_extract(suite, salt, label, key):
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + key)


def labeled_expand(suite, key, label, info, length):
    return hkdf_expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


KEM = b"KEM" + (0x20).to_bytes(2, "big")
SUITE = b"HPKE" + (0x20).to_bytes(2, "big") + (1).to_bytes(2, "big") + (3).to_bytes(2, "big")


def person_keys(seed):
    """RFC 9180 section 7.1.3, DeriveKeyPair of X25519."""
    secret = labeled_expand(KEM, labeled_extract(KEM, b"", b"dkp_prk", seed), b"sk", b"", 32)
    return secret, sodium.crypto_scalarmult_base(secret)


def hpke_open(secret, public, sealed, info, aad):
    encapsulated, ciphertext = sealed[:32], sealed[32:]
    shared = sodium.crypto_scalarmult(secret, encapsulated)
    prk = labeled_extract(KEM, b"", b"eae_prk", shared)
    shared = labeled_expand(KEM, prk, b"shared_secret", encapsulated + public, 32)
    context = b"\0" + labeled_extract(SUITE, b"", b"psk_id_hash", b"") + labeled_extract(SUITE, b"", b"info_hash", info)
    secret = labeled_extract(SUITE, shared, b"secret", b"")
    key = labeled_expand(SUITE, secret, b"key", context, 32)
    nonce = labeled_expand(SUITE, secret, b"base_nonce", context, 12)
    return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(ciphertext, aad, nonce, key)


# --- formats -------------------------------------------------------------------------------------------------


def read_inception(data):
    demand(len(data) <= 512, "too long")
    signed, by_recovery, by_device = fields(decode(data), 3, "inception")
    version, recovery, device, person_key = fields(signed, 4, "inception")
    demand(version == 1, "a later version")
    for key in (recovery, device, person_key):
        octets(key, 32, "key")
    # The signed part starts after the array head; it is encoded as it stands.
    covered = data[1 : 1 + item_length(data, 1)]
    for key, signature in ((recovery, by_recovery), (device, by_device)):
        demand(signed_by(key, "althing/inception/1", covered, octets(signature, 64, "signature")), "bad signature")
    return {
        "person": derive("althing person v1", data).hex(),
        "device": device.hex(),
        "person_key": person_key.hex(),
    }


def item_length(data, at):
    return decode_item(data, at)[1] - at


def read_entry(data):
    demand(64 <= len(data) <= ENTRY_SIZE_MAX, "size")
    signature, signed = data[:64], data[64:]
    version, web, log, author, seq, previous, body = fields(decode(signed), 7, "entry")
    demand(version == 1, "a later version")
    octets(web, 32, "web")
    octets(author, 32, "author")
    octets(previous, 32, "previous")
    octets(body, None, "body")
    demand(log in (0, 1), "an unknown log")
    demand(number(seq, "seq") >= 1 and (seq == 1) == (previous == ZERO), "place and previous do not agree")
    demand(signed_by(author, "althing/entry/1", signed, signature), "bad signature")
    entry = {"id": blake3.blake3(data).digest().hex(), "web": web.hex(), "author": author.hex(), "seq": str(seq)}
    return entry, log, previous, body


def read_operation(data):
    demand(len(data) <= 384 * 1024, "too long")
    deps, lamport, time, action = fields(decode(data), 4, "operation")
    demand(isinstance(deps, list) and len(deps) <= 16, "dependencies")
    for dep in deps:
        octets(dep, 32, "dependency")
    demand(all(a < b for a, b in zip(deps, deps[1:])), "dependencies out of order")
    number(time, "time")
    kind, body = fields(action, 2, "action")
    shapes = {0: 2, 1: 5, 2: 1, 3: 3, 4: 1, 5: 3, 6: 2, 7: 0, 8: 3, 9: 6, 10: 1, 11: 3, 12: 3, 13: 2}
    demand(kind in shapes, "an unknown action")
    # Rule 80: a chain and a key may follow; what is not there at the end is left out.
    more = {0: range(3), 3: range(3), 12: range(2), 13: range(2)}.get(kind, range(1))
    demand(isinstance(body, list) and len(body) - shapes[kind] in more, "action: fields")
    demand(len(body) == shapes[kind] or body[-1] is not None, "action: nothing at its end")
    demand((kind == 0) == (not deps) and (kind == 0) == (number(lamport, "lamport") == 1), "genesis and dependencies")
    demand(lamport >= 1, "lamport")
    if kind == 0:
        read_inception(octets(body[1], None, "inception"))
    if kind == 1:
        demand(1 <= number(body[3], "uses") <= 10_000, "uses")
    if kind == 3:
        read_inception(octets(body[2], None, "inception"))
    if kind in (0, 3) and len(body) > shapes[kind]:
        read_chain(body[shapes[kind]])
        demand(len(body) == shapes[kind] + 1 or len(octets(body[-1], 32, "key")) == 32, "key")
    if kind == 9:
        read_dismissal(body)
    if kind == 11:
        octets(body[0], 32, "person"), octets(body[1], 32, "device"), octets(body[2], 64, "proof")
    if kind == 12:
        demand(len(body[0]) <= 16 and rising(body[0]), "revoked devices")
        demand(len(body[1]) <= 128 and rising([(cut[0], cut[1], cut[2]) for cut in body[1]]), "cuts")
        read_rotation(body[2])
        if len(body) == 4:
            read_new_words(body[3])
    if kind == 13:
        read_inception(octets(body[0], None, "inception"))
        octets(body[1], 64, "proof")
        demand(len(body) == 2 or octets(body[2], 32, "key"), "key")
    if kind == 8:
        demand(len(body[1]) <= 3000 and len(body[2]) <= 64, "wraps")
    if kind == 10:
        addresses, relay, mirror, broker = fields(body[0], 4, "serving")
        demand(isinstance(addresses, list) and len(addresses) <= 8, "addresses")
        demand(all(is_address(address) for address in addresses), "an address")
        demand(relay is None or is_relay(relay), "a relay")
        demand(mirror is None or number(mirror, "mirror") >= 0, "mirror")
        demand(isinstance(broker, bool), "broker")
    return deps, lamport, kind, body


def read_dismissal(body):
    """Spec governance rule 81."""
    by, person, admission, same, cuts, signatures = body
    octets(by, 32, "by"), octets(person, 32, "person"), octets(admission, 32, "admission")
    demand(same is None or octets(same, 32, "same") is not None, "same")
    demand(len(cuts) <= 128 and rising([(cut[0], cut[1], cut[2]) for cut in cuts]), "cuts")
    demand(1 <= len(signatures) <= 256 and rising([one[0] for one in signatures]), "signatures")
    for one in signatures:
        device, lamport, signature = fields(one, 3, "signature")
        octets(device, 32, "device"), octets(signature, 64, "signature"), number(lamport, "lamport")


def check_dismissal(web, body):
    """Spec governance rule 81: what the signatures cover."""
    by, person, admission, same, _, signatures = body
    for device, lamport, signature in signatures:
        covered = web + by + person + admission + (same or bytes(32)) + lamport.to_bytes(8, "big")
        demand(signed_by(device, "althing/dismiss/1", covered, signature), "a signature of a dismissal")


def read_chain(chain):
    """Spec governance rule 80: from the inception's device to the author."""
    demand(chain is None or 1 <= len(chain) <= 8, "chain")
    for statement in chain or []:
        demand(len(statement) in (3, 4), "statement")
        device, by_recovery, signature = statement[:3]
        octets(device, 32, "device"), octets(signature, 64, "signature")
        # Rule 94: about new words; the new key has signed, too.
        demand(len(statement) == 3 or octets(statement[3], 64, "signature"), "signature")
        demand(isinstance(by_recovery, bool), "by recovery")


def read_new_words(words):
    """Spec governance rule 90."""
    person, change, older = fields(words, 3, "new words")
    old, new, by_old, by_new = fields(change, 4, "change")
    octets(person, 32, "person"), octets(old, 32, "old"), octets(new, 32, "new")
    octets(by_old, 64, "signature"), octets(by_new, 64, "signature")
    demand(len(older) <= 64, "older keys")
    for one in older:
        key, sealed = fields(one, 2, "older key")
        octets(key, 32, "key"), octets(sealed, 80, "sealed")


def check_new_words(words):
    """Spec governance rule 90: both keys sign."""
    person, (old, new, by_old, by_new), _ = words
    demand(old != new, "the same words")
    demand(signed_by(old, "althing/words/1", person + old + new, by_old), "the old key's signature")
    demand(signed_by(new, "althing/new-words/1", person + old + new, by_new), "the new key's signature")


def read_rotation(rotation):
    """Spec governance rule 77."""
    key, wraps, recovery = fields(rotation, 3, "rotation")
    octets(key, 32, "key"), octets(recovery, 80, "wrap")
    demand(len(wraps) <= 16, "wraps")
    for wrap in wraps:
        device, sealed = fields(wrap, 2, "wrap")
        octets(device, 32, "device"), octets(sealed, 80, "wrap")
    demand(rising([wrap[0] for wrap in wraps]), "wraps out of order")


def read_ours(ours):
    devices, webs = fields(ours, 2, "ours")
    for device, consent, name in devices:
        octets(device, 32, "device"), octets(consent, 64, "consent")
        demand(isinstance(name, str), "name")
    for web, genesis, name in webs:
        demand(octets(web, 32, "web") is not None and isinstance(name, str), "web")
        demand(read_entry(genesis)[0]["web"] == ZERO.hex(), "a genesis")


def read_device_message(data):
    """What the devices of one person say to each other (spec identity, rules 30 to 36 and 60 to 66)."""
    demand(len(data) <= 64 * 1024, "too long")
    tag, body = fields(decode(data), 2, "message")
    says = {6: "pair", 7: "paired", 8: "ours", 9: "recovering", 10: "recovered"}
    demand(tag in says, "an unknown message")
    if tag == 6:
        proof, consent, name = fields(body, 3, "pair")
        octets(proof, 64, "proof"), octets(consent, 64, "consent")
    if tag == 7:
        inception, chain, key, secret, name, ours = fields(body, 6, "paired")
        read_inception(inception), read_chain(chain), octets(secret, 80, "secret"), read_ours(ours)
        demand(key is None or octets(key, 32, "key"), "key")
    if tag == 8:
        read_ours(fields(body, 1, "ours")[0])
    if tag == 9:
        recovery, proof = fields(body, 2, "recovering")
        octets(recovery, 32, "recovery"), octets(proof, 64, "proof")
    if tag == 10:
        demand(len(body) in (3, 4), "recovered")
        inception, name, webs = body[:3]
        read_chain(body[3] if len(body) == 4 else None)
        demand(not webs or read_inception(inception), "inception")
        for web in webs:
            demand(len(web) in (5, 6), "web")
            demand(read_entry(web[1])[0]["web"] == ZERO.hex() and rising(web[3]), "web")
            if len(web) == 6:
                key, sealed = fields(web[5], 2, "key")
                octets(key, 32, "key"), octets(sealed, 80, "sealed")
    return {"says": says[tag]}


def read_device_link(data):
    prefix, body = bech32m(data.decode())
    demand(prefix == "althingdevice", "another kind of text")
    version, person, secret, expires, door, name = fields(decode(body), 6, "device link")
    demand(version == 1, "a later version")
    public, _ = sodium.crypto_sign_seed_keypair(octets(secret, 32, "secret"))
    return {"person": octets(person, 32, "person").hex(), "key": public.hex(), "name": name}


def read_door_link(data):
    prefix, body = bech32m(data.decode())
    demand(prefix == "althingdoor", "another kind of text")
    version, doors = fields(decode(body), 2, "address link")
    demand(version == 1 and 1 <= len(doors) <= 4, "doors")
    return {"doors": " ".join(octets(door[0], 32, "device").hex() for door in doors)}


def open_for_device(secret, sealed, purpose, context):
    """HPKE to the X25519 form of an Ed25519 key (spec governance rule 77)."""
    public, private = sodium.crypto_sign_seed_keypair(secret)
    scalar = sodium.crypto_sign_ed25519_sk_to_curve25519(private)
    return hpke_open(scalar, sodium.crypto_sign_ed25519_pk_to_curve25519(public), sealed, purpose, context)


def is_relay(text):
    """The one spelling of a relay's URL (spec governance rule 66)."""
    match = re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-fA-F:.]+\]):([1-9][0-9]{0,4})/", text)
    return match is not None and len(text) <= 128 and int(match.group(2)) <= 65535


def is_address(text):
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        return len(text) <= 128 and 0 <= int(port) <= 65535
    except ValueError:
        return is_relay(text)


def open_batch(entry, body, epoch_key):
    governance, key, nonce, sealed = fields(decode(body), 4, "batch")
    demand(len(governance) <= 16 and all(a < b for a, b in zip(governance, governance[1:])), "governance heads")
    demand(derive("althing epoch id v1", epoch_key) == key, "another key")
    context = bytes.fromhex(entry["web"]) + bytes.fromhex(entry["author"]) + int(entry["seq"]).to_bytes(8, "big")
    cipher = derive("althing record key v1", epoch_key)
    compressed = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, context, nonce, cipher)
    plain = zstandard.ZstdDecompressor().decompress(compressed, max_output_size=1 << 20)
    records = decode(plain)
    demand(len(records) <= 256, "too many records")
    return key, [tuple(fields(record, 2, "record")) for record in records]


SEGMENT, TAG = 64 * 1024, 16


def open_sealed(data, epoch_key, content, size):
    """A sealed copy of a content (spec sealed)."""
    count = -(-size // SEGMENT)
    demand(size > 0 and len(data) == size + TAG * count, "another length")
    key = blake3.blake3(content, key=derive("althing sealed storage v1", epoch_key)).digest()
    plain = bytearray()
    for index in range(count):
        part = data[index * (SEGMENT + TAG) : (index + 1) * (SEGMENT + TAG)]
        nonce = bytes(3) + index.to_bytes(8, "big") + bytes([index == count - 1])
        try:
            plain += sodium.crypto_aead_chacha20poly1305_ietf_decrypt(part, None, nonce, key)
        except Exception:
            raise Refused(f"segment {index} does not open")
    demand(blake3.blake3(bytes(plain)).digest() == content, "opens to another content")


CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def open_dht(value, finds):
    """spec dht rules 2 to 6; what is found has to be what was said, under the name that members compute."""
    epoch_key, web, device = (bytes.fromhex(finds[name]) for name in ("epoch_key", "web", "device"))
    context = web + device + int(finds["slot"]).to_bytes(8, "big")
    seed = blake3.blake3(context, key=derive("althing dht name v1", epoch_key)).digest()
    demand(len(value) == 900, "not of the one size")
    try:
        key = derive("althing dht address v1", epoch_key)
        plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(value[24:], context, value[:24], key)
    except Exception as cause:
        raise Refused("does not open") from cause
    length = int.from_bytes(plain[:2], "big")
    demand(length <= 858 and not any(plain[2 + length :]), "length or padding")
    said, addresses, signature = fields(decode(plain[2 : 2 + length]), 3, "record")
    demand(isinstance(addresses, list) and len(addresses) <= 8, "addresses")
    demand(all(isinstance(address, str) for address in addresses), "addresses")
    # The signature covers the two fields before it, as an array of their own.
    first = 2 + 1
    covered = plain[first : first + item_length(plain, first)]
    covered += plain[first + len(covered) :][: item_length(plain, first + len(covered))]
    slot = int(finds["slot"]).to_bytes(8, "big")
    is_said = signed_by(device, "althing/dht/1", web + slot + b"\x82" + covered, octets(signature, 64, "signature"))
    demand(is_said, "not said by the device")
    item, _ = sodium.crypto_sign_seed_keypair(seed)
    return dict(finds, item=item.hex(), number=str(number(said, "number")), addresses=" ".join(addresses))


def bech32m(text):
    demand(text.lower() == text or text.upper() == text, "mixed case")
    prefix, mark, data = text.lower().rpartition("1")
    demand(mark and len(data) >= 6 and all(letter in CHARSET for letter in data), "not bech32m")
    values = [CHARSET.index(letter) for letter in data]
    check = 1
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    for value in expanded + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    demand(check == 0x2BC830A3, "the checksum does not match")
    bits, count, out = 0, 0, bytearray()
    for value in values[:-6]:
        bits, count = (bits << 5 | value) & 0xFFF, count + 5
        if count >= 8:
            count -= 8
            out.append(bits >> count & 0xFF)
    demand(count < 5 and bits & ((1 << count) - 1) == 0, "padding")
    return prefix, bytes(out)


def read_ticket(data):
    demand(data, "nothing")
    prefix, body = bech32m(data.decode())
    demand(prefix == "althing", "another kind of text")
    # The version comes first, whatever a later Althing puts after it (spec tickets rule 5).
    demand(len(body) > 1 and body[0] >> 5 == 4 and body[0] & 31 < 24, "ticket")
    demand(number(decode_item(body, 1)[0], "version") <= 1, "a later version")
    ticket = decode(body)
    demand(isinstance(ticket, list) and len(ticket) in (7, 8), "ticket")
    version, web, secret, expires, doors, web_name, inviter = ticket[:7]
    demand(version == 1, "a later version")
    demand(len(doors) <= 4, "doors")
    octets(web, 32, "web")
    public, _ = sodium.crypto_sign_seed_keypair(octets(secret, 32, "secret"))
    return {"web": web.hex(), "id": public.hex(), "web_name": web_name}


def read_safety(data):
    prefix, body = bech32m(data.decode())
    demand(prefix == "althingperson", "another kind of text")
    version, person, other = fields(decode(body), 3, "safety link")
    demand(number(version, "version") == 1, "a later version")
    pair = sorted([octets(person, 32, "person"), octets(other, 32, "other")])
    digits = blake3.blake3(b"".join(pair), derive_key_context="althing safety code v1").digest(length=80)
    groups = [int.from_bytes(digits[at : at + 8], "big") % 100_000 for at in range(0, 80, 8)]
    return {"person": person.hex(), "other": other.hex(), "code": " ".join(f"{group:05}" for group in groups)}


# --- search (specs/search.md) ---------------------------------------------------------------------------------


def read_search_message(data):
    demand(len(data) <= 96 * 1024, "too long")
    kind, body = fields(decode(data), 2, "message")
    demand(kind in range(7), "an unknown message")
    fields(body, {0: 4, 1: 3, 2: 4, 3: 4, 4: 2, 5: 5, 6: 3}[kind], "message")
    web, question = octets(body[0], 32, "web"), number(body[1], "question")
    if kind in (0, 2, 5):
        read_search_words(body[2], body[3])
    elif kind in (1, 3):
        read_search_texts(body[2])
    if kind == 5:
        read_search_contents(body[4])
    if kind == 6:
        snippets = [fields(one, 3, "snippet") for one in body[2]]
        read_search_contents([content for content, _, _ in snippets])
        for _, snippet, marks in snippets:
            read_search_snippet(snippet, marks)
    if kind == 3:
        read = [fields(one, 2, "read") for one in body[3]]
        demand(len(read) <= 2000, "too many devices")
        demand(all(one[0] < two[0] for one, two in zip(read, read[1:])), "devices out of order")
    return {"web": web.hex(), "question": str(question)}


def read_search_words(words, phrases):
    demand(1 <= len(words) <= 16 and len(phrases) <= 16, "too many or too few")
    demand(all(isinstance(word, str) and 1 <= len(word.encode()) <= 64 for word in words), "a word")
    for phrase in phrases:
        first, count = fields(phrase, 2, "phrase")
        demand(number(count, "count") >= 2 and number(first, "first") + count <= len(words), "a phrase")


def read_search_texts(texts):
    documents, _, found_in, hits = fields(texts, 4, "texts")
    demand(len(hits) <= 64 and len(found_in) <= 16, "too many")
    demand(all(number(count, "count") <= documents for count in found_in), "found in more texts than there are")
    for hit in hits:
        content, counts, length, snippet, marks = fields(hit, 5, "hit")
        octets(content, 32, "content")
        demand(len(counts) <= 16 and sum(counts) <= length, "counts")
        read_search_snippet(snippet, marks)


def read_search_contents(contents):
    demand(len(contents) <= 16, "too many texts")
    contents = [octets(content, 32, "content") for content in contents]
    demand(all(one < two for one, two in zip(contents, contents[1:])), "texts out of order")


def read_search_snippet(snippet, marks):
    snippet, last = snippet.encode(), 0
    demand(len(snippet) <= 400, "a snippet too long")
    for mark in marks:
        start, end = fields(mark, 2, "mark")
        demand(last <= start < end <= len(snippet), "marks out of order")
        demand(all(at == len(snippet) or snippet[at] & 0xC0 != 0x80 for at in (start, end)), "a letter cut")
        last = end


def read_search_summary(data):
    demand(len(data) <= 120 * 1024 + 256, "too long")
    summary = decode(data)
    demand(isinstance(summary, list) and len(summary) in (2, 3), "summary: not 2 or 3 fields")
    # Whoever has too many words leaves the filter out: it wants to be asked always.
    version, key, filter = summary if len(summary) == 3 else summary + [None]
    demand(len(summary) == 2 or isinstance(filter, bytes), "a filter that is none")
    demand(version == 1, "a later version")
    octets(key, 32, "key")
    if filter:
        demand(13 < len(filter) <= 120 * 1024, "a filter of the wrong length")
        width, segments = filter[8], int.from_bytes(filter[9:13], "big")
        demand(width <= 18 and segments > 0, "a filter's head")
        demand(len(filter) == 13 + ((segments + 2) << width), "a filter of the wrong length")
    return key, filter


MASK = (1 << 64) - 1


def may_have(filter, word_number):
    if filter is None:
        return True
    if not filter:
        return False
    seed, width, segments = int.from_bytes(filter[:8], "big"), filter[8], int.from_bytes(filter[9:13], "big")
    mixed = (word_number + seed) & MASK
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed = ((mixed ^ mixed >> 33) * factor) & MASK
    mixed ^= mixed >> 33
    inside = (1 << width) - 1
    first = mixed * (segments << width) >> 64
    second = first + (1 << width) ^ (mixed >> 18 & inside)
    third = first + (2 << width) ^ (mixed & inside)
    found = filter[13 + first] ^ filter[13 + second] ^ filter[13 + third]
    return found == (mixed ^ mixed >> 32) & 0xFF


def find_in_summary(data, finds):
    key, filter = read_search_summary(data)
    if not finds:
        return finds
    epoch_key = bytes.fromhex(finds["epoch_key"])
    demand(derive("althing epoch id v1", epoch_key) == key, "another key")
    secret = derive("althing search summary v1", epoch_key)

    def has(word):
        return may_have(filter, int.from_bytes(blake3.blake3(word.encode(), key=secret).digest()[:8], "big"))

    found = {word: has(word) for name in ("has", "lacks") for word in finds[name].split()}
    return dict(
        finds,
        has=" ".join(word for word, is_there in found.items() if is_there),
        lacks=" ".join(word for word, is_there in found.items() if not is_there),
    )


# --- personal state (spec identity, rules 50 to 54 and 80 to 85) -----------------------------------------------


def open_marks(data, finds):
    demand(len(data) <= 8192, "too long")
    kind, body = fields(decode(data), 2, "record")
    demand(kind == 4, "another record")
    wraps, body = fields(fields(body, 1, "record of marks")[0], 2, "sealed record")
    demand(isinstance(wraps, list) and len(wraps) == 2, "another count of wraps")
    demand(len(octets(body, None, "body")) in (1024 + TAG, 4096 + TAG), "another size")
    context = bytes.fromhex(finds["web"]) + bytes.fromhex(finds["author"])
    secret, public = person_keys(bytes.fromhex(finds["person_seed"]))
    content = None
    for wrap in wraps:
        octets(wrap, 80, "wrap")
        try:
            content = hpke_open(secret, public, wrap, b"althing/sealed/1", context)
        except Exception:
            continue
    demand(content is not None, "for somebody else")
    key = derive("althing sealed record v1", content)
    padded = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(body, context, bytes(24), key)
    length = int.from_bytes(padded[:4], "big")
    demand(length + 4 <= len(padded), "a length that lies")
    key, marks = fields(decode(padded[4 : 4 + length]), 2, "marks")
    octets(key, 32, "key")
    demand(isinstance(marks, list), "no list of marks")
    return [read_mark(mark) for mark in marks]


def read_mark(mark):
    demand(isinstance(mark, list) and len(mark) in (4, 5), "mark: not 4 or 5 fields")
    kind, about, count, by = mark[:4]
    value = octets(mark[4], None, "value") if len(mark) == 5 else None
    return number(kind, "kind"), octets(about, None, "about"), number(count, "count"), octets(by, 32, "by"), value


def find_marks(data, finds):
    known = {}
    for record in [*map(bytes.fromhex, finds["before"]), data]:
        for kind, about, count, by, value in open_marks(record, finds):
            # No value is before any; a tuple compares as the rule does.
            new = (count, by, value is not None, value or b"")
            old = known.get((kind, about))
            is_far = not 0 < count <= (old[0] if old else 0) + (1 << 20)
            is_long = len(about) > 64 or len(value or b"") > 1024
            if not is_far and not is_long and (old is None or new > old):
                known[kind, about] = new
    lines = [
        f"{kind} {about.hex()} {count} {by.hex()} {value.hex() if is_there else '-'}"
        for (kind, about), (count, by, is_there, value) in sorted(known.items())
    ]
    return dict(finds, marks=lines)


# --- checking ------------------------------------------------------------------------------------------------


def find(vector):
    kind, data, finds = vector["kind"], bytes.fromhex(vector["bytes"]), vector["finds"]
    if kind == "inception":
        return read_inception(data)
    if kind == "safety":
        return read_safety(data)
    if kind == "entry":
        entry, log, _, body = read_entry(data)
        if log == 0:
            _, _, action, fields_of = read_operation(body)
            if action == 9:
                check_dismissal(bytes.fromhex(entry["web"]), fields_of)
            if action == 12 and len(fields_of) == 4:
                check_new_words(fields_of[3])
        return entry
    if kind == "web":
        read_entry(data)
        return {"web": derive("althing web v1", data).hex()}
    if kind == "operation":
        return read_operation(data)
    if kind == "batch":
        entry, _, _, body = read_entry(data)
        key, records = open_batch(entry, body, bytes.fromhex(finds["epoch_key"]))
        return {
            "id": entry["id"],
            "epoch_key": finds["epoch_key"],
            "key": key.hex(),
            "service": records[0][0],
            "body": records[0][1].hex(),
        }
    if kind == "wrap":
        secret, public = person_keys(bytes.fromhex(finds["person_seed"]))
        opened = hpke_open(secret, public, data, finds["purpose"].encode(), bytes.fromhex(finds["context"]))
        return dict(finds, opens=opened.hex())
    if kind == "device-wrap":
        secret, context = bytes.fromhex(finds["secret"]), bytes.fromhex(finds["context"])
        return dict(finds, opens=open_for_device(secret, data, finds["purpose"].encode(), context).hex())
    if kind == "device-message":
        return read_device_message(data)
    if kind == "device-link":
        return read_device_link(data)
    if kind == "door-link":
        return read_door_link(data)
    if kind == "ticket":
        return read_ticket(data)
    if kind == "sealed":
        epoch_key, content = bytes.fromhex(finds["epoch_key"]), bytes.fromhex(finds["content"])
        open_sealed(data, epoch_key, content, int(finds["size"]))
        return dict(finds, sealed=blake3.blake3(data).hexdigest())
    if kind == "dht":
        return open_dht(data, finds)
    if kind in ("sync", "join-message"):
        tag, body = fields(decode(data), 2, "message")
        return {"web": octets(body[0], 32, "web").hex()}
    if kind == "marks":
        return find_marks(data, finds)
    if kind == "search-message":
        return read_search_message(data)
    if kind == "search-summary":
        return find_in_summary(data, finds)
    if kind in pages.READERS:
        return pages.READERS[kind](data, finds)
    if kind in ledger.READERS:
        return ledger.READERS[kind](data, finds)
    if kind in compute.READERS:
        return compute.READERS[kind](data, finds)
    if kind in talk.READERS:
        return talk.READERS[kind](data, finds)
    if kind in guard.READERS:
        return guard.READERS[kind](data, finds)
    if kind in post.READERS:
        return post.READERS[kind](data, finds)
    if kind in tunnels.READERS:
        return tunnels.READERS[kind](data, finds)
    raise AssertionError(f"no reader for {kind}")


def vectors_of(folder, name):
    services = ("", "search-", "people-", "pages-", "ledger-", "compute-", "talk-", "tunnels-", "post-", "guard-")
    files = [folder / f"{service}{name}" for service in services]
    return [vector for file in files for vector in json.loads(file.read_text())]


def check_vectors(folder):
    passed = failed = 0
    for vector in vectors_of(folder, "accept.json"):
        found = find(vector)
        if found == vector["finds"]:
            passed += 1
        else:
            failed += 1
            print(f"accept {vector['kind']} {vector['name']}: found {found}")
    for vector in vectors_of(folder, "refuse.json"):
        try:
            find(vector)
            failed += 1
            print(f"refuse {vector['kind']} {vector['name']}: was accepted")
        except Refused as refused:
            why = vector["finds"].get("why", str(refused))
            if why == str(refused):
                passed += 1
            else:
                failed += 1
                print(f"refuse {vector['kind']} {vector['name']}: because of {refused!r}, not {why!r}")
    return passed, failed


def check_web(folder):
    """Checks every entry: bytes, signature, id, chain, and that every dependency is there."""
    manifest = json.loads((folder / "manifest.json").read_text())
    chains, ids, deps = {}, set(), set()
    names = sorted((folder / "entries").iterdir())
    for name in names:
        data = name.read_bytes()
        entry, log, previous, body = read_entry(data)
        is_genesis = entry["web"] == ZERO.hex()
        web = derive("althing web v1", data).hex() if is_genesis else entry["web"]
        demand(web == manifest["web"], f"{name.name}: of another web")
        ids.add(bytes.fromhex(entry["id"]))
        chains.setdefault((entry["author"], log), {})[int(entry["seq"])] = (previous, bytes.fromhex(entry["id"]))
        if log == 0:
            deps.update(read_operation(body)[0])
    for (author, log), chain in chains.items():
        demand(sorted(chain) == list(range(1, len(chain) + 1)), f"{author} log {log}: a gap")
        for seq in range(2, len(chain) + 1):
            demand(chain[seq][0] == chain[seq - 1][1], f"{author} log {log}: broken at {seq}")
    demand(deps <= ids, "a dependency is missing")
    return len(names), 0


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("vectors", "web"):
        sys.exit(__doc__)
    check = {"vectors": check_vectors, "web": check_web}[sys.argv[1]]
    try:
        passed, failed = check(pathlib.Path(sys.argv[2]))
    except Refused as why:
        print(f"refused: {why}")
        passed, failed = 0, 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
