"""The executor against a running peer, if there is one: `ALTHING_HOME_FOR_TESTS` names its home.

The peer has to be in one web (or `ALTHING_WEB_FOR_TESTS` names one) and to work for itself: `althing compute mode always`.
"""

import os
import tempfile
import unittest

from althing import AlthingError, Executor, Peer, Program, UnitFailed, building

HOME = os.environ.get("ALTHING_HOME_FOR_TESTS", "")
WEB = os.environ.get("ALTHING_WEB_FOR_TESTS") or None
PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "examples", "jobs")


@unittest.skipUnless(HOME, "ALTHING_HOME_FOR_TESTS names no running peer")
class RealPeer(unittest.TestCase):
    def executor(self, program, **named):
        return Executor(WEB, os.path.join(PROGRAMS, program), home=HOME, trust="own", patience=20, **named)

    def test_words_are_counted_in_order(self):
        texts = [f"{'word ' * number}\n".encode() for number in range(500)]
        with self.executor("count.wasm") as x:
            counts = [[int(word) for word in output.split()] for output in x.map(texts, timeout=120)]
        self.assertEqual(counts, [[1, number, len(text)] for number, text in enumerate(texts)])

    def test_a_push_of_some_megabytes_arrives(self):
        texts = [bytes([97 + number % 26]) * 100_000 for number in range(60)]
        with self.executor("count.wasm") as x:
            self.assertEqual([int(output.split()[2]) for output in x.map(texts, timeout=120)], [100_000] * 60)

    def test_a_range_is_joined(self):
        with self.executor("primes.wasm", arguments="size=100000", reduce=os.path.join(PROGRAMS, "sum.wasm")) as x:
            self.assertEqual(int(x.run(range=10).result(timeout=120).split()[0]), 78_498)

    def test_a_large_output_is_fetched(self):
        # Words that all differ make an index that is larger than 64 KiB.
        text = " ".join(f"w{number}" for number in range(20_000)).encode()
        with self.executor("words.wasm") as x:
            self.assertGreater(len(x.submit(text).result(timeout=120)), 64 * 1024)

    def test_a_unit_that_fails_says_why(self):
        with self.executor("sum.wasm") as x, self.assertRaises(UnitFailed):
            x.submit(b"no number").result(timeout=120)

    def test_a_python_module_runs_as_a_program(self):
        try:
            building._tool()
        except AlthingError:
            self.skipTest("componentize-py is not installed")
        with tempfile.TemporaryDirectory() as folder:
            module, program = os.path.join(folder, "vowels.py"), os.path.join(folder, "vowels.wasm")
            with open(module, "w", encoding="utf-8") as file:
                file.write(
                    "def run(unit, arguments, input):\n"
                    "    letters = input.decode()\n"
                    "    return str(sum(letters.count(one) for one in arguments.decode()))\n"
                )
            building.build(module, program)
            with Executor(WEB, Program(program, arguments="aeiou"), home=HOME, trust="own", patience=20) as x:
                outputs = list(x.map([b"audio", b"rhythm", b"queue"], timeout=400))
                failing = x.submit(b"\xff")
                with self.assertRaisesRegex(UnitFailed, "UnicodeDecodeError"):
                    failing.result(timeout=120)
        self.assertEqual(outputs, [b"4", b"0", b"4"])

    def test_what_is_no_program_is_refused(self):
        with Executor(WEB, home=HOME) as x:
            error = x.submit(Program(__file__), b"a").exception(timeout=60)
        self.assertIsInstance(error, AlthingError)
        self.assertTrue(error.code.startswith("compute."), error)

    def test_jobs_are_listed(self):
        self.assertIsInstance(Peer(HOME).call("compute.jobs")["jobs"], list)
