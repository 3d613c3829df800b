"""The ASGI application, spoken to as a server speaks to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from mockserver.web import app as apps
from mockserver.web.app import App, read_body
from tests import toy


def spoken(app: App, scope: dict[str, Any], *messages: dict[str, Any]) -> list[Any]:
    """What the application sends when it gets these messages."""
    sent: list[Any] = []
    coming = iter(messages)

    async def receive() -> Any:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_a_websocket_is_closed_and_not_left_waiting() -> None:
    """No vendor here speaks it."""
    assert spoken(App(toy.site()), {"type": "websocket", "path": "/"}) == [{"type": "websocket.close", "code": 1000}]


def test_a_path_is_taken_as_it_was_sent() -> None:
    """A slash within a name is not one between names; who decodes the path decodes it once, in the contract."""
    site = toy.site()
    scope = {"type": "http", "method": "GET", "path": "/library/shelves/a/b", "raw_path": b"/library/shelves/a%2Fb"}
    spoken(App(site), {**scope, "query_string": b"", "headers": list(toy_headers())}, {"type": "http.request", "body": b""})
    (exchange,) = site.worlds.get("default").journal
    assert (exchange.call.path, exchange.operation) == ("/shelves/a%2Fb", "getShelf")


def toy_headers() -> Iterable[tuple[bytes, bytes]]:
    return ((name.encode(), value.encode()) for name, value in {"host": "localhost", **toy.reader}.items())


def test_of_a_body_that_is_too_large_no_more_is_kept_than_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much still comes, the memory it takes is bounded."""
    monkeypatch.setattr(apps, "largest_body", 10)
    parts = iter([{"type": "http.request", "body": b"x" * 7, "more_body": number < 9} for number in range(10)])

    async def receive() -> Any:
        return next(parts)

    body = asyncio.run(read_body(receive))
    assert body is not None
    assert len(body) == 11


def test_headers_may_come_as_lists() -> None:
    """ASGI asks for pairs, not for tuples: whatever server or client hands them over."""
    site = toy.site()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/library/shelves",
        "query_string": b"",
        "headers": [[*pair] for pair in toy_headers()],
    }
    sent = spoken(App(site), scope, {"type": "http.request", "body": b""})
    assert sent[0]["status"] == 200
