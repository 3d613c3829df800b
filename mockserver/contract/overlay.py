"""OpenAPI Overlay 1.0: changes to a document that live beside it, so that a document of somebody else's is never edited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from mockserver.contract.document import parse
from mockserver.errors import BadSpec
from mockserver.message import Json

Holder = dict[str, Any] | list[Any]
Found = tuple[Holder, Any]
"""Where something stands: what holds it, and its key or index there."""

step: Final = re.compile(
    r"""(?P<deep>\.\.)?(?:
        \.?(?P<name>[A-Za-z_][\w-]*) | \.?(?P<all>\*) |
        \[(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<index>-?\d+)|(?P<every>\*)|
           \?\(?\s*@(?P<path>(?:\.[\w-]+|\['[^']*'\])*)\s*(?:(?P<op>==|!=)\s*(?P<value>'[^']*'|"[^"]*"|true|false|null|-?\d+(?:\.\d+)?))?\s*\)?)\]
    )""",
    re.VERBOSE,
)


def laid_over(root: dict[str, Any], path: Path) -> list[str]:
    """Do to a document, in place, what an overlay file says. Returns the targets that matched nothing. Raises BadSpec."""
    try:
        told = parse(path.read_bytes(), str(path))
    except OSError as error:
        raise BadSpec(f"{path}: cannot be read: {error.strerror or error}") from None
    if not str(told.get("overlay", "")).startswith("1."):
        raise BadSpec(f"{path}: /overlay is {told.get('overlay')!r}, not 1.0.0; is it an OpenAPI Overlay?")
    actions = told.get("actions")
    if not isinstance(actions, list):
        raise BadSpec(f"{path}: /actions is not a list of actions")
    missed = []
    for index, action in enumerate(actions):
        place = f"{path}: /actions/{index}"
        if not isinstance(action, dict) or not isinstance(action.get("target"), str):
            raise BadSpec(f"{place}/target is missing; it is a JSONPath such as $.paths['/pets'].get")
        found = list(select(root, action["target"], place))
        if not found:
            missed.append(f"{place}/target {action['target']!r} matches nothing in the document")
        for holder, key in reversed(found) if action.get("remove") is True else found:
            if action.get("remove") is True:
                del holder[key]
            elif "update" in action:
                holder[key] = merged(holder[key], action["update"])
    return missed


def merged(old: Json, new: Json) -> Json:
    """The old value with the new one laid over it: objects member by member, a list gets one more, the rest is replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old[key], value) if key in old else value for key, value in new.items()}}
    if isinstance(old, list):
        return [*old, *(new if isinstance(new, list) else [new])]
    return new


def select(root: dict[str, Any], path: str, place: str) -> Iterator[Found]:
    """What a JSONPath names. Raises BadSpec on one we do not read."""
    if not path.startswith("$"):
        raise BadSpec(f"{place}/target {path!r} does not begin with $")
    top: dict[str, Any] = {"$": root}
    found: list[Found] = [(top, "$")]
    at = 1
    while at < len(path):
        match = step.match(path, at)
        if match is None:
            raise BadSpec(f"{place}/target {path!r}: cannot be read from {path[at:]!r} on; names, *, ['…'], [n], .. and [?@.a=='b'] are")
        at = match.end()
        start = list(dict.fromkeys(map(Hold, found)))
        outer = [each for hold in start for each in (below(hold.found) if match["deep"] else [hold.found])]
        found = [each for holder, key in outer for each in taken(holder[key], match)]
    yield from (each.found for each in dict.fromkeys(map(Hold, found)))


class Hold:
    """A found place, the same when it is the same place."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def __hash__(self) -> int:
        return hash((id(self.found[0]), self.found[1]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hold) and self.found[0] is other.found[0] and self.found[1] == other.found[1]


def below(found: Found) -> Iterator[Found]:
    """A place and everything under it."""
    yield found
    value = found[0][found[1]]
    for key in members(value):
        yield from below((value, key))


def members(value: Json) -> list[Any]:
    return list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []


def taken(value: Json, match: re.Match[str]) -> Iterator[Found]:
    """The members of a value that one step of a path takes."""
    if match["all"] or match["every"]:
        yield from ((value, key) for key in members(value))
    elif match["index"] is not None:
        if isinstance(value, list) and -len(value) <= int(match["index"]) < len(value):
            yield value, int(match["index"]) % len(value)
    elif match["path"] is not None:
        yield from ((value, key) for key in members(value) if holds(value[key], match))
    else:
        name = match["name"] or re.sub(r"\\(.)", r"\1", match["single"] if match["single"] is not None else match["double"] or "")
        if isinstance(value, dict) and name in value:
            yield value, name


def holds(value: Json, match: re.Match[str]) -> bool:
    """Whether a member meets a filter."""
    for name in re.findall(r"\.([\w-]+)|\['([^']*)'\]", match["path"]):
        key = name[0] or name[1]
        if not isinstance(value, dict) or key not in value:
            return match["op"] == "!="
        value = value[key]
    if match["op"] is None:
        return True
    text = match["value"]
    wanted = text[1:-1] if text[0] in "'\"" else constants.get(text, float(text) if text not in constants else None)
    compare: Callable[[Any, Any], bool] = (lambda a, b: a == b) if match["op"] == "==" else (lambda a, b: a != b)
    return compare(value, wanted)


constants: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
