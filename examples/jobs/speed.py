#!/usr/bin/env python3
"""Measures what the sandbox costs: each kernel as WebAssembly and as the computer's own code (gcc -O3), in turns.

    pip install wasmtime
    ./speed.py

Best of some runs each, on one core, including the fresh instance that every unit gets. Both give the same bytes, which
is checked again here. Fused multiply-add is off for both: with it gcc would be faster, and its results its own.
"""

import random
import time

from harness import native, wasm

ROUNDS = 7


def text() -> bytes:
    """4 MB with words as unequally frequent as in a language."""
    chance = random.Random(1)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    lexicon = ["".join(chance.choices(letters, k=chance.randrange(2, 11))) for _ in range(30000)]
    words = chance.choices(lexicon, weights=[1 / (rank + 10) for rank in range(len(lexicon))], k=700000)
    return " ".join(words).encode()[:4_000_000]


KERNELS = {
    "risk": ("seed=7 paths=1000000 ; call S0=100 K=105 r=0.03 sigma=0.2 T=1", b""),
    "spectrum": ("seed=1", b""),
    "tracer": ("width=640 height=360 tile=64 samples=64", b""),
    "words": ("", text()),
}
UNITS = {"tracer": 24}  # In the middle of the picture.


def seconds(program, unit: int, arguments: str, data: bytes) -> tuple[float, bytes]:
    start = time.perf_counter()
    output = program.run(unit, arguments, data)
    return time.perf_counter() - start, output


def main() -> None:
    print(f"{'':10} {'wasm ms':>9} {'gcc ms':>9} {'ratio':>6}")
    for name, (arguments, data) in KERNELS.items():
        programs, best = (wasm(name), native(name)), [float("inf")] * 2
        for _ in range(ROUNDS):
            outputs = set()
            for which, program in enumerate(programs):
                spent, output = seconds(program, UNITS.get(name, 0), arguments, data)
                best[which] = min(best[which], spent)
                outputs.add(output)
            assert len(outputs) == 1, f"{name}: the two differ"
        print(f"{name:10} {best[0] * 1e3:9.1f} {best[1] * 1e3:9.1f} {best[0] / best[1]:6.2f}")


if __name__ == "__main__":
    main()
