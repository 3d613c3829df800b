"""Conditional requests: obeyed where a document has the replies to them, read over elsewhere."""

from __future__ import annotations

from typing import Any, Final

import pytest

from mockserver.message import Json
from tests.documents.conftest import Client, Serve

text: Final = {"type": "string"}


def document(*, tags: bool = True, unchanged: bool = True, changed: bool = True, makes: bool = False) -> Json:
    """A document of things: whether its replies carry tags, reads know a 304 and writes a 412, and a PUT makes what is not there."""
    thing = {"type": "object", "required": ["name"], "properties": {"id": {**text, "readOnly": True}, "name": text}}
    content = {"application/json": {"schema": thing}}
    ok = {"description": "ok", "content": content, **({"headers": {"ETag": {"schema": text}}} if tags else {})}
    no = {"404": {"description": "no"}}
    read = {"200": ok, **no, **({"304": {"description": "as it was"}} if unchanged else {})}
    lost = {"412": {"description": "changed since", "content": {"text/plain": {"schema": text}}}} if changed else {}
    body = {"requestBody": {"content": content, "required": True}}
    put = {**body, "responses": {"200": ok, **({"201": ok} if makes else no), **lost}}
    item = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": text}],
        "get": {"responses": read},
        "put": put,
        "patch": {**body, "responses": {"200": ok, **no, **lost}},
        "delete": {"responses": {"204": {"description": "gone"}, **no, **lost}},
    }
    post = {**body, "responses": {"201": ok}}
    return {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": {"/things": {"post": post}, "/things/{id}": item}}


def made(client: Client) -> str:
    """The path of a new thing."""
    thing: Any = client("POST", "/things", {"name": "one"}).value
    return f"/things/{thing['id']}"


def having(client: Client, **conditions: str) -> Client:
    return client.with_headers(**{name.replace("_", "-"): value for name, value in conditions.items()})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("condition", ["{}", "W/{}", '"other", {}', "*"], ids=["the tag", "weakly", "among others", "any"])
def test_what_the_caller_has_is_not_sent_again(serve: Serve, method: str, condition: str) -> None:
    """Until it changes; the 304 has the tag, and no body."""
    client = serve(document())
    path = made(client)
    tag = client("GET", path).headers["ETag"]
    asking = having(client, if_none_match=condition.format(tag))
    reply = asking(method, path)
    assert (reply.status, reply.content, reply.headers["ETag"]) == (304, b"", tag)
    client("PATCH", path, {"name": "two"})
    assert condition == "*" or asking(method, path).status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_to_what_has_changed_since_is_refused(serve: Serve, method: str) -> None:
    """The second of two who read the same learns that there was a first, and what the first wrote stays."""
    client = serve(document())
    path = made(client)
    tag = client("GET", path).headers["ETag"]
    both = having(client, if_match=tag)
    assert both("PATCH", path, {"name": "first"}).status == 200
    reply = both(method, path, {"name": "second"} if method != "DELETE" else None)
    assert (reply.status, client("GET", path).value["name"]) == (412, "first")
    now = having(client, if_match=client("GET", path).headers["ETag"])
    assert now(method, path, {"name": "second"} if method != "DELETE" else None).status in (200, 204)


def test_the_tag_of_a_write_is_that_of_a_read(serve: Serve) -> None:
    """Whoever goes on from what a write answered need not read again."""
    client = serve(document())
    path = made(client)
    tag = client("PATCH", path, {"name": "two"}).headers["ETag"]
    assert tag == client("GET", path).headers["ETag"]
    assert having(client, if_match=tag)("PATCH", path, {"name": "three"}).status == 200


@pytest.mark.parametrize(
    ("condition", "there", "status"),
    [
        ({"if_none_match": "*"}, True, 412),
        ({"if_none_match": "*"}, False, 201),
        ({"if_match": "*"}, True, 200),
        ({"if_match": "*"}, False, 412),
    ],
    ids=["only new, but there", "only new", "only there", "only there, but new"],
)
def test_a_write_that_may_make_is_told_whether_it_shall(serve: Serve, condition: dict[str, str], there: bool, status: int) -> None:
    """`*` is whatever is there: to make and never overwrite, or to overwrite and never make."""
    client = serve(document(makes=True))
    path = made(client) if there else "/things/nobody-has-this"
    assert having(client, **condition)("PUT", path, {"name": "mine"}).status == status


def test_what_is_not_there_is_not_there(serve: Serve) -> None:
    """A condition does not hide the 404 that the call would have had without it."""
    assert having(serve(document()), if_match='"any"')("PATCH", "/things/nobody-has-this", {"name": "two"}).status == 404


@pytest.mark.parametrize("lacking", ["tags", "replies"])
def test_where_the_document_knows_no_conditions_they_are_read_over(serve: Serve, lacking: str) -> None:
    """Neither a status that nobody documented, nor a refusal by a tag that nobody was given."""
    client = serve(document(tags=False) if lacking == "tags" else document(unchanged=False, changed=False))
    path = made(client)
    assert having(client, if_none_match="*")("GET", path).status == 200
    assert having(client, if_match='"other"')("PATCH", path, {"name": "two"}).status == 200
