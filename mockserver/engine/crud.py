"""What an ordinary operation does: one behaviour a verb, driven by the role the contract gives it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from mockserver.engine.pages import Selection
from mockserver.engine.vendor import Behaviour, Kind, nothing
from mockserver.message import NOTHING, Json, Reply
from mockserver.state.record import owner_of
from mockserver.state.table import Record, every

if TYPE_CHECKING:
    from mockserver.contract.resource import Role
    from mockserver.engine.vendor import Turn


def subject(turn: Turn) -> tuple[Role, Kind]:
    """What the turn's operation is about."""
    return turn.engine.subject(turn.operation)


def parents_exist(turn: Turn, kind: Kind) -> None:
    """A child of nobody is refused by its parent's kind."""
    for parameter, parent in kind.parents.items():
        if parameter in turn.params and turn.params[parameter] not in turn.table(parent):
            raise turn.engine.kinds[parent].missing(turn, turn.params[parameter])


def found(turn: Turn, verb: str) -> tuple[Role, Kind, Record]:
    """The record a turn's path names, or the kind's refusal. The caller is judged before anything is told."""
    role, kind = turn.engine.subject(turn.operation)
    if kind.parents:
        parents_exist(turn, kind)
    key = kind.address(turn, role)
    table = turn.table(kind.name)
    record = table.get(key)
    made_up = None if record is not None else kind.conjure(turn, role)
    record = record if made_up is None else made_up
    misplaced = record is not None and not belongs(turn, kind, record)
    kind.guard(turn, verb, None if misplaced else record)
    if record is None or misplaced:
        raise kind.missing(turn, key)
    if made_up is not None:
        table.put(made_up)
    return role, kind, record


def belongs(turn: Turn, kind: Kind, record: Record) -> bool:
    """Whether the record is its whom the path says it is."""
    if not kind.within:
        return True
    whose = owner_of(record)
    return all(
        whose.get(name) == turn.params[parameter] or str(whose.get(name)) == str(turn.params[parameter])
        for name, parameter in kind.within.items()
        if parameter in turn.params
    )


def body_of(
    role: Role,
    value: Json,
    before: Mapping[str, Json] = nothing,
    behind: Mapping[str, Json] = nothing,
    around: Mapping[str, Json] = nothing,
) -> Json:
    """The value in the envelope of the role ("a/b": the property b of the property a), with what stands beside it, and `around` beside a."""
    if not role.envelope:
        return value
    outer, _, inner = role.envelope.rpartition("/")
    body = {**before, inner: value, **behind}
    return {outer: body, **around} if outer else body


def sent(turn: Turn, role: Role) -> Mapping[str, Json]:
    """What the client sent of the item, out of its wrapping."""
    body = turn.body.get(role.wrapped) if role.wrapped and isinstance(turn.body, dict) else turn.body
    return body if isinstance(body, dict) else {}


def selection(turn: Turn, kind: Kind) -> Selection:
    """What a list is a page of: all of the kind, or what belongs to the parent that the path names, filtered by what the query names."""
    index, group = every, None
    for parameter, name in kind.listed.items():
        if parameter in turn.params:
            index, group = name, turn.params[parameter]
    keep = (lambda record: belongs(turn, kind, record)) if kind.within and not kind.listed else None
    return Selection(turn.table(kind.name), index, group, keep)


def listing(turn: Turn) -> Reply:
    """A page of the records."""
    role, kind = subject(turn)
    if kind.parents:
        parents_exist(turn, kind)
    kind.guard(turn, "list", None)
    return page_of(turn, role, kind, selection(turn, kind))


def page_of(turn: Turn, role: Role, kind: Kind, chosen: Selection) -> Reply:
    """The page of a selection that the turn asks for, in the vendor's dialect and the operation's envelope."""
    page = turn.engine.pages(turn.operation).page(turn, chosen)
    records = list(map(partial(kind.view, turn), page.records))
    return Reply(turn.operation.success, body_of(role, records, page.before, page.behind, page.around), page.headers)


def reading(turn: Turn) -> Reply:
    """One record."""
    role, kind, record = found(turn, "read")
    return Reply(turn.operation.success, body_of(role, kind.view(turn, record)))


def creating(turn: Turn) -> Reply:
    """A new record of what was sent."""
    role, kind = turn.engine.subject(turn.operation)
    if kind.parents:
        parents_exist(turn, kind)
    kind.guard(turn, "create", None)
    told = kind.offered(sent(turn, role))
    if kind.within:
        told = {**told, **{name: turn.params[parameter] for name, parameter in kind.within.items() if parameter in turn.params}}
    record = kind.make(turn.world, told)
    turn.table(kind.name).put(record)
    return Reply(turn.operation.success, body_of(role, kind.view(turn, record)))


def merging(turn: Turn) -> Reply:
    """The record with what was sent laid over it."""
    role, kind, record = found(turn, "update")
    changed = kind.change(turn, record, sent(turn, role))
    turn.table(kind.name).put(changed)
    return Reply(turn.operation.success, body_of(role, kind.view(turn, changed)))


def deleting(turn: Turn) -> Reply:
    """The record is gone."""
    role, kind, record = found(turn, "delete")
    turn.table(kind.name).remove(kind.layout.key(record))
    return gone(turn, role, kind, record)


def gone(turn: Turn, role: Role, kind: Kind, record: Record) -> Reply:
    """The reply to a deletion: the record where the contract has a body for it, else nothing."""
    answer = turn.operation.answer(turn.operation.success)
    return Reply(turn.operation.success, body_of(role, kind.view(turn, record)) if answer and answer.media else NOTHING)


def clearing(turn: Turn) -> Reply:
    """Every record of the parent is gone."""
    _, kind = subject(turn)
    parents_exist(turn, kind)
    kind.guard(turn, "delete", None)
    chosen = selection(turn, kind)
    doomed = chosen.keys if chosen.keep is None else map(kind.layout.key, chosen.run(0, len(chosen.keys))[0])
    turn.table(kind.name).drop(tuple(doomed))
    return Reply(turn.operation.success)


DEFAULTS: Final[dict[str, Behaviour]] = {
    "list": listing,
    "read": reading,
    "create": creating,
    "replace": merging,
    "merge": merging,
    "delete": deleting,
    "clear": clearing,
}
"""The behaviour of each verb. "act" has none: what an action does, only a card can say."""
