"""The control API under /_mockserver/: what control.yaml beside this file describes, each operation acted out by a door.

The document is the only source: requests are matched and checked by it as a vendor's calls are by theirs, and so are the replies.
Every path of a world stands twice: below /worlds/{world}/ for that world, and directly below /_mockserver/ for the world that the
header Mock-World names (else "default").
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import orjson

from mockserver.contract.contract import Contract, Unmatched
from mockserver.contract.operation import Operation
from mockserver.contract.wire import BrokenEncoding, largest_body
from mockserver.engine.problems import problem, told
from mockserver.engine.site import Site, default_world
from mockserver.errors import MockServerError
from mockserver.message import Call, Json, Reply
from mockserver.web.app import deliver, read_body
from mockserver.web.doors import doors
from mockserver.web.outbox import Outbox
from mockserver.web.travel import read_headers
from mockserver.web.verdicts import Verdicts
from mockserver.web.visit import Problem, Visit

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

description: Final = Path(__file__).with_name("control.yaml")
prefix: Final = "/_mockserver"


class Control:
    """The control API of a site, as an ASGI application below its prefix.

    changes  counts what was changed through it, so that who follows a world knows to look again
    closing  set when the server is about to stop: who follows lets go
    """

    def __init__(self, site: Site, outbox: Outbox) -> None:
        self.site, self.outbox = site, outbox
        self.verdicts = Verdicts(site)
        self.changes = 0
        self.closing = False

    @cached_property
    def contract(self) -> Contract:
        return Contract.load(description)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        if body is None:  # the client went away in the middle: nothing was asked
            return
        large = len(body) > largest_body
        answer = problem("too-large", f"bodies are read up to {largest_body} bytes") if large else await self.answer(called(scope, body))
        if isinstance(answer, Reply):
            await deliver(answer, scope, receive, send)
        else:
            from starlette.responses import StreamingResponse  # only who follows waits for it

            events = StreamingResponse(answer, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
            await events(scope, receive, send)

    def knows(self, scope: Scope) -> bool:
        """Whether the document has this path, with whatever method."""
        call = called(scope, b"")
        try:
            self.match(call)
        except Unmatched as unmatched:
            return bool(unmatched.allowed)
        except BrokenEncoding:
            return False
        return call.path.startswith("/")

    async def answer(self, call: Call) -> Reply | AsyncIterator[bytes]:
        """Answer one call, its path below the prefix: a reply, or events without end."""
        try:
            operation, values = self.match(call)
        except Unmatched as unmatched:
            return self.unmatched(call, unmatched)
        except BrokenEncoding as error:
            return problem("bad-control", f"broken percent-encoding in {error}")
        checked = self.contract.check_call(operation, call, values)
        if checked.findings:
            first = checked.findings[0]
            return problem("bad-control", f"{first.place} {first.message}", findings=told(checked.findings))
        try:
            answer = doors[operation.id](Visit(self, call, checked.params, checked.body))
            if isinstance(answer, Awaitable):
                answer = await answer
        except Problem as error:
            return error.reply
        except MockServerError as error:
            return problem("bad-control", str(error))
        self.changes += call.method not in ("GET", "HEAD")
        return answer if isinstance(answer, AsyncIterator) else self.checked(operation, answer)

    def match(self, call: Call) -> tuple[Operation, list[str]]:
        """The operation of a path in its long or its short form, and the values in it."""
        method = "GET" if call.method == "HEAD" else call.method
        try:
            return self.contract.match(method, call.path)
        except Unmatched as unmatched:
            world = quote(call.headers.get("mock-world") or default_world, safe="")
            try:
                return self.contract.match(method, f"/worlds/{world}{call.path}")
            except Unmatched as short:
                raise (short if short.allowed else unmatched) from None

    def unmatched(self, call: Call, unmatched: Unmatched) -> Reply:
        if unmatched.allowed:
            allowed = ", ".join(unmatched.allowed)
            return problem("unknown-method", f"{prefix}{call.path} takes {allowed}, not {call.method}", {"Allow": allowed})
        near = self.contract.nearest(call.method, call.path)
        hint = f"; nearest: {near[0]}" if near else ""
        return problem("unknown-path", f"there is no {call.method} {prefix}{call.path}{hint}", nearest=near)

    def checked(self, operation: Operation, answer: Json) -> Reply:
        """The reply of an answer, judged by the document."""
        if answer is None:
            return Reply(operation.success)
        described = operation.answer(operation.success)
        media = next(iter(described.media), None) if described else None
        content = answer.encode() if isinstance(answer, str) else orjson.dumps(answer, default=str)
        value = answer if isinstance(answer, str) else orjson.loads(content)
        reply = Reply(operation.success, value, body=content, media=media)
        findings = self.contract.check_reply(operation, reply)
        return problem("own-reply", str(findings[0]), findings=told(findings)) if findings else reply


def called(scope: Scope, body: bytes) -> Call:
    """The request as a call below the prefix."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"], safe="/~:@!$&'()*+,;=").encode()
    path = raw.decode("latin-1").partition("?")[0].removeprefix(prefix)
    headers = read_headers(scope["headers"])
    base = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
    return Call(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body, base)
