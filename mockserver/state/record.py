"""Records: what is stored of one thing, what of it may be seen, and its next version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from sys import intern
from types import MappingProxyType
from typing import Any, Final

Record = Mapping[str, Any]
"""One stored thing. Treat as frozen: `revised` makes the next version."""


nobody: Final[Record] = MappingProxyType({})


def share(fields: dict[str, Any]) -> None:
    """Let equal texts among the values be one: what clients send names the same people, devices and words again and again."""
    for name, value in fields.items():
        if type(value) is str:
            fields[name] = intern(value)


class Placed(Record):
    """A record all of whose fields travel; what finds and orders it stands beside them, where no name of a field can collide with it.

    wire   what travels: an object, or another JSON value of a kind whose things are none (then the record has no fields)
    key    unique in its table
    given  its id as a path gives it
    apart  the same as text where the key is another: that of a record below somebody
    n      its place in lists
    owner  whom it belongs to: what names each parent
    """

    __slots__ = ("apart", "given", "key", "n", "owner", "wire")

    def __init__(self, wire: Any, key: str, given: Any, n: int, owner: Record) -> None:
        self.wire, self.key, self.given, self.n, self.owner = wire, key, given, n, owner or nobody
        ident = str(given)
        self.apart = None if ident == key else ident

    @property
    def id(self) -> str:
        """Its id as text."""
        return self.key if self.apart is None else self.apart

    @property
    def fields(self) -> dict[str, Any]:
        return self.wire if isinstance(self.wire, dict) else {}

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __bool__(self) -> bool:
        """It is there, however little it says."""
        return True

    def version(self, wire: Any) -> Placed:
        """Its next version: this in the same place."""
        return Placed(wire, self.key, self.given, self.n, self.owner)


def revised(record: Record, sent: Mapping[str, Any]) -> Record:
    """The next version of a record: what was sent laid over it."""
    fields = {**record, **sent}
    return record.version(fields) if isinstance(record, Placed) else fields


def public(record: Record) -> dict[str, Any]:
    """What of a record may be seen. Fields that begin with "_" are ours: no bundled vendor has such, and a document's records are `Placed`."""
    if isinstance(record, Placed):
        return dict(record.fields)
    return {name: value for name, value in record.items() if name[:1] != "_"}


def owner_of(record: Record) -> Record:
    """Where it stands whom a record belongs to."""
    return record.owner if isinstance(record, Placed) else record
