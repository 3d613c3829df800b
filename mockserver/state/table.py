"""Tables: the records of one kind, with sorted indexes.

Rules of this file
- A record is never changed in place. A change is `put` of a new record; nobody keeps a live reference into a table.
- A table has two layers: its base, shared by every world and frozen for ever, and what this world changed on top of it.
  Forking a world that changed nothing costs nothing, and a write costs what it touches, not what the table holds.
- Every index is a list of keys in the order of its records, so that a page is a slice and a cursor a bisection.
- A write only keeps what was there before it. Which lists are touched by what was written is told when a list is next read, and a list is put right
  when it is read itself; a world has one of its own when it first reads one that it has touched.
- Of what a world wrote, the last few hundred records are as they were put, and those before them packed; records of a document share
  their texts once there are so many. Nobody outside can tell.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from itertools import islice
from operator import itemgetter
from typing import Any, Final, Protocol

from mockserver.state.packing import Packing
from mockserver.state.record import Placed, share
from mockserver.values import frozen

Record = Mapping[str, Any]
"""One stored thing. Treat as frozen; `{**record, "status": "revoked"}` makes the next version."""

Key = Any
"""What `Layout.key` makes of a record: hashable, and the id as the vendor types it."""
Group = Hashable


first: Final = itemgetter(0)
never: Final = float("inf")
kept_recent: Final = 256

every: Final = ""
"""The index that holds every record of a table, in its one group None."""

everything: Final = (every, None)

absent: Final[Any] = object()
"""Stands where a record, or its order, would stand."""


@frozen
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

    def groups(self, record: Record) -> list[tuple[str, Group]]:
        """Every (index, group) this record stands in."""
        found: list[tuple[str, Group]] = [everything]
        for name, group_of in self.indexes.items():
            group = group_of(record)
            if group is not None:
                found.append((name, group))
        return found


class Shared(Protocol):
    """The layer of a table that no world may change any more.

    due      when each record is due that ever is, the earliest first
    soonest  no record is due before
    """

    @property
    def due(self) -> Sequence[tuple[int, Key]]: ...
    @property
    def soonest(self) -> float: ...
    def __len__(self) -> int: ...
    def get(self, key: Key, /) -> Record | None: ...
    def keys(self, index: str, group: Group, /) -> Sequence[Key]: ...
    def sample(self) -> Record | None:
        """Any of them."""


class Base:
    """Records that are there, and their indexes."""

    __slots__ = ("due", "get", "indexes", "records", "soonest")

    def __init__(self, layout: Layout, records: Iterable[Record] = ()) -> None:
        key, order = layout.key, layout.order
        ordered = sorted(records, key=order)
        self.records: dict[Key, Record] = {key(record): record for record in ordered}
        self.get: Callable[[Key], Record | None] = self.records.get
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
        self.due: list[tuple[int, Key]] = sorted(waiting, key=first)
        self.soonest: float = self.due[0][0] if self.due else never

    def __len__(self) -> int:
        return len(self.records)

    def sample(self) -> Record | None:
        """Any of them."""
        return next(iter(self.records.values()), None)

    def keys(self, index: str, group: Group) -> Sequence[Key]:
        """The keys of a group in order."""
        return self.indexes[index].get(group, ())


def shape(order: Any) -> Any:
    """What an order is made of: two of the same shape can be compared. Raises TypeError on what cannot be."""
    if isinstance(order, tuple):
        return tuple(map(shape, order))
    if not isinstance(order, str | int | float):
        raise TypeError(f"{order!r} is neither text nor number")
    return str if isinstance(order, str) else float


class Table:
    """The records of one kind in one world."""

    __slots__ = ("_base", "_due", "_layout", "_lists", "_more", "_own", "_packing", "_passed", "_recent", "_touched", "_written")

    def __init__(self, layout: Layout, base: Shared | None = None) -> None:
        self._layout = layout
        self._base: Shared = Base(layout) if base is None else base
        self._more = 0  # than in the base
        self._own: dict[Key, Any] = {}  # a record, packed (bytes) or not; None where it was removed
        self._recent: deque[Key] = deque()  # what was put last and is not packed
        self._packing: Packing | None = None
        self._lists: dict[tuple[str, Group], list[Key]] = {}
        self._written: dict[Key, Record | None] = {}  # since any list was read: what was there before
        # Lists not read since: the order by which who stood there, or `absent`. Many are of one record: a pair then, a quarter of a dictionary.
        self._touched: dict[tuple[str, Group], tuple[Key, Any] | dict[Key, Any]] = {}
        self._due: list[tuple[int, Key]] = []  # of our own records
        self._passed = 0  # so many of the base's that were due are our own by now

    def fork(self) -> Table:
        """A table that starts as this one and goes its own way; what neither changed stays shared."""
        twin = Table.__new__(Table)
        twin._layout, twin._base, twin._more, twin._passed = self._layout, self._base, self._more, self._passed
        twin._own, twin._due = self._own.copy(), self._due.copy()
        twin._packing, twin._recent = self._packing, self._recent.copy()
        twin._lists = {at: members.copy() for at, members in self._lists.items()}
        twin._touched = {at: whom.copy() if isinstance(whom, dict) else whom for at, whom in self._touched.items()}
        twin._written = self._written.copy()
        return twin

    @property
    def changed(self) -> Mapping[Key, Record | None]:
        """What this world wrote over the base: the new record, or None where it was removed."""
        return {key: self._mine(key) for key in self._own} if self._packing is not None else self._own

    def _mine(self, key: Key) -> Record | None:
        """Our own record of this key, None when there is none."""
        found: Record | bytes | None = self._own.get(key)
        return self._packing.unpacked(found) if isinstance(found, bytes) and self._packing is not None else found  # type: ignore[return-value]  # bytes are of a packing

    def original(self, key: Key) -> Record | None:
        """The record as the base has it."""
        return self._base.get(key)

    def __len__(self) -> int:
        return len(self._base) + self._more

    def __iter__(self) -> Iterator[Record]:
        """Every record, in order. The table may be changed meanwhile."""
        return (record for key in tuple(self.keys()) if (record := self.get(key)) is not None)

    def __contains__(self, key: Key) -> bool:
        return self.get(key) is not None

    def get(self, key: Key) -> Record | None:
        """The record of this key, or None."""
        found = self._own.get(key, absent)
        if found is absent:
            return self._base.get(key)
        return self._mine(key) if type(found) is bytes else found

    def those(self, keys: Iterable[Key]) -> list[Record]:
        """The records of these keys, which are there."""
        if self._packing is not None:
            return list(map(self.get, keys))  # type: ignore[arg-type]  # as said
        own, shared = self._own, self._base.get  # what is there and not our own is the base's
        return [record if (record := own.get(key)) is not None else shared(key) for key in keys]  # type: ignore[misc]  # as said

    def keys(self, index: str = every, group: Group = None) -> Sequence[Key]:
        """The keys of a group in order. Read it and let go: it changes with the table."""
        if not self._own:
            return self._base.keys(index, group)
        if self._written:
            self._settle()
        at = (index, group)
        members = self._lists.get(at)
        if at in self._touched:
            whom = self._touched.pop(at)
            members = self._lists[at] = self._merged(at, members, whom if isinstance(whom, dict) else dict([whom]))
        return self._base.keys(index, group) if members is None else members

    def _settle(self) -> None:
        """Note which lists must be put right for what was written, and by which order who stood there."""
        groups, order = self._layout.groups, self._layout.order
        for key, old in self._written.items():
            new = self._mine(key)
            leaving, coming = [] if old is None else groups(old), [] if new is None else groups(new)
            stood = absent if old is None else order(old)
            if new is not None and stood == order(new):  # as usual: in the lists of both it stays where it is
                leaving, coming = [at for at in leaving if at not in coming], [at for at in coming if at not in leaving]
            for at in leaving:
                self._touch(at, key, stood)
            for at in coming:
                self._touch(at, key, absent)
        self._written.clear()

    def _touch(self, at: tuple[str, Group], key: Key, stood: Any) -> None:
        """A list must be put right for this record. What counts is where it stood when the list was last right."""
        whom = self._touched.get(at)
        if whom is None:
            self._touched[at] = (key, stood)
        elif isinstance(whom, dict):
            whom.setdefault(key, stood)
        elif whom[0] != key:
            self._touched[at] = {whom[0]: whom[1], key: stood}

    def _merged(self, at: tuple[str, Group], own: list[Key] | None, touched: Mapping[Key, Any]) -> list[Key]:
        """Our own list, or a new one of the base's, without those that went and with those that came."""
        index, group = at
        went = {key: stood for key, stood in touched.items() if stood is not absent}
        if own is None or len(went) > len(own) >> 8:  # about where one pass takes less than so many bisections
            shared = self._base.keys(index, group) if own is None else own
            own = [key for key in shared if key not in went] if went else [*shared]
        else:
            for key, stood in went.items():
                place = bisect_left(own, stood, key=lambda each: went[each] if each in went else self.order_of(each))
                del own[own.index(key, place)]
        group_of, order = self._layout.indexes.get(index), self._layout.order
        for key in touched:
            record = self._mine(key)
            if record is not None and (group_of is None or group_of(record) == group):
                self._insert(own, key, order(record))
        return own

    def _insert(self, members: list[Key], key: Key, order: Any) -> None:
        newest = not members or self.order_of(members[-1]) < order  # as nearly every new one is
        members.insert(len(members) if newest else bisect_left(members, order, key=self.order_of), key)

    def rows(self, index: str = every, group: Group = None) -> list[Record]:
        """The records of a group in order."""
        return self.those(self.keys(index, group))

    def first(self, index: str, group: Group) -> Record | None:
        """The first record of a group, or None."""
        keys = self.keys(index, group)
        return self.get(keys[0]) if keys else None

    def position(self, order: Any, index: str = every, group: Group = None) -> int:
        """Where in a group a record of this order stands or would stand."""
        return bisect_left(self.keys(index, group), order, key=self.order_of)

    def overdue(self, now: int) -> list[Key]:
        """The keys of the records that are due by now, the earliest first. Costs nothing when none is."""
        mine, shared = self._due, self._base
        if (not mine or mine[0][0] > now) and shared.soonest > now:
            return []
        late = mine[: bisect_right(mine, now, key=first)]
        if shared.soonest <= now:
            due, own = shared.due, self._own
            while self._passed < len(due) and due[self._passed][1] in own:
                self._passed += 1
            late += [each for each in due[self._passed : bisect_right(due, now, key=first)] if each[1] not in own]
        return [key for _, key in sorted(late, key=first)]

    def next_due(self, after: int) -> int | None:
        """When, later than this, the next record is due."""
        due, own = self._base.due, self._own
        shared = (when for when, key in islice(due, bisect_right(due, after, key=first), None) if key not in own)
        mine = islice(self._due, bisect_right(self._due, after, key=first), None)
        return min([*(when for when, _ in islice(mine, 1)), *islice(shared, 1)], default=None)

    def misfit(self, record: Record) -> str:
        """Why a record from outside cannot stand among the others, "" when it can: its key must be one, its place comparable."""
        layout = self._layout
        try:
            hash((layout.key(record), *layout.groups(record)))
            order, when = shape(layout.order(record)), self._when(record)
            if when is not None and shape(when) is not float:
                return f"it would be due at {when!r}, which is no time"
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return f"it has no place among the others: {type(error).__name__}: {error}"
        own = next((key for key, each in self._own.items() if each is not None), None)
        other = self._base.sample() if own is None else self._mine(own)
        return "" if other is None or order == shape(layout.order(other)) else f"its order {order} is not that of the others"

    def put(self, record: Record) -> None:
        """Add a record, or put it in the place of the one with its key."""
        layout = self._layout
        key = layout.key(record)
        old = self.get(key)
        if old is None:
            self._more += 1
        if layout.due is not None:
            self._forget(key, old)
            self._await(key, record)
        self._written.setdefault(key, old)
        self._own[key] = record
        if type(record) is dict:
            self._recent.append(key)
            if len(self._recent) > kept_recent:
                self._pack(self._recent.popleft())
        elif len(self._own) > kept_recent and isinstance(record, Placed):
            share(record.fields)

    def _pack(self, key: Key) -> None:
        record: Any = self._own.get(key)
        if type(record) is dict:
            with suppress(ValueError):  # what holds more than plain values stays as it is
                self._packing = self._packing or Packing(record)
                self._own[key] = self._packing.packed(record)

    def _await(self, key: Key, record: Record) -> None:
        """Our own record falls due when it says."""
        when = self._when(record)
        if when is not None:
            insort(self._due, (when, key), key=first)

    def _forget(self, key: Key, record: Record | None) -> None:
        """Our own record falls due no more."""
        when = self._when(record) if record is not None and key in self._own else None
        if when is not None:
            del self._due[self._due.index((when, key), bisect_left(self._due, when, key=first))]

    def remove(self, key: Key) -> Record | None:
        """Take a record out; returns it, or None when there was none."""
        record = self.get(key)
        if record is not None:
            if self._layout.due is not None:
                self._forget(key, record)
            self._erase(key, record)
        return record

    def _erase(self, key: Key, record: Record) -> None:
        if self._written.setdefault(key, record) is None:
            del self._written[key]  # made since a list was read: nobody saw it come
        self._more -= 1
        if self._base.get(key) is None:
            del self._own[key]
        else:
            self._own[key] = None

    def drop(self, keys: Iterable[Key]) -> list[Record]:
        """Take many records out at once, at the cost of one pass over those that fall due; returns those that were there."""
        gone = {key: record for key in keys if (record := self.get(key)) is not None}
        self._due = [each for each in self._due if each[1] not in gone]
        for key, record in gone.items():
            self._erase(key, record)
        return list(gone.values())

    def order_of(self, key: Key) -> Any:
        """What the record of this key is sorted by. Raises KeyError."""
        record = self.get(key)
        if record is None:
            raise KeyError(key)
        return self._layout.order(record)

    def order_of_record(self, record: Record) -> Any:
        """What this record is sorted by."""
        return self._layout.order(record)

    def _when(self, record: Record) -> int | None:
        return None if self._layout.due is None else self._layout.due(record)
