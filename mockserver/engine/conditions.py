"""Conditional requests (RFC 9110 §13), where a document has the replies to them: 304 to who has it already, 412 to who had another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

from mockserver.contract.contract import Unmatched
from mockserver.engine.vendor import Turn
from mockserver.errors import Refusal
from mockserver.message import Reply

if TYPE_CHECKING:
    from mockserver.engine.plain import Plain

kept: Final = frozenset("etag cache-control content-location expires vary".split())
"""The headers that a 304 has of the reply it stands for."""


def tag_of(reply: Reply) -> str:
    """The entity tag of what is answered, quotes and all: another one when the thing has changed."""
    return f'"{crc32(reply.content):08x}"'


def holds(condition: str, tag: str) -> bool:
    """Whether a tag, "" where there is nothing, is among those of a condition; "*" is any."""
    return bool(tag) and not {"*", tag}.isdisjoint(map(str.strip, condition.split(",")))


def judge(engine: Plain, turn: Turn) -> None:
    """Refuse a write whose condition does not hold (412). Nothing has changed by then."""
    wanted, unwanted = turn.call.headers.get("if-match"), turn.call.headers.get("if-none-match", "")
    if turn.operation.method in ("GET", "HEAD") or "412" not in turn.operation.answers:
        return
    tag = current(engine, turn)
    if tag is not None and ((wanted is not None and not holds(wanted, tag)) or holds(unwanted.replace("W/", ""), tag)):
        raise Refusal(412, "precondition_failed", f"the condition does not hold: the entity tag is {tag or 'none, there is nothing'}")


def current(engine: Plain, turn: Turn) -> str | None:
    """The entity tag of what a write is about, "" when the write would make it; None where there is none, or nothing to write to."""
    call = turn.call._replace(method="GET", query="", body=b"")
    try:
        read, values = engine.contract.match("GET", engine.vendor.rewrite(call.path))
    except Unmatched:
        return None
    answers = (each.answer(each.success) for each in (read, turn.operation))
    if not any(name.lower() == "etag" for answer in answers if answer is not None for name in answer.headers):
        return None
    looking = Turn(engine, read, call, turn.world)
    looking.params, looking.caller = engine.contract.check_call(read, call, values).params, turn.caller
    try:
        return tag_of(engine.behaviour(read)(looking))
    except Refusal:
        resource = engine.resource(turn.operation)
        made = turn.operation.method == "PUT" and resource is not None and engine.makes(turn.operation, resource)
        return "" if made else None


def unchanged(turn: Turn, reply: Reply) -> Reply | None:
    """The 304 to a read that finds what its caller has already; None where it finds something else, or the document has no 304."""
    headers = {name: value for name, value in reply.headers.items() if name.lower() in kept}
    tag = next((value for name, value in headers.items() if name.lower() == "etag"), "")
    known = turn.call.headers.get("if-none-match", "").replace("W/", "")  # compared weakly: RFC 9110 §13.1.2
    reads = turn.operation.method in ("GET", "HEAD") and "304" in turn.operation.answers
    return Reply(304, headers=headers) if reads and holds(known, tag) else None
