"""The line to the running peer: HTTP over the socket in its home. The rights of that file are the only gate."""

from __future__ import annotations

import errno
import http.client
import json
import os
import secrets
import socket
import time
from typing import Any, Callable, Dict, Mapping, Optional, Union
from urllib.parse import quote, urlencode

from . import faults
from .faults import AlthingError, Remedy

#: The peer may answer late when its computer is busy; an answer that takes longer than this is lost.
ANSWER_SECONDS = 120.0

#: Pauses between attempts to reach a peer that restarts.
RETRY_FIRST_SECONDS = 0.1
RETRY_MOST_SECONDS = 2.0


def home_of(home: Union[str, "os.PathLike[str]", None] = None) -> str:
    """Returns the home: as said, else `ALTHING_HOME`, else `althing` in the user's data folder.

    The rules are those of the command line: `ALTHING_HOME` has to be absolute, a relative `XDG_DATA_HOME` counts as not
    set.
    """
    if home is not None:
        return os.path.abspath(os.path.expanduser(os.fspath(home)))
    named = os.environ.get("ALTHING_HOME", "")
    if named:
        if os.path.isabs(named):
            return named
        raise AlthingError(
            "peer.home-not-absolute",
            "settings",
            f"ALTHING_HOME names a folder that is not absolute: {named}",
            [Remedy('export ALTHING_HOME="$PWD/FOLDER"', "names the home from the root on")],
        )
    data = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):
        return os.path.join(data, "althing")
    user = os.environ.get("HOME", "")
    if user:
        return os.path.join(user, ".local", "share", "althing")
    raise AlthingError(
        "peer.no-home",
        "settings",
        "there is no place for the home: neither ALTHING_HOME nor HOME is set",
        [Remedy("export ALTHING_HOME=FOLDER", "names a folder for the home")],
    )


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: Optional[float]) -> None:
        super().__init__("althing.localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Peer:
    """The peer of a home. Opens a connection for each question, so it may be shared by threads.

    Making one asks nothing; a peer that does not run is noticed by the first call.
    """

    def __init__(self, home: Union[str, "os.PathLike[str]", None] = None) -> None:
        self.home = home_of(home)
        """The folder of the peer."""

    def __repr__(self) -> str:
        return f"Peer({self.home!r})"

    def call(
        self,
        operation: str,
        arguments: Optional[Mapping[str, Any]] = None,
        *,
        once: Optional[str] = None,
        timeout: Optional[float] = ANSWER_SECONDS,
    ) -> Dict[str, Any]:
        """Asks one operation and returns its answer. docs/operations.md lists all of them.

        `once` is an operation id (32 lower-case hex digits): the same id with the same arguments within a day gets the
        same answer, and nothing is done twice. `timeout` is in seconds. Raises `AlthingError`; nothing is repeated.
        """
        headers = {"content-type": "application/json"}
        if once is not None:
            headers["idempotency-key"] = once
        body = json.dumps(dict(arguments or {}), separators=(",", ":")).encode()
        answer = self._ask("POST", f"/api/{quote(operation, safe='')}", body, headers, timeout, operation)
        try:
            value = json.loads(answer)
        except ValueError as error:
            raise faults.garbled(str(error)) from error
        if not isinstance(value, dict):
            raise faults.garbled("it is no object")
        return value

    def act(
        self,
        operation: str,
        arguments: Optional[Mapping[str, Any]] = None,
        *,
        patience: float = 0.0,
        is_given_up: Callable[[], bool] = lambda: False,
        timeout: Optional[float] = ANSWER_SECONDS,
    ) -> Dict[str, Any]:
        """Asks an operation that changes something, exactly once, also when the peer restarts meanwhile.

        A peer that is away or cuts the line off is asked again with the same operation id, for `patience` seconds since
        it was last reached, or until `is_given_up()` says so.
        """
        once = secrets.token_hex(16)
        answer: Dict[str, Any] = self.patiently(
            lambda: self.call(operation, arguments, once=once, timeout=timeout), patience, is_given_up
        )
        return answer

    def patiently(self, ask: Callable[[], Any], patience: float, is_given_up: Callable[[], bool] = lambda: False) -> Any:
        """Does what reaches the peer, again and again while it is away, for `patience` seconds."""
        until = time.monotonic() + patience
        pause = RETRY_FIRST_SECONDS
        while True:
            try:
                return ask()
            except AlthingError as error:
                if not is_away(error) or time.monotonic() >= until or is_given_up():
                    raise
            time.sleep(pause)
            pause = min(pause * 2, RETRY_MOST_SECONDS)

    def content(self, content: str) -> bytes:
        """Returns a content by its id, as results larger than 64 KiB name it (at most 64 MiB)."""
        return self._ask("GET", f"/content/{quote(content, safe='')}", None, {}, ANSWER_SECONDS, "content")

    def file(self, path: str, revision: Optional[int] = None) -> bytes:
        """Returns a shared file, as `family/alice/archive/letter.txt`; of its newest revision if none is said."""
        asked: Dict[str, Any] = {"path": path}
        if revision is not None:
            asked["revision"] = revision
        return self._ask("GET", f"/content?{urlencode(asked)}", None, {}, ANSWER_SECONDS, "content")

    def _ask(
        self,
        method: str,
        path: str,
        body: Optional[bytes],
        headers: Dict[str, str],
        timeout: Optional[float],
        about: str,
    ) -> bytes:
        connection = _Connection(os.path.join(self.home, "althing.sock"), timeout)
        try:
            try:
                connection.connect()
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
                    raise faults.no_peer(self.home) from error
                raise faults.cannot_ask(self.home, error) from error
            try:
                connection.request(method, path, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                # A body that is too large is refused before it is read: the answer is there all the same.
                pass
            response = connection.getresponse()
            answer = response.read()
        except socket.timeout as error:
            raise faults.too_slow(about, timeout or 0) from error
        except (OSError, http.client.HTTPException) as error:
            raise faults.cut_off(error or type(error).__name__) from error
        finally:
            connection.close()
        if response.status == 200:
            return answer
        try:
            value = json.loads(answer)
        except ValueError:
            value = None
        raise faults.from_json(response.status, value)


def is_away(error: AlthingError) -> bool:
    """Says whether a fault is that the peer could not be reached, so that the same may work later."""
    return error.code in ("althing.no-peer", "althing.cut-off", "althing.too-slow", "peer.stopping")
