"""How calls arrive and replies travel: what of a reply arrives, when, and how the connection ends. For every wire the same."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

from mockserver.message import Reply

# RFC 9110: these carry no body, and no Content-Length either.
bodiless: Final = frozenset({204, 304})


class Travel(NamedTuple):
    """A reply on its way.

    headers  all of them, as they go on the wire
    body     the bytes that arrive
    delay    seconds before the first byte
    pace     seconds between the bytes of the body
    silent   the connection drops before the head
    dropped  the connection drops after what arrives
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    delay: float = 0.0
    pace: float = 0.0
    silent: bool = False
    dropped: bool = False


def travel(reply: Reply, method: str) -> Travel:
    """What of a reply to this method travels."""
    content, delivery = reply.content, reply.delivery
    length = len(content) if delivery.length is None else delivery.length
    headers = [*reply.headers.items(), ("date", http_date(int(time.time())))]
    if reply.status not in bodiless:
        if content and "content-type" not in {name.lower() for name in reply.headers}:
            headers.append(("content-type", reply.media or "application/json"))
        headers.append(("content-length", str(length)))
    body = b"" if method == "HEAD" or reply.status in bodiless else content
    cut = delivery.cut_after
    arrives = body[:length] if cut is None else body[: min(length, max(cut, 0))]
    dropped = cut is not None or (body is content and length != len(content))
    return Travel(reply.status, headers, arrives, delivery.delay, delivery.pace, cut == -1, dropped)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a repeated header's values joined as RFC 9110 says (Cookie as RFC 9113 says)."""
    out: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name in out:
            value = f"{out[name]}{'; ' if name == 'cookie' else ', '}{value}"
        out[name] = value
    return out


@lru_cache(maxsize=4)
def http_date(second: int) -> str:
    """An IMF-fixdate."""
    return formatdate(second, usegmt=True)
