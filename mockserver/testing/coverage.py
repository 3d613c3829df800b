"""Coverage of contracts: which operations, parameters and statuses a suite has exercised, and which never."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from mockserver import __version__
from mockserver.contract import wire
from mockserver.contract.contract import Contract
from mockserver.contract.operation import Operation
from mockserver.engine.engine import Engine
from mockserver.engine.journal import Exchange
from mockserver.message import Call

Told = dict[str, Any]
"""A vendor's coverage as JSON: title, and the operations by id, each with how often it, its parameters and its statuses were met."""

aspects: Final = ("operations", "parameters", "statuses")


class Tally:
    """Counts what is exercised; the counts of several processes add up."""

    def __init__(self) -> None:
        self.vendors: dict[str, Told] = {}

    def count(self, engine: Engine, exchange: Exchange) -> None:
        """One more exchange."""
        vendor = self.vendors.get(engine.vendor.name) or self.vendors.setdefault(engine.vendor.name, blank(engine))
        operation = engine.contract.operations.get(exchange.operation or "")
        if operation is None:
            return
        here = vendor["operations"][operation.id]
        here["calls"] += 1
        for name in given(engine.contract, operation, exchange.call):
            here["parameters"][name] += 1
        answer = operation.answer(exchange.reply.status)
        if answer is not None:
            here["statuses"][answer.status] += 1

    def add(self, told: Mapping[str, Told]) -> None:
        """The counts of another process."""
        for name, vendor in told.items():
            mine = self.vendors.setdefault(name, vendor)
            if mine is not vendor:
                for operation, counts in vendor["operations"].items():
                    merge(mine["operations"][operation], counts)

    def percent(self) -> float:
        """How many of the operations of the contracts that were used were exercised, in a hundred; 100 when none was used."""
        shares = [share(vendor, "operations") for vendor in self.vendors.values()]
        return 100.0 * sum(met for met, _ in shares) / (sum(there for _, there in shares) or 1) if shares else 100.0

    def write(self, folder: Path) -> Path:
        """coverage.json and index.html; returns the latter."""
        from mockserver.testing.coverage_page import page

        folder.mkdir(parents=True, exist_ok=True)
        told = {"mockserver": __version__, "percent": round(self.percent(), 2), "vendors": self.vendors}
        (folder / "coverage.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        target = folder / "index.html"
        target.write_text(page(self), encoding="utf-8")
        return target

    def lines(self, *, whole: bool = False) -> Iterator[str]:
        """The coverage for a terminal. whole: everything that was never exercised is named."""
        if not self.vendors:
            yield "no double was asked anything"
            return
        yield f"{'':<16}" + "".join(f"{aspect:>20}" for aspect in aspects)
        for name, vendor in sorted(self.vendors.items()):
            yield f"{name:<16}" + "".join(f"{shown(*share(vendor, aspect)):>20}" for aspect in aspects)
        for name, vendor in sorted(self.vendors.items()):
            never = [operation for operation, counts in vendor["operations"].items() if not counts["calls"]]
            if never:
                most = len(never) if whole else 8
                more = f" and {len(never) - most} more (-v names them)" if len(never) > most else ""
                yield f"{name}: never exercised: {', '.join(never[:most])}{more}"


def blank(engine: Engine) -> Told:
    return {
        "title": engine.vendor.title or engine.vendor.name,
        "operations": {operation.id: unmet(operation) for operation in engine.contract.operations.values()},
    }


def unmet(operation: Operation) -> Told:
    names = [parameter.label for parameter in operation.parameters] + ([] if operation.body is None else ["body"])
    return {
        "method": operation.method,
        "path": operation.path,
        "deprecated": operation.deprecated,
        "calls": 0,
        "parameters": dict.fromkeys(names, 0),
        "statuses": dict.fromkeys(operation.answers, 0),
    }


def merge(mine: Told, other: Told) -> None:
    mine["calls"] += other["calls"]
    for aspect in ("parameters", "statuses"):
        for name, times in other[aspect].items():
            mine[aspect][name] += times


def given(contract: Contract, operation: Operation, call: Call) -> Iterator[str]:
    """The labels of the parameters that a call gives."""
    try:
        query = wire.pairs(call.query)
    except wire.BrokenEncoding:
        query = {}
    there: dict[str, Iterable[str]] = {
        "path": operation.names,
        "query": [name.partition("[")[0] if name.partition("[")[0] in query_roots(operation) else name for name in query],
        "header": call.headers,
        "cookie": wire.cookies(call.headers.get("cookie", "")),
    }
    fold = contract.fold_case
    names = {where: {name.lower() if fold or where == "header" else name for name in given} for where, given in there.items()}
    for parameter in operation.parameters:
        if (parameter.name.lower() if fold or parameter.where == "header" else parameter.name) in names[parameter.where]:
            yield parameter.label
    if operation.body is not None and call.body:
        yield "body"


def query_roots(operation: Operation) -> set[str]:
    """The names of parameters that are written `name[key]=value`."""
    return {parameter.name for parameter in operation.by_place.query if parameter.deep}


def share(vendor: Told, aspect: str) -> tuple[int, int]:
    """How many of a vendor's operations, parameters or statuses were met, and how many there are."""
    operations = vendor["operations"].values()
    if aspect == "operations":
        return sum(1 for counts in operations if counts["calls"]), len(operations)
    return sum(1 for counts in operations for times in counts[aspect].values() if times), sum(len(counts[aspect]) for counts in operations)


def shown(met: int, there: int) -> str:
    return f"{met} of {there} {100 * met // there if there else 100:>3} %"
