"""Webhooks in tests: from a double's outbox to an endpoint of the test's own, and what faults do to them on the way."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest


@dataclass
class Endpoint:
    """Where webhooks arrive: the events in the order of their arrival."""

    url: str
    came: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def next(self, count: int) -> list[str]:
        """The e-mail addresses of the users that the next so many events are about."""
        return [self.came.get(timeout=20)["data"]["email"] for _ in range(count)]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.came.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        told = Endpoint(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def make_users(workos: Any, *names: str) -> list[str]:
    """New users, made through a client in the process; returns their e-mail addresses."""
    key = {"authorization": f"Bearer {workos.credentials['api_key']}"}
    addresses = [f"{name}@example.com" for name in names]
    with httpx.Client(transport=workos.transport(), base_url="https://api.workos.com", headers=key) as client:
        for address in addresses:
            assert client.post("/user_management/users", json={"email": address}).status_code == 201
    return addresses


def listening(workos: Any, endpoint: Endpoint) -> None:
    """Whoever has an address sends webhooks."""
    assert workos.url
    workos.state.webhook_endpoints.add(endpoint_url=endpoint.url, events=["user.created"])


def test_a_call_in_the_process_has_its_webhooks_delivered(workos: Any, endpoint: Endpoint) -> None:
    """A double that has been asked for its address sends them, however it is called."""
    listening(workos, endpoint)
    made = make_users(workos, "zoe", "yan")
    assert endpoint.next(2) == made


@pytest.mark.mockserver(seed="another site")
def test_every_site_of_a_process_delivers(workos: Any, endpoint: Endpoint) -> None:
    """Also one that is not the first of its process."""
    listening(workos, endpoint)
    made = make_users(workos, "zoe")
    assert endpoint.next(1) == made


def test_what_waits_is_sent_once_there_is_an_address(workos: Any, endpoint: Endpoint) -> None:
    """Before, nothing of a test in the process leaves it, whatever other tests of the process have asked for."""
    with workos.bench.host.open(workos.bench.terms) as other:
        assert other.double("workos").url
    workos.state.webhook_endpoints.add(endpoint_url=endpoint.url, events=["user.created"])
    made = make_users(workos, "zoe")
    workos.clock.advance(seconds=1)
    assert len(workos.bench.world.outbox) == 1
    assert workos.url
    assert endpoint.next(1) == made


@pytest.mark.mockserver(intercept=True, allow_hosts=["127.0.0.1"])
def test_webhooks_leave_while_calls_are_caught(workos: Any, endpoint: Endpoint) -> None:
    """Their endpoint is a host like any other: it has to be allowed."""
    assert workos.ca
    workos.state.webhook_endpoints.add(endpoint_url=endpoint.url, events=["user.created"])
    made = make_users(workos, "zoe")
    assert endpoint.next(1) == made


def test_a_duplicate_is_delivered_twice(workos: Any, endpoint: Endpoint) -> None:
    """Only what the struck call caused, and the same event both times."""
    listening(workos, endpoint)
    with workos.fault({"effect": "duplicate", "operations": "createUser", "times": 1}):
        make_users(workos, "zoe", "yan")
    assert endpoint.next(3) == ["zoe@example.com", "zoe@example.com", "yan@example.com"]


def test_reordered_webhooks_arrive_the_newest_first(workos: Any, endpoint: Endpoint) -> None:
    """They wait for one another by the world's clock: nothing comes before, and then the last is the first."""
    workos.clock.freeze()
    listening(workos, endpoint)
    with workos.fault({"effect": "reorder", "seconds": 30}):
        make_users(workos, "zoe", "yan", "xia")
    make_users(workos, "wim")
    assert endpoint.next(1) == ["wim@example.com"]
    workos.clock.advance(seconds=30)
    assert endpoint.next(3) == ["xia@example.com", "yan@example.com", "zoe@example.com"]
