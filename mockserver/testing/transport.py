"""The transport of httpx and httpx2, for their sync and async clients alike: calls are answered in the process.

The two libraries have the same classes under two names; which one asks is told by the request, so neither is imported here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any, Final, Self

from mockserver.message import Call
from mockserver.testing.memory import Speak
from mockserver.web.travel import Travel, read_headers


def call_in(request: Any, body: bytes) -> Call:
    url = request.url
    path, _, query = url.raw_path.decode("latin-1").partition("?")
    headers = read_headers(request.headers.raw)
    return Call(request.method, path, query, headers, body, f"{url.scheme}://{headers.get('host') or url.netloc.decode('latin-1')}")


@lru_cache
def library(module: str) -> tuple[ModuleType, Any]:
    """httpx or httpx2, whose module this is, and the body of a reply as its clients want it."""
    lib = sys.modules[module.partition(".")[0]]
    return lib, stream_of(lib)


def wait(request: Any, going: Travel) -> float:
    """The seconds a reply takes. A client that would have stopped waiting is told at once: no test waits for it."""
    patience = (request.extensions.get("timeout") or {}).get("read")
    if patience is not None and max(going.delay, going.pace) > patience:
        raise library(type(request).__module__)[0].ReadTimeout("The read operation timed out", request=request)
    return going.delay + going.pace * len(going.body)


def answer(request: Any, going: Travel) -> Any:
    """The reply as the library's own response, or its own error."""
    lib, stream = library(type(request).__module__)
    lost = None
    if going.silent:
        raise lib.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    if going.dropped and int(dict(going.headers).get("content-length", "0")) > len(going.body):
        lost = lib.RemoteProtocolError("peer closed connection without sending complete message body", request=request)
    return lib.Response(going.status, headers=going.headers, request=request, stream=stream(going.body, lost), extensions=spoken)


spoken: Final = {"http_version": b"HTTP/1.1"}


def stream_of(lib: ModuleType) -> Any:
    class Body(lib.SyncByteStream, lib.AsyncByteStream):  # type: ignore[misc, name-defined]  # which library, only the request knows
        """What arrives, and the error that ends it, if one does."""

        def __init__(self, body: bytes, lost: Exception | None) -> None:
            self._body, self._lost = body, lost

        def __iter__(self) -> Iterator[bytes]:
            yield self._body
            if self._lost is not None:
                raise self._lost

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield self._body
            if self._lost is not None:
                raise self._lost

    return Body


class Transport:
    """`httpx.Client(transport=…)`, `httpx.AsyncClient(transport=…)`, and the same of httpx2."""

    def __init__(self, speak: Speak) -> None:
        self._speak = speak

    def handle_request(self, request: Any) -> Any:
        going = self._speak(call_in(request, request.read()))
        if going.delay or going.pace:
            time.sleep(wait(request, going))
        return answer(request, going)

    async def handle_async_request(self, request: Any) -> Any:
        going = self._speak(call_in(request, await request.aread()))
        if going.delay or going.pace:
            import anyio

            await anyio.sleep(wait(request, going))
        return answer(request, going)

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""
