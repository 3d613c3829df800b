"""Webhooks on their way: what a world wants sent is sent when its clock says so, and again when it was not taken."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from mockserver.engine.site import Site
from mockserver.state.clock import minute, second
from mockserver.state.world import Post, World


patience: Final = 10.0
tick: Final = 1.0

# Seven tries in all: the first and six more, each wait about three times the last (documented: up to six retries, exponential).
waits: Final = (5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, 90 * minute)


@dataclass(frozen=True, slots=True)
class Sent:
    """One try: what was sent, and the status that came back (0: no answer, and why)."""

    post: Post
    status: int
    error: str = ""


class Outbox:
    """Sends what the worlds of a site want sent."""

    def __init__(self, site: Site) -> None:
        self.sent: dict[str, deque[Sent]] = {}
        self._waiting: dict[str, World] = {}
        self._call: asyncio.Event | None = None
        self._under_way: set[asyncio.Task[None]] = set()
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

    def _send_due(self, world: World) -> None:
        now = world.clock.now()
        due = [post for post in world.outbox if post.due <= now]
        if due:
            world.outbox[:] = [post for post in world.outbox if post.due > now]
            task = asyncio.create_task(self._send(world, due))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _send(self, world: World, posts: list[Post]) -> None:
        """One after the other, so that an endpoint sees events in their order."""
        for post in posts:
            sent = await asyncio.to_thread(send, post)
            self.sent.setdefault(world.name, deque(maxlen=1000)).append(sent)
            if not 200 <= sent.status < 300 and post.attempt <= len(waits):
                world.outbox.append(replace(post, attempt=post.attempt + 1, due=world.clock.now() + waits[post.attempt - 1]))
                self.look(world)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook goes where it was asked to go and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


opener: Final = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def send(post: Post) -> Sent:
    """One try to deliver."""
    try:
        request = urllib.request.Request(post.url, post.body, dict(post.headers), method="POST")  # noqa: S310  # checked below
        if request.type not in ("http", "https"):
            return Sent(post, 0, f"{request.type}: is not http or https")
        with opener.open(request, timeout=patience) as response:
            return Sent(post, response.status)
    except urllib.error.HTTPError as error:
        return Sent(post, error.code)
    except (OSError, ValueError) as error:
        return Sent(post, 0, str(error))
