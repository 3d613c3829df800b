"""A small load: many kept connections, on each one request at a time, and what they cost the process that answers."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

most: Final = 1 << 16
"""Bytes read at once: a larger buffer is mapped and unmapped for every reply."""

Request = tuple[str, str, bytes]
"""Method, path, body."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What so many requests took: processor microseconds for each, of the server and of this load, and requests a second."""

    cpu: float
    own: float
    rate: float


def raw(port: int, request: Request, headers: Iterable[str]) -> bytes:
    method, path, body = request
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}", "Accept: application/json", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reply(sock: socket.socket) -> tuple[int, bytes]:
    """One whole reply: its status and its bytes. Raises ConnectionError when the server hangs up."""
    data = sock.recv(most)
    while True:
        head, found, body = data.partition(b"\r\n\r\n")
        if found:
            status, lower = int(head[9:12]), head.lower()
            at = lower.find(b"content-length:")
            if at >= 0:
                whole = len(body) >= int(lower[at + 15 :].split(b"\r\n", 1)[0])
            else:
                whole = status in (204, 304) or body.endswith(b"0\r\n\r\n")
            if whole:
                return status, body
        more = sock.recv(most)
        if not more:
            raise ConnectionError(f"the server hung up: {data[:200]!r}")
        data += more


def cpu(pid: int) -> float:
    """The processor seconds a process and all its threads have taken, those included that have ended, to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it of a process id


def memory(pid: int) -> float:
    """What a process holds, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@dataclass(frozen=True, slots=True)
class Load:
    """So many kept connections to a server, opened for each run: servers differ in how long they let an idle one be."""

    port: int
    pid: int
    connections: int
    headers: tuple[str, ...] = ()

    def answers(self, requests: list[Request]) -> Iterator[tuple[int, bytes]]:
        """Every reply, in order. Each connection has one request under way at a time."""
        asked = [raw(self.port, request, self.headers) for request in requests]
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(socket.create_connection(("127.0.0.1", self.port))) for _ in range(self.connections)]
            for sock in socks:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while asked:
                for sock, text in zip(socks, asked, strict=False):
                    sock.sendall(text)
                for sock, _ in zip(socks, asked, strict=False):
                    yield reply(sock)
                del asked[: self.connections]

    def run(self, requests: list[Request]) -> Spent:
        """What these requests cost but for the first of each connection, which opens it. Raises AssertionError on a reply that is no success."""
        counted = len(requests) - self.connections
        for number, ((status, body), request) in enumerate(zip(self.answers(requests), requests, strict=True), 1):
            assert 200 <= status < 300, (request, status, body[:300])
            if number == self.connections:
                before, own, began = cpu(self.pid), time.process_time(), time.perf_counter()
        took, own, spent = time.perf_counter() - began, time.process_time() - own, cpu(self.pid) - before
        return Spent(spent / counted * 1e6, own / counted * 1e6, counted / took)
