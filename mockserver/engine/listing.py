"""How a document's lists are paged and filtered, by the names of their parameters and of what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mockserver.contract import words
from mockserver.engine.pages import Inferred, asking, beside, letters_of, telling
from mockserver.message import Json

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.inference import Resource
    from mockserver.contract.operation import Operation, Parameter
    from mockserver.contract.resource import Role
    from mockserver.engine.pages import Keep
    from mockserver.engine.vendor import Turn


def meaning_of(name: str, table: Mapping[str, frozenset[str]]) -> str:
    """What a name means by one of the tables of pages.py, "" when it means nothing there."""
    letters = letters_of(name)
    return next((meaning for meaning, names in table.items() if letters in names), "")


def inferred_pages(contract: Contract, operation: Operation, role: Role, resource: Resource | None) -> Inferred:
    """The dialect that an operation's parameters and the members beside its list suggest."""
    queried = [each for each in operation.parameters if each.where == "query"]
    asked = {each.name: meaning for each in queried if (meaning := meaning_of(each.name, asking))}
    told: dict[tuple[str, ...], str] = {}
    whole: set[tuple[str, ...]] = set()
    for path, place in members(contract, operation, role):
        meaning, types = meaning_of(path[-1], telling), contract.types(place)[0]
        if meaning and not types & {"object", "array"} and not contract.properties(place):
            linked = any(word in path[-1].lower() for word in ("url", "link", "href", "uri"))
            told[path] = "token" if meaning == "next" and "cursor" in asked.values() and not linked else meaning
            if types & {"integer", "number"}:
                whole.add(path)
    first = next((each for each in queried if asked.get(each.name) == "number"), None)
    keep = partial(filtered, contract, [each.name for each in queried if each.name not in asked], resource)
    return Inferred(asked, told, frozenset(whole), first_page(contract, first), keep=keep)


def first_page(contract: Contract, parameter: Parameter | None) -> int:
    """The number of the first page: 1, unless the document starts at 0."""
    return 0 if parameter is not None and (parameter.default == 0 or contract.at(f"{parameter.place}/minimum", 1) == 0) else 1


def members(contract: Contract, operation: Operation, role: Role) -> Iterator[tuple[tuple[str, ...], str]]:
    """The properties beside a list, those in `meta` and the like included: (path, place)."""
    answer = operation.answer(operation.success)
    place = next((place for place in (answer.media.values() if answer else ()) if place), "")
    outer, _, holder = role.envelope.rpartition("/")
    if not place or not holder:
        return
    around = contract.properties(place).get(outer, "") if outer else place
    for name, at in contract.properties(around).items() if around else ():
        if name != holder:
            yield (name,), at
            if letters_of(name) in beside:
                yield from (((name, inner), deeper) for inner, deeper in contract.properties(at).items())


def filtered(contract: Contract, names: list[str], resource: Resource | None, turn: Turn) -> Keep | None:
    """Keep the records whose field is what the query parameter of its name says."""
    if resource is None or not resource.place or turn.params.keys().isdisjoint(names):
        return None
    fields = {letters_of(name): name for name in contract.properties(resource.place)}
    wanted: dict[str, set[str]] = {}
    for name in names:
        own = fields.get(letters_of(name)) or fields.get(letters_of(words.singular(name)))
        if name in turn.params and own is not None:
            given = turn.params[name]
            wanted[own] = {text(each) for each in (given if isinstance(given, list) else [given])}
    return (lambda record: all(has(record.get(own), allowed) for own, allowed in wanted.items())) if wanted else None


def text(value: Json) -> str:
    """A value as it stands in a query."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def has(value: Json, allowed: set[str]) -> bool:
    """Whether a field, or something in it, is one of these."""
    if isinstance(value, list):
        return any(has(each, allowed) for each in value)
    if isinstance(value, dict):
        return any(text(each) in allowed for each in value.values() if isinstance(each, str | int))
    return text(value) in allowed
