"""What the programs should give, said a second time in Python: for check.py only.

Numbers: the same operations on float64 in the same order as maths.h and philox.h, so that every bit has to agree.
"""

import collections
import math
import re

import numpy as np

F, U = np.float64, np.uint64

# ---------------------------------------------------------------------------------------------- words and counts


def count(text: bytes) -> bytes:
    return b"%d %d %d\n" % (text.count(b"\n"), len(text.split()), len(text))


def is_letter(character: str) -> bool:
    code = ord(character)
    if code < 0x80:
        return character.isalnum()
    signs = [
        (0x80, 0xC0),
        (0xD7, 0xD8),
        (0xF7, 0xF8),
        (0x2000, 0x2C00),
        (0x3000, 0x3040),
        (0xFEFF, 0xFF00),
        (0xFFFD, 0xFFFE),
    ]
    return not any(low <= code < high for low, high in signs)


def words(data: bytes) -> collections.Counter:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return collections.Counter()
    if "\0" in text:
        return collections.Counter()
    spaced = "".join(character if is_letter(character) else " " for character in text)
    small = re.sub("[A-Z]", lambda match: match[0].lower(), spaced).encode()
    return collections.Counter(word for word in small.split(b" ") if 2 <= len(word) <= 40)


def index(documents: dict[int, bytes]) -> bytes:
    postings = collections.defaultdict(list)
    for document in sorted(documents):
        for word, times in words(documents[document]).items():
            postings[word].append(b"%d:%d" % (document, times))
    return b"".join(word + b"\t" + b" ".join(postings[word]) + b"\n" for word in sorted(postings))


# ---------------------------------------------------------------------------------------------- numbers


def bits_of(x):
    return np.asarray(x, F).view(U)


def double_of(bits):
    return np.asarray(bits, U).view(F)


def round_even(x):
    return (x + F(1.5 * 2.0**52)) - F(1.5 * 2.0**52)


def log_of(x):
    bits = bits_of(x) + U(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
    power = double_of(U(0x4330000000000000) | bits >> U(52)) - F(2.0**52 + 1023)
    m = double_of((bits & U(0xFFFFFFFFFFFFF)) + U(0x3FE6A09E667F3BCD))
    s = (m - 1) / (m + 1)
    q = s * s
    total = F(1.0 / 21)
    for n in (19, 17, 15, 13, 11, 9, 7, 5, 3):
        total = total * q + F(1.0 / n)
    tail = 2 * (s * q * total)
    return power * F(float.fromhex("0x1.62e42fefa39efp-1")) + (2 * s + tail)


def exp_of(x):
    power = round_even(x * F(float.fromhex("0x1.71547652b82fep+0")))
    r = (x - power * F(float.fromhex("0x1.62e42feep-1"))) - power * F(float.fromhex("0x1.a39ef35793c76p-33"))
    total = F(1.0 / math.factorial(13))
    for n in range(12, -1, -1):
        total = total * r + F(1.0 / math.factorial(n))
    return total * double_of((bits_of(power + F(1.5 * 2.0**52)) + U(1023)) << U(52))


def sine_cosine(turns):
    quarters = round_even(turns * 4)
    y = (turns - quarters * 0.25) * F(float.fromhex("0x1.921fb54442d18p+2"))
    q = y * y
    s = F(1.0 / math.factorial(17))
    for n, sign in zip((15, 13, 11, 9, 7, 5, 3), (-1, 1, -1, 1, -1, 1, -1)):
        s = s * q + F(sign * (1.0 / math.factorial(n)))
    s = s * q * y + y
    c = F(1.0 / math.factorial(16))
    for n, sign in zip((14, 12, 10, 8, 6, 4, 2, 0), (-1, 1, -1, 1, -1, 1, -1, 1)):
        c = c * q + F(sign * (1.0 / math.factorial(n)))
    quarter = bits_of(quarters + F(1.5 * 2.0**52))
    swap = (quarter & U(1)).astype(bool)
    sine, cosine = np.where(swap, c, s), np.where(swap, s, c)
    sine = double_of(bits_of(sine) ^ (quarter & U(2)) << U(62))
    cosine = double_of(bits_of(cosine) ^ ((quarter + U(1)) & U(2)) << U(62))
    return sine, cosine


def philox(seed: int, unit: int, n):
    """Returns the four words of each counter in the array `n`."""
    low = U(0xFFFFFFFF)
    n = np.asarray(n, U)
    a, b = n & low, n >> U(32)
    c, d = np.full_like(n, unit & 0xFFFFFFFF), np.full_like(n, unit >> 32)
    key_a, key_b = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        product_a, product_c = U(0xD2511F53) * a, U(0xCD9E8D57) * c
        a, b, c, d = (
            (product_c >> U(32)) ^ b ^ U(key_a),
            product_c & low,
            (product_a >> U(32)) ^ d ^ U(key_b),
            product_a & low,
        )
        key_a, key_b = (key_a + 0x9E3779B9) & 0xFFFFFFFF, (key_b + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([a, b, c, d], axis=-1)


def normals(seed: int, unit: int, count: int):
    random = philox(seed, unit, np.arange((count + 3) // 4))
    fraction = (random.astype(F) + 0.5) * F(2.0**-32)
    radius = np.sqrt(-2 * log_of(fraction[:, 0::2]))
    sine, cosine = sine_cosine(fraction[:, 1::2])
    return np.stack([radius * cosine, radius * sine], axis=-1).reshape(-1)[:count]


# ---------------------------------------------------------------------------------------------- risk


def exact(x: float) -> str:
    return float(x).hex()


def decimal(x: float) -> str:
    millionths = int(abs(x) * 1e6 + 0.5)
    return f"{'-' if x < 0 else ''}{millionths // 1000000}.{millionths % 1000000:06}"


def risk(book: list[dict], seed: int, paths: int, unit: int) -> bytes:
    random, lines = normals(seed, unit, paths), []
    for option in book:
        spot, strike, rate, sigma, years = (F(option[name]) for name in ("S0", "K", "r", "sigma", "T"))
        spread = sigma * np.sqrt(years)
        drift = log_of(spot) + (rate - sigma * sigma * 0.5) * years
        discount = exp_of(-(rate * years))
        price = exp_of(drift + spread * random)
        gain = (price - strike) * (-1.0 if option["kind"] == "put" else 1.0)
        paid = discount * np.where(gain > 0, gain, 0.0)
        rounded = (paid + F(1.5 * 2.0**36)) - F(1.5 * 2.0**36)
        squares = (rounded * rounded + F(1.5 * 2.0**42)) - F(1.5 * 2.0**42)
        total, total_squares = float(rounded.sum()), float(squares.sum())
        mean = total / paths
        error = math.sqrt(max(total_squares / paths - mean * mean, 0) / paths)
        name = " ".join([option["kind"]] + [f"{key}={option[key]}" for key in ("S0", "K", "r", "sigma", "T")])
        lines.append(
            f"{name}\tpaths={paths} sum={exact(total)} squares={exact(total_squares)}"
            f" price={decimal(mean)} error={decimal(error)}\n"
        )
    return "".join(lines).encode()


def black_scholes(option: dict) -> float:
    spot, strike, rate, sigma, years = (float(option[name]) for name in ("S0", "K", "r", "sigma", "T"))
    below = lambda x: 0.5 * math.erfc(-x / math.sqrt(2))
    a = (math.log(spot / strike) + (rate + sigma * sigma / 2) * years) / (sigma * math.sqrt(years))
    b, paid = a - sigma * math.sqrt(years), strike * math.exp(-rate * years)
    return spot * below(a) - paid * below(b) if option["kind"] == "call" else paid * below(-b) - spot * below(-a)


# ---------------------------------------------------------------------------------------------- spectrum

CHANNELS, SPECTRA = 4096, 64
SAMPLES = CHANNELS * SPECTRA


def recording(seed: int, unit: int, plants: list[tuple]):
    axes = normals(seed, unit, 2 * SAMPLES).reshape(-1, 2)
    time = np.arange(SAMPLES, dtype=F)
    for number, frequency, drift, strength in plants:
        if number != unit:
            continue
        turns = (F(frequency) + F(drift) * time * F(0.5 / SAMPLES)) * time * F(1.0 / CHANNELS)
        sine, cosine = sine_cosine(turns - round_even(turns))
        amplitude = np.sqrt(2 * F(strength) / CHANNELS)
        axes[:, 0] += amplitude * cosine
        axes[:, 1] += amplitude * sine
    return np.where(axes < 0, -1.0, 1.0) * np.where(np.abs(axes) < 0.98, 1.0, 3.0)


def spectrum(seed: int, unit: int, plants: list[tuple], threshold: float = 2.0) -> list[tuple]:
    """Returns (frequency, drift, power) of each candidate, by numpy's transform in double precision."""
    axes = recording(seed, unit, plants)
    samples, time = axes[:, 0] + 1j * axes[:, 1], np.arange(SAMPLES, dtype=F)
    best, drifts = np.zeros(CHANNELS), np.zeros(CHANNELS, int)
    for drift in range(-16, 17):
        turned = samples * np.exp(-2j * np.pi * (drift * time * time / (2.0 * CHANNELS * SAMPLES)))
        power = (np.abs(np.fft.fft(turned.reshape(SPECTRA, CHANNELS), axis=1)) ** 2).sum(axis=0)
        drifts = np.where(power > best, drift, drifts)
        best = np.maximum(power, best)
    best /= (axes**2).sum()
    around = np.stack([np.roll(best, shift) for shift in range(-20, 21)]).max(axis=0)
    return [(int(k), int(drifts[k]), float(best[k])) for k in np.flatnonzero((best > threshold) & (best == around))]


# ---------------------------------------------------------------------------------------------- primes


def primes(start: int, end: int) -> int:
    sieve = np.ones(end, bool)
    sieve[:2] = False
    for n in range(2, math.isqrt(end) + 1):
        if sieve[n]:
            sieve[n * n :: n] = False
    return int(sieve[start:].sum())


# The numbers that the authors of Philox publish for everybody to compare with: counter, key, result.
PHILOX_KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def philox_is_right() -> bool:
    words_of = lambda text: [int(word, 16) for word in text.split()]
    pair = lambda low, high: low | high << 32
    for counter, key, result in PHILOX_KNOWN:
        c, k = words_of(counter), words_of(key)
        if philox(pair(*k), pair(c[2], c[3]), [pair(c[0], c[1])])[0].tolist() != words_of(result):
            return False
    return True
