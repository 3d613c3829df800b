"""Who may use the control API: this machine's programs, and pages that this server itself sent.

A web page of another origin can make a browser send requests here, and by DNS rebinding even read the answers; a browser says
so in Host, Origin and Sec-Fetch-Site, which pages cannot forge.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import Request

from mockserver.engine.problems import problem
from mockserver.message import Reply


def refused(request: Request, hosts: Collection[str] = ()) -> Reply | None:
    """Why this request may not be answered, or None when it may.

    hosts  names, besides those of this machine, that the server may be called by
    """
    client = request.client
    if client is not None and client.host and not is_loopback(client.host):
        return problem("forbidden", "the control API answers this machine only")
    host = request.headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    if not (is_loopback(name) or name in hosts):
        return problem("forbidden", f"Host {host!r} is no name of this machine; use localhost or 127.0.0.1")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{host}":
        return problem("forbidden", f"a page of {origin} may not use the control API")
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return problem("forbidden", "a page of another origin may not use the control API")
    return None


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
