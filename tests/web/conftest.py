"""A toy vendor on real sockets, and somebody to send webhooks to."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import httpx
import pytest

from mockserver.engine.site import Site
from mockserver.web.app import App
from mockserver.web.server import Address, Plan, in_thread
from tests import toy


@dataclass(frozen=True, slots=True)
class Served:
    """The toy as the outside sees it, in a world of this test's own."""

    site: Site
    address: Address
    client: httpx.Client
    world: str

    @property
    def port(self) -> int:
        return int(self.address.url.rpartition(":")[2])

    @property
    def url(self) -> str:
        return f"{self.address.url}/_world/{self.world}/library"

    @property
    def control(self) -> str:
        return f"{self.address.url}/_mockserver/worlds/{self.world}"


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[Site, Address, httpx.Client]]:
    site = toy.site()
    plan = Plan(tls_port=0, names=("api.library.example.com", "*.shelf.example.com"))
    with in_thread(App(site), plan) as address, httpx.Client(timeout=60) as client:
        yield site, address, client


numbers = itertools.count()


@pytest.fixture
def served(running: tuple[Site, Address, httpx.Client]) -> Iterator[Served]:
    name = f"web-{next(numbers)}"
    yield Served(*running, name)
    running[0].worlds.drop(name)


class Came(NamedTuple):
    """One delivery: where to, what, and with which headers (lower-case names)."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Receiver:
    """An endpoint for webhooks, which answers with the statuses it is given and then with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    came: queue.Queue[Came] = field(default_factory=queue.Queue)
    held: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Came:
        return self.came.get(timeout=20)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()
    told.held.set()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.came.put(Came(self.path, body, {name.lower(): value for name, value in self.headers.items()}))
            told.held.wait(20)
            self.send_response(told.statuses.pop(0) if told.statuses else 200)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield told
        told.held.set()
        server.shutdown()
        thread.join()
