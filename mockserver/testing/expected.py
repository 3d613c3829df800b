"""Breaches that a test means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.errors import UnknownName
from mockserver.testing.terms import breaches
from mockserver.testing.verdict import Breach, sort_of

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.testing.bench import Bench


class Expected:
    """`with api.expects_violation("undeclared") as found:` — the breaches of the block, forgiven; an error when there is none.

    Breaches of another sort, operation or place still count.
    """

    def __init__(self, bench: Bench, engine: Engine, sort: str | None, operation: str | None, place: str | None) -> None:
        if sort is not None and sort not in breaches:
            raise UnknownName("sort of breach", sort, [*breaches, *sort_of])
        self._bench, self._engine, self._sort, self._place = bench, engine, sort, place
        self._operation = engine.contract.find(operation).id if operation else None
        self._found: list[Breach] = []

    def __enter__(self) -> list[Breach]:
        self._bench.judge()
        self._before = len(self._bench.breaches)
        return self._found

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bench.judge()
        inside = self._bench.breaches[self._before :]
        self._found += [breach for breach in inside if self._meant(breach)]
        self._bench.breaches[self._before :] = [breach for breach in inside if not self._meant(breach)]
        if kind is None and not self._found:
            others = "; ".join(f"{breach.sort} at {breach.place}" for breach in inside) or "none at all"
            raise AssertionError(f"expected {self._words}, but the client's breaches of contract here were: {others}")

    def _meant(self, breach: Breach) -> bool:
        wanted = ((self._sort, breach.sort), (self._operation, breach.operation), (self._place, breach.place))
        return breach.vendor == self._engine.vendor.name and all(told is None or told == is_ for told, is_ in wanted)

    @property
    def _words(self) -> str:
        told = [f"{label} {value!r}" for label, value in (("operation", self._operation), ("place", self._place)) if value]
        return " ".join([f"a breach {self._sort!r}" if self._sort else "a breach", f"of {self._engine.vendor.name}'s contract", *told])
