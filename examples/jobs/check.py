#!/usr/bin/env python3
"""Checks the programs of this folder: every claim of README.md, one line each. Exit status 1 if one of them fails.

    pip install numpy wasmtime
    ./check.py              all
    ./check.py risk texts   these

Needs gcc for the comparison with the computer's own code. Building again needs clang-19 and lld-19, the comparison with
another processor gcc-aarch64-linux-gnu and qemu-user: without them it says so and goes on. Takes about a minute.
"""

import math
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np

import reference
import stitch
from harness import HERE, Foreign, UnitFailed, join_parts, native, wasm

PROGRAMS = ["count", "sum", "words", "merge", "risk", "risk-sum", "spectrum", "tracer", "primes"]
STARTED = time.monotonic()
failures = 0


def report(passed: bool, claim: str, facts: str = "") -> None:
    global failures
    failures += not passed
    print(f"{'ok    ' if passed else 'FAILED'}  {claim}{': ' if facts else ''}{facts}", flush=True)


def last_words(program: str, *unit) -> str:
    try:
        wasm(program).run(*unit)
        return "it did not fail"
    except UnitFailed as failure:
        return str(failure)


# ------------------------------------------------------------------------------------------------ all programs


def check_build() -> None:
    if not (shutil.which("clang-19") and shutil.which("wasm-ld-19")):
        print("-       the .wasm files are made of these sources: not checked, clang-19 and lld-19 are not here")
        return
    out = tempfile.mkdtemp()
    subprocess.run([HERE / "build.sh"], env={**os.environ, "OUT": out}, check=True)
    different = [
        p for p in PROGRAMS if (pathlib.Path(out) / f"{p}.wasm").read_bytes() != (HERE / f"{p}.wasm").read_bytes()
    ]
    report(not different, "the .wasm files are made of these sources, byte for byte", " ".join(different))


def check_interface() -> None:
    wrong = []
    for name in PROGRAMS:
        module = wasm(name).module
        needed = {"memory", "althing_alloc", "althing_log"}
        needed |= {"althing_begin", "althing_step"} if name == "primes" else {"althing_run"}
        if list(module.imports) or {export.name for export in module.exports} != needed:
            wrong.append(name)
    sizes = ", ".join(f"{name} {(HERE / f'{name}.wasm').stat().st_size}" for name in PROGRAMS)
    report(
        not wrong,
        "no program imports anything, each exports what it must and no more",
        " ".join(wrong) or f"bytes: {sizes}",
    )


def check_failing() -> None:
    said = {
        last_words("sum", 0, "", b"seven\n"): "a number was expected",
        last_words("risk", 0, "paths=10"): "the arguments have no option: call S0=100 K=105 r=0.03 sigma=0.2 T=1",
        last_words("spectrum", 9, "chunks=9"): "there are fewer chunks than that",
        last_words("tracer", 0, "width=0"): "a size is out of range",
        last_words("primes", 10**9, ""): "primes are counted up to 10^15",
        last_words("merge", 0, "", b"word\t1\n"): "this is not an index of words",
    }
    wrong = [text for text, expected in said.items() if text != expected]
    report(not wrong, "a program that fails says why", "; ".join(wrong) or f"{len(said)} reasons")


# ------------------------------------------------------------------------------------------------ texts


def documents() -> list[bytes]:
    """The texts of this repository, and what has ever broken a reader of text."""
    root = HERE.parent.parent
    found = sorted(
        [*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("specs/*.md"), *HERE.glob("*.c"), *HERE.glob("*.wasm")]
    )
    texts = [path.read_bytes() for path in found]
    texts += [
        b"",
        b"\n",
        b"a",
        b"ab",
        b"A" * 40,
        b"A" * 41,
        b"no newline at the end",
        b"tail \xc3",
        b"bad \xff utf",
        b"zero \0 byte",
    ]
    texts += ["Straße ÜBER über — “quoted” naïve × 日本語のテキスト、終 \ufeffmark 😀 ½ Ω".encode()]
    chance = random.Random(1)
    letters = ["a", "B", "z", " ", "\n", "é", "—", "9", "文", "😀"]
    texts += ["".join(chance.choices(letters, k=chance.randrange(400))).encode() for _ in range(100)]
    texts += [
        bytes(chance.choices(b"ab \xc3\xa9\xe2\x80\x94\xf0\x9f\x98\x80", k=chance.randrange(12))) for _ in range(300)
    ]
    # More different words than the table has places at first.
    texts += [" ".join(f"w{chance.randrange(50000)}" for _ in range(100000)).encode()]
    return texts


def reduce_by_levels(program, parts: list[bytes], width: int) -> bytes:
    while len(parts) > 1:
        parts = [program.run(0, "", join_parts(parts[i : i + width])) for i in range(0, len(parts), width)]
    return parts[0]


def check_texts() -> None:
    texts = documents()
    count, words, total = wasm("count"), wasm("words"), wasm("sum")
    counts = [count.run(i, "", text) for i, text in enumerate(texts)]
    wrong = [i for i, text in enumerate(texts) if counts[i] != reference.count(text)]
    report(
        not wrong,
        "count: lines, words and bytes are those of Python",
        f"{len(texts)} files, {sum(map(len, texts))} bytes",
    )
    columns = np.array([[int(number) for number in line.split()] for line in counts]).sum(axis=0)
    expected = b"%d %d %d\n" % tuple(columns.tolist())
    trees = {reduce_by_levels(total, counts, width) for width in (2, 7, 1000)}
    report(trees == {expected}, "sum: the columns add up, whatever the tree", expected.decode().strip())
    wide = total.run(0, "", join_parts([b"18446744073709551614 1", b"1\n\n0 0 5\n"]))
    too_large = last_words("sum", 0, "", join_parts([b"18446744073709551615", b"1"]))
    report(
        wide == b"18446744073709551615 1 5\n" and too_large == "a sum does not fit 64 bits",
        "sum: 64 bits are kept, more are refused",
    )

    indexes = [words.run(i, "", text) for i, text in enumerate(texts)]
    wrong = [i for i, text in enumerate(texts) if indexes[i] != reference.index({i: text})]
    empty = sum(not index for index in indexes)
    report(
        not wrong,
        "words: each index is that of collections.Counter",
        f"{len(texts)} files, {empty} of them empty or no text" + str(wrong or ""),
    )
    again = native("words")
    report(
        [again.run(i, "", text) for i, text in enumerate(texts)] == indexes,
        "words: the same C by gcc gives the same bytes",
    )
    expected, merge = reference.index(dict(enumerate(texts))), wasm("merge")
    shuffled = random.Random(2).sample(indexes, len(indexes))
    trees = {reduce_by_levels(merge, parts, width) for parts in (indexes, shuffled) for width in (2, 7, 1000)}
    report(
        trees == {expected},
        "merge: one index, whatever the tree and the order",
        f"{expected.count(chr(10).encode())} words, {len(expected)} bytes",
    )
    twice = merge.run(0, "", join_parts([b"ab\t1:2 3:1\n", b"ab\t1:5 2:1\nb\xc3\xa9\t9:1\n"]))
    report(twice == b"ab\t1:7 2:1 3:1\nb\xc3\xa9\t9:1\n", "merge: counts of the same document are added")


# ------------------------------------------------------------------------------------------------ numbers


def check_maths() -> None:
    report(
        reference.philox_is_right(),
        "philox: the published vectors",
        "of the reference, with which risk and spectrum agree bit for bit",
    )
    x = np.random.default_rng(1).uniform(1e-10, 1, 200000)
    turns, powers = (
        np.random.default_rng(2).uniform(-100, 100, 200000),
        np.random.default_rng(3).uniform(-50, 50, 200000),
    )
    sine, _ = reference.sine_cosine(turns)
    errors = [
        np.max(np.abs(reference.log_of(x) / np.log(x) - 1)),
        np.max(np.abs(reference.exp_of(powers) / np.exp(powers) - 1)),
        np.max(np.abs(sine - np.sin(2 * np.pi * (turns - np.round(turns))))),
    ]
    facts = "log {:.0e}, exp {:.0e}, sine {:.0e}".format(*errors)
    report(max(errors) < 2e-15, "maths: log, exp and sine differ from numpy's by rounding only", facts)


BOOK = (
    "seed=7 paths={paths} ; call S0=100 K=105 r=0.03 sigma=0.2 T=1 ; put K=95 ; put K=90 T=0.5"
    " ; call S0=42.5 K=30 r=0 sigma=0.65 T=2.25"
)
OPTIONS = [
    dict(kind="call", S0="100", K="105", r="0.03", sigma="0.2", T="1"),
    dict(kind="put", S0="100", K="95", r="0.03", sigma="0.2", T="1"),
    dict(kind="put", S0="100", K="90", r="0.03", sigma="0.2", T="0.5"),
    dict(kind="call", S0="42.5", K="30", r="0", sigma="0.65", T="2.25"),
]


def check_risk() -> None:
    risk, add = wasm("risk"), wasm("risk-sum")
    cases = [(paths, unit) for paths in (1, 1023, 1024, 30001) for unit in (0, 1, 2**40 + 5)]
    equal = [
        risk.run(unit, BOOK.format(paths=paths)) == reference.risk(OPTIONS, 7, paths, unit) for paths, unit in cases
    ]
    report(all(equal), "risk: bit for bit what numpy computes", f"{len(cases)} units of up to 30001 paths, 4 options")
    by_gcc = native("risk")
    equal = [risk.run(unit, BOOK.format(paths=5000)) == by_gcc.run(unit, BOOK.format(paths=5000)) for unit in range(20)]
    report(all(equal), "risk: the same C by gcc gives the same bytes", "20 units")
    short = risk.run(3, "S0=100 K=105 r=0.03 sigma=0.2 T=1 paths=1000 seed=7")
    report(short.startswith(b"call S0=100 K=105 r=0.03 sigma=0.2 T=1\tpaths=1000 "), "risk: one option needs no list")
    parts = [risk.run(unit, BOOK.format(paths=100000)) for unit in range(40)]
    trees = {
        reduce_by_levels(add, random.Random(seed).sample(parts, 40), width) for seed in range(3) for width in (2, 7, 40)
    }
    report(len(trees) == 1, "risk-sum: the same bits, whatever the tree and the order", "9 trees of 40 units")
    facts, passed = [], True
    for line, option in zip(trees.pop().decode().splitlines(), OPTIONS):
        values = dict(word.split("=") for word in line.split("\t")[1].split())
        price, squares, paths = (float.fromhex(values["sum"]), float.fromhex(values["squares"]), int(values["paths"]))
        price /= paths
        sigmas = (price - reference.black_scholes(option)) / math.sqrt((squares / paths - price**2) / paths)
        passed &= abs(sigmas) < 3 and paths == 4_000_000 and abs(price - float(values["price"])) < 1e-6
        facts.append(f"{price:.4f} ({sigmas:+.1f} sigma)")
    report(passed, "risk: prices are within 3 sigma of Black and Scholes", ", ".join(facts))


# ------------------------------------------------------------------------------------------------ spectrum


def candidates(output: bytes) -> list[tuple]:
    lines = [line.split() for line in output.decode().splitlines()]
    return [(int(unit), int(frequency), int(drift), float(power)) for unit, frequency, drift, power in lines]


def check_spectrum() -> None:
    chance, search = random.Random(4), wasm("spectrum")
    plants = []
    for unit in range(30):  # Far enough from each other that they are two.
        plants.append((unit, chance.randrange(200, 1800), chance.uniform(-15, 15), chance.uniform(4, 10)))
        plants.append(
            (
                unit,
                chance.randrange(2200, 3800) + chance.choice([0, 0.5]),
                chance.uniform(-15, 15),
                chance.uniform(4, 10),
            )
        )
    plants = [(u, round(f, 1), round(d, 2), round(s, 2)) for u, f, d, s in plants]
    arguments = "seed=3 chunks=130 plant=" + ",".join(":".join(map(str, plant)) for plant in plants)
    outputs = [search.run(unit, arguments) for unit in range(130)]
    found = [candidate for output in outputs for candidate in candidates(output)]
    is_match = lambda plant, c: c[0] == plant[0] and abs(c[1] - plant[1]) <= 2 and abs(c[2] - plant[2]) <= 2
    recall = sum(any(is_match(plant, candidate) for candidate in found) for plant in plants)
    extra = [
        candidate
        for candidate in found
        if candidate[0] < 30 and not any(is_match(plant, candidate) for plant in plants)
    ]
    report(
        recall == len(plants),
        "spectrum: carriers of strength 4 to 10 are found",
        f"{recall} of {len(plants)}, in 30 chunks",
    )
    report(not extra, "spectrum: nothing else is found beside them", f"{len(extra)} false" + str(extra or ""))
    false = [candidate for candidate in found if candidate[0] >= 30]
    report(not false, "spectrum: nothing is found in chunks of noise alone", f"{len(false)} false in 100 chunks")
    weak = "seed=3 plant=" + ",".join(f"{unit}:1000.5:3.5:1" for unit in range(20))
    missed = sum(not search.run(unit, weak) for unit in range(20))
    print(
        f"        (for comparison: of carriers of strength 1 at the worst frequency and drift {20 - missed} of 20 are found)"
    )

    passed, most = True, 0.0
    for unit in (0, 7, 18, 29, 31, 77):
        expected, got = reference.spectrum(3, unit, plants), candidates(outputs[unit])
        passed &= [(f, d) for f, d, _ in expected] == [(f, d) for _, f, d, _ in got]
        most = max([most, *(abs(a[2] / b[3] - 1) for a, b in zip(expected, got))])
    report(
        passed and most < 1e-3,
        "spectrum: numpy's FFT finds the same in the same samples",
        f"6 chunks, powers differ by {most:.0e} at most",
    )
    by_gcc = native("spectrum")
    report(
        [by_gcc.run(unit, arguments) for unit in range(25, 35)] == outputs[25:35],
        "spectrum: the same C by gcc gives the same bytes",
        "10 chunks",
    )


# ------------------------------------------------------------------------------------------------ pictures and primes


def pixels_of(png: bytes) -> tuple[int, int, bytes]:
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    start = png.index(b"IDAT")
    rows, above, out = (
        zlib.decompress(png[start + 4 : start + 4 + int.from_bytes(png[start - 4 : start], "big")]),
        bytes(width * 3),
        b"",
    )
    for y in range(height):
        row = rows[y * (width * 3 + 1) + 1 : (y + 1) * (width * 3 + 1)]
        above = bytes((a + b) & 255 for a, b in zip(row, above))
        out += above
    return width, height, out


def check_tracer() -> None:
    arguments, tracer = "width=160 height=90 tile={tile} frame=0 frames=8 samples=4", wasm("tracer")
    pictures = {}
    for tile in (32, 50, 200):
        tiles_a_frame = math.ceil(160 / tile) * math.ceil(90 / tile)
        pictures[tile] = [tracer.run(unit, arguments.format(tile=tile)) for unit in range(tiles_a_frame * 3)]
    for options in ("-O3", "-O0"):
        by_gcc = native("tracer", options)
        equal = [by_gcc.run(unit, arguments.format(tile=32)) == output for unit, output in enumerate(pictures[32])]
        report(
            all(equal), f"tracer: the same C by gcc {options} gives the same bytes", f"{len(equal)} tiles of 3 frames"
        )
    frames = [stitch.frames_of(tiles) for tiles in pictures.values()]
    report(frames[0] == frames[1] == frames[2], "tracer: frames don't depend on the size of tiles", "3 sizes")
    one = pictures[32][:15]
    report(
        pixels_of(stitch.png(one)) == (160, 90, stitch.frames_of(one)[2][0]),
        "stitch: the PNG holds the pixels of the tiles",
    )
    later = [tracer.run(unit, arguments.format(tile=32).replace("frame=0", "frame=2")) for unit in range(15)]
    report(later == pictures[32][30:] and later != one, "tracer: frame= says where the animation begins")
    animation = stitch.png(pictures[32])
    report(animation.count(b"fcTL") == 3 and animation.count(b"fdAT") == 2, "stitch: several frames make an animation")


def check_primes() -> None:
    primes = wasm("primes")
    units = [(unit, size) for size in (1, 2, 3, 10, 1001, 524288, 524289) for unit in (0, 1, 2, 3)]
    wrong = [
        case
        for case in units
        if primes.run(case[0], f"size={case[1]}")
        != b"%d\n" % reference.primes(case[0] * case[1], (case[0] + 1) * case[1])
    ]
    report(not wrong, "primes: each range has as many as a sieve in Python", f"{len(units)} ranges {wrong or ''}")
    parts = [primes.run(unit, "size=100000000") for unit in range(3)]
    total = wasm("sum").run(0, "", join_parts(parts))
    report(total == b"16252325\n", "primes: below 3 * 10^8 there are 16252325", "the published number")
    whole, moves = primes.run_moving(2, "size=400000000", steps_each=1)
    report(
        whole == primes.run(2, "size=400000000"),
        "primes: carried to another computer after each step, it ends the same",
        f"{moves} moves, {whole.decode().strip()} primes",
    )


def check_repetition() -> None:
    cases = {
        "count": ("", b"one two\n" * 1000),
        "words": ("", " ".join(map(str, range(5000))).encode()),
        "sum": ("", b"1 2\n3 4\n"),
        "risk": (BOOK.format(paths=2000), b""),
        "spectrum": ("seed=1 plant=3:100:1:5", b""),
        "primes": ("size=1000000", b""),
        "tracer": ("width=64 height=36 tile=32 samples=4", b""),
    }
    wrong = []
    for name, (arguments, data) in cases.items():
        program, outputs = wasm(name), set()
        for _ in range(3 if name == "spectrum" else 50):
            outputs.add(program.run(3, arguments, data))
        wrong += [name] * (len(outputs) != 1)
    report(
        not wrong, "all: the same unit again gives the same bytes", " ".join(wrong) or "50 times each, spectrum 3 times"
    )


def check_foreign() -> None:
    if not all(map(shutil.which, Foreign.TOOLS)):
        print(f"-       the same bytes on AArch64: not checked, {' and '.join(Foreign.TOOLS)} are not here")
        return
    cases = {
        "risk": (BOOK.format(paths=20000), [0, 1, 2]),
        "spectrum": ("seed=3 plant=0:1000.5:3.5:5,1:77:-8.1:4", [0, 1]),
        "tracer": ("width=160 height=90 tile=32 samples=4", [0, 6, 7, 8, 11, 12]),
    }
    wrong = []
    for name, (arguments, units) in cases.items():
        here, there = wasm(name), Foreign(HERE / f"{name}.c")
        wrong += [name for unit in units if here.run(unit, arguments) != there.run(unit, arguments)]
    report(not wrong, "risk, spectrum, tracer: the same bytes as AArch64 code by qemu", " ".join(wrong) or "11 units")


CHECKS = {name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")}


def main() -> None:
    chosen = sys.argv[1:] or CHECKS
    if unknown := [name for name in chosen if name not in CHECKS]:
        sys.exit(f"there is no check {' '.join(unknown)}; there are: {' '.join(CHECKS)}")
    for name in chosen:
        try:
            CHECKS[name]()
        except Exception as error:  # One program that breaks must not hide what the others do.
            report(False, f"{name}: the check came to its end", repr(error))
    print(f"{failures} failed" if failures else "all is well", f"({time.monotonic() - STARTED:.0f} s)")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
