"""Verification in Python tests: one test in many drawn worlds, and a client whose verbs are tried in any order.

@verify.replies("NAME")
def test_listing_copes(double): …

class TestSessions(verify.ClientMachine):
    vendor, kind = "NAME", "sessions"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from mockserver.engine.faults import Fault, Go, give
from mockserver.errors import BadOption
from mockserver.message import Reply
from mockserver.state.ids import Draws
from mockserver.testing.host import Host
from mockserver.testing.terms import Terms
from mockserver.verify.changes import Change, Known, Lens, hit, readable, things, words
from mockserver.verify.draws import Draw
from mockserver.verify.needs import needed
from mockserver.verify.source import Bytes, Source

needed("hypothesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402  # only after its absence has been told
from hypothesis import strategies as st  # noqa: E402  # only after its absence has been told
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test  # noqa: E402  # only after its absence has been told

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.vendor import Turn
    from mockserver.state.world import World
    from mockserver.testing.bench import Double

Test = TypeVar("Test", bound=Callable[..., Any])


class Drawn:
    """Every record that is shown, as the contract would as well allow it: drawn when it is first seen, the same ever after."""

    def __init__(self, engine: Engine, world: World, source: Source, operations: frozenset[str]) -> None:
        self.draw = Draw(engine, world, [], Known({}), frozenset(), "0", view=True)
        self.source, self.operations = source, operations
        self.changes: dict[tuple[str, str], tuple[Change, ...]] = {}

    def act(self, turn: Turn, dice: Draws, go: Go) -> Reply:
        reply = go(turn)
        if not readable(reply) or (self.operations and turn.operation.id not in self.operations):
            return reply
        for thing in things(turn.engine, turn.operation.id, reply.value):
            if (thing.kind or thing.name, thing.id) not in self.changes:
                fields = [each for each in self.draw.fields_of(thing, thing.value, thing.place, ()) if self.source.below(3)]
                changes = tuple(change for each in fields if (change := self.draw.value(each, self.source)) is not None)
                self.changes[thing.kind or thing.name, thing.id] = changes
        hit(turn, "drawn")
        return Lens(tuple(change for each in self.changes.values() for change in each)).act(turn, dice, lambda _: reply)

    def __str__(self) -> str:
        told = list(dict.fromkeys(words(change) for each in self.changes.values() for change in each))
        return "; ".join(told[:12]) + ("; …" if len(told) > 12 else "") or "nothing unusual"


def replies(name: str, *, max_examples: int = 50, operations: Iterable[str] = ()) -> Callable[[Test], Test]:
    """A test that is run in many drawn worlds, and fails with the simplest in which it does.

    name        the vendor, whose fixture the test takes; or the path of a document (then it takes `mockserver`)
    operations  whose replies are drawn, by operationId; none: all

    Each run begins in the same world, and the contract is its verdict as always.
    """

    def decorate(test: Test) -> Test:
        @wraps(test)
        def many(*args: Any, **given_: Any) -> None:
            double = double_of(name, given_)
            bench, world = double.bench, double.bench.world
            only = frozenset(double.engine.contract.find(each).id for each in operations)
            start = world.snapshot()

            @settings(max_examples=max_examples, deadline=None, suppress_health_check=list(HealthCheck))
            @given(st.binary(max_size=1024))
            def in_one_world(entropy: bytes) -> None:
                with bench.host.lock:
                    world.rewind(start)
                    drawn = Drawn(double.engine, world, Bytes(entropy), only)
                    give(world, Fault(drawn, vendor=double.name, name="drawn"))
                try:
                    test(*args, **given_)
                    bench.settle()
                except Exception as error:
                    error.add_note(f"\n{name} replied, as its contract allows: {drawn}")
                    raise

            in_one_world()

        return many  # type: ignore[return-value]  # the same signature: pytest reads it from __wrapped__

    return decorate


def double_of(name: str, fixtures: dict[str, Any]) -> Double:
    if name in fixtures:
        found: Double = fixtures[name]
        return found
    if "mockserver" in fixtures:
        return fixtures["mockserver"](name)  # type: ignore[no-any-return]  # what fixtures hold, pytest knows
    raise BadOption(f"@verify.replies({name!r}): the test takes neither the fixture {name!r} nor `mockserver`; give it one")


class ClientMachine:
    """The verbs of a client in any order; after each, what it believes must be what the store holds.

    A subclass names its `vendor` and `kind`, makes the client in `start`, has hypothesis.stateful's `@rule()` on its verbs, and tells in
    `view` the ids it believes exist. `self.double` is the vendor (`.url`, `.transport()`, `.credentials`, `.state`, `.clock`, …).

    examples, steps  how many sequences are tried, and how long they are
    """

    vendor: str = ""
    kind: str = "sessions"
    examples: int = 20
    steps: int = 12

    double: Double

    def start(self) -> None:
        """Make the client."""

    def view(self) -> Iterable[Any]:
        """The ids that the client believes exist."""
        raise NotImplementedError(f"{type(self).__name__}.view: tell the ids that the client believes exist")

    def store(self) -> Iterable[Any]:
        """The ids that do exist; narrow it down where the client sees but a part."""
        return [record["id"] for record in getattr(self.double.state, self.kind)()]

    def test_the_client_agrees_with_the_store(self) -> None:
        """After any sequence of its verbs."""
        if not self.vendor:
            raise BadOption(f"{type(self).__name__}: `vendor` says whose client it is")
        host = Host()
        try:
            machine = type(type(self).__name__, (Agreement, type(self), RuleBasedStateMachine), {"host": host})
            told = settings(
                max_examples=self.examples, stateful_step_count=self.steps, deadline=None, suppress_health_check=list(HealthCheck)
            )
            run_state_machine_as_test(machine, settings=told)
        finally:
            host.close()


class Agreement:
    """What makes a state machine of a `ClientMachine`."""

    host: Host
    double: Double
    vendor: str
    start: Callable[[], None]
    view: Callable[[], Iterable[Any]]
    store: Callable[[], Iterable[Any]]

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self.double = self._open.enter_context(self.host.open(Terms(names=(self.vendor,)))).double(self.vendor)
        self.start()

    @invariant()
    def the_view_is_the_store(self) -> None:
        believed, held = sorted(map(str, self.view())), sorted(map(str, self.store()))
        lost, invented = sorted(set(held) - set(believed)), sorted(set(believed) - set(held))
        assert believed == held, f"wrong view: lost {lost[:3]}, believes in {invented[:3]}, of {len(held)}"

    def teardown(self) -> None:
        self._open.close()
