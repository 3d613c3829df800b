"""What a double was asked, and saying clearly what it was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, overload

import orjson

from mockserver.contract.contract import clip
from mockserver.engine.engine import Engine
from mockserver.engine.journal import Exchange
from mockserver.engine.vendor import nothing
from mockserver.errors import MockServerError
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mockserver.testing.bench import Bench


class Made:
    """One call and its reply.

    operation  its id, or None when the contract has none for it
    method, path, query, headers, body   as they came; `json` is the body read
    params     the typed parameters by name
    status, reply   what was answered: the status, and the body read (NOTHING when there was none)
    at         when, by the world's clock
    """

    def __init__(self, exchange: Exchange, engine: Engine) -> None:
        self._exchange, self._engine = exchange, engine
        self.vendor, self.operation = exchange.vendor, exchange.operation
        call = exchange.call
        self.method, self.path, self.query, self.headers, self.body = call.method, call.path, call.query, call.headers, call.body
        self.status, self.reply = exchange.reply.status, exchange.reply.value

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self._exchange.at / 1000, UTC)

    @property
    def fault(self) -> str:
        """The faults that made the reply so, "" when none did."""
        return self._exchange.reply.delivery.fault

    @cached_property
    def _read(self) -> tuple[dict[str, Json], Json]:
        if self.operation is None:
            return {}, NOTHING
        contract = self._engine.contract
        operation, values = contract.match(self.method, self._engine.vendor.rewrite(self.path))
        checked = contract.check_call(operation, self._exchange.call, values)
        return checked.params, checked.body

    @property
    def params(self) -> dict[str, Json]:
        return self._read[0]

    @property
    def json(self) -> Json:
        return self._read[1]

    def __repr__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        body = f" {clip(self.body.decode(errors='replace'), 80)}" if self.body else ""
        return f"{self.vendor}.{self.operation or '?'}: {self.method} {clip(self.path + query, 120)}{body} → {self.status}"


class Calls(Sequence[Made]):
    """The calls of a test in order. engine: those of one double only."""

    def __init__(self, bench: Bench, engine: Engine | None = None) -> None:
        self._bench, self._engine = bench, engine

    def _made(self) -> list[Made]:
        with self._bench.host.lock:
            journal = tuple(self._bench.world.journal)
        wanted = self._engine.vendor.name if self._engine else None
        return [Made(each, self._bench.site.engines[each.vendor]) for each in journal if wanted in (None, each.vendor)]

    def __len__(self) -> int:
        return len(self._made())

    def __iter__(self) -> Iterator[Made]:
        return iter(self._made())

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        return self._made()[index]

    def __repr__(self) -> str:
        return listed(self._made())

    def of(self, operation: str) -> list[Made]:
        """The calls of an operation. Raises UnknownName."""
        wanted = self._id(operation)
        return [made for made in self._made() if made.operation == wanted]

    def _id(self, operation: str) -> str:
        if self._engine is None:
            raise MockServerError(f"whose operation {operation!r}? ask the calls of one double")
        return self._engine.contract.find(operation).id

    def made(
        self,
        operation: str,
        /,
        *,
        times: int | None = None,
        status: int | None = None,
        body: Json = NOTHING,
        params: Mapping[str, Json] = nothing,
        **more: Json,
    ) -> list[Made]:
        """Assert that an operation was called, with these parameters and (at least) these fields of the body; returns those calls.

        times   exactly so often; None: at least once
        params  parameters whose names are no words of Python, or are words above; all others can stand as they are
        """
        candidates = self.of(operation)
        wanted = {f"parameter {name}": value for name, value in {**params, **more}.items()}
        wanted |= {} if body is NOTHING else {"body": body}
        wanted |= {} if status is None else {"status": status}
        found = [made for made in candidates if not misses(made, wanted)]
        if len(found) == times or (times is None and found):
            return found
        raise AssertionError(unmet(self._id(operation), wanted, times, found, candidates, self._made()))

    def none(self, operation: str) -> None:
        """Assert that an operation was not called."""
        if found := self.of(operation):
            raise AssertionError(f"{self._id(operation)} was {called(len(found))}:\n{listed(found)}")


def misses(made: Made, wanted: Mapping[str, Json]) -> list[str]:
    """What of the wanted a call does not have, in words."""
    missing = []
    for label, value in wanted.items():
        if label == "body":
            missing += differences(value, made.json, "body ")
        elif label == "status":
            missing += [] if made.status == value else [f"its status was {made.status}, not {value}"]
        else:
            name = label.removeprefix("parameter ")
            given = made.params.get(name, NOTHING)
            if given is NOTHING or given != value:
                missing.append(f"{label} was {'not given' if given is NOTHING else repr(given)}, not {value!r}")
    return missing


def differences(wanted: Json, given: Json, at: str) -> list[str]:
    """Where what was given lacks or differs from the wanted; further fields of an object do not matter."""
    if isinstance(wanted, Mapping) and isinstance(given, Mapping):
        return [each for name, value in wanted.items() for each in differences(value, given.get(name, NOTHING), f"{at}/{name}")]
    return [] if wanted == given else [f"{at} was {'not given' if given is NOTHING else repr(given)}, not {wanted!r}"]


def unmet(
    operation: str, wanted: Mapping[str, Json], times: int | None, found: list[Made], candidates: list[Made], everything: list[Made]
) -> str:
    asked = ", ".join(
        f"{label.removeprefix('parameter ')}={clip(orjson.dumps(value, default=repr).decode(), 80)}" for label, value in wanted.items()
    )
    start = f"{operation}({asked}) was {called(len(found))}" + (f", not {counted(times)}" if times is not None else "")
    if found:
        return f"{start}:\n{listed(found)}"
    if candidates:
        nearest = min(candidates, key=lambda made: len(misses(made, wanted)))
        return f"{start}. The nearest call:\n  {nearest!r}\n" + "\n".join(f"    {words}" for words in misses(nearest, wanted))
    return f"{start}. What was called:\n{listed(everything)}"


def listed(calls: Sequence[Made]) -> str:
    """The calls, a line each; equal ones in a row told once."""
    lines = [(line, len(list(run))) for line, run in groupby(map(repr, calls))]
    return "\n".join(f"  {line}{f'  (×{times})' if times > 1 else ''}" for line, times in lines) or "  nothing"


def called(times: int) -> str:
    return f"called {counted(times)}" if times else "never called"


def counted(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")
