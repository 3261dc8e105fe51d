"""One open job behind an executor: inputs go out in pushes, results come back as they are there.

Two threads: one pushes, one waits for results. Not for: choosing what runs (`executor.py`).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import CancelledError, Future
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from .faults import AlthingError, JobEnded
from .job import Job, Result
from .peer import Peer
from .pushing import ITEMS_MAX, Pusher, letters

#: Bytes of items that wait for their push at most; who submits more waits.
QUEUED_BYTES_MAX = 64 * 1024 * 1024

_log = logging.getLogger("althing")


class _Task:
    """An item until its result is there."""

    def __init__(self, item: bytes, decode: Callable[[bytes], Any], future: "Future[Any]") -> None:
        self.item = item
        self.decode = decode
        self.future = future


class Lane:
    """An open job of a program, begun with the first item and closed with the last."""

    def __init__(self, peer: Peer, said: Dict[str, Any], patience: float, is_kept: bool) -> None:
        self._peer = peer
        self._said = said
        self._patience = patience
        self._is_kept = is_kept
        self._changed = threading.Condition()
        self._queue: Deque[_Task] = deque()
        self._queued_bytes = 0
        self._is_closing = False
        self._is_cancelled = False
        self._job: Optional[Job] = None
        self._broken: Optional[BaseException] = None
        # Tasks by unit, and results that came before the answer to the push that says which task they belong to.
        self._running: Dict[int, _Task] = {}
        self._early: Dict[int, Dict[str, Any]] = {}
        self._pushed = 0
        # Both begin now: an interpreter that ends starts no more threads.
        self._threads = [
            threading.Thread(target=self._guarded, args=(part,), name=f"althing-{name}", daemon=True)
            for name, part in (("push", self._push), ("wait", self._wait))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def job(self) -> Optional[Job]:
        """The job; none until the peer has begun it."""
        return self._job

    def submit(self, item: bytes, decode: Callable[[bytes], Any]) -> "Future[Any]":
        """Takes an item; waits while more than 64 MiB of them wait for the peer."""
        future: "Future[Any]" = Future()
        with self._changed:
            while self._queued_bytes > QUEUED_BYTES_MAX and not (self._is_closing or self._broken):
                self._changed.wait()
            if self._broken is not None:
                raise self._broken
            if self._is_closing:
                raise RuntimeError("cannot submit: the executor is shut down")
            self._queue.append(_Task(item, decode, future))
            self._queued_bytes += len(item)
            self._changed.notify_all()
        return future

    def close(self, is_cancelled: bool = False) -> None:
        """Takes no more items; if cancelled, what has no result yet gets none. Returns at once."""
        with self._changed:
            self._is_closing = True
            self._is_cancelled |= is_cancelled
            dropped = list(self._queue) if is_cancelled else []
            if is_cancelled:
                self._queue.clear()
                self._queued_bytes = 0
            self._changed.notify_all()
        for task in dropped:
            task.future.cancel()
            task.future.set_running_or_notify_cancel()

    def join(self) -> None:
        """Waits until everything has its result, and the job is closed."""
        for thread in self._threads:
            thread.join()

    def _guarded(self, part: Callable[[], None]) -> None:
        try:
            part()
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait have to hear of it
            if not isinstance(error, AlthingError):
                _log.exception("althing: a thread of the executor failed")
            elif self._job is not None and not isinstance(error, JobEnded):
                _log.warning("althing: job %s stays at the peer, and may be open: %s", self._job.id, error)
            self._fail_all(error)

    # --- Pushing.

    def _push(self) -> None:
        with self._changed:
            while not self._queue and not self._is_closing:
                self._changed.wait()
            if not self._queue:
                # It was closed before its first item: there is no job.
                self._broken = RuntimeError("cannot submit: the executor is shut down")
                self._changed.notify_all()
                return
        said = {**self._said, "is_open": True}
        view = self._peer.act("compute.map", said, patience=self._patience, is_given_up=self._is_given_up)
        job = Job(str(view["id"]), peer=self._peer, patience=self._patience)
        with self._changed:
            self._job = job
            self._changed.notify_all()
        pusher = Pusher(self._peer, job.id, self._patience, self._is_given_up)
        while True:
            tasks = self._gather(pusher.letters_max)
            if not tasks:
                break
            self._send(pusher, tasks)
        if self._is_cancelled:
            self._cancel(job)
        else:
            try:
                pusher.close()
            except AlthingError as error:
                # It was ended by somebody else: the other thread hears how.
                if error.code not in ("compute.wrong-state", "compute.no-such-job"):
                    raise

    def _send(self, pusher: Pusher, tasks: List[_Task]) -> None:
        sent = 0
        try:
            for start, end, first in pusher.push([task.item for task in tasks]):
                if isinstance(first, AlthingError):
                    tasks[start].future.set_exception(first)
                else:
                    self._assign(tasks[start:end], first)
                sent = end
        except BaseException as error:
            # These are in no list any more, or not yet.
            ended = self._as_ended(error)
            with self._changed:
                error = self._broken = self._broken or ended
            for task in tasks[sent:]:
                self._refuse(task, error)
            raise error from None

    def _as_ended(self, error: BaseException) -> BaseException:
        """Puts the refusal of a push to a job that somebody ended into other words."""
        if self._job is None or not isinstance(error, AlthingError):
            return error
        if error.code == "compute.no-such-job":
            return JobEnded(self._job.id, "forgotten")
        if error.code != "compute.wrong-state":
            return error
        try:
            view = self._job.view()
        except AlthingError:
            return error
        return JobEnded(self._job.id, str(view["state"]), str(view.get("note", "")))

    def _gather(self, letters_max: int) -> List[_Task]:
        """Waits for items: those that came during the last push travel together; none when there will be no more."""
        taken: List[_Task] = []
        with self._changed:
            while not taken:
                while not self._queue and not self._is_closing and self._broken is None:
                    self._changed.wait()
                if not self._queue or self._broken is not None:
                    return []
                taken = self._take(letters_max)
                self._changed.notify_all()
        return taken

    def _take(self, letters_max: int) -> List[_Task]:
        taken: List[_Task] = []
        size = 0
        while self._queue and len(taken) < ITEMS_MAX:
            size += letters(self._queue[0].item)
            if taken and size > letters_max:
                break
            task = self._queue.popleft()
            self._queued_bytes -= len(task.item)
            # From here on it cannot be cancelled: it is on its way.
            if task.future.set_running_or_notify_cancel():
                taken.append(task)
        return taken

    def _assign(self, tasks: List[_Task], first: int) -> None:
        ready: List[Tuple[_Task, Dict[str, Any]]] = []
        late: List[_Task] = []
        with self._changed:
            broken = self._broken
            for unit, task in enumerate(tasks, first):
                task.item = b""
                view = self._early.pop(unit, None)
                if view is not None:
                    ready.append((task, view))
                elif broken is None:
                    self._running[unit] = task
                else:
                    late.append(task)
            self._pushed = max(self._pushed, first + len(tasks))
        for task in late:
            self._refuse(task, broken or CancelledError())
        for task, view in ready:
            self._deliver(task, view)

    def _cancel(self, job: Job) -> None:
        try:
            job.cancel()
        except AlthingError as error:
            # It is over already, or gone.
            if error.code not in ("compute.wrong-state", "compute.no-such-job"):
                raise

    # --- Results.

    def _wait(self) -> None:
        with self._changed:
            while self._job is None and self._broken is None:
                self._changed.wait()
            job = self._job
        if job is None:
            return
        after = 0
        while True:
            try:
                answer = job.next_results(after)
            except AlthingError as error:
                if error.code != "compute.no-such-job":
                    raise
                raise JobEnded(job.id, "forgotten") from error
            for view in answer["results"]:
                self._hear(view)
            after = answer["next"]
            if answer["is_over"]:
                break
            if self._broken is not None:
                return
        self._end(job, answer["state"])

    def _hear(self, view: Dict[str, Any]) -> None:
        unit = int(view["unit"])
        with self._changed:
            task = self._running.pop(unit, None)
            if task is None and unit >= self._pushed:
                self._early[unit] = view
        # A unit that has its result already is one that was tried again by hand: the first result stands.
        if task is not None:
            self._deliver(task, view)

    def _deliver(self, task: _Task, view: Dict[str, Any]) -> None:
        try:
            result = task.decode(Result(self._peer, view, self._patience).output)
        except BaseException as error:  # noqa: BLE001 - of the decoder too: whoever waits for this one has to hear of it
            task.future.set_exception(error)
        else:
            task.future.set_result(result)

    def _end(self, job: Job, state: str) -> None:
        """The job is over: what has no result now gets none."""
        note = ""
        if state == "failed":
            try:
                note = str(job.view().get("note", ""))
            except AlthingError as error:
                _log.debug("althing: %s", error)
        is_whole = not self._fail_all(JobEnded(job.id, state, note))
        self._threads[0].join()
        if self._is_kept or not (self._is_cancelled or (state == "done" and is_whole)):
            return
        try:
            job.forget()
        except AlthingError as error:
            _log.warning("althing: job %s stays at the peer: %s", job.id, error)

    def _fail_all(self, error: BaseException) -> int:
        """Lets nothing more in, and says to all that wait that nothing comes; returns how many these are."""
        with self._changed:
            self._broken = error = self._broken or error
            waiting = list(self._queue)
            running = list(self._running.values())
            self._queue.clear()
            self._running.clear()
            self._queued_bytes = 0
            self._changed.notify_all()
        waiting = [task for task in waiting if task.future.set_running_or_notify_cancel()]
        for task in waiting + running:
            self._refuse(task, error)
        return len(waiting) + len(running)

    def _refuse(self, task: _Task, error: BaseException) -> None:
        task.future.set_exception(CancelledError() if self._is_cancelled else error)

    def _is_given_up(self) -> bool:
        return self._is_cancelled
