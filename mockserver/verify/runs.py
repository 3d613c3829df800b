"""A client as a command: run in a world of its own, again and again, several at a time."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockserver.engine.site import Site
from mockserver.errors import MockServerError
from mockserver.verify.changes import Case, Known, stage

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.state.world import World
    from mockserver.web.server import Address

gave_up: Final = range(69, 79)
"""The exit codes of sysexits.h by which a command says that it gave up on purpose."""

workers: Final = max(6, 2 * (os.cpu_count() or 1))
kept: Final = 400_000


class CannotRun(MockServerError):
    """The command could not be started, or does not do its job even when nothing is changed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (None: it had to be stopped), what it said, and the seconds it took."""

    code: int | None
    out: str
    err: str
    took: float


@dataclass(frozen=True, slots=True)
class Run:
    """A case, the world it left behind, and how the command ended."""

    case: Case
    world: World
    ended: Ended


class Runner:
    """Runs one command against one vendor of one site."""

    def __init__(self, site: Site, engine: Engine, address: Address, command: Sequence[str], seconds: float) -> None:
        self.site, self.engine, self.address, self.command, self.seconds = site, engine, address, list(command), seconds
        self.known = Known({}, seconds + 2)
        self.runs = 0
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(workers)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def all(self, cases: Sequence[Case]) -> list[Run]:
        """Every case run, several at a time, in their order."""
        return list(self._pool.map(self.run, cases))

    def run(self, case: Case) -> Run:
        """One case."""
        world = self.site.worlds.origin.fork(f"v{next(self._numbers)}")
        stage(self.engine, world, case, self.known)
        self.site.worlds.put(world)
        self.runs += 1
        try:
            ended = self._run(self.environment(world.name))
        finally:
            self.site.worlds.drop(world.name)
        return Run(case, world, ended)

    @cached_property
    def _facts(self) -> dict[str, str]:
        vendor, scene, options = self.engine.vendor, self.site.scene, self.engine.options
        return {
            "MOCKSERVER_CA": self.address.ca or "",
            "MOCKSERVER_CREDENTIALS": json.dumps(vendor.credentials(scene, options)),
            "MOCKSERVER_SUBJECT": json.dumps(vendor.subject(scene, options)),
        }

    def environment(self, world: str) -> dict[str, str]:
        tail = f"/_world/{world}/{self.engine.vendor.name}"
        told = {"MOCKSERVER_URL": f"{self.address.url}{tail}", "MOCKSERVER_TLS_URL": f"{self.address.tls_url}{tail}"}
        return {**os.environ, **self._facts, **told}

    def _run(self, environment: Mapping[str, Any]) -> Ended:
        began = time.monotonic()
        try:
            process = subprocess.Popen(  # noqa: S603  # running the user's command is what we are for
                self.command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise CannotRun(
                f"{self.command[0]!r} cannot be started: {getattr(error, 'strerror', None) or error}; give a command after --"
            ) from None
        code: int | None
        try:
            out, err = process.communicate(timeout=self.seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            stop(process)
            out, err = process.communicate()
            code = None
        return Ended(code, out.decode(errors="replace"), err.decode(errors="replace")[-kept:], time.monotonic() - began)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
