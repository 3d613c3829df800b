"""What a method does where it stands, how sure that is and why; and what the document's own `x-mockserver` says instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.resource import Role
from mockserver.errors import BadSpec

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.envelopes import Body
    from mockserver.contract.inference import Resource, Spot
    from mockserver.contract.operation import Operation

extension: Final = "x-mockserver"
verbs: Final = ("list", "read", "create", "replace", "merge", "delete", "clear", "show", "set", "unset", "act")


def overridden(contract: Contract, operation: Operation, role: Role, told: Mapping[str, Any]) -> Role:
    """The role with what the document's sidecar says of it. Raises BadSpec on a word that means nothing."""
    fields = {"behaviour": "verb", "kind": "kind", "key": "key", "envelope": "envelope", "wrapped": "wrapped"}
    unknown = [name for name in told if name not in (*fields, "parents")]
    place = f"{contract.document.source}: {operation.place}/{extension}"
    if unknown:
        raise BadSpec(f"{place}/{unknown[0]}: no such key; known: {', '.join((*fields, 'parents'))}")
    if told.get("behaviour", role.verb) not in verbs:
        raise BadSpec(f"{place}/behaviour: {told['behaviour']!r} is not one of {', '.join(verbs)}")
    changed = {fields[name]: str(value) for name, value in told.items() if name in fields}
    if isinstance(told.get("parents"), dict):
        changed["parents"] = tuple((str(name), str(kind)) for name, kind in told["parents"].items())  # type: ignore[assignment]  # all others are texts
    return replace(role, **changed, sure=100, why=f"says {extension}")  # type: ignore[arg-type]  # judged just above


def verb_at(spot: Spot, operation: Operation, body: Body) -> str:
    """What a method does at a spot."""
    if (spot.form, operation.method) == ("collection", "GET") and not body.is_list:
        return "act"
    return doing.get((spot.form, operation.method), "act")


doing: Final = {
    ("item", "GET"): "read", ("item", "HEAD"): "read", ("item", "PUT"): "replace", ("item", "PATCH"): "merge", ("item", "POST"): "merge",
    ("item", "DELETE"): "delete",
    ("collection", "GET"): "list", ("collection", "HEAD"): "list", ("collection", "POST"): "create", ("collection", "PUT"): "replace",
    ("collection", "PATCH"): "merge", ("collection", "DELETE"): "clear",
    ("found", "GET"): "list",
    ("self", "GET"): "read", ("self", "PUT"): "replace", ("self", "PATCH"): "merge",
    ("single", "GET"): "show", ("single", "HEAD"): "show", ("single", "PUT"): "set", ("single", "PATCH"): "set", ("single", "POST"): "set",
    ("single", "DELETE"): "unset",
}  # fmt: skip


def judged(role: Role, spot: Spot, resource: Resource, body: Body, thing: str) -> dict[str, Any]:
    """How sure a role is, and by what."""
    if role.verb == "act":
        if spot.form == "action" and spot.key:
            return {"sure": 70, "why": f"{spot.tail!r} is done to one of {resource.path}"}
        return {"sure": 40, "why": "neither a list, an item nor a single thing"}
    sure, why = 55, [f"{spot.form} of {resource.path}" if resource.path != spot.tail else spot.form]
    if resource.thing:
        sure, why = sure + 20, [*why, f"things are {resource.thing}"]
    if thing and thing == resource.thing:
        sure, why = sure + 10, [*why, "the reply is one" if not body.is_list else "the reply lists them"]
    if resource.id:
        sure, why = sure + 10, [*why, f"told apart by {'.'.join(resource.id)}"]
    elif not resource.single:
        why.append("no property tells them apart: the path's own value does")
    if body.envelope:
        sure, why = sure - 5, [*why, f"inside {body.envelope!r}"]
    return {"sure": min(sure + 5 * resource.single, 99), "why": "; ".join(why)}
