"""Who may use the control API and its pages: this machine's programs, and pages that this server itself sent.

A web page of another origin can make a browser send requests here, and by DNS rebinding even read the answers; a browser says
so in Host, Origin and Sec-Fetch-Site, which pages cannot forge. On a public address being here is not enough: there one must
show a token, which no page of another origin knows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from mockserver.contract.wire import cookies
from mockserver.engine.problems import problem
from mockserver.message import Reply
from mockserver.values import frozen
from mockserver.web.app import deliver
from mockserver.web.travel import read_headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

cookie: Final = "mockserver_token"


@frozen
class Guard:
    """An ASGI application behind the guard. token: what one must show; "": being on this machine is enough."""

    app: ASGIApp
    token: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = refused(scope, read_headers(scope["headers"]), self.token)
        if reply is None and self.token and "token" in asked(scope):
            reply = signed_in(scope, self.token)
        if reply is None:
            await self.app(scope, receive, send)
        else:
            await deliver(reply, scope, receive, send)


def asked(scope: Scope) -> dict[str, list[str]]:
    """What the query asks for."""
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def signed_in(scope: Scope, token: str) -> Reply:
    """The same address without the token, which the browser keeps in a cookie that no script reads and no other site sends."""
    kept = f"{cookie}={quote(token, safe='')}; HttpOnly; Path=/_mockserver; SameSite=strict"
    kept += "; Secure" if scope["scheme"] == "https" else ""
    return Reply(303, headers={"location": quote(scope["path"]), "set-cookie": kept})


def refused(scope: Scope, headers: Mapping[str, str], token: str = "") -> Reply | None:
    """Why this request may not be answered, or None when it may."""
    host = headers.get("host", "")
    if token:
        if not shows(scope, headers, token):
            return problem("forbidden", "the control API of a public server wants its token: Authorization: Bearer TOKEN, or ?token=TOKEN")
    else:
        client = scope.get("client")
        if client is not None and client[0] and not is_loopback(client[0]):
            return problem("forbidden", "the control API answers this machine only")
        if not is_loopback(hostname(host)):
            return problem("forbidden", f"Host {host!r} is no name of this machine; use localhost or 127.0.0.1")
    origin = headers.get("origin")
    if origin is not None and origin != f"{scope['scheme']}://{host}":
        return problem("forbidden", f"a page of {origin} may not use the control API")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return problem("forbidden", "a page of another origin may not use the control API")
    return None


def shows(scope: Scope, headers: Mapping[str, str], token: str) -> bool:
    """Whether the request shows the token, in one of its three places."""
    given = (
        headers.get("authorization", "").removeprefix("Bearer "),
        *map(unquote, cookies(headers.get("cookie", "")).get(cookie, ())),
        *asked(scope).get("token", ()),
    )
    return any(compare_digest(each.encode(), token.encode()) for each in given)


def hostname(host: str) -> str:
    """The name in a Host header; "" when there is none in it."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
