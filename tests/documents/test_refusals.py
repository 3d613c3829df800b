"""What a document's fake says when it says no: as much of it as the document has a place for, and the rest beside it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

import pytest

from mockserver.message import Json
from tests.documents.conftest import Serve

text: Final = {"type": "string"}


def document(refused: Json, **more: Any) -> Json:
    """A document of things whose 400 and 422 are this, and which PATCH takes a list of operations for."""
    thing = {
        "type": "object",
        "required": ["name"],
        "properties": {"id": {**text, "readOnly": True}, "name": text, "made": {**text, "format": "date-time", "readOnly": True}},
    }
    one = {"application/json": {"schema": thing}}
    no = {"description": "no", **({"content": {"application/json": {"schema": refused}}} if refused else {})}
    post = {"requestBody": {"content": one, "required": True}, "responses": {"201": {"description": "made", "content": one}, "400": no}}
    ok = {"description": "ok", "content": one, "headers": {"ETag": {"schema": text}}}
    key = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": text}]}
    patches = {"application/json-patch+json": {"schema": {"type": "array", "items": {"type": "object"}}}}
    patch = {"requestBody": {"content": patches}, "responses": {"200": ok, "422": no}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"post": post}, "/things/{id}": {**key, "get": {"responses": {"200": ok}}, "patch": patch}},
        **more,
    }


def test_a_refusal_without_a_body_says_why_in_a_header(serve: Serve) -> None:
    """An empty 400 would leave its client's author alone; it is the document's own reply all the same."""
    reply = serve(document(None))("POST", "/things", {"name": 5, "ä": 1})
    assert (reply.status, reply.content, reply.headers["Mock-Refusal"]) == (400, b"", 'body /name: 5 is not of type "string"')
    assert "Mock-Problem" not in reply.headers


def object_of(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


@pytest.mark.parametrize(
    ("schema", "body", "said"),
    [
        (object_of(field=text), {"name": 5}, {"field": "name"}),
        (object_of(field=text), {}, {"field": "name"}),
        (object_of(pointer=text), {}, {"pointer": "/name"}),
        (object_of(status=text), {}, {"status": "400"}),
        (object_of(ok={"type": "boolean"}), {}, {"ok": False}),
    ],
    ids=["field", "missing field", "pointer", "status as text", "ok"],
)
def test_an_error_tells_what_it_is_about_where_it_has_a_place_for_that(serve: Serve, schema: Json, body: Json, said: Json) -> None:
    """Not a word thrown by dice: clients put errors beside the field they name."""
    assert serve(document(schema))("POST", "/things", body).value == said


def optional(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "body", "said"),
    [
        (optional(message=text, target=text, trace=text), {}, {"message": 'body: "name" is a required property', "target": "name"}),
        (
            optional(errors={"type": "array", "items": optional(status=text, source=optional(pointer=text, parameter=text))}), {"name": 5},
            {"errors": [{"status": "400", "source": {"pointer": "/name"}}]},
        ),
        (optional(title=text, inner=optional(trace=text), tags={"type": "array", "items": optional(trace=text)}), {}, {"title": "invalid_request"}),
    ],
    ids=["flat", "JSON:API", "nothing to say inside"],
)  # fmt: skip
def test_an_error_says_nothing_that_nobody_meant(serve: Serve, schema: Json, body: Json, said: Json) -> None:
    """What may stay away stays away where there is nothing to say: each error once, no field of a made-up name."""
    assert serve(document(schema))("POST", "/things", body).value == said


@pytest.mark.parametrize("name", ["id", "made"])
def test_a_patch_of_what_only_the_server_sets_is_refused(serve: Serve, name: str) -> None:
    """A list of operations is done whole or not at all; saying 200 to half of it would be neither. Setting what is there already is no change."""
    client = serve(document(object_of(message=text)))
    thing: Any = client("POST", "/things", {"name": "one"}).value
    path, media = f"/things/{thing['id']}", "application/json-patch+json"
    wanted = [{"op": "replace", "path": "/name", "value": "two"}, {"op": "replace", "path": f"/{name}", "value": "2020-01-01T00:00:00Z"}]
    reply = client("PATCH", path, wanted, media=media)
    assert (reply.status, reply.value) == (422, {"message": f"{name}: only the server sets that"})
    assert client("GET", path).value == thing
    assert client("PATCH", path, [{"op": "replace", "path": f"/{name}", "value": thing[name]}], media=media).value == thing


def test_an_entity_tag_is_one_and_changes_with_its_thing(serve: Serve) -> None:
    """In quotes, as HTTP wants it: strict clients read no other."""
    client = serve(document(None))
    thing: Any = client("POST", "/things", {"name": "one"}).value
    path = f"/things/{thing['id']}"
    tags = [client("GET", path).headers["ETag"] for _ in range(2)]
    client("PATCH", path, [{"op": "replace", "path": "/name", "value": "two"}], media="application/json-patch+json")
    tags.append(client("GET", path).headers["ETag"])
    assert tags[0] == tags[1] != tags[2]
    assert all(tag[0] == tag[-1] == '"' for tag in tags)


@pytest.mark.parametrize(
    ("scheme", "challenge"),
    [
        ({"type": "http", "scheme": "basic"}, 'Basic realm="mockserver"'),
        ({"type": "http", "scheme": "bearer"}, "Bearer"),
        ({"type": "oauth2", "flows": {}}, "Bearer"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, None),
    ],
    ids=["basic", "bearer", "oauth2", "key"],
)
def test_who_shows_nothing_is_told_what_to_show(serve: Serve, scheme: Json, challenge: str | None) -> None:
    """Clients that wait for a challenge before they sign in wait for their own scheme's."""
    client = serve(document(None, security=[{"one": []}], components={"securitySchemes": {"one": scheme}}))
    wrong = b64encode(b"a:b").decode()
    reply = client.with_headers(authorization=f"Basic {wrong}", **{"x-key": "no"})("GET", "/things/7")
    assert (reply.status, reply.headers.get("WWW-Authenticate")) == (401, challenge)
