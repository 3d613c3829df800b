"""A client run in a world of its own, again and again, several at a time."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mockserver.engine.site import Site
from mockserver.values import frozen
from mockserver.verify.changes import Case, Known, stage
from mockserver.verify.commands import Anew, Ended, Heard, Warm

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.state.world import World
    from mockserver.web.server import Address

gave_up: Final = range(69, 79)
"""The exit codes of sysexits.h by which a command says that it gave up on purpose."""

starts: Final = max(2, os.cpu_count() or 1)
workers: Final = 6 * starts


@frozen
class Run:
    """A case, the world it left behind, and how the command ended."""

    case: Case
    world: World
    ended: Ended


class Runner:
    """Runs one command against one vendor of one site. warm: it is kept from case to case."""

    def __init__(self, site: Site, engine: Engine, address: Address, command: Sequence[str], seconds: float, *, warm: bool = False) -> None:
        self.site, self.engine, self.address, self.command = site, engine, address, list(command)
        self.known = Known({}, seconds + 2)
        self.runs = 0
        self._run = (Warm if warm else Anew)(command, seconds)
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(workers)
        self._places = threading.Semaphore(starts)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._run.close()

    def all(self, cases: Sequence[Case]) -> list[Run]:
        """Every case run, several at a time, in their order."""
        return list(self._pool.map(self.run, cases))

    def run(self, case: Case) -> Run:
        """One case."""
        world = self.site.worlds.origin.fork(f"v{next(self._numbers)}")
        world.journal = heard = Heard(self._places)
        stage(self.engine, world, case, self.known)
        self.site.worlds.put(world)
        self.runs += 1
        self._places.acquire()
        heard.begin()
        try:
            ended = self._run({**self._facts, **self.addresses(world.name)}, heard)
        finally:
            heard.up()
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

    def addresses(self, world: str) -> dict[str, str]:
        tail = f"/_world/{world}/{self.engine.vendor.name}"
        return {"MOCKSERVER_URL": f"{self.address.url}{tail}", "MOCKSERVER_TLS_URL": f"{self.address.tls_url}{tail}"}
