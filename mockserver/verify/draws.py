"""Which cases a client is sent into: by what it asked for in the plain world, so that everything drawn is something it will see.

Rules of this file
- A mode's cases come in the order of what is likeliest to tell: the first few of a mode are worth most.
- The same seed gives the same cases.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.sample import Impossible
from mockserver.engine.inferred import asking, letters_of
from mockserver.errors import BadSpec
from mockserver.message import Json
from mockserver.values import frozen
from mockserver.verify.changes import Case, Change, Known, Thing, copied, identity, late, put, readable, rewritten, things
from mockserver.verify.forms import Forms, reply_place, unforeseen
from mockserver.verify.listing import rows_of
from mockserver.verify.source import Chance, Source

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.journal import Exchange
    from mockserver.state.world import World

most_records: Final = 12
most_pages: Final = 5  # a client may take its time between two
few: Final = 20
never: Final = frozenset({"id", "self", "url", "href", "object", "etag"})
stages: Final = frozenset({"status", "state"})


@frozen
class Field:
    """One field of one record that a client was shown, or might have been.

    needed  whether the contract promises it
    """

    thing: Thing
    path: tuple[str, ...]
    place: str
    needed: bool
    value: Json = None
    there: bool = True

    def change(self, do: str, value: Json = None) -> Change:
        told = {"do": do, "thing": self.thing.name, "kind": self.thing.kind, "record": self.thing.id, "path": list(self.path)}
        return {**told, "value": value} if do == "value" else told


class Draw:
    """The cases for one client.

    seen     what it asked in the plain world, and was answered
    only     the operations that are aimed at; empty: all that it used
    view     whether it tells what it believes exists (then the stage a record is in stays as it is: it may filter by it)
    """

    def __init__(
        self, engine: Engine, world: World, seen: list[Exchange], known: Known, only: frozenset[str], seed: str, *, view: bool
    ) -> None:
        self.engine, self.world, self.known, self.only, self.seed, self.view = engine, world, known, only, seed, view
        self.seen = [each for each in seen if each.operation and (not only or each.operation in only)]
        self.forms = Forms(engine.contract)
        self.dice = random.Random(seed)  # noqa: S311  # the same seed must give the same cases
        self.troubles: list[str] = []

    # -- what there is to change --------------------------------------------------------------------------------------

    @cached_property
    def used(self) -> list[str]:
        """The operations the client used, in order."""
        return list(dict.fromkeys(each.operation for each in self.seen if each.operation))

    @cached_property
    def shown(self) -> dict[str, Exchange]:
        """Of each operation, the reply that shows the most, the first of several: later pages may not be there another time."""
        found: dict[str, Exchange] = {}
        for each in self.seen:
            if each.operation and readable(each.reply):
                best = found.get(each.operation)
                if best is None or self.rows(each) > self.rows(best):
                    found[each.operation] = each
        return found

    def rows(self, each: Exchange) -> int:
        return sum(1 for _ in things(self.engine, each.operation or "", each.reply.value))

    @cached_property
    def lists(self) -> dict[str, list[str]]:
        """The lists the client asked for, each with the ids of its rows."""
        return {
            name: ids
            for name in self.used
            if name in self.known.lists and (ids := [row.id for row in rows_of(self.engine, self.world, self.known.lists[name])])
        }

    @cached_property
    def told(self) -> frozenset[str]:
        """Everything calls are made of: it stays as it is."""
        return frozenset(part for each in self.seen for part in each.call.path.split("/") if part) | frozenset(
            name for operation in self.engine.contract.operations.values() for name in operation.names
        )

    @cached_property
    def fields(self) -> list[Field]:
        """Every field that may be other than it is."""
        found: dict[tuple[str, str, tuple[str, ...]], Field] = {}
        for operation, exchange in self.shown.items():
            for thing in islice(things(self.engine, operation, exchange.reply.value), most_records):
                for each in self.fields_of(thing, thing.value, thing.place, ()):
                    found.setdefault((thing.kind or thing.name, thing.id, each.path), each)
        return list(found.values())

    @property
    def names(self) -> list[str]:
        """What sorts of things the client was shown."""
        return list(dict.fromkeys(each.thing.name for each in self.fields))

    def fields_of(self, thing: Thing, value: dict[str, Json], place: str, path: tuple[str, ...]) -> Iterator[Field]:
        required = self.required(place)
        for name, at in self.engine.contract.properties(place).items():
            here, there = (*path, name), name in value
            inner = value.get(name)
            if isinstance(inner, dict) and self.engine.contract.properties(at):
                yield from self.fields_of(thing, inner, at, here)
            if self.free(thing, name, inner):
                yield Field(thing, here, at, name in required, inner, there)

    def free(self, thing: Thing, name: str, value: Json) -> bool:
        """Whether nothing hangs by a field."""
        if name in never or name in self.told or (self.view and name in stages) or name.lower().endswith(("id", "_ids", "_url")):
            return False
        if isinstance(value, dict):
            return "id" not in value
        tail = identity(thing.value).rpartition("/")[2]
        return (
            not isinstance(value, str | int)
            or isinstance(value, bool)
            or (str(value) not in self.told and (not tail or str(value).rpartition("/")[2] != tail))
        )

    def required(self, place: str) -> frozenset[str]:
        shape = self.forms.sampler.shape((place,))
        return frozenset(shape.required)

    def value(self, each: Field, source: Source) -> Change | None:
        """The field with another value that its schema allows, or away."""
        if not each.needed and source.below(4) == 0:
            return each.change("absent") if each.there else None
        try:
            value = self.forms.form((each.place,))(source, 3)
        except Impossible as error:
            self.trouble(str(error))
            return None
        return each.change("value", value) if value != each.value or not each.there else None

    def trouble(self, words: str) -> None:
        if words not in self.troubles:
            self.troubles.append(words)

    # -- the modes ----------------------------------------------------------------------------------------------------

    def cases(self, mode: str, most: int) -> list[Case]:
        """Up to so many cases of a mode."""
        return [Case(mode, self.sized(changes)) for changes in islice(modes[mode](self), most)]

    def sized(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """The changes with every list as long as is usual, where they say nothing else."""
        told = {change["operation"] for change in changes if change["do"] == "rows"}
        short = {change["operation"]: most_pages * change["size"] for change in changes if change["do"] == "shorten"}
        usual: list[Change] = [
            {"do": "rows", "operation": name, "count": min(self.usual(name), short.get(name, len(self.lists[name])))}
            for name in self.trimmable()
            if name not in told
        ]
        return (*usual, *changes)

    def usual(self, name: str) -> int:
        """A few pages; of a list that has none, a few rows."""
        page, total = self.page(name), len(self.lists[name])
        return total if total <= few else few if page >= total else 2 * page + 3 if page <= few else page + 3

    def page(self, name: str) -> int:
        return len(list(things(self.engine, name, self.shown[name].reply.value))) if name in self.shown else 0

    def valid(self) -> Iterator[tuple[Change, ...]]:
        source = Chance(f"{self.seed} valid")
        rows: list[Change] = [
            {"do": "rows", "operation": name, "count": count} for name in self.trimmable() for count in (0, 1, len(self.lists[name]))
        ]
        furniture: list[Change] = [
            {"do": do, "operation": name, "value": "x"} for name in self.shown for do in ("extra", "reverse", "headers")
        ]  # fmt: skip
        furniture += [{"do": "value", "thing": name, "record": "*", "path": [unforeseen], "value": "x"} for name in self.names]
        free = [each for each in self.fields if not each.needed and each.there]
        yield tuple(each.change("absent") for each in free)
        yield tuple(each.change("value", None) for each in self.fields if self.allows(each, None))
        yield from ((each,) for each in rows[:1])
        yield tuple(furniture)
        yield tuple(chain.from_iterable(self.dense(source, every=1)))
        yield from ((each,) for each in rows[1:3])
        errors = self.errors()
        for round_ in range(10_000):
            if round_ % 4 == 1 and errors:
                yield (errors.pop(0),)
            elif round_ % 4 == 3:
                count = [{"do": "rows", "operation": name, "count": 1 + source.below(6)} for name in self.trimmable()]
                yield tuple(chain(count, *self.dense(source, every=1 + source.below(3))))
            else:
                yield tuple(chain.from_iterable(self.dense(source, every=1 + source.below(4))))

    def allows(self, each: Field, value: Json) -> bool:
        try:
            return each.value is not value and self.forms.keeps((each.place,), value)
        except (Impossible, BadSpec):
            return False

    def dense(self, source: Chance, every: int) -> Iterator[tuple[Change, ...]]:
        for each in self.fields:
            if source.below(every) == 0 and (change := self.value(each, source)) is not None:
                yield (change,)

    def trimmable(self) -> list[str]:
        """The lists below something: emptying them takes nobody's parent away."""
        return [name for name in self.lists if self.engine.contract.operations[name].names]

    def errors(self) -> list[Change]:
        """Each error that the contract documents for what the client uses, for good."""
        found: list[list[Change]] = []
        for name in self.used:
            documented = [
                int(status) for status in self.engine.contract.operations[name].answers if status.isdigit() and int(status) >= 400
            ]
            self.dice.shuffle(documented)
            found.append(
                [{"do": "fault", "operation": name, "effect": "status", "status": status} for status in documented if status != 400]
            )
        return [each for each in chain(*zip_longest(*found)) if each]

    def near_miss(self) -> Iterator[tuple[Change, ...]]:
        groups: list[list[Change]] = []
        for name, exchange in self.shown.items():
            crude: list[Change] = [{"do": "break", "operation": name, "how": how} for how in ("malformed", "cut", "media")]
            fine = [
                (bool(change.pop("first", False)), change) for change in self.breakable(name, exchange) if self.breaks(exchange, change)
            ]
            first: list[Change] = [change for marked, change in fine if marked]
            rest: list[Change] = [change for marked, change in fine if not marked]
            self.dice.shuffle(rest)
            groups.append([*chain(*zip_longest(crude, first)), *rest])
        for each in chain(*zip_longest(*groups)):
            if each:
                yield (each,)

    def breakable(self, name: str, exchange: Exchange) -> Iterator[dict[str, Json]]:
        """One thing wrong, of every sort, with a reply; what a client cannot do without comes marked."""
        body, place = exchange.reply.value, reply_place(self.engine.contract.operations[name], exchange.reply.status)
        if isinstance(body, dict) and place:
            yield from self.wrongs(name, body, place, (), first=True)
        for thing in islice(things(self.engine, name, body), 1):
            if thing.path:
                yield from self.wrongs(name, thing.value, thing.place, thing.path)

    def wrongs(
        self, name: str, value: dict[str, Json], place: str, path: tuple[Any, ...], *, first: bool = False
    ) -> Iterator[dict[str, Json]]:
        required = self.required(place)
        for key, at in self.engine.contract.properties(place).items():
            if key not in value:
                continue
            told = {
                "do": "break",
                "operation": name,
                "path": [*path, key],
                "first": key == "id" or (first and isinstance(value[key], list | dict)),
            }
            if key in required:
                yield {**told, "how": "missing"}
            yield {**told, "how": "type", "value": {"unexpected": True} if not isinstance(value[key], dict) else "unexpected"}
            if self.engine.contract.schema(at)[1].get("enum") if isinstance(self.engine.contract.schema(at)[1], dict) else None:
                yield {**told, "how": "future", "value": "from_the_future", "first": False}

    def breaks(self, exchange: Exchange, change: Change) -> bool:
        """Whether a change really leaves the contract."""
        body = copied(exchange.reply.value)
        if not put(body, change["path"], change.get("value"), drop=change["how"] == "missing"):
            return False
        return bool(self.engine.contract.check_reply(self.engine.contract.operations[change["operation"]], rewritten(exchange.reply, body)))

    def faults(self) -> Iterator[tuple[Change, ...]]:
        per: list[list[Change]] = []
        for name in self.used:
            operation = self.engine.contract.operations[name]
            told: list[Change] = [{"do": "fault", "operation": name, **each} for each in wrong if self.documented(name, each)]
            if operation.method != "GET":
                told = [each for each in told if each.get("where") != "body" or each["effect"] != "cut"]
            per.append(told)
        # A reply that never comes costs a client's whole patience: asked once, and first, so that it passes while others run.
        silent = [each for each in chain(*per) if each.get("seconds", 0) is None][:1]
        rest = [each for each in chain(*zip_longest(*per)) if each and each.get("seconds", 0) is not None]
        yield from ((each,) for each in (*silent, *rest))

    def documented(self, name: str, told: Change) -> bool:
        status = told.get("status")
        return status is None or "body" in told or self.engine.contract.operations[name].answer(status) is not None

    def state(self) -> Iterator[tuple[Change, ...]]:
        per: list[list[Change]] = []
        for name, whole in self.lists.items():
            size = next(
                (each.name for each in self.engine.contract.operations[name].by_place.query if letters_of(each.name) in asking["size"]),
                "",
            )
            least = 1 if name in self.trimmable() else -(-len(whole) // most_pages)
            short: list[Change] = [
                {"do": "shorten", "operation": name, "parameter": size, "size": count} for count in range(least, least + 3) if size
            ]
            firsts = {thing.id for thing in (things(self.engine, name, self.shown[name].reply.value) if name in self.shown else ())}
            ids = whole[: self.usual(name)] if name in self.trimmable() else whole
            unseen = [each for each in ids if each not in firsts]
            gone: list[Change] = [
                {"do": "vanish", "operation": name, "record": each, "after": 1} for each in (unseen[-1:] or ids[-1:]) + ids[:1]
            ]
            back: list[Change] = [{"do": "appear", "operation": name, "record": each, "after": 1} for each in ids[-1:] + ids[:1]]
            per.append([*chain(*zip_longest(short[:1], gone, back)), *short[1:]])
        expire: list[Change] = [{"do": "expire", "after": after} for after in range(min(3, len(self.seen)))]
        every = [each for each in chain(*zip_longest(*per, expire)) if each]
        yield from ((each,) for each in every)
        for _ in range(len(every) * 2):
            both = self.dice.sample(every, 2) if len(every) > 1 else []
            if len({(each["do"], each.get("operation")) for each in both}) == 2:
                yield tuple(both)


wrong: Final[tuple[dict[str, Json], ...]] = (
    {"effect": "status", "status": 429, "retry_after": 1, "times": 1},
    {"effect": "cut", "where": "body", "times": 1},
    {"effect": "cut", "where": "head", "times": 1},
    {"effect": "status", "status": 503, "retry_after": 1, "times": 1},
    {"effect": "status", "status": 500, "times": 1},
    {"effect": "slow", "seconds": None, "times": 1},
    {"effect": "status", "status": 500},
    {"effect": "drip", "pace": 0.0005, "times": 1},
    {"effect": "length", "by": 10, "times": 1},
    {"effect": "status", "status": 502, "body": "<html><body>Bad Gateway</body></html>", "media": "text/html", "times": 1},
    {"effect": "cut", "where": "before"},
    {"effect": "status", "status": 503, "retry_after": 1},
    {"effect": "status", "status": 429, "retry_after": 1, "skip": 1, "times": 1},
    {"effect": "slow", "seconds": late, "times": 2},
)
"""What goes wrong on the way, the likeliest first; seconds None: the reply never comes."""

modes: Final[dict[str, Callable[[Draw], Iterator[tuple[Change, ...]]]]] = {
    "valid": Draw.valid,
    "near-miss": Draw.near_miss,
    "faults": Draw.faults,
    "state": Draw.state,
}
