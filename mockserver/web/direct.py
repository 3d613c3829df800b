"""Vendors' calls answered where they are read.

uvicorn gives every request a task, two messages and an event to wait for, which together cost as much as our whole answer. A vendor's answer
waits for nothing: it is written as soon as its request is whole. Whatever does wait (our own pages, replies that are late, slow or cut on
purpose, bodies larger than uvicorn holds back, `Expect: 100-continue`) goes the way of ASGI, with the same words on the wire.
"""

from __future__ import annotations

import time
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.message import AT_ONCE, Delivery, Reply
from mockserver.web.app import App, deliver, own_prefix
from mockserver.web.travel import bodiless, travel

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Direct(HttpToolsProtocol):
    """One connection.

    held   the request that is answered as soon as it is whole
    quiet  when the last answer was written, by the loop's clock
    """

    held: RequestResponseCycle | None = None
    quiet: float = 0.0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Uvicorn has read a request's head, and the one before it is answered."""
        if app is not self.app or cycle.scope["path"].startswith(own_prefix) or cycle.waiting_for_100_continue:
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self.held = cycle
        else:
            self.answer(cycle)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self.held is not None and len(self.held.body) > HIGH_WATER_LIMIT:  # from here on somebody must ask for more
            cycle, self.held = self.held, None
            super()._start_asgi_task(cycle, self.app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.held is not None:
            cycle, self.held = self.held, None
            self.answer(cycle)

    def answer(self, cycle: RequestResponseCycle) -> None:
        """Answer a request that is whole."""
        app: App = self.config.app  # type: ignore[assignment]  # what our server is made with
        reply = app.answer(cycle.scope, bytes(cycle.body))  # type: ignore[arg-type]  # Starlette and uvicorn type a scope each their own way
        if reply.delivery is not AT_ONCE or self.flow.write_paused:
            super()._start_asgi_task(cycle, partial(delivered, reply))
            return
        self.transport.write(written(reply, cycle.scope["method"], cycle.keep_alive))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # -- how long an idle connection is kept ------------------------------------------------------------------------
    # uvicorn cancels a timer and sets another for each request. Here one runs on, and looks at how long it has been quiet when it ends.

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self.quiet = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait(self.timeout_keep_alive)
        if self.pipeline:  # not at once: each answer would lie deeper on the stack than the one before
            self.loop.call_soon(self.answer_next)

    def answer_next(self) -> None:
        """Go on with what came behind a request that took its time."""
        if self.pipeline and not self.transport.is_closing():
            self._start_asgi_task(*self.pipeline.pop())

    def _wait(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        left = self.quiet + self.timeout_keep_alive - self.loop.time()
        if not self.cycle.response_complete:
            self._wait(self.timeout_keep_alive)
        elif left > 0:
            self._wait(left)
        else:
            super().timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        """Whenever something happens on the connection. The timer sees it in time."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()


async def delivered(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """A reply that is there already, as an application."""
    await deliver(reply, scope, receive, send)


def written(reply: Reply, method: str, keep_alive: bool) -> bytes:
    """A reply as it goes on the wire."""
    if reply.headers or method == "HEAD" or not keep_alive:
        going = travel(reply, method)
        return head(going.status, going.headers, keep_alive) + going.body
    body = reply.content
    start = bare_head(reply.status, reply.media, len(body), int(time.time()))
    return start if reply.status in bodiless else start + body


@lru_cache(maxsize=1000)
def bare_head(status: int, media: str | None, length: int, second: int) -> bytes:
    """The head of a reply that has no headers of its own: within one second many begin alike."""
    going = travel(Reply(status, body=b"x" if length else b"", media=media, delivery=Delivery(length=length)), "GET")
    return head(going.status, going.headers, keep_alive=True)


def head(status: int, headers: list[tuple[str, str]], keep_alive: bool) -> bytes:
    """The head of a response."""
    lines = [status_line(status), *[f"{name}: {value}" for name, value in headers]]
    if not keep_alive:
        lines.append("connection: close")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1", "replace")


@lru_cache(maxsize=1000)
def status_line(status: int) -> str:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return f"HTTP/1.1 {status} {phrase}"
