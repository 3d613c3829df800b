"""A toy vendor: a library of shelves and books, small enough to be read whole, that uses every part of a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mockserver.contract.contract import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.pages import OffsetLimit, Pages
from mockserver.engine.site import Site
from mockserver.engine.vendor import Caller, Kind, Populated, Turn, Vendor
from mockserver.errors import Finding, Refusal
from mockserver.message import Json, Reply
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock, millis
from mockserver.state.ids import letters
from mockserver.state.scene import Scene
from mockserver.state.table import Layout, Record
from mockserver.state.world import Post, World
from mockserver.vendors import shelf

noon: Final = millis("2026-01-31T12:00:00Z")

failures: Final = {
    str(status): {"description": "No.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for status in (400, 401, 403, 404)
}


def answers(status: int, schema: Json = None) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"responses": {str(status): {"description": "Yes.", **content}, **failures}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def body(name: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": ref(name)}}}}


def listed(name: str, item: str) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: {"type": "array", "items": ref(item)}, "more": {"type": "boolean"}}}


def in_path(name: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


paging: Final = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
    {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}},
]

document: Final[dict[str, Any]] = {
    "openapi": "3.1.1",
    "info": {"title": "Library", "version": "1"},
    "paths": {
        "/shelves": {
            "get": {"operationId": "listShelves", "parameters": paging, **answers(200, listed("shelves", "Shelf"))},
            "post": {"operationId": "createShelf", **body("Shelf"), **answers(201, ref("Shelf"))},
        },
        "/shelves/{shelf_id}": {
            "parameters": [in_path("shelf_id")],
            "get": {"operationId": "getShelf", **answers(200, ref("Shelf"))},
            "patch": {"operationId": "updateShelf", **body("Change"), **answers(200, ref("Shelf"))},
            "delete": {"operationId": "deleteShelf", **answers(204)},
        },
        "/shelves/{shelf_id}/books": {
            "parameters": [in_path("shelf_id")],
            "get": {"operationId": "listBooks", "parameters": paging, **answers(200, listed("books", "Book"))},
            "post": {"operationId": "createBook", **body("Book"), **answers(201, ref("Book"))},
            "delete": {"operationId": "clearBooks", **answers(204)},
        },
        "/shelves/{shelf_id}/books/{book_id}": {
            "parameters": [in_path("shelf_id"), in_path("book_id", "integer")],
            "get": {"operationId": "getBook", **answers(200, ref("Book"))},
            "put": {"operationId": "replaceBook", **body("Book"), **answers(200, ref("Book"))},
            "delete": {"operationId": "deleteBook", **answers(204)},
        },
        "/shelves/{shelf_id}/burn": {"post": {"operationId": "burn", "parameters": [in_path("shelf_id")], **answers(204)}},
        "/lies": {"get": {"operationId": "lie", **answers(200, ref("Shelf"))}},
        "/bells": {"post": {"operationId": "ring", **body("Bell"), **answers(204)}},
    },
    "components": {
        "schemas": {
            "Shelf": {
                "type": "object",
                "required": ["name"],
                "properties": {"id": {"type": "string"}, "name": {"type": "string", "minLength": 1, "maxLength": 40}, "facts": {}},
            },
            "Change": {"type": "object", "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 40}}},
            "Book": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "id": {"type": "integer"},
                    "shelf_id": {"type": "string"},
                    "title": {"type": "string", "maxLength": 200},
                    "pages": {"type": "integer", "minimum": 1},
                },
            },
            "Bell": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}, "words": {"type": "string"}}},
            "Error": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}, "field": {"type": ["string", "null"]}},
            },
        }
    },
}


def authenticate(turn: Turn) -> Caller:
    given = turn.call.headers.get("authorization", "")
    if given not in ("Bearer writer", "Bearer reader"):
        raise Refusal(401, "unauthorized", "who are you?")
    return Caller(id=given, role=given.removeprefix("Bearer "))


def writers_only(turn: Turn, verb: str, record: Record | None) -> None:
    if verb not in ("list", "read") and turn.caller.role != "writer":
        raise Refusal(403, "readers may not write")


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    return Refusal(400, f"{findings[0].place} {findings[0].keyword}", field=findings[0].place)


def refuse(turn: Turn, refusal: Refusal) -> Reply:
    return Reply(refusal.status, {"error": str(refusal.code), "field": refusal.field}, refusal.headers)


def make_shelf(world: World, partial: Mapping[str, Json]) -> Record:
    return {"id": letters(world.draws().bits(60), 8), "name": "unnamed", **partial}


def make_book(world: World, partial: Mapping[str, Json]) -> Record:
    return {"id": world.draws().below(10**9), "title": "untitled", **partial}


def populate(scene: Scene, options: Mapping[str, str]) -> Populated:
    """A shelf for each person, with as many books as they have sessions."""
    return {
        "shelves": [{"id": f"s{person.index:03d}", "name": person.given} for person in scene.people],
        "books": [
            {"id": person.index * 1000 + nth, "shelf_id": f"s{person.index:03d}", "title": f"Book {nth}"}
            for person in scene.people
            for nth in range(person.sessions)
        ],
    }


def card(pages: Pages | None = None) -> Vendor:
    """The card, fresh."""
    vendor = Vendor(
        name="library",
        hosts=("api.library.example.com", "*.shelf.example.com"),
        kinds=(
            Kind("shelves", "Shelf", make=make_shelf, guard=writers_only),
            Kind(
                "books", "Book",
                layout=Layout(order=lambda record: (record["title"], record["id"]), indexes={"shelf": lambda record: record["shelf_id"]}),
                within={"shelf_id": "shelf_id"}, parents={"shelf_id": "shelves"}, listed={"shelf_id": "shelf"},
                make=make_book, guard=writers_only,
            ),
        ),
        authenticate=authenticate, invalid=invalid, refuse=refuse, populate=populate,
        pages=pages or OffsetLimit(default=10),
    )  # fmt: skip

    @vendor.behaviour("lie")
    def lie(turn: Turn) -> Reply:
        return Reply(200, {"name": ""})

    @vendor.behaviour("ring")
    def ring(turn: Turn) -> Reply:
        words = turn.body.get("words", "ding")
        turn.world.outbox.append(Post(turn.body["url"], {"content-type": "text/plain"}, words.encode(), turn.now, "library", about=words))
        return Reply(204)

    return vendor


def site(*, pages: Pages | None = None, at: int | None = noon, people: int | None = None) -> Site:
    """The toy alone, its clock standing at noon of a day."""
    clock = Clock(frozen=at)
    scene = scenes.load(shelf.scene("company"), now=clock.now(), people=people)
    return Site([Engine(card(pages), Contract.load(document))], scene, clock)


writer: Final = {"authorization": "Bearer writer", "content-type": "application/json"}
reader: Final = {"authorization": "Bearer reader", "content-type": "application/json"}


def ask(
    site: Site,
    method: str,
    path: str,
    value: Json = None,
    *,
    headers: Mapping[str, str] = writer,
    query: str = "",
    raw: bytes | None = None,
) -> Reply:
    """One call to the site, as the web room would make it."""
    import orjson

    content = raw if raw is not None else b"" if value is None else orjson.dumps(value)
    return site.answer(method, "http", "localhost:4010", path, query, headers, content)
