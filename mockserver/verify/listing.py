"""What a list really holds: the rows behind all its pages, straight from the store."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.engine.vendor import Turn
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.pages import Page, Pages, Selection
    from mockserver.message import Call
    from mockserver.state.table import Record
    from mockserver.state.world import World


class Row(NamedTuple):
    """One record of a list: as the wire calls it, and where it is kept."""

    id: str
    name: str
    kind: str
    key: Any
    record: Record


@frozen
class Watching:
    """A page dialect that remembers what the page was one of."""

    inner: Pages
    seen: list[Record]

    def page(self, turn: Turn, selection: Selection) -> Page:
        self.seen.extend(selection.run(0, len(selection.keys))[0])
        return self.inner.page(turn, selection)


def rows_of(engine: Engine, world: World, call: Call) -> list[Row]:
    """Every record of the list that a call asks for, all pages of it, in the list's own order; [] when the call is refused.

    call  the first of a client that pages through the list: what it may see and how it filters stands in it
    """
    operation, _ = engine.contract.match(call.method, engine.vendor.rewrite(call.path))
    asker, trial = copy(engine), world.fork(world.name)
    watching = Watching(engine.pages(operation), [])
    asker.pages = lambda _: watching  # type: ignore[method-assign,assignment]  # this copy looks over the list's shoulder
    trial.faults = ()
    reply = asker.answer(call, trial)
    if not 200 <= reply.status < 300 or not watching.seen:
        return []
    kind = engine.kind_of(engine.role(operation))
    turn = Turn(engine, operation, call, trial)
    turn.params = engine.contract.check_call(
        operation, call, engine.contract.match(call.method, engine.vendor.rewrite(call.path))[1]
    ).params
    views = [kind.view(turn, record) for record in watching.seen]
    rows = [
        Row(str(view.get("id", view.get("name"))), str(view.get("name", view.get("id"))), kind.name, kind.layout.key(record), record)
        for view, record in zip(views, watching.seen, strict=True)
    ]
    first = reply.content.find(rows[0].id.encode()), reply.content.find(rows[-1].id.encode())
    return rows if first[0] >= 0 and (first[1] < 0 or first[0] <= first[1]) else rows[::-1]
