"""The values that cross rooms: a Call comes in, a Reply goes out.

They are named tuples, not frozen dataclasses: every request makes four of them, and a frozen dataclass takes five times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

Json = Any
"""A JSON value: dict, list, str, int, float, bool or None."""


class _Nothing:
    """The absence of a body, told apart from a body that is `null`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> bool:
        return False


NOTHING: Final = _Nothing()

none: Final[Mapping[str, str]] = MappingProxyType({})
"""No headers."""


class Call(NamedTuple):
    """One HTTP request as the vendor would see it.

    method   upper case
    path     percent-encoded, below the vendor's prefix, begins with "/"
    query    percent-encoded, without "?"
    headers  lower-case names; repeated headers joined by ", "
    base     scheme://host[:port][/prefix] as the client used it: what links in the reply must begin with
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = none
    body: bytes = b""
    base: str = "http://localhost"

    @property
    def url(self) -> str:
        """The whole address as the client used it."""
        return f"{self.base}{self.path}" + (f"?{self.query}" if self.query else "")


class Delivery(NamedTuple):
    """How a reply travels: data only, acted out by the web room.

    delay      seconds before the first byte
    cut_after  drop the connection after this many bytes of the body; -1: before the head
    pace       seconds between bytes of the body (0: at once)
    length     what Content-Length promises; None: what is true
    fault      the names of the faults that made it so, "" when nothing went wrong
    """

    delay: float = 0.0
    cut_after: int | None = None
    pace: float = 0.0
    length: int | None = None
    fault: str = ""


AT_ONCE: Final = Delivery()


class Reply(NamedTuple):
    """One HTTP response.

    value    the JSON body, or NOTHING
    headers  names as they go on the wire; one that comes twice is written in two ways, "set-cookie" and "Set-Cookie"
    body     the bytes; made from `value` by the engine when a behaviour leaves it None
    media    the media type of the body; None: JSON, or none at all without a body
    """

    status: int
    value: Json = NOTHING
    headers: Mapping[str, str] = none
    body: bytes | None = None
    media: str | None = None
    delivery: Delivery = AT_ONCE

    @property
    def content(self) -> bytes:
        """The bytes of the body, whoever made them."""
        if self.body is not None:
            return self.body
        return b"" if self.value is NOTHING else orjson.dumps(self.value)

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """The same reply with these headers added."""
        return Reply(self.status, self.value, {**self.headers, **headers}, self.body, self.media, self.delivery)
