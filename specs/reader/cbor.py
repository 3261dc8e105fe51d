"""Deterministic CBOR (RFC 8949 section 4.2.1), read and written, and what is asked of a field. Nothing else of Althing."""


class Refused(Exception):
    """The bytes are not what they should be."""


def demand(condition, why):
    if not condition:
        raise Refused(why)


def decode(data):
    value, rest = decode_item(data, 0)
    demand(rest == len(data), "bytes after the end")
    return value


def decode_item(data, at, depth=0):
    demand(depth < 16, "nested too deeply")
    demand(at < len(data), "ends too early")
    major, small = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        demand(small in (20, 21, 22), "a simple value that no format uses")
        return {20: False, 21: True, 22: None}[small], at
    if small < 24:
        number = small
    else:
        demand(small in (24, 25, 26, 27), "an indefinite or reserved length")
        size = 1 << (small - 24)
        demand(at + size <= len(data), "ends too early")
        number = int.from_bytes(data[at : at + size], "big")
        at += size
        least = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[size]
        demand(number >= least, "a number longer than it need be")
    if major == 0:
        return number, at
    if major in (2, 3):
        demand(at + number <= len(data), "ends too early")
        piece = data[at : at + number]
        if major == 3:
            try:
                piece = piece.decode()
            except UnicodeDecodeError:
                raise Refused("text that is not UTF-8")
        return piece, at + number
    demand(major == 4, "a CBOR type that no format uses")
    demand(number <= len(data), "more items than bytes")
    items = []
    for _ in range(number):
        item, at = decode_item(data, at, depth + 1)
        items.append(item)
    return items, at


def encode(value):
    """The one encoding of a value."""
    if value is None or isinstance(value, bool):
        return bytes([0xE0 | {False: 20, True: 21, None: 22}[value]])
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(encode(item) for item in value)


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    power = next(power for power in range(4) if number < 1 << (8 << power))
    return bytes([major << 5 | 24 + power]) + number.to_bytes(1 << power, "big")


def fields(value, count, what):
    demand(isinstance(value, list) and len(value) == count, f"{what}: not {count} fields")
    return value


def number(value, what):
    demand(isinstance(value, int) and not isinstance(value, bool), f"{what}: not a number")
    return value


def octets(value, size, what):
    demand(isinstance(value, bytes) and (size is None or len(value) == size), f"{what}: not {size} bytes")
    return value


def text(value, what):
    demand(isinstance(value, str), f"{what}: not text")
    return value


def truth(value, what):
    demand(isinstance(value, bool), f"{what}: neither yes nor no")
    return value


def items(value, what):
    demand(isinstance(value, list), f"{what}: not an array")
    return value


def numbered(value, what):
    """An array `[number, [fields]]`: of which kind, and the fields."""
    kind, body = fields(value, 2, what)
    return number(kind, what), items(body, what)


def rising(items):
    return all(a < b for a, b in zip(items, items[1:]))


# Unicode `White_Space`; Python's own idea of it has four characters more.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
