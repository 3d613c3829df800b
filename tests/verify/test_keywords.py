"""Every keyword of JSON Schema 2020-12: what is drawn keeps it, every way it leaves open is gone, and most draws are right at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mockserver.contract.contract import Contract
from mockserver.contract.sample import Impossible
from mockserver.verify.forms import Forms, reply_place
from mockserver.verify.source import Bytes, Chance, Source
from tests.verify.test_forms import contract_of

Way = Callable[[Any], bool]


def has(*names: str) -> Way:
    return lambda value: all(name in value for name in names)


def lacks(*names: str) -> Way:
    return lambda value: not any(name in value for name in names)


def thing(required: str = "", **properties: Any) -> dict[str, Any]:
    """An object with these properties."""
    return {"type": "object", "properties": properties, **({"required": required.split()} if required else {})}


text, whole, yes = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
cat = thing("kind", kind=text, lives=whole)
dog = thing("kind", kind=text, barks=yes)
pets = {"propertyName": "kind", "mapping": {"puss": "#/components/schemas/Cat", "rex": "Dog"}}

table: dict[str, tuple[Any, list[Way]]] = {
    "type": ({"type": ["string", "integer", "null"]}, [lambda v: v is None, lambda v: isinstance(v, str), lambda v: isinstance(v, int)]),
    "enum": ({"enum": ["a", 1, None]}, [lambda v: v == "a", lambda v: v == 1, lambda v: v is None]),
    "const": ({"const": {"a": 1}}, [lambda v: v == {"a": 1}]),
    "multipleOf": ({**whole, "multipleOf": 7, "minimum": 1, "maximum": 50}, [lambda v: v == 7, lambda v: v > 7]),
    "minimum": ({**whole, "minimum": 3, "maximum": 5}, [lambda v: v == 3, lambda v: v == 5]),
    "exclusiveMinimum": ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [lambda v: v < 0.5, lambda v: v >= 0.5]),
    "minLength": ({**text, "minLength": 3, "maxLength": 5}, [lambda v: len(v) == 3, lambda v: len(v) == 5]),
    "pattern": ({**text, "pattern": "^(ab|[0-9]{2})$"}, [lambda v: v == "ab", lambda v: v.isdigit()]),
    "minItems": ({"type": "array", "items": whole, "minItems": 2, "maxItems": 4}, [lambda v: len(v) == 2, lambda v: len(v) == 4]),
    "uniqueItems": ({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 2}, [lambda v: len(v) == 2, lambda v: len(v) == 3]),
    "prefixItems": ({"type": "array", "prefixItems": [whole, text], "items": yes}, [lambda v: v == [], lambda v: len(v) > 2 and isinstance(v[2], bool)]),
    "items false": ({"type": "array", "prefixItems": [whole, text], "items": False}, [lambda v: len(v) == 1, lambda v: len(v) == 2]),
    "contains": ({"type": "array", "items": text, "contains": {"const": "here"}, "minContains": 2}, [lambda v: len(v) == 2, lambda v: len(v) > 2]),
    "maxContains": ({"type": "array", "items": {"enum": [1, 2]}, "contains": {"const": 1}, "maxContains": 1, "maxItems": 3}, [lambda v: v == [1], lambda v: 2 in v]),
    "unevaluatedItems": ({"type": "array", "prefixItems": [whole], "unevaluatedItems": False}, [lambda v: v == [], lambda v: len(v) == 1]),
    "required": (thing("a", a=whole, b=whole), [has("a", "b"), lacks("b")]),
    "minProperties": ({"type": "object", "additionalProperties": whole, "minProperties": 2}, [lambda v: len(v) == 2, lambda v: len(v) > 2]),
    "maxProperties": ({**thing(a=whole, b=whole, c=whole), "maxProperties": 2}, [lambda v: len(v) == 2, lambda v: len(v) < 2]),
    "additionalProperties": ({**thing(a=whole), "additionalProperties": yes}, [lambda v: any(isinstance(v[name], bool) for name in v), has("a")]),
    "closed": ({**thing(a=whole), "additionalProperties": False}, [has("a"), lacks("a")]),
    "patternProperties": (
        {"type": "object", "patternProperties": {"^x-[a-z]+$": whole}, "additionalProperties": False},
        [lambda v: v == {}, lambda v: any(name.startswith("x-") for name in v)],
    ),
    "propertyNames": (
        {"type": "object", "additionalProperties": whole, "propertyNames": {"pattern": "^[a-z]{2}$"}, "minProperties": 1},
        [lambda v: len(v) == 1, lambda v: len(v) > 1],
    ),
    "dependentRequired": ({**thing(card=text, address=text), "dependentRequired": {"card": ["address"]}}, [has("card", "address"), lacks("card")]),
    "dependentSchemas": (
        {**thing(card=text), "dependentSchemas": {"card": thing("address", address=whole)}},
        [has("card", "address"), lacks("card")],
    ),
    "unevaluatedProperties": (
        {"allOf": [thing(a=whole)], "properties": {"b": whole}, "unevaluatedProperties": False},
        [has("a", "b"), lacks("a", "b")],
    ),
    "allOf": ({"allOf": [thing("a", a=whole), {"properties": {"a": {"minimum": 3, "maximum": 4}}}]}, [lambda v: v["a"] == 3, lambda v: v["a"] == 4]),
    "anyOf": ({"anyOf": [thing("a", a=whole), thing("b", b=whole)]}, [has("a"), has("b"), lacks("a"), lacks("b")]),
    "oneOf": ({"oneOf": [thing("a", a=whole), thing("b", b=whole)]}, [has("a"), has("b")]),
    "oneOf in rows": ({"type": "array", "items": {"oneOf": [thing("a", a=whole), thing("b", b=whole)]}, "minItems": 5}, [lambda v: len(v) > 8]),
    "not": ({**thing(a=whole, b=whole), "not": {"required": ["a", "b"]}}, [has("a"), has("b"), lacks("a", "b")]),
    "if then else": (
        {**thing("kind", kind={"enum": ["a", "b", "c"]}, x=whole, y=whole), "if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}},
        [lambda v: v["kind"] == "a" and "y" not in v, lambda v: v["kind"] != "a" and "x" not in v],
    ),
    "if, rarely met": (
        {**thing("name", name=text), "if": {"properties": {"name": {"const": "root"}}}, "then": {**thing(), "required": ["uid"]}},
        [lambda v: v["name"] == "root" and "uid" in v, lambda v: v["name"] != "root"],
    ),
    "if of the required": ({**thing(a=whole, b=text), "if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"maxProperties": 0}}, [has("a", "b"), lambda v: v == {}]),
    "if within allOf": (
        {**thing("k", k={"enum": [1, 2]}), "allOf": [
            {"if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["one"], "properties": {"one": whole}}},
            {"if": {"properties": {"k": {"const": 2}}}, "then": {"required": ["two"], "properties": {"two": text}}},
        ]},
        [has("one"), has("two")],
    ),
    "$ref beside others": ({"$ref": "#/components/schemas/Cat", "required": ["lives"]}, [has("lives")]),
    "discriminator": ({"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}], "discriminator": pets}, [lambda v: v["kind"] == "puss", lambda v: v["kind"] == "rex"]),
    "discriminator without mapping": (
        {"anyOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}], "discriminator": {"propertyName": "kind"}},
        [lambda v: v["kind"] == "Cat", lambda v: v["kind"] == "Dog"],
    ),
}  # fmt: skip

at_random: dict[str, float] = {"not": 0.3, "maxContains": 0.2}
"""Left to the validator in part: how often the first try is right, at least. All others are, nearly always."""


def formed(schema: Any) -> tuple[Contract, str]:
    contract = contract_of(schema, Cat=cat, Dog=dog)
    return contract, reply_place(contract.operations["show"], 200)


@pytest.mark.parametrize("name", table)
def test_what_is_drawn_keeps_the_keyword_and_goes_every_way(name: str) -> None:
    """By the validator's own judgement, which the ways that the keyword leaves open do not depend on."""
    schema, ways = table[name]
    contract, place = formed(schema)
    forms, source, check = Forms(contract), Chance(name), contract.check(place, "reply")
    values = [forms.value(place, source) for _ in range(400)]
    assert all(map(check, values))
    for number, way in enumerate(ways):
        assert any(map(way, values)), f"way {number} was never gone"


@pytest.mark.parametrize("name", table)
def test_what_is_made_on_purpose_is_right_at_once(name: str) -> None:
    """So that a page of such things is not drawn for ever: the way is chosen first, and made."""
    contract, place = formed(table[name][0])
    make, source, check = Forms(contract).way((place,)), Chance(name), contract.check(place, "reply")
    right = sum(check(make(source, 0)) for _ in range(400))
    assert right >= 400 * at_random.get(name, 0.97)


def test_what_is_only_written_is_not_drawn() -> None:
    """Not even where it is required: it does not travel in replies."""
    contract, place = formed(thing("a key", a=whole, key={**text, "writeOnly": True}, pin={**text, "writeOnly": True}))
    forms, source = Forms(contract), Chance(1)
    assert all({"key", "pin"}.isdisjoint(forms.way((place,))(source, 0)) for _ in range(50))


parts = st.sampled_from([schema for schema, _ in table.values()])
composed = st.recursive(
    parts,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items, "maxItems": 3}, inner),
        st.builds(lambda a, b: thing("a", a=a, b=b), inner, inner),
        st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
        st.builds(lambda a: {"allOf": [thing("a", a=a), thing(z=whole)]}, inner),
        st.builds(lambda a, b: {"if": thing("a"), "then": thing(a=a), "else": thing("b", b=b), "type": "object"}, inner, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(composed, st.binary(max_size=64))
def test_schemas_of_any_make_up_are_drawn_from(schema: Any, entropy: bytes) -> None:
    """However they are put together: valid, from any bytes, or said to be impossible."""
    contract, place = formed(schema)
    forms, check = Forms(contract), contract.check(place, "reply")
    sources: list[Source] = [Bytes(entropy), *(Chance(seed) for seed in range(8))]
    try:
        values = [forms.value(place, source) for source in sources]
    except Impossible:
        assume(False)
    assert all(map(check, values)), json.dumps(schema)
