"""`python -m althing`: shows the jobs of the peer, to see that it answers. `python -m althing build count.py count.wasm`."""

from __future__ import annotations

import argparse
import sys
from typing import List, Optional

from . import AlthingError, Peer, build

#: As the exit codes of the command line.
_EXIT = {"broken": 1, "yours": 2, "settings": 3, "refused": 4, "unreachable": 5}


def main(arguments: Optional[List[str]] = None) -> int:
    """Does what was asked and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m althing", description="Shows the jobs of the peer.")
    parser.add_argument("--home", help="the home of the peer; ALTHING_HOME if not said")
    parser.add_argument("--all", action="store_true", help="also jobs of others that this computer may work for")
    commands = parser.add_subparsers(dest="command")
    making = commands.add_parser("build", help="makes a program of a Python module (needs componentize-py)")
    making.add_argument("module", help="a file with a function run(unit, arguments, input) -> bytes")
    making.add_argument("out", help="the program, as count.wasm")
    said = parser.parse_args(arguments)
    try:
        if said.command == "build":
            print(build(said.module, said.out))
        else:
            _show(Peer(said.home), said.all)
    except AlthingError as error:
        print(f"Error: {error}", file=sys.stderr)
        return _EXIT.get(error.kind, 1)
    return 0


def _show(peer: Peer, is_all: bool) -> None:
    jobs = peer.call("compute.jobs", {"all": is_all})["jobs"]
    if not jobs:
        print(f"The peer of {peer.home} answers; it has no jobs.")
    for job in jobs:
        note = f"  {job['note']}" if job.get("note") else ""
        name = "".join(letter if letter.isprintable() else "?" for letter in job["name"])
        print(f"{job['id'][:8]}  {job['state']:<10} {job['done']:>8} of {job['total']:<8} {job['web']}  {name}{note}")


if __name__ == "__main__":
    sys.exit(main())
