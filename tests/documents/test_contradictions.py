"""Real documents say what nothing can keep; it is read as it was most likely meant, and told."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.documents.conftest import Serve

closed: Final = {"type": "object", "additionalProperties": False, "required": ["id"], "properties": {"id": {"type": "string"}}}
named: Final = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}

contradictory: Final[dict[str, Any]] = {
    "closed around allOf": {**closed, "allOf": [named]},
    "closed inside allOf": {"allOf": [{"$ref": "#/components/schemas/Closed"}, named]},
    "two that are closed": {"allOf": [{"$ref": "#/components/schemas/Closed"}, {**named, "additionalProperties": False}]},
    "closed two steps away": {"allOf": [{"allOf": [{"$ref": "#/components/schemas/Closed"}, {"properties": {"more": {}}}]}, named]},
    "null beside choices": {"type": "null", "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "numbers called text": {"type": "string", "enum": [8, 16]},
    "text called numbers": {"type": "integer", "enum": ["8", "16"]},
    "text called yes or no": {"type": "boolean", "enum": ["true", "FALSE"]},
    "a list's items": {"type": "array", "items": {"type": "string"}, "minItems": 1, "enum": ["a", "b"]},
    "words called an object": {"type": "object", "enum": ["a", "b"]},
    "as JavaScript writes patterns": {"type": "string", "pattern": "/^[a-z]{3}$/i"},
}


def document(schema: Any) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/It"}}}}
    return {
        "openapi": "3.1.0", "info": {"title": "It", "version": "1"}, "components": {"schemas": {"It": schema, "Closed": closed}},
        "paths": {"/it": {"get": {"responses": {"200": {"description": "It.", **content}}}, "put": {"requestBody": content, "responses": {"200": {"description": "It.", **content}}}}},
    }  # fmt: skip


@pytest.mark.parametrize("schema", contradictory.values(), ids=contradictory)
def test_what_contradicts_itself_is_read_as_it_was_meant_and_told(serve: Serve, schema: Any) -> None:
    """The operation answers, takes back what it answered, and the flaw names the place."""
    client = serve(document(schema))
    shown = client("GET", "/it")
    assert shown.status == 200
    assert "Mock-Problem" not in shown.headers
    assert client("PUT", "/it", shown.value).status == 200
    (flaw,) = {each.partition(":")[0] for each in client.engine.contract.document.flaws}
    assert flaw.startswith("#/components/schemas/It")


def test_what_can_be_kept_stays_to_the_letter(serve: Serve) -> None:
    """A closed object whose parts it has, an enum with one value of its type, a pattern that only begins with a slash."""
    schema = {
        "type": "object", "additionalProperties": False, "properties": {"name": {}, "size": {"type": "string", "enum": ["s", 8]}, "path": {"type": "string", "pattern": "^/a/$"}},
        "allOf": [named], "required": ["size", "path"],
    }  # fmt: skip
    client = serve(document(schema))
    assert client.engine.contract.document.flaws == ()
    shown = client("GET", "/it").value
    assert (shown["size"], shown["path"]) == ("s", "/a/")
    assert client("PUT", "/it", {**shown, "other": 1}).headers["Mock-Problem"] == "undocumented-refusal"
