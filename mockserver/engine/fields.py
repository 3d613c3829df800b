"""Parts of records and bodies: reached, put and merged without changing what is there."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.message import NOTHING, Json
from mockserver.state.clock import iso_ms, iso_s


def inside(value: Json, path: tuple[str, ...]) -> Json:
    """What stands at a path of property names, or NOTHING."""
    if len(path) == 1 and type(value) is dict:  # nearly always
        return value.get(path[0], NOTHING)
    for name in path:
        if not isinstance(value, (dict, Mapping)) or name not in value:
            return NOTHING
        value = value[name]
    return value


def put_inside(value: Mapping[str, Json], path: tuple[str, ...], what: Json) -> dict[str, Json]:
    """The value with this at a path of property names."""
    name, rest = path[0], path[1:]
    if not rest:
        return {**value, name: what}
    inner = value.get(name)
    return {**value, name: put_inside(inner if isinstance(inner, dict) else {}, rest, what)}


def merged(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """RFC 7396, except that null is kept: whether a field may be left out is the schema's affair."""
    out = dict(old)
    for name, value in new.items():
        before = out.get(name)
        out[name] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return out


def stamped(old: Json, now: int) -> Json:
    """The time now (milliseconds since the epoch), written as the old one was."""
    if isinstance(old, int):
        return now if old > 10**11 else now // 1000
    if isinstance(old, str) and len(old) > 10:
        return iso_ms(now) if "." in old else iso_s(now)
    return iso_s(now)[:10] if isinstance(old, str) else old
