"""Lists of documents, walked as a client of each dialect walks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from mockserver.contract.audit import audit
from mockserver.message import Call, Json, Reply
from tests.documents.conftest import Client, Serve

many: Final = 7
text: Final = {"type": "string"}
whole: Final = {"type": "integer"}
nullable: Final = {"type": ["string", "null"]}
thing: Final = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "readOnly": True}, "name": text}}
things: Final = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}


def object_of(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def document(reply: Json, query: Mapping[str, Json], headers: Mapping[str, Json], refused: tuple[str, ...] = ()) -> Json:
    """A document of one collection whose list answers with this."""
    one = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    answers: Json = {
        "200": {
            "description": "ok",
            "headers": {name: {"schema": schema} for name, schema in headers.items()},
            "content": {"application/json": {"schema": reply}},
        }
    }
    get: Json = {
        "operationId": "listThings",
        "parameters": [
            {"name": name, "in": "query", "schema": schema, "deprecated": schema.get("x-old", False)} for name, schema in query.items()
        ],
        "responses": answers | {status: {"description": "no"} for status in refused},
    }
    post = {"requestBody": {"content": one}, "responses": {"201": {"description": "made", "content": one}}}
    item: Json = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": text}]}
    item |= {
        "get": {"responses": {"200": {"description": "ok", "content": one}}},
        "delete": {"responses": {"204": {"description": "gone"}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"get": get, "post": post}, "/things/{id}": item},
        "components": {"schemas": {"Thing": thing, "Link": object_of(href=text)}},
    }


Onward = Callable[[Reply, dict[str, str]], dict[str, str] | None]
"""The query of the next page, None after the last one."""


def follow(url: str | None) -> dict[str, str] | None:
    return dict(parse_qsl(urlsplit(url).query)) if url else None


def at(path: str) -> Callable[[Reply], Any]:
    def found(reply: Reply) -> Any:
        value = reply.value
        for name in path.split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return found


def by_link(path: str) -> Onward:
    return lambda reply, _: follow(at(path)(reply))


def by_step(path: str, parameter: str) -> Onward:
    return lambda reply, query: {**query, parameter: str(step)} if (step := at(path)(reply)) else None


def by_link_header(reply: Reply, _: dict[str, str]) -> dict[str, str] | None:
    found = re.search(r'<([^>]*)>; rel="next"', reply.headers["Link"])
    return follow(found and found[1])


def by_header(name: str, parameter: str) -> Onward:
    return lambda reply, query: {**query, parameter: step} if (step := reply.headers[name]) else None


def until_last(reply: Reply, query: dict[str, str]) -> dict[str, str] | None:
    return None if reply.value["last"] else {**query, "page": str(int(query.get("page", 0)) + 1)}


two: Final = {"limit": "2"}
dialects: Final[dict[str, tuple[Json, dict[str, str], Onward]]] = {
    "a link, and nothing to ask by": (document(object_of(items=things, next_page=nullable), {"limit": whole}, {}), two, by_link("next_page")),
    "a link that is no null": (document(object_of(items=things, next=text), {"limit": whole}, {}), two, by_link("next")),
    "a link beside a cursor": (
        document(object_of(items=things, next_page={"type": ["string", "null"], "format": "uri"}), {"limit": whole, "cursor": text}, {}),
        two, by_link("next_page"),
    ),
    "OData": (
        document(object_of(value=things, **{"@odata.nextLink": nullable}), {"$top": whole, "$skip": whole}, {}), {"$top": "2"}, by_link("@odata.nextLink"),
    ),
    "HAL": (
        document(
            object_of(_embedded=object_of(things=things), _links=object_of(self={"$ref": "#/components/schemas/Link"}, next={"$ref": "#/components/schemas/Link"})),
            {"page": {"type": "integer", "minimum": 0}, "size": whole}, {},
        ),
        {"size": "2"}, by_link("_links/next/href"),
    ),
    "JSON:API": (
        document(object_of(data=things, links=object_of(first=text, next=nullable)), {"page[number]": whole, "page[size]": whole}, {}),
        {"page[size]": "2"}, by_link("links/next"),
    ),
    "Spring's pages": (
        document(object_of(content=things, last={"type": "boolean"}, first={"type": "boolean"}), {"page": {"type": "integer", "minimum": 0}, "size": whole}, {}),
        {"size": "2"}, until_last,
    ),
    "a Link header": (document(things, {"page": whole, "per_page": whole}, {"Link": text}), {"per_page": "2"}, by_link_header),
    "a Link header, and nothing to ask by": (document(things, {"limit": whole}, {"Link": text}), two, by_link_header),
    "a header with the next page's number": (
        document(things, {"page": whole, "per_page": whole}, {"X-Next-Page": text}), {"per_page": "2"}, by_header("X-Next-Page", "page"),
    ),
    "a cursor": (document(object_of(data=things, next_cursor=nullable), {"limit": whole, "cursor": text}, {}), two, by_step("next_cursor", "cursor")),
    "a cursor that is a number": (
        document(object_of(data=things, next_cursor={"type": ["integer", "null"]}), {"limit": whole, "cursor": whole}, {}), two, by_step("next_cursor", "cursor"),
    ),
    "a cursor with little room": (
        document(object_of(data=things, next_cursor=nullable), {"limit": whole, "cursor": {"type": "string", "maxLength": 20}}, {}),
        two, by_step("next_cursor", "cursor"),
    ),
    "a link beside a time called after": (
        document(object_of(items=things, next_url=nullable), {"limit": whole, "after": {"type": "string", "format": "date-time"}}, {}), two, by_link("next_url"),
    ),
    "a link beside one that has to be there": (
        document(
            object_of(items=things, _links={"type": "object", "required": ["self", "strange"], "properties": {
                "strange": {"$ref": "#/components/schemas/Link"}, "self": {"$ref": "#/components/schemas/Link"}, "next": {"type": "object", "required": ["href"], "properties": {"href": text}}}}),
            {"page": whole, "pageSize": whole}, {},
        ),
        {"pageSize": "2"}, by_link("_links/next/href"),
    ),
    "a link beside an offset of old": (
        document(object_of(items=things, next_href=nullable), {"limit": whole, "offset": {"type": "integer", "x-old": True}}, {}), two, by_link("next_href"),
    ),
    "a token that is no null": (
        document(object_of(data=things, nextPageToken=text), {"limit": whole, "pageToken": text}, {}), two, by_step("nextPageToken", "pageToken"),
    ),
}  # fmt: skip


def items_of(reply: Reply) -> list[str]:
    value = reply.value if isinstance(reply.value, list) else next(each for each in reply.value.values() if isinstance(each, list | dict))
    return [each["id"] for each in (value["things"] if isinstance(value, dict) else value)]


def peopled(client: Client) -> list[str]:
    """Make as many things as it takes; the ids of all."""
    there = len(items_of(client("GET", "/things")))
    for number in range(there, many):
        assert client("POST", "/things", {"name": f"Thing {number}"}).status == 201
    return [each["id"] for each in client.site.worlds.get("default").store("made")["things"]]


@pytest.mark.parametrize(("spec", "first", "onward"), dialects.values(), ids=dialects)
def test_whoever_follows_the_pages_meets_everything_once_and_leaves_no_contract(
    serve: Serve, spec: Json, first: dict[str, str], onward: Onward
) -> None:
    """To the end, two at a time, and no step of the way asks for what the document does not have."""
    client = serve(spec)
    everything, met = peopled(client), list[str]()
    query = first
    for _ in range(20):
        reply = client("GET", "/things", **query)
        call = Call("GET", "/things", "&".join(f"{name}={value}" for name, value in query.items()).replace("$", "%24"))
        assert (reply.status, audit(client.engine.contract, call, "/things")[1]) == (200, [])
        met += items_of(reply)
        after = onward(reply, query)
        if after is None:
            break
        query = after
    assert met == everything


def test_a_list_that_nobody_can_page_comes_whole(serve: Serve) -> None:
    """There would be no way to its end."""
    client = serve(document(things, {}, {}))
    for number in range(30):
        client("POST", "/things", {"name": f"Thing {number}"})
    assert len(items_of(client("GET", "/things"))) == 33


@pytest.mark.parametrize(("refused", "status"), [(("400",), 400), (("422",), 422), ((), 200)], ids=["400", "422", "neither"])
def test_a_cursor_of_nobodys_never_leads_to_the_first_page(serve: Serve, refused: tuple[str, ...], status: int) -> None:
    """A client that makes its own cursors is refused where the document refuses, and finds nothing elsewhere."""
    client = serve(document(object_of(data=things, next_cursor=nullable), {"cursor": text}, {}, refused))
    reply = client("GET", "/things", cursor="nonsense")
    assert reply.status == status
    assert status != 200 or reply.value == {"data": [], "next_cursor": None}


def test_a_records_own_id_is_a_cursor(serve: Serve) -> None:
    """Whoever pages by `starting_after` goes on behind it; one that is gone leads nowhere."""
    client = serve(document(object_of(data=things, has_more={"type": "boolean"}), {"starting_after": text, "limit": whole}, {}, ("400",)))
    everything = peopled(client)
    assert items_of(client("GET", "/things", starting_after=everything[1])) == everything[2:]
    client("DELETE", f"/things/{everything[1]}")
    assert client("GET", "/things", starting_after=everything[1]).status == 400


def test_headers_and_members_tell_of_the_page_there_is(serve: Serve) -> None:
    """Totals, sizes, numbers and links are this list's, wherever the document has them; what has nothing to tell is empty."""
    headers = dict.fromkeys(("Link", "X-Total-Count", "X-Total-Pages", "X-Page", "X-Per-Page", "X-Next-Page", "X-Prev-Page"), text)
    client = serve(document(things, {"page": whole, "per_page": whole}, headers))
    peopled(client)
    reply = client("GET", "/things", page=4, per_page=2)
    url = "http://localhost:4010/things?per_page=2&page="
    assert reply.headers["Link"] == f'<{url}3>; rel="prev", <{url}1>; rel="first", <{url}4>; rel="last"'
    assert {name: reply.headers[name] for name in headers if name != "Link"} == {
        "X-Total-Count": "7", "X-Total-Pages": "4", "X-Page": "4", "X-Per-Page": "2", "X-Next-Page": "", "X-Prev-Page": "3",
    }  # fmt: skip


def test_what_stands_around_an_embedded_list_tells_of_it(serve: Serve) -> None:
    """HAL's `page` and `_links` stand beside `_embedded`, not in it; a link there is not is left out."""
    reply = object_of(
        _embedded=object_of(things=things),
        _links=object_of(next={"$ref": "#/components/schemas/Link"}, prev={"$ref": "#/components/schemas/Link"}),
        page=object_of(size=whole, totalElements=whole, totalPages=whole, number=whole),
    )
    client = serve(document(reply, {"page": {"type": "integer", "minimum": 0}, "size": whole}, {}))
    peopled(client)
    value = client("GET", "/things", page=0, size=3).value
    assert value["_links"] == {"next": {"href": "http://localhost:4010/things?size=3&page=1"}}
    assert value["page"] == {"size": 3, "totalElements": 7, "totalPages": 3, "number": 0}


@pytest.mark.parametrize(
    ("schema", "shown"),
    [({**whole, "default": 3}, 3), ({**whole, "default": 3, "minimum": 0}, 3), (whole, many), ({**whole, "minimum": 1}, None)],
    ids=["the document's default", "0 is allowed", "our default", "0 is not allowed"],
)
def test_a_page_of_none_is_that_of_whoever_does_not_ask(serve: Serve, schema: Json, shown: int | None) -> None:
    """An empty page would keep whoever follows it where he is, for ever; where the document forbids it, it is refused."""
    client = serve(document(object_of(data=things, total=whole), {"limit": schema, "offset": whole}, {}, ("400",)))
    peopled(client)
    asked, unasked = client("GET", "/things", limit=0), client("GET", "/things")
    assert asked.status == (200 if shown else 400)
    if shown:
        assert asked.value == unasked.value
        assert len(items_of(asked)) == shown


@pytest.mark.parametrize("query", [{"offset": "99999999999999999999"}, {"offset": "7"}], ids=["beyond all numbers", "at the end"])
def test_beyond_the_end_there_is_nothing(serve: Serve, query: dict[str, str]) -> None:
    """However far: not the first page again."""
    client = serve(document(object_of(data=things), {"offset": whole, "limit": whole}, {}))
    peopled(client)
    assert items_of(client("GET", "/things", **query)) == []
