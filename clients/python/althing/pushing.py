"""Giving inputs to an open job: as many at once as the peer takes."""

from __future__ import annotations

import base64
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple, Union

from .faults import AlthingError, Remedy
from .peer import Peer

#: Items of one push at most, and their letters in base64 (8 MiB of bytes): what the peer takes.
ITEMS_MAX = 10_000
LETTERS_MAX = 8 * 1024 * 1024 * 4 // 3
#: Bytes of one item at most: it travels inside messages.
ITEM_BYTES_MAX = 256 * 1024
#: A push is not made smaller than this before a single item is tried.
_LETTERS_LEAST = 16 * 1024


def check_size(item: bytes) -> bytes:
    """Refuses an item that the peer would refuse, together with all others of its push."""
    if len(item) > ITEM_BYTES_MAX:
        raise AlthingError(
            "compute.bad-item",
            "yours",
            f"an item has {len(item):,} bytes, {ITEM_BYTES_MAX:,} are allowed",
            [Remedy("", "share large inputs as files, and run the program over them")],
        )
    return item


def letters(item: bytes) -> int:
    """Returns how many letters an item has in base64."""
    return (len(item) + 2) // 3 * 4


class Pusher:
    """Pushes items of one job. Not for use by several threads at once."""

    def __init__(self, peer: Peer, id: str, patience: float, is_given_up: Callable[[], bool] = lambda: False) -> None:
        self._peer = peer
        self._id = id
        self._patience = patience
        self._is_given_up = is_given_up
        self.letters_max = LETTERS_MAX
        """Letters of one push; less when the peer has said that it takes less."""

    def push(self, items: Sequence[bytes]) -> Iterator[Tuple[int, int, Union[AlthingError, int]]]:
        """Pushes items; gives for each part `(from, to, first unit or fault)`, as soon as the peer has it.

        A fault is given only for a single item that the peer refuses; one that concerns all is raised.
        """
        parts = list(reversed(self._parts(items)))
        while parts:
            start, end = parts.pop()
            try:
                answer = self._ask({"items": [base64.b64encode(item).decode() for item in items[start:end]]})
            except AlthingError as error:
                if error.code not in ("gateways.too-large", "compute.bad-item"):
                    raise
                if end - start == 1:
                    yield start, end, error
                    continue
                if error.code == "gateways.too-large":
                    half = sum(map(letters, items[start:end])) // 2
                    self.letters_max = min(self.letters_max, max(half, _LETTERS_LEAST))
                middle = (start + end) // 2
                parts += [(middle, end), (start, middle)]
            else:
                yield start, end, int(answer["first"])

    def close(self) -> None:
        """Says that there will be no more."""
        self._ask({"is_last": True})

    def _ask(self, what: Dict[str, Any]) -> Dict[str, Any]:
        return self._peer.act("compute.push", {"id": self._id, **what}, patience=self._patience, is_given_up=self._is_given_up)

    def _parts(self, items: Sequence[bytes]) -> List[Tuple[int, int]]:
        parts: List[Tuple[int, int]] = []
        start = size = 0
        for at, item in enumerate(items):
            if at > start and (at - start >= ITEMS_MAX or size + letters(item) > self.letters_max):
                parts.append((start, at))
                start, size = at, 0
            size += letters(item)
        if len(items) > start:
            parts.append((start, len(items)))
        return parts
