"""Records of a scene that nobody holds: each is made when it is read.

Rules of this file
- Everything of person N is drawn from N alone, so whatever is asked for can be made at once, and made again.
- A key says by itself whose record it is, or `owners` does; what is found there is the record of that key or none.
- What was read is kept a while. A list of everything is walked once and holds no more than keys.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any, Final

from mockserver.cabinet import again, name_of
from mockserver.state.moments import Moments
from mockserver.state.table import Base, Group, Key, Layout, Record, Shared, every, first, never
from mockserver.values import frozen

kept_records: Final = 16_384
kept_numbers: Final = 4_096
large: Final = 32_768
"""Of so many numbers on, what was walked is kept on disk."""
form_version: Final = "1"
"""Of what is kept there. A change of the form must not meet yesterday's."""

Outline = tuple[Any, ...]

Owners = Callable[[Any], Iterable[int]]
"""The numbers that may hold what a key, or a group of an index, names: all of those that do, and others where that is simpler."""


@frozen
class Drawn:
    """Records that are told by numbers: of the people of a scene, or whatever else they are counted by.

    numbers  those there are; holders and owners may name others
    of       the records of a number
    holders  the numbers whose record a key may name
    owners   by index, the numbers whose records may stand in a group of it; an index that is not named is walked
    count    how many records there are, where that is known without making them
    outline  of every record what lists need, quicker than by making it: what sorts like its order, its key, and its groups in the indexes that are
             walked; as many as there are records, in any order
    moments  in its place, for lists whose order follows the clock and that have no index to be walked
    told     what everything is made of that outline gives, or moments tell; "": nobody keeps it, for it follows the clock
    soonest  no record is due before
    """

    numbers: Sequence[int]
    of: Callable[[int], Iterable[Record]]
    holders: Owners
    owners: Mapping[str, Owners]
    count: Callable[[], int] | None = None
    outline: Callable[[], Iterable[Outline]] | None = None
    moments: Moments | None = None
    told: Callable[[], str] = str
    soonest: float = float("-inf")

    def __iter__(self) -> Iterator[Record]:
        return (record for number in self.numbers for record in self.of(number))


class DrawnBase:
    """What `Base` is for records that are there: the layer that no world may change, of records that are drawn."""

    def __init__(self, layout: Layout, drawn: Drawn) -> None:
        self.layout, self.drawn = layout, drawn
        self.soonest = never if layout.due is None else drawn.soonest
        self._seen: dict[Key, int] = {}
        self.records_of = lru_cache(kept_numbers)(self._records_of)
        self.get = lru_cache(kept_records)(self._get)
        self.keys = lru_cache(kept_numbers)(self._keys)

    def __len__(self) -> int:
        return self._size

    @cached_property
    def _size(self) -> int:
        return len(self._walk[every][None]) if self.drawn.count is None or "_walk" in self.__dict__ else self.drawn.count()

    def _records_of(self, number: int) -> dict[Key, Record]:
        key = self.layout.key
        records = {key(record): record for record in self.drawn.of(number)}
        if len(self._seen) > kept_records:
            self._seen.clear()
        self._seen.update(dict.fromkeys(records, number))  # who has been listed is found without being looked for
        return records

    def _get(self, key: Key) -> Record | None:
        """The record of this key, or None."""
        seen = self._seen.get(key)
        for number in self.drawn.holders(key) if seen is None else (seen,):
            record = self.records_of(number).get(key) if number in self.drawn.numbers else None
            if record is not None:
                return record
        return None

    def sample(self) -> Record | None:
        """Any of them."""
        return next(iter(self.drawn), None)

    def _keys(self, index: str, group: Group) -> Sequence[Key]:
        """The keys of a group in order."""
        owners = self.drawn.owners.get(index)
        if owners is None:
            return self._walk[index].get(group, ())
        group_of, order = self.layout.indexes[index], self.layout.order
        numbers = {number for number in owners(group) if number in self.drawn.numbers}
        found = [(order(record), key) for number in numbers for key, record in self.records_of(number).items() if group_of(record) == group]
        return [key for _, key in sorted(found, key=first)]

    @cached_property
    def _walk(self) -> dict[str, dict[Group, list[Key]]]:
        """The indexes whose groups are nobody's own, the one of everything first."""
        drawn = self.drawn
        make: Callable[[], Any] = self._sheet if drawn.moments is None else drawn.moments.told
        with uncollected():
            told = drawn.told() if len(drawn.numbers) >= large else ""
            sheet = again(f"{name_of(form_version, told)}.walk", make) if told else make()
            keys, indexes = (drawn.moments.keys(sheet), {}) if drawn.moments is not None else sheet
            walked: dict[str, dict[Group, list[Key]]] = {every: {None: keys}}
            for name, groups in indexes.items():
                walked[name] = {group: [keys[place] for place in array("I", places)] for group, places in groups}
        return walked

    def _sheet(self) -> tuple[list[Key], dict[str, list[tuple[Group, bytes]]]]:
        """What a walk found, in plain values: the keys in order and, by index, of each group the places of its keys."""
        shared = [name for name in self.layout.indexes if name not in self.drawn.owners]
        rows = sorted(self.drawn.outline() if self.drawn.outline is not None else self._outlines(shared))
        indexes: dict[str, list[tuple[Group, bytes]]] = {}
        for at, name in enumerate(shared, start=2):
            groups: dict[Group, array[int]] = {}
            for place, row in enumerate(rows):
                if row[at] is not None:
                    groups.setdefault(row[at], array("I")).append(place)
            indexes[name] = [(group, places.tobytes()) for group, places in groups.items()]
        return [row[1] for row in rows], indexes

    def _outlines(self, indexes: Iterable[str]) -> Iterator[Outline]:
        key, order, groups = self.layout.key, self.layout.order, [self.layout.indexes[name] for name in indexes]
        return ((order(record), key(record), *(group_of(record) for group_of in groups)) for record in self.drawn)

    @cached_property
    def due(self) -> list[tuple[int, Key]]:
        """When each record is due that ever is, the earliest first."""
        layout = self.layout
        if layout.due is None or self.soonest == never:
            return []
        with uncollected():
            waiting = [(when, layout.key(record)) for record in self.drawn if (when := layout.due(record)) is not None]
            waiting.sort(key=first)
        self.soonest = waiting[0][0] if waiting else never
        return waiting


class Traces:
    """Finds the numbers behind ids that do not tell them, by 32 bits of each, of which it keeps a sorted list from the first question on."""

    def __init__(self, marks: Callable[[], Iterable[tuple[int, int]]]) -> None:
        """marks: of each id 32 bits or more, the lowest of which count, and its number, below 2**32."""
        self._marks = marks

    @cached_property
    def _sorted(self) -> array[int]:
        return array("Q", sorted([(mark & 0xFFFFFFFF) << 32 | number for mark, number in self._marks()]))

    def __call__(self, mark: int) -> list[int]:
        """The numbers whose id may have this mark."""
        low = (mark & 0xFFFFFFFF) << 32
        found = self._sorted[bisect_left(self._sorted, low) : bisect_left(self._sorted, low + (1 << 32))]
        return [each & 0xFFFFFFFF for each in found]


def base_of(layout: Layout, records: Iterable[Record]) -> Shared:
    """What a table of these records begins with."""
    if isinstance(records, Drawn):
        return DrawnBase(layout, records)
    with uncollected():
        return Base(layout, records)


@contextmanager
def uncollected() -> Iterator[None]:
    """Making many records makes no garbage; walking them again and again to look for it doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
