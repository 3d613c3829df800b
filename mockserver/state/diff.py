"""What is different between two moments of a world, or between two worlds of one server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from mockserver.state.record import public
from mockserver.state.table import Key, Record, Table
from mockserver.state.world import Tables
from mockserver.values import frozen

Stores = Mapping[str, Tables]
"""What `World.stores` and `Snapshot.stores` hold: the tables by vendor."""

the_scene: Final[Stores] = MappingProxyType({})
"""The stores of a world that nobody touched."""


@frozen
class Change:
    """One record that is different. before is None when it was added, after when it was removed."""

    vendor: str
    kind: str
    key: Key
    before: Record | None
    after: Record | None

    @property
    def word(self) -> str:
        """ "added", "removed" or "changed"."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Every field that differs, as (before, after); None where there is none. Internal fields are left out."""
        before, after = public(self.before or {}), public(self.after or {})
        return {name: (before.get(name), after.get(name)) for name in {**before, **after} if before.get(name) != after.get(name)}

    def __str__(self) -> str:
        name = f"{self.vendor} {self.kind} {self.key}"
        if self.word != "changed":
            return f"{name}: {self.word}"
        return f"{name}: " + ", ".join(f"{field} {old!r} → {new!r}" for field, (old, new) in self.fields.items())


def changes(before: Stores, after: Stores) -> list[Change]:
    """Every record that differs, by vendor and kind. Costs what was written, not what there is.

    Both are stores of one server: what neither of them wrote is the same scene.
    """
    return [
        change
        for vendor in sorted({*before, *after})
        for kind in sorted({*before.get(vendor, ()), *after.get(vendor, ())})
        for change in of_table(vendor, kind, before.get(vendor, {}).get(kind), after.get(vendor, {}).get(kind))
    ]


def of_table(vendor: str, kind: str, before: Table | None, after: Table | None) -> Iterator[Change]:
    written = {key: None for table in (before, after) if table is not None for key in table.changed}
    for key in written:
        old, new = seen(before, after, key), seen(after, before, key)
        if old != new:
            yield Change(vendor, kind, key, old, new)


def seen(table: Table | None, other: Table | None, key: Key) -> Record | None:
    """A record as this table has it; a table that was never written is the scene, as the other still knows it."""
    if table is not None:
        return table.get(key)
    return other.original(key) if other is not None else None
