"""The verdict: what a test's client did to the contract, said so that its author knows what to mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson

from mockserver.contract.audit import audit
from mockserver.contract.contract import clip
from mockserver.contract.lines import line_of
from mockserver.engine.engine import Engine
from mockserver.engine.journal import Exchange
from mockserver.errors import ContractBroken, Finding
from mockserver.message import Json
from mockserver.values import frozen

sort_of: Final[Mapping[str, str]] = {
    "unknown-path": "unknown-path",
    "unknown-method": "unknown-method",
    "undeclared": "undeclared",
    "required": "required",
    "media-type": "media-type",
    "auth": "auth",
    "deprecated": "deprecated",
    "encoding": "unreadable",
    "syntax": "unreadable",
    "host": "host",
}
"""The sort of breach by the rule that was broken; every other rule is one of a schema."""

ours: Final = frozenset({"own-reply", "own-error"})


@frozen
class Breach:
    """One way in which one call left the contract."""

    vendor: str
    finding: Finding
    exchange: Exchange | None = None
    engine: Engine | None = None

    @property
    def sort(self) -> str:
        return sort_of.get(self.finding.keyword, "ill-typed")

    @property
    def place(self) -> str:
        """ "query limit", "path id", "header authorization", "body /user/name"."""
        return self.finding.place

    @property
    def operation(self) -> str:
        return self.finding.operation

    @property
    def same(self) -> tuple[str, ...]:
        """What two breaches have in common that are told as one."""
        found = self.finding
        return (self.vendor, found.operation, found.place, found.keyword, clip(repr(found.came), 120))


def breaches_of(engine: Engine, exchange: Exchange) -> Iterator[Breach]:
    """What a client did wrong in one exchange."""
    _, findings = audit(engine.contract, exchange.call, engine.vendor.rewrite(exchange.call.path), passed=passed(exchange))
    return (Breach(engine.vendor.name, finding, exchange, engine) for finding in findings)


def passed(exchange: Exchange) -> bool:
    """Whether the engine found the call well put: it does what it is asked of no other. A refusal may have come before it looked."""
    return not exchange.findings and 200 <= exchange.reply.status < 300 and not exchange.reply.delivery.fault


def our_fault(exchange: Exchange) -> bool:
    """Whether the fake itself failed in an exchange, and no fault made it."""
    return exchange.reply.headers.get("Mock-Problem") in ours and not exchange.reply.delivery.fault


class Verdict(ContractBroken):
    """A client left the contract. The text says where, what came, what is allowed and what to do."""

    def __init__(self, broken: Iterable[Breach], failed: Iterable[Exchange] = ()) -> None:
        self.breaches, self.failed = tuple(broken), tuple(failed)
        super().__init__(breach.finding for breach in self.breaches)

    def __str__(self) -> str:
        return "\n".join([*told(self.breaches), *sorry(self.failed)])


most_told: Final = 12


def told(broken: Iterable[Breach]) -> Iterator[str]:
    """The breaches in words, those that are the same told once."""
    groups: dict[tuple[str, ...], list[Breach]] = {}
    for breach in broken:
        groups.setdefault(breach.same, []).append(breach)
    if not groups:
        return
    vendors = ", ".join(dict.fromkeys(breach.vendor for (breach, *_) in groups.values()))
    yield f"the client left the contract of {vendors} in {len(groups)} place{'s' if len(groups) > 1 else ''}"
    for number, (first, *more) in enumerate(islice(groups.values(), most_told), 1):
        yield ""
        yield f"{number}. {first.vendor}.{first.operation or '?'}  {asked(first)}{f'  (and {len(more)} more like it)' if more else ''}"
        yield from (f"     {label:<9}{words}" for label, words in lines(first) if words)
    if len(groups) > most_told:
        yield f"\n… and {len(groups) - most_told} more places"
    sort = next(iter(groups.values()))[0].sort
    yield ""
    yield (
        f'Mend the client; or, where it is meant, put the call into `with {vendors.partition(",")[0]}.expects_violation("{sort}"):`, '
        f'or mark the test with `@pytest.mark.mockserver(allow=["{sort}"])`.'
    )


def lines(breach: Breach) -> list[tuple[str, str]]:
    found = breach.finding
    return [
        ("where", found.place),
        ("came", "" if found.keyword == "required" else came(found.came)),
        ("wrong", found.message),
        ("allowed", allowed(breach)),
        ("spec", spec(breach)),
    ]


def asked(breach: Breach) -> str:
    if breach.exchange is None:
        return str(breach.finding.came or "")
    call = breach.exchange.call
    return clip(f"{call.method} {call.path}" + (f"?{call.query}" if call.query else ""), 160)


def came(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return clip(repr(value), 200)
    return clip(orjson.dumps(value, default=repr).decode(), 200)


rules: Final[Mapping[str, str]] = {
    "enum": "one of {}",
    "const": "only {}",
    "type": "of type {}",
    "minimum": "from {} on",
    "maximum": "up to {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "format": "a {}",
    "pattern": "text that matches {}",
    "required": "with {}",
}


def allowed(breach: Breach) -> str:
    """What the broken rule allows, read from the contract."""
    found = breach.finding
    rule: Json = breach.engine.contract.at(found.spec, None) if breach.engine and found.spec.startswith("#") else None
    words = rules.get(found.keyword)
    if words is None or rule is None or isinstance(rule, dict):
        return ""
    shown = ", ".join(
        str(each) if isinstance(each, str) else orjson.dumps(each).decode() for each in (rule if isinstance(rule, list) else [rule])
    )
    return clip(words.format(shown), 300)


def spec(breach: Breach) -> str:
    found = breach.finding
    if breach.engine is None or not found.spec:
        return ""
    file, line = line_of(breach.engine.contract.document, found.spec)
    return f"{file}{f':{line}' if line else ''}  {found.spec}"


def sorry(failed: Iterable[Exchange]) -> Iterator[str]:
    """What is no client's doing."""
    for exchange in failed:
        call = exchange.call
        words = exchange.reply.value.get("detail", "") if isinstance(exchange.reply.value, dict) else ""
        yield f"mockserver itself failed at {exchange.vendor}.{exchange.operation} ({call.method} {call.path}): {words}; please report it"
