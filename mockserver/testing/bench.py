"""The bench of a test: the doubles of vendors in one world of their own, and what became of their contracts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from mockserver.engine.engine import Engine
from mockserver.engine.faults import Fault, fault_of, give, packed, settle, take
from mockserver.engine.site import Site
from mockserver.errors import Finding, MockServerError
from mockserver.message import Call, Reply
from mockserver.state.world import World
from mockserver.testing.calls import Calls
from mockserver.testing.checkpoint import Checkpoint
from mockserver.testing.expected import Expected
from mockserver.testing.state import State
from mockserver.testing.terms import Terms
from mockserver.testing.verdict import Breach, Verdict, breaches_of, our_fault
from mockserver.testing.watch import Watch
from mockserver.web.travel import Travel, travel

if TYPE_CHECKING:
    from mockserver.testing.asgi import Asgi
    from mockserver.testing.host import Host
    from mockserver.testing.transport import Transport
    from mockserver.web.server import Address


class Bench:
    """The doubles of one test: `bench["name"]`, or `bench("petstore.yaml")` for one that joins later. They share a world and its clock.

    With one double on it, a bench can be used as that double.

    posting  whether its webhooks leave: from the first time on that its address is asked for
    """

    def __init__(self, host: Host, name: str, terms: Terms, start: World | None = None) -> None:
        self.host, self.name, self.terms = host, name, terms
        self.breaches: list[Breach] = []
        self._doubles: dict[str, Double] = {}
        self._world: World | None = None
        self._start, self._judged = start, 0
        self._failed: list[Any] = []
        self._intercepting = False
        self.posting = False

    def __enter__(self) -> Self:
        self.host.benches[self.name] = self
        try:
            if self.terms.intercept:
                self._intercepting = self.host.interception.enter()
            for name in self.terms.names:
                self.double(name)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.settle()
        finally:
            self._leave()

    def close(self) -> None:
        """Give the verdict and forget the world and the doubles, which know their bench: nothing is left for the collector to find."""
        try:
            self.__exit__(None)
        finally:
            self._doubles.clear()

    def _leave(self) -> None:
        if self._intercepting:
            self.host.interception.leave()
        if self._world is not None:
            self.site.worlds.drop(self.name)
        del self.host.benches[self.name]

    # -- the doubles --------------------------------------------------------------------------------------------------

    def __call__(self, name: str) -> Double:
        return self.double(name)

    def __getitem__(self, name: str) -> Double:
        return self.double(name)

    def double(self, name: str) -> Double:
        """The double of a bundled vendor, or of the document at a path. Raises UnknownName or BadSpec."""
        double = self._doubles.get(name)
        if double is None:
            self.site, engine = self.host.engine(self.terms, name)
            double = self._doubles[name] = self._doubles.get(engine.vendor.name) or self._joined(Double(self, engine))
        return double

    def _joined(self, double: Double) -> Double:
        """A double that is new here, with the faults that the terms have for it."""
        self._doubles[double.name] = double
        if self._world is None:
            self._world = self._begin()
        for fault in self.terms.faults:
            if isinstance(fault, str) or fault.vendor in ("", double.name):
                double.fault(fault)
        return double

    def __iter__(self) -> Iterator[Double]:
        return iter(dict.fromkeys(self._doubles.values()))

    def __getattr__(self, word: str) -> Any:
        doubles = list(self) if not word.startswith("_") else []
        if len(doubles) == 1:
            return getattr(doubles[0], word)
        if word in everywhere:
            return everywhere[word](self)
        names = ", ".join(double.name for double in doubles) or "none"
        raise AttributeError(f"{word}: of which double? this bench has {names}; write bench[NAME].{word}")

    # -- the world ----------------------------------------------------------------------------------------------------

    site: Site

    @property
    def world(self) -> World:
        """The world of this test, there from the first double on."""
        if self._world is None:
            raise MockServerError("there is no world before the first double is asked for, such as mockserver[NAME]")
        return self._world

    def _begin(self) -> World:
        world = self.site.worlds.get(self.name)
        world.journal = deque()
        if self._start is not None:
            world.rewind(self._start.snapshot())
        return world

    @property
    def address(self) -> Address:
        """Where the server of this process answers. Webhooks are sent from the first time on that it is asked for."""
        address = self.host.address(self.site)
        self.posting = True
        self.mail()
        return address

    def mail(self) -> None:
        """Send what waits, if anything of this bench leaves the process: other tests of its site may have asked for an address."""
        if self.posting and self.world.outbox:
            self.site.mail(self.world)

    @property
    def clock(self) -> Watch:
        """The one clock of all doubles."""
        return Watch(self)

    @property
    def calls(self) -> Calls:
        """Every call, whoever it was for, in order."""
        return Calls(self)

    def checkpoint(self) -> Checkpoint:
        """This moment, to come back to or to compare with."""
        return Checkpoint(self)

    # -- answering ----------------------------------------------------------------------------------------------------

    def relay(self, engine: Engine, call: Call) -> Reply:
        """Answer one call in the process."""
        with self.host.lock:
            if call.path.startswith("/_world/"):
                scheme, _, host = call.base.partition("://")
                return self.site.answer(call.method, scheme, host, call.path, call.query, call.headers, call.body)
            reply = engine.answer(call, self.world)
            self.mail()
            return reply

    # -- the verdict --------------------------------------------------------------------------------------------------

    def judge(self) -> list[Breach]:
        """What the calls since the last look did to their contracts; remembered until the verdict."""
        journal = () if self._world is None else self._world.journal
        if len(journal) == self._judged:
            return []
        with self.host.lock:
            exchanges = list(islice(journal, self._judged, None))
        self._judged += len(exchanges)
        found: list[Breach] = []
        for exchange in exchanges:
            engine = self.site.engines[exchange.vendor]
            found += breaches_of(engine, exchange)
            if our_fault(exchange):
                self._failed.append(exchange)
            if self.host.tally is not None:
                self.host.tally.count(engine, exchange)
        self.breaches += found
        return found

    def astray(self, host: str, words: str) -> None:
        """A call to a host that nobody serves."""
        self.breaches.append(Breach(", ".join(double.name for double in self), Finding("", f"host {host}", "host", words, host)))

    def settle(self) -> None:
        """Judge what was not judged yet. Raises Verdict when something counts; it is forgotten then."""
        self.judge()
        if not self.breaches and not self._failed:
            return
        counted = self.terms.counted
        broken, failed = [breach for breach in self.breaches if breach.sort in counted], self._failed
        self.breaches, self._failed = [], []
        if broken or failed:
            raise Verdict(broken, failed)


everywhere: Mapping[str, Callable[[Bench], Any]] = {
    "url": lambda bench: f"{bench.address.url}/_world/{bench.name}",
    "tls_url": lambda bench: f"{bench.address.tls_url}/_world/{bench.name}",
    "ca": lambda bench: bench.address.ca,
    "credentials": lambda bench: {double.name: double.credentials for double in bench},
    "state": lambda bench: {double.name: double.state for double in bench},
}
"""What a bench of several doubles says of all of them."""


class Double:
    """One vendor, or one document, in the world of one test.

    name  the vendor's, or made of the document's file name
    """

    def __init__(self, bench: Bench, engine: Engine) -> None:
        self.bench, self.engine = bench, engine
        self.name: str = engine.vendor.name

    def __repr__(self) -> str:
        return f"<{self.name} in world {self.bench.name}>"

    # -- where it is --------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base address: a real socket, or the vendor's real address where calls to it are intercepted."""
        return self._real if self.bench.terms.intercept else f"{self.bench.address.url}/_world/{self.bench.name}/{self.name}"

    @property
    def tls_url(self) -> str:
        """The same by https."""
        return self._real if self.bench.terms.intercept else f"{self.bench.address.tls_url}/_world/{self.bench.name}/{self.name}"

    @property
    def _real(self) -> str:
        return f"https://{self.hosts[0].replace('*', 'example')}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The real hosts it answers for."""
        return (*self.engine.vendor.hosts, f"{self.name}.localhost")

    @property
    def ca(self) -> str:
        """The file of the CA that signed `tls_url`."""
        return str(self.bench.address.ca)

    @property
    def credentials(self) -> dict[str, str]:
        """Working ones, of an admin of the scene."""
        return self.engine.vendor.credentials(self.bench.site.scene, self.engine.options)

    @property
    def subject(self) -> dict[str, Any]:
        """The path parameters of the person with the most sessions."""
        return self.engine.vendor.subject(self.bench.site.scene, self.engine.options)

    # -- ways in, without a socket ------------------------------------------------------------------------------------

    def answer(self, method: str, scheme: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request in the process."""
        return self.bench.relay(self.engine, Call(method, path or "/", query, headers, body, f"{scheme}://{host}"))

    def speak(self, call: Call) -> Travel:
        """The same for wires."""
        return travel(self.bench.relay(self.engine, call), call.method)

    def transport(self) -> Transport:
        """For httpx and httpx2, sync and async: `httpx.Client(transport=api.transport(), base_url="https://…")`."""
        from mockserver.testing.transport import Transport

        return Transport(self.speak)

    def adapter(self) -> Any:
        """For requests: `session.mount("https://", api.adapter())`; for SDKs that take a requests session, through it."""
        from mockserver.testing.adapter import adapter

        return adapter(self.speak)

    @property
    def asgi(self) -> Asgi:
        """As an ASGI application."""
        from mockserver.testing.asgi import Asgi

        return Asgi(self.answer)

    # -- looking ------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What it remembers, by kind: `api.state.sessions(status="active")`."""
        return State(self.bench, self.engine)

    @property
    def calls(self) -> Calls:
        """What it was asked."""
        return Calls(self.bench, self.engine)

    @property
    def clock(self) -> Watch:
        """The clock of the world: freeze it, set it, advance it."""
        return self.bench.clock

    def checkpoint(self) -> Checkpoint:
        """This moment of the whole world, to come back to or to compare with."""
        return Checkpoint(self.bench, self.engine)

    # -- steering -----------------------------------------------------------------------------------------------------

    def fault(self, fault: Fault | str | Mapping[str, Any]) -> Struck:
        """Let a fault strike from now on: a value, a pack's name, or `{"effect": "cut", "where": "body", "times": 1}`."""
        with self.bench.host.lock:
            if isinstance(fault, str):
                return Struck(self.bench, give(self.bench.world, *packed(self.engine, fault)))
            told = fault if isinstance(fault, Fault) else fault_of(fault)
            return Struck(self.bench, give(self.bench.world, settle(self.engine, told)))

    def fail(self, *operations: str, status: int = 500, times: int | None = None, **more: Any) -> Struck:
        """Let calls of these operations (none named: of all) fail in the vendor's own words.

        more  of `Status` (code, message, retry_after, body, media) and of `Fault` (chance, skip, every, …)
        """
        return self.fault({"effect": "status", "status": status, "operations": operations, "times": times, **more})

    def slow(self, *operations: str, seconds: float, times: int | None = None, **more: Any) -> Struck:
        """Let replies of these operations (none named: of all) begin late."""
        return self.fault({"effect": "slow", "seconds": seconds, "operations": operations, "times": times, **more})

    def expects_violation(self, sort: str | None = None, *, operation: str | None = None, place: str | None = None) -> Expected:
        """A block in which the client leaves the contract on purpose; it is an error when it does not."""
        return Expected(self.bench, self.engine, sort, operation, place)

    @contextmanager
    def fork(self) -> Iterator[Double]:
        """The same double in a world that starts as this one is now and goes its own way."""
        with self.bench.host.open(self.bench.terms, self.bench.world) as bench:
            bench.posting = self.bench.posting
            yield bench.double(self.name)


class Struck:
    """Faults that were let loose: until the end of the test, of a `with` block, or `end()`."""

    def __init__(self, bench: Bench, faults: tuple[Fault, ...]) -> None:
        self.bench, self.faults = bench, faults

    @property
    def times(self) -> int:
        """How many calls were struck by now."""
        return sum(int(self.bench.world.counters.get(f"fault:{fault.name}", (0, 0))[1]) for fault in self.faults)

    def end(self) -> None:
        take(self.bench.world, *(fault.name for fault in self.faults))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
