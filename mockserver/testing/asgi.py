"""The doubles as an ASGI application, and all of a process behind its one server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.types import Receive, Scope, Send

from mockserver.message import Reply
from mockserver.web.app import App, deliver, lifespan, read_body
from mockserver.web.travel import read_headers

if TYPE_CHECKING:
    from mockserver.engine.site import Site
    from mockserver.state.world import World
    from mockserver.testing.host import Host

Answer = Callable[[str, str, str, str, str, dict[str, str], bytes], Reply]


class Asgi:
    """One bench or double as an ASGI application."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "http":
            body = await read_body(receive)
            if body is not None:
                await deliver(self.reply(scope, body), scope, receive, send)

    def reply(self, scope: Scope, body: bytes) -> Reply:
        headers = read_headers(scope["headers"])
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        host = headers.get("host") or "localhost"
        return self._answer(
            scope["method"], scope.get("scheme", "http"), host, path, scope["query_string"].decode("latin-1"), headers, body
        )


class Gate(App):
    """Every site of a process behind one socket. A path names its bench; one that names none means the newest bench.

    The application itself is that of the first site, its control API included; further sites join as they are asked.
    """

    prompt = False

    def __init__(self, host: Host, site: Site) -> None:
        super().__init__(site)
        self._host = host
        self._more: dict[int, App] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def adopt(self, site: Site) -> None:
        """Send the webhooks of a site, too. To be called from another thread than the server's."""

        async def adopted() -> None:
            self._app(site)

        if site is not self.site and id(site) not in self._more:
            asyncio.run_coroutine_threadsafe(adopted(), self._loop).result()

    def _app(self, site: Site) -> App:
        """The application of a site; from its first use on, its webhooks are sent."""
        if site is self.site:
            return self
        app = self._more.get(id(site))
        if app is None:
            app = self._more[id(site)] = App(site)
            self._sending.add(asyncio.get_running_loop().create_task(app.outbox.run()))
            mail_from_anywhere(site, app)
        return app

    async def exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].split("/", 3)
        bench = self._host.benches.get(path[2]) if path[1] == "_world" else self._host.newest
        body = await read_body(receive)
        if body is None:
            return
        if bench is None:
            await deliver(Reply(410, body=over.format(scope["path"]).encode(), media="text/plain; charset=utf-8"), scope, receive, send)
            return
        if path[1] != "_world":
            scope["headers"] = [*scope["headers"], (b"mock-world", bench.name.encode())]
        app = self._app(bench.site)
        with self._host.lock:
            reply = app.answer(scope, body)
        await deliver(reply.with_headers(one_call), scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        mail_from_anywhere(self.site, self)
        async with super().running():
            yield
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)


# A client that its test forgets to close would otherwise leave an open socket behind, and a warning in some later test.
one_call: Final = {"connection": "close"}
over: Final = "{}: the test that this address was made for is over, and its world is gone"


def mail_from_anywhere(site: Site, app: App) -> None:
    """A test moves clocks and answers calls in a thread of its own; what that puts into an outbox is told to the server's loop."""
    loop = asyncio.get_running_loop()

    def mail(world: World) -> None:
        loop.call_soon_threadsafe(app.outbox.look, world)

    site.mail = mail
