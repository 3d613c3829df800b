"""Tables: the records of one kind, with sorted indexes.

Rules of this file
- A record is never changed in place. A change is `put` of a new record; nobody keeps a live reference into a table.
- A table has two layers: `base`, shared by every world and frozen for ever, and what this world changed on top of it.
  Forking a world that changed nothing costs nothing, and a write costs what it touches, not what the table holds.
- Every index is a list of keys in the order of its records, so that a page is a slice and a cursor a bisection.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
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
    due      when something happens to the record by itself (a number, compared with the clock's now); None: never
    """

    key: Callable[[Record], Key] = itemgetter("id")
    order: Callable[[Record], Any] = itemgetter("id")
    indexes: Mapping[str, Callable[[Record], Group | None]] = field(default_factory=dict)
    due: Callable[[Record], int | None] | None = None

    def groups(self, record: Record) -> Iterator[tuple[str, Group]]:
        """Every (index, group) this record stands in."""
        yield every, None
        for name, group_of in self.indexes.items():
            group = group_of(record)
            if group is not None:
                yield name, group


class Base:
    """Records and indexes that no world may change any more."""

    __slots__ = ("due", "indexes", "records")

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
        due = layout.due
        waiting = [] if due is None else [(when, at) for at, record in self.records.items() if (when := due(record)) is not None]
        self.due: list[tuple[int, Key]] = sorted(waiting, key=itemgetter(0))


def shape(order: Any) -> Any:
    """What an order is made of: two of the same shape can be compared. Raises TypeError on what cannot be."""
    if isinstance(order, tuple):
        return tuple(map(shape, order))
    if not isinstance(order, str | int | float):
        raise TypeError(f"{order!r} is neither text nor number")
    return str if isinstance(order, str) else float


class Table:
    """The records of one kind in one world."""

    __slots__ = ("_base", "_due", "_groups", "_layout", "_own", "_size")

    def __init__(self, layout: Layout, base: Base | None = None) -> None:
        self._layout = layout
        self._base = base or Base(layout)
        self._own: dict[Key, Record | None] = {}
        self._groups: dict[tuple[str, Group], list[Key]] = {}
        self._due: list[tuple[int, Key]] | None = None
        self._size = len(self._base.records)

    def fork(self) -> Table:
        """A table that starts as this one and goes its own way; what neither changed stays shared."""
        twin = Table.__new__(Table)
        twin._layout, twin._base, twin._size = self._layout, self._base, self._size
        twin._own = self._own.copy()
        twin._due = None if self._due is None else self._due.copy()
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

    def overdue(self, now: int) -> list[Key]:
        """The keys of the records that are due by now, the earliest first. Costs nothing when none is."""
        waiting = self._base.due if self._due is None else self._due
        if not waiting or waiting[0][0] > now:
            return []
        return [key for _, key in waiting[: bisect_right(waiting, now, key=itemgetter(0))]]

    def next_due(self, after: int) -> int | None:
        """When, later than this, the next record is due."""
        waiting = self._base.due if self._due is None else self._due
        at = bisect_right(waiting, after, key=itemgetter(0))
        return waiting[at][0] if at < len(waiting) else None

    def misfit(self, record: Record) -> str:
        """Why a record from outside cannot stand among the others, "" when it can: its key must be one, its place comparable."""
        layout, keys = self._layout, self.keys()
        try:
            hash((layout.key(record), *layout.groups(record)))
            order, when = shape(layout.order(record)), self._when(record)
            if when is not None and shape(when) is not float:
                return f"it would be due at {when!r}, which is no time"
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return f"it has no place among the others: {type(error).__name__}: {error}"
        return "" if not keys or order == shape(self.order_of(keys[0])) else f"its order {order} is not that of the others"

    def put(self, record: Record) -> None:
        """Add a record, or put it in the place of the one with its key."""
        key = self._layout.key(record)
        old = self.get(key)
        if old is not None and self._stands_like(old, record):  # the usual change: every list stays as it is
            self._own[key] = record
            return
        self.remove(key)
        self._own[key] = record
        self._size += 1
        order = self._layout.order(record)
        for index, group in self._layout.groups(record):
            members = self._mine(index, group)
            newest = not members or self.order_of(members[-1]) < order  # as nearly every new one is
            members.insert(len(members) if newest else bisect_left(members, order, key=self.order_of), key)
        when = self._when(record)
        if when is not None:
            insort(self._my_due(), (when, key), key=itemgetter(0))

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
        when = self._when(record)
        if when is not None:
            waiting = self._my_due()
            del waiting[waiting.index((when, key), bisect_left(waiting, when, key=itemgetter(0)))]
        if key in self._base.records:
            self._own[key] = None
        else:
            del self._own[key]
        self._size -= 1
        return record

    def drop(self, keys: Iterable[Key]) -> list[Record]:
        """Take many records out at once, at the cost of one pass over each list they stand in; returns those that were there."""
        gone = {key: record for key in keys if (record := self.get(key)) is not None}
        for at in {place for record in gone.values() for place in self._layout.groups(record)}:
            members = self._mine(*at)
            members[:] = [key for key in members if key not in gone]
        if any(self._when(record) is not None for record in gone.values()):
            waiting = self._my_due()
            waiting[:] = [each for each in waiting if each[1] not in gone]
        for key in gone:
            if key in self._base.records:
                self._own[key] = None
            else:
                del self._own[key]
        self._size -= len(gone)
        return list(gone.values())

    def _stands_like(self, old: Record, new: Record) -> bool:
        """Whether two versions of a record stand in the same places of the same lists."""
        layout = self._layout
        return (
            layout.order(old) == layout.order(new)
            and self._when(old) == self._when(new)
            and all(group_of(old) == group_of(new) for group_of in layout.indexes.values())
        )

    def order_of(self, key: Key) -> Any:
        """What the record of this key is sorted by."""
        record = self._own.get(key) or self._base.records[key]
        return self._layout.order(record)

    def order_of_record(self, record: Record) -> Any:
        """What this record is sorted by."""
        return self._layout.order(record)

    def _when(self, record: Record) -> int | None:
        return None if self._layout.due is None else self._layout.due(record)

    def _my_due(self) -> list[tuple[int, Key]]:
        """The waiting list, made this world's own."""
        if self._due is None:
            self._due = self._base.due.copy()
        return self._due

    def _mine(self, index: str, group: Group) -> list[Key]:
        """The group's list, made this world's own."""
        at = (index, group)
        members = self._groups.get(at)
        if members is None:
            members = self._groups[at] = list(self._base.indexes[index].get(group, ()))
        return members
