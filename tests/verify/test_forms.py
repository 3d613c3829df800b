"""Any reply a contract allows: valid, varied, the same for the same seed, quick, and the simplest where choices run out."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.contract import Contract
from mockserver.contract.sample import Impossible
from mockserver.vendors import engine, names
from mockserver.verify.forms import Forms, reply_place, told
from mockserver.verify.source import Bytes, Chance


def contract_of(schema: Any, **schemas: Any) -> Contract:
    """A document with one operation that answers with this schema."""
    reply = {"description": "Yes.", "content": {"application/json": {"schema": schema}}}
    paths = {"/thing": {"get": {"operationId": "show", "responses": {"200": reply}}}}
    return Contract.load({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, "components": {"schemas": schemas}})


def drawn(schema: Any, count: int = 300, **schemas: Any) -> list[Any]:
    """Values of a schema, each checked against it."""
    contract = contract_of(schema, **schemas)
    forms, place, source = Forms(contract), reply_place(contract.operations["show"], 200), Chance(1)
    values = [forms.value(place, source) for _ in range(count)]
    assert all(contract.check(place, "reply")(value) for value in values)
    return values


@pytest.mark.parametrize("vendor", names())
def test_every_documented_reply_can_be_drawn_and_is_valid(vendor: str) -> None:
    """Of every operation and status of the bundled contracts, at the first try."""
    contract = engine(vendor).contract
    forms, source = Forms(contract), Chance(vendor)
    for operation in contract.operations.values():
        for status in operation.answers:
            place = reply_place(operation, int(status)) if status.isdigit() else ""
            make = forms.form((place,)) if place else None
            for _ in range(8 if make else 0):
                value = make(source, 0) if make else None
                assert contract.check(place, "reply")(value), (operation.id, status, value)


workos = engine("workos").contract
listed = reply_place(workos.operations["listSessions"], 200)
compiled = Forms(workos)

node = {
    "type": "object",
    "required": ["value"],
    "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/components/schemas/Node"}},
}

schemas = {
    "oneOf by discriminator": {
        "oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "b"}, "y": {"type": "string"}}},
        ]
    },
    "allOf": {"allOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, {"properties": {"b": {"minimum": 3, "type": "number"}}}]},
    "anyOf with null": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
    "if then": {
        "type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}, "b": {"type": "integer"}},
        "if": {"properties": {"a": {"const": True}}}, "then": {"required": ["b"]},
    },
    "pattern": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$", "maxLength": 12},
    "tuple": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "boolean"}, "minItems": 2},
    "unique": {"type": "array", "items": {"enum": ["a", "b", "c", "d"]}, "uniqueItems": True, "minItems": 3},
    "closed": {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    "at least two of a map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    "multiples": {"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": 20},
    "exclusive": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "several types": {"type": ["string", "integer", "null"]},
}  # fmt: skip


@pytest.mark.parametrize("schema", schemas.values(), ids=schemas)
def test_values_keep_every_keyword_in_common_use(schema: Any) -> None:
    """And are not all the same."""
    assert len({json.dumps(value, sort_keys=True) for value in drawn(schema)}) > 1


def test_a_schema_that_holds_itself_ends() -> None:
    """However deep the choices would go."""
    values = drawn({"$ref": "#/components/schemas/Node"}, Node=node)
    assert any("next" in value for value in values)
    assert max(json.dumps(value).count("next") for value in values) < 12


def test_what_programs_trip_over_is_among_the_values() -> None:
    """Absent, null, each enum member, far-off times, integers beyond 53 bits, letters beyond the BMP, fields nobody foresaw, another order."""
    properties = {
        "a": {"type": ["string", "null"]}, "kind": {"enum": ["x", "y", "z"]}, "at": {"type": "string", "format": "date-time"}, "n": {"type": "integer"},
    }  # fmt: skip
    values = drawn({"type": "object", "required": ["kind"], "properties": properties}, 600)
    assert any("a" not in value for value in values)
    assert any(value.get("a", "") is None for value in values)
    assert {value["kind"] for value in values} == {"x", "y", "z"}
    assert {"0001-01-01T00:00:00Z", "2016-12-31T23:59:60Z"} <= {value.get("at") for value in values}
    assert any(abs(value.get("n", 0)) > 2**53 for value in values)
    assert any(letter > "\uffff" for value in values for letter in value.get("a") or "")
    assert any("x_unforeseen" in value for value in values)
    assert any(list(value) != [name for name in properties if name in value] for value in values if "x_unforeseen" not in value)


def test_lists_are_empty_short_and_full() -> None:
    """A full one as long as the schema lets it be."""
    sizes = Counter(len(value) for value in drawn({"type": "array", "items": {"type": "integer"}, "maxItems": 25}))
    assert {0, 1, 2, 25} <= set(sizes)


def test_the_same_seed_gives_the_same_values() -> None:
    """And another seed gives others."""
    one, same, other = ([compiled.value(listed, source) for _ in range(20)] for source in (Chance(7), Chance(7), Chance(8)))
    assert one == same != other


def test_without_choices_a_value_is_the_simplest() -> None:
    """An empty list, no optional field, the first of each: what shrinking ends at."""
    value = compiled.value(listed, Bytes(b""))
    assert value["data"] == []
    assert set(value) == {"object", "data", "list_metadata"}


@settings(max_examples=60)
@given(st.binary(max_size=256))
def test_any_bytes_are_a_valid_page(entropy: bytes) -> None:
    """So that one draw of Hypothesis is a whole body."""
    assert workos.check(listed, "reply")(compiled.value(listed, Bytes(entropy)))


@pytest.mark.parametrize(
    "schema",
    [{"type": "string", "pattern": "^(?!a)a$"}, {"type": "integer", "minimum": 3, "maximum": 2}, False, {"$dynamicRef": "#nowhere"}],
    ids=["pattern", "bounds", "false", "reference"],
)
def test_what_nothing_satisfies_is_said_plainly(schema: Any) -> None:
    """With the operation's name, and no exception."""
    contract = contract_of({"type": "object", "required": ["a"], "properties": {"a": schema}})
    (line,) = told(contract, contract.operations.values())
    assert line.startswith("show: ")
    assert line.endswith("nothing can be drawn for it")
    with pytest.raises(Impossible):
        Forms(contract).value(reply_place(contract.operations["show"], 200), Chance(0))
