"""A document with no card behind it, at work: what is inferred of it, and values made up where nobody told us any.

Rules of this file
- Ordinary operations are crud.py's, as for every vendor. Here stands what a vendor's card would say: kinds, keys, who is whose.
- Kinds are made one by one, when they are first spoken of: a document may have thousands.
- An id that was deleted stays deleted, whatever else is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Final

from mockserver.contract import words
from mockserver.contract.inference import Inference
from mockserver.contract.paths import word_of
from mockserver.contract.sample import Impossible, Sampler
from mockserver.engine.acts import acting, adding
from mockserver.engine.crud import DEFAULTS, body_of, found, gone, merging, reading, sent
from mockserver.engine.crud import creating as putting
from mockserver.engine.dress import accepted, documents, of, remade
from mockserver.engine.engine import Engine, Stage
from mockserver.engine.fields import inside
from mockserver.engine.fragments import Fragments
from mockserver.engine.listing import inferred_pages
from mockserver.engine.patches import asked
from mockserver.engine.records import Records, alike, key_of, layout, stocked_inside, viewed
from mockserver.engine.vendor import Behaviour, Kind, Turn, Vendor
from mockserver.errors import Refusal
from mockserver.message import NOTHING, Call, Json, Reply
from mockserver.state.ids import Draws
from mockserver.state.record import Placed
from mockserver.state.table import Key, Table

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.inference import Resource
    from mockserver.contract.operation import Operation
    from mockserver.contract.resource import Role
    from mockserver.engine.pages import Pages
    from mockserver.state.scene import Scene
    from mockserver.state.world import Tables, World


class Plain(Engine):
    """One document at work."""

    def __init__(self, vendor: Vendor, contract: Contract, options: Mapping[str, str] | None = None) -> None:
        super().__init__(vendor, contract, options)
        self.inference = Inference(contract)
        self.sampler = Sampler(contract)
        self.records = Records(vendor.name, self.inference, self.sampler)
        self.kinds = Kinds(self)  # type: ignore[assignment]  # a mapping is all that is asked of it
        self._by_path: dict[str, Kind] = {}
        self._named: dict[str, Resource] = {}
        self._pages: dict[str, Pages] = {}
        self._resources: dict[str, Resource | None] = {}

    # -- what operations are about ----------------------------------------------------------------------------------

    def role(self, operation: Operation) -> Role:
        return self.inference.role(operation)

    def resource(self, operation: Operation) -> Resource | None:
        """The resource an operation is about; None when it is about none."""
        try:
            return self._resources[operation.id]
        except KeyError:
            found = self._resources[operation.id] = self._resource(operation)
            return found

    def _resource(self, operation: Operation) -> Resource | None:
        role = self.role(operation)
        found = self.inference.resource(role.path) if role.path else None
        return found if found is None or found.name == role.kind else self.named(role.kind)

    def named(self, name: str) -> Resource | None:
        """The resource of this name."""
        return self._named.get(name) or self.inference.named(name)

    def kind_of(self, role: Role) -> Kind:
        found = self.inference.resource(role.path)
        return self.kind(found if found is not None and found.name == role.kind else self.inference.names[role.kind])

    def kind(self, resource: Resource) -> Kind:
        """What is remembered of a resource. Kinds of one name share their table and differ in whom their paths name."""
        kind = self._by_path.get(resource.path)
        if kind is None:
            self._named.setdefault(resource.name, resource)
            stored = bool(resource.thing) and self.contract.at(f"#/components/schemas/{resource.thing}", None) is not None
            kind = self._by_path[resource.path] = Kind(
                resource.name, resource.thing if stored else "", layout, within={f"_{at}": name for name, at in resource.parents},
                view=viewed, offered=partial(self.records.offered, resource), make=partial(self.records.made, resource),
                change=partial(self.changed, resource), missing=missing,
                address=partial(self.address, resource), conjure=partial(self.conjured, resource),
            )  # fmt: skip
        return kind

    def pages(self, operation: Operation) -> Pages:
        found = self._pages.get(operation.id)
        if found is None:
            resource = self.resource(operation)
            found = self._pages[operation.id] = inferred_pages(self.contract, operation, self.role(operation), resource)
        return found

    def behaviour(self, operation: Operation) -> Behaviour:
        behave = self._behaviours.get(operation.id)
        if behave is None:
            known = self.resource(operation) is not None
            behave = self._behaviours[operation.id] = behaviours.get(self.role(operation).verb, acting) if known else acting
        return behave

    def laid(self, tables: Tables, kind: str) -> bool:
        return kind in tables or kind in tables.stage

    def told(self, operation: Operation) -> str:
        return self.role(operation).verb

    def stage(self, scene: Scene) -> MutableMapping[str, Table]:
        self.records.scene = scene
        self.records.stage = stage = Stage(self.kinds, Stock(self))
        return stage

    # -- which record is meant --------------------------------------------------------------------------------------

    def owner(self, resource: Resource, turn: Turn) -> dict[str, Json]:
        """The hidden fields of what lies below the parents that a turn's path names."""
        return {f"_{at}": turn.params[name] for name, at in resource.parents if name in turn.params}

    def address(self, resource: Resource, turn: Turn, role: Role) -> Key:
        """The key of what a path names: by its whole path, else the first of that id that belongs to those the path names."""
        owner, table = self.owner(resource, turn) if resource.parents else {}, turn.table(resource.name)
        if resource.single:
            return key_of(owner.values(), resource.path)
        ident = turn.params.get(role.key) if role.key else self.sent_id(resource, turn)
        if ident is None:
            return next(iter(table.keys()), "")  # /users/me is somebody
        key = key_of(owner.values(), ident) if owner else str(ident)
        if table.get(key) is None:
            theirs = (each for each in alike(table, ident) if all(str(each.owner.get(at)) == str(value) for at, value in owner.items()))
            return next((each.key for each in theirs), key)
        return key

    def sent_id(self, resource: Resource, turn: Turn) -> Json:
        """The id in the body, for a PUT on a collection; None when it has none."""
        found = inside(turn.body, resource.id) if resource.id else NOTHING
        return None if found is NOTHING else found

    def conjured(self, resource: Resource, turn: Turn, role: Role) -> Placed | None:
        """A record for an id nobody has, unless the document has a 404 for that, or it was deleted."""
        key = self.address(resource, turn, role)
        if self.gone(turn, resource.name, key) or not (resource.single or makes_up(turn)):
            return None
        ident = turn.params[role.key] if role.key in turn.params else self.sent_id(resource, turn) or key
        return self.records.conjured(resource, self.owner(resource, turn), ident, key)

    def gone(self, turn: Turn, kind: str, key: Key) -> bool:
        """Whether a record of this key was there and is no more."""
        return f"{self.vendor.name}:gone:{kind}:{key}" in turn.world.counters

    def bury(self, turn: Turn, kind: str, key: Key) -> None:
        """Remember that a record is gone."""
        turn.world.counters[f"{self.vendor.name}:gone:{kind}:{key}"] = 1

    def changed(self, resource: Resource, turn: Turn, record: Placed, sent: Mapping[str, Json]) -> Placed:
        patch = asked(turn.call.headers.get("content-type", ""), turn.body) if turn.operation.method == "PATCH" else None
        if patch is not None:
            return self.records.patched(resource, record, patch, turn.now, whole=isinstance(turn.body, list))
        return self.records.changed(resource, record, sent, turn.now, replaced=self.role(turn.operation).verb == "replace")

    # -- before a behaviour -----------------------------------------------------------------------------------------

    def prepare(self, turn: Turn) -> None:
        """The parents that the path names must be there, or are made up as an item would be. Raises Refusal."""
        resource = self.resource(turn.operation)
        if resource is None or not resource.parents:
            return
        owner: dict[str, Json] = {}
        for name, at in resource.parents:
            parent, ident = self.inference.resource(at), turn.params.get(name)
            if parent is not None and not parent.single and ident is not None:
                self.meet(turn, parent, owner, ident)
            owner[f"_{at}"] = ident
        if parent is None and self.role(turn.operation).verb == "list":
            self.restock(turn, resource, owner)

    def meet(self, turn: Turn, parent: Resource, owner: Mapping[str, Json], ident: Json) -> None:
        """See that a parent is there."""
        self._named.setdefault(parent.name, parent)
        key, table = key_of(owner.values(), ident), turn.table(parent.name)
        if key in table or any(alike(table, ident)):
            return
        if self.gone(turn, parent.name, key) or not makes_up(turn):
            raise missing(turn, ident)
        table.put(self.records.conjured(parent, owner, ident, key))

    def restock(self, turn: Turn, resource: Resource, owner: Mapping[str, Json]) -> None:
        """A list below somebody the document does not describe has something in it when it is first looked at."""
        mark = f"{self.vendor.name}:stocked:{key_of(owner.values(), resource.path)}"
        if mark in turn.world.counters:
            return
        turn.world.counters[mark] = 1
        table = turn.table(resource.name)
        for index in range(stocked_inside):
            record = self.records.stocked_one(resource, owner, index)
            if record.key not in table:
                table.put(record)

    def mended(self, turn: Turn, reply: Reply) -> Reply:
        return remade(self, turn, reply)

    # -- what actions ask -------------------------------------------------------------------------------------------

    def composed(self, turn: Turn, hints: Mapping[str, Json]) -> Json:
        """The whole of an operation's reply, with these values where it has properties of their names; NOTHING when it has none."""
        answer = turn.operation.answer(turn.operation.success)
        if answer is None or not answer.media:
            return NOTHING
        place = answer.media[accepted(answer, turn.call.headers.get("accept", ""))]
        properties = self.contract.properties(place) if place else {}
        known = {name: value for name, value in hints.items() if name in properties}
        making = self.records.making(self.question(turn), turn.now)
        making.whole = True
        try:
            return self.sampler.value(place, making, known or NOTHING, words.singular(word_of(turn.operation.path)))
        except Impossible:
            return NOTHING

    def question(self, turn: Turn) -> Draws:
        """Dice that fall the same for the same question."""
        return Draws(turn.world.seed, turn.operation.id, sorted(map(str, turn.params.items())))

    def makes(self, operation: Operation, resource: Resource) -> bool:
        """Whether a PUT makes the item that is not there: the document has a 201 for it, or neither a 404 nor another way to make one."""
        answers = operation.answers
        return "201" in answers or not ("404" in answers or "POST" in self.inference.paths.at(resource.path))

    def answers_with_its_thing(self, operation: Operation) -> bool:
        """Whether the reply of an action is the item it was done to."""
        resource, role = self.resource(operation), self.role(operation)
        return resource is not None and bool(role.place) and self.inference.thing_at(role.place) == resource.thing != ""

    def takes_several(self, operation: Operation) -> bool:
        """Whether an operation is sent a list of its resource's things."""
        resource, sent = self.resource(operation), self.inference.sent(operation)
        items = self.contract.types(sent)[1] if resource is not None and sent else ""
        return resource is not None and bool(items) and self.inference.thing_at(items) == resource.thing != ""


class Fragmented(Plain):
    """A document that tells operations apart by what follows a # in their paths."""

    def __init__(self, vendor: Vendor, contract: Contract, options: Mapping[str, str] | None = None) -> None:
        super().__init__(vendor, contract, options)
        self._fragments = Fragments(contract)

    def answer(self, call: Call, world: World) -> Reply:
        return super().answer(call._replace(path=self._fragments.path(call, self.vendor.rewrite(call.path))), world)


def makes_up(turn: Turn) -> bool:
    """Whether what nobody has is made up here: as the option says, or where the document has no 404 for it."""
    policy = turn.options["unknown"]
    return policy == "make" or (policy == "auto" and not documents(turn.operation, 404))


def missing(turn: Turn, key: Key) -> Refusal:
    return Refusal(404, "not_found", f"{turn.operation.path}: there is no {key or 'such thing'}")


# -- behaviours that know of ids which are gone, or stand in the body -----------------------------------------------------------


def deleting(turn: Turn) -> Reply:
    """The record is gone, and stays gone: it is not made up again when it is asked for."""
    role, kind, record = found(turn, "delete")
    key = kind.layout.key(record)
    turn.table(kind.name).remove(key)
    of(turn).bury(turn, kind.name, key)
    return gone(turn, role, kind, record)


def creating(turn: Turn) -> Reply:
    """A new record; one whose id is taken is refused where the document has a 409."""
    engine = of(turn)
    resource = engine.resource(turn.operation)
    ident = engine.sent_id(resource, turn) if resource is not None and documents(turn.operation, 409) else None
    if resource is not None and ident is not None:
        key = key_of(engine.owner(resource, turn).values(), ident)
        if key in turn.table(resource.name):
            raise Refusal(409, "conflict", f"{ident} is taken")
    return putting(turn)


def laying(turn: Turn) -> Reply:
    """PUT or PATCH: on an item as ever, or (PUT) a new one where that is how the document makes them; on a collection, the item that the body
    names, or a new one when it names none."""
    engine = of(turn)
    resource, role = engine.resource(turn.operation), engine.role(turn.operation)
    if resource is not None and role.key and turn.operation.method == "PUT" and engine.makes(turn.operation, resource):
        key = engine.address(resource, turn, role)
        if key not in turn.table(resource.name):
            return putting_at(turn, resource, role)
    if resource is None or role.key or engine.inference.spot(turn.operation).form == "self" or engine.sent_id(resource, turn) is not None:
        return merging(turn)
    return adding(turn) if isinstance(turn.body, list) else creating(turn)


def putting_at(turn: Turn, resource: Resource, role: Role) -> Reply:
    """A new record under the id that the path names."""
    engine = of(turn)
    told = {**engine.records.offered(resource, sent(turn, role)), **engine.owner(resource, turn)}
    record = engine.records.made(resource, turn.world, told, turn.params[role.key])
    turn.table(resource.name).put(record)
    status = 201 if "201" in turn.operation.answers else turn.operation.success
    return Reply(status, body_of(role, viewed(turn, record)))


behaviours: Final[dict[str, Behaviour]] = {
    **DEFAULTS, "create": creating, "replace": laying, "merge": laying, "delete": deleting,
    "show": reading, "set": merging, "unset": deleting,
}  # fmt: skip


class Kinds(Mapping[str, Kind]):
    """The kinds of a document by name, made when asked for; listing them looks at the whole document."""

    def __init__(self, engine: Plain) -> None:
        self.engine = engine

    def __getitem__(self, name: str) -> Kind:
        resource = self.engine.named(name)
        if resource is None:
            raise KeyError(name)
        return self.engine.kind(resource)

    def __iter__(self) -> Iterator[str]:
        return iter(self.engine.inference.names)

    def __len__(self) -> int:
        return len(self.engine.inference.names)


class Stock(Mapping[str, list[Placed]]):
    """The records of the scene by kind, made when asked for."""

    def __init__(self, engine: Plain) -> None:
        self.engine = engine

    def __getitem__(self, name: str) -> list[Placed]:
        return self.engine.records.stock(self.engine.named(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.engine.kinds)

    def __len__(self) -> int:
        return len(self.engine.kinds)
