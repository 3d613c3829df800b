"""What an ordinary operation does: one behaviour a verb, driven by the role the contract gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mockserver.engine.pages import Selection, whole
from mockserver.engine.vendor import Behaviour, Kind
from mockserver.message import NOTHING, Json, Reply
from mockserver.state.table import Record, every

if TYPE_CHECKING:
    from mockserver.contract.resource import Role
    from mockserver.engine.vendor import Turn


def subject(turn: Turn) -> tuple[Role, Kind]:
    """What the turn's operation is about."""
    role = turn.engine.role(turn.operation)
    return role, turn.engine.kind_of(role)


def parents_exist(turn: Turn, kind: Kind) -> None:
    """A child of nobody is refused by its parent's kind."""
    for parameter, parent in kind.parents.items():
        if parameter in turn.params and turn.params[parameter] not in turn.table(parent):
            raise turn.engine.kinds[parent].missing(turn, turn.params[parameter])


def found(turn: Turn, verb: str) -> tuple[Role, Kind, Record]:
    """The record a turn's path names, or the kind's refusal. The caller is judged before anything is told."""
    role, kind = subject(turn)
    parents_exist(turn, kind)
    key = turn.params.get(role.key)
    record = turn.table(kind.name).get(key)
    misplaced = record is not None and any(
        parameter in turn.params and record.get(name) != turn.params[parameter] for name, parameter in kind.within.items()
    )
    kind.guard(turn, verb, None if misplaced else record)
    if record is None or misplaced:
        raise kind.missing(turn, key)
    return role, kind, record


def body_of(role: Role, value: Json) -> Json:
    """The value in the envelope of the role."""
    return {role.envelope: value} if role.envelope else value


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
    return Selection(turn.table(kind.name), index, group)


def listing(turn: Turn) -> Reply:
    """A page of the records."""
    role, kind = subject(turn)
    parents_exist(turn, kind)
    kind.guard(turn, "list", None)
    return page_of(turn, role, kind, selection(turn, kind))


def page_of(turn: Turn, role: Role, kind: Kind, chosen: Selection) -> Reply:
    """The page of a selection that the turn asks for, in the vendor's dialect and the operation's envelope."""
    page = (turn.engine.vendor.pages or whole).page(turn, chosen)
    view = kind.view
    records = [view(turn, record) for record in page.records]
    if not role.envelope:
        return Reply(turn.operation.success, records)
    return Reply(turn.operation.success, {**page.before, role.envelope: records, **page.behind})


def reading(turn: Turn) -> Reply:
    """One record."""
    role, kind, record = found(turn, "read")
    return Reply(turn.operation.success, body_of(role, kind.view(turn, record)))


def creating(turn: Turn) -> Reply:
    """A new record of what was sent."""
    role, kind = subject(turn)
    parents_exist(turn, kind)
    kind.guard(turn, "create", None)
    owned = {name: turn.params[parameter] for name, parameter in kind.within.items() if parameter in turn.params}
    record = kind.make(turn.world, {**sent(turn, role), **owned})
    turn.table(kind.name).put(record)
    return Reply(turn.operation.success, body_of(role, kind.view(turn, record)))


def merging(turn: Turn) -> Reply:
    """The record with what was sent laid over it."""
    role, kind, record = found(turn, "update")
    changed = {**record, **sent(turn, role)}
    turn.table(kind.name).put(changed)
    return Reply(turn.operation.success, body_of(role, kind.view(turn, changed)))


def deleting(turn: Turn) -> Reply:
    """The record is gone."""
    role, kind, record = found(turn, "delete")
    turn.table(kind.name).remove(turn.params[role.key])
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
    for key in tuple(chosen.keys):
        turn.table(kind.name).remove(key)
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

