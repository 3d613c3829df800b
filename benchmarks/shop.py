"""The document that everybody serves: four operations on sessions, and as many more beside them as are wanted."""

from __future__ import annotations

import copy
from typing import Any, Final


def reply(status: str, schema: str = "") -> dict[str, Any]:
    told = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": {"given": {"value": examples[schema]}}} if schema else {}
    return {status: {"description": status, **({"content": {"application/json": told}} if told else {})}}


def query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", **schema}}


sent: Final = {
    "user_id": {"type": "string"},
    "ip_address": {"type": "string"},
    "user_agent": {"type": "string"},
    "auth_method": {"enum": ["password", "sso", "passkey"]},
}
kept: Final = {
    "id": {"type": "string"},
    **sent,
    "status": {"enum": ["active", "ended"]},
    "created_at": {"type": "string", "format": "date-time"},
}
schemas: Final[dict[str, Any]] = {
    "NewSession": {"type": "object", "required": ["user_id", "ip_address"], "additionalProperties": False, "properties": sent},
    "Session": {"type": "object", "required": ["id", "user_id", "ip_address", "status", "created_at"], "properties": kept},
    "Sessions": {
        "type": "object",
        "required": ["data", "total"],
        "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Session"}}, "total": {"type": "integer"}},
    },
}
session: Final = {
    "id": "0142bf099d74c85c849b",
    "user_id": "user_01",
    "ip_address": "192.0.2.1",
    "user_agent": "bench/1",
    "auth_method": "sso",
    "status": "active",
    "created_at": "2026-01-01T00:00:00Z",
}
examples: Final[dict[str, Any]] = {"Session": session, "Sessions": {"data": [session] * 10, "total": 10}}
"""What those who serve the examples of a document say: as many bytes as those who remember."""


def paths(word: str) -> dict[str, Any]:
    """The four operations on one collection."""
    return {
        f"/{word}": {
            "get": {
                "operationId": f"list-{word}",
                "parameters": [query("limit", minimum=1, maximum=100, default=10), query("offset", minimum=0, default=0)],
                "responses": reply("200", "Sessions"),
            },
            "post": {
                "operationId": f"create-{word}",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewSession"}}}},
                "responses": reply("201", "Session"),
            },
        },
        f"/{word}/{{id}}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": f"read-{word}", "responses": {**reply("200", "Session"), **reply("404")}},
            "delete": {"operationId": f"delete-{word}", "responses": {**reply("204"), **reply("404")}},
        },
    }


def document(operations: int = 4) -> dict[str, Any]:
    """The document with this many operations, a multiple of four. /sessions comes last, where a router that looks in turn finds it last."""
    words = [*(f"things{number}" for number in range(operations // 4 - 1)), "sessions"]
    return copy.deepcopy(
        {
            "openapi": "3.1.0",
            "info": {"title": "Sessions", "version": "1"},
            "paths": {path: item for word in words for path, item in paths(word).items()},
            "components": {"schemas": schemas},
        }
    )
