"""What a case changes of what the fake would have answered: small values that are written as JSON, dropped one by one, and replayed.

Rules of this file
- A change acts as a fault of the case's world (engine/faults.py): the engine knows nothing of us.
- What makes a reply unlike the record acts on every reply that shows the record, so that lists, pages and shows agree; ids and what
  calls are made of stay as they are, so that the client may follow them; what the client wrote itself is shown as it wrote it.
- A change that would leave the contract where it must not is not made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockserver.contract.contract import is_json
from mockserver.contract.resource import component
from mockserver.engine.faults import Effect, Fault, Go, fault_of, give
from mockserver.errors import Refusal
from mockserver.message import Call, Json, Reply
from mockserver.state.ids import Draws
from mockserver.values import frozen
from mockserver.verify.forms import reply_place
from mockserver.verify.listing import Row, rows_of

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.vendor import Turn
    from mockserver.state.world import World

Change = Mapping[str, Json]
"""{"do": its sort, …}: see `sorts`."""


@frozen
class Case:
    """One world to send a client into: what is unlike the plain one."""

    mode: str
    changes: tuple[Change, ...]


@frozen
class Known:
    """What is known of the client before a case: the first call it makes to each list; and how long a reply that never comes lasts, seconds."""

    lists: Mapping[str, Call]
    patience: float = 12.0


def stage(engine: Engine, world: World, case: Case, known: Known) -> None:
    """Make the world of a case."""
    for change in case.changes:
        if change["do"] == "rows":
            trim(engine, world, change, known)
    lens = [change for change in case.changes if change["do"] in lenses]
    faults = [Fault(Lens(tuple(lens)), name="lens")] if lens else []
    for number, change in enumerate(case.changes):
        if change["do"] in sorts:
            effect = sorts[change["do"]](change, known)
            named = f"{change['do']} {number}"
            faults.append(replace(effect, name=named) if isinstance(effect, Fault) else Fault(effect, operations=only(change), name=named))
    # The outermost comes first: what breaks a reply must see it as it would have left.
    give(world, *(replace(fault, vendor=engine.vendor.name) for fault in reversed(faults)))


def only(change: Change) -> frozenset[str]:
    return frozenset([change["operation"]] if change.get("operation") else [])


def struck(world: World) -> bool:
    """Whether anything went wrong on purpose in a world by now, beside what a contract allows."""
    return any(value for name, value in world.counters.items() if isinstance(name, str) and name.startswith("hit:"))


def hit(turn: Turn, what: str) -> None:
    counters, name = turn.world.counters, f"hit:{what}"
    counters[name] = counters.get(name, 0) + 1


def trim(engine: Engine, world: World, change: Change, known: Known) -> None:
    """Leave so many rows of a list."""
    call = known.lists.get(change["operation"])
    doomed: dict[str, list[Any]] = {}
    for row in rows_of(engine, world, call)[change["count"] :] if call else ():
        doomed.setdefault(row.kind, []).append(row.key)
    for kind, keys in doomed.items():
        world.store(engine.vendor.name)[kind].drop(keys)


# -- replies as JSON --------------------------------------------------------------------------------------------------------


def readable(reply: Reply) -> bool:
    return 200 <= reply.status < 300 and isinstance(reply.value, dict | list) and is_json(reply.media or "application/json")


def rewritten(reply: Reply, value: Json) -> Reply:
    return reply._replace(value=value, body=dumped(value))


def dumped(value: Json) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits
        return json.dumps(value, ensure_ascii=False).encode()


def copied(value: Json) -> Json:
    return json.loads(json.dumps(value))


@frozen
class Thing:
    """One record as a reply shows it: where in the body, what it is, the place of its schema, its component (else the place), its kind."""

    path: tuple[str | int, ...]
    value: dict[str, Json]
    place: str
    name: str
    kind: str

    @property
    def id(self) -> str:
        return identity(self.value)


def identity(value: Mapping[str, Json]) -> str:
    return str(value.get("id", value.get("name", "")))


def things(engine: Engine, operation_id: str, body: Json) -> Iterator[Thing]:
    """The records that the body of a successful reply shows."""
    contract, operation = engine.contract, engine.contract.operations[operation_id]
    role, place = engine.role(operation), reply_place(operation, operation.success)
    path: tuple[str | int, ...] = ()
    for name in filter(None, role.envelope.split("/")):
        if not isinstance(body, dict) or name not in body or not place:
            return
        body, place, path = body[name], contract.properties(place).get(name, ""), (*path, name)
    if isinstance(body, list) and place:
        inner = contract.types(place)[1]
        found: list[tuple[tuple[str | int, ...], Json, str]] = [((*path, at), each, inner) for at, each in enumerate(body)]
    else:
        found = [(path, body, place)]
    for where, each, at in found:
        if isinstance(each, dict) and at:
            yield Thing(where, each, at, component(contract, at) or contract.follow(at), role.kind)


def touches(change: Change, thing: Thing, engine: Engine) -> bool:
    """Whether a change is of this record: lists may show the same record by another schema than it has by itself."""
    if change["record"] not in ("*", thing.id):
        return False
    shown = {*thing.value, *engine.contract.properties(thing.place)}
    return thing.name == change["thing"] or (bool(thing.kind) and thing.kind == change.get("kind") and change["path"][0] in shown)


def put(body: Json, path: tuple[str | int, ...] | list[Any], value: Json, *, drop: bool = False) -> bool:
    """Set, or drop, what stands at a path; False when there is no such place."""
    *outer, last = path
    for part in outer:
        try:
            body = body[part]
        except (KeyError, IndexError, TypeError):
            return False
    if isinstance(body, list) and isinstance(last, int) and last < len(body):
        body[last : last + 1] = [] if drop else [value]
        return True
    if not isinstance(body, dict) or (drop and last not in body):
        return False
    if drop:
        del body[last]
    else:
        body[last] = value
    return True


# -- what the contract allows -----------------------------------------------------------------------------------------------

lenses: Final = frozenset({"value", "absent", "extra", "reverse", "headers"})


@frozen
class Lens:
    """Replies as a vendor might as well have given them."""

    changes: tuple[Change, ...]

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = go(turn)
        note_writing(turn, reply)
        if not readable(reply):
            return reply
        for changes in (self.changes, *((each,) for each in self.changes)):  # one by one only where all together would not do
            seen = self.seen(turn, reply, changes)
            if seen is not None:
                if changes is self.changes:
                    return seen
                reply = seen
        return reply

    def seen(self, turn: Turn, reply: Reply, changes: tuple[Change, ...]) -> Reply | None:
        """The reply with these changes, or None when the contract would not have it so."""
        operation, body = turn.operation, copied(reply.value)
        for change in changes:
            if change["do"] in ("value", "absent"):
                for thing in things(turn.engine, operation.id, body):
                    written = turn.world.counters.get(f"wrote:{thing.id}", frozenset())
                    if touches(change, thing, turn.engine) and written.isdisjoint(change["path"]):
                        put(thing.value, change["path"], change.get("value"), drop=change["do"] == "absent")
            elif change["operation"] == operation.id:
                if change["do"] == "extra" and isinstance(body, dict):
                    body["x_unforeseen"] = change["value"]
                elif change["do"] == "reverse" and isinstance(body, dict):
                    body = dict(reversed(body.items()))
                elif change["do"] == "headers":
                    reply = reply._replace(headers={**reply.headers, "X-Unforeseen": "1"}, media="application/json; charset=utf-8")
        seen = rewritten(reply, body)
        return None if turn.engine.contract.check_reply(operation, seen) else seen


def note_writing(turn: Turn, reply: Reply) -> None:
    """Remember which fields of which records a client has written."""
    if turn.operation.method == "GET" or not isinstance(turn.body, dict) or not 200 <= reply.status < 300:
        return
    names = frozenset(chain(turn.body, *(each for each in turn.body.values() if isinstance(each, dict))))
    shown = [thing.id for thing in things(turn.engine, turn.operation.id, reply.value)] if readable(reply) else []
    for name in {*shown, *turn.call.path.split("/")}:
        turn.world.counters[f"wrote:{name}"] = names | turn.world.counters.get(f"wrote:{name}", frozenset())


# -- what it does not ------------------------------------------------------------------------------------------------------


@frozen
class Break:
    """One thing wrong with the body of a reply."""

    change: Change

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = go(turn)
        if not readable(reply):
            return reply
        broken = breaks[self.change["how"]](reply, self.change)
        if broken is None:
            return reply
        hit(turn, "break")
        return broken


def at_path(reply: Reply, change: Change) -> Reply | None:
    body = copied(reply.value)
    return rewritten(reply, body) if put(body, change["path"], change.get("value"), drop=change["how"] == "missing") else None


page: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"

breaks: Final[dict[str, Callable[[Reply, Change], Reply | None]]] = {
    "missing": at_path,
    "type": at_path,
    "future": at_path,
    "malformed": lambda reply, _: reply._replace(body=reply.content[:-1] + b",}"),
    "cut": lambda reply, _: reply._replace(body=reply.content[: len(reply.content) * 2 // 3]),
    "media": lambda reply, _: reply._replace(body=page, media="text/html"),
}


# -- what goes wrong on the way ---------------------------------------------------------------------------------------------


@frozen
class Struck:
    """A fault that says it struck, and whose waits are short enough to be waited for."""

    inner: Effect

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = self.inner.act(turn, dice, go)
        if reply.delivery.pace:  # one byte a millisecond is the slowest a long body can be awaited in
            pace = reply.delivery.pace if len(reply.content) <= most_dripped else 0.0
            return reply._replace(delivery=reply.delivery._replace(pace=pace))
        if reply.delivery.delay != late:
            hit(turn, "fault")
        return reply._replace(headers={name: hurried(name, value) for name, value in reply.headers.items()})


most_dripped: Final = 2000
late: Final = 0.3
"""Seconds that a slow reply is late: nothing is wrong with it."""


def hurried(name: str, value: str) -> str:
    waits = "retry-after" in name.lower() or "reset" in name.lower()
    return "1" if waits and value.isdigit() and 1 < int(value) <= 3600 else value


def fault(change: Change, known: Known) -> Fault:
    told = {name: value for name, value in change.items() if name not in ("do", "operation")}
    if told.get("effect") == "slow" and told["seconds"] is None:
        told["seconds"] = known.patience
    found = fault_of({**told, "operations": [change["operation"]]})
    return replace(found, effect=Struck(found.effect))


# -- what changes meanwhile -------------------------------------------------------------------------------------------------


@frozen
class Shorten:
    """Pages of at most so many rows, with more to come."""

    parameter: str
    size: int

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        from urllib.parse import parse_qsl, urlencode

        pairs = parse_qsl(turn.call.query, keep_blank_values=True)
        asked = next((value for name, value in pairs if name == self.parameter), "")
        if asked.isdigit() and int(asked) <= self.size:
            return go(turn)
        query = urlencode([*((name, value) for name, value in pairs if name != self.parameter), (self.parameter, str(self.size))])
        call, turn.call = turn.call, turn.call._replace(query=query)
        try:
            return go(turn)
        finally:
            turn.call = call


@frozen
class Move:
    """After so many calls of a list, a row leaves it, or one that was away comes back."""

    change: Change
    call: Call | None

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        counters, name = turn.world.counters, f"moved:{self.change['record']}"
        count = counters[name] = counters.get(name, 0) + 1
        if self.change["do"] == "appear" and count == 1:
            counters[f"away:{self.change['record']}"] = self.take(turn)
        reply = go(turn)
        if count == self.change["after"]:
            hit(turn, "move")
            if self.change["do"] == "vanish":
                self.take(turn)
            elif (row := counters.get(f"away:{self.change['record']}")) is not None:
                turn.world.store(turn.engine.vendor.name)[row.kind].put(row.record)
        return reply

    def take(self, turn: Turn) -> Row | None:
        for row in rows_of(turn.engine, turn.world, self.call) if self.call else ():
            if row.id == self.change["record"]:
                turn.world.store(turn.engine.vendor.name)[row.kind].remove(row.key)
                return row
        return None


@frozen
class Expire:
    """After so many calls the credentials that were used first are good no more."""

    after: int

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        counters = turn.world.counters
        count = counters["expire"] = counters.get("expire", 0) + 1
        first = counters.setdefault("credentials", turn.call.headers.get("authorization"))
        if count <= self.after or turn.call.headers.get("authorization") != first or turn.operation.answer(401) is None:
            return go(turn)
        hit(turn, "expire")
        return turn.engine.leaving(turn, turn.engine.vendor.refuse(turn, Refusal(401, None, "")))[0]


Sort = Callable[[Change, Known], Effect | Fault]

sorts: Final[dict[str, Sort]] = {
    "break": lambda change, _: Break(change),
    "fault": fault,
    "shorten": lambda change, _: Shorten(change["parameter"], change["size"]),
    "vanish": lambda change, known: Move(change, known.lists.get(change["operation"])),
    "appear": lambda change, known: Move(change, known.lists.get(change["operation"])),
    "expire": lambda change, _: Expire(change["after"]),
}
"""What acts on the way out; "rows" acts before the first call, and `lenses` act together."""


def words(change: Change) -> str:
    """A change as a person would say it."""
    path = "/".join(map(str, change.get("path", ())))
    came = json.dumps(change.get("value"), ensure_ascii=False)
    came = came if len(came) < 60 else f"{came[:56]}…{came[-1]}"
    at = f" of {change['operation']}" if change.get("operation") else ""
    match change["do"]:
        case "value":
            return f"{change['thing'].rpartition('/')[2]}/{path} is {came}"
        case "absent":
            return f"{change['thing'].rpartition('/')[2]}/{path} is absent"
        case "extra":
            return f"a field x_unforeseen{at}"
        case "reverse":
            return f"the fields{at} in another order"
        case "headers":
            return f"more headers{at}, and a charset"
        case "rows":
            return f"{change['count']} rows{at}"
        case "break":
            said = {"missing": f"{path} is missing", "type": f"{path} is {came}", "future": f"{path} is {came}, a value from the future"}
            said |= {"malformed": "is not JSON", "cut": "is JSON cut short", "media": "is an HTML page"}
            return f"the reply{at}: {said[change['how']]}"
        case "fault":
            rest = {name: value for name, value in change.items() if name not in ("do", "operation", "effect") and value is not None}
            return f"{change['effect']}{at} {' '.join(f'{name}={value}' for name, value in rest.items())}".strip()
        case "shorten":
            return f"pages{at} of at most {change['size']}"
        case "vanish" | "appear":
            moves = "vanishes from" if change["do"] == "vanish" else "appears in"
            return f"{change['record']} {moves} the list{at} after {change['after']} calls"
        case _:
            return f"the credentials expire after {change['after']} calls"
