"""What a document says that nothing can keep, read as it was most likely meant: closed objects put together, enums of another type,
expressions between slashes. What was read otherwise is told; all else stays to the letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from mockserver.contract.mending import placed
from mockserver.message import Json

Schema = dict[str, Any]
deepest: Final = 8  # how far an `allOf` inside an `allOf` is followed


def resolved(root: dict[str, Any], schemas: Iterable[Schema]) -> list[str]:
    """Rewrite in place those of the schemas that contradict themselves; returns what was found: "#/place: what, and how it is read"."""
    told = [(schema, words) for schema in schemas for rule in rules for words in rule(root, schema)]
    places = {id(schema): place for place, schema in placed(root)} if told else {}
    return [f"{places.get(id(schema), '#')}: {words}" for schema, words in told]


# -- enums ------------------------------------------------------------------------------------------------------------------

json_types: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,), "null": (type(None),),
}  # fmt: skip


def is_of(value: Json, types: Iterable[str]) -> bool:
    return any(isinstance(value, json_types.get(each, ())) and (isinstance(value, bool) <= (each == "boolean")) for each in types)


def as_number(value: Json) -> Json:
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value) if "." in value else int(value)
    return value


def as_boolean(value: Json) -> Json:
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def as_text(value: Json) -> Json:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


read_as: Final[Mapping[str, Callable[[Json], Json]]] = {
    "string": as_text, "integer": as_number, "number": as_number, "boolean": as_boolean,
}  # fmt: skip


def enum_of_another_type(_: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """An enum none of whose values is of the schema's type."""
    given, enum = schema.get("type"), schema.get("enum")
    types = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    told = [each for each in enum if each is not None] if isinstance(enum, list) else []
    if not types or not told or any(is_of(each, types) for each in told):
        return
    items = schema.get("items")
    if "array" in types and isinstance(items, dict) and "$ref" not in items:
        schema["items"] = {**items, "enum": enum}
        del schema["enum"]
        yield f"enum {str(told)[:60]} of a list is read as that of its items"
        return
    for each in types:
        read = [read_as[each](value) for value in told] if each in read_as else []
        if read and all(is_of(value, [each]) for value in read):
            schema["enum"] = [*read, *([None] if "null" in types else [])]
            yield f"enum {str(told)[:60]} is read as {each}"
            return
    del schema["type"]
    yield f"enum {str(told)[:60]} is no {' or '.join(map(str, types))}; the type is not checked"


# -- closed objects ---------------------------------------------------------------------------------------------------------


def closed_around(root: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """Parts of an `allOf` that are closed, each by itself, to what the others require: the whole is read as closed instead."""
    if not isinstance(schema.get("allOf"), list):
        return
    closed = [names for part in parts_of(root, schema) if (names := closed_to(root, part)) is not None]
    needed = required(root, schema)
    missed = {name for names in closed for name in needed - names}
    if missed:
        schema["allOf"] = [opened(root, each) for each in schema["allOf"]]
        schema.pop("additionalProperties", None)
        schema["unevaluatedProperties"] = False
        yield f"additionalProperties: false in an allOf that requires {sorted(missed)[:4]} is read as unevaluatedProperties: false around it"


def closed_to(root: Mapping[str, Any], schema: Schema) -> set[str] | None:
    """The only names a closed schema allows; None: it is not closed."""
    if schema.get("additionalProperties") is False and not schema.get("patternProperties"):
        return set(schema.get("properties") or ())
    if schema.get("unevaluatedProperties") is False and not any(word in schema for word in ("oneOf", "anyOf", "if", "patternProperties")):
        return {name for part in parts_of(root, schema) for name in part.get("properties") or ()}
    return None


def parts_of(root: Mapping[str, Any], schema: Schema, depth: int = 0) -> Iterator[Schema]:
    """The schema and what its `allOf` lays beside it, all the way down."""
    yield schema
    for each in (schema.get("allOf") or ()) if depth < deepest else ():
        yield from parts_of(root, target(root, each), depth + 1)


def opened(root: Mapping[str, Any], schema: Json, depth: int = 0) -> Json:
    """The schema, or a copy of it, with nothing closed in it or in its `allOf`."""
    whole = target(root, schema)
    if depth == deepest or all(closed_to(root, part) is None for part in parts_of(root, whole)):
        return schema
    copy = {name: value for name, value in whole.items() if name not in ("additionalProperties", "unevaluatedProperties")}
    if isinstance(copy.get("allOf"), list):
        copy["allOf"] = [opened(root, each, depth + 1) for each in copy["allOf"]]
    return copy


def target(root: Mapping[str, Any], schema: Json) -> Schema:
    """The schema itself, or what it refers to."""
    for _ in range(8):
        ref = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(ref, str) or not ref.startswith("#/"):
            break
        schema = root
        for part in ref.split("/")[1:]:
            schema = schema.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(schema, dict) else None
    return schema if isinstance(schema, dict) else {}


def required(root: Mapping[str, Any], schema: Schema) -> set[str]:
    """What a schema requires, its `allOf` included."""
    listed = (part.get("required") for part in parts_of(root, schema))
    return {name for names in listed if isinstance(names, list) for name in names if isinstance(name, str)}


def allows_null(schema: Json) -> bool:
    return not isinstance(schema, dict) or "$ref" in schema or schema.get("type") == "null" or "null" in (schema.get("type") or ["null"])


def null_beside_choices(_: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """`type: null` beside branches none of which is null: the branches, or null."""
    for group in ("oneOf", "anyOf"):
        branches = schema.get(group)
        if schema.get("type") == "null" and isinstance(branches, list) and not any(allows_null(each) for each in branches):
            del schema["type"]
            schema[group] = [*branches, {"type": "null"}]
            yield f"type: null beside {group} is read as one more branch of it"


# -- expressions ------------------------------------------------------------------------------------------------------------

between_slashes: Final = re.compile(r"/(\^.*|.*\$)/([a-z]*)", re.DOTALL)


def pattern_between_slashes(_: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """`/^a$/i`: written as a JavaScript program would, it matches nothing."""
    pattern = schema.get("pattern")
    found = between_slashes.fullmatch(pattern) if isinstance(pattern, str) else None
    if found:
        schema["pattern"] = ("(?i)" if "i" in found[2] else "") + found[1]
        yield f"pattern {str(pattern)[:60]!r} is read without its slashes"


rules: Final = (enum_of_another_type, closed_around, null_beside_choices, pattern_between_slashes)
