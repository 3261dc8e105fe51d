"""Runs programs on the idle computers of a web, through the Althing peer of this computer.

    from althing import Executor, Program

    with Executor("family") as x:
        for output in x.map(Program("./count.wasm"), [b"one two", b"three"]):
            print(output)

Nothing but the standard library is needed. docs/computing.md of Althing tells the rest.
"""

from .building import build
from .executor import Executor
from .faults import AlthingError, JobEnded, Remedy, UnitFailed
from .job import Job, Result
from .peer import Peer, home_of
from .program import Program

__all__ = [
    "AlthingError",
    "Executor",
    "Job",
    "JobEnded",
    "Peer",
    "Program",
    "Remedy",
    "Result",
    "UnitFailed",
    "build",
    "home_of",
]
