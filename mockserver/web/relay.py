"""The validation proxy: forwards to the one server its user named, and holds both sides to the contract."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Scope, Send

from mockserver.contract import bodies
from mockserver.contract.audit import audit
from mockserver.engine.engine import Engine
from mockserver.engine.journal import Exchange
from mockserver.engine.problems import header, told
from mockserver.engine.site import Route, Site
from mockserver.errors import BadOption, Finding
from mockserver.message import NOTHING, Call, Json, Reply
from mockserver.values import frozen
from mockserver.web.app import App, deliver, read_body, scheme_of
from mockserver.web.travel import read_headers

# RFC 9110: these are about one connection, not about the message. A reply's encoding is ours to undo, for we look into bodies.
hop: Final = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade content-length host accept-encoding "
    "mock-world date".split()
)
undone: Final = hop | {"content-encoding"}
findings_header: Final = "Mock-Findings"
largest_answer: Final = 64 * 1024 * 1024


@frozen
class Upstream:
    """The server that is forwarded to."""

    scheme: str
    host: str
    port: int
    path: str
    timeout: float

    @classmethod
    def told(cls, url: str, timeout: float = 30.0) -> Upstream:
        """The server of a URL. Raises BadOption."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            parts, port = urlsplit(""), 0
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise BadOption(f"--upstream {url!r} is not scheme://host[:port][/path] with http or https")
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), timeout)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"

    def ask(self, call: Call) -> Reply:
        """Send a call and read the reply; redirects are the client's affair. Raises OSError or HTTPException."""
        made: http.client.HTTPConnection
        if self.scheme == "https":
            made = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout, context=ssl.create_default_context())
        else:
            made = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            headers = {name: value for name, value in call.headers.items() if name not in hop}
            made.request(call.method, self.path + call.path + (f"?{call.query}" if call.query else ""), call.body or None, headers)
            answer = made.getresponse()
            body = plain(answer.read(largest_answer), answer.headers.get("content-encoding", ""))
            kept: dict[str, str] = {}
            for name, value in answer.getheaders():
                if name.lower() not in undone:
                    kept[name] = f"{kept[name]}, {value}" if name in kept else value
            return Reply(answer.status, headers=kept, body=body, media=answer.headers.get("content-type"))
        finally:
            made.close()


def plain(body: bytes, encoding: str) -> bytes:
    """The body without its compression, where it is one of the usual ones."""
    if encoding.lower() in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, largest_answer)
    return body


class Relay(App):
    """An application that answers with what the upstream says.

    strict  whether what breaks the contract is stopped: 422 for a call, 502 for a reply
    tell    told one line for each breach
    seen    the bodies of successful replies to reading operations, by operation
    """

    prompt = False

    def __init__(self, site: Site, upstream: Upstream, *, strict: bool = False, tell: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(site)
        self.upstream, self.strict, self.tell = upstream, strict, tell
        self.seen: list[tuple[str, Json]] = []

    async def exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        if body is None:
            return
        headers = read_headers(scope["headers"])
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        route = self.site.route(scheme_of(scope, headers), headers.get("host", "localhost"), path, headers)
        if isinstance(route, Reply):
            await deliver(route, scope, receive, send)
            return
        call = Call(scope["method"], route.path, scope["query_string"].decode("latin-1"), headers, body, route.base)
        await deliver(await self.passed_on(route, call), scope, receive, send)

    async def passed_on(self, route: Route, call: Call) -> Reply:
        """The upstream's reply, or ours where there is none or (strict) it may not pass."""
        began = time.time()
        operation, findings = self.judged_call(route.engine, call)
        if findings and self.strict:
            return self.kept(route, call, stopped(422, "broken-call", findings), operation, findings, began)
        try:
            reply = await asyncio.to_thread(self.upstream.ask, call)
        except (OSError, http.client.HTTPException, zlib.error) as error:
            words = f"{self.upstream.url} does not answer: {error or type(error).__name__}"
            body = {"type": "about:mockserver/no-upstream", "title": "The upstream does not answer", "status": 502, "detail": words}
            self.tell(f"{call.method} {call.path}: {words}")
            failed = Reply(502, body, {header: "no-upstream"}, orjson.dumps(body), "application/problem+json")
            return self.kept(route, call, failed, operation, findings, began)
        broken, value = self.judged_reply(route.engine, operation, reply)
        if operation and reply.status < 300 and not broken and value is not NOTHING:
            self.seen.append((operation, value))
        findings = (*findings, *broken)
        if broken and self.strict:
            return self.kept(route, call, stopped(502, "broken-reply", broken), operation, findings, began)
        return self.kept(
            route, call, reply.with_headers({findings_header: str(len(findings))}) if findings else reply, operation, findings, began
        )

    def judged_call(self, engine: Engine, call: Call) -> tuple[str, tuple[Finding, ...]]:
        """The operation that was meant ("" when none was), and what is wrong with the call."""
        operation, findings = audit(engine.contract, call, engine.vendor.rewrite(call.path))
        return operation.id if operation else "", tuple(each for each in findings if each.keyword != "deprecated")

    def judged_reply(self, engine: Engine, name: str, reply: Reply) -> tuple[tuple[Finding, ...], Json]:
        """What is wrong with a reply, and the value of its body."""
        if not name:
            return (), NOTHING
        operation = engine.contract.operations[name]
        answer, value = operation.answer(reply.status), NOTHING
        media = (reply.media or "").partition(";")[0].strip().lower()
        if answer is not None and reply.body and bodies.family(media) in ("json", "xml", "yaml", "form"):
            place = next((place for each, place in answer.media.items() if each.partition(";")[0].strip() == media), "")
            try:
                value = (
                    orjson.loads(reply.body) if bodies.family(media) == "json" else bodies.read(engine.contract, place, media, reply.body)
                )
            except ValueError as error:
                return (
                    Finding(name, "reply body", "syntax", f"is not {media}: {error}", reply.body[:200].decode(errors="replace")),
                ), NOTHING
        checked = Reply(reply.status, value, body=reply.body, media=reply.media)
        return tuple(engine.contract.check_reply(operation, checked)), value

    def kept(self, route: Route, call: Call, reply: Reply, name: str, findings: tuple[Finding, ...], began: float) -> Reply:
        """The reply, once it stands in the journal."""
        world = self.site.worlds.get(route.world)
        for finding in findings:
            self.tell(f"{call.method} {call.path} {reply.status}: {finding}")
        world.asked += 1
        now = time.time()
        world.journal.append(
            Exchange(int(now * 1000), route.engine.vendor.name, name or None, call, reply, findings, world.asked, began, now - began)
        )
        return reply


def stopped(status: int, kind: str, findings: tuple[Finding, ...]) -> Reply:
    """Our own reply in place of one that may not pass."""
    body = {
        "type": f"about:mockserver/{kind}", "title": "The contract was not kept", "status": status, "detail": str(findings[0]), "findings": told(findings),
    }  # fmt: skip
    return Reply(status, body, {header: kind}, orjson.dumps(body), "application/problem+json")


def saved(relay: Relay, file: Path) -> int:
    """Write what passed as a scene: the people of the bundled one, and each record once, the last time it was seen. Returns how many."""
    from mockserver.vendors import shelf

    found: dict[str, dict[str, dict[str, Any]]] = {}
    for engine in relay.site.engines.values():
        kinds = found.setdefault(engine.vendor.name, {})
        for name, value in relay.seen:
            operation = engine.contract.operations.get(name)
            if operation is not None:
                for kind, key, record in records_in(engine, name, value):
                    kinds.setdefault(kind, {})[key] = record
    scene = orjson.loads(shelf.scene("company").read_bytes())
    scene["records"] = {vendor: {kind: list(records.values()) for kind, records in kinds.items()} for vendor, kinds in found.items()}
    file.write_bytes(orjson.dumps(scene, option=orjson.OPT_INDENT_2))
    return sum(len(records) for kinds in found.values() for records in kinds.values())


def records_in(engine: Engine, name: str, value: Json) -> list[tuple[str, str, Mapping[str, Json]]]:
    """The records in the body of a reply to a list, a read, a creation or a change: (kind, id, record)."""
    from mockserver.engine.fields import inside
    from mockserver.engine.plain import Plain

    role = engine.role(engine.contract.operations[name])
    resource = engine.resource(engine.contract.operations[name]) if isinstance(engine, Plain) else None
    if resource is None or not resource.id or role.verb not in ("list", "read", "create", "merge", "replace"):
        return []
    held = inside(value, tuple(role.envelope.split("/"))) if role.envelope else value
    listed = held if isinstance(held, list) else [held]
    return [(role.kind, str(key), each) for each in listed if isinstance(each, dict) and (key := inside(each, resource.id)) is not NOTHING]
