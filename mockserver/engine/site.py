"""A site: several engines over the same worlds, and which of them an address means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from mockserver.contract.wire import BrokenEncoding, plain
from mockserver.engine.engine import Engine
from mockserver.engine.problems import problem
from mockserver.engine.vendor import Kind, Turn
from mockserver.errors import BadScene, BadSpec, Finding, Refusal
from mockserver.message import Call, Reply
from mockserver.state.clock import Clock
from mockserver.state.record import public
from mockserver.state.scene import Scene
from mockserver.state.table import Base, Record, Table
from mockserver.state.world import World, Worlds

world_name: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,127}")
default_world: Final = "default"
most_hosts: Final = 1000


class Route(NamedTuple):
    """Where an address leads: an engine, the world, the path below its prefix, and what links begin with."""

    engine: Engine
    world: str
    path: str
    base: str


class Site:
    """Everything one server serves.

    engines  by name, in the order they were asked for
    scene    who there is
    worlds   what each who asks remembers
    mail     told of a world whose outbox holds something
    """

    def __init__(self, engines: Iterable[Engine], scene: Scene, clock: Clock) -> None:
        self.engines: dict[str, Engine] = {}
        self.scene = scene
        self._laid: dict[str, Mapping[str, Table]] = {}
        self.worlds = Worlds(World("", self.lay, clock, scene.seed))
        self.mail: Callable[[World], None] = nobody_sends
        self._hosts: dict[str, Engine] = {}
        self._wide: list[tuple[str, Engine]] = []
        self._known_hosts: dict[str, Engine | None] = {}
        for engine in engines:
            self.add(engine)

    def add(self, engine: Engine) -> None:
        """Serve one more. Worlds that are there already have it too."""
        name = engine.vendor.name
        self.engines[name] = engine
        self._laid.pop(name, None)  # of one that is replaced
        self._hosts[f"{name}.localhost"] = engine
        self._known_hosts.clear()
        for host in engine.vendor.hosts:
            if host.startswith("*"):
                self._wide.append((host[1:], engine))
            else:
                self._hosts[host] = engine
        self._only = engine if len(self.engines) == 1 else None
        self._rooted = [(each, each.vendor.root) for each in self.engines.values() if each.vendor.root is not None]
        if name in self.scene.records:  # whoever wrote them should hear now what is wrong with them
            self.lay(name)

    # -- the scene --------------------------------------------------------------------------------------------------

    def lay(self, vendor: str) -> Mapping[str, Table]:
        """The tables a vendor begins with. Made once; every world shares them."""
        tables = self._laid.get(vendor)
        if tables is None:
            tables = self._laid[vendor] = self._lay(self.engines[vendor])
        return tables

    def _lay(self, engine: Engine) -> Mapping[str, Table]:
        tables, name = engine.stage(self.scene), engine.vendor.name
        told = self.scene.records.get(name)
        if not told:
            return tables
        world = World("", lambda _: tables, self.worlds.origin.clock.copy(), f"{self.scene.seed}:scene")
        for word, records in told.items():
            if word not in engine.kinds:
                raise BadScene(f"{self.scene.source}: /records/{name}/{word}: no such kind; known: {', '.join(engine.kinds)}")
            for index, partial in enumerate(records):
                record, findings = made(engine, engine.kinds[word], world, partial)
                if findings:
                    raise BadScene(
                        f"{self.scene.source}: /records/{name}/{word}/{index}: {findings[0].place or 'it'}: {findings[0].message}"
                    )
                world.store(name)[word].put(record)
        tables.update({word: rebased(engine.kinds[word], table) for word, table in world.store(name).items()})
        return tables

    # -- addresses --------------------------------------------------------------------------------------------------

    def route(self, scheme: str, host: str, path: str, headers: Mapping[str, str]) -> Route | Reply:
        """Which engine and world an address means, or what to say when it means none."""
        world, base = headers.get("mock-world") or default_world, f"{scheme}://{host}"
        if path.startswith("/_world/"):
            name, _, rest = path[8:].partition("/")
            base += f"/_world/{name}"
            try:
                world, path = plain(name), f"/{rest}"
            except BrokenEncoding:
                world = ""
        if world is not default_world and not well_named(world) and world not in self.worlds:
            return problem("bad-world", f"{world[:140]!r} is no name for a world: letters, digits and ._~:@+- up to 128")
        try:
            engine = self._known_hosts[host]
        except KeyError:
            engine = self._by_host(host)
        if engine is not None:
            return Route(engine, world, path, base)
        first, slash, rest = path[1:].partition("/")
        engine = self.engines.get(first)
        if engine is not None:
            return Route(engine, world, slash + rest or "/", f"{base}/{first}")
        for engine, root in self._rooted:
            if root.match(path):
                return Route(engine, world, path, base)
        if self._only is not None:
            return Route(self._only, world, path, base)
        served = ", ".join(f"/{name}" for name in self.engines)
        return problem("unknown-vendor", f"{path} begins with no vendor's prefix; served: {served}", served=list(self.engines))

    def _by_host(self, host: str) -> Engine | None:
        """The engine a host name means. What was found is kept: a server is called by few names."""
        name = (host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host).lower()
        found = self._hosts.get(name) or next((engine for tail, engine in self._wide if name.endswith(tail)), None)
        if len(self._known_hosts) < most_hosts:
            self._known_hosts[host] = found
        return found

    def answer(self, method: str, scheme: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request, whoever it is for."""
        route = self.route(scheme, host, path, headers)
        if isinstance(route, Reply):
            return route
        world = self.worlds.get(route.world)
        reply = route.engine.answer(Call(method, route.path, query, headers, body, route.base), world)
        if world.outbox:
            self.mail(world)
        return reply


@lru_cache(maxsize=1000)
def well_named(world: str) -> bool:
    """Whether a world may be called this. Few worlds are asked again and again."""
    return world_name.fullmatch(world) is not None


def nobody_sends(world: World) -> None:
    """Without a web room the outbox is only looked at."""


def made(engine: Engine, kind: Kind, world: World, partial: Mapping[str, object]) -> tuple[Record, list[Finding]]:
    """A whole record of a part of one, and what keeps it from being kept."""
    try:
        record = kind.make(world, partial)
    except (Refusal, LookupError, TypeError, ValueError, AttributeError) as error:  # a part may hold anything
        return {}, [Finding(kind.name, "", "make", f"cannot be made of this: {type(error).__name__}: {error}")]
    return record, checked(engine, kind, world, record)


def checked(engine: Engine, kind: Kind, world: World, record: Record) -> list[Finding]:
    """How a record breaks its kind's schema (a kind that never travels has none), or why it has no place in its table."""
    findings = schema_findings(engine, kind, world, record) if kind.schema else []
    misfit = "" if findings else world.store(engine.vendor.name)[kind.name].misfit(record)
    return [Finding(kind.name, "", "place", misfit)] if misfit else findings


def schema_findings(engine: Engine, kind: Kind, world: World, record: Record) -> list[Finding]:
    """How a record breaks its kind's schema: as it is stored, or as its view makes it."""
    contract, place = engine.contract, f"#/components/schemas/{kind.schema}"
    if contract.at(place, None) is None:
        raise BadSpec(f"{contract.document.source}: {place}: nothing stands there; the kind {kind.name} needs it")
    found = contract.faults(place, "reply", public(record), kind.name, "")
    if found:
        turn = Turn(engine, next(iter(contract.operations.values())), Call("GET", "/"), world)
        with suppress(
            LookupError, TypeError, ValueError, AttributeError
        ):  # a broken record cannot be shown; one that is not may need a turn
            found = [] if contract.check(place, "reply")(kind.view(turn, record)) else found
    return found


def rebased(kind: Kind, table: Table) -> Table:
    """The same records with nothing of its own: a table that worlds may share."""
    return Table(kind.layout, Base(kind.layout, list(table)))
