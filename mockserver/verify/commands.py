"""A client as a command: started anew for every case, or kept and told one case after another.

Rules of this file
- A command's time runs from its first call on, so that a slow start is no hang; to come to that call it has three times as long.
- To start costs a processor, to wait costs nothing: few start at once, and many run.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

from mockserver.engine.journal import Exchange
from mockserver.errors import MockServerError
from mockserver.values import frozen

kept: Final = 400_000


class CannotRun(MockServerError):
    """The command could not be started, or does not do its job even when nothing is changed."""


@frozen
class Ended:
    """How a command ended: its exit code (None: it had to be stopped), what it said, and the seconds it took from its first call on."""

    code: int | None
    out: str
    err: str
    took: float


class Heard(deque[Exchange]):
    """The journal of a case, which knows since when the command is up: since its first call. Until then it has a place among the starting."""

    def __init__(self, places: threading.Semaphore) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.since: float | None = None
        self._held = [places]

    def append(self, each: Exchange) -> None:
        super().append(each)
        if self.since is None:
            self.since = time.monotonic()
            self.up()

    def begin(self) -> None:
        self.began = time.monotonic()

    def up(self) -> None:
        """Give the place to another; called twice, it does so once."""
        with contextlib.suppress(IndexError):
            self._held.pop().release()

    @property
    def took(self) -> float:
        return time.monotonic() - (self.since or self.began)


class Anew:
    """A process for each case."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self.command, self.seconds = list(command), seconds

    def __call__(self, told: Mapping[str, str], heard: Heard) -> Ended:
        """One case: what stands in the environment, and the journal of its world."""
        process = started(self.command, told, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with watched(process, heard, self.seconds) as late:
            out, err = process.communicate()
        return Ended(None if late.is_set() else process.returncode, text(out), text(err[-kept:]), heard.took)

    def close(self) -> None:
        """Nothing is left."""


class Warm:
    """Processes that are kept: each is told a case by a line of JSON on its stdin, and answers by a line of JSON."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self.command, self.seconds = list(command), seconds
        self._idle: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []

    def __call__(self, told: Mapping[str, str], heard: Heard) -> Ended:
        """One case. Raises CannotRun on an answer that is none."""
        try:
            process, errors = self._idle.pop()
        except IndexError:
            errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as its process
            process = started(self.command, told, stdin=subprocess.PIPE, stderr=errors)
        before = errors.seek(0, os.SEEK_END)
        with watched(process, heard, self.seconds) as late:
            answer = asked(process, told)
            code = 0 if answer else finished(process)
        errors.seek(max(before, errors.seek(0, os.SEEK_END) - kept))
        err = text(errors.read())
        if late.is_set() or not answer:
            errors.close()
            return Ended(None if late.is_set() else code, "", err, heard.took)
        self._idle.append((process, errors))
        found = answer_of(answer)
        return Ended(found["exit"], json.dumps(found.get("view")), f"{err}{found.get('said', '')}", heard.took)

    def close(self) -> None:
        for process, errors in self._idle:
            stop(process)
            process.communicate()
            errors.close()


def started(command: list[str], told: Mapping[str, str], **pipes: Any) -> subprocess.Popen[bytes]:
    """A process of its own group. Raises CannotRun."""
    try:
        return subprocess.Popen(command, env={**os.environ, **told}, stdout=subprocess.PIPE, start_new_session=True, **pipes)  # noqa: S603  # running the user's command is what we are for
    except (OSError, ValueError) as error:
        raise CannotRun(f"{command[0]!r} cannot be started: {getattr(error, 'strerror', None) or error}; give a command after --") from None


@contextlib.contextmanager
def watched(process: subprocess.Popen[bytes], heard: Heard, seconds: float) -> Iterator[threading.Event]:
    """Stop a process that takes too long; the event says that it did."""
    done, late = threading.Event(), threading.Event()

    def watch() -> None:
        while (left := (heard.since + seconds if heard.since else heard.began + 3 * seconds) - time.monotonic()) > 0:
            if done.wait(min(left, seconds)):
                return
        late.set()
        stop(process)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield late
    finally:
        done.set()
        watcher.join()


def asked(process: subprocess.Popen[bytes], told: Mapping[str, str]) -> bytes:
    """The line by which a process answers a case, b"" when it ended instead."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(dict(told)).encode() + b"\n")
        process.stdin.flush()
    except OSError:  # it has ended already
        return b""
    return process.stdout.readline()


def finished(process: subprocess.Popen[bytes]) -> int:
    process.communicate()
    return process.returncode


def answer_of(line: bytes) -> dict[str, Any]:
    """What a kept process says of a case. Raises CannotRun."""
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and isinstance(found.get("exit"), int):
            return found
    raise CannotRun(f'--warm: the command answered {text(line).strip()[:80]!r}; each line must be like {{"exit": 0, "view": ["an id"]}}')


def text(content: bytes) -> str:
    return content.decode(errors="replace")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
