"""The two ways from a connection to an answer: what is on the wire does not tell which was taken."""

from __future__ import annotations

import re
import socket
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from uvicorn.server import ServerState

from mockserver.message import Reply
from mockserver.web import server
from mockserver.web.app import App
from mockserver.web.direct import Direct, head
from mockserver.web.server import Plan, in_thread
from tests import toy
from tests.web.conftest import Served

auth = b"Host: localhost\r\nAuthorization: Bearer writer\r\n"
new = b'{"name": "One more"}'
posted = b"POST /library/shelves HTTP/1.1\r\n" + auth + b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(new)
read = b"GET /library/shelves?limit=2 HTTP/1.1\r\n" + auth
close = b"Connection: close\r\n\r\n"


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """The ports of two servers of the same scene: one that answers where it reads, one that goes the way of ASGI only."""
    with in_thread(App(toy.site()), Plan()) as direct:
        monkeypatch.setattr(server, "protocol", lambda: "auto")
        with in_thread(App(toy.site()), Plan()) as roundabout:
            yield int(direct.url.rpartition(":")[2]), int(roundabout.url.rpartition(":")[2])


def said(port: int, parts: list[bytes]) -> bytes:
    """Everything that comes back on one connection, but for what differs from second to second."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            sock.sendall(part)
        told = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    return re.sub(rb"date: [^\r]*|20\d\d-\d\d-\d\dT[0-9:.]*Z|localhost:\d+", b"...", told)


conversations = {
    "one question": [read + close],
    "two on one connection": [read + b"\r\n" + read + close],
    "two in the pieces they fall into": [read[:20], read[20:] + b"\r\n" + read[:50], read[50:] + close],
    "a body with its head": [posted + close + new],
    "a body after its head": [posted + close, new[:5], new[5:]],
    "a body in chunks": [
        posted.rpartition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n" + close,
        b"%x\r\n%s\r\n" % (len(new), new),
        b"0\r\n\r\n",
    ],
    "a body and a question after it": [posted + b"\r\n" + new + read + close],
    "hundreds behind a page of ours": [
        b"GET /_mockserver/health HTTP/1.1\r\nHost: localhost\r\n\r\n" + 500 * (read + b"\r\n") + read + close
    ],
    "a body that waits to be asked for": [posted + b"Expect: 100-continue\r\n" + close, new],
    "a body beyond what is held back": [posted.rpartition(b"Content-Length")[0] + b"Content-Length: 200000\r\n" + close, b"x" * 200_000],
    "no body": [b"HEAD /library/shelves HTTP/1.1\r\n" + auth + close],
    "nothing to say": [b"DELETE /library/shelves/s1/books/b1 HTTP/1.1\r\n" + auth + close],
    "nowhere": [b"GET /library/nowhere HTTP/1.1\r\n" + auth + close],
    "an old client": [b"GET /library/shelves HTTP/1.0\r\n" + auth + b"\r\n"],
    "our own page": [b"GET /_mockserver/worlds HTTP/1.1\r\n" + auth + close],
    "no request": [b"what is this\r\n\r\n"],
}


@pytest.mark.parametrize("parts", conversations.values(), ids=conversations.keys())
def test_both_ways_say_the_same(ways: tuple[int, int], parts: list[bytes]) -> None:
    """Byte for byte, whole or in pieces, one request or several."""
    direct, roundabout = (said(port, parts) for port in ways)
    assert direct == roundabout
    assert direct.startswith(b"HTTP/1.1 ")


def test_a_proxy_that_ends_tls_is_believed(served: Served) -> None:
    """Links in replies begin with the scheme that the client used."""
    served.client.get(f"{served.url}/shelves?limit=1", headers={**toy.writer, "x-forwarded-proto": "https"})
    served.client.get(f"{served.url}/shelves?limit=1", headers={**toy.writer, "x-forwarded-proto": "gopher"})
    bases = [exchange.call.base for exchange in served.site.worlds.get(served.world).journal]
    assert [base.partition(":")[0] for base in bases] == ["https", "http"]


@pytest.mark.parametrize("headers", [{"X-Word": "a\r\nset-cookie: b=c"}, {"X-Word": "a\x00"}, {"X Word": "a"}, {"": "a"}], ids=repr)
def test_a_header_that_would_not_stay_one_is_a_loud_500(
    ways: tuple[int, int], monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    """Whatever a client gets repeated in a header stays in that header; never half a reply."""
    monkeypatch.setattr(App, "answer", lambda *_: Reply(200, {}, headers))
    for port in ways:
        told = said(port, [read + close])
        assert told.startswith(b"HTTP/1.1 500")
        assert b"own-error" in told
        assert b"\r\nset-cookie" not in told


def test_a_header_is_latin_1() -> None:
    """As HTTP/1.1 writes them; a status that nobody knows has no phrase."""
    assert head(
        204, [("x-word", "Grüße")], keep_alive=False
    ) == "HTTP/1.1 204 No Content\r\nx-word: Grüße\r\nconnection: close\r\n\r\n".encode("latin-1")
    assert head(299, [], keep_alive=True) == b"HTTP/1.1 299 \r\n\r\n"


class Slow:
    """A loop whose time is told, and a transport: what a connection waits on and closes."""

    def __init__(self) -> None:
        self.now, self.open = 0.0, True
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, work: Callable[[], None]) -> Slow:
        self.waiting.append((self.now + seconds, work))
        return self

    def is_closing(self) -> bool:
        return not self.open

    def close(self) -> None:
        self.open = False

    def resume_reading(self) -> None:
        pass

    def until(self, when: float) -> bool:
        """Let time pass; whether the connection is still open then."""
        while due := sorted((each for each in self.waiting if each[0] <= when), key=lambda each: each[0])[:1]:
            self.waiting.remove(due[0])
            self.now = due[0][0]
            due[0][1]()
        self.now = when
        return self.open


def kept(loop: Slow) -> Direct:
    """A connection that has just answered."""
    connection = Direct.__new__(Direct)
    connection.loop = connection.transport = connection.flow = loop  # type: ignore[assignment]  # as much of each as is asked for
    connection.server_state, connection.pipeline, connection.timeout_keep_alive = ServerState(), deque(), 75
    connection.timeout_keep_alive_task, connection.cycle = None, SimpleNamespace(response_complete=True)  # type: ignore[assignment]  # as above
    connection.on_response_complete()
    return connection


def test_an_idle_connection_is_closed_in_time() -> None:
    """75 seconds after its last answer, however many came before; one timer at a time."""
    loop = Slow()
    connection = kept(loop)
    for when in range(10, 300, 10):
        assert loop.until(when)
        connection.on_response_complete()
        assert len(loop.waiting) == 1
    assert loop.until(290 + 74.9)
    assert not loop.until(290 + 75.1)


def test_a_connection_that_is_waited_on_is_not_idle() -> None:
    """A late reply may take longer than a connection is kept."""
    loop = Slow()
    connection = kept(loop)
    connection.cycle.response_complete = False
    assert loop.until(1000)
    connection.cycle.response_complete = True
    connection.on_response_complete()
    assert loop.until(1074)
    assert not loop.until(1076)
