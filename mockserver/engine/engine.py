"""The engine of one vendor: a call in, a reply out.

Rules of this file
- `answer` is synchronous and touches nothing but its world: called on one event loop, every call is atomic.
- A refusal is raised anywhere and rendered once. What it refuses has changed nothing: behaviours judge first and write last.
- No reply leaves unchecked. One of ours that breaks the contract leaves as a loud 500 with the finding.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

from mockserver.contract.contract import Contract, Unmatched
from mockserver.contract.resource import Role, role_of
from mockserver.contract.wire import BrokenEncoding
from mockserver.engine.crud import DEFAULTS
from mockserver.engine.journal import Exchange
from mockserver.engine.problems import problem, told
from mockserver.engine.vendor import Behaviour, Kind, Populated, Turn, Vendor
from mockserver.errors import Finding, Refusal, UnknownName
from mockserver.message import NOTHING, Call, Reply
from mockserver.state.drawn import base_of
from mockserver.state.scene import Scene
from mockserver.state.table import Table

if TYPE_CHECKING:
    from mockserver.contract.operation import Operation
    from mockserver.engine.pages import Pages
    from mockserver.state.world import Tables, World


class Stage(dict[str, Table]):
    """The tables of a scene by kind, each laid when it is first asked for: a kind that nobody asks for costs nothing."""

    def __init__(self, kinds: Mapping[str, Kind], populated: Populated) -> None:
        super().__init__()
        self._kinds, self._populated = kinds, populated

    def __missing__(self, name: str) -> Table:
        layout = self._kinds[name].layout
        table = self[name] = Table(layout, base_of(layout, self._populated.get(name, ())))
        return table


class Engine:
    """One vendor at work: its card, its contract, and the options it was started with."""

    def __init__(self, vendor: Vendor, contract: Contract, options: Mapping[str, str] | None = None) -> None:
        self.vendor, self.contract = vendor, contract
        self.options = vendor.settle(options or {})
        self.kinds: dict[str, Kind] = {kind.name: kind for kind in vendor.kinds}
        self._roles: dict[str, Role] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._subjects: dict[str, tuple[Role, Kind]] = {}
        for name in vendor.behaviours:
            if name not in contract.operations:
                raise UnknownName(f"operation of {vendor.name} (it has a behaviour)", name, contract.operations)

    # -- what operations are about ----------------------------------------------------------------------------------

    def role(self, operation: Operation) -> Role:
        """What an operation does to which resource."""
        role = self._roles.get(operation.id)
        if role is None:
            role = self._roles[operation.id] = role_of(self.contract, operation)
        return role

    def subject(self, operation: Operation) -> tuple[Role, Kind]:
        """What an operation is about. Raises UnknownName when that is nothing."""
        found = self._subjects.get(operation.id)
        if found is None:
            role = self.role(operation)
            found = self._subjects[operation.id] = role, self.kind_of(role)
        return found

    def kind_of(self, role: Role) -> Kind:
        """The kind a role is about: by its schema, else by its word."""
        kind = self._kinds_by_schema.get(role.schema) or self.kinds.get(role.kind)
        if kind is None:
            raise UnknownName(f"kind of {self.vendor.name}", role.kind, self.kinds)
        return kind

    @cached_property
    def _kinds_by_schema(self) -> dict[str, Kind]:
        return {kind.schema: kind for kind in self.vendor.kinds if kind.schema}

    def pages(self, operation: Operation) -> Pages:
        """The dialect an operation's list is paged in."""
        return self.vendor.paged.get(operation.id) or self.vendor.pages

    def behaviour(self, operation: Operation) -> Behaviour:
        """What answers an operation: the card's behaviour, else its verb's default."""
        behave = self._behaviours.get(operation.id)
        if behave is None:
            behave = self.vendor.behaviours.get(operation.id) or self._default(operation)
            self._behaviours[operation.id] = behave
        return behave

    def _default(self, operation: Operation) -> Behaviour:
        role = self.role(operation)
        known = role.schema in self._kinds_by_schema or role.kind in self.kinds
        return DEFAULTS.get(role.verb, not_acted_out) if known else not_acted_out

    def stage(self, scene: Scene) -> MutableMapping[str, Table]:
        """The tables a scene begins with, by kind."""
        return Stage(self.kinds, self.vendor.populate(scene, self.options))

    def laid(self, tables: Tables, kind: str) -> bool:
        """Whether the records of a kind are there without being made up for whoever looks at them."""
        return True

    def told(self, operation: Operation) -> str:
        """What answers an operation, in a word: "the card", its verb, or "none"."""
        if operation.id in self.vendor.behaviours:
            return "the card"
        return "none" if self._default(operation) is not_acted_out else self.role(operation).verb

    # -- answering --------------------------------------------------------------------------------------------------

    def answer(self, call: Call, world: World) -> Reply:
        """Answer one call in one world. The only way in."""
        began = world.clock.wall()
        try:
            operation, values = self.contract.match(call.method, self.vendor.rewrite(call.path))
        except Unmatched as unmatched:
            return self._record(world, None, call, self._unmatched(call, unmatched), (), began)
        except BrokenEncoding as error:
            found = Finding("", "path", "encoding", f"broken percent-encoding in {error}", call.path)
            reply = problem("unknown-path", f"{call.path} is not percent-encoded UTF-8")
            return self._record(world, None, call, reply, (found,), began)
        self.vendor.tick(world)
        turn = Turn(self, operation, call, world)
        reply, findings = self._struck(turn, values) if world.faults else self.line(turn, values)
        return self._record(world, operation, call, reply, findings, began)

    def _struck(self, turn: Turn, values: list[str]) -> tuple[Reply, tuple[Finding, ...]]:
        from mockserver.engine.faults import strike  # a tenth of what starting costs, for worlds in which something goes wrong

        return strike(turn, values)

    def line(self, turn: Turn, values: list[str]) -> tuple[Reply, tuple[Finding, ...]]:
        """The reply to a turn, as it leaves, and what broke the contract. `values`: the texts of the path's parameters."""
        vendor = self.vendor
        try:
            turn.caller = vendor.authenticate(turn)
            vendor.meter(turn)
            checked = self.contract.check_call(turn.operation, turn.call, values)
            turn.params, turn.body = checked.params, checked.body
            if checked.findings:
                refusal = vendor.invalid(turn, checked.findings)
                refusal.findings = tuple(checked.findings)
                raise refusal
            return self.leaving(turn, vendor.around(turn, self.behaviour(turn.operation)))
        except Refusal as refusal:
            return self.leaving(turn, vendor.refuse(turn, refusal), refusal.findings)

    def leaving(self, turn: Turn, reply: Reply, findings: tuple[Finding, ...] = ()) -> tuple[Reply, tuple[Finding, ...]]:
        """The reply as it leaves: checked, loud when it breaks the contract, with the vendor's headers."""
        broken = self.contract.check_reply(turn.operation, reply)
        if broken and not is_problem(reply):
            reply = self.mended(turn, reply)
            broken = self.contract.check_reply(turn.operation, reply)
            if broken and not is_problem(reply):
                findings = (*findings, *broken)
                reply = problem("own-reply", str(broken[0]), findings=told(broken), status_meant=reply.status)
        return self._finished(turn, reply), findings

    def mended(self, turn: Turn, reply: Reply) -> Reply:
        """A reply that breaks the contract, made to keep it: nobody's task where a card says what the vendor answers."""
        return reply

    def _unmatched(self, call: Call, unmatched: Unmatched) -> Reply:
        near = self.contract.nearest(call.method, self.vendor.rewrite(call.path))
        hint = f"; nearest: {near[0]}" if near else ""
        if unmatched.allowed:
            allowed = ", ".join(unmatched.allowed)
            words = f"{self.vendor.name} takes {allowed} at {call.path}, not {call.method}"
            return problem("unknown-method", words, {"Allow": allowed}, nearest=near)
        return problem("unknown-path", f"{self.vendor.name} has no {call.method} {call.path}{hint}", nearest=near)

    def _finished(self, turn: Turn, reply: Reply) -> Reply:
        """The reply as it leaves: its bytes, their media type, and the vendor's headers (some vendors' depend on the bytes)."""
        body = reply.body
        if body is None:
            body = b"" if reply.value is NOTHING else orjson.dumps(reply.value)
        media = reply.media or (self.vendor.media if body else None)
        written = Reply(reply.status, reply.value, reply.headers, body, media, reply.delivery)
        more = self.vendor.headers(turn, written)
        return written.with_headers(more) if more else written

    def _record(
        self, world: World, operation: Operation | None, call: Call, reply: Reply, findings: tuple[Finding, ...], began: float
    ) -> Reply:
        if reply.body is None:
            reply = reply._replace(body=reply.content)
        world.asked += 1
        asked, clock, name = world.asked, world.clock, self.vendor.name
        told = operation.id if operation else None
        world.journal.append(Exchange(clock.now(), name, told, call, reply, findings, asked, began, clock.wall() - began))
        return reply


def is_problem(reply: Reply) -> bool:
    """Whether we speak as ourselves."""
    return reply.media == "application/problem+json" and "Mock-Problem" in reply.headers


def not_acted_out(turn: Turn) -> Reply:
    """An operation nobody gave a behaviour."""
    return problem("not-acted-out", f"{turn.operation.id} is in the contract; the fake does not act it out yet")
