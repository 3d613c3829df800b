"""Actions that only their name describes: POST …/{id}/revoke and the like, and whatever else is neither a list nor an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mockserver.contract.words import words_of
from mockserver.engine.crud import body_of, found, gone, sent
from mockserver.engine.dress import of
from mockserver.message import Json, Reply
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
        change |= {name: value for name, value in sent(turn, role).items() if name in record}
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
    """The fields that an action of this name changes: a status of that name, a yes-or-no of that name, a time of that name."""
    out: dict[str, Json] = {}
    word, yes = undone.get(action, action), action not in undone
    if method == "DELETE":
        yes = not yes
    forms = {word, f"{word}d", f"{word}ed", f"{word[:-1]}ied", f"{word}{word[-1:]}ed", f"is{word}d", f"is{word}ed"}
    for name, value in record.items():
        plain = "".join(words_of(name))
        if isinstance(value, bool) and plain in forms:
            out[name] = yes
        elif plain in ("status", "state") and (stage := stage_of(turn, name, action)) is not None:
            out[name] = stage
    return out


def stage_of(turn: Turn, field: str, action: str) -> Json:
    """The member of a status' enum that an action of this name leads to, or None."""
    allowed = of(turn).allowed(turn.operation, field)
    wanted = (*stages.get(action, ()), action, f"{action}d", f"{action}ed", f"{action}led", f"{action[:-1]}ied")
    by_letters = {"".join(filter(str.isalnum, str(each).lower())): each for each in allowed}
    return next((by_letters[word.replace("_", "")] for word in wanted if word.replace("_", "") in by_letters), None)
