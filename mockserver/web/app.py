"""The ASGI application: bytes into a Call, a Reply into bytes.

The vendors' side is plain ASGI, for it is the path every request takes, and so is the control API, which programs wait for. It is made when it is
first asked for, and so are the pages beside it, which are Starlette's: most servers are started by programs that never look at any.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from mockserver.contract.wire import largest_body
from mockserver.engine.engine import Engine
from mockserver.engine.problems import problem
from mockserver.engine.site import Site
from mockserver.message import Reply
from mockserver.web.outbox import Outbox
from mockserver.web.travel import read_headers, travel

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mockserver.web.control import Control

own_prefix: Final = "/_mockserver"

log: Final = logging.getLogger("mockserver")


class App:
    """The whole server as one ASGI application.

    pages   what stands beside the control API under its prefix, behind the same guard
    token   what one must show to be let in there; "": being on this machine is enough
    prompt  whether a vendor's call is answered by `answer` alone, without waiting for anything
    """

    prompt = True

    def __init__(self, site: Site, pages: Iterable[BaseRoute] = (), token: str = "") -> None:
        self.site, self._pages, self._token = site, pages, token
        self.outbox = Outbox(site)

    @cached_property
    def control(self) -> Control:
        """The control API."""
        from mockserver.web.control import Control

        return Control(self.site, self.outbox)

    @cached_property
    def own(self) -> ASGIApp:
        """What answers under our own prefix."""
        from mockserver.web.guard import Guard

        async def beside(scope: Scope, receive: Receive, send: Send) -> None:
            await (self.control if self.control.knows(scope) else self.looked_at)(scope, receive, send)

        return Guard(beside, self._token)

    @cached_property
    def looked_at(self) -> ASGIApp:
        """The pages, and the control API for what it knows nothing of either: programs ask for neither, and Starlette takes long to import."""
        from starlette.applications import Starlette
        from starlette.routing import Mount

        own = Starlette(routes=[Mount(own_prefix, routes=[*self._pages, Mount("/", self.control)])])
        own.state.control = self.control
        return own

    def close(self) -> None:
        """Let those go who follow what happens here: they would keep the server waiting."""
        if "control" in vars(self):
            self.control.closing = True

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
        if body is not None:  # else the client went away in the middle: nothing was asked
            await deliver(self.answer(scope, body), scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What goes on beside the answering, for as long as the server runs: webhooks are sent, changed documents read again."""
        beside = [asyncio.create_task(self.outbox.run())]
        if any(type(engine) is not Engine for engine in self.site.engines.values()):  # a document of the user's own: it may change
            from mockserver.web.watch import watching

            beside.append(asyncio.create_task(watching(self.site)))
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    def answer(self, scope: Scope, body: bytes) -> Reply:
        """The reply of whoever the request is for. A failure of ours is a loud 500, never a dropped connection."""
        if len(body) > largest_body:
            return problem("too-large", f"bodies are read up to {largest_body} bytes")
        headers = heard(tuple(map(tuple, scope["headers"])))
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        host = headers.get("host") or ":".join(map(str, scope.get("server") or ("localhost",)))
        try:
            return self.site.answer(
                scope["method"],
                scheme_of(scope, headers) if "x-forwarded-proto" in headers else scope.get("scheme", "http"),
                host,
                path,
                scope["query_string"].decode("latin-1"),
                headers,
                body,
            )
        except Exception as error:
            log.exception("%s %s", scope["method"], path)
            return problem("own-error", f"{type(error).__name__}: {error}; please report it with the request that caused it")


@lru_cache(maxsize=256)
def heard(raw: tuple[tuple[bytes, bytes], ...]) -> Mapping[str, str]:
    """The headers of a request. A client sends the same ones again and again."""
    return read_headers(raw)


def scheme_of(scope: Scope, headers: Mapping[str, str]) -> str:
    """The scheme as the client used it: a proxy that ends TLS before us says so."""
    told = headers.get("x-forwarded-proto")
    return told if told in ("http", "https") else str(scope.get("scheme", "http"))


async def read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the client hung up. Beyond the limit it is read on, but not kept."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    if not message.get("more_body"):
        body: bytes = message.get("body", b"")
        return body
    parts, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size <= largest_body + 1:
            parts.append(message.get("body", b""))
        elif len(parts[0]) <= largest_body:
            parts = [bytes(largest_body + 1)]
    return b"".join(parts)


async def deliver(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Write a reply, the way its delivery says."""
    going = travel(reply, scope["method"])
    if going.delay:
        await sleep(going.delay)
    if going.silent:
        await hang_up(receive, send)
        return
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in going.headers]
    await send({"type": "http.response.start", "status": going.status, "headers": headers})
    if going.pace:
        for at in range(len(going.body)):
            await send({"type": "http.response.body", "body": going.body[at : at + 1], "more_body": True})
            await sleep(going.pace)
    rest = b"" if going.pace else going.body
    await send({"type": "http.response.body", "body": rest, "more_body": going.dropped})
    if going.dropped:
        await hang_up(receive, send)


async def sleep(seconds: float) -> None:
    """Under whatever loop the application runs: that of a test may be trio's."""
    import anyio  # needed by nothing but late replies

    await anyio.sleep(seconds)


async def hang_up(receive: Receive, send: Send) -> None:
    """Drop the connection. ASGI has no word for it; uvicorn's `send` belongs to an object that knows the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError("a fault of this world drops the connection here")
    transport.close()  # what was written before still goes out
    while (await receive())["type"] != "http.disconnect":
        pass


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
