"""Made-up values keep their schema, whatever it is; the same dice give the same value."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.contract import Contract, Side
from mockserver.contract.pattern import texts_like
from mockserver.contract.sample import Impossible, Making, Person, Sampler
from mockserver.message import NOTHING, Json
from mockserver.state.clock import millis
from mockserver.state.ids import Draws

now = millis("2026-01-31T12:00:00Z")


def sampler(schema: Any, **components: Any) -> Sampler:
    """A sampler of a document that holds one schema at #/components/schemas/It."""
    return Sampler(
        Contract.load({"openapi": "3.1.0", "components": {"schemas": {"It": schema, **components}}, "paths": {"/": {"get": {}}}})
    )


def made(schema: Any, key: object = 0, given: Json = NOTHING, side: Side = "reply", name: str = "", **components: Any) -> Json:
    making = Making(Draws(key), side, now, lambda _: Person("Ada", "Okafor", "ada@example.com"))
    return sampler(schema, **components).value("#/components/schemas/It", making, given, name)


tree: Any = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/It"}}},
}
chain: Any = {
    "type": "object",
    "required": ["next"],
    "properties": {"next": {"anyOf": [{"$ref": "#/components/schemas/It"}, {"type": "null"}]}},
}

hard: dict[str, Any] = {
    "recursion through a list": tree,
    "recursion that a null ends": chain,
    "allOf": {"allOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 3}}}, {"properties": {"a": {"maxLength": 4}}}]},
    "allOf that is closed": {"allOf": [{"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}, {"properties": {"a": {}}, "additionalProperties": False}]},
    "oneOf by a constant": {"oneOf": [{"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}, "x": {"type": kind}}} for kind in ("string", "integer")]},
    "oneOf that overlaps": {"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"b": {"type": "integer"}}}]},
    "anyOf with null": {"anyOf": [{"type": "null"}, {"type": "string", "format": "uuid"}]},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-\\d{4,6}(-[a-f0-9]+)?$"},
    "pattern and length": {"type": "string", "pattern": "^arn:[a-z]{0,20}:\\d{4}$", "minLength": 14, "maxLength": 16},
    "pattern of lookaheads": {"type": "string", "pattern": "^(?=.*[a-z])(?=.*[A-Z])(?=.*\\d).{8,}$"},
    "multiples between bounds": {"type": "integer", "minimum": 17, "exclusiveMaximum": 24, "multipleOf": 5},
    "fractions between bounds": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.01},
    "different items": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 4}, "minItems": 4, "uniqueItems": True},
    "a list of few words": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    "names by a schema": {"type": "object", "additionalProperties": {"type": "boolean"}, "minProperties": 2},
    "few names": {"type": "object", "properties": {name: {"type": "string"} for name in "abcd"}, "required": ["d"], "maxProperties": 2},
    "required and not described": {"type": "object", "required": ["anything"]},
    "long": {"type": "string", "minLength": 400},
    "times of every length": {"type": "object", "properties": {f"at{size}": {"type": "string", "format": "date-time", "minLength": size, "maxLength": size} for size in (20, 24, 25, 27, 29)}},
    "every format": {"type": "object", "properties": {form: {"type": "string", "format": form} for form in ("date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid", "uri-reference", "json-pointer", "regex", "byte")}},
    "any": {},
    "yes": True,
}  # fmt: skip


@pytest.mark.parametrize("schema", hard.values(), ids=hard)
def test_what_is_made_keeps_its_schema(schema: Any) -> None:
    """Judged by a validator of its own, for several throws of the dice."""
    judge = jsonschema_rs.Draft202012Validator(
        {"$ref": "#/components/schemas/It", "components": {"schemas": {"It": schema}}}, validate_formats=True
    )
    for key in range(8):
        judge.validate(made(schema, key))


bounds = st.integers(-50, 50)
leaves = st.one_of(
    st.just({"type": "string"}),
    st.builds(lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more}, st.integers(0, 9), st.integers(0, 30)),
    st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, bounds, st.integers(0, 40)),
    st.builds(lambda low, more: {"type": "number", "exclusiveMinimum": low, "maximum": low + more}, bounds, st.integers(1, 40)),
    st.just({"type": ["boolean", "null"]}),
    st.lists(st.sampled_from(["red", "green", 3, None]), min_size=1, unique_by=str).map(lambda values: {"enum": values}),
    st.sampled_from(["date-time", "uuid", "email", "ipv4"]).map(lambda form: {"type": "string", "format": form}),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least, "maxItems": least + 2}, inner, st.integers(0, 3)
        ),
        st.builds(
            lambda properties, needed, closed: {
                "type": "object",
                "properties": properties,
                "required": [name for name in properties if name in needed],
                **({"additionalProperties": False} if closed else {}),
            },
            st.dictionaries(st.sampled_from(["id", "name", "email", "created_at", "count", "owner"]), inner, max_size=4),
            st.sets(st.sampled_from(["id", "name", "email"])),
            st.booleans(),
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
        inner.map(lambda schema: {"allOf": [schema, {}]}),
    ),
    max_leaves=8,
)


@given(schemas, st.integers())
def test_any_schema_that_can_be_kept_is_kept(schema: Any, key: int) -> None:
    """Schemas nobody wrote by hand; and the same dice give the same value."""
    value = made(schema, key)
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(value)
    assert made(schema, key) == value


@given(
    schemas,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    ),
)
def test_what_was_given_is_kept_or_mended(schema: Any, value: Json) -> None:
    """A value that keeps its schema comes back as it is; any other becomes one that does."""
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    mended = made(schema, given=value)
    judge.validate(mended)
    assert not judge.is_valid(value) or mended == value


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"enum": [1], "minimum": 5},
        {"type": "string", "pattern": "^a$", "minLength": 2},
    ],
    ids=str,
)
def test_a_schema_that_nothing_keeps_is_called_impossible(schema: Any) -> None:
    """With the place."""
    with pytest.raises(Impossible, match="#/components/schemas/It"):
        made(schema)


def test_each_direction_has_its_own_fields() -> None:
    """Read-only fields are not sent, write-only ones do not come back, required or not."""
    schema = {
        "type": "object",
        "required": ["id", "secret"],
        "properties": {"id": {"type": "string", "readOnly": True}, "secret": {"type": "string", "writeOnly": True}},
    }
    assert made(schema).keys() == {"id"}
    assert made(schema, side="request").keys() == {"secret"}


def test_values_suit_their_fields() -> None:
    """A person's fields are about one person, a place's about one place, times stand in the order of a life."""
    names = (
        "first_name",
        "last_name",
        "email",
        "city",
        "country_code",
        "created_at",
        "updated_at",
        "closed_at",
        "expires_at",
        "website",
        "ip_address",
    )
    for key in range(20):
        value = made({"type": "object", "properties": {name: {"type": "string"} for name in names}}, key)
        assert (value["first_name"], value["last_name"], value["email"]) == ("Ada", "Okafor", "ada@example.com")
        assert (value["city"], value["country_code"]) in {
            ("Amsterdam", "NL"),
            ("Lisbon", "PT"),
            ("Toronto", "CA"),
            ("Nairobi", "KE"),
            ("Osaka", "JP"),
        }
        assert value["created_at"] < value["updated_at"] < value["closed_at"] < value["expires_at"]
        assert value["website"].startswith("https://example.com/")
        assert value["ip_address"].startswith("192.0.2.")


def test_examples_are_taken_when_they_keep_their_schema_and_passed_over_when_not() -> None:
    """The rest of a thing whose example leaves something out is made up."""
    schema = {
        "type": "object", "required": ["id", "size"], "example": {"name": "The one", "size": "huge"},
        "properties": {"id": {"type": "string", "example": "thing_7f3a"}, "name": {"type": "string"}, "size": {"type": "integer", "example": 3}, "age": {"type": "integer", "example": "old"}},
    }  # fmt: skip
    value = made(schema)
    assert (value["id"], value["name"]) == ("thing_7f3a", "The one")
    assert isinstance(value["size"], int)
    assert isinstance(value["age"], int)


@given(st.integers())
def test_texts_are_written_for_patterns(key: int) -> None:
    """Groups, classes, repetitions and alternatives, of a length within bounds."""
    pattern = r"^(?:[a-z]+|\d{3})-[^\s-]{2,5}(?:\.(?:com|org))?$"
    for text in texts_like(pattern, Draws(key), 6, 40):
        assert re.fullmatch(pattern, text)
        assert 6 <= len(text) <= 40
