"""Webhooks on their way: what a world wants sent is sent when its clock says so, and again when it was not taken."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from mockserver.engine.site import Site
from mockserver.state.clock import minute, second
from mockserver.state.world import Post, World
from mockserver.values import frozen

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

patience: Final = 10.0
tick: Final = 1.0

# Seven tries in all: the first and six more, each wait about three times the last (documented: up to six retries, exponential).
waits: Final = (5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, 90 * minute)


@frozen
class Sent:
    """One try: what was sent, and the status that came back (0: no answer, and why). number: which try of its world, from 1."""

    post: Post
    status: int
    error: str = ""
    number: int = 0


class Outbox:
    """Sends what the worlds of a site want sent."""

    def __init__(self, site: Site) -> None:
        self.sent: dict[str, deque[Sent]] = {}
        self._waiting: dict[str, World] = {}
        self._call: asyncio.Event | None = None
        self._under_way: dict[asyncio.Task[None], tuple[str, str]] = {}
        self._engines = site.engines
        site.mail = self.look

    def look(self, world: World) -> None:
        """This world has something to send, or its clock was moved."""
        self._waiting[world.name] = world
        if self._call is not None:
            self._call.set()

    async def run(self) -> None:
        """Send until cancelled."""
        self._call = asyncio.Event()
        try:
            while True:
                for name, world in tuple(self._waiting.items()):
                    self._send_due(world)
                    if not world.outbox:
                        del self._waiting[name]
                try:
                    await asyncio.wait_for(self._call.wait(), tick if self._waiting else None)
                except TimeoutError:
                    continue
                self._call.clear()
        finally:
            for task in self._under_way:
                task.cancel()

    async def flush(self, world: World) -> None:
        """Send what is due by now, and come back when every try has its answer."""
        self._send_due(world)
        while tasks := [task for task, (name, _) in self._under_way.items() if name == world.name]:
            await asyncio.wait(tasks)
            self._send_due(world)

    def _send_due(self, world: World) -> None:
        now, busy = world.clock.now(), set(self._under_way.values())
        going: dict[str, list[Post]] = {}
        staying: list[Post] = []
        for post in world.outbox:
            waits_its_turn = post.due > now or (world.name, post.url) in busy
            (staying if waits_its_turn else going.setdefault(post.url, [])).append(post)
        world.outbox[:] = staying
        for url, posts in going.items():
            task = asyncio.create_task(self._send(world, posts))
            self._under_way[task] = (world.name, url)
            task.add_done_callback(self._under_way.pop)
            task.add_done_callback(lambda _: self.look(world))

    async def _send(self, world: World, posts: list[Post]) -> None:
        """One after the other, so that an endpoint sees events in their order."""
        for post in posts:
            tried = world.clock.now()  # before the endpoint sees it: whoever moves the clock then finds the next try where it belongs
            signed = self._engines[post.vendor].vendor.sign(world, post, int(time.time() * 1000))
            sent = await asyncio.to_thread(send, post, signed)
            kept = self.sent.setdefault(world.name, deque(maxlen=1000))
            kept.append(replace(sent, number=kept[-1].number + 1 if kept else 1))
            if not 200 <= sent.status < 300 and post.attempt <= len(waits):
                world.outbox.append(replace(post, attempt=post.attempt + 1, due=tried + waits[post.attempt - 1]))


@cache
def opener() -> OpenerDirector:
    """What opens connections, never through a proxy."""
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """A webhook goes where it was asked to go and nowhere else."""

        def redirect_request(self, *_: object) -> None:
            return None

    return urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def send(post: Post, signed: Mapping[str, str]) -> Sent:
    """One try to deliver, with what is signed for this try."""
    import urllib.error  # a tenth of what starting costs, and most servers send nothing
    import urllib.request

    try:
        request = urllib.request.Request(post.url, post.body, {**post.headers, **signed}, method="POST")  # noqa: S310  # checked below
        if request.type not in ("http", "https"):
            return Sent(post, 0, f"{request.type}: is not http or https")
        with opener().open(request, timeout=patience) as response:
            return Sent(post, response.status)
    except urllib.error.HTTPError as error:
        return Sent(post, error.code)
    except (OSError, ValueError) as error:
        return Sent(post, 0, str(error))
