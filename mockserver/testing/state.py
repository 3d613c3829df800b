"""What a double remembers, in the words of a test: read, add, change and remove records, typed by the contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from mockserver.engine.engine import Engine
from mockserver.engine.site import checked, made
from mockserver.engine.vendor import Kind
from mockserver.errors import MockServerError, UnknownName
from mockserver.message import Json
from mockserver.state.record import public, revised
from mockserver.state.table import Record, Table

if TYPE_CHECKING:
    from mockserver.testing.bench import Bench

Found = dict[str, Json]
"""A record, copied: changing it changes nothing but the copy."""


class UnknownKind(MockServerError, AttributeError):
    """A kind that the double does not remember."""


class BadRecord(MockServerError):
    """A record that the contract would not allow, with the field and the reason."""


class State:
    """The records of one double by kind: `state.sessions`."""

    def __init__(self, bench: Bench, engine: Engine) -> None:
        self._bench, self._engine = bench, engine

    def __getattr__(self, name: str) -> Records:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Records:
        """The records of a kind, by its whole name or its last words. Raises UnknownKind."""
        kinds = self._engine.kinds
        last = [each for each in kinds if words(each)[-len(words(name)) :] == words(name)]
        if name not in kinds and len(last) != 1:
            raise UnknownKind(str(UnknownName(f"kind of {self._engine.vendor.name}", name, kinds)))
        return Records(self._bench, self._engine, kinds[name if name in kinds else last[0]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._engine.kinds)


class Records:
    """The records of one kind. Called with fields, those that have them: `sessions(user="ada@example.com", status="active")`.

    A field that is no field of the record may be a reference: `user` finds the sessions whose user has this id, e-mail or name.
    """

    def __init__(self, bench: Bench, engine: Engine, kind: Kind) -> None:
        self._bench, self._engine, self._kind = bench, engine, kind

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> Table:
        return self._bench.world.store(self._engine.vendor.name)[self._kind.name]

    def __iter__(self) -> Iterator[Found]:
        with self._bench.host.lock:
            return iter([public(record) for record in self._table])

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: object) -> bool:
        return key in self._table

    def __repr__(self) -> str:
        return f"<{len(self)} {self._kind.name} of {self._engine.vendor.name}>"

    def __call__(self, **fields: Json) -> list[Found]:
        """The records that have these fields, in the order of lists. Raises UnknownName on a field that there is not."""
        with self._bench.host.lock:
            wanted = [self._test(name, value) for name, value in fields.items()]
            return [public(record) for record in self._table if all(test(record) for test in wanted)]

    def one(self, **fields: Json) -> Found:
        """The only record that has these fields."""
        found = self(**fields)
        if len(found) != 1:
            told = ", ".join(f"{name}={value!r}" for name, value in fields.items())
            raise AssertionError(
                f"{len(found)} {self._kind.name} of {self._engine.vendor.name} have {told or 'no field asked for'}, not one"
            )
        return found[0]

    def get(self, key: Any) -> Found | None:
        """The record of this key, or None."""
        record = self._table.get(key)
        return None if record is None else public(record)

    def __getitem__(self, key: Any) -> Found:
        """The record of this key. Raises KeyError."""
        return public(self._whole(key))

    # -- writing ------------------------------------------------------------------------------------------------------

    def add(self, **fields: Json) -> Found:
        """A new record with these fields; what is missing is made up. Raises BadRecord, naming the field."""
        with self._bench.host.lock:
            given = self._named(fields)
            return self._put(*made(self._engine, self._kind, self._bench.world, given))

    def change(self, which: Any, /, **fields: Json) -> Found:
        """Lay these fields over a record, told by its key or as it was read. Raises BadRecord, naming the field."""
        with self._bench.host.lock:
            old = self._whole(which)
            record = revised(old, self._named(fields))
            if self._kind.layout.key(record) != self._kind.layout.key(old):
                raise self._bad("a change may not give a record another key; remove it and add a new one")
            return self._put(record, checked(self._engine, self._kind, self._bench.world, record))

    def remove(self, which: Any, /) -> None:
        """Take a record out, told by its key or as it was read. Raises KeyError."""
        with self._bench.host.lock:
            self._table.remove(self._kind.layout.key(self._whole(which)))

    def _put(self, record: Record, findings: list[Any]) -> Found:
        if findings:
            raise self._bad("; ".join(f"{finding.place or 'it'}: {finding.message}" for finding in findings))
        self._table.put(record)
        return public(record)

    def _bad(self, words: str) -> BadRecord:
        return BadRecord(f"the contract refuses these {self._kind.name} of {self._engine.vendor.name}: {words}")

    def _whole(self, which: Any) -> Record:
        record = self._alike(which) if isinstance(which, Mapping) else self._table.get(which)
        if record is None:
            raise KeyError(f"{self._engine.vendor.name} has no {self._kind.name} {which!r}")
        return record

    def _alike(self, read: Mapping[str, Json]) -> Record | None:
        """The record that was read so: what travels of it need not hold its key."""
        try:
            return self._table.get(self._kind.layout.key(read))
        except AttributeError:
            return next((record for record in self._table if public(record) == read), None)

    # -- names --------------------------------------------------------------------------------------------------------

    def _declared(self) -> dict[str, str]:
        """The fields the contract names, each with the place of its schema."""
        if not self._kind.schema:
            return {name: "" for record in self._table for name in record}
        return self._engine.contract.properties(f"#/components/schemas/{self._kind.schema}")

    def _named(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        """The fields of a record to be, references resolved. Raises UnknownName on one that the contract does not have."""
        declared, out = self._declared(), {}
        for name, value in fields.items():
            if name in declared or name.startswith("_"):
                out[name] = value
                continue
            reference = next((each for each in declared if words(each) == [*words(name), "id"]), None)
            if reference is None:
                raise UnknownName(f"field of {self._engine.vendor.name}'s {self._kind.name}", name, declared)
            keys = self._keys(name, value)
            out[reference] = next(iter(keys), value)
        return out

    def _test(self, name: str, value: Json) -> Callable[[Record], bool]:
        """Whether a record has this field with this value."""
        keys = {hashed(value), *map(hashed, self._keys(name, value))}
        declared = self._declared()
        if name in declared or any(name in record for record in self._table):
            return lambda record: record.get(name) == value or hashed(id_of(record.get(name))) in keys
        places = [path for path in paths(self._engine, declared) if words(path[-1])[: len(words(name))] == words(name)]
        if not places:
            raise UnknownName(f"field of {self._engine.vendor.name}'s {self._kind.name}", name, declared)
        return lambda record: any(hashed(found) in keys for path in places if (found := at(record, path)) is not None)

    def _keys(self, name: str, value: Json) -> list[Any]:
        """The keys of the records of the kind that a word names ("user") which have this value as their key, e-mail or name."""
        engine, world = self._engine, self._bench.world
        kinds = [kind for kind in engine.kinds if words(kind)[-1] in (f"{words(name)[-1]}s", f"{words(name)[-1]}es")]
        tables = [world.store(engine.vendor.name)[kind] for kind in kinds]
        layouts = [engine.kinds[kind].layout for kind in kinds]
        return [
            layout.key(record)
            for table, layout in zip(tables, layouts, strict=True)
            for record in table
            if value == layout.key(record) or any(record.get(word) == value for word in spoken)
        ]


spoken: Final = ("email", "name", "login")


def words(name: str) -> list[str]:
    """The words of a name in camelCase or snake_case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)] or [name]


def paths(engine: Engine, declared: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Every field that the contract names, and those one below."""
    found: list[tuple[str, ...]] = []
    for name, place in declared.items():
        found += [(name,), *((name, inner) for inner in (engine.contract.properties(place) if place else ()))]
    return found


def at(record: Record, path: tuple[str, ...]) -> Json:
    value: Json = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return id_of(value)


def id_of(value: Json) -> Json:
    """A reference's id, or the value itself."""
    return value["id"] if isinstance(value, Mapping) and "id" in value else value


def hashed(value: Json) -> Any:
    return repr(value) if isinstance(value, dict | list) else value
