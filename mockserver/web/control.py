"""The control API under /_mockserver/: health, worlds, state, journal, clock. Described by control.yaml beside this file.

Every door of a world stands twice: below /worlds/{world}/ for that world, and directly below /_mockserver/ for the world that
the header Mock-World names (else "default").
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver import __version__
from mockserver.engine.engine import Engine
from mockserver.engine.journal import Exchange
from mockserver.engine.problems import problem, told
from mockserver.engine.site import Site, default_world, made, world_name
from mockserver.engine.vendor import Kind
from mockserver.errors import Finding, MockServerError, Refusal, nearest
from mockserver.message import Json, Reply
from mockserver.state.clock import iso_ms, millis
from mockserver.state.table import Record
from mockserver.state.world import World
from mockserver.web.guard import refused

description: Final = Path(__file__).with_name("control.yaml")

Door = Callable[["Visit"], Awaitable[Json]]


class Problem(Exception):
    """What a control request gets instead of an answer."""

    def __init__(self, kind: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.reply: Reply = problem(kind, detail, **members)


class Visit:
    """One request to the control API."""

    def __init__(self, site: Site, request: Request) -> None:
        self.site, self.request = site, request
        self.params: Mapping[str, str] = request.path_params
        self.query: Mapping[str, str] = request.query_params

    @property
    def world_name(self) -> str:
        name = self.params.get("world") or self.request.headers.get("mock-world") or default_world
        if not world_name.fullmatch(name):
            raise Problem("bad-world", f"{name[:140]!r} is no name for a world: letters, digits and ._~:@+- up to 128")
        return name

    @property
    def world(self) -> World:
        return self.site.worlds.get(self.world_name)

    @property
    def engine(self) -> Engine:
        return self.known("vendor", self.params["vendor"], self.site.engines)

    @property
    def kind(self) -> Kind:
        return self.known("kind", self.params["kind"], self.engine.kinds)

    def known(self, what: str, name: str, names: Mapping[str, Any]) -> Any:
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean {near!r}?" if near else f"known: {', '.join(names)}"
            raise Problem("unknown-record", f"unknown {what} {name!r}: {hint}")
        return names[name]

    async def body(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        media = self.request.headers.get("content-type", "").partition(";")[0].strip()
        if media != "application/json":
            raise Problem("bad-control", f"send application/json, not {media or 'a body of no media type'}")
        try:
            value = orjson.loads(await self.request.body())
        except orjson.JSONDecodeError as error:
            raise Problem("bad-control", f"the body is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise Problem("bad-control", f"the body is {type(value).__name__}, not an object")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or not 0 < int(text[:9]) <= most:
            raise Problem("bad-control", f"{name}={text[:40]!r} is not a whole number from 1 to {most}")
        return int(text)


async def index(visit: Visit) -> Json:
    """What there is."""
    return {
        "mockserver": __version__,
        "vendors": {name: {"title": engine.vendor.title, "prefix": f"/{name}"} for name, engine in visit.site.engines.items()},
        "description": "/_mockserver/openapi.json",
    }


async def health(visit: Visit) -> Json:
    return {"status": "ok", "version": __version__, "vendors": list(visit.site.engines)}


async def openapi(visit: Visit) -> Json:
    """The document of this API."""
    from mockserver.contract.document import load

    return load(description).root


def summary(world: World) -> Json:
    return {
        "name": world.name,
        "now": iso_ms(world.clock.now()),
        "frozen": world.clock.frozen is not None,
        "exchanges": len(world.journal),
        "vendors": sorted(world.stores),
    }


async def worlds(visit: Visit) -> Json:
    return {"worlds": [summary(world) for world in visit.site.worlds]}


async def world(visit: Visit) -> Json:
    return summary(visit.world)


async def drop(visit: Visit) -> Json:
    """Forget a world: the next use of its name is a new one."""
    if not visit.site.worlds.drop(visit.world_name):
        raise Problem("unknown-record", f"there is no world {visit.world_name!r}")
    return None


async def reset(visit: Visit) -> Json:
    """The world as the scene made it."""
    visit.site.worlds.drop(visit.world_name)
    return summary(visit.world)


async def state(visit: Visit) -> Json:
    """How much of what there is."""
    here = visit.world
    return {
        "vendors": {
            name: {kind: len(here.store(name)[kind]) for kind in engine.kinds} for name, engine in visit.site.engines.items()
        }
    }


def public(record: Record) -> Record:
    return {name: value for name, value in record.items() if not name.startswith("_")}


async def records(visit: Visit) -> Json:
    """Records of a kind; `field=value` keeps those where it is so."""
    table = visit.world.store(visit.engine.vendor.name)[visit.kind.name]
    limit, offset = visit.number("limit", 100, 10_000), int(visit.query.get("offset", "0")[:9]) if visit.query.get("offset", "0").isdecimal() else 0
    wanted = {name: value for name, value in visit.query.items() if name not in ("limit", "offset")}
    kept = [record for record in table if all(str(record.get(name)) == value for name, value in wanted.items())]
    return {"kind": visit.kind.name, "total": len(kept), "records": [public(record) for record in kept[offset : offset + limit]]}


def found(visit: Visit) -> tuple[Any, Record]:
    """The key and record a path names; a key that is a number may be written as text."""
    table, text = visit.world.store(visit.engine.vendor.name)[visit.kind.name], visit.params["key"]
    for key in (text, int(text) if text.lstrip("-").isdecimal() and len(text) < 40 else None):
        record = table.get(key) if key is not None else None
        if record is not None:
            return key, record
    raise Problem("unknown-record", f"{visit.engine.vendor.name} has no {visit.kind.name} {text!r} in world {visit.world_name!r}")


async def record(visit: Visit) -> Json:
    return public(found(visit)[1])


def kept(visit: Visit, record: Record, findings: list[Finding]) -> Json:
    """Put a record that keeps the contract; say what is wrong with one that does not."""
    if findings:
        first = findings[0]
        raise Problem("bad-control", f"the contract refuses this {visit.kind.name}: {first.place or 'it'}: {first.message}", findings=told(findings))
    visit.world.store(visit.engine.vendor.name)[visit.kind.name].put(record)
    return public(record)


def make(visit: Visit, partial: Mapping[str, Json]) -> tuple[Record, list[Finding]]:
    try:
        return made(visit.engine, visit.kind, visit.world, partial)
    except Refusal as refusal:
        raise Problem("bad-control", f"no {visit.kind.name} can be made of this: {refusal}") from None


async def add(visit: Visit) -> Json:
    """A new record of a part of one; what is missing is made up."""
    new, findings = make(visit, await visit.body())
    return kept(visit, new, findings)


async def change(visit: Visit) -> Json:
    """The record with these fields laid over it."""
    key, old = found(visit)
    changed = {**old, **await visit.body()}
    layout = visit.kind.layout
    if layout.key(changed) != key:
        raise Problem("bad-control", "a change may not give a record another key; remove it and add a new one")
    return kept(visit, changed, visit.engine.contract.faults(f"#/components/schemas/{visit.kind.schema}", "reply", public(changed), visit.kind.name, ""))


async def remove(visit: Visit) -> Json:
    key, _ = found(visit)
    visit.world.store(visit.engine.vendor.name)[visit.kind.name].remove(key)
    return None


def told_exchange(number: int, exchange: Exchange) -> Json:
    """An exchange as JSON; bodies that are not text are given as their length."""
    call, reply = exchange.call, exchange.reply
    return {
        "number": number,
        "at": iso_ms(exchange.at),
        "vendor": exchange.vendor,
        "operation": exchange.operation,
        "request": {"method": call.method, "url": call.url, "headers": dict(call.headers), "body": text(call.body)},
        "response": {"status": reply.status, "headers": dict(reply.headers), "body": text(reply.content)},
        "findings": told(exchange.findings),
    }


def text(body: bytes) -> str | None:
    if not body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"<{len(body)} bytes>"


async def journal(visit: Visit) -> Json:
    """What was asked and answered, oldest first."""
    wanted = {name: visit.query[name] for name in ("vendor", "operation", "status", "method") if name in visit.query}
    numbered = list(enumerate(visit.world.journal))
    kept = [(number, each) for number, each in numbered if all(facts(each)[name] == value for name, value in wanted.items())]
    return {"total": len(kept), "exchanges": [told_exchange(number, each) for number, each in kept[-visit.number("limit", 100, 1000) :]]}


def facts(exchange: Exchange) -> dict[str, str | None]:
    return {
        "vendor": exchange.vendor,
        "operation": exchange.operation,
        "status": str(exchange.reply.status),
        "method": exchange.call.method,
    }


async def forget(visit: Visit) -> Json:
    visit.world.journal.clear()
    return None


def clock_told(world: World) -> Json:
    return {"now": iso_ms(world.clock.now()), "frozen": world.clock.frozen is not None}


async def clock(visit: Visit) -> Json:
    return clock_told(visit.world)


async def set_clock(visit: Visit) -> Json:
    """`{"freeze": true | TIME}`, `{"run": true}`, `{"advance": seconds}`; what is due by then happens."""
    here, told = visit.world, await visit.body()
    unknown = told.keys() - {"freeze", "run", "advance"}
    if unknown or len(told) != 1:
        raise Problem("bad-control", "send one of freeze (true or an ISO 8601 time), run (true), advance (seconds)")
    ((verb, value),) = told.items()
    try:
        moves[verb](here, value)
    except (ValueError, TypeError, OverflowError):
        raise Problem("bad-control", f"{verb}: {value!r} is neither true, seconds nor an ISO 8601 time such as 2026-01-31T09:00:00Z") from None
    for engine in visit.site.engines.values():
        engine.vendor.tick(here)
    if here.outbox:
        visit.site.mail(here)
    return clock_told(here)


def freeze(world: World, value: Json) -> None:
    world.clock.freeze(None if value is True else millis(value))


def run(world: World, value: Json) -> None:
    if value is not True:
        raise ValueError(value)
    world.clock.run()


century: Final = 100 * 366 * 24 * 3600


def advance(world: World, value: Json) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > century:
        raise ValueError(value)
    world.clock.advance(round(value * 1000))


moves: Final[dict[str, Callable[[World, Json], None]]] = {"freeze": freeze, "run": run, "advance": advance}

doors: Final[tuple[tuple[str, str, Door, int], ...]] = (
    ("GET", "/", index, 200),
    ("GET", "/health", health, 200),
    ("GET", "/openapi.json", openapi, 200),
    ("GET", "/worlds", worlds, 200),
    ("GET", "/worlds/{world}", world, 200),
    ("DELETE", "/worlds/{world}", drop, 204),
)

world_doors: Final[tuple[tuple[str, str, Door, int], ...]] = (
    ("POST", "/reset", reset, 200),
    ("GET", "/state", state, 200),
    ("GET", "/state/{vendor}/{kind}", records, 200),
    ("POST", "/state/{vendor}/{kind}", add, 201),
    ("GET", "/state/{vendor}/{kind}/{key:path}", record, 200),
    ("PATCH", "/state/{vendor}/{kind}/{key:path}", change, 200),
    ("DELETE", "/state/{vendor}/{kind}/{key:path}", remove, 204),
    ("GET", "/journal", journal, 200),
    ("DELETE", "/journal", forget, 204),
    ("GET", "/clock", clock, 200),
    ("PUT", "/clock", set_clock, 200),
)


def routes(site: Site, *, hosts: Iterable[str] = ()) -> list[BaseRoute]:
    """The doors, each behind the guard. hosts: further names the server may be called by."""
    names = frozenset(hosts)
    listed = [*doors, *((method, f"{start}{path}", door, status) for start in ("", "/worlds/{world}") for method, path, door, status in world_doors)]
    return [route(site, names, method, path, door, status) for method, path, door, status in listed]


def route(site: Site, hosts: frozenset[str], method: str, path: str, door: Door, status: int) -> Route:
    async def endpoint(request: Request) -> Response:
        reply = refused(request, hosts)
        if reply is None:
            try:
                value = await door(Visit(site, request))
            except Problem as error:
                reply = error.reply
            except MockServerError as error:
                reply = problem("bad-control", str(error))
            else:
                content = b"" if status == 204 else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
                return Response(content, status, media_type="application/json" if content else None)
        return Response(reply.content, reply.status, dict(reply.headers), media_type=reply.media)

    return Route(path, endpoint, methods=[method], name=door.__name__)
