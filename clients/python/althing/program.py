"""The function of a job: a WASM program, and how its inputs and outputs become bytes."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, NoReturn, Optional, Tuple, Union

PathOrText = Union[str, "os.PathLike[str]"]


def bytes_of(item: Any) -> bytes:
    """Makes the input of a unit out of an item: bytes as they are, text as UTF-8."""
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    if isinstance(item, str):
        return item.encode()
    raise TypeError(
        f"an item is bytes or str, not {type(item).__name__}: give Program(..., encode=) a function that makes bytes of it"
    )


def place_of(program: PathOrText) -> str:
    """Returns a program's place as the peer takes it: absolute if it is a file of this computer, else a path of the tree.

    As on the command line, what begins with `.`, or exists from the present folder on, is a file of this computer.
    """
    if not isinstance(program, str):
        return os.path.abspath(os.fspath(program))
    if program.startswith("~"):
        program = os.path.expanduser(program)
    if program.startswith(".") or os.path.exists(program):
        return os.path.abspath(program)
    return program


class Program:
    """A WASM program that many computers run, each over other inputs. It is given where a function would be.

    `path` is a file of this computer or a path of the tree (`family/alice/programs/count.wasm`). `arguments` is a text of at
    most 64 KiB that every unit is given. `encode` makes bytes of an item (several, if `map` is given several iterables);
    without it items are bytes or text. `decode` makes something of an output; without it outputs are bytes. `seconds` of
    processor time (1 to 86,400; the peer takes 600 if not said) and `memory` in MiB (1 to 4,096; 256) are limits of a unit.
    `fuel` is how many instructions of WASM it may run: who needs more fails, on every computer alike.
    `exact_nan` makes NaN alike on all processors; `anew` computes also what is known.
    """

    def __init__(
        self,
        path: PathOrText,
        *,
        arguments: Optional[str] = None,
        encode: Optional[Callable[..., Union[bytes, str]]] = None,
        decode: Optional[Callable[[bytes], Any]] = None,
        seconds: Optional[int] = None,
        memory: Optional[int] = None,
        fuel: Optional[int] = None,
        exact_nan: bool = False,
        anew: bool = False,
    ) -> None:
        self.path = place_of(path)
        self.arguments = arguments
        self.seconds = seconds
        self.memory = memory
        self.fuel = fuel
        self.exact_nan = exact_nan
        self.anew = anew
        self._encode = encode
        self._decode = decode

    def __repr__(self) -> str:
        return f"Program({self.path!r})"

    def __call__(self, *_arguments: Any, **_named: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} runs on the computers of a web, not here: "
            'with Executor("family") as x: x.map(program, items), or x.submit(program, item)'
        )

    def encode(self, *items: Any) -> bytes:
        """Makes the input of a unit."""
        if self._encode is not None:
            return bytes_of(self._encode(*items))
        if len(items) != 1:
            raise TypeError(f"{len(items)} items for one unit: give Program(..., encode=) a function that joins them")
        return bytes_of(items[0])

    def decode(self, output: bytes) -> Any:
        """Makes the result of an output."""
        return output if self._decode is None else self._decode(output)

    def said(self) -> Dict[str, Any]:
        """Returns what `compute.map` is told of it; what is not said is left to the peer."""
        said: Dict[str, Any] = {"program": self.path}
        if self.arguments:
            said["arguments"] = self.arguments
        for name in ("seconds", "memory", "fuel"):
            if getattr(self, name) is not None:
                said[name] = getattr(self, name)
        for name in ("exact_nan", "anew"):
            if getattr(self, name):
                said[name] = True
        return said

    def key(self) -> Tuple[Any, ...]:
        """Returns what makes two programs one job: all but how bytes are made and read."""
        return (self.path, self.arguments or "", self.seconds, self.memory, self.fuel, self.exact_nan, self.anew)
