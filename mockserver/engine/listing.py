"""How a document's lists are paged and filtered, by the names of their parameters, of what stands beside them and of their headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from mockserver.contract import words
from mockserver.contract.operation import always
from mockserver.engine.inferred import Inferred, Sight, Told, asking, beside, letters_of, meaning_of, tellers, telling, usual_size
from mockserver.engine.inferred import number as counted
from mockserver.errors import BadSpec
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.inference import Resource
    from mockserver.contract.operation import Answer, Operation, Parameter
    from mockserver.contract.resource import Role
    from mockserver.engine.pages import Keep
    from mockserver.engine.vendor import Turn

address_formats: Final = frozenset("uri url uri-reference iri iri-reference".split())


def inferred_pages(contract: Contract, operation: Operation, role: Role, resource: Resource | None) -> Inferred:
    """The dialect that an operation's parameters, the members beside its list and its headers suggest."""
    queried = [each for each in operation.parameters if each.where == "query"]
    asked = {each.name: meaning for each in queried if (meaning := asked_by(contract, each))}
    told, around = ({path: each for path, at, needed in level if (each := told_by(contract, path, at, asked, needed))}
                    for level in levels(contract, operation, role))  # fmt: skip
    answer = operation.answer(operation.success)
    number = next((each for each in queried if asked.get(each.name) == "number"), None)
    cursor = next((each for each in queried if asked.get(each.name) == "cursor"), None)
    sized = next((amount for each in queried if asked.get(each.name) == "size" and (amount := counted(each.default, 0))), usual_size)
    keep = partial(filtered, contract, [each.name for each in queried if each.name not in asked], resource)
    return Inferred(
        asked, told, around, headed_by(contract, answer, asked) if answer is not None else {},
        frozenset(each.name for each in operation.outdated), first_page(contract, number), sized,
        fits=contract.check(cursor.place, "request") if cursor is not None and cursor.place else always, keep=keep,
    )  # fmt: skip


def asked_by(contract: Contract, parameter: Parameter) -> str:
    """What a parameter asks of a list, "" when it is about something else: `after` and `from` may be times. A cursor that is a number
    counts records."""
    meaning = meaning_of(parameter.name, asking)
    schema = schema_at(contract, parameter.place)
    if isinstance(schema, dict) and str(schema.get("format")).startswith("date"):
        return ""
    counted = meaning == "cursor" and parameter.place and types_at(contract, parameter.place) & {"integer", "number"}
    return "skip" if counted else meaning


def told_by(contract: Contract, path: tuple[str, ...], place: str, asked: Mapping[str, str], needed: bool) -> Told | None:
    """How a member of a reply tells of a page; None when it does not."""
    holder = path[-2] if path[-1] == "href" and len(path) > 1 else path[-1]
    sizes = {letters_of(name) for name, meaning in asked.items() if meaning == "size"}
    meaning = "limit" if letters_of(holder) in sizes else meaning_of(holder, telling)
    types = types_at(contract, place)
    kind = next((kind for kind in ("boolean", "integer", "number", "string") if kind in types), "" if types else "string")
    if kind == "string":
        kind = "link" if is_address(contract, path, place) or not needs_step(meaning, asked) else "step"
    tell = tellers.get("integer" if kind == "number" else kind, {}).get(meaning)
    if tell is None:
        return None
    otherwise = None if "null" in types or not types else NOTHING if not needed else "" if "string" in types else 0
    return Told(tell, otherwise, as_text=bool(types) and kind in ("link", "step"))


def needs_step(meaning: str, asked: Mapping[str, str]) -> bool:
    """Whether a text tells what stands in a parameter rather than a whole address."""
    return meaning == "token" or "cursor" in asked.values()


def is_address(contract: Contract, path: tuple[str, ...], place: str) -> bool:
    """Whether a text is an address, by its name or by its format."""
    schema = schema_at(contract, place)
    named = any(word in path[-1].lower() for word in ("url", "link", "href", "uri"))
    return named or (isinstance(schema, dict) and schema.get("format") in address_formats)


def headed_by(contract: Contract, answer: Answer, asked: Mapping[str, str]) -> dict[str, Told]:
    """How the headers of a reply tell of a page: `Link`, and those like `X-Total-Count` and `X-Next-Page`."""
    found: dict[str, Told] = {}
    for name in answer.headers:
        letters = letters_of(name).removeprefix("x").removeprefix("pagination")
        meaning = meaning_of(letters, telling)
        if letters == "link":
            found[name] = Told(Sight.links, "")
        elif tell := tellers["link" if is_address(contract, (name,), "") else "integer"].get(meaning):
            found[name] = Told(tell, "")
    return found


def types_at(contract: Contract, place: str) -> frozenset[str]:
    """The JSON types of a place; none where the document does not say, or cannot be read."""
    try:
        return contract.types(place)[0]
    except (BadSpec, ValueError):
        return frozenset()


def schema_at(contract: Contract, place: str) -> Json:
    try:
        return contract.schema(place)[1] if place else None
    except (BadSpec, ValueError):
        return None


def first_page(contract: Contract, parameter: Parameter | None) -> int:
    """The number of the first page: 1, unless the document starts at 0."""
    return 0 if parameter is not None and (parameter.default == 0 or contract.at(f"{parameter.place}/minimum", 1) == 0) else 1


Member = tuple[tuple[str, ...], str, bool]
"""A property: its path, the place of its schema, and whether it has to be there."""


def levels(contract: Contract, operation: Operation, role: Role) -> tuple[list[Member], list[Member]]:
    """What stands beside a list, and what stands beside the object that holds it."""
    answer = operation.answer(operation.success)
    place = next((place for place in (answer.media.values() if answer else ()) if place), "")
    outer, _, holder = role.envelope.rpartition("/")
    if not place or not holder:
        return [], []
    if not outer:
        return list(members(contract, place, holder)), []
    inner = contract.properties(place).get(outer, "")
    return list(members(contract, inner, holder)) if inner else [], list(members(contract, place, outer))


def members(contract: Contract, place: str, holder: str) -> Iterator[Member]:
    """The properties of an object but for the one that leads to the list; those in `meta`, `links` and the like included."""
    for name, at in contract.properties(place).items():
        if name == holder:
            continue
        inner = contract.properties(at)
        if not inner:
            yield (name,), at, is_needed(contract, place, name)
        elif letters_of(name) in beside:
            for each, deeper in inner.items():
                linked = contract.properties(deeper).get("href", "")
                yield ((name, each, "href"), linked, False) if linked else ((name, each), deeper, is_needed(contract, at, each))


def is_needed(contract: Contract, place: str, name: str) -> bool:
    """Whether an object of this schema must have this property."""
    queue, seen = [place], set[str]()
    while queue:
        at = queue.pop()
        schema = schema_at(contract, at)
        if not isinstance(schema, dict) or at in seen:
            continue
        seen.add(at)
        if name in (schema.get("required") or ()):
            return True
        here = contract.schema(at)[0]
        queue += [f"{here}/allOf/{index}" for index, _ in enumerate(schema.get("allOf") or ())]
    return False


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
