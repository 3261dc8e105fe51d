"""The executor against a peer in memory. Tests are sentences."""

import concurrent.futures
import os
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

import althing
from althing import AlthingError, Executor, Job, JobEnded, Peer, Program, UnitFailed

from .fake_peer import FakePeer


def double(_unit, arguments, input):
    if input == b"bad":
        raise ValueError("this is not a number")
    return arguments + input * 2


class WithPeer(unittest.TestCase):
    def peer(self, unit=double, **named):
        peer = FakePeer(unit, **named)
        self.addCleanup(peer.close)
        return peer

    def executor(self, peer, program="./x.wasm", **named):
        return Executor("family", program, home=peer.home, patience=10, **named)


class Mapping(WithPeer):
    def test_results_come_in_the_order_of_items_whatever_comes_first(self):
        peer = self.peer(delay=lambda unit: 0.3 - unit * 0.02)
        with self.executor(peer) as x:
            self.assertEqual(list(x.map([b"a", "b", b"c"])), [b"aa", b"bb", b"cc"])
        self.assertEqual(len(peer.forgotten), 1)
        self.assertEqual(peer.jobs, {})

    def test_futures_complete_in_the_order_of_results(self):
        peer = self.peer(delay=lambda unit: [0.6, 0.05, 0.3][unit])
        with self.executor(peer) as x:
            futures = [x.submit(item) for item in (b"1", b"2", b"3")]
            done = [future.result() for future in concurrent.futures.as_completed(futures)]
        self.assertEqual(done, [b"22", b"33", b"11"])

    def test_a_program_stands_where_a_function_does(self):
        peer = self.peer()
        program = Program("./x.wasm", encode=lambda a, b: f"{a}{b}", decode=int)
        with Executor("family", home=peer.home) as x:
            self.assertEqual(list(x.map(program, [1, 2], [3, 4])), [1313, 2424])
            self.assertEqual(x.submit(program, 5, 6).result(), 5656)
            self.assertEqual(len(x.jobs), 1)
        said = peer.asked
        self.assertEqual(said.count("compute.map"), 1)

    def test_none_stands_for_the_executors_own_program(self):
        with self.executor(self.peer(), arguments="<") as x:
            self.assertEqual(list(x.map(None, [b"a"])), [b"<aa"])

    def test_programs_with_other_arguments_are_other_jobs(self):
        peer = self.peer()
        with Executor(home=peer.home) as x:
            one, two = (Program("./x.wasm", arguments=text) for text in "12")
            self.assertEqual(list(x.map(one, ["a"])) + list(x.map(two, ["a"])), [b"1aa", b"2aa"])
        self.assertEqual(len(peer.forgotten), 2)

    def test_ten_thousand_items_travel_together(self):
        peer = self.peer(body_max=16 * 1024 * 1024)
        with self.executor(peer) as x:
            outputs = list(x.map(str(number) for number in range(25_000)))
        self.assertEqual(outputs, [str(number).encode() * 2 for number in range(25_000)])
        self.assertLessEqual(max(peer.pushes), 10_000)
        self.assertLess(len(peer.pushes), 400)

    def test_pushes_get_smaller_when_the_peer_takes_less(self):
        peer = self.peer(unit=lambda unit, arguments, input: input[:9], body_max=256 * 1024)
        items = [b"%09d" % number + bytes(40_000) for number in range(60)]
        with self.executor(peer) as x:
            self.assertEqual([int(output) for output in x.map(items)], list(range(60)))

    def test_no_item_opens_no_job(self):
        peer = self.peer()
        with self.executor(peer) as x:
            self.assertEqual(list(x.map([])), [])
        self.assertEqual(peer.asked, [])

    def test_large_outputs_are_fetched(self):
        with self.executor(self.peer(unit=lambda unit, arguments, input: input * 40_000)) as x:
            self.assertEqual(list(x.map([b"abc"])), [b"abc" * 40_000])

    def test_a_timeout_is_that_of_the_standard_library(self):
        peer = self.peer(delay=lambda unit: 30.0 * unit)
        with self.assertRaises(concurrent.futures.TimeoutError):
            with self.executor(peer) as x:
                outputs = x.map([b"1", b"2"], timeout=0.5)
                self.assertEqual(next(outputs), b"11")
                next(outputs)

    def test_inputs_without_end_are_taken_as_results_are_read(self):
        taken = []

        def numbers():
            while True:
                taken.append(len(taken))
                yield str(taken[-1])

        with self.executor(self.peer()) as x:
            outputs = x.map(numbers(), buffersize=5)
            self.assertEqual([next(outputs) for _ in range(20)], [f"{n}{n}".encode() for n in range(20)])
            outputs.close()
        self.assertLessEqual(len(taken), 25)

    def test_a_kept_job_stays_and_can_be_read_again(self):
        peer = self.peer()
        with self.executor(peer, keep=True, name="letters") as x:
            list(x.map([b"a", b"b"]))
            id = x.job.id
        job = Job(id[:8], home=peer.home)
        self.assertEqual({result.unit: result.output for result in job}, {0: b"aa", 1: b"bb"})
        self.assertEqual(job.view()["name"], "letters")
        self.assertEqual([result.output for result in job.results()], [b"aa", b"bb"])
        job.forget()
        self.assertEqual(peer.jobs, {})


class Failing(WithPeer):
    def test_a_failed_unit_has_its_log_and_hurts_no_other(self):
        with self.executor(self.peer()) as x:
            futures = [x.submit(item) for item in (b"a", b"bad", b"c")]
            self.assertEqual((futures[0].result(), futures[2].result()), (b"aa", b"cc"))
            with self.assertRaises(UnitFailed) as caught:
                futures[1].result()
        self.assertEqual((caught.exception.why, caught.exception.log), ("the program failed", "this is not a number"))
        self.assertEqual((caught.exception.unit, caught.exception.who), (1, ["bob"]))

    def test_an_item_that_is_refused_hurts_no_other(self):
        with self.executor(self.peer()) as x:
            futures = [x.submit(item) for item in (b"a", b"refuse me", b"c")]
            self.assertEqual((futures[0].result(), futures[2].result()), (b"aa", b"cc"))
            self.assertEqual(futures[1].exception().code, "compute.bad-item")

    def test_an_item_that_is_too_large_is_refused_at_once(self):
        with self.executor(self.peer()) as x, self.assertRaises(AlthingError) as caught:
            x.submit(bytes(256 * 1024 + 1))
        self.assertEqual(caught.exception.code, "compute.bad-item")

    def test_a_program_that_cannot_run_is_said_to_all(self):
        with self.executor(self.peer(), "/missing.wasm") as x:
            future = x.submit(b"a")
            self.assertEqual(future.exception().code, "compute.bad-program")
            with self.assertRaises(AlthingError):
                x.submit(b"b")

    def test_a_job_that_somebody_cancels_ends_the_futures(self):
        peer = self.peer(delay=lambda unit: 30)
        with self.executor(peer) as x:
            future = x.submit(b"a")
            wait_for(lambda: x.job is not None and peer.pushes)
            Job(x.job.id, home=peer.home).cancel()
            self.assertEqual(future.exception(timeout=5).state, "cancelled")

    def test_a_decoder_that_fails_is_the_exception_of_its_unit(self):
        with Executor(home=self.peer().home) as x:
            self.assertIsInstance(x.submit(Program("x.wasm", decode=int), "no").exception(), ValueError)

    def test_what_cannot_work_says_what_does(self):
        with Executor(home="/nowhere") as x:
            for wrong in (lambda: x.map(len, [b"a"]), lambda: x.map([b"a"]), lambda: Program("x.wasm")(b"a")):
                with self.assertRaisesRegex(TypeError, "Program"):
                    wrong()
            with self.assertRaisesRegex(TypeError, "list of items"):
                x.map(Program("x.wasm"), b"abc")
        with self.assertRaises(RuntimeError):
            x.submit(Program("x.wasm"), b"a")
        with Executor("family", "x.wasm", reduce="y.wasm", home="/nowhere") as x:
            with self.assertRaisesRegex(TypeError, "run"):
                x.submit(b"a")


class Restarting(WithPeer):
    def test_a_restart_in_between_loses_and_doubles_nothing(self):
        peer = self.peer(delay=lambda unit: (unit % 7) * 0.1)
        with self.executor(peer) as x:
            futures = [x.submit(f"{number}") for number in range(200)]
            wait_for(lambda: peer.pushes)
            peer.stop()
            futures += [x.submit(f"{number}") for number in range(200, 300)]
            time.sleep(0.4)
            peer.start()
            self.assertEqual([future.result(20) for future in futures], [f"{n}{n}".encode() for n in range(300)])
        self.assertEqual(sum(peer.pushes), 300)

    def test_answers_that_are_lost_are_asked_again_but_nothing_is_done_twice(self):
        peer = self.peer()
        peer.lose = ["compute.map", "compute.push", "compute.wait", "compute.push", "compute.forget"]
        with self.executor(peer) as x:
            self.assertEqual(list(x.map([b"a", b"b"])), [b"aa", b"bb"])
        self.assertEqual((sum(peer.pushes), len(peer.forgotten), peer.lose), (2, 1, []))

    def test_a_peer_that_stays_away_is_given_up(self):
        peer = self.peer(delay=lambda unit: 30)
        with self.assertLogs("althing", "WARNING"):
            with Executor("family", "x.wasm", home=peer.home, patience=0.3) as x:
                future = x.submit(b"a")
                wait_for(lambda: peer.pushes)
                peer.stop()
                self.assertEqual(future.exception(timeout=5).code, "althing.no-peer")
                self.assertIsNotNone(x.job)

    def test_items_that_were_on_their_way_when_it_was_given_up_fail_too(self):
        peer = self.peer(delay=lambda unit: 30)
        with self.assertLogs("althing", "WARNING"):
            with Executor("family", "x.wasm", home=peer.home, patience=0.5) as x:
                futures = [x.submit(b"a")]
                wait_for(lambda: peer.pushes)
                peer.stop()
                futures += [x.submit(b"b") for _ in range(3)]
                self.assertEqual({future.exception(timeout=5).code for future in futures}, {"althing.no-peer"})

    def test_items_for_a_job_that_somebody_ended_fail(self):
        peer = self.peer(delay=lambda unit: 30, wait_seconds=5)
        with self.executor(peer) as x:
            x.submit(b"a")
            wait_for(lambda: peer.pushes)
            with peer.changed:
                # Nobody who waits hears of it before the next item.
                peer.job(x.job.id).state = "cancelled"
            self.assertIsInstance(x.submit(b"b").exception(timeout=5), JobEnded)
            with peer.changed:
                peer.changed.notify_all()


class Ending(WithPeer):
    def test_shutdown_waits_for_all(self):
        x = self.executor(self.peer(delay=lambda unit: 0.3))
        future = x.submit(b"a")
        x.shutdown()
        self.assertTrue(future.done())

    def test_shutdown_without_waiting_lets_results_come(self):
        peer = self.peer(delay=lambda unit: 0.3)
        x = self.executor(peer)
        future = x.submit(b"a")
        x.shutdown(wait=False)
        self.assertFalse(future.done())
        self.assertEqual(future.result(5), b"aa")
        wait_for(lambda: peer.forgotten)

    def test_cancelled_futures_are_cancelled_with_their_job(self):
        peer = self.peer(delay=lambda unit: 30)
        x = self.executor(peer)
        future = x.submit(b"a")
        wait_for(lambda: peer.pushes)
        self.assertFalse(future.cancel())
        x.shutdown(cancel_futures=True)
        with self.assertRaises(concurrent.futures.CancelledError):
            future.result(0)
        self.assertEqual(len(peer.forgotten), 1)

    def test_an_item_that_is_not_on_its_way_can_be_cancelled(self):
        peer = self.peer()
        peer.stop()
        with self.executor(peer) as x:
            # Nothing is on its way before the job is begun.
            futures = [x.submit(b"a"), x.submit(b"b")]
            self.assertTrue(futures[0].cancel())
            peer.start()
            self.assertEqual(futures[1].result(), b"bb")
        self.assertEqual(sum(peer.pushes), 1)

    def test_a_block_that_ends_by_an_exception_cancels_its_job(self):
        peer = self.peer(delay=lambda unit: 30)
        with self.assertRaises(ZeroDivisionError):
            with self.executor(peer) as x:
                future = x.submit(b"a")
                wait_for(lambda: peer.pushes)
                1 / 0  # noqa: B018
        self.assertIsInstance(future.exception(), concurrent.futures.CancelledError)

    def test_an_interrupt_while_waiting_for_the_end_cancels(self):
        peer = self.peer(delay=lambda unit: 30)
        with self.assertRaises(KeyboardInterrupt):
            with self.executor(peer) as x:
                future = x.submit(b"a")
                wait_for(lambda: peer.pushes)
                lane = next(iter(x._lanes.values()))
                with mock.patch.object(lane, "join", side_effect=[KeyboardInterrupt, None]):
                    x.__exit__(None, None, None)
        self.assertIsInstance(future.exception(5), concurrent.futures.CancelledError)

    def test_a_callback_may_submit_more(self):
        with self.executor(self.peer()) as x:
            second = concurrent.futures.Future()
            x.submit(b"a").add_done_callback(lambda one: x.submit(one.result()).add_done_callback(second.set_result))
            self.assertEqual(second.result(5).result(), b"aaaa")

    def test_a_script_that_forgets_to_shut_down_ends_with_its_results(self):
        peer = self.peer(delay=lambda unit: 0.3)
        script = (
            "import althing, sys\n"
            "x = althing.Executor('family', './x.wasm', home=sys.argv[1])\n"
            "x.submit(b'a').add_done_callback(lambda one: print(one.result()))\n"
        )
        ran = subprocess.run([sys.executable, "-c", script, peer.home], capture_output=True, text=True, timeout=20, cwd=PACKAGE)
        self.assertEqual((ran.stdout, ran.stderr, ran.returncode), ("b'aa'\n", "", 0))
        self.assertEqual(len(peer.forgotten), 1)

    def test_many_threads_may_submit(self):
        peer = self.peer(delay=lambda unit: 0.001 * (unit % 13))
        with self.executor(peer) as x, concurrent.futures.ThreadPoolExecutor(8) as threads:
            outputs = list(threads.map(lambda number: x.submit(str(number)).result(), range(300)))
        self.assertEqual(outputs, [f"{number}{number}".encode() for number in range(300)])


class Running(WithPeer):
    def test_a_range_is_read_as_it_comes(self):
        peer = self.peer(unit=lambda unit, arguments, input: arguments + str(unit).encode())
        with self.executor(peer, arguments="n") as x:
            results = {result.unit: result.output for result in x.run(range=100)}
        self.assertEqual(results, {unit: f"n{unit}".encode() for unit in range(100)})
        self.assertEqual(len(peer.forgotten), 1)

    def test_a_joined_job_has_one_result(self):
        peer = self.peer(unit=lambda unit, arguments, input: input or b"1", delay=lambda unit: 0.002 * unit)
        with self.executor(peer, reduce="./sum.wasm") as x:
            self.assertEqual(x.run(range=10).result(timeout=10), b"10")
            self.assertEqual(x.run(items=(str(number) for number in range(101))).result(), b"5050")
        self.assertEqual(len(peer.forgotten), 2)

    def test_a_job_that_was_not_read_stays(self):
        peer = self.peer()
        with self.executor(peer) as x:
            job = x.run(range=2)
            job.wait(5)
        self.assertEqual(list(peer.jobs), [job.id])

    def test_waiting_has_an_end(self):
        with self.executor(self.peer(delay=lambda unit: 30)) as x:
            job = x.run(range=1)
            with self.assertRaises(concurrent.futures.TimeoutError):
                job.wait(0.4)
            job.cancel()
            with self.assertRaises(JobEnded):
                job.result()

    def test_half_of_the_items_is_no_job(self):
        peer = self.peer()

        def items():
            yield b"a"
            raise KeyError("b")

        with self.assertRaises(KeyError), self.executor(peer) as x:
            x.run(items=items())
        self.assertEqual([job.state for job in peer.jobs.values()], ["cancelled"])


class Peers(WithPeer):
    def test_the_home_is_found_as_the_command_line_does(self):
        def check(environment, expected):
            before = dict(os.environ)
            os.environ.clear()
            os.environ.update(environment)
            try:
                self.assertEqual(althing.home_of(), expected)
            finally:
                os.environ.update(before)

        check({"ALTHING_HOME": "/a", "HOME": "/h"}, "/a")
        check({"XDG_DATA_HOME": "/d", "HOME": "/h"}, "/d/althing")
        check({"XDG_DATA_HOME": "d", "HOME": "/h"}, "/h/.local/share/althing")
        for wrong in ({"ALTHING_HOME": "a"}, {}):
            with self.assertRaises(AlthingError):
                check(wrong, None)

    def test_a_peer_that_does_not_run_says_how_to_start_it(self):
        with self.assertRaises(AlthingError) as caught:
            Peer("/nowhere").call("compute.jobs")
        self.assertEqual((caught.exception.code, caught.exception.kind), ("althing.no-peer", "unreachable"))
        self.assertIn("althing start", str(caught.exception))

    def test_faults_come_through_with_their_remedies(self):
        with self.assertRaises(AlthingError) as caught:
            Job("ffff", home=self.peer().home).view()
        error = caught.exception
        self.assertEqual((error.code, error.kind), ("compute.no-such-job", "yours"))
        self.assertEqual(error.remedies[0].command, "althing jobs list")

    def test_a_body_that_is_refused_unread_still_has_its_answer(self):
        with self.assertRaises(AlthingError) as caught:
            Peer(self.peer().home).call("compute.jobs", {"all": "x" * 20_000_000})
        self.assertEqual(caught.exception.code, "gateways.too-large")

    def test_the_module_shows_the_jobs(self):
        peer = self.peer()
        with self.executor(peer, keep=True) as x:
            list(x.map([b"a"]))
        ran = subprocess.run([sys.executable, "-m", "althing", "--home", peer.home], capture_output=True, text=True, cwd=PACKAGE)
        self.assertRegex(ran.stdout, r"done +1 of 1 +family  x\.wasm")
        ran = subprocess.run([sys.executable, "-m", "althing", "--home", "/nowhere"], capture_output=True, text=True, cwd=PACKAGE)
        self.assertEqual(ran.returncode, 5)
        self.assertIn("althing start", ran.stderr)


PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def wait_for(claim, seconds=10):
    """Waits until something is so: never longer than it takes."""
    until = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > until:
            raise AssertionError("it did not happen")
        threading.Event().wait(0.01)
