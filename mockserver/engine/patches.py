"""What a PATCH makes of a thing, by the media type it is sent in: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396), or fields laid over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mockserver.errors import Refusal
from mockserver.message import Json


def merge_patched(old: Json, patch: Json) -> Json:
    """RFC 7396: what is null in the patch goes."""
    if not isinstance(patch, dict):
        return patch
    out = dict(old) if isinstance(old, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = merge_patched(out.get(name), value)
    return out


def patched(old: Json, patch: Sequence[Mapping[str, Json]]) -> Json:
    """RFC 6902: every operation in turn, or (Refusal) none of them: 409 where a test fails, 422 where an operation cannot be done."""
    for number, operation in enumerate(patch):
        act = operations.get(str(operation.get("op")))
        if act is None:
            raise impossible(number, f"op {operation.get('op')!r} is not one of {', '.join(operations)}")
        try:
            old = act(old, operation)
        except (LookupError, TypeError, ValueError) as error:
            raise impossible(number, f"{operation.get('op')} {operation.get('path')!r}: {error}") from None
    return old


def impossible(number: int, why: str) -> Refusal:
    return Refusal(422, "unprocessable_patch", f"operation {number} of the patch: {why}")


def steps(pointer: Json) -> list[str]:
    """The names of a JSON pointer (RFC 6901)."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise ValueError(f"{pointer!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def position(value: list[Json], name: str, *, end: bool = False) -> int:
    """The index a name stands for; `end`: the place behind the last counts, too."""
    if name == "-" and end:
        return len(value)
    if not name.isdecimal() or (name[0] == "0" and len(name) > 1) or int(name) >= len(value) + end:
        raise LookupError(f"there is no item {name!r}")
    return int(name)


def reached(value: Json, path: list[str]) -> Json:
    for name in path:
        if isinstance(value, list):
            value = value[position(value, name)]
        elif isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            raise LookupError(f"there is no {name!r}")
    return value


def altered(value: Json, path: list[str], alter: Callable[[Json, str], Json]) -> Json:
    """The value with the innermost object or list of a path altered; nothing else is copied, nothing is changed in place."""
    name, rest = path[0], path[1:]
    if not rest:
        return alter(value, name)
    inner = altered(reached(value, [name]), rest, alter)
    if isinstance(value, list):
        return [*value[: (at := position(value, name))], inner, *value[at + 1 :]]
    return {**value, name: inner}


def with_it(what: Json) -> Callable[[Json, str], Json]:
    def alter(value: Json, name: str) -> Json:
        if isinstance(value, list):
            return [*value[: (at := position(value, name, end=True))], what, *value[at:]]
        if not isinstance(value, Mapping):
            raise TypeError("neither an object nor a list holds it")
        return {**value, name: what}

    return alter


def without(value: Json, name: str) -> Json:
    reached(value, [name])
    if isinstance(value, list):
        return [*value[: (at := position(value, name))], *value[at + 1 :]]
    return {key: each for key, each in value.items() if key != name}


def adding(old: Json, operation: Mapping[str, Any]) -> Json:
    path = steps(operation["path"])
    return altered(old, path, with_it(operation["value"])) if path else operation["value"]


def removing(old: Json, operation: Mapping[str, Any]) -> Json:
    return altered(old, steps(operation["path"]), without)


def replacing(old: Json, operation: Mapping[str, Any]) -> Json:
    reached(old, steps(operation["path"]))
    if isinstance(reached(old, steps(operation["path"])[:-1]), list):
        old = removing(old, operation)
    return adding(old, operation)


def copying(old: Json, operation: Mapping[str, Any]) -> Json:
    return adding(old, {"path": operation["path"], "value": reached(old, steps(operation["from"]))})


def moving(old: Json, operation: Mapping[str, Any]) -> Json:
    start, end = steps(operation["from"]), steps(operation["path"])
    if end[: len(start)] == start and end != start:
        raise ValueError("nothing can be moved into itself")
    value = reached(old, start)
    return adding(removing(old, {"path": operation["from"]}), {"path": operation["path"], "value": value})


def testing(old: Json, operation: Mapping[str, Any]) -> Json:
    found = reached(old, steps(operation["path"]))
    if not same(found, operation["value"]):
        raise Refusal(409, "patch_test_failed", f"{operation['path']} is not what the patch expects there")
    return old


def same(one: Json, other: Json) -> bool:
    """Equal as JSON values: true is no 1, and 1.0 is 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


operations: Final[Mapping[str, Callable[[Json, Mapping[str, Any]], Json]]] = {
    "add": adding, "remove": removing, "replace": replacing, "move": moving, "copy": copying, "test": testing,
}  # fmt: skip


def asked(media: str, body: Json) -> Callable[[Json], Json] | None:
    """What a body makes of a thing; None where it is fields to lay over it. Documents write of JSON Patch as application/json, too."""
    if isinstance(body, list) and body and all(isinstance(each, dict) and "op" in each and "path" in each for each in body):
        return lambda old: patched(old, body)
    if media.partition(";")[0].strip().lower() == "application/merge-patch+json" and isinstance(body, dict):
        return lambda old: merge_patched(old, body)
    return None
