"""An executor of the standard library's kind, whose workers are the idle computers of a web."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from concurrent import futures
from itertools import islice
from types import TracebackType
from typing import (
    Any,
    Deque,
    Dict,
    Iterable,
    Iterator,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from .faults import AlthingError
from .job import PATIENCE_SECONDS, Job
from .lane import Lane
from .peer import Peer
from .program import PathOrText, Program, place_of
from .pushing import ITEMS_MAX, LETTERS_MAX, Pusher, check_size, letters

_log = logging.getLogger("althing")

Trust = Literal["own", "trusted", "spot", "quorum", "adaptive"]

#: Lanes whose threads may still be at work when the interpreter ends.
_lanes: "weakref.WeakSet[Lane]" = weakref.WeakSet()


def _join_all() -> None:
    for lane in list(_lanes):
        lane.close()
    for lane in list(_lanes):
        lane.join()


atexit.register(_join_all)


def _close_all(lanes: Dict[Tuple[Any, ...], Lane]) -> None:
    for lane in list(lanes.values()):
        lane.close()


class Executor(futures.Executor):
    """Runs WASM programs over many inputs on the idle computers of a web.

        with Executor("family", "./count.wasm") as x:
            for output in x.map([b"one two", b"three"]):
                print(output)

        with Executor("family") as x:
            counts = Program("./count.wasm", decode=lambda output: [int(word) for word in output.split()])
            for lines, words, size in x.map(counts, texts):
                ...

    For each program one job is begun with the first item, and closed at the end. Results come as they are there; futures
    work with `concurrent.futures.wait` and `as_completed`. When all results were delivered the job is forgotten by the
    peer, unless `keep`; a job that failed is left for you to look at.

    **Whoever computes sees the inputs and the program.** `trust` says how results are believed (docs/computing.md):
    `adaptive` if not said; `people` goes with `trusted`, `quorum` (`2/3`) with `quorum`, `spot` (`2%`) with `spot` and
    `adaptive`. `web` may be left out by who is in one web only.

    A peer that is away is waited for, `patience` seconds; nothing is pushed twice. After that the futures get its
    `AlthingError`, and the job goes on without you: `althing.Job(x.job.id)` has its results.

    With `fleeting` an item is on its way before it is on the disk of the peer: one alone is back in a fraction of the time.
    When the peer is started anew such jobs end, and so do their futures, with `JobEnded`.

    A block that ends by an exception cancels its jobs; results that are known already need not be computed again.
    """

    def __init__(
        self,
        web: Optional[str] = None,
        program: Union[PathOrText, Program, None] = None,
        *,
        arguments: str = "",
        reduce: Optional[PathOrText] = None,
        trust: Optional[Trust] = None,
        people: Sequence[str] = (),
        quorum: Optional[str] = None,
        spot: Optional[str] = None,
        deputies: Sequence[str] = (),
        priority: Optional[int] = None,
        name: Optional[str] = None,
        keep: bool = False,
        fleeting: bool = False,
        patience: float = PATIENCE_SECONDS,
        home: Union[str, "os.PathLike[str]", None] = None,
    ) -> None:
        self.peer = Peer(home)
        """The peer that is asked."""
        if program is not None and not isinstance(program, Program):
            program = Program(program, arguments=arguments)
        elif arguments:
            raise TypeError("arguments= belongs to a program: Program(path, arguments=...)")
        self._program = program
        self._reduce = None if reduce is None else place_of(reduce)
        said = {
            "web": web,
            "trust": trust,
            "people": list(people),
            "quorum": quorum,
            "spot": spot,
            "deputies": list(deputies),
            "priority": priority,
            "name": name,
        }
        self._said = {key: value for key, value in said.items() if value not in (None, [])}
        if fleeting:
            self._said["is_fleeting"] = True
        self._keep = keep
        self._patience = patience
        self._lock = threading.Lock()
        self._is_shut = False
        self._lanes: Dict[Tuple[Any, ...], Lane] = {}
        self._runs: List[Job] = []
        # An executor that nobody has any more takes no more items: its jobs come to an end.
        weakref.finalize(self, _close_all, self._lanes)

    @property
    def job(self) -> Optional[Job]:
        """The job of the executor's program, else of the program used first; none until the peer has begun it."""
        if self._program is not None and self._program.key() in self._lanes:
            return self._lanes[self._program.key()].job
        jobs = self.jobs
        return jobs[0] if jobs else None

    @property
    def jobs(self) -> List[Job]:
        """The jobs of this executor that the peer has begun."""
        return [lane.job for lane in list(self._lanes.values()) if lane.job is not None] + self._runs

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "futures.Future[Any]":
        """Gives one item away: `submit(item)` with the executor's program, or `submit(Program(...), item)`.

        Until an item is on its way (some milliseconds) its future can be cancelled. A unit that fails has the exception
        `UnitFailed`. Waits while more than 64 MiB of items wait for the peer. An item has at most 256 KiB.
        """
        if kwargs:
            raise TypeError(f"a program has no named arguments: {', '.join(kwargs)}")
        program, items = self._which(fn, args)
        if not items:
            raise TypeError("submit needs an item")
        item = check_size(program.encode(*items))
        return self._lane(program).submit(item, program.decode)

    def map(
        self,
        fn: Any,
        *iterables: Iterable[Any],
        timeout: Optional[float] = None,
        chunksize: int = 1,
        buffersize: Optional[int] = None,
    ) -> Iterator[Any]:
        """Gives all items away at once and gives the results in their order: `map(items)`, or `map(Program(...), items)`.

        As in the standard library: `timeout` in seconds counts from this call and raises `concurrent.futures.TimeoutError`;
        an exception of a unit is raised where its result would be given, and ends the iteration. With `buffersize` so many
        items are on their way at most, for inputs without end. `chunksize` is ignored: the peer decides how many units
        travel together.
        """
        until = None if timeout is None else time.monotonic() + timeout
        program, sources = self._which(fn, iterables)
        if not sources:
            raise TypeError("map needs items")
        for source in sources:
            if isinstance(source, (str, bytes, bytearray)):
                raise TypeError("map needs a list of items; for one item use submit")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize is 1 or more")
        rest = (self.submit(program, *items) for items in zip(*sources))
        return _in_order(deque(islice(rest, buffersize)), rest, until)

    def run(
        self,
        program: Union[PathOrText, Program, None] = None,
        *,
        range: Optional[int] = None,
        inputs: Union[str, Sequence[str], None] = None,
        items: Optional[Iterable[Any]] = None,
        out: Optional[PathOrText] = None,
    ) -> Job:
        """Begins a job of its own and returns it: over numbers, shared files, or items.

        `range=100` makes units 0 to 99 without input; `inputs="family/alice/archive/**"` one for each file; `items` one for
        each. With `reduce` of the executor the outputs are joined: `x.run(range=100).result()`. `out` is a folder of this
        computer for the results.

        At the end of the block a job that was read to its end is forgotten, unless `keep`; others go on, and stay.
        """
        if program is not None and not isinstance(program, Program):
            program = Program(program)
        program = program or self._program
        if program is None:
            raise TypeError("it is not said what runs: run(Program(...), ...)")
        if [range, inputs, items].count(None) != 2:
            raise TypeError("run needs one of range=, inputs= and items=")
        said: Dict[str, Any] = {**self._said, **program.said()}
        if self._reduce is not None:
            said["reduce"] = self._reduce
        if out is not None:
            said["out"] = os.path.abspath(os.path.expanduser(os.fspath(out)))
        if range is not None:
            said["range"] = range
        elif inputs is not None:
            said["in"] = [inputs] if isinstance(inputs, str) else list(inputs)
        else:
            said["is_open"] = True
        with self._lock:
            if self._is_shut:
                raise RuntimeError("cannot run: the executor is shut down")
        view = self.peer.act("compute.map", said, patience=self._patience)
        job = Job(str(view["id"]), peer=self.peer, patience=self._patience)
        with self._lock:
            self._runs.append(job)
        if items is not None:
            self._fill(job, program, items)
        return job

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more items and closes the jobs. With `wait`, returns when everything has its result.

        With `cancel_futures` the jobs are cancelled: every future that has no result yet is cancelled, also of items that
        were on their way.
        """
        with self._lock:
            self._is_shut = True
            lanes = list(self._lanes.values())
            runs, self._runs = self._runs, []
        for lane in lanes:
            lane.close(is_cancelled=cancel_futures)
        if wait:
            for lane in lanes:
                lane.join()
        for job in runs:
            try:
                if job.is_read and not self._keep:
                    job.forget()
                elif cancel_futures and not job.view()["is_over"]:
                    job.cancel()
            except AlthingError as error:
                if error.code != "compute.no-such-job":
                    _log.warning("althing: job %s stays at the peer: %s", job.id, error)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> Literal[False]:
        try:
            self.shutdown(wait=True, cancel_futures=error is not None)
        except KeyboardInterrupt:
            # Whoever does not want to wait for the end wants no end.
            self.shutdown(wait=True, cancel_futures=True)
            raise
        return False

    def _which(self, fn: Any, rest: Tuple[Any, ...]) -> Tuple[Program, Tuple[Any, ...]]:
        """Tells the program from its items."""
        if isinstance(fn, Program):
            return fn, rest
        if callable(fn):
            raise TypeError(
                f"{getattr(fn, '__name__', fn)!s} is a function of this process, which other computers have not got: give a "
                'Program("./count.wasm"); althing.build makes one of a Python module'
            )
        if self._program is None:
            raise TypeError('it is not said what runs: Executor(web, "./count.wasm"), or map(Program("./count.wasm"), items)')
        return self._program, rest if fn is None else (fn, *rest)

    def _lane(self, program: Program) -> Lane:
        if self._reduce is not None:
            raise TypeError("outputs that are joined have one result together: x.run(items=...).result()")
        with self._lock:
            if self._is_shut:
                raise RuntimeError("cannot submit: the executor is shut down")
            lane = self._lanes.get(program.key())
            if lane is None:
                said: Mapping[str, Any] = {**self._said, **program.said()}
                lane = Lane(self.peer, dict(said), self._patience, self._keep)
                self._lanes[program.key()] = lane
                _lanes.add(lane)
            return lane

    def _fill(self, job: Job, program: Program, items: Iterable[Any]) -> None:
        pusher = Pusher(self.peer, job.id, self._patience)
        batch: List[bytes] = []
        size = 0

        def push() -> None:
            for _, _, first in pusher.push(batch):
                if isinstance(first, Exception):
                    raise first
            batch.clear()

        try:
            for one in items:
                item = check_size(program.encode(*one) if isinstance(one, tuple) else program.encode(one))
                if len(batch) >= ITEMS_MAX or size + letters(item) > min(pusher.letters_max, LETTERS_MAX):
                    push()
                    size = 0
                batch.append(item)
                size += letters(item)
            push()
            pusher.close()
        except BaseException:
            # Half of the inputs would make a result that looks whole.
            job.cancel()
            raise


def _in_order(
    waiting: "Deque[futures.Future[Any]]", rest: "Iterator[futures.Future[Any]]", until: Optional[float]
) -> Iterator[Any]:
    try:
        while waiting:
            left = None if until is None else until - time.monotonic()
            # Results that were given are let go of at once: all of them together may not fit the memory.
            result = waiting[0].result(left)
            waiting.popleft()
            yield result
            waiting.extend(islice(rest, 1))
    finally:
        for future in waiting:
            future.cancel()
