"""What can go wrong, in the words a person reads: what failed, why, and what to do."""

from __future__ import annotations

from typing import Any, Iterable, List, NamedTuple


class Remedy(NamedTuple):
    """One thing a person can do."""

    command: str
    """The command to type; empty when the remedy is not a command."""
    text: str
    """What it does, in a few words."""


class AlthingError(Exception):
    """A fault of the peer, or of the way to it.

    `code` is a stable name as `compute.no-such-job`; all of them are in docs/errors.md. `kind` says whose turn it is:
    `yours` (the request is wrong), `settings` (of the peer or its computer), `refused`, `unreachable` (may work later) or
    `broken` (Althing is at fault).
    """

    def __init__(self, code: str, kind: str, what: str, remedies: Iterable[Remedy] = ()) -> None:
        super().__init__(code, kind, what)
        self.code = code
        self.kind = kind
        self.what = what
        self.remedies: List[Remedy] = list(remedies)

    def __str__(self) -> str:
        lines = [f"{self.what} [{self.code}]"]
        for remedy in self.remedies:
            lines.append(f"  do: {remedy.command}  {remedy.text}" if remedy.command else f"  do: {remedy.text}")
        return "\n".join(lines)


class UnitFailed(AlthingError):
    """A unit has no output: the program failed, took too long, or gave too much."""

    def __init__(self, unit: int, input: str, failure: str, who: Iterable[str] = ()) -> None:
        # The peer says both in one text; none of its reasons has a colon.
        why, _, log = failure.partition(": ")
        self.unit = unit
        """Its number."""
        self.input = input
        """Its input, as a path; empty when it is none."""
        self.why = why
        """Why, in words."""
        self.log = log
        """What the program said, at most 2 KiB."""
        self.who = list(who)
        """Who tried."""
        name = f"unit {unit}" + (f" ({input})" if input else "")
        super().__init__("compute.unit-failed", "yours", f"{name} failed: {failure}")


class JobEnded(AlthingError):
    """A job was cancelled, failed as a whole, or is gone, so that what was waited for will not come."""

    def __init__(self, job: str, state: str, note: str = "") -> None:
        self.job = job
        """The job's id."""
        self.state = state
        """How it ended: `failed`, `cancelled`, `done` or `forgotten`."""
        said = f"job {job[:8]} is {state}" + (f": {note}" if note else "")
        super().__init__("compute.job-ended", "settings", said, [Remedy(f"althing jobs show {job[:8]}", "says what happened")])


def from_json(status: int, value: Any) -> AlthingError:
    """Reads a fault as the peer writes it."""
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return garbled(f"status {status} without a fault")
    remedies = [
        Remedy(str(one.get("command", "")), str(one.get("text", "")))
        for one in value.get("remedies") or []
        if isinstance(one, dict)
    ]
    return AlthingError(value["code"], str(value.get("kind", "broken")), str(value.get("what", "")), remedies)


def garbled(why: str) -> AlthingError:
    """Makes the fault of an answer that cannot be read."""
    remedy = Remedy("althing stop", "and start it anew: the peer may be another version")
    return AlthingError("althing.garbled", "broken", f"the peer's answer cannot be read: {why}", [remedy])


def cut_off(why: object) -> AlthingError:
    """Makes the fault of a connection that ended before the answer."""
    remedy = Remedy("althing status", "see whether it runs again, then repeat")
    return AlthingError("althing.cut-off", "unreachable", f"the peer ended before it had answered: {why}", [remedy])


def too_slow(operation: str, seconds: float) -> AlthingError:
    """Makes the fault of an answer that did not come in time; the question may still be carried out."""
    return AlthingError("althing.too-slow", "unreachable", f"the peer did not answer {operation} within {seconds:g} s")


def no_peer(home: str) -> AlthingError:
    """Makes the fault of a home whose peer does not run."""
    return AlthingError(
        "althing.no-peer",
        "unreachable",
        f"no peer is running with this home ({home})",
        [
            Remedy("althing start", "start it, in another window or as a service"),
            Remedy("", "another home is named by ALTHING_HOME, or by home="),
        ],
    )


def cannot_ask(home: str, why: object) -> AlthingError:
    """Makes the fault of a socket that may not be used."""
    return AlthingError(
        "althing.cannot-ask",
        "settings",
        f"the peer of the home {home} cannot be asked: {why}",
        [Remedy("", "use the account that started the peer")],
    )
