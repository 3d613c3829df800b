"""Faults: what goes wrong on purpose, as small values that compose.

Rules of this file
- An effect says what goes wrong, a fault when: whose calls, how often, from when to when. Both are frozen and can be written as JSON.
- How often a fault has struck is kept in the world's counters and its dice are keyed by that count, so a rewound world goes wrong again
  in the same way, and a fault changes no id that the world draws.
- What goes wrong on the way (time, cut connections) is told in the reply's delivery; nothing here waits or sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.contract.operation import Operation
from mockserver.engine.vendor import Turn
from mockserver.errors import BadOption, Finding, Refusal, UnknownName
from mockserver.message import Reply
from mockserver.state.ids import Draws
from mockserver.state.world import World
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine

Go = Callable[[Turn], Reply]
"""The rest of the line: what would have been answered."""

write_methods: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Effect(Protocol):
    """What goes wrong."""

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        """The reply instead of, or made of, what `go` answers."""


@frozen
class Status:
    """An error of the vendor's own shape; a 429 has the headers of the vendor's own limiter.

    status       the status, one that the contract documents for the operation, unless a body is given
    code         the vendor's error code and
    message      its words; "": the vendor's usual ones
    retry_after  seconds, for the header of that name
    body         these bytes as they are, of this
    media        type, whatever the contract says
    """

    status: int
    code: str | None = None
    message: str = ""
    retry_after: int | None = None
    body: str | None = None
    media: str = "text/plain"

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.body is not None:
            return Reply(self.status, headers=headers, body=self.body.encode(), media=self.media)
        if turn.operation.answer(self.status) is None:
            return go(turn)  # struck with all the others, but this operation never says that
        refusal = Refusal(self.status, self.code, self.message, headers=headers)
        if greet(turn) and self.status == 429:
            refusal = too_many(turn, refusal)
        return turn.engine.leaving(turn, turn.engine.vendor.refuse(turn, refusal))[0]


@frozen
class Slow:
    """The reply begins so many seconds late, and up to `spread` more: even chances, or with `tail` mostly little and at times much."""

    seconds: float
    spread: float = 0.0
    tail: bool = False

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        share = dice.below(1_000_000) / 1_000_000
        late = self.seconds + self.spread * (share**4 if self.tail else share)
        reply = go(turn)
        return reply._replace(delivery=reply.delivery._replace(delay=reply.delivery.delay + late))


@frozen
class Cut:
    """The connection drops: "before" the call is acted on, before the "head" of the reply, in its "body", or "after" all of it."""

    where: str = "body"

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        if self.where == "before":
            return cut(Reply(503), -1)
        reply = go(turn)
        size = len(reply.content)
        return cut(reply, {"head": -1, "body": size // 2, "after": size}[self.where])


@frozen
class Drip:
    """The body comes byte by byte, with so many seconds between."""

    pace: float

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = go(turn)
        return reply._replace(delivery=reply.delivery._replace(pace=self.pace))


@frozen
class Garble:
    """The body is whole, and no JSON any more."""

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = go(turn)
        content = reply.content
        at = dice.below(len(content)) if content else 0
        return reply._replace(body=content[:at] + b"\x00}{" + content[at + 1 :])


@frozen
class WrongLength:
    """Content-Length promises so many bytes more (or, negative, fewer) than there are."""

    by: int = 10

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = go(turn)
        return reply._replace(delivery=reply.delivery._replace(length=max(0, len(reply.content) + self.by)))


@frozen
class WrongMedia:
    """The body says it is of another type."""

    media: str = "text/html"

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        return go(turn)._replace(media=self.media)


@frozen
class Stale:
    """What was written is read only so many seconds later, as from a replica that lags."""

    seconds: float

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        world, at = turn.world, f"fault:stale:{turn.engine.vendor.name}"
        then, past = world.counters.get(at, (None, None))
        fresh = then is None or not 0 <= turn.now - then < self.seconds * 1000
        if turn.operation.method in write_methods:
            if fresh:
                world.counters[at] = (turn.now, world.fork(world.name))
            return go(turn)
        if fresh:
            return go(turn)
        old = past.fork(world.name)
        old.clock = world.clock
        return go(Turn(turn.engine, turn.operation, turn.call, old))


@frozen
class Duplicate:
    """Webhooks that the call causes are sent twice."""

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        outbox, before = turn.world.outbox, len(turn.world.outbox)
        reply = go(turn)
        outbox += outbox[before:]
        return reply


@frozen
class Reorder:
    """Webhooks wait for those of later calls and are then sent the newest first."""

    seconds: float = 5.0

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        outbox, before = turn.world.outbox, len(turn.world.outbox)
        reply = go(turn)
        late = [replace(post, due=post.due + round(self.seconds * 1000)) for post in reversed(outbox[before:])]
        outbox[:] = late + outbox[:before]
        return reply


effects: Final[Mapping[str, Callable[..., Effect]]] = {
    "status": Status,
    "slow": Slow,
    "cut": Cut,
    "drip": Drip,
    "garble": Garble,
    "length": WrongLength,
    "media": WrongMedia,
    "stale": Stale,
    "duplicate": Duplicate,
    "reorder": Reorder,
}


@frozen
class Fault:
    """An effect and when it strikes.

    vendor      whose calls; "": everybody's
    operations  which of them, by operationId; none: all
    chance      how likely a call is struck, from 0 to 1
    times       how many calls are struck at most
    skip        how many calls are let through first
    every       of the calls after that, only each so-manieth
    since       only from this time of the world's clock on, and
    until       only before this one; milliseconds since the epoch
    name        what it is called by; made up when a world is given it without one
    """

    effect: Effect
    vendor: str = ""
    operations: frozenset[str] = frozenset()
    chance: float = 1.0
    times: int | None = None
    skip: int = 0
    every: int = 1
    since: int | None = None
    until: int | None = None
    name: str = ""

    def dice(self, turn: Turn) -> Draws | None:
        """The dice of this call when it is struck, counted; None when it is spared."""
        if (self.vendor and self.vendor != turn.engine.vendor.name) or (self.operations and turn.operation.id not in self.operations):
            return None
        if not (self.since or 0) <= turn.now < (self.until or turn.now + 1):
            return None
        counters, at = turn.world.counters, f"fault:{self.name}"
        seen, struck = counters.get(at, (0, 0))
        dice = Draws(turn.world.seed, at, seen)
        nth = seen - self.skip
        strikes = (
            nth >= 0
            and nth % self.every == 0
            and (self.times is None or struck < self.times)
            and dice.below(1_000_000) < self.chance * 1_000_000
        )
        counters[at] = (seen + 1, struck + strikes)
        return dice if strikes else None

    def told(self) -> dict[str, Any]:
        """The fault as JSON, `fault_of` reads it back."""
        word = next(word for word, kind in effects.items() if isinstance(self.effect, kind))  # type: ignore[arg-type]  # each is a class
        rest = {name: value for name, value in asdict(self).items() if name not in ("effect", "operations")}
        return {"effect": word, **asdict(self.effect), "operations": sorted(self.operations), **rest}  # type: ignore[call-overload]  # dataclasses all


when: Final = frozenset({"vendor", "operations", "chance", "times", "skip", "every", "since", "until", "name"})
cuts: Final = ("before", "head", "body", "after")


def fault_of(told: Mapping[str, Any]) -> Fault:
    """The fault that `{"effect": "slow", "seconds": 2, "operations": ["listSessions"], "times": 3}` tells. Raises MockServerError."""
    rest = dict(told)
    word = rest.pop("effect", "status" if "status" in rest else None)
    if word not in effects:
        raise UnknownName("effect of a fault", str(word), effects)
    schedule = {name: rest.pop(name) for name in tuple(rest) if name in when}
    known = effects[word].__dataclass_fields__  # type: ignore[attr-defined]  # each is a dataclass
    for name in rest:
        if name not in known:
            raise UnknownName(f"setting of the fault {word!r}", name, [*known, *when])
    given = schedule.get("operations") or ()
    schedule["operations"] = frozenset([given] if isinstance(given, str) else given)
    try:
        fault = Fault(effects[word](**rest), **schedule)
    except TypeError as error:
        raise BadOption(f"fault {word!r}: {str(error).partition(')')[2].strip() or error}") from None
    for place, wrong, allowed in wrongs(fault):
        if wrong:
            raise BadOption(f"fault {word!r}: {place} is not {allowed}")
    return fault


def wrongs(fault: Fault) -> list[tuple[str, bool, str]]:
    """What can be wrong with a fault's figures: place, whether it is, and what is allowed."""
    figures = {name: getattr(fault.effect, name) for name in ("seconds", "spread", "pace") if hasattr(fault.effect, name)}
    status, where = getattr(fault.effect, "status", 500), getattr(fault.effect, "where", "body")
    return [
        (f"chance {fault.chance!r}", not is_number(fault.chance) or not 0 <= fault.chance <= 1, "a number from 0 to 1"),
        (f"times {fault.times!r}", fault.times is not None and not is_count(fault.times, 1), "a whole number from 1 on"),
        (f"skip {fault.skip!r}", not is_count(fault.skip, 0), "a whole number from 0 on"),
        (f"every {fault.every!r}", not is_count(fault.every, 1), "a whole number from 1 on"),
        (f"status {status!r}", not is_count(status, 200) or status > 599, "a status from 200 to 599"),
        (f"where {where!r}", where not in cuts, f"one of {', '.join(cuts)}"),
        *((f"{name} {value!r}", not is_number(value) or value < 0, "a number of seconds") for name, value in figures.items()),
    ]


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


packs: Final[Mapping[str, tuple[Fault, ...]]] = {
    "bad day": (
        Fault(Slow(0.05, 2.0, tail=True), name="bad day: slow"),
        Fault(Status(500), chance=0.05, name="bad day: 500"),
        Fault(Status(503, retry_after=1), chance=0.03, name="bad day: 503"),
        Fault(Cut("body"), chance=0.02, name="bad day: cut"),
    ),
    "rate limited": (Fault(Status(429), every=3, skip=2, name="rate limited"),),
    "half of it down": (Fault(Status(503), chance=0.5, name="half of it down"),),
}
"""Named sets of faults. They name no operation, and every vendor says them in its own words."""


def give(world: World, *faults: Fault) -> tuple[Fault, ...]:
    """Let these faults strike in a world from now on; returns them with the names they go by there."""
    named = []
    for fault in faults:
        number = world.counters["faults"] = world.counters.get("faults", 0) + 1
        named.append(fault if fault.name else replace(fault, name=f"fault {number}"))
        world.counters.pop(f"fault:{named[-1].name}", None)
    names = {fault.name for fault in named}
    world.faults = (*(fault for fault in world.faults if fault.name not in names), *named)
    return tuple(named)


def take(world: World, *names: str) -> None:
    """Let the faults of these names strike no more; none named: all of them."""
    world.faults = tuple(fault for fault in world.faults if names and fault.name not in names)


def settle(engine: Engine, fault: Fault) -> Fault:
    """The fault with its operations by their ids, judged by the contract. Raises UnknownName or BadOption."""
    operations = [engine.contract.find(name) for name in sorted(fault.operations)]
    effect = fault.effect
    if isinstance(effect, Status) and effect.body is None:
        silent = [operation for operation in operations or engine.contract.operations.values() if operation.answer(effect.status) is None]
        if silent and (operations or len(silent) == len(engine.contract.operations)):
            raise BadOption(undocumented(engine, silent[0], effect.status))
    return replace(fault, vendor=engine.vendor.name, operations=frozenset(operation.id for operation in operations))


def packed(engine: Engine, name: str) -> tuple[Fault, ...]:
    """Those faults of a pack that the contract has words for. Raises UnknownName."""
    if name not in packs:
        raise UnknownName("pack of faults", name, packs)
    found = []
    for fault in packs[name]:
        with suppress(BadOption):
            found.append(replace(settle(engine, fault), name=f"{engine.vendor.name}: {fault.name}"))
    return tuple(found)


def undocumented(engine: Engine, operation: Operation, status: int) -> str:
    documented = ", ".join(operation.answers) or "none"
    return (
        f"{engine.vendor.name}.{operation.id} never answers {status} by its contract (documented: {documented}); "
        f"name an operation that does, or give `body` to send it nevertheless"
    )


def strike(turn: Turn, values: list[str]) -> tuple[Reply, tuple[Finding, ...]]:
    """Answer a turn in a world that has faults: the reply as it leaves, and what broke the contract. The first fault is the outermost."""
    struck = [(fault, dice) for fault in turn.world.faults if (dice := fault.dice(turn)) is not None]
    if not struck:
        return turn.engine.line(turn, values)
    found: list[Finding] = []

    def straight(turn: Turn) -> Reply:
        reply, findings = turn.engine.line(turn, values)
        found.extend(findings)
        return reply

    line: Go = straight
    for fault, dice in reversed(struck):
        line = partial(fault.effect.act, dice=dice, go=line)
    reply = line(turn)
    return reply._replace(delivery=reply.delivery._replace(fault=", ".join(fault.name for fault, _ in struck))), tuple(found)


def cut(reply: Reply, after: int) -> Reply:
    return reply._replace(delivery=reply.delivery._replace(cut_after=after))


most_spent: Final = 20_000


def greet(turn: Turn) -> bool:
    """Learn who asks and count the call, for a reply that a fault makes has the vendor's headers too; False when it is nobody."""
    try:
        turn.caller = turn.engine.vendor.authenticate(turn)
    except Refusal:
        return False
    with suppress(Refusal):
        turn.engine.vendor.meter(turn)
    return True


def too_many(turn: Turn, plain: Refusal) -> Refusal:
    """The refusal of the vendor's own limiter, driven to its end in a world that is thrown away; `plain` from one that has none."""
    engine = copy(turn.engine)
    if "limits" in engine.vendor.options:
        engine.options = {**engine.options, "limits": "on"}
    trial = Turn(engine, turn.operation, turn.call, turn.world.fork(turn.world.name))
    trial.caller, trial.world.options = turn.caller, {}
    try:
        for _ in range(most_spent):
            engine.vendor.meter(trial)
    except Refusal as refusal:
        if refusal.status == 429:
            turn.notes.update(trial.notes)
            refusal.headers = {**refusal.headers, **plain.headers}
            return refusal
    return plain
