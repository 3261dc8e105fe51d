"""What `bench compute` measures with the Python client, as `against.py` does with others: one call for each unit.

Prints three numbers: units a second that do nothing, submitted one by one and awaited together; milliseconds for one, from
`submit` to its result (median, and the 99th of a hundred).
"""

import statistics
import sys
import time

from althing import Executor, Program

NOOPS, SINGLES = 5_000, 300


def main(home: str, program: str, kind: str) -> None:
    nothing = Program(program, anew=True)
    with Executor("bench", nothing, trust="trusted", people=["first", "second"], home=home, fleeting=kind == "fleeting") as x:
        for future in [x.submit(b"begin %d" % number) for number in range(200)]:
            future.result(60)
        rates = []
        for turn in range(3):
            begun = time.perf_counter()
            for future in [x.submit(b"%d of %d" % (number, turn)) for number in range(NOOPS)]:
                future.result(60)
            rates.append(NOOPS / (time.perf_counter() - begun))
        times = []
        for number in range(SINGLES):
            begun = time.perf_counter()
            x.submit(b"one %d" % number).result(60)
            times.append((time.perf_counter() - begun) * 1_000)
    times.sort()
    print(statistics.median(rates), statistics.median(times), times[SINGLES * 99 // 100])


if __name__ == "__main__":
    main(*sys.argv[1:])
