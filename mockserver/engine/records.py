"""Records of a document's resources: those there are to begin with, those a client makes, those made up when they are asked for.

The owner of a record has a field "_/path" for each parent that the path of its collection names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from mockserver.contract import words
from mockserver.contract.sample import Impossible, Making, Person, Sampler
from mockserver.engine.fields import inside, merged, put_inside, stamped
from mockserver.message import NOTHING, Json
from mockserver.state.ids import Draws
from mockserver.state.record import Placed, Record
from mockserver.state.table import Key, Layout, Table

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

layout: Final = Layout(key=attrgetter("key"), order=attrgetter("n", "key"), indexes={"id": attrgetter("id")})

nobody: Final = Person("Ada", "Abara", "ada.abara@example.com")


def viewed(_: Turn, record: Record) -> Json:
    """What travels of a record."""
    return record.wire  # type: ignore[attr-defined]  # tables of a document hold nothing but Placed


def key_of(owner: Iterable[Json], ident: Json) -> str:
    """The key of a record: ids of the parents that its path names, and its own."""
    return "/".join([*map(str, owner), str(ident)])


class Records:
    """Makes the records of one document.

    vendor  the document's name: what draws and tables are keyed by
    """

    def __init__(self, vendor: str, inference: Inference, sampler: Sampler) -> None:
        self.vendor, self.inference, self.sampler = vendor, inference, sampler
        self.scene: Scene | None = None
        self.stage: Mapping[str, Table] = {}
        self._making: set[str] = set()

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
        return self.record(resource, making, {}, owner, index)

    @property
    def now(self) -> int:
        return self.scene.now if self.scene is not None else 0

    def making(self, key: Iterable[object] | Draws, now: int, index: int = 0) -> Making:
        """How values are made: about the people of the scene, with ids of records that are there."""
        seed = self.scene.seed if self.scene is not None else "0"
        dice = key if isinstance(key, Draws) else Draws(seed, self.vendor, *key)
        people = self.scene.people if self.scene is not None else ()
        someone = people[index % len(people)] if people else nobody
        return Making(dice, "reply", now, Person(someone.given, someone.family, someone.email), named=partial(self.related, dice))

    def related(self, dice: Draws, name: str) -> Json:
        """The id of a record that a field of this name ("owner_id", "petId") points to, when there is a kind of that name."""
        parts = words.words_of(name)
        resource = self.inference.about(parts[-2]) if len(parts) > 1 and parts[-1] == "id" else None
        if resource is None or resource.single or not resource.id:
            return NOTHING
        ids = [inside(record, resource.id) for record in self.base(resource.name)]
        return dice.choose(ids) if ids else NOTHING

    # -- one record -------------------------------------------------------------------------------------------------

    def record(
        self, resource: Resource, making: Making, told: Mapping[str, Json], owner: Mapping[str, Json], n: int, wanted: Json = NOTHING
    ) -> Placed:
        """A whole record of a part of one. `wanted`: the id it must have."""
        for (_, at), value in zip(resource.parents, owner.values(), strict=False):
            own = self.inference.own_field(resource, at)
            if own and own not in told:
                told = {**told, own: self.coerced(resource, (own,), value)}
        if resource.id:
            ident = self.coerced(resource, resource.id, wanted) if wanted is not NOTHING else inside(told, resource.id)
            ident = self.counted(resource, n) if ident is NOTHING else ident
            told = told if ident is NOTHING else put_inside(told, resource.id, ident)
        fields = self.filled(resource, making, told)
        ident = inside(fields, resource.id) if resource.id else NOTHING
        if wanted is not NOTHING:
            ident = wanted
        elif ident is NOTHING:
            ident = f"{making.dice.bits(48):012x}"
        owners = owner or (self.owners_of(resource, fields) if isinstance(fields, dict) else {})
        return Placed(fields, key_of(owner.values(), ident), ident, n, owners)

    def filled(self, resource: Resource, making: Making, told: Mapping[str, Json]) -> Json:
        """What was told with the rest of the thing made up, as far as its schema can be kept."""
        making.whole = True
        value: Json = dict(told)
        if resource.place:
            try:
                value = self.sampler.value(
                    resource.place, making, value if value or making.skip else NOTHING, words.singular(resource.word)
                )
            except Impossible:
                value = dict(told)
        return value

    def owners_of(self, resource: Resource, fields: Mapping[str, Json]) -> dict[str, Json]:
        """Whom a record made at a path without parents belongs to, by its own fields."""
        parents = [(each, at) for each in self.inference.alike(resource) for _, at in each.parents]
        owned = {at: own for each, at in parents if (own := self.inference.own_field(each, at))}
        return {f"_{at}": fields[own] for at, own in owned.items() if own in fields}

    def coerced(self, resource: Resource, path: tuple[str, ...], value: Json) -> Json:
        """The value as the property types it: an id is text in a path and may be a number in the body."""
        types = self.types(resource, path)
        if types and "string" not in types and isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 19:
            return int(value)
        return str(value) if types == {"string"} and not isinstance(value, str) else value

    def types(self, resource: Resource, path: tuple[str, ...]) -> frozenset[str]:
        place = self.inference.property_place(resource, path)
        return self.inference.contract.types(place)[0] if place else frozenset()

    def counted(self, resource: Resource, n: int) -> Json:
        """Ids that are numbers count on from the document's example, or from 1; NOTHING for others: those made up differ anyway."""
        types = self.types(resource, resource.id)
        if "integer" not in types or "string" in types:
            return NOTHING
        examples = self.sampler.shape((self.inference.property_place(resource, resource.id),)).examples
        return next((each for each in examples if isinstance(each, int)), 1) + n

    # -- what clients do --------------------------------------------------------------------------------------------

    def made(self, resource: Resource, world: World, told: Mapping[str, Json]) -> Placed:
        """A new record of what was sent; what only the server knows is made up."""
        owner = {name: value for name, value in told.items() if name.startswith("_/")}
        closed = self.inference.read_only(resource)
        sent: Mapping[str, Json] = {name: value for name, value in told.items() if name not in owner and name not in closed}
        table, dice = world.store(self.vendor)[resource.name], world.draws()
        n = first_made + world.drawn
        if resource.id and inside(sent, resource.id) is NOTHING and (number := self.next_number(resource, world, table)) is not NOTHING:
            sent = put_inside(sent, resource.id, number)
        for attempt in range(8):
            making = self.making(Draws(dice.bits(64), attempt), world.clock.now(), dice.below(1000))
            making.examples, making.fresh, making.skip = False, True, self.inference.optional_when_sent(resource)
            record = self.record(resource, making, sent, owner, n)
            if record.key not in table or (resource.id and inside(sent, resource.id) is not NOTHING):
                break
        return record

    def next_number(self, resource: Resource, world: World, table: Table) -> Json:
        """The next id, where ids are numbers."""
        if self.counted(resource, 0) is NOTHING:
            return NOTHING
        name = f"{self.vendor}:{resource.name}:next"
        numbers = (each.given for each in table if isinstance(each, Placed) and isinstance(each.given, int))
        number: int = world.counters.get(name) or max(numbers, default=0) + 1
        while table.keys("id", str(number)):
            number += 1
        world.counters[name] = number + 1
        return number

    def changed(self, resource: Resource, record: Placed, sent: Mapping[str, Json], now: int, *, replaced: bool) -> Placed:
        """The record with what was sent laid over it or (replaced) put in its place; what the server keeps stays, what says when moves on."""
        fixed = self.inference.read_only(resource) | set(resource.id[:1])
        sent = {name: value for name, value in sent.items() if name not in fixed}
        if replaced and sent:
            gone = self.inference.optional_when_sent(resource) - fixed
            body = {name: value for name, value in record.items() if name not in gone} | sent
        else:
            body = merged(record, sent)
        touched = {name: stamped(body[name], now) for name in body if name not in sent and tells_of_change(name)}
        return record.version({**body, **touched})

    def conjured(self, resource: Resource, owner: Mapping[str, Json], ident: Json, key: Key) -> Placed:
        """The record of an id that nobody has: the same one every time."""
        making = self.making((resource.name, key), self.now, sum(map(ord, str(key))))
        making.examples = resource.single
        record = self.record(resource, making, {}, owner, made_up, ident)
        return Placed(record.wire, key, record.given, record.n, record.owner)


def tells_of_change(name: str) -> bool:
    """Whether a field says when its thing was last changed."""
    told = set(words.words_of(name))
    return bool(told & {"updated", "modified", "changed"}) and words.topic_of(name) == "time"
