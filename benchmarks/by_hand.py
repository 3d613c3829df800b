"""The yardstick: what one would write by hand for this one document, with quick libraries, checked by the contract both ways.

And below it the ground that nobody on uvicorn gets under: `bare` answers the same few bytes to everything.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import jsonschema_rs
import orjson
from shop import schemas
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

registry = jsonschema_rs.Registry([("urn:shop", {"components": {"schemas": schemas}})], draft=jsonschema_rs.Draft202012)
checks = {
    name: jsonschema_rs.Draft202012Validator({"$ref": f"urn:shop#/components/schemas/{name}"}, registry=registry, validate_formats=True)
    for name in schemas
}
sessions: dict[str, dict[str, Any]] = {}


def told(value: Any, schema: str, status: int = 200) -> Response:
    if not checks[schema].is_valid(value):
        return Response(b'{"error":"our reply breaks the contract"}', 500, media_type="application/json")
    return Response(orjson.dumps(value), status, media_type="application/json")


def refused(status: int, words: str) -> Response:
    return Response(orjson.dumps({"error": words}), status, media_type="application/json")


async def listing(request: Request) -> Response:
    asked = request.query_params
    try:
        limit, offset = int(asked.get("limit", "10")), int(asked.get("offset", "0"))
    except ValueError:
        return refused(400, "limit and offset are whole numbers")
    if not 1 <= limit <= 100 or offset < 0:
        return refused(400, "limit goes from 1 to 100, offset from 0")
    return told({"data": list(islice(sessions.values(), offset, offset + limit)), "total": len(sessions)}, "Sessions")


async def creating(request: Request) -> Response:
    if request.headers.get("content-type") != "application/json":
        return refused(400, "send JSON")
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        return refused(400, str(error))
    if not checks["NewSession"].is_valid(body):
        return refused(400, str(next(checks["NewSession"].iter_errors(body)).message))
    made = {"id": secrets.token_hex(10), **body, "status": "active", "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    sessions[made["id"]] = made
    return told(made, "Session", 201)


async def reading(request: Request) -> Response:
    found = sessions.get(request.path_params["id"])
    return refused(404, "no such session") if found is None else told(found, "Session")


async def deleting(request: Request) -> Response:
    gone = sessions.pop(request.path_params["id"], None)
    return refused(404, "no such session") if gone is None else Response(status_code=204)


app = Starlette(
    routes=[
        Route("/sessions", listing, methods=["GET"]),
        Route("/sessions", creating, methods=["POST"]),
        Route("/sessions/{id}", reading, methods=["GET"]),
        Route("/sessions/{id}", deleting, methods=["DELETE"]),
    ]
)


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
