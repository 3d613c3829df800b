"""Records of a document's resources: those there are to begin with, those a client makes, those made up when they are asked for.

The owner of a record has a field "_/path" for each parent that the path of its collection names.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from mockserver.contract import words
from mockserver.contract.making import Dice, Making, Person, Somebody
from mockserver.contract.sample import Impossible, Sampler
from mockserver.engine.fields import inside, merged, put_inside, stamped
from mockserver.errors import Refusal
from mockserver.message import NOTHING, Json
from mockserver.state.ids import Draws
from mockserver.state.record import Placed, Record
from mockserver.state.table import Key, Layout, Table
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.inference import Inference, Resource
    from mockserver.engine.vendor import Turn
    from mockserver.state.scene import Scene
    from mockserver.state.world import World

stocked: Final = 3  # how many of a kind there are to begin with
stocked_inside: Final = 2  # and in each parent
deepest_family: Final = 6
first_made: Final = 1_000_000  # where in lists the records stand that clients make: behind the scene's
made_up: Final = 500_000  # and those made up when they were asked for
most_tried: Final = 8  # how often a new record is made until its id is nobody's


layout: Final = Layout(key=attrgetter("key"), order=attrgetter("n", "key"), indexes={"id": attrgetter("apart")})

nobody: Final = Person("Ada", "Abara", "ada.abara@example.com")


def viewed(_: Turn, record: Record) -> Json:
    """What travels of a record."""
    return record.wire  # type: ignore[attr-defined]  # tables of a document hold nothing but Placed


def alike(table: Table, ident: Json) -> Iterator[Placed]:
    """The records of an id, whomever they are below."""
    text = str(ident)
    for key in (text, *table.keys("id", text)):
        record = table.get(key)
        if isinstance(record, Placed) and record.id == text:
            yield record


def key_of(owner: Iterable[Json], ident: Json) -> str:
    """The key of a record: ids of the parents that its path names, and its own."""
    return "/".join([*map(str, owner), str(ident)])


def coerced(types: frozenset[str], value: Json) -> Json:
    """The value as a property is typed: an id is text in a path and may be a number in the body."""
    if types and "string" not in types and isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 19:
        return int(value)
    return str(value) if types == {"string"} and not isinstance(value, str) else value


@frozen
class Mould:
    """What is the same for every record of a resource.

    id      the path of property names to its id, () when it has none
    place   JSON pointer of its schema, "" when it has none
    types   of its id
    first   the number that ids count on from; NOTHING where ids are no numbers: those made up differ anyway
    mine    for each parent its path names: the property that says which, "" when none does, and its types
    theirs  the hidden fields of parents that other paths name, each with the property that says which
    owned   whether any path names parents
    closed  the properties that only the server sets
    fixed   those and the id: what no client changes
    skip    those that a client may leave out
    one     what one of them is called
    """

    id: tuple[str, ...]
    place: str
    types: frozenset[str]
    first: Json
    mine: tuple[tuple[str, frozenset[str]], ...]
    theirs: tuple[tuple[str, str], ...]
    owned: bool
    closed: frozenset[str]
    fixed: frozenset[str]
    skip: frozenset[str]
    one: str


class Records:
    """Makes the records of one document.

    vendor  the document's name: what draws and tables are keyed by
    """

    def __init__(self, vendor: str, inference: Inference, sampler: Sampler) -> None:
        self.vendor, self.inference, self.sampler = vendor, inference, sampler
        self.scene: Scene | None = None
        self.stage: Mapping[str, Table] = {}
        self._making: set[str] = set()
        self._moulds: dict[str, Mould] = {}
        self._ids: dict[str, list[Json]] = {}

    # -- what there is to begin with --------------------------------------------------------------------------------

    def stock(self, first: Resource | None) -> list[Placed]:
        """What there is of a kind in the scene: what the scene tells, else some for each parent there is, else some."""
        if first is None or first.single or self.scene is None or first.name in self._making or len(self._making) > deepest_family:
            return []
        if first.name in self.scene.records.get(self.vendor, {}):
            return []  # the scene's own records come on top, and are all there is
        self._making.add(first.name)
        try:
            found: dict[Key, Placed] = {}
            for resource in self.inference.alike(first) or [first]:
                for owner in [] if resource.single else self.families(resource):
                    for _ in range(stocked_inside if owner else max(0, stocked - len(found))):
                        record = self.stocked_one(resource, owner, len(found))
                        found.setdefault(record.key, record)
            return list(found.values())
        finally:
            self._making.discard(first.name)

    def families(self, resource: Resource) -> list[dict[str, Json]]:
        """For each parent in stock, the hidden fields of its children; one empty mapping when the path names no parents."""
        if not resource.parents:
            return [{}]
        at = resource.parents[-1][1]
        parent = self.inference.resource(at)
        if parent is None or len(resource.parents) > deepest_family:
            return []
        wanted = [f"_{path}" for _, path in resource.parents[:-1]]
        return [
            {**{name: record.owner[name] for name in wanted}, f"_{at}": record.given}
            for record in self.base(parent.name)[:stocked]
            if all(name in record.owner for name in wanted)
        ]

    def base(self, name: str) -> list[Placed]:
        """The records of a kind in the scene; none while they are being made."""
        return [] if name in self._making or self.scene is None else list(self.stage[name])  # type: ignore[arg-type]  # tables of this engine hold nothing else

    def stocked_one(self, resource: Resource, owner: Mapping[str, Json], index: int) -> Placed:
        """The record of this number; the first is made of the document's examples."""
        making = self.making((resource.name, *owner.values(), index), self.now, index)
        making.examples = index == 0
        return self.record(self.mould(resource), making, {}, owner, index)

    @property
    def now(self) -> int:
        return self.scene.now if self.scene is not None else 0

    def making(self, key: Iterable[object] | Draws, now: int, index: int = 0) -> Making:
        """How values are made: about the people of the scene in turn, with ids of records that are there."""
        seed = self.scene.seed if self.scene is not None else "0"
        dice = key if isinstance(key, Draws) else Draws(seed, self.vendor, *key)
        return Making(dice, "reply", now, lambda _: self.somebody(index), self.related)

    def somebody(self, index: int) -> Somebody:
        """Whom the record of this number is about."""
        people = self.scene.people if self.scene is not None else ()
        return people[index % len(people)] if people else nobody

    def anybody(self, dice: Dice) -> Somebody:
        """Whom a new record is about."""
        return self.somebody(dice.below(1000))

    def related(self, dice: Dice, thing: str) -> Json:
        """The id of some record of what is called this, when there is such a kind."""
        resource = self.inference.about(thing)
        if resource is None or resource.single or not resource.id:
            return NOTHING
        ids = self._ids.get(resource.name)
        if ids is None:
            ids = [inside(record.wire, resource.id) for record in self.base(resource.name)]
            if resource.name not in self._making:
                self._ids[resource.name] = ids
        return dice.choose(ids) if ids else NOTHING

    # -- one record -------------------------------------------------------------------------------------------------

    def mould(self, resource: Resource) -> Mould:
        """What is the same for every record of a resource, looked up once."""
        found = self._moulds.get(resource.path)
        if found is None:
            inference, closed = self.inference, self.inference.read_only(resource)
            types = inference.types(resource, resource.id) if resource.id else frozenset()
            numbered = "integer" in types and "string" not in types
            mine = [inference.own_field(resource, at) for _, at in resource.parents]
            theirs = [(each, at) for each in inference.alike(resource) for _, at in each.parents]
            found = self._moulds[resource.path] = Mould(
                resource.id, resource.place, types, self.first_number(resource) if numbered else NOTHING,
                tuple((own, inference.types(resource, (own,)) if own else frozenset()) for own in mine),
                tuple({f"_{at}": own for each, at in theirs if (own := inference.own_field(each, at))}.items()),
                bool(theirs or resource.parents), closed, closed | set(resource.id[:1]), inference.optional_when_sent(resource), words.singular(resource.word),
            )  # fmt: skip
        return found

    def first_number(self, resource: Resource) -> int:
        """Where ids that are numbers begin: at the document's example, else at 1."""
        examples = self.sampler.shape((self.inference.property_place(resource, resource.id),)).examples
        return next((each for each in examples if isinstance(each, int)), 1)

    def record(
        self, mould: Mould, making: Making, told: Mapping[str, Json], owner: Mapping[str, Json], n: int, wanted: Json = NOTHING
    ) -> Placed:
        """A whole record of a part of one. `wanted`: the id it must have."""
        at = mould.id
        for (own, types), value in zip(mould.mine, owner.values(), strict=False):
            if own and own not in told:
                told = {**told, own: coerced(types, value)}
        if at:
            ident = coerced(mould.types, wanted) if wanted is not NOTHING else inside(told, at)
            if ident is NOTHING and mould.first is not NOTHING:
                ident = mould.first + n
            told = told if ident is NOTHING else put_inside(told, at, ident)
        wire = self.filled(mould, making, told)
        ident = inside(wire, at) if at else NOTHING
        if wanted is not NOTHING:
            ident = wanted
        elif ident is NOTHING:
            ident = f"{making.dice.bits(48):012x}"
        if not owner and mould.theirs and isinstance(wire, dict):
            owner = {name: wire[own] for name, own in mould.theirs if own in wire}
            return Placed(wire, str(ident), ident, n, owner)  # at its own path nobody is named
        return Placed(wire, key_of(owner.values(), ident), ident, n, owner)

    def filled(self, mould: Mould, making: Making, told: Mapping[str, Json]) -> Json:
        """What was told with the rest of the thing made up, as far as its schema can be kept."""
        making.whole = True
        value: Json = dict(told)
        if not mould.place:
            return value
        try:
            return self.sampler.value(mould.place, making, value if value or making.skip else NOTHING, mould.one)
        except Impossible:
            return value

    # -- what clients do --------------------------------------------------------------------------------------------

    def offered(self, resource: Resource, sent: Mapping[str, Json]) -> Mapping[str, Json]:
        """What was sent but for what only the server sets."""
        closed = self.mould(resource).closed
        return sent if closed.isdisjoint(sent) else {name: value for name, value in sent.items() if name not in closed}

    def made(self, resource: Resource, world: World, told: Mapping[str, Json], wanted: Json = NOTHING) -> Placed:
        """A new record of what is told; the rest is made up. `wanted`: the id it must have."""
        mould = self.mould(resource)
        owner, sent = parted(told) if mould.owned else ({}, told)
        table, dice = world.store(self.vendor)[resource.name], world.draws()
        n = first_made + world.drawn
        named = wanted is not NOTHING or (bool(resource.id) and inside(sent, resource.id) is not NOTHING)
        if not named and mould.first is not NOTHING:
            sent, named = put_inside(sent, resource.id, self.next_number(resource, world, table)), True
        for _ in range(most_tried):
            making = Making(dice, "reply", world.clock.now(), self.anybody, self.related, examples=False)
            making.fresh, making.skip = True, mould.skip
            record = self.record(mould, making, sent, owner, n, wanted)
            if named or record.key not in table:
                break
        return record

    def next_number(self, resource: Resource, world: World, table: Table) -> int:
        """The next id, where ids are numbers."""
        name = f"{self.vendor}:{resource.name}:next"
        number: int = world.counters.get(name) or 1 + max(
            (each.given for each in table if isinstance(each, Placed) and isinstance(each.given, int)), default=0
        )
        while any(alike(table, number)):
            number += 1
        world.counters[name] = number + 1
        return number

    def changed(self, resource: Resource, record: Placed, sent: Mapping[str, Json], now: int, *, replaced: bool) -> Placed:
        """The record with what was sent laid over it or (replaced) put in its place; what the server keeps stays, what says when moves on."""
        mould = self.mould(resource)
        sent = {name: value for name, value in sent.items() if name not in mould.fixed}
        if replaced and sent:
            gone = mould.skip - mould.fixed
            body = {name: value for name, value in record.items() if name not in gone} | sent
        else:
            body = merged(record, sent)
        return record.version(touched(body, sent, now))

    def patched(self, resource: Resource, record: Placed, patch: Callable[[Json], Json], now: int, *, whole: bool = False) -> Placed:
        """The record as a patch makes it, but for what the server keeps. Raises Refusal (422) when it would no longer be such a thing, and
        where a list of operations (`whole`: done whole or not at all, RFC 5789) wants something else of what the server keeps."""
        mould, old = self.mould(resource), record.fields
        body = patch(old)
        if isinstance(body, dict):
            kept = sorted(name for name in mould.fixed if body.get(name, NOTHING) != old.get(name, NOTHING)) if whole else ()
            if kept:
                raise Refusal(422, "unprocessable_patch", f"{', '.join(kept)}: only the server sets that", field=f"body /{kept[0]}")
            body |= {name: old[name] for name in mould.fixed if name in old}
        if not isinstance(body, dict) or (resource.place and self.keeps(resource, old) and not self.keeps(resource, body)):
            raise Refusal(422, "unprocessable_patch", f"what the patch leaves is no {mould.one}")
        return record.version(touched(body, {name for name in body if body[name] != old.get(name, NOTHING)}, now))

    def keeps(self, resource: Resource, value: Json) -> bool:
        return self.sampler.keeps((resource.place,), "reply", value)

    def conjured(self, resource: Resource, owner: Mapping[str, Json], ident: Json, key: Key) -> Placed:
        """The record of an id that nobody has: the same one every time."""
        making = self.making((resource.name, key), self.now, sum(map(ord, str(key))))
        making.examples = resource.single
        record = self.record(self.mould(resource), making, {}, owner, made_up, ident)
        return Placed(record.wire, key, record.given, record.n, record.owner)


def parted(told: Mapping[str, Json]) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """Whom a record is told to belong to (the hidden fields, named by a path), and its own fields."""
    hidden = [name for name in told if name[:2] == "_/"]
    if not hidden:
        return {}, told
    return {name: told[name] for name in hidden}, {name: value for name, value in told.items() if name not in hidden}


def touched(body: Mapping[str, Json], sent: Container[str], now: int) -> dict[str, Json]:
    """The fields, those that say when they were changed saying now, unless the client itself said."""
    return {**body, **{name: stamped(body[name], now) for name in body if name not in sent and tells_of_change(name)}}


def tells_of_change(name: str) -> bool:
    """Whether a field says when its thing was last changed."""
    told = set(words.words_of(name))
    return bool(told & {"updated", "modified", "changed"}) and words.topic_of(name) == "time"
