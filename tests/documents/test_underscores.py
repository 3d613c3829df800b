"""Names that begin with an underscore are fields like any other: MongoDB's `_id`, HAL's `_links`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver import vendors
from mockserver.message import Json

book: dict[str, Any] = {
    "type": "object",
    "required": ["_id", "title", "_links"],
    "properties": {
        "_id": {"type": "string", "readOnly": True},
        "title": {"type": "string"},
        "_key": {"type": "string"},
        "_value": {"type": "integer"},
        "_links": {"type": "object", "required": ["self"], "properties": {"self": {"type": "string"}}},
    },
}


def content(schema: Json) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


one, ref = {"description": "One."}, {"$ref": "#/components/schemas/Book"}
document = {
    "openapi": "3.1.0",
    "info": {"title": "Books", "version": "1"},
    "paths": {
        "/books": {
            "get": {"responses": {"200": {**one, **content({"type": "array", "items": ref})}}},
            "post": {"requestBody": content(ref), "responses": {"201": {**one, **content(ref)}}},
        },
        "/books/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {**one, **content(ref)}, "404": one}},
            "patch": {"requestBody": content({"type": "object"}), "responses": {"200": {**one, **content(ref)}, "404": one}},
            "delete": {"responses": {"204": one, "404": one}},
        },
    },
    "components": {"schemas": {"Book": book}},
}


class Books:
    """The document at work."""

    def __init__(self, folder: Path) -> None:
        file = folder / "library.json"
        file.write_bytes(orjson.dumps(document))
        self.site = vendors.site([str(file)])

    def __call__(self, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        sent = b"" if body is None else orjson.dumps(body)
        reply = self.site.answer(method, "http", "localhost", path, "", {"content-type": "application/json"}, sent)
        return reply.status, reply.value


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_what_is_sent_under_such_a_name_is_kept(books: Books) -> None:
    """Whatever we would call our own fields."""
    sent = {"title": "Nine", "_key": "mine", "_value": 7, "_links": {"self": "/books/nine"}}
    status, made = books("POST", "/books", sent)
    assert status == 201
    assert {**made, **sent} == made
    assert books("GET", f"/books/{made['_id']}") == (200, made)
    assert made in books("GET", "/books")[1]


def test_an_item_is_found_by_an_id_of_such_a_name(books: Books) -> None:
    """Shown, changed and deleted; what nobody has is not there."""
    _, made = books("POST", "/books", {"title": "Nine", "_links": {"self": "/books/nine"}})
    changed = {**made, "_key": "theirs"}
    assert books("PATCH", f"/books/{made['_id']}", {"_key": "theirs"}) == (200, changed)
    assert books("GET", f"/books/{made['_id']}") == (200, changed)
    assert books("DELETE", f"/books/{made['_id']}")[0] == 204
    assert books("GET", f"/books/{made['_id']}")[0] == 404


def test_what_the_scene_has_stays_the_same_at_every_look(books: Books) -> None:
    """Such fields are stored, not made up when they are read."""
    listed = books("GET", "/books")[1]
    assert listed
    assert books("GET", "/books")[1] == listed
    assert [books("GET", f"/books/{each['_id']}")[1] for each in listed] == listed
