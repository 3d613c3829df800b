"""Real sockets: plain and TLS, slow and cut connections, and requests no good client would send."""

from __future__ import annotations

import contextlib
import gc
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.contract.wire import largest_body
from mockserver.errors import BadOption
from mockserver.web.app import App
from mockserver.web.server import Plan, in_thread, listening
from tests import toy
from tests.web.conftest import Served

credentials = b"Authorization: Bearer writer\r\n"


@contextlib.contextmanager
def wire(served: Served) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def head(served: Served, method: str, path: str, *more: bytes) -> bytes:
    lines = [f"{method} /_world/{served.world}/library{path} HTTP/1.1\r\nHost: localhost\r\n".encode(), credentials, *more]
    return b"".join(lines) + b"\r\n"


def answer(sock: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One reply off the wire."""
    file = sock.makefile("rb")
    status = int(file.readline().split()[1])
    headers = {}
    while (line := file.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, file.read(int(headers.get("content-length", 0)))


def shelves(served: Served) -> list[Any]:
    """What the world holds, asked over a connection of its own: the server still answers, too."""
    reply = served.client.get(f"{served.url}/shelves?limit=100", headers=toy.writer)
    assert reply.status_code == 200
    told: list[Any] = reply.json()["shelves"]
    return told


def test_a_program_that_embeds_a_server_keeps_its_garbage_collector() -> None:
    """Only `mockserver serve`, which has the process to itself, freezes what it loaded and turns the collector off while it starts."""
    before = gc.isenabled(), gc.get_freeze_count()
    with in_thread(App(toy.site()), Plan()):
        assert (gc.isenabled(), gc.get_freeze_count()) == before


# -- plain and TLS --------------------------------------------------------------------------------------------------


def test_the_same_world_is_there_on_both_sockets(served: Served) -> None:
    """What is made over http is found over https, signed by the CA that the server told of."""
    made = served.client.post(f"{served.url}/shelves", json={"name": "both"}, headers=toy.writer).json()["id"]
    assert served.address.ca
    secure = f"{served.address.tls_url}/_world/{served.world}/library/shelves/{made}"
    context = ssl.create_default_context(cafile=served.address.ca)
    assert httpx.get(secure, headers=toy.writer, verify=context).json()["name"] == "both"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "library.localhost", "api.library.example.com", "top.shelf.example.com"])
def test_the_certificate_covers_every_name_of_the_server(name: str, served: Served) -> None:
    """This machine's names and the vendors' real hosts."""
    context = ssl.create_default_context(cafile=served.address.ca)
    port = int(str(served.address.tls_url).rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as sock, context.wrap_socket(sock, server_hostname=name) as secure:
        assert (secure.version() or "") >= "TLSv1.2"


def test_nobody_elses_name_is_covered(served: Served) -> None:
    """A throw-away CA signs for nothing that is not served here."""
    context = ssl.create_default_context(cafile=served.address.ca)
    port = int(str(served.address.tls_url).rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port)) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
        context.wrap_socket(sock, server_hostname="www.example.org"),
    ):
        pass


def test_a_client_of_the_real_host_is_answered_at_the_root(served: Served) -> None:
    """By its Host header, prefix or none."""
    headers = {**toy.writer, "Host": "api.library.example.com", "Mock-World": served.world}
    assert served.client.get(f"{served.address.url}/shelves/s000", headers=headers).json() == {"id": "s000", "name": "Ada"}


def test_a_port_in_use_is_one_clear_line(served: Served) -> None:
    """Which port, why, and what to do; for either socket."""
    words = rf"cannot listen on 127\.0\.0\.1 port {served.port}: Address already in use; choose another with --port"
    for plan in (Plan(port=served.port), Plan(tls_port=served.port)):
        with pytest.raises(BadOption, match=words), in_thread(App(toy.site()), plan):
            pass


@pytest.mark.parametrize("host", ["256.1.1.1", "192.0.2.1"], ids=["none", "of another machine"])
def test_an_address_that_cannot_be_had_is_one_clear_line(host: str) -> None:
    """What was asked for and the system's own reason."""
    with (
        pytest.raises(BadOption, match=rf"cannot listen on {host} port 0: .*; choose another --host"),
        in_thread(App(toy.site()), Plan(host)),
    ):
        pass


def test_a_stopped_server_has_let_go_of_everything() -> None:
    """Its port is free again, its CA file gone, and open connections are closed."""
    from pathlib import Path

    with in_thread(App(toy.site()), Plan(tls_port=0)) as address:
        port = int(address.url.rpartition(":")[2])
        kept = socket.create_connection(("127.0.0.1", port), timeout=20)
        kept.sendall(b"GET /library/shelves/s000 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader\r\n\r\n")
        assert answer(kept)[0] == 200
    with kept:
        assert kept.recv(1) == b""
    assert not Path(str(address.ca)).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


# -- the shape of replies -------------------------------------------------------------------------------------------


def test_a_kept_connection_does_not_wait_for_acknowledgements() -> None:
    """The socket says it is TCP, without which asyncio leaves Nagle's algorithm on and every reply on a kept connection waits 40 ms."""
    with listening("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_head_has_the_headers_of_get_and_no_body(served: Served) -> None:
    """The length of what GET would have sent, and nothing behind it."""
    with wire(served) as sock:
        sock.sendall(head(served, "HEAD", "/shelves/s000") + head(served, "GET", "/shelves/s000", b"Connection: close\r\n"))
        everything = b"".join(iter(lambda: sock.recv(65536), b""))
    first, _, rest = everything.partition(b"\r\n\r\n")
    assert f"content-length: {len(json.dumps({'id': 's000', 'name': 'Ada'}, separators=(',', ':')))}".encode() in first
    assert rest.startswith(b"HTTP/1.1 200")


def test_204_has_neither_body_nor_length(served: Served) -> None:
    """RFC 9110: no Content-Length with 204."""
    with wire(served) as sock:
        sock.sendall(head(served, "DELETE", "/shelves/s000"))
        status, headers, _ = answer(sock)
    assert status == 204
    assert not headers.keys() & {"content-length", "content-type"}
    assert "date" in headers


# -- slow and cut ---------------------------------------------------------------------------------------------------

new = b'{"name":"slow"}'
json_of = b"Content-Type: application/json\r\n"


def test_a_slow_client_is_waited_for(served: Served) -> None:
    """A request that arrives byte by byte is answered like any other, and nobody else waits for it."""
    request = head(served, "POST", "/shelves", json_of, b"Content-Length: %d\r\n" % len(new)) + new
    with wire(served) as sock:
        for at in range(len(request)):
            sock.sendall(request[at : at + 1])
            if at == len(request) // 2:
                assert len(shelves(served)) == 12
        assert answer(sock)[0] == 201
    assert len(shelves(served)) == 13


@pytest.mark.parametrize("sent", [0, 10, 60, -8, -1], ids=["nothing", "in the line", "in the headers", "in the body", "before the end"])
def test_a_cut_request_changes_nothing(sent: int, served: Served) -> None:
    """A connection that ends before its request does leaves no half-made record, and the server goes on."""
    request = head(served, "POST", "/shelves", json_of, b"Content-Length: %d\r\n" % len(new)) + new
    with wire(served) as sock:
        sock.sendall(request[:sent])
    assert len(shelves(served)) == 12


def test_a_client_that_does_not_wait_for_its_answer(served: Served) -> None:
    """A whole request is carried out, whether or not anybody reads the reply."""
    request = head(served, "DELETE", "/shelves/s001", b"Connection: close\r\n")
    with wire(served) as sock:
        sock.sendall(request)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.recv(1)
    assert "s001" not in {shelf["id"] for shelf in shelves(served)}


def test_a_chunked_body_is_one_body(served: Served) -> None:
    """Transfer-Encoding: chunked."""
    with wire(served) as sock:
        sock.sendall(head(served, "POST", "/shelves", json_of, b"Transfer-Encoding: chunked\r\n"))
        sock.sendall(b"".join(b"1\r\n%c\r\n" % byte for byte in new) + b"0\r\n\r\n")
        status, _, body = answer(sock)
    assert (status, json.loads(body)["name"]) == (201, "slow")


# -- what no good client sends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_line", "statuses"),
    [
        (b"GET /library/shelves%zz HTTP/1.1", {404}),
        (b"GET /library/shelves/%00 HTTP/1.1", {404}),
        (b"GET /library/shelves/%ff%fe HTTP/1.1", {404}),
        (b"GET /library/shelves?limit=%00 HTTP/1.1", {400}),
        (b"GET /library/shelves?limit=%zz HTTP/1.1", {400}),
        (b"GET /library/shelves?limit=1&limit=2 HTTP/1.1", {400}),
        (b"GET /library/shelves?limit=" + b"9" * 60_000 + b" HTTP/1.1", {400, 414}),
        (b"GET /library/" + b"x" * 60_000 + b" HTTP/1.1", {404, 414, 400}),
        (b"GET /library/../../etc/passwd HTTP/1.1", {404}),
        (b"GET //library/shelves HTTP/1.1", {404}),
        (b"GET /library/shelves/\xff HTTP/1.1", {400, 404}),
        (b"GET /library/shelves/s\0 HTTP/1.1", {400}),
        (b"BREW /library/shelves HTTP/1.1", {400, 405}),
        (b"OPTIONS * HTTP/1.1", {400, 404}),
        (b"GET library HTTP/1.1", {400, 404}),
        (b"GET http://elsewhere.example.com/library/shelves HTTP/1.1", {400, 404, 200}),
        (b"\x16\x03\x01\x02\x00\x01\x00", {400}),
        (b"GET /library/shelves HTTP/9.9", {400, 505, 200}),
        (b"nonsense", {400}),
    ],
    ids=lambda case: case[:30].decode("latin-1") if isinstance(case, bytes) else "",
)
def test_a_strange_request_gets_an_answer_and_never_a_5xx(request_line: bytes, statuses: set[int], served: Served) -> None:
    """Broken escapes, NUL bytes, endless addresses and other nonsense: a 4xx, and the server goes on."""
    with wire(served) as sock:
        sock.sendall(request_line + b"\r\nHost: localhost\r\n" + credentials + b"Connection: close\r\n\r\n")
        assert answer(sock)[0] in statuses
    assert len(shelves(served)) == 12


@pytest.mark.parametrize(
    "header",
    [
        b"X-Long: " + b"x" * 65_536,
        b"\r\n".join(b"X-Many-%d: x" % number for number in range(2000)),
        b"X-Bytes: \xff\xfe\x80",
        b"Cookie: " + b"a=b; " * 10_000,
        b"Authorization: Bearer \xff",
        b"Content-Type: \xff",
        b"Mock-World: \xff",
        b"Expect: 100-continue",
        b"Range: bytes=0-1",
        b"If-None-Match: *",
        b"Accept: nonsense",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: -1",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"X-No-Colon",
        b"Host: two",
    ],
    ids=lambda header: header[:24].decode("latin-1"),
)
def test_strange_headers_get_an_answer_and_never_a_5xx(header: bytes, served: Served) -> None:
    """64 KB of one header, thousands of them, bytes that are no text, contradictory lengths: answered, and the server goes on."""
    with wire(served) as sock:
        sock.sendall(head(served, "GET", "/shelves/s000", header + b"\r\n"))
        assert answer(sock)[0] < 500
    assert len(shelves(served)) == 12


@pytest.mark.parametrize(
    ("size", "status"),
    [(10_000_000, 400), (largest_body - 100, 400), (largest_body + 1, 413), (largest_body * 2, 413)],
)
def test_a_large_body_is_read_and_judged(size: int, status: int, served: Served) -> None:
    """Ten megabytes are a body like any other; beyond what is read at all it says so, and nothing is made."""
    reply = served.client.post(f"{served.url}/shelves", content=b'{"name":"' + b"x" * (size - 11) + b'"}', headers=toy.writer)
    assert reply.status_code == status
    assert ("mock-problem" in reply.headers) == (status == 413)
    assert len(shelves(served)) == 12


def test_a_failure_of_ours_is_loud_and_does_not_stop_the_server(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """An exception in a behaviour is a 500 that says so, logged with its traceback."""
    engine = served.site.engines["library"]
    engine._behaviours["burn"] = lambda _: 1 / 0  # type: ignore[assignment, return-value]  # a behaviour that fails
    try:
        reply = served.client.post(f"{served.url}/shelves/s000/burn", headers=toy.writer)
    finally:
        del engine._behaviours["burn"]
    assert (reply.status_code, reply.headers["mock-problem"]) == (500, "own-error")
    assert "ZeroDivisionError" in reply.json()["detail"]
    assert "ZeroDivisionError" in caplog.text
    assert len(shelves(served)) == 12
