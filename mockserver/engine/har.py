"""Exchanges for other tools: HTTP Archive 1.2 and curl."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from mockserver import __version__
from mockserver.engine.journal import Exchange
from mockserver.message import Call, Json, Reply
from mockserver.state.clock import iso_ms

# curl makes these itself, from the address and the body.
made_by_curl: Final = frozenset({"host", "content-length", "connection", "accept-encoding"})


def har(exchanges: Iterable[Exchange]) -> Json:
    """The exchanges as an HTTP Archive."""
    creator = {"name": "mockserver", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "entries": [entry(each) for each in exchanges]}}


def entry(exchange: Exchange) -> Json:
    took = milliseconds(exchange)
    return {
        "startedDateTime": iso_ms(round(exchange.wall * 1000)),
        "time": took,
        "request": request(exchange.call),
        "response": response(exchange.reply),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": "; ".join(map(str, exchange.findings)),
    }


def milliseconds(exchange: Exchange) -> float:
    """How long an exchange took, the delay that a fault put in included."""
    return round((max(0.0, exchange.took) + exchange.reply.delivery.delay) * 1000, 3)


def request(call: Call) -> Json:
    media = call.headers.get("content-type", "application/octet-stream")
    posted = {"postData": {"mimeType": media, "text": call.body.decode(errors="replace")}} if call.body else {}
    return {
        "method": call.method,
        "url": call.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": listed(call.headers),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(call.query, keep_blank_values=True)],
        "headersSize": -1,
        "bodySize": len(call.body),
        **posted,
    }


def response(reply: Reply) -> Json:
    content = reply.content
    return {
        "status": reply.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": listed(reply.headers),
        "content": {"size": len(content), "mimeType": reply.media or "", "text": content.decode(errors="replace")},
        "redirectURL": reply.headers.get("Location", ""),
        "headersSize": -1,
        "bodySize": len(content),
    }


def listed(headers: Mapping[str, str]) -> Json:
    return [{"name": name, "value": value} for name, value in headers.items()]


def curl(call: Call) -> str:
    """The call as a curl line for a POSIX shell."""
    words = ["curl", "-sS", "-X", call.method]
    for name, value in call.headers.items():
        if name not in made_by_curl:
            words += ["-H", f"{name}: {value}"]
    if call.body:
        words += ["--data-raw", call.body.decode(errors="replace")]
    return shlex.join([*words, call.url])
