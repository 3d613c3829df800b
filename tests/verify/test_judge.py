"""What is held against a client, and what is not: views, waits, repeats, and which crash is which."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.journal import Exchange
from mockserver.message import Call, Delivery, Reply
from mockserver.verify.changes import Case, Change
from mockserver.verify.client import Found, known
from mockserver.verify.judge import Sighting, cause, differs, ignored_wait, last_words, unsafe_repeat, view_of
from mockserver.verify.listing import Row

rows = [Row(f"s{number}", f"session {number}", "sessions", number, {}) for number in range(3)]


@pytest.mark.parametrize(
    ("believed", "moving", "said"),
    [
        (["s0", "s1", "s2"], [], ""),
        (["s2", "s0", "s1"], [], ""),
        (["session 0", "session 1", "session 2"], [], ""),
        (["s0", "s1"], [], "lost 1 (s2)"),
        ([], [], "lost 3 (s0, s1, s2)"),
        (["s0", "s1", "s2", "s9"], [], "believes in 1 (s9)"),
        (["s0", "s1", "s2", "s2"], [], "has twice 1 (s2)"),
        (["s0", "s1"], ["s2"], ""),
        (["s0", "s1", "s2", "s2"], ["s2"], ""),
        (["s0"], ["s2"], "lost 1 (s1)"),
    ],
    ids=["all", "in any order", "by name", "one lost", "all lost", "invented", "twice", "one that moved", "one that moved twice", "one that stood"],
)  # fmt: skip
def test_a_view_is_what_the_store_holds(believed: list[str], moving: list[str], said: str) -> None:
    """In any order, by ids or names; only what moved meanwhile may be believed in or not."""
    assert said in (told := differs(believed, rows, moving))
    assert bool(said) == bool(told)


@pytest.mark.parametrize(
    ("out", "view"),
    [('["a", 1]', ["a", "1"]), ('noise\n["a"]\n', ["a"]), ("[]", []), ("", None), ("{}", None), ("a, b", None)],
    ids=["ids", "after other lines", "nothing", "silence", "an object", "no JSON"],
)
def test_a_view_is_the_last_line(out: str, view: list[str] | None) -> None:
    """As a JSON array, or it is none."""
    assert view_of(out) == view


def exchange(status: int = 200, wall: float = 0.0, method: str = "GET", retry: str = "", key: str = "", **delivery: Any) -> Exchange:
    call = Call(method, "/things", headers={"idempotency-key": key} if key else {}, body=b"{}")
    reply = Reply(status, headers={"Retry-After": retry} if retry else {}, delivery=Delivery(fault="fault", **delivery))
    return Exchange(0, "any", "doThings", call, reply, wall=wall)


@pytest.mark.parametrize(
    ("status", "retry", "waited", "ignored"),
    [(429, "2", 0.5, True), (503, "2", 1.5, True), (429, "2", 2.1, False), (429, "", 0.0, False), (500, "2", 0.0, False), (429, "soon", 0.0, False)],
    ids=["too soon", "too soon at 503", "in time", "not told", "no such status", "not in seconds"],
)  # fmt: skip
def test_a_client_waits_as_long_as_it_is_told(status: int, retry: str, waited: float, ignored: bool) -> None:
    """By the wall's clock."""
    assert bool(ignored_wait(exchange(status, 10.0, retry=retry), exchange(200, 10.0 + waited))) is ignored


@pytest.mark.parametrize(
    ("method", "status", "key", "delivery", "unsafe"),
    [
        ("POST", 500, "", {}, True), ("POST", 200, "", {"cut_after": -1}, True), ("POST", 200, "", {"delay": 12.0}, True), ("PATCH", 502, "", {}, True),
        ("GET", 500, "", {}, False), ("POST", 500, "same", {}, False), ("POST", 429, "", {}, False), ("DELETE", 500, "", {}, False),
    ],
    ids=["POST after 500", "POST cut", "POST unanswered", "PATCH after 502", "GET", "the same key", "POST refused", "DELETE"],
)  # fmt: skip
def test_what_may_have_been_done_is_not_done_again(method: str, status: int, key: str, delivery: dict[str, Any], unsafe: bool) -> None:
    """Unless a key says that it is the same."""
    one = exchange(status, method=method, key=key, **delivery)
    assert bool(unsafe_repeat(one, exchange(method=method, key=key))) is unsafe


python = 'Traceback (most recent call last):\n  File "/app/main.py", line 7, in <module>\n    go()\n  File "/x/site-packages/sdk.py", line 9, in go\nKeyError: \'a\'\n'
node = "file:///app/list.mjs:12\n  row.agent.toLowerCase()\n\nTypeError: Cannot read properties of null\n    at check (file:///app/list.mjs:12:9)\n    at node:internal/x:1:1\n\nNode.js v20.0.0\n"


@pytest.mark.parametrize(
    ("err", "line", "about"),
    [
        (python, "KeyError: 'a'", 'KeyError /app/main.py", line 7'),
        (node, "TypeError: Cannot read properties of null", "TypeError /app/list.mjs:12"),
        ("gave up: 503\n", "gave up: 503", "gave up: …"),
        ("", "", ""),
    ],
    ids=["Python", "Node", "words", "silence"],
)
def test_a_crash_is_known_by_its_error_and_its_place_in_the_client(err: str, line: str, about: str) -> None:
    """Not by the values in it, nor by where in a library it came up."""
    assert (last_words(err), cause(err)) == (line, about)


def field(name: str, record: str = "s1") -> Change:
    return {"do": "value", "thing": "Session", "record": record, "path": [name], "value": None}


shown = Case("valid", (field("agent"),))
found = Found("crash", "listSessions", "exit 1", "exit 1", "", shown, about="TypeError main.py:7")
view = Found("wrong view", "listSessions", "lost 1", "lost 1", "", shown)


@pytest.mark.parametrize(
    ("told", "kind", "about", "changes", "again"),
    [
        (found, "crash", "TypeError main.py:7", (field("agent", "s2"), field("seen")), True),
        (found, "crash", "TypeError main.py:7", (field("seen"),), True),
        (found, "crash", "KeyError main.py:9", (field("agent"),), False),
        (found, "hang", "", (field("agent"),), False),
        (view, "wrong view", "", (field("agent"), field("seen")), True),
        (view, "wrong view", "", (field("seen"),), False),
    ],
    ids=["of more", "at the same place", "at another place", "of another kind", "a view, of more", "a view, of something else"],
)
def test_the_same_finding_is_told_once(told: Found, kind: str, about: str, changes: tuple[Change, ...], again: bool) -> None:
    """By what went wrong and where; where that is not known, by what was sent."""
    assert known([told], Sighting(kind, about, ""), Case("valid", changes)) is again
