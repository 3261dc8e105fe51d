"""A job of the peer: how it gets on, and its results. Not for: jobs that take inputs as they come (`executor.py`)."""

from __future__ import annotations

import base64
import os
import time
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Dict, Iterator, List, Optional, Union

from . import faults
from .faults import AlthingError, JobEnded, UnitFailed
from .peer import Peer, is_away

#: The peer answers within 10 s when nothing comes; one that takes longer than this is asked again.
WAIT_SECONDS = 45.0
#: A peer that is away is waited for this long: an update or a restart of the computer.
PATIENCE_SECONDS = 300.0
#: No place has a higher number: whoever waits after it hears only of the end.
_AFTER_ALL = 2**62
_OVER = ("done", "failed", "cancelled")
#: A pause before the same question when an answer had nothing new and came at once.
_BREATH_SECONDS = 0.2


class Result:
    """What came of one unit."""

    def __init__(self, peer: Peer, view: Dict[str, Any], patience: float = PATIENCE_SECONDS) -> None:
        self._peer = peer
        self._view = view
        self._patience = patience
        self._output: Optional[bytes] = None
        self.unit: int = int(view["unit"])
        """Its number, from 0."""
        self.input: str = view.get("input") or ""
        """Its input, as a path of the tree; empty when it is none."""
        self.size: int = int(view.get("size") or 0)
        """Bytes of the output."""
        self.failure: str = view.get("failure") or ""
        """Why there is no output, in words; empty when there is one."""
        self.who: List[str] = list(view.get("who") or [])
        """Who computed it, you as `you`."""

    def __repr__(self) -> str:
        return f"Result(unit={self.unit}, " + (f"failure={self.failure!r})" if self.failure else f"size={self.size})")

    @property
    def output(self) -> bytes:
        """The output. Raises `UnitFailed` if there is none. One larger than 64 KiB is fetched at the first use."""
        if self.failure:
            raise UnitFailed(self.unit, self.input, self.failure, self.who)
        if self._output is None:
            self._output = self._fetch()
        return self._output

    def _fetch(self) -> bytes:
        encoded = self._view.get("base64")
        if encoded is not None:
            try:
                return base64.b64decode(encoded, validate=True)
            except ValueError as error:
                raise faults.garbled(f"the output of unit {self.unit}: {error}") from error
        content = self._view.get("content")
        if not isinstance(content, str):
            raise faults.garbled(f"unit {self.unit} has neither an output nor a failure")
        output: bytes = self._peer.patiently(lambda: self._peer.content(content), self._patience)
        if len(output) != self.size:
            raise faults.garbled(f"the output of unit {self.unit} has {len(output)} bytes instead of {self.size}")
        return output


class Job:
    """A job by its id, or the first digits of it (4 at least). Asks nothing before it is used.

    Iterating gives the results in the order in which they come, those that are here first, and ends with the job:

        for result in althing.Job("5b0c1f"):
            print(result.unit, result.output)
    """

    def __init__(
        self,
        id: str,
        *,
        home: Union[str, "os.PathLike[str]", None] = None,
        peer: Optional[Peer] = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.id = id
        self.peer = peer or Peer(home)
        self.patience = patience
        """Seconds for which a peer that is away is waited for."""
        self.is_read = False
        """Whether all results were given by an iteration or by `result`."""

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def view(self) -> Dict[str, Any]:
        """Returns how it gets on: `state`, `done`, `total`, `parked`, `per_minute`, `seconds_left`, `note`, `workers`, `cost`…

        All parts are in docs/operations.md, under `compute.job`.
        """
        return self._ask("compute.job")

    @property
    def state(self) -> str:
        """`gathering`, `running`, `paused`, `saving`, `done`, `failed` or `cancelled`."""
        return str(self.view()["state"])

    def __iter__(self) -> Iterator[Result]:
        return self.as_they_come()

    def as_they_come(self, after: int = 0) -> Iterator[Result]:
        """Gives results in the order in which they come. Raises `JobEnded` at the end of a job that is not done.

        A unit that failed is a result without output. The same unit may come again when parked units are tried again.
        """
        while True:
            answer = self.next_results(after)
            for view in answer["results"]:
                yield Result(self.peer, view, self.patience)
            after = answer["next"]
            if answer["is_over"]:
                break
        if answer["state"] in ("failed", "cancelled"):
            raise JobEnded(self.id, answer["state"], str(self.view().get("note", "")))
        self.is_read = True

    def next_results(self, after: int, timeout: float = WAIT_SECONDS) -> Dict[str, Any]:
        """Waits until there are results after a place, or for ten seconds: the answer of `compute.wait`."""
        begun = time.monotonic()
        asked = {"id": self.id, "after": after}
        answer: Dict[str, Any] = self.peer.patiently(
            lambda: self.peer.call("compute.wait", asked, timeout=timeout), self.patience
        )
        is_empty = not answer["results"] and answer["next"] == after
        if is_empty and answer["state"] in _OVER:
            answer["is_over"] = True
        if is_empty and not answer["is_over"] and time.monotonic() - begun < _BREATH_SECONDS:
            time.sleep(_BREATH_SECONDS)
        return answer

    def results(self, start: int = 0) -> Iterator[Result]:
        """Gives the results that are here now, in order of units, from a unit on."""
        while True:
            answer = self._ask("compute.results", {"from": start, "limit": 1_000})
            for view in answer["results"]:
                yield Result(self.peer, view, self.patience)
            if answer["is_over"] or answer["next"] == start:
                return
            start = answer["next"]

    def wait(self, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Waits until it is over and returns its view. Raises `TimeoutError` of `concurrent.futures` after `timeout` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = WAIT_SECONDS if until is None else min(WAIT_SECONDS, until - time.monotonic())
            if left <= 0:
                raise FutureTimeout(f"job {self.id[:8]} is not over after {timeout:g} s")
            begun = time.monotonic()
            try:
                answer = self.peer.call("compute.wait", {"id": self.id, "after": _AFTER_ALL}, timeout=left)
            except AlthingError as error:
                if not is_away(error):
                    raise
                if error.code != "althing.too-slow":
                    self.peer.patiently(self.view, self.patience)
                continue
            if answer["state"] in _OVER:
                return self.view()
            if time.monotonic() - begun < _BREATH_SECONDS:
                time.sleep(_BREATH_SECONDS)

    def result(self, timeout: Optional[float] = None) -> bytes:
        """Waits and returns the one output of a job whose outputs were joined, or that has one unit."""
        view = self.wait(timeout)
        if view["state"] != "done":
            raise JobEnded(self.id, view["state"], str(view.get("note", "")))
        found = []
        for result in self.results():
            found.append(result)
            if len(found) > 1:
                raise ValueError(f"job {self.id[:8]} has more than one result: iterate over it, or join them with reduce=")
        if not found:
            raise JobEnded(self.id, "done", "it has no result")
        output = found[0].output
        self.is_read = True
        return output

    def pause(self) -> Dict[str, Any]:
        """Gives nothing new out; what runs is finished."""
        return self._act("compute.pause")

    def resume(self) -> Dict[str, Any]:
        """Goes on, and tries parked units again."""
        return self._act("compute.resume")

    def cancel(self) -> Dict[str, Any]:
        """Ends it; results that are here stay until it is forgotten."""
        return self._act("compute.cancel")

    def forget(self) -> Dict[str, Any]:
        """Removes it with its results from this computer. It has to be over."""
        return self._act("compute.forget")

    def save(self, out: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]:
        """Has the results written into a folder of this computer, once it is over."""
        return self._act("compute.save", {"out": os.path.abspath(os.fspath(out))})

    def _ask(self, operation: str, more: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        return self.peer.call(operation, {"id": self.id, **(more or {})})

    def _act(self, operation: str, more: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        return self.peer.act(operation, {"id": self.id, **(more or {})}, patience=self.patience)
