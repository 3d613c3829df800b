"""Who may use the control API and its pages: this machine's programs, and pages that this server itself sent.

A web page of another origin can make a browser send requests here, and by DNS rebinding even read the answers; a browser says
so in Host, Origin and Sec-Fetch-Site, which pages cannot forge. On a public address being here is not enough: there one must
show a token, which no page of another origin knows.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from secrets import compare_digest
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.problems import problem
from mockserver.message import Reply

cookie: Final = "mockserver_token"


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application behind the guard. token: what one must show; "": being on this machine is enough."""

    app: ASGIApp
    token: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        reply = refused(request, self.token)
        app = self.app
        if reply is not None:
            app = Response(reply.content, reply.status, dict(reply.headers), reply.media)
        elif self.token and "token" in request.query_params:
            app = signed_in(request, self.token)
        await app(scope, receive, send)


def signed_in(request: Request, token: str) -> Response:
    """The same address without the token, which the browser keeps in a cookie that no script reads and no other site sends."""
    response = RedirectResponse(request.url.path, 303)
    response.set_cookie(cookie, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/_mockserver")
    return response


def refused(request: Request, token: str = "") -> Reply | None:
    """Why this request may not be answered, or None when it may."""
    host = request.headers.get("host", "")
    if token:
        if not shows(request, token):
            return problem("forbidden", "the control API of a public server wants its token: Authorization: Bearer TOKEN, or ?token=TOKEN")
    else:
        client = request.client
        if client is not None and client.host and not is_loopback(client.host):
            return problem("forbidden", "the control API answers this machine only")
        if not is_loopback(hostname(host)):
            return problem("forbidden", f"Host {host!r} is no name of this machine; use localhost or 127.0.0.1")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{host}":
        return problem("forbidden", f"a page of {origin} may not use the control API")
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return problem("forbidden", "a page of another origin may not use the control API")
    return None


def shows(request: Request, token: str) -> bool:
    """Whether the request shows the token, in one of its three places."""
    given = (
        request.headers.get("authorization", "").removeprefix("Bearer "),
        request.cookies.get(cookie, ""),
        request.query_params.get("token", ""),
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
