"""A wire in memory: bytes of HTTP/1.1 in, bytes out, for clients that want a socket.

What arrives is what a real socket would bring, cut connections and wrong lengths included, so every client meets a fault as its own
error and nothing here knows whose errors those are.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from http.client import HTTPMessage, HTTPResponse, RemoteDisconnected, responses
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.message import Call
from mockserver.web.travel import Travel, read_headers

end_of_head: Final = b"\r\n\r\n"

Speak = Callable[[Call], Travel]
"""Whoever answers."""


def parse(data: bytes, scheme: str, host: str) -> Call | None:
    """The call in these bytes, or None while it is not whole. An absolute target, as proxies get it, wins over scheme and host."""
    head, found, rest = data.partition(end_of_head)
    if not found:
        return None
    start, *lines = head.split(b"\r\n")
    method, target, _ = start.decode("latin-1").split(" ", 2)
    headers = read_headers((name, value.strip()) for name, _, value in (line.partition(b":") for line in lines))
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = unchunked(rest)
    else:
        length = int(headers.get("content-length") or 0)
        body = rest[:length] if len(rest) >= length else None
    if body is None:
        return None
    if target.startswith("/"):
        host = headers.get("host", host)
    else:
        told = urlsplit(target)
        scheme, host, target = told.scheme or scheme, told.netloc or host, f"{told.path or '/'}{'?' + told.query if told.query else ''}"
    path, _, query = target.partition("?")
    return Call(method, path, query, headers, body, f"{scheme}://{host}")


def unchunked(data: bytes) -> bytes | None:
    """The body that chunks make, or None while the last one has not come."""
    out: list[bytes] = []
    while True:
        size, found, rest = data.partition(b"\r\n")
        if not found:
            return None
        length = int(size.partition(b";")[0], 16)
        if length == 0:
            return b"".join(out)
        out.append(rest[:length])
        data = rest[length + 2 :]


def head_of(going: Travel) -> bytes:
    """Status line and headers. One reply a connection: there is nothing to keep alive."""
    start = f"HTTP/1.1 {going.status} {responses.get(going.status, '')}"
    lines = [start, *(f"{name}: {value}" for name, value in going.headers), "connection: close"]
    return "\r\n".join(lines).encode("latin-1", "replace") + end_of_head


class Pending(io.BytesIO):
    """The reading end of a socket until somebody begins to read."""

    def __init__(self, reply: Callable[[], Travel]) -> None:
        super().__init__()
        self.reply = reply


class Written(io.RawIOBase):
    """The same for whoever reads every byte: they are made when the first is read."""

    def __init__(self, reply: Callable[[], Travel]) -> None:
        self._reply = reply
        self._bytes: io.BytesIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._bytes is None:
            going = self._reply()
            self._bytes = io.BytesIO(b"" if going.silent else head_of(going) + going.body)
        return self._bytes.readinto(buffer)


class Arrived(HTTPResponse):
    """A response whose head nobody has to read, as http.client does with the parser of e-mails, for it was never written.

    It may be left behind on a connection that is kept, and reads what comes from a real socket as ever.
    """

    def begin(self) -> None:
        if not isinstance(self.fp, Pending):
            super().begin()
            return
        going = self.fp.reply()
        if going.silent:
            raise RemoteDisconnected("Remote end closed connection without response")
        self.fp = io.BytesIO(going.body)
        self.version, self.status, self.reason = 11, going.status, responses.get(going.status, "")
        self.code = self.status
        self.headers = self.msg = HTTPMessage()
        for name, value in going.headers:
            self.headers[name] = value if value.isascii() else value.encode("latin-1", "replace").decode("latin-1")
        self.headers["connection"] = "close"
        self.chunked, self.chunk_left, self.will_close = False, None, True
        bodiless = self._method == "HEAD" or going.status in (204, 304)
        self.length = 0 if bodiless else int(self.headers["content-length"])


class Socket:
    """As much of a socket as http.client and what is built on it use.

    told  whether the reply is read by `Arrived`; else by a class of the library's own, byte for byte
    """

    def __init__(self, speak: Speak, scheme: str, host: str, timeout: Any, *, told: bool = True) -> None:
        self._speak, self._scheme, self._host, self._told = speak, scheme, host, told
        self._asked = b""
        self.timeout = timeout

    def sendall(self, data: bytes) -> None:
        self._asked += data

    def makefile(self, mode: str, buffering: int | None = None, **_: Any) -> io.BufferedIOBase:
        return Pending(self.reply) if self._told else io.BufferedReader(Written(self.reply))

    def settimeout(self, seconds: float | None) -> None:
        self.timeout = seconds

    def reply(self) -> Travel:
        """What comes back; a reply that would come too late is a timeout at once, so that nobody waits for it."""
        call = parse(self._asked, self._scheme, self._host)
        self._asked = b""
        if call is None:
            raise ConnectionAbortedError("the request ends in the middle")
        going = self._speak(call)
        late = going.delay + going.pace * len(going.body)
        if isinstance(self.timeout, int | float) and max(going.delay, going.pace) > self.timeout:
            raise TimeoutError("timed out")
        if late:
            time.sleep(late)
        return going

    def close(self) -> None:
        """There is nothing to let go."""

    shutdown = setsockopt = close


class Line(asyncio.Transport):
    """An asyncio transport with the fake at its other end."""

    def __init__(self, speak: Speak, scheme: str, host: str, protocol: Any) -> None:
        super().__init__()
        self._speak, self._scheme, self._host, self._protocol = speak, scheme, host, protocol
        self._asked = b""
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def write(self, data: Any) -> None:
        self._asked += bytes(data)
        call = parse(self._asked, self._scheme, self._host)
        if call is not None and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._reply(call))

    async def _reply(self, call: Call) -> None:
        going = self._speak(call)
        if going.delay:
            await asyncio.sleep(going.delay)
        if not going.silent:
            self._protocol.data_received(head_of(going))
            if going.pace:
                for at in range(len(going.body)):
                    await asyncio.sleep(going.pace)
                    self._protocol.data_received(going.body[at : at + 1])
            elif going.body:
                self._protocol.data_received(going.body)
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            if self._task is not None and self._task is not asyncio.current_task():
                self._task.cancel()
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    abort = close

    def pause_reading(self) -> None:
        """The reply is small and there already."""

    def resume_reading(self) -> None:
        """Nothing was paused."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """What is written is taken at once."""

    def get_write_buffer_size(self) -> int:
        return 0
