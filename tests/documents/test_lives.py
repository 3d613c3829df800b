"""How the life of a thing begins, and what an action changes of it: by what the document says it may hold, not by what it happens to hold."""

from __future__ import annotations

from typing import Any, Final

import pytest

from mockserver.message import Json
from tests.documents.conftest import Client, Serve

text: Final = {"type": "string"}
at: Final = {"type": "string", "format": "date-time"}


def document(properties: dict[str, Json], *actions: str, **more: Any) -> Json:
    """A document of things with these properties, all but the name set by the server, that something can be done to."""
    schema = {"type": "object", "required": ["id"], "properties": {"id": {**text, "readOnly": True}, "name": text, **properties}}
    one = {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    key = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": text}]}
    paths: dict[str, Json] = {
        "/things": {"post": {"requestBody": body, "responses": {"201": one}}},
        "/things/{id}": {**key, "get": {"responses": {"200": one, "404": {"description": "none"}}}},
        **{f"/things/{{id}}/{action}": {**key, "post": {"responses": {"200": one}, **more}} for action in actions},
    }
    return {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": paths, "components": {"schemas": {"Thing": schema}}}


def made(client: Client, **sent: Json) -> Any:
    reply = client("POST", "/things", {"name": "one", **sent})
    assert reply.status == 201
    return reply.value


def server(schema: Json) -> Json:
    """A property that only the server sets."""
    return {**schema, "readOnly": True}


@pytest.mark.parametrize(
    ("states", "first"),
    [
        (["closed", "open", "on-hold"], "open"),
        (["revoked", "expired", "active"], "active"),
        (["cancelled", "new", "paid"], "new"),
        (["deleted", "published", "draft"], "draft"),
        (["deleting", "serving"], "serving"),
        (["INACTIVE", "ACTIVE"], "ACTIVE"),
        (["closed", "archived"], None),
    ],
    ids=["tickets", "sessions", "orders", "articles", "no word for a beginning", "capitals", "only ends"],
)
def test_a_new_thing_is_in_a_state_of_its_beginning(serve: Serve, states: list[str], first: str | None) -> None:
    """None is closed, deleted or expired when it is made, in whatever order the document lists the states."""
    client = serve(document({"status": server({"type": "string", "enum": states})}))
    assert {made(client)["status"] for _ in range(6)} <= ({first} if first else set(states))


def test_what_has_not_happened_to_a_new_thing_is_not_told_of_it(serve: Serve) -> None:
    """No time of an end, nothing counted, no yes to being closed; it was created now."""
    client = serve(
        document({
            "created_at": server(at), "closed_at": server({**at, "type": ["string", "null"]}), "deletedAt": server(at),
            "comment_count": server({"type": "integer", "minimum": 0}), "archived": server({"type": "boolean"}), "is_active": server({"type": "boolean"}),
        })
    )  # fmt: skip
    thing = made(client)
    assert {name: thing[name] for name in thing if name not in ("id", "name")} == {
        "created_at": "2026-01-31T12:00:00Z", "closed_at": None, "comment_count": 0, "archived": False, "is_active": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("properties", "action", "changed"),
    [
        ({"status": {"type": "string", "enum": ["closed", "open"]}}, "close", {"status": "closed"}),
        ({"state": text}, "close", {"state": "closed"}),
        ({"state": text}, "apply", {"state": "applied"}),
        ({"archived": {"type": "boolean"}}, "archive", {"archived": True}),
        ({"archived": {"type": "boolean"}}, "unarchive", {"archived": False}),
        ({"cancelled_at": at}, "cancel", {"cancelled_at": "2026-01-31T12:00:00Z"}),
        ({"closedAt": {"type": "integer"}}, "close", {"closedAt": 1769860800}),
        ({"closedAt": {**at, "type": ["string", "null"]}}, "reopen", {"closedAt": None}),
    ],
    ids=["status", "free text", "free text in y", "yes", "no", "time", "time as a number", "time taken back"],
)
def test_an_action_changes_what_the_thing_may_hold(
    serve: Serve, properties: dict[str, Json], action: str, changed: dict[str, Json]
) -> None:
    """Although the record has no such field yet."""
    client = serve(document(properties, action))
    thing = made(client)
    assert client("POST", f"/things/{thing['id']}/{action}").value == client("GET", f"/things/{thing['id']}").value == thing | changed


def test_what_is_sent_with_an_action_is_kept_where_the_thing_has_a_place_for_it(serve: Serve) -> None:
    """An assignee that the record did not have; never another id, nor what no such thing may hold."""
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    client = serve(document({"assignee": text}, "assign", requestBody=body))
    thing = made(client)
    changed = client("POST", f"/things/{thing['id']}/assign", {"assignee": "ada", "id": "other", "name": 5, "stray": 1}).value
    assert changed == thing | {"assignee": "ada"}


def test_an_action_reaches_the_attributes_of_a_thing(serve: Serve) -> None:
    """JSON:API and others keep what changes one level down."""
    inner = {"type": "object", "properties": {"status": {"type": "string", "enum": ["draft", "published"]}, "published_at": at}}
    client = serve(document({"attributes": inner}, "publish"))
    thing = made(client, attributes={"status": "draft"})
    changed = client("POST", f"/things/{thing['id']}/publish").value
    assert changed["attributes"] == {"status": "published", "published_at": "2026-01-31T12:00:00Z"}


@pytest.mark.parametrize(
    ("answers", "makes", "status"),
    [
        (("200", "201", "default"), True, 201),
        (("201", "404"), True, 201),
        (("200", "default"), True, 200),
        (("200", "404"), False, 404),
    ],
    ids=["Azure's way", "a 201 beside a 404", "no other way to make one", "a 404"],
)
def test_a_put_makes_what_is_not_there_where_the_document_has_it_so(
    serve: Serve, answers: tuple[str, ...], makes: bool, status: int
) -> None:
    """Documents whose things are made by PUT alone would have no way to make any; what was deleted can be made again."""
    schema = {"type": "object", "properties": {"name": {**text, "readOnly": True}, "place": text}}
    content = {"application/json": {"schema": schema}}
    replies = {each: {"description": "-", **({"content": content} if each < "3" else {})} for each in answers}
    gone = {"responses": {"204": {"description": "gone"}}}
    key = {"parameters": [{"name": "name", "in": "path", "required": True, "schema": text}]}
    get = {"responses": {"200": {"description": "-", "content": content}, "404": {"description": "none"}}}
    item = {**key, "get": get, "put": {"requestBody": {"content": content}, "responses": replies}, "delete": gone}
    client = serve({"openapi": "3.1.0", "info": {"title": "Pools", "version": "1"}, "paths": {"/pools/{name}": item}})
    for _ in range(2):
        assert client("PUT", "/pools/p1", {"place": "here"}).status == status
        if makes:
            assert client("GET", "/pools/p1").value == {"name": "p1", "place": "here"}
            assert client("PUT", "/pools/p1", {"place": "there"}).status == (201 if "200" not in answers else 200)
        client("DELETE", "/pools/p1")
