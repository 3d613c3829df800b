"""How calls arrive and replies travel: what of a reply arrives, when, and how the connection ends. For every wire the same."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

from mockserver.engine.problems import problem
from mockserver.message import AT_ONCE, Reply

# RFC 9110: these carry no body, and no Content-Length either.
bodiless: Final = frozenset({204, 304})


# RFC 9110 §5.1 and §5.5: what a header's name is, and what its value cannot hold.
token: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
unwritable: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Travel(NamedTuple):
    """A reply on its way.

    headers  all of them, names in lower case: one that comes twice stands here twice
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
    """What of a reply to this method travels. One with a header that would not stay one leaves as a loud 500."""
    named, typed = seen(tuple(reply.headers))
    if not named or unwritable.search("".join(reply.headers.values())):
        typed = False
        reply = problem("own-error", f"this reply has a header that cannot be written: {dict(reply.headers)!r:.400}")
    status, content, delivery = reply.status, reply.content, reply.delivery
    length = len(content) if delivery.length is None else delivery.length
    headers = [(name.lower(), value) for name, value in reply.headers.items()] if reply.headers else []
    typed = bool(headers) and any(name == "content-type" for name, _ in headers)
    headers.append(("date", http_date(int(time.time()))))
    if status not in bodiless:
        if content and not typed:
            headers.append(("content-type", reply.media or "application/json"))
        headers.append(("content-length", str(length)))
    body = b"" if method == "HEAD" or status in bodiless else content
    if delivery is AT_ONCE:
        return Travel(status, headers, body)
    cut = delivery.cut_after
    arrives = body[:length] if cut is None else body[: min(length, max(cut, 0))]
    dropped = cut is not None or (body is content and length != len(content))
    return Travel(status, headers, arrives, delivery.delay, delivery.pace, cut == -1, dropped)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a repeated header's values joined as RFC 9110 says (Cookie as RFC 9113 says)."""
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
    out = dict(pairs)
    if len(out) < len(pairs):
        for name in out:
            out[name] = ("; " if name == "cookie" else ", ").join([value for each, value in pairs if each == name])
    return out


@lru_cache(maxsize=1000)
def seen(names: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether each of these is a header's name, and whether the media type is among them."""
    return all(map(token.fullmatch, names)), "content-type" in map(str.lower, names)


@lru_cache(maxsize=4)
def http_date(second: int) -> str:
    """An IMF-fixdate."""
    return formatdate(second, usegmt=True)
