"""What the tests of one process share: sites, one server, and the list of who is there."""

from __future__ import annotations

import itertools
import os
import threading
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mockserver import vendors
from mockserver.engine.site import Site
from mockserver.testing.bench import Bench
from mockserver.testing.terms import Terms
from mockserver.testing.verdict import Verdict

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.state.world import World
    from mockserver.testing.asgi import Gate
    from mockserver.testing.coverage import Tally
    from mockserver.testing.intercept import Interception
    from mockserver.web.server import Address


class Host:
    """One for a test process.

    benches  those in use, by name, the newest last
    lock     held while a call is answered or a world is looked at: the server answers in a thread of its own
    tally    what was exercised of the contracts, when somebody wants to know
    """

    def __init__(self, tally: Tally | None = None) -> None:
        self.benches: dict[str, Bench] = {}
        self.lock = threading.RLock()
        self.tally = tally
        self._sites: dict[tuple[object, ...], Site] = {}
        self._engines: dict[tuple[object, str], tuple[Site, Engine]] = {}
        self._numbers = itertools.count(1)
        self._open = ExitStack()
        self._address: Address | None = None
        self._gate: Gate | None = None

    @property
    def newest(self) -> Bench | None:
        return next(reversed(self.benches.values()), None)

    def engine(self, terms: Terms, name: str) -> tuple[Site, Engine]:
        """The vendor of this name or the document at this path, and the site of these terms, which serves it from now on."""
        known = (terms.stage, name)
        found = self._engines.get(known)
        if found is None:
            found = self._engines[known] = self._served(terms, name)
        return found

    def _served(self, terms: Terms, name: str) -> tuple[Site, Engine]:
        site = self._sites.get(terms.stage)
        if site is None:
            site = self._sites[terms.stage] = vendors.site(
                [name], scene=terms.scene, seed=terms.seed, people=terms.people, clock=terms.clock, options=terms.options
            )  # fmt: skip
            return site, next(iter(site.engines.values()))
        engine = vendors.engine(name, terms.options.get(name), {*vendors.names(), *site.engines})
        site.add(engine)
        return site, engine

    def verdicts(self) -> list[str]:
        """What there is to say of every bench in use: it is told once."""
        found = []
        for bench in self.benches.values():
            try:
                bench.settle()
            except Verdict as verdict:
                found.append(str(verdict))
        return found

    def open(self, terms: Terms, start: World | None = None) -> Bench:
        """A bench with a world of its own, forked from `start` or from the scene, to be entered. Leaving it raises its verdict."""
        return Bench(self, f"t{os.getpid()}-{next(self._numbers)}", terms, start)

    @cached_property
    def interception(self) -> Interception:
        """The catching of calls to real hosts, for as long as a bench wants it."""
        from mockserver.testing.intercept import Interception

        return Interception(self)

    def address(self, site: Site) -> Address:
        """Where the server of this process answers; started when first asked for. From then on it sends the webhooks of this site."""
        if self._gate is None or self._address is None:
            from mockserver.testing.asgi import Gate
            from mockserver.web.server import Plan, in_thread

            self._gate = Gate(self, site)
            self._address = self._open.enter_context(in_thread(self._gate, Plan(tls_port=0)))
        self._gate.adopt(site)
        return self._address

    def is_own(self, name: str, port: str) -> bool:
        """Whether a name and port are those of this process's own server."""
        own = self._address
        return own is not None and any(f"//{name}:{port}" in f"{url}/" for url in (own.url, own.tls_url))

    def close(self) -> None:
        """Stop the server. Every bench must be closed by now."""
        left: Any = ", ".join(self.benches)
        self._open.close()
        self._address = self._gate = None
        if left:
            raise RuntimeError(f"worlds are left behind: {left}")
