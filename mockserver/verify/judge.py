"""What a client did in a case, and whether that was right."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from mockserver.contract.audit import audit
from mockserver.engine.journal import Exchange
from mockserver.values import frozen
from mockserver.verify.changes import Change, Known, readable, struck, words
from mockserver.verify.listing import Row, rows_of
from mockserver.verify.runs import Run, gave_up

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine

kinds: Final = (
    "hang", "crash", "request outside the contract", "unsafe repeat", "ignored wait", "swallowed error", "wrong view",
)  # fmt: skip


@frozen
class Sighting:
    """Something a client did wrong in one case.

    kind    one of `kinds`
    about   what makes it this one and no other: two sightings of one kind and about one thing are the same
    did     what the client did
    where   the operation, "" when it is none in particular
    """

    kind: str
    about: str
    did: str
    where: str = ""


class Wrong(NamedTuple):
    """What was wrong with a reply: its sort, and in words."""

    sort: str
    words: str


@frozen
class Judge:
    """Knows what a client is asked to tell: the list that `view` is compared with, None when it tells nothing."""

    engine: Engine
    known: Known
    view: str | None = None

    def __call__(self, run: Run) -> list[Sighting]:
        """Everything the client did wrong; how it ended comes first."""
        calls = list(run.world.journal)
        return [*self.ending(run, calls), *self.conduct(calls)]

    # -- how it ended -------------------------------------------------------------------------------------------------

    def ending(self, run: Run, calls: list[Exchange]) -> Iterator[Sighting]:
        code, broken = run.ended.code, struck(run.world)
        last = next((each.operation or "" for each in reversed(calls)), "")
        if code is None:
            yield Sighting("hang", "", f"had not ended after {run.ended.took:.0f} s and {len(calls)} calls", last)
        elif code in gave_up:
            if not broken:
                yield Sighting(
                    "crash", f"exit {code}", f"gave up (exit {code}) although every reply was one the contract allows{said(run)}", last
                )
        elif code:
            yield Sighting("crash", cause(run.ended.err), f"{ended(code)}{said(run)}", last)
        else:
            yield from self.belief(run, calls)

    def belief(self, run: Run, calls: list[Exchange]) -> Iterator[Sighting]:
        """What a client that says it did its job makes its caller believe."""
        wrong = self.misread(run) if self.view is not None else ""
        view = self.known.lists.get(self.view or "")
        for each in calls:
            fault = self.unmended(run, each, calls)
            if fault and (view is None or wrong or each.operation == self.view):
                where = each.operation or ""
                yield Sighting("swallowed error", f"{where} {fault.sort}", f"exit 0, although {fault.words} and was not asked again", where)
                return
        if wrong:
            yield Sighting("wrong view", "", wrong, self.view or "")

    def unmended(self, run: Run, each: Exchange, calls: list[Exchange]) -> Wrong | None:
        """What was wrong with a reply that no later call made good, None when that is nothing or no harm."""
        if not each.operation:
            return None
        delivery, status, method = each.reply.delivery, each.reply.status, each.call.method
        verb = self.engine.role(self.engine.contract.operations[each.operation]).verb
        if status >= 400:
            if status in (404, 409, 410) and verb != "list":
                return None
            fault = Wrong(f"{status // 100}xx", f"{method} {each.call.path} was answered {status}")
        elif (delivery.cut_after is not None and delivery.cut_after < len(each.reply.content)) or (delivery.length or 0) > len(
            each.reply.content
        ):
            fault = Wrong("cut", f"the reply to {method} {each.call.path} was cut short")
        elif delivery.delay >= self.known.patience:
            fault = Wrong("silence", f"{method} {each.call.path} was never answered")
        elif any(
            change["do"] == "break" and change["operation"] == each.operation and self.worthless(each, change)
            for change in run.case.changes
        ):
            fault = Wrong("unreadable", f"the reply to {method} {each.call.path} could not be read")
        else:
            return None
        later = [
            other for other in calls if other.number > each.number and other.call.method == method and other.call.path == each.call.path
        ]
        mended = any(readable(other.reply) or (other.reply.status in (200, 202, 204) and not other.reply.delivery.fault) for other in later)
        return None if mended and not any("break" in other.reply.delivery.fault for other in later) else fault

    def worthless(self, each: Exchange, change: Change) -> bool:
        """Whether nobody can have read what they asked for out of a broken reply."""
        how, path = change["how"], change.get("path", ())
        holder = self.engine.role(self.engine.contract.operations[each.operation or ""]).envelope.split("/")
        return "break" in each.reply.delivery.fault and (
            how in ("malformed", "cut", "media") or (list(path) == holder and how in ("missing", "type"))
        )

    def misread(self, run: Run) -> str:
        """How the view on the last line differs from the store, "" when it does not."""
        believed = view_of(run.ended.out)
        if believed is None:
            return "the last line of its output is no JSON array of ids"
        call = self.known.lists.get(self.view or "")
        if call is None:
            return ""
        now = rows_of(self.engine, run.world, call)
        moving = [change["record"] for change in run.case.changes if change["do"] in ("vanish", "appear")]
        return differs(believed, now, moving)

    # -- what it did on the way ---------------------------------------------------------------------------------------

    def conduct(self, calls: list[Exchange]) -> Iterator[Sighting]:
        for each in calls:
            for finding in audit(self.engine.contract, each.call, self.engine.vendor.rewrite(each.call.path))[1]:
                if finding.keyword != "deprecated":
                    did = f"sent {each.call.method} {each.call.path}: {finding.place}: {finding.message}"
                    yield Sighting(
                        "request outside the contract", f"{finding.operation} {finding.place} {finding.keyword}", did, finding.operation
                    )
        for at, each in enumerate(calls):
            for later in calls[at + 1 :]:
                if (later.call.method, later.call.path) == (each.call.method, each.call.path):
                    for rule in rules:
                        did = rule(each, later)
                        if did:
                            yield Sighting(rule.__name__.replace("_", " "), each.operation or "", did, each.operation or "")
                    break


def ignored_wait(each: Exchange, later: Exchange) -> str:
    """A client must wait as long as it is told."""
    told = next((value for name, value in each.reply.headers.items() if name.lower() == "retry-after"), "")
    if each.reply.status not in (429, 503) or not told.isdigit():
        return ""
    waited = later.wall - each.wall
    if waited >= int(told) - 0.1:
        return ""
    return f"{each.call.method} {each.call.path} was answered {each.reply.status} with Retry-After: {told}, and asked again after {waited:.2f} s"


def unsafe_repeat(each: Exchange, later: Exchange) -> str:
    """What may have been done already must not be done again, unless a key says that it is the same."""
    call, other, delivery = each.call, later.call, each.reply.delivery
    unknown = delivery.fault and (delivery.cut_after is not None or each.reply.status in (500, 502, 504) or delivery.delay > 1)
    if call.method not in ("POST", "PATCH") or not unknown or call.body != other.body:
        return ""
    if call.headers.get("idempotency-key") and call.headers.get("idempotency-key") == other.headers.get("idempotency-key"):
        return ""
    how = f"was answered {each.reply.status}" if delivery.cut_after is None and delivery.delay <= 1 else "went unanswered"
    return f"{call.method} {call.path} {how}, so that it may have been done, and was sent again without an Idempotency-Key"


rules: Final[tuple[Callable[[Exchange, Exchange], str], ...]] = (ignored_wait, unsafe_repeat)


def view_of(out: str) -> list[str] | None:
    """The ids on the last line, or None when it is not a JSON array."""
    lines = out.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return [each if isinstance(each, str) else json.dumps(each) for each in found] if isinstance(found, list) else None


def differs(believed: list[str], now: list[Row], moving: list[str]) -> str:
    """How what is believed differs from what there is; rows that moved meanwhile may be believed in or not, and be seen twice."""
    ids, names = [row.id for row in now], [row.name for row in now]
    truth = names if len(set(believed) & set(names)) > len(set(believed) & set(ids)) else ids
    spared = set(moving) | {row.name for row in now if row.id in moving}
    count = Counter(believed)
    lost = [each for each in truth if each not in count and each not in spared]
    invented = [each for each in count if each not in set(truth) and each not in spared]
    twice = [each for each, times in count.items() if times > 1] if not moving else []
    told = [(lost, "lost"), (invented, "believes in"), (twice, "has twice")]
    found = "; ".join(f"{verb} {len(which)} ({', '.join(which[:3])}{', …' if len(which) > 3 else ''})" for which, verb in told if which)
    return f"exit 0, but of {len(truth)} rows it {found}" if found else ""


def ended(code: int) -> str:
    return f"died of signal {-code}" if code < 0 else f"exit {code}"


def said(run: Run) -> str:
    """What a command's own last words were."""
    line = last_words(run.ended.err)
    return f": {line[:200]}" if line else ""


noise: Final = re.compile(r"^\s*(at |File |Node\.js v|\^|\}|\{|\[?cause|$)")
error_line: Final = re.compile(r"^\s*(?:Uncaught )?[\w.$]*(?:Error|Exception|Timeout|Refused|panic|Warning)[\w.]*\b.*")


def last_words(err: str) -> str:
    """The line that names the error: after a traceback of Python the first that is not indented, else the last that looks like one."""
    lines = (
        err.rpartition("Traceback (most recent call last):")[2].strip("\n").splitlines() if "Traceback" in err else err.strip().splitlines()
    )
    if "Traceback" in err:
        return next((line.strip() for line in lines if line[:1].strip()), "")
    named = [line.strip() for line in lines if error_line.match(line)]
    return (named or [line.strip() for line in lines if not noise.match(line)] or [""])[-1]


frame: Final = re.compile(
    r'File "(?P<python>[^"]+", line \d+)|\((?:file://)?(?P<node>/[^()\s]+:\d+):\d+\)|at (?:async )?(?:file://)?(?P<bare>/[^()\s]+:\d+):\d+'
)
libraries: Final = ("/lib/python", "site-packages", "node_modules", "node:")


def cause(err: str) -> str:
    """What tells one crash from another: the sort of error and where in the client it came up, else the error without the values in it."""
    words = re.sub(r"0x[0-9a-f]+|\d+|'[^']*/[^']*'|\"[^\"]*\"", "…", last_words(err))[:120]
    places = [
        place
        for found in frame.finditer(err)
        if (place := next(filter(None, found.groups()))) and not any(each in place for each in libraries)
    ]
    if not places:
        return words
    return f"{words.partition(':')[0]} {places[-1] if 'Traceback' in err else places[0]}"


def told(changes: tuple[Change, ...]) -> str:
    return " and ".join(words(change) for change in changes) or "nothing unusual"
