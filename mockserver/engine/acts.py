"""Actions that only their name describes: POST …/{id}/revoke and the like, and whatever else is neither a list nor an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from mockserver.contract.words import topic_of, words_of
from mockserver.engine.crud import body_of, found, gone, sent
from mockserver.engine.dress import of
from mockserver.message import Json, Reply
from mockserver.state.clock import iso_s
from mockserver.state.record import Record, revised

if TYPE_CHECKING:
    from mockserver.engine.vendor import Turn

ending: Final = frozenset("delete remove destroy purge terminate disconnect discard erase".split())

undone: Final[Mapping[str, str]] = {
    "unlock": "lock", "unarchive": "archive", "restore": "archive", "reopen": "close", "disable": "enable", "deactivate": "activate",
    "unstar": "star", "unpublish": "publish", "unblock": "block", "unsuspend": "suspend", "unhide": "hide", "unpin": "pin", "unsubscribe": "subscribe",
}  # fmt: skip
"""Words that take back what another does to a yes-or-no field."""

stages: Final[Mapping[str, tuple[str, ...]]] = {
    "activate": ("active", "enabled"), "enable": ("enabled", "active"), "start": ("started", "running", "active", "in_progress"),
    "resume": ("active", "running"), "reopen": ("open", "opened"), "stop": ("stopped", "inactive"), "disable": ("disabled", "inactive"),
    "deactivate": ("inactive", "deactivated", "disabled"), "complete": ("completed", "complete", "done"), "finish": ("finished", "done", "completed"),
    "submit": ("submitted", "pending"), "unarchive": ("active",), "unsuspend": ("active",), "restore": ("active",), "send": ("sent", "pending"),
    "pay": ("paid",), "void": ("void", "voided"), "end": ("ended", "expired"), "begin": ("started", "active"), "acknowledge": ("acknowledged",),
}  # fmt: skip


def acting(turn: Turn) -> Reply:
    """Do to the item what the action's name says, if it says it; answer with the item where the reply has room for it."""
    role, operation = turn.engine.role(turn.operation), turn.operation
    segment = operation.path.rstrip("/").rpartition("/")[2]
    action = (words_of(segment.rpartition(":")[2]) or ("",))[0]
    engine = of(turn)
    if isinstance(turn.body, list) and operation.method in ("POST", "PUT") and engine.takes_several(operation):
        return adding(turn)
    if not role.key or not role.kind or operation.method == "GET":
        return Reply(operation.success, echoed(turn))
    role, kind, record = found(turn, "update")
    if action in ending and operation.method in ("POST", "DELETE"):
        turn.table(kind.name).remove(kind.layout.key(record))
        engine.bury(turn, kind.name, kind.layout.key(record))
        return gone(turn, role, kind, record)
    change = effect(action, operation.method, record, turn)
    ours = engine.answers_with_its_thing(operation)
    if ours:
        change |= taken(turn, sent(turn, role))
    changed = revised(record, change)
    if changed != record:
        turn.table(kind.name).put(changed)
    view = kind.view(turn, changed)
    return Reply(operation.success, body_of(role, view) if ours else echoed(turn))


def adding(turn: Turn) -> Reply:
    """Every thing of the list that was sent."""
    role = turn.engine.role(turn.operation)
    kind = turn.engine.kind_of(role)
    records = [kind.make(turn.world, kind.offered(each)) for each in turn.body if isinstance(each, dict)]
    for record in records:
        turn.table(kind.name).put(record)
    return Reply(turn.operation.success, body_of(role, [kind.view(turn, record) for record in records]))


def echoed(turn: Turn) -> Json:
    """The reply when nothing is known of it but its schema and what was sent."""
    return of(turn).composed(turn, turn.body if isinstance(turn.body, dict) else {})


def effect(action: str, method: str, record: Record, turn: Turn) -> dict[str, Json]:
    """The fields that an action of this name changes, whether the record has them yet or not: a status, a yes-or-no and a time of that
    name. Those of the thing itself, else those of what holds its attributes."""
    contract, resource = of(turn).contract, of(turn).resource(turn.operation)
    properties = contract.properties(resource.place) if resource is not None and resource.place else {}
    deed = Deed.told(action, method)
    out = changes(turn, deed, properties)
    for name in () if out else [each for each in properties if each in holding and isinstance(record.get(each), Mapping)]:
        inner = changes(turn, deed, contract.properties(properties[name]))
        out |= {name: {**record[name], **inner}} if inner else {}
    return out


holding: Final = frozenset("attributes properties data fields".split())
"""What holds the attributes of a thing beside its id."""


class Deed(NamedTuple):
    """What an action does: its name, the words that say so of a thing ("closed"), and whether it is so afterwards or not any more."""

    action: str
    forms: frozenset[str]
    done: bool

    @classmethod
    def told(cls, action: str, method: str) -> Deed:
        word, done = undone.get(action, action), (action not in undone) is (method != "DELETE")
        plain = {f"{word}d", f"{word}ed", f"{word[:-1]}ied", f"{word}{word[-1:]}ed"}
        return cls(action, frozenset({word, *plain}), done)


def changes(turn: Turn, deed: Deed, properties: Mapping[str, str]) -> dict[str, Json]:
    """What becomes of properties, given with the places of their schemas."""
    out: dict[str, Json] = {}
    for name, place in properties.items():
        said, types = words_of(name), of(turn).contract.types(place)[0]
        if "boolean" in types and "".join(said).removeprefix("is") in deed.forms:
            out[name] = deed.done
        elif "".join(said) in ("status", "state") and (stage := stage_of(turn, place, types, deed.action)) is not None:
            out[name] = stage
        elif topic_of(name) == "time" and deed.forms & set(said) and (deed.done or "null" in types):
            out[name] = moment(turn, place, types) if deed.done else None
    return out


def moment(turn: Turn, place: str, types: frozenset[str]) -> Json:
    """Now, as a property of these types has it."""
    shape = of(turn).sampler.shape((place,))
    if "string" not in types and types & {"integer", "number"}:
        return turn.now // 1000
    return iso_s(turn.now)[:10] if shape.word("format") == "date" else iso_s(turn.now)


def stage_of(turn: Turn, place: str, types: frozenset[str], action: str) -> Json:
    """The member of a status' enum that an action of this name leads to, a word for it where there is no enum; None when there is neither."""
    wanted = (*stages.get(action, ()), action, f"{action}d", f"{action}ed", f"{action}led", f"{action[:-1]}ied")
    allowed = of(turn).sampler.shape((place,)).enum
    if allowed is None:
        ending = f"{action}d" if action.endswith("e") else f"{action[:-1]}ied" if action.endswith("y") else f"{action}ed"
        return stages.get(action, (ending,))[0] if types == {"string"} else None
    by_letters = {"".join(filter(str.isalnum, str(each).lower())): each for each in allowed}
    return next((by_letters[word.replace("_", "")] for word in wanted if word.replace("_", "") in by_letters), None)


def taken(turn: Turn, given: Mapping[str, Json]) -> dict[str, Json]:
    """What of a body the thing has a place for, but for its id."""
    engine, resource = of(turn), of(turn).resource(turn.operation)
    properties = engine.contract.properties(resource.place) if resource is not None and resource.place else {}
    fixed = resource.id[:1] if resource is not None else ()
    return {
        name: value for name, value in given.items()
        if name in properties and name not in fixed and engine.sampler.keeps((properties[name],), "reply", value)
    }  # fmt: skip
