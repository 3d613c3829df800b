"""Tables: the records of one kind, with sorted indexes.

Rules of this file
- A record is never changed in place. A change is `put` of a new record; nobody keeps a live reference into a table.
- A table has two layers: `base`, shared by every world and frozen for ever, and what this world changed on top of it.
  Forking a world that changed nothing costs nothing, and a write costs what it touches, not what the table holds.
- Every index is a list of keys in the order of its records, so that a page is a slice and a cursor a bisection.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

Record = Mapping[str, Any]
"""One stored thing. Treat as frozen; `{**record, "status": "revoked"}` makes the next version."""

Key = Any
"""What `Layout.key` makes of a record: hashable, and the id as the vendor types it."""
Group = Hashable


every: Final = ""
"""The index that holds every record of a table, in its one group None."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the records of a kind are found.

    key      the record's key in the table
    order    what lists are sorted by, ascending; no two records of a table may have the same
    indexes  name to the group a record belongs to; None leaves it out
    """

    key: Callable[[Record], Key] = itemgetter("id")
    order: Callable[[Record], Any] = itemgetter("id")
    indexes: Mapping[str, Callable[[Record], Group | None]] = field(default_factory=dict)

    def groups(self, record: Record) -> Iterator[tuple[str, Group]]:
        """Every (index, group) this record stands in."""
        yield every, None
        for name, group_of in self.indexes.items():
            group = group_of(record)
            if group is not None:
                yield name, group


class Base:
    """Records and indexes that no world may change any more."""

    __slots__ = ("indexes", "records")

    def __init__(self, layout: Layout, records: Iterable[Record] = ()) -> None:
        key, order = layout.key, layout.order
        ordered = sorted(records, key=order)
        self.records: dict[Key, Record] = {key(record): record for record in ordered}
        self.indexes: dict[str, dict[Group, list[Key]]] = {every: {None: list(self.records)}}
        for name, group_of in layout.indexes.items():
            groups: dict[Group, list[Key]] = {}
            for at, record in self.records.items():
                group = group_of(record)
                if group is not None:
                    members = groups.get(group)
                    if members is None:
                        groups[group] = [at]
                    else:
                        members.append(at)
            self.indexes[name] = groups


class Table:
    """The records of one kind in one world."""

    __slots__ = ("_base", "_groups", "_layout", "_own", "_size")

    def __init__(self, layout: Layout, base: Base | None = None) -> None:
        self._layout = layout
        self._base = base or Base(layout)
        self._own: dict[Key, Record | None] = {}
        self._groups: dict[tuple[str, Group], list[Key]] = {}
        self._size = len(self._base.records)

    def fork(self) -> Table:
        """A table that starts as this one and goes its own way; what neither changed stays shared."""
        twin = Table.__new__(Table)
        twin._layout, twin._base, twin._size = self._layout, self._base, self._size
        twin._own = self._own.copy()
        twin._groups = {at: members.copy() for at, members in self._groups.items()}
        return twin

    @property
    def changed(self) -> Mapping[Key, Record | None]:
        """What this world wrote over the base: the new record, or None where it was removed."""
        return self._own

    def original(self, key: Key) -> Record | None:
        """The record as the base has it."""
        return self._base.records.get(key)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Record]:
        """Every record, in order. The table may be changed meanwhile."""
        return (record for key in tuple(self.keys()) if (record := self.get(key)) is not None)

    def __contains__(self, key: Key) -> bool:
        return self.get(key) is not None

    def get(self, key: Key) -> Record | None:
        """The record of this key, or None."""
        if self._own and key in self._own:
            return self._own[key]
        return self._base.records.get(key)

    def keys(self, index: str = every, group: Group = None) -> Sequence[Key]:
        """The keys of a group in order. Read it and let go: it changes with the table."""
        members = self._groups.get((index, group))
        return members if members is not None else self._base.indexes[index].get(group, ())

    def rows(self, index: str = every, group: Group = None) -> list[Record]:
        """The records of a group in order."""
        return [record for key in self.keys(index, group) if (record := self.get(key)) is not None]

    def first(self, index: str, group: Group) -> Record | None:
        """The first record of a group, or None."""
        keys = self.keys(index, group)
        return self.get(keys[0]) if keys else None

    def position(self, order: Any, index: str = every, group: Group = None) -> int:
        """Where in a group a record of this order stands or would stand."""
        return bisect_left(self.keys(index, group), order, key=self.order_of)

    def put(self, record: Record) -> None:
        """Add a record, or put it in the place of the one with its key."""
        key = self._layout.key(record)
        self.remove(key)
        self._own[key] = record
        self._size += 1
        for index, group in self._layout.groups(record):
            insort(self._mine(index, group), key, key=self.order_of)

    def remove(self, key: Key) -> Record | None:
        """Take a record out; returns it, or None when there was none."""
        record = self.get(key)
        if record is None:
            return None
        order = self._layout.order(record)
        for index, group in self._layout.groups(record):
            members = self._mine(index, group)
            at = bisect_left(members, order, key=self.order_of)
            del members[members.index(key, at)]
        if key in self._base.records:
            self._own[key] = None
        else:
            del self._own[key]
        self._size -= 1
        return record

    def order_of(self, key: Key) -> Any:
        """What the record of this key is sorted by."""
        record = self._own.get(key) or self._base.records[key]
        return self._layout.order(record)

    def order_of_record(self, record: Record) -> Any:
        """What this record is sorted by."""
        return self._layout.order(record)

    def _mine(self, index: str, group: Group) -> list[Key]:
        """The group's list, made this world's own."""
        at = (index, group)
        members = self._groups.get(at)
        if members is None:
            members = self._groups[at] = list(self._base.indexes[index].get(group, ()))
        return members
