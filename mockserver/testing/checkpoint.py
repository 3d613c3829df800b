"""A moment of a world, to come back to or to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.contract import clip
from mockserver.state.diff import Change, changes

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.testing.bench import Bench


class Changes(list[Change]):
    """What the client changed, as a list of changes; `str()` says it in words."""

    def __str__(self) -> str:
        return "\n".join(words(change) for change in self) or "nothing changed"


class Checkpoint:
    """This moment of a world. engine: whose records `diff` tells; None: everybody's."""

    def __init__(self, bench: Bench, engine: Engine | None = None) -> None:
        self._bench, self._engine = bench, engine
        self._then = bench.world.snapshot()

    def diff(self) -> Changes:
        """What is different now."""
        with self._bench.host.lock:
            found = changes(self._then.stores, self._bench.world.stores)
        return Changes(each for each in found if self._engine is None or each.vendor == self._engine.vendor.name)

    def rewind(self) -> None:
        """Be again what the world was. The journal stays: what was asked was asked."""
        with self._bench.host.lock:
            self._bench.world.rewind(self._then)


def words(change: Change) -> str:
    """A change as a sentence."""
    what = f"{change.vendor}: {change.kind} {change.key}{called(change.after or change.before or {})}"
    if change.word != "changed":
        return f"{what} was {change.word}"
    told = [f"{name} from {shown(old)} to {shown(new)}" for name, (old, new) in change.fields.items()]
    return f"{what} changed {', '.join(told) or 'inside'}"


names: Final = ("name", "email", "title", "summary")


def called(record: Mapping[str, Any]) -> str:
    """What people call a record, in brackets."""
    found = next((record[name] for name in names if isinstance(record.get(name), str) and record[name]), None)
    return f" ({clip(found, 40)})" if found else ""


def shown(value: Any) -> str:
    return clip(repr(value), 60)
