"""Take out of a document what no validator can read, and say what was taken: a flaw in one schema must not silence the others.

Looked for only when a validator could not be built: most documents have no such flaw, and looking at every schema takes time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from mockserver.contract.document import mapping, several, subschemas
from mockserver.contract.operation import escape
from mockserver.message import Json

json_types: Final = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})


def mend(root: dict[str, Any]) -> list[str]:
    """Rewrite the document in place; returns what was taken out: "#/place/keyword: why"."""
    told = []
    for place, schema in placed(root):
        for keyword, why in list(flaws(root, schema)):
            told.append(f"{place}/{keyword}: {why}; it is not checked")
            schema.pop(keyword, None)
    return told


def placed(root: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema object with its JSON pointer."""
    seen: set[int] = set()
    components = mapping(root.get("components"))
    stack: list[tuple[str, Json]] = [("#/paths", root.get("paths")), ("#/webhooks", root.get("webhooks"))]
    stack += [(f"#/components/{key}", value) for key, value in components.items() if key != "schemas"]
    found = [(f"#/components/schemas/{escape(name)}", schema) for name, schema in mapping(components.get("schemas")).items()]
    while stack:
        place, node = stack.pop()
        if isinstance(node, list):
            stack += [(f"{place}/{index}", each) for index, each in enumerate(node)]
        for key, value in mapping(node).items():
            at = f"{place}/{escape(str(key))}"
            if key == "schema":
                found.append((at, value))
            elif key not in ("example", "examples"):
                stack.append((at, value))
    while found:
        place, schema = found.pop()
        if isinstance(schema, dict) and id(schema) not in seen:
            seen.add(id(schema))
            yield place, schema
            for keyword in subschemas.keys() & schema.keys():
                value, at = schema[keyword], f"{place}/{keyword}"
                if keyword in named:
                    found += [(f"{at}/{escape(str(name))}", each) for name, each in mapping(value).items()]
                elif isinstance(value, list):
                    found += [(f"{at}/{index}", each) for index, each in enumerate(several(value))]
                else:
                    found.append((at, value))


named: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})


def flaws(root: dict[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The keywords of a schema that mean nothing, each with why."""
    for keyword, (sound, why) in rules.items():
        if keyword in schema and not sound(schema[keyword]):
            yield keyword, f"{str(schema[keyword])[:60]!r} {why}"
    ref = schema.get("$ref")
    if ref is not None and not (isinstance(ref, str) and stands(root, ref)):
        yield "$ref", f"nothing stands at {str(ref)[:120]!r}"


def stands(root: Json, ref: str) -> bool:
    """Whether something stands where a reference points."""
    from mockserver.contract.wire import BrokenEncoding, plain

    if not ref.startswith("#"):
        return False
    try:
        parts = plain(ref).split("/")[1:]
    except BrokenEncoding:
        return False
    node = root
    for part in parts:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict) and key in node:
            node = node[key]
        else:
            return False
    return isinstance(node, dict | bool)


@lru_cache(maxsize=4096)
def readable(pattern: str) -> bool:
    """Whether the validator can read a pattern."""
    import jsonschema_rs  # here, because a build of the wheel reads documents and has no validator

    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def size(value: Json) -> bool:
    return number(value) and value >= 0 and value == int(value)


def schema_like(value: Json) -> bool:
    return isinstance(value, dict | bool)


def several_schemas(value: Json) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(schema_like, value))


def named_schemas(value: Json) -> bool:
    return isinstance(value, dict) and all(map(schema_like, value.values()))


def words(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value) and len(set(value)) == len(value)


def types(value: Json) -> bool:
    return value in json_types if isinstance(value, str) else words(value) and len(value) > 0 and set(value) <= json_types


Rule = tuple[Callable[[Json], bool], str]
rules: Final[Mapping[str, Rule]] = {
    "type": (types, "names no JSON type"),
    "pattern": (lambda value: isinstance(value, str) and readable(value), "is no pattern that can be read"),
    "patternProperties": (lambda value: named_schemas(value) and all(map(readable, value)), "holds a pattern that cannot be read"),
    "required": (words, "is no list of different names"),
    "enum": (lambda value: isinstance(value, list), "is no list"),
    "examples": (lambda value: isinstance(value, list), "is no list"),
    "properties": (named_schemas, "holds something that is no schema"),
    "allOf": (several_schemas, "is no list of schemas"),
    "anyOf": (several_schemas, "is no list of schemas"),
    "oneOf": (several_schemas, "is no list of schemas"),
    "prefixItems": (several_schemas, "is no list of schemas"),
    "items": (schema_like, "is no schema"),
    "additionalProperties": (schema_like, "is no schema"),
    "not": (schema_like, "is no schema"),
    "format": (lambda value: isinstance(value, str), "is no name"),
    "$id": (lambda _: False, "gives a part of the document another address"),
    "id": (lambda value: not isinstance(value, str), "gives a part of the document another address"),
    "$schema": (lambda value: isinstance(value, str) and "2020-12" in value, "is another dialect"),
    "$anchor": (lambda value: isinstance(value, str), "is no name"),
    "uniqueItems": (lambda value: isinstance(value, bool), "is neither true nor false"),
    "multipleOf": (lambda value: number(value) and value > 0, "is no number above 0"),
    "discriminator": (lambda value: isinstance(value, dict), "is no object"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (number, "is no number")),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), (size, "is no size")),
}
