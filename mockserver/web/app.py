"""The ASGI application: bytes into a Call, a Reply into bytes.

The vendors' side is plain ASGI, for it is the path every request takes; everything around it (control, pages) is Starlette.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.problems import problem
from mockserver.engine.site import Site
from mockserver.message import AT_ONCE, Reply
from mockserver.web.outbox import Outbox

own_prefix: Final = "/_mockserver"
largest_body: Final = 32 * 1024 * 1024

# RFC 9110: these carry no body, and no Content-Length either.
bodiless: Final = frozenset({204, 304})

log: Final = logging.getLogger("mockserver")


class App:
    """The whole server as one ASGI application."""

    def __init__(self, site: Site, routes: Iterable[BaseRoute] = ()) -> None:
        self.site = site
        self.own: ASGIApp = Starlette(routes=[Mount(own_prefix, routes=list(routes))])
        self.outbox = Outbox(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            if scope["path"].startswith(own_prefix):
                await self.own(scope, receive, send)
            else:
                await self.exchange(scope, receive, send)
        elif kind == "lifespan":
            await lifespan(receive, send)
        elif kind == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request to a vendor."""
        body = await read_body(receive)
        if body is None:
            return  # the client went away in the middle: nothing was asked
        reply = self.answer(scope, body)
        await deliver(reply, scope, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What goes on beside the answering, for as long as the server runs: webhooks are sent."""
        sending = asyncio.create_task(self.outbox.run())
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def answer(self, scope: Scope, body: bytes) -> Reply:
        """The reply of whoever the request is for. A failure of ours is a loud 500, never a dropped connection."""
        if len(body) > largest_body:
            return problem("too-large", f"bodies are read up to {largest_body} bytes")
        headers = read_headers(scope["headers"])
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        host = headers.get("host") or ":".join(map(str, scope.get("server") or ("localhost",)))
        try:
            return self.site.answer(
                scope["method"], scope.get("scheme", "http"), host, path, scope["query_string"].decode("latin-1"), headers, body
            )
        except Exception as error:
            log.error("%s %s\n%s", scope["method"], path, traceback.format_exc())
            return problem("own-error", f"{type(error).__name__}: {error}; please report it with the request that caused it")


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a repeated header's values joined as RFC 9110 says (Cookie as RFC 9113 says)."""
    out: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name in out:
            value = f"{out[name]}{'; ' if name == 'cookie' else ', '}{value}"
        out[name] = value
    return out


async def read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the client hung up. Beyond the limit it is read on, but not kept."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size <= largest_body + 1:
            parts.append(message.get("body", b""))
        elif len(parts) > 1:
            parts = [bytes(largest_body + 1)]
    return b"".join(parts)


async def deliver(reply: Reply, scope: Scope, send: Send) -> None:
    """Write a reply, the way its delivery says."""
    content = reply.content
    if reply.delivery is not AT_ONCE and reply.delivery.delay:
        await asyncio.sleep(reply.delivery.delay)
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in reply.headers.items()]
    headers.append((b"date", http_date(int(time.time()))))
    if reply.status not in bodiless:
        if content and "content-type" not in {name.lower() for name in reply.headers}:
            headers.append((b"content-type", (reply.media or "application/json").encode("latin-1")))
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


@lru_cache(maxsize=4)
def http_date(second: int) -> bytes:
    """An IMF-fixdate."""
    return formatdate(second, usegmt=True).encode()


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

